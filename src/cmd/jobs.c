#include <config.h>

#include "cmd/jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/stage.h"
#include "cmd/child.h"
#include "cmd/run.h"

#define TICK_MS 500
#define GRACE_MS 2000

/* A signal makes a pipe readable, so that poll() hears of it. */
struct alarm {
	int fd[2];
	struct interrupt_action action;
};

struct pool {
	const struct jobs *jobs;
	struct alarm alarm;
	struct child *children;
	struct pollfd *polls; /* the alarm, then one per child */
	size_t running, next;
	size_t blocks; /* on stdout so far */
	bool stopping;
	int status;
};

static void
ring(void *arg)
{
	const struct alarm *a = arg;

	if (write(a->fd[1], "", 1) < 0)
		return; /* it is full: it rings already */
}

static enum status
alarm_open(struct alarm *a, struct err *err)
{
	*a = (struct alarm){ .fd = { -1, -1 },
		.action = { .run = ring, .arg = a } };
	if (pipe2(a->fd, O_CLOEXEC | O_NONBLOCK) != 0)
		return err_set(
		    err, TU_EIO, "cannot make a pipe: %s", strerror(errno));
	interrupt_add(&a->action);
	if (interrupted())
		ring(a);
	return TU_OK;
}

static void
alarm_close(struct alarm *a)
{
	interrupt_remove(&a->action);
	close(a->fd[0]);
	close(a->fd[1]);
}

bool
jobs_wait(double seconds)
{
	double until = clock_seconds() + seconds, left;
	struct err ignored = ERR_INIT;
	struct alarm alarm;
	struct pollfd p = { .events = POLLIN };

	if (alarm_open(&alarm, &ignored))
		return false;
	p.fd = alarm.fd[0];
	while (!interrupted() && (left = until - clock_seconds()) > 0)
		(void)poll(&p, 1, (int)(MIN(left, 3600) * 1000) + 1);
	alarm_close(&alarm);
	return !interrupted();
}

static int
rank(int status)
{
	if (status == EXIT_NOT_ALL_COMPARED)
		return 1;
	return status == EXIT_DIFFERENT ? 2 : 3 * status;
}

int
jobs_worse(int a, int b)
{
	return rank(a) >= rank(b) ? a : b;
}

/* --- what is said --------------------------------------------------------- */

static uint64_t
written(const struct outcome *o)
{
	uint64_t n = 0;

	for (int op = 0; op < CHANGE_OPS; op++)
		n += o->done[op];
	return n;
}

/* "2 of 11 tables differ", and what else there is to know at a glance. */
static void
add_verdict(struct buf *b, const struct outcome *o)
{
	const struct totals *t = &o->totals;

	if (t->differing > 0) {
		report_differ(b, t->differing, t->tables, "table");
	} else if (t->tables == 0) {
		buf_adds(b, "nothing compared");
	} else {
		report_counted(b, t->tables, "table");
		buf_adds(b, " compared, no difference found");
	}
	report_part(b, ", ", t->only[SOURCE], "table", "only in the source");
	report_part(b, ", ", t->only[TARGET], "table", "only in the target");
	report_part(b, ", ", t->bad, "table", "cannot be compared");
	report_part(b, ", ", t->failed, "table", "failed");
	report_part(b, ", ", t->skipped, "column", "not compared");
	report_part(b, ", ", t->cut, "table", "not compared to the end");
	report_part(b, ", ", t->behind, "scrub", "behind its plan");
	report_part(b, ", ", t->unsettled, "row", "unsettled");
	report_part(b, ", ", t->accepted, "row", "accepted");
	report_part(b, ", ", written(o), "row", "written");
}

static void
add_heading(struct buf *b, const struct job *job, const struct outcome *o)
{
	buf_addf(b, "pair %s: ", job->pair->name);
	if (o->complete)
		add_verdict(b, o);
	else
		buf_adds(b, "did not come to its end; what it found till then");
	if (o->complete && job->call.set.output != NULL)
		buf_addf(b, "; see %s", job->call.set.output);
	buf_addc(b, '\n');
}

static bool
has_to_say(const struct pool *pool, const struct outcome *o)
{
	return o->status != 0 || written(o) > 0 || o->totals.behind > 0 ||
	       pool->jobs->plans;
}

static enum status
print_block(struct pool *pool, const struct child *child,
    const struct outcome *o, struct err *err)
{
	struct buf heading = BUF_INIT;
	enum status st;

	if (!pool->jobs->plans &&
	    (o->complete || lseek(child->out, 0, SEEK_END) > 0)) {
		if (pool->blocks++ > 0)
			buf_addc(&heading, '\n');
		add_heading(&heading, child->job, o);
		fputs(buf_str(&heading), stdout);
	}
	buf_free(&heading);
	st = child_copy(child->out, stdout, err);
	if (st == TU_OK && fflush(stdout) != 0)
		st = err_set(err, TU_EIO, "cannot write the result: %s",
		    strerror(errno));
	return st;
}

/* It ended without saying why. */
static void
print_death(
    const struct pool *pool, const struct job *job, const struct outcome *o)
{
	struct err err = ERR_INIT;

	if (o->signal != 0)
		err_set(&err, TU_EBUG, "%s: ended by signal %d (%s)",
		    job->about, o->signal, strsignal(o->signal));
	else
		err_set(
		    &err, TU_EBUG, "%s: ended without a result", job->about);
	(void)cmd_fail(pool->jobs->cmd, &err);
}

/* For -v: a line per pair, whether or not there was anything to say. */
static void
log_outcome(const struct job *job, const struct outcome *o)
{
	struct buf line = BUF_INIT;

	if (!log_enabled(LOG_INFO))
		return;
	if (o->complete)
		add_verdict(&line, o);
	else
		buf_adds(&line, o->status == 0 ? "done" : "failed");
	log_line(LOG_INFO, "%s: %s (status %d, %.1f s)", job->about,
	    buf_str(&line), o->status, o->seconds);
	buf_free(&line);
}

/* --- running -------------------------------------------------------------- */

/* One that cannot even be started has failed, like any other. */
static void
start(struct pool *pool)
{
	struct child *child = &pool->children[pool->running];
	const struct job *job = &pool->jobs->jobs[pool->next++];
	struct err err = ERR_INIT;

	log_progress(NULL);
	fflush(stdout);
	fflush(stderr);
	if (child_start(child, job, pool->jobs->live, &err) == TU_OK) {
		pool->running++;
		return;
	}
	err_context(&err, "%s", job->about);
	pool->status =
	    jobs_worse(pool->status, cmd_fail(pool->jobs->cmd, &err));
}

/* What was not compared, and why, is in the report, or in the plan. */
static bool
says_why(const struct pool *pool, const struct outcome *o)
{
	return (o->complete || pool->jobs->plans) &&
	       (o->status == EXIT_NOT_ALL_COMPARED ||
		   o->status == err_exit_status(TU_ESCHEMA));
}

/* A full disk takes messages, too. */
static bool
is_mute(const struct child *child)
{
	return child->log >= 0 && lseek(child->log, 0, SEEK_END) == 0;
}

static void
print_lost(
    const struct pool *pool, const struct job *job, const struct outcome *o)
{
	struct err err = ERR_INIT;

	err_set(&err, TU_EIO,
	    "%s: exit status %d; why is lost, for its messages could not be "
	    "kept",
	    job->about, o->status);
	(void)cmd_fail(pool->jobs->cmd, &err);
}

static void
stop_all(struct pool *pool)
{
	if (pool->stopping)
		return;
	pool->stopping = true;
	for (size_t i = 0; i < pool->running; i++)
		child_stop(&pool->children[i]);
}

/* A terminal and systemd send their signal to all of us, and a pair may be
 * gone before ours is heard. */
static void
await_signal(struct pool *pool)
{
	struct pollfd p = { .fd = pool->alarm.fd[0], .events = POLLIN };

	if (!pool->stopping)
		(void)poll(&p, 1, GRACE_MS);
	if (interrupted())
		stop_all(pool);
}

static enum status
end(struct pool *pool, size_t i, struct err *err)
{
	struct child *child = &pool->children[i];
	enum status st = TU_OK;
	struct outcome o;

	child_end(child, &o);
	if (o.status == err_exit_status(TU_EINTERRUPTED))
		await_signal(pool);
	pool->status = jobs_worse(pool->status, o.status);
	log_progress(NULL);
	if (!pool->stopping && has_to_say(pool, &o)) {
		if (!pool->jobs->quiet)
			st = print_block(pool, child, &o, err);
		if (st == TU_OK && child->log >= 0)
			st = child_copy(child->log, stderr, err);
		if (o.status == err_exit_status(TU_EBUG))
			print_death(pool, child->job, &o);
		else if (o.status > 1 && is_mute(child) && !says_why(pool, &o))
			print_lost(pool, child->job, &o);
	}
	log_outcome(child->job, &o);
	child_release(child);
	pool->children[i] = pool->children[--pool->running];
	return st;
}

static void
say_stage(const struct pool *pool)
{
	struct buf names = BUF_INIT;

	for (size_t i = 0; i < pool->running; i++)
		buf_addf(&names, "%s%s", i > 0 ? ", " : "",
		    pool->children[i].job->pair->name);
	stage_begin("%zu of %zu pairs are done; at work: %s",
	    pool->next - pool->running, pool->jobs->n, buf_str(&names));
	buf_free(&names);
}

/* Until one of them ends, or a signal comes. */
static enum status
wait_for_one(struct pool *pool, struct err *err)
{
	enum status st = TU_OK;
	int n;

	say_stage(pool);
	pool->polls[0] = (struct pollfd){ .fd = pool->alarm.fd[0],
		.events = pool->stopping ? 0 : POLLIN };
	for (size_t i = 0; i < pool->running; i++)
		pool->polls[1 + i] =
		    (struct pollfd){ .fd = pool->children[i].result,
			    .events = POLLIN };
	while (
	    (n = poll(pool->polls, (nfds_t)pool->running + 1, TICK_MS)) <= 0) {
		if (n < 0 && errno != EINTR)
			return err_set(
			    err, TU_EBUG, "poll: %s", strerror(errno));
		if (!pool->jobs->live) /* the job draws a line itself */
			stage_tick();
	}
	if (interrupted())
		stop_all(pool);
	for (size_t i = pool->running; i > 0 && st == TU_OK; i--)
		if (pool->polls[i].revents != 0)
			st = end(pool, i - 1, err);
	return st;
}

/* After a failure of our own, nobody is left behind. */
static void
abandon(struct pool *pool)
{
	struct outcome o;

	stop_all(pool);
	for (; pool->running > 0; pool->running--) {
		struct child *child = &pool->children[pool->running - 1];

		child_end(child, &o);
		child_release(child);
	}
}

enum status
jobs_run(const struct jobs *jobs, int *status, struct err *err)
{
	struct pool pool = { .jobs = jobs };
	struct arena *arena;
	enum status st;

	st = alarm_open(&pool.alarm, err);
	if (st)
		return st;
	arena = arena_new(1024);
	pool.children =
	    arena_alloc(arena, jobs->at_once * sizeof(*pool.children));
	pool.polls =
	    arena_alloc(arena, (jobs->at_once + 1) * sizeof(*pool.polls));
	while (st == TU_OK && !interrupted() && pool.next < jobs->n) {
		start(&pool);
		if (pool.running == jobs->at_once)
			st = wait_for_one(&pool, err);
	}
	while (st == TU_OK && pool.running > 0)
		st = wait_for_one(&pool, err);
	abandon(&pool);
	alarm_close(&pool.alarm);
	arena_free(arena);
	if (st == TU_OK && interrupted())
		st = err_set(err, TU_EINTERRUPTED, "interrupted");
	*status = pool.status;
	return st;
}
