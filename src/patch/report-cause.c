#include <config.h>

#include "patch/report-int.h"

static void
add_column(struct buf *out, const struct pair *pair, size_t column)
{
	report_name(out, pair->cols[column].col[TARGET]->name);
}

/* Behind "between two keys": which ones. */
static void
add_ends(struct buf *out, const struct pair *pair, const struct cause *cause)
{
	size_t n = cause->kind == CAUSE_KEY_RANGE ? cause->nexamples
	           : cause->kind == CAUSE_KEY_END ? MIN(cause->nexamples, 1)
	                                          : 0;

	for (size_t i = 0; i < n; i++) {
		buf_adds(out, i == 0 ? ": " : " to ");
		report_key(
		    out, pair, cause->examples[i].key, cause->examples[i].side);
	}
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
	cause_describe(out, cause);
	add_ends(out, pair, cause);
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
