/*
 * What a column of an unknown brand can be trusted to hold, by its logical
 * type and declared lengths. A value that some brand may hold and another not
 * (year 10000, infinity, NaN) is refused: nobody can promise that it arrives.
 */
#include <config.h>

#include "db/dialect-generic.h"

#include <math.h>

#include "base/utf8.h"
#include "db/convert.h"
#include "value/datetime.h"
#include "value/json.h"
#include "value/num.h"

/* --- numbers -------------------------------------------------------------- */

/* Signed or unsigned is not known; the server says no to the other half. */
static bool
in_integer(int64_t i, int digits)
{
	if (digits > 0 && digits <= 3)
		return i >= INT8_MIN && i <= UINT8_MAX;
	if (digits > 0 && digits <= 5)
		return i >= INT16_MIN && i <= UINT16_MAX;
	if (digits > 0 && digits <= 10)
		return i >= INT32_MIN && i <= UINT32_MAX;
	return true;
}

static bool
convert_integer(struct conversion *v, const struct cell *text)
{
	int64_t i;

	if (memchr(text->u.p, '.', text->len) != NULL)
		return refuse(v, "not an integer");
	if (!num_to_i64(text->u.p, text->len, &i) ||
	    !in_integer(i, v->to->precision))
		return refuse(v, "integer out of range");
	if (v->to->boolean && i != 0 && i != 1)
		return refuse(v, "neither 0 nor 1");
	*v->out = cell_int(i);
	return true;
}

/* Does the part before the point fit once the rest is rounded? */
static bool
fits_decimal(const struct column *to, const struct cell *text)
{
	struct buf rounded = BUF_INIT;
	size_t before, behind;
	int scale = MAX(to->scale, 0);

	num_round(&rounded, text->u.p, text->len, scale);
	buf_str(&rounded);
	num_digits(rounded.data, rounded.len, &before, &behind);
	buf_free(&rounded);
	return (long)before <= (long)to->precision - scale;
}

static bool
convert_number(struct conversion *v)
{
	struct cell text;

	if (!canonical(v, LT_NUM, &text))
		return refuse(v, "not a number");
	if (text.u.p[text.len - 1] > '9')
		return refuse(v, "NaN and infinity are no decimals");
	if (v->to->integer || v->to->boolean)
		return convert_integer(v, &text);
	if (v->to->precision > 0 && !fits_decimal(v->to, &text))
		return refuse(v, "too many digits before the point");
	*v->out = v->in->kind == CELL_TEXT && generic_is_decimal(v->in) ? *v->in
	                                                                : text;
	return true;
}

static bool
convert_float(struct conversion *v, bool single)
{
	struct cell text;
	double f;

	if (v->in->kind == CELL_F64) {
		f = v->in->u.f;
	} else {
		if (!canonical(v, LT_NUM, &text))
			return refuse(v, "not a number");
		f = num_to_f64(text.u.p, text.len);
	}
	if (!isfinite(f))
		return refuse(v, "NaN or infinity");
	if (single && (isinf((float)f) || ((float)f == 0 && f != 0)))
		return refuse(v, "number out of range of a 32-bit float");
	*v->out = cell_f64(f);
	return true;
}

/* --- text ----------------------------------------------------------------- */

/* Drivers end texts at a NUL; others replace what is not UTF-8. */
static bool
check_text(struct conversion *v, size_t *chars)
{
	const char *s = v->out->u.p;
	uint32_t point;
	size_t len;

	*chars = 0;
	for (size_t i = 0; i < v->out->len; i += len, ++*chars) {
		if (s[i] == '\0')
			return refuse(v, "NUL byte in text");
		len = utf8_next(s + i, v->out->len - i, &point);
		if (len == 0)
			return refuse(v, "text is not valid UTF-8");
	}
	return true;
}

static bool
convert_text(struct conversion *v)
{
	bool bytes = v->in->kind == CELL_BYTES && v->type != LT_UUID;
	size_t chars;

	if (v->in->kind == CELL_TEXT || bytes)
		*v->out = cell_text(v->in->u.p, v->in->len);
	else if (!canonical(v, v->type, v->out))
		return refuse(v, "the value has no text");
	while (v->to->ltype == LT_CHAR && v->out->len > 0 &&
	       v->out->u.p[v->out->len - 1] == ' ')
		v->out->len--;
	if (!check_text(v, &chars))
		return false;
	if (v->to->maxlen >= 0 && chars > (size_t)v->to->maxlen)
		return refuse(v, "text is longer than the column");
	return true;
}

static bool
convert_bytes(struct conversion *v)
{
	if (v->in->kind != CELL_BYTES && v->in->kind != CELL_TEXT)
		return refuse(v, "a number is not bytes");
	if (v->to->maxlen >= 0 && v->in->len > (size_t)v->to->maxlen)
		return refuse(v, "more bytes than the column takes");
	*v->out = cell_bytes(v->in->u.p, v->in->len);
	return true;
}

static bool
convert_bits(struct conversion *v)
{
	if (!canonical(v, LT_BITS, v->out) &&
	    !(v->in->kind == CELL_INT && canonical(v, LT_NUM, v->out)))
		return refuse(v, "not a string of 0 and 1");
	if (v->to->maxlen >= 0 && v->out->len != (size_t)v->to->maxlen)
		return refuse(v, "the number of bits does not fit the column");
	return true;
}

static bool
convert_json(struct conversion *v)
{
	struct buf canon = BUF_INIT;
	bool valid;

	if (!convert_text(v))
		return false;
	valid = json_canon(&canon, v->out->u.p, v->out->len);
	buf_free(&canon);
	return valid || refuse(v, "not JSON");
}

/* --- dates and times ------------------------------------------------------ */

static bool
convert_time(struct conversion *v)
{
	struct datetime dt;

	if (!canonical(v, LT_TIME, v->out) ||
	    !datetime_parse(v->out->u.p, v->out->len, &dt))
		return refuse(v, "not a time of day");
	if (dt.hour > 23 || dt.second > 59)
		return refuse(v, "outside 00:00:00 to 23:59:59");
	return true;
}

static bool
convert_timestamp(struct conversion *v)
{
	enum ltype type = v->to->ltype;
	struct datetime dt;

	if (!canonical(v, type, v->out))
		return refuse(v, type == LT_DATE
				     ? "not a date, or one with a time of day"
				     : "not a timestamp");
	if (!datetime_parse(v->out->u.p, v->out->len, &dt))
		return refuse(v, "there is no such day");
	if (dt.infinite != 0 || dt.year < 1 || dt.year > 9999)
		return refuse(v, "outside the years 1 to 9999");
	if (dt.second > 59 || dt.hour > 23)
		return refuse(v, "outside 00:00:00 to 23:59:59");
	return true;
}

/* -------------------------------------------------------------------------- */

bool
generic_convert(const struct column *to, const struct vtype *t,
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
	switch (to->ltype) {
	case LT_NUM:
		return convert_number(&v);
	case LT_F8:
	case LT_F4:
		return convert_float(&v, to->ltype == LT_F4);
	case LT_BYTES:
		return convert_bytes(&v);
	case LT_DATE:
	case LT_TS:
	case LT_TSTZ:
		return convert_timestamp(&v);
	case LT_TIME:
		return convert_time(&v);
	case LT_UUID:
		return canonical(&v, LT_UUID, out) || refuse(&v, "not a uuid");
	case LT_BITS:
		return convert_bits(&v);
	case LT_JSON:
		return convert_json(&v);
	case LT_TEXT:
	case LT_CHAR:
	case LT_INTERVAL:
	case LT_OTHER:
	case LT_ANY:
	case LT_NONE:
		break;
	}
	return convert_text(&v);
}
