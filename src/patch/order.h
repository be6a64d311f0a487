/*
 * order.h - in which order a patch's steps run. Only the spool is read.
 *
 * With constraints on, per table and kind:
 *
 *	1 deletes, children before parents, of tables that no changed
 *	  reference points away from (they free unique values early)
 *	2 inserts, parents before children, of tables that a changed reference
 *	  may point to
 *	3 updates, parents before children
 *	4 the other inserts, parents before children
 *	5 the other deletes, children before parents
 *
 * A "changed reference" is a foreign key of the target with a column that
 * some update changes. A table whose deletes must wait makes those of its
 * parents wait, and an early insert makes those into its parents early. Among
 * equals the order is that of the spool's tables.
 *
 * Rows that are deleted so late may hold unique values that others need before:
 * then they give them up first of all, in a half of their own.
 *
 * Cycles of foreign keys between different tables are broken at a table that
 * can (the last one by name), which then goes before those it refers to. Its
 * references that
 * cannot wait for the COMMIT (refs.h) are parked: rows are inserted without
 *them and get them when all inserts are done; rows to be deleted lose them
 *before all else. Where such a reference may not be NULL nothing helps, and
 * order->cycle names the tables.
 *
 * The undo runs the same steps backwards, each one backwards in itself
 * (spool_read), so that it passes through the states the patch passed through.
 */
#ifndef TU_PATCH_ORDER_H
#define TU_PATCH_ORDER_H

#include "patch/spool.h"

struct step {
	size_t table;      /* index into the spool's tables */
	enum change_op op; /* what was spooled; an undo does the opposite */
	enum change_phase phase;
	const bool *parked; /* per compared column, unless it is whole */
};

struct order {
	size_t nsteps;
	struct step *steps; /* without empty ones */
	const char *cycle;  /* tables in a cycle that nothing breaks, or NULL */
};

/* Read a step's changes. */
enum status order_read(struct spool *spool, const struct step *step,
    enum spool_order order, struct spool_reader **out, struct err *err);

struct order *order_make(const struct spool *spool, struct arena *arena);
struct order *order_make_undo(const struct spool *spool, struct arena *arena);

#endif
