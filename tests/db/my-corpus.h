/*
 * my-corpus.h - a table of nasty values of every type of MariaDB, and what the
 * parts of tests/db/my-values share. The values are the rows of VALUES 6 that
 * MariaDB can hold, and random ones.
 */
#ifndef TU_TEST_MY_CORPUS_H
#define TU_TEST_MY_CORPUS_H

#include "db/db.h"
#include "db/dialect.h"

#define MAX_VALUES 140
#define MAX_COLUMNS 80

extern const char *url;    /* of our own database */
extern struct db *rd, *wr; /* a reading and a writing session */
extern const struct dialect *d;
extern struct arena *arena;
extern struct err err;
extern struct buf sql; /* one statement at a time */

/* The table of values, v, as C sees it. */
extern const struct table *values;
extern const struct column *cols[MAX_COLUMNS];
extern struct vtype types[MAX_COLUMNS]; /* each column's own */
extern size_t ncols, nrows;
extern struct cell *cells; /* nrows * ncols, in the order of id, column 0 */

void corpus_set_up(void);

/* End the program unless st is TU_OK. */
void must(enum status st, const char *what);
void run(const char *text);

/* sql, emptied. */
struct buf *fresh(void);

/* All rows of a statement, n columns each, in the arena. The caller frees the
 * array. */
struct cell *read_rows(struct db *db, const char *text,
    const struct column *const *want, size_t n, size_t *got);

/* A table, described; a column of v by its name. */
const struct table *describe(const char *name);
size_t named_column(const char *name);

/* Another table with the same columns. */
void make_table(const char *name);

/* SELECT every column as a scan does, in the order of id. */
void select_all(struct buf *out, const char *table);

/* The canonical field of a cell under a type; are two cells' the same? */
void field_of(struct buf *out, struct vtype t, size_t row, size_t c);
bool same_field(size_t c, size_t row, size_t other);

bool is_bytes(const struct cell *c, const struct buf *want);

/* my-rows.c: writing back, guards, look-ups by key. */
void check_write(void);
void check_guards(void);

/* my-index.c: use of indexes, what a PAD SPACE collation does to ranges. */
void check_indexes(void);
void check_padding(void);

#endif
