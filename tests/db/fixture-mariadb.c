#include <config.h>

#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define BIN " COLLATE utf8mb4_nopad_bin"

#define V_COLUMNS                                                           \
	"(id int PRIMARY KEY, i1 tinyint, i2 smallint, i3 mediumint, i4 "   \
	"int, i8 bigint, ub bigint unsigned, z int(5) zerofill, y year, "   \
	"b1 bit(1), b10 bit(10), b64 bit(64), n decimal(65,30), "           \
	"n2 decimal(10,2), n0 decimal(65,0), r4 float, r double, "          \
	"t longtext" BIN ", vc varchar(20), vb varchar(20) COLLATE "        \
	"utf8mb4_bin, ch char(5), l1 varchar(20) CHARACTER SET latin1, "    \
	"u3 varchar(20) CHARACTER SET utf8mb3, u2 varchar(20) "             \
	"CHARACTER SET ucs2, u16 varchar(20) CHARACTER SET utf16, "         \
	"bn binary(4), bv varbinary(9), b longblob, d date, tm time(6), "   \
	"tm0 time, ts datetime(6), ts3 datetime(3), tz timestamp(6) NULL, " \
	"e enum('sad', 'o|k', 'happy'), s set('z', 'y', 'x'), j json, "     \
	"u uuid, ip inet6)"

static const char *const ddl[] = {
	"CREATE TABLE v " V_COLUMNS,
	"CREATE TABLE w " V_COLUMNS,
	"CREATE TABLE parent (a int, b varchar(50)" BIN ", c int UNIQUE, "
	"PRIMARY KEY (a, b))",
	"CREATE TABLE child (id int AUTO_INCREMENT PRIMARY KEY, pa int, "
	"pb varchar(50)" BIN ", pc int, "
	"`full` int GENERATED ALWAYS AS (pa + 1) STORED, "
	"half int GENERATED ALWAYS AS (pc + 1) VIRTUAL, "
	"hid int INVISIBLE, UNIQUE KEY child_part (pb(10)), "
	"CONSTRAINT child_z FOREIGN KEY (pc) REFERENCES parent (c), "
	"CONSTRAINT child_a FOREIGN KEY (pa, pb) REFERENCES parent (a, b) "
	"ON DELETE CASCADE)",
	"CREATE TRIGGER child_t AFTER INSERT ON child FOR EACH ROW "
	"SET @inserted = 1",
	"CREATE TABLE `Odd \"Name\" ü` (`select` int PRIMARY KEY, `a b` int, "
	"`Q\"q` int, `CAPS` int, `é` int, `a.b` int, `$1` int, `%s` int, "
	"`back\\slash` int, `back``tick` int, `?1` int, `it's` int)",
	"CREATE TABLE parts (k int NOT NULL, x varchar(50)" BIN ", "
	"PRIMARY KEY (k)) PARTITION BY RANGE (k) "
	"(PARTITION p0 VALUES LESS THAN (10))",
	"CREATE TABLE vers (id int PRIMARY KEY, x int, "
	"since timestamp(6) GENERATED ALWAYS AS ROW START, "
	"till timestamp(6) GENERATED ALWAYS AS ROW END, "
	"PERIOD FOR SYSTEM_TIME (since, till)) WITH SYSTEM VERSIONING",
	"CREATE VIEW seen AS SELECT id, t FROM v",
	"CREATE SEQUENCE words_seq",
	"CREATE TABLE k1 (id int PRIMARY KEY, x int)",
	"CREATE TABLE k2 (a int, b varchar(50)" BIN ", x int, "
	"PRIMARY KEY (a, b))",
	"CREATE TABLE kt (k varchar(50)" BIN " PRIMARY KEY, x int)",
	"CREATE TABLE ko (k varchar(50) COLLATE utf8mb4_general_ci, x int)",
	"CREATE TABLE uniq (id int PRIMARY KEY, x int UNIQUE)",
	NULL,
};

#define ONES "1111111111111111"
#define DIGITS30 "123456789012345678901234567890"

static const struct value_case values[] = {
	{ "i1", "-128", LT_NUM, C_INT(INT8_MIN) },
	{ "i1", "127", LT_NUM, C_INT(INT8_MAX) },
	{ "i2", "-32768", LT_NUM, C_INT(INT16_MIN) },
	{ "i3", "-8388608", LT_NUM, C_INT(-8388608) },
	{ "i4", "-2147483648", LT_NUM, C_INT(INT32_MIN) },
	{ "i4", "2147483647", LT_NUM, C_INT(INT32_MAX) },
	{ "i8", "0", LT_NUM, C_INT(0) },
	{ "i8", "9223372036854775807", LT_NUM, C_INT(INT64_MAX) },
	{ "i8", "-9223372036854775808", LT_NUM, C_INT(INT64_MIN) },
	{ "i8", "9007199254740993", LT_NUM, C_INT(9007199254740993) },
	{ "ub", "0", LT_NUM, C_INT(0) },
	{ "ub", "9223372036854775807", LT_NUM, C_INT(INT64_MAX) },
	{ "ub", "9223372036854775808", LT_NUM, C_TEXT("9223372036854775808") },
	{ "ub", "18446744073709551615", LT_NUM,
	    C_TEXT("18446744073709551615") },
	{ "z", "42", LT_NUM, C_INT(42) },
	{ "z", "4294967295", LT_NUM, C_INT(4294967295) },
	{ "y", "2024", LT_NUM, C_INT(2024) },
	{ "y", "2155", LT_NUM, C_INT(2155) },
	{ "y", "'0000'", LT_NUM, C_INT(0) },
	{ "b1", "b'0'", LT_NUM, C_INT(0) },
	{ "b1", "b'1'", LT_NUM, C_INT(1) },
	{ "b10", "b'0000000001'", LT_BITS, C_TEXT("0000000001") },
	{ "b10", "b'1000000000'", LT_BITS, C_TEXT("1000000000") },
	{ "b10", "0", LT_BITS, C_TEXT("0000000000") },
	{ "b64", "18446744073709551615", LT_BITS, C_TEXT(ONES ONES ONES ONES) },
	{ "n", "0", LT_NUM, C_TEXT("0.000000000000000000000000000000") },
	{ "n", "-0.5", LT_NUM, C_TEXT("-0.500000000000000000000000000000") },
	{ "n", "1e-30", LT_NUM, C_TEXT("0.000000000000000000000000000001") },
	{ "n", "-99999999999999999999999999999999999." DIGITS30, LT_NUM,
	    C_TEXT("-99999999999999999999999999999999999." DIGITS30) },
	{ "n2", "12.5", LT_NUM, C_TEXT("12.50") },
	{ "n2", "-0.01", LT_NUM, C_TEXT("-0.01") },
	{ "n0", "10000", LT_NUM, C_TEXT("10000") },
	{ "n0", "1" DIGITS30 DIGITS30 "1234", LT_NUM,
	    C_TEXT("1" DIGITS30 DIGITS30 "1234") },
	{ "r4", "0.1", LT_F4, C_F64((double)0.1f) },
	{ "r4", "-16777216", LT_F4, C_F64(-16777216) },
	{ "r4", "16777215", LT_F4, C_F64(16777215) },
	{ "r4", "3.4028234e38", LT_F4, C_F64((double)3.4028234e38f) },
	{ "r4", "1.17549435e-38", LT_F4, C_F64((double)1.17549435e-38f) },
	{ "r", "0.1", LT_F8, C_F64(0.1) },
	{ "r", "'0.30000000000000004'", LT_F8, C_F64(0.1 + 0.2) },
	{ "r", "1e15", LT_F8, C_F64(1e15) },
	{ "r", "1e22", LT_F8, C_F64(1e22) },
	{ "r", "1e23", LT_F8, C_F64(1e23) },
	{ "r", "'5e-324'", LT_F8, C_F64(5e-324) },
	{ "r", "'2.2250738585072014e-308'", LT_F8,
	    C_F64(2.2250738585072014e-308) },
	{ "r", "'1.7976931348623157e308'", LT_F8,
	    C_F64(1.7976931348623157e308) },
	{ "r", "'-1.7976931348623157e308'", LT_F8,
	    C_F64(-1.7976931348623157e308) },
	{ "t", "''", LT_TEXT, C_TEXT("") },
	{ "t", "' '", LT_TEXT, C_TEXT(" ") },
	{ "t", "'a'", LT_TEXT, C_TEXT("a") },
	{ "t", "'A'", LT_TEXT, C_TEXT("A") },
	{ "t", "'a '", LT_TEXT, C_TEXT("a ") },
	{ "t", "'it''s \"\\\\`'", LT_TEXT, C_TEXT("it's \"\\`") },
	{ "t", "'\\\\n\\\\134'", LT_TEXT, C_TEXT("\\n\\134") },
	{ "t", "'\\\\N'", LT_TEXT, C_TEXT("\\N") },
	{ "t", "'a\\r\\n\\t'", LT_TEXT, C_TEXT("a\r\n\t") },
	{ "t", "x'017f'", LT_TEXT, C_TEXT("\001\177") },
	{ "t", "'a\\0b'", LT_TEXT, C_TEXT("a\0b") },
	{ "t", "'\\0'", LT_TEXT, C_TEXT("\0") },
	{ "t", "'a\\Z'", LT_TEXT, C_TEXT("a\032") },
	{ "t", "'NULL'", LT_TEXT, C_TEXT("NULL") },
	{ "t", "'?1 ?2 %s $1 :x -- ;'", LT_TEXT,
	    C_TEXT("?1 ?2 %s $1 :x -- ;") },
	{ "t", "'%_'", LT_TEXT, C_TEXT("%_") },
	{ "t", "'é'", LT_TEXT, C_TEXT("é") },
	{ "t", "'e\xcc\x81'", LT_TEXT, C_TEXT("e\xcc\x81") },
	{ "t", "'\xf0\x9f\x98\x80'", LT_TEXT, C_TEXT("\xf0\x9f\x98\x80") },
	{ "t", "'\xf4\x8f\xbf\xbf'", LT_TEXT, C_TEXT("\xf4\x8f\xbf\xbf") },
	{ "vc", "''", LT_TEXT, C_TEXT("") },
	{ "vc", "'x '", LT_TEXT, C_TEXT("x ") },
	{ "vc", "'x'", LT_TEXT, C_TEXT("x") },
	{ "vc", "'X'", LT_TEXT, C_TEXT("X") },
	{ "vc", "'x\\t'", LT_TEXT, C_TEXT("x\t") },
	{ "vc", "'\xf0\x9f\x98\x80'", LT_TEXT, C_TEXT("\xf0\x9f\x98\x80") },
	{ "vc", "'\xf0\x9f\x98\x81'", LT_TEXT, C_TEXT("\xf0\x9f\x98\x81") },
	{ "vb", "'x '", LT_TEXT, C_TEXT("x ") },
	{ "vb", "'x'", LT_TEXT, C_TEXT("x") },
	{ "vb", "'X'", LT_TEXT, C_TEXT("X") },
	{ "ch", "'ab'", LT_CHAR, C_TEXT("ab") },
	{ "ch", "'AB'", LT_CHAR, C_TEXT("AB") },
	{ "ch", "'ab\\t'", LT_CHAR, C_TEXT("ab\t") },
	{ "ch", "''", LT_CHAR, C_TEXT("") },
	{ "l1", "'é€ßÿ'", LT_TEXT, C_TEXT("é€ßÿ") },
	{ "l1", "'E€SSY'", LT_TEXT, C_TEXT("E€SSY") },
	{ "l1", "_latin1 x'81'", LT_TEXT, C_TEXT("\xc2\x81") },
	{ "l1", "''", LT_TEXT, C_TEXT("") },
	{ "l1", "'a\\\\''\\0'", LT_TEXT, C_TEXT("a\\'\0") },
	{ "u3", "'é€\xef\xbf\xbd'", LT_TEXT, C_TEXT("é€\xef\xbf\xbd") },
	{ "u3", "'x '", LT_TEXT, C_TEXT("x ") },
	{ "u3", "'x'", LT_TEXT, C_TEXT("x") },
	{ "u2", "'é€'", LT_TEXT, C_TEXT("é€") },
	{ "u2", "'x\\0'", LT_TEXT, C_TEXT("x\0") },
	{ "u16", "'a\xf0\x9f\x98\x80'", LT_TEXT, C_TEXT("a\xf0\x9f\x98\x80") },
	{ "u16", "'A\xf0\x9f\x98\x80'", LT_TEXT, C_TEXT("A\xf0\x9f\x98\x80") },
	{ "bn", "'a'", LT_BYTES, C_BYTES("a\0\0\0") },
	{ "bn", "'a  '", LT_BYTES, C_BYTES("a  \0") },
	{ "bn", "x'ff00275c'", LT_BYTES, C_BYTES("\xff\0'\\") },
	{ "bv", "'a'", LT_BYTES, C_BYTES("a") },
	{ "bv", "'a '", LT_BYTES, C_BYTES("a ") },
	{ "b", "''", LT_BYTES, C_BYTES("") },
	{ "b", "x'00'", LT_BYTES, C_BYTES("\0") },
	{ "b", "x'0000'", LT_BYTES, C_BYTES("\0\0") },
	{ "b", "x'ff275c'", LT_BYTES, C_BYTES("\xff'\\") },
	{ "d", "'2024-02-29'", LT_DATE, C_TEXT("2024-02-29") },
	{ "d", "'0001-01-01'", LT_DATE, C_TEXT("0001-01-01") },
	{ "d", "'9999-12-31'", LT_DATE, C_TEXT("9999-12-31") },
	{ "d", "'0000-00-00'", LT_DATE, C_TEXT("0000-00-00") },
	{ "d", "'2024-00-00'", LT_DATE, C_TEXT("2024-00-00") },
	{ "tm", "'10:00'", LT_TIME, C_TEXT("10:00:00") },
	{ "tm", "'24:00:00'", LT_TIME, C_TEXT("24:00:00") },
	{ "tm", "'-838:59:59.5'", LT_TIME, C_TEXT("-838:59:59.5") },
	{ "tm", "'838:59:59.999999'", LT_TIME, C_TEXT("838:59:59.999999") },
	{ "tm", "'-00:00:00.000001'", LT_TIME, C_TEXT("-00:00:00.000001") },
	{ "tm0", "'10:10:10'", LT_TIME, C_TEXT("10:10:10") },
	{ "tm0", "'-00:00:01'", LT_TIME, C_TEXT("-00:00:01") },
	{ "ts", "'2024-01-01 00:00:00'", LT_TS, C_TEXT("2024-01-01 00:00:00") },
	{ "ts", "'2024-01-01 00:00:00.500'", LT_TS,
	    C_TEXT("2024-01-01 00:00:00.5") },
	{ "ts", "'1969-12-31 23:59:59.999999'", LT_TS,
	    C_TEXT("1969-12-31 23:59:59.999999") },
	{ "ts", "'0000-00-00 00:00:00'", LT_TS, C_TEXT("0000-00-00 00:00:00") },
	{ "ts", "'9999-12-31 23:59:59.999999'", LT_TS,
	    C_TEXT("9999-12-31 23:59:59.999999") },
	{ "ts3", "'2024-01-01 10:20:30.120'", LT_TS,
	    C_TEXT("2024-01-01 10:20:30.12") },
	{ "tz", "'2024-06-01 10:00:00'", LT_TSTZ,
	    C_TEXT("2024-06-01 10:00:00") },
	{ "tz", "'2038-01-19 03:14:07.999999'", LT_TSTZ,
	    C_TEXT("2038-01-19 03:14:07.999999") },
	{ "tz", "'1970-01-01 00:00:01'", LT_TSTZ,
	    C_TEXT("1970-01-01 00:00:01") },
	{ "tz", "'0000-00-00 00:00:00'", LT_TSTZ,
	    C_TEXT("0000-00-00 00:00:00") },
	{ "e", "'o|k'", LT_TEXT, C_TEXT("o|k") },
	{ "e", "'happy'", LT_TEXT, C_TEXT("happy") },
	{ "e", "'sad'", LT_TEXT, C_TEXT("sad") },
	{ "s", "'x,z'", LT_TEXT, C_TEXT("z,x") },
	{ "s", "'x'", LT_TEXT, C_TEXT("x") },
	{ "s", "''", LT_TEXT, C_TEXT("") },
	{ "j", "'{\"b\": 1,  \"a\": 1.10}'", LT_JSON,
	    C_TEXT("{\"b\": 1,  \"a\": 1.10}") },
	{ "j", "'{\"b\":1,\"a\":1.10}'", LT_JSON,
	    C_TEXT("{\"b\":1,\"a\":1.10}") },
	{ "j", "'\"\\\\n\\\\\"\xf0\x9f\x98\x80\"'", LT_JSON,
	    C_TEXT("\"\\n\\\"\xf0\x9f\x98\x80\"") },
	{ "j", "'null'", LT_JSON, C_TEXT("null") },
	{ "u", "'C0FFEE00-1234-4abc-8def-0123456789ab'", LT_UUID,
	    C_TEXT("c0ffee00-1234-4abc-8def-0123456789ab") },
	{ "u", "'00000000-0000-0000-0000-000000000000'", LT_UUID,
	    C_TEXT("00000000-0000-0000-0000-000000000000") },
	{ "u", "'f0000000-0000-1000-8000-000000000001'", LT_UUID,
	    C_TEXT("f0000000-0000-1000-8000-000000000001") },
	{ "ip", "'::ffff:10.0.0.1'", LT_OTHER, C_TEXT("::ffff:10.0.0.1") },
	{ "ip", "'2001:DB8::1'", LT_OTHER, C_TEXT("2001:db8::1") },
	{ 0 },
};

static const struct column_case v_columns[] = {
	{ "id", "int(11)", LT_NUM, COL_NOTNULL },
	{ "i1", "tinyint(4)", LT_NUM, 0 },
	{ "i2", "smallint(6)", LT_NUM, 0 },
	{ "i3", "mediumint(9)", LT_NUM, 0 },
	{ "i4", "int(11)", LT_NUM, 0 },
	{ "i8", "bigint(20)", LT_NUM, 0 },
	{ "ub", "bigint(20) unsigned", LT_NUM, 0 },
	{ "z", "int(5) unsigned zerofill", LT_NUM, 0 },
	{ "y", "year(4)", LT_NUM, 0 },
	{ "b1", "bit(1)", LT_NUM, 0 },
	{ "b10", "bit(10)", LT_BITS, 0 },
	{ "b64", "bit(64)", LT_BITS, 0 },
	{ "n", "decimal(65,30)", LT_NUM, 0 },
	{ "n2", "decimal(10,2)", LT_NUM, 0 },
	{ "n0", "decimal(65,0)", LT_NUM, 0 },
	{ "r4", "float", LT_F4, 0 },
	{ "r", "double", LT_F8, 0 },
	{ "t", "longtext", LT_TEXT, COL_BYTEWISE },
	{ "vc", "varchar(20)", LT_TEXT, 0 },
	{ "vb", "varchar(20)", LT_TEXT, COL_BYTEWISE },
	{ "ch", "char(5)", LT_CHAR, 0 },
	{ "l1", "varchar(20)", LT_TEXT, 0 },
	{ "u3", "varchar(20)", LT_TEXT, 0 },
	{ "u2", "varchar(20)", LT_TEXT, 0 },
	{ "u16", "varchar(20)", LT_TEXT, 0 },
	{ "bn", "binary(4)", LT_BYTES, 0 },
	{ "bv", "varbinary(9)", LT_BYTES, 0 },
	{ "b", "longblob", LT_BYTES, 0 },
	{ "d", "date", LT_DATE, 0 },
	{ "tm", "time(6)", LT_TIME, 0 },
	{ "tm0", "time", LT_TIME, 0 },
	{ "ts", "datetime(6)", LT_TS, 0 },
	{ "ts3", "datetime(3)", LT_TS, 0 },
	{ "tz", "timestamp(6)", LT_TSTZ, 0 },
	{ "e", "enum('sad','o|k','happy')", LT_TEXT, 0 },
	{ "s", "set('z','y','x')", LT_TEXT, 0 },
	{ "j", "json", LT_JSON, 0 },
	{ "u", "uuid", LT_UUID, 0 },
	{ "ip", "inet6", LT_OTHER, 0 },
	{ 0 },
};
static const struct column_case parent_columns[] = {
	{ "a", "int(11)", LT_NUM, COL_NOTNULL },
	{ "b", "varchar(50)", LT_TEXT, COL_NOTNULL | COL_BYTEWISE },
	{ "c", "int(11)", LT_NUM, 0 },
	{ 0 },
};
static const struct column_case child_columns[] = {
	{ "id", "int(11)", LT_NUM, COL_NOTNULL },
	{ "pa", "int(11)", LT_NUM, 0 },
	{ "pb", "varchar(50)", LT_TEXT, COL_BYTEWISE },
	{ "pc", "int(11)", LT_NUM, 0 },
	{ "full", "int(11)", LT_NUM, COL_GENERATED },
	{ "half", "int(11)", LT_NUM, COL_GENERATED },
	{ "hid", "int(11)", LT_NUM, 0 },
	{ 0 },
};
static const struct column_case odd_columns[] = {
	{ "select", "int(11)", LT_NUM, COL_NOTNULL },
	{ "a b", "int(11)", LT_NUM, 0 },
	{ "Q\"q", "int(11)", LT_NUM, 0 },
	{ "CAPS", "int(11)", LT_NUM, 0 },
	{ "é", "int(11)", LT_NUM, 0 },
	{ "a.b", "int(11)", LT_NUM, 0 },
	{ "$1", "int(11)", LT_NUM, 0 },
	{ "%s", "int(11)", LT_NUM, 0 },
	{ "back\\slash", "int(11)", LT_NUM, 0 },
	{ "back`tick", "int(11)", LT_NUM, 0 },
	{ "?1", "int(11)", LT_NUM, 0 },
	{ "it's", "int(11)", LT_NUM, 0 },
	{ 0 },
};
static const struct column_case parts_columns[] = {
	{ "k", "int(11)", LT_NUM, COL_NOTNULL },
	{ "x", "varchar(50)", LT_TEXT, COL_BYTEWISE },
	{ 0 },
};
static const struct column_case vers_columns[] = {
	{ "id", "int(11)", LT_NUM, COL_NOTNULL },
	{ "x", "int(11)", LT_NUM, 0 },
	{ "since", "timestamp(6)", LT_TSTZ, COL_NOTNULL | COL_GENERATED },
	{ "till", "timestamp(6)", LT_TSTZ, COL_NOTNULL | COL_GENERATED },
	{ 0 },
};
static const struct column_case seen_columns[] = {
	{ "id", "int(11)", LT_NUM, COL_NOTNULL },
	{ "t", "longtext", LT_TEXT, COL_BYTEWISE },
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
	    "pa, pb -> parent(a, b) CASCADE; pc -> parent(c) RESTRICT",
	    "child_t" },
	{ "Odd \"Name\" ü", REL_TABLE, odd_columns, odd_keys, "", "" },
	{ "parts", REL_PARTITIONED, parts_columns, parts_keys, "", "" },
	{ "vers", REL_TABLE, vers_columns, id_key, "", "" },
	{ "seen", REL_VIEW, seen_columns, no_keys, "", "" },
	{ 0 },
};

static const struct bad_name bad[] = {
	{ "mariadb://u:tiger@127.0.0.1:1/x", TU_ECONNECT, "", "tiger" },
	{ "mysql://u:tiger@127.0.0.1:1/x", TU_ECONNECT, "", "tiger" },
	{ 0 },
};

static const char *
create(void)
{
	const char *url = getenv("TRUEUP_MARIADB");

	if (url == NULL)
		printf("# TRUEUP_MARIADB names no server\n");
	return url;
}

/* The database is this program's own: tests/lib/run-program drops it. */
static void
drop(struct db *db)
{
	(void)db;
}

const struct brand brand_mariadb = {
	.name = "mariadb",
	.bytewise = true,
	.ddl = ddl,
	.values = values,
	.tables = tables,
	.bad = bad,
	.int_type = "integer",
	.endless = "SELECT COUNT(*) FROM seq_1_to_10000000 AS a,"
		   " seq_1_to_10000000 AS b WHERE a.seq + b.seq < 0",
	.write_in_read = "INSERT INTO k1 VALUES (-1, 0)",
	.as_double = "",
	.analyze = "ANALYZE TABLE ",
	.many_columns = 1000,
	.create = create,
	.drop = drop,
};
