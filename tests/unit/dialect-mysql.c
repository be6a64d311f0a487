#include <config.h>

#include "db/dialect-mysql.h"

#include <math.h>
#include <stdio.h>

#include "lib/tap.h"

#define D (&dialect_mysql)

/* clang-format off */
#define C_INT(v) { .kind = CELL_INT, .u.i = (v) }
#define C_F64(v) { .kind = CELL_F64, .u.f = (v) }
#define C_TEXT(s) { .kind = CELL_TEXT, .len = sizeof(s) - 1, .u.p = (s) }
#define C_BYTES(s) { .kind = CELL_BYTES, .len = sizeof(s) - 1, .u.p = (s) }
#define C_NULL { .kind = CELL_NULL }
/* clang-format on */

static struct buf out;

static struct buf *
fresh(void)
{
	buf_reset(&out);
	return &out;
}

static bool
has(const char *part)
{
	return strstr(buf_str(&out), part) != NULL;
}

#define is_out(want, ...) is_str(buf_str(&out), want, __VA_ARGS__)

#define VARCHAR "varchar(3) utf8mb4_general_ci"
#define BIN "varchar(3) utf8mb4_bin"
#define NOPAD "varchar(3) utf8mb4_nopad_bin"
#define LATIN1 "varchar(3) latin1_swedish_ci"
#define MB3 "varchar(3) utf8mb3_general_ci"
#define ENUM "enum('x','it''s') utf8mb4_general_ci"
#define SET "set('a','b','d') utf8mb4_general_ci"
#define JSON "json utf8mb4_bin"
#define LONG "longtext utf8mb4_general_ci"

static const struct {
	const char *word;
	int wire;
	enum ltype ltype;
} words[] = { { "tinyint", MY_INT, LT_NUM }, { "mediumint", MY_INT, LT_NUM },
	{ "int", MY_INT, LT_NUM }, { "year", MY_INT, LT_NUM },
	{ "ubigint", MY_UBIGINT | MY_UNSIGNED, LT_NUM },
	{ "decimal", MY_DECIMAL, LT_NUM }, { "float", MY_FLOAT, LT_F4 },
	{ "double", MY_DOUBLE, LT_F8 }, { "bit", MY_BIT, LT_BITS },
	{ "char", MY_CHAR, LT_CHAR }, { "varchar", MY_TEXT, LT_TEXT },
	{ "longtext", MY_TEXT | MY_LONG, LT_TEXT },
	{ "enum", MY_TEXT | MY_ENUM, LT_TEXT },
	{ "set", MY_TEXT | MY_ENUM, LT_TEXT },
	{ "binary", MY_BINARY, LT_BYTES }, { "varbinary", MY_BYTES, LT_BYTES },
	{ "longblob", MY_BYTES | MY_LONG, LT_BYTES },
	{ "point", MY_GEOMETRY | MY_LONG, LT_BYTES },
	{ "date", MY_DATE, LT_DATE }, { "time", MY_TIME, LT_TIME },
	{ "datetime", MY_DATETIME, LT_TS },
	{ "timestamp", MY_TIMESTAMP, LT_TSTZ },
	{ "json", MY_JSON | MY_LONG, LT_JSON }, { "uuid", MY_UUID, LT_UUID },
	{ "inet6", MY_OTHER, LT_OTHER } };

static const struct {
	const char *word;
	int flag;
} flags[] = { { " unsigned", MY_UNSIGNED }, { " zerofill", MY_ZEROFILL },
	{ " utf8", MY_UTF8 }, { " ascii", MY_UTF8 }, { "_nopad_bin", MY_EXACT },
	{ " MySQL", MY_ORACLE }, { " strict", MY_STRICT_UUID } };

/* A NOT NULL column as mysql-columns.c makes it, which needs ODBC. */
static struct column
column(const char *name, const char *type)
{
	const char *sizes = strchr(type, '('), *space = strrchr(type, ' ');
	struct column c = { .name = name, .type = type, .notnull = true };
	size_t word = strcspn(type, " (");
	int n = -1;

	c.precision = c.scale = c.frac = c.maxlen = -1;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strlen(words[i].word) != word ||
		    memcmp(words[i].word, type, word) != 0)
			continue;
		c.wire = words[i].wire;
		c.ltype = words[i].ltype;
	}
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (strstr(type, flags[i].word) != NULL)
			c.wire |= flags[i].flag;
	if (sizes != NULL)
		sscanf(sizes, "(%d,%d)", &n, &c.scale);
	if (my_wire(&c) == MY_DECIMAL)
		c.precision = n;
	else if (my_wire(&c) >= MY_DATE)
		c.frac = n > 0 ? n : 0;
	else if (n > 1)
		c.maxlen = n;
	else if (my_wire(&c) == MY_BIT)
		c.ltype = LT_NUM;
	if (space != NULL && strchr(space, '_') != NULL)
		c.collation = space + 1;
	c.bytewise = c.collation != NULL && strstr(space, "_bin") != NULL;
	c.pad_space = c.bytewise && !(c.wire & MY_EXACT);
	return c;
}

/* --- reading -------------------------------------------------------------- */

static void
test_select(void)
{
	static const char *const cases[][2] = {
		{ "int", "`c`" },
		{ "int(5) zerofill", "`c`+0" },
		{ "decimal(12,4)", "`c`" },
		{ "float", "`c`" },
		{ "bit(1)", "`c`+0" },
		{ "bit(10)", "LPAD(BIN(`c`+0),10,'0')" },
	};
	struct column odd = column("$@~#`\"\\", "bit(10)");

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct column c = column("c", cases[i][0]);

		D->select_expr(fresh(), &c);
		is_out(cases[i][1], "select %s", cases[i][0]);
	}
	D->ident(fresh(), "a`b");
	is_out("`a``b`", "a backtick in a name");
	D->ident(fresh(), "a\"'\\% é");
	is_out("`a\"'\\% é`", "nothing else is special in one");
	D->select_expr(fresh(), &odd);
	is_out("LPAD(BIN(`$@~#``\"\\`+0),10,'0')", "a name like a template");
}

#define TRIM(x) "TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM " x "))"
#define BITS(x) "LOWER(HEX(REVERSE(SUBSTR(ST_AsBinary(POINT(" x ",0)),6,8))))"
/* As utf8mb4, from another character set, from no text at all. */
#define SAME(x) x " COLLATE utf8mb4_bin"
#define U8(x) "CONVERT(" x " USING utf8mb4)"
#define CHARS(x) SAME("CAST(" x " AS CHAR CHARACTER SET utf8mb4)")
#define BYTES(x) "CAST(" x " AS BINARY)"
#define LENGTH_AND(x) "CONCAT(LENGTH(" x "),':'," x ")"
#define F4_OF_F8                                              \
	BITS("IF(`c`=0 OR ABS(`c`+0e0)>3.4028235677973362e38" \
	     " OR ABS(`c`+0e0)<7.0064923216240862e-46,"       \
	     "`c`+0e0,CAST(`c`+0e0 AS FLOAT)+0e0)")

static void
test_canon(void)
{
	static const struct {
		const char *type;
		enum ltype as;
		const char *sql; /* NULL: cannot be told in SQL */
	} cases[] = {
		{ "int", LT_NUM, "`c`" },
		{ "int(5) zerofill", LT_NUM, "(`c`+0)" },
		{ "year", LT_NUM, "(`c`+0)" },
		{ "ubigint", LT_NUM, "`c`" },
		{ "bit(1)", LT_NUM, "(`c`+0)" },
		{ "decimal(12,4)", LT_NUM, TRIM("`c`") },
		{ "decimal(12,0)", LT_NUM, "`c`" }, /* 100 keeps its zeros */
		{ "decimal(12,4) zerofill", LT_NUM, TRIM("(`c`+0)") },
		{ "double", LT_F8, BITS("`c`+0e0") },
		{ "float", LT_F4, BITS("`c`+0e0") },
		{ "double", LT_F4, F4_OF_F8 },
		{ "decimal(12,4)", LT_F8, BITS("`c`+0e0") },
		{ VARCHAR, LT_TEXT, LENGTH_AND(SAME("`c`")) },
		{ LATIN1, LT_TEXT, LENGTH_AND(SAME(U8("`c`"))) },
		{ ENUM, LT_TEXT, LENGTH_AND(SAME(U8("`c`"))) },
		{ VARCHAR, LT_CHAR,
		    LENGTH_AND("TRIM(TRAILING ' ' FROM " SAME("`c`") ")") },
		{ LONG, LT_BYTES, "MD5(" SAME("`c`") ")" },
		{ "binary(3)", LT_BYTES, "MD5(`c`)" },
		{ "time", LT_TIME, "`c`" }, /* 10:10:10 keeps its zeros */
		{ "time(3)", LT_TIME, TRIM("`c`") },
		{ "timestamp", LT_TSTZ, "`c`" },
		{ "timestamp(6)", LT_TSTZ, TRIM("`c`") },
		{ "uuid", LT_UUID, "REPLACE(" CHARS("`c`") ",'-','')" },
		{ "binary(16)", LT_UUID, "LOWER(HEX(`c`))" },
		{ "bit(10)", LT_BITS, "LPAD(BIN(`c`+0),10,'0')" },
		{ JSON, LT_JSON, LENGTH_AND(SAME("`c`")) },
		{ "json MySQL", LT_JSON, LENGTH_AND(CHARS("`c`")) },
		{ "inet6", LT_OTHER, LENGTH_AND(CHARS("`c`")) },
		{ "int", LT_TEXT, LENGTH_AND("`c`") },
		{ "time(3)", LT_TEXT, LENGTH_AND(TRIM("`c`")) },
		{ "float", LT_TEXT, NULL }, /* six digits */
		{ VARCHAR, LT_NUM, NULL },
		{ LONG, LT_TEXT, NULL }, /* max_allowed_packet */
		{ "datetime", LT_DATE, NULL },
		{ "int", LT_BYTES, NULL },
		{ "binary(3)", LT_UUID, NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct column c = column("c", cases[i].type);
		struct vtype t = { .type = cases[i].as };
		bool can = D->canon_expr(fresh(), &c, &t);

		is_str(can ? buf_str(&out) : "no",
		    cases[i].sql ? cases[i].sql : "no", "field of %s as %s",
		    cases[i].type, ltype_name(cases[i].as));
	}
}

/* Days before the year 1 are not in VALUES: how they are told is not here. */
static void
test_canon_dates(void)
{
	static const struct {
		const char *type;
		enum ltype as;
		const char *end; /* the text of all other days */
	} cases[] = {
		{ "date", LT_DATE, ",`c`)" },
		{ "date", LT_TS, ",CONCAT(`c`,' 00:00:00'))" },
		{ "datetime", LT_TSTZ, ",`c`)" },
		{ "datetime(3)", LT_TS, "," TRIM("`c`") ")" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct column c = column("c", cases[i].type);
		struct vtype t = { .type = cases[i].as };
		size_t end = strlen(cases[i].end);

		ok(D->canon_expr(fresh(), &c, &t) &&
			has("IF(`c`<'0001-01-01' AND ") && has(",' BC')") &&
			out.len > end &&
			strcmp(out.data + out.len - end, cases[i].end) == 0,
		    "field of %s as %s: %s", cases[i].type,
		    ltype_name(cases[i].as), buf_str(&out));
	}
}

static void
test_canon_null(void)
{
	struct column i = column("c", "int"), v = column("c", VARCHAR);
	struct vtype num = { .type = LT_NUM }, uuid = { .type = LT_UUID },
		     text = { .type = LT_TEXT };

	i.notnull = v.notnull = false;
	D->canon_expr(fresh(), &i, &num);
	is_out("IF(`c` IS NULL,'',`c`)",
	    "IF and not IFNULL: what becomes NULL is not the column's NULL");
	D->canon_expr(fresh(), &v, &text);
	is_out("IF(`c` IS NULL,''," LENGTH_AND(SAME("`c`")) ")",
	    "the empty text is '0:', NULL is ''");
	v.notnull = true;
	ok(D->canon_expr(fresh(), &v, &uuid) &&
		has("LOWER(REPLACE(REPLACE(REPLACE(" SAME(
		    "`c`") ",'-',''),"
			   "'{',''),'}',''))") &&
		has(",CONCAT('!',LENGTH(" SAME("`c`") "),':'," SAME(
		    "`c`") "))"),
	    "a uuid in a text, or a text that is none");
	ok(!has("$") && !has("\\"), "for any sql_mode");
}

#define A_FIELD "IF(`a` IS NULL,'',`a`)"
#define ROW "CONCAT(" A_FIELD ",'|'," LENGTH_AND(SAME("`b`")) ")"

static void
test_hash(void)
{
	struct column a = column("a", "int"), b = column("b", VARCHAR);
	const struct column *cols[] = { &a, &b };
	const struct vtype types[] = { { .type = LT_NUM },
		{ .type = LT_TEXT } };

	a.notnull = false;
	D->hash_expr(fresh(), cols, types, 2, HASH_MD5);
	is_out("MD5(" ROW ")", "md5 of a row");
	D->hash_expr(fresh(), cols, types, 2, HASH_SHA256);
	is_out("LEFT(SHA2(" ROW ",256),32)", "sha256 of a row, half of it");
	D->bucket_expr(fresh(), cols, types, 1, 4096);
	is_out("(CAST(CONV(SUBSTR(MD5(CONCAT(" A_FIELD ")),1,8),16,10)"
	       " AS UNSIGNED) MOD 4096)",
	    "a bucket");
}

#define SUM(at)                                                            \
	"CAST(SUM(CAST(CONV(HEX(SUBSTR(h," at ",8)),16,10) AS UNSIGNED)) " \
	"AS CHAR)"
#define FOLD "IF(COUNT(*)=COUNT(h),COUNT(*),-1)," SUM("1") "," SUM("9")
#define RANGE(n, hash, where)                                          \
	"SELECT " n " AS n," FOLD " FROM (SELECT UNHEX(" hash ") AS h" \
	" FROM `s`.`t` WHERE " where                                   \
	" LIMIT 18446744073709551615) AS trueup_h"
#define GROUPS(n, where)                                          \
	"SELECT n," FOLD " FROM (SELECT " n " AS n,UNHEX(H) AS h" \
	" FROM `s`.`t` WHERE " where                              \
	" LIMIT 18446744073709551615) AS trueup_h GROUP BY n"

static void
test_fold(void)
{
	struct column cols[] = { column("a", "int"), column("k", BIN) };
	const struct column *a = &cols[0], *k = &cols[1];
	const struct cell b[] = { cell_int(10), cell_int(20), C_TEXT("x") };
	const struct sql_range ranges[] = { { 1, &a, NULL, &b[0] },
		{ 1, &a, &b[0], &b[1] }, { 1, &a, &b[1], NULL } };
	const struct sql_range gap[] = { ranges[0], ranges[2] };
	const struct sql_range text = { 1, &k, NULL, &b[2] };
	const int first = 0;
	struct index_key key = { .ncols = 1, .cols = &first };
	struct table t = { .from = "`s`.`t`",
		.ncolumns = 2,
		.columns = cols,
		.nkeys = 1,
		.keys = &key };

	D->fold_ranges(fresh(), &t, "H", ranges, 3);
	is_out(RANGE("0", "H", "`a` < 10") " UNION ALL " RANGE(
		   "1", "H", "`a` >= 10 AND `a` < 20") " UNION ALL " RANGE("2",
		   "H", "`a` >= 20"),
	    "ranges, each by the index");
	t.nkeys = 0;
	D->fold_ranges(fresh(), &t, "H", ranges, 3);
	is_out(GROUPS("IF(`a` < 10,0,IF(`a` < 20,1,2))", "TRUE"),
	    "ranges without an index: one pass");
	D->fold_ranges(fresh(), &t, "H", &ranges[1], 2);
	is_out(GROUPS("IF(`a` < 20,0,1)", "`a` >= 10"),
	    "from where the first begins");
	D->fold_ranges(fresh(), &t, "H", gap, 2);
	is_out(RANGE("0", "H", "`a` < 10") " UNION ALL " RANGE(
		   "1", "H", "`a` >= 20"),
	    "nothing of what is between two ranges");
	t.where = "x OR y";
	D->fold_ranges(fresh(), &t, "H", ranges, 1);
	is_out(RANGE("0", "H", "(x OR y) AND `a` < 10"), "with a condition");
	D->fold_buckets(fresh(), &t, "H", "B");
	is_out(GROUPS("COALESCE(B,0)", "(x OR y) AND TRUE"), "buckets");
	t.where = NULL;
	D->fold_ranges(fresh(), &t, "H", &text, 1);
	is_out(RANGE("0", "IF(`k` REGEXP '[[:cntrl:]]',NULL,H)",
		   "`k` <= 'x' AND CAST(`k` AS BINARY) < x'78'"),
	    "no hash of a key that PAD SPACE puts elsewhere");
}

/* --- order ---------------------------------------------------------------- */

static void
test_order(void)
{
	static const struct {
		const char *type;
		enum ltype as;
		const char *sql;
		bool native;
	} cases[] = {
		{ "int", LT_NUM, "`c`", true },
		{ "ubigint", LT_NUM, "`c`", true },
		{ "int", LT_F8, "`c`+0", false },
		{ "int", LT_TEXT, BYTES("`c`"), false },
		{ "bit(1)", LT_NUM, "`c`+0", false },
		{ "date", LT_DATE, "`c`", true },
		{ "datetime(3)", LT_TS, "`c`", true },
		{ "timestamp", LT_TSTZ, "`c`", true },
		{ VARCHAR, LT_TEXT, BYTES(SAME("`c`")), false },
		{ LATIN1, LT_TEXT, BYTES(SAME(U8("`c`"))), false },
		{ BIN, LT_TEXT, BYTES(SAME("`c`")), true },
		{ NOPAD, LT_TEXT, BYTES(SAME("`c`")), true },
		{ BIN, LT_CHAR, BYTES("TRIM(TRAILING ' ' FROM `c`)"), false },
		{ ENUM, LT_TEXT, BYTES(SAME(U8("`c`"))), false },
		{ "binary(3)", LT_BYTES, "`c`", true },
		{ "binary(16)", LT_UUID, "`c`", true },
		{ "longblob", LT_BYTES, "`c`", false }, /* only its beginning */
		{ "uuid", LT_UUID, BYTES(CHARS("`c`")), false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct column c = column("c", cases[i].type);
		struct vtype t = { .type = cases[i].as };

		D->order_expr(fresh(), &c, &t);
		is_out(cases[i].sql, "order of %s as %s", cases[i].type,
		    ltype_name(t.type));
		ok(D->order_native(&c, &t) == cases[i].native,
		    "native order of %s as %s", cases[i].type,
		    ltype_name(t.type));
		c.notnull = false;
		ok(!D->order_native(&c, &t), "never where NULL may be");
	}
}

static void
test_sample(void)
{
	struct column a = column("a", "int(5) zerofill"),
		      b = column("b", "date");
	const struct column *cols[] = { &a, &b };
	struct table t = { .from = "`t`", .where = "x OR y" };

	D->sample(fresh(), &t, cols, 2, 400);
	is_out("SELECT `a`+0, `b` FROM `t` WHERE (x OR y) AND "
	       "RAND(1) < 2.500000000e-03 ORDER BY `a`, `b`",
	    "one row in 400, the same every time");
	t.where = NULL;
	D->sample(fresh(), &t, &cols[1], 1, 1);
	is_out("SELECT `b` FROM `t` ORDER BY `b`", "all rows");
}

static void
test_ranges(void)
{
	struct column a = column("a", "int"), b = column("b", "decimal(12,4)"),
		      d = column("d", "date"), k = column("k", BIN),
		      n = column("n", NOPAD);
	const struct column *abd[] = { &a, &b, &d }, *kd[] = { &k, &d },
			    *np = &n;
	const struct cell lo[] = { cell_int(50), C_TEXT("5.00"),
		C_TEXT("2024-01-01") };
	const struct cell hi[] = { cell_int(60), C_TEXT("7"),
		C_TEXT("2025-01-01") };
	const struct cell text[] = { C_TEXT("é\\"), C_TEXT("2024-01-01") };
	const struct {
		struct sql_range r;
		const char *sql;
	} cases[] = {
		{ { 1, abd, NULL, NULL }, "TRUE" },
		{ { 1, abd, lo, NULL }, "`a` >= 50" },
		{ { 1, abd, NULL, hi }, "`a` < 60" },
		{ { 1, abd, lo, hi }, "`a` >= 50 AND `a` < 60" },
		{ { 2, abd, lo, NULL },
		    "`a` >= 50 AND (`a` > 50 OR (`a` = 50 AND `b` >= 5.00))" },
		{ { 3, abd, NULL, hi },
		    "`a` <= 60 AND (`a` < 60 OR (`a` = 60 AND "
		    "`b` <= 7 AND (`b` < 7 OR (`b` = 7 AND "
		    "`d` < '2025-01-01'))))" },
		{ { 1, &np, NULL, text }, "`n` < _utf8mb4 x'c3a95c'" },
		{ { 1, kd, text, NULL }, "`k` >= _utf8mb4 x'c3a95c' AND "
					 "CAST(`k` AS BINARY) >= x'c3a95c'" },
		{ { 2, kd, text, NULL }, "`k` >= _utf8mb4 x'c3a95c' AND ("
					 "`k` >= _utf8mb4 x'c3a95c' AND "
					 "CAST(`k` AS BINARY) > x'c3a95c' OR ("
					 "`k` = _utf8mb4 x'c3a95c' AND "
					 "CAST(`k` AS BINARY) = x'c3a95c' AND "
					 "`d` >= '2024-01-01'))" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		D->range_cond(fresh(), &cases[i].r);
		is_out(cases[i].sql, "range %zu", i);
		ok(!has("COLLATE"), "and no COLLATE: an index serves it");
	}
}

static void
test_keys(void)
{
	struct column a = column("a", "int"), u = column("u", "ubigint"),
		      n = column("n", NOPAD), v = column("v", VARCHAR),
		      l = column("l", LATIN1), o = column("o", "inet6");
	const struct column *pa = &a, *pu = &u, *pv = &v, *pl = &l, *po = &o,
			    *an[] = { &a, &n }, *av[] = { &a, &v };
	const struct cell ints[] = { cell_int(1), cell_int(-2) };
	const struct cell wide[] = { cell_int(1),
		C_TEXT("18446744073709551615") };
	const struct cell some[] = { cell_int(1), cell_null() };
	const struct cell texts[] = { C_TEXT("it's"), C_TEXT("") };
	const struct cell pairs[] = { cell_int(1), C_TEXT("x"), cell_int(2),
		C_TEXT("y") };
	const struct cell holes[] = { cell_int(1), C_TEXT("x"), cell_int(2),
		cell_null() };
	const struct {
		const struct column *const *cols;
		size_t ncols;
		const struct cell *cells;
		size_t n;
		const char *sql;
	} cases[] = {
		{ &pa, 1, ints, 0, "FALSE" },
		{ &pa, 1, ints, 2, "(`a` IN (1,-2))" },
		{ &pa, 1, some, 2, "(`a` IN (1) OR `a` IS NULL)" },
		{ &pa, 1, &some[1], 1, "(`a` IN (NULL) OR `a` IS NULL)" },
		{ &pu, 1, wide, 2,
		    "(`u` IN (CAST(1 AS UNSIGNED),18446744073709551615))" },
		{ &pv, 1, texts, 2,
		    "(`v` IN ('it''s','') AND "
		    "CAST(`v` AS BINARY) IN (x'69742773',x''))" },
		{ &pl, 1, texts, 1,
		    "(`l` IN ('it''s') AND " BYTES(
			U8("`l`")) " IN (x'69742773'))" },
		{ &po, 1, texts, 1,
		    "((`o` = 'it''s' AND CAST(CAST(`o` AS CHAR CHARACTER SET "
		    "utf8mb4) AS BINARY) <=> CAST('it''s' AS BINARY)))" },
		{ an, 2, pairs, 2, "(`a`, `n`) IN ((1,'x'),(2,'y'))" },
		{ av, 2, pairs, 1,
		    "((`a` = 1 AND `v` = 'x' AND "
		    "CAST(`v` AS BINARY) <=> CAST('x' AS BINARY)))" },
		{ an, 2, holes, 2,
		    "((`a` = 1 AND `n` = 'x') OR (`a` = 2 AND `n` IS NULL))" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		D->keys_cond(fresh(), cases[i].cols, cases[i].ncols,
		    cases[i].cells, cases[i].n);
		is_out(cases[i].sql, "keys %zu", i);
	}
}

/* --- values --------------------------------------------------------------- */

static void
test_guards(void)
{
	static const struct {
		const char *type, *value, *sql;
		bool exact; /* is '=' */
	} cases[] = {
		{ "int", "NULL", "`c` IS NULL", true },
		{ VARCHAR, "NULL", "`c` IS NULL", false },
		{ VARCHAR, "'x'", BYTES("`c`") " <=> " BYTES("'x'"), false },
		{ BIN, "?1", BYTES("`c`") " <=> " BYTES("?1"), false },
		{ NOPAD, "?1", "`c` <=> ?1", true },
		{ LATIN1, "?1", BYTES(U8("`c`")) " <=> " BYTES("?1"), false },
		{ ENUM, "?1", BYTES(U8("`c`")) " <=> " BYTES("?1"), false },
		{ "double", "1.5e0", "`c` <=> 1.5e0", true },
		{ "date", "'0000-00-00'", "`c` <=> '0000-00-00'", true },
		{ "binary(3)", "?1", "`c` <=> ?1", true },
		{ "uuid", "?1", "`c` <=> ?1", true },
		{ JSON, "?1", BYTES("`c`") " <=> " BYTES("?1"), false },
		{ "json MySQL", "?1", "`c` <=> CAST(?1 AS JSON)", false },
		{ "point", "?1", BYTES("`c`") " <=> ?1", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct column c = column("c", cases[i].type);

		D->guard(fresh(), &c, cases[i].value);
		is_out(cases[i].sql, "guard of %s", c.type);
		ok(D->equal_exact(&c, cases[i].value) == cases[i].exact,
		    "is '=' of %s exact", c.type);
	}
}

static void
test_literals(void)
{
	static const struct {
		const char *type;
		struct cell c;
		const char *sql;
	} cases[] = {
		{ VARCHAR, C_NULL, "NULL" },
		{ "int", C_INT(INT64_MIN), "-9223372036854775808" },
		{ "double", C_F64(1.5), "1.5e0" }, /* 1.5 is a decimal */
		{ "double", C_F64(-0.0), "-0e0" },
		{ "double", C_F64(1e300), "1e+300" },
		{ "double", C_F64(0.1 + 0.2), "0.30000000000000004e0" },
		{ VARCHAR, C_INT(5), "'5'" }, /* by a number: no index */
		{ VARCHAR, C_TEXT(""), "''" },
		{ VARCHAR, C_TEXT("it's % \" é"), "'it''s % \" é'" },
		{ LATIN1, C_TEXT("é\\'"), "_utf8mb4 x'c3a95c27'" },
		{ VARCHAR, C_TEXT("a\r\n"), "_utf8mb4 x'610d0a'" },
		{ "longblob", C_BYTES("\0\xff'"), "x'00ff27'" },
		{ "longblob", C_BYTES(""), "x''" },
	};
	struct column c = column("c", VARCHAR);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct column to = column("c", cases[i].type);

		D->literal(fresh(), &to, &cases[i].c);
		is_out(cases[i].sql, "literal %zu", i);
	}
	for (int i = 0; i < 128; i++) {
		char byte = (char)i;
		struct cell one = cell_text(&byte, 1);
		bool hex = i < 32 || i == 127 || byte == '\\';

		D->literal(fresh(), &c, &one);
		ok(has("_utf8mb4 x'") == hex, "byte %d: %s", i, buf_str(&out));
	}
}

static void
test_params(void)
{
	static const char *const cases[][2] = {
		{ "int", "?2" },
		{ VARCHAR, "?2" },
		{ "double", "?2" },
		{ "bit(10)", "CAST(CONV(?2,2,10) AS UNSIGNED)" },
		{ "ubigint", "CAST(?2 AS UNSIGNED)" },
		{ "decimal(12,4)", "CAST(?2 AS DECIMAL(65,4))" },
		{ "decimal(12,0)", "CAST(?2 AS DECIMAL(65,0))" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct column c = column("c", cases[i][0]);

		D->param(fresh(), &c, 2);
		is_out(cases[i][1], "parameter of %s", cases[i][0]);
	}
}

#define UUID "01234567-89ab-cdef-8123-456789abcdef"
#define UUID_8(byte) "00000000-0000-8000-" byte "00-000000000000"
#define SMILE "\xf0\x9f\x98\x80"

static void
test_convert(void)
{
	static const struct {
		const char *type;
		struct cell in;
		const char *sql; /* of what it becomes; NULL: not held */
	} cases[] = {
		{ "int", C_NULL, "NULL" },
		{ "tinyint", C_INT(128), NULL },
		{ "tinyint unsigned", C_INT(255), "255" },
		{ "mediumint", C_INT(8388608), NULL },
		{ "int", C_TEXT("7.00"), "7" },
		{ "int", C_TEXT("7.5"), NULL },
		{ "int unsigned", C_INT(UINT32_MAX), "4294967295" },
		{ "ubigint", C_TEXT("18446744073709551615"),
		    "18446744073709551615" },
		{ "ubigint", C_TEXT("18446744073709551616"), NULL },
		{ "ubigint", C_INT(-1), NULL },
		{ "year", C_INT(1900), NULL },
		{ "year", C_INT(2155), "2155" },
		{ "bit(10)", C_TEXT("0000000101"), "b'0000000101'" },
		{ "bit(10)", C_TEXT("101"), NULL },
		{ "decimal(12,4)", C_TEXT("99999999.9999"), "99999999.9999" },
		{ "decimal(12,4)", C_TEXT("99999999.99995"), NULL },
		{ "decimal(12,4) unsigned", C_TEXT("-0.00001"), NULL },
		{ "double", C_F64(NAN), NULL },
		{ "double", C_TEXT("1e400"), NULL },
		{ "float", C_F64(0.1), "0.10000000149011612e0" },
		{ "float", C_F64(1e39), NULL },
		{ "float", C_F64(1e-46), NULL },
		{ "float(7,3)", C_F64(1.0625), NULL },
		{ VARCHAR, C_TEXT("ééé"), "'ééé'" },
		{ VARCHAR, C_TEXT("abc "), NULL },
		{ VARCHAR, C_TEXT("a\0b"), "_utf8mb4 x'610062'" },
		{ VARCHAR, C_TEXT("\xff"), NULL },
		{ VARCHAR, C_TEXT(SMILE), "'" SMILE "'" },
		{ MB3, C_TEXT("€"), "'€'" },
		{ MB3, C_TEXT(SMILE), NULL },
		{ LATIN1, C_TEXT("é€"), "'é€'" },
		{ LATIN1, C_TEXT("č"), NULL },
		{ "varchar(3) ascii_general_ci", C_TEXT("é"), NULL },
		{ "char(3)", C_TEXT("ab   "), "'ab'" },
		{ ENUM, C_TEXT("it's"), "'it''s'" },
		{ ENUM, C_TEXT("2"), NULL }, /* the second label */
		{ ENUM, C_TEXT(""), NULL },
		{ SET, C_TEXT("a,d"), "'a,d'" },
		{ SET, C_TEXT("d,a"), NULL },
		{ "binary(3)", C_BYTES("a\0b"), "x'610062'" },
		{ "binary(3)", C_BYTES("ab"), NULL },
		{ "varbinary(3)", C_BYTES("abcd"), NULL },
		{ "binary(16)", C_TEXT(UUID),
		    "x'0123456789abcdef8123456789abcdef'" },
		{ "uuid", C_TEXT("{" UUID "}"), "'" UUID "'" },
		{ "uuid", C_TEXT(UUID_8("01")), "'" UUID_8("01") "'" },
		{ "uuid strict", C_TEXT(UUID_8("00")), "'" UUID_8("00") "'" },
		{ "uuid strict", C_TEXT(UUID_8("01")), NULL },
		{ "uuid strict", C_TEXT(UUID_8("80")), NULL },
		{ "uuid strict", C_TEXT(UUID_8("81")), "'" UUID_8("81") "'" },
		{ "date", C_TEXT("0000-00-00"), "'0000-00-00'" },
		{ "date", C_TEXT("2024-02-30"), "'2024-02-30'" },
		{ "date", C_TEXT("0044-03-15 BC"), NULL },
		{ "date", C_TEXT("2024-01-01 00:00:01"), NULL },
		{ "datetime", C_TEXT("2016-12-31 23:59:60"), NULL },
		{ "timestamp(6)", C_TEXT("1970-01-01 00:00:00.5"),
		    "'1970-01-01 00:00:00.5'" },
		{ "timestamp", C_TEXT("2038-01-19 03:14:07"),
		    "'2038-01-19 03:14:07'" },
		{ "timestamp", C_TEXT("2038-01-19 03:14:08"), NULL },
		{ "timestamp", C_TEXT("0000-00-00 00:00:00"),
		    "'0000-00-00 00:00:00'" },
		{ "timestamp", C_TEXT("2024-02-30 00:00:00"), NULL },
		{ "time(3)", C_TEXT("-838:59:59.5"), "'-838:59:59.5'" },
		{ "time(3) MySQL", C_TEXT("-838:59:59.5"), NULL },
		{ "time", C_TEXT("839:00:00"), NULL },
		{ JSON, C_TEXT("\"\\ud800\""), NULL },
		{ JSON, C_TEXT("1E400"), "'1E400'" },
		{ "json MySQL", C_TEXT("1E400"), NULL },
		{ "inet6", C_TEXT("::1"), "'::1'" },
		{ "inet6", C_TEXT("0::1"), NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct column c = column("c", cases[i].type);
		struct vtype t = { .type = c.maxlen == 16 ? LT_UUID : c.ltype };
		struct buf scratch = BUF_INIT;
		const char *why = NULL;
		struct cell got;
		bool held =
		    D->convert(&c, &t, &cases[i].in, &scratch, &got, &why);

		buf_adds(fresh(), held ? "" : "no");
		if (held)
			D->literal(&out, &c, &got);
		is_out(cases[i].sql ? cases[i].sql : "no",
		    "conversion %zu to %s: %s", i, c.type, why ? why : "");
		ok(held == (why == NULL), "and a reason where it is not held");
		buf_free(&scratch);
	}
}

/* --- sessions ------------------------------------------------------------- */

static void
test_sessions(void)
{
	static const char *const parts[] = { "SET NAMES utf8mb4;\n",
		"SET time_zone = '+00:00';\n", "STRICT_ALL_TABLES",
		"NO_ENGINE_SUBSTITUTION", "NO_AUTO_VALUE_ON_ZERO",
		";\nSTART TRANSACTION;\n" };
	static const char *const never[] = { "PAD_CHAR", "ANSI", "PIPES",
		"NO_BACKSLASH", "FRACTIONAL", "NO_ZERO" };
	const struct table t = { .from = "`t`" };

	buf_adds(fresh(), D->patch_begin);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		ok(has(parts[i]), "part %zu of a patch's beginning", i);
	for (size_t i = 0; i < ARRAY_LEN(never); i++)
		ok(!has(never[i]), "and never with %s", never[i]);
	ok(has(D->write_begin), "and as our own sessions do");
	is_str(D->patch_commit, "COMMIT;\n", "its end");
	dialect_limit(fresh(), D, 32);
	is_out(" LIMIT 32", "the first rows");
	dialect_skip(fresh(), D, 100, 3);
	is_out(" LIMIT 100, 3", "some behind a hundred");
	is_str(D->nulls_first, "", "NULL is first without a word");
	is_str(D->insert_overriding, "", "AUTO_INCREMENT takes a value");
	is_str(D->insert_defaults, " () VALUES ()", "a row of defaults");
	ok(dialect_tells_rows(D, &t), "LIMIT 1 tells equal rows");
}

/* It comes from another server. */
static void
test_position(void)
{
	const struct cell at = C_TEXT("1 '\\");

	D->position->passed(fresh(), &at);
	ok(has("SUBSTRING_INDEX(x'3120275c', ' ', 1)"), "bytes, not quotes");
}

int
main(void)
{
	test_select();
	test_canon();
	test_canon_dates();
	test_canon_null();
	test_hash();
	test_fold();
	test_order();
	test_sample();
	test_ranges();
	test_keys();
	test_guards();
	test_literals();
	test_params();
	test_convert();
	test_sessions();
	test_position();
	buf_free(&out);
	return tap_done();
}
