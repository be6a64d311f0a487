/*
 * Pages of SQLite files against the library: random tables are compared by
 * their pages and again through SQLite. Changes, their order, verdicts and
 * counts must be the same, whatever the page size, the encoding, the shape of
 * the b-tree and the number of threads. Then files are damaged: no crash, and
 * never another answer than SQLite gives, but an error.
 *
 * TRUEUP_PAGES_RUNS is the number of tables of either kind (500, 150).
 */
#include <config.h>

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "db/sqlite.h"
#include "diff/diff.h"
#include "lib/tap.h"

#define COLUMNS_MAX 7

static char path[2][64];

static uint64_t
below(uint64_t n)
{
	return tap_random() % n;
}

static bool
one_in(uint64_t n)
{
	return below(n) == 0;
}

TU_NORETURN static void
bail_out(const char *what, const char *why)
{
	printf("Bail out! %.500s: %s\n", what, why);
	exit(1);
}

/* --- making tables -------------------------------------------------------- */

static void
run_sql(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		bail_out(sql, sqlite3_errmsg(db));
}

TU_PRINTF(2, 3)
static void
run_f(sqlite3 *db, const char *fmt, ...)
{
	va_list ap;
	char *sql;

	va_start(ap, fmt);
	sql = sqlite3_vmprintf(fmt, ap);
	va_end(ap);
	run_sql(db, sql);
	sqlite3_free(sql);
}

static sqlite3 *
open_file(enum side side)
{
	sqlite3 *db;

	if (sqlite3_open(path[side], &db) != SQLITE_OK)
		bail_out(path[side], sqlite3_errmsg(db));
	run_sql(db, "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY");
	return db;
}

/* What a database and its table are like. */
struct shape {
	int page_size, reserved;
	const char *encoding;
	bool vacuums; /* auto_vacuum */
	size_t ncols;
	const char *types[COLUMNS_MAX];
	size_t id;      /* the column that is the key */
	bool rowid;     /* ... and the rowid */
	bool backwards; /* the columns */
};

static const char *const encodings[] = { "UTF-8", "UTF-16le", "UTF-16be" };
static const int page_sizes[] = { 512, 1024, 4096, 8192, 65536 };

static struct shape
random_shape(void)
{
	static const char *const types[] = { "INTEGER", "REAL", "TEXT", "BLOB",
		"NUMERIC", "", "DECIMAL(8,2)", "DATETIME" };
	struct shape s = { .page_size = page_sizes[below(4)],
		.encoding = encodings[one_in(2) ? 0 : below(3)],
		.vacuums = one_in(4),
		.ncols = 1 + below(COLUMNS_MAX) };

	if (one_in(20))
		s.page_size = 65536;
	if (one_in(8))
		s.reserved = 1 + (int)below(32);
	s.id = below(s.ncols);
	s.rowid = !one_in(3);
	for (size_t i = 0; i < s.ncols; i++)
		s.types[i] = types[below(ARRAY_LEN(types))];
	return s;
}

static sqlite3 *
create(enum side side, const struct shape *s)
{
	int reserved = s->reserved;
	sqlite3 *db;

	unlink(path[side]);
	db = open_file(side);
	sqlite3_file_control(db, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
	run_f(db,
	    "PRAGMA page_size = %d; PRAGMA encoding = '%s'; "
	    "PRAGMA auto_vacuum = %d; CREATE TABLE other (x)",
	    s->page_size, s->encoding, s->vacuums ? 1 : 0);
	return db;
}

static void
create_table(sqlite3 *db, const struct shape *s)
{
	sqlite3_str *sql = sqlite3_str_new(db);
	char *text;

	for (size_t k = 0; k < s->ncols; k++) {
		size_t i = s->backwards ? s->ncols - 1 - k : k;

		sqlite3_str_appendf(sql, "%s c%d %s %s",
		    k > 0 ? "," : "CREATE TABLE t (", (int)i,
		    i == s->id && s->rowid ? "INTEGER" : s->types[i],
		    i != s->id                ? ""
		    : s->rowid || !one_in(10) ? "NOT NULL PRIMARY KEY"
					      : "PRIMARY KEY");
	}
	text = sqlite3_str_finish(sql);
	run_f(db, "%s)", text);
	sqlite3_free(text);
}

static void
bind_text(sqlite3_stmt *stmt, int i)
{
	static const char *const words[] = { "", "a", "A ", "12", "1.50",
		"\xc3\xa9", "\xf0\x9f\x98\x80", "2024-02-29 12:00:00" };
	uint16_t wide[8];

	if (!one_in(4)) {
		sqlite3_bind_text(
		    stmt, i, words[below(ARRAY_LEN(words))], -1, SQLITE_STATIC);
		return;
	}
	/* Surrogates in any order; a mark at the start would be taken off. */
	for (size_t k = 0; k < ARRAY_LEN(wide); k++)
		wide[k] = (uint16_t)(0xd7f0 + below(0x830));
	sqlite3_bind_text16(stmt, i, wide, (int)below(9) * 2, SQLITE_TRANSIENT);
}

static int64_t
random_int(void)
{
	int64_t v = (int64_t)tap_random();

	return one_in(3) ? (int64_t)below(3) : v >> below(64);
}

static void
bind_random(sqlite3_stmt *stmt, int i)
{
	static const double reals[] = { 0.0, -0.0, 1.0, 0.1, -1e300, 1e15,
		9007199254740993.0, 4e18, 0.5 };

	switch (below(8)) {
	case 0:
		sqlite3_bind_null(stmt, i);
		break;
	case 1:
	case 2:
		sqlite3_bind_double(stmt, i, reals[below(ARRAY_LEN(reals))]);
		break;
	case 3:
	case 4:
		bind_text(stmt, i);
		break;
	case 5:
		sqlite3_bind_zeroblob(stmt, i, (int)below(40));
		break;
	default:
		sqlite3_bind_int64(stmt, i, random_int());
	}
	if (one_in(50)) /* one that needs overflow pages */
		sqlite3_bind_zeroblob(stmt, i, (int)below(20000));
}

static int64_t
random_rowid(uint64_t spread)
{
	static const int64_t odd[] = { INT64_MIN, INT64_MAX, 0, -1,
		INT64_MIN + 1 };

	if (one_in(100))
		return odd[below(ARRAY_LEN(odd))];
	return (int64_t)(below(spread) - spread / 4);
}

/* "c0, c1, ..." */
static char *
column_list(size_t n)
{
	sqlite3_str *text = sqlite3_str_new(NULL);

	for (size_t i = 0; i < n; i++)
		sqlite3_str_appendf(text, "%sc%d", i > 0 ? ", " : "", (int)i);
	return sqlite3_str_finish(text);
}

static void
put_rows(sqlite3 *db, const struct shape *s, size_t n, uint64_t spread)
{
	char *columns = column_list(s->ncols), *text;
	sqlite3_str *sql = sqlite3_str_new(db);
	sqlite3_stmt *stmt;

	sqlite3_str_appendf(sql, "REPLACE INTO t (%s) VALUES (?", columns);
	sqlite3_free(columns);
	for (size_t i = 1; i < s->ncols; i++)
		sqlite3_str_appendall(sql, ",?");
	sqlite3_str_appendall(sql, ")");
	text = sqlite3_str_finish(sql);
	if (sqlite3_prepare_v2(db, text, -1, &stmt, NULL) != SQLITE_OK)
		bail_out(text, sqlite3_errmsg(db));
	sqlite3_free(text);
	for (; n > 0; n--) {
		for (size_t i = 0; i < s->ncols; i++)
			bind_random(stmt, (int)i + 1);
		sqlite3_bind_int64(stmt, (int)s->id + 1, random_rowid(spread));
		sqlite3_step(stmt);
		sqlite3_reset(stmt);
	}
	sqlite3_finalize(stmt);
}

/* ALTER TABLE ADD COLUMN leaves the rows as they are. */
static void
add_column(sqlite3 *db, struct shape *s)
{
	static const char *const columns[] = { "REAL DEFAULT 7",
		"TEXT DEFAULT 'd\xc3\xa9'", "INTEGER", "BLOB DEFAULT x'00ff'",
		"NUMERIC DEFAULT '12.50'", "DEFAULT -3", "TEXT DEFAULT 5" };

	if (s->ncols == COLUMNS_MAX)
		return;
	s->types[s->ncols] = columns[below(ARRAY_LEN(columns))];
	run_f(db, "ALTER TABLE t ADD COLUMN c%d %s", (int)s->ncols,
	    s->types[s->ncols]);
	s->ncols++;
}

static void
change_rows(sqlite3 *db, struct shape *s, size_t n, uint64_t spread)
{
	run_sql(db, "BEGIN");
	if (one_in(5))
		add_column(db, s);
	if (one_in(3))
		run_f(db, "DELETE FROM t WHERE c%d %% 7 = %d", (int)s->id,
		    (int)below(7));
	if (s->ncols > 1 && one_in(2))
		run_f(db, "UPDATE t SET c%d = c%d || '' WHERE c%d %% 97 = 3",
		    (int)(s->id + 1) % (int)s->ncols,
		    (int)(s->id + 1) % (int)s->ncols, (int)s->id);
	/* The last byte of what is in overflow pages. */
	if (s->ncols > 1 && one_in(2))
		run_f(db,
		    "UPDATE t SET c%d = CAST(zeroblob(length(c%d) - 1) || "
		    "x'07' AS BLOB) WHERE length(c%d) > 1000",
		    (int)(s->id + 1) % (int)s->ncols,
		    (int)(s->id + 1) % (int)s->ncols,
		    (int)(s->id + 1) % (int)s->ncols);
	put_rows(db, s, n, spread);
	run_sql(db, "COMMIT");
	if (one_in(6))
		run_sql(db, "VACUUM");
}

static size_t
random_size(void)
{
	static const size_t sizes[] = { 0, 1, 2, 20, 150, 400 };

	return sizes[below(ARRAY_LEN(sizes))];
}

static void
copy_file(enum side from, enum side to)
{
	static char bytes[1 << 16];
	FILE *in = fopen(path[from], "r"), *out = fopen(path[to], "w");
	size_t n;

	if (in == NULL || out == NULL)
		bail_out(path[to], "cannot copy");
	while ((n = fread(bytes, 1, sizeof(bytes), in)) > 0)
		fwrite(bytes, 1, n, out);
	fclose(in);
	fclose(out);
}

/* The source's rows in a file of another shape, or in another order. */
static void
rebuild(const struct shape *s, struct shape *t)
{
	char *columns;
	sqlite3 *db;

	*t = *s;
	t->backwards = one_in(6);
	if (one_in(2))
		t->page_size = page_sizes[below(4)];
	if (one_in(3))
		t->encoding = encodings[below(3)];
	for (size_t i = 0; i < t->ncols; i++)
		if (i != s->id && one_in(12))
			t->types[i] = random_shape().types[0];
	db = create(TARGET, t);
	create_table(db, t);
	/* A file of another encoding cannot be attached; then it is rows of
	 * its own. */
	columns = column_list(t->ncols);
	if (t->encoding == s->encoding)
		run_f(db,
		    "ATTACH '%s' AS s; BEGIN; INSERT INTO main.t (%s) "
		    "SELECT %s FROM s.t %s; COMMIT; DETACH s",
		    path[SOURCE], columns, columns,
		    one_in(2) ? "ORDER BY random()" : "");
	sqlite3_free(columns);
	sqlite3_close(db);
}

static void
make_tables(struct shape *s, bool rowid)
{
	uint64_t spread = one_in(3)   ? 1 << 20
	                  : one_in(3) ? UINT64_C(1) << 60
	                              : 600;
	struct shape t;
	sqlite3 *db;

	*s = random_shape();
	s->rowid |= rowid;
	db = create(SOURCE, s);
	create_table(db, s);
	run_sql(db, "BEGIN");
	put_rows(db, s, random_size(), spread);
	if (one_in(6))
		add_column(db, s);
	put_rows(db, s, random_size() / 10, spread);
	run_sql(db, "COMMIT");
	sqlite3_close(db);
	if (one_in(2)) {
		copy_file(SOURCE, TARGET);
		t = *s;
	} else {
		rebuild(s, &t);
	}
	db = open_file(TARGET);
	if (!one_in(4))
		change_rows(db, &t, random_size() / 10, spread);
	sqlite3_close(db);
}

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
random_tables(int runs)
{
	int wrong = 0, taken = 0, different = 0;

	for (int i = 0; i < runs && wrong < 3; i++) {
		struct shape s;
		const char *without;

		make_tables(&s, false);
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
	is_int(wrong, 0, "pages and rows say the same of %d tables", runs);
	ok(taken > runs * 8 / 10, "most of them were compared by their pages");
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

static void
damage(enum side side)
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
damaged_tables(int runs)
{
	int wrong = 0, taken = 0, failed = 0, lenient = 0;

	for (int i = 0; i < runs && wrong < 3; i++) {
		enum side side = (enum side)below(2);
		struct shape s;

		make_tables(&s, true);
		damage(side);
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
	for (size_t n = 4096; n <= 4098; n++) {
		many_suspects(n, true);
		many_suspects(n, false);
	}
	random_tables(runs != NULL ? atoi(runs) : 500);
	damaged_tables(runs != NULL ? atoi(runs) : 150);
	unlink(path[SOURCE]);
	unlink(path[TARGET]);
	rmdir(dir);
	buf_free(&by_pages.changes);
	buf_free(&by_rows.changes);
	return tap_done();
}
