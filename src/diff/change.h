/*
 * change.h - one difference, and who wants to hear of it.
 *
 * A change says what would make the target's row like the source's. The typed
 * comparison has confirmed it on the cells it carries. Cells are as their own
 * side stores them and belong to the caller until the sink returns.
 */
#ifndef TU_DIFF_CHANGE_H
#define TU_DIFF_CHANGE_H

#include "diff/plan.h"

enum change_op {
	CHANGE_DELETE, /* only the target has the row */
	CHANGE_UPDATE,
	CHANGE_INSERT, /* only the source has it */
};
#define CHANGE_OPS 3

/* An update whose unique values others wait for can come in two halves, see
 * patch/uniques.h. What the comparison finds is whole. */
enum change_phase {
	CHANGE_WHOLE = 0,
	CHANGE_PARK,   /* give the parked columns up */
	CHANGE_UNPARK, /* do what the update is about */
};

struct change {
	enum change_op op;
	enum change_phase phase;
	const bool *parked; /* per compared column, unless it is whole */
	uint64_t parked_as; /* 1, 2, ... among the parked rows of a table */
	const struct pair *pair;
	/* pair->ncols cells in plan order; NULL for CHANGE_DELETE. */
	const struct cell *source;
	/* pair->ncols cells, then pair->nextra; NULL for CHANGE_INSERT. */
	const struct cell *target;
	/*
	 * One per column. Update: how the two cells compare. Insert: whether
	 * the target can hold the cell (EQUAL or UNREPRESENTABLE). Delete:
	 * NULL.
	 */
	const enum verdict *verdicts;
	/* Why, for each UNREPRESENTABLE column; else NULL entries. */
	const char *const *why;
	uint64_t copies; /* of equal rows in a multiset; else 1 */
	bool fewer; /* of a multiset: the side that lacks them has others */
	/* Known: neither side has a row between it and the change before. */
	bool next;
	/* It need not run behind those of its kind before it. */
	bool any_order;
	/* Where a spool that handed it out keeps it (patch/spool.h). */
	int64_t place;
	size_t place_len;
	/*
	 * A patch can carry it: an insert whose every cell fits, an update with
	 * a column that differs and fits and is not generated, any delete.
	 */
	bool patchable;
	/*
	 * Where in the table it is: so many rows lie before it in key order, of
	 * so many in all; to within a key range, of which so many have rows.
	 * leaves is 0 where that is not known: the key has no order both sides
	 * share, or the change does not come from the comparison itself.
	 */
	uint64_t before, among;
	uint32_t leaves;
};

/*
 * What of a table was compared where the time for it is limited (audit/cycle.h;
 * diff/stretch.h). All zero: all of it. A key is pair->nrange cells as a bound
 * of both sides has them.
 */
struct extent {
	bool cut;                 /* what follows was not compared */
	bool resumed;             /* what is before was, by runs before */
	bool none;                /* in this run no row was */
	const struct cell *from;  /* resumed: where this run began; NULL: all of
	                           * it was compared by runs before */
	const struct cell *to;    /* cut: where it ended; NULL: see none */
	uint64_t rows[2];         /* that runs before compared */
	uint64_t ops[CHANGE_OPS]; /* and that differed then */
	int64_t began;            /* when the first of these runs did, or 0 */
};

static inline uint64_t
extent_differed(const struct extent *e)
{
	return e->ops[CHANGE_INSERT] + e->ops[CHANGE_UPDATE] +
	       e->ops[CHANGE_DELETE];
}

/* How it was hashed in the end, as struct pair has it; leaf_rows 0: as the
 * pair says. */
struct hashed {
	enum hash_kind hash;
	uint64_t leaf_rows;
	const char *why;
	struct placement placement;
};

/* What a table's comparison came to. */
struct tally {
	uint64_t rows[2];         /* exact */
	uint64_t ops[CHANGE_OPS]; /* differences found */
	uint64_t patchable[CHANGE_OPS];
	uint64_t unrepresentable; /* rows with a value the target cannot hold */
	uint64_t partial;   /* among them: a patch carries another part of it */
	uint64_t at_target; /* rows equal only at target precision, seen
	                     * among the suspects */
	uint64_t suspects;  /* rows looked at again */
	uint64_t unsettled; /* rows that may differ: patch/recheck.h */
	uint64_t accepted;  /* rows left out of ops: audit/accept.h */
	uint64_t accepted_inserts; /* among them: the target lacks them */
	uint64_t bytes[2];
	double seconds;
	struct hashed hashed;
	bool open_end; /* known: no side has a row after the last change */
	bool by_pages; /* diff/btree.h compared it */
	bool by_keys;  /* only rows that may have changed were looked at:
	                * audit/incremental.h; suspects is how many */
	bool hidden_columns; /* a column on one side only (and not common) */
	struct extent extent;
	double behind; /* days: of what was to be looked at in any case, see
	                * audit/incremental.h, so much is still to be done */
};

/*
 * Functions may be NULL. The order is begin, change..., end per table, tables
 * in plan order, changes in key order. Where a table cannot be read to its end
 * fail() comes instead of end(): what was heard of it is void. A failing
 * function ends the run.
 */
struct change_sink {
	enum status (*begin)(
	    struct change_sink *s, const struct pair *pair, struct err *err);
	enum status (*change)(
	    struct change_sink *s, const struct change *c, struct err *err);
	enum status (*end)(struct change_sink *s, const struct pair *pair,
	    const struct tally *tally, struct err *err);
	enum status (*fail)(struct change_sink *s, const struct pair *pair,
	    const struct err *why, struct err *err);
};

/* Tell whoever wants to hear of it; a sink may be NULL. */
enum status tell_begin(
    struct change_sink *s, const struct pair *pair, struct err *err);
enum status tell_change(
    struct change_sink *s, const struct change *c, struct err *err);
enum status tell_end(struct change_sink *s, const struct pair *pair,
    const struct tally *tally, struct err *err);
enum status tell_fail(struct change_sink *s, const struct pair *pair,
    const struct err *why, struct err *err);

/* Count a change that was left out of what others hear of; and take such
 * counts away from those of the comparison. */
void tally_count(struct tally *t, const struct change *c);
void tally_subtract(struct tally *t, const struct tally *out);
/* Another part of the table, behind those so far. */
void tally_add(struct tally *t, const struct tally *part);

/* True if anything of the tally makes the tables different; and if it is not
 * only what runs before found. */
bool tally_differs(const struct tally *t);
bool tally_differs_now(const struct tally *t);

#endif
