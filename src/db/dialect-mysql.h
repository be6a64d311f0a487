/*
 * dialect-mysql.h - what the MariaDB/MySQL dialect and its ODBC brand share.
 *
 * The brand (mysql-catalog.c) fills struct column, whose wire member is an
 * enum my_wire with flags; the dialect writes SQL by it and knows no
 * connection. One dialect serves MariaDB and MySQL 8; where their SQL differs
 * the column carries MY_ORACLE.
 */
#ifndef TU_DB_DIALECT_MYSQL_H
#define TU_DB_DIALECT_MYSQL_H

#include "db/dialect.h"

enum my_wire {
	MY_COMPUTED = 0, /* db_int_column, db_text_column */
	MY_INT,          /* tinyint to bigint, year: fits 64 bits signed */
	MY_UBIGINT,
	MY_DECIMAL,
	MY_FLOAT,
	MY_DOUBLE,
	MY_BIT,
	MY_CHAR,   /* padded with blanks that do not count */
	MY_TEXT,   /* varchar, text, enum, set */
	MY_BINARY, /* binary(n): padded with NUL bytes, which count */
	MY_BYTES,  /* varbinary, blob */
	MY_DATE,
	MY_TIME,
	MY_DATETIME,
	MY_TIMESTAMP,
	MY_JSON,
	MY_UUID,  /* MariaDB 10.7 */
	MY_OTHER, /* inet6, inet4, ...: its text */
	MY_GEOMETRY,
	MY_WIRES,
};

enum my_wire_flags {
	MY_ORACLE = 1 << 8,   /* MySQL 8, not MariaDB */
	MY_ZEROFILL = 1 << 9, /* prints leading zeros */
	MY_UTF8 = 1 << 10,    /* its bytes are UTF-8: no CONVERT(... USING) */
	MY_EXACT = 1 << 11,   /* '=' is memcmp: a binary collation, NO PAD */
	MY_UNSIGNED = 1 << 12,
	MY_STRICT_UUID = 1 << 13, /* refuses some: convert_uuid() */
	MY_ENUM = 1 << 14, /* enum or set: orders by number, prints text */
	MY_LONG = 1 << 15, /* can exceed max_allowed_packet in an expression */
};

/*
 * How values are written and read (VALUES 1.1), for patches and for sessions
 * of our own: one statement a line.
 */
#define MY_SESSION                                                  \
	"SET NAMES utf8mb4;\n"                                      \
	"SET time_zone = '+00:00';\n"                               \
	"SET sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION," \
	"NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES';\n"             \
	"SET foreign_key_checks = 1;\n"                             \
	"SET unique_checks = 1;\n"

/*
 * A uuid in text as canon.h takes it: {} around, a hyphen behind any four
 * digits. Neither $ nor \, which say something else to my_expr() and to some
 * sql_modes: nothing may follow, not even a line break.
 */
#define MY_UUID_DIGITS "([0-9a-fA-F]{4}-?){7}[0-9a-fA-F]{4}"
#define MY_IS_UUID \
	"~ REGEXP '(?s)^(" MY_UUID_DIGITS "|[{]" MY_UUID_DIGITS "[}])(?!.)'"
#define MY_PLAIN_UUID "LOWER(REPLACE(REPLACE(REPLACE(~,'-',''),'{',''),'}',''))"

static inline enum my_wire
my_wire(const struct column *col)
{
	return (enum my_wire)(col->wire & 0xff);
}

/* struct dialect's functions, by file. dialect-mysql.c: */
void my_ident(struct buf *out, const char *name);
/*
 * Append a template. $ stands for the quoted column, @ for it as text in
 * utf8mb4, ~ for the same where it meets other columns, # for its maxlen.
 */
void my_expr(struct buf *out, const char *tmpl, const struct column *col);
void my_select_expr(struct buf *out, const struct column *col);

/* dialect-mysql-canon.c */
/* A template of what the driver's cell of a column reads as text, which is
 * what loose types compare; NULL: floats and bytes have none. */
const char *my_cell_text(const struct column *col);
bool my_is_text(const struct column *col);
bool my_canon_expr(
    struct buf *out, const struct column *col, const struct vtype *t);
void my_hash_expr(struct buf *out, const struct column *const *cols,
    const struct vtype *types, size_t n, enum hash_kind kind);
void my_bucket_expr(struct buf *out, const struct column *const *cols,
    const struct vtype *types, size_t n, uint32_t buckets);
void my_fold_ranges(struct buf *out, const struct table *table,
    const char *hash, const struct sql_range *ranges, size_t n);
void my_fold_buckets(struct buf *out, const struct table *table,
    const char *hash, const char *bucket);

/* dialect-mysql-key.c */
void my_order_expr(
    struct buf *out, const struct column *col, const struct vtype *t);
bool my_pages(const struct column *col);
bool my_order_native(const struct column *col, const struct vtype *t);
void my_range_cond(struct buf *out, const struct sql_range *range);
void my_keys_cond(struct buf *out, const struct column *const *cols,
    size_t ncols, const struct cell *cells, size_t n);
void my_sample(struct buf *out, const struct table *table,
    const struct column *const *cols, size_t ncols, double every);

/* dialect-mysql-write.c */
void my_literal(
    struct buf *out, const struct column *col, const struct cell *c);
/* The bytes of a text, for comparisons with CAST(c AS BINARY). */
void my_bytes_literal(
    struct buf *out, const struct column *col, const struct cell *c);
void my_param(struct buf *out, const struct column *col, size_t i);
void my_guard(struct buf *out, const struct column *col, const char *value);
bool my_equal_exact(const struct column *col, const char *value);

/* dialect-mysql-convert.c, dialect-mysql-text.c */
struct conversion;
/* Digits as an integer of 64 bits without a sign. */
bool my_read_u64(const char *s, size_t n, uint64_t *v);
bool my_convert_text(struct conversion *v);
bool my_convert_json(struct conversion *v);
bool my_convert(const struct column *to, const struct vtype *t,
    const struct cell *in, struct buf *scratch, struct cell *out,
    const char **why);

/* dialect-cascade.c */
void my_cascades(struct buf *out, const struct table *table);

#endif
