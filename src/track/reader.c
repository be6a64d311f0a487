#include <config.h>

#include "track/reader-int.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void
reading_whole(struct reading *r, const char *why)
{
	if (!r->out->whole)
		r->out->why = why;
	r->out->whole = true;
}

/* --- our own tables ------------------------------------------------------- */

static const char *
buf_text(struct arena *arena, struct buf *b)
{
	const char *s = arena_strdup(arena, buf_str(b));

	buf_free(b);
	return s;
}

void
change_source_own(struct arena *arena, const struct db *db,
    const struct captures *all, const struct capture *c,
    struct change_source *out)
{
	const struct track_sql *track = db->dialect->track;
	const char **names = arena_alloc(arena, c->t.nkeys * sizeof(*names));
	struct buf from = BUF_INIT;

	track->change(&from, c->t.tab);
	*out = (struct change_source){
		.kind = track->gaps ? READ_GAPS : READ_SNAPSHOT,
		.from = buf_text(arena, &from),
		.seq = track->gaps ? "seq" : "xid",
		.mark = track->gaps ? "at" : NULL,
		.op = "op",
		.run = "run",
		.nkeys = c->t.nkeys,
		.key = names,
		.columns = c->t.keys,
		.capture = c,
		.install_id = all->install_id,
		.gap_seconds = GAP_SECONDS,
	};
	for (size_t i = 0; i < c->t.nkeys; i++)
		names[i] = arena_printf(arena, "k%zu", i + 1);
}

/* --- scanning ------------------------------------------------------------- */

/* The columns of the key under the names that the inner SELECT gives them. */
static const struct column **
named_columns(struct reading *r)
{
	size_t n = r->src->nkeys;
	const struct column **list =
	    arena_alloc(r->arena, (n + 4) * sizeof(*list));
	struct column *copies = arena_alloc(r->arena, n * sizeof(*copies));

	for (size_t i = 0; i < n; i++) {
		copies[i] = *r->src->columns[i];
		copies[i].name = arena_printf(r->arena, "trueup_k%zu", i + 1);
		list[i] = &copies[i];
	}
	list[n] = &db_int_column;
	list[n + 1] = list[n + 2] = list[n + 3] = &db_text_column;
	return list;
}

static void
scan_sql(struct buf *sql, const struct reading *r,
    const struct column *const *columns, const char *condition, bool ordered)
{
	const struct change_source *src = r->src;
	const struct dialect *d = r->db->dialect;
	const char *text = d->track->text;

	buf_adds(sql, "SELECT ");
	for (size_t i = 0; i < src->nkeys; i++) {
		d->select_expr(sql, columns[i]);
		buf_adds(sql, ", ");
	}
	buf_addf(sql,
	    "CAST(%s AS %s), CAST(%s AS %s), CAST(%s AS %s), CAST(%s AS %s) "
	    "FROM (",
	    src->kind == READ_GAPS ? "trueup_seq" : "0", d->track->integer,
	    src->op != NULL ? "trueup_op" : "''", text,
	    src->mark != NULL ? "trueup_mark" : "''", text,
	    src->run != NULL ? "trueup_run" : "''", text);
	for (size_t i = 0; i < src->nkeys; i++)
		buf_addf(sql, "%s%s AS %s", i > 0 ? ", " : "SELECT ",
		    src->key[i], columns[i]->name);
	buf_addf(sql, ", %s AS trueup_seq", src->seq);
	if (src->op != NULL)
		buf_addf(sql, ", %s AS trueup_op", src->op);
	if (src->mark != NULL)
		buf_addf(sql, ", %s AS trueup_mark", src->mark);
	if (src->run != NULL)
		buf_addf(sql, ", %s AS trueup_run", src->run);
	buf_addf(sql, " FROM %s", src->from);
	if (src->where != NULL)
		buf_addf(sql, " WHERE (%s\n)", src->where);
	buf_addf(sql, ") trueup_q WHERE %s%s", condition,
	    ordered ? " ORDER BY trueup_seq" : "");
}

static bool
is_ours(const struct change_source *src, const struct cell *run)
{
	for (size_t i = 0; src->ours != NULL && src->ours[i] != NULL; i++)
		if (run->kind == CELL_TEXT &&
		    run->len == strlen(src->ours[i]) &&
		    memcmp(run->u.p, src->ours[i], run->len) == 0)
			return true;
	return false;
}

static void
take_key(struct reading *r, const struct cell *cells)
{
	const struct cell *op = &cells[r->src->nkeys + 1];
	bool own = is_ours(r->src, &cells[r->src->nkeys + 3]);

	r->out->rows++;
	r->out->own += own;
	if (r->keys == NULL || r->out->whole)
		return;
	if (op->kind == CELL_TEXT && op->len == 1 && *op->u.p == 'T') {
		reading_whole(r, "it was truncated, or a change could not be "
				 "written down with its key");
		return;
	}
	if (own)
		return;
	for (size_t i = 0; i < r->src->nkeys; i++)
		if (cells[i].kind == CELL_NULL) {
			reading_whole(r, "a key is NULL");
			return;
		}
	if (!keyset_add(r->keys, cells))
		reading_whole(r, "too many rows have changed");
}

enum status
reading_scan(struct reading *r, const char *condition, bool ordered,
    reading_each *each, struct err *err)
{
	const struct column **columns = named_columns(r);
	struct db_scan scan = { .columns = columns,
		.ncolumns = r->src->nkeys + 4 };
	struct buf sql = BUF_INIT;
	const struct row *row = NULL;
	struct cursor *cur;
	enum status st;

	scan_sql(&sql, r, columns, condition, ordered);
	scan.sql = buf_str(&sql);
	st = db_scan(r->db, &scan, &cur, err);
	while (st == TU_OK && !(st = db_next(cur, &row, err)) && row != NULL) {
		const struct cell *cells = row->cells;

		take_key(r, cells);
		if (each != NULL)
			each(r, cells[r->src->nkeys].u.i,
			    &cells[r->src->nkeys + 2]);
	}
	db_cursor_close(cur);
	buf_free(&sql);
	return st;
}

/* --- reading -------------------------------------------------------------- */

/* Does an old position speak of this very table, and as it is? */
static void
judge_position(struct reading *r, const char *text)
{
	const struct position *new = &r->new;

	if (text == NULL)
		reading_whole(r, "nothing was read before");
	else if (!position_read(r->arena, text, &r->old) ||
		 r->old.kind != new->kind)
		reading_whole(r, "the position is of another version or kind");
	else if (strcmp(r->old.install_id, new->install_id) != 0 ||
		 r->old.tab != new->tab)
		reading_whole(r, "its changes are written down anew");
	else if (strcmp(r->old.shape, new->shape) != 0)
		reading_whole(r, "the table was truncated, rewritten or "
				 "repartitioned, or the server is another");
	else
		r->kept = true;
}

enum status
reader_read(struct db *db, struct db *aside, struct arena *arena,
    const struct change_source *src, const char *shape, const char *position,
    struct keyset *keys, struct change_reading *out, struct err *err)
{
	struct reading r = {
		.db = db, .aside = aside, .arena = arena, .src = src, .out = out
	};
	struct buf text = BUF_INIT;
	enum status st;

	*out = (struct change_reading){ 0 };
	r.new.kind = src->kind;
	r.new.install_id = src->install_id;
	r.new.tab = src->capture != NULL ? src->capture->t.tab : 0;
	r.new.shape = shape;
	judge_position(&r, position);
	r.keys = r.kept ? keys : NULL;
	st = src->kind == READ_SNAPSHOT ? read_by_snapshot(&r, err)
	                                : read_by_gaps(&r, err);
	if (st == TU_OK) {
		position_write(&text, &r.new);
		out->position = buf_text(arena, &text);
		if (keys != NULL)
			keyset_sort(keys);
	}
	position_release(&r.old);
	position_release(&r.new);
	buf_free(&r.mark);
	return st;
}

enum status
reader_ack(struct db *db, struct arena *arena, const char *name,
    const char *position, struct err *err)
{
	struct buf sql = BUF_INIT, low = BUF_INIT;
	struct position p;
	enum status st;

	if (position_read(arena, position, &p)) {
		position_low(&low, &p);
		db->dialect->track->ack(&sql, name, p.tab, buf_str(&low));
		st = db_exec(db, buf_str(&sql), NULL, err);
	} else {
		st = err_set(err, TU_EBUG, "not a position: %s", position);
	}
	position_release(&p);
	buf_free(&low);
	buf_free(&sql);
	return st;
}
