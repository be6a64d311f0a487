/*
 * stmt-int.h - the values of a statement; for stmt*.c only.
 */
#ifndef TU_PATCH_STMT_INT_H
#define TU_PATCH_STMT_INT_H

#include "patch/stmt.h"

/* A column of the target: the compared ones, then the extra ones. */
const struct column *stmt_column(const struct pair *pair, size_t i);

/*
 * What column i held, and what the source's cell becomes in it, in the form
 * in which the column keeps it. The bytes are good until the next value.
 */
void stmt_old_value(
    struct stmt *st, const struct change *c, size_t i, struct cell *out);
enum status stmt_new_value(struct stmt *st, const struct change *c, size_t i,
    struct cell *out, struct err *err);

/* What a parked column holds meanwhile: NULL if it can. */
enum status stmt_parking_value(struct stmt *st, const struct change *c,
    size_t i, struct cell *out, struct err *err);

/* Such a cell for longer: bytes in our work space are copied, others stay
 * where the change has them. */
struct cell stmt_keep_cell(
    const struct stmt *st, struct arena *arena, const struct cell *cell);

/* The SQL text of a value, which becomes the next parameter where there are
 * any; good until the next value's. TU_ESCHEMA where it has no literal. */
enum status stmt_value_sql(struct stmt *st, const struct change *c,
    const struct column *col, const struct cell *cell, const char **sql,
    struct err *err);

#endif
