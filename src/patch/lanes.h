/*
 * lanes.h - changes sorted by the text of their statements.
 *
 * A batch is one prepared statement for many rows, but updates that come in
 * key order seldom set the same columns twice in a row: 30 000 of four kinds
 * made 22 752 batches, and 120 when each kind waits in a lane of its own.
 *
 * Rows of one lane keep their order; those of different lanes lose it, so
 * changes that must run one after the other get one lane.
 */
#ifndef TU_PATCH_LANES_H
#define TU_PATCH_LANES_H

#include "patch/group.h"

#define LANES 16

struct lane {
	struct group group;        /* changes whose statements have one text: */
	struct buf sql;            /* this one, */
	size_t nparams;            /* with so many parameters each */
	struct stmt_params params; /* their cells live in the group's arena */
	uint64_t used;             /* when a row came last */
	bool together;             /* struct db_batch */
};

struct lanes {
	struct lane lane[LANES];
	size_t open; /* of them may be used: 1 keeps the order of all rows */
	uint64_t rows;
	struct stmt stmt;
	struct stmt_params params; /* of one row, on its way into a lane */
};

void lanes_init(struct lanes *l, const struct dialect *d);
void lanes_release(struct lanes *l);
void lanes_clear(struct lanes *l);

/*
 * Make the change's statement and say into which lane it goes. One that
 * !lane_takes() must be run and cleared first.
 */
enum status lanes_find(struct lanes *l, const struct change *c,
    struct lane **lane, struct err *err);
bool lane_takes(const struct lane *lane, const struct lanes *l);

/* Put the change and the values of its statement, just made, there. */
void lane_add(struct lane *lane, struct lanes *l, const struct change *c);
void lane_clear(struct lane *lane);

#endif
