/*
 * planid.h - what was compared and how, as one text.
 *
 * Whoever keeps something of a comparison for the next one keeps it with this,
 * and it counts for as long as it is the same.
 */
#ifndef TU_AUDIT_PLANID_H
#define TU_AUDIT_PLANID_H

#include "base/buf.h"
#include "diff/plan.h"
#include "value/digest.h"

/* SHA-256 of the pair's tables, conditions, columns, types and rules; not of
 * how strict it is. scratch is overwritten. */
void plan_id(
    const struct pair *pair, struct buf *scratch, char out[DIGEST_HEX]);

/* Of all that decides whether two rows are equal. */
void plan_id_strict(
    const struct pair *pair, struct buf *scratch, char out[DIGEST_HEX]);

void digest_of(const struct buf *bytes, char out[DIGEST_HEX]);

#endif
