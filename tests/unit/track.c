/*
 * What of change tables needs no database: gaps, positions, sets of keys,
 * routes, states, the choice of tables.
 */
#include <config.h>

#include <stdio.h>

#include "lib/tap.h"
#include "track/capture.h"
#include "track/gaps.h"
#include "track/keyset.h"
#include "track/pick.h"
#include "track/position.h"
#include "track/routes.h"
#include "value/key.h"

static struct buf out;

static const char *
gaps_text(const struct gaps *g)
{
	buf_reset(&out);
	gaps_write(&out, g);
	return buf_str(&out);
}

static void
test_gaps(void)
{
	struct gaps g = { BUF_INIT }, copy = { BUF_INIT };

	is_str(gaps_text(&g), "-", "no gaps");
	gaps_add(&g, 5, 4, 1);
	gaps_add(&g, 4, 4, 17);
	gaps_add(&g, 9, 12, 18);
	is_str(gaps_text(&g), "4-4@17,9-12@18", "two");
	gaps_fill(&g, 8);
	gaps_fill(&g, 13);
	gaps_fill(&g, 10);
	is_str(gaps_text(&g), "4-4@17,9-9@18,11-12@18", "filled within");
	gaps_fill(&g, 11);
	gaps_fill(&g, 9);
	is_str(gaps_text(&g), "4-4@17,12-12@18", "filled at the edges");
	gaps_insert(&g, 6, 20);
	gaps_insert(&g, 1, 20);
	gaps_insert(&g, 99, 20);
	is_str(gaps_text(&g), "1-1@20,4-4@17,6-6@20,12-12@18,99-99@20",
	    "inserted where they belong");
	ok(gaps_read(&copy, gaps_text(&g)) && gaps_count(&copy) == 5, "read");
	is_str(gaps_text(&copy), "1-1@20,4-4@17,6-6@20,12-12@18,99-99@20",
	    "back as they were");
	gaps_expire(&g, 18);
	is_str(gaps_text(&g), "1-1@20,6-6@20,12-12@18,99-99@20", "expired");
	gaps_release(&g);
	gaps_release(&copy);
}

static void
test_bad_gaps(void)
{
	static const char *const bad[] = { "", "4", "4-4", "4-4@", "4-3@1",
		"4-5@1,5-6@1", "4-4@1;", "4-4@1,", "x" };
	struct gaps g = { BUF_INIT };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ok(!gaps_read(&g, bad[i]), "no gaps: '%s'", bad[i]);
	gaps_release(&g);
}

static const char *
low_text(const struct position *p)
{
	buf_reset(&out);
	position_low(&out, p);
	return buf_str(&out);
}

static void
test_positions(void)
{
	static const char gaps[] = "1\tgaps\tid\t7\tshape\t100\t2025-01-01 "
				   "10:00\t4-4@17,9-12@18";
	static const char snapshot[] =
	    "1\tsnapshot\tid\t7\tshape\t10:20:11,12\t1";
	static const char *const bad[] = { "", "1",
		"2\tgaps\tid\t7\tshape\t1\t-\t-", "1\tgaps\tid\t7\tshape\t1\t-",
		"1\tgaps\tid\t7\tshape\t1\t-\tx",
		"1\twindow\tid\t7\tshape\t1\t-\t-",
		"1\twindow\tid\t7\tshape\t1) OR (1 = 1",
		"1\twindow\tid\t7\tshape\t'2025", "1\tall\t-\t0\tshape\tx",
		"1\tslot\t-\t0\tshape", "1\tslot\t-\t0\tshape\ts\t1/2",
		"1\tslot\t-\t0\tshape\ts'\t1/2\t0",
		"1\tslot\t-\t0\tshape\ts\t1/2'\t0",
		"1\tslot\t-\t0\tshape\ts\t1/123456789\t0",
		"1\tsnapshot\tid\t7\tshape\t1:1:",
		"1\tchangetable\t-\t0\tshape", "1\tchangetable\t-\t0\tshape\t",
		"1\tchangetable\t-\t0\tshape\t7)",
		"1\tgaps\tid\t7\tshape\t1\t-\t-\t-",
		"1\tsnapshot\tid\t7\tshape\t'; DROP TABLE t\t1" };
	static const char *const kept[] = {
		"1\twindow\t-\t0\tshape\t'2025-11-21 10:00:00.5+00'",
		"1\twindow\t-\t0\tshape\t-12.5", "1\twindow\t-\t0\tshape\t-",
		"1\tchangetable\t-\t0\tshape\t123", "1\tall\t-\t0\tshape",
		"1\tnone\t-\t0\tshape", "1\tsnapshot\t-\t0\tshape\t1:1:\t0",
		"1\tslot\t-\t0\tshape\ts_1\t1F/16B3748\t0"
	};
	struct arena *arena = arena_new(1024);
	struct position p;

	ok(position_read(arena, gaps, &p), "a position of gaps");
	ok(p.kind == READ_GAPS && p.tab == 7 && p.last == 100, "its fields");
	is_str(p.mark, "2025-01-01 10:00", "its mark");
	is_str(low_text(&p), "3", "what may be forgotten lies below a gap");
	buf_reset(&out);
	position_write(&out, &p);
	is_str(buf_str(&out), gaps, "and back");
	position_release(&p);
	ok(position_read(arena, snapshot, &p), "a snapshot");
	is_str(low_text(&p), "10:20:11,12", "it is what it has read");
	buf_reset(&out);
	position_write(&out, &p);
	is_str(buf_str(&out), snapshot, "and back");
	position_release(&p);
	for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
		ok(position_read(arena, kept[i], &p), "a position");
		buf_reset(&out);
		position_write(&out, &p);
		is_str(buf_str(&out), kept[i], "and back");
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		ok(!position_read(arena, bad[i], &p), "no position: %zu", i);
		position_release(&p);
	}
	arena_free(arena);
}

/* --- keys ----------------------------------------------------------------- */

static bool
add(struct keyset *ks, int64_t a, const char *b)
{
	struct cell cells[] = { cell_int(a), cell_text(b, strlen(b)) };

	return keyset_add(ks, cells);
}

static void
test_keyset(void)
{
	static const struct vtype types[] = { { LT_NUM, LT_NONE, NULL },
		{ LT_TEXT, LT_NONE, NULL } };
	struct cell cells[2];
	struct keyset ks;
	size_t len, longer;
	const void *a, *b;

	keyset_init(&ks, types, 2, 100);
	keyset_sort(&ks);
	is_int((int)keyset_count(&ks), 0, "nothing in it");
	add(&ks, 10, "b");
	add(&ks, 9, "b");
	add(&ks, 10, "a");
	add(&ks, 10, "b");
	keyset_sort(&ks);
	is_int((int)keyset_count(&ks), 3, "each once");
	keyset_cells(&ks, 0, cells);
	is_int(cells[0].u.i, 9, "by value, not as text");
	keyset_cells(&ks, 1, cells);
	ok(cells[1].len == 1 && *cells[1].u.p == 'a', "then by the second");
	add(&ks, 1, "b");
	keyset_sort(&ks);
	a = keyset_key(&ks, 0, &len);
	b = keyset_key(&ks, 1, &longer);
	ok(keyset_count(&ks) == 4 && key_cmp(a, len, b, longer) < 0,
	    "one more, and before the others");
	keyset_release(&ks);
}

static void
test_limit(void)
{
	static const struct vtype types[] = { { LT_NUM, LT_NONE, NULL },
		{ LT_TEXT, LT_NONE, NULL } };
	struct keyset ks;
	bool fits = true;
	size_t most = 0;

	keyset_init(&ks, types, 2, 5000);
	for (int i = 0; i < 200000; i++) {
		fits &= add(&ks, i % 5000, "x");
		most = MAX(most, keyset_count(&ks));
	}
	ok(fits && most <= 10000, "a key that comes often takes no room");
	for (int i = 0; i < 20000 && fits; i++)
		fits = add(&ks, i, "y");
	ok(!fits, "more than the limit");
	keyset_release(&ks);
}

/* --- routes --------------------------------------------------------------- */

static const char *
routes_text(const struct tracked *t)
{
	buf_reset(&out);
	for (size_t i = 0; i < t->nroutes; i++) {
		const struct track_route *r = &t->routes[i];

		buf_adds(&out, i > 0 ? "; " : "");
		for (size_t s = 0; s < r->nsteps; s++)
			buf_addf(&out, "%s>%s", s > 0 ? "" : r->steps[s].child,
			    r->steps[s].parent);
		buf_adds(&out, r->circle ? " circle" : "");
	}
	return buf_str(&out);
}

/* clang-format off */
#define STEP(a, b) { .child = (a), .parent = (b) }
/* clang-format on */

static void
test_routes(void)
{
	static const struct {
		size_t n;
		struct track_step steps[4];
		const char *want, *what;
	} cases[] = {
		{ 1, { STEP("x", "y") }, "", "others' references" },
		{ 2, { STEP("t", "p"), STEP("p", "g") }, "t>p; t>p>g",
		    "two levels" },
		{ 1, { STEP("t", "t") }, "t>t circle", "to itself" },
		{ 2, { STEP("t", "p"), STEP("p", "p") }, "t>p; t>p>p circle",
		    "a parent to itself" },
		{ 2, { STEP("t", "p"), STEP("p", "t") }, "t>p; t>p>t circle",
		    "round and round" },
		{ 4,
		    { STEP("t", "a"), STEP("t", "b"), STEP("a", "g"),
			STEP("b", "g") },
		    "t>a; t>a>g; t>b; t>b>g", "two ways" },
	};
	struct arena *arena = arena_new(1024);
	struct table table = { .name = "t" };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct tracked t = { .table = &table };

		routes_among(cases[i].steps, cases[i].n, arena, &t);
		is_str(routes_text(&t), cases[i].want, "%s", cases[i].what);
	}
	arena_free(arena);
}

/* --- states --------------------------------------------------------------- */

static void
test_states(void)
{
	static const char was[] = "key a\t1\ntrigger i\t2\ntrigger u\t3\n";
	static const struct {
		const char *now, *want;
	} cases[] = {
		{ "key a\t1\ntrigger i\t2\ntrigger u\t3\n", NULL },
		{ "key a\t1\ntrigger i\t9\ntrigger u\t3\n",
		    "trigger i has changed" },
		{ "key a\t1\ntrigger i\t2\n", "trigger u is gone" },
		{ "key a\t1\nreference r\t1\ntrigger i\t2\ntrigger u\t3\n",
		    "reference r is new" },
		{ "key a\t1\ntrigger i\t22\ntrigger u\t3\n",
		    "trigger i has changed" },
		{ "", "key a is gone" },
	};
	struct arena *arena = arena_new(1024);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *got = capture_compare(arena, was, cases[i].now);

		if (cases[i].want == NULL)
			ok(got == NULL, "as it was");
		else
			is_str(got != NULL ? got : "(nothing)", cases[i].want,
			    "%s", cases[i].want);
	}
	arena_free(arena);
}

static void
test_ours(void)
{
	static const struct {
		struct table t;
		bool pg, ours;
	} cases[] = {
		{ { .name = "trueup_meta" }, false, true },
		{ { .name = "trueup_ctx" }, false, true },
		{ { .name = "trueup_change_12" }, false, true },
		{ { .name = "trueup_change_" }, false, false },
		{ { .name = "trueup_change_1x" }, false, false },
		{ { .name = "trueup_other" }, false, false },
		{ { .name = "consumer" }, false, false },
		{ { .name = "trueup_meta", .schema = "public" }, true, false },
		{ { .name = "consumer", .schema = TRACK_SCHEMA }, true, true },
		{ { .name = "change_1", .schema = TRACK_SCHEMA }, true, true },
		{ { .name = "change_1", .schema = TRACK_SCHEMA }, false, true },
		{ { .name = "mine", .schema = TRACK_SCHEMA }, true, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ok(track_is_ours(
		       cases[i].pg ? &dialect_postgresql : &dialect_sqlite,
		       &cases[i].t) == cases[i].ours,
		    "%s is %s", cases[i].t.name,
		    cases[i].ours ? "ours" : "not ours");
}

static void
test_pick(void)
{
	static const struct table a = { .schema = "s", .name = "orders" },
				  b = { .schema = "s", .name = "Orders" },
				  part = { .schema = "s",
					  .name = "orders_1",
					  .partition = true },
				  c = { .schema = "z", .name = "x_y" };
	static const struct table *const tables[] = { &a, &b, &part, &c };
	static const struct {
		const char *tables[3], *excludes[2], *schema, *want;
	} cases[] = {
		{ { NULL }, { NULL }, NULL, "ab.c" },
		{ { NULL }, { NULL }, "s", "ab.." },
		{ { "orders" }, { NULL }, NULL, "a..." },
		{ { "ORDERS" }, { NULL }, NULL, "ab.." },
		{ { "orders*" }, { NULL }, NULL, "a..." },
		{ { "orders_1" }, { NULL }, NULL, "..p." },
		{ { "s.orders", "xy" }, { NULL }, NULL, "a..c" },
		{ { NULL }, { "Orders" }, NULL, "a..c" },
		{ { "nothing" }, { NULL }, NULL, "error" },
		{ { "x_y" }, { NULL }, "s", "error" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct pick pick = { .schema = cases[i].schema };
		struct err err = ERR_INIT;
		bool chosen[4];
		char got[] = "....";

		if (cases[i].tables[0] != NULL)
			pick.tables = cases[i].tables;
		pick.excludes = cases[i].excludes;
		if (pick_tables(tables, 4, &pick, chosen, &err)) {
			is_str("error", cases[i].want, "%s", err.msg);
			continue;
		}
		for (size_t t = 0; t < 4; t++)
			if (chosen[t])
				got[t] = "abpc"[t];
		is_str(got, cases[i].want, "choice %zu", i);
	}
}

int
main(void)
{
	test_gaps();
	test_bad_gaps();
	test_positions();
	test_keyset();
	test_limit();
	test_routes();
	test_states();
	test_ours();
	test_pick();
	buf_free(&out);
	return tap_done();
}
