#include <config.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/tap.h"
#include "patch/journal.h"

static struct db *target;

static void
make_target(void)
{
	sqlite3 *db = NULL;

	if (sqlite3_open("t.db", &db) != SQLITE_OK ||
	    sqlite3_exec(db, "CREATE TABLE t (id INTEGER PRIMARY KEY)", NULL,
		NULL, NULL) != SQLITE_OK)
		abort();
	sqlite3_close(db);
}

/* How many tables the target has for markers. */
static int
markers(void)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *stmt = NULL;
	int n = -1;

	if (sqlite3_open("t.db", &db) == SQLITE_OK &&
	    sqlite3_prepare_v2(db,
		"SELECT count(*) FROM sqlite_schema WHERE name LIKE 'trueup%'",
		-1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW)
		n = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return n;
}

/* A push of one batch, to where it is to be finished; or one that is there. */
static struct journal *
push(const char *state, struct journal_found *found)
{
	struct journal *j = NULL;
	struct buf sql = BUF_INIT;
	struct err err = ERR_INIT;
	enum status st = journal_open(state, "source", "target", &j, &err);

	if (st == TU_OK)
		st = journal_settle(j, target, found, &err);
	buf_adds(&sql, "SELECT 1");
	if (st == TU_OK && found->batches == 0) {
		st = journal_put(j, 1, &sql, &err);
		if (st == TU_OK)
			st = journal_start(j, target, &err);
		if (st == TU_OK)
			st = journal_intent(j, target, 1, 1, &err);
		journal_done(j);
	}
	ok(st == TU_OK, "a push: %s", err.msg);
	buf_free(&sql);
	return j;
}

static void
end(struct journal *j, const char *what)
{
	struct err err = ERR_INIT;

	ok(journal_end(j, target, &err) == TU_OK, "%s: %s", what, err.msg);
	journal_close(j);
}

/* Killed, or otherwise kept from it, before the file is removed: the target has
 * no marker then that nobody would look for. */
static void
kept_from_the_end(const char *dir)
{
	struct journal_found found = { 0 };
	struct err err = ERR_INIT;
	struct journal *j = push("state", &found);

	is_int(markers(), 1, "the target has a marker");
	if (chdir("/") != 0)
		abort();
	ok(journal_end(j, target, &err) != TU_OK,
	    "its file is not where it was: %s", err.msg);
	journal_close(j);
	if (chdir(dir) != 0)
		abort();
	is_int(markers(), 0, "the marker went before");
	j = push("state", &found);
	ok(found.batches == 1 && found.changes == 1,
	    "the next run knows that all was written");
	end(j, "it ends it");
	ok(access("state", F_OK) != 0 && access("state-journal", F_OK) != 0,
	    "and no file is left");
}

static void
two_pushes(void)
{
	struct journal_found found = { 0 };
	struct journal *one = push("one", &found), *two = push("two", &found);

	end(one, "one of two ends");
	is_int(markers(), 1, "the marker of the other one stays");
	end(two, "the other one ends");
	is_int(markers(), 0, "no marker is left");
}

int
main(void)
{
	const char *tmp = getenv("TMPDIR");
	char dir[200];
	struct err err = ERR_INIT;

	snprintf(dir, sizeof(dir), "%s/trueup-journal-XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(dir) == NULL || chdir(dir) != 0)
		abort();
	make_target();
	if (db_open("sqlite:t.db", DB_WRITE, "target", &target, &err))
		abort();
	kept_from_the_end(dir);
	two_pushes();
	db_close(target);
	(void)remove("t.db");
	(void)rmdir(dir);
	return tap_done();
}
