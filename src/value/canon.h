/*
 * canon.h - canonical bytes of a value (trueup-canon/1).
 *
 * A row is the fields of its columns in plan order, joined by '|':
 *
 *	field := ''           NULL
 *	       | scalar       one or more of [0-9A-Za-z:. +-], never '|'
 *	       | len ':' bytes    text; len is the number of bytes in decimal
 *	       | hex32        32 hex digits of md5(bytes), without CANON_INLINE
 *	       | '!' len ':' bytes   a value its column's type cannot explain
 *
 * Given the plan a row string parses in exactly one way, so two different rows
 * never have the same string and no value can forge a separator. The SQL of
 * dialect_*_canon() produces the same bytes on a server; tests/ hold the two
 * against each other.
 *
 *	num      [-]digits[.digits], no superfluous zero, no exponent; NaN,
 *	         Infinity, -Infinity. A binary64 is its shortest round-trip
 *	         decimal
 *	float8   16 hex digits, big-endian; -0.0 as 0.0, one NaN
 *	         (7ff8000000000000); NULL of SQLite for NaN stays NULL
 *	float4   the value rounded to binary32 and widened, as float8; out of
 *	         binary32's range the binary64 is kept
 *	text     len:bytes      char    the same without trailing spaces
 *	bytes    hex32, or with CANON_INLINE len:bytes
 *	date     YYYY-MM-DD[ BC], infinity, -infinity, zero dates verbatim
 *	time     HH:MM:SS[.f]   ts, tstz  YYYY-MM-DD HH:MM:SS[.f][ BC]
 *	uuid     32 hex digits  bits    the digits 0 and 1
 *	interval, json, other   len:bytes of the server's text
 *	any      'i' decimal | 'r' 16 hex digits (as stored, -0.0 too) |
 *	         't' len:bytes | 'b' len:bytes or hex32
 *
 * A value that arrives in another form is converted when nothing is lost:
 * text that is a number under num and float8; text, unix seconds (integer; from
 * 1e11 on milliseconds) and julian days (real) under date, time, ts and tstz
 * (SQLite's date conventions, https://sqlite.org/lang_datefunc.html); text
 * with an offset is moved to UTC; 16 bytes under uuid. What does not convert
 * becomes the '!' form, which equals nothing but itself.
 */
#ifndef TU_VALUE_CANON_H
#define TU_VALUE_CANON_H

#include "base/buf.h"
#include "value/cell.h"
#include "value/vtype.h"

enum canon_flags {
	CANON_INLINE = 1 << 0, /* bytes as len:bytes, for hashing done here */
	CANON_TARGET = 1 << 1, /* a rule that knows sides: this is the target */
};

/* Append the field of one cell, of what its type's rule makes of it. */
void canon_field(struct buf *out, const struct vtype *t, const struct cell *c,
    unsigned flags);

/* Append the fields of a row, '|' between them. */
void canon_row(struct buf *out, const struct vtype *types,
    const struct cell *cells, size_t n, unsigned flags);

/*
 * Append the canonical text of a value of this type without a length prefix:
 * what a person reads and what a literal is made from. False, with the
 * buffer unchanged, when the value does not fit the type (the '!' form) or is
 * NULL. float8 and float4 give the shortest decimal that reads back the same,
 * or NaN, Infinity, -Infinity; bytes give lower-case hex; uuid has hyphens.
 */
bool canon_text(struct buf *out, enum ltype type, const struct cell *c);

#endif
