#include <config.h>

#include "diff/btree.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mapped.h"
#include "base/stage.h"
#include "db/dialect.h"
#include "diff/btree-int.h"
#include "value/key.h"
#include "value/rule.h"

#define PART_PAGES 8 /* a smaller stretch is not worth a part */

static const char *const unreadable = "the file cannot be read";

/* --- reporting ------------------------------------------------------------ */

/* Where in the table what is reported is. */
struct place {
	uint64_t rows[2];   /* of the table */
	uint64_t before[2]; /* those before the stretch that is read */
	uint64_t passed[2]; /* those up to the last change, which counts */
	bool any;           /* there was a change */
};

static uint64_t
changes(const struct tally *t)
{
	return t->ops[CHANGE_INSERT] + t->ops[CHANGE_UPDATE] +
	       t->ops[CHANGE_DELETE];
}

static enum status
report_change(struct merge *m, struct place *p, const struct suspect *f,
    struct cell *const rows[2], struct err *err)
{
	uint64_t at[2] = { p->before[SOURCE] + f->at[SOURCE],
		p->before[TARGET] + f->at[TARGET] };
	uint64_t found = changes(m->tally);
	enum status st;

	merge_place(m, MAX(at[SOURCE], at[TARGET]),
	    MAX(p->rows[SOURCE], p->rows[TARGET]),
	    p->any && at[SOURCE] == p->passed[SOURCE] &&
		at[TARGET] == p->passed[TARGET]);
	st = merge_rows(m, rows[SOURCE], rows[TARGET], err);
	if (changes(m->tally) == found)
		return st;
	p->any = true;
	for (int s = SOURCE; s <= TARGET; s++)
		p->passed[s] = at[s] + (rows[s] != NULL);
	return st;
}

/* What SQLite takes for one key can be two: 1 and 1.0. */
static int
order_keys(struct looker *l, struct cell *const rows[2])
{
	const struct pair *pair = l->tree->pair;
	struct buf *x = &l->keys[SOURCE], *y = &l->keys[TARGET];
	size_t same = 0;

	if (rows[SOURCE] == NULL || rows[TARGET] == NULL)
		return 0;
	while (same < pair->nkeys &&
	       cell_same(&rows[SOURCE][same], &rows[TARGET][same]))
		same++;
	if (same == pair->nkeys)
		return 0;
	buf_reset(x);
	buf_reset(y);
	for (size_t i = 0; i < pair->nkeys; i++) {
		key_encode(x, &pair->cols[i].type, &rows[SOURCE][i]);
		key_encode(y, &pair->cols[i].type, &rows[TARGET][i]);
	}
	return key_cmp(x->data, x->len, y->data, y->len);
}

static enum status
report(struct looker *l, struct merge *m, struct place *p,
    const struct suspect *f, struct cell *const rows[2], struct err *err)
{
	struct suspect second = *f;
	struct cell *one[2] = { NULL, NULL };
	int order = order_keys(l, rows);
	enum side first;
	enum status st;

	if (order == 0)
		return report_change(m, p, f, rows, err);
	first = order < 0 ? SOURCE : TARGET;
	one[first] = rows[first];
	st = report_change(m, p, f, one, err);
	one[first] = NULL;
	one[!first] = rows[!first];
	second.at[first]++;
	return st ? st : report_change(m, p, &second, one, err);
}

static enum status
report_part(struct looker *l, struct merge *m, struct place *place,
    struct part *p, struct err *err)
{
	const uint64_t before[2] = { place->before[SOURCE],
		place->before[TARGET] };
	struct btree_scan *scan = &l->scan;
	const char *saved = p->copies.data;
	struct cell *rows[2];
	enum status st = TU_OK;

	for (size_t i = 0; i < p->nsuspects && !st; i++) {
		const struct suspect *f = &p->suspects[i];

		st = looker_rows(
		    l, f, i < p->ncopied ? &saved : NULL, rows, err);
		if (!st)
			st = report(l, m, place, f, rows, err);
	}
	for (int s = SOURCE; s <= TARGET && p->more; s++)
		place->before[s] += p->before[s];
	if (p->more)
		scan_begin(scan, &p->from, &p->hi);
	while (p->more && !scan->done && !st) {
		st = looker_scan(l, err);
		saved = scan->saved.data;
		for (size_t i = 0; i < scan->nfound && !st; i++) {
			st = looker_rows(l, &scan->found[i], &saved, rows, err);
			if (!st)
				st = report(
				    l, m, place, &scan->found[i], rows, err);
		}
	}
	for (int s = SOURCE; s <= TARGET; s++)
		place->before[s] = before[s] + p->rows[s];
	return st;
}

static void
free_part(struct part *p)
{
	free(p->suspects);
	p->suspects = NULL;
	buf_free(&p->copies);
}

/* What was read once cannot be read again: the file is not what its lock
 * promises. */
static enum status
report_all(struct btree *t, struct cursor *const cur[2],
    struct change_sink *sink, struct tally *tally, struct err *err)
{
	struct looker *l = looker_new(t);
	struct place place = { .rows = {
				   tally->rows[SOURCE], tally->rows[TARGET] } };
	struct merge m;
	enum status st = TU_OK;

	merge_init(&m, t->plan, t->pair, t->pair, sink, tally);
	if (!t->ordered)
		st = merge_run(&m, cur[SOURCE], cur[TARGET], err);
	for (size_t i = 0; t->ordered && i < t->nparts && !st; i++) {
		st = report_part(l, &m, &place, &t->parts[i], err);
		if (t->parts[i].ncopied < t->parts[i].nsuspects)
			btree_forget(t);
		free_part(&t->parts[i]);
		if (!st && interrupted())
			st = err_set(err, TU_EINTERRUPTED, "interrupted");
	}
	tally->open_end = place.any &&
	                  place.passed[SOURCE] == place.rows[SOURCE] &&
	                  place.passed[TARGET] == place.rows[TARGET];
	merge_release(&m);
	looker_free(l);
	if (st == TU_EREPLAN) {
		err->status = TU_EIO;
		err_hint(err, "something changed the file without locking it");
		st = TU_EIO;
	}
	return st;
}

/* --- opening -------------------------------------------------------------- */

/*
 * May rows of the same bytes and rowid be left out before the others meet by
 * this key? Not if one of the others could have the key of one left out: the
 * key must be unique as SQLite sees it, and here no two keys may be equal that
 * are not so for SQLite.
 */
static bool
is_unique(const struct pair *pair, enum side side)
{
	const struct table *t = pair->table[side];

	for (size_t k = 0; k < t->nkeys; k++) {
		size_t found = 0;

		for (size_t i = 0; i < t->keys[k].ncols; i++)
			for (size_t j = 0; j < pair->nkeys; j++)
				found += pair->cols[j].col[side] ==
				         &t->columns[t->keys[k].cols[i]];
		if (found == t->keys[k].ncols && found == pair->nkeys)
			return true;
	}
	return false;
}

static bool
is_rowid(const struct pair *pair)
{
	return pair->nkeys == 1 && pair->cols[0].col[SOURCE]->rowid_alias &&
	       pair->cols[0].col[TARGET]->rowid_alias;
}

/* The one place that says for which pairs all of this is right. */
static const char *
why_not(const struct pair *pair)
{
	if (!pair->any_hash)
		return "a hash was asked for";
	if (pair->multiset)
		return "it has no key";
	for (int s = SOURCE; s <= TARGET; s++) {
		if (pair->table[s]->where != NULL)
			return "not all of its rows are compared";
		if (!is_rowid(pair) && !is_unique(pair, (enum side)s))
			return "its key is not unique";
	}
	for (size_t i = 0; i < pair->nkeys; i++) {
		if (pair->cols[i].type.rule != NULL)
			return "its key has a rule";
		if (!is_rowid(pair) && pair->cols[i].type.type != LT_ANY)
			return "its key has two types";
	}
	return NULL;
}

static bool
are_sqlite(const struct plan *plan)
{
	return plan->db[SOURCE]->dialect == &dialect_sqlite &&
	       plan->db[TARGET]->dialect == &dialect_sqlite;
}

bool
btree_may(const struct plan *plan, const struct pair *pair)
{
	return are_sqlite(plan) && why_not(pair) == NULL;
}

static void
find_cells(struct btree *t)
{
	const struct pair *pair = t->pair;

	t->alike = t->tree[SOURCE]->image->encoding ==
	           t->tree[TARGET]->image->encoding;
	for (int s = SOURCE; s <= TARGET; s++) {
		const struct column *first = pair->table[s]->columns;

		t->at[s] = btree_array(
		    btree_ncells(pair, (enum side)s), sizeof(size_t));
		for (size_t i = 0; i < btree_ncells(pair, (enum side)s); i++) {
			const struct column *c =
			    i < pair->ncols ? pair->cols[i].col[s]
					    : pair->extra[i - pair->ncols];

			t->at[s][i] = sqlite_pages_field(
			    t->pages[s], (size_t)(c - first));
		}
	}
	for (size_t i = 0; i < pair->ncols; i++) {
		t->with_rowid |= pair->cols[i].col[SOURCE]->rowid_alias;
		t->alike &=
		    !rule_has_sides(pair->cols[i].type.rule) &&
		    sqlite_pages_alike(t->pages[SOURCE], t->at[SOURCE][i],
			t->pages[TARGET], t->at[TARGET][i]);
	}
}

/*
 * By rowid or by the key that a table without is ordered by, rows meet in the
 * order of their keys; unless that is the order of UTF-16, or another column is
 * the key of a table with rowids.
 */
static const char *
find_order(struct btree *t)
{
	const struct sqlite_tree *a = t->tree[SOURCE], *b = t->tree[TARGET];

	t->ordered = a->nkeys > 0 ? a->image->encoding == 1 : is_rowid(t->pair);
	if (a->nkeys != b->nkeys)
		return "its rows have another order on either side";
	if (a->nkeys == 0)
		return NULL;
	if (a->image->encoding != b->image->encoding)
		return "its keys have another encoding on either side";
	for (size_t i = 0; i < a->nkeys; i++)
		if (a->nkeys != t->pair->nkeys || t->at[SOURCE][i] != i ||
		    t->at[TARGET][i] != i)
			return "its rows are not in the order of the key";
	return NULL;
}

/* Reading interior pages, for mapped_try(). */
struct cutting {
	const struct sqlite_tree *tree;
	struct arena *arena;
	struct sqlite_row cuts[PARTS_MAX / 2];
	size_t n;
	const char *why;
	struct sqlite_walk walk;
};

static void
cut(void *arg)
{
	struct cutting *c = arg;
	size_t most =
	    MIN(c->tree->image->npages / PART_PAGES, PARTS_MAX / 2 - 1);

	c->why = sqlite_walk_cuts(&c->walk, most, c->arena, c->cuts, &c->n);
}

/* Parts begin where either side is cut, so that none is large on one side. */
struct joining {
	struct btree *tree;
	struct cutting cutting[2];
	struct sqlite_scratch scratch;
	const char *why;
};

static void
join_cuts(void *arg)
{
	struct joining *j = arg;
	struct btree *t = j->tree;
	struct cutting *c = j->cutting;
	size_t i = 0, k = 0;

	j->why = NULL;
	while ((i < c[SOURCE].n || k < c[TARGET].n) && j->why == NULL) {
		struct part *p = &t->parts[t->nparts];
		const struct sqlite_row *x = &c[SOURCE].cuts[i];
		const struct sqlite_row *y = &c[TARGET].cuts[k];
		int order = i < c[SOURCE].n ? -1 : 1;

		if (i < c[SOURCE].n && k < c[TARGET].n)
			j->why = sqlite_order(c[SOURCE].tree, x, c[TARGET].tree,
			    y, &j->scratch, &order);
		p->hi = order <= 0 ? (struct sqlite_mark){ c[SOURCE].tree, *x }
		                   : (struct sqlite_mark){ c[TARGET].tree, *y };
		i += order <= 0;
		k += order >= 0;
		p[1].lo = p->hi;
		t->nparts++;
	}
	t->nparts++;
}

static const char *
make_parts(struct btree *t, struct arena *arena)
{
	struct joining *j = btree_array(0, sizeof(*j));
	const char *why = NULL;

	j->tree = t;
	for (int s = SOURCE; s <= TARGET; s++) {
		struct cutting *c = &j->cutting[s];

		c->tree = t->tree[s];
		c->arena = arena;
		sqlite_walk_init(&c->walk, c->tree);
		if (why == NULL)
			why = mapped_try(cut, c) ? c->why : unreadable;
		sqlite_walk_release(&c->walk);
	}
	if (why == NULL)
		why = mapped_try(join_cuts, j) ? j->why : unreadable;
	buf_free(&j->scratch.x);
	buf_free(&j->scratch.y);
	free(j);
	return why;
}

static enum status
open_tree(
    struct btree *t, struct arena *arena, const char **why, struct err *err)
{
	*why = why_not(t->pair);
	for (int s = SOURCE; s <= TARGET && *why == NULL; s++) {
		enum status st = sqlite_pages_open(t->plan->db[s],
		    t->pair->table[s], arena, &t->pages[s], why, err);

		if (st)
			return st;
		if (*why != NULL)
			return TU_OK;
		t->tree[s] = sqlite_pages_tree(t->pages[s]);
	}
	if (*why != NULL)
		return TU_OK;
	find_cells(t);
	*why = find_order(t);
	if (*why == NULL)
		*why = make_parts(t, arena);
	if (*why == NULL)
		btree_twins_open(t);
	return TU_OK;
}

static void
close_tree(struct btree *t)
{
	for (int s = SOURCE; s <= TARGET; s++) {
		sqlite_pages_close(t->pages[s]);
		free(t->at[s]);
	}
	for (size_t i = 0; i < t->nparts; i++)
		free_part(&t->parts[i]);
	moved_free(t->moved);
	sqlite_twins_free(t->twins);
	pthread_cond_destroy(&t->changed);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

/* Whatever is not as it should be is found here. */
static enum status
look(struct btree *t, struct cursor *cur[2], struct err *err)
{
	enum status st;

	if (!t->ordered)
		t->moved = moved_new();
	st = btree_look(t, err);
	if (!st && !t->ordered)
		st = btree_join_open(t, cur, err);
	stage_look(0);
	return st;
}

static enum status
run(struct btree *t, struct change_sink *sink, struct tally *tally,
    const char **why, struct arena *arena, struct err *err)
{
	struct cursor *cur[2] = { NULL, NULL };
	enum status st = look(t, cur, err);

	if (st == TU_EREPLAN) {
		*why = arena_strdup(arena, err->msg);
		err_clear(err);
		st = TU_OK;
		goto out;
	}
	if (!st)
		st = diff_check_versions(t->plan, t->pair, err);
	if (st)
		goto out;
	for (int s = SOURCE; s <= TARGET; s++) {
		tally->rows[s] = atomic_load(&t->rows[s]);
		t->plan->db[s]->bytes_in += t->bytes[s];
	}
	tally->suspects = t->ordered ? t->judged : 0;
	tally->by_pages = true;
	log_line(LOG_INFO,
	    "table '%s': compared by its pages; %llu of %llu leaves hold the "
	    "same bytes on both sides, %llu rows do not",
	    t->pair->name, (unsigned long long)t->passed,
	    (unsigned long long)t->leaves, (unsigned long long)t->judged);
	st = report_all(t, cur, sink, tally, err);
out:
	for (int s = SOURCE; s <= TARGET; s++)
		db_cursor_close(cur[s]);
	return st;
}

enum status
btree_pair(const struct plan *plan, const struct pair *pair,
    const struct diff_options *options, struct change_sink *sink,
    struct tally *tally, bool *done, struct err *err)
{
	struct arena *arena;
	struct btree *t;
	const char *why = NULL;
	enum status st;

	*done = false;
	if (!are_sqlite(plan))
		return TU_OK;
	arena = arena_new(1024);
	t = btree_array(0, sizeof(*t));
	t->plan = plan;
	t->pair = pair;
	t->options = options;
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->changed, NULL);
	st = open_tree(t, arena, &why, err);
	if (!st && why == NULL)
		st = run(t, sink, tally, &why, arena, err);
	if (!st && why != NULL)
		log_line(LOG_INFO, "table '%s': its pages are not compared: %s",
		    pair->name, why);
	*done = !st && why == NULL;
	close_tree(t);
	arena_free(arena);
	return st;
}
