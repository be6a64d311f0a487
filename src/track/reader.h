/*
 * reader.h - which keys may have changed since a position.
 *
 * Two readers, each exact in its own way:
 *
 *	snapshot  PostgreSQL, our own tables: the changes of transactions that
 *	          are visible now and were not in the snapshot of the position.
 *	          A transaction is known by its top-level id, never by the
 *	          row's xmin, which is a subtransaction's behind a savepoint
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
 *
 * Both give keys that may have changed: a hint, which can be late or doubled.
 * What differs is for a comparison to say.
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

/*
 * Where changes are read. Texts are SQL of the side's dialect; expressions
 * of columns of "from".
 */
struct change_source {
	enum read_kind kind;
	const char *from;
	const char *where; /* or NULL */
	const char *seq;   /* gaps: the ascending integer */
	const char *mark;  /* gaps: a text that differs where two rows are not
	                    * one, though they have the same number; or NULL */
	const char *op;    /* a text: 'T' is the whole table; or NULL */
	/* A text: what the writing session called itself (patch/echo.h); or
	 * NULL. Of rows in which it is one of ours (a list that ends in NULL;
	 * or NULL) the keys are not kept. */
	const char *run;
	const char *const *ours;
	size_t nkeys;
	const char *const *key; /* of the columns' types */
	const struct column *const *columns;
	/* NULL and "-" for a table that is not ours. */
	const struct capture *capture;
	const char *install_id;
	int64_t gap_seconds; /* InnoDB: GAP_SECONDS */
};

struct change_reading {
	const char *position; /* the new one; the arena's */
	bool whole;           /* all of the table may have changed: */
	const char *why;
	uint64_t rows; /* of the change table that were read */
	uint64_t own;  /* among them: ours */
};

/* A table of our own, which capture_check() has found. */
void change_source_own(struct arena *arena, const struct db *db,
    const struct captures *all, const struct capture *c,
    struct change_source *out);

/*
 * db is in a snapshot. aside is a session of its own on the same database,
 * outside of any; gaps need it except on SQLite. shape is capture_state()'s,
 * in the same snapshot. position NULL: a first one, whole and without keys.
 */
enum status reader_read(struct db *db, struct db *aside, struct arena *arena,
    const struct change_source *src, const char *shape, const char *position,
    struct keyset *keys, struct change_reading *out, struct err *err);

/* Note in the database that a consumer has come so far, which is only for
 * "track clean" to know. db writes. */
enum status reader_ack(struct db *db, struct arena *arena, const char *name,
    const char *position, struct err *err);

#endif
