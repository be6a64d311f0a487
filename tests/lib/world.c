#include <config.h>

#include "lib/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "db/dialect.h"
#include "patch/journal.h"
#include "patch/jsonpatch.h"
#include "patch/judge.h"
#include "patch/rename.h"
#include "patch/report.h"

static const char *const schema[] = { "tu_source", "tu_target" };

TU_NORETURN static void
bail_out(const char *what, const char *why)
{
	printf("Bail out! %.2000s: %s\n", what, why);
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
system_or_die(const char *command)
{
	if (system(command) != 0)
		bail_out(command, "failed");
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

/* --- SQLite --------------------------------------------------------------- */

static void
lite_create(struct world *w, enum side side)
{
	FILE *f;

	w->url[side] =
	    strdup(arena_printf(w->arena, "%s/%s.db", w->dir, schema[side]));
	f = fopen(w->url[side], "w");
	if (f == NULL)
		bail_out(w->url[side], "cannot create");
	fclose(f);
}

static void
lite_run(struct world *w, enum side side, const char *sql)
{
	struct db *db = open_side(w, side, DB_WRITE);

	exec_or_die(db, sql);
	db_close(db);
}

static const char *
lite_client(struct world *w, const char *name)
{
	return arena_printf(w->arena,
	    "sqlite3 -bail -cmd 'PRAGMA foreign_keys=ON' %s <%s/%s",
	    w->url[TARGET], w->dir, name);
}

static const char *
lite_dump(struct world *w, enum side side)
{
	return arena_printf(w->arena, "sqlite3 %s .dump | sort", w->url[side]);
}

/* --- PostgreSQL ----------------------------------------------------------- */

static void
pg_create(struct world *w, enum side side)
{
	const char *url = getenv("TRUEUP_PG");
	struct db *db;

	if (url == NULL)
		bail_out("TRUEUP_PG", "is not set");
	w->url[side] = strdup(url);
	db = open_side(w, side, DB_WRITE);
	exec_or_die(
	    db, arena_printf(w->arena,
		    "DROP SCHEMA IF EXISTS %s CASCADE; CREATE SCHEMA %s",
		    schema[side], schema[side]));
	db_close(db);
}

static void
pg_run(struct world *w, enum side side, const char *sql)
{
	struct db *db = open_side(w, side, DB_WRITE);

	exec_or_die(
	    db, arena_printf(w->arena, "SET search_path = %s", schema[side]));
	exec_or_die(db, sql);
	db_close(db);
}

static void
pg_drop(struct world *w, enum side side)
{
	struct db *db = open_side(w, side, DB_WRITE);

	exec_or_die(
	    db, arena_printf(w->arena, "DROP SCHEMA %s CASCADE", schema[side]));
	db_close(db);
}

static const char *
pg_client(struct world *w, const char *name)
{
	return arena_printf(w->arena,
	    "psql -Xq -v ON_ERROR_STOP=1 '%s' -f %s/%s", w->url[TARGET], w->dir,
	    name);
}

static const char *
pg_dump(struct world *w, enum side side)
{
	return arena_printf(w->arena,
	    "cd %s && pg_dump --data-only --inserts --schema=%s '%s' "
	    ">dump.sql 2>dump.log && "
	    "grep -v -e ^-- -e setval -e '^\\\\' dump.sql | "
	    "sed 's/^INSERT INTO %s\\./INSERT INTO /' | sort",
	    w->dir, schema[side], w->url[side], schema[side]);
}

/* --- MariaDB -------------------------------------------------------------- */

/* "-uUSER -hHOST -PPORT DATABASE" of mariadb://USER@HOST:PORT/DATABASE; the
 * database of a side where db says so, else none. */
static const char *
my_arguments(struct world *w, const char *url, bool db)
{
	char user[64], host[64], name[64] = "";
	int port;

	if (sscanf(url, "mariadb://%63[^@/:]@%63[^@/:]:%d/%63[^?]", user, host,
		&port, name) < 3)
		bail_out(url, "not mariadb://USER@HOST:PORT/");
	return arena_printf(
	    w->arena, "-u%s -h%s -P%d %s", user, host, port, db ? name : "");
}

static void
my_server(struct world *w, const char *sql)
{
	system_or_die(arena_printf(w->arena, "mariadb --no-defaults %s -e '%s'",
	    my_arguments(w, getenv("TRUEUP_MARIADB"), false), sql));
}

/* Beside the database that the server's name has, or one of this process. */
static const char *
my_database(struct world *w, enum side side)
{
	const char *url = getenv("TRUEUP_MARIADB");
	const char *name = url == NULL ? NULL : strrchr(url, '/');

	if (name == NULL)
		bail_out("TRUEUP_MARIADB", "is not set");
	if (name[1] == '\0')
		return arena_printf(
		    w->arena, "%s_%d", schema[side], (int)getpid());
	return arena_printf(
	    w->arena, "%s_%s", name + 1, side == SOURCE ? "source" : "target");
}

static void
my_create(struct world *w, enum side side)
{
	const char *name = my_database(w, side);
	const char *url = getenv("TRUEUP_MARIADB");
	int server = (int)(strrchr(url, '/') - url);

	my_server(w, arena_printf(w->arena,
			 "DROP DATABASE IF EXISTS %s; CREATE DATABASE %s "
			 "CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
			 name, name));
	w->url[side] =
	    strdup(arena_printf(w->arena, "%.*s/%s", server, url, name));
}

static void
my_drop(struct world *w, enum side side)
{
	my_server(w,
	    arena_printf(w->arena, "DROP DATABASE %s", my_database(w, side)));
}

static void
my_run(struct world *w, enum side side, const char *sql)
{
	FILE *f =
	    popen(arena_printf(w->arena,
		      "mariadb --no-defaults --default-character-set=utf8mb4 "
		      "--max-allowed-packet=1G %s",
		      my_arguments(w, w->url[side], true)),
		"w");

	if (f == NULL)
		bail_out("mariadb", "cannot run");
	fputs("SET time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,"
	      "NO_AUTO_VALUE_ON_ZERO,ANSI_QUOTES', foreign_key_checks = 1;\n",
	    f);
	fputs(sql, f);
	if (pclose(f) != 0)
		bail_out(sql, "mariadb failed");
}

static const char *
my_client(struct world *w, const char *name)
{
	return arena_printf(w->arena, "mariadb --no-defaults %s <%s/%s",
	    my_arguments(w, w->url[TARGET], true), w->dir, name);
}

static const char *
my_dump(struct world *w, enum side side)
{
	return arena_printf(w->arena,
	    "mariadb-dump --no-defaults --skip-comments "
	    "--skip-extended-insert --hex-blob --no-create-info "
	    "--skip-triggers --skip-opt --default-character-set=utf8mb4 %s "
	    "| sort",
	    my_arguments(w, w->url[side], true));
}

/* --- the brands ----------------------------------------------------------- */

static const struct {
	const char *name;
	const struct dialect *dialect;
	void (*create)(struct world *w, enum side side);
	void (*drop)(struct world *w, enum side side); /* NULL: a file */
	void (*run)(struct world *w, enum side side, const char *sql);
	/* Commands for the shell. */
	const char *(*client)(struct world *w, const char *file);
	const char *(*dump)(struct world *w, enum side side);
} brands[BRANDS] = {
	[LITE] = { "SQLite", &dialect_sqlite, lite_create, NULL, lite_run,
	    lite_client, lite_dump },
	[PG] = { "PostgreSQL", &dialect_postgresql, pg_create, pg_drop, pg_run,
	    pg_client, pg_dump },
	[MY] = { "MariaDB", &dialect_mysql, my_create, my_drop, my_run,
	    my_client, my_dump },
};

const char *
brand_name(enum brand brand)
{
	return brands[brand].name;
}

bool
brand_available(enum brand brand)
{
	static const bool built[BRANDS] = {
		[LITE] = true,
#ifdef WITH_PQ
		[PG] = true,
#endif
#ifdef WITH_ODBC
		[MY] = true,
#endif
	};

	return built[brand];
}

static void
make_dir(struct world *w)
{
	char dir[] = "/tmp/tu-world-XXXXXX";

	w->arena = arena_new(1 << 16);
	if (mkdtemp(dir) == NULL)
		bail_out(dir, "cannot create");
	w->dir = arena_strdup(w->arena, dir);
}

void
world_open(struct world *w, enum brand source, enum brand target)
{
	*w = (struct world){ .brand = { source, target } };
	make_dir(w);
	for (int s = SOURCE; s <= TARGET; s++)
		brands[w->brand[s]].create(w, (enum side)s);
}

void
world_pair(
    struct world *w, const struct world *source, const struct world *target)
{
	*w = (struct world){
		.brand = { source->brand[SOURCE], target->brand[TARGET] },
		.borrowed = true,
		.url = { strdup(source->url[SOURCE]),
		    strdup(target->url[TARGET]) },
	};
	make_dir(w);
}

void
world_close(struct world *w)
{
	for (int s = SOURCE; s <= TARGET; s++) {
		if (!w->borrowed && brands[w->brand[s]].drop != NULL)
			brands[w->brand[s]].drop(w, (enum side)s);
		free(w->url[s]);
	}
	spool_free(w->spool);
	system_or_die(arena_printf(w->arena, "rm -r %s", w->dir));
	arena_free(w->arena);
}

void
world_run(struct world *w, enum side side, const char *sql)
{
	brands[w->brand[side]].run(w, side, sql);
}

void
world_run_both(struct world *w, const char *sql)
{
	world_run(w, SOURCE, sql);
	world_run(w, TARGET, sql);
}

/* --- comparing and writing ------------------------------------------------ */

static enum status
compare_tables(struct world *w, const struct world_options *o,
    struct change_sink *sink, struct err *err)
{
	const struct diff_options options = { .jobs = o->jobs ? o->jobs : 1,
		.url = { w->url[SOURCE], w->url[TARGET] } };
	enum status st = TU_OK;

	w->tallies =
	    arena_alloc(w->arena, (w->plan.npairs + 1) * sizeof(*w->tallies));
	for (size_t i = 0; i < w->plan.npairs && !st; i++) {
		const struct pair *pair = &w->plan.pairs[i];
		struct tally *tally = &w->tallies[i];

		st =
		    o->compare != NULL
			? o->compare(o->arg, pair, &options, sink, tally, err)
			: diff_pair(&w->plan, pair, &options, sink, tally, err);
	}
	return st;
}

enum status
world_compare(struct world *w, const struct world_options *o,
    struct change_sink *sink, struct err *err)
{
	struct selection sel = {
		.hash = o->hash, .leaf_rows = o->leaf_rows, .tables = o->tables
	};
	enum status st = TU_OK;

	for (int s = SOURCE; s <= TARGET; s++) {
		if (w->brand[s] == PG)
			sel.schema[s] = schema[s];
		w->db[s] = open_side(w, (enum side)s, DB_READ);
	}
	for (int s = SOURCE; s <= TARGET && !st; s++)
		st = w->db[s]->drv->snapshot_begin(w->db[s], NULL, err);
	if (!st)
		st = plan_make(w->db[SOURCE], w->db[TARGET], &sel, w->arena,
		    &w->plan, err);
	if (!st && w->plan.nbad > 0)
		st = err_set(err, TU_ESCHEMA, "table '%s': %s",
		    w->plan.bad[0].table, w->plan.bad[0].why);
	if (!st)
		st = compare_tables(w, o, sink, err);
	if (!st && w->spool != NULL && sink == spool_sink(w->spool))
		st = rename_find(w->spool, &w->plan, err);
	db_close(w->db[SOURCE]);
	db_close(w->db[TARGET]);
	return st;
}

uint64_t
world_diff(struct world *w)
{
	static const struct world_options options = { .hash = -1 };
	struct err err = ERR_INIT;

	spool_free(w->spool);
	if (spool_new(&w->spool, &err))
		bail_out("spool", err.msg);
	if (world_compare(w, &options, spool_sink(w->spool), &err))
		bail_out("comparison", err.msg);
	w->differences = 0;
	for (size_t i = 0; i < w->plan.npairs; i++)
		for (int op = 0; op < CHANGE_OPS; op++)
			w->differences += w->tallies[i].ops[op];
	return w->differences;
}

enum status
world_apply(struct world *w, const struct apply_options *options,
    struct apply_result *result, struct err *err)
{
	struct db *db = open_side(w, TARGET, DB_WRITE);
	enum status st;

	w->plan.db[TARGET] = db; /* the comparison's is closed */
	st = apply_run(db, w->spool, options, result, err);
	db_close(db);
	return st;
}

struct batches {
	struct world *w;
	const char *path;
	struct journal *journal;
};

static enum status
keep_undo(void *arg, bool written, struct err *err)
{
	const struct batches *b = arg;
	const struct sqlpatch_info info = { .source = "a", .target = "b" };
	FILE *f = fopen(b->path, "w");
	enum status st;

	if (f == NULL)
		bail_out(b->path, "cannot create");
	st = sqlpatch_write_journal(f, b->journal, written,
	    brands[b->w->brand[TARGET]].dialect, &info, err);
	fclose(f);
	return st;
}

enum status
world_apply_batches(struct world *w, size_t rows, const char *name,
    const struct apply_options *options, struct apply_result *result,
    struct err *err)
{
	struct apply_options all = *options;
	struct batches b = { .w = w };
	enum status st;

	b.path = arena_printf(w->arena, "%s/%s", w->dir, name);
	if (journal_open(arena_printf(w->arena, "%s/state", w->dir), "a", "b",
		&b.journal, err))
		bail_out("journal", err->msg);
	all.journal = b.journal;
	all.batch_rows = rows;
	all.keep_undo = keep_undo;
	all.arg = &b;
	st = world_apply(w, &all, result, err);
	journal_close(b.journal);
	return st;
}

void
world_write(struct world *w, const char *name, enum stmt_direction dir)
{
	const char *path = arena_printf(w->arena, "%s/%s", w->dir, name);
	struct sqlpatch_info info = { "the source", "the target", NULL };
	const struct dialect *d = brands[w->brand[TARGET]].dialect;
	struct err err = ERR_INIT;
	FILE *f = fopen(path, "w");

	if (f == NULL)
		bail_out(path, "cannot create");
	if (sqlpatch_write(f, w->spool, d, dir, &info, &err))
		bail_out(path, err.msg);
	fclose(f);
}

/* --- JSON patches --------------------------------------------------------- */

/* A report that starts when there is a plan. */
struct starter {
	struct change_sink sink; /* first */
	struct report *report;
	bool started;
};

static enum status
start_begin(struct change_sink *s, const struct pair *pair, struct err *err)
{
	struct starter *st = (struct starter *)s;
	struct change_sink *to = report_sink(st->report);

	if (!st->started && report_start(st->report, err))
		return err->status;
	st->started = true;
	return to->begin(to, pair, err);
}

static enum status
start_change(struct change_sink *s, const struct change *c, struct err *err)
{
	struct change_sink *to = report_sink(((struct starter *)s)->report);

	return to->change(to, c, err);
}

static enum status
start_end(struct change_sink *s, const struct pair *pair,
    const struct tally *tally, struct err *err)
{
	struct change_sink *to = report_sink(((struct starter *)s)->report);

	return to->end(to, pair, tally, err);
}

void
world_write_json(struct world *w, const char *name)
{
	static const struct world_options options = { .hash = -1 };
	const char *path = arena_printf(w->arena, "%s/%s", w->dir, name);
	struct report_options how = { .out = fopen(path, "w") };
	struct starter s = { .sink = { .begin = start_begin,
				 .change = start_change,
				 .end = start_end } };
	struct err err = ERR_INIT;

	if (how.out == NULL)
		bail_out(path, "cannot create");
	s.report = report_new(REPORT_JSON, &w->plan, &how);
	if (world_compare(w, &options, &s.sink, &err) ||
	    report_finish(s.report, 1, NULL, &err))
		bail_out(path, err.msg);
	report_free(s.report);
	fclose(how.out);
}

static enum status
read_json(struct world *w, const struct jsonpatch_options *options,
    struct jsonpatch *patch, struct err *err)
{
	static const struct apply_options none = { .conflict = NULL };
	struct judge judge;
	enum status st;

	judge_init(&judge, &w->plan, spool_sink(w->spool), &none);
	st = jsonpatch_read(options, w->arena, &judge.sink, patch, err);
	if (st == TU_OK && judge.conflicts.n > 0)
		st = conflicts_error(&judge.conflicts, err);
	if (st == TU_OK)
		st = rename_find(w->spool, &w->plan, err);
	judge_release(&judge);
	return st;
}

enum status
world_apply_json(
    struct world *w, const char *name, uint64_t *left_out, struct err *err)
{
	static const struct apply_options none = { .conflict = NULL };
	struct jsonpatch_options options = {
		.in = fopen(arena_printf(w->arena, "%s/%s", w->dir, name), "r"),
		.name = name,
		.extras = true,
		.partial = true,
	};
	struct apply_result result;
	struct jsonpatch patch;
	enum status st;

	if (options.in == NULL)
		bail_out(name, "cannot open");
	spool_free(w->spool);
	if (spool_new(&w->spool, err))
		bail_out("spool", err->msg);
	options.target = w->plan.db[TARGET] = open_side(w, TARGET, DB_READ);
	st = read_json(w, &options, &patch, err);
	db_close(options.target);
	fclose(options.in);
	if (st == TU_OK)
		st = world_apply(w, &none, &result, err);
	*left_out = patch.left_out;
	return st;
}

int
world_client(struct world *w, const char *name)
{
	return system(arena_printf(w->arena, "%s >%s/client.log 2>&1",
	    brands[w->brand[TARGET]].client(w, name), w->dir));
}

void
world_show_log(struct world *w)
{
	system_or_die(
	    arena_printf(w->arena, "sed 's/^/# /' %s/client.log", w->dir));
}

const char *
world_dump_side(struct world *w, enum side side)
{
	return read_command(w, brands[w->brand[side]].dump(w, side));
}

const char *
world_dump(struct world *w)
{
	return world_dump_side(w, TARGET);
}

void
world_show_difference(const char *got, const char *want)
{
	while (*got != '\0' && *want != '\0') {
		size_t n = strcspn(got, "\n"), m = strcspn(want, "\n");

		if (n != m || memcmp(got, want, n) != 0)
			break;
		got += n + (got[n] != '\0');
		want += m + (want[m] != '\0');
	}
	printf("# got  %.*s\n# want %.*s\n", (int)MIN(strcspn(got, "\n"), 300),
	    got, (int)MIN(strcspn(want, "\n"), 300), want);
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
