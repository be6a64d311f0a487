/*
 * sqlite-sort.h - sort more records than fit into memory, by SQLite.
 *
 * Records lie in a temporary database, which SQLite keeps in TMPDIR, deletes
 * at once and reads with a cache of a few megabytes. Records with equal keys
 * come out in any order.
 */
#ifndef TU_DB_SQLITE_SORT_H
#define TU_DB_SQLITE_SORT_H

#include "base/err.h"

struct sqlite_sort;

enum status sqlite_sort_open(struct sqlite_sort **out, struct err *err);
void sqlite_sort_close(struct sqlite_sort *s); /* NULL is allowed */

enum status sqlite_sort_add(struct sqlite_sort *s, const void *key,
    size_t keylen, const void *record, size_t len, struct err *err);

/*
 * The next record in memcmp() order of the keys, shorter first; NULL after the
 * last. It is valid until the next call. Nothing can be added after the first.
 */
enum status sqlite_sort_next(
    struct sqlite_sort *s, const void **record, size_t *len, struct err *err);

#endif
