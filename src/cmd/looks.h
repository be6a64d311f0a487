/*
 * looks.h - --recheck: a comparison in several looks, some seconds apart.
 *
 * patch/recheck.h says what becomes of a difference, diff/barrier.h when the
 * target is past a look. Between two looks no snapshot is open: one that is
 * holds back VACUUM and the like.
 */
#ifndef TU_CMD_LOOKS_H
#define TU_CMD_LOOKS_H

#include "cmd/run.h"

/* compare() is the first look: it tells its sink all that differs. The sink
 * given hears of what lasts, and the run's tallies and report of the rest. */
enum status looks_compare(struct run *run,
    enum status (*compare)(
	struct run *run, struct change_sink *sink, struct err *err),
    struct change_sink *sink, struct err *err);

#endif
