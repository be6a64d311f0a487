#include <config.h>

#include "patch/spool-merge.h"

#include <stdlib.h>

#include "value/key.h"

/* One kind of change of one spool. */
struct stream {
	struct spool_reader *reader;
	const struct change *change; /* at its head; NULL behind the last */
	struct buf key;              /* of that */
};

struct spool_merge {
	const struct pair *pair;
	struct stream *streams;
	size_t n;
	struct stream *handed_out;
};

static enum status
advance(struct spool_merge *m, struct stream *s, struct err *err)
{
	enum status st = spool_next(s->reader, &s->change, err);
	const struct cell *cells;

	if (st || s->change == NULL)
		return st;
	cells =
	    s->change->target != NULL ? s->change->target : s->change->source;
	buf_reset(&s->key);
	for (size_t i = 0; i < m->pair->nkeys; i++)
		key_encode(&s->key, &m->pair->cols[i].type, &cells[i]);
	return TU_OK;
}

static enum status
open_spool(struct spool_merge *m, struct spool *spool, struct err *err)
{
	enum status st = TU_OK;
	size_t table = 0;

	while (table < spool_ntables(spool) &&
	       spool_table(spool, table)->pair != m->pair)
		table++;
	if (table == spool_ntables(spool))
		return TU_OK;
	for (int op = 0; op < CHANGE_OPS && st == TU_OK; op++) {
		struct stream *s = &m->streams[m->n++];

		st = spool_read(spool, table, (enum change_op)op, SPOOL_BY_KEY,
		    &s->reader, err);
		if (st == TU_OK)
			st = advance(m, s, err);
	}
	return st;
}

enum status
spool_merge_open(struct spool *const *spools, size_t n, const struct pair *pair,
    struct spool_merge **out, struct err *err)
{
	struct spool_merge *m = calloc(1, sizeof(*m));
	enum status st = TU_OK;

	if (m == NULL)
		out_of_memory(sizeof(*m));
	m->pair = pair;
	m->streams = calloc(n * CHANGE_OPS + 1, sizeof(*m->streams));
	if (m->streams == NULL)
		out_of_memory(n * CHANGE_OPS * sizeof(*m->streams));
	for (size_t i = 0; i < n && st == TU_OK; i++)
		st = open_spool(m, spools[i], err);
	if (st) {
		spool_merge_close(m);
		m = NULL;
	}
	*out = m;
	return st;
}

enum status
spool_merge_next(
    struct spool_merge *m, const struct change **change, struct err *err)
{
	struct stream *first = NULL;
	enum status st = TU_OK;

	*change = NULL;
	if (m->handed_out != NULL)
		st = advance(m, m->handed_out, err);
	for (size_t i = 0; i < m->n && st == TU_OK; i++) {
		struct stream *s = &m->streams[i];

		if (s->change == NULL)
			continue;
		if (first == NULL || key_cmp(s->key.data, s->key.len,
					 first->key.data, first->key.len) < 0)
			first = s;
	}
	m->handed_out = first;
	if (first != NULL)
		*change = first->change;
	return st;
}

void
spool_merge_close(struct spool_merge *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->n; i++) {
		spool_reader_close(m->streams[i].reader);
		buf_free(&m->streams[i].key);
	}
	free(m->streams);
	free(m);
}
