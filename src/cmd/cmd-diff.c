#include <config.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/run.h"

static void
diff_options(struct opt_table *table, struct settings *set)
{
	settings_selection(table, set);
	settings_comparison(table, set);
	settings_incremental(table, set);
	settings_live(table, set);
	settings_gentle(table, set);
	settings_output(table, set);
	settings_general(table, set);
}

static void
warn_unpatchable(const struct run *run)
{
	const struct totals *t = report_totals(run->report);
	uint64_t n = 0;

	for (int op = 0; op < CHANGE_OPS; op++)
		n += t->ops[op] - t->patchable[op];
	if (n > 0 && t->partial == 0)
		log_line(LOG_WARN,
		    "no patch can carry %llu of the differences; "
		    "--format=text names them",
		    (unsigned long long)n);
	else if (t->partial > 0)
		log_line(LOG_WARN,
		    "no patch can carry %llu of the differences, nor all of "
		    "%llu others; --format=text names them",
		    (unsigned long long)n, (unsigned long long)t->partial);
}

static enum status
write_patches(struct run *run, struct err *err)
{
	const struct settings *set = &run->call->set;
	enum status st = TU_OK;

	if (run->spool == NULL)
		return TU_OK;
	warn_unpatchable(run);
	/* No time in them: the same input gives the same bytes. */
	if (set->format == REPORT_SQL && !set->quiet)
		st = run_write_patch(
		    run, run->spool, &run->out, STMT_FORWARD, NULL, err);
	if (st == TU_OK && set->undo != NULL)
		st = run_write_patch(
		    run, run->spool, &run->undo, STMT_UNDO, NULL, err);
	if (st == TU_OK && interrupted())
		st = err_set(err, TU_EINTERRUPTED, "interrupted");
	return st;
}

static int
diff_run(struct call *call)
{
	const struct settings *set = &call->set;
	bool spool = set->format == REPORT_SQL || set->undo != NULL;
	struct err err = ERR_INIT;
	struct run run;
	enum status st;
	int status = 0;

	st = run_open(&run, call, spool, true, &err);
	if (st == TU_OK)
		st = run_compare(
		    &run, spool ? spool_sink(run.spool) : NULL, &err);
	if (st == TU_OK)
		st = write_patches(&run, &err);
	if (st == TU_OK)
		status = run_verdict(&run);
	return run_close(&run, st, status, &err);
}

const struct cmd cmd_diff = {
	.name = "diff",
	.synopsis = "[OPTION]... SOURCE TARGET [TABLE]...",
	.summary = "show how TARGET differs from SOURCE",
	.min_operands = 2,
	.max_operands = SIZE_MAX,
	.operands = "a SOURCE and a TARGET are needed",
	.options = diff_options,
	.run = diff_run,
};
