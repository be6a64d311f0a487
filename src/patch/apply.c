#include <config.h>

#include "patch/apply.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "db/dialect.h"
#include "patch/conflict.h"
#include "patch/lanes.h"
#include "patch/order.h"
#include "patch/settle.h"
#include "patch/verify.h"
#include "value/rowhash.h"

/* Milliseconds; a pause is twice as long as the one before. */
#define RETRIES 5
#define SETTLE_ROUNDS 1000 /* then somebody writes faster than we do */
#define FIRST_PAUSE 50
#define LOCK_PAUSE 200
#define LOCK_WAIT 30000

struct applier {
	struct db *db;
	struct spool *spool;
	const struct apply_options *options;
	struct apply_result *result;
	struct arena *arena; /* the run's */
	const struct order *order;
	struct conflicts conflicts;
	bool announced; /* before_commit was called, and went well */

	struct lanes lanes;
	struct group *group;   /* the lane's that ran last */
	struct group suspects; /* changes that did not touch their row */
	uint64_t affected[GROUP_ROWS];
};

/* --- one group ------------------------------------------------------------ */

/* A row is counted, and suspected, once: what its second half did not touch,
 * the first did not either. */
static enum status
check_affected(struct applier *a, struct err *err)
{
	enum change_op op = a->group->changes[0]->op;
	uint64_t before = a->conflicts.n;
	enum status st;

	for (size_t i = 0; i < a->group->n; i++) {
		const struct change *c = a->group->changes[i];
		uint64_t want = op == CHANGE_INSERT ? 1 : c->copies;

		if (a->affected[i] == want)
			a->result->done[op] +=
			    c->phase == CHANGE_PARK ? 0 : want;
		else if (c->phase != CHANGE_UNPARK)
			group_add(&a->suspects, c);
	}
	st = conflicts_check(&a->conflicts, &a->suspects, a->db, err);
	if (st)
		return st;
	/* The others were as wanted already. */
	a->result->done[op] += a->suspects.n - (a->conflicts.n - before);
	group_clear(&a->suspects);
	if (a->conflicts.n >= CONFLICTS_MAX)
		return conflicts_error(&a->conflicts, err);
	return TU_OK;
}

/* On failure the group stays, for fail() to look into. */
static enum status
run_lane(struct applier *a, struct lane *lane, struct err *err)
{
	struct db_batch batch = {
		.sql = buf_str(&lane->sql),
		.nparams = lane->nparams,
		.nrows = lane->group.n,
		.columns = lane->params.columns,
		.params = lane->params.cells,
		.affected = a->affected,
		.together = lane->together,
	};
	enum status st;

	if (lane->group.n == 0)
		return TU_OK;
	a->group = &lane->group;
	st = db_batch(a->db, &batch, err);
	if (st)
		return err_context(
		    err, "table '%s'", a->group->changes[0]->pair->name);
	st = check_affected(a, err);
	if (st)
		return st;
	lane_clear(lane);
	if (interrupted())
		return err_set(err, TU_EINTERRUPTED, "interrupted");
	return TU_OK;
}

static enum status
add_row(struct applier *a, const struct change *c, struct err *err)
{
	struct lane *lane;
	enum status st = lanes_find(&a->lanes, c, &lane, err);

	if (st == TU_OK && !lane_takes(lane, &a->lanes))
		st = run_lane(a, lane, err);
	if (st == TU_OK)
		lane_add(lane, &a->lanes, c);
	return st;
}

static enum status
run_step(struct applier *a, const struct step *step, struct err *err)
{
	struct spool_reader *r;
	const struct change *c = NULL;
	enum status st;

	st = order_read(a->spool, step, SPOOL_APPLY, &r, err);
	if (st == TU_OK)
		a->lanes.open = spool_any_order(r) ? LANES : 1;
	while (st == TU_OK) {
		st = spool_next(r, &c, err);
		if (st || c == NULL)
			break;
		for (uint64_t i = stmt_runs(c, STMT_FORWARD);
		     i > 0 && st == TU_OK; i--)
			st = add_row(a, c, err);
	}
	spool_reader_close(r);
	for (size_t i = 0; i < LANES && st == TU_OK; i++)
		st = run_lane(a, &a->lanes.lane[i], err);
	return st;
}

/* --- the transaction ------------------------------------------------------ */

static enum status
move_sequence(struct applier *a, const char *sql, struct err *err)
{
	struct cell moved_to;
	bool found;

	return db_one(
	    a->db, sql, &db_int_column, a->arena, &moved_to, &found, err);
}

static enum status
move_sequences(struct applier *a, struct err *err)
{
	struct buf sql = BUF_INIT;
	enum status st = TU_OK;

	for (size_t i = 0; i < spool_ntables(a->spool); i++) {
		const struct spool_table *t = spool_table(a->spool, i);
		size_t at = 0;

		if (t->count[CHANGE_INSERT] == 0)
			continue;
		while (st == TU_OK &&
		       stmt_sequence(&sql, a->db->dialect, t->pair, &at)) {
			st = move_sequence(a, buf_str(&sql), err);
			buf_reset(&sql);
		}
		if (st) {
			err_context(
			    err, "table '%s', its sequence", t->pair->name);
			break;
		}
	}
	buf_free(&sql);
	return st;
}

static enum status
write_everything(struct applier *a, struct err *err)
{
	enum status st = TU_OK;

	for (size_t i = 0; i < a->order->nsteps && st == TU_OK; i++)
		st = run_step(a, &a->order->steps[i], err);
	if (st == TU_OK && a->conflicts.n > 0)
		st = conflicts_error(&a->conflicts, err);
	if (st == TU_OK)
		st = verify_run(a->db, a->spool, &a->result->remaining, err);
	if (st == TU_OK)
		st = move_sequences(a, err);
	if (st == TU_OK && a->options->before_commit != NULL && !a->announced)
		st = a->options->before_commit(a->options->arg, err);
	a->announced |= st == TU_OK;
	if (st == TU_OK && interrupted())
		st = err_set(err, TU_EINTERRUPTED, "interrupted");
	return st;
}

/* Is the connection of use, outside any transaction? */
static bool
roll_back(struct applier *a)
{
	struct err ignored = ERR_INIT;

	/* Fails where the failure has rolled back already. */
	db_exec(a->db, "ROLLBACK", NULL, &ignored);
	return db_exec(a->db, "BEGIN", NULL, &ignored) == TU_OK &&
	       db_exec(a->db, "ROLLBACK", NULL, &ignored) == TU_OK;
}

/* May two keys be one to the target? */
static bool
key_collates(const struct applier *a)
{
	const struct pair *pair =
	    a->group->n > 0 ? a->group->changes[0]->pair : NULL;

	for (size_t i = 0; pair != NULL && i < pair->nkeys; i++) {
		const struct column *col = pair->cols[i].col[TARGET];

		if ((col->ltype == LT_TEXT || col->ltype == LT_CHAR) &&
		    !a->db->dialect->equal_exact(col, "''"))
			return true;
	}
	return false;
}

static void
explain_constraint(const struct applier *a, struct err *err)
{
	bool sqlite = a->db->dialect == &dialect_sqlite;
	bool fkey = strcmp(err->sqlstate, "23503") == 0 ||
	            strstr(err->msg, "FOREIGN KEY") != NULL;
	bool unique = strcmp(err->sqlstate, "23505") == 0 ||
	              strstr(err->msg, "UNIQUE") != NULL;

	if (err->hint[0] != '\0')
		return;
	if (fkey && a->order->cycle != NULL)
		err_hint(err,
		    "these tables refer to each other, so one of the "
		    "constraints must be DEFERRABLE: %s",
		    a->order->cycle);
	else if (fkey && sqlite)
		err_hint(err,
		    "a row would be left without its parent: is a table left "
		    "out? PRAGMA foreign_key_check in the source names such "
		    "rows there");
	else if (fkey)
		err_hint(err,
		    "a row would be left without its parent: is a table left "
		    "out?");
	else if (unique && key_collates(a))
		err_hint(err,
		    "the target's collation takes some keys for the same that "
		    "differ, or another row still holds a unique value");
	else if (unique)
		err_hint(err,
		    "if another row still holds a unique value, rows may have "
		    "swapped it in a column that can hold nothing else "
		    "meanwhile; changes are written one by one");
}

static bool
is_constraint(const struct err *err)
{
	return err->status == TU_EQUERY && strncmp(err->sqlstate, "23", 2) == 0;
}

/*
 * Nothing was written. A duplicate key of an insert, and whatever a statement
 * ran into after a conflict, are conflicts; the rest is as it is.
 */
static enum status
fail(struct applier *a, struct err *err)
{
	struct err ignored = ERR_INIT;
	bool alive = roll_back(a);

	memset(a->result->done, 0, sizeof(a->result->done));
	if (is_constraint(err) && alive && a->group->n > 0 &&
	    a->group->changes[0]->op == CHANGE_INSERT)
		conflicts_find_existing(
		    &a->conflicts, a->group, a->db, &ignored);
	if (err->status == TU_EQUERY && a->conflicts.n > 0)
		conflicts_error(&a->conflicts, err);
	else if (is_constraint(err))
		explain_constraint(a, err);
	a->result->conflicts = a->conflicts.n;
	return err->status;
}

static enum status
commit(struct applier *a, struct err *err)
{
	struct err lost = ERR_INIT;

	if (db_exec(a->db, "COMMIT", NULL, err) == TU_OK)
		return TU_OK;
	if (roll_back(a)) {
		err_context(err, "COMMIT failed, nothing was written");
		return fail(a, err);
	}
	lost = *err;
	memset(a->result->done, 0, sizeof(a->result->done));
	err_set(err, TU_EQUERY,
	    "the connection was lost at COMMIT, so it is unknown whether the "
	    "changes were written: %s",
	    lost.msg);
	return err_hint(err,
	    "run the same command again: it compares first, which settles it");
}

static enum status
apply_in_transaction(struct applier *a, struct err *err)
{
	enum status st;

	st = db_exec(a->db, a->db->dialect->write_begin, NULL, err);
	if (st)
		return st;
	if (write_everything(a, err))
		return fail(a, err);
	return commit(a, err);
}

/* --- again, and one at a time --------------------------------------------- */

/* Rolled back, and no fault of the changes. */
static bool
is_passing(const struct err *err)
{
	static const char *const states[] = {
		"40001", /* serialization failure, InnoDB's deadlock */
		"40P01", /* PostgreSQL's deadlock */
		"55P03", /* a lock that cannot be had, SQLITE_BUSY */
	};

	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (err->status == TU_EQUERY &&
		    strcmp(err->sqlstate, states[i]) == 0)
			return true;
	return false;
}

static void
pause_ms(unsigned ms)
{
	for (unsigned done = 0; done < ms && !interrupted(); done += 10)
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
}

static void
start_afresh(struct applier *a)
{
	lanes_clear(&a->lanes);
	group_clear(&a->suspects);
	conflicts_clear(&a->conflicts);
}

/* Two sessions that hit each other must not do so in step. */
static enum status
apply_with_retries(struct applier *a, struct err *err)
{
	for (unsigned n = 0;; n++) {
		unsigned ms = (FIRST_PAUSE << n) +
		              (unsigned)(random_u64() % (FIRST_PAUSE << n));
		enum status st = apply_in_transaction(a, err);

		if (st == TU_OK || n == RETRIES || !is_passing(err))
			return st;
		log_line(LOG_WARN, "%s; trying again in %u ms", err->msg, ms);
		pause_ms(ms);
		if (interrupted())
			return err_set(err, TU_EINTERRUPTED, "interrupted");
		a->result->retries++;
		err_clear(err);
		start_afresh(a);
	}
}

/* Begin again without what was in the way, until nothing is. */
static enum status
apply_and_settle(struct applier *a, struct err *err)
{
	for (unsigned n = 0;; n++) {
		enum status st = apply_with_retries(a, err);

		if (st != TU_ECONFLICT || a->conflicts.n == 0 ||
		    a->options->answer == CONFLICT_ABORT || a->announced ||
		    n == SETTLE_ROUNDS)
			return st;
		err_clear(err);
		st =
		    settle(a->spool, &a->conflicts, a->options, a->result, err);
		if (st)
			return st;
		start_afresh(a);
		a->order = order_make(a->spool, a->arena);
	}
}

/* Held until the session is gone, be it after a kill -9 of ours. */
static enum status
take_lock(struct applier *a, struct err *err)
{
	const char *sql = a->db->dialect->apply_lock;
	bool found, said = false;
	struct cell got;
	enum status st;

	if (sql == NULL)
		return TU_OK;
	for (unsigned waited = 0; waited < LOCK_WAIT; waited += LOCK_PAUSE) {
		st = db_one(
		    a->db, sql, &db_int_column, a->arena, &got, &found, err);
		if (st)
			return st;
		if (found && got.kind == CELL_INT && got.u.i == 1)
			return TU_OK;
		if (!said)
			log_line(LOG_WARN,
			    "another trueup writes to the target; waiting");
		said = true;
		pause_ms(LOCK_PAUSE);
		if (interrupted())
			return err_set(err, TU_EINTERRUPTED, "interrupted");
	}
	return err_set(err, TU_ECONFLICT,
	    "another trueup has been writing to the target for %d seconds; "
	    "nothing was written",
	    LOCK_WAIT / 1000);
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
		.conflicts = { .options = options },
	};
	enum status st;

	*result = (struct apply_result){ .conflicts = 0 };
	if (spool_ntables(spool) == 0)
		return options->before_commit == NULL
		           ? TU_OK
		           : options->before_commit(options->arg, err);
	st = check_rollback(spool, err);
	if (st)
		return st;
	a.arena = arena_new(4096);
	a.order = order_make(spool, a.arena);
	lanes_init(&a.lanes, target->dialect);
	a.group = &a.lanes.lane[0].group;
	group_init(&a.suspects, target->dialect);

	st = take_lock(&a, err);
	if (st == TU_OK)
		st = apply_and_settle(&a, err);

	group_release(&a.suspects);
	lanes_release(&a.lanes);
	conflicts_release(&a.conflicts);
	arena_free(a.arena);
	return st;
}

/* --- limits --------------------------------------------------------------- */

static bool
exceeds(const struct apply_limit *limit, uint64_t n, uint64_t of)
{
	return n > limit->rows ||
	       (limit->percent >= 0 &&
		   (double)n * 100 > limit->percent * (double)of);
}

static enum status
too_many(const struct pair *pair, const struct apply_limit *limit, uint64_t n,
    uint64_t of, const char *what, const char *option, struct err *err)
{
	if (n > limit->rows)
		err_set(err, TU_ECONFLICT,
		    "table '%s': %" PRIu64 " rows would be %s, more than the "
		    "limit of %" PRIu64 "; nothing was written",
		    pair->name, n, what, limit->rows);
	else
		err_set(err, TU_ECONFLICT,
		    "table '%s': %" PRIu64 " of %" PRIu64 " rows would be %s, "
		    "more than the limit of %g %%; nothing was written",
		    pair->name, n, of, what, limit->percent);
	return err_hint(err, "%s=N or %s=N%% allows more", option, option);
}

enum status
apply_check_limits(const struct pair *pair, const struct tally *tally,
    const bool ops[CHANGE_OPS], const struct apply_limits *limits,
    struct err *err)
{
	uint64_t has = tally->rows[TARGET], changed = 0, lost;

	for (int op = 0; op < CHANGE_OPS; op++)
		changed += ops[op] ? tally->patchable[op] : 0;
	lost = ops[CHANGE_DELETE] ? tally->patchable[CHANGE_DELETE] : 0;
	if (lost > 0 && !limits->deletes.given && tally->rows[SOURCE] == 0) {
		err_set(err, TU_ECONFLICT,
		    "table '%s' is empty in the source: all %" PRIu64
		    " rows of the target would be deleted; nothing was written",
		    pair->name, lost);
		return err_hint(
		    err, "--max-delete=N or --max-delete=N%% allows more");
	}
	if (lost > 0 && exceeds(&limits->deletes, lost, has))
		return too_many(pair, &limits->deletes, lost, has, "deleted",
		    "--max-delete", err);
	if (changed > 0 && exceeds(&limits->changes, changed, has))
		return too_many(pair, &limits->changes, changed, has, "changed",
		    "--max-changes", err);
	return TU_OK;
}
