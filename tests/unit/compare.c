#include <config.h>

#include "value/compare.h"

#include <math.h>
#include <stdio.h>

#include "lib/tap.h"
#include "value/canon.h"
#include "value/distance.h"
#include "value/rule.h"
#include "value/zone.h"

#define TEXT(s) cell_text("" s, sizeof(s) - 1)
#define BYTES(s) cell_bytes("" s, sizeof(s) - 1)
#define ANY_LIMIT                       \
	{                               \
		.scale = -1, .frac = -1 \
	}
#define SCALE(n)                         \
	{                                \
		.scale = (n), .frac = -1 \
	}
#define FRAC(n)                          \
	{                                \
		.scale = -1, .frac = (n) \
	}
#define REAL                                          \
	{                                             \
		.scale = -1, .frac = -1, .real = true \
	}

#define EQ VERDICT_EQUAL
#define AT VERDICT_EQUAL_AT_TARGET
#define NE VERDICT_DIFFERENT

struct judged {
	struct vtype t;
	struct vlimit limit;
	struct cell source, target;
	enum verdict want;
};

static void
check(const char *what, const struct judged *t, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		enum verdict v = value_compare(
		    &t[i].t, &t[i].limit, &t[i].source, &t[i].target);

		is_str(verdict_name(v), verdict_name(t[i].want), "%s %zu", what,
		    i);
	}
}

static void
test_plain(void)
{
	const struct judged t[] = {
		{ { .type = LT_NUM }, ANY_LIMIT, cell_null(), cell_null(), EQ },
		{ { .type = LT_NUM }, ANY_LIMIT, cell_null(), cell_int(0), NE },
		{ { .type = LT_TEXT }, ANY_LIMIT, TEXT(""), cell_null(), NE },
		{ { .type = LT_TEXT, .loose = LT_NUM }, ANY_LIMIT, cell_null(),
		    TEXT(""), NE },
		{ { .type = LT_NUM }, ANY_LIMIT, TEXT("1.50"), TEXT("1.5000"),
		    EQ },
		{ { .type = LT_NUM }, ANY_LIMIT, TEXT("1.50"), cell_f64(1.5),
		    EQ },
		{ { .type = LT_NUM }, ANY_LIMIT, TEXT("1.5"), TEXT("1.51"),
		    NE },
		{ { .type = LT_NUM }, ANY_LIMIT, TEXT("9007199254740993"),
		    cell_int(INT64_C(9007199254740992)), NE },
		{ { .type = LT_NUM }, ANY_LIMIT, TEXT("abc"), TEXT("abc"), EQ },
		{ { .type = LT_F8 }, ANY_LIMIT, cell_f64(-0.0), cell_f64(0),
		    EQ },
		{ { .type = LT_F8 }, ANY_LIMIT, cell_f64(0.1), TEXT("0.1"),
		    EQ },
		{ { .type = LT_F8 }, ANY_LIMIT, cell_f64(0.1),
		    cell_f64(0.10000000000000002), NE },
		{ { .type = LT_F4 }, ANY_LIMIT, cell_f64(0.1f), cell_f64(0.1),
		    EQ },
		{ { .type = LT_CHAR }, ANY_LIMIT, TEXT("a  "), TEXT("a"), EQ },
		{ { .type = LT_TEXT }, ANY_LIMIT, TEXT("a "), TEXT("a"), NE },
		{ { .type = LT_TEXT }, ANY_LIMIT, TEXT("e\xcc\x81"),
		    TEXT("\xc3\xa9"), NE },
		{ { .type = LT_UUID }, ANY_LIMIT,
		    TEXT("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"),
		    TEXT("a0eebc999c0b4ef8bb6d6bb9bd380a11"), EQ },
		{ { .type = LT_ANY }, ANY_LIMIT, cell_int(1), cell_f64(1), NE },
		{ { .type = LT_ANY }, ANY_LIMIT, TEXT("1"), BYTES("1"), NE },
		{ { .type = LT_INTERVAL }, ANY_LIMIT, TEXT("P1D"),
		    TEXT("PT24H"), NE },
		{ { .type = LT_JSON }, ANY_LIMIT,
		    TEXT("{\"a\": 1.0, \"b\": 2}"), TEXT("{\"b\":2,\"a\":1}"),
		    EQ },
		{ { .type = LT_JSON }, ANY_LIMIT, TEXT("9007199254740993"),
		    TEXT("9007199254740992"), NE },
		{ { .type = LT_JSON }, ANY_LIMIT, TEXT("[1,"), TEXT("[1"), NE },
		{ { .type = LT_JSON }, ANY_LIMIT, TEXT("5"), cell_int(5), EQ },
	};

	check("plain", t, ARRAY_LEN(t));
}

static void
test_numbers(void)
{
	const struct judged t[] = {
		{ { .type = LT_NUM }, SCALE(2), TEXT("1.005"), TEXT("1.01"),
		    AT },
		{ { .type = LT_NUM }, SCALE(2), TEXT("-1.005"), TEXT("-1.01"),
		    AT },
		{ { .type = LT_NUM }, ANY_LIMIT, TEXT("12.5"), TEXT("10"), NE },
		{ { .type = LT_NUM }, SCALE(2), TEXT("1.005"), TEXT("1.00"),
		    NE },
		{ { .type = LT_NUM }, SCALE(2), TEXT("1.2345"), TEXT("1.23"),
		    AT },
		{ { .type = LT_NUM }, SCALE(2), TEXT("1.23"), TEXT("1.2345"),
		    NE },
		{ { .type = LT_NUM }, SCALE(0), cell_f64(2.5), cell_int(3),
		    AT },
		{ { .type = LT_NUM }, SCALE(2), TEXT("abc"), TEXT("1.23"), NE },
		{ { .type = LT_NUM }, SCALE(2), TEXT("NaN"), TEXT("1"), NE },
		{ { .type = LT_NUM }, REAL, TEXT("0.12345678901234567890"),
		    cell_f64(0.12345678901234567890), AT },
		{ { .type = LT_NUM }, REAL, TEXT("0.123456789012345678"),
		    cell_f64(0.1234567890123457), NE },
		{ { .type = LT_NUM }, REAL, TEXT("9007199254740993"),
		    cell_f64(9007199254740992.0), AT },
		{ { .type = LT_NUM }, REAL, TEXT("9007199254740993"),
		    cell_int(INT64_C(9007199254740992)), NE },
		{ { .type = LT_NUM }, REAL, TEXT("9007199254740992.4"),
		    cell_int(INT64_C(9007199254740992)), AT },
		{ { .type = LT_NUM }, REAL, TEXT("1e400"), cell_f64(INFINITY),
		    NE },
		{ { .type = LT_NUM }, REAL, TEXT("1e400"), TEXT("2e400"), NE },
		{ { .type = LT_NUM }, REAL, TEXT("NaN"), cell_null(), NE },
		{ { .type = LT_NUM }, ANY_LIMIT, TEXT("0.12345678901234567890"),
		    cell_f64(0.12345678901234567890), NE },
	};

	check("number", t, ARRAY_LEN(t));
	ok(value_compare(&t[0].t, NULL, &t[0].source, &t[0].target) == NE,
	    "no limit at all");
}

static void
test_times(void)
{
	const struct judged t[] = {
		{ { .type = LT_TS }, ANY_LIMIT, TEXT("2024-01-01 00:00:00.10"),
		    TEXT("2024-01-01T00:00:00.1"), EQ },
		{ { .type = LT_TSTZ }, ANY_LIMIT,
		    TEXT("2024-01-01 09:00:00+09"), TEXT("2024-01-01 00:00:00"),
		    EQ },
		{ { .type = LT_TS }, FRAC(3),
		    TEXT("2024-01-01 00:00:00.999999"),
		    TEXT("2024-01-01 00:00:00.999"), AT },
		{ { .type = LT_TS }, FRAC(3),
		    TEXT("2024-12-31 23:59:59.999999"),
		    TEXT("2025-01-01 00:00:00"), AT },
		{ { .type = LT_TS }, FRAC(3), TEXT("2024-01-01 00:00:00.9984"),
		    TEXT("2024-01-01 00:00:00.999"), NE },
		{ { .type = LT_TS }, FRAC(3), TEXT("2024-01-01 00:00:00.1995"),
		    TEXT("2024-01-01 00:00:00.2"), AT },
		{ { .type = LT_TS }, FRAC(3), TEXT("2024-01-01 00:00:00.1995"),
		    TEXT("2024-01-01 00:00:00.199"), AT },
		{ { .type = LT_TS }, FRAC(3), TEXT("2024-01-01 00:00:00.1995"),
		    TEXT("2024-01-01 00:00:00.201"), NE },
		{ { .type = LT_TS }, FRAC(3), TEXT("2024-01-01 00:00:00.0001"),
		    TEXT("2024-01-01 00:00:00"), AT },
		{ { .type = LT_TS }, FRAC(3), TEXT("2024-01-01 00:00:00.0005"),
		    TEXT("2024-01-01 00:00:00.001"), AT },
		{ { .type = LT_TS }, FRAC(3), TEXT("1578-02-20 09:06:30.9995"),
		    TEXT("1578-02-20 09:06:31"), AT },
		{ { .type = LT_TS }, FRAC(3), TEXT("1578-02-20 09:06:30.9995"),
		    TEXT("1578-02-20 09:06:30.999"), AT },
		{ { .type = LT_TS }, FRAC(0), TEXT("0001-12-31 23:59:59.5 BC"),
		    TEXT("0001-01-01 00:00:00"), AT },
		{ { .type = LT_TS }, FRAC(0), TEXT("2024-01-01 00:00:00"),
		    TEXT("2024-01-01 00:00:01"), NE },
		{ { .type = LT_TS }, FRAC(0), TEXT("2024-01-01 00:00:00.4"),
		    TEXT("2024-01-01 00:00:01"), NE },
		{ { .type = LT_TS }, FRAC(6), TEXT("2024-01-01 00:00:00.5"),
		    TEXT("2024-01-01 00:00:00.6"), NE },
		{ { .type = LT_TS }, FRAC(0), TEXT("infinity"),
		    TEXT("2024-01-01 00:00:00"), NE },
		{ { .type = LT_TS }, FRAC(3), TEXT("2024-01-01 00:00:00.123"),
		    cell_f64(2460310.5), NE },
		{ { .type = LT_TIME }, FRAC(0), TEXT("23:59:59.5"),
		    TEXT("24:00:00"), AT },
		{ { .type = LT_TIME }, FRAC(0), TEXT("10:59:59.7"),
		    TEXT("11:00:00"), AT },
		{ { .type = LT_TIME }, FRAC(0), TEXT("23:59:59.5"),
		    TEXT("00:00:00"), NE },
		{ { .type = LT_TIME }, FRAC(2), TEXT("10:00:00.129"),
		    TEXT("10:00:00.13"), AT },
	};

	check("time", t, ARRAY_LEN(t));
}

static void
test_loose(void)
{
	const struct judged t[] = {
		{ { .type = LT_TEXT, .loose = LT_NUM }, ANY_LIMIT, cell_int(5),
		    TEXT("5.0"), EQ },
		{ { .type = LT_TEXT, .loose = LT_NUM }, ANY_LIMIT, cell_int(5),
		    TEXT("5"), EQ },
		{ { .type = LT_TEXT, .loose = LT_NUM }, ANY_LIMIT, cell_int(5),
		    TEXT("five"), NE },
		{ { .type = LT_TEXT, .loose = LT_NUM }, SCALE(1), TEXT("5.25"),
		    TEXT("5.3"), AT },
		{ { .type = LT_TEXT, .loose = LT_TS }, ANY_LIMIT,
		    TEXT("2024-01-01 10:00:00"), TEXT("2024-01-01T10:00:00Z"),
		    EQ },
		{ { .type = LT_TEXT, .loose = LT_TS }, ANY_LIMIT,
		    TEXT("2024-01-01 10:00:00"), TEXT("2024-01-01T10:00:01Z"),
		    NE },
		{ { .type = LT_TEXT, .loose = LT_F8 }, ANY_LIMIT,
		    cell_f64(1e23), TEXT("1.0e+23"), EQ },
		{ { .type = LT_TEXT, .loose = LT_JSON }, ANY_LIMIT,
		    TEXT("{\"a\": 1}"), TEXT("{\"a\":1}"), EQ },
		{ { .type = LT_TEXT, .loose = LT_UUID }, ANY_LIMIT,
		    TEXT("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
		    TEXT("A0EEBC999C0B4EF8BB6D6BB9BD380A11"), EQ },
		{ { .type = LT_TEXT, .loose = LT_NUM }, ANY_LIMIT, TEXT("abc"),
		    BYTES("abc"), EQ },
		{ { .type = LT_CHAR, .loose = LT_NUM }, ANY_LIMIT, TEXT("x"),
		    TEXT("x "), EQ },
		{ { .type = LT_OTHER, .loose = LT_BITS }, ANY_LIMIT, TEXT("2"),
		    TEXT("3"), NE },
	};

	check("loose", t, ARRAY_LEN(t));
}

static void
test_coarser_source(void)
{
	const struct vlimit limit = {
		.scale = -1, .frac = 6, .source_coarser = true, .source_frac = 0
	};
	const struct vlimit lite = {
		.scale = -1, .frac = -1, .lite_times = true
	};
	const struct judged t[] = {
		{ { .type = LT_TS }, limit, TEXT("2024-01-01 00:00:00"),
		    TEXT("2024-01-01 00:00:00.9"), AT },
		{ { .type = LT_TS }, limit, TEXT("2024-01-01 00:00:01"),
		    TEXT("2024-01-01 00:00:00.5"), AT },
		{ { .type = LT_TS }, limit, TEXT("2024-01-01 00:00:01"),
		    TEXT("2024-01-01 00:00:00.4"), NE },
		{ { .type = LT_TS }, limit, TEXT("2024-01-01 00:00:00"),
		    TEXT("2024-01-01 00:00:01"), NE },
		{ { .type = LT_TS }, limit, TEXT("1969-12-31 23:59:59"),
		    TEXT("1969-12-31 23:59:59.9"), AT },
		{ { .type = LT_TIME }, limit, TEXT("-838:59:59"),
		    TEXT("-838:59:59.7"), AT },
		{ { .type = LT_TIME }, limit, TEXT("00:00:00"),
		    TEXT("-00:00:00.7"), AT },
		{ { .type = LT_TIME }, limit, TEXT("00:00:01"),
		    TEXT("-00:00:00.7"), NE },
		{ { .type = LT_TS }, lite, TEXT("2024-01-01 00:00:00.123456"),
		    cell_f64(2460310.5000014237), AT },
		{ { .type = LT_TS }, lite, TEXT("2024-01-01 00:00:00.9"),
		    cell_int(1704067200), AT },
		{ { .type = LT_TS }, lite, cell_int(1704067200),
		    TEXT("2024-01-01 00:00:00.9"), AT },
		{ { .type = LT_TS }, lite, cell_int(1704067200),
		    TEXT("2024-01-01 00:00:01"), NE },
		{ { .type = LT_TS }, lite, cell_int(1704067200),
		    cell_int(1704067201), NE },
	};

	check("coarser", t, ARRAY_LEN(t));
}

static enum verdict
within(enum ltype type, const char *tolerance, struct cell a, struct cell b)
{
	const struct vrule rule = { .tolerance = tolerance };
	const struct vtype t = { .type = type, .rule = &rule };

	return value_compare(&t, NULL, &a, &b);
}

static void
test_tolerances(void)
{
	ok(within(LT_NUM, "0.1", TEXT("1"), TEXT("1.1")) == EQ, "just so");
	ok(within(LT_NUM, "0.1", TEXT("1.10000000000000000001"), TEXT("1")) ==
		NE,
	    "a hair more");
	ok(within(LT_NUM, "2", cell_int(INT64_MAX),
	       TEXT("9223372036854775809")) == EQ,
	    "exactly");
	ok(within(LT_NUM, "1", cell_int(-1), cell_int(1)) == NE, "signs");
	ok(within(LT_NUM, "2", cell_int(-1), cell_int(1)) == EQ, "across 0");
	ok(within(LT_F8, "0.1", cell_f64(1), cell_f64(1.1)) == EQ, "doubles");
	ok(within(LT_F8, "0.1", cell_f64(1), cell_f64(1.2)) == NE, "others");
	ok(within(LT_F8, "1", cell_f64(INFINITY), cell_f64(1)) == NE,
	    "infinity is far");
	ok(within(LT_NUM, "1", TEXT("NaN"), cell_int(1)) == NE, "NaN too");
	ok(within(LT_NUM, "1", cell_null(), cell_int(1)) == NE, "NULL too");
	ok(within(LT_NUM, "1", TEXT("abc"), cell_int(1)) == NE, "and text");
	ok(within(LT_TS, "0.4", TEXT("2024-01-01 00:00:00"),
	       TEXT("2023-12-31 23:59:59.6")) == EQ,
	    "times");
	ok(within(LT_TS, "0.4", TEXT("2024-01-01 00:00:00"),
	       TEXT("2023-12-31 23:59:59.599999")) == NE,
	    "other times");
	ok(within(LT_TS, "1", TEXT("infinity"), TEXT("2024-01-01 00:00:00")) ==
		NE,
	    "no time at all");
	ok(within(LT_TIME, "2", TEXT("-00:00:01"), TEXT("00:00:01")) == EQ,
	    "times of day");
	ok(within(LT_DATE, "86400", TEXT("2024-02-29"), TEXT("2024-03-01")) ==
		EQ,
	    "days");
}

static void
test_distances(void)
{
	static const char *const t[][3] = { { "1", "1", "0" },
		{ "10", "9.5", "0.5" }, { "-0.5", "0.5", "1" },
		{ "-3", "-10", "7" }, { "999", "-1", "1000" },
		{ "0.001", "100", "99.999" },
		{ "12345678901234567890123", "0.1",
		    "12345678901234567890122.9" } };
	struct buf got = BUF_INIT;

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		const char *a = t[i][0], *b = t[i][1];

		buf_reset(&got);
		num_distance(&got, a, strlen(a), b, strlen(b));
		is_str(buf_str(&got), t[i][2], "|%s - %s|", a, b);
		buf_reset(&got);
		num_distance(&got, b, strlen(b), a, strlen(a));
		is_str(buf_str(&got), t[i][2], "|%s - %s|", b, a);
	}
	buf_free(&got);
}

static void
test_folds(void)
{
	const struct vrule doubles = { .folds = FOLD_JSON_DOUBLE };
	const struct vrule nothing = { .folds = FOLD_EMPTY_NULL };
	const struct vrule local = { .local = VSIDE_SOURCE,
		.zone = &(struct zone){ .fixed = true, .offset = 3600 } };
	const struct judged t[] = {
		{ { .type = LT_JSON, .rule = &doubles }, ANY_LIMIT,
		    TEXT("[0.1]"),
		    TEXT("[0.1000000000000000055511151231257827]"), EQ },
		{ { .type = LT_JSON, .rule = &doubles }, ANY_LIMIT,
		    TEXT("[0.1]"), TEXT("[0.2]"), NE },
		{ { .type = LT_JSON, .rule = &doubles }, ANY_LIMIT,
		    TEXT("{\"a\": -0.0}"), TEXT("{\"a\":0}"), EQ },
		{ { .type = LT_TEXT, .rule = &nothing }, ANY_LIMIT, cell_null(),
		    TEXT(""), EQ },
		{ { .type = LT_TEXT, .rule = &nothing }, ANY_LIMIT, cell_null(),
		    TEXT(" "), NE },
		{ { .type = LT_TSTZ, .rule = &local }, ANY_LIMIT,
		    TEXT("2024-01-01 10:00:00"), TEXT("2024-01-01 09:00:00"),
		    EQ },
		{ { .type = LT_TSTZ, .rule = &local }, ANY_LIMIT,
		    TEXT("2024-01-01 10:00:00"), TEXT("2024-01-01 10:00:00"),
		    NE },
	};

	check("fold", t, ARRAY_LEN(t));
}

/* Rounded to a column of fewer digits, a value is never DIFFERENT. */
static void
test_random(void)
{
	const struct vtype num = { .type = LT_NUM };
	int bad = 0, bad_ulp = 0;

	for (int i = 0; i < 200000; i++) {
		const struct vlimit real = REAL;
		double f = (double)(int64_t)tap_random() / 0x1p50;
		char s[64];
		struct cell a, b = cell_f64(f);
		struct cell c = cell_f64(nextafter(f, 1e9));

		/* More digits than a double has, all of them f's own. */
		snprintf(s, sizeof(s), "%.40f", f);
		a = cell_text(s, strlen(s));
		bad += value_compare(&num, &real, &a, &b) == NE;
		bad_ulp += value_compare(&num, &real, &a, &c) != NE;
	}
	is_int(bad, 0, "decimals that a double was made from");
	is_int(bad_ulp, 0, "the next double is different");
}

int
main(void)
{
	test_plain();
	test_numbers();
	test_times();
	test_loose();
	test_coarser_source();
	test_tolerances();
	test_distances();
	test_folds();
	test_random();
	is_str(verdict_name(EQ), "equal", "name");
	is_str(verdict_name(AT), "equal at target precision", "name");
	is_str(
	    verdict_name(VERDICT_UNREPRESENTABLE), "unrepresentable", "name");
	return tap_done();
}
