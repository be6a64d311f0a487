#include <config.h>

#include "patch/report-html.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/utf8.h"

/* Longer texts have all marked between what begins and what ends both alike. */
#define LCS_MAX 240
/* What both have between two changes is not worth showing if shorter. */
#define RUN_MIN 3

const char *const html_class[CHANGE_OPS] = { "d", "u", "i" };
const enum change_op html_order[CHANGE_OPS] = { CHANGE_INSERT, CHANGE_UPDATE,
	CHANGE_DELETE };

void
html_text(struct buf *out, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		switch (p[i]) {
		case '&':
			buf_adds(out, "&amp;");
			break;
		case '<':
			buf_adds(out, "&lt;");
			break;
		case '>':
			buf_adds(out, "&gt;");
			break;
		case '"':
			buf_adds(out, "&quot;");
			break;
		case '\'':
			buf_adds(out, "&#39;");
			break;
		default:
			buf_addc(out, p[i]);
		}
	}
}

void
html_name(struct buf *out, const char *name)
{
	struct buf shown = BUF_INIT;

	report_name(&shown, name);
	html_text(out, shown.data, shown.len);
	buf_free(&shown);
}

void
html_ops(struct buf *out, const uint64_t ops[CHANGE_OPS])
{
	const char *sep = "";

	for (int i = 0; i < CHANGE_OPS; i++) {
		enum change_op op = html_order[i];

		if (ops[op] == 0)
			continue;
		buf_addf(out, "%s<b class=\"%s\">", sep, html_class[op]);
		report_count(out, ops[op]);
		buf_addf(out, "</b> to %s", report_verbs[op]);
		sep = ", ";
	}
}

/* --- what two texts do not share -------------------------------------------
 */

/* A part of a text: where its characters begin, and which are not shared. */
struct part {
	size_t n; /* characters */
	size_t start[LCS_MAX + 1];
	bool changed[LCS_MAX];
};

static bool
is_inside(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* Bytes that both begin with, whole characters only. */
static size_t
common_start(const struct buf *a, const struct buf *b)
{
	size_t max = MIN(a->len, b->len), n = 0;

	while (n < max && a->data[n] == b->data[n])
		n++;
	while (n > 0 && ((n < a->len && is_inside(a->data[n])) ||
			    (n < b->len && is_inside(b->data[n]))))
		n--;
	return n;
}

static size_t
common_end(const struct buf *a, const struct buf *b, size_t start)
{
	size_t max = MIN(a->len, b->len) - start, n = 0;

	while (n < max && a->data[a->len - 1 - n] == b->data[b->len - 1 - n])
		n++;
	while (n > 0 && is_inside(a->data[a->len - n]))
		n--;
	return n;
}

/* False if it has too many characters. */
static bool
split(struct part *part, const struct buf *text, size_t from, size_t to)
{
	uint32_t point;

	part->n = 0;
	while (from < to) {
		if (part->n == LCS_MAX)
			return false;
		part->start[part->n] = from;
		part->changed[part->n++] = true;
		from += MAX(utf8_next(text->data + from, to - from, &point), 1);
	}
	part->start[part->n] = to;
	return true;
}

static bool
same_char(const struct buf *a, const struct part *x, size_t i,
    const struct buf *b, const struct part *y, size_t j)
{
	size_t n = x->start[i + 1] - x->start[i];

	return n == y->start[j + 1] - y->start[j] &&
	       memcmp(a->data + x->start[i], b->data + y->start[j], n) == 0;
}

/* Characters that both have from here on. */
static size_t
common_run(const struct buf *a, const struct part *x, size_t i,
    const struct buf *b, const struct part *y, size_t j)
{
	size_t n = 0;

	while (
	    i + n < x->n && j + n < y->n && same_char(a, x, i + n, b, y, j + n))
		n++;
	return n;
}

/* Along the path that len tells, the longest subsequence that both have; what
 * is too short to be seen as one piece counts as changed. Returns the rest. */
static size_t
follow(const struct buf *a, struct part *x, const struct buf *b, struct part *y,
    const uint16_t *len)
{
	size_t width = y->n + 1, kept = 0;

	for (size_t i = 0, j = 0; i < x->n && j < y->n;) {
		size_t run = common_run(a, x, i, b, y, j);

		for (size_t k = 0; run >= RUN_MIN && k < run; k++, kept++)
			x->changed[i + k] = y->changed[j + k] = false;
		i += run;
		j += run;
		if (run > 0)
			continue;
		if (len[(i + 1) * width + j] >= len[i * width + j + 1])
			i++;
		else
			j++;
	}
	return kept;
}

static void
match(const struct buf *a, struct part *x, const struct buf *b, struct part *y)
{
	size_t width = y->n + 1;
	uint16_t *len = calloc((x->n + 1) * width, sizeof(*len));

	if (len == NULL)
		out_of_memory((x->n + 1) * width * sizeof(*len));
	for (size_t i = x->n; i-- > 0;)
		for (size_t j = y->n; j-- > 0;)
			len[i * width + j] =
			    same_char(a, x, i, b, y, j)
				? (uint16_t)(len[(i + 1) * width + j + 1] + 1)
				: MAX(len[(i + 1) * width + j],
				      len[i * width + j + 1]);
	/* A few scattered pieces of two other texts help nobody. */
	if (follow(a, x, b, y, len) * 3 < MAX(x->n, y->n)) {
		memset(x->changed, true, sizeof(x->changed));
		memset(y->changed, true, sizeof(y->changed));
	}
	free(len);
}

static void
write_marked(struct buf *out, const struct buf *text, const struct part *part,
    const char *tag)
{
	for (size_t i = 0; i < part->n;) {
		size_t from = i;
		bool changed = part->changed[i];

		while (i < part->n && part->changed[i] == changed)
			i++;
		if (changed)
			buf_addf(out, "<%s>", tag);
		html_text(out, text->data + part->start[from],
		    part->start[i] - part->start[from]);
		if (changed)
			buf_addf(out, "</%s>", tag);
	}
}

void
html_mark(
    struct buf *old_out, struct buf *new_out, struct buf *a, struct buf *b)
{
	size_t start = common_start(a, b), end = common_end(a, b, start);
	struct buf *text[2] = { a, b }, *out[2] = { old_out, new_out };
	static const char *const tags[2] = { "del", "ins" };
	struct part part[2];
	bool small = true;

	for (int i = 0; i < 2; i++)
		small &= split(&part[i], text[i], start, text[i]->len - end);
	if (small)
		match(a, &part[0], b, &part[1]);
	for (int i = 0; i < 2; i++) {
		size_t to = text[i]->len - end;

		if (!small) {
			part[i].n = start < to;
			part[i].start[0] = start;
			part[i].start[1] = to;
			part[i].changed[0] = true;
		}
		html_text(out[i], text[i]->data, start);
		write_marked(out[i], text[i], &part[i], tags[i]);
		html_text(out[i], text[i]->data + to, end);
	}
}
