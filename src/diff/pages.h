/*
 * pages.h - a long scan in pieces, where the driver would keep all of its rows
 * in memory (struct db.holds).
 *
 * A piece ends after so many rows, and the next one begins behind the key of
 * the last: in the order of the table's own index, whatever that is, so rows
 * come in no order that means anything here.
 */
#ifndef TU_DIFF_PAGES_H
#define TU_DIFF_PAGES_H

#include "diff/side.h"

/* Rows of a table that may be held at once: some 8 MB by what is known. */
uint64_t pages_rows(const struct table *table);

/*
 * Does this side need it, and can it be done? It takes a unique key without
 * NULLs among the columns that are compared.
 */
bool pages_needed(const struct db *db, const struct pair *pair, enum side side);

/* Do the rows of such pages come in the order of the pair's key? */
bool pages_ordered(
    const struct db *db, const struct pair *pair, enum side side);

/*
 * As db_scan(), for a scan of side_columns() without an ORDER BY, in one piece
 * unless pages_needed(). where: the statement has a condition already.
 */
enum status pages_open(struct db *db, const struct pair *pair, enum side side,
    const struct db_scan *scan, bool where, struct cursor **out,
    struct err *err);

#endif
