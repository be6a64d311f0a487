/*
 * progress.h - the line on a terminal that says how far a comparison is.
 *
 * It is drawn at most ten times a second, and only if log_progress_enable()
 * was called. The remaining time comes from the databases' own estimates of
 * their tables' sizes; without those it is left out rather than invented.
 */
#ifndef TU_CMD_PROGRESS_H
#define TU_CMD_PROGRESS_H

#include <pthread.h>

#include "diff/plan.h"

struct progress {
	pthread_mutex_t lock; /* both sides report, each from its thread */
	const struct plan *plan;
	size_t table;        /* tables begun */
	double expected;     /* rows of both sides in all, -1: unknown */
	double done;         /* rows of the tables that are finished */
	double start, drawn; /* clock_seconds() */
};

void progress_start(struct progress *p, const struct plan *plan);
void progress_table(struct progress *p, const struct pair *pair);

/* A struct progress as diff_options wants it. */
void progress_rows(void *arg, const struct pair *pair, const uint64_t rows[2]);

void progress_table_done(struct progress *p, const uint64_t rows[2]);
void progress_stop(struct progress *p);

#endif
