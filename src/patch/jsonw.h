/*
 * jsonw.h - writing JSON into a buffer.
 *
 * The writer only puts commas and quotes; whoever calls it opens, names and
 * closes in a sensible order. Names are those of the program: they are written
 * as they are.
 */
#ifndef TU_PATCH_JSONW_H
#define TU_PATCH_JSONW_H

#include "base/buf.h"

struct jsonw {
	struct buf *out;
	bool comma; /* something stands before in this object or array */
};

void jsonw_open(struct jsonw *j, const char *name, char bracket);
void jsonw_close(struct jsonw *j, char bracket);

/* name is NULL inside an array. */
void jsonw_null(struct jsonw *j, const char *name);
void jsonw_bool(struct jsonw *j, const char *name, bool b);
void jsonw_u64(struct jsonw *j, const char *name, uint64_t n);
void jsonw_real(struct jsonw *j, const char *name, double f);
void jsonw_str(struct jsonw *j, const char *name, const char *s);

/* n bytes; what is no UTF-8 becomes {"hex": "..."}. */
void jsonw_text(struct jsonw *j, const char *name, const char *p, size_t n);
void jsonw_hex(struct jsonw *j, const char *name, const char *p, size_t n);

/* A name that comes from a database, and the start of any value: a comma if
 * it is due, then the quoted name and a colon unless it is NULL. */
void jsonw_name(struct jsonw *j, const char *name);

#endif
