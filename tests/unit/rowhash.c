#include <config.h>

#include "value/rowhash.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/tap.h"

static const char *
hex(struct hash128 h)
{
	static char s[33];

	snprintf(s, sizeof(s), "%016" PRIx64 "%016" PRIx64, h.a, h.b);
	return s;
}

/* RFC 1321 A.5, FIPS 180-4 examples. */
static void
test_vectors(void)
{
	static const struct {
		const char *in, *md5, *sha256;
	} t[] = {
		{ "", "d41d8cd98f00b204e9800998ecf8427e",
		    "e3b0c44298fc1c149afbf4c8996fb924" },
		{ "abc", "900150983cd24fb0d6963f7d28e17f72",
		    "ba7816bf8f01cfea414140de5dae2223" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		    "8215ef0796a20bcaaae116d3876c664a",
		    "248d6a61d20638b8e5c026930c3e6039" },
	};
	struct hasher *md5 = hasher_new(HASH_MD5, 0);
	struct hasher *sha = hasher_new(HASH_SHA256, 0);

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		size_t n = strlen(t[i].in);

		is_str(hex(hasher_sum(md5, t[i].in, n)), t[i].md5, "md5 '%s'",
		    t[i].in);
		is_str(hex(hasher_sum(sha, t[i].in, n)), t[i].sha256,
		    "sha256 '%s'", t[i].in);
	}
	hasher_free(md5);
	hasher_free(sha);
	hasher_free(NULL);
}

/* XXH3-128 of nothing with seed 0, from the library's own sanity vectors. */
static void
test_stream(void)
{
	struct hasher *a = hasher_new(HASH_STREAM, 0);
	struct hasher *b = hasher_new(HASH_STREAM, 1);
	struct hash128 ha, hb, again;

	is_str(hex(hasher_sum(a, "", 0)), "99aa06d3014798d86001c324468d497f",
	    "XXH3-128 of nothing");
	ha = hasher_sum(a, "row", 3);
	hb = hasher_sum(b, "row", 3);
	again = hasher_sum(a, "row", 3);
	ok(ha.a != hb.a && ha.b != hb.b, "the seed counts");
	ok(ha.a == again.a && ha.b == again.b, "nothing is carried over");
	hasher_free(a);
	hasher_free(b);
}

int
main(void)
{
	test_vectors();
	test_stream();
	ok(random_u64() != random_u64(), "random seeds differ");
	is_str(hash_kind_name(HASH_STREAM), "stream", "name");
	is_str(hash_kind_name(HASH_SHA256), "sha256", "name");
	return tap_done();
}
