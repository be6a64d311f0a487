#include <config.h>

#include "diff/ahead.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "db/dialect.h"
#include "lib/tap.h"

#define LARGE (3 << 20)
#define PATIENCE 20.0 /* seconds, of a driver that waits for another one */

/*
 * A driver that makes rows up: a number and a text of so many of its last
 * digit. The next row is written over the one before, as drivers may.
 */
struct fake {
	struct db db; /* first */
	size_t n, fail_at, stop_at;
	bool fail_open;
	const struct fake
	    *meets; /* has to have been asked before row 1 comes */
	size_t (*len)(size_t i);

	struct cursor cur;
	size_t at;
	char *text;
	struct cell cells[2];
	struct row row;
	atomic_bool asked, stands, cancelled;
	atomic_int cursors, cancels;
};

static struct fake *
fake_of(struct db *db)
{
	return (struct fake *)db;
}

static enum status
fake_scan(struct db *db, const struct db_scan *scan, struct cursor **out,
    struct err *err)
{
	struct fake *f = fake_of(db);

	if (f->fail_open)
		return err_set(err, TU_EQUERY, "no such table");
	f->at = 0;
	f->cur.db = db;
	f->row = (struct row){ .cells = f->cells, .n = scan->ncolumns };
	atomic_fetch_add(&f->cursors, 1);
	*out = &f->cur;
	return TU_OK;
}

/* Somewhere a server works for ever. */
static bool
wait_until(const atomic_bool *flag)
{
	double until = clock_seconds() + PATIENCE;

	while (!atomic_load(flag) && clock_seconds() < until)
		sched_yield();
	return atomic_load(flag);
}

static enum status
fake_next(struct cursor *cur, const struct row **row, struct err *err)
{
	struct fake *f = fake_of(cur->db);
	size_t len;

	atomic_store(&f->asked, true);
	if (f->at == f->fail_at)
		return err_set(err, TU_EQUERY, "connection lost");
	if (f->at == f->stop_at) {
		atomic_store(&f->stands, true);
		wait_until(&f->cancelled);
		return err_set(err, TU_EQUERY, "cancelled");
	}
	if (f->meets != NULL && !wait_until(&f->meets->asked))
		return err_set(err, TU_EQUERY, "the other side is not read");
	*row = NULL;
	if (f->at == f->n)
		return TU_OK;
	len = f->len(f->at);
	f->cells[0] = cell_int((int64_t)f->at);
	f->cells[1] = cell_text(f->text, len);
	memset(f->text, '0' + (int)(f->at % 10), len);
	f->at++;
	*row = &f->row;
	return TU_OK;
}

static void
fake_close(struct cursor *cur)
{
	struct fake *f = fake_of(cur->db);

	atomic_fetch_sub(&f->cursors, 1);
}

static void
fake_cancel(struct db *db)
{
	struct fake *f = fake_of(db);

	atomic_fetch_add(&f->cancels, 1);
	atomic_store(&f->cancelled, true);
}

static const struct db_driver driver = {
	.name = "fake",
	.scan = fake_scan,
	.next = fake_next,
	.cursor_close = fake_close,
	.cancel = fake_cancel,
};

/* --- a table -------------------------------------------------------------- */

static struct column columns[2] = {
	{ .name = "id", .ltype = LT_NUM, .precision = -1 },
	{ .name = "v", .ltype = LT_TEXT, .precision = -1 },
};
static const struct table table = {
	.name = "t", .from = "t", .ncolumns = 2, .columns = columns
};
static struct pair_column pair_columns[2] = {
	{ .col = { &columns[0], &columns[0] }, .type = { .type = LT_NUM } },
	{ .col = { &columns[1], &columns[1] }, .type = { .type = LT_TEXT } },
};
static const struct pair pair = { .name = "t",
	.table = { &table, &table },
	.cols = pair_columns,
	.ncols = 2,
	.nkeys = 1,
	.nrange = 1 };
/* All of it. */
static const struct fetch_spec spec = { .of = 1 };

static struct fake *
fake_new(size_t n, size_t (*len)(size_t i))
{
	struct fake *f = calloc(1, sizeof(*f));

	f->db = (struct db){
		.drv = &driver, .dialect = &dialect_generic, .side = "source"
	};
	f->n = n;
	f->len = len;
	f->fail_at = f->stop_at = SIZE_MAX;
	f->text = malloc(LARGE);
	return f;
}

static void
fake_free(struct fake *f)
{
	free(f->text);
	free(f);
}

static struct cursor *
open_ahead(struct fake *f)
{
	struct err err = ERR_INIT;
	struct cursor *cur;

	if (ahead_open(&f->db, &pair, SOURCE, &spec, &cur, &err)) {
		printf("Bail out! %s\n", err.msg);
		exit(1);
	}
	return cur;
}

/* --- tests ---------------------------------------------------------------- */

static size_t
short_text(size_t i)
{
	return i % 7;
}

/* Of any size, also some that are not copied: one after another, and the last
 * of all. */
static size_t
any_text(size_t i)
{
	return i % 100 > 97 ? LARGE - i : i % 10 == 3 ? 100000 : i % 50;
}

static bool
is_row(const struct row *row, size_t i, size_t len)
{
	const struct cell *c = row->cells;
	char digit = (char)('0' + i % 10);

	return row->n == 2 && c[0].u.i == (int64_t)i && c[1].len == len &&
	       (len == 0 || (c[1].u.p[0] == digit &&
				memcmp(c[1].u.p, c[1].u.p + 1, len - 1) == 0));
}

static void
test_rows(size_t n, size_t (*len)(size_t i), const char *what)
{
	struct fake *f = fake_new(n, len);
	struct cursor *cur = open_ahead(f);
	struct err err = ERR_INIT;
	const struct row *row;
	size_t i = 0, wrong = 0, ends = 0;

	while (db_next(cur, &row, &err) == TU_OK && row != NULL) {
		wrong += !is_row(row, i, len(i));
		i++;
	}
	for (int k = 0; k < 3; k++)
		ends += db_next(cur, &row, &err) == TU_OK && row == NULL;
	is_int((long long)i, (long long)n, "%s: all of them", what);
	is_int((long long)wrong, 0, "each as it was");
	is_int((long long)ends, 3, "and then no more");
	db_cursor_close(cur);
	is_int(f->cursors, 0, "the driver's cursor is closed");
	is_int(f->cancels, 0, "and nothing was cancelled");
	fake_free(f);
}

/* Rows before a failure come; it is said again if one asks again. */
static void
test_failure(size_t at)
{
	struct fake *f = fake_new(10000, short_text);
	struct err err = ERR_INIT;
	const struct row *row;
	struct cursor *cur;
	size_t n = 0;

	f->fail_at = at;
	cur = open_ahead(f);
	while (db_next(cur, &row, &err) == TU_OK && row != NULL)
		n++;
	is_int((long long)n, (long long)at, "rows before a failure");
	is_str(err.msg, "source: connection lost", "which is told");
	err_clear(&err);
	is_int(db_next(cur, &row, &err), TU_EQUERY, "as often as one asks");
	db_cursor_close(cur);
	is_int(f->cursors, 0, "the driver's cursor is closed");
	fake_free(f);
}

static void
test_no_table(void)
{
	struct fake *f = fake_new(10, short_text);
	struct err err = ERR_INIT;
	const struct row *row;
	struct cursor *cur;

	f->fail_open = true;
	cur = open_ahead(f);
	is_int(db_next(cur, &row, &err), TU_EQUERY, "what cannot be opened");
	is_str(err.msg, "source: no such table", "says why");
	ok(row == NULL, "and has no row");
	db_cursor_close(cur);
	fake_free(f);
}

/* Whoever wants no more does not wait for what the driver waits for. */
static void
test_close(size_t read, size_t stop_at, size_t (*len)(size_t i), bool cancels)
{
	struct fake *f = fake_new(100000, len);
	struct err err = ERR_INIT;
	const struct row *row = NULL;
	double began = clock_seconds();
	struct cursor *cur;
	size_t n = 0;

	f->stop_at = stop_at;
	cur = open_ahead(f);
	while (n < read && db_next(cur, &row, &err) == TU_OK && row != NULL)
		n++;
	if (cancels)
		wait_until(&f->stands);
	db_cursor_close(cur);
	is_int((long long)n, (long long)read, "closed after some rows");
	is_int(f->cursors, 0, "the driver's cursor is closed");
	ok((f->cancels > 0) == cancels && clock_seconds() - began < PATIENCE,
	    cancels ? "a statement that did not end was cancelled"
		    : "nothing had to be cancelled");
	fake_free(f);
}

/* Neither side has a row before the other was asked. */
static void
test_both(void)
{
	struct fake *f[2] = { fake_new(10, short_text),
		fake_new(10, short_text) };
	struct cursor *cur[2];
	struct err err = ERR_INIT;
	const struct row *row;

	for (int s = SOURCE; s <= TARGET; s++)
		f[s]->meets = f[!s];
	for (int s = SOURCE; s <= TARGET; s++)
		cur[s] = open_ahead(f[s]);
	for (int s = SOURCE; s <= TARGET; s++)
		ok(db_next(cur[s], &row, &err) == TU_OK && row != NULL,
		    "both sides are read at once: %s", err.msg);
	for (int s = SOURCE; s <= TARGET; s++) {
		db_cursor_close(cur[s]);
		fake_free(f[s]);
	}
}

int
main(void)
{
	test_rows(0, short_text, "no rows");
	test_rows(1, short_text, "one row");
	test_rows(100000, short_text, "short rows");
	test_rows(1000, any_text, "rows of up to 3 MB");
	test_failure(0);
	test_failure(1);
	test_failure(5000);
	test_no_table();
	test_close(0, SIZE_MAX, short_text, false);
	test_close(5000, SIZE_MAX, short_text, false);
	test_close(99, SIZE_MAX, any_text, false);
	test_close(0, 0, short_text, true);
	test_close(1000, 1024, short_text, true);
	test_both();
	return tap_done();
}
