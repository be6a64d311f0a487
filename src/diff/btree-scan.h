/*
 * btree-scan.h - which rows of a stretch of rowids have different bytes.
 *
 * Both b-trees are walked side by side. Pages that hold the same bytes are
 * passed over at once (all rows of the stretch, none with a chain of overflow
 * pages), then rows that do; what is left are suspects, named by where their
 * cells are. Nothing is decoded.
 */
#ifndef TU_DIFF_BTREE_SCAN_H
#define TU_DIFF_BTREE_SCAN_H

#include "db/sqlite-walk.h"
#include "diff/plan.h"

struct suspect {
	int64_t rowid;
	const unsigned char *cell[2]; /* NULL: the side has no such row */
	uint32_t at[2]; /* rows of the stretch that lie before it */
};

#define SCAN_BATCH 256

struct btree_scan {
	const struct sqlite_image *image[2];
	bool alike; /* the same bytes mean the same row */

	/* The last scan_some(). */
	struct suspect found[SCAN_BATCH];
	size_t nfound;
	bool done;
	const char *why; /* why it could not go on, or NULL */

	/* Since scan_begin(). */
	uint64_t rows[2], bytes[2];
	uint64_t leaves, passed; /* of the source; those not looked into */

	/* private */
	struct sqlite_walk walk[2];
	bool sought;       /* both stand where the stretch begins */
	bool fresh[2];     /* the leaf's rows were not taken yet */
	uint32_t limit[2]; /* rows of the leaf within the stretch */
	int64_t lo, hi;
	bool alike_pages;
};

void scan_init(struct btree_scan *s, const struct sqlite_image *const image[2],
    const uint32_t root[2], bool alike);
void scan_release(struct btree_scan *s);

/* Rows of lo <= rowid <= hi. */
void scan_begin(struct btree_scan *s, int64_t lo, int64_t hi);
/* Find more suspects, ascending, until the batch is full or nothing is left;
 * for mapped_try(). arg is the scan. */
void scan_some(void *arg);

#endif
