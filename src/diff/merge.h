/*
 * merge.h - two streams of rows in key order become changes.
 *
 * The only place where a difference is established: rows meet by their key,
 * every pair of cells is judged by value_compare(), and what the target could
 * not hold is told apart. A stream that does not ascend is an error, because
 * then nothing about missing rows could be said.
 */
#ifndef TU_DIFF_MERGE_H
#define TU_DIFF_MERGE_H

#include "diff/change.h"
#include "diff/leaf.h"
#include "diff/side.h"

struct merge {
	const struct plan *plan;
	const struct pair *pair;  /* how rows are read */
	const struct pair *shown; /* what changes refer to */
	struct change_sink *sink;
	struct tally *tally;
	/* What changes are placed in, and the rows before the middle of each
	 * leaf, those of all at the end; NULL: they are not placed. */
	const struct bounds *bounds;
	const uint64_t *before;
	uint32_t leaves;    /* that have rows */
	uint64_t at, among; /* merge_place() */

	/* Keys that leaf_decode() named, ascending; confirmed[i] is set when
	 * that row differs. present counts them per side. Of listed ones the
	 * servers' hashes differ (rowlist.h); they are rows like any other. */
	const int64_t *points;
	const bool *listed;
	bool *confirmed;
	size_t npoints;
	uint64_t present[2];
	uint64_t fetched[2]; /* rows read */
	uint64_t all;        /* by all calls of merge_run() */

	/* All other rows come from these ranges, ascending and apart; none:
	 * nothing is known of what lies between two rows. */
	const struct krange *ranges;
	size_t nranges;

	/* private */
	struct row_reader reader[2];
	size_t leaf; /* of the last change */
	struct cursor *cur[2];
	const struct row *row[2];
	struct buf last[2]; /* the previous key */
	size_t range;       /* the one at hand */
	struct buf beyond;  /* where the one after it begins */
	bool next;          /* for the next change */
	struct buf scratch;
	enum verdict *verdicts;
	const char **why;
	struct arena *arena; /* copies of a run of equal rows */
};

void merge_init(struct merge *m, const struct plan *plan,
    const struct pair *pair, const struct pair *shown, struct change_sink *sink,
    struct tally *tally);
void merge_release(struct merge *m);

/* Read both cursors to their ends. */
enum status merge_run(struct merge *m, struct cursor *source,
    struct cursor *target, struct err *err);

/* Where the rows of the next merge_rows() are, exactly: so many of so many rows
 * lie before them, next: none of either side since the change before. */
void merge_place(struct merge *m, uint64_t before, uint64_t among, bool next);

/* Tell the sink how two rows that have met differ; either may be NULL. */
enum status merge_rows(struct merge *m, const struct cell *source,
    const struct cell *target, struct err *err);

/*
 * How two rows compare, column by column: fills verdicts and why (pair->ncols
 * each) and returns the worst. Used by explain and by the verification of an
 * apply too.
 */
enum verdict merge_compare_rows(const struct plan *plan,
    const struct pair *pair, const struct cell *source,
    const struct cell *target, struct buf *scratch, enum verdict *verdicts,
    const char **why);

#endif
