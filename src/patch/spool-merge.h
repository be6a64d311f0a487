/*
 * spool-merge.h - the changes of one table out of several spools, whatever
 * they do, in the order of their keys.
 */
#ifndef TU_PATCH_SPOOL_MERGE_H
#define TU_PATCH_SPOOL_MERGE_H

#include "patch/spool.h"

struct spool_merge;

/* As far as each spool has them in order. Not for a multiset. */
enum status spool_merge_open(struct spool *const *spools, size_t n,
    const struct pair *pair, struct spool_merge **out, struct err *err);
/* *change belongs to the merge until the next call; NULL after the last. */
enum status spool_merge_next(
    struct spool_merge *m, const struct change **change, struct err *err);
void spool_merge_close(struct spool_merge *m); /* NULL is allowed */

#endif
