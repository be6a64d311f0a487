#include <config.h>

#include "audit/accept.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "audit/history-int.h"
#include "audit/planid.h"
#include "base/clock.h"
#include "db/dialect.h"
#include "diff/explain.h"
#include "patch/report.h"
#include "value/canon.h"
#include "value/key.h"

#define DROP_AT_ONCE 100

/* Of the table at hand. */
struct record {
	size_t key, key_len; /* in accept.keys */
	char row[2][DIGEST_HEX];
	bool seen;
};

struct accept {
	struct change_sink sink; /* first, so that it is the object */
	struct history *h;
	const struct plan *plan;
	struct tally *tallies;
	struct change_sink *to;
	struct accepting *accepting;
	bool open; /* a transaction that records */

	/* The table at hand: its records by key, and what is left out of it. */
	char plan_id[DIGEST_HEX];
	struct record *records;
	size_t n, cap;
	struct buf keys;
	struct tally left_out;
	bool gap; /* behind the last change that was passed on */

	struct buf wish; /* the key of the only row to record */
	bool met;        /* it differs */
	struct buf key, scratch, sql;
};

/* --- what identifies ------------------------------------------------------ */

static void
add_cells(struct buf *out, const struct pair *pair, enum side side,
    const struct cell *cells, size_t n)
{
	unsigned flags = CANON_INLINE | (side == TARGET ? CANON_TARGET : 0);

	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_addc(out, '|');
		canon_field(out, &pair->cols[i].type, &cells[i], flags);
	}
}

/* "" where there is no row. */
static void
digest_row(struct accept *a, const struct pair *pair, enum side side,
    const struct cell *cells, char out[DIGEST_HEX])
{
	out[0] = '\0';
	if (cells == NULL)
		return;
	buf_reset(&a->scratch);
	add_cells(&a->scratch, pair, side, cells, pair->ncols);
	digest_of(&a->scratch, out);
}

static enum side
key_side(const struct change *c, const struct cell **cells)
{
	enum side side = c->target != NULL ? TARGET : SOURCE;

	*cells = side == TARGET ? c->target : c->source;
	return side;
}

/* --- the records of a table ----------------------------------------------- */

static enum status
load_record(void *arg, const struct cell *cells, struct err *err)
{
	struct accept *a = arg;
	struct record *r;

	(void)err;
	if (a->n == a->cap) {
		a->cap = MAX(64, 2 * a->cap);
		r = realloc(a->records, a->cap * sizeof(*r));
		if (r == NULL)
			out_of_memory(a->cap * sizeof(*r));
		a->records = r;
	}
	r = &a->records[a->n++];
	*r = (struct record){ .key = a->keys.len, .key_len = cells[0].len };
	buf_add(&a->keys, cells[0].u.p, cells[0].len);
	for (int s = SOURCE; s <= TARGET; s++) {
		const struct cell *c = &cells[1 + s];

		if (c->kind == CELL_TEXT && c->len < sizeof(r->row[s]))
			memcpy(r->row[s], c->u.p, c->len);
	}
	return TU_OK;
}

static enum status
load(struct accept *a, const struct pair *pair, struct err *err)
{
	a->n = 0;
	buf_reset(&a->keys);
	buf_reset(&a->sql);
	buf_adds(&a->sql,
	    "SELECT key_id, source, target FROM accepted WHERE tab = ");
	history_add_text(&a->sql, pair->name);
	buf_addf(&a->sql, " AND plan = '%s' AND stale IS NULL ORDER BY key_id",
	    a->plan_id);
	return history_each(a->h->db, buf_str(&a->sql), 3, load_record, a, err);
}

/* Blobs come in the order of memcmp(). */
static struct record *
find(struct accept *a, const struct buf *key)
{
	size_t lo = 0, hi = a->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		struct record *r = &a->records[mid];
		int order = key_cmp(
		    a->keys.data + r->key, r->key_len, key->data, key->len);

		if (order == 0)
			return r;
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

/* --- recording ------------------------------------------------------------ */

/* The key that was typed, as the target has it. */
static enum status
read_wish(struct accept *a, const struct pair *pair, struct err *err)
{
	const struct accepting *w = a->accepting;
	struct arena *arena;
	struct cell *cells;
	enum status st;

	if (a->plan->npairs != 1)
		return err_set(err, TU_EUSAGE,
		    "a key needs one table, and %zu are named",
		    a->plan->npairs);
	arena = arena_new(1024);
	st = explain_key(
	    a->plan, pair, TARGET, w->key, w->nkey, arena, &cells, err);
	buf_reset(&a->wish);
	if (st == TU_OK)
		add_cells(&a->wish, pair, TARGET, cells, pair->nkeys);
	arena_free(arena);
	return st;
}

/* The row whose key is in a->key. */
static bool
is_wished(struct accept *a)
{
	bool all = a->accepting != NULL && a->accepting->nkey == 0;

	if (a->accepting == NULL || all)
		return all;
	if (key_cmp(a->wish.data, a->wish.len, a->key.data, a->key.len) != 0)
		return false;
	a->met = true;
	return true;
}

static void
add_row(struct buf *sql, const char *digest)
{
	buf_adds(sql, ", ");
	history_add_text(sql, digest[0] != '\0' ? digest : NULL);
}

static void
add_plain(struct buf *out, const struct change *c)
{
	const struct cell *cells;
	enum side side = key_side(c, &cells);

	for (size_t i = 0; i < c->pair->nkeys; i++) {
		if (i > 0)
			buf_addc(out, ACCEPT_SEPARATOR);
		(void)report_value_plain(
		    out, &c->pair->cols[i], side, &cells[i]);
	}
}

static enum status
begin_recording(struct accept *a, struct err *err)
{
	enum status st = TU_OK;

	if (!a->open)
		st = db_exec(a->h->db, "BEGIN IMMEDIATE", NULL, err);
	a->open |= st == TU_OK;
	return st;
}

static enum status
record(struct accept *a, const struct change *c, char row[2][DIGEST_HEX],
    struct err *err)
{
	const struct accepting *w = a->accepting;
	const struct cell *cells;
	enum side side = key_side(c, &cells);
	struct buf *sql = &a->sql, *b = &a->scratch;

	if (begin_recording(a, err))
		return err->status;
	buf_reset(sql);
	buf_adds(sql, "INSERT OR REPLACE INTO accepted VALUES (");
	history_add_text(sql, c->pair->name);
	buf_adds(sql, ", x'");
	buf_addhex(sql, a->key.data, a->key.len);
	buf_adds(sql, "', ");
	buf_reset(b);
	report_key(b, c->pair, cells, side);
	history_add_text(sql, buf_str(b));
	buf_adds(sql, ", ");
	buf_reset(b);
	add_plain(b, c);
	history_add_text(sql, buf_str(b));
	add_row(sql, a->plan_id);
	add_row(sql, row[SOURCE]);
	add_row(sql, row[TARGET]);
	buf_addf(sql, ", %" PRId64 ", ", clock_now());
	history_add_text(sql, w->who);
	buf_adds(sql, ", ");
	history_add_text(sql, w->reason);
	buf_adds(sql, ", NULL)");
	return db_exec(a->h->db, buf_str(sql), NULL, err);
}

static enum status
too_many(struct err *err)
{
	err_set(err, TU_ECONFLICT,
	    "more than %d differences of a pair cannot be accepted: none was",
	    ACCEPT_MAX);
	return err_hint(
	    err, "leave a table or a column out of the pair instead");
}

/* --- the sink ------------------------------------------------------------- */

static enum status
sink_begin(struct change_sink *s, const struct pair *pair, struct err *err)
{
	struct accept *a = (struct accept *)s;
	enum status st = TU_OK;

	a->left_out = (struct tally){ 0 };
	a->gap = false;
	a->n = 0;
	if (!pair->multiset) {
		plan_id(pair, &a->scratch, a->plan_id);
		st = load(a, pair, err);
	}
	if (st == TU_OK && a->accepting != NULL && a->accepting->nkey > 0)
		st = read_wish(a, pair, err);
	if (st == TU_OK)
		st = tell_begin(a->to, pair, err);
	return st;
}

/* A row that nobody behind us hears of lies before it all the same. */
static enum status
pass_on(struct accept *a, const struct change *c, struct err *err)
{
	struct change known = *c;

	known.next = c->next && !a->gap;
	a->gap = false;
	return tell_change(a->to, &known, err);
}

/* What merge.c has counted and nobody behind us is to know of. */
static enum status
swallow(struct accept *a, const struct change *c)
{
	struct tally *t = &a->left_out;

	a->gap = true;
	t->accepted += c->copies;
	tally_count(t, c);
	return TU_OK;
}

static enum status
sink_change(struct change_sink *s, const struct change *c, struct err *err)
{
	struct accept *a = (struct accept *)s;
	const struct cell *cells;
	enum side side = key_side(c, &cells);
	char row[2][DIGEST_HEX];
	struct record *r;
	bool wished;

	if (a->accepting != NULL && c->pair->multiset)
		a->accepting->keyless += c->copies;
	if (c->pair->multiset || (a->n == 0 && a->accepting == NULL))
		return pass_on(a, c, err);
	buf_reset(&a->key);
	add_cells(&a->key, c->pair, side, cells, c->pair->nkeys);
	r = find(a, &a->key);
	wished = is_wished(a);
	if (r == NULL && !wished)
		return pass_on(a, c, err);
	digest_row(a, c->pair, SOURCE, c->source, row[SOURCE]);
	digest_row(a, c->pair, TARGET, c->target, row[TARGET]);
	if (r != NULL && strcmp(r->row[SOURCE], row[SOURCE]) == 0 &&
	    strcmp(r->row[TARGET], row[TARGET]) == 0) {
		r->seen = true;
		return swallow(a, c);
	}
	if (!wished)
		return pass_on(a, c, err);
	if (a->accepting->recorded++ == ACCEPT_MAX)
		return too_many(err);
	if (record(a, c, row, err))
		return err->status;
	if (r != NULL)
		r->seen = true;
	return swallow(a, c);
}

/*
 * A record without its difference: a side has moved. Not so where rows are not
 * settled, or this run did not compare all of them: they were not told. At most
 * DROP_AT_ONCE in one statement, which SQLite limits to 1 MB.
 */
static enum status
drop_unseen(struct accept *a, const struct pair *pair,
    const struct tally *tally, struct err *err)
{
	struct buf *sql = &a->sql;
	size_t n = 0;

	if (tally->unsettled > 0 || tally->extent.cut || tally->extent.resumed)
		return TU_OK;
	buf_reset(sql);
	for (size_t i = 0; i < a->n; i++) {
		const struct record *r = &a->records[i];

		if (r->seen)
			continue;
		if (n % DROP_AT_ONCE == 0) {
			buf_addf(sql,
			    "%sUPDATE accepted SET stale = %" PRId64
			    " WHERE tab = ",
			    n > 0 ? ");\n" : "", clock_now());
			history_add_text(sql, pair->name);
			buf_adds(sql, " AND key_id IN (");
		}
		buf_adds(sql, n++ % DROP_AT_ONCE == 0 ? "x'" : ", x'");
		buf_addhex(sql, a->keys.data + r->key, r->key_len);
		buf_addc(sql, '\'');
	}
	if (n == 0)
		return TU_OK;
	buf_addc(sql, ')');
	return a->open ? db_exec(a->h->db, buf_str(sql), NULL, err)
	               : history_commit(a->h, sql, err);
}

static enum status
sink_end(struct change_sink *s, const struct pair *pair,
    const struct tally *tally, struct err *err)
{
	struct accept *a = (struct accept *)s;
	struct tally *t = &a->tallies[pair - a->plan->pairs];
	const struct tally *out = &a->left_out;
	enum status st;

	if (a->accepting != NULL && a->accepting->nkey > 0 && !a->met)
		return err_set(err, TU_EUSAGE,
		    "table '%s' has no difference with this key", pair->name);
	st = drop_unseen(a, pair, tally, err);
	*t = *tally;
	tally_subtract(t, out);
	t->accepted = out->accepted;
	t->accepted_inserts = out->ops[CHANGE_INSERT];
	t->open_end = tally->open_end && !a->gap;
	if (st == TU_OK)
		st = tell_end(a->to, pair, t, err);
	return st;
}

static enum status
sink_fail(struct change_sink *s, const struct pair *pair, const struct err *why,
    struct err *err)
{
	struct accept *a = (struct accept *)s;

	return tell_fail(a->to, pair, why, err);
}

struct accept *
accept_new(struct history *h, const struct plan *plan, struct tally *tallies,
    struct change_sink *to, struct accepting *accepting)
{
	struct accept *a = calloc(1, sizeof(*a));

	if (a == NULL)
		out_of_memory(sizeof(*a));
	*a = (struct accept){
		.sink = { sink_begin, sink_change, sink_end, sink_fail },
		.h = h,
		.plan = plan,
		.tallies = tallies,
		.to = to,
		.accepting = accepting,
	};
	return a;
}

struct change_sink *
accept_sink(struct accept *a)
{
	return &a->sink;
}

static enum status
check_count(void *arg, const struct cell *cells, struct err *err)
{
	(void)arg;
	return cells[0].u.i > ACCEPT_MAX ? too_many(err) : TU_OK;
}

enum status
accept_keep(struct accept *a, struct err *err)
{
	enum status st = TU_OK;

	if (a->open)
		st = history_each(a->h->db,
		    "SELECT count(*) FROM accepted WHERE stale IS NULL", 1,
		    check_count, NULL, err);
	if (st == TU_OK && a->open)
		st = db_exec(a->h->db, "COMMIT", NULL, err);
	if (st)
		return st;
	a->open = false;
	if (a->accepting != NULL)
		a->accepting->kept = true;
	return TU_OK;
}

void
accept_free(struct accept *a)
{
	struct err ignored = ERR_INIT;

	if (a == NULL)
		return;
	if (a->open)
		(void)db_exec(a->h->db, "ROLLBACK", NULL, &ignored);
	free(a->records);
	buf_free(&a->keys);
	buf_free(&a->wish);
	buf_free(&a->key);
	buf_free(&a->scratch);
	buf_free(&a->sql);
	free(a);
}
