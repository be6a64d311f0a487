/*
 * latin1.h - text in Latin-1, or in the Windows code page 1252 that often goes
 * by that name.
 *
 * Bytes 0x80 to 0x9f are taken for either: what 1252 has there
 * (https://encoding.spec.whatwg.org/index-windows-1252.txt), or the control
 * characters of ISO 8859-1.
 */
#ifndef TU_VALUE_LATIN1_H
#define TU_VALUE_LATIN1_H

#include "base/base.h"

/* Do the n bytes at s, read as Latin-1, give the UTF-8 text of m bytes? */
bool latin1_spells(const char *s, size_t n, const char *utf8, size_t m);

#endif
