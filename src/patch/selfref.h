/*
 * selfref.h - the order of rows in a table that refers to itself.
 *
 * Hand over all inserts (or all deletes) of a table in key order;
 * selfref_order() then says in which order they can run one by one with the
 * constraint on: parents before children for inserts, children before parents
 * for deletes. Rows that are not related keep key order among themselves as far
 * as the algorithm lets them (Kahn, first in first out); rows of a cycle, and
 * those that hang on one, come last in key order: only a deferrable constraint
 * lets them pass.
 *
 * Memory grows with the number of rows handed over, and with nothing else: the
 * key encodings of the referenced and the referring columns and some 100 bytes
 * a row. Full encodings are kept and compared, not just their hashes.
 */
#ifndef TU_PATCH_SELFREF_H
#define TU_PATCH_SELFREF_H

#include "diff/change.h"

struct selfref;

/*
 * NULL when no foreign key of the target table refers to itself through
 * columns that these changes carry.
 */
struct selfref *selfref_new(const struct pair *pair, enum change_op op);
void selfref_free(struct selfref *s); /* NULL is allowed */

/* The next row; its bytes are copied as far as needed. */
void selfref_add(struct selfref *s, const struct change *c);

/*
 * Numbers of the rows, counted from 0 as they were added, in running order.
 * The caller frees the array.
 */
size_t *selfref_order(const struct selfref *s);

#endif
