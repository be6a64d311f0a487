#include <config.h>

#include "diff/stretch.h"

#include "base/clock.h"
#include "base/log.h"
#include "db/pace.h"
#include "diff/slice.h"

/* Of the first slice: some 0.1 s. */
#define FIRST_ROWS 20000.0
#define ROWS_MAX 1e15
/* What a slice is to take; cutting it out costs some milliseconds. */
#define SLICE_SECONDS 1.0
/* Where it ends is asked of one side and then of the other, which passes its
 * rows each time, and then both are read. */
#define PASSES 3
/* The next is larger or smaller by at most so much. */
#define FACTOR 4.0

/* Makes one comparison of many. */
struct seam {
	struct change_sink sink; /* first, so that it is the object */
	struct change_sink *to;
	bool begun;
};

static enum status
seam_begin(struct change_sink *s, const struct pair *pair, struct err *err)
{
	struct seam *seam = (struct seam *)s;
	bool begun = seam->begun;

	seam->begun = true;
	return begun ? TU_OK : tell_begin(seam->to, pair, err);
}

/* Places are those within the slice. */
static enum status
seam_change(struct change_sink *s, const struct change *c, struct err *err)
{
	struct seam *seam = (struct seam *)s;
	struct change here = *c;

	here.before = here.among = here.leaves = 0;
	return tell_change(seam->to, &here, err);
}

/* Of the first slice: no more than may be read in the time that it is to
 * take. */
static double
first_rows(const struct plan *plan)
{
	double rows = FIRST_ROWS;

	for (int s = SOURCE; s <= TARGET; s++)
		rows = MIN(rows, (double)pace_piece(plan->db[s]) / PASSES);
	return MAX(rows, 1);
}

static double
next_rows(double rows, double seconds)
{
	double factor = SLICE_SECONDS / MAX(seconds, SLICE_SECONDS / FACTOR);

	return MIN(MAX(rows * MAX(factor, 1 / FACTOR), 1), ROWS_MAX);
}

static enum status
one_slice(const struct plan *plan, const struct pair *pair,
    const struct diff_options *options, struct stretch *s, struct slice *slice,
    struct seam *seam, struct tally *tally, struct err *err)
{
	bool first = !slice->checked;
	struct tally part;
	enum status st =
	    diff_slice(plan, pair, options, slice, &seam->sink, &part, err);

	s->whole = slice->whole && first;
	if (st)
		return st;
	tally_add(tally, &part);
	if (first && slice->lo != NULL) {
		tally->extent.resumed = true;
		tally->extent.from = slice->lo;
	}
	slice->checked = true;
	slice->from = s->next = slice->next;
	tally->extent.cut = slice->hi != NULL;
	tally->extent.to = slice->hi;
	return TU_OK;
}

/* It has no parts after all, which this slice was the first to show: whoever
 * begins with it the next time can still compare the table as one. */
static bool
ends_before(const struct stretch *s, const struct slice *slice, enum status st,
    struct err *err)
{
	if (st != TU_ESCHEMA || !slice->whole || s->whole)
		return false;
	log_line(LOG_INFO, "%s; that is for the next run", err->msg);
	err_clear(err);
	return true;
}

enum status
diff_stretch(const struct plan *plan, const struct pair *pair,
    const struct diff_options *options, struct stretch *s,
    struct change_sink *sink, struct tally *tally, struct err *err)
{
	struct seam seam = {
		.sink = { .begin = seam_begin, .change = seam_change },
		.to = sink,
	};
	struct slice slice = { .from = s->from, .arena = s->arena };
	double all = s->part > 0 ? s->part : 1, rows = first_rows(plan);
	enum status st = TU_OK;

	*tally = (struct tally){ 0 };
	s->whole = false;
	s->done = 0;
	do {
		double began = clock_seconds();

		slice.part = s->part > 0 ? all - s->done : 1;
		slice.most = s->until > 0 ? (uint64_t)rows : 0;
		st = one_slice(
		    plan, pair, options, s, &slice, &seam, tally, err);
		if (ends_before(s, &slice, st, err)) {
			st = TU_OK;
			break;
		}
		s->done += slice.done;
		rows = next_rows(rows, clock_seconds() - began);
	} while (st == TU_OK && s->next != NULL && clock_seconds() < s->until &&
		 (s->part == 0 || s->done < all * (1 - 1e-9)));
	if (st == TU_OK)
		st = tell_end(sink, pair, tally, err);
	return st;
}
