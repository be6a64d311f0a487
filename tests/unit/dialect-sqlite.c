#include <config.h>

#include "db/dialect-sqlite.h"

#include <math.h>
#include <stdio.h>

#include "lib/tap.h"

#define D (&dialect_sqlite)

/* A column of a declared type, as the catalog would make it. */
static struct column
column(const char *name, const char *type)
{
	struct column c = { .name = name,
		.type = type,
		.collation = "BINARY",
		.bytewise = true };

	sqlite_declared_type(&c);
	return c;
}

static struct cell
text(const char *s)
{
	return cell_text(s, strlen(s));
}

/* --- names and types ----------------------------------------------------- */

static void
test_ident(void)
{
	static const char *const cases[][2] = {
		{ "a", "\"a\"" },
		{ "A b", "\"A b\"" },
		{ "say \"x\"", "\"say \"\"x\"\"\"" },
		{ "select", "\"select\"" },
		{ "é", "\"é\"" },
		{ "", "\"\"" },
	};
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		buf_reset(&b);
		D->ident(&b, cases[i][0]);
		is_str(buf_str(&b), cases[i][1], "ident %s", cases[i][0]);
	}
	buf_free(&b);
}

static void
test_types(void)
{
	static const struct {
		const char *type;
		enum ltype ltype;
		enum affinity affinity;
		int precision, scale;
		bool boolean;
	} cases[] = {
		{ "INTEGER", LT_NUM, AFF_INTEGER, -1, -1, false },
		{ "bigint(20)", LT_NUM, AFF_INTEGER, -1, -1, false },
		{ "FLOATING POINT", LT_NUM, AFF_INTEGER, -1, -1, false },
		{ "DECIMAL(10,2)", LT_NUM, AFF_NUMERIC, 10, 2, false },
		{ "decimal( 7 , 3 )", LT_NUM, AFF_NUMERIC, 7, 3, false },
		{ "NUMERIC(5)", LT_NUM, AFF_NUMERIC, 5, 0, false },
		{ "NUMERIC(x)", LT_NUM, AFF_NUMERIC, -1, -1, false },
		{ "NUMERIC", LT_NUM, AFF_NUMERIC, -1, -1, false },
		{ "real", LT_F8, AFF_REAL, -1, -1, false },
		{ "DOUBLE PRECISION", LT_F8, AFF_REAL, -1, -1, false },
		{ "VARCHAR(10)", LT_TEXT, AFF_TEXT, -1, -1, false },
		{ "CLOB", LT_TEXT, AFF_TEXT, -1, -1, false },
		{ "BLOB", LT_BYTES, AFF_BLOB, -1, -1, false },
		{ "", LT_ANY, AFF_BLOB, -1, -1, false },
		{ "ANY", LT_ANY, AFF_NUMERIC, -1, -1, false },
		{ "boolean", LT_NUM, AFF_NUMERIC, -1, -1, true },
		{ "DATE", LT_DATE, AFF_NUMERIC, -1, -1, false },
		{ "datetime", LT_TS, AFF_NUMERIC, -1, -1, false },
		{ "TIMESTAMP", LT_TS, AFF_NUMERIC, -1, -1, false },
		{ "TIME", LT_TIME, AFF_NUMERIC, -1, -1, false },
		{ "DATETEXT", LT_DATE, AFF_TEXT, -1, -1, false },
		{ "UUID", LT_UUID, AFF_NUMERIC, -1, -1, false },
		{ "GUID", LT_UUID, AFF_NUMERIC, -1, -1, false },
		{ "JSON", LT_JSON, AFF_NUMERIC, -1, -1, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct column c = column("c", cases[i].type);

		is_str(ltype_name(c.ltype), ltype_name(cases[i].ltype),
		    "'%s': logical type", c.type);
		is_int(c.affinity, cases[i].affinity, "'%s': affinity", c.type);
		ok(c.precision == cases[i].precision &&
			c.scale == cases[i].scale && c.maxlen == -1,
		    "'%s': digits %d, %d", c.type, c.precision, c.scale);
		ok(c.boolean == cases[i].boolean, "'%s': boolean", c.type);
	}
}

static void
test_order(void)
{
	static const struct {
		const char *type;
		enum ltype ltype;
		bool native;
	} cases[] = {
		{ "INTEGER", LT_NUM, true },
		{ "REAL", LT_NUM, true },
		{ "REAL", LT_F8, false },
		{ "TEXT", LT_NUM, false },
		{ "TEXT", LT_TEXT, true },
		{ "TEXT", LT_CHAR, false },
		{ "INTEGER", LT_TEXT, false },
		{ "TEXT", LT_UUID, true },
		{ "UUID", LT_UUID, false },
		{ "BLOB", LT_BYTES, true },
		{ "TEXT", LT_BYTES, false },
		{ "TEXT", LT_TS, false },
		{ "INTEGER", LT_ANY, true },
		{ "", LT_ANY, true },
	};
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct column c = column("c", cases[i].type);
		struct vtype t = { .type = cases[i].ltype };

		ok(D->order_native(&c, &t) == cases[i].native,
		    "'%s' as %s: native %d", c.type, ltype_name(t.type),
		    cases[i].native);
		buf_reset(&b);
		D->order_expr(&b, &c, &t);
		ok(strncmp(buf_str(&b), "trueup_key(", 11) == 0,
		    "'%s' as %s: %s", c.type, ltype_name(t.type), b.data);
		c.bytewise = false;
		ok(!D->order_native(&c, &t), "never without BINARY and UTF-8");
		c.rowid_alias = true;
		ok(D->order_native(&c, &t) ==
			(t.type == LT_NUM || t.type == LT_ANY),
		    "a rowid under %s", ltype_name(t.type));
	}
	buf_free(&b);
}

static void
test_spec(void)
{
	const struct vtype types[] = { { .type = LT_NUM },
		{ .type = LT_TEXT, .loose = LT_TS }, { .type = LT_ANY } };
	struct vtype back[3];
	struct buf b = BUF_INIT;

	sqlite_spec(&b, types, 3);
	ok(sqlite_spec_parse(b.data, b.len, back, 3) &&
		memcmp(back, types, sizeof(types)) == 0,
	    "types there and back: %s", buf_str(&b));
	ok(!sqlite_spec_parse(b.data, b.len, back, 2), "too many");
	ok(!sqlite_spec_parse("@A", 2, back, 1), "below the first");
	ok(!sqlite_spec_parse("Az", 2, back, 1), "beyond the last");
	buf_free(&b);
}

/* --- literals ------------------------------------------------------------ */

static void
test_literals(void)
{
	static const struct {
		struct cell cell;
		const char *sql;
	} cases[] = {
		{ { .kind = CELL_NULL }, "NULL" },
		{ { .kind = CELL_INT, .u.i = -7 }, "-7" },
		{ { .kind = CELL_INT, .u.i = INT64_MIN },
		    "-9223372036854775808" },
		{ { .kind = CELL_F64, .u.f = 0 }, "0.0" },
		{ { .kind = CELL_F64, .u.f = -0.0 }, "-0.0" },
		{ { .kind = CELL_F64, .u.f = 100 }, "100.0" },
		{ { .kind = CELL_F64, .u.f = 0.1 }, "0.1" },
		{ { .kind = CELL_F64, .u.f = -12.25 }, "-12.25" },
		{ { .kind = CELL_F64, .u.f = 1e22 }, "1e+22" },
		{ { .kind = CELL_F64, .u.f = 1e-5 }, "1e-05" },
		{ { .kind = CELL_F64, .u.f = 0.1 + 0.2 },
		    "(1351079888211149*1.0/(1<<52))" },
		{ { .kind = CELL_F64, .u.f = 0x3p-70 },
		    "(3*1.0/(1<<62)/(1<<8))" },
		{ { .kind = CELL_F64, .u.f = -0x1p100 },
		    "(-1*1.0*(1<<62)*(1<<38))" },
		/* 15 digits, within 1/200 of the middle of two doubles */
		{ { .kind = CELL_F64, .u.f = 0x1.f43370762b35ap+120 },
		    "(4399813952100781*1.0*(1<<62)*(1<<7))" },
		{ { .kind = CELL_F64, .u.f = 0x1.98016304eda2cp-25 },
		    "(1794426801469067*1.0/(1<<62)/(1<<13))" },
		{ { .kind = CELL_F64, .u.f = INFINITY }, "9e999" },
		{ { .kind = CELL_F64, .u.f = -INFINITY }, "-9e999" },
		{ { CELL_TEXT, 4, { .p = "it's" } }, "'it''s'" },
		{ { CELL_TEXT, 0, { .p = "" } }, "''" },
		{ { CELL_TEXT, 3, { .p = "a\\n" } }, "'a\\n'" },
		{ { CELL_TEXT, 2, { .p = "é" } }, "'é'" },
		{ { CELL_TEXT, 3, { .p = "a\0b" } },
		    "cast(x'610062' as text)" },
		{ { CELL_TEXT, 2, { .p = "\r\n" } }, "cast(x'0d0a' as text)" },
		{ { CELL_TEXT, 1, { .p = "\x7f" } }, "cast(x'7f' as text)" },
		{ { CELL_TEXT, 1, { .p = "\xff" } }, "cast(x'ff' as text)" },
		{ { CELL_TEXT, 2, { .p = "\xc3z" } }, "cast(x'c37a' as text)" },
		{ { CELL_TEXT, 1, { .p = "\xc3" } }, "cast(x'c3' as text)" },
		{ { CELL_TEXT, 2, { .p = "\xc0\x80" } },
		    "cast(x'c080' as text)" },
		{ { CELL_TEXT, 3, { .p = "\xed\xa0\x80" } },
		    "cast(x'eda080' as text)" },
		{ { CELL_TEXT, 4, { .p = "\xf4\x90\x80\x80" } },
		    "cast(x'f4908080' as text)" },
		{ { CELL_BYTES, 2, { .p = "\0'" } }, "x'0027'" },
		{ { CELL_BYTES, 0, { .p = "" } }, "x''" },
	};
	struct column c = column("c", "TEXT");
	struct cell smile = text("\xf0\x9f\x98\x80\n");
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		buf_reset(&b);
		D->literal(&b, &c, &cases[i].cell);
		is_str(buf_str(&b), cases[i].sql, "literal %s", cases[i].sql);
	}
	buf_reset(&b);
	c.wire = SQLITE_WIRE_UTF16LE;
	D->literal(&b, &c, &smile);
	c.wire = SQLITE_WIRE_UTF16BE;
	D->literal(&b, &c, &smile);
	is_str(buf_str(&b),
	    "cast(x'3dd800de0a00' as text)cast(x'd83dde00000a' as text)",
	    "text of UTF-16 databases");
	buf_free(&b);
}

/* --- conditions ---------------------------------------------------------- */

static void
test_ranges(void)
{
	struct column a = column("a", "INT"), b = column("b", "TEXT");
	const struct column *cols[] = { &a, &b };
	const struct cell lo[] = { cell_int(1), text("x") };
	const struct cell hi[] = { cell_int(9), text("y") };
	struct sql_range r = { .ncols = 2, .columns = cols };
	struct buf out = BUF_INIT;

	D->range_cond(&out, &r);
	is_str(buf_str(&out), "1", "everything");
	r.lo = lo;
	buf_reset(&out);
	D->range_cond(&out, &r);
	is_str(buf_str(&out), "(\"a\", \"b\") >= (1, 'x')", "open at the end");
	r.hi = hi;
	r.ncols = 1;
	buf_reset(&out);
	D->range_cond(&out, &r);
	is_str(buf_str(&out), "\"a\" >= 1 AND \"a\" < 9", "one column");
	buf_free(&out);
}

static void
test_lists(void)
{
	struct column a = column("a", "INT"), b = column("b", "TEXT");
	const struct column *cols[] = { &a, &b }, *text_col[] = { &b };
	const struct cell cells[] = { cell_int(1), text("x"), cell_null(),
		text("y") };
	struct buf out = BUF_INIT;

	D->keys_cond(&out, cols, 2, cells, 2);
	is_str(buf_str(&out),
	    "(((\"a\" = 1 AND \"b\" = 'x') OR (\"a\" IS NULL AND \"b\" = "
	    "'y')))",
	    "two keys of two columns");
	buf_reset(&out);
	D->keys_cond(&out, cols, 1, cells, 1);
	is_str(buf_str(&out), "((\"a\" IN (1)))", "one key");
	buf_reset(&out);
	D->keys_cond(&out, text_col, 1, cells + 1, 2);
	is_str(buf_str(&out), "((\"b\" IN ('x')) OR \"b\" IS NULL)",
	    "one of them NULL");
	b.collation = "NOCASE";
	buf_reset(&out);
	D->keys_cond(&out, text_col, 1, cells + 1, 1);
	is_str(buf_str(&out),
	    "((\"b\" IN ('x') AND \"b\" COLLATE BINARY IN ('x')))",
	    "where case does not count");
	buf_reset(&out);
	D->keys_cond(&out, cols, 2, cells, 0);
	is_str(buf_str(&out), "0", "no key");
	buf_free(&out);
}

static void
test_guard(void)
{
	static const char *const cases[][3] = {
		{ "TEXT", "NULL", "\"c\" IS NULL" },
		{ "INT", "7", "\"c\" IS 7" },
		{ "NUMERIC", "-1.5", "\"c\" IS -1.5" },
		{ "REAL", "9e999", "\"c\" IS 9e999" },
		{ "REAL", "(3*1.0/(1<<62))", "\"c\" IS (3*1.0/(1<<62))" },
		{ "TEXT", "'.'", "\"c\" IS '.'" },
		{ "TEXT", "cast(x'00' as text)",
		    "\"c\" IS cast(x'00' as text)" },
		{ "BLOB", "x'2e'", "\"c\" IS x'2e'" },
		/* where affinity leaves a choice */
		{ "BLOB", "1.0",
		    "(\"c\" COLLATE BINARY IS 1.0 AND "
		    "typeof(\"c\") = 'real')" },
		{ "TEXT", "7",
		    "(\"c\" COLLATE BINARY IS 7 AND "
		    "typeof(\"c\") = 'integer')" },
		{ "INT", "'x'",
		    "(\"c\" COLLATE BINARY IS 'x' AND "
		    "typeof(\"c\") = 'text')" },
		{ "TEXT", "x'2e'",
		    "(\"c\" COLLATE BINARY IS x'2e' AND "
		    "typeof(\"c\") = 'blob')" },
		{ "TEXT", "?3",
		    "(\"c\" COLLATE BINARY IS ?3 AND "
		    "typeof(\"c\") = typeof(?3))" },
	};
	struct column folded = column("c", "TEXT");
	struct buf out = BUF_INIT;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct column c = column("c", cases[i][0]);

		buf_reset(&out);
		D->guard(&out, &c, cases[i][1]);
		is_str(buf_str(&out), cases[i][2], "guard of %s by %s",
		    cases[i][0], cases[i][1]);
	}
	folded.collation = "NOCASE";
	buf_reset(&out);
	D->guard(&out, &folded, "'a'");
	is_str(buf_str(&out),
	    "(\"c\" COLLATE BINARY IS 'a' AND typeof(\"c\") = 'text')",
	    "guard in spite of a collation");
	ok(!D->equal_exact(&folded, "'a'"), "whose = is not exact");
	buf_free(&out);
}

static void
test_sample(void)
{
	struct column cols[2] = { column("a", "INT"), column("b", "TEXT") };
	const struct column *list[] = { &cols[0], &cols[1] };
	const int at[] = { 0 };
	struct index_key key = { .ncols = 1, .cols = at };
	struct table t = { .kind = REL_TABLE,
		.from = "\"t\"",
		.columns = cols,
		.ncolumns = 2,
		.keys = &key,
		.nkeys = 1 };
	struct buf out = BUF_INIT;

	cols[0].notnull = true;
	D->sample(&out, &t, list, 1, 50.5);
	ok(strstr(buf_str(&out), "OFFSET 49)") != NULL, "walks an index");
	buf_reset(&out);
	D->sample(&out, &t, list, 2, 0.1);
	is_str(buf_str(&out),
	    "SELECT \"a\", \"b\" FROM \"t\" WHERE random() % 1 = 0 "
	    "ORDER BY \"a\", \"b\"",
	    "two columns: dice");
	t.where = "x OR y";
	buf_reset(&out);
	D->sample(&out, &t, list, 1, 8);
	is_str(buf_str(&out),
	    "SELECT \"a\" FROM \"t\" WHERE (x OR y) AND random() % 8 = 0 "
	    "ORDER BY \"a\"",
	    "a condition: dice");
	t.where = NULL;
	t.nkeys = 0;
	buf_reset(&out);
	D->sample(&out, &t, list, 1, 8);
	ok(strstr(buf_str(&out), "random()") != NULL, "no index: dice");
	buf_free(&out);
}

static void
test_row_address(void)
{
	struct column cols[3] = { column("ROWID", "TEXT"),
		column("_rowid_", "TEXT"), column("oid", "TEXT") };
	struct table t = { .kind = REL_TABLE, .columns = cols };

	is_str(D->row_address(&t), "rowid", "rowid");
	t.ncolumns = 1;
	is_str(D->row_address(&t), "_rowid_", "a column hides it");
	t.ncolumns = 2;
	is_str(D->row_address(&t), "oid", "or two");
	t.ncolumns = 3;
	ok(D->row_address(&t) == NULL, "or all");
	t.ncolumns = 0;
	t.without_rowid = true;
	ok(D->row_address(&t) == NULL, "WITHOUT ROWID");
	t.without_rowid = false;
	t.kind = REL_VIEW;
	ok(D->row_address(&t) == NULL, "a view");
}

/* --- conversion ---------------------------------------------------------- */

static const struct {
	const char *to;
	enum ltype type, loose;
	struct cell in;
	struct cell out;
	const char *why; /* NULL: converts */
} conversions[] = {
#define T(s)                              \
	{                                 \
		CELL_TEXT, sizeof(s) - 1, \
		{                         \
			.p = (s)          \
		}                         \
	}
#define B(s)                               \
	{                                  \
		CELL_BYTES, sizeof(s) - 1, \
		{                          \
			.p = (s)           \
		}                          \
	}
#define I(v)                                 \
	{                                    \
		.kind = CELL_INT, .u.i = (v) \
	}
#define F(v)                                 \
	{                                    \
		.kind = CELL_F64, .u.f = (v) \
	}
#define N                         \
	{                         \
		.kind = CELL_NULL \
	}
	{ "INTEGER", LT_NUM, 0, N, N, NULL },
	{ "INTEGER", LT_NUM, 0, I(5), I(5), NULL },
	{ "INTEGER", LT_NUM, 0, T("5"), I(5), NULL },
	{ "INTEGER", LT_NUM, 0, T("12.50"), F(12.5), NULL },
	{ "INTEGER", LT_NUM, 0, F(3), I(3), NULL },
	{ "INTEGER", LT_NUM, 0, F(1e300), F(1e300), NULL },
	{ "INTEGER", LT_NUM, 0, T("9223372036854775807"), I(INT64_MAX), NULL },
	{ "INTEGER", LT_NUM, 0, T("18446744073709551615"), N, "15 to 17" },
	{ "INTEGER", LT_NUM, 0, T("18446744073709551616"), N, "15 to 17" },
	{ "INTEGER", LT_NUM, 0, T("18446744073709552000"),
	    F(18446744073709551616.0), NULL },
	{ "NUMERIC", LT_NUM, 0, T("0.1234567890123456789"), N, "15 to 17" },
	{ "NUMERIC", LT_NUM, 0, T("1234567890.12345"), F(1234567890.12345),
	    NULL },
	{ "NUMERIC", LT_NUM, 0, T("NaN"), N, "NaN" },
	{ "NUMERIC", LT_NUM, 0, T("-Infinity"), F(-INFINITY), NULL },
	{ "NUMERIC", LT_NUM, 0, T("abc"), T("abc"), NULL },
	{ "REAL", LT_NUM, 0, I(5), F(5), NULL },
	{ "REAL", LT_NUM, 0, I(9007199254740993), N, "15 to 17" },
	{ "REAL", LT_F8, 0, F(0.1), F(0.1), NULL },
	{ "REAL", LT_F8, 0, F(NAN), N, "NaN" },
	{ "REAL", LT_F8, 0, T("0.1"), F(0.1), NULL },
	{ "TEXT", LT_NUM, 0, I(5), T("5"), NULL },
	{ "TEXT", LT_NUM, 0, T("12.50"), T("12.50"), NULL },
	{ "TEXT", LT_NUM, 0, F(0.1), T("0.1"), NULL },
	{ "TEXT", LT_NUM, 0, T("18446744073709551615"),
	    T("18446744073709551615"), NULL },
	{ "TEXT", LT_TEXT, LT_NUM, I(5), T("5"), NULL },
	{ "TEXT", LT_TEXT, LT_F8, F(0.1), T("0.1"), NULL },
	{ "", LT_NUM, 0, T("18446744073709551615"), T("18446744073709551615"),
	    NULL },
	{ "BOOLEAN", LT_NUM, 0, I(1), I(1), NULL },
	{ "TEXT", LT_TEXT, 0, T("01"), T("01"), NULL },
	{ "INTEGER", LT_TEXT, 0, T("01"), N, "affinity" },
	{ "INTEGER", LT_TEXT, 0, T("x"), T("x"), NULL },
	{ "TEXT", LT_TEXT, 0, B("x"), B("x"), NULL },
	{ "BLOB", LT_BYTES, 0, B("\0x"), B("\0x"), NULL },
	{ "DATE", LT_DATE, 0, T("2024-02-29"), T("2024-02-29"), NULL },
	{ "INTEGER", LT_DATE, 0, T("1970-01-02"), I(86400), NULL },
	{ "TEXT", LT_DATE, 0, I(86400), T("1970-01-02"), NULL },
	{ "TEXT", LT_DATE, 0, T("0044-03-15 BC"), T("0044-03-15 BC"), NULL },
	{ "INTEGER", LT_TS, 0, T("2024-01-01 00:00:01"), I(1704067201), NULL },
	{ "INTEGER", LT_TS, 0, T("2024-01-01 00:00:01.5"), N, "seconds" },
	{ "INTEGER", LT_TS, 0, T("9999-01-01 00:00:00"), N, "seconds" },
	{ "INTEGER", LT_TSTZ, 0, T("2024-01-01 00:00:01"), I(1704067201),
	    NULL },
	{ "REAL", LT_TS, 0, T("2024-01-01 06:00:00"), F(2460310.75), NULL },
	{ "REAL", LT_TS, 0, I(1704088800), F(2460310.75), NULL },
	{ "REAL", LT_TS, 0, T("2024-01-01 06:00:00.0001"), N, "millisecond" },
	{ "DATETIME", LT_TS, 0, I(1704067201), I(1704067201), NULL },
	{ "DATETIME", LT_TS, 0, F(2460310.75), F(2460310.75), NULL },
	{ "UUID", LT_UUID, 0, T("c0ffee00-1234-4abc-8def-0123456789ab"),
	    T("c0ffee00-1234-4abc-8def-0123456789ab"), NULL },
	{ "UUID", LT_UUID, 0, T("12345678901234567890123456789012"), N,
	    "affinity" },
	{ "BLOB", LT_UUID, 0, T("c0ffee00-1234-4abc-8def-0123456789ab"),
	    B("\xc0\xff\xee\x00\x12\x34\x4a\xbc\x8d\xef\x01\x23\x45\x67\x89"
	      "\xab"),
	    NULL },
	{ "TEXT", LT_UUID, 0,
	    B("\xc0\xff\xee\x00\x12\x34\x4a\xbc\x8d\xef\x01\x23\x45\x67\x89"
	      "\xab"),
	    T("c0ffee00-1234-4abc-8def-0123456789ab"), NULL },
	{ "JSON", LT_JSON, 0, T("{\"a\": 1}"), T("{\"a\": 1}"), NULL },
	{ "", LT_ANY, 0, F(1), F(1), NULL },
	{ "", LT_ANY, 0, T("1"), T("1"), NULL },
	{ "INTEGER", LT_ANY, 0, T("1"), N, "affinity" },
	{ "INTEGER", LT_ANY, 0, F(1), N, "affinity" },
	{ "TEXT", LT_ANY, 0, I(1), N, "affinity" },
	{ "REAL", LT_ANY, 0, I(1), N, "affinity" },
};

static void
test_convert(void)
{
	struct buf scratch = BUF_INIT;

	for (size_t i = 0; i < ARRAY_LEN(conversions); i++) {
		struct column to = column("c", conversions[i].to);
		struct vtype t = { .type = conversions[i].type,
			.loose = conversions[i].loose };
		const char *why = NULL;
		struct cell out;
		bool done;

		buf_reset(&scratch);
		done = D->convert(
		    &to, &t, &conversions[i].in, &scratch, &out, &why);
		if (conversions[i].why == NULL)
			ok(done && cell_same(&out, &conversions[i].out),
			    "conversion %zu: %s into '%s'", i,
			    ltype_name(t.type), to.type);
		else
			ok(!done && why != NULL &&
				strstr(why, conversions[i].why) != NULL,
			    "conversion %zu: %s into '%s': %s", i,
			    ltype_name(t.type), to.type,
			    why != NULL ? why : "no reason");
	}
	buf_free(&scratch);
}

/* One refusal: its reason, or NULL if the value went in. */
static const char *
refusal(
    const struct column *to, enum ltype type, struct cell in, struct cell *out)
{
	const struct vtype t = { .type = type };
	struct buf scratch = BUF_INIT;
	const char *why = "";
	bool done = D->convert(to, &t, &in, &scratch, out, &why);

	buf_free(&scratch);
	return done ? NULL : why;
}

static void
test_convert_strict(void)
{
	struct column to = { .name = "c", .type = "BLOB", .strict = true };
	struct cell out;
	const char *why;

	sqlite_declared_type(&to);
	ok(refusal(&to, LT_BYTES, text("x"), &out) == NULL &&
		out.kind == CELL_BYTES,
	    "text becomes bytes in a STRICT blob");
	why = refusal(&to, LT_NUM, cell_int(5), &out);
	ok(why != NULL && strstr(why, "STRICT") != NULL, "a number does not");
	to.type = "INT";
	sqlite_declared_type(&to);
	why = refusal(&to, LT_NUM, text("x"), &out);
	ok(why != NULL && strstr(why, "STRICT") != NULL,
	    "no text in a STRICT number");
	to.type = "ANY";
	sqlite_declared_type(&to);
	ok(to.affinity == AFF_BLOB &&
		refusal(&to, LT_NUM, text("x"), &out) == NULL,
	    "STRICT ANY takes all");
	to = column("c", "TEXT");
	to.wire = SQLITE_WIRE_UTF16LE;
	why = refusal(&to, LT_TEXT, text("\xff"), &out);
	ok(why != NULL && strstr(why, "UTF-16") != NULL,
	    "UTF-16 holds only text");
}

int
main(void)
{
	test_ident();
	test_types();
	test_order();
	test_spec();
	test_literals();
	test_ranges();
	test_lists();
	test_guard();
	test_sample();
	test_row_address();
	test_convert();
	test_convert_strict();
	return tap_done();
}
