/*
 * judge.h - do the target's rows still look as a patch expects them?
 *
 * A sink for the changes of a patch that was read back. It reads the rows they
 * speak of and passes on what is to be written, with the cells that the target
 * has now in place of those of the patch, so that the guards of the statements
 * and an undo are about real rows. A change whose row is as wanted already is
 * only counted. Any other row is a conflict, whichever of its columns moved.
 *
 * Rows without a key cannot be looked up: their deletes find out when they run,
 * and for inserts the table must have as many rows as when it was compared.
 */
#ifndef TU_PATCH_JUDGE_H
#define TU_PATCH_JUDGE_H

#include "diff/merge.h"
#include "patch/conflict.h"

/* One table of the patch. */
struct judged {
	const struct pair *pair;
	struct tally tally; /* what was passed on; rows: now, in the target */
	uint64_t done;      /* rows that were as wanted already */
	uint64_t conflicts;
};

struct judge {
	struct change_sink sink; /* first, so that it is the object */
	const struct plan *plan;
	struct change_sink *to;
	const struct apply_options *options; /* answer, rejected, conflict */
	bool keep_going; /* past the first conflicts: nothing will be written */

	struct conflicts conflicts;
	uint64_t left_alone, replaced;
	struct buf tables; /* struct judged */

	/* private */
	struct group group;
	const struct cell *now[GROUP_ROWS]; /* what the group's rows are now */
	struct apply_options telling; /* conflicts are settled here, not kept */
	bool more_copies; /* of a row to be deleted, in a table without key */
	struct merge merge;
	bool merging;
};

/* plan has the target's connection for both sides. The options are kept; their
 * answer decides what becomes of a conflict. */
void judge_init(struct judge *j, const struct plan *plan,
    struct change_sink *to, const struct apply_options *options);
void judge_release(struct judge *j);

struct judged *judge_tables(const struct judge *j, size_t *n);

#endif
