/*
 * sqlite.h - the SQLite driver's own header; for db.c it is one declaration.
 *
 * sqlite.c is the connection and what moves rows, sqlite-catalog.c reads the
 * schema, sqlite-func.c adds the SQL functions that dialect-sqlite.c names:
 *
 *	trueup_key(spec, column)             key_encode() of the value, a blob
 *	trueup_bucket(spec, n, column, ...)  the hash bucket of a key, 0..n-1
 *
 * spec is sqlite_spec() of dialect-sqlite.h. They exist on connections of this
 * driver only; a patch never uses them.
 */
#ifndef TU_DB_SQLITE_H
#define TU_DB_SQLITE_H

#include "db/db.h"
#include "db/sqlite-log.h"

/* The library's own tags, so that db.c can do without sqlite3.h. */
struct sqlite3;
struct sqlite3_stmt;
struct sqlite3_value;

extern const struct db_driver db_driver_sqlite;

struct sqlite_db {
	struct db base; /* first: struct db * is cast to this */
	struct sqlite3 *handle;
	struct sqlite_file *file, *log_file; /* sqlite-file.h, or NULL */
	struct sqlite_log log; /* of what snapshot_begin() began */
	int wire;              /* enum sqlite_wire: the encoding of its texts */
};

/*
 * Turn a result code into a status and a message, "<what>: <reason>" where what
 * is not NULL. Out of memory ends the program, as everywhere.
 */
enum status sqlite_fail(
    struct sqlite3 *handle, int rc, const char *what, struct err *err);

/* The cell behind a value; its bytes live as long as the value does. */
void sqlite_cell(struct sqlite3_value *v, bool utf16, struct cell *c);

/* Prepare a statement of our own and bind arg (NULL: none) to every ?1. */
enum status sqlite_prepare(struct sqlite_db *db, const char *sql,
    const char *arg, struct sqlite3_stmt **out, struct err *err);
/* *more is false after the last row. */
enum status sqlite_step(struct sqlite_db *db, struct sqlite3_stmt *stmt,
    bool *more, struct err *err);

/* sqlite-catalog.c: the driver's operations of the same names. */
enum status sqlite_list(struct db *db, struct arena *arena,
    struct table_list *out, struct err *err);
enum status sqlite_describe(
    struct db *db, struct arena *arena, struct table *table, struct err *err);
enum status sqlite_describe_query(struct db *db, struct arena *arena,
    const char *sql, struct table *out, struct err *err);
enum status sqlite_table_version(struct db *db, const struct table *table,
    uint64_t *version, struct err *err);

/* sqlite-snapshot.c: likewise */
enum status sqlite_snapshot_begin(
    struct db *db, const char *id, struct err *err);
void sqlite_snapshot_end(struct db *db);

/* sqlite-each.c: likewise; the function that it is made of */
enum status sqlite_each(struct db *db, const struct db_scan *scan,
    db_row_fn *fn, void *arg, struct err *err);
int sqlite_add_each(struct sqlite3 *handle);

/* sqlite-func.c */
int sqlite_add_functions(struct sqlite3 *handle, bool utf16);

#endif
