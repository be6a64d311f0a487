/*
 * child.h - a job in a process of its own.
 *
 * What goes wrong in one job, down to a crash, is that job's failure and no
 * other's. The process is forked and executes nothing: a URL with a password
 * is in no argument list. What it says on stdout and stderr goes into two files
 * without names, since nobody knows before its end whether it is worth saying;
 * how it ended comes through a pipe, the closing of which is its end. It is
 * told to stop by SIGTERM, also when the parent is no more.
 */
#ifndef TU_CMD_CHILD_H
#define TU_CMD_CHILD_H

#include <stdio.h>
#include <sys/types.h>

#include "cmd/job.h"
#include "patch/report.h"

struct child {
	const struct job *job;
	pid_t pid;
	int result;   /* to poll: readable when it has ended */
	int out, log; /* stdout and stderr; log is -1: they are mixed
	               * with ours */
	double began; /* clock_seconds() */
};

/* How a job ended. */
struct outcome {
	int status;    /* the exit status it would have as a command */
	bool complete; /* its report is, and this is in it: */
	struct totals totals;
	uint64_t done[CHANGE_OPS]; /* rows written */
	int signal;                /* that ended it, or 0 */
	double seconds;
};

/* live: what it has to say on stderr is not kept for later. stdout and stderr
 * of this process must be flushed. */
enum status child_start(
    struct child *child, const struct job *job, bool live, struct err *err);

void child_stop(const struct child *child);

/* Wait for its end. out and log are to be read from their start, and closed by
 * child_release(). */
void child_end(struct child *child, struct outcome *outcome);

/* Copy what it has said. */
enum status child_copy(int from, FILE *to, struct err *err);

void child_release(struct child *child);

#endif
