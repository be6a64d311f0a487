#include <config.h>

#include "fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char dir[64], url[128];

/* WAL, so that a second connection can write under a snapshot. */
static const char *const ddl[] = {
	"PRAGMA journal_mode=WAL",
	"CREATE TABLE v (id INTEGER PRIMARY KEY, i INTEGER, n NUMERIC(10,2), "
	"r REAL, t TEXT, tn TEXT COLLATE NOCASE, b BLOB, d DATE, ts DATETIME, "
	"tm TIME, u UUID, j JSON, bo BOOLEAN, x)",
	"CREATE TABLE w (id INTEGER PRIMARY KEY, i INTEGER, n NUMERIC(10,2), "
	"r REAL, t TEXT, tn TEXT COLLATE NOCASE, b BLOB, d DATE, ts DATETIME, "
	"tm TIME, u UUID, j JSON, bo BOOLEAN, x)",
	"CREATE TABLE parent (a INT NOT NULL, b TEXT NOT NULL, c INT UNIQUE, "
	"PRIMARY KEY (a, b)) WITHOUT ROWID",
	"CREATE TABLE child (id INTEGER PRIMARY KEY, pa INT, pb TEXT, "
	"pc INT REFERENCES Parent (C), \"full\" TEXT GENERATED ALWAYS AS "
	"(pa || pb) STORED, v INT AS (pa + 1), FOREIGN KEY (pa, pb) "
	"REFERENCES parent ON DELETE CASCADE)",
	"CREATE UNIQUE INDEX child_part ON child (pa) WHERE pa > 0",
	"CREATE UNIQUE INDEX child_expr ON child (pa, pb || pc)",
	"CREATE INDEX child_plain ON child (pb)",
	"CREATE TRIGGER child_t AFTER INSERT ON child BEGIN SELECT 1; END",
	"CREATE TABLE \"Odd \"\"Name\"\" ü\" (\"select\" INTEGER PRIMARY KEY, "
	"\"a b\" TEXT, \"Q\"\"q\" TEXT, \"CAPS\" TEXT, \"é\" TEXT, gone TEXT, "
	"\"a.b\" TEXT, rowid TEXT, \"?1\" TEXT, \"%s\" TEXT)",
	"ALTER TABLE \"Odd \"\"Name\"\" ü\" DROP COLUMN gone",
	"CREATE TABLE loose (a TEXT PRIMARY KEY, b ANY, c VARCHAR(10) "
	"COLLATE NOCASE UNIQUE, d DOUBLE PRECISION, e FLOATING POINT, "
	"f DECIMAL(7, 3), g TIMESTAMP, h)",
	"CREATE TABLE tight (a TEXT PRIMARY KEY, b INT, c ANY, d BLOB) STRICT",
	"CREATE TABLE backwards (id INTEGER PRIMARY KEY DESC, x INT)",
	"CREATE VIEW seen AS SELECT id, t FROM v",
	"CREATE VIRTUAL TABLE words USING fts5(body)",
	"CREATE TABLE k1 (id INTEGER PRIMARY KEY, x INT)",
	"CREATE TABLE k2 (a INT NOT NULL, b TEXT NOT NULL, x INT, "
	"PRIMARY KEY (a, b))",
	"CREATE TABLE kt (k TEXT NOT NULL PRIMARY KEY, x INT)",
	"CREATE TABLE ko (k TEXT COLLATE NOCASE, x INT)",
	"CREATE TABLE uniq (id INTEGER PRIMARY KEY, x INT UNIQUE)",
	NULL,
};

static const struct value_case values[] = {
	{ "i", "0", LT_NUM, C_INT(0) },
	{ "i", "1", LT_NUM, C_INT(1) },
	{ "i", "-1", LT_NUM, C_INT(-1) },
	{ "i", "9223372036854775807", LT_NUM, C_INT(INT64_MAX) },
	{ "i", "-9223372036854775808", LT_NUM, C_INT(INT64_MIN) },
	{ "i", "9007199254740993", LT_NUM, C_INT(9007199254740993) },
	{ "i", "3.5", LT_NUM, C_F64(3.5) },
	{ "i", "'abc'", LT_NUM, C_TEXT("abc") },
	{ "i", "'1a'", LT_NUM, C_TEXT("1a") },
	{ "i", "x'3132'", LT_NUM, C_BYTES("12") },
	{ "n", "12.5", LT_NUM, C_F64(12.5) },
	{ "n", "'12.50'", LT_NUM, C_F64(12.5) },
	{ "n", "100.0", LT_NUM, C_INT(100) },
	{ "n", "1e20", LT_NUM, C_F64(1e20) },
	{ "n", "0.1", LT_NUM, C_F64(0.1) },
	{ "n", "0.25", LT_NUM, C_F64(0.25) },
	{ "n", "9e999", LT_NUM, C_F64(INFINITY) },
	{ "r", "0.1", LT_F8, C_F64(0.1) },
	{ "r", "1", LT_F8, C_F64(1) },
	{ "r", "1e15", LT_F8, C_F64(1e15) },
	{ "r", "1e22", LT_F8, C_F64(1e22) },
	{ "r", "1e23", LT_F8, C_F64(1e23) },
	{ "r", "-1.5e-7", LT_F8, C_F64(-1.5e-7) },
	{ "r", "5404319552844596*1.0/(1<<54)", LT_F8, C_F64(0.1 + 0.2) },
	{ "r", "1.0/(1<<62)/(1<<62)/(1<<62)", LT_F8, C_F64(0x1p-186) },
	{ "r", "9e999", LT_F8, C_F64(INFINITY) },
	{ "r", "-9e999", LT_F8, C_F64(-INFINITY) },
	{ "r", "'abc'", LT_F8, C_TEXT("abc") },
	{ "t", "''", LT_TEXT, C_TEXT("") },
	{ "t", "' '", LT_TEXT, C_TEXT(" ") },
	{ "t", "'a'", LT_TEXT, C_TEXT("a") },
	{ "t", "'A'", LT_TEXT, C_TEXT("A") },
	{ "t", "'a '", LT_TEXT, C_TEXT("a ") },
	{ "t", "1", LT_TEXT, C_TEXT("1") },
	{ "t", "'1.0'", LT_TEXT, C_TEXT("1.0") },
	{ "t", "'it''s \"\\'", LT_TEXT, C_TEXT("it's \"\\") },
	{ "t", "cast(x'610d0a09' as text)", LT_TEXT, C_TEXT("a\r\n\t") },
	{ "t", "cast(x'610062' as text)", LT_TEXT, C_TEXT("a\0b") },
	{ "t", "cast(x'6100' as text)", LT_TEXT, C_TEXT("a\0") },
	{ "t", "cast(x'ff61' as text)", LT_TEXT,
	    C_TEXT("\xff"
		   "a") },
	{ "t", "cast(x'eda080' as text)", LT_TEXT, C_TEXT("\xed\xa0\x80") },
	{ "t", "'NULL'", LT_TEXT, C_TEXT("NULL") },
	{ "t", "'?1 %s $1 :x -- ;'", LT_TEXT, C_TEXT("?1 %s $1 :x -- ;") },
	{ "t", "'é'", LT_TEXT, C_TEXT("é") },
	{ "t", "'\xf0\x9f\x98\x80'", LT_TEXT, C_TEXT("\xf0\x9f\x98\x80") },
	{ "t", "x'61'", LT_TEXT, C_BYTES("a") },
	{ "tn", "'Bob'", LT_TEXT, C_TEXT("Bob") },
	{ "tn", "'bob'", LT_TEXT, C_TEXT("bob") },
	{ "b", "x''", LT_BYTES, C_BYTES("") },
	{ "b", "x'00'", LT_BYTES, C_BYTES("\0") },
	{ "b", "x'0000'", LT_BYTES, C_BYTES("\0\0") },
	{ "b", "x'ff27'", LT_BYTES, C_BYTES("\xff'") },
	{ "b", "'text'", LT_BYTES, C_TEXT("text") },
	{ "d", "'2024-02-29'", LT_DATE, C_TEXT("2024-02-29") },
	{ "d", "'2024-03-01'", LT_DATE, C_TEXT("2024-03-01") },
	{ "d", "'0000-00-00'", LT_DATE, C_TEXT("0000-00-00") },
	{ "ts", "'2024-01-01 00:00:00'", LT_TS, C_TEXT("2024-01-01 00:00:00") },
	{ "ts", "'2024-01-01T00:00:00.5Z'", LT_TS,
	    C_TEXT("2024-01-01T00:00:00.5Z") },
	{ "ts", "1704067200", LT_TS, C_INT(1704067200) },
	{ "ts", "2460310.75", LT_TS, C_F64(2460310.75) },
	{ "tm", "'10:00'", LT_TIME, C_TEXT("10:00") },
	{ "u", "'c0ffee00-1234-4abc-8def-0123456789ab'", LT_UUID,
	    C_TEXT("c0ffee00-1234-4abc-8def-0123456789ab") },
	{ "u", "'C0FFEE00-1234-4ABC-8DEF-0123456789AC'", LT_UUID,
	    C_TEXT("C0FFEE00-1234-4ABC-8DEF-0123456789AC") },
	{ "u", "x'c0ffee0012344abc8def0123456789ad'", LT_UUID,
	    C_BYTES("\xc0\xff\xee\x00\x12\x34\x4a\xbc\x8d\xef\x01\x23\x45\x67"
		    "\x89\xad") },
	{ "j", "'{\"a\": [1, 1.10]}'", LT_JSON, C_TEXT("{\"a\": [1, 1.10]}") },
	{ "j", "'\"x\"'", LT_JSON, C_TEXT("\"x\"") },
	{ "bo", "true", LT_NUM, C_INT(1) },
	{ "bo", "false", LT_NUM, C_INT(0) },
	{ "x", "1", LT_ANY, C_INT(1) },
	{ "x", "1.0", LT_ANY, C_F64(1) },
	{ "x", "'1'", LT_ANY, C_TEXT("1") },
	{ "x", "x'31'", LT_ANY, C_BYTES("1") },
	{ "x", "0.0", LT_ANY, C_F64(0) },
	{ "x", "'Bob'", LT_ANY, C_TEXT("Bob") },
	{ 0 },
};

/* Not UTF-8 in the file: no order of bytes, and no bytes that are no text. */
static const struct value_case values_utf16[] = {
	{ "i", "1", LT_NUM, C_INT(1) },
	{ "t", "''", LT_TEXT, C_TEXT("") },
	{ "t", "'it''s'", LT_TEXT, C_TEXT("it's") },
	{ "t", "'é'", LT_TEXT, C_TEXT("é") },
	{ "t", "'\xf0\x9f\x98\x80'", LT_TEXT, C_TEXT("\xf0\x9f\x98\x80") },
	{ "t", "'\xef\xbf\xbd'", LT_TEXT, C_TEXT("\xef\xbf\xbd") },
	{ "t", "'a' || char(13, 10, 9, 127)", LT_TEXT, C_TEXT("a\r\n\t\x7f") },
	{ "t", "'é' || char(128512, 10)", LT_TEXT,
	    C_TEXT("é\xf0\x9f\x98\x80\n") },
	{ "t", "x'61'", LT_TEXT, C_BYTES("a") },
	{ "tn", "'Bob'", LT_TEXT, C_TEXT("Bob") },
	{ "tn", "'bob'", LT_TEXT, C_TEXT("bob") },
	{ "b", "x'00ff'", LT_BYTES, C_BYTES("\0\xff") },
	{ "x", "'1'", LT_ANY, C_TEXT("1") },
	{ 0 },
};

static const struct column_case v_columns[] = {
	{ "id", "INTEGER", LT_NUM, COL_NOTNULL | COL_ROWID | COL_BYTEWISE },
	{ "i", "INTEGER", LT_NUM, COL_BYTEWISE },
	{ "n", "NUMERIC(10,2)", LT_NUM, COL_BYTEWISE },
	{ "r", "REAL", LT_F8, COL_BYTEWISE },
	{ "t", "TEXT", LT_TEXT, COL_BYTEWISE },
	{ "tn", "TEXT", LT_TEXT, 0 },
	{ "b", "BLOB", LT_BYTES, COL_BYTEWISE },
	{ "d", "DATE", LT_DATE, COL_BYTEWISE },
	{ "ts", "DATETIME", LT_TS, COL_BYTEWISE },
	{ "tm", "TIME", LT_TIME, COL_BYTEWISE },
	{ "u", "UUID", LT_UUID, COL_BYTEWISE },
	{ "j", "JSON", LT_JSON, COL_BYTEWISE },
	{ "bo", "BOOLEAN", LT_NUM, COL_BOOLEAN | COL_BYTEWISE },
	{ "x", "", LT_ANY, COL_BYTEWISE },
	{ 0 },
};
static const struct column_case parent_columns[] = {
	{ "a", "INT", LT_NUM, COL_NOTNULL | COL_BYTEWISE },
	{ "b", "TEXT", LT_TEXT, COL_NOTNULL | COL_BYTEWISE },
	{ "c", "INT", LT_NUM, COL_BYTEWISE },
	{ 0 },
};
static const struct column_case child_columns[] = {
	{ "id", "INTEGER", LT_NUM, COL_NOTNULL | COL_ROWID | COL_BYTEWISE },
	{ "pa", "INT", LT_NUM, COL_BYTEWISE },
	{ "pb", "TEXT", LT_TEXT, COL_BYTEWISE },
	{ "pc", "INT", LT_NUM, COL_BYTEWISE },
	{ "full", "TEXT", LT_TEXT, COL_GENERATED | COL_BYTEWISE },
	{ "v", "INT", LT_NUM, COL_GENERATED | COL_BYTEWISE },
	{ 0 },
};
static const struct column_case odd_columns[] = {
	{ "select", "INTEGER", LT_NUM, COL_NOTNULL | COL_ROWID | COL_BYTEWISE },
	{ "a b", "TEXT", LT_TEXT, COL_BYTEWISE },
	{ "Q\"q", "TEXT", LT_TEXT, COL_BYTEWISE },
	{ "CAPS", "TEXT", LT_TEXT, COL_BYTEWISE },
	{ "é", "TEXT", LT_TEXT, COL_BYTEWISE },
	{ "a.b", "TEXT", LT_TEXT, COL_BYTEWISE },
	{ "rowid", "TEXT", LT_TEXT, COL_BYTEWISE },
	{ "?1", "TEXT", LT_TEXT, COL_BYTEWISE },
	{ "%s", "TEXT", LT_TEXT, COL_BYTEWISE },
	{ 0 },
};
static const struct column_case loose_columns[] = {
	{ "a", "TEXT", LT_TEXT, COL_BYTEWISE },
	{ "b", "ANY", LT_ANY, COL_BYTEWISE },
	{ "c", "VARCHAR(10)", LT_TEXT, 0 },
	{ "d", "DOUBLE PRECISION", LT_F8, COL_BYTEWISE },
	{ "e", "FLOATING POINT", LT_NUM, COL_BYTEWISE },
	{ "f", "DECIMAL(7, 3)", LT_NUM, COL_BYTEWISE },
	{ "g", "TIMESTAMP", LT_TS, COL_BYTEWISE },
	{ "h", "", LT_ANY, COL_BYTEWISE },
	{ 0 },
};
static const struct column_case tight_columns[] = {
	{ "a", "TEXT", LT_TEXT, COL_NOTNULL | COL_BYTEWISE },
	{ "b", "INT", LT_NUM, COL_BYTEWISE },
	{ "c", "ANY", LT_ANY, COL_BYTEWISE },
	{ "d", "BLOB", LT_BYTES, COL_BYTEWISE },
	{ 0 },
};
static const struct column_case backwards_columns[] = {
	{ "id", "INTEGER", LT_NUM, COL_BYTEWISE },
	{ "x", "INT", LT_NUM, COL_BYTEWISE },
	{ 0 },
};
static const struct column_case seen_columns[] = {
	{ "id", "INTEGER", LT_NUM, 0 },
	{ "t", "TEXT", LT_TEXT, 0 },
	{ 0 },
};
static const struct column_case words_columns[] = {
	{ "body", "", LT_ANY, 0 },
	{ 0 },
};

static const struct key_case no_keys[] = { { .columns = NULL } };
static const struct key_case id_key[] = { { true, true, "id" }, { 0 } };
static const struct key_case parent_keys[] = {
	{ true, true, "a, b" },
	{ false, false, "c" },
	{ 0 },
};
static const struct key_case odd_keys[] = { { true, true, "select" }, { 0 } };
static const struct key_case loose_keys[] = {
	{ true, false, "a" },
	{ false, false, "c" },
	{ 0 },
};
static const struct key_case tight_keys[] = { { true, true, "a" }, { 0 } };
static const struct key_case backwards_keys[] = {
	{ true, false, "id" },
	{ 0 },
};

static const struct table_case tables[] = {
	{ "v", REL_TABLE, v_columns, id_key, "", "" },
	{ "parent", REL_TABLE, parent_columns, parent_keys, "", "" },
	{ "child", REL_TABLE, child_columns, id_key,
	    "pa, pb -> parent(?, ?) CASCADE; pc -> parent(c) NO ACTION",
	    "child_t" },
	{ "Odd \"Name\" ü", REL_TABLE, odd_columns, odd_keys, "", "" },
	{ "loose", REL_TABLE, loose_columns, loose_keys, "", "" },
	{ "tight", REL_TABLE, tight_columns, tight_keys, "", "" },
	{ "backwards", REL_TABLE, backwards_columns, backwards_keys, "", "" },
	{ "seen", REL_VIEW, seen_columns, no_keys, "", "" },
	{ "words", REL_VIEW, words_columns, no_keys, "", "" },
	{ 0 },
};

static const struct bad_name bad[] = {
	{ "sqlite:/nonexistent/x.db", TU_ECONNECT,
	    "cannot open /nonexistent/x.db: No such file or directory", NULL },
	{ "/nonexistent.db", TU_ECONNECT, "No such file or directory", NULL },
	{ "file:/nonexistent/x.db?mode=ro", TU_ECONNECT,
	    "No such file or directory", NULL },
	{ "sqlite:", TU_EUSAGE, "path", NULL },
	{ "sqlite:/tmp", TU_ECONNECT, "Is a directory", NULL },
	{ "/etc/services", TU_ECONNECT, "not a database", NULL },
	{ "", TU_EUSAGE, "empty", NULL },
	{ "oracle://scott:tiger@h/x", TU_EUSAGE, "oracle", "tiger" },
#ifndef WITH_ODBC
	{ "odbc:DSN=x;PWD=tiger", TU_EUSAGE, "built without ODBC", "tiger" },
	{ "mariadb://u:tiger@h/x", TU_EUSAGE, "built without ODBC", "tiger" },
	{ "mysql://u:tiger@h/x", TU_EUSAGE, "built without ODBC", "tiger" },
#endif
	{ 0 },
};

static const char *
create(void)
{
	FILE *f;

	snprintf(dir, sizeof(dir), "/tmp/trueup-db.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return NULL;
	/* libpq would take that name for its own if the file were not there. */
	snprintf(url, sizeof(url), "%s/a=b.db", dir);
	f = fopen(url, "w"); /* an empty file is an empty database */
	if (f == NULL)
		return NULL;
	fclose(f);
	return url;
}

/* The files can go while they are open. */
static void
drop(struct db *db)
{
	static const char *const tails[] = { "", "-wal", "-shm" };

	(void)db;
	for (size_t i = 0; i < ARRAY_LEN(tails); i++) {
		char path[160];

		snprintf(path, sizeof(path), "%s%s", url, tails[i]);
		unlink(path);
	}
	rmdir(dir);
}

const struct brand brand_sqlite = {
	.name = "sqlite",
	.bytewise = true,
	.ddl = ddl,
	.values = values,
	.tables = tables,
	.bad = bad,
	.int_type = "INT",
	.endless = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL "
		   "SELECT n + 1 FROM c) SELECT count(*) FROM c",
	.write_in_read = "INSERT INTO k1 VALUES (-1, 0)",
	.as_double = "",
	.analyze = "ANALYZE ",
	.many_columns = 1600,
	.create = create,
	.drop = drop,
};

static const struct table_case no_tables[] = { { .name = NULL } };
static const struct bad_name no_names[] = { { .url = NULL } };

const struct brand brand_sqlite_utf16 = {
	.name = "sqlite, UTF-16",
	.first = "PRAGMA encoding = 'UTF-16be'",
	.ddl = ddl,
	.values = values_utf16,
	.tables = no_tables,
	.bad = no_names,
	.int_type = "INT",
	.endless = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL "
		   "SELECT n + 1 FROM c) SELECT count(*) FROM c",
	.write_in_read = "INSERT INTO k1 VALUES (-1, 0)",
	.as_double = "",
	.analyze = "ANALYZE ",
	.many_columns = 10,
	.create = create,
	.drop = drop,
};
