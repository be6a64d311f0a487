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
find_ints(void)
{
	static int64_t ints[BOUNDS];
	struct bounds b = { .nleaves = BOUNDS + 1, .ncols = 1, .ints = ints };
	int64_t at = -5000;
	int wrong = 0;

	for (int i = 0; i < BOUNDS; i++)
		ints[i] = at += 1 + (int64_t)(tap_random() % 20);
	for (int i = 0; i < 100000; i++) {
		int64_t key = -6000 + (int64_t)(tap_random() % 20000);
		size_t hint = tap_random() % b.nleaves, want = 0;

		while (want < BOUNDS && ints[want] <= key)
			want++;
		wrong += bounds_find_int(&b, key, hint) != want;
	}
	is_int(wrong, 0, "every integer finds its leaf from any hint");
}

/* A key that shares up to 20 bytes with others, and may be one's beginning. */
static size_t
some_key(char out[32], size_t same)
{
	size_t len = tap_below(same + 12);

	for (size_t i = 0; i < len; i++)
		out[i] = i < same && !tap_one_in(40) ? 'a'
		                                     : "\0ab\377"[tap_below(4)];
	return len;
}

static int
by_bytes(const void *a, const void *b)
{
	const struct buf *x = a, *y = b;

	return key_cmp(x->data, x->len, y->data, y->len);
}

static void
find_keys(size_t nleaves, size_t same)
{
	struct arena *arena = arena_new(4096);
	struct buf *keys = arena_alloc(arena, nleaves * sizeof(*keys));
	uint32_t *start = arena_alloc(arena, (nleaves + 1) * sizeof(*start));
	struct buf enc = BUF_INIT;
	struct bounds b = { .ncols = 1, .start = start };
	struct bounds part;
	size_t wrong = 0, n = 0, first;

	for (size_t i = 0; i < nleaves; i++) {
		char key[32];

		keys[i] = (struct buf)BUF_INIT;
		buf_add(&keys[i], key, some_key(key, same));
	}
	qsort(keys, nleaves, sizeof(*keys), by_bytes);
	for (size_t i = 0; i + 1 < nleaves; i++) {
		if (i > 0 && by_bytes(&keys[i - 1], &keys[i]) == 0)
			continue;
		start[n++] = (uint32_t)enc.len;
		buf_add(&enc, keys[i].data, keys[i].len);
	}
	start[n] = (uint32_t)enc.len;
	b.nleaves = n + 1;
	b.enc = buf_str(&enc);
	bounds_index(&b, arena);
	/* As bounds_part() makes one. */
	first = tap_below(n + 1);
	part = b;
	part.nleaves -= first;
	part.start += first;
	part.heads += first;
	for (int i = 0; i < 2000; i++) {
		char key[32];
		size_t len = some_key(key, same), want = 0;

		while (want < n && key_cmp(key, len, enc.data + start[want],
				       start[want + 1] - start[want]) >= 0)
			want++;
		wrong += bounds_find(&b, key, len, tap_below(n + 1)) != want;
		want = want > first ? want - first : 0;
		wrong += bounds_find(
			     &part, key, len, tap_below(part.nleaves)) != want;
	}
	is_int((long long)wrong, 0, "%zu leaves, %zu bytes alike", n + 1, same);
	for (size_t i = 0; i < nleaves; i++)
		buf_free(&keys[i]);
	buf_free(&enc);
	arena_free(arena);
}

static void
find(void)
{
	static const size_t sizes[] = { 1, 2, 3, 10, 400 };

	find_ints();
	for (size_t s = 0; s < ARRAY_LEN(sizes); s++)
		for (size_t same = 0; same <= 20; same += 5)
			find_keys(sizes[s], same);
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
