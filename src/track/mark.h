/*
 * mark.h - rows that both sides have are marked in the source.
 *
 * Where a flag says which rows have yet to be brought over (reader all of the
 * table itself, mapping.h), a sync can set it. A script that does so by the key
 * loses what was written between its read and its mark; here, in one
 * transaction of the source:
 *
 *	rows whose flag is not set are read, on both sides, behind the COMMIT
 *	of what was written, and compared as always
 *	a row that is equal is marked if every compared column is still as it
 *	was read, and the flag not yet set: the condition is the UPDATE's own
 *	marked rows are read again: the flag is set, and no compared column has
 *	become another, as a trigger might have it; else nothing is marked
 *
 * A row that is changed meanwhile keeps its flag, and so does one that differs,
 * be it that the target cannot hold it. Who changes a row afterwards takes the
 * flag back, as he had to before.
 */
#ifndef TU_TRACK_MARK_H
#define TU_TRACK_MARK_H

#include "diff/plan.h"
#include "track/reader.h"

/* Of a table and run about so many at most; the others are for the next. */
#define MARK_AT_ONCE 100000
/* Rows may never be marked, and are then the first that are met in every run:
 * so many are looked at for those that can be. Their keys are in memory. */
#define MARK_LOOKS 2000000

struct marked {
	uint64_t rows;  /* that are marked now */
	uint64_t moved; /* were equal, and have changed before the mark */
	uint64_t left;  /* differ, or are on one side only */
};

/*
 * db is a session that writes to the source, outside a transaction; the plan's
 * on the target reads what is committed. src fits the pair
 * (change_source_fits()) and has an ack. After a failure nothing is marked,
 * unless the message says that this is unknown: the COMMIT's answer was lost.
 */
enum status mark_rows(struct db *db, const struct plan *plan,
    const struct pair *pair, const struct change_source *src,
    struct marked *out, struct err *err);

#endif
