#include <config.h>

#include <inttypes.h>

#include "track/ask.h"
#include "track/reader-int.h"

/*
 * The installing transaction must be visible in the old snapshot (its id alone
 * says nothing while older ones are open), nothing that the snapshot has not
 * seen may have been cleaned, and time must not have gone back, as it does
 * when a backup is restored.
 */
static enum status
check_snapshot(struct reading *r, struct err *err)
{
	const char *old = r->old.snapshot;
	int64_t good;
	enum status st = ask_int(r->db,
	    arena_printf(r->arena,
		"SELECT (pg_visible_in_snapshot(installed, '%s')"
		" AND pg_snapshot_xmin('%s') >= cleaned"
		" AND pg_snapshot_xmax('%s') <= "
		"pg_snapshot_xmax(pg_current_snapshot()))::int::bigint"
		" FROM %s WHERE tab = %" PRId64,
		old, old, old, r->db->dialect->track->captured, r->new.tab),
	    &good, err);

	if (st == TU_OK && good != 1) {
		reading_whole(r, "changes that were not read have been "
				 "cleaned, or the database was restored");
		r->kept = false;
	}
	return st;
}

enum status
read_by_snapshot(struct reading *r, struct err *err)
{
	const char *old = r->old.snapshot;
	struct texts now;
	int64_t standby;
	enum status st;

	st = ask_texts(r->db, r->arena, "SELECT pg_current_snapshot()::text", 1,
	    &now, err);
	if (st == TU_OK)
		st = ask_int(r->db, "SELECT pg_is_in_recovery()::int::bigint",
		    &standby, err);
	if (st)
		return st;
	r->new.snapshot = texts_get(&now, 0, 0);
	if (standby == 1) {
		reading_whole(r, "a standby does not tell which transactions "
				 "are still open");
		r->kept = false;
	}
	if (r->kept)
		st = check_snapshot(r, err);
	if (st || !r->kept)
		return st;
	return reading_scan(r,
	    arena_printf(r->arena,
		"trueup_seq >= pg_snapshot_xmin('%s') AND NOT "
		"pg_visible_in_snapshot(trueup_seq, '%s')",
		old, old),
	    false, NULL, err);
}
