#include <config.h>

#include "audit/incremental-int.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stage.h"
#include "diff/stretch.h"

#define DAY 86400.0

/* Cutting a part out costs some milliseconds, so there are at most so many in
 * the time that all of them have. */
#define PARTS 2000

/* Hears of what differs in a part, and knows what does. */
struct scrubber {
	struct change_sink sink; /* first, so that it is the object */
	const struct look *look;
	uint64_t lost; /* rows that differ though nothing says so */
};

static enum status
hear(struct change_sink *s, const struct change *c, struct err *err)
{
	struct scrubber *scrubber = (struct scrubber *)s;
	const struct look *l = scrubber->look;
	const struct cell *cells = c->source != NULL ? c->source : c->target;

	(void)err;
	scrubber->lost += !keyset_has(&l->open[SOURCE], cells) &&
	                  !keyset_has(&l->open[TARGET], cells);
	return TU_OK;
}

static enum status
compare_part(struct look *l, const struct diff_options *options,
    struct stretch *part, uint64_t *lost, struct err *err)
{
	struct scrubber s = { .sink.change = hear, .look = l };
	struct tally tally;
	enum status st;

	st = diff_stretch(
	    l->inc->options.plan, l->pair, options, part, &s.sink, &tally, err);
	*lost = s.lost;
	if (st)
		return st;
	for (int side = SOURCE; side <= TARGET; side++)
		l->scrubbed_bytes[side] += tally.bytes[side];
	log_line(LOG_INFO,
	    "table '%s': %llu rows that have not changed are "
	    "compared, too",
	    l->pair->name,
	    (unsigned long long)MAX(tally.rows[SOURCE], tally.rows[TARGET]));
	return TU_OK;
}

/* How far it came. Where the time was up before all of the part was compared,
 * the next one is larger by the rest. */
static void
advance(struct look *l, const struct stretch *part, int64_t now)
{
	double all = (double)l->inc->options.scrub_days * DAY;
	double rest = part->part - part->done;

	if (l->scrub == NULL)
		l->cycle = now;
	l->scrub = part->next;
	l->scrubbed = now;
	if (part->next == NULL)
		l->full = l->cycle;
	else if (rest > part->part * 1e-6)
		l->scrubbed -= (int64_t)(rest * all);
	l->behind = (double)(now - l->scrubbed) / DAY;
}

enum status
look_scrub(struct look *l, const struct diff_options *options, struct err *err)
{
	double all = (double)l->inc->options.scrub_days * DAY;
	int64_t now = clock_now();
	struct stretch part = { .from = l->scrub,
		.until = l->inc->options.until,
		.arena = l->arena };
	uint64_t lost;
	enum status st;

	if (l->scrubbed > now || l->scrubbed < 0)
		l->scrubbed = 0; /* a clock was wrong */
	if (all == 0 || (double)(now - l->scrubbed) < all / PARTS)
		return TU_OK;
	part.part = MIN((double)(now - l->scrubbed) / all, 1);
	stage_begin(
	    "comparing a part of %s that has not changed", l->pair->name);
	st = compare_part(l, options, &part, &lost, err);
	if (st == TU_ESCHEMA && part.whole) {
		err_clear(err);
		if ((double)(now - l->full) >= all)
			look_whole(l, false,
			    "it has no parts that could be compared one a run");
		return TU_OK;
	}
	if (st)
		return st;
	l->lost = lost > 0;
	if (l->lost)
		look_whole(l, true,
		    arena_printf(l->arena,
			"%llu rows of the part that was looked at in any case "
			"differ, and nothing says that they have changed; "
			"changes were not written down, or lost",
			(unsigned long long)lost));
	advance(l, &part, now);
	return TU_OK;
}
