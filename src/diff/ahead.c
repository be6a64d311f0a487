#include <config.h>

#include "diff/ahead.h"

#include <stdlib.h>
#include <string.h>

#include "base/wait.h"
#include "db/pace.h"

#define BLOCK_ROWS 1024
#define BLOCK_BYTES (256 << 10)
/* Rows of more than this are not copied; who reads ahead waits for them. */
#define LEND_BYTES (1 << 20)
#define TICK_MS 100

/* Some rows, which are the reader's while it is full. */
struct block {
	struct arena *arena;
	const struct cell *rows[BLOCK_ROWS];
	size_t n, ncells;
	bool lent; /* the last row is the driver's */
	bool last; /* no others come */
	bool full;
};

struct ahead {
	struct cursor base; /* first: the driver below casts */
	struct db db;       /* for db_next() */
	struct db *real;
	const struct pair *pair;
	enum side side;
	struct fetch_spec spec;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct block blocks[2];
	bool stop;  /* the reader wants no more */
	bool ended; /* and this is how: */
	enum status status;
	struct err err;

	/* The reader's own. */
	struct block *block;
	size_t next, at; /* block; row of the one at hand */
	struct row row;
};

/* --- the thread ----------------------------------------------------------- */

/* Wait until the reader is done with a block; false if it wants no more. */
static bool
wait_empty(struct ahead *a, const struct block *b)
{
	bool wanted;

	pthread_mutex_lock(&a->lock);
	while (b->full && !a->stop)
		pthread_cond_wait(&a->changed, &a->lock);
	wanted = !a->stop;
	pthread_mutex_unlock(&a->lock);
	return wanted;
}

static void
hand_over(struct ahead *a, struct block *b)
{
	pthread_mutex_lock(&a->lock);
	b->full = true;
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->lock);
}

static size_t
row_bytes(const struct row *row)
{
	size_t bytes = row->n * sizeof(*row->cells);

	for (size_t i = 0; i < row->n; i++)
		if (row->cells[i].kind == CELL_TEXT ||
		    row->cells[i].kind == CELL_BYTES)
			bytes += row->cells[i].len;
	return bytes;
}

static enum status
fill(struct block *b, struct cursor *cur, struct err *err)
{
	size_t bytes = 0;
	enum status st = TU_OK;

	arena_reset(b->arena);
	b->n = 0;
	b->lent = false;
	while (b->n < BLOCK_ROWS && bytes < BLOCK_BYTES && !b->lent) {
		const struct row *row;
		size_t size;

		st = db_next(cur, &row, err);
		b->last = st || row == NULL;
		if (b->last)
			break;
		size = row_bytes(row);
		bytes += size;
		b->ncells = row->n;
		b->lent = size > LEND_BYTES;
		b->rows[b->n++] =
		    b->lent ? row->cells
			    : cells_copy(b->arena, row->cells, row->n);
	}
	return st;
}

static enum status
read_all(struct ahead *a, struct cursor *cur, struct err *err)
{
	struct block *b = &a->blocks[0];
	enum status st = TU_OK;

	while (!st && wait_empty(a, b)) {
		st = fill(b, cur, err);
		if (b->n > 0)
			hand_over(a, b);
		if (b->last || (b->lent && !wait_empty(a, b)))
			break;
		b = &a->blocks[b == &a->blocks[0]];
	}
	return st;
}

static void *
thread_main(void *arg)
{
	struct ahead *a = arg;
	const struct column **columns;
	struct cursor *cur = NULL;
	enum status st = fetch_open(
	    a->real, a->pair, a->side, &a->spec, &columns, &cur, &a->err);

	if (!st)
		st = read_all(a, cur, &a->err);
	db_cursor_close(cur);
	free(columns);
	pthread_mutex_lock(&a->lock);
	a->status = st;
	a->ended = true;
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

/* --- the cursor ----------------------------------------------------------- */

/* On to the next block, if there is one. */
static void
turn_over(struct ahead *a)
{
	struct block *b = &a->blocks[a->next];

	pthread_mutex_lock(&a->lock);
	if (a->block != NULL) {
		a->block->full = false;
		a->block = NULL;
		pthread_cond_broadcast(&a->changed);
	}
	while (!b->full && !a->ended)
		pthread_cond_wait(&a->changed, &a->lock);
	if (b->full) {
		a->block = b;
		a->next = !a->next;
		a->at = 0;
	}
	pthread_mutex_unlock(&a->lock);
}

static enum status
ahead_next(struct cursor *cur, const struct row **row, struct err *err)
{
	struct ahead *a = (struct ahead *)cur;

	if (a->block == NULL || a->at == a->block->n)
		turn_over(a);
	*row = NULL;
	if (a->block == NULL) {
		if (a->status)
			*err = a->err;
		return a->status;
	}
	a->row.cells = a->block->rows[a->at++];
	a->row.n = a->block->ncells;
	*row = &a->row;
	return TU_OK;
}

/* It may be between two statements where the first cancel goes. */
static void
end_thread(struct ahead *a)
{
	pthread_mutex_lock(&a->lock);
	a->stop = true;
	pthread_cond_broadcast(&a->changed);
	while (!a->ended) {
		if (!wait_ms(&a->changed, &a->lock, TICK_MS)) {
			pace_hurry(a->real, true);
			a->real->drv->cancel(a->real);
		}
	}
	pthread_mutex_unlock(&a->lock);
	pthread_join(a->thread, NULL);
	pace_hurry(a->real, false);
}

static void
free_ahead(struct ahead *a)
{
	for (size_t i = 0; i < ARRAY_LEN(a->blocks); i++)
		arena_free(a->blocks[i].arena);
	pthread_cond_destroy(&a->changed);
	pthread_mutex_destroy(&a->lock);
	free(a);
}

static void
ahead_close(struct cursor *cur)
{
	struct ahead *a = (struct ahead *)cur;

	end_thread(a);
	free_ahead(a);
}

static const struct db_driver ahead_driver = {
	.name = "ahead",
	.next = ahead_next,
	.cursor_close = ahead_close,
};

enum status
ahead_open(struct db *db, const struct pair *pair, enum side side,
    const struct fetch_spec *spec, struct cursor **out, struct err *err)
{
	struct ahead *a = calloc(1, sizeof(*a));
	int rc;

	*out = NULL;
	if (a == NULL)
		out_of_memory(sizeof(*a));
	a->base.db = &a->db;
	a->db = (struct db){ .drv = &ahead_driver };
	a->real = db;
	a->pair = pair;
	a->side = side;
	a->spec = *spec;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->changed, NULL);
	for (size_t i = 0; i < ARRAY_LEN(a->blocks); i++)
		a->blocks[i].arena = arena_new(BLOCK_BYTES);
	rc = pthread_create(&a->thread, NULL, thread_main, a);
	if (rc != 0) {
		free_ahead(a);
		return err_set(
		    err, TU_EBUG, "cannot start a thread: %s", strerror(rc));
	}
	*out = &a->base;
	return TU_OK;
}
