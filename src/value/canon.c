#include <config.h>

#include "value/canon.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "value/datetime.h"
#include "value/num.h"
#include "value/uuid.h"
#include "value/rowhash.h"
#include "value/rule.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Sixteen digits, the highest first. */
static void
add_hex64(struct buf *out, uint64_t v)
{
	unsigned char be[8];

	for (int i = 7; i >= 0; i--, v >>= 8)
		be[i] = (unsigned char)v;
	buf_addhex(out, be, sizeof(be));
}

/* The bytes of a cell as text; numbers are printed into tmp. */
static const char *
cell_bytes_of(const struct cell *c, char *tmp, size_t *n)
{
	switch (c->kind) {
	case CELL_NULL:
		break;
	case CELL_INT:
		*n = num_print_i64(tmp, c->u.i);
		return tmp;
	case CELL_F64:
		*n = num_print_f64(tmp, c->u.f);
		return tmp;
	case CELL_TEXT:
	case CELL_BYTES:
		*n = c->len;
		return c->u.p;
	}
	*n = 0;
	return tmp;
}

static void
add_prefixed(struct buf *out, const char *p, size_t n)
{
	char len[NUM_PRINT_MAX];
	size_t digits = num_print_i64(len, (int64_t)n);
	char *to = buf_reserve(out, digits + 1 + n);

	memcpy(to, len, digits);
	to[digits] = ':';
	if (n > 0)
		memcpy(to + digits + 1, p, n);
	out->len += digits + 1 + n;
}

static void
add_misfit(struct buf *out, const struct cell *c)
{
	char tmp[NUM_PRINT_MAX];
	size_t n;
	const char *p = cell_bytes_of(c, tmp, &n);

	buf_addc(out, '!');
	add_prefixed(out, p, n);
}

/* --- numbers --- */

static bool
add_num(struct buf *out, const struct cell *c)
{
	switch (c->kind) {
	case CELL_INT:
		out->len +=
		    num_print_i64(buf_reserve(out, NUM_PRINT_MAX), c->u.i);
		return true;
	case CELL_F64:
		num_from_f64(out, c->u.f);
		return true;
	case CELL_TEXT:
		return num_canon(out, c->u.p, c->len);
	case CELL_NULL:
	case CELL_BYTES:
		break;
	}
	return false;
}

/* Finite decimals that overflow a binary64 are not infinity. */
static bool
text_to_f64(struct buf *out, const struct cell *c, double *f)
{
	size_t start = out->len;
	const char *s;

	if (!num_canon(out, c->u.p, c->len))
		return false;
	s = out->data + start;
	*f = num_to_f64(s, out->len - start);
	out->len = start;
	return !isinf(*f) || s[*s == '-'] == 'I';
}

/*
 * Out of binary32's range the binary64 stays. The bounds are the doubles next
 * to the points where rounding gives infinity and 0 (VALUES 2.2, the same
 * decimals as in the SQL).
 */
static double
round_to_f32(double f)
{
	double a = fabs(f);

	if (a > 3.4028235677973362e38 || a < 7.0064923216240862e-46)
		return f;
	return (double)(float)f;
}

/* out is scratch space: its length is the same afterwards. */
static bool
cell_to_float(struct buf *out, enum ltype type, const struct cell *c, double *f)
{
	switch (c->kind) {
	case CELL_INT:
		*f = (double)c->u.i;
		break;
	case CELL_F64:
		*f = c->u.f;
		break;
	case CELL_TEXT:
		if (!text_to_f64(out, c, f))
			return false;
		break;
	case CELL_NULL:
	case CELL_BYTES:
		return false;
	}
	if (type == LT_F4)
		*f = round_to_f32(*f);
	return true;
}

static bool
add_float_bits(struct buf *out, enum ltype type, const struct cell *c)
{
	uint64_t bits;
	double f;

	if (!cell_to_float(out, type, c, &f))
		return false;
	if (isnan(f)) {
		bits = UINT64_C(0x7ff8000000000000);
	} else {
		f += 0.0; /* -0.0 becomes 0.0 */
		memcpy(&bits, &f, sizeof(bits));
	}
	add_hex64(out, bits);
	return true;
}

/* --- dates and times --- */

static bool
at_midnight(const struct datetime *dt)
{
	return dt->hour == 0 && dt->minute == 0 && dt->second == 0 &&
	       dt->frac[0] == '\0';
}

static bool
is_day(const struct datetime *dt, int64_t year)
{
	return dt->year == year && dt->month == 1 && dt->day == 1;
}

/*
 * SQLite's numbers. unixepoch('10:00') and julianday('10:00') are on
 * 2000-01-01, seconds of a day on 1970-01-01: as a time both mean 10:00.
 */
static bool
read_number(enum ltype type, const struct cell *c, struct datetime *dt)
{
	const int64_t first = INT64_C(-210866760000000); /* 4714 BC */
	const int64_t last = INT64_C(253402300799999);   /* 9999 */
	const int64_t ms_from = INT64_C(100000000000);
	int64_t ms = c->u.i;

	if (c->kind == CELL_F64) {
		if (!datetime_from_julian(dt, c->u.f))
			return false;
	} else {
		if (ms > -ms_from && ms < ms_from)
			ms *= 1000;
		if (ms < first || ms > last)
			return false;
		datetime_from_us(dt, ms * 1000);
	}
	if (type != LT_TIME)
		return true;
	if (!is_day(dt, 2000) && !(c->kind == CELL_INT && is_day(dt, 1970)))
		return false;
	dt->has_date = false;
	return true;
}

/* MySQL's TIME: [-]H..H:MM:SS[.f] beyond a day and below zero. */
static bool
add_long_time(struct buf *out, const char *s, size_t n)
{
	bool neg = n > 0 && s[0] == '-';
	char tmp[64] = "00";
	struct datetime dt;
	int hour = 0;
	size_t i = neg;

	for (; i < n && is_digit(s[i]) && i < neg + 3u; i++)
		hour = hour * 10 + (s[i] - '0');
	if (i < neg + 2u || i == n || s[i] != ':' || n - i > sizeof(tmp) - 2)
		return false;
	memcpy(tmp + 2, s + i, n - i);
	if (!datetime_parse(tmp, n - i + 2, &dt) || dt.has_zone)
		return false;
	dt.hour = hour;
	if (neg && !at_midnight(&dt))
		buf_addc(out, '-');
	datetime_add_time(out, &dt);
	return true;
}

/* A day that no calendar has, as MySQL stores it: kept as it is. */
static bool
add_impossible_date(struct buf *out, enum ltype type, const char *s, size_t n)
{
	struct datetime time = { 0 };

	if (n < 10 || !datetime_is_impossible(s))
		return false;
	if (n > 10 && ((s[10] != ' ' && s[10] != 'T') ||
			  !datetime_parse(s + 11, n - 11, &time) ||
			  !time.has_time || time.has_date || time.has_zone))
		return false;
	if (type == LT_DATE && !at_midnight(&time))
		return false;
	buf_add(out, s, 10);
	if (type != LT_DATE) {
		buf_addc(out, ' ');
		datetime_add_time(out, &time);
	}
	return true;
}

/* Append what was read if nothing of it is lost under this type. */
static bool
add_datetime(struct buf *out, enum ltype type, struct datetime *dt)
{
	if (dt->infinite != 0 && type != LT_TIME) {
		datetime_add_date(out, dt);
		return true;
	}
	datetime_to_utc(dt);
	if (dt->infinite != 0 || dt->has_date == (type == LT_TIME))
		return false;
	if (type == LT_TIME) {
		datetime_add_time(out, dt);
	} else if (type == LT_DATE) {
		if (!at_midnight(dt))
			return false;
		datetime_add_date(out, dt);
	} else {
		if (dt->hour == 24)
			datetime_from_days(dt,
			    days_from_civil(dt->year, dt->month, dt->day) + 1);
		datetime_add(out, dt);
	}
	return true;
}

static bool
add_time(struct buf *out, enum ltype type, const struct cell *c)
{
	struct datetime dt;

	switch (c->kind) {
	case CELL_INT:
	case CELL_F64:
		return read_number(type, c, &dt) &&
		       add_datetime(out, type, &dt);
	case CELL_TEXT:
		break;
	case CELL_NULL:
	case CELL_BYTES:
		return false;
	}
	if (datetime_is_plain(
		c->u.p, c->len, type != LT_TIME, type != LT_DATE)) {
		buf_add(out, c->u.p, c->len);
		return true;
	}
	if (datetime_parse(c->u.p, c->len, &dt))
		return add_datetime(out, type, &dt);
	if (type == LT_TIME)
		return add_long_time(out, c->u.p, c->len);
	return add_impossible_date(out, type, c->u.p, c->len);
}

/* --- uuid and bits --- */

static bool
add_uuid(struct buf *out, const struct cell *c, bool hyphens)
{
	static const unsigned char groups[] = { 8, 4, 4, 4, 12 };
	size_t start = out->len;
	const char *from;
	char hex[32], *to;

	if (c->kind == CELL_BYTES && c->len == 16) {
		buf_addhex(out, c->u.p, 16);
		memcpy(hex, out->data + start, sizeof(hex));
		out->len = start;
	} else if (c->kind != CELL_TEXT || !uuid_digits(hex, c->u.p, c->len)) {
		return false;
	}
	if (!hyphens) {
		buf_add(out, hex, sizeof(hex));
		return true;
	}
	from = hex;
	to = buf_reserve(out, sizeof(hex) + 4);
	for (size_t i = 0; i < sizeof(groups); i++) {
		if (i > 0)
			*to++ = '-';
		memcpy(to, from, groups[i]);
		from += groups[i];
		to += groups[i];
	}
	out->len += sizeof(hex) + 4;
	return true;
}

/* The empty bit string is no field: it would read as NULL. */
static bool
add_bits(struct buf *out, const struct cell *c)
{
	if (c->kind != CELL_TEXT || c->len == 0)
		return false;
	for (size_t i = 0; i < c->len; i++)
		if (c->u.p[i] != '0' && c->u.p[i] != '1')
			return false;
	buf_add(out, c->u.p, c->len);
	return true;
}

/* --- bytes, text, any --- */

static void
add_bytes_field(struct buf *out, const char *p, size_t n, unsigned flags)
{
	struct hasher *h;
	struct hash128 md5;

	if (flags & CANON_INLINE) {
		add_prefixed(out, p, n);
		return;
	}
	/* 0.4 us; only rows that meet a server's md5 come here. */
	h = hasher_new(HASH_MD5, 0);
	md5 = hasher_sum(h, p, n);
	hasher_free(h);
	add_hex64(out, md5.a);
	add_hex64(out, md5.b);
}

static bool
is_bytes(const struct cell *c)
{
	return c->kind == CELL_TEXT || c->kind == CELL_BYTES;
}

static const char *
text_of(enum ltype type, const struct cell *c, char *tmp, size_t *n)
{
	const char *p = cell_bytes_of(c, tmp, n);

	if (type == LT_CHAR)
		while (*n > 0 && p[*n - 1] == ' ')
			--*n;
	return p;
}

static void
add_text_field(struct buf *out, enum ltype type, const struct cell *c)
{
	char tmp[NUM_PRINT_MAX];
	size_t n;
	const char *p = text_of(type, c, tmp, &n);

	add_prefixed(out, p, n);
}

static void
add_any_field(struct buf *out, const struct cell *c, unsigned flags)
{
	uint64_t bits;

	switch (c->kind) {
	case CELL_NULL:
		break;
	case CELL_INT:
		buf_addc(out, 'i');
		(void)add_num(out, c);
		break;
	case CELL_F64:
		buf_addc(out, 'r');
		memcpy(&bits, &c->u.f, sizeof(bits));
		add_hex64(out, bits);
		break;
	case CELL_TEXT:
		buf_addc(out, 't');
		add_prefixed(out, c->u.p, c->len);
		break;
	case CELL_BYTES:
		buf_addc(out, 'b');
		add_bytes_field(out, c->u.p, c->len, flags);
		break;
	}
}

static void
add_folded(struct buf *out, const struct vtype *t, const struct cell *c,
    unsigned flags)
{
	const struct vtype plain = { .type = t->type, .loose = t->loose };
	unsigned side = flags & CANON_TARGET ? VSIDE_TARGET : VSIDE_SOURCE;
	struct buf scratch = BUF_INIT;
	struct cell folded;

	rule_fold(t, side, c, &scratch, &folded);
	canon_field(out, &plain, &folded, flags);
	buf_free(&scratch);
}

void
canon_field(struct buf *out, const struct vtype *t, const struct cell *c,
    unsigned flags)
{
	bool fits = true;

	if (c->kind == CELL_NULL)
		return;
	if (t->rule != NULL && rule_folds(t->rule)) {
		add_folded(out, t, c, flags);
		return;
	}
	switch (t->type) {
	case LT_NUM:
		fits = add_num(out, c);
		break;
	case LT_F8:
	case LT_F4:
		fits = add_float_bits(out, t->type, c);
		break;
	case LT_BYTES:
		fits = is_bytes(c);
		if (fits)
			add_bytes_field(out, c->u.p, c->len, flags);
		break;
	case LT_DATE:
	case LT_TIME:
	case LT_TS:
	case LT_TSTZ:
		fits = add_time(out, t->type, c);
		break;
	case LT_UUID:
		fits = add_uuid(out, c, false);
		break;
	case LT_BITS:
		fits = add_bits(out, c);
		break;
	case LT_ANY:
		add_any_field(out, c, flags);
		break;
	case LT_NONE:
	case LT_TEXT:
	case LT_CHAR:
	case LT_INTERVAL:
	case LT_JSON:
	case LT_OTHER:
		add_text_field(out, t->type, c);
		break;
	}
	if (!fits)
		add_misfit(out, c);
}

void
canon_row(struct buf *out, const struct vtype *types, const struct cell *cells,
    size_t n, unsigned flags)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_addc(out, '|');
		canon_field(out, &types[i], &cells[i], flags);
	}
}

/* --- text for people and literals --- */

/* Nine digits tell binary32 values apart. */
static bool
add_float_text(struct buf *out, enum ltype type, const struct cell *c)
{
	char *to;
	double f;
	int n = 0;

	if (!cell_to_float(out, type, c, &f))
		return false;
	to = buf_reserve(out, NUM_PRINT_MAX);
	if (type == LT_F8 || !isfinite(f) || f != (double)(float)f) {
		out->len += num_print_f64(to, f);
		return true;
	}
	for (int digits = 6; digits <= 9; digits++) {
		n = snprintf(to, NUM_PRINT_MAX, "%.*g", digits, f);
		if (strtof(to, NULL) == (float)f)
			break;
	}
	out->len += (size_t)n;
	return true;
}

static void
add_plain_text(struct buf *out, enum ltype type, const struct cell *c)
{
	char tmp[NUM_PRINT_MAX];
	size_t n;
	const char *p = text_of(type, c, tmp, &n);

	buf_add(out, p, n);
}

bool
canon_text(struct buf *out, enum ltype type, const struct cell *c)
{
	if (c->kind == CELL_NULL)
		return false;
	switch (type) {
	case LT_NUM:
		return add_num(out, c);
	case LT_F8:
	case LT_F4:
		return add_float_text(out, type, c);
	case LT_BYTES:
		if (!is_bytes(c))
			return false;
		buf_addhex(out, c->u.p, c->len);
		return true;
	case LT_DATE:
	case LT_TIME:
	case LT_TS:
	case LT_TSTZ:
		return add_time(out, type, c);
	case LT_UUID:
		return add_uuid(out, c, true);
	case LT_BITS:
		return add_bits(out, c);
	case LT_ANY:
		if (c->kind == CELL_BYTES)
			buf_addhex(out, c->u.p, c->len);
		else
			add_plain_text(out, type, c);
		return true;
	case LT_NONE:
	case LT_TEXT:
	case LT_CHAR:
	case LT_INTERVAL:
	case LT_JSON:
	case LT_OTHER:
		add_plain_text(out, type, c);
		return true;
	}
	return false;
}
