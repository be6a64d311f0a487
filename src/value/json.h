/*
 * json.h - one form for equal JSON values.
 *
 * RFC 8259 text in; out: no white space, object members sorted by the bytes of
 * their names with the last of duplicate names kept, strings as UTF-8 with
 * only \", \\ and \u00XX for control characters (lone surrogates stay
 * \uXXXX), numbers exact as integer mantissa without trailing zeros and eN:
 * 1.10 is 11e-1, 100 is 1e2, 7 is 7, -0.0 is 0. A library is no help here: all
 * that we found turn numbers into doubles, which would call 2^53 and 2^53+1
 * equal.
 */
#ifndef TU_VALUE_JSON_H
#define TU_VALUE_JSON_H

#include "base/buf.h"

/* False, nothing appended, if the text is not JSON or nests over 512 deep. */
bool json_canon(struct buf *out, const char *s, size_t n);

/* The same with every number as its nearest binary64, for servers that keep no
 * more: 1e400 and 2e400 are then equal, and 0.1 is what 0.1 is there. */
bool json_canon_double(struct buf *out, const char *s, size_t n);

#endif
