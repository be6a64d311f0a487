#include <config.h>

#include "patch/selfref.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "patch/refs.h"
#include "patch/waits.h"

struct link {
	size_t ncols;
	bool deferrable;
	int *child;  /* positions in the row of the referring columns */
	int *parent; /* and of the referenced ones */
	struct vtype *types;
	const struct cell **cells; /* room for ncols */
	struct waits_rule rule;    /* provides: the referenced columns */
};

struct selfref {
	enum change_op op;
	struct arena *arena;
	size_t nlinks;
	struct link *links;
	size_t nrows;
	struct buf can_park; /* bool per row */
};

static void *
new_array(size_t n, size_t size)
{
	void *p = calloc(n + 1, size);

	if (p == NULL)
		out_of_memory(n * size);
	return p;
}

/* An insert does not give the extra columns a value of its own. */
static bool
is_carried(const struct pair *pair, enum change_op op, int col)
{
	if (col < 0)
		return false;
	return op == CHANGE_DELETE || (size_t)col < pair->ncols;
}

/*
 * The referring columns are encoded as the type of the referenced ones, so
 * that an int that refers to a bigint or numeric gives the same bytes.
 */
static struct vtype
column_type(const struct pair *pair, int col)
{
	if ((size_t)col < pair->ncols)
		return pair->cols[col].type;
	return (struct vtype){
		.type = pair->extra[(size_t)col - pair->ncols]->ltype
	};
}

static bool
add_link(struct selfref *s, const struct pair *pair, const struct fkey *f)
{
	struct link *l = &s->links[s->nlinks];

	l->ncols = f->ncols;
	l->deferrable = refs_can_wait(f);
	l->child = arena_alloc(s->arena, f->ncols * sizeof(*l->child));
	l->parent = arena_alloc(s->arena, f->ncols * sizeof(*l->parent));
	l->types = arena_alloc(s->arena, f->ncols * sizeof(*l->types));
	l->cells = arena_alloc(s->arena, f->ncols * sizeof(*l->cells));
	for (size_t k = 0; k < f->ncols; k++) {
		l->child[k] = refs_column(pair, f, k);
		l->parent[k] = refs_own_parent_column(pair, f, k);
		if (!is_carried(pair, s->op, l->child[k]) ||
		    !is_carried(pair, s->op, l->parent[k]))
			return false;
		l->types[k] = column_type(pair, l->parent[k]);
	}
	return true;
}

struct selfref *
selfref_new(const struct pair *pair, enum change_op op, bool split)
{
	const struct table *t = pair->table[TARGET];
	struct selfref *s = new_array(1, sizeof(*s));

	s->op = op;
	s->arena = arena_new(1024);
	s->links = arena_alloc(s->arena, t->nfkeys * sizeof(*s->links));
	for (size_t i = 0; i < t->nfkeys; i++)
		if (refs_points_to(t, &t->fkeys[i], t) &&
		    add_link(s, pair, &t->fkeys[i])) {
			s->links[s->nlinks].deferrable &= !split;
			s->nlinks++;
		}
	if (s->nlinks == 0) {
		selfref_free(s);
		return NULL;
	}
	return s;
}

void
selfref_free(struct selfref *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->nlinks; i++)
		waits_rule_free(&s->links[i].rule);
	buf_free(&s->can_park);
	arena_free(s->arena);
	free(s);
}

/* A reference with a NULL in it refers to nothing (MATCH SIMPLE). */
static void
add_span(
    struct link *l, struct buf *spans, const int *cols, const struct cell *row)
{
	for (size_t k = 0; k < l->ncols; k++)
		l->cells[k] = &row[cols[k]];
	waits_add(&l->rule, spans, l->types, l->cells, l->ncols);
}

/*
 * The column by which the row can refer to nobody for the time being, -1:
 * there is none, or its constraint waits for the COMMIT anyway.
 */
static int
parking_column(const struct link *l, const struct pair *pair)
{
	for (size_t k = 0; k < l->ncols && !l->deferrable; k++)
		if (refs_can_park(pair, l->child[k]))
			return l->child[k];
	return -1;
}

void
selfref_add(struct selfref *s, const struct change *c)
{
	const struct cell *row = s->op == CHANGE_INSERT ? c->source : c->target;
	bool can_park = false;

	for (size_t i = 0; i < s->nlinks; i++) {
		struct link *l = &s->links[i];

		add_span(l, &l->rule.provides, l->parent, row);
		add_span(l, &l->rule.needs, l->child, row);
		can_park |= parking_column(l, c->pair) >= 0;
	}
	buf_add(&s->can_park, &can_park, sizeof(can_park));
	s->nrows++;
}

struct waits_step *
selfref_order(const struct selfref *s, size_t *nsteps)
{
	struct buf edges = BUF_INIT;
	struct waits_step *steps;

	for (size_t i = 0; i < s->nlinks; i++)
		waits_edges(&s->links[i].rule, s->nrows, s->op == CHANGE_DELETE,
		    &edges);
	steps = waits_order(
	    &edges, s->nrows, (const bool *)s->can_park.data, nsteps);
	buf_free(&edges);
	return steps;
}

void
selfref_parked(const struct selfref *s, const struct change *c, bool *parked)
{
	for (size_t i = 0; i < c->pair->ncols; i++)
		parked[i] = false;
	for (size_t i = 0; i < s->nlinks; i++) {
		int at = parking_column(&s->links[i], c->pair);

		if (at >= 0)
			parked[at] = true;
	}
}
