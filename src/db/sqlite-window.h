/*
 * sqlite-window.h - pages of a file that are read in stretches.
 *
 * Who goes through a file once and maps it pays for every page that is mapped
 * and unmapped: 119 ms for two files of 760 MB in memory, where reading them
 * into some memory that stays in the processor's cache takes 46. A walk has a
 * few such windows, for rows that lie one behind the other in a few places of
 * the file: of a leaf that was split one half is at the end.
 */
#ifndef TU_DB_SQLITE_WINDOW_H
#define TU_DB_SQLITE_WINDOW_H

#include "db/sqlite-page.h"

#define SQLITE_WINDOW_BYTES (128 << 10) /* at least one page */

struct sqlite_window {
	unsigned char *data;
	uint32_t first, n; /* pages in it */
	unsigned used;     /* when, by sqlite_windows.clock */
};

struct sqlite_windows {
	struct sqlite_window window[2];
	unsigned clock;
};

void sqlite_windows_release(struct sqlite_windows *ws);

/* Pages that one window holds. */
static inline uint32_t
sqlite_window_pages(const struct sqlite_image *image)
{
	return image->size < SQLITE_WINDOW_BYTES
	           ? SQLITE_WINDOW_BYTES / image->size
	           : 1;
}

/* The page if a window has it, else NULL. */
const unsigned char *sqlite_windows_find(
    struct sqlite_windows *ws, const struct sqlite_image *image, uint32_t pgno);

/* Read n >= 1 pages of the file into the window that was not used for longest,
 * those of its last ones at most that the file has; NULL if the first cannot be
 * read. What another window has stays there. */
const unsigned char *sqlite_windows_read(struct sqlite_windows *ws,
    const struct sqlite_image *image, uint32_t pgno, uint32_t n);

/* Would reading a page of the file have to wait for a disk? */
bool sqlite_page_is_far(const struct sqlite_image *image, uint32_t pgno);

#endif
