/*
 * pairs.h - tables, pairs and changes made by hand, for tests of patch/.
 *
 * Everything lives in the arena given. A pair has the same columns on both
 * sides, key columns first.
 */
#ifndef TU_TEST_PAIRS_H
#define TU_TEST_PAIRS_H

#include "base/arena.h"
#include "diff/change.h"

/* A PostgreSQL-like column (schema "public") or, with aff, a SQLite one. */
struct column pairs_column(
    const char *name, enum ltype ltype, enum affinity aff);

struct pair *pairs_new(struct arena *arena, const char *schema,
    const char *name, const struct column *cols, size_t ncols, size_t nkeys);

/* Columns of the target that are not compared. */
void pairs_extra(struct arena *arena, struct pair *pair,
    const struct column *cols, size_t n);

/* A foreign key of one column; ref_col may be NULL. */
void pairs_fkey(struct arena *arena, struct pair *pair, const char *col,
    const char *ref_table, const char *ref_col);

/* Changes of all kinds, patchable. The verdict of an update's column is
 * DIFFERENT where the cells are not the same. */
struct change pairs_insert(
    struct arena *arena, const struct pair *pair, const struct cell *source);
struct change pairs_delete(
    struct arena *arena, const struct pair *pair, const struct cell *target);
struct change pairs_update(struct arena *arena, const struct pair *pair,
    const struct cell *source, const struct cell *target);

struct cell pairs_text(const char *s);

#endif
