/*
 * Part of tests/db/matrix, converge and random: the families, with the rows of
 * VALUES.md 6 that each holds.
 */
#include <config.h>

#include "matrix-corpus.h"

#include <string.h>

/* clang-format off */

/* The field says it all. */
#define V(f) { .field = f, .len = sizeof(f) - 1 }
#define V_NOT(f, brands) \
	{ .field = f, .len = sizeof(f) - 1, .lacks = brands }
/* Spelled alike in all brands, but not as the field is. */
#define V_AS(f, s) \
	{ .field = f, .len = sizeof(f) - 1, .sql = { s, s, s } }
#define V_AS_NOT(f, s, brands) \
	{ .field = f, .len = sizeof(f) - 1, .sql = { s, s, s }, \
	  .lacks = brands }
#define V_KEPT(f, k) { .field = f, .len = sizeof(f) - 1, .kept = k }
#define V_LITE(f, s) \
	{ .field = f, .len = sizeof(f) - 1, .sql = { [LITE] = s }, \
	  .lacks = NO_PG | NO_MY }
/* SQLite spells in another way what the others hold too. */
#define V_LITE_TOO(f, s) \
	{ .field = f, .len = sizeof(f) - 1, .sql = { [LITE] = s } }
#define LISTED(a) .listed = a, .nlisted = ARRAY_LEN(a)

#define NINES "99999999999999999999999999999999999999999999999999999999999999999"

static const struct value int8[] = { /* 22 */
	V("0"), V("1"), V("-1"), V("2147483647"), V("-2147483648"),
	V("2147483648"), V("9223372036854775807"), V("-9223372036854775808"),
	V("9007199254740992"), V("9007199254740993"), V("-9007199254740993"),
	V("10"), V("100"), V("1000000"),
};

static const struct value small[] = {
	V("0"), V("255"), V_NOT("256", NO_MY), V_NOT("-1", NO_MY),
	V_NOT("32767", NO_MY), V_NOT("32768", NO_MY | NO_PG),
};

static const struct value zerofill[] = { /* 24 */
	V("0"), V("42"), V("100"), V("10000"), V("99999"),
};

static const struct value ubig[] = { /* 23 */
	V("0"), V("1"), V("9223372036854775807"), V("9223372036854775808"),
	V("18446744073709551615"), V_NOT("-1", NO_MY),
	V_NOT("18446744073709551616", NO_MY), V("12345678901234567890"),
};

static const struct value ubig_int[] = {
	V("0"), V("9223372036854775807"),
	V_NOT("9223372036854775808", NO_LITE),
	V_NOT("18446744073709551615", NO_LITE),
};

static const struct value dec[] = { /* 25 to 28 */
	V("0"), V_AS("0", "0.00"), V_AS("0", "-0.00"), V("1"), V_AS("1", "1.0"),
	V("1.5"), V_AS("1.5", "1.50"), V_AS("1.5", "1.5000"), V("-1.5"),
	V("-0.5"), V("0.5"), V("100"), V("10"), V("1000000"), V("0.1"),
	V("0.000001"), V("-0.000001"), V("99999999.0001"), V("10000.5"),
	V("12345678.123456"),
};

static const struct value dec_text[] = { /* 25, 27 to 29 */
	V("0"), V_AS("0", "-0.00"), V("1.5"), V_AS("1.5", "1.5000"),
	V_LITE_TOO("1.5", "'+01.50'"), V_LITE_TOO("0.5", "'.5'"),
	V_LITE_TOO("100", "'1E2'"),
	V("-0.5"), V("100"), V("1000000"), V("100000000000000000000"),
	V("0.000000000000000000000000000001"),
	V("12345678901234567890123456789.123456789"),
	V("12345678901234567890123456789012345.123456789012345678901234567891"),
	V("0.1"), V("0.10000000000000000000000001"),
};

static const struct value dec65[] = { /* 29 */
	V(NINES), V("-" NINES), V("0"), V("1"),
	V("12345678901234567890123456789012345678"),
	V("12345678901234567890123456789012345678901234567890123456789012345"),
};

static const struct value num_free[] = { /* 28, 30 */
	V("0"), V("1.5"), V_AS("1.5", "'1.500'"), V("100000000000000000000"),
	V("0.0000000001"), V_AS_NOT("NaN", "'NaN'", NO_MY),
	V_AS_NOT("Infinity", "'Infinity'", NO_MY),
	V_AS_NOT("-Infinity", "'-Infinity'", NO_MY),
};

static const struct value dec_real[] = { /* 40, 41 */
	V("0"), V("1.5"), V("0.1"), V("0.12345678901234567"),
	V("1234567.0123456789012"), V("1234567.0123456789013"),
	V("123456789012345678"), V("9007199254740993"), V("9007199254740992"),
	V("0.00000000000000000001"), V("-12345678901234567.5"),
};

static const struct value dec_scale[] = { /* 25, 2.3 */
	V_KEPT("1.005", "1.01"), V_KEPT("1.0049", "1"), V("1.01"), V("1"),
	V_KEPT("-1.005", "-1.01"), V("-1.01"), V("0"), V_KEPT("0.004", "0"),
	V_KEPT("0.005", "0.01"), V("0.01"), V("1.5"), V("99999999.99"),
};

/* SQLite has none in a column. */
#define NEGATIVE_ZERO { .field = "0", .len = 1, \
	.sql = { "0.0", "'-0.0'", "-0.0e0" } }

static const struct value float8[] = { /* 31 to 36 */
	V("0"), NEGATIVE_ZERO, V("1"), V("-1"), V("0.1"),
	V("0.30000000000000004"), V("0.3"), V("0.33333333333333331"),
	V("4.9406564584124654e-324"), V("2.2250738585072014e-308"),
	V("2.2250738585072009e-308"), V("1.7976931348623157e+308"),
	V("-1.7976931348623157e+308"), V("1e15"), V("1e16"), V("1e-5"),
	V("1e22"), V("1e23"), V("9.9999999999999992e+22"), V("123456.789"),
	V("9007199254740993"), V("1e300"), V("1e-300"),
	V("7926335344172073.0"), V("5e-5"), V("3.4028235677973366e+38"),
	V_AS_NOT("NaN", "'NaN'", NO_MY | NO_LITE),
	{ .field = "inf", .len = 3, .sql = { "9e999", "'Infinity'", NULL },
	  .lacks = NO_MY },
	{ .field = "-inf", .len = 4, .sql = { "-9e999", "'-Infinity'", NULL },
	  .lacks = NO_MY },
};

static const struct value float4[] = { /* 37 */
	V("0"), NEGATIVE_ZERO, V("0.1"), V("-0.1"), V("16777216"),
	V("33554432"), V("3.4028234663852886e+38"),
	V("1.4012984643248171e-45"), V("1.1754943508222875e-38"), V("1e15"),
	V("1e-5"), V("123456.789"), V("0.3"),
	V_AS_NOT("NaN", "'NaN'", NO_MY | NO_LITE),
	{ .field = "inf", .len = 3, .sql = { "9e999", "'Infinity'", NULL },
	  .lacks = NO_MY },
};

/* Beside a binary32, doubles that round to it are equal to it: 38, 39. */
static const struct value f8f4[] = {
	V("0"), V("0.1"), V_AS("0.1", "0.10000000000000002e0"),
	V("0.10000000894069672e0"), V("0.099999994039535522e0"),
	V("16777216"), V_AS("16777216", "16777217e0"), V("16777218"), V("-0.1"),
	{ .field = "1e300", .len = 5, .over = NO_PG | NO_MY },
};
static const struct value f4f8[] = {
	V("0"), V("0.1"), V("-0.1"), V("16777216"), V("16777218"),
	V("0.10000000894069672e0"), V("0.099999994039535522e0"),
};

static const struct value f8num[] = {
	V("0"), V("0.1"), V("0.5"), V("-1.25"), V("123456789.125"),
	V("0.3333333333"), V("10000000000"), V("1e-05"),
};

static const struct value boolean[] = { /* 42 */
	V_AS("0", "false"), V_AS("1", "true"),
	{ .field = "2", .len = 1, .sql = { "2", NULL, "2" }, .lacks = NO_PG },
};

static const struct value bit1[] = { /* 43 */
	{ .field = "0", .len = 1, .sql = { "0", "false", "b'0'" } },
	{ .field = "1", .len = 1, .sql = { "1", "true", "b'1'" } },
};

static const struct value bit10[] = { /* 43 */
	V("0000000001"), V("0000000000"), V("1111111111"), V("1000000000"),
	V("0101010101"),
};

static const struct value bit64[] = {
	V("1111111111111111111111111111111111111111111111111111111111111111"),
	V("0000000000000000000000000000000000000000000000000000000000000000"),
	V("1000000000000000000000000000000000000000000000000000000000000000"),
};

static const struct value year[] = {
	V("0"), V("1901"), V("2155"), V("2024"), V_NOT("1900", NO_MY),
	V_NOT("2156", NO_MY), V_NOT("1", NO_MY),
};

static const struct value money[] = {
	V("0"), V("12.3"), V("-0.01"), V("1200"), V("1234567890123.45"),
};

#define HARD_TEXTS /* 2 to 4, 6, 7, 9, 10, 13 to 18 */ \
	V(""), V(" "), V("  "), V("a"), V("a "), V("a  "), V("A"), V("b"), \
	V("NULL"), V("\\N"), V("<null>"), V("|"), V("a|b"), V("1:a"), \
	V("3:a|b"), V("~0|~1"), V("'"), V("''"), V("\""), V("`"), V("\\"), \
	V("\\\\"), V("\\n"), V("%"), V("%s"), V("$1"), V("?"), V("?1"), \
	V(":x"), V("--"), V("-- "), V("#"), V("/*"), V(";"), V("\r"), V("\n"), \
	V("\r\n"), V("\t"), V("a\t"), V("\001"), V("\032"), V("\033"), \
	V("\177"), V("\302\200"), V("e\314\201"), V("\303\251"), V("e"), \
	V("\302\240"), V("007.50"), V("0x41"), V("2024-01-01"), V("{}"), \
	V("x'41'"), V("a\n  b"), V("\\x00"), V("\303\237"), V("ss")

#define WIDE_TEXTS /* 14 to 16 */ \
	V("\360\237\230\200"), \
	V("\360\237\221\250\342\200\215\360\237\221\251\342\200\215" \
	  "\360\237\221\247"), \
	V("\364\217\277\277"), V("\357\277\275"), V("\357\273\277"), \
	V("\342\200\213"), V("\342\200\250"), V("\305\277"), V("\304\260"), \
	V("\304\261"), V("\357\254\200"), V("\342\204\253"), V("\303\205"), \
	V("A\314\212"), V("\316\251"), V("\342\204\246")

static const struct value text[] = {
	HARD_TEXTS, WIDE_TEXTS,
	{ .field = "a\0b", .len = 3 }, { .field = "a\0", .len = 2 }, /* 11 */
	{ .field = "\0", .len = 1 },
	V("\377a"), V("\303"), V("\355\240\200"), /* 12 */
};

/* A collation that takes many texts for one must not be believed. */
static const struct value text_ci[] = { HARD_TEXTS, WIDE_TEXTS };
static const struct value text_utf8mb3[] = { HARD_TEXTS, WIDE_TEXTS };

static const struct value text_latin1[] = { /* 20, 21 */
	V(""), V("a"), V("A"), V("\303\251\342\202\254"), V("\303\251"),
	V("e"), V("\342\202\254"), V("\303\277"), V("\302\240"),
	V("\303\203\302\251"), V("\305\223"), V("|"), V("a\t"),
	V_NOT("e\314\201", NO_MY), V_NOT("\305\277", NO_MY),
	V_NOT("\360\237\230\200", NO_MY), V_NOT("\316\251", NO_MY),
};

static const struct value chars[] = { /* 5, 6 */
	V(""), V_AS("", "' '"), V("a"), V_AS("a", "'a '"), V_AS("a", "'a   '"),
	V("a\t"), V("A"), V(" a"), V("a b"), V("a|b"), V("'"), V("\\"),
	V("\303\251"), V("e\314\201"), V("\360\237\230\200"), V("\302\240"),
	V("a\n"), V("a\302\240"), V("\001"), V("a\001"),
};

static const struct value long_text[] = { /* 18 */
	V("x"),
	V("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
	{ .field = "repeat", .len = 6, .sql = {
	  "replace(hex(zeroblob(500)), '0', '\303\251')",
	  "repeat('\303\251', 1000)", "repeat('\303\251', 1000)" } },
	{ .field = "repeat+", .len = 7, .sql = {
	  "replace(hex(zeroblob(500)), '0', '\303\251') || ' '",
	  "repeat('\303\251', 1000) || ' '",
	  "concat(repeat('\303\251', 1000), ' ')" } },
	{ .field = "megabyte", .len = 8, .sql = {
	  "replace(hex(zeroblob(500000)), '0', 'y')", "repeat('y', 1000000)",
	  "repeat('y', 1000000)" } },
	{ .field = "megabyte+", .len = 9, .sql = {
	  "replace(hex(zeroblob(500000)), '0', 'y') || 'z'",
	  "repeat('y', 1000000) || 'z'", "concat(repeat('y', 1000000), 'z')" } },
	{ .field = "1024", .len = 4, .sql = {
	  "replace(hex(zeroblob(512)), '0', 'y') || '1'",
	  "repeat('y', 1024) || '1'", "concat(repeat('y', 1024), '1')" } },
	{ .field = "1024+", .len = 5, .sql = {
	  "replace(hex(zeroblob(512)), '0', 'y') || '2'",
	  "repeat('y', 1024) || '2'", "concat(repeat('y', 1024), '2')" } },
};

static const struct value bytes[] = { /* 44 */
	V(""), { .field = "\0", .len = 1 }, { .field = "\0\0", .len = 2 },
	V("\377"), V("a"), V("a "), V("A"), V("\\"), V("'"), V("\377\376"),
	V("\\x00"), V("\303\251"), { .field = "a\0b", .len = 3 },
	{ .field = "all", .len = 3, .sql = {
	  "x'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	  "275c60257f808182fcfdfeff'",
	  "'\\x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e"
	  "1f275c60257f808182fcfdfeff'",
	  "x'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	  "275c60257f808182fcfdfeff'" } },
	{ .field = "zeros", .len = 5, .sql = { "zeroblob(1000)",
	  "decode(repeat('00', 1000), 'hex')", "repeat(x'00', 1000)" } },
	{ .field = "zeros+", .len = 6, .sql = { "zeroblob(1001)",
	  "decode(repeat('00', 1001), 'hex')", "repeat(x'00', 1001)" } },
};

static const struct value binary5[] = { /* 45 */
	{ .field = "a\0\0\0\0", .len = 5 }, V("abcde"),
	{ .field = "\0\0\0\0\0", .len = 5 },
};

static const struct value date[] = { /* 46 to 49 */
	V("0001-01-01"), V("1582-10-10"), V("9999-12-31"), V("2024-02-29"),
	V("1970-01-01"), V("1969-12-31"), V("2024-01-01"), V("1900-03-01"),
	V_NOT("0044-03-15 BC", NO_MY), V_NOT("12345-06-07", NO_MY),
	V_NOT("infinity", NO_MY), V_NOT("-infinity", NO_MY),
	V_NOT("0000-00-00", NO_PG), V_NOT("2024-00-00", NO_PG),
	V_NOT("2024-02-30", NO_PG),
};

static const struct value ts[] = { /* 48 to 50, 53, 54 */
	V("0001-01-01 00:00:00"), V("1582-10-10 12:00:00"),
	V("9999-12-31 23:59:59.999999"), V("2024-02-29 00:00:00"),
	V("2024-01-01 00:00:00"), V("2024-01-01 00:00:00.1"),
	V_AS("2024-01-01 00:00:00.1", "'2024-01-01 00:00:00.100'"),
	V_AS("2024-01-01 00:00:00.1", "'2024-01-01 00:00:00.100000'"),
	V("2024-01-01 00:00:00.12"), V("2024-01-01 00:00:00.000001"),
	V("1969-12-31 23:59:59.999999"), V("1970-01-01 00:00:00"),
	V("2024-03-31 02:30:00"), V("2024-10-27 02:30:00"),
	V("2024-03-10 02:30:00"), V("1999-12-31 23:59:59.5"),
	V("2000-01-01 00:00:00"), V("2024-01-01 10:00:00"),
	V_NOT("0044-03-15 12:00:00 BC", NO_MY),
	V_NOT("12345-06-07 00:00:00", NO_MY),
	V_NOT("infinity", NO_MY), V_NOT("-infinity", NO_MY),
	V_NOT("0000-00-00 00:00:00", NO_PG),
};

static const struct value tstz[] = { /* 48, 54 to 56 */
	V("2024-01-01 00:00:00"), V("2024-01-01 00:00:00.1"),
	V("1970-01-01 00:00:01"), V("2038-01-19 03:14:07.999999"),
	V("2024-03-31 01:00:00"), V("2024-03-31 00:59:59.999999"),
	V("2024-10-27 00:30:00"), V("2024-10-27 01:30:00"),
	V("2000-02-29 12:34:56.789"),
	{ .field = "2024-06-01 10:00:00", .len = 19, .sql = {
	  "'2024-06-01 12:00:00+02:00'", "'2024-06-01 19:00:00+09'",
	  "CONVERT_TZ('2024-06-01 19:00:00', '+09:00', '+00:00')" } },
	V("2024-06-01 10:00:00"),
	V_NOT("1969-12-31 23:59:59", NO_MY), V_NOT("2038-01-19 03:14:08", NO_MY),
	V_NOT("9999-12-31 23:59:59", NO_MY), V_NOT("infinity", NO_MY),
	V_NOT("0000-00-00 00:00:00", NO_PG),
};

static const struct value ts3[] = { /* 50 to 52 */
	V("2024-01-01 00:00:00.1"), V("2024-01-01 00:00:00.123"),
	V_KEPT("2024-01-01 00:00:00.1234", "2024-01-01 00:00:00.123"),
	V_KEPT("2024-01-01 00:00:00.1239",
	    "2024-01-01 00:00:00.123|2024-01-01 00:00:00.124"),
	V("2024-01-01 00:00:00.124"),
	V_KEPT("2024-01-01 00:00:00.999999",
	    "2024-01-01 00:00:00.999|2024-01-01 00:00:01"),
	V("2024-01-01 00:00:00.999"), V("2024-01-01 00:00:01"),
	V_KEPT("1578-02-20 09:06:30.9995",
	    "1578-02-20 09:06:30.999|1578-02-20 09:06:31"),
	V("1578-02-20 09:06:30.999"), V("1578-02-20 09:06:31"),
	V_KEPT("2023-12-31 23:59:59.9999",
	    "2023-12-31 23:59:59.999|2024-01-01 00:00:00"),
	V("2024-01-01 00:00:00"), V("2023-12-31 23:59:59.999"),
};

/* Nobody knows how the source's digits were lost: 2.7 */
static const struct value ts_coarse[] = {
	{ .field = "2024-01-01 00:00:00.123", .len = 23,
	  .covers = "2024-01-01 00:00:00.1234|2024-01-01 00:00:00.123999|"
	    "2024-01-01 00:00:00.1225" },
	{ .field = "2024-01-01 00:00:00.124", .len = 23,
	  .covers = "2024-01-01 00:00:00.123999" },
	{ .field = "2024-01-01 00:00:00.122", .len = 23,
	  .covers = "2024-01-01 00:00:00.1225" },
	V_KEPT("2024-01-01 00:00:00.1234", ""),
	V_KEPT("2024-01-01 00:00:00.123999", ""),
	V_KEPT("2024-01-01 00:00:00.1225", ""),
	{ .field = "1999-12-31 23:59:59.999", .len = 23,
	  .covers = "1999-12-31 23:59:59.9999" },
	{ .field = "2000-01-01 00:00:00", .len = 19,
	  .covers = "1999-12-31 23:59:59.9999" },
	V_KEPT("1999-12-31 23:59:59.9999", ""),
};

static const struct value times[] = { /* 50, 57 */
	V("00:00:00"), V("10:00:00"), V("10:00:00.5"), V("10:10:10"),
	V("23:59:59.999999"), V("00:00:00.000001"), V("24:00:00"),
	V("12:34:56.1"), V_AS("12:34:56.1", "'12:34:56.100'"),
	V_NOT("-838:59:59.5", NO_PG), V_NOT("-00:00:00.000001", NO_PG),
	V_NOT("100:00:00", NO_PG), V_NOT("838:59:59", NO_PG),
	V_NOT("-10:00:00", NO_PG),
};

static const struct value date_ts[] = { /* 2.3: date vs ts */
	V_AS("2024-01-01 00:00:00", "'2024-01-01'"),
	V_AS("1582-10-10 00:00:00", "'1582-10-10'"),
	V_AS("9999-12-31 00:00:00", "'9999-12-31'"),
};

static const struct value interval[] = { /* 59 */
	V_AS("P2Y2M3DT4H5M6.7S", "'P2Y2M3DT4H5M6.7S'"), V("PT0S"), V("P1D"),
	V("PT24H"), V("P-1Y2D"), V("PT0.000001S"),
};

static const struct value uuid[] = { /* 60, 70 */
	V("c0ffee00-1234-4abc-8def-0123456789ab"),
	V("00000000-0000-0000-0000-000000000000"),
	V("ffffffff-ffff-ffff-ffff-ffffffffffff"),
	V("f0000000-0000-1000-8000-000000000000"),
	V("10000000-0000-1000-8000-000000000000"),
	V("00000000-0001-1000-8000-000000000000"),
};

static const struct value uuid_text[] = {
	V("c0ffee00-1234-4abc-8def-0123456789ab"),
	V_AS("c0ffee00-1234-4abc-8def-0123456789ab",
	    "'C0FFEE00-1234-4ABC-8DEF-0123456789AB'"),
	V("00000000-0000-0000-0000-000000000000"),
	V("ffffffff-ffff-ffff-ffff-ffffffffffff"),
};

static const struct value mood[] = { /* 62 */
	V("sad"), V("bl|ue"), V("\303\251"), V("ok"), V("OK!"),
	V_NOT("", NO_PG | NO_MY), V_NOT("gone", NO_PG | NO_MY),
};

static const struct value members[] = { /* 62 */
	V(""), V("x"), V("y"), V("x,y"), V("x,z"), V("x,y,z"),
	V_NOT("z,x", NO_MY), V_NOT("w", NO_MY), V_NOT("X", NO_MY),
};

static const struct value json[] = { /* 63, 64 */
	V("{\"a\": 1, \"b\": 2}"),
	V_AS("{\"a\": 1, \"b\": 2}", "'{\"b\":2,\"a\":1}'"),
	V_AS("{\"a\": 1, \"b\": 2}", "'{ \"b\" : 2.0 , \"a\" : 1e0 }'"),
	V("{\"a\": 1, \"b\": 3}"), V("{\"a\": 1}"), V("{\"a\": \"1\"}"),
	V_AS("{\"a\": 1}", "'{\"a\":2, \"a\":1}'"),
	V_AS("[100]", "'[1e2]'"), V("[100]"), V("[1.1]"),
	V_AS("[1.1]", "'[1.10]'"), V("[]"), V("{}"), V("null"), V("\"\""),
	V("\" \""), V("[0]"), V_AS("[0]", "'[-0]'"), V_AS("[0]", "'[-0.0]'"),
	V("[1, 2]"), V("[2, 1]"), V("true"), V("false"), V("\"\303\251\""),
	V_AS("\"a/b\"", "'\"a\\/b\"'"), V("\"a/b\""),
	V("[123456789012345678901234567890]"),
	V("[123456789012345678901234567891]"),
	V("{\"a\": null}"), V("\"A\""), V("\"a\""), V("\"a \""),
	V("\"e\314\201\""),
};

/* A SQLite column declared JSON makes numbers of them. */
static const struct value json_num[] = {
	V("0"), V_AS("0", "'-0'"), V_AS("0", "'-0.0'"), V("1.5"),
	V_AS("1.5", "'1.50'"), V("100"), V_AS("100", "'1e2'"), V("[0]"),
	V("-1"), V("0.1"), V("true"),
};

static const struct value json_odd[] = { /* 64 */
	V_NOT("\"\\u0000\"", NO_PG), V_NOT("\"a\\u0000b\"", NO_PG), V("\"a\""),
	V("[1E400]"), V("[1E401]"), V("[1e-400]"),
};

static const struct value other[] = { /* 65 */
	V("{}"), V("{1,2,NULL}"), V("{\"a,b\",\"q\\\"\"}"),
	V("[2:3]={1,2}"), V("{a}"), V("{A}"), V("{NULL}"), V("{\"NULL\"}"),
};

static const struct value ranges[] = { /* 65 */
	V("[1,6)"), V("empty"), V("(,)"), V("[1,)"),
};

static const struct value lite_class[] = { /* 66 */
	V("1"), V("2"), V("42"), V_LITE("!abc", "'abc'"),
	V_LITE("!abd", "'abd'"), V_LITE("!", "''"), V_LITE("3.5", "3.5"),
	V_LITE("!b42", "x'3432'"), V_LITE("!b", "x''"),
	V_LITE("9300000000000000000", "9.3e18"),
};

static const struct value lite_ts[] = { /* 67 */
	V("2024-01-01 00:00:00"),
	V_LITE_TOO("2024-01-01 00:00:00", "'2024-01-01T00:00:00'"),
	V_LITE_TOO("2024-01-01 00:00:00", "'2024-01-01 00:00'"),
	V_LITE_TOO("2024-01-01 00:00:00", "'2024-01-01T00:00:00Z'"),
	V_LITE_TOO("2024-01-01 00:00:00", "'2024-01-01 02:00:00+02:00'"),
	V_LITE_TOO("2024-01-01 00:00:00", "'2024-01-01'"),
	{ .field = "2024-01-01 00:00:00", .len = 19,
	  .sql = { [LITE] = "1704067200" },
	  .covers = "2024-01-01 00:00:00.001" },
	V_LITE_TOO("2024-01-01 00:00:00", "1704067200000"),
	V_LITE_TOO("2024-01-01 00:00:00", "2460310.5"),
	V("2024-01-01 00:00:00.001"),
	V_LITE_TOO("2024-01-01 00:00:00.001", "1704067200001"),
	V("2024-01-01 00:00:01"),
	V_LITE_TOO("2024-01-01 00:00:01", "1704067201"),
	V_LITE("!20240101x", "'2024-1-1'"), V_LITE("!soon", "'soon'"),
};

/* What a column is called in PostgreSQL, MariaDB and SQLite. */
#define TYPES(pg, my, lite) .type = { [PG] = pg, [MY] = my, [LITE] = lite }
#define TARGETS(pg, my, lite) .target = { [PG] = pg, [MY] = my, [LITE] = lite }
#define KEYS(pg, my, lite) .key = { [PG] = pg, [MY] = my, [LITE] = lite }

const struct family families[] = {
	{ "int8", K_NUM, TYPES("bigint", "bigint", "BIGINT"),
	  KEYS("bigint", "bigint", "BIGINT"), LISTED(int8), .random = true,
	  .digits = 18 },
	{ "small", K_OTHER, TYPES("smallint", "tinyint unsigned", "SMALLINT"),
	  LISTED(small) },
	{ "int4", K_NUM, TYPES("integer", "int", "INTEGER"),
	  KEYS("integer", "int", "INTEGER"), LISTED(zerofill), .random = true,
	  .digits = 9 },
	{ "zerofill", K_OTHER,
	  TYPES("integer", "int(5) unsigned zerofill", "INTEGER"),
	  LISTED(zerofill) },
	{ "ubig", K_OTHER, TYPES("numeric(20)", "bigint unsigned", "TEXT"),
	  KEYS("numeric(20)", "bigint unsigned", "TEXT"), LISTED(ubig) },
	{ "ubig_int", K_OTHER,
	  TYPES("numeric(20)", "bigint unsigned", "BIGINT"), LISTED(ubig_int) },
	{ "dec", K_NUM,
	  TYPES("numeric(20,6)", "decimal(20,6)", "DECIMAL(20,6)"),
	  KEYS("numeric(20,6)", "decimal(20,6)", "DECIMAL(20,6)"), LISTED(dec),
	  .random = true, .digits = 14, .scale = 6 },
	{ "dec_text", K_NUM,
	  TYPES("numeric(65,30)", "decimal(65,30)", "TEXT"), LISTED(dec_text),
	  .random = true, .digits = 60, .scale = 28 },
	{ "dec65", K_NUM, TYPES("numeric(65,0)", "decimal(65,0)", "TEXT"),
	  LISTED(dec65), .random = true, .digits = 64 },
	{ "num_free", K_OTHER, TYPES("numeric", "decimal(38,10)", "TEXT"),
	  LISTED(num_free) },
	{ "dec_real", K_NUM,
	  TYPES("numeric(38,20)", "decimal(38,20)", "REAL"), LISTED(dec_real),
	  .real = true },
	{ "dec_scale", K_OTHER,
	  TYPES("numeric(12,4)", "decimal(12,4)", "DECIMAL(12,4)"),
	  TARGETS("numeric(10,2)", "decimal(10,2)", NULL), LISTED(dec_scale) },
	{ "float8", K_F8, TYPES("double precision", "double", "REAL"),
	  KEYS("double precision", "double", "REAL"), LISTED(float8),
	  .random = true },
	{ "float4", K_F4, TYPES("real", "float", "REAL"), LISTED(float4),
	  .random = true },
	{ "f8f4", K_OTHER, TYPES("double precision", "double", NULL),
	  TARGETS("real", "float", NULL), LISTED(f8f4) },
	{ "f4f8", K_OTHER, TYPES("real", "float", NULL),
	  TARGETS("double precision", "double", NULL), LISTED(f4f8) },
	{ "f8num", K_OTHER, TYPES("double precision", "double", "REAL"),
	  TARGETS("numeric(30,10)", "decimal(30,10)", "DECIMAL(30,10)"),
	  LISTED(f8num) },
	{ "bool", K_OTHER, TYPES("boolean", "boolean", "BOOLEAN"),
	  LISTED(boolean), .random = true },
	{ "bit1", K_OTHER, TYPES("boolean", "bit(1)", "BOOLEAN"), LISTED(bit1),
	  .random = true },
	{ "bit10", K_BITS, TYPES("bit(10)", "bit(10)", "TEXT"), LISTED(bit10),
	  .random = true, .digits = 10 },
	{ "bit64", K_BITS, TYPES("bit(64)", "bit(64)", "TEXT"), LISTED(bit64),
	  .random = true, .digits = 64 },
	{ "year", K_OTHER, TYPES("integer", "year", "INTEGER"), LISTED(year) },
	{ "money", K_NUM, TYPES("money", "decimal(19,2)", "DECIMAL(19,2)"),
	  LISTED(money), .random = true, .digits = 14, .scale = 2 },
	{ "text", K_TEXT,
	  TYPES("text", "text CHARACTER SET utf8mb4", "TEXT"), LISTED(text),
	  .random = true },
	{ "text_bin", K_TEXT, TYPES("varchar(300) COLLATE \"C\"",
	  "varchar(300) COLLATE utf8mb4_nopad_bin", "VARCHAR(300)"),
	  /* Three columns of a MariaDB key have 3072 bytes. */
	  KEYS("varchar(255) COLLATE \"C\"",
	  "varchar(255) COLLATE utf8mb4_nopad_bin", "VARCHAR(255)"),
	  LISTED(text_ci), .random = true },
	{ "text_ci", K_TEXT, TYPES("varchar(300)",
	  "varchar(300) COLLATE utf8mb4_general_ci", "VARCHAR(300)"),
	  LISTED(text_ci), .random = true },
	{ "text_utf8mb3", K_TEXT, TYPES("text",
	  "varchar(300) CHARACTER SET utf8mb3", "TEXT"), LISTED(text_utf8mb3) },
	{ "text_latin1", K_OTHER, TYPES("text",
	  "varchar(300) CHARACTER SET latin1", "TEXT"), LISTED(text_latin1) },
	{ "text_long", K_OTHER, TYPES("text", "longtext", "TEXT"),
	  LISTED(long_text) },
	{ "char", K_CHAR, TYPES("char(12)", "char(12)", "CHAR(12)"),
	  LISTED(chars), .random = true },
	{ "char_vc", K_CHAR, TYPES("varchar(20)", "varchar(20)", NULL),
	  TARGETS("char(20)", "char(20)", NULL), LISTED(chars) },
	{ "bytes", K_BYTES, TYPES("bytea", "blob", "BLOB"), LISTED(bytes),
	  KEYS("bytea", "varbinary(1001)", "BLOB"), .random = true },
	{ "binary5", K_BYTES, TYPES("bytea", "binary(5)", "BLOB"),
	  LISTED(binary5) },
	{ "date", K_DATE, TYPES("date", "date", "DATE"), LISTED(date),
	  KEYS("date", "date", "DATE"), .random = true,
	  .prelude = { [MY] = "SET sql_mode = CONCAT(@@sql_mode, "
	    "',ALLOW_INVALID_DATES');\n" } },
	{ "ts", K_TS, TYPES("timestamp", "datetime(6)", "DATETIME"),
	  KEYS("timestamp", "datetime(6)", "DATETIME"), LISTED(ts),
	  .random = true },
	{ "tstz", K_TSTZ, TYPES("timestamptz", "timestamp(6)",
	  "TIMESTAMP"), LISTED(tstz), .random = true },
	{ "ts3", K_OTHER, TYPES("timestamp", "datetime(6)", "DATETIME"),
	  TARGETS("timestamp(3)", "datetime(3)", NULL), LISTED(ts3) },
	{ "ts_coarse", K_OTHER, TYPES("timestamp(3)", "datetime(3)", NULL),
	  TARGETS("timestamp", "datetime(6)", NULL), LISTED(ts_coarse),
	  .coarse = true },
	{ "time", K_TIME, TYPES("time", "time(6)", "TIME"), LISTED(times),
	  .random = true },
	{ "date_ts", K_OTHER, TYPES("date", "date", "DATE"),
	  TARGETS("timestamp", "datetime", "DATETIME"), LISTED(date_ts) },
	{ "interval", K_OTHER, TYPES("interval", "varchar(40)", "TEXT"),
	  LISTED(interval) },
	{ "uuid", K_UUID, TYPES("uuid", "uuid", "UUID"),
	  KEYS("uuid", "uuid", "UUID"), LISTED(uuid), .random = true },
	{ "uuid16", K_UUID, TYPES("uuid", "binary(16)", "BLOB"),
	  KEYS("uuid", "binary(16)", "BLOB"), LISTED(uuid) },
	{ "uuid36", K_UUID, TYPES("uuid", "uuid", NULL),
	  TARGETS("text", "char(36)", NULL), LISTED(uuid_text) },
	{ "mood", K_OTHER, TYPES("mood",
	  "enum('sad','bl|ue','\303\251','ok','OK!')", "TEXT"),
	  .prelude = { [PG] = "CREATE TYPE mood AS ENUM ('sad', 'bl|ue', "
	    "'\303\251', 'ok', 'OK!');" }, LISTED(mood) },
	{ "members", K_OTHER, TYPES("text", "set('x','y','z')", "TEXT"),
	  LISTED(members) },
	{ "json", K_OTHER, TYPES("jsonb", "json", "JSON"), LISTED(json),
	  .spelled = true },
	{ "json_num", K_OTHER, TYPES("jsonb", "json", "JSON"),
	  LISTED(json_num) },
	{ "json_odd", K_OTHER, TYPES("jsonb", "json", "JSON"),
	  LISTED(json_odd), .spelled = true },
	{ "jsontext", K_OTHER, TYPES("json", "json", "TEXT"), LISTED(json),
	  .spelled = true },
	{ "other", K_OTHER, TYPES("text[]", "varchar(100)", "TEXT"),
	  LISTED(other) },
	{ "ranges", K_OTHER, TYPES("int4range", "varchar(100)", "TEXT"),
	  LISTED(ranges) },
	{ "lite_class", K_OTHER, TYPES("bigint", "bigint", "INTEGER"),
	  LISTED(lite_class), .spelled = true },
	{ "lite_ts", K_OTHER, TYPES("timestamp", "datetime(6)", "DATETIME"),
	  LISTED(lite_ts), .spelled = true },
};

const size_t nfamilies = ARRAY_LEN(families);
