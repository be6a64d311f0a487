/*
 * pg-corpus.h - a table of nasty values of every type of PostgreSQL, and what
 * the parts of tests/db/pg-values share. The values are the rows of VALUES 6
 * that PostgreSQL can hold, and random ones.
 */
#ifndef TU_TEST_PG_CORPUS_H
#define TU_TEST_PG_CORPUS_H

#include "db/db.h"
#include "db/dialect.h"

#define MAX_VALUES 120
#define MAX_COLUMNS 64

extern struct db *rd, *wr; /* a reading and a writing session */
extern const struct dialect *d;
extern struct arena *arena;
extern struct err err;
extern struct buf sql; /* one statement at a time */

/* The table of values, trueup_values.v, as C sees it. */
extern const struct table *values;
extern const struct column *cols[MAX_COLUMNS];
extern struct vtype types[MAX_COLUMNS]; /* each column's own */
extern size_t ncols, nrows;
extern struct cell *cells; /* nrows * ncols, in the order of id, column 0 */

void corpus_set_up(const char *url);

/* End the program unless st is TU_OK. */
void must(enum status st, const char *what);

/* sql, emptied. */
struct buf *fresh(void);

/* All rows of a statement, n columns each, in the arena. The caller frees the
 * array. */
struct cell *read_rows(struct db *db, const char *text,
    const struct column *const *want, size_t n, size_t *got);

/* A table of the schema, described. */
const struct table *describe(const char *name);

/* Another table with the same columns. */
void make_table(const char *name);

/* SELECT every column as a scan does, in the order of id. */
void select_all(struct buf *out, const char *table);

/* The canonical field of a cell under a type. */
void field_of(struct buf *out, struct vtype t, size_t row, size_t c);

/* pg-rows.c: writing back, guards, look-ups by key, use of indexes. */
void check_write(void);
void check_guards(void);
void check_indexes(void);

#endif
