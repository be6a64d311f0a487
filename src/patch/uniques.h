/*
 * uniques.h - updates that move unique values from row to row. Pure.
 *
 * Constraints are checked statement by statement, so a row can take a unique
 * value only after the row that has it gave it up. uniques_order() puts a
 * table's updates into such an order: a chain runs from its free end. Where
 * rows exchange values in a circle, one of them is parked (waits.h): a first
 * statement puts NULL, or a value that nobody uses, into its unique columns; a
 * second one gives it what it is to have.
 *
 * Values held by rows that are not updated are not looked at: those of deleted
 * rows are free by then (order.h), any other is a violation that the database
 * finds. So are values that are one only under a column's collation.
 *
 * Memory grows with the number of updates of the table, see waits.h.
 */
#ifndef TU_PATCH_UNIQUES_H
#define TU_PATCH_UNIQUES_H

#include "diff/change.h"
#include "patch/waits.h"

struct uniques;

/* NULL when no update changes a column of a unique index. updated is spool's.
 */
struct uniques *uniques_new(const struct pair *pair, const bool *updated);
void uniques_free(struct uniques *u); /* NULL is allowed */

/* The next update, in key order. */
void uniques_add(struct uniques *u, const struct change *c);

/* The steps in running order; the caller frees the array. */
struct waits_step *uniques_order(const struct uniques *u, size_t *nsteps);

/* Which columns of this change are parked (pair->ncols of them). */
void uniques_parked(
    const struct uniques *u, const struct change *c, bool *parked);

/*
 * Deletes that must come behind other changes of their table (order.h) hold
 * values that those may need. With a uniques_new() of its own that heard of
 * every change by uniques_add_late(): the columns that the rows to be deleted
 * must give up before (pair->ncols). False: none.
 */
void uniques_add_late(struct uniques *u, const struct change *c);
bool uniques_contested(const struct uniques *u, bool *parked);

#endif
