/*
 * Own writes carry a name, and nobody else's do: not those of the application
 * before and after, in its own session or in the one that was ours, whether our
 * transaction was committed or not, and in batches as in one.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/dialect.h"
#include "lib/tap.h"
#include "lib/tracking.h"
#include "lib/world.h"
#include "patch/echo.h"
#include "patch/journal.h"
#include "track/ask.h"

#define RUN "00000000000000aa"

static const char *brand;

static enum status
apply(struct world *w, struct db *db, const char *run, struct journal *journal)
{
	const struct apply_options options = {
		.run = run, .journal = journal, .batch_rows = 2
	};
	struct apply_result result;
	struct err err = ERR_INIT;
	enum status st;

	w->plan.db[TARGET] = db;
	st = apply_run(db, w->spool, &options, &result, &err);
	if (st && st != TU_ECONFLICT)
		printf("# %s\n", err.msg);
	return st;
}

/* "1 aa, 2": the keys of all changes, ascending, with what they are called. */
static const char *
changes(struct tracking *t)
{
	const struct dialect *d = t->db->dialect;
	struct buf sql = BUF_INIT, out = BUF_INIT;
	struct err err = ERR_INIT;
	struct texts rows;
	const char *text;

	buf_addf(&sql, "SELECT CAST(k1 AS %s), CAST(run AS %s) FROM ",
	    d->track->text, d->track->text);
	d->track->change(&sql, t->capture->t.tab);
	buf_adds(&sql, " ORDER BY k1, run IS NOT NULL");
	if (ask_texts(t->app, t->arena, buf_str(&sql), 2, &rows, &err))
		printf("# %s\n", err.msg);
	for (size_t i = 0; i < rows.n; i++) {
		const char *run = texts_get(&rows, i, 1);

		buf_addf(
		    &out, "%s%s", i > 0 ? ", " : "", texts_get(&rows, i, 0));
		if (run != NULL)
			buf_addf(&out, " %s", run + MIN(strlen(run), 14));
	}
	text = arena_strdup(t->arena, buf_str(&out));
	buf_reset(&sql);
	buf_adds(&sql, "DELETE FROM ");
	d->track->change(&sql, t->capture->t.tab);
	tracking_run(t->app, buf_str(&sql));
	buf_free(&sql);
	buf_free(&out);
	return text;
}

/* The application touches a row. */
static void
touch(struct world *w, struct db *db, int a)
{
	tracking_run(
	    db, arena_printf(w->arena,
		    "UPDATE %s SET w = coalesce(w, 0) + 1 WHERE a = %d",
		    w->brand[TARGET] == PG ? "tu_target.\"T\"" : "T", a));
}

/* Rows 1 to 3 are to be inserted, updated and deleted. */
static void
make_differences(struct world *w)
{
	world_run(w, SOURCE,
	    "DELETE FROM t; INSERT INTO t VALUES (1, 1), (2, 2), (8, 8),"
	    " (9, 9)");
	world_run(w, TARGET,
	    arena_printf(w->arena,
		"DELETE FROM %s WHERE a < 8;"
		"INSERT INTO %s (a, v) VALUES (2, 7), (3, 3)",
		w->brand[TARGET] == PG ? "\"T\"" : "T",
		w->brand[TARGET] == PG ? "\"T\"" : "T"));
}

static void
begin(struct world *w, struct tracking *t)
{
	make_differences(w);
	is_int((long long)world_diff(w), 3, "%s: three differences", brand);
	changes(t);
}

static void
check_one(struct world *w, struct tracking *t)
{
	struct db *other = tracking_connect(w->url[TARGET], DB_WRITE);

	begin(w, t);
	touch(w, t->app, 8);
	ok(apply(w, t->app, RUN, NULL) == TU_OK, "%s: applied", brand);
	touch(w, t->app, 9);
	touch(w, other, 9);
	is_str(changes(t), "1 aa, 2 aa, 3 aa, 8, 9, 9",
	    "%s: ours have the name, and no others", brand);
	begin(w, t);
	ok(apply(w, t->app, NULL, NULL) == TU_OK, "%s: without one", brand);
	is_str(changes(t), "1, 2, 3", "%s: nobody has", brand);
	db_close(other);
}

static void
check_batches(struct world *w, struct tracking *t)
{
	const char *path = arena_printf(w->arena, "%s/state", w->dir);
	struct journal *journal;
	struct err err = ERR_INIT;

	begin(w, t);
	if (journal_open(path, "a", "b", &journal, &err))
		printf("Bail out! %s\n", err.msg);
	ok(apply(w, t->app, RUN, journal) == TU_OK, "%s: in batches", brand);
	journal_close(journal);
	touch(w, t->app, 9);
	is_str(changes(t), "1 aa, 2 aa, 3 aa, 9",
	    "%s: all batches have the name", brand);
}

/* A row was changed since: all is rolled back. */
static void
check_failure(struct world *w, struct tracking *t)
{
	begin(w, t);
	world_run(w, TARGET,
	    arena_printf(w->arena, "UPDATE %s SET v = 70 WHERE a = 2",
		w->brand[TARGET] == PG ? "\"T\"" : "T"));
	changes(t);
	ok(apply(w, t->app, RUN, NULL) == TU_ECONFLICT, "%s: a conflict",
	    brand);
	touch(w, t->app, 9);
	is_str(changes(t), "9", "%s: and the name is gone", brand);
}

/* What an older version has made knows of no names. */
static void
check_older(struct world *w, struct tracking *t)
{
	struct err err = ERR_INIT;

	world_open(w, LITE, LITE);
	world_run(w, SOURCE, "CREATE TABLE t (a INTEGER PRIMARY KEY, v)");
	world_run(w, TARGET,
	    "CREATE TABLE T (a INTEGER PRIMARY KEY, v, w);"
	    "CREATE TABLE u (a INTEGER PRIMARY KEY)");
	tracking_open(t, w->url[TARGET]);
	brand = "SQLite, nothing installed";
	make_differences(w);
	world_run(w, SOURCE, "CREATE TABLE u (a INTEGER PRIMARY KEY)");
	world_diff(w);
	ok(apply(w, t->app, RUN, NULL) == TU_OK, "%s: applied", brand);
	tracking_install(t, "T");
	tracking_run(t->app,
	    "DROP TRIGGER trueup_i_1;\nDROP TRIGGER trueup_u_1;\n"
	    "DROP TRIGGER trueup_k_1;\nDROP TRIGGER trueup_d_1;\n"
	    "DROP TABLE trueup_ctx;\n"
	    "CREATE TRIGGER trueup_u_1 AFTER UPDATE ON T BEGIN INSERT INTO "
	    "trueup_change_1 (op, k1) VALUES ('U', NEW.a); END");
	brand = "SQLite, an older install";
	make_differences(w);
	world_diff(w);
	ok(apply(w, t->app, RUN, NULL) == TU_OK, "%s: applied", brand);
	is_str(changes(t), "2", "%s: nothing is named", brand);
	tracking_install(t, "u");
	ok(db_exec(t->app, "INSERT INTO u VALUES (1)", NULL, &err) == TU_OK,
	    "%s: another table is installed by this version: %s", brand,
	    err.msg);
	tracking_close(t);
	world_close(w);
}

static void
check_brand(enum brand b)
{
	struct world w;
	struct tracking t;

	brand = brand_name(b);
	world_open(&w, b, b);
	world_run(&w, SOURCE, "CREATE TABLE t (a integer PRIMARY KEY, v int)");
	/* Of another name, because on PostgreSQL both are in one database. */
	world_run(&w, TARGET,
	    b == PG
		? "CREATE TABLE \"T\" (a integer PRIMARY KEY, v int, w int);"
		  "INSERT INTO \"T\" (a, v) VALUES (8, 8), (9, 9)"
		: "CREATE TABLE T (a integer PRIMARY KEY, v int, w int);"
		  "INSERT INTO T (a, v) VALUES (8, 8), (9, 9)");
	tracking_open(&t, w.url[TARGET]);
	tracking_install(&t, "T");
	/* It excludes other writers of ours. */
	db_close(t.maker);
	t.maker = NULL;
	check_one(&w, &t);
	check_batches(&w, &t);
	check_failure(&w, &t);
	if (b == PG)
		tracking_run(t.app, "DROP SCHEMA " TRACK_SCHEMA " CASCADE");
	tracking_close(&t);
	world_close(&w);
}

int
main(void)
{
	struct world w;
	struct tracking t;

	for (int b = LITE; b < BRANDS; b++)
		if (brand_available((enum brand)b))
			check_brand((enum brand)b);
	check_older(&w, &t);
	return tap_done();
}
