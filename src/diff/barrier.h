/*
 * barrier.h - has the target got past what was read from the source?
 *
 * Where the target replays the source's own log that is known exactly: a
 * position taken on the source behind a look lies behind all that the look
 * saw, and the target says when it has replayed so far (struct db_position of
 * db/dialect.h). Between any other two databases nobody can say, and only time
 * passes. An independent copy that an application keeps, and a logical
 * replica, whose entry at the publisher carries no name that proves which
 * database it is, are such.
 */
#ifndef TU_DIFF_BARRIER_H
#define TU_DIFF_BARRIER_H

#include "diff/plan.h"

struct barrier {
	const struct plan *plan;
	struct arena *arena;
	const char *by; /* "lsn", "gtid" or "time" */
	struct cell position;
	bool asked;
};

void barrier_init(struct barrier *b, const struct plan *plan);
void barrier_release(struct barrier *b);

/* Behind a look, when its snapshots have ended: the position that the target
 * must get past. The first call finds out whether there is one. */
enum status barrier_note(struct barrier *b, struct err *err);

/* Before the next one: by time always true. */
enum status barrier_passed(struct barrier *b, bool *passed, struct err *err);

#endif
