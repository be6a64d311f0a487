#include <config.h>

#include "diff/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/both.h"
#include "db/dialect-track.h"
#include "diff/names.h"
#include "diff/plan-int.h"

/* What is known of one side's tables while they are being paired. */
struct half {
	struct table_list list;
	bool *done;     /* paired, excluded or not asked for */
	bool *selected; /* by a pattern */
	bool *paired;
	bool *vague; /* may belong to one of several */
};

struct planner {
	struct db *db[2];
	const struct selection *sel;
	struct arena *arena;
	struct plan *plan;
	struct half half[2];
	unsigned *used; /* column lists, see plan-int.h */
};

bool
table_is_stored(const struct table *t)
{
	return t->kind == REL_TABLE || t->kind == REL_PARTITIONED ||
	       t->kind == REL_MATVIEW;
}

static bool
is_relation_of_rows(const struct table *t)
{
	return t->kind == REL_TABLE || t->kind == REL_PARTITIONED;
}

/* Do schemas rule a pairing by name out? Only when both sides have several. */
static bool
schemas_agree(
    const struct planner *pl, const struct table *a, const struct table *b)
{
	if (a->schema == NULL || b->schema == NULL)
		return true;
	if (pl->sel->schema[SOURCE] != NULL || pl->sel->schema[TARGET] != NULL)
		return true;
	return strcmp(a->schema, b->schema) == 0;
}

/* Is this table meant? Folded names count where no exact one is. */
static bool
means(const struct half *h, const char *pattern, const struct table *t)
{
	if (!name_match_table(pattern, t))
		return false;
	/* A part is compared within its table unless it is named itself. */
	if (t->partition && strpbrk(pattern, "*?[") != NULL)
		return false;
	if (name_match_table_exact(pattern, t))
		return true;
	for (size_t i = 0; i < h->list.n; i++)
		if (name_match_table_exact(pattern, &h->list.tables[i]))
			return false;
	return true;
}

static enum status
list_half(struct planner *pl, enum side side, struct err *err)
{
	struct half *h = &pl->half[side];
	const struct selection *sel = pl->sel;
	struct db *db = pl->db[side];
	bool any = false;
	enum status st = db->drv->list(db, pl->arena, &h->list, err);

	if (st)
		return err_context(err, "%s", db->side);
	h->done = arena_alloc(pl->arena, h->list.n + 1);
	h->selected = arena_alloc(pl->arena, h->list.n + 1);
	h->paired = arena_alloc(pl->arena, h->list.n + 1);
	h->vague = arena_alloc(pl->arena, h->list.n + 1);
	for (size_t i = 0; i < h->list.n; i++) {
		const struct table *t = &h->list.tables[i];

		if (strcmp(t->name, MARKER_TABLE) == 0 ||
		    track_is_ours(db->dialect, t) ||
		    (sel->schema[side] != NULL && t->schema != NULL &&
			!name_match(sel->schema[side], t->schema))) {
			h->done[i] = true;
			continue;
		}
		any = true;
		h->selected[i] = sel->tables == NULL && !t->partition;
		for (size_t j = 0; sel->excludes && sel->excludes[j]; j++)
			if (means(h, sel->excludes[j], t))
				h->done[i] = true;
	}
	if (!any && sel->schema[side] != NULL && db->schemas)
		return err_set(err, TU_EUSAGE, "%s: no table in schema '%s'",
		    db->side, sel->schema[side]);
	return TU_OK;
}

static enum status
check_patterns(struct planner *pl, struct err *err)
{
	const struct selection *sel = pl->sel;
	const char *const *lists[] = { sel->tables, sel->excludes };
	static const char *const names[] = { "", "--exclude-table: " };

	for (size_t l = 0; l < ARRAY_LEN(lists); l++) {
		for (size_t j = 0; lists[l] && lists[l][j]; j++) {
			bool hit = false;

			for (int s = SOURCE; s <= TARGET; s++) {
				struct half *h = &pl->half[s];

				for (size_t i = 0; i < h->list.n; i++) {
					if (!means(h, lists[l][j],
						&h->list.tables[i]))
						continue;
					hit = true;
					h->selected[i] |= l == 0;
				}
			}
			if (!hit)
				return err_set(err, TU_EUSAGE,
				    "%sno table on either side matches '%s'",
				    names[l], lists[l][j]);
		}
	}
	return TU_OK;
}

static void
add_bad(
    struct planner *pl, const char *table, enum status status, const char *why)
{
	struct plan *p = pl->plan;

	p->bad[p->nbad++] = (struct incomparable){ table, why, status };
}

static void
add_pair(struct planner *pl, size_t s, size_t t, enum match how)
{
	struct pair *p = &pl->plan->pairs[pl->plan->npairs++];

	*p = (struct pair){ .how = how };
	p->table[SOURCE] = &pl->half[SOURCE].list.tables[s];
	p->table[TARGET] = &pl->half[TARGET].list.tables[t];
	pl->half[SOURCE].done[s] = pl->half[TARGET].done[t] = true;
	pl->half[SOURCE].paired[s] = pl->half[TARGET].paired[t] = true;
}

static int
find_table(const struct half *h, const char *name)
{
	int found = -1;

	for (size_t i = 0; i < h->list.n; i++) {
		const struct table *t = &h->list.tables[i];
		size_t n = t->schema != NULL ? strlen(t->schema) : 0;

		if (strcmp(t->name, name) == 0 ||
		    (n > 0 && strncmp(name, t->schema, n) == 0 &&
			name[n] == '.' && strcmp(name + n + 1, t->name) == 0))
			found = found < 0 ? (int)i : -2;
	}
	return found;
}

static enum status
apply_maps(struct planner *pl, struct err *err)
{
	const char *const *maps = pl->sel->maps;

	for (size_t i = 0; maps != NULL && maps[i] != NULL; i++) {
		const char *colon = strchr(maps[i], ':');
		int s, t;

		if (colon == NULL)
			return err_set(err, TU_EUSAGE,
			    "--map needs SOURCE-TABLE:TARGET-TABLE, not '%s'",
			    maps[i]);
		s = find_table(
		    &pl->half[SOURCE], arena_memdup(pl->arena, maps[i],
					   (size_t)(colon - maps[i])));
		t = find_table(&pl->half[TARGET], colon + 1);
		if (s < 0 || t < 0)
			return err_set(err, TU_EUSAGE,
			    "--map=%s: the %s has %s table of that name",
			    maps[i], s < 0 ? "source" : "target",
			    MIN(s, t) == -2 ? "more than one" : "no");
		if (pl->half[SOURCE].done[s] || pl->half[TARGET].done[t])
			continue; /* excluded, or in another schema */
		if (pl->half[SOURCE].selected[s] ||
		    pl->half[TARGET].selected[t])
			add_pair(pl, (size_t)s, (size_t)t, MATCH_MAPPED);
	}
	return TU_OK;
}

typedef int name_cmp(const char *a, const char *b);

/* How many free tables of one side have this name; *at is the last. */
static size_t
count_named(const struct planner *pl, enum side side, const struct table *t,
    name_cmp *cmp, size_t *at)
{
	const struct half *h = &pl->half[side];
	size_t n = 0;

	for (size_t i = 0; i < h->list.n; i++) {
		if (h->done[i] || cmp(h->list.tables[i].name, t->name) != 0 ||
		    !schemas_agree(pl, &h->list.tables[i], t))
			continue;
		*at = i;
		n++;
	}
	return n;
}

static void
mark_vague(struct planner *pl, const struct table *t, name_cmp *cmp)
{
	struct half *h = &pl->half[SOURCE];

	for (size_t i = 0; i < h->list.n; i++)
		h->vague[i] |= cmp(h->list.tables[i].name, t->name) == 0 &&
		               schemas_agree(pl, &h->list.tables[i], t);
}

static void
pair_by_name(struct planner *pl, enum match how, name_cmp *cmp)
{
	struct half *target = &pl->half[TARGET], *source = &pl->half[SOURCE];

	for (size_t t = 0; t < target->list.n; t++) {
		const struct table *tab = &target->list.tables[t];
		size_t s = 0, back = 0, ns;

		if (target->done[t])
			continue;
		ns = count_named(pl, SOURCE, tab, cmp, &s);
		if (ns == 0)
			continue;
		if (!target->selected[t] && !source->selected[s])
			continue;
		if (ns > 1 || count_named(pl, TARGET, &source->list.tables[s],
				  cmp, &back) > 1) {
			if (how != MATCH_EXACT)
				continue;
			target->done[t] = true;
			mark_vague(pl, tab, cmp);
			add_bad(pl, name_qualified(pl->arena, tab), TU_ESCHEMA,
			    "its name occurs in several schemas (choose with "
			    "--schema and --source-schema, or --map)");
			continue;
		}
		/* Views take part when they are asked for by name. */
		if (pl->sel->tables == NULL && !is_relation_of_rows(tab) &&
		    !is_relation_of_rows(&source->list.tables[s]))
			continue;
		add_pair(pl, s, t, how);
	}
}

static const char *
name_for_people(struct planner *pl, const struct table *t)
{
	return t->schema == NULL || strcmp(t->schema, "public") == 0
	           ? t->name
	           : name_qualified(pl->arena, t);
}

/*
 * In a comparison of one database with itself every table is on both sides; one
 * that a pair uses on the other side is not missing here.
 */
static bool
used_on_other_side(const struct planner *pl, enum side side, size_t i)
{
	const struct half *other = &pl->half[!side];
	const struct table *t = &pl->half[side].list.tables[i];

	if (strcmp(pl->db[SOURCE]->display, pl->db[TARGET]->display) != 0)
		return false;
	for (size_t j = 0; j < other->list.n; j++)
		if (other->paired[j] &&
		    strcmp(other->list.tables[j].from, t->from) == 0)
			return true;
	return false;
}

static void
collect_one_sided(struct planner *pl)
{
	for (int s = SOURCE; s <= TARGET; s++) {
		struct half *h = &pl->half[s];

		for (size_t i = 0; i < h->list.n; i++) {
			const struct table *t = &h->list.tables[i];

			if (h->done[i] || h->vague[i] || !h->selected[i] ||
			    pl->sel->common ||
			    used_on_other_side(pl, (enum side)s, i))
				continue;
			if (pl->sel->tables == NULL && !is_relation_of_rows(t))
				continue;
			pl->plan->only_name[s][pl->plan->nonly[s]] =
			    name_for_people(pl, t);
			pl->plan->only[s][pl->plan->nonly[s]++] = t;
		}
	}
}

struct describing {
	struct planner *pl;
	struct pair *pair;
	struct arena *arena[2];
};

static enum status
describe_side(void *arg, int side, struct err *err)
{
	struct describing *d = arg;
	struct pair *p = d->pair;
	struct db *db = d->pl->db[side];
	struct table *t =
	    arena_memdup(d->arena[side], p->table[side], sizeof(*t));
	enum status st;

	/* The version first: a change after it is noticed later. */
	st = db->drv->table_version(db, t, &p->version[side], err);
	if (!st && t->kind != REL_QUERY)
		st = db->drv->describe(db, d->arena[side], t, err);
	if (st)
		return err_context(err, "%s", db->side);
	if (t->kind != REL_QUERY) {
		t->where = d->pl->sel->where[side];
		p->table[side] = t;
	}
	return TU_OK;
}

static enum status
describe(struct planner *pl, struct pair *p, struct err *err)
{
	struct describing d = { .pl = pl,
		.pair = p,
		.arena = { arena_new(4096), arena_new(4096) } };
	enum status st = both_sides(describe_side, &d, err);

	for (int s = SOURCE; s <= TARGET; s++)
		arena_join(pl->arena, d.arena[s]);
	return st;
}

/* A failed statement may have ended the transaction; what was read so far is
 * only the catalog. */
static enum status
snapshot_again(struct db *db, struct err *err)
{
	db->drv->snapshot_end(db);
	return db->drv->snapshot_begin(db, NULL, err);
}

/* A table that cannot be compared, or not even be read, leaves the others. */
static enum status
plan_pair(struct planner *pl, struct pair *p, bool *keep, struct err *err)
{
	struct err lost = ERR_INIT;
	enum status st;

	p->name = name_for_people(pl, p->table[TARGET]);
	st = describe(pl, p, err);
	if (!st)
		st = plan_columns(pl->db, pl->sel, pl->arena, p, pl->used, err);
	*keep = !st;
	if (!st || st == TU_EUSAGE)
		return st;
	if (st != TU_ESCHEMA && (st != TU_EQUERY || pl->plan->npairs == 1 ||
				    snapshot_again(pl->db[SOURCE], &lost) ||
				    snapshot_again(pl->db[TARGET], &lost)))
		return err_context(err, "table '%s'", p->name);
	add_bad(pl, p->name, st, arena_strdup(pl->arena, err->msg));
	err_clear(err);
	return TU_OK;
}

/* What could not be read may have had the column. */
static bool
any_unread(const struct plan *plan)
{
	for (size_t i = 0; i < plan->nbad; i++)
		if (plan->bad[i].status != TU_ESCHEMA)
			return true;
	return false;
}

static enum status
check_used(struct planner *pl, struct err *err)
{
	static const char *const names[COLUMN_LISTS] = { "--columns",
		"--exclude-columns", "--map-column", "--key", "--tolerance",
		"--fold" };
	size_t at = 0;

	for (int l = 0; l < COLUMN_LISTS && !any_unread(pl->plan); l++) {
		const char *const *list =
		    plan_list(pl->sel, (enum column_list)l);

		for (size_t i = 0; list != NULL && list[i] != NULL; i++)
			if (pl->used[at++] == 0)
				return err_set(err, TU_EUSAGE,
				    l == LIST_TOLERANCES || l == LIST_FOLDS
					? "%s=%s: no table compared has a "
					  "column that this could be about"
					: "%s=%s: no table compared has such a "
					  "column",
				    names[l], list[i]);
	}
	return TU_OK;
}

/* --source-query, --target-query: one pair; the side without a query is the
 * table named as the only operand. */
static enum status
plan_queries(struct planner *pl, struct err *err)
{
	const struct selection *sel = pl->sel;
	struct pair *p = &pl->plan->pairs[0];
	size_t named = list_len(sel->tables);
	const char *name = named == 1 ? sel->tables[0] : "query";
	bool both = sel->query[SOURCE] != NULL && sel->query[TARGET] != NULL;
	enum status st;

	if (named > 1 || (named == 0 && !both))
		return err_set(err, TU_EUSAGE,
		    "with a query on one side, name one TABLE of the other");
	*p = (struct pair){ .how = MATCH_MAPPED };
	for (int s = SOURCE; s <= TARGET; s++) {
		struct db *db = pl->db[s];
		struct table *t = arena_alloc(pl->arena, sizeof(*t));
		int at;

		p->table[s] = t;
		if (sel->query[s] == NULL) {
			at = find_table(&pl->half[s], name);
			if (at < 0)
				return err_set(err, TU_EUSAGE,
				    "%s: no table '%s'", db->side, name);
			p->table[s] = &pl->half[s].list.tables[at];
			continue;
		}
		st = db->drv->describe_query(
		    db, pl->arena, sel->query[s], t, err);
		if (st)
			return err_context(err, "%s: query", db->side);
		t->name = name;
		t->where = sel->where[s];
	}
	pl->plan->npairs = 1;
	return TU_OK;
}

static int
pair_cmp(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int c = strcmp(x->table[TARGET]->name, y->table[TARGET]->name);

	if (c == 0 && x->table[TARGET]->schema && y->table[TARGET]->schema)
		c = strcmp(x->table[TARGET]->schema, y->table[TARGET]->schema);
	return c;
}

static enum status
pair_tables(struct planner *pl, struct err *err)
{
	enum status st = apply_maps(pl, err);

	if (st)
		return st;
	pair_by_name(pl, MATCH_EXACT, strcmp);
	pair_by_name(pl, MATCH_FOLDED, name_fold_cmp);
	collect_one_sided(pl);
	if (pl->plan->npairs > 0)
		qsort(pl->plan->pairs, pl->plan->npairs, sizeof(struct pair),
		    pair_cmp);
	return TU_OK;
}

enum status
plan_make(struct db *source, struct db *target, const struct selection *sel,
    struct arena *arena, struct plan *plan, struct err *err)
{
	struct planner pl = { .db = { source, target },
		.sel = sel,
		.arena = arena,
		.plan = plan };
	size_t most, keep = 0;
	enum status st;

	*plan = (struct plan){ .db = { source, target }, .seed = random_u64() };
	pl.used = arena_alloc(
	    arena, sizeof(unsigned) * (plan_list_at(sel, COLUMN_LISTS) + 1));
	st = list_half(&pl, SOURCE, err);
	if (!st)
		st = list_half(&pl, TARGET, err);
	if (st)
		return st;
	most = pl.half[SOURCE].list.n + pl.half[TARGET].list.n + 1;
	plan->pairs = arena_alloc(arena, most * sizeof(*plan->pairs));
	plan->bad = arena_alloc(arena, most * sizeof(*plan->bad));
	for (int s = SOURCE; s <= TARGET; s++) {
		plan->only[s] =
		    arena_alloc(arena, most * sizeof(*plan->only[s]));
		plan->only_name[s] =
		    arena_alloc(arena, most * sizeof(*plan->only_name[s]));
	}

	if (sel->query[SOURCE] != NULL || sel->query[TARGET] != NULL) {
		st = plan_queries(&pl, err);
	} else {
		st = check_patterns(&pl, err);
		if (!st)
			st = pair_tables(&pl, err);
	}
	if (st)
		return st;
	for (size_t i = 0; i < plan->npairs; i++) {
		bool ok;

		st = plan_pair(&pl, &plan->pairs[i], &ok, err);
		if (st)
			return st;
		if (ok)
			plan->pairs[keep++] = plan->pairs[i];
	}
	plan->npairs = keep;
	return check_used(&pl, err);
}
