#include <config.h>

#include "suite.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/tap.h"

static bool
starts_with(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* Is this the class of the last error's SQLSTATE? */
static bool
has_state(const struct suite *s, const char *class)
{
	return (s->brand->lacks & LACKS_STATES) ||
	       starts_with(s->err.sqlstate, class);
}

static void
check_names(struct suite *s)
{
	for (const struct bad_name *b = s->brand->bad; b->url != NULL; b++) {
		struct err err = ERR_INIT;
		struct db *db = NULL;
		enum status st = db_open(b->url, DB_READ, "source", &db, &err);

		ok(st == b->status && err.status == st && db == NULL,
		    "%s: '%s' gives status %d", s->brand->name, b->url, st);
		ok(starts_with(err.msg, "source: ") &&
			strstr(err.msg, b->text) != NULL,
		    "%s: message: %s", s->brand->name, err.msg);
		ok(b->secret == NULL ||
			(strstr(err.msg, b->secret) == NULL &&
			    strstr(err.hint, b->secret) == NULL),
		    "%s: no password in it", s->brand->name);
		db_close(db);
	}
}

static int64_t
count_k1(struct suite *s, struct db *db)
{
	struct buf *sql = suite_sql(s);

	buf_addf(sql, "SELECT count(*) FROM %s", suite_table(s, "k1")->from);
	return suite_int(s, db, buf_str(sql));
}

static bool
insert_k1(struct suite *s, int id)
{
	struct buf *sql = suite_sql(s);

	buf_addf(sql, "INSERT INTO %s VALUES (%d, 0)",
	    suite_table(s, "k1")->from, id);
	return suite_exec(s, buf_str(sql));
}

static void
check_snapshot(struct suite *s)
{
	const struct db_driver *drv = s->rd->drv;
	int64_t n;

	suite_ok(s, drv->snapshot_begin(s->rd, NULL, &s->err), "snapshot");
	/* Writing before the first read: the snapshot must stand by then. */
	n = count_k1(s, s->wr);
	ok(insert_k1(s, 1000001), "%s: a writer goes on", s->brand->name);
	is_int(count_k1(s, s->rd), n, "%s: the snapshot does not see it",
	    s->brand->name);
	is_int(
	    count_k1(s, s->wr), n + 1, "%s: the writer does", s->brand->name);
	drv->snapshot_end(s->rd);
	is_int(count_k1(s, s->rd), n + 1, "%s: after the snapshot, too",
	    s->brand->name);
}

static void
check_shared_snapshot(struct suite *s)
{
	const struct db_driver *drv = s->rd->drv;
	struct db *other = NULL;
	const char *id = NULL;
	int64_t n;

	if (!(drv->caps & DB_CAP_SHARE)) {
		ok(drv->snapshot_id == NULL && drv->blocks == NULL,
		    "%s: shares no snapshots", s->brand->name);
		return;
	}
	suite_ok(s, drv->snapshot_begin(s->rd, NULL, &s->err), "snapshot");
	suite_ok(s, drv->snapshot_id(s->rd, s->arena, &id, &s->err), "its id");
	n = count_k1(s, s->rd);
	insert_k1(s, 1000002);
	if (suite_ok(s, db_open(s->url, DB_READ, "source", &other, &s->err),
		"another session") &&
	    suite_ok(s, drv->snapshot_begin(other, id, &s->err), "joins it"))
		is_int(count_k1(s, other), n, "%s: and sees the same",
		    s->brand->name);
	if (other != NULL)
		drv->snapshot_end(other);
	db_close(other);
	drv->snapshot_end(s->rd);
}

static void
check_read_mode(struct suite *s)
{
	int64_t n = count_k1(s, s->rd);
	enum status st = db_exec(s->rd, s->brand->write_in_read, NULL, &s->err);

	ok(st == TU_EQUERY && has_state(s, "25006"),
	    "%s: a reading session writes nothing: %s", s->brand->name,
	    s->err.msg);
	is_int(count_k1(s, s->wr), n, "%s: and wrote nothing", s->brand->name);
}

static void
check_bad_sql(struct suite *s)
{
	const struct column *col = &db_int_column;
	struct db_scan scan = { "SELECT nonsense FROM", &col, 1, 0, 0 };
	struct cursor *cur = NULL;
	const struct row *row = NULL;
	enum status st;

	st = db_exec(s->rd, "nonsense", NULL, &s->err);
	ok(st == TU_EQUERY && starts_with(s->err.msg, "source: ") &&
		strlen(s->err.sqlstate) == 5,
	    "%s: bad SQL: %s", s->brand->name, s->err.msg);
	st = db_exec(s->wr, "nonsense", NULL, &s->err);
	ok(st == TU_EQUERY && starts_with(s->err.msg, "target: "),
	    "%s: bad SQL on the other side", s->brand->name);
	st = db_scan(s->rd, &scan, &cur, &s->err);
	if (st == TU_OK)
		st = db_next(cur, &row, &s->err);
	ok(st == TU_EQUERY && starts_with(s->err.msg, "source: "),
	    "%s: a bad scan", s->brand->name);
	db_cursor_close(cur);
	ok(count_k1(s, s->rd) > 0, "%s: the session goes on", s->brand->name);
	buf_reset(suite_sql(s));
	buf_adds(&s->sql, "SELECT count(");
	s->d->ident(&s->sql, "no such column");
	buf_addf(&s->sql, ") FROM %s", suite_table(s, "k1")->from);
	is_int(db_exec(s->rd, buf_str(&s->sql), NULL, &s->err),
	    s->brand->lacks & LACKS_STRICT_NAMES ? TU_OK : TU_EQUERY,
	    "%s: an unknown column is no string", s->brand->name);
}

static void
check_foreign_key(struct suite *s)
{
	struct buf *sql = suite_sql(s);

	buf_addf(sql, "INSERT INTO %s (pc) VALUES (99)",
	    suite_table(s, "child")->from);
	ok(db_exec(s->wr, buf_str(sql), NULL, &s->err) == TU_EQUERY &&
		has_state(s, "23"),
	    "%s: foreign keys are enforced: %s", s->brand->name, s->err.msg);
}

/* --- cursors ------------------------------------------------------------- */

static void
check_cursors(struct suite *s)
{
	const struct column *id = suite_column(s, suite_table(s, "k1"), "id");
	struct buf sql = BUF_INIT;
	struct db_scan scan = { .columns = &id, .ncolumns = 1 };
	uint64_t before = s->rd->bytes_in;
	struct cursor *cur;
	const struct row *row;
	size_t n = 0, ends = 0;

	buf_addf(&sql, "SELECT id FROM %s WHERE id > 5000000",
	    suite_table(s, "k1")->from);
	scan.sql = buf_str(&sql);
	suite_ok(s, db_scan(s->rd, &scan, &cur, &s->err), "a scan of no rows");
	for (int i = 0; i < 3; i++)
		ends += db_next(cur, &row, &s->err) == TU_OK && row == NULL;
	is_int((long long)ends, 3, "%s: ends, and stays at the end",
	    s->brand->name);
	db_cursor_close(cur);

	buf_reset(&sql);
	buf_addf(&sql, "SELECT id FROM %s", suite_table(s, "k1")->from);
	scan.sql = buf_str(&sql);
	suite_ok(s, db_scan(s->rd, &scan, &cur, &s->err), "a scan");
	while (n < 100 && db_next(cur, &row, &s->err) == TU_OK && row != NULL)
		n++;
	is_int((long long)n, 100, "%s: half way", s->brand->name);
	db_cursor_close(cur);
	ok(count_k1(s, s->rd) > 100, "%s: and closed", s->brand->name);
	ok(s->rd->bytes_in > before, "%s: bytes are counted", s->brand->name);
	db_cursor_close(NULL);
	db_close(NULL);
	buf_free(&sql);
}

static void
check_many_columns(struct suite *s)
{
	const size_t n = s->brand->many_columns;
	const struct column **cols =
	    arena_alloc(s->arena, n * sizeof(struct column *));
	struct buf create = BUF_INIT, insert = BUF_INIT, select = BUF_INIT;
	const struct table *k1 = suite_table(s, "k1");
	const char *sep = "";
	size_t nrows = 0, bad = 0;
	struct cell *got;

	/* A temporary table belongs to a session: take the writing one. */
	buf_addf(&create, "CREATE TEMPORARY TABLE wide (");
	buf_adds(&insert, "INSERT INTO wide VALUES (");
	buf_adds(&select, "SELECT ");
	for (size_t i = 0; i < n; i++, sep = ", ") {
		cols[i] = suite_column(s, k1, "x");
		buf_addf(&create, "%sc%zu %s", sep, i, s->brand->int_type);
		buf_addf(&insert, "%s%zu", sep, i);
		buf_addf(&select, "%sc%zu", sep, i);
	}
	buf_addc(&create, ')');
	buf_addc(&insert, ')');
	buf_adds(&select, " FROM wide");
	suite_exec(s, buf_str(&create));
	suite_exec(s, buf_str(&insert));
	got = suite_rows(s, s->wr, buf_str(&select), cols, n, &nrows);
	for (size_t i = 0; i < n && nrows == 1; i++)
		bad += got[i].kind != CELL_INT || got[i].u.i != (int64_t)i;
	ok(nrows == 1 && bad == 0, "%s: %zu columns", s->brand->name, n);
	suite_exec(s, "DROP TABLE wide");
	buf_free(&create);
	buf_free(&insert);
	buf_free(&select);
}

/* --- batches ------------------------------------------------------------- */

/* UPDATE uniq SET x = p1 WHERE id >= p2 AND id < p3, or an INSERT; "together"
 * is such an update whose rows need not be told apart. */
static enum status
run_batch(struct suite *s, const char *verb, const struct cell *params,
    size_t nrows, uint64_t *affected)
{
	const struct table *t = suite_table(s, "uniq");
	const struct column *id = suite_column(s, t, "id");
	const struct column *x = suite_column(s, t, "x");
	const struct column *cols[3] = { x, id, id };
	struct buf *sql = suite_sql(s),
		   mark[3] = { BUF_INIT, BUF_INIT, BUF_INIT };
	bool insert = strcmp(verb, "insert") == 0;
	struct db_batch batch = {
		.nparams = insert ? 2 : 3,
		.nrows = nrows,
		.columns = cols,
		.params = params,
		.affected = affected,
		.together = strcmp(verb, "together") == 0,
	};
	enum status st;

	for (size_t i = 0; i < 3; i++)
		s->d->param(&mark[i], cols[i], i + 1);
	if (insert)
		buf_addf(sql, "INSERT INTO %s (x, id) VALUES (%s, %s)", t->from,
		    buf_str(&mark[0]), buf_str(&mark[1]));
	else
		buf_addf(sql, "UPDATE %s SET x = %s WHERE id >= %s AND id < %s",
		    t->from, buf_str(&mark[0]), buf_str(&mark[1]),
		    buf_str(&mark[2]));
	batch.sql = buf_str(sql);
	st = db_batch(s->wr, &batch, &s->err);
	for (size_t i = 0; i < 3; i++)
		buf_free(&mark[i]);
	return st;
}

static int64_t
count_uniq(struct suite *s)
{
	struct buf *sql = suite_sql(s);

	buf_addf(sql, "SELECT count(*) FROM %s", suite_table(s, "uniq")->from);
	return suite_int(s, s->wr, buf_str(sql));
}

static void
check_batch(struct suite *s)
{
	enum {
		N = 1000
	};
	struct cell params[2 * N];
	uint64_t affected[N];
	const struct cell updates[] = {
		cell_null(), cell_int(N + 5), cell_int(N + 9), /* none */
		cell_int(-5), cell_int(7), cell_int(8),        /* one */
		cell_null(), cell_int(10), cell_int(30),       /* twenty */
	};
	size_t sum = 0;
	uint64_t n = 0;

	for (int i = 0; i < N; i++) {
		params[2 * i] = cell_int(i);
		params[2 * i + 1] = cell_int(i + 1);
	}
	suite_ok(
	    s, run_batch(s, "insert", params, N, affected), "1000 inserts");
	for (size_t i = 0; i < N; i++)
		sum += affected[i];
	is_int((long long)sum, N, "%s: each touched one row", s->brand->name);
	is_int(count_uniq(s), N, "%s: and they are there", s->brand->name);
	suite_ok(s, run_batch(s, "update", updates, 3, affected), "updates");
	ok(affected[0] == 0 && affected[1] == 1 && affected[2] == 20,
	    "%s: of 0, 1 and 20 rows", s->brand->name);
	buf_reset(suite_sql(s));
	buf_addf(&s->sql, "UPDATE %s SET x = NULL WHERE id > 500",
	    suite_table(s, "uniq")->from);
	suite_ok(s, db_exec(s->wr, buf_str(&s->sql), &n, &s->err), "exec");
	is_int((long long)n, 500, "%s: rows of exec", s->brand->name);
	suite_ok(s,
	    db_exec(s->wr, "CREATE TEMPORARY TABLE none (x int)", &n, &s->err),
	    "a statement without rows");
	is_int((long long)n, 0, "%s: has none", s->brand->name);
	suite_exec(s, "DROP TABLE none");
}

/* Row by row or many as one: a row that was not touched is told, if not by
 * itself, and the others are written. */
static void
check_together(struct suite *s)
{
	enum {
		N = 700,
		GAP = 300
	};
	struct cell params[3 * N];
	uint64_t affected[N];
	size_t bad = 0, sum = 0;

	for (int i = 0; i < N; i++) {
		int id = i == GAP ? 100000 : i + 1;

		params[3 * i] = i % 7 == 0 ? cell_null() : cell_int(-1000 - i);
		params[3 * i + 1] = cell_int(id);
		params[3 * i + 2] = cell_int(id + 1);
	}
	suite_ok(s, run_batch(s, "together", params, N, affected), "together");
	for (size_t i = 0; i < N; i++)
		bad += affected[i] > 1;
	ok(bad == 0 && affected[GAP] == 0, "%s: a row that is not there",
	    s->brand->name);
	buf_reset(suite_sql(s));
	buf_addf(&s->sql,
	    "SELECT count(*) FROM %s WHERE id <= %d AND (x = -999 - id OR x IS "
	    "NULL AND (id - 1) %% 7 = 0)",
	    suite_table(s, "uniq")->from, N);
	is_int(suite_int(s, s->wr, buf_str(&s->sql)), N - 1,
	    "%s: the others are written", s->brand->name);
	params[3 * GAP + 1] = cell_int(GAP + 1);
	params[3 * GAP + 2] = cell_int(GAP + 2);
	for (int i = 0; i < N; i++)
		params[3 * i] = cell_int(10000 + i);
	suite_ok(
	    s, run_batch(s, "together", params, N, affected), "all of them");
	for (size_t i = 0; i < N; i++)
		sum += affected[i];
	is_int((long long)sum, N, "%s: each touched its row", s->brand->name);
}

static void
check_batch_error(struct suite *s)
{
	const struct cell params[] = {
		cell_null(),
		cell_int(5001),
		cell_null(),
		cell_int(5002),
		cell_null(),
		cell_int(5001), /* there by now */
		cell_null(),
		cell_int(5003),
	};
	uint64_t affected[4];
	int64_t before = count_uniq(s);
	enum status st;

	suite_exec(s, s->d->write_begin);
	st = run_batch(s, "insert", params, 4, affected);
	ok(st == TU_EQUERY && has_state(s, "23"), "%s: a duplicate key: %s",
	    s->brand->name, s->err.msg);
	ok(starts_with(s->err.msg, "target: ") && affected[0] == 1 &&
		affected[1] == 1 && affected[2] == 0 && affected[3] == 0,
	    "%s: the third row failed, the fourth was not tried",
	    s->brand->name);
	suite_exec(s, "ROLLBACK");
	is_int(count_uniq(s), before, "%s: and rolls back", s->brand->name);
	st = run_batch(s, "insert", params, 1, affected);
	suite_ok(s, st, "a batch after the rollback");
	is_int(count_uniq(s), before + 1, "%s: works", s->brand->name);
}

/* --- cancel -------------------------------------------------------------- */

static void *
cancel_soon(void *arg)
{
	struct db *db = arg;
	const struct timespec wait = { 0, 300000000 };

	nanosleep(&wait, NULL);
	db->drv->cancel(db);
	return NULL;
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
check_cancel(struct suite *s)
{
	pthread_t thread;
	double start = seconds();
	struct cell c;
	bool found;
	enum status st;

	if (!ok(pthread_create(&thread, NULL, cancel_soon, s->rd) == 0,
		"%s: a thread", s->brand->name))
		return;
	st = db_one(s->rd, s->brand->endless, &db_int_column, s->arena, &c,
	    &found, &s->err);
	pthread_join(thread, NULL);
	ok(st == TU_EQUERY && strcmp(s->err.sqlstate, "57014") == 0,
	    "%s: cancelled: %s", s->brand->name, s->err.msg);
	ok(seconds() - start < 10, "%s: at once", s->brand->name);
	ok(count_k1(s, s->rd) > 0, "%s: the session goes on", s->brand->name);
}

static void *
signal_soon(void *arg)
{
	const struct timespec wait = { 0, 300000000 };

	(void)arg;
	nanosleep(&wait, NULL);
	kill(getpid(), SIGINT);
	return NULL;
}

/* The child of check_interrupt(): 0 when all went as it should. */
static int
be_interrupted(struct suite *s)
{
	struct err err = ERR_INIT;
	pthread_t thread;
	struct db *db;
	struct cell c;
	bool found;

	if (interrupt_start(&err) ||
	    db_open(s->url, DB_READ, "source", &db, &err) ||
	    pthread_create(&thread, NULL, signal_soon, NULL) != 0)
		return 1;
	if (db_one(db, s->brand->endless, &db_int_column, s->arena, &c, &found,
		&err) != TU_EINTERRUPTED)
		return 2;
	pthread_join(thread, NULL);
	return strcmp(err.msg, "interrupted") == 0 ? 0 : 3;
}

/* A signal is for the life of a process, so it is another one's. */
static void
check_interrupt(struct suite *s)
{
	double start = seconds();
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(be_interrupted(s));
	if (pid > 0)
		waitpid(pid, &status, 0);
	ok(status == 0, "%s: a signal ends a statement, wait status %#x",
	    s->brand->name, status);
	ok(seconds() - start < 10, "%s: at once", s->brand->name);
}

void
check_sessions(struct suite *s)
{
	check_names(s);
	check_read_mode(s);
	check_bad_sql(s);
	check_foreign_key(s);
	check_cursors(s);
	check_many_columns(s);
	check_snapshot(s);
	check_shared_snapshot(s);
	check_batch(s);
	check_together(s);
	check_batch_error(s);
	if (!(s->brand->lacks & LACKS_CANCEL)) {
		check_cancel(s);
		check_interrupt(s);
	}
}
