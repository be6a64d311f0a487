/*
 * key.h - keys as bytes whose memcmp() order is the order of the values.
 *
 * A key is the encoding of its columns one behind the other. Two encodings are
 * equal exactly when the canonical fields are. The order is that of the
 * databases under an order-safe plan (diff/plan.h): NULL first, numbers by
 * value (-Infinity, finite, Infinity, NaN), text and bytes bytewise, dates by
 * time; values that do not fit their type ('!' of canon.h) come last.
 *
 *	field := tag body
 *	tag 0x01 NULL; 0x02 -infinity; 0x03 a value; 0x04 infinity; 0x05 NaN;
 *	    0x06 a misfit
 *	text, bytes, misfits: the bytes with 00 written as 00 ff, then 00 01
 *	numbers: sign and exponent, then digits, so that any two decimals
 *	    compare (the layout is described in key.c)
 *	date, time, ts, tstz: year as 8 bytes big-endian, biased, then the
 *	    rest as fixed-width digits, fraction, 00
 *	any: tag 0x03, then 1 number 2 text 3 bytes, as SQLite orders them; an
 *	    integer and a real of equal value are told apart by a last byte
 */
#ifndef TU_VALUE_KEY_H
#define TU_VALUE_KEY_H

#include "base/buf.h"
#include "value/cell.h"
#include "value/vtype.h"

/* Of what the type's rule makes of the cell; such a rule must not have sides
 * (rule.h). */
void key_encode(struct buf *out, const struct vtype *t, const struct cell *c);

/* memcmp() order, shorter first. */
int key_cmp(const void *a, size_t alen, const void *b, size_t blen);

#endif
