/*
 * group.h - some changes of one table in memory at once, and the rows they
 * speak of, read again.
 *
 * Applying and verifying go through a table in groups: large enough to hide
 * the network, small enough for any memory.
 */
#ifndef TU_PATCH_GROUP_H
#define TU_PATCH_GROUP_H

#include "db/db.h"
#include "patch/stmt.h"

#define GROUP_ROWS 500
#define GROUP_BYTES (4 << 20)

struct group {
	struct arena *arena; /* what the changes point into */
	struct stmt stmt;    /* converts their keys */
	size_t n;
	const struct change *changes[GROUP_ROWS];
};

void group_init(struct group *g, const struct dialect *d);
void group_release(struct group *g);
void group_clear(struct group *g);
bool group_full(const struct group *g);

/* Keep a copy; it lives until group_clear(). All are of one pair. */
const struct change *group_add(struct group *g, const struct change *c);

enum group_when {
	GROUP_BEFORE, /* rows are looked up by the keys they had */
	GROUP_AFTER,  /* by those they were given: an update may set the key,
	               * see rename.h */
};

/*
 * Read the target's rows that have the keys of the group's changes and call
 * each() once for every change: cells in plan order with the extra ones behind
 * them, or NULL when there is no such row; in no promised order. The user's
 * WHERE does not count here: a row that left it is still there. each() runs
 * no statement. Not for a multiset.
 */
enum status group_reread(struct group *g, struct db *target,
    enum group_when when,
    enum status (*each)(void *arg, const struct change *c,
	const struct cell *cells, struct err *err),
    void *arg, struct err *err);

/*
 * The rows of one side that have the keys of the group's changes, as a
 * comparison reads them, so the user's WHERE counts: one for each change in
 * their order, NULL where there is none; for the target with the extra cells.
 * They live until group_clear(). Not for a multiset.
 */
enum status group_look(struct group *g, const struct plan *plan, enum side side,
    const struct cell ***rows, struct err *err);

/*
 * Is the row as the change wants it? Generated columns do not count. If not,
 * *column is the first that is otherwise, or pair->ncols when the row should
 * or should not be there at all. Only for use within each().
 */
enum status group_is_done(struct group *g, const struct change *c,
    const struct cell *cells, bool *done, size_t *column, struct err *err);

#endif
