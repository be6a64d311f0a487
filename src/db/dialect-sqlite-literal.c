#include <config.h>

#include "db/dialect-sqlite.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "db/dialect-generic.h"

/* --- reals --------------------------------------------------------------- */

/* Powers of ten that a binary64 holds exactly. */
static const double pow10_exact[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7,
	1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
	1e20, 1e21, 1e22 };

/* "-1.25e-07" as an integer of at most 15 digits times a power of ten. */
static void
split_decimal(const char *s, double *m, int *exp)
{
	int64_t digits = 0;
	bool behind = false;

	*exp = 0;
	for (; *s != '\0' && *s != 'e'; s++) {
		if (*s == '.') {
			behind = true;
		} else if (*s != '-') {
			digits = digits * 10 + (*s - '0');
			*exp -= behind;
		}
	}
	if (*s == 'e')
		*exp += (int)strtol(s + 1, NULL, 10);
	while (digits != 0 && digits % 10 == 0) {
		digits /= 10;
		*exp += 1;
	}
	*m = (double)digits;
}

/*
 * SQLite's reader of decimals is not correctly rounded (1 in 300 random doubles
 * comes back 1 ulp off in 3.40, which scales with an 80-bit float), and it was
 * rewritten twice since. Whoever computes m * 10^e or m / 10^e from exact m and
 * 10^e with one rounding, to 53 bits or to more, finds the nearest double, with
 * one exception: rounding to 64 bits may hit the middle between two doubles,
 * and the second rounding then goes the wrong way. A decimal that keeps 1 % of
 * the way clear of the middle is safe from that, since 64 bits are off by 0.1 %
 * of it at most. fma() gives the error of the rounding exactly.
 */
static bool
reads_back(const char *s, double f)
{
	double half, m, p, off;
	int exp;

	if (strtod(s, NULL) != f)
		return false;
	if (f == 0)
		return true;
	split_decimal(s, &m, &exp);
	if (exp < -22 || exp > 22)
		return false;
	f = fabs(f);
	half = (f - nextafter(f, 0)) / 2;
	if (exp >= 0) {
		off = fma(m, pow10_exact[exp], -f);
		return fabs(off) <= 0.99 * half;
	}
	p = pow10_exact[-exp];
	off = fma(f, p, -m);
	return fabs(off) <= 0.99 * half * p;
}

/*
 * An integer below 2^53 times or over powers of two: no step rounds, whatever
 * the version. "(3*1.0/(1<<62)/(1<<3))"
 */
static void
literal_exact(struct buf *out, double f)
{
	int64_t m;
	int exp;

	m = (int64_t)ldexp(frexp(f, &exp), 53);
	exp -= 53;
	while (m % 2 == 0) {
		m /= 2;
		exp++;
	}
	buf_addf(out, "(%" PRId64 "*1.0", m);
	while (exp != 0) {
		int n = MIN(abs(exp), 62);

		buf_addf(out, "%c(1<<%d)", exp < 0 ? '/' : '*', n);
		exp += exp < 0 ? n : -n;
	}
	buf_addc(out, ')');
}

static void
literal_real(struct buf *out, double f)
{
	char s[32];

	if (isnan(f)) {
		buf_adds(out, "NULL");
		return;
	}
	if (isinf(f)) {
		buf_adds(out, f < 0 ? "-9e999" : "9e999");
		return;
	}
	snprintf(s, sizeof(s), "%.15g", f);
	if (!reads_back(s, f)) {
		literal_exact(out, f);
		return;
	}
	buf_adds(out, s);
	if (strpbrk(s, ".e") == NULL)
		buf_adds(out, ".0"); /* else it would be an integer */
}

/* --- texts --------------------------------------------------------------- */

static bool
is_plain(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			return false;
	return utf8_valid(s, n);
}

static void
add_unit(struct buf *out, unsigned unit, bool big)
{
	unsigned char two[2] = { unit & 0xff, unit >> 8 };
	unsigned char swapped[2] = { two[1], two[0] };

	buf_addhex(out, big ? swapped : two, 2);
}

/* CAST takes the bytes for text in the database's own encoding. */
static void
add_utf16_hex(struct buf *out, const char *s, size_t n, bool big)
{
	for (size_t i = 0, len; i < n; i += len) {
		uint32_t c;

		len = utf8_next(s + i, n - i, &c);
		if (len == 0) {
			c = 0xfffd; /* convert() lets no such text through */
			len = 1;
		}
		if (c < 0x10000) {
			add_unit(out, (unsigned)c, big);
			continue;
		}
		c -= 0x10000;
		add_unit(out, 0xd800 | (unsigned)(c >> 10), big);
		add_unit(out, 0xdc00 | (unsigned)(c & 0x3ff), big);
	}
}

static void
literal_text(struct buf *out, const struct column *col, const char *s, size_t n)
{
	int wire = col != NULL ? col->wire : SQLITE_WIRE_UTF8;

	if (!is_plain(s, n)) {
		buf_adds(out, "cast(x'");
		if (wire == SQLITE_WIRE_UTF8)
			buf_addhex(out, s, n);
		else
			add_utf16_hex(out, s, n, wire == SQLITE_WIRE_UTF16BE);
		buf_adds(out, "' as text)");
		return;
	}
	generic_quote(out, s, n);
}

void
sqlite_literal(struct buf *out, const struct column *col, const struct cell *c)
{
	switch (c->kind) {
	case CELL_NULL:
		buf_adds(out, "NULL");
		break;
	case CELL_INT:
		buf_addf(out, "%" PRId64, c->u.i);
		break;
	case CELL_F64:
		literal_real(out, c->u.f);
		break;
	case CELL_TEXT:
		literal_text(out, col, c->u.p, c->len);
		break;
	case CELL_BYTES:
		buf_adds(out, "x'");
		buf_addhex(out, c->u.p, c->len);
		buf_addc(out, '\'');
		break;
	}
}
