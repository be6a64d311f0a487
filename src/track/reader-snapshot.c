#include <config.h>

#include <inttypes.h>

#include "track/ask.h"
#include "track/reader-int.h"

/*
 * Ours: the installing transaction must be visible in the old snapshot (its id
 * alone says nothing while older ones are open), and nothing that the snapshot
 * has not seen may have been cleaned. Of another's: who deletes what is old
 * has not come so far as long as there is something that the snapshot has
 * seen. Time must not have gone back, as it does when a backup is restored.
 */
static const char *
check_sql(struct reading *r)
{
	const struct change_source *src = r->src;
	const char *old = r->old.snapshot;

	if (src->capture != NULL)
		return arena_printf(r->arena,
		    "SELECT (pg_visible_in_snapshot(installed, '%s')"
		    " AND pg_snapshot_xmin('%s') >= cleaned"
		    " AND pg_snapshot_xmax('%s') <= "
		    "pg_snapshot_xmax(pg_current_snapshot()))::int::bigint"
		    " FROM %s WHERE tab = %" PRId64,
		    old, old, old, r->db->dialect->track->captured, r->new.tab);
	return arena_printf(r->arena,
	    "SELECT (pg_snapshot_xmax('%s') <= "
	    "pg_snapshot_xmax(pg_current_snapshot()) AND (%s OR EXISTS ("
	    "SELECT 1 FROM %s WHERE pg_visible_in_snapshot(%s, '%s'))))"
	    "::int::bigint",
	    old, r->old.rows ? "false" : "true", src->from, src->seq, old);
}

static enum status
check_snapshot(struct reading *r, struct err *err)
{
	int64_t good;
	enum status st = ask_int(r->db, check_sql(r), &good, err);

	if (st == TU_OK && good != 1) {
		reading_whole(r, "changes that were not read have been "
				 "cleaned, or the database was restored");
		r->kept = false;
	}
	return st;
}

static enum status
has_rows(struct reading *r, struct err *err)
{
	int64_t n;
	enum status st = ask_int(r->db,
	    arena_printf(r->arena,
		"SELECT EXISTS (SELECT 1 FROM %s)"
		"::int::bigint",
		r->src->from),
	    &n, err);

	if (st == TU_OK)
		r->new.rows = n == 1;
	return st;
}

enum status
read_by_snapshot(struct reading *r, struct err *err)
{
	const char *old;
	struct texts now;
	int64_t standby;
	enum status st;

	st = ask_texts(r->db, r->arena, "SELECT pg_current_snapshot()::text", 1,
	    &now, err);
	if (st == TU_OK)
		st = ask_int(r->db, "SELECT pg_is_in_recovery()::int::bigint",
		    &standby, err);
	if (st == TU_OK && r->src->capture == NULL)
		st = has_rows(r, err);
	if (st)
		return st;
	r->new.snapshot = texts_get(&now, 0, 0);
	if (standby == 1) {
		r->new.snapshot = NULL;
		reading_whole(r, "a standby does not tell which transactions "
				 "are still open");
		r->kept = false;
	}
	if (r->kept)
		st = check_snapshot(r, err);
	if (st || !r->kept)
		return st;
	old = r->old.snapshot;
	return reading_scan(r,
	    arena_printf(r->arena,
		"trueup_seq >= pg_snapshot_xmin('%s') AND NOT "
		"pg_visible_in_snapshot(trueup_seq, '%s')",
		old, old),
	    false, NULL, err);
}
