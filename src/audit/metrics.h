/*
 * metrics.h - state files as a Prometheus textfile.
 *
 * The text format 0.0.4 (https://prometheus.io/docs/instrumenting/
 * exposition_formats/) for the textfile collector of node_exporter: one file
 * for all pairs. Labels are pair and table, never keys or values of data.
 * Counters (_total) are those of the state files, so they only grow while these
 * exist; what was never measured is left out instead of being 0.
 */
#ifndef TU_AUDIT_METRICS_H
#define TU_AUDIT_METRICS_H

#include "base/err.h"

/*
 * Write the metrics of these state files (paths, NULL at the end) to `path`:
 * into a file beside it that is synced and renamed, mode 0644. A state file
 * that does not exist yet is left out; one that cannot be read is an error, and
 * then nothing is written.
 */
enum status metrics_write(
    const char *path, const char *const *states, struct err *err);

#endif
