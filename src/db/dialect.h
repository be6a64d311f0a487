/*
 * dialect.h - the SQL of one brand, as pure text.
 *
 * A dialect never talks to a server: every function appends SQL to a buffer
 * and can be tested without one. Identifiers are always quoted. Literals never
 * contain a raw control character and never span lines, so that psql, sqlite3
 * and mariadb read a patch with their stock settings.
 */
#ifndef TU_DB_DIALECT_H
#define TU_DB_DIALECT_H

#include "base/buf.h"
#include "db/catalog.h"
#include "value/cell.h"
#include "value/rowhash.h"
#include "value/vtype.h"

/* A condition on a key: half-open [lo, hi), either end may be open. */
struct sql_range {
	size_t ncols;                        /* of the bounds */
	const struct column *const *columns; /* leading key columns */
	const struct cell *lo;               /* converted cells, or NULL */
	const struct cell *hi;
};

/* A table of our own in a target; no side of a comparison. */
#define MARKER_TABLE "trueup_applied"

/*
 * Where a database stands in a log that others replay. Statements run outside
 * of a snapshot.
 */
struct db_position {
	const char *name; /* of such a position: "lsn" */
	/* SELECT of a text (NULL: there is none): all that was visible before
	 * lies before this. */
	const char *take;
	/* SELECT of an integer: 1 when all that lies before the position is
	 * visible here, else 0; NULL where that log is not replayed. */
	void (*passed)(struct buf *out, const struct cell *position);
};

struct track_sql;

enum processes {
	PROCESSES_MANY,
	PROCESSES_ONE,
	PROCESSES_DEFAULT, /* as the session has it otherwise */
};

struct dialect {
	const char *name;  /* "postgresql" */
	const char *brand; /* "PostgreSQL", for people */
	size_t max_params; /* parameters of one statement */

	void (*ident)(struct buf *out, const char *name);

	/* What a scan selects so that the driver can decode the column. */
	void (*select_expr)(struct buf *out, const struct column *col);

	/*
	 * An expression that orders rows as key_encode() orders this column's
	 * cells, whatever they are. With order_native() true the plain column
	 * does, through its index, for cells that are what its type promises,
	 * and literals of converted cells can bound it. order_expr is NULL
	 * where nobody knows how the server orders, and appends nothing for a
	 * column where nobody does: rows are sorted here (diff/sorter.h).
	 */
	void (*order_expr)(
	    struct buf *out, const struct column *col, const struct vtype *t);
	bool (*order_native)(const struct column *col, const struct vtype *t);

	/*
	 * DB_CAP_FOLD: the canonical field of the column in SQL, '' for NULL
	 * (canon.h, without CANON_INLINE). False when SQL cannot tell.
	 */
	bool (*canon_expr)(
	    struct buf *out, const struct column *col, const struct vtype *t);
	/* The 32 hex digits of a row: hash of the fields joined by '|'. */
	void (*hash_expr)(struct buf *out, const struct column *const *cols,
	    const struct vtype *types, size_t n, enum hash_kind kind);
	/*
	 * SELECT n, count, sum of a, sum of b (rowhash.h; integers as text,
	 * modulo nothing) for each of the ranges, in one statement. hash is
	 * text from hash_expr. n counts from 0 in the order given; a range
	 * without rows may be left out. The count is -1 where some row has no
	 * hash (max_allowed_packet, VALUES P4): the table is then hashed here.
	 */
	void (*fold_ranges)(struct buf *out, const struct table *table,
	    const char *hash, const struct sql_range *ranges, size_t n);
	/* The same for n buckets: bucket_expr of the key. */
	void (*fold_buckets)(struct buf *out, const struct table *table,
	    const char *hash, const char *bucket);
	/* What to say before and after it in its transaction so that the
	 * server takes several processes for it, if it has them, or one. NULL:
	 * nothing can be said. */
	const char *const *processes; /* by enum processes */
	/*
	 * HASH_RECORD, where db->records: a hash of 64 bits that is cheaper for
	 * the server than sending the row. cols[0] is the key, an integer, and
	 * tells rows apart. record_expr() appends the expression, a bigint;
	 * false: a column has a type that it is not known for. record_hash()
	 * computes the same from the key and the other columns as a raw scan
	 * brought them (db.h); false: these are not such columns.
	 */
	bool (*record_expr)(struct buf *out, const struct column *const *cols,
	    size_t n, uint64_t seed);
	bool (*record_hash)(const struct column *const *cols, size_t n,
	    uint64_t seed, int64_t key, const void *raw, size_t rawlen,
	    uint64_t *hash);
	/*
	 * As fold_ranges, but of a row one column of bytes, all integers
	 * big-endian: n (2), the count and four sums modulo 2^64 (8 each), the
	 * topmost bit of a sum the other way round: of the lowest 31 bits of
	 * the hash, of the next 31, and of each times the key less the lower
	 * bound. A range without rows may be left out or NULL. near: no closed
	 * range is 2^32 keys wide; otherwise, and in open ranges, the last two
	 * are 0. At most 2^15 ranges.
	 */
	void (*fold_records)(struct buf *out, const struct table *table,
	    const char *hash, const struct column *key, bool near,
	    const struct sql_range *ranges, size_t n);
	/*
	 * The rows of such ranges, which are closed and less than 2^32 keys
	 * wide: n (2), and for each row, in any order, the key less the lower
	 * bound (4), the topmost bit the other way round, and its hash (8).
	 */
	void (*list_records)(struct buf *out, const struct table *table,
	    const char *hash, const struct column *key,
	    const struct sql_range *ranges, size_t n);

	/*
	 * An integer expression 0..n-1 for hash buckets of a key: the first 4
	 * bytes, big-endian, of md5 of the canonical key row (CANON_INLINE off)
	 * modulo n. key_bucket() in diff/ computes the same.
	 */
	void (*bucket_expr)(struct buf *out, const struct column *const *cols,
	    const struct vtype *types, size_t n, uint32_t buckets);

	/* Append "(k1, k2) >= (..) AND (k1, k2) < (..)"; "TRUE"-like when open.
	 */
	void (*range_cond)(struct buf *out, const struct sql_range *range);
	/*
	 * Append a condition that is true for the rows of blocks [first, last)
	 * of a table that has blocks (db_driver.blocks); first 0 and last
	 * UINT64_MAX are open. Ranges without a gap hold every row that a
	 * snapshot sees just once, wherever the table ends. NULL: there are no
	 * such tables.
	 */
	void (*block_cond)(struct buf *out, uint64_t first, uint64_t last);
	/* Append a condition that is true for these keys (n * ncols cells). */
	void (*keys_cond)(struct buf *out, const struct column *const *cols,
	    size_t ncols, const struct cell *cells, size_t n);
	/* Do "col > literal" and ORDER BY follow an index on this column, for
	 * any cell that was read from it? NULL: no. */
	bool (*pages)(const struct column *col);
	/* About one key in every `every` rows, ordered; NULL: the other side
	 * is asked, or the range of an integer key is cut evenly. */
	void (*sample)(struct buf *out, const struct table *table,
	    const struct column *const *cols, size_t ncols, double every);

	/*
	 * What a value becomes in a column of this brand. in is a cell of the
	 * other side (or of this one) that is compared as t. out may point into
	 * in or into scratch (which is only appended to). False: the column
	 * cannot hold it, *why says so ("NUL byte in text").
	 */
	bool (*convert)(const struct column *to, const struct vtype *t,
	    const struct cell *in, struct buf *scratch, struct cell *out,
	    const char **why);

	/* A converted cell as a literal / as parameter number i (from 1).
	 * Where SQL has only bare markers the dialect writes ?1, ?2, and the
	 * driver makes each a bare one (odbc-batch.c). */
	void (*literal)(
	    struct buf *out, const struct column *col, const struct cell *c);
	void (*param)(struct buf *out, const struct column *col, size_t i);
	/* Why literal() cannot write this cell for every client to read it
	 * back, or NULL; a parameter carries it. NULL: literal() writes all. */
	const char *(*literal_refuses)(
	    const struct column *col, const struct cell *c);
	/* No parameter can be asked whether it is NULL: guards get literals. */
	bool params_not_null;

	/*
	 * Append "column still holds value", NULL-safe and as exact as canon.h
	 * (storage class, case, blanks); value is SQL text from literal or
	 * param, and a literal NULL reads NULL.
	 */
	void (*guard)(
	    struct buf *out, const struct column *col, const char *value);

	/*
	 * Append an equality that finds the row by an index, for SQL text like
	 * the guard's, and is true wherever the guard is; false and nothing
	 * where the type has none. NULL: it is "col = value" for every type.
	 */
	bool (*equal)(
	    struct buf *out, const struct column *col, const char *value);

	/* Is that equality as strict as the guard, for SQL text like its? */
	bool (*equal_exact)(const struct column *col, const char *value);

	/* Behind an ORDER BY column that can be NULL: " NULLS FIRST" or "". */
	const char *nulls_first;
	/* Around the number of rows that end a SELECT: " LIMIT ", "". Both
	 * empty where nobody knows how to say it: see dialect_limit(). */
	const char *limit[2];
	/* Behind an ORDER BY, around the number of rows to pass over and that
	 * of those to return then; [0] NULL: nobody knows how to say it. */
	const char *skip[3];
	/* Behind the INSERT column list: "OVERRIDING SYSTEM VALUE " or ""; NULL
	 * where a column that numbers itself cannot be given a value. */
	const char *insert_overriding;
	/* Behind INSERT INTO t, for a row of defaults: " DEFAULT VALUES". */
	const char *insert_defaults;
	/* DELETE and UPDATE end in " LIMIT n": equal rows need no address. */
	bool delete_limit;
	/* A name for "this very row" where rows can be equal: ctid, rowid. */
	/* NULL, or the function returns NULL: they have none. */
	const char *(*row_address)(const struct table *table);

	/* SELECT that takes a lock which excludes other sessions that ask for
	 * it in the same database, and ends with the session: 1, or at once
	 * something else. NULL: a writer excludes all others anyway. */
	const char *apply_lock;
	/*
	 * SELECT seven texts for each foreign key that refers to the table and
	 * does something ON DELETE or ON UPDATE: the child table as it stands
	 * in FROM, its columns and the referenced ones ("a", "b", quoted), the
	 * condition on which rows trueup_c and trueup_p of the two meet, what
	 * it does ON DELETE and ON UPDATE ("CASCADE", or ""), and "self" or "".
	 * NULL: nobody knows how to ask for them.
	 */
	void (*cascades)(struct buf *out, const struct table *table);
	/* Make the table of patch/journal.h unless it is there: MARKER_TABLE
	 * (run, batch). NULL: nobody knows how to say that. */
	const char *create_marker;
	/* Behind a SELECT of values that is to have a WHERE: " FROM DUAL". */
	const char *from_nothing;
	const struct db_position *position; /* NULL: none that is known */
	/* SELECT of a text and of how busy the server is, a text, NULL where
	 * the user may not see it; and what that counts. NULL: it does not say.
	 */
	const char *load, *load_name;
	/* What has changed (dialect-track.h); NULL: nobody knows. */
	const struct track_sql *track;
	/* Lines that open and close a patch for the stock client. */
	const char *patch_begin;
	const char *patch_commit;
	/* The same for a writing session of ours. */
	const char *write_begin;
};

/* Brand-independent pieces, dialect.c */

/* "k1" COMMA "k2" as the dialect quotes them. */
void dialect_columns(struct buf *out, const struct dialect *d,
    const struct column *const *cols, size_t n);

/* " LIMIT n" at the end of a SELECT, or nothing: the caller stops reading. */
void dialect_limit(struct buf *out, const struct dialect *d, uint64_t n);

/* n rows behind the first `skip`, if the dialect can say it. */
void dialect_skip(
    struct buf *out, const struct dialect *d, uint64_t skip, uint64_t n);

/* Behind the string or quoted name that begins at p. */
const char *dialect_skip_quoted(const char *p);

/* Can one of several equal rows be deleted? */
bool dialect_tells_rows(const struct dialect *d, const struct table *table);

extern const struct dialect dialect_postgresql;
extern const struct dialect dialect_sqlite;
extern const struct dialect dialect_mysql;
/* Written after documentation; no live server has been tried. */
extern const struct dialect dialect_sqlserver;
extern const struct dialect dialect_oracle;
/* Any brand behind ODBC, by how it quotes names: "a", `a`, a. */
extern const struct dialect dialect_generic, dialect_generic_backtick,
    dialect_generic_bare;

#endif
