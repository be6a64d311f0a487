#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "diff/leaf.h"
#include "lib/tap.h"
#include "value/key.h"

static struct hash128
random_hash(void)
{
	return (struct hash128){ tap_random(), tap_random() };
}

/* Two leaves over the same random keys of [lo, hi) that differ in one row. */
static void
decode_one(int kind, int64_t lo, int64_t hi)
{
	struct leaf x = { 0 }, y = { 0 };
	int64_t key = 0, odd = lo + (int64_t)(tap_random() %
					      ((uint64_t)hi - (uint64_t)lo));

	for (int i = 0; i < 20; i++) {
		struct hash128 h = random_hash();
		uint64_t k = tap_random();

		leaf_add(&x, h, k);
		leaf_add(&y, h, k);
	}
	if (kind != 0)
		leaf_add(&x, random_hash(), (uint64_t)odd);
	if (kind != 1)
		leaf_add(&y, random_hash(), (uint64_t)odd);
	ok(leaf_decode(&x, &y, lo, hi, &key) && key == odd,
	    "%s names its row in a leaf of %lld keys",
	    kind == 0   ? "a deletion"
	    : kind == 1 ? "an insertion"
			: "an update",
	    (long long)(hi - lo));
}

/* Hashes whose difference has many trailing zero bits leave several keys that
 * would do; then none may be named. */
static void
decode_ambiguous(void)
{
	struct leaf x = { 0 }, y = { 0 };
	int64_t key;

	leaf_add(&x, (struct hash128){ UINT64_C(1) << 62, 1 }, 5);
	ok(!leaf_decode(&x, &y, 0, 1000, &key),
	    "a quotient known to two bits names nobody in a thousand");
	ok(leaf_decode(&x, &y, 4, 8, &key) && key == 5, "but does among four");
}

/* Rows of two keys: were both of one key, naming that would be right. */
static void
decode_two(void)
{
	int named = 0;

	for (int i = 0; i < 10000; i++) {
		struct leaf x = { 0 }, y = { 0 };
		uint64_t one = tap_random() % 63, two = one + 1;
		int64_t key;

		leaf_add(&x, random_hash(), one);
		leaf_add(&y, random_hash(), one);
		leaf_add(&x, random_hash(), two);
		leaf_add(&y, random_hash(), two);
		named += leaf_decode(&x, &y, 0, 64, &key);
	}
	is_int(named, 0, "leaves that differ in two rows name none");
}

#define BOUNDS 1000

static void
find(void)
{
	static int64_t ints[BOUNDS];
	static uint32_t start[BOUNDS + 1];
	struct buf enc = BUF_INIT;
	const struct vtype num = { .type = LT_NUM };
	struct bounds b = { .nleaves = BOUNDS + 1, .ncols = 1 };
	int64_t at = -5000;
	int wrong = 0;

	for (int i = 0; i < BOUNDS; i++) {
		struct cell c;

		at += 1 + (int64_t)(tap_random() % 20);
		ints[i] = at;
		c = cell_int(at);
		start[i] = (uint32_t)enc.len;
		key_encode(&enc, &num, &c);
	}
	start[BOUNDS] = (uint32_t)enc.len;
	b.ints = ints;
	b.start = start;
	b.enc = enc.data;
	for (int i = 0; i < 100000; i++) {
		int64_t key = -6000 + (int64_t)(tap_random() % 20000);
		size_t hint = tap_random() % b.nleaves, want = 0;
		struct buf k = BUF_INIT;
		struct cell c = cell_int(key);

		while (want < BOUNDS && ints[want] <= key)
			want++;
		key_encode(&k, &num, &c);
		wrong += bounds_find_int(&b, key, hint) != want;
		wrong += bounds_find(&b, k.data, k.len, hint) != want;
		buf_free(&k);
	}
	is_int(wrong, 0, "every key finds its leaf from any hint");
	buf_free(&enc);
}

static void
trees(void)
{
	static const size_t sizes[] = { 1, 2, 63, 64, 65, 4096, 4097, 70000 };

	for (size_t s = 0; s < ARRAY_LEN(sizes); s++) {
		size_t n = sizes[s], want = 0, got, wrong = 0;
		struct leaf *x = calloc(n, sizeof(*x));
		struct leaf *y = calloc(n, sizeof(*y));
		uint32_t *out = calloc(n, sizeof(*out));
		struct hash128 root[2];

		for (size_t i = 0; i < n; i++) {
			leaf_add(&x[i], random_hash(), i);
			y[i] = x[i];
		}
		got = tree_compare(x, y, n, out, root);
		ok(got == 0 && root[0].a == root[1].a,
		    "%zu equal leaves have one root", n);
		for (size_t i = 0; i < n; i++) {
			if (tap_random() % 10 != 0)
				continue;
			switch (tap_random() % 3) {
			case 0:
				y[i].n++;
				break;
			case 1:
				y[i].a++;
				break;
			default:
				y[i].b ^= UINT64_C(1) << 63;
				break;
			}
			want++;
		}
		got = tree_compare(x, y, n, out, root);
		for (size_t i = 0, j = 0; i < n && j <= got; i++)
			if (!leaf_equal(&x[i], &y[i]))
				wrong += j >= got || out[j++] != i;
		ok(got == want && wrong == 0,
		    "%zu leaves, %zu of them differ, all found in order", n,
		    want);
		free(x);
		free(y);
		free(out);
	}
}

/* Two leaves that change places have equal totals; the tree must tell. */
static void
swapped(void)
{
	struct leaf x[130] = { 0 }, y[130];
	uint32_t out[130];
	struct hash128 root[2];

	for (size_t i = 0; i < ARRAY_LEN(x); i++)
		leaf_add(&x[i], random_hash(), i);
	memcpy(y, x, sizeof(x));
	y[3] = x[100];
	y[100] = x[3];
	is_int((long long)tree_compare(x, y, ARRAY_LEN(x), out, root), 2,
	    "two leaves that changed places are found");
}

int
main(void)
{
	for (int kind = 0; kind < 3; kind++) {
		for (int i = 0; i < 20; i++) {
			decode_one(kind, -32, 32);
			decode_one(kind, INT64_MIN, INT64_MIN + 1000);
			decode_one(kind, INT64_MAX - 100, INT64_MAX);
			decode_one(kind, -1000000000000, 1000000000000);
		}
	}
	decode_ambiguous();
	decode_two();
	find();
	trees();
	swapped();
	return tap_done();
}
