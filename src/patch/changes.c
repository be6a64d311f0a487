#include <config.h>

#include "patch/changes.h"

#include <stdlib.h>

const struct change *
change_copy(struct arena *arena, const struct change *c)
{
	const struct pair *pair = c->pair;
	struct change *copy = arena_memdup(arena, c, sizeof(*c));

	copy->source = cells_copy(arena, c->source, pair->ncols);
	copy->target = cells_copy(arena, c->target, pair->ncols + pair->nextra);
	copy->why = NULL;
	if (c->phase != CHANGE_WHOLE)
		copy->parked = arena_memdup(
		    arena, c->parked, pair->ncols * sizeof(*c->parked));
	if (c->verdicts != NULL)
		copy->verdicts = arena_memdup(
		    arena, c->verdicts, pair->ncols * sizeof(*c->verdicts));
	return copy;
}

void
changes_init(struct changes *list)
{
	*list = (struct changes){ .arena = arena_new(64 << 10) };
}

void
changes_release(struct changes *list)
{
	arena_free(list->arena);
	free(list->all);
}

void
changes_clear(struct changes *list)
{
	arena_reset(list->arena);
	list->n = 0;
}

void
changes_add(struct changes *list, const struct change *c)
{
	if (list->n == list->cap) {
		list->cap = MAX(2 * list->cap, 64);
		list->all = realloc(list->all, list->cap * sizeof(*list->all));
		if (list->all == NULL)
			out_of_memory(list->cap * sizeof(*list->all));
	}
	list->all[list->n++] = change_copy(list->arena, c);
}
