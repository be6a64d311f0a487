/*
 * fold.h - leaves computed by the server.
 */
#ifndef TU_DIFF_FOLD_H
#define TU_DIFF_FOLD_H

#include "diff/bounds.h"

#define FOLD_RANGES 256 /* of one statement */

/*
 * Fill leaves[first..last) of one side. With HASH_RECORD a and b are sums of
 * the hash's halves of 31 bits, ka and kb of these times what the key is above
 * the leaf's lower bound, for leaf_decode_near(), and 0 unless fold_near().
 * Otherwise the sums of keys stay 0.
 */
enum status fold_leaves(struct db *db, const struct pair *pair, enum side side,
    uint64_t seed, const struct bounds *bounds, const struct krange *within,
    size_t first, size_t last, struct leaf *leaves, struct err *err);

/* Is every key less than 2^32 above its leaf's lower bound, but for leaves that
 * are open at an end? */
bool fold_near(const struct bounds *bounds, const struct krange *within);

#endif
