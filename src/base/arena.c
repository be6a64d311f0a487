#include <config.h>

#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n) ASAN_POISON_MEMORY_REGION(p, n)
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

struct block {
	struct block *next; /* older block */
	size_t size;
	size_t used;
	max_align_t data[];
};

struct arena {
	struct block *head; /* newest block */
	size_t block_size;
	size_t footprint;
};

void
out_of_memory(size_t size)
{
	fprintf(stderr, "trueup: out of memory (%zu bytes)\n", size);
	exit(71);
}

static void
push_block(struct arena *arena, size_t size)
{
	struct block *b;

	if (size > SIZE_MAX - sizeof(*b))
		out_of_memory(size);
	b = malloc(sizeof(*b) + size);
	if (b == NULL)
		out_of_memory(size);
	b->next = arena->head;
	b->size = size;
	b->used = 0;
	POISON(b->data, size);
	arena->head = b;
	arena->footprint += size;
}

static void
pop_block(struct arena *arena)
{
	struct block *b = arena->head;

	arena->head = b->next;
	arena->footprint -= b->size;
	UNPOISON(b->data, b->size);
	free(b);
}

struct arena *
arena_new(size_t block_size)
{
	struct arena *arena = calloc(1, sizeof(*arena));

	if (arena == NULL)
		out_of_memory(sizeof(*arena));
	arena->block_size = block_size;
	push_block(arena, block_size);
	return arena;
}

void
arena_free(struct arena *arena)
{
	if (arena == NULL)
		return;
	while (arena->head != NULL)
		pop_block(arena);
	free(arena);
}

void
arena_join(struct arena *arena, struct arena *other)
{
	struct block *last = other->head;

	while (last->next != NULL)
		last = last->next;
	last->next = arena->head;
	arena->head = other->head;
	arena->footprint += other->footprint;
	free(other);
}

void
arena_reset(struct arena *arena)
{
	while (arena->head->next != NULL)
		pop_block(arena);
	arena->head->used = 0;
	POISON(arena->head->data, arena->head->size);
}

struct arena_mark
arena_mark(const struct arena *arena)
{
	return (struct arena_mark){ arena->head, arena->head->used };
}

void
arena_rewind(struct arena *arena, struct arena_mark mark)
{
	while (arena->head != mark.block)
		pop_block(arena);
	POISON((char *)arena->head->data + mark.used,
	    arena->head->used - mark.used);
	arena->head->used = mark.used;
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	const size_t align = sizeof(max_align_t);
	struct block *b = arena->head;
	size_t want;
	char *p;

	if (size > SIZE_MAX - align)
		out_of_memory(size);
	want = (size + align - 1) / align * align;
	if (want > b->size - b->used) {
		push_block(
		    arena, want > arena->block_size ? want : arena->block_size);
		b = arena->head;
	}
	p = (char *)b->data + b->used;
	b->used += want;
	UNPOISON(p, size);
	return memset(p, 0, size);
}

char *
arena_strdup(struct arena *arena, const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(arena_alloc(arena, n), s, n);
}

char *
arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list ap, ap2;
	char *s;
	int n;

	va_start(ap, fmt);
	va_copy(ap2, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	s = arena_alloc(arena, (size_t)n + 1);
	vsnprintf(s, (size_t)n + 1, fmt, ap2);
	va_end(ap2);
	return s;
}

void *
arena_memdup(struct arena *arena, const void *p, size_t n)
{
	void *copy = arena_alloc(arena, n + 1);

	return n > 0 ? memcpy(copy, p, n) : copy;
}

size_t
arena_footprint(const struct arena *arena)
{
	return arena->footprint;
}
