#include <config.h>

#include "db/sqlite-walk.h"

#include <stdlib.h>

#include "base/arena.h"

void
sqlite_walk_init(
    struct sqlite_walk *w, const struct sqlite_image *image, uint32_t root)
{
	size_t most = image->size / SQLITE_CELL_MIN;

	*w = (struct sqlite_walk){ .image = image, .root = root };
	w->rows = calloc(most, sizeof(*w->rows));
	if (w->rows == NULL)
		out_of_memory(most * sizeof(*w->rows));
}

void
sqlite_walk_release(struct sqlite_walk *w)
{
	free(w->rows);
	w->rows = NULL;
}

/* The rowids below child i of a level. */
static const char *
child_of(const struct sqlite_image *image, const struct sqlite_level *l,
    uint32_t i, uint32_t *pgno, int64_t *min, int64_t *max)
{
	int64_t before = 0;
	uint32_t ignored;
	const char *why = NULL;

	*min = l->min;
	*max = l->max;
	if (i > 0) {
		why = sqlite_page_child(
		    image, &l->page, i - 1, &ignored, &before);
		if (why == NULL && before >= l->max)
			return "rowids that do not ascend";
		*min = before + 1;
	}
	if (why == NULL)
		why = sqlite_page_child(image, &l->page, i, pgno, max);
	if (why == NULL && (*max < *min || *max > l->max || *min < l->min))
		return "rowids that do not ascend";
	return why;
}

/* Go down from a page to a leaf: to where rowid belongs, or the first. */
static const char *
descend(struct sqlite_walk *w, uint32_t pgno, int64_t min, int64_t max,
    int64_t rowid)
{
	for (;;) {
		struct sqlite_level *l = &w->level[w->depth];
		uint32_t lo = 0, hi;
		const char *why = sqlite_page_read(w->image, pgno, &l->page);

		if (why != NULL)
			return why;
		/* Only a table without rows has an empty page. */
		if (l->page.ncells == 0 && (w->depth > 0 || !l->page.leaf))
			return "an empty page";
		if (l->page.leaf) {
			w->leaf = l->page;
			w->min = min;
			w->max = max;
			w->nrows = w->at = 0;
			w->first = MIN(w->first, pgno);
			w->last = MAX(w->last, pgno);
			return NULL;
		}
		if (w->depth + 1 == SQLITE_WALK_DEPTH)
			return "a tree that is too deep";
		l->min = min;
		l->max = max;
		for (hi = l->page.ncells; lo < hi;) {
			uint32_t mid = lo + (hi - lo) / 2, ignored;
			int64_t key = 0;

			why = sqlite_page_child(
			    w->image, &l->page, mid, &ignored, &key);
			if (why != NULL)
				return why;
			if (key < rowid)
				lo = mid + 1;
			else
				hi = mid;
		}
		l->at = lo;
		why = child_of(w->image, l, lo, &pgno, &min, &max);
		if (why != NULL)
			return why;
		w->depth++;
	}
}

const char *
sqlite_walk_seek(struct sqlite_walk *w, int64_t rowid)
{
	w->done = false;
	w->depth = 0;
	w->first = UINT32_MAX;
	w->last = 0;
	return descend(w, w->root, INT64_MIN, INT64_MAX, rowid);
}

const char *
sqlite_walk_next(struct sqlite_walk *w)
{
	while (w->depth > 0) {
		struct sqlite_level *l = &w->level[w->depth - 1];
		int64_t min, max;
		uint32_t pgno;
		const char *why;

		if (l->at == l->page.ncells) {
			w->depth--;
			continue;
		}
		l->at++;
		why = child_of(w->image, l, l->at, &pgno, &min, &max);
		return why != NULL ? why : descend(w, pgno, min, max, min);
	}
	w->done = true;
	return NULL;
}

const char *
sqlite_walk_read(struct sqlite_walk *w)
{
	uint32_t n = w->leaf.ncells;

	w->chains = false;
	w->bytes = 0;
	for (uint32_t i = 0; i < n; i++) {
		struct sqlite_row *r = &w->rows[i];
		const char *why = sqlite_page_row(w->image, &w->leaf, i, r);

		if (why != NULL)
			return why;
		if (i > 0 && r->rowid <= r[-1].rowid)
			return "rowids that do not ascend";
		w->chains |= r->local < r->size;
		w->bytes += r->size;
	}
	if (n > 0 &&
	    (w->rows[0].rowid < w->min || w->rows[n - 1].rowid > w->max))
		return "rowids that do not ascend";
	w->nrows = n;
	w->at = 0;
	return NULL;
}

/* --- cuts ----------------------------------------------------------------- */

/* Cut what is below a page into `parts`, at most. */
static const char *
cut_page(const struct sqlite_image *image, uint32_t pgno, int64_t min,
    int64_t max, uint64_t parts, unsigned depth, int64_t *cuts, size_t *n)
{
	struct sqlite_level l = { .min = min, .max = max };
	const char *why = sqlite_page_read(image, pgno, &l.page);
	uint64_t children;

	if (why != NULL || l.page.leaf || parts < 2)
		return why;
	if (depth + 1 == SQLITE_WALK_DEPTH)
		return "a tree that is too deep";
	children = (uint64_t)l.page.ncells + 1;
	for (uint32_t i = 0; i < children && why == NULL; i++) {
		why = child_of(image, &l, i, &pgno, &min, &max);
		if (why == NULL && parts > children)
			why = cut_page(image, pgno, min, max, parts / children,
			    depth + 1, cuts, n);
		if (why == NULL && i + 1 < children &&
		    (i + 1) * parts / children > i * parts / children)
			cuts[(*n)++] = max;
	}
	return why;
}

const char *
sqlite_walk_cuts(const struct sqlite_image *image, uint32_t root, size_t max,
    int64_t *cuts, size_t *n)
{
	*n = 0;
	return cut_page(
	    image, root, INT64_MIN, INT64_MAX, (uint64_t)max + 1, 0, cuts, n);
}
