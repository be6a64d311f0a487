#include <config.h>

#include "diff/plan-int.h"

#include <string.h>

#include "db/dialect.h"
#include "diff/names.h"

/* More leaves than this do not pay: 40 bytes each, on both sides. */
#define LEAVES_MAX (1 << 18)
#define STREAM_LEAF 32    /* rows; small, so that one difference is decoded */
#define PUSHDOWN_LEAF 256 /* rows; every leaf is a line on the wire */
#define PUSHDOWN_LEAVES 1024

struct builder {
	struct db *const *db;
	const struct selection *sel;
	struct arena *arena;
	struct pair *pair;
	unsigned *used;
	int *partner; /* per target column: source column or -1 */
	enum match *how;
	bool *taken; /* per source column */
};

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
			    !name_match(rest, column))
				continue;
			b->used[used_at + i]++;
			found = true;
		}
	}
	return found;
}

static bool
in_primary_key(const struct table *t, const char *column)
{
	for (size_t i = 0; i < t->nkeys; i++)
		for (size_t j = 0; t->keys[i].primary && j < t->keys[i].ncols;
		     j++)
			if (strcmp(t->columns[t->keys[i].cols[j]].name,
				column) == 0)
				return true;
	return false;
}

/* --columns names what to compare; rows are still found by their key. */
static bool
wanted(struct builder *b, const struct table *t, const char *column)
{
	const struct selection *s = b->sel;

	if (listed(b, s->ex_columns, list_len(s->columns), t, column))
		return false;
	return s->columns == NULL || listed(b, s->columns, 0, t, column) ||
	       in_primary_key(t, column);
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
			    "--map-column needs [TABLE.]SOURCE:TARGET, not '%s'",
			    maps[i]);
		s = table_find_column(src,
		    arena_memdup(b->arena, rest, (size_t)(colon - rest)));
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
	} else if (c->ltype == LT_NUM && c->precision >= 0 && c->scale > 0) {
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

		if (b->partner[t] < 0 || !wanted(b, tgt, c->name)) {
			if (b->partner[t] < 0 && wanted(b, tgt, c->name))
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
	for (size_t s = 0; s < src->ncolumns; s++)
		if (!b->taken[s] && wanted(b, src, src->columns[s].name))
			p->only[SOURCE][p->nonly[SOURCE]++] =
			    src->columns[s].name;
	if (p->ncols == 0)
		return err_set(err, TU_ESCHEMA,
		    "source and target have no column in common");
	return TU_OK;
}

/* A key as positions in pair->cols. */
struct candidate {
	size_t n;
	int cols[64];
	bool declared[2]; /* unique by declaration on that side */
	bool primary;
	const char *name;
};

static int
find_pair_column(const struct pair *p, enum side side, const char *name)
{
	for (size_t i = 0; i < p->ncols; i++)
		if (strcmp(p->cols[i].col[side]->name, name) == 0)
			return (int)i;
	return -1;
}

static bool
candidate_from_index(const struct pair *p, enum side side,
    const struct index_key *k, struct candidate *c)
{
	const struct table *t = p->table[side];

	if (k->ncols > ARRAY_LEN(c->cols))
		return false;
	*c = (struct candidate){ .n = k->ncols,
		.primary = k->primary,
		.name = k->name };
	c->declared[side] = true;
	for (size_t i = 0; i < k->ncols; i++) {
		int at = find_pair_column(p, side, t->columns[k->cols[i]].name);

		if (at < 0 || p->cols[at].type.type == LT_JSON)
			return false;
		c->cols[i] = at;
	}
	return true;
}

static bool
same_columns(const struct candidate *a, const struct candidate *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		bool found = false;

		for (size_t j = 0; j < b->n; j++)
			found |= a->cols[i] == b->cols[j];
		if (!found)
			return false;
	}
	return true;
}

/* SQLite lets NULL into a PRIMARY KEY that is not declared NOT NULL. */
static enum status
key_has_null(struct builder *b, enum side side, const struct index_key *k,
    bool *has, struct err *err)
{
	const struct table *t = b->pair->table[side];
	const struct dialect *d = b->db[side]->dialect;
	struct buf sql = BUF_INIT;
	struct cell cell;
	enum status st;

	buf_addf(&sql, "SELECT 1 FROM %s WHERE (", t->from);
	for (size_t i = 0; i < k->ncols; i++) {
		buf_adds(&sql, i > 0 ? " OR " : "");
		d->ident(&sql, t->columns[k->cols[i]].name);
		buf_adds(&sql, " IS NULL");
	}
	buf_adds(&sql, ") LIMIT 1");
	st = db_one(b->db[side], buf_str(&sql), &db_int_column, b->arena, &cell,
	    has, err);
	buf_free(&sql);
	return st;
}

static enum status
usable_key(struct builder *b, enum side side, const struct index_key *k,
    bool *usable, struct err *err)
{
	bool has_null = true;
	enum status st = TU_OK;

	if (!k->notnull && k->primary)
		st = key_has_null(b, side, k, &has_null, err);
	*usable = k->notnull || !has_null;
	return st;
}

/*
 * Better keys first: unique on both sides, primary, fewer columns. Equal ones
 * stay in the order found (target before source, catalog order).
 */
static int
candidate_rank(const struct candidate *c)
{
	int both = c->declared[SOURCE] && c->declared[TARGET];

	return (both ? 0 : 1000) + (c->primary ? 0 : 500) + (int)c->n;
}

static enum status
find_candidate(struct builder *b, struct candidate *best, bool *found,
    struct err *err)
{
	struct pair *p = b->pair;

	*found = false;
	for (int s = TARGET; s >= SOURCE; s--) {
		const struct table *t = p->table[s];
		const struct table *o = p->table[!s];

		for (size_t i = 0; i < t->nkeys; i++) {
			struct candidate c, other;
			bool usable;
			enum status st;

			if (!candidate_from_index(
				p, (enum side)s, &t->keys[i], &c))
				continue;
			st = usable_key(
			    b, (enum side)s, &t->keys[i], &usable, err);
			if (st)
				return st;
			if (!usable)
				continue;
			for (size_t j = 0; j < o->nkeys; j++)
				if (candidate_from_index(
					p, (enum side) !s, &o->keys[j],
					&other) &&
				    same_columns(&c, &other))
					c.declared[!s] = true;
			if (!*found ||
			    candidate_rank(&c) < candidate_rank(best))
				*best = c;
			*found = true;
		}
	}
	return TU_OK;
}

/* --key=[TABLE:]a,b; *none for --key=none. */
static enum status
key_option(struct builder *b, struct candidate *c, bool *found, bool *none,
    struct err *err)
{
	const char *const *keys = b->sel->keys;
	size_t used_at = list_len(b->sel->columns) +
			 list_len(b->sel->ex_columns) +
			 list_len(b->sel->column_maps);

	*found = *none = false;
	for (size_t i = 0; keys != NULL && keys[i] != NULL; i++) {
		const struct table *tgt = b->pair->table[TARGET];
		const char *rest;
		const char *const *names;

		if (!name_for_table(keys[i], ':', tgt, b->arena, &rest) &&
		    !name_for_table(keys[i], ':', b->pair->table[SOURCE],
			b->arena, &rest))
			continue;
		b->used[used_at + i]++;
		if (strcmp(rest, "none") == 0) {
			*none = true;
			continue;
		}
		*c = (struct candidate){ .name = "--key" };
		for (names = list_split(b->arena, rest); *names; names++) {
			int at = find_pair_column(b->pair, TARGET, *names);

			if (at < 0)
				at = find_pair_column(
				    b->pair, SOURCE, *names);
			for (size_t j = 0; at < 0 && j < b->pair->ncols; j++)
				if (name_fold_cmp(
					b->pair->cols[j].col[TARGET]->name,
					*names) == 0)
					at = (int)j;
			if (at < 0 || c->n == ARRAY_LEN(c->cols))
				return err_set(err, TU_EUSAGE,
				    "--key: table '%s' has no common column "
				    "'%s'",
				    tgt->name, *names);
			c->cols[c->n++] = at;
		}
		*found = c->n > 0;
	}
	return TU_OK;
}

/* Move the key's columns to the front of pair->cols, in key order. */
static void
put_key_first(struct builder *b, const struct candidate *c)
{
	struct pair *p = b->pair;
	struct pair_column *cols =
	    arena_alloc(b->arena, p->ncols * sizeof(*cols));
	bool *is_key = arena_alloc(b->arena, p->ncols);
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		cols[n] = p->cols[c->cols[i]];
		/* A key cannot be a hint: it is the type, or it differs. */
		if (cols[n].type.loose != LT_NONE)
			cols[n].type.type = cols[n].type.loose;
		cols[n].type.loose = LT_NONE;
		is_key[c->cols[i]] = true;
		n++;
	}
	for (size_t i = 0; i < p->ncols; i++)
		if (!is_key[i])
			cols[n++] = p->cols[i];
	p->cols = cols;
	p->nkeys = c->n;
}

static const char *
key_description(struct arena *arena, const struct candidate *c)
{
	const char *kind = c->primary ? "primary key" : "unique index";
	const char *where = c->declared[SOURCE] && c->declared[TARGET] ? ""
			    : c->declared[TARGET] ? " of the target"
						  : " of the source";

	if (!c->declared[SOURCE] && !c->declared[TARGET])
		return c->name;
	if (c->primary)
		return arena_printf(arena, "%s%s", kind, where);
	return arena_printf(arena, "%s %s%s", kind, c->name, where);
}

/* No key: rows are their own key. What is only judged, not hashed equal,
 * would make equal rows look different here. */
static enum status
use_whole_rows(struct builder *b, struct err *err)
{
	struct pair *p = b->pair;

	for (size_t i = 0; i < p->ncols; i++) {
		struct pair_column *c = &p->cols[i];

		if (c->type.type == LT_JSON &&
		    strcmp(c->col[SOURCE]->type, c->col[TARGET]->type) != 0)
			return err_set(err, TU_ESCHEMA,
			    "no usable key, and column '%s' is json in two "
			    "forms, so rows cannot be counted (name a key "
			    "with --key, or --exclude-columns=%s)",
			    c->col[TARGET]->name, c->col[TARGET]->name);
		if (c->type.loose != LT_NONE)
			c->type.type = c->type.loose;
		c->type.loose = LT_NONE;
	}
	p->multiset = true;
	p->nkeys = p->ncols;
	p->key_how = "no key: equal rows are counted";
	return TU_OK;
}

static enum status
choose_key(struct builder *b, struct err *err)
{
	struct candidate c;
	bool found, none;
	enum status st;

	st = key_option(b, &c, &found, &none, err);
	if (!st && !found && !none)
		st = find_candidate(b, &c, &found, err);
	if (st)
		return st;
	if (!found)
		return use_whole_rows(b, err);
	put_key_first(b, &c);
	b->pair->key_how = key_description(b->arena, &c);
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
	double n = MAX(estimated_rows(p->table[SOURCE]),
	    estimated_rows(p->table[TARGET]));
	bool push = false;

	p->rows = MAX(n, 0);
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

static void
choose_ranges(struct builder *b)
{
	struct pair *p = b->pair;

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
		.taken = arena_alloc(
		    arena, pair->table[SOURCE]->ncolumns + 1) };
	enum status st;

	for (size_t i = 0; i < nt; i++)
		b.partner[i] = -1;
	st = apply_column_maps(&b, err);
	if (st)
		return st;
	match_by_name(&b);
	st = collect_columns(&b, err);
	if (!st)
		st = choose_key(&b, err);
	if (st)
		return st;
	choose_hash(&b);
	choose_ranges(&b);
	return TU_OK;
}

int
pair_find_target(const struct pair *pair, const char *column)
{
	return find_pair_column(pair, TARGET, column);
}
