#include <config.h>

#include "cmd/writing.h"

#include <inttypes.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/stage.h"
#include "db/db.h"
#include "patch/echo.h"
#include "patch/journal.h"
#include "patch/sqlpatch.h"

void
writing_conflict(
    void *arg, const char *table, const char *key, const char *what)
{
	const struct run *run = arg;

	log_say("trueup %s: conflict: table '%s', %s: %s", run->call->cmd->name,
	    table, key, what);
}

static enum status
write_undo(struct run *run, struct err *err)
{
	char text[CLOCK_TEXT];
	enum status st;

	st = run_write_patch(
	    run, run->spool, &run->undo, STMT_UNDO, clock_text(text), err);
	return st ? st : output_commit(&run->undo, true, err);
}

static enum status
write_rejected(struct run *run, struct err *err)
{
	enum status st = run_write_patch(
	    run, run->rejected, &run->reject, STMT_FORWARD, NULL, err);

	return st ? st : output_commit(&run->reject, true, err);
}

/*
 * If COMMIT fails now the files stay: nobody can tell a lost connection from a
 * lost transaction, and its guards make a patch harmless where nothing was
 * written.
 */
static enum status
write_files(void *arg, struct err *err)
{
	struct run *run = arg;
	enum status st = TU_OK;

	if (run->undo.fp != NULL)
		st = write_undo(run, err);
	if (st == TU_OK && run->reject.fp != NULL)
		st = write_rejected(run, err);
	return st;
}

/* The file is there already when it is written for the second time. */
static enum status
keep_journal_undo(struct run *run, bool written, struct err *err)
{
	struct db *const *db = run->session.db;
	char text[CLOCK_TEXT];
	const struct sqlpatch_info info = {
		.source = run_source_name(run),
		.target = db[TARGET]->display,
		.time = clock_text(text),
	};
	enum status st = TU_OK;

	if (run->undo.fp == NULL) {
		output_discard(&run->undo);
		st = output_open(&run->undo, run->call->set.undo, err);
	}
	if (st == TU_OK)
		st = sqlpatch_write_journal(run->undo.fp, run->journal, written,
		    db[TARGET]->dialect, &info, err);
	return st ? st : output_commit(&run->undo, true, err);
}

static enum status
keep_files(void *arg, bool written, struct err *err)
{
	struct run *run = arg;
	enum status st = TU_OK;

	if (run->call->set.undo != NULL)
		st = keep_journal_undo(run, written, err);
	if (st == TU_OK && written && run->reject.fp != NULL)
		st = write_rejected(run, err);
	return st;
}

/*
 * From here on the target is written. Our own snapshots go first: the target's
 * would hold the lock of a SQLite file, the source's may be the same file.
 */
static enum status
write_target(struct run *run, struct change_sink *refill,
    struct apply_result *result, struct err *err)
{
	struct session *s = &run->session;
	const char *state = run->call->set.state;
	char name[ECHO_RUN];
	struct apply_options options = {
		.answer = (enum conflict_answer)run->call->set.on_conflict,
		.plan = &s->plan,
		.refill = refill,
		.conflict = writing_conflict,
		.arg = run,
		.before_commit = write_files,
		.keep_undo = keep_files,
		.run = name,
	};
	enum status st;

	if (run->reject.fp != NULL && run->rejected == NULL &&
	    spool_new(&run->rejected, err))
		return err->status;
	options.rejected = run->rejected;
	session_end_snapshot(s, SOURCE);
	session_close_side(s, TARGET);
	stage_begin("connecting to the target, to write");
	st = db_open(s->url[TARGET], DB_WRITE, "target", &s->db[TARGET], err);
	if (st)
		return st;
	s->plan.db[TARGET] = s->db[TARGET];
	if (state != NULL)
		st = journal_open(state, run_source_name(run),
		    s->db[TARGET]->display, &run->journal, err);
	if (st)
		return st;
	options.journal = run->journal;
	echo_new_run(name);
	log_line(
	    LOG_INFO, "target: change tables call these writes run %s", name);
	st = apply_run(s->db[TARGET], run->spool, &options, result, err);
	log_progress(NULL);
	return st;
}

static void
say(uint64_t n, const char *what)
{
	if (n > 0)
		log_line(LOG_WARN, "%" PRIu64 " conflicting %s %s", n,
		    n == 1 ? "row was" : "rows were", what);
}

/* Nothing is to be taken back. After a run that was killed behind its COMMIT
 * the file is that run's. */
static void
keep_undo(struct run *run)
{
	if (!output_replaces(&run->undo))
		return;
	log_line(LOG_INFO, "nothing was written: '%s' is left as it was",
	    run->undo.name);
	output_discard(&run->undo);
}

/* Also with nothing to write: an interrupted push is to be finished. */
static bool
is_to_write(const struct run *run)
{
	const char *state = run->call->set.state;

	return spool_ntables(run->spool) > 0 ||
	       (state != NULL && access(state, F_OK) == 0);
}

enum status
writing_run(struct run *run, struct change_sink *refill,
    struct apply_result *result, struct err *err)
{
	if (is_to_write(run))
		return write_target(run, refill, result, err);
	keep_undo(run);
	return run->rejected != NULL ? write_rejected(run, err) : TU_OK;
}

void
writing_say_settled(uint64_t left_alone, uint64_t replaced)
{
	say(left_alone, "left alone");
	say(replaced, "replaced");
}
