#include <config.h>

#include <fnmatch.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/stage.h"
#include "cmd/job.h"
#include "cmd/jobs.h"
#include "cmd/output.h"
#include "cmd/states.h"

static void
audit_options(struct opt_table *table, struct settings *set)
{
	const struct opt rows[] = {
		OPT_GROUP("Options of audit"),
		OPT_U64('j', "jobs", &set->jobs, "N", 1, 64,
		    "pairs compared at once (default: 1)"),
		OPT_FLAG(0, "check", &set->check,
		    "only look for mistakes in CONFIG"),
		OPT_FLAG(0, "connect", &set->connect,
		    "with --check: connect and plan as well"),
		OPT_STR(0, "every", &set->every, "INTERVAL",
		    "again and again: every 30s, 15m, 6h or 1d"),
		OPT_FLAG('q', "quiet", &set->quiet,
		    "print no result, only exit with a status"),
	};

	opt_table_add(table, rows, ARRAY_LEN(rows));
	settings_general(table, set);
}

/* Those that a pattern names, in the order of the file; no pattern: all. */
static enum status
select_jobs(const struct call *call, const struct config *c, struct job *jobs,
    size_t *n, struct err *err)
{
	char **patterns = call->operands + 1;
	bool *wanted = arena_alloc(call->arena, c->npairs);

	for (size_t p = 0; patterns[p] != NULL; p++) {
		bool found = false;

		for (size_t i = 0; i < c->npairs; i++)
			if (fnmatch(patterns[p], c->pairs[i].name, 0) == 0)
				found = wanted[i] = true;
		if (!found)
			return job_no_such_pair(c, patterns[p], err);
	}
	*n = 0;
	for (size_t i = 0; i < c->npairs; i++)
		if (patterns[0] == NULL || wanted[i])
			jobs[(*n)++] = jobs[i];
	return TU_OK;
}

/* What the audit was told for all pairs. */
static void
pass_on(const struct settings *audit, bool live, struct job *job)
{
	struct settings *set = &job->call.set;

	job->call.cmd = &job->cmd;
	set->verbose = MAX(set->verbose, audit->verbose);
	set->trace_sql = set->trace_sql || audit->trace_sql;
	set->progress = audit->progress && audit->jobs == 1;
	set->log_progress = live ? audit->log_progress : 0;
	job->only_plan = audit->connect;
}

/* A look at the file is worth its price only with all that is in it. */
static void
make_jobs(struct config *c, struct job *jobs)
{
	job_check_defaults(c);
	for (size_t i = 0; i < c->npairs; i++)
		job_make(&jobs[i], c, &c->pairs[i]);
	job_check_files(c, jobs, c->npairs);
}

/* Every so many seconds after the start; one that takes longer makes the next
 * wait for its turn. */
static bool
wait_for_turn(double start, double every)
{
	stage_begin("waiting for the next run");
	return jobs_wait(every - fmod(clock_seconds() - start, every));
}

/* Of all pairs, whichever were run. */
static int
write_metrics(const struct call *call, const struct config *c, int status)
{
	struct arena_mark mark = arena_mark(call->arena);
	struct state *states =
	    arena_alloc(call->arena, c->npairs * sizeof(*states));
	struct err err = ERR_INIT;

	if (c->metrics == NULL || call->set.connect)
		return status;
	for (size_t i = 0; i < c->npairs; i++)
		states[i] = (struct state){ .path = c->pairs[i].state,
			.pair = c->pairs[i].name };
	if (metrics_write(c->metrics, states, c->npairs, &err))
		status = jobs_worse(status, cmd_fail(call->cmd, &err));
	arena_rewind(call->arena, mark);
	return status;
}

static enum status
run_jobs(const struct call *call, const struct config *c,
    const struct jobs *jobs, int *status, struct err *err)
{
	double start = clock_seconds();
	enum status st;

	for (;;) {
		st = jobs_run(jobs, status, err);
		*status = write_metrics(call, c, *status);
		if (st || call->set.interval == 0)
			return st;
		if (!wait_for_turn(start, (double)call->set.interval))
			break;
	}
	/* Told to stop while nothing was running; each run had its say. */
	log_line(LOG_INFO, "ended by signal %d", interrupt_signal());
	*status = 0;
	return TU_OK;
}

static enum status
check_settings(const struct settings *set, struct err *err)
{
	if (set->connect && !set->check)
		return err_set(err, TU_EUSAGE, "--connect needs --check");
	if (set->every != NULL && set->check)
		return err_set(
		    err, TU_EUSAGE, "--check and --every contradict");
	return TU_OK;
}

/* "| head" has had enough: that needs no message. */
static int
fail(const struct call *call, const struct err *err)
{
	const struct output out = { .fp = stdout };

	return err->status == TU_EIO && output_unread(&out)
	           ? err_exit_status(err->status)
	           : cmd_fail(call->cmd, err);
}

static int
audit_run(struct call *call)
{
	struct settings *set = &call->set;
	struct jobs jobs = { .cmd = call->cmd,
		.at_once = set->jobs,
		.quiet = set->quiet,
		.live = set->verbose > 0 || set->trace_sql,
		.plans = set->connect };
	struct err err = ERR_INIT;
	struct config config;
	struct job *all;
	int status = 0;

	if (check_settings(set, &err) ||
	    config_read(&config, call->operands[0], call->arena, &err))
		return cmd_fail(call->cmd, &err);
	all = arena_alloc(call->arena, (config.npairs + 1) * sizeof(*all));
	make_jobs(&config, all);
	if (config.nmistakes > 0)
		return job_print_mistakes(call, &config);
	if (select_jobs(call, &config, all, &jobs.n, &err))
		return cmd_fail(call->cmd, &err);
	for (size_t i = 0; i < jobs.n; i++)
		pass_on(set, jobs.live, &all[i]);
	jobs.jobs = all;
	if (set->check && !set->connect) {
		log_line(LOG_INFO, "%s: %zu pairs, no mistake", config.path,
		    config.npairs);
		return 0;
	}
	if (run_jobs(call, &config, &jobs, &status, &err))
		return fail(call, &err);
	return status;
}

const struct cmd cmd_audit = {
	.name = "audit",
	.synopsis = "[OPTION]... CONFIG [JOB]...",
	.summary = "compare many pairs from a file; for every night",
	.min_operands = 1,
	.max_operands = SIZE_MAX,
	.operands = "a CONFIG file is needed",
	.options = audit_options,
	.run = audit_run,
};
