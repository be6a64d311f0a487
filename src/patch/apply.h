/*
 * apply.h - write the spooled changes into the target.
 *
 * One transaction: begin, the steps of order.h in groups, verification of
 * every written key by the typed comparison (which also sees what triggers
 * did), sequences, commit. Anything unexpected rolls back and nothing is
 * written: a row that changed since it was compared (TU_ECONFLICT), a
 * constraint, a value that came out different.
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

enum conflict_answer {
	CONFLICT_ABORT, /* write nothing */
	CONFLICT_SKIP,  /* leave the row alone */
	CONFLICT_REPLACE,
};

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
};

/*
 * The connection must be in DB_WRITE mode and outside a transaction. With an
 * empty spool nothing happens but the call of before_commit.
 */
enum status apply_run(struct db *target, struct spool *spool,
    const struct apply_options *options, struct apply_result *result,
    struct err *err);

/* How many of a table's rows: both may be unlimited. */
struct apply_limit {
	double percent; /* of the target's rows; < 0: any */
	uint64_t rows;  /* UINT64_MAX: any */
	bool given;     /* by the user */
};

struct apply_limits {
	struct apply_limit deletes, changes;
};

/*
 * TU_ECONFLICT when a table would lose, or see changed in any way, more of its
 * rows than the limit says; or, unless the limit of deletes was given, any row
 * while the source's table is empty. Only kinds of changes with ops[] count.
 * Runs on the tally of each table, before anything is written.
 */
enum status apply_check_limits(const struct pair *pair,
    const struct tally *tally, const bool ops[CHANGE_OPS],
    const struct apply_limits *limits, struct err *err);

#endif
