/*
 * planprint.h - a plan for people and for scripts.
 *
 * The json form is one object, described in trueup-patch(5).
 */
#ifndef TU_CMD_PLANPRINT_H
#define TU_CMD_PLANPRINT_H

#include "base/buf.h"
#include "diff/plan.h"

void planprint_text(struct buf *out, const struct plan *plan);
void planprint_json(struct buf *out, const struct plan *plan);

#endif
