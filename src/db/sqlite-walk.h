/*
 * sqlite-walk.h - the leaves of a table's b-tree in the order of rowids.
 *
 * A walk holds no page: the file must stay as it is. The tree is checked on
 * the way: every rowid lies between what the pages above say, and ascends; so
 * a page that names itself, or one that is used twice, is found out, and who
 * starts at some rowid misses no row that another who starts earlier sees.
 */
#ifndef TU_DB_SQLITE_WALK_H
#define TU_DB_SQLITE_WALK_H

#include "db/sqlite-page.h"

#define SQLITE_WALK_DEPTH 20 /* BTCURSOR_MAX_DEPTH of SQLite */

struct sqlite_level {
	struct sqlite_page page;
	uint32_t at;      /* the child that was taken */
	int64_t min, max; /* of the rowids below the page */
};

struct sqlite_walk {
	const struct sqlite_image *image;
	uint32_t root;
	bool done; /* behind the last leaf */

	/* The leaf: its page, what rowids it may hold, and once read, rows. */
	struct sqlite_page leaf;
	int64_t min, max;
	struct sqlite_row *rows;
	uint32_t nrows; /* leaf.ncells when it was read, else 0 */
	uint32_t at;    /* among them */
	bool chains;    /* one of them has overflow pages */
	uint64_t bytes; /* their payloads */

	/* The leaves since sqlite_walk_seek() lie within these pages. */
	uint32_t first, last;

	/* private */
	uint32_t depth;
	struct sqlite_level level[SQLITE_WALK_DEPTH];
};

void sqlite_walk_init(
    struct sqlite_walk *w, const struct sqlite_image *image, uint32_t root);
void sqlite_walk_release(struct sqlite_walk *w);

/* Go to the leaf where rowid is or would be. */
const char *sqlite_walk_seek(struct sqlite_walk *w, int64_t rowid);
/* Go to the next leaf. */
const char *sqlite_walk_next(struct sqlite_walk *w);
/* Take the rows of the leaf from its page. */
const char *sqlite_walk_read(struct sqlite_walk *w);

/*
 * Rowids that cut the table into parts of about the same number of pages,
 * ascending: the last of each part but the last. *n is at most max.
 */
const char *sqlite_walk_cuts(const struct sqlite_image *image, uint32_t root,
    size_t max, int64_t *cuts, size_t *n);

#endif
