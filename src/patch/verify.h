/*
 * verify.h - did the target's rows come out as the changes wanted?
 *
 * Inside the transaction that wrote them, every key is read again and judged
 * by the typed comparison, so what a trigger or a lossy column did is seen
 * before COMMIT. Rows of a table without a key cannot be found again one by
 * one; for them the number of rows each statement reported has to do.
 */
#ifndef TU_PATCH_VERIFY_H
#define TU_PATCH_VERIFY_H

#include "db/db.h"
#include "patch/spool.h"

/*
 * TU_ECONFLICT at the first row that came out different. *remaining counts the
 * rows that are as they were meant to be but for a generated column, which the
 * target computes in its own way.
 */
enum status verify_run(struct db *target, struct spool *spool,
    uint64_t *remaining, struct err *err);

/* The same for some changes in memory of tables with keys, adding to
 * *remaining. The first halves of parked rows do not count. */
enum status verify_list(struct db *target, const struct change *const *changes,
    size_t n, uint64_t *remaining, struct err *err);

#endif
