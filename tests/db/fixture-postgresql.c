#include <config.h>

#include "fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define S "trueup_conformance."

#define V_COLUMNS                                                              \
	"(id int PRIMARY KEY, i8 bigint, i4 integer, i2 smallint, n numeric, " \
	"n2 numeric(10,2), r float8, r4 real, t text COLLATE \"C\", "          \
	"vc varchar(20), ch char(5), b bytea, d date, ts timestamp, "          \
	"tz timestamptz, tm time, u uuid, j json, jb jsonb, bo boolean, "      \
	"iv interval, bi bit(4), vb varbit, a integer[], mo money, "           \
	"ip inet, oi oid, e " S "mood)"

static const char *const ddl[] = {
	"DROP SCHEMA IF EXISTS trueup_conformance CASCADE",
	"CREATE SCHEMA trueup_conformance",
	"CREATE TYPE " S "mood AS ENUM ('sad', 'ok', 'happy')",
	"CREATE TABLE " S "v " V_COLUMNS,
	"CREATE TABLE " S "w " V_COLUMNS,
	"CREATE TABLE " S "parent (a int, b text COLLATE \"C\", c int UNIQUE, "
	"PRIMARY KEY (a, b))",
	"CREATE TABLE " S "child (id int GENERATED ALWAYS AS IDENTITY "
	"PRIMARY KEY, s serial, pa int, pb text COLLATE \"C\", "
	"pc int CONSTRAINT child_z REFERENCES " S "parent (c), "
	"\"full\" int GENERATED ALWAYS AS (pa + 1) STORED, "
	"CONSTRAINT child_a FOREIGN KEY (pa, pb) REFERENCES " S "parent "
	"ON DELETE CASCADE DEFERRABLE)",
	"CREATE UNIQUE INDEX child_part ON " S "child (pa) WHERE pa > 0",
	"CREATE UNIQUE INDEX child_expr ON " S "child (pa, (pc + 1))",
	"CREATE INDEX child_plain ON " S "child (pb)",
	"CREATE FUNCTION " S "nop() RETURNS trigger LANGUAGE plpgsql AS "
	"'BEGIN RETURN new; END'",
	"CREATE TRIGGER child_t AFTER INSERT ON " S "child FOR EACH ROW "
	"EXECUTE FUNCTION " S "nop()",
	"CREATE TABLE " S "\"Odd \"\"Name\"\" ü\" (\"select\" int PRIMARY KEY, "
	"\"a b\" int, \"Q\"\"q\" int, \"CAPS\" int, \"é\" int, gone int, "
	"\"a.b\" int, \"$1\" int, \"%s\" int, \"back\\slash\" int)",
	"ALTER TABLE " S "\"Odd \"\"Name\"\" ü\" DROP COLUMN gone",
	"CREATE TABLE " S "parts (k int NOT NULL, x text COLLATE \"C\", "
	"PRIMARY KEY (k)) PARTITION BY RANGE (k)",
	"CREATE TABLE " S "parts_1 PARTITION OF " S "parts "
	"FOR VALUES FROM (0) TO (10)",
	"CREATE VIEW " S "seen AS SELECT id, t FROM " S "v",
	"CREATE MATERIALIZED VIEW " S "kept AS SELECT id FROM " S "v",
	"CREATE TABLE " S "k1 (id int PRIMARY KEY, x int)",
	"CREATE TABLE " S "k2 (a int, b text COLLATE \"C\", x int, "
	"PRIMARY KEY (a, b))",
	"CREATE TABLE " S "kt (k text COLLATE \"C\" PRIMARY KEY, x int)",
	"CREATE TABLE " S "ko (k text COLLATE \"en-x-icu\", x int)",
	"CREATE TABLE " S "uniq (id int PRIMARY KEY, x int UNIQUE)",
	NULL,
};

static const struct value_case values[] = {
	{ "i8", "0", LT_NUM, C_INT(0) },
	{ "i8", "9223372036854775807", LT_NUM, C_INT(INT64_MAX) },
	{ "i8", "-9223372036854775808", LT_NUM, C_INT(INT64_MIN) },
	{ "i8", "9007199254740993", LT_NUM, C_INT(9007199254740993) },
	{ "i4", "-2147483648", LT_NUM, C_INT(INT32_MIN) },
	{ "i4", "2147483647", LT_NUM, C_INT(INT32_MAX) },
	{ "i2", "-32768", LT_NUM, C_INT(INT16_MIN) },
	{ "n", "0", LT_NUM, C_TEXT("0") },
	{ "n", "0.00", LT_NUM, C_TEXT("0.00") },
	{ "n", "12.50", LT_NUM, C_TEXT("12.50") },
	{ "n", "-0.5", LT_NUM, C_TEXT("-0.5") },
	{ "n", "10000", LT_NUM, C_TEXT("10000") },
	{ "n", "1e20", LT_NUM, C_TEXT("100000000000000000000") },
	{ "n", "1e-30", LT_NUM, C_TEXT("0.000000000000000000000000000001") },
	{ "n", "12345678901234567890.1234567890", LT_NUM,
	    C_TEXT("12345678901234567890.1234567890") },
	{ "n", "'NaN'", LT_NUM, C_TEXT("NaN") },
	{ "n", "'Infinity'", LT_NUM, C_TEXT("Infinity") },
	{ "n", "'-Infinity'", LT_NUM, C_TEXT("-Infinity") },
	{ "n2", "12.5", LT_NUM, C_TEXT("12.50") },
	{ "n2", "12.49", LT_NUM, C_TEXT("12.49") },
	{ "r", "0.1", LT_F8, C_F64(0.1) },
	{ "r", "'0.30000000000000004'", LT_F8, C_F64(0.1 + 0.2) },
	{ "r", "1e22", LT_F8, C_F64(1e22) },
	{ "r", "1e23", LT_F8, C_F64(1e23) },
	{ "r", "'5e-324'", LT_F8, C_F64(5e-324) },
	{ "r", "'1.7976931348623157e308'", LT_F8,
	    C_F64(1.7976931348623157e308) },
	{ "r", "'Infinity'", LT_F8, C_F64(INFINITY) },
	{ "r", "'-Infinity'", LT_F8, C_F64(-INFINITY) },
	{ "r4", "0.1", LT_F4, C_F64((double)0.1f) },
	{ "r4", "16777216", LT_F4, C_F64(16777216) },
	{ "t", "''", LT_TEXT, C_TEXT("") },
	{ "t", "' '", LT_TEXT, C_TEXT(" ") },
	{ "t", "'a'", LT_TEXT, C_TEXT("a") },
	{ "t", "'A'", LT_TEXT, C_TEXT("A") },
	{ "t", "'a '", LT_TEXT, C_TEXT("a ") },
	{ "t", "'it''s \"\\'", LT_TEXT, C_TEXT("it's \"\\") },
	{ "t", "'\\n\\134'", LT_TEXT, C_TEXT("\\n\\134") },
	{ "t", "'\\N'", LT_TEXT, C_TEXT("\\N") },
	{ "t", "E'a\\r\\n\\t'", LT_TEXT, C_TEXT("a\r\n\t") },
	{ "t", "E'\\001\\177'", LT_TEXT, C_TEXT("\001\177") },
	{ "t", "'NULL'", LT_TEXT, C_TEXT("NULL") },
	{ "t", "'?1 %s $1 :x -- ;'", LT_TEXT, C_TEXT("?1 %s $1 :x -- ;") },
	{ "t", "'é'", LT_TEXT, C_TEXT("é") },
	{ "t", "'\xf0\x9f\x98\x80'", LT_TEXT, C_TEXT("\xf0\x9f\x98\x80") },
	{ "vc", "'x '", LT_TEXT, C_TEXT("x ") },
	{ "vc", "'x'", LT_TEXT, C_TEXT("x") },
	{ "ch", "'ab'", LT_CHAR, C_TEXT("ab") },
	{ "ch", "E'ab\\t'", LT_CHAR, C_TEXT("ab\t") },
	{ "b", "''", LT_BYTES, C_BYTES("") },
	{ "b", "'\\x00'", LT_BYTES, C_BYTES("\0") },
	{ "b", "'\\x0000'", LT_BYTES, C_BYTES("\0\0") },
	{ "b", "'\\xff275c'", LT_BYTES, C_BYTES("\xff'\\") },
	{ "d", "'2024-02-29'", LT_DATE, C_TEXT("2024-02-29") },
	{ "d", "'1969-12-31'", LT_DATE, C_TEXT("1969-12-31") },
	{ "d", "'0044-03-15 BC'", LT_DATE, C_TEXT("0044-03-15 BC") },
	{ "d", "'12345-06-07'", LT_DATE, C_TEXT("12345-06-07") },
	{ "d", "'infinity'", LT_DATE, C_TEXT("infinity") },
	{ "d", "'-infinity'", LT_DATE, C_TEXT("-infinity") },
	{ "ts", "'2024-01-01 00:00:00'", LT_TS, C_TEXT("2024-01-01 00:00:00") },
	{ "ts", "'2024-01-01 00:00:00.500'", LT_TS,
	    C_TEXT("2024-01-01 00:00:00.5") },
	{ "ts", "'1969-12-31 23:59:59.999999'", LT_TS,
	    C_TEXT("1969-12-31 23:59:59.999999") },
	{ "ts", "'0044-03-15 12:00:00 BC'", LT_TS,
	    C_TEXT("0044-03-15 12:00:00 BC") },
	{ "ts", "'infinity'", LT_TS, C_TEXT("infinity") },
	{ "tz", "'2024-06-01 12:00:00+02'", LT_TSTZ,
	    C_TEXT("2024-06-01 10:00:00") },
	{ "tz", "'-infinity'", LT_TSTZ, C_TEXT("-infinity") },
	{ "tm", "'10:00'", LT_TIME, C_TEXT("10:00:00") },
	{ "tm", "'24:00:00'", LT_TIME, C_TEXT("24:00:00") },
	{ "tm", "'00:00:00.000001'", LT_TIME, C_TEXT("00:00:00.000001") },
	{ "u", "'C0FFEE00-1234-4abc-8def-0123456789ab'", LT_UUID,
	    C_TEXT("c0ffee00-1234-4abc-8def-0123456789ab") },
	{ "u", "'00000000-0000-0000-0000-000000000000'", LT_UUID,
	    C_TEXT("00000000-0000-0000-0000-000000000000") },
	{ "j", "'{\"b\": 1,  \"a\": 1.10}'", LT_JSON,
	    C_TEXT("{\"b\": 1,  \"a\": 1.10}") },
	{ "jb", "'{\"b\": 1,  \"a\": 1.10}'", LT_JSON,
	    C_TEXT("{\"a\": 1.10, \"b\": 1}") },
	{ "jb", "'null'", LT_JSON, C_TEXT("null") },
	{ "bo", "true", LT_NUM, C_INT(1) },
	{ "bo", "false", LT_NUM, C_INT(0) },
	{ "iv", "'1 day'", LT_INTERVAL, C_TEXT("P1D") },
	{ "iv", "'24 hours'", LT_INTERVAL, C_TEXT("PT24H") },
	{ "iv", "'1 year 14 mons 3 days 4:05:06.7'", LT_INTERVAL,
	    C_TEXT("P2Y2M3DT4H5M6.7S") },
	{ "bi", "B'0101'", LT_BITS, C_TEXT("0101") },
	{ "bi", "B'0000'", LT_BITS, C_TEXT("0000") },
	{ "vb", "B'101'", LT_BITS, C_TEXT("101") },
	{ "vb", "B''", LT_BITS, C_TEXT("") },
	{ "a", "'{1,2,NULL}'", LT_OTHER, C_TEXT("{1,2,NULL}") },
	{ "a", "'[2:3]={1,2}'", LT_OTHER, C_TEXT("[2:3]={1,2}") },
	{ "mo", "12.34", LT_NUM, C_TEXT("12.34") },
	{ "ip", "'10.0.0.0/8'", LT_OTHER, C_TEXT("10.0.0.0/8") },
	{ "oi", "4294967295", LT_NUM, C_INT(4294967295) },
	{ "e", "'ok'", LT_TEXT, C_TEXT("ok") },
	{ "e", "'happy'", LT_TEXT, C_TEXT("happy") },
	{ 0 },
};

static const struct column_case v_columns[] = {
	{ "id", "integer", LT_NUM, COL_NOTNULL },
	{ "i8", "bigint", LT_NUM, 0 },
	{ "i4", "integer", LT_NUM, 0 },
	{ "i2", "smallint", LT_NUM, 0 },
	{ "n", "numeric", LT_NUM, 0 },
	{ "n2", "numeric(10,2)", LT_NUM, 0 },
	{ "r", "double precision", LT_F8, 0 },
	{ "r4", "real", LT_F4, 0 },
	{ "t", "text", LT_TEXT, COL_BYTEWISE },
	{ "vc", "character varying(20)", LT_TEXT, COL_ANY_ORDER },
	{ "ch", "character(5)", LT_CHAR, COL_ANY_ORDER },
	{ "b", "bytea", LT_BYTES, 0 },
	{ "d", "date", LT_DATE, 0 },
	{ "ts", "timestamp without time zone", LT_TS, 0 },
	{ "tz", "timestamp with time zone", LT_TSTZ, 0 },
	{ "tm", "time without time zone", LT_TIME, 0 },
	{ "u", "uuid", LT_UUID, 0 },
	{ "j", "json", LT_JSON, 0 },
	{ "jb", "jsonb", LT_JSON, 0 },
	{ "bo", "boolean", LT_NUM, COL_BOOLEAN },
	{ "iv", "interval", LT_INTERVAL, 0 },
	{ "bi", "bit(4)", LT_BITS, 0 },
	{ "vb", "bit varying", LT_BITS, 0 },
	{ "a", "integer[]", LT_OTHER, 0 },
	{ "mo", "money", LT_NUM, 0 },
	{ "ip", "inet", LT_OTHER, 0 },
	{ "oi", "oid", LT_NUM, 0 },
	{ "e", S "mood", LT_TEXT, 0 },
	{ 0 },
};
static const struct column_case parent_columns[] = {
	{ "a", "integer", LT_NUM, COL_NOTNULL },
	{ "b", "text", LT_TEXT, COL_NOTNULL | COL_BYTEWISE },
	{ "c", "integer", LT_NUM, 0 },
	{ 0 },
};
static const struct column_case child_columns[] = {
	{ "id", "integer", LT_NUM, COL_NOTNULL | COL_IDENTITY | COL_SEQUENCE },
	{ "s", "integer", LT_NUM, COL_NOTNULL | COL_SEQUENCE },
	{ "pa", "integer", LT_NUM, 0 },
	{ "pb", "text", LT_TEXT, COL_BYTEWISE },
	{ "pc", "integer", LT_NUM, 0 },
	{ "full", "integer", LT_NUM, COL_GENERATED },
	{ 0 },
};
static const struct column_case odd_columns[] = {
	{ "select", "integer", LT_NUM, COL_NOTNULL },
	{ "a b", "integer", LT_NUM, 0 },
	{ "Q\"q", "integer", LT_NUM, 0 },
	{ "CAPS", "integer", LT_NUM, 0 },
	{ "é", "integer", LT_NUM, 0 },
	{ "a.b", "integer", LT_NUM, 0 },
	{ "$1", "integer", LT_NUM, 0 },
	{ "%s", "integer", LT_NUM, 0 },
	{ "back\\slash", "integer", LT_NUM, 0 },
	{ 0 },
};
static const struct column_case parts_columns[] = {
	{ "k", "integer", LT_NUM, COL_NOTNULL },
	{ "x", "text", LT_TEXT, COL_BYTEWISE },
	{ 0 },
};
static const struct column_case seen_columns[] = {
	{ "id", "integer", LT_NUM, 0 },
	{ "t", "text", LT_TEXT, COL_BYTEWISE },
	{ 0 },
};
static const struct column_case kept_columns[] = {
	{ "id", "integer", LT_NUM, 0 },
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
static const struct key_case parts_keys[] = { { true, true, "k" }, { 0 } };

static const struct table_case tables[] = {
	{ "v", REL_TABLE, v_columns, id_key, "", "" },
	{ "parent", REL_TABLE, parent_columns, parent_keys, "", "" },
	{ "child", REL_TABLE, child_columns, id_key,
	    "pa, pb -> parent(a, b) CASCADE; pc -> parent(c) NO ACTION",
	    "child_t" },
	{ "Odd \"Name\" ü", REL_TABLE, odd_columns, odd_keys, "", "" },
	{ "parts", REL_PARTITIONED, parts_columns, parts_keys, "", "" },
	{ "seen", REL_VIEW, seen_columns, no_keys, "", "" },
	{ "kept", REL_MATVIEW, kept_columns, no_keys, "", "" },
	{ 0 },
};

static const struct bad_name bad[] = {
	{ "postgresql://u:tiger@127.0.0.1:1/x", TU_ECONNECT, "", "tiger" },
	{ "host=127.0.0.1 port=1 user=u password=tiger", TU_ECONNECT, "",
	    "tiger" },
	{ "postgresql://u:tiger@127.0.0.1:1/x?nonsense=1", TU_ECONNECT, "",
	    "tiger" },
	{ "host=127.0.0.1 password='tiger", TU_ECONNECT, "", "tiger" },
	{ 0 },
};

static const char *
create(void)
{
	const char *url = getenv("TRUEUP_PG");

	if (url == NULL)
		printf("# TRUEUP_PG names no server\n");
	return url;
}

static void
drop(struct db *db)
{
	struct err err;

	db_exec(db, "DROP SCHEMA trueup_conformance CASCADE", NULL, &err);
}

const struct brand brand_postgresql = {
	.name = "postgresql",
	.schema = "trueup_conformance",
	.bytewise = true,
	.ddl = ddl,
	.values = values,
	.tables = tables,
	.bad = bad,
	.int_type = "integer",
	.endless = "SELECT count(*) FROM generate_series(1, 100000000000)",
	.write_in_read = "INSERT INTO " S "k1 VALUES (-1, 0)",
	.as_double = "::float8",
	.analyze = "ANALYZE ",
	.many_columns = 1600,
	.create = create,
	.drop = drop,
};
