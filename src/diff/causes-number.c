#include <config.h>

#include "diff/causes-int.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "value/num.h"

#define DIGITS_MAX 18 /* all numbers of so many fit into 64 bits */
#define PLACES_MAX 15

static bool
is_finite(const struct buf *text)
{
	char c = text->data[text->data[0] == '-'];

	return c >= '0' && c <= '9';
}

static bool
same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* --- rounded, cut --- */

/* The first so many places of a canonical decimal, canonical. */
static void
cut_decimal(struct buf *out, const struct buf *text, size_t places)
{
	size_t before, behind;

	num_digits(text->data, text->len, &before, &behind);
	num_canon(out, text->data, text->len - (behind - places));
}

/* Rounded to n places it is so to any number in between that its own digits
 * leave open: 1.996 is 2 to one place and to two. */
static void
fit_places(struct fits *f, enum side side, const struct buf *good,
    const struct buf *bad, struct buf *scratch)
{
	size_t before, more, fewer;
	bool rounded = true, cut = true;

	num_digits(good->data, good->len, &before, &more);
	num_digits(bad->data, bad->len, &before, &fewer);
	for (size_t n = fewer; n < MIN(more, PLACES_MAX + 1); n++) {
		buf_reset(scratch);
		num_round(scratch, good->data, good->len, (int)n);
		rounded = rounded && same(scratch, bad);
		buf_reset(scratch);
		cut_decimal(scratch, good, n);
		cut = cut && same(scratch, bad);
		if (rounded)
			fits_add(f, CAUSE_ROUNDED, side, (int64_t)n, 0);
		if (cut)
			fits_add(f, CAUSE_CUT_DECIMALS, side, (int64_t)n, 0);
		if (!rounded && !cut)
			return;
	}
}

/* What goes through float4, or through %g or %.15g. */
static void
fit_digits(struct fits *f, enum side side, const struct buf *bad, double g,
    double b, struct buf *scratch)
{
	static const int digits[] = { 6, 15 };

	if ((double)(float)g == b)
		fits_add(f, CAUSE_FLOAT4, side, 0, 0);
	for (size_t i = 0; i < ARRAY_LEN(digits); i++) {
		char text[40];
		int n = snprintf(text, sizeof(text), "%.*g", digits[i], g);

		buf_reset(scratch);
		if (num_canon(scratch, text, (size_t)n) && same(scratch, bad))
			fits_add(f, CAUSE_DIGITS, side, digits[i], 0);
	}
}

/* Values too far apart for any rounding cost nothing more. */
static void
fit_rounded(
    struct fits *f, const struct buf text[2], bool real, struct buf *scratch)
{
	double v[2] = { num_to_f64(text[SOURCE].data, text[SOURCE].len),
		num_to_f64(text[TARGET].data, text[TARGET].len) };
	double apart = fabs(v[TARGET] - v[SOURCE]);
	double least = fmin(fabs(v[TARGET]), fabs(v[SOURCE]));

	for (int s = SOURCE; s <= TARGET; s++) {
		if (real && least < 3.4e38 && apart <= 1e-5 * least)
			fit_digits(
			    f, (enum side)s, &text[s], v[!s], v[s], scratch);
		if (apart < 1.5 || least > 0x1p50)
			fit_places(
			    f, (enum side)s, &text[!s], &text[s], scratch);
	}
}

/* --- offset, factor --- */

bool
fit_read_number(const struct buf *text, struct number *out)
{
	bool neg = text->data[0] == '-', behind = false;
	int digits = 0;

	*out = (struct number){ 0 };
	for (size_t i = neg; i < text->len; i++) {
		if (text->data[i] == '.') {
			behind = true;
			continue;
		}
		if (++digits > DIGITS_MAX)
			return false;
		out->m = out->m * 10 + (text->data[i] - '0');
		out->scale += behind;
	}
	out->m = neg ? -out->m : out->m;
	return true;
}

/* To the larger scale of the two. */
static bool
align(struct number *a, struct number *b)
{
	struct number *less = a->scale < b->scale ? a : b;
	int scale = MAX(a->scale, b->scale);

	for (; less->scale < scale; less->scale++)
		if (__builtin_mul_overflow(less->m, 10, &less->m))
			return false;
	return true;
}

static void
fit_offset(struct fits *f, struct number s, struct number t)
{
	int64_t by;
	int scale;

	if (!align(&s, &t) || __builtin_sub_overflow(t.m, s.m, &by) ||
	    by == INT64_MIN)
		return;
	for (scale = s.scale; scale > 0 && by % 10 == 0; scale--)
		by /= 10;
	fits_add(f, CAUSE_OFFSET, by > 0 ? TARGET : SOURCE, imaxabs(by), scale);
}

static int64_t
divisor(int64_t a, int64_t b)
{
	while (b != 0) {
		int64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a < 0 ? -a : a;
}

static void
fit_factor(struct fits *f, struct number s, struct number t)
{
	enum side more;
	int64_t by, of, d;

	if (s.m == 0 || t.m == 0 || !align(&s, &t))
		return;
	more = imaxabs(s.m) > imaxabs(t.m) ? SOURCE : TARGET;
	by = more == TARGET ? t.m : s.m;
	of = more == TARGET ? s.m : t.m;
	d = divisor(by, of);
	if (of < 0)
		d = -d;
	if (by == -of)
		fits_add(f, CAUSE_SIGN, TARGET, 0, 0);
	else
		fits_add(f, CAUSE_FACTOR, more, by / d, of / d);
}

void
fit_numbers(
    struct fits *f, const struct buf text[2], bool real, struct buf *scratch)
{
	struct number n[2];

	if (!is_finite(&text[SOURCE]) || !is_finite(&text[TARGET]) ||
	    same(&text[SOURCE], &text[TARGET]))
		return;
	fit_rounded(f, text, real, scratch);
	if (!fit_read_number(&text[SOURCE], &n[SOURCE]) ||
	    !fit_read_number(&text[TARGET], &n[TARGET]))
		return;
	fit_offset(f, n[SOURCE], n[TARGET]);
	fit_factor(f, n[SOURCE], n[TARGET]);
}

void
fit_decimal(struct buf *out, int64_t a, int64_t b)
{
	char text[48];
	int n = snprintf(text, sizeof(text), "%" PRId64 "e-%" PRId64, a, b);

	num_canon(out, text, (size_t)n);
}
