#include <config.h>

#include "track/install.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "diff/names.h"
#include "track/ask.h"
#include "track/routes.h"

/* --- statements ----------------------------------------------------------- */

static enum status
run(struct installer *in, struct buf *sql, struct err *err)
{
	if (!in->dry_run)
		return db_exec(in->db, buf_str(sql), NULL, err);
	buf_add(&in->script, sql->data, sql->len);
	return TU_OK;
}

/* One session of ours at a time makes or removes. */
static enum status
take_lock(struct installer *in, struct err *err)
{
	const char *lock = in->db->dialect->apply_lock;
	int64_t got;

	if (in->dry_run || lock == NULL)
		return TU_OK;
	if (ask_int(in->db, lock, &got, err))
		return err->status;
	if (got == 1)
		return TU_OK;
	return err_set(err, TU_ECONFLICT,
	    "%s: another trueup is writing to this database", in->db->side);
}

enum status
install_begin(struct installer *in, struct err *err)
{
	const struct track_sql *track = in->db->dialect->track;
	struct texts rows;
	enum status st = captures_possible(in->db, err);

	in->next = 1;
	if (st == TU_OK)
		st = take_lock(in, err);
	if (st == TU_OK)
		st = in->db->drv->list(in->db, in->arena, &in->list, err);
	if (st == TU_OK)
		st = captures_load(in->db, in->arena, &in->captures, err);
	in->there = in->captures.install_id != NULL;
	if (st || !in->there)
		return st;
	st = ask_texts(in->db, in->arena,
	    arena_printf(
		in->arena, "SELECT v FROM %s WHERE k = 'next'", track->meta),
	    1, &rows, err);
	if (st == TU_OK && rows.n == 1)
		in->next = atoll(texts_get(&rows, 0, 0));
	return st;
}

void
install_end(struct installer *in)
{
	buf_free(&in->script);
}

enum status
install_allowed(struct installer *in, struct err *err)
{
	const char *sql = in->db->dialect->track->refusals;
	struct texts rows;
	enum status st;

	if (sql == NULL)
		return TU_OK;
	st = ask_texts(in->db, in->arena, sql, 1, &rows, err);
	if (st || rows.n == 0)
		return st;
	return err_set(
	    err, TU_ESCHEMA, "%s: %s", in->db->side, texts_get(&rows, 0, 0));
}

/* --- the key -------------------------------------------------------------- */

static enum status
key_by_option(struct installer *in, const struct table *t, const char *list,
    struct tracked *out, struct err *err)
{
	const char *const *names = list_split(in->arena, list);
	const struct column **keys =
	    arena_alloc(in->arena, (list_len(names) + 1) * sizeof(*keys));

	for (size_t i = 0; names[i] != NULL; i++) {
		int at = table_find_column(t, names[i]);

		if (at < 0)
			return err_set(err, TU_EUSAGE,
			    "--key: table '%s' has no column '%s'", t->name,
			    names[i]);
		keys[out->nkeys++] = &t->columns[at];
	}
	out->keys = keys;
	return TU_OK;
}

/* The primary key, else the shortest unique one without NULL. */
static const struct index_key *
best_key(const struct table *t)
{
	const struct index_key *best = NULL;

	for (size_t i = 0; i < t->nkeys; i++) {
		const struct index_key *k = &t->keys[i];

		if (k->primary)
			return k;
		if (k->notnull && (best == NULL || k->ncols < best->ncols))
			best = k;
	}
	return best;
}

static enum status
choose_key(struct installer *in, struct tracked *t, struct err *err)
{
	const struct table *table = t->table;
	const struct index_key *best = best_key(table);
	const struct column **keys;
	const char *rest;

	for (size_t i = 0; in->keys != NULL && in->keys[i] != NULL; i++)
		if (name_for_table(in->keys[i], ':', table, in->arena, &rest))
			return key_by_option(in, table, rest, t, err);
	if (best == NULL)
		return err_set(err, TU_ESCHEMA, "it has no key");
	keys = arena_alloc(in->arena, best->ncols * sizeof(*keys));
	for (size_t i = 0; i < best->ncols; i++)
		keys[i] = &table->columns[best->cols[i]];
	t->keys = keys;
	t->nkeys = best->ncols;
	return TU_OK;
}

/* Names are kept a line each, and a key with NULL names no row. */
static enum status
check_key(struct installer *in, const struct tracked *t, struct err *err)
{
	enum status st = TU_OK;
	bool has = false;

	for (size_t i = 0; i < t->nkeys && st == TU_OK; i++) {
		if (strpbrk(t->keys[i]->name, "\n\t") != NULL)
			return err_set(err, TU_ESCHEMA,
			    "the name of a key column has a line break in it");
		if (!t->keys[i]->notnull)
			st = db_has_null(
			    in->db, t->table, t->keys[i], &has, err);
		if (st == TU_OK && has)
			return err_set(err, TU_ESCHEMA,
			    "its key column '%s' is NULL in some row",
			    t->keys[i]->name);
	}
	return st;
}

/* --- install -------------------------------------------------------------- */

static enum status
remove_objects(struct installer *in, int64_t tab, struct err *err)
{
	const struct track_sql *track = in->db->dialect->track;
	struct texts triggers = { 0 };
	struct buf sql = BUF_INIT;
	enum status st = TU_OK;

	if (track->triggers != NULL) {
		track->triggers(&sql, tab);
		st = ask_texts(
		    in->db, in->arena, buf_str(&sql), 1, &triggers, err);
		buf_reset(&sql);
	}
	track->remove(&sql, tab, triggers.values, triggers.n);
	buf_addf(&sql, "DELETE FROM %s WHERE tab = %" PRId64 ";\n",
	    track->consumer, tab);
	buf_addf(&sql, "DELETE FROM %s WHERE tab = %" PRId64 ";\n",
	    track->captured, tab);
	if (st == TU_OK)
		st = run(in, &sql, err);
	buf_free(&sql);
	return st;
}

/*
 * Its row comes first, and says that nobody knows yet how it is: what an
 * install leaves that did not come to its end, or one by our script, the next
 * install finds and removes.
 */
static void
add_row(struct buf *sql, const struct dialect *d, const struct capture *c)
{
	struct buf keys = BUF_INIT;

	for (size_t i = 0; i < c->t.nkeys; i++)
		buf_addf(&keys, "%s%s", i > 0 ? "\n" : "", c->t.keys[i]->name);
	buf_addf(sql,
	    "INSERT INTO %s (tab, tschema, tname, key_columns, state) VALUES "
	    "(%" PRId64 ", ",
	    d->track->captured, c->t.tab);
	if (c->name.schema != NULL)
		track_text(sql, d, c->name.schema);
	else
		buf_adds(sql, "NULL");
	buf_adds(sql, ", ");
	track_text(sql, d, c->name.name);
	buf_adds(sql, ", ");
	track_text(sql, d, buf_str(&keys));
	buf_adds(sql, ", '');\n");
	buf_free(&keys);
}

/* What it is to look like from now on. */
static enum status
note_state(struct installer *in, const struct capture *c, struct err *err)
{
	const struct dialect *d = in->db->dialect;
	const char *state, *shape;
	struct buf sql = BUF_INIT;
	enum status st =
	    capture_state(in->db, in->arena, &c->t, &state, &shape, err);

	if (st)
		return st;
	buf_addf(&sql, "UPDATE %s SET state = ", d->track->captured);
	track_text(&sql, d, state);
	buf_addf(&sql, " WHERE tab = %" PRId64, c->t.tab);
	st = db_exec(in->db, buf_str(&sql), NULL, err);
	buf_free(&sql);
	return st;
}

static enum status
make(struct installer *in, const struct capture *c, struct err *err)
{
	const struct track_sql *track = in->db->dialect->track;
	struct buf sql = BUF_INIT;
	enum status st;

	if (!in->there)
		buf_adds(&sql, track->setup);
	buf_addf(&sql, "UPDATE %s SET v = '%" PRId64 "' WHERE k = 'next';\n",
	    track->meta, c->t.tab + 1);
	add_row(&sql, in->db->dialect, c);
	track->install(&sql, &c->t);
	st = run(in, &sql, err);
	buf_free(&sql);
	return st == TU_OK && !in->dry_run ? note_state(in, c, err) : st;
}

static enum status
begin(struct installer *in, struct err *err)
{
	struct buf sql = BUF_INIT;
	enum status st;

	in->db->dialect->track->begin(&sql, in->lock_ms);
	st = run(in, &sql, err);
	buf_free(&sql);
	return st;
}

/* What stays in the schema is not ours. */
static enum status
teardown(struct installer *in, struct err *err)
{
	const struct track_sql *track = in->db->dialect->track;
	struct buf sql = BUF_INIT;
	struct err rest = ERR_INIT;
	enum status st;

	buf_adds(&sql, track->teardown);
	st = run(in, &sql, err);
	buf_free(&sql);
	if (st || track->teardown_rest == NULL)
		return st;
	buf_addf(&sql, "%s;\n", track->teardown_rest);
	if (run(in, &sql, &rest))
		log_line(LOG_WARN, "%s", rest.msg);
	buf_free(&sql);
	return TU_OK;
}

/* After a failure nothing is left of the table; nor of what all need, if it is
 * the first. */
static enum status
finish(struct installer *in, int64_t made, enum status st, struct err *err)
{
	const struct track_sql *track = in->db->dialect->track;
	struct err ignored = ERR_INIT;
	struct buf sql = BUF_INIT;

	if (st == TU_OK && track->commit[0] != '\0') {
		buf_adds(&sql, track->commit);
		st = run(in, &sql, err);
		buf_free(&sql);
	}
	if (st == TU_OK || in->dry_run)
		return st;
	if (track->atomic) {
		db_exec(in->db, "ROLLBACK", NULL, &ignored);
	} else if (made > 0) {
		remove_objects(in, made, &ignored);
		if (!in->there)
			teardown(in, &ignored);
	}
	if (strcmp(err->sqlstate, "55P03") == 0)
		err_hint(err, "a transaction is using the table; try again, or "
			      "wait longer with --lock-timeout");
	return st;
}

static enum status
find_warnings(struct installer *in, struct installed *out, struct err *err)
{
	struct buf sql = BUF_INIT;
	struct texts rows;
	enum status st;

	in->db->dialect->track->warnings(&sql, &out->capture->t);
	st = ask_texts(in->db, in->arena, buf_str(&sql), 1, &rows, err);
	out->nwarnings = rows.n;
	out->warnings = rows.values;
	buf_free(&sql);
	return st;
}

static bool
same_key(const struct capture *c, const struct tracked *t)
{
	if (c->t.nkeys != t->nkeys)
		return false;
	for (size_t i = 0; i < t->nkeys; i++)
		if (strcmp(c->keys[i], t->keys[i]->name) != 0)
			return false;
	return true;
}

/* Is it there, and as it should be? */
static enum status
look_at_old(struct installer *in, const struct tracked *t, struct capture *old,
    struct installed *out, struct err *err)
{
	enum status st = capture_check(
	    in->db, in->arena, &in->list, old, NULL, &out->why, err);

	if (st == TU_OK && out->why == NULL && !same_key(old, t))
		out->why = "the key is another";
	out->done = out->why == NULL ? INSTALL_KEPT : INSTALL_AGAIN;
	return st;
}

static enum status
check_table(const struct table *t, struct err *err)
{
	if (t->kind == REL_TABLE || t->kind == REL_PARTITIONED)
		return TU_OK;
	return err_set(err, TU_ESCHEMA,
	    "it is a %s: no trigger sees all that changes it",
	    relkind_name(t->kind));
}

/* What is to be made: table, key, references that go around triggers. */
static enum status
prepare(
    struct installer *in, struct table *t, struct capture *new, struct err *err)
{
	enum status st = check_table(t, err);

	new->name = (struct table){ .schema = t->schema, .name = t->name };
	new->t.table = t;
	if (st == TU_OK)
		st = in->db->drv->describe(in->db, in->arena, t, err);
	if (st == TU_OK)
		st = choose_key(in, &new->t, err);
	if (st == TU_OK)
		st = check_key(in, &new->t, err);
	if (st == TU_OK)
		st = routes_find(in->db, in->arena, &new->t, err);
	return st;
}

/* Has somebody a table of that name already? Its changes may be of an install
 * that nobody knows of any more. */
static bool
is_taken(const struct installer *in, int64_t tab)
{
	char name[32];
	int len = snprintf(name, sizeof(name), "change_%" PRId64, tab);

	for (size_t i = 0; i < in->list.n; i++) {
		const struct table *t = &in->list.tables[i];
		size_t n = strlen(t->name);

		if (track_is_ours(in->db->dialect, t) && n >= (size_t)len &&
		    strcmp(t->name + n - (size_t)len, name) == 0)
			return true;
	}
	return false;
}

enum status
install_table(struct installer *in, struct table *t, struct installed *out,
    struct err *err)
{
	struct capture *new = arena_alloc(in->arena, sizeof(*new));
	struct capture *old = captures_find(&in->captures, t);
	enum status st = prepare(in, t, new, err);

	*out = (struct installed){ .done = INSTALL_NEW, .capture = new };
	if (st == TU_OK && old != NULL)
		st = look_at_old(in, &new->t, old, out, err);
	if (st == TU_OK)
		st = find_warnings(in, out, err);
	if (st == TU_OK && out->done != INSTALL_KEPT) {
		while (is_taken(in, in->next))
			in->next++;
		new->t.tab = in->next;
		st = begin(in, err);
		if (st == TU_OK && out->done == INSTALL_AGAIN)
			st = remove_objects(in, old->t.tab, err);
		if (st == TU_OK)
			st = make(in, new, err);
		st = finish(in, new->t.tab, st, err);
	}
	if (st)
		return err_context(
		    err, "table '%s'", name_qualified(in->arena, t));
	if (out->done != INSTALL_KEPT) {
		in->next++;
		in->there = true;
	}
	return TU_OK;
}

/* --- remove and clean ----------------------------------------------------- */

enum status
install_remove(struct installer *in, const struct capture *c, struct err *err)
{
	enum status st = begin(in, err);

	if (st == TU_OK)
		st = remove_objects(in, c->t.tab, err);
	st = finish(in, 0, st, err);
	if (st == TU_OK && --in->captures.n == 0)
		st = teardown(in, err);
	return st ? err_context(
			err, "table '%s'", name_qualified(in->arena, &c->name))
	          : TU_OK;
}

enum status
install_clean(struct installer *in, const struct capture *c, uint64_t keep,
    uint64_t *deleted, struct err *err)
{
	const struct track_sql *track = in->db->dialect->track;
	struct buf sql = BUF_INIT;
	enum status st = begin(in, err);

	/* A reader that comes between the two starts anew, for nothing. */
	track->raise(&sql, c->t.tab, keep);
	if (st == TU_OK)
		st = db_exec(in->db, buf_str(&sql), NULL, err);
	buf_reset(&sql);
	track->prune(&sql, c->t.tab);
	if (st == TU_OK)
		st = db_exec(in->db, buf_str(&sql), deleted, err);
	buf_free(&sql);
	st = finish(in, 0, st, err);
	return st ? err_context(
			err, "table '%s'", name_qualified(in->arena, &c->name))
	          : TU_OK;
}
