/*
 * statusprint.h - what state files say, for people and for scripts.
 *
 * The JSON is lines, one object each: "pair", its "table"s, and at the end a
 * "summary"; trueup-status(1) describes them.
 */
#ifndef TU_CMD_STATUSPRINT_H
#define TU_CMD_STATUSPRINT_H

#include <stdio.h>

#include "base/buf.h"
#include "cmd/states.h"

/* What a pair's state amounts to. */
struct judgement {
	const char *verdict; /* a run's, or "unreadable", "never run",
	                      * "no history" */
	bool old;            /* no success for longer than wanted */
	int status;          /* for the exit status */
};

/* now and max_age in seconds; max_age 0: any. */
struct judgement status_judge(
    const struct state *state, int64_t now, uint64_t max_age);

/* A line per pair, and below it what is wrong; all: also what is not. */
void status_add_text(struct buf *out, const struct state *states,
    const struct judgement *judged, size_t n, int64_t now, bool all);

void status_add_json(struct buf *out, const struct state *states,
    const struct judgement *judged, size_t n, int64_t now, int exit_status);

#endif
