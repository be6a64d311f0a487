/*
 * slice.h - compare a part of a table's key space, and the next part later.
 *
 * A cycle is a row of calls, the first with from NULL, each other with what the
 * call before gave as next, until that is NULL. Slices are half-open ranges of
 * keys, [from, next), the first open below and the last open above: whatever
 * is inserted or deleted meanwhile, every key that exists all the time is in
 * exactly one of them. A row whose key is changed during a cycle may be missed
 * by it or met twice.
 *
 * Of each side a slice has about part of the rows that the larger one had when
 * the cycle began: the number is counted then, and goes with the text. It ends
 * where the first of both sides has had its share, so a cycle has up to twice
 * 1/part calls where the keys of the two are not the same. A slice is larger
 * where keys cannot tell the rows apart that could be cut between: decimals are
 * cut at integers, and of a key whose first columns alone have an order that
 * both sides share, these count.
 *
 * The text fits into a line, and has no tab in it:
 *
 *	1 SUM ROWS CELL [CELL]...
 *
 *	SUM    16 hex digits, XXH3-64 of what follows and of what the tables and
 *	       the columns of the key are called and compared as
 *	ROWS   rows of the larger side when the cycle began
 *	CELL   of the key: i and an integer, f and the 8 bytes of a binary64, t
 *	       and the bytes of a text, b and those of a blob; all but the
 *	       integer in hex, in the machine's own order
 *
 * One that is damaged, of another version, of other tables or of another key
 * counts as NULL: the cycle begins again.
 */
#ifndef TU_DIFF_SLICE_H
#define TU_DIFF_SLICE_H

#include "diff/diff.h"

struct slice {
	const char *from; /* NULL: the beginning */
	double part;      /* of the rows: above 0, at most 1 */
	uint64_t most;    /* rows, however many part would be; 0: any */
	bool checked;     /* in these snapshots this pair had parts before */
	/* Out: where this one ended, in the arena; NULL: at the end. */
	struct arena *arena;
	const char *next;
	double done; /* Out: of the rows, as part is */
	/* Out: the keys between which it lies, pair->nrange cells in the arena;
	 * NULL: open. */
	const struct cell *lo, *hi;
	/* Out, with TU_ESCHEMA: the table has no parts, and the sink has not
	 * heard of it. diff_pair() can compare it. */
	bool whole;
};

/*
 * As diff_pair() the rows of one slice; rows of the tally are those. A pair has
 * no parts where leaves are no key ranges, where neither side can be asked for
 * the key behind so many rows, or where some key, in this slice or elsewhere,
 * does not stand where others of its value do: SQLite's columns can hold
 * anything, so that all keys of a side are read each time, 0.1 s for a million,
 * unless they are rowids. Nor has it where a key's collation pads with blanks
 * (utf8mb4_bin: text with a control character stands elsewhere there).
 */
enum status diff_slice(const struct plan *plan, const struct pair *pair,
    const struct diff_options *options, struct slice *slice,
    struct change_sink *sink, struct tally *tally, struct err *err);

#endif
