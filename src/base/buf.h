/*
 * buf.h - a byte buffer that grows.
 *
 * Contents may hold NUL bytes; len does not count the terminator that
 * buf_str() keeps behind them. Memory stays with the buffer across
 * buf_reset(), so a buffer used once a row costs nothing a row. Running out of
 * memory ends the program with status 71, as in arena.h.
 */
#ifndef TU_BASE_BUF_H
#define TU_BASE_BUF_H

#include <string.h>

#include "base/base.h"

struct buf {
	char *data; /* NULL while nothing was ever added */
	size_t len;
	size_t cap;
};

/* clang-format off */
#define BUF_INIT { NULL, 0, 0 }
/* clang-format on */

/* Make room for n more bytes and return where they go; len is unchanged. */
char *buf_reserve(struct buf *b, size_t n);

static inline void
buf_reset(struct buf *b)
{
	b->len = 0;
}

static inline void
buf_add(struct buf *b, const void *p, size_t n)
{
	char *to = b->cap - b->len > n ? b->data + b->len : buf_reserve(b, n);

	if (n > 0)
		memcpy(to, p, n);
	b->len += n;
}

static inline void
buf_addc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

static inline void
buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_addf(struct buf *b, const char *fmt, ...) TU_PRINTF(2, 3);

/* Lower-case hexadecimal, two digits a byte. */
void buf_addhex(struct buf *b, const void *p, size_t n);

/* The contents with a NUL behind them; valid until the next change. */
const char *buf_str(struct buf *b);

void buf_free(struct buf *b);

#endif
