/*
 * causes.h - why two tables differ: patterns in the stream of differences.
 *
 * A change sink that keeps counters and nothing of the rows but a few examples:
 * its memory is bounded by the number of columns. Every differing cell of an
 * update is held against the patterns of enum cause_kind, and rows to insert
 * and to delete against those of whole rows.
 *
 * What is said is true of the number of cells it is said of. Where a pattern
 * has a parameter (by how much later, cut at which length) only some of its
 * values can be followed at once (Space-Saving, Metwally et al. 2005), and one
 * that was not followed from its first cell on has more cells than are counted:
 * such a count is no longer exact but a lower bound.
 *
 * A cell counts for the first of the specific patterns that it fits, in the
 * order of the enumeration; of CAUSE_DATE_ONLY to CAUSE_CUT_DECIMALS, which
 * overlap, only the one that explains most is named. Those from
 * CAUSE_TIME_OFFSET to CAUSE_SWAPPED fit nearly any two values with some
 * parameter, so they count every cell; one of them is named where it explains
 * more than the specific ones do together, and else for what those leave.
 *
 * A cause is named where coincidence does not reach: see the table in
 * causes-list.c. Under the rules of a column (rule.h) the values are compared
 * as the rules make them.
 */
#ifndef TU_DIFF_CAUSES_H
#define TU_DIFF_CAUSES_H

#include "diff/change.h"

enum cause_kind {
	/* Specific patterns. `side` has what is named first. */
	CAUSE_NULL_EMPTY,      /* NULL, '' on the other side */
	CAUSE_NULL,            /* NULL, a value on the other side */
	CAUSE_LINE_ENDS,       /* CR LF, LF on the other side */
	CAUSE_UNICODE_FORM,    /* not NFC, the same characters */
	CAUSE_TRAILING_BLANKS, /* more blanks at the end, else equal */
	CAUSE_WHITE_SPACE,     /* other white space at either end */
	CAUSE_CASE,            /* case only */
	CAUSE_DOUBLE_UTF8,     /* UTF-8 that was taken for Latin-1 */
	CAUSE_LATIN1,          /* bytes of Latin-1, no UTF-8 */
	CAUSE_REPLACED,        /* ? or U+FFFD for what is not ASCII */
	CAUSE_ACCENTS,         /* letters without their accents */
	CAUSE_DATE_ONLY,       /* the other's date, without its time of day */
	CAUSE_TRUNCATED,       /* the other's first `n` characters or bytes */
	CAUSE_FLOAT4,          /* the other rounded to binary32 */
	CAUSE_DIGITS,          /* the other rounded to `n` significant digits */
	CAUSE_ROUNDED,         /* the other rounded to `n` decimal places */
	CAUSE_CUT_DECIMALS,    /* the other cut to `n` decimal places */
	/* Patterns that fit nearly everything with some parameter. */
	CAUSE_TIME_OFFSET, /* `n` microseconds later in the target */
	CAUSE_OFFSET,      /* more than the other by `amount` */
	CAUSE_FACTOR,      /* `amount` times the other */
	CAUSE_SIGN,        /* the other's negative */
	CAUSE_SAME_VALUE,  /* one value where the other has many */
	CAUSE_SWAPPED,     /* `column` and `other` have each other's */
	/* Patterns of whole rows; `side` lacks them. */
	CAUSE_ALL_ROWS,   /* it has no row at all */
	CAUSE_KEY_RANGE,  /* no row between two keys */
	CAUSE_KEY_END,    /* no row from a key on */
	CAUSE_DUPLICATES, /* the other has more of equal rows (no key) */
};
#define CAUSE_KINDS (CAUSE_DUPLICATES + 1)

#define CAUSE_ROWS SIZE_MAX /* for `column`: about whole rows */
#define CAUSE_EXAMPLES 3

/* A cell (or row) that the cause is true of. */
struct cause_example {
	enum side side;         /* whose cells the key is */
	const struct cell *key; /* pair->nkeys cells; of a multiset all */
	/* One cell each, of the cause's column; NULL for rows. Of swapped
	 * columns the other one has the two the other way round. */
	const struct cell *source, *target;
};

struct cause {
	enum cause_kind kind;
	size_t column; /* in pair->cols, or CAUSE_ROWS */
	size_t other;  /* CAUSE_SWAPPED: the second column; else CAUSE_ROWS */
	enum side side;
	int64_t n;          /* a parameter, or 0 */
	bool bytes;         /* CAUSE_TRUNCATED: not characters */
	const char *amount; /* the parameter as text (of times in seconds), or
	                     * NULL where there is none */
	uint64_t count;     /* cells (rows) that it explains */
	bool exact;         /* false: at least so many */
	/* CAUSE_KEY_END: the first column with a time that never goes back from
	 * that key on, and its first value; else CAUSE_ROWS and NULL. */
	size_t since_column;
	const struct cell *since;
	uint64_t of; /* cells of the column that differ, or rows to insert (to
	              * delete) */
	/* Of key ranges the first and the last row. None that are very long. */
	size_t nexamples;
	struct cause_example examples[CAUSE_EXAMPLES];
};

struct causes;

struct causes *causes_new(void);
void causes_free(struct causes *c); /* NULL is allowed */

/* begin() forgets the table before; end() must have been called (with the
 * table's tally) before causes_list(). Lives as long as the object. */
struct change_sink *causes_sink(struct causes *c);

/*
 * The causes of the last table, those that explain most first, by column where
 * they explain the same. They live until the next begin().
 */
size_t causes_list(struct causes *c, const struct cause **out);

/* "case", "time-offset", ...: stable, for programs. */
const char *cause_name(enum cause_kind kind);

/*
 * Append what is said of the column, or of the rows, without its name, any
 * value of the data, or the count: "is exactly 1 h later in TARGET". Of swapped
 * columns the name of the second one is to follow.
 */
void cause_describe(struct buf *out, const struct cause *cause);

#endif
