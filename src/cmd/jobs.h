/*
 * jobs.h - many jobs, some at once, and what is said of each.
 *
 * A job that found nothing to say is silent. Of any other there is a block: on
 * stdout a heading with the verdict and the job's report, on stderr what it
 * said there. Blocks do not mix; they come as jobs end.
 */
#ifndef TU_CMD_JOBS_H
#define TU_CMD_JOBS_H

#include "cmd/job.h"

struct jobs {
	const struct cmd *cmd; /* the audit, for its own messages */
	const struct job *jobs;
	size_t n;
	size_t at_once;
	bool quiet; /* nothing on stdout */
	bool live;  /* the jobs' stderr is ours */
	bool plans; /* they only plan: all of them have something to say */
};

/* Run them all, whatever comes of each; *status is the worst: jobs_worse(). */
enum status jobs_run(const struct jobs *jobs, int *status, struct err *err);

/*
 * Of two exit statuses, the one that matters more: the greater, except that a
 * difference (1) outranks a comparison that was not complete (7), which says
 * that none was found.
 */
int jobs_worse(int a, int b);

/* Sleep so long, or until a signal comes: then false. */
bool jobs_wait(double seconds);

#endif
