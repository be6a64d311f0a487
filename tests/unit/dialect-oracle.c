#include <config.h>

#include "db/dialect-oracle.h"

#include <math.h>
#include <stdio.h>

#include "lib/tap.h"

#define D (&dialect_oracle)

/* clang-format off */
#define C_INT(v) { .kind = CELL_INT, .u.i = (v) }
#define C_F64(v) { .kind = CELL_F64, .u.f = (v) }
#define C_TEXT(s) { .kind = CELL_TEXT, .len = sizeof(s) - 1, .u.p = (s) }
#define C_BYTES(s) { .kind = CELL_BYTES, .len = sizeof(s) - 1, .u.p = (s) }
/* clang-format on */

static struct buf out;

static struct buf *
fresh(void)
{
	buf_reset(&out);
	return &out;
}

/* A column as odbc_describe() and oracle_classify() make it. */
static struct column
column(const char *name, const char *type)
{
	struct column c = { .name = name,
		.type = type,
		.precision = -1,
		.scale = -1,
		.frac = -1,
		.maxlen = 20 };

	if (strcmp(type, "NUMBER(10)") == 0) {
		c.precision = 10;
		c.scale = 0;
	} else if (strcmp(type, "NUMBER(12,4)") == 0) {
		c.precision = 12;
		c.scale = 4;
	}
	oracle_classify(&c, true);
	return c;
}

static void
test_classify(void)
{
	static const struct {
		const char *type;
		enum ora_wire wire;
		enum ltype ltype;
		int frac;
		bool integer, bytewise;
	} cases[] = {
		{ "NUMBER", ORA_NUMBER, LT_NUM, -1, false, false },
		{ "NUMBER(10)", ORA_NUMBER, LT_NUM, -1, true, false },
		{ "NUMBER(12,4)", ORA_NUMBER, LT_NUM, -1, false, false },
		{ "FLOAT", ORA_NUMBER, LT_NUM, -1, false, false },
		{ "BINARY_FLOAT", ORA_FLOAT, LT_F4, -1, false, false },
		{ "BINARY_DOUBLE", ORA_DOUBLE, LT_F8, -1, false, false },
		{ "CHAR(5)", ORA_CHAR, LT_CHAR, -1, false, false },
		{ "VARCHAR2(10)", ORA_VARCHAR, LT_TEXT, -1, false, true },
		{ "NVARCHAR2", ORA_NVARCHAR, LT_TEXT, -1, false, false },
		{ "CLOB", ORA_CLOB, LT_TEXT, -1, false, false },
		{ "RAW", ORA_RAW, LT_BYTES, -1, false, false },
		{ "LONG RAW", ORA_BLOB, LT_BYTES, -1, false, false },
		{ "DATE", ORA_DATE, LT_TS, 0, false, false },
		{ "TIMESTAMP(3)", ORA_TS, LT_TS, 3, false, false },
		{ "TIMESTAMP", ORA_TS, LT_TS, 6, false, false },
		{ "TIMESTAMP(9) WITH TIME ZONE", ORA_TSTZ, LT_TSTZ, 9, false,
		    false },
		{ "TIMESTAMP(6) WITH LOCAL TIME ZONE", ORA_LOCAL, LT_TSTZ, 6,
		    false, false },
		{ "INTERVAL DAY(2) TO SECOND(6)", ORA_OTHER, LT_OTHER, -1,
		    false, false },
	};
	struct column bad = { .type = "BFILE" };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct column c = column("C", cases[i].type);

		is_int((int)ora_wire(&c), (int)cases[i].wire, "%s: wire",
		    cases[i].type);
		is_str(ltype_name(c.ltype), ltype_name(cases[i].ltype),
		    "%s: logical type", cases[i].type);
		is_int(c.frac, cases[i].frac, "%s: digits of a second",
		    cases[i].type);
		ok(c.integer == cases[i].integer &&
			c.bytewise == cases[i].bytewise,
		    "%s: integer, order", cases[i].type);
	}
	ok(!oracle_classify(&bad, true) && bad.ltype == LT_NONE,
	    "a type without a text");
}

#define TM9 "TO_CHAR(\"C\",'TM9','NLS_NUMERIC_CHARACTERS=''.,''')"
#define BC(x) "CASE WHEN " x "<DATE '0001-01-01' THEN ' BC' END"
#define STAMP(x) "TO_CHAR(" x ",'YYYY-MM-DD HH24:MI:SS.FF9')"
#define TRIM(x) "RTRIM(RTRIM(" x ",'0'),'.')"
#define UTC "SYS_EXTRACT_UTC(\"C\")"
#define BITS(x) "LOWER(RAWTOHEX(UTL_RAW.CAST_FROM_BINARY_DOUBLE(" x "+0d,1)))"
#define NAN_ELSE "CASE WHEN \"C\" IS NAN THEN '7ff8000000000000' ELSE "

static void
test_select(void)
{
	static const char *const cases[][2] = {
		{ "NUMBER(10)", "\"C\"" },
		{ "NUMBER", TM9 },
		{ "VARCHAR2(10)", "\"C\"" },
		{ "BINARY_DOUBLE", "\"C\"" },
		{ "RAW", "\"C\"" },
		{ "DATE",
		    "TO_CHAR(\"C\",'YYYY-MM-DD HH24:MI:SS')||" BC("\"C\"") },
		{ "TIMESTAMP", STAMP("\"C\"") "||" BC("\"C\"") },
		{ "TIMESTAMP WITH TIME ZONE", STAMP(UTC) "||" BC(UTC) },
		{ "ROWID", "TO_CHAR(\"C\")" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct column c = column("C", cases[i][0]);

		D->select_expr(fresh(), &c);
		is_str(buf_str(&out), cases[i][1], "select %s", cases[i][0]);
	}
	D->ident(fresh(), "a\"b");
	is_str(buf_str(&out), "\"a\"\"b\"", "a name");
}

static void
test_canon(void)
{
	static const struct {
		const char *type;
		enum ltype as;
		const char *sql; /* NULL: cannot be told in SQL */
	} cases[] = {
		{ "NUMBER", LT_NUM,
		    "CASE WHEN \"C\">-1 AND \"C\"<0 THEN '-0'||SUBSTR(" TM9
		    ",2) WHEN \"C\">0 AND \"C\"<1 THEN '0'||" TM9 " ELSE " TM9
		    " END" },
		{ "NUMBER", LT_F8, NULL },
		{ "BINARY_DOUBLE", LT_F8, NAN_ELSE BITS("\"C\"") " END" },
		{ "BINARY_FLOAT", LT_F4,
		    NAN_ELSE BITS("TO_BINARY_DOUBLE(\"C\")") " END" },
		{ "VARCHAR2", LT_TEXT,
		    "LENGTHB(TO_CHAR(\"C\"))||':'||TO_CHAR(\"C\")" },
		{ "CHAR", LT_CHAR,
		    "NVL(LENGTHB(RTRIM(TO_CHAR(\"C\"),' ')),0)||':'||"
		    "RTRIM(TO_CHAR(\"C\"),' ')" },
		{ "CLOB", LT_TEXT, NULL },
		{ "BLOB", LT_BYTES, NULL },
		{ "RAW", LT_BYTES,
		    "LOWER(RAWTOHEX(STANDARD_HASH(\"C\",'MD5')))" },
		{ "DATE", LT_TS,
		    "TO_CHAR(\"C\",'YYYY-MM-DD HH24:MI:SS')||" BC("\"C\"") },
		{ "TIMESTAMP", LT_TS, TRIM(STAMP("\"C\"")) "||" BC("\"C\"") },
		{ "TIMESTAMP WITH TIME ZONE", LT_TSTZ,
		    TRIM(STAMP(UTC)) "||" BC(UTC) },
		{ "ROWID", LT_OTHER, NULL },
		{ "DATE", LT_TEXT, NULL },
	};
	struct column c;
	struct vtype t = { .type = LT_TEXT };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct vtype as = { .type = cases[i].as };
		struct buf want = BUF_INIT;
		bool can;

		c = column("C", cases[i].type);
		can = D->canon_expr(fresh(), &c, &as);
		if (cases[i].sql != NULL)
			buf_addf(&want,
			    "CASE WHEN \"C\" IS NOT NULL THEN %s END",
			    cases[i].sql);
		is_str(can ? buf_str(&out) : "", buf_str(&want),
		    "field of %s as %s", cases[i].type,
		    ltype_name(cases[i].as));
		buf_free(&want);
	}
	c = column("C", "VARCHAR2");
	c.notnull = true;
	D->canon_expr(fresh(), &c, &t);
	is_str(buf_str(&out), "(LENGTHB(TO_CHAR(\"C\"))||':'||TO_CHAR(\"C\"))",
	    "a column that is never NULL");
	c.maxlen = 4000;
	ok(!D->canon_expr(fresh(), &c, &t), "no long texts");
	c.maxlen = 20;
	oracle_classify(&c, false);
	ok(!D->canon_expr(fresh(), &c, &t), "no texts that are not UTF-8");
}

static void
test_hash(void)
{
	struct column a = column("A", "RAW"), b = column("B", "VARCHAR2");
	const struct column *cols[] = { &a, &b };
	const struct vtype types[] = { { .type = LT_BYTES },
		{ .type = LT_TEXT } };

	a.notnull = b.notnull = true;
	D->hash_expr(fresh(), cols, types, 2, HASH_MD5);
	is_str(buf_str(&out),
	    "CASE WHEN NVL(LENGTHB(TO_CHAR(\"B\")),0)+140<=4000 THEN "
	    "SUBSTR(LOWER(RAWTOHEX(STANDARD_HASH("
	    "(LOWER(RAWTOHEX(STANDARD_HASH(\"A\",'MD5'))))||'|'||"
	    "(LENGTHB(TO_CHAR(\"B\"))||':'||TO_CHAR(\"B\")),'MD5'))),1,32) "
	    "END",
	    "md5 of a row that is not too long");
	D->hash_expr(fresh(), cols, types, 1, HASH_SHA256);
	ok(strstr(buf_str(&out), ",'SHA256'))),1,32) END") != NULL,
	    "half of its sha256: %s", out.data);
	D->bucket_expr(fresh(), cols, types, 1, 4096);
	is_str(buf_str(&out),
	    "NVL(CASE WHEN 70<=4000 THEN MOD(TO_NUMBER(SUBSTR(RAWTOHEX("
	    "STANDARD_HASH((LOWER(RAWTOHEX(STANDARD_HASH(\"A\",'MD5')))),"
	    "'MD5')),1,8),'XXXXXXXX'),4096) END,0)",
	    "a bucket");
}

#define SUM(at)                                                                \
	"TO_CHAR(SUM(TO_NUMBER(SUBSTR(h," at ",16),'XXXXXXXXXXXXXXXX')),'TM9'" \
	")"
#define FOLD                                                          \
	"CASE WHEN COUNT(*)=COUNT(h) THEN COUNT(*) ELSE -1 END," SUM( \
	    "1") "," SUM("17")

static void
test_fold(void)
{
	struct column a = column("A", "NUMBER(10)");
	const struct column *cols[] = { &a };
	const struct cell b = cell_int(10);
	const struct sql_range ranges[] = { { 1, cols, NULL, &b },
		{ 1, cols, &b, NULL } };
	struct table t = { .from = "\"T\"", .where = "x" };

	D->fold_ranges(fresh(), &t, "H", ranges, 2);
	is_str(buf_str(&out),
	    "SELECT 0," FOLD " FROM (SELECT H AS h FROM \"T\" WHERE (x) AND "
	    "\"A\" < 10) trueup_h UNION ALL "
	    "SELECT 1," FOLD " FROM (SELECT H AS h FROM \"T\" WHERE (x) AND "
	    "\"A\" >= 10) trueup_h",
	    "ranges");
	D->fold_buckets(fresh(), &t, "H", "B");
	is_str(buf_str(&out),
	    "SELECT g," FOLD " FROM (SELECT B AS g,H AS h FROM \"T\" WHERE "
	    "(x)) trueup_h GROUP BY g",
	    "buckets");
}

static void
test_order(void)
{
	static const struct {
		const char *type, *sql;
		bool native;
	} cases[] = {
		{ "NUMBER", "\"C\"", true },
		{ "VARCHAR2", "NLSSORT(TO_CHAR(\"C\"),'NLS_SORT=BINARY')",
		    true },
		{ "CHAR",
		    "NLSSORT(RTRIM(TO_CHAR(\"C\"),' '),'NLS_SORT=BINARY')",
		    false },
		{ "NVARCHAR2", "NLSSORT(TO_CHAR(\"C\"),'NLS_SORT=BINARY')",
		    false },
		{ "CLOB", "", false },
		{ "RAW", "\"C\"", true },
		{ "DATE", "\"C\"", true },
		{ "TIMESTAMP", "\"C\"", true },
		{ "TIMESTAMP WITH TIME ZONE", "\"C\"", false },
		{ "BINARY_DOUBLE", "\"C\"", false },
		{ "ROWID", "", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct column c = column("C", cases[i].type);
		struct vtype t = { .type = c.ltype };

		c.notnull = true;
		D->order_expr(fresh(), &c, &t);
		is_str(
		    buf_str(&out), cases[i].sql, "order of %s", cases[i].type);
		ok(D->order_native(&c, &t) == cases[i].native,
		    "native order of %s", cases[i].type);
		c.notnull = false;
		ok(!D->order_native(&c, &t), "never where NULL may be");
	}
}

static void
test_statements(void)
{
	struct column a = column("A", "NUMBER(10)"),
		      v = column("V", "VARCHAR2"), c = column("C", "CHAR"),
		      l = column("L", "CLOB");
	const struct column *cols[] = { &a };
	const struct cell keys[] = { cell_int(1), cell_int(2) };
	struct table t = { .from = "\"T\"" };

	D->sample(fresh(), &t, cols, 1, 400);
	is_str(buf_str(&out),
	    "SELECT \"A\" FROM \"T\" SAMPLE (0.250000) SEED (1) ORDER BY "
	    "\"A\"",
	    "one row in 400");
	dialect_limit(fresh(), D, 3);
	is_str(buf_str(&out), " FETCH FIRST 3 ROWS ONLY", "the first rows");
	dialect_skip(fresh(), D, 100, 3);
	is_str(buf_str(&out), " OFFSET 100 ROWS FETCH NEXT 3 ROWS ONLY",
	    "some behind a hundred");
	D->keys_cond(fresh(), cols, 1, keys, 2);
	is_str(buf_str(&out), "(\"A\" IN (1,2))", "keys");
	D->guard(fresh(), &v, "?1");
	is_str(buf_str(&out), "\"V\" = ?1", "guard of a text");
	D->guard(fresh(), &c, "?1");
	is_str(buf_str(&out), "RTRIM(\"C\",' ') = RTRIM(?1,' ')",
	    "guard of a padded text");
	D->guard(fresh(), &l, "?1");
	is_str(buf_str(&out), "DBMS_LOB.COMPARE(\"L\",TO_CLOB(?1)) = 0",
	    "guard of a large text");
	D->guard(fresh(), &l, "NULL");
	is_str(buf_str(&out), "\"L\" IS NULL", "guard of NULL");
	is_str(D->row_address(&t), "ROWID", "rows have addresses");
	t.kind = REL_VIEW;
	ok(D->row_address(&t) == NULL, "but not those of a view");
}

static void
test_literals(void)
{
	static const struct {
		const char *type;
		struct cell c;
		const char *sql;
	} cases[] = {
		{ "NUMBER(10)", C_INT(-5), "-5" },
		{ "NUMBER", C_TEXT("-1.50"), "-1.50" },
		{ "BINARY_DOUBLE", C_F64(0.1), "0.1E0D" },
		{ "BINARY_FLOAT", C_F64(0.5), "0.5E0F" },
		{ "BINARY_DOUBLE", C_F64(-INFINITY),
		    "-BINARY_DOUBLE_INFINITY" },
		{ "BINARY_FLOAT", C_F64(NAN), "BINARY_FLOAT_NAN" },
		{ "VARCHAR2", C_TEXT("it's &x \\"), "'it''s &x \\'" },
		{ "NVARCHAR2", C_TEXT("é"), "N'é'" },
		{ "VARCHAR2", C_TEXT("a\r\nb"),
		    "('a'||CHR(13)||CHR(10)||'b')" },
		{ "NVARCHAR2", C_TEXT("\tb"), "(CHR(9)||N'b')" },
		{ "RAW", C_BYTES("\0\xff"), "HEXTORAW('00ff')" },
		{ "DATE", C_TEXT("2024-01-01 10:00:00"),
		    "TIMESTAMP '2024-01-01 10:00:00'" },
		{ "TIMESTAMP WITH TIME ZONE", C_TEXT("2024-01-01 10:00:00.5"),
		    "TIMESTAMP '2024-01-01 10:00:00.5 +00:00'" },
		{ "DATE", { .kind = CELL_NULL }, "NULL" },
	};
	struct column clob = column("C", "CLOB"), raw = column("R", "RAW");
	char big[2500];
	struct cell c;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct column col = column("C", cases[i].type);

		D->literal(fresh(), &col, &cases[i].c);
		is_str(buf_str(&out), cases[i].sql, "literal %zu", i);
	}
	memset(big, 'x', sizeof(big));
	memcpy(big + 999, "é", 2); /* not to be torn */
	c = cell_text(big, sizeof(big));
	D->literal(fresh(), &clob, &c);
	ok(strncmp(buf_str(&out), "(TO_CLOB('xxx", 13) == 0 &&
		strstr(out.data, "xé')||TO_CLOB('x") != NULL &&
		out.len == 2500 + 2 + 3 * 11 + 2 * 2,
	    "a long text in three pieces, %zu bytes", out.len);
	c = cell_bytes(big, sizeof(big));
	ok(D->literal_refuses(&raw, &c) != NULL, "no literal of many bytes");
	c.len = 2000;
	ok(D->literal_refuses(&raw, &c) == NULL, "but of 2000");
	D->param(fresh(), &raw, 2);
	is_str(buf_str(&out), "?2", "a parameter");
	clob = column("T", "TIMESTAMP WITH TIME ZONE");
	D->param(fresh(), &clob, 2);
	is_str(buf_str(&out),
	    "FROM_TZ(TO_TIMESTAMP(?2,'YYYY-MM-DD HH24:MI:SS.FF9'),'+00:00')",
	    "a parameter with a zone");
}

static void
test_convert(void)
{
	static const struct {
		const char *type;
		enum ltype as;
		struct cell in;
		bool utf8, held;
	} cases[] = {
		{ "VARCHAR2", LT_TEXT, C_TEXT("a"), true, true },
		{ "VARCHAR2", LT_TEXT, C_TEXT(""), true, false },
		{ "CHAR", LT_CHAR, C_TEXT("   "), true, true },
		{ "CHAR", LT_CHAR, C_TEXT(""), true, false },
		{ "VARCHAR2", LT_TEXT, C_TEXT("é"), true, true },
		{ "VARCHAR2", LT_TEXT, C_TEXT("é"), false, false },
		{ "NVARCHAR2", LT_TEXT, C_TEXT("é"), false, true },
		{ "RAW", LT_BYTES, C_BYTES(""), true, false },
		{ "RAW", LT_BYTES, C_BYTES("x"), true, true },
		{ "BINARY_DOUBLE", LT_F8, C_F64(NAN), true, true },
		{ "NUMBER", LT_NUM, C_TEXT("NaN"), true, false },
		{ "NUMBER(12,4)", LT_NUM, C_TEXT("12345678.1"), true, true },
		{ "NUMBER(12,4)", LT_NUM, C_TEXT("123456789"), true, false },
		{ "TIMESTAMP", LT_TS, C_TEXT("infinity"), true, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct column c = column("C", cases[i].type);
		struct vtype t = { .type = cases[i].as };
		struct buf scratch = BUF_INIT;
		const char *why = "";
		struct cell got;

		oracle_classify(&c, cases[i].utf8);
		ok(D->convert(&c, &t, &cases[i].in, &scratch, &got, &why) ==
			cases[i].held,
		    "conversion %zu to %s: %s", i, cases[i].type, why);
		buf_free(&scratch);
	}
}

static void
test_selftest(void)
{
	const struct selftest *t = &oracle_selftest;

	selftest_sql(fresh(), t);
	ok(t->n >= 15 && t->n <= SELFTEST_MAX, "%zu constants", t->n);
	ok(strstr(buf_str(&out), " FROM DUAL) trueup_t") != NULL &&
		strstr(out.data, "1E300D AS \"c10\"") != NULL &&
		strstr(out.data, ",1000) END,0) FROM (SELECT ") != NULL,
	    "in a derived table of DUAL");
	ok(strstr(out.data, "LENGTHB(TO_CHAR(\"c0\"))") != NULL,
	    "texts among them");
	ok(strstr(out.data, ",,") == NULL && strstr(out.data, "||,") == NULL,
	    "and no constant without a field");
}

int
main(void)
{
	test_classify();
	test_select();
	test_canon();
	test_hash();
	test_fold();
	test_order();
	test_statements();
	test_literals();
	test_convert();
	test_selftest();
	buf_free(&out);
	return tap_done();
}
