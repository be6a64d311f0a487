/*
 * paths-tables.h - random tables and what was planted in them, for
 * tests/db/paths.
 *
 * A table has the columns rid (what a row is known by here, in no key), one to
 * three of a key or none, and n, v and f. Rows that only one side has, or that
 * the sides have not alike, lie scattered, in blocks, in runs, or everywhere.
 */
#ifndef TU_TEST_PATHS_TABLES_H
#define TU_TEST_PATHS_TABLES_H

#include "lib/world.h"

#define PATH_ROWS 3000 /* at most */
#define PATH_KEYS 3

/* What a row of the model differs in; or of, for updates. */
enum {
	IN_N = 1,
	IN_V = 2,
	IN_F = 4,
};

struct planted_row {
	bool present[2];   /* by enum side */
	unsigned columns;  /* in which the sides differ: IN_N... */
	uint64_t value[2]; /* of all columns but the key */
};

struct planted {
	unsigned number;  /* its name is t, and this */
	const char *what; /* for people; the arena's */
	bool keyless;
	size_t nkeys;
	size_t kinds[PATH_KEYS];        /* what the columns are like */
	unsigned radix[PATH_KEYS];      /* values that each has */
	unsigned variant[2][PATH_KEYS]; /* which type on that side */
	unsigned key[2];                /* how the key is declared there */
	bool analyzed[2];
	size_t nrows;
	struct planted_row rows[PATH_ROWS];
	uint64_t count[2];
};

/* Invent one that both brands can hold. */
struct planted *planted_new(
    struct arena *arena, const enum brand brands[2], unsigned number);

/* Statements that create and fill it. */
void planted_sql(
    struct buf *sql, const struct planted *p, enum brand brand, enum side side);

/* Bits 1 << enum change_op of what a comparison must find of a row. */
unsigned planted_ops(const struct planted *p, size_t row);

#endif
