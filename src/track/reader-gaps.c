#include <config.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "track/ask.h"
#include "track/reader-int.h"

#define RANGES 200 /* in one statement */

/* --- does what was read before count? ------------------------------------- */

static enum status
ask_cleaned(struct reading *r, int64_t *cleaned, struct err *err)
{
	return ask_int(r->db,
	    arena_printf(r->arena,
		"SELECT cleaned FROM %s WHERE tab = %" PRId64,
		r->db->dialect->track->captured, r->new.tab),
	    cleaned, err);
}

/* The marks of the rows that have a number; r->mark is lost. */
static enum status
ask_mark(struct reading *r, int64_t number, const char *mark, bool *same,
    struct err *err)
{
	const struct track_sql *track = r->db->dialect->track;
	const struct change_source *src = r->src;
	struct texts rows;
	enum status st = ask_texts(r->db, r->arena,
	    arena_printf(r->arena,
		"SELECT CAST(%s AS %s) FROM %s WHERE %s = %" PRId64,
		src->mark != NULL ? src->mark : "''", track->text, src->from,
		src->seq, number),
	    1, &rows, err);

	*same = false;
	for (size_t i = 0; st == TU_OK && i < rows.n; i++) {
		const char *text = texts_get(&rows, i, 0);

		reading_mark(&r->mark, text, text != NULL ? strlen(text) : 0);
		if (mark == NULL || strcmp(buf_str(&r->mark), mark) == 0)
			*same = true;
	}
	return st;
}

/* Nothing is left of what was cleaned, or its numbers were given again. */
static enum status
ask_reused(struct reading *r, int64_t cleaned, int64_t *rows, struct err *err)
{
	return ask_int(r->db,
	    arena_printf(r->arena,
		"SELECT count(*) FROM %s WHERE %s <= %" PRId64, r->src->from,
		r->src->seq, cleaned),
	    rows, err);
}

/* The row read last is still that row, unless it is ours and was cleaned. */
static enum status
check_last(struct reading *r, struct err *err)
{
	bool own = r->src->capture != NULL, same = true;
	int64_t cleaned = 0, reused = 0;
	enum status st = own ? ask_cleaned(r, &cleaned, err) : TU_OK;

	if (st == TU_OK && own)
		st = ask_reused(r, cleaned, &reused, err);
	if (st == TU_OK && r->old.last != 0 && (!own || r->old.last > cleaned))
		st = ask_mark(r, r->old.last, r->old.mark, &same, err);
	if (st)
		return st;
	r->kept = same && reused == 0 &&
	          (!own || position_low_number(&r->old) >= cleaned);
	if (!r->kept)
		reading_whole(r, own ? "changes that were not read have been "
				       "cleaned, or the database was restored"
				     : "the change that was read last is not "
				       "there any more: changes were deleted, "
				       "or the database was restored");
	return TU_OK;
}

/* --- reading -------------------------------------------------------------- */

static void
fill_gap(struct reading *r, int64_t number, const struct cell *mark)
{
	(void)mark;
	gaps_fill(&r->new.gaps, number);
}

/* "trueup_seq BETWEEN 4 AND 4 OR ...": some of the gaps. */
static void
in_gaps(struct buf *out, const struct gap *gaps, size_t n, const char *seq)
{
	for (size_t i = 0; i < n; i++)
		buf_addf(out, "%s%s BETWEEN %" PRId64 " AND %" PRId64,
		    i > 0 ? " OR " : "(", seq, gaps[i].lo, gaps[i].hi);
	buf_addc(out, ')');
}

static enum status
read_gaps(struct reading *r, struct err *err)
{
	size_t n = gaps_count(&r->old.gaps);
	struct buf condition = BUF_INIT;
	enum status st = TU_OK;

	for (size_t i = 0; i < n && st == TU_OK; i += RANGES) {
		buf_reset(&condition);
		in_gaps(&condition, gaps_list(&r->old.gaps) + i,
		    MIN(n - i, RANGES), "trueup_seq");
		st = reading_scan(r, buf_str(&condition), false, fill_gap, err);
	}
	buf_free(&condition);
	return st;
}

/* Births are set behind the read: until then 0 stands for "not yet". */
static void
take_number(struct reading *r, int64_t number, const struct cell *mark)
{
	struct position *p = &r->new;

	if (number <= p->last && p->last > 0)
		return;
	if (number > 0 && r->db->dialect->track->birth != NULL)
		gaps_add(&p->gaps, MAX(p->last, 0) + 1, number - 1, 0);
	p->last = number;
	if (mark != NULL && mark->kind == CELL_TEXT)
		reading_mark(&r->mark, mark->u.p, mark->len);
	else
		reading_mark(&r->mark, "", 0);
}

/*
 * Where rows of other tables have numbers, too, theirs are no gaps: as many
 * would be missing in a log of a million rows as are not about this table. And
 * the last of all is the last that was read, or "not there any more" would be
 * said of a table that is at rest for longer than changes are kept.
 */
static enum status
read_numbers(struct reading *r, int64_t from, struct err *err)
{
	const struct change_source *src = r->src;
	const struct column *const columns[] = { &db_int_column };
	struct db_scan scan = { .columns = columns, .ncolumns = 1 };
	const struct row *row = NULL;
	struct cursor *cur;
	bool there;
	enum status st;

	scan.sql = arena_printf(r->arena,
	    "SELECT CAST(trueup_seq AS %s) FROM (SELECT %s AS trueup_seq"
	    " FROM %s) trueup_q WHERE trueup_seq > %" PRId64
	    " ORDER BY trueup_seq",
	    r->db->dialect->track->integer, src->seq, src->from, from);
	st = db_scan(r->db, &scan, &cur, err);
	while (st == TU_OK && !(st = db_next(cur, &row, err)) && row != NULL)
		take_number(r, row->cells[0].u.i, NULL);
	db_cursor_close(cur);
	if (st || r->new.last == from)
		return st;
	return ask_mark(r, r->new.last, NULL, &there, err);
}

static enum status
read_new(struct reading *r, struct err *err)
{
	bool shared = r->src->where != NULL;
	int64_t from = r->new.last;
	enum status st = TU_OK;

	reading_mark(&r->mark, "", 0);
	if (r->kept && r->old.last > 0) {
		buf_reset(&r->mark);
		buf_adds(&r->mark, r->old.mark);
	}
	if (!shared || r->kept)
		st = reading_scan(r,
		    from > 0
			? arena_printf(r->arena, "trueup_seq > %" PRId64, from)
			: "1 = 1",
		    !shared, shared ? NULL : take_number, err);
	if (st == TU_OK && shared)
		st = read_numbers(r, from, err);
	r->new.mark = arena_strdup(r->arena, buf_str(&r->mark));
	return st;
}

/* --- what will not come any more ------------------------------------------ */

/* Numbers of these gaps that rows have, though nobody may have committed
 * them. */
static enum status
read_uncommitted(struct reading *r, const struct gaps *gaps, size_t first,
    struct texts *out, struct err *err)
{
	const struct track_sql *track = r->db->dialect->track;
	size_t n = MIN(gaps_count(gaps) - first, RANGES);
	struct buf sql = BUF_INIT;
	enum status st;

	buf_addf(&sql, "SELECT CAST(%s AS %s) FROM %s WHERE ", r->src->seq,
	    track->text, r->src->from);
	if (r->src->where != NULL)
		buf_addf(&sql, "(%s\n) AND ", r->src->where);
	in_gaps(&sql, gaps_list(gaps) + first, n, r->src->seq);
	buf_addf(&sql, " ORDER BY %s", r->src->seq);
	st = db_exec(r->aside, track->uncommitted, NULL, err);
	if (st == TU_OK)
		st = ask_texts(r->aside, r->arena, buf_str(&sql), 1, out, err);
	buf_free(&sql);
	return st;
}

/* Of the gaps that are old enough to be closed only what somebody still has
 * open stays, as if it were new. */
static enum status
close_old(struct reading *r, int64_t now, struct err *err)
{
	struct gaps *all = &r->new.gaps, old = { BUF_INIT },
		    kept = { BUF_INIT };
	int64_t limit = now - r->src->gap_seconds;
	enum status st = TU_OK;

	for (size_t i = 0; i < gaps_count(all); i++) {
		const struct gap *g = &gaps_list(all)[i];

		gaps_add(
		    g->birth > limit ? &kept : &old, g->lo, g->hi, g->birth);
	}
	for (size_t i = 0; i < gaps_count(&old) && st == TU_OK; i += RANGES) {
		struct texts open = { 0 };

		st = read_uncommitted(r, &old, i, &open, err);
		for (size_t k = 0; k < open.n; k++) {
			int64_t n = atoll(texts_get(&open, k, 0));

			gaps_insert(&kept, n, now);
		}
	}
	gaps_release(all);
	gaps_release(&old);
	*all = kept;
	return st;
}

static enum status
close_gaps(struct reading *r, struct err *err)
{
	const struct track_sql *track = r->db->dialect->track;
	int64_t now;
	enum status st;

	if (gaps_count(&r->new.gaps) == 0)
		return TU_OK;
	/* Below the snapshot's own xmin all have ended, and it sees them. */
	st = track->horizon != NULL
	         ? ask_int(r->db, track->horizon, &now, err)
	         : ask_int(r->aside, track->birth, &now, err);
	if (st)
		return st;
	if (track->horizon == NULL)
		return close_old(r, now, err);
	gaps_expire(&r->new.gaps, now);
	return TU_OK;
}

/*
 * From the beginning of our own table, of which everything below "cleaned" is
 * gone: only what somebody has open there can still come.
 */
static enum status
start_own(struct reading *r, struct err *err)
{
	int64_t cleaned;
	enum status st = ask_cleaned(r, &cleaned, err);

	if (st || cleaned == 0)
		return st;
	r->new.last = cleaned;
	if (r->db->dialect->track->birth == NULL)
		return TU_OK;
	gaps_add(&r->new.gaps, 1, cleaned, INT64_MIN);
	return close_gaps(r, err);
}

static enum status
give_birth(struct reading *r, struct err *err)
{
	struct gap *list = gaps_list(&r->new.gaps);
	size_t n = gaps_count(&r->new.gaps);
	int64_t now;
	enum status st;

	if (n == 0 || list[n - 1].birth != 0)
		return TU_OK;
	st = ask_int(r->aside, r->db->dialect->track->birth, &now, err);
	for (size_t i = 0; i < n && st == TU_OK; i++)
		if (list[i].birth == 0)
			list[i].birth = now;
	return st;
}

enum status
read_by_gaps(struct reading *r, struct err *err)
{
	enum status st = TU_OK;

	if (r->kept)
		st = check_last(r, err);
	if (st == TU_OK && r->kept) {
		r->new.last = r->old.last;
		for (size_t i = 0; i < gaps_count(&r->old.gaps); i++) {
			const struct gap *g = &gaps_list(&r->old.gaps)[i];

			gaps_add(&r->new.gaps, g->lo, g->hi, g->birth);
		}
		st = read_gaps(r, err);
		if (st == TU_OK)
			st = close_gaps(r, err);
	}
	if (!r->kept) {
		r->keys = NULL;
		if (st == TU_OK && r->src->capture != NULL)
			st = start_own(r, err);
	}
	if (st == TU_OK)
		st = read_new(r, err);
	return st == TU_OK ? give_birth(r, err) : st;
}
