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
const char *
odbc_get_text(SQLHSTMT stmt, SQLUSMALLINT i, struct arena *arena)
{
	char text[1024];
	SQLLEN len = 0;

	if (!SQL_SUCCEEDED(
		SQLGetData(stmt, i, SQL_C_CHAR, text, sizeof(text), &len)) ||
	    len == SQL_NULL_DATA)
		return NULL;
	return arena_strdup(arena, text);
}

long
odbc_get_number(SQLHSTMT stmt, SQLUSMALLINT i, long missing)
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
enum status
odbc_each_row(struct odbc *o, SQLHSTMT stmt, SQLRETURN rc,
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

	schema = odbc_get_text(stmt, 2, arena);
	name = odbc_get_text(stmt, 3, arena);
	type = odbc_get_text(stmt, 4, arena);
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
	    stmt, NULL, 0, NULL, 0, NULL, 0, odbc_name("TABLE,VIEW"), SQL_NTS);
	st = odbc_each_row(o, stmt, rc, add_table, arena, &l, err);
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
	const char *schema = odbc_get_text(stmt, 2, arena);
	const char *table = odbc_get_text(stmt, 3, arena);
	long type, size, digits;

	col.name = odbc_get_text(stmt, 4, arena);
	type = odbc_get_number(stmt, 5, SQL_UNKNOWN_TYPE);
	col.type = odbc_get_text(stmt, 6, arena);
	size = odbc_get_number(stmt, 7, -1);
	digits = odbc_get_number(stmt, 9, -1);
	col.notnull = odbc_get_number(stmt, 11, SQL_NULLABLE) == SQL_NO_NULLS;
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
	rc = SQLColumns(stmt, NULL, 0, odbc_name(t->schema),
	    odbc_name_len(t->schema), odbc_name(t->name), SQL_NTS, NULL, 0);
	st = odbc_each_row(o, stmt, rc, add_column, arena, &d, err);
	odbc_free_statement(o, stmt);
	t->ncolumns = d.columns.len / sizeof(struct column);
	t->columns = arena_memdup(arena, d.columns.data, d.columns.len);
	buf_free(&d.columns);
	return st;
}

/* -------------------------------------------------------------------------- */

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
		st = odbc_read_keys(o, arena, table, err);
	if (st == TU_OK && table->kind == REL_TABLE)
		st = odbc_read_fkeys(o, arena, table, err);
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
	    (SQLCHAR *)arena_printf(arena, "SELECT * FROM %s", out->from),
	    SQL_NTS);
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
