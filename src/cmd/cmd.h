/*
 * cmd.h - the subcommands.
 *
 * A command is one file, cmd-NAME.c, that defines one struct cmd. Its options()
 * puts the option table together, pointing at a struct settings; the same
 * table is parsed, printed by --help, by the completions and by the manual.
 * run() returns the exit status of the program: 0 nothing differs, 1 something
 * differs, 2 and above trouble (err_exit_status()).
 */
#ifndef TU_CMD_CMD_H
#define TU_CMD_CMD_H

#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"
#include "cmd/opt.h"
#include "cmd/settings.h"

struct cmd;
struct config;
struct history;
struct accepting;
struct run;

/* One use of a command. */
struct call {
	const struct cmd *cmd;
	struct arena *arena; /* lives until the command is done */
	struct settings set;
	const char *const
	    *options;    /* as given, without operands; ends in NULL */
	char **operands; /* ends in NULL */
	size_t noperands;
	/* audit/history.h, a run begun in it; NULL: nothing is kept. */
	struct history *history;
	/* With a history: compare only what has changed, under this name. */
	const char *incremental;
	/* Where others write changes down; NULL: the file of --changes. */
	const struct config *changes;
	/* audit/accept.h: what is to be recorded there; NULL: nothing. */
	struct accepting *accepting;
	/* Hears of a run (cmd/run.h) before it is gone, or NULL; failed: it did
	 * not come to its end. */
	void (*closing)(const struct run *run, bool failed, void *arg);
	void *closing_arg;
};

struct cmd {
	const char *name;
	const char *synopsis; /* "[OPTION]... SOURCE TARGET [TABLE]..."; NULL:
	                       * not from the command line, cmd/job.h */
	const char *summary;  /* one line for "trueup help" */
	size_t min_operands;
	size_t max_operands;  /* SIZE_MAX: any number */
	const char *operands; /* complaint when there are too few */
	void (*options)(struct opt_table *table, struct settings *set);
	int (*run)(struct call *call);
};

extern const struct cmd cmd_accept;
extern const struct cmd cmd_apply;
extern const struct cmd cmd_audit;
extern const struct cmd cmd_diff;
extern const struct cmd cmd_explain;
extern const struct cmd cmd_help;
extern const struct cmd cmd_plan;
extern const struct cmd cmd_status;
extern const struct cmd cmd_sync;
extern const struct cmd cmd_track;

/* Ordered by name, NULL at the end. */
extern const struct cmd *const cmd_all[];

const struct cmd *cmd_find(const char *name);
void cmd_list(FILE *out);
void cmd_usage(const struct cmd *cmd, FILE *out);

/* Parse argv (argv[0] is the command's name) and run the command. */
int cmd_main(const struct cmd *cmd, int argc, char **argv);

/*
 * Print "trueup NAME: MESSAGE" on stderr, with the hint on a line of its own,
 * which says whose it is where several commands share stderr (no synopsis), and
 * return the exit status. After a signal whatever failed is a consequence of
 * it, and the status is 130.
 */
int cmd_fail(const struct cmd *cmd, const struct err *err);

#endif
