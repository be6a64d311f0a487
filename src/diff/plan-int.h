/*
 * plan-int.h - the parts of the planner: tables (plan.c), the columns of one
 * pair (plan-columns.c), its key (plan-key.c) and its hash (plan-hash.c).
 */
#ifndef TU_DIFF_PLAN_INT_H
#define TU_DIFF_PLAN_INT_H

#include "diff/plan.h"

/* Which of the selection's column lists, in the order in which their uses are
 * counted. */
enum column_list {
	LIST_COLUMNS,
	LIST_EX_COLUMNS,
	LIST_COLUMN_MAPS,
	LIST_KEYS,
	LIST_TOLERANCES,
	LIST_FOLDS,
	COLUMN_LISTS,
};
const char *const *plan_list(
    const struct selection *sel, enum column_list which);
size_t plan_list_at(const struct selection *sel, enum column_list which);

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
 * of the selection's column lists (enum column_list), how often it applied.
 */
enum status plan_columns(struct db *const db[2], const struct selection *sel,
    struct arena *arena, struct pair *pair, unsigned *used, struct err *err);

/* Does a pattern mean this column? Folded names count where no exact one is. */
bool plan_means(const char *pattern, const struct table *t, const char *column);

/* plan-rules.c: give a pair of columns the rules that the user wants for it;
 * its type may change, from LT_NONE too. */
enum status plan_rules(
    struct builder *b, struct pair_column *pc, struct err *err);
/* With the key known: which rules cannot hold for it. */
enum status plan_key_rules(struct builder *b, struct err *err);

/* Choose the key among pair->cols and put it first. */
enum status plan_key(struct builder *b, struct err *err);

/* With the key known: who hashes, and what a leaf is. */
void plan_hash(struct builder *b);

#endif
