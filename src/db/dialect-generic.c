#include <config.h>

#include "db/dialect-generic.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "value/num.h"

/* Oracle takes 1000 values in a list; others are slow long before. */
#define LIST_MAX 200

/* --- names ---------------------------------------------------------------- */

static void
quoted(struct buf *out, const char *name, char quote)
{
	buf_addc(out, quote);
	for (; *name != '\0'; name++) {
		if (*name == quote)
			buf_addc(out, quote);
		buf_addc(out, *name);
	}
	buf_addc(out, quote);
}

static void
ident_standard(struct buf *out, const char *name)
{
	quoted(out, name, '"');
}

static void
ident_backtick(struct buf *out, const char *name)
{
	quoted(out, name, '`');
}

/* Words that stand for a value where a column's name should. */
static bool
is_value_word(const char *name)
{
	static const char *const words[] = { "current_catalog", "current_date",
		"current_role", "current_schema", "current_time",
		"current_timestamp", "current_user", "default", "false",
		"level", "localtime", "localtimestamp", "null", "rownum",
		"session_user", "sysdate", "system_user", "systimestamp",
		"true", "uid", "user" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasecmp(name, words[i]) == 0)
			return true;
	return false;
}

static bool
is_word(const char *name)
{
	if (*name >= '0' && *name <= '9')
		return false;
	for (const char *p = name; *p != '\0'; p++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
			   "WXYZ0123456789_",
			*p) == NULL &&
		    (unsigned char)*p < 0x80)
			return false;
	return *name != '\0';
}

/*
 * A source that cannot quote. A name that would be read as something else (1,
 * USER) is written so that no parser takes it: a statement that fails is better
 * than a column of constants that compare equal.
 */
static void
ident_bare(struct buf *out, const char *name)
{
	bool plain = is_word(name) && !is_value_word(name);

	buf_adds(out, plain ? "" : ". ");
	buf_adds(out, name);
	buf_adds(out, plain ? "" : " .");
}

void
generic_expr(struct buf *out, const struct dialect *d, const char *tmpl,
    const struct column *col)
{
	for (; *tmpl != '\0'; tmpl++) {
		if (*tmpl == '$')
			d->ident(out, col->name);
		else
			buf_addc(out, *tmpl);
	}
}

/* --- values --------------------------------------------------------------- */

void
generic_quote(struct buf *out, const char *s, size_t n)
{
	buf_addc(out, '\'');
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\'')
			buf_addc(out, '\'');
		buf_addc(out, s[i]);
	}
	buf_addc(out, '\'');
}

void
generic_double(struct buf *out, double f)
{
	size_t at = out->len;

	out->len += num_print_f64(buf_reserve(out, NUM_PRINT_MAX), f);
	if (isfinite(f) && memchr(out->data + at, 'e', out->len - at) == NULL)
		buf_adds(out, "E0");
}

bool
generic_is_decimal(const struct cell *c)
{
	size_t i = c->len > 0 && c->u.p[0] == '-', digits = 0, points = 0;

	for (; i < c->len; i++) {
		digits += c->u.p[i] >= '0' && c->u.p[i] <= '9';
		points += c->u.p[i] == '.';
	}
	return digits > 0 && points <= 1 &&
	       digits + points + (c->u.p[0] == '-') == c->len;
}

/* Backslashes are plain in standard SQL and an escape in MySQL's. */
bool
generic_is_plain(const struct cell *c)
{
	for (size_t i = 0; i < c->len; i++)
		if ((unsigned char)c->u.p[i] < 0x20 || c->u.p[i] == 0x7f ||
		    c->u.p[i] == '\\')
			return false;
	return true;
}

static const char *
literal_refuses(const struct column *col, const struct cell *c)
{
	(void)col;
	if (c->kind != CELL_TEXT || generic_is_plain(c))
		return NULL;
	return "brands disagree on how a control character or a backslash is "
	       "written in SQL";
}

/*
 * Quoted, a date or a boolean is what most brands take; DATE '...' and TRUE
 * are not. What literal_refuses() refuses is written as no SQL at all.
 */
static void
literal(struct buf *out, const struct column *col, const struct cell *c)
{
	switch (c->kind) {
	case CELL_NULL:
		buf_adds(out, "NULL");
		break;
	case CELL_INT:
		buf_addf(
		    out, col->boolean ? "'%" PRId64 "'" : "%" PRId64, c->u.i);
		break;
	case CELL_F64:
		generic_double(out, c->u.f);
		break;
	case CELL_TEXT:
		if (literal_refuses(col, c) != NULL) {
			buf_adds(out, "(no literal)");
		} else if (col->ltype == LT_NUM && generic_is_decimal(c)) {
			buf_add(out, c->u.p, c->len);
		} else {
			buf_adds(out, col->ltype == LT_BITS ? "B" : "");
			generic_quote(out, c->u.p, c->len);
		}
		break;
	case CELL_BYTES:
		buf_adds(out, "X'");
		buf_addhex(out, c->u.p, c->len);
		buf_addc(out, '\'');
		break;
	}
}

void
generic_param(struct buf *out, const struct column *col, size_t i)
{
	(void)col;
	buf_addf(out, "?%zu", i);
}

/* --- conditions ----------------------------------------------------------- */

bool
generic_order_native(const struct column *col, const struct vtype *t)
{
	return col->integer && col->notnull && t->type == LT_NUM &&
	       t->loose == LT_NONE;
}

static void
compare(struct buf *out, const struct dialect *d, const struct column *col,
    const char *op, const struct cell *c)
{
	d->ident(out, col->name);
	buf_adds(out, op);
	d->literal(out, col, c);
}

/* The bound from column i on; last is the operator of the last column. */
static void
bound_from(struct buf *out, const struct dialect *d, const struct sql_range *r,
    const struct cell *bound, size_t i, bool low)
{
	bool last = i + 1 == r->ncols;

	compare(out, d, r->columns[i],
	    !last ? (low ? " > " : " < ")
	    : low ? " >= "
		  : " < ",
	    &bound[i]);
	if (last)
		return;
	buf_adds(out, " OR (");
	compare(out, d, r->columns[i], " = ", &bound[i]);
	buf_adds(out, i + 2 == r->ncols ? " AND " : " AND (");
	bound_from(out, d, r, bound, i + 1, low);
	buf_adds(out, i + 2 == r->ncols ? ")" : "))");
}

static void
bound_cond(struct buf *out, const struct dialect *d, const struct sql_range *r,
    const struct cell *bound, bool low)
{
	if (r->ncols > 1) {
		compare(out, d, r->columns[0], low ? " >= " : " <= ", bound);
		buf_adds(out, " AND (");
	}
	bound_from(out, d, r, bound, 0, low);
	if (r->ncols > 1)
		buf_addc(out, ')');
}

void
generic_range_cond(
    struct buf *out, const struct dialect *d, const struct sql_range *range)
{
	if (range->lo != NULL)
		bound_cond(out, d, range, range->lo, true);
	if (range->lo != NULL && range->hi != NULL)
		buf_adds(out, " AND ");
	if (range->hi != NULL)
		bound_cond(out, d, range, range->hi, false);
	if (range->lo == NULL && range->hi == NULL)
		buf_adds(out, "1=1");
}

static bool
is_safe(const struct dialect *d, const struct column *col, const struct cell *c)
{
	return d->literal_refuses == NULL || d->literal_refuses(col, c) == NULL;
}

void
generic_guard(struct buf *out, const struct dialect *d,
    const struct column *col, const char *value)
{
	d->ident(out, col->name);
	if (strcmp(value, "NULL") == 0)
		buf_adds(out, " IS NULL");
	else
		buf_addf(out, " = %s", value);
}

/* One column: values in lists, what has no literal as "any but NULL". */
static void
keys_in(struct buf *out, const struct dialect *d, const struct column *col,
    const struct cell *cells, size_t n)
{
	bool null = false, any = false;
	size_t listed = 0;

	buf_addc(out, '(');
	for (size_t i = 0; i < n; i++) {
		if (cells[i].kind == CELL_NULL) {
			null = true;
			continue;
		}
		if (!is_safe(d, col, &cells[i])) {
			any = true;
			continue;
		}
		if (listed % LIST_MAX == 0) {
			buf_adds(out, listed > 0 ? ") OR " : "");
			d->ident(out, col->name);
			buf_adds(out, " IN (");
		} else {
			buf_addc(out, ',');
		}
		d->literal(out, col, &cells[i]);
		listed++;
	}
	buf_adds(out, listed > 0 ? ")" : "");
	for (int k = 0; k < 2; k++) {
		if (!(k == 0 ? null : any))
			continue;
		buf_adds(out, listed++ > 0 ? " OR " : "");
		d->ident(out, col->name);
		buf_adds(out, k == 0 ? " IS NULL" : " IS NOT NULL");
	}
	buf_addc(out, ')');
}

static void
one_key(struct buf *out, const struct dialect *d,
    const struct column *const *cols, size_t ncols, const struct cell *key)
{
	buf_addc(out, '(');
	for (size_t i = 0; i < ncols; i++) {
		struct buf value = BUF_INIT;

		buf_adds(out, i > 0 ? " AND " : "");
		if (is_safe(d, cols[i], &key[i])) {
			d->literal(&value, cols[i], &key[i]);
			generic_guard(out, d, cols[i], buf_str(&value));
			if (key[i].kind != CELL_NULL &&
			    !d->equal_exact(cols[i], buf_str(&value))) {
				buf_adds(out, " AND ");
				d->guard(out, cols[i], buf_str(&value));
			}
		} else {
			d->ident(out, cols[i]->name);
			buf_adds(out, " IS NOT NULL");
		}
		buf_free(&value);
	}
	buf_addc(out, ')');
}

void
generic_keys_cond(struct buf *out, const struct dialect *d,
    const struct column *const *cols, size_t ncols, const struct cell *cells,
    size_t n)
{
	if (n == 0) {
		buf_adds(out, "1=0");
		return;
	}
	if (ncols == 1 && d->equal_exact(cols[0], "")) {
		keys_in(out, d, cols[0], cells, n);
		return;
	}
	/* In groups: parsers count how deep a chain of ORs is. */
	buf_adds(out, "((");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_adds(out, i % LIST_MAX == 0 ? ") OR (" : " OR ");
		one_key(out, d, cols, ncols, &cells[i * ncols]);
	}
	buf_adds(out, "))");
}

/* Every guard is '=' here, whatever that means to the server. */
static bool
equal_exact(const struct column *col, const char *value)
{
	(void)col;
	(void)value;
	return true;
}

/* --- the dialects --------------------------------------------------------- */

static void
select_standard(struct buf *out, const struct column *col)
{
	ident_standard(out, col->name);
}

static void
select_backtick(struct buf *out, const struct column *col)
{
	ident_backtick(out, col->name);
}

static void
select_bare(struct buf *out, const struct column *col)
{
	ident_bare(out, col->name);
}

/*
 * libsqliteodbc ends texts at a NUL byte, rounds reals to 15 digits and forgets
 * what class a value has: what it would change is refused. SQLite has no error
 * of one's own in an expression, but this one quotes its argument.
 */
#define REFUSED                                                          \
	"json_extract('{}','SQLite''s ODBC driver would change a value " \
	"of this column: name the file itself')"
#define TEXT                                                               \
	" WHEN 'text' THEN CASE WHEN instr(CAST($ AS BLOB),x'00')=0 THEN " \
	"$ ELSE " REFUSED " END"
#define FIFTEEN_DIGITS \
	"CAST(printf"  \
	"('%!.15g',$) AS REAL)"
#define REAL                                                                \
	" WHEN 'integer' THEN $ WHEN 'real' THEN CASE WHEN " FIFTEEN_DIGITS \
	"=$ THEN $ ELSE " REFUSED " END"

static void
select_sqliteodbc(struct buf *out, const struct column *col)
{
	const char *classes = TEXT;

	if (col->ltype == LT_NUM)
		classes = REAL TEXT;
	else if (col->ltype == LT_F8 || col->ltype == LT_F4)
		classes = REAL;
	else if (col->ltype == LT_BYTES)
		classes = " WHEN 'blob' THEN $ WHEN 'text' THEN $";
	buf_adds(out, "CASE typeof(");
	ident_standard(out, col->name);
	buf_adds(out, ") WHEN 'null' THEN NULL");
	generic_expr(out, &dialect_generic, classes, col);
	buf_adds(out, " ELSE " REFUSED " END");
}

/*
 * A dialect by how it quotes names and what it selects; BEGIN and COMMIT are
 * the driver's, whatever the brand.
 */
#define GENERIC_DIALECT(self, quoting, selecting, people)                 \
	static void self##_range_cond(                                    \
	    struct buf *out, const struct sql_range *range)               \
	{                                                                 \
		generic_range_cond(out, &self, range);                    \
	}                                                                 \
	static void self##_keys_cond(struct buf *out,                     \
	    const struct column *const *cols, size_t ncols,               \
	    const struct cell *cells, size_t n)                           \
	{                                                                 \
		generic_keys_cond(out, &self, cols, ncols, cells, n);     \
	}                                                                 \
	static void self##_guard(                                         \
	    struct buf *out, const struct column *col, const char *value) \
	{                                                                 \
		generic_guard(out, &self, col, value);                    \
	}                                                                 \
	const struct dialect self = {                                     \
		.name = "generic",                                        \
		.brand = people,                                          \
		.max_params = 900,                                        \
		.ident = quoting,                                         \
		.select_expr = selecting,                                 \
		.order_native = generic_order_native,                     \
		.range_cond = self##_range_cond,                          \
		.keys_cond = self##_keys_cond,                            \
		.convert = generic_convert,                               \
		.literal = literal,                                       \
		.literal_refuses = literal_refuses,                       \
		.param = generic_param,                                   \
		.params_not_null = true,                                  \
		.guard = self##_guard,                                    \
		.equal_exact = equal_exact,                               \
		.nulls_first = "",                                        \
		.limit = { "", "" },                                      \
		.insert_overriding = NULL,                                \
		.insert_defaults = " DEFAULT VALUES",                     \
		.patch_begin = "BEGIN;\n",                                \
		.patch_commit = "COMMIT;\n",                              \
		.from_nothing = "",                                       \
		.write_begin = "BEGIN;\n",                                \
	}

GENERIC_DIALECT(dialect_generic, ident_standard, select_standard, "ODBC");
GENERIC_DIALECT(
    dialect_generic_backtick, ident_backtick, select_backtick, "ODBC");
GENERIC_DIALECT(dialect_generic_bare, ident_bare, select_bare, "ODBC");
GENERIC_DIALECT(
    dialect_sqliteodbc, ident_standard, select_sqliteodbc, "SQLite by ODBC");
