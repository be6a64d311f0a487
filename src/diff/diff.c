#include <config.h>

#include "diff/diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/stage.h"
#include "diff/btree.h"
#include "diff/fetch.h"
#include "diff/fold.h"
#include "diff/gather.h"
#include "diff/merge.h"
#include "diff/pages.h"
#include "diff/pilot.h"

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

/* The comparison of one pair. */
struct comparison {
	const struct plan *plan;
	struct pair pair;         /* a copy: it may be compared differently */
	const struct pair *shown; /* what the sink knows */
	const struct diff_options *options;
	struct pool pool;
	struct arena *arena; /* bounds */
	struct bounds bounds;
	struct leaf *leaves[2];
	struct merge merge;
	struct tally *tally;

	/* What is to be fetched next. */
	struct krange ranges[FETCH_RANGES];
	size_t nranges;
	int64_t points[FETCH_POINTS];
	uint32_t point_leaf[FETCH_POINTS];
	bool confirmed[FETCH_POINTS];
	size_t npoints;
	struct arena *batch; /* bounds of cut leaves, until fetched */
};

/* A statement that waited for ALTER TABLE or TRUNCATE may have read a table
 * that is not the one planned, or an empty one. */
enum status
diff_check_versions(
    const struct plan *plan, const struct pair *pair, struct err *err)
{
	for (int s = SOURCE; s <= TARGET; s++) {
		struct db *db = plan->db[s];
		const struct table *t = pair->table[s];
		uint64_t version;
		enum status st;

		st = db->drv->table_version(db, t, &version, err);
		if (st)
			return err_context(err, "%s", db->side);
		if (version == pair->version[s])
			continue;
		err_set(err, TU_EQUERY,
		    "%s: the table was altered, truncated or replaced during "
		    "the run",
		    db->side);
		return err_hint(err, "run the comparison again");
	}
	return TU_OK;
}

static enum status
check_folding(struct comparison *c, struct err *err)
{
	for (int s = SOURCE; s <= TARGET; s++) {
		bool agrees;
		enum status st;

		if (!c->pair.pushdown[s])
			continue;
		st = gather_check_fold(
		    c->plan, &c->pair, (enum side)s, &agrees, err);
		if (st)
			return st;
		if (agrees)
			continue;
		log_line(LOG_WARN,
		    "table '%s': the %s's hashes of sampled rows are not "
		    "ours; its rows are hashed here instead",
		    c->pair.name, c->plan->db[s]->side);
		c->pair.pushdown[s] = false;
		if (c->pair.hash == HASH_RECORD)
			pair_hash_here(&c->pair);
	}
	return TU_OK;
}

static struct leaf *
new_leaves(size_t n)
{
	struct leaf *l = calloc(n, sizeof(*l));

	if (l == NULL)
		out_of_memory(n * sizeof(*l));
	return l;
}

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
	return st ? st : check_counts(c, expected, err);
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
	const struct krange all = { 0 };
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
		c->ranges[c->nranges] = bounds_range(&c->bounds, &all, leaf);
		for (int s = SOURCE; s <= TARGET; s++)
			c->ranges[c->nranges].n[s] = c->leaves[s][leaf].n;
		if (++c->nranges == FETCH_RANGES)
			st = flush(c, err);
	}
	if (!st && c->nranges > 0)
		st = flush(c, err);
	return st;
}

/* Rows that both sides can hold at once. */
static uint64_t
max_held(const struct comparison *c)
{
	uint64_t max = UINT64_MAX;

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
	leaves[SOURCE] = new_leaves(b.nleaves);
	leaves[TARGET] = new_leaves(b.nleaves);
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
		return fold_near(&c->bounds);
	return c->bounds.integer && !c->pair.pushdown[SOURCE] &&
	       !c->pair.pushdown[TARGET];
}

static bool
decode(const struct comparison *c, uint32_t leaf, int64_t *key)
{
	const struct bounds *b = &c->bounds;
	bool open = leaf == 0 || leaf + 1 == b->nleaves;
	int64_t lo = leaf > 0 ? b->ints[leaf - 1] : INT64_MIN;
	int64_t hi = leaf + 1 < b->nleaves ? b->ints[leaf] : INT64_MAX;

	if (c->pair.hash == HASH_RECORD)
		return !open && leaf_decode_near(&c->leaves[SOURCE][leaf],
				    &c->leaves[TARGET][leaf], lo, hi, key);
	return leaf_decode(
	    &c->leaves[SOURCE][leaf], &c->leaves[TARGET][leaf], lo, hi, key);
}

static enum status
look_at_ranges(
    struct comparison *c, const uint32_t *differ, size_t n, struct err *err)
{
	const struct krange all = { 0 };
	bool sparse = n <= FETCH_RANGES || n <= c->bounds.nleaves / SPARSE;
	bool push = c->pair.pushdown[SOURCE] || c->pair.pushdown[TARGET];
	bool keys = decodable(c);
	enum status st = TU_OK;

	for (size_t i = 0; i < n && !st; i++) {
		struct krange r = bounds_range(&c->bounds, &all, differ[i]);
		int64_t key;

		for (int s = SOURCE; s <= TARGET; s++)
			r.n[s] = c->leaves[s][differ[i]].n;
		if (keys && decode(c, differ[i], &key)) {
			if (c->npoints == FETCH_POINTS)
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

static enum status
look_at_buckets(
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

/* The false-negative odds are those of two different multisets of rows with
 * equal sums in some leaf: leaves / 2^128. */
static void
log_result(const struct comparison *c, const struct hash128 root[2], size_t n)
{
	if (!log_enabled(LOG_INFO))
		return;
	log_line(LOG_INFO,
	    "table '%s': %zu of %zu %s differ; hash %s, roots %016llx "
	    "%016llx; odds of a missed difference below %zu in 2^%d",
	    c->shown->name, n, c->bounds.nleaves,
	    c->bounds.ncols ? "key ranges" : "buckets",
	    hash_kind_name(c->pair.hash), (unsigned long long)root[0].a,
	    (unsigned long long)root[1].a, c->bounds.nleaves,
	    c->pair.hash == HASH_RECORD ? 62 : 120);
}

static enum status
check_digests(const struct comparison *c, struct err *err)
{
	bool md5 = c->pair.nrange == 0;

	if (hasher_available(c->pair.hash) &&
	    (!md5 || hasher_available(HASH_MD5)))
		return TU_OK;
	err_set(err, TU_ESCHEMA, "libcrypto has no %s here (FIPS mode?)",
	    hasher_available(c->pair.hash) ? "md5, which buckets need"
					   : hash_kind_name(c->pair.hash));
	return err_hint(err, "choose another with --hash, or name a key that "
			     "both sides order alike with --key");
}

/* Leaves are cut where rows are expected, so that some have none: what tells
 * where in the table a leaf is are the rows of those before it. */
static void
place_leaves(struct comparison *c)
{
	size_t n = c->bounds.nleaves;
	uint64_t *before = arena_alloc(c->arena, (n + 1) * sizeof(*before));
	uint64_t rows = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t here =
		    MAX(c->leaves[SOURCE][i].n, c->leaves[TARGET][i].n);

		before[i] = rows + here / 2;
		rows += here;
		c->merge.leaves += here > 0;
	}
	before[n] = rows;
	c->merge.bounds = &c->bounds;
	c->merge.before = before;
}

static enum status
cut_table(struct comparison *c, struct err *err)
{
	const struct krange all = { 0 };

	return bounds_make(c->plan, &c->pair, &all, c->pair.rows,
	    c->pair.leaf_rows, c->arena, &c->bounds, err);
}

/* Large leaves were planned for the servers: is that right for this table? */
static enum status
reconsider(struct comparison *c, struct err *err)
{
	enum pilot pilot = PILOT_ALIKE;
	enum status st = TU_OK;

	if (c->pair.hash == HASH_RECORD && c->pair.leaf_rows == RECORD_LEAF)
		st = pilot_run(c->plan, &c->pair, &c->bounds, &pilot, err);
	if (st || pilot == PILOT_ALIKE)
		return st;
	if (pilot == PILOT_DENSE)
		pair_hash_here(&c->pair);
	else
		c->pair.leaf_rows = PILOT_LEAF;
	return cut_table(c, err);
}

static enum status
compare(struct comparison *c, struct err *err)
{
	const struct krange all = { 0 };
	struct hash128 root[2];
	uint32_t *differ;
	size_t n;
	enum status st;

	st = cut_table(c, err);
	if (!st)
		st = reconsider(c, err);
	if (st)
		return st;
	for (int s = SOURCE; s <= TARGET; s++)
		c->leaves[s] = new_leaves(c->bounds.nleaves);
	stage_table_again();
	st = gather(
	    c->plan, &c->pair, &c->pool, &c->bounds, &all, c->leaves, err);
	stage_look(0);
	if (!st)
		st = diff_check_versions(c->plan, &c->pair, err);
	if (st)
		return st;
	for (int s = SOURCE; s <= TARGET; s++)
		for (size_t i = 0; i < c->bounds.nleaves; i++)
			c->tally->rows[s] += c->leaves[s][i].n;
	differ = calloc(c->bounds.nleaves, sizeof(*differ));
	if (differ == NULL)
		out_of_memory(c->bounds.nleaves * sizeof(*differ));
	n = tree_compare(c->leaves[SOURCE], c->leaves[TARGET],
	    c->bounds.nleaves, differ, root);
	log_result(c, root, n);
	place_leaves(c);
	st = c->bounds.ncols > 0 ? look_at_ranges(c, differ, n, err)
	                         : look_at_buckets(c, differ, n, err);
	free(differ);
	return st;
}

/* One attempt; what it allocated is gone afterwards. */
static enum status
attempt(struct comparison *c, struct change_sink *sink, struct err *err)
{
	enum status st;

	st = check_digests(c, err);
	if (st)
		return st;
	c->arena = arena_new(65536);
	c->batch = arena_new(16384);
	c->leaves[SOURCE] = c->leaves[TARGET] = NULL;
	merge_init(&c->merge, c->plan, &c->pair, c->shown, sink, c->tally);
	st = pool_open(&c->pool, c->plan, &c->pair, c->options, err);
	if (!st)
		st = check_folding(c, err);
	if (!st)
		st = compare(c, err);
	pool_close(&c->pool);
	merge_release(&c->merge);
	free(c->leaves[SOURCE]);
	free(c->leaves[TARGET]);
	arena_free(c->batch);
	arena_free(c->arena);
	return st;
}

/*
 * Nothing was reported yet, so the table can be compared in another way: with
 * the rows hashed here, if a server that was to do it could not; then, for a
 * key that does not fit its column's type (SQLite) or does not come in the
 * order relied upon, by buckets of the key's hash, which need no order.
 */
static enum status
attempt_again(struct comparison *c, struct change_sink *sink, struct err *err)
{
	bool folds = c->pair.pushdown[SOURCE] || c->pair.pushdown[TARGET];
	enum status st = attempt(c, sink, err);

	if (st == TU_EREPLAN && folds && c->tally->suspects == 0) {
		log_line(LOG_INFO, "table '%s': %s; its rows are hashed here",
		    c->shown->name, err->msg);
		err_clear(err);
		*c->tally = (struct tally){ 0 };
		pair_hash_here(&c->pair);
		st = attempt(c, sink, err);
	}
	if (st != TU_EREPLAN)
		return st;
	if (c->pair.nrange == 0 || c->tally->suspects > 0)
		return err_context(err, "the plan was abandoned too late");
	log_line(LOG_INFO, "table '%s': %s; comparing by buckets of the key",
	    c->shown->name, err->msg);
	err_clear(err);
	*c->tally = (struct tally){ 0 };
	c->pair.nrange = 0;
	return attempt(c, sink, err);
}

enum status
diff_pair(const struct plan *plan, const struct pair *pair,
    const struct diff_options *options, struct change_sink *sink,
    struct tally *tally, struct err *err)
{
	struct comparison *c = calloc(1, sizeof(*c));
	double began = clock_seconds();
	uint64_t bytes[2];
	bool done = false;
	enum status st = TU_OK;

	if (c == NULL)
		out_of_memory(sizeof(*c));
	*c = (struct comparison){ .plan = plan,
		.pair = *pair,
		.shown = pair,
		.options = options,
		.tally = tally };
	*tally = (struct tally){ 0 };
	for (int s = SOURCE; s <= TARGET; s++)
		bytes[s] = plan->db[s]->bytes_in;
	if (sink->begin != NULL)
		st = sink->begin(sink, pair, err);
	if (!st)
		st = btree_pair(plan, pair, options, sink, tally, &done, err);
	if (!st && !done)
		st = attempt_again(c, sink, err);
	if (st) {
		err_context(err, "table '%s'", pair->name);
		goto out;
	}
	tally->hidden_columns = pair->nonly[SOURCE] + pair->nonly[TARGET] > 0;
	tally->seconds = clock_seconds() - began;
	for (int s = SOURCE; s <= TARGET; s++)
		tally->bytes[s] = plan->db[s]->bytes_in - bytes[s];
	if (sink->end != NULL)
		st = sink->end(sink, pair, tally, err);
out:
	free(c);
	return st;
}
