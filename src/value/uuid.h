/*
 * uuid.h - a uuid that was written as text.
 */
#ifndef TU_VALUE_UUID_H
#define TU_VALUE_UUID_H

#include "base/base.h"

/*
 * Its 32 digits in lower case, from what PostgreSQL takes for one: {} around,
 * or a hyphen behind any four digits, in either case. False for anything else.
 * https://www.postgresql.org/docs/current/datatype-uuid.html
 */
bool uuid_digits(char hex[32], const char *s, size_t n);

#endif
