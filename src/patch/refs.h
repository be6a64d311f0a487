/*
 * refs.h - foreign keys of the target, in terms of pairs. Pure.
 *
 * Names are matched as the brand does: exactly, or ignoring the case of ASCII
 * letters where tables have no schema (SQLite keeps the name that REFERENCES
 * was written with).
 */
#ifndef TU_PATCH_REFS_H
#define TU_PATCH_REFS_H

#include "diff/plan.h"

/* Does this key of `child` refer to `parent`? They may be one table. */
bool refs_points_to(const struct table *child, const struct fkey *f,
    const struct table *parent);

/*
 * Positions in change->target (the compared columns, then pair->extra) of the
 * k-th column of the key, and of the column it refers to in a table that
 * refers to itself; -1 when the change does not carry it.
 */
int refs_column(const struct pair *pair, const struct fkey *f, size_t k);
int refs_own_parent_column(
    const struct pair *pair, const struct fkey *f, size_t k);

/*
 * Can the constraint wait for the COMMIT? Not if what it does ON DELETE is done
 * at once: a row that is yet to be deleted would lose what its guard expects.
 */
bool refs_can_wait(const struct fkey *f);

/* Can a patch put NULL into this column of a change for the time being? */
bool refs_can_park(const struct pair *pair, int column);

#endif
