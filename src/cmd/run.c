#include <config.h>

#include "cmd/run.h"

#include <string.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/stage.h"
#include "cmd/job.h"
#include "cmd/jobs.h"
#include "cmd/looks.h"
#include "cmd/progress.h"
#include "cmd/sinks.h"
#include "db/db.h"
#include "diff/diff.h"
#include "patch/rename.h"
#include "patch/sqlpatch.h"

#define DEFAULT_SCRUB 28 /* days */

/* The report exists before the plan, so that json can end in an "error". */
static void
make_report(struct run *run)
{
	const struct settings *set = &run->call->set;
	const struct report_options options = {
		.out = run->out.fp,
		.color = settings_color(set, run->out.fp),
		.redacted = set->redact,
		.quiet = set->quiet,
		.rows = set->rows,
		.argv_options = run->call->options,
	};

	run->report = report_new(
	    (enum report_format)set->format, &run->session.plan, &options);
}

/* Tables of which the databases did not even tell what they are. */
static void
print_unread(const struct run *run)
{
	const struct plan *plan = &run->session.plan;

	for (size_t i = 0; i < plan->nbad; i++) {
		struct err err = ERR_INIT;

		if (plan->bad[i].status == TU_ESCHEMA)
			continue;
		err_set(&err, plan->bad[i].status, "table '%s': %s",
		    plan->bad[i].table, plan->bad[i].why);
		(void)cmd_fail(run->call->cmd, &err);
	}
}

/* As an audit would call the file: NAME.state. */
static const char *
pair_of(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	const char *end = strstr(name, ".state");

	return end != NULL && end > name && strcmp(end, ".state") == 0
	           ? arena_printf(arena, "%.*s", (int)(end - name), name)
	           : name;
}

/* The file of --incremental, unless the call has a history. */
static enum status
open_own(struct run *run, struct err *err)
{
	struct call *call = run->call;
	const char *path = call->set.incremental;

	if (path == NULL && call->incremental == NULL &&
	    call->set.scrub != SCRUB_DEFAULT)
		return err_set(
		    err, TU_EUSAGE, "--scrub is for incremental runs");
	if (path == NULL)
		return TU_OK;
	call->incremental = pair_of(call->arena, path);
	if (history_open(
		path, call->incremental, HISTORY_WRITE, &run->own, err))
		return err->status;
	call->history = run->own;
	return history_begin(run->own, call->cmd->name, "incremental", err);
}

/* The file of --changes. */
static enum status
read_changes(struct run *run, const struct config **out, struct err *err)
{
	struct call *call = run->call;
	const char *path = call->set.changes;
	struct config *c = arena_alloc(call->arena, sizeof(*c));

	*out = call->changes;
	if (path == NULL)
		return TU_OK;
	*out = c;
	if (config_read_changes(c, path, call->arena, err))
		return err->status;
	if (c->nmistakes == 0)
		return TU_OK;
	job_print_mistakes(call, c);
	return err_set(err, TU_EUSAGE, "'%s' has mistakes", path);
}

static enum status
another_snapshot(void *arg, enum side side, struct err *err)
{
	return session_new_snapshot(arg, side, err);
}

static enum status
begin_incremental(struct run *run, struct err *err)
{
	struct incremental_options options = {
		.history = run->call->history,
		.name = run->call->incremental,
		.plan = &run->session.plan,
		.url = { run->session.url[SOURCE], run->session.url[TARGET] },
		.scrub_days = run->call->set.scrub == SCRUB_DEFAULT
		                  ? DEFAULT_SCRUB
		                  : run->call->set.scrub,
		.until = run->until,
		.cycle = run->cycle,
		.snapshot = another_snapshot,
		.arg = &run->session,
	};

	if (options.name == NULL)
		return TU_OK;
	if (run->call->changes != NULL)
		options.pair = options.name;
	if (read_changes(run, &options.changes, err))
		return err->status;
	stage_begin("looking for change tables");
	return incremental_new(&options, &run->incremental, err);
}

static enum status
begin_cycle(struct run *run, bool parts, struct err *err)
{
	return run->until == 0 || !parts
	           ? TU_OK
	           : cycle_new(run->call->history, &run->session.plan,
			 run->until, &run->cycle, err);
}

enum status
run_open(
    struct run *run, struct call *call, bool spool, bool parts, struct err *err)
{
	const struct settings *set = &call->set;
	enum status st;

	*run = (struct run){ .call = call };
	if (set->budget != NULL)
		run->until = clock_seconds() + (double)set->budget_seconds;
	st = open_own(run, err);
	if (st)
		return st;
	st = output_open(&run->out, set->output, err);
	if (st)
		return st;
	make_report(run);
	if (set->undo != NULL && !set->dry_run)
		st = output_open(&run->undo, set->undo, err);
	if (st == TU_OK && set->reject != NULL && !set->dry_run)
		st = output_open(&run->reject, set->reject, err);
	if (st == TU_OK)
		st =
		    session_open(&run->session, call, call->noperands - 2, err);
	if (st == TU_OK)
		st = session_pace(&run->session, call, run->until, err);
	if (st == TU_OK)
		st = begin_cycle(run, parts, err);
	if (st == TU_OK)
		st = begin_incremental(run, err);
	if (st == TU_OK && spool)
		st = spool_new(&run->spool, err);
	if (st == TU_OK)
		st = report_start(run->report, err);
	if (st)
		return st;
	print_unread(run);
	run->tallies = arena_alloc(call->arena,
	    (run->session.plan.npairs + 1) * sizeof(*run->tallies));
	return TU_OK;
}

/* Where a table cannot promise what the others do. */
static void
warn_caveats(const struct pair *pair)
{
	for (int s = SOURCE; s <= TARGET; s++)
		if (pair->table[s]->caveat != NULL)
			log_line(LOG_WARN, "table '%s' of the %s: %s",
			    pair->table[s]->name,
			    s == SOURCE ? "source" : "target",
			    pair->table[s]->caveat);
}

/* What to do about it, if the server only said that it will not. */
static void
hint_at_rights(const struct pair *pair, struct err *err)
{
	bool denied = strcmp(err->sqlstate, "42501") == 0 ||
	              strstr(err->msg, "denied") != NULL;

	if (denied && err->hint[0] == '\0')
		err_hint(err,
		    "the user needs the right to SELECT from it; "
		    "--exclude-table=%s leaves it out",
		    pair->name);
}

/*
 * The failure of one table. A failed statement may have ended a transaction,
 * and a cancelled one of the other side too: the tables that follow are read
 * in new snapshots. If there are none to be had, or no other tables, the
 * failure is the run's.
 */
static enum status
table_failed(struct run *run, struct change_sink *sinks,
    const struct pair *pair, struct err *err)
{
	struct session *s = &run->session;
	struct err other = ERR_INIT;
	enum status st = err->status;

	if ((st != TU_ESCHEMA && st != TU_EQUERY) || interrupted())
		return st;
	hint_at_rights(pair, err);
	if (s->plan.npairs == 1)
		return st;
	for (int side = SOURCE; side <= TARGET; side++)
		if (session_new_snapshot(s, (enum side)side, &other))
			return st;
	if (sinks->fail(sinks, pair, err, &other)) {
		*err = other;
		return err->status;
	}
	(void)cmd_fail(run->call->cmd, err);
	run->nfailed++;
	if (err_exit_status(st) > err_exit_status(run->failed))
		run->failed = st;
	err_clear(err);
	return TU_OK;
}

static enum status
compare_table(struct run *run, size_t i, const struct diff_options *options,
    struct change_sink *sink, struct err *err)
{
	const struct plan *plan = &run->session.plan;
	const struct pair *pair = &plan->pairs[i];
	struct tally *tally = &run->tallies[i];

	if (run->incremental != NULL)
		return incremental_pair(
		    run->incremental, pair, options, sink, tally, err);
	if (run->cycle != NULL)
		return cycle_pair(run->cycle, pair, options, sink, tally, err);
	return diff_pair(plan, pair, options, sink, tally, err);
}

static enum status
compare_tables(struct run *run, struct change_sink *sink, struct err *err)
{
	const struct plan *plan = &run->session.plan;
	const struct diff_options options = {
		.jobs = (unsigned)run->call->set.jobs,
		.url = { run->session.url[SOURCE], run->session.url[TARGET] },
	};
	enum status st = TU_OK;

	for (size_t i = 0; i < plan->npairs && st == TU_OK; i++) {
		const struct pair *pair = &plan->pairs[i];

		warn_caveats(pair);
		progress_table(plan, i);
		st = compare_table(run, i, &options, sink, err);
		if (st)
			st = table_failed(run, sink, pair, err);
	}
	log_progress(NULL);
	return st;
}

static enum status
compare(struct run *run, struct change_sink *sink, struct err *err)
{
	return run->call->set.recheck > 0
	           ? looks_compare(run, compare_tables, sink, err)
	           : compare_tables(run, sink, err);
}

enum status
run_compare(struct run *run, struct change_sink *also, struct err *err)
{
	struct history *history = run->call->history;
	struct fanout sinks;
	enum status st;

	fanout_init(&sinks);
	fanout_add(&sinks, report_sink(run->report));
	if (also != NULL)
		fanout_add(&sinks, also);
	if (history != NULL) {
		fanout_add(&sinks, history_sink(history));
		run->accept = accept_new(history, &run->session.plan,
		    run->tallies, &sinks.sink, run->call->accepting);
	}
	st = compare(run,
	    run->accept != NULL ? accept_sink(run->accept) : &sinks.sink, err);
	if (st == TU_OK && run->accept != NULL)
		st = accept_keep(run->accept, err);
	if (st == TU_OK && run->cycle != NULL)
		cycle_keep(run->cycle, run->tallies);
	if (st == TU_OK && run->spool != NULL)
		st = rename_find(run->spool, &run->session.plan, err);
	return st;
}

const char *
run_source_name(const struct run *run)
{
	return run->source != NULL ? run->source
	                           : run->session.db[SOURCE]->display;
}

enum status
run_write_patch(struct run *run, struct spool *spool, struct output *to,
    enum stmt_direction dir, const char *time, struct err *err)
{
	struct db *const *db = run->session.db;
	const struct sqlpatch_info info = {
		.source = run_source_name(run),
		.target = db[TARGET]->display,
		.time = time,
	};

	stage_begin("writing %s", to->name);
	if (to->fp == stdout)
		log_progress(NULL);
	return sqlpatch_write(
	    to->fp, spool, db[TARGET]->dialect, dir, &info, err);
}

int
run_verdict(const struct run *run)
{
	const struct plan *plan = &run->session.plan;
	const struct totals *t = report_totals(run->report);
	int status = err_exit_status(run->failed);

	for (size_t i = 0; i < plan->nbad; i++)
		status = MAX(status, err_exit_status(plan->bad[i].status));
	if (status != 0)
		return status;
	if (t->differs)
		return EXIT_DIFFERENT;
	/* Two databases without tables may be the wrong ones. */
	if (plan->npairs == 0)
		return EXIT_NOT_ALL_COMPARED;
	return t->skipped + t->unsettled + t->cut > 0 ? EXIT_NOT_ALL_COMPARED
	                                              : 0;
}

/* What there was no time for, and what falls behind. */
static void
warn_cut(const struct run *run)
{
	const struct plan *plan = &run->session.plan;
	struct buf line = BUF_INIT;

	for (size_t i = 0; i < plan->npairs; i++) {
		if (!report_has_extent(&run->tallies[i]))
			continue;
		buf_reset(&line);
		report_add_extent(&line, &plan->pairs[i], &run->tallies[i]);
		log_line(LOG_WARN, "table '%s': %s", plan->pairs[i].name,
		    buf_str(&line));
	}
	buf_free(&line);
}

/* Where the report has no place for them, they are named all the same. */
static void
warn_not_comparable(const struct run *run)
{
	const struct plan *plan = &run->session.plan;
	const struct settings *set = &run->call->set;

	if (!set->quiet && set->format != REPORT_SQL &&
	    set->format != REPORT_CSV)
		return;
	warn_cut(run);
	for (size_t i = 0; i < plan->nbad; i++)
		log_line(LOG_WARN, "table '%s' cannot be compared: %s",
		    plan->bad[i].table, plan->bad[i].why);
	for (size_t i = 0; i < plan->npairs; i++) {
		const struct pair *pair = &plan->pairs[i];

		for (size_t c = 0; c < pair->nskipped; c++)
			log_line(LOG_WARN,
			    "table '%s', column '%s' is not compared: %s",
			    pair->name, pair->skipped[c].name,
			    pair->skipped[c].why);
	}
}

static enum status
commit_outputs(struct run *run, int status, struct err *err)
{
	enum status st = TU_OK;

	if (run->report != NULL)
		st = report_finish(run->report, status, NULL, err);
	if (st == TU_OK && run->undo.fp != NULL)
		st = output_commit(&run->undo, true, err);
	if (st == TU_OK && run->reject.fp != NULL)
		st = output_commit(&run->reject, true, err);
	if (st == TU_OK)
		st = output_commit(&run->out, false, err);
	return st;
}

/* The last line of json says what went wrong; a file would be discarded. */
static void
report_failure(struct run *run, const struct err *failed)
{
	struct err ignored = ERR_INIT;

	if (run->report == NULL || run->out.fp != stdout)
		return;
	(void)report_finish(run->report,
	    interrupted() ? err_exit_status(TU_EINTERRUPTED)
			  : err_exit_status(failed->status),
	    failed, &ignored);
	fflush(stdout);
}

/* A sink that could not write does not know where to. */
static void
name_file(const struct output *out, struct err *err)
{
	if (out->fp != NULL && out->fp != stdout && ferror(out->fp) &&
	    strstr(err->msg, out->name) == NULL)
		err_context(err, "cannot write '%s'", out->name);
}

/* Whoever relies on the history must know when it has a hole. */
static int
end_history(struct run *run, const struct err *failed, int status)
{
	struct db *const *db = run->session.db;
	struct history_end end = {
		.exit_status = status,
		.failed = failed,
		.plan = &run->session.plan,
		.retries = run->retries,
	};
	struct err err = ERR_INIT;

	if (run->call->history == NULL)
		return status;
	memcpy(end.done, run->done, sizeof(end.done));
	for (int s = SOURCE; s <= TARGET; s++)
		end.name[s] = db[s] != NULL ? db[s]->display : NULL;
	if (history_end(run->call->history, &end, &err) == TU_OK)
		return status;
	return jobs_worse(status, cmd_fail(run->call->cmd, &err));
}

/* What was read is kept by now. */
static void
end_incremental(struct run *run)
{
	if (run->incremental != NULL)
		incremental_ack(run->incremental);
	incremental_free(run->incremental);
	if (run->own != NULL)
		run->call->history = NULL;
	history_close(run->own);
}

int
run_close(struct run *run, enum status st, int status, struct err *err)
{
	log_progress(NULL);
	if (st == TU_OK)
		st = commit_outputs(run, status, err);
	else
		report_failure(run, err);
	if (st == TU_EIO) {
		name_file(&run->out, err);
		name_file(&run->undo, err);
		name_file(&run->reject, err);
	}
	if (st == TU_OK)
		warn_not_comparable(run);
	else if (st == TU_EIO && output_unread(&run->out))
		status = err_exit_status(st);
	else
		status = cmd_fail(run->call->cmd, err);
	status = end_history(run, st ? err : NULL, status);
	if (run->call->closing != NULL)
		run->call->closing(run, st != TU_OK, run->call->closing_arg);
	output_discard(&run->undo);
	output_discard(&run->reject);
	output_discard(&run->out);
	report_free(run->report);
	spool_free(run->spool);
	spool_free(run->rejected);
	journal_close(run->journal);
	accept_free(run->accept);
	cycle_free(run->cycle);
	session_close(&run->session);
	end_incremental(run);
	return status;
}
