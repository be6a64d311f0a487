#include <config.h>

#include <sqlite3.h>

#include "db/sqlite.h"

/* How often a snapshot is begun anew to know what it sees of a log. */
#define LOG_TRIES 8

/* BEGIN alone takes no snapshot: the first read does. */
static enum status
begin_reading(struct db *base, struct err *err)
{
	enum status st = base->drv->exec(base, "BEGIN", NULL, err);

	if (st)
		return st;
	st = base->drv->exec(
	    base, "SELECT 1 FROM sqlite_schema LIMIT 1", NULL, err);
	if (st)
		base->drv->snapshot_end(base);
	return st;
}

/* Somebody may commit at the very moment; nothing was read yet that a later
 * snapshot would contradict. */
enum status
sqlite_snapshot_begin(struct db *base, const char *id, struct err *err)
{
	struct sqlite_db *db = (struct sqlite_db *)base;
	struct sqlite_log_look before, behind;

	if (id != NULL)
		return err_set(err, TU_EBUG, "SQLite shares no snapshots");
	for (unsigned tries = 1;; tries++) {
		enum status st;

		sqlite_log_look(db->handle, &before);
		st = begin_reading(base, err);
		if (st)
			return st;
		sqlite_log_look(db->handle, &behind);
		db->log = sqlite_log_between(&before, &behind);
		if (db->log.state != SQLITE_LOG_UNKNOWN || !before.known ||
		    tries == LOG_TRIES)
			return TU_OK;
		base->drv->snapshot_end(base);
	}
}

void
sqlite_snapshot_end(struct db *base)
{
	struct sqlite_db *db = (struct sqlite_db *)base;

	db->log.state = SQLITE_LOG_UNKNOWN;
	if (!sqlite3_get_autocommit(db->handle))
		sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}
