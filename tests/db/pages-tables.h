/*
 * pages-tables.h - random tables in two SQLite files, for tests/db/pages.
 *
 * Whatever should work but does not ends the program.
 */
#ifndef TU_TEST_PAGES_TABLES_H
#define TU_TEST_PAGES_TABLES_H

#include <sqlite3.h>

#include "diff/plan.h"

#define COLUMNS_MAX 7

extern char path[2][64]; /* of the files, by enum side */

/* What a database and its table are like. */
struct shape {
	int page_size, reserved;
	const char *encoding;
	bool vacuums; /* auto_vacuum */
	size_t ncols;
	const char *types[COLUMNS_MAX];
	size_t id;  /* the column that is the key */
	bool rowid; /* ... and the rowid */
	/* WITHOUT ROWID: the columns of its key, the first of them is id. */
	size_t nkeys, keys[3];
	const char *order; /* of the first, or "" */
	bool backwards;    /* the columns */
};

TU_NORETURN void bail_out(const char *what, const char *why);

void run_sql(sqlite3 *db, const char *sql);
void run_f(sqlite3 *db, const char *fmt, ...) TU_PRINTF(2, 3);

struct shape random_shape(void);
/* A new file, and the one that is there. */
sqlite3 *create(enum side side, const struct shape *s);
sqlite3 *open_file(enum side side);
void remove_file(enum side side); /* and its log */
/* Table t with columns c0, c1, ... and n more rows in it. */
void create_table(sqlite3 *db, const struct shape *s);
void put_rows(sqlite3 *db, const struct shape *s, size_t n, uint64_t spread);
void copy_file(enum side from, enum side to);

enum kind {
	ANY_KEY,
	ROWID,
	WITHOUT_ROWID,
	SCATTERED, /* either, with many leaves in the order of dice */
};

/* Table t in both files, more or less the same; of a scattered one the target
 * is a copy with some changes. s is set to the source's shape. */
void make_tables(struct shape *s, enum kind kind);

/* Write over a few bytes of a file, or over pages of it. */
void damage(enum side side, enum kind kind);

#endif
