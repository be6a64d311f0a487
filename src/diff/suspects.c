/*
 * Leaves that differ are looked into: the row that one names is fetched by its
 * key, large ones are cut again; of small ones that the servers folded rows are
 * fetched whose hashes differ, others are fetched whole.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "db/pace.h"
#include "diff/ahead.h"
#include "diff/diff-int.h"
#include "diff/fold.h"
#include "diff/pages.h"
#include "diff/rowlist.h"

/* A folding server sends one line a leaf, so its leaves are large; one that
 * differs is cut again until about this many rows are left to fetch. */
#define FETCH_ROWS 64
#define SPLIT 64
#define DEPTH_MAX 8
/* Rows that are listed at once, 16 bytes each on both sides. */
#define LIST_ROWS 65536
/* A leaf of so many is listed, not cut again. */
#define LIST_LEAF 256
/* A leaf is read whole where more than this part of its rows differ. */
#define WHOLE_SHARE 0.5
/* Once more than one leaf in this many differs, fetching beats cutting, unless
 * leaves name their rows: then few have to be cut. */
#define SPARSE 10
#define BATCH_MEMORY (4 << 20)
/* More buckets than this part of all, or some that a server cannot compute:
 * read the table, not a list of them. */
#define MANY_BUCKETS 5

/* Do we expect in all rows fetched what the leaves counted? If not, the two
 * sides and we disagree on what lies between two keys. */
static enum status
check_counts(struct comparison *c, const uint64_t expected[2], struct err *err)
{
	const struct merge *m = &c->merge;

	for (int s = SOURCE; s <= TARGET; s++) {
		uint64_t got = m->fetched[s] - m->present[s];

		if (got == expected[s])
			continue;
		err_set(err, TU_ESCHEMA,
		    "%s: %llu rows were counted and %llu found between the "
		    "same keys",
		    c->plan->db[s]->side, (unsigned long long)expected[s],
		    (unsigned long long)got);
		return err_hint(err, "the key's collation or type orders in a "
				     "way that is not known; try --key=none");
	}
	return TU_OK;
}

/* expected: NULL if nobody has counted them. */
static enum status
fetch_and_merge(struct comparison *c, const struct fetch_spec *spec,
    const uint64_t expected[2], struct err *err)
{
	struct cursor *cur[2] = { NULL, NULL };
	enum status st = TU_OK;

	c->merge.points = spec->points;
	c->merge.npoints = spec->npoints;
	c->merge.listed = c->listed;
	c->merge.confirmed = c->confirmed;
	c->merge.ranges = spec->ranges;
	c->merge.nranges = spec->nranges;
	for (int s = SOURCE; s <= TARGET && !st; s++)
		st = ahead_open(
		    c->plan->db[s], &c->pair, (enum side)s, spec, &cur[s], err);
	if (!st)
		st = merge_run(&c->merge, cur[SOURCE], cur[TARGET], err);
	for (int s = SOURCE; s <= TARGET; s++)
		db_cursor_close(cur[s]);
	return st || expected == NULL ? st : check_counts(c, expected, err);
}

/*
 * Fetch what was collected. A named row that does not differ after all was
 * either equal to the judge's eye or not the one: its leaf is read whole.
 */
static enum status
flush(struct comparison *c, struct err *err)
{
	struct fetch_spec spec = { .ranges = c->ranges,
		.nranges = c->nranges,
		.points = c->points,
		.npoints = c->npoints };
	uint64_t expected[2] = { 0, 0 };
	size_t npoints = c->npoints;
	enum status st;

	if (c->nranges + c->npoints == 0)
		return TU_OK;
	for (int s = SOURCE; s <= TARGET; s++) {
		for (size_t i = 0; i < c->nranges; i++)
			expected[s] += c->ranges[i].n[s];
		for (size_t i = 0; i < npoints; i++)
			if (c->listed[i])
				expected[s] += c->point_range[i].n[s];
	}
	memset(c->confirmed, 0, npoints * sizeof(c->confirmed[0]));
	st = fetch_and_merge(c, &spec, expected, err);
	c->nranges = c->npoints = 0;
	for (size_t i = 0; i < npoints && !st; i++) {
		if (c->confirmed[i] || c->listed[i])
			continue;
		c->ranges[c->nranges++] = c->point_range[i];
		if (c->nranges == FETCH_RANGES)
			st = flush(c, err);
	}
	if (!st && c->nranges > 0)
		st = flush(c, err);
	return st;
}

/* Rows that both sides should read at once. */
static uint64_t
max_read(const struct comparison *c)
{
	return MIN(
	    pace_piece(c->plan->db[SOURCE]), pace_piece(c->plan->db[TARGET]));
}

/* ... and can hold. */
static uint64_t
max_held(const struct comparison *c)
{
	uint64_t max = max_read(c);

	for (int s = SOURCE; s <= TARGET; s++)
		if (c->plan->db[s]->holds)
			max = MIN(max, pages_rows(c->pair.table[s]));
	return max;
}

static uint64_t
rows_of(const struct krange *r)
{
	return MAX(r->n[SOURCE], r->n[TARGET]);
}

static enum status
add_range(struct comparison *c, struct krange r, struct err *err)
{
	struct krange *last = c->ranges + c->nranges - 1;
	uint64_t rows = rows_of(&r);

	for (size_t i = 0; i < c->nranges; i++)
		rows += rows_of(&c->ranges[i]);
	if (c->nranges > 0 && rows > max_held(c)) {
		enum status st = flush(c, err);

		if (st)
			return st;
	}
	if (c->nranges > 0 && last->hi != NULL && last->hi == r.lo) {
		last->hi = r.hi;
		last->n[SOURCE] += r.n[SOURCE];
		last->n[TARGET] += r.n[TARGET];
		return TU_OK;
	}
	if (c->nranges == FETCH_RANGES) {
		enum status st = flush(c, err);

		if (st)
			return st;
	}
	c->ranges[c->nranges++] = r;
	return TU_OK;
}

static enum status
add_point(struct comparison *c, int64_t key, const struct krange *range,
    bool listed, struct err *err)
{
	enum status st = TU_OK;

	if (c->npoints >= MIN((uint64_t)FETCH_POINTS, max_held(c)))
		st = flush(c, err);
	c->points[c->npoints] = key;
	c->listed[c->npoints] = listed;
	c->point_range[c->npoints++] = *range;
	return st;
}

/* --- rows that the servers' hashes tell apart ------------------------------
 */

/* Neighbours that differ. */
struct run {
	size_t rows;
	int64_t first, last;
	uint64_t n[2];
};

/* Several are a range, so that they are known to be neighbours. At an end of
 * their leaf they may have more in the next one. */
static enum status
add_run(struct comparison *c, const struct run *run, const struct krange *leaf,
    bool begins, bool ends, struct err *err)
{
	struct krange r = { .n = { run->n[SOURCE], run->n[TARGET] } };
	struct cell *at;

	if (run->rows == 0)
		return TU_OK;
	if (run->rows == 1)
		return add_point(c, run->first, &r, true, err);
	at = arena_alloc(c->batch, 2 * sizeof(*at));
	at[0] = cell_int(run->first);
	at[1] = cell_int(run->last + 1);
	r.lo = begins ? leaf->lo : &at[0];
	r.hi = ends ? leaf->hi : &at[1];
	return add_range(c, r, err);
}

static enum status
add_listed(struct comparison *c, const struct krange *leaf,
    struct rowlist_walk w, struct err *err)
{
	struct run run = { 0 };
	bool begins = true;
	enum status st = TU_OK;

	if (rowlist_different(w) > WHOLE_SHARE)
		return add_range(c, *leaf, err);
	while (!st && rowlist_next(&w)) {
		if (!w.differs) {
			st = add_run(c, &run, leaf, begins, false, err);
			run = (struct run){ 0 };
			begins = false;
			continue;
		}
		if (run.rows++ == 0)
			run.first = w.key;
		run.last = w.key;
		run.n[SOURCE] += w.has[SOURCE];
		run.n[TARGET] += w.has[TARGET];
	}
	return st ? st : add_run(c, &run, leaf, begins, true, err);
}

/* List this suspect, and those behind it that are to be, as far as one
 * statement goes; *n says how many they are. */
static enum status
list(struct comparison *c, size_t first, struct rowlist lists[2], size_t *n,
    struct err *err)
{
	struct krange ranges[ROWLIST_RANGES];
	uint64_t rows = 0, most = MIN(max_held(c), LIST_ROWS);

	*n = 0;
	for (size_t i = first; i < c->nsuspects && *n < ROWLIST_RANGES; i++) {
		const struct suspect *s = &c->suspects[i];

		if (s->kind != SUSPECT_LIST)
			continue;
		rows += rows_of(&s->range);
		if (*n > 0 && rows > most)
			break;
		ranges[(*n)++] = s->range;
	}
	return rowlist_read(c->plan, &c->pair, ranges, *n, lists, err);
}

/* --- what was found, in key order ------------------------------------------
 */

/* Make rows to be fetched of it. */
static enum status
resolve(struct comparison *c, struct err *err)
{
	struct rowlist lists[2] = { { 0 } };
	size_t at = 0, nlisted = 0;
	enum status st = TU_OK;

	for (size_t i = 0; i < c->nsuspects && !st; i++) {
		const struct suspect *s = &c->suspects[i];

		if (s->kind == SUSPECT_KEY) {
			st = add_point(c, s->key, &s->range, false, err);
			continue;
		}
		if (s->kind == SUSPECT_RANGE) {
			st = add_range(c, s->range, err);
			continue;
		}
		if (at == nlisted) {
			rowlist_free(lists);
			at = 0;
			st = list(c, i, lists, &nlisted, err);
		}
		if (!st)
			st = add_listed(
			    c, &s->range, rowlist_walk(lists, at++), err);
	}
	rowlist_free(lists);
	c->nsuspects = c->nlist = 0;
	return st;
}

static enum status
settle(struct comparison *c, struct err *err)
{
	enum status st = resolve(c, err);

	return st ? st : flush(c, err);
}

static enum status
suspect(struct comparison *c, struct suspect s, struct err *err)
{
	bool list = s.kind == SUSPECT_LIST;
	enum status st = TU_OK;

	if (c->nsuspects == SUSPECTS || (list && c->nlist == ROWLIST_RANGES))
		st = resolve(c, err);
	c->suspects[c->nsuspects++] = s;
	c->nlist += list;
	return st;
}

/* --- leaves ----------------------------------------------------------------
 */

/* Of the whole table, or of a leaf that was cut. */
struct level {
	const struct bounds *bounds;
	const struct krange *within;
	struct leaf *const *leaves;
	bool keys; /* added up with the hashes of both sides' rows */
	bool cut;  /* those that differ, unless they are small */
	unsigned depth;
};

static bool
adds_keys(const struct comparison *c, const struct bounds *b,
    const struct krange *within)
{
	if (c->pair.hash == HASH_RECORD)
		return fold_near(b, within);
	return b->integer && !c->pair.pushdown[SOURCE] &&
	       !c->pair.pushdown[TARGET];
}

/* The key of the one row in which two leaves of range r differ. */
static bool
decode(const struct comparison *c, const struct leaf *x, const struct leaf *y,
    const struct krange *r, int64_t *key)
{
	int64_t lo = r->lo != NULL ? r->lo->u.i : INT64_MIN;
	int64_t hi = r->hi != NULL ? r->hi->u.i : INT64_MAX;

	if (c->pair.hash == HASH_RECORD)
		return r->lo != NULL && r->hi != NULL &&
		       leaf_decode_near(x, y, lo, hi, key);
	return leaf_decode(x, y, lo, hi, key);
}

static bool
listable(const struct comparison *c, const struct krange *r)
{
	return c->pair.hash == HASH_RECORD && r->lo != NULL && r->hi != NULL &&
	       ((uint64_t)r->hi->u.i - (uint64_t)r->lo->u.i) >> 32 == 0 &&
	       rows_of(r) <= MIN(max_held(c), LIST_ROWS);
}

static enum status look_into(struct comparison *c, const struct level *l,
    uint32_t leaf, struct err *err);

/* Cut a range that differs into smaller leaves, and look into those that do. */
static enum status
cut(struct comparison *c, const struct krange *r, const struct bounds *b,
    unsigned depth, struct err *err)
{
	struct leaf *leaves[2] = { leaves_new(b->nleaves),
		leaves_new(b->nleaves) };
	const struct level l = { .bounds = b,
		.within = r,
		.leaves = leaves,
		.keys = adds_keys(c, b, r),
		.cut = true,
		.depth = depth };
	uint32_t *differ = calloc(b->nleaves, sizeof(*differ));
	struct hash128 root[2];
	size_t n = 0;
	enum status st;

	if (differ == NULL)
		out_of_memory(b->nleaves * sizeof(*differ));
	st = gather(c->plan, &c->pair, &c->pool, b, r, leaves, err);
	if (!st)
		n = tree_compare(
		    leaves[SOURCE], leaves[TARGET], b->nleaves, differ, root);
	for (size_t i = 0; i < n && !st; i++)
		st = look_into(c, &l, differ[i], err);
	free(differ);
	free(leaves[SOURCE]);
	free(leaves[TARGET]);
	return st;
}

/* A leaf that differs in more than one row, or does not say in which. */
static enum status
look_into_rows(struct comparison *c, const struct level *l, struct krange r,
    struct err *err)
{
	struct bounds b = { .nleaves = 1 };
	bool list = listable(c, &r);
	uint64_t small = list ? LIST_LEAF : FETCH_ROWS, rows = rows_of(&r);

	if (((l->cut && rows > small) || rows > max_held(c)) &&
	    l->depth <= DEPTH_MAX) {
		enum status st =
		    bounds_make(c->plan, &c->pair, &r, (double)rows,
			MAX(rows / SPLIT, FETCH_ROWS / 2), c->batch, &b, err);

		if (st)
			return st;
	}
	if (b.nleaves > 1)
		return cut(c, &r, &b, l->depth + 1, err);
	return suspect(c,
	    (struct suspect){
		.kind = list ? SUSPECT_LIST : SUSPECT_RANGE, .range = r },
	    err);
}

static enum status
look_into(
    struct comparison *c, const struct level *l, uint32_t leaf, struct err *err)
{
	const struct leaf *x = &l->leaves[SOURCE][leaf];
	const struct leaf *y = &l->leaves[TARGET][leaf];
	struct suspect s = { .kind = SUSPECT_KEY,
		.range = bounds_range(l->bounds, l->within, leaf) };

	s.range.n[SOURCE] = x->n;
	s.range.n[TARGET] = y->n;
	if (l->keys && decode(c, x, y, &s.range, &s.key))
		return suspect(c, s, err);
	return look_into_rows(c, l, s.range, err);
}

enum status
suspects_in_ranges(
    struct comparison *c, const uint32_t *differ, size_t n, struct err *err)
{
	bool sparse = n <= FETCH_RANGES || n <= c->bounds.nleaves / SPARSE;
	bool push = c->pair.pushdown[SOURCE] || c->pair.pushdown[TARGET];
	const struct level l = { .bounds = &c->bounds,
		.within = &c->within,
		.leaves = c->leaves,
		.keys = adds_keys(c, &c->bounds, &c->within),
		.cut = c->pair.hash == HASH_RECORD || (push && sparse) };
	enum status st = TU_OK;

	for (size_t i = 0; i < n && !st; i++) {
		st = look_into(c, &l, differ[i], err);
		if (!st && arena_footprint(c->batch) > BATCH_MEMORY) {
			st = settle(c, err);
			arena_reset(c->batch);
		}
	}
	return st ? st : settle(c, err);
}

enum status
suspects_in_buckets(
    struct comparison *c, const uint32_t *differ, size_t n, struct err *err)
{
	struct fetch_spec spec = { .of = (uint32_t)c->bounds.nleaves };
	uint64_t expected[2] = { 0, 0 };

	if (n == 0)
		return TU_OK;
	if (n < c->bounds.nleaves / MANY_BUCKETS &&
	    side_can_bucket(c->plan->db[SOURCE], &c->pair, SOURCE) &&
	    side_can_bucket(c->plan->db[TARGET], &c->pair, TARGET)) {
		spec.buckets = differ;
		spec.nbuckets = n;
	}
	for (size_t i = 0; i < (spec.nbuckets ? n : spec.of); i++) {
		size_t leaf = spec.nbuckets ? differ[i] : i;

		expected[SOURCE] += c->leaves[SOURCE][leaf].n;
		expected[TARGET] += c->leaves[TARGET][leaf].n;
	}
	return fetch_and_merge(c, &spec, expected, err);
}

/* As many rows at once as a server may be made to read. */
enum status
suspects_in_stretch(
    struct comparison *c, const struct stretch *stretch, struct err *err)
{
	uint64_t step = MAX(max_read(c) / MAX(c->pair.leaf_rows, 1), 1);
	struct krange part;
	struct fetch_spec spec = {
		.ranges = &part, .nranges = 1, .pages = true
	};
	enum status st = TU_OK;

	for (size_t i = stretch->first; i < stretch->last && !st;) {
		size_t n = (size_t)MIN(step, stretch->last - i);

		bounds_part(&c->bounds, &c->within, i, i + n, &part);
		st = fetch_and_merge(c, &spec, NULL, err);
		for (int s = SOURCE; s <= TARGET && !st; s++)
			c->tally->rows[s] += c->merge.fetched[s];
		i += n;
	}
	return st;
}
