/*
 * dense.h - where rows had better be read once.
 *
 * Rows that are hashed here come in any order, as fast as they can; those of
 * leaves that differ come again, by key. Where most leaves have to be read
 * again, that costs up to 1.7 times what reading both sides in key order does,
 * which nothing that differs makes dearer but which is 1.4 times the price
 * where all is equal. Some leaves of each stretch of the key space say which it
 * is.
 */
#ifndef TU_DIFF_DENSE_H
#define TU_DIFF_DENSE_H

#include "diff/gather.h"

#define STRETCHES 16 /* at most */

/* Leaves [first, last). */
struct stretch {
	size_t first, last;
	bool dense;
};

/*
 * Cut all leaves into stretches, ascending and without gaps: in *n how many.
 * One that is not dense where nothing was looked at: small tables, those that a
 * server folds, and those of other brands than PostgreSQL, whose keys may be
 * other than their columns say.
 */
enum status dense_look(const struct plan *plan, const struct pair *pair,
    struct pool *pool, const struct bounds *bounds, const struct krange *within,
    struct stretch out[STRETCHES], size_t *n, struct err *err);

#endif
