/*
 * placement.h - do rows travel, or do servers hash them?
 *
 * Where nobody said (--hash=auto) it depends on the link, on both servers and
 * on what rows look like: of a million rows of 120 bytes, two PostgreSQL send
 * all in 0.9 s on one machine and hash them in 0.7 s (HASH_RECORD) to 4 s
 * (HASH_SHA256); over 10 MB/s sending takes 24 s. So some rows of a large table
 * are read both ways, from both sides at once, over the connections that the
 * comparison will have, and the clock decides. A row that differs costs more
 * where servers hash, so these have to be clearly cheaper.
 *
 * Looks are at the rows of some leaves first and then at more, here and there
 * in the table, until what they take is no noise. What a statement takes in any
 * case is left out of what rows take and counts for hashes, and other work on
 * the machines makes looks slower, so of each way the fastest counts; up to
 * three decide. They take some 50 ms, or what 300 rows do on a link on which
 * that is more, and some round trips: where rows come fast but from far away,
 * 0.2 s of waiting for them end it. Where they tell nothing rows travel, and
 * the pair says so.
 *
 * Nothing is measured, and rows travel, where no server can hash; of tables
 * that are small, restricted (--where), no tables, or without key ranges; and
 * of a side that is read at a pace (db/pace.h).
 */
#ifndef TU_DIFF_PLACEMENT_H
#define TU_DIFF_PLACEMENT_H

#include "diff/leaf.h"
#include "diff/plan.h"

/* Some rows, of both sides at once. */
struct look {
	uint64_t n; /* of the larger side */
	double seconds;
	bool tells; /* it is no noise */
};

#define LOOKS_MAX 8

struct looks {
	size_t n;
	struct look at[LOOKS_MAX];
};

enum placed {
	PLACED_UNTRIED, /* nothing was measured */
	PLACED_UNKNOWN, /* so far */
	PLACED_ROWS,    /* travel */
	PLACED_HASHES,  /* do */
};

/* What the looks at rows that travelled and at those that servers hashed say;
 * out is set unless that is nothing. Pure. */
enum placed placement_judge(const struct looks *rows,
    const struct looks *hashes, enum hash_kind hash, struct placement *out);

/*
 * Choose by measurement; the pair is as it was, or one that servers hash, and
 * is not measured again. bounds are those of its leaves; NULL: they are cut for
 * this. The connections must be inside their snapshots.
 */
enum status placement_choose(const struct plan *plan, struct pair *pair,
    const struct bounds *bounds, struct err *err);

/* Append why a pair is hashed as it is: "measured: rows 24 s, hashes 1.4 s a
 * million". why is the pair's own reason, or NULL. */
void placement_why(struct buf *out, const char *why, const struct placement *p);

#endif
