/*
 * rowhash.h - 128 bits for a row.
 *
 * HASH_STREAM is XXH3-128 (https://github.com/Cyan4973/xxHash, doc/
 * xxhash_spec.md) keyed by a random seed per run: both sides are hashed here,
 * so a collision cannot persist from run to run. HASH_MD5 (RFC 1321) and
 * HASH_SHA256 (FIPS 180-4, first 16 bytes) are what servers can compute; `a`
 * is the first 8 bytes of the digest big-endian, `b` the next 8, which is what
 * ('x'||substr(h,1,16))::bit(64)::bigint gives in SQL.
 *
 * HASH_RECORD is what a server has of its own: it folds rows that way, and no
 * row is hashed so here but to hold the two against each other.
 *
 * A hasher belongs to one thread.
 */
#ifndef TU_VALUE_ROWHASH_H
#define TU_VALUE_ROWHASH_H

#include "base/base.h"

enum hash_kind {
	HASH_STREAM,
	HASH_MD5,
	HASH_SHA256,
	HASH_RECORD, /* a server's own, 62 bits; see dialect.h */
};

struct hash128 {
	uint64_t a, b;
};

struct hasher;

/* Does libcrypto let us have it? In FIPS mode there is no MD5. */
bool hasher_available(enum hash_kind kind);

/* kind must be available. */
struct hasher *hasher_new(enum hash_kind kind, uint64_t seed);
void hasher_free(struct hasher *h); /* NULL is allowed */

struct hash128 hasher_sum(struct hasher *h, const void *data, size_t len);

/* Random bits for seeds, from the kernel. */
uint64_t random_u64(void);

const char *hash_kind_name(enum hash_kind kind);

#endif
