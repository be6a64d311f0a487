/*
 * What a value becomes in a MariaDB or MySQL column under the session of
 * dialect-mysql.h, and what no column can hold (VALUES 7). Where the server
 * would change a value without a word (a FLOAT that becomes 0, a blank too
 * many, bytes that are padded) it is refused. Texts are in
 * dialect-mysql-text.c.
 */
#include <config.h>

#include "db/dialect-mysql.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "db/convert.h"
#include "db/dialect-generic.h"
#include "value/canon.h"
#include "value/datetime.h"
#include "value/num.h"

static bool
type_is(const struct column *col, const char *prefix)
{
	return strncmp(col->type, prefix, strlen(prefix)) == 0;
}

/* --- numbers -------------------------------------------------------------- */

bool
my_read_u64(const char *s, size_t n, uint64_t *v)
{
	*v = 0;
	for (size_t i = 0; i < n; i++) {
		uint64_t digit = (uint64_t)(s[i] - '0');

		if (digit > 9 || *v > (UINT64_MAX - digit) / 10)
			return false;
		*v = *v * 10 + digit;
	}
	return n > 0;
}

static int
integer_bits(const struct column *col)
{
	static const struct {
		const char *type;
		int bits;
	} types[] = { { "tinyint", 8 }, { "smallint", 16 }, { "mediumint", 24 },
		{ "int", 32 } };

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (type_is(col, types[i].type))
			return types[i].bits;
	return 64;
}

static bool
in_range(const struct column *col, int64_t i)
{
	int bits = integer_bits(col);
	bool positive = (col->wire & MY_UNSIGNED) != 0;

	if (type_is(col, "year"))
		return i == 0 || (i >= 1901 && i <= 2155);
	if (bits == 64)
		return !positive || i >= 0;
	if (positive)
		return i >= 0 && i < INT64_C(1) << bits;
	return i >= -(INT64_C(1) << (bits - 1)) && i < INT64_C(1) << (bits - 1);
}

static bool
convert_integer(struct conversion *v)
{
	struct cell text;
	int64_t i;
	uint64_t u;

	if (!canonical(v, LT_NUM, &text))
		return refuse(v, "not a number");
	if (text.u.p[text.len - 1] > '9')
		return refuse(v, "NaN and infinity are no integers");
	if (memchr(text.u.p, '.', text.len) != NULL)
		return refuse(v, "not an integer");
	if (my_wire(v->to) == MY_UBIGINT &&
	    my_read_u64(text.u.p, text.len, &u)) {
		*v->out = u <= INT64_MAX ? cell_int((int64_t)u) : text;
		return true;
	}
	if (my_wire(v->to) == MY_UBIGINT ||
	    !num_to_i64(text.u.p, text.len, &i) || !in_range(v->to, i))
		return refuse(v, "integer out of range");
	*v->out = cell_int(i);
	return true;
}

/* Does the part before the point fit once the rest is rounded? */
static bool
fits_decimal(const struct column *to, const struct cell *text)
{
	struct buf rounded = BUF_INIT;
	size_t before, behind;

	num_round(&rounded, text->u.p, text->len, to->scale);
	buf_str(&rounded);
	num_digits(rounded.data, rounded.len, &before, &behind);
	buf_free(&rounded);
	return (long)before <= (long)to->precision - to->scale;
}

static bool
convert_decimal(struct conversion *v)
{
	struct cell text;

	if (!canonical(v, LT_NUM, &text))
		return refuse(v, "not a number");
	if (text.u.p[text.len - 1] > '9')
		return refuse(v, "NaN and infinity are no decimals");
	if ((v->to->wire & MY_UNSIGNED) && text.u.p[0] == '-')
		return refuse(v, "a negative number in an unsigned column");
	if (v->to->precision >= 0 && !fits_decimal(v->to, &text))
		return refuse(v, "too many digits before the point");
	*v->out = v->in->kind == CELL_TEXT && generic_is_decimal(v->in) ? *v->in
	                                                                : text;
	return true;
}

/* FLOAT(7,3), DOUBLE(10,2): the server would round. */
static bool
fits_digits(const struct column *to, double f)
{
	const char *digits = strchr(to->type, '(');
	const char *comma = digits != NULL ? strchr(digits, ',') : NULL;
	const struct cell c = cell_f64(f);
	struct buf shortest = BUF_INIT, plain = BUF_INIT;
	size_t before, behind;

	if (comma == NULL)
		return true;
	canon_text(&shortest, to->ltype, &c);
	num_canon(&plain, shortest.data, shortest.len);
	num_digits(buf_str(&plain), plain.len, &before, &behind);
	buf_free(&shortest);
	buf_free(&plain);
	return (long)before + strtol(comma + 1, NULL, 10) <=
	           strtol(digits + 1, NULL, 10) &&
	       (long)behind <= strtol(comma + 1, NULL, 10);
}

/* What is too small for a FLOAT becomes 0 without a word. */
static bool
convert_float(struct conversion *v)
{
	bool single = my_wire(v->to) == MY_FLOAT;
	struct cell text;
	double f;

	if (v->in->kind == CELL_F64) {
		f = v->in->u.f;
	} else {
		if (!canonical(v, LT_NUM, &text))
			return refuse(v, "not a number");
		f = num_to_f64(text.u.p, text.len);
		if (isinf(f) && memchr(text.u.p, 'I', text.len) == NULL)
			return refuse(v, "number out of range");
	}
	if (!isfinite(f))
		return refuse(v, "NaN or infinity");
	if (single && (fabs(f) > (double)FLT_MAX || ((float)f == 0 && f != 0)))
		return refuse(v, "number out of range of FLOAT");
	if ((v->to->wire & MY_UNSIGNED) && f < 0)
		return refuse(v, "a negative number in an unsigned column");
	if (single)
		f = (double)(float)f;
	if (!fits_digits(v->to, f))
		return refuse(v, "more digits than the column keeps");
	*v->out = cell_f64(f);
	return true;
}

static bool
convert_bits(struct conversion *v)
{
	if (v->to->ltype == LT_NUM) {
		if (!convert_integer(v))
			return false;
		return v->out->u.i == 0 || v->out->u.i == 1 ||
		       refuse(v, "neither 0 nor 1");
	}
	if (!canonical(v, LT_BITS, v->out))
		return refuse(v, "not a string of 0 and 1");
	return v->to->maxlen < 0 || v->out->len == (size_t)v->to->maxlen ||
	       refuse(v, "the number of bits does not fit the column");
}

/* --- dates and times ------------------------------------------------------ */

/* What the server keeps of a fraction; it cuts off the rest. */
static bool
has_fraction(const struct column *to, const struct datetime *dt)
{
	for (int i = 0; i < to->frac && dt->frac[i] != '\0'; i++)
		if (dt->frac[i] != '0')
			return true;
	return false;
}

/* From 1 s after 1970 to 2^31 - 1; some servers go further, none less far. */
static bool
in_unix_time(const struct column *to, const struct datetime *dt)
{
	int64_t s = datetime_to_unix(dt);

	return (s > 0 || (s == 0 && has_fraction(to, dt))) && s <= INT32_MAX;
}

/* A day that no calendar has is a date here, but for a TIMESTAMP. */
static bool
convert_impossible(struct conversion *v)
{
	static const char zero[] = "0000-00-00 00:00:00";
	const struct cell *c = v->out;

	if (my_wire(v->to) == MY_TIMESTAMP &&
	    (c->len != sizeof(zero) - 1 || memcmp(c->u.p, zero, c->len) != 0))
		return refuse(v, "a TIMESTAMP has no such day");
	return true;
}

/* 1 BC; it has no era here. */
static void
write_year_0(struct conversion *v, const struct datetime *dt, bool date)
{
	size_t at = v->scratch->len;

	buf_addf(v->scratch, "0000-%02d-%02d", dt->month, dt->day);
	if (!date) {
		buf_addc(v->scratch, ' ');
		datetime_add_time(v->scratch, dt);
	}
	*v->out = cell_text(v->scratch->data + at, v->scratch->len - at);
}

static bool
convert_timestamp(struct conversion *v, enum ltype type)
{
	const bool date = type == LT_DATE;
	struct datetime dt;
	struct cell text;

	if (!canonical(v, type, v->out)) {
		if (date && canonical(v, LT_TS, &text))
			return refuse(v, "a date has no time of day");
		return refuse(v, date ? "not a date" : "not a timestamp");
	}
	if (!datetime_parse(v->out->u.p, v->out->len, &dt))
		return convert_impossible(v);
	if (dt.infinite != 0)
		return refuse(v, "infinity");
	if (dt.year < 0 || dt.year > 9999)
		return refuse(v, "outside the years 0 to 9999");
	if (dt.year == 0)
		write_year_0(v, &dt, date);
	if (dt.second == 60)
		return refuse(v, "a leap second");
	if (my_wire(v->to) == MY_TIMESTAMP && !in_unix_time(v->to, &dt))
		return refuse(v, "outside the years of a TIMESTAMP");
	return true;
}

/* [-]H..H:MM:SS[.f] */
static bool
convert_time(struct conversion *v)
{
	const char *s, *colon;
	long hours;
	bool fraction;

	if (!canonical(v, LT_TIME, v->out))
		return refuse(v, "not a time");
	s = v->out->u.p + (v->out->u.p[0] == '-');
	colon = memchr(s, ':', v->out->len);
	hours = strtol(s, NULL, 10);
	fraction = memchr(colon, '.',
		       (size_t)(v->out->u.p + v->out->len - colon)) != NULL;
	if (memcmp(colon + 4, "60", 2) == 0)
		return refuse(v, "a leap second");
	if (hours > 838 ||
	    (hours == 838 && fraction && memcmp(colon, ":59:59", 6) == 0 &&
		(v->to->wire & MY_ORACLE)))
		return refuse(v, "outside -838:59:59 to 838:59:59");
	return true;
}

/* --- uuids and bytes ------------------------------------------------------ */

/* Of the versions above 7, MariaDB 10.11.19 refuses those whose byte 8 is 01 to
 * 80: tried with all 256. */
static bool
convert_uuid(struct conversion *v)
{
	const char *s;

	if (!canonical(v, LT_UUID, v->out))
		return refuse(v, "not a uuid");
	s = v->out->u.p;
	if ((v->to->wire & MY_STRICT_UUID) && s[14] > '7' &&
	    memcmp(s + 19, "00", 2) > 0 && memcmp(s + 19, "80", 2) <= 0)
		return refuse(v, "the server takes no such uuid");
	return true;
}

static bool
uuid_bytes(struct conversion *v)
{
	struct cell text;
	size_t at;
	char *to;

	if (v->in->kind == CELL_BYTES && v->in->len == 16) {
		*v->out = *v->in;
		return true;
	}
	if (!canonical(v, LT_UUID, &text))
		return refuse(v, "not a uuid");
	at = v->scratch->len;
	to = buf_reserve(v->scratch, 16);
	text.u.p = v->scratch->data + at - text.len;
	for (size_t i = 0; i < text.len; i += 2) {
		unsigned byte;

		i += text.u.p[i] == '-';
		sscanf(text.u.p + i, "%2x", &byte);
		*to++ = (char)byte;
	}
	v->scratch->len += 16;
	*v->out = cell_bytes(v->scratch->data + at, 16);
	return true;
}

static size_t
bytes_limit(const struct column *to)
{
	if (type_is(to, "tinyblob"))
		return 255;
	if (type_is(to, "blob"))
		return 65535;
	if (type_is(to, "mediumblob"))
		return 16777215;
	return to->maxlen >= 0 ? (size_t)to->maxlen : SIZE_MAX;
}

/* BINARY(n) pads with NUL bytes, and they count. */
static bool
convert_bytes(struct conversion *v)
{
	if (v->type == LT_UUID) {
		if (!uuid_bytes(v))
			return false;
	} else if (v->in->kind == CELL_BYTES || v->in->kind == CELL_TEXT) {
		*v->out = cell_bytes(v->in->u.p, v->in->len);
	} else {
		return refuse(v, "a number is not bytes");
	}
	if (v->out->len > bytes_limit(v->to))
		return refuse(v, "more bytes than the column takes");
	if (my_wire(v->to) == MY_BINARY && v->to->maxlen >= 0 &&
	    v->out->len < (size_t)v->to->maxlen)
		return refuse(v, "fewer bytes than the column has: it would "
				 "be padded with NUL");
	return true;
}

/* -------------------------------------------------------------------------- */

bool
my_convert(const struct column *to, const struct vtype *t,
    const struct cell *in, struct buf *scratch, struct cell *out,
    const char **why)
{
	struct conversion v = { .to = to,
		.type = t->type,
		.in = in,
		.scratch = scratch,
		.out = out,
		.why = why };

	*out = *in;
	if (in->kind == CELL_NULL)
		return true;
	switch (my_wire(to)) {
	case MY_INT:
	case MY_UBIGINT:
		return convert_integer(&v);
	case MY_DECIMAL:
		return convert_decimal(&v);
	case MY_FLOAT:
	case MY_DOUBLE:
		return convert_float(&v);
	case MY_BIT:
		return convert_bits(&v);
	case MY_BINARY:
	case MY_BYTES:
	case MY_GEOMETRY:
		return convert_bytes(&v);
	case MY_DATE:
		return convert_timestamp(&v, LT_DATE);
	case MY_TIME:
		return convert_time(&v);
	case MY_DATETIME:
		return convert_timestamp(&v, LT_TS);
	case MY_TIMESTAMP:
		return convert_timestamp(&v, LT_TSTZ);
	case MY_UUID:
		return convert_uuid(&v);
	case MY_JSON:
		return my_convert_json(&v);
	case MY_CHAR:
	case MY_TEXT:
	case MY_OTHER:
	case MY_COMPUTED:
	case MY_WIRES:
		break;
	}
	return my_convert_text(&v);
}
