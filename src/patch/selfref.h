/*
 * selfref.h - the order of rows in a table that refers to itself.
 *
 * Hand over all inserts (or all deletes) of a table in key order;
 * selfref_order() then says in which order they can run one by one with the
 * constraint on: parents before children for inserts, children before parents
 * for deletes. Rows that refer to each other in a circle are parked (waits.h):
 * they are inserted without their reference, or lose it before the deletes,
 * unless the constraint can wait for the COMMIT anyway.
 *
 * Memory grows with the number of rows handed over, and with nothing else: see
 * waits.h.
 */
#ifndef TU_PATCH_SELFREF_H
#define TU_PATCH_SELFREF_H

#include "diff/change.h"
#include "patch/waits.h"

struct selfref;

/*
 * NULL when no foreign key of the target table refers to itself through
 * columns that these changes carry. split: there can be a COMMIT between any
 * two rows, so that no constraint waits for one.
 */
struct selfref *selfref_new(
    const struct pair *pair, enum change_op op, bool split);
void selfref_free(struct selfref *s); /* NULL is allowed */

/* The next row; its bytes are copied as far as needed. */
void selfref_add(struct selfref *s, const struct change *c);

/* The steps in running order; the caller frees the array. */
struct waits_step *selfref_order(const struct selfref *s, size_t *nsteps);

/* Which columns of this change are parked (pair->ncols of them). */
void selfref_parked(
    const struct selfref *s, const struct change *c, bool *parked);

#endif
