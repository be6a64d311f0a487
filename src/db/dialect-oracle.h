/*
 * dialect-oracle.h - Oracle's dialect and what its ODBC brand shares with it.
 *
 * Written after documentation: no live server has been tried. The brand calls
 * oracle_classify() on every column that odbc_describe() filled, runs
 * ORACLE_SESSION when it connects and oracle_selftest before it lets the
 * server hash. Needs Oracle 12.2 (STANDARD_HASH, FETCH FIRST).
 */
#ifndef TU_DB_DIALECT_ORACLE_H
#define TU_DB_DIALECT_ORACLE_H

#include "db/dialect.h"
#include "db/selftest.h"

/* column->wire, with flags */
enum ora_wire {
	ORA_COMPUTED = 0, /* db_int_column, db_text_column */
	ORA_NUMBER,       /* and FLOAT, INTEGER, ... */
	ORA_FLOAT,        /* BINARY_FLOAT */
	ORA_DOUBLE,       /* BINARY_DOUBLE */
	ORA_CHAR,
	ORA_VARCHAR,
	ORA_NCHAR,
	ORA_NVARCHAR,
	ORA_CLOB, /* and NCLOB, LONG */
	ORA_RAW,
	ORA_BLOB, /* and LONG RAW */
	ORA_DATE, /* has a time of day */
	ORA_TS,
	ORA_TSTZ,  /* the zone itself is not compared */
	ORA_LOCAL, /* TIMESTAMP WITH LOCAL TIME ZONE */
	ORA_OTHER, /* intervals, rowids: their text */
};

enum ora_wire_flags {
	ORA_UTF8 = 1 << 8, /* the database's character set is AL32UTF8 */
};

/* One ALTER SESSION, then what every transaction of ours is. */
#define ORACLE_SESSION                                             \
	"ALTER SESSION SET NLS_NUMERIC_CHARACTERS='.,' "           \
	"NLS_SORT=BINARY NLS_COMP=BINARY NLS_LANGUAGE='AMERICAN' " \
	"NLS_CALENDAR='GREGORIAN' TIME_ZONE='+00:00' "             \
	"NLS_DATE_FORMAT='YYYY-MM-DD HH24:MI:SS';\n"

/* A query of one text: "AL32UTF8" sets utf8 below. */
#define ORACLE_CHARACTER_SET                               \
	"SELECT value FROM nls_database_parameters WHERE " \
	"parameter = 'NLS_CHARACTERSET'"

/*
 * By col->type, which names the type as the server does ("TIMESTAMP(6) WITH
 * TIME ZONE"): wire, ltype, precision, scale, frac, maxlen, integer, bytewise.
 * False for a type that has no text (BFILE, objects): ltype is LT_NONE then.
 */
bool oracle_classify(struct column *col, bool utf8);

extern const struct selftest oracle_selftest;

static inline enum ora_wire
ora_wire(const struct column *col)
{
	return (enum ora_wire)(col->wire & 0xff);
}

static inline bool
ora_is_national(const struct column *col)
{
	return ora_wire(col) == ORA_NCHAR || ora_wire(col) == ORA_NVARCHAR;
}

/* A text of at most 4000 bytes that is known to be UTF-8 in SQL. */
static inline bool
ora_is_text(const struct column *col)
{
	enum ora_wire wire = ora_wire(col);

	return (col->wire & ORA_UTF8) &&
	       (wire == ORA_CHAR || wire == ORA_VARCHAR ||
		   ora_is_national(col));
}

/* struct dialect's functions, by file. dialect-oracle-canon.c: */
bool ora_canon_expr(
    struct buf *out, const struct column *col, const struct vtype *t);
void ora_hash_expr(struct buf *out, const struct column *const *cols,
    const struct vtype *types, size_t n, enum hash_kind kind);
void ora_bucket_expr(struct buf *out, const struct column *const *cols,
    const struct vtype *types, size_t n, uint32_t buckets);
void ora_fold_ranges(struct buf *out, const struct table *table,
    const char *hash, const struct sql_range *ranges, size_t n);
void ora_fold_buckets(struct buf *out, const struct table *table,
    const char *hash, const char *bucket);

/* dialect-oracle-write.c */
void ora_literal(
    struct buf *out, const struct column *col, const struct cell *c);
const char *ora_literal_refuses(const struct column *col, const struct cell *c);
void ora_param(struct buf *out, const struct column *col, size_t i);
void ora_guard(struct buf *out, const struct column *col, const char *value);
bool ora_equal_exact(const struct column *col, const char *value);
bool ora_convert(const struct column *to, const struct vtype *t,
    const struct cell *in, struct buf *scratch, struct cell *out,
    const char **why);

#endif
