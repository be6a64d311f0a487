/*
 * jsonval.h - a cell as JSON, and back.
 *
 * The form is described in trueup-patch(5), VALUES. What a pair of columns is
 * compared as decides it, and where a value is shown as it is stored, the
 * column of its own side. A cell that comes back is equal to the one that was
 * written under the type without its rules; it need not be the same: 1.50 is
 * read as 1.5, and a date out of a number as text.
 */
#ifndef TU_PATCH_JSONVAL_H
#define TU_PATCH_JSONVAL_H

#include <jansson.h>

#include "diff/plan.h"
#include "patch/jsonw.h"

/* tmp is work space. */
void jsonval_add(struct jsonw *j, const char *name,
    const struct pair_column *pc, enum side side, const struct cell *c,
    struct buf *tmp);

/*
 * Is the target's cell more than its value? SQLite keeps many spellings of one
 * date or number, and a row is found by the one that is stored; such a cell is
 * written and read again under jsonval_stored().
 */
bool jsonval_is_spelt(const struct pair_column *pc, const struct cell *c);
struct pair_column jsonval_stored(const struct pair_column *pc);

/* False for what jsonval_add() does not write. Texts and bytes live in the
 * arena. */
bool jsonval_read(const json_t *v, const struct pair_column *pc, enum side side,
    struct arena *arena, struct cell *out);

#endif
