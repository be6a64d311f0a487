/*
 * sqlite-pages.h - the pages of a table, beside the library.
 *
 * While a connection holds a read transaction the bytes of its file stay as
 * they are, so the table's b-tree can be read there: leaves in stretches
 * (sqlite-window.h), overflow pages and those of a log where they are mapped.
 * That is so in a rollback journal mode; in WAL mode with what the log has of
 * it, for a transaction that db_driver.snapshot_begin() began (sqlite-log.h);
 * not for a connection that writes, for another VFS than the system's, an
 * encrypted file, or one that was moved. Of tables those are read that keep all
 * of their columns (no generated ones that are virtual); WITHOUT ROWID, those
 * whose key ascends and has no collation but BINARY.
 */
#ifndef TU_DB_SQLITE_PAGES_H
#define TU_DB_SQLITE_PAGES_H

#include "base/arena.h"
#include "db/db.h"
#include "db/sqlite-record.h"
#include "db/sqlite-walk.h"

struct sqlite_pages;

/* NULL in *out, and a reason for people in *why (in the arena), if the table
 * cannot be read so. Nothing else may use the connection's transaction but
 * readers; it must outlive what is returned. */
enum status sqlite_pages_open(struct db *db, const struct table *table,
    struct arena *arena, struct sqlite_pages **out, const char **why,
    struct err *err);
void sqlite_pages_close(struct sqlite_pages *pages); /* NULL is allowed */

const struct sqlite_tree *sqlite_pages_tree(const struct sqlite_pages *p);
/* Which field of a row is a column (a position in table->columns)? */
size_t sqlite_pages_field(const struct sqlite_pages *p, size_t column);

/* What was read of the mapped file need not stay in memory. */
void sqlite_pages_forget(const struct sqlite_pages *p);
/* The same, once a walk has come by many overflow pages. */
void sqlite_pages_forget_chains(
    const struct sqlite_pages *p, struct sqlite_walk *walk);

/* Do the same bytes in fields of these numbers mean the same value? */
bool sqlite_pages_alike(const struct sqlite_pages *a, size_t x,
    const struct sqlite_pages *b, size_t y);

/* Scratch of one thread to look at rows. */
struct sqlite_decoder {
	struct sqlite_pages *pages;
	struct cell *cells; /* a field each */
	struct buf row, text;
	struct sqlite_windows windows;
};

void sqlite_decoder_init(struct sqlite_decoder *d, struct sqlite_pages *pages);
void sqlite_decoder_release(struct sqlite_decoder *d);

/*
 * The row of a cell, seen by a walk before, as d->cells; they last
 * until the next call and are copies. TU_EREPLAN with a reason if it is no
 * row as it should be.
 */
enum status sqlite_decode(
    struct sqlite_decoder *d, const unsigned char *cell, struct err *err);

/* The same of the next row that was saved; cells point into rows. */
enum status sqlite_decode_saved(
    struct sqlite_decoder *d, const char **rows, struct err *err);

#endif
