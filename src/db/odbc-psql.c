/*
 * PostgreSQL through psqlODBC: a brand because that driver describes columns
 * wrongly (any numeric has 28 digits) and spells values in its own way, while
 * the server would tell. See dialect-psqlodbc.h.
 */
#include <config.h>

#include "db/odbc-int.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "db/dialect-generic.h"
#include "db/dialect-psqlodbc.h"

/* Not SET TRANSACTION: the driver puts a savepoint before each statement. */
#define READING                                                    \
	"SET default_transaction_isolation = 'repeatable read';\n" \
	"SET default_transaction_read_only = on"

static bool
match(const char *dbms, const char *driver)
{
	(void)driver;
	return strcmp(dbms, "PostgreSQL") == 0;
}

static enum status
session(struct odbc *o, struct err *err)
{
	char version[64];
	enum status st =
	    db_driver_odbc.exec(&o->db, PSQLODBC_SESSION, NULL, err);

	snprintf(version, sizeof(version), "%s", o->db.version);
	snprintf(
	    o->db.version, sizeof(o->db.version), "PostgreSQL %.40s", version);
	o->db.schemas = true;
	if (st == TU_OK && !o->write)
		st = db_driver_odbc.exec(&o->db, READING, NULL, err);
	if (st == TU_OK)
		log_line(LOG_INFO,
		    "%s: a postgresql:// URL reads the same database faster",
		    o->db.display);
	return st;
}

/*
 * Texts as SQL_C_CHAR, which is the UTF-8 that came from the server. Wide
 * characters go through this process's locale: they fail in "C" and are wrong
 * in ISO-8859-1. Fetched as bytes, the last piece of a text loses its last
 * byte.
 */
static enum odbc_as
as(const struct column *col)
{
	if (col->integer || col == &db_int_column)
		return ODBC_AS_DIGITS;
	if (col->ltype == LT_BYTES)
		return ODBC_AS_BINARY;
	return col->ltype == LT_F8 || col->ltype == LT_F4 ? ODBC_AS_DOUBLE
	                                                  : ODBC_AS_CHAR;
}

/* The base type of a domain, and what SQLColumns() does not tell. */
static const char columns_sql[] =
    "SELECT a.attname::text,"
    " CASE WHEN t.typtype = 'd'"
    " THEN pg_catalog.format_type(t.typbasetype, t.typtypmod)"
    " ELSE pg_catalog.format_type(a.atttypid, a.atttypmod) END,"
    " (a.attnotnull OR t.typnotnull)::int,"
    " (a.attgenerated <> '')::int, (a.attidentity = 'a')::int"
    " FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t"
    " ON t.oid = a.atttypid WHERE a.attnum > 0 AND NOT a.attisdropped"
    " AND a.attrelid = ";

static bool
is_true(const struct cell *c)
{
	return c->kind == CELL_INT && c->u.i != 0;
}

static enum status
read_columns(struct db *db, const char *sql, struct arena *arena,
    struct table *table, struct err *err)
{
	const struct column *cols[] = { &db_text_column, &db_text_column,
		&db_int_column, &db_int_column, &db_int_column };
	struct db_scan scan = { .sql = sql, .columns = cols, .ncolumns = 5 };
	struct cursor *cur = NULL;
	const struct row *row;
	enum status st = odbc_scan(db, &scan, &cur, err);

	while (st == TU_OK && (st = odbc_next(cur, &row, err)) == TU_OK &&
	       row != NULL) {
		const struct cell *c = row->cells;
		const char *name = arena_memdup(arena, c[0].u.p, c[0].len);
		int at = table_find_column(table, name);
		struct column *col = at < 0 ? NULL : &table->columns[at];

		if (col == NULL)
			continue;
		col->type = arena_memdup(arena, c[1].u.p, c[1].len);
		psqlodbc_classify(col);
		col->notnull |= is_true(&c[2]);
		col->generated = is_true(&c[3]);
		col->identity_always = is_true(&c[4]);
	}
	odbc_cursor_close(cur);
	return st;
}

static enum status
describe(
    struct db *db, struct arena *arena, struct table *table, struct err *err)
{
	struct buf sql = BUF_INIT;
	enum status st = odbc_describe(db, arena, table, err);

	if (st)
		return st;
	buf_adds(&sql, columns_sql);
	generic_quote(&sql, table->from, strlen(table->from));
	buf_adds(&sql, "::pg_catalog.regclass");
	st = read_columns(db, buf_str(&sql), arena, table, err);
	buf_free(&sql);
	return st;
}

/* Of a query the types are known without their lengths, row or no row. */
static enum status
describe_query(struct db *db, struct arena *arena, const char *query,
    struct table *out, struct err *err)
{
	enum status st = odbc_describe_query(db, arena, query, out, err);
	struct buf sql = BUF_INIT;

	for (size_t i = 0; i < out->ncolumns && st == TU_OK; i++) {
		struct column *col = &out->columns[i];
		struct cell type;
		bool found;

		buf_reset(&sql);
		generic_expr(&sql, &dialect_psqlodbc,
		    "SELECT pg_catalog.pg_typeof($)::text FROM "
		    "(SELECT 1) trueup_one LEFT JOIN ",
		    col);
		buf_addf(&sql, "%s ON false", out->from);
		st = db_one(db, buf_str(&sql), &db_text_column, arena, &type,
		    &found, err);
		if (st == TU_OK && found) {
			col->type = arena_memdup(arena, type.u.p, type.len);
			psqlodbc_classify(col);
		}
	}
	buf_free(&sql);
	return st;
}

const struct odbc_brand odbc_brand_psqlodbc = {
	.name = "psqlodbc",
	.begins = true,
	.view = "SELECT 1", /* makes the view stand */
	.match = match,
	.dialect = &dialect_psqlodbc,
	.session = session,
	.as = as,
	.describe = describe,
	.describe_query = describe_query,
};
