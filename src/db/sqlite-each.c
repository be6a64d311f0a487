/*
 * Rows without a step for each: an aggregate function gets them one after the
 * other, which is how the library itself would add them up.
 */
#include <config.h>

#include <sqlite3.h>
#include <stdlib.h>

#include "base/arena.h"
#include "db/dialect-sqlite.h"
#include "db/sqlite.h"

#define NAME "trueup_each"

struct each {
	bool utf16;
	struct row row;
	struct cell cells[DB_EACH_COLUMNS];
	uint64_t bytes;
	db_row_fn *fn;
	void *arg;
	struct err err; /* of fn: the library says only that it was stopped */
};

static void
each_row(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	struct each *e = argc > 0 ? sqlite3_value_pointer(argv[0], NAME) : NULL;

	if (e == NULL || (size_t)argc != e->row.n + 1) {
		sqlite3_result_error(ctx, "trueup: not for others", -1);
		return;
	}
	for (size_t i = 0; i < e->row.n; i++) {
		struct cell *c = &e->cells[i];

		sqlite_cell(argv[i + 1], e->utf16, c);
		e->bytes += c->kind >= CELL_TEXT ? c->len : 8;
	}
	if (e->fn(e->arg, &e->row, &e->err))
		sqlite3_result_error(ctx, "trueup: stopped", -1);
}

static void
no_result(sqlite3_context *ctx)
{
	sqlite3_result_null(ctx);
}

int
sqlite_add_each(sqlite3 *handle)
{
	return sqlite3_create_function_v2(handle, NAME, -1, SQLITE_UTF8, NULL,
	    NULL, each_row, no_result, NULL);
}

/* WITH trueup_r(c0, c1) AS (<sql>) SELECT trueup_each(?1, c0, c1)
 * FROM trueup_r. Such a name hides a table's, so it must not be anyone's. */
static void
wrap(struct buf *sql, const struct db_scan *scan)
{
	buf_adds(sql, "WITH trueup_r(");
	for (size_t i = 0; i < scan->ncolumns; i++)
		buf_addf(sql, "%sc%zu", i > 0 ? ", " : "", i);
	buf_addf(sql, ") AS (%s) SELECT " NAME "(?1", scan->sql);
	for (size_t i = 0; i < scan->ncolumns; i++)
		buf_addf(sql, ", c%zu", i);
	buf_adds(sql, ") FROM trueup_r");
}

enum status
sqlite_each(struct db *base, const struct db_scan *scan, db_row_fn *fn,
    void *arg, struct err *err)
{
	struct sqlite_db *db = (struct sqlite_db *)base;
	struct each *e = calloc(1, sizeof(*e));
	struct buf sql = BUF_INIT;
	sqlite3_stmt *stmt;
	bool more = true;
	enum status st;

	if (e == NULL)
		out_of_memory(sizeof(*e));
	e->utf16 = db->wire != SQLITE_WIRE_UTF8;
	e->row = (struct row){ .cells = e->cells, .n = scan->ncolumns };
	e->fn = fn;
	e->arg = arg;
	e->err = (struct err)ERR_INIT;
	wrap(&sql, scan);
	st = sqlite_prepare(db, buf_str(&sql), NULL, &stmt, err);
	if (!st && sqlite3_bind_pointer(stmt, 1, e, NAME, NULL) != SQLITE_OK)
		st = sqlite_fail(db->handle, SQLITE_NOMEM, NULL, err);
	while (!st && more)
		st = sqlite_step(db, stmt, &more, err);
	if (e->err.status) {
		*err = e->err;
		st = e->err.status;
	}
	sqlite3_finalize(stmt);
	base->bytes_in += e->bytes;
	buf_free(&sql);
	free(e);
	return st;
}
