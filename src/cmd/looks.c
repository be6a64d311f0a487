#include <config.h>

#include "cmd/looks.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/stage.h"
#include "diff/barrier.h"
#include "patch/recheck.h"

/* Of the wait before the second look: most of what is in flight has landed
 * then, and what takes longer shall not be asked for all the time. */
static const double schedule[] = { 1, 2.5, 7.5, 30 };

/* When look i + 2 is due, in seconds after the first; further ones come as far
 * apart as the last two are from the beginning. */
static double
due(const struct settings *set, size_t i)
{
	const size_t n = ARRAY_LEN(schedule);
	double times =
	    i < n ? schedule[i] : schedule[n - 1] * (double)(i - n + 2);

	return times * (double)set->recheck_wait;
}

static enum status
wait_until(double when, struct err *err)
{
	return stage_wait(when) ? TU_OK
	                        : err_set(err, TU_EINTERRUPTED, "interrupted");
}

static void
end_snapshots(struct session *s)
{
	session_end_snapshot(s, SOURCE);
	session_end_snapshot(s, TARGET);
}

/* In new snapshots, if the target is past the look before. */
static enum status
look(struct run *run, struct recheck *recheck, struct barrier *barrier,
    struct err *err)
{
	struct session *s = &run->session;
	bool passed;
	enum status st = barrier_passed(barrier, &passed, err);

	if (st == TU_OK && !passed)
		log_line(LOG_INFO, "the target is not past the source's "
				   "position of the look before");
	if (st || !passed)
		return st;
	stage_begin("looking again at %" PRIu64 " rows that differed",
	    recheck_remaining(recheck));
	st = session_new_snapshot(s, SOURCE, err);
	if (st == TU_OK)
		st = session_new_snapshot(s, TARGET, err);
	if (st == TU_OK)
		st = recheck_look(recheck, err);
	end_snapshots(s);
	return st ? st : barrier_note(barrier, err);
}

static enum status
look_again(struct run *run, struct recheck *recheck, struct err *err)
{
	const struct settings *set = &run->call->set;
	struct barrier barrier;
	double began = clock_seconds();
	enum status st;

	if (recheck_remaining(recheck) == 0)
		return TU_OK;
	barrier_init(&barrier, &run->session.plan);
	end_snapshots(&run->session);
	st = barrier_note(&barrier, err);
	report_rechecked(run->report, barrier.by);
	log_line(LOG_INFO, "look 1: %" PRIu64 " rows remain; settled by %s",
	    recheck_remaining(recheck), barrier.by);
	for (size_t i = 0;
	     i < set->recheck && st == TU_OK && recheck_remaining(recheck) > 0;
	     i++) {
		stage_begin("waiting for look %zu at %" PRIu64
			    " rows that differed",
		    i + 2, recheck_remaining(recheck));
		st = wait_until(began + due(set, i), err);
		if (st == TU_OK)
			st = look(run, recheck, &barrier, err);
	}
	barrier_release(&barrier);
	log_progress(NULL);
	return st;
}

static void
warn_unsettled(const struct run *run)
{
	uint64_t n = report_totals(run->report)->unsettled;

	if (n > 0)
		log_line(LOG_WARN,
		    "%" PRIu64 " %s unsettled: nobody can say yet whether "
		    "the two sides agree there",
		    n, n == 1 ? "row is" : "rows are");
}

enum status
looks_compare(struct run *run,
    enum status (*compare)(
	struct run *run, struct change_sink *sink, struct err *err),
    struct change_sink *sink, struct err *err)
{
	struct recheck *recheck;
	enum status st = recheck_new(&run->session.plan, sink,
	    (unsigned)run->call->set.recheck, &recheck, err);

	if (st == TU_OK)
		st = compare(run, recheck_sink(recheck), err);
	if (st == TU_OK)
		st = look_again(run, recheck, err);
	if (st == TU_OK)
		st = recheck_end(recheck, run->tallies, err);
	if (st == TU_OK)
		warn_unsettled(run);
	recheck_free(recheck);
	return st;
}
