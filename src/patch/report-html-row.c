#include <config.h>

#include "patch/report-html.h"

#include <inttypes.h>

/* Characters of a text; and columns of a row that only one side has, or that
 * changed. */
#define VALUE_LIMIT 300
#define COLUMNS_SHOWN 24

static void
add_null(struct buf *out)
{
	buf_adds(out, "<i class=\"null\">NULL</i>");
}

static void
add_value(struct buf *out, const struct pair_column *pc, enum side side,
    const struct cell *c)
{
	const struct value_view view = { .limit = VALUE_LIMIT };
	struct buf shown = BUF_INIT;

	if (c->kind == CELL_NULL) {
		add_null(out);
		return;
	}
	report_value_view(&shown, pc, side, c, &view);
	html_text(out, shown.data, shown.len);
	buf_free(&shown);
}

/* Two values that are there, their difference marked. */
static void
add_marked(struct buf out[2], const struct pair_column *pc,
    const struct cell *cells[2])
{
	struct value_view view = { .limit = VALUE_LIMIT };
	struct buf shown[2] = { BUF_INIT, BUF_INIT };

	view.skip =
	    report_common_prefix(cells[SOURCE], cells[TARGET], VALUE_LIMIT);
	for (int s = SOURCE; s <= TARGET; s++)
		report_value_view(&shown[s], pc, (enum side)s, cells[s], &view);
	html_mark(&out[TARGET], &out[SOURCE], &shown[TARGET], &shown[SOURCE]);
	buf_free(&shown[SOURCE]);
	buf_free(&shown[TARGET]);
}

static void
add_why(struct buf *out, const struct change *c, size_t i)
{
	if (c->verdicts == NULL || c->verdicts[i] != VERDICT_UNREPRESENTABLE)
		return;
	buf_adds(out, "<span class=\"why\">the target cannot hold it: ");
	html_name(out, c->why[i] != NULL ? c->why[i] : "no reason known");
	buf_adds(out, "</span>");
}

/* A column of an update: what the target has, what the source has. */
static void
add_cells(struct buf *out, const struct change *c, size_t i)
{
	const struct pair_column *pc = &c->pair->cols[i];
	const struct cell *cells[2] = { &c->source[i], &c->target[i] };
	struct buf value[2] = { BUF_INIT, BUF_INIT };
	bool both = cells[SOURCE]->kind != CELL_NULL &&
	            cells[TARGET]->kind != CELL_NULL;

	if (both && pc->redact == NULL)
		add_marked(value, pc, cells);
	for (int s = SOURCE; s <= TARGET && value[s].len == 0; s++)
		add_value(&value[s], pc, (enum side)s, cells[s]);
	buf_adds(out, "<td class=\"col\">");
	html_name(out, pc->col[TARGET]->name);
	buf_adds(out, "</td><td class=\"v old\">");
	buf_add(out, value[TARGET].data, value[TARGET].len);
	buf_adds(out, "</td><td class=\"v new\">");
	buf_add(out, value[SOURCE].data, value[SOURCE].len);
	add_why(out, c, i);
	buf_adds(out, "</td></tr>\n");
	buf_free(&value[SOURCE]);
	buf_free(&value[TARGET]);
}

static bool
is_changed(const struct change *c, size_t i)
{
	return c->verdicts[i] == VERDICT_DIFFERENT ||
	       c->verdicts[i] == VERDICT_UNREPRESENTABLE;
}

static void
add_more(struct buf *out, uint64_t n)
{
	buf_adds(out, "and ");
	report_counted(out, n, "more column");
}

static void
add_update(struct buf *out, const struct change *c)
{
	size_t shown = 0, more = 0;

	for (size_t i = 0; i < c->pair->ncols; i++) {
		if (!is_changed(c, i))
			continue;
		if (shown == COLUMNS_SHOWN) {
			more++;
			continue;
		}
		if (shown++ > 0)
			buf_adds(out, "<tr>");
		add_cells(out, c, i);
	}
	if (more > 0) {
		buf_adds(out, "<tr><td colspan=\"3\">");
		add_more(out, more);
		buf_adds(out, "</td></tr>\n");
	}
}

/* A row that one side has, as it is there. */
static void
add_row(struct buf *out, const struct change *c)
{
	size_t first = c->pair->multiset ? 0 : c->pair->nkeys;
	size_t end = MIN(c->pair->ncols, first + COLUMNS_SHOWN);
	const struct cell *cells;
	enum side side = report_side(c, &cells);

	buf_adds(out, "<td colspan=\"3\"><dl class=\"row\">");
	for (size_t i = first; i < end; i++) {
		const struct pair_column *pc = &c->pair->cols[i];

		buf_adds(out, "<div><dt>");
		html_name(out, pc->col[TARGET]->name);
		buf_adds(out, "</dt><dd>");
		add_value(out, pc, side, &cells[i]);
		add_why(out, c, i);
		buf_adds(out, "</dd></div>");
	}
	buf_adds(out, "</dl>");
	if (c->pair->ncols > end)
		add_more(out, c->pair->ncols - end);
	buf_adds(out, "</td></tr>\n");
}

/* Rows that the key's cell reaches down. */
static size_t
height(const struct change *c)
{
	size_t n = 0;

	for (size_t i = 0; c->op == CHANGE_UPDATE && i < c->pair->ncols; i++)
		n += is_changed(c, i);
	return n == 0 ? 1 : MIN(n, COLUMNS_SHOWN + 1);
}

void
html_change(struct buf *out, const struct change *c)
{
	struct buf key = BUF_INIT;
	size_t n = height(c);
	const struct cell *cells;
	enum side side = report_side(c, &cells);

	buf_addf(out,
	    "<tbody class=\"%s\"><tr><td class=\"op %s\" rowspan=\"%zu\" "
	    "title=\"%s\">%c</td><th scope=\"rowgroup\" class=\"key\" "
	    "rowspan=\"%zu\">",
	    html_class[c->op], html_class[c->op], n, report_verbs[c->op],
	    report_signs[c->op], n);
	if (c->pair->multiset)
		buf_adds(out, "<small>no key</small>");
	else
		report_key(&key, c->pair, cells, side);
	html_text(out, key.data, key.len);
	if (c->copies > 1)
		buf_addf(out, " (%" PRIu64 " times)", c->copies);
	buf_adds(out, "</th>");
	if (c->op == CHANGE_UPDATE)
		add_update(out, c);
	else
		add_row(out, c);
	buf_adds(out, "</tbody>\n");
	buf_free(&key);
}
