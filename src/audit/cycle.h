/*
 * cycle.h - comparing as much as there is time for, and the rest in the next
 * runs.
 *
 * A cycle compares every row of a pair once, in as many runs as it takes: each
 * goes on where the one before stopped, table after table in the order of the
 * plan, until its time is up. Where it stopped is kept in the pair's state file
 * (audit/history.h, table cycle), with the rows that differed so far; when all
 * tables are through the next run begins another one. Without a state file
 * there is nothing to go on from, and a run begins at the beginning.
 *
 * What runs before compared they compared as it was then: each range of keys
 * once, at its time. So what a run says covers the cycle: it differs if any of
 * its rows did, and is equal when all were compared and none did.
 *
 * A table that has no parts (diff/slice.h) is compared at once, however long
 * it takes, unless the time is up before. So that a cycle always comes to its
 * end, every run compares something.
 */
#ifndef TU_AUDIT_CYCLE_H
#define TU_AUDIT_CYCLE_H

#include "audit/history.h"
#include "diff/diff.h"

struct cycle;

/* history may be NULL: nothing is kept. until: clock_seconds() when the time is
 * up. */
enum status cycle_new(struct history *history, const struct plan *plan,
    double until, struct cycle **out, struct err *err);
void cycle_free(struct cycle *c); /* NULL is allowed */

/* In place of diff_pair(). tally->extent says what was compared; it lives as
 * long as the cycle. */
enum status cycle_pair(struct cycle *c, const struct pair *pair,
    const struct diff_options *options, struct change_sink *sink,
    struct tally *tally, struct err *err);

/* How far it came, for history_end(). tallies has one for each pair of the
 * plan, as the sinks have left them. */
void cycle_keep(struct cycle *c, const struct tally *tallies);

#endif
