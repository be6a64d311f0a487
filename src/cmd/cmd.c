#include <config.h>

#include "cmd/cmd.h"

#include <string.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "cmd/progress.h"

#define EXIT_INTERRUPTED 130

const struct cmd *const cmd_all[] = {
	&cmd_accept,
	&cmd_apply,
	&cmd_audit,
	&cmd_diff,
	&cmd_explain,
	&cmd_help,
	&cmd_plan,
	&cmd_status,
	&cmd_sync,
	&cmd_track,
	NULL,
};

const struct cmd *
cmd_find(const char *name)
{
	for (size_t i = 0; cmd_all[i] != NULL; i++)
		if (strcmp(cmd_all[i]->name, name) == 0)
			return cmd_all[i];
	return NULL;
}

void
cmd_list(FILE *out)
{
	for (size_t i = 0; cmd_all[i] != NULL; i++)
		fprintf(
		    out, "  %-8s %s\n", cmd_all[i]->name, cmd_all[i]->summary);
}

void
cmd_usage(const struct cmd *cmd, FILE *out)
{
	struct opt_table table = { 0 };
	struct settings set;

	settings_init(&set);
	cmd->options(&table, &set);
	fprintf(out, "Usage: trueup %s %s\n\n%s\n\n", cmd->name, cmd->synopsis,
	    cmd->summary);
	opt_help(table.rows, out);
}

int
cmd_fail(const struct cmd *cmd, const struct err *err)
{
	if (interrupted()) {
		log_say("trueup %s: interrupted", cmd->name);
		return EXIT_INTERRUPTED;
	}
	log_say("trueup %s: %s", cmd->name, err->msg);
	if (err->hint[0] != '\0' && cmd->synopsis == NULL)
		log_say("trueup %s: hint: %s", cmd->name, err->hint);
	else if (err->hint[0] != '\0')
		log_say("hint: %s", err->hint);
	if (err->status == TU_EUSAGE && cmd->synopsis != NULL)
		log_say("Try 'trueup %s --help'.", cmd->name);
	return err_exit_status(err->status);
}

static enum status
check_operands(const struct call *call, struct err *err)
{
	const struct cmd *cmd = call->cmd;

	if (call->noperands < cmd->min_operands)
		return err_set(err, TU_EUSAGE, "%s", cmd->operands);
	if (call->noperands > cmd->max_operands)
		return err_set(err, TU_EUSAGE,
		    "too many operands, from '%s' on",
		    call->operands[cmd->max_operands]);
	return TU_OK;
}

/* getopt_long(3) has moved the options to the front. */
static void
keep_options(struct call *call, char **argv, int first)
{
	struct opt_list list = { 0 };

	for (int i = 1; i < first; i++)
		if (i < first - 1 || strcmp(argv[i], "--") != 0)
			opt_list_add(&list, call->arena, argv[i]);
	call->options = (const char *const *)list.items;
}

static int
parse_and_run(struct call *call, int argc, char **argv)
{
	struct opt_table table = { 0 };
	struct err err = ERR_INIT;
	int first, status;

	settings_init(&call->set);
	call->cmd->options(&table, &call->set);
	if (opt_parse(table.rows, call->arena, argc, argv, &first, &err))
		return cmd_fail(call->cmd, &err);
	if (call->set.help) {
		cmd_usage(call->cmd, stdout);
		return 0;
	}
	keep_options(call, argv, first);
	call->operands = argv + first;
	call->noperands = (size_t)(argc - first);
	if (check_operands(call, &err) || settings_check(&call->set, &err))
		return cmd_fail(call->cmd, &err);
	settings_use_zone(&call->set);
	log_setup((enum log_level)MIN(call->set.verbose, (int)LOG_DEBUG),
	    call->set.trace_sql);
	progress_start(&call->set);
	status = call->cmd->run(call);
	progress_stop();
	return status;
}

int
cmd_main(const struct cmd *cmd, int argc, char **argv)
{
	struct call call = { .cmd = cmd, .arena = arena_new(8192) };
	int status = parse_and_run(&call, argc, argv);

	arena_free(call.arena);
	return status;
}
