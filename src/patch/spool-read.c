#include <config.h>

#include "patch/spool-int.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/temp.h"
#include "patch/selfref.h"
#include "patch/uniques.h"

struct spool_reader {
	struct spool *spool;
	enum change_op op;
	bool backwards;
	const struct spool_place *places; /* segments, or single records */
	struct spool_place *own_places;   /* the latter */
	struct uniques *uniques;          /* rows that come in steps: */
	struct selfref *selfref;
	struct waits_step *steps; /* one per place */
	bool *parked;             /* columns of the change at hand */
	enum change_phase phase;  /* spool_reader_park() */
	uint64_t updates, nparked;
	size_t nplaces, nread;
	const struct buf *left_out;
	off_t at;           /* the place being read */
	struct buf data;    /* what it holds */
	struct buf records; /* where its records start, size_t */
	size_t left;        /* of them */
	size_t record;      /* the one handed out last */
	struct arena *arena;
	struct change change;
	struct cell *source, *target;
	enum verdict *verdicts;
};

/* --- records -------------------------------------------------------------- */

static uint64_t
get_u64(const char **p)
{
	uint64_t n;

	memcpy(&n, *p, sizeof(n));
	*p += sizeof(n);
	return n;
}

static size_t
record_len(const char *p)
{
	return (size_t)get_u64(&p) + sizeof(uint64_t);
}

static void
get_record(struct spool_reader *r, const char *p)
{
	const struct pair *pair = r->change.pair;

	r->change.place = r->at + (int64_t)r->record;
	r->change.place_len = record_len(p);
	get_u64(&p);
	r->change.copies = get_u64(&p);
	if (r->op == CHANGE_UPDATE)
		for (size_t i = 0; i < pair->ncols; i++)
			r->verdicts[i] = (enum verdict) * p++;
	if (r->op != CHANGE_DELETE)
		cells_unpack(&p, r->source, pair->ncols);
	if (r->op != CHANGE_INSERT)
		cells_unpack(&p, r->target, pair->ncols + pair->nextra);
}

/* Read a place of the file and find its records. */
static enum status
load_place(
    struct spool_reader *r, const struct spool_place *place, struct err *err)
{
	enum status st;

	r->at = place->at;
	buf_reset(&r->data);
	buf_reset(&r->records);
	st = temp_read(r->spool->fd, buf_reserve(&r->data, place->len),
	    place->len, place->at, err);
	if (st)
		return st;
	for (size_t at = 0; at < place->len;
	     at += record_len(r->data.data + at))
		buf_add(&r->records, &at, sizeof(at));
	r->left = r->records.len / sizeof(size_t);
	return TU_OK;
}

/* Which of n things comes next, after `done` of them. */
static size_t
pick(const struct spool_reader *r, size_t n, size_t done)
{
	return r->backwards ? n - 1 - done : done;
}

/* The rows of a circle come in two halves. */
static void
set_phase(struct spool_reader *r)
{
	const struct waits_step *step =
	    &r->steps[pick(r, r->nplaces, r->nread - 1)];

	r->change.phase = step->phase;
	r->change.parked_as = step->parked_as;
	if (step->phase == CHANGE_WHOLE)
		return;
	if (r->uniques != NULL)
		uniques_parked(r->uniques, &r->change, r->parked);
	else
		selfref_parked(r->selfref, &r->change, r->parked);
}

/* Go to the next record; *found false behind the last. */
static enum status
step(struct spool_reader *r, bool *found, struct err *err)
{
	size_t n;

	*found = false;
	if (r->left == 0) {
		enum status st;

		if (r->nread == r->nplaces)
			return TU_OK;
		n = pick(r, r->nplaces, r->nread++);
		st = load_place(r, &r->places[n], err);
		if (st)
			return st;
	}
	n = r->records.len / sizeof(size_t);
	r->record = ((size_t *)r->records.data)[pick(r, n, n - r->left)];
	r->left--;
	*found = true;
	return TU_OK;
}

/* The next record, whatever phase it is in. */
static enum status
next_record(struct spool_reader *r, bool *found, struct err *err)
{
	do {
		enum status st = step(r, found, err);

		if (st || !*found)
			return st;
	} while (spool_is_left_out(r->left_out, r->at + (int64_t)r->record));
	get_record(r, r->data.data + r->record);
	return TU_OK;
}

/* Has the row a value in any of the parked columns? */
static bool
has_parked(const struct spool_reader *r)
{
	const struct change *c = &r->change;
	const struct cell *row = c->source != NULL ? c->source : c->target;

	for (size_t i = 0; i < c->pair->ncols; i++)
		if (c->parked[i] && row[i].kind != CELL_NULL)
			return true;
	return false;
}

/* A whole table is parked; false: the row has no second half. */
static bool
park(struct spool_reader *r)
{
	if (r->steps != NULL &&
	    r->steps[pick(r, r->nplaces, r->nread - 1)].phase == CHANGE_PARK)
		return false; /* it comes again */
	r->change.phase = r->phase;
	if (has_parked(r)) {
		/* Updates that exchange values have the numbers before. */
		r->change.parked_as = r->updates + ++r->nparked;
		return true;
	}
	r->change.phase = CHANGE_WHOLE;
	return r->phase ==
	       (r->op == CHANGE_INSERT ? CHANGE_PARK : CHANGE_UNPARK);
}

enum status
spool_next(
    struct spool_reader *r, const struct change **change, struct err *err)
{
	bool more;
	enum status st;

	*change = NULL;
	do {
		st = next_record(r, &more, err);
		if (st || !more)
			return st;
		if (r->phase == CHANGE_WHOLE && r->steps != NULL)
			set_phase(r);
	} while (r->phase != CHANGE_WHOLE && !park(r));
	r->change.any_order = r->steps == NULL && r->phase == CHANGE_WHOLE;
	*change = &r->change;
	return TU_OK;
}

void
spool_reader_park(
    struct spool_reader *r, enum change_phase phase, const bool *parked)
{
	r->phase = phase;
	r->change.parked = parked;
}

static struct spool_reader *
new_reader(struct spool *s, size_t table, enum change_op op)
{
	struct spooled_table *t = spool_table_at(s, table);
	const struct pair *pair = t->pub.pair;
	struct spool_reader *r = calloc(1, sizeof(*r));

	if (r == NULL)
		out_of_memory(sizeof(*r));
	r->spool = s;
	r->op = op;
	r->left_out = &t->left_out[op];
	r->updates = t->pub.count[CHANGE_UPDATE];
	r->places = (struct spool_place *)t->segments[op].data;
	r->nplaces = t->segments[op].len / sizeof(struct spool_place);
	r->arena = arena_new(4096);
	r->source = arena_alloc(r->arena, pair->ncols * sizeof(struct cell));
	r->target = arena_alloc(
	    r->arena, (pair->ncols + pair->nextra) * sizeof(struct cell));
	r->verdicts = arena_alloc(r->arena, pair->ncols * sizeof(*r->verdicts));
	r->change = (struct change){
		.op = op,
		.pair = pair,
		.source = op == CHANGE_DELETE ? NULL : r->source,
		.target = op == CHANGE_INSERT ? NULL : r->target,
		.verdicts = op == CHANGE_DELETE ? NULL : r->verdicts,
		.why = arena_alloc(r->arena, pair->ncols * sizeof(char *)),
		.patchable = true,
	};
	return r;
}

/* Single records from now on, as the steps say. */
static void
use_steps(struct spool_reader *r, const struct buf *places, size_t n)
{
	const struct spool_place *from =
	    (const struct spool_place *)places->data;

	r->own_places = malloc((n + 1) * sizeof(struct spool_place));
	if (r->own_places == NULL)
		out_of_memory(n * sizeof(struct spool_place));
	for (size_t i = 0; i < n; i++)
		r->own_places[i] = from[r->steps[i].row];
	r->places = r->own_places;
	r->nplaces = n;
	r->nread = 0;
	r->parked = arena_alloc(r->arena, r->change.pair->ncols);
	r->change.parked = r->parked;
}

/* Put the rows of one table into the order in which they can run. */
static enum status
sort_rows(struct spool_reader *r, struct err *err)
{
	struct buf places = BUF_INIT;
	const struct change *c;
	enum status st;

	for (;;) {
		struct spool_place place;

		st = spool_next(r, &c, err);
		if (st || c == NULL)
			break;
		if (r->uniques != NULL)
			uniques_add(r->uniques, c);
		else
			selfref_add(r->selfref, c);
		place = spool_where(r);
		buf_add(&places, &place, sizeof(place));
	}
	if (st == TU_OK) {
		size_t n;

		r->steps = r->uniques != NULL ? uniques_order(r->uniques, &n)
		                              : selfref_order(r->selfref, &n);
		use_steps(r, &places, n);
	}
	buf_free(&places);
	return st;
}

struct spool_place
spool_where(const struct spool_reader *r)
{
	return (struct spool_place){ .at = r->change.place,
		.len = r->change.place_len };
}

struct spool_reader *
spool_read_places(struct spool *s, size_t table, enum change_op op,
    const struct spool_place *places, size_t n)
{
	struct spool_reader *r = new_reader(s, table, op);

	r->places = places;
	r->nplaces = n;
	return r;
}

enum status
spool_read(struct spool *s, size_t table, enum change_op op,
    enum spool_order order, struct spool_reader **out, struct err *err)
{
	struct spool_reader *r = new_reader(s, table, op);
	const struct pair *pair = r->change.pair;
	enum status st = TU_OK;

	if (order != SPOOL_BY_KEY && r->nplaces > 0) {
		if (op == CHANGE_UPDATE)
			r->uniques =
			    uniques_new(pair, spool_table(s, table)->updated);
		else
			r->selfref = selfref_new(pair, op, s->split);
	}
	if (r->uniques != NULL || r->selfref != NULL)
		st = sort_rows(r, err);
	r->backwards = order == SPOOL_UNDO;
	if (st) {
		spool_reader_close(r);
		r = NULL;
	}
	*out = r;
	return st;
}

void
spool_reader_close(struct spool_reader *r)
{
	if (r == NULL)
		return;
	free(r->own_places);
	free(r->steps);
	uniques_free(r->uniques);
	selfref_free(r->selfref);
	buf_free(&r->data);
	buf_free(&r->records);
	arena_free(r->arena);
	free(r);
}
