/*
 * writer.h - changes become rows of the target.
 *
 * Changes whose statements have one text go to the server together (lanes.h).
 * Each statement must have touched as many rows as its change speaks of; one
 * that did not is looked into: where the row is already as wanted (ON DELETE
 * CASCADE took it, SET NULL changed it) all is well, otherwise it is a conflict
 * and the changes behind it are still tried, so that one run names many. Up to
 * CONFLICTS_MAX of them; an error of the database ends it at once, and so do
 * rows of others that a delete would take with it (cascade.h).
 */
#ifndef TU_PATCH_WRITER_H
#define TU_PATCH_WRITER_H

#include "patch/cascade.h"
#include "patch/conflict.h"
#include "patch/lanes.h"

struct writer {
	struct db *db;
	struct apply_result *result; /* done[] counts up */
	struct conflicts conflicts;
	struct group *group; /* the statements that ran last */
	/* private */
	struct lanes lanes;
	struct group suspects; /* changes that did not touch their row */
	struct cascades cascades;
	/* What the lanes are about. */
	const struct pair *pair;
	enum change_op op;
	bool any_order;
	uint64_t affected[GROUP_ROWS];
};

/* The target must be inside a transaction when rows are added. */
void writer_init(struct writer *w, struct db *target,
    const struct apply_options *options, struct apply_result *result);
void writer_release(struct writer *w);

/* Forget what a transaction that is rolled back was about. */
void writer_clear(struct writer *w);

/* One more change, and the end of them. After a failure w->group holds the
 * changes that it met. Those of one table and kind that may run in any order
 * do; otherwise it is that in which they come. */
enum status writer_add(
    struct writer *w, const struct change *c, struct err *err);
enum status writer_flush(struct writer *w, struct err *err);

#endif
