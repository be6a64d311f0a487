#include <config.h>

#include "value/canon.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <uninorm.h>
#include <unistr.h>

#include "lib/tap.h"
#include "value/rule.h"
#include "value/textfold.h"
#include "value/zone.h"

#define TEXT(s) cell_text("" s, sizeof(s) - 1)
#define BYTES(s) cell_bytes("" s, sizeof(s) - 1)

static struct buf got = BUF_INIT;

static const char *
field(enum ltype type, struct cell c, unsigned flags)
{
	buf_reset(&got);
	canon_field(&got, &(struct vtype){ .type = type }, &c, flags);
	return buf_str(&got);
}

struct field_case {
	enum ltype type;
	struct cell in;
	const char *want;
};

static void
check_fields(const struct field_case *t, size_t n, unsigned flags)
{
	for (size_t i = 0; i < n; i++)
		is_str(field(t[i].type, t[i].in, flags), t[i].want, "%s %s",
		    ltype_name(t[i].type), t[i].want);
}

static void
test_numbers(void)
{
	const struct field_case t[] = {
		{ LT_NUM, cell_null(), "" },
		{ LT_NUM, cell_int(0), "0" },
		{ LT_NUM, cell_int(INT64_MIN), "-9223372036854775808" },
		{ LT_NUM, cell_f64(3.5), "3.5" },
		{ LT_NUM, cell_f64(-0.0), "0" },
		{ LT_NUM, cell_f64(NAN), "NaN" },
		{ LT_NUM, TEXT("1.50"), "1.5" },
		{ LT_NUM, TEXT("1.5000"), "1.5" },
		{ LT_NUM, TEXT("12"), "12" },
		{ LT_NUM, TEXT("abc"), "!3:abc" },
		{ LT_NUM, TEXT(""), "!0:" },
		{ LT_NUM, TEXT("true"), "!4:true" },
		{ LT_NUM, BYTES("12"), "!2:12" },
		{ LT_F8, cell_f64(0.1), "3fb999999999999a" },
		{ LT_F8, TEXT("0.10"), "3fb999999999999a" },
		{ LT_F8, cell_f64(-0.0), "0000000000000000" },
		{ LT_F8, TEXT("-0"), "0000000000000000" },
		{ LT_F8, cell_int(1), "3ff0000000000000" },
		{ LT_F8, cell_int(INT64_C(9007199254740993)),
		    "4340000000000000" },
		{ LT_F8, cell_f64(NAN), "7ff8000000000000" },
		{ LT_F8, cell_f64(-NAN), "7ff8000000000000" },
		{ LT_F8, TEXT("NaN"), "7ff8000000000000" },
		{ LT_F8, cell_f64(INFINITY), "7ff0000000000000" },
		{ LT_F8, TEXT("-Infinity"), "fff0000000000000" },
		{ LT_F8, TEXT("1e400"), "!5:1e400" },
		{ LT_F8, TEXT("-1e400"), "!6:-1e400" },
		{ LT_F8, cell_f64(5e-324), "0000000000000001" },
		{ LT_F8, TEXT("x"), "!1:x" },
		{ LT_F8, BYTES("1"), "!1:1" },
		{ LT_F4, cell_f64(0.1), "3fb99999a0000000" },
		{ LT_F4, cell_f64(0.1f), "3fb99999a0000000" },
		{ LT_F4, TEXT("0.1"), "3fb99999a0000000" },
		{ LT_F4, cell_f64(1e300), "7e37e43c8800759c" },
		{ LT_F4, cell_f64(3.4028235677973362e38), "47efffffe0000000" },
		{ LT_F4, cell_f64(3.4028235677973366e38), "47effffff0000000" },
		{ LT_F4, cell_f64(7.0064923216240862e-46), "36a0000000000000" },
		{ LT_F4, cell_f64(7.0064923216240854e-46), "3690000000000000" },
		{ LT_F4, cell_f64(-0.0), "0000000000000000" },
		{ LT_F4, cell_f64(INFINITY), "7ff0000000000000" },
		{ LT_F4, cell_f64(NAN), "7ff8000000000000" },
	};

	check_fields(t, ARRAY_LEN(t), 0);
}

static void
test_texts(void)
{
	const struct field_case t[] = {
		{ LT_TEXT, TEXT(""), "0:" },
		{ LT_TEXT, TEXT(" "), "1: " },
		{ LT_TEXT, TEXT("NULL"), "4:NULL" },
		{ LT_TEXT, TEXT("a|b"), "3:a|b" },
		{ LT_TEXT, TEXT("3:a"), "3:3:a" },
		{ LT_TEXT, TEXT("a "), "2:a " },
		{ LT_TEXT, TEXT("\xc3\xa9"), "2:\xc3\xa9" },
		{ LT_TEXT,
		    TEXT("\xff"
			 "a"),
		    "2:\xff"
		    "a" },
		{ LT_TEXT, cell_int(5), "1:5" },
		{ LT_TEXT, cell_f64(0.1), "3:0.1" },
		{ LT_TEXT, BYTES("abc"), "3:abc" },
		{ LT_CHAR, TEXT("a  "), "1:a" },
		{ LT_CHAR, TEXT("  "), "0:" },
		{ LT_CHAR, TEXT("a\t"), "2:a\t" },
		{ LT_JSON, TEXT("{ }"), "3:{ }" },
		{ LT_INTERVAL, TEXT("P1D"), "3:P1D" },
		{ LT_OTHER, TEXT("{1}"), "3:{1}" },
		{ LT_UUID, TEXT("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"),
		    "a0eebc999c0b4ef8bb6d6bb9bd380a11" },
		{ LT_UUID, TEXT("{a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11}"),
		    "a0eebc999c0b4ef8bb6d6bb9bd380a11" },
		{ LT_UUID, TEXT("a0eebc999c0b4ef8bb6d6bb9bd380a11"),
		    "a0eebc999c0b4ef8bb6d6bb9bd380a11" },
		{ LT_UUID,
		    BYTES("\x01\x23\x45\x67\x89\xab\xcd\xef"
			  "\0\0\0\0\0\0\0\xff"),
		    "0123456789abcdef00000000000000ff" },
		{ LT_UUID, TEXT("0123456789abcdef"), "!16:0123456789abcdef" },
		{ LT_UUID, TEXT("a0eebc999c0b4ef8bb6d6bb9bd380a1"),
		    "!31:a0eebc999c0b4ef8bb6d6bb9bd380a1" },
		{ LT_UUID, TEXT("a0eebc999c0b4ef8bb6d6bb9bd380a11-"),
		    "!33:a0eebc999c0b4ef8bb6d6bb9bd380a11-" },
		{ LT_UUID, TEXT("a0eebc99--9c0b4ef8bb6d6bb9bd380a11"),
		    "!34:a0eebc99--9c0b4ef8bb6d6bb9bd380a11" },
		{ LT_BITS, TEXT("0101"), "0101" },
		{ LT_UUID, TEXT("-a0eebc999c0b4ef8bb6d6bb9bd380a11"),
		    "!33:-a0eebc999c0b4ef8bb6d6bb9bd380a11" },
		{ LT_UUID, TEXT("a0eebc9-99c0b4ef8bb6d6bb9bd380a11"),
		    "!33:a0eebc9-99c0b4ef8bb6d6bb9bd380a11" },
		{ LT_BITS, TEXT("012"), "!3:012" },
		{ LT_BITS, TEXT(""), "!0:" },
		{ LT_BITS, cell_int(1), "!1:1" },
		{ LT_BYTES, TEXT("ab"), "2:ab" },
		{ LT_BYTES, BYTES(""), "0:" },
		{ LT_BYTES, cell_int(5), "!1:5" },
		{ LT_ANY, cell_null(), "" },
		{ LT_ANY, cell_int(-5), "i-5" },
		{ LT_ANY, cell_f64(1), "r3ff0000000000000" },
		{ LT_ANY, cell_f64(-0.0), "r8000000000000000" },
		{ LT_ANY, TEXT("5"), "t1:5" },
		{ LT_ANY, BYTES("5"), "b1:5" },
	};

	check_fields(t, ARRAY_LEN(t), CANON_INLINE);
	is_str(field(LT_BYTES, BYTES(""), 0),
	    "d41d8cd98f00b204e9800998ecf8427e", "md5 of nothing");
	is_str(field(LT_BYTES, BYTES("\0"), 0),
	    "93b885adfe0da089cdf634904fd59f71", "md5 of 00");
	is_str(field(LT_ANY, BYTES("abc"), 0),
	    "b900150983cd24fb0d6963f7d28e17f72", "md5 of abc as any");
	field(LT_TEXT, TEXT("a\0b"), 0);
	ok(got.len == 5 && memcmp(got.data, "3:a\0b", 5) == 0,
	    "NUL is a byte like any other");
}

static void
test_times(void)
{
	const struct field_case t[] = {
		{ LT_DATE, TEXT("2024-02-29"), "2024-02-29" },
		{ LT_DATE, TEXT("1582-10-10"), "1582-10-10" },
		{ LT_DATE, TEXT("0044-03-15 BC"), "0044-03-15 BC" },
		{ LT_DATE, TEXT("-0043-03-15"), "0044-03-15 BC" },
		{ LT_DATE, TEXT("12345-06-07"), "12345-06-07" },
		{ LT_DATE, TEXT("infinity"), "infinity" },
		{ LT_DATE, TEXT("0000-00-00"), "0000-00-00" },
		{ LT_DATE, TEXT("2024-02-30"), "2024-02-30" },
		{ LT_DATE, TEXT("2024-02-30 00:00"), "2024-02-30" },
		{ LT_DATE, TEXT("2024-02-30 00:01"), "!16:2024-02-30 00:01" },
		{ LT_DATE, TEXT("2024-01-01 00:00:00"), "2024-01-01" },
		{ LT_DATE, TEXT("2024-01-01T00:00:00Z"), "2024-01-01" },
		{ LT_DATE, TEXT("2024-01-01 00:00:01"),
		    "!19:2024-01-01 00:00:01" },
		{ LT_DATE, TEXT("20240101"), "!8:20240101" },
		{ LT_DATE, TEXT("2024-1-1"), "!8:2024-1-1" },
		{ LT_DATE, TEXT("2024-13-01"), "!10:2024-13-01" },
		{ LT_DATE, TEXT("10:00"), "!5:10:00" },
		{ LT_DATE, cell_int(0), "1970-01-01" },
		{ LT_DATE, cell_int(86400), "1970-01-02" },
		{ LT_DATE, cell_int(86401), "!5:86401" },
		{ LT_DATE, cell_f64(2440587.5), "1970-01-01" },
		{ LT_DATE, cell_f64(2440588), "!7:2440588" },
		{ LT_TIME, TEXT("10:20:30.500"), "10:20:30.5" },
		{ LT_TIME, TEXT("10:20"), "10:20:00" },
		{ LT_TIME, TEXT("24:00:00"), "24:00:00" },
		{ LT_TIME, TEXT("-838:59:59.5"), "-838:59:59.5" },
		{ LT_TIME, TEXT("-00:00:00.000001"), "-00:00:00.000001" },
		{ LT_TIME, TEXT("-00:00:00"), "00:00:00" },
		{ LT_TIME, TEXT("010:00:00"), "10:00:00" },
		{ LT_TIME, TEXT("1000:00:00"), "!10:1000:00:00" },
		{ LT_TIME, TEXT("02024-01-01"), "!11:02024-01-01" },
		{ LT_TIME, TEXT("10100-02-29"), "!11:10100-02-29" },
		{ LT_TIME, TEXT("25:00+01"), "!8:25:00+01" },
		{ LT_TIME, TEXT("2024-01-01 10:00:00"),
		    "!19:2024-01-01 10:00:00" },
		{ LT_TIME, TEXT("infinity"), "!8:infinity" },
		{ LT_TIME, cell_int(36000), "10:00:00" },
		{ LT_TIME, cell_int(946720800), "10:00:00" },
		{ LT_TIME, cell_int(86400), "!5:86400" },
		{ LT_TIME, cell_f64(2451544.9166666665), "10:00:00" },
		{ LT_TIME, cell_f64(2440587.5), "!9:2440587.5" },
		{ LT_TS, TEXT("2024-01-01 00:00:00.120"),
		    "2024-01-01 00:00:00.12" },
		{ LT_TS, TEXT("2024-01-01"), "2024-01-01 00:00:00" },
		{ LT_TS, TEXT("2024-01-31T10:00"), "2024-01-31 10:00:00" },
		{ LT_TS, TEXT("2024-01-01T00:30:00+01:00"),
		    "2023-12-31 23:30:00" },
		{ LT_TS, TEXT("2024-12-31 24:00:00"), "2025-01-01 00:00:00" },
		{ LT_TS, TEXT("999999999-12-31 24:00:00"),
		    "1000000000-01-01 00:00:00" },
		{ LT_TS, TEXT("2016-12-31 23:59:60"), "2016-12-31 23:59:60" },
		{ LT_TS, TEXT("0000-00-00 00:00:00"), "0000-00-00 00:00:00" },
		{ LT_TS, TEXT("0000-00-00"), "0000-00-00 00:00:00" },
		{ LT_TS, TEXT("2024-02-30T10:00:00.50"),
		    "2024-02-30 10:00:00.5" },
		{ LT_TS, TEXT("2024-02-30x10:00:00"),
		    "!19:2024-02-30x10:00:00" },
		{ LT_TS, TEXT("0044-03-15 10:00:00.5 BC"),
		    "0044-03-15 10:00:00.5 BC" },
		{ LT_TS, TEXT("-infinity"), "-infinity" },
		{ LT_TS, TEXT("10:00"), "!5:10:00" },
		{ LT_TS, TEXT("now"), "!3:now" },
		{ LT_TS, BYTES("2024-01-01"), "!10:2024-01-01" },
		{ LT_TS, cell_int(1704067200), "2024-01-01 00:00:00" },
		{ LT_TS, cell_int(INT64_C(1704067200123)),
		    "2024-01-01 00:00:00.123" },
		{ LT_TS, cell_int(INT64_C(99999999999)),
		    "5138-11-16 09:46:39" },
		{ LT_TS, cell_int(INT64_C(100000000000)),
		    "1973-03-03 09:46:40" },
		{ LT_TS, cell_int(-1), "1969-12-31 23:59:59" },
		{ LT_TS, cell_int(INT64_MAX), "!19:9223372036854775807" },
		{ LT_TS, cell_int(INT64_MIN), "!20:-9223372036854775808" },
		{ LT_TS, cell_f64(2460310.5), "2024-01-01 00:00:00" },
		{ LT_TS, cell_f64(NAN), "!3:NaN" },
		{ LT_TSTZ, TEXT("2024-01-01 00:00:00+00"),
		    "2024-01-01 00:00:00" },
		{ LT_TSTZ, TEXT("1969-12-31 23:59:59.999999"),
		    "1969-12-31 23:59:59.999999" },
	};

	check_fields(t, ARRAY_LEN(t), 0);
}

/* canon_text(), or "-" for what does not fit. */
static const char *
text(enum ltype type, struct cell c)
{
	buf_reset(&got);
	buf_adds(&got, ">");
	if (!canon_text(&got, type, &c) && got.len == 1)
		return "-";
	return buf_str(&got) + 1;
}

static void
test_text_form(void)
{
	const struct field_case t[] = {
		{ LT_NUM, TEXT("1.50"), "1.5" },
		{ LT_NUM, TEXT("x"), "-" },
		{ LT_NUM, cell_null(), "-" },
		{ LT_TEXT, TEXT("a "), "a " },
		{ LT_CHAR, TEXT("a "), "a" },
		{ LT_BYTES, BYTES("\x01\xff"), "01ff" },
		{ LT_BYTES, cell_int(1), "-" },
		{ LT_F8, cell_f64(0.1), "0.1" },
		{ LT_F8, cell_f64(1e300), "1e+300" },
		{ LT_F8, cell_f64(0.1f), "0.10000000149011612" },
		{ LT_F4, cell_f64(0.1f), "0.1" },
		{ LT_F4, cell_f64(0.1), "0.1" },
		{ LT_F4, cell_f64(16777216), "16777216" },
		{ LT_F4, cell_f64(1e300), "1e+300" },
		{ LT_F4, cell_f64(-INFINITY), "-Infinity" },
		{ LT_F4, cell_f64(1.23456789012e300), "1.23456789012e+300" },
		{ LT_TEXT, cell_null(), "-" },
		{ LT_F8, cell_f64(NAN), "NaN" },
		{ LT_F8, TEXT("abc"), "-" },
		{ LT_UUID, TEXT("A0EEBC999C0B4EF8BB6D6BB9BD380A11"),
		    "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11" },
		{ LT_TS, TEXT("2024-01-01T10:00"), "2024-01-01 10:00:00" },
		{ LT_TIME, TEXT("-01:00:00"), "-01:00:00" },
		{ LT_TIME, TEXT("-"), "-" },
		{ LT_BITS, TEXT("01"), "01" },
		{ LT_ANY, BYTES("\x0a"), "0a" },
		{ LT_ANY, cell_int(7), "7" },
		{ LT_ANY, cell_f64(-0.0), "-0" },
		{ LT_JSON, TEXT("[ ]"), "[ ]" },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		is_str(text(t[i].type, t[i].in), t[i].want, "text of %s %s",
		    ltype_name(t[i].type), t[i].want);
}

static void
test_row(void)
{
	const struct vtype types[] = { { .type = LT_TEXT }, { .type = LT_TEXT },
		{ .type = LT_NUM } };
	const struct cell a[] = { TEXT("x0"), TEXT("y"), cell_null() };
	const struct cell b[] = { TEXT("x"), TEXT("0y"), cell_int(1) };

	buf_reset(&got);
	canon_row(&got, types, a, 3, 0);
	is_str(buf_str(&got), "2:x0|1:y|", "row");
	buf_reset(&got);
	canon_row(&got, types, b, 3, 0);
	is_str(buf_str(&got), "1:x|2:0y|1", "another row");
}

static struct cell
random_cell(char *space, size_t size)
{
	static const char alphabet[] = "0123456789--::.  TBC+eZ|a";
	uint64_t r = tap_random();
	size_t n = r % size;
	double f;

	switch (r >> 62) {
	case 0:
		return cell_int((int64_t)tap_random() >> (r >> 8 & 63));
	case 1:
		f = (double)(int64_t)tap_random() / 0x1p40;
		return cell_f64(f);
	default:
		break;
	}
	for (size_t i = 0; i < n; i++)
		space[i] = alphabet[tap_random() % (sizeof(alphabet) - 1)];
	if (r >> 32 & 1 && size >= 24) {
		/* Something like a date, with up to two damages. */
		memcpy(space, "2024-02-29 10:20:30.120 ", 24);
		n = n % 3 == 0 ? 10 : n % 3 == 1 ? 19 : 23;
		space[tap_random() % n] = alphabet[tap_random() % 12];
		space[tap_random() % n] = alphabet[tap_random() % 12];
	}
	return cell_text(space, n);
}

/*
 * The canonical text of a value, read as a value, has the same field; and no
 * scalar is empty or holds a separator.
 */
static void
test_idempotent(void)
{
	static const enum ltype scalar[] = { LT_NUM, LT_F8, LT_F4, LT_DATE,
		LT_TIME, LT_TS, LT_TSTZ, LT_UUID, LT_BITS };
	struct buf first = BUF_INIT, again = BUF_INIT;
	int bad = 0, fits = 0;

	for (int i = 0; i < 600000; i++) {
		struct vtype t = { .type = scalar[i % ARRAY_LEN(scalar)] };
		char space[24];
		struct cell c = random_cell(space, sizeof(space)), d;

		first.len = again.len = got.len = 0;
		canon_field(&first, &t, &c, 0);
		if (first.data[0] == '!') {
			bad += canon_text(&got, t.type, &c) || got.len != 0;
			continue;
		}
		fits++;
		if (!canon_text(&got, t.type, &c)) {
			bad++;
			continue;
		}
		d = cell_text(got.data, got.len);
		canon_field(&again, &t, &d, 0);
		if (strcmp(buf_str(&first), buf_str(&again)) != 0 ||
		    first.len == 0 ||
		    memchr(first.data, '|', first.len) != NULL) {
			printf("# %s: %s, then %s\n", ltype_name(t.type),
			    first.data, again.data);
			bad++;
		}
	}
	is_int(bad, 0, "canonical texts are their own canonical form");
	ok(fits > 100000, "%d of 600000 fitted", fits);
	buf_free(&first);
	buf_free(&again);
}

/* --- rules --- */

static const char *
folded(enum ltype type, const struct vrule *rule, struct cell c, unsigned flags)
{
	const struct vtype t = { .type = type, .rule = rule };

	buf_reset(&got);
	canon_field(&got, &t, &c, flags | CANON_INLINE);
	return buf_str(&got);
}

static void
test_folds(void)
{
	const struct {
		enum ltype type;
		unsigned folds;
		struct cell in;
		const char *want;
	} t[] = {
		{ LT_TEXT, FOLD_CASE, TEXT("aBc"), "3:abc" },
		{ LT_TEXT, FOLD_CASE,
		    TEXT("Stra\xc3\x9f"
			 "e"),
		    "7:strasse" },
		{ LT_TEXT, FOLD_CASE, TEXT("\xc3\x89"), "2:\xc3\xa9" },
		{ LT_TEXT, FOLD_CASE, TEXT("A\xff"), "2:A\xff" },
		{ LT_TEXT, FOLD_NFC, TEXT("e\xcc\x81"), "2:\xc3\xa9" },
		{ LT_TEXT, FOLD_NFC, TEXT("aB"), "2:aB" },
		{ LT_TEXT, FOLD_NFC | FOLD_CASE, TEXT("E\xcc\x81"),
		    "2:\xc3\xa9" },
		{ LT_TEXT, FOLD_CRLF, TEXT("a\r\nb\rc\n\r\n"),
		    "7:a\nb\rc\n\n" },
		{ LT_TEXT, FOLD_EMPTY_NULL, TEXT(""), "" },
		{ LT_TEXT, FOLD_EMPTY_NULL, TEXT(" "), "1: " },
		{ LT_CHAR, FOLD_EMPTY_NULL | FOLD_RTRIM, TEXT("  "), "" },
		{ LT_CHAR, FOLD_CASE | FOLD_RTRIM, TEXT("A "), "1:a" },
		{ LT_TEXT, FOLD_CASE, BYTES("A"), "1:A" },
		{ LT_NUM, FOLD_TRUTHY, cell_int(-7), "1" },
		{ LT_NUM, FOLD_TRUTHY, cell_int(0), "0" },
		{ LT_NUM, FOLD_TRUTHY, TEXT("0.00"), "0" },
		{ LT_NUM, FOLD_TRUTHY, TEXT("0.01"), "1" },
		{ LT_NUM, FOLD_TRUTHY, cell_f64(-0.0), "0" },
		{ LT_NUM, FOLD_TRUTHY, TEXT("t"), "!1:t" },
		{ LT_NUM, FOLD_TRUTHY, cell_null(), "" },
		{ LT_DATE, FOLD_ZERO_DATE, TEXT("0000-00-00"), "" },
		{ LT_TS, FOLD_ZERO_DATE, TEXT("2024-05-00 10:00:00"), "" },
		{ LT_DATE, FOLD_ZERO_DATE, TEXT("2024-02-30"), "2024-02-30" },
		{ LT_DATE, FOLD_ZERO_DATE, TEXT("2024-02-29"), "2024-02-29" },
		{ LT_TS, FOLD_UNIX, cell_int(0), "1970-01-01 00:00:00" },
		{ LT_TS, FOLD_UNIX, cell_int(INT64_C(100000000000)),
		    "5138-11-16 09:46:40" },
		{ LT_TS, FOLD_UNIX, TEXT("-0.5"), "1969-12-31 23:59:59.5" },
		{ LT_TS, FOLD_UNIX, TEXT("2024-01-01 00:00:00"),
		    "2024-01-01 00:00:00" },
		{ LT_TS, FOLD_UNIXMS, cell_int(1500), "1970-01-01 00:00:01.5" },
		{ LT_TS, FOLD_JULIAN, cell_int(2440588),
		    "1970-01-01 12:00:00" },
		{ LT_TS, FOLD_ISO, cell_int(0), "!1:0" },
		{ LT_TS, FOLD_UNIX, cell_int(INT64_MAX),
		    "!19:9223372036854775807" },
		{ LT_UUID, FOLD_UUID_TIME,
		    BYTES("\x10\x26\xba\xba\x6c\xcd\x78\x0c\x95\x64\x5b\x8c"
			  "\x65\x60\x24\xdb"),
		    "6ccd780cbaba102695645b8c656024db" },
		{ LT_UUID, FOLD_UUID_GUID,
		    BYTES("\x0c\x78\xcd\x6c\xba\xba\x26\x10\x95\x64\x5b\x8c"
			  "\x65\x60\x24\xdb"),
		    "6ccd780cbaba102695645b8c656024db" },
		{ LT_UUID, FOLD_UUID_GUID,
		    TEXT("6ccd780c-baba-1026-9564-5b8c656024db"),
		    "6ccd780cbaba102695645b8c656024db" },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		const struct vrule rule = { .folds = t[i].folds };

		is_str(folded(t[i].type, &rule, t[i].in, 0), t[i].want,
		    "fold %zu", i);
	}
}

/* The library is not asked about all of them. */
static void
test_nfc(void)
{
	static const uint32_t before[] = { 'e', 0xc0, 0x1a1, 0x2ff };
	struct buf folded = BUF_INIT;
	int wrong = 0;

	for (size_t i = 0; i < ARRAY_LEN(before); i++)
		for (uint32_t c = 1; c < 0x400; c++) {
			uint32_t text[] = { before[i], c };
			size_t len, want_len;
			uint8_t *in = u32_to_u8(text, 2, NULL, &len);
			uint8_t *want =
			    u8_normalize(UNINORM_NFC, in, len, NULL, &want_len);

			buf_reset(&folded);
			textfold(&folded, FOLD_NFC, (char *)in, len);
			wrong += folded.len != want_len ||
			         memcmp(folded.data, want, want_len) != 0;
			free(in);
			free(want);
		}
	buf_free(&folded);
	is_int(wrong, 0, "what the library says of what is short in UTF-8");
}

static void
test_sides(void)
{
	struct zone zone = { .name = "+02:00", .fixed = true, .offset = 7200 };
	const struct vrule bits = { .bits = VSIDE_SOURCE };
	const struct vrule local = { .local = VSIDE_TARGET, .zone = &zone };
	char ones[64];

	memset(ones, '1', sizeof(ones));
	is_str(folded(LT_NUM, &bits, cell_text(ones, 64), 0),
	    "18446744073709551615", "64 bits");
	is_str(folded(LT_NUM, &bits, TEXT("0101"), 0), "5", "bits");
	is_str(folded(LT_NUM, &bits, TEXT("0101"), CANON_TARGET), "101",
	    "digits on the other side");
	is_str(folded(LT_TSTZ, &local, TEXT("2024-01-01 01:30:00"), 0),
	    "2024-01-01 01:30:00", "UTC");
	is_str(
	    folded(LT_TSTZ, &local, TEXT("2024-01-01 01:30:00"), CANON_TARGET),
	    "2023-12-31 23:30:00", "local");
	is_str(
	    folded(LT_TSTZ, &local, TEXT("2024-01-01T01:30:00Z"), CANON_TARGET),
	    "2024-01-01 01:30:00", "it says its zone");
	is_str(folded(LT_TSTZ, &local, TEXT("infinity"), CANON_TARGET),
	    "infinity", "no clock shows it");
}

/* The bytes of every order are those of the plain one, and back again. */
static void
test_uuid_order(void)
{
	static const unsigned orders[] = { 0, FOLD_UUID_TIME, FOLD_UUID_GUID };
	char plain[16], there[16], back[16];

	for (int i = 0; i < 16; i++)
		plain[i] = (char)i;
	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		rule_uuid_order(orders[i], true, plain, there);
		rule_uuid_order(orders[i], false, there, back);
		ok(memcmp(plain, back, 16) == 0, "order %zu", i);
	}
}

static void
test_zones(void)
{
	static const struct {
		const char *name;
		bool is;
		int offset;
	} t[] = { { "Z", true, 0 }, { "UTC", true, 0 },
		{ "+02:00", true, 7200 }, { "-0330", true, -12600 },
		{ "+05", true, 18000 }, { "+2", false, 0 },
		{ "+02:60", false, 0 }, { "+02:000", false, 0 },
		{ "Europe/Berlin", false, 0 }, { "", false, 0 } };
	struct zone berlin = { .name = "Europe/Berlin" };
	struct datetime dt;

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		int offset = 0;
		bool is = zone_offset(t[i].name, &offset);

		ok(is == t[i].is && (!is || offset == t[i].offset), "zone '%s'",
		    t[i].name);
	}
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	datetime_parse("2024-03-31 02:30:00", 19, &dt);
	zone_to_utc(&berlin, &dt);
	buf_reset(&got);
	datetime_add(&got, &dt);
	is_str(buf_str(&got), "2024-03-31 01:30:00",
	    "an hour that never was is read as before it");
	datetime_parse("2024-10-27 02:59:59", 19, &dt);
	zone_to_utc(&berlin, &dt);
	buf_reset(&got);
	datetime_add(&got, &dt);
	is_str(buf_str(&got), "2024-10-27 00:59:59", "the first of two");
	ok(berlin.warned, "and a warning");
	zone_from_utc(&berlin, &dt);
	buf_reset(&got);
	datetime_add(&got, &dt);
	is_str(buf_str(&got), "2024-10-27 02:59:59", "and back");
}

int
main(void)
{
	test_folds();
	test_nfc();
	test_sides();
	test_uuid_order();
	test_zones();
	test_numbers();
	test_texts();
	test_times();
	test_text_form();
	test_row();
	test_idempotent();
	buf_free(&got);
	return tap_done();
}
