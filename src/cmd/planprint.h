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

/* The whole plan in a line, without a newline. */
void planprint_line(struct buf *out, const struct plan *plan);

/* 0, or why a comparison by this plan could not end in 0 or 1. */
int planprint_status(const struct plan *plan);

#endif
