/*
 * write.h - what a value becomes when it is written to the other side.
 *
 * The dialect's convert() knows brands and types; this knows rules (value/
 * rule.h): a uuid in another order of bytes, a clock in another zone, bits for
 * a number. Where a column cannot hold a value, but one that the rules call
 * equal, that is taken, so that a table that was written compares equal.
 */
#ifndef TU_DIFF_WRITE_H
#define TU_DIFF_WRITE_H

#include "db/dialect.h"
#include "diff/plan.h"

/*
 * As dialect->convert(), for a cell of the other side on its way into column
 * pc->col[to]. Of a pair without sides in its rule the cell may be of either.
 */
bool write_convert(const struct dialect *d, const struct pair_column *pc,
    enum side to, const struct cell *in, struct buf *scratch, struct cell *out,
    const char **why);

#endif
