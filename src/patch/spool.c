#include <config.h>

#include "patch/spool-int.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/temp.h"

/*
 * Diff goes table after table, so three buffers (one a kind) are filled at a
 * time and each goes to the end of the file when it has SEGMENT_SIZE bytes.
 * Memory keeps where the segments are: 16 bytes for 256 KB of changes.
 */
#define SEGMENT_SIZE (256 << 10)

static enum status
flush(struct spool *s, enum change_op op, struct err *err)
{
	struct buf *b = &s->pending[op];
	struct spool_place place = { .at = s->size, .len = b->len };
	enum status st;

	if (b->len == 0)
		return TU_OK;
	st = temp_write(s->fd, b->data, b->len, s->size, err);
	if (st)
		return st;
	s->size += (off_t)b->len;
	buf_add(&s->current->segments[op], &place, sizeof(place));
	buf_reset(b);
	return TU_OK;
}

static struct spooled_table *
new_table(struct spool *s, const struct pair *pair)
{
	struct spooled_table *t = arena_alloc(s->arena, sizeof(*t));

	t->updated = arena_alloc(s->arena, pair->ncols * sizeof(bool));
	t->pub.pair = pair;
	t->pub.updated = t->updated;
	buf_add(&s->tables, &t, sizeof(t));
	return t;
}

static void
add_u64(struct buf *b, uint64_t n)
{
	buf_add(b, &n, sizeof(n));
}

static void
add_record(struct buf *b, const struct change *c)
{
	const struct pair *pair = c->pair;
	size_t start = b->len;
	uint64_t size;

	add_u64(b, 0);
	add_u64(b, c->copies);
	if (c->op == CHANGE_UPDATE)
		for (size_t i = 0; i < pair->ncols; i++)
			buf_addc(b, (char)c->verdicts[i]);
	if (c->op != CHANGE_DELETE)
		cells_pack(b, c->source, pair->ncols);
	if (c->op != CHANGE_INSERT)
		cells_pack(b, c->target, pair->ncols + pair->nextra);
	size = b->len - start - sizeof(size);
	memcpy(b->data + start, &size, sizeof(size));
}

static void
note_updated(struct spooled_table *t, const struct change *c)
{
	for (size_t i = 0; i < c->pair->ncols; i++)
		if (c->verdicts[i] == VERDICT_DIFFERENT)
			t->updated[i] = true;
}

static enum status
sink_change(struct change_sink *sink, const struct change *c, struct err *err)
{
	struct spool *s = (struct spool *)sink;

	if (!c->patchable)
		return TU_OK;
	if (s->current == NULL)
		s->current = new_table(s, c->pair);
	s->current->pub.count[c->op] += c->copies;
	if (c->op == CHANGE_UPDATE)
		note_updated(s->current, c);
	add_record(&s->pending[c->op], c);
	if (s->pending[c->op].len < SEGMENT_SIZE)
		return TU_OK;
	return flush(s, c->op, err);
}

static enum status
sink_end(struct change_sink *sink, const struct pair *pair,
    const struct tally *tally, struct err *err)
{
	struct spool *s = (struct spool *)sink;
	enum status st = TU_OK;

	(void)pair;
	(void)tally;
	for (int op = 0; op < CHANGE_OPS && st == TU_OK; op++)
		st = flush(s, (enum change_op)op, err);
	s->current = NULL;
	return st;
}

/* What was heard of the table is not true; its segments stay as holes. */
static enum status
sink_fail(struct change_sink *sink, const struct pair *pair,
    const struct err *why, struct err *err)
{
	struct spool *s = (struct spool *)sink;

	(void)pair;
	(void)why;
	(void)err;
	for (int op = 0; op < CHANGE_OPS; op++) {
		buf_reset(&s->pending[op]);
		if (s->current != NULL) {
			buf_free(&s->current->segments[op]);
			buf_free(&s->current->left_out[op]);
		}
	}
	/* The last that came is the one that goes. */
	if (s->current != NULL)
		s->tables.len -= sizeof(s->current);
	s->current = NULL;
	return TU_OK;
}

enum status
spool_new(struct spool **out, struct err *err)
{
	struct spool *s;
	enum status st;
	int fd;

	*out = NULL;
	st = temp_open(&fd, err);
	if (st)
		return st;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		out_of_memory(sizeof(*s));
	s->sink.change = sink_change;
	s->sink.end = sink_end;
	s->sink.fail = sink_fail;
	s->fd = fd;
	s->arena = arena_new(4096);
	*out = s;
	return TU_OK;
}

void
spool_free(struct spool *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < spool_ntables(s); i++)
		for (int op = 0; op < CHANGE_OPS; op++) {
			buf_free(&spool_table_at(s, i)->segments[op]);
			buf_free(&spool_table_at(s, i)->left_out[op]);
		}
	for (int op = 0; op < CHANGE_OPS; op++)
		buf_free(&s->pending[op]);
	buf_free(&s->tables);
	arena_free(s->arena);
	close(s->fd);
	free(s);
}

struct change_sink *
spool_sink(struct spool *s)
{
	return &s->sink;
}

void
spool_split(struct spool *s)
{
	s->split = true;
}

bool
spool_is_split(const struct spool *s)
{
	return s->split;
}

size_t
spool_ntables(const struct spool *s)
{
	return s->tables.len / sizeof(struct spooled_table *);
}

const struct spool_table *
spool_table(const struct spool *s, size_t i)
{
	return &spool_table_at(s, i)->pub;
}

/* --- left out ------------------------------------------------------------- */

static int
compare_places(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

bool
spool_is_left_out(const struct buf *left_out, int64_t at)
{
	size_t n = left_out->len / sizeof(at);

	return n > 0 && bsearch(&at, left_out->data, n, sizeof(at),
			    compare_places) != NULL;
}

void
spool_leave_out(struct spool *s, size_t table, enum change_op op,
    const struct spool_place *places, size_t n)
{
	struct spooled_table *t = spool_table_at(s, table);
	struct buf *b = &t->left_out[op];

	for (size_t i = 0; i < n; i++)
		buf_add(b, &places[i].at, sizeof(places[i].at));
	if (n > 0)
		qsort(b->data, b->len / sizeof(int64_t), sizeof(int64_t),
		    compare_places);
	t->pub.count[op] -= n;
}

void
spool_resume(struct spool *s, size_t table)
{
	s->current = spool_table_at(s, table);
}
