/*
 * Pages of SQLite files against the library: random tables are compared by
 * their pages and again through SQLite. Changes, their order, verdicts and
 * counts must be the same, whatever the page size, the encoding, the shape of
 * the b-tree and the number of threads. Then files are damaged: no crash, and
 * never another answer than SQLite gives, but an error.
 *
 * TRUEUP_PAGES_RUNS is the number of tables of either kind (500, 120
 * without rowids, 60 in the order of dice, 80 with logs, 150, 60 and 60).
 */
#include <config.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "db/sqlite.h"
#include "diff/diff.h"
#include "lib/tap.h"
#include "pages-tables.h"

/* --- comparing ------------------------------------------------------------ */

/* All that a comparison says. */
struct outcome {
	struct change_sink sink; /* first */
	struct buf changes;
	struct tally tally;
	enum status status;
	struct err err;
};

static enum status
note_change(struct change_sink *sink, const struct change *c, struct err *err)
{
	struct outcome *o = (struct outcome *)sink;

	(void)err;
	buf_addf(&o->changes, "\n%d %d ", c->op, c->patchable);
	if (c->source != NULL)
		cells_pack(&o->changes, c->source, c->pair->ncols);
	buf_addc(&o->changes, '/');
	if (c->target != NULL)
		cells_pack(
		    &o->changes, c->target, c->pair->ncols + c->pair->nextra);
	for (size_t i = 0; c->verdicts != NULL && i < c->pair->ncols; i++)
		buf_addf(&o->changes, " %d", c->verdicts[i]);
	return TU_OK;
}

static int
stop(void *arg)
{
	(void)arg;
	return 1;
}

/* A damaged tree that meets itself has more rows for SQLite than one can wait
 * for. */
static enum status
open_side(enum side side, struct db **db, struct err *err)
{
	static const char *const names[] = { "source", "target" };
	enum status st = db_open(path[side], DB_READ, names[side], db, err);

	if (st)
		return st;
	sqlite3_progress_handler(
	    ((struct sqlite_db *)*db)->handle, 1 << 21, stop, NULL);
	return (*db)->drv->snapshot_begin(*db, NULL, err);
}

static enum status
compare_open(struct db *const db[2], const struct selection *sel, unsigned jobs,
    struct arena *arena, struct outcome *o)
{
	struct diff_options options = { .jobs = jobs,
		.url = { path[SOURCE], path[TARGET] } };
	struct err *err = &o->err;
	struct plan plan;
	enum status st =
	    plan_make(db[SOURCE], db[TARGET], sel, arena, &plan, err);

	if (!st && plan.npairs != 1)
		return err_set(err, TU_ESCHEMA, "%s",
		    plan.nbad > 0 ? plan.bad[0].why : "no pair");
	return st ? st
	          : diff_pair(&plan, &plan.pairs[0], &options, &o->sink,
			&o->tally, err);
}

static const char *key; /* NULL: the table's own */

/* With snapshots that are there. */
static void
compare_in(struct db *const db[2], struct outcome *o, int hash, unsigned jobs,
    const char *columns)
{
	static const char *const tables[] = { "t", NULL };
	const char *const excluded[] = { columns, NULL };
	const char *const keys[] = { key, NULL };
	struct selection sel = { .hash = hash,
		.tables = tables,
		.keys = key != NULL ? keys : NULL,
		.ex_columns = columns != NULL ? excluded : NULL };
	struct arena *arena = arena_new(65536);

	o->status = compare_open(db, &sel, jobs, arena, o);
	arena_free(arena);
}

static void
begin_outcome(struct outcome *o)
{
	buf_reset(&o->changes);
	o->sink.change = note_change;
	o->err = (struct err)ERR_INIT;
	o->tally = (struct tally){ 0 };
	o->status = TU_OK;
}

static void
compare(struct outcome *o, int hash, unsigned jobs, const char *columns)
{
	struct db *db[2] = { NULL, NULL };

	begin_outcome(o);
	for (int s = SOURCE; s <= TARGET && !o->status; s++)
		o->status = open_side((enum side)s, &db[s], &o->err);
	if (!o->status)
		compare_in(db, o, hash, jobs, columns);
	db_close(db[SOURCE]);
	db_close(db[TARGET]);
}

static bool
same_outcome(const struct outcome *a, const struct outcome *b)
{
	const struct tally *x = &a->tally, *y = &b->tally;

	return a->status == b->status && a->changes.len == b->changes.len &&
	       (a->changes.len == 0 || memcmp(a->changes.data, b->changes.data,
					   a->changes.len) == 0) &&
	       memcmp(x->rows, y->rows, sizeof(x->rows)) == 0 &&
	       memcmp(x->ops, y->ops, sizeof(x->ops)) == 0 &&
	       memcmp(x->patchable, y->patchable, sizeof(x->patchable)) == 0 &&
	       x->unrepresentable == y->unrepresentable &&
	       x->partial == y->partial && x->at_target == y->at_target;
}

static void
show(const char *what, const struct outcome *o)
{
	const struct tally *t = &o->tally;

	printf("# %s: status %d %s; rows %llu %llu, ops %llu %llu %llu, "
	       "at target %llu, %zu bytes\n",
	    what, o->status, o->err.msg, (unsigned long long)t->rows[SOURCE],
	    (unsigned long long)t->rows[TARGET], (unsigned long long)t->ops[0],
	    (unsigned long long)t->ops[1], (unsigned long long)t->ops[2],
	    (unsigned long long)t->at_target, o->changes.len);
}

static struct outcome by_pages, by_rows;

static void
random_tables(int runs, enum kind kind)
{
	int wrong = 0, taken = 0, different = 0;

	for (int i = 0; i < runs && wrong < 3; i++) {
		struct shape s;
		const char *without;

		make_tables(&s, kind);
		without = s.ncols > 1 && tap_one_in(6)
		              ? (s.id == 0 ? "c1" : "c0")
		              : NULL;
		compare(&by_pages, -1, 1 + (unsigned)tap_below(3), without);
		compare(&by_rows, HASH_STREAM, 1, without);
		taken += by_pages.tally.by_pages;
		different += by_pages.changes.len > 0;
		if (same_outcome(&by_pages, &by_rows) &&
		    by_pages.status == TU_OK)
			continue;
		wrong++;
		printf("# run %d, %d bytes a page, %s\n", i, s.page_size,
		    s.encoding);
		show("pages", &by_pages);
		show("rows", &by_rows);
	}
	is_int(wrong, 0, "pages and rows say the same of %d tables%s", runs,
	    kind == WITHOUT_ROWID ? " without rowids"
	    : kind == SCATTERED   ? " in the order of dice"
				  : "");
	/* Those without rowids have keys that must be ordered alike. */
	ok(taken > runs * (kind >= WITHOUT_ROWID ? 1 : 8) / 10,
	    "enough of them were compared by their pages: %d", taken);
	ok(different > runs / 4 && different < runs,
	    "some differed and some did not");
}

/* --- logs ----------------------------------------------------------------- */

static struct db *
open_snapshot(enum side side)
{
	struct err err = ERR_INIT;
	struct db *db;

	if (db_open(path[side], DB_READ, "reader", &db, &err) ||
	    db->drv->snapshot_begin(db, NULL, &err))
		bail_out(path[side], err.msg);
	return db;
}

/* The first frame of the target's log is another page's, and back again. */
static void
renumber_frame(void)
{
	char log[80];
	FILE *f;
	int c;

	snprintf(log, sizeof(log), "%s-wal", path[TARGET]);
	f = fopen(log, "r+");
	if (f == NULL || fseek(f, 32 + 3, SEEK_SET) != 0 || (c = getc(f)) < 0 ||
	    fseek(f, 32 + 3, SEEK_SET) != 0 || putc(c ^ 1, f) < 0 ||
	    fclose(f) != 0)
		bail_out(log, "cannot be changed");
}

/* What is in the log only is not seen in the file. */
static void
write_ahead_log(void)
{
	struct shape s = { .page_size = 4096,
		.encoding = "UTF-8",
		.ncols = 2,
		.types = { "", "TEXT" },
		.rowid = true };
	sqlite3 *db = create(SOURCE, &s);

	create_table(db, &s);
	put_rows(db, &s, 100, 1000);
	run_sql(db, "PRAGMA journal_mode = WAL");
	sqlite3_close(db);
	copy_file(SOURCE, TARGET);
	db = open_file(TARGET);
	run_sql(db,
	    "PRAGMA journal_mode = WAL; INSERT INTO t VALUES (5000, 'new')");
	compare(&by_pages, -1, 1, NULL);
	ok(by_pages.tally.by_pages && by_pages.tally.ops[CHANGE_DELETE] == 1,
	    "a row in the log is found by pages");
	run_sql(db, "PRAGMA wal_checkpoint(PASSIVE); DELETE FROM t");
	compare(&by_pages, -1, 1, NULL);
	ok(by_pages.tally.by_pages && by_pages.tally.rows[TARGET] == 0,
	    "and when part of the log was copied");
	run_sql(db, "PRAGMA wal_checkpoint(PASSIVE)");
	compare(&by_pages, -1, 1, NULL);
	ok(by_pages.tally.by_pages && by_pages.tally.rows[TARGET] == 0,
	    "and when all of it was");
	run_sql(db, "INSERT INTO t VALUES (1, 'first of a new log')");
	compare(&by_pages, -1, 1, NULL);
	ok(by_pages.tally.by_pages && by_pages.tally.rows[TARGET] == 1,
	    "and when it is written from its beginning again");
	renumber_frame();
	compare(&by_pages, -1, 1, NULL);
	ok(!by_pages.tally.by_pages && by_pages.tally.rows[TARGET] == 1,
	    "not by pages when it says other pages than its index");
	renumber_frame();
	run_sql(db, "PRAGMA wal_checkpoint(TRUNCATE)");
	compare(&by_pages, -1, 1, NULL);
	ok(by_pages.tally.by_pages && by_pages.tally.rows[TARGET] == 1,
	    "and when it is empty");
	sqlite3_close(db);
}

/* Nothing is known of a snapshot if somebody was there as it was taken. */
static void
log_states(void)
{
	struct sqlite_log_look a = { .known = true, .copied = 5 }, b = a;
	uint32_t frames = 5;

	memcpy(a.header + 16, &frames, sizeof(frames));
	b = a;
	b.header[8] = 1;
	ok(sqlite_log_between(&a, &b).state == SQLITE_LOG_UNKNOWN,
	    "somebody committed as a snapshot was taken");
	b = a;
	ok(sqlite_log_between(&a, &b).state == SQLITE_LOG_COPIED,
	    "all of the log had been copied");
	a.copied = 4;
	ok(sqlite_log_between(&a, &b).state == SQLITE_LOG_UNKNOWN,
	    "all of it was copied meanwhile");
	b.copied = 4;
	ok(sqlite_log_between(&a, &b).state == SQLITE_LOG_NEEDED,
	    "not all of it was copied");
	b.known = false;
	ok(sqlite_log_between(&a, &b).state == SQLITE_LOG_UNKNOWN,
	    "the log could not be looked at");
}

/* A few changes to one side, and now and then what moves the log. */
static void
disturb(sqlite3 *db, const struct shape *s)
{
	static const char *const checkpoints[] = {
		"PRAGMA wal_checkpoint(PASSIVE)", "PRAGMA wal_checkpoint(FULL)",
		"PRAGMA wal_checkpoint(RESTART)",
		"PRAGMA wal_checkpoint(TRUNCATE)"
	};

	for (uint64_t n = tap_below(4); n > 0; n--) {
		run_sql(db, "BEGIN");
		put_rows(db, s, 1 + tap_below(60), 600);
		if (tap_one_in(2))
			run_f(db, "DELETE FROM t WHERE c%d %% 5 = %d",
			    (int)s->id, (int)tap_below(5));
		run_sql(db, "COMMIT");
		if (tap_one_in(8))
			run_sql(db, "VACUUM");
		if (tap_one_in(2)) /* readers may be in its way */
			sqlite3_exec(
			    db, checkpoints[tap_below(4)], NULL, NULL, NULL);
	}
}

/* Another thread that writes and copies the log while tables are compared. */
struct writer {
	pthread_t thread;
	atomic_bool stop;
};

static void *
write_on(void *arg)
{
	struct writer *w = arg;
	sqlite3 *db;

	if (sqlite3_open(path[TARGET], &db) != SQLITE_OK)
		return NULL;
	while (!atomic_load(&w->stop)) {
		sqlite3_exec(db,
		    "UPDATE other SET x = x + 1; DELETE FROM t WHERE c0 IN "
		    "(SELECT c0 FROM t LIMIT 3); "
		    "PRAGMA wal_checkpoint(PASSIVE)",
		    NULL, NULL, NULL);
	}
	sqlite3_close(db);
	return NULL;
}

static void
compare_disturbed(sqlite3 *const writer[2], const struct shape *s)
{
	struct writer w = { .stop = false };
	struct db *db[2] = { open_snapshot(SOURCE), open_snapshot(TARGET) };
	bool thread = tap_one_in(2);

	disturb(writer[tap_below(2)], s);
	if (thread && pthread_create(&w.thread, NULL, write_on, &w) != 0)
		bail_out("pthread_create", "failed");
	begin_outcome(&by_pages);
	compare_in(db, &by_pages, -1, 1 + (unsigned)tap_below(3), NULL);
	atomic_store(&w.stop, true);
	if (thread)
		pthread_join(w.thread, NULL);
	disturb(writer[tap_below(2)], s);
	begin_outcome(&by_rows);
	compare_in(db, &by_rows, HASH_STREAM, 1, NULL);
	db_close(db[SOURCE]);
	db_close(db[TARGET]);
}

/* Snapshots stay what they are, whoever writes or copies the log. */
static void
live_logs(int runs)
{
	int wrong = 0, taken = 0, different = 0;

	for (int i = 0; i < runs && wrong < 3; i++) {
		sqlite3 *writer[2];
		struct shape s;

		make_tables(&s, tap_one_in(2) ? ROWID : WITHOUT_ROWID);
		for (int k = SOURCE; k <= TARGET; k++) {
			writer[k] = open_file((enum side)k);
			run_sql(writer[k], "PRAGMA journal_mode = WAL; "
					   "PRAGMA wal_autocheckpoint = 20");
			disturb(writer[k], &s);
		}
		compare_disturbed(writer, &s);
		sqlite3_close(writer[SOURCE]);
		sqlite3_close(writer[TARGET]);
		taken += by_pages.tally.by_pages;
		different += by_pages.changes.len > 0;
		if (same_outcome(&by_pages, &by_rows) &&
		    by_pages.status == TU_OK)
			continue;
		wrong++;
		printf("# run %d, %d bytes a page, %s\n", i, s.page_size,
		    s.encoding);
		show("pages", &by_pages);
		show("rows", &by_rows);
	}
	is_int(wrong, 0, "pages and rows say the same in %d snapshots", runs);
	ok(taken > runs / 3 && different > runs / 4,
	    "%d of them by pages, %d differed", taken, different);
}

/* As many suspects as a part keeps, and some more. */
static void
many_suspects(size_t n, bool rowid)
{
	struct shape s = { .page_size = 65536, /* one part */
		.encoding = "UTF-8",
		.ncols = 2,
		.types = { "TEXT", "TEXT" },
		.rowid = rowid };
	sqlite3 *db = create(SOURCE, &s);

	create_table(db, &s);
	run_sql(db,
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
	    "WHERE i < 4200) INSERT INTO t SELECT i, '' FROM n");
	sqlite3_close(db);
	copy_file(SOURCE, TARGET);
	db = open_file(TARGET);
	run_f(db, "UPDATE t SET c1 = '-' WHERE rowid <= %d", (int)n);
	sqlite3_close(db);
	compare(&by_pages, -1, 1, NULL);
	compare(&by_rows, HASH_STREAM, 1, NULL);
	ok(same_outcome(&by_pages, &by_rows) &&
		by_pages.tally.ops[CHANGE_UPDATE] == n,
	    "%zu suspects in a part, %s", n, rowid ? "rowids" : "keys");
	ok(by_pages.tally.by_pages, "  all are kept, or can be found again");
}

/*
 * All rows of the target have other rowids, and there are more than stay in
 * memory; `id` says what the rowid is, and late is what the target's rows have
 * in a column that came later, where the source's have 0. Some are updated, or
 * on one side alone.
 */
static void
moved_rows(const char *id, const char *encoding, int late)
{
	sqlite3 *db = NULL;

	for (int s = SOURCE; s <= TARGET; s++) {
		remove_file((enum side)s);
		db = open_file((enum side)s);
		run_f(db,
		    "PRAGMA encoding = '%s'; CREATE TABLE t (%s a TEXT NOT "
		    "NULL UNIQUE, b)",
		    s == SOURCE ? "UTF-8" : encoding, id);
		run_f(db,
		    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 "
		    "FROM n WHERE i < 59999) INSERT INTO t (a, b) "
		    "SELECT 'k' || i, i %% 7 FROM n ORDER BY (i * %d) %% 60013",
		    s == SOURCE ? 1 : 31);
		run_f(db, "ALTER TABLE t ADD COLUMN c DEFAULT %d",
		    s == SOURCE ? 0 : late);
		if (s == SOURCE)
			sqlite3_close(db);
	}
	run_sql(db, "UPDATE t SET b = b + 1 WHERE a IN ('k5', 'k50000')");
	run_sql(db, "UPDATE t SET b = '3' WHERE a = 'k3'");
	run_sql(db, "DELETE FROM t WHERE a IN ('k17', 'k59999')");
	run_sql(db, "INSERT INTO t (a) VALUES ('k60000')");
	sqlite3_close(db);
	compare(&by_pages, -1, 2, NULL);
	compare(&by_rows, HASH_STREAM, 1, NULL);
	ok(same_outcome(&by_pages, &by_rows) &&
		by_pages.tally.ops[CHANGE_UPDATE] >= 3 &&
		by_pages.tally.ops[CHANGE_DELETE] == 1 &&
		by_pages.tally.ops[CHANGE_INSERT] == 2 &&
		by_pages.tally.by_pages,
	    "moved rows are found again: (%s a, b, c), UTF-8 and %s, 0 and %d",
	    id, encoding, late);
}

/* The source, and the target as a copy of it that was changed. */
static void
make_both(const char *source, const char *change)
{
	sqlite3 *db;

	remove_file(SOURCE);
	db = open_file(SOURCE);
	run_sql(db, source);
	sqlite3_close(db);
	copy_file(SOURCE, TARGET);
	db = open_file(TARGET);
	run_sql(db, change);
	sqlite3_close(db);
}

/* The target lacks a row, which is not found by pages. */
static void
found_otherwise(const char *what)
{
	compare(&by_pages, -1, 1, NULL);
	ok(by_pages.status == TU_OK && !by_pages.tally.by_pages &&
		by_pages.tally.ops[CHANGE_INSERT] == 1,
	    "%s, not by pages", what);
}

/* Rows with NULL in their key are those that another way judges. */
static void
moved_null(void)
{
	make_both("CREATE TABLE t (a TEXT UNIQUE, b); "
		  "INSERT INTO t VALUES ('x', 1), (NULL, 2), (NULL, 3)",
	    "DELETE FROM t WHERE b = 2");
	key = "a";
	compare(&by_pages, -1, 1, NULL);
	compare(&by_rows, HASH_STREAM, 1, NULL);
	key = NULL;
	ok(by_pages.status == by_rows.status && !by_pages.tally.by_pages,
	    "a key with NULL in a row that differs, not by pages");
}

/* UNIQUE (a, a COLLATE NOCASE) has more columns than its table. */
static void
column_twice_in_key(void)
{
	make_both(
	    "CREATE TABLE t (c0 TEXT, PRIMARY KEY (c0, c0 COLLATE NOCASE)) "
	    "WITHOUT ROWID; INSERT INTO t VALUES ('a'), ('A'), ('b')",
	    "DELETE FROM t WHERE c0 = 'A'");
	found_otherwise("a key that has a column twice");
}

/* A generated column that is stored is a field; a virtual one is none. */
static void
generated_column(const char *how, const char *table, bool by)
{
	struct buf sql = BUF_INIT;

	buf_addf(&sql,
	    "CREATE TABLE t (a TEXT PRIMARY KEY, g AS (b || '!') %s, b) %s; "
	    "INSERT INTO t VALUES ('1', 'x'), ('2', 'y'), ('3', 'z')",
	    how, table);
	make_both(buf_str(&sql), "UPDATE t SET b = 'other' WHERE a = '2'");
	buf_free(&sql);
	compare(&by_pages, -1, 1, NULL);
	compare(&by_rows, HASH_STREAM, 1, NULL);
	ok(same_outcome(&by_pages, &by_rows) &&
		by_pages.tally.ops[CHANGE_UPDATE] == 1 &&
		by_pages.tally.by_pages == by,
	    "a generated column, %s, %s", how, table);
}

/* --- damage --------------------------------------------------------------- */

/*
 * What pages and rows may not disagree on: an answer by pages is that of
 * SQLite. Where SQLite finds an error that the pages do not show there is no
 * answer to be wrong; nor is there where a table and its index disagree, so
 * rows are found by their rowid here.
 */
static void
damaged_tables(int runs, enum kind kind)
{
	int wrong = 0, taken = 0, failed = 0, lenient = 0;

	for (int i = 0; i < runs && wrong < 3; i++) {
		enum side side = (enum side)tap_below(2);
		struct shape s;

		make_tables(&s, kind);
		damage(side, kind);
		/* The same leaf need not be right. */
		if (kind == SCATTERED && tap_one_in(2))
			copy_file(side, (enum side) !side);
		compare(&by_pages, -1, 1 + (unsigned)tap_below(3), NULL);
		compare(&by_rows, HASH_STREAM, 1, NULL);
		taken += by_pages.tally.by_pages;
		failed += by_rows.status != TU_OK;
		lenient += by_pages.status == TU_OK && by_rows.status != TU_OK;
		if (by_rows.status != TU_OK ||
		    same_outcome(&by_pages, &by_rows))
			continue;
		wrong++;
		printf("# run %d, %d bytes a page, %s\n", i, s.page_size,
		    s.encoding);
		show("pages", &by_pages);
		show("rows", &by_rows);
	}
	is_int(
	    wrong, 0, "pages and rows say the same of %d damaged ones", runs);
	printf("# %d gave SQLite trouble and the pages none\n", lenient);
	ok(taken > runs / 10 && failed > runs / 10,
	    "some of them could be compared by pages, some not at all");
}

/* The last leaf of the source has its first two rows in the wrong order. */
static void
disorder(void)
{
	unsigned char page[4096], offset[2];
	FILE *f = fopen(path[SOURCE], "r+b");
	long at = -1;

	if (f == NULL)
		bail_out(path[SOURCE], "cannot be opened");
	for (long i = 1; fseek(f, i * 4096, SEEK_SET) == 0 &&
			 fread(page, sizeof(page), 1, f) == 1;
	     i++)
		if (page[0] == 13)
			at = i * 4096 + 8;
	fseek(f, at, SEEK_SET);
	if (fread(offset, 2, 1, f) != 1 || fread(page, 2, 1, f) != 1)
		bail_out(path[SOURCE], "has no leaf");
	fseek(f, at, SEEK_SET);
	fwrite(page, 2, 1, f);
	fwrite(offset, 2, 1, f);
	fclose(f);
}

/* SQLite does not mind what the schema calls a table. */
static void
another_type(void)
{
	make_both("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); "
		  "INSERT INTO t VALUES (1, 'x')",
	    "DELETE FROM t; PRAGMA writable_schema = ON; "
	    "UPDATE sqlite_schema SET type = 'tablE'");
	found_otherwise("a table that the schema calls otherwise");
}

/* What the pages above the source's leaves say of the n-th leaf is one too low
 * for its last row. False: there are not so many. */
static bool
lower_divider(int n)
{
	unsigned char page[4096], *rowid;
	FILE *f = fopen(path[SOURCE], "r+b");
	bool found = false;

	if (f == NULL)
		bail_out(path[SOURCE], "cannot be opened");
	for (long i = 1; !found && fseek(f, i * 4096, SEEK_SET) == 0 &&
			 fread(page, sizeof(page), 1, f) == 1;
	     i++) {
		int cells = page[3] * 256 + page[4];

		if (page[0] != 5 || cells < 3)
			continue; /* the root has two children */
		found = n < cells;
		if (!found) {
			n -= cells;
			continue;
		}
		rowid = page + page[12 + 2 * n] * 256 + page[13 + 2 * n] + 4;
		while (*rowid & 0x80)
			rowid++;
		*rowid -= *rowid > 0;
		fseek(f, i * 4096, SEEK_SET);
		fwrite(page, sizeof(page), 1, f);
	}
	fclose(f);
	return found;
}

/* Leaves that are not read, as they are the same in both files, must lie where
 * both trees have them all the same. */
static void
twins_beyond_dividers(void)
{
	sqlite3 *db;
	int runs = 0, taken = 0;

	remove_file(TARGET);
	db = open_file(TARGET);
	run_sql(db, "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); "
		    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
		    "FROM n WHERE i < 20000) INSERT INTO t "
		    "SELECT i * 7919 % 60013, printf('%0100d', i) FROM n");
	sqlite3_close(db);
	copy_file(TARGET, SOURCE);
	compare(&by_pages, -1, 2, NULL);
	ok(by_pages.tally.by_pages, "leaves in no order, all the same");
	while (lower_divider(runs * 9)) {
		compare(&by_pages, -1, 2, NULL);
		taken += by_pages.tally.by_pages;
		copy_file(TARGET, SOURCE);
		runs++;
	}
	ok(runs > 50, "%d times one lies not where its tree says", runs);
	is_int(taken, 0, "  which is always found out");
}

/* Both sides have the rows in another order, so they do not meet in the pages;
 * each is read from its own, unless that is found to be damaged half way. */
static void
own_pages(bool damaged)
{
	for (int s = SOURCE; s <= TARGET; s++) {
		sqlite3 *db;

		remove_file((enum side)s);
		db = open_file((enum side)s);
		run_f(db,
		    "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT) %s; "
		    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
		    "FROM n WHERE i < 3000) INSERT INTO t "
		    "SELECT i, printf('%%0100d', i) FROM n",
		    s == TARGET ? "WITHOUT ROWID" : "");
		if (s == TARGET)
			run_sql(db, "DELETE FROM t WHERE id = 2; "
				    "UPDATE t SET a = '' WHERE id = 3");
		sqlite3_close(db);
	}
	if (damaged)
		disorder();
	compare(&by_pages, -1, 1, NULL);
	compare(&by_rows, HASH_STREAM, 1, NULL);
	ok(same_outcome(&by_pages, &by_rows) && by_pages.status == TU_OK &&
		by_pages.tally.ops[CHANGE_INSERT] == 1 &&
		by_pages.tally.ops[CHANGE_UPDATE] == 1 &&
		!by_pages.tally.by_pages,
	    "each side from its own pages%s",
	    damaged ? ", one of which is damaged" : "");
}

/* --- locks ---------------------------------------------------------------- */

/* Another process, as locks do not hold against one's own. */
static bool
can_write(enum side side)
{
	char command[200];

	snprintf(command, sizeof(command),
	    "sqlite3 -bail %s 'DELETE FROM other' >/dev/null 2>&1", path[side]);
	return system(command) == 0;
}

/* Of two snapshots of a file one is compared by pages and closed. */
static void
locks_stay(void)
{
	struct shape s = random_shape();
	struct db *reader;
	sqlite3 *db = create(SOURCE, &s);

	create_table(db, &s);
	put_rows(db, &s, 100, 1000);
	sqlite3_close(db);
	copy_file(SOURCE, TARGET);
	ok(can_write(SOURCE), "before, a writer can write");
	reader = open_snapshot(SOURCE);
	compare(&by_pages, -1, 1, NULL);
	ok(by_pages.tally.by_pages && !can_write(SOURCE),
	    "another snapshot of the file keeps its lock");
	ok(can_write(TARGET), "nothing keeps the target's");
	db_close(reader);
	ok(can_write(SOURCE), "behind the last one a writer can write again");
}

int
main(void)
{
	const char *runs = getenv("TRUEUP_PAGES_RUNS");
	const char *tmp = getenv("TMPDIR");
	char dir[40];

	snprintf(dir, sizeof(dir), "%s/tu-pages-XXXXXX",
	    tmp != NULL && strlen(tmp) < 20 ? tmp : "/tmp");
	if (mkdtemp(dir) == NULL)
		bail_out(dir, "cannot create");
	for (int s = SOURCE; s <= TARGET; s++)
		snprintf(path[s], sizeof(path[s]), "%s/%d.db", dir, s);
	locks_stay();
	write_ahead_log();
	log_states();
	column_twice_in_key();
	generated_column("STORED", "", true);
	generated_column("STORED", "WITHOUT ROWID", true);
	generated_column("VIRTUAL", "", false);
	generated_column("VIRTUAL", "WITHOUT ROWID", false);
	for (size_t n = 4096; n <= 4098; n++) {
		many_suspects(n, true);
		many_suspects(n, false);
	}
	moved_rows("", "UTF-8", 0);
	moved_rows("", "UTF-8", 1);
	moved_rows("", "UTF-16le", 0);
	key = "a";
	moved_rows("id INTEGER PRIMARY KEY,", "UTF-8", 0);
	key = NULL;
	moved_null();
	own_pages(false);
	own_pages(true);
	another_type();
	twins_beyond_dividers();
	random_tables(runs != NULL ? atoi(runs) : 500, ANY_KEY);
	random_tables(runs != NULL ? atoi(runs) : 120, WITHOUT_ROWID);
	random_tables(runs != NULL ? atoi(runs) : 60, SCATTERED);
	live_logs(runs != NULL ? atoi(runs) : 80);
	damaged_tables(runs != NULL ? atoi(runs) : 150, ROWID);
	damaged_tables(runs != NULL ? atoi(runs) : 60, WITHOUT_ROWID);
	damaged_tables(runs != NULL ? atoi(runs) : 60, SCATTERED);
	for (int s = SOURCE; s <= TARGET; s++)
		remove_file((enum side)s);
	rmdir(dir);
	buf_free(&by_pages.changes);
	buf_free(&by_rows.changes);
	return tap_done();
}
