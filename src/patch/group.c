#include <config.h>

#include "patch/group.h"

#include <stdlib.h>

#include "base/arena.h"
#include "diff/diff.h"
#include "diff/side.h"
#include "patch/changes.h"
#include "value/key.h"

void
group_init(struct group *g, const struct dialect *d)
{
	g->arena = arena_new(64 << 10);
	g->n = 0;
	stmt_init(&g->stmt, d, STMT_FORWARD, NULL);
}

void
group_release(struct group *g)
{
	stmt_release(&g->stmt);
	arena_free(g->arena);
}

void
group_clear(struct group *g)
{
	arena_reset(g->arena);
	g->n = 0;
}

bool
group_full(const struct group *g)
{
	return g->n == GROUP_ROWS || arena_footprint(g->arena) >= GROUP_BYTES;
}

const struct change *
group_add(struct group *g, const struct change *c)
{
	const struct change *copy = change_copy(g->arena, c);

	g->changes[g->n++] = copy;
	return copy;
}

/* --- reading again -------------------------------------------------------- */

struct entry {
	const char *key; /* encoded */
	size_t len;
	size_t at; /* in group.changes */
	bool found;
};

struct reread {
	struct group *group;
	const struct pair *pair;
	struct buf key; /* of the row at hand */
	struct entry *entries;
	size_t n;
	enum status (*each)(void *arg, const struct change *c,
	    const struct cell *cells, struct err *err);
	void *arg;
	const struct cell **rows; /* by entry.at; each is NULL then */
	size_t ncells;            /* of a row there */
};

static int
compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return key_cmp(x->key, x->len, y->key, y->len);
}

static void
encode_key(struct buf *out, const struct pair *pair, const struct cell *cells)
{
	buf_reset(out);
	for (size_t i = 0; i < pair->nkeys; i++)
		key_encode(out, &pair->cols[i].type, &cells[i]);
}

static enum status
row_read(void *arg, const struct cell *cells, struct err *err)
{
	struct reread *r = arg;
	struct entry want = { .found = false }, *e;

	encode_key(&r->key, r->pair, cells);
	want.key = r->key.data;
	want.len = r->key.len;
	e = bsearch(
	    &want, r->entries, r->n, sizeof(*r->entries), compare_entries);
	/* A looser equality of the database may give more than was asked. */
	if (e == NULL || (e->found && r->each != NULL))
		return TU_OK;
	if (e->found)
		return err_set(err, TU_ESCHEMA,
		    "the key is not unique: two rows share it");
	e->found = true;
	if (r->each != NULL)
		return r->each(r->arg, r->group->changes[e->at], cells, err);
	r->rows[e->at] = cells_copy(r->group->arena, cells, r->ncells);
	return TU_OK;
}

static bool
sets_key(const struct change *c)
{
	for (size_t i = 0; i < c->pair->nkeys; i++)
		if (c->op == CHANGE_UPDATE && stmt_writes(c, i))
			return true;
	return false;
}

static void
add_entry(struct reread *r, size_t at, const struct cell *cells)
{
	struct entry *e = &r->entries[at];

	encode_key(&r->key, r->pair, cells);
	e->key = arena_memdup(r->group->arena, r->key.data, r->key.len);
	e->len = r->key.len;
	e->at = at;
}

/* Entries, and the keys as the target takes them. */
static enum status
prepare(struct group *g, struct reread *r, enum group_when when,
    struct cell *keys, struct err *err)
{
	const struct pair *pair = r->pair;

	for (size_t i = 0; i < g->n; i++) {
		struct change c = *g->changes[i];
		enum status st;

		/* By then it is found by the key of an inserted row. */
		if (when == GROUP_AFTER && sets_key(&c)) {
			c.op = CHANGE_INSERT;
			c.target = NULL;
		}
		add_entry(r, i, c.target ? c.target : c.source);
		st = stmt_key(
		    &g->stmt, &c, g->arena, &keys[i * pair->nkeys], err);
		if (st)
			return st;
	}
	return TU_OK;
}

/* The rows of these keys to their entries. */
static enum status
fetch(struct reread *r, struct db *db, enum side side, const struct cell *keys,
    size_t n, struct err *err)
{
	qsort(r->entries, r->n, sizeof(*r->entries), compare_entries);
	return n == 0 ? TU_OK
	              : diff_fetch_keys(
			    db, r->pair, side, keys, n, row_read, r, err);
}

enum status
group_reread(struct group *g, struct db *target, enum group_when when,
    enum status (*each)(void *arg, const struct change *c,
	const struct cell *cells, struct err *err),
    void *arg, struct err *err)
{
	struct reread r = { .group = g, .n = g->n, .each = each, .arg = arg };
	struct pair pair;
	struct table table;
	struct cell *keys;
	enum status st;

	if (g->n == 0)
		return TU_OK;
	pair = *g->changes[0]->pair;
	table = *pair.table[TARGET];
	table.where = NULL;
	pair.table[TARGET] = &table;
	r.pair = &pair;
	r.entries = arena_alloc(g->arena, g->n * sizeof(*r.entries));
	keys = arena_alloc(g->arena, g->n * pair.nkeys * sizeof(*keys));
	st = prepare(g, &r, when, keys, err);
	if (st == TU_OK)
		st = fetch(&r, target, TARGET, keys, g->n, err);
	for (size_t i = 0; i < r.n && st == TU_OK; i++)
		if (!r.entries[i].found)
			st = each(arg, g->changes[r.entries[i].at], NULL, err);
	buf_free(&r.key);
	return st;
}

/* The key as this side holds it; false: it cannot, so the row is not there. */
static bool
convert_key(struct group *g, const struct db *db, const struct pair *pair,
    enum side side, const struct cell *cells, struct cell *out)
{
	struct err ignored = ERR_INIT;

	for (size_t i = 0; i < pair->nkeys; i++)
		if (side_convert_key(db, pair, side, i, &cells[i], g->arena,
			&out[i], &ignored))
			return false;
	return true;
}

enum status
group_look(struct group *g, const struct plan *plan, enum side side,
    const struct cell ***rows, struct err *err)
{
	struct reread r = { .group = g, .n = g->n };
	struct cell *keys;
	size_t n = 0;
	enum status st;

	*rows = NULL;
	if (g->n == 0)
		return TU_OK;
	r.pair = g->changes[0]->pair;
	r.ncells = r.pair->ncols + (side == TARGET ? r.pair->nextra : 0);
	r.entries = arena_alloc(g->arena, g->n * sizeof(*r.entries));
	r.rows = *rows = arena_alloc(g->arena, g->n * sizeof(*r.rows));
	keys = arena_alloc(g->arena, g->n * r.pair->nkeys * sizeof(*keys));
	for (size_t i = 0; i < g->n; i++) {
		const struct change *c = g->changes[i];
		const struct cell *own = side == SOURCE ? c->source : c->target;
		const struct cell *other =
		    side == SOURCE ? c->target : c->source;

		if (own == NULL)
			own = other;
		add_entry(&r, i, own);
		n += convert_key(g, plan->db[side], r.pair, side, own,
		    &keys[n * r.pair->nkeys]);
	}
	st = fetch(&r, plan->db[side], side, keys, n, err);
	buf_free(&r.key);
	return st;
}

static bool
agrees(const struct pair_column *pc, const struct cell *source,
    const struct cell *now)
{
	enum verdict v = value_compare(&pc->type, &pc->limit, source, now);

	return v == VERDICT_EQUAL || v == VERDICT_EQUAL_AT_TARGET;
}

/*
 * A column that was not written is as it was, or became what the source has.
 * One that was is equal to the source's, or at least to what was sent.
 */
static enum status
column_is_done(struct group *g, const struct change *c, size_t i,
    const struct cell *now, bool *done, struct err *err)
{
	const struct pair_column *pc = &c->pair->cols[i];
	struct cell sent;
	enum status st;

	*done = true;
	if (agrees(pc, &c->source[i], now))
		return TU_OK;
	if (c->op == CHANGE_UPDATE && !stmt_writes(c, i)) {
		*done = cell_same(&c->target[i], now);
		return TU_OK;
	}
	st = stmt_new_cell(&g->stmt, c, i, g->arena, &sent, err);
	*done = st == TU_OK && cell_same(&sent, now);
	return st;
}

enum status
group_is_done(struct group *g, const struct change *c, const struct cell *cells,
    bool *done, size_t *column, struct err *err)
{
	const struct pair *pair = c->pair;
	enum status st = TU_OK;

	*column = pair->ncols;
	*done = (c->op == CHANGE_DELETE) == (cells == NULL);
	if (!*done || cells == NULL)
		return TU_OK;
	for (size_t i = 0; i < pair->ncols && st == TU_OK && *done; i++) {
		if (pair->cols[i].col[TARGET]->generated)
			continue;
		st = column_is_done(g, c, i, &cells[i], done, err);
		if (!*done)
			*column = i;
	}
	return st;
}
