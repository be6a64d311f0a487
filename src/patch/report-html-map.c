#include <config.h>

#include "patch/report-html.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"

/* A map of fewer parts says no more than a sentence. */
#define PARTS_MIN 4
#define RUNS_TOLD 6
/* Units of the drawing: its width, a gap, a field of the legend. */
#define WIDTH 640
#define GAP 1
#define FIELD 10

void
keymap_add(struct keymap *map, const struct change *c)
{
	uint64_t parts = MIN(c->leaves, KEYMAP_PARTS), part;

	if (c->leaves == 0)
		return;
	part = MIN(c->before * parts / c->among, parts - 1);
	map->parts = (unsigned)parts;
	map->placed += c->copies;
	map->n[c->op][part] += c->copies;
}

/* How dense it is there: 1 up to a thousandth of the part's rows, then up to a
 * hundredth, a tenth, a half, all. */
static int
level(uint64_t n, double rows)
{
	static const double limits[] = { 0.001, 0.01, 0.1, 0.5 };
	double share = rows > 0 ? (double)n / rows : 1;
	int l = 1;

	for (size_t i = 0; i < ARRAY_LEN(limits); i++)
		l += share > limits[i];
	return l;
}

/* "in parts 3, 10 to 12 of 64": the map for who cannot see it. */
static void
add_words(struct buf *out, const uint64_t *n, unsigned parts, enum change_op op)
{
	unsigned told = 0;

	buf_addf(out, "%s: in parts ", report_verbs[op]);
	for (unsigned i = 0; i < parts; i++) {
		unsigned from = i;

		if (n[i] == 0)
			continue;
		if (told++ == RUNS_TOLD) {
			buf_adds(out, " and more");
			break;
		}
		while (i + 1 < parts && n[i + 1] > 0)
			i++;
		buf_addf(out, "%s%u", told > 1 ? ", " : "", from + 1);
		if (i > from)
			buf_addf(out, " to %u", i + 1);
	}
	buf_addf(out, " of %u", parts);
}

static void
add_lane(
    struct buf *out, const struct keymap *map, enum change_op op, double rows)
{
	const uint64_t *n = map->n[op];
	unsigned parts = map->parts;

	buf_addf(out,
	    "<div class=\"lane %s\"><span>%c</span><svg role=\"img\" "
	    "viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" "
	    "aria-label=\"",
	    html_class[op], report_signs[op], WIDTH, FIELD);
	add_words(out, n, parts, op);
	buf_addf(out, "\"><rect class=\"no\" width=\"%d\" height=\"%d\"/>",
	    WIDTH, FIELD);
	for (unsigned i = 0; i < parts; i++) {
		unsigned x = i * WIDTH / parts, end = (i + 1) * WIDTH / parts;

		if (n[i] == 0)
			continue;
		buf_addf(out,
		    "<rect class=\"l%d\" x=\"%u\" width=\"%u\" height=\"%d\">"
		    "<title>",
		    level(n[i], rows), x, end - x - GAP, FIELD);
		report_count(out, n[i]);
		buf_adds(out, "</title></rect>");
	}
	buf_adds(out, "</svg></div>\n");
}

static void
add_last(struct buf *out, const struct html *h, const struct pair *pair)
{
	struct cell *cells = calloc(pair->nkeys, sizeof(*cells));
	struct buf key = BUF_INIT;
	const char *p = h->last.data;

	if (cells == NULL)
		out_of_memory(pair->nkeys * sizeof(*cells));
	cells_unpack(&p, cells, pair->nkeys);
	report_key(&key, pair, cells, h->last_side);
	html_text(out, key.data, key.len);
	buf_free(&key);
	free(cells);
}

static void
add_caption(struct buf *out, const struct html *h, const struct pair *pair,
    unsigned parts, double rows)
{
	buf_addf(out, "<figcaption>%u parts of about ", parts);
	report_counted(out, (uint64_t)(rows + 0.5), "row");
	buf_adds(out, ", in the order of the key. The first difference is at ");
	html_text(out, h->first.data, h->first.len);
	buf_adds(out, ", the last at ");
	add_last(out, h, pair);
	buf_adds(out, ". <span class=\"legend\"><svg aria-hidden=\"true\" "
		      "viewBox=\"0 0 50 9\">");
	for (int i = 1; i <= 5; i++)
		buf_addf(out,
		    "<rect class=\"l%d\" x=\"%d\" width=\"9\" height=\"9\"/>",
		    i, (i - 1) * FIELD);
	buf_adds(out, "</svg></span> up to 0.1&nbsp;%, 1&nbsp;%, 10&nbsp;%, "
		      "50&nbsp;% and 100&nbsp;% of a part&#8217;s rows."
		      "</figcaption>");
}

static void
add_none(struct buf *out, const struct pair *pair)
{
	buf_adds(out, "<p class=\"counts\">");
	if (pair->multiset)
		buf_adds(out, "No map: the rows have no key.");
	else if (pair->nrange == 0)
		buf_adds(out, "No map: the key has no order that both sides "
			      "share.");
	else
		buf_adds(out, "No map: it is not known where in the table the "
			      "differences are.");
	buf_adds(out, "</p>\n");
}

void
keymap_write(struct buf *out, const struct html *h, const struct pair *pair,
    const struct tally *tally)
{
	const struct keymap *map = &h->map;
	unsigned parts = map->parts;
	double rows = parts > 0 ? (double)report_union(tally) / parts : 0;

	if (map->placed > 0 && parts < PARTS_MIN)
		return;
	buf_adds(out, "<h3>Where</h3>\n");
	if (map->placed == 0) {
		add_none(out, pair);
		return;
	}
	buf_adds(out, "<figure class=\"map\">\n");
	for (int i = 0; i < CHANGE_OPS; i++)
		if (tally->ops[html_order[i]] > 0)
			add_lane(out, map, html_order[i], rows);
	buf_adds(out, "<div class=\"ends\"><span>first rows</span>"
		      "<span>last rows</span></div>\n");
	add_caption(out, h, pair, parts, rows);
	buf_adds(out, "</figure>\n");
}
