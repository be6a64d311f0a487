#include <config.h>

#include "diff/btree-scan.h"

#include <string.h>

void
scan_init(struct btree_scan *s, const struct sqlite_image *const image[2],
    const uint32_t root[2], bool alike)
{
	*s = (struct btree_scan){ .alike = alike };
	s->alike_pages = alike && image[SOURCE]->size == image[TARGET]->size &&
	                 image[SOURCE]->usable == image[TARGET]->usable;
	for (int i = SOURCE; i <= TARGET; i++) {
		s->image[i] = image[i];
		sqlite_walk_init(&s->walk[i], image[i], root[i]);
	}
}

void
scan_release(struct btree_scan *s)
{
	sqlite_walk_release(&s->walk[SOURCE]);
	sqlite_walk_release(&s->walk[TARGET]);
}

void
scan_begin(struct btree_scan *s, int64_t lo, int64_t hi)
{
	s->lo = lo;
	s->hi = hi;
	s->nfound = 0;
	s->done = false;
	s->why = NULL;
	s->leaves = s->passed = 0;
	s->rows[SOURCE] = s->rows[TARGET] = 0;
	s->bytes[SOURCE] = s->bytes[TARGET] = 0;
	s->sought = false;
}

static const char *
seek(struct btree_scan *s)
{
	const char *why = NULL;

	for (int i = SOURCE; i <= TARGET && why == NULL; i++) {
		why = sqlite_walk_seek(&s->walk[i], s->lo);
		s->fresh[i] = true;
	}
	return why;
}

/* Take the rows of a leaf; some of the first and of the last may not be of this
 * stretch. */
static const char *
load(struct btree_scan *s, enum side side)
{
	struct sqlite_walk *w = &s->walk[side];
	const char *why = sqlite_walk_read(w);
	uint32_t n = w->nrows;

	if (why != NULL)
		return why;
	s->fresh[side] = false;
	while (w->at < n && w->rows[w->at].rowid < s->lo)
		w->at++;
	while (n > w->at && w->rows[n - 1].rowid > s->hi)
		n--;
	s->limit[side] = n;
	s->rows[side] += n - w->at;
	if (n - w->at == w->nrows)
		s->bytes[side] += w->bytes;
	else
		for (uint32_t i = w->at; i < n; i++)
			s->bytes[side] += w->rows[i].size;
	if (side == SOURCE)
		s->leaves++;
	return NULL;
}

/* On to the next leaf, unless it lies behind the stretch. */
static const char *
leave(struct btree_scan *s, enum side side)
{
	struct sqlite_walk *w = &s->walk[side];

	s->fresh[side] = true;
	if (w->max < s->hi)
		return sqlite_walk_next(w);
	w->done = true;
	return NULL;
}

/*
 * Both sides stand before a leaf. If it is one and the same its rows need not
 * be looked at: 60 of 150 ms with 5 million rows. The source's are taken all
 * the same, to be counted and because a damaged page is no less so for being
 * there twice; what holds for them holds for the target's, but for what its
 * tree says they may be.
 */
static const char *
pass_over(struct btree_scan *s, bool *passed)
{
	struct sqlite_walk *a = &s->walk[SOURCE], *b = &s->walk[TARGET];
	const char *why;
	uint32_t n;

	*passed = false;
	if (memcmp(a->leaf.data, b->leaf.data, s->image[SOURCE]->usable) != 0)
		return NULL;
	why = load(s, SOURCE);
	n = a->nrows;
	if (why != NULL || n == 0 || a->at > 0 || s->limit[SOURCE] < n ||
	    a->chains)
		return why;
	if (a->rows[0].rowid < b->min || a->rows[n - 1].rowid > b->max)
		return "rowids that do not ascend";
	*passed = true;
	s->passed++;
	s->rows[TARGET] += n;
	s->bytes[TARGET] += a->bytes;
	why = leave(s, SOURCE);
	return why != NULL ? why : leave(s, TARGET);
}

/* Rows of the stretch before the one at hand. */
static uint32_t
behind(const struct btree_scan *s, enum side side)
{
	uint64_t ahead = s->fresh[side] ? 0 : s->limit[side] - s->walk[side].at;

	return (uint32_t)(s->rows[side] - ahead);
}

static void
add(struct btree_scan *s, bool source, bool target)
{
	struct suspect *f = &s->found[s->nfound++];
	bool has[2] = { source, target };

	f->cell[SOURCE] = f->cell[TARGET] = NULL;
	for (int i = SOURCE; i <= TARGET; i++) {
		struct sqlite_walk *w = &s->walk[i];

		f->at[i] = behind(s, (enum side)i);
		if (!has[i])
			continue;
		f->rowid = w->rows[w->at].rowid;
		f->cell[i] = sqlite_page_cell(&w->leaf, w->at);
		w->at++;
	}
}

static const char *
same_row(struct btree_scan *s, const struct sqlite_row *x,
    const struct sqlite_row *y, bool *same)
{
	*same = false;
	if (!s->alike || x->size != y->size)
		return NULL;
	if (x->local < x->size || y->local < y->size)
		return sqlite_rows_equal(
		    s->image[SOURCE], x, s->image[TARGET], y, same);
	*same = memcmp(x->payload, y->payload, x->size) == 0;
	return NULL;
}

/* Rows meet until one leaf has none left, or the batch is full. */
static const char *
meet(struct btree_scan *s)
{
	struct sqlite_walk *a = &s->walk[SOURCE], *b = &s->walk[TARGET];
	const char *why = NULL;

	while (s->nfound < SCAN_BATCH && why == NULL) {
		const struct sqlite_row *x = &a->rows[a->at];
		const struct sqlite_row *y = &b->rows[b->at];
		bool source = !a->done && a->at < s->limit[SOURCE];
		bool target = !b->done && b->at < s->limit[TARGET];
		bool same;

		if ((!source && !a->done) || (!target && !b->done) ||
		    (!source && !target))
			return NULL;
		if (source && target && x->rowid == y->rowid) {
			why = same_row(s, x, y, &same);
			if (same) {
				a->at++;
				b->at++;
			} else {
				add(s, true, true);
			}
		} else if (source && (!target || x->rowid < y->rowid)) {
			add(s, true, false);
		} else {
			add(s, false, true);
		}
	}
	return why;
}

static const char *
step(struct btree_scan *s)
{
	struct sqlite_walk *w = s->walk;
	const char *why = NULL;
	bool passed;

	if (s->alike_pages && s->fresh[SOURCE] && s->fresh[TARGET] &&
	    !w[SOURCE].done && !w[TARGET].done) {
		why = pass_over(s, &passed);
		if (why != NULL || passed)
			goto out;
	}
	for (int i = SOURCE; i <= TARGET && why == NULL; i++)
		if (!w[i].done && s->fresh[i])
			why = load(s, (enum side)i);
	if (why == NULL)
		why = meet(s);
	for (int i = SOURCE; i <= TARGET && why == NULL; i++)
		if (!w[i].done && w[i].at == s->limit[i])
			why = leave(s, (enum side)i);
out:
	s->done = w[SOURCE].done && w[TARGET].done;
	return why;
}

void
scan_some(void *arg)
{
	struct btree_scan *s = arg;

	s->nfound = 0;
	s->why = s->sought ? NULL : seek(s);
	s->sought = true;
	while (s->why == NULL && !s->done && s->nfound < SCAN_BATCH)
		s->why = step(s);
}
