/*
 * Tables that several connections read by their blocks: whatever lies in them,
 * as many jobs as there are find what one finds, and read each row once.
 */
#include <config.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/dialect.h"
#include "diff/gather.h"
#include "lib/tap.h"
#include "lib/tracking.h"

#define BATCHES 24
#define ROW "hashtext(ctid::text)" /* not all that are equal */

static const char *url;
static const char *const schemas[] = { "tb_a", "tb_b" };

static void must(struct db *db, const char *fmt, ...) TU_PRINTF(2, 3);

static void
must(struct db *db, const char *fmt, ...)
{
	char sql[2000];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sql, sizeof(sql), fmt, ap);
	va_end(ap);
	tracking_run(db, sql);
}

static int64_t
number(struct db *db, const char *sql)
{
	struct arena *arena = arena_new(256);
	struct err err = ERR_INIT;
	struct cell cell = { 0 };
	bool found = false;

	if (db_one(db, sql, &db_int_column, arena, &cell, &found, &err))
		printf("# %s\n", err.msg);
	arena_free(arena);
	return found ? cell.u.i : -1;
}

/* --- what is compared -------------------------------------------------------
 */

struct shape {
	bool key; /* a text under a collation; or none, with equal rows */
	unsigned rows;
	unsigned dead;    /* percent: updated elsewhere, or deleted */
	unsigned differs; /* percent */
};

/* Of what an expression says, for the next statement. */
static const char *
some(unsigned percent, const char *of)
{
	static char cond[120];

	snprintf(cond, sizeof(cond),
	    "abs(hashint8extended(%s, %" PRIu64 ") %% 100) < %u", of,
	    tap_random() >> 2, percent);
	return cond;
}

static void
make(struct db *db, const struct shape *shape)
{
	for (int s = 0; s < 2; s++) {
		const char *in = schemas[s];

		must(db,
		    "DROP TABLE IF EXISTS %s.t;\n"
		    "CREATE TABLE %s.t (k text %s, n bigint, v text)"
		    " WITH (autovacuum_enabled = false)",
		    in, in,
		    shape->key ? "COLLATE \"und-x-icu\" PRIMARY KEY" : "");
		must(db,
		    "INSERT INTO %s.t SELECT %s, i, repeat('x', i %% 99)"
		    " FROM generate_series(1, %u) i ORDER BY hashint4(i + %d)",
		    in, shape->key ? "chr(65 + i % 60) || i" : "i % 7",
		    shape->rows, s);
		if (!shape->key)
			must(db, "UPDATE %s.t SET n = n %% 500, v = 'y'", in);
	}
	for (int s = 0; s < 2 && shape->dead > 0; s++)
		must(db, "UPDATE %s.t SET v = v WHERE %s", schemas[s],
		    some(shape->dead, "n"));
	if (shape->dead > 0) {
		const char *gone = some(shape->dead / 2, "n");

		for (int s = 0; s < 2; s++)
			must(db, "DELETE FROM %s.t WHERE %s", schemas[s], gone);
	}
	must(db, "UPDATE tb_b.t SET v = v || 'z' WHERE %s",
	    some(shape->differs, ROW));
	must(db, "DELETE FROM tb_b.t WHERE %s", some(shape->differs, ROW));
	must(db, "DELETE FROM tb_a.t WHERE %s", some(shape->differs, ROW));
	if (tap_one_in(8))
		must(db, "DELETE FROM %s.t", schemas[tap_below(2)]);
	if (tap_one_in(2))
		must(db, "VACUUM tb_a.t");
}

/* While the comparison holds its snapshots. */
static void
disturb(struct db *db)
{
	for (int s = 0; s < 2; s++) {
		const char *in = schemas[s];

		must(db,
		    "INSERT INTO %s.t SELECT 'new' || i || random(), i, 'new'"
		    " FROM generate_series(1, 3000) i",
		    in);
		must(db, "UPDATE %s.t SET v = v || 'w' WHERE %s", in,
		    some(30, ROW));
		must(db, "DELETE FROM %s.t WHERE %s", in, some(30, ROW));
	}
	if (tap_one_in(2))
		must(db, "VACUUM tb_b.t");
}

/* --- how ---------------------------------------------------------------------
 */

struct collector {
	struct change_sink sink; /* first */
	struct buf found;
	uint64_t n; /* rows */
};

static enum status
collect(struct change_sink *s, const struct change *c, struct err *err)
{
	struct collector *k = (struct collector *)s;
	const struct cell *row = c->source != NULL ? c->source : c->target;

	(void)err;
	buf_addf(&k->found, "%d %" PRIu64 " ", (int)c->op, c->copies);
	cells_pack(&k->found, row, c->pair->ncols);
	k->n += c->copies;
	return TU_OK;
}

struct batch {
	struct db *db[2], *writer;
	struct plan plan;
	int64_t differ, rows[2]; /* by SQL, under the same snapshots */
};

static void
ask(struct batch *b, bool key)
{
	static const char keyed[] =
	    "SELECT count(*)::bigint FROM tb_a.t a FULL JOIN tb_b.t b"
	    " USING (k) WHERE a IS DISTINCT FROM b";
	static const char counted[] =
	    "SELECT (SELECT count(*) FROM (TABLE tb_a.t EXCEPT ALL"
	    " TABLE tb_b.t) x) + (SELECT count(*) FROM"
	    " (TABLE tb_b.t EXCEPT ALL TABLE tb_a.t) y)";

	b->differ = number(b->db[SOURCE], key ? keyed : counted);
	b->rows[SOURCE] = number(b->db[SOURCE], "SELECT count(*) FROM tb_a.t");
	b->rows[TARGET] = number(b->db[TARGET], "SELECT count(*) FROM tb_b.t");
}

/* The changes, in the order they came. */
static struct collector
compare(struct batch *b, unsigned jobs, const char *what)
{
	const struct diff_options options = { .jobs = jobs,
		.url = { url, url } };
	struct collector k = { .sink = { .change = collect } };
	struct err err = ERR_INIT;
	struct tally tally = { 0 };
	enum status st = diff_pair(
	    &b->plan, &b->plan.pairs[0], &options, &k.sink, &tally, &err);

	ok(st == TU_OK && (int64_t)k.n == b->differ &&
		(int64_t)tally.rows[SOURCE] == b->rows[SOURCE] &&
		(int64_t)tally.rows[TARGET] == b->rows[TARGET],
	    "%s, jobs %u: %d of %d changes in %d and %d rows, read %d and %d; "
	    "%s",
	    what, jobs, (int)k.n, (int)b->differ, (int)b->rows[SOURCE],
	    (int)b->rows[TARGET], (int)tally.rows[SOURCE],
	    (int)tally.rows[TARGET], err.msg);
	return k;
}

/* A side has as many connections as it has blocks, if there are so many jobs.
 */
static void
check_pool(struct batch *b, const char *what)
{
	const struct diff_options options = { .jobs = 8, .url = { url, url } };
	struct err err = ERR_INIT;
	struct pool pool;
	int64_t blocks[2] = { number(b->db[SOURCE],
				  "SELECT pg_relation_size('tb_a.t') / 8192"),
		number(b->db[TARGET],
		    "SELECT pg_relation_size('tb_b.t') / 8192") };

	if (pool_open(&pool, &b->plan, &b->plan.pairs[0], &options, &err))
		printf("# %s\n", err.msg);
	for (int s = SOURCE; s <= TARGET; s++)
		is_int(pool.n[s], MIN(MAX(blocks[s], 1), 8),
		    "%s: connections for %d blocks", what, (int)blocks[s]);
	pool_close(&pool);
}

static void
compare_all(struct batch *b, const char *what)
{
	static const unsigned jobs[] = { 1, 2, 3, 8 };
	struct collector one = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(jobs); i++) {
		struct collector k = compare(b, jobs[i], what);

		if (i == 0) {
			one = k;
		} else {
			ok(k.found.len == one.found.len &&
				(one.found.len == 0 ||
				    memcmp(k.found.data, one.found.data,
					one.found.len) == 0),
			    "%s: what one job finds", what);
			buf_free(&k.found);
		}
		disturb(b->writer);
	}
	buf_free(&one.found);
}

static void
run(struct db *writer, const struct shape *shape, int hash)
{
	static const char *const tables[] = { "t", NULL };
	const struct selection sel = { .hash = hash,
		.tables = tables,
		.leaf_rows = 1 + tap_below(300),
		.schema = { "tb_a", "tb_b" } };
	struct batch b = { .db = { tracking_connect(url, DB_READ),
			       tracking_connect(url, DB_READ) },
		.writer = writer };
	struct arena *arena = arena_new(4096);
	struct err err = ERR_INIT;
	enum status st = TU_OK;
	char what[120];

	snprintf(what, sizeof(what),
	    "%s key, hash %d, leaf %d, %u rows, %u %% dead, %u %% differ",
	    shape->key ? "text" : "no", hash, (int)sel.leaf_rows, shape->rows,
	    shape->dead, shape->differs);
	make(writer, shape);
	for (int s = SOURCE; s <= TARGET && !st; s++)
		st = b.db[s]->drv->snapshot_begin(b.db[s], NULL, &err);
	ask(&b, shape->key);
	if (!st)
		st = plan_make(
		    b.db[SOURCE], b.db[TARGET], &sel, arena, &b.plan, &err);
	if (ok(st == TU_OK && b.plan.npairs == 1 && b.plan.pairs[0].nrange == 0,
		"%s: in buckets; %s", what, err.msg)) {
		b.plan.pairs[0].rows = 1e7; /* worth all jobs */
		check_pool(&b, what);
		compare_all(&b, what);
	}
	db_close(b.db[SOURCE]);
	db_close(b.db[TARGET]);
	arena_free(arena);
}

static void
test_shapes(struct db *writer)
{
	static const unsigned rows[] = { 0, 1, 20, 300, 4000 };
	static const unsigned dead[] = { 0, 10, 100 };
	static const unsigned differs[] = { 0, 1, 30 };

	for (int i = 0; i < BATCHES; i++) {
		struct shape shape = {
			.key = i % 2,
			.rows = rows[tap_below(ARRAY_LEN(rows))],
			.dead = dead[tap_below(ARRAY_LEN(dead))],
			.differs = differs[tap_below(ARRAY_LEN(differs))],
		};

		run(writer, &shape, i / 2 % 2 ? HASH_MD5 : -1);
	}
}

/* --- where -------------------------------------------------------------------
 */

/* How many blocks the driver says that a relation can be read by, and how many
 * pages that it has. */
static uint64_t
blocks_of(const struct table_list *list, struct db *db, const char *name,
    struct arena *arena, double *pages)
{
	struct err err = ERR_INIT;
	uint64_t n = UINT64_MAX;

	for (size_t i = 0; i < list->n; i++) {
		struct table *t = &list->tables[i];

		if (strcmp(t->name, name) != 0)
			continue;
		if (db->drv->blocks(db, t, &n, &err) ||
		    db->drv->describe(db, arena, t, &err))
			printf("# %s\n", err.msg);
		*pages = t->pages;
	}
	return n;
}

static void
test_relations(struct db *writer)
{
	static const struct {
		const char *name;
		uint64_t blocks;
		double pages;
	} cases[] = {
		{ "plain", 2, 2 },
		{ "empty", 0, 0 },
		{ "shown", 2, 2 },
		{ "parent", 1, 1 },
		{ "child", 2, 2 },
		{ "seen", 0, 0 },
		{ "parts", 0, 2 },
		{ "part", 2, 2 },
	};
	struct db *db = tracking_connect(url, DB_READ);
	struct arena *arena = arena_new(4096);
	struct err err = ERR_INIT;
	struct table_list list = { 0 };

	must(writer, "CREATE SCHEMA tb_c; SET search_path = tb_c");
	must(writer, "CREATE TABLE plain AS SELECT 1 AS a FROM "
		     "generate_series(1, 300);\n"
		     "CREATE TABLE empty (a int);\n"
		     "CREATE MATERIALIZED VIEW shown AS TABLE plain;\n"
		     "CREATE TABLE parent (a int);\n"
		     "CREATE TABLE child () INHERITS (parent);\n"
		     "INSERT INTO parent VALUES (1);\n"
		     "INSERT INTO child TABLE plain;\n"
		     "CREATE VIEW seen AS TABLE plain;\n"
		     "CREATE TABLE parts (a int) PARTITION BY LIST (a);\n"
		     "CREATE TABLE part PARTITION OF parts DEFAULT;\n"
		     "INSERT INTO parts TABLE plain");
	ok(db->drv->list(db, arena, &list, &err) == TU_OK, "listed; %s",
	    err.msg);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		double pages = -1;

		is_int((long long)blocks_of(
			   &list, db, cases[i].name, arena, &pages),
		    (long long)cases[i].blocks, "%s: blocks", cases[i].name);
		ok(pages == cases[i].pages, "%s: %g pages", cases[i].name,
		    pages);
	}
	must(writer, "DROP SCHEMA tb_c CASCADE");
	db_close(db);
	arena_free(arena);
}

int
main(void)
{
	struct db *writer;

	url = getenv("TRUEUP_PG");
	if (url == NULL) {
		printf("Bail out! TRUEUP_PG must name a PostgreSQL server\n");
		return 1;
	}
	writer = tracking_connect(url, DB_WRITE);
	must(writer, "SET client_min_messages = warning;\n"
		     "CREATE SCHEMA tb_a;\nCREATE SCHEMA tb_b");
	test_shapes(writer);
	test_relations(writer);
	must(writer, "DROP SCHEMA tb_a CASCADE;\nDROP SCHEMA tb_b CASCADE");
	db_close(writer);
	return tap_done();
}
