#include <config.h>

#include "patch/report-html.h"

static void
add_cause(struct buf *out, const struct pair *pair, const struct cause *cause)
{
	struct buf text = BUF_INIT;
	double share = (double)cause->count / (double)MAX(cause->of, 1);

	buf_addf(out,
	    "<li><span class=\"fill\" style=\"width:%.1f%%\"></span>"
	    "<span class=\"text\">",
	    100 * MIN(share, 1));
	report_cause(&text, pair, cause);
	html_text(out, text.data, text.len);
	for (size_t i = 0; i < cause->nexamples; i++) {
		buf_reset(&text);
		report_cause_example(&text, pair, cause, &cause->examples[i]);
		buf_adds(out, "<small>");
		html_text(out, text.data, text.len);
		buf_adds(out, "</small>");
	}
	buf_adds(out, "</span></li>\n");
	buf_free(&text);
}

void
html_causes(struct buf *out, struct report *r, const struct pair *pair)
{
	const struct cause *causes;
	size_t n = causes_list(r->causes, &causes);

	if (n == 0)
		return;
	buf_adds(out, "<h3>Why</h3>\n<ul class=\"causes\">\n");
	for (size_t i = 0; i < n; i++)
		add_cause(out, pair, &causes[i]);
	buf_adds(out, "</ul>\n");
}
