/*
 * sqlite-log.h - what of a write-ahead log belongs to a snapshot.
 *
 * A reader sees all frames of the log up to the last commit before it began. No
 * function of the library says which that is, but the header of the wal-index
 * does, which the library has mapped (https://sqlite.org/walformat.html, 2.1).
 * It is looked at before and behind the first read of a transaction: where
 * nobody committed between, it is the transaction's own; every commit changes a
 * counter in it.
 *
 * What the lock of a reader promises as long as it is held:
 *
 * - If not all of these frames had been copied into the file when it began, it
 *   has marked how far it reads. No checkpoint copies more than these frames,
 *   and nobody writes over them. A page that has none is the file's, and stays.
 * - If all of them had been copied, everything is in the file, and no
 * checkpoint writes to that.
 *
 * Where it cannot be told which of the two it was, nothing is known.
 */
#ifndef TU_DB_SQLITE_LOG_H
#define TU_DB_SQLITE_LOG_H

#include "db/sqlite-page.h"

struct sqlite3;

enum sqlite_log_state {
	SQLITE_LOG_UNKNOWN,
	SQLITE_LOG_COPIED, /* the file has everything */
	SQLITE_LOG_NEEDED, /* its first frames belong to the snapshot */
};

#define SQLITE_LOG_INDEX 48 /* bytes of the header of a wal-index */

struct sqlite_log_look {
	bool known; /* the connection uses a log and its index can be read */
	unsigned char header[SQLITE_LOG_INDEX];
	uint32_t copied; /* frames */
};

struct sqlite_log {
	enum sqlite_log_state state;
	uint32_t nframes;
	uint32_t npages;       /* of the database, behind the last of them */
	unsigned char salt[8]; /* of all frames */
	uint32_t sums[2];      /* of the last */
};

/* Is the file read by the system's usual VFS? */
bool sqlite_log_is_plain(struct sqlite3 *handle);

/* Now. */
void sqlite_log_look(struct sqlite3 *handle, struct sqlite_log_look *look);
/* What a transaction sees that first read between the two. */
struct sqlite_log sqlite_log_between(
    const struct sqlite_log_look *before, const struct sqlite_log_look *behind);

/* Which page each frame has as the wal-index says (2.2 there), so as SQLite
 * would read it; inside of the transaction. */
const char *sqlite_log_pages(
    struct sqlite3 *handle, const struct sqlite_log *log, uint32_t *pages);

/*
 * Find these pages in a log that is mapped; a reason if it is not that of the
 * snapshot. frames->data, len and size are set, frames->of has room for npages
 * of the database and is zeroed.
 */
const char *sqlite_log_read(const struct sqlite_log *log, const uint32_t *pages,
    struct sqlite_frames *frames);

#endif
