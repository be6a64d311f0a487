/*
 * Patches against real databases, with every constraint on. Each scenario runs
 * in SQLite, in PostgreSQL and from one to the other:
 *
 *	apply, compare again: nothing is left;
 *	the undo through the stock client: the target is as it was;
 *	the patch through the stock client, compare again: nothing is left;
 *	that undone again: the target is as it was.
 */
#include <config.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/interrupt.h"
#include "lib/tap.h"
#include "lib/world.h"
#include "patch/limits.h"

/* SQL that both brands take; more[] is for one of them only. */
struct scenario {
	const char *name;
	const char *schema;
	const char *source;
	const char *target;
	uint64_t differences;
	const char *more[2];
	const char *target_schema; /* NULL: the same */
	bool whole;                /* it cannot be done in batches */
};

static const struct scenario scenarios[] = {
	{ .name = "values of all kinds",
	    .schema =
		"CREATE TABLE t (id integer PRIMARY KEY, n numeric(12,4), "
		"f double precision, s text, d date)",
	    .source =
		"INSERT INTO t VALUES (1, 1.5, 0.1, 'it''s', '2024-02-29'), "
		"(2, -0.0001, 1e300, '', NULL), (3, NULL, NULL, 'back\\slash', "
		"'0001-01-01'), (5, 7, 1, 'same', NULL)",
	    .target =
		"INSERT INTO t VALUES (1, 1.25, 0.3, '\"', '2024-02-28'), "
		"(2, 1, -1e-300, NULL, '1999-12-31'), "
		"(4, 12345678.9, 2.5, 'a;b -- c', NULL), "
		"(5, 7, 1, 'same', NULL)",
	    .differences = 4 },
	{ .name = "texts that a client might misread",
	    .schema = "CREATE TABLE t (id integer PRIMARY KEY, s text)",
	    .source = "INSERT INTO t VALUES (1, 'a\nb\r\nc\td\001\033\177'), "
		      "(2, '\\n'), (3, '\n.quit\n\\q\n'), "
		      "(4, '\360\237\230\200 \342\200\250 :x $1 ?')",
	    .target = "INSERT INTO t VALUES (1, 'a\nb\nc'), (2, '\n'), "
		      "(5, '''\n''); DROP TABLE t; --'), (6, '\\''\\\\''')",
	    .differences = 6 },
	{ .name = "a chain of foreign keys",
	    .schema = "CREATE TABLE c (id integer PRIMARY KEY, note text);"
		      "CREATE TABLE b (id integer PRIMARY KEY, "
		      "ref integer REFERENCES c (id), note text);"
		      "CREATE TABLE a (id integer PRIMARY KEY, "
		      "ref integer REFERENCES b (id), note text)",
	    .source =
		"INSERT INTO c VALUES (1, 'x'), (3, 'new');"
		"INSERT INTO b VALUES (1, 1, 'x'), (3, 3, 'new');"
		"INSERT INTO a VALUES (1, 1, 'y'), (3, 3, 'new'), (4, 3, NULL)",
	    .target = "INSERT INTO c VALUES (1, 'x'), (2, 'old');"
		      "INSERT INTO b VALUES (1, 1, 'x'), (2, 2, 'old');"
		      "INSERT INTO a VALUES (1, 1, 'x'), (2, 2, 'old')",
	    .differences = 8 },
	{ .name = "children that move from an old parent to a new one",
	    .schema = "CREATE TABLE p (id integer PRIMARY KEY);"
		      "CREATE TABLE c (id integer PRIMARY KEY, "
		      "ref integer REFERENCES p (id))",
	    .source =
		"INSERT INTO p VALUES (2), (3); INSERT INTO c VALUES (1, 2), "
		"(2, 3), (3, NULL)",
	    .target =
		"INSERT INTO p VALUES (1), (3); INSERT INTO c VALUES (1, 1), "
		"(2, 1), (3, 1)",
	    .differences = 5 },
	{ .name = "a table that refers to itself",
	    .schema = "CREATE TABLE t (id integer PRIMARY KEY, "
		      "ref integer REFERENCES t (id))",
	    .source =
		"INSERT INTO t VALUES (50, NULL), (30, 50), (9, 30), (10, 9), "
		"(1, 1)",
	    .target =
		"INSERT INTO t VALUES (1, 1), (20, NULL), (2, 20), (8, 2), "
		"(40, 8)",
	    .differences = 8 },
	{ .name = "a table that refers to itself and moves",
	    .schema = "CREATE TABLE t (id integer PRIMARY KEY, "
		      "ref integer REFERENCES t (id))",
	    .source = "INSERT INTO t VALUES (7, NULL), (1, 7), (2, 1)",
	    .target = "INSERT INTO t VALUES (3, NULL), (1, 3), (2, 3)",
	    .differences = 4 },
	{ .name = "a cycle of deferrable keys",
	    .schema = "CREATE TABLE a (id integer PRIMARY KEY, ref integer);"
		      "CREATE TABLE b (id integer PRIMARY KEY, ref integer "
		      "REFERENCES a (id) DEFERRABLE)",
	    .source =
		"INSERT INTO a VALUES (1, NULL); INSERT INTO b VALUES (1, 1);"
		"UPDATE a SET ref = 1",
	    .target =
		"INSERT INTO a VALUES (2, NULL); INSERT INTO b VALUES (2, 2);"
		"UPDATE a SET ref = 2",
	    .differences = 4,
	    .more = { [LITE] = "DROP TABLE a; CREATE TABLE a (id integer "
			       "PRIMARY KEY, "
			       "ref integer REFERENCES b (id) DEFERRABLE)",
		[PG] = "ALTER TABLE a ADD FOREIGN KEY (ref) REFERENCES b (id) "
		       "DEFERRABLE" } },
	{ .name = "a cycle of keys that cannot wait",
	    .schema = "CREATE TABLE a (id integer PRIMARY KEY, ref integer, "
		      "u integer);"
		      "CREATE TABLE b (id integer PRIMARY KEY, ref integer "
		      "REFERENCES a (id) ON DELETE RESTRICT, v integer)",
	    .source =
		"INSERT INTO a VALUES (1, NULL, 1), (4, NULL, 4), (5, NULL, 5);"
		"INSERT INTO b VALUES (1, 1, 1), (4, 5, 4), (5, NULL, 5);"
		"UPDATE a SET ref = 1 WHERE id = 1;"
		"UPDATE a SET ref = 4 WHERE id = 5",
	    .target = "INSERT INTO a VALUES (2, NULL, 2), (3, NULL, 3), "
		      "(4, NULL, 4); INSERT INTO b VALUES (2, 2, 2), "
		      "(3, NULL, 3), (4, 2, 4);"
		      "UPDATE a SET ref = 2 WHERE id = 2;"
		      "UPDATE a SET ref = 3 WHERE id = 3",
	    .differences = 9,
	    .more = { [LITE] = "DROP TABLE a; CREATE TABLE a (id integer "
			       "PRIMARY KEY, ref integer REFERENCES b (id) "
			       "ON DELETE RESTRICT, u integer)",
		[PG] = "ALTER TABLE a ADD FOREIGN KEY (ref) REFERENCES b (id) "
		       "ON DELETE RESTRICT" } },
	{ .name = "rows that refer to each other",
	    .schema = "CREATE TABLE t (id integer PRIMARY KEY, "
		      "ref integer REFERENCES t (id) ON DELETE RESTRICT, "
		      "v integer)",
	    .source = "INSERT INTO t VALUES (1, NULL, 1), (2, NULL, 2), "
		      "(3, NULL, 3), (4, NULL, 4), (9, NULL, 9);"
		      "UPDATE t SET ref = 5 - id WHERE id < 5;"
		      "UPDATE t SET ref = 1 WHERE id = 9",
	    .target = "INSERT INTO t VALUES (5, NULL, 1), (6, NULL, 2), "
		      "(7, NULL, 3), (8, NULL, 4), (9, NULL, 9);"
		      "UPDATE t SET ref = 13 - id WHERE id < 9;"
		      "UPDATE t SET ref = 5 WHERE id = 9",
	    .differences = 9 },
	{ .name = "a unique value that a deleted row frees",
	    .schema = "CREATE TABLE t (id integer PRIMARY KEY, u text UNIQUE)",
	    .source = "INSERT INTO t VALUES (2, 'taken'), (3, 'moves')",
	    .target = "INSERT INTO t VALUES (1, 'taken'), (3, 'was')",
	    .differences = 3 },
	{ .name = "unique values that two rows exchange",
	    .schema = "CREATE TABLE t (id integer PRIMARY KEY, u text UNIQUE, "
		      "v integer)",
	    .source = "INSERT INTO t VALUES (1, 'b', 1), (2, 'a', 2), "
		      "(3, 'c', 3)",
	    .target = "INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 9), "
		      "(3, 'c', 9)",
	    .differences = 3 },
	{ .name = "unique values that may not be NULL, in circles of 3 and 2",
	    .schema = "CREATE TABLE t (id integer PRIMARY KEY, "
		      "u integer NOT NULL UNIQUE, s varchar(8) NOT NULL "
		      "UNIQUE)",
	    .source = "INSERT INTO t VALUES (1, 20, 'a'), (2, 30, 'b'), "
		      "(3, 10, 'c'), (4, 50, 'e'), (5, 40, 'd'), (6, 60, 'f')",
	    .target = "INSERT INTO t VALUES (1, 10, 'a'), (2, 20, 'c'), "
		      "(3, 30, 'b'), (4, 40, 'd'), (5, 50, 'e'), (6, 60, 'f')",
	    .differences = 5 },
	{ .name = "a chain of unique values, and a circle with a tail",
	    .schema = "CREATE TABLE t (id integer PRIMARY KEY, u integer "
		      "UNIQUE)",
	    .source = "INSERT INTO t VALUES (1, 2), (2, 3), (3, 4), (4, 9), "
		      "(5, 12), (6, 10), (7, 11), (8, 13), (9, 1)",
	    .target = "INSERT INTO t VALUES (1, 1), (2, 2), (3, 3), (4, 4), "
		      "(5, 10), (6, 11), (7, 12), (8, NULL), (10, 13)",
	    .differences = 10 },
	{ .name = "two unique indexes, of one column and of two, that cross",
	    .schema = "CREATE TABLE t (id integer PRIMARY KEY, a integer, "
		      "b integer, c integer UNIQUE, UNIQUE (a, b))",
	    .source = "INSERT INTO t VALUES (1, 1, 2, 30), (2, 1, 1, 10), "
		      "(3, 2, 2, 20), (4, NULL, 1, 40)",
	    .target = "INSERT INTO t VALUES (1, 1, 1, 10), (2, 1, 2, 20), "
		      "(3, 2, 1, 30), (4, 2, 2, NULL)",
	    .differences = 4 },
	{ .name = "names that need quotes",
	    .schema = "CREATE TABLE \"a \"\"b\nx\" (\"select\" integer "
		      "PRIMARY KEY, "
		      "\"x y\" text, \"it's\" text)",
	    .source = "INSERT INTO \"a \"\"b\nx\" VALUES (1, 'n', 'n'), (2, "
		      "'i', 'i')",
	    .target = "INSERT INTO \"a \"\"b\nx\" VALUES (1, 'o', 'n'), (3, "
		      "'d', 'd')",
	    .differences = 3 },
	{ .name = "a generated column",
	    .schema = "CREATE TABLE t (id integer PRIMARY KEY, v integer, "
		      "g integer GENERATED ALWAYS AS (v * 2) STORED)",
	    .source = "INSERT INTO t (id, v) VALUES (1, 5), (2, 6)",
	    .target = "INSERT INTO t (id, v) VALUES (1, 4), (3, 7)",
	    .differences = 3 },
	{ .name = "equal rows without a key",
	    .schema = "CREATE TABLE t (a integer, b text)",
	    .source =
		"INSERT INTO t VALUES (1, 'x'), (1, 'x'), (1, 'x'), (2, NULL), "
		"(4, 'same'), (4, 'same')",
	    .target = "INSERT INTO t VALUES (1, 'x'), (3, NULL), (3, NULL), "
		      "(3, NULL), "
		      "(4, 'same'), (4, 'same')",
	    .differences = 6,
	    .whole = true },
	{ .name = "a composite text key",
	    .schema = "CREATE TABLE t (a text, b integer, v text, PRIMARY KEY "
		      "(a, b))",
	    .source = "INSERT INTO t VALUES ('a', 1, 'n'), ('A', 1, 'same'), "
		      "('a ', 1, 'new')",
	    .target = "INSERT INTO t VALUES ('a', 1, 'o'), ('A', 1, 'same'), "
		      "('b', 1, 'old')",
	    .differences = 3 },
};

/* What only one brand has, and columns that keep less than they are given. */
static const struct scenario pg_types = {
	.name = "PostgreSQL's types",
	.schema = "CREATE TYPE mood AS ENUM ('sad', 'ok', 'it''s');"
		  "CREATE DOMAIN price AS numeric(8,2) CHECK (value >= 0);"
		  "CREATE TABLE t (k mood, i bigint, j jsonb, js json, "
		  "u uuid, b bytea, iv interval, tz timestamptz, a text[], "
		  "r int4range, f4 float4, f8 float8, c char(5), bo boolean, "
		  "bi bit(4), vb varbit, p price, pt point, m money, x xml, "
		  "n numeric, ti time, o oid, PRIMARY KEY (k, i))",
	.source =
	    "INSERT INTO t VALUES "
	    "('ok', 9223372036854775807, '{\"a\": [1, 2.50, null]}', '[ 1 ]', "
	    "'00000000-0000-0000-0000-000000000001', '\\x00ff', '1 day', "
	    "'2024-03-31 01:59:59.123456+00', '{\"q\\\"\",NULL,\"\"}', "
	    "'[1,5)', "
	    "0.1, 0.1, 'ab', true, B'0101', B'1', 1.5, '(1,2)', 12.34, "
	    "'<a b=\"c\"/>', 1.50, '24:00:00', 4294967295), "
	    "('it''s', -9223372036854775808, 'null', 'null', NULL, '', "
	    "'-1 year 2 days 03:04:05.000006', '0044-03-15 00:00:00+00 BC', "
	    "'{}', 'empty', 'NaN', '-Infinity', '', false, B'0000', B'', 0, "
	    "'(0.1,-0)', -0.01, NULL, 'NaN', '00:00:00.000001', 0), "
	    "('sad', 0, '{}', '{}', NULL, NULL, NULL, 'infinity', NULL, NULL, "
	    "1e-45, 5e-324, 'x', NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
	    "1e50, NULL, NULL)",
	.target =
	    "INSERT INTO t VALUES "
	    "('ok', 9223372036854775807, '{\"a\": [1, 2.5]}', '[ 1,2 ]', "
	    "'ffffffff-0000-0000-0000-000000000001', '\\xff00', '24 hours', "
	    "'2024-03-31 01:59:59.123457+00', '{a}', '[1,6)', "
	    "0.2, 0.30000000000000004, 'abc', false, B'1101', B'10', 1.25, "
	    "'(1,2.5)', 12.35, '<a/>', 1.5000001, '23:59:59', 1), "
	    "('it''s', 1, '{\"b\": 1, \"a\": \"x\"}', '{ \"b\": 1 }', "
	    "'00000000-0000-0000-0000-00000000000a', '\\x', '00:00:00', "
	    "'-infinity', '[2:3]={1,2}', '(,)', '-Infinity', 'NaN', 'a b', "
	    "true, B'1111', NULL, 99999.99, '(1e300,2)', 0, '<x>&amp;</x>', "
	    "123456789012345678901234567890.123456789, '12:34:56.789', 7), "
	    "('sad', 0, '{}', '{}', NULL, NULL, '1 mon', 'infinity', NULL, "
	    "NULL, 1e-45, 5e-324, 'x', NULL, NULL, NULL, NULL, NULL, NULL, "
	    "NULL, 1e50, NULL, NULL)",
	.differences = 4,
};

static const struct scenario pg_narrow = {
	.name = "columns that keep less",
	.schema = "CREATE TABLE t (id integer PRIMARY KEY, n numeric, "
		  "ts timestamp, tz timestamptz, ti time, f float8, c text)",
	.target_schema =
	    "CREATE TABLE t (id integer PRIMARY KEY, n numeric(10,2), "
	    "ts timestamp(3), tz timestamptz(0), ti time(1), f float4, "
	    "c char(6))",
	.source = "INSERT INTO t VALUES "
		  "(1, 1.005, '2024-01-01 23:59:59.9999', "
		  "'1969-12-31 23:59:59.5+00', '23:59:59.99', 0.1, 'ab'), "
		  "(2, -1.0050001, '1578-02-20 09:06:30.9995', "
		  "'2024-01-01 00:00:00.499999+02', '00:00:00.05', 1e-30, "
		  "'c')",
	.target = "INSERT INTO t VALUES (1, 1, '2024-01-01', '2024-01-01', "
		  "'00:00', 1, 'x'), (3, 0.01, NULL, NULL, NULL, NULL, NULL)",
	.differences = 3,
};

static const struct scenario lite_types = {
	.name = "SQLite's classes",
	.schema = "CREATE TABLE t (k, v, n numeric, i integer, r real, "
		  "s text COLLATE NOCASE, b blob, PRIMARY KEY (k, v)) "
		  "WITHOUT ROWID",
	.source = "INSERT INTO t VALUES "
		  "(1, 'a', 1.5, 'abc', 'x', 'Case', x'00ff'), "
		  "('1', x'61', '1', 2.5, 1e300, 'same', 'text'), "
		  "(x'31', 1.0, 9e999, 9223372036854775807, -0.0, "
		  "cast(x'61006200' as text), NULL), "
		  "('new', 0, 0.1, x'', 0.1, cast(x'ff61' as text), 5)",
	.target = "INSERT INTO t VALUES "
		  "(1, 'a', '1.5x', 1, 2, 'case', '00ff'), "
		  "('1', x'61', 1, x'02', 5e-324, 'same', x'74657874'), "
		  "(x'31', 1.0, -9e999, -9223372036854775808, 0.1, "
		  "cast(x'6100' as text), 1), "
		  "('old', 0, 0.30000000000000004, 9223372036854775807.0, "
		  "1e-310, 'x''y', 5.0)",
	.differences = 5,
};

static const char *
pairing_name(const struct world *w)
{
	static char name[64];

	snprintf(name, sizeof(name), "%s to %s", brand_name(w->brand[SOURCE]),
	    brand_name(w->brand[TARGET]));
	return name;
}

static void
is_dump(struct world *w, const char *want, const char *name, const char *what)
{
	const char *got = world_dump(w);

	if (!ok(strcmp(got, want) == 0, "%s, %s: %s", pairing_name(w), name,
		what))
		printf("# got\n%.3000s\n# want\n%.3000s\n", got, want);
}

static void
show_log(struct world *w)
{
	char command[300];

	snprintf(
	    command, sizeof(command), "sed 's/^/# /' %s/client.log", w->dir);
	if (system(command) != 0)
		printf("# no log\n");
}

static void
runs(struct world *w, const char *file, const char *name, const char *what)
{
	if (!ok(world_client(w, file) == 0, "%s, %s: %s", pairing_name(w), name,
		what))
		show_log(w);
}

/* Every state between two rows can be committed. */
static void
run_in_batches(struct world *w, const struct scenario *s, const char *before)
{
	static const struct apply_options none = { .conflict = NULL };
	struct apply_result result;
	struct err err = ERR_INIT;
	enum status st;

	world_diff(w);
	st = world_apply_batches(w, 1, "batches.sql", &none, &result, &err);
	if (s->whole) {
		ok(st == TU_ESCHEMA, "%s, %s: not in batches: %s",
		    pairing_name(w), s->name, err.msg);
		is_dump(w, before, s->name, "nothing was written");
		return;
	}
	ok(st == TU_OK, "%s, %s: applied in batches %s", pairing_name(w),
	    s->name, err.msg);
	is_int((long long)world_diff(w), 0, "%s, %s: nothing is left",
	    pairing_name(w), s->name);
	runs(w, "batches.sql", s->name, "the client undoes the batches");
	is_dump(w, before, s->name, "all is as it was");
}

static void
run_scenario(const struct scenario *s, enum brand source, enum brand target)
{
	static const struct apply_options none = { .conflict = NULL };
	struct apply_result result;
	struct err err = ERR_INIT;
	struct world w;
	const char *before;
	uint64_t done;

	world_open(&w, source, target);
	world_run(&w, SOURCE, s->schema);
	world_run(&w, TARGET, s->target_schema ? s->target_schema : s->schema);
	for (int side = SOURCE; side <= TARGET; side++)
		if (s->more[w.brand[side]] != NULL)
			world_run(&w, (enum side)side, s->more[w.brand[side]]);
	world_run(&w, SOURCE, s->source);
	world_run(&w, TARGET, s->target);
	before = world_dump(&w);
	is_int((long long)world_diff(&w), (long long)s->differences,
	    "%s, %s: differences", pairing_name(&w), s->name);
	world_write(&w, "patch.sql", STMT_FORWARD);
	world_write(&w, "undo.sql", STMT_UNDO);

	ok(world_apply(&w, &none, &result, &err) == TU_OK, "%s, %s: applied %s",
	    pairing_name(&w), s->name, err.msg);
	done = result.done[CHANGE_DELETE] + result.done[CHANGE_UPDATE] +
	       result.done[CHANGE_INSERT];
	is_int((long long)done, (long long)s->differences,
	    "every change is counted");
	is_int((long long)world_diff(&w), 0, "%s, %s: nothing is left",
	    pairing_name(&w), s->name);
	runs(&w, "undo.sql", s->name, "the client undoes it");
	is_dump(&w, before, s->name, "all is as it was");
	runs(&w, "patch.sql", s->name, "the client runs the patch");
	is_int((long long)world_diff(&w), 0, "%s, %s: nothing is left again",
	    pairing_name(&w), s->name);
	runs(&w, "undo.sql", s->name, "the client undoes that");
	is_dump(&w, before, s->name, "all is as it was again");
	run_in_batches(&w, s, before);
	world_close(&w);
}

/* --- conflicts ------------------------------------------------------------ */

static char conflict_log[4096];

static void
log_conflict(void *arg, const char *table, const char *key, const char *what)
{
	size_t n = strlen(conflict_log);

	(void)arg;
	if (strchr(table, '.') != NULL)
		table = strchr(table, '.') + 1;
	snprintf(conflict_log + n, sizeof(conflict_log) - n, "%s %s %s\n",
	    table, key, what);
}

static const struct apply_options log_options = { .conflict = log_conflict };

/* One table whose rows change between comparing and applying. */
static void
test_conflicts(enum brand brand)
{
	struct apply_result result;
	struct err err = ERR_INIT;
	struct world w;
	const char *before;

	world_open(&w, brand, brand);
	world_run_both(
	    &w, "CREATE TABLE t (id integer PRIMARY KEY, v text, w text)");
	world_run(&w, SOURCE,
	    "INSERT INTO t VALUES (1, 'a', 'n'), (2, 'b', 'n'), "
	    "(3, 'c', 'n'), (6, 'f', 'n')");
	world_run(&w, TARGET,
	    "INSERT INTO t VALUES (1, 'a', 'o'), (2, 'b', 'o'), "
	    "(3, 'c', 'o'), (4, 'd', 'o'), (5, 'e', 'o')");
	world_diff(&w);
	/* 1 is changed where the patch would not write, 2 is gone, 3 is as
	 * wanted already, 4 is changed, 5 is gone as wanted. */
	world_run(&w, TARGET,
	    "UPDATE t SET v = 'z' WHERE id = 1;"
	    "DELETE FROM t WHERE id IN (2, 5);"
	    "UPDATE t SET w = 'n' WHERE id = 3;"
	    "UPDATE t SET w = NULL WHERE id = 4");
	before = world_dump(&w);
	conflict_log[0] = '\0';
	ok(world_apply(&w, &log_options, &result, &err) == TU_ECONFLICT,
	    "rows that changed meanwhile are a conflict: %s", err.msg);
	is_int((long long)result.conflicts, 3, "as many as there are");
	is_int((long long)result.done[CHANGE_INSERT], 0, "nothing is done");
	is_str(conflict_log,
	    "t id 4 column 'w' is NULL now, it was 'o'\n"
	    "t id 1 column 'v' is 'z' now, it was 'a'\n"
	    "t id 2 it is gone\n",
	    "each is named");
	is_dump(&w, before, "conflicts", "nothing was written");

	/* The patch leaves such rows alone and does the rest. */
	world_write(&w, "patch.sql", STMT_FORWARD);
	runs(&w, "patch.sql", "conflicts", "the client runs the patch");
	is_str(world_value(&w, "SELECT v || w FROM t WHERE id = 1"), "zo",
	    "a changed row is left alone");
	is_str(world_value(&w, "SELECT v || w FROM t WHERE id = 6"), "fn",
	    "the others are written");
	world_close(&w);
}

/* The same, answered: who else wrote a row keeps it, or loses it. */
static void
test_answers(enum brand brand, enum conflict_answer answer)
{
	bool replace = answer == CONFLICT_REPLACE;
	struct apply_options options = { .answer = answer };
	struct apply_result result;
	struct err err = ERR_INIT;
	struct world w;
	const char *before;

	world_open(&w, brand, brand);
	world_run_both(
	    &w, "CREATE TABLE t (id integer PRIMARY KEY, v text, w text)");
	world_run(&w, SOURCE,
	    "INSERT INTO t VALUES (1, 'a', 'n'), (2, 'b', 'n'), "
	    "(3, 'c', 'n'), (6, 'f', 'n'), (7, 'g', 'n')");
	world_run(&w, TARGET,
	    "INSERT INTO t VALUES (1, 'a', 'o'), (2, 'b', 'o'), "
	    "(3, 'c', 'o'), (4, 'd', 'o'), (5, 'e', 'o')");
	world_diff(&w);
	options.plan = &w.plan;
	options.refill = spool_sink(w.spool);
	ok(spool_new(&options.rejected, &err) == TU_OK, "a second spool");
	world_run(&w, TARGET,
	    "UPDATE t SET v = 'z' WHERE id = 1;"
	    "DELETE FROM t WHERE id = 2;"
	    "UPDATE t SET w = 'x' WHERE id = 4;"
	    "INSERT INTO t VALUES (7, 'theirs', 'x')");
	before = world_dump(&w);
	ok(world_apply(&w, &options, &result, &err) == TU_OK,
	    "%s, answered: all is written %s", brand_name(brand), err.msg);
	is_int((long long)(replace ? result.replaced : result.left_alone), 4,
	    "rows that somebody else has written");
	is_int((long long)spool_ntables(options.rejected), !replace,
	    "they are handed out if they are left alone");
	if (!replace)
		is_int((long long)spool_table(options.rejected, 0)
			   ->count[CHANGE_UPDATE],
		    2, "as what they would have been");
	is_str(world_value(&w, "SELECT v FROM t WHERE id = 1"),
	    replace ? "a" : "z", "a changed row");
	is_str(world_value(
		   &w, "SELECT coalesce(max('there'), '') FROM t WHERE id = 2"),
	    replace ? "there" : "", "a row that was gone");
	is_str(world_value(
		   &w, "SELECT coalesce(max('there'), '') FROM t WHERE id = 4"),
	    replace ? "" : "there", "a row to be deleted");
	is_str(world_value(&w, "SELECT v FROM t WHERE id = 7"),
	    replace ? "g" : "theirs", "a row that was there already");
	world_write(&w, "undo.sql", STMT_UNDO);
	runs(&w, "undo.sql", "answers", "the client runs the undo");
	is_dump(&w, before, "answers", "it gives back what there was");
	spool_free(options.rejected);
	world_close(&w);
}

static void
test_existing_key(enum brand brand)
{
	struct apply_result result;
	struct err err = ERR_INIT;
	struct world w;

	world_open(&w, brand, brand);
	world_run_both(&w, "CREATE TABLE t (id integer PRIMARY KEY, v text)");
	world_run(&w, SOURCE, "INSERT INTO t VALUES (1, 'a'), (2, 'b')");
	world_diff(&w);
	world_run(&w, TARGET, "INSERT INTO t VALUES (2, 'other')");
	conflict_log[0] = '\0';
	ok(world_apply(&w, &log_options, &result, &err) == TU_ECONFLICT,
	    "a key that came meanwhile is a conflict: %s", err.msg);
	is_str(conflict_log, "t id 2 it was inserted in the meantime\n",
	    "its key is named");
	is_str(world_value(&w, "SELECT min(v) FROM t"), "other",
	    "and nothing written");
	world_close(&w);
}

/* Rows without a key are only counted. */
static void
test_multiset_conflict(enum brand brand)
{
	struct apply_result result;
	struct err err = ERR_INIT;
	struct world w;
	const char *before;

	world_open(&w, brand, brand);
	world_run_both(&w, "CREATE TABLE t (a integer, b text)");
	world_run(&w, SOURCE, "INSERT INTO t VALUES (1, 'x'), (2, 'y')");
	world_run(
	    &w, TARGET, "INSERT INTO t VALUES (1, 'x'), (1, 'x'), (1, 'x')");
	is_int((long long)world_diff(&w), 3, "two too many, one missing");
	world_run(&w, TARGET, "DELETE FROM t; INSERT INTO t VALUES (1, 'x')");
	before = world_dump(&w);
	ok(world_apply(&w, &log_options, &result, &err) == TU_ECONFLICT &&
		result.conflicts == 1,
	    "fewer equal rows than compared: %s", err.msg);
	is_dump(&w, before, "equal rows", "nothing was written");
	world_close(&w);
}

/* What the target computes is its own affair. */
static void
test_other_formula(enum brand brand)
{
	struct apply_result result;
	struct err err = ERR_INIT;
	struct world w;

	world_open(&w, brand, brand);
	world_run(&w, SOURCE,
	    "CREATE TABLE t (id integer PRIMARY KEY, v integer, "
	    "g integer GENERATED ALWAYS AS (v * 2) STORED);"
	    "INSERT INTO t (id, v) VALUES (1, 5), (2, 6)");
	world_run(&w, TARGET,
	    "CREATE TABLE t (id integer PRIMARY KEY, v integer, "
	    "g integer GENERATED ALWAYS AS (v * 3) STORED);"
	    "INSERT INTO t (id, v) VALUES (1, 4)");
	world_diff(&w);
	ok(world_apply(&w, &log_options, &result, &err) == TU_OK,
	    "a column computed otherwise does not stop a patch %s", err.msg);
	is_int((long long)(result.done[CHANGE_INSERT] +
			   result.done[CHANGE_UPDATE]),
	    2, "the rest is written");
	world_close(&w);
}

/* More conflicts than anybody reads. */
static void
test_many_conflicts(enum brand brand)
{
	static const char *const fill[] = {
		[LITE] = "WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT "
			 "i + 1 FROM s WHERE i < 2000) "
			 "INSERT INTO t SELECT i, 'new' FROM s",
		[PG] = "INSERT INTO t SELECT i, 'new' "
		       "FROM generate_series(1, 2000) i",
	};
	struct apply_result result;
	struct err err = ERR_INIT;
	struct world w;

	world_open(&w, brand, brand);
	world_run_both(&w, "CREATE TABLE t (id integer PRIMARY KEY, v text)");
	world_run_both(&w, fill[brand]);
	world_run(&w, TARGET, "UPDATE t SET v = 'old'");
	is_int((long long)world_diff(&w), 2000, "2000 rows differ");
	world_run(&w, TARGET, "UPDATE t SET v = 'other' WHERE id > 900");
	ok(world_apply(&w, &log_options, &result, &err) == TU_ECONFLICT &&
		strstr(err.msg, "at least ") != NULL,
	    "it gives up early: %s", err.msg);
	ok(result.conflicts >= 100 && result.conflicts < 1000,
	    "after a group with 100 conflicts, not at the end");
	is_str(world_value(&w, "SELECT min(v) FROM t"), "old",
	    "and nothing is written");
	world_close(&w);
}

/*
 * Keys that are one to the target's collation: the row stays, with what was
 * not compared and what refers to it.
 */
static void
test_rename(enum brand brand)
{
	static const char *const key[] = {
		[LITE] = "text COLLATE NOCASE",
		[PG] = "text COLLATE ci",
		[MY] = "varchar(9) COLLATE utf8mb4_general_ci",
	};
	struct apply_result result;
	struct err err = ERR_INIT;
	const char *before;
	struct world w;

	world_open(&w, brand, brand);
	if (brand == PG)
		world_run_both(&w,
		    "CREATE COLLATION ci (provider = icu, "
		    "locale = 'und-u-ks-level2', deterministic = false)");
	world_run_both(
	    &w, arena_printf(w.arena,
		    "CREATE TABLE p (k %s, b integer, v integer, "
		    "PRIMARY KEY (b, k));"
		    "CREATE TABLE c (id integer PRIMARY KEY, k %s, b integer, "
		    "FOREIGN KEY (b, k) REFERENCES p (b, k) ON DELETE CASCADE)",
		    key[brand], key[brand]));
	world_run(&w, TARGET, "ALTER TABLE p ADD COLUMN note varchar(9)");
	world_run(&w, SOURCE,
	    "INSERT INTO p VALUES ('a', 1, 1), ('b', 1, 2), ('a', 2, 1), "
	    "('new', 1, 1);"
	    "INSERT INTO c VALUES (1, 'a', 1), (2, 'b', 1)");
	world_run(&w, TARGET,
	    "INSERT INTO p VALUES ('A', 1, 1, 'kept'), ('B', 1, 7, 'too'), "
	    "('a', 2, 1, 'same'), ('old', 1, 1, 'goes');"
	    "INSERT INTO c VALUES (1, 'a', 1), (2, 'b', 1)");
	before = world_dump(&w);
	is_int((long long)world_diff(&w), 6, "keys that change their case");
	is_int((long long)spool_table(w.spool, 0)->count[CHANGE_UPDATE], 2,
	    "are set");
	is_int((long long)spool_table(w.spool, 0)->count[CHANGE_DELETE], 1,
	    "not deleted");
	world_write(&w, "patch.sql", STMT_FORWARD);
	world_write(&w, "undo.sql", STMT_UNDO);
	ok(world_apply(&w, &log_options, &result, &err) == TU_OK,
	    "and written %s", err.msg);
	is_int((long long)world_diff(&w), 0, "nothing is left");
	is_str(world_value(&w, "SELECT min(note) FROM p WHERE v = 2"), "too",
	    "what was not compared is kept");
	is_str(world_value(&w, "SELECT max(k) FROM c WHERE id = 1"), "a",
	    "and so is what refers to it");
	runs(&w, "undo.sql", "renamed keys", "the client undoes it");
	is_dump(&w, before, "renamed keys", "all is as it was");
	runs(&w, "patch.sql", "renamed keys", "the client runs the patch");
	is_int((long long)world_diff(&w), 0, "nothing is left again");
	world_close(&w);
}

/* --- triggers and cascades ------------------------------------------------ */

static void
test_trigger(enum brand brand)
{
	static const char *const ddl[] = {
		[LITE] = "CREATE TRIGGER meddles AFTER INSERT ON t BEGIN "
			 "UPDATE t SET v = 'meddled' WHERE id = new.id; END",
		[PG] = "CREATE FUNCTION meddle() RETURNS trigger LANGUAGE "
		       "plpgsql AS $$ BEGIN new.v = 'meddled'; RETURN new; "
		       "END $$; CREATE TRIGGER meddles BEFORE INSERT ON t "
		       "FOR EACH ROW EXECUTE FUNCTION meddle()",
	};
	static const char *const swallow[] = {
		[LITE] = "DROP TRIGGER meddles; CREATE TRIGGER swallows BEFORE "
			 "INSERT ON t BEGIN SELECT raise(IGNORE); END",
		[PG] = "CREATE OR REPLACE FUNCTION meddle() RETURNS trigger "
		       "LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
	};
	struct apply_result result;
	struct err err = ERR_INIT;
	struct world w;

	world_open(&w, brand, brand);
	world_run_both(&w, "CREATE TABLE t (id integer PRIMARY KEY, v text)");
	world_run(&w, SOURCE, "INSERT INTO t VALUES (1, 'a')");
	world_run(&w, TARGET, ddl[brand]);
	world_diff(&w);
	ok(world_apply(&w, &log_options, &result, &err) == TU_ECONFLICT &&
		strstr(err.msg, "'v' came out different ('meddled')") != NULL,
	    "what a trigger does is seen: %s", err.msg);
	ok(strstr(err.hint, "meddles") != NULL, "and it is named: %s",
	    err.hint);
	is_str(world_value(&w, "SELECT max(v) FROM t"), "(null)",
	    "nothing is written");

	world_run(&w, TARGET, swallow[brand]);
	world_diff(&w);
	conflict_log[0] = '\0';
	ok(world_apply(&w, &log_options, &result, &err) == TU_ECONFLICT,
	    "a trigger that swallows the row: %s", err.msg);
	is_str(conflict_log, "t id 1 it was not inserted: a trigger?\n",
	    "is a conflict");
	world_close(&w);
}

/* Deleting the parent takes or changes children that the patch names too. */
static void
test_cascade(enum brand brand)
{
	struct apply_result result;
	struct err err = ERR_INIT;
	struct world w;

	world_open(&w, brand, brand);
	world_run_both(&w, "CREATE TABLE p (id integer PRIMARY KEY, v text);"
			   "CREATE TABLE c (id integer PRIMARY KEY, "
			   "ref integer REFERENCES p (id) ON DELETE CASCADE);"
			   "CREATE TABLE n (id integer PRIMARY KEY, "
			   "ref integer REFERENCES p (id) ON DELETE SET NULL);"
			   "CREATE TABLE t (id integer PRIMARY KEY, "
			   "ref integer REFERENCES t (id) ON DELETE CASCADE)");
	world_run(&w, SOURCE,
	    "INSERT INTO p VALUES (1, 'new'); INSERT INTO c VALUES (1, 1);"
	    "INSERT INTO n VALUES (1, 1), (2, NULL)");
	world_run(&w, TARGET,
	    "INSERT INTO p VALUES (1, 'old'), (2, 'goes');"
	    "INSERT INTO c VALUES (1, 1), (2, 2), (3, 2);"
	    "INSERT INTO n VALUES (1, 1), (2, 2);"
	    "INSERT INTO t VALUES (1, NULL), (2, 1), (3, 2)");
	is_int((long long)world_diff(&w), 8, "cascade: differences");
	/* As if a trigger or another session had taken the parent first. */
	world_run(&w, TARGET, "DELETE FROM p WHERE id = 2");
	ok(world_apply(&w, &log_options, &result, &err) == TU_OK,
	    "rows that a cascade took are no conflict %s", err.msg);
	is_int((long long)result.done[CHANGE_DELETE], 6,
	    "deletes are counted all the same");
	is_int((long long)world_diff(&w), 0, "nothing is left");
	is_str(world_value(&w, brand == PG
				   ? "SELECT count(*)::text FROM c"
				   : "SELECT cast(count(*) AS text) FROM c"),
	    "1", "children of the updated parent survive");
	world_close(&w);
}

/* A table that nobody compares would lose rows, or what they refer to. */
static void
test_cascade_elsewhere(enum brand brand, const char *action)
{
	struct apply_result result;
	struct err err = ERR_INIT;
	struct world w;

	world_open(&w, brand, brand);
	world_run_both(&w, "CREATE TABLE p (a integer, b integer, v integer, "
			   "PRIMARY KEY (a, b))");
	world_run(&w, TARGET,
	    arena_printf(w.arena,
		"CREATE TABLE o (id integer PRIMARY KEY, x integer, "
		"y integer, FOREIGN KEY (x, y) REFERENCES p (a, b) "
		"ON DELETE %s)",
		action));
	world_run(&w, SOURCE, "INSERT INTO p VALUES (1, 1, 5)");
	world_run(&w, TARGET,
	    "INSERT INTO p VALUES (1, 1, 1), (2, 2, 2), (2, 3, 2);"
	    "INSERT INTO o VALUES (1, 1, 1), (2, 2, 2), (3, 2, 2), "
	    "(4, 2, NULL)");
	world_diff(&w);
	ok(world_apply(&w, &log_options, &result, &err) == TU_ECONFLICT &&
		strstr(err.msg, action) != NULL &&
		strstr(err.msg, "2 rows of") != NULL,
	    "%s, %s elsewhere: %s", brand_name(brand), action, err.msg);
	is_int((long long)result.done[CHANGE_DELETE], 0, "nothing is done");
	ok(world_diff(&w) == 3, "nothing was written");
	/* Rows that refer to one that stays are nobody's business. */
	world_run(&w, TARGET, "DELETE FROM o WHERE id IN (2, 3)");
	ok(world_apply(&w, &log_options, &result, &err) == TU_OK,
	    "with nothing in the way: %s", err.msg);
	is_int((long long)world_diff(&w), 0, "nothing is left");
	world_close(&w);
}

/* References follow a unique value that is no key. */
static void
test_cascade_update(enum brand brand, const char *action)
{
	struct apply_result result;
	struct err err = ERR_INIT;
	struct world w;
	const char *before;

	world_open(&w, brand, brand);
	world_run_both(&w, "CREATE TABLE p (id integer PRIMARY KEY, "
			   "code varchar(9) NOT NULL UNIQUE)");
	world_run(&w, TARGET,
	    arena_printf(w.arena,
		"CREATE TABLE o (id integer PRIMARY KEY, code varchar(9), "
		"FOREIGN KEY (code) REFERENCES p (code) ON UPDATE %s)",
		action));
	world_run(&w, SOURCE, "INSERT INTO p VALUES (1, 'b'), (2, 'a')");
	world_run(&w, TARGET,
	    "INSERT INTO p VALUES (1, 'a'), (2, 'b');"
	    "INSERT INTO o VALUES (1, 'a'), (2, 'b'), (3, NULL)");
	before = world_dump(&w);
	world_diff(&w);
	ok(world_apply(&w, &log_options, &result, &err) == TU_ECONFLICT &&
		strstr(err.msg, "ON UPDATE") != NULL &&
		strstr(err.msg, action) != NULL,
	    "%s, ON UPDATE %s elsewhere: %s", brand_name(brand), action,
	    err.msg);
	is_dump(&w, before, "ON UPDATE", "nothing was written");
	world_run(&w, TARGET, "DELETE FROM o WHERE id < 3");
	ok(world_apply(&w, &log_options, &result, &err) == TU_OK,
	    "with nothing in the way: %s", err.msg);
	is_int((long long)world_diff(&w), 0, "nothing is left");
	world_close(&w);
}

/* --- constraints ---------------------------------------------------------- */

static void
test_constraints(enum brand brand)
{
	struct apply_result result;
	struct err err = ERR_INIT;
	struct world w;

	world_open(&w, brand, brand);
	world_run_both(&w,
	    "CREATE TABLE p (id integer PRIMARY KEY);"
	    "CREATE TABLE c (id integer PRIMARY KEY, u integer UNIQUE, "
	    "ref integer REFERENCES p (id))");
	world_run(&w, SOURCE,
	    "INSERT INTO p VALUES (1);"
	    "INSERT INTO c VALUES (1, 5, 1)");
	world_diff(&w);
	world_run(&w, TARGET,
	    "INSERT INTO p VALUES (7);"
	    "INSERT INTO c VALUES (9, 5, NULL)");
	conflict_log[0] = '\0';
	ok(world_apply(&w, &log_options, &result, &err) == TU_EQUERY &&
		strstr(err.msg, "c': target: ") != NULL,
	    "another's unique value is no key conflict: %s", err.msg);
	ok(err.hint[0] != '\0' && conflict_log[0] == '\0', "a hint: %s",
	    err.hint);
	is_str(world_value(&w, brand == PG
				   ? "SELECT min(id)::text FROM p"
				   : "SELECT cast(min(id) AS text) FROM p"),
	    "7", "nothing is written");

	/* A child whose parent goes. */
	world_run(&w, TARGET, "DELETE FROM c; INSERT INTO c VALUES (1, 5, 7)");
	world_diff(&w);
	world_run(&w, TARGET, "INSERT INTO c VALUES (2, 6, 7)");
	ok(world_apply(&w, &log_options, &result, &err) == TU_EQUERY,
	    "a row without its parent: %s", err.msg);
	ok(strstr(err.hint, "parent") != NULL, "with a hint: %s", err.hint);
	is_str(world_value(&w, brand == PG
				   ? "SELECT count(*)::text FROM p"
				   : "SELECT cast(count(*) AS text) FROM p"),
	    "1", "nothing is written");
	world_close(&w);
}

static enum status
refuse(void *arg, struct err *err)
{
	++*(int *)arg;
	return err_set(err, TU_EIO, "the undo cannot be kept");
}

static void
test_before_commit(enum brand brand)
{
	int calls = 0;
	struct apply_options options = { .before_commit = refuse,
		.arg = &calls };
	struct apply_result result;
	struct err err = ERR_INIT;
	struct world w;

	world_open(&w, brand, brand);
	world_run_both(&w, "CREATE TABLE t (id integer PRIMARY KEY)");
	world_run(&w, SOURCE, "INSERT INTO t VALUES (1)");
	world_diff(&w);
	ok(world_apply(&w, &options, &result, &err) == TU_EIO && calls == 1,
	    "no undo, no commit: %s", err.msg);
	is_int((long long)result.done[CHANGE_INSERT], 0, "nothing is done");
	is_int((long long)world_diff(&w), 1, "nothing is written");
	world_close(&w);
}

/* --- ends of a transaction ------------------------------------------------ */

/* The signal arrives when all is written but not committed. */
static enum status
interrupt_us(void *arg, struct err *err)
{
	(void)arg;
	(void)err;
	kill(getpid(), SIGTERM);
	while (!interrupted())
		usleep(1000);
	return TU_OK;
}

/* The flag stays up for good, so this is done by a child. */
static void
test_interrupt(enum brand brand)
{
	struct world w;
	int status = -1;
	pid_t pid;

	world_open(&w, brand, brand);
	world_run_both(&w, "CREATE TABLE t (id integer PRIMARY KEY)");
	world_run(&w, SOURCE, "INSERT INTO t VALUES (1)");
	world_diff(&w);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct apply_options options = { .before_commit =
						     interrupt_us };
		struct apply_result result;
		struct err err = ERR_INIT;

		if (interrupt_start(&err))
			_exit(99);
		_exit((int)world_apply(&w, &options, &result, &err));
	}
	waitpid(pid, &status, 0);
	is_int(WEXITSTATUS(status), TU_EINTERRUPTED, "interrupted");
	is_int((long long)world_diff(&w), 1, "nothing is written");
	world_close(&w);
}

static enum status
kill_backend(void *arg, struct err *err)
{
	(void)err;
	world_run(arg, TARGET,
	    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
	    "WHERE state = 'idle in transaction' AND "
	    "datname = current_database() AND pid <> pg_backend_pid()");
	usleep(200000);
	return TU_OK;
}

static void
test_lost_connection(void)
{
	struct apply_options options = { .before_commit = kill_backend };
	struct apply_result result;
	struct err err = ERR_INIT;
	struct world w;

	world_open(&w, PG, PG);
	world_run_both(&w, "CREATE TABLE t (id integer PRIMARY KEY)");
	world_run(&w, SOURCE, "INSERT INTO t VALUES (1)");
	world_diff(&w);
	options.arg = &w;
	ok(world_apply(&w, &options, &result, &err) == TU_EQUERY &&
		strstr(err.msg, "unknown whether") != NULL &&
		strstr(err.hint, "same command again") != NULL,
	    "a connection lost at COMMIT: %s", err.msg);
	world_close(&w);
}

/* --- size ----------------------------------------------------------------- */

/* Values of 3 MB, in literals and parameters. */
static void
test_large(enum brand brand)
{
	static const char *const fill[] = {
		[LITE] = "INSERT INTO t VALUES (1, "
			 "replace(hex(zeroblob(1500000)), '0', 'x'), "
			 "zeroblob(1500000))",
		[PG] = "INSERT INTO t VALUES (1, repeat('x', 3000000), "
		       "decode(repeat('00', 1500000), 'hex'))",
	};
	const struct scenario s = {
		.name = "large values",
		.schema =
		    brand == LITE
			? "CREATE TABLE t (id integer PRIMARY KEY, s text, b "
			  "blob)"
			: "CREATE TABLE t (id integer PRIMARY KEY, s text, "
			  "b bytea)",
		.source = fill[brand],
		.target = "INSERT INTO t VALUES (1, 'short', NULL), "
			  "(2, 'gone', NULL)",
		.differences = 2,
	};

	run_scenario(&s, brand, brand);
}

/* As many columns as SQLite lets an expression nest, and more. */
static void
test_wide(enum brand brand)
{
	struct buf schema = BUF_INIT, was = BUF_INIT, is = BUF_INIT;
	struct scenario s = { .name = "many columns", .differences = 3 };

	buf_adds(&schema, "CREATE TABLE t (c0 integer PRIMARY KEY");
	buf_adds(&was, "INSERT INTO t VALUES (1");
	buf_adds(&is, "INSERT INTO t VALUES (1");
	for (int i = 1; i < 1500; i++) {
		buf_addf(&schema, ", c%d integer", i);
		buf_addf(&was, ", %d", i);
		buf_addf(&is, ", %d", i == 1400 ? 7 : i);
	}
	buf_adds(&schema, ")");
	buf_adds(&was, "); INSERT INTO t (c0, c9) VALUES (2, 9)");
	buf_adds(&is, "); INSERT INTO t (c0, c9) VALUES (3, 9)");
	s.schema = buf_str(&schema);
	s.source = buf_str(&is);
	s.target = buf_str(&was);
	run_scenario(&s, brand, brand);
	buf_free(&schema);
	buf_free(&was);
	buf_free(&is);
}

/* --- PostgreSQL's own ----------------------------------------------------- */

static void
test_identity_and_sequences(void)
{
	struct apply_result result;
	struct err err = ERR_INIT;
	struct world w;

	world_open(&w, PG, PG);
	world_run_both(&w,
	    "CREATE TABLE a (id integer GENERATED ALWAYS AS IDENTITY "
	    "PRIMARY KEY, v text);"
	    "CREATE TABLE d (id integer GENERATED BY DEFAULT AS IDENTITY "
	    "(INCREMENT -1 MAXVALUE -1 START -1) PRIMARY KEY, v text);"
	    "CREATE TABLE s (id bigserial PRIMARY KEY, v text);"
	    "CREATE TABLE e (id serial PRIMARY KEY, v text)");
	world_run(&w, SOURCE,
	    "INSERT INTO a OVERRIDING SYSTEM VALUE VALUES (7, 'x');"
	    "INSERT INTO d VALUES (-5, 'x'), (-3, 'x');"
	    "INSERT INTO s VALUES (9, 'x'), (4, 'y')");
	world_run(&w, TARGET,
	    "INSERT INTO s VALUES (4, 'y');"
	    "SELECT setval('s_id_seq', 100)");
	world_diff(&w);
	world_write(&w, "patch.sql", STMT_FORWARD);
	world_write(&w, "undo.sql", STMT_UNDO);
	ok(world_apply(&w, &log_options, &result, &err) == TU_OK,
	    "identities are written %s", err.msg);
	is_int((long long)world_diff(&w), 0, "as they are in the source");
	world_run(&w, TARGET,
	    "INSERT INTO a (v) VALUES ('next');"
	    "INSERT INTO d (v) VALUES ('next');"
	    "INSERT INTO s (v) VALUES ('next');"
	    "INSERT INTO e (v) VALUES ('next')");
	is_str(world_value(&w, "SELECT max(id)::text FROM a"), "8",
	    "a sequence moved past what was inserted");
	is_str(world_value(&w, "SELECT min(id)::text FROM d"), "-6",
	    "one that counts down too");
	is_str(world_value(&w, "SELECT max(id)::text FROM s"), "101",
	    "one that was ahead stays");
	is_str(world_value(&w, "SELECT max(id)::text FROM e"), "1",
	    "one of an untouched table too");

	world_run(&w, TARGET,
	    "TRUNCATE a, d RESTART IDENTITY;"
	    "DELETE FROM s WHERE id <> 4");
	runs(&w, "patch.sql", "identity", "the client runs the patch");
	world_run(&w, TARGET, "INSERT INTO a (v) VALUES ('next')");
	is_str(world_value(&w, "SELECT max(id)::text FROM a"), "8",
	    "which moves the sequence as well");

	/* An identity that differs outside the key cannot be set. */
	world_run_both(&w, "CREATE TABLE x (k integer PRIMARY KEY, "
			   "i integer GENERATED ALWAYS AS IDENTITY)");
	world_run(
	    &w, SOURCE, "INSERT INTO x OVERRIDING SYSTEM VALUE VALUES (1, 5)");
	world_run(
	    &w, TARGET, "INSERT INTO x OVERRIDING SYSTEM VALUE VALUES (1, 6)");
	world_diff(&w);
	ok(world_apply(&w, &log_options, &result, &err) == TU_ESCHEMA,
	    "an identity that differs: %s", err.msg);
	world_close(&w);
}

static enum status
check_limits(const struct tally *tally, struct limit deletes,
    struct limit changes, struct err *err)
{
	static const bool ops[CHANGE_OPS] = { true, true, true };
	const struct limits l = { deletes, changes };
	const struct pair pair = { .name = "t" };

	return limits_check(&pair, tally, ops, &l, err);
}

static void
test_limits(void)
{
	static const bool no_deletes[CHANGE_OPS] = { [CHANGE_UPDATE] = true };
	const struct limit any = { -1, UINT64_MAX, false };
	const struct limits none = { { 0, 0, true }, any };
	const struct pair pair = { .name = "t" };
	struct tally tally = { .rows = { 10, 100 },
		.patchable = { [CHANGE_DELETE] = 50, [CHANGE_UPDATE] = 7 } };
	struct err err = ERR_INIT;

#define LIMIT(...) ((struct limit){ __VA_ARGS__ })
	ok(check_limits(&tally, LIMIT(50, UINT64_MAX, false), any, &err) ==
		TU_OK,
	    "half the rows, half allowed");
	ok(check_limits(&tally, LIMIT(49.9, UINT64_MAX, false), any, &err) ==
		TU_ECONFLICT,
	    "more than the percentage: %s", err.msg);
	ok(check_limits(&tally, LIMIT(-1, 49, true), any, &err) == TU_ECONFLICT,
	    "more than the number: %s", err.msg);
	ok(check_limits(&tally, LIMIT(-1, 50, true), any, &err) == TU_OK,
	    "exactly the number");
	ok(check_limits(&tally, any, LIMIT(-1, 56, true), &err) == TU_ECONFLICT,
	    "more changes of all kinds: %s", err.msg);
	ok(check_limits(&tally, any, LIMIT(57, UINT64_MAX, true), &err) ==
		TU_OK,
	    "exactly that part of the target's rows");
	ok(limits_check(&pair, &tally, no_deletes, &none, &err) == TU_OK,
	    "deletes that are left out do not count");
	tally.rows[SOURCE] = 0;
	ok(check_limits(&tally, LIMIT(50, UINT64_MAX, false), any, &err) ==
		TU_ECONFLICT,
	    "an empty source: %s", err.msg);
	ok(check_limits(&tally, LIMIT(100, UINT64_MAX, true), any, &err) ==
		TU_OK,
	    "unless it was allowed");
	tally.patchable[CHANGE_DELETE] = 0;
	ok(check_limits(&tally, LIMIT(0, 0, false), any, &err) == TU_OK,
	    "no deletes, no limit");
#undef LIMIT
}

int
main(void)
{
	for (size_t i = 0; i < ARRAY_LEN(scenarios); i++)
		for (int pairing = 0; pairing < 4; pairing++)
			run_scenario(&scenarios[i], (enum brand)(pairing & 1),
			    (enum brand)(pairing >> 1));
	run_scenario(&pg_types, PG, PG);
	run_scenario(&pg_narrow, PG, PG);
	run_scenario(&lite_types, LITE, LITE);
	for (int brand = LITE; brand <= PG; brand++) {
		test_conflicts((enum brand)brand);
		test_answers((enum brand)brand, CONFLICT_SKIP);
		test_answers((enum brand)brand, CONFLICT_REPLACE);
		test_existing_key((enum brand)brand);
		test_multiset_conflict((enum brand)brand);
		test_other_formula((enum brand)brand);
		test_many_conflicts((enum brand)brand);
		test_rename((enum brand)brand);
		test_trigger((enum brand)brand);
		test_cascade((enum brand)brand);
		test_cascade_elsewhere((enum brand)brand, "CASCADE");
		test_cascade_elsewhere((enum brand)brand, "SET NULL");
		test_cascade_update((enum brand)brand, "CASCADE");
		test_cascade_update((enum brand)brand, "SET NULL");
		test_constraints((enum brand)brand);
		test_before_commit((enum brand)brand);
		test_interrupt((enum brand)brand);
		test_large((enum brand)brand);
		test_wide((enum brand)brand);
	}
	if (brand_available(MY)) {
		test_answers(MY, CONFLICT_SKIP);
		test_answers(MY, CONFLICT_REPLACE);
		test_cascade_elsewhere(MY, "CASCADE");
		test_cascade_elsewhere(MY, "SET NULL");
		test_cascade_update(MY, "CASCADE");
	}
	test_lost_connection();
	test_identity_and_sequences();
	test_limits();
	return tap_done();
}
