#include <config.h>

#include "db/sqlite.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/str.h"
#include "db/dialect-sqlite.h"
#include "db/dialect.h"
#include "db/sqlite-file.h"

/* How long a statement waits for another writer's lock. */
#define BUSY_MS 5000

struct sqlite_cursor {
	struct cursor base;
	sqlite3_stmt *stmt;
	bool utf16;
	struct row row;
	struct cell cells[];
};

static struct sqlite_db *
sqlite_of(struct db *db)
{
	return (struct sqlite_db *)db;
}

/* --- errors -------------------------------------------------------------- */

/* The SQLSTATE other brands would give (SQL standard, PostgreSQL's classes). */
static const struct {
	int rc;
	enum status status;
	const char *sqlstate;
	const char *text; /* NULL: the library's own */
	const char *hint;
} failures[] = {
	{ SQLITE_BUSY, TU_EQUERY, "55P03",
	    "the database is locked by another connection",
	    "waited 5 seconds; end the other transaction and try again" },
	{ SQLITE_LOCKED, TU_EQUERY, "55P03", NULL, NULL },
	{ SQLITE_INTERRUPT, TU_EQUERY, "57014", "the statement was cancelled",
	    NULL },
	{ SQLITE_CONSTRAINT, TU_EQUERY, "23000", NULL, NULL },
	{ SQLITE_READONLY, TU_EQUERY, "25006", NULL, NULL },
	{ SQLITE_FULL, TU_EIO, "53100", NULL, NULL },
	{ SQLITE_IOERR, TU_EIO, "58030", NULL, NULL },
	{ SQLITE_CORRUPT, TU_EIO, "XX001", NULL,
	    "the file is damaged: PRAGMA integrity_check says where" },
	{ SQLITE_CANTOPEN, TU_EIO, "58030", NULL, NULL },
};

enum status
sqlite_fail(sqlite3 *handle, int rc, const char *what, struct err *err)
{
	const char *sqlstate = "42000", *hint = NULL;
	const char *text = sqlite3_errmsg(handle);
	enum status status = TU_EQUERY;

	if ((rc & 0xff) == SQLITE_NOMEM)
		out_of_memory(0);
	for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
		if (failures[i].rc != (rc & 0xff))
			continue;
		status = failures[i].status;
		sqlstate = failures[i].sqlstate;
		hint = failures[i].hint;
		if (failures[i].text != NULL)
			text = failures[i].text;
		break;
	}
	if ((rc & 0xff) == SQLITE_INTERRUPT && interrupted())
		status = TU_EINTERRUPTED;
	if (what != NULL)
		err_set(err, status, "%s: %s", what, text);
	else
		err_set(err, status, "%s", text);
	snprintf(err->sqlstate, sizeof(err->sqlstate), "%s", sqlstate);
	if (hint != NULL)
		err_hint(err, "%s", hint);
	return status;
}

/* --- opening ------------------------------------------------------------- */

/*
 * Whatever has no scheme is a path. libpq writes its conninfo with '=', which
 * a file name may have too: then the file has to exist. A postgresql: without
 * its slashes is a slip, and its password would be shown as part of a path.
 */
static bool
sqlite_match(const char *url)
{
	struct stat sb;

	if (str_begins(url, "sqlite:") || str_begins(url, "file:"))
		return true;
	if (*url == '\0' || str_begins(url, "odbc:") ||
	    str_begins(url, "postgres:") || str_begins(url, "postgresql:") ||
	    strstr(url, "://") != NULL)
		return false;
	return strchr(url, '=') == NULL || stat(url, &sb) == 0;
}

static enum status
cannot_open(const char *path, const char *why, struct err *err)
{
	return err_set(err, TU_ECONNECT, "cannot open %s: %s", path, why);
}

/*
 * The library would make an empty path a temporary database, and says no more
 * than "unable to open database file" of everything else. URIs are its own.
 */
static enum status
check_file(const char *path, struct err *err)
{
	struct stat sb;

	if (str_begins(path, "file:"))
		return TU_OK;
	if (*path == '\0')
		return err_set(
		    err, TU_EUSAGE, "sqlite: needs a path behind it");
	if (stat(path, &sb) != 0)
		return cannot_open(path, strerror(errno), err);
	return TU_OK;
}

/* Counting every allocation under one lock makes two threads wait for each
 * other, and nobody reads the count. Too late after the first open: harmless.
 */
static void
drop_statistics(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static enum status
open_handle(
    struct sqlite_db *db, const char *path, enum db_mode mode, struct err *err)
{
	const int flags =
	    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
	    (str_begins(path, "file:") ? SQLITE_OPEN_URI : 0) |
	    (mode == DB_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	int rc, os;

	pthread_once(&once, drop_statistics);
	rc = sqlite3_open_v2(path, &db->handle, flags, NULL);
	os = db->handle != NULL ? sqlite3_system_errno(db->handle) : 0;
	if (db->handle == NULL)
		out_of_memory(0);
	if (rc != SQLITE_OK)
		return cannot_open(path,
		    os != 0 ? strerror(os) : sqlite3_errmsg(db->handle), err);
	/* The flag of a URI or of the file may have made it read-only. */
	if (mode == DB_WRITE && sqlite3_db_readonly(db->handle, "main") == 1)
		return cannot_open(path, strerror(EACCES), err);
	return TU_OK;
}

#define READ_SOMETHING "SELECT count(*) FROM sqlite_schema"

/*
 * A writer that was killed leaves a journal behind, and whoever reads next puts
 * the file back as it was before; only then can it be read, and a read-only
 * session may not. If we may not either the first statement says so.
 */
static void
put_back(struct sqlite_db *db, const char *path)
{
	sqlite3 *writer = NULL;
	int rc;

	if (str_begins(path, "file:")) /* its own flags may forbid it */
		return;
	(void)sqlite3_exec(db->handle, READ_SOMETHING, NULL, NULL, NULL);
	rc = sqlite3_extended_errcode(db->handle);
	if (rc != SQLITE_READONLY_ROLLBACK && rc != SQLITE_READONLY_RECOVERY)
		return;
	if (sqlite3_open_v2(path, &writer, SQLITE_OPEN_READWRITE, NULL) ==
	    SQLITE_OK) {
		sqlite3_busy_timeout(writer, BUSY_MS);
		(void)sqlite3_exec(writer, READ_SOMETHING, NULL, NULL, NULL);
		log_line(LOG_INFO,
		    "%s: a writer was killed, its journal was played back",
		    path);
	}
	sqlite3_close(writer);
}

/*
 * The first statement that reads the file: what is no database shows here.
 *
 * Reading sessions refuse "x" as a string where no column x is: a column that
 * is gone would otherwise read as its own name in every row. Writing ones run
 * the triggers of others, who may lean on that.
 */
static enum status
prepare_session(
    struct sqlite_db *db, const char *path, enum db_mode mode, struct err *err)
{
	const char *setup =
	    mode == DB_READ ? "PRAGMA query_only=ON" : "PRAGMA foreign_keys=ON";
	sqlite3_stmt *stmt;
	bool more = false;

	sqlite3_busy_timeout(db->handle, BUSY_MS);
	if (mode == DB_READ)
		sqlite3_db_config(
		    db->handle, SQLITE_DBCONFIG_DQS_DML, 0, (int *)NULL);
	if (sqlite_prepare(db,
		"SELECT (SELECT count(*) FROM sqlite_schema), encoding "
		"FROM pragma_encoding",
		NULL, &stmt, err) == TU_OK &&
	    sqlite_step(db, stmt, &more, err) == TU_OK && more) {
		const char *enc = (const char *)sqlite3_column_text(stmt, 1);

		db->wire = strcmp(enc, "UTF-8") == 0      ? SQLITE_WIRE_UTF8
		           : strcmp(enc, "UTF-16le") == 0 ? SQLITE_WIRE_UTF16LE
		                                          : SQLITE_WIRE_UTF16BE;
	}
	sqlite3_finalize(stmt);
	if (!more) {
		err->status = TU_ECONNECT;
		return err_context(err, "cannot open %s", path);
	}
	if (sqlite_add_functions(db->handle, db->wire != SQLITE_WIRE_UTF8) !=
		SQLITE_OK ||
	    sqlite_add_each(db->handle) != SQLITE_OK ||
	    sqlite3_exec(db->handle, setup, NULL, NULL, NULL) != SQLITE_OK)
		return cannot_open(path, sqlite3_errmsg(db->handle), err);
	return TU_OK;
}

static void
sqlite_close(struct db *base)
{
	struct sqlite_db *db = sqlite_of(base);

	/* Closing rolls back; _v2 also if a cursor was left open. */
	sqlite3_close_v2(db->handle);
	sqlite_file_leave(db->file);
	sqlite_file_leave(db->log_file);
	free(db);
}

static enum status
sqlite_open(
    const char *url, enum db_mode mode, struct db **out, struct err *err)
{
	const char *path = str_begins(url, "sqlite:") ? url + 7 : url;
	struct sqlite_db *db;
	enum status st;

	*out = NULL;
	st = check_file(path, err);
	if (st)
		return st;
	db = calloc(1, sizeof(*db));
	if (db == NULL)
		out_of_memory(sizeof(*db));
	db->base.drv = &db_driver_sqlite;
	db->base.dialect = &dialect_sqlite;
	db->base.side = "";
	snprintf(db->base.display, sizeof(db->base.display), "%s", path);
	snprintf(db->base.version, sizeof(db->base.version), "SQLite %s",
	    sqlite3_libversion());
	st = open_handle(db, path, mode, err);
	if (st == TU_OK && mode == DB_READ)
		put_back(db, path);
	if (st == TU_OK)
		db->file =
		    sqlite_file_enter(sqlite3_db_filename(db->handle, "main"));
	if (st == TU_OK)
		st = prepare_session(db, path, mode, err);
	if (st) {
		sqlite_close(&db->base);
		return st;
	}
	*out = &db->base;
	return TU_OK;
}

/* --- statements ---------------------------------------------------------- */

enum status
sqlite_prepare(struct sqlite_db *db, const char *sql, const char *arg,
    sqlite3_stmt **out, struct err *err)
{
	int rc = sqlite3_prepare_v2(db->handle, sql, -1, out, NULL);

	if (rc == SQLITE_OK && arg != NULL)
		rc = sqlite3_bind_text(*out, 1, arg, -1, SQLITE_TRANSIENT);
	return rc == SQLITE_OK ? TU_OK : sqlite_fail(db->handle, rc, NULL, err);
}

enum status
sqlite_step(
    struct sqlite_db *db, sqlite3_stmt *stmt, bool *more, struct err *err)
{
	int rc = sqlite3_step(stmt);

	*more = rc == SQLITE_ROW;
	if (rc == SQLITE_ROW || rc == SQLITE_DONE)
		return TU_OK;
	return sqlite_fail(db->handle, rc, NULL, err);
}

/*
 * changes() keeps the number of the last statement that changed rows and leaves
 * out what triggers did; total_changes() tells whether this one did.
 */
static enum status
run_statement(struct sqlite_db *db, sqlite3_stmt *stmt, uint64_t *affected,
    struct err *err)
{
	sqlite3_int64 before = sqlite3_total_changes64(db->handle);
	bool more = true;

	while (more) {
		enum status st = sqlite_step(db, stmt, &more, err);

		if (st)
			return st;
	}
	*affected = 0;
	if (sqlite3_total_changes64(db->handle) != before)
		*affected = (uint64_t)sqlite3_changes64(db->handle);
	return TU_OK;
}

static enum status
sqlite_exec(
    struct db *base, const char *sql, uint64_t *affected, struct err *err)
{
	struct sqlite_db *db = sqlite_of(base);
	uint64_t total = 0, n;

	while (*sql != '\0') {
		sqlite3_stmt *stmt;
		int rc = sqlite3_prepare_v2(db->handle, sql, -1, &stmt, &sql);
		enum status st;

		if (rc != SQLITE_OK)
			return sqlite_fail(db->handle, rc, NULL, err);
		if (stmt == NULL) /* white space or a comment */
			continue;
		st = run_statement(db, stmt, &n, err);
		sqlite3_finalize(stmt);
		if (st)
			return st;
		total += n;
	}
	if (affected != NULL)
		*affected = total;
	/* The snapshot may have ended with one of them. */
	if (sqlite3_get_autocommit(db->handle))
		db->log.state = SQLITE_LOG_UNKNOWN;
	return TU_OK;
}

/* --- rows ---------------------------------------------------------------- */

/*
 * Text as bytes, so that NUL and bytes that are no UTF-8 pass. Asking for the
 * blob of a UTF-16 text would give UTF-16.
 */
/* A cell that is returned is written in parts and read as a whole at once,
 * which the processor has to wait for: 0.2 of 1.4 s with 5 million rows a side.
 */
void
sqlite_cell(sqlite3_value *v, bool utf16, struct cell *c)
{
	c->len = 0;
	switch (sqlite3_value_type(v)) {
	case SQLITE_INTEGER:
		c->kind = CELL_INT;
		c->u.i = sqlite3_value_int64(v);
		return;
	case SQLITE_FLOAT:
		c->kind = CELL_F64;
		c->u.f = sqlite3_value_double(v);
		return;
	case SQLITE_NULL:
		c->kind = CELL_NULL;
		return;
	case SQLITE_TEXT:
		c->kind = CELL_TEXT;
		break;
	default:
		c->kind = CELL_BYTES;
		break;
	}
	if (c->kind == CELL_TEXT && utf16)
		c->u.p = (const char *)sqlite3_value_text(v);
	else
		c->u.p = sqlite3_value_blob(v);
	c->len = (size_t)sqlite3_value_bytes(v);
	if (c->u.p == NULL) {
		if (c->len > 0)
			out_of_memory(c->len);
		c->u.p = "";
	}
}

static enum status
sqlite_scan(struct db *base, const struct db_scan *scan, struct cursor **out,
    struct err *err)
{
	struct sqlite_db *db = sqlite_of(base);
	struct sqlite_cursor *cur;
	sqlite3_stmt *stmt;
	enum status st;

	*out = NULL;
	if (scan->flags & DB_SCAN_RAW)
		return err_set(err, TU_EBUG, "SQLite has no raw rows");
	st = sqlite_prepare(db, scan->sql, NULL, &stmt, err);
	if (st)
		return st;
	if ((size_t)sqlite3_column_count(stmt) != scan->ncolumns) {
		sqlite3_finalize(stmt);
		return err_set(err, TU_EBUG,
		    "a scan of %zu columns gave %d: %.200s", scan->ncolumns,
		    sqlite3_column_count(stmt), scan->sql);
	}
	cur = calloc(
	    1, sizeof(*cur) + (scan->ncolumns + 1) * sizeof(*cur->cells));
	if (cur == NULL)
		out_of_memory(sizeof(*cur));
	cur->base.db = base;
	cur->stmt = stmt;
	cur->utf16 = db->wire != SQLITE_WIRE_UTF8;
	cur->row.cells = cur->cells;
	cur->row.n = scan->ncolumns;
	*out = &cur->base;
	return TU_OK;
}

/*
 * sqlite3_column_value() once and sqlite3_value_*() on it: 1.5 of 3.8 s less
 * over 5 million rows of 9 columns than asking sqlite3_column_*() three times.
 */
static enum status
sqlite_next(struct cursor *base, const struct row **row, struct err *err)
{
	struct sqlite_cursor *cur = (struct sqlite_cursor *)base;
	uint64_t bytes = 0;
	int rc;

	*row = NULL;
	if (cur->stmt == NULL)
		return TU_OK;
	rc = sqlite3_step(cur->stmt);
	if (rc == SQLITE_DONE) {
		/* Another step would start the query again. */
		sqlite3_finalize(cur->stmt);
		cur->stmt = NULL;
		return TU_OK;
	}
	if (rc != SQLITE_ROW)
		return sqlite_fail(sqlite_of(base->db)->handle, rc, NULL, err);
	for (size_t i = 0; i < cur->row.n; i++) {
		struct cell *c = &cur->cells[i];

		sqlite_cell(
		    sqlite3_column_value(cur->stmt, (int)i), cur->utf16, c);
		bytes += c->kind >= CELL_TEXT ? c->len : 8;
	}
	base->db->bytes_in += bytes;
	*row = &cur->row;
	return TU_OK;
}

static void
sqlite_cursor_close(struct cursor *base)
{
	struct sqlite_cursor *cur = (struct sqlite_cursor *)base;

	if (cur == NULL)
		return;
	sqlite3_finalize(cur->stmt);
	free(cur);
}

/* --- batches ------------------------------------------------------------- */

/* A NULL pointer would bind NULL instead of an empty value. */
static int
bind_cell(sqlite3_stmt *stmt, int i, const struct cell *c)
{
	const char *p = c->kind >= CELL_TEXT && c->len > 0 ? c->u.p : "";

	switch (c->kind) {
	case CELL_INT:
		return sqlite3_bind_int64(stmt, i, c->u.i);
	case CELL_F64:
		return sqlite3_bind_double(stmt, i, c->u.f);
	case CELL_TEXT:
		return sqlite3_bind_text64(
		    stmt, i, p, c->len, SQLITE_STATIC, SQLITE_UTF8);
	case CELL_BYTES:
		return sqlite3_bind_blob64(stmt, i, p, c->len, SQLITE_STATIC);
	case CELL_NULL:
		break;
	}
	return sqlite3_bind_null(stmt, i);
}

static enum status
run_row(struct sqlite_db *db, sqlite3_stmt *stmt, const struct cell *params,
    size_t n, uint64_t *affected, struct err *err)
{
	enum status st = TU_OK;
	int rc = SQLITE_OK;

	for (size_t i = 0; i < n && rc == SQLITE_OK; i++)
		rc = bind_cell(stmt, (int)i + 1, &params[i]);
	if (rc != SQLITE_OK)
		st = sqlite_fail(db->handle, rc, NULL, err);
	else
		st = run_statement(db, stmt, affected, err);
	sqlite3_reset(stmt);
	return st;
}

static enum status
sqlite_batch(struct db *base, const struct db_batch *batch, struct err *err)
{
	struct sqlite_db *db = sqlite_of(base);
	sqlite3_stmt *stmt;
	enum status st;

	for (size_t i = 0; i < batch->nrows; i++)
		batch->affected[i] = 0;
	st = sqlite_prepare(db, batch->sql, NULL, &stmt, err);
	if (st)
		return st;
	for (size_t i = 0; i < batch->nrows && st == TU_OK; i++) {
		st = run_row(db, stmt, batch->params + i * batch->nparams,
		    batch->nparams, &batch->affected[i], err);
		if (st && batch->nrows > 1)
			err_context(err, "row %zu of %zu", i + 1, batch->nrows);
	}
	sqlite3_finalize(stmt);
	return st;
}

/* --- the rest --------------------------------------------------------------
 */

static void
sqlite_cancel(struct db *base)
{
	sqlite3_interrupt(sqlite_of(base)->handle);
}

static void
sqlite_library(struct buf *out)
{
	buf_addf(out, "SQLite %s", sqlite3_libversion());
}

const struct db_driver db_driver_sqlite = {
	.name = "sqlite",
	.match = sqlite_match,
	.open = sqlite_open,
	.close = sqlite_close,
	.exec = sqlite_exec,
	.scan = sqlite_scan,
	.next = sqlite_next,
	.cursor_close = sqlite_cursor_close,
	.each = sqlite_each,
	.batch = sqlite_batch,
	.snapshot_begin = sqlite_snapshot_begin,
	.snapshot_end = sqlite_snapshot_end,
	.list = sqlite_list,
	.describe = sqlite_describe,
	.describe_query = sqlite_describe_query,
	.table_version = sqlite_table_version,
	.cancel = sqlite_cancel,
	.library = sqlite_library,
};
