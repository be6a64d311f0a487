/*
 * The comparison against a model: random rows with known differences in every
 * pairing of SQLite and PostgreSQL, every kind of key, every hash, several
 * leaf sizes and jobs. Exactly the planted changes must come out, in key
 * order, and always the same ones.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/dialect.h"
#include "diff/diff.h"
#include "lib/tap.h"
#include "value/key.h"

#define ROWS 3000
#define NONE 9

enum brand {
	LITE,
	PG
};

/* What a key looks like; %d is the row number, made unique and scattered. */
enum key_kind {
	KEY_INT,    /* dense */
	KEY_SPARSE, /* over 63 bits, negative too, with an outlier */
	KEY_TEXT,   /* bytewise collation on both sides */
	KEY_LOCALE, /* the database's own collation */
	KEY_UUID,
	KEY_PAIR, /* (int, text) */
	KEY_NUMERIC,
	KEY_FRACTION, /* (numeric, int): many rows within an integer */
	KEY_TIME,
	KEY_BYTES,
	KEY_COUNT, /* none: rows are counted, some twice */
	KEY_KINDS,
};

static const char *const key_names[] = { "int", "sparse bigint", "text",
	"text in a locale", "uuid", "(int, text)", "numeric", "(numeric, int)",
	"timestamp", "bytes", "no" };

struct model {
	bool present[2][ROWS];
	uint64_t value[2][ROWS]; /* seeds the columns' values */
	int expected[ROWS];      /* enum change_op or NONE */
	unsigned copies[2][ROWS];
};

static char lite_path[2][64];
static const char *pg_url;

static struct db *
open_db(enum brand brand, enum db_mode mode, enum side side)
{
	static const char *const names[] = { "source", "target" };
	struct err err = ERR_INIT;
	struct db *db = NULL;

	if (db_open(brand == LITE ? lite_path[side] : pg_url, mode, names[side],
		&db, &err)) {
		printf("Bail out! %s\n", err.msg);
		exit(1);
	}
	return db;
}

static void
must(struct db *db, const char *sql)
{
	struct err err = ERR_INIT;

	if (db_exec(db, sql, NULL, &err)) {
		printf("Bail out! %s\n# %.300s\n", err.msg, sql);
		exit(1);
	}
}

static void
key_literal(struct buf *b, enum brand brand, enum key_kind kind, unsigned i)
{
	unsigned long long h = tap_mix(i + 1);

	switch (kind) {
	case KEY_INT:
		buf_addf(b, "%u", i);
		return;
	case KEY_SPARSE:
		if (i == 17)
			buf_adds(b, "9223372036854775807");
		else
			buf_addf(b, "%lld",
			    (long long)(h >> 12 << 11 | i) - (1LL << 61));
		return;
	case KEY_TEXT:
	case KEY_LOCALE:
		buf_addf(b, "'%c%s%llx %u'", "aAbB_-~"[h % 7],
		    h % 3 ? "" : "\xc3\xa9", h % 1000, i);
		return;
	case KEY_UUID:
		buf_addf(b, "'%08x-0000-4000-8000-%012x'", (unsigned)h, i);
		return;
	case KEY_PAIR:
		buf_addf(b, "%u, 'p%llu-%u'", i / 50, h % 10, i % 50);
		return;
	case KEY_NUMERIC:
		buf_addf(
		    b, "%lld.%02u", (long long)(h % 100000) - 50000, i % 100);
		return;
	case KEY_FRACTION:
		buf_addf(b, "%.2f, %u", (double)(h % 1400) / 100 - 7, i);
		return;
	case KEY_TIME:
		buf_addf(b, "'2024-%02u-%02u %02u:%02u:%02u'", 1 + i % 12,
		    1 + i / 12 % 28, i / 336 % 24, (unsigned)(h % 60),
		    (unsigned)(h / 60 % 60));
		return;
	case KEY_BYTES:
		buf_addf(b, brand == PG ? "'\\x%04x%08x'" : "x'%04x%08x'",
		    (unsigned)h & 0xffff, i);
		return;
	case KEY_COUNT:
	case KEY_KINDS:
		buf_addf(b, "%u", i);
		return;
	}
}

static void
create_table(
    struct db *db, enum brand brand, enum key_kind kind, const char *name)
{
	static const char *const types[2][KEY_KINDS] = {
		{ "k INTEGER PRIMARY KEY", "k BIGINT NOT NULL PRIMARY KEY",
		    "k TEXT NOT NULL PRIMARY KEY",
		    "k VARCHAR(40) NOT NULL PRIMARY KEY",
		    "k UUID NOT NULL PRIMARY KEY",
		    "k INT NOT NULL, k2 TEXT NOT NULL, PRIMARY KEY(k, k2)",
		    "k DECIMAL(12,2) NOT NULL PRIMARY KEY",
		    "k DECIMAL(12,2) NOT NULL, k2 INT NOT NULL, "
		    "PRIMARY KEY(k, k2)",
		    "k DATETIME NOT NULL PRIMARY KEY",
		    "k BLOB NOT NULL PRIMARY KEY", "k INT" },
		{ "k int PRIMARY KEY", "k bigint PRIMARY KEY",
		    "k text COLLATE \"C\" PRIMARY KEY", "k text PRIMARY KEY",
		    "k uuid PRIMARY KEY",
		    "k int, k2 text COLLATE \"C\", PRIMARY KEY(k, k2)",
		    "k numeric(12,2) PRIMARY KEY",
		    "k numeric(12,2), k2 int, PRIMARY KEY(k, k2)",
		    "k timestamp PRIMARY KEY", "k bytea PRIMARY KEY", "k int" }
	};
	static const char *const rest[2] = {
		"n INTEGER, t TEXT, f DOUBLE, d DECIMAL(10,3), ts DATETIME, "
		"x BLOB, b BOOLEAN",
		"n bigint, t text, f float8, d numeric(10,3), ts timestamp, "
		"x bytea, b boolean"
	};
	const char *key = types[brand][kind];
	const char *tail = strstr(key, ", PRIMARY KEY(");
	struct buf sql = BUF_INIT;

	buf_addf(&sql, "DROP TABLE IF EXISTS %s", name);
	must(db, buf_str(&sql));
	buf_reset(&sql);
	/* A table constraint follows all columns. */
	buf_addf(&sql, "CREATE TABLE %s (%.*s, rid %s, %s%s)", name,
	    (int)(tail ? tail - key : (long)strlen(key)), key,
	    brand == PG ? "int" : "INTEGER", rest[brand], tail ? tail : "");
	must(db, buf_str(&sql));
	buf_free(&sql);
}

static void
row_literal(
    struct buf *b, enum brand brand, enum key_kind kind, unsigned i, uint64_t v)
{
	unsigned long long h = tap_mix(v);

	buf_addc(b, '(');
	key_literal(b, brand, kind, i);
	buf_addf(b, ", %u, ", i);
	buf_addf(b, h % 11 == 0 ? "NULL" : "%lld", (long long)h);
	if (h % 13 == 0)
		buf_adds(b, ", NULL");
	else if (h % 13 == 1)
		buf_adds(b, ", ''");
	else
		buf_addf(b, ", 'v%llu''|\xc3\xbc \\'", h % 100000);
	buf_addf(b, ", %.17ge0", (double)(h >> 11) / 4194304.0 - 1e6);
	buf_addf(
	    b, ", %lld.%03llu", (long long)(h % 2000) - 1000, h / 7 % 1000);
	buf_addf(b, ", '19%02llu-03-%02llu 10:00:0%llu%s'", h % 100, 1 + h % 28,
	    h % 10, h % 2 ? ".25" : "");
	buf_addf(b, brand == PG ? ", '\\x%08x'" : ", x'%08x'", (unsigned)h);
	buf_adds(b, h % 2 ? ", true)" : ", false)");
}

static void
load(struct db *db, enum brand brand, enum key_kind kind, const char *name,
    const struct model *m, enum side side)
{
	struct buf sql = BUF_INIT;
	unsigned in_statement = 0;

	create_table(db, brand, kind, name);
	must(db, "BEGIN");
	for (unsigned n = 0; n < ROWS; n++) {
		/* Loaded in another order than that of the keys. */
		unsigned i = (n * 1009 + 7) % ROWS;

		for (unsigned c = 0;
		     m->present[side][i] && c < m->copies[side][i]; c++) {
			if (in_statement++ == 0)
				buf_addf(&sql, "INSERT INTO %s VALUES ", name);
			else
				buf_addc(&sql, ',');
			row_literal(&sql, brand, kind, i, m->value[side][i]);
		}
		if (in_statement >= 400 || (n + 1 == ROWS && in_statement)) {
			must(db, buf_str(&sql));
			buf_reset(&sql);
			in_statement = 0;
		}
	}
	must(db, "COMMIT");
	if (brand == PG) {
		buf_addf(&sql, "ANALYZE %s", name);
		must(db, buf_str(&sql));
	}
	buf_free(&sql);
}

/* percent of the rows differ; rows below and above the others' keys too. */
static void
invent(struct model *m, enum key_kind kind, unsigned per_mille)
{
	for (unsigned i = 0; i < ROWS; i++) {
		uint64_t r = tap_random();
		bool hit = r % 1000 < per_mille || (per_mille && i == 0) ||
		           (per_mille && i == ROWS - 1);

		m->value[SOURCE][i] = m->value[TARGET][i] = tap_random();
		m->present[SOURCE][i] = m->present[TARGET][i] = true;
		m->copies[SOURCE][i] = m->copies[TARGET][i] =
		    kind == KEY_COUNT && r % 5 == 0 ? 3 : 1;
		m->expected[i] = NONE;
		if (!hit)
			continue;
		m->expected[i] = (int)(r / 1000 % 3);
		if (kind == KEY_COUNT && m->expected[i] == CHANGE_UPDATE)
			m->expected[i] = CHANGE_DELETE;
		if (m->expected[i] == CHANGE_DELETE)
			m->present[SOURCE][i] = false;
		else if (m->expected[i] == CHANGE_INSERT)
			m->present[TARGET][i] = false;
		else
			m->value[TARGET][i]++;
		/* Of three equal rows one is missing. */
		if (kind == KEY_COUNT && m->copies[SOURCE][i] == 3) {
			m->present[SOURCE][i] = m->present[TARGET][i] = true;
			m->copies[m->expected[i] == CHANGE_DELETE ? SOURCE
								  : TARGET][i] =
			    2;
		}
	}
}

struct collector {
	struct change_sink sink; /* first */
	int found[ROWS];
	int rid_column;
	unsigned doubled, unordered;
	struct buf last;
};

static enum status
collect(struct change_sink *s, const struct change *c, struct err *err)
{
	struct collector *k = (struct collector *)s;
	const struct cell *row = c->source ? c->source : c->target;
	struct buf key = BUF_INIT;
	int rid = pair_find_target(c->pair, "rid");
	int64_t i = row[rid].u.i;

	(void)err;
	k->doubled += k->found[i] != NONE;
	k->found[i] = (int)c->op;
	for (size_t n = 0; n < c->pair->nkeys; n++)
		key_encode(&key, &c->pair->cols[n].type, &row[n]);
	k->unordered += k->last.len > 0 && key_cmp(k->last.data, k->last.len,
					       key.data, key.len) > 0;
	buf_reset(&k->last);
	buf_add(&k->last, key.data, key.len);
	buf_free(&key);
	return TU_OK;
}

static void
compare(const enum brand brands[2], const struct model *m, enum key_kind kind,
    int hash, uint64_t leaf_rows, unsigned jobs, const char *what)
{
	struct db *db[2] = { open_db(brands[SOURCE], DB_READ, SOURCE),
		open_db(brands[TARGET], DB_READ, TARGET) };
	static const char *const tables[] = { "tu_case*", NULL };
	struct selection sel = { .hash = hash,
		.leaf_rows = leaf_rows,
		.tables = tables,
		.schema = { "tu_source", "tu_target" } };
	struct diff_options options = { .jobs = jobs,
		.url = { brands[SOURCE] == PG ? pg_url : lite_path[SOURCE],
		    brands[TARGET] == PG ? pg_url : lite_path[TARGET] } };
	struct collector k = { .sink = { .change = collect } };
	struct arena *arena = arena_new(4096);
	struct err err = ERR_INIT;
	struct tally tally = { 0 };
	struct plan plan = { 0 };
	unsigned wrong = 0;
	enum status st = TU_OK;

	for (unsigned i = 0; i < ROWS; i++)
		k.found[i] = NONE;
	for (int s = SOURCE; s <= TARGET && !st; s++)
		st = db[s]->drv->snapshot_begin(db[s], NULL, &err);
	if (!st)
		st =
		    plan_make(db[SOURCE], db[TARGET], &sel, arena, &plan, &err);
	if (!st && plan.npairs != 1)
		st = err_set(&err, TU_EBUG, "%zu pairs: %s", plan.npairs,
		    plan.nbad ? plan.bad[0].why : "");
	if (!st && (kind == KEY_COUNT) != plan.pairs[0].multiset)
		st = err_set(&err, TU_EBUG, "key: %s", plan.pairs[0].key_how);
	/* Small tables must use their jobs too. */
	if (!st && jobs > 1)
		plan.pairs[0].rows = 1e7;
	if (!st)
		st = diff_pair(
		    &plan, &plan.pairs[0], &options, &k.sink, &tally, &err);
	for (unsigned i = 0; i < ROWS && !st; i++)
		wrong += k.found[i] != m->expected[i];
	ok(!st && wrong == 0 && k.doubled == 0 && k.unordered == 0,
	    "%s: %s key, hash %d, leaf %llu, jobs %u", what, key_names[kind],
	    hash, (unsigned long long)leaf_rows, jobs);
	if (st || wrong || k.doubled || k.unordered)
		printf("# %s; %u wrong, %u doubled, %u unordered\n", err.msg,
		    wrong, k.doubled, k.unordered);
	buf_free(&k.last);
	db_close(db[SOURCE]);
	db_close(db[TARGET]);
	arena_free(arena);
}

static void
table_name(char *out, size_t size, enum brand brand, enum side side)
{
	snprintf(out, size, "%stu_case",
	    brand == LITE    ? ""
	    : side == SOURCE ? "tu_source."
			     : "tu_target.");
}

static void
pairing(const enum brand brands[2], enum key_kind kind, unsigned per_mille)
{
	static const char *const brand_names[] = { "SQLite", "PostgreSQL" };
	static const uint64_t leaves[] = { 0, 1, 7, 100000 };
	static struct model m;
	char what[80];

	invent(&m, kind, per_mille);
	for (int s = SOURCE; s <= TARGET; s++) {
		struct db *db = open_db(brands[s], DB_WRITE, (enum side)s);
		char name[32];

		table_name(name, sizeof(name), brands[s], (enum side)s);
		load(db, brands[s], kind, name, &m, (enum side)s);
		db_close(db);
	}
	snprintf(what, sizeof(what), "%s to %s, %u in 1000",
	    brand_names[brands[SOURCE]], brand_names[brands[TARGET]],
	    per_mille);
	for (size_t l = 0; l < ARRAY_LEN(leaves); l++)
		compare(brands, &m, kind, -1, leaves[l], 1, what);
	compare(brands, &m, kind, HASH_MD5, 0, 1, what);
	compare(brands, &m, kind, HASH_MD5, 40, 3, what);
	compare(brands, &m, kind, HASH_SHA256, 1000, 1, what);
	compare(brands, &m, kind, HASH_STREAM, 0, 3, what);
	/* Leaves of two rows, enough of them for a look (diff/dense.h). */
	if (kind == KEY_INT)
		compare(brands, &m, kind, HASH_STREAM, 8000, 3, what);
	for (size_t l = 0; l < ARRAY_LEN(leaves); l++)
		compare(brands, &m, kind, HASH_RECORD, leaves[l],
		    1 + 2 * (l % 2), what);
}

int
main(void)
{
	char dir[] = "/tmp/tu-diff-XXXXXX";
	static const unsigned per_mille[] = { 0, 3, 20, 1000 };
	struct db *pg;

	pg_url = getenv("TRUEUP_PG");
	if (pg_url == NULL || mkdtemp(dir) == NULL) {
		printf("Bail out! TRUEUP_PG must name a PostgreSQL server\n");
		return 1;
	}
	for (int s = SOURCE; s <= TARGET; s++) {
		FILE *f;

		snprintf(
		    lite_path[s], sizeof(lite_path[s]), "%s/%d.db", dir, s);
		f = fopen(lite_path[s], "w");
		if (f == NULL)
			return 1;
		fclose(f);
	}
	pg = open_db(PG, DB_WRITE, TARGET);
	must(pg, "CREATE SCHEMA IF NOT EXISTS tu_source");
	must(pg, "CREATE SCHEMA IF NOT EXISTS tu_target");
	for (int p = 0; p < 4; p++) {
		const enum brand brands[2] = { p & 1 ? PG : LITE,
			p & 2 ? PG : LITE };

		for (int k = 0; k < KEY_KINDS; k++)
			pairing(
			    brands, (enum key_kind)k, per_mille[(p + k) % 4]);
		pairing(brands, KEY_INT, 1000);
		pairing(brands, KEY_INT, 10);
	}
	must(pg, "DROP SCHEMA tu_source CASCADE");
	must(pg, "DROP SCHEMA tu_target CASCADE");
	db_close(pg);
	unlink(lite_path[SOURCE]);
	unlink(lite_path[TARGET]);
	rmdir(dir);
	return tap_done();
}
