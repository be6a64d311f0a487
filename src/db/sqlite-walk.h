/*
 * sqlite-walk.h - the rows of a table's b-tree in their order.
 *
 * A walk holds few pages: the file must stay as it is. It goes from stop to
 * stop: a leaf, or a row between two leaves where interior pages have rows. The
 * tree is checked on the way: all rows lie between what the pages above say,
 * and ascend; so a page that names itself, or one that is used twice, is found
 * out, and who starts at some row misses none that another who starts earlier
 * sees. A twin that is passed over without being read is not checked so: see
 * pass_twins() of diff/btree-scan.c.
 */
#ifndef TU_DB_SQLITE_WALK_H
#define TU_DB_SQLITE_WALK_H

#include "base/arena.h"
#include "db/sqlite-key.h"
#include "db/sqlite-twins.h"
#include "db/sqlite-window.h"

#define SQLITE_WALK_DEPTH 20 /* BTCURSOR_MAX_DEPTH of SQLite */

/* Rows behind low; before high or, where that is a rowid, not behind it. */
struct sqlite_limits {
	bool has_low, has_high; /* open if not */
	struct sqlite_row low, high;
};

struct sqlite_level {
	struct sqlite_page page;
	unsigned char *copy; /* room for it */
	uint32_t at; /* the child that was taken, or the row behind it */
	struct sqlite_limits within;
};

struct sqlite_walk {
	const struct sqlite_tree *tree;
	const struct sqlite_twins *twins; /* leaves not to be read, or NULL */
	bool done;                        /* behind the last stop */

	/* The stop: a page, where its rows may lie, and once read, rows. */
	uint32_t twin; /* the leaf, while it was not read as it is a twin */
	struct sqlite_page page;
	bool lone; /* one row of an interior page, not a leaf */
	struct sqlite_limits within; /* of a leaf */
	struct sqlite_row *rows;
	uint32_t nrows; /* 0 until it was read */
	uint32_t at;    /* among them */
	bool chains;    /* one of them has overflow pages */
	uint64_t bytes; /* their payloads */

	uint64_t chained; /* bytes in overflow pages, until it is set back */

	/* private */
	struct sqlite_windows windows;
	uint32_t depth; /* levels above a leaf; of a row, its own is the last */
	struct sqlite_level level[SQLITE_WALK_DEPTH];
	struct sqlite_scratch scratch;
};

/* The tree must outlive it. */
void sqlite_walk_init(struct sqlite_walk *w, const struct sqlite_tree *tree);
void sqlite_walk_release(struct sqlite_walk *w);

/* Go to where the row is or would be; without one to the first stop. */
const char *sqlite_walk_seek(
    struct sqlite_walk *w, const struct sqlite_mark *to);
/* Go to the next stop. */
const char *sqlite_walk_next(struct sqlite_walk *w);
/* The stop is a twin, but its page is needed. */
const char *sqlite_walk_open(struct sqlite_walk *w);
/* Take its rows from the page. */
const char *sqlite_walk_read(struct sqlite_walk *w);
/* Take the rows of a page that is no stop; a reason if it is no leaf. */
const char *sqlite_walk_leaf(
    struct sqlite_walk *w, uint32_t pgno, const unsigned char *page);
/* The first pages of up to n leaves that have the same parent as this one. */
size_t sqlite_walk_siblings(
    const struct sqlite_walk *w, uint32_t *pgnos, size_t n);
/* How many leaves the tree has if all of it is like here. */
double sqlite_walk_leaves(const struct sqlite_walk *w);
/* May a leaf that is the stop have these as its first and last row? */
const char *sqlite_walk_check(struct sqlite_walk *w,
    const struct sqlite_row *first, const struct sqlite_row *last);
/* Where in the image the cell of the row at hand begins. */
const unsigned char *sqlite_walk_cell(const struct sqlite_walk *w);
/* The row at hand, to be gone to later, by any walk. */
struct sqlite_mark sqlite_walk_mark(const struct sqlite_walk *w);

/*
 * Rows that cut the table into parts of about the same number of pages,
 * ascending: where each part but the first begins, with what of their payloads
 * is in a page in the arena. *n is at most max. It is no stop any more.
 */
const char *sqlite_walk_cuts(struct sqlite_walk *w, size_t max,
    struct arena *arena, struct sqlite_row *cuts, size_t *n);

#endif
