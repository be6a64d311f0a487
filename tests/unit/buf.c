#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "lib/tap.h"

static void
test_empty(void)
{
	struct buf b = BUF_INIT;

	is_str(buf_str(&b), "", "a buffer that holds nothing reads as ''");
	is_int((long long)b.len, 0, "the terminator does not count");
	buf_add(&b, "", 0);
	is_int((long long)b.len, 0, "adding nothing adds nothing");
	buf_free(&b);
	ok(b.data == NULL && b.len == 0 && b.cap == 0,
	    "a freed buffer is as good as new");
	buf_adds(&b, "again");
	is_str(buf_str(&b), "again", "and can be used again");
	buf_free(&b);
}

static void
test_contents(void)
{
	struct buf b = BUF_INIT;

	buf_adds(&b, "a");
	buf_addc(&b, '\0');
	buf_add(&b, "b\0c", 3);
	is_int((long long)b.len, 5, "NUL bytes count");
	ok(memcmp(buf_str(&b), "a\0b\0c", 6) == 0,
	    "NUL bytes stay, a terminator follows");
	buf_adds(&b, "d");
	ok(b.len == 6 && b.data[5] == 'd', "the terminator is overwritten");

	buf_reset(&b);
	buf_addhex(&b, "\x00\x7f\x80\xff", 4);
	is_str(buf_str(&b), "007f80ff", "hexadecimal of every kind of byte");
	buf_addhex(&b, "", 0);
	is_int((long long)b.len, 8, "hexadecimal of nothing is nothing");
	buf_free(&b);
}

/* Formatted text of every length around the room that happens to be left. */
static void
test_format(void)
{
	struct buf b = BUF_INIT;
	char want[400];
	bool same = true;

	for (int n = 0; n < 300; n++) {
		buf_free(&b);
		buf_adds(&b, "x");
		buf_addf(&b, "%0*d|%s", n, 7, "end");
		snprintf(want, sizeof(want), "x%0*d|%s", n, 7, "end");
		same = same && strcmp(buf_str(&b), want) == 0 &&
		       b.len == strlen(want);
	}
	ok(same, "formatted text of any length is complete");
	buf_free(&b);
}

/* Random pieces against a plain array. */
static void
test_random(void)
{
	struct buf b = BUF_INIT;
	char piece[64], *want = malloc(64 * 5000);
	size_t len = 0, cap;
	const char *data;

	for (int i = 0; i < 5000; i++) {
		size_t n = tap_random() % sizeof(piece);

		for (size_t k = 0; k < n; k++)
			piece[k] = (char)tap_random();
		buf_add(&b, piece, n);
		memcpy(want + len, piece, n);
		len += n;
	}
	ok(b.len == len && memcmp(b.data, want, len) == 0,
	    "5000 pieces are all there, in order");
	ok(b.cap > b.len, "there is always room for the terminator");

	cap = b.cap;
	data = b.data;
	buf_reset(&b);
	buf_add(&b, want, len);
	ok(b.data == data && b.cap == cap, "a reset buffer keeps its memory");
	memset(buf_reserve(&b, 100000), 'r', 100000);
	is_int((long long)b.len, (long long)len,
	    "reserved room does not count until it is used");
	ok(memcmp(b.data, want, len) == 0, "reserving keeps the contents");
	buf_free(&b);
	free(want);
}

int
main(void)
{
	test_empty();
	test_contents();
	test_format();
	test_random();
	return tap_done();
}
