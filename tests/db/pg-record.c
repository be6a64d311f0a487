/*
 * HASH_RECORD: two PostgreSQL servers that fold their rows with their own hash
 * find what rows that travel find, whether much differs or little, and what
 * that hash by itself would take for equal.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "db/dialect.h"
#include "diff/diff.h"
#include "lib/tap.h"
#include "lib/tracking.h"

static const char *url;

/* Every change by its key and kind, in the order they came. */
struct collector {
	struct change_sink sink; /* first */
	struct buf found;
	unsigned next;
};

static enum status
collect(struct change_sink *s, const struct change *c, struct err *err)
{
	struct collector *k = (struct collector *)s;
	const struct cell *row = c->source != NULL ? c->source : c->target;

	(void)err;
	buf_addf(&k->found, "%d:%lld ", (int)c->op, (long long)row[0].u.i);
	k->next += c->next;
	return TU_OK;
}

struct result {
	struct buf found;
	enum hash_kind hash;
	uint64_t bytes;
	uint64_t rows;
	unsigned next; /* changes of rows next to the one before */
};

static struct result
compare(const char *table, int hash)
{
	struct db *db[2] = { tracking_connect(url, DB_READ),
		tracking_connect(url, DB_READ) };
	const char *const tables[] = { table, NULL };
	const struct selection sel = {
		.hash = hash, .tables = tables, .schema = { "tr_a", "tr_b" }
	};
	const struct diff_options options = { .jobs = 2, .url = { url, url } };
	struct collector k = { .sink = { .change = collect } };
	struct arena *arena = arena_new(4096);
	struct err err = ERR_INIT;
	struct tally tally = { 0 };
	struct result result = { .hash = HASH_MD5 };
	struct plan plan = { 0 };
	enum status st = TU_OK;

	for (int s = SOURCE; s <= TARGET && !st; s++)
		st = db[s]->drv->snapshot_begin(db[s], NULL, &err);
	if (!st)
		st =
		    plan_make(db[SOURCE], db[TARGET], &sel, arena, &plan, &err);
	if (!st && plan.npairs == 1) {
		result.hash = plan.pairs[0].hash;
		st = diff_pair(
		    &plan, &plan.pairs[0], &options, &k.sink, &tally, &err);
	}
	if (st)
		printf("# %s: %s\n", table, err.msg);
	result.found = k.found;
	result.bytes = tally.bytes[SOURCE] + tally.bytes[TARGET];
	result.rows = tally.rows[SOURCE];
	result.next = k.next;
	db_close(db[SOURCE]);
	db_close(db[TARGET]);
	arena_free(arena);
	return result;
}

/* The same in both schemas, then what makes the target another one. */
static void
make(struct db *db, const char *name, const char *definition, const char *rows,
    const char *change)
{
	static const char *const schemas[] = { "tr_a", "tr_b" };
	struct buf sql = BUF_INIT;

	for (int i = 0; i < 2; i++) {
		buf_addf(&sql,
		    "CREATE TABLE %s.%s (%s);\n"
		    "INSERT INTO %s.%s %s",
		    schemas[i], name, definition, schemas[i], name, rows);
		tracking_run(db, buf_str(&sql));
		buf_reset(&sql);
	}
	tracking_run(db, "SET search_path = tr_b");
	tracking_run(db, change);
	for (int i = 0; i < 2; i++) {
		buf_reset(&sql);
		buf_addf(&sql, "ANALYZE %s.%s", schemas[i], name);
		tracking_run(db, buf_str(&sql));
	}
	buf_free(&sql);
}

/* --- as much as it finds, and what it costs ---------------------------------
 */

static void
test_densities(struct db *db)
{
	static const struct {
		const char *name, *where;
		uint64_t bytes; /* of both sides, a tenth more than it takes */
	} cases[] = {
		{ "equal", "false", 24000 },
		{ "ends", "id IN (0, 119999)", 44000 },
		{ "few", "id IN (10006, 10903, 60006, 60901)", 40000 },
		{ "one_in_100", "hashint4(id) % 100 = 3", 580000 },
		{ "pairs", "id % 300 < 2", 1000000 },
		{ "most", "hashint4(id) % 10 <> 3", 13000000 },
		{ "cluster", "id BETWEEN 70000 AND 75000", 710000 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *name = cases[i].name;
		struct buf sql = BUF_INIT;
		struct result streamed, folded;

		buf_addf(&sql,
		    "UPDATE %s SET v = md5(v) WHERE id %% 3 < 2 AND %s;\n"
		    "DELETE FROM %s WHERE id %% 3 = 2 AND id %% 2 = 0 AND %s;\n"
		    "INSERT INTO %s SELECT id + 500000, n, v, d FROM %s"
		    " WHERE id %% 6 = 5 AND %s",
		    name, cases[i].where, name, cases[i].where, name, name,
		    cases[i].where);
		make(db, name, "id int PRIMARY KEY, n bigint, v text, d date",
		    "SELECT i, i * 1000003::bigint, 'v' || i, date "
		    "'2024-01-01' "
		    "+ i % 900 FROM generate_series(0, 119999) i ORDER BY i",
		    buf_str(&sql));
		streamed = compare(name, HASH_STREAM);
		folded = compare(name, HASH_RECORD);
		ok(folded.hash == HASH_RECORD && streamed.rows == folded.rows,
		    "%s: both servers fold", name);
		ok(strcmp(buf_str(&streamed.found), buf_str(&folded.found)) ==
			0,
		    "%s: the same changes (%zu bytes of them)", name,
		    folded.found.len);
		ok(folded.bytes < cases[i].bytes,
		    "%s: %llu bytes instead of %llu", name,
		    (unsigned long long)folded.bytes,
		    (unsigned long long)streamed.bytes);
		if (strcmp(name, "pairs") == 0)
			ok(folded.next > 350,
			    "%s: %u of 400 changes are next to another", name,
			    folded.next);
		buf_free(&streamed.found);
		buf_free(&folded.found);
		buf_free(&sql);
	}
}

/* --- what the plain function would miss --------------------------------------
 */

static void
test_traps(struct db *db)
{
	static const struct {
		const char *name, *type, *rows, *change, *found;
	} cases[] = {
		{ "sign", "numeric(9,2)", "VALUES (1, 5), (2, 0)",
		    "UPDATE sign SET v = -v", "1:1 " },
		{ "halves", "bigint", "VALUES (1, 1), (2, 0)",
		    "UPDATE halves SET v = v + 4294967296 * (3 - 2 * id) "
		    "WHERE id = 1",
		    "1:1 " },
		{ "times", "timestamp",
		    "VALUES (1, timestamp '2000-01-01 00:00:00.000001')",
		    "UPDATE times SET v = v + interval '4294967295 us'",
		    "1:1 " },
		{ "swapped", "text", "VALUES (1, 'a'), (2, 'b'), (3, 'c')",
		    "UPDATE swapped SET v = CASE id WHEN 1 THEN 'b' ELSE 'a' "
		    "END WHERE id < 3",
		    "1:1 1:2 " },
		{ "folded_keys", "text",
		    "VALUES (1, 'a'), (4294967296, 'b'), (5, 'c')",
		    "UPDATE folded_keys SET v = CASE id WHEN 1 THEN 'b' ELSE "
		    "'a' END WHERE id <> 5",
		    "1:1 1:4294967296 " },
		{ "nulls", "text", "VALUES (1, NULL), (2, '')",
		    "UPDATE nulls SET v = CASE id WHEN 1 THEN '' END",
		    "1:1 1:2 " },
		{ "all_null", "text", "VALUES (1, NULL), (2, NULL)",
		    "UPDATE all_null SET id = 3 WHERE id = 2", "2:2 0:3 " },
		{ "blanks", "char(4)", "VALUES (1, 'a'), (2, 'b')",
		    "UPDATE blanks SET v = 'a ' WHERE id = 1", "" },
		{ "zero", "float8", "VALUES (1, 0), (2, 'NaN')",
		    "UPDATE zero SET v = '-0' WHERE id = 1", "" },
		{ "scale", "numeric", "VALUES (1, 1.5), (2, 0)",
		    "UPDATE scale SET v = 1.500 WHERE id = 1", "" },
		{ "extremes", "text",
		    "VALUES (-9223372036854775808, 'a'), "
		    "(9223372036854775807, 'b'), (0, 'c'), (-1, 'd')",
		    "UPDATE extremes SET v = v || v WHERE id <> -1",
		    "1:-9223372036854775808 1:0 1:9223372036854775807 " },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf sql = BUF_INIT;
		struct result r;

		buf_addf(&sql, "id bigint PRIMARY KEY, v %s", cases[i].type);
		make(db, cases[i].name, buf_str(&sql), cases[i].rows,
		    cases[i].change);
		r = compare(cases[i].name, HASH_RECORD);
		ok(r.hash == HASH_RECORD &&
			strcmp(buf_str(&r.found), cases[i].found) == 0,
		    "%s: '%s'", cases[i].name, buf_str(&r.found));
		buf_free(&r.found);
		buf_free(&sql);
	}
}

/* --- where it is not used
 * ----------------------------------------------------- */

static void
test_elsewhere(struct db *db)
{
	static const struct {
		const char *name, *definition, *rows;
		int hash;
		const char *what;
	} cases[] = {
		{ "usual", "id int PRIMARY KEY, v text", "VALUES (1, 'a')", -1,
		    "what nobody asks about" },
		{ "textkey", "id text COLLATE \"C\" PRIMARY KEY, v text",
		    "VALUES ('1', 'a')", HASH_RECORD,
		    "a key that is no integer" },
		{ "pairkey", "id int, b int, PRIMARY KEY (id, b)",
		    "VALUES (1, 1)", HASH_RECORD, "a key of two columns" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct result r;

		make(db, cases[i].name, cases[i].definition, cases[i].rows,
		    "SELECT");
		r = compare(cases[i].name, cases[i].hash);
		ok(r.hash == HASH_STREAM && r.found.len == 0, "%s travels",
		    cases[i].what);
		buf_free(&r.found);
	}
}

int
main(void)
{
	struct db *db;

	url = getenv("TRUEUP_PG");
	if (url == NULL) {
		printf("Bail out! TRUEUP_PG must name a PostgreSQL server\n");
		return 1;
	}
	db = tracking_connect(url, DB_WRITE);
	tracking_run(db, "CREATE SCHEMA tr_a");
	tracking_run(db, "CREATE SCHEMA tr_b");
	test_densities(db);
	test_traps(db);
	test_elsewhere(db);
	tracking_run(db, "DROP SCHEMA tr_a CASCADE");
	tracking_run(db, "DROP SCHEMA tr_b CASCADE");
	db_close(db);
	return tap_done();
}
