/*
 * Values as SQL (VALUES 4). A patch must survive `mariadb < file` with stock
 * settings, any sql_mode and any character set of the client: no control
 * characters, no backslashes, no line breaks.
 */
#include <config.h>

#include "db/dialect-mysql.h"

#include <inttypes.h>
#include <string.h>

#include "db/dialect-generic.h"
#include "value/num.h"

static bool
is_plain(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] < 32 || s[i] == 127 || s[i] == '\\')
			return false;
	return true;
}

static void
text_literal(struct buf *out, const struct cell *c)
{
	if (is_plain(c->u.p, c->len)) {
		generic_quote(out, c->u.p, c->len);
		return;
	}
	buf_adds(out, "_utf8mb4 x'");
	buf_addhex(out, c->u.p, c->len);
	buf_addc(out, '\'');
}

/* Without an exponent it would be a decimal. */
static void
double_literal(struct buf *out, double f)
{
	size_t at = out->len;

	out->len += num_print_f64(buf_reserve(out, NUM_PRINT_MAX), f);
	if (memchr(out->data + at, 'e', out->len - at) == NULL)
		buf_adds(out, "e0");
}

void
my_literal(struct buf *out, const struct column *col, const struct cell *c)
{
	switch (c->kind) {
	case CELL_NULL:
		buf_adds(out, "NULL");
		return;
	case CELL_INT:
		buf_addf(out, my_is_text(col) ? "'%" PRId64 "'" : "%" PRId64,
		    c->u.i);
		return;
	case CELL_F64:
		double_literal(out, c->u.f);
		return;
	case CELL_BYTES:
		buf_adds(out, "x'");
		buf_addhex(out, c->u.p, c->len);
		buf_addc(out, '\'');
		return;
	case CELL_TEXT:
		break;
	}
	switch ((int)my_wire(col)) {
	case MY_INT:
	case MY_UBIGINT:
	case MY_DECIMAL:
		buf_add(out, c->u.p, c->len);
		return;
	case MY_BIT:
		buf_addc(out, 'b');
		generic_quote(out, c->u.p, c->len);
		return;
	}
	text_literal(out, c);
}

void
my_bytes_literal(
    struct buf *out, const struct column *col, const struct cell *c)
{
	(void)col;
	buf_adds(out, "x'");
	if (c->kind == CELL_TEXT || c->kind == CELL_BYTES)
		buf_addhex(out, c->u.p, c->len);
	buf_addc(out, '\'');
}

/*
 * A decimal compared with a text would be compared as a double; bits in a text
 * are their digits.
 */
void
my_param(struct buf *out, const struct column *col, size_t i)
{
	switch ((int)my_wire(col)) {
	case MY_DECIMAL:
		buf_addf(out, "CAST(?%zu AS DECIMAL(65,%d))", i,
		    col->scale > 0 ? col->scale : 0);
		return;
	case MY_UBIGINT:
		buf_addf(out, "CAST(?%zu AS UNSIGNED)", i);
		return;
	case MY_BIT:
		if (col->ltype == LT_BITS) {
			buf_addf(out, "CAST(CONV(?%zu,2,10) AS UNSIGNED)", i);
			return;
		}
		break;
	}
	buf_addf(out, "?%zu", i);
}

/*
 * '=' is exact for numbers, times and bytes; a FLOAT equals the double it is
 * widened to. Texts compare by collation, so their bytes are compared.
 */
bool
my_equal_exact(const struct column *col, const char *value)
{
	(void)value;
	switch ((int)my_wire(col)) {
	case MY_TEXT:
	case MY_CHAR:
		return (col->wire & MY_EXACT) && !(col->wire & MY_ENUM);
	case MY_JSON:
	case MY_OTHER:
	case MY_GEOMETRY:
		return false;
	}
	return true;
}

void
my_guard(struct buf *out, const struct column *col, const char *value)
{
	if (strcmp(value, "NULL") == 0) {
		my_expr(out, "$ IS NULL", col);
	} else if (my_equal_exact(col, value)) {
		my_ident(out, col->name);
		buf_addf(out, " <=> %s", value);
	} else if (my_wire(col) == MY_GEOMETRY) {
		my_expr(out, "CAST($ AS BINARY)", col);
		buf_addf(out, " <=> %s", value);
	} else if (my_wire(col) == MY_JSON && (col->wire & MY_ORACLE)) {
		my_ident(out, col->name);
		buf_addf(out, " <=> CAST(%s AS JSON)", value);
	} else {
		my_expr(out, "CAST(@ AS BINARY)", col);
		buf_addf(out, " <=> CAST(%s AS BINARY)", value);
	}
}
