/*
 * both.h - the same for the source and the target, at the same time.
 */
#ifndef TU_BASE_BOTH_H
#define TU_BASE_BOTH_H

#include "base/err.h"

/*
 * fn(arg, 0, ...) in a thread of its own beside fn(arg, 1, ...), so each side
 * has to keep to what is its own: connection, arena, results. Both come to
 * their end; the error is that of side 0 if it has one. Without a thread to be
 * had one follows the other.
 */
enum status both_sides(enum status (*fn)(void *arg, int side, struct err *err),
    void *arg, struct err *err);

#endif
