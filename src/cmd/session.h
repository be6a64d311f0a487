/*
 * session.h - two databases, a snapshot of each, and the plan between them.
 */
#ifndef TU_CMD_SESSION_H
#define TU_CMD_SESSION_H

#include "cmd/cmd.h"
#include "diff/plan.h"

struct session {
	const char *url[2];
	struct db *db[2]; /* by enum side; NULL when closed */
	bool snapshot[2];
	struct pace *pace[2];  /* of the connections above, or NULL */
	struct redact *redact; /* with --redact, else NULL */
	struct plan plan;
};

/*
 * Open the databases named by the first two operands for reading, take the
 * snapshots, make the plan for the selection. ntables operands behind the two
 * names are tables. What was opened before a failure is the caller's to close.
 */
enum status session_open(
    struct session *s, struct call *call, size_t ntables, struct err *err);

/* What is read from now on is read at the call's pace; until: see db/pace.h. */
enum status session_pace(
    struct session *s, const struct call *call, double until, struct err *err);

/* Only the one that url[side] names. */
enum status session_open_side(
    struct session *s, enum side side, struct err *err);

/* End one side's snapshot, or its connection too; again is fine. */
void session_end_snapshot(struct session *s, enum side side);
/* Another one, after a failed statement; TU_OK or what is wrong. */
enum status session_new_snapshot(
    struct session *s, enum side side, struct err *err);
void session_close_side(struct session *s, enum side side);

void session_close(struct session *s);

#endif
