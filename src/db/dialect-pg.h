/*
 * dialect-pg.h - what the PostgreSQL dialect and driver share.
 *
 * Internal to db/dialect-pg*.c and db/pq*.c. The dialect knows no connection
 * and includes no libpq; the driver fills struct column, whose wire member is
 * an enum pg_wire with flags, and the dialect writes SQL by it.
 */
#ifndef TU_DB_DIALECT_PG_H
#define TU_DB_DIALECT_PG_H

#include "db/dialect.h"

/* The base type of a column (domains are resolved). */
enum pg_wire {
	PG_COMPUTED = 0, /* db_int_column, db_text_column: bigint or text */
	PG_BOOL,
	PG_INT2,
	PG_INT4,
	PG_INT8,
	PG_OID,
	PG_FLOAT4,
	PG_FLOAT8,
	PG_NUMERIC,
	PG_MONEY,
	PG_TEXT,
	PG_VARCHAR,
	PG_NAME,
	PG_BPCHAR,
	PG_BYTEA,
	PG_UUID,
	PG_DATE,
	PG_TIME,
	PG_TIMESTAMP,
	PG_TIMESTAMPTZ,
	PG_INTERVAL,
	PG_BIT,
	PG_VARBIT,
	PG_JSON,
	PG_JSONB,
	/* Names of what a database consists of (regclass and the like), in
	 * full: what their own text says depends on the search path. */
	PG_REGCLASS,
	PG_REGCOLLATION,
	PG_REGCONFIG,
	PG_REGDICTIONARY,
	PG_REGOPER,
	PG_REGOPERATOR,
	PG_REGPROC,
	PG_REGPROCEDURE,
	PG_REGTYPE,
	PG_OTHER, /* everything else travels as the server's text */
	PG_WIRES,
};

enum pg_wire_flags {
	PG_NONDET = 1 << 8, /* a collation under which unequal texts are '=' */
	PG_CAST = 1 << 9,   /* ::text is a function's opinion, not the value */
	/* The database's encoding: neither UTF-8 nor SQL_ASCII; SQL_ASCII,
	 * where text is any bytes. */
	PG_RECODE = 1 << 10,
	PG_RAWTEXT = 1 << 11,
	PG_FINITE = 1 << 12, /* intervals before PostgreSQL 17 */
};

/*
 * How values are written and read (VALUES 1.1), for patches and for sessions
 * of our own. Row security is off so that a policy which hides rows fails the
 * statement instead of hiding them. The search path is not touched: trigger
 * functions of the target may rely on it.
 */
#define PG_SESSION                                \
	"SET client_encoding = 'UTF8';\n"         \
	"SET standard_conforming_strings = on;\n" \
	"SET timezone = 'UTC';\n"                 \
	"SET datestyle = 'ISO, MDY';\n"           \
	"SET intervalstyle = 'iso_8601';\n"       \
	"SET extra_float_digits = 1;\n"           \
	"SET bytea_output = 'hex';\n"             \
	"SET xmloption = 'content';\n"            \
	"SET transform_null_equals = off;\n"      \
	"SET array_nulls = on;\n"                 \
	"SET quote_all_identifiers = off;\n"      \
	"SET row_security = off;\n"

struct pg_type {
	/* To cast with: never a length, which would cut in silence. NULL for
	 * PG_OTHER: see column.base_type. */
	const char *cast;
	bool as_text; /* selected as its text */
	bool native;  /* its order is the order of key_encode() */
	bool array;   /* keys can be looked up with = ANY ('{...}') */
};

extern const struct pg_type pg_types[PG_WIRES];

static inline enum pg_wire
pg_wire(const struct column *col)
{
	return (enum pg_wire)(col->wire & 0xff);
}

static inline const struct pg_type *
pg_type(const struct column *col)
{
	return &pg_types[pg_wire(col)];
}

static inline bool
pg_is_text(enum pg_wire wire)
{
	return wire == PG_TEXT || wire == PG_VARCHAR || wire == PG_NAME ||
	       wire == PG_BPCHAR;
}

void pg_ident(struct buf *out, const char *name);

/*
 * Append a template. $ stands for the quoted column and @ for its text; [x] is
 * x in UTF-8, as text or bytes; [x^] is x in the order of its UTF-8 bytes.
 */
void pg_expr(struct buf *out, const char *tmpl, const struct column *col);
/* The text of a value of the column's type; value is SQL. */
void pg_text_of(struct buf *out, const struct column *col, const char *value);

static inline bool
pg_is_reg(enum pg_wire wire)
{
	return wire >= PG_REGCLASS && wire <= PG_REGTYPE;
}

/* A string constant; E'' with octal escapes where plain quotes do not do. */
void pg_quote(struct buf *out, const char *s, size_t n);

/* struct dialect's functions, by file. dialect-pg.c: */
void pg_select_expr(struct buf *out, const struct column *col);

/* dialect-pg-canon.c */
bool pg_canon_expr(
    struct buf *out, const struct column *col, const struct vtype *t);
void pg_hash_expr(struct buf *out, const struct column *const *cols,
    const struct vtype *types, size_t n, enum hash_kind kind);
void pg_bucket_expr(struct buf *out, const struct column *const *cols,
    const struct vtype *types, size_t n, uint32_t buckets);

/* dialect-pg-record.c */
bool pg_record_expr(
    struct buf *out, const struct column *const *cols, size_t n, uint64_t seed);
bool pg_record_hash(const struct column *const *cols, size_t n, uint64_t seed,
    int64_t key, const void *raw, size_t rawlen, uint64_t *hash);

/* dialect-pg-fold.c */
void pg_fold_records(struct buf *out, const struct table *table,
    const char *hash, const struct column *key, bool near,
    const struct sql_range *ranges, size_t n);
void pg_list_records(struct buf *out, const struct table *table,
    const char *hash, const struct column *key, const struct sql_range *ranges,
    size_t n);
void pg_fold_ranges(struct buf *out, const struct table *table,
    const char *hash, const struct sql_range *ranges, size_t n);
void pg_fold_buckets(struct buf *out, const struct table *table,
    const char *hash, const char *bucket);

/* dialect-pg-key.c */
void pg_order_expr(
    struct buf *out, const struct column *col, const struct vtype *t);
bool pg_order_native(const struct column *col, const struct vtype *t);
void pg_range_cond(struct buf *out, const struct sql_range *range);
void pg_keys_cond(struct buf *out, const struct column *const *cols,
    size_t ncols, const struct cell *cells, size_t n);
void pg_block_cond(struct buf *out, uint64_t first, uint64_t last);
void pg_sample(struct buf *out, const struct table *table,
    const struct column *const *cols, size_t ncols, double every);

/* dialect-pg-write.c */
/* A converted cell as the text PostgreSQL reads, without quotes. */
void pg_value_text(
    struct buf *out, const struct column *col, const struct cell *c);
/* The same as a quoted constant with the column's type behind it. */
void pg_typed_literal(
    struct buf *out, const struct column *col, const struct cell *c);
void pg_literal(
    struct buf *out, const struct column *col, const struct cell *c);
void pg_param(struct buf *out, const struct column *col, size_t i);
void pg_guard(struct buf *out, const struct column *col, const char *value);
bool pg_equal(struct buf *out, const struct column *col, const char *value);
bool pg_equal_exact(const struct column *col, const char *value);

/* dialect-pg-convert.c */
bool pg_convert(const struct column *to, const struct vtype *t,
    const struct cell *in, struct buf *scratch, struct cell *out,
    const char **why);

/* dialect-cascade.c */
void pg_cascades(struct buf *out, const struct table *table);

#endif
