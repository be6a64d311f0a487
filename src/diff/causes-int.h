/*
 * causes-int.h - what the files of causes.h share.
 *
 * A cell that differs is read into two operands; the fit functions list every
 * pattern that the two fit; causes.c counts them; causes-list.c names those
 * that explain enough.
 */
#ifndef TU_DIFF_CAUSES_INT_H
#define TU_DIFF_CAUSES_INT_H

#include "diff/causes.h"
#include "value/rowhash.h"

/* --- patterns that two values fit --- */

/* One pattern with its parameters. What they are is said at enum cause_kind;
 * b: of CAUSE_TRUNCATED 1 for bytes, of CAUSE_OFFSET digits behind the point,
 * of CAUSE_FACTOR the divisor, of CAUSE_SAME_VALUE more bits of its hash. */
struct fit {
	enum cause_kind kind;
	enum side side;
	int64_t a, b;
	uint64_t varies; /* a hash of what must vary, 0: the other value */
};

#define FITS_MAX 64
struct fits {
	size_t n;
	struct fit at[FITS_MAX];
};

static inline void
fits_add(
    struct fits *f, enum cause_kind kind, enum side side, int64_t a, int64_t b)
{
	if (f->n < FITS_MAX)
		f->at[f->n++] = (struct fit){ kind, side, a, b, 0 };
}

/* Two texts, and two strings of bytes; scratch is work space. */
void fit_texts(
    struct fits *f, const struct cell cells[2], struct buf scratch[2]);
void fit_bytes(struct fits *f, const struct cell cells[2]);

/* Two canonical decimals; real: what is stored is a binary64. */
void fit_numbers(
    struct fits *f, const struct buf text[2], bool real, struct buf *scratch);

/* The decimal a * 10^-b. */
void fit_decimal(struct buf *out, int64_t a, int64_t b);

/* m * 10^-scale; false for a canonical decimal of too many digits. */
struct number {
	int64_t m;
	int scale;
};
bool fit_read_number(const struct buf *text, struct number *out);

/* Two canonical dates or times of a type. */
void fit_times(struct fits *f, enum ltype type, const struct buf text[2],
    struct buf *scratch);

/* Two texts of the user's; nothing happens unless both are a date, or a date
 * and time. */
void fit_written_times(struct fits *f, const struct cell cells[2]);

#define FIT_DAY INT64_C(86400000000) /* microseconds */

/* --- counters --- */

struct counter {
	enum side side;
	int64_t a, b;
	uint64_t count; /* cells, and some that may not have been any: */
	uint64_t error; /* count - error were seen */
	uint64_t rest;  /* of these: cells that fit nothing specific */
	/* A bit for a value of the other side than the pattern's (or what else
	 * must vary): so many bits, so many different ones at least. */
	uint64_t seen;
	size_t nexamples;
	struct buf examples; /* packed: key, source, target */
};

struct counters {
	size_t n;
	struct counter *at;
};

struct column_causes {
	uint64_t differ; /* cells */
	struct counters kinds[CAUSE_KINDS];
};

/* Rows that one side lacks. In a run of them that side has no row at all
 * between the first and the last. */
struct row_run {
	uint64_t rows;
	struct buf first, last; /* packed keys */
};
/* A column with a time, in the run at hand. */
struct since {
	size_t column;
	bool ascends;
	struct buf first, last; /* packed; key_encode() */
};
#define SINCE_MAX 4
struct row_causes {
	uint64_t rows;
	size_t nsince;
	struct since since[SINCE_MAX];
	struct row_run run, longest;
	struct counter all, twice;
};

struct causes {
	struct change_sink sink; /* first, so that it is the object */
	const struct pair *pair;
	struct column_causes *columns; /* pair->ncols */
	size_t ncolumns;
	struct row_causes rows[2]; /* by the side that lacks them */
	enum change_op last;
	uint64_t total[2]; /* of the tally */
	bool open_end;     /* of the tally */
	size_t kept;       /* bytes of examples */
	struct hasher *hasher;
	struct buf fold[2], text[2], scratch[2];
	/* Of the row at hand: columns that differ, and their values. */
	struct swap_cell {
		size_t column;
		struct hash128 hash[2];
	} * cells;

	struct arena *arena; /* causes_list() */
	struct cause *list;
	size_t nlist, caplist;
};

/* Keep the key and the two values (both NULL: none), unless there are examples
 * enough or these are too long. */
void causes_keep_example(struct causes *c, struct counter *n,
    const struct cell *key, const struct cell *source,
    const struct cell *target);

/* A row to insert or to delete. */
void causes_look_at_row(struct causes *c, const struct change *change);
void causes_begin_rows(struct causes *c);
void causes_forget_rows(struct causes *c);

/* Fill c->list: of columns, and of rows. */
void causes_name(struct causes *c);
struct cause *causes_add(struct causes *c, enum cause_kind kind, size_t column);
void causes_add_examples(struct causes *c, struct cause *cause,
    const struct counter *n, enum side side, size_t values);
void causes_name_rows(struct causes *c);

/* A pattern whose parameter hardly any two values fail to fit. */
static inline bool
cause_is_loose(enum cause_kind kind)
{
	return kind >= CAUSE_TIME_OFFSET && kind <= CAUSE_SWAPPED;
}

#endif
