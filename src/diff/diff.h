/*
 * diff.h - compare the tables of a plan.
 *
 * One table after the other: both sides fold their rows into leaves at the
 * same time, each row read once; trees over the leaves are compared from the
 * root; leaves that differ name a row, are split further, or are fetched in
 * key order from both sides; every row that looks different is judged by
 * value_compare() and becomes a change. Memory is bounded by the number of
 * leaves (at most 2^18) and one batch of rows.
 */
#ifndef TU_DIFF_DIFF_H
#define TU_DIFF_DIFF_H

#include "diff/change.h"
#include "diff/plan.h"

/* Opens further connections of a side for --jobs; the caller's passwords and
 * names stay there. */
struct diff_options {
	unsigned jobs; /* connections per side, at least 1 */
	const char *url[2];
};

/* Compare one pair. The connections must be inside their snapshots. Rows are
 * counted in the stage (base/stage.h) that the caller has begun. */
enum status diff_pair(const struct plan *plan, const struct pair *pair,
    const struct diff_options *options, struct change_sink *sink,
    struct tally *tally, struct err *err);

/*
 * Read rows of one side by key and hand them to each(): cells in plan order
 * (for the target with pair->extra behind them), rows in key order. keys
 * holds n * pair->nkeys cells of that side's own form (convert()ed).
 * Used by explain and by the verification of an apply.
 */
enum status diff_fetch_keys(struct db *db, const struct pair *pair,
    enum side side, const struct cell *keys, size_t n,
    enum status (*each)(void *arg, const struct cell *cells, struct err *err),
    void *arg, struct err *err);

/* TU_EQUERY if a table has not the shape any more that the plan knows. */
enum status diff_check_versions(
    const struct plan *plan, const struct pair *pair, struct err *err);

#endif
