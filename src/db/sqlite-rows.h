/*
 * sqlite-rows.h - all rows of a table from its pages, as a cursor.
 *
 * What "SELECT columns FROM table" gives, in the order of the table's b-tree,
 * for less: no row is stepped to by the library (sqlite-pages.h says when that
 * can be).
 */
#ifndef TU_DB_SQLITE_ROWS_H
#define TU_DB_SQLITE_ROWS_H

#include "db/db.h"

/*
 * NULL in *out, and a reason for people in *why (in the arena), if it cannot
 * be; the columns are of the table. db_next() is TU_EREPLAN where the pages are
 * not as they should be: then the library has to be asked for all rows.
 */
enum status sqlite_rows_open(struct db *db, const struct table *table,
    const struct column *const *columns, size_t n, struct arena *arena,
    struct cursor **out, const char **why, struct err *err);

#endif
