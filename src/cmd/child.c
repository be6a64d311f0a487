#include <config.h>

#include "cmd/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/history.h"
#include "base/clock.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/temp.h"
#include "cmd/progress.h"
#include "cmd/run.h"

#define EXIT_BUG 70
#define EXIT_MEMORY 71

/* --- in the child --------------------------------------------------------- */

static void
take_outcome(const struct run *run, bool failed, void *arg)
{
	struct outcome *o = arg;

	memcpy(o->done, run->done, sizeof(o->done));
	o->complete = !failed;
	if (!failed)
		o->totals = *report_totals(run->report);
}

/* The pair is ours while its history is open. */
static enum status
begin_history(const struct job *job, struct history **h, struct err *err)
{
	const struct config_pair *pair = job->pair;

	if (history_open(pair->state, pair->name, HISTORY_WRITE, h, err))
		return err->status;
	return history_begin(
	    *h, pair->action, pair->incremental ? "incremental" : "full", err);
}

static int
run_job(const struct job *job, bool live, struct outcome *o)
{
	struct call call = job->call;
	struct err err = ERR_INIT;
	int status;

	log_about(job->about);
	log_setup((enum log_level)MIN(call.set.verbose, (int)LOG_DEBUG),
	    call.set.trace_sql);
	settings_use_zone(&call.set);
	if (!live)
		call.set.progress = false;
	progress_start(&call.set);
	call.closing = take_outcome;
	call.closing_arg = o;
	if (job->only_plan)
		return job_plan(job);
	call.incremental = job->pair->incremental ? job->pair->name : NULL;
	if (job->pair->state != NULL && begin_history(job, &call.history, &err))
		status = cmd_fail(&job->cmd, &err);
	else
		status = job->cmd.run(&call);
	history_close(call.history);
	progress_stop();
	return status;
}

/* Does not return. */
static TU_NORETURN void
be_child(const struct child *child, int result, pid_t parent)
{
	const struct job *job = child->job;
	struct outcome o = { .status = EXIT_BUG };
	struct err err = ERR_INIT;
	bool live = child->log < 0;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EXIT_BUG);
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ); /* whole lines */
	if (interrupt_restart(&err) || dup2(child->out, STDOUT_FILENO) < 0 ||
	    (!live && dup2(child->log, STDERR_FILENO) < 0))
		_exit(EXIT_BUG);
	o.status = run_job(job, live, &o);
	if (fflush(stdout) != 0 && o.status < 2) {
		err_set(&err, TU_EIO, "cannot keep the result: %s",
		    strerror(errno));
		o.status = cmd_fail(&job->cmd, &err);
	}
	if (write(result, &o, sizeof(o)) != sizeof(o))
		_exit(EXIT_BUG);
	_exit(o.status); /* what exit() would tidy up is the parent's */
}

/* --- in the parent -------------------------------------------------------- */

static enum status
open_files(struct child *child, bool live, int result[2], struct err *err)
{
	if (temp_open(&child->out, err))
		return err->status;
	if (!live && temp_open(&child->log, err))
		return err->status;
	if (pipe2(result, O_CLOEXEC) != 0)
		return err_set(
		    err, TU_EIO, "cannot make a pipe: %s", strerror(errno));
	return TU_OK;
}

enum status
child_start(
    struct child *child, const struct job *job, bool live, struct err *err)
{
	pid_t parent = getpid();
	int result[2];

	*child =
	    (struct child){ .job = job, .result = -1, .out = -1, .log = -1 };
	if (open_files(child, live, result, err)) {
		child_release(child);
		return err->status;
	}
	child->began = clock_seconds();
	child->pid = interrupt_fork();
	if (child->pid == 0)
		be_child(child, result[1], parent);
	close(result[1]);
	child->result = result[0];
	if (child->pid > 0)
		return TU_OK;
	child_release(child);
	return err_set(
	    err, TU_EIO, "cannot start a process: %s", strerror(errno));
}

void
child_stop(const struct child *child)
{
	if (child->pid > 0)
		kill(child->pid, SIGTERM);
}

/* Without a result it has not come to its end, whatever its status. */
static void
judge(struct outcome *o, bool complete, int how)
{
	int status = WIFEXITED(how) ? WEXITSTATUS(how) : EXIT_BUG;

	if (complete && WIFEXITED(how) && status == o->status)
		return;
	*o = (struct outcome){ .status = EXIT_BUG };
	if (WIFSIGNALED(how))
		o->signal = WTERMSIG(how);
	else if (status == EXIT_MEMORY || status > 128)
		o->status = status;
}

void
child_end(struct child *child, struct outcome *outcome)
{
	size_t n = 0;
	ssize_t got;
	int how = 0;

	do {
		got = read(
		    child->result, (char *)outcome + n, sizeof(*outcome) - n);
		n += got > 0 ? (size_t)got : 0;
	} while (
	    (got > 0 && n < sizeof(*outcome)) || (got < 0 && errno == EINTR));
	while (waitpid(child->pid, &how, 0) < 0 && errno == EINTR)
		;
	child->pid = 0; /* the number may be another's soon */
	judge(outcome, n == sizeof(*outcome), how);
	outcome->seconds = clock_seconds() - child->began;
}

enum status
child_copy(int from, FILE *to, struct err *err)
{
	char block[65536];
	ssize_t n;

	if (lseek(from, 0, SEEK_SET) != 0)
		return temp_error(err, "read", errno);
	while ((n = read(from, block, sizeof(block))) > 0)
		if (fwrite(block, 1, (size_t)n, to) != (size_t)n)
			return err_set(err, TU_EIO,
			    "cannot write the result: %s", strerror(errno));
	return n == 0 ? TU_OK : temp_error(err, "read", errno);
}

void
child_release(struct child *child)
{
	int fds[] = { child->result, child->out, child->log };

	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}
