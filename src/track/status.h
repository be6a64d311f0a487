/*
 * status.h - what "trueup track status" says of a table.
 */
#ifndef TU_TRACK_STATUS_H
#define TU_TRACK_STATUS_H

#include "track/capture.h"

struct consumer {
	const char *name;
	int64_t silent; /* seconds since it last said how far it is */
};

struct track_status {
	const struct capture *capture;
	const char *why; /* it cannot be believed; NULL: it can */
	int64_t changes; /* rows of the change table, -1: it is gone */
	int64_t oldest;  /* seconds; where there are any */
	size_t nconsumers;
	const struct consumer *consumers;
};

enum status track_status(struct db *db, struct arena *arena,
    struct table_list *list, struct capture *c, struct track_status *out,
    struct err *err);

void track_status_text(struct buf *out, const struct track_status *s);
/*
 * One line of JSON: "type": "tracked", "schema", "table", "key" (names),
 * "healthy", "why", "changes", "oldest_seconds", "installed_seconds",
 * "consumers" (each "name", "silent_seconds").
 */
void track_status_json(struct buf *out, const struct track_status *s);

#endif
