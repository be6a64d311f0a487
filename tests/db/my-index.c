/*
 * Part of tests/db/my-values: statements that are to use an index do, and
 * ranges under a PAD SPACE collation hold what they hold elsewhere.
 */
#include <config.h>

#include "my-corpus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/dialect-mysql.h"
#include "lib/tap.h"
#include "value/key.h"

#define KEYS 20000

/* --- indexes are used ----------------------------------------------------- */

/* EXPLAIN: select_type, table, type, key, rows of each part. */
static void
plan_uses_index(const char *table, const char *what, long most)
{
	const struct column *ten[10];
	struct buf plan = BUF_INIT;
	struct cell *got;
	size_t n, parts = 0, bad = 0;

	for (size_t i = 0; i < ARRAY_LEN(ten); i++)
		ten[i] = &db_text_column;
	buf_addf(&plan, "EXPLAIN %s", buf_str(&sql));
	got = read_rows(rd, buf_str(&plan), ten, 10, &n);
	for (size_t i = 0; i < n; i++) {
		const struct cell *c = &got[10 * i];
		bool ours = c[2].kind == CELL_TEXT &&
		            c[2].len == strlen(table) &&
		            memcmp(c[2].u.p, table, c[2].len) == 0;
		bool range =
		    c[3].kind == CELL_TEXT &&
		    ((c[3].len == 5 && (memcmp(c[3].u.p, "range", 5) == 0 ||
					   memcmp(c[3].u.p, "const", 5) == 0)));
		char *rows = c[8].kind == CELL_TEXT
		                 ? arena_memdup(arena, c[8].u.p, c[8].len)
		                 : NULL;

		if (!ours)
			continue;
		parts++;
		if ((!range || rows == NULL || strtol(rows, NULL, 10) > most) &&
		    bad++ < 3)
			printf("# type %.*s, rows %.*s\n", (int)c[3].len,
			    c[3].u.p, (int)c[8].len, c[8].u.p);
	}
	ok(parts > 0 && bad == 0, "%s: %s: an index is used", table, what);
	buf_free(&plan);
	free(got);
}

static void
check_index_use(const char *name, size_t ncol)
{
	const struct table *t = describe(name);
	const struct column *kcols[3];
	struct sql_range ranges[3] = { { ncol, kcols, NULL, NULL } };
	struct cell *keys;
	size_t n;
	bool native = true;

	for (size_t i = 0; i < ncol; i++) {
		struct vtype own;

		kcols[i] = &t->columns[t->keys[0].cols[i]];
		own = (struct vtype){ .type = kcols[i]->ltype };
		native &= d->order_native(kcols[i], &own);
	}
	d->sample(fresh(), t, kcols, ncol, 40);
	keys = read_rows(rd, buf_str(&sql), kcols, ncol, &n);
	ok(n > KEYS / 80 && n < KEYS / 20, "%s: a sample of %zu keys", name, n);

	buf_addf(fresh(), "SELECT * FROM %s WHERE ", t->from);
	d->keys_cond(&sql, kcols, ncol, keys, 300);
	plan_uses_index(name, "300 keys", 1200);
	buf_addf(fresh(), "SELECT * FROM %s WHERE ", t->from);
	d->keys_cond(&sql, kcols, ncol, keys, 1);
	plan_uses_index(name, "one key", 4);
	if (!native) {
		free(keys);
		return;
	}
	ranges[0].hi = ranges[1].lo = &keys[ncol * 10];
	ranges[1].hi = ranges[2].lo = &keys[ncol * 20];
	ranges[1].ncols = ranges[2].ncols = ncol;
	ranges[1].columns = ranges[2].columns = kcols;
	ranges[2].hi = &keys[ncol * 30];
	for (int i = 0; i < 3; i++) {
		buf_addf(fresh(), "SELECT * FROM %s WHERE ", t->from);
		d->range_cond(&sql, &ranges[i]);
		plan_uses_index(name, "a range", 1500);
	}
	d->fold_ranges(fresh(), t, "MD5(1)", ranges, 3);
	plan_uses_index(name, "fold of ranges", 1500);
	free(keys);
}

void
check_indexes(void)
{
	static const struct {
		const char *name, *key, *values;
		size_t ncol;
	} tables[] = {
		{ "ki", "a int", "seq", 1 },
		{ "ku8", "a bigint unsigned", "seq + 9223372036854775000", 1 },
		{ "kn", "a decimal(20,8)", "seq / 7.0", 1 },
		{ "kt", "a varchar(40) COLLATE utf8mb4_nopad_bin", "MD5(seq)",
		    1 },
		{ "kb", "a varchar(40) COLLATE utf8mb4_bin",
		    "CONCAT(CHAR(65 + seq MOD 20), MD5(seq))", 1 },
		{ "kci", "a varchar(40)", "MD5(seq)", 1 },
		{ "k3",
		    "a varchar(40) CHARACTER SET utf8mb3"
		    " COLLATE utf8mb3_bin",
		    "MD5(seq)", 1 },
		{ "kl", "a varchar(40) CHARACTER SET latin1",
		    "CONCAT(MD5(seq), _utf8mb4 x'c3a9')", 1 },
		{ "kw", "a varchar(40) CHARACTER SET ucs2", "MD5(seq)", 1 },
		{ "kc", "a char(40)", "MD5(seq)", 1 },
		{ "ky", "a varbinary(40)", "MD5(seq)", 1 },
		{ "k16", "a binary(16)", "UNHEX(MD5(seq))", 1 },
		{ "kuu", "a uuid", "UNHEX(MD5(seq))", 1 },
		{ "kd", "a datetime(3)",
		    "TIMESTAMP'2024-01-01 00:00:00' + INTERVAL seq MINUTE", 1 },
		{ "kts", "a timestamp",
		    "TIMESTAMP'2024-01-01 00:00:00' + INTERVAL seq MINUTE", 1 },
		{ "kf", "a double", "seq / 3e0", 1 },
		{ "kff", "a float", "seq / 3e0", 1 },
		{ "k2", "a int, b varchar(20) COLLATE utf8mb4_bin",
		    "seq DIV 400, CONCAT('k', seq)", 2 },
		{ "k2ci", "a int, b varchar(20)",
		    "seq DIV 400, CONCAT('k', seq)", 2 },
		{ "k2s", "a varchar(20) COLLATE utf8mb4_bin, b int",
		    "CONCAT('k', seq DIV 400), seq", 2 },
		{ "k3i", "a int, b int, c int",
		    "seq DIV 2000, seq DIV 50 MOD 40, seq MOD 50", 3 },
	};

	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		static const char *const names[] = { "", "a", "a, b",
			"a, b, c" };

		buf_addf(fresh(),
		    "CREATE TABLE %s (%s, pad varchar(100), PRIMARY KEY (%s))",
		    tables[i].name, tables[i].key, names[tables[i].ncol]);
		run(buf_str(&sql));
		buf_addf(fresh(),
		    "INSERT INTO %s SELECT %s, REPEAT('x', 100)"
		    " FROM seq_1_to_%d",
		    tables[i].name, tables[i].values, KEYS);
		run(buf_str(&sql));
		buf_addf(fresh(), "ANALYZE TABLE %s PERSISTENT FOR ALL",
		    tables[i].name);
		run(buf_str(&sql));
		check_index_use(tables[i].name, tables[i].ncol);
	}
}

/* --- PAD SPACE ------------------------------------------------------------ */

static const struct column *
column_of(const struct table *t, const char *name)
{
	return &t->columns[table_find_column(t, name)];
}

/* Is the key in the range, by the order that all sides share? */
static bool
is_within(const struct cell *key, const struct sql_range *r)
{
	static const struct vtype own[] = { { .type = LT_TEXT },
		{ .type = LT_NUM } };
	struct buf k = BUF_INIT, lo = BUF_INIT, hi = BUF_INIT;
	bool in;

	for (size_t i = 0; i < r->ncols; i++) {
		key_encode(&k, &own[i], &key[i]);
		if (r->lo != NULL)
			key_encode(&lo, &own[i], &r->lo[i]);
		if (r->hi != NULL)
			key_encode(&hi, &own[i], &r->hi[i]);
	}
	in = (r->lo == NULL || key_cmp(k.data, k.len, lo.data, lo.len) >= 0) &&
	     (r->hi == NULL || key_cmp(k.data, k.len, hi.data, hi.len) < 0);
	buf_free(&k);
	buf_free(&lo);
	buf_free(&hi);
	return in;
}

/* Every key as a bound, alone and with the second column. */
static void
check_bounds(const struct table *t, const struct cell *keys, size_t n)
{
	const struct column *kcols[] = { column_of(t, "a"), column_of(t, "b") };
	const struct column *count = &db_int_column;
	size_t bad = 0;

	for (size_t i = 0; i < 4 * n; i++) {
		struct sql_range r = { 1 + i % 2, kcols, NULL, NULL };
		const struct cell *bound = &keys[2 * (i / 4)];
		struct cell *got;
		size_t want = 0, rows;

		if (i & 2)
			r.lo = bound;
		else
			r.hi = bound;
		for (size_t k = 0; k < n; k++)
			want += is_within(&keys[2 * k], &r);
		buf_addf(fresh(), "SELECT COUNT(*) FROM %s WHERE ", t->from);
		d->range_cond(&sql, &r);
		got = read_rows(rd, buf_str(&sql), &count, 1, &rows);
		if ((size_t)got[0].u.i != want && bad++ < 3)
			printf("# %d, not %zu: %s\n", (int)got[0].u.i, want,
			    buf_str(&sql));
		free(got);
	}
	ok(bad == 0, "every key bounds what it bounds elsewhere");
}

static void
check_control_keys(const struct table *t)
{
	static const int64_t bound = 2;
	const struct column *a = column_of(t, "a"), *id = column_of(t, "b");
	const struct column *four[] = { &db_int_column, &db_int_column,
		&db_text_column, &db_text_column };
	struct cell lo = cell_text("b", 1), two = cell_int(bound), *got;
	struct sql_range ranges[] = { { 1, &a, NULL, &lo },
		{ 1, &a, &lo, NULL } };
	struct sql_range other = { 1, &id, NULL, &two };
	size_t n;

	run("INSERT INTO pad VALUES ('a\t', 1000)");
	d->fold_ranges(fresh(), t, "MD5(a)", ranges, 2);
	got = read_rows(rd, buf_str(&sql), four, 4, &n);
	ok(n == 2 && got[1].u.i == -1 && got[5].u.i > 0,
	    "a key with a control character has no hash");
	free(got);
	d->fold_ranges(fresh(), t, "MD5(a)", &other, 1);
	got = read_rows(rd, buf_str(&sql), four, 4, &n);
	ok(n == 1 && got[1].u.i > 0, "but where it is no bound");
	free(got);
}

void
check_padding(void)
{
	static const char *const texts[] = { "", " ", "a", "a ", "a  ", "a b",
		"a!", "ab", "b ", "A", "\303\251", "\303\251 ", "a\302\240",
		"\360\237\230\200" };
	const struct column *kcols[2];
	const struct table *t;
	struct cell *keys;
	size_t n;

	run("CREATE TABLE pad (a varchar(20) COLLATE utf8mb4_bin NOT NULL,"
	    " b int NOT NULL, PRIMARY KEY (a, b), KEY (b))");
	for (size_t i = 0; i < ARRAY_LEN(texts) * 3; i++) {
		buf_adds(fresh(), "INSERT INTO pad VALUES (_utf8mb4 x'");
		buf_addhex(&sql, texts[i / 3], strlen(texts[i / 3]));
		buf_addf(&sql, "', %zu)", i);
		run(buf_str(&sql));
	}
	t = describe("pad");
	kcols[0] = column_of(t, "a");
	kcols[1] = column_of(t, "b");
	ok(kcols[0]->pad_space, "a column that pads");
	keys = read_rows(rd, "SELECT a, b FROM pad", kcols, 2, &n);
	check_bounds(t, keys, n);
	check_control_keys(t);
	free(keys);
}
