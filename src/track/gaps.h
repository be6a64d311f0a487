/*
 * gaps.h - numbers that were skipped, and may still come.
 *
 * Who reads rows by an ascending number sees 5 committed while 4 belongs to a
 * transaction that is still open: "number > 5" would never find 4. So the
 * numbers that are missing are kept as ranges until they turn up, or until it
 * is certain that nobody can bring them any more. Pure.
 */
#ifndef TU_TRACK_GAPS_H
#define TU_TRACK_GAPS_H

#include "base/buf.h"

struct gap {
	int64_t lo, hi; /* both missing, and all between */
	int64_t birth;  /* when it was first missed, in the reader's own time */
};

struct gaps {
	struct buf list; /* struct gap, ascending and disjoint */
};

static inline size_t
gaps_count(const struct gaps *g)
{
	return g->list.len / sizeof(struct gap);
}

static inline struct gap *
gaps_list(const struct gaps *g)
{
	return (struct gap *)g->list.data;
}

void gaps_release(struct gaps *g);

/* Behind all others; lo > hi adds nothing. */
void gaps_add(struct gaps *g, int64_t lo, int64_t hi, int64_t birth);

/* One that is not in any, wherever it belongs. */
void gaps_insert(struct gaps *g, int64_t number, int64_t birth);

/* It has turned up. The rest of its gap keeps its birth. */
void gaps_fill(struct gaps *g, int64_t number);

/* Forget those that were born before. */
void gaps_expire(struct gaps *g, int64_t birth);

/* "4-4@17,9-12@17", or "-" for none; and back. */
void gaps_write(struct buf *out, const struct gaps *g);
bool gaps_read(struct gaps *g, const char *text);

#endif
