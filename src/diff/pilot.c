#include <config.h>

#include "diff/pilot.h"

#include <stdlib.h>

#include "base/both.h"
#include "base/log.h"
#include "diff/fold.h"

#define SAMPLES 8 /* at most, of every SAMPLE_OF leaves one */
#define SAMPLE_OF 64
/* Where one leaf in so many differs in several rows, so that it has to be cut
 * and read again, it is cheaper to fold small ones; that is to be expected,
 * too, where this part of them differs in one. */
#define APART_SHARE 4
#define DIFFER_SHARE 2
/* Where this part of the small ones has several rows that differ, so that their
 * rows are listed, folding no longer pays: with 3 % of differences it takes
 * less time than reading (and 12 MB a side instead of 172), with 5 % twice as
 * much. */
#define DENSE_SHARE 0.75

struct sampling {
	const struct plan *plan;
	const struct pair *pair;
	struct arena *arena;
	size_t parts;       /* small leaves a sample is cut into */
	struct bounds fine; /* samples and, between them, what is left out */
	size_t n;           /* samples */
	struct leaf *leaves[2];
	size_t differing, open, parts_differing, parts_open;
};

/* Bounds at the edges of each part of every sample: sample i is the leaves
 * from 1 + i * (parts + 1) on. */
static void
cut_samples(struct sampling *s, const struct bounds *b)
{
	size_t n = s->n, total = n * (s->parts + 1), at = 0;
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
fold_samples(void *arg, int side, struct err *err)
{
	const struct sampling *s = arg;
	const struct krange all = { 0 };
	enum status st = TU_OK;

	for (size_t i = 0; i < s->n && st == TU_OK; i++) {
		size_t first = 1 + i * (s->parts + 1);

		st = fold_leaves(s->plan->db[side], s->pair, (enum side)side,
		    s->plan->seed, &s->fine, &all, first, first + s->parts,
		    s->leaves[side], err);
	}
	return st;
}

static void
judge(struct sampling *s)
{
	const struct krange all = { 0 };
	/* else nothing names a key */
	bool near = fold_near(&s->fine, &all);

	for (size_t i = 0; i < s->n; i++) {
		size_t first = 1 + i * (s->parts + 1), differing = 0, open = 0;

		for (size_t p = first; p < first + s->parts; p++) {
			const struct leaf *x = &s->leaves[SOURCE][p];
			const struct leaf *y = &s->leaves[TARGET][p];
			int64_t key;

			if (leaf_equal(x, y))
				continue;
			differing++;
			open += !near ||
			        !leaf_decode_near(x, y, s->fine.ints[p - 1],
				    s->fine.ints[p], &key);
		}
		s->differing += differing > 0;
		s->open += differing > 1 || open > 0;
		s->parts_differing += differing;
		s->parts_open += open;
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
	s.n = n;
	cut_samples(&s, bounds);
	for (int side = SOURCE; side <= TARGET; side++)
		s.leaves[side] = leaves_new(s.fine.nleaves);
	st = both_sides(fold_samples, &s, err);
	if (st == TU_OK) {
		judge(&s);
		if ((double)s.parts_open > DENSE_SHARE * (double)(n * s.parts))
			*out = PILOT_DENSE;
		else if (s.open * APART_SHARE >= n ||
			 s.differing * DIFFER_SHARE > n)
			*out = PILOT_APART;
		log_line(LOG_INFO,
		    "table '%s': of %zu sampled leaves %zu differ, %zu in more "
		    "than one row, of their %zu parts %zu and %zu",
		    pair->name, n, s.differing, s.open, n * s.parts,
		    s.parts_differing, s.parts_open);
	}
	free(s.leaves[SOURCE]);
	free(s.leaves[TARGET]);
	arena_free(s.arena);
	return st;
}
