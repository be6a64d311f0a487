/*
 * utf8.h - UTF-8 as RFC 3629 has it: nothing overlong, no surrogates, nothing
 * beyond U+10FFFF, nothing cut short.
 */
#ifndef TU_BASE_UTF8_H
#define TU_BASE_UTF8_H

#include "base/buf.h"

/*
 * Bytes of the character that the n bytes at p begin with, *point is the
 * character; 0 where they begin with none (or n is 0), *point is then unset.
 */
size_t utf8_next(const char *p, size_t n, uint32_t *point);

/* Also true for no bytes at all; NUL is a character. */
bool utf8_valid(const char *p, size_t n);

/* A character that is invisible or turns the line around on a terminal: C1
 * controls, joiners, overrides of direction. Not those below 0x80. */
bool utf8_hidden(uint32_t point);

/*
 * Append what neither a terminal nor an eye can misread: \n, \r, \t, other
 * controls and what is no UTF-8 as \x1b, hidden characters as \u{202e}. The
 * first one takes one character of n > 0 bytes and returns its bytes. A
 * backslash stays as it is.
 */
size_t utf8_show_char(struct buf *out, const char *p, size_t n);
void utf8_show(struct buf *out, const char *p, size_t n);

/* What a narrower encoding can hold: ranges in ascending order. */
struct charset {
	size_t n;
	const struct char_range {
		uint32_t first, last;
	} * ranges;
};

/* No set at all (NULL) has every character. */
bool charset_has(const struct charset *set, uint32_t point);

#endif
