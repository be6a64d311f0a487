#include <config.h>

#include "value/uuid.h"

/* Its lower case, or NUL for what is no hexadecimal digit. */
static char
hex_digit(char c)
{
	static const char digits[256] = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
					"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
					"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
					"0123456789\0\0\0\0\0\0"
					"\0abcdef\0\0\0\0\0\0\0\0\0"
					"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
					"\0abcdef";

	return digits[(unsigned char)c];
}

bool
uuid_digits(char hex[32], const char *s, size_t n)
{
	size_t digits = 0;
	bool hyphen = true; /* none at the start, none after another */

	if (n >= 2 && s[0] == '{' && s[n - 1] == '}') {
		s++;
		n -= 2;
	}
	for (; n > 0; s++, n--) {
		char c = hex_digit(*s);

		if (*s == '-' && digits % 4 == 0 && !hyphen) {
			hyphen = true;
			continue;
		}
		if (digits == 32 || c == '\0')
			return false;
		hex[digits++] = c;
		hyphen = false;
	}
	return digits == 32 && !hyphen;
}
