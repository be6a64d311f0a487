/*
 * plan-int.h - the parts of the planner: tables (plan.c), the columns of one
 * pair (plan-columns.c) and its key (plan-key.c).
 */
#ifndef TU_DIFF_PLAN_INT_H
#define TU_DIFF_PLAN_INT_H

#include "diff/plan.h"

/* The columns of one pair, while they are being matched. */
struct builder {
	struct db *const *db;
	const struct selection *sel;
	struct arena *arena;
	struct pair *pair;
	unsigned *used;
	int *partner; /* per target column: source column or -1 */
	enum match *how;
	bool *taken; /* per source column */
};

/*
 * Fill a pair whose two tables are described. TU_ESCHEMA, with the reason as
 * the message, when the two cannot be compared. used[] counts, for each entry
 * of the selection's column lists in the order columns, ex_columns,
 * column_maps, keys, how often it applied.
 */
enum status plan_columns(struct db *const db[2], const struct selection *sel,
    struct arena *arena, struct pair *pair, unsigned *used, struct err *err);

/* Choose the key among pair->cols and put it first. */
enum status plan_key(struct builder *b, struct err *err);

#endif
