/*
 * settle.h - an answer to rows that are not as they were compared.
 *
 * The transaction that met them has been rolled back. What it will write when
 * it runs again is settled here: nothing for such a row, or what makes the row
 * that is there now like the source's, whatever it holds.
 */
#ifndef TU_PATCH_SETTLE_H
#define TU_PATCH_SETTLE_H

#include "patch/changes.h"
#include "patch/conflict.h"

/*
 * Take the conflicting changes out of the spool, put those that are left alone
 * into options->rejected, and, to replace, tell options->refill of their
 * successors. Counts both in result. Rows of a multiset are always left alone:
 * nothing says which of them it was.
 */
enum status settle(struct spool *spool, const struct conflicts *conflicts,
    const struct apply_options *options, struct apply_result *result,
    struct err *err);

/* The same for changes in memory: what is to be written instead of them. */
enum status settle_list(struct changes *list, const struct conflicts *conflicts,
    const struct apply_options *options, struct apply_result *result,
    struct err *err);

#endif
