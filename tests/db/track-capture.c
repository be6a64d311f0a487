/*
 * What statements leave in a change table, brand by brand: a table, statements
 * of an application, and the rows that they must leave. None of them may fail.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "lib/tracking.h"
#include "lib/world.h"
#include "track/ask.h"

struct capture_case {
	const char *what;
	const char *create; /* made before the change table */
	const char *table;
	const char *run;  /* by the application */
	const char *want; /* "I 1/a, D 1/a": op and key */
	const char *why;  /* it cannot be believed afterwards; NULL: it can */
};

#define LONG63 "n23456789012345678901234567890123456789012345678901234567890123"

/* clang-format off */
static const struct capture_case pg_cases[] = {
	{ "odd names, a key of two columns",
	    "CREATE TABLE \"We\"\"ird T\" (\"K 'k\" int, b text, v int,"
	    " PRIMARY KEY (\"K 'k\", b))", "We\"ird T",
	    "INSERT INTO \"We\"\"ird T\" VALUES (1, 'a', 0), (2, 'A', 0);"
	    "UPDATE \"We\"\"ird T\" SET v = 1 WHERE b = 'a';"
	    "UPDATE \"We\"\"ird T\" SET b = 'c' WHERE b = 'a';"
	    "DELETE FROM \"We\"\"ird T\" WHERE b = 'A'",
	    "I 1/a, I 2/A, U 1/a, U 1/a, U 1/c, D 2/A", NULL },
	{ "the longest names",
	    "CREATE TABLE " LONG63 " (" LONG63 " int PRIMARY KEY)", LONG63,
	    "INSERT INTO " LONG63 " VALUES (1)", "I 1", NULL },
	{ "upsert, COPY, TRUNCATE",
	    "CREATE TABLE t (a int PRIMARY KEY, v int)", "t",
	    "INSERT INTO t VALUES (1, 1);"
	    "INSERT INTO t VALUES (1, 2), (2, 2)"
	    " ON CONFLICT (a) DO UPDATE SET v = 3;"
	    "COPY t FROM PROGRAM 'echo 7,7' (FORMAT csv); TRUNCATE t",
	    "I 1, U 1, I 2, I 7, T", NULL },
	{ "rows that a foreign key deletes, moves and truncates",
	    "CREATE TABLE p (a int PRIMARY KEY);"
	    "CREATE TABLE t (a int, p int REFERENCES p ON DELETE CASCADE"
	    " ON UPDATE CASCADE, PRIMARY KEY (a, p));"
	    "INSERT INTO p VALUES (1), (2); INSERT INTO t VALUES (5, 1),"
	    " (6, 2)", "t",
	    "DELETE FROM p WHERE a = 1; UPDATE p SET a = 3; TRUNCATE p CASCADE",
	    "D 5/1, U 6/2, U 6/3, T", NULL },
	{ "a row that changes its partition",
	    "CREATE TABLE t (a int PRIMARY KEY, v int) PARTITION BY RANGE (a);"
	    "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (9);"
	    "CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (9) TO (99)", "t",
	    "INSERT INTO t VALUES (1, 1); INSERT INTO t2 VALUES (9, 1);"
	    "UPDATE t SET a = 10 WHERE a = 1;"
	    "CREATE TABLE t3 PARTITION OF t FOR VALUES FROM (99) TO (999);"
	    "INSERT INTO t3 VALUES (100)",
	    "I 1, I 9, D 1, I 10, I 100", NULL },
	{ "the writer's settings do not render keys",
	    "CREATE TABLE t (d date, z timestamptz, b bytea, i interval,"
	    " PRIMARY KEY (d, z, b, i))", "t",
	    "SET datestyle = 'SQL, DMY'; SET timezone = 'Asia/Tokyo';"
	    "SET bytea_output = 'escape'; SET intervalstyle = 'sql_standard';"
	    "INSERT INTO t VALUES ('02/01/2025', '2025-01-02 09:00+09',"
	    " '\\x00ff', '1 day')",
	    "I 2025-01-02/2025-01-02 00:00:00+00/\\x00ff/P1D", NULL },
	{ "a writer with an empty search path that fires no ordinary triggers",
	    "CREATE TABLE t (a int PRIMARY KEY)", "t",
	    "SET search_path = ''; SET session_replication_role = replica;"
	    "INSERT INTO tu_source.t VALUES (1);"
	    "UPDATE tu_source.t SET a = 2; DELETE FROM tu_source.t",
	    "I 1, U 1, U 2, D 2", NULL },
	{ "a writer without rights on the change table, who names himself",
	    "CREATE TABLE t (a int PRIMARY KEY);"
	    "GRANT USAGE ON SCHEMA tu_source TO pg_monitor;"
	    "GRANT INSERT ON t TO pg_monitor", "t",
	    "SET trueup.run = 'me'; SET ROLE pg_monitor;"
	    "INSERT INTO tu_source.t VALUES (1)", "I 1 me", NULL },
	{ "types in pg_temp are not taken for ours",
	    "CREATE TABLE t (a uuid PRIMARY KEY)", "t",
	    "CREATE DOMAIN pg_temp.\"char\" AS text CHECK (VALUE = 'x');"
	    "CREATE DOMAIN pg_temp.uuid AS text CHECK (VALUE = 'x');"
	    "INSERT INTO t VALUES ('00000000-0000-0000-0000-000000000001')",
	    "I 00000000-0000-0000-0000-000000000001", NULL },
	{ "keys that are equal and yet others",
	    "CREATE TABLE t (a numeric PRIMARY KEY)", "t",
	    "INSERT INTO t VALUES (1.0); UPDATE t SET a = 1.00;"
	    "UPDATE t SET a = 1.00", "I 1.0, U 1.0, U 1.00, U 1.00", NULL },
	{ "a domain without NULL as key",
	    "CREATE DOMAIN d AS text NOT NULL CHECK (VALUE <> '');"
	    "CREATE TABLE t (a d PRIMARY KEY)", "t",
	    "INSERT INTO t VALUES ('x'); TRUNCATE t", "I x, T", NULL },
	{ "savepoints and rollbacks",
	    "CREATE TABLE t (a int PRIMARY KEY)", "t",
	    "BEGIN; INSERT INTO t VALUES (1); SAVEPOINT s; INSERT INTO t VALUES"
	    " (2); ROLLBACK TO s; INSERT INTO t VALUES (3); COMMIT",
	    "I 1, I 3", NULL },
	{ "a key column that was renamed",
	    "CREATE TABLE t (a int PRIMARY KEY)", "t",
	    "ALTER TABLE t RENAME a TO b; INSERT INTO t VALUES (1);"
	    "UPDATE t SET b = 2; DELETE FROM t",
	    "T, T, T, T", "the key column 'a' is gone" },
	{ "triggers that were disabled",
	    "CREATE TABLE t (a int PRIMARY KEY)", "t",
	    "ALTER TABLE t DISABLE TRIGGER USER; INSERT INTO t VALUES (1)",
	    "", "trigger trueup_d_1 has changed" },
	{ "another table of the same name",
	    "CREATE TABLE t (a int PRIMARY KEY)", "t",
	    "ALTER TABLE t RENAME TO u; CREATE TABLE t (a int PRIMARY KEY);"
	    "INSERT INTO t VALUES (1)", "", "trigger trueup_d_1 is gone" },
	{ "a table that is gone",
	    "CREATE TABLE t (a int PRIMARY KEY)", "t", "DROP TABLE t", "",
	    "the table is gone" },
	{ "a function that somebody changed",
	    "CREATE TABLE t (a int PRIMARY KEY)", "t",
	    "CREATE OR REPLACE FUNCTION trueup_track.new_1() RETURNS trigger"
	    " LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN NULL; END'",
	    "", "function new_1 has changed" },
};

static const struct capture_case my_cases[] = {
	{ "odd names, a key of two columns, letters of either case",
	    "CREATE TABLE `We``ird \"T` (`K 'k` INT, b VARCHAR(9), v INT,"
	    " PRIMARY KEY (`K 'k`, b)) ENGINE=InnoDB", "We`ird \"T",
	    "INSERT INTO `We``ird \"T` VALUES (1, 'a', 0), (2, 'A', 0);\n"
	    "UPDATE `We``ird \"T` SET v = 1 WHERE `K 'k` = 1;\n"
	    "UPDATE `We``ird \"T` SET b = 'A' WHERE `K 'k` = 1;\n"
	    "DELETE FROM `We``ird \"T` WHERE `K 'k` = 2",
	    "I 1/a, I 2/A, U 1/a, U 1/A, U 1/a, D 2/A", NULL },
	{ "REPLACE through another index, ON DUPLICATE KEY",
	    "CREATE TABLE t (a INT PRIMARY KEY, u INT UNIQUE) ENGINE=InnoDB",
	    "t",
	    "INSERT INTO t VALUES (1, 10), (2, 20);\n"
	    "REPLACE INTO t VALUES (3, 10);\n"
	    "INSERT INTO t VALUES (2, 0) ON DUPLICATE KEY UPDATE u = 21",
	    "I 1, I 2, D 1, I 3, U 2", NULL },
	{ "rows that foreign keys delete and move, two steps up",
	    "CREATE TABLE g (a INT PRIMARY KEY) ENGINE=InnoDB;\n"
	    "CREATE TABLE p (a INT PRIMARY KEY, g INT, FOREIGN KEY (g)"
	    " REFERENCES g (a) ON DELETE CASCADE ON UPDATE CASCADE)"
	    " ENGINE=InnoDB;\n"
	    "CREATE TABLE t (a INT, p INT NOT NULL, PRIMARY KEY (a, p),"
	    " FOREIGN KEY (p) REFERENCES p (a) ON DELETE CASCADE ON UPDATE"
	    " CASCADE) ENGINE=InnoDB;\n"
	    "INSERT INTO g VALUES (1), (2);\n"
	    "INSERT INTO p VALUES (10, 1), (20, 2);\n"
	    "INSERT INTO t VALUES (5, 10), (6, 20), (7, 20)", "t",
	    "DELETE FROM g WHERE a = 1;\nUPDATE p SET a = 21 WHERE a = 20;\n"
	    "UPDATE p SET g = 2;\nDELETE FROM t WHERE a = 7;\n"
	    "UPDATE g SET a = 3 WHERE a = 2;\nDELETE FROM p",
	    "D 5/10, U 6/20, U 7/20, U 6/21, U 7/21, D 7/21, T, D 6/21",
	    NULL },
	{ "a reference to its own table",
	    "CREATE TABLE t (a INT PRIMARY KEY, up INT, FOREIGN KEY (up)"
	    " REFERENCES t (a) ON DELETE CASCADE) ENGINE=InnoDB;\n"
	    "INSERT INTO t VALUES (1, NULL), (2, 1), (3, 2), (4, NULL)", "t",
	    "DELETE FROM t WHERE a = 4;\nDELETE FROM t WHERE a = 1",
	    "D 4, T, D 1", NULL },
	{ "a key column that got wider, an ENUM with another value",
	    "CREATE TABLE t (a INT, e ENUM('x'), PRIMARY KEY (a, e))"
	    " ENGINE=InnoDB", "t",
	    "SET sql_mode = '';\nINSERT INTO t VALUES (1, 'x');\n"
	    "ALTER TABLE t MODIFY a BIGINT, MODIFY e ENUM('x', 'y');\n"
	    "INSERT INTO t VALUES (3000000000, 'x'), (2, 'y'), (3, 'x')",
	    "I 1/x, T, T, I 3/x", "key a has changed" },
	{ "a key column that was renamed",
	    "CREATE TABLE t (a INT PRIMARY KEY) ENGINE=InnoDB", "t",
	    "ALTER TABLE t CHANGE a b INT;\nINSERT INTO t VALUES (1)",
	    "T", "the key column 'a' is gone" },
	{ "values of every kind",
	    "CREATE TABLE t (b VARBINARY(9), c CHAR(5), u BIGINT UNSIGNED,"
	    " z TIMESTAMP, l VARCHAR(5) CHARACTER SET latin1,"
	    " PRIMARY KEY (b, c, u, z, l)) ENGINE=InnoDB", "t",
	    "SET time_zone = '+09:00';\nINSERT INTO t VALUES ('12', 'a ',"
	    " 18446744073709551615, '2025-01-02 09:00:00', 'é')",
	    "I 12/a/18446744073709551615/2025-01-02 00:00:00/é", NULL },
	{ "who names himself, with whatever he likes",
	    "CREATE TABLE t (a INT PRIMARY KEY) ENGINE=InnoDB", "t",
	    "SET @trueup_run = 'me';\nINSERT INTO t VALUES (1);\n"
	    "SET @trueup_run = REPEAT('x', 100);\nINSERT INTO t VALUES (2)",
	    "I 1 me, T", NULL },
	{ "a reference that does nothing",
	    "CREATE TABLE p (a INT PRIMARY KEY) ENGINE=InnoDB;\n"
	    "CREATE TABLE t (a INT PRIMARY KEY) ENGINE=InnoDB", "t",
	    "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES p (a)", "", NULL },
	{ "a reference that came later",
	    "CREATE TABLE p (a INT PRIMARY KEY) ENGINE=InnoDB;\n"
	    "CREATE TABLE t (a INT PRIMARY KEY) ENGINE=InnoDB", "t",
	    "ALTER TABLE t ADD CONSTRAINT r FOREIGN KEY (a) REFERENCES p (a)"
	    " ON DELETE CASCADE", "", "reference t r is new" },
	{ "tables that were swapped",
	    "CREATE TABLE t (a INT PRIMARY KEY) ENGINE=InnoDB;\n"
	    "CREATE TABLE new (a INT PRIMARY KEY) ENGINE=InnoDB", "t",
	    "RENAME TABLE t TO old, new TO t;\nINSERT INTO t VALUES (1)",
	    "", "trigger trueup_d_1 has changed" },
};

static const struct capture_case lite_cases[] = {
	{ "odd names, values of every class",
	    "CREATE TABLE \"We\"\"ird 'T\" (\"K 'k\", b, v,"
	    " PRIMARY KEY (\"K 'k\", b)) WITHOUT ROWID", "We\"ird 'T",
	    "INSERT INTO \"We\"\"ird 'T\" VALUES (1, 'a', 0), (x'00ff', '', 0),"
	    " (1e400, -0.0, 0), ('a' || char(0), 'A', 0);\n"
	    "UPDATE \"We\"\"ird 'T\" SET v = 1 WHERE \"K 'k\" = 1;\n"
	    "UPDATE \"We\"\"ird 'T\" SET b = 'c' WHERE \"K 'k\" = 1;\n"
	    "DELETE FROM \"We\"\"ird 'T\"",
	    "I 1/'a', I X'00FF'/'', I Inf/0.0, I 'a'/'A', U 1/'a',"
	    " U 1/'a', U 1/'c', D 1/'c', D Inf/0.0, D 'a'/'A',"
	    " D X'00FF'/''", NULL },
	{ "a key that becomes another number, or another letter",
	    "CREATE TABLE t (a COLLATE NOCASE PRIMARY KEY)", "t",
	    "INSERT INTO t VALUES (2), ('x'); UPDATE t SET a = a + 0.0 WHERE"
	    " a = 2; UPDATE t SET a = 'X' WHERE a = 'x'",
	    "I 2, I 'x', U 2, U 2.0, U 'x', U 'X'", NULL },
	{ "REPLACE of the same key, upsert, the rowid by another name",
	    "CREATE TABLE t (a INTEGER PRIMARY KEY, v)", "t",
	    "INSERT INTO t VALUES (1, 1); INSERT OR REPLACE INTO t VALUES"
	    " (1, 2); INSERT INTO t VALUES (1, 0) ON CONFLICT DO UPDATE SET"
	    " v = 3; UPDATE t SET rowid = 7",
	    "I 1, I 1, U 1, U 1, U 7", NULL },
	{ "REPLACE through another index, by a writer who fires triggers",
	    "CREATE TABLE t (a INTEGER PRIMARY KEY, u UNIQUE)", "t",
	    "PRAGMA recursive_triggers = ON; INSERT INTO t VALUES (1, 10);"
	    "INSERT OR REPLACE INTO t VALUES (2, 10)", "I 1, D 1, I 2", NULL },
	{ "rows that foreign keys delete and move",
	    "CREATE TABLE p (a INTEGER PRIMARY KEY); CREATE TABLE t (a INTEGER"
	    " PRIMARY KEY, p REFERENCES p ON DELETE CASCADE ON UPDATE CASCADE);"
	    "INSERT INTO p VALUES (1), (2); INSERT INTO t VALUES (5, 1),"
	    " (6, 2)", "t",
	    "DELETE FROM p WHERE a = 1; UPDATE p SET a = 3", "D 5, U 6", NULL },
	{ "numbers that do not start again",
	    "CREATE TABLE t (a INTEGER PRIMARY KEY)", "t",
	    "INSERT INTO t VALUES (1); DELETE FROM trueup_change_1;"
	    "INSERT INTO t VALUES (2); UPDATE trueup_change_1 SET k1 ="
	    " k1 || '@' || seq", "I '2@2'", NULL },
	{ "a key column that was renamed",
	    "CREATE TABLE t (a INTEGER PRIMARY KEY)", "t",
	    "ALTER TABLE t RENAME a TO b; INSERT INTO t VALUES (1)",
	    "I 1", "the key column 'a' is gone" },
	{ "a trigger that was dropped",
	    "CREATE TABLE t (a INTEGER PRIMARY KEY)", "t",
	    "DROP TRIGGER trueup_d_1", "", "trigger trueup_d_1 is gone" },
};
/* clang-format on */

/* Change rows in their order, as this brand shows values. */
static const char *
rows_sql(struct world *w, enum brand brand, size_t nkeys)
{
	static const struct {
		const char *before, *after;
	} show[BRANDS] = { [LITE] = { "replace(quote(",
			       "), '9.0e+999', 'Inf')" },
		[PG] = { "", "::text" },
		[MY] = { "CAST(", " AS CHAR CHARACTER SET utf8mb4)" } };
	static const char *const from[BRANDS] = {
		[LITE] = "trueup_change_1 ORDER BY seq",
		[PG] = TRACK_SCHEMA ".change_1 ORDER BY ctid",
		[MY] = "trueup_change_1 ORDER BY seq"
	};
	struct buf sql = BUF_INIT;
	const char *text;

	buf_adds(&sql, brand == PG ? "SELECT op::text" : "SELECT op");
	for (size_t i = 1; i <= nkeys; i++) {
		buf_addf(&sql, ", %sk%zu%s", show[brand].before, i,
		    show[brand].after);
	}
	buf_addf(&sql, ", run FROM %s", from[brand]);
	text = arena_strdup(w->arena, buf_str(&sql));
	buf_free(&sql);
	return text;
}

static const char *
changes(struct world *w, struct tracking *t, enum brand brand)
{
	size_t nkeys = t->capture->t.nkeys;
	struct err err = ERR_INIT;
	struct buf out = BUF_INIT;
	struct texts rows;
	const char *text;

	if (ask_texts(t->db, w->arena, rows_sql(w, brand, nkeys), nkeys + 2,
		&rows, &err))
		return err.msg[0] != '\0' ? arena_strdup(w->arena, err.msg)
		                          : "?";
	for (size_t r = 0; r < rows.n; r++) {
		buf_addf(
		    &out, "%s%s", r > 0 ? ", " : "", texts_get(&rows, r, 0));
		for (size_t k = 1; k <= nkeys; k++)
			if (texts_get(&rows, r, k) != NULL &&
			    *texts_get(&rows, r, 0) != 'T')
				buf_addf(&out, "%s%s", k == 1 ? " " : "/",
				    texts_get(&rows, r, k));
		if (texts_get(&rows, r, nkeys + 1) != NULL)
			buf_addf(&out, " %s", texts_get(&rows, r, nkeys + 1));
	}
	text = arena_strdup(w->arena, buf_str(&out));
	buf_free(&out);
	return text;
}

/* As if there had been nothing before. */
static void
start_over(struct world *w, struct tracking *t, enum brand brand)
{
	if (brand == PG) {
		tracking_run(t->app, "DISCARD ALL");
		tracking_run(t->app,
		    "DROP SCHEMA tu_source CASCADE; CREATE SCHEMA tu_source;"
		    "DROP SCHEMA IF EXISTS " TRACK_SCHEMA " CASCADE;"
		    "SET search_path = tu_source");
	} else if (brand == MY) {
		const char *name = strrchr(w->url[SOURCE], '/') + 1;

		tracking_run(t->app,
		    arena_printf(w->arena,
			"DROP DATABASE %s;\nCREATE DATABASE %s CHARACTER SET "
			"utf8mb4;\nUSE %s;\nSET @trueup_run = NULL, sql_mode "
			"= DEFAULT, time_zone = '+00:00'",
			name, name, name));
	}
}

static void
test_case(struct world *w, struct tracking *t, const struct capture_case *c)
{
	const char *name = brand_name(w->brand[SOURCE]);

	start_over(w, t, w->brand[SOURCE]);
	tracking_run(t->app, c->create);
	tracking_install(t, c->table);
	tracking_run(t->app, c->run);
	is_str(
	    changes(w, t, w->brand[SOURCE]), c->want, "%s: %s", name, c->what);
	tracking_check(t);
	is_str(t->why != NULL ? t->why : "", c->why != NULL ? c->why : "",
	    "%s: and can %sbe believed", name, c->why != NULL ? "not " : "");
}

static void
test_brand(enum brand brand, const struct capture_case *cases, size_t n)
{
	struct tracking t;
	struct world w;

	if (!brand_available(brand))
		return;
	/* A new file costs nothing, a new database on a server does. */
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || brand == LITE) {
			world_open(&w, brand, brand);
			tracking_open(&t, w.url[SOURCE]);
		}
		test_case(&w, &t, &cases[i]);
		if (i < n - 1 && brand != LITE)
			continue;
		if (brand == PG)
			tracking_run(t.app,
			    "DROP SCHEMA IF EXISTS " TRACK_SCHEMA " CASCADE");
		tracking_close(&t);
		world_close(&w);
	}
}

int
main(void)
{
	test_brand(LITE, lite_cases, ARRAY_LEN(lite_cases));
	test_brand(PG, pg_cases, ARRAY_LEN(pg_cases));
	test_brand(MY, my_cases, ARRAY_LEN(my_cases));
	return tap_done();
}
