/*
 * What is found by comparing the keys that change tables name is what a
 * comparison of everything finds, after any changes on both sides.
 */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "diff/diff.h"
#include "lib/tap.h"
#include "lib/tracking.h"
#include "lib/world.h"
#include "track/keycompare.h"

#define STEPS 6
#define ROWS 150
#define LIMIT 100000

TU_NORETURN static void
die(const char *what, const char *why)
{
	printf("Bail out! %s: %s\n", what, why);
	exit(1);
}

/* --- a sink that writes down what it hears -------------------------------- */

struct listener {
	struct change_sink sink; /* first, so that it is the object */
	struct buf text;
};

static enum status
hear(struct change_sink *s, const struct change *c, struct err *err)
{
	struct listener *l = (struct listener *)s;
	const struct cell *key = c->source != NULL ? c->source : c->target;

	(void)err;
	buf_addf(&l->text, "%c %" PRId64 "/%.*s, ", "-~+"[c->op], key[0].u.i,
	    (int)key[1].len, key[1].u.p);
	return TU_OK;
}

/* --- two tracked databases ------------------------------------------------ */

struct twins {
	struct world w;
	struct tracking t[2];
	struct plan plan;
	const struct pair *pair;
	struct vtype types[2];
	const char *position[2];
	char shown[100];
};

static const char *const create[BRANDS] = {
	[LITE] = "CREATE TABLE t (b TEXT NOT NULL, a INTEGER NOT NULL, v "
		 "INTEGER, PRIMARY KEY (a, b))",
	[PG] = "CREATE TABLE t (a bigint, b text COLLATE \"C\", v int, "
	       "PRIMARY KEY (b, a))",
	[MY] = "CREATE TABLE t (a BIGINT, b VARCHAR(40) COLLATE utf8mb4_bin, "
	       "v INT, PRIMARY KEY (a, b)) ENGINE=InnoDB",
};

static void
begin_snapshots(struct twins *tw)
{
	struct err err = ERR_INIT;

	for (int s = SOURCE; s <= TARGET; s++) {
		struct db *db = tw->t[s].db;

		if (db->drv->snapshot_begin(db, NULL, &err))
			die("snapshot", err.msg);
		tracking_check(&tw->t[s]);
	}
}

static void
end_snapshots(struct twins *tw)
{
	for (int s = SOURCE; s <= TARGET; s++)
		tw->t[s].db->drv->snapshot_end(tw->t[s].db);
}

static void
make_plan(struct twins *tw)
{
	static const char *const tables[] = { "t", NULL };
	struct selection sel = { .tables = tables, .hash = -1 };
	struct err err = ERR_INIT;

	for (int s = SOURCE; s <= TARGET; s++)
		if (tw->w.brand[s] == PG)
			sel.schema[s] = s == SOURCE ? "tu_source" : "tu_target";
	if (plan_make(tw->t[SOURCE].db, tw->t[TARGET].db, &sel, tw->w.arena,
		&tw->plan, &err) ||
	    tw->plan.npairs != 1)
		die("plan", err.msg);
	tw->pair = &tw->plan.pairs[0];
	for (size_t i = 0; i < tw->pair->nkeys; i++)
		tw->types[i] = tw->pair->cols[i].type;
}

/* The keys since the first position of that side. */
static void
read_keys(struct twins *tw, enum side side, struct keyset *keys)
{
	struct tracking *t = &tw->t[side];
	struct err err = ERR_INIT;
	struct change_reading got;

	if (!change_source_fits(t->arena, tw->pair, side, &t->source))
		die("source", "does not fit");
	keyset_init(keys, tw->types, tw->pair->nkeys, LIMIT);
	if (reader_read(t->db, t->aside, t->arena, &t->source, t->shape,
		tw->position[side], keys, &got, &err))
		die("read", err.msg);
	if (tw->position[side] == NULL)
		tw->position[side] = got.position;
	else if (got.whole)
		die("read", got.why);
}

static void
open_twins(struct twins *tw, enum brand source, enum brand target)
{
	struct keyset keys;

	*tw = (struct twins){ .position = { NULL, NULL } };
	world_open(&tw->w, source, target);
	snprintf(tw->shown, sizeof(tw->shown), "%s to %s", brand_name(source),
	    brand_name(target));
	for (int s = SOURCE; s <= TARGET; s++) {
		world_run(&tw->w, (enum side)s, create[tw->w.brand[s]]);
		tracking_open(&tw->t[s], tw->w.url[s]);
		tracking_install(&tw->t[s], "t");
		if (tw->w.brand[s] == PG)
			tracking_run(tw->t[s].app,
			    s == SOURCE ? "SET search_path = tu_source"
					: "SET search_path = tu_target");
		tracking_run(tw->t[s].app, "BEGIN");
		for (int i = 0; i < ROWS; i++) {
			char sql[100];

			snprintf(sql, sizeof(sql),
			    "INSERT INTO t (a, b, v) VALUES (%d, 'k%d', %d)",
			    i / 3, i % 3, i);
			tracking_run(tw->t[s].app, sql);
		}
		tracking_run(tw->t[s].app, "COMMIT");
	}
	begin_snapshots(tw);
	make_plan(tw);
	for (int s = SOURCE; s <= TARGET; s++) {
		read_keys(tw, (enum side)s, &keys);
		keyset_release(&keys);
	}
	end_snapshots(tw);
}

static void
close_twins(struct twins *tw)
{
	for (int s = SOURCE; s <= TARGET; s++) {
		if (tw->w.brand[s] == PG)
			tracking_run(tw->t[s].app,
			    "DROP SCHEMA IF EXISTS " TRACK_SCHEMA " CASCADE");
		tracking_close(&tw->t[s]);
	}
	world_close(&tw->w);
}

/* --- random changes ------------------------------------------------------- */

static void
change_some(struct twins *tw, enum side side)
{
	static const char *const forms[] = {
		"UPDATE t SET v = v + 1 WHERE a = %d",
		"DELETE FROM t WHERE a = %d AND b = 'k1'",
		"UPDATE t SET b = 'K1' WHERE a = %d AND b = 'k1'",
		"UPDATE t SET a = a + 10000 WHERE a = %d AND b = 'k2'",
		("INSERT INTO t (a, b, v) SELECT a, 'new', 0 FROM t WHERE a = "
		 "%d AND b = 'k0' AND v < 1000"),
	};
	int n = (int)(tap_random() % 12);

	for (int i = 0; i < n; i++) {
		const char *form = forms[tap_random() % ARRAY_LEN(forms)];
		const char *hole = strstr(form, "%d");
		const char *sql =
		    arena_printf(tw->w.arena, "%.*s%d%s", (int)(hole - form),
			form, (int)(tap_random() % (ROWS / 3)), hole + 2);
		struct err ignored = ERR_INIT;

		/* A key may be taken by now. */
		db_exec(tw->t[side].app, sql, NULL, &ignored);
	}
}

static void
compare(struct twins *tw, int step)
{
	const struct diff_options options = { .jobs = 1,
		.url = { tw->w.url[SOURCE], tw->w.url[TARGET] } };
	struct listener full = { .sink.change = hear };
	struct listener some = { .sink.change = hear };
	struct keyset keys[2];
	const struct keyset *both[2] = { &keys[SOURCE], &keys[TARGET] };
	struct tally tally[2];
	struct err err = ERR_INIT;

	begin_snapshots(tw);
	make_plan(tw);
	for (int s = SOURCE; s <= TARGET; s++)
		read_keys(tw, (enum side)s, &keys[s]);
	if (diff_pair(
		&tw->plan, tw->pair, &options, &full.sink, &tally[0], &err) ||
	    compare_keys(
		&tw->plan, tw->pair, both, &some.sink, &tally[1], &err))
		die("comparison", err.msg);
	end_snapshots(tw);
	is_str(buf_str(&some.text), buf_str(&full.text),
	    "%s, step %d: the same differences", tw->shown, step);
	ok(tally[1].suspects >= tally[1].ops[CHANGE_UPDATE] &&
		tally[1].ops[CHANGE_UPDATE] == tally[0].ops[CHANGE_UPDATE] &&
		tally[1].ops[CHANGE_DELETE] == tally[0].ops[CHANGE_DELETE] &&
		tally[1].ops[CHANGE_INSERT] == tally[0].ops[CHANGE_INSERT],
	    "%s, step %d: and the same counts", tw->shown, step);
	for (int s = SOURCE; s <= TARGET; s++)
		keyset_release(&keys[s]);
	buf_free(&full.text);
	buf_free(&some.text);
}

static void
test_pair(enum brand source, enum brand target)
{
	struct twins tw;

	if (!brand_available(source) || !brand_available(target))
		return;
	open_twins(&tw, source, target);
	compare(&tw, 0);
	for (int step = 1; step <= STEPS; step++) {
		change_some(&tw, SOURCE);
		change_some(&tw, TARGET);
		compare(&tw, step);
	}
	close_twins(&tw);
}

int
main(void)
{
	test_pair(LITE, LITE);
	test_pair(PG, MY);
	test_pair(MY, LITE);
	return tap_done();
}
