#include <config.h>

#include "value/compare.h"

#include <math.h>
#include <stdio.h>

#include "lib/tap.h"
#include "value/canon.h"

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
		{ { LT_NUM, 0 }, ANY_LIMIT, cell_null(), cell_null(), EQ },
		{ { LT_NUM, 0 }, ANY_LIMIT, cell_null(), cell_int(0), NE },
		{ { LT_TEXT, 0 }, ANY_LIMIT, TEXT(""), cell_null(), NE },
		{ { LT_TEXT, LT_NUM }, ANY_LIMIT, cell_null(), TEXT(""), NE },
		{ { LT_NUM, 0 }, ANY_LIMIT, TEXT("1.50"), TEXT("1.5000"), EQ },
		{ { LT_NUM, 0 }, ANY_LIMIT, TEXT("1.50"), cell_f64(1.5), EQ },
		{ { LT_NUM, 0 }, ANY_LIMIT, TEXT("1.5"), TEXT("1.51"), NE },
		{ { LT_NUM, 0 }, ANY_LIMIT, TEXT("9007199254740993"),
		    cell_int(INT64_C(9007199254740992)), NE },
		{ { LT_NUM, 0 }, ANY_LIMIT, TEXT("abc"), TEXT("abc"), EQ },
		{ { LT_F8, 0 }, ANY_LIMIT, cell_f64(-0.0), cell_f64(0), EQ },
		{ { LT_F8, 0 }, ANY_LIMIT, cell_f64(0.1), TEXT("0.1"), EQ },
		{ { LT_F8, 0 }, ANY_LIMIT, cell_f64(0.1),
		    cell_f64(0.10000000000000002), NE },
		{ { LT_F4, 0 }, ANY_LIMIT, cell_f64(0.1f), cell_f64(0.1), EQ },
		{ { LT_CHAR, 0 }, ANY_LIMIT, TEXT("a  "), TEXT("a"), EQ },
		{ { LT_TEXT, 0 }, ANY_LIMIT, TEXT("a "), TEXT("a"), NE },
		{ { LT_TEXT, 0 }, ANY_LIMIT, TEXT("e\xcc\x81"),
		    TEXT("\xc3\xa9"), NE },
		{ { LT_UUID, 0 }, ANY_LIMIT,
		    TEXT("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"),
		    TEXT("a0eebc999c0b4ef8bb6d6bb9bd380a11"), EQ },
		{ { LT_ANY, 0 }, ANY_LIMIT, cell_int(1), cell_f64(1), NE },
		{ { LT_ANY, 0 }, ANY_LIMIT, TEXT("1"), BYTES("1"), NE },
		{ { LT_INTERVAL, 0 }, ANY_LIMIT, TEXT("P1D"), TEXT("PT24H"),
		    NE },
		{ { LT_JSON, 0 }, ANY_LIMIT, TEXT("{\"a\": 1.0, \"b\": 2}"),
		    TEXT("{\"b\":2,\"a\":1}"), EQ },
		{ { LT_JSON, 0 }, ANY_LIMIT, TEXT("9007199254740993"),
		    TEXT("9007199254740992"), NE },
		{ { LT_JSON, 0 }, ANY_LIMIT, TEXT("[1,"), TEXT("[1"), NE },
		{ { LT_JSON, 0 }, ANY_LIMIT, TEXT("5"), cell_int(5), EQ },
	};

	check("plain", t, ARRAY_LEN(t));
}

static void
test_numbers(void)
{
	const struct judged t[] = {
		{ { LT_NUM, 0 }, SCALE(2), TEXT("1.005"), TEXT("1.01"), AT },
		{ { LT_NUM, 0 }, SCALE(2), TEXT("-1.005"), TEXT("-1.01"), AT },
		{ { LT_NUM, 0 }, ANY_LIMIT, TEXT("12.5"), TEXT("10"), NE },
		{ { LT_NUM, 0 }, SCALE(2), TEXT("1.005"), TEXT("1.00"), NE },
		{ { LT_NUM, 0 }, SCALE(2), TEXT("1.2345"), TEXT("1.23"), AT },
		{ { LT_NUM, 0 }, SCALE(2), TEXT("1.23"), TEXT("1.2345"), NE },
		{ { LT_NUM, 0 }, SCALE(0), cell_f64(2.5), cell_int(3), AT },
		{ { LT_NUM, 0 }, SCALE(2), TEXT("abc"), TEXT("1.23"), NE },
		{ { LT_NUM, 0 }, SCALE(2), TEXT("NaN"), TEXT("1"), NE },
		{ { LT_NUM, 0 }, REAL, TEXT("0.12345678901234567890"),
		    cell_f64(0.12345678901234567890), AT },
		{ { LT_NUM, 0 }, REAL, TEXT("0.123456789012345678"),
		    cell_f64(0.1234567890123457), NE },
		{ { LT_NUM, 0 }, REAL, TEXT("9007199254740993"),
		    cell_f64(9007199254740992.0), AT },
		{ { LT_NUM, 0 }, REAL, TEXT("9007199254740993"),
		    cell_int(INT64_C(9007199254740992)), NE },
		{ { LT_NUM, 0 }, REAL, TEXT("9007199254740992.4"),
		    cell_int(INT64_C(9007199254740992)), AT },
		{ { LT_NUM, 0 }, REAL, TEXT("1e400"), cell_f64(INFINITY), NE },
		{ { LT_NUM, 0 }, REAL, TEXT("1e400"), TEXT("2e400"), NE },
		{ { LT_NUM, 0 }, REAL, TEXT("NaN"), cell_null(), NE },
		{ { LT_NUM, 0 }, ANY_LIMIT, TEXT("0.12345678901234567890"),
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
		{ { LT_TS, 0 }, ANY_LIMIT, TEXT("2024-01-01 00:00:00.10"),
		    TEXT("2024-01-01T00:00:00.1"), EQ },
		{ { LT_TSTZ, 0 }, ANY_LIMIT, TEXT("2024-01-01 09:00:00+09"),
		    TEXT("2024-01-01 00:00:00"), EQ },
		{ { LT_TS, 0 }, FRAC(3), TEXT("2024-01-01 00:00:00.999999"),
		    TEXT("2024-01-01 00:00:00.999"), AT },
		{ { LT_TS, 0 }, FRAC(3), TEXT("2024-12-31 23:59:59.999999"),
		    TEXT("2025-01-01 00:00:00"), AT },
		{ { LT_TS, 0 }, FRAC(3), TEXT("2024-01-01 00:00:00.9984"),
		    TEXT("2024-01-01 00:00:00.999"), NE },
		{ { LT_TS, 0 }, FRAC(3), TEXT("2024-01-01 00:00:00.1995"),
		    TEXT("2024-01-01 00:00:00.2"), AT },
		{ { LT_TS, 0 }, FRAC(3), TEXT("2024-01-01 00:00:00.1995"),
		    TEXT("2024-01-01 00:00:00.199"), AT },
		{ { LT_TS, 0 }, FRAC(3), TEXT("2024-01-01 00:00:00.1995"),
		    TEXT("2024-01-01 00:00:00.201"), NE },
		{ { LT_TS, 0 }, FRAC(3), TEXT("2024-01-01 00:00:00.0001"),
		    TEXT("2024-01-01 00:00:00"), AT },
		{ { LT_TS, 0 }, FRAC(3), TEXT("2024-01-01 00:00:00.0005"),
		    TEXT("2024-01-01 00:00:00.001"), AT },
		{ { LT_TS, 0 }, FRAC(3), TEXT("1578-02-20 09:06:30.9995"),
		    TEXT("1578-02-20 09:06:31"), AT },
		{ { LT_TS, 0 }, FRAC(3), TEXT("1578-02-20 09:06:30.9995"),
		    TEXT("1578-02-20 09:06:30.999"), AT },
		{ { LT_TS, 0 }, FRAC(0), TEXT("0001-12-31 23:59:59.5 BC"),
		    TEXT("0001-01-01 00:00:00"), AT },
		{ { LT_TS, 0 }, FRAC(0), TEXT("2024-01-01 00:00:00"),
		    TEXT("2024-01-01 00:00:01"), NE },
		{ { LT_TS, 0 }, FRAC(0), TEXT("2024-01-01 00:00:00.4"),
		    TEXT("2024-01-01 00:00:01"), NE },
		{ { LT_TS, 0 }, FRAC(6), TEXT("2024-01-01 00:00:00.5"),
		    TEXT("2024-01-01 00:00:00.6"), NE },
		{ { LT_TS, 0 }, FRAC(0), TEXT("infinity"),
		    TEXT("2024-01-01 00:00:00"), NE },
		{ { LT_TS, 0 }, FRAC(3), TEXT("2024-01-01 00:00:00.123"),
		    cell_f64(2460310.5), NE },
		{ { LT_TIME, 0 }, FRAC(0), TEXT("23:59:59.5"), TEXT("24:00:00"),
		    AT },
		{ { LT_TIME, 0 }, FRAC(0), TEXT("10:59:59.7"), TEXT("11:00:00"),
		    AT },
		{ { LT_TIME, 0 }, FRAC(0), TEXT("23:59:59.5"), TEXT("00:00:00"),
		    NE },
		{ { LT_TIME, 0 }, FRAC(2), TEXT("10:00:00.129"),
		    TEXT("10:00:00.13"), AT },
	};

	check("time", t, ARRAY_LEN(t));
}

static void
test_loose(void)
{
	const struct judged t[] = {
		{ { LT_TEXT, LT_NUM }, ANY_LIMIT, cell_int(5), TEXT("5.0"),
		    EQ },
		{ { LT_TEXT, LT_NUM }, ANY_LIMIT, cell_int(5), TEXT("5"), EQ },
		{ { LT_TEXT, LT_NUM }, ANY_LIMIT, cell_int(5), TEXT("five"),
		    NE },
		{ { LT_TEXT, LT_NUM }, SCALE(1), TEXT("5.25"), TEXT("5.3"),
		    AT },
		{ { LT_TEXT, LT_TS }, ANY_LIMIT, TEXT("2024-01-01 10:00:00"),
		    TEXT("2024-01-01T10:00:00Z"), EQ },
		{ { LT_TEXT, LT_TS }, ANY_LIMIT, TEXT("2024-01-01 10:00:00"),
		    TEXT("2024-01-01T10:00:01Z"), NE },
		{ { LT_TEXT, LT_F8 }, ANY_LIMIT, cell_f64(1e23),
		    TEXT("1.0e+23"), EQ },
		{ { LT_TEXT, LT_JSON }, ANY_LIMIT, TEXT("{\"a\": 1}"),
		    TEXT("{\"a\":1}"), EQ },
		{ { LT_TEXT, LT_UUID }, ANY_LIMIT,
		    TEXT("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
		    TEXT("A0EEBC999C0B4EF8BB6D6BB9BD380A11"), EQ },
		{ { LT_TEXT, LT_NUM }, ANY_LIMIT, TEXT("abc"), BYTES("abc"),
		    EQ },
		{ { LT_CHAR, LT_NUM }, ANY_LIMIT, TEXT("x"), TEXT("x "), EQ },
		{ { LT_OTHER, LT_BITS }, ANY_LIMIT, TEXT("2"), TEXT("3"), NE },
	};

	check("loose", t, ARRAY_LEN(t));
}

/* Rounded to a column of fewer digits, a value is never DIFFERENT. */
static void
test_random(void)
{
	const struct vtype num = { LT_NUM, LT_NONE };
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
	test_random();
	is_str(verdict_name(EQ), "equal", "name");
	is_str(verdict_name(AT), "equal at target precision", "name");
	is_str(
	    verdict_name(VERDICT_UNREPRESENTABLE), "unrepresentable", "name");
	return tap_done();
}
