/*
 * vtype.h - what a pair of columns is compared as.
 *
 * The plan gives every pair of columns one vtype, the same for both sides. It
 * decides the canonical bytes (canon.h), the key order (key.h) and the typed
 * comparison (compare.h). A column of one database alone has a logical type
 * too (struct column in db/catalog.h); diff/ derives the vtype from the two.
 */
#ifndef TU_VALUE_VTYPE_H
#define TU_VALUE_VTYPE_H

#include "base/base.h"

enum ltype {
	LT_NONE = 0, /* nothing sensible: the column cannot be compared */
	LT_NUM,      /* integers, decimals, booleans, money: exact decimal */
	LT_F8,       /* binary64 */
	LT_F4,       /* binary32 on at least one side */
	LT_TEXT,
	LT_CHAR, /* text, trailing U+0020 do not count (CHAR(n)) */
	LT_BYTES,
	LT_DATE,
	LT_TIME,
	LT_TS,       /* timestamp without zone */
	LT_TSTZ,     /* an instant, written in UTC */
	LT_INTERVAL, /* ISO 8601 text; P1D is not PT24H */
	LT_UUID,
	LT_BITS, /* a string of 0 and 1 */
	LT_JSON,
	LT_OTHER, /* the server's own text */
	LT_ANY,   /* SQLite to SQLite: storage class and value, exactly */
};

struct vrule; /* rule.h */

struct vtype {
	enum ltype type;
	/*
	 * Not LT_NONE: one side is typed, the other keeps text. Both are hashed
	 * as text (type is LT_TEXT then), and the typed comparison reads the
	 * text as this type.
	 */
	enum ltype loose;
	const struct vrule *rule; /* what else is taken for equal, or NULL */
};

/* "num", "float8", "text", ... as in the manual and in plan. */
const char *ltype_name(enum ltype type);

#endif
