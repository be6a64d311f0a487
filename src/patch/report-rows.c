#include <config.h>

#include "patch/report-int.h"

#include <inttypes.h>

/*
 * One difference a line, complete:
 *
 *	~ track track_id=7, name='Kilo', unit_price=0.99->1.29
 *
 * + and - lines have all columns of the one row, ~ lines the target's value
 * and, where it differs, the source's behind an arrow. Text is always quoted.
 */

static enum status
rows_start(struct report *r, struct err *err)
{
	const struct plan *plan = r->plan;

	for (size_t i = 0; i < plan->nbad; i++)
		buf_addf(&r->line, "! %s cannot be compared: %s\n",
		    plan->bad[i].table, plan->bad[i].why);
	for (int s = SOURCE; s <= TARGET; s++)
		for (size_t i = 0; i < r->totals.only[s]; i++)
			buf_addf(&r->line, "%c %s only in the %s\n",
			    s == SOURCE ? '<' : '>', plan->only[s][i]->name,
			    report_sides[s]);
	return report_write(r, err);
}

static void
add_cell(struct buf *b, const struct change *c, size_t i)
{
	const struct pair_column *pc = &c->pair->cols[i];
	const struct cell *cells;
	enum side side = report_side(c, &cells);

	if (i > 0)
		buf_adds(b, ", ");
	buf_addf(b, "%s=", pc->col[TARGET]->name);
	report_value(b, pc, side, &cells[i]);
	if (c->verdicts == NULL)
		return;
	if (c->op == CHANGE_UPDATE &&
	    (c->verdicts[i] == VERDICT_DIFFERENT ||
		c->verdicts[i] == VERDICT_UNREPRESENTABLE)) {
		buf_adds(b, "->");
		report_value(b, pc, SOURCE, &c->source[i]);
	}
	if (c->verdicts[i] == VERDICT_UNREPRESENTABLE)
		buf_addf(b, " [the target cannot hold it: %s]",
		    c->why[i] != NULL ? c->why[i] : "no reason known");
}

static enum status
rows_change(struct report *r, const struct change *c, struct err *err)
{
	struct buf *b = &r->line;

	report_sign(r, b, c->op);
	buf_addf(b, " %s ", c->pair->name);
	for (size_t i = 0; i < c->pair->ncols; i++)
		add_cell(b, c, i);
	if (c->copies > 1)
		buf_addf(b, " [%" PRIu64 " times]", c->copies);
	buf_addc(b, '\n');
	return report_write(r, err);
}

static enum status
rows_end(struct report *r, const struct pair *pair, const struct tally *tally,
    struct err *err)
{
	for (int s = SOURCE; s <= TARGET && tally->hidden_columns; s++)
		for (size_t i = 0; i < pair->nonly[s]; i++)
			buf_addf(&r->line, "%c %s.%s only in the %s\n",
			    s == SOURCE ? '<' : '>', pair->name,
			    pair->only[s][i],
			    report_sides[s]);
	return report_write(r, err);
}

const struct report_driver report_rows = {
	.start = rows_start,
	.change = rows_change,
	.end = rows_end,
};
