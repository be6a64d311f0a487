#include <config.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/stage.h"
#include "cmd/cmd.h"
#include "cmd/output.h"
#include "cmd/planprint.h"
#include "cmd/session.h"
#include "diff/placement.h"

static const char *const formats[] = { "text", "json", NULL };

static void
plan_options(struct opt_table *table, struct settings *set)
{
	const struct opt rows[] = {
		OPT_GROUP("Output of plan"),
		OPT_ENUM(
		    'f', "format", &set->format, "FORMAT", formats, "one of"),
		OPT_STR('o', "output", &set->output, "FILE",
		    "write the plan there, complete or not at all"),
	};

	settings_selection(table, set);
	settings_comparison(table, set);
	opt_table_add(table, rows, ARRAY_LEN(rows));
	settings_general(table, set);
}

/* A table that cannot be read has a plan all the same. */
static enum status
measure(struct session *s, struct err *err)
{
	enum status st = TU_OK;

	stage_begin("measuring");
	for (size_t i = 0; i < s->plan.npairs && st == TU_OK; i++) {
		struct pair *pair = &s->plan.pairs[i];

		st = placement_choose(&s->plan, pair, NULL, err);
		if (st != TU_EQUERY || interrupted())
			continue;
		log_line(LOG_WARN, "table '%s': %s", pair->name, err->msg);
		err_clear(err);
		st = session_new_snapshot(s, SOURCE, err);
		if (st == TU_OK)
			st = session_new_snapshot(s, TARGET, err);
	}
	log_progress(NULL);
	return st;
}

static enum status
print_plan(
    const struct plan *plan, bool json, struct output *out, struct err *err)
{
	struct buf text = BUF_INIT;
	enum status st = TU_OK;

	if (json)
		planprint_json(&text, plan);
	else
		planprint_text(&text, plan);
	if (fwrite(text.data, 1, text.len, out->fp) != text.len)
		st = err_set(err, TU_EIO, "cannot write '%s'", out->name);
	else
		st = output_commit(out, false, err);
	buf_free(&text);
	return st;
}

static int
plan_run(struct call *call)
{
	struct session session = { 0 };
	struct output out = { 0 };
	struct err err = ERR_INIT;
	enum status st;
	int status;

	st = output_open(&out, call->set.output, &err);
	if (st == TU_OK)
		st = session_open(&session, call, call->noperands - 2, &err);
	if (st == TU_OK)
		st = measure(&session, &err);
	if (st == TU_OK)
		st = print_plan(
		    &session.plan, call->set.format == 1, &out, &err);
	if (st == TU_OK)
		status = planprint_status(&session.plan);
	else if (st == TU_EIO && output_unread(&out))
		status = err_exit_status(st);
	else
		status = cmd_fail(call->cmd, &err);
	output_discard(&out);
	session_close(&session);
	return status;
}

const struct cmd cmd_plan = {
	.name = "plan",
	.synopsis = "[OPTION]... SOURCE TARGET [TABLE]...",
	.summary = "show what would be compared, how, and what it costs",
	.min_operands = 2,
	.max_operands = SIZE_MAX,
	.operands = "a SOURCE and a TARGET are needed",
	.options = plan_options,
	.run = plan_run,
};
