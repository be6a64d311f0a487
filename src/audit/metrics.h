/*
 * metrics.h - what state files say, as Prometheus metrics.
 *
 * The text format 0.0.4 (https://prometheus.io/docs/instrumenting/
 * exposition_formats/). Labels are pair and table, never keys or values of
 * data; a name that is no UTF-8 has '?' for its bytes above 0x7f. Counters
 * (_total) are those of the state files, so they grow from run to run. What is
 * not known (a pair that never ran, a table that could not be read) has no
 * sample instead of a 0.
 */
#ifndef TU_AUDIT_METRICS_H
#define TU_AUDIT_METRICS_H

#include "audit/history.h"
#include "base/buf.h"

/* Append all families over n pairs; names of pairs must differ. */
void metrics_add(struct buf *out, const struct history_status *pairs, size_t n);

#endif
