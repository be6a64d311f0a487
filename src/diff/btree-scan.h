/*
 * btree-scan.h - which rows of a stretch of two tables have different bytes.
 *
 * Both b-trees are walked side by side, in the order of their rowids or keys.
 * Leaves that hold the same bytes are passed over at once (all rows of the
 * stretch, none with a chain of overflow pages), then rows that do; what is
 * left are suspects: copies of rows, and where their cells are. Nothing is
 * decoded.
 */
#ifndef TU_DIFF_BTREE_SCAN_H
#define TU_DIFF_BTREE_SCAN_H

#include "db/sqlite-walk.h"
#include "diff/plan.h"

struct suspect {
	const unsigned char *cell[2]; /* NULL: the side has no such row */
	uint32_t at[2]; /* rows of the stretch that lie before it */
};

#define SCAN_BATCH 256         /* suspects */
#define SCAN_BYTES (256 << 10) /* of their rows, unless one has more */

struct btree_scan {
	bool alike;    /* the same bytes mean the same row */
	uint64_t most; /* rows after which a batch ends, too */

	/* The last scan_some(). */
	struct suspect found[SCAN_BATCH];
	struct sqlite_mark place[SCAN_BATCH]; /* of each */
	size_t nfound;
	struct buf saved; /* of each the source's row, then the target's */
	bool done;
	const char *why; /* why it could not go on, or NULL */

	/* Since scan_begin(). */
	uint64_t rows[2], bytes[2];
	uint64_t leaves, passed; /* of the source; those not looked into */

	/* private */
	struct sqlite_walk walk[2];
	struct sqlite_twins *twins;
	bool sought;       /* both stand where the stretch begins */
	bool fresh[2];     /* the leaf's rows were not taken yet */
	uint32_t limit[2]; /* rows of the stop within the stretch */
	struct sqlite_mark lo, hi;
	bool alike_pages;
	struct sqlite_scratch scratch;
};

/* Can leaves be compared as they are? */
static inline bool
scan_alike_pages(const struct sqlite_tree *const tree[2], bool alike)
{
	const struct sqlite_image *a = tree[SOURCE]->image;
	const struct sqlite_image *b = tree[TARGET]->image;

	return alike && a->size == b->size && a->usable == b->usable;
}

/* Of two trees of one kind, and if that is by keys, of one encoding; twins may
 * be NULL, and are of alike pages. */
void scan_init(struct btree_scan *s, const struct sqlite_tree *const tree[2],
    bool alike, struct sqlite_twins *twins);
void scan_release(struct btree_scan *s);

/* Rows from lo to before hi; a mark without a tree is an open end. */
void scan_begin(struct btree_scan *s, const struct sqlite_mark *lo,
    const struct sqlite_mark *hi);
/* Find more suspects, ascending, until the batch is full or nothing is left;
 * for mapped_try(). arg is the scan. */
void scan_some(void *arg);

#endif
