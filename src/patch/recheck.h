/*
 * recheck.h - which differences of a live pair last.
 *
 * Between two databases that are written while they are compared most of what
 * one look finds is in flight. A recheck is a sink that keeps what the first
 * look finds on disk; further looks read the rows that remain again, by their
 * keys, in snapshots of their own:
 *
 *	equal now, or gone            forgotten
 *	as the look before saw both   persistent
 *	anything else                 remains
 *
 * Both rows are compared cell by cell in all columns that the comparison has.
 * That the target has got past the source's position of one look before the
 * next one begins is the caller's business (diff/barrier.h): without, a target
 * that stands still makes everything persistent. In a measured run with 1,337
 * differences in flight, two looks alone reported 101 false ones when the
 * replica stalled between them, and none with the barrier.
 *
 * What remains after the last look is unsettled: counted, nothing else.
 * So is all of a table whose rows cannot be looked up again, see
 * recheck_can_look(). A row that goes back and forth between two states can be
 * met twice in the same one.
 */
#ifndef TU_PATCH_RECHECK_H
#define TU_PATCH_RECHECK_H

#include "diff/change.h"

struct recheck;

/* to hears of each table once, after the last look. */
enum status recheck_new(const struct plan *plan, struct change_sink *to,
    unsigned looks, struct recheck **out, struct err *err);
void recheck_free(struct recheck *r); /* NULL is allowed */

/* For the first look. A table that fails there is told at once. */
struct change_sink *recheck_sink(struct recheck *r);

/* Rows that another look would read. */
uint64_t recheck_remaining(const struct recheck *r);

/* Another look at these, at most `looks` times, in new snapshots on both sides
 * of the plan. */
enum status recheck_look(struct recheck *r, struct err *err);

/* Tell the sink what was persistent. tallies has one for each pair of the
 * plan, as the first look left them; they are brought up to date. */
enum status recheck_end(
    struct recheck *r, struct tally *tallies, struct err *err);

/*
 * Does a key in one form find the row, wherever the row counts as the same?
 * No for a multiset, for a key under a rule of the user's, and where a side
 * may keep one value in several forms (a time or a uuid that is text there).
 */
bool recheck_can_look(const struct pair *pair);

#endif
