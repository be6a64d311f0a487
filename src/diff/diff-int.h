/*
 * diff-int.h - what the files of a comparison share.
 *
 *	diff.c      a whole table: leaves, trees over them, and another attempt
 *	suspects.c  what is in leaves that differ
 *	slice.c     a part of the key space
 */
#ifndef TU_DIFF_DIFF_INT_H
#define TU_DIFF_DIFF_INT_H

#include "diff/dense.h"
#include "diff/diff.h"
#include "diff/fetch.h"
#include "diff/gather.h"
#include "diff/merge.h"

/* A place that differs, and what is to be done about it. */
struct suspect {
	enum {
		SUSPECT_KEY,  /* read the row that is named */
		SUSPECT_LIST, /* find out which rows differ (rowlist.h) */
		SUSPECT_RANGE /* read all rows */
	} kind;
	int64_t key;
	struct krange range; /* that the key is in, too */
};

#define SUSPECTS 1024 /* at once */

/* The comparison of one pair. */
struct comparison {
	const struct plan *plan;
	struct pair pair;         /* a copy: it may be compared differently */
	const struct pair *shown; /* what the sink knows */
	const struct diff_options *options;
	struct change_sink *sink;
	bool begun;           /* the sink knows of the pair */
	bool part;            /* only of these keys, never by buckets: */
	struct krange within; /* otherwise open at both ends */
	struct pool pool;
	struct arena *arena; /* bounds */
	struct bounds bounds;
	struct leaf *leaves[2];
	struct stretch stretches[STRETCHES]; /* of the leaves */
	size_t nstretches;
	struct merge merge;
	struct tally *tally;
	double started;    /* seconds */
	uint64_t bytes[2]; /* received before */

	struct suspect suspects[SUSPECTS]; /* found, in key order */
	size_t nsuspects, nlist;           /* of these SUSPECT_LIST */

	/* What is to be fetched next. */
	struct krange ranges[FETCH_RANGES];
	size_t nranges;
	int64_t points[FETCH_POINTS];
	struct krange point_range[FETCH_POINTS];
	bool listed[FETCH_POINTS]; /* the server says that it differs */
	bool confirmed[FETCH_POINTS];
	size_t npoints;
	struct arena *batch; /* bounds of parts of leaves, until fetched */
};

/* Of all rows, as the plan says. */
struct comparison *comparison_new(const struct plan *plan,
    const struct pair *pair, const struct diff_options *options,
    struct change_sink *sink, struct tally *tally);
/* Tell the sink of the pair, once. */
enum status comparison_begin(struct comparison *c, struct err *err);
/*
 * Fold, compare, look into what differs. Of a part TU_EREPLAN says that it
 * cannot be compared as one; the sink has not heard of it then, unless begun.
 */
enum status comparison_run(struct comparison *c, struct err *err);
/* How it went goes into the tally and to the sink; c is freed. */
enum status comparison_end(
    struct comparison *c, enum status st, struct err *err);

/* Look into n leaves that differ, ascending: key ranges or buckets. */
enum status suspects_in_ranges(
    struct comparison *c, const uint32_t *differ, size_t n, struct err *err);
enum status suspects_in_buckets(
    struct comparison *c, const uint32_t *differ, size_t n, struct err *err);
/* Read a stretch in key order: its rows count now, as nobody did before. */
enum status suspects_in_stretch(
    struct comparison *c, const struct stretch *stretch, struct err *err);

#endif
