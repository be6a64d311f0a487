/*
 * report-html.h - what the files of the HTML page share.
 *
 * The page is one file: style and script stand in it, nothing is fetched, and
 * its Content-Security-Policy allows no other script. All of it is there
 * without the script, which adds a filter and sorting. The order of the page
 * is not that of the run: the verdict stands on top and is known last, and of
 * every table the heading comes before its differences. So what belongs to a
 * table goes to a temporary file as it comes, differences first, then the
 * heading, and is put into the page at the end. A page has at most
 * HTML_ROWS_MAX bytes of differences, whatever was asked for; what is left out
 * is counted.
 *
 * Nothing reaches the page but through html_text(), which escapes it, after
 * report-value.c, which redacts it and shows controls and hidden characters.
 */
#ifndef TU_PATCH_REPORT_HTML_H
#define TU_PATCH_REPORT_HTML_H

#include <sys/types.h>

#include "patch/report-int.h"

#define HTML_ROWS_MAX (4 << 20)

/* Parts of equally many rows that a table is divided into, at most. */
#define KEYMAP_PARTS 64

/* Where the differences of a table are. */
struct keymap {
	uint64_t n[CHANGE_OPS][KEYMAP_PARTS];
	uint64_t placed; /* changes that said where they are */
	unsigned parts;
};

struct html {
	FILE *body;         /* temporary */
	off_t at;           /* its size */
	off_t rows;         /* where those of this table begin */
	uint64_t rows_size; /* bytes of differences of all tables */
	uint64_t nshown;    /* differences of this table, in the page */
	struct keymap map;
	/* Of this table's differences, as far as they are on the map: the key
	 * of the first, and the key's cells of the last (cells_pack()). */
	struct buf first, last;
	enum side last_side;

	/* Where in the body a table's section is. */
	struct html_part {
		off_t rows, head, end;
	} * parts;
	size_t nparts, cap;

	/* The list of tables: those that differ, those that could not be
	 * compared or are on one side only, those that are equal. */
	struct buf differing, odd, equal;
	uint64_t nequal;
};

/* --- report-html-text.c --- */

/* Append UTF-8 text with what HTML would take for markup escaped. */
void html_text(struct buf *out, const char *p, size_t n);
/* A name or a message: what nobody can see is shown, then escaped. */
void html_name(struct buf *out, const char *name);

/* Two texts next to each other, what only one of them has in <del> or <ins>.
 * Both are shown text, so valid UTF-8. */
void html_mark(
    struct buf *old_out, struct buf *new_out, struct buf *a, struct buf *b);

/* "16 to insert, 9 to update" with a colour for each; nothing for none. */
void html_ops(struct buf *out, const uint64_t ops[CHANGE_OPS]);
/* "i", "u", "d": the class of what belongs to a kind of change. */
extern const char *const html_class[CHANGE_OPS];
/* The order in which they are shown. */
extern const enum change_op html_order[CHANGE_OPS];

/* --- report-html-row.c --- */

/* One difference, as a <tbody>. */
void html_change(struct buf *out, const struct change *c);

/* --- report-html-map.c --- */

void keymap_add(struct keymap *map, const struct change *c);
/* The map as a <figure>, or why there is none. */
void keymap_write(struct buf *out, const struct html *h,
    const struct pair *pair, const struct tally *tally);

/* --- report-html-cause.c --- */

/* Bars of what explains the differences of the table at hand. */
void html_causes(struct buf *out, struct report *r, const struct pair *pair);

/* --- report-html-page.c --- */

/* From the first line to the sections of the tables; and from there on. h is
 * NULL when the run failed before it knew any. */
void html_top(struct buf *out, const struct report *r, const struct html *h,
    int exit_status, const struct err *failed);
void html_bottom(struct buf *out);

/* --- report-page.c, made from report.css and report.js --- */

/* Lines with their ends; NULL at the end. */
extern const char *const report_css[], *const report_js[];

#endif
