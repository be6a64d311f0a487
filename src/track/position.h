/*
 * position.h - how far the changes of a table have been read, as text.
 *
 * To everybody but the readers it is a text that has no newline in it, to be
 * kept and given back. Fields, between tabs:
 *
 *	1           the version of this format
 *	snapshot    what has read it: snapshot, gaps, window, slot,
 *	            changetable, all or none
 *	id, number  of the change table: meta.install_id and captured.tab; "-"
 *	            and 0 for a table that is not ours
 *	shape       of the table, as capture_state() says, or of a table that
 *	            is not ours, as the reader finds it
 *
 * then for snapshot
 *
 *	snapshot    pg_current_snapshot(): all that is visible in it was read
 *	rows        1: a table that is not ours had rows then; else 0
 *
 * for gaps
 *
 *	last, mark  the largest number read, and what tells that row from
 *	            another of the same number ("-": nothing does)
 *	gaps        numbers below it that were not there, see gaps.h
 *
 * for window
 *
 *	bound       an SQL literal, from which on rows are read; "-": all are
 *
 * for slot
 *
 *	slot        its name
 *	lsn         all that was committed before it was read, "0/16B3748"
 *	xid         0; else it does not count yet: when no transaction below
 *	            this id is open any more it will
 *
 * for changetable
 *
 *	version     of the database, up to which changes were read
 *
 * and nothing for all and none.
 */
#ifndef TU_TRACK_POSITION_H
#define TU_TRACK_POSITION_H

#include "base/arena.h"
#include "track/gaps.h"

enum read_kind {
	READ_SNAPSHOT,
	READ_GAPS,
	READ_WINDOW,
	READ_SLOT,
	READ_CHANGETABLE,
	READ_ALL,
	READ_NONE,
};

#define READ_KINDS (READ_NONE + 1)

extern const char *const read_kind_names[READ_KINDS];

struct position {
	enum read_kind kind;
	const char *install_id;
	int64_t tab;
	const char *shape;
	const char *snapshot;
	bool rows;
	const char *bound; /* NULL for "-" */
	const char *slot;
	uint64_t lsn, xid;
	int64_t last;
	const char *mark;
	struct gaps gaps;
};

void position_release(struct position *p);

void position_write(struct buf *out, const struct position *p);
/* False if it is none of this version; *out is to be released either way. */
bool position_read(struct arena *arena, const char *text, struct position *out);

/* PostgreSQL's pg_lsn as text. */
bool position_lsn(const char *s, uint64_t *out);

/* May this text stand in SQL as the name of a slot? */
bool position_slot(const char *s);

/* May this text stand in SQL as a bound? */
bool position_bound(const char *s);

/*
 * What the change table may forget, as SQL text without quotes: for ack() of
 * db/dialect-track.h.
 */
void position_low(struct buf *out, const struct position *p);
int64_t position_low_number(const struct position *p);

#endif
