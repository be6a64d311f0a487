#include <config.h>

#include "track/ask.h"

#define MAX_COLUMNS 16

static const char *
cell_string(struct arena *arena, const struct cell *c)
{
	if (c->kind == CELL_TEXT || c->kind == CELL_BYTES)
		return arena_memdup(arena, c->u.p, c->len);
	return NULL;
}

enum status
ask_texts(struct db *db, struct arena *arena, const char *sql, size_t ncols,
    struct texts *out, struct err *err)
{
	const struct column *columns[MAX_COLUMNS];
	struct db_scan scan = {
		.sql = sql, .columns = columns, .ncolumns = ncols
	};
	struct buf values = BUF_INIT;
	const struct row *row = NULL;
	struct cursor *cur;
	enum status st;

	*out = (struct texts){ .ncols = ncols };
	for (size_t i = 0; i < ncols; i++)
		columns[i] = &db_text_column;
	st = db_scan(db, &scan, &cur, err);
	while (st == TU_OK && !(st = db_next(cur, &row, err)) && row != NULL) {
		for (size_t i = 0; i < ncols; i++) {
			const char *s = cell_string(arena, &row->cells[i]);

			buf_add(&values, &s, sizeof(s));
		}
		out->n++;
	}
	db_cursor_close(cur);
	out->values = arena_memdup(arena, buf_str(&values), values.len);
	buf_free(&values);
	return st;
}

enum status
ask_int(struct db *db, const char *sql, int64_t *out, struct err *err)
{
	struct arena *arena = arena_new(1024);
	struct cell cell;
	bool found;
	enum status st =
	    db_one(db, sql, &db_int_column, arena, &cell, &found, err);

	*out = st == TU_OK && found && cell.kind == CELL_INT ? cell.u.i : 0;
	arena_free(arena);
	return st;
}
