/*
 * Changes as SQL text, both ways, with literals and with parameters.
 */
#include <config.h>

#include "patch/stmt.h"

#include <string.h>

#include "db/db.h"
#include "db/dialect-pg.h"
#include "lib/pairs.h"
#include "lib/tap.h"

static struct arena *arena;

static const char *
sql(const struct dialect *d, struct change c, enum stmt_direction dir)
{
	struct err err = ERR_INIT;
	struct stmt st;
	const char *out;

	stmt_init(&st, d, dir, NULL);
	out = stmt_build(&st, &c, &err)
	          ? arena_printf(arena, "%d: %s", (int)err.status, err.msg)
	          : arena_strdup(arena, buf_str(&st.sql));
	stmt_release(&st);
	return out;
}

static const char *
pg(struct change c, enum stmt_direction dir)
{
	return sql(&dialect_postgresql, c, dir);
}

static const char *
lite(struct change c, enum stmt_direction dir)
{
	return sql(&dialect_sqlite, c, dir);
}

enum {
	ID,
	NAME,
	PRICE,
	AT,
	COLUMNS
};

static struct pair *
pg_pair(void)
{
	struct column cols[COLUMNS] = {
		[ID] = pairs_column("id", LT_NUM, AFF_NONE),
		[NAME] = pairs_column("na\"me", LT_TEXT, AFF_NONE),
		[PRICE] = pairs_column("price", LT_NUM, AFF_NONE),
		[AT] = pairs_column("at", LT_TS, AFF_NONE),
	};
	struct column extra[] = { pairs_column("x", LT_TEXT, AFF_NONE),
		pairs_column("g", LT_TEXT, AFF_NONE) };
	struct pair *pair;

	cols[ID].type = "integer";
	cols[ID].wire = PG_INT4;
	cols[NAME].type = "text";
	cols[NAME].wire = PG_TEXT;
	cols[PRICE].wire = PG_NUMERIC;
	cols[AT].wire = PG_TIMESTAMP;
	extra[0].wire = extra[1].wire = PG_TEXT;
	cols[PRICE].type = "numeric(10,2)";
	cols[PRICE].precision = 10;
	cols[PRICE].scale = 2;
	cols[AT].type = "timestamp(3) without time zone";
	cols[AT].frac = 3;
	extra[1].generated = true;
	pair = pairs_new(arena, "public", "t", cols, COLUMNS, 1);
	pairs_extra(arena, pair, extra, ARRAY_LEN(extra));
	((struct table *)pair->table[TARGET])->from = "ONLY \"public\".\"t\"";
	return pair;
}

static const struct cell *
cells(int id, const char *name, const char *price, const char *at)
{
	struct cell row[] = { cell_int(id),
		name ? pairs_text(name) : cell_null(),
		price ? pairs_text(price) : cell_null(),
		at ? pairs_text(at) : cell_null(), pairs_text("kept"),
		pairs_text("computed") };

	return arena_memdup(arena, row, sizeof(row));
}

/* How the dialect says that a column of pg_pair() holds a value. */
static const char *
guard(int col, const char *value)
{
	struct buf out = BUF_INIT;
	const char *text;

	dialect_postgresql.guard(&out, pg_pair()->cols[col].col[TARGET], value);
	text = arena_strdup(arena, buf_str(&out));
	buf_free(&out);
	return text;
}

static void
test_insert(void)
{
	struct pair *pair = pg_pair();
	struct change c = pairs_insert(
	    arena, pair, cells(7, "O'Neil", "1.5", "2024-01-01 00:00:00.5"));
	struct column *col = &((struct table *)pair->table[TARGET])->columns[0];

	is_str(pg(c, STMT_FORWARD),
	    "INSERT INTO \"public\".\"t\" (\"id\", \"na\"\"me\", \"price\", "
	    "\"at\") VALUES (7, 'O''Neil', '1.50', '2024-01-01 00:00:00.5')",
	    "an insert names the table without ONLY");
	is_str(pg(c, STMT_UNDO),
	    arena_printf(arena,
		"DELETE FROM ONLY \"public\".\"t\" WHERE \"id\" = 7 AND "
		"%s AND %s AND %s",
		guard(NAME, "'O''Neil'"), guard(PRICE, "'1.50'"),
		guard(AT, "'2024-01-01 00:00:00.5'")),
	    "its undo");
	col->identity_always = true;
	ok(strstr(pg(c, STMT_FORWARD),
	       "\"at\") OVERRIDING SYSTEM VALUE VALUES (7"),
	    "an identity is overridden");
	col->generated = true;
	ok(strstr(pg(c, STMT_FORWARD), "\"t\" (\"na\"\"me\"") &&
		strstr(pg(c, STMT_FORWARD), "VALUES ('O''Neil'"),
	    "a generated column is left out");
	for (int i = 0; i < COLUMNS; i++)
		col[i].generated = true;
	is_str(pg(c, STMT_FORWARD),
	    "INSERT INTO \"public\".\"t\" DEFAULT VALUES",
	    "nothing left to write");
}

static void
test_delete(void)
{
	struct change c =
	    pairs_delete(arena, pg_pair(), cells(7, NULL, "1.50", NULL));

	is_str(pg(c, STMT_FORWARD),
	    arena_printf(arena,
		"DELETE FROM ONLY \"public\".\"t\" WHERE \"id\" = 7 AND "
		"%s AND %s AND %s",
		guard(NAME, "NULL"), guard(PRICE, "'1.50'"), guard(AT, "NULL")),
	    "a delete guards what was compared and nothing else");
	is_str(pg(c, STMT_UNDO),
	    "INSERT INTO \"public\".\"t\" (\"id\", \"na\"\"me\", \"price\", "
	    "\"at\", \"x\") VALUES (7, NULL, '1.50', NULL, 'kept')",
	    "its undo brings extra columns back, not generated ones");
}

static void
test_update(void)
{
	struct pair *pair = pg_pair();
	struct change c = pairs_update(arena, pair,
	    cells(7, "new", "1.5", "2024-01-01 00:00:00"),
	    cells(7, "old", "1.50", "2024-01-01 00:00:00"));
	enum verdict *v = (enum verdict *)c.verdicts;

	v[PRICE] = VERDICT_EQUAL;
	is_str(pg(c, STMT_FORWARD),
	    arena_printf(arena,
		"UPDATE ONLY \"public\".\"t\" SET \"na\"\"me\" = 'new' WHERE "
		"\"id\" = 7 AND %s AND "
		"%s AND %s",
		guard(NAME, "'old'"), guard(PRICE, "'1.50'"),
		guard(AT, "'2024-01-01 00:00:00'")),
	    "an update sets what differs, guarded by the old values");
	is_str(pg(c, STMT_UNDO),
	    arena_printf(arena,
		"UPDATE ONLY \"public\".\"t\" SET \"na\"\"me\" = 'old' WHERE "
		"\"id\" = 7 AND %s AND "
		"%s AND %s",
		guard(NAME, "'new'"), guard(PRICE, "'1.50'"),
		guard(AT, "'2024-01-01 00:00:00'")),
	    "its undo, by what the patch left there");
	v[NAME] = VERDICT_UNREPRESENTABLE;
	v[PRICE] = VERDICT_DIFFERENT;
	ok(strstr(pg(c, STMT_FORWARD), "SET \"price\" = '1.50' WHERE") &&
		strstr(pg(c, STMT_UNDO), guard(NAME, "'old'")),
	    "what the target cannot hold stays as it is");
	((struct table *)pair->table[TARGET])->columns[PRICE].identity_always =
	    true;
	ok(strncmp(pg(c, STMT_FORWARD), "4: table 't', column 'price'", 27) ==
		0,
	    "an identity cannot be set: %s", pg(c, STMT_FORWARD));
}

/* What is written is what the column keeps, so that an undo finds it. */
static void
test_cut(void)
{
	static const struct {
		const char *in, *price;
	} prices[] = { { "1.005", "1.01" }, { "-1.005", "-1.01" },
		{ "1.004999", "1.00" }, { "0.999", "1.00" }, { "1.50", "1.50" },
		{ "12", "12.00" }, { "-0.001", "0.00" }, { "1.5", "1.50" },
		{ "NaN", "NaN" } };
	static const struct {
		const char *in, *at;
	} times[] = { { "2024-01-01 00:00:00.1239", "2024-01-01 00:00:00.123" },
		{ "2024-01-01 23:59:59.9999", "2024-01-01 23:59:59.999" },
		{ "2024-01-01 00:00:00.12", "2024-01-01 00:00:00.12" },
		{ "0044-03-15 00:00:00.1239 BC", "0044-03-15 00:00:00.123 BC" },
		{ "infinity", "infinity" } };
	struct pair *pair = pg_pair();

	for (size_t i = 0; i < ARRAY_LEN(prices); i++) {
		struct change c = pairs_insert(
		    arena, pair, cells(1, "n", prices[i].in, NULL));
		const char *want = arena_printf(arena, "'%s'", prices[i].price);

		ok(strstr(pg(c, STMT_FORWARD), want),
		    "%s is written as it is kept", prices[i].in);
		ok(strstr(pg(c, STMT_UNDO), want), "and expected so: %s",
		    pg(c, STMT_UNDO));
	}
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		struct change c =
		    pairs_insert(arena, pair, cells(1, "n", NULL, times[i].in));
		const char *want = arena_printf(arena, "'%s'", times[i].at);

		ok(strstr(pg(c, STMT_FORWARD), want),
		    "%s is written as it is kept", times[i].in);
		ok(strstr(pg(c, STMT_UNDO), want), "and expected so");
	}
	pair->cols[AT].limit.frac = 0;
	ok(strstr(
	       pg(pairs_insert(arena, pair, cells(1, "n", NULL, times[0].in)),
		   STMT_FORWARD),
	       "'2024-01-01 00:00:00'"),
	    "without digits no point is left");
}

static struct pair *
lite_pair(void)
{
	struct column cols[] = {
		pairs_column("k", LT_TEXT, AFF_TEXT),
		pairs_column("v", LT_NUM, AFF_INTEGER),
	};

	for (size_t i = 0; i < ARRAY_LEN(cols); i++)
		cols[i].collation = i == 0 ? "NOCASE" : "BINARY";
	return pairs_new(arena, NULL, "t", cols, ARRAY_LEN(cols), 1);
}

static void
test_sqlite(void)
{
	struct pair *pair = lite_pair();
	struct cell row[] = { pairs_text("Ab"), cell_int(5) };
	struct cell none[] = { cell_null(), cell_int(5) };
	struct change c = pairs_delete(arena, pair, row);
	struct buf guard = BUF_INIT;
	const char *want;

	dialect_sqlite.guard(&guard, pair->cols[0].col[TARGET], "'Ab'");
	buf_adds(&guard, " AND ");
	dialect_sqlite.guard(&guard, pair->cols[1].col[TARGET], "5");
	want = arena_printf(arena,
	    "DELETE FROM \"t\" WHERE \"k\" = 'Ab' AND %s", buf_str(&guard));
	is_str(lite(c, STMT_FORWARD), want,
	    "a text key is found by equality and guarded exactly");
	buf_free(&guard);
	ok(strstr(lite(pairs_delete(arena, pair, none), STMT_FORWARD),
	       "\"k\" = ") == NULL,
	    "a NULL in a key has no equality");
	((struct table *)pair->table[TARGET])->columns[0].rowid_alias = true;
	ok(strstr(want, " AND (\"k\" COLLATE ") &&
		!strstr(lite(c, STMT_FORWARD), " AND (\"k\" COLLATE "),
	    "a rowid needs no more: %s", lite(c, STMT_FORWARD));
}

static void
test_multiset(void)
{
	struct pair *pair = lite_pair();
	struct cell row[] = { cell_null(), cell_int(5) };
	struct change c = pairs_delete(arena, pair, row);
	const char *text;

	pair->multiset = true;
	pair->nkeys = pair->ncols;
	c.copies = 3;
	text = lite(c, STMT_FORWARD);
	ok(strncmp(text,
	       "DELETE FROM \"t\" WHERE rowid IN (SELECT rowid FROM \"t\" "
	       "WHERE ",
	       56) == 0 &&
		strstr(text, " LIMIT 3)") != NULL,
	    "equal rows are deleted by address: %s", text);
	is_int((long long)stmt_runs(&c, STMT_FORWARD), 1, "at once");
	is_int(
	    (long long)stmt_runs(&c, STMT_UNDO), 3, "and come back one by one");
	c = pairs_insert(arena, pair, row);
	c.copies = 2;
	is_int((long long)stmt_runs(&c, STMT_FORWARD), 2, "as inserts do");
	ok(stmt_op(&c, STMT_UNDO) == CHANGE_DELETE &&
		strstr(lite(c, STMT_UNDO), " LIMIT 2)"),
	    "whose undo deletes them at once");
	((struct table *)pair->table[TARGET])->without_rowid = true;
	ok(strncmp(lite(c, STMT_UNDO), "4: table 't' has no key", 23) == 0,
	    "no address: %s", lite(c, STMT_UNDO));
}

/* Texts that fit in any place of the statement, and the same text again. */
static void
test_params(void)
{
	struct pair *pair = pg_pair();
	struct change a = pairs_insert(
	    arena, pair, cells(1, "x", "1.005", "2024-01-01 00:00:00.1239"));
	struct change b = pairs_insert(arena, pair, cells(2, NULL, "2", NULL));
	struct stmt_params params = { .arena = arena };
	struct err err = ERR_INIT;
	struct stmt st;
	const char *first;

	stmt_init(&st, &dialect_postgresql, STMT_FORWARD, &params);
	ok(stmt_build(&st, &a, &err) == TU_OK, "with parameters");
	first = arena_strdup(arena, buf_str(&st.sql));
	ok(strstr(first, "$1") && strstr(first, "$4") && !strstr(first, "$5"),
	    "numbered from one: %s", first);
	is_int((long long)params.n, COLUMNS, "one for each value");
	ok(stmt_build(&st, &b, &err) == TU_OK, "another row");
	is_str(buf_str(&st.sql), first, "has the same text, NULL or not");
	is_int((long long)params.n, 2 * COLUMNS, "behind the first's");
	ok(params.cells[PRICE].kind == CELL_TEXT &&
		params.cells[PRICE].len == 4 &&
		memcmp(params.cells[PRICE].u.p, "1.01", 4) == 0 &&
		params.cells[AT].len == 23 &&
		memcmp(params.cells[AT].u.p + 20, "123", 3) == 0,
	    "made values outlive the next statement");
	ok(params.columns[COLUMNS + NAME] == pair->cols[NAME].col[TARGET],
	    "columns go with them");
	stmt_release(&st);
	stmt_params_release(&params);
}

/* SQLite allows an expression to nest 1000 deep. */
static void
test_wide(void)
{
	enum {
		WIDE = 1500
	};
	struct column *cols = arena_alloc(arena, WIDE * sizeof(*cols));
	struct cell *row = arena_alloc(arena, WIDE * sizeof(*row));
	struct pair *pair;
	const char *text;
	int groups = 0;

	for (int i = 0; i < WIDE; i++) {
		cols[i] = pairs_column(
		    arena_printf(arena, "c%d", i), LT_NUM, AFF_INTEGER);
		row[i] = cell_int(i);
	}
	pair = pairs_new(arena, NULL, "w", cols, WIDE, 1);
	text = lite(pairs_delete(arena, pair, row), STMT_FORWARD);
	for (const char *p = text; (p = strstr(p, ") AND (\"c")) != NULL; p++)
		groups++;
	is_int(groups, 14, "1500 conditions go in 15 groups");
	ok(strstr(text, " WHERE (\"c0\" = ") && text[strlen(text) - 1] == ')',
	    "the first is opened and the last closed");
}

static void
test_does_not_fit(void)
{
	struct pair *pair = pg_pair();
	struct cell row[COLUMNS] = { cell_int(1), cell_text("a\0b", 3),
		cell_null(), cell_null() };
	const char *text = pg(pairs_insert(arena, pair, row), STMT_FORWARD);

	ok(strstr(text, "table 't', column 'na\"me'") != NULL,
	    "a value that does not fit is named: %s", text);
}

/* A brand that is not known: no parameter is asked whether it is NULL, and no
 * value is written that brands read in their own ways. */
static void
test_generic(void)
{
	struct pair *pair = pg_pair();
	struct stmt_params params = { .arena = arena };
	struct err err = ERR_INIT;
	struct change c = pairs_update(arena, pair,
	    cells(1, "new", "2.50", NULL), cells(1, NULL, "1.50", NULL));
	struct stmt st;

	is_str(sql(&dialect_generic, c, STMT_FORWARD),
	    "UPDATE ONLY \"public\".\"t\" SET \"na\"\"me\" = 'new', "
	    "\"price\" = 2.50 WHERE \"id\" = 1 AND \"na\"\"me\" IS NULL AND "
	    "\"price\" = 1.50 AND \"at\" IS NULL",
	    "a generic update");
	stmt_init(&st, &dialect_generic, STMT_FORWARD, &params);
	ok(stmt_build(&st, &c, &err) == TU_OK && params.n == 4,
	    "with four parameters");
	is_str(buf_str(&st.sql),
	    "UPDATE ONLY \"public\".\"t\" SET \"na\"\"me\" = ?1, "
	    "\"price\" = ?2 WHERE \"id\" = ?3 AND \"na\"\"me\" IS NULL AND "
	    "\"price\" = ?4 AND \"at\" IS NULL",
	    "none of them for a NULL that is expected");
	stmt_release(&st);
	stmt_params_release(&params);
	c = pairs_insert(arena, pair, cells(1, "a\nb", NULL, NULL));
	ok(strstr(sql(&dialect_generic, c, STMT_FORWARD),
	       "column 'na\"me': a value cannot be written into a patch") !=
		NULL,
	    "a control character has no literal");
	((struct column *)pair->cols[ID].col[TARGET])->identity_always = true;
	c = pairs_insert(arena, pair, cells(1, "a", NULL, NULL));
	ok(strstr(sql(&dialect_sqlserver, c, STMT_FORWARD),
	       "numbers its rows itself") != NULL,
	    "no value for an IDENTITY column of SQL Server");
}

static void
test_sequence(void)
{
	struct pair *pair = pg_pair();
	struct column *cols = ((struct table *)pair->table[TARGET])->columns;
	struct buf out = BUF_INIT;
	size_t at = 0;

	ok(!stmt_sequence(&out, &dialect_postgresql, pair, &at) && out.len == 0,
	    "no sequence, no statement");
	cols[ID].sequence = "public.\"it's\"";
	at = 0;
	ok(stmt_sequence(&out, &dialect_postgresql, pair, &at), "a sequence");
	ok(strstr(buf_str(&out), "setval('public.\"it''s\"'") != NULL &&
		strstr(out.data, "max(\"id\")") != NULL,
	    "as a name and as a text: %s", out.data);
	ok(!stmt_sequence(&out, &dialect_postgresql, pair, &at),
	    "and no other");
	buf_free(&out);
}

int
main(void)
{
	arena = arena_new(1 << 16);
	test_insert();
	test_delete();
	test_update();
	test_cut();
	test_sqlite();
	test_multiset();
	test_params();
	test_wide();
	test_does_not_fit();
	test_generic();
	test_sequence();
	arena_free(arena);
	return tap_done();
}
