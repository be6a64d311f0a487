#include <config.h>

#include "value/redact.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/tap.h"

static const char key[] = "0123456789abcdef";

static struct redact *
with_key(const void *bytes, size_t n, enum status want)
{
	char name[] = "/tmp/redact.XXXXXX";
	int fd = mkstemp(name);
	FILE *out = fdopen(fd, "w");
	struct err err = ERR_INIT;
	struct redact *r = NULL;

	fwrite(bytes, 1, n, out);
	fclose(out);
	is_int(redact_new(name, &r, &err), want, "a key of %zu bytes", n);
	unlink(name);
	return r;
}

static const char *
hash(const struct redact *r, enum ltype type, struct cell c)
{
	static struct buf out[2];
	static unsigned turn;
	struct buf *b = &out[turn++ % 2];

	buf_reset(b);
	redact_value(r, b, type, &c);
	return buf_str(b);
}

/* openssl dgst -sha256 -hmac 0123456789abcdef */
static void
test_hash(void)
{
	struct redact *r = with_key(key, sizeof(key) - 1, TU_OK);

	is_str(hash(r, LT_TEXT, cell_text("abc", 3)), "#f9841700200e",
	    "a text is 3:abc");
	is_str(hash(r, LT_NUM, cell_text("1.50", 4)), "#b958a4646616",
	    "1.50 is 1.5");
	is_str(hash(r, LT_NUM, cell_f64(1.5)), "#b958a4646616",
	    "in whatever form it comes");
	is_str(hash(r, LT_TEXT, cell_null()), "NULL", "NULL stays");
	ok(strcmp(hash(r, LT_TEXT, cell_text("", 0)),
	       hash(r, LT_TEXT, cell_text("\0", 1))) != 0,
	    "NUL is not nothing");
	redact_free(r);
}

static void
test_keys(void)
{
	struct err err = ERR_INIT;
	struct redact *a = NULL, *b = NULL;
	struct cell c = cell_int(7);
	char big[REDACT_KEY_MAX + 1] = { 0 };

	ok(redact_new(NULL, &a, &err) == TU_OK &&
		redact_new(NULL, &b, &err) == TU_OK,
	    "random keys");
	is_str(hash(a, LT_NUM, c), hash(a, LT_NUM, c), "one key, one hash");
	ok(strcmp(hash(a, LT_NUM, c), hash(b, LT_NUM, c)) != 0,
	    "another run, another key");
	redact_free(a);
	redact_free(b);
	redact_free(with_key(big, REDACT_KEY_MAX, TU_OK));
	with_key(big, sizeof(big), TU_EUSAGE);
	with_key(key, sizeof(key) - 2, TU_EUSAGE);
	is_int(redact_new("/no/such/key", &a, &err), TU_EUSAGE, "no file");
}

int
main(void)
{
	test_hash();
	test_keys();
	return tap_done();
}
