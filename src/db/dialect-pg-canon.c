/*
 * Canonical fields, row hashes and folds in SQL (VALUES 2.5, 2.6). The C side
 * of each expression is canon_field(); tests/db/pg-values.c holds the two
 * against each other.
 */
#include <config.h>

#include "db/dialect-pg.h"

#define NAN_FIELD "'7ff8000000000000'"
#define TEXT_FIELD(x) "octet_length([" x "])||':'||" x

static bool
is_integer(enum pg_wire wire)
{
	return wire == PG_INT2 || wire == PG_INT4 || wire == PG_INT8 ||
	       wire == PG_OID;
}

/* What is known by its text only. */
static bool
is_other(enum pg_wire wire)
{
	return wire == PG_OTHER || pg_is_reg(wire);
}

/*
 * Will every value convert to float8? PostgreSQL refuses a numeric beyond
 * 1.8e308 and one that would become 0, so only declared digits can promise it.
 */
static bool
fits_float8(const struct column *col)
{
	enum pg_wire wire = pg_wire(col);

	if (wire == PG_NUMERIC)
		return col->precision >= 0 && col->scale <= 300 &&
		       col->precision - col->scale <= 300;
	return is_integer(wire) && wire != PG_OID;
}

static const char *
num_field(const struct column *col)
{
	switch ((int)pg_wire(col)) {
	case PG_BOOL:
		return "case when $ then '1' when not $ then '0' end";
	case PG_INT2:
	case PG_INT4:
	case PG_INT8:
	case PG_OID:
		return "$::text";
	case PG_NUMERIC:
		return col->precision >= 0 && col->scale <= 0
		           ? "$::text"
		           : "trim_scale($)::text";
	case PG_MONEY:
		return "trim_scale($::numeric)::text";
	default:
		return NULL;
	}
}

/* +0 turns -0 into 0; a NaN may carry a sign, so it is written out. */
static const char *
float8_field(const struct column *col)
{
	if (is_integer(pg_wire(col)) && fits_float8(col))
		return "encode(float8send($::float8),'hex')";
	if (pg_wire(col) == PG_FLOAT8 || pg_wire(col) == PG_FLOAT4 ||
	    fits_float8(col))
		return "case when $='NaN' then " NAN_FIELD
		       " else encode(float8send($::float8+0),'hex') end";
	return NULL;
}

static const char *
float4_field(const struct column *col)
{
	if (pg_wire(col) == PG_FLOAT4)
		return float8_field(col);
	if (pg_wire(col) != PG_FLOAT8 && !fits_float8(col))
		return NULL;
	/* A bare ::float4 raises overflow and underflow. */
	return "case when $::float8='NaN' then " NAN_FIELD
	       " when $::float8=0 or abs($::float8)>3.4028235677973362e38"
	       " or abs($::float8)<7.0064923216240862e-46"
	       " then encode(float8send($::float8+0),'hex')"
	       " else encode(float8send($::float8::float4::float8),'hex') end";
}

/* What the driver's cell of a column reads as text, length in front. */
static const char *
text_field(const struct column *col)
{
	switch ((int)pg_wire(col)) {
	case PG_BOOL:
		return "case when $ then '1:1' when not $ then '1:0' end";
	case PG_MONEY:
		return TEXT_FIELD("$::numeric::text");
	case PG_TIMESTAMPTZ:
		return TEXT_FIELD("($ at time zone 'UTC')::text");
	case PG_FLOAT4: /* PostgreSQL writes exponents, canon.h does not */
	case PG_FLOAT8:
	case PG_BYTEA:
		return NULL;
	default:
		return TEXT_FIELD("@");
	}
}

static const char *
char_field(const struct column *col)
{
	if (pg_wire(col) == PG_BPCHAR)
		return TEXT_FIELD("@"); /* the cast strips the blanks */
	if (pg_is_text(pg_wire(col)) || is_other(pg_wire(col)))
		return TEXT_FIELD("rtrim(@,' ')");
	return NULL;
}

static const char *
bytes_field(const struct column *col)
{
	if (pg_wire(col) == PG_BYTEA)
		return "md5($)";
	return pg_is_text(pg_wire(col)) ? "md5([$::text])" : NULL;
}

/* No cast from date to timestamp: it fails after the year 294276. */
static const char *
timestamp_field(const struct column *col)
{
	switch ((int)pg_wire(col)) {
	case PG_TIMESTAMP:
		return "$::text";
	case PG_TIMESTAMPTZ:
		return "($ at time zone 'UTC')::text";
	case PG_DATE:
		return "case when not isfinite($) then $::text"
		       " when $<'0001-01-01'"
		       " then left($::text,-3)||' 00:00:00 BC'"
		       " else $::text||' 00:00:00' end";
	default:
		return NULL;
	}
}

/* '' would read as NULL, so canon.h calls the empty bit string a misfit. */
static const char *
bits_field(const struct column *col)
{
	if (pg_wire(col) == PG_VARBIT)
		return "case when length($)=0 then '!0:' else $::text end";
	return pg_wire(col) == PG_BIT ? "$::text" : NULL;
}

/* Types that have one canonical form, under their own logical type only. */
static const char *
plain_field(const struct column *col, enum pg_wire want)
{
	return pg_wire(col) == want ? "$::text" : NULL;
}

static const char *
field_template(const struct column *col, const struct vtype *t)
{
	enum pg_wire wire = pg_wire(col);

	switch (t->type) {
	case LT_NUM:
		return num_field(col);
	case LT_F8:
		return float8_field(col);
	case LT_F4:
		return float4_field(col);
	case LT_TEXT:
		return text_field(col);
	case LT_CHAR:
		return char_field(col);
	case LT_BYTES:
		return bytes_field(col);
	case LT_DATE:
		return plain_field(col, PG_DATE);
	case LT_TIME:
		return plain_field(col, PG_TIME);
	case LT_TS:
	case LT_TSTZ:
		return timestamp_field(col);
	case LT_INTERVAL:
		return wire == PG_INTERVAL ? TEXT_FIELD("@") : NULL;
	case LT_UUID:
		return wire == PG_UUID ? "replace($::text,'-','')" : NULL;
	case LT_BITS:
		return bits_field(col);
	case LT_JSON:
		return wire == PG_JSON || wire == PG_JSONB || pg_is_text(wire)
		           ? TEXT_FIELD("@")
		           : NULL;
	case LT_OTHER:
		return is_other(wire) || pg_is_text(wire) ? TEXT_FIELD("@")
		                                          : NULL;
	case LT_ANY:
	case LT_NONE:
		break;
	}
	return NULL;
}

bool
pg_canon_expr(struct buf *out, const struct column *col, const struct vtype *t)
{
	const char *tmpl = field_template(col, t);

	if (tmpl == NULL)
		return false;
	if (!col->notnull)
		buf_adds(out, "coalesce(");
	pg_expr(out, tmpl, col);
	if (!col->notnull)
		buf_adds(out, ",'')");
	return true;
}

/*
 * The fields joined by '|'. Every || copies what is to its left, so a row of
 * 1600 columns is put together from groups, not from left to right.
 */
static void
row_expr(struct buf *out, const struct column *const *cols,
    const struct vtype *types, size_t n)
{
	const size_t group = 32;

	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_adds(out, "||'|'||");
		if (n > group && i % group == 0)
			buf_addc(out, '(');
		pg_canon_expr(out, cols[i], &types[i]);
		if (n > group && (i % group == group - 1 || i == n - 1))
			buf_addc(out, ')');
	}
}

/* Hashes are of UTF-8, or of the bytes that there are. */
static void
row_bytes(struct buf *out, const struct column *const *cols,
    const struct vtype *types, size_t n, bool bytea)
{
	const char *encoding = "UTF8";

	for (size_t i = 0; i < n; i++) {
		if (cols[i]->wire & PG_RAWTEXT)
			encoding = "SQL_ASCII";
		bytea |= (cols[i]->wire & PG_RECODE) != 0;
	}
	buf_adds(out, bytea ? "convert_to(" : "");
	row_expr(out, cols, types, n);
	if (bytea)
		buf_addf(out, ",'%s')", encoding);
}

static void
row_md5(struct buf *out, const struct column *const *cols,
    const struct vtype *types, size_t n)
{
	buf_adds(out, "md5(");
	row_bytes(out, cols, types, n, false);
	buf_addc(out, ')');
}

void
pg_hash_expr(struct buf *out, const struct column *const *cols,
    const struct vtype *types, size_t n, enum hash_kind kind)
{
	if (kind != HASH_SHA256) {
		row_md5(out, cols, types, n);
		return;
	}
	buf_adds(out, "left(encode(sha256(");
	row_bytes(out, cols, types, n, true);
	buf_adds(out, "),'hex'),32)");
}

void
pg_bucket_expr(struct buf *out, const struct column *const *cols,
    const struct vtype *types, size_t n, uint32_t buckets)
{
	buf_adds(out, "('x'||substr(");
	row_md5(out, cols, types, n);
	buf_addf(out, ",1,8))::bit(32)::bigint%%%lu", (unsigned long)buckets);
}
