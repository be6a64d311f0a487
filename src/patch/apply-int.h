/*
 * apply-int.h - what the ways of applying have in common.
 *
 *	apply.c       all in one transaction; the lock
 *	batch.c       a transaction for a few hundred rows, and a journal
 *	sqlapply.c    a patch that is SQL already
 *	apply-fail.c  what a failure was about, and whether it passes
 */
#ifndef TU_PATCH_APPLY_INT_H
#define TU_PATCH_APPLY_INT_H

#include "patch/echo.h"
#include "patch/order.h"
#include "patch/writer.h"

/* Passing failures: milliseconds; a pause is twice as long as the last. */
#define APPLY_RETRIES 5
#define APPLY_FIRST_PAUSE 50

/* Then somebody writes faster than we do. */
#define APPLY_SETTLE_ROUNDS 1000

struct applier {
	struct db *db;
	struct spool *spool;
	const struct apply_options *options;
	struct apply_result *result;
	struct arena *arena; /* the run's */
	const struct order *order;
	struct writer writer;
	struct echo echo;
	bool announced; /* before_commit was called, and went well */
};

/* Wait until no other trueup writes to the target, and exclude others until
 * the session is gone, be it after a kill -9 of ours. */
enum status apply_lock(struct db *target, struct err *err);

/* The stage (base/stage.h) in which the spool is written. */
void apply_begin_stage(const struct applier *a);

/*
 * After the failure in err: roll back, find the inserts whose keys exist, and
 * say what a constraint was about. Returns err->status, TU_ECONFLICT if there
 * are conflicts.
 */
enum status apply_fail(struct applier *a, struct err *err);

/* Say so and wait before try number n + 2. TU_EINTERRUPTED by a signal. */
enum status apply_pause(struct applier *a, unsigned n, struct err *err);

/* Move the sequences of this table past what was inserted. */
enum status apply_sequences(
    struct applier *a, const struct pair *pair, struct err *err);

/* batch.c: everything, while the lock is held. */
enum status apply_in_batches(struct applier *a, struct err *err);

#endif
