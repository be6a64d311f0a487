#include <config.h>

#include "patch/order.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "patch/refs.h"
#include "patch/uniques.h"

/* Table `child` refers to table `parent`; both may be the same. */
struct reference {
	size_t child, parent;
	const struct fkey *fkey;
	bool changed; /* some update changes it */
};

struct graph {
	const struct spool *spool;
	struct arena *arena;
	size_t n;
	size_t nrefs;
	struct reference *refs;
	size_t *sorted; /* table numbers, parents before children */
	bool *placed;
	bool *in_cycle;
	/* Per table, or NULL: columns that break a cycle, and those that rows
	 * to be deleted give up first. */
	bool **parked, **given_up;
	bool stuck; /* some cycle is not broken by that */
	bool *late_delete;
	bool *early_insert;
};

static const struct spool_table *
table(const struct graph *g, size_t i)
{
	return spool_table(g->spool, i);
}

/* --- references ----------------------------------------------------------- */

static bool
is_changed(const struct spool_table *t, const struct fkey *f)
{
	for (size_t k = 0; k < f->ncols; k++) {
		int col = refs_column(t->pair, f, k);

		if (col >= 0 && (size_t)col < t->pair->ncols && t->updated[col])
			return true;
	}
	return false;
}

static size_t
count_fkeys(const struct graph *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->n; i++)
		n += table(g, i)->pair->table[TARGET]->nfkeys;
	return n;
}

/* At most one spooled table has the name that a foreign key refers to. */
static void
find_references(struct graph *g)
{
	g->refs = arena_alloc(g->arena, count_fkeys(g) * sizeof(*g->refs));
	for (size_t i = 0; i < g->n; i++) {
		const struct table *child = table(g, i)->pair->table[TARGET];

		for (size_t f = 0; f < child->nfkeys; f++) {
			const struct fkey *fkey = &child->fkeys[f];
			size_t j = 0;

			while (
			    j < g->n && !refs_points_to(child, fkey,
					    table(g, j)->pair->table[TARGET]))
				j++;
			if (j == g->n)
				continue;
			g->refs[g->nrefs++] = (struct reference){ i, j, fkey,
				is_changed(table(g, i), fkey) };
		}
	}
}

/* --- parents before children ---------------------------------------------- */

/* Everything that waits for table i, through tables not placed yet. */
static void
mark_waiting(const struct graph *g, size_t i, bool *waiting)
{
	bool grew;

	memset(waiting, 0, g->n * sizeof(*waiting));
	do {
		grew = false;
		for (size_t r = 0; r < g->nrefs; r++) {
			const struct reference *ref = &g->refs[r];

			if (ref->child == ref->parent || waiting[ref->child] ||
			    g->placed[ref->child] ||
			    (ref->parent != i && !waiting[ref->parent]))
				continue;
			waiting[ref->child] = grew = true;
		}
	} while (grew);
}

/* A column of the reference that may be NULL meanwhile, or -1. */
static int
parking_column(const struct pair *pair, const struct fkey *f)
{
	for (size_t k = 0; k < f->ncols; k++)
		if (refs_can_park(pair, refs_column(pair, f, k)))
			return refs_column(pair, f, k);
	return -1;
}

/* Does table i go before the reference's parent, and mind? */
static bool
is_ahead(const struct graph *g, const struct reference *ref, size_t i)
{
	return ref->child == i &&
	       (!g->placed[ref->parent] || ref->parent == i) &&
	       (spool_is_split(g->spool) || !refs_can_wait(ref->fkey));
}

/* Can it go before all others that it refers to? */
static bool
can_lead(const struct graph *g, size_t i)
{
	for (size_t r = 0; r < g->nrefs; r++)
		if (is_ahead(g, &g->refs[r], i) && g->refs[r].parent != i &&
		    parking_column(table(g, i)->pair, g->refs[r].fkey) < 0)
			return false;
	return true;
}

/* The table goes before some that it refers to, or before itself. */
static void
park_references(struct graph *g, size_t i)
{
	const struct pair *pair = table(g, i)->pair;
	bool *parked = arena_alloc(g->arena, pair->ncols * sizeof(*parked));

	for (size_t r = 0; r < g->nrefs; r++) {
		const struct reference *ref = &g->refs[r];
		int col;

		if (!is_ahead(g, ref, i))
			continue;
		col = parking_column(pair, ref->fkey);
		if (col >= 0) {
			parked[col] = true;
			g->parked[i] = parked;
		} else if (ref->parent != i) {
			g->stuck = true;
		}
	}
}

/* Is table a the better one to begin with? b == g->n: anything is. */
static bool
leads(const struct graph *g, size_t a, size_t b)
{
	if (b == g->n || can_lead(g, a) != can_lead(g, b))
		return b == g->n || can_lead(g, a);
	return strcmp(table(g, a)->pair->name, table(g, b)->pair->name) > 0;
}

/*
 * Nothing is free: of the tables that wait for themselves, the one last by
 * name goes first, of those that can if there are any. Those that merely hang
 * on a cycle are not to blame.
 */
static size_t
break_cycle(struct graph *g)
{
	bool *waiting = arena_alloc(g->arena, g->n * sizeof(*waiting));
	size_t last = g->n;

	for (size_t i = 0; i < g->n; i++) {
		if (g->placed[i])
			continue;
		mark_waiting(g, i, waiting);
		if (!waiting[i])
			continue;
		g->in_cycle[i] = true;
		if (leads(g, i, last))
			last = i;
	}
	park_references(g, last);
	return last;
}

static size_t
next_table(struct graph *g, const size_t *waits)
{
	for (size_t i = 0; i < g->n; i++)
		if (!g->placed[i] && waits[i] == 0)
			return i;
	return break_cycle(g);
}

static void
sort_tables(struct graph *g)
{
	size_t *waits = arena_alloc(g->arena, g->n * sizeof(*waits));

	for (size_t r = 0; r < g->nrefs; r++)
		if (g->refs[r].child != g->refs[r].parent)
			waits[g->refs[r].child]++;
	for (size_t i = 0; i < g->n; i++) {
		size_t next = next_table(g, waits);

		g->sorted[i] = next;
		g->placed[next] = true;
		for (size_t r = 0; r < g->nrefs; r++)
			if (g->refs[r].parent == next &&
			    g->refs[r].child != next)
				waits[g->refs[r].child]--;
	}
}

static const char *
cycle_names(const struct graph *g)
{
	const char *names = NULL;

	for (size_t i = 0; i < g->n && g->stuck; i++) {
		const char *name = table(g, i)->pair->name;

		if (g->in_cycle[i])
			names = names == NULL ? name
			                      : arena_printf(g->arena, "%s, %s",
						    names, name);
	}
	return names;
}

/* --- what waits for the updates, and what they wait for ------------------- */

static bool
spread(const struct graph *g, bool *flags, enum change_op op)
{
	bool grew = false;

	for (size_t r = 0; r < g->nrefs; r++) {
		const struct reference *ref = &g->refs[r];

		if (flags[ref->child] && !flags[ref->parent] &&
		    table(g, ref->child)->count[op] > 0)
			flags[ref->parent] = grew = true;
	}
	return grew;
}

static void
place_around_updates(struct graph *g)
{
	for (size_t r = 0; r < g->nrefs; r++)
		if (g->refs[r].changed) {
			g->late_delete[g->refs[r].parent] = true;
			g->early_insert[g->refs[r].parent] = true;
		}
	while (spread(g, g->late_delete, CHANGE_DELETE))
		;
	while (spread(g, g->early_insert, CHANGE_INSERT))
		;
}

/* --- unique values of rows that stay until the end ------------------------ */

/* A spool that cannot be read will be found out by whoever writes. */
static bool
find_contested(const struct graph *g, size_t i, bool *parked)
{
	struct spool *spool = (struct spool *)g->spool;
	const struct pair *pair = table(g, i)->pair;
	bool *all = arena_alloc(g->arena, pair->ncols * sizeof(*all));
	struct uniques *u;
	struct err ignored = ERR_INIT;
	bool contested;

	memset(all, true, pair->ncols * sizeof(*all));
	u = uniques_new(pair, all);
	for (int op = 0; op < CHANGE_OPS && u != NULL; op++) {
		struct spool_reader *r;
		const struct change *c = NULL;
		enum status st = spool_read(
		    spool, i, (enum change_op)op, SPOOL_BY_KEY, &r, &ignored);

		while (st == TU_OK) {
			st = spool_next(r, &c, &ignored);
			if (st || c == NULL)
				break;
			uniques_add_late(u, c);
		}
		spool_reader_close(r);
	}
	contested = u != NULL && uniques_contested(u, parked);
	uniques_free(u);
	return contested;
}

static void
give_up_uniques(struct graph *g)
{
	for (size_t i = 0; i < g->n; i++) {
		const struct spool_table *t = table(g, i);
		size_t ncols = t->pair->ncols;
		bool *parked;

		g->given_up[i] = g->parked[i];
		if (!g->late_delete[i] || t->count[CHANGE_DELETE] == 0 ||
		    t->count[CHANGE_INSERT] + t->count[CHANGE_UPDATE] == 0)
			continue;
		parked = arena_alloc(g->arena, ncols * sizeof(*parked));
		if (!find_contested(g, i, parked))
			continue;
		for (size_t c = 0; c < ncols && g->parked[i] != NULL; c++)
			parked[c] |= g->parked[i][c];
		g->given_up[i] = parked;
	}
}

/* --- steps ---------------------------------------------------------------- */

/* With a phase: only of the tables that are parked. */
static void
add_steps_of(const struct graph *g, struct order *o, enum change_op op,
    const bool *only, bool wanted, enum change_phase phase)
{
	for (size_t k = 0; k < g->n; k++) {
		size_t i = g->sorted[op == CHANGE_DELETE ? g->n - 1 - k : k];
		enum change_phase half =
		    op == CHANGE_INSERT ? CHANGE_PARK : CHANGE_UNPARK;
		const bool *parked = op == CHANGE_DELETE   ? g->given_up[i]
		                     : op == CHANGE_INSERT ? g->parked[i]
		                                           : NULL;

		if (table(g, i)->count[op] == 0 ||
		    (only != NULL && only[i] != wanted) ||
		    (phase != CHANGE_WHOLE && parked == NULL))
			continue;
		if (phase != CHANGE_WHOLE)
			half = phase;
		o->steps[o->nsteps++] = (struct step){ i, op,
			parked != NULL ? half : CHANGE_WHOLE, parked };
	}
}

/* References come after the inserts. */
static void
add_inserts(const struct graph *g, struct order *o, bool early)
{
	add_steps_of(g, o, CHANGE_INSERT, g->early_insert, early, CHANGE_WHOLE);
	add_steps_of(
	    g, o, CHANGE_INSERT, g->early_insert, early, CHANGE_UNPARK);
}

static bool *
new_flags(const struct graph *g)
{
	return arena_alloc(g->arena, g->n * sizeof(bool));
}

struct order *
order_make(const struct spool *spool, struct arena *arena)
{
	struct order *o = arena_alloc(arena, sizeof(*o));
	struct graph g = {
		.spool = spool, .arena = arena, .n = spool_ntables(spool)
	};

	g.sorted = arena_alloc(arena, g.n * sizeof(*g.sorted));
	g.placed = new_flags(&g);
	g.in_cycle = new_flags(&g);
	g.parked = arena_alloc(arena, g.n * sizeof(*g.parked));
	g.given_up = arena_alloc(arena, g.n * sizeof(*g.given_up));
	g.late_delete = new_flags(&g);
	g.early_insert = new_flags(&g);
	find_references(&g);
	sort_tables(&g);
	place_around_updates(&g);

	give_up_uniques(&g);

	/* Inserts and deletes can come in halves. */
	o->steps = arena_alloc(arena, 5 * g.n * sizeof(*o->steps));
	o->cycle = cycle_names(&g);
	add_steps_of(&g, o, CHANGE_DELETE, NULL, true, CHANGE_PARK);
	add_steps_of(&g, o, CHANGE_DELETE, g.late_delete, false, CHANGE_WHOLE);
	add_inserts(&g, o, true);
	add_steps_of(&g, o, CHANGE_UPDATE, NULL, true, CHANGE_WHOLE);
	add_inserts(&g, o, false);
	add_steps_of(&g, o, CHANGE_DELETE, g.late_delete, true, CHANGE_WHOLE);
	return o;
}

struct order *
order_make_undo(const struct spool *spool, struct arena *arena)
{
	struct order *o = order_make(spool, arena);

	for (size_t i = 0; i < o->nsteps / 2; i++) {
		struct step *other = &o->steps[o->nsteps - 1 - i];
		struct step step = o->steps[i];

		o->steps[i] = *other;
		*other = step;
	}
	return o;
}

enum status
order_read(struct spool *spool, const struct step *step, enum spool_order order,
    struct spool_reader **out, struct err *err)
{
	enum status st =
	    spool_read(spool, step->table, step->op, order, out, err);

	if (st == TU_OK && step->phase != CHANGE_WHOLE)
		spool_reader_park(*out, step->phase, step->parked);
	return st;
}
