/*
 * echo.h - own writes carry a name.
 *
 * Change tables have our writes in them as they have everybody's: a third
 * database may wait for these, and a trigger may have made something else of
 * what was written. So they are told apart, not left out: each row says in its
 * column run what the writing session called itself when it wrote.
 *
 * The name is good for one transaction. A session may go back to a pool, and
 * what the next one writes through it is none of ours: on PostgreSQL the name
 * ends with the transaction; elsewhere it is taken away before COMMIT, and
 * after whatever else has happened.
 */
#ifndef TU_PATCH_ECHO_H
#define TU_PATCH_ECHO_H

#include "db/db.h"

#define ECHO_RUN 17 /* 16 hex digits and a NUL */

struct echo {
	struct db *db;
	const char *run; /* NULL: nothing is to be named */
};

/* A name that no other run has. */
void echo_new_run(char out[ECHO_RUN]);

/* Outside a transaction. Of a database that has no change tables of ours, or
 * older ones, the name is NULL. */
enum status echo_init(
    struct echo *e, struct db *db, const char *run, struct err *err);

/* What is written from here on is ours; in a transaction. */
enum status echo_begin(struct echo *e, struct err *err);
/* The end of it, before COMMIT. */
enum status echo_end(struct echo *e, struct err *err);
/* After a ROLLBACK, of which not all brands take back the name. */
void echo_forget(struct echo *e);

#endif
