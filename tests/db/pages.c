/*
 * Pages of SQLite files against the library: random tables are compared by
 * their pages and again through SQLite. Changes, their order, verdicts and
 * counts must be the same, whatever the page size, the encoding, the shape of
 * the b-tree and the number of threads. Then files are damaged: no crash, and
 * never another answer than SQLite gives, but an error.
 *
 * TRUEUP_PAGES_RUNS is the number of tables of either kind (500, 300
 * without rowids, 150, 100).
 */
#include <config.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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
compare_once(const struct selection *sel, unsigned jobs, struct arena *arena,
    struct outcome *o, struct db *db[2])
{
	struct diff_options options = { .jobs = jobs };
	struct err *err = &o->err;
	struct plan plan;
	enum status st = TU_OK;

	for (int s = SOURCE; s <= TARGET && !st; s++) {
		options.url[s] = path[s];
		st = open_side((enum side)s, &db[s], err);
	}
	if (!st)
		st = plan_make(db[SOURCE], db[TARGET], sel, arena, &plan, err);
	if (!st && plan.npairs != 1)
		return err_set(err, TU_ESCHEMA, "%s",
		    plan.nbad > 0 ? plan.bad[0].why : "no pair");
	return st ? st
	          : diff_pair(&plan, &plan.pairs[0], &options, &o->sink,
			&o->tally, err);
}

static void
compare(struct outcome *o, int hash, unsigned jobs, const char *columns)
{
	static const char *const tables[] = { "t", NULL };
	const char *const excluded[] = { columns, NULL };
	struct selection sel = { .hash = hash,
		.tables = tables,
		.ex_columns = columns != NULL ? excluded : NULL };
	struct arena *arena = arena_new(65536);
	struct db *db[2] = { NULL, NULL };

	buf_reset(&o->changes);
	o->sink.change = note_change;
	o->err = (struct err)ERR_INIT;
	o->tally = (struct tally){ 0 };
	o->status = compare_once(&sel, jobs, arena, o, db);
	db_close(db[SOURCE]);
	db_close(db[TARGET]);
	arena_free(arena);
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
		without =
		    s.ncols > 1 && one_in(6) ? (s.id == 0 ? "c1" : "c0") : NULL;
		compare(&by_pages, -1, 1 + (unsigned)below(3), without);
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
	    kind == WITHOUT_ROWID ? " without rowids" : "");
	/* Those without rowids have keys that must be ordered alike. */
	ok(taken > runs * (kind == WITHOUT_ROWID ? 5 : 8) / 10,
	    "most of them were compared by their pages: %d", taken);
	ok(different > runs / 4 && different < runs,
	    "some differed and some did not");
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
	ok(!by_pages.tally.by_pages && by_pages.tally.ops[CHANGE_DELETE] == 1,
	    "a row in the log is found, and not by pages");
	run_sql(db, "PRAGMA wal_checkpoint(TRUNCATE)");
	compare(&by_pages, -1, 1, NULL);
	ok(by_pages.tally.by_pages && by_pages.tally.ops[CHANGE_DELETE] == 1,
	    "when the log is empty, by pages");
	sqlite3_close(db);
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
	is_int(by_pages.tally.by_pages, rowid || n <= 4096,
	    "  all are kept, or can be found again");
}

/* UNIQUE (a, a COLLATE NOCASE) has more columns than its table. */
static void
column_twice_in_key(void)
{
	sqlite3 *db;

	unlink(path[SOURCE]);
	db = open_file(SOURCE);
	run_sql(db,
	    "CREATE TABLE t (c0 TEXT, PRIMARY KEY (c0, c0 COLLATE NOCASE)) "
	    "WITHOUT ROWID; INSERT INTO t VALUES ('a'), ('A'), ('b')");
	sqlite3_close(db);
	copy_file(SOURCE, TARGET);
	db = open_file(TARGET);
	run_sql(db, "DELETE FROM t WHERE c0 = 'A'");
	sqlite3_close(db);
	compare(&by_pages, -1, 1, NULL);
	ok(by_pages.status == TU_OK && !by_pages.tally.by_pages &&
		by_pages.tally.ops[CHANGE_INSERT] == 1,
	    "a key that has a column twice, not by pages");
}

/* --- damage --------------------------------------------------------------- */

static size_t
file_size(enum side side)
{
	struct stat sb;

	return stat(path[side], &sb) == 0 ? (size_t)sb.st_size : 0;
}

/* Write over some bytes of a file: of any page, or of what stands at its
 * beginning, its type, its number of cells and where they are. */
static void
scribble(int fd, size_t size, size_t page_size)
{
	size_t page = below(size / page_size) * page_size;
	unsigned char bytes[8];
	size_t at, n = 1 + below(4);

	for (size_t i = 0; i < n; i++)
		bytes[i] = (unsigned char)(one_in(3) ? below(256) : below(8));
	at = page + (one_in(2) ? below(page_size) : below(40));
	if (one_in(4)) /* a flipped bit */
		n = 1;
	if (n == 1 && pread(fd, bytes, 1, (off_t)at) == 1)
		bytes[0] ^= (unsigned char)(1 << below(8));
	if (pwrite(fd, bytes, n, (off_t)at) != (ssize_t)n)
		bail_out("pwrite", "failed");
}

/* One page in the place of another: trees that meet themselves. */
static void
repeat_page(int fd, size_t size, size_t page_size)
{
	static unsigned char page[65536];
	size_t n = size / page_size;

	if (n < 3 ||
	    pread(fd, page, page_size,
		(off_t)((1 + below(n - 1)) * page_size)) < 0 ||
	    pwrite(fd, page, page_size,
		(off_t)((1 + below(n - 1)) * page_size)) < 0)
		return;
}

/* A leaf of more cells than there is room for: they overlap. */
static void
crowd_page(int fd, size_t size, size_t page_size, enum kind kind)
{
	static unsigned char page[65536];
	size_t n = MIN((page_size - 16) / 5, (size_t)16000), at = 8 + 2 * n;
	size_t npages = size / page_size;

	if (npages < 2)
		return;
	memset(page, 0, page_size);
	page[0] = kind == ROWID ? 13 : 10;
	page[3] = (unsigned char)(n >> 8);
	page[4] = (unsigned char)n;
	for (size_t i = 0; i < n; i++) {
		page[8 + 2 * i] = (unsigned char)(at >> 8);
		page[9 + 2 * i] = (unsigned char)at;
		page[at++] = 1; /* its one byte is the next one's first */
		if (i >= 128)
			page[at++] = (unsigned char)(0x80 | i >> 7);
		page[at++] = (unsigned char)(i & 0x7f);
	}
	if (pwrite(fd, page, page_size,
		(off_t)((1 + below(npages - 1)) * page_size)) < 0)
		bail_out("pwrite", "failed");
}

static void
damage(enum side side, enum kind kind)
{
	int fd = open(path[side], O_RDWR);
	size_t size = file_size(side), page_size;
	unsigned char head[2];

	if (fd < 0 || pread(fd, head, 2, 16) != 2)
		bail_out(path[side], "cannot read");
	page_size = head[1] == 1 ? 65536 : (size_t)head[0] << 8;
	for (uint64_t n = 1 + below(3); n > 0; n--)
		scribble(fd, size, page_size);
	if (one_in(6))
		repeat_page(fd, size, page_size);
	if (one_in(6))
		crowd_page(fd, size, page_size, kind);
	if (one_in(12) && ftruncate(fd, (off_t)below(size)) != 0)
		bail_out("ftruncate", "failed");
	close(fd);
}

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
		enum side side = (enum side)below(2);
		struct shape s;

		make_tables(&s, kind);
		damage(side, kind);
		compare(&by_pages, -1, 1 + (unsigned)below(3), NULL);
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

/* --- locks ---------------------------------------------------------------- */

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
	char dir[] = "/tmp/tu-pages-XXXXXX";

	if (mkdtemp(dir) == NULL)
		bail_out(dir, "cannot create");
	for (int s = SOURCE; s <= TARGET; s++)
		snprintf(path[s], sizeof(path[s]), "%s/%d.db", dir, s);
	locks_stay();
	write_ahead_log();
	column_twice_in_key();
	for (size_t n = 4096; n <= 4098; n++) {
		many_suspects(n, true);
		many_suspects(n, false);
	}
	random_tables(runs != NULL ? atoi(runs) : 500, ANY_KEY);
	random_tables(runs != NULL ? atoi(runs) : 300, WITHOUT_ROWID);
	damaged_tables(runs != NULL ? atoi(runs) : 150, ROWID);
	damaged_tables(runs != NULL ? atoi(runs) : 100, WITHOUT_ROWID);
	unlink(path[SOURCE]);
	unlink(path[TARGET]);
	rmdir(dir);
	buf_free(&by_pages.changes);
	buf_free(&by_rows.changes);
	return tap_done();
}
