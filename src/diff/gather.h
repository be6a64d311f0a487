/*
 * gather.h - read both sides of a pair into leaves, at the same time.
 *
 * Each side is read once: by one thread and connection, or with more jobs by
 * several that see one snapshot. They split the leaves into contiguous parts;
 * buckets, which every part of a table has rows of, they fill together, each
 * from some of the table's blocks (db_driver.blocks).
 * A side whose server folds (pair->pushdown) sends sums; the others send rows,
 * which are hashed here.
 */
#ifndef TU_DIFF_GATHER_H
#define TU_DIFF_GATHER_H

#include "diff/bounds.h"
#include "diff/diff.h"

#define JOBS_MAX 64

/* Connections of one run of diff_pair(); [0] are the plan's own. */
struct pool {
	unsigned n[2];
	struct db *db[2][JOBS_MAX];
	uint64_t blocks[2]; /* of the pair's tables, where there are buckets
	                     * and several connections */
};

/* Open what jobs asks for where a side can share its snapshot, the table is
 * large enough to be worth a connection, and it can be split. */
enum status pool_open(struct pool *pool, const struct plan *plan,
    const struct pair *pair, const struct diff_options *options,
    struct err *err);
void pool_close(struct pool *pool);

/*
 * Fill leaves[SOURCE] and leaves[TARGET], bounds->nleaves zeroed entries each,
 * with the rows in [within). TU_EREPLAN if a key does not fit the plan.
 */
enum status gather(const struct plan *plan, const struct pair *pair,
    struct pool *pool, const struct bounds *bounds, const struct krange *within,
    struct leaf *leaves[2], struct err *err);

/* Prove on a sample of real rows that a folding server and we compute the same
 * hash; clears *agrees otherwise. */
enum status gather_check_fold(const struct plan *plan, const struct pair *pair,
    enum side side, bool *agrees, struct err *err);

#endif
