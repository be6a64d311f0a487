/*
 * Connections, statements without rows, transactions, cancel.
 */
#include <config.h>

#include "db/odbc-int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/env.h"
#include "base/log.h"

#define DRIVERS_MAX 64

/* --- connecting ----------------------------------------------------------- */

static enum status
new_environment(struct odbc *o, struct err *err)
{
	if (!SQL_SUCCEEDED(
		SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &o->env)))
		return err_set(
		    err, TU_ECONNECT, "unixODBC gives no environment");
	SQLSetEnvAttr(
	    o->env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0);
	return TU_OK;
}

/* The name of an installed driver for MariaDB; it lives in the arena. */
static enum status
find_driver(
    struct odbc *o, struct arena *arena, const char **out, struct err *err)
{
	const char *names[DRIVERS_MAX];
	SQLCHAR name[256], attributes[4096];
	SQLSMALLINT name_len, attributes_len;
	SQLUSMALLINT direction = SQL_FETCH_FIRST;
	size_t n = 0;

	while (n < DRIVERS_MAX && SQL_SUCCEEDED(SQLDrivers(o->env, direction,
				      name, sizeof(name), &name_len, attributes,
				      sizeof(attributes), &attributes_len))) {
		names[n++] = arena_strdup(arena, (const char *)name);
		direction = SQL_FETCH_NEXT;
	}
	*out = odbc_choose_driver(names, n);
	if (*out != NULL)
		return TU_OK;
	err_set(err, TU_ECONNECT,
	    "no ODBC driver for MariaDB or MySQL is installed (odbcinst -q -d "
	    "lists what is)");
	return err_hint(err, "apt-get install odbc-mariadb");
}

static enum status
connect_once(struct odbc *o, struct err *err)
{
	SQLSMALLINT len;
	SQLRETURN rc;

	if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_DBC, o->env, &o->dbc)))
		return odbc_fail(o, SQL_HANDLE_ENV, o->env, NULL, err);
	if (!o->write)
		SQLSetConnectAttr(o->dbc, SQL_ATTR_ACCESS_MODE,
		    (SQLPOINTER)SQL_MODE_READ_ONLY, 0);
	rc = SQLDriverConnect(o->dbc, NULL,
	    (SQLCHAR *)buf_str(&o->names.connection), SQL_NTS, NULL, 0, &len,
	    SQL_DRIVER_NOPROMPT);
	if (SQL_SUCCEEDED(rc))
		return TU_OK;
	odbc_fail(o, SQL_HANDLE_DBC, o->dbc, NULL, err);
	err->status = TU_ECONNECT;
	if (strcmp(err->sqlstate, "IM002") == 0)
		err_hint(err, "odbcinst -q -s lists the data sources");
	SQLFreeHandle(SQL_HANDLE_DBC, o->dbc);
	o->dbc = NULL;
	return TU_ECONNECT;
}

static void
disconnect(struct odbc *o)
{
	if (o->dbc == NULL)
		return;
	if (o->in_transaction)
		SQLEndTran(SQL_HANDLE_DBC, o->dbc, SQL_ROLLBACK);
	SQLDisconnect(o->dbc);
	SQLFreeHandle(SQL_HANDLE_DBC, o->dbc);
	o->dbc = NULL;
}

static void
get_info(struct odbc *o, SQLUSMALLINT what, char *out, size_t size)
{
	SQLSMALLINT len;

	*out = '\0';
	SQLGetInfo(o->dbc, what, out, (SQLSMALLINT)size, &len);
}

/*
 * A data source may have left out what we need of MariaDB's driver; of two
 * settings of one key the first counts, so it connects again with ours first.
 */
static enum status
connect_mariadb_again(struct odbc *o, struct err *err)
{
	struct buf options = BUF_INIT;

	if (strstr(o->driver, "maodbc") == NULL ||
	    strstr(buf_str(&o->names.connection), ODBC_MARIADB_OPTIONS))
		return TU_OK;
	disconnect(o);
	buf_adds(&options, buf_str(&o->names.connection));
	buf_adds(&options, ODBC_MARIADB_OPTIONS);
	explicit_bzero(o->names.connection.data, o->names.connection.cap);
	buf_free(&o->names.connection);
	o->names.connection = options;
	return connect_once(o, err);
}

static enum status
connect_server(struct odbc *o, struct err *err)
{
	enum status st = connect_once(o, err);

	if (st)
		return st;
	get_info(o, SQL_DRIVER_NAME, o->driver, sizeof(o->driver));
	st = connect_mariadb_again(o, err);
	if (st)
		return st;
	get_info(o, SQL_DBMS_NAME, o->dbms, sizeof(o->dbms));
	o->brand = odbc_find_brand(o->dbms, o->driver);
	o->db.dialect = o->brand->dialect;
	snprintf(o->db.display, sizeof(o->db.display), "%s",
	    buf_str(&o->names.display));
	get_info(o, SQL_DBMS_VER, o->db.version, sizeof(o->db.version));
	return o->brand->session(o, err);
}

static void
odbc_close(struct db *db)
{
	struct odbc *o = (struct odbc *)db;

	odbc_forget_prepared(o);
	disconnect(o);
	if (o->env != NULL)
		SQLFreeHandle(SQL_HANDLE_ENV, o->env);
	odbc_names_free(&o->names);
	pthread_mutex_destroy(&o->lock);
	free(o);
}

static enum status
odbc_open(const char *url, enum db_mode mode, struct db **out, struct err *err)
{
	struct odbc *o = calloc(1, sizeof(*o));
	struct arena *arena = arena_new(1024);
	const char *driver = NULL;
	enum status st;

	*out = NULL;
	if (o == NULL)
		out_of_memory(sizeof(*o));
	o->db.drv = &db_driver_odbc;
	o->write = mode == DB_WRITE;
	pthread_mutex_init(&o->lock, NULL);
	st = new_environment(o, err);
	if (st == TU_OK && odbc_needs_driver(url))
		st = find_driver(o, arena, &driver, err);
	if (st == TU_OK)
		st = odbc_parse(
		    url, driver, env_text("MYSQL_PWD"), &o->names, err);
	if (st == TU_OK)
		st = connect_server(o, err);
	arena_free(arena);
	if (st)
		odbc_close(&o->db);
	else
		*out = &o->db;
	return st;
}

/* --- statements ----------------------------------------------------------- */

enum status
odbc_new_statement(struct odbc *o, SQLHSTMT *out, struct err *err)
{
	*out = SQL_NULL_HSTMT;
	if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, o->dbc, out)))
		return odbc_fail(o, SQL_HANDLE_DBC, o->dbc, NULL, err);
	pthread_mutex_lock(&o->lock);
	o->running = *out;
	pthread_mutex_unlock(&o->lock);
	return TU_OK;
}

void
odbc_free_statement(struct odbc *o, SQLHSTMT stmt)
{
	pthread_mutex_lock(&o->lock);
	if (o->running == stmt)
		o->running = SQL_NULL_HSTMT;
	pthread_mutex_unlock(&o->lock);
	if (stmt != SQL_NULL_HSTMT)
		SQLFreeHandle(SQL_HANDLE_STMT, stmt);
}

static enum status
set_autocommit(struct odbc *o, bool on, struct err *err)
{
	SQLRETURN rc = SQLSetConnectAttr(o->dbc, SQL_ATTR_AUTOCOMMIT,
	    (SQLPOINTER)(on ? SQL_AUTOCOMMIT_ON : SQL_AUTOCOMMIT_OFF), 0);

	if (!SQL_SUCCEEDED(rc))
		return odbc_fail(o, SQL_HANDLE_DBC, o->dbc, NULL, err);
	o->in_transaction = !on;
	return TU_OK;
}

static enum status
end_transaction(struct odbc *o, SQLSMALLINT how, struct err *err)
{
	SQLRETURN rc = SQLEndTran(SQL_HANDLE_DBC, o->dbc, how);

	if (!SQL_SUCCEEDED(rc))
		return odbc_fail(o, SQL_HANDLE_DBC, o->dbc, NULL, err);
	return set_autocommit(o, true, err);
}

static enum status
run_statement(
    struct odbc *o, const char *sql, uint64_t *affected, struct err *err)
{
	SQLHSTMT stmt;
	SQLLEN rows = 0;
	SQLRETURN rc;
	enum status st;

	if (!o->brand->begins && strcmp(sql, "BEGIN") == 0)
		return set_autocommit(o, false, err);
	if (!o->brand->begins && strcmp(sql, "COMMIT") == 0)
		return end_transaction(o, SQL_COMMIT, err);
	if (!o->brand->begins && strcmp(sql, "ROLLBACK") == 0)
		return end_transaction(o, SQL_ROLLBACK, err);
	st = odbc_new_statement(o, &stmt, err);
	if (st)
		return st;
	rc = SQLExecDirect(stmt, (SQLCHAR *)sql, SQL_NTS);
	if (!SQL_SUCCEEDED(rc) && rc != SQL_NO_DATA)
		st = odbc_fail(o, SQL_HANDLE_STMT, stmt, NULL, err);
	else if (SQL_SUCCEEDED(rc))
		SQLRowCount(stmt, &rows);
	if (affected != NULL)
		*affected = rows > 0 ? (uint64_t)rows : 0;
	odbc_free_statement(o, stmt);
	return st;
}

/* Each statement but the last ends in ";\n". */
static enum status
odbc_exec(struct db *db, const char *sql, uint64_t *affected, struct err *err)
{
	struct odbc *o = (struct odbc *)db;
	struct buf one = BUF_INIT;
	enum status st = TU_OK;

	while (*sql != '\0' && st == TU_OK) {
		const char *end = strstr(sql, ";\n");
		size_t n = end != NULL ? (size_t)(end - sql) : strlen(sql);

		while (n > 0 && (sql[n - 1] == ';' || sql[n - 1] == '\n'))
			n--;
		buf_reset(&one);
		buf_add(&one, sql, n);
		if (n > 0)
			st = run_statement(o, buf_str(&one), affected, err);
		sql = end != NULL ? end + 2 : sql + strlen(sql);
	}
	buf_free(&one);
	return st;
}

/*
 * MariaDB's driver holds a lock of the connection while a statement runs, so
 * what ends it comes from a connection of its own.
 */
static void
kill_query(struct odbc *o)
{
	struct odbc other = { .brand = o->brand, .write = true };
	struct err ignored = ERR_INIT;

	buf_adds(&other.names.connection, buf_str(&o->names.connection));
	pthread_mutex_init(&other.lock, NULL);
	if (new_environment(&other, &ignored) == TU_OK &&
	    connect_once(&other, &ignored) == TU_OK)
		run_statement(&other, o->kill, NULL, &ignored);
	disconnect(&other);
	if (other.env != NULL)
		SQLFreeHandle(SQL_HANDLE_ENV, other.env);
	odbc_names_free(&other.names);
	pthread_mutex_destroy(&other.lock);
}

void
odbc_cancel(struct db *db)
{
	struct odbc *o = (struct odbc *)db;

	pthread_mutex_lock(&o->lock);
	if (o->running != SQL_NULL_HSTMT) {
		if (o->kill[0] != '\0')
			kill_query(o);
		else
			SQLCancel(o->running);
	}
	pthread_mutex_unlock(&o->lock);
}

/* --- what brands do in their own way -------------------------------------- */

static enum status
odbc_snapshot_begin(struct db *db, const char *id, struct err *err)
{
	struct odbc *o = (struct odbc *)db;
	enum status st;

	if (o->brand->snapshot_begin != NULL)
		return o->brand->snapshot_begin(db, id, err);
	if (o->brand->view == NULL)
		log_line(LOG_WARN,
		    "%s: nothing is known of snapshots on %s; rows that change "
		    "during the run may be reported",
		    o->db.display, o->dbms);
	st = run_statement(o, "BEGIN", NULL, err);
	if (st == TU_OK && o->brand->view != NULL)
		st = odbc_exec(db, o->brand->view, NULL, err);
	o->snapshot = st == TU_OK;
	return st;
}

static void
odbc_snapshot_end(struct db *db)
{
	struct odbc *o = (struct odbc *)db;
	struct err ignored = ERR_INIT;

	if (o->brand->snapshot_end != NULL) {
		o->brand->snapshot_end(db);
		return;
	}
	if (o->snapshot)
		run_statement(o, "ROLLBACK", NULL, &ignored);
	o->snapshot = false;
}

static enum status
any_list(
    struct db *db, struct arena *arena, struct table_list *out, struct err *err)
{
	const struct odbc_brand *b = ((struct odbc *)db)->brand;

	return (b->list != NULL ? b->list : odbc_list)(db, arena, out, err);
}

static enum status
any_describe(
    struct db *db, struct arena *arena, struct table *table, struct err *err)
{
	const struct odbc_brand *b = ((struct odbc *)db)->brand;

	return (b->describe != NULL ? b->describe : odbc_describe)(
	    db, arena, table, err);
}

static enum status
any_describe_query(struct db *db, struct arena *arena, const char *sql,
    struct table *out, struct err *err)
{
	const struct odbc_brand *b = ((struct odbc *)db)->brand;

	return (b->describe_query != NULL
		    ? b->describe_query
		    : odbc_describe_query)(db, arena, sql, out, err);
}

static enum status
any_table_version(struct db *db, const struct table *table, uint64_t *version,
    struct err *err)
{
	const struct odbc_brand *b = ((struct odbc *)db)->brand;

	return (b->table_version != NULL
		    ? b->table_version
		    : odbc_table_version)(db, table, version, err);
}

static void
odbc_library(struct buf *out)
{
	SQLCHAR version[64] = "";
	SQLHENV env;
	SQLHDBC dbc;
	SQLSMALLINT len;

	buf_adds(out, "unixODBC");
	if (!SQL_SUCCEEDED(
		SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &env)))
		return;
	SQLSetEnvAttr(env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0);
	if (SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_DBC, env, &dbc))) {
		if (SQL_SUCCEEDED(SQLGetInfo(
			dbc, SQL_DM_VER, version, sizeof(version), &len)))
			buf_addf(out, " %s", (const char *)version);
		SQLFreeHandle(SQL_HANDLE_DBC, dbc);
	}
	SQLFreeHandle(SQL_HANDLE_ENV, env);
}

/* No brand shares snapshots; caps are those of the most capable, and what a
 * server really can is in db->fold. */
const struct db_driver db_driver_odbc = {
	.name = "odbc",
	.caps = DB_CAP_FOLD | DB_CAP_REMOTE,
	.match = odbc_match,
	.open = odbc_open,
	.close = odbc_close,
	.exec = odbc_exec,
	.scan = odbc_scan,
	.next = odbc_next,
	.cursor_close = odbc_cursor_close,
	.batch = odbc_batch,
	.snapshot_begin = odbc_snapshot_begin,
	.snapshot_end = odbc_snapshot_end,
	.list = any_list,
	.describe = any_describe,
	.describe_query = any_describe_query,
	.table_version = any_table_version,
	.cancel = odbc_cancel,
	.library = odbc_library,
};
