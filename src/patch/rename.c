#include <config.h>

#include "patch/rename.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "db/dialect.h"
#include "diff/merge.h"
#include "patch/stmt.h"
#include "value/key.h"

#define LOOKUPS 100 /* keys of one query */

/* An insert that meets a row of the target. */
struct meeting {
	struct spool_place inserted, deleted;
	const char *key; /* the row's, encoded */
	size_t len;
	bool joined;
};

/* One table. */
struct renames {
	const struct plan *plan;
	struct spool *spool;
	size_t table;
	const struct pair *pair;
	struct arena *arena;
	struct arena *batch; /* of one query */
	struct stmt stmt;    /* converts keys */
	struct buf sql, key, value;
	struct spool_place asked[LOOKUPS];
	struct buf own[LOOKUPS]; /* their keys, encoded */
	size_t nasked;
	struct buf meetings; /* struct meeting */
};

static struct meeting *
meetings(const struct renames *r, size_t *n)
{
	*n = r->meetings.len / sizeof(struct meeting);
	return (struct meeting *)r->meetings.data;
}

static void
encode_key(struct buf *out, const struct pair *pair, const struct cell *cells)
{
	buf_reset(out);
	for (size_t i = 0; i < pair->nkeys; i++)
		key_encode(out, &pair->cols[i].type, &cells[i]);
}

/* --- asking the target ---------------------------------------------------- */

static enum status
take_row(struct renames *r, const struct row *row, struct err *err)
{
	struct meeting m = { .joined = false };
	unsigned long i = strtoul(
	    arena_memdup(r->batch, row->cells[0].u.p, row->cells[0].len), NULL,
	    10);

	if (i >= r->nasked)
		return err_set(err, TU_EBUG, "a key that nobody asked for");
	encode_key(&r->key, r->pair, row->cells + 1);
	if (r->key.len == r->own[i].len &&
	    memcmp(r->key.data, r->own[i].data, r->key.len) == 0)
		return TU_OK;
	m.inserted = r->asked[i];
	m.key = arena_memdup(r->arena, r->key.data, r->key.len);
	m.len = r->key.len;
	buf_add(&r->meetings, &m, sizeof(m));
	return TU_OK;
}

static enum status
ask(struct renames *r, struct err *err)
{
	struct db *db = r->plan->db[TARGET];
	size_t n = r->pair->nkeys + 1;
	const struct column **columns = calloc(n, sizeof(*columns));
	struct db_scan scan = {
		.sql = buf_str(&r->sql), .columns = columns, .ncolumns = n
	};
	struct cursor *cur = NULL;
	const struct row *row;
	enum status st;

	if (columns == NULL)
		out_of_memory(n * sizeof(*columns));
	columns[0] = &db_text_column;
	for (size_t i = 1; i < n; i++)
		columns[i] = r->pair->cols[i - 1].col[TARGET];
	st = db_scan(db, &scan, &cur, err);
	while (st == TU_OK) {
		st = db_next(cur, &row, err);
		if (st || row == NULL)
			break;
		st = take_row(r, row, err);
	}
	db_cursor_close(cur);
	free(columns);
	buf_reset(&r->sql);
	arena_reset(r->batch);
	r->nasked = 0;
	return st;
}

static void
add_select(struct renames *r)
{
	const struct dialect *d = r->stmt.dialect;

	buf_addf(&r->sql, "%sSELECT '%zu'", r->nasked > 0 ? " UNION ALL " : "",
	    r->nasked);
	for (size_t i = 0; i < r->pair->nkeys; i++) {
		buf_adds(&r->sql, ", ");
		d->select_expr(&r->sql, r->pair->cols[i].col[TARGET]);
	}
	buf_addf(&r->sql, " FROM %s WHERE ", r->pair->table[TARGET]->from);
}

/* Nothing is asked for a key whose every part '=' tells apart. */
static enum status
add_lookup(struct renames *r, const struct change *c, struct spool_place place,
    struct err *err)
{
	const struct dialect *d = r->stmt.dialect;
	size_t before = r->sql.len;
	bool loose = false;

	add_select(r);
	for (size_t i = 0; i < r->pair->nkeys; i++) {
		const struct column *col = r->pair->cols[i].col[TARGET];
		struct cell cell;
		enum status st;

		st = stmt_new_cell(&r->stmt, c, i, r->batch, &cell, err);
		if (st)
			return st;
		buf_reset(&r->value);
		d->literal(&r->value, col, &cell);
		buf_adds(&r->sql, i > 0 ? " AND " : "");
		d->ident(&r->sql, col->name);
		buf_addf(&r->sql, " = %s", buf_str(&r->value));
		loose |= !d->equal_exact(col, r->value.data);
	}
	if (!loose) {
		r->sql.len = before;
		return TU_OK;
	}
	encode_key(&r->own[r->nasked], r->pair, c->source);
	r->asked[r->nasked++] = place;
	return r->nasked == LOOKUPS ? ask(r, err) : TU_OK;
}

static enum status
look_up_inserts(struct renames *r, struct err *err)
{
	struct spool_reader *reader;
	const struct change *c;
	enum status st = spool_read(
	    r->spool, r->table, CHANGE_INSERT, SPOOL_BY_KEY, &reader, err);

	while (st == TU_OK) {
		st = spool_next(reader, &c, err);
		if (st || c == NULL)
			break;
		st = add_lookup(r, c, spool_where(reader), err);
	}
	spool_reader_close(reader);
	return st == TU_OK && r->nasked > 0 ? ask(r, err) : st;
}

/* --- the rows they meet --------------------------------------------------- */

static int
compare_meetings(const void *a, const void *b)
{
	const struct meeting *x = a, *y = b;

	return key_cmp(x->key, x->len, y->key, y->len);
}

/* Of two inserts that meet one row, one can take its place. */
static void
meet(struct renames *r, const struct change *c, struct spool_place place)
{
	struct meeting want = { .joined = false }, *m;
	size_t n;
	struct meeting *all = meetings(r, &n);

	encode_key(&r->key, r->pair, c->target);
	want.key = r->key.data;
	want.len = r->key.len;
	m = bsearch(&want, all, n, sizeof(*m), compare_meetings);
	if (m == NULL)
		return;
	m->joined = true;
	m->deleted = place;
}

static enum status
look_at_deletes(struct renames *r, struct err *err)
{
	struct spool_reader *reader;
	const struct change *c;
	size_t n;
	struct meeting *all = meetings(r, &n);
	enum status st;

	if (n == 0)
		return TU_OK;
	qsort(all, n, sizeof(*all), compare_meetings);
	st = spool_read(
	    r->spool, r->table, CHANGE_DELETE, SPOOL_BY_KEY, &reader, err);
	while (st == TU_OK) {
		st = spool_next(reader, &c, err);
		if (st || c == NULL)
			break;
		meet(r, c, spool_where(reader));
	}
	spool_reader_close(reader);
	return st;
}

/* --- joining -------------------------------------------------------------- */

static enum status
tell_update(struct renames *r, const struct change *inserted,
    const struct change *deleted, struct err *err)
{
	struct change_sink *sink = spool_sink(r->spool);
	struct change update = *inserted;
	enum verdict *verdicts =
	    calloc(r->pair->ncols, sizeof(*update.verdicts));
	const char **why = calloc(r->pair->ncols, sizeof(*why));
	enum status st;

	if (verdicts == NULL || why == NULL)
		out_of_memory(r->pair->ncols * sizeof(*why));
	merge_compare_rows(r->plan, r->pair, inserted->source, deleted->target,
	    &r->key, verdicts, why);
	update.op = CHANGE_UPDATE;
	update.target = deleted->target;
	update.verdicts = verdicts;
	update.why = why;
	st = sink->change(sink, &update, err);
	free(verdicts);
	free(why);
	return st;
}

static enum status
tell_updates(struct renames *r, const struct spool_place *inserted,
    const struct spool_place *deleted, size_t n, struct err *err)
{
	struct spool_reader *in =
	    spool_read_places(r->spool, r->table, CHANGE_INSERT, inserted, n);
	struct spool_reader *out =
	    spool_read_places(r->spool, r->table, CHANGE_DELETE, deleted, n);
	enum status st = TU_OK;

	spool_resume(r->spool, r->table);
	for (size_t i = 0; i < n && st == TU_OK; i++) {
		const struct change *a = NULL, *b = NULL;

		st = spool_next(in, &a, err);
		if (st == TU_OK)
			st = spool_next(out, &b, err);
		if (st == TU_OK)
			st = tell_update(r, a, b, err);
	}
	spool_reader_close(in);
	spool_reader_close(out);
	if (st == TU_OK)
		st = spool_sink(r->spool)->end(
		    spool_sink(r->spool), r->pair, NULL, err);
	return st;
}

static enum status
join(struct renames *r, struct err *err)
{
	size_t n, joined = 0;
	struct meeting *all = meetings(r, &n);
	struct spool_place *inserted, *deleted;
	enum status st;

	if (n == 0)
		return TU_OK;
	inserted = arena_alloc(r->arena, n * sizeof(*inserted));
	deleted = arena_alloc(r->arena, n * sizeof(*deleted));
	for (size_t i = 0; i < n; i++)
		if (all[i].joined) {
			inserted[joined] = all[i].inserted;
			deleted[joined++] = all[i].deleted;
		}
	st = tell_updates(r, inserted, deleted, joined, err);
	if (st)
		return st;
	spool_leave_out(r->spool, r->table, CHANGE_INSERT, inserted, joined);
	spool_leave_out(r->spool, r->table, CHANGE_DELETE, deleted, joined);
	return TU_OK;
}

/* -------------------------------------------------------------------------- */

static bool
has_text_key(const struct pair *pair)
{
	for (size_t i = 0; i < pair->nkeys; i++) {
		enum ltype t = pair->cols[i].col[TARGET]->ltype;

		if (t == LT_TEXT || t == LT_CHAR || t == LT_ANY)
			return true;
	}
	return false;
}

static enum status
find_in_table(struct renames *r, struct err *err)
{
	enum status st;

	st = look_up_inserts(r, err);
	if (st == TU_OK)
		st = look_at_deletes(r, err);
	if (st == TU_OK)
		st = join(r, err);
	return st ? err_context(err, "table '%s'", r->pair->name) : TU_OK;
}

enum status
rename_find(struct spool *spool, const struct plan *plan, struct err *err)
{
	enum status st = TU_OK;

	for (size_t i = 0; i < spool_ntables(spool) && st == TU_OK; i++) {
		const struct spool_table *t = spool_table(spool, i);
		struct renames r = { .plan = plan,
			.spool = spool,
			.table = i,
			.pair = t->pair };

		if (t->pair->multiset || t->count[CHANGE_INSERT] == 0 ||
		    t->count[CHANGE_DELETE] == 0 || !has_text_key(t->pair))
			continue;
		r.arena = arena_new(16384);
		r.batch = arena_new(16384);
		stmt_init(
		    &r.stmt, plan->db[TARGET]->dialect, STMT_FORWARD, NULL);
		st = find_in_table(&r, err);
		stmt_release(&r.stmt);
		for (size_t k = 0; k < LOOKUPS; k++)
			buf_free(&r.own[k]);
		buf_free(&r.sql);
		buf_free(&r.key);
		buf_free(&r.value);
		buf_free(&r.meetings);
		arena_free(r.batch);
		arena_free(r.arena);
	}
	return st;
}
