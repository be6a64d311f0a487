/*
 * Leaves that differ are looked into: the row that one names is fetched by its
 * key, small ones are fetched whole, large ones cut again.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "db/pace.h"
#include "diff/diff-int.h"
#include "diff/fold.h"
#include "diff/pages.h"

/* A folding server sends one line a leaf, so its leaves are large; one that
 * differs is cut again until about this many rows are left to fetch. */
#define FETCH_ROWS 64
#define SPLIT 64
/* Once more than one leaf in this many differs, fetching beats cutting. */
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
	const struct column **cols[2] = { NULL, NULL };
	enum status st = TU_OK;

	c->merge.points = spec->points;
	c->merge.npoints = spec->npoints;
	c->merge.confirmed = c->confirmed;
	c->merge.ranges = spec->ranges;
	c->merge.nranges = spec->nranges;
	for (int s = SOURCE; s <= TARGET && !st; s++)
		st = fetch_open(c->plan->db[s], &c->pair, (enum side)s, spec,
		    &cols[s], &cur[s], err);
	if (!st)
		st = merge_run(&c->merge, cur[SOURCE], cur[TARGET], err);
	for (int s = SOURCE; s <= TARGET; s++) {
		db_cursor_close(cur[s]);
		free(cols[s]);
	}
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
	for (size_t i = 0; i < c->nranges; i++)
		for (int s = SOURCE; s <= TARGET; s++)
			expected[s] += c->ranges[i].n[s];
	memset(c->confirmed, 0, npoints * sizeof(c->confirmed[0]));
	st = fetch_and_merge(c, &spec, expected, err);
	c->nranges = c->npoints = 0;
	for (size_t i = 0; i < npoints && !st; i++) {
		uint32_t leaf = c->point_leaf[i];

		if (c->confirmed[i])
			continue;
		c->ranges[c->nranges] =
		    bounds_range(&c->bounds, &c->within, leaf);
		for (int s = SOURCE; s <= TARGET; s++)
			c->ranges[c->nranges].n[s] = c->leaves[s][leaf].n;
		if (++c->nranges == FETCH_RANGES)
			st = flush(c, err);
	}
	if (!st && c->nranges > 0)
		st = flush(c, err);
	return st;
}

/* Rows that both sides can hold at once, and should read. */
static uint64_t
max_held(const struct comparison *c)
{
	uint64_t max = UINT64_MAX;

	for (int s = SOURCE; s <= TARGET; s++) {
		max = MIN(max, pace_piece(c->plan->db[s]));
		if (c->plan->db[s]->holds)
			max = MIN(max, pages_rows(c->pair.table[s]));
	}
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

/* Cut a range that differs into smaller leaves, again and again, and collect
 * those small enough to be read. */
static enum status
cut(struct comparison *c, struct krange r, unsigned depth, struct err *err)
{
	double rows = (double)MAX(r.n[SOURCE], r.n[TARGET]);
	struct leaf *leaves[2];
	struct bounds b;
	uint32_t *differ;
	struct hash128 root[2];
	size_t n;
	enum status st;

	if (rows <= FETCH_ROWS || depth > 8)
		return add_range(c, r, err);
	st = bounds_make(c->plan, &c->pair, &r, rows,
	    MAX((uint64_t)(rows / SPLIT), FETCH_ROWS / 2), c->batch, &b, err);
	if (st)
		return st;
	if (b.nleaves == 1)
		return add_range(c, r, err);
	leaves[SOURCE] = leaves_new(b.nleaves);
	leaves[TARGET] = leaves_new(b.nleaves);
	differ = calloc(b.nleaves, sizeof(*differ));
	if (differ == NULL)
		out_of_memory(b.nleaves * sizeof(*differ));
	st = gather(c->plan, &c->pair, &c->pool, &b, &r, leaves, err);
	n = st ? 0
	       : tree_compare(
		     leaves[SOURCE], leaves[TARGET], b.nleaves, differ, root);
	for (size_t i = 0; i < n && !st; i++) {
		struct krange part = bounds_range(&b, &r, differ[i]);

		part.n[SOURCE] = leaves[SOURCE][differ[i]].n;
		part.n[TARGET] = leaves[TARGET][differ[i]].n;
		st = cut(c, part, depth + 1, err);
	}
	free(differ);
	free(leaves[SOURCE]);
	free(leaves[TARGET]);
	return st;
}

/* Were keys added up with the hashes of both sides' rows? */
static bool
decodable(const struct comparison *c)
{
	if (c->pair.hash == HASH_RECORD)
		return fold_near(&c->bounds, &c->within);
	return c->bounds.integer && !c->pair.pushdown[SOURCE] &&
	       !c->pair.pushdown[TARGET];
}

/* The key of the one row in which this leaf differs, of range r. */
static bool
decode(const struct comparison *c, uint32_t leaf, const struct krange *r,
    int64_t *key)
{
	const struct leaf *x = &c->leaves[SOURCE][leaf];
	const struct leaf *y = &c->leaves[TARGET][leaf];
	int64_t lo = r->lo != NULL ? r->lo->u.i : INT64_MIN;
	int64_t hi = r->hi != NULL ? r->hi->u.i : INT64_MAX;

	if (c->pair.hash == HASH_RECORD)
		return r->lo != NULL && r->hi != NULL &&
		       leaf_decode_near(x, y, lo, hi, key);
	return leaf_decode(x, y, lo, hi, key);
}

enum status
suspects_in_ranges(
    struct comparison *c, const uint32_t *differ, size_t n, struct err *err)
{
	bool sparse = n <= FETCH_RANGES || n <= c->bounds.nleaves / SPARSE;
	bool push = c->pair.pushdown[SOURCE] || c->pair.pushdown[TARGET];
	bool keys = decodable(c);
	enum status st = TU_OK;

	for (size_t i = 0; i < n && !st; i++) {
		struct krange r =
		    bounds_range(&c->bounds, &c->within, differ[i]);
		int64_t key;

		for (int s = SOURCE; s <= TARGET; s++)
			r.n[s] = c->leaves[s][differ[i]].n;
		if (keys && decode(c, differ[i], &r, &key)) {
			if (c->npoints >=
			    MIN((uint64_t)FETCH_POINTS, max_held(c)))
				st = flush(c, err);
			c->points[c->npoints] = key;
			c->point_leaf[c->npoints++] = differ[i];
		} else if ((push && sparse) || rows_of(&r) > max_held(c)) {
			st = cut(c, r, 0, err);
			if (!st && arena_footprint(c->batch) > BATCH_MEMORY) {
				st = flush(c, err);
				arena_reset(c->batch);
			}
		} else {
			st = add_range(c, r, err);
		}
	}
	return st ? st : flush(c, err);
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

enum status
suspects_in_stretch(
    struct comparison *c, const struct stretch *stretch, struct err *err)
{
	struct krange all;
	struct fetch_spec spec = { .ranges = &all, .nranges = 1 };
	enum status st;

	bounds_part(
	    &c->bounds, &c->within, stretch->first, stretch->last, &all);
	st = fetch_and_merge(c, &spec, NULL, err);
	for (int s = SOURCE; s <= TARGET && !st; s++)
		c->tally->rows[s] += c->merge.fetched[s];
	return st;
}
