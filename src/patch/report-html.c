#include <config.h>

#include "patch/report-html.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/temp.h"

/* --- the temporary file ----------------------------------------------------
 */

static enum status
html_new(struct html **out, struct err *err)
{
	struct html *h = calloc(1, sizeof(*h));
	enum status st;
	int fd;

	if (h == NULL)
		out_of_memory(sizeof(*h));
	*out = h;
	st = temp_open(&fd, err);
	if (st)
		return st;
	h->body = fdopen(fd, "w+");
	if (h->body != NULL)
		return TU_OK;
	close(fd);
	return temp_error(err, "open", errno);
}

void
html_free(struct html *h)
{
	if (h == NULL)
		return;
	if (h->body != NULL)
		fclose(h->body);
	buf_free(&h->first);
	buf_free(&h->last);
	buf_free(&h->differing);
	buf_free(&h->odd);
	buf_free(&h->equal);
	free(h->parts);
	free(h);
}

/* r->line to the temporary file. */
static enum status
spool_line(struct report *r, struct err *err)
{
	size_t n = r->line.len;

	r->line.len = 0;
	if (n > 0 && fwrite(r->line.data, 1, n, r->html->body) != n)
		return temp_error(err, "write", errno);
	r->html->at += (off_t)n;
	return TU_OK;
}

static enum status
copy_part(struct report *r, off_t from, off_t to, struct err *err)
{
	char block[16384];

	if (fseeko(r->html->body, from, SEEK_SET) != 0)
		return temp_error(err, "read", errno);
	while (from < to) {
		size_t n = (size_t)MIN(to - from, (off_t)sizeof(block));

		if (fread(block, 1, n, r->html->body) != n)
			return temp_error(err, "read", errno);
		buf_add(&r->line, block, n);
		if (report_write(r, err))
			return err->status;
		from += (off_t)n;
	}
	return TU_OK;
}

/* --- the list of tables ----------------------------------------------------
 */

/* A table of which there are no numbers. */
static void
list_odd(struct html *h, const char *name, const char *says, const char *what)
{
	buf_adds(&h->odd, "<tr><th scope=\"row\">");
	html_name(&h->odd, name);
	buf_addf(&h->odd, "</th><td class=\"u\" colspan=\"6\">%s", says);
	html_name(&h->odd, what);
	buf_adds(&h->odd, "</td></tr>\n");
}

static void
add_number(struct buf *out, uint64_t n, const char *class)
{
	buf_addf(out, "<td class=\"n %s%s\">", class, n == 0 ? " zero" : "");
	report_count(out, n);
	buf_adds(out, "</td>");
}

/* How much of the table differs, by kind. */
static void
add_bar(struct buf *out, const struct tally *tally)
{
	double all = (double)MAX(report_union(tally), 1);

	buf_adds(out, "<td><span class=\"bar\" aria-hidden=\"true\">");
	for (int i = 0; i < CHANGE_OPS; i++) {
		enum change_op op = html_order[i];

		if (tally->ops[op] > 0)
			buf_addf(out,
			    "<i class=\"%s\" style=\"width:%.2f%%\">"
			    "</i>",
			    html_class[op],
			    100.0 * (double)tally->ops[op] / all);
	}
	buf_adds(out, "</span>");
}

/* What the numbers do not tell. */
static void
add_remark(struct buf *out, uint64_t n, const char *noun, const char *says)
{
	if (n == 0)
		return;
	buf_adds(out, " <small>");
	report_counted(out, n, noun);
	buf_addf(out, " %s</small>", says);
}

static void
list_differing(
    struct html *h, const struct pair *pair, const struct tally *tally)
{
	struct buf *b = &h->differing;

	buf_addf(b, "<tr><th scope=\"row\"><a href=\"#t%zu\">", h->nparts);
	html_name(b, pair->name);
	buf_adds(b, "</a></th>");
	for (int s = SOURCE; s <= TARGET; s++)
		add_number(b, tally->rows[s], "rows");
	for (int i = 0; i < CHANGE_OPS; i++)
		add_number(
		    b, tally->ops[html_order[i]], html_class[html_order[i]]);
	add_bar(b, tally);
	if (tally->hidden_columns)
		add_remark(b, pair->nonly[SOURCE] + pair->nonly[TARGET],
		    "column", "on one side only");
	add_remark(b, pair->nskipped, "column", "not compared");
	add_remark(b, tally->unsettled, "row", "unsettled");
	add_remark(b, tally->accepted, "accepted difference", "left out");
	buf_adds(b, "</td></tr>\n");
}

static void
list_equal(struct html *h, const struct pair *pair, const struct tally *tally)
{
	buf_adds(&h->equal, "<li>");
	html_name(&h->equal, pair->name);
	buf_adds(&h->equal, " <small>");
	report_counted(&h->equal, tally->rows[TARGET], "row");
	buf_adds(&h->equal, "</small>");
	add_remark(
	    &h->equal, tally->accepted, "accepted difference", "left out");
	buf_adds(&h->equal, "</li>\n");
	h->nequal++;
}

/* --- what is to be known of a table ----------------------------------------
 */

static void
fact(struct buf *out, const char *says, const char *name, const char *more)
{
	buf_addf(out, "<li>%s", says);
	html_name(out, name);
	html_name(out, more);
	buf_adds(out, "</li>\n");
}

static void
fact_count(struct buf *out, uint64_t n, const char *noun, const char *says)
{
	if (n == 0)
		return;
	buf_adds(out, "<li>");
	report_counted(out, n, noun);
	buf_addf(out, " %s</li>\n", says);
}

static void
add_columns(struct buf *out, const struct pair *pair, const struct tally *tally)
{
	struct buf rules = BUF_INIT;

	for (int s = SOURCE; s <= TARGET && tally->hidden_columns; s++)
		for (size_t i = 0; i < pair->nonly[s]; i++)
			fact(out, "column ", pair->only[s][i],
			    s == SOURCE ? " is only in the source"
					: " is only in the target");
	for (size_t i = 0; i < pair->nskipped; i++) {
		buf_adds(out, "<li>column ");
		html_name(out, pair->skipped[i].name);
		buf_adds(out, " is not compared: ");
		html_name(out, pair->skipped[i].why);
		buf_adds(out, "</li>\n");
	}
	if (!pair_has_rules(pair))
		return;
	report_add_rules(&rules, pair);
	fact(out, "compared by the rules ", buf_str(&rules), "");
	buf_free(&rules);
}

static void
add_facts(struct buf *out, const struct pair *pair, const struct tally *tally)
{
	size_t start;

	buf_adds(out, "<ul class=\"facts\">");
	start = out->len;
	if (strcmp(pair->table[SOURCE]->name, pair->table[TARGET]->name) != 0)
		fact(out, "the source&#8217;s table is ",
		    pair->table[SOURCE]->name, "");
	add_columns(out, pair, tally);
	fact_count(out, tally->unrepresentable, "row",
	    "with a value that the target cannot hold");
	fact_count(out, tally->at_target, "row",
	    "equal only at the target&#8217;s precision");
	fact_count(out, tally->unsettled, "row",
	    "unsettled: it is not known whether the sides agree there");
	fact_count(out, tally->accepted, "accepted difference", "left out");
	if (!pair->table[TARGET]->writable)
		fact(out, "no patch can write the target, a ",
		    relkind_name(pair->table[TARGET]->kind), "");
	if (out->len == start)
		out->len -= strlen("<ul class=\"facts\">");
	else
		buf_adds(out, "</ul>\n");
}

static uint64_t
sum_ops(const struct tally *tally)
{
	return tally->ops[CHANGE_INSERT] + tally->ops[CHANGE_UPDATE] +
	       tally->ops[CHANGE_DELETE];
}

static void
add_heading(struct buf *out, const struct html *h, const struct pair *pair,
    const struct tally *tally)
{
	uint64_t differ = sum_ops(tally);

	buf_addf(out, "<section aria-labelledby=\"t%zu\"><h2 id=\"t%zu\">",
	    h->nparts, h->nparts);
	html_name(out, pair->name);
	buf_adds(out, "</h2>\n<p class=\"counts\">");
	if (differ > 0) {
		report_count(out, differ);
		buf_adds(out, " of ");
		report_counted(out, report_union(tally), "row");
		buf_adds(out, differ == 1 ? " differs: " : " differ: ");
		html_ops(out, tally->ops);
	} else {
		report_counted(out, report_union(tally), "row");
		buf_adds(out,
		    tally_differs(tally)   ? ", all equal, but not the columns"
		    : tally->unsettled > 0 ? ", no difference that lasts"
					   : ", all equal");
	}
	buf_adds(out, "</p>\n");
}

/* The differences follow, and close the table. */
static void
begin_rows(struct buf *out, const struct html *h, const struct pair *pair,
    uint64_t differ)
{
	if (h->nshown == 0) {
		if (differ > 0)
			buf_adds(out, "<p class=\"counts\">None of them is "
				      "shown here.</p>\n");
		return;
	}
	buf_adds(out, "<h3>Differences</h3>\n<div class=\"scroll\">"
		      "<table class=\"diff\" data-table=\"");
	html_name(out, pair->name);
	buf_adds(out, "\"><caption>");
	if (h->nshown < differ) {
		buf_adds(out, "The first ");
		report_count(out, h->nshown);
		buf_adds(out, " of ");
	}
	report_counted(out, differ, "difference");
	buf_adds(out, "</caption>\n<thead><tr><th scope=\"col\">Kind</th>"
		      "<th scope=\"col\">Row</th><th scope=\"col\">Column</th>"
		      "<th scope=\"col\">Target has</th>"
		      "<th scope=\"col\">Source has</th></tr></thead>\n");
}

/* --- the driver ------------------------------------------------------------
 */

static enum status
start(struct report *r, struct err *err)
{
	const struct plan *plan = r->plan;
	enum status st = html_new(&r->html, err);

	if (st)
		return st;
	for (size_t i = 0; i < plan->nbad; i++)
		list_odd(r->html, plan->bad[i].table,
		    "cannot be compared: ", plan->bad[i].why);
	for (int s = SOURCE; s <= TARGET; s++)
		for (size_t i = 0; i < r->totals.only[s]; i++)
			list_odd(r->html, plan->only_name[s][i], "only in the ",
			    report_sides[s]);
	return TU_OK;
}

static void
note_keys(struct html *h, const struct change *c)
{
	const struct cell *cells;
	enum side side = report_side(c, &cells);

	if (c->leaves == 0)
		return;
	if (h->first.len == 0)
		report_key(&h->first, c->pair, cells, side);
	buf_reset(&h->last);
	cells_pack(&h->last, cells, c->pair->nkeys);
	h->last_side = side;
}

static enum status
change(struct report *r, const struct change *c, struct err *err)
{
	struct html *h = r->html;

	keymap_add(&h->map, c);
	note_keys(h, c);
	if (h->nshown >= r->opt.rows || h->rows_size >= HTML_ROWS_MAX)
		return TU_OK;
	h->nshown += c->copies;
	html_change(&r->line, c);
	h->rows_size += r->line.len;
	return spool_line(r, err);
}

/* The next table is another. */
static void
next_table(struct html *h)
{
	h->rows = h->at;
	h->nshown = 0;
	h->map = (struct keymap){ 0 };
	buf_reset(&h->first);
	buf_reset(&h->last);
}

static struct html_part *
new_part(struct html *h)
{
	if (h->nparts == h->cap) {
		h->cap = MAX(2 * h->cap, 16);
		h->parts = realloc(h->parts, h->cap * sizeof(*h->parts));
		if (h->parts == NULL)
			out_of_memory(h->cap * sizeof(*h->parts));
	}
	return &h->parts[h->nparts++];
}

static enum status
end(struct report *r, const struct pair *pair, const struct tally *tally,
    struct err *err)
{
	struct html *h = r->html;
	struct html_part *part;
	enum status st;

	if (report_has_extent(tally)) {
		buf_reset(&r->line);
		report_add_extent(&r->line, pair, tally);
		list_odd(h, pair->name, "", buf_str(&r->line));
		buf_reset(&r->line);
	}
	if (!tally_differs_now(tally) &&
	    pair->nskipped + tally->unsettled == 0) {
		if (!report_has_extent(tally))
			list_equal(h, pair, tally);
		next_table(h);
		return TU_OK;
	}
	part = new_part(h);
	list_differing(h, pair, tally);
	*part = (struct html_part){ .rows = h->rows };
	if (h->nshown > 0)
		buf_adds(&r->line, "</table></div>\n");
	st = spool_line(r, err);
	part->head = h->at;
	add_heading(&r->line, h, pair, tally);
	add_facts(&r->line, pair, tally);
	if (sum_ops(tally) > 0)
		keymap_write(&r->line, h, pair, tally);
	html_causes(&r->line, r, pair);
	begin_rows(&r->line, h, pair, sum_ops(tally));
	if (st == TU_OK)
		st = spool_line(r, err);
	part->end = h->at;
	next_table(h);
	return st;
}

static enum status
fail(
    struct report *r, const struct pair *pair, const char *why, struct err *err)
{
	(void)err;
	list_odd(r->html, pair->name, "failed: ", why);
	next_table(r->html);
	return TU_OK;
}

static enum status
finish(struct report *r, int exit_status, const struct err *failed,
    struct err *err)
{
	struct html *h = r->html;
	enum status st;

	r->line.len = 0; /* a record that a failure left half done */
	html_top(&r->line, r, h, exit_status, failed);
	st = report_write(r, err);
	for (size_t i = 0; h != NULL && i < h->nparts && st == TU_OK; i++) {
		const struct html_part *p = &h->parts[i];

		st = copy_part(r, p->head, p->end, err);
		if (st == TU_OK)
			st = copy_part(r, p->rows, p->head, err);
		if (st == TU_OK) {
			buf_adds(&r->line, "</section>\n");
			st = report_write(r, err);
		}
	}
	if (st == TU_OK) {
		html_bottom(&r->line);
		st = report_write(r, err);
	}
	return st;
}

const struct report_driver report_html = {
	.causes = true,
	.start = start,
	.change = change,
	.end = end,
	.fail = fail,
	.finish = finish,
};
