/*
 * What is PostgreSQL's own in its driver; the rest is tests/db/conformance.
 * The server is TRUEUP_PG; the schema trueup_driver is made and dropped.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>

#include "db/db.h"
#include "db/dialect-pg.h"
#include "db/pq.h"
#include "lib/tap.h"

#define S "trueup_driver."

static const char *const ddl[] = {
	"DROP SCHEMA IF EXISTS trueup_driver CASCADE",
	"DROP ROLE IF EXISTS trueup_plain",
	"CREATE SCHEMA trueup_driver",
	"CREATE ROLE trueup_plain LOGIN",
	"GRANT USAGE ON SCHEMA trueup_driver TO trueup_plain",
	"CREATE COLLATION " S "ci (provider = icu,"
	" locale = 'und-u-ks-level2', deterministic = false)",
	"CREATE DOMAIN " S "short AS varchar(7)",
	"CREATE DOMAIN " S "shorter AS " S "short",
	"CREATE TYPE " S "mood AS ENUM ('a')",
	"CREATE TABLE " S "types (id bigserial, n numeric(10,2),"
	" neg numeric(4,-2), v varchar(5), c char(3), b bit(4), t3 time(3),"
	" ts timestamp, dom " S "shorter, e " S "mood[],"
	" tc text COLLATE \"C\", tp text COLLATE \"POSIX\","
	" tu text COLLATE ucs_basic, ti text COLLATE \"und-x-icu\","
	" tn text COLLATE " S "ci, g int GENERATED ALWAYS AS (1) STORED,"
	" UNIQUE (n) DEFERRABLE, UNIQUE (v, c) INCLUDE (b))",
	"CREATE TABLE " S "parent (id int PRIMARY KEY)",
	"CREATE TABLE " S "child () INHERITS (" S "parent)",
	"INSERT INTO " S "parent VALUES (1)",
	"INSERT INTO " S "child VALUES (2)",
	"CREATE TABLE " S "parts (id int) PARTITION BY RANGE (id)",
	"CREATE TABLE " S "parts1 PARTITION OF " S "parts"
	" FOR VALUES FROM (0) TO (1000)",
	"CREATE TABLE " S "parts2 PARTITION OF " S "parts DEFAULT",
	"INSERT INTO " S "parts SELECT generate_series(1, 3000)",
	"ANALYZE " S "parts1",
	"ANALYZE " S "parts2",
	"CREATE TABLE " S "big AS SELECT i AS id, repeat('x', 100) AS t"
	" FROM generate_series(1, 200000) i",
	"CREATE TABLE " S "hidden (id int)",
	"INSERT INTO " S "hidden VALUES (1), (2)",
	"ALTER TABLE " S "hidden ENABLE ROW LEVEL SECURITY",
	"CREATE POLICY one ON " S "hidden USING (id = 1)",
	"GRANT SELECT ON " S "hidden TO trueup_plain",
	"CREATE TABLE " S "w (id int PRIMARY KEY, b bytea, t text)",
	"CREATE TABLE " S "gone (id int)",
};

static const char *url;
static struct db *rd, *wr;
static struct arena *arena;
static struct err err;
static struct table *batch_table; /* S "w" */

static void
must(enum status st, const char *what)
{
	if (st == TU_OK)
		return;
	ok(false, "%s: %s (%s)", what, err.msg, err.sqlstate);
	exit(tap_done());
}

static void
run(struct db *db, const char *sql)
{
	must(db_exec(db, sql, NULL, &err), sql);
}

static int64_t
number(struct db *db, const char *sql)
{
	struct cell c = cell_int(-1);
	bool found;

	must(db_one(db, sql, &db_int_column, arena, &c, &found, &err), sql);
	return c.u.i;
}

static struct table *
described(struct db *db, const char *name)
{
	struct table_list list;

	must(db->drv->list(db, arena, &list, &err), "list");
	for (size_t i = 0; i < list.n; i++) {
		struct table *t = &list.tables[i];

		if (strcmp(t->schema, "trueup_driver") != 0 ||
		    strcmp(t->name, name) != 0)
			continue;
		must(db->drv->describe(db, arena, t, &err), name);
		return t;
	}
	return NULL;
}

/* --- names ---------------------------------------------------------------- */

static void
check_names(void)
{
	static const struct {
		const char *name;
		bool ours;
	} names[] = {
		{ "postgresql://h/d", true },
		{ "postgres://", true },
		{ "service=prod", true },
		{ "host = h dbname=d", true },
		{ "dir=x/file.db", false },
		{ "odbc:DSN=x", false },
		{ "a.db", false },
		{ "=", false },
		{ "", false },
	};
	static const char *const leaky[] = {
		"postgresql://u:sec%ret@h/d",
		"password=secret host",
		"password='secret",
		"postgresql://u:secret@h:port:1/d",
		"postgresql://u:secret@127.0.0.1:1/d",
	};
	struct db *db;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		ok(db_driver_pq.match(names[i].name) == names[i].ours, "'%s'",
		    names[i].name);
	for (size_t i = 0; i < ARRAY_LEN(leaky); i++) {
		is_int(db_open(leaky[i], DB_READ, "source", &db, &err),
		    TU_ECONNECT, "cannot connect");
		ok(strstr(err.msg, "sec") == NULL, "no secret: %s", err.msg);
	}
	ok(strstr(rd->display, "@") && strstr(rd->display, "/") &&
		strncmp(rd->version, "PostgreSQL 1", 12) == 0,
	    "%s, %s", rd->display, rd->version);
}

/* --- catalog -------------------------------------------------------------- */

static const struct column *
find(const struct table *t, const char *name)
{
	int i = table_find_column(t, name);

	if (i < 0)
		must(err_set(&err, TU_EBUG, "no column %s", name), t->name);
	return &t->columns[i];
}

static void
check_columns(const struct table *t)
{
	is_int(find(t, "n")->precision, 10, "precision");
	is_int(find(t, "n")->scale, 2, "scale");
	is_int(find(t, "neg")->scale, -2, "negative scale");
	is_int(find(t, "v")->maxlen, 5, "varchar(5)");
	is_int(find(t, "c")->maxlen, 3, "char(3)");
	is_int(find(t, "b")->maxlen, 4, "bit(4)");
	is_int(find(t, "t3")->frac, 3, "time(3)");
	is_int(find(t, "ts")->frac, 6, "timestamp");
	is_str(find(t, "dom")->type, "trueup_driver.shorter", "domain");
	is_int(find(t, "dom")->maxlen, 7, "a domain's length");
	ok(find(t, "dom")->ltype == LT_TEXT && !find(t, "dom")->raw,
	    "a domain over a domain is its base");
	ok(find(t, "v")->raw, "varchar is raw");
	is_str(find(t, "e")->type, "trueup_driver.mood[]", "array of enum");
	ok(find(t, "g")->generated && !find(t, "n")->generated, "generated");
	ok(find(t, "id")->notnull && !find(t, "n")->notnull, "not null");
	is_str(
	    find(t, "id")->sequence, "trueup_driver.types_id_seq", "sequence");
	ok(find(t, "tc")->bytewise && find(t, "tp")->bytewise &&
		find(t, "tu")->bytewise,
	    "bytewise collations");
	ok(!find(t, "ti")->bytewise && !find(t, "tn")->bytewise, "others");
	ok((find(t, "tn")->wire & PG_NONDET) != 0 &&
		(find(t, "ti")->wire & PG_NONDET) == 0 &&
		(find(t, "n")->wire & PG_NONDET) == 0,
	    "a collation that takes unequal for equal");
	is_str(find(t, "tn")->collation, "ci", "name of the collation");
	ok(find(t, "n")->collation == NULL, "numbers have none");
}

static void
check_catalog(void)
{
	struct table *t = described(rd, "types");

	check_columns(t);
	check_columns(described(wr, "types"));
	is_int(number(wr, "SELECT (current_setting('search_path') <>"
			  " 'pg_catalog')::int::bigint"),
	    1, "a writing session keeps its search path");
	is_int(number(rd, "SELECT (current_setting('search_path') LIKE"
			  " 'pg_catalog, %public%')::int::bigint"),
	    1, "a reading session puts pg_catalog before its own");
	ok(t->nkeys == 1 && t->keys[0].ncols == 2 && !t->keys[0].notnull,
	    "a deferrable key is none, an included column not in one");
	t = described(rd, "parent");
	is_str(t->from, "ONLY \"trueup_driver\".\"parent\"", "a parent");
	ok(t->keys[0].primary && t->keys[0].notnull, "primary key");
	is_int(number(rd, arena_printf(arena, "SELECT count(*)::bigint FROM %s",
			      t->from)),
	    1, "without its children");
	t = described(rd, "parts");
	ok(t->kind == REL_PARTITIONED && t->rows > 2999 && t->rows < 3001 &&
		t->bytes > 8192,
	    "partitions: %g rows, %g bytes", t->rows, t->bytes);
	ok(!t->partition, "which is no part itself");
	t = described(rd, "parts1");
	ok(t->partition && t->kind == REL_TABLE, "a partition says what it is");
	t = described(rd, "big");
	ok(t->rows < 0 && t->bytes > 2e7, "never counted: %g rows", t->rows);
	ok(described(rd, "gone")->rows == 0, "empty: no rows");
}

static void
check_query(void)
{
	struct table q;

	must(rd->drv->describe_query(rd, arena,
		 "SELECT tc, tc || '' AS x, 1::int2 AS i, e FROM " S
		 "types -- all\n; ",
		 &q, &err),
	    "describe a query");
	ok(q.ncolumns == 4 && q.columns[0].bytewise && !q.columns[1].bytewise,
	    "a collation is known of a column only");
	ok((q.columns[1].wire & PG_NONDET) && !(q.columns[0].wire & PG_NONDET),
	    "and an expression's might be any");
	is_str(q.columns[2].type, "smallint", "type of an expression");
	is_int(number(rd, arena_printf(arena, "SELECT count(*)::bigint FROM %s",
			      q.from)),
	    0, "and it can be read");
}

/* --- versions ------------------------------------------------------------- */

static uint64_t
version(const struct table *t)
{
	uint64_t v = 0;

	must(rd->drv->table_version(rd, t, &v, &err), "version");
	return v;
}

/* Under a snapshot that is older than the change: another value, or an error
 * where the snapshot's rows are gone. */
static void
check_version(const char *change)
{
	struct table *t = described(rd, "gone");
	uint64_t before = version(t), after = before;
	enum status st;

	must(rd->drv->snapshot_begin(rd, NULL, &err), "snapshot");
	run(wr, change);
	st = rd->drv->table_version(rd, t, &after, &err);
	ok(st ? strstr(err.msg, "truncated or rewritten") != NULL
	      : after != before,
	    "seen: %s", change);
	is_int(number(rd, "SELECT 1::bigint"), 1, "the snapshot goes on");
	rd->drv->snapshot_end(rd);
}

/* --- scans inside a transaction ------------------------------------------- */

static void
check_transaction(void)
{
	const struct column *cols[] = { &db_int_column, &db_text_column };
	struct db_scan scan = { .sql = "SELECT id::bigint, t FROM " S "big",
		.columns = cols,
		.ncolumns = 2 };
	struct db_scan bad = { .sql = "SELECT 1/(id-5)::bigint FROM " S "big",
		.columns = cols,
		.ncolumns = 1 };
	struct cursor *cur;
	const struct row *row;
	int64_t n;
	enum status st;

	must(rd->drv->snapshot_begin(rd, NULL, &err), "snapshot");
	n = number(rd, "SELECT count(*)::bigint FROM " S "big");
	run(wr, "INSERT INTO " S "big VALUES (0, '')");
	for (int i = 0; i < 3; i++) {
		must(db_scan(rd, &scan, &cur, &err), "scan");
		must(db_next(cur, &row, &err), "row");
		db_cursor_close(cur);
	}
	is_int(number(rd, "SELECT count(*)::bigint FROM " S "big"), n,
	    "the snapshot outlives a scan that is stopped");
	must(db_scan(rd, &bad, &cur, &err), "scan");
	do
		st = db_next(cur, &row, &err);
	while (st == TU_OK && row != NULL);
	ok(st == TU_EQUERY && strcmp(err.sqlstate, "22012") == 0,
	    "a scan fails half way: %s", err.msg);
	ok(db_next(cur, &row, &err) != TU_OK, "and is not at its end then");
	db_cursor_close(cur);
	bad.sql = "SELECT nothing";
	is_int(db_scan(rd, &bad, &cur, &err), TU_EQUERY, "no such column");
	is_int(number(rd, "SELECT count(*)::bigint FROM " S "big"), n,
	    "the snapshot outlives failures");
	rd->drv->snapshot_end(rd);
	is_int(number(rd, "SELECT count(*)::bigint FROM " S "big"), n + 1,
	    "and ends");
}

/* Columns that nobody described are decoded by their types. */
static void
check_undescribed(void)
{
	const struct column *cols[] = { NULL, NULL, NULL, NULL };
	struct db_scan scan = { .columns = cols,
		.ncolumns = 4,
		.sql = "SELECT 5::int2, 'x'::text, true, 7::int8" };
	struct cursor *cur;
	const struct row *row;

	must(db_scan(rd, &scan, &cur, &err), "scan");
	must(db_next(cur, &row, &err), "row");
	ok(row->cells[0].u.i == 5 && row->cells[2].u.i == 1 &&
		row->cells[3].u.i == 7 && row->cells[1].kind == CELL_TEXT,
	    "columns without a description");
	db_cursor_close(cur);
	scan.ncolumns = 3;
	is_int(db_scan(rd, &scan, &cur, &err), TU_EBUG, "a column too many");
	is_int(number(rd, "SELECT 1::bigint"), 1, "the session goes on");
}

static void
check_raw(void)
{
	static const char want[] = "\0\0\0\2ab\377\377\377\377\0\0\0\2\0\7";
	const struct column *cols[] = { &db_int_column, &db_text_column,
		&db_text_column, NULL };
	struct db_scan scan = { .columns = cols,
		.ncolumns = 4,
		.nkeys = 1,
		.flags = DB_SCAN_RAW,
		.sql = "SELECT 9::int8, 'ab'::text, NULL::text, 7::int2" };
	struct cursor *cur;
	const struct row *row;

	must(db_scan(rd, &scan, &cur, &err), "scan");
	must(db_next(cur, &row, &err), "row");
	ok(row->n == 1 && row->cells[0].u.i == 9, "the key of a raw row");
	ok(row->rawlen == sizeof(want) - 1 &&
		memcmp(row->raw, want, sizeof(want) - 1) == 0,
	    "and what is behind it");
	ok(row->rawkey == 12 && memcmp(row->raw - 4, "\0\0\0\t", 4) == 0,
	    "and itself in front of that");
	db_cursor_close(cur);
}

/* --- batches -------------------------------------------------------------- */

static enum status
insert(size_t from, size_t n, int variant, uint64_t *affected)
{
	const struct column *c = batch_table->columns;
	const struct column *cols[] = { &c[0], &c[1], &c[2] };
	struct cell *params = calloc(3 * n, sizeof(*params));
	struct db_batch batch = { .nparams = 3,
		.nrows = n,
		.columns = cols,
		.params = params,
		.affected = affected };
	enum status st;

	for (size_t i = 0; i < n; i++) {
		params[3 * i] = cell_int((int64_t)(from + i));
		params[3 * i + 1] =
		    i % 2 ? cell_bytes("\0\1", 2) : cell_bytes(NULL, 0);
		params[3 * i + 2] = i % 3 ? cell_text("x", 1) : cell_null();
	}
	/* Another text is another prepared statement. */
	batch.sql = arena_printf(arena,
	    "INSERT INTO " S "w VALUES ($1::int, $2::bytea, $3::text)%*s",
	    variant, "");
	st = db_batch(wr, &batch, &err);
	free(params);
	return st;
}

static void
check_batch(void)
{
	uint64_t affected[1000], sum = 0;

	for (int i = 0; i < 40; i++)
		must(insert((size_t)i, 1, i, affected), "batch");
	is_int(number(wr, "SELECT count(*)::bigint FROM pg_prepared_statements"
			  " WHERE name LIKE 'trueup%'"),
	    16, "statements that stay prepared");
	must(insert(100, 1000, 39, affected), "a long batch");
	for (size_t i = 0; i < 1000; i++)
		sum += affected[i];
	is_int((long long)sum, 1000, "rows");
	is_int(number(wr, "SELECT count(*)::bigint FROM " S "w WHERE"
			  " id >= 100 AND b = CASE WHEN id % 2 = 0 THEN ''"
			  " ELSE '\\x0001' END::bytea"),
	    1000, "bytes arrive");
	is_int(number(wr, "SELECT count(*)::bigint FROM " S "w"
			  " WHERE id >= 100 AND t IS NULL"),
	    334, "NULLs arrive");
	run(wr, "BEGIN");
	is_int(insert(900, 1000, 39, affected), TU_EQUERY, "a key twice");
	ok(strcmp(err.sqlstate, "23505") == 0 && strstr(err.msg, "900"), "%s",
	    err.msg);
	run(wr, "ROLLBACK");
	must(insert(5000, 1, 39, affected), "another");
	is_int(number(wr, "SELECT count(*)::bigint FROM " S "w"), 1041,
	    "nothing of it is left");
}

/* --- the text of a patch -------------------------------------------------- */

static void
check_patch(void)
{
	const struct dialect *d = &dialect_postgresql;

	run(wr, d->patch_begin);
	run(wr, "DELETE FROM " S "w");
	run(wr, d->patch_commit);
	is_int(number(wr, "SELECT count(*)::bigint FROM " S "w"), 0,
	    "a patch runs");
	run(wr, d->write_begin);
	is_int(number(wr, "SELECT (current_setting('transaction_isolation') ="
			  " 'read committed')::int::bigint"),
	    1, "a write begins");
	run(wr, "COMMIT");
}

/* --- what the server refuses ---------------------------------------------- */

/* TRUEUP_PG with another role. */
static void
check_row_security(void)
{
	const struct column *cols[] = { &db_int_column };
	struct db_scan scan = { .sql = "SELECT id::bigint FROM " S "hidden",
		.columns = cols,
		.ncolumns = 1 };
	const char *at = strchr(url, '@');
	struct cursor *cur;
	struct db *db;

	if (at == NULL)
		at = strstr(url, "//") + 1;
	must(
	    db_open(arena_printf(arena, "postgresql://trueup_plain@%s", at + 1),
		DB_READ, "source", &db, &err),
	    "as another role");
	is_int(db_scan(db, &scan, &cur, &err), TU_EQUERY, "hidden rows");
	ok(strcmp(err.sqlstate, "42501") == 0 && *err.hint != '\0', "%s; %s",
	    err.msg, err.hint);
	scan.sql = "SELECT id::bigint FROM " S "big";
	is_int(db_scan(db, &scan, &cur, &err), TU_EQUERY, "no privilege");
	ok(strcmp(err.sqlstate, "42501") == 0, "%s", err.msg);
	db_close(db);
}

static void
check_lost(void)
{
	const struct column *cols[] = { &db_int_column, &db_text_column };
	struct db_scan scan = { .sql = "SELECT id::bigint, t FROM " S "big",
		.columns = cols,
		.ncolumns = 2 };
	struct cursor *cur;
	const struct row *row;
	int64_t pid = number(rd, "SELECT pg_backend_pid()::bigint");
	uint64_t affected;
	enum status st;

	must(db_scan(rd, &scan, &cur, &err), "scan");
	must(db_next(cur, &row, &err), "row");
	run(wr,
	    arena_printf(arena, "SELECT pg_terminate_backend(%d)", (int)pid));
	do
		st = db_next(cur, &row, &err);
	while (st == TU_OK && row != NULL);
	ok(st == TU_EQUERY && strstr(err.msg, "lost"), "%s", err.msg);
	/* Its last words can be lost, too: a reset overtakes them. */
	ok(strcmp(err.sqlstate, "57P01") == 0 || err.sqlstate[0] == '\0',
	    "with what the server says, if anything: '%s'", err.sqlstate);
	ok(db_next(cur, &row, &err) != TU_OK, "it stays lost");
	db_cursor_close(cur);
	ok(db_scan(rd, &scan, &cur, &err) == TU_EQUERY &&
		strstr(err.msg, "lost"),
	    "%s", err.msg);

	(void)db_exec(
	    wr, "SELECT pg_terminate_backend(pg_backend_pid())", NULL, &err);
	is_int(insert(1, 1, 39, &affected), TU_EQUERY, "a batch");
}

int
main(void)
{
	url = getenv("TRUEUP_PG");
	if (url == NULL) {
		ok(false, "TRUEUP_PG names no server; see tests/lib/"
			  "with-servers");
		return tap_done();
	}
	arena = arena_new(1 << 16);
	must(db_open(url, DB_WRITE, "target", &wr, &err), "open to write");
	must(db_open(url, DB_READ, "source", &rd, &err), "open to read");
	for (size_t i = 0; i < ARRAY_LEN(ddl); i++)
		run(wr, ddl[i]);
	check_names();
	check_catalog();
	check_query();
	check_version("ALTER TABLE " S "gone ADD x int");
	check_version("ALTER TABLE " S "gone ALTER x TYPE bigint");
	check_version("TRUNCATE " S "gone");
	check_version("ALTER TABLE " S "gone RENAME TO gone2; ALTER TABLE " S
		      "gone2 RENAME COLUMN x TO y; ALTER TABLE " S
		      "gone2 RENAME TO gone");
	check_version("DROP TABLE " S "gone");
	check_transaction();
	check_undescribed();
	check_raw();
	batch_table = described(wr, "w");
	check_batch();
	check_patch();
	check_row_security();
	run(wr, "DROP SCHEMA trueup_driver CASCADE; DROP ROLE trueup_plain;"
		"CREATE SCHEMA trueup_driver;"
		"CREATE TABLE " S "w (id int PRIMARY KEY, b bytea, t text);"
		"CREATE TABLE " S "big AS SELECT i AS id, repeat('x', 100) AS t"
		" FROM generate_series(1, 200000) i");
	check_lost();
	db_close(rd);
	db_close(wr);
	must(db_open(url, DB_WRITE, "target", &wr, &err), "open again");
	run(wr, "DROP SCHEMA trueup_driver CASCADE");
	db_close(wr);
	arena_free(arena);
	return tap_done();
}
