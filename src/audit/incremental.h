/*
 * incremental.h - comparing what has changed since the last run.
 *
 * The change tables of both sides (track/) say which rows may differ by now.
 * Only these are compared, and those that differed in the last run; what was
 * found equal then and has not changed is equal. That needs, of each table and
 * kept in the pair's state file (audit/history.h): how far each side's changes
 * were read, and which rows differed. Whatever is missing, or cannot be
 * believed, costs a full comparison of the table, never the verdict:
 *
 *	no state, another plan, a position of another change table, or one
 *	whose changes have been cleaned; a TRUNCATE; a restored server
 *	a side without a change table, or with one that is not as installed
 *	a condition on rows, which can let some in that nobody has changed
 *	more changes than a tenth or so of the rows
 *	numbers of rows of the two sides that the rows looked at do not explain
 *
 * The last catches what no trigger sees and what was lost, as far as rows came
 * or went. A lost update is found by the part of all rows that each run looks
 * at besides.
 *
 * A row that another pipeline has yet to deliver (pointer of track/mapping.h)
 * is not different: it is unsettled, and looked at again.
 *
 * The order is what makes it right: the changes of both sides are read, in the
 * snapshots that the rows are then read in, and their positions are kept only
 * with the rows found different, in the transaction that ends the run. They
 * may be kept whatever becomes of the run afterwards: what was written in
 * between stands in the change tables, and what was not still differs.
 */
#ifndef TU_AUDIT_INCREMENTAL_H
#define TU_AUDIT_INCREMENTAL_H

#include "audit/config.h"
#include "audit/cycle.h"
#include "audit/history.h"
#include "diff/diff.h"

struct incremental;

struct incremental_options {
	struct history *history; /* a run is begun in it */
	const char *name;        /* of the pair, for "track clean" to know */
	const struct plan *plan; /* its connections are in their snapshots */
	const char *url[2];
	/* Where others write changes down; NULL: nowhere. */
	const struct config *changes;
	const char *pair; /* whose changes; NULL: of config_read_changes() */
	/* Of what has not changed a part is compared in each run, so that all
	 * of it is in so many days, more or less; 0: nothing is. */
	uint64_t scrub_days;
	/* clock_seconds() after which no more of that is compared; 0: never.
	 * What has changed is always compared to its end. */
	double until;
	/* For tables that are compared in full each time; NULL: at once. */
	struct cycle *cycle;
	/* Another snapshot of a side, for readers that look around before. */
	enum status (*snapshot)(void *arg, enum side side, struct err *err);
	void *arg;
};

enum status incremental_new(const struct incremental_options *options,
    struct incremental **out, struct err *err);
void incremental_free(struct incremental *inc); /* NULL is allowed */

/* In place of diff_pair(). What it found is kept by history_end(). */
enum status incremental_pair(struct incremental *inc, const struct pair *pair,
    const struct diff_options *options, struct change_sink *sink,
    struct tally *tally, struct err *err);

/*
 * After a sync has committed what it wrote: mark rows that both sides have
 * where a mapping says how (track/mark.h). The plan's connection to the target
 * is there, in no snapshot, and the source's holds no lock.
 */
enum status incremental_mark(struct incremental *inc, struct err *err);

/* Tell the databases how far was read, once that is kept; only "track clean"
 * wants to know, so that it cannot be told is no failure. The plan's
 * connections are closed by now: they would be in the way of a SQLite file. */
void incremental_ack(struct incremental *inc);

#endif
