/*
 * What goes into the spool comes out again: every kind of cell, in every
 * order, across segments; and rows of tables that refer to themselves come out
 * so that each could run with the constraint on.
 */
#include <config.h>

#include "patch/spool.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "lib/pairs.h"
#include "lib/tap.h"

static struct arena *arena;

static struct spool *
new_spool(void)
{
	struct err err = ERR_INIT;
	struct spool *s;

	ok(spool_new(&s, &err) == TU_OK, "a spool opens");
	return s;
}

static void
put(struct spool *s, struct change c)
{
	struct change_sink *sink = spool_sink(s);
	struct err err = ERR_INIT;

	if (sink->change(sink, &c, &err) != TU_OK)
		ok(false, "change kept: %s", err.msg);
}

static void
end_table(struct spool *s, const struct pair *pair)
{
	struct change_sink *sink = spool_sink(s);
	struct tally tally = { .suspects = 0 };
	struct err err = ERR_INIT;

	if (sink->end(sink, pair, &tally, &err) != TU_OK)
		ok(false, "table ended: %s", err.msg);
}

static struct pair *
new_pair(const char *name)
{
	const struct column cols[] = {
		pairs_column("id", LT_NUM, AFF_NONE),
		pairs_column("parent", LT_NUM, AFF_NONE),
		pairs_column("note", LT_TEXT, AFF_NONE),
	};

	return pairs_new(arena, "public", name, cols, ARRAY_LEN(cols), 1);
}

static const struct cell *
row(int64_t id, int64_t parent, const char *note)
{
	struct cell cells[] = { cell_int(id),
		parent >= 0 ? cell_int(parent) : cell_null(),
		note ? pairs_text(note) : cell_null() };

	return arena_memdup(arena, cells, sizeof(cells));
}

/* The ids of a table's changes as read, "3 1 2". */
static const char *
ids(struct spool *s, size_t table, enum change_op op, enum spool_order order)
{
	struct err err = ERR_INIT;
	struct spool_reader *r;
	const struct change *c;
	const char *out = "";

	if (spool_read(s, table, op, order, &r, &err) != TU_OK)
		return arena_strdup(arena, err.msg);
	while (spool_next(r, &c, &err) == TU_OK && c != NULL) {
		const struct cell *cells = c->source ? c->source : c->target;

		out = arena_printf(
		    arena, "%s%s%d", out, *out ? " " : "", (int)cells[0].u.i);
	}
	spool_reader_close(r);
	return out;
}

static void
test_every_cell(void)
{
	static const char nul[] = "a\0b";
	const struct column cols[] = {
		pairs_column("k", LT_NUM, AFF_NONE),
		pairs_column("n", LT_TEXT, AFF_NONE),
		pairs_column("i", LT_NUM, AFF_NONE),
		pairs_column("f", LT_F8, AFF_NONE),
		pairs_column("t", LT_TEXT, AFF_NONE),
		pairs_column("b", LT_BYTES, AFF_NONE),
		pairs_column("e", LT_TEXT, AFF_NONE),
	};
	const struct column extra = pairs_column("x", LT_TEXT, AFF_NONE);
	const struct cell source[] = { cell_int(1), cell_null(),
		cell_int(INT64_MIN), cell_f64(-0.0), cell_text(nul, 3),
		cell_bytes("\377\0", 2), cell_text("", 0) };
	const struct cell target[] = { cell_int(1), pairs_text("was"),
		cell_int(INT64_MAX), cell_f64(1e300), pairs_text("t"),
		cell_bytes("", 0), cell_null(), pairs_text("extra") };
	struct pair *pair =
	    pairs_new(arena, "public", "t", cols, ARRAY_LEN(cols), 1);
	struct spool *s = new_spool();
	struct err err = ERR_INIT;
	struct spool_reader *r;
	const struct change *c;
	struct change in;

	pairs_extra(arena, pair, &extra, 1);
	in = pairs_update(arena, pair, source, target);
	((enum verdict *)in.verdicts)[3] = VERDICT_UNREPRESENTABLE;
	put(s, in);
	end_table(s, pair);
	spool_read(s, 0, CHANGE_UPDATE, SPOOL_BY_KEY, &r, &err);
	spool_next(r, &c, &err);
	ok(c != NULL && c->pair == pair && c->op == CHANGE_UPDATE &&
		c->copies == 1 && c->patchable,
	    "an update comes back");
	for (size_t i = 0; i < ARRAY_LEN(source); i++) {
		ok(cell_same(&source[i], &c->source[i]), "source cell %zu", i);
		ok(c->verdicts[i] == in.verdicts[i], "verdict %zu", i);
		ok(c->why[i] == NULL, "why %zu is not kept", i);
	}
	for (size_t i = 0; i < ARRAY_LEN(target); i++)
		ok(cell_same(&target[i], &c->target[i]), "target cell %zu", i);
	spool_next(r, &c, &err);
	ok(c == NULL, "and nothing behind it");
	spool_reader_close(r);
	ok(spool_table(s, 0)->updated[4] && !spool_table(s, 0)->updated[0] &&
		!spool_table(s, 0)->updated[3],
	    "which columns updates change");
	spool_free(s);
}

static void
test_tables_and_counts(void)
{
	struct pair *a = new_pair("a"), *b = new_pair("b");
	struct spool *s = new_spool();
	struct change twice, dropped;

	ok(spool_ntables(s) == 0, "no tables at first");
	end_table(s, new_pair("equal"));
	ok(spool_ntables(s) == 0, "a table without changes is none");
	put(s, pairs_delete(arena, a, row(1, -1, NULL)));
	put(s, pairs_insert(arena, a, row(2, -1, NULL)));
	twice = pairs_insert(arena, a, row(3, -1, NULL));
	twice.copies = 5;
	put(s, twice);
	dropped = pairs_insert(arena, a, row(4, -1, NULL));
	dropped.patchable = false;
	put(s, dropped);
	end_table(s, a);
	put(s, pairs_delete(arena, b, row(7, -1, NULL)));
	end_table(s, b);

	is_int((long long)spool_ntables(s), 2, "two tables");
	ok(spool_table(s, 1)->pair == b, "in the order they came");
	is_int((long long)spool_table(s, 0)->count[CHANGE_INSERT], 6,
	    "copies count as rows");
	is_str(ids(s, 0, CHANGE_INSERT, SPOOL_APPLY), "2 3",
	    "what cannot be patched is not kept");
	is_str(ids(s, 0, CHANGE_DELETE, SPOOL_APPLY), "1", "deletes apart");
	is_str(ids(s, 1, CHANGE_DELETE, SPOOL_APPLY), "7", "tables apart");
	is_str(ids(s, 1, CHANGE_UPDATE, SPOOL_APPLY), "", "none of a kind");
	spool_free(s);
}

/* A value larger than a segment, and many segments. */
static void
test_segments(void)
{
	struct pair *pair = new_pair("t");
	struct spool *s = new_spool();
	struct err err = ERR_INIT;
	size_t big = 3 << 20;
	char *text = malloc(big);
	enum {
		N = 40000
	};
	int bad = 0;

	memset(text, 'x', big);
	for (int i = 0; i < N; i++) {
		struct cell cells[] = { cell_int(i), cell_null(),
			cell_text(text, i == 777 ? big : (size_t)(i % 90)) };
		struct change c = { .op = CHANGE_INSERT,
			.pair = pair,
			.source = cells,
			.copies = 1,
			.patchable = true };

		put(s, c);
	}
	end_table(s, pair);
	for (int order = SPOOL_BY_KEY; order <= SPOOL_UNDO; order++) {
		struct spool_reader *r;
		const struct change *c;
		int n = 0;

		spool_read(
		    s, 0, CHANGE_INSERT, (enum spool_order)order, &r, &err);
		while (spool_next(r, &c, &err) == TU_OK && c != NULL) {
			int want = order == SPOOL_UNDO ? N - 1 - n : n;
			size_t len = want == 777 ? big : (size_t)(want % 90);

			if (c->source[0].u.i != want || c->source[2].len != len)
				bad++;
			n++;
		}
		spool_reader_close(r);
		is_int(n, N, "every row in order %d", order);
	}
	is_int(bad, 0, "each in its place and of its size");
	free(text);
	spool_free(s);
}

static struct spool *
tree(struct pair *pair, enum change_op op, const int (*rows)[2], size_t n)
{
	struct spool *s = new_spool();

	for (size_t i = 0; i < n; i++) {
		const struct cell *cells = row(rows[i][0], rows[i][1], "n");

		put(s, op == CHANGE_INSERT ? pairs_insert(arena, pair, cells)
					   : pairs_delete(arena, pair, cells));
	}
	end_table(s, pair);
	return s;
}

static void
test_self_reference(void)
{
	static const int rows[][2] = { { 1, 3 }, { 2, 1 }, { 3, 9 }, { 4, -1 },
		{ 5, 5 }, { 6, 2 } };
	static const int cycle[][2] = { { 1, 2 }, { 2, 1 }, { 3, 1 }, { 4, -1 },
		{ 5, 4 } };
	struct pair *pair = new_pair("t");
	struct spool *s;

	s = tree(pair, CHANGE_INSERT, rows, ARRAY_LEN(rows));
	is_str(ids(s, 0, CHANGE_INSERT, SPOOL_APPLY), "1 2 3 4 5 6",
	    "without a reference to itself: key order");
	spool_free(s);

	pairs_fkey(arena, pair, "parent", "t", NULL);
	s = tree(pair, CHANGE_INSERT, rows, ARRAY_LEN(rows));
	is_str(ids(s, 0, CHANGE_INSERT, SPOOL_APPLY), "3 4 5 1 2 6",
	    "inserts: parents first");
	is_str(ids(s, 0, CHANGE_INSERT, SPOOL_UNDO), "6 2 1 5 4 3",
	    "their undo: exactly the reverse");
	is_str(ids(s, 0, CHANGE_INSERT, SPOOL_BY_KEY), "1 2 3 4 5 6",
	    "key order on request");
	spool_free(s);

	s = tree(pair, CHANGE_DELETE, rows, ARRAY_LEN(rows));
	is_str(ids(s, 0, CHANGE_DELETE, SPOOL_APPLY), "4 5 6 2 1 3",
	    "deletes: children first");
	spool_free(s);

	s = tree(pair, CHANGE_INSERT, cycle, ARRAY_LEN(cycle));
	is_str(ids(s, 0, CHANGE_INSERT, SPOOL_APPLY), "4 5 1 2 3 1",
	    "of a cycle one comes twice, without its reference first");
	is_str(ids(s, 0, CHANGE_INSERT, SPOOL_UNDO), "1 3 2 1 5 4",
	    "its undo: exactly the reverse");
	spool_free(s);

	((struct table *)pair->table[TARGET])->fkeys[0].deferrable = true;
	s = tree(pair, CHANGE_INSERT, cycle, ARRAY_LEN(cycle));
	is_str(ids(s, 0, CHANGE_INSERT, SPOOL_APPLY), "4 5 1 2 3",
	    "unless the constraint can wait");
	spool_free(s);
}

/* Texts that are equal only as a prefix, and numbers of two forms. */
static void
test_self_reference_of_text(void)
{
	const struct column cols[] = {
		pairs_column("id", LT_NUM, AFF_NONE),
		pairs_column("code", LT_TEXT, AFF_NONE),
		pairs_column("up", LT_TEXT, AFF_NONE),
	};
	struct pair *pair =
	    pairs_new(arena, NULL, "T", cols, ARRAY_LEN(cols), 1);
	const struct cell rows[][3] = {
		{ cell_int(1), pairs_text("ab"), pairs_text("a") },
		{ cell_int(2), pairs_text("abc"), pairs_text("ab ") },
		{ cell_int(3), pairs_text("a"), cell_null() },
	};
	struct spool *s = new_spool();

	pairs_fkey(arena, pair, "UP", "t", "CODE");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		put(s, pairs_insert(arena, pair, rows[i]));
	end_table(s, pair);
	is_str(ids(s, 0, CHANGE_INSERT, SPOOL_APPLY), "2 3 1",
	    "by a unique column, whose names SQLite takes in any case");
	spool_free(s);
}

/* A random forest: whatever the shape, each parent comes before its child. */
static void
test_random_forest(void)
{
	enum {
		N = 5000
	};
	static int parent[N], seen[N];
	struct pair *pair = new_pair("t");
	struct spool *s = new_spool();
	struct err err = ERR_INIT;
	struct spool_reader *r;
	const struct change *c;
	int n = 0, bad = 0;

	pairs_fkey(arena, pair, "parent", "t", "id");
	for (int i = 0; i < N; i++) {
		/* Ids are permuted so that parents are anywhere. */
		int up = i == 0 ? -1 : (int)(tap_random() % (unsigned)i);

		parent[i * 7 % N] = up < 0 ? -1 : up * 7 % N;
	}
	for (int i = 0; i < N; i++)
		put(s, pairs_insert(arena, pair, row(i, parent[i], NULL)));
	end_table(s, pair);
	spool_read(s, 0, CHANGE_INSERT, SPOOL_APPLY, &r, &err);
	while (spool_next(r, &c, &err) == TU_OK && c != NULL) {
		int id = (int)c->source[0].u.i;

		if (seen[id]++ || (parent[id] >= 0 && !seen[parent[id]]))
			bad++;
		n++;
	}
	spool_reader_close(r);
	is_int(n, N, "every row of a random forest");
	is_int(bad, 0, "once each, behind its parent");
	spool_free(s);
}

static void
test_errors(void)
{
	struct pair *pair = new_pair("t");
	struct rlimit old, small;
	struct err err = ERR_INIT;
	struct spool *s;
	struct change c = pairs_insert(arena, pair, row(1, -1, "x"));
	struct change_sink *sink;
	enum status st = TU_OK;

	setenv("TMPDIR", "/nowhere/at/all", 1);
	ok(spool_new(&s, &err) == TU_EIO && s == NULL &&
		strstr(err.msg, "/nowhere/at/all") != NULL,
	    "no such TMPDIR: %s", err.msg);
	setenv("TMPDIR", "/dev/shm", 1);
	s = new_spool();
	sink = spool_sink(s);
	getrlimit(RLIMIT_FSIZE, &old);
	small = old;
	small.rlim_cur = 100000;
	setrlimit(RLIMIT_FSIZE, &small);
	for (int i = 0; i < 100000 && st == TU_OK; i++)
		st = sink->change(sink, &c, &err);
	setrlimit(RLIMIT_FSIZE, &old);
	ok(st == TU_EIO && strstr(err.msg, "/dev/shm") != NULL,
	    "a file that cannot grow: %s", err.msg);
	spool_free(s);
	unsetenv("TMPDIR");
	spool_free(NULL);
	spool_reader_close(NULL);
}

int
main(void)
{
	arena = arena_new(1 << 16);
	signal(SIGXFSZ, SIG_IGN);
	test_every_cell();
	test_tables_and_counts();
	test_segments();
	test_self_reference();
	test_self_reference_of_text();
	test_random_forest();
	test_errors();
	arena_free(arena);
	return tap_done();
}
