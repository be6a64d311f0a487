#include <config.h>

#include "patch/apply-int.h"

#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/stage.h"
#include "db/dialect.h"
#include "patch/settle.h"
#include "patch/verify.h"

/* Milliseconds. */
#define LOCK_PAUSE 200
#define LOCK_WAIT 30000

uint64_t
apply_rows_done(const struct apply_result *result)
{
	uint64_t n = 0;

	for (int op = 0; op < CHANGE_OPS; op++)
		n += result->done[op];
	return n;
}

void
apply_begin_stage(const struct applier *a)
{
	double rows = 0;

	for (size_t i = 0; i < spool_ntables(a->spool); i++)
		for (int op = 0; op < CHANGE_OPS; op++)
			rows += (double)spool_table(a->spool, i)->count[op];
	stage_begin_rows(rows, "writing to the target");
}

/* --- the transaction ------------------------------------------------------ */

static enum status
run_step(struct applier *a, const struct step *step, struct err *err)
{
	struct spool_reader *r;
	const struct change *c = NULL;
	enum status st;

	st = order_read(a->spool, step, SPOOL_APPLY, &r, err);
	while (st == TU_OK) {
		st = spool_next(r, &c, err);
		if (st || c == NULL)
			break;
		st = writer_add(&a->writer, c, err);
	}
	spool_reader_close(r);
	return st ? st : writer_flush(&a->writer, err);
}

static enum status
move_sequence(struct applier *a, const char *sql, struct err *err)
{
	struct cell moved_to;
	bool found;

	return db_one(
	    a->db, sql, &db_int_column, a->arena, &moved_to, &found, err);
}

enum status
apply_sequences(struct applier *a, const struct pair *pair, struct err *err)
{
	struct buf sql = BUF_INIT;
	enum status st = TU_OK;
	size_t at = 0;

	while (st == TU_OK && stmt_sequence(&sql, a->db->dialect, pair, &at)) {
		st = move_sequence(a, buf_str(&sql), err);
		buf_reset(&sql);
	}
	buf_free(&sql);
	return st ? err_context(err, "table '%s', its sequence", pair->name)
	          : TU_OK;
}

static enum status
move_sequences(struct applier *a, struct err *err)
{
	enum status st = TU_OK;

	for (size_t i = 0; i < spool_ntables(a->spool) && st == TU_OK; i++) {
		const struct spool_table *t = spool_table(a->spool, i);

		if (t->count[CHANGE_INSERT] > 0)
			st = apply_sequences(a, t->pair, err);
	}
	return st;
}

static enum status
write_everything(struct applier *a, struct err *err)
{
	enum status st = echo_begin(&a->echo, err);

	apply_begin_stage(a);
	for (size_t i = 0; i < a->order->nsteps && st == TU_OK; i++)
		st = run_step(a, &a->order->steps[i], err);
	if (st == TU_OK && a->writer.conflicts.n > 0)
		st = conflicts_error(&a->writer.conflicts, err);
	if (st == TU_OK)
		st = verify_run(a->db, a->spool, &a->result->remaining, err);
	if (st == TU_OK)
		st = move_sequences(a, err);
	if (st == TU_OK)
		st = echo_end(&a->echo, err);
	if (st == TU_OK && a->options->before_commit != NULL && !a->announced)
		st = a->options->before_commit(a->options->arg, err);
	a->announced |= st == TU_OK;
	if (st == TU_OK && interrupted())
		st = err_set(err, TU_EINTERRUPTED, "interrupted");
	return st;
}

static enum status
apply_in_transaction(struct applier *a, struct err *err)
{
	enum status st;
	bool unknown = false;

	st = db_exec(a->db, a->db->dialect->write_begin, NULL, err);
	if (st)
		return st;
	st = write_everything(a, err);
	stage_begin("committing");
	if (st == TU_OK)
		st = apply_commit(a->db, &unknown, err);
	if (st == TU_OK)
		return TU_OK;
	memset(a->result->done, 0, sizeof(a->result->done));
	if (unknown)
		return st;
	apply_fail(a, err);
	return err_append(err, "; nothing was written");
}

/* --- again, and one at a time --------------------------------------------- */

static enum status
apply_with_retries(struct applier *a, struct err *err)
{
	for (unsigned n = 0;; n++) {
		enum status st = apply_in_transaction(a, err);

		if (st == TU_OK || n == APPLY_RETRIES || !apply_is_passing(err))
			return st;
		st = apply_pause(a, n, err);
		if (st)
			return st;
		writer_clear(&a->writer);
	}
}

/* Begin again without what was in the way, until nothing is. */
static enum status
apply_and_settle(struct applier *a, struct err *err)
{
	for (unsigned n = 0;; n++) {
		enum status st = apply_with_retries(a, err);

		if (st != TU_ECONFLICT || a->writer.conflicts.n == 0 ||
		    a->options->answer == CONFLICT_ABORT || a->announced ||
		    n == APPLY_SETTLE_ROUNDS)
			return st;
		err_clear(err);
		st = settle(
		    a->spool, &a->writer.conflicts, a->options, a->result, err);
		if (st)
			return st;
		writer_clear(&a->writer);
		a->order = order_make(a->spool, a->arena);
	}
}

static enum status
try_lock(struct db *target, bool *have, struct err *err)
{
	struct arena *arena = arena_new(256);
	struct cell got;
	bool found;
	enum status st = db_one(target, target->dialect->apply_lock,
	    &db_int_column, arena, &got, &found, err);

	*have = st == TU_OK && found && got.kind == CELL_INT && got.u.i == 1;
	arena_free(arena);
	return st;
}

enum status
apply_lock(struct db *target, struct err *err)
{
	bool have = target->dialect->apply_lock == NULL;

	for (unsigned waited = 0; !have; waited += LOCK_PAUSE) {
		enum status st = try_lock(target, &have, err);

		if (st || have)
			return st;
		if (waited >= LOCK_WAIT)
			return err_set(err, TU_ECONFLICT,
			    "another trueup has been writing to the target for "
			    "%d seconds; nothing was written",
			    LOCK_WAIT / 1000);
		if (waited == 0) {
			stage_begin("waiting for another trueup, which writes "
				    "to the target");
			log_line(LOG_WARN,
			    "another trueup writes to the target; waiting");
		}
		if (!stage_wait(clock_seconds() + LOCK_PAUSE / 1000.0))
			return err_set(err, TU_EINTERRUPTED, "interrupted");
	}
	return TU_OK;
}

/* A sync that fails takes everything back. */
static enum status
check_rollback(const struct spool *spool, struct err *err)
{
	for (size_t i = 0; i < spool_ntables(spool); i++) {
		const struct pair *pair = spool_table(spool, i)->pair;
		const char *engine = pair->table[TARGET]->no_rollback;

		if (engine == NULL)
			continue;
		err_set(err, TU_ESCHEMA,
		    "table '%s': %s knows no transactions, so that a failure "
		    "would leave a part of the changes; nothing was written",
		    pair->name, engine);
		return err_hint(err,
		    "ALTER TABLE ... ENGINE = InnoDB, or run what diff -f sql "
		    "prints");
	}
	return TU_OK;
}

static enum status
apply_all(struct applier *a, struct err *err)
{
	stage_begin("putting the changes in order");
	a->order = order_make(a->spool, a->arena);
	return apply_and_settle(a, err);
}

enum status
apply_run(struct db *target, struct spool *spool,
    const struct apply_options *options, struct apply_result *result,
    struct err *err)
{
	struct applier a = {
		.db = target,
		.spool = spool,
		.options = options,
		.result = result,
	};
	enum status st;

	*result = (struct apply_result){ .conflicts = 0 };
	if (spool_ntables(spool) == 0 && options->journal == NULL)
		return options->before_commit == NULL
		           ? TU_OK
		           : options->before_commit(options->arg, err);
	st = check_rollback(spool, err);
	if (st)
		return st;
	a.arena = arena_new(4096);
	writer_init(&a.writer, target, options, result);
	st = apply_lock(target, err);
	if (st == TU_OK)
		st = echo_init(&a.echo, target, options->run, err);
	if (st == TU_OK)
		st = options->journal != NULL ? apply_in_batches(&a, err)
		                              : apply_all(&a, err);
	writer_release(&a.writer);
	arena_free(a.arena);
	return st;
}
