/*
 * odbc-int.h - inside the ODBC driver.
 *
 *	odbc.c          connection, statements, snapshots, cancel
 *	odbc-url.c      names of databases to connection strings (pure)
 *	odbc-error.c    diagnostics to struct err, without secrets
 *	odbc-scan.c     rows: arrays of bound columns, long data in pieces
 *	odbc-batch.c    a prepared statement for many rows
 *	odbc-catalog.c  SQLTables and its kind, for brands without a catalog of
 *	                their own
 *	odbc-keys.c     the keys of these tables
 *	odbc-brand.c    the list of brands; the generic one
 *	odbc-psql.c     PostgreSQL behind psqlODBC
 *	mysql.c         MariaDB and MySQL: session, snapshot, self-test
 *	mysql-catalog.c their information_schema
 */
#ifndef TU_DB_ODBC_INT_H
#define TU_DB_ODBC_INT_H

#include <pthread.h>
#include <sql.h>
#include <sqlext.h>

#include "db/db.h"
#include "db/dialect.h"
#include "db/odbc-url.h"
#include "db/odbc.h"

/* How a value is fetched and which cell it becomes. */
enum odbc_as {
	ODBC_AS_INT,    /* SQL_C_SBIGINT: CELL_INT */
	ODBC_AS_DOUBLE, /* SQL_C_DOUBLE: CELL_F64 */
	ODBC_AS_DIGITS, /* SQL_C_CHAR of an integer: CELL_INT, else CELL_TEXT */
	ODBC_AS_CHAR,   /* SQL_C_CHAR, which is UTF-8: CELL_TEXT */
	ODBC_AS_WCHAR,  /* SQL_C_WCHAR, UTF-16: CELL_TEXT in UTF-8 */
	ODBC_AS_BINARY, /* SQL_C_BINARY: CELL_BYTES */
};

struct odbc;

/*
 * What differs between brands behind ODBC. The functions are those of struct
 * db_driver; NULL means what odbc.c and odbc-catalog.c do for all.
 */
struct odbc_brand {
	const char *name; /* "mysql" */
	bool begins;      /* BEGIN, COMMIT and ROLLBACK are SQL there */
	bool lengths;     /* the driver's lengths of columns can be relied on */
	/* What gives a transaction one view of everything, be it with the
	 * first read; NULL: nothing known does. */
	const char *view;
	/* dbms is SQL_DBMS_NAME, driver SQL_DRIVER_NAME ("libmaodbc.so"). */
	bool (*match)(const char *dbms, const char *driver);
	const struct dialect *dialect;

	/* Set the session up, fill db.version, db.schemas, db.fold. */
	enum status (*session)(struct odbc *o, struct err *err);

	enum odbc_as (*as)(const struct column *col);
	/*
	 * Make a fetched cell canonical: '10:00:00.500000' to '10:00:00.5', or
	 * what the driver spells in its own way. Text may be cut or changed in
	 * place. NULL: nothing to do.
	 */
	void (*decode)(const struct column *col, struct cell *cell);

	enum status (*snapshot_begin)(
	    struct db *db, const char *id, struct err *err);
	void (*snapshot_end)(struct db *db);
	enum status (*list)(struct db *db, struct arena *arena,
	    struct table_list *out, struct err *err);
	enum status (*describe)(struct db *db, struct arena *arena,
	    struct table *table, struct err *err);
	enum status (*describe_query)(struct db *db, struct arena *arena,
	    const char *sql, struct table *out, struct err *err);
	enum status (*table_version)(struct db *db, const struct table *table,
	    uint64_t *version, struct err *err);
};

extern const struct odbc_brand odbc_brand_mysql, odbc_brand_psqlodbc;

/* The first that matches; the last one matches everything. */
const struct odbc_brand *odbc_find_brand(const char *dbms, const char *driver);

#define ODBC_PREPARED 8

/* A statement that is prepared, by its text. */
struct odbc_prepared {
	char *sql;
	SQLHSTMT stmt;
	struct buf order; /* uint16_t: which parameter each marker is */
};

struct odbc {
	struct db db; /* first: the driver casts */
	const struct odbc_brand *brand;
	SQLHENV env;
	SQLHDBC dbc;
	bool write;
	bool snapshot;
	bool in_transaction; /* where BEGIN is no SQL */
	bool lost;           /* the connection is gone */
	char dbms[64];       /* SQL_DBMS_NAME */
	char driver[64];     /* SQL_DRIVER_NAME */
	struct odbc_names names;
	bool arrays;       /* of parameters are faster, see odbc-array.c */
	size_t max_packet; /* bytes of the parameters of a row, 0: any */
	char kill[64]; /* what ends a statement, from another session, or "" */
	/* The statement that runs, for cancel() of another thread. */
	pthread_mutex_t lock;
	SQLHSTMT running;
	struct odbc_prepared prepared[ODBC_PREPARED];
	unsigned next_prepared;
};

/* The driver's complaint about a handle; what may be NULL. The text holds no
 * part of the connection string. Returns TU_EQUERY (TU_ECONNECT for a lost
 * connection, SQLSTATE 08xxx). */
enum status odbc_fail(struct odbc *o, SQLSMALLINT type, SQLHANDLE handle,
    const char *what, struct err *err);

/* --- odbc.c --- */

/* A statement handle that cancel() can reach until odbc_free_statement(). */
enum status odbc_new_statement(struct odbc *o, SQLHSTMT *out, struct err *err);
void odbc_free_statement(struct odbc *o, SQLHSTMT stmt);

/* End the statement that runs, from any thread. */
void odbc_cancel(struct db *db);

/* --- odbc-scan.c, odbc-batch.c: of struct db_driver --- */

enum status odbc_scan(struct db *db, const struct db_scan *scan,
    struct cursor **out, struct err *err);
enum status odbc_next(
    struct cursor *cursor, const struct row **row, struct err *err);
void odbc_cursor_close(struct cursor *cursor);
enum status odbc_batch(
    struct db *db, const struct db_batch *batch, struct err *err);
void odbc_forget_prepared(struct odbc *o);

/* --- odbc-array.c --- */

/*
 * Rows of a batch in one execution (struct db_batch, together): how many from
 * this one on, at least 1, and what runs them if they are more.
 */
struct odbc_arrays;
struct odbc_arrays *odbc_arrays_new(const struct db_batch *batch);
void odbc_arrays_free(struct odbc_arrays *all); /* NULL is allowed */
size_t odbc_arrays_rows(const struct odbc_arrays *all, const struct odbc *o,
    const struct db_batch *batch, size_t from);
enum status odbc_arrays_run(struct odbc_arrays *all, struct odbc *o,
    struct odbc_prepared *p, const struct db_batch *batch, size_t from,
    size_t n, struct err *err);

/* Execute what rc says was bound; how many rows it touched, 0 if the driver
 * does not know. */
enum status odbc_run_bound(struct odbc *o, SQLHSTMT stmt, SQLRETURN rc,
    uint64_t *touched, struct err *err);

/* --- odbc-catalog.c --- */

enum status odbc_list(struct db *db, struct arena *arena,
    struct table_list *out, struct err *err);
enum status odbc_describe(
    struct db *db, struct arena *arena, struct table *table, struct err *err);
enum status odbc_describe_query(struct db *db, struct arena *arena,
    const char *sql, struct table *out, struct err *err);
enum status odbc_table_version(struct db *db, const struct table *table,
    uint64_t *version, struct err *err);

/* For odbc-keys.c. Column i (from 1) of the row at hand, NULL or missing for
 * NULL. */
const char *odbc_get_text(SQLHSTMT stmt, SQLUSMALLINT i, struct arena *arena);
long odbc_get_number(SQLHSTMT stmt, SQLUSMALLINT i, long missing);

/* Call each() for the rows of a catalog call whose result was rc. */
enum status odbc_each_row(struct odbc *o, SQLHSTMT stmt, SQLRETURN rc,
    void (*each)(SQLHSTMT stmt, struct arena *arena, void *arg),
    struct arena *arena, void *arg, struct err *err);

/* A name for SQLTables() and its kind; NULL means all. */
static inline SQLCHAR *
odbc_name(const char *s)
{
	return (SQLCHAR *)s;
}

static inline SQLSMALLINT
odbc_name_len(const char *s)
{
	return s != NULL ? SQL_NTS : 0;
}

/* --- odbc-keys.c --- */

enum status odbc_read_keys(
    struct odbc *o, struct arena *arena, struct table *t, struct err *err);
enum status odbc_read_fkeys(
    struct odbc *o, struct arena *arena, struct table *t, struct err *err);

/* --- mysql-catalog.c --- */

enum status mysql_list(struct db *db, struct arena *arena,
    struct table_list *out, struct err *err);
enum status mysql_describe(
    struct db *db, struct arena *arena, struct table *table, struct err *err);
enum status mysql_describe_query(struct db *db, struct arena *arena,
    const char *sql, struct table *out, struct err *err);
enum status mysql_table_version(struct db *db, const struct table *table,
    uint64_t *version, struct err *err);

#endif
