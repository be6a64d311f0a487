#include <config.h>

#include "db/dialect-sqlserver.h"

#include <math.h>
#include <stdio.h>

#include "lib/tap.h"

#define D (&dialect_sqlserver)
#define U8(x) "CONVERT(varchar(max)," x " COLLATE Latin1_General_100_BIN2_UTF8)"

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

static struct cell
text(const char *s)
{
	return cell_text(s, strlen(s));
}

/* A column as odbc_describe() and sqlserver_classify() make it. */
static struct column
column(const char *name, const char *type)
{
	struct column c = { .name = name,
		.type = type,
		.precision = -1,
		.scale = -1,
		.frac = -1,
		.maxlen = -1 };

	if (strncmp(type, "decimal", 7) == 0) {
		c.precision = 12;
		c.scale = 4;
	}
	sqlserver_classify(&c);
	return c;
}

static struct vtype
own(const struct column *c)
{
	return (struct vtype){ .type = c->ltype };
}

/* --- types ---------------------------------------------------------------- */

static void
test_classify(void)
{
	static const struct {
		const char *type;
		enum ss_wire wire;
		enum ltype ltype;
		int precision, frac;
		bool integer, identity;
	} cases[] = {
		{ "int", SS_INT, LT_NUM, 10, -1, true, false },
		{ "INT", SS_INT, LT_NUM, 10, -1, true, false },
		{ "bigint identity", SS_INT, LT_NUM, 19, -1, true, true },
		{ "tinyint", SS_INT, LT_NUM, 3, -1, true, false },
		{ "bit", SS_BIT, LT_NUM, 1, -1, true, false },
		{ "decimal", SS_DECIMAL, LT_NUM, 12, -1, false, false },
		{ "decimal() identity", SS_DECIMAL, LT_NUM, 12, -1, false,
		    true },
		{ "money", SS_MONEY, LT_NUM, 19, -1, false, false },
		{ "real", SS_REAL, LT_F4, -1, -1, false, false },
		{ "float", SS_FLOAT, LT_F8, -1, -1, false, false },
		{ "char", SS_CHAR, LT_CHAR, -1, -1, false, false },
		{ "nvarchar", SS_NVARCHAR, LT_TEXT, -1, -1, false, false },
		{ "ntext", SS_NVARCHAR, LT_TEXT, -1, -1, false, false },
		{ "image", SS_VARBINARY, LT_BYTES, -1, -1, false, false },
		{ "date", SS_DATE, LT_DATE, -1, -1, false, false },
		{ "time(3)", SS_TIME, LT_TIME, -1, 3, false, false },
		{ "datetime", SS_DATETIME, LT_TS, -1, 3, false, false },
		{ "datetime2", SS_DATETIME2, LT_TS, -1, 7, false, false },
		{ "datetime2(0)", SS_DATETIME2, LT_TS, -1, 0, false, false },
		{ "smalldatetime", SS_SMALLDATETIME, LT_TS, -1, 0, false,
		    false },
		{ "datetimeoffset", SS_OFFSET, LT_TSTZ, -1, 7, false, false },
		{ "uniqueidentifier", SS_UUID, LT_UUID, -1, -1, false, false },
		{ "xml", SS_XML, LT_OTHER, -1, -1, false, false },
		{ "rowversion", SS_OTHER, LT_NONE, -1, -1, false, false },
		{ "geography", SS_OTHER, LT_NONE, -1, -1, false, false },
		{ "intx", SS_OTHER, LT_NONE, -1, -1, false, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct column c = column("c", cases[i].type);

		is_int(c.wire, (int)cases[i].wire, "%s: wire", cases[i].type);
		is_str(ltype_name(c.ltype), ltype_name(cases[i].ltype),
		    "%s: logical type", cases[i].type);
		is_int(c.precision, cases[i].precision, "%s: precision",
		    cases[i].type);
		is_int(c.frac, cases[i].frac, "%s: digits of a second",
		    cases[i].type);
		ok(c.integer == cases[i].integer &&
			c.identity_always == cases[i].identity,
		    "%s: integer, identity", cases[i].type);
	}
	ok(column("c", "rowversion").generated, "rowversion is never written");
}

/* --- reading -------------------------------------------------------------- */

static void
test_select(void)
{
	static const char *const cases[][2] = {
		{ "int", "[c]" },
		{ "nvarchar", "[c]" },
		{ "varbinary", "[c]" },
		{ "float", "[c]" },
		{ "money", "CONVERT(decimal(19,4),[c])" },
		{ "date", "CONVERT(varchar(10),[c],23)" },
		{ "time(7)", "CONVERT(varchar(16),[c],121)" },
		{ "datetime",
		    "CONVERT(varchar(23),CONVERT(datetime2(3),[c]),121)" },
		{ "datetime2(7)", "CONVERT(varchar(27),[c],121)" },
		{ "datetimeoffset", "CONVERT(varchar(27),CONVERT(datetime2(7),"
				    "SWITCHOFFSET([c],'+00:00')),121)" },
		{ "uniqueidentifier", "LOWER(CONVERT(varchar(36),[c]))" },
		{ "xml", "CONVERT(nvarchar(max),[c])" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct column c = column("c", cases[i][0]);

		D->select_expr(fresh(), &c);
		is_str(buf_str(&out), cases[i][1], "select %s", cases[i][0]);
	}
	D->ident(fresh(), "a]b[c");
	is_str(buf_str(&out), "[a]]b[c]", "a name");
}

#define TRIM(s)                                                            \
	"REPLACE(RTRIM(REPLACE(REPLACE(RTRIM(REPLACE(" s ",'0',' ')),' '," \
	"'0'),'.',' ')),' ','.')"
#define BITS(x) "LOWER(CONVERT(varchar(16),CONVERT(binary(8)," x "),2))"
#define STAMP(x)                                                               \
	"CONVERT(varchar(19),CONVERT(datetime2(7)," x                          \
	"),121)+" TRIM("SUBSTRING(CONVERT(varchar(27),CONVERT(datetime2(7)," x \
		       "),121),20,8)")

#define WIDE "CONVERT(nvarchar(max),[c])"
#define LENGTH_AND(x) "CONVERT(varchar(12),DATALENGTH(" U8(x) "))+':'+" U8(x)

static void
test_canon(void)
{
	static const struct {
		const char *type;
		enum ltype as;
		const char *sql; /* NULL: cannot be told in SQL */
	} cases[] = {
		{ "int", LT_NUM, "CONVERT(varchar(20),[c])" },
		{ "bit", LT_NUM, "CONVERT(varchar(20),[c])" },
		{ "decimal", LT_NUM, TRIM("CONVERT(varchar(60),[c])") },
		{ "money", LT_NUM,
		    TRIM("CONVERT(varchar(60),CONVERT(decimal(19,4),[c])"
			 ")") },
		{ "int", LT_F8, BITS("CONVERT(float,[c])+0e0") },
		{ "float", LT_F8, BITS("CONVERT(float,[c])+0e0") },
		{ "decimal", LT_F8, NULL },
		{ "real", LT_F4, BITS("CONVERT(float,[c])+0e0") },
		{ "float", LT_F4,
		    "CASE WHEN [c]=0 OR ABS([c])>3.4028235677973362E38 OR "
		    "ABS([c])<7.0064923216240862E-46 THEN " BITS(
			"[c]+0e0") " ELSE " BITS("CONVERT(float,CONVERT("
						 "real,"
						 "[c]))+0e0") " END" },
		{ "nvarchar", LT_TEXT, LENGTH_AND(WIDE) },
		{ "nchar", LT_CHAR, LENGTH_AND("RTRIM(" WIDE ")") },
		{ "varbinary", LT_BYTES,
		    "LOWER(CONVERT(varchar(32),HASHBYTES('MD5',"
		    "CONVERT(varbinary(max),[c])),2))" },
		{ "date", LT_DATE, "CONVERT(varchar(10),[c],23)" },
		{ "date", LT_TS, "CONVERT(varchar(10),[c],23)+' 00:00:00'" },
		{ "datetime2", LT_TS, STAMP("[c]") },
		{ "datetime", LT_TS, STAMP("CONVERT(datetime2(3),[c])") },
		{ "datetimeoffset", LT_TSTZ,
		    STAMP("SWITCHOFFSET([c],'+00:00')") },
		{ "uniqueidentifier", LT_UUID,
		    "LOWER(REPLACE(CONVERT(varchar(36),[c]),'-',''))" },
		{ "uniqueidentifier", LT_TEXT, NULL },
		{ "int", LT_TEXT, NULL },
		{ "float", LT_NUM, NULL },
		{ "datetime2", LT_DATE, NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct column c = column("c", cases[i].type);
		struct vtype t = { .type = cases[i].as };
		bool can;

		c.notnull = true;
		can = D->canon_expr(fresh(), &c, &t);
		is_str(can ? buf_str(&out) : "no",
		    cases[i].sql ? cases[i].sql : "no", "field of %s as %s",
		    cases[i].type, ltype_name(cases[i].as));
	}
}

static void
test_canon_null(void)
{
	struct column c = column("c", "int"), d = column("d", "decimal");
	struct vtype num = { .type = LT_NUM },
		     loose = { .type = LT_TEXT, .loose = LT_NUM };

	D->canon_expr(fresh(), &c, &num);
	is_str(buf_str(&out),
	    "CASE WHEN [c] IS NULL THEN '' ELSE CONVERT(varchar(20),[c]) END",
	    "the field of a column that may be NULL");
	ok(!D->canon_expr(fresh(), &c, &loose), "no text of a number");
	d.scale = -1;
	ok(!D->canon_expr(fresh(), &d, &num),
	    "no decimal of unknown scale: its zeros may count");
}

static void
test_hash(void)
{
	struct column a = column("a", "int"), b = column("b", "date");
	const struct column *cols[] = { &a, &b };
	const struct vtype types[] = { { .type = LT_NUM },
		{ .type = LT_DATE } };

	a.notnull = b.notnull = true;
	D->hash_expr(fresh(), cols, types, 2, HASH_MD5);
	is_str(buf_str(&out),
	    "LOWER(CONVERT(varchar(32),CONVERT(binary(16),HASHBYTES('MD5',"
	    "CONVERT(varchar(max),'')+CONVERT(varchar(20),[a])+'|'+"
	    "CONVERT(varchar(10),[b],23))),2))",
	    "md5 of a row");
	D->hash_expr(fresh(), cols, types, 1, HASH_SHA256);
	is_str(buf_str(&out),
	    "LOWER(CONVERT(varchar(32),CONVERT(binary(16),HASHBYTES("
	    "'SHA2_256',CONVERT(varchar(max),'')+CONVERT(varchar(20),[a]))),"
	    "2))",
	    "sha256 of a row, half of it");
	D->bucket_expr(fresh(), cols, types, 1, 4096);
	is_str(buf_str(&out),
	    "CONVERT(bigint,SUBSTRING(HASHBYTES('MD5',CONVERT(varchar(max),"
	    "'')+CONVERT(varchar(20),[a])),1,4))%4096",
	    "a bucket");
}

#define SUM(at)                                          \
	"CONVERT(varchar(40),SUM(CONVERT(decimal(38,0)," \
	"CONVERT(bigint,CONVERT(binary(8),SUBSTRING(h," at ",16),2)))))"
#define FOLD                                                     \
	"CASE WHEN COUNT_BIG(*)=COUNT_BIG(h) THEN COUNT_BIG(*) " \
	"ELSE -1 END," SUM("1") "," SUM("17")

static void
test_fold(void)
{
	struct column a = column("a", "int");
	const struct column *cols[] = { &a };
	const struct cell b[] = { cell_int(10), cell_int(20) };
	const struct sql_range ranges[] = { { 1, cols, NULL, &b[0] },
		{ 1, cols, &b[0], &b[1] }, { 1, cols, &b[1], NULL } };
	struct table t = { .from = "[s].[t]" };

	D->fold_ranges(fresh(), &t, "H", ranges, 3);
	is_str(buf_str(&out),
	    "SELECT 0," FOLD " FROM (SELECT H AS h FROM [s].[t] WHERE "
	    "[a] < 10) trueup_h UNION ALL "
	    "SELECT 1," FOLD " FROM (SELECT H AS h FROM [s].[t] WHERE "
	    "[a] >= 10 AND [a] < 20) trueup_h UNION ALL "
	    "SELECT 2," FOLD " FROM (SELECT H AS h FROM [s].[t] WHERE "
	    "[a] >= 20) trueup_h",
	    "ranges");
	t.where = "x OR y";
	D->fold_ranges(fresh(), &t, "H", ranges, 1);
	is_str(buf_str(&out),
	    "SELECT 0," FOLD " FROM (SELECT H AS h FROM [s].[t] WHERE "
	    "(x OR y) AND [a] < 10) trueup_h",
	    "with a condition");
	D->fold_buckets(fresh(), &t, "H", "B");
	is_str(buf_str(&out),
	    "SELECT g," FOLD " FROM (SELECT B AS g,H AS h FROM [s].[t] "
	    "WHERE (x OR y)) trueup_h GROUP BY g",
	    "buckets");
}

/* --- order ---------------------------------------------------------------- */

static void
test_order(void)
{
	static const struct {
		const char *type, *sql;
		bool native;
	} cases[] = {
		{ "int", "[c]", true },
		{ "decimal", "[c]", true },
		{ "date", "[c]", true },
		{ "float", "[c]", false },
		{ "datetime2", "[c]", false },
		{ "datetime", "", false },
		{ "nvarchar",
		    "CONVERT(varbinary(max)," U8(
			"CONVERT(nvarchar(max),[c])") ")",
		    false },
		{ "uniqueidentifier",
		    "LOWER(CONVERT(varchar(36),[c])) COLLATE "
		    "Latin1_General_100_BIN2",
		    false },
		{ "varbinary", "", false },
		{ "xml", "", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct column c = column("c", cases[i].type);
		struct vtype t = own(&c);

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
test_sample(void)
{
	struct column a = column("a", "int"), b = column("b", "date");
	const struct column *cols[] = { &a, &b };
	struct table t = { .from = "[t]", .where = "x" };

	D->sample(fresh(), &t, cols, 2, 400);
	is_str(buf_str(&out),
	    "SELECT [a], CONVERT(varchar(10),[b],23) FROM [t] TABLESAMPLE "
	    "(0.250000000 PERCENT) REPEATABLE (1) WHERE (x) ORDER BY [a], [b]",
	    "one row in 400");
	t.where = NULL;
	D->sample(fresh(), &t, cols, 1, 1);
	is_str(buf_str(&out), "SELECT [a] FROM [t] ORDER BY [a]", "all rows");
	dialect_limit(fresh(), D, 32);
	is_str(buf_str(&out),
	    " ORDER BY (SELECT NULL) OFFSET 0 ROWS FETCH NEXT 32 ROWS ONLY",
	    "the first rows");
	dialect_skip(fresh(), D, 100, 3);
	is_str(buf_str(&out), " OFFSET 100 ROWS FETCH NEXT 3 ROWS ONLY",
	    "some behind a hundred");
}

static void
test_conditions(void)
{
	struct column a = column("a", "int"), t = column("t", "nvarchar");
	const struct column *cols[] = { &a, &t };
	const struct cell keys[] = { cell_int(1), text("x"), cell_int(2),
		cell_null() };
	struct sql_range r = { 2, cols, keys, NULL };

	D->range_cond(fresh(), &r);
	is_str(buf_str(&out),
	    "[a] >= 1 AND ([a] > 1 OR ([a] = 1 AND [t] >= N'x'))", "a range");
	D->keys_cond(fresh(), cols, 1, keys, 1);
	is_str(buf_str(&out), "([a] IN (1))", "a key");
	D->keys_cond(fresh(), cols, 2, keys, 2);
	is_str(buf_str(&out),
	    "((([a] = 1 AND [t] = N'x' AND ((CONVERT(nvarchar(max),[t])) "
	    "COLLATE Latin1_General_100_BIN2 = (CONVERT(nvarchar(max),N'x')) "
	    "COLLATE Latin1_General_100_BIN2 AND "
	    "DATALENGTH((CONVERT(nvarchar(max),[t]))) = "
	    "DATALENGTH((CONVERT(nvarchar(max),N'x'))))) OR "
	    "([a] = 2 AND [t] IS NULL)))",
	    "keys with a text: by the index, then exactly");
	D->guard(fresh(), &a, "?1");
	is_str(buf_str(&out), "[a] = ?1", "guard of a number");
	ok(D->equal_exact(&a, "1") && !D->equal_exact(&t, "N'x'"),
	    "'=' is exact for numbers, not for texts");
}

/* --- values --------------------------------------------------------------- */

static void
test_literals(void)
{
	static const struct {
		const char *type;
		struct cell c;
		const char *sql;
	} cases[] = {
		{ "int", C_INT(INT64_MIN), "-9223372036854775808" },
		{ "bit", C_INT(1), "1" },
		{ "decimal", C_TEXT("1.50"), "1.50" },
		{ "float", C_F64(0.1), "0.1E0" },
		{ "nvarchar", C_TEXT("it's \\ é"), "N'it''s \\ é'" },
		{ "nvarchar", C_TEXT(""), "N''" },
		{ "nvarchar", C_TEXT("a\r\nb"),
		    "(CONVERT(nvarchar(max),N'')+N'a'+NCHAR(13)+NCHAR(10)+"
		    "N'b')" },
		{ "nvarchar", C_TEXT("\t'"),
		    "(CONVERT(nvarchar(max),N'')+NCHAR(9)+N'''')" },
		{ "nvarchar", C_TEXT("x$(y)"),
		    "(CONVERT(nvarchar(max),N'')+N'x$'+N'(y)')" },
		{ "nvarchar", C_TEXT("\x7f"),
		    "(CONVERT(nvarchar(max),N'')+NCHAR(127))" },
		{ "varbinary", C_BYTES("\0\xff"), "0x00ff" },
		{ "varbinary", C_BYTES(""), "0x" },
		{ "date", C_TEXT("2024-02-29"), "'2024-02-29'" },
		{ "time(3)", C_TEXT("10:00:00.5"), "'10:00:00.5'" },
		{ "datetime2", C_TEXT("2024-01-01 10:00:00.5"),
		    "'2024-01-01T10:00:00.5'" },
		{ "datetimeoffset", C_TEXT("2024-01-01 10:00:00"),
		    "'2024-01-01T10:00:00+00:00'" },
		{ "int", { .kind = CELL_NULL }, "NULL" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct column c = column("c", cases[i].type);

		D->literal(fresh(), &c, &cases[i].c);
		is_str(buf_str(&out), cases[i].sql, "literal %zu", i);
	}
}

static void
test_params(void)
{
	static const char *const cases[][2] = {
		{ "int", "?2" },
		{ "nvarchar", "?2" },
		{ "date", "CONVERT(date,?2,23)" },
		{ "datetime2", "CONVERT(datetime2(7),?2,121)" },
		{ "datetimeoffset",
		    "TODATETIMEOFFSET(CONVERT(datetime2(7),?2,121),"
		    "'+00:00')" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct column c = column("c", cases[i][0]);

		D->param(fresh(), &c, 2);
		is_str(
		    buf_str(&out), cases[i][1], "parameter of %s", cases[i][0]);
	}
}

static void
test_convert(void)
{
	static const struct {
		const char *type;
		enum ltype as;
		struct cell in;
		int maxlen;
		bool held;
	} cases[] = {
		{ "tinyint", LT_NUM, C_INT(255), -1, true },
		{ "tinyint", LT_NUM, C_INT(-1), -1, false },
		{ "int", LT_NUM, C_INT(INT32_MAX), -1, true },
		{ "int", LT_NUM, C_INT(INT32_MAX + 1LL), -1, false },
		{ "bit", LT_NUM, C_INT(2), -1, false },
		{ "varchar", LT_TEXT, C_TEXT("abc"), 3, true },
		{ "varchar", LT_TEXT, C_TEXT("é"), 3, false },
		{ "nvarchar", LT_TEXT, C_TEXT("é"), 1, true },
		{ "nvarchar", LT_TEXT, C_TEXT("\xf0\x9f\x98\x80"), 2, true },
		{ "nvarchar", LT_TEXT, C_TEXT("\xf0\x9f\x98\x80"), 1, false },
		{ "nvarchar", LT_TEXT, C_TEXT("abc"), 0, true }, /* (max) */
		{ "float", LT_F8, C_F64(NAN), -1, false },
		{ "datetime", LT_TS, C_TEXT("2024-01-01 00:00:00.003"), -1,
		    true },
		{ "datetime", LT_TS, C_TEXT("2024-01-01 00:00:00.004"), -1,
		    false },
		{ "datetime", LT_TS, C_TEXT("1700-01-01 00:00:00"), -1, false },
		{ "smalldatetime", LT_TS, C_TEXT("2024-01-01 00:01:00"), -1,
		    true },
		{ "smalldatetime", LT_TS, C_TEXT("2024-01-01 00:01:01"), -1,
		    false },
		{ "datetime2", LT_TS, C_TEXT("infinity"), -1, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct column c = column("c", cases[i].type);
		struct vtype t = { .type = cases[i].as };
		struct buf scratch = BUF_INIT;
		const char *why = "";
		struct cell got;

		c.maxlen = cases[i].maxlen;
		sqlserver_classify(&c);
		ok(D->convert(&c, &t, &cases[i].in, &scratch, &got, &why) ==
			cases[i].held,
		    "conversion %zu to %s: %s", i, cases[i].type, why);
		buf_free(&scratch);
	}
}

/* --- the self-test -------------------------------------------------------- */

/* What a server that agrees would answer. */
static void
right_answer(const struct selftest *t, struct cell *cells, char hex[2][33])
{
	static const enum hash_kind kinds[] = { HASH_MD5, HASH_SHA256 };
	struct buf row = BUF_INIT;

	for (size_t i = 0; i < t->n; i++) {
		cells[i] = text(t->samples[i].field);
		buf_adds(&row, i > 0 ? "|" : "");
		buf_adds(&row, t->samples[i].field);
	}
	for (size_t k = 0; k < 2; k++) {
		struct hasher *h = hasher_new(kinds[k], 0);
		struct hash128 sum = hasher_sum(h, row.data, row.len);

		snprintf(hex[k], 33, "%016llx%016llx",
		    (unsigned long long)sum.a, (unsigned long long)sum.b);
		cells[t->n + k] = text(hex[k]);
		if (k == 0)
			cells[t->n + 2] =
			    cell_int((int64_t)((sum.a >> 32) % 1000));
		hasher_free(h);
	}
	buf_free(&row);
}

static void
test_selftest(void)
{
	const struct selftest *t = &sqlserver_selftest;
	struct cell cells[SELFTEST_MAX + 3], saved;
	char hex[2][33];
	const char *what;
	size_t bad = 0;

	selftest_sql(fresh(), t);
	ok(t->n >= 15 &&
		strstr(buf_str(&out),
		    "CONVERT(decimal(12,4),-100.0500) AS [c3]") != NULL,
	    "constants in a derived table");
	ok(strstr(buf_str(&out), "HASHBYTES('MD5'") != NULL &&
		strstr(buf_str(&out), "%1000 FROM (SELECT ") != NULL,
	    "hashes and a bucket of them");
	ok(strstr(out.data, ",,") == NULL && strstr(out.data, "+)") == NULL,
	    "and no constant without a field");
	right_answer(t, cells, hex);
	ok(selftest_judge(t, cells, &what), "a server that agrees");
	for (size_t i = 0; i < t->n + 3; i++) {
		saved = cells[i];
		cells[i] = text("?");
		bad += selftest_judge(t, cells, &what) || what == NULL;
		cells[i] = saved;
	}
	is_int((long long)bad, 0, "any field, hash or bucket may disagree");
}

int
main(void)
{
	test_classify();
	test_select();
	test_canon();
	test_canon_null();
	test_hash();
	test_fold();
	test_order();
	test_sample();
	test_conditions();
	test_literals();
	test_params();
	test_convert();
	test_selftest();
	buf_free(&out);
	return tap_done();
}
