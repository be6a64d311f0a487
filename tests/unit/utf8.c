#include <config.h>

#include "base/utf8.h"

#include <string.h>

#include "lib/tap.h"

/* What an encoder writes, and one byte too few of it. */
static size_t
encode(uint32_t c, char *to)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xe0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 0x3f));
		to[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | c >> 18);
	to[1] = (char)(0x80 | (c >> 12 & 0x3f));
	to[2] = (char)(0x80 | (c >> 6 & 0x3f));
	to[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static void
test_every_character(void)
{
	size_t bad = 0, valid = 0;
	char s[4];

	for (uint32_t c = 0; c < 0x1fffff; c++) {
		bool character = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
		size_t n = encode(c, s), len;
		uint32_t point = 0;

		len = utf8_next(s, n, &point);
		valid += len > 0;
		bad += character ? len != n || point != c : len != 0;
		bad += utf8_next(s, n - 1, &point) != 0;
	}
	is_int((long long)bad, 0, "every character and no other is read");
	is_int((long long)valid, 0x110000 - 0x800, "that many there are");
}

static void
test_valid(void)
{
	static const struct {
		const char *s;
		bool valid;
	} t[] = {
		{ "", true },
		{ "a\303\251\342\202\254\360\237\230\200", true },
		{ "a\303", false },            /* cut short */
		{ "\200", false },             /* no beginning */
		{ "\300\200", false },         /* NUL, overlong */
		{ "\340\200\257", false },     /* '/', overlong */
		{ "\355\240\200", false },     /* a surrogate */
		{ "\364\220\200\200", false }, /* U+110000 */
		{ "\377a", false },
		{ "a\303\251\377", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		ok(utf8_valid(t[i].s, strlen(t[i].s)) == t[i].valid, "text %zu",
		    i);
	ok(utf8_valid("a\0b", 3), "NUL is a character");
}

static void
test_charset(void)
{
	static const struct char_range ranges[] = { { 0, 0x7f }, { 0xa0, 0xa0 },
		{ 0x20ac, 0x20ad } };
	const struct charset set = { ARRAY_LEN(ranges), ranges };
	const struct charset none = { 0, ranges };

	ok(charset_has(&set, 0) && charset_has(&set, 0x7f) &&
		charset_has(&set, 0xa0) && charset_has(&set, 0x20ac) &&
		charset_has(&set, 0x20ad),
	    "what is in a range");
	ok(!charset_has(&set, 0x80) && !charset_has(&set, 0x9f) &&
		!charset_has(&set, 0xa1) && !charset_has(&set, 0x20ab) &&
		!charset_has(&set, 0x20ae) && !charset_has(&set, 0x1f600),
	    "what is between and behind");
	ok(!charset_has(&none, 0) && charset_has(NULL, 0x10ffff),
	    "no range and no set");
}

int
main(void)
{
	test_every_character();
	test_charset();
	test_valid();
	return tap_done();
}
