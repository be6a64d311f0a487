/*
 * Layout of what key.h leaves to this file. All of it ends by itself, so that
 * the columns of a key can follow one another.
 *
 *	num     sign: 1 negative, 2 zero (the end), 3 positive; then for
 *	        0.DIGITS * 10^e: e + 2^31 as 4 bytes big-endian, DIGITS two to
 *	        a byte as 1..100 (an odd last one as if a 0 followed), 00.
 *	        Negative: these bytes are complemented
 *	float   8 bytes big-endian; negative: complemented, else the top bit set
 *	date    year + 2^63 as 8 bytes, MMDD; ts and tstz: HHMMSS, fraction;
 *	        then 00
 *	time    1 or (negative) 0; hours as 2 bytes, MMSS, fraction, 00.
 *	        Negative: complemented
 *	any     after the class. Numbers: 0 -Infinity; 1, 2, 3 and digits as for
 *	        num; 4 Infinity; 5 NaN and its 8 bytes. Behind digits: 1
 *integer, 2 real, 3 the real -0.0. Texts and bytes as elsewhere
 */
#include <config.h>

#include "value/key.h"

#include <math.h>
#include <stdio.h>

#include "value/canon.h"
#include "value/num.h"
#include "value/rule.h"

enum tag {
	TAG_NULL = 1,
	TAG_LOWEST,
	TAG_VALUE,
	TAG_HIGHEST,
	TAG_NAN,
	TAG_MISFIT,
};

enum any_class {
	ANY_NUMBER = 1,
	ANY_TEXT,
	ANY_BYTES,
};

/*
 * A canonical field on its way to becoming a key. It stands at the end of the
 * output, its key is written behind it and then moved over it: no memory of
 * its own, and equal keys for equal fields by construction.
 */
struct field {
	const char *s;
	size_t n;
	char *to;
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void
put(struct field *f, int byte)
{
	*f->to++ = (char)byte;
}

static void
put_be(struct field *f, uint64_t v, int bytes)
{
	while (bytes-- > 0)
		put(f, (int)(v >> (8 * bytes) & 0xff));
}

static void
complement(char *from, const char *to)
{
	for (; from < to; from++)
		*from = (char)~*from;
}

/* 00 becomes 00 ff, and 00 01 ends it. */
static char *
escape(char *to, const char *s, size_t n)
{
	const char *nul;

	while (n > 0 && (nul = memchr(s, 0, n)) != NULL) {
		size_t run = (size_t)(nul - s) + 1;

		memcpy(to, s, run);
		to += run;
		*to++ = '\xff';
		s += run;
		n -= run;
	}
	if (n > 0)
		memcpy(to, s, n);
	to += n;
	*to++ = 0;
	*to++ = 1;
	return to;
}

static void
put_escaped(struct field *f)
{
	f->to = escape(f->to, f->s, f->n);
}

static void
skip_length(struct field *f)
{
	size_t skip =
	    (size_t)((const char *)memchr(f->s, ':', f->n) - f->s) + 1;

	f->s += skip;
	f->n -= skip;
}

static void
put_digit_pairs(struct field *f, const char *s, const char *end)
{
	int high = -1;

	for (; s < end; s++) {
		if (*s == '.')
			continue;
		if (high < 0) {
			high = (*s - '0') * 10;
		} else {
			put(f, high + (*s - '0') + 1);
			high = -1;
		}
	}
	if (high >= 0)
		put(f, high + 1);
	put(f, 0);
}

/* f->s is a finite canonical decimal. */
static void
put_number(struct field *f)
{
	bool neg = f->s[0] == '-';
	const char *s = f->s + neg, *end = f->s + f->n;
	const char *point = memchr(s, '.', (size_t)(end - s));
	int64_t exp = point != NULL ? point - s : end - s;
	char *body;

	for (; s < end && (*s == '0' || *s == '.'); s++)
		exp -= *s == '0';
	if (s == end) {
		put(f, 2);
		return;
	}
	while (end[-1] == '0')
		end--;
	put(f, neg ? 1 : 3);
	body = f->to;
	put_be(f, (uint64_t)(exp + (INT64_C(1) << 31)), 4);
	put_digit_pairs(f, s, end);
	if (neg)
		complement(body, f->to);
}

/* The names of what has no digits; false if the field is finite. */
static bool
put_special(struct field *f)
{
	const char *s = f->s + (f->s[0] == '-');

	if (*s == 'N')
		put(f, TAG_NAN);
	else if (*s == 'I' || *s == 'i')
		put(f, s == f->s ? TAG_HIGHEST : TAG_LOWEST);
	else
		return false;
	return true;
}

static uint64_t
read_hex(const char *s, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 4 |
		    (uint64_t)(is_digit(s[i]) ? s[i] - '0' : s[i] - 'a' + 10);
	return v;
}

static void
put_float(struct field *f)
{
	const uint64_t top = UINT64_C(1) << 63;
	const uint64_t infinity = UINT64_C(0x7ff0000000000000);
	uint64_t bits = read_hex(f->s, f->n);

	if ((bits & ~top) > infinity) {
		put(f, TAG_NAN);
	} else if ((bits & ~top) == infinity) {
		put(f, bits & top ? TAG_LOWEST : TAG_HIGHEST);
	} else {
		put(f, TAG_VALUE);
		put_be(f, bits & top ? ~bits : bits | top, 8);
	}
}

/* The digits that are left, which have fixed places up to the fraction. */
static void
put_places(struct field *f, const char *s, const char *end)
{
	for (; s < end; s++)
		if (is_digit(*s))
			put(f, *s);
	put(f, 0);
}

static void
put_date(struct field *f)
{
	const char *s = f->s, *end = f->s + f->n;
	int64_t year = 0;

	for (; is_digit(*s); s++)
		year = year * 10 + (*s - '0');
	if (end[-1] == 'C')
		year = 1 - year;
	put(f, TAG_VALUE);
	put_be(f, (uint64_t)year ^ UINT64_C(1) << 63, 8);
	put_places(f, s, end);
}

static void
put_time(struct field *f)
{
	bool neg = f->s[0] == '-';
	const char *s = f->s + neg;
	uint64_t hours = 0;
	char *body;

	for (; is_digit(*s); s++)
		hours = hours * 10 + (uint64_t)(*s - '0');
	put(f, TAG_VALUE);
	put(f, !neg);
	body = f->to;
	put_be(f, hours, 2);
	put_places(f, s, f->s + f->n);
	if (neg)
		complement(body, f->to);
}

/*
 * The exact value from 2^53 to 2^64, where reals stand between integers and a
 * shortest decimal could land on the wrong side of one. Elsewhere shortest
 * decimals are in the order of the doubles and no integer is between a double
 * and its decimal.
 */
static void
add_real(struct buf *out, double f)
{
	double a = fabs(f);

	if (a >= 0x1p53 && a < 0x1p64)
		buf_addf(out, "%.0f", f);
	else
		num_from_f64(out, f);
}

static void
put_any_number(struct field *f, const struct cell *c)
{
	uint64_t bits;

	put(f, TAG_VALUE);
	put(f, ANY_NUMBER);
	if (c->kind == CELL_INT) {
		put_number(f);
		put(f, 1);
	} else if (isnan(c->u.f)) {
		memcpy(&bits, &c->u.f, sizeof(bits));
		put(f, 5);
		put_be(f, bits, 8);
	} else if (isinf(c->u.f)) {
		put(f, c->u.f < 0 ? 0 : 4);
	} else {
		put_number(f);
		put(f, c->u.f == 0 && signbit(c->u.f) ? 3 : 2);
	}
}

static void
put_any(struct field *f, const struct cell *c)
{
	if (c->kind == CELL_INT || c->kind == CELL_F64) {
		put_any_number(f, c);
		return;
	}
	put(f, TAG_VALUE);
	put(f, c->kind == CELL_TEXT ? ANY_TEXT : ANY_BYTES);
	skip_length(f);
	put_escaped(f);
}

/* f->s is a canonical field and neither NULL nor a misfit. */
static void
put_value(struct field *f, enum ltype type)
{
	switch (type) {
	case LT_NUM:
		if (!put_special(f)) {
			put(f, TAG_VALUE);
			put_number(f);
		}
		return;
	case LT_F8:
	case LT_F4:
		put_float(f);
		return;
	case LT_DATE:
	case LT_TS:
	case LT_TSTZ:
		if (!put_special(f))
			put_date(f);
		return;
	case LT_TIME:
		put_time(f);
		return;
	case LT_NONE:
	case LT_TEXT:
	case LT_CHAR:
	case LT_BYTES:
	case LT_INTERVAL:
	case LT_JSON:
	case LT_OTHER:
	case LT_ANY:
		skip_length(f);
		break;
	case LT_UUID:
	case LT_BITS:
		break;
	}
	put(f, TAG_VALUE);
	put_escaped(f);
}

static void
encode_folded(struct buf *out, const struct vtype *t, const struct cell *c)
{
	const struct vtype plain = { .type = t->type, .loose = t->loose };
	struct buf scratch = BUF_INIT;
	struct cell folded;

	rule_fold(t, VSIDE_SOURCE, c, &scratch, &folded);
	key_encode(out, &plain, &folded);
	buf_free(&scratch);
}

void
key_encode(struct buf *out, const struct vtype *t, const struct cell *c)
{
	size_t start = out->len;
	struct field f;
	char *key;

	if (t->rule != NULL && rule_folds(t->rule)) {
		encode_folded(out, t, c);
		return;
	}

	if (c->kind == CELL_NULL) {
		buf_addc(out, TAG_NULL);
		return;
	}
	if (t->type == LT_ANY && c->kind == CELL_INT)
		canon_field(out, &(struct vtype){ .type = LT_NUM }, c, 0);
	else if (t->type == LT_ANY && c->kind == CELL_F64)
		add_real(out, c->u.f);
	else
		canon_field(out, t, c, CANON_INLINE);

	/* Every byte can take two, and no layout adds more than 32. */
	f.n = out->len - start;
	key = f.to = buf_reserve(out, 2 * f.n + 32);
	f.s = out->data + start;
	if (t->type == LT_ANY) {
		put_any(&f, c);
	} else if (f.s[0] == '!') {
		put(&f, TAG_MISFIT);
		skip_length(&f);
		put_escaped(&f);
	} else {
		put_value(&f, t->type);
	}
	memmove(out->data + start, key, (size_t)(f.to - key));
	out->len = start + (size_t)(f.to - key);
}

int
key_cmp(const void *a, size_t alen, const void *b, size_t blen)
{
	size_t n = MIN(alen, blen);
	int c = n > 0 ? memcmp(a, b, n) : 0;

	return c != 0 ? c : (alen > blen) - (alen < blen);
}
