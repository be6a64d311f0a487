/*
 * Which brand answers, and the brands that have no file of their own: they are
 * read through the standard catalog calls.
 */
#include <config.h>

#include "db/odbc-int.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "db/dialect-generic.h"
#include "db/dialect-oracle.h"
#include "db/dialect-sqlserver.h"

/* --- values --------------------------------------------------------------- */

/* What a driver that is not known is asked for (VALUES 4). */
static enum odbc_as
generic_as(const struct column *col)
{
	if (col == &db_int_column)
		return ODBC_AS_INT;
	switch (col->ltype) {
	case LT_NUM: /* what is no integer, drivers make 0 of */
		return col->integer ? ODBC_AS_DIGITS : ODBC_AS_CHAR;
	case LT_F8:
	case LT_F4:
		return ODBC_AS_DOUBLE;
	case LT_BYTES:
		return ODBC_AS_BINARY;
	case LT_TEXT:
	case LT_CHAR:
	case LT_JSON:
	case LT_OTHER:
	case LT_ANY:
	case LT_NONE:
		return ODBC_AS_WCHAR;
	case LT_DATE:
	case LT_TIME:
	case LT_TS:
	case LT_TSTZ:
	case LT_INTERVAL:
	case LT_UUID:
	case LT_BITS:
		break;
	}
	return ODBC_AS_CHAR;
}

/* '10:00:00.500' to '10:00:00.5'; what else it may be, canon.h reads. */
static void
generic_decode(const struct column *col, struct cell *cell)
{
	bool time = col->ltype == LT_TIME || col->ltype == LT_TS;

	if (!time || cell->kind != CELL_TEXT ||
	    memchr(cell->u.p, '.', cell->len) == NULL)
		return;
	while (cell->u.p[cell->len - 1] == '0')
		cell->len--;
	if (cell->u.p[cell->len - 1] == '.')
		cell->len--;
}

/* --- the brand that nobody knows ------------------------------------------ */

static void
set_version(struct odbc *o)
{
	char version[sizeof(o->db.version)];

	snprintf(version, sizeof(version), "%s", o->db.version);
	snprintf(o->db.version, sizeof(o->db.version), "%.30s %.30s", o->dbms,
	    version);
}

/* Has it a level above its tables? */
static bool
has_schemas(struct odbc *o)
{
	SQLUINTEGER usage = 0;
	SQLSMALLINT len;

	SQLGetInfo(o->dbc, SQL_SCHEMA_USAGE, &usage, sizeof(usage), &len);
	return (usage & SQL_SU_DML_STATEMENTS) != 0;
}

static enum status
generic_session(struct odbc *o, struct err *err)
{
	char quote[8] = "";
	SQLSMALLINT len;

	(void)err;
	SQLGetInfo(
	    o->dbc, SQL_IDENTIFIER_QUOTE_CHAR, quote, sizeof(quote), &len);
	o->db.dialect = strcmp(quote, "\"") == 0  ? &dialect_generic
	                : strcmp(quote, "`") == 0 ? &dialect_generic_backtick
	                                          : &dialect_generic_bare;
	o->db.schemas = has_schemas(o);
	set_version(o);
	return TU_OK;
}

static bool
generic_match(const char *dbms, const char *driver)
{
	(void)dbms;
	(void)driver;
	return true;
}

static const struct odbc_brand generic = {
	.name = "generic",
	.match = generic_match,
	.dialect = &dialect_generic,
	.session = generic_session,
	.as = generic_as,
	.decode = generic_decode,
};

/* --- SQLite's driver ------------------------------------------------------ */

static bool
sqlite_match(const char *dbms, const char *driver)
{
	(void)driver;
	return strncasecmp(dbms, "SQLite", 6) == 0;
}

static enum status
sqlite_session(struct odbc *o, struct err *err)
{
	log_line(LOG_INFO,
	    "%s: values that this driver would change fail the run; the file "
	    "itself is read faster and has none",
	    o->db.display);
	set_version(o);
	return o->write ? TU_OK
	                : o->db.drv->exec(
			      &o->db, "PRAGMA query_only = 1", NULL, err);
}

static const struct odbc_brand sqlite = {
	.name = "sqlite",
	/* A read makes the view stand. */
	.view = "SELECT count(*) FROM sqlite_master",
	.match = sqlite_match,
	.dialect = &dialect_sqliteodbc,
	.session = sqlite_session,
	.as = generic_as,
	.decode = generic_decode,
};

/* --- SQL Server, Oracle: untried ------------------------------------------ */

static bool
sqlserver_match(const char *dbms, const char *driver)
{
	(void)driver;
	return strcasecmp(dbms, "Microsoft SQL Server") == 0;
}

static enum status
sqlserver_session(struct odbc *o, struct err *err)
{
	enum status st;

	o->db.schemas = true;
	set_version(o);
	st = o->db.drv->exec(&o->db, SQLSERVER_SESSION, NULL, err);
	return st ? st : selftest_run(&o->db, &sqlserver_selftest, err);
}

static void
classify_sqlserver(struct table *t)
{
	for (size_t i = 0; i < t->ncolumns; i++)
		sqlserver_classify(&t->columns[i]);
}

static enum status
sqlserver_describe(
    struct db *db, struct arena *arena, struct table *table, struct err *err)
{
	enum status st = odbc_describe(db, arena, table, err);

	if (st == TU_OK)
		classify_sqlserver(table);
	return st;
}

static enum status
sqlserver_describe_query(struct db *db, struct arena *arena, const char *sql,
    struct table *out, struct err *err)
{
	enum status st = odbc_describe_query(db, arena, sql, out, err);

	if (st == TU_OK)
		classify_sqlserver(out);
	return st;
}

static const struct odbc_brand sqlserver = {
	.name = "sqlserver",
	.view = "SET TRANSACTION ISOLATION LEVEL SNAPSHOT",
	.match = sqlserver_match,
	.dialect = &dialect_sqlserver,
	.session = sqlserver_session,
	.as = generic_as,
	.decode = generic_decode,
	.describe = sqlserver_describe,
	.describe_query = sqlserver_describe_query,
};

static bool
oracle_match(const char *dbms, const char *driver)
{
	(void)driver;
	return strcasecmp(dbms, "Oracle") == 0;
}

static enum status
oracle_session(struct odbc *o, struct err *err)
{
	enum status st;

	o->db.schemas = true;
	set_version(o);
	st = o->db.drv->exec(&o->db, ORACLE_SESSION, NULL, err);
	return st ? st : selftest_run(&o->db, &oracle_selftest, err);
}

/* Unless it is known to be UTF-8, what it stores is not said to be. */
/* A self-test that passed has shown that texts are UTF-8 there. */
static void
classify_oracle(const struct db *db, struct table *t)
{
	for (size_t i = 0; i < t->ncolumns; i++)
		oracle_classify(&t->columns[i], db->fold);
}

static enum status
oracle_describe(
    struct db *db, struct arena *arena, struct table *table, struct err *err)
{
	enum status st = odbc_describe(db, arena, table, err);

	if (st == TU_OK)
		classify_oracle(db, table);
	return st;
}

static enum status
oracle_describe_query(struct db *db, struct arena *arena, const char *sql,
    struct table *out, struct err *err)
{
	enum status st = odbc_describe_query(db, arena, sql, out, err);

	if (st == TU_OK)
		classify_oracle(db, out);
	return st;
}

static const struct odbc_brand oracle = {
	.name = "oracle",
	.view = "SET TRANSACTION READ ONLY",
	.match = oracle_match,
	.dialect = &dialect_oracle,
	.session = oracle_session,
	.as = generic_as,
	.decode = generic_decode,
	.describe = oracle_describe,
	.describe_query = oracle_describe_query,
};

/* --- the list ------------------------------------------------------------- */

const struct odbc_brand *
odbc_find_brand(const char *dbms, const char *driver)
{
	static const struct odbc_brand *const brands[] = { &odbc_brand_mysql,
		&sqlite, &odbc_brand_psqlodbc, &sqlserver, &oracle };

	for (size_t i = 0; i < ARRAY_LEN(brands); i++)
		if (brands[i]->match(dbms, driver))
			return brands[i];
	return &generic;
}
