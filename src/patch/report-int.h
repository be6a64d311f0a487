/*
 * report-int.h - what the formats of report.h share.
 *
 * A format is one constant struct report_driver in a file of its own. Its
 * functions build a record in r->line and hand it to report_write(). Totals
 * are counted before a driver's end() is called.
 */
#ifndef TU_PATCH_REPORT_INT_H
#define TU_PATCH_REPORT_INT_H

#include "patch/report.h"
#include "value/digest.h"

struct report_driver {
	bool causes; /* wanted in end() */
	/* All may be NULL. */
	enum status (*start)(struct report *r, struct err *err);
	enum status (*change)(
	    struct report *r, const struct change *c, struct err *err);
	enum status (*end)(struct report *r, const struct pair *pair,
	    const struct tally *tally, struct err *err);
	/* Instead of end(); totals are counted. */
	enum status (*fail)(struct report *r, const struct pair *pair,
	    const char *why, struct err *err);
	/* failed is NULL when the run came to its end. */
	enum status (*finish)(struct report *r, int exit_status,
	    const struct err *failed, struct err *err);
};

struct html;
void html_free(struct html *h); /* NULL is allowed */

extern const struct report_driver report_text, report_stat, report_rows,
    report_json, report_csv, report_html;

struct report {
	struct change_sink sink; /* first, so that it is the object */
	const struct report_driver *drv;
	const struct plan *plan;
	struct report_options opt;
	struct totals totals;
	bool started;
	bool applied;
	uint64_t done[CHANGE_OPS]; /* when applied */
	const char *barrier;       /* report_rechecked(), or NULL */
	double began;              /* monotonic seconds; json's duration */
	struct causes *causes;     /* of the table at hand; NULL: not wanted */

	struct buf line; /* a record under construction */
	struct buf kept; /* text: a table's differences, until its heading */
	uint64_t nkept;
	struct digest *digest;        /* json: of all lines so far */
	const struct pair *described; /* json: the last to have its columns */
	struct html *html;            /* html: report-html.h */
	bool headed;                  /* text: source and target were named */
};

/* Into r->line: two lines that name the databases. */
void report_sides_line(struct report *r);

/* Write r->line and empty it. */
enum status report_write(struct report *r, struct err *err);

/* The usual letter: '-', '~', '+'; its colour on and off when r has colours. */
void report_sign(struct report *r, struct buf *out, enum change_op op);
extern const char report_signs[CHANGE_OPS];
extern const char *const report_verbs[CHANGE_OPS]; /* "delete", ... */
extern const char *const report_sides[2];          /* "source", "target" */

/* Rows that exist on either side. */
uint64_t report_union(const struct tally *tally);

/* The side whose key cells a change has, and that side's cells. */
enum side report_side(const struct change *c, const struct cell **cells);

/* --- report-cause.c --- */

/* "  cause: ..." for each, with examples where there are any wanted. */
void report_add_causes(
    struct report *r, const struct pair *pair, bool examples);

/* --- report-value.c --- */

struct value_view {
	size_t
	    limit;   /* characters of a text, bytes doubled of a blob; 0: all */
	size_t skip; /* bytes of a text left out in front */
	bool bare;   /* no quotes around a text that cannot be misread */
};

void report_value_view(struct buf *out, const struct pair_column *pc,
    enum side side, const struct cell *c, const struct value_view *view);

/* Bytes to leave out in front of two long values, so that within `limit` the
 * first difference is seen; else 0. */
size_t report_common_prefix(
    const struct cell *a, const struct cell *b, size_t limit);

/* The name, then the two texts and a newline. */
void report_line(
    struct buf *out, const char *name, const char *says, const char *what);

#endif
