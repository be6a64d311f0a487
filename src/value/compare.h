/*
 * compare.h - the judge: are these two values equal?
 *
 * Hashes only point at rows. Whatever is reported was looked at by
 * value_compare() on freshly read cells, so a canonical form may be stricter
 * than equality (JSON, precision of times), never looser.
 */
#ifndef TU_VALUE_COMPARE_H
#define TU_VALUE_COMPARE_H

#include "value/cell.h"
#include "value/vtype.h"

enum verdict {
	VERDICT_EQUAL,
	VERDICT_EQUAL_AT_TARGET, /* the target cannot hold more digits */
	VERDICT_DIFFERENT,
	VERDICT_UNREPRESENTABLE, /* differs and the target cannot hold it;
	                          * decided by the dialect, not here */
};

/* What the target column can keep, and of times what the source's could. */
struct vlimit {
	int scale; /* digits behind the point of a decimal, -1: any */
	int frac;  /* digits of a second, -1: any */
	bool real; /* numbers end up as binary64 (SQLite REAL, NUMERIC) */
	/* The source keeps fewer digits of a second than the target, only
	 * source_frac: that its time was cut or rounded is no difference. */
	bool source_coarser;
	int source_frac;
	bool lite_times; /* a time that is a number has the precision of its
	                  * convention: seconds since 1970, or Julian days */
};

/*
 * EQUAL when the canonical fields agree; for json when json_canon() of both
 * does; for a loose vtype when the text reads as the typed value; for a type
 * with a tolerance (rule.h) when the two are not farther apart.
 * EQUAL_AT_TARGET when they differ only by what limit takes away: the source
 * decimal rounded half away from zero to limit.scale is the target's; the
 * source time truncated, or rounded either way, to limit.frac digits is the
 * target's, or the target's time to limit.source_frac digits the source's; with
 * limit.real the nearest doubles agree. Otherwise DIFFERENT.
 */
enum verdict value_compare(const struct vtype *t, const struct vlimit *limit,
    const struct cell *source, const struct cell *target);

const char *verdict_name(enum verdict v);

#endif
