/*
 * fetch.h - reading chosen rows of one side, in key order.
 */
#ifndef TU_DIFF_FETCH_H
#define TU_DIFF_FETCH_H

#include "diff/side.h"

#define FETCH_RANGES 64 /* one branch of a UNION ALL each */
#define FETCH_POINTS 1000

/* Which rows: any of these. */
struct fetch_spec {
	const struct krange *ranges;
	size_t nranges; /* at most FETCH_RANGES */
	bool pages; /* one range, of more rows than a side may hold; where it
	             * would hold them all they are pages_ordered() */
	const int64_t *points; /* values of a single integer key */
	size_t npoints;        /* at most FETCH_POINTS */
	/* Buckets of the key's hash, out of `of`; nbuckets 0 with of > 0 is
	 * the whole table. */
	const uint32_t *buckets;
	size_t nbuckets;
	uint32_t of;
};

/* Rows in key_encode() order; for the target pair->extra behind the columns.
 * *columns must stay until the cursor is closed; free() it then. */
enum status fetch_open(struct db *db, const struct pair *pair, enum side side,
    const struct fetch_spec *spec, const struct column ***columns,
    struct cursor **out, struct err *err);

#endif
