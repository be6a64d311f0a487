/*
 * moved.h - rows that are on both sides, but not in the same place.
 *
 * Where places do not say which rows belong together, 128 bits of what a row
 * holds do, its print. Each place of a row on one side cancels one of a row
 * with the same print on the other; what is left are rows that differ, and
 * their places come out, in no order.
 *
 * Many may have moved, so most are kept in a temporary file, 24 bytes a row,
 * in parts by their print of which one at a time is looked at.
 */
#ifndef TU_DIFF_MOVED_H
#define TU_DIFF_MOVED_H

#include "base/err.h"
#include "diff/plan.h"
#include "value/rowhash.h"

struct moved;

struct moved *moved_new(void);
void moved_free(struct moved *m); /* NULL is allowed */

/* To add rows; each thread has one of its own. */
struct moved_feed;

struct moved_feed *moved_feed_new(struct moved *m);
enum status moved_add(struct moved_feed *f, enum side side,
    struct hash128 print, const void *place, struct err *err);
/* What it still holds is of m. */
void moved_feed_end(struct moved_feed *f);

/* What is left of a side when all feeds have ended. Each side may be read by a
 * thread of its own. */
struct moved_left;

struct moved_left *moved_left_new(struct moved *m, enum side side);
/* *place is NULL behind the last. */
enum status moved_left_next(
    struct moved_left *l, const void **place, struct err *err);
void moved_left_free(struct moved_left *l);

#endif
