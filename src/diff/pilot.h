/*
 * pilot.h - what a look at a few leaves says about a table that servers fold.
 *
 * A line a leaf is all that travels, so leaves are large where tables are
 * alike. One that differs in several rows has to be cut and read again, and
 * where most of them do, everything would be read twice: then small leaves from
 * the start, of which most name the one row that differs (leaf.h), or no
 * folding at all.
 */
#ifndef TU_DIFF_PILOT_H
#define TU_DIFF_PILOT_H

#include "diff/bounds.h"

enum pilot {
	PILOT_ALIKE, /* large leaves */
	PILOT_APART, /* leaves of about PILOT_LEAF rows */
	PILOT_DENSE, /* the rows had better travel */
};

#define PILOT_LEAF 64 /* rows */

/* Look at some of these leaves, on both sides. The pair is folded by both
 * servers (HASH_RECORD). */
enum status pilot_run(const struct plan *plan, const struct pair *pair,
    const struct bounds *bounds, enum pilot *out, struct err *err);

#endif
