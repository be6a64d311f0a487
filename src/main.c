#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/interrupt.h"
#include "cmd/cmd.h"
#include "db/db.h"
#include "db/opening.h"

#define EXIT_USAGE 2

static int
print_version(void)
{
	struct buf text = BUF_INIT;

	buf_adds(&text, "trueup " PACKAGE_VERSION "\n");
	db_libraries(&text);
	fputs(buf_str(&text), stdout);
	buf_free(&text);
	return 0;
}

static int
usage(const char *unknown)
{
	if (unknown != NULL)
		fprintf(stderr, "trueup: no command '%s'\n", unknown);
	else
		fputs("Usage: trueup COMMAND [OPTION]... [ARGUMENT]...\n",
		    stderr);
	fputs("Try 'trueup help'.\n", stderr);
	return EXIT_USAGE;
}

static int
run(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;
	const struct cmd *cmd;

	if (name == NULL)
		return usage(NULL);
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
		return print_version();
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		cmd = &cmd_help;
	else
		cmd = cmd_find(name);
	if (cmd == NULL)
		return usage(name);
	/* "--help" in the place of a command is not an option of help's. */
	if (cmd == &cmd_help && name[0] == '-')
		return cmd_main(cmd, 1, argv);
	return cmd_main(cmd, argc - 1, argv + 1);
}

/* What a help text could not write is an error like any other. */
static int
close_stdout(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	if (errno != EPIPE && status < EXIT_USAGE)
		fprintf(stderr, "trueup: cannot write standard output: %s\n",
		    strerror(errno));
	return status < EXIT_USAGE ? err_exit_status(TU_EIO) : status;
}

/*
 * Whoever closed one of them would have the next file or connection in its
 * place, and our messages in that. What nobody can read is an error on stdout
 * and lost on stderr.
 */
static void
keep_standard_files(void)
{
	static const int modes[] = { O_RDONLY, O_RDONLY, O_WRONLY };

	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", modes[fd]) != fd)
			abort();
}

int
main(int argc, char **argv)
{
	struct err err = ERR_INIT;
	int status;

	keep_standard_files();
	if (interrupt_start(&err)) {
		fprintf(stderr, "trueup: %s\n", err.msg);
		return err_exit_status(err.status);
	}
	status = close_stdout(run(argc, argv));
	if (opening_left_behind())
		_exit(status);
	return status;
}
