#include <config.h>

#include "diff/causes-int.h"

#include <inttypes.h>
#include <stdlib.h>

#define QUARTER (INT64_C(900) * 1000000)
#define ZONES (14 * INT64_C(3600) * 1000000) /* no zone is farther away */
/* Every 400 years the calendar is the same. */
#define CENTURIES (146097 * FIT_DAY)

static const char *const names[CAUSE_KINDS] = {
	[CAUSE_NULL_EMPTY] = "null-empty",
	[CAUSE_NULL] = "null",
	[CAUSE_LINE_ENDS] = "line-ends",
	[CAUSE_UNICODE_FORM] = "unicode-form",
	[CAUSE_TRAILING_BLANKS] = "trailing-blanks",
	[CAUSE_WHITE_SPACE] = "white-space",
	[CAUSE_CASE] = "case",
	[CAUSE_DOUBLE_UTF8] = "double-utf8",
	[CAUSE_LATIN1] = "latin1",
	[CAUSE_REPLACED] = "replaced-characters",
	[CAUSE_ACCENTS] = "accents",
	[CAUSE_TRUNCATED] = "truncated",
	[CAUSE_DATE_ONLY] = "date-only",
	[CAUSE_FLOAT4] = "float4",
	[CAUSE_DIGITS] = "digits",
	[CAUSE_ROUNDED] = "rounded",
	[CAUSE_CUT_DECIMALS] = "cut-decimals",
	[CAUSE_TIME_OFFSET] = "time-offset",
	[CAUSE_OFFSET] = "offset",
	[CAUSE_FACTOR] = "factor",
	[CAUSE_SIGN] = "sign",
	[CAUSE_SAME_VALUE] = "same-value",
	[CAUSE_SWAPPED] = "swapped",
	[CAUSE_ALL_ROWS] = "all-rows",
	[CAUSE_KEY_RANGE] = "key-range",
	[CAUSE_KEY_END] = "key-end",
	[CAUSE_DUPLICATES] = "duplicates",
};

const char *
cause_name(enum cause_kind kind)
{
	return names[kind];
}

/* What is said: @ is the side, ^ the other one, # the amount. */
static const char *const says[CAUSE_KINDS] = {
	[CAUSE_NULL_EMPTY] = "is NULL in @ and the empty text in ^",
	[CAUSE_NULL] = "is NULL in @ and not in ^",
	[CAUSE_LINE_ENDS] = "differs in line ends only: CR LF in @, LF in ^",
	[CAUSE_UNICODE_FORM] = "differs in Unicode form only: not NFC in @",
	[CAUSE_TRAILING_BLANKS] = "has more trailing blanks in @",
	[CAUSE_WHITE_SPACE] = "differs in white space around it only",
	[CAUSE_CASE] = "differs in case only",
	[CAUSE_DOUBLE_UTF8] = "is UTF-8 encoded twice in @",
	[CAUSE_LATIN1] = "is Latin-1, not UTF-8, in @",
	[CAUSE_REPLACED] =
	    "has question marks (or U+FFFD) for other characters in @",
	[CAUSE_ACCENTS] = "has lost its accents in @",
	[CAUSE_TRUNCATED] = "is cut to # characters in @",
	[CAUSE_DATE_ONLY] = "has lost its time of day in @",
	[CAUSE_FLOAT4] = "is rounded to single precision in @",
	[CAUSE_DIGITS] = "is rounded to # significant digits in @",
	[CAUSE_ROUNDED] = "is rounded to # decimal places in @",
	[CAUSE_CUT_DECIMALS] = "is cut to # decimal places in @",
	[CAUSE_OFFSET] = "is exactly # more in @",
	[CAUSE_FACTOR] = "is exactly # times as large in @",
	[CAUSE_SIGN] = "has the other sign in @",
	[CAUSE_SAME_VALUE] = "is one and the same value in @, whatever ^ has",
	[CAUSE_SWAPPED] = "is swapped in @ with",
	[CAUSE_ALL_ROWS] = "@ has none of them",
	[CAUSE_KEY_RANGE] = "@ has no row between two keys",
	[CAUSE_KEY_END] = "@ has no row from a key on",
	[CAUSE_DUPLICATES] = "@ has them too, but fewer times",
};

static const char *
side_name(enum side side)
{
	return side == SOURCE ? "SOURCE" : "TARGET";
}

/* "1 day 2 h 30 min 0.5 s" */
static void
add_duration(struct buf *out, int64_t us)
{
	static const struct {
		int64_t us;
		const char *unit;
	} units[] = { { FIT_DAY, "day" }, { INT64_C(3600000000), "h" },
		{ 60000000, "min" } };
	const char *sep = "";

	if (us % (5 * CENTURIES) == 0) {
		buf_addf(out, "%" PRId64 " years", us / (5 * CENTURIES) * 2000);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		int64_t n = us / units[i].us;

		us %= units[i].us;
		if (n == 0)
			continue;
		buf_addf(out, "%s%" PRId64 " %s%s", sep, n, units[i].unit,
		    i == 0 && n != 1 ? "s" : "");
		sep = " ";
	}
	if (us == 0)
		return;
	buf_adds(out, sep);
	fit_decimal(out, us, 6);
	buf_adds(out, " s");
}

static void
describe_time_offset(struct buf *out, const struct cause *cause)
{
	int64_t by = llabs(cause->n);

	buf_adds(out, "is exactly ");
	add_duration(out, by);
	buf_addf(out, " %s in TARGET", cause->n > 0 ? "later" : "earlier");
	if (by == 4 * QUARTER)
		buf_adds(out, " (time zone, summer time?)");
	else if (by % QUARTER == 0 && by <= ZONES)
		buf_adds(out, " (time zone?)");
}

void
cause_describe(struct buf *out, const struct cause *cause)
{
	const char *say =
	    cause->bytes ? "is cut to # bytes in @" : says[cause->kind];

	if (cause->kind == CAUSE_TIME_OFFSET) {
		describe_time_offset(out, cause);
		return;
	}
	for (; *say != '\0'; say++) {
		if (*say == '@')
			buf_adds(out, side_name(cause->side));
		else if (*say == '^')
			buf_adds(out, side_name(!cause->side));
		else if (*say == '#')
			buf_adds(out, cause->amount);
		else
			buf_addc(out, *say);
	}
}
