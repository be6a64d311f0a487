#include <config.h>

#include "value/key.h"

#include <math.h>
#include <stdio.h>

#include "lib/tap.h"
#include "value/rule.h"
#include "value/canon.h"
#include "value/num.h"

#define TEXT(s) cell_text("" s, sizeof(s) - 1)
#define BYTES(s) cell_bytes("" s, sizeof(s) - 1)
#define PAIRS 300000

static struct buf ka = BUF_INIT, kb = BUF_INIT;

static int
sign(int c)
{
	return (c > 0) - (c < 0);
}

static int
cmp(enum ltype type, struct cell a, struct cell b)
{
	const struct vtype t = { .type = type };

	buf_reset(&ka);
	buf_reset(&kb);
	key_encode(&ka, &t, &a);
	key_encode(&kb, &t, &b);
	return sign(key_cmp(ka.data, ka.len, kb.data, kb.len));
}

/* Cells in strictly ascending order. */
static void
check_order(enum ltype type, const struct cell *c, int n)
{
	int bad = 0;

	for (int i = 0; i < n; i++) {
		for (int j = 0; j < n; j++) {
			if (cmp(type, c[i], c[j]) != sign(i - j)) {
				printf("# %d and %d\n", i, j);
				bad++;
			}
		}
	}
	is_int(bad, 0, "%s: all pairs of %d in order", ltype_name(type), n);
}

static void
test_orders(void)
{
	const struct cell num[] = { cell_null(), TEXT("-Infinity"),
		TEXT("-1e30"), cell_int(INT64_MIN), cell_int(-1000),
		TEXT("-999.5"), cell_int(-12), TEXT("-11.9"), cell_int(-10),
		cell_int(-1), TEXT("-0.5"), TEXT("-0.05"), TEXT("-1e-30"),
		cell_f64(-0.0), TEXT("1e-30"), TEXT("0.05"), TEXT("0.050001"),
		TEXT("0.5"), cell_int(1), TEXT("1.01"), TEXT("1.1"),
		cell_int(2), cell_int(9), cell_int(10), TEXT("10.01"),
		cell_int(12), cell_int(100), cell_int(256), cell_int(INT64_MAX),
		TEXT("1e30"), cell_f64(INFINITY), cell_f64(NAN), TEXT("abc"),
		TEXT("b") };
	const struct cell f8[] = { cell_null(), cell_f64(-INFINITY),
		cell_f64(-1e308), cell_f64(-1), cell_f64(-5e-324),
		cell_f64(-0.0), cell_f64(5e-324), cell_f64(0.1), cell_int(1),
		cell_f64(1e308), TEXT("Infinity"), cell_f64(-NAN), TEXT("x") };
	const struct cell text[] = { cell_null(), TEXT(""), TEXT("\0"),
		TEXT("\0\0"), TEXT("\0\xff"), TEXT("\x01"), TEXT(" "),
		TEXT("A"), TEXT("a"), TEXT("a\0"), TEXT("a\0b"), TEXT("a\x01"),
		TEXT("aa"), TEXT("b"), TEXT("\xc3\xa9"), TEXT("\xff"),
		TEXT("\xff\xff") };
	const struct cell ts[] = { cell_null(), TEXT("-infinity"),
		TEXT("4713-01-01 00:00:00 BC"), TEXT("0002-12-31 23:59:59 BC"),
		TEXT("0001-01-01 00:00:00 BC"), TEXT("0001-01-01"),
		TEXT("1969-12-31 23:59:59.999999"), cell_int(0),
		TEXT("1970-01-01 00:00:00.000001"),
		TEXT("1970-01-01 00:00:00.00001"),
		TEXT("1970-01-01 00:00:00.1"), TEXT("1970-01-01 00:00:00.11"),
		TEXT("1970-01-01 00:00:01"), TEXT("2024-02-29"),
		TEXT("2024-02-30"), TEXT("9999-12-31 23:59:59"),
		TEXT("10000-01-01 00:00:00"), TEXT("infinity"), TEXT("soon") };
	const struct cell date[] = { TEXT("-infinity"), TEXT("0044-03-15 BC"),
		TEXT("0000-00-00"), TEXT("0001-01-01"), TEXT("2024-01-31"),
		TEXT("2024-02-01"), TEXT("12345-01-01"), TEXT("infinity") };
	const struct cell clock[] = { TEXT("-838:59:59"), TEXT("-24:00:00"),
		TEXT("-01:00:00.5"), TEXT("-01:00:00"), TEXT("-00:00:00.1"),
		TEXT("00:00:00"), TEXT("00:00:00.05"), TEXT("00:00:00.1"),
		TEXT("09:00:00"), TEXT("10:00"), TEXT("24:00:00"),
		TEXT("100:00:00"), TEXT("838:59:59"), TEXT("noon") };
	const struct cell any[] = { cell_null(), cell_f64(-INFINITY),
		cell_f64(-1e300), cell_f64(-0x1p63 * 2), cell_int(INT64_MIN),
		cell_f64(-0x1p63), cell_int(INT64_MIN + 1), cell_int(-1),
		cell_f64(-0.5), cell_int(0), cell_f64(0.0), cell_f64(-0.0),
		cell_f64(0.5), cell_int(1), cell_f64(1), cell_f64(1.5),
		cell_int(INT64_C(9007199254740992)),
		cell_f64(9007199254740992.0),
		cell_int(INT64_C(9007199254740993)),
		cell_int(INT64_C(4611686018427388927)),
		cell_f64(4611686018427388928.0),
		cell_int(INT64_C(4611686018427388929)), cell_int(INT64_MAX),
		cell_f64(0x1p63), cell_f64(0x1.fffffffffffffp63),
		cell_f64(0x1p64), cell_f64(1e300), cell_f64(INFINITY), TEXT(""),
		TEXT("1"), TEXT("a"), BYTES(""), BYTES("1"), BYTES("1\0") };

	check_order(LT_NUM, num, ARRAY_LEN(num));
	check_order(LT_F8, f8, ARRAY_LEN(f8));
	check_order(LT_TEXT, text, ARRAY_LEN(text));
	check_order(LT_BYTES, text, ARRAY_LEN(text));
	check_order(LT_TS, ts, ARRAY_LEN(ts));
	check_order(LT_DATE, date, ARRAY_LEN(date));
	check_order(LT_TIME, clock, ARRAY_LEN(clock));
	check_order(LT_ANY, any, ARRAY_LEN(any));
}

static struct cell
random_decimal(struct buf *b)
{
	char s[64];
	uint64_t r = tap_random();

	snprintf(s, sizeof(s), "%s%llu.%llu", r & 1 ? "-" : "",
	    (unsigned long long)(tap_random() >> (r >> 8 & 63) >> 1),
	    (unsigned long long)(tap_random() >> (r >> 16 & 63) >> 1));
	buf_reset(b);
	(void)num_canon(b, s, strlen(s));
	return cell_text(b->data, b->len);
}

static void
test_random_numbers(void)
{
	struct buf a = BUF_INIT, b = BUF_INIT;
	int bad = 0, bad_int = 0, bad_f8 = 0;

	for (int i = 0; i < PAIRS; i++) {
		struct cell x = random_decimal(&a), y = random_decimal(&b);
		int64_t p = (int64_t)tap_random() >> (tap_random() & 63);
		int64_t q = (int64_t)tap_random() >> (tap_random() & 63);
		double f, g;

		bad += cmp(LT_NUM, x, y) !=
		       sign(num_cmp(a.data, a.len, b.data, b.len));
		bad_int +=
		    cmp(LT_NUM, cell_int(p), cell_int(q)) != (p > q) - (p < q);
		f = (double)p / 3;
		g = i & 1 ? nextafter(f, INFINITY) : (double)q / 7;
		bad_f8 +=
		    cmp(LT_F8, cell_f64(f), cell_f64(g)) != (f > g) - (f < g) ||
		    cmp(LT_NUM, cell_f64(f), cell_f64(g)) != (f > g) - (f < g);
	}
	is_int(bad, 0, "decimals are in the order of num_cmp");
	is_int(bad_int, 0, "integers are in order");
	is_int(bad_f8, 0, "doubles are in order");
	buf_free(&a);
	buf_free(&b);
}

/* Integers and reals mixed, against a comparison in 80 or 128 bits. */
static void
test_random_any(void)
{
	int bad = 0;

	for (int i = 0; i < PAIRS; i++) {
		int64_t p = (int64_t)tap_random() >> (tap_random() & 63);
		double f = (double)(p + (int64_t)(tap_random() % 5) - 2);
		long double x = p,
			    y = f = nextafter(f, tap_random() & 1 ? 1e30 : f);
		int want = (x > y) - (x < y);

		/* Of equal values the integer is first. */
		bad += cmp(LT_ANY, cell_int(p), cell_f64(f)) !=
		       (want != 0 ? want : -1);
	}
	is_int(bad, 0, "an integer and a real nearby are in order");
}

static struct cell
random_bytes(char *space, size_t size)
{
	size_t n = tap_random() % size;

	for (size_t i = 0; i < n; i++)
		space[i] = "\0\1a\xff"[tap_random() & 3];
	return cell_text(space, n);
}

static void
test_random_text(void)
{
	const struct vtype t = { .type = LT_TEXT };
	int bad = 0, bad_pair = 0;

	for (int i = 0; i < PAIRS; i++) {
		char s[4][5];
		struct cell c[4];
		int first, second;

		for (int k = 0; k < 4; k++)
			c[k] = random_bytes(s[k], sizeof(s[k]));
		first = sign(key_cmp(c[0].u.p, c[0].len, c[1].u.p, c[1].len));
		second = sign(key_cmp(c[2].u.p, c[2].len, c[3].u.p, c[3].len));
		bad += cmp(LT_TEXT, c[0], c[1]) != first;
		key_encode(&ka, &t, &c[2]);
		key_encode(&kb, &t, &c[3]);
		bad_pair += sign(key_cmp(ka.data, ka.len, kb.data, kb.len)) !=
		            (first != 0 ? first : second);
	}
	is_int(bad, 0, "texts are in the order of memcmp");
	is_int(
	    bad_pair, 0, "keys of two columns go by the first, then the next");
}

static struct cell
random_cell(char *space)
{
	static const char *const some[] = { "1", "1.0", "01", "", "a", "10:00",
		"10:00:00", "-10:00:00", "2024-02-29", "2024-02-29 00:00",
		"2024-02-29T00:00:00Z", "2024-02-30", "0000-00-00",
		"0001-01-01 BC", "0000-01-01", "infinity", "-Infinity", "NaN",
		"a ", "0", "-0", "!", "1e3", "1000", "1:a", "01010",
		"a0eebc999c0b4ef8bb6d6bb9bd380a11",
		"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11" };
	uint64_t r = tap_random();
	const char *s = some[(r >> 8) % ARRAY_LEN(some)];

	switch (r & 7) {
	case 0:
		return cell_null();
	case 1:
		return cell_int((int64_t)(r >> 8 & 3) * 86400 - 86400);
	case 2:
		return cell_f64(2440587.5 + (double)(r >> 8 & 1));
	case 3:
		return cell_f64((double)(r >> 8 & 3) - 1);
	case 4:
		return cell_bytes(s, strlen(s));
	case 5:
		return cell_f64(r & 256 ? -0.0 : r & 512 ? NAN : INFINITY);
	case 6:
		return random_bytes(space, 3);
	default:
		return cell_text(s, strlen(s));
	}
}

/* The promise of key.h: equal keys exactly for equal fields. */
static void
test_equal(void)
{
	struct buf fa = BUF_INIT, fb = BUF_INIT;
	int bad = 0, equal = 0;

	for (int i = 0; i < PAIRS * 3; i++) {
		const struct vtype t = { .type = (enum ltype)(1 + i % LT_ANY) };
		char sa[3], sb[3];
		struct cell a = random_cell(sa), b = random_cell(sb);
		bool same;

		fa.len = fb.len = 0;
		canon_field(&fa, &t, &a, CANON_INLINE);
		canon_field(&fb, &t, &b, CANON_INLINE);
		same = fa.len == fb.len &&
		       (fa.len == 0 || memcmp(fa.data, fb.data, fa.len) == 0);
		equal += same;
		if ((cmp(t.type, a, b) == 0) != same) {
			printf("# %s: '%s' and '%s'\n", ltype_name(t.type),
			    buf_str(&fa), buf_str(&fb));
			bad++;
		}
	}
	is_int(bad, 0, "keys are equal exactly when the fields are");
	ok(equal > PAIRS / 10, "%d pairs were equal", equal);
	buf_free(&fa);
	buf_free(&fb);
}

static void
encode_with(
    struct buf *out, const struct vrule *rule, enum ltype type, struct cell c)
{
	const struct vtype t = { .type = type, .rule = rule };

	buf_reset(out);
	key_encode(out, &t, &c);
}

/* What a rule takes for equal is one key. */
static void
test_rules(void)
{
	const struct vrule folds = { .folds = FOLD_CASE | FOLD_EMPTY_NULL };
	const struct vrule near = { .tolerance = "1" };

	encode_with(&ka, &folds, LT_TEXT, cell_text("ABC", 3));
	encode_with(&kb, &folds, LT_TEXT, cell_text("abc", 3));
	ok(key_cmp(ka.data, ka.len, kb.data, kb.len) == 0, "case");
	encode_with(&kb, NULL, LT_TEXT, cell_text("abc", 3));
	ok(key_cmp(ka.data, ka.len, kb.data, kb.len) == 0,
	    "a folded key is a key");
	encode_with(&ka, &folds, LT_TEXT, cell_text("", 0));
	encode_with(&kb, NULL, LT_TEXT, cell_null());
	ok(key_cmp(ka.data, ka.len, kb.data, kb.len) == 0, "'' is NULL");
	encode_with(&ka, &near, LT_NUM, cell_int(1));
	encode_with(&kb, &near, LT_NUM, cell_int(2));
	ok(key_cmp(ka.data, ka.len, kb.data, kb.len) < 0,
	    "a tolerance makes no keys equal");
}

int
main(void)
{
	test_rules();
	test_orders();
	test_random_numbers();
	test_random_any();
	test_random_text();
	test_equal();
	is_int(key_cmp(NULL, 0, NULL, 0), 0, "two empty keys");
	ok(key_cmp("a", 1, "ab", 2) < 0 && key_cmp("b", 1, "ab", 2) > 0,
	    "shorter first, bytes before length");
	buf_free(&ka);
	buf_free(&kb);
	return tap_done();
}
