/*
 * dense.h - where rows had better be read once.
 *
 * Rows that are hashed here come in any order, as fast as they can; those of
 * leaves that differ come again, by key. Where that is most of them, as with
 * one row in ten that differs, it takes 1.6 to 2 times as long as reading both
 * sides just once, in key order; where none has to come again, that takes as
 * long as hashing them with MariaDB, 1.6 times with PostgreSQL and 2 times with
 * SQLite. So some leaves of each stretch of the key space are looked at first.
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
 * server folds, and those whose rows may not come in the order of their keys.
 */
enum status dense_look(const struct plan *plan, const struct pair *pair,
    struct pool *pool, const struct bounds *bounds, const struct krange *within,
    struct stretch out[STRETCHES], size_t *n, struct err *err);

#endif
