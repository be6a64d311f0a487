/*
 * db.h - what the comparison needs from a database.
 *
 * A driver is one struct db_driver, constant, in its own file. A connection is
 * a struct whose first member is struct db; the driver casts to its own type
 * and nobody else looks inside. Every operation is required unless marked
 * optional; an optional one is NULL exactly when its capability bit is off.
 *
 * No driver prints, exits or keeps global state. A connection belongs to one
 * thread at a time. Rows handed out by a cursor belong to the cursor and are
 * valid until the next call on it. A failed fetch is an error, never the end
 * of the rows.
 *
 * SQL is text with literals in it, made by the connection's dialect
 * (dialect.h); drivers run it and turn rows into cells.
 */
#ifndef TU_DB_DB_H
#define TU_DB_DB_H

#include "base/buf.h"
#include "base/err.h"
#include "base/interrupt.h"
#include "db/catalog.h"
#include "value/cell.h"

struct db;
struct dialect;

enum db_caps {
	DB_CAP_FOLD = 1 << 0,   /* the server can hash and fold (dialect.h) */
	DB_CAP_SHARE = 1 << 1,  /* several connections can see one snapshot */
	DB_CAP_BESIDE = 1 << 2, /* may connect while others do */
	DB_CAP_REMOTE = 1 << 3, /* connecting may take any time */
};

enum db_mode {
	DB_READ,  /* sessions that can change nothing */
	DB_WRITE, /* the one that applies */
};

/* One row of a cursor. */
struct row {
	const struct cell *cells;
	size_t n;
	/*
	 * Scans opened with DB_SCAN_RAW: the columns behind the first nkeys as
	 * the driver received them, each with its length, comparable with
	 * memcmp between cursors of this driver. cells then holds only the
	 * first nkeys, of which rawkey bytes lie in front of raw.
	 */
	const char *raw;
	size_t rawlen, rawkey;
};

struct cursor {
	struct db *db;
};

enum db_scan_flags {
	DB_SCAN_RAW = 1 << 0,
};

/* A statement that returns rows. */
struct db_scan {
	const char *sql;
	const struct column *const
	    *columns; /* one per result column; NULL
	               * entries: small integers and
	               * texts, decoded by what they are
	               * (PostgreSQL: the expression must
	               * be bigint or text then, see
	               * db_int_column, db_text_column) */
	size_t ncolumns;
	size_t nkeys; /* DB_SCAN_RAW: leading columns to decode */
	unsigned flags;
};

/* For computed columns of a scan: count(*)::bigint, md5(...)::text, and bytes
 * where dialect->fold_records is. */
extern const struct column db_int_column, db_text_column, db_bytes_column;

/* Statements that change rows, one parameter set each. */
struct db_batch {
	const char *sql; /* with the dialect's parameter marks */
	size_t nparams;
	size_t nrows;
	const struct column *const *columns; /* what each parameter goes into */
	const struct cell *params;           /* nrows * nparams, converted
	                                      * (dialect.h) */
	uint64_t *affected;                  /* out: rows touched, per row */
	/*
	 * Each statement touches one row or none, and none depends on those
	 * before it. Then the driver may run any number of them as one, and if
	 * not every one touched its row say 0 for all of these.
	 */
	bool together;
};

/* A row; it lasts until the function returns. What is no TU_OK ends it all. */
typedef enum status db_row_fn(
    void *arg, const struct row *row, struct err *err);

#define DB_EACH_COLUMNS 126 /* SQLite passes 127 arguments at most */

struct db_driver {
	const char *name; /* "sqlite" */
	unsigned caps;    /* enum db_caps */

	/* Does this database name belong to the driver? "postgres://..." */
	bool (*match)(const char *url);

	/*
	 * Connect, set the session as VALUES 1.1 asks for. On failure *out is
	 * NULL. The message does not contain a password.
	 */
	enum status (*open)(const char *url, enum db_mode mode, struct db **out,
	    struct err *err);
	void (*close)(struct db *db); /* rolls back what is open */

	/*
	 * A statement without rows; affected may be NULL. Several, when each
	 * but the last ends in ";\n". BEGIN, COMMIT and ROLLBACK are understood
	 * whatever the brand.
	 */
	enum status (*exec)(struct db *db, const char *sql, uint64_t *affected,
	    struct err *err);

	enum status (*scan)(struct db *db, const struct db_scan *scan,
	    struct cursor **out, struct err *err);
	/* *row is NULL after the last row. */
	enum status (*next)(
	    struct cursor *cur, const struct row **row, struct err *err);
	/* Ends a running statement if rows are left. NULL is allowed. */
	void (*cursor_close)(struct cursor *cur);

	/* db_each() for up to DB_EACH_COLUMNS columns, where that is faster
	 * than a cursor; optional. */
	enum status (*each)(struct db *db, const struct db_scan *scan,
	    db_row_fn *fn, void *arg, struct err *err);

	/* Run a prepared statement for each row; stops at the first error. */
	enum status (*batch)(
	    struct db *db, const struct db_batch *batch, struct err *err);

	/*
	 * One consistent read-only view for all later statements until
	 * snapshot_end(). id NULL: a new one; else one that snapshot_id() of
	 * another connection gave (DB_CAP_SHARE).
	 */
	enum status (*snapshot_begin)(
	    struct db *db, const char *id, struct err *err);
	enum status (*snapshot_id)(struct db *db, struct arena *arena,
	    const char **id, struct err *err); /* optional: DB_CAP_SHARE */
	void (*snapshot_end)(struct db *db);
	/*
	 * Hold a table until then as its readers do. A connection that was
	 * given another's snapshot does not wait long for it (55P03): whoever
	 * alters the table may wait for that other one, which the server does
	 * not know to wait for this. Optional: DB_CAP_SHARE.
	 */
	enum status (*hold)(
	    struct db *db, const struct table *table, struct err *err);
	/*
	 * How many blocks a table's rows lie in, where connections with one
	 * snapshot can each read some (dialect->block_cond) and leave the rest;
	 * 0: they cannot. Only a hint: there may be more by now, or fewer.
	 * Optional: DB_CAP_SHARE.
	 */
	enum status (*blocks)(struct db *db, const struct table *table,
	    uint64_t *n, struct err *err);

	/* Tables and views a user would compare; no system relations. */
	enum status (*list)(struct db *db, struct arena *arena,
	    struct table_list *out, struct err *err);
	/* Everything about one entry of list(), filled in place. */
	enum status (*describe)(struct db *db, struct arena *arena,
	    struct table *table, struct err *err);
	/* A query as a relation: its columns; no keys. */
	enum status (*describe_query)(struct db *db, struct arena *arena,
	    const char *sql, struct table *out, struct err *err);

	/* Changes of this table's shape since describe() give another value. */
	enum status (*table_version)(struct db *db, const struct table *table,
	    uint64_t *version, struct err *err);

	/* Stop the running statement; called from another thread. */
	void (*cancel)(struct db *db);

	/* Append the name and version of the client library: "libpq 15.20". */
	void (*library)(struct buf *out); /* optional */
};

struct db {
	const struct db_driver *drv;
	const struct dialect *dialect;
	const char *side;  /* "source", "target": for messages and logs; NULL:
	                    * what this one reads from has said it */
	char display[256]; /* the database's name without any secret */
	char version[64];  /* "PostgreSQL 15.18", "SQLite 3.40.1" */
	bool schemas;      /* tables have schemas: list() fills them in */
	bool fold;         /* DB_CAP_FOLD and the self-test at connect passed */
	bool records;      /* so did that of HASH_RECORD (rowhash.h) */
	bool holds;        /* the driver keeps a whole result in memory */
	uint64_t bytes_in; /* row bytes received so far */
	struct pace *pace; /* of the side (pace.h); NULL: as fast as it goes */
	uint64_t unpaced;  /* rows that it was not told of yet */
	struct interrupt_action on_interrupt; /* calls drv->cancel */
};

/*
 * Open by name: postgres://, postgresql:// or a conninfo with '='; sqlite:PATH
 * or a path. side is kept, not copied. A name that no driver of this build
 * knows says so, with the configure switch when it was left out.
 */
enum status db_open(const char *url, enum db_mode mode, const char *side,
    struct db **out, struct err *err);

/* A source and a target, at the same time if one of the drivers can
 * (DB_CAP_BESIDE); where one fails the other is not waited for. After an error
 * one of them may be open. */
enum status db_open_both(const char *const url[2], enum db_mode mode,
    const char *const side[2], struct db *out[2], struct err *err);

void db_close(struct db *db); /* NULL is allowed */

/* Wrappers that log the statement and put the side before messages, and wait
 * for the side's pace. */
enum status db_exec(
    struct db *db, const char *sql, uint64_t *affected, struct err *err);
enum status db_scan(struct db *db, const struct db_scan *scan,
    struct cursor **out, struct err *err);
/* TU_EINTERRUPTED when a signal came. */
enum status db_next(
    struct cursor *cur, const struct row **row, struct err *err);
void db_cursor_close(struct cursor *cur); /* NULL is allowed */
/* All rows of a cursor; of a scan, in the order in which they are found. */
enum status db_rest(
    struct cursor *cur, db_row_fn *fn, void *arg, struct err *err);
enum status db_each(struct db *db, const struct db_scan *scan, db_row_fn *fn,
    void *arg, struct err *err);
enum status db_batch(
    struct db *db, const struct db_batch *batch, struct err *err);

/* Run a query of one integer or text cell; *found false when no row came.
 * column is &db_int_column or &db_text_column; text goes into the arena. */
enum status db_one(struct db *db, const char *sql, const struct column *column,
    struct arena *arena, struct cell *out, bool *found, struct err *err);

/* All rows of a table, whatever its where says. */
enum status db_count(
    struct db *db, const struct table *table, uint64_t *n, struct err *err);

/* Is this column NULL in any row? */
enum status db_has_null(struct db *db, const struct table *table,
    const struct column *col, bool *has, struct err *err);

/* Append a line for each library that the drivers of this build use. */
void db_libraries(struct buf *out);

/* Another driver for this process, for tests. */
void db_register(const struct db_driver *drv);

#endif
