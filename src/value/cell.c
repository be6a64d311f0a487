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

struct cell *
cells_copy(struct arena *arena, const struct cell *cells, size_t n)
{
	struct cell *copy;

	if (cells == NULL)
		return NULL;
	copy = arena_alloc(arena, n * sizeof(*copy));
	for (size_t i = 0; i < n; i++)
		copy[i] = cell_copy(arena, &cells[i]);
	return copy;
}

void
cells_pack(struct buf *out, const struct cell *cells, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct cell *c = &cells[i];
		bool sized = c->kind == CELL_TEXT || c->kind == CELL_BYTES;
		uint64_t len = c->len;

		buf_addc(out, (char)c->kind);
		if (c->kind == CELL_NULL)
			continue;
		buf_add(out, sized ? (const void *)&len : &c->u, 8);
		if (sized)
			buf_add(out, c->u.p, c->len);
	}
}

bool
cells_are_packed(const char *p, size_t len, size_t n)
{
	const char *end = p + len;

	for (size_t i = 0; i < n; i++) {
		enum cell_kind kind;
		uint64_t size;

		if (p == end)
			return false;
		kind = (enum cell_kind) * p++;
		if (kind == CELL_NULL)
			continue;
		if (kind > CELL_BYTES || end - p < 8)
			return false;
		memcpy(&size, p, 8);
		p += 8;
		if (kind == CELL_INT || kind == CELL_F64)
			continue;
		if (size > (uint64_t)(end - p))
			return false;
		p += size;
	}
	return p == end;
}

void
cells_unpack(const char **p, struct cell *cells, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct cell *c = &cells[i];
		uint64_t len;

		*c = (struct cell){ .kind = (enum cell_kind) * (*p)++ };
		if (c->kind == CELL_NULL)
			continue;
		memcpy(&len, *p, 8);
		memcpy(&c->u, *p, 8);
		*p += 8;
		if (c->kind == CELL_INT || c->kind == CELL_F64)
			continue;
		c->len = len;
		c->u.p = *p;
		*p += len;
	}
}
