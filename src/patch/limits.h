/*
 * limits.h - how much may change before somebody must be asked.
 */
#ifndef TU_PATCH_LIMITS_H
#define TU_PATCH_LIMITS_H

#include "diff/change.h"

/* How many of a table's rows: both may be unlimited. */
struct limit {
	double percent; /* of the target's rows; < 0: any */
	uint64_t rows;  /* UINT64_MAX: any */
	bool given;     /* by the user */
};

struct limits {
	struct limit deletes, changes;
};

/*
 * TU_ECONFLICT when a table would lose, or see changed in any way, more of its
 * rows than the limit says; or, unless the limit of deletes was given, any row
 * while the source's table is empty. Only kinds of changes with ops[] count.
 * Runs on the tally of each table, before anything is written.
 */
enum status limits_check(const struct pair *pair, const struct tally *tally,
    const bool ops[CHANGE_OPS], const struct limits *limits, struct err *err);

#endif
