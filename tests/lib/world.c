#include <config.h>

#include "lib/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "db/dialect.h"

static const char *const schema[] = { "tu_source", "tu_target" };

TU_NORETURN static void
bail_out(const char *what, const char *why)
{
	printf("Bail out! %s: %s\n", what, why);
	exit(1);
}

static struct db *
open_side(struct world *w, enum side side, enum db_mode mode)
{
	struct err err = ERR_INIT;
	struct db *db;

	if (db_open(w->url[side], mode, side == SOURCE ? "source" : "target",
		&db, &err))
		bail_out(w->url[side], err.msg);
	return db;
}

static void
exec_or_die(struct db *db, const char *sql)
{
	struct err err = ERR_INIT;

	if (db_exec(db, sql, NULL, &err))
		bail_out(sql, err.msg);
}

static void
create(struct world *w, enum side side)
{
	FILE *f;

	if (w->brand[side] == PG) {
		const char *url = getenv("TRUEUP_PG");
		struct db *db;

		if (url == NULL)
			bail_out("TRUEUP_PG", "is not set");
		w->url[side] = strdup(url);
		db = open_side(w, side, DB_WRITE);
		exec_or_die(db,
		    arena_printf(w->arena,
			"DROP SCHEMA IF EXISTS %s CASCADE; CREATE SCHEMA %s",
			schema[side], schema[side]));
		db_close(db);
		return;
	}
	w->url[side] =
	    strdup(arena_printf(w->arena, "%s/%s.db", w->dir, schema[side]));
	f = fopen(w->url[side], "w");
	if (f == NULL)
		bail_out(w->url[side], "cannot create");
	fclose(f);
}

void
world_open(struct world *w, enum brand source, enum brand target)
{
	char dir[] = "/tmp/tu-world-XXXXXX";

	*w = (struct world){ .brand = { source, target } };
	w->arena = arena_new(1 << 16);
	if (mkdtemp(dir) == NULL)
		bail_out(dir, "cannot create");
	w->dir = arena_strdup(w->arena, dir);
	create(w, SOURCE);
	create(w, TARGET);
}

void
world_close(struct world *w)
{
	const char *rm = arena_printf(w->arena, "rm -r %s", w->dir);

	for (int s = SOURCE; s <= TARGET; s++) {
		if (w->brand[s] == PG) {
			struct db *db = open_side(w, (enum side)s, DB_WRITE);

			exec_or_die(
			    db, arena_printf(w->arena, "DROP SCHEMA %s CASCADE",
				    schema[s]));
			db_close(db);
		}
		free(w->url[s]);
	}
	spool_free(w->spool);
	if (system(rm) != 0)
		bail_out(rm, "failed");
	arena_free(w->arena);
}

void
world_run(struct world *w, enum side side, const char *sql)
{
	struct db *db = open_side(w, side, DB_WRITE);

	if (w->brand[side] == PG)
		sql = arena_printf(
		    w->arena, "SET search_path = %s; %s", schema[side], sql);
	exec_or_die(db, sql);
	db_close(db);
}

void
world_run_both(struct world *w, const char *sql)
{
	world_run(w, SOURCE, sql);
	world_run(w, TARGET, sql);
}

/* The plan lives on, without its connections, as it does in sync. */
uint64_t
world_diff(struct world *w)
{
	struct selection sel = { .schema = { schema[SOURCE], schema[TARGET] },
		.hash = -1 };
	struct diff_options options = { .jobs = 1,
		.url = { w->url[SOURCE], w->url[TARGET] } };
	struct err err = ERR_INIT;

	spool_free(w->spool);
	if (spool_new(&w->spool, &err))
		bail_out("spool", err.msg);
	w->differences = 0;
	for (int s = SOURCE; s <= TARGET; s++) {
		if (w->brand[s] == LITE)
			sel.schema[s] = NULL;
		w->db[s] = open_side(w, (enum side)s, DB_READ);
		if (w->db[s]->drv->snapshot_begin(w->db[s], NULL, &err))
			bail_out("snapshot", err.msg);
	}
	if (plan_make(
		w->db[SOURCE], w->db[TARGET], &sel, w->arena, &w->plan, &err))
		bail_out("plan", err.msg);
	if (w->plan.nbad > 0)
		bail_out(w->plan.bad[0].table, w->plan.bad[0].why);
	for (size_t i = 0; i < w->plan.npairs; i++) {
		struct tally tally = { .suspects = 0 };

		if (diff_pair(&w->plan, &w->plan.pairs[i], &options,
			spool_sink(w->spool), &tally, &err))
			bail_out(w->plan.pairs[i].name, err.msg);
		for (int op = 0; op < CHANGE_OPS; op++)
			w->differences += tally.ops[op];
	}
	db_close(w->db[SOURCE]);
	db_close(w->db[TARGET]);
	return w->differences;
}

enum status
world_apply(struct world *w, const struct apply_options *options,
    struct apply_result *result, struct err *err)
{
	struct db *db = open_side(w, TARGET, DB_WRITE);
	enum status st = apply_run(db, w->spool, options, result, err);

	db_close(db);
	return st;
}

static const struct dialect *
target_dialect(const struct world *w)
{
	return w->brand[TARGET] == PG ? &dialect_postgresql : &dialect_sqlite;
}

void
world_write(struct world *w, const char *name, enum stmt_direction dir)
{
	const char *path = arena_printf(w->arena, "%s/%s", w->dir, name);
	struct sqlpatch_info info = { "the source", "the target", NULL };
	struct err err = ERR_INIT;
	FILE *f = fopen(path, "w");

	if (f == NULL)
		bail_out(path, "cannot create");
	if (sqlpatch_write(f, w->spool, target_dialect(w), dir, &info, &err))
		bail_out(path, err.msg);
	fclose(f);
}

int
world_client(struct world *w, const char *name)
{
	const char *command;

	if (w->brand[TARGET] == PG)
		command = arena_printf(w->arena,
		    "psql -Xq -v ON_ERROR_STOP=1 '%s' -f %s/%s "
		    ">%s/client.log 2>&1",
		    w->url[TARGET], w->dir, name, w->dir);
	else
		command = arena_printf(w->arena,
		    "sqlite3 -bail -cmd 'PRAGMA foreign_keys=ON' %s <%s/%s "
		    ">%s/client.log 2>&1",
		    w->url[TARGET], w->dir, name, w->dir);
	return system(command);
}

static const char *
read_command(struct world *w, const char *command)
{
	FILE *f = popen(command, "r");
	struct buf out = BUF_INIT;
	const char *text;
	int c;

	if (f == NULL)
		bail_out(command, "cannot run");
	while ((c = getc(f)) != EOF)
		buf_addc(&out, (char)c);
	if (pclose(f) != 0)
		bail_out(command, "failed");
	text = arena_strdup(w->arena, buf_str(&out));
	buf_free(&out);
	return text;
}

const char *
world_dump(struct world *w)
{
	if (w->brand[TARGET] == LITE)
		return read_command(
		    w, arena_printf(w->arena, "sqlite3 %s .dump | sort",
			   w->url[TARGET]));
	return read_command(
	    w, arena_printf(w->arena,
		   "cd %s && pg_dump --data-only --inserts --schema=%s '%s' "
		   ">dump.sql 2>dump.log && "
		   "grep -v -e setval -e '^\\\\' dump.sql | sort",
		   w->dir, schema[TARGET], w->url[TARGET]));
}

const char *
world_value(struct world *w, const char *sql)
{
	struct db *db = open_side(w, TARGET, DB_WRITE);
	struct err err = ERR_INIT;
	struct cell cell;
	bool found;
	const char *text = "(none)";

	if (w->brand[TARGET] == PG)
		exec_or_die(db, "SET search_path = tu_target");
	if (db_one(db, sql, &db_text_column, w->arena, &cell, &found, &err))
		bail_out(sql, err.msg);
	if (found && cell.kind == CELL_NULL)
		text = "(null)";
	else if (found)
		text = arena_memdup(w->arena, cell.u.p, cell.len);
	db_close(db);
	return text;
}
