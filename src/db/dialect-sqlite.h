/*
 * dialect-sqlite.h - what the files of the SQLite dialect share with each
 * other and with the driver. No SQLite library is needed.
 */
#ifndef TU_DB_DIALECT_SQLITE_H
#define TU_DB_DIALECT_SQLITE_H

#include "db/dialect.h"

/* column->wire: how the database encodes its texts (PRAGMA encoding). */
enum sqlite_wire {
	SQLITE_WIRE_UTF8 = 0,
	SQLITE_WIRE_UTF16LE,
	SQLITE_WIRE_UTF16BE,
};

/*
 * The types of a key as SQL text for trueup_key() and trueup_bucket(): two
 * letters a column, 'A' + type and 'A' + loose.
 */
void sqlite_spec(struct buf *out, const struct vtype *types, size_t n);
/* False if spec is not n columns long or holds what sqlite_spec() never wrote.
 */
bool sqlite_spec_parse(
    const char *spec, size_t len, struct vtype *types, size_t n);

/*
 * Affinity of a declared type, https://sqlite.org/datatype3.html section 3.1,
 * and what the type's words promise: ltype, boolean, precision, scale.
 */
void sqlite_declared_type(struct column *col);

/* Methods of struct dialect: dialect-sqlite-convert.c and -literal.c. */
bool sqlite_convert(const struct column *to, const struct vtype *t,
    const struct cell *in, struct buf *scratch, struct cell *out,
    const char **why);
void sqlite_literal(
    struct buf *out, const struct column *col, const struct cell *c);

/* dialect-cascade.c */
void sqlite_cascades(struct buf *out, const struct table *table);

#endif
