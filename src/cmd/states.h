/*
 * states.h - the state files of several pairs, read at once.
 */
#ifndef TU_CMD_STATES_H
#define TU_CMD_STATES_H

#include "audit/history.h"
#include "base/err.h"

struct state {
	const char *path; /* NULL: the pair keeps no history */
	const char *pair; /* whose it should be; NULL: anybody's */
	/* By states_read(): */
	bool exists;     /* a run has begun there */
	const char *why; /* not NULL: it cannot be read, and failed says how */
	enum status failed;
	struct history_status is; /* of a file that exists and can be read */
};

/* All of it lives in the arena. Files are read one after the other. */
void states_read(struct state *states, size_t n, struct arena *arena);

/*
 * Read them, and write the metrics (audit/metrics.h) of these state files to
 * `path` for the textfile collector of node_exporter: under another name in the
 * same directory first, mode 0644. Paths may be NULL, and files need not exist
 * yet. One that cannot be read, or is another pair's, is left out; the failure
 * is returned when the others are written. What they say is gone afterwards.
 */
enum status metrics_write(
    const char *path, struct state *states, size_t n, struct err *err);

#endif
