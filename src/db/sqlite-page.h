/*
 * sqlite-page.h - pages and cells of a SQLite database file.
 *
 * The format is https://sqlite.org/fileformat2.html, sections 1.3, 1.5 and
 * 1.6. Nothing here needs the library or trusts the bytes: whatever lies
 * outside of its page, or names a page that is not there, is refused with a
 * reason. Functions that can refuse return that reason, a constant text, or
 * NULL when all is well.
 *
 * Two kinds of b-trees are read, those that hold rows. With rowids an interior
 * page holds children and the largest rowid below each but the last, a leaf
 * holds rows. By keys (WITHOUT ROWID) an interior page has a row between any
 * two children, and each row begins with the fields of its key.
 */
#ifndef TU_DB_SQLITE_PAGE_H
#define TU_DB_SQLITE_PAGE_H

#include "base/buf.h"

/* Pages that are read from a write-ahead log (sqlite-log.h). */
struct sqlite_frames {
	const unsigned char *data; /* the log */
	size_t len;
	uint32_t size; /* of a page */
	uint32_t *of;  /* the frame of each page, 0: it is the file's */
};

#define SQLITE_LOG_HEADER 32
#define SQLITE_FRAME_HEADER 24 /* bytes in front of a page */

/* A database file in memory. */
struct sqlite_image {
	const unsigned char *data;
	uint32_t nfile;           /* pages there */
	struct sqlite_frames log; /* of is NULL: there is none */
	uint32_t npages;
	uint32_t size;   /* of a page */
	uint32_t usable; /* what the bytes reserved at its end leave */
	bool wal;        /* the journal mode of the file */
	bool maps;       /* it has maps of who points at a page (auto_vacuum) */
	int encoding;    /* 1 UTF-8, 2 UTF-16le, 3 UTF-16be */
	int fd;          /* the file, or -1: it is to be read in memory */
};

#define SQLITE_CELL_MIN 6       /* bytes: two of its offset, four of its own */
#define SQLITE_IMAGE_HEADER 100 /* bytes of a file's own header */

/* From the header of the first page; npages is what the library says, len is
 * what is mapped of the file fd, log may be NULL. */
const char *sqlite_image_init(struct sqlite_image *image, int fd,
    const void *data, size_t len, const struct sqlite_frames *log,
    uint32_t npages);

/* A table in it. */
struct sqlite_tree {
	const struct sqlite_image *image;
	uint32_t root;
	uint32_t nkeys; /* fields that the rows are ordered by, 0: rowids */
};

struct sqlite_page {
	const unsigned char *data;  /* the page, or a copy of it */
	const unsigned char *home;  /* where the image has it */
	const unsigned char *cells; /* their offsets, two bytes each */
	uint32_t ncells;
	uint32_t right; /* interior: the last child */
	bool leaf;
};

/* A page of a table's b-tree, never the first one of a file; all offsets of its
 * cells lie behind the list of them. */
const char *sqlite_page_read(
    const struct sqlite_tree *tree, uint32_t pgno, struct sqlite_page *page);
/* The same page, read from a copy. */
const char *sqlite_page_copied(const struct sqlite_tree *tree, uint32_t pgno,
    const unsigned char *copy, struct sqlite_page *page);

/* Is there a page that is to be read from the file, not from memory? */
bool sqlite_page_is_filed(const struct sqlite_image *image, uint32_t pgno);

struct sqlite_row {
	int64_t rowid;                /* 0 in a tree by keys */
	const unsigned char *payload; /* the part of it in the page */
	uint32_t size;                /* of the payload */
	uint32_t local;               /* bytes in the page */
	uint32_t overflow;            /* page of the rest, if there is one */
};

/* Cell i < ncells. In an interior page of a tree of rowids it is the largest
 * rowid below child i, without a payload. */
const char *sqlite_page_row(const struct sqlite_tree *tree,
    const struct sqlite_page *page, uint32_t i, struct sqlite_row *row);

/* All of a page, page->ncells of them. */
const char *sqlite_page_rows(const struct sqlite_tree *tree,
    const struct sqlite_page *page, struct sqlite_row *rows);

/* The row of a cell that sqlite_page_row() has taken already: `at` bytes behind
 * the beginning of this page, or of a copy of it. */
const char *sqlite_tree_row(const struct sqlite_tree *tree,
    const unsigned char *page, size_t at, struct sqlite_row *row);
/* Where in the image the page of a cell is that it has; *pgno is 0 if it is to
 * be read there, else which page of the file it is. */
const unsigned char *sqlite_cell_page(const struct sqlite_image *image,
    const unsigned char *cell, uint32_t *pgno);
/* Where cell i of a page begins. */
const unsigned char *sqlite_page_cell(
    const struct sqlite_page *page, uint32_t i);

/* Child i <= ncells of an interior page. */
const char *sqlite_page_child(const struct sqlite_tree *tree,
    const struct sqlite_page *page, uint32_t i, uint32_t *pgno);

/* The whole payload behind what is in the buffer. */
const char *sqlite_row_payload(const struct sqlite_image *image,
    const struct sqlite_row *row, struct buf *out);

/* Keep a row behind others, and take one from there again and move on behind
 * it; then its payload is whole and lies there. */
const char *sqlite_row_save(const struct sqlite_image *image,
    const struct sqlite_row *row, struct buf *rows);
void sqlite_row_load(const char **rows, struct sqlite_row *row);

/* Are two payloads the same bytes? */
const char *sqlite_rows_equal(const struct sqlite_image *a,
    const struct sqlite_row *x, const struct sqlite_image *b,
    const struct sqlite_row *y, bool *equal);

/* A varint at p; the number of its bytes, 0 if it runs into end. */
static inline unsigned
sqlite_varint(const unsigned char *p, const unsigned char *end, uint64_t *value)
{
	uint64_t v = 0;

	if (p < end && p[0] < 0x80) {
		*value = p[0];
		return 1;
	}
	for (unsigned i = 0; i < 8 && p + i < end; i++) {
		v = v << 7 | (p[i] & 0x7f);
		if (p[i] < 0x80) {
			*value = v;
			return i + 1;
		}
	}
	if (end - p < 9)
		return 0;
	*value = v << 8 | p[8];
	return 9;
}

#endif
