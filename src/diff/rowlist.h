/*
 * rowlist.h - which rows of a small leaf differ, without reading them.
 *
 * A leaf that differs in one row names it (leaf.h); of another that a server
 * folded all rows would have to come to be compared. But that server has a hash
 * of each of them, too: with the key that is 12 bytes a row, a tenth of most,
 * and then only those rows are read that differ.
 */
#ifndef TU_DIFF_ROWLIST_H
#define TU_DIFF_ROWLIST_H

#include "diff/side.h"

#define ROWLIST_RANGES 256 /* of one statement */

struct listed {
	int64_t key;
	uint64_t hash;
};

/* The rows of a side; those of range i, in key order, are rows[start[i]] to
 * rows[start[i + 1]]. */
struct rowlist {
	struct listed *rows;
	size_t start[ROWLIST_RANGES + 1];
};

/*
 * List n ranges, ascending and apart, of both sides of a pair that is folded by
 * both servers (HASH_RECORD). They are closed and less than 2^32 keys wide, and
 * their n[] says how many rows they have: otherwise TU_ESCHEMA. rowlist_free()
 * what was filled in.
 */
enum status rowlist_read(const struct plan *plan, const struct pair *pair,
    const struct krange *ranges, size_t n, struct rowlist out[2],
    struct err *err);
void rowlist_free(struct rowlist lists[2]);

/* The rows of a range, both sides', as they meet by their keys. */
struct rowlist_walk {
	int64_t key;  /* of the row at hand */
	bool has[2];  /* the sides that have it */
	bool differs; /* one has it alone, or their hashes do */
	/* private */
	const struct listed *next[2], *end[2];
};

struct rowlist_walk rowlist_walk(const struct rowlist lists[2], size_t range);
bool rowlist_next(struct rowlist_walk *w); /* false: there are no more */
/* What part of them differs. */
double rowlist_different(struct rowlist_walk w);

#endif
