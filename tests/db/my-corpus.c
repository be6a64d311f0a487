/*
 * Part of tests/db/my-values: the table of values.
 */
#include <config.h>

#include "my-corpus.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "value/canon.h"

#define RANDOM_VALUES 50

/* clang-format off */
/* As they are; the others are SQL. */
#define HARD_TEXTS                                                             \
	"", " ", "  ", "a", "a ", "a  ", "A", "\303\241", "NULL", "\\N",       \
	"<null>", "|", "a|b", "1:a", "3:a|b", "~0|~1", "'", "''", "\"", "`",   \
	"\\", "\\\\", "\\n", "\\'", "a\\", "%", "_", "$1", "?", "?1", ":x",    \
	"--", "-- ", "#", "/*", "/*!", "*/", ";", "DELIMITER", "\r", "\n",     \
	"\r\n", "\ta", "a\t", "\001", "\032", "\033", "\177", "\302\200",      \
	"{\"a\",b}", "e\314\201", "\303\251", "\303\251\342\202\254",          \
	"\360\237\230\200", "\364\217\277\277", "\357\277\275",                \
	"\357\273\277", "\342\200\213", "\302\240", "\342\200\250",            \
	"\303\237", "\305\277", "\304\260", "\304\261", "\342\204\253",        \
	"007.50", "2024-01-01", "{}", "\\x00", "_utf8mb4 x'41'", "a\n  b",     \
	"\\c", "\320\226", "\357\275\201"

#define UUIDS                                                                  \
	"00000000-0000-0000-0000-000000000000",                                \
	"FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",                                \
	"6f9619ff-8b86-d011-b42d-00cf4fc964ff",                                \
	"6f9619ff8b86d011b42d00cf4fc964ff",                                    \
	"{6F9619FF8B86D011B42D00CF4FC964FF}",                                  \
	"6f96-19ff-8b86-d011-b42d-00cf-4fc9-64ff",                             \
	"{6f9619ff-8b86-d011-b42d-00cf4fc964ff",                               \
	"6f9619ff-8b86-d011-b42d-00cf4fc964ff-",                               \
	"6f9619ff--8b86-d011-b42d-00cf4fc964f",                                \
	"-6f9619ff8b86d011b42d00cf4fc964ff",                                   \
	"6f9619ff8b86d011b42d00cf4fc964ff\n",                                  \
	"6f9619ff8b86d011b42d00cf4fc964fg", "6f9619", "", "a|b", "\303\251"

#define DOUBLES                                                                \
	"0", "-0e0", "0.1e0", "0.1e0+0.2e0", "1/3e0", "5e-324", "-5e-324",     \
	"2.2250738585072014e-308", "1.7976931348623157e308", "1e15", "1e16",   \
	"1e-5", "1e22", "1e23", "3.4028235677973362e38",                       \
	"3.4028235677973366e38", "3.4028234663852886e38", "1e39",              \
	"7.0064923216240862e-46", "7.006492321624085e-46", "1e-46", "1.4e-45", \
	"16777217", "9007199254740993", "123456.789e0"

#define NUMERICS                                                               \
	"0", "1", "-1", "0.00", "1.50", "-0.5", "100", "1000000", "1e20",      \
	"1e-30", "0.1", "10000", "99999999.0001", "0.0001",                    \
	"18446744073709551615", "1234567890123456789012345678901234.5",        \
	"-99999999999999999999999999999999999.999999999999999999999999999999"

#define DATETIMES                                                              \
	"'0000-00-00'", "'2024-00-00'", "'2024-02-00 10:00:00'",               \
	"'0000-01-01 10:11:12.5'", "'0000-02-28'", "'0000-02-31'", "'0000-05-00'", "'0001-01-01'",             \
	"'1582-10-10 12:00:00'", "'2024-02-29 23:59:59.999999'",               \
	"'2024-01-01 00:00:00.1'", "'2024-01-01 00:00:00.120'",                \
	"'9999-12-31 23:59:59.999999'", "'1969-12-31 23:59:59.999999'",        \
	"'2024-02-30 01:00:00'", "'2024-06-31'", "'1000-01-01'",               \
	"'2024-10-10 10:10:10'"

#define TIMES                                                                  \
	"'00:00:00'", "'24:00:00'", "'23:59:59.999999'", "'-838:59:59'",       \
	"'838:59:59'", "'-838:59:59.999999'", "'-00:00:00.000001'",            \
	"'100:00:00.5'", "'24:30:00'", "'10:10:10'", "'-01:00:00'",            \
	"'12:30:00.120000'", "'-00:00:01'", "'99:59:59'", "'100:00:00'"

#define TIMESTAMPS                                                             \
	"'0000-00-00 00:00:00'", "'1970-01-01 00:00:01'",                      \
	"'1970-01-01 00:00:00.5'", "'2038-01-19 03:14:07.999999'",             \
	"'2024-03-31 02:30:00'", "'2024-10-27 02:30:00'",                      \
	"'2024-01-01 00:00:00.1'"

enum random_kind {
	R_NONE,
	R_INT8,
	R_UINT8,
	R_FLOAT8,
	R_FLOAT4,
	R_NUMERIC,
	R_DATETIME,
	R_TIMESTAMP,
	R_TIME,
	R_UUID,
	R_BYTES,
	R_TEXT,
	R_UUID_TEXT,
};

#define TEXT(n, t, l, r) \
	{ n, t, l, r, true, { HARD_TEXTS } }

static const struct {
	const char *name, *type;
	enum ltype ltype;
	enum random_kind random;
	bool texts;
	const char *values[100];
} specs[] = {
	{ "i1", "tinyint", LT_NUM, R_NONE, false,
	    { "0", "1", "-1", "127", "-128", "2" } },
	{ "u1", "tinyint unsigned NOT NULL DEFAULT 0", LT_NUM, R_NONE, false,
	    { "0", "255" } },
	{ "b", "tinyint(1)", LT_NUM, R_NONE, false, { "true", "false", "2" } },
	{ "i2", "smallint", LT_NUM, R_NONE, false, { "32767", "-32768" } },
	{ "i3", "mediumint", LT_NUM, R_NONE, false,
	    { "8388607", "-8388608" } },
	{ "i4", "int", LT_NUM, R_NONE, false,
	    { "0", "1", "-1", "2147483647", "-2147483648" } },
	{ "i4z", "int(8) zerofill", LT_NUM, R_NONE, false,
	    { "0", "42", "4294967295", "100" } },
	{ "i8", "bigint", LT_NUM, R_INT8, false,
	    { "0", "1", "-1", "9223372036854775807", "-9223372036854775808",
	        "9007199254740993", "9007199254740992" } },
	{ "u8", "bigint unsigned", LT_NUM, R_UINT8, false,
	    { "0", "1", "9223372036854775807", "9223372036854775808",
	        "18446744073709551615" } },
	{ "u8z", "bigint(20) unsigned zerofill", LT_NUM, R_UINT8, false,
	    { "0", "42", "18446744073709551615" } },
	{ "y", "year", LT_NUM, R_NONE, false, { "0", "1901", "2155", "2024" } },
	{ "n", "decimal(65,30)", LT_NUM, R_NUMERIC, false, { NUMERICS } },
	{ "n10", "decimal(10)", LT_NUM, R_NONE, false,
	    { "0", "10", "-9999999999", "5000" } },
	{ "n20", "decimal(20,5)", LT_NUM, R_NONE, false,
	    { "0", "1.5", "-0.00001", "999999999999999.99999", "10", "-10" } },
	{ "nz", "decimal(10,2) zerofill", LT_NUM, R_NONE, false,
	    { "0", "1.5", "42", "100", "0.05" } },
	{ "nu", "decimal(38,38) unsigned", LT_NUM, R_NONE, false,
	    { "0", "1e-38", "0.99999999999999999999999999999999999999" } },
	{ "f", "float", LT_F4, R_FLOAT4, false,
	    { "0", "-0e0", "0.1", "16777216", "33554432",
	        "3.4028234663852886e38", "1.4e-45", "1e-5", "1e15", "1.17e-38",
	        "123456.789", "0.3" } },
	{ "f73", "float(7,3)", LT_F4, R_NONE, false,
	    { "0", "1.235", "-9999.999", "0.001", "0.1" } },
	{ "d", "double", LT_F8, R_FLOAT8, false, { DOUBLES } },
	{ "du", "double unsigned NOT NULL DEFAULT 0", LT_F8, R_NONE, false,
	    { "0", "1.5", "1e300" } },
	{ "d102", "double(10,2)", LT_F8, R_NONE, false,
	    { "0", "1.01", "-99999999.99", "100" } },
	{ "b1", "bit(1)", LT_NUM, R_NONE, false, { "b'0'", "b'1'" } },
	{ "b10", "bit(10)", LT_BITS, R_NONE, false,
	    { "b'0000000001'", "b'1111111111'", "b'0101010101'", "b'0'" } },
	{ "b64", "bit(64)", LT_BITS, R_UINT8, false,
	    { "0", "1", "9223372036854775808", "18446744073709551615" } },
	TEXT("t", "text", LT_TEXT, R_TEXT),
	TEXT("tb", "varchar(200) COLLATE utf8mb4_bin", LT_TEXT, R_TEXT),
	TEXT("tn", "varchar(200) COLLATE utf8mb4_nopad_bin", LT_TEXT, R_TEXT),
	TEXT("tci", "varchar(200) COLLATE utf8mb4_general_ci", LT_TEXT, R_TEXT),
	TEXT("tun", "text COLLATE utf8mb4_unicode_520_nopad_ci", LT_TEXT,
	    R_TEXT),
	TEXT("t3", "text CHARACTER SET utf8mb3 COLLATE utf8mb3_bin", LT_TEXT,
	    R_TEXT),
	TEXT("tl", "varchar(200) CHARACTER SET latin1", LT_TEXT, R_TEXT),
	TEXT("tlb", "text CHARACTER SET latin1 COLLATE latin1_nopad_bin",
	    LT_TEXT, R_TEXT),
	TEXT("tu2", "text CHARACTER SET ucs2", LT_TEXT, R_TEXT),
	TEXT("t16", "text CHARACTER SET utf16 COLLATE utf16_bin", LT_TEXT,
	    R_TEXT),
	TEXT("t16le", "text CHARACTER SET utf16le", LT_TEXT, R_TEXT),
	TEXT("t32", "text CHARACTER SET utf32", LT_TEXT, R_TEXT),
	TEXT("ta", "text CHARACTER SET ascii COLLATE ascii_bin", LT_TEXT,
	    R_TEXT),
	TEXT("tk", "text CHARACTER SET koi8r", LT_TEXT, R_NONE),
	TEXT("tj", "text CHARACTER SET sjis", LT_TEXT, R_NONE),
	TEXT("tg", "text CHARACTER SET gbk COLLATE gbk_bin", LT_TEXT, R_NONE),
	TEXT("tt", "tinytext", LT_TEXT, R_NONE),
	TEXT("lt", "longtext", LT_TEXT, R_NONE),
	TEXT("c", "char(20)", LT_CHAR, R_TEXT),
	TEXT("cb", "char(20) COLLATE utf8mb4_bin", LT_CHAR, R_TEXT),
	TEXT("cn", "char(20) COLLATE utf8mb4_nopad_bin", LT_CHAR, R_TEXT),
	TEXT("cl", "char(20) CHARACTER SET latin1", LT_CHAR, R_NONE),
	{ "e", "enum('sad','bl|ue','\303\251','','it''s','b\\\\c','x\\ny',"
	    "'a,b')", LT_TEXT, R_NONE, false,
	    { "'sad'", "'bl|ue'", "'\303\251'", "'it''s'", "5", "6", "7", "8",
	        "''", "0" } },
	{ "el", "enum('B','a','\303\251') CHARACTER SET latin1", LT_TEXT,
	    R_NONE, false, { "1", "2", "3" } },
	{ "s", "set('x','\303\251','it''s','b\\\\c','z')", LT_TEXT, R_NONE,
	    false, { "''", "'z,x'", "'x'", "'\303\251'", "31", "'b\\\\c'" } },
	{ "y5", "binary(5)", LT_BYTES, R_NONE, false,
	    { "'a'", "''", "x'ff'", "x'0001020304'" } },
	{ "y16", "binary(16)", LT_BYTES, R_UUID, false,
	    { "x'00000000000000000000000000000000'" } },
	{ "yv", "varbinary(300)", LT_BYTES, R_BYTES, false,
	    { "''", "x'00'", "x'0000'", "x'ff'", "x'5c27'", "' '", "'a'",
	        "'a '", "REPEAT(x'00', 300)" } },
	{ "yv16", "varbinary(16)", LT_BYTES, R_UUID, false,
	    { "x'00'", "''", "x'ffffffffffffffffffffffffffffffff'" } },
	{ "yb", "blob", LT_BYTES, R_BYTES, false,
	    { "''", "x'00'", "x'5c27'", "REPEAT(x'00ff', 5000)" } },
	{ "ylb", "longblob", LT_BYTES, R_BYTES, false, { "''", "x'00'" } },
	{ "u", "uuid", LT_UUID, R_UUID_TEXT, false,
	    { "'00000000-0000-0000-0000-000000000000'",
	        "'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF'",
	        "'f0000000-0000-1000-8000-000000000000'",
	        "'10000000-0000-1000-9000-000000000000'" } },
	{ "uc", "char(40)", LT_CHAR, R_UUID_TEXT, true, { UUIDS } },
	{ "uv", "varchar(60) COLLATE utf8mb4_bin", LT_TEXT, R_UUID_TEXT, true,
	    { UUIDS } },
	{ "da", "date", LT_DATE, R_DATETIME, false, { DATETIMES } },
	{ "ti", "time", LT_TIME, R_TIME, false, { TIMES } },
	{ "ti3", "time(3)", LT_TIME, R_TIME, false, { TIMES } },
	{ "ti6", "time(6)", LT_TIME, R_TIME, false, { TIMES } },
	{ "dt", "datetime", LT_TS, R_DATETIME, false, { DATETIMES } },
	{ "dt3", "datetime(3)", LT_TS, R_DATETIME, false, { DATETIMES } },
	{ "dt6", "datetime(6) NOT NULL DEFAULT 0", LT_TS, R_DATETIME, false,
	    { DATETIMES } },
	{ "ts", "timestamp NULL", LT_TSTZ, R_TIMESTAMP, false, { TIMESTAMPS } },
	{ "ts6", "timestamp(6) NULL", LT_TSTZ, R_TIMESTAMP, false,
	    { TIMESTAMPS } },
	{ "j", "json", LT_JSON, R_NONE, false,
	    { "'{\"b\": 1,  \"a\": [1.0,1e2]}'", "'1'", "' 1'", "'null'",
	        "'\"\\\\u0041\\\\n\"'", "'{\"a\":1,\"a\":2}'",
	        "'\"\\\\u0000\"'", "'\"\360\237\230\200\\\\ud83d\\\\ude00\"'",
	        "'[[[[1e400]]]]'", "'\"|\"'" } },
	{ "ip6", "inet6", LT_OTHER, R_NONE, false,
	    { "'::'", "'::1'", "'2001:DB8::1'", "'1:0:3:4:5:6:7:8'",
	        "'1:2:3:4:5:6:7:0'", "'::ffff:1.2.3.4'", "'::1:1'",
	        "'2001:0:0:1:0:0:0:1'", "'0:1::'", "'fe80::1:0:0:0'" } },
	{ "ip4", "inet4", LT_OTHER, R_NONE, false,
	    { "'0.0.0.0'", "'10.0.0.1'", "'255.255.255.255'" } },
	{ "g", "geometry", LT_BYTES, R_NONE, false,
	    { "POINT(1,2)", "ST_GeomFromText('LINESTRING(0 0,1 1)', 4326)" } },
};
/* clang-format on */

/* --- the world ------------------------------------------------------------ */

const char *url;
struct db *rd, *wr;
const struct dialect *d;
struct arena *arena;
struct err err;
struct buf sql; /* one statement at a time */

/* The table of values as C sees it. */
const struct table *values;
const struct column *cols[MAX_COLUMNS];
struct vtype types[MAX_COLUMNS];
size_t ncols, nrows;
struct cell *cells; /* nrows * ncols, in the order of id */

void
must(enum status st, const char *what)
{
	if (st == TU_OK)
		return;
	ok(false, "%.200s: %s (%s)", what, err.msg, err.sqlstate);
	printf("# %.2000s\n", buf_str(&sql));
	exit(tap_done());
}

void
run(const char *text)
{
	must(db_exec(wr, text, NULL, &err), text);
}

struct buf *
fresh(void)
{
	buf_reset(&sql);
	return &sql;
}

struct cell *
read_rows(struct db *db, const char *text, const struct column *const *want,
    size_t n, size_t *got)
{
	struct db_scan scan = { .sql = text, .columns = want, .ncolumns = n };
	struct cell *out = NULL;
	const struct row *row;
	struct cursor *cur;
	size_t cap = 0;

	*got = 0;
	must(db_scan(db, &scan, &cur, &err), text);
	for (;;) {
		must(db_next(cur, &row, &err), text);
		if (row == NULL)
			break;
		if (*got == cap) {
			cap = cap ? 2 * cap : 128;
			out = realloc(out, cap * n * sizeof(*out));
		}
		for (size_t i = 0; i < n; i++)
			out[*got * n + i] = cell_copy(arena, &row->cells[i]);
		++*got;
	}
	db_cursor_close(cur);
	return out;
}

const struct table *
describe(const char *name)
{
	struct table_list list;

	must(rd->drv->list(rd, arena, &list, &err), "list");
	for (size_t i = 0; i < list.n; i++) {
		struct table *t = &list.tables[i];

		if (strcmp(t->name, name) != 0)
			continue;
		must(rd->drv->describe(rd, arena, t, &err), "describe");
		return t;
	}
	ok(false, "table %s is listed", name);
	exit(tap_done());
}

size_t
named_column(const char *name)
{
	int i = table_find_column(values, name);

	if (i < 0)
		abort();
	return (size_t)i;
}

/* --- values --------------------------------------------------------------- */

static void
random_numeric(struct buf *out)
{
	buf_adds(out, tap_below(2) ? "-" : "");
	for (size_t n = 1 + tap_below(35); n > 0; n--)
		buf_addc(out, tap_below(3) ? (char)('0' + tap_below(10)) : '0');
	buf_addc(out, '.');
	for (size_t n = tap_below(31); n > 0; n--)
		buf_addc(out, tap_below(3) ? (char)('0' + tap_below(10)) : '0');
}

static void
random_text(struct buf *out)
{
	buf_adds(out, "CONVERT(x'");
	for (size_t n = 1 + tap_below(12); n > 0; n--) {
		static const uint32_t ranges[] = { 0x20, 0x80, 0x100, 0xd800,
			0x110000 };
		size_t r = tap_below(5);
		uint32_t from = r == 0 ? 0 : ranges[r - 1];
		uint32_t c = from + (uint32_t)tap_below(ranges[r] - from);

		if (c >= 0xd800 && c < 0xe000)
			c = 0x20ac;
		buf_addf(out, "%08" PRIX32, c);
	}
	buf_adds(out, "' USING utf32)");
}

static void
random_value(struct buf *out, enum random_kind kind)
{
	uint64_t bits = tap_random();
	double f;
	float f4;

	switch (kind) {
	case R_NONE:
		break;
	case R_INT8:
		buf_addf(out, "%" PRId64, (int64_t)bits);
		break;
	case R_UINT8:
		buf_addf(out, "%" PRIu64, bits);
		break;
	case R_FLOAT8:
		memcpy(&f, &bits, sizeof(f));
		buf_addf(out, "%.17e", isfinite(f) ? f : 0.5);
		break;
	case R_FLOAT4:
		memcpy(&f4, &bits, sizeof(f4));
		buf_addf(out, "%.17e", isfinite(f4) ? (double)f4 : 0.5);
		break;
	case R_NUMERIC:
		random_numeric(out);
		break;
	case R_DATETIME:
		buf_addf(out,
		    "TIMESTAMP'0001-01-01 00:00:00.000000' + INTERVAL %" PRIu64
		    " DAY + INTERVAL %" PRIu64 " MICROSECOND",
		    tap_below(3652000), tap_below(UINT64_C(86400000000)));
		break;
	case R_TIMESTAMP:
		buf_addf(out,
		    "FROM_UNIXTIME(%" PRIu64 ") + INTERVAL %" PRIu64
		    " MICROSECOND",
		    1 + tap_below(2147483000), tap_below(1000000));
		break;
	case R_TIME:
		buf_addf(out,
		    "SEC_TO_TIME(%s%" PRIu64 ") + INTERVAL %" PRIu64
		    " MICROSECOND",
		    tap_below(2) ? "-" : "", tap_below(3020399),
		    tap_below(1000000));
		break;
	case R_UUID:
		buf_addf(out, "UNHEX(MD5('%" PRIu64 "'))", bits);
		break;
	case R_UUID_TEXT:
		buf_addf(out,
		    "INSERT(INSERT(INSERT(INSERT(MD5('%" PRIu64
		    "'),21,0,'-'),17,0,'-'),13,0,'-'),9,0,'-')",
		    bits);
		break;
	case R_BYTES:
		buf_addf(out, "x'%016" PRIx64 "'", bits);
		break;
	case R_TEXT:
		random_text(out);
		break;
	}
}

/* The value of a column in a row of the table; NULL after the last. */
static void
spec_value(struct buf *out, size_t c, size_t row)
{
	const char *const *v = specs[c].values;
	size_t n = 0;

	while (n < ARRAY_LEN(specs[c].values) && v[n] != NULL)
		n++;
	if (row < n && specs[c].texts) {
		buf_adds(out, "_utf8mb4 x'");
		buf_addhex(out, v[row], strlen(v[row]));
		buf_addc(out, '\'');
	} else if (row < n) {
		buf_adds(out, v[row]);
	} else if (specs[c].random != R_NONE && row < n + RANDOM_VALUES) {
		random_value(out, specs[c].random);
	} else {
		buf_adds(out, strstr(specs[c].type, "NOT NULL") != NULL
				  ? "DEFAULT"
				  : "NULL");
	}
}

void
make_table(const char *name)
{
	buf_addf(fresh(), "CREATE TABLE %s (id int PRIMARY KEY", name);
	for (size_t c = 0; c < ARRAY_LEN(specs); c++)
		buf_addf(&sql, ", `%s` %s", specs[c].name, specs[c].type);
	buf_addc(&sql, ')');
	run(buf_str(&sql));
}

/* What a column cannot take is cut or rounded: the test is about what is in
 * the table, and days that no calendar has are. */
static void
fill_table(void)
{
	run("SET sql_mode = 'ALLOW_INVALID_DATES'");
	for (size_t row = 0; row < MAX_VALUES; row++) {
		buf_addf(fresh(), "INSERT IGNORE INTO v VALUES (%zu", row);
		for (size_t c = 0; c < ARRAY_LEN(specs); c++) {
			buf_addc(&sql, ',');
			spec_value(&sql, c, row);
		}
		buf_addc(&sql, ')');
		run(buf_str(&sql));
	}
	run("SET sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,"
	    "NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'");
}

void
select_all(struct buf *out, const char *table)
{
	buf_adds(out, "SELECT ");
	for (size_t c = 0; c < ncols; c++) {
		if (c > 0)
			buf_addc(out, ',');
		d->select_expr(out, cols[c]);
	}
	buf_addf(out, " FROM %s ORDER BY id", table);
}

void
corpus_set_up(void)
{
	must(db_open(url, DB_WRITE, "target", &wr, &err), "open to write");
	must(db_open(url, DB_READ, "source", &rd, &err), "open to read");
	d = rd->dialect;
	ok(rd->fold && wr->fold, "the self-test at connect passed");
	make_table("v");
	fill_table();
	values = describe("v");
	ncols = values->ncolumns;
	is_int((long long)ncols, (long long)ARRAY_LEN(specs) + 1, "columns");
	for (size_t c = 0; c < ncols; c++) {
		cols[c] = &values->columns[c];
		types[c].type = cols[c]->ltype;
	}
	for (size_t c = 1; c < ncols; c++)
		ok(cols[c]->ltype == specs[c - 1].ltype, "%s is %s",
		    cols[c]->type, ltype_name(specs[c - 1].ltype));
	select_all(fresh(), "v");
	cells = read_rows(rd, buf_str(&sql), cols, ncols, &nrows);
	is_int((long long)nrows, MAX_VALUES, "rows");
}

void
field_of(struct buf *out, struct vtype t, size_t row, size_t c)
{
	buf_reset(out);
	canon_field(out, &t, &cells[row * ncols + c], 0);
}

bool
same_field(size_t c, size_t row, size_t other)
{
	struct buf a = BUF_INIT, b = BUF_INIT;
	bool same;

	field_of(&a, types[c], row, c);
	field_of(&b, types[c], other, c);
	same = a.len == b.len && memcmp(buf_str(&a), buf_str(&b), a.len) == 0;
	buf_free(&a);
	buf_free(&b);
	return same;
}

bool
is_bytes(const struct cell *c, const struct buf *want)
{
	return c->kind == CELL_TEXT && c->len == want->len &&
	       (c->len == 0 || memcmp(c->u.p, want->data, c->len) == 0);
}
