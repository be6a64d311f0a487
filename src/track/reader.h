/*
 * reader.h - which keys may have changed since a position.
 *
 * Readers, the first two of them exact, each in its own way:
 *
 *	snapshot  PostgreSQL, where rows have the id of their transaction: the
 *	          changes of transactions that are visible now and were not in
 *	          the snapshot of the position. A transaction is known by its
 *	          top-level id, never by the row's xmin, which is a
 *	          subtransaction's behind a savepoint
 *	gaps      any table with an ascending integer: rows above the last one
 *	          read, and those that were missing below it (gaps.h). When a
 *	          gap is closed for good:
 *
 *	          PostgreSQL  when every transaction has ended that could have
 *	                      taken the number: it was born with a fresh
 *	                      transaction id, taken behind the read, and that
 *	                      is below the xmin of a later one
 *	          InnoDB      when it is in no uncommitted row either, which a
 *	                      READ UNCOMMITTED session sees, for GAP_SECONDS
 *	          SQLite      there are none: it has one writer at a time
 *
 *	          A standby of PostgreSQL gives no transaction ids, and is an
 *	          error; of other brands nobody knows when to close a gap:
 *	          dialect->track is NULL, and nothing is read
 *	window    a table with a time of the last change: rows from a while
 *	          before the newest on, again and again. now() is when the
 *	          transaction began (PostgreSQL) or the statement, so that a
 *	          row comes to light later than a newer one. On PostgreSQL as
 *	          far back as the oldest transaction goes that was open before
 *	          the snapshot (reader_before()); where that is not known, and
 *	          elsewhere, `window`, which must be longer than any
 *	          transaction. A time that is NULL counts as new
 *	slot      what a logical replication slot of PostgreSQL with the
 *	          plugin pgoutput gives of the table (pgoutput.h). It is only
 *	          looked at; what is kept of it ends with the ack. Of several
 *	          tables that share it the one that was read least far counts
 *	changetable
 *	          what SQL Server has noted by itself (change tracking): the
 *	          keys of rows that were committed behind a version. It is good
 *	          while nothing behind it has been cleaned, which is looked at
 *	          before and after, and no TRUNCATE or pause came in between
 *	all       every row, each time
 *	none      this side is believed never to change by itself
 *
 * All of them give keys that may have changed: a hint, which can be late or
 * doubled. What differs is for a comparison to say. What has become of rows
 * that were deleted is told by a table of changes only (blind_to_deletes).
 *
 * The position in a table that is not ours counts as long as the row read last
 * is there (gaps), or any row of the old snapshot (snapshot) or of the last
 * window, and the mapping is as it was; on PostgreSQL it must not have been
 * truncated or replaced either. Rows that somebody deletes before they were
 * read cannot be missed.
 *
 * The order is what makes it right: in one snapshot, or before it, the changes
 * are read and the new position is taken; in it or after it the rows of those
 * keys; then the new position is kept; then the change table is told (ack).
 * Rows first and changes second left 15 of 200 keys stale for good in a
 * measured run. For a first position the same: it is taken before the full
 * comparison that stands behind it begins.
 */
#ifndef TU_TRACK_READER_H
#define TU_TRACK_READER_H

#include "track/capture.h"
#include "track/keyset.h"
#include "track/position.h"

#define GAP_SECONDS 600
#define WINDOW_SECONDS 3600
/* What may lie between reader_before() and the snapshot, and between the
 * clocks of those who write. */
#define WINDOW_SKEW 60

/*
 * Where changes are read. Texts are SQL of the side's dialect; expressions
 * of columns of "from". READ_NONE needs none of them.
 */
struct change_source {
	const char *name; /* for messages, or NULL */
	enum read_kind kind;
	const char *from; /* slot: its name; changetable: the table itself */
	const char *publication; /* slot: the publication, and the table; keys
	                          * are of k1, k2, ... that are bytes */
	uint64_t relid;
	const char *where; /* or NULL */
	const char *seq;   /* gaps: the ascending integer; snapshot: the xid8;
	                    * window, all: an integer for pointer, or NULL */
	const char *mark;  /* gaps: a text that differs where two rows are not
	                    * one, though they have the same number; or NULL */
	const char *at;    /* window: a time, or a number that ascends */
	const char *op;    /* a text: 'T' is the whole table; or NULL */
	size_t nkeys;
	const char *const *key;     /* of the columns' types */
	const char *const *key_old; /* the same, another key that the row
	                             * speaks of unless a part is NULL; or
	                             * NULL */
	const struct column *const *columns;
	/* NULL and "-" for a table that is not ours. */
	const struct capture *capture;
	const char *install_id;
	int64_t gap_seconds; /* InnoDB: GAP_SECONDS */
	int64_t window;      /* seconds, or what a number is put back by */
	int64_t skew;    /* what reader_before() adds, WINDOW_SKEW or more */
	int64_t open;    /* reader_before()'s, 0: not known */
	int64_t version; /* the same, for changetable */
	bool blind_to_deletes;
	const char *ack; /* all: how a row is marked (mark.h), or NULL */
	/* A query of one value: up to which number (of seq) another pipeline
	 * has carried these changes. Keys of rows above it go into pending,
	 * too, in every read, be it the first. */
	const char *pointer;
	struct keyset *pending; /* the caller's; NULL: nobody wants to know */
};

struct change_reading {
	const char *position; /* the new one, the arena's; NULL: there is none
	                       * to go on from */
	bool whole;           /* all of the table may have changed: */
	const char *why;
	uint64_t rows; /* of the change table that were read */
	bool blind_to_deletes;
	/* Any key may be pending: there are too many, or one is NULL. */
	bool pending_all;
};

/* A table of our own, which capture_check() has found. */
void change_source_own(struct arena *arena, const struct db *db,
    const struct captures *all, const struct capture *c,
    struct change_source *out);

/*
 * Right before the snapshot that reader_read() is in, with a session outside
 * of any: how far back a window has to go, and the version that the next read
 * of SQL Server's changes begins at. Others need nothing.
 */
enum status reader_before(struct db *aside, struct arena *arena,
    struct change_source *src, struct err *err);

/*
 * db is in a snapshot. aside is a session of its own on the same database,
 * outside of any; slot needs it, and gaps except on SQLite. shape is
 * capture_state()'s, in the same snapshot, and NULL for a table that is not
 * ours. position NULL: a first one, whole and without keys.
 */
enum status reader_read(struct db *db, struct db *aside, struct arena *arena,
    const struct change_source *src, const char *shape, const char *position,
    struct keyset *keys, struct change_reading *out, struct err *err);

/* Two positions of one slot, and a has been read less far? */
bool reader_behind(struct arena *arena, const char *a, const char *b);

/* Must the database be told of every position, and not now and then? */
bool reader_holds(struct arena *arena, const char *position);

/* Note in the database that a consumer has come so far, which is only for
 * "track clean" to know, or let go of what a slot keeps; nothing where the
 * table is not ours. db writes. */
enum status reader_ack(struct db *db, struct arena *arena, const char *name,
    const char *position, struct err *err);

#endif
