#include <config.h>

#include "patch/report-int.h"

/* A line per difference has to fit on a screen, so values are cut. */
#define VALUE_LIMIT 60
#define COLUMNS_SHOWN 8

static enum status
write_heading(struct report *r, struct err *err)
{
	if (r->headed)
		return TU_OK;
	r->headed = true;
	report_sides_line(r);
	return report_write(r, err);
}

static enum status
text_start(struct report *r, struct err *err)
{
	const struct plan *plan = r->plan;
	enum status st;

	if (r->totals.only[SOURCE] + r->totals.only[TARGET] + plan->nbad == 0)
		return TU_OK;
	st = write_heading(r, err);
	if (st)
		return st;
	for (size_t i = 0; i < plan->nbad; i++)
		report_line(&r->line, plan->bad[i].table,
		    ": cannot be compared: ", plan->bad[i].why);
	for (int s = SOURCE; s <= TARGET; s++)
		for (size_t i = 0; i < r->totals.only[s]; i++)
			report_line(&r->line, plan->only_name[s][i],
			    ": only in the ", report_sides[s]);
	return report_write(r, err);
}

/* "unit_price 0.99 -> 1.29" */
static void
add_update(struct buf *b, const struct change *c, size_t i)
{
	const struct pair_column *pc = &c->pair->cols[i];
	struct value_view view = { .limit = VALUE_LIMIT, .bare = true };

	view.skip =
	    report_common_prefix(&c->source[i], &c->target[i], VALUE_LIMIT);
	report_name(b, pc->col[TARGET]->name);
	buf_addc(b, ' ');
	report_value_view(b, pc, TARGET, &c->target[i], &view);
	buf_adds(b, " -> ");
	report_value_view(b, pc, SOURCE, &c->source[i], &view);
}

static void
add_column(struct buf *b, const struct change *c, size_t i)
{
	const struct value_view view = { .limit = VALUE_LIMIT, .bare = true };
	const struct pair_column *pc = &c->pair->cols[i];
	const struct cell *cells;
	enum side side = report_side(c, &cells);

	if (c->op == CHANGE_UPDATE) {
		add_update(b, c, i);
	} else {
		report_name(b, pc->col[TARGET]->name);
		buf_addc(b, ' ');
		report_value_view(b, pc, side, &cells[i], &view);
	}
	if (c->verdicts != NULL && c->verdicts[i] == VERDICT_UNREPRESENTABLE)
		buf_addf(b, " (the target cannot hold it: %s)",
		    c->why[i] != NULL ? c->why[i] : "no reason known");
}

static bool
is_shown(const struct change *c, size_t i)
{
	return c->op != CHANGE_UPDATE || c->verdicts[i] == VERDICT_DIFFERENT ||
	       c->verdicts[i] == VERDICT_UNREPRESENTABLE;
}

static enum status
text_change(struct report *r, const struct change *c, struct err *err)
{
	struct buf *b = &r->kept;
	size_t first = c->pair->multiset ? 0 : c->pair->nkeys;
	size_t shown = 0, more = 0;
	const struct cell *cells;
	enum side side = report_side(c, &cells);

	(void)err;
	if (r->nkept++ >= r->opt.rows)
		return TU_OK;
	buf_adds(b, "  ");
	report_sign(r, b, c->op);
	buf_addc(b, ' ');
	if (!c->pair->multiset)
		report_key(b, c->pair, cells, side);
	for (size_t i = first; i < c->pair->ncols; i++) {
		if (!is_shown(c, i))
			continue;
		if (shown == COLUMNS_SHOWN) {
			more++;
			continue;
		}
		if (i > 0)
			buf_adds(b, shown++ == 0 && first > 0 ? ": " : ", ");
		else
			shown++;
		add_column(b, c, i);
	}
	if (more > 0) {
		buf_adds(b, ", and ");
		report_counted(b, more, "more column");
	}
	if (c->copies > 1)
		buf_addf(b, " (%llu times)", (unsigned long long)c->copies);
	buf_addc(b, '\n');
	return TU_OK;
}

/* ": 2 to insert (+), 1 to delete (-)" */
static void
add_counts(struct report *r, const uint64_t ops[CHANGE_OPS], const char *sep)
{
	static const enum change_op order[] = { CHANGE_INSERT, CHANGE_UPDATE,
		CHANGE_DELETE };

	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		enum change_op op = order[i];

		if (ops[op] == 0)
			continue;
		buf_adds(&r->line, sep);
		sep = ", ";
		report_count(&r->line, ops[op]);
		buf_addf(&r->line, " to %s (", report_verbs[op]);
		report_sign(r, &r->line, op);
		buf_addc(&r->line, ')');
	}
}

static uint64_t
sum_ops(const uint64_t ops[CHANGE_OPS])
{
	return ops[CHANGE_INSERT] + ops[CHANGE_UPDATE] + ops[CHANGE_DELETE];
}

static void
add_accepted(struct buf *b, uint64_t n)
{
	if (n == 0)
		return;
	buf_adds(b, "; ");
	report_counted(b, n, "accepted difference");
	buf_adds(b, n == 1 ? " is left out" : " are left out");
}

static void
add_table_line(
    struct report *r, const struct pair *pair, const struct tally *tally)
{
	struct buf *b = &r->line;
	uint64_t differ = sum_ops(tally->ops);

	report_name(b, pair->name);
	buf_adds(b, ": ");
	if (differ > 0) {
		report_differ(b, differ, report_union(tally), "row");
		add_counts(r, tally->ops, ": ");
	} else {
		report_counted(b, report_union(tally), "row");
		buf_adds(b, ", all equal, but not the columns");
	}
	if (tally->unrepresentable > 0) {
		buf_adds(b, "; the target cannot hold ");
		report_count(b, tally->unrepresentable);
	}
	add_accepted(b, tally->accepted);
	if (differ > 0 && !pair->table[TARGET]->writable)
		buf_addf(b, "; the target is a %s, which no patch can write",
		    relkind_name(pair->table[TARGET]->kind));
	buf_addc(b, '\n');
}

static void
add_lone_columns(
    struct buf *b, const struct pair *pair, const struct tally *tally)
{
	for (int s = SOURCE; s <= TARGET && tally->hidden_columns; s++) {
		for (size_t i = 0; i < pair->nonly[s]; i++) {
			buf_adds(b, "  column ");
			report_line(b, pair->only[s][i], ": only in the ",
			    report_sides[s]);
		}
	}
}

/* What was not compared is said of equal tables too. */
static void
add_skipped(struct buf *b, const struct pair *pair)
{
	for (size_t i = 0; i < pair->nskipped; i++) {
		report_name(b, pair->name);
		buf_adds(b, ": column ");
		report_line(b, pair->skipped[i].name,
		    " is not compared: ", pair->skipped[i].why);
	}
}

static void
add_unsettled(struct buf *b, const struct pair *pair, const struct tally *tally)
{
	if (tally->unsettled == 0)
		return;
	report_name(b, pair->name);
	buf_adds(b, ": ");
	report_counted(b, tally->unsettled, "row");
	buf_adds(b, " unsettled\n");
}

static void
add_extent(struct buf *b, const struct pair *pair, const struct tally *tally)
{
	if (!report_has_extent(tally))
		return;
	report_name(b, pair->name);
	buf_adds(b, ": ");
	report_add_extent(b, pair, tally);
	buf_addc(b, '\n');
}

static void
add_rules(struct buf *b, const struct pair *pair)
{
	if (!pair_has_rules(pair))
		return;
	buf_adds(b, "  rules: ");
	report_add_rules(b, pair);
	buf_addc(b, '\n');
}

static enum status
text_end(struct report *r, const struct pair *pair, const struct tally *tally,
    struct err *err)
{
	struct buf *b = &r->line;
	uint64_t nkept = r->nkept;
	enum status st = TU_OK;

	if (tally_differs_now(tally) || report_has_extent(tally) ||
	    pair->nskipped + tally->unsettled > 0)
		st = write_heading(r, err);
	add_skipped(b, pair);
	add_unsettled(b, pair, tally);
	add_extent(b, pair, tally);
	if (tally_differs_now(tally)) {
		add_table_line(r, pair, tally);
		add_rules(b, pair);
		add_lone_columns(b, pair, tally);
		buf_add(b, r->kept.data, r->kept.len);
		if (nkept > r->opt.rows) {
			buf_adds(b, "  ... and ");
			report_count(b, nkept - r->opt.rows);
			buf_adds(b, " more\n");
		}
		report_add_causes(r, pair, nkept > r->opt.rows);
	}
	r->kept.len = 0;
	r->nkept = 0;
	return st ? st : report_write(r, err);
}

static enum status
text_fail(
    struct report *r, const struct pair *pair, const char *why, struct err *err)
{
	enum status st = write_heading(r, err);

	report_line(&r->line, pair->name, ": failed: ", why);
	return st ? st : report_write(r, err);
}

/* By what "equal" was meant. */
static void
add_remarks(struct report *r)
{
	const struct totals *t = &r->totals;
	struct buf *b = &r->line;

	report_part(
	    b, " (", t->at_target, "row", "only at the target's precision)");
	report_part(b, " (", t->ruled, "column", "by rules)");
}

/* "3 of 11 tables differ: 5 to insert (+); 1 table only in the source" */
static void
add_total(struct report *r)
{
	const struct totals *t = &r->totals;
	struct buf *b = &r->line;

	if (!t->differs && t->tables == 0) {
		buf_adds(b, "no table was compared");
	} else if (!t->differs) {
		report_counted(b, t->tables, "table");
		buf_adds(b, ", ");
		report_counted(b, t->rows[TARGET], "row");
		buf_adds(b, t->cut > 0         ? ": no difference found"
			    : t->unsettled > 0 ? ": no difference that lasts"
					       : ": equal");
	} else {
		report_differ(b, t->differing, t->tables, "table");
		add_counts(r, t->ops, ": ");
	}
	add_remarks(r);
	if (t->unrepresentable > 0) {
		buf_adds(b, "; the target cannot hold ");
		report_counted(b, t->unrepresentable, "row");
	}
	report_part(b, "; ", t->only[SOURCE], "table", "only in the source");
	report_part(b, "; ", t->only[TARGET], "table", "only in the target");
	report_part(b, "; ", t->bad, "table", "cannot be compared");
	report_part(b, "; ", t->failed, "table", "failed");
	report_part(b, "; ", t->differed, "row", "differed in runs before");
	report_part(b, "; ", t->cut, "table", "not compared to the end");
	report_part(b, "; ", t->unsettled, "row", "unsettled");
	report_part(b, "; ", t->skipped, "column", "not compared");
	add_accepted(b, t->accepted);
	buf_addc(b, '\n');
}

static enum status
text_finish(struct report *r, int exit_status, const struct err *failed,
    struct err *err)
{
	(void)exit_status;
	if (failed != NULL) /* a total of a part would be taken for the whole */
		return TU_OK;
	add_total(r);
	if (r->applied)
		report_add_written(&r->line, r->done);
	return report_write(r, err);
}

const struct report_driver report_text = {
	.causes = true,
	.start = text_start,
	.change = text_change,
	.end = text_end,
	.fail = text_fail,
	.finish = text_finish,
};
