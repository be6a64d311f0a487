#include <config.h>

#include "db/sqlite-sort.h"

#include <sqlite3.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/interrupt.h"
#include "db/sqlite.h"

#define STEPS 10000 /* of SQLite's machine between two looks at the flag */

struct sqlite_sort {
	sqlite3 *handle;
	sqlite3_stmt *insert, *select;
	bool done;
};

/* Nothing here needs to survive a crash, so nothing is written twice. */
static const char setup[] = "PRAGMA cache_size=-4096;"
			    "PRAGMA journal_mode=OFF;"
			    "PRAGMA synchronous=OFF;"
			    "PRAGMA locking_mode=EXCLUSIVE;"
			    "CREATE TABLE s (k BLOB, r BLOB);"
			    "BEGIN";

static enum status
failed(struct sqlite_sort *s, int rc, struct err *err)
{
	enum status st =
	    sqlite_fail(s->handle, rc, "cannot sort in a temporary file", err);

	if ((rc & 0xff) == SQLITE_FULL || (rc & 0xff) == SQLITE_IOERR ||
	    (rc & 0xff) == SQLITE_CANTOPEN) {
		err->status = st = TU_EIO;
		err_hint(err, "set TMPDIR to a directory with more room: rows "
			      "of a side that cannot order them are sorted "
			      "there");
	}
	return st;
}

static int
stop_when_interrupted(void *arg)
{
	(void)arg;
	return interrupted();
}

enum status
sqlite_sort_open(struct sqlite_sort **out, struct err *err)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
	                  SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	struct sqlite_sort *s = calloc(1, sizeof(*s));
	enum status st = TU_OK;
	int rc;

	*out = NULL;
	if (s == NULL)
		out_of_memory(sizeof(*s));
	/* No name: a file of its own that nobody else can open. */
	rc = sqlite3_open_v2("", &s->handle, flags, NULL);
	if (s->handle == NULL)
		out_of_memory(0);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(s->handle, setup, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(s->handle,
		    "INSERT INTO s VALUES (?1, ?2)", -1, &s->insert, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(s->handle, "SELECT r FROM s ORDER BY k",
		    -1, &s->select, NULL);
	if (rc != SQLITE_OK) {
		st = failed(s, rc, err);
		sqlite_sort_close(s);
		return st;
	}
	sqlite3_progress_handler(s->handle, STEPS, stop_when_interrupted, NULL);
	*out = s;
	return TU_OK;
}

void
sqlite_sort_close(struct sqlite_sort *s)
{
	if (s == NULL)
		return;
	sqlite3_finalize(s->insert);
	sqlite3_finalize(s->select);
	sqlite3_close_v2(s->handle);
	free(s);
}

enum status
sqlite_sort_add(struct sqlite_sort *s, const void *key, size_t keylen,
    const void *record, size_t len, struct err *err)
{
	int rc;

	sqlite3_bind_blob64(s->insert, 1, key, keylen, SQLITE_STATIC);
	/* A record that is too long for SQLite is told here. */
	rc = sqlite3_bind_blob64(s->insert, 2, record, len, SQLITE_STATIC);
	if (rc == SQLITE_OK) {
		sqlite3_step(s->insert);
		rc = sqlite3_reset(s->insert);
	}
	return rc == SQLITE_OK ? TU_OK : failed(s, rc, err);
}

enum status
sqlite_sort_next(
    struct sqlite_sort *s, const void **record, size_t *len, struct err *err)
{
	int rc;

	*record = NULL;
	*len = 0;
	if (s->done)
		return TU_OK;
	rc = sqlite3_step(s->select);
	if (rc == SQLITE_DONE) {
		s->done = true;
		return TU_OK;
	}
	if (rc != SQLITE_ROW)
		return failed(s, rc, err);
	*record = sqlite3_column_blob(s->select, 0);
	*len = (size_t)sqlite3_column_bytes(s->select, 0);
	if (*record == NULL)
		*record = "";
	return TU_OK;
}
