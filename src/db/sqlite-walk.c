#include <config.h>

#include "db/sqlite-walk.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

/* Pages that are read for each leaf, at most: in the order of dice a leaf has
 * none of the next beside it. */
#define SPREAD 2

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
	for (size_t i = 0; i < ARRAY_LEN(w->level); i++)
		free(w->level[i].copy);
	sqlite_windows_release(&w->windows);
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
	w->twin = 0;
	w->lone = true;
	w->nrows = w->at = 0;
}

static void
stop_at_leaf(struct sqlite_walk *w, const struct sqlite_page *page,
    const struct sqlite_limits *within)
{
	w->page = *page;
	w->twin = 0;
	w->lone = false;
	w->within = *within;
	w->nrows = w->at = 0;
}

static void
stop_at_twin(
    struct sqlite_walk *w, uint32_t pgno, const struct sqlite_limits *within)
{
	const struct sqlite_page unread = { .leaf = true };

	stop_at_leaf(w, &unread, within);
	w->twin = pgno;
}

/* How many pages from this one on have most of the leaves that come next. */
static uint32_t
stretch(const struct sqlite_walk *w, uint32_t pgno)
{
	const uint32_t most = sqlite_window_pages(w->tree->image);
	const struct sqlite_level *l;
	uint32_t next, n = 1, length = 1;

	if (w->depth == 0)
		return 1;
	l = &w->level[w->depth - 1];
	for (uint32_t i = l->at + 1;
	     i <= l->page.ncells && i <= l->at + SPREAD * most; i++)
		if (sqlite_page_child(w->tree, &l->page, i, &next) == NULL &&
		    next > pgno && next - pgno < most) {
			length = MAX(length, next - pgno + 1);
			n++;
		}
	return length <= SPREAD * n ? length : 1;
}

/* Read a page, as a level if it has children. */
static const char *
read_page(struct sqlite_walk *w, uint32_t pgno, struct sqlite_level *l)
{
	const struct sqlite_image *image = w->tree->image;
	const unsigned char *data;
	const char *why;

	if (!sqlite_page_is_filed(image, pgno))
		return sqlite_page_read(w->tree, pgno, &l->page);
	data = sqlite_windows_find(&w->windows, image, pgno);
	if (data == NULL)
		data = sqlite_windows_read(
		    &w->windows, image, pgno, stretch(w, pgno));
	if (data == NULL)
		return "the file cannot be read";
	why = sqlite_page_copied(w->tree, pgno, data, &l->page);
	if (why != NULL || l->page.leaf)
		return why;
	/* It stays while the leaves below it come and go. */
	if (l->copy == NULL)
		l->copy = malloc(image->size);
	if (l->copy == NULL)
		out_of_memory(image->size);
	memcpy(l->copy, data, image->size);
	return sqlite_page_copied(w->tree, pgno, l->copy, &l->page);
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
		const char *why;

		if (w->twins != NULL && w->depth > 0 &&
		    sqlite_twins_have(w->twins, pgno)) {
			stop_at_twin(w, pgno, &within);
			return NULL;
		}
		why = read_page(w, pgno, l);
		if (why != NULL)
			return why;
		/* Only a table without rows has an empty leaf. */
		if (l->page.ncells == 0 && l->page.leaf && w->depth > 0)
			return "an empty page";
		if (l->page.leaf) {
			stop_at_leaf(w, &l->page, &within);
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
	return descend(w, w->tree->root, all, to);
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
		return why != NULL ? why : descend(w, pgno, within, &first);
	}
	w->done = true;
	return NULL;
}

/* Count what was read, which has to ascend. */
static const char *
count_rows(struct sqlite_walk *w, uint32_t n)
{
	const struct sqlite_row *rows = w->rows;
	uint64_t bytes = 0, here = 0;
	const char *why = NULL;

	for (uint32_t i = 0; i < n && why == NULL; i++) {
		bytes += rows[i].size;
		here += rows[i].local;
		if (i > 0 &&
		    (w->tree->nkeys > 0 || rows[i - 1].rowid >= rows[i].rowid))
			why = check_order(w, &rows[i - 1], &rows[i], false);
	}
	w->nrows = n;
	w->at = 0;
	w->bytes = bytes;
	w->chains = here < bytes;
	w->chained += bytes - here;
	return why;
}

const char *
sqlite_walk_open(struct sqlite_walk *w)
{
	struct sqlite_level *l = &w->level[w->depth];
	const struct sqlite_limits within = w->within;
	const char *why = read_page(w, w->twin, l);

	if (why == NULL)
		stop_at_leaf(w, &l->page, &within);
	return why;
}

const char *
sqlite_walk_leaf(
    struct sqlite_walk *w, uint32_t pgno, const unsigned char *data)
{
	const struct sqlite_limits all = { .has_low = false };
	struct sqlite_page page;
	const char *why = sqlite_page_copied(w->tree, pgno, data, &page);

	if (why == NULL && !page.leaf)
		why = "an interior page";
	if (why != NULL)
		return why;
	stop_at_leaf(w, &page, &all);
	return sqlite_walk_read(w);
}

size_t
sqlite_walk_siblings(const struct sqlite_walk *w, uint32_t *pgnos, size_t n)
{
	const struct sqlite_level *l;
	size_t found = 0;

	if (w->depth == 0 || w->lone)
		return 0;
	l = &w->level[w->depth - 1];
	for (uint32_t i = 0; i <= l->page.ncells && found < n; i++)
		if (sqlite_page_child(w->tree, &l->page, i, &pgnos[found]) ==
		    NULL)
			found++;
	return found;
}

double
sqlite_walk_leaves(const struct sqlite_walk *w)
{
	double n = 1;

	for (uint32_t i = 0; i < w->depth; i++)
		n *= (double)w->level[i].page.ncells + 1;
	return n;
}

const char *
sqlite_walk_read(struct sqlite_walk *w)
{
	const uint32_t n = w->page.ncells;
	const char *why;

	if (w->lone) {
		why = sqlite_page_row(
		    w->tree, &w->page, w->level[w->depth - 1].at, &w->rows[0]);
		return why != NULL ? why : count_rows(w, 1);
	}
	why = sqlite_page_rows(w->tree, &w->page, w->rows);
	if (why == NULL)
		why = count_rows(w, n);
	return why != NULL || n == 0
	           ? why
	           : sqlite_walk_check(w, &w->rows[0], &w->rows[n - 1]);
}

const unsigned char *
sqlite_walk_cell(const struct sqlite_walk *w)
{
	const unsigned char *cell = sqlite_page_cell(
	    &w->page, w->lone ? w->level[w->depth - 1].at : w->at);

	return w->page.home + (cell - w->page.data);
}

struct sqlite_mark
sqlite_walk_mark(const struct sqlite_walk *w)
{
	struct sqlite_mark mark = { .tree = w->tree, .row = w->rows[w->at] };

	mark.row.payload = w->page.home + (mark.row.payload - w->page.data);
	return mark;
}

/* --- cuts ----------------------------------------------------------------- */

struct cutting {
	struct sqlite_walk *walk;
	struct arena *arena;
	struct sqlite_row *cuts;
	size_t n;
};

/* A part begins behind the last rowid of the one before, or with a key. */
static void
add_cut(struct cutting *c, const struct sqlite_row *row)
{
	struct sqlite_row *cut = &c->cuts[c->n];

	*cut = *row;
	if (c->walk->tree->nkeys > 0) {
		cut->payload = arena_memdup(c->arena, row->payload, row->local);
	} else {
		if (row->rowid == INT64_MAX)
			return;
		cut->rowid++;
	}
	c->n++;
}

/* Cut what is below a page into `parts`, at most. */
static const char *
cut_page(struct cutting *c, uint32_t pgno, const struct sqlite_limits *within,
    uint64_t parts, unsigned depth)
{
	struct sqlite_walk *w = c->walk;
	struct sqlite_level *l = &w->level[depth];
	const char *why = read_page(w, pgno, l);
	uint64_t children;

	if (why != NULL || l->page.leaf || parts < 2)
		return why;
	if (depth + 1 == SQLITE_WALK_DEPTH)
		return "a tree that is too deep";
	l->within = *within;
	why = check_level(w, l);
	children = (uint64_t)l->page.ncells + 1;
	for (uint32_t i = 0; i < children && why == NULL; i++) {
		struct sqlite_limits below;

		why = child_of(w->tree, l, i, &pgno, &below);
		if (why == NULL && parts > children)
			why = cut_page(
			    c, pgno, &below, parts / children, depth + 1);
		if (why == NULL && i + 1 < children &&
		    (i + 1) * parts / children > i * parts / children)
			add_cut(c, &below.high);
	}
	return why;
}

const char *
sqlite_walk_cuts(struct sqlite_walk *w, size_t max, struct arena *arena,
    struct sqlite_row *cuts, size_t *n)
{
	struct cutting c = { .walk = w, .arena = arena, .cuts = cuts };
	const struct sqlite_limits all = { .has_low = false };
	const char *why;

	w->depth = 0;
	why = cut_page(&c, w->tree->root, &all, (uint64_t)max + 1, 0);
	*n = c.n;
	return why;
}
