/*
 * changes.h - some changes in memory.
 */
#ifndef TU_PATCH_CHANGES_H
#define TU_PATCH_CHANGES_H

#include "base/arena.h"
#include "diff/change.h"

struct changes {
	struct arena *arena; /* what they point into */
	size_t n, cap;
	const struct change **all;
};

/* A change that outlives its reader, without `why`. */
const struct change *change_copy(struct arena *arena, const struct change *c);

void changes_init(struct changes *list);
void changes_release(struct changes *list);
void changes_clear(struct changes *list);

/* Keep a copy. */
void changes_add(struct changes *list, const struct change *c);

#endif
