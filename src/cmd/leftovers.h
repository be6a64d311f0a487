/*
 * leftovers.h - the rows that will differ still when all is written.
 *
 * A sink that keeps a line for each difference, or part of one, that no patch
 * can carry. Of more than LEFTOVERS_MAX it only keeps the number.
 */
#ifndef TU_CMD_LEFTOVERS_H
#define TU_CMD_LEFTOVERS_H

#include "base/buf.h"
#include "diff/change.h"

#define LEFTOVERS_MAX 100

struct leftovers {
	struct change_sink sink; /* first, so that it is the object */
	struct buf lines;        /* each ends in a newline */
	uint64_t n;
};

void leftovers_init(struct leftovers *l);
void leftovers_release(struct leftovers *l);

/* On stderr, "PREFIX: still different: " in front of each. */
void leftovers_print(const struct leftovers *l, const char *prefix);

#endif
