/*
 * Positions of readers: what they give, and when they are worth nothing;
 * several consumers, and what cleaning leaves them.
 */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/tap.h"
#include "lib/tracking.h"
#include "lib/world.h"
#include "track/ask.h"

static const char *brand; /* for messages */

#define ANEW "whole: its changes are written down anew"
#define FIRST "whole: nothing was read before"
#define TRUNCATED                                                              \
	"whole: it was truncated, or a change could not be written down with " \
	"its key"
#define CLEANED                                                        \
	"whole: changes that were not read have been cleaned, or the " \
	"database "                                                    \
	"was restored"

static void
is_read(struct tracking *t, const char **position, const char *want,
    const char *what)
{
	is_str(tracking_read(t, position), want, "%s: %s", brand, what);
}

static void
test_reading(struct tracking *t)
{
	const char *p = NULL, *before, *again;

	tracking_run(t->app, "INSERT INTO t VALUES (1, 'a'), (2, 'b')");
	is_read(t, &p, FIRST, "the first position");
	is_read(t, &p, "", "nothing behind it");
	tracking_run(t->app, "INSERT INTO t VALUES (10, 'x'), (9, 'x')");
	tracking_run(t->app, "UPDATE t SET v = 'y' WHERE a = 10");
	before = p;
	is_read(t, &p, "9, 10", "each key once, in order");
	again = before;
	is_read(t, &again, "9, 10", "the same again from the same position");
	tracking_run(t->app, "DELETE FROM t WHERE a = 1");
	is_read(t, &p, "1", "only what is new");
	is_read(t, &before, "1, 9, 10", "or all since then");
	before = "1\tgaps\tx\t1\tx\t0\t-\t-";
	is_read(t, &before,
	    t->source.kind == READ_GAPS
		? ANEW
		: "whole: the position is of another version or kind",
	    "somebody else's position");
	before = "rubbish";
	is_read(t, &before, "whole: the position is of another version or kind",
	    "rubbish");
}

/* What empties the table is noticed even where no trigger sees it. */
static void
test_truncate(struct tracking *t)
{
	const char *p = NULL;

	is_read(t, &p, FIRST, "a position");
	tracking_run(t->app, "TRUNCATE TABLE t");
	is_read(t, &p,
	    t->db->dialect == &dialect_mysql
		? "whole: the table was truncated or altered, or its triggers "
		  "were made anew"
		: "whole: the table was truncated, altered or repartitioned, a "
		  "type or trigger of it was, or the server is another",
	    "TRUNCATE changes the shape");
	tracking_run(t->app, "INSERT INTO t VALUES (5, 'x')");
	is_read(t, &p, "5", "and then all goes on");
}

static void
test_whole(struct tracking *t)
{
	const char *p = NULL;
	struct buf sql = BUF_INIT;

	is_read(t, &p, FIRST, "a position");
	buf_adds(&sql, "INSERT INTO ");
	t->db->dialect->track->change(&sql, t->capture->t.tab);
	buf_adds(&sql, " (op");
	buf_adds(&sql, t->db->dialect == &dialect_mysql
			   ? ", who) VALUES ('T', '')"
			   : ") VALUES ('T')");
	tracking_run(t->app, buf_str(&sql));
	is_read(t, &p, TRUNCATED, "a change without a key");
	is_read(t, &p, "", "once");
	buf_free(&sql);
}

static void
test_again(struct tracking *t)
{
	struct installer in = {
		.db = t->maker, .arena = t->arena, .lock_ms = 5000
	};
	struct err err = ERR_INIT;
	const char *p = NULL;

	is_read(t, &p, FIRST, "a position");
	ok(install_begin(&in, &err) == TU_OK &&
		install_remove(&in, &in.captures.list[0], &err) == TU_OK,
	    "%s: removed: %s", brand, err.msg);
	install_end(&in);
	tracking_install(t, "t");
	is_read(t, &p, ANEW, "after it was installed anew");
}

/* --- consumers ------------------------------------------------------------ */

static void
ack(struct tracking *t, const char *name, const char *position)
{
	struct err err = ERR_INIT;

	ok(reader_ack(t->app, t->arena, name, position, &err) == TU_OK,
	    "%s: %s says how far it is: %s", brand, name, err.msg);
}

static int
clean(struct tracking *t, uint64_t keep)
{
	struct installer in = {
		.db = t->maker, .arena = t->arena, .lock_ms = 5000
	};
	struct err err = ERR_INIT;
	uint64_t deleted = 0;

	if (install_begin(&in, &err) ||
	    install_clean(&in, &in.captures.list[0], keep, &deleted, &err))
		printf("Bail out! clean: %s\n", err.msg);
	install_end(&in);
	return (int)deleted;
}

/*
 * What both have read goes; on PostgreSQL as soon as no transaction is open any
 * more that was open when they read it, in whatever database of the server.
 */
static int
clean_read(struct tracking *t, const char **east, const char **west)
{
	const struct timespec pause = { 0, 100000000 };
	int deleted = clean(t, 1000);

	for (int i = 0; i < 600 && deleted == 0; i++) {
		struct err err = ERR_INIT;

		nanosleep(&pause, NULL);
		tracking_read(t, east);
		tracking_read(t, west);
		if (reader_ack(t->app, t->arena, "east", *east, &err) ||
		    reader_ack(t->app, t->arena, "west", *west, &err))
			printf("Bail out! ack: %s\n", err.msg);
		deleted = clean(t, 1000);
	}
	return deleted;
}

static void
test_consumers(struct tracking *t)
{
	const char *east = NULL, *west = NULL, *late;

	is_read(t, &east, FIRST, "east begins");
	is_read(t, &west, FIRST, "west begins");
	ack(t, "east", east);
	ack(t, "west", west);
	tracking_run(t->app, "INSERT INTO t VALUES (1, 'a')");
	is_read(t, &east, "1", "east reads one");
	ack(t, "east", east);
	is_int(clean(t, 1000), 0, "%s: west has not read it", brand);
	late = west;
	is_read(t, &west, "1", "so it still can");
	ack(t, "west", west);
	is_int(clean_read(t, &east, &west), 1, "%s: what both have read goes",
	    brand);
	tracking_run(t->app, "INSERT INTO t VALUES (2, 'b')");
	is_read(t, &east, "2", "east reads another");
	ack(t, "east", east);
	is_int(clean(t, 1000), 0, "%s: which stays for west", brand);
	is_read(t, &west, "2", "who reads it");
	is_read(t, &late, CLEANED, "an old position is worth nothing");
	is_read(t, &late, "", "its successor is");
}

/* Who is silent is forgotten, and what is old goes with him. */
static void
test_silent(struct tracking *t)
{
	const char *east = NULL;

	is_read(t, &east, FIRST, "east begins");
	ack(t, "east", east);
	tracking_run(t->app, "INSERT INTO t VALUES (1, 'a'), (2, 'b')");
	is_int(clean(t, 1000), 0, "%s: east is still there", brand);
	tracking_run(t->app,
	    t->source.kind == READ_SNAPSHOT
		? "UPDATE " TRACK_SCHEMA ".consumer SET at = '2000-01-01';"
		  "UPDATE " TRACK_SCHEMA ".change_1 SET at = '2000-01-01'"
		: "UPDATE trueup_consumer SET at = '2000-01-01 00:00:01';\n"
		  "UPDATE trueup_change_1 SET at = '2000-01-01 00:00:01'");
	is_int(clean(t, 1000), 2, "%s: and then not any more", brand);
	is_read(t, &east, CLEANED, "it has to start anew");
}

/* A backup that was restored, by hand: rows and counters go back. */
static void
test_restored(struct tracking *t)
{
	const char *p = NULL;

	is_read(t, &p, FIRST, "a position");
	tracking_run(t->app, "INSERT INTO t VALUES (1, 'a'), (2, 'b')");
	is_read(t, &p, "1, 2", "two changes");
	if (t->source.kind == READ_SNAPSHOT) {
		char *far = arena_strdup(t->arena, p);

		/* Transactions that are yet to come were read already. */
		*strrchr(far, '\t') = '\0';
		*strrchr(far, '\t') = '\0';
		far = arena_printf(t->arena, "%s\t99:99:\t0", far);
		tracking_run(t->app, "UPDATE " TRACK_SCHEMA
				     ".captured SET installed = '999999'");
		p = far;
	} else {
		tracking_run(t->app,
		    "UPDATE trueup_change_1 SET at = '2001-01-01 00:00:01'"
		    " WHERE seq = 2");
	}
	is_read(t, &p, CLEANED, "another past than the one that was read");
}

/* Keys come as a comparison reads them from the table itself. */
static void
test_types(struct tracking *t)
{
	static const struct {
		const struct dialect *d;
		const char *create, *insert, *want;
	} cases[] = {
		{ &dialect_postgresql,
		    "CREATE TABLE u (d date, z timestamptz, b bytea, n numeric,"
		    " c char(5), i interval, e bool, PRIMARY KEY (d, z, b, n,"
		    " c, i, e))",
		    "SET datestyle = 'SQL, DMY'; SET timezone = 'Asia/Tokyo';"
		    "INSERT INTO u VALUES ('02/01/2025', '2025-01-02 09:00+09',"
		    " '\\x00ff', 1.50, 'a', '1 day', true)",
		    "2025-01-02/2025-01-02 00:00:00/00ff/1.50/a/P1D/1" },
		{ &dialect_mysql,
		    "CREATE TABLE u (b VARBINARY(9), c CHAR(5), n BIGINT "
		    "UNSIGNED, z TIMESTAMP(3), l VARCHAR(5) CHARACTER SET "
		    "latin1, t TIME, e ENUM('x', 'y'), PRIMARY KEY (b, c, n, "
		    "z, l, t, e)) ENGINE=InnoDB",
		    "SET time_zone = '+09:00';\nINSERT INTO u VALUES (x'00ff', "
		    "'a', 18446744073709551615, '2025-01-02 09:00:00.5', 'é', "
		    "'-10:00:00', 'y')",
		    "00ff/a/18446744073709551615/2025-01-02 00:00:00.5/é/"
		    "-10:00:00/y" },
		{ &dialect_sqlite,
		    "CREATE TABLE u (a, b, c, PRIMARY KEY (a, b,"
		    " c))",
		    "INSERT INTO u VALUES (x'00ff', 2.5, 'x')", "00ff/2.5/x" },
	};
	const char *p = NULL;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (cases[i].d != t->db->dialect)
			continue;
		tracking_run(t->app, cases[i].create);
		tracking_install(t, "u");
		is_read(t, &p, FIRST, "a table with a key of many types");
		tracking_run(t->app, cases[i].insert);
		is_read(t, &p, cases[i].want, "which are read as they are");
		tracking_run(t->app, "DROP TABLE u");
	}
}

typedef void test_fn(struct tracking *t);

static const char *const create[BRANDS] = {
	[LITE] = "CREATE TABLE t (a INTEGER PRIMARY KEY, v)",
	[PG] = "CREATE TABLE t (a int PRIMARY KEY, v text)",
	[MY] = "CREATE TABLE t (a INT PRIMARY KEY, v TEXT) ENGINE=InnoDB",
};

static const char *const drop[BRANDS] = {
	[LITE] = "DROP TABLE t",
	[PG] = "DROP TABLE t; DROP SCHEMA " TRACK_SCHEMA " CASCADE",
	[MY] = ("DROP TABLE IF EXISTS t, trueup_change_1, trueup_change_2, "
		"trueup_captured, trueup_meta, "
		"trueup_consumer"),
};

static void
test_brand(enum brand b, test_fn *const *tests, size_t n)
{
	struct world w;
	struct tracking t;

	if (!brand_available(b))
		return;
	brand = brand_name(b);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || b == LITE) {
			world_open(&w, b, b);
			tracking_open(&t, w.url[SOURCE]);
		}
		if (b == PG)
			tracking_run(t.app, "SET search_path = tu_source");
		tracking_run(t.app, create[b]);
		tracking_install(&t, "t");
		tests[i](&t);
		tracking_run(t.app, drop[b]);
		if (i < n - 1 && b != LITE)
			continue;
		tracking_close(&t);
		world_close(&w);
	}
}

int
main(void)
{
	static test_fn *const tests[] = { test_reading, test_whole, test_again,
		test_consumers, test_silent, test_restored, test_types,
		test_truncate };

	test_brand(LITE, tests, ARRAY_LEN(tests) - 1);
	test_brand(PG, tests, ARRAY_LEN(tests));
	test_brand(MY, tests, ARRAY_LEN(tests));
	return tap_done();
}
