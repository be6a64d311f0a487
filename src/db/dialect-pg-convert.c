/*
 * What a value becomes in a PostgreSQL column, and what no column can hold
 * (VALUES 7). A value that the column holds already comes out as it is, so
 * that the before-image of a row matches the row.
 */
#include <config.h>

#include "db/dialect-pg.h"

#include <math.h>

#include "base/utf8.h"
#include "db/convert.h"
#include "value/datetime.h"
#include "value/json.h"
#include "value/num.h"

/* --- numbers -------------------------------------------------------------- */

static bool
convert_bool(struct conversion *v)
{
	struct cell text;

	if (!canonical(v, LT_NUM, &text) || text.len != 1 ||
	    (text.u.p[0] != '0' && text.u.p[0] != '1'))
		return refuse(v, "neither 0 nor 1");
	*v->out = cell_int(text.u.p[0] - '0');
	return true;
}

static bool
convert_int(struct conversion *v, int64_t min, int64_t max)
{
	struct cell text;
	int64_t i;

	if (!canonical(v, LT_NUM, &text))
		return refuse(v, "not a number");
	if (memchr(text.u.p, '.', text.len) != NULL)
		return refuse(v, "not an integer");
	if (!num_to_i64(text.u.p, text.len, &i) || i < min || i > max)
		return refuse(v, "integer out of range");
	*v->out = cell_int(i);
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
		if (isinf(f) && memchr(text.u.p, 'I', text.len) == NULL)
			return refuse(v, "number out of range");
	}
	if (single && isfinite(f) &&
	    (isinf((float)f) || ((float)f == 0 && f != 0)))
		return refuse(v, "number out of range of real");
	*v->out = cell_f64(f);
	return true;
}

/* Zeros that a canonical decimal below 1 has behind the point. */
static long
leading_zeros(const char *s, size_t n)
{
	const char *point = memchr(s, '.', n);

	return point == NULL ? 0 : (long)strspn(point + 1, "0");
}

/* Does a decimal fit numeric(precision, scale) after the server rounds it? */
static bool
fits_numeric(const struct column *to, const struct cell *text)
{
	struct buf rounded = BUF_INIT;
	long room = (long)to->precision - to->scale;
	size_t before, behind;
	bool fits;

	num_round(&rounded, text->u.p, text->len, to->scale);
	buf_str(&rounded);
	num_digits(rounded.data, rounded.len, &before, &behind);
	if (room >= 0)
		fits = (long)before <= room;
	else /* numeric(2, 5) holds what is below 0.001 */
		fits = before == 0 &&
		       (behind == 0 ||
			   leading_zeros(rounded.data, rounded.len) >= -room);
	buf_free(&rounded);
	return fits;
}

/* Digits and a point: what a server or a person wrote, scale and all. */
static bool
is_plain_decimal(const struct cell *c)
{
	size_t i = c->len > 0 && c->u.p[0] == '-', digits = 0;

	for (; i < c->len && c->u.p[i] >= '0' && c->u.p[i] <= '9'; i++)
		digits++;
	if (digits == 0 || (i < c->len && c->u.p[i++] != '.'))
		return false;
	for (digits = 0; i < c->len; i++, digits++)
		if (c->u.p[i] < '0' || c->u.p[i] > '9')
			return false;
	return true;
}

static bool
convert_numeric(struct conversion *v)
{
	struct cell text;
	char last;

	if (!canonical(v, LT_NUM, &text))
		return refuse(v, "not a number");
	last = text.u.p[text.len - 1];
	if (last == 'y' &&
	    (v->to->precision >= 0 || pg_wire(v->to) == PG_MONEY))
		return refuse(v, "infinity");
	if (last == 'N' && pg_wire(v->to) == PG_MONEY)
		return refuse(v, "NaN");
	if (last >= '0' && last <= '9' && v->to->precision >= 0 &&
	    !fits_numeric(v->to, &text))
		return refuse(v, "too many digits before the point");
	*v->out =
	    v->in->kind == CELL_TEXT && is_plain_decimal(v->in) ? *v->in : text;
	return true;
}

static bool
convert_money(struct conversion *v)
{
	static const char max[] = "92233720368547758.07";
	static const char min[] = "-92233720368547758.08";
	struct cell *text = v->out;

	if (!convert_numeric(v))
		return false;
	if (!canonical(v, LT_NUM, text))
		return refuse(v, "not a number");
	if (num_cmp(text->u.p, text->len, max, sizeof(max) - 1) > 0 ||
	    num_cmp(text->u.p, text->len, min, sizeof(min) - 1) < 0)
		return refuse(v, "money out of range");
	return true;
}

/* --- text ----------------------------------------------------------------- */

static const char no_such_character[] =
    "a character that the database's encoding does not have";

/* Is it text that the database can hold? Counts the characters, which are
 * bytes in SQL_ASCII. */
static bool
check_text(struct conversion *v, const struct cell *c, size_t *chars)
{
	bool any = v->to->wire & PG_RAWTEXT;
	uint32_t point;
	size_t len;

	*chars = 0;
	for (size_t i = 0; i < c->len; i += len, ++*chars) {
		if (c->u.p[i] == '\0')
			return refuse(v, "NUL byte in text");
		len = any ? 1 : utf8_next(c->u.p + i, c->len - i, &point);
		if (len == 0)
			return refuse(v, "text is not valid UTF-8");
		if (!any && !charset_has(v->to->charset, point))
			return refuse(v, no_such_character);
	}
	return true;
}

/* The value as text: its own, or what its type writes. */
static bool
value_as_text(struct conversion *v, size_t *chars)
{
	bool bytes = v->in->kind == CELL_BYTES && v->type != LT_UUID;

	if (v->in->kind == CELL_TEXT || bytes)
		*v->out = cell_text(v->in->u.p, v->in->len);
	else if (!canonical(v, v->type, v->out))
		return refuse(v, "the value has no text");
	return check_text(v, v->out, chars);
}

/*
 * Blanks beyond the length would be cut off without a word: no harm in a
 * bpchar, but a varchar would not hold the value.
 */
static bool
convert_text(struct conversion *v)
{
	bool padded = pg_wire(v->to) == PG_BPCHAR;
	size_t chars;

	if (!value_as_text(v, &chars))
		return false;
	while (
	    padded && v->out->len > 0 && v->out->u.p[v->out->len - 1] == ' ') {
		v->out->len--;
		chars--;
	}
	if (v->to->maxlen >= 0 && chars > (size_t)v->to->maxlen)
		return refuse(v, "text is longer than the column");
	if (pg_wire(v->to) == PG_NAME && v->out->len > 63)
		return refuse(v, "text is longer than a name");
	return true;
}

static bool
convert_bytes(struct conversion *v)
{
	if (v->in->kind != CELL_BYTES && v->in->kind != CELL_TEXT)
		return refuse(v, "a number is not bytes");
	*v->out = cell_bytes(v->in->u.p, v->in->len);
	return true;
}

static bool
convert_uuid(struct conversion *v)
{
	return canonical(v, LT_UUID, v->out) || refuse(v, "not a uuid");
}

static bool
convert_bits(struct conversion *v)
{
	bool empty = v->in->kind == CELL_TEXT && v->in->len == 0;

	if (empty)
		*v->out = *v->in;
	else if (!canonical(v, LT_BITS, v->out) &&
		 !(v->in->kind == CELL_INT && canonical(v, LT_NUM, v->out)))
		return refuse(v, "not a string of 0 and 1");
	for (size_t i = 0; i < v->out->len; i++)
		if (v->out->u.p[i] != '0' && v->out->u.p[i] != '1')
			return refuse(v, "not a string of 0 and 1");
	if (v->to->maxlen >= 0 &&
	    (pg_wire(v->to) == PG_BIT ? v->out->len != (size_t)v->to->maxlen
				      : v->out->len > (size_t)v->to->maxlen))
		return refuse(v, "the number of bits does not fit the column");
	return true;
}

/* --- dates and times ------------------------------------------------------ */

/* Years are astronomical: -4713 is 4714 BC, where PostgreSQL begins. */
static bool
in_calendar(const struct datetime *dt, int64_t last_year)
{
	if (dt->infinite != 0)
		return true;
	if (dt->year == -4713)
		return dt->month == 12 || (dt->month == 11 && dt->day >= 24);
	return dt->year > -4713 && dt->year <= last_year;
}

static bool
convert_time(struct conversion *v)
{
	struct cell text;
	struct datetime dt;

	if (!canonical(v, LT_TIME, &text))
		return refuse(v, "not a time of day");
	if (!datetime_parse(text.u.p, text.len, &dt) || dt.hour > 24)
		return refuse(v, "outside 00:00:00 to 24:00:00");
	if (dt.second == 60)
		return refuse(v, "a leap second would become the next minute");
	*v->out = text;
	return true;
}

static bool
convert_timestamp(struct conversion *v, enum ltype type)
{
	const bool date = type == LT_DATE;
	struct datetime dt;

	if (!canonical(v, type, v->out)) {
		struct cell text;

		if (date && canonical(v, LT_TS, &text))
			return refuse(v, "a date has no time of day");
		return refuse(v, date ? "not a date" : "not a timestamp");
	}
	if (!datetime_parse(v->out->u.p, v->out->len, &dt))
		return refuse(v, "there is no such day");
	if (!in_calendar(&dt, date ? 5874897 : 294276))
		return refuse(v, "outside PostgreSQL's calendar");
	if (dt.second == 60)
		return refuse(v, "a leap second would become the next minute");
	return true;
}

/* P[-]n<unit>...[T...], the form that IntervalStyle iso_8601 writes. */
static bool
is_iso_interval(const char *s, size_t n)
{
	const char *units = "YMWD";
	size_t parts = 0, i = 1;

	if (n < 3 || s[0] != 'P')
		return false;
	while (i < n) {
		size_t digits = 0;

		if (s[i] == 'T' && units[0] == 'Y') {
			units = "HMS";
			i++;
		}
		if (i < n && s[i] == '-')
			i++;
		for (; i < n && ((s[i] >= '0' && s[i] <= '9') || s[i] == '.');
		     i++)
			digits += s[i] != '.';
		if (digits == 0 || i == n || strchr(units, s[i]) == NULL)
			return false;
		i++;
		parts++;
	}
	return parts > 0;
}

static bool
is_infinity(const struct cell *c)
{
	return (c->len == 8 && memcmp(c->u.p, "infinity", 8) == 0) ||
	       (c->len == 9 && memcmp(c->u.p, "-infinity", 9) == 0);
}

static bool
convert_interval(struct conversion *v)
{
	const char *point;
	size_t chars;

	if (!value_as_text(v, &chars))
		return false;
	if (is_infinity(v->out))
		return !(v->to->wire & PG_FINITE) || refuse(v, "infinity");
	if (!is_iso_interval(v->out->u.p, v->out->len))
		return refuse(v, "not an ISO 8601 interval");
	point = memchr(v->out->u.p, '.', v->out->len);
	if (point != NULL && v->to->frac >= 0 &&
	    v->out->u.p + v->out->len - point - 2 > v->to->frac)
		return refuse(v, "more digits of a second than the column has");
	return true;
}

/* --- JSON ----------------------------------------------------------------- */

static unsigned
hex4(const char *s)
{
	unsigned v = 0;

	for (int i = 0; i < 4; i++) {
		int digit = s[i] <= '9' ? s[i] - '0' : (s[i] | 0x20) - 'a' + 10;

		v = v << 4 | (unsigned)digit;
	}
	return v;
}

/* An escape becomes the character, if the encoding has it. */
static bool
jsonb_character(struct conversion *v, unsigned u)
{
	if (u == 0)
		return refuse(v, "\\u0000 in jsonb");
	if (!charset_has(v->to->charset, u) ||
	    (u > 0x7f && v->to->wire & PG_RAWTEXT))
		return refuse(v, no_such_character);
	return true;
}

/* In valid JSON: no \u0000 and no half of a surrogate pair. */
static bool
jsonb_escapes(struct conversion *v, const char *s, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++) {
		unsigned u;

		if (s[i] != '\\')
			continue;
		if (s[++i] != 'u')
			continue;
		u = hex4(s + i + 1);
		i += 4;
		if (u >= 0xd800 && u <= 0xdbff && n - i > 6 &&
		    s[i + 1] == '\\' && s[i + 2] == 'u' &&
		    hex4(s + i + 3) >> 10 == 0xdc00 >> 10) {
			u = 0x10000 +
			    ((u & 0x3ff) << 10 | (hex4(s + i + 3) & 0x3ff));
			i += 6;
		} else if (u >= 0xd800 && u <= 0xdfff) {
			return refuse(v, "half of a surrogate pair in jsonb");
		}
		if (!jsonb_character(v, u))
			return false;
	}
	return true;
}

static bool
convert_json(struct conversion *v)
{
	struct buf canon = BUF_INIT;
	size_t chars;
	bool valid;

	if (!value_as_text(v, &chars))
		return false;
	valid = json_canon(&canon, v->out->u.p, v->out->len);
	buf_free(&canon);
	if (!valid)
		return refuse(v, "not JSON");
	if (pg_wire(v->to) == PG_JSONB)
		return jsonb_escapes(v, v->out->u.p, v->out->len);
	return true;
}

/* -------------------------------------------------------------------------- */

static bool
convert_other(struct conversion *v)
{
	const char *const *label = v->to->labels;
	size_t chars;

	if (!value_as_text(v, &chars))
		return false;
	if (label == NULL)
		return true;
	for (; *label != NULL; label++)
		if (strlen(*label) == v->out->len &&
		    memcmp(*label, v->out->u.p, v->out->len) == 0)
			return true;
	return refuse(v, "no label of the enum");
}

bool
pg_convert(const struct column *to, const struct vtype *t,
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
	switch ((int)pg_wire(to)) {
	case PG_BOOL:
		return convert_bool(&v);
	case PG_INT2:
		return convert_int(&v, INT16_MIN, INT16_MAX);
	case PG_INT4:
		return convert_int(&v, INT32_MIN, INT32_MAX);
	case PG_INT8:
	case PG_COMPUTED:
		return convert_int(&v, INT64_MIN, INT64_MAX);
	case PG_OID:
		return convert_int(&v, 0, UINT32_MAX);
	case PG_FLOAT4:
		return convert_float(&v, true);
	case PG_FLOAT8:
		return convert_float(&v, false);
	case PG_NUMERIC:
		return convert_numeric(&v);
	case PG_MONEY:
		return convert_money(&v);
	case PG_TEXT:
	case PG_VARCHAR:
	case PG_NAME:
	case PG_BPCHAR:
		return convert_text(&v);
	case PG_BYTEA:
		return convert_bytes(&v);
	case PG_UUID:
		return convert_uuid(&v);
	case PG_DATE:
		return convert_timestamp(&v, LT_DATE);
	case PG_TIME:
		return convert_time(&v);
	case PG_TIMESTAMP:
		return convert_timestamp(&v, LT_TS);
	case PG_TIMESTAMPTZ:
		return convert_timestamp(&v, LT_TSTZ);
	case PG_INTERVAL:
		return convert_interval(&v);
	case PG_BIT:
	case PG_VARBIT:
		return convert_bits(&v);
	case PG_JSON:
	case PG_JSONB:
		return convert_json(&v);
	default:
		return convert_other(&v);
	}
}
