#include <config.h>

#include "patch/report-int.h"

static void
add_column(struct buf *out, const struct pair *pair, size_t column)
{
	report_name(out, pair->cols[column].col[TARGET]->name);
}

static void
add_since(struct buf *out, const struct pair *pair, const struct cause *cause)
{
	const struct value_view view = { .limit = 60, .bare = true };

	if (cause->since == NULL)
		return;
	buf_adds(out, " (");
	add_column(out, pair, cause->since_column);
	buf_addc(out, ' ');
	report_value_view(out, &pair->cols[cause->since_column],
	    cause->side == TARGET ? SOURCE : TARGET, cause->since, &view);
	buf_adds(out, " and later)");
}

/* With the keys that cause_describe() leaves out. */
static void
add_range(struct buf *out, const struct pair *pair, const struct cause *cause)
{
	const struct cause_example *ends = cause->examples;

	buf_adds(out, cause->side == TARGET ? "TARGET" : "SOURCE");
	buf_adds(out, pair->table[cause->side]->where != NULL
			  ? " has, of the rows compared, none from "
			  : " has no row from ");
	report_key(out, pair, ends[0].key, ends[0].side);
	if (cause->kind == CAUSE_KEY_END) {
		buf_adds(out, " on");
		add_since(out, pair, cause);
		return;
	}
	buf_adds(out, " to ");
	report_key(out, pair, ends[1].key, ends[1].side);
}

void
report_cause(
    struct buf *out, const struct pair *pair, const struct cause *cause)
{
	if (!cause->exact)
		buf_adds(out, "at least ");
	report_count(out, cause->count);
	buf_adds(out, " of ");
	report_count(out, cause->of);
	if (cause->column == CAUSE_ROWS) {
		buf_addf(out, " to %s: ",
		    report_verbs[cause->side == TARGET ? CHANGE_INSERT
						       : CHANGE_DELETE]);
	} else {
		buf_adds(out, ": ");
		add_column(out, pair, cause->column);
		buf_addc(out, ' ');
	}
	if (cause->kind == CAUSE_KEY_RANGE || cause->kind == CAUSE_KEY_END)
		add_range(out, pair, cause);
	else
		cause_describe(out, cause);
	if (cause->other != CAUSE_ROWS) {
		buf_addc(out, ' ');
		add_column(out, pair, cause->other);
	}
}

void
report_cause_example(struct buf *out, const struct pair *pair,
    const struct cause *cause, const struct cause_example *example)
{
	const struct value_view view = { .limit = 60, .bare = true };
	const struct pair_column *pc;

	report_key(out, pair, example->key, example->side);
	if (cause->column == CAUSE_ROWS)
		return;
	pc = &pair->cols[cause->column];
	buf_adds(out, ": ");
	add_column(out, pair, cause->column);
	buf_addc(out, ' ');
	report_value_view(out, pc, TARGET, example->target, &view);
	buf_adds(out, " -> ");
	report_value_view(out, pc, SOURCE, example->source, &view);
}

void
report_add_causes(struct report *r, const struct pair *pair, bool examples)
{
	const struct cause *causes;
	size_t n = causes_list(r->causes, &causes);

	for (size_t i = 0; i < n; i++) {
		buf_adds(&r->line, "  cause: ");
		report_cause(&r->line, pair, &causes[i]);
		buf_addc(&r->line, '\n');
		for (size_t e = 0; examples && e < causes[i].nexamples; e++) {
			buf_adds(&r->line, "    ");
			report_cause_example(
			    &r->line, pair, &causes[i], &causes[i].examples[e]);
			buf_addc(&r->line, '\n');
		}
	}
}
