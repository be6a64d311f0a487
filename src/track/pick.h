/*
 * pick.h - which tables a command line means.
 */
#ifndef TU_TRACK_PICK_H
#define TU_TRACK_PICK_H

#include "db/catalog.h"
#include "base/err.h"

/* Lists end in NULL and may be NULL. */
struct pick {
	const char *schema;
	const char *const *tables; /* patterns; none: all but partitions */
	const char *const *excludes;
};

/* TU_EUSAGE for a pattern that no table matches. */
enum status pick_tables(const struct table *const *tables, size_t n,
    const struct pick *pick, bool *chosen, struct err *err);

#endif
