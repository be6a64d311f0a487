/*
 * Two sources behind ODBC drivers that nobody wrote for us: SQLite's, where
 * everything is done as for a brand that is not known, and psqlODBC. What a
 * driver cannot tell is not there: generated columns, triggers, estimates.
 * Values that SQLite's would change are refused (tests/cli/odbc.bats).
 */
#include <config.h>

#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the drivers themselves never free is none of our leaks. */
const char *__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
	return "leak:psqlodbc\nleak:libsqlite3odbc\nleak:libmaodbc\n";
}

static const struct key_case no_keys[] = { { .columns = NULL } };
static const struct key_case id_key[] = { { true, true, "id" }, { 0 } };
static const struct key_case parent_keys[] = {
	{ true, true, "a, b" },
	{ false, false, "c" },
	{ 0 },
};

/* --- SQLite --------------------------------------------------------------- */

static char dir[64], file[96], lite_url[256];

#define LITE_V                                                      \
	"(id INTEGER NOT NULL PRIMARY KEY, i BIGINT, si SMALLINT, " \
	"n NUMERIC(10,2), r REAL, t TEXT, vc VARCHAR(10), b BLOB, " \
	"d DATE, ts DATETIME, tm TIME, bo BOOLEAN)"

static const char *const lite_ddl[] = {
	"PRAGMA journal_mode=WAL",
	"CREATE TABLE v " LITE_V,
	"CREATE TABLE w " LITE_V,
	"CREATE TABLE parent (a INT NOT NULL, b TEXT NOT NULL, c INT UNIQUE, "
	"PRIMARY KEY (a, b))",
	"CREATE TABLE child (id INTEGER NOT NULL PRIMARY KEY, pa INT, pb TEXT, "
	"pc INT REFERENCES parent (c), FOREIGN KEY (pa, pb) "
	"REFERENCES parent (a, b) ON DELETE CASCADE)",
	"CREATE TABLE \"Odd \"\"Name\"\" ü\" (\"select\" INT NOT NULL PRIMARY "
	"KEY, \"a b\" TEXT, \"Q\"\"q\" TEXT, \"CAPS\" TEXT, \"é\" TEXT, "
	"\"a.b\" TEXT, \"?1\" TEXT, \"%s\" TEXT)",
	"CREATE VIEW seen AS SELECT id, t FROM v",
	"CREATE TABLE k1 (id INTEGER NOT NULL PRIMARY KEY, x INT)",
	"CREATE TABLE k2 (a INT NOT NULL, b TEXT NOT NULL, x INT, "
	"PRIMARY KEY (a, b))",
	"CREATE TABLE kt (k TEXT NOT NULL PRIMARY KEY, x INT)",
	"CREATE TABLE ko (k TEXT COLLATE NOCASE, x INT)",
	"CREATE TABLE uniq (id INTEGER NOT NULL PRIMARY KEY, x INT UNIQUE)",
	NULL,
};

static const struct value_case lite_values[] = {
	{ "i", "0", LT_NUM, C_INT(0) },
	{ "i", "-1", LT_NUM, C_INT(-1) },
	{ "i", "9223372036854775807", LT_NUM, C_INT(INT64_MAX) },
	{ "i", "-9223372036854775808", LT_NUM, C_INT(INT64_MIN) },
	{ "i", "9007199254740993", LT_NUM, C_INT(9007199254740993) },
	{ "si", "-32768", LT_NUM, C_INT(INT16_MIN) },
	{ "n", "12.5", LT_F8, C_F64(12.5) },
	{ "n", "100.0", LT_F8, C_F64(100) },
	{ "r", "0.1", LT_F8, C_F64(0.1) },
	{ "r", "1", LT_F8, C_F64(1) },
	{ "r", "1e22", LT_F8, C_F64(1e22) },
	{ "r", "-1.5e-7", LT_F8, C_F64(-1.5e-7) },
	{ "t", "''", LT_TEXT, C_TEXT("") },
	{ "t", "' '", LT_TEXT, C_TEXT(" ") },
	{ "t", "'a'", LT_TEXT, C_TEXT("a") },
	{ "t", "'A'", LT_TEXT, C_TEXT("A") },
	{ "t", "'a '", LT_TEXT, C_TEXT("a ") },
	{ "t", "'1'", LT_TEXT, C_TEXT("1") },
	{ "t", "'1.0'", LT_TEXT, C_TEXT("1.0") },
	{ "t", "'it''s \"\\'", LT_TEXT, C_TEXT("it's \"\\") },
	{ "t", "cast(x'610d0a09' as text)", LT_TEXT, C_TEXT("a\r\n\t") },
	{ "t", "'NULL'", LT_TEXT, C_TEXT("NULL") },
	{ "t", "'?1 %s $1 :x -- {d ''x''}'", LT_TEXT,
	    C_TEXT("?1 %s $1 :x -- {d 'x'}") },
	{ "t", "'é'", LT_TEXT, C_TEXT("é") },
	{ "t", "'\xf0\x9f\x98\x80'", LT_TEXT, C_TEXT("\xf0\x9f\x98\x80") },
	{ "vc", "'abcdefghij'", LT_TEXT, C_TEXT("abcdefghij") },
	{ "b", "x''", LT_BYTES, C_BYTES("") },
	{ "b", "x'00'", LT_BYTES, C_BYTES("\0") },
	{ "b", "x'0000'", LT_BYTES, C_BYTES("\0\0") },
	{ "b", "x'ff27'", LT_BYTES, C_BYTES("\xff'") },
	{ "d", "'2024-02-29'", LT_DATE, C_TEXT("2024-02-29") },
	{ "d", "'0001-01-01'", LT_DATE, C_TEXT("0001-01-01") },
	{ "ts", "'2024-01-01 00:00:00'", LT_TS, C_TEXT("2024-01-01 00:00:00") },
	{ "ts", "'2024-01-01 00:00:00.5'", LT_TS,
	    C_TEXT("2024-01-01 00:00:00.5") },
	{ "tm", "'23:59:59'", LT_TIME, C_TEXT("23:59:59") },
	{ "bo", "1", LT_NUM, C_INT(1) },
	{ "bo", "0", LT_NUM, C_INT(0) },
	{ 0 },
};

static const struct column_case lite_v_columns[] = {
	{ "id", "INTEGER", LT_NUM, COL_NOTNULL },
	{ "i", "BIGINT", LT_NUM, 0 },
	{ "si", "SMALLINT", LT_NUM, 0 },
	{ "n", "NUMERIC(10,2)", LT_F8, 0 },
	{ "r", "REAL", LT_F8, 0 },
	{ "t", "TEXT", LT_TEXT, 0 },
	{ "vc", "VARCHAR(10)", LT_TEXT, 0 },
	{ "b", "BLOB", LT_BYTES, 0 },
	{ "d", "DATE", LT_DATE, 0 },
	{ "ts", "DATETIME", LT_TS, 0 },
	{ "tm", "TIME", LT_TIME, 0 },
	{ "bo", "BOOLEAN", LT_NUM, 0 },
	{ 0 },
};
static const struct column_case lite_parent_columns[] = {
	{ "a", "INT", LT_NUM, COL_NOTNULL },
	{ "b", "TEXT", LT_TEXT, COL_NOTNULL },
	{ "c", "INT", LT_NUM, 0 },
	{ 0 },
};
static const struct column_case lite_child_columns[] = {
	{ "id", "INTEGER", LT_NUM, COL_NOTNULL },
	{ "pa", "INT", LT_NUM, 0 },
	{ "pb", "TEXT", LT_TEXT, 0 },
	{ "pc", "INT", LT_NUM, 0 },
	{ 0 },
};
static const struct column_case lite_odd_columns[] = {
	{ "select", "INT", LT_NUM, COL_NOTNULL },
	{ "a b", "TEXT", LT_TEXT, 0 },
	{ "Q\"q", "TEXT", LT_TEXT, 0 },
	{ "CAPS", "TEXT", LT_TEXT, 0 },
	{ "é", "TEXT", LT_TEXT, 0 },
	{ "a.b", "TEXT", LT_TEXT, 0 },
	{ "?1", "TEXT", LT_TEXT, 0 },
	{ "%s", "TEXT", LT_TEXT, 0 },
	{ 0 },
};
static const struct column_case lite_seen_columns[] = {
	{ "id", "INTEGER", LT_NUM, 0 },
	{ "t", "TEXT", LT_TEXT, 0 },
	{ 0 },
};
static const struct key_case odd_keys[] = { { true, true, "select" }, { 0 } };

static const struct table_case lite_tables[] = {
	{ "v", REL_TABLE, lite_v_columns, id_key, "", "" },
	{ "parent", REL_TABLE, lite_parent_columns, parent_keys, "", "" },
	{ "child", REL_TABLE, lite_child_columns, id_key,
	    "pa, pb -> parent(a, b) CASCADE; pc -> parent(c) NO ACTION", "" },
	{ "Odd \"Name\" ü", REL_TABLE, lite_odd_columns, odd_keys, "", "" },
	{ "seen", REL_VIEW, lite_seen_columns, no_keys, "", "" },
	{ 0 },
};

static const struct bad_name lite_bad[] = {
	{ "odbc:", TU_EUSAGE, "data source", NULL },
	{ "odbc:no such source", TU_ECONNECT, "", NULL },
	{ "odbc:Driver=no such driver;PWD=tiger", TU_ECONNECT, "", "tiger" },
	{ "odbc:Driver={no such;driver};pwd={ti}}ger;x}", TU_ECONNECT, "",
	    "ger;x" },
	{ 0 },
};

static const char *
lite_create(void)
{
	FILE *f;

	snprintf(dir, sizeof(dir), "/tmp/trueup-odbc.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return NULL;
	snprintf(file, sizeof(file), "%s/x.db", dir);
	f = fopen(file, "w"); /* an empty file is an empty database */
	if (f == NULL)
		return NULL;
	fclose(f);
	snprintf(lite_url, sizeof(lite_url),
	    "odbc:Driver=SQLite3;Database=%s;FKSupport=1", file);
	return lite_url;
}

static void
lite_drop(struct db *db)
{
	static const char *const tails[] = { "", "-wal", "-shm" };

	(void)db;
	for (size_t i = 0; i < ARRAY_LEN(tails); i++) {
		char path[112];

		snprintf(path, sizeof(path), "%s%s", file, tails[i]);
		unlink(path);
	}
	rmdir(dir);
}

const struct brand brand_odbc_sqlite = {
	.name = "odbc-sqlite",
	.lacks = LACKS_STATES | LACKS_CANCEL | LACKS_ESTIMATE |
	         LACKS_STRICT_NAMES | LACKS_DOUBLES,
	.bytewise = true,
	.ddl = lite_ddl,
	.values = lite_values,
	.tables = lite_tables,
	.bad = lite_bad,
	.int_type = "INT",
	.write_in_read = "INSERT INTO k1 VALUES (-1, 0)",
	.as_double = "",
	.analyze = "ANALYZE ",
	.many_columns = 1000,
	.create = lite_create,
	.drop = lite_drop,
};

/* --- PostgreSQL ----------------------------------------------------------- */

#ifdef WITH_PQ

#define S "trueup_odbc."
#define PG_V                                                               \
	"(id int PRIMARY KEY, bo boolean, i2 smallint, i8 bigint, o oid, " \
	"n numeric, n2 numeric(10,2), m money, r4 real, "                  \
	"r double precision, t text, vc varchar(5), c char(5), b bytea, "  \
	"u uuid, d date, tm time, ts timestamp, tz timestamptz(3), "       \
	"iv interval, bi bit(4), j json, jb jsonb, a int[], e " S "mood)"

static const char *const pg_ddl[] = {
	"CREATE SCHEMA trueup_odbc",
	"CREATE TYPE " S "mood AS ENUM ('sad', 'happy')",
	"CREATE TABLE " S "v " PG_V,
	"CREATE TABLE " S "w " PG_V,
	"CREATE TABLE " S "parent (a int, b text, c int UNIQUE, "
	"PRIMARY KEY (a, b))",
	"CREATE TABLE " S "child (id int GENERATED ALWAYS AS IDENTITY PRIMARY "
	"KEY, pa int, pb text, pc int REFERENCES " S "parent (c), "
	"\"full\" int GENERATED ALWAYS AS (pa + 1) STORED, "
	"FOREIGN KEY (pa, pb) REFERENCES " S "parent ON DELETE CASCADE)",
	"CREATE VIEW " S "seen AS SELECT id, t FROM " S "v",
	"CREATE TABLE " S "k1 (id int PRIMARY KEY, x int)",
	"CREATE TABLE " S "k2 (a int, b text, x int, PRIMARY KEY (a, b))",
	"CREATE TABLE " S "kt (k text PRIMARY KEY, x int)",
	"CREATE TABLE " S "ko (k text COLLATE \"en-x-icu\", x int)",
	"CREATE TABLE " S "uniq (id int PRIMARY KEY, x int UNIQUE)",
	NULL,
};

static const struct value_case pg_values[] = {
	{ "bo", "true", LT_NUM, C_INT(1) },
	{ "bo", "false", LT_NUM, C_INT(0) },
	{ "i2", "-32768", LT_NUM, C_INT(INT16_MIN) },
	{ "i8", "9223372036854775807", LT_NUM, C_INT(INT64_MAX) },
	{ "i8", "-9223372036854775808", LT_NUM, C_INT(INT64_MIN) },
	{ "o", "4294967295", LT_NUM, C_INT(UINT32_MAX) },
	{ "n", "12345678901234567890.123456789012345", LT_NUM,
	    C_TEXT("12345678901234567890.123456789012345") },
	{ "n", "-0.5", LT_NUM, C_TEXT("-0.5") },
	{ "n2", "1.5", LT_NUM, C_TEXT("1.50") },
	{ "m", "'-12.30'::numeric::money", LT_NUM, C_TEXT("-12.30") },
	{ "r4", "0.1", LT_F4, C_F64(0x1.99999ap-4) },
	{ "r4", "1e-40", LT_F4, C_F64(0x1.16c2p-133) },
	{ "r", "0.1", LT_F8, C_F64(0.1) },
	{ "r", "0.1::float8 + 0.2", LT_F8, C_F64(0.1 + 0.2) },
	{ "r", "5e-324", LT_F8, C_F64(0x1p-1074) },
	{ "r", "1.7976931348623157e308", LT_F8, C_F64(0x1.fffffffffffffp1023) },
	{ "t", "''", LT_TEXT, C_TEXT("") },
	{ "t", "'a '", LT_TEXT, C_TEXT("a ") },
	{ "t", "E'it\\'s \"\\\\'", LT_TEXT, C_TEXT("it's \"\\") },
	{ "t", "E'a\\r\\n\\t\\x7f'", LT_TEXT, C_TEXT("a\r\n\t\x7f") },
	{ "t", "'?1 %s $1 :x -- {d ''x''}'", LT_TEXT,
	    C_TEXT("?1 %s $1 :x -- {d 'x'}") },
	{ "t", "'é'", LT_TEXT, C_TEXT("é") },
	{ "t", "'\xf0\x9f\x98\x80'", LT_TEXT, C_TEXT("\xf0\x9f\x98\x80") },
	{ "vc", "'abcde'", LT_TEXT, C_TEXT("abcde") },
	{ "c", "'ab'", LT_CHAR, C_TEXT("ab") },
	{ "c", "''", LT_CHAR, C_TEXT("") },
	{ "b", "''", LT_BYTES, C_BYTES("") },
	{ "b", "'\\x00ff27'", LT_BYTES, C_BYTES("\0\xff'") },
	{ "u", "'C0FFEE00-1234-4ABC-8DEF-0123456789AB'", LT_UUID,
	    C_TEXT("c0ffee00-1234-4abc-8def-0123456789ab") },
	{ "d", "'2024-02-29'", LT_DATE, C_TEXT("2024-02-29") },
	{ "d", "'9999-12-31'", LT_DATE, C_TEXT("9999-12-31") },
	{ "tm", "'10:00:00.5'", LT_TIME, C_TEXT("10:00:00.5") },
	{ "ts", "'2024-01-01 00:00:00.123456'", LT_TS,
	    C_TEXT("2024-01-01 00:00:00.123456") },
	{ "ts", "'9999-12-31 23:59:59'", LT_TS, C_TEXT("9999-12-31 23:59:59") },
	{ "tz", "'2024-01-01 00:00:00.5+09'", LT_TSTZ,
	    C_TEXT("2023-12-31 15:00:00.5") },
	{ "iv", "'1 day'", LT_INTERVAL, C_TEXT("P1D") },
	{ "iv", "'24 hours'", LT_INTERVAL, C_TEXT("PT24H") },
	{ "bi", "B'0101'", LT_BITS, C_TEXT("0101") },
	{ "j", "'{\"b\":1.50,\"a\":[]}'", LT_JSON,
	    C_TEXT("{\"b\":1.50,\"a\":[]}") },
	{ "jb", "'{\"b\":1.50,\"a\":[]}'", LT_JSON,
	    C_TEXT("{\"a\": [], \"b\": 1.50}") },
	{ "a", "'{1,NULL}'", LT_OTHER, C_TEXT("{1,NULL}") },
	{ "e", "'happy'", LT_OTHER, C_TEXT("happy") },
	{ 0 },
};

static const struct column_case pg_v_columns[] = {
	{ "id", "integer", LT_NUM, COL_NOTNULL },
	{ "bo", "boolean", LT_NUM, COL_BOOLEAN },
	{ "i2", "smallint", LT_NUM, 0 },
	{ "i8", "bigint", LT_NUM, 0 },
	{ "o", "oid", LT_NUM, 0 },
	{ "n", "numeric", LT_NUM, 0 },
	{ "n2", "numeric(10,2)", LT_NUM, 0 },
	{ "m", "money", LT_NUM, 0 },
	{ "r4", "real", LT_F4, 0 },
	{ "r", "double precision", LT_F8, 0 },
	{ "t", "text", LT_TEXT, 0 },
	{ "vc", "character varying(5)", LT_TEXT, 0 },
	{ "c", "character(5)", LT_CHAR, 0 },
	{ "b", "bytea", LT_BYTES, 0 },
	{ "u", "uuid", LT_UUID, 0 },
	{ "d", "date", LT_DATE, 0 },
	{ "tm", "time without time zone", LT_TIME, 0 },
	{ "ts", "timestamp without time zone", LT_TS, 0 },
	{ "tz", "timestamp(3) with time zone", LT_TSTZ, 0 },
	{ "iv", "interval", LT_INTERVAL, 0 },
	{ "bi", "bit(4)", LT_BITS, 0 },
	{ "j", "json", LT_JSON, 0 },
	{ "jb", "jsonb", LT_JSON, 0 },
	{ "a", "integer[]", LT_OTHER, 0 },
	{ "e", "trueup_odbc.mood", LT_OTHER, 0 },
	{ 0 },
};
static const struct column_case pg_parent_columns[] = {
	{ "a", "integer", LT_NUM, COL_NOTNULL },
	{ "b", "text", LT_TEXT, COL_NOTNULL },
	{ "c", "integer", LT_NUM, 0 },
	{ 0 },
};
static const struct column_case pg_child_columns[] = {
	{ "id", "integer", LT_NUM, COL_NOTNULL | COL_IDENTITY },
	{ "pa", "integer", LT_NUM, 0 },
	{ "pb", "text", LT_TEXT, 0 },
	{ "pc", "integer", LT_NUM, 0 },
	{ "full", "integer", LT_NUM, COL_GENERATED },
	{ 0 },
};
static const struct column_case pg_seen_columns[] = {
	{ "id", "integer", LT_NUM, 0 },
	{ "t", "text", LT_TEXT, 0 },
	{ 0 },
};

static const struct table_case pg_tables[] = {
	{ "v", REL_TABLE, pg_v_columns, id_key, "", "" },
	{ "parent", REL_TABLE, pg_parent_columns, parent_keys, "", "" },
	{ "child", REL_TABLE, pg_child_columns, id_key,
	    "pa, pb -> parent(a, b) CASCADE; pc -> parent(c) NO ACTION", "" },
	{ "seen", REL_VIEW, pg_seen_columns, no_keys, "", "" },
	{ 0 },
};

static const struct bad_name pg_bad[] = {
	{ "odbc:Driver=PostgreSQL Unicode;Server=127.0.0.1;Port=1;UID=u;"
	  "PWD=tiger",
	    TU_ECONNECT, "", "tiger" },
	{ 0 },
};

static char pg_url[512];

/* TRUEUP_PG is postgresql://user@host:port/name. */
static const char *
pg_create(void)
{
	const char *url = getenv("TRUEUP_PG");
	char user[64], host[64], port[16], name[128];

	if (url == NULL || sscanf(url,
			       "postgresql://%63[^@]@%63[^:]:%15[0-9]/"
			       "%127[^?]",
			       user, host, port, name) != 4) {
		printf("# TRUEUP_PG names no server\n");
		return NULL;
	}
	snprintf(pg_url, sizeof(pg_url),
	    "odbc:Driver=PostgreSQL Unicode;Server=%s;Port=%s;Database=%s;"
	    "UID=%s",
	    host, port, name, user);
	return pg_url;
}

static void
pg_drop(struct db *db)
{
	struct err err;

	db_exec(db, "DROP SCHEMA trueup_odbc CASCADE", NULL, &err);
}

const struct brand brand_odbc_postgresql = {
	.name = "odbc-postgresql",
	.lacks = LACKS_ESTIMATE,
	.schema = "trueup_odbc",
	.bytewise = true,
	.ddl = pg_ddl,
	.values = pg_values,
	.tables = pg_tables,
	.bad = pg_bad,
	.int_type = "integer",
	.endless = "SELECT count(*) FROM generate_series(1, 100000000000)",
	.write_in_read = "INSERT INTO " S "k1 VALUES (-1, 0)",
	.as_double = "::float8",
	.analyze = "ANALYZE ",
	.many_columns = 1000,
	.create = pg_create,
	.drop = pg_drop,
};

#endif
