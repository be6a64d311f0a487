#include <config.h>

#include "diff/slice.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "db/pace.h"
#include "diff/diff-int.h"
#include "value/key.h"

#define FORMAT "1 " /* and its version */
#define SUM_DIGITS 16
#define KEYS_MAX 64 /* columns of a key */
/* Keys looked at for one that can be a bound. */
#define TRIES 16
/* A table so many times as large as it was when the cycle began, and large at
 * all, counts anew: the cycle would take so many times as long. */
#define GROWN 4
#define LARGE 100000.0

struct slicer {
	const struct plan *plan;
	const struct pair *pair;
	struct arena *arena; /* of this call */
	uint64_t rows;       /* when the cycle began */
	const struct cell *lo, *hi;
	struct buf lo_key, hi_key; /* encoded */
	bool ended[2]; /* the side had no more rows than its share */
};

/* --- the text ------------------------------------------------------------- */

/* Of the text behind it and of what it is about. */
static uint64_t
text_sum(const struct pair *pair, const char *rest)
{
	struct hasher *h = hasher_new(HASH_STREAM, 0);
	struct buf all = BUF_INIT;
	uint64_t sum;

	for (int s = SOURCE; s <= TARGET; s++) {
		buf_addf(&all, "%s%c", pair->table[s]->from, 0);
		for (size_t i = 0; i < pair->nrange; i++)
			buf_addf(&all, "%s%c", pair->cols[i].col[s]->name, 0);
	}
	for (size_t i = 0; i < pair->nrange; i++)
		buf_addf(&all, "%s%c%s%c", ltype_name(pair->cols[i].type.type),
		    0, pair->cols[i].rules != NULL ? pair->cols[i].rules : "",
		    0);
	buf_adds(&all, rest);
	sum = hasher_sum(h, all.data, all.len).a;
	buf_free(&all);
	hasher_free(h);
	return sum;
}

static void
write_cell(struct buf *out, const struct cell *c)
{
	switch (c->kind) {
	case CELL_NULL: /* no key has one */
		break;
	case CELL_INT:
		buf_addf(out, " i%" PRId64, c->u.i);
		break;
	case CELL_F64:
		buf_adds(out, " f");
		buf_addhex(out, &c->u.f, sizeof(c->u.f));
		break;
	case CELL_TEXT:
	case CELL_BYTES:
		buf_adds(out, c->kind == CELL_TEXT ? " t" : " b");
		buf_addhex(out, c->u.p, c->len);
		break;
	}
}

static const char *
write_text(const struct slicer *s, struct arena *arena)
{
	struct buf rest = BUF_INIT;
	const char *text;

	buf_addf(&rest, "%" PRIu64, s->rows);
	for (size_t i = 0; i < s->pair->nrange; i++)
		write_cell(&rest, &s->hi[i]);
	text = arena_printf(arena, FORMAT "%0*" PRIx64 " %s", SUM_DIGITS,
	    text_sum(s->pair, buf_str(&rest)), buf_str(&rest));
	buf_free(&rest);
	return text;
}

static bool
read_cell(struct arena *arena, const char *text, struct cell *out)
{
	size_t n = strlen(text) / 2; /* the kind, two digits a byte */
	char *bytes = arena_alloc(arena, n + 1);

	for (size_t i = 0; i < n && *text != 'i'; i++) {
		const char two[3] = { text[1 + 2 * i], text[2 + 2 * i] };

		bytes[i] = (char)strtoul(two, NULL, 16);
	}
	if (*text == 'i')
		*out = cell_int(strtoll(text + 1, NULL, 10));
	else if (*text == 't')
		*out = cell_text(bytes, n);
	else if (*text == 'b')
		*out = cell_bytes(bytes, n);
	else if (*text == 'f' && n == sizeof(out->u.f))
		memcpy(&out->u.f, bytes, n);
	else
		return false;
	if (*text == 'f')
		out->kind = CELL_F64;
	return true;
}

/* Is it a key that both sides can be asked about? */
static bool
read_key(struct slicer *s, char *text)
{
	struct cell key[KEYS_MAX], *lo;
	bool cut = false;
	size_t n = 0;

	while (text != NULL && n < s->pair->nrange) {
		char *end = strchr(text, ' ');

		if (end != NULL)
			*end++ = '\0';
		if (!read_cell(s->arena, text, &key[n++]))
			return false;
		text = end;
	}
	if (text != NULL || n != s->pair->nrange ||
	    (bounds_integer_key(s->pair) && key[0].kind != CELL_INT))
		return false;
	lo = arena_alloc(s->arena, n * sizeof(*lo));
	s->lo = lo;
	return bounds_cell(
		   s->plan, s->pair, key, s->arena, lo, &s->lo_key, &cut) &&
	       !cut;
}

/* False: the cycle begins again. */
static bool
read_text(struct slicer *s, const char *text)
{
	size_t begin = strlen(FORMAT) + SUM_DIGITS + 1;
	char sum[SUM_DIGITS + 2], *rest;

	if (strncmp(text, FORMAT, strlen(FORMAT)) != 0 || strlen(text) <= begin)
		return false;
	rest = arena_strdup(s->arena, text + begin);
	snprintf(sum, sizeof(sum), "%0*" PRIx64 " ", SUM_DIGITS,
	    text_sum(s->pair, rest));
	if (strncmp(text + strlen(FORMAT), sum, strlen(sum)) != 0)
		return false;
	s->rows = strtoull(rest, &rest, 10);
	return *rest == ' ' && read_key(s, rest + 1);
}

/* --- what there is -------------------------------------------------------- */

/* Can it be asked for the key behind so many rows, at no more than what
 * passing them costs? */
static bool
can_ask(const struct slicer *s, int side)
{
	return s->plan->db[side]->dialect->skip[0] != NULL &&
	       table_is_stored(s->pair->table[side]);
}

static bool
pads(const struct pair *pair, int side)
{
	for (size_t i = 0; i < pair->nrange; i++)
		if (pair->cols[i].col[side]->pad_space)
			return true;
	return false;
}

/* May keys of this side be of another kind than their columns say? */
static bool
may_stray(const struct pair *pair, int side)
{
	for (size_t i = 0; i < pair->nrange; i++) {
		const struct column *col = pair->cols[i].col[side];

		if (col->affinity != AFF_NONE && !col->rowid_alias)
			return true;
	}
	return false;
}

/* A key that strays from one slice into another would be missing there: it
 * makes no difference which one is looked at. */
static enum status
check_keys(const struct slicer *s, enum side side, struct err *err)
{
	const struct pair *pair = s->pair;
	struct db *db = s->plan->db[side];
	const struct column *cols[KEYS_MAX];
	struct db_scan scan = { .columns = cols, .ncolumns = pair->nrange };
	struct buf sql = BUF_INIT;
	struct cursor *cur;
	struct row_reader r;
	const struct row *row;
	enum status st;

	for (size_t i = 0; i < pair->nrange; i++)
		cols[i] = pair->cols[i].col[side];
	reader_init(&r, pair, side, 0);
	side_select_key(&sql, db, pair, side);
	scan.sql = buf_str(&sql);
	st = db_scan(db, &scan, &cur, err);
	while (!st && !(st = db_next(cur, &row, err)) && row != NULL)
		if (!reader_key_fits(&r, row->cells))
			st = err_set(err, TU_EREPLAN,
			    "a key of the %s does not have its column's type",
			    db->side);
	db_cursor_close(cur);
	reader_release(&r);
	buf_free(&sql);
	return st;
}

/* TU_EREPLAN: the pair has no parts. */
static enum status
check_parts(const struct slicer *s, struct err *err)
{
	enum status st = TU_OK;

	if (s->pair->nrange == 0)
		return err_set(err, TU_EREPLAN,
		    "the key has no order that both sides share");
	if (!can_ask(s, SOURCE) && !can_ask(s, TARGET))
		return err_set(err, TU_EREPLAN,
		    "neither side can be asked where a part of it ends");
	for (int i = SOURCE; i <= TARGET && st == TU_OK; i++) {
		if (pads(s->pair, i))
			st = err_set(err, TU_EREPLAN,
			    "the collation of the %s's key pads with blanks",
			    s->plan->db[i]->side);
		else if (may_stray(s->pair, i))
			st = check_keys(s, (enum side)i, err);
	}
	return st;
}

/* --- where it ends -------------------------------------------------------- */

static enum status
count_rows(struct slicer *s, struct err *err)
{
	enum status st = TU_OK;

	for (int i = SOURCE; i <= TARGET && st == TU_OK; i++) {
		struct buf sql = BUF_INIT;
		struct cell n;
		bool found;

		if (!can_ask(s, i))
			continue;
		side_select_count(&sql, s->pair, (enum side)i);
		st = db_one(s->plan->db[i], buf_str(&sql), &db_int_column,
		    s->arena, &n, &found, err);
		if (st == TU_OK && found && n.kind == CELL_INT)
			s->rows = MAX(s->rows, (uint64_t)n.u.i);
		buf_free(&sql);
	}
	return st;
}

/* Take the key as the end unless it lies behind the one that we have. */
static void
end_at(struct slicer *s, const struct cell *bound, const struct buf *key)
{
	if (s->hi != NULL &&
	    key_cmp(key->data, key->len, s->hi_key.data, s->hi_key.len) >= 0)
		return;
	s->hi = bound;
	buf_reset(&s->hi_key);
	buf_add(&s->hi_key, key->data, key->len);
}

/* Look at some keys of one side behind n of its rows: *found that there are
 * any, *done when one of them can be the end. */
static enum status
look_for_end(struct slicer *s, enum side side, uint64_t n, bool *found,
    bool *done, struct err *err)
{
	const struct pair *pair = s->pair;
	const struct krange from = { .lo = s->lo };
	struct db *db = s->plan->db[side];
	const struct column *cols[KEYS_MAX];
	struct db_scan scan = { .columns = cols, .ncolumns = pair->nrange };
	struct buf sql = BUF_INIT, key = BUF_INIT;
	struct cursor *cur = NULL;
	const struct row *row;
	enum status st = TU_OK;

	for (size_t i = 0; i < pair->nrange; i++)
		cols[i] = pair->cols[i].col[side];
	side_select_key(&sql, db, pair, side);
	if (s->lo != NULL) {
		side_and(&sql, pair, side);
		st = side_range(&sql, db, pair, side, pair->nrange, &from, err);
	}
	side_order(&sql, db, pair, side, pair->nrange);
	dialect_skip(&sql, db->dialect, n, TRIES);
	scan.sql = buf_str(&sql);
	if (st == TU_OK)
		st = db_scan(db, &scan, &cur, err);
	while (
	    !st && !*done && !(st = db_next(cur, &row, err)) && row != NULL) {
		struct cell *bound =
		    arena_alloc(s->arena, pair->nrange * sizeof(*bound));
		bool cut = false;

		*found = true;
		buf_reset(&key);
		*done =
		    bounds_cell(s->plan, pair, row->cells, s->arena, bound,
			&key, &cut) &&
		    (s->lo == NULL || key_cmp(key.data, key.len, s->lo_key.data,
					  s->lo_key.len) > 0);
		if (*done)
			end_at(s, bound, &key);
	}
	db_cursor_close(cur);
	if (*found)
		pace_rows(db, n);
	buf_free(&key);
	buf_free(&sql);
	return st;
}

/* Where many keys are no bound, or are where the slice begins, it has to end
 * further on. */
static enum status
find_end(struct slicer *s, enum side side, uint64_t n, struct err *err)
{
	bool found = true, done = false;
	enum status st = TU_OK;

	for (; st == TU_OK && found && !done; n *= 2) {
		found = false;
		st = look_for_end(s, side, n, &found, &done, err);
	}
	s->ended[side] = !found;
	return st;
}

static enum status
choose(struct slicer *s, struct slice *slice, struct comparison *c,
    struct err *err)
{
	enum status st = slice->checked ? TU_OK : check_parts(s, err);
	double n;

	if (st)
		return st;
	if (slice->from == NULL || !read_text(s, slice->from)) {
		if (slice->from != NULL)
			log_line(LOG_INFO,
			    "table '%s': the place where the last part ended "
			    "is none of its key's; beginning again",
			    s->pair->name);
		s->lo = NULL;
		s->rows = 0;
		st = count_rows(s, err);
	} else if (s->pair->rows > GROWN * MAX((double)s->rows, LARGE)) {
		s->rows = (uint64_t)s->pair->rows;
	}
	n = MAX(ceil((double)s->rows * slice->part), 1);
	if (slice->most > 0)
		n = MIN(n, (double)slice->most);
	slice->done = s->rows > 0 ? n / (double)s->rows : 1;
	for (int i = SOURCE; i <= TARGET && st == TU_OK; i++)
		if (can_ask(s, i))
			st = find_end(s, (enum side)i, (uint64_t)n, err);
	c->part = true;
	c->within = (struct krange){ .lo = s->lo, .hi = s->hi };
	c->pair.rows = n;
	return st;
}

/* --- comparing ------------------------------------------------------------ */

static enum status
refuse(struct err *err)
{
	struct err why = *err;

	err_clear(err);
	err_set(err, TU_ESCHEMA, "it cannot be compared in parts: %s", why.msg);
	return TU_ESCHEMA;
}

static const struct cell *
copy_key(const struct slicer *s, const struct cell *key, struct arena *arena)
{
	struct cell *copy;

	if (key == NULL)
		return NULL;
	copy = arena_alloc(arena, s->pair->nrange * sizeof(*copy));
	for (size_t i = 0; i < s->pair->nrange; i++)
		copy[i] = cell_copy(arena, &key[i]);
	return copy;
}

/* How many it passed then is known when they were read. */
static void
pace_ended(const struct slicer *s, const struct tally *tally)
{
	for (int i = SOURCE; i <= TARGET; i++)
		if (s->ended[i])
			pace_rows(s->plan->db[i], tally->rows[i]);
}

enum status
diff_slice(const struct plan *plan, const struct pair *pair,
    const struct diff_options *options, struct slice *slice,
    struct change_sink *sink, struct tally *tally, struct err *err)
{
	struct comparison *c = comparison_new(plan, pair, options, sink, tally);
	struct slicer s = {
		.plan = plan, .pair = pair, .arena = arena_new(4096)
	};
	enum status st = choose(&s, slice, c, err);

	slice->next = NULL;
	slice->whole = false;
	if (!st)
		st = comparison_run(c, err);
	if (!st)
		pace_ended(&s, tally);
	if (st == TU_EREPLAN) {
		slice->whole = !c->begun;
		st = refuse(err);
	}
	st = comparison_end(c, st, err);
	if (!st && s.hi != NULL)
		slice->next = write_text(&s, slice->arena);
	slice->lo = copy_key(&s, s.lo, slice->arena);
	slice->hi = copy_key(&s, s.hi, slice->arena);
	buf_free(&s.lo_key);
	buf_free(&s.hi_key);
	arena_free(s.arena);
	return st;
}
