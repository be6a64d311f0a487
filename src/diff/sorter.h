/*
 * sorter.h - rows in key order from a side that cannot order them.
 *
 * Two streams can only be merged in one order, that of key_encode(). A server
 * whose order nobody knows (dialect->order_expr) sends its rows as they come;
 * they are read to the end, sorted in a temporary file with a few megabytes of
 * memory, and handed out by a cursor like any other's.
 */
#ifndef TU_DIFF_SORTER_H
#define TU_DIFF_SORTER_H

#include "diff/side.h"

/* Does this side need it? The range columns are ordered natively. */
bool sorter_needed(
    const struct db *db, const struct pair *pair, enum side side);

/*
 * Sort the rows of a scan, whose ncolumns columns are side_columns(), and close
 * it. With n > 0 only rows with one of these keys come out, n * pair->nkeys
 * cells: a server's '=' may take more keys for equal than there are.
 */
enum status sorter_open(struct cursor *from, const struct pair *pair,
    size_t ncolumns, const struct cell *keys, size_t n, struct cursor **out,
    struct err *err);

#endif
