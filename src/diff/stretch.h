/*
 * stretch.h - compare a table from some place on, for as long as there is time.
 *
 * Slice after slice (diff/slice.h), each as large as can be compared in about
 * a second by what the one before took, so that the end of the time is met to
 * within that. One slice is always compared: whoever calls again and again
 * comes to the table's end, however little time there is.
 */
#ifndef TU_DIFF_STRETCH_H
#define TU_DIFF_STRETCH_H

#include "diff/diff.h"

struct stretch {
	const char *from; /* a text of slice.h; NULL: the beginning */
	double part;      /* about so much of the rows; 0: to the end */
	double until;     /* clock_seconds() when the time is up; 0: there is
	                   * no limit to it, and one slice is what part says */
	struct arena *arena;
	/* Out: where it ended, in the arena; NULL: at the table's end. */
	const char *next;
	double done; /* of part */
	/* Out, with TU_ESCHEMA: as in struct slice. Where it is not the first
	 * slice that has shown it, the stretch ends before that one. */
	bool whole;
};

/*
 * As diff_pair() the rows of the stretch, of which the sink hears as of one
 * comparison; tally->extent says between which keys they are. Changes are not
 * placed in the table. A failure says nothing of where it ended.
 */
enum status diff_stretch(const struct plan *plan, const struct pair *pair,
    const struct diff_options *options, struct stretch *stretch,
    struct change_sink *sink, struct tally *tally, struct err *err);

#endif
