#include <config.h>

#include "patch/cascade.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"

/* One foreign key, as SQL. */
struct cascade {
	const char *child, *columns, *parent_columns, *action;
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
		&db_text_column };
	struct db_scan scan = { .columns = columns, .ncolumns = 5 };
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
		one.action = keep(c, &row->cells[3]);
		one.self = row->cells[4].len > 0;
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

/* Rows that go themselves do not count: they may refer to each other. */
static void
select_others(struct buf *sql, const struct cascades *c,
    const struct cascade *one, struct buf *keys)
{
	const struct table *t = c->pair->table[TARGET];
	bool several = strstr(one->columns, ", ") != NULL;

	buf_reset(sql);
	buf_addf(sql,
	    "SELECT count(*) FROM %s WHERE %s%s%s IN (SELECT %s FROM %s "
	    "WHERE %s)",
	    one->child, several ? "(" : "", one->columns, several ? ")" : "",
	    one->parent_columns, t->from, buf_str(keys));
	if (one->self)
		buf_addf(sql, " AND NOT (%s)", buf_str(keys));
}

static enum status
refuse(const struct cascades *c, const struct cascade *one, int64_t n,
    struct err *err)
{
	err_set(err, TU_ECONFLICT,
	    "table '%s': ON DELETE %s would change %" PRId64
	    " row%s of %s with rows that are to be deleted",
	    c->pair->name, one->action, n, n == 1 ? "" : "s", one->child);
	return err_hint(err,
	    "compare %s as well, so that the result shows what happens to its "
	    "rows",
	    one->child);
}

enum status
cascades_check(struct cascades *c, const struct group *deletes,
    struct db *target, struct err *err)
{
	struct buf keys = BUF_INIT, sql = BUF_INIT;
	struct arena *arena;
	enum status st = TU_OK;

	if (target->dialect->cascades == NULL || deletes->n == 0 ||
	    deletes->changes[0]->pair->multiset)
		return TU_OK;
	if (c->pair != deletes->changes[0]->pair)
		st = load(c, deletes->changes[0]->pair, target, err);
	arena = arena_new(4096);
	if (st == TU_OK && c->n > 0)
		st = add_keys(c, &keys, deletes, arena, err);
	for (size_t i = 0; i < c->n && st == TU_OK; i++) {
		struct cell n;
		bool found;

		select_others(&sql, c, &c->all[i], &keys);
		st = db_one(target, buf_str(&sql), &db_int_column, arena, &n,
		    &found, err);
		if (st == TU_OK && found && n.u.i > 0)
			st = refuse(c, &c->all[i], n.u.i, err);
	}
	arena_free(arena);
	buf_free(&keys);
	buf_free(&sql);
	return st;
}
