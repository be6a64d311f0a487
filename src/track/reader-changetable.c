#include <config.h>

#include <inttypes.h>
#include <stdlib.h>

#include "track/ask.h"
#include "track/reader-int.h"

/* Of a table: all that is committed has a version up to now, what was noted
 * below valid has been cleaned, and nothing was before begin. */
struct versions {
	int64_t now, valid, begin;
	const char *table;
};

static enum status
ask_texts_of(struct db *db, struct arena *arena,
    const struct change_source *src, struct texts *out, struct err *err)
{
	struct buf sql = BUF_INIT;
	enum status st;

	db->dialect->track->tracking(&sql, src->from);
	st = ask_texts(db, arena, buf_str(&sql), 4, out, err);
	buf_free(&sql);
	return st;
}

/* Microsoft's pages do not say that the version within a snapshot is the
 * snapshot's, which may be older: one that was committed in between would be
 * lost. */
enum status
changetable_before(struct db *aside, struct arena *arena,
    struct change_source *src, struct err *err)
{
	struct texts got;
	enum status st = ask_texts_of(aside, arena, src, &got, err);
	const char *now =
	    st == TU_OK && got.n == 1 ? texts_get(&got, 0, 0) : NULL;

	src->version = now != NULL ? strtoll(now, NULL, 10) : 0;
	return st;
}

static enum status
ask_versions(struct reading *r, struct versions *v, struct err *err)
{
	struct texts got;
	enum status st = ask_texts_of(r->db, r->arena, r->src, &got, err);

	if (st)
		return st;
	for (size_t i = 0; i < got.ncols; i++) {
		if (got.n == 1 && texts_get(&got, 0, i) != NULL)
			continue;
		err_set(err, TU_ESCHEMA,
		    "reader changetable: %s has no change tracking, or this "
		    "user may not see it",
		    r->src->from);
		return err_hint(err,
		    "ALTER TABLE ... ENABLE CHANGE_TRACKING; GRANT VIEW CHANGE "
		    "TRACKING ON ... TO ...");
	}
	v->now = strtoll(texts_get(&got, 0, 0), NULL, 10);
	v->valid = strtoll(texts_get(&got, 0, 1), NULL, 10);
	v->begin = strtoll(texts_get(&got, 0, 2), NULL, 10);
	v->table = texts_get(&got, 0, 3);
	return TU_OK;
}

enum status
changetable_identity(struct reading *r, const char **identity, struct err *err)
{
	struct versions v;
	enum status st = ask_versions(r, &v, err);

	if (st == TU_OK)
		*identity =
		    arena_printf(r->arena, "%s %" PRId64, v.table, v.begin);
	return st;
}

/*
 * The version only moves when a tracked table changes. So a table that was not
 * tracked for a while, or was truncated, may begin again at the very version
 * that was read last: that says nothing of what came in between.
 */
static const char *
distrust(const struct position *old, const struct versions *v)
{
	if (old->last > v->now)
		return "the database was restored";
	if (old->last < v->valid)
		return "changes that were not read have been cleaned";
	if (old->last <= v->begin)
		return "nothing had changed since tracking began, or the table "
		       "was truncated";
	return NULL;
}

static enum status
check_versions(struct reading *r, struct versions *v, struct err *err)
{
	enum status st = ask_versions(r, v, err);
	const char *why = st == TU_OK && r->kept ? distrust(&r->old, v) : NULL;

	if (why != NULL) {
		reading_whole(r, why);
		r->kept = false;
	}
	return st;
}

enum status
read_by_changetable(struct reading *r, struct err *err)
{
	const struct change_source *src = r->src;
	struct change_source since = *src;
	struct buf from = BUF_INIT;
	struct versions v;
	enum status st = check_versions(r, &v, err);

	if (st)
		return st;
	r->new.last = src->version;
	if (!r->kept)
		return TU_OK;
	r->db->dialect->track->changes(&from, src->from, r->old.last);
	since.from = buf_str(&from);
	r->src = &since;
	st = reading_scan(r, "1 = 1", false, NULL, err);
	r->src = src;
	buf_free(&from);
	/* Cleaning goes on beside us. */
	return st ? st : check_versions(r, &v, err);
}
