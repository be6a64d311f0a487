/*
 * sinks.h - sinks that pass changes on to other sinks.
 */
#ifndef TU_CMD_SINKS_H
#define TU_CMD_SINKS_H

#include "diff/change.h"

#define FANOUT_MAX 4

/* Everything to each of them, in the order they were added. */
struct fanout {
	struct change_sink sink; /* first, so that it is the object */
	struct change_sink *to[FANOUT_MAX];
	size_t n;
	bool on_terminal; /* where results go, the progress line may be */
};

void fanout_init(struct fanout *f);
void fanout_add(struct fanout *f, struct change_sink *to);

/* Only the changes of some kinds. */
struct filter {
	struct change_sink sink; /* first, so that it is the object */
	struct change_sink *to;
	const bool *ops; /* by enum change_op: pass it on */
};

void filter_init(
    struct filter *f, struct change_sink *to, const bool ops[CHANGE_OPS]);

#endif
