/*
 * err.h - how a failure travels.
 *
 * A function that can fail returns enum status and takes a struct err * as its
 * last parameter. On TU_OK the object is untouched. On any other status it
 * holds one message that can be shown as is, and the status tells the caller
 * what kind of failure it was. A caller that cannot handle the failure returns
 * the same status, after err_context() if it knows something the callee did
 * not (which table, which range, which side):
 *
 *	st = db_digest(db, range, &digest, err);
 *	if (st)
 *		return err_context(err, "table '%s', range %s", name, range);
 *
 * gives "table 'orders', range (100, 200]: server closed the connection".
 *
 * Running out of memory is not reported this way: see arena.h.
 */
#ifndef TU_BASE_ERR_H
#define TU_BASE_ERR_H

#include "base/base.h"

enum status {
	TU_OK = 0,
	TU_EUSAGE,   /* the command line asks for something impossible */
	TU_ECONNECT, /* a database cannot be reached or refused us */
	TU_EQUERY,   /* a statement failed; see err->sqlstate */
	TU_ESCHEMA,  /* the two tables cannot be compared */
	TU_EREPLAN,  /* a value does not fit the chosen plan; never leaves diff/
	              */
	TU_ECONFLICT,    /* a row is not what the patch expects */
	TU_EIO,          /* a file or a pipe failed */
	TU_EINTERRUPTED, /* SIGINT or SIGTERM */
	TU_EPATCH,       /* a file is not the patch it should be */
	TU_EBUSY,        /* another run is at it */
	TU_EBUG,         /* an internal invariant does not hold */
};

#define ERR_MSG_MAX 2048
#define ERR_HINT_MAX 512

struct err {
	enum status status;
	char sqlstate[6]; /* five characters from the server, or "" */
	char msg[ERR_MSG_MAX];
	char hint[ERR_HINT_MAX]; /* what to try, or "" */
};

/* clang-format off */
#define ERR_INIT { .status = TU_OK }
/* clang-format on */

/* Record a failure and return its status, for "return err_set(...)". */
enum status err_set(struct err *err, enum status status, const char *fmt, ...)
    TU_PRINTF(3, 4);

/* Put "<context>: " before the message and return the recorded status. */
enum status err_context(struct err *err, const char *fmt, ...) TU_PRINTF(2, 3);

/* Put something behind the message and return the recorded status. */
enum status err_append(struct err *err, const char *fmt, ...) TU_PRINTF(2, 3);

/* Say what to try; shown on a line of its own. Returns the status. */
enum status err_hint(struct err *err, const char *fmt, ...) TU_PRINTF(2, 3);

void err_clear(struct err *err);

/* The exit status of the program for a failure of this kind; never 0 or 1. */
int err_exit_status(enum status status);

#endif
