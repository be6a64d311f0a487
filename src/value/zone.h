/*
 * zone.h - wall clocks, and the instants they mean.
 *
 * A zone is an offset or the zone of the process (TZ; set once, before the
 * first thread, by whoever makes a zone without an offset), which is how a C
 * library knows zones by name.
 *
 * Where clocks are put back an hour exists twice: the first one is meant, and
 * a warning says once that there was such a time. Where they are put forward
 * an hour does not exist: it is read as if they had not been.
 */
#ifndef TU_VALUE_ZONE_H
#define TU_VALUE_ZONE_H

#include <stdatomic.h>

#include "value/datetime.h"

struct zone {
	const char *name; /* for people */
	bool fixed;
	int offset; /* seconds east of UTC, if fixed */
	atomic_bool warned;
};

/* "+02:00", "-0330", "Z", "UTC": true and the offset. */
bool zone_offset(const char *name, int *offset);

/* From the zone's clock to UTC and back; the date must be finite. */
void zone_to_utc(struct zone *z, struct datetime *dt);
void zone_from_utc(struct zone *z, struct datetime *dt);

#endif
