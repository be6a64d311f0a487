#include <config.h>

#include "db/sqlite-walk.h"

#include <stdlib.h>

#include "base/arena.h"

#define NEAR 256 /* pages */
/* Pages for each leaf, at most: if rows came in the order of dice, all between
 * two of them are those of all others. */
#define SPREAD 4

static const char *const unordered = "rows that do not ascend";

void
sqlite_walk_init(struct sqlite_walk *w, const struct sqlite_tree *tree)
{
	size_t most = tree->image->size / SQLITE_CELL_MIN;

	*w = (struct sqlite_walk){ .tree = tree };
	w->rows = calloc(most, sizeof(*w->rows));
	if (w->rows == NULL)
		out_of_memory(most * sizeof(*w->rows));
}

void
sqlite_walk_release(struct sqlite_walk *w)
{
	free(w->rows);
	w->rows = NULL;
	buf_free(&w->scratch.x);
	buf_free(&w->scratch.y);
}

/* --- where rows may lie ----------------------------------------------------
 */

static const char *
check_order(struct sqlite_walk *w, const struct sqlite_row *x,
    const struct sqlite_row *y, bool may_be_equal)
{
	int order;
	const char *why =
	    sqlite_order(w->tree, x, w->tree, y, &w->scratch, &order);

	return why != NULL                                 ? why
	       : order < 0 || (order == 0 && may_be_equal) ? NULL
	                                                   : unordered;
}

const char *
sqlite_walk_check(struct sqlite_walk *w, const struct sqlite_row *first,
    const struct sqlite_row *last)
{
	const struct sqlite_limits *l = &w->within;
	const char *why = NULL;

	if (l->has_low)
		why = check_order(w, &l->low, first, false);
	if (why == NULL && l->has_high)
		why = check_order(w, last, &l->high, w->tree->nkeys == 0);
	return why;
}

/* All of what an interior page says of where rows are. */
static const char *
check_level(struct sqlite_walk *w, const struct sqlite_level *l)
{
	const struct sqlite_limits *in = &l->within;
	struct sqlite_row x, before = in->low;
	const char *why = l->page.ncells == 0 ? "an empty page" : NULL;

	for (uint32_t i = 0; i < l->page.ncells && why == NULL; i++) {
		why = sqlite_page_row(w->tree, &l->page, i, &x);
		if (why == NULL && (i > 0 || in->has_low))
			why = check_order(w, &before, &x, false);
		before = x;
	}
	if (why == NULL && in->has_high)
		why = check_order(w, &before, &in->high, w->tree->nkeys == 0);
	return why;
}

/* Child i of a level, and where its rows lie. */
static const char *
child_of(const struct sqlite_tree *tree, const struct sqlite_level *l,
    uint32_t i, uint32_t *pgno, struct sqlite_limits *within)
{
	const char *why = sqlite_page_child(tree, &l->page, i, pgno);

	*within = l->within;
	if (i > 0 && why == NULL) {
		within->has_low = true;
		why = sqlite_page_row(tree, &l->page, i - 1, &within->low);
	}
	if (i < l->page.ncells && why == NULL) {
		within->has_high = true;
		why = sqlite_page_row(tree, &l->page, i, &within->high);
	}
	return why;
}

/* --- walking ---------------------------------------------------------------
 */

static void
stop_at_row(struct sqlite_walk *w)
{
	w->page = w->level[w->depth - 1].page;
	w->lone = true;
	w->nrows = w->at = 0;
}

/* Of a leaf that was split one half is at the end of the file. */
static void
note_place(struct sqlite_walk *w, uint32_t pgno)
{
	if (w->nleaves++ == 0)
		w->first = w->last = pgno;
	if (w->first > pgno + NEAR || pgno > w->last + NEAR)
		return;
	w->nnear++;
	w->first = MIN(w->first, pgno);
	w->last = MAX(w->last, pgno);
}

bool
sqlite_walk_extent(struct sqlite_walk *w, uint32_t *first, uint32_t *last)
{
	bool near =
	    w->nnear > 0 && w->last / SPREAD <= w->first / SPREAD + w->nnear;

	if (near) {
		*first = w->first;
		*last = w->last;
	}
	w->nleaves = w->nnear = 0;
	return near;
}

static void
stop_at_leaf(struct sqlite_walk *w, const struct sqlite_page *page,
    uint32_t pgno, const struct sqlite_limits *within)
{
	w->page = *page;
	w->lone = false;
	w->within = *within;
	w->nrows = w->at = 0;
	note_place(w, pgno);
}

/* The first cell of an interior page that is not before a row. */
static const char *
search(struct sqlite_walk *w, struct sqlite_level *l,
    const struct sqlite_mark *to, bool *found)
{
	uint32_t lo = 0, hi = l->page.ncells;

	*found = false;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		struct sqlite_row x;
		int order = 0;
		const char *why = sqlite_page_row(w->tree, &l->page, mid, &x);

		if (why == NULL)
			why = sqlite_order(w->tree, &x, to->tree, &to->row,
			    &w->scratch, &order);
		if (why != NULL)
			return why;
		*found |= order == 0;
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	l->at = lo;
	return NULL;
}

/* Go down from a page to where a row belongs, or without one to the first. */
static const char *
descend(struct sqlite_walk *w, uint32_t pgno, struct sqlite_limits within,
    const struct sqlite_mark *to)
{
	for (;;) {
		struct sqlite_level *l = &w->level[w->depth];
		bool found = false;
		const char *why = sqlite_page_read(w->tree, pgno, &l->page);

		if (why != NULL)
			return why;
		/* Only a table without rows has an empty leaf. */
		if (l->page.ncells == 0 && l->page.leaf && w->depth > 0)
			return "an empty page";
		if (l->page.leaf) {
			stop_at_leaf(w, &l->page, pgno, &within);
			return NULL;
		}
		if (w->depth + 1 == SQLITE_WALK_DEPTH)
			return "a tree that is too deep";
		l->within = within;
		l->at = 0;
		why = check_level(w, l);
		if (why == NULL && to->tree != NULL)
			why = search(w, l, to, &found);
		if (why != NULL)
			return why;
		w->depth++;
		if (found && w->tree->nkeys > 0) {
			stop_at_row(w);
			return NULL;
		}
		why = child_of(w->tree, l, l->at, &pgno, &within);
		if (why != NULL)
			return why;
	}
}

const char *
sqlite_walk_seek(struct sqlite_walk *w, const struct sqlite_mark *to)
{
	const struct sqlite_limits all = { .has_low = false };

	w->done = false;
	w->depth = 0;
	w->nleaves = w->nnear = 0;
	return descend(w, w->tree->root, all, to);
}

/* Pages of rows that came in no order are nowhere near each other: 360 of 420
 * ms of the processor with 2 million rows a side. Those in the order of their
 * rowids are read fast by who goes through them, but not by who looks for the
 * beginnings of rows. */
static void
look_ahead(const struct sqlite_walk *w, const struct sqlite_level *l)
{
	const struct sqlite_tree *tree = w->tree;
	uint32_t pgno;

	if ((tree->nkeys > 0 || w->ahead) && l->at < l->page.ncells &&
	    sqlite_page_child(tree, &l->page, l->at + 1, &pgno) == NULL)
		sqlite_page_prefetch(tree, pgno);
}

const char *
sqlite_walk_next(struct sqlite_walk *w)
{
	static const struct sqlite_mark first;

	while (w->depth > 0) {
		struct sqlite_level *l = &w->level[w->depth - 1];
		struct sqlite_limits within;
		uint32_t pgno;
		const char *why;

		if (!w->lone && l->at == l->page.ncells) {
			w->depth--;
			continue;
		}
		if (!w->lone && w->tree->nkeys > 0) {
			stop_at_row(w);
			return NULL;
		}
		w->lone = false;
		l->at++;
		why = child_of(w->tree, l, l->at, &pgno, &within);
		look_ahead(w, l);
		return why != NULL ? why : descend(w, pgno, within, &first);
	}
	w->done = true;
	return NULL;
}

static const char *
read_rows(struct sqlite_walk *w, uint32_t from, uint32_t n)
{
	w->chains = false;
	w->bytes = 0;
	for (uint32_t i = 0; i < n; i++) {
		struct sqlite_row *r = &w->rows[i];
		const char *why =
		    sqlite_page_row(w->tree, &w->page, from + i, r);

		if (why == NULL && i > 0)
			why = check_order(w, r - 1, r, false);
		if (why != NULL)
			return why;
		w->chains |= r->local < r->size;
		w->bytes += r->size;
	}
	w->nrows = n;
	w->at = 0;
	return NULL;
}

const char *
sqlite_walk_read(struct sqlite_walk *w)
{
	const char *why;

	if (w->lone)
		return read_rows(w, w->level[w->depth - 1].at, 1);
	why = read_rows(w, 0, w->page.ncells);
	if (why != NULL || w->nrows == 0)
		return why;
	return sqlite_walk_check(w, &w->rows[0], &w->rows[w->nrows - 1]);
}

const unsigned char *
sqlite_walk_cell(const struct sqlite_walk *w)
{
	return sqlite_page_cell(
	    &w->page, w->lone ? w->level[w->depth - 1].at : w->at);
}

/* --- cuts ----------------------------------------------------------------- */

/* A part begins behind the last rowid of the one before, or with a key. */
static void
add_cut(const struct sqlite_tree *tree, const struct sqlite_row *row,
    struct sqlite_row *cuts, size_t *n)
{
	cuts[*n] = *row;
	if (tree->nkeys == 0 && row->rowid == INT64_MAX)
		return;
	cuts[*n].rowid += tree->nkeys == 0;
	++*n;
}

/* Cut what is below a page into `parts`, at most. */
static const char *
cut_page(struct sqlite_walk *w, uint32_t pgno,
    const struct sqlite_limits *within, uint64_t parts, unsigned depth,
    struct sqlite_row *cuts, size_t *n)
{
	struct sqlite_level l = { .within = *within };
	const char *why = sqlite_page_read(w->tree, pgno, &l.page);
	uint64_t children;

	if (why != NULL || l.page.leaf || parts < 2)
		return why;
	if (depth + 1 == SQLITE_WALK_DEPTH)
		return "a tree that is too deep";
	why = check_level(w, &l);
	children = (uint64_t)l.page.ncells + 1;
	for (uint32_t i = 0; i < children && why == NULL; i++) {
		struct sqlite_limits below;

		why = child_of(w->tree, &l, i, &pgno, &below);
		if (why == NULL && parts > children)
			why = cut_page(w, pgno, &below, parts / children,
			    depth + 1, cuts, n);
		if (why == NULL && i + 1 < children &&
		    (i + 1) * parts / children > i * parts / children)
			add_cut(w->tree, &below.high, cuts, n);
	}
	return why;
}

const char *
sqlite_walk_cuts(
    struct sqlite_walk *w, size_t max, struct sqlite_row *cuts, size_t *n)
{
	const struct sqlite_limits all = { .has_low = false };

	*n = 0;
	return cut_page(w, w->tree->root, &all, (uint64_t)max + 1, 0, cuts, n);
}
