/*
 * Two texts next to each other: what is marked, and that marks and escapes
 * leave the texts as they are. The map of the key space.
 */
#include <config.h>

#include "patch/report-html.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "lib/tap.h"

static struct buf marked[2];

static void
mark(const char *a, const char *b)
{
	struct buf text[2] = { BUF_INIT, BUF_INIT };

	buf_adds(&text[0], a);
	buf_adds(&text[1], b);
	for (int i = 0; i < 2; i++)
		buf_reset(&marked[i]);
	html_mark(&marked[0], &marked[1], &text[0], &text[1]);
	for (int i = 0; i < 2; i++) {
		buf_str(&marked[i]);
		buf_free(&text[i]);
	}
}

static void
test_marks(void)
{
	static const struct {
		const char *a, *b, *want_a, *want_b;
	} t[] = {
		{ "same", "same", "same", "same" },
		{ "1.29", "1.99", "1.<del>2</del>9", "1.<ins>9</ins>9" },
		{ "", "new", "", "<ins>new</ins>" },
		{ "old", "", "<del>old</del>", "" },
		{ "a <b>", "a &c", "a <del>&lt;b&gt;</del>",
		    "a <ins>&amp;c</ins>" },
		{ "in disorder; something", "in order; nothing",
		    "in <del>dis</del>order; <del>some</del>thing",
		    "in order; <ins>no</ins>thing" },
		/* One byte of two of a character is no difference. */
		{ "\303\251t\303\251", "\303\250t\303\251",
		    "<del>\303\251</del>t\303\251",
		    "<ins>\303\250</ins>t\303\251" },
		{ "x\303\251", "x\304\251", "x<del>\303\251</del>",
		    "x<ins>\304\251</ins>" },
		/* Pieces of two other texts. */
		{ "Kilo Lima", "Oscar Tango", "<del>Kilo Lima</del>",
		    "<ins>Oscar Tango</ins>" },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		mark(t[i].a, t[i].b);
		is_str(buf_str(&marked[0]), t[i].want_a, "%s, old", t[i].a);
		is_str(buf_str(&marked[1]), t[i].want_b, "%s, new", t[i].b);
	}
}

/* What a browser shows of it: without tags, entities read. */
static void
undo(struct buf *out, const struct buf *html)
{
	static const struct {
		const char *entity, *is;
	} t[] = { { "&lt;", "<" }, { "&gt;", ">" }, { "&amp;", "&" },
		{ "&quot;", "\"" }, { "&#39;", "'" }, { "<del>", "" },
		{ "</del>", "" }, { "<ins>", "" }, { "</ins>", "" } };
	const char *p = html->data, *end = html->data + html->len;

	buf_reset(out);
	while (p < end) {
		size_t i = 0, n = 0;

		while (i < ARRAY_LEN(t) && n == 0) {
			n = strlen(t[i].entity);
			if (strncmp(p, t[i].entity, n) != 0)
				n = 0, i++;
		}
		if (n > 0)
			buf_adds(out, t[i].is);
		else
			buf_addc(out, *p);
		p += MAX(n, 1);
	}
}

/* A text, and the same with some characters changed, up to far more of them
 * than are looked at one by one. */
static void
random_texts(struct buf text[2])
{
	static const char *const chars[] = { "a", "b", "<", "&", "'", "\"",
		"\303\251", "\342\202\254", "\360\237\230\200" };
	size_t n = tap_random() % (tap_random() % 4 == 0 ? 700 : 40);
	unsigned rate = 1 + (unsigned)(tap_random() % 100);

	buf_reset(&text[0]);
	buf_reset(&text[1]);
	for (size_t i = 0; i < n; i++) {
		const char *c = chars[tap_random() % ARRAY_LEN(chars)];

		if (tap_random() % 100 >= rate || tap_random() % 2 == 0)
			buf_adds(&text[0], c);
		if (tap_random() % 100 < rate)
			c = chars[tap_random() % ARRAY_LEN(chars)];
		buf_adds(&text[1], c);
	}
}

static void
test_random(void)
{
	struct buf text[2] = { BUF_INIT, BUF_INIT }, back = BUF_INIT;
	unsigned bad = 0;

	for (unsigned round = 0; round < 2000; round++) {
		random_texts(text);
		mark(buf_str(&text[0]), buf_str(&text[1]));
		for (int i = 0; i < 2; i++) {
			undo(&back, &marked[i]);
			bad += back.len != text[i].len ||
			       memcmp(back.data != NULL ? back.data : "",
				   buf_str(&text[i]), back.len) != 0;
			bad += !utf8_valid(marked[i].data, marked[i].len);
		}
		bad += (strstr(marked[0].data, "<del>") == NULL &&
			   strstr(marked[1].data, "<ins>") == NULL) !=
		       (strcmp(text[0].data, text[1].data) == 0);
	}
	is_int(bad, 0, "texts stay whole, and unlike ones are marked");
	buf_free(&text[0]);
	buf_free(&text[1]);
	buf_free(&back);
}

static void
test_map(void)
{
	struct change c = { .op = CHANGE_UPDATE, .copies = 1 };
	struct keymap map = { 0 };
	uint64_t n = 0;

	keymap_add(&map, &c);
	is_int((long long)map.placed, 0, "who knows where");
	c.among = 6400;
	c.leaves = 100;
	for (c.before = 0; c.before < c.among; c.before++)
		keymap_add(&map, &c);
	is_int(map.parts, KEYMAP_PARTS, "as many parts as there can be");
	c.op = CHANGE_INSERT;
	c.copies = 5;
	keymap_add(&map, &c);
	for (int i = 0; i < KEYMAP_PARTS; i++)
		n += map.n[CHANGE_UPDATE][i] == 100;
	is_int((long long)n, KEYMAP_PARTS, "all parts are alike");
	is_int((long long)map.n[CHANGE_INSERT][KEYMAP_PARTS - 1], 5,
	    "behind the last row is in the last part");
	is_int((long long)map.placed, 6405, "copies count");
	c.leaves = 7;
	keymap_add(&map, &c);
	is_int(map.parts, 7, "no more parts than leaves");
}

int
main(void)
{
	test_marks();
	test_random();
	test_map();
	buf_free(&marked[0]);
	buf_free(&marked[1]);
	return tap_done();
}
