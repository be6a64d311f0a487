/*
 * routes.h - through which tables rows come to go without a trigger.
 */
#ifndef TU_TRACK_ROUTES_H
#define TU_TRACK_ROUTES_H

#include "db/db.h"
#include "db/dialect-track.h"

/* Fill in t->routes, for a brand whose references fire no triggers. Each way
 * up ends at a table that it has been at; where it can go on it is followed
 * further, too. */
enum status routes_find(
    struct db *db, struct arena *arena, struct tracked *t, struct err *err);

/* The same among known references. Pure. */
void routes_among(const struct track_step *steps, size_t n, struct arena *arena,
    struct tracked *t);

#endif
