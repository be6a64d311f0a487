/*
 * progress.h - the line that says how far a run is.
 *
 * It is drawn on a terminal at most ten times a second while there is one that
 * wants it, and printed as a line of its own when SIGUSR1 asks, and every
 * --log-progress seconds. What it says comes from base/stage.h. The remaining
 * time comes from the databases' own estimates of their tables' sizes; without
 * those it is left out rather than invented.
 */
#ifndef TU_CMD_PROGRESS_H
#define TU_CMD_PROGRESS_H

#include "base/buf.h"
#include "base/stage.h"
#include "cmd/settings.h"

void progress_start(const struct settings *set);
void progress_stop(void);

/* The stage as text, for instance
 * "[2/11] Track: 61 %, about 0:02 left, 2,051 and 2,304 rows, 402,000/s". */
void progress_text(struct buf *line, const struct stage *s);

/* Begin the stage of table number i of the plan. Its size is not known if only
 * some of its rows are compared. */
void progress_table(const struct plan *plan, size_t i);

#endif
