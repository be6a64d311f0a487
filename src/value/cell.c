#include <config.h>

#include "value/cell.h"

#include <string.h>

bool
cell_same(const struct cell *a, const struct cell *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case CELL_NULL:
		return true;
	case CELL_INT:
		return a->u.i == b->u.i;
	case CELL_F64:
		return memcmp(&a->u.f, &b->u.f, sizeof(a->u.f)) == 0;
	case CELL_TEXT:
	case CELL_BYTES:
		break;
	}
	return a->len == b->len &&
	       (a->len == 0 || memcmp(a->u.p, b->u.p, a->len) == 0);
}

struct cell
cell_copy(struct arena *arena, const struct cell *c)
{
	struct cell copy = *c;

	if (c->kind == CELL_TEXT || c->kind == CELL_BYTES)
		copy.u.p = arena_memdup(arena, c->u.p, c->len);
	return copy;
}
