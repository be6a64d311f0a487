/*
 * dialect-sqlserver.h - SQL Server's dialect and what its ODBC brand shares
 * with it.
 *
 * Written after documentation: no live server has been tried. The brand calls
 * sqlserver_classify() on every column that odbc_describe() filled, runs
 * SQLSERVER_SESSION when it connects and sqlserver_selftest before it lets the
 * server hash (2019 or later: older ones cannot convert to UTF-8).
 */
#ifndef TU_DB_DIALECT_SQLSERVER_H
#define TU_DB_DIALECT_SQLSERVER_H

#include "db/dialect.h"
#include "db/selftest.h"

/* column->wire */
enum ss_wire {
	SS_COMPUTED = 0, /* db_int_column, db_text_column */
	SS_INT,          /* tinyint to bigint */
	SS_BIT,
	SS_DECIMAL,
	SS_MONEY, /* smallmoney too */
	SS_REAL,
	SS_FLOAT,
	SS_CHAR,      /* char(n), of a code page */
	SS_VARCHAR,   /* and text */
	SS_NCHAR,     /* nchar(n), UTF-16 */
	SS_NVARCHAR,  /* and ntext, sysname */
	SS_BINARY,    /* binary(n): padded with NUL bytes, which count */
	SS_VARBINARY, /* and image */
	SS_DATE,
	SS_TIME,
	SS_SMALLDATETIME,
	SS_DATETIME, /* 1/300 of a second */
	SS_DATETIME2,
	SS_OFFSET, /* datetimeoffset; the offset itself is not compared */
	SS_UUID,
	SS_XML,
	SS_OTHER, /* hierarchyid: its text */
	SS_WIRES,
};

/* The first line turns DATEFORMAT around, so it comes first. */
#define SQLSERVER_SESSION                                          \
	"SET LANGUAGE us_english;\n"                               \
	"SET DATEFORMAT ymd;\n"                                    \
	"SET ANSI_NULLS, QUOTED_IDENTIFIER, ANSI_PADDING, "        \
	"ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL ON;\n" \
	"SET XACT_ABORT ON;\n"

/*
 * By col->type, which names the type as the server does ("int identity",
 * "datetime2(3)"): wire, ltype, precision, scale, frac, maxlen, boolean,
 * integer, identity_always, generated, bytewise. False for a type that has no
 * text (rowversion, geography, sql_variant): ltype is LT_NONE then.
 */
bool sqlserver_classify(struct column *col);

extern const struct selftest sqlserver_selftest;

static inline enum ss_wire
ss_wire(const struct column *col)
{
	return (enum ss_wire)col->wire;
}

static inline bool
ss_is_text(enum ss_wire wire)
{
	return wire == SS_COMPUTED || wire == SS_CHAR || wire == SS_VARCHAR ||
	       wire == SS_NCHAR || wire == SS_NVARCHAR;
}

/* struct dialect's functions, by file. dialect-sqlserver-canon.c: */
bool ss_canon_expr(
    struct buf *out, const struct column *col, const struct vtype *t);
void ss_hash_expr(struct buf *out, const struct column *const *cols,
    const struct vtype *types, size_t n, enum hash_kind kind);
void ss_bucket_expr(struct buf *out, const struct column *const *cols,
    const struct vtype *types, size_t n, uint32_t buckets);
void ss_fold_ranges(struct buf *out, const struct table *table,
    const char *hash, const struct sql_range *ranges, size_t n);
void ss_fold_buckets(struct buf *out, const struct table *table,
    const char *hash, const char *bucket);

/* dialect-sqlserver-write.c */
void ss_literal(
    struct buf *out, const struct column *col, const struct cell *c);
void ss_param(struct buf *out, const struct column *col, size_t i);
void ss_guard(struct buf *out, const struct column *col, const char *value);
bool ss_equal_exact(const struct column *col, const char *value);
bool ss_convert(const struct column *to, const struct vtype *t,
    const struct cell *in, struct buf *scratch, struct cell *out,
    const char **why);

#endif
