#include <config.h>

#include "value/json.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/tap.h"

static struct buf got = BUF_INIT;

static void
test_table(void)
{
	static const struct {
		const char *in, *want; /* NULL: not JSON */
	} t[] = {
		{ " { } ", "{}" },
		{ "[ ]", "[]" },
		{ "null", "null" },
		{ "[true , false]", "[true,false]" },
		{ "{\"b\": 1, \"a\": 2}", "{\"a\":2,\"b\":1}" },
		{ "{\"b\":{\"z\":1,\"y\":[{\"d\":1,\"c\":2}]},\"a\":2}",
		    "{\"a\":2,\"b\":{\"y\":[{\"c\":2,\"d\":1}],\"z\":1}}" },
		{ "{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}" },
		{ "{\"a\":3,\"a\":2,\"a\":1}", "{\"a\":1}" },
		{ "{\"aa\":1,\"a\":2,\"b\":3,\"\":4}",
		    "{\"\":4,\"a\":2,\"aa\":1,\"b\":3}" },
		{ "{\"a!\":1,\"a\":2}", "{\"a\":2,\"a!\":1}" },
		{ "{\"\\u0061\":1,\"a\":2}", "{\"a\":2}" },
		{ "1.10", "11e-1" },
		{ "100", "1e2" },
		{ "7", "7" },
		{ "-0.0", "0" },
		{ "0e99", "0" },
		{ "1e2", "1e2" },
		{ "1.0", "1" },
		{ "1E+2", "1e2" },
		{ "0.00120", "12e-4" },
		{ "-12.50e-3", "-125e-4" },
		{ "1E400", "1e400" },
		{ "9007199254740993", "9007199254740993" },
		{ "123456789012345678901234567890",
		    "12345678901234567890123456789e1" },
		{ "1e0000000000000000000000002", "1e2" },
		{ "1e99999999999999999999", NULL },
		{ "\"a\\/b\"", "\"a/b\"" },
		{ "\"\\u00e9\"", "\"\xc3\xa9\"" },
		{ "\"\\u20AC\"", "\"\xe2\x82\xac\"" },
		{ "\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\"" },
		{ "\"\\u07ff\\u0800\"", "\"\xdf\xbf\xe0\xa0\x80\"" },
		{ "\"\\ude00\\ude00\"", "\"\\ude00\\ude00\"" },
		{ "{\"a\" 1}", NULL },
		{ "\"\\ud83d\"", "\"\\ud83d\"" },
		{ "\"\\uDE00\\uD83D\"", "\"\\ude00\\ud83d\"" },
		{ "\"\\ud83d\\u0041\"", "\"\\ud83dA\"" },
		{ "\"\\ud83d\\n\"", "\"\\ud83d\\u000a\"" },
		{ "\"\\ud83d\\ud83d\\ude00\"", "\"\\ud83d\xf0\x9f\x98\x80\"" },
		{ "\"\\u0000\\n\\t\\b\\f\\r\"",
		    "\"\\u0000\\u000a\\u0009\\u0008\\u000c\\u000d\"" },
		{ "\"\\\"\\\\\\u0022\\u005c\"", "\"\\\"\\\\\\\"\\\\\"" },
		{ "\"\\u007f\x7f\"", "\"\x7f\x7f\"" },
		{ "\"\xff\xfe\"", "\"\xff\xfe\"" },
		{ "", NULL },
		{ " ", NULL },
		{ "01", NULL },
		{ "-", NULL },
		{ "+1", NULL },
		{ "1.", NULL },
		{ ".5", NULL },
		{ "1e", NULL },
		{ "NaN", NULL },
		{ "nul", NULL },
		{ "truex", NULL },
		{ "1 2", NULL },
		{ "[1,]", NULL },
		{ "[,1]", NULL },
		{ "[1", NULL },
		{ "{\"a\":1,}", NULL },
		{ "{\"a\"}", NULL },
		{ "{a:1}", NULL },
		{ "{\"a\":1", NULL },
		{ "\"a", NULL },
		{ "\"\n\"", NULL },
		{ "\"\\x\"", NULL },
		{ "\"\\u12g4\"", NULL },
		{ "\"\\u12\"", NULL },
		{ "\"\\", NULL },
		{ "'a'", NULL },
		{ "[1]]", NULL },
		{ "\"\\ud83d\\ud", NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		size_t n = strlen(t[i].in);
		char *in = malloc(n + 1); /* of its own, for the sanitizer */
		bool fits;

		memcpy(in + 1, t[i].in, n);
		buf_reset(&got);
		buf_addc(&got, '>');
		fits = json_canon(&got, in + 1, n);
		free(in);
		ok(fits == (t[i].want != NULL), "%zu is%s JSON", i,
		    t[i].want != NULL ? "" : " not");
		is_str(buf_str(&got) + 1, t[i].want != NULL ? t[i].want : "",
		    "form %zu", i);
	}
	buf_reset(&got);
	ok(!json_canon(&got, "1\0", 2) && !json_canon(&got, "\"\0\"", 3),
	    "NUL is not JSON");
}

/* Depth is how deep, not how many. */
static void
test_wide(void)
{
	struct buf in = BUF_INIT;

	buf_adds(&in, "[0");
	for (int i = 0; i < 1000; i++)
		buf_adds(&in, ",[{}]");
	buf_addc(&in, ']');
	buf_reset(&got);
	ok(json_canon(&got, in.data, in.len) && got.len == in.len,
	    "a thousand arrays side by side");
	buf_free(&in);
}

static bool
nested(int depth)
{
	struct buf in = BUF_INIT;
	bool fits;

	for (int i = 0; i < depth; i++)
		buf_addc(&in, '[');
	for (int i = 0; i < depth; i++)
		buf_addc(&in, ']');
	buf_reset(&got);
	fits = json_canon(&got, in.data, in.len);
	buf_free(&in);
	return fits;
}

/* A random value, spelled with random blanks and escapes. */
static void
add_random(struct buf *out, int depth, uint64_t *shape)
{
	uint64_t r = *shape =
	    *shape * 6364136223846793005u + 1442695040888963407u;
	int n = (int)(r >> 40 & 3);

	if (tap_random() & 1)
		buf_addc(out, ' ');
	switch (depth > 4 ? r >> 60 & 1 : r >> 60 & 3) {
	case 0:
		buf_addf(out, tap_random() & 1 ? "%d" : "%d.0",
		    (int)(r >> 33 & 0xfff));
		break;
	case 1:
		buf_adds(
		    out, tap_random() & 1 ? "\"\\u00e9x\"" : "\"\xc3\xa9x\"");
		break;
	case 2:
		buf_addc(out, '[');
		for (int i = 0; i < n; i++) {
			if (i > 0)
				buf_addc(out, ',');
			add_random(out, depth + 1, shape);
		}
		buf_addc(out, ']');
		break;
	default:
		buf_addc(out, '{');
		for (int i = 0; i < n; i++) {
			if (i > 0)
				buf_addc(out, ',');
			buf_addf(out, "\"k%d\":", (int)(r >> (20 + i) & 7));
			add_random(out, depth + 1, shape);
		}
		buf_addc(out, '}');
		break;
	}
	if (tap_random() & 1)
		buf_addc(out, '\n');
}

static void
test_random(void)
{
	struct buf a = BUF_INIT, b = BUF_INIT, ca = BUF_INIT, cb = BUF_INIT;
	int bad = 0;

	for (int i = 0; i < 20000; i++) {
		uint64_t seed = tap_random(), s1 = seed, s2 = seed;

		a.len = b.len = ca.len = cb.len = 0;
		add_random(&a, 0, &s1);
		add_random(&b, 0, &s2);
		buf_reset(&got);
		if (!json_canon(&ca, a.data, a.len) ||
		    !json_canon(&cb, b.data, b.len) ||
		    !json_canon(&got, ca.data, ca.len)) {
			bad++;
			continue;
		}
		bad += strcmp(buf_str(&ca), buf_str(&cb)) != 0 ||
		       strcmp(buf_str(&ca), buf_str(&got)) != 0;
	}
	is_int(bad, 0, "spelling does not count, and a form is its own form");
	buf_free(&a);
	buf_free(&b);
	buf_free(&ca);
	buf_free(&cb);
}

int
main(void)
{
	test_table();
	test_wide();
	ok(nested(512), "512 levels");
	ok(!nested(513) && got.len == 0, "513 levels are refused");
	test_random();
	buf_free(&got);
	return tap_done();
}
