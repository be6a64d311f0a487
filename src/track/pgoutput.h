/*
 * pgoutput.h - the keys in what PostgreSQL's plugin pgoutput sends.
 *
 * Protocol 1 ("Logical Replication Message Formats" in PostgreSQL's manual):
 * messages of transactions that are committed, one transaction behind another
 * in the order of their commit records. Read are Begin, Commit, Relation,
 * Insert, Update, Delete and Truncate; Origin, Type and Message say nothing of
 * keys. Nothing here speaks to a server.
 *
 * A commit record is in the log before a snapshot sees its transaction, and
 * snapshots see transactions in another order than that of the log. So the
 * keys of all that the snapshot sees are taken, and the position stays behind
 * the last commit before the first that it does not see.
 */
#ifndef TU_TRACK_PGOUTPUT_H
#define TU_TRACK_PGOUTPUT_H

#include "base/arena.h"

struct pgoutput_text {
	const void *p; /* as the server writes it, in its encoding */
	size_t len;
};

/* A key that may have changed; it lives as long as the message. */
typedef void pgoutput_each(void *arg, const struct pgoutput_text *key);

struct pgoutput {
	/* The caller's. */
	uint32_t relid;
	size_t nkeys;
	const char *const *names; /* of the columns of the key */
	const char *snapshot;     /* pg_current_snapshot() */
	uint64_t from;            /* what was committed before it was read */
	pgoutput_each *each;
	void *arg;

	/* What was found. */
	const char *whole; /* why any key may have changed, or NULL */
	uint64_t end;      /* all before it was read; at least from */
	bool stopped;      /* but not all behind it */

	/* private */
	bool broken, open, known, taken;
	size_t ncols, *at; /* of the relation, and where the keys are */
	struct pgoutput_text *key;
};

/* The caller's part is there; the rest is set. */
void pgoutput_init(struct pgoutput *s, struct arena *arena);

/* What cannot be understood makes it whole, and nothing is taken from then
 * on. */
void pgoutput_message(struct pgoutput *s, const void *p, size_t len);

/* After the last message. */
void pgoutput_finish(struct pgoutput *s);

#endif
