/*
 * distance.h - how far two values are apart, exactly.
 */
#ifndef TU_VALUE_DISTANCE_H
#define TU_VALUE_DISTANCE_H

#include "base/buf.h"
#include "value/vtype.h"

/* Append |a - b| of two finite canonical decimals, canonical. */
void num_distance(
    struct buf *out, const char *a, size_t alen, const char *b, size_t blen);

/*
 * Append a canonical date or time as a decimal of seconds: for LT_TIME since
 * midnight, negative where it is; otherwise since a day in the far past, so
 * that there are no signs. False for what has no place in time (infinity, days
 * that do not exist).
 */
bool time_seconds(struct buf *out, enum ltype type, const char *text, size_t n);

#endif
