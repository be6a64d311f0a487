#include <config.h>

#include "pg-corpus.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/tap.h"
#include "value/canon.h"

#define RANDOM_VALUES 60

/* clang-format off */
static const char *const ddl[] = {
	"DROP SCHEMA IF EXISTS trueup_values CASCADE",
	"CREATE SCHEMA trueup_values",
	"CREATE EXTENSION IF NOT EXISTS citext",
	"CREATE TYPE trueup_values.mood AS ENUM ('sad', 'bl|ue', 'ok', '')",
	"CREATE TYPE trueup_values.pair AS (a int, b text)",
	"CREATE DOMAIN trueup_values.posint AS int CHECK (value > 0)",
	"CREATE DOMAIN trueup_values.price AS numeric(12,3)",
	"CREATE DOMAIN trueup_values.price2 AS trueup_values.price",
	"CREATE COLLATION trueup_values.ci"
	" (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
	"CREATE FUNCTION trueup_values.plan_of(q text) RETURNS text"
	" LANGUAGE plpgsql AS $$ DECLARE line text; plan text := ''; BEGIN"
	" FOR line IN EXECUTE 'EXPLAIN '||q LOOP plan := plan||line||'; ';"
	" END LOOP; RETURN plan; END $$",
};

#define HARD_TEXTS                                                            \
	"''", "' '", "'  '", "'a'", "'a '", "'a  '", "'A'", "'\303\241'",     \
	"'NULL'", "'\\N'", "'<null>'", "'|'", "'a|b'", "'1:a'", "'3:a|b'",     \
	"'~0|~1'", "''''", "''''''", "'\"'", "'`'", "'\\'", "'\\\\'",          \
	"'\\n'", "'%'", "'$1'", "'?'", "':x'", "'--'", "';'", "chr(13)",       \
	"chr(10)", "chr(13)||chr(10)", "chr(9)||'a'", "'a'||chr(9)", "chr(1)", \
	"chr(26)", "chr(127)", "chr(128)", "'{\"a\",b}'", "'e\314\201'",       \
	"'\303\251'", "'\360\237\230\200'", "chr(1114111)", "chr(65533)",      \
	"chr(65279)", "chr(8203)", "chr(160)", "chr(8232)", "'\303\237'",      \
	"'\305\277'", "'\304\260'", "'\304\261'", "chr(8491)", "'007.50'",     \
	"'2024-01-01'", "'{}'", "'\\x00'", "'E''x'", "'a'||chr(10)||'  b'"

#define TEXT_VALUES HARD_TEXTS, "repeat('x', 255)", "repeat('\303\251', 1000)"

#define NUMERICS                                                              \
	"0", "1", "-1", "0.00", "1.0", "1.50", "1.5000", "-0.5", "100",        \
	"1000000", "1e20", "1e-30", "0.1", "10000", "9999", "99999999.0001",   \
	"0.0001", "0.00001", "10000.0000", "18446744073709551615",             \
	"12345678901234567890123456789012345678", "-0.000000", "1e-12",        \
	"99999999999999999999999999999999999999999999999999999999999999999"

#define DOUBLES                                                               \
	"'0'", "'-0'", "'NaN'", "'-NaN'", "'Infinity'", "'-Infinity'", "0.1",  \
	"0.1::float8+0.2", "1/3.0::float8", "'5e-324'", "'-5e-324'",           \
	"'2.2250738585072014e-308'", "'1.7976931348623157e308'", "1e15",       \
	"1e16", "1e-5", "1e22", "1e23", "'3.4028235677973362e38'",             \
	"'3.4028235677973366e38'", "'3.4028234663852886e38'", "1e39",          \
	"'7.0064923216240862e-46'", "'7.006492321624085e-46'", "1e-46",        \
	"1.4e-45", "16777217", "'9007199254740993'", "123456.789"

#define TIMESTAMPS                                                            \
	"'infinity'", "'-infinity'", "'0001-01-01'", "'1582-10-10 12:00'",     \
	"'9999-12-31 23:59:59.999999'", "'2024-02-29'",                        \
	"'0044-03-15 01:02:03.04 BC'", "'12345-06-07'",                        \
	"'4714-11-24 00:00:00+00 BC'", "'294276-12-31 23:59:59.999999'",       \
	"'294247-01-10 04:00:54.775808'", "'2024-01-01 00:00:00.1'",           \
	"'2024-01-01 00:00:00.12'", "'1969-12-31 23:59:59.999999'",            \
	"'1970-01-01'", "'1999-12-31 23:59:59.999999'", "'2000-01-01'",        \
	"'2024-03-31 02:30'", "'2024-10-27 02:30'",                            \
	"'2038-01-19 03:14:07.999999'", "'1578-02-20 09:06:30.9995'",          \
	"'0001-12-31 23:59:59.5 BC'", "'2016-12-31 23:59:60'"

enum random_kind {
	R_NONE,
	R_INT8,
	R_FLOAT8,
	R_FLOAT4,
	R_NUMERIC,
	R_TIMESTAMP,
	R_DATE,
	R_TIME,
	R_INTERVAL,
	R_UUID,
	R_BYTES,
	R_TEXT,
};

static const struct {
	const char *name, *type;
	enum ltype ltype;
	enum random_kind random;
	const char *values[72];
} specs[] = {
	{ "b", "boolean", LT_NUM, R_NONE, { "true", "false" } },
	{ "i2", "smallint", LT_NUM, R_NONE,
	    { "0", "1", "-1", "32767", "-32768" } },
	{ "i4", "integer", LT_NUM, R_NONE,
	    { "0", "1", "-1", "2147483647", "-2147483648" } },
	{ "i8", "bigint", LT_NUM, R_INT8,
	    { "0", "1", "-1", "9223372036854775807", "-9223372036854775808",
	        "9007199254740993", "9007199254740992" } },
	{ "o", "oid", LT_NUM, R_NONE, { "0", "1", "4294967295" } },
	{ "f8", "double precision", LT_F8, R_FLOAT8, { DOUBLES } },
	{ "f4", "real", LT_F4, R_FLOAT4,
	    { "'0'", "'-0'", "'NaN'", "'Infinity'", "'-Infinity'", "0.1",
	        "16777216", "33554432", "'3.4028235e38'", "'1.4e-45'", "1e-5",
	        "1e15" } },
	{ "n", "numeric", LT_NUM, R_NUMERIC,
	    { NUMERICS, "'NaN'", "'Infinity'", "'-Infinity'", "1e-300",
	        "1e400", "1e-400", "1.00e300" } },
	{ "n20", "numeric(20,5)", LT_NUM, R_NONE,
	    { "0", "1.5", "-0.00001", "999999999999999.99999", "'NaN'", "10" } },
	{ "n10", "numeric(10)", LT_NUM, R_NONE,
	    { "0", "10", "-9999999999", "5000", "'NaN'" } },
	{ "nneg", "numeric(4,-2)", LT_NUM, R_NONE, { "0", "1200", "-100" } },
	{ "nsml", "numeric(2,5)", LT_NUM, R_NONE, { "0", "0.00012" } },
	{ "m", "money", LT_NUM, R_NONE,
	    { "0", "12.3", "-0.01", "'92233720368547758.07'::numeric",
	        "'-92233720368547758.08'::numeric", "1200" } },
	{ "t", "text", LT_TEXT, R_TEXT, { TEXT_VALUES } },
	{ "tc", "text COLLATE \"C\"", LT_TEXT, R_TEXT, { TEXT_VALUES } },
	{ "tci", "text COLLATE trueup_values.ci", LT_TEXT, R_NONE,
	    { TEXT_VALUES } },
	{ "ten", "varchar(50) COLLATE \"und-x-icu\"", LT_TEXT, R_NONE,
	    { HARD_TEXTS } },
	{ "vc", "varchar", LT_TEXT, R_NONE, { TEXT_VALUES } },
	{ "nm", "name", LT_TEXT, R_NONE, { HARD_TEXTS } },
	{ "ci", "public.citext", LT_TEXT, R_NONE, { HARD_TEXTS } },
	{ "ch", "char(20)", LT_CHAR, R_NONE, { HARD_TEXTS } },
	{ "bp", "bpchar", LT_CHAR, R_NONE, { HARD_TEXTS } },
	{ "q", "\"char\"", LT_TEXT, R_NONE, { "'a'", "''", "'|'" } },
	{ "by", "bytea", LT_BYTES, R_BYTES,
	    { "''", "'\\x00'", "'\\x0000'", "'\\xff'", "'\\x5c27'",
	        "decode(repeat('00', 1000), 'hex')" } },
	{ "u", "uuid", LT_UUID, R_UUID,
	    { "'00000000-0000-0000-0000-000000000000'",
	        "'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF'" } },
	{ "d", "date", LT_DATE, R_DATE,
	    { "'infinity'", "'-infinity'", "'0001-01-01'", "'1582-10-10'",
	        "'9999-12-31'", "'2024-02-29'", "'0044-03-15 BC'",
	        "'12345-06-07'", "'5874897-12-31'", "'4714-11-24 BC'",
	        "'0001-12-31 BC'", "'1970-01-01'", "'294277-01-01'" } },
	{ "ti", "time", LT_TIME, R_TIME,
	    { "'00:00'", "'24:00:00'", "'23:59:59.999999'", "'10:10:10'",
	        "'00:00:00.000001'", "'12:30:00.5'" } },
	{ "ts", "timestamp", LT_TS, R_TIMESTAMP, { TIMESTAMPS } },
	{ "ts3", "timestamp(3)", LT_TS, R_NONE,
	    { "'2024-01-01 00:00:00.1239'", "'1578-02-20 09:06:30.9995'" } },
	{ "tz", "timestamptz", LT_TSTZ, R_TIMESTAMP,
	    { TIMESTAMPS, "'2024-01-01 09:00 Asia/Tokyo'" } },
	{ "ttz", "timetz", LT_OTHER, R_NONE, { "'10:00+00'", "'12:00+02'" } },
	{ "iv", "interval", LT_INTERVAL, R_INTERVAL,
	    { "'0'", "'1 day'", "'24 hours'", "'1 month'", "'30 days'",
	        "'1 year 14 mons 3 days 04:05:06.7'", "'-1 mon +2 days'",
	        "'-00:00:00.000001'", "'178000000 years'" } },
	{ "bt", "bit(10)", LT_BITS, R_NONE,
	    { "B'0000000001'", "B'1111111111'", "B'0101010101'" } },
	{ "vb", "varbit", LT_BITS, R_NONE,
	    { "B''", "B'0'", "B'00'", "B'01'", "B'1'", "B'0011'",
	        "B'010'", "repeat('01', 40)::varbit" } },
	{ "js", "json", LT_JSON, R_NONE,
	    { "'{\"b\": 1,  \"a\": [1.0,1e2]}'", "'1'", "' 1'", "'null'",
	        "'\"\\u0041\\n\"'", "'{\"a\":1,\"a\":2}'", "'\"\\u0000\"'" } },
	{ "jb", "jsonb", LT_JSON, R_NONE,
	    { "'{\"bb\": 1, \"a\": [1.0, 1e2]}'", "'1'", "'1.0'", "'null'",
	        "'\"\\u0041\\n''\\\\\"'", "'{}'" } },
	{ "e", "trueup_values.mood", LT_TEXT, R_NONE,
	    { "'sad'", "'bl|ue'", "'ok'", "''" } },
	{ "pi", "trueup_values.posint", LT_NUM, R_NONE, { "1", "7" } },
	{ "pr", "trueup_values.price2", LT_NUM, R_NONE,
	    { "1.5", "999999999.999", "0" } },
	{ "ai", "integer[]", LT_OTHER, R_NONE,
	    { "'{}'", "'{1,NULL,3}'", "'[2:3]={1,2}'", "'{{1,2},{3,4}}'" } },
	{ "at", "text[]", LT_OTHER, R_NONE,
	    { "'{\"a\\\"b\",\"c\\\\d\",NULL,\"NULL\",\"\"}'",
	        "ARRAY['x'||chr(10), '\360\237\230\200']" } },
	{ "av", "varchar(3)[]", LT_OTHER, R_NONE, { "'{abc,d}'" } },
	{ "af", "double precision[]", LT_OTHER, R_NONE,
	    { "'{0.1,-0,NaN,1e300}'", "ARRAY[0.1::float8+0.2]" } },
	{ "r", "int4range", LT_OTHER, R_NONE,
	    { "'[1,5]'", "'empty'", "'(,)'", "'[1,)'" } },
	{ "rn", "numrange", LT_OTHER, R_NONE, { "'[1.0,1.50]'" } },
	{ "mr", "int4multirange", LT_OTHER, R_NONE, { "'{[1,3),[5,7)}'" } },
	{ "ip", "inet", LT_OTHER, R_NONE,
	    { "'10.0.0.1'", "'10.0.0.1/8'", "'::1'" } },
	{ "ma", "macaddr", LT_OTHER, R_NONE, { "'08:00:2b:01:02:03'" } },
	{ "x", "xml", LT_OTHER, R_NONE,
	    { "'<a b=\"1\">x</a>'", "'<a>&#10;</a>'", "'plain'" } },
	{ "p", "point", LT_OTHER, R_NONE, { "'(1,2.5)'", "'(0.1,-0)'" } },
	{ "c", "trueup_values.pair", LT_OTHER, R_NONE,
	    { "'(1,\"a,\"\"b\")'", "'(,)'" } },
	{ "tv", "tsvector", LT_OTHER, R_NONE, { "'a:1 b:2A'" } },
};
/* clang-format on */

/* --- the world ------------------------------------------------------------ */

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
	ok(false, "%s: %s (%s)", what, err.msg, err.sqlstate);
	printf("# %.2000s\n", buf_str(&sql));
	exit(tap_done());
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

		if (strcmp(t->schema, "trueup_values") != 0 ||
		    strcmp(t->name, name) != 0)
			continue;
		must(rd->drv->describe(rd, arena, t, &err), "describe");
		return t;
	}
	ok(false, "table %s is listed", name);
	exit(tap_done());
}

/* --- values --------------------------------------------------------------- */

static void
random_numeric(struct buf *out)
{
	size_t digits = 1 + tap_below(60), point = tap_below(61);

	buf_adds(out, tap_below(2) ? "-" : "");
	for (size_t i = 0; i < digits; i++) {
		/* Runs of zeros are where groups of four digits go wrong. */
		buf_addc(out, tap_below(3) ? (char)('0' + tap_below(10)) : '0');
		if (i == point && i + 1 < digits)
			buf_addc(out, '.');
	}
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
		buf_addf(out, "'%" PRId64 "'", (int64_t)bits);
		break;
	case R_FLOAT8:
		memcpy(&f, &bits, sizeof(f));
		buf_addf(out, "'%.17g'", isnan(f) ? 0.5 : f);
		break;
	case R_FLOAT4:
		memcpy(&f4, &bits, sizeof(f4));
		buf_addf(out, "'%.9g'", isnan(f4) ? 0.5 : (double)f4);
		break;
	case R_NUMERIC:
		random_numeric(out);
		break;
	case R_TIMESTAMP:
		buf_addf(out,
		    "'4714-11-24 00:00:00+00 BC'::timestamptz at time zone "
		    "'UTC' + '%llu days %llu us'::interval",
		    (unsigned long long)tap_below(109203500),
		    (unsigned long long)tap_below(UINT64_C(86400000000)));
		break;
	case R_DATE:
		buf_addf(out, "'4714-11-24 BC'::date + %llu",
		    (unsigned long long)tap_below(2147483000));
		break;
	case R_TIME:
		buf_addf(out, "'%llu us'::interval::time",
		    (unsigned long long)tap_below(UINT64_C(86400000000)));
		break;
	case R_INTERVAL:
		buf_addf(out, "'%d mons %d days %d us'::interval",
		    (int)tap_below(9999) - 5000, (int)tap_below(99) - 50,
		    (int)tap_below(2000000000) - 1000000000);
		break;
	case R_UUID:
		buf_addf(out, "md5('%llu')::uuid", (unsigned long long)bits);
		break;
	case R_BYTES:
		buf_addf(out, "'\\x%016llx'", (unsigned long long)bits);
		break;
	case R_TEXT:
		for (size_t n = 1 + tap_below(12); n > 0; n--)
			buf_addf(out, "chr(%d)%s",
			    1 + (int)tap_below(n % 2 ? 127 : 0xd7fe),
			    n > 1 ? "||" : "");
		break;
	}
}

/* The value of a column in a row of the table; NULL after the last. */
static void
spec_value(struct buf *out, size_t c, size_t row)
{
	size_t n = 0;

	while (n < ARRAY_LEN(specs[c].values) && specs[c].values[n] != NULL)
		n++;
	if (row < n)
		buf_adds(out, specs[c].values[row]);
	else if (specs[c].random != R_NONE && row < n + RANDOM_VALUES)
		random_value(out, specs[c].random);
	else
		buf_adds(out, "NULL");
	/* So that what the column cannot take in is cut or rounded: the test
	 * is about what is in the table. */
	if (strncmp(specs[c].type, "char", 4) == 0 || specs[c].type[0] == '"')
		buf_addf(out, "::text");
}

void
make_table(const char *name)
{
	buf_addf(
	    fresh(), "CREATE TABLE trueup_values.%s (id int PRIMARY KEY", name);
	for (size_t c = 0; c < ARRAY_LEN(specs); c++)
		buf_addf(&sql, ", \"%s\" %s", specs[c].name, specs[c].type);
	buf_addc(&sql, ')');
	must(db_exec(wr, buf_str(&sql), NULL, &err), "create table");
}

static void
fill_table(void)
{
	for (size_t row = 0; row < MAX_VALUES; row++) {
		buf_addf(
		    fresh(), "INSERT INTO trueup_values.v VALUES (%zu", row);
		for (size_t c = 0; c < ARRAY_LEN(specs); c++) {
			buf_addc(&sql, ',');
			spec_value(&sql, c, row);
		}
		buf_addc(&sql, ')');
		must(db_exec(wr, buf_str(&sql), NULL, &err), "insert");
	}
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
	buf_addf(out, " FROM trueup_values.%s AS v ORDER BY v.id", table);
}

void
corpus_set_up(const char *url)
{
	must(db_open(url, DB_WRITE, "target", &wr, &err), "open to write");
	must(db_open(url, DB_READ, "source", &rd, &err), "open to read");
	d = rd->dialect;
	ok(rd->fold && wr->fold, "the self-test at connect passed");
	for (size_t i = 0; i < ARRAY_LEN(ddl); i++)
		must(db_exec(wr, ddl[i], NULL, &err), ddl[i]);
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
