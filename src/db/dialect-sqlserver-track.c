/*
 * SQL Server's own change tracking: the server notes keys of rows that change,
 * by the version at which their transaction committed, so that there is nothing
 * to install. Written after documentation, as all of this brand.
 */
#include <config.h>

#include <inttypes.h>

#include "db/dialect-sqlserver.h"
#include "db/dialect-track.h"

/* A restored database is another. Everybody may see these unless VIEW ANY
 * DATABASE was taken from him, and then they are NULL. */
static void
ss_state(struct buf *out, const struct tracked *t)
{
	(void)t;
	buf_adds(out,
	    "SELECT 'shape server', CONCAT(@@SERVERNAME,' ',d.name,' ',"
	    "CONVERT(varchar(30),d.create_date,126),' ',"
	    "CONVERT(varchar(36),r.recovery_fork_guid))"
	    " FROM sys.databases d LEFT JOIN sys.database_recovery_status r"
	    " ON r.database_id = d.database_id WHERE d.database_id = DB_ID()");
}

static void
ss_tracking(struct buf *out, const char *from)
{
	buf_adds(out,
	    "SELECT CONVERT(varchar(20),CHANGE_TRACKING_CURRENT_VERSION()),"
	    "CONVERT(varchar(20),CHANGE_TRACKING_MIN_VALID_VERSION(o.id)),"
	    "CONVERT(varchar(20),t.begin_version),CONVERT(varchar(20),o.id)"
	    " FROM (SELECT OBJECT_ID(");
	track_text(out, &dialect_sqlserver, from);
	buf_adds(out, ") AS id) o LEFT JOIN sys.change_tracking_tables t"
		      " ON t.object_id = o.id");
}

static void
ss_changes(struct buf *out, const char *from, int64_t since)
{
	buf_addf(out, "CHANGETABLE(CHANGES %s, %" PRId64 ") AS trueup_ct", from,
	    since);
}

const struct track_sql track_sql_sqlserver = {
	.state = ss_state,
	.text = "nvarchar(max)",
	.integer = "bigint",
	.tracking = ss_tracking,
	.changes = ss_changes,
};
