#include <config.h>

#include "cmd/progress.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "patch/report.h"

#define REDRAW_SECONDS 0.1
#define DRAW_AFTER_SECONDS 0.3 /* a quick run needs no progress */
#define RATE_AFTER_SECONDS 1.0

void
progress_start(struct progress *p, const struct plan *plan)
{
	*p = (struct progress){ .plan = plan };
	pthread_mutex_init(&p->lock, NULL);
	p->start = clock_seconds();
	for (size_t i = 0; i < plan->npairs; i++) {
		for (int side = SOURCE; side <= TARGET; side++) {
			double rows = plan->pairs[i].table[side]->rows;

			if (rows < 0)
				p->expected = -1;
			else if (p->expected >= 0)
				p->expected += rows;
		}
	}
}

void
progress_table(struct progress *p, const struct pair *pair)
{
	const uint64_t none[2] = { 0, 0 };

	p->table++;
	progress_rows(p, pair, none);
}

static void
add_rate(struct buf *line, const struct progress *p, double done)
{
	double elapsed = clock_seconds() - p->start, rate;

	if (elapsed < RATE_AFTER_SECONDS || done <= 0)
		return;
	rate = done / elapsed;
	buf_adds(line, ", ");
	report_count(line, (uint64_t)rate);
	buf_adds(line, "/s");
	if (p->expected > done) {
		uint64_t left = (uint64_t)((p->expected - done) / rate);

		buf_addf(line, ", about %" PRIu64 ":%02u left", left / 60,
		    (unsigned)(left % 60));
	}
}

void
progress_rows(void *arg, const struct pair *pair, const uint64_t rows[2])
{
	struct progress *p = arg;
	struct buf line = BUF_INIT;

	pthread_mutex_lock(&p->lock);
	if (clock_seconds() - p->start < DRAW_AFTER_SECONDS ||
	    (p->drawn > 0 && clock_seconds() - p->drawn < REDRAW_SECONDS))
		goto out;
	p->drawn = clock_seconds();
	buf_addf(
	    &line, "[%zu/%zu] %.40s: ", p->table, p->plan->npairs, pair->name);
	report_count(&line, rows[SOURCE]);
	buf_adds(&line, " and ");
	report_count(&line, rows[TARGET]);
	buf_adds(&line, " rows");
	add_rate(
	    &line, p, p->done + (double)rows[SOURCE] + (double)rows[TARGET]);
	log_progress(buf_str(&line));
out:
	pthread_mutex_unlock(&p->lock);
	buf_free(&line);
}

void
progress_table_done(struct progress *p, const uint64_t rows[2])
{
	p->done += (double)rows[SOURCE] + (double)rows[TARGET];
}

void
progress_stop(struct progress *p)
{
	log_progress(NULL);
	pthread_mutex_destroy(&p->lock);
}
