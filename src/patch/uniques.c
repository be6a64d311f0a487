#include <config.h>

#include "patch/uniques.h"

#include <stdlib.h>

#include "base/arena.h"
#include "patch/stmt.h"
#include "patch/waits.h"

/* A unique index of the target with a column that some update changes. */
struct index {
	size_t ncols;
	int *cols; /* positions in the row */
	struct vtype *types;
	const struct cell **cells; /* room for ncols */
	struct waits_rule rule;    /* provides: what the row gives up */
};

struct uniques {
	const struct pair *pair;
	struct arena *arena;
	size_t nindexes;
	struct index *indexes;
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

/* Where a change carries a column of the table, or -1. */
static int
find_column(const struct pair *pair, const struct column *col)
{
	for (size_t i = 0; i < pair->ncols; i++)
		if (pair->cols[i].col[TARGET] == col)
			return (int)i;
	for (size_t i = 0; i < pair->nextra; i++)
		if (pair->extra[i] == col)
			return (int)(pair->ncols + i);
	return -1;
}

static bool
add_index(struct uniques *u, const struct index_key *k, const bool *updated)
{
	const struct pair *pair = u->pair;
	struct index *x = &u->indexes[u->nindexes];
	bool any = false;

	x->ncols = k->ncols;
	x->cols = arena_alloc(u->arena, k->ncols * sizeof(*x->cols));
	x->types = arena_alloc(u->arena, k->ncols * sizeof(*x->types));
	x->cells = arena_alloc(u->arena, k->ncols * sizeof(*x->cells));
	for (size_t i = 0; i < k->ncols; i++) {
		const struct column *col =
		    &pair->table[TARGET]->columns[k->cols[i]];
		int at = find_column(pair, col);

		if (at < 0)
			return false;
		x->cols[i] = at;
		x->types[i].type = col->ltype;
		if ((size_t)at < pair->ncols) {
			x->types[i] = pair->cols[at].type;
			any |= updated[at];
		}
	}
	return any;
}

struct uniques *
uniques_new(const struct pair *pair, const bool *updated)
{
	const struct table *t = pair->table[TARGET];
	struct uniques *u = new_array(1, sizeof(*u));

	u->pair = pair;
	u->arena = arena_new(1024);
	u->indexes = arena_alloc(u->arena, t->nkeys * sizeof(*u->indexes));
	for (size_t i = 0; i < t->nkeys; i++)
		if (add_index(u, &t->keys[i], updated))
			u->nindexes++;
	if (u->nindexes > 0)
		return u;
	uniques_free(u);
	return NULL;
}

void
uniques_free(struct uniques *u)
{
	if (u == NULL)
		return;
	for (size_t i = 0; i < u->nindexes; i++)
		waits_rule_free(&u->indexes[i].rule);
	buf_free(&u->can_park);
	arena_free(u->arena);
	free(u);
}

static bool
changes_index(const struct index *x, const struct change *c)
{
	for (size_t i = 0; i < x->ncols; i++)
		if ((size_t)x->cols[i] < c->pair->ncols &&
		    stmt_writes(c, (size_t)x->cols[i]))
			return true;
	return false;
}

/* The column of the index that can hold something else meanwhile, or -1. */
static int
parking_column(const struct index *x, const struct change *c)
{
	for (size_t i = 0; i < x->ncols; i++) {
		size_t at = (size_t)x->cols[i];

		if (at < c->pair->ncols && stmt_writes(c, at) &&
		    stmt_can_park(c->pair->cols[at].col[TARGET]))
			return x->cols[i];
	}
	return -1;
}

void
uniques_add(struct uniques *u, const struct change *c)
{
	bool can_park = true;

	for (size_t i = 0; i < u->nindexes; i++) {
		struct index *x = &u->indexes[i];
		bool changes = changes_index(x, c);

		if (changes && parking_column(x, c) < 0)
			can_park = false;
		for (size_t k = 0; k < x->ncols; k++)
			x->cells[k] = &c->target[x->cols[k]];
		waits_add(&x->rule, &x->rule.provides, x->types,
		    changes ? x->cells : NULL, x->ncols);
		for (size_t k = 0; k < x->ncols; k++)
			if ((size_t)x->cols[k] < c->pair->ncols &&
			    stmt_writes(c, (size_t)x->cols[k]))
				x->cells[k] = &c->source[x->cols[k]];
		waits_add(&x->rule, &x->rule.needs, x->types,
		    changes ? x->cells : NULL, x->ncols);
	}
	buf_add(&u->can_park, &can_park, sizeof(can_park));
	u->nrows++;
}

/* Do equal values of the index mean that it is the same row? */
static bool
has_key(const struct index *x, const struct pair *pair)
{
	for (size_t i = 0; i < pair->nkeys; i++) {
		bool found = false;

		for (size_t k = 0; k < x->ncols; k++)
			found |= x->cols[k] == (int)i;
		if (!found)
			return false;
	}
	return !pair->multiset;
}

/* The values of an index that a row is to have, or NULL if nothing says so. */
static const struct cell **
needed(struct index *x, const struct change *c)
{
	bool any = c->op == CHANGE_INSERT;

	for (size_t k = 0; k < x->ncols; k++) {
		size_t at = (size_t)x->cols[k];
		bool carried = at < c->pair->ncols;

		if (c->op == CHANGE_INSERT && !carried)
			return NULL;
		if (c->op == CHANGE_INSERT || (carried && stmt_writes(c, at)))
			x->cells[k] = &c->source[at];
		else
			x->cells[k] = &c->target[at];
		any |= x->cells[k] == &c->source[at];
	}
	return any ? x->cells : NULL;
}

void
uniques_add_late(struct uniques *u, const struct change *c)
{
	bool deleted = c->op == CHANGE_DELETE;

	for (size_t i = 0; i < u->nindexes; i++) {
		struct index *x = &u->indexes[i];

		if (has_key(x, u->pair))
			continue;
		for (size_t k = 0; k < x->ncols && deleted; k++)
			x->cells[k] = &c->target[x->cols[k]];
		waits_add(&x->rule, &x->rule.provides, x->types,
		    deleted ? x->cells : NULL, x->ncols);
		waits_add(&x->rule, &x->rule.needs, x->types,
		    deleted ? NULL : needed(x, c), x->ncols);
	}
	u->nrows++;
}

bool
uniques_contested(const struct uniques *u, bool *parked)
{
	struct buf edges = BUF_INIT;
	bool any = false;

	for (size_t i = 0; i < u->nindexes; i++) {
		const struct index *x = &u->indexes[i];
		bool found = has_key(x, u->pair);

		if (found)
			continue;
		buf_reset(&edges);
		waits_edges(&x->rule, u->nrows, false, &edges);
		for (size_t k = 0; k < x->ncols && edges.len > 0 && !found;
		     k++) {
			size_t at = (size_t)x->cols[k];

			found = at < u->pair->ncols &&
			        stmt_can_park(u->pair->cols[at].col[TARGET]);
			if (found)
				parked[at] = any = true;
		}
	}
	buf_free(&edges);
	return any;
}

void
uniques_parked(const struct uniques *u, const struct change *c, bool *parked)
{
	for (size_t i = 0; i < c->pair->ncols; i++)
		parked[i] = false;
	for (size_t i = 0; i < u->nindexes; i++) {
		int at = changes_index(&u->indexes[i], c)
		             ? parking_column(&u->indexes[i], c)
		             : -1;

		if (at >= 0)
			parked[at] = true;
	}
}

struct waits_step *
uniques_order(const struct uniques *u, size_t *nsteps)
{
	struct buf edges = BUF_INIT;
	struct waits_step *steps;

	for (size_t i = 0; i < u->nindexes; i++)
		waits_edges(&u->indexes[i].rule, u->nrows, false, &edges);
	steps = waits_order(
	    &edges, u->nrows, (const bool *)u->can_park.data, nsteps);
	buf_free(&edges);
	return steps;
}
