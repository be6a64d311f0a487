/*
 * report.h - results for people and scripts: text, stat, rows, json, csv, html.
 *
 * A report is a change sink that writes as it hears, so its memory does not
 * grow with the differences; report_finish() writes what only the end knows.
 * Output is byte-identical for identical input: no times, no durations (json
 * has them in "start", "table" and "summary" objects only, as DESIGN 7 says).
 * The json form is described in trueup-patch(5).
 */
#ifndef TU_PATCH_REPORT_H
#define TU_PATCH_REPORT_H

#include <stdio.h>

#include "base/buf.h"
#include "diff/causes.h"

enum report_format {
	REPORT_TEXT,
	REPORT_STAT,
	REPORT_ROWS,
	REPORT_SQL, /* written by sqlpatch.h; here only the tables are counted
	             */
	REPORT_JSON,
	REPORT_CSV,
	REPORT_HTML,
};

struct report_options {
	FILE *out;
	bool color;
	bool redacted;    /* the plan's columns are; said in the result */
	bool quiet;       /* write nothing, count only */
	uint64_t rows;    /* text, html: differences shown per table */
	const char *time; /* html: of the run, said in the page; or NULL */
	const char *const *argv_options; /* json start: options as given, no
	                                  * databases, NULL-terminated */
};

struct report;

struct report *report_new(enum report_format format, const struct plan *plan,
    const struct report_options *options);
void report_free(struct report *r);
struct change_sink *report_sink(struct report *r);

/* Heading: json "start"; one-sided and incomparable tables. */
enum status report_start(struct report *r, struct err *err);

/* What was written into the target; before report_finish(). done is by enum
 * change_op. */
void report_applied(struct report *r, const uint64_t *done);

/* Rows were looked at again: by what the target was known to be past the look
 * before ("lsn", "gtid", "time"; kept, not copied). Before report_finish(). */
void report_rechecked(struct report *r, const char *barrier);

/* Totals and, in json, the "summary" or (failed != NULL) "error" object. */
enum status report_finish(struct report *r, int exit_status,
    const struct err *failed, struct err *err);

/* What the run found so far. */
struct totals {
	uint64_t tables, differing, only[2], bad;
	uint64_t ops[CHANGE_OPS];
	uint64_t patchable[CHANGE_OPS];
	uint64_t unrepresentable, at_target;
	uint64_t partial;   /* rows of which a patch carries a part */
	uint64_t failed;    /* tables that could not be read to their end */
	uint64_t skipped;   /* columns that could not be compared */
	uint64_t unsettled; /* rows, see struct tally */
	uint64_t accepted;  /* rows, likewise */
	uint64_t cut;       /* tables that were not compared to their end */
	uint64_t differed;  /* rows, in runs before of the cycle */
	uint64_t behind;    /* tables whose scrub is behind its plan */
	uint64_t ruled;     /* columns with rules of the user's */
	uint64_t rows[2];
	bool differs;
};
const struct totals *report_totals(const struct report *r);

/* "price tolerance=0.01; name fold=rtrim", without a newline. */
void report_add_rules(struct buf *out, const struct pair *pair);

/* The fields of json that say how a table is hashed, and why. */
struct jsonw;
void report_json_hash(struct jsonw *j, enum hash_kind hash, const char *why,
    const struct placement *p);

/* What of a table was compared where the time was limited, without a newline.
 * There is nothing to say where all of it was, and in time. */
bool report_has_extent(const struct tally *tally);
void report_add_extent(
    struct buf *out, const struct pair *pair, const struct tally *tally);

/* Why a table failed, without the table that the message begins with. */
const char *report_why(const struct pair *pair, const struct err *why);

/* The name of a table or column on a line of its own business: control and
 * hidden characters are escaped. */
void report_name(struct buf *out, const char *name);

/* A cause on a line of its own: "4,812 of 4,900: updated_at is exactly 1 h
 * later in TARGET", without a newline; names are escaped. */
void report_cause(
    struct buf *out, const struct pair *pair, const struct cause *cause);

/* "id 7: updated_at 2024-05-01 10:00:00 -> 2024-05-01 11:00:00", as the
 * difference itself is shown: the target's value first. */
void report_cause_example(struct buf *out, const struct pair *pair,
    const struct cause *cause, const struct cause_example *example);

/* A line for people: how many rows were written. */
void report_add_written(struct buf *out, const uint64_t done[CHANGE_OPS]);

/* 1234567 as "1,234,567". */
void report_count(struct buf *out, uint64_t n);

/* "1 row", "2,000 rows". */
void report_counted(struct buf *out, uint64_t n, const char *noun);
/* The same between other words, "; 1,234 rows unsettled"; nothing of 0. */
void report_part(struct buf *out, const char *before, uint64_t n,
    const char *noun, const char *after);
/* "2 of 11 tables differ", "1 of 2,000 rows differs". */
void report_differ(struct buf *out, uint64_t n, uint64_t of, const char *noun);

/*
 * Values, with all that shows one: wherever the column is redacted
 * (pair_column.redact) it is the hash that is shown.
 */

/*
 * A value for people, complete: NULL, 0.99, true, 2024-01-01, text in single
 * quotes with what a terminal or an eye would misread escaped (\n, \x1b,
 * \u{202e}), bytes as x'00ff'.
 */
void report_value(struct buf *out, const struct pair_column *pc, enum side side,
    const struct cell *c);

/* Without quotes and escapes, for csv; bytes as \x00ff. True: it is a text, and
 * may begin with anything. */
bool report_value_plain(struct buf *out, const struct pair_column *pc,
    enum side side, const struct cell *c);

/* A key as reports and messages show it: "id 7" or "day 2024-01-01, name a";
 * for people, not SQL. */
void report_key(struct buf *out, const struct pair *pair,
    const struct cell *cells, enum side side);

#endif
