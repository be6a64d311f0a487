#include <config.h>

#include "diff/diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/both.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stage.h"
#include "db/pace.h"
#include "diff/btree.h"
#include "diff/diff-int.h"
#include "diff/pilot.h"
#include "diff/placement.h"

#define PIECE_LEAVES 8

struct checking {
	const struct plan *plan;
	const struct pair *pair;
};

static enum status
check_version(void *arg, int side, struct err *err)
{
	const struct checking *c = arg;
	struct db *db = c->plan->db[side];
	uint64_t version;
	enum status st =
	    db->drv->table_version(db, c->pair->table[side], &version, err);

	if (st)
		return err_context(err, "%s", db->side);
	if (version == c->pair->version[side])
		return TU_OK;
	err_set(err, TU_EQUERY,
	    "%s: the table was altered, truncated or replaced during the run",
	    db->side);
	return err_hint(err, "run the comparison again");
}

/* A statement that waited for ALTER TABLE or TRUNCATE may have read a table
 * that is not the one planned, or an empty one. */
enum status
diff_check_versions(
    const struct plan *plan, const struct pair *pair, struct err *err)
{
	struct checking c = { plan, pair };

	return both_sides(check_version, &c, err);
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
			pair_hash_here(c->plan->db, &c->pair,
			    "a server's hashes are not ours");
	}
	return TU_OK;
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
 * where in the table a leaf is are the rows of those before it. What has yet to
 * be read has about as many as it was cut for. */
static void
place_leaves(struct comparison *c)
{
	const struct stretch *stretch = c->stretches;

	size_t n = c->bounds.nleaves;
	uint64_t *before = arena_alloc(c->arena, (n + 1) * sizeof(*before));
	uint64_t rows = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t here =
		    MAX(c->leaves[SOURCE][i].n, c->leaves[TARGET][i].n);

		stretch += i == stretch->last;
		if (stretch->dense)
			here = c->pair.leaf_rows;
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
	return bounds_make(c->plan, &c->pair, &c->within, c->pair.rows,
	    c->pair.leaf_rows, c->arena, &c->bounds, err);
}

/* Rows were to travel: is that right for this link? */
static enum status
place(struct comparison *c, struct err *err)
{
	enum status st = placement_choose(c->plan, &c->pair, &c->bounds, err);

	return st || c->pair.hash == HASH_STREAM ? st : cut_table(c, err);
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
		pair_hash_here(
		    c->plan->db, &c->pair, "most rows seem to differ");
	else
		c->pair.leaf_rows = PILOT_LEAF;
	return cut_table(c, err);
}

/* Read both sides into leaves, but for what is read in key order later. */
static enum status
fold_rows(struct comparison *c, struct err *err)
{
	enum status st;

	for (int s = SOURCE; s <= TARGET; s++)
		c->leaves[s] = leaves_new(c->bounds.nleaves);
	st = dense_look(c->plan, &c->pair, &c->pool, &c->bounds, &c->within,
	    c->stretches, &c->nstretches, err);
	if (c->part)
		stage_table_more();
	else
		stage_table_again();
	for (size_t i = 0; i < c->nstretches && !st; i++) {
		const struct stretch *s = &c->stretches[i];
		struct leaf *leaves[2] = { c->leaves[SOURCE] + s->first,
			c->leaves[TARGET] + s->first };
		struct krange range = c->within;
		struct bounds part = c->bounds;

		if (s->dense)
			continue;
		if (c->nstretches > 1)
			part = bounds_part(
			    &c->bounds, &c->within, s->first, s->last, &range);
		st = gather(
		    c->plan, &c->pair, &c->pool, &part, &range, leaves, err);
	}
	stage_look(0);
	return st;
}

/* Changes come in key order, so stretches do. */
static enum status
look_into(
    struct comparison *c, const uint32_t *differ, size_t n, struct err *err)
{
	enum status st = TU_OK;

	if (c->bounds.ncols == 0)
		return suspects_in_buckets(c, differ, n, err);
	for (size_t i = 0; i < c->nstretches && !st; i++) {
		const struct stretch *s = &c->stretches[i];
		size_t here = 0;

		while (here < n && differ[here] < s->last)
			here++;
		st = s->dense ? suspects_in_stretch(c, s, err)
		              : suspects_in_ranges(c, differ, here, err);
		differ += here;
		n -= here;
	}
	return st;
}

static enum status
compare(struct comparison *c, struct err *err)
{
	struct hash128 root[2];
	uint32_t *differ;
	size_t n;
	enum status st;

	st = cut_table(c, err);
	if (!st && c->pair.measurable && !c->part)
		st = place(c, err);
	if (!st)
		st = reconsider(c, err);
	if (!st)
		st = fold_rows(c, err);
	if (!st)
		st = diff_check_versions(c->plan, &c->pair, err);
	if (!st)
		st = comparison_begin(c, err);
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
	st = look_into(c, differ, n, err);
	free(differ);
	return st;
}

/* One attempt; what it allocated is gone afterwards. */
static enum status
attempt(struct comparison *c, struct err *err)
{
	enum status st;

	st = check_digests(c, err);
	if (st)
		return st;
	c->arena = arena_new(65536);
	c->batch = arena_new(16384);
	c->leaves[SOURCE] = c->leaves[TARGET] = NULL;
	merge_init(&c->merge, c->plan, &c->pair, c->shown, c->sink, c->tally);
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
enum status
comparison_run(struct comparison *c, struct err *err)
{
	enum status st = attempt(c, err);
	bool folds = c->pair.pushdown[SOURCE] || c->pair.pushdown[TARGET];

	if (st == TU_EREPLAN && folds && c->tally->suspects == 0) {
		log_line(LOG_INFO, "table '%s': %s; its rows are hashed here",
		    c->shown->name, err->msg);
		err_clear(err);
		*c->tally = (struct tally){ 0 };
		pair_hash_here(
		    c->plan->db, &c->pair, "a server could not hash all rows");
		st = attempt(c, err);
	}
	if (st != TU_EREPLAN || c->part)
		return st;
	if (c->pair.nrange == 0 || c->tally->suspects > 0)
		return err_context(err, "the plan was abandoned too late");
	log_line(LOG_INFO, "table '%s': %s; comparing by buckets of the key",
	    c->shown->name, err->msg);
	err_clear(err);
	*c->tally = (struct tally){ 0 };
	c->pair.nrange = 0;
	return attempt(c, err);
}

/* A leaf is what a server reads at least, and some fit into what it may read at
 * once; what has no ranges it would read at once. */
static void
spare_servers(struct comparison *c)
{
	struct pair *pair = &c->pair;
	uint64_t piece = UINT64_MAX;

	for (int s = SOURCE; s <= TARGET; s++)
		piece = MIN(piece, pace_piece(c->plan->db[s]));
	if (piece == UINT64_MAX)
		return;
	if (pair->nrange == 0)
		pair_hash_here(c->plan->db, pair, "it has no ranges to pace");
	pair->leaf_rows = MIN(pair->leaf_rows, MAX(piece / PIECE_LEAVES, 1));
	if (pair->rows / (double)pair->leaf_rows > LEAVES_MAX)
		pair->leaf_rows = (uint64_t)(pair->rows / LEAVES_MAX) + 1;
}

struct comparison *
comparison_new(const struct plan *plan, const struct pair *pair,
    const struct diff_options *options, struct change_sink *sink,
    struct tally *tally)
{
	struct comparison *c = calloc(1, sizeof(*c));

	if (c == NULL)
		out_of_memory(sizeof(*c));
	*c = (struct comparison){ .plan = plan,
		.pair = *pair,
		.shown = pair,
		.options = options,
		.sink = sink,
		.tally = tally,
		.started = clock_seconds(),
		.bytes = {
		    plan->db[SOURCE]->bytes_in, plan->db[TARGET]->bytes_in } };
	*tally = (struct tally){ 0 };
	spare_servers(c);
	return c;
}

enum status
comparison_begin(struct comparison *c, struct err *err)
{
	bool begun = c->begun;

	c->begun = true;
	return begun ? TU_OK : tell_begin(c->sink, c->shown, err);
}

enum status
comparison_end(struct comparison *c, enum status st, struct err *err)
{
	const struct pair *pair = c->shown;
	struct tally *tally = c->tally;

	if (st) {
		err_context(err, "table '%s'", pair->name);
		goto out;
	}
	tally->hidden_columns = pair->nonly[SOURCE] + pair->nonly[TARGET] > 0;
	tally->seconds = clock_seconds() - c->started;
	for (int s = SOURCE; s <= TARGET; s++)
		tally->bytes[s] = c->plan->db[s]->bytes_in - c->bytes[s];
	tally->hashed = (struct hashed){ .hash = c->pair.hash,
		.leaf_rows = c->pair.leaf_rows,
		.why = c->pair.hash_why,
		.placement = c->pair.placement };
	st = tell_end(c->sink, pair, tally, err);
out:
	free(c);
	return st;
}

enum status
diff_pair(const struct plan *plan, const struct pair *pair,
    const struct diff_options *options, struct change_sink *sink,
    struct tally *tally, struct err *err)
{
	struct comparison *c = comparison_new(plan, pair, options, sink, tally);
	bool done = false;
	enum status st = comparison_begin(c, err);

	if (!st)
		st = btree_pair(plan, pair, options, sink, tally, &done, err);
	if (!st && !done)
		st = comparison_run(c, err);
	return comparison_end(c, st, err);
}
