/*
 * suite.h - what the parts of the conformance suite share.
 */
#ifndef TU_TEST_SUITE_H
#define TU_TEST_SUITE_H

#include "fixture.h"

struct suite {
	const struct brand *brand;
	const char *url;
	struct db *rd, *wr; /* a reading and a writing session */
	const struct dialect *d;
	struct arena *arena;
	struct table_list list;
	struct buf sql; /* scratch for one statement */
	struct err err;
};

/* ok() for a status; a failure shows the message. */
bool suite_ok(struct suite *s, enum status st, const char *what);

/* A described table of the fixture; ends the program if it is not there. */
const struct table *suite_table(struct suite *s, const char *name);
const struct column *suite_column(
    struct suite *s, const struct table *t, const char *name);

/* Forget the text of sql and start it anew. */
struct buf *suite_sql(struct suite *s);
bool suite_exec(struct suite *s, const char *sql);
/* One integer from the reading session; -1 after a failure. */
int64_t suite_int(struct suite *s, struct db *db, const char *sql);

/* All rows of a scan, copied to the arena, n * ncolumns cells. */
struct cell *suite_rows(struct suite *s, struct db *db, const char *sql,
    const struct column *const *cols, size_t ncols, size_t *n);

void check_sessions(struct suite *s);
void check_catalog(struct suite *s);
void check_values(struct suite *s);
void check_keys(struct suite *s);

#endif
