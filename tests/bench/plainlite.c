/*
 * plainlite FILE - bring the changes that "rows changes" prints, read from
 * stdin, into the table "bench" of an SQLite file: three prepared statements,
 * in the order of the keys, in one transaction. What nobody who writes by hand
 * does better, and without any check.
 */
#include <config.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static sqlite3 *db;

static void
must(int rc)
{
	if (rc == SQLITE_OK || rc == SQLITE_DONE)
		return;
	fprintf(stderr, "plainlite: %s\n", sqlite3_errmsg(db));
	exit(2);
}

static sqlite3_stmt *
prepared(const char *sql)
{
	sqlite3_stmt *stmt;

	must(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL));
	return stmt;
}

/* ?1 is the key. No value has a comma in it. */
static void
run(sqlite3_stmt *stmt, char *values)
{
	int n = sqlite3_bind_parameter_count(stmt);

	for (int i = 1; i <= n && values != NULL; i++)
		must(sqlite3_bind_text(
		    stmt, i, strsep(&values, ",\n"), -1, SQLITE_TRANSIENT));
	must(sqlite3_step(stmt));
	must(sqlite3_reset(stmt));
}

int
main(int argc, char **argv)
{
	sqlite3_stmt *insert, *update, *delete;
	char line[512];

	if (argc != 2) {
		fprintf(stderr, "usage: plainlite FILE < CHANGES\n");
		return 2;
	}
	must(sqlite3_open(argv[1], &db));
	must(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL));
	insert = prepared("INSERT INTO bench VALUES (?1, ?2, ?3, ?4, ?5, ?6, "
			  "?7, ?8, ?9)");
	update = prepared("UPDATE bench SET n = ?2, amount = ?3, at = ?4, "
			  "note = ?5, flag = ?6, score = ?7, day = ?8, "
			  "uid = ?9 WHERE id = ?1");
	delete = prepared("DELETE FROM bench WHERE id = ?1");
	while (fgets(line, sizeof(line), stdin) != NULL)
		run(line[0] == 'i'   ? insert
		    : line[0] == 'u' ? update
				     : delete,
		    line + 2);
	must(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
	sqlite3_finalize(insert);
	sqlite3_finalize(update);
	sqlite3_finalize(delete);
	return sqlite3_close(db) != SQLITE_OK;
}
