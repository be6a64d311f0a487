#include <config.h>

#include "diff/rowlist.h"

#include <stdlib.h>

#include "base/both.h"
#include "db/pace.h"

#define ENTRY 12 /* bytes of a row */
#define TOPMOST (UINT32_C(1) << 31)

struct reading {
	const struct plan *plan;
	const struct pair *pair;
	const struct krange *ranges;
	size_t n;
	struct rowlist *out;
};

static int
by_key(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

static enum status
statement(
    const struct reading *r, enum side side, struct buf *sql, struct err *err)
{
	struct db *db = r->plan->db[side];
	struct arena *arena = arena_new(16384);
	struct sql_range *ranges = arena_alloc(arena, r->n * sizeof(*ranges));
	struct buf hash = BUF_INIT;
	enum status st = TU_OK;

	for (size_t i = 0; i < r->n && !st; i++)
		st = side_sql_range(db, r->pair, side, 1, &r->ranges[i], arena,
		    &ranges[i], err);
	if (!st) {
		side_record(&hash, db, r->pair, side, r->plan->seed);
		db->dialect->list_records(sql, r->pair->table[side],
		    buf_str(&hash), r->pair->cols[0].col[side], ranges, r->n);
	}
	buf_free(&hash);
	arena_free(arena);
	return st;
}

/* Rows of one range; there is room for as many as were counted. */
static enum status
take_range(const struct reading *r, enum side side, const struct cell *c,
    bool seen[ROWLIST_RANGES], struct err *err)
{
	struct rowlist *out = &r->out[side];
	size_t i, n;

	if (c->kind == CELL_NULL)
		return TU_OK; /* no rows */
	if (c->kind != CELL_BYTES || c->len < 2 || (c->len - 2) % ENTRY != 0)
		return err_set(err, TU_EBUG, "no list of rows");
	i = big_endian(c->u.p, 2);
	n = (c->len - 2) / ENTRY;
	if (i >= r->n || seen[i] || n != out->start[i + 1] - out->start[i])
		return err_set(err, TU_ESCHEMA,
		    "%s: other rows were counted than found between the same "
		    "keys",
		    r->plan->db[side]->side);
	seen[i] = true;
	for (size_t k = 0; k < n; k++) {
		const char *p = c->u.p + 2 + k * ENTRY;
		uint64_t offset = big_endian(p, 4) ^ TOPMOST;

		out->rows[out->start[i] + k] = (struct listed){
			(int64_t)((uint64_t)r->ranges[i].lo->u.i + offset),
			big_endian(p + 4, 8)
		};
	}
	qsort(out->rows + out->start[i], n, sizeof(*out->rows), by_key);
	return TU_OK;
}

static enum status
read_side(void *arg, int s, struct err *err)
{
	const struct reading *r = arg;
	enum side side = (enum side)s;
	struct db *db = r->plan->db[s];
	struct rowlist *out = &r->out[s];
	const struct column *bytes = &db_bytes_column;
	struct db_scan scan = { .columns = &bytes, .ncolumns = 1 };
	bool seen[ROWLIST_RANGES] = { false };
	struct buf sql = BUF_INIT;
	struct cursor *cur = NULL;
	const struct row *row;
	enum status st;

	for (size_t i = 0; i < r->n; i++)
		out->start[i + 1] = out->start[i] + r->ranges[i].n[s];
	out->rows = calloc(out->start[r->n] + 1, sizeof(*out->rows));
	if (out->rows == NULL)
		out_of_memory(out->start[r->n] * sizeof(*out->rows));
	st = statement(r, side, &sql, err);
	scan.sql = buf_str(&sql);
	if (!st)
		st = db_scan(db, &scan, &cur, err);
	while (!st && !(st = db_next(cur, &row, err)) && row != NULL)
		st = take_range(r, side, row->cells, seen, err);
	db_cursor_close(cur);
	for (size_t i = 0; i < r->n && !st; i++)
		if (!seen[i] && r->ranges[i].n[s] > 0)
			st = err_set(err, TU_ESCHEMA,
			    "%s: rows were counted and not found between the "
			    "same keys",
			    db->side);
	pace_rows(db, out->start[r->n]);
	buf_free(&sql);
	return st;
}

enum status
rowlist_read(const struct plan *plan, const struct pair *pair,
    const struct krange *ranges, size_t n, struct rowlist out[2],
    struct err *err)
{
	struct reading r = { plan, pair, ranges, n, out };

	for (int s = SOURCE; s <= TARGET; s++)
		out[s] = (struct rowlist){ 0 };
	return both_sides(read_side, &r, err);
}

void
rowlist_free(struct rowlist lists[2])
{
	for (int s = SOURCE; s <= TARGET; s++) {
		free(lists[s].rows);
		lists[s].rows = NULL;
	}
}

struct rowlist_walk
rowlist_walk(const struct rowlist lists[2], size_t range)
{
	struct rowlist_walk w = { 0 };

	for (int s = SOURCE; s <= TARGET; s++) {
		w.next[s] = lists[s].rows + lists[s].start[range];
		w.end[s] = lists[s].rows + lists[s].start[range + 1];
	}
	return w;
}

bool
rowlist_next(struct rowlist_walk *w)
{
	const struct listed *x = w->next[SOURCE], *y = w->next[TARGET];
	bool ends = x == w->end[SOURCE], ends_too = y == w->end[TARGET];

	if (ends && ends_too)
		return false;
	w->has[SOURCE] = !ends && (ends_too || x->key <= y->key);
	w->has[TARGET] = !ends_too && (ends || y->key <= x->key);
	w->key = w->has[SOURCE] ? x->key : y->key;
	w->differs = !w->has[SOURCE] || !w->has[TARGET] || x->hash != y->hash;
	w->next[SOURCE] += w->has[SOURCE];
	w->next[TARGET] += w->has[TARGET];
	return true;
}

double
rowlist_different(struct rowlist_walk w)
{
	double rows = 0, different = 0;

	while (rowlist_next(&w)) {
		rows++;
		different += w.differs;
	}
	return rows > 0 ? different / rows : 0;
}
