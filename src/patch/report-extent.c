#include <config.h>

#include "patch/report-int.h"

bool
report_has_extent(const struct tally *tally)
{
	const struct extent *e = &tally->extent;

	return e->none || e->cut || e->resumed || tally->behind >= 1;
}

static void
add_bound(struct buf *out, const char *says, const struct pair *pair,
    const struct cell *key)
{
	const struct value_view view = { .limit = 60, .bare = true };

	buf_adds(out, says);
	for (size_t i = 0; i < pair->nrange; i++) {
		buf_adds(out, i > 0 ? ", " : "");
		report_name(out, pair->cols[i].col[TARGET]->name);
		buf_addc(out, ' ');
		report_value_view(out, &pair->cols[i], SOURCE, &key[i], &view);
	}
}

static void
add_none(struct buf *out, const struct extent *e)
{
	if (!e->cut)
		buf_adds(out, "compared by runs before");
	else if (e->resumed)
		buf_adds(out, "compared in part, by runs before");
	else
		buf_adds(out, "not compared");
}

static void
add_some(struct buf *out, const struct extent *e, const struct pair *pair)
{
	buf_adds(out, "compared");
	if (e->resumed)
		add_bound(out, " from ", pair, e->from);
	if (e->cut)
		add_bound(out, " to before ", pair, e->to);
	else
		buf_adds(out, " on");
	if (e->resumed)
		buf_adds(out, ", what is before by runs before");
}

void
report_add_extent(
    struct buf *out, const struct pair *pair, const struct tally *tally)
{
	const struct extent *e = &tally->extent;

	if (e->none)
		add_none(out, e);
	else if (e->cut || e->resumed)
		add_some(out, e, pair);
	if (extent_differed(e) > 0) {
		buf_adds(out, ", where ");
		report_counted(out, extent_differed(e), "row");
		buf_adds(out, " differed");
	}
	if (e->cut)
		buf_adds(out, "; the budget is spent");
	if (tally->behind < 1)
		return;
	buf_adds(out, "the scrub is ");
	report_counted(out, (uint64_t)tally->behind, "day");
	buf_adds(out, " behind its plan: the budget is too small for it");
}
