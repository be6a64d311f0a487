#include <config.h>

#include "diff/sorter.h"

#include <stdlib.h>

#include "db/sqlite-sort.h"
#include "value/key.h"
#include "value/rule.h"

struct span {
	const char *p;
	size_t len;
};

struct sorter {
	struct cursor base; /* first: the driver below casts */
	struct db db;       /* for db_next(): it only has a side */
	struct sqlite_sort *sort;
	struct cell *cells;
	struct row row;
};

/* --- the cursor ----------------------------------------------------------- */

static enum status
sorter_next(struct cursor *cur, const struct row **row, struct err *err)
{
	struct sorter *s = (struct sorter *)cur;
	const void *record;
	const char *at;
	size_t len;
	enum status st = sqlite_sort_next(s->sort, &record, &len, err);

	if (st || record == NULL)
		return st;
	at = record;
	cells_unpack(&at, s->cells, s->row.n);
	*row = &s->row;
	return TU_OK;
}

static void
sorter_close(struct cursor *cur)
{
	struct sorter *s = (struct sorter *)cur;

	sqlite_sort_close(s->sort);
	free(s->cells);
	free(s);
}

static const struct db_driver sorter_driver = {
	.name = "sorter",
	.next = sorter_next,
	.cursor_close = sorter_close,
};

/* --- filling it ----------------------------------------------------------- */

static int
compare_spans(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return key_cmp(x->p, x->len, y->p, y->len);
}

static void
encode(struct buf *out, const struct pair *pair, const struct cell *cells)
{
	buf_reset(out);
	for (size_t i = 0; i < pair->nkeys; i++)
		key_encode(out, &pair->cols[i].type, &cells[i]);
}

/* The keys asked for, encoded and sorted. */
static struct span *
wanted_keys(const struct pair *pair, const struct cell *keys, size_t n,
    struct arena *arena)
{
	struct span *spans = arena_alloc(arena, (n + 1) * sizeof(*spans));
	struct buf key = BUF_INIT;

	for (size_t i = 0; i < n; i++) {
		encode(&key, pair, &keys[i * pair->nkeys]);
		spans[i].p = arena_memdup(arena, key.data, key.len);
		spans[i].len = key.len;
	}
	buf_free(&key);
	qsort(spans, n, sizeof(*spans), compare_spans);
	return spans;
}

static enum status
fill(struct sorter *s, const struct pair *pair, struct cursor *from,
    const struct span *wanted, size_t n, struct err *err)
{
	struct buf key = BUF_INIT, record = BUF_INIT;
	const struct row *row;
	enum status st;

	while ((st = db_next(from, &row, err)) == TU_OK && row != NULL) {
		struct span at;

		encode(&key, pair, row->cells);
		at = (struct span){ key.data, key.len };
		if (n > 0 && bsearch(&at, wanted, n, sizeof(*wanted),
				 compare_spans) == NULL)
			continue;
		buf_reset(&record);
		cells_pack(&record, row->cells, s->row.n);
		st = sqlite_sort_add(
		    s->sort, key.data, key.len, record.data, record.len, err);
		if (st)
			break;
	}
	buf_free(&key);
	buf_free(&record);
	return st;
}

bool
sorter_needed(const struct db *db, const struct pair *pair, enum side side)
{
	struct buf expr = BUF_INIT;
	bool needed = false;

	for (size_t i = pair->nrange; i < pair->nkeys && !needed; i++) {
		buf_reset(&expr);
		/* Nor does a server order by what a rule makes of values. */
		if (db->dialect->order_expr != NULL &&
		    !rule_folds(pair->cols[i].type.rule))
			db->dialect->order_expr(&expr, pair->cols[i].col[side],
			    &pair->cols[i].type);
		needed = expr.len == 0;
	}
	buf_free(&expr);
	return needed;
}

enum status
sorter_open(struct cursor *from, const struct pair *pair, size_t ncolumns,
    const struct cell *keys, size_t n, struct cursor **out, struct err *err)
{
	struct sorter *s = calloc(1, sizeof(*s));
	struct arena *arena = arena_new(4096);
	enum status st;

	*out = NULL;
	if (s == NULL)
		out_of_memory(sizeof(*s));
	s->base.db = &s->db;
	s->db = (struct db){ .drv = &sorter_driver, .side = from->db->side };
	s->cells = calloc(ncolumns, sizeof(*s->cells));
	if (s->cells == NULL)
		out_of_memory(ncolumns * sizeof(*s->cells));
	s->row = (struct row){ .cells = s->cells, .n = ncolumns };
	st = sqlite_sort_open(&s->sort, err);
	if (!st)
		st = fill(
		    s, pair, from, wanted_keys(pair, keys, n, arena), n, err);
	db_cursor_close(from);
	arena_free(arena);
	if (st)
		sorter_close(&s->base);
	else
		*out = &s->base;
	return st;
}
