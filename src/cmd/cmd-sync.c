#include <config.h>

#include <inttypes.h>
#include <time.h>

#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/leftovers.h"
#include "cmd/run.h"
#include "cmd/sinks.h"
#include "db/db.h"
#include "patch/apply.h"

static void
sync_options(struct opt_table *table, struct settings *set)
{
	settings_selection(table, set);
	settings_comparison(table, set);
	settings_live(table, set);
	settings_output(table, set);
	settings_writing(table, set);
	settings_general(table, set);
}

/* Half a push is no push: all tables and columns asked for, or none. */
static enum status
check_comparable(const struct run *run, struct err *err)
{
	const struct plan *plan = &run->session.plan;

	if (run->call->set.dry_run)
		return TU_OK;
	if (run->nfailed > 0)
		return err_set(err, run->failed,
		    "not all tables could be compared, so nothing was written");
	if (plan->nbad > 0) {
		err_set(err, plan->bad[0].status,
		    "table '%s' cannot be compared, so nothing was written: %s",
		    plan->bad[0].table, plan->bad[0].why);
		return err_hint(err, "leave it out with --exclude-table=%s",
		    plan->bad[0].table);
	}
	for (size_t i = 0; i < plan->npairs; i++) {
		const struct pair *pair = &plan->pairs[i];

		if (pair->nskipped == 0)
			continue;
		err_set(err, TU_ESCHEMA,
		    "table '%s', column '%s' cannot be compared, so nothing "
		    "was written: %s",
		    pair->name, pair->skipped[0].name, pair->skipped[0].why);
		return err_hint(err,
		    "leave it out with --exclude-columns=%s.%s",
		    pair->table[TARGET]->name, pair->skipped[0].name);
	}
	return TU_OK;
}

/* Every table, before the first write. */
static enum status
check_limits(const struct run *run, struct err *err)
{
	const struct settings *set = &run->call->set;
	const struct plan *plan = &run->session.plan;
	enum status st = TU_OK;

	for (size_t i = 0; i < plan->npairs && st == TU_OK; i++)
		st = apply_check_limits(&plan->pairs[i], &run->tallies[i],
		    set->ops, &set->limits, err);
	return st;
}

static void
print_conflict(void *arg, const char *table, const char *key, const char *what)
{
	const struct run *run = arg;

	log_progress(NULL);
	fprintf(stderr, "trueup %s: conflict: table '%s', %s: %s\n",
	    run->call->cmd->name, table, key, what);
}

static enum status
write_undo(struct run *run, struct err *err)
{
	time_t now = time(NULL);
	char text[32];
	struct tm tm;
	enum status st;

	gmtime_r(&now, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	st = run_write_patch(run, run->spool, &run->undo, STMT_UNDO, text, err);
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

/*
 * From here on the target is written. Our own snapshots go first: the target's
 * would hold the lock of a SQLite file, the source's may be the same file.
 */
static enum status
write_target(struct run *run, struct change_sink *refill,
    struct apply_result *result, struct err *err)
{
	struct session *s = &run->session;
	struct apply_options options = {
		.answer = (enum conflict_answer)run->call->set.on_conflict,
		.plan = &s->plan,
		.refill = refill,
		.conflict = print_conflict,
		.arg = run,
		.before_commit = write_files,
	};
	enum status st;

	if (run->reject.fp != NULL && spool_new(&run->rejected, err))
		return err->status;
	options.rejected = run->rejected;
	session_end_snapshot(s, SOURCE);
	session_close_side(s, TARGET);
	st = db_open(s->url[TARGET], DB_WRITE, "target", &s->db[TARGET], err);
	if (st)
		return st;
	s->plan.db[TARGET] = s->db[TARGET];
	return apply_run(s->db[TARGET], run->spool, &options, result, err);
}

static void
say_settled(uint64_t n, const char *what)
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

static enum status
write_changes(struct run *run, struct change_sink *refill, uint64_t *remaining,
    struct err *err)
{
	const struct settings *set = &run->call->set;
	struct apply_result result = { 0 };
	enum status st = TU_OK;

	if (!set->dry_run) {
		if (spool_ntables(run->spool) > 0)
			st = write_target(run, refill, &result, err);
		else
			keep_undo(run);
		if (st)
			return st;
		say_settled(result.left_alone, "left alone");
		say_settled(result.replaced, "replaced");
		report_applied(run->report, result.done);
		*remaining = result.remaining + result.left_alone;
	}
	if (set->format == REPORT_SQL && !set->quiet)
		st = run_write_patch(
		    run, run->spool, &run->out, STMT_FORWARD, NULL, err);
	return st;
}

/* Is the target still different when everything in the spool was written? */
static bool
remains(const struct run *run)
{
	const struct totals *t = report_totals(run->report);
	const struct plan *plan = &run->session.plan;
	const struct settings *set = &run->call->set;

	if (t->unrepresentable > 0 || t->only[SOURCE] + t->only[TARGET] > 0)
		return true;
	for (size_t i = 0; i < plan->npairs; i++)
		if (run->tallies[i].hidden_columns)
			return true;
	for (int op = 0; op < CHANGE_OPS; op++)
		if (t->ops[op] > (set->ops[op] ? t->patchable[op] : 0))
			return true;
	return false;
}

static int
sync_verdict(const struct run *run, uint64_t remaining)
{
	if (run->call->set.dry_run)
		return run_verdict(run);
	if (remaining > 0 || remains(run))
		return EXIT_DIFFERENT;
	return report_totals(run->report)->unsettled > 0 ? EXIT_NOT_ALL_COMPARED
	                                                 : 0;
}

static int
sync_run(struct call *call)
{
	struct err err = ERR_INIT;
	struct filter wanted;
	struct leftovers left;
	struct fanout both;
	struct run run;
	enum status st;
	uint64_t remaining = 0;
	int status = 0;

	leftovers_init(&left);
	st = run_open(&run, call, true, &err);
	if (st == TU_OK) {
		filter_init(&wanted, spool_sink(run.spool), call->set.ops);
		fanout_init(&both);
		fanout_add(&both, &wanted.sink);
		fanout_add(&both, &left.sink);
		st = run_compare(&run, &both.sink, &err);
	}
	if (st == TU_OK)
		st = check_comparable(&run, &err);
	if (st == TU_OK)
		st = check_limits(&run, &err);
	if (st == TU_OK)
		st = write_changes(&run, &wanted.sink, &remaining, &err);
	if (st == TU_OK)
		status = sync_verdict(&run, remaining);
	if (st == TU_OK && !call->set.dry_run)
		leftovers_print(&left, "trueup sync");
	leftovers_release(&left);
	return run_close(&run, st, status, &err);
}

const struct cmd cmd_sync = {
	.name = "sync",
	.synopsis = "[OPTION]... SOURCE TARGET [TABLE]...",
	.summary = "make TARGET equal to SOURCE",
	.min_operands = 2,
	.max_operands = SIZE_MAX,
	.operands = "a SOURCE and a TARGET are needed",
	.options = sync_options,
	.run = sync_run,
};
