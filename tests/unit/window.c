#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "db/sqlite-window.h"
#include "lib/tap.h"

#define PAGES 320
#define LAST (PAGES - 3) /* of the snapshot */

/* A file whose pages are full of their numbers. */
static FILE *
make_file(struct sqlite_image *image, uint32_t size)
{
	FILE *f = tmpfile();

	if (f == NULL)
		abort();
	for (uint32_t pgno = 1; pgno <= PAGES; pgno++)
		for (uint32_t i = 0; i < size; i += 2) {
			putc((int)(pgno >> 8), f);
			putc((int)(pgno & 0xff), f);
		}
	fflush(f);
	*image = (struct sqlite_image){
		.nfile = LAST, .npages = LAST, .size = size, .fd = fileno(f)
	};
	return f;
}

static bool
is_page(const unsigned char *data, uint32_t size, uint32_t pgno)
{
	for (uint32_t i = 0; data != NULL && i < size; i += 2)
		if (data[i] != pgno >> 8 || data[i + 1] != (pgno & 0xff))
			return false;
	return data != NULL;
}

static bool
has(struct sqlite_windows *ws, const struct sqlite_image *image, uint32_t pgno)
{
	const unsigned char *data = sqlite_windows_find(ws, image, pgno);

	return data != NULL && is_page(data, image->size, pgno);
}

static bool
lacks(
    struct sqlite_windows *ws, const struct sqlite_image *image, uint32_t pgno)
{
	return sqlite_windows_find(ws, image, pgno) == NULL;
}

static void
test_two(uint32_t size)
{
	struct sqlite_windows ws = { .clock = 0 };
	struct sqlite_image image;
	FILE *f = make_file(&image, size);
	const uint32_t most = sqlite_window_pages(&image);

	ok(lacks(&ws, &image, 1), "%u bytes: nothing was read yet", size);
	ok(is_page(sqlite_windows_read(&ws, &image, 2, most), size, 2) &&
		has(&ws, &image, 2) && has(&ws, &image, 1 + most) &&
		lacks(&ws, &image, 1) && lacks(&ws, &image, 2 + most),
	    "%u bytes: all pages of a stretch, no others", size);
	ok(is_page(sqlite_windows_read(&ws, &image, 300, 1), size, 300) &&
		has(&ws, &image, 300) && lacks(&ws, &image, 301) &&
		has(&ws, &image, 2),
	    "%u bytes: another place beside it", size);
	ok(sqlite_windows_read(&ws, &image, LAST, most + 7) != NULL &&
		has(&ws, &image, LAST) && lacks(&ws, &image, LAST + 1) &&
		has(&ws, &image, 2) && lacks(&ws, &image, 300),
	    "%u bytes: what was not used for longest makes room, and a file "
	    "has an end",
	    size);
	fclose(f);
	sqlite_windows_release(&ws);
}

static void
test_cut(void)
{
	struct sqlite_windows ws = { .clock = 0 };
	struct sqlite_image image;
	FILE *f = make_file(&image, 4096);

	if (ftruncate(fileno(f), 10 * 4096 + 100) != 0)
		abort();
	ok(sqlite_windows_read(&ws, &image, 9, 4) != NULL &&
		has(&ws, &image, 10) && lacks(&ws, &image, 11),
	    "of a file that was cut off whole pages are taken");
	ok(sqlite_windows_read(&ws, &image, 11, 4) == NULL &&
		lacks(&ws, &image, 11) && has(&ws, &image, 9),
	    "a page that is not there any more is none");
	fclose(f);
	sqlite_windows_release(&ws);
}

static void
test_any(void)
{
	struct sqlite_windows ws = { .clock = 0 };
	struct sqlite_image image;
	FILE *f = make_file(&image, 1024);
	unsigned right = 0;

	for (int i = 0; i < 1000; i++) {
		uint32_t pgno = 1 + (uint32_t)tap_below(LAST);
		const unsigned char *data =
		    sqlite_windows_find(&ws, &image, pgno);

		if (data == NULL)
			data = sqlite_windows_read(
			    &ws, &image, pgno, 1 + (uint32_t)tap_below(140));
		right += is_page(data, image.size, pgno);
	}
	ok(right == 1000, "%u of 1000 pages at random are right", right);
	fclose(f);
	sqlite_windows_release(&ws);
}

int
main(void)
{
	test_two(512);
	test_two(4096);
	test_two(65536);
	test_cut();
	test_any();
	return tap_done();
}
