#include <config.h>

#include "cmd/cmd.h"
#include "cmd/completion.h"

static const char *const shells[] = { "none", "bash", "zsh", "fish", NULL };

static void
help_options(struct opt_table *table, struct settings *set)
{
	const struct opt rows[] = {
		OPT_GROUP("Options of help"),
		OPT_FLAG('h', "help", &set->help, "show this help"),
		{ .kind = OPT_K_ENUM,
		    .name = "completion",
		    .value = &set->completion,
		    .arg = "SHELL",
		    .choices = shells,
		    .hidden = true,
		    .help = "print a completion script" },
		{ .kind = OPT_K_STR,
		    .name = "man-options",
		    .value = &set->man_options,
		    .arg = "COMMAND",
		    .hidden = true,
		    .help = "print the manual's text of the options" },
	};

	opt_table_add(table, rows, ARRAY_LEN(rows));
}

static const struct cmd *
find(const struct call *call, const char *name, int *status)
{
	const struct cmd *about = cmd_find(name);
	struct err err = ERR_INIT;

	if (about == NULL) {
		err_set(&err, TU_EUSAGE, "no command '%s'", name);
		*status = cmd_fail(call->cmd, &err);
	}
	return about;
}

static void
print_man_options(const struct cmd *about)
{
	struct opt_table table = { 0 };
	struct settings set;

	settings_init(&set);
	about->options(&table, &set);
	opt_man(table.rows, stdout);
}

static int
help_run(struct call *call)
{
	const struct settings *set = &call->set;
	const struct cmd *about;
	int status = 0;

	if (set->completion != SHELL_NONE) {
		completion_print((enum shell)set->completion, stdout);
	} else if (set->man_options != NULL) {
		about = find(call, set->man_options, &status);
		if (about != NULL)
			print_man_options(about);
	} else if (call->noperands > 0) {
		about = find(call, call->operands[0], &status);
		if (about != NULL)
			cmd_usage(about, stdout);
	} else {
		printf("Usage: trueup COMMAND [OPTION]... [ARGUMENT]...\n"
		       "       trueup --version\n\n");
		cmd_list(stdout);
		printf("\n'trueup help COMMAND' has the options of a command, "
		       "trueup-COMMAND(1) all the rest.\n");
	}
	return status;
}

const struct cmd cmd_help = {
	.name = "help",
	.synopsis = "[COMMAND]",
	.summary = "show this list, or the help of a command",
	.max_operands = 1,
	.options = help_options,
	.run = help_run,
};
