/*
 * Updates that move unique values are put into an order in which each could
 * run with the constraint on. Random permutations, chains and circles are
 * played through against a set of the values that are taken.
 */
#include <config.h>

#include "patch/uniques.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/pairs.h"
#include "lib/tap.h"
#include "value/rowhash.h"

enum {
	ROWS = 60,
	VALUES = 100,
	NONE = -1
};

static struct arena *arena;
static uint64_t state;

static unsigned
below(unsigned n)
{
	state = state * 6364136223846793005U + 1442695040888963407U;
	return (unsigned)(state >> 33) % n;
}

static struct cell
value(int v)
{
	return v == NONE ? cell_null() : cell_int(v);
}

/* Two unique columns; b may be NOT NULL or of a kind that cannot be parked. */
static struct pair *
new_pair(enum ltype b, bool notnull)
{
	struct column cols[] = {
		pairs_column("id", LT_NUM, AFF_NONE),
		pairs_column("a", LT_NUM, AFF_NONE),
		pairs_column("b", b, AFF_NONE),
	};
	struct pair *p;
	struct table *t;
	struct index_key *keys;
	int *at;

	cols[2].notnull = notnull;
	p = pairs_new(arena, "public", "t", cols, 3, 1);
	t = arena_memdup(arena, p->table[TARGET], sizeof(*t));
	keys = arena_alloc(arena, 2 * sizeof(*keys));
	at = arena_alloc(arena, 2 * sizeof(*at));
	for (int i = 0; i < 2; i++) {
		at[i] = i + 1;
		keys[i].ncols = 1;
		keys[i].cols = &at[i];
	}
	t->keys = keys;
	t->nkeys = 2;
	p->table[TARGET] = t;
	return p;
}

/* Some values, each in one row; NULL may be in many. */
static void
deal(int *values, unsigned nulls)
{
	bool used[VALUES] = { false };

	for (int i = 0; i < ROWS; i++) {
		int v;

		do
			v = (int)below(VALUES);
		while (used[v]);
		used[v] = true;
		values[i] = below(100) < nulls ? NONE : v;
	}
}

/* Mostly the same values in other rows. */
static void
shuffle(int *values, const int *old, unsigned times)
{
	memcpy(values, old, ROWS * sizeof(*values));
	while (times-- > 0) {
		unsigned i = below(ROWS), j = below(ROWS);
		int v = values[i];

		values[i] = values[j];
		values[j] = v;
	}
}

struct game {
	int now[2][ROWS], want[2][ROWS];
	bool parked[ROWS];
	size_t row[ROWS]; /* of the updates */
	size_t n;
};

static bool
taken(const struct game *g, int col, int v)
{
	for (int i = 0; v != NONE && i < ROWS; i++)
		if (g->now[col][i] == v)
			return true;
	return false;
}

/* Did the step leave every value to one row? */
static bool
play(struct game *g, const struct uniques *u, const struct change *changes,
    const struct waits_step *s)
{
	size_t row = g->row[s->row];
	bool parked[3], fine = true;

	if (s->phase != CHANGE_WHOLE)
		uniques_parked(u, &changes[s->row], parked);
	for (int col = 0; col < 2; col++) {
		int v = g->want[col][row];

		if (s->phase == CHANGE_PARK) {
			if (parked[col + 1])
				g->now[col][row] = NONE;
			continue;
		}
		if (g->now[col][row] == v)
			continue;
		fine &= !taken(g, col, v);
		g->now[col][row] = v;
	}
	fine &= s->phase != CHANGE_PARK || !g->parked[row];
	fine &= s->phase != CHANGE_UNPARK || g->parked[row];
	g->parked[row] = s->phase == CHANGE_PARK;
	return fine;
}

static void
random_game(const struct pair *pair, unsigned round, size_t *nparked)
{
	static const bool updated[] = { false, true, true };
	struct uniques *u = uniques_new(pair, updated);
	struct change changes[ROWS];
	struct waits_step *steps;
	struct game g = { .n = 0 };
	size_t n, bad = 0;

	for (int col = 0; col < 2; col++) {
		deal(g.now[col], col == 0 ? 20 : 0);
		shuffle(g.want[col], g.now[col], round % 40);
	}
	for (size_t i = 0; i < ROWS; i++) {
		struct cell source[] = { cell_int((int64_t)i),
			value(g.want[0][i]), value(g.want[1][i]) };
		struct cell target[] = { cell_int((int64_t)i),
			value(g.now[0][i]), value(g.now[1][i]) };

		if (g.want[0][i] == g.now[0][i] && g.want[1][i] == g.now[1][i])
			continue;
		changes[g.n] = pairs_update(arena, pair,
		    arena_memdup(arena, source, sizeof(source)),
		    arena_memdup(arena, target, sizeof(target)));
		g.row[g.n] = i;
		uniques_add(u, &changes[g.n++]);
	}
	steps = uniques_order(u, &n);
	for (size_t i = 0; i < n; i++) {
		bad += !play(&g, u, changes, &steps[i]);
		*nparked += steps[i].phase == CHANGE_PARK;
	}
	ok(bad == 0 && memcmp(g.now, g.want, sizeof(g.now)) == 0,
	    "round %u: %zu updates in %zu steps", round, g.n, n);
	free(steps);
	uniques_free(u);
}

static void
test_no_index(void)
{
	static const bool updated[] = { false, false, true, false };
	struct pair *p = new_pair(LT_NUM, false);
	struct table *t = (struct table *)p->table[TARGET];

	t->nkeys = 1;
	ok(uniques_new(p, updated) == NULL, "only other columns change");
}

/* The database has to refuse what cannot be parked. */
static void
test_no_parking(void)
{
	static const bool updated[] = { false, true, true };
	struct pair *p = new_pair(LT_DATE, true);
	struct uniques *u = uniques_new(p, updated);
	struct cell rows[2][3] = {
		{ cell_int(1), cell_int(1), pairs_text("2024-01-01") },
		{ cell_int(2), cell_int(2), pairs_text("2024-01-02") },
	};
	struct cell swapped[2][3];
	struct waits_step *steps;
	size_t n;

	memcpy(swapped, rows, sizeof(rows));
	swapped[0][2] = rows[1][2];
	swapped[1][2] = rows[0][2];
	for (int i = 0; i < 2; i++) {
		struct change c = pairs_update(arena, p, swapped[i], rows[i]);

		uniques_add(u, &c);
	}
	steps = uniques_order(u, &n);
	ok(n == 2 && steps[0].phase == CHANGE_WHOLE &&
		steps[1].phase == CHANGE_WHOLE,
	    "each row once where nothing can be parked");
	free(steps);
	uniques_free(u);
}

int
main(void)
{
	const char *seed = getenv("TRUEUP_SEED");
	size_t nparked = 0;

	state = seed ? strtoull(seed, NULL, 10) : random_u64();
	printf("# TRUEUP_SEED=%llu\n", (unsigned long long)state);
	for (unsigned round = 0; round < 200; round++) {
		arena = arena_new(16384);
		random_game(new_pair(LT_NUM, round % 2 == 1), round, &nparked);
		arena_free(arena);
	}
	ok(nparked > 100, "%zu rows were parked", nparked);
	arena = arena_new(16384);
	test_no_index();
	test_no_parking();
	arena_free(arena);
	return tap_done();
}
