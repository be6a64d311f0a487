#include <config.h>

#include "patch/report-html.h"

#include "db/db.h"

static void
add_lines(struct buf *out, const char *const *lines)
{
	for (size_t i = 0; lines[i] != NULL; i++)
		buf_adds(out, lines[i]);
}

/* The one script that a browser may run in this page. */
static void
add_policy(struct buf *out)
{
	struct digest *d = digest_new();
	char sum[DIGEST_BASE64];

	for (size_t i = 0; report_js[i] != NULL; i++)
		digest_add(d, report_js[i], strlen(report_js[i]));
	digest_base64(d, sum);
	digest_free(d);
	buf_addf(out,
	    "<meta http-equiv=\"Content-Security-Policy\" content=\""
	    "default-src 'none'; base-uri 'none'; form-action 'none'; "
	    "style-src 'unsafe-inline'; script-src 'sha256-%s'\">\n",
	    sum);
}

/* --- the verdict -----------------------------------------------------------
 */

static bool
has_answer(int exit_status, const struct err *failed)
{
	return failed == NULL && exit_status < 2;
}

/* "6 of 11 tables differ" */
static void
add_verdict(struct buf *out, const struct totals *t, int exit_status,
    const struct err *failed)
{
	if (failed != NULL) {
		buf_adds(out, "The comparison did not come to its end");
	} else if (t->differing > 0) {
		report_differ(out, t->differing, t->tables, "table");
	} else if (t->differs) {
		report_counted(out, t->only[SOURCE] + t->only[TARGET], "table");
		buf_adds(out, " on one side only");
	} else if (!has_answer(exit_status, failed)) {
		buf_adds(out, "No difference found, but not all was compared");
	} else {
		report_counted(out, t->tables, "table");
		buf_adds(out, t->tables == 1 ? " is equal" : " are equal");
		if (t->accepted > 0)
			buf_adds(out, " but for what is accepted");
	}
}

static const char *
verdict_class(const struct totals *t, int exit_status, const struct err *failed)
{
	if (failed != NULL || t->differs)
		return "different";
	return has_answer(exit_status, failed) ? "equal" : "unanswered";
}

static void
add_lead(struct buf *out, const struct report *r)
{
	const struct totals *t = &r->totals;
	uint64_t n = t->ops[CHANGE_INSERT] + t->ops[CHANGE_UPDATE] +
	             t->ops[CHANGE_DELETE];

	buf_adds(out, "<p class=\"lead\">");
	if (n > 0) {
		report_counted(out, n, "row");
		buf_adds(out, " of the target ");
		buf_adds(out, n == 1 ? "has" : "have");
		buf_adds(out, " to change to be like the source.");
	} else {
		report_counted(out, t->rows[TARGET], "row");
		buf_adds(out, " of the target compared.");
	}
	if (r->applied) {
		struct buf line = BUF_INIT;

		buf_adds(out, " In this run ");
		report_add_written(&line, r->done);
		html_text(out, line.data, line.len - 1);
		buf_addc(out, '.');
		buf_free(&line);
	}
	buf_adds(out, "</p>\n");
}

static void
note(struct buf *out, uint64_t n, const char *noun, const char *says)
{
	if (n == 0)
		return;
	buf_adds(out, "<li>");
	report_counted(out, n, noun);
	buf_addf(out, " %s</li>\n", says);
}

static void
add_notes(struct buf *out, const struct report *r)
{
	const struct totals *t = &r->totals;

	buf_adds(out, "<ul class=\"notes\">\n");
	note(out, t->failed, "table", "failed");
	note(out, t->bad, "table", "cannot be compared");
	note(out, t->only[SOURCE], "table", "only in the source");
	note(out, t->only[TARGET], "table", "only in the target");
	note(out, t->skipped, "column", "not compared");
	note(out, t->cut, "table", "not compared to the end");
	note(out, t->differed, "row", "differed in runs before");
	note(out, t->unsettled, "row", "unsettled");
	note(out, t->accepted, "accepted difference", "left out");
	note(out, t->unrepresentable, "row",
	    "with a value that the target cannot hold");
	note(out, t->at_target, "row",
	    "equal only at the target&#8217;s precision");
	note(out, t->ruled, "column", "compared by rules");
	if (r->opt.redacted)
		buf_adds(out, "<li>Values are shown as keyed hashes: equal "
			      "values have equal hashes.</li>\n");
	buf_adds(out, "</ul>\n");
}

static void
add_sides(struct buf *out, const struct report *r)
{
	buf_adds(out, "<dl class=\"sides\">\n");
	for (int s = SOURCE; s <= TARGET; s++) {
		buf_addf(
		    out, "<dt>%s</dt><dd>", s == SOURCE ? "Source" : "Target");
		html_name(out, r->plan->db[s]->display);
		buf_adds(out, " <small>");
		html_name(out, r->plan->db[s]->version);
		buf_adds(out, "</small></dd>\n");
	}
	if (r->opt.time != NULL) {
		buf_adds(out, "<dt>Time</dt><dd>");
		html_name(out, r->opt.time);
		buf_adds(out, "</dd>\n");
	}
	buf_adds(out, "</dl>\n");
}

static void
add_tile(struct buf *out, uint64_t n, const char *class, const char *what)
{
	buf_addf(out, "<li class=\"%s\"><b>", n == 0 ? "none" : class);
	report_count(out, n);
	buf_addf(out, "</b> %s</li>\n", what);
}

static void
add_tiles(struct buf *out, const struct totals *t)
{
	static const char *const what[CHANGE_OPS] = { "to delete", "to update",
		"to insert" };

	buf_adds(out, "<ul class=\"tiles\">\n");
	for (int i = 0; i < CHANGE_OPS; i++) {
		enum change_op op = html_order[i];

		add_tile(out, t->ops[op], html_class[op], what[op]);
	}
	add_tile(out, t->tables, "all", "tables compared");
	add_tile(out, t->rows[SOURCE], "all", "rows in the source");
	add_tile(out, t->rows[TARGET], "all", "rows in the target");
	buf_adds(out, "</ul>\n");
}

static void
add_failure(struct buf *out, const struct err *failed, bool found)
{
	buf_adds(out, "<p class=\"error\" role=\"alert\">");
	html_name(out, failed->msg);
	if (failed->hint[0] != '\0') {
		buf_adds(out, "<br><small>");
		html_name(out, failed->hint);
		buf_adds(out, "</small>");
	}
	buf_adds(out, "</p>\n");
	if (found)
		buf_adds(out,
		    "<p class=\"lead\">What follows is what was found "
		    "before, and not all there is.</p>\n");
}

/* --- the list of tables ----------------------------------------------------
 */

static void
add_differing(struct buf *out, const struct html *h)
{
	buf_adds(out, "<div class=\"scroll\"><table class=\"list\"><thead><tr>"
		      "<th scope=\"col\">Table</th>"
		      "<th scope=\"col\" class=\"n rows\">Source rows</th>"
		      "<th scope=\"col\" class=\"n rows\">Target rows</th>"
		      "<th scope=\"col\" class=\"n\">+ insert</th>"
		      "<th scope=\"col\" class=\"n\">~ update</th>"
		      "<th scope=\"col\" class=\"n\">&#8722; delete</th>"
		      "<th scope=\"col\">Share of rows</th>"
		      "</tr></thead>\n<tbody>\n");
	buf_add(out, h->differing.data, h->differing.len);
	buf_add(out, h->odd.data, h->odd.len);
	buf_adds(out, "</tbody></table></div>\n");
}

static void
add_tables(struct buf *out, const struct html *h)
{
	bool list = h->differing.len + h->odd.len > 0;

	if (!list && h->nequal == 0)
		return;
	buf_adds(out, "<section aria-labelledby=\"tables\">"
		      "<h2 id=\"tables\">Tables</h2>\n");
	if (list)
		add_differing(out, h);
	if (h->nequal > 0) {
		buf_addf(out, "<details%s><summary>", list ? "" : " open");
		report_counted(out, h->nequal, "table");
		buf_adds(out, h->nequal == 1 ? " is equal" : " are equal");
		buf_adds(out, "</summary>\n<ul class=\"same\">");
		buf_add(out, h->equal.data, h->equal.len);
		buf_adds(out, "</ul></details>\n");
	}
	buf_adds(out, "</section>\n");
}

/* --- all -------------------------------------------------------------------
 */

void
html_top(struct buf *out, const struct report *r, const struct html *h,
    int exit_status, const struct err *failed)
{
	const struct totals *t = &r->totals;

	buf_adds(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
		      "<meta charset=\"utf-8\">\n");
	add_policy(out);
	buf_adds(out, "<meta name=\"viewport\" content=\"width=device-width, "
		      "initial-scale=1\">\n"
		      "<meta name=\"generator\" content=\"trueup\">\n<title>");
	add_verdict(out, t, exit_status, failed);
	buf_adds(out, " &#8211; trueup</title>\n<style>\n");
	add_lines(out, report_css);
	buf_addf(out,
	    "</style>\n</head>\n<body>\n<header>\n"
	    "<p class=\"brand\">trueup</p>\n<h1 class=\"%s\">",
	    verdict_class(t, exit_status, failed));
	add_verdict(out, t, exit_status, failed);
	buf_adds(out, "</h1>\n");
	if (failed != NULL)
		add_failure(out, failed, h != NULL);
	if (h != NULL) {
		if (failed == NULL)
			add_lead(out, r);
		add_notes(out, r);
		add_sides(out, r);
		add_tiles(out, t);
	}
	buf_adds(out, "</header>\n<main>\n");
	if (h != NULL)
		add_tables(out, h);
	buf_adds(out, "<div id=\"tools\" class=\"tools\" role=\"search\" "
		      "hidden></div>\n");
}

void
html_bottom(struct buf *out)
{
	buf_adds(out,
	    "</main>\n<footer>\n<p>The target is what would change: "
	    "<b class=\"i\">+</b> will be inserted, "
	    "<b class=\"u\">~</b> updated, "
	    "<b class=\"d\">-</b> deleted. Counts are exact; each "
	    "difference was confirmed on the values read. Texts "
	    "stand in quotes, and what cannot be seen in them is "
	    "written as \\n, \\x1b, \\u{200b}.</p>\n<p>trueup " PACKAGE_VERSION
	    "</p>\n</footer>\n<script>");
	add_lines(out, report_js);
	buf_adds(out, "</script>\n</body>\n</html>\n");
}
