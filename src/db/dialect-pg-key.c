/*
 * Keys: order, ranges, look-ups and samples (VALUES 3).
 */
#include <config.h>

#include "db/dialect-pg.h"

#include <inttypes.h>
#include <math.h>

/* Does t compare this column's values as what they are? */
static bool
own_type(const struct column *col, const struct vtype *t)
{
	enum ltype a = col->ltype, b = t->type;

	if (a == b)
		return true;
	switch (a) {
	case LT_NUM:
	case LT_F8:
	case LT_F4: /* narrowing keeps the order */
		return b == LT_NUM || b == LT_F8 || b == LT_F4;
	case LT_DATE:
	case LT_TS:
	case LT_TSTZ:
		return b == LT_TS || b == LT_TSTZ;
	case LT_NONE:
	case LT_TEXT:
	case LT_CHAR:
	case LT_BYTES:
	case LT_TIME:
	case LT_INTERVAL:
	case LT_UUID:
	case LT_BITS:
	case LT_JSON:
	case LT_OTHER:
	case LT_ANY:
		break;
	}
	return false;
}

static bool
is_bytewise_text(const struct column *col)
{
	return pg_is_text(pg_wire(col)) && pg_wire(col) != PG_BPCHAR &&
	       col->bytewise;
}

/*
 * A range with an open lower end does not hold NULL, so a column that may be
 * NULL has no ranges. Floats are left to buckets (VALUES 3.2), and whatever
 * is compared as another kind of value has another order.
 */
bool
pg_order_native(const struct column *col, const struct vtype *t)
{
	if (!pg_type(col)->native || !col->notnull)
		return false;
	if (pg_is_text(pg_wire(col)))
		return is_bytewise_text(col) &&
		       (t->type == LT_TEXT || t->type == LT_BYTES);
	if (t->type == LT_F8 || t->type == LT_F4)
		return false;
	return own_type(col, t);
}

#define BY_TEXT "[@^]"

/* COLLATE "C" costs the index, so it is not written where "$" does. */
static const char *
order_template(const struct column *col, const struct vtype *t)
{
	switch ((int)pg_wire(col)) {
	case PG_TEXT:
	case PG_VARCHAR:
	case PG_NAME:
	case PG_BPCHAR:
		if (t->type == LT_CHAR)
			return "[rtrim(@,' ')^]";
		if (t->type == LT_UUID)
			return "[lower(translate(@ COLLATE \"C\",'-{}',''))]";
		return is_bytewise_text(col) ? "$" : BY_TEXT;
	case PG_BOOL: /* 0 and 1, also where they are text */
		return "$";
	case PG_FLOAT4:
	case PG_FLOAT8:
		return own_type(col, t) ? "$" : "$::float8::text COLLATE \"C\"";
	case PG_TIMESTAMPTZ:
		return own_type(col, t)
		           ? "$"
		           : "($ at time zone 'UTC')::text COLLATE \"C\"";
	case PG_MONEY:
		return own_type(col, t) ? "$"
		                        : "$::numeric::text COLLATE \"C\"";
	case PG_VARBIT: /* the empty one is a misfit and goes last */
		if (t->type == LT_BITS)
			return "case when length($)=0 then '2' else $::text"
			       " end COLLATE \"C\"";
		return BY_TEXT;
	case PG_INTERVAL: /* 1 day = 24 hours, but their texts differ */
	case PG_BIT:
	case PG_JSON:
	case PG_JSONB:
		return BY_TEXT;
	default:
		if (!pg_type(col)->native)
			return t->type == LT_CHAR ? "[rtrim(@,' ')^]" : BY_TEXT;
		return own_type(col, t) ? "$" : BY_TEXT;
	}
}

void
pg_order_expr(struct buf *out, const struct column *col, const struct vtype *t)
{
	pg_expr(out, order_template(col, t), col);
}

static void
bound_cond(struct buf *out, const struct sql_range *range,
    const struct cell *bound, const char *op)
{
	if (range->ncols > 1)
		buf_addc(out, '(');
	dialect_columns(out, &dialect_postgresql, range->columns, range->ncols);
	buf_addf(out, range->ncols > 1 ? ") %s (" : " %s ", op);
	for (size_t i = 0; i < range->ncols; i++) {
		if (i > 0)
			buf_adds(out, ", ");
		pg_literal(out, range->columns[i], &bound[i]);
	}
	if (range->ncols > 1)
		buf_addc(out, ')');
}

/*
 * The planner takes two comparisons of rows for conditions that have nothing to
 * do with each other: of 5 million rows it expects a million where there are
 * 117, and reads the table. What they say of the leading column it knows for a
 * range.
 */
static void
leading_cond(struct buf *out, const struct sql_range *range)
{
	const struct column *col = range->columns[0];

	pg_ident(out, col->name);
	buf_adds(out, " >= ");
	pg_literal(out, col, &range->lo[0]);
	buf_adds(out, " AND ");
	pg_ident(out, col->name);
	buf_adds(out, " <= ");
	pg_literal(out, col, &range->hi[0]);
	buf_adds(out, " AND ");
}

void
pg_range_cond(struct buf *out, const struct sql_range *range)
{
	if (range->lo == NULL && range->hi == NULL)
		buf_adds(out, "TRUE");
	if (range->ncols > 1 && range->lo != NULL && range->hi != NULL)
		leading_cond(out, range);
	if (range->lo != NULL)
		bound_cond(out, range, range->lo, ">=");
	if (range->lo != NULL && range->hi != NULL)
		buf_adds(out, " AND ");
	if (range->hi != NULL)
		bound_cond(out, range, range->hi, "<");
}

/*
 * A version of a row stays where it is: in its block of this file, which no
 * rewrite can replace under the lock that a reader holds until its snapshot
 * ends, so that a snapshot sees it in the same range always. The file may grow,
 * but behind the last range's beginning, or lose empty blocks at its end.
 */
void
pg_block_cond(struct buf *out, uint64_t first, uint64_t last)
{
	if (first > 0)
		buf_addf(out, "ctid >= '(%" PRIu64 ",0)'", first);
	if (first > 0 && last < UINT64_MAX)
		buf_adds(out, " AND ");
	if (last < UINT64_MAX)
		buf_addf(out, "ctid < '(%" PRIu64 ",0)'", last);
	if (first == 0 && last == UINT64_MAX)
		buf_adds(out, "TRUE");
}

/* '{"a","b"}'::text[] of column c of n keys. */
static void
key_array(struct buf *out, const struct column *const *cols, size_t ncols,
    size_t c, const struct cell *cells, size_t n)
{
	struct buf array = BUF_INIT, value = BUF_INIT;

	buf_addc(&array, '{');
	for (size_t i = 0; i < n; i++) {
		buf_reset(&value);
		pg_value_text(&value, cols[c], &cells[i * ncols + c]);
		buf_adds(&array, i > 0 ? ",\"" : "\"");
		for (size_t k = 0; k < value.len; k++) {
			if (value.data[k] == '"' || value.data[k] == '\\')
				buf_addc(&array, '\\');
			buf_addc(&array, value.data[k]);
		}
		buf_addc(&array, '"');
	}
	buf_addc(&array, '}');
	pg_quote(out, array.data, array.len);
	buf_addf(out, "::%s[]", pg_type(cols[c])->cast);
	buf_free(&array);
	buf_free(&value);
}

/* Does '=' hold for values that are not the same? */
static bool
is_lax(const struct column *col)
{
	return pg_wire(col) == PG_OTHER || pg_wire(col) == PG_INTERVAL ||
	       (col->wire & PG_NONDET) != 0;
}

static void
one_column(struct buf *out, const struct column *col, const struct cell *c)
{
	struct buf value = BUF_INIT;
	bool equal = false;

	pg_literal(&value, col, c);
	if (c->kind != CELL_NULL)
		equal = pg_equal(out, col, buf_str(&value));
	if (!equal || is_lax(col)) {
		buf_adds(out, equal ? " AND " : "");
		pg_guard(out, col, buf_str(&value));
	}
	buf_free(&value);
}

/* "a = 1 AND b = 'x'", with the exact comparison where '=' is not. */
static void
one_key(struct buf *out, const struct column *const *cols, size_t ncols,
    const struct cell *key)
{
	for (size_t c = 0; c < ncols; c++) {
		if (c > 0)
			buf_adds(out, " AND ");
		one_column(out, cols[c], &key[c]);
	}
}

static bool
use_arrays(const struct column *const *cols, size_t ncols,
    const struct cell *cells, size_t n)
{
	for (size_t c = 0; c < ncols; c++)
		if (!pg_type(cols[c])->array)
			return false;
	for (size_t i = 0; i < n * ncols; i++)
		if (cells[i].kind == CELL_NULL)
			return false;
	return true;
}

/* exact: not by the columns' own collations. */
static void
array_cond(struct buf *out, const struct column *const *cols, size_t ncols,
    const struct cell *cells, size_t n, bool exact)
{
	if (ncols > 1)
		buf_addc(out, '(');
	for (size_t c = 0; c < ncols; c++) {
		if (c > 0)
			buf_adds(out, ", ");
		pg_ident(out, cols[c]->name);
		if (exact && (cols[c]->wire & PG_NONDET))
			buf_adds(out, " COLLATE \"C\"");
	}
	buf_adds(out, ncols > 1 ? ") IN (SELECT * FROM unnest(" : " = ANY (");
	for (size_t c = 0; c < ncols; c++) {
		if (c > 0)
			buf_addc(out, ',');
		key_array(out, cols, ncols, c, cells, n);
	}
	buf_adds(out, ncols > 1 ? "))" : ")");
}

/*
 * One key column: = ANY (array). More: IN over unnest(), where the planner
 * counts the array and walks the index key by key. A collation that takes
 * unequal texts for equal gets the exact condition as well.
 */
void
pg_keys_cond(struct buf *out, const struct column *const *cols, size_t ncols,
    const struct cell *cells, size_t n)
{
	bool nondet = false;

	if (n == 0) {
		buf_adds(out, "FALSE");
		return;
	}
	if (!use_arrays(cols, ncols, cells, n)) {
		buf_addc(out, '(');
		for (size_t i = 0; i < n; i++) {
			if (i > 0)
				buf_adds(out, " OR ");
			one_key(out, cols, ncols, &cells[i * ncols]);
		}
		buf_addc(out, ')');
		return;
	}
	for (size_t c = 0; c < ncols; c++)
		nondet |= (cols[c]->wire & PG_NONDET) != 0;
	array_cond(out, cols, ncols, cells, n, false);
	if (nondet) {
		buf_adds(out, " AND ");
		array_cond(out, cols, ncols, cells, n, true);
	}
}

static void
key_order(struct buf *out, const struct column *const *cols, size_t ncols)
{
	for (size_t i = 0; i < ncols; i++) {
		struct vtype own = { .type = cols[i]->ltype };

		if (i > 0)
			buf_adds(out, ", ");
		pg_order_expr(out, cols[i], &own);
		/* On NOT NULL columns it would keep the index from use. */
		if (!cols[i]->notnull)
			buf_adds(out, " NULLS FIRST");
	}
}

static void
select_keys(struct buf *out, const struct column *const *cols, size_t ncols,
    const char *alias)
{
	for (size_t i = 0; i < ncols; i++) {
		if (i > 0)
			buf_adds(out, ", ");
		pg_select_expr(out, cols[i]);
		if (alias != NULL)
			buf_addf(out, " AS %s%zu", alias, i);
	}
}

static void
from_where(struct buf *out, const struct table *table, const char *sample)
{
	buf_addf(out, " FROM %s%s", table->from, sample);
	if (table->where != NULL)
		buf_addf(out, " WHERE (%s)", table->where);
}

/* Any relation: every n-th key in order, found by numbering all. */
static void
sample_numbered(struct buf *out, const struct table *table,
    const struct column *const *cols, size_t ncols, double every)
{
	buf_adds(out, "SELECT ");
	for (size_t i = 0; i < ncols; i++)
		buf_addf(out, "%sk%zu", i > 0 ? ", " : "", i);
	buf_adds(out, " FROM (SELECT ");
	select_keys(out, cols, ncols, "k");
	buf_adds(out, ", row_number() OVER (ORDER BY ");
	key_order(out, cols, ncols);
	buf_adds(out, ") AS n");
	from_where(out, table, "");
	buf_addf(out, ") AS trueup_k WHERE n %% %.0f = 0 ORDER BY n",
	    fmin(round(every), 1e18));
}

#define PARTS 1048576
#define SPREAD 4 /* pages that are read for each row of the sample */
/* Of fewer keys chance decides where they are, and whether there are any. */
#define KEYS_MIN 256

/*
 * Some rows of all pages means that all are read. Where so few are wanted that
 * most pages could do without, some pages are as good, whatever order the table
 * lies in, if few of them give more than one row: neighbours are no sample.
 */
static bool
sample_pages(
    const struct table *table, double every, struct buf *sample, struct buf *of)
{
	double rows = table->pages > 0 ? table->rows / table->pages : 0;

	if (rows < 1 || every < 4 * SPREAD * rows ||
	    table->rows / every < KEYS_MIN)
		return false;
	buf_addf(sample, " TABLESAMPLE SYSTEM (%.9f) REPEATABLE (1)",
	    100 * SPREAD * rows / every);
	buf_addf(of, "%shashtext(ctid::text) & %d < %.0f",
	    table->where != NULL ? " AND " : " WHERE ", PARTS - 1,
	    PARTS / SPREAD / rows);
	return true;
}

void
pg_sample(struct buf *out, const struct table *table,
    const struct column *const *cols, size_t ncols, double every)
{
	struct buf sample = BUF_INIT, of = BUF_INIT;
	bool stored = table->kind == REL_TABLE ||
	              table->kind == REL_PARTITIONED ||
	              table->kind == REL_MATVIEW;

	if (every > 1 && !stored) {
		sample_numbered(out, table, cols, ncols, every);
		return;
	}
	/* The same sample every time: a run can be repeated. */
	if (every > 1 && !sample_pages(table, every, &sample, &of))
		buf_addf(&sample,
		    " TABLESAMPLE BERNOULLI (%.9f) REPEATABLE (1)",
		    100 / every);
	buf_adds(out, "SELECT ");
	select_keys(out, cols, ncols, NULL);
	from_where(out, table, buf_str(&sample));
	buf_adds(out, buf_str(&of));
	buf_adds(out, " ORDER BY ");
	key_order(out, cols, ncols);
	buf_free(&sample);
	buf_free(&of);
}
