#include <config.h>

#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"

char *
buf_reserve(struct buf *b, size_t n)
{
	if (b->cap - b->len <= n) {
		size_t cap = b->cap ? b->cap : 64;

		/* One byte stays free for buf_str(). */
		if (n >= SIZE_MAX / 2 - b->len)
			out_of_memory(n);
		while (cap - b->len <= n)
			cap *= 2;
		b->data = realloc(b->data, cap);
		if (b->data == NULL)
			out_of_memory(cap);
		b->cap = cap;
	}
	return b->data + b->len;
}

void
buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap, ap2;
	int n;

	va_start(ap, fmt);
	va_copy(ap2, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n > 0) {
		vsnprintf(buf_reserve(b, (size_t)n), (size_t)n + 1, fmt, ap2);
		b->len += (size_t)n;
	}
	va_end(ap2);
}

void
buf_addhex(struct buf *b, const void *p, size_t n)
{
	static const char digit[] = "0123456789abcdef";
	const unsigned char *s = p;
	char *to = buf_reserve(b, 2 * n);

	for (size_t i = 0; i < n; i++) {
		*to++ = digit[s[i] >> 4];
		*to++ = digit[s[i] & 15];
	}
	b->len += 2 * n;
}

const char *
buf_str(struct buf *b)
{
	*buf_reserve(b, 0) = '\0';
	return b->data;
}

void
buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf)BUF_INIT;
}
