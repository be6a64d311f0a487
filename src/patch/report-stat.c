#include <config.h>

#include "patch/report-int.h"

/* A line per table, also for the equal ones, and a total. */

static int
name_width(const struct plan *plan)
{
	size_t width = strlen("table");

	for (size_t i = 0; i < plan->npairs; i++)
		width = MAX(width, strlen(plan->pairs[i].name));
	for (size_t i = 0; i < plan->nbad; i++)
		width = MAX(width, strlen(plan->bad[i].table));
	for (int s = SOURCE; s <= TARGET; s++)
		for (size_t i = 0; i < plan->nonly[s]; i++)
			width = MAX(width, strlen(plan->only_name[s][i]));
	return (int)MIN(width, 60);
}

static void
add_right(struct buf *out, uint64_t n, size_t width)
{
	size_t start = out->len, len;

	report_count(out, n);
	len = out->len - start;
	out->len = start;
	buf_addf(out, "%*s", (int)(len < width ? width - len : 0), "");
	report_count(out, n);
}

/* The name, filled up to the width of the longest. */
static void
add_name(struct report *r, const char *name)
{
	size_t start = r->line.len, width = (size_t)name_width(r->plan);

	report_name(&r->line, name);
	while (r->line.len - start < width)
		buf_addc(&r->line, ' ');
}

/* Without numbers: a table that was not compared. */
static void
add_remark(
    struct report *r, const char *name, const char *says, const char *what)
{
	add_name(r, name);
	buf_addf(&r->line, "%66s%s", "", says);
	report_name(&r->line, what);
	buf_addc(&r->line, '\n');
}

static void
add_stat(struct report *r, const char *name, const uint64_t rows[2],
    const uint64_t ops[CHANGE_OPS], const char *verdict)
{
	add_name(r, name);
	add_right(&r->line, rows[SOURCE], 14);
	add_right(&r->line, rows[TARGET], 14);
	add_right(&r->line, ops[CHANGE_INSERT], 12);
	add_right(&r->line, ops[CHANGE_UPDATE], 12);
	add_right(&r->line, ops[CHANGE_DELETE], 12);
	buf_addf(&r->line, "  %s\n", verdict);
}

static enum status
stat_start(struct report *r, struct err *err)
{
	const struct plan *plan = r->plan;
	int width = name_width(plan);

	report_sides_line(r);
	buf_addf(&r->line, "%-*s%14s%14s%12s%12s%12s  %s\n", width, "table",
	    "source rows", "target rows", "insert (+)", "update (~)",
	    "delete (-)", "verdict");
	for (size_t i = 0; i < plan->nbad; i++)
		add_remark(r, plan->bad[i].table,
		    "cannot be compared: ", plan->bad[i].why);
	for (int s = SOURCE; s <= TARGET; s++)
		for (size_t i = 0; i < r->totals.only[s]; i++)
			add_remark(r, plan->only_name[s][i], "only in the ",
			    report_sides[s]);
	return report_write(r, err);
}

/* "different, 2 unrepresentable", "equal, 1 column not compared", "2 rows
 * unsettled". */
static void
add_verdict(struct buf *out, bool differs, bool cut, uint64_t unsettled,
    uint64_t unrepresentable, uint64_t at_target, uint64_t skipped,
    uint64_t accepted)
{
	if (unsettled == 0 || differs)
		buf_adds(out, differs ? "different"
			      : cut   ? "no difference found"
				      : "equal");
	if (unsettled > 0) {
		buf_adds(out, differs ? ", " : "");
		report_counted(out, unsettled, "row");
		buf_adds(out, " unsettled");
	}
	if (unrepresentable > 0) {
		buf_adds(out, ", ");
		report_count(out, unrepresentable);
		buf_adds(out, " unrepresentable");
	}
	if (at_target > 0) {
		buf_adds(out, ", ");
		report_count(out, at_target);
		buf_adds(out, " at target precision");
	}
	report_part(out, ", ", skipped, "column", "not compared");
	if (accepted > 0) {
		buf_adds(out, ", ");
		report_count(out, accepted);
		buf_adds(out, " accepted");
	}
}

static enum status
stat_end(struct report *r, const struct pair *pair, const struct tally *tally,
    struct err *err)
{
	struct buf *b = &r->kept;

	buf_reset(b);
	add_verdict(b, tally_differs(tally), tally->extent.cut,
	    tally->unsettled, tally->unrepresentable, tally->at_target,
	    pair->nskipped, tally->accepted);
	if (report_has_extent(tally)) {
		buf_adds(b, ", ");
		report_add_extent(b, pair, tally);
	}
	if (pair_has_rules(pair)) {
		buf_adds(b, ", by ");
		report_add_rules(b, pair);
	}
	add_stat(r, pair->name, tally->rows, tally->ops, buf_str(b));
	for (size_t i = 0; i < pair->nskipped; i++) {
		buf_adds(&r->line, "  column ");
		report_line(&r->line, pair->skipped[i].name,
		    " is not compared: ", pair->skipped[i].why);
	}
	report_add_causes(r, pair, false);
	return report_write(r, err);
}

static enum status
stat_fail(
    struct report *r, const struct pair *pair, const char *why, struct err *err)
{
	add_remark(r, pair->name, "failed: ", why);
	return report_write(r, err);
}

static enum status
stat_finish(struct report *r, int exit_status, const struct err *failed,
    struct err *err)
{
	(void)exit_status;
	if (failed != NULL)
		return TU_OK;
	buf_reset(&r->kept);
	add_verdict(&r->kept, r->totals.differs, r->totals.cut > 0,
	    r->totals.unsettled, r->totals.unrepresentable, r->totals.at_target,
	    r->totals.skipped, r->totals.accepted);
	add_stat(r, "total", r->totals.rows, r->totals.ops, buf_str(&r->kept));
	if (r->applied)
		report_add_written(&r->line, r->done);
	return report_write(r, err);
}

const struct report_driver report_stat = {
	.causes = true,
	.start = stat_start,
	.end = stat_end,
	.fail = stat_fail,
	.finish = stat_finish,
};
