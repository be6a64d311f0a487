#include <config.h>

#include "value/latin1.h"

#include "base/utf8.h"

/* What 1252 has from 0x80 on; 0 where it has nothing. */
static const uint16_t high[32] = { 0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026,
	0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017d, 0, 0,
	0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122,
	0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178 };

bool
latin1_spells(const char *s, size_t n, const char *utf8, size_t m)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		uint32_t point;
		size_t len = utf8_next(utf8, m, &point);

		if (len == 0 || (point != c && (c < 0x80 || c > 0x9f ||
						   point != high[c - 0x80])))
			return false;
		utf8 += len;
		m -= len;
	}
	return m == 0;
}
