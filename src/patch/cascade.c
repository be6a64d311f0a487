#include <config.h>

#include "patch/cascade.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"

/* One foreign key, as SQL. */
struct cascade {
	const char *child, *columns, *parent_columns, *meet;
	const char *on_delete, *on_update; /* or "" */
	bool self; /* the child is the parent's own table */
};

void
cascades_init(struct cascades *c, const struct dialect *d)
{
	*c = (struct cascades){ .arena = arena_new(4096) };
	stmt_init(&c->stmt, d, STMT_FORWARD, NULL);
}

void
cascades_release(struct cascades *c)
{
	stmt_release(&c->stmt);
	arena_free(c->arena);
}

static const char *
keep(struct cascades *c, const struct cell *cell)
{
	char *s = arena_alloc(c->arena, cell->len + 1);

	memcpy(s, cell->u.p, cell->len);
	return s;
}

/* The foreign keys that refer to the pair's table. */
static enum status
load(struct cascades *c, const struct pair *pair, struct db *target,
    struct err *err)
{
	static const struct column *const columns[] = { &db_text_column,
		&db_text_column, &db_text_column, &db_text_column,
		&db_text_column, &db_text_column, &db_text_column };
	struct db_scan scan = { .columns = columns,
		.ncolumns = ARRAY_LEN(columns) };
	struct buf sql = BUF_INIT, all = BUF_INIT;
	const struct row *row = NULL;
	struct cursor *cur;
	enum status st;

	arena_reset(c->arena);
	target->dialect->cascades(&sql, pair->table[TARGET]);
	scan.sql = buf_str(&sql);
	st = db_scan(target, &scan, &cur, err);
	while (st == TU_OK) {
		struct cascade one;

		st = db_next(cur, &row, err);
		if (st || row == NULL)
			break;
		one.child = keep(c, &row->cells[0]);
		one.columns = keep(c, &row->cells[1]);
		one.parent_columns = keep(c, &row->cells[2]);
		one.meet = keep(c, &row->cells[3]);
		one.on_delete = keep(c, &row->cells[4]);
		one.on_update = keep(c, &row->cells[5]);
		one.self = row->cells[6].len > 0;
		buf_add(&all, &one, sizeof(one));
	}
	db_cursor_close(cur);
	c->pair = st == TU_OK ? pair : NULL;
	c->n = all.len / sizeof(struct cascade);
	c->all = arena_memdup(c->arena, all.data, all.len);
	buf_free(&all);
	buf_free(&sql);
	return st;
}

/* "k IN (...)" of the rows that go. */
static enum status
add_keys(struct cascades *c, struct buf *sql, const struct group *g,
    struct arena *arena, struct err *err)
{
	const struct pair *pair = c->pair;
	const struct column **cols =
	    arena_alloc(arena, pair->nkeys * sizeof(*cols));
	struct cell *keys =
	    arena_alloc(arena, g->n * pair->nkeys * sizeof(*keys));

	for (size_t i = 0; i < pair->nkeys; i++)
		cols[i] = pair->cols[i].col[TARGET];
	for (size_t i = 0; i < g->n; i++) {
		enum status st = stmt_key(&c->stmt, g->changes[i], arena,
		    &keys[i * pair->nkeys], err);

		if (st)
			return st;
	}
	c->stmt.dialect->keys_cond(sql, cols, pair->nkeys, keys, g->n);
	return TU_OK;
}

/*
 * Rows that go themselves do not count: they may refer to each other. A join,
 * not IN: only so do both sides meet as the constraint has them meet, by the
 * parent's collation.
 */
static void
select_others(struct buf *sql, const struct cascades *c,
    const struct cascade *one, struct buf *keys)
{
	buf_reset(sql);
	buf_addf(sql,
	    "SELECT count(*) FROM (SELECT %s FROM %s WHERE %s) trueup_p "
	    "JOIN (SELECT %s FROM %s",
	    one->parent_columns, c->pair->table[TARGET]->from, buf_str(keys),
	    one->columns, one->child);
	if (one->self)
		buf_addf(sql, " WHERE NOT (%s)", buf_str(keys));
	buf_addf(sql, ") trueup_c ON %s", one->meet);
}

static enum status
refuse(const struct cascades *c, const struct cascade *one, bool deletes,
    int64_t n, struct err *err)
{
	err_set(err, TU_ECONFLICT,
	    "table '%s': ON %s %s would change %" PRId64
	    " row%s of %s with rows that are to be %s",
	    c->pair->name, deletes ? "DELETE" : "UPDATE",
	    deletes ? one->on_delete : one->on_update, n, n == 1 ? "" : "s",
	    one->child, deletes ? "deleted" : "updated");
	return err_hint(err,
	    "compare %s as well, so that the result shows what happens to its "
	    "rows; if that is not enough, change those rows first",
	    one->child);
}

static bool
sets_key(const struct change *c)
{
	for (size_t i = 0; i < c->pair->nkeys; i++)
		if (stmt_sets(c, i))
			return true;
	return false;
}

/* Does the statement do what the foreign key waits for? */
static bool
fires(const struct cascades *c, const struct cascade *one,
    const struct change *change, bool deletes)
{
	struct buf name = BUF_INIT;
	bool found = false;

	if (deletes)
		return one->on_delete[0] != '\0';
	if (one->on_update[0] == '\0' || sets_key(change))
		return false;
	for (size_t i = 0; i < c->pair->ncols && !found; i++) {
		if (!stmt_sets(change, i))
			continue;
		buf_reset(&name);
		c->stmt.dialect->ident(
		    &name, c->pair->cols[i].col[TARGET]->name);
		found = strstr(one->parent_columns, buf_str(&name)) != NULL;
	}
	buf_free(&name);
	return found;
}

static enum status
count_others(struct cascades *c, const struct cascade *one, bool deletes,
    struct buf *keys, struct arena *arena, struct db *target, struct err *err)
{
	struct buf sql = BUF_INIT;
	struct cell n;
	bool found;
	enum status st;

	select_others(&sql, c, one, keys);
	st = db_one(
	    target, buf_str(&sql), &db_int_column, arena, &n, &found, err);
	buf_free(&sql);
	if (st)
		return err_context(err,
		    "table '%s', whether it has rows that refer to others",
		    one->child);
	return found && n.u.i > 0 ? refuse(c, one, deletes, n.u.i, err) : TU_OK;
}

enum status
cascades_check(struct cascades *c, const struct group *group, struct db *target,
    struct err *err)
{
	const struct change *first = group->changes[0];
	enum change_op op = stmt_op(first, STMT_FORWARD);
	bool deletes = op == CHANGE_DELETE;
	struct buf keys = BUF_INIT;
	struct arena *arena;
	enum status st = TU_OK;

	if (target->dialect->cascades == NULL || op == CHANGE_INSERT ||
	    first->pair->multiset)
		return TU_OK;
	if (c->pair != first->pair)
		st = load(c, first->pair, target, err);
	if (st || c->n == 0)
		return st;
	arena = arena_new(4096);
	for (size_t i = 0; i < c->n && st == TU_OK; i++) {
		const struct cascade *one = &c->all[i];

		if (!fires(c, one, first, deletes))
			continue;
		if (keys.len == 0)
			st = add_keys(c, &keys, group, arena, err);
		if (st == TU_OK)
			st = count_others(
			    c, one, deletes, &keys, arena, target, err);
	}
	arena_free(arena);
	buf_free(&keys);
	return st;
}
