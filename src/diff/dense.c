#include <config.h>

#include "diff/dense.h"

#include <string.h>

#include "base/log.h"
#include "diff/pages.h"
#include "diff/sorter.h"

#define SAMPLE 16    /* leaves of a stretch that are looked at, at most */
#define SAMPLE_OF 32 /* one of so many, 3 % of the rows */
#define LEAVES_MIN 1024
/* Hashing takes half to all of the time of a read in key order, and is lost
 * where more than one leaf in so many comes again: then no choice costs more
 * than 1.3 times the other. */
#define DENSE_SHARE 3
/* Where none of the first stretches looked at is dense, what is dense is less
 * than a quarter of all, and looking at the others would cost more. */
#define FIRST 4

/*
 * Do the rows of a side come in key order as they lie, a few at a time, and is
 * every key of its column's type, so that they surely do? Of SQLite's keys only
 * the rowid is; reading by another index takes longer than hashing, too.
 */
static bool
comes_in_order(const struct plan *plan, const struct pair *pair, enum side side)
{
	const struct db *db = plan->db[side];

	if (pair->pushdown[side] || sorter_needed(db, pair, side) ||
	    (db->holds && !pages_ordered(db, pair, side)))
		return false;
	for (size_t i = 0; i < pair->nrange; i++) {
		const struct column *col = pair->cols[i].col[side];

		if (col->pad_space ||
		    (col->affinity != AFF_NONE && !col->rowid_alias))
			return false;
	}
	return true;
}

/* Is the leaf to be read again, and not just one row of it? */
static bool
is_open(const struct bounds *b, const struct krange *within,
    const struct leaf *x, const struct leaf *y, size_t i)
{
	struct krange r = bounds_range(b, within, i);
	int64_t key;

	return !leaf_equal(x, y) &&
	       (!b->integer ||
		   !leaf_decode(x, y, r.lo != NULL ? r.lo->u.i : INT64_MIN,
		       r.hi != NULL ? r.hi->u.i : INT64_MAX, &key));
}

/* Read n leaves from this one on, on both sides. */
static enum status
look_at(const struct plan *plan, const struct pair *pair, struct pool *pool,
    const struct bounds *bounds, const struct krange *within, size_t first,
    size_t n, bool *dense, struct err *err)
{
	struct krange range;
	struct bounds part =
	    bounds_part(bounds, within, first, first + n, &range);
	struct leaf x[SAMPLE] = { 0 }, y[SAMPLE] = { 0 };
	struct leaf *leaves[2] = { x, y };
	size_t open = 0;
	enum status st = gather(plan, pair, pool, &part, &range, leaves, err);

	for (size_t i = 0; i < n && !st; i++)
		open += is_open(&part, &range, &x[i], &y[i], i);
	*dense = open * DENSE_SHARE > n;
	return st;
}

/* A burst of changes may be just where we looked, so a neighbour must agree;
 * those of a kind become one. */
static size_t
join(struct stretch *out, const bool dense[STRETCHES], size_t nleaves)
{
	size_t n = 0;

	for (size_t i = 0; i < STRETCHES; i++) {
		bool agreed =
		    dense[i] && ((i > 0 && dense[i - 1]) ||
				    (i + 1 < STRETCHES && dense[i + 1]));

		if (n == 0 || out[n - 1].dense != agreed)
			out[n++] = (struct stretch){
				.first = nleaves * i / STRETCHES,
				.dense = agreed,
			};
		out[n - 1].last = nleaves * (i + 1) / STRETCHES;
	}
	return n;
}

enum status
dense_look(const struct plan *plan, const struct pair *pair, struct pool *pool,
    const struct bounds *bounds, const struct krange *within,
    struct stretch out[STRETCHES], size_t *n, struct err *err)
{
	size_t nleaves = bounds->nleaves, share = nleaves / STRETCHES;
	size_t sample = MIN(share / SAMPLE_OF, (size_t)SAMPLE), found = 0;
	bool dense[STRETCHES];
	enum status st = TU_OK;

	*n = 1;
	out[0] = (struct stretch){ .last = nleaves };
	if (bounds->ncols == 0 || nleaves < LEAVES_MIN ||
	    !comes_in_order(plan, pair, SOURCE) ||
	    !comes_in_order(plan, pair, TARGET))
		return TU_OK;
	for (size_t i = 0; i < STRETCHES && !st; i++) {
		/* 2, 6, 10 and 14, then 3, 7... */
		size_t at = i % FIRST * FIRST + (i / FIRST + 2) % FIRST;

		if (i == FIRST && found == 0)
			return TU_OK;
		st = look_at(plan, pair, pool, bounds, within,
		    nleaves * at / STRETCHES + share / 2, sample, &dense[at],
		    err);
		found += !st && dense[at];
	}
	if (st || found == 0)
		return st;
	*n = join(out, dense, nleaves);
	log_line(LOG_INFO,
	    "table '%s': most leaves differ in %zu of %d samples; it is read "
	    "in key order there",
	    pair->name, found, STRETCHES);
	return TU_OK;
}
