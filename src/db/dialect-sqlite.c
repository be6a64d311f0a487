#include <config.h>

#include "db/dialect-sqlite.h"
#include "db/dialect-track.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void
ident(struct buf *out, const char *name)
{
	buf_addc(out, '"');
	for (; *name != '\0'; name++) {
		if (*name == '"')
			buf_addc(out, '"');
		buf_addc(out, *name);
	}
	buf_addc(out, '"');
}

static void
select_expr(struct buf *out, const struct column *col)
{
	ident(out, col->name);
}

/* --- declared types ------------------------------------------------------ */

/* Upper-case words, as SQLite compares them: ASCII only. */
static bool
has_word(const char *type, const char *word)
{
	size_t n = strlen(word);

	for (; *type != '\0'; type++) {
		size_t i = 0;

		while (i < n && toupper((unsigned char)type[i]) == word[i])
			i++;
		if (i == n)
			return true;
	}
	return false;
}

static bool
has_any_word(const char *type, const char *const *words)
{
	for (; *words != NULL; words++)
		if (has_word(type, *words))
			return true;
	return false;
}

/* The order of the rows is SQLite's: "FLOATING POINT" has INT in it. */
static enum affinity
declared_affinity(const char *type)
{
	static const struct {
		const char *words[4];
		enum affinity affinity;
	} rules[] = {
		{ { "INT" }, AFF_INTEGER },
		{ { "CHAR", "CLOB", "TEXT" }, AFF_TEXT },
		{ { "BLOB" }, AFF_BLOB },
		{ { "REAL", "FLOA", "DOUB" }, AFF_REAL },
	};

	if (*type == '\0')
		return AFF_BLOB;
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (has_any_word(type, rules[i].words))
			return rules[i].affinity;
	return AFF_NUMERIC;
}

/* Types that SQLite does not know but people and ORMs declare. */
static enum ltype
declared_ltype(const char *type)
{
	static const struct {
		const char *words[3];
		enum ltype ltype;
	} rules[] = {
		{ { "BOOL" }, LT_NUM },
		{ { "DATETIME", "TIMESTAMP" }, LT_TS },
		{ { "DATE" }, LT_DATE },
		{ { "TIME" }, LT_TIME },
		{ { "UUID", "GUID" }, LT_UUID },
		{ { "JSON" }, LT_JSON },
	};

	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (has_any_word(type, rules[i].words))
			return rules[i].ltype;
	return LT_NONE;
}

static enum ltype
affinity_ltype(const struct column *col)
{
	switch (col->affinity) {
	case AFF_INTEGER:
	case AFF_NUMERIC:
		return LT_NUM;
	case AFF_REAL:
		return LT_F8;
	case AFF_TEXT:
		return LT_TEXT;
	case AFF_NONE:
	case AFF_BLOB:
		break;
	}
	return *col->type == '\0' ? LT_ANY : LT_BYTES;
}

/* DECIMAL(10,2): what it was meant to hold. SQLite itself does not care. */
static void
declared_digits(struct column *col)
{
	const char *p = strchr(col->type, '(');
	char *end;
	long n;

	if (p == NULL)
		return;
	n = strtol(p + 1, &end, 10);
	if (end == p + 1 || n < 0 || n > 1000)
		return;
	col->precision = (int)n;
	col->scale = 0;
	while (*end == ' ')
		end++;
	if (*end == ',')
		col->scale = (int)strtol(end + 1, NULL, 10);
}

void
sqlite_declared_type(struct column *col)
{
	col->precision = col->scale = col->frac = col->maxlen = -1;
	if (strcasecmp(col->type, "ANY") == 0) {
		col->affinity = col->strict ? AFF_BLOB : AFF_NUMERIC;
		col->ltype = LT_ANY;
		return;
	}
	col->affinity = declared_affinity(col->type);
	col->integer = col->affinity == AFF_INTEGER;
	col->ltype = declared_ltype(col->type);
	col->boolean = col->ltype == LT_NUM;
	if (col->ltype != LT_NONE)
		return;
	col->ltype = affinity_ltype(col);
	if (col->affinity == AFF_NUMERIC)
		declared_digits(col);
}

/* --- order --------------------------------------------------------------- */

static bool
is_numeric(enum affinity a)
{
	return a == AFF_INTEGER || a == AFF_NUMERIC || a == AFF_REAL;
}

/*
 * VALUES 3.1. That every stored value is of the class its type promises is not
 * decided here: whoever relies on the order looks at the rows.
 */
static bool
order_native(const struct column *col, const struct vtype *t)
{
	if (col->rowid_alias)
		return t->type == LT_NUM || t->type == LT_ANY;
	if (!col->bytewise)
		return false;
	switch (t->type) {
	case LT_NUM:
		return is_numeric(col->affinity);
	case LT_TEXT:
	case LT_UUID:
		return col->affinity == AFF_TEXT;
	case LT_BYTES:
		return col->affinity == AFF_BLOB;
	case LT_ANY:
		return true;
	case LT_NONE:
	case LT_F8:
	case LT_F4:
	case LT_CHAR:
	case LT_DATE:
	case LT_TIME:
	case LT_TS:
	case LT_TSTZ:
	case LT_INTERVAL:
	case LT_BITS:
	case LT_JSON:
	case LT_OTHER:
		break;
	}
	return false;
}

void
sqlite_spec(struct buf *out, const struct vtype *types, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_addc(out, (char)('A' + (int)types[i].type));
		buf_addc(out, (char)('A' + (int)types[i].loose));
	}
}

bool
sqlite_spec_parse(const char *spec, size_t len, struct vtype *types, size_t n)
{
	if (len != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int type = spec[2 * i] - 'A', loose = spec[2 * i + 1] - 'A';

		if (type < 0 || type > LT_ANY || loose < 0 || loose > LT_ANY)
			return false;
		types[i] = (struct vtype){ .type = (enum ltype)type,
			.loose = (enum ltype)loose };
	}
	return true;
}

static void
order_expr(struct buf *out, const struct column *col, const struct vtype *t)
{
	/* Anything may be in a column, so nothing else is sure. */
	if (col->rowid_alias && order_native(col, t)) {
		ident(out, col->name);
		return;
	}
	buf_adds(out, "trueup_key('");
	sqlite_spec(out, t, 1);
	buf_adds(out, "', ");
	ident(out, col->name);
	buf_addc(out, ')');
}

static void
bucket_expr(struct buf *out, const struct column *const *cols,
    const struct vtype *types, size_t n, uint32_t buckets)
{
	buf_adds(out, "trueup_bucket('");
	sqlite_spec(out, types, n);
	buf_addf(out, "', %" PRIu32 ", ", buckets);
	dialect_columns(out, &dialect_sqlite, cols, n);
	buf_addc(out, ')');
}

/* --- conditions ---------------------------------------------------------- */

/* "a", or ("a", "b"): a row value needs two columns. */
static void
row_columns(struct buf *out, const struct column *const *cols, size_t n)
{
	if (n > 1)
		buf_addc(out, '(');
	dialect_columns(out, &dialect_sqlite, cols, n);
	if (n > 1)
		buf_addc(out, ')');
}

static void
row_literals(struct buf *out, const struct column *const *cols,
    const struct cell *cells, size_t n)
{
	if (n > 1)
		buf_addc(out, '(');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_adds(out, ", ");
		sqlite_literal(out, cols[i], &cells[i]);
	}
	if (n > 1)
		buf_addc(out, ')');
}

static void
bound(struct buf *out, const struct sql_range *r, const char *op,
    const struct cell *cells)
{
	row_columns(out, r->columns, r->ncols);
	buf_adds(out, op);
	row_literals(out, r->columns, cells, r->ncols);
}

static void
range_cond(struct buf *out, const struct sql_range *r)
{
	if (r->lo != NULL)
		bound(out, r, " >= ", r->lo);
	if (r->lo != NULL && r->hi != NULL)
		buf_adds(out, " AND ");
	if (r->hi != NULL)
		bound(out, r, " < ", r->hi);
	if (r->lo == NULL && r->hi == NULL)
		buf_addc(out, '1');
}

/* Does the column's own = take more texts for equal than memcmp does? */
static bool
folds_text(const struct column *col)
{
	return col->collation != NULL &&
	       strcasecmp(col->collation, "BINARY") != 0;
}

/* "a" IS value: the form the index serves, then, if need be, the exact one. */
static void
equal(struct buf *out, const struct column *col, const struct cell *c)
{
	ident(out, col->name);
	buf_adds(out, c->kind == CELL_NULL ? " IS " : " = ");
	sqlite_literal(out, col, c);
	if (c->kind != CELL_TEXT || !folds_text(col))
		return;
	buf_adds(out, " AND ");
	ident(out, col->name);
	buf_adds(out, " COLLATE BINARY = ");
	sqlite_literal(out, col, c);
}

/* One column: 500 of 300,000 keys in 0.3 ms (integers) or 0.7 ms (texts). */
static void
keys_in(struct buf *out, const struct column *col, const struct cell *cells,
    size_t n)
{
	bool fold = folds_text(col), null = false, any = false;

	buf_adds(out, "((");
	for (int exact = 0; exact <= (fold ? 1 : 0); exact++) {
		if (exact)
			buf_adds(out, " AND ");
		ident(out, col->name);
		buf_adds(out, exact ? " COLLATE BINARY IN (" : " IN (");
		any = false;
		for (size_t i = 0; i < n; i++) {
			if (cells[i].kind == CELL_NULL) {
				null = true;
				continue;
			}
			if (any)
				buf_adds(out, ", ");
			sqlite_literal(out, col, &cells[i]);
			any = true;
		}
		buf_addc(out, ')');
	}
	buf_addc(out, ')');
	if (null) {
		buf_adds(out, " OR ");
		ident(out, col->name);
		buf_adds(out, " IS NULL");
	}
	buf_addc(out, ')');
}

/* SQLite refuses expressions more than 1000 levels deep; so does a chain of
 * that many ORs, unless it is cut into groups. */
#define OR_GROUP 256

/*
 * Several columns: 500 of 300,000 keys in 0.9 ms, as one index search each.
 * (a, b) IN (VALUES ...) scans the table: 26 ms.
 */
static void
keys_cond(struct buf *out, const struct column *const *cols, size_t ncols,
    const struct cell *cells, size_t n)
{
	if (n == 0 || ncols == 1) {
		if (n == 0)
			buf_addc(out, '0');
		else
			keys_in(out, cols[0], cells, n);
		return;
	}
	buf_adds(out, "((");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_adds(out, i % OR_GROUP == 0 ? ") OR (" : " OR ");
		buf_addc(out, '(');
		for (size_t j = 0; j < ncols; j++) {
			if (j > 0)
				buf_adds(out, " AND ");
			equal(out, cols[j], &cells[i * ncols + j]);
		}
		buf_addc(out, ')');
	}
	buf_adds(out, "))");
}

/* Whether an index leads straight from one key of this column to the next. */
static bool
can_walk(const struct table *table, const struct column *col)
{
	if (table->kind != REL_TABLE || table->where != NULL || !col->notnull)
		return false;
	for (size_t i = 0; i < table->nkeys; i++) {
		const struct index_key *k = &table->keys[i];

		if (k->ncols == 1 && &table->columns[k->cols[0]] == col &&
		    (col->rowid_alias || !folds_text(col)))
			return true;
	}
	return false;
}

/*
 * One key column with an index: step over `every` entries at a time, 20 to 30
 * ns an entry. Else a throw of dice per row, 90 ns a row; row_number() over the
 * key, which would be as even as the steps, costs 600.
 */
static void
sample(struct buf *out, const struct table *table,
    const struct column *const *cols, size_t ncols, double every)
{
	uint64_t step = every < 1      ? 1
	                : every < 1e15 ? (uint64_t)every
	                               : (uint64_t)1e15;

	if (ncols == 1 && can_walk(table, cols[0])) {
		struct buf k = BUF_INIT;

		ident(&k, cols[0]->name);
		buf_addf(out,
		    "WITH RECURSIVE trueup_s(k) AS (SELECT min(%s) FROM %s "
		    "UNION ALL SELECT (SELECT %s FROM %s WHERE %s > trueup_s.k "
		    "ORDER BY %s LIMIT 1 OFFSET %" PRIu64 ") FROM trueup_s "
		    "WHERE trueup_s.k IS NOT NULL) "
		    "SELECT k AS %s FROM trueup_s WHERE k IS NOT NULL",
		    buf_str(&k), table->from, k.data, table->from, k.data,
		    k.data, step - 1, k.data);
		buf_free(&k);
		return;
	}
	buf_adds(out, "SELECT ");
	dialect_columns(out, &dialect_sqlite, cols, ncols);
	buf_addf(out, " FROM %s WHERE ", table->from);
	if (table->where != NULL)
		buf_addf(out, "(%s) AND ", table->where);
	buf_addf(out, "random() %% %" PRIu64 " = 0 ORDER BY ", step);
	dialect_columns(out, &dialect_sqlite, cols, ncols);
}

/* --- writing ------------------------------------------------------------- */

static void
param(struct buf *out, const struct column *col, size_t i)
{
	(void)col;
	buf_addf(out, "?%zu", i);
}

/* The class of a literal that sqlite_literal() wrote; NULL: a parameter. */
static const char *
literal_class(const char *v)
{
	switch (v[0]) {
	case '\'':
	case 'c': /* cast(x'..' as text) */
		return "text";
	case 'x':
		return "blob";
	case '?':
		return NULL;
	}
	return strpbrk(v, ".e") != NULL ? "real" : "integer";
}

/*
 * A comparison alone is exact where the column's affinity leaves one form for
 * the value: no 1.0 beside 1 in a numeric column, no number in a text column;
 * and where no collation ignores case. A parameter's class is not known.
 */
static bool
equal_exact(const struct column *col, const char *value)
{
	const char *class = literal_class(value);

	if (col->rowid_alias)
		return true;
	if (class == NULL)
		return false;
	switch (col->affinity) {
	case AFF_INTEGER:
	case AFF_NUMERIC:
	case AFF_REAL:
		return class[0] == 'i' || class[0] == 'r';
	case AFF_TEXT:
		return class[0] == 't' && !folds_text(col);
	case AFF_NONE:
	case AFF_BLOB:
		break;
	}
	return class[0] == 'b';
}

static void
guard(struct buf *out, const struct column *col, const char *value)
{
	const char *class = literal_class(value);

	if (strcmp(value, "NULL") == 0 || equal_exact(col, value)) {
		ident(out, col->name);
		buf_addf(out, " IS %s", value);
		return;
	}
	buf_addc(out, '(');
	ident(out, col->name);
	buf_addf(out, " COLLATE BINARY IS %s AND typeof(", value);
	ident(out, col->name);
	if (class != NULL)
		buf_addf(out, ") = '%s')", class);
	else
		buf_addf(out, ") = typeof(%s))", value);
}

/* A column of that name hides the row's own number under it. */
static const char *
row_address(const struct table *table)
{
	static const char *const names[] = { "rowid", "_rowid_", "oid" };

	if (table->kind != REL_TABLE || table->without_rowid)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		bool hidden = false;

		for (size_t j = 0; j < table->ncolumns; j++)
			if (strcasecmp(table->columns[j].name, names[i]) == 0)
				hidden = true;
		if (!hidden)
			return names[i];
	}
	return NULL;
}

/*
 * Foreign keys are checked at the commit only: deferring them is a matter of
 * the transaction, so the pragma has to stand inside it.
 */
#define BEGIN_DEFERRED "BEGIN IMMEDIATE;\nPRAGMA defer_foreign_keys=ON;\n"

const struct dialect dialect_sqlite = {
	.name = "sqlite",
	.brand = "SQLite",
	.max_params = 32766,
	.ident = ident,
	.select_expr = select_expr,
	.order_expr = order_expr,
	.order_native = order_native,
	.bucket_expr = bucket_expr,
	.range_cond = range_cond,
	.keys_cond = keys_cond,
	.sample = sample,
	.convert = sqlite_convert,
	.literal = sqlite_literal,
	.param = param,
	.guard = guard,
	.equal_exact = equal_exact,
	.nulls_first = " NULLS FIRST",
	.limit = { " LIMIT ", "" },
	.skip = { " LIMIT ", ", ", "" },
	.insert_overriding = "",
	.insert_defaults = " DEFAULT VALUES",
	.row_address = row_address,
	.patch_begin = BEGIN_DEFERRED,
	.patch_commit = "COMMIT;\n",
	.track = &track_sql_sqlite,
	.cascades = sqlite_cascades,
	.create_marker = "CREATE TABLE IF NOT EXISTS " MARKER_TABLE
			 " (run TEXT PRIMARY KEY, batch INTEGER NOT NULL)",
	.from_nothing = "",
	.write_begin = BEGIN_DEFERRED,
};
