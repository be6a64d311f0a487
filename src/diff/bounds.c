#include <config.h>

#include "diff/bounds.h"

#include <string.h>

#include "value/canon.h"
#include "value/key.h"
#include "value/num.h"

#define INTERPOLATE 16 /* leaves between two sampled integer keys */
#define DENSE 0.2      /* rows per key from which arithmetic does */

/* Bounds under construction. */
struct cutter {
	const struct plan *plan;
	const struct pair *pair;
	size_t ncols;
	bool integer;
	struct arena *arena;
	struct buf cells, ints, start, enc;
	struct buf last; /* encoding of the last bound, or of where to begin */
	struct buf end;  /* of where to end; empty: nowhere */
	struct buf scratch;
	size_t n; /* bounds so far */
	bool cut; /* some bound was moved to an integer */
};

static void
cutter_release(struct cutter *c)
{
	buf_free(&c->cells);
	buf_free(&c->ints);
	buf_free(&c->start);
	buf_free(&c->enc);
	buf_free(&c->last);
	buf_free(&c->end);
	buf_free(&c->scratch);
}

/* Can both sides be asked about it? 5000000000 is no bound for an int4. */
static bool
both_hold(const struct plan *plan, const struct pair *pair,
    const struct cell *cells, struct buf *scratch)
{
	bool ok = true;

	for (int s = SOURCE; s <= TARGET; s++) {
		for (size_t i = 0; ok && i < pair->nrange; i++) {
			const struct pair_column *p = &pair->cols[i];
			const char *why;
			struct cell out;

			buf_reset(scratch);
			ok = plan->db[s]->dialect->convert(p->col[s], &p->type,
			    &cells[i], scratch, &out, &why);
		}
	}
	return ok;
}

static void
cut_at_int(struct cutter *c, int64_t key)
{
	struct cell cell = cell_int(key);

	if (!both_hold(c->plan, c->pair, &cell, &c->scratch))
		return;
	if (c->n > 0 && key <= ((int64_t *)(void *)c->ints.data)[c->n - 1])
		return;
	buf_add(&c->ints, &key, sizeof(key));
	buf_add(&c->cells, &cell, sizeof(cell));
	c->n++;
}

/* A decimal bound is cut to an integer: a fraction may be a hair off in a
 * binary64, and every side must draw the line at the same place. */
static bool
integral_bound(struct cell *cell, bool *cut)
{
	struct buf text = BUF_INIT;
	int64_t i;
	bool ok = canon_text(&text, LT_NUM, cell);
	const char *dot = ok ? memchr(text.data, '.', text.len) : NULL;

	if (dot != NULL) {
		text.len = (size_t)(dot - text.data);
		*cut = true;
	}
	ok = ok && num_to_i64(text.data, text.len, &i);
	if (ok)
		*cell = cell_int(i);
	buf_free(&text);
	return ok;
}

bool
bounds_cell(const struct plan *plan, const struct pair *pair,
    const struct cell *key, struct arena *arena, struct cell *bound,
    struct buf *enc, bool *cut)
{
	struct buf scratch = BUF_INIT;
	bool ok = true;

	for (size_t i = 0; ok && i < pair->nrange; i++) {
		const struct vtype *t = &pair->cols[i].type;

		bound[i] = cell_copy(arena, &key[i]);
		ok = t->type != LT_NUM || integral_bound(&bound[i], cut);
		if (ok)
			key_encode(enc, t, &bound[i]);
	}
	ok = ok && both_hold(plan, pair, bound, &scratch);
	buf_free(&scratch);
	return ok;
}

static enum status
cut_at_cells(struct cutter *c, const struct cell *cells, struct err *err)
{
	struct cell bound[64];
	struct buf enc = BUF_INIT;
	uint32_t at = (uint32_t)c->enc.len;
	int order = 1;

	if (!bounds_cell(
		c->plan, c->pair, cells, c->arena, bound, &enc, &c->cut))
		goto skip;
	if (c->last.len > 0)
		order = key_cmp(enc.data, enc.len, c->last.data, c->last.len);
	if (order > 0 && c->end.len > 0 &&
	    key_cmp(enc.data, enc.len, c->end.data, c->end.len) >= 0)
		order = -1;
	/* (1.2, 9) and (1.7, 3) become (1, 9) and (1, 3). */
	if (order < 0 && !c->cut) {
		buf_free(&enc);
		return err_set(
		    err, TU_EREPLAN, "sampled keys do not come in key order");
	}
	if (order > 0) {
		buf_add(&c->start, &at, sizeof(at));
		buf_add(&c->enc, enc.data, enc.len);
		buf_add(&c->cells, bound, c->ncols * sizeof(bound[0]));
		buf_reset(&c->last);
		buf_add(&c->last, enc.data, enc.len);
		c->n++;
	}
skip:
	buf_free(&enc);
	return TU_OK;
}

bool
bounds_integer_key(const struct pair *p)
{
	return p->nrange == 1 && p->nkeys == 1 &&
	       (p->cols[0].type.type == LT_NUM ||
		   p->cols[0].type.type == LT_ANY) &&
	       p->cols[0].col[SOURCE]->integer &&
	       p->cols[0].col[TARGET]->integer;
}

/* A table restricted to [within), for dialect->sample(). */
static enum status
restrict_table(const struct db *db, const struct pair *pair, enum side side,
    const struct krange *within, struct arena *arena, struct table *out,
    struct err *err)
{
	struct buf cond = BUF_INIT;
	enum status st = TU_OK;

	*out = *pair->table[side];
	if (within->lo != NULL || within->hi != NULL) {
		/* A sample of the whole table would read all of it. */
		out->kind = REL_VIEW;
		if (out->where != NULL)
			buf_addf(&cond, "(%s) AND ", out->where);
		st = side_range(
		    &cond, db, pair, side, pair->nrange, within, err);
		if (!st)
			out->where = arena_strdup(arena, buf_str(&cond));
	}
	buf_free(&cond);
	return st;
}

/* A statement for each: one for both would have SQLite read all rows (1.2 of
 * 4.5 s with 5 million a side). */
static void
select_ends(struct buf *sql, const struct db *db, const struct column *col,
    const struct table *t)
{
	static const char *const ends[2] = { "min", "max" };

	for (int i = 0; i < 2; i++) {
		buf_addf(
		    sql, "%sSELECT %s(", i > 0 ? " UNION ALL " : "", ends[i]);
		db->dialect->ident(sql, col->name);
		buf_addf(sql, ") FROM %s", t->from);
		if (t->where != NULL)
			buf_addf(sql, " WHERE %s", t->where);
	}
}

static enum status
min_max(const struct plan *plan, const struct pair *pair, enum side side,
    const struct krange *within, bool *found, int64_t *lo, int64_t *hi,
    struct err *err)
{
	struct db *db = plan->db[side];
	const struct column *col = pair->cols[0].col[side];
	struct arena *arena = arena_new(1024);
	struct buf sql = BUF_INIT;
	struct db_scan scan = { .columns = &col, .ncolumns = 1 };
	struct cursor *cur = NULL;
	const struct row *row;
	struct table t;
	enum status st;

	st = restrict_table(db, pair, side, within, arena, &t, err);
	if (st)
		goto out;
	select_ends(&sql, db, col, &t);
	scan.sql = buf_str(&sql);
	st = db_scan(db, &scan, &cur, err);
	while (!st && !(st = db_next(cur, &row, err)) && row != NULL) {
		if (row->cells[0].kind == CELL_NULL)
			continue;
		if (row->cells[0].kind != CELL_INT) {
			st = err_set(err, TU_EREPLAN,
			    "key column '%s' holds values that are not "
			    "integers",
			    col->name);
			break;
		}
		*lo = *found ? MIN(*lo, row->cells[0].u.i) : row->cells[0].u.i;
		*hi = *found ? MAX(*hi, row->cells[0].u.i) : row->cells[0].u.i;
		*found = true;
	}
out:
	db_cursor_close(cur);
	buf_free(&sql);
	arena_free(arena);
	return st;
}

static void
cut_evenly(struct cutter *c, int64_t lo, int64_t hi, size_t parts)
{
	/* Both ends may be far apart: count in 128 bits. */
	__int128 width = (__int128)hi - lo;

	for (size_t i = 1; i < parts; i++)
		cut_at_int(
		    c, (int64_t)(lo + width * (__int128)i / (__int128)parts));
}

/* Read sampled keys of one side; integers get interpolated cuts between. */
static enum status
cut_at_sample(struct cutter *c, enum side side, const struct krange *within,
    double every, struct err *err)
{
	struct db *db = c->plan->db[side];
	const struct column *cols[64];
	struct arena *arena = arena_new(1024);
	struct buf sql = BUF_INIT;
	struct db_scan scan = { .columns = cols, .ncolumns = c->ncols };
	struct cursor *cur = NULL;
	const struct row *row;
	struct table t;
	int64_t before = 0;
	bool first = true;
	enum status st;

	for (size_t i = 0; i < c->ncols; i++)
		cols[i] = c->pair->cols[i].col[side];
	st = restrict_table(db, c->pair, side, within, arena, &t, err);
	if (st)
		goto out;
	db->dialect->sample(&sql, &t, cols, c->ncols, every);
	scan.sql = buf_str(&sql);
	st = db_scan(db, &scan, &cur, err);
	while (!st && !(st = db_next(cur, &row, err)) && row != NULL) {
		if (!c->integer) {
			st = cut_at_cells(c, row->cells, err);
			continue;
		}
		if (row->cells[0].kind != CELL_INT) {
			st = err_set(
			    err, TU_EREPLAN, "a key that is not an integer");
			continue;
		}
		if (!first && row->cells[0].u.i > before)
			cut_evenly(c, before, row->cells[0].u.i, INTERPOLATE);
		cut_at_int(c, row->cells[0].u.i);
		before = row->cells[0].u.i;
		first = false;
	}
out:
	db_cursor_close(cur);
	buf_free(&sql);
	arena_free(arena);
	return st;
}

static enum status
cut_integers(struct cutter *c, const struct krange *within, double rows,
    double leaves, uint64_t leaf_rows, enum side sampled, struct err *err)
{
	bool closed = within->lo != NULL && within->hi != NULL;
	int64_t lo = closed ? within->lo->u.i : 0;
	int64_t hi = closed ? within->hi->u.i - 1 : 0;
	double width = (double)hi - (double)lo + 1;
	/* Where a range is full, nobody need be asked where its rows are. */
	bool full = closed && rows / width >= DENSE, found = full;
	enum status st = TU_OK;

	for (int s = SOURCE; s <= TARGET && !st && !full; s++)
		if (table_is_stored(c->pair->table[s]))
			st = min_max(c->plan, c->pair, (enum side)s, within,
			    &found, &lo, &hi, err);
	if (st || !found)
		return st;
	width = (double)hi - (double)lo + 1;
	/* Where no side can be sampled, an outlier makes a leaf of the rest. */
	if (rows / width >= DENSE ||
	    !bounds_can_sample(c->plan->db[sampled], c->pair->table[sampled])) {
		cut_evenly(c, lo, hi, (size_t)MIN(leaves, width));
		return TU_OK;
	}
	return cut_at_sample(
	    c, sampled, within, (double)leaf_rows * INTERPOLATE, err);
}

bool
bounds_can_sample(const struct db *db, const struct table *t)
{
	return db->dialect->sample != NULL && table_is_stored(t);
}

/* The side that a sample comes from: one that keeps its rows and can choose
 * among them, and of two the larger. */
static enum side
side_to_sample(const struct plan *plan, const struct pair *p)
{
	const struct table *s = p->table[SOURCE], *t = p->table[TARGET];

	if (!bounds_can_sample(plan->db[SOURCE], s))
		return TARGET;
	return bounds_can_sample(plan->db[TARGET], t) && t->rows > s->rows
	           ? TARGET
	           : SOURCE;
}

static void
finish(struct cutter *c, struct bounds *out)
{
	uint32_t end = (uint32_t)c->enc.len;

	buf_add(&c->start, &end, sizeof(end));
	*out = (struct bounds){ .nleaves = c->n + 1,
		.ncols = c->ncols,
		.integer = c->integer,
		.cells = arena_memdup(c->arena, c->cells.data, c->cells.len) };
	if (c->integer)
		out->ints = arena_memdup(c->arena, c->ints.data, c->ints.len);
	out->start = arena_memdup(c->arena, c->start.data, c->start.len);
	out->enc = arena_memdup(c->arena, c->enc.data, c->enc.len);
	if (!c->integer)
		bounds_index(out, c->arena);
}

/* The bounds of a range, as new ones are compared with them. */
static void
encode_ends(struct cutter *c, const struct krange *within)
{
	for (size_t i = 0; i < c->ncols; i++) {
		const struct vtype *t = &c->pair->cols[i].type;

		if (within->lo != NULL)
			key_encode(&c->last, t, &within->lo[i]);
		if (within->hi != NULL)
			key_encode(&c->end, t, &within->hi[i]);
	}
}

enum status
bounds_make(const struct plan *plan, const struct pair *pair,
    const struct krange *within, double rows, uint64_t leaf_rows,
    struct arena *arena, struct bounds *out, struct err *err)
{
	struct cutter c = { .plan = plan,
		.pair = pair,
		.ncols = pair->nrange,
		.integer = bounds_integer_key(pair),
		.arena = arena };
	double leaves = rows / (double)leaf_rows;
	enum side sampled = side_to_sample(plan, pair);
	enum status st = TU_OK;

	leaves = leaves < 1 ? 1 : leaves > LEAVES_MAX ? LEAVES_MAX : leaves;
	if (pair->nrange == 0) {
		*out = (struct bounds){ .nleaves = (size_t)leaves };
		return TU_OK;
	}
	if (leaves >= 2) {
		if (c.integer)
			st = cut_integers(
			    &c, within, rows, leaves, leaf_rows, sampled, err);
		else {
			encode_ends(&c, within);
			st = cut_at_sample(
			    &c, sampled, within, MAX(rows / leaves, 2), err);
		}
	}
	if (!st)
		finish(&c, out);
	cutter_release(&c);
	return st;
}

struct krange
bounds_range(const struct bounds *b, const struct krange *within, size_t i)
{
	struct krange r = *within;

	if (i > 0)
		r.lo = b->cells + (i - 1) * b->ncols;
	if (i + 1 < b->nleaves)
		r.hi = b->cells + i * b->ncols;
	return r;
}

struct bounds
bounds_part(const struct bounds *b, const struct krange *within, size_t first,
    size_t last, struct krange *range)
{
	struct bounds part = *b;

	*range = (struct krange){ .lo = bounds_range(b, within, first).lo,
		.hi = bounds_range(b, within, last - 1).hi };
	part.nleaves = last - first;
	part.cells += first * b->ncols;
	if (b->integer) {
		part.ints += first;
	} else {
		part.start += first;
		part.heads += first;
	}
	return part;
}
