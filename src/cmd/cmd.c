#include <config.h>

#include "cmd/cmd.h"

#include <string.h>

#include "base/interrupt.h"
#include "base/log.h"

#define EXIT_INTERRUPTED 130

const struct cmd *const cmd_all[] = {
	&cmd_apply,
	&cmd_diff,
	&cmd_explain,
	&cmd_help,
	&cmd_plan,
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
	log_progress(NULL);
	if (interrupted()) {
		fprintf(stderr, "trueup %s: interrupted\n", cmd->name);
		return EXIT_INTERRUPTED;
	}
	fprintf(stderr, "trueup %s: %s\n", cmd->name, err->msg);
	if (err->hint[0] != '\0')
		fprintf(stderr, "hint: %s\n", err->hint);
	if (err->status == TU_EUSAGE)
		fprintf(stderr, "Try 'trueup %s --help'.\n", cmd->name);
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
	int first;

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
	log_setup((enum log_level)MIN(call->set.verbose, (int)LOG_DEBUG),
	    call->set.trace_sql);
	return call->cmd->run(call);
}

int
cmd_main(const struct cmd *cmd, int argc, char **argv)
{
	struct call call = { .cmd = cmd, .arena = arena_new(8192) };
	int status = parse_and_run(&call, argc, argv);

	arena_free(call.arena);
	return status;
}
