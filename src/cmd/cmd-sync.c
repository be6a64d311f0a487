#include <config.h>

#include <string.h>

#include "cmd/cmd.h"
#include "cmd/leftovers.h"
#include "cmd/run.h"
#include "cmd/sinks.h"
#include "cmd/writing.h"
#include "patch/limits.h"

static void
sync_options(struct opt_table *table, struct settings *set)
{
	settings_selection(table, set);
	settings_comparison(table, set);
	settings_incremental(table, set);
	settings_live(table, set);
	settings_gentle(table, set);
	settings_output(table, set);
	settings_writing(table, set);
	settings_general(table, set);
}

/* What has been found of a table may belong together with what has not: the row
 * that a unique value is to be taken from, most rows of a table that
 * --max-delete is a part of. */
static enum status
check_budget(const struct call *call, struct err *err)
{
	if (call->set.budget == NULL || call->incremental != NULL ||
	    call->set.incremental != NULL)
		return TU_OK;
	err_set(err, TU_EUSAGE,
	    "a sync that writes has to know all of a table, so --budget is for "
	    "its incremental runs");
	return err_hint(err,
	    "compare with 'trueup diff --budget', and sync the tables that "
	    "differ");
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
		st = limits_check(&plan->pairs[i], &run->tallies[i], set->ops,
		    &set->limits, err);
	return st;
}

static enum status
write_changes(struct run *run, struct change_sink *refill, uint64_t *remaining,
    struct err *err)
{
	const struct settings *set = &run->call->set;
	struct apply_result result = { 0 };
	enum status st = TU_OK;

	if (!set->dry_run) {
		st = writing_run(run, refill, &result, err);
		memcpy(run->done, result.done, sizeof(run->done));
		run->retries = result.retries;
		if (st)
			return st;
		writing_say_settled(result.left_alone, result.replaced);
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
	return run->session.plan.npairs == 0 ||
	               report_totals(run->report)->unsettled > 0
	           ? EXIT_NOT_ALL_COMPARED
	           : 0;
}

/* What is committed by now is read, and the source written to: our snapshots
 * would be in the way. */
static enum status
mark_rows_of_source(struct run *run, struct err *err)
{
	if (run->incremental == NULL || run->call->set.dry_run)
		return TU_OK;
	for (int s = SOURCE; s <= TARGET; s++)
		session_end_snapshot(&run->session, (enum side)s);
	return incremental_mark(run->incremental, err);
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
	run = (struct run){ .call = call };
	st = check_budget(call, &err);
	if (st == TU_OK)
		st = run_open(&run, call, true, false, &err);
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
		st = mark_rows_of_source(&run, &err);
	if (st == TU_OK)
		status = sync_verdict(&run, remaining);
	if (st == TU_OK && !call->set.dry_run)
		leftovers_print(&left,
		    arena_printf(call->arena, "trueup %s", call->cmd->name));
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
