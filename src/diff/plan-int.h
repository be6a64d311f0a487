/*
 * plan-int.h - the two halves of the planner: tables (plan.c) and the columns
 * of one pair (plan-columns.c).
 */
#ifndef TU_DIFF_PLAN_INT_H
#define TU_DIFF_PLAN_INT_H

#include "diff/plan.h"

/*
 * Fill a pair whose two tables are described. TU_ESCHEMA, with the reason as
 * the message, when the two cannot be compared. used[] counts, for each entry
 * of the selection's column lists in the order columns, ex_columns,
 * column_maps, keys, how often it applied.
 */
enum status plan_columns(struct db *const db[2], const struct selection *sel,
    struct arena *arena, struct pair *pair, unsigned *used, struct err *err);

#endif
