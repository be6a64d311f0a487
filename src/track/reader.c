#include <config.h>

#include "track/reader-int.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "track/ask.h"
#include "value/digest.h"

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

/* What a scan selects: the keys under the names that the inner SELECT gives
 * them, then number, op and mark. */
struct scanned {
	size_t nkeys; /* of both keys */
	const struct column **columns;
	size_t n;
};

static struct scanned
scanned_columns(struct reading *r)
{
	size_t n = r->src->nkeys, all = r->src->key_old != NULL ? 2 * n : n;
	struct scanned s = { .nkeys = all, .n = all + 3 };
	struct column *copies = arena_alloc(r->arena, all * sizeof(*copies));

	s.columns = arena_alloc(r->arena, s.n * sizeof(*s.columns));
	for (size_t i = 0; i < all; i++) {
		copies[i] = *r->src->columns[i % n];
		copies[i].name = arena_printf(r->arena, "trueup_k%zu", i + 1);
		s.columns[i] = &copies[i];
	}
	s.columns[all] = &db_int_column;
	s.columns[all + 1] = s.columns[all + 2] = &db_text_column;
	return s;
}

static void
add_as(struct buf *sql, const char *expr, const char *name)
{
	if (expr != NULL)
		buf_addf(sql, ", %s AS %s", expr, name);
}

static void
inner_sql(struct buf *sql, const struct change_source *src)
{
	for (size_t i = 0; i < src->nkeys; i++)
		buf_addf(sql, "%s%s AS trueup_k%zu", i > 0 ? ", " : "SELECT ",
		    src->key[i], i + 1);
	for (size_t i = 0; src->key_old != NULL && i < src->nkeys; i++)
		buf_addf(sql, ", %s AS trueup_k%zu", src->key_old[i],
		    src->nkeys + i + 1);
	add_as(sql, src->seq, "trueup_seq");
	add_as(sql, src->at, "trueup_at");
	add_as(sql, src->op, "trueup_op");
	add_as(sql, src->mark, "trueup_mark");
	buf_addf(sql, " FROM %s", src->from);
	if (src->where != NULL)
		buf_addf(sql, " WHERE (%s\n)", src->where);
}

static void
scan_sql(struct buf *sql, const struct reading *r, const struct scanned *s,
    const char *condition, bool ordered)
{
	const struct change_source *src = r->src;
	const struct dialect *d = r->db->dialect;
	const char *text = d->track->text;

	buf_adds(sql, "SELECT ");
	for (size_t i = 0; i < s->nkeys; i++) {
		d->select_expr(sql, s->columns[i]);
		buf_adds(sql, ", ");
	}
	buf_addf(sql, "CAST(%s AS %s), CAST(%s AS %s), CAST(%s AS %s) FROM (",
	    src->kind == READ_GAPS ? "trueup_seq" : "0", d->track->integer,
	    src->op != NULL ? "trueup_op" : "''", text,
	    src->mark != NULL ? "trueup_mark" : "''", text);
	inner_sql(sql, src);
	buf_addf(sql, ") trueup_q WHERE %s%s", condition,
	    ordered ? " ORDER BY trueup_seq" : "");
}

static bool
has_null(const struct cell *cells, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (cells[i].kind == CELL_NULL)
			return true;
	return false;
}

/* The keys of a row; or why they are not all that it may be about. */
static const char *
take_keys(const struct change_source *src, const struct scanned *s,
    const struct cell *cells, struct keyset *keys)
{
	const struct cell *op = &cells[s->nkeys + 1], *old = cells + src->nkeys;
	bool good;

	if (op->kind == CELL_TEXT && op->len == 1 && *op->u.p == 'T')
		return "it was truncated, or a change could not be written "
		       "down with its key";
	if (has_null(cells, src->nkeys))
		return "a key is NULL";
	good = keyset_add(keys, cells);
	if (src->key_old != NULL && !has_null(old, src->nkeys))
		good = keyset_add(keys, old) && good;
	return good ? NULL : "too many rows have changed";
}

/* reading_scan() into another set, until *why is not NULL any more. */
static enum status
scan_into(struct reading *r, const char *condition, bool ordered,
    reading_each *each, struct keyset *keys, const char **why, struct err *err)
{
	struct scanned s = scanned_columns(r);
	struct db_scan scan = { .columns = s.columns, .ncolumns = s.n };
	struct buf sql = BUF_INIT;
	const struct row *row = NULL;
	struct cursor *cur;
	enum status st;

	scan_sql(&sql, r, &s, condition, ordered);
	scan.sql = buf_str(&sql);
	st = db_scan(r->db, &scan, &cur, err);
	while (st == TU_OK && !(st = db_next(cur, &row, err)) && row != NULL) {
		const struct cell *cells = row->cells;

		r->out->rows++;
		if (keys != NULL && *why == NULL)
			*why = take_keys(r->src, &s, cells, keys);
		if (each != NULL)
			each(r, cells[s.nkeys].u.i, &cells[s.nkeys + 2]);
	}
	db_cursor_close(cur);
	buf_free(&sql);
	return st;
}

enum status
reading_scan(struct reading *r, const char *condition, bool ordered,
    reading_each *each, struct err *err)
{
	const char *why = r->out->why;
	enum status st =
	    scan_into(r, condition, ordered, each, r->keys, &why, err);

	if (why != NULL)
		reading_whole(r, why);
	return st;
}

void
reading_mark(struct buf *out, const char *p, size_t n)
{
	buf_reset(out);
	for (size_t i = 0; i < n; i++)
		buf_addc(out, (unsigned char)p[i] < ' ' ? ' ' : p[i]);
	if (n == 0)
		buf_addc(out, '-');
}

/* --- what is on its way --------------------------------------------------- */

static bool
is_integer(const char *s)
{
	size_t n;

	s += *s == '-';
	n = strspn(s, "0123456789");
	return n > 0 && n < 19 && s[n] == '\0';
}

/* DataJoin keeps it as a text, by which '9' is larger than '10'. */
static enum status
read_pending(struct reading *r, struct err *err)
{
	const struct change_source *src = r->src;
	const char *text, *why = NULL;
	struct texts got;
	enum status st = ask_texts(r->db, r->arena,
	    arena_printf(r->arena, "SELECT CAST((%s\n) AS %s)", src->pointer,
		r->db->dialect->track->text),
	    1, &got, err);

	if (st)
		return err_context(err, "pointer");
	text = got.n > 0 ? texts_get(&got, 0, 0) : NULL;
	if (text == NULL || !is_integer(text))
		return err_set(err, TU_EQUERY,
		    "pointer: the query gives %s%s%s, which is no number",
		    text != NULL ? "'" : "", text != NULL ? text : "nothing",
		    text != NULL ? "'" : "");
	st = scan_into(r, arena_printf(r->arena, "trueup_seq > %s", text),
	    false, NULL, src->pending, &why, err);
	keyset_sort(src->pending);
	r->out->pending_all = why != NULL;
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
		reading_whole(r,
		    r->src->capture != NULL ? r->db->dialect->track->reshaped
		    : new->kind == READ_SLOT
			? "the table was truncated or rewritten, its columns "
			  "or the publication have changed, or the server is "
			  "another"
		    : new->kind == READ_CHANGETABLE
			? "the table was truncated, its tracking began anew, "
			  "or the server is another"
			: "the table of changes was truncated or replaced, "
			  "its mapping has changed, or the server is "
			  "another");
	else
		r->kept = true;
}

/* Numbers that sessions take in batches come in no order at all, and not only
 * late: who reads by them would miss some. */
static enum status
check_order(struct reading *r, int64_t batch, struct err *err)
{
	if (r->src->kind != READ_GAPS || batch <= 1)
		return TU_OK;
	err_set(err, TU_ESCHEMA,
	    "the sequence of %s has CACHE %" PRId64 ": its numbers come out of "
	    "order, and changes would be missed",
	    r->src->from, batch);
	return err_hint(err, "reader = window, or ALTER SEQUENCE ... CACHE 1");
}

/* Which table it is, where the brand can tell that of a plain name. */
static enum status
find_identity(struct reading *r, const char **identity, struct err *err)
{
	const struct track_sql *track = r->db->dialect->track;
	struct buf sql = BUF_INIT;
	struct texts got = { 0 };
	enum status st = TU_OK;

	*identity = "";
	if (track->identity == NULL || strpbrk(r->src->from, " (\n\t") != NULL)
		return TU_OK;
	track->identity(&sql, r->src->from);
	st = ask_texts(r->db, r->arena, buf_str(&sql), 2, &got, err);
	buf_free(&sql);
	if (st || got.n == 0)
		return st;
	*identity = texts_get(&got, 0, 0);
	return check_order(r, strtoll(texts_get(&got, 0, 1), NULL, 10), err);
}

static void
digest_text(struct digest *d, const char *s)
{
	digest_add(d, s != NULL ? s : "", s != NULL ? strlen(s) + 1 : 0);
}

/* Of a table that is not ours: the mapping, the server, and which table it
 * is. */
static enum status
find_shape(struct reading *r, const char **shape, struct err *err)
{
	const struct change_source *src = r->src;
	const char *state, *server = NULL, *table = NULL;
	enum status (*identity)(struct reading *, const char **, struct err *) =
	    src->kind == READ_SLOT          ? slot_identity
	    : src->kind == READ_CHANGETABLE ? changetable_identity
					    : find_identity;
	const char *const texts[] = { src->from, src->where, src->seq,
		src->mark, src->at, src->op, src->publication };
	struct digest *d;
	char hex[DIGEST_HEX];
	enum status st =
	    capture_state(r->db, r->arena, NULL, &state, &server, err);

	if (st == TU_OK)
		st = identity(r, &table, err);
	if (st)
		return st;
	d = digest_new();
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		digest_text(d, texts[i]);
	for (size_t i = 0; i < src->nkeys; i++) {
		digest_text(d, src->key[i]);
		digest_text(d, src->key_old != NULL ? src->key_old[i] : NULL);
	}
	digest_text(d, server);
	digest_text(d, table);
	digest_hex(d, hex);
	digest_free(d);
	*shape = arena_strdup(r->arena, hex);
	return TU_OK;
}

static enum status
read_changes(struct reading *r, struct err *err)
{
	enum status st = TU_OK;

	/* What is wrong with a mapping is said in the first run, which needs no
	 * keys, and not in the next. */
	if (!r->kept && r->src->capture == NULL && r->src->kind != READ_NONE &&
	    r->src->kind != READ_SLOT && r->src->kind != READ_CHANGETABLE)
		st = reading_scan(r, "1 = 0", false, NULL, err);
	if (st)
		return st;
	switch (r->src->kind) {
	case READ_SNAPSHOT:
		return read_by_snapshot(r, err);
	case READ_GAPS:
		return read_by_gaps(r, err);
	case READ_WINDOW:
		return read_by_window(r, err);
	case READ_SLOT:
		return read_by_slot(r, err);
	case READ_CHANGETABLE:
		return read_by_changetable(r, err);
	case READ_ALL:
		return r->kept ? reading_scan(r, "1 = 1", false, NULL, err)
		               : TU_OK;
	case READ_NONE:
		break;
	}
	return TU_OK;
}

enum status
reader_before(struct db *aside, struct arena *arena, struct change_source *src,
    struct err *err)
{
	if (src->kind == READ_WINDOW)
		return window_before(aside, arena, src, err);
	if (src->kind == READ_CHANGETABLE)
		return changetable_before(aside, arena, src, err);
	return TU_OK;
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
	enum status st = TU_OK;

	*out = (struct change_reading){ .blind_to_deletes =
					    src->blind_to_deletes };
	r.new.kind = src->kind;
	r.new.install_id = src->install_id;
	r.new.tab = src->capture != NULL ? src->capture->t.tab : 0;
	r.new.shape = shape != NULL ? shape : "-";
	if (shape == NULL && src->kind != READ_NONE)
		st = find_shape(&r, &r.new.shape, err);
	if (st == TU_OK) {
		judge_position(&r, position);
		r.keys = r.kept ? keys : NULL;
		st = read_changes(&r, err);
	}
	if (st == TU_OK && src->pointer != NULL && src->pending != NULL)
		st = read_pending(&r, err);
	if (st == TU_OK) {
		if (src->kind != READ_SNAPSHOT || r.new.snapshot != NULL) {
			position_write(&text, &r.new);
			out->position = buf_text(arena, &text);
		}
		if (keys != NULL)
			keyset_sort(keys);
	}
	position_release(&r.old);
	position_release(&r.new);
	buf_free(&r.mark);
	return st && src->name != NULL ? err_context(err, "[%s]", src->name)
	                               : st;
}

bool
reader_behind(struct arena *arena, const char *a, const char *b)
{
	struct position p = { 0 }, q = { 0 };
	bool behind = position_read(arena, a, &p) &&
	              position_read(arena, b, &q) && p.kind == READ_SLOT &&
	              q.kind == READ_SLOT && strcmp(p.slot, q.slot) == 0 &&
	              p.lsn < q.lsn;

	position_release(&p);
	position_release(&q);
	return behind;
}

bool
reader_holds(struct arena *arena, const char *position)
{
	struct position p;
	bool holds = position_read(arena, position, &p) && p.kind == READ_SLOT;

	position_release(&p);
	return holds;
}

static enum status
advance_slot(struct db *db, struct arena *arena, const struct position *p,
    struct err *err)
{
	struct texts got;

	return ask_texts(db, arena,
	    arena_printf(arena,
		"SELECT pg_catalog.pg_replication_slot_advance('%s', '%" PRIX64
		"/%" PRIX64 "')::text",
		p->slot, p->lsn >> 32, p->lsn & UINT32_MAX),
	    1, &got, err);
}

enum status
reader_ack(struct db *db, struct arena *arena, const char *name,
    const char *position, struct err *err)
{
	struct buf sql = BUF_INIT, low = BUF_INIT;
	struct position p;
	enum status st = TU_OK;

	if (!position_read(arena, position, &p)) {
		st = err_set(err, TU_EBUG, "not a position: %s", position);
	} else if (p.kind == READ_SLOT && p.lsn != 0 && p.xid == 0) {
		st = advance_slot(db, arena, &p, err);
	} else if (p.tab != 0) {
		position_low(&low, &p);
		db->dialect->track->ack(&sql, name, p.tab, buf_str(&low));
		st = db_exec(db, buf_str(&sql), NULL, err);
	}
	position_release(&p);
	buf_free(&low);
	buf_free(&sql);
	return st;
}
