#include <config.h>

#include "diff/plan-int.h"

#include <string.h>

#include "diff/names.h"

const char *const *
plan_list(const struct selection *sel, enum column_list which)
{
	const char *const *const lists[COLUMN_LISTS] = {
		[LIST_COLUMNS] = sel->columns,
		[LIST_EX_COLUMNS] = sel->ex_columns,
		[LIST_COLUMN_MAPS] = sel->column_maps,
		[LIST_KEYS] = sel->keys,
		[LIST_TOLERANCES] = sel->tolerances,
		[LIST_FOLDS] = sel->folds,
	};

	return lists[which];
}

size_t
plan_list_at(const struct selection *sel, enum column_list which)
{
	size_t n = 0;

	for (int i = 0; i < (int)which; i++)
		n += list_len(plan_list(sel, (enum column_list)i));
	return n;
}

bool
plan_means(const char *pattern, const struct table *t, const char *column)
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
listed(struct builder *b, enum column_list which, const struct table *t,
    const char *column)
{
	const char *const *list = plan_list(b->sel, which);
	size_t used_at = plan_list_at(b->sel, which);
	bool found = false;

	for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
		const char *const *part = list_split(b->arena, list[i]);

		for (; *part != NULL; part++) {
			const char *rest;

			if (!name_for_table(*part, '.', t, b->arena, &rest) ||
			    !plan_means(rest, t, column))
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

	if (listed(b, LIST_EX_COLUMNS, t, column))
		return false;
	return s->columns == NULL || listed(b, LIST_COLUMNS, t, column) ||
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
	       !listed(b, LIST_EX_COLUMNS, tgt, name);
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
	size_t used_at = plan_list_at(b->sel, LIST_COLUMN_MAPS);

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

struct vlimit
pair_limit(const struct pair_column *pc, bool strict)
{
	const struct column *s = pc->col[SOURCE], *t = pc->col[TARGET];
	struct vlimit l = { .scale = -1, .frac = t->frac };

	if (t->affinity != AFF_NONE) {
		l.real = t->affinity == AFF_REAL ||
		         t->affinity == AFF_NUMERIC ||
		         t->affinity == AFF_INTEGER;
		l.frac = -1;
	} else if (t->ltype == LT_NUM && t->precision >= 0 && t->scale >= 0) {
		l.scale = t->scale;
	}
	l.source_frac = s->frac;
	l.source_coarser =
	    s->affinity == AFF_NONE && s->frac >= 0 && s->frac < t->frac;
	l.lite_times = s->affinity != AFF_NONE || t->affinity != AFF_NONE;
	if (strict)
		l.source_coarser = false;
	return l;
}

/* No rule for these two: the rest of the row is compared without them, unless
 * they are what rows are found by. */
static enum status
skip_column(struct builder *b, const struct pair_column *pc, struct err *err)
{
	struct pair *p = b->pair;
	const struct column *s = pc->col[SOURCE], *t = pc->col[TARGET];
	struct skipped *skipped = &p->skipped[p->nskipped];

	if (in_row_key(p->table[TARGET], t->name) ||
	    in_row_key(p->table[SOURCE], s->name))
		return err_set(err, TU_ESCHEMA,
		    "key column '%s': source type %s and target type %s cannot "
		    "be compared",
		    t->name, s->type, t->type);
	*skipped = (struct skipped){ .name = t->name,
		.why = arena_printf(b->arena,
		    "source type %s and target type %s cannot be compared",
		    s->type, t->type) };
	p->nskipped++;
	if (!t->generated && !b->sel->no_undo)
		p->extra[p->nextra++] = t;
	return TU_OK;
}

static enum status
add_column(struct builder *b, size_t t, struct err *err)
{
	struct pair *p = b->pair;
	struct pair_column *pc = &p->cols[p->ncols];
	enum status st;

	pc->col[SOURCE] = &p->table[SOURCE]->columns[b->partner[t]];
	pc->col[TARGET] = &p->table[TARGET]->columns[t];
	pc->how = b->how[t];
	pc->redact = b->sel->redact;
	pc->limit = pair_limit(pc, b->sel->strict || b->sel->time_strict);
	pc->type = pair_vtype(
	    b->db[SOURCE], pc->col[SOURCE], b->db[TARGET], pc->col[TARGET]);
	st = plan_rules(b, pc, err);
	if (st)
		return st;
	if (pc->type.type == LT_NONE)
		return skip_column(b, pc, err);
	p->ncols++;
	return TU_OK;
}

static void
collect_lone_columns(struct builder *b)
{
	struct pair *p = b->pair;
	const struct table *src = p->table[SOURCE], *tgt = p->table[TARGET];

	for (size_t t = 0; t < tgt->ncolumns && !b->sel->common; t++)
		if (b->partner[t] < 0 && wanted(b, tgt, tgt->columns[t].name))
			p->only[TARGET][p->nonly[TARGET]++] =
			    tgt->columns[t].name;
	for (size_t s = 0; s < src->ncolumns && !b->sel->common; s++)
		if (!b->taken[s] && wanted(b, src, src->columns[s].name))
			p->only[SOURCE][p->nonly[SOURCE]++] =
			    src->columns[s].name;
}

/* Turn partners into pair->cols (target order), only[], skipped and extra. */
static enum status
collect_columns(struct builder *b, struct err *err)
{
	struct pair *p = b->pair;
	const struct table *src = p->table[SOURCE], *tgt = p->table[TARGET];
	size_t room = tgt->ncolumns + 1;

	p->cols = arena_alloc(b->arena, room * sizeof(*p->cols));
	p->extra = arena_alloc(b->arena, room * sizeof(*p->extra));
	p->skipped = arena_alloc(b->arena, room * sizeof(*p->skipped));
	p->only[SOURCE] =
	    arena_alloc(b->arena, (src->ncolumns + 1) * sizeof(char *));
	p->only[TARGET] = arena_alloc(b->arena, room * sizeof(char *));
	for (size_t t = 0; t < tgt->ncolumns; t++) {
		const struct column *c = &tgt->columns[t];
		enum status st = TU_OK;

		if (b->partner[t] >= 0 && pair_wanted(b, (int)t))
			st = add_column(b, t, err);
		else if (!c->generated && !b->sel->no_undo)
			p->extra[p->nextra++] = c;
		if (st)
			return st;
	}
	collect_lone_columns(b);
	if (p->ncols == 0)
		return err_set(err, TU_ESCHEMA,
		    "source and target have no column in common%s",
		    p->nskipped > 0 ? " whose types can be compared" : "");
	return TU_OK;
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
	pair->strict = sel->strict;
	pair->time_strict = sel->time_strict;
	st = collect_columns(&b, err);
	if (!st)
		st = plan_key(&b, err);
	if (!st)
		st = plan_key_rules(&b, err);
	if (st)
		return st;
	plan_hash(&b);
	return TU_OK;
}
