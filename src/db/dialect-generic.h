/*
 * dialect-generic.h - SQL that every brand is likely to understand, and the
 * pieces of it that the dialects of brands behind ODBC share.
 *
 * The generic dialects write standard SQL by struct column alone and promise
 * nothing about order or hashing: rows are sorted and hashed here. Only plain
 * integers are trusted to order and compare as they do here.
 */
#ifndef TU_DB_DIALECT_GENERIC_H
#define TU_DB_DIALECT_GENERIC_H

#include "db/dialect.h"

/* The generic one, but for values that SQLite's ODBC driver would change. */
extern const struct dialect dialect_sqliteodbc;

/*
 * "a >= 1 AND (a > 1 OR (a = 1 AND b >= 5))": row values cannot be compared
 * everywhere, and the leading a >= 1 is what an index is searched by.
 */
void generic_range_cond(
    struct buf *out, const struct dialect *d, const struct sql_range *range);

/*
 * IN lists of at most 200 values, or ORs of ANDs. Where a value has no safe
 * literal (dialect->literal_refuses) its column is left out: the condition
 * then takes in more rows than were asked for, never fewer.
 */
void generic_keys_cond(struct buf *out, const struct dialect *d,
    const struct column *const *cols, size_t ncols, const struct cell *cells,
    size_t n);

/* "c = value", "c IS NULL". */
void generic_guard(struct buf *out, const struct dialect *d,
    const struct column *col, const char *value);

/* dialect->param where the driver makes ?1, ?2 bare markers. */
void generic_param(struct buf *out, const struct column *col, size_t i);

/* Between quotes, quotes doubled; nothing else is changed. */
void generic_quote(struct buf *out, const char *s, size_t n);

/* Shortest digits that read back the same, always with an exponent: 1.5E0 */
void generic_double(struct buf *out, double f);

/* Digits and a point, nothing else: a decimal literal as it is. */
bool generic_is_decimal(const struct cell *c);

/* Does a text hold what some brand or client reads in its own way? */
bool generic_is_plain(const struct cell *c);

/* Append a template in which every $ stands for the quoted column. */
void generic_expr(struct buf *out, const struct dialect *d, const char *tmpl,
    const struct column *col);

/*
 * Does this column order as key_encode() does wherever integers are integers?
 * Not null, because nobody knows where NULL goes.
 */
bool generic_order_native(const struct column *col, const struct vtype *t);

/* dialect-generic-convert.c: by the column's logical type and lengths. */
bool generic_convert(const struct column *to, const struct vtype *t,
    const struct cell *in, struct buf *scratch, struct cell *out,
    const char **why);

#endif
