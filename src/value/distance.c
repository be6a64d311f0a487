#include <config.h>

#include "value/distance.h"

#include <inttypes.h>

#include "value/datetime.h"
#include "value/num.h"

/* A decimal, and its digits at any place. */
struct decimal {
	bool neg;
	const char *s;
	size_t before, behind; /* digits */
};

static struct decimal
read_decimal(const char *s, size_t n)
{
	struct decimal d = { .neg = n > 0 && *s == '-' };
	const char *point;

	d.s = s + d.neg;
	n -= d.neg;
	point = memchr(d.s, '.', n);
	d.before = point != NULL ? (size_t)(point - d.s) : n;
	d.behind = point != NULL ? n - d.before - 1 : 0;
	return d;
}

/* The digit at place i of a number with so many digits before the point. */
static int
digit_at(const struct decimal *d, size_t before, size_t i)
{
	if (i < before)
		return i < before - d->before
		           ? 0
		           : d->s[i - (before - d->before)] - '0';
	i -= before;
	return i < d->behind ? d->s[d->before + 1 + i] - '0' : 0;
}

static int
compare_sizes(const struct decimal *x, const struct decimal *y, size_t before,
    size_t digits)
{
	for (size_t i = 0; i < digits; i++) {
		int c = digit_at(x, before, i) - digit_at(y, before, i);

		if (c != 0)
			return c;
	}
	return 0;
}

/* x + y, or x - y where x is not the smaller one; from the last digit on. */
static void
add_digits(char *to, const struct decimal *x, const struct decimal *y,
    size_t before, size_t digits, int sign)
{
	int carry = 0;

	for (size_t i = digits; i-- > 0;) {
		int d = digit_at(x, before, i) + sign * digit_at(y, before, i) +
		        carry;

		carry = d > 9 ? 1 : d < 0 ? -1 : 0;
		to[i] = (char)('0' + d - 10 * carry);
	}
}

void
num_distance(
    struct buf *out, const char *a, size_t alen, const char *b, size_t blen)
{
	struct decimal x = read_decimal(a, alen), y = read_decimal(b, blen), z;
	size_t before = MAX(x.before, y.before) + 1; /* a carry */
	size_t behind = MAX(x.behind, y.behind);
	struct buf digits = BUF_INIT;
	char *to = buf_reserve(&digits, before + behind + 1);

	if (compare_sizes(&x, &y, before, before + behind) < 0) {
		z = x;
		x = y;
		y = z;
	}
	add_digits(
	    to, &x, &y, before, before + behind, x.neg != y.neg ? 1 : -1);
	memmove(to + before + 1, to + before, behind);
	to[before] = '.';
	num_canon(out, to, before + 1 + behind);
	buf_free(&digits);
}

static const char *
read_number(const char *s, const char *end, int64_t *v)
{
	for (*v = 0; s < end && *s >= '0' && *s <= '9'; s++)
		*v = *v * 10 + (*s - '0');
	return s;
}

/* [-]H..H:MM:SS[.f], which MySQL lets grow beyond a day. */
static void
add_clock(struct buf *out, const char *s, size_t n)
{
	const char *end = s + n;
	int64_t h, m, sec;
	struct buf text = BUF_INIT;

	if (*s == '-')
		buf_addc(&text, *s++);
	s = read_number(s, end, &h);
	s = read_number(s + 1, end, &m);
	s = read_number(s + 1, end, &sec);
	buf_addf(&text, "%" PRId64, h * 3600 + m * 60 + sec);
	buf_add(&text, s, (size_t)(end - s));
	num_canon(out, text.data, text.len);
	buf_free(&text);
}

bool
time_seconds(struct buf *out, enum ltype type, const char *text, size_t n)
{
	const int64_t past = INT64_C(100000000000000000);
	struct datetime dt;
	struct buf b = BUF_INIT;
	int64_t seconds;

	if (type == LT_TIME) {
		add_clock(out, text, n);
		return true;
	}
	if (!datetime_parse(text, n, &dt) || dt.infinite != 0 || !dt.has_date)
		return false;
	seconds = days_from_civil(dt.year, dt.month, dt.day) * 86400 +
	          dt.hour * 3600 + dt.minute * 60 + dt.second;
	buf_addf(&b, "%" PRId64 ".%s0", past + seconds, dt.frac);
	num_canon(out, b.data, b.len);
	buf_free(&b);
	return true;
}
