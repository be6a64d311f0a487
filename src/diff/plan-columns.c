#include <config.h>

#include "diff/plan-int.h"

#include <string.h>

#include "db/dialect.h"
#include "diff/leaf.h"
#include "diff/names.h"

#define STREAM_LEAF 32    /* rows; small, so that one difference is decoded */
#define PUSHDOWN_LEAF 256 /* rows; every leaf is a line on the wire */
#define PUSHDOWN_LEAVES 1024
#define UNKNOWN_ROWS 100000 /* assumed of a query */

/* Is this column meant? Folded names count where no exact one is. */
static bool
means(const char *pattern, const struct table *t, const char *column)
{
	if (!name_match(pattern, column))
		return false;
	if (name_match_exact(pattern, column))
		return true;
	for (size_t i = 0; i < t->ncolumns; i++)
		if (name_match_exact(pattern, t->columns[i].name))
			return false;
	return true;
}

/* Does any entry of a "[TABLE.]PATTERN" list (comma-separated) name it? */
static bool
listed(struct builder *b, const char *const *list, size_t used_at,
    const struct table *t, const char *column)
{
	bool found = false;

	for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
		const char *const *part = list_split(b->arena, list[i]);

		for (; *part != NULL; part++) {
			const char *rest;

			if (!name_for_table(*part, '.', t, b->arena, &rest) ||
			    !means(rest, t, column))
				continue;
			b->used[used_at + i]++;
			found = true;
		}
	}
	return found;
}

/* The key that addresses a table's rows: its primary key, else another. */
static const struct index_key *
row_key(const struct table *t)
{
	const struct index_key *found = NULL;

	for (size_t i = 0; i < t->nkeys; i++) {
		if (t->keys[i].primary)
			return &t->keys[i];
		if (found == NULL && t->keys[i].notnull)
			found = &t->keys[i];
	}
	return found;
}

static bool
in_row_key(const struct table *t, const char *column)
{
	const struct index_key *k = row_key(t);

	for (size_t i = 0; k != NULL && i < k->ncols; i++)
		if (strcmp(t->columns[k->cols[i]].name, column) == 0)
			return true;
	return false;
}

static bool
wanted(struct builder *b, const struct table *t, const char *column)
{
	const struct selection *s = b->sel;

	if (listed(b, s->ex_columns, list_len(s->columns), t, column))
		return false;
	return s->columns == NULL || listed(b, s->columns, 0, t, column) ||
	       in_row_key(t, column);
}

/* --columns names what to compare; rows are still found by their key, be it
 * only the source's. */
static bool
pair_wanted(struct builder *b, int t)
{
	const struct table *src = b->pair->table[SOURCE];
	const struct table *tgt = b->pair->table[TARGET];
	const char *name = tgt->columns[t].name;

	if (wanted(b, tgt, name))
		return true;
	return row_key(tgt) == NULL &&
	       in_row_key(src, src->columns[b->partner[t]].name) &&
	       !listed(
		   b, b->sel->ex_columns, list_len(b->sel->columns), tgt, name);
}

static void
match_columns(struct builder *b, int t, int s, enum match how)
{
	b->partner[t] = s;
	b->how[t] = how;
	b->taken[s] = true;
}

static enum status
apply_column_maps(struct builder *b, struct err *err)
{
	const char *const *maps = b->sel->column_maps;
	size_t used_at =
	    list_len(b->sel->columns) + list_len(b->sel->ex_columns);

	for (size_t i = 0; maps != NULL && maps[i] != NULL; i++) {
		const struct table *src = b->pair->table[SOURCE];
		const struct table *tgt = b->pair->table[TARGET];
		const char *rest, *colon;
		int s, t;

		if (!name_for_table(maps[i], '.', tgt, b->arena, &rest) &&
		    !name_for_table(maps[i], '.', src, b->arena, &rest))
			continue;
		colon = strchr(rest, ':');
		if (colon == NULL)
			return err_set(err, TU_EUSAGE,
			    "--map-column needs [TABLE.]SOURCE:TARGET, not "
			    "'%s'",
			    maps[i]);
		s = table_find_column(
		    src, arena_memdup(b->arena, rest, (size_t)(colon - rest)));
		t = table_find_column(tgt, colon + 1);
		if (s < 0 || t < 0)
			continue; /* unused maps are reported by plan_make() */
		b->used[used_at + i]++;
		match_columns(b, t, s, MATCH_MAPPED);
	}
	return TU_OK;
}

/* The only free source column whose folded name is this one's, else -1. */
static int
folded_partner(struct builder *b, int t)
{
	const struct table *src = b->pair->table[SOURCE];
	const struct table *tgt = b->pair->table[TARGET];
	const char *name = tgt->columns[t].name;
	int found = -1;

	for (size_t i = 0; i < tgt->ncolumns; i++)
		if ((int)i != t && b->partner[i] < 0 &&
		    name_fold_cmp(tgt->columns[i].name, name) == 0)
			return -1;
	for (size_t i = 0; i < src->ncolumns; i++) {
		if (b->taken[i] || name_fold_cmp(src->columns[i].name, name))
			continue;
		if (found >= 0)
			return -1;
		found = (int)i;
	}
	return found;
}

static void
match_by_name(struct builder *b)
{
	const struct table *src = b->pair->table[SOURCE];
	const struct table *tgt = b->pair->table[TARGET];

	for (size_t t = 0; t < tgt->ncolumns; t++) {
		int s = table_find_column(src, tgt->columns[t].name);

		if (b->partner[t] < 0 && s >= 0 && !b->taken[s])
			match_columns(b, (int)t, s, MATCH_EXACT);
	}
	for (size_t t = 0; t < tgt->ncolumns; t++) {
		int s = b->partner[t] < 0 ? folded_partner(b, (int)t) : -1;

		if (s >= 0)
			match_columns(b, (int)t, s, MATCH_FOLDED);
	}
}

static struct vlimit
target_limit(const struct column *c)
{
	struct vlimit l = { .scale = -1, .frac = c->frac };

	if (c->affinity != AFF_NONE) {
		l.real = c->affinity == AFF_REAL ||
		         c->affinity == AFF_NUMERIC ||
		         c->affinity == AFF_INTEGER;
		l.frac = -1;
	} else if (c->ltype == LT_NUM && c->precision >= 0 && c->scale >= 0) {
		l.scale = c->scale;
	}
	return l;
}

/* Turn partners into pair->cols (target order), only[] and extra[]. */
static enum status
collect_columns(struct builder *b, struct err *err)
{
	struct pair *p = b->pair;
	const struct table *src = p->table[SOURCE], *tgt = p->table[TARGET];

	p->cols = arena_alloc(b->arena, (tgt->ncolumns + 1) * sizeof(*p->cols));
	p->extra =
	    arena_alloc(b->arena, (tgt->ncolumns + 1) * sizeof(*p->extra));
	p->only[SOURCE] =
	    arena_alloc(b->arena, (src->ncolumns + 1) * sizeof(char *));
	p->only[TARGET] =
	    arena_alloc(b->arena, (tgt->ncolumns + 1) * sizeof(char *));
	for (size_t t = 0; t < tgt->ncolumns; t++) {
		const struct column *c = &tgt->columns[t];
		struct pair_column *pc = &p->cols[p->ncols];

		if (b->partner[t] < 0 || !pair_wanted(b, (int)t)) {
			if (b->partner[t] < 0 && wanted(b, tgt, c->name) &&
			    !b->sel->common)
				p->only[TARGET][p->nonly[TARGET]++] = c->name;
			if (!c->generated && !b->sel->no_undo)
				p->extra[p->nextra++] = c;
			continue;
		}
		pc->col[SOURCE] = &src->columns[b->partner[t]];
		pc->col[TARGET] = c;
		pc->how = b->how[t];
		pc->limit = target_limit(c);
		pc->type = pair_vtype(b->db[SOURCE], pc->col[SOURCE],
		    b->db[TARGET], pc->col[TARGET]);
		if (pc->type.type == LT_NONE)
			return err_set(err, TU_ESCHEMA,
			    "column '%s': source type %s and target type %s "
			    "cannot be compared (leave it out with "
			    "--exclude-columns=%s)",
			    c->name, pc->col[SOURCE]->type, c->type, c->name);
		p->ncols++;
	}
	for (size_t s = 0; s < src->ncolumns && !b->sel->common; s++)
		if (!b->taken[s] && wanted(b, src, src->columns[s].name))
			p->only[SOURCE][p->nonly[SOURCE]++] =
			    src->columns[s].name;
	if (p->ncols == 0)
		return err_set(err, TU_ESCHEMA,
		    "source and target have no column in common");
	return TU_OK;
}

static bool
same_wire(struct db *const db[2], const struct pair *p)
{
	if (db[SOURCE]->drv != db[TARGET]->drv)
		return false;
	for (size_t i = 0; i < p->ncols; i++) {
		const struct column *a = p->cols[i].col[SOURCE];
		const struct column *c = p->cols[i].col[TARGET];

		if (!a->raw || !c->raw || a->wire != c->wire ||
		    strcmp(a->type, c->type) != 0)
			return false;
	}
	return true;
}

static bool
can_fold(const struct db *db, const struct pair *p, enum side side)
{
	struct buf scratch = BUF_INIT;
	bool can = db->fold;

	for (size_t i = 0; can && i < p->ncols; i++)
		can = db->dialect->canon_expr(
		    &scratch, p->cols[i].col[side], &p->cols[i].type);
	buf_free(&scratch);
	return can;
}

static double
estimated_rows(const struct table *t)
{
	if (t->rows >= 0)
		return t->rows;
	return t->bytes >= 0 ? t->bytes / 100 : -1;
}

static void
choose_hash(struct builder *b)
{
	struct pair *p = b->pair;
	double n = MAX(
	    estimated_rows(p->table[SOURCE]), estimated_rows(p->table[TARGET]));
	bool push = false;

	p->rows = n < 0 ? UNKNOWN_ROWS : n;
	p->hash = b->sel->hash < 0 ? HASH_STREAM : (enum hash_kind)b->sel->hash;
	p->hash_why = b->sel->hash < 0 ? "rows travel and are hashed here"
	                               : "as asked for by --hash";
	for (int s = SOURCE; s <= TARGET; s++) {
		p->pushdown[s] = p->hash != HASH_STREAM &&
		                 can_fold(b->db[s], p, (enum side)s);
		push |= p->pushdown[s];
	}
	p->raw = p->hash == HASH_STREAM && same_wire(b->db, p);
	if (b->sel->leaf_rows > 0)
		p->leaf_rows = b->sel->leaf_rows;
	else if (push)
		p->leaf_rows =
		    MAX((uint64_t)(p->rows / PUSHDOWN_LEAVES), PUSHDOWN_LEAF);
	else
		p->leaf_rows =
		    MAX((uint64_t)(p->rows / LEAVES_MAX) + 1, STREAM_LEAF);
	if (p->rows / (double)p->leaf_rows > LEAVES_MAX)
		p->leaf_rows = (uint64_t)(p->rows / LEAVES_MAX) + 1;
}

/* Bounds come from min(), max() and samples, which cost a query or a view as
 * much as all its rows do. */
static void
choose_ranges(struct builder *b)
{
	struct pair *p = b->pair;

	if (!table_is_stored(p->table[SOURCE]) &&
	    !table_is_stored(p->table[TARGET]))
		return;
	while (!p->multiset && p->nrange < p->nkeys) {
		const struct pair_column *c = &p->cols[p->nrange];

		if (!b->db[SOURCE]->dialect->order_native(
			c->col[SOURCE], &c->type) ||
		    !b->db[TARGET]->dialect->order_native(
			c->col[TARGET], &c->type))
			break;
		p->nrange++;
	}
}

enum status
plan_columns(struct db *const db[2], const struct selection *sel,
    struct arena *arena, struct pair *pair, unsigned *used, struct err *err)
{
	size_t nt = pair->table[TARGET]->ncolumns;
	struct builder b = { .db = db,
		.sel = sel,
		.arena = arena,
		.pair = pair,
		.used = used,
		.partner = arena_alloc(arena, (nt + 1) * sizeof(int)),
		.how = arena_alloc(arena, (nt + 1) * sizeof(enum match)),
		.taken =
		    arena_alloc(arena, pair->table[SOURCE]->ncolumns + 1) };
	enum status st;

	for (size_t i = 0; i < nt; i++)
		b.partner[i] = -1;
	st = apply_column_maps(&b, err);
	if (st)
		return st;
	match_by_name(&b);
	st = collect_columns(&b, err);
	if (!st)
		st = plan_key(&b, err);
	if (st)
		return st;
	choose_hash(&b);
	choose_ranges(&b);
	return TU_OK;
}
