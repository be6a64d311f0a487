/*
 * mysql-int.h - inside the MariaDB and MySQL brand of the ODBC driver.
 *
 *	mysql.c           session, snapshot, cells
 *	mysql-selftest.c  does the server compute what we compute?
 *	mysql-catalog.c   tables, keys, references
 *	mysql-columns.c   types, columns of tables
 *	mysql-result.c    columns of queries
 *	mysql-version.c   changes of a table's shape
 *
 * Whatever the catalog answers is read as text: information_schema has other
 * types on every version.
 */
#ifndef TU_DB_MYSQL_INT_H
#define TU_DB_MYSQL_INT_H

#include <string.h>

#include "db/dialect-mysql.h"
#include "db/odbc-int.h"

/* A flag of column->wire for the catalog alone: GENERATED ALWAYS AS ROW END, a
 * part of the keys of system-versioned tables. */
#define MY_ROW_END (1 << 16)

/* The rows of a small query. */
struct my_rows {
	size_t n, ncols;
	const char *const *values; /* n * ncols; NULL for NULL */
};

static inline const char *
my_value(const struct my_rows *rows, size_t row, size_t col)
{
	return rows->values[row * rows->ncols + col];
}

/* MySQL or a fork of it that is not MariaDB? Known once db.version is. */
static inline bool
my_is_oracle(const struct db *db)
{
	return strncmp(db->version, "MySQL", 5) == 0;
}

enum status my_query(struct db *db, struct arena *arena, const char *sql,
    size_t ncols, struct my_rows *out, struct err *err);

/* Append a literal; the name of a table's schema, or DATABASE(). */
void my_add_text(struct buf *sql, const char *s);
void my_add_schema(struct buf *sql, const struct table *table);
/* Append " WHERE <schema> = ... AND <name> = ...", which lets
 * information_schema open this table only. */
void my_where(struct buf *sql, const struct table *table, const char *schema,
    const char *name);

/* --- mysql-selftest.c --- */

/* TU_ECONNECT when values do not arrive as they are; db.fold otherwise. */
enum status my_selftest(struct odbc *o, struct err *err);

/* --- mysql-columns.c --- */

/* The columns of a table of list(), none if it is gone. */
enum status my_columns(
    struct db *db, struct arena *arena, struct table *table, struct err *err);

/* Fill in a column, in this order. data_type is the first word of its type. */
void my_set_type(struct column *col, const char *data_type);
/* n: digits of a number, bits, characters, digits of a second; -1: unknown. */
void my_set_size(struct column *col, long n, long scale);
/* After col->type; of numbers only. */
void my_set_number(struct column *col, bool is_unsigned, bool zerofill);
/* NULL where it does not apply. */
void my_set_collation(struct column *col, const char *collation);

/* --- mysql-result.c --- */

/*
 * What SELECT * FROM from would return, without running it: names, types and
 * lengths, added to the FNV-1a hash *h. An error (TU_EQUERY) also when the user
 * may not read a column.
 */
enum status my_shape(
    struct odbc *o, const char *from, uint64_t *h, struct err *err);

/* --- mysql-version.c --- */

/* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ */
uint64_t my_fnv(uint64_t h, const void *p, size_t n);

#endif
