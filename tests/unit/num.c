#include <config.h>

#include "value/num.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/tap.h"

#define ROUNDS 300000

static struct buf got = BUF_INIT;

static void
test_canon(void)
{
	static const struct {
		const char *in, *want; /* NULL: not a number */
	} t[] = {
		{ "0", "0" },
		{ "-0", "0" },
		{ "0.00", "0" },
		{ "-0.00", "0" },
		{ "1", "1" },
		{ "1.0", "1" },
		{ "1.50", "1.5" },
		{ "007.50", "7.5" },
		{ ".5", "0.5" },
		{ "-.5", "-0.5" },
		{ "5.", "5" },
		{ "+1E+20", "100000000000000000000" },
		{ "1e0", "1" },
		{ "12.34e1", "123.4" },
		{ "12.34e2", "1234" },
		{ "12.34e3", "12340" },
		{ "12.34e-3", "0.01234" },
		{ "1E-30", "0.000000000000000000000000000001" },
		{ "0.0e-5000", "0" },
		{ " \t1.5\n", "1.5" },
		{ "00042", "42" },
		{ "100", "100" },
		{ "1000000", "1000000" },
		{ "10.10", "10.1" },
		{ "18446744073709551615", "18446744073709551615" },
		{ "-9223372036854775808", "-9223372036854775808" },
		{ "NaN", "NaN" },
		{ "nan", "NaN" },
		{ "inf", "Infinity" },
		{ "-Infinity", "-Infinity" },
		{ "+INF", "Infinity" },
		{ "", NULL },
		{ " ", NULL },
		{ ".", NULL },
		{ "-", NULL },
		{ "1e", NULL },
		{ "1e+", NULL },
		{ "1e5001", NULL },
		{ "1e-5001", NULL },
		{ "1.2.3", NULL },
		{ "1 2", NULL },
		{ "true", NULL },
		{ "t", NULL },
		{ "0x10", NULL },
		{ "1_000", NULL },
		{ "1,5", NULL },
		{ "--1", NULL },
		{ "- 1", NULL },
		{ "infin", NULL },
		{ "1.5e1.5", NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		bool fits;

		buf_reset(&got);
		buf_addc(&got, '>');
		fits = num_canon(&got, t[i].in, strlen(t[i].in));
		ok(fits == (t[i].want != NULL), "'%s' is%s a number", t[i].in,
		    t[i].want != NULL ? "" : " not");
		is_str(buf_str(&got) + 1, t[i].want != NULL ? t[i].want : "",
		    "canonical '%s'", t[i].in);
	}
	ok(!num_canon(&got, "1\0", 2), "a NUL is no digit");
}

/* In ascending order. */
static void
test_cmp(void)
{
	static const char *const t[] = { "-Infinity", "-1000", "-999.5", "-10",
		"-9.99", "-9.9", "-9", "-0.5", "-0.05", "-0.005", "0", "0.001",
		"0.0011", "0.01", "0.1", "0.9", "1", "1.000001", "1.5", "1.52",
		"2", "9", "10", "10.5", "99999999999999999999",
		"100000000000000000000", "Infinity", "NaN" };
	int bad = 0;

	for (int i = 0; i < (int)ARRAY_LEN(t); i++) {
		for (int j = 0; j < (int)ARRAY_LEN(t); j++) {
			int c = num_cmp(t[i], strlen(t[i]), t[j], strlen(t[j]));

			if ((c > 0) - (c < 0) != (i > j) - (i < j)) {
				printf("# %s <=> %s is %d\n", t[i], t[j], c);
				bad++;
			}
		}
	}
	is_int(bad, 0, "num_cmp orders all pairs of %zu", ARRAY_LEN(t));
}

static double
random_double(int how)
{
	uint64_t bits = tap_random();
	double f;

	switch (how % 4) {
	case 0: /* any bits */
		memcpy(&f, &bits, sizeof(f));
		return f;
	case 1: /* few decimals */
		return (double)((int64_t)(bits % 20000000) - 10000000) /
		       pow(10, (double)(bits >> 60 & 7));
	case 2: /* many digits, near 1 */
		return (double)(int64_t)bits / 0x1p58;
	default: /* 15 digits and any scale of everyday */
		return (double)(int64_t)(bits % 1000000000000000) /
		       pow(10, (double)(bits >> 59));
	}
}

/* The definition, word for word. */
static void
reference(struct buf *out, double f)
{
	char tmp[64];

	for (int digits = 15; digits <= 17; digits++) {
		snprintf(tmp, sizeof(tmp), "%.*g", digits, f);
		if (strtod(tmp, NULL) == f)
			break;
	}
	if (!num_canon(out, tmp, strlen(tmp)))
		abort();
}

static void
test_from_f64(void)
{
	static const struct {
		double f;
		const char *want, *print;
	} t[] = {
		{ 0.0, "0", "0" },
		{ -0.0, "0", "-0" },
		{ 0.1, "0.1", "0.1" },
		{ 0.1 + 0.2, "0.30000000000000004", "0.30000000000000004" },
		{ 0.11, "0.11", "0.11" },
		{ 1.0 / 3, "0.3333333333333333", "0.3333333333333333" },
		{ 1e-7, "0.0000001", "1e-07" },
		{ 100, "100", "100" },
		{ 123456.789, "123456.789", "123456.789" },
		{ 999999999999999, "999999999999999", "999999999999999" },
		{ 1e15, "1000000000000000", "1e+15" },
		{ 1234567890123456, "1234567890123456",
		    "1.234567890123456e+15" },
		{ 9007199254740993.0, "9007199254740992",
		    "9.007199254740992e+15" },
		{ 1e22, "10000000000000000000000", "1e+22" },
		{ 1e23, "100000000000000000000000", "1e+23" },
		{ 1e-5, "0.00001", "1e-05" },
		{ INFINITY, "Infinity", "Infinity" },
		{ -INFINITY, "-Infinity", "-Infinity" },
		{ NAN, "NaN", "NaN" },
	};
	char print[NUM_PRINT_MAX + 1];

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		buf_reset(&got);
		num_from_f64(&got, t[i].f);
		is_str(buf_str(&got), t[i].want, "decimal of %.17g", t[i].f);
		print[num_print_f64(print, t[i].f)] = '\0';
		is_str(print, t[i].print, "text of %.17g", t[i].f);
	}
}

static void
test_from_f64_random(void)
{
	struct buf want = BUF_INIT;
	int bad = 0, lost = 0, lost_text = 0;
	char print[NUM_PRINT_MAX + 1];

	for (int i = 0; i < ROUNDS; i++) {
		double f = random_double(i);

		if (!isfinite(f))
			continue;
		buf_reset(&got);
		buf_reset(&want);
		num_from_f64(&got, f);
		reference(&want, f);
		if (strcmp(buf_str(&got), buf_str(&want)) != 0) {
			printf("# %s, want %s\n", got.data, want.data);
			bad++;
		}
		lost += num_to_f64(got.data, got.len) != f;
		print[num_print_f64(print, f)] = '\0';
		lost_text += strtod(print, NULL) != f;
	}
	is_int(bad, 0, "num_from_f64 is the first of 15, 16, 17 digits");
	is_int(lost, 0, "num_to_f64 reads every double back");
	is_int(lost_text, 0, "strtod reads every printed double back");
	buf_free(&want);
}

static void
test_to_f64(void)
{
	static const char halfway[] = "9007199254740993";
	struct buf big = BUF_INIT;
	int bad = 0;

	for (int i = 0; i < ROUNDS; i++) {
		char s[48];

		snprintf(s, sizeof(s), "%s%llu.%llu1", i & 1 ? "-" : "",
		    (unsigned long long)(tap_random() >> (i % 60)),
		    (unsigned long long)(tap_random() >> (i % 53)));
		bad += num_to_f64(s, strlen(s)) != strtod(s, NULL);
	}
	is_int(bad, 0, "num_to_f64 agrees with strtod");
	ok(num_to_f64(halfway, 16) == 9007199254740992.0, "a tie goes to even");
	buf_adds(&big, halfway);
	buf_addc(&big, '.');
	for (int i = 0; i < 500; i++)
		buf_addc(&big, '0');
	buf_addc(&big, '1');
	ok(num_to_f64(big.data, big.len) == 9007199254740994.0,
	    "the 518th digit breaks it");
	ok(num_to_f64("123456", 3) == 123, "the length counts, not a NUL");
	ok(isnan(num_to_f64("NaN", 3)) && num_to_f64("-Infinity", 9) < -1e308,
	    "NaN and infinities");
	buf_free(&big);
}

static void
test_round(void)
{
	static const struct {
		const char *in;
		int scale;
		const char *want;
	} t[] = {
		{ "1.005", 2, "1.01" },
		{ "-1.005", 2, "-1.01" },
		{ "1.0049999", 2, "1" },
		{ "1.2345", 2, "1.23" },
		{ "1.2345", 4, "1.2345" },
		{ "1.2345", 9, "1.2345" },
		{ "9.995", 2, "10" },
		{ "99.5", 0, "100" },
		{ "0.5", 0, "1" },
		{ "0.4", 0, "0" },
		{ "-0.4", 0, "0" },
		{ "0.04", 1, "0" },
		{ "0.05", 1, "0.1" },
		{ "1250", -2, "1300" },
		{ "1249.9", -2, "1200" },
		{ "50", -2, "100" },
		{ "49", -2, "0" },
		{ "5", -2, "0" },
		{ "999", -3, "1000" },
		{ "NaN", 2, "NaN" },
		{ "-Infinity", 2, "-Infinity" },
		{ "0", 2, "0" },
	};
	int bad = 0;

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		buf_reset(&got);
		num_round(&got, t[i].in, strlen(t[i].in), t[i].scale);
		is_str(buf_str(&got), t[i].want, "%s at scale %d", t[i].in,
		    t[i].scale);
	}
	for (int i = 0; i < ROUNDS; i++) {
		long long m =
		    (long long)(tap_random() % 2000000000) - 1000000000;
		long long r = (m + (m < 0 ? -50 : 50)) / 100;
		struct buf in = BUF_INIT, want = BUF_INIT;
		char s[32];

		snprintf(s, sizeof(s), "%llde-4", m);
		(void)num_canon(&in, s, strlen(s));
		snprintf(s, sizeof(s), "%llde-2", r);
		(void)num_canon(&want, s, strlen(s));
		buf_reset(&got);
		num_round(&got, in.data, in.len, 2);
		bad += strcmp(buf_str(&got), buf_str(&want)) != 0;
		buf_free(&in);
		buf_free(&want);
	}
	is_int(bad, 0, "num_round agrees with integer arithmetic");
}

static void
test_digits(void)
{
	static const struct {
		const char *in;
		int before, behind;
	} t[] = { { "0", 0, 0 }, { "0.25", 0, 2 }, { "-0.5", 0, 1 },
		{ "-12.345", 2, 3 }, { "1000", 4, 0 }, { "7", 1, 0 },
		{ "NaN", 0, 0 }, { "-Infinity", 0, 0 } };

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		size_t before, behind;

		num_digits(t[i].in, strlen(t[i].in), &before, &behind);
		is_int((int)before, t[i].before, "before: %s", t[i].in);
		is_int((int)behind, t[i].behind, "behind: %s", t[i].in);
	}
}

static void
test_integers(void)
{
	static const char *const none[] = { "", "-", "9223372036854775808",
		"-9223372036854775809", "18446744073709551616", "1.5", "NaN",
		"Infinity", "99999999999999999999" };
	static const int64_t edge[] = { 0, 1, -1, 9, 10, 99, 100, INT64_MAX,
		INT64_MIN, INT64_MAX - 1, INT64_MIN + 1 };
	char s[NUM_PRINT_MAX], want[32];
	int bad = 0, bad_back = 0;
	int64_t v;

	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		ok(!num_to_i64(none[i], strlen(none[i]), &v),
		    "'%s' is no 64-bit integer", none[i]);
	for (size_t i = 0; i < ROUNDS; i++) {
		int64_t in = i < ARRAY_LEN(edge)
		                 ? edge[i]
		                 : (int64_t)tap_random() >> (i % 64);
		size_t n = num_print_i64(s, in);

		snprintf(want, sizeof(want), "%lld", (long long)in);
		bad += n != strlen(want) || memcmp(s, want, n) != 0;
		bad_back += !num_to_i64(s, n, &v) || v != in;
	}
	is_int(bad, 0, "num_print_i64 agrees with printf");
	is_int(bad_back, 0, "num_to_i64 reads them back");
}

static void
test_idempotent(void)
{
	static const char alphabet[] = "0123456789000.-+eE ";
	struct buf again = BUF_INIT;
	int bad = 0, numbers = 0;

	for (int i = 0; i < ROUNDS; i++) {
		char s[12];
		size_t n = tap_random() % sizeof(s);

		for (size_t k = 0; k < n; k++)
			s[k] = alphabet[tap_random() % (sizeof(alphabet) - 1)];
		buf_reset(&got);
		buf_reset(&again);
		if (!num_canon(&got, s, n)) {
			bad += got.len != 0;
			continue;
		}
		numbers++;
		bad += !num_canon(&again, got.data, got.len) ||
		       strcmp(buf_str(&again), buf_str(&got)) != 0 ||
		       memchr(got.data, 'e', got.len) != NULL;
	}
	is_int(bad, 0, "a canonical decimal is its own canonical form");
	ok(numbers > ROUNDS / 50, "%d of %d were numbers", numbers, ROUNDS);
	buf_free(&again);
}

int
main(void)
{
	test_canon();
	test_cmp();
	test_from_f64();
	test_from_f64_random();
	test_to_f64();
	test_round();
	test_digits();
	test_integers();
	test_idempotent();
	buf_free(&got);
	return tap_done();
}
