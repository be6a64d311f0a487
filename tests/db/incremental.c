/*
 * An incremental comparison finds what a full one does, after each of many
 * steps that change rows, change tables and what is kept in between.
 */
#include <config.h>

#include "audit/incremental.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/tap.h"
#include "lib/tracking.h"
#include "lib/world.h"

#define STEPS 75 /* four times */
#define ROWS 120

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
	buf_addf(&l->text, "%c %s %" PRId64 ", ", "-~+"[c->op],
	    c -> pair -> name, key[0].u.i);
	return TU_OK;
}

static enum status
hear_end(struct change_sink *s, const struct pair *pair,
    const struct tally *tally, struct err *err)
{
	struct listener *l = (struct listener *)s;

	(void)err;
	buf_addf(&l->text,
	    "%s: %" PRIu64 " %" PRIu64 " rows, +%" PRIu64 " ~%" PRIu64
	    " -%" PRIu64 "; ",
	    pair->name, tally->rows[SOURCE], tally->rows[TARGET],
	    tally->ops[CHANGE_INSERT], tally->ops[CHANGE_UPDATE],
	    tally->ops[CHANGE_DELETE]);
	return TU_OK;
}

/* --- two tracked databases ------------------------------------------------ */

struct twins {
	struct world w;
	struct tracking t[2];
	const char *state, *copy; /* files */
	struct history *h;
	struct incremental *inc;
	size_t by_keys, whole; /* tables */
	int64_t next;          /* number of a row that was never there */
};

static const char *const create[BRANDS] = {
	[LITE] = "CREATE TABLE p (id INTEGER PRIMARY KEY);"
		 "CREATE TABLE t (id INTEGER PRIMARY KEY, p INTEGER REFERENCES "
		 "p ON DELETE CASCADE, v INTEGER, w TEXT);",
	[PG] = "CREATE TABLE p (id bigint PRIMARY KEY);"
	       "CREATE TABLE t (id bigint PRIMARY KEY, p bigint REFERENCES p "
	       "ON DELETE CASCADE, v int, w text);",
	[MY] = "CREATE TABLE p (id BIGINT PRIMARY KEY) ENGINE=InnoDB;"
	       "CREATE TABLE t (id BIGINT PRIMARY KEY, p BIGINT, v INT, "
	       "w TEXT, FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE) "
	       "ENGINE=InnoDB;",
};

/* A statement of the application's that may fail. */
static void
app(struct twins *tw, enum side side, const char *sql)
{
	struct err ignored = ERR_INIT;

	if (db_exec(tw->t[side].app, sql, NULL, &ignored))
		printf("# %s\n", ignored.msg);
}

static void
fill(struct twins *tw, enum side side)
{
	tracking_run(tw->t[side].app, "BEGIN");
	for (int i = 1; i <= 9; i++)
		tracking_run(
		    tw->t[side].app, arena_printf(tw->w.arena,
					 "INSERT INTO p (id) VALUES (%d)", i));
	for (int i = 1; i <= ROWS; i++)
		tracking_run(tw->t[side].app,
		    arena_printf(tw->w.arena,
			"INSERT INTO t (id, p, v, w) VALUES (%d, %d, %d, 'w')",
			i, i % 9 + 1, i));
	tracking_run(tw->t[side].app, "COMMIT");
}

static void
open_twins(struct twins *tw, enum brand source, enum brand target)
{
	*tw = (struct twins){ .next = 100000 };
	world_open(&tw->w, source, target);
	tw->state = arena_printf(tw->w.arena, "%s/pair.state", tw->w.dir);
	tw->copy = arena_printf(tw->w.arena, "%s/copy", tw->w.dir);
	for (int s = SOURCE; s <= TARGET; s++) {
		world_run(&tw->w, (enum side)s, create[tw->w.brand[s]]);
		tracking_open(&tw->t[s], tw->w.url[s]);
		if (tw->w.brand[s] == PG)
			tracking_run(tw->t[s].app,
			    s == SOURCE ? "SET search_path = tu_source"
					: "SET search_path = tu_target");
		if (tw->w.brand[s] == LITE)
			tracking_run(tw->t[s].app, "PRAGMA foreign_keys = ON");
		fill(tw, (enum side)s);
	}
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
	(void)unlink(tw->state);
	(void)unlink(tw->copy);
	world_close(&tw->w);
}

/* The schema of a side, where there are any. */
static const char *
schema_of(const struct twins *tw, enum side side)
{
	if (tw->w.brand[side] != PG)
		return NULL;
	return side == SOURCE ? "tu_source" : "tu_target";
}

/* "trueup track" of t and p. */
enum track_action {
	TRACK_INSTALL,
	TRACK_REMOVE,
	TRACK_CLEAN,
};

static void
track_capture(struct installer *in, enum track_action action,
    const char *schema, struct err *err)
{
	uint64_t deleted;

	for (size_t i = 0; i < in->captures.n && err->status == TU_OK; i++) {
		const struct capture *c = &in->captures.list[i];

		if (schema != NULL && strcmp(c->name.schema, schema) != 0)
			continue;
		if (action == TRACK_REMOVE)
			(void)install_remove(in, c, err);
		else
			(void)install_clean(in, c, 0, &deleted, err);
	}
}

static void
track_table(struct installer *in, const char *schema, struct err *err)
{
	struct installed done;

	for (size_t i = 0; i < in->list.n && err->status == TU_OK; i++) {
		struct table *t = &in->list.tables[i];

		if ((strcmp(t->name, "t") == 0 || strcmp(t->name, "p") == 0) &&
		    (schema == NULL || strcmp(t->schema, schema) == 0))
			(void)install_table(in, t, &done, err);
	}
}

static void
track(struct twins *tw, enum side side, enum track_action action)
{
	struct installer in = {
		.db = tracking_connect(tw->w.url[side], DB_WRITE),
		.arena = tw->w.arena,
		.lock_ms = 5000,
	};
	const char *schema = schema_of(tw, side);
	struct err err = ERR_INIT;

	if (install_begin(&in, &err) == TU_OK) {
		if (action == TRACK_INSTALL)
			track_table(&in, schema, &err);
		else
			track_capture(&in, action, schema, &err);
	}
	install_end(&in);
	db_close(in.db);
	if (err.status)
		ok(false, "track: %s", err.msg);
}

/* --- a run ---------------------------------------------------------------- */

static enum status
compare_pair(void *arg, const struct pair *pair,
    const struct diff_options *options, struct change_sink *sink,
    struct tally *tally, struct err *err)
{
	struct twins *tw = arg;
	const struct incremental_options io = {
		.history = tw->h,
		.name = "pair",
		.plan = &tw->w.plan,
		.url = { tw->w.url[SOURCE], tw->w.url[TARGET] },
	};
	enum status st = TU_OK;

	if (tw->inc == NULL)
		st = incremental_new(&io, &tw->inc, err);
	if (st == TU_OK)
		st = incremental_pair(tw->inc, pair, options, sink, tally, err);
	if (st == TU_OK) {
		tw->by_keys += tally->by_keys;
		tw->whole += !tally->by_keys;
	}
	return st;
}

static const char *
compare(struct twins *tw, bool incremental)
{
	static const char *const tables[] = { "t", "p", NULL };
	const struct world_options options = { .hash = -1,
		.tables = tables,
		.compare = incremental ? compare_pair : NULL,
		.arg = tw };
	struct listener l = { .sink = { .change = hear, .end = hear_end } };
	struct err err = ERR_INIT;
	const char *text;

	if (world_compare(&tw->w, &options, &l.sink, &err))
		ok(false, "comparison: %s", err.msg);
	text = arena_strdup(tw->w.arena, buf_str(&l.text));
	buf_free(&l.text);
	return text;
}

/* killed: nothing is kept of it. */
static const char *
run_incremental(struct twins *tw, bool killed)
{
	struct history_end end = { 0 };
	struct err err = ERR_INIT;
	const char *text;

	if (history_open(tw->state, "pair", HISTORY_WRITE, &tw->h, &err) ||
	    history_begin(tw->h, "diff", "incremental", &err))
		ok(false, "state: %s", err.msg);
	text = compare(tw, true);
	if (!killed && history_end(tw->h, &end, &err))
		ok(false, "state: %s", err.msg);
	history_close(tw->h);
	if (!killed)
		incremental_ack(tw->inc);
	incremental_free(tw->inc);
	tw->inc = NULL;
	return text;
}

static void
copy_file(const char *from, const char *to)
{
	char command[2000];

	snprintf(
	    command, sizeof(command), "cp '%s' '%s' 2>/dev/null", from, to);
	if (system(command) != 0)
		printf("# no %s\n", from);
}

/* --- steps ---------------------------------------------------------------- */

static int
some_id(void)
{
	return (int)(tap_random() % ROWS) + 1;
}

static void
change_rows(struct twins *tw, enum side side)
{
	static const char *const forms[] = {
		"UPDATE t SET v = v + 1 WHERE id = %d",
		"DELETE FROM t WHERE id = %d",
		"UPDATE t SET id = id + 1000 WHERE id = %d",
		"INSERT INTO t (id, p, v, w) VALUES (%d, 1, 0, 'new')",
		"INSERT INTO p (id) VALUES (%d)",
	};
	int n = (int)(tap_random() % 8);

	for (int i = 0; i < n; i++) {
		const char *form = forms[tap_random() % ARRAY_LEN(forms)];
		const char *hole = strstr(form, "%d");

		app(tw, side,
		    arena_printf(tw->w.arena, "%.*s%d%s", (int)(hole - form),
			form, some_id(), hole + 2));
	}
}

/* The change table of t, with its number. */
static const char *
change_table(struct twins *tw, enum side side)
{
	struct err err = ERR_INIT;
	struct captures all;
	struct buf out = BUF_INIT;
	struct db *db = tw->t[side].maker;
	const char *schema = schema_of(tw, side), *name = NULL;

	if (captures_load(db, tw->w.arena, &all, &err))
		ok(false, "captures: %s", err.msg);
	for (size_t i = 0; i < all.n; i++) {
		const struct capture *c = &all.list[i];

		if (strcmp(c->name.name, "t") != 0 ||
		    (schema != NULL && strcmp(c->name.schema, schema) != 0))
			continue;
		buf_reset(&out);
		db->dialect->track->change(&out, c->t.tab);
		name = arena_strdup(tw->w.arena, buf_str(&out));
	}
	buf_free(&out);
	return name;
}

/* One row comes, and the change table forgets it. */
static void
lose_change(struct twins *tw, enum side side)
{
	const char *changes = change_table(tw, side);
	int64_t id = tw->next++;

	app(tw, side,
	    arena_printf(tw->w.arena,
		"INSERT INTO t (id, p, v, w) VALUES (%" PRId64
		", NULL, 0, 'lost')",
		id));
	if (changes != NULL)
		app(tw, side,
		    arena_printf(tw->w.arena,
			"DELETE FROM %s WHERE k1 = %" PRId64, changes, id));
}

static void
double_changes(struct twins *tw, enum side side)
{
	const char *changes = change_table(tw, side);

	if (changes != NULL)
		app(tw, side,
		    arena_printf(tw->w.arena,
			tw->w.brand[side] == MY
			    ? "INSERT INTO %s (op, k1, who) SELECT op, k1, who "
			      "FROM %s"
			    : "INSERT INTO %s (op, k1) SELECT op, k1 FROM %s",
			changes, changes));
}

/* Some time goes by without a trigger; a run sees that, or the next install
 * does. */
static void
disable(struct twins *tw, enum side side)
{
	const char *changes = change_table(tw, side);
	const char *number = changes != NULL ? strrchr(changes, '_') + 1 : NULL;
	int n = number != NULL ? atoi(number) : 0;

	if (n == 0)
		return;
	app(tw, side,
	    tw->w.brand[side] == PG
		? arena_printf(tw->w.arena,
		      "ALTER TABLE t DISABLE TRIGGER trueup_u_%d", n)
		: arena_printf(tw->w.arena, "DROP TRIGGER trueup_u_%d", n));
	app(tw, side, "UPDATE t SET v = v + 5 WHERE id % 7 = 1");
}

/* What the target lacks or has too much goes. */
static void
make_equal(struct twins *tw)
{
	static const struct apply_options options = { 0 };
	struct apply_result result = { 0 };
	struct err err = ERR_INIT;

	if (world_diff(&tw->w) > 0 &&
	    world_apply(&tw->w, &options, &result, &err))
		ok(false, "apply: %s", err.msg);
}

static const char *
do_step(struct twins *tw)
{
	enum side side = tap_random() % 2 ? SOURCE : TARGET;

	switch (tap_random() % 16) {
	default:
		change_rows(tw, SOURCE);
		change_rows(tw, TARGET);
		return "changes";
	case 0:
		app(tw, side, "UPDATE t SET id = -id WHERE v % 5 = 0");
		return "keys change";
	case 1:
		app(tw, side,
		    tw->w.brand[side] == LITE ? "DELETE FROM t"
					      : "TRUNCATE TABLE t");
		return "truncate";
	case 2:
		app(tw, side, "UPDATE t SET w = 'all'");
		return "bulk update";
	case 3:
		app(tw, side,
		    arena_printf(tw->w.arena, "DELETE FROM p WHERE id = %d",
			(int)(tap_random() % 9) + 1));
		return "cascade";
	case 4:
		disable(tw, side);
		return "a trigger is disabled";
	case 5:
		/* A state from before would know of none of those that were
		 * found since; one on each side, and counting finds nothing. */
		(void)unlink(tw->copy);
		lose_change(tw, side);
		return "a change is lost";
	case 6:
		change_rows(tw, side);
		double_changes(tw, side);
		return "changes are doubled";
	case 7:
		change_rows(tw, side);
		(void)run_incremental(tw, true);
		return "a run is killed";
	case 8:
		copy_file(tw->copy, tw->state);
		return "an old state comes back";
	case 9:
		copy_file(tw->state, tw->copy);
		change_rows(tw, side);
		return "the state is copied";
	case 10:
		change_rows(tw, side);
		track(tw, side, TRACK_CLEAN);
		return "the change table is cleaned";
	case 11:
		track(tw, side, TRACK_INSTALL);
		return "install";
	case 12:
		if (tap_random() % 3 == 0)
			track(tw, side, TRACK_REMOVE);
		change_rows(tw, side);
		return "remove";
	case 13:
		make_equal(tw);
		return "apply";
	case 14:
		(void)unlink(tw->state);
		return "the state is lost";
	}
}

static void
test_pair(enum brand source, enum brand target)
{
	char shown[100];
	struct twins tw;

	if (!brand_available(source) || !brand_available(target))
		return;
	snprintf(shown, sizeof(shown), "%s to %s", brand_name(source),
	    brand_name(target));
	open_twins(&tw, source, target);
	for (int s = SOURCE; s <= TARGET; s++)
		track(&tw, (enum side)s, TRACK_INSTALL);
	for (int step = 0; step < STEPS; step++) {
		const char *what = step > 0 ? do_step(&tw) : "at first";
		const char *some = run_incremental(&tw, false);
		const char *all = compare(&tw, false);

		is_str(some, all, "%s, step %d, %s", shown, step, what);
		/* What was lost behind a trigger is found once, not for ever;
		 * and most runs are to have changes to read. */
		if (strcmp(what, "a trigger is disabled") == 0 || step % 5 == 0)
			for (int s = SOURCE; s <= TARGET; s++)
				track(&tw, (enum side)s, TRACK_INSTALL);
	}
	printf("# %s: %zu tables by keys, %zu in full\n", shown, tw.by_keys,
	    tw.whole);
	ok(tw.by_keys > STEPS / 2 && tw.whole > 0,
	    "%s: many are compared by their changes", shown);
	close_twins(&tw);
}

int
main(void)
{
	test_pair(LITE, LITE);
	test_pair(PG, PG);
	test_pair(PG, MY);
	test_pair(MY, LITE);
	return tap_done();
}
