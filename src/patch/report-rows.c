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

/* A table, or a column of one, that only one side has. */
static void
add_lone(struct buf *b, enum side side, const char *table, const char *name)
{
	buf_adds(b, side == SOURCE ? "< " : "> ");
	if (table != NULL) {
		report_name(b, table);
		buf_addc(b, '.');
	}
	report_line(b, name, " only in the ", report_sides[side]);
}

static enum status
rows_start(struct report *r, struct err *err)
{
	const struct plan *plan = r->plan;

	for (size_t i = 0; i < plan->nbad; i++) {
		buf_adds(&r->line, "! ");
		report_line(&r->line, plan->bad[i].table,
		    " cannot be compared: ", plan->bad[i].why);
	}
	for (int s = SOURCE; s <= TARGET; s++)
		for (size_t i = 0; i < r->totals.only[s]; i++)
			add_lone(&r->line, (enum side)s, NULL,
			    plan->only_name[s][i]);
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
	report_name(b, pc->col[TARGET]->name);
	buf_addc(b, '=');
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
	buf_addc(b, ' ');
	report_name(b, c->pair->name);
	buf_addc(b, ' ');
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
			add_lone(&r->line, (enum side)s, pair->name,
			    pair->only[s][i]);
	for (size_t i = 0; i < pair->nskipped; i++) {
		buf_adds(&r->line, "! ");
		report_name(&r->line, pair->name);
		buf_addc(&r->line, '.');
		report_line(&r->line, pair->skipped[i].name,
		    " is not compared: ", pair->skipped[i].why);
	}
	return report_write(r, err);
}

/* What stands above of this table is not all there is. */
static enum status
rows_fail(
    struct report *r, const struct pair *pair, const char *why, struct err *err)
{
	buf_adds(&r->line, "! ");
	report_line(&r->line, pair->name, " failed: ", why);
	return report_write(r, err);
}

const struct report_driver report_rows = {
	.start = rows_start,
	.change = rows_change,
	.end = rows_end,
	.fail = rows_fail,
};
