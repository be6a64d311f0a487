/*
 * leaf.h - sums over the rows of one key range or bucket.
 *
 * A leaf is additive: counts and sums modulo 2^64, never XOR, which cancels
 * pairs. The sum of both hash halves gives 128 bits; two leaves of different
 * rows agree with probability 2^-128 for a random seed.
 *
 * ka and kb add up hash * key where the key is one 64-bit integer. If two
 * leaves differ in exactly one row, the difference of ka divided by that of a
 * (modulo 2^64) is that row's key, which saves looking at the other rows; kb
 * and b must then say the same, which two or more rows do by chance only once
 * in 2^64. The row that is named is read and judged like any other.
 */
#ifndef TU_DIFF_LEAF_H
#define TU_DIFF_LEAF_H

#include "base/arena.h"
#include "base/buf.h"
#include "value/cell.h"
#include "value/rowhash.h"

/* More leaves than this do not pay: 40 bytes each, on both sides. */
#define LEAVES_MAX (1 << 18)

struct leaf {
	uint64_t n;      /* rows */
	uint64_t a, b;   /* sums of the hash halves */
	uint64_t ka, kb; /* sums of hash halves times key */
};

/* n leaves without rows; free() them. */
struct leaf *leaves_new(size_t n);

static inline void
leaf_add(struct leaf *l, struct hash128 h, uint64_t key)
{
	l->n++;
	l->a += h.a;
	l->b += h.b;
	l->ka += h.a * key;
	l->kb += h.b * key;
}

/* Add the sums of some rows, whoever else does so at the same time. */
static inline void
leaf_add_sums(struct leaf *l, const struct leaf *sums)
{
	__atomic_fetch_add(&l->n, sums->n, __ATOMIC_RELAXED);
	__atomic_fetch_add(&l->a, sums->a, __ATOMIC_RELAXED);
	__atomic_fetch_add(&l->b, sums->b, __ATOMIC_RELAXED);
	__atomic_fetch_add(&l->ka, sums->ka, __ATOMIC_RELAXED);
	__atomic_fetch_add(&l->kb, sums->kb, __ATOMIC_RELAXED);
}

static inline bool
leaf_equal(const struct leaf *x, const struct leaf *y)
{
	return x->n == y->n && x->a == y->a && x->b == y->b;
}

/*
 * The key of the only differing row, if there is just one and it lies in
 * [lo, hi). False when that cannot be told.
 */
bool leaf_decode(const struct leaf *x, const struct leaf *y, int64_t lo,
    int64_t hi, int64_t *key);

/* The same where the sums are those of a server's 31-bit halves (fold.h): exact
 * integers, of which the keys' share is relative to lo. Two or more rows name
 * one of them by chance once in 2^62. */
bool leaf_decode_near(const struct leaf *x, const struct leaf *y, int64_t lo,
    int64_t hi, int64_t *key);

/*
 * Where the key space is cut: n leaves have n-1 bounds, ascending. Leaf i
 * holds keys in [bound i-1, bound i); the first and the last are open.
 * Buckets have no bounds: n leaves by key_bucket().
 */
struct bounds {
	size_t nleaves; /* at least 1 */
	size_t ncols;   /* key columns of a bound; 0: buckets */
	bool integer;   /* one column, all bounds CELL_INT */
	/* All of these hold nleaves - 1 entries; ints only when integer. */
	const struct cell *cells; /* ncols each, source form */
	const int64_t *ints;
	const uint32_t *start; /* nleaves entries: encoded key i is
	                        * enc[start[i]..start[i+1]) */
	const char *enc;
	/* 8 bytes of each of these, big-endian, behind the first skip, which
	 * all of them share: bounds_index(). */
	const uint64_t *heads;
	size_t skip;
};

/* What bounds_find() needs of bounds that have enc. */
void bounds_index(struct bounds *b, struct arena *arena);

/* The leaf of an encoded key; hint is a leaf to try first (keys that arrive
 * in order stay there or go one further). */
size_t bounds_find(
    const struct bounds *b, const char *key, size_t len, size_t hint);
size_t bounds_find_int(const struct bounds *b, int64_t key, size_t hint);

/* Indexes of leaves that differ, ascending; found by descending two trees of
 * hashes over them (tree.c). Returns how many; out has room for n. */
size_t tree_compare(const struct leaf *x, const struct leaf *y, size_t n,
    uint32_t *out, struct hash128 root[2]);

#endif
