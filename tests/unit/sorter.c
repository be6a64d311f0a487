#include <config.h>

#include "diff/sorter.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "diff/diff.h"
#include "lib/tap.h"
#include "value/key.h"

#define MANY 100000

/* A driver that makes rows up: whatever fill() puts into the cells. */
struct fake {
	struct cursor base;
	size_t at, n, fail_at;
	void (*fill)(size_t i, struct cell *cells);
	struct cell cells[8];
	struct row row;
};

static struct fake fake;
static char text_a[64], text_b[2048];
static size_t closed;

static enum status
fake_scan(struct db *db, const struct db_scan *scan, struct cursor **out,
    struct err *err)
{
	(void)err;
	fake.base.db = db;
	fake.at = 0;
	fake.row = (struct row){ .cells = fake.cells, .n = scan->ncolumns };
	*out = &fake.base;
	return TU_OK;
}

static enum status
fake_next(struct cursor *cur, const struct row **row, struct err *err)
{
	(void)cur;
	if (fake.at == fake.fail_at)
		return err_set(err, TU_EQUERY, "connection lost");
	*row = fake.at < fake.n ? &fake.row : NULL;
	if (*row != NULL)
		fake.fill(fake.at++, fake.cells);
	return TU_OK;
}

static void
fake_close(struct cursor *cur)
{
	(void)cur;
	closed++;
}

static const struct db_driver driver = {
	.name = "fake",
	.scan = fake_scan,
	.next = fake_next,
	.cursor_close = fake_close,
};
static struct db db = {
	.drv = &driver,
	.dialect = &dialect_generic,
	.side = "source",
};

/* A pair of n text columns, of which the first nkeys are the key. */
static struct column column = { .name = "c", .type = "text" };
static struct pair_column pair_columns[8];
static struct pair pair;

static void
make_pair(size_t ncols, size_t nkeys, enum ltype type)
{
	for (size_t i = 0; i < ncols; i++)
		pair_columns[i] =
		    (struct pair_column){ .col = { &column, &column },
			    .type = { .type = type } };
	pair = (struct pair){
		.ncols = ncols, .cols = pair_columns, .nkeys = nkeys
	};
}

static enum status
open_sorter(size_t n, void (*fill)(size_t i, struct cell *cells),
    const struct cell *keys, size_t nkeys, struct cursor **out, struct err *err)
{
	const struct db_scan scan = { .sql = "SELECT", .ncolumns = pair.ncols };
	struct cursor *from;

	fake = (struct fake){ .n = n, .fill = fill, .fail_at = SIZE_MAX };
	if (db_scan(&db, &scan, &from, err))
		return err->status;
	return sorter_open(from, &pair, scan.ncolumns, keys, nkeys, out, err);
}

/* --- tests ---------------------------------------------------------------- */

/* Sorted by a server that ignores case, so badly for us; and composite. */
static void
fill_texts(size_t i, struct cell *cells)
{
	static const char *const words[] = { "a", "A", "b", "B", "é", "É", "z",
		"a b", "a\tb", "" };
	const char *word = words[i % ARRAY_LEN(words)];

	cells[0] = cell_text(word, strlen(word));
	snprintf(text_a, sizeof(text_a), "%zu", (i * 7919) % 1000);
	cells[1] =
	    i % 11 == 0 ? cell_null() : cell_text(text_a, strlen(text_a));
	cells[2] = cell_int((int64_t)i);
}

static void
test_order(void)
{
	struct err err = ERR_INIT;
	struct cursor *cur = NULL;
	const struct row *row;
	struct buf key = BUF_INIT, last = BUF_INIT;
	size_t n = 0, bad = 0, seen = 0, ends = 0;

	make_pair(3, 2, LT_TEXT);
	if (!ok(open_sorter(1000, fill_texts, NULL, 0, &cur, &err) == TU_OK,
		"a sorter of texts: %s", err.msg))
		return;
	is_int((long long)closed, 1, "the scan itself is over by then");
	while (db_next(cur, &row, &err) == TU_OK && row != NULL) {
		struct buf swap = last;

		buf_reset(&key);
		for (size_t k = 0; k < 2; k++)
			key_encode(&key, &pair.cols[k].type, &row->cells[k]);
		bad += n++ > 0 &&
		       key_cmp(last.data, last.len, key.data, key.len) > 0;
		seen += (size_t)row->cells[2].u.i;
		last = key;
		key = swap;
	}
	for (int i = 0; i < 3; i++)
		ends += db_next(cur, &row, &err) == TU_OK && row == NULL;
	is_int((long long)n, 1000, "all rows, ties too");
	is_int((long long)bad, 0, "in the order of their keys");
	is_int((long long)seen, 999 * 1000 / 2, "each once");
	is_int((long long)ends, 3, "and then no more");
	db_cursor_close(cur);
	buf_free(&key);
	buf_free(&last);
}

/* One row with every kind of cell, 2^53 + 1 and the negative zero too. */
static void
fill_kinds(size_t i, struct cell *cells)
{
	(void)i;
	cells[0] = cell_int(9007199254740993);
	cells[1] = cell_null();
	cells[2] = cell_f64(-0.0);
	cells[3] = cell_text("a\0b", 3);
	cells[4] = cell_text("", 0);
	cells[5] = cell_bytes("\0\xff", 2);
	cells[6] = cell_bytes(NULL, 0);
	cells[7] = cell_f64(0.1);
}

static void
test_exact(void)
{
	struct err err = ERR_INIT;
	struct cursor *cur = NULL;
	const struct row *row = NULL;
	struct cell want[8];
	size_t bad = 0;

	make_pair(8, 1, LT_NUM);
	fill_kinds(0, want);
	if (!ok(open_sorter(1, fill_kinds, NULL, 0, &cur, &err) == TU_OK &&
		    db_next(cur, &row, &err) == TU_OK && row != NULL,
		"a row: %s", err.msg))
		return;
	is_int((long long)row->n, 8, "of eight cells");
	for (size_t i = 0; i < 8; i++)
		bad += !cell_same(&row->cells[i], &want[i]);
	is_int((long long)bad, 0, "each as it went in");
	db_cursor_close(cur);
}

/* Long rows in a scattered order: 200 MB. */
static void
fill_many(size_t i, struct cell *cells)
{
	cells[0] = cell_int((int64_t)((i * 48271) % MANY));
	cells[1] = cell_text(text_b, sizeof(text_b));
}

static void
test_many(void)
{
	struct err err = ERR_INIT;
	struct cursor *cur = NULL;
	const struct row *row = NULL;
	int64_t n = 0, bad = 0;

	make_pair(2, 1, LT_NUM);
	memset(text_b, 'x', sizeof(text_b));
	sqlite3_memory_highwater(1);
	ok(open_sorter(MANY, fill_many, NULL, 0, &cur, &err) == TU_OK,
	    "%d rows of 2 KB: %s", MANY, err.msg);
	while (cur != NULL && db_next(cur, &row, &err) == TU_OK && row != NULL)
		bad += row->cells[0].u.i != n++ ||
		       row->cells[1].len != sizeof(text_b);
	ok(n == MANY && bad == 0, "come in order, %lld wrong", (long long)bad);
	ok(sqlite3_memory_highwater(0) > 100000 &&
		sqlite3_memory_highwater(0) < 16 << 20,
	    "in %lld KB of memory",
	    (long long)sqlite3_memory_highwater(0) / 1024);
	db_cursor_close(cur);
}

/* The server takes A for a, and gives what was not asked for. */
static void
test_wanted(void)
{
	const struct cell keys[] = { cell_text("z", 1), cell_text("6", 1),
		cell_text("a", 1), cell_text("nothing", 7), cell_text("", 0),
		cell_null() };
	struct err err = ERR_INIT;
	struct cursor *cur = NULL;
	const struct row *row = NULL;
	size_t n = 0, bad = 0;

	make_pair(3, 2, LT_TEXT);
	ok(open_sorter(1000, fill_texts, keys, 3, &cur, &err) == TU_OK,
	    "a sorter with three keys: %s", err.msg);
	while (
	    cur != NULL && db_next(cur, &row, &err) == TU_OK && row != NULL) {
		const struct cell *c = row->cells;
		bool z6 = c[0].len == 1 && c[0].u.p[0] == 'z' &&
		          c[1].kind == CELL_TEXT && c[1].len == 1 &&
		          c[1].u.p[0] == '6';

		bad += !z6 && !(c[0].len == 0 && c[1].kind == CELL_NULL);
		n++;
	}
	ok(n > 0 && bad == 0, "%zu rows have one of them, %zu others", n, bad);
	db_cursor_close(cur);
}

/* A lost connection is not the end of the rows. */
static void
test_failure(void)
{
	const struct db_scan scan = { .sql = "SELECT", .ncolumns = 3 };
	struct err err = ERR_INIT;
	struct cursor *from, *cur = NULL;

	make_pair(3, 2, LT_TEXT);
	fake = (struct fake){ .n = 100, .fill = fill_texts, .fail_at = 50 };
	closed = 0;
	ok(db_scan(&db, &scan, &from, &err) == TU_OK, "a scan");
	is_int(sorter_open(from, &pair, 3, NULL, 0, &cur, &err), TU_EQUERY,
	    "that fails half way");
	is_str(err.msg, "source: connection lost", "says so");
	ok(cur == NULL && closed == 1, "and nothing is left open");
}

static void
text_order(struct buf *out, const struct column *col, const struct vtype *t)
{
	if (t->type == LT_TEXT)
		buf_adds(out, col->name);
}

static void
test_needed(void)
{
	struct dialect some = dialect_generic;

	some.order_expr = text_order;
	make_pair(3, 2, LT_TEXT);
	ok(sorter_needed(&db, &pair, SOURCE), "nobody knows the order");
	pair.nrange = 2;
	ok(!sorter_needed(&db, &pair, SOURCE), "of ranges it is known");
	pair.nrange = 1;
	ok(sorter_needed(&db, &pair, SOURCE), "of part of a key it is not");
	db.dialect = &some;
	ok(!sorter_needed(&db, &pair, SOURCE), "a dialect that orders texts");
	pair_columns[1].type.type = LT_UUID;
	ok(sorter_needed(&db, &pair, SOURCE), "and no uuids");
	db.dialect = &dialect_generic;
}

/* --- whole comparisons ---------------------------------------------------- */

/*
 * SQLite files, read as if nobody knew what they are: every key in every
 * combination of known and unknown sides. A primary key of its own cannot be
 * sampled, text keys are met in buckets.
 */
static const char *const tables[] = {
	"PRIMARY KEY (a)",
	"PRIMARY KEY (k)",
	"PRIMARY KEY (b, c)",
	"UNIQUE (c, k)",
	"CHECK (a >= 0)",
};

#define FILL                                                            \
	"WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM " \
	"n WHERE n < 5000) INSERT INTO t SELECT n * 7919 % 5003, "      \
	"'k' || (n * 31 % 5003), n % 50, n / 50, 'v' || n FROM n"

static const char *const damage[] = {
	"DELETE FROM t WHERE a % 1000 = 7",
	"UPDATE t SET v = NULL WHERE a % 1000 = 8",
	("INSERT INTO t SELECT 1000000 + a, 'n' || a, 100 + a, a, v FROM t "
	 "WHERE a % 1000 = 9"),
};

static uint64_t changes[CHANGE_OPS];

static enum status
count_change(struct change_sink *s, const struct change *c, struct err *err)
{
	(void)s;
	(void)err;
	changes[c->op] += c->copies;
	return TU_OK;
}

static void
must(enum status st, const struct err *err)
{
	if (st == TU_OK)
		return;
	printf("Bail out! %s\n", err->msg);
	exit(1);
}

static struct db *
make_database(const char *path, const char *key, bool damaged, bool generic)
{
	struct err err = ERR_INIT;
	struct buf sql = BUF_INIT;
	FILE *f = fopen(path, "w");
	struct db *w, *r;

	if (f != NULL)
		fclose(f);
	buf_addf(&sql,
	    "CREATE TABLE t (a INT NOT NULL, k TEXT NOT NULL, b INT NOT NULL, "
	    "c INT NOT NULL, v TEXT, %s)",
	    key);
	must(db_open(path, DB_WRITE, "target", &w, &err), &err);
	must(db_exec(w, buf_str(&sql), NULL, &err), &err);
	must(db_exec(w, FILL, NULL, &err), &err);
	for (size_t i = 0; damaged && i < ARRAY_LEN(damage); i++)
		must(db_exec(w, damage[i], NULL, &err), &err);
	db_close(w);
	must(db_open(path, DB_READ, "source", &r, &err), &err);
	if (generic)
		r->dialect = &dialect_generic;
	must(r->drv->snapshot_begin(r, NULL, &err), &err);
	unlink(path);
	buf_free(&sql);
	return r;
}

static void
compare(const char *key, bool source, bool target)
{
	const struct selection sel = { .hash = -1 };
	const struct diff_options options = { .jobs = 1 };
	struct change_sink sink = { .change = count_change };
	struct arena *arena = arena_new(1 << 16);
	char path[] = "/tmp/trueup-sorter.XXXXXX";
	bool counted = key[0] == 'C';
	struct err err = ERR_INIT;
	struct db *dbs[2];
	struct plan plan;
	struct tally tally;

	if (mkstemp(path) < 0)
		must(TU_EIO, &err);
	dbs[0] = make_database(path, key, false, source);
	dbs[1] = make_database(path, key, true, target);
	memset(changes, 0, sizeof(changes));
	must(plan_make(dbs[0], dbs[1], &sel, arena, &plan, &err), &err);
	must(diff_pair(&plan, &plan.pairs[0], &options, &sink, &tally, &err),
	    &err);
	ok(plan.pairs[0].multiset == counted &&
		changes[CHANGE_DELETE] == (counted ? 10 : 5) &&
		changes[CHANGE_UPDATE] == (counted ? 0 : 5) &&
		changes[CHANGE_INSERT] == (counted ? 10 : 5),
	    "%s, %s against %s: all differences and no other", key,
	    dbs[0]->dialect->name, dbs[1]->dialect->name);
	db_close(dbs[0]);
	db_close(dbs[1]);
	arena_free(arena);
}

static void
test_comparisons(void)
{
	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		compare(tables[i], true, false);
		compare(tables[i], false, true);
		compare(tables[i], true, true);
	}
}

int
main(void)
{
	test_needed();
	test_order();
	test_exact();
	test_wanted();
	test_failure();
	test_many();
	test_comparisons();
	return tap_done();
}
