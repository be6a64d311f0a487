#include <config.h>

#include "db/db.h"

#include <stdatomic.h>
#include <string.h>

#include "base/both.h"
#include "base/log.h"
#include "base/str.h"
#include "db/dialect.h"
#include "db/opening.h"
#include "db/pace.h"
#include "db/sqlite.h"
#ifdef WITH_ODBC
#include "db/odbc.h"
#endif
#ifdef WITH_PQ
#include "db/pq.h"
#endif

const struct column db_int_column = {
	.name = "n",
	.type = "bigint",
	.ltype = LT_NUM,
	.precision = -1,
	.scale = -1,
	.frac = -1,
	.maxlen = -1,
};
const struct column db_text_column = {
	.name = "t",
	.type = "text",
	.ltype = LT_TEXT,
	.precision = -1,
	.scale = -1,
	.frac = -1,
	.maxlen = -1,
};
const struct column db_bytes_column = {
	.name = "b",
	.type = "bytea",
	.ltype = LT_BYTES,
	.precision = -1,
	.scale = -1,
	.frac = -1,
	.maxlen = -1,
};

/*
 * The first that matches wins. SQLite goes before libpq because only it looks
 * whether a name with '=' in it is a file.
 */
static const struct db_driver *const built_in[] = {
	&db_driver_sqlite,
#ifdef WITH_ODBC
	&db_driver_odbc,
#endif
#ifdef WITH_PQ
	&db_driver_pq,
#endif
};

static const struct db_driver *registered;

void
db_register(const struct db_driver *drv)
{
	registered = drv;
}

void
db_libraries(struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(built_in); i++) {
		if (built_in[i]->library == NULL)
			continue;
		built_in[i]->library(out);
		buf_addc(out, '\n');
	}
}

static const struct db_driver *
find_driver(const char *url)
{
	if (registered != NULL && registered->match(url))
		return registered;
	for (size_t i = 0; i < ARRAY_LEN(built_in); i++)
		if (built_in[i]->match(url))
			return built_in[i];
	return NULL;
}

/* The name itself is not shown: it may hold a password. */
static enum status
no_driver(const char *url, struct err *err)
{
	const char *scheme = strstr(url, "://");

	if (*url == '\0')
		return err_set(err, TU_EUSAGE, "the database name is empty");
#ifndef WITH_ODBC
	if (str_begins(url, "odbc:") || str_begins(url, "mariadb://") ||
	    str_begins(url, "mysql://")) {
		err_set(err, TU_EUSAGE, "this trueup was built without ODBC");
		return err_hint(err, "build it again: ./configure --with-odbc");
	}
#endif
#ifndef WITH_PQ
	if (str_begins(url, "postgres") || strstr(url, "://") == NULL) {
		err_set(
		    err, TU_EUSAGE, "this trueup was built without PostgreSQL");
		return err_hint(err, "build it again: ./configure --with-pq");
	}
#endif
	if (scheme != NULL)
		err_set(err, TU_EUSAGE,
		    "no driver knows databases named '%.*s://...'",
		    (int)(scheme - url), url);
	else
		err_set(err, TU_EUSAGE,
		    "no driver knows a database of this form of name");
	return err_hint(err,
	    "a database is postgresql://..., a libpq conninfo such as "
	    "'service=prod', mariadb://..., mysql://..., odbc:DSN, sqlite:PATH "
	    "or a path");
}

/*
 * Put the side before the message. A statement that was cancelled because a
 * signal came is no failure of the database.
 */
static enum status
side_error(const struct db *db, struct err *err)
{
	if (err->status == TU_EINTERRUPTED ||
	    (interrupted() && err->status == TU_EQUERY))
		return err_set(err, TU_EINTERRUPTED, "interrupted");
	return db->side == NULL ? err->status
	                        : err_context(err, "%s", db->side);
}

static void
run_cancel(void *arg)
{
	struct db *db = arg;

	db->drv->cancel(db);
}

static enum status
open_with(const struct db_driver *drv, const char *url, enum db_mode mode,
    const char *side, const atomic_bool *vain, struct db **out, struct err *err)
{
	struct db *db = NULL;
	enum status st;

	*out = NULL;
	if (drv == NULL) {
		no_driver(url, err);
		return err_context(err, "%s", side);
	}
	if ((drv->caps & DB_CAP_REMOTE) != 0)
		st = opening_run(drv, url, mode, vain, &db, err);
	else
		st = drv->open(url, mode, &db, err);
	if (st == TU_EINTERRUPTED)
		return st;
	if (st)
		return err_context(err, "%s", side);
	db->side = side;
	db->on_interrupt.run = run_cancel;
	db->on_interrupt.arg = db;
	interrupt_add(&db->on_interrupt);
	*out = db;
	return TU_OK;
}

static void
log_opened(const struct db *db)
{
	log_line(LOG_INFO, "%s: %s, %s", db->side, db->display, db->version);
}

enum status
db_open(const char *url, enum db_mode mode, const char *side, struct db **out,
    struct err *err)
{
	static const atomic_bool alone;
	enum status st =
	    open_with(find_driver(url), url, mode, side, &alone, out, err);

	if (st == TU_OK)
		log_opened(*out);
	return st;
}

struct opening {
	const struct db_driver *drv[2];
	const char *const *url, *const *side;
	enum db_mode mode;
	struct db **out;
	atomic_bool failed; /* one of them */
};

/* Who gives up because the other has failed leaves the word to it. */
static enum status
open_one(void *arg, int side, struct err *err)
{
	struct opening *o = arg;
	enum status st = open_with(o->drv[side], o->url[side], o->mode,
	    o->side[side], &o->failed, &o->out[side], err);

	if (st == TU_EINTERRUPTED && !interrupted()) {
		err_clear(err);
		return TU_OK;
	}
	if (st)
		atomic_store(&o->failed, true);
	return st;
}

enum status
db_open_both(const char *const url[2], enum db_mode mode,
    const char *const side[2], struct db *out[2], struct err *err)
{
	struct opening o = { .drv = { find_driver(url[0]),
				 find_driver(url[1]) },
		.url = url,
		.side = side,
		.mode = mode,
		.out = out };
	unsigned caps = 0;
	enum status st = TU_OK;

	out[0] = out[1] = NULL;
	for (int s = 0; s < 2; s++)
		caps |= o.drv[s] != NULL ? o.drv[s]->caps : 0;
	if (o.drv[0] != NULL && o.drv[1] != NULL && (caps & DB_CAP_BESIDE) != 0)
		st = both_sides(open_one, &o, err);
	else
		for (int s = 0; s < 2 && st == TU_OK; s++)
			st = open_one(&o, s, err);
	for (int s = 0; s < 2; s++)
		if (out[s] != NULL)
			log_opened(out[s]);
	return st;
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	interrupt_remove(&db->on_interrupt);
	db->drv->close(db);
}

enum status
db_exec(struct db *db, const char *sql, uint64_t *affected, struct err *err)
{
	log_sql(db->side, sql);
	if (db->drv->exec(db, sql, affected, err))
		return side_error(db, err);
	return TU_OK;
}

enum status
db_scan(struct db *db, const struct db_scan *scan, struct cursor **out,
    struct err *err)
{
	*out = NULL;
	if (pace_load(db, err))
		return err->status;
	log_sql(db->side, scan->sql);
	if (db->drv->scan(db, scan, out, err))
		return side_error(db, err);
	return TU_OK;
}

static void
count_row(struct db *db)
{
	if (++db->unpaced < pace_step(db))
		return;
	pace_rows(db, db->unpaced);
	db->unpaced = 0;
}

static enum status
before_row(struct db *db, struct err *err)
{
	if (db->pace != NULL)
		count_row(db);
	return interrupted() ? err_set(err, TU_EINTERRUPTED, "interrupted")
	                     : TU_OK;
}

enum status
db_next(struct cursor *cur, const struct row **row, struct err *err)
{
	*row = NULL;
	if (before_row(cur->db, err))
		return err->status;
	if (cur->db->drv->next(cur, row, err))
		return side_error(cur->db, err);
	return TU_OK;
}

void
db_cursor_close(struct cursor *cur)
{
	if (cur != NULL)
		cur->db->drv->cursor_close(cur);
}

enum status
db_rest(struct cursor *cur, db_row_fn *fn, void *arg, struct err *err)
{
	const struct row *row;
	enum status st;

	while (!(st = db_next(cur, &row, err)) && row != NULL)
		if ((st = fn(arg, row, err)))
			break;
	return st;
}

struct each {
	struct db *db;
	db_row_fn *fn;
	void *arg;
};

static enum status
each_row(void *arg, const struct row *row, struct err *err)
{
	struct each *e = arg;
	enum status st = before_row(e->db, err);

	return st ? st : e->fn(e->arg, row, err);
}

enum status
db_each(struct db *db, const struct db_scan *scan, db_row_fn *fn, void *arg,
    struct err *err)
{
	struct each e = { db, fn, arg };
	struct cursor *cur;
	enum status st;

	if (db->drv->each == NULL || scan->ncolumns > DB_EACH_COLUMNS) {
		st = db_scan(db, scan, &cur, err);
		if (!st)
			st = db_rest(cur, fn, arg, err);
		db_cursor_close(cur);
		return st;
	}
	if (pace_load(db, err))
		return err->status;
	log_sql(db->side, scan->sql);
	if (db->drv->each(db, scan, each_row, &e, err))
		return side_error(db, err);
	return TU_OK;
}

enum status
db_batch(struct db *db, const struct db_batch *batch, struct err *err)
{
	log_sql(db->side, batch->sql);
	if (db->drv->batch(db, batch, err))
		return side_error(db, err);
	return TU_OK;
}

enum status
db_one(struct db *db, const char *sql, const struct column *column,
    struct arena *arena, struct cell *out, bool *found, struct err *err)
{
	struct db_scan scan = {
		.sql = sql,
		.columns = &column,
		.ncolumns = 1,
	};
	struct cursor *cur;
	const struct row *row;
	enum status st;

	*found = false;
	st = db_scan(db, &scan, &cur, err);
	if (st)
		return st;
	st = db_next(cur, &row, err);
	if (st == TU_OK && row != NULL) {
		*out = cell_copy(arena, &row->cells[0]);
		*found = true;
	}
	db_cursor_close(cur);
	return st;
}

enum status
db_count(struct db *db, const struct table *table, uint64_t *n, struct err *err)
{
	struct arena *arena = arena_new(1024);
	struct buf sql = BUF_INIT;
	struct cell cell;
	bool found;
	enum status st;

	buf_addf(&sql, "SELECT count(*) FROM %s", table->from);
	st = db_one(
	    db, buf_str(&sql), &db_int_column, arena, &cell, &found, err);
	if (st == TU_OK)
		*n = found && cell.kind == CELL_INT ? (uint64_t)cell.u.i : 0;
	buf_free(&sql);
	arena_free(arena);
	return st;
}

enum status
db_has_null(struct db *db, const struct table *table, const struct column *col,
    bool *has, struct err *err)
{
	struct arena *arena = arena_new(1024);
	struct buf sql = BUF_INIT;
	struct cell cell;
	enum status st;

	buf_addf(&sql, "SELECT 1 FROM %s WHERE ", table->from);
	db->dialect->ident(&sql, col->name);
	buf_adds(&sql, " IS NULL");
	dialect_limit(&sql, db->dialect, 1);
	st = db_one(db, buf_str(&sql), &db_int_column, arena, &cell, has, err);
	buf_free(&sql);
	arena_free(arena);
	return st;
}
