/*
 * fold.h - leaves computed by the server.
 */
#ifndef TU_DIFF_FOLD_H
#define TU_DIFF_FOLD_H

#include "diff/bounds.h"

/* Fill leaves[first..last) of one side; the sums of keys stay 0. */
enum status fold_leaves(struct db *db, const struct pair *pair, enum side side,
    const struct bounds *bounds, const struct krange *within, size_t first,
    size_t last, struct leaf *leaves, struct err *err);

#endif
