/*
 * history-int.h - what the files that know a state file's tables share.
 *
 * history.c opens, history-run.c writes, history-read.c reads; accept.c and
 * accept-list.c keep the table accepted.
 */
#ifndef TU_AUDIT_HISTORY_INT_H
#define TU_AUDIT_HISTORY_INT_H

#include "audit/history.h"
#include "base/buf.h"
#include "db/db.h"

/* A table of the run, until its end. */
struct history_heard {
	const char *name, *verdict, *why; /* why may be NULL */
	struct tally tally;
	size_t skipped; /* columns that were not compared */
};

struct history {
	struct change_sink sink; /* first, so that it is the object */
	struct db *db;
	struct arena *arena;
	const char *path;
	int fd; /* has the lock; SQLite would lose its own if it were closed
	         * before the database */
	int64_t run, started; /* 0: none was begun, or it ended */
	bool syncs, full;
	bool cut;     /* for some table there was not the time */
	bool failed;  /* some table was not compared to its end */
	bool goes;    /* on from where another run stopped */
	double began; /* clock_seconds() */
	struct history_heard *heard;
	size_t nheard, cap;
	struct buf sql;
	struct buf also; /* for the run's last transaction */
	struct buf reached;
};

/* The verdict of a table that the run did not have to look at. */
#define HISTORY_BEFORE "compared before"

/* Between the values of accepted.key_plain. */
#define ACCEPT_SEPARATOR '\x1f'

/* A text as a literal, NULL for NULL. */
void history_add_text(struct buf *sql, const char *s);

/* A text of a row, kept; NULL for NULL. */
const char *history_text(struct arena *arena, const struct cell *c);

/* Run statements as one transaction. */
enum status history_commit(struct history *h, struct buf *sql, struct err *err);

/* Call each() for every row of a query of n columns, in whatever types. */
enum status history_each(struct db *db, const char *sql, size_t n,
    enum status (*each)(void *arg, const struct cell *cells, struct err *err),
    void *arg, struct err *err);

#endif
