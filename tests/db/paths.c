/*
 * One answer by every path: random small tables are compared by pages, through
 * SQLite, with rows hashed here and with each hash of the servers, by one to
 * eight connections, with leaves of one row to all, in parts, and with a wrong
 * idea of how large they are, which makes a comparison look at samples, cut
 * again and change its mind. Each way exactly what was planted must come out,
 * in key order.
 *
 * TRUEUP_PATHS_RUNS is the number of tables (500), TRUEUP_SEED where they
 * begin. Tables of a batch lie in the same two databases, so that these are
 * opened and planned once for all of them.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "diff/slice.h"
#include "lib/tap.h"
#include "paths-tables.h"
#include "value/key.h"

#define BATCH 20
#define WAYS 5
#define SHOWN 5 /* rows of a table that went wrong */

struct way {
	int hash; /* -1: auto, else enum hash_kind */
	uint64_t leaf_rows;
	unsigned jobs;
	double rows; /* that tables are said to have; 0: what is known */
	double part; /* of a table at once; 0: all */
};

/* Tables of a batch, and what the one that is compared came to. */
struct batch {
	struct change_sink sink; /* first */
	struct arena *arena;
	struct world world;
	struct way way;
	size_t n, wrong;
	struct planted *tables[BATCH];

	const struct planted *now;
	unsigned ops[PATH_ROWS]; /* that were found */
	size_t bad_columns, doubled, unordered;
	struct buf last; /* key of the last change */
};

/* --- what is found -------------------------------------------------------- */

static bool
right_columns(const struct planted_row *r, const struct change *c)
{
	static const char *const names[] = { "n", "v", "f" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		enum verdict v =
		    c->verdicts[pair_find_target(c->pair, names[i])];

		if ((v != VERDICT_EQUAL) != (r->columns >> i & 1))
			return false;
	}
	return true;
}

static enum status
collect(struct change_sink *sink, const struct change *c, struct err *err)
{
	struct batch *b = (struct batch *)sink;
	const struct cell *row = c->source ? c->source : c->target;
	int64_t rid = row[pair_find_target(c->pair, "rid")].u.i;
	struct buf key = BUF_INIT;
	unsigned op = 1u << c->op;

	if (rid < 0 || (size_t)rid >= b->now->nrows)
		return err_set(err, TU_EBUG, "row %d", (int)rid);
	b->doubled += (b->ops[rid] & op) != 0;
	b->ops[rid] |= op;
	if (c->op == CHANGE_UPDATE)
		b->bad_columns += !right_columns(&b->now->rows[rid], c);
	for (size_t i = 0; i < c->pair->nkeys; i++)
		key_encode(&key, &c->pair->cols[i].type, &row[i]);
	b->unordered +=
	    key_cmp(b->last.data, b->last.len, key.data, key.len) > 0;
	buf_free(&b->last);
	b->last = key;
	return TU_OK;
}

static void
show_rows(const struct batch *b)
{
	size_t shown = 0;

	for (size_t i = 0; i < b->now->nrows && shown < SHOWN; i++) {
		if (b->ops[i] == planted_ops(b->now, i))
			continue;
		printf("#   row %zu: planted %x, found %x\n", i,
		    planted_ops(b->now, i), b->ops[i]);
		shown++;
	}
}

static void
judge(struct batch *b, const struct tally *tally, enum status st,
    const struct err *err)
{
	const struct planted *p = b->now;
	size_t wrong = 0;

	for (size_t i = 0; i < p->nrows; i++)
		wrong += b->ops[i] != planted_ops(p, i);
	if (!st && wrong + b->bad_columns + b->doubled + b->unordered == 0 &&
	    tally->rows[SOURCE] == p->count[SOURCE] &&
	    tally->rows[TARGET] == p->count[TARGET])
		return;
	if (b->wrong++ == 0)
		printf("# hash %d, leaf %d, jobs %u, %.0f rows, part %.2f\n",
		    b->way.hash, (int)b->way.leaf_rows, b->way.jobs,
		    b->way.rows, b->way.part);
	printf("# t%u: %s\n#   %zu rows wrong, %zu columns, %zu doubled, %zu "
	       "not in order; %d and %d rows, read %d and %d; %s\n",
	    p->number, p->what, wrong, b->bad_columns, b->doubled, b->unordered,
	    (int)p->count[SOURCE], (int)p->count[TARGET],
	    (int)tally->rows[SOURCE], (int)tally->rows[TARGET],
	    st ? err->msg : "");
	show_rows(b);
}

/* --- one table ------------------------------------------------------------ */

static enum status
compare_parts(struct batch *b, const struct pair *pair,
    const struct diff_options *options, struct tally *sum, struct err *err)
{
	struct slice slice = { .part = b->way.part, .arena = b->arena };
	enum status st;

	*sum = (struct tally){ 0 };
	do {
		struct tally tally;

		slice.from = slice.next;
		st = diff_slice(&b->world.plan, pair, options, &slice, &b->sink,
		    &tally, err);
		for (int s = SOURCE; s <= TARGET; s++)
			sum->rows[s] += tally.rows[s];
	} while (!st && slice.next != NULL);
	if (!st || !slice.whole)
		return st;
	err_clear(err);
	return diff_pair(&b->world.plan, pair, options, &b->sink, sum, err);
}

static enum status
compare_table(void *arg, const struct pair *pair,
    const struct diff_options *options, struct change_sink *sink,
    struct tally *tally, struct err *err)
{
	struct batch *b = arg;
	struct pair said = *pair;
	struct err own = ERR_INIT;
	enum status st;

	(void)err;
	b->now = b->tables[atoi(pair->table[TARGET]->name + 1)];
	memset(b->ops, 0, sizeof(b->ops));
	b->bad_columns = b->doubled = b->unordered = 0;
	buf_reset(&b->last);
	/* Connections cost more than all the rest, and a server that folds
	 * thousands of leaves without rows costs more than that. */
	if (b->way.rows > 0 && (b->way.jobs == 1 || tap_one_in(4)))
		said.rows =
		    pair->pushdown[SOURCE] || pair->pushdown[TARGET]
			? MIN(b->way.rows, 500.0 * (double)pair->leaf_rows)
			: b->way.rows;
	st = b->way.part > 0
	         ? compare_parts(b, &said, options, tally, &own)
	         : diff_pair(&b->world.plan, &said, options, sink, tally, &own);
	judge(b, tally, st, &own);
	return TU_OK; /* the others are compared all the same */
}

/* --- a batch -------------------------------------------------------------- */

static void
compare_batch(struct batch *b, const struct way *way)
{
	struct world_options options = { .hash = way->hash,
		.leaf_rows = way->leaf_rows,
		.jobs = way->jobs,
		.compare = compare_table,
		.arg = b };
	struct err err = ERR_INIT;
	enum status st;

	b->way = *way;
	b->wrong = 0;
	st = world_compare(&b->world, &options, &b->sink, &err);
	ok(!st && b->world.plan.npairs == b->n && b->wrong == 0,
	    "%s to %s: %zu tables, hash %d, leaf %d, jobs %u, %.0f rows, part "
	    "%.2f %s",
	    brand_name(b->world.brand[SOURCE]),
	    brand_name(b->world.brand[TARGET]), b->n, way->hash,
	    (int)way->leaf_rows, way->jobs, way->rows, way->part, err.msg);
}

static void
load(struct batch *b, enum side side)
{
	enum brand brand = b->world.brand[side];
	struct buf sql = BUF_INIT;

	if (brand != PG)
		buf_adds(&sql, "BEGIN;\n");
	for (size_t i = 0; i < b->n; i++)
		planted_sql(&sql, b->tables[i], brand, side);
	if (brand != PG)
		buf_adds(&sql, "COMMIT;\n");
	world_run(&b->world, side, buf_str(&sql));
	buf_free(&sql);
}

static struct way
random_way(void)
{
	static const uint64_t leaves[] = { 0, 0, 0, 1, 2, 3, 7, 64, 200, 500,
		1000 };
	struct way w = { .hash = (int)tap_below(HASH_RECORD + 2) - 1,
		.leaf_rows = leaves[tap_below(ARRAY_LEN(leaves))],
		.jobs = 1 };

	/* Only large tables get more connections, and samples. */
	if (tap_one_in(3))
		w.rows = 1e5 * (1 + (double)tap_below(10));
	if (tap_one_in(3))
		w.jobs = 1 + (unsigned)tap_below(8);
	if (tap_one_in(8))
		w.part = 0.01 * (5 + (double)tap_below(60));
	return w;
}

static void
run_batch(const enum brand brands[2], size_t n)
{
	static const struct way ways[] = {
		{ .hash = -1, .jobs = 1 },
		{ .hash = HASH_STREAM, .jobs = 1 },
		/* Said to be large enough for a look at samples. */
		{ .hash = HASH_RECORD, .jobs = 1, .rows = 1e6 },
		/* And for another, of leaves with two rows. */
		{ .hash = HASH_STREAM,
		    .leaf_rows = 64,
		    .jobs = 1,
		    .rows = 1e5 },
	};
	struct batch b = { .sink.change = collect, .n = n };

	b.arena = arena_new(1 << 20);
	world_open(&b.world, brands[SOURCE], brands[TARGET]);
	for (size_t i = 0; i < n; i++)
		b.tables[i] = planted_new(b.arena, brands, (unsigned)i);
	load(&b, SOURCE);
	load(&b, TARGET);
	for (size_t i = 0; i < ARRAY_LEN(ways); i++)
		compare_batch(&b, &ways[i]);
	for (size_t i = ARRAY_LEN(ways); i < WAYS; i++) {
		struct way w = random_way();

		compare_batch(&b, &w);
	}
	buf_free(&b.last);
	world_close(&b.world);
	arena_free(b.arena);
}

int
main(void)
{
	static const enum brand pairings[][2] = { { LITE, LITE }, { PG, PG },
		{ LITE, LITE }, { LITE, PG }, { LITE, LITE }, { PG, LITE },
		{ PG, PG }, { LITE, LITE }, { MY, MY }, { LITE, LITE },
		{ PG, PG }, { LITE, LITE }, { MY, PG }, { PG, PG },
		{ LITE, MY } };
	const char *runs = getenv("TRUEUP_PATHS_RUNS");
	size_t n = runs != NULL ? (size_t)atoi(runs) : 500;
	size_t at = tap_below(ARRAY_LEN(pairings));

	for (; n > 0; at = (at + 1) % ARRAY_LEN(pairings)) {
		size_t now = MIN(n, BATCH);

		if (!brand_available(pairings[at][SOURCE]) ||
		    !brand_available(pairings[at][TARGET]))
			continue;
		run_batch(pairings[at], now);
		n -= now;
	}
	return tap_done();
}
