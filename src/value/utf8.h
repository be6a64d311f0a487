/*
 * utf8.h - UTF-8 as RFC 3629 has it: nothing overlong, no surrogates, nothing
 * beyond U+10FFFF, nothing cut short.
 */
#ifndef TU_VALUE_UTF8_H
#define TU_VALUE_UTF8_H

#include "base/base.h"

/*
 * Bytes of the character that the n bytes at p begin with, *point is the
 * character; 0 where they begin with none (or n is 0), *point is then unset.
 */
size_t utf8_next(const char *p, size_t n, uint32_t *point);

/* Also true for no bytes at all; NUL is a character. */
bool utf8_valid(const char *p, size_t n);

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
