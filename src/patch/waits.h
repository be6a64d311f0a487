/*
 * waits.h - rows that must wait for other rows. Pure.
 *
 * Selfref.h and uniques.h put the rows of one table into an order. Both say for
 * each row and each rule what the row provides (the key others refer to, the
 * unique value it gives up) and what it needs, as encoded bytes; where the two
 * are the same the one row waits for the other.
 *
 * Full encodings are kept and compared, not just their hashes: memory is theirs
 * and some 100 bytes a row.
 */
#ifndef TU_PATCH_WAITS_H
#define TU_PATCH_WAITS_H

#include "base/buf.h"
#include "diff/change.h"

/* One rule; all rows in the order in which they were added. */
struct waits_rule {
	struct buf bytes;    /* the encodings */
	struct buf provides; /* struct waits_span per row */
	struct buf needs;
};

/* len 0: nothing. */
struct waits_span {
	size_t at, len;
};

void waits_rule_free(struct waits_rule *r);

/*
 * Append a span of these cells to r->provides or r->needs, empty if a cell is
 * NULL or cells is. Every row gets one of each.
 */
void waits_add(struct waits_rule *r, struct buf *spans,
    const struct vtype *types, const struct cell *const *cells, size_t n);

/* Row `before` must run before row `after`. */
struct waits_edge {
	size_t before, after;
};

/*
 * Append an edge for each row that needs what another provides: the provider
 * runs first, or last with reverse. What several rows provide counts for the
 * last of them.
 */
void waits_edges(
    const struct waits_rule *r, size_t nrows, bool reverse, struct buf *edges);

/* A row's turn, or the half of it. */
struct waits_step {
	size_t row; /* counted from 0 as they were added */
	enum change_phase phase;
	uint64_t parked_as; /* 1, 2, ... among the parked rows, else 0 */
};

/*
 * The order in which nrows rows can run (Kahn's algorithm, first in first out,
 * so that rows that wait for nobody keep theirs). Where rows wait for each
 * other in a circle, the first of it that can is parked: its step comes in two
 * halves, and the others wait for the first half only. In a circle of which no
 * row can be parked the first one runs although it should wait: the database
 * will refuse it, unless its constraint is deferred. The caller frees the
 * array.
 */
struct waits_step *waits_order(const struct buf *edges, size_t nrows,
    const bool *can_park, size_t *nsteps);

#endif
