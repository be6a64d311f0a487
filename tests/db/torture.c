/*
 * Every call of the driver fails once. A wrapper around SQLite's driver counts
 * all operations and fails the n-th, for every n that a run comes to, in three
 * ways:
 *
 *	once    the call is not made, the next ones work
 *	lost    the call is not made, nor is any later one
 *	after   the call is made, its answer is lost, and so is every later one
 *
 * Whatever n is, a comparison and an apply end in an error that names the
 * cause; the target's file is as it was byte by byte, nothing is reported as
 * written, and every connection and cursor is closed. Only where the answer to
 * COMMIT is lost, all may be written, and the message says that nobody knows.
 */
#include <config.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "db/sqlite.h"
#include "diff/diff.h"
#include "lib/tap.h"
#include "patch/apply.h"

#define PREFIX "torture:"

enum way {
	ONCE,
	LOST,
	AFTER,
	WAYS,
};

static const char *const way_names[] = { "once", "lost", "after" };

/* --- the driver ----------------------------------------------------------- */

struct wrapped_db {
	struct db base; /* first */
	struct db *real;
};

struct wrapped_cursor {
	struct cursor base; /* first */
	struct cursor *real;
};

/* Two workers of a comparison count at once. */
static atomic_ulong calls;
static atomic_int open_dbs, open_cursors;
static unsigned long fail_at; /* 0: never */
static enum way fail_way;

static struct db *
real_of(struct db *db)
{
	return ((struct wrapped_db *)db)->real;
}

static enum status
inject(unsigned long n, struct err *err)
{
	return err_set(err, TU_EQUERY, "injected failure %lu", n);
}

/* Count one call. Is it made? */
static bool
enter(unsigned long *n)
{
	*n = atomic_fetch_add(&calls, 1) + 1;
	if (fail_at == 0 || *n < fail_at)
		return true;
	if (fail_way == AFTER)
		return *n == fail_at;
	return fail_way == ONCE && *n != fail_at;
}

/* Is its answer lost? */
static bool
lost(unsigned long n)
{
	return fail_at != 0 && fail_way == AFTER && n == fail_at;
}

/* For an operation that leaves nothing behind to release. */
#define CALL(expr)                     \
	unsigned long n;               \
	enum status st;                \
                                       \
	if (!enter(&n))                \
		return inject(n, err); \
	st = (expr);                   \
	return st == TU_OK && lost(n) ? inject(n, err) : st

static const struct db_driver driver;

static bool
wrapped_match(const char *url)
{
	return strncmp(url, PREFIX, strlen(PREFIX)) == 0;
}

static void
wrapped_close(struct db *db)
{
	db_driver_sqlite.close(real_of(db));
	atomic_fetch_sub(&open_dbs, 1);
	free(db);
}

static enum status
wrapped_open(
    const char *url, enum db_mode mode, struct db **out, struct err *err)
{
	struct wrapped_db *w;
	struct db *real;
	unsigned long n;
	enum status st;

	if (!enter(&n))
		return inject(n, err);
	st = db_driver_sqlite.open(url + strlen(PREFIX), mode, &real, err);
	if (st)
		return st;
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		out_of_memory(sizeof(*w));
	w->base = *real;
	w->base.drv = &driver;
	w->real = real;
	atomic_fetch_add(&open_dbs, 1);
	if (lost(n)) {
		wrapped_close(&w->base);
		return inject(n, err);
	}
	*out = &w->base;
	return TU_OK;
}

static enum status
wrapped_exec(
    struct db *db, const char *sql, uint64_t *affected, struct err *err)
{
	CALL(db_driver_sqlite.exec(real_of(db), sql, affected, err));
}

static void
wrapped_cursor_close(struct cursor *cur)
{
	db_driver_sqlite.cursor_close(((struct wrapped_cursor *)cur)->real);
	atomic_fetch_sub(&open_cursors, 1);
	free(cur);
}

static enum status
wrapped_scan(struct db *db, const struct db_scan *scan, struct cursor **out,
    struct err *err)
{
	struct wrapped_cursor *w;
	struct cursor *real;
	unsigned long n;
	enum status st;

	if (!enter(&n))
		return inject(n, err);
	st = db_driver_sqlite.scan(real_of(db), scan, &real, err);
	if (st)
		return st;
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		out_of_memory(sizeof(*w));
	w->base.db = db;
	w->real = real;
	atomic_fetch_add(&open_cursors, 1);
	if (lost(n)) {
		wrapped_cursor_close(&w->base);
		return inject(n, err);
	}
	*out = &w->base;
	return TU_OK;
}

static enum status
wrapped_next(struct cursor *cur, const struct row **row, struct err *err)
{
	CALL(db_driver_sqlite.next(
	    ((struct wrapped_cursor *)cur)->real, row, err));
}

static enum status
wrapped_batch(struct db *db, const struct db_batch *batch, struct err *err)
{
	CALL(db_driver_sqlite.batch(real_of(db), batch, err));
}

static enum status
wrapped_snapshot_begin(struct db *db, const char *id, struct err *err)
{
	CALL(db_driver_sqlite.snapshot_begin(real_of(db), id, err));
}

static void
wrapped_snapshot_end(struct db *db)
{
	db_driver_sqlite.snapshot_end(real_of(db));
}

static enum status
wrapped_list(
    struct db *db, struct arena *arena, struct table_list *out, struct err *err)
{
	CALL(db_driver_sqlite.list(real_of(db), arena, out, err));
}

static enum status
wrapped_describe(
    struct db *db, struct arena *arena, struct table *table, struct err *err)
{
	CALL(db_driver_sqlite.describe(real_of(db), arena, table, err));
}

static enum status
wrapped_describe_query(struct db *db, struct arena *arena, const char *sql,
    struct table *out, struct err *err)
{
	CALL(
	    db_driver_sqlite.describe_query(real_of(db), arena, sql, out, err));
}

static enum status
wrapped_table_version(struct db *db, const struct table *table,
    uint64_t *version, struct err *err)
{
	CALL(db_driver_sqlite.table_version(real_of(db), table, version, err));
}

static void
wrapped_cancel(struct db *db)
{
	db_driver_sqlite.cancel(real_of(db));
}

static const struct db_driver driver = {
	.name = "torture",
	.match = wrapped_match,
	.open = wrapped_open,
	.close = wrapped_close,
	.exec = wrapped_exec,
	.scan = wrapped_scan,
	.next = wrapped_next,
	.cursor_close = wrapped_cursor_close,
	.batch = wrapped_batch,
	.snapshot_begin = wrapped_snapshot_begin,
	.snapshot_end = wrapped_snapshot_end,
	.list = wrapped_list,
	.describe = wrapped_describe,
	.describe_query = wrapped_describe_query,
	.table_version = wrapped_table_version,
	.cancel = wrapped_cancel,
};

/* --- what is compared and applied ----------------------------------------- */

struct scenario {
	const char *name;
	const char *schema, *source, *target;
	const char *query; /* compared with table t instead of a table */
};

static const struct scenario scenarios[] = {
	{ "an integer key",
	    "CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT, y INT)",
	    "INSERT INTO t SELECT value, 'v' || value, NULL "
	    "FROM generate_series(1, 40) WHERE value <> 12;"
	    "UPDATE t SET x = NULL WHERE id IN (3, 4, 30)",
	    "INSERT INTO t SELECT value, 'v' || value, NULL "
	    "FROM generate_series(3, 43)",
	    NULL },
	{ "a key of two columns",
	    "CREATE TABLE t (a TEXT, b INT, x REAL, PRIMARY KEY (a, b))",
	    "INSERT INTO t SELECT 'k' || value / 5, value, value / 3.0 "
	    "FROM generate_series(1, 30)",
	    "INSERT INTO t SELECT 'k' || value / 5, value, value / 7.0 "
	    "FROM generate_series(9, 35)",
	    NULL },
	{ "no key", "CREATE TABLE t (a TEXT, b INT)",
	    "INSERT INTO t SELECT 'k' || value / 5, value / 3 "
	    "FROM generate_series(1, 20)",
	    "INSERT INTO t SELECT 'k' || value / 5, value / 2 "
	    "FROM generate_series(1, 20)",
	    NULL },
	{ "keys that do not fit their column",
	    "CREATE TABLE t (id INT PRIMARY KEY, x) WITHOUT ROWID",
	    "INSERT INTO t VALUES (1, 1), (2, 2), ('two', 3), (x'00', 4)",
	    "INSERT INTO t VALUES (1, 2), (3, 2), ('two', 4), ('three', 4)",
	    NULL },
	{ "foreign keys, a table that refers to itself, a trigger",
	    "CREATE TABLE p (id INTEGER PRIMARY KEY, n TEXT UNIQUE);"
	    "CREATE TABLE c (id INTEGER PRIMARY KEY, p INT REFERENCES p (id), "
	    "up INT REFERENCES c (id));"
	    "CREATE TABLE log (id INTEGER PRIMARY KEY AUTOINCREMENT, n INT);"
	    "CREATE TRIGGER tr AFTER UPDATE ON p BEGIN "
	    "SELECT count(*) FROM log; END",
	    "INSERT INTO p VALUES (1, 'a'), (2, 'b2'), (4, 'c');"
	    "INSERT INTO c VALUES (9, 4, NULL), (5, 2, 9), (1, 1, 5);"
	    "INSERT INTO log VALUES (7, 1)",
	    "INSERT INTO p VALUES (1, 'b'), (2, 'a2'), (3, 'd');"
	    "INSERT INTO c VALUES (8, 3, NULL), (5, 2, 8), (1, 1, NULL)",
	    NULL },
	{ "a query as the source",
	    "CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT)",
	    "INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')",
	    "INSERT INTO t VALUES (1, 'a'), (2, 'x'), (4, 'd')",
	    "SELECT id, x FROM t" },
};

static char *path[2], *url[2];
static struct buf pristine = BUF_INIT;

TU_NORETURN static void
bail_out(const char *what, const char *why)
{
	printf("Bail out! %s: %s\n", what, why);
	exit(1);
}

static void
read_target(struct buf *out)
{
	FILE *f = fopen(path[TARGET], "rb");
	char chunk[4096];
	size_t n;

	if (f == NULL)
		bail_out(path[TARGET], "cannot read");
	buf_reset(out);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(out, chunk, n);
	fclose(f);
}

static void
restore_target(void)
{
	FILE *f = fopen(path[TARGET], "wb");

	if (f == NULL ||
	    fwrite(pristine.data, 1, pristine.len, f) != pristine.len ||
	    fclose(f) != 0)
		bail_out(path[TARGET], "cannot write");
}

static bool
target_is_pristine(void)
{
	struct buf now = BUF_INIT;
	bool same;

	read_target(&now);
	same = now.len == pristine.len &&
	       memcmp(now.data, pristine.data, now.len) == 0;
	buf_free(&now);
	return same;
}

/* generate_series() is an extension; the command line has it. */
static void
create(enum side side, const struct scenario *s)
{
	struct buf cmd = BUF_INIT;
	FILE *f;

	unlink(path[side]);
	buf_addf(&cmd, "sqlite3 -bail %s", path[side]);
	f = popen(buf_str(&cmd), "w");
	if (f == NULL)
		bail_out("sqlite3", "cannot run");
	fprintf(f, "PRAGMA page_size = 1024; %s; %s;\n", s->schema,
	    side == SOURCE ? s->source : s->target);
	if (pclose(f) != 0)
		bail_out(s->name, "sqlite3 failed");
	buf_free(&cmd);
}

/* --- one run -------------------------------------------------------------- */

struct outcome {
	uint64_t differences;
	struct apply_result applied;
	struct err err;
};

static enum status
open_sides(struct db *db[2], struct err *err)
{
	static const char *const names[] = { "source", "target" };
	enum status st = TU_OK;

	for (int s = SOURCE; s <= TARGET && !st; s++) {
		st = db_open(url[s], DB_READ, names[s], &db[s], err);
		if (!st)
			st = db[s]->drv->snapshot_begin(db[s], NULL, err);
	}
	return st;
}

static enum status
compare(const struct scenario *s, struct arena *arena, struct plan *plan,
    struct spool *spool, struct outcome *o)
{
	static const char *const tables[] = { "t", NULL };
	static const char *const keys[] = { "id", NULL };
	struct selection sel = { .hash = -1, .leaf_rows = 4 };
	const struct diff_options options = { .jobs = 1,
		.url = { url[SOURCE], url[TARGET] } };
	struct db *db[2] = { NULL, NULL };
	enum status st;

	if (s->query != NULL) {
		sel.tables = tables;
		sel.keys = keys;
		sel.query[SOURCE] = s->query;
	}
	st = open_sides(db, &o->err);
	if (!st)
		st = plan_make(
		    db[SOURCE], db[TARGET], &sel, arena, plan, &o->err);
	/* A sync ends there, see cmd-sync.c. */
	if (!st && plan->nbad > 0)
		st = err_set(&o->err, plan->bad[0].status, "%s: %s",
		    plan->bad[0].table, plan->bad[0].why);
	for (size_t i = 0; !st && i < plan->npairs; i++) {
		struct tally tally = { .suspects = 0 };

		st = diff_pair(plan, &plan->pairs[i], &options,
		    spool_sink(spool), &tally, &o->err);
		for (int op = 0; op < CHANGE_OPS; op++)
			o->differences += tally.ops[op];
	}
	db_close(db[SOURCE]);
	db_close(db[TARGET]);
	return st;
}

static enum status
run(const struct scenario *s, struct outcome *o)
{
	const struct apply_options options = { .conflict = NULL };
	struct arena *arena = arena_new(1 << 14);
	struct plan plan = { .npairs = 0 };
	struct err no_spool = ERR_INIT;
	struct spool *spool;
	struct db *db = NULL;
	enum status st;

	*o = (struct outcome){ .differences = 0 };
	if (spool_new(&spool, &no_spool))
		bail_out("spool", no_spool.msg);
	st = compare(s, arena, &plan, spool, o);
	if (!st)
		st = db_open(url[TARGET], DB_WRITE, "target", &db, &o->err);
	if (!st)
		st = apply_run(db, spool, &options, &o->applied, &o->err);
	db_close(db);
	spool_free(spool);
	arena_free(arena);
	return st;
}

static enum status
run_clean(const struct scenario *s, struct outcome *o)
{
	fail_at = 0;
	atomic_store(&calls, 0);
	return run(s, o);
}

/* --- every n -------------------------------------------------------------- */

/* NULL, or what is wrong with this end of a run. */
static const char *
judge(const struct scenario *s, enum status st, const struct outcome *o)
{
	const struct apply_result *r = &o->applied;
	struct outcome again;

	if (st == TU_OK)
		return "no error";
	if (st != TU_EQUERY || strstr(o->err.msg, "injected failure") == NULL)
		return "another error";
	if (atomic_load(&open_dbs) != 0 || atomic_load(&open_cursors) != 0)
		return "a connection or a cursor is left open";
	if (r->done[CHANGE_INSERT] + r->done[CHANGE_UPDATE] +
		r->done[CHANGE_DELETE] !=
	    0)
		return "rows are reported as written";
	if (target_is_pristine())
		return NULL;
	if (fail_way != AFTER || strstr(o->err.msg, "unknown") == NULL)
		return "the target was changed";
	if (run_clean(s, &again) || again.differences != 0)
		return "the target was changed in part";
	return NULL;
}

/* Bounds that are sampled make the number of calls differ from run to run, so
 * the end is the first run that does not come to its n-th. */
static void
torture(const struct scenario *s, enum way way)
{
	unsigned long wrong = 0, n = 0;
	struct outcome o;
	enum status st;

	for (;;) {
		const char *what;

		fail_at = ++n;
		fail_way = way;
		atomic_store(&calls, 0);
		st = run(s, &o);
		if (atomic_load(&calls) < n)
			break;
		what = judge(s, st, &o);
		if (what != NULL && wrong++ < 5)
			printf("# call %lu: %s (%d, %s)\n", n, what, (int)st,
			    o.err.msg);
		atomic_store(&open_dbs, 0);
		atomic_store(&open_cursors, 0);
		restore_target();
	}
	restore_target();
	ok(st == TU_OK && wrong == 0 && n > 20, "%s: every call fails, %s",
	    s->name, way_names[way]);
	printf("# %lu calls\n", n - 1);
}

static void
test(const struct scenario *s)
{
	struct outcome first, second;
	enum status st;

	create(SOURCE, s);
	create(TARGET, s);
	read_target(&pristine);
	st = run_clean(s, &first);
	ok(st == TU_OK && first.differences > 0,
	    "%s: %llu differences are written", s->name,
	    (unsigned long long)first.differences);
	st = run_clean(s, &second);
	ok(st == TU_OK && second.differences == 0, "%s: none is left", s->name);
	if (*first.err.msg != '\0' || *second.err.msg != '\0')
		printf("# %s; %s\n", first.err.msg, second.err.msg);
	ok(!target_is_pristine(), "%s: a change of the target is seen",
	    s->name);
	restore_target();
	for (int way = 0; way < WAYS; way++)
		torture(s, (enum way)way);
}

int
main(void)
{
	char dir[] = "/tmp/tu-torture-XXXXXX";

	if (mkdtemp(dir) == NULL)
		bail_out(dir, "cannot create");
	db_register(&driver);
	for (int s = SOURCE; s <= TARGET; s++) {
		if (asprintf(&url[s], PREFIX "%s/%d.db", dir, s) < 0)
			out_of_memory(0);
		path[s] = url[s] + strlen(PREFIX);
	}
	for (size_t i = 0; i < ARRAY_LEN(scenarios); i++)
		test(&scenarios[i]);
	for (int s = SOURCE; s <= TARGET; s++) {
		unlink(path[s]);
		free(url[s]);
	}
	rmdir(dir);
	buf_free(&pristine);
	return tap_done();
}
