/*
 * How the rows of a pair are addressed: the user's --key, else the best key of
 * either side whose columns both have, else the whole row.
 */
#include <config.h>

#include "diff/plan-int.h"

#include <string.h>

#include "db/dialect.h"
#include "diff/names.h"

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
	*c = (struct candidate){
		.n = k->ncols, .primary = k->primary, .name = k->name
	};
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
usable_key(struct builder *b, enum side side, const struct index_key *k,
    bool *usable, struct err *err)
{
	const struct table *t = b->pair->table[side];
	bool has_null = !k->primary;
	enum status st = TU_OK;

	for (size_t i = 0; i < k->ncols && !k->notnull && !has_null && !st; i++)
		st = db_has_null(
		    b->db[side], t, &t->columns[k->cols[i]], &has_null, err);
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
find_candidate(
    struct builder *b, struct candidate *best, bool *found, struct err *err)
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
				if (candidate_from_index(p, (enum side) !s,
					&o->keys[j], &other) &&
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
	size_t used_at = plan_list_at(b->sel, LIST_KEYS);

	*found = *none = false;
	for (size_t i = 0; keys != NULL && keys[i] != NULL; i++) {
		const struct table *tgt = b->pair->table[TARGET];
		const char *rest;
		const char *const *names;

		if (!name_for_table(keys[i], ':', tgt, b->arena, &rest) &&
		    !name_for_table(
			keys[i], ':', b->pair->table[SOURCE], b->arena, &rest))
			continue;
		b->used[used_at + i]++;
		*none = strcmp(rest, "none") == 0;
		*found = false; /* the last one counts */
		if (*none)
			continue;
		*c = (struct candidate){ .name = "--key" };
		for (names = list_split(b->arena, rest); *names; names++) {
			int at = find_pair_column(b->pair, TARGET, *names);

			if (at < 0)
				at = find_pair_column(b->pair, SOURCE, *names);
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
			for (size_t j = 0; j < c->n; j++)
				if (c->cols[j] == at)
					return err_set(err, TU_EUSAGE,
					    "--key: column '%s' is named twice",
					    *names);
			c->cols[c->n++] = at;
		}
		*found = c->n > 0;
	}
	return TU_OK;
}

/*
 * Rows are met by their key in one order on both sides, so a key cannot be text
 * here and something else there for the judge to settle: it is one of the two.
 * SQLite orders by any type (its key function is ours); a server can order
 * numbers as text, but not what may be no number at all as numbers.
 */
static void
settle_key_type(struct pair_column *c)
{
	struct vtype *t = &c->type;
	bool server_text = false;

	if (t->loose == LT_NONE)
		return;
	for (int s = SOURCE; s <= TARGET; s++)
		server_text |= c->col[s]->affinity == AFF_NONE &&
		               (c->col[s]->ltype == LT_TEXT ||
				   c->col[s]->ltype == LT_CHAR);
	if (!server_text)
		t->type = t->loose;
	t->loose = LT_NONE;
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
		settle_key_type(&cols[n]);
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
		settle_key_type(c);
	}
	p->multiset = true;
	p->nkeys = p->ncols;
	p->key_how = "no key: equal rows are counted";
	return TU_OK;
}

enum status
plan_key(struct builder *b, struct err *err)
{
	struct candidate c = { 0 };
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

int
pair_find_target(const struct pair *pair, const char *column)
{
	return find_pair_column(pair, TARGET, column);
}
