#include <config.h>

#include "diff/moved.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/temp.h"

#define PARTS 256 /* by the first byte of a print */
#define BLOCK 170 /* entries, 4 KB */

struct entry {
	struct hash128 print;
	const void *place; /* NULL: it was cancelled */
};

/* Some entries of a part: in memory, or at a place of the file. */
struct block {
	struct entry *entries;
	off_t at;
	size_t n;
};

struct moved {
	pthread_mutex_t lock; /* of the rest */
	int fd;               /* -1 until it is needed */
	off_t size;
	struct buf blocks[2][PARTS]; /* struct block */
	uint64_t n[2][PARTS];
};

struct moved_feed {
	struct moved *m;
	struct entry *open[2][PARTS]; /* BLOCK of them, or NULL */
	uint32_t n[2][PARTS];
};

static void *
array(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (p == NULL)
		out_of_memory(n * size);
	return p;
}

struct moved *
moved_new(void)
{
	struct moved *m = array(1, sizeof(*m));

	pthread_mutex_init(&m->lock, NULL);
	m->fd = -1;
	return m;
}

static size_t
nblocks(const struct buf *blocks)
{
	return blocks->len / sizeof(struct block);
}

void
moved_free(struct moved *m)
{
	if (m == NULL)
		return;
	for (int s = SOURCE; s <= TARGET; s++)
		for (size_t part = 0; part < PARTS; part++) {
			struct buf *b = &m->blocks[s][part];
			struct block *blocks = (struct block *)b->data;

			for (size_t i = 0; i < nblocks(b); i++)
				free(blocks[i].entries);
			buf_free(b);
		}
	if (m->fd >= 0)
		close(m->fd);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

/* --- adding --------------------------------------------------------------- */

struct moved_feed *
moved_feed_new(struct moved *m)
{
	struct moved_feed *f = array(1, sizeof(*f));

	f->m = m;
	return f;
}

/* A block of the file for a part. */
static enum status
take_place(
    struct moved *m, enum side side, size_t part, off_t *at, struct err *err)
{
	struct block b = { .n = BLOCK };
	enum status st = TU_OK;

	pthread_mutex_lock(&m->lock);
	if (m->fd < 0)
		st = temp_open(&m->fd, err);
	if (!st) {
		*at = b.at = m->size;
		m->size += (off_t)(BLOCK * sizeof(struct entry));
		m->n[side][part] += BLOCK;
		buf_add(&m->blocks[side][part], &b, sizeof(b));
	}
	pthread_mutex_unlock(&m->lock);
	return st;
}

enum status
moved_add(struct moved_feed *f, enum side side, struct hash128 print,
    const void *place, struct err *err)
{
	size_t part = print.a >> 56;
	struct entry **open = &f->open[side][part];
	uint32_t *n = &f->n[side][part];
	off_t at;
	enum status st;

	if (*open == NULL)
		*open = array(BLOCK, sizeof(**open));
	(*open)[(*n)++] = (struct entry){ print, place };
	if (*n < BLOCK)
		return TU_OK;
	st = take_place(f->m, side, part, &at, err);
	if (!st)
		st = temp_write(
		    f->m->fd, *open, BLOCK * sizeof(**open), at, err);
	*n = 0;
	return st;
}

void
moved_feed_end(struct moved_feed *f)
{
	struct moved *m = f->m;

	pthread_mutex_lock(&m->lock);
	for (int s = SOURCE; s <= TARGET; s++)
		for (size_t part = 0; part < PARTS; part++) {
			struct block b = { .entries = f->open[s][part],
				.n = f->n[s][part] };

			m->n[s][part] += b.n;
			if (b.entries != NULL)
				buf_add(&m->blocks[s][part], &b, sizeof(b));
		}
	pthread_mutex_unlock(&m->lock);
	free(f);
}

/* --- cancelling ----------------------------------------------------------- */

struct moved_left {
	struct moved *m;
	enum side side;
	size_t part; /* the next one */
	struct entry *entries;
	size_t n, at;
};

struct moved_left *
moved_left_new(struct moved *m, enum side side)
{
	struct moved_left *l = array(1, sizeof(*l));

	l->m = m;
	l->side = side;
	return l;
}

void
moved_left_free(struct moved_left *l)
{
	free(l->entries);
	free(l);
}

/* All entries of a part; free() them. */
static enum status
load(struct moved *m, enum side side, size_t part, struct entry **out,
    struct err *err)
{
	const struct buf *b = &m->blocks[side][part];
	const struct block *blocks = (const struct block *)b->data;
	struct entry *to = array(m->n[side][part] + 1, sizeof(*to));
	enum status st = TU_OK;

	*out = to;
	for (size_t i = 0; i < nblocks(b) && !st; i++) {
		size_t len = blocks[i].n * sizeof(*to);

		if (blocks[i].entries != NULL)
			memcpy(to, blocks[i].entries, len);
		else
			st = temp_read(m->fd, to, len, blocks[i].at, err);
		to += blocks[i].n;
	}
	return st;
}

/* Each entry of the other side cancels one: they are found in a table with open
 * addresses, of their numbers from 1 on. */
static void
cancel(struct entry *own, size_t n, struct entry *other, size_t nother)
{
	size_t size = 16;
	uint32_t *table;

	while (size < 2 * nother)
		size *= 2;
	table = array(size, sizeof(*table));
	for (size_t i = 0; i < nother; i++) {
		size_t at = other[i].print.b & (size - 1);

		while (table[at] != 0)
			at = (at + 1) & (size - 1);
		table[at] = (uint32_t)(i + 1);
	}
	for (size_t i = 0; i < n; i++) {
		const struct hash128 p = own[i].print;
		size_t at = p.b & (size - 1);

		for (; table[at] != 0; at = (at + 1) & (size - 1)) {
			struct entry *e = &other[table[at] - 1];

			if (e->place == NULL || e->print.a != p.a ||
			    e->print.b != p.b)
				continue;
			own[i].place = e->place = NULL;
			break;
		}
	}
	free(table);
}

static enum status
next_part(struct moved_left *l, struct err *err)
{
	struct moved *m = l->m;
	size_t part = l->part++;
	struct entry *other = NULL;
	enum status st;

	free(l->entries);
	l->entries = NULL;
	l->at = 0;
	l->n = m->n[l->side][part];
	if (l->n == 0)
		return TU_OK;
	st = load(m, l->side, part, &l->entries, err);
	if (!st)
		st = load(m, !l->side, part, &other, err);
	if (!st)
		cancel(l->entries, l->n, other, m->n[!l->side][part]);
	free(other);
	return st;
}

enum status
moved_left_next(struct moved_left *l, const void **place, struct err *err)
{
	*place = NULL;
	for (;;) {
		while (*place == NULL && l->at < l->n)
			*place = l->entries[l->at++].place;
		if (*place != NULL || l->part == PARTS)
			return TU_OK;
		if (next_part(l, err))
			return err->status;
	}
}
