#include <config.h>

#include "db/sqlite-twins.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/arena.h"

struct twin {
	atomic_ushort rows; /* 0: it is none, as far as known */
	uint32_t bytes;
};

struct sqlite_twins {
	uint32_t npages;
	struct twin of[]; /* page 1 and so on */
};

struct sqlite_twins *
sqlite_twins_new(uint32_t npages)
{
	size_t size =
	    sizeof(struct sqlite_twins) + npages * sizeof(struct twin);
	struct sqlite_twins *t = calloc(1, size);

	if (t == NULL)
		out_of_memory(size);
	t->npages = npages;
	return t;
}

void
sqlite_twins_free(struct sqlite_twins *t)
{
	free(t);
}

static bool
is_within(const struct sqlite_twins *t, uint32_t pgno)
{
	return pgno > 0 && pgno <= t->npages;
}

void
sqlite_twins_note(
    struct sqlite_twins *t, uint32_t pgno, uint32_t rows, uint32_t bytes)
{
	if (!is_within(t, pgno))
		return;
	t->of[pgno - 1].bytes = bytes;
	atomic_store(&t->of[pgno - 1].rows, (unsigned short)rows);
}

bool
sqlite_twins_have(const struct sqlite_twins *t, uint32_t pgno)
{
	return is_within(t, pgno) && atomic_load(&t->of[pgno - 1].rows) > 0;
}

bool
sqlite_twins_take(
    struct sqlite_twins *t, uint32_t pgno, uint32_t *rows, uint32_t *bytes)
{
	*rows =
	    is_within(t, pgno) ? atomic_exchange(&t->of[pgno - 1].rows, 0) : 0;
	if (*rows > 0)
		*bytes = t->of[pgno - 1].bytes;
	return *rows > 0;
}
