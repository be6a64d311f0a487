#include <config.h>

#include "base/stage.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/interrupt.h"

#define SAMPLE_SECONDS 0.25
#define RATE_AFTER_SECONDS 1.0

/* Workers count without the lock. */
static atomic_uint_fast64_t counted[2];
static atomic_bool counting;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	enum stage_kind kind;
	char what[STAGE_TEXT];
	bool looking;
	uint64_t again;
	double expected, rest; /* of this table, of those behind it */
	double before;         /* rows of those in front of it */
	struct stage_rate rate;
} now;
static void (*watcher)(void);

void
stage_rate_add(struct stage_rate *r, double at, double done)
{
	double seconds = at - r->last, memory;

	if (r->last == 0) {
		r->began = r->last = at;
		r->done = done;
		return;
	}
	if (seconds < SAMPLE_SECONDS)
		return;
	memory = MIN(at - r->began, STAGE_MEMORY);
	r->rate +=
	    ((done - r->done) / seconds - r->rate) * MIN(seconds / memory, 1);
	r->last = at;
	r->done = done;
}

double
stage_rate_get(const struct stage_rate *r)
{
	return r->last - r->began < RATE_AFTER_SECONDS ? -1 : r->rate;
}

static double
rows_of_table(void)
{
	return (double)atomic_load(&counted[0]) +
	       (double)atomic_load(&counted[1]);
}

/* Under the lock. */
static void
count_from_zero(void)
{
	now.looking = false;
	atomic_store(&counted[0], 0);
	atomic_store(&counted[1], 0);
	atomic_store(&counting, now.kind != STAGE_PLAIN);
}

static void TU_PRINTF(4, 0) begin(enum stage_kind kind, double expected,
    double rest, const char *fmt, va_list ap)
{
	pthread_mutex_lock(&lock);
	if (kind == STAGE_TABLE && now.kind == STAGE_TABLE) {
		now.before += rows_of_table();
	} else {
		now.before = 0;
		now.rate = (struct stage_rate){ 0 };
	}
	now.kind = kind;
	now.expected = expected;
	now.rest = rest;
	vsnprintf(now.what, sizeof(now.what), fmt, ap);
	count_from_zero();
	pthread_mutex_unlock(&lock);
	if (watcher != NULL)
		watcher();
}

void
stage_begin(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	begin(STAGE_PLAIN, -1, -1, fmt, ap);
	va_end(ap);
}

void
stage_begin_rows(double expected, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	begin(STAGE_ROWS, expected, 0, fmt, ap);
	va_end(ap);
}

void
stage_begin_table(double expected, double rest, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	begin(STAGE_TABLE, expected, rest, fmt, ap);
	va_end(ap);
}

void
stage_table_again(void)
{
	pthread_mutex_lock(&lock);
	count_from_zero();
	pthread_mutex_unlock(&lock);
}

void
stage_table_more(void)
{
	pthread_mutex_lock(&lock);
	now.looking = false;
	atomic_store(&counting, now.kind != STAGE_PLAIN);
	pthread_mutex_unlock(&lock);
}

void
stage_look(uint64_t again)
{
	pthread_mutex_lock(&lock);
	now.looking = true;
	now.again = again;
	atomic_store(&counting, false);
	pthread_mutex_unlock(&lock);
}

void
stage_add(int side, uint64_t rows)
{
	if (atomic_load_explicit(&counting, memory_order_relaxed))
		atomic_fetch_add(&counted[side], rows);
}

void
stage_set(uint64_t rows)
{
	atomic_store(&counted[0], rows);
}

void
stage_tick(void)
{
	pthread_mutex_lock(&lock);
	if (now.kind != STAGE_PLAIN)
		stage_rate_add(
		    &now.rate, clock_seconds(), now.before + rows_of_table());
	pthread_mutex_unlock(&lock);
	if (watcher != NULL)
		watcher();
}

bool
stage_wait(double when)
{
	while (clock_seconds() < when && !interrupted()) {
		stage_tick();
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	return !interrupted();
}

void
stage_watch(void (*tick)(void))
{
	watcher = tick;
}

/* Under the lock. */
static void
foresee(struct stage *s)
{
	double rows = rows_of_table(), done = now.before + rows, all;

	if (now.expected < 0 || now.rest < 0 || rows > now.expected)
		return;
	all = now.before + now.expected + now.rest;
	if (all <= 0)
		return;
	s->part = done / all;
	if (s->rate > 0 && !s->looking)
		s->seconds = (all - done) / s->rate;
}

void
stage_get(struct stage *out)
{
	pthread_mutex_lock(&lock);
	*out = (struct stage){ .kind = now.kind,
		.looking = now.looking,
		.again = now.again,
		.part = -1,
		.rate = stage_rate_get(&now.rate),
		.seconds = -1 };
	snprintf(out->what, sizeof(out->what), "%s", now.what);
	for (int s = 0; s < 2; s++)
		out->rows[s] = atomic_load(&counted[s]);
	if (now.kind != STAGE_PLAIN)
		foresee(out);
	pthread_mutex_unlock(&lock);
}
