/*
 * str.h - small questions about strings.
 */
#ifndef TU_BASE_STR_H
#define TU_BASE_STR_H

#include <string.h>

#include "base/base.h"

static inline bool
str_begins(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* What a digit of buf_addhex() stands for; -1: it is none. */
static inline int
str_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#endif
