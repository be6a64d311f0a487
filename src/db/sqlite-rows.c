#include <config.h>

#include "db/sqlite-rows.h"

#include <stdlib.h>

#include "base/mapped.h"
#include "db/sqlite-pages.h"

#define BATCH \
	(64 << 10) /* bytes of rows that are taken from the file at once */

struct sqlite_rows {
	struct cursor base; /* first: the driver below casts */
	struct db db;       /* for db_next() */
	struct db *real;
	struct sqlite_pages *pages;
	struct sqlite_decoder decoder;
	struct sqlite_walk walk;
	bool begun;
	const char *why;  /* why it could not go on, or NULL */
	struct buf batch; /* rows */
	const char *at;   /* the next of them */
	size_t *fields;   /* where the decoder has the columns */
	struct cell *cells;
	struct row row;
};

static const char *
take_stop(struct sqlite_rows *r)
{
	struct sqlite_walk *w = &r->walk;
	const char *why = sqlite_walk_read(w);

	for (uint32_t i = 0; i < w->nrows && why == NULL; i++)
		why = sqlite_row_save(w->tree->image, &w->rows[i], &r->batch);
	if (why == NULL)
		r->real->bytes_in += w->bytes;
	return why;
}

/* For mapped_try(). */
static void
take_rows(void *arg)
{
	static const struct sqlite_mark first;
	struct sqlite_rows *r = arg;
	struct sqlite_walk *w = &r->walk;

	if (!r->begun)
		r->why = sqlite_walk_seek(w, &first);
	r->begun = true;
	while (r->why == NULL && !w->done && r->batch.len < BATCH) {
		r->why = take_stop(r);
		if (r->why == NULL)
			r->why = sqlite_walk_next(w);
	}
}

static enum status
rows_next(struct cursor *cur, const struct row **row, struct err *err)
{
	struct sqlite_rows *r = (struct sqlite_rows *)cur;
	enum status st;

	*row = NULL;
	if (r->at == r->batch.data + r->batch.len) {
		if (r->begun && r->walk.done)
			return TU_OK;
		buf_reset(&r->batch);
		if (!mapped_try(take_rows, r))
			r->why = "the file cannot be read";
		if (r->why != NULL)
			return err_set(err, TU_EREPLAN, "%s", r->why);
		sqlite_pages_forget_chains(r->pages, &r->walk);
		r->at = r->batch.data;
		if (r->batch.len == 0)
			return TU_OK;
	}
	st = sqlite_decode_saved(&r->decoder, &r->at, err);
	for (size_t i = 0; i < r->row.n && !st; i++)
		r->cells[i] = r->decoder.cells[r->fields[i]];
	*row = st ? NULL : &r->row;
	return st;
}

static void
rows_close(struct cursor *cur)
{
	struct sqlite_rows *r = (struct sqlite_rows *)cur;

	sqlite_decoder_release(&r->decoder);
	sqlite_walk_release(&r->walk);
	sqlite_pages_close(r->pages);
	buf_free(&r->batch);
	free(r->fields);
	free(r->cells);
	free(r);
}

static const struct db_driver rows_driver = {
	.name = "sqlite-rows",
	.next = rows_next,
	.cursor_close = rows_close,
};

enum status
sqlite_rows_open(struct db *db, const struct table *table,
    const struct column *const *columns, size_t n, struct arena *arena,
    struct cursor **out, const char **why, struct err *err)
{
	struct sqlite_pages *pages;
	struct sqlite_rows *r;
	enum status st = sqlite_pages_open(db, table, arena, &pages, why, err);

	*out = NULL;
	if (st || *why != NULL)
		return st;
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		out_of_memory(sizeof(*r));
	r->base.db = &r->db;
	r->db = (struct db){
		.drv = &rows_driver, .side = db->side, .pace = db->pace
	};
	r->real = db;
	r->pages = pages;
	sqlite_decoder_init(&r->decoder, pages);
	sqlite_walk_init(&r->walk, sqlite_pages_tree(pages));
	r->fields = calloc(n + 1, sizeof(*r->fields));
	r->cells = calloc(n + 1, sizeof(*r->cells));
	if (r->fields == NULL || r->cells == NULL)
		out_of_memory((n + 1) * sizeof(*r->cells));
	for (size_t i = 0; i < n; i++)
		r->fields[i] = sqlite_pages_field(
		    pages, (size_t)(columns[i] - table->columns));
	r->row = (struct row){ .cells = r->cells, .n = n };
	*out = &r->base;
	return TU_OK;
}
