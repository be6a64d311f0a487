/*
 * arena.h - memory that is released all at once.
 *
 * There are three lifetimes in a run and one arena for each: the run (options,
 * schema), one table, and one batch of rows. Pass the arena whose lifetime the
 * result must have; a function that takes no arena returns nothing it
 * allocated. Allocation cannot fail: when memory runs out the program says so
 * and exits, which makes the servers roll back whatever was open.
 *
 * An arena belongs to one thread; what another has made is taken over with
 * arena_join().
 */
#ifndef TU_BASE_ARENA_H
#define TU_BASE_ARENA_H

#include "base/base.h"

struct arena;

/* A point to come back to with arena_rewind(). */
struct arena_mark {
	void *block;
	size_t used;
};

struct arena *arena_new(size_t block_size);
void arena_free(struct arena *arena);

/* What is in other lives as long as arena now; other itself is gone. */
void arena_join(struct arena *arena, struct arena *other);

/* Forget everything but keep the first block for the next batch. */
void arena_reset(struct arena *arena);

struct arena_mark arena_mark(const struct arena *arena);
void arena_rewind(struct arena *arena, struct arena_mark mark);

/* Zeroed memory, aligned for any type. */
void *arena_alloc(struct arena *arena, size_t size) TU_MUST_USE;
char *arena_strdup(struct arena *arena, const char *s) TU_MUST_USE;
char *arena_printf(struct arena *arena, const char *fmt, ...)
    TU_PRINTF(2, 3) TU_MUST_USE;

/* n bytes of p with a NUL behind them. */
void *arena_memdup(struct arena *arena, const void *p, size_t n) TU_MUST_USE;

/* Say that memory ran out and exit with status 71. */
TU_NORETURN void out_of_memory(size_t size);

/* Bytes obtained from malloc so far; tests use it to prove a bound. */
size_t arena_footprint(const struct arena *arena);

#endif
