/*
 * jsoncols.h - the "columns" line: how a table's changes are to be read.
 *
 * It stands in front of a table's first change and says what the changes alone
 * do not: which table of the target, its key, and for each compared column what
 * the two sides' values meant to the comparison. Described in trueup-patch(5).
 */
#ifndef TU_PATCH_JSONCOLS_H
#define TU_PATCH_JSONCOLS_H

#include <jansson.h>

#include "diff/plan.h"
#include "patch/jsonw.h"

/* The members behind "type". */
void jsoncols_add(struct jsonw *j, const struct pair *pair);

/*
 * Build the pair that the line speaks of, with target for its table: columns
 * that are not in it become pair->extra if extras is set. TU_EPATCH if the line
 * is not one, TU_ESCHEMA if the table is not the one that was compared, or if
 * the values went through rules that only a comparison can follow. pair and
 * what it points to live in the arena.
 */
enum status jsoncols_read(const json_t *line, const struct table *target,
    bool extras, struct arena *arena, struct pair *pair, struct err *err);

#endif
