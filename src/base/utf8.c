#include <config.h>

#include "base/utf8.h"

size_t
utf8_next(const char *p, size_t n, uint32_t *point)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *s = (const unsigned char *)p;
	uint32_t c;
	size_t len;

	if (n == 0)
		return 0;
	if (s[0] < 0x80) {
		*point = s[0];
		return 1;
	}
	len = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] > 0xf4 || len > n)
		return 0;
	c = s[0] & (0x7fU >> len);
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*point = c;
	return len;
}

bool
utf8_valid(const char *p, size_t n)
{
	uint32_t point;

	while (n > 0) {
		size_t len = utf8_next(p, n, &point);

		if (len == 0)
			return false;
		p += len;
		n -= len;
	}
	return true;
}

bool
utf8_hidden(uint32_t c)
{
	return (c >= 0x80 && c <= 0x9f) || c == 0xad || c == 0x34f ||
	       c == 0x61c || c == 0x115f || c == 0x1160 || c == 0x180e ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0x3164 ||
	       (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff || c == 0xffa0 ||
	       (c >= 0xe0000 && c <= 0xe01ef);
}

size_t
utf8_show_char(struct buf *out, const char *p, size_t n)
{
	uint32_t point = 0;
	size_t len = utf8_next(p, n, &point);

	if (len == 0) {
		buf_addf(out, "\\x%02x", (unsigned char)*p);
		return 1;
	}
	if (point == '\n')
		buf_adds(out, "\\n");
	else if (point == '\r')
		buf_adds(out, "\\r");
	else if (point == '\t')
		buf_adds(out, "\\t");
	else if (point < 0x20 || point == 0x7f)
		buf_addf(out, "\\x%02x", (unsigned)point);
	else if (utf8_hidden(point))
		buf_addf(out, "\\u{%x}", (unsigned)point);
	else
		buf_add(out, p, len);
	return len;
}

void
utf8_show(struct buf *out, const char *p, size_t n)
{
	for (size_t at = 0; at < n;)
		at += utf8_show_char(out, p + at, n - at);
}

bool
charset_has(const struct charset *set, uint32_t point)
{
	size_t lo = 0, hi;

	if (set == NULL)
		return true;
	hi = set->n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (set->ranges[mid].last < point)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < set->n && set->ranges[lo].first <= point;
}
