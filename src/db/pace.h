/*
 * pace.h - reading no faster, and no more, than a server can spare.
 *
 * Each side of a comparison has a pace, which all connections to it share, of
 * as many threads as there are. What reads rows of a struct db that has one
 * waits in db_next() for --max-rate, some rows at a time, and in db_scan(), so
 * before a statement, for --max-load. Where the server reads rows that it does
 * not send, whoever asked for it says how many these were; and whoever cuts
 * work into statements makes them no larger than pace_piece().
 *
 * The load is what the server says of itself (dialect->load), asked for on a
 * connection of its own, outside of all snapshots, once a second at most and
 * only when there is something to be read. While it is above the limit nothing
 * goes on, for as long as it takes or until the time is up.
 *
 * All waits end at once with a signal.
 */
#ifndef TU_DB_PACE_H
#define TU_DB_PACE_H

#include "base/err.h"

struct db;
struct pace;

struct pace_options {
	uint64_t rate; /* rows a second; 0: any */
	uint64_t load; /* 0: any */
	double until;  /* clock_seconds() from when on no load is waited for;
	                * 0: always */
};

/*
 * For the side that db is a connection of; url opens the other one. TU_EUSAGE:
 * the user may not see the load. A database that has none (dialect->load is
 * NULL) is not waited for.
 */
enum status pace_new(const struct db *db, const char *url,
    const struct pace_options *options, struct pace **out, struct err *err);
void pace_free(struct pace *p); /* NULL is allowed */

/* A db that has no pace may be asked, too. */

/* Rows that a statement may read: a second's. UINT64_MAX: any. */
uint64_t pace_piece(const struct db *db);
/* Rows that may be read before it is said: less than that. */
uint64_t pace_step(const struct db *db);
/* So many were read: wait until more may be. */
void pace_rows(const struct db *db, uint64_t rows);
/* Wait while the server is too busy for another statement. */
enum status pace_load(const struct db *db, struct err *err);

/* Wait no more (a run that failed is to end), or again. */
void pace_hurry(const struct db *db, bool hurry);

#endif
