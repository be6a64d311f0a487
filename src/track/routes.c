#include <config.h>

#include "track/routes.h"

#include <string.h>

#include "track/ask.h"

#define DEPTH_MAX 16 /* as deep as MariaDB follows its own references */

/* What the query of references returns. */
enum {
	R_CHILD,
	R_NAME,
	R_COLUMN,
	R_PARENT,
	R_REF_COLUMN,
	R_COLUMNS,
};

struct walk {
	const struct track_step *steps; /* all there are */
	size_t nsteps;
	struct arena *arena;
	struct buf found;                  /* struct track_route */
	struct track_step path[DEPTH_MAX]; /* from the tracked table up */
};

static bool
been_at(const struct walk *w, size_t depth, const char *table)
{
	for (size_t i = 0; i <= depth; i++)
		if (strcmp(w->path[i].child, table) == 0)
			return true;
	return false;
}

static void
walk_up(struct walk *w, const char *table, size_t depth)
{
	for (size_t i = 0; i < w->nsteps; i++) {
		struct track_route route = { .nsteps = depth + 1 };

		if (strcmp(w->steps[i].child, table) != 0)
			continue;
		w->path[depth] = w->steps[i];
		route.circle = been_at(w, depth, w->steps[i].parent) ||
		               depth + 1 == DEPTH_MAX;
		route.steps = arena_memdup(
		    w->arena, w->path, (depth + 1) * sizeof(w->path[0]));
		buf_add(&w->found, &route, sizeof(route));
		if (!route.circle)
			walk_up(w, w->steps[i].parent, depth + 1);
	}
}

void
routes_among(const struct track_step *steps, size_t n, struct arena *arena,
    struct tracked *t)
{
	struct walk w = { .steps = steps, .nsteps = n, .arena = arena };

	walk_up(&w, t->table->name, 0);
	t->nroutes = w.found.len / sizeof(struct track_route);
	t->routes = arena_memdup(arena, buf_str(&w.found), w.found.len);
	buf_free(&w.found);
}

/* The columns of each reference are rows one behind the other. */
static size_t
read_steps(
    struct arena *arena, const struct texts *rows, struct track_step *steps)
{
	size_t n = 0;

	for (size_t i = 0; i < rows->n;) {
		struct track_step *s = &steps[n++];
		const char **cols, **ref_cols;
		size_t first = i;

		s->child = texts_get(rows, i, R_CHILD);
		s->parent = texts_get(rows, i, R_PARENT);
		cols = arena_alloc(arena, rows->n * sizeof(*cols));
		ref_cols = arena_alloc(arena, rows->n * sizeof(*ref_cols));
		for (; i < rows->n &&
		       strcmp(texts_get(rows, i, R_CHILD), s->child) == 0 &&
		       strcmp(texts_get(rows, i, R_NAME),
			   texts_get(rows, first, R_NAME)) == 0;
		     i++) {
			cols[s->ncols] = texts_get(rows, i, R_COLUMN);
			ref_cols[s->ncols++] = texts_get(rows, i, R_REF_COLUMN);
		}
		s->cols = cols;
		s->ref_cols = ref_cols;
	}
	return n;
}

enum status
routes_find(
    struct db *db, struct arena *arena, struct tracked *t, struct err *err)
{
	struct track_step *steps;
	struct texts rows;
	enum status st;

	t->nroutes = 0;
	if (db->dialect->track->references == NULL)
		return TU_OK;
	st = ask_texts(
	    db, arena, db->dialect->track->references, R_COLUMNS, &rows, err);
	if (st)
		return st;
	steps = arena_alloc(arena, (rows.n + 1) * sizeof(*steps));
	routes_among(steps, read_steps(arena, &rows, steps), arena, t);
	return TU_OK;
}
