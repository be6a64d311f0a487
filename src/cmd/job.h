/*
 * job.h - a pair of the configuration file as a call of its action.
 *
 * Every option of diff and of sync is a key of the same name, read through the
 * option table of that command, so that a key can do what an option does and
 * is checked as one. Only "help" and "progress" are none, for nobody looks on,
 * and "incremental" and "changes", for which the file has a key and sections.
 */
#ifndef TU_CMD_JOB_H
#define TU_CMD_JOB_H

#include "audit/config.h"
#include "cmd/cmd.h"

struct job {
	const struct config_pair *pair;
	const char *about; /* "pair 'NAME'" */
	struct cmd cmd;    /* the action's; its name is "audit: ABOUT" */
	struct call call;
	bool only_plan; /* job_plan() is all that is wanted */
};

/* What is wrong with [defaults], whether or not a pair makes use of it. */
void job_check_defaults(struct config *c);

/*
 * Make a job of a pair; its mistakes are added to those of the configuration,
 * and with any of them the job cannot be used. Lives as long as the
 * configuration.
 */
void job_make(
    struct job *job, struct config *c, const struct config_pair *pair);

/* All mistakes, one line each, on stderr; returns the exit status, 2. */
int job_print_mistakes(const struct call *call, struct config *c);

/* Sets err, with the nearest name, and returns TU_EUSAGE. */
enum status job_no_such_pair(
    const struct config *c, const char *pattern, struct err *err);

/* Files that two of the jobs would write. */
void job_check_files(struct config *c, const struct job *jobs, size_t n);

/* Connect, plan, and say on stdout what would be compared, in a line. Returns
 * the exit status. */
int job_plan(const struct job *job);

#endif
