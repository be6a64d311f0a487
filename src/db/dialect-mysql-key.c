/*
 * Keys: order, ranges, look-ups and samples (VALUES 3).
 */
#include <config.h>

#include "db/dialect-mysql.h"

/* --- order ---------------------------------------------------------------- */

static bool
is_native_bytes(const struct column *col, const struct vtype *t)
{
	if (my_wire(col) == MY_BINARY && col->maxlen == 16 &&
	    t->type == LT_UUID)
		return true;
	return t->type == LT_BYTES &&
	       (my_wire(col) == MY_BINARY || my_wire(col) == MY_BYTES);
}

/* Does t compare this column's values as what they are? */
static bool
own_type(const struct column *col, const struct vtype *t)
{
	switch ((int)my_wire(col)) {
	case MY_INT:
	case MY_UBIGINT:
	case MY_DECIMAL:
		return t->type == LT_NUM;
	case MY_DATE:
		return t->type == LT_DATE || t->type == LT_TS ||
		       t->type == LT_TSTZ;
	case MY_DATETIME:
	case MY_TIMESTAMP:
		return t->type == LT_TS || t->type == LT_TSTZ;
	case MY_TIME:
		return t->type == LT_TIME;
	}
	return is_native_bytes(col, t);
}

/* A blob is a key by its beginning only. */
bool
my_order_native(const struct column *col, const struct vtype *t)
{
	if (!col->notnull)
		return false;
	if (my_is_text(col))
		return my_wire(col) == MY_TEXT && col->bytewise &&
		       t->type == LT_TEXT;
	return own_type(col, t) && strstr(col->type, "blob") == NULL;
}

/* By its own collation. An enum orders by number, a FLOAT has no literal. */
bool
my_pages(const struct column *col)
{
	switch ((int)my_wire(col)) {
	case MY_INT:
	case MY_UBIGINT:
	case MY_DECIMAL:
	case MY_DATE:
	case MY_DATETIME:
	case MY_TIMESTAMP:
	case MY_UUID:
	case MY_BINARY:
	case MY_BYTES:
		return true;
	case MY_CHAR:
	case MY_TEXT:
		return (col->wire & MY_ENUM) == 0;
	}
	return false;
}

/* NULL: as the text of its cells; "": not known here. */
static const char *
order_template(const struct column *col, const struct vtype *t)
{
	bool number = t->type == LT_NUM || t->type == LT_F8 || t->type == LT_F4;

	if (own_type(col, t))
		return "$";
	switch ((int)my_wire(col)) {
	case MY_INT:
	case MY_UBIGINT:
	case MY_DECIMAL:
	case MY_BIT:
		return number ? "$+0" : NULL;
	case MY_FLOAT:
	case MY_DOUBLE:
		return number ? "$" : "";
	case MY_BINARY:
	case MY_BYTES:
	case MY_GEOMETRY: /* what is no uuid goes last */
		return t->type == LT_UUID
		           ? "CONCAT(IF(LENGTH($)=16,x'00',x'01'),$)"
		           : "$";
	case MY_TEXT:
	case MY_CHAR:
		if (t->type == LT_UUID)
			return "CAST(IF(" MY_IS_UUID
			       ",CONCAT('0'," MY_PLAIN_UUID
			       "),CONCAT('1',@)) AS BINARY)";
		if (t->type == LT_CHAR)
			return "CAST(TRIM(TRAILING ' ' FROM @) AS BINARY)";
		break;
	}
	return NULL;
}

/*
 * Texts order by their bytes in UTF-8. The server looks at max_sort_length
 * bytes, which the session sets.
 */
void
my_order_expr(struct buf *out, const struct column *col, const struct vtype *t)
{
	const char *tmpl = order_template(col, t);

	if (tmpl != NULL) {
		my_expr(out, tmpl, col);
	} else if (my_cell_text(col) != NULL) {
		buf_adds(out, "CAST(");
		my_expr(out, my_cell_text(col), col);
		buf_adds(out, " AS BINARY)");
	}
}

/* --- ranges --------------------------------------------------------------- */

enum op {
	LESS,
	LESS_EQUAL,
	EQUAL,
	MORE_EQUAL,
	MORE,
};

static const char *const op_sql[] = { " < ", " <= ", " = ", " >= ", " > " };

static void
compare_column(
    struct buf *out, const struct column *col, enum op op, const struct cell *c)
{
	my_ident(out, col->name);
	buf_adds(out, op_sql[op]);
	my_literal(out, col, c);
}

/*
 * Under a PAD SPACE collation 'a' equals 'a ', which is above it elsewhere: the
 * column alone is for the index, its bytes decide.
 */
static void
compare(
    struct buf *out, const struct column *col, enum op op, const struct cell *c)
{
	enum op lax = op == LESS ? LESS_EQUAL : op == MORE ? MORE_EQUAL : op;

	if (!col->pad_space) {
		compare_column(out, col, op, c);
		return;
	}
	compare_column(out, col, lax, c);
	my_expr(out, " AND CAST(@ AS BINARY)", col);
	buf_adds(out, op_sql[op]);
	my_bytes_literal(out, col, c);
}

/*
 * "a >= 1 AND (a > 1 OR (a = 1 AND b >= 5))": a row value would scan the index
 * from its beginning (VALUES 3.3), and so would the OR without what is in front
 * of it.
 */
static void
bound_cond(struct buf *out, const struct sql_range *r, const struct cell *bound,
    bool low)
{
	const enum op beyond = low ? MORE : LESS;
	const enum op within = low ? MORE_EQUAL : LESS_EQUAL;
	size_t last = r->ncols - 1;

	for (size_t i = 0; i < last; i++) {
		compare_column(out, r->columns[i], within, &bound[i]);
		buf_adds(out, " AND (");
		compare(out, r->columns[i], beyond, &bound[i]);
		buf_adds(out, " OR (");
		compare(out, r->columns[i], EQUAL, &bound[i]);
		buf_adds(out, " AND ");
	}
	compare(out, r->columns[last], low ? MORE_EQUAL : LESS, &bound[last]);
	for (size_t i = 0; i < last; i++)
		buf_adds(out, "))");
}

void
my_range_cond(struct buf *out, const struct sql_range *range)
{
	if (range->lo == NULL && range->hi == NULL)
		buf_adds(out, "TRUE");
	if (range->lo != NULL)
		bound_cond(out, range, range->lo, true);
	if (range->lo != NULL && range->hi != NULL)
		buf_adds(out, " AND ");
	if (range->hi != NULL)
		bound_cond(out, range, range->hi, false);
}

/* --- look-ups ------------------------------------------------------------- */

/* Does '=' take more texts for equal than those of the same bytes? */
static bool
is_lax(const struct column *col)
{
	return my_is_text(col) && !my_equal_exact(col, "");
}

/* A list of integers some of which are above 2^63 finds nothing by an index if
 * the others are signed. */
static void
listed(struct buf *out, const struct column *col, const struct cell *c)
{
	bool cast = my_wire(col) == MY_UBIGINT && c->kind == CELL_INT;

	buf_adds(out, cast ? "CAST(" : "");
	my_literal(out, col, c);
	buf_adds(out, cast ? " AS UNSIGNED)" : "");
}

static void
list(struct buf *out, const struct column *col, const struct cell *cells,
    size_t n,
    void (*literal)(
	struct buf *out, const struct column *col, const struct cell *c))
{
	const char *before = " IN (";

	for (size_t i = 0; i < n; i++) {
		if (cells[i].kind == CELL_NULL)
			continue;
		buf_adds(out, before);
		literal(out, col, &cells[i]);
		before = ",";
	}
	buf_adds(out, before[0] == ',' ? ")" : " IN (NULL)");
}

/* The first list is for the index, the second one exact. */
static void
one_column(struct buf *out, const struct column *col, const struct cell *cells,
    size_t n)
{
	bool null = false;

	for (size_t i = 0; i < n; i++)
		null |= cells[i].kind == CELL_NULL;
	buf_addc(out, '(');
	my_ident(out, col->name);
	list(out, col, cells, n, listed);
	if (is_lax(col)) {
		my_expr(out, " AND CAST(@ AS BINARY)", col);
		list(out, col, cells, n, my_bytes_literal);
	}
	my_expr(out, null ? " OR $ IS NULL)" : ")", col);
}

static void
one_key(struct buf *out, const struct column *const *cols, size_t ncols,
    const struct cell *key)
{
	buf_addc(out, '(');
	for (size_t i = 0; i < ncols; i++) {
		struct buf value = BUF_INIT;
		bool null = key[i].kind == CELL_NULL;

		buf_adds(out, i > 0 ? " AND " : "");
		my_literal(&value, cols[i], &key[i]);
		if (!null) {
			my_ident(out, cols[i]->name);
			buf_addf(out, " = %s", buf_str(&value));
		}
		if (null || !my_equal_exact(cols[i], buf_str(&value))) {
			buf_adds(out, null ? "" : " AND ");
			my_guard(out, cols[i], buf_str(&value));
		}
		buf_free(&value);
	}
	buf_addc(out, ')');
}

/*
 * (a, b) IN ((1, 2), ...) finds each by the index, 11 ms for 1,000 keys where
 * ORs take 35. NULL and texts that '=' does not tell apart need the ORs.
 */
static bool
can_list(const struct column *const *cols, size_t ncols,
    const struct cell *cells, size_t n)
{
	for (size_t i = 0; i < ncols; i++)
		if (!my_equal_exact(cols[i], ""))
			return false;
	for (size_t i = 0; i < n * ncols; i++)
		if (cells[i].kind == CELL_NULL)
			return false;
	return true;
}

static void
list_rows(struct buf *out, const struct column *const *cols, size_t ncols,
    const struct cell *cells, size_t n)
{
	buf_addc(out, '(');
	dialect_columns(out, &dialect_mysql, cols, ncols);
	buf_adds(out, ") IN (");
	for (size_t i = 0; i < n; i++) {
		buf_adds(out, i > 0 ? ",(" : "(");
		for (size_t j = 0; j < ncols; j++) {
			buf_adds(out, j > 0 ? "," : "");
			listed(out, cols[j], &cells[i * ncols + j]);
		}
		buf_addc(out, ')');
	}
	buf_addc(out, ')');
}

void
my_keys_cond(struct buf *out, const struct column *const *cols, size_t ncols,
    const struct cell *cells, size_t n)
{
	if (n == 0) {
		buf_adds(out, "FALSE");
		return;
	}
	if (ncols == 1 && (my_equal_exact(cols[0], "") || is_lax(cols[0]))) {
		one_column(out, cols[0], cells, n);
		return;
	}
	if (can_list(cols, ncols, cells, n)) {
		list_rows(out, cols, ncols, cells, n);
		return;
	}
	buf_addc(out, '(');
	for (size_t i = 0; i < n; i++) {
		buf_adds(out, i > 0 ? " OR " : "");
		one_key(out, cols, ncols, &cells[i * ncols]);
	}
	buf_addc(out, ')');
}

/* --- samples -------------------------------------------------------------- */

/*
 * A throw of dice per entry of an index, the same every time. 1 M entries take
 * 0.16 s, of which the dice are 0.05 s; numbering them all takes 0.8 s, and
 * walking by OFFSET reads as many entries in a hundred statements.
 */
void
my_sample(struct buf *out, const struct table *table,
    const struct column *const *cols, size_t ncols, double every)
{
	const char *before = " WHERE ";

	buf_adds(out, "SELECT ");
	for (size_t i = 0; i < ncols; i++) {
		buf_adds(out, i > 0 ? ", " : "");
		my_select_expr(out, cols[i]);
	}
	buf_addf(out, " FROM %s", table->from);
	if (table->where != NULL) {
		buf_addf(out, "%s(%s)", before, table->where);
		before = " AND ";
	}
	if (every > 1)
		buf_addf(out, "%sRAND(1) < %.9e", before, 1 / every);
	for (size_t i = 0; i < ncols; i++) {
		struct vtype own = { .type = cols[i]->ltype };

		buf_adds(out, i > 0 ? ", " : " ORDER BY ");
		my_order_expr(out, cols[i], &own);
	}
}
