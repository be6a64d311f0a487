/*
 * Values as SQL (VALUES 4). What a patch holds must survive psql -f with stock
 * settings: no control characters, nothing that depends on
 * standard_conforming_strings, no line breaks.
 */
#include <config.h>

#include "db/dialect-pg.h"

#include <string.h>

#include <inttypes.h>

#include "base/utf8.h"
#include "value/num.h"

static bool
is_control(char c)
{
	return (unsigned char)c < 32 || c == 127;
}

/* Bytes that are not UTF-8 are for a database in SQL_ASCII, whatever it is
 * that the client's encoding says. */
void
pg_quote(struct buf *out, const char *s, size_t n)
{
	bool plain = true, utf8 = utf8_valid(s, n);

	for (size_t i = 0; i < n && plain; i++)
		plain = !is_control(s[i]) && s[i] != '\\';
	buf_adds(out, plain && utf8 ? "'" : "E'");
	for (size_t i = 0; i < n; i++) {
		if (is_control(s[i]) || (!utf8 && (s[i] & 0x80))) {
			buf_addf(out, "\\%03o", (unsigned)(unsigned char)s[i]);
			continue;
		}
		if (s[i] == '\'' || s[i] == '\\')
			buf_addc(out, s[i]);
		buf_addc(out, s[i]);
	}
	buf_addc(out, '\'');
}

/* " BC" stands behind the zone. */
static void
add_timestamptz(struct buf *out, const char *s, size_t n)
{
	bool bc = n > 3 && memcmp(s + n - 3, " BC", 3) == 0;

	buf_add(out, s, n - (bc ? 3 : 0));
	if (s[n - 1] != 'y') /* infinity has none */
		buf_adds(out, "+00");
	if (bc)
		buf_adds(out, " BC");
}

void
pg_value_text(struct buf *out, const struct column *col, const struct cell *c)
{
	switch (c->kind) {
	case CELL_NULL:
		break;
	case CELL_INT:
		if (pg_wire(col) == PG_BOOL)
			buf_adds(out, c->u.i ? "true" : "false");
		else
			buf_addf(out, "%" PRId64, c->u.i);
		break;
	case CELL_F64:
		out->len +=
		    num_print_f64(buf_reserve(out, NUM_PRINT_MAX), c->u.f);
		break;
	case CELL_TEXT:
		if (pg_wire(col) == PG_TIMESTAMPTZ && c->len > 0)
			add_timestamptz(out, c->u.p, c->len);
		else
			buf_add(out, c->u.p, c->len);
		break;
	case CELL_BYTES:
		buf_adds(out, "\\x");
		buf_addhex(out, c->u.p, c->len);
		break;
	}
}

static void
quoted_value(struct buf *out, const struct column *col, const struct cell *c)
{
	struct buf text = BUF_INIT;

	pg_value_text(&text, col, c);
	pg_quote(out, text.data, text.len);
	buf_free(&text);
}

void
pg_typed_literal(
    struct buf *out, const struct column *col, const struct cell *c)
{
	quoted_value(out, col, c);
	if (pg_type(col)->cast != NULL)
		buf_addf(out, "::%s", pg_type(col)->cast);
}

/*
 * Quoted constants take the type of the column they meet, and the index is
 * used; a bare 5.0 would make an integer column numeric. A bare -2^63 is
 * numeric too: the minus comes after the number.
 */
void
pg_literal(struct buf *out, const struct column *col, const struct cell *c)
{
	switch (c->kind) {
	case CELL_NULL:
		buf_adds(out, "NULL");
		return;
	case CELL_INT:
		if (pg_wire(col) == PG_OID || c->u.i == INT64_MIN)
			quoted_value(out, col, c);
		else
			pg_value_text(out, col, c);
		return;
	case CELL_BYTES:
		/* Relies on standard_conforming_strings, which PG_SESSION sets.
		 */
		buf_adds(out, "'\\x");
		buf_addhex(out, c->u.p, c->len);
		buf_adds(out, "'::bytea");
		return;
	case CELL_F64:
	case CELL_TEXT:
		break;
	}
	if (pg_wire(col) == PG_BIT || pg_wire(col) == PG_VARBIT) {
		buf_addc(out, 'B');
		quoted_value(out, col, c);
	} else if (pg_wire(col) == PG_MONEY || pg_is_reg(pg_wire(col))) {
		pg_typed_literal(out, col, c);
	} else {
		quoted_value(out, col, c);
	}
}

void
pg_param(struct buf *out, const struct column *col, size_t i)
{
	buf_addf(out, "$%zu", i);
	if (pg_type(col)->cast != NULL)
		buf_addf(out, "::%s", pg_type(col)->cast);
}

/* A literal shows whether it is NULL; a parameter does not. */
static void
add_equals(struct buf *out, const char *value)
{
	if (strcmp(value, "NULL") == 0)
		buf_adds(out, " IS NULL");
	else
		buf_addf(out,
		    value[0] == '$' ? " IS NOT DISTINCT FROM %s" : " = %s",
		    value);
}

/* Is it compared by its text? The others' '=' is exact. */
static bool
goes_by_text(const struct column *col)
{
	switch ((int)pg_wire(col)) {
	case PG_INTERVAL: /* 1 day = 24 hours */
	case PG_JSON:     /* has no '=' */
	case PG_OTHER:
		return true;
	default:
		return false;
	}
}

/* The value with the type that the column's text is of; a text that reads as
 * the same value, such as {1, 2}, is the same then. */
static void
add_typed(struct buf *out, const struct column *col, const char *value)
{
	const char *type = col->base_type;

	if (pg_wire(col) == PG_INTERVAL)
		type = "interval";
	buf_addf(out, "(%s)", value);
	if (type != NULL && pg_wire(col) != PG_JSON)
		buf_addf(out, "::%s", type);
}

/*
 * '=' is exact for most types once a value is in the column: bpchar ignores
 * blanks that do not count, floats hold -0 = 0 and NaN = NaN, numeric 1.5 =
 * 1.50, as canon.h does. The others are compared as text.
 */
void
pg_guard(struct buf *out, const struct column *col, const char *value)
{
	struct buf typed = BUF_INIT;

	if (!goes_by_text(col)) {
		pg_ident(out, col->name);
		if (col->wire & PG_NONDET)
			buf_adds(out, " COLLATE \"C\"");
		add_equals(out, value);
		return;
	}
	pg_expr(out, "@ COLLATE \"C\"", col);
	if (strcmp(value, "NULL") == 0) {
		buf_adds(out, " IS NULL");
		return;
	}
	add_typed(&typed, col, value);
	buf_adds(out, " IS NOT DISTINCT FROM ");
	pg_text_of(out, col, buf_str(&typed));
	buf_free(&typed);
}

/* An operator of an extension need not be on the search path. */
bool
pg_equal(struct buf *out, const struct column *col, const char *value)
{
	const char *op = col->equal_op;

	if (pg_wire(col) == PG_JSON || (pg_wire(col) == PG_OTHER && op == NULL))
		return false;
	pg_ident(out, col->name);
	if (pg_wire(col) != PG_OTHER) {
		buf_addf(out, " = %s", value);
		return true;
	}
	if (!col->raw) /* the enums' '=' knows no domains over them */
		buf_addf(out, "::%s", col->base_type);
	buf_addf(out, " %s ", op);
	add_typed(out, col, value);
	return true;
}

/* Whatever the value; types whose '=' takes more for equal are left out. */
bool
pg_equal_exact(const struct column *col, const char *value)
{
	(void)value;
	if (pg_wire(col) == PG_OTHER)
		return col->labels != NULL;
	switch (col->ltype) {
	case LT_NUM:
	case LT_F8:
	case LT_F4:
	case LT_BYTES:
	case LT_DATE:
	case LT_TIME:
	case LT_TS:
	case LT_TSTZ:
	case LT_UUID:
	case LT_BITS:
		return true;
	case LT_TEXT:
		return !(col->wire & PG_NONDET);
	case LT_NONE:
	case LT_CHAR:
	case LT_INTERVAL:
	case LT_JSON:
	case LT_OTHER:
	case LT_ANY:
		break;
	}
	return false;
}
