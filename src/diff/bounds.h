/*
 * bounds.h - choosing where to cut the key space.
 */
#ifndef TU_DIFF_BOUNDS_H
#define TU_DIFF_BOUNDS_H

#include "diff/leaf.h"
#include "diff/side.h"

/*
 * Cut [within) into leaves of about leaf_rows of its rows. Dense integer keys
 * are cut by arithmetic between the smallest and the largest; other keys at
 * keys sampled from one side, integers interpolated between these, so that an
 * outlier or a gap costs nothing. Where the pair has no ranges, buckets.
 * Memory comes from the arena.
 */
enum status bounds_make(const struct plan *plan, const struct pair *pair,
    const struct krange *within, double rows, uint64_t leaf_rows,
    struct arena *arena, struct bounds *out, struct err *err);

/*
 * Make a bound (pair->nrange cells) of a key as a side has it, and append its
 * encoding: decimals are cut to integers, then *cut is set. False: not both
 * sides can be asked about it.
 */
bool bounds_cell(const struct plan *plan, const struct pair *pair,
    const struct cell *key, struct arena *arena, struct cell *bound,
    struct buf *enc, bool *cut);

/* Can keys be sampled there? Without any side that can, only a single integer
 * key is cut into ranges. */
bool bounds_can_sample(const struct db *db, const struct table *t);
bool bounds_integer_key(const struct pair *pair);

/* The range of leaf i inside [within). */
struct krange bounds_range(
    const struct bounds *b, const struct krange *within, size_t i);

/* Leaves [first, last) alone, and their range; they share b's memory. */
struct bounds bounds_part(const struct bounds *b, const struct krange *within,
    size_t first, size_t last, struct krange *range);

#endif
