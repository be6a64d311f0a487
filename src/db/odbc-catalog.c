/*
 * Tables, columns and keys as the standard catalog calls tell them.
 * https://learn.microsoft.com/sql/odbc/reference/syntax/sqlcolumns-function
 */
#include <config.h>

#include "db/odbc-int.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- results of catalog calls --------------------------------------------- */

/* Column i (from 1) of the row at hand, NULL for NULL. */
static const char *
get_text(SQLHSTMT stmt, SQLUSMALLINT i, struct arena *arena)
{
	char text[1024];
	SQLLEN len = 0;

	if (!SQL_SUCCEEDED(
		SQLGetData(stmt, i, SQL_C_CHAR, text, sizeof(text), &len)) ||
	    len == SQL_NULL_DATA)
		return NULL;
	return arena_strdup(arena, text);
}

static long
get_number(SQLHSTMT stmt, SQLUSMALLINT i, long missing)
{
	SQLINTEGER n = 0;
	SQLLEN len = 0;

	if (!SQL_SUCCEEDED(
		SQLGetData(stmt, i, SQL_C_SLONG, &n, sizeof(n), &len)) ||
	    len == SQL_NULL_DATA)
		return missing;
	return n;
}

/* Call each() for the rows of a catalog call whose result was rc. */
static enum status
each_row(struct odbc *o, SQLHSTMT stmt, SQLRETURN rc,
    void (*each)(SQLHSTMT stmt, struct arena *arena, void *arg),
    struct arena *arena, void *arg, struct err *err)
{
	while (SQL_SUCCEEDED(rc)) {
		rc = SQLFetch(stmt);
		if (SQL_SUCCEEDED(rc))
			each(stmt, arena, arg);
	}
	return rc == SQL_NO_DATA
	           ? TU_OK
	           : odbc_fail(o, SQL_HANDLE_STMT, stmt, "the catalog", err);
}

/* For SQLTables() and its kind; NULL means all. */
static SQLCHAR *
text(const char *s)
{
	return (SQLCHAR *)s;
}

static SQLSMALLINT
length(const char *s)
{
	return s != NULL ? SQL_NTS : 0;
}

/* --- the list ------------------------------------------------------------- */

struct lister {
	struct odbc *o;
	struct buf tables;
};

static bool
is_system_schema(const char *schema)
{
	static const char *const names[] = { "information_schema", "pg_catalog",
		"pg_toast", "sys", "system", "ctxsys", "mdsys", "xdb" };

	for (size_t i = 0; schema != NULL && i < ARRAY_LEN(names); i++)
		if (strcasecmp(schema, names[i]) == 0)
			return true;
	return false;
}

static void
add_table(SQLHSTMT stmt, struct arena *arena, void *arg)
{
	struct lister *l = arg;
	const struct dialect *d = l->o->db.dialect;
	struct buf from = BUF_INIT;
	const char *schema, *name, *type;
	struct table t = { .rows = -1, .bytes = -1 };

	schema = get_text(stmt, 2, arena);
	name = get_text(stmt, 3, arena);
	type = get_text(stmt, 4, arena);
	if (!l->o->db.schemas || (schema != NULL && *schema == '\0'))
		schema = NULL;
	if (name == NULL || type == NULL || is_system_schema(schema))
		return;
	t.schema = schema;
	t.name = name;
	t.kind = strcasecmp(type, "VIEW") == 0 ? REL_VIEW : REL_TABLE;
	t.writable = t.kind == REL_TABLE;
	if (schema != NULL) {
		d->ident(&from, schema);
		buf_addc(&from, '.');
	}
	d->ident(&from, name);
	t.from = arena_strdup(arena, buf_str(&from));
	buf_free(&from);
	buf_add(&l->tables, &t, sizeof(t));
}

enum status
odbc_list(
    struct db *db, struct arena *arena, struct table_list *out, struct err *err)
{
	struct odbc *o = (struct odbc *)db;
	struct lister l = { .o = o };
	SQLHSTMT stmt;
	SQLRETURN rc;
	enum status st = odbc_new_statement(o, &stmt, err);

	if (st)
		return st;
	rc = SQLTables(
	    stmt, NULL, 0, NULL, 0, NULL, 0, text("TABLE,VIEW"), SQL_NTS);
	st = each_row(o, stmt, rc, add_table, arena, &l, err);
	odbc_free_statement(o, stmt);
	out->n = l.tables.len / sizeof(struct table);
	out->tables = arena_memdup(arena, l.tables.data, l.tables.len);
	buf_free(&l.tables);
	return st;
}

/* --- columns -------------------------------------------------------------- */

static void
set_text_type(struct column *col, enum ltype ltype, long size)
{
	col->ltype = ltype;
	col->maxlen = size > 0 && size < 1 << 28 ? (int)size : -1;
}

static void
set_exact_type(struct column *col, long size, long digits)
{
	col->ltype = LT_NUM;
	col->precision = size > 0 ? (int)size : -1;
	col->scale = (int)digits;
}

/* An integer that may be above 2^63 - 1 travels as its digits. */
static void
set_integer_type(struct column *col)
{
	col->ltype = LT_NUM;
	col->scale = 0;
	col->integer = strcasestr(col->type, "unsigned") == NULL;
}

/* The logical type of an SQL data type; -1 where size and digits mean nothing.
 */
static void
set_type(struct column *col, SQLSMALLINT type, long size, long digits)
{
	col->wire = type;
	col->precision = col->scale = col->frac = col->maxlen = -1;
	switch (type) {
	case SQL_BIT:
	case SQL_TINYINT:
	case SQL_SMALLINT:
	case SQL_INTEGER:
	case SQL_BIGINT:
		set_integer_type(col);
		break;
	case SQL_DECIMAL:
	case SQL_NUMERIC:
		set_exact_type(col, size, digits);
		break;
	case SQL_REAL:
		col->ltype = LT_F4;
		break;
	case SQL_FLOAT:
	case SQL_DOUBLE:
		col->ltype = LT_F8;
		break;
	case SQL_CHAR:
	case SQL_WCHAR:
		set_text_type(col, LT_CHAR, size);
		break;
	case SQL_VARCHAR:
	case SQL_WVARCHAR:
	case SQL_LONGVARCHAR:
	case SQL_WLONGVARCHAR:
		set_text_type(col, LT_TEXT, size);
		break;
	case SQL_BINARY:
	case SQL_VARBINARY:
	case SQL_LONGVARBINARY:
		set_text_type(col, LT_BYTES, size);
		break;
	case SQL_TYPE_DATE:
		col->ltype = LT_DATE;
		break;
	case SQL_TYPE_TIME:
		col->ltype = LT_TIME;
		col->frac = (int)digits;
		break;
	case SQL_TYPE_TIMESTAMP:
		col->ltype = LT_TS;
		col->frac = (int)digits;
		break;
	case SQL_GUID:
		col->ltype = LT_UUID;
		break;
	default:
		col->ltype = LT_OTHER;
		break;
	}
}

struct describer {
	const struct table *table;
	struct buf columns;
};

static void
add_column(SQLHSTMT stmt, struct arena *arena, void *arg)
{
	struct describer *d = arg;
	struct column col = { .name = "" };
	const char *schema = get_text(stmt, 2, arena);
	const char *table = get_text(stmt, 3, arena);
	long type, size, digits;

	col.name = get_text(stmt, 4, arena);
	type = get_number(stmt, 5, SQL_UNKNOWN_TYPE);
	col.type = get_text(stmt, 6, arena);
	size = get_number(stmt, 7, -1);
	digits = get_number(stmt, 9, -1);
	col.notnull = get_number(stmt, 11, SQL_NULLABLE) == SQL_NO_NULLS;
	/* The name was a pattern: a_b is also axb. */
	if (col.name == NULL || table == NULL ||
	    strcmp(table, d->table->name) != 0 ||
	    (d->table->schema != NULL && schema != NULL &&
		strcmp(schema, d->table->schema) != 0))
		return;
	if (col.type == NULL)
		col.type = "";
	set_type(&col, (SQLSMALLINT)type, size, digits);
	buf_add(&d->columns, &col, sizeof(col));
}

static enum status
read_columns(
    struct odbc *o, struct arena *arena, struct table *t, struct err *err)
{
	struct describer d = { .table = t };
	SQLHSTMT stmt;
	SQLRETURN rc;
	enum status st = odbc_new_statement(o, &stmt, err);

	if (st)
		return st;
	rc = SQLColumns(stmt, NULL, 0, text(t->schema), length(t->schema),
	    text(t->name), SQL_NTS, NULL, 0);
	st = each_row(o, stmt, rc, add_column, arena, &d, err);
	odbc_free_statement(o, stmt);
	t->ncolumns = d.columns.len / sizeof(struct column);
	t->columns = arena_memdup(arena, d.columns.data, d.columns.len);
	buf_free(&d.columns);
	return st;
}

/* --- keys ----------------------------------------------------------------- */

/* A column of a key: of the primary one, of a unique index, a foreign key. */
struct part {
	const char *index; /* NULL: has no name */
	const char *column;
	const char *ref_schema, *ref_table, *ref_column;
	long seq, rule;
	size_t at;     /* as it came: orders foreign keys without names */
	bool unusable; /* an expression, a filter */
};

static void
add_primary(SQLHSTMT stmt, struct arena *arena, void *arg)
{
	struct part p = { .column = get_text(stmt, 4, arena) };

	p.seq = get_number(stmt, 5, 0);
	buf_add(arg, &p, sizeof(p));
}

static void
add_index(SQLHSTMT stmt, struct arena *arena, void *arg)
{
	struct part p = { .index = NULL };
	long type;

	p.index = get_text(stmt, 6, arena);
	type = get_number(stmt, 7, SQL_TABLE_STAT);
	p.seq = get_number(stmt, 8, 0);
	p.column = get_text(stmt, 9, arena);
	p.unusable = p.column == NULL || get_text(stmt, 13, arena) != NULL;
	if (type != SQL_TABLE_STAT && p.index != NULL)
		buf_add(arg, &p, sizeof(p));
}

static void
add_foreign(SQLHSTMT stmt, struct arena *arena, void *arg)
{
	struct part p = { .index = NULL };

	p.ref_schema = get_text(stmt, 2, arena);
	p.ref_table = get_text(stmt, 3, arena);
	p.ref_column = get_text(stmt, 4, arena);
	p.column = get_text(stmt, 8, arena);
	p.seq = get_number(stmt, 9, 0);
	p.rule = get_number(stmt, 11, SQL_NO_ACTION);
	p.index = get_text(stmt, 12, arena);
	p.at = ((struct buf *)arg)->len;
	if (p.column != NULL && p.ref_table != NULL)
		buf_add(arg, &p, sizeof(p));
}

static int
compare_parts(const void *a, const void *b)
{
	const struct part *x = a, *y = b;
	int order = x->index == NULL || y->index == NULL
	                ? (x->index != NULL) - (y->index != NULL)
	                : strcmp(x->index, y->index);

	if (order == 0 && x->index == NULL)
		order = (x->at > y->at) - (x->at < y->at);
	return order != 0 ? order : (x->seq > y->seq) - (x->seq < y->seq);
}

static bool
same_index(const struct part *a, const struct part *b)
{
	return a->index == b->index || (a->index != NULL && b->index != NULL &&
					   strcmp(a->index, b->index) == 0);
}

/* How many parts from p on belong to one key. A foreign key without a name
 * begins anew with its first column. */
static size_t
count_parts(const struct part *p, size_t left)
{
	size_t n = 1;

	while (n < left && same_index(p, &p[n]) && p[n].seq > p[n - 1].seq)
		n++;
	return n;
}

static void
add_key(struct table *t, struct arena *arena, const struct part *p, size_t n,
    bool primary)
{
	struct index_key *k = &t->keys[t->nkeys];
	int *cols = arena_alloc(arena, n * sizeof(*cols));

	*k = (struct index_key){ .name = primary ? "primary key" : p->index,
		.primary = primary,
		.notnull = true,
		.ncols = n,
		.cols = cols };
	for (size_t i = 0; i < n; i++) {
		cols[i] =
		    p[i].unusable ? -1 : table_find_column(t, p[i].column);
		if (cols[i] < 0)
			return;
		k->notnull &= t->columns[cols[i]].notnull;
	}
	/* The primary key's own index is no second key. */
	for (size_t i = 0; i < t->nkeys; i++)
		if (t->keys[i].ncols == n &&
		    memcmp(t->keys[i].cols, cols, n * sizeof(*cols)) == 0)
			return;
	t->nkeys++;
}

static enum status
catalog_parts(struct odbc *o, struct arena *arena, const struct table *t,
    int what, struct buf *parts, struct err *err)
{
	SQLCHAR *schema = text(t->schema), *name = text(t->name);
	SQLSMALLINT len = length(t->schema);
	SQLHSTMT stmt;
	SQLRETURN rc;
	enum status st = odbc_new_statement(o, &stmt, err);

	if (st)
		return st;
	if (what == SQL_API_SQLPRIMARYKEYS) {
		rc = SQLPrimaryKeys(stmt, NULL, 0, schema, len, name, SQL_NTS);
		st = each_row(o, stmt, rc, add_primary, arena, parts, err);
	} else if (what == SQL_API_SQLSTATISTICS) {
		rc = SQLStatistics(stmt, NULL, 0, schema, len, name, SQL_NTS,
		    SQL_INDEX_UNIQUE, SQL_QUICK);
		st = each_row(o, stmt, rc, add_index, arena, parts, err);
	} else {
		rc = SQLForeignKeys(stmt, NULL, 0, NULL, 0, NULL, 0, NULL, 0,
		    schema, len, name, SQL_NTS);
		st = each_row(o, stmt, rc, add_foreign, arena, parts, err);
	}
	odbc_free_statement(o, stmt);
	/* A driver without such a call: no such keys. */
	if (st == TU_EQUERY && (strcmp(err->sqlstate, "IM001") == 0 ||
				   strcmp(err->sqlstate, "HYC00") == 0)) {
		err_clear(err);
		st = TU_OK;
	}
	if (parts->len > 0)
		qsort(parts->data, parts->len / sizeof(struct part),
		    sizeof(struct part), compare_parts);
	return st;
}

static enum status
read_keys(struct odbc *o, struct arena *arena, struct table *t, struct err *err)
{
	static const int calls[] = { SQL_API_SQLPRIMARYKEYS,
		SQL_API_SQLSTATISTICS };
	struct buf parts[2] = { BUF_INIT, BUF_INIT };
	enum status st = TU_OK;

	for (int i = 0; i < 2 && st == TU_OK; i++)
		st = catalog_parts(o, arena, t, calls[i], &parts[i], err);
	t->nkeys = 0;
	t->keys =
	    arena_alloc(arena, (parts[0].len + parts[1].len) /
				   sizeof(struct part) * sizeof(*t->keys));
	for (int i = 0; i < 2 && st == TU_OK; i++) {
		const struct part *p = (const struct part *)parts[i].data;
		size_t n = parts[i].len / sizeof(*p), len;

		for (size_t at = 0; at < n; at += len) {
			len = i == 0 ? n : count_parts(p + at, n - at);
			add_key(t, arena, p + at, len, i == 0);
		}
	}
	buf_free(&parts[0]);
	buf_free(&parts[1]);
	return st;
}

static const char *
rule_name(long rule)
{
	switch (rule) {
	case SQL_CASCADE:
		return "CASCADE";
	case SQL_SET_NULL:
		return "SET NULL";
	case SQL_SET_DEFAULT:
		return "SET DEFAULT";
	case SQL_RESTRICT:
		return "RESTRICT";
	}
	return "NO ACTION";
}

static void
add_fkey(struct table *t, struct arena *arena, const struct part *p, size_t n)
{
	struct fkey *f = &t->fkeys[t->nfkeys++];
	const char **cols = arena_alloc(arena, n * sizeof(*cols));
	const char **refs = arena_alloc(arena, n * sizeof(*refs));

	for (size_t i = 0; i < n; i++) {
		cols[i] = p[i].column;
		refs[i] = p[i].ref_column;
	}
	*f = (struct fkey){ .name = p->index != NULL ? p->index : "foreign key",
		.ncols = n,
		.cols = cols,
		.ref_schema = t->schema != NULL ? p->ref_schema : NULL,
		.ref_table = p->ref_table,
		.ref_cols = refs,
		.on_delete = rule_name(p->rule) };
}

static enum status
read_fkeys(
    struct odbc *o, struct arena *arena, struct table *t, struct err *err)
{
	struct buf parts = BUF_INIT;
	enum status st =
	    catalog_parts(o, arena, t, SQL_API_SQLFOREIGNKEYS, &parts, err);
	const struct part *p = (const struct part *)parts.data;
	size_t n = parts.len / sizeof(*p), len;

	t->nfkeys = 0;
	t->fkeys = arena_alloc(arena, n * sizeof(*t->fkeys));
	for (size_t at = 0; at < n && st == TU_OK; at += len) {
		len = count_parts(p + at, n - at);
		add_fkey(t, arena, p + at, len);
	}
	buf_free(&parts);
	return st;
}

enum status
odbc_describe(
    struct db *db, struct arena *arena, struct table *table, struct err *err)
{
	struct odbc *o = (struct odbc *)db;
	enum status st = read_columns(o, arena, table, err);

	if (st == TU_OK && table->ncolumns == 0)
		return err_set(err, TU_ESCHEMA,
		    "table '%s' is gone, or its columns may not be read",
		    table->name);
	if (st == TU_OK && table->kind == REL_TABLE)
		st = read_keys(o, arena, table, err);
	if (st == TU_OK && table->kind == REL_TABLE)
		st = read_fkeys(o, arena, table, err);
	return st;
}

/* --- queries -------------------------------------------------------------- */

static enum status
result_columns(struct odbc *o, SQLHSTMT stmt, struct arena *arena,
    struct table *t, struct err *err)
{
	SQLSMALLINT n = 0;

	if (!SQL_SUCCEEDED(SQLNumResultCols(stmt, &n)))
		return odbc_fail(o, SQL_HANDLE_STMT, stmt, NULL, err);
	t->columns = arena_alloc(arena, (size_t)n * sizeof(*t->columns));
	for (SQLUSMALLINT i = 1; i <= n; i++) {
		struct column *col = &t->columns[t->ncolumns++];
		SQLCHAR name[256] = "";
		char type[128] = "";
		SQLSMALLINT len, sql_type, digits, nullable;
		SQLULEN size;

		if (!SQL_SUCCEEDED(SQLDescribeCol(stmt, i, name, sizeof(name),
			&len, &sql_type, &size, &digits, &nullable)))
			return odbc_fail(o, SQL_HANDLE_STMT, stmt, NULL, err);
		SQLColAttribute(stmt, i, SQL_DESC_TYPE_NAME, type, sizeof(type),
		    &len, NULL);
		col->name = arena_strdup(arena, (const char *)name);
		col->type = arena_strdup(arena, type);
		set_type(col, sql_type, (long)size, digits);
		col->notnull = nullable == SQL_NO_NULLS;
	}
	return TU_OK;
}

enum status
odbc_describe_query(struct db *db, struct arena *arena, const char *sql,
    struct table *out, struct err *err)
{
	struct odbc *o = (struct odbc *)db;
	size_t len = strlen(sql);
	SQLHSTMT stmt;
	SQLRETURN rc;
	enum status st;

	while (len > 0 && strchr("; \t\r\n", sql[len - 1]) != NULL)
		len--;
	*out = (struct table){ .name = "query", .kind = REL_QUERY };
	out->rows = out->bytes = -1;
	/* The line break ends a comment behind the query. */
	out->from = arena_printf(arena, "(%.*s\n) trueup_q", (int)len, sql);
	st = odbc_new_statement(o, &stmt, err);
	if (st)
		return st;
	rc = SQLPrepare(stmt,
	    text(arena_printf(arena, "SELECT * FROM %s", out->from)), SQL_NTS);
	st = SQL_SUCCEEDED(rc) ? result_columns(o, stmt, arena, out, err)
	                       : odbc_fail(o, SQL_HANDLE_STMT, stmt, NULL, err);
	odbc_free_statement(o, stmt);
	return st;
}

/* --- changes of the shape ------------------------------------------------- */

enum status
odbc_table_version(struct db *db, const struct table *table, uint64_t *version,
    struct err *err)
{
	struct arena *arena = arena_new(4096);
	struct table now = { .schema = table->schema, .name = table->name };
	uint64_t h = 14695981039346656037U; /* FNV-1a */
	enum status st = TU_OK;

	if (table->kind != REL_QUERY)
		st = read_columns((struct odbc *)db, arena, &now, err);
	for (size_t i = 0; i < now.ncolumns; i++) {
		const struct column *c = &now.columns[i];

		for (const char *p = c->name; *p != '\0'; p++)
			h = (h ^ (unsigned char)*p) * 1099511628211U;
		h = (h ^ (uint64_t)(uint32_t)c->wire) * 1099511628211U;
		h = (h ^ (uint64_t)(uint32_t)c->maxlen) * 1099511628211U;
	}
	*version = h;
	arena_free(arena);
	return st;
}
