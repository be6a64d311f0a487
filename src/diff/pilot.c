#include <config.h>

#include "diff/pilot.h"

#include "base/log.h"
#include "diff/fold.h"

#define SAMPLES 8 /* at most, of every SAMPLE_OF leaves one */
#define SAMPLE_OF 128
/* Where one leaf in so many differs, it is cheaper to fold small ones. */
#define APART_SHARE 4
/* Where this part of the small ones has several rows that differ, and must be
 * fetched, folding no longer pays. */
#define DENSE_SHARE 2

struct sampling {
	const struct plan *plan;
	const struct pair *pair;
	struct arena *arena;
	size_t parts;       /* small leaves a sample is cut into */
	struct bounds fine; /* samples and, between them, what is left out */
	struct leaf *leaves[2];
	size_t differing, parts_differing, parts_open;
};

/* Bounds at the edges of each part of every sample: sample i is the leaves
 * from 1 + i * (parts + 1) on. */
static void
cut_samples(struct sampling *s, const struct bounds *b, size_t n)
{
	size_t total = n * (s->parts + 1), at = 0;
	int64_t *ints = arena_alloc(s->arena, total * sizeof(*ints));
	struct cell *cells = arena_alloc(s->arena, total * sizeof(*cells));

	for (size_t i = 0; i < n; i++) {
		size_t leaf = 1 + (b->nleaves - 2) * (2 * i + 1) / (2 * n);
		int64_t lo = b->ints[leaf - 1];
		uint64_t width = (uint64_t)b->ints[leaf] - (uint64_t)lo;

		for (size_t p = 0; p <= s->parts; p++)
			ints[at++] =
			    (int64_t)((uint64_t)lo +
				      (uint64_t)((double)width * (double)p /
						 (double)s->parts));
		ints[at - 1] = b->ints[leaf];
	}
	for (size_t i = 0; i < total; i++)
		cells[i] = cell_int(ints[i]);
	s->fine = (struct bounds){ .nleaves = total + 1,
		.ncols = 1,
		.integer = true,
		.ints = ints,
		.cells = cells };
}

static enum status
fold_samples(struct sampling *s, enum side side, size_t n, struct err *err)
{
	const struct krange all = { 0 };
	enum status st = TU_OK;

	s->leaves[side] =
	    arena_alloc(s->arena, s->fine.nleaves * sizeof(*s->leaves[side]));
	for (size_t i = 0; i < n && st == TU_OK; i++) {
		size_t first = 1 + i * (s->parts + 1);

		st = fold_leaves(s->plan->db[side], s->pair, side,
		    s->plan->seed, &s->fine, &all, first, first + s->parts,
		    s->leaves[side], err);
	}
	return st;
}

static void
judge(struct sampling *s, size_t n)
{
	const struct krange all = { 0 };
	/* else nothing names a key */
	bool near = fold_near(&s->fine, &all);

	for (size_t i = 0; i < n; i++) {
		size_t first = 1 + i * (s->parts + 1), differing = 0;

		for (size_t p = first; p < first + s->parts; p++) {
			const struct leaf *x = &s->leaves[SOURCE][p];
			const struct leaf *y = &s->leaves[TARGET][p];
			int64_t key;

			if (leaf_equal(x, y))
				continue;
			differing++;
			s->parts_open += !near || !leaf_decode_near(x, y,
						      s->fine.ints[p - 1],
						      s->fine.ints[p], &key);
		}
		s->differing += differing > 0;
		s->parts_differing += differing;
	}
}

enum status
pilot_run(const struct plan *plan, const struct pair *pair,
    const struct bounds *bounds, enum pilot *out, struct err *err)
{
	struct sampling s = { .plan = plan,
		.pair = pair,
		.parts = (size_t)(pair->leaf_rows / PILOT_LEAF) };
	size_t n = MIN(bounds->nleaves / SAMPLE_OF + 2, (size_t)SAMPLES);
	enum status st = TU_OK;

	*out = PILOT_ALIKE;
	if (bounds->nleaves < 4 * n || s.parts < 2)
		return TU_OK;
	s.arena = arena_new(65536);
	cut_samples(&s, bounds, n);
	for (int side = SOURCE; side <= TARGET && st == TU_OK; side++)
		st = fold_samples(&s, (enum side)side, n, err);
	if (st == TU_OK) {
		judge(&s, n);
		if (s.parts_open * DENSE_SHARE > n * s.parts)
			*out = PILOT_DENSE;
		else if (s.differing * APART_SHARE >= n)
			*out = PILOT_APART;
		log_line(LOG_INFO,
		    "table '%s': of %zu sampled leaves %zu differ, of their "
		    "%zu parts %zu, %zu in more than one row",
		    pair->name, n, s.differing, n * s.parts, s.parts_differing,
		    s.parts_open);
	}
	arena_free(s.arena);
	return st;
}
