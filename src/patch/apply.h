/*
 * apply.h - write the spooled changes into the target.
 *
 * One transaction: begin, the steps of order.h in groups, verification of
 * every written key by the typed comparison (which also sees what triggers
 * did), sequences, commit. Anything unexpected rolls back and nothing is
 * written: a row that changed since it was compared (TU_ECONFLICT), a
 * constraint, a value that came out different.
 *
 * With a journal the same in many transactions, of BATCH_ROWS rows or what one
 * second takes: short locks, and a large push that was interrupted is taken up
 * again. What was committed stays when a later batch fails (see batch.c).
 *
 * A statement that did not touch its one row is looked into: where the row is
 * already as wanted (ON DELETE CASCADE took it, SET NULL changed it) all is
 * well, otherwise it is a conflict. A key that exists already is a conflict
 * too. The remaining changes are still tried, so that one run names up to 100
 * conflicts; it ends with TU_ECONFLICT all the same, unless there is another
 * answer to them: then it begins again without them (settle.h). An error of the
 * database ends it at once.
 */
#ifndef TU_PATCH_APPLY_H
#define TU_PATCH_APPLY_H

#include "patch/spool.h"

struct apply_result {
	uint64_t done[CHANGE_OPS]; /* rows; zero when nothing was written */
	uint64_t conflicts;
	uint64_t left_alone, replaced; /* rows that were conflicts */
	unsigned retries;
	uint64_t remaining; /* rows that differ in a generated column, still */
};

/* All of done[]. */
uint64_t apply_rows_done(const struct apply_result *result);

enum conflict_answer {
	CONFLICT_ABORT, /* write nothing */
	CONFLICT_SKIP,  /* leave the row alone */
	CONFLICT_REPLACE,
};

struct journal; /* patch/journal.h */

struct apply_options {
	enum conflict_answer answer;
	/* Unless it is to abort: the plan, a sink that fills the spool, and
	 * where the changes go that are left out, or NULL. */
	const struct plan *plan;
	struct change_sink *refill;
	struct spool *rejected;
	/* Called for each conflict: table name, key text, what was found. */
	void (*conflict)(
	    void *arg, const char *table, const char *key, const char *what);
	void *arg;
	/* Called once after everything is verified, just before COMMIT: make
	 * an undo file durable here. May be NULL; a failure rolls back. */
	enum status (*before_commit)(void *arg, struct err *err);
	/* In batches: where they are kept account of; open, else NULL. */
	struct journal *journal;
	size_t batch_rows; /* of a batch at most; 0: 500 */
	/* What change tables in the target call these writes: echo.h. NULL:
	 * nothing, as if an application wrote them. */
	const char *run;
	/* In batches, instead of before_commit: make the undo file durable out
	 * of the journal. Called before the first COMMIT, when nothing is
	 * written yet, and when all is or the run has failed. */
	enum status (*keep_undo)(void *arg, bool written, struct err *err);
};

/*
 * The connection must be in DB_WRITE mode and outside a transaction. With an
 * empty spool nothing happens but the call of before_commit, unless a journal
 * has a push to finish.
 */
enum status apply_run(struct db *target, struct spool *spool,
    const struct apply_options *options, struct apply_result *result,
    struct err *err);

/* Roll back. Is the connection of use, outside any transaction? */
bool apply_roll_back(struct db *target);

/* COMMIT, or roll back. *unknown: the connection is gone and nobody can tell
 * whether it went through. */
enum status apply_commit(struct db *target, bool *unknown, struct err *err);

/* Rolled back, and no fault of the changes. */
bool apply_is_passing(const struct err *err);

#endif
