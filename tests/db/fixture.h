/*
 * fixture.h - what the conformance suite needs to know of each brand: how to
 * get a database, the DDL, and what its driver must make of it.
 *
 * A new driver adds one struct brand in fixture-*.c and a row to brands[].
 * Everything in DDL is in the brand's own SQL; everything else in the suite
 * goes through struct db and struct dialect only.
 */
#ifndef TU_TEST_FIXTURE_H
#define TU_TEST_FIXTURE_H

#include "db/db.h"
#include "db/dialect.h"

/* A value of table v: stored by the brand's own SQL, read as this cell. */
struct value_case {
	const char *column;
	const char *sql;
	enum ltype type; /* compared as */
	struct cell cell;
};

/* clang-format off */
#define C_NULL { .kind = CELL_NULL }
#define C_INT(v) { .kind = CELL_INT, .u.i = (v) }
#define C_F64(v) { .kind = CELL_F64, .u.f = (v) }
#define C_TEXT(s) { .kind = CELL_TEXT, .len = sizeof(s) - 1, .u.p = (s) }
#define C_BYTES(s) { .kind = CELL_BYTES, .len = sizeof(s) - 1, .u.p = (s) }
/* clang-format on */

enum column_flags {
	COL_NOTNULL = 1 << 0,
	COL_GENERATED = 1 << 1,
	COL_IDENTITY = 1 << 2,
	COL_ROWID = 1 << 3,
	COL_BOOLEAN = 1 << 4,
	COL_BYTEWISE = 1 << 5,
	COL_SEQUENCE = 1 << 6,
	COL_ANY_ORDER = 1 << 7, /* bytewise or not: the server's default */
};

struct column_case {
	const char *name;
	const char *type;
	enum ltype ltype;
	unsigned flags;
};

struct key_case {
	bool primary, notnull;
	const char *columns; /* "a, b" */
};

struct table_case {
	const char *name;
	enum relkind kind;
	const struct column_case *columns; /* ends with a NULL name */
	const struct key_case *keys;       /* ends with NULL columns */
	const char *fkeys;                 /* "a, b -> t(x, y) CASCADE; ..." */
	const char *triggers;              /* "t1, t2" */
};

struct bad_name {
	const char *url;
	enum status status;
	const char *text;   /* that the message must contain */
	const char *secret; /* that it must not, or NULL */
};

/* What a driver that nobody wrote for us does not do. */
enum brand_lacks {
	LACKS_STATES = 1 << 0, /* its SQLSTATEs say little */
	LACKS_CANCEL = 1 << 1, /* a statement runs to its end */
	LACKS_ESTIMATE = 1 << 2,
	LACKS_STRICT_NAMES = 1 << 3, /* an unknown "x" is the text x */
	LACKS_DOUBLES = 1 << 4,      /* beyond 15 digits */
};

struct brand {
	const char *name;
	unsigned lacks;     /* enum brand_lacks */
	const char *schema; /* of the fixture's tables */
	const char *first;  /* a statement before ddl, or NULL */
	bool bytewise;      /* texts of the k tables are */
	/* Statements that make the fixture, in an empty database. */
	const char *const *ddl;
	const struct value_case *values; /* ends with a NULL column */
	const struct table_case *tables; /* ends with a NULL name */
	const struct bad_name *bad;      /* ends with a NULL url */
	const char *int_type;
	const char *endless; /* a statement of one integer that takes long */
	const char *write_in_read; /* must fail in a reading session */
	const char *as_double;     /* behind a literal: "::float8" */
	const char *analyze;       /* before a table: counts its rows */
	size_t many_columns;
	/* Find or make a database; NULL, with a word why, if there is none. */
	const char *(*create)(void);
	void (*drop)(
	    struct db *db); /* db is the last session, about to close */
};

extern const struct brand brand_sqlite, brand_sqlite_utf16;
#ifdef WITH_PQ
extern const struct brand brand_postgresql;
#endif
#ifdef WITH_ODBC
extern const struct brand brand_mariadb, brand_odbc_sqlite,
    brand_odbc_postgresql;
#endif

#endif
