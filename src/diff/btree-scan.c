#include <config.h>

#include "diff/btree-scan.h"

#include <string.h>

void
scan_init(struct btree_scan *s, const struct sqlite_tree *const tree[2],
    bool alike, struct sqlite_twins *twins)
{
	*s = (struct btree_scan){
		.alike = alike, .most = UINT64_MAX, .twins = twins
	};
	s->alike_pages = scan_alike_pages(tree, alike);
	for (int i = SOURCE; i <= TARGET; i++) {
		sqlite_walk_init(&s->walk[i], tree[i]);
		s->walk[i].twins = twins;
	}
}

void
scan_release(struct btree_scan *s)
{
	sqlite_walk_release(&s->walk[SOURCE]);
	sqlite_walk_release(&s->walk[TARGET]);
	buf_free(&s->saved);
	buf_free(&s->scratch.x);
	buf_free(&s->scratch.y);
}

void
scan_begin(struct btree_scan *s, const struct sqlite_mark *lo,
    const struct sqlite_mark *hi)
{
	s->lo = *lo;
	s->hi = *hi;
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
		why = sqlite_walk_seek(&s->walk[i], &s->lo);
		s->fresh[i] = true;
	}
	return why;
}

/* Does a row of a side lie before a mark? */
static const char *
is_before(struct btree_scan *s, enum side side, const struct sqlite_row *x,
    const struct sqlite_mark *mark, bool *before)
{
	int order = 0;
	const char *why = sqlite_order(
	    s->walk[side].tree, x, mark->tree, &mark->row, &s->scratch, &order);

	*before = order < 0;
	return why;
}

/* Which of the rows read are of the stretch: from w->at to before *end. */
static const char *
cut_off(struct btree_scan *s, enum side side, uint32_t *end)
{
	struct sqlite_walk *w = &s->walk[side];
	const char *why = NULL;
	bool before = true;
	uint32_t n = w->nrows;

	while (s->lo.tree != NULL && w->at < n && before && why == NULL) {
		why = is_before(s, side, &w->rows[w->at], &s->lo, &before);
		w->at += before;
	}
	before = false;
	while (s->hi.tree != NULL && n > w->at && !before && why == NULL) {
		why = is_before(s, side, &w->rows[n - 1], &s->hi, &before);
		n -= !before;
	}
	*end = n;
	return why;
}

/* Take the rows of a stop; some of the first and of the last may not be of this
 * stretch. */
static const char *
load(struct btree_scan *s, enum side side)
{
	struct sqlite_walk *w = &s->walk[side];
	const char *why = sqlite_walk_read(w);
	uint32_t n;

	if (why == NULL)
		why = cut_off(s, side, &n);
	if (why != NULL)
		return why;
	s->fresh[side] = false;
	s->limit[side] = n;
	s->rows[side] += n - w->at;
	if (n - w->at == w->nrows)
		s->bytes[side] += w->bytes;
	else
		for (uint32_t i = w->at; i < n; i++)
			s->bytes[side] += w->rows[i].size;
	if (side == SOURCE && !w->lone)
		s->leaves++;
	return NULL;
}

/* On to the next stop, unless the stretch has ended in this one. */
static const char *
leave(struct btree_scan *s, enum side side)
{
	struct sqlite_walk *w = &s->walk[side];

	s->fresh[side] = true;
	if (s->limit[side] == w->nrows)
		return sqlite_walk_next(w);
	w->done = true;
	return NULL;
}

/* Does all of the source's leaf lie in the stretch, by what the pages above it
 * say? */
static const char *
is_inside(struct btree_scan *s, bool *inside)
{
	const struct sqlite_limits *l = &s->walk[SOURCE].within;
	bool outside = s->lo.tree != NULL, before = s->hi.tree == NULL;
	const char *why = NULL;

	if (outside && l->has_low)
		why = is_before(s, SOURCE, &l->low, &s->lo, &outside);
	if (why == NULL && !before && l->has_high)
		why = is_before(s, SOURCE, &l->high, &s->hi, &before);
	*inside = !outside && before;
	return why;
}

static const char *
leave_both(struct btree_scan *s)
{
	const char *why = leave(s, SOURCE);

	return why != NULL ? why : leave(s, TARGET);
}

/* Do the pages above say the same on both sides of where a leaf's rows may lie?
 * Whoever reads the leaf finds out if they do not; of one that is not read all
 * of its rows are taken to lie there. */
static const char *
same_limits(struct btree_scan *s, bool *same)
{
	const struct sqlite_walk *x = &s->walk[SOURCE], *y = &s->walk[TARGET];
	const struct sqlite_limits *a = &x->within, *b = &y->within;
	const char *why = NULL;
	int low = 0, high = 0;

	if (a->has_low && b->has_low)
		why = sqlite_order(
		    x->tree, &a->low, y->tree, &b->low, &s->scratch, &low);
	if (why == NULL && a->has_high && b->has_high)
		why = sqlite_order(
		    x->tree, &a->high, y->tree, &b->high, &s->scratch, &high);
	*same = low == 0 && high == 0 && a->has_low == b->has_low &&
	        a->has_high == b->has_high;
	return why;
}

/* Both sides stand before a leaf that is known already. */
static const char *
pass_twins(struct btree_scan *s, bool *passed)
{
	struct sqlite_walk *w = s->walk;
	uint32_t n, bytes;
	bool inside = false, same;
	const char *why;

	*passed = false;
	if (w[SOURCE].twin == 0 || w[SOURCE].twin != w[TARGET].twin)
		return NULL;
	why = same_limits(s, &same);
	if (why == NULL && same)
		why = is_inside(s, &inside);
	if (why != NULL || !inside ||
	    !sqlite_twins_take(s->twins, w[SOURCE].twin, &n, &bytes))
		return why;
	*passed = true;
	s->leaves++;
	s->passed++;
	for (int i = SOURCE; i <= TARGET; i++) {
		s->rows[i] += n;
		s->bytes[i] += bytes;
		w[i].nrows = s->limit[i] = n;
	}
	return leave_both(s);
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
	if (memcmp(a->page.data, b->page.data, a->tree->image->usable) != 0)
		return NULL;
	why = load(s, SOURCE);
	n = a->nrows;
	if (why != NULL || n == 0 || a->at > 0 || s->limit[SOURCE] < n ||
	    a->chains)
		return why;
	why = sqlite_walk_check(b, &a->rows[0], &a->rows[n - 1]);
	if (why != NULL)
		return why;
	*passed = true;
	s->passed++;
	s->rows[TARGET] += n;
	s->bytes[TARGET] += a->bytes;
	b->nrows = s->limit[TARGET] = n;
	return leave_both(s);
}

/* Rows of the stretch before the one at hand. */
static uint32_t
behind(const struct btree_scan *s, enum side side)
{
	uint64_t ahead = s->fresh[side] ? 0 : s->limit[side] - s->walk[side].at;

	return (uint32_t)(s->rows[side] - ahead);
}

static const char *
add(struct btree_scan *s, bool source, bool target)
{
	struct suspect *f = &s->found[s->nfound];
	bool has[2] = { source, target };
	const char *why = NULL;

	f->cell[SOURCE] = f->cell[TARGET] = NULL;
	for (int i = SOURCE; i <= TARGET && why == NULL; i++) {
		struct sqlite_walk *w = &s->walk[i];

		f->at[i] = behind(s, (enum side)i);
		if (!has[i])
			continue;
		s->place[s->nfound] = sqlite_walk_mark(w);
		f->cell[i] = sqlite_walk_cell(w);
		why =
		    sqlite_row_save(w->tree->image, &w->rows[w->at], &s->saved);
		w->at++;
	}
	s->nfound += why == NULL;
	return why;
}

static bool
is_full(const struct btree_scan *s)
{
	return s->nfound == SCAN_BATCH || s->saved.len >= SCAN_BYTES;
}

static const char *
same_row(struct btree_scan *s, const struct sqlite_row *x,
    const struct sqlite_row *y, bool *same)
{
	*same = false;
	if (!s->alike || x->size != y->size)
		return NULL;
	if (x->local < x->size || y->local < y->size)
		return sqlite_rows_equal(s->walk[SOURCE].tree->image, x,
		    s->walk[TARGET].tree->image, y, same);
	*same = memcmp(x->payload, y->payload, x->size) == 0;
	return NULL;
}

/*
 * The next row of both sides. With keys the same bytes are the same place, and
 * rarely are two rows in one place with other bytes.
 */
static const char *
meet_two(struct btree_scan *s)
{
	struct sqlite_walk *a = &s->walk[SOURCE], *b = &s->walk[TARGET];
	const struct sqlite_row *x = &a->rows[a->at], *y = &b->rows[b->at];
	bool same = false;
	int order = 0;
	const char *why = NULL;

	if (x->rowid == y->rowid)
		why = same_row(s, x, y, &same);
	if (why == NULL && !same)
		why = sqlite_order(a->tree, x, b->tree, y, &s->scratch, &order);
	if (why != NULL)
		return why;
	if (!same)
		return add(s, order <= 0, order >= 0);
	a->at++;
	b->at++;
	return NULL;
}

/* Rows meet until one stop has none left, or the batch is full. */
static const char *
meet(struct btree_scan *s)
{
	struct sqlite_walk *a = &s->walk[SOURCE], *b = &s->walk[TARGET];
	const char *why = NULL;

	while (!is_full(s) && why == NULL) {
		bool source = !a->done && a->at < s->limit[SOURCE];
		bool target = !b->done && b->at < s->limit[TARGET];

		if ((!source && !a->done) || (!target && !b->done) ||
		    (!source && !target))
			return NULL;
		if (source && target)
			why = meet_two(s);
		else
			why = add(s, source, target);
	}
	return why;
}

static bool
is_before_leaf(const struct btree_scan *s, enum side side)
{
	const struct sqlite_walk *w = &s->walk[side];

	return s->fresh[side] && !w->done && !w->lone;
}

/* Both sides are to pass a leaf that they share, if they stand before one. */
static const char *
pass(struct btree_scan *s, bool *passed)
{
	struct sqlite_walk *w = s->walk;
	bool leaves = s->alike_pages && is_before_leaf(s, SOURCE) &&
	              is_before_leaf(s, TARGET);
	const char *why = leaves ? pass_twins(s, passed) : NULL;

	for (int i = SOURCE; i <= TARGET && why == NULL && !*passed; i++)
		if (!w[i].done && w[i].twin != 0)
			why = sqlite_walk_open(&w[i]);
	return why == NULL && leaves && !*passed ? pass_over(s, passed) : why;
}

static const char *
step(struct btree_scan *s)
{
	struct sqlite_walk *w = s->walk;
	bool passed = false;
	const char *why = pass(s, &passed);

	for (int i = SOURCE; i <= TARGET && why == NULL && !passed; i++)
		if (!w[i].done && s->fresh[i])
			why = load(s, (enum side)i);
	if (why == NULL && !passed)
		why = meet(s);
	for (int i = SOURCE; i <= TARGET && why == NULL && !passed; i++)
		if (!w[i].done && w[i].at == s->limit[i])
			why = leave(s, (enum side)i);
	s->done = w[SOURCE].done && w[TARGET].done;
	return why;
}

void
scan_some(void *arg)
{
	struct btree_scan *s = arg;
	uint64_t from = s->rows[SOURCE] + s->rows[TARGET];

	s->nfound = 0;
	buf_reset(&s->saved);
	s->why = s->sought ? NULL : seek(s);
	s->sought = true;
	while (s->why == NULL && !s->done && !is_full(s) &&
	       s->rows[SOURCE] + s->rows[TARGET] - from < s->most)
		s->why = step(s);
}
