#include <config.h>

#include <stdlib.h>

#include "track/ask.h"
#include "track/reader-int.h"

enum status
window_before(struct db *aside, struct arena *arena, struct change_source *src,
    struct err *err)
{
	struct texts got;
	int64_t seconds;
	enum status st;

	if (aside->dialect->track->open == NULL)
		return TU_OK;
	st = ask_texts(aside, arena, aside->dialect->track->open, 2, &got, err);
	if (st)
		return st;
	seconds = strtoll(texts_get(&got, 0, 0), NULL, 10) + src->skew;
	/* What is hidden, or was prepared, is no older than the window. */
	if (strcmp(texts_get(&got, 0, 1), "1") != 0)
		seconds += src->window;
	src->open = seconds;
	return TU_OK;
}

/* Where the next read begins. */
static enum status
take_bound(struct reading *r, struct err *err)
{
	const struct change_source *src = r->src;
	struct buf sql = BUF_INIT;
	struct table q = { 0 };
	struct texts got;
	const char *bound;
	enum ltype type;
	enum status st = r->db->drv->describe_query(r->db, r->arena,
	    arena_printf(
		r->arena, "SELECT %s AS trueup_at FROM %s", src->at, src->from),
	    &q, err);

	if (st)
		return st;
	type = q.columns[0].ltype;
	buf_adds(&sql, "SELECT ");
	if (!r->db->dialect->track->back(&sql, src->at, type,
		src->open > 0 && type != LT_NUM && type != LT_F8 ? src->open
								 : src->window))
		st = err_set(err, TU_ESCHEMA,
		    "at: %s is neither a time nor a number but %s", src->at,
		    q.columns[0].type);
	buf_addf(&sql, " FROM %s", src->from);
	if (src->where != NULL)
		buf_addf(&sql, " WHERE (%s\n)", src->where);
	if (st == TU_OK)
		st = ask_texts(r->db, r->arena, buf_str(&sql), 1, &got, err);
	buf_free(&sql);
	if (st)
		return st;
	bound = got.n > 0 ? texts_get(&got, 0, 0) : NULL;
	if (bound != NULL && position_bound(bound))
		r->new.bound = bound;
	return TU_OK;
}

/* A row behind the bound was there, be it that it is newer by now. */
static enum status
check_newest(struct reading *r, struct err *err)
{
	const struct change_source *src = r->src;
	int64_t n;
	enum status st;

	if (r->old.bound == NULL)
		return TU_OK;
	st = ask_int(r->db,
	    arena_printf(r->arena,
		"SELECT CAST(CASE WHEN EXISTS (SELECT 1 FROM %s WHERE %s >= %s"
		"%s%s%s) THEN 1 ELSE 0 END AS %s)",
		src->from, src->at, r->old.bound,
		src->where != NULL ? " AND (" : "",
		src->where != NULL ? src->where : "",
		src->where != NULL ? "\n)" : "",
		r->db->dialect->track->integer),
	    &n, err);
	if (st == TU_OK && n == 0) {
		reading_whole(r, "the newest row is not there any more: rows "
				 "were deleted, or the database was restored");
		r->kept = false;
	}
	return st;
}

enum status
read_by_window(struct reading *r, struct err *err)
{
	enum status st = take_bound(r, err);

	if (st == TU_OK && r->kept)
		st = check_newest(r, err);
	if (st || !r->kept)
		return st;
	return reading_scan(r,
	    r->old.bound != NULL
		? arena_printf(r->arena,
		      "(trueup_at >= %s OR trueup_at IS NULL)", r->old.bound)
		: "1 = 1",
	    false, NULL, err);
}
