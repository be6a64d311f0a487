#include <config.h>

#include "value/num.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define EXPONENT_MAX 5000

/* Powers of ten that a binary64 holds exactly. */
static const double pow10_exact[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7,
	1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
	1e20, 1e21, 1e22 };

/*
 * A decimal as it is spelled: nint digits at s, and if nfrac is not 0 a point
 * and nfrac digits more; times 10^exp.
 */
struct decimal {
	bool neg;
	const char *s;
	size_t nint, nfrac;
	long exp;
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static size_t
count_digits(const char *p, const char *end)
{
	const char *s = p;

	while (p < end && is_digit(*p))
		p++;
	return (size_t)(p - s);
}

/* What stands behind 'e'; false also for exponents nobody should expand. */
static bool
read_exponent(const char *p, const char *end, long *exp)
{
	bool neg = false;

	if (p < end && (*p == '+' || *p == '-'))
		neg = *p++ == '-';
	if (p == end)
		return false;
	for (*exp = 0; p < end; p++) {
		if (!is_digit(*p))
			return false;
		*exp = *exp * 10 + (*p - '0');
		if (*exp > EXPONENT_MAX)
			return false;
	}
	if (neg)
		*exp = -*exp;
	return true;
}

static bool
read_decimal(const char *p, const char *end, struct decimal *d)
{
	*d = (struct decimal){ .s = p };
	d->nint = count_digits(p, end);
	p += d->nint;
	if (p < end && *p == '.') {
		p++;
		d->nfrac = count_digits(p, end);
		p += d->nfrac;
	}
	if (d->nint + d->nfrac == 0)
		return false;
	if (p == end)
		return true;
	return (*p == 'e' || *p == 'E') && read_exponent(p + 1, end, &d->exp);
}

static char
digit_at(const struct decimal *d, size_t i)
{
	return d->s[i < d->nint ? i : i + 1];
}

/* Copy digits [from, to), stepping over the point between them. */
static char *
copy_digits(char *out, const struct decimal *d, size_t from, size_t to)
{
	size_t mid = MAX(from, MIN(to, d->nint));

	if (mid > from)
		memcpy(out, d->s + from, mid - from);
	if (to > mid)
		memcpy(out + (mid - from), d->s + mid + 1, to - mid);
	return out + (to - from);
}

static char *
fill_zeros(char *out, size_t n)
{
	memset(out, '0', n);
	return out + n;
}

static void
add_decimal(struct buf *out, const struct decimal *d)
{
	size_t first = 0, last = d->nint + d->nfrac, before;
	long point;
	char *to;

	while (first < last && digit_at(d, first) == '0')
		first++;
	while (last > first && digit_at(d, last - 1) == '0')
		last--;
	if (first == last) {
		buf_addc(out, '0');
		return;
	}
	/* The value is 0.DIGITS * 10^point. */
	point = (long)d->nint - (long)first + d->exp;
	to = buf_reserve(out, last - first + (size_t)labs(point) + 3);
	if (d->neg)
		*to++ = '-';
	if (point <= 0) {
		*to++ = '0';
		*to++ = '.';
		to = fill_zeros(to, (size_t)-point);
		to = copy_digits(to, d, first, last);
	} else {
		before = MIN((size_t)point, last - first);
		to = copy_digits(to, d, first, first + before);
		to = fill_zeros(to, (size_t)point - before);
		if (first + before < last) {
			*to++ = '.';
			to = copy_digits(to, d, first + before, last);
		}
	}
	out->len = (size_t)(to - out->data);
}

/* One scan, so that what servers print is only copied. */
static bool
is_canonical(const char *s, size_t n)
{
	const char *p = s, *end = s + n;

	if (p < end && *p == '-')
		p++;
	if (p == end || !is_digit(*p))
		return false;
	if (*p == '0') {
		if (p + 1 == end)
			return p == s; /* "-0" is not */
		p++;
	} else {
		p += count_digits(p, end);
		if (p == end)
			return true;
	}
	if (*p++ != '.')
		return false;
	return p < end && p + count_digits(p, end) == end && end[-1] != '0';
}

static bool
add_special(struct buf *out, const char *p, size_t n, bool neg)
{
	if (n == 3 && strncasecmp(p, "nan", 3) == 0)
		buf_adds(out, "NaN");
	else if ((n == 3 && strncasecmp(p, "inf", 3) == 0) ||
		 (n == 8 && strncasecmp(p, "infinity", 8) == 0))
		buf_adds(out, neg ? "-Infinity" : "Infinity");
	else
		return false;
	return true;
}

bool
num_canon(struct buf *out, const char *s, size_t n)
{
	const char *p = s, *end = s + n;
	struct decimal d;
	bool neg = false;

	if (is_canonical(s, n)) {
		buf_add(out, s, n);
		return true;
	}
	while (p < end && is_space(*p))
		p++;
	while (p < end && is_space(end[-1]))
		end--;
	if (p < end && (*p == '+' || *p == '-'))
		neg = *p++ == '-';
	if (!read_decimal(p, end, &d))
		return add_special(out, p, (size_t)(end - p), neg);
	d.neg = neg;
	add_decimal(out, &d);
	return true;
}

/* -2 -Infinity, -1, 0, 1 the sign of a number, 2 Infinity, 3 NaN */
static int
rank(const char *s, size_t n)
{
	switch (s[0]) {
	case 'N':
		return 3;
	case 'I':
		return 2;
	case '-':
		return s[1] == 'I' ? -2 : -1;
	default:
		return n == 1 && s[0] == '0' ? 0 : 1;
	}
}

static int
cmp_magnitude(const char *a, size_t alen, const char *b, size_t blen)
{
	size_t aint = count_digits(a, a + alen),
	       bint = count_digits(b, b + blen);
	int c;

	if (aint != bint)
		return aint < bint ? -1 : 1;
	/* Same point: bytes decide, and "1.5" is a prefix of "1.52". */
	c = memcmp(a, b, MIN(alen, blen));
	if (c != 0)
		return c < 0 ? -1 : 1;
	return (alen > blen) - (alen < blen);
}

int
num_cmp(const char *a, size_t alen, const char *b, size_t blen)
{
	int ra = rank(a, alen), rb = rank(b, blen);

	if (ra != rb)
		return ra < rb ? -1 : 1;
	if (ra == 1)
		return cmp_magnitude(a, alen, b, blen);
	if (ra == -1)
		return cmp_magnitude(b + 1, blen - 1, a + 1, alen - 1);
	return 0;
}

size_t
num_print_i64(char *to, int64_t v)
{
	char tmp[20], *p = tmp + sizeof(tmp);
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	size_t n;

	do {
		*--p = (char)('0' + u % 10);
		u /= 10;
	} while (u > 0);
	if (v < 0)
		*--p = '-';
	n = (size_t)(tmp + sizeof(tmp) - p);
	memcpy(to, p, n);
	return n;
}

/*
 * f as m / 10^k with at most 15 digits, if there is such a decimal.
 *
 * Right: m and 10^k are exact, so m / 10^k rounds once and the test says that
 * f is the double nearest to that decimal; decimals of up to DBL_DIG = 15
 * digits survive the way to a double and back, so %.15g prints just this one.
 * Complete: let f be nearest to m / 10^k with 10^14 <= m < 10^15. f * 10^k is
 * off m by at most 10^15 * 2^-53 = 0.111, and the product rounds by at most
 * 2^-4, so rint() finds m. *complete says that this argument applied.
 * 55 ns, where snprintf and strtod take some 250.
 */
static bool
split_15(double f, int64_t *m, int *k, bool *complete)
{
	double a = fabs(f), p;
	int e, digits;

	*complete = false;
	if (FLT_EVAL_METHOD != 0 || !(a >= 1e-7 && a < 1e15))
		return false;
	(void)frexp(a, &e);
	digits = (int)floor((e - 1) * 0.30103) + 1; /* of 2^(e-1) <= a */
	*k = 15 - digits;
	p = f * pow10_exact[*k];
	if (fabs(p) >= 1e15) /* the estimate was one short */
		p = f * pow10_exact[--*k];
	*m = (int64_t)rint(p);
	*complete = fabs(p) >= 1e14 && fabs(p) < 1e15;
	return (double)*m / pow10_exact[*k] == f;
}

/* Digits that %g needs for f to read back the same; the text is in tmp. */
static int
shortest_g(char *tmp, size_t size, double f, int from)
{
	for (int digits = from; digits < 17; digits++) {
		snprintf(tmp, size, "%.*g", digits, f);
		if (strtod(tmp, NULL) == f)
			return digits;
	}
	snprintf(tmp, size, "%.17g", f);
	return 17;
}

void
num_from_f64(struct buf *out, double f)
{
	char tmp[NUM_PRINT_MAX];
	struct decimal d = { .neg = f < 0 };
	bool complete;
	int64_t m;
	int k;

	if (isnan(f)) {
		buf_adds(out, "NaN");
	} else if (isinf(f)) {
		buf_adds(out, f < 0 ? "-Infinity" : "Infinity");
	} else if (fabs(f) < 1e15 && f == (double)(int64_t)f) {
		buf_add(out, tmp, num_print_i64(tmp, (int64_t)f));
	} else if (split_15(f, &m, &k, &complete)) {
		d.s = tmp;
		d.nint = num_print_i64(tmp, m < 0 ? -m : m);
		d.exp = -k;
		add_decimal(out, &d);
	} else {
		shortest_g(tmp, sizeof(tmp), f, complete ? 16 : 15);
		(void)num_canon(out, tmp, strlen(tmp));
	}
}

size_t
num_print_f64(char *to, double f)
{
	char tmp[NUM_PRINT_MAX];
	const char *s = tmp;
	size_t n;
	int digits;

	if (isnan(f)) {
		s = "NaN";
	} else if (isinf(f)) {
		s = f < 0 ? "-Infinity" : "Infinity";
	} else {
		digits = shortest_g(tmp, sizeof(tmp), f, 15);
		/* %g with 16 or 17 digits would write 1e15 out. */
		if (digits > 15 && fabs(f) >= 1e15)
			snprintf(tmp, sizeof(tmp), "%.*e", digits - 1, f);
	}
	n = strlen(s);
	memcpy(to, s, n);
	return n;
}

/* At most 15 digits over an exact power of ten: one division, rounded once. */
static bool
to_f64_exact(const char *s, size_t n, double *f)
{
	const char *p = s, *end = s + n;
	int64_t m = 0;
	size_t k = 0;
	bool neg = p < end && *p == '-';

	if (FLT_EVAL_METHOD != 0 || n > 17)
		return false;
	for (p += neg; p < end; p++) {
		if (*p == '.')
			k = (size_t)(end - p - 1);
		else if (is_digit(*p))
			m = m * 10 + (*p - '0');
		else
			return false;
	}
	if (m >= INT64_C(1000000000000000))
		return false;
	*f = (double)(neg ? -m : m) / pow10_exact[k];
	return true;
}

double
num_to_f64(const char *s, size_t n)
{
	char tmp[128];
	struct buf big = BUF_INIT;
	double f;

	if (to_f64_exact(s, n, &f))
		return f;
	if (n < sizeof(tmp)) {
		memcpy(tmp, s, n);
		tmp[n] = '\0';
		return strtod(tmp, NULL);
	}
	buf_add(&big, s, n);
	f = strtod(buf_str(&big), NULL);
	buf_free(&big);
	return f;
}

/* Add one to a string of digits whose first is 0. */
static void
increment(char *digits, size_t n)
{
	while (digits[--n] == '9')
		digits[n] = '0';
	digits[n]++;
}

void
num_round(struct buf *out, const char *s, size_t n, int scale)
{
	struct buf tmp = BUF_INIT;
	struct decimal d, r;
	bool neg = s[0] == '-';
	long keep;

	if (!read_decimal(s + neg, s + n, &d)) {
		buf_add(out, s, n); /* NaN, Infinity */
		return;
	}
	keep = (long)d.nint + scale;
	if (keep >= (long)(d.nint + d.nfrac)) {
		buf_add(out, s, n);
		return;
	}
	if (keep < 0) {
		buf_addc(out, '0');
		return;
	}
	buf_addc(&tmp, '0'); /* for the carry */
	buf_reserve(&tmp, (size_t)keep);
	tmp.len =
	    (size_t)(copy_digits(tmp.data + 1, &d, 0, (size_t)keep) - tmp.data);
	if (digit_at(&d, (size_t)keep) >= '5')
		increment(tmp.data, tmp.len);
	r = (struct decimal){ neg, tmp.data, tmp.len, 0, -(long)scale };
	add_decimal(out, &r);
	buf_free(&tmp);
}

void
num_digits(const char *s, size_t n, size_t *before, size_t *behind)
{
	size_t neg = n > 0 && s[0] == '-';
	size_t digits = count_digits(s + neg, s + n);

	*before = digits == 1 && s[neg] == '0' ? 0 : digits;
	*behind = digits == 0 || neg + digits == n ? 0 : n - neg - digits - 1;
}

bool
num_to_i64(const char *s, size_t n, int64_t *out)
{
	size_t neg = n > 0 && s[0] == '-';
	uint64_t u = 0, limit = (uint64_t)INT64_MAX + neg;

	if (n == neg || n - neg > 19 || count_digits(s + neg, s + n) != n - neg)
		return false;
	for (size_t i = neg; i < n; i++)
		u = u * 10 + (uint64_t)(s[i] - '0');
	if (u > limit)
		return false;
	*out = neg ? (int64_t)(0 - u) : (int64_t)u;
	return true;
}
