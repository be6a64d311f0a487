/*
 * conflict.h - rows that are not what the patch expects.
 */
#ifndef TU_PATCH_CONFLICT_H
#define TU_PATCH_CONFLICT_H

#include "patch/apply.h"
#include "patch/group.h"

#define CONFLICTS_MAX 100 /* are told apart; then the run gives up */

/* One that is to be settled. */
struct conflict {
	const struct pair *pair;
	enum change_op op;
	int64_t at; /* the change's place in the spool */
	size_t len;
	uint64_t copies;
	/* What the source has and what the target has now, or NULL. */
	const struct cell *source, *now;
};

struct conflicts {
	const struct apply_options *options;
	uint64_t n;
	struct conflict *all; /* n of them, unless the answer is to abort */
	struct arena *arena;  /* their cells */
	struct buf first;     /* the first one, for the error message */
	struct buf key, what;
};

void conflicts_release(struct conflicts *c);

void conflicts_clear(struct conflicts *c);

/* One row, in words; now is NULL when there is none, or nobody knows. */
void conflicts_add(struct conflicts *c, const struct change *change,
    const struct cell *now, const char *what);

/*
 * Look into changes whose statements did not touch one row each. Those whose
 * rows are as wanted are no conflict.
 */
enum status conflicts_check(struct conflicts *c, struct group *suspects,
    struct db *target, struct err *err);

/*
 * After a duplicate key and a rollback: name the keys of these inserts that
 * exist.
 */
enum status conflicts_find_existing(struct conflicts *c, struct group *inserts,
    struct db *target, struct err *err);

/* TU_ECONFLICT, in words. */
enum status conflicts_error(struct conflicts *c, struct err *err);

#endif
