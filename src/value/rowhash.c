#include <config.h>

#include "value/rowhash.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <sys/random.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/arena.h"

struct hasher {
	enum hash_kind kind;
	uint64_t seed;
	EVP_MD *md; /* fetched once: a lookup by name costs 1 us a row */
	EVP_MD_CTX *ctx;
};

static const char *
digest_name(enum hash_kind kind)
{
	return kind == HASH_MD5 ? "MD5" : "SHA256";
}

bool
hasher_available(enum hash_kind kind)
{
	EVP_MD *md;

	if (kind == HASH_STREAM || kind == HASH_RECORD)
		return true;
	md = EVP_MD_fetch(NULL, digest_name(kind), NULL);
	EVP_MD_free(md);
	return md != NULL;
}

struct hasher *
hasher_new(enum hash_kind kind, uint64_t seed)
{
	struct hasher *h = calloc(1, sizeof(*h));

	if (h == NULL)
		out_of_memory(sizeof(*h));
	h->kind = kind;
	h->seed = seed;
	if (kind == HASH_STREAM)
		return h;
	h->md = EVP_MD_fetch(NULL, digest_name(kind), NULL);
	h->ctx = EVP_MD_CTX_new();
	if (h->md == NULL || h->ctx == NULL ||
	    !EVP_DigestInit_ex2(h->ctx, h->md, NULL))
		abort(); /* hasher_available() said otherwise */
	return h;
}

void
hasher_free(struct hasher *h)
{
	if (h == NULL)
		return;
	EVP_MD_CTX_free(h->ctx);
	EVP_MD_free(h->md);
	free(h);
}

struct hash128
hasher_sum(struct hasher *h, const void *data, size_t len)
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	if (h->kind == HASH_STREAM) {
		XXH128_hash_t x = XXH3_128bits_withSeed(data, len, h->seed);

		return (struct hash128){ x.high64, x.low64 };
	}
	if (!EVP_DigestInit_ex2(h->ctx, NULL, NULL) ||
	    !EVP_DigestUpdate(h->ctx, data, len) ||
	    !EVP_DigestFinal_ex(h->ctx, digest, NULL))
		abort();
	return (
	    struct hash128){ big_endian(digest, 8), big_endian(digest + 8, 8) };
}

uint64_t
random_u64(void)
{
	uint64_t v;

	if (getrandom(&v, sizeof(v), 0) != sizeof(v))
		abort();
	return v;
}

const char *
hash_kind_name(enum hash_kind kind)
{
	static const char *const names[] = { "stream", "md5", "sha256",
		"record" };

	return names[kind];
}
