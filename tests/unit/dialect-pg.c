#include <config.h>

#include "db/dialect-pg.h"

#include <math.h>
#include <stdio.h>

#include "lib/tap.h"

#define D (&dialect_postgresql)

static struct buf out;

static struct column
column(const char *name, int wire, enum ltype ltype)
{
	return (struct column){ .name = name,
		.type = "t",
		.wire = wire,
		.ltype = ltype,
		.precision = -1,
		.scale = -1,
		.frac = -1,
		.maxlen = -1,
		.notnull = true,
		.bytewise = true,
		.raw = true };
}

static struct cell
text(const char *s)
{
	return cell_text(s, strlen(s));
}

static struct buf *
fresh(void)
{
	buf_reset(&out);
	return &out;
}

static void
test_ident(void)
{
	D->ident(fresh(), "say \"x\" $1");
	is_str(buf_str(&out), "\"say \"\"x\"\" $1\"", "quotes are doubled");
	D->ident(fresh(), "select");
	is_str(buf_str(&out), "\"select\"", "a keyword");
}

static void
test_select(void)
{
	static const struct {
		int wire;
		const char *want;
	} cases[] = {
		{ PG_INT4, "\"c\"" },
		{ PG_NUMERIC, "\"c\"" },
		{ PG_TIMESTAMPTZ, "\"c\"" },
		{ PG_JSON, "\"c\"" },
		{ PG_MONEY, "\"c\"::numeric" },
		{ PG_BPCHAR, "\"c\"::text" },
		{ PG_JSONB, "\"c\"::text" },
		{ PG_OTHER, "\"c\"::text" },
		{ PG_OTHER | PG_CAST, "case when \"c\" is distinct from null"
				      " then pg_catalog.concat(\"c\") end" },
		{ PG_REGCLASS,
		    "coalesce((pg_catalog.pg_identify_object("
		    "'pg_catalog.pg_class'::pg_catalog.regclass,\"c\",0))"
		    ".identity,\"c\"::text)" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct column c = column("c", cases[i].wire, LT_OTHER);

		D->select_expr(fresh(), &c);
		is_str(
		    buf_str(&out), cases[i].want, "select %d", cases[i].wire);
	}
}

/* --- literals, parameters, guards ----------------------------------------- */

static void
test_literal(void)
{
	static const char bytes[] = "\0'\\";
	const struct {
		int wire;
		struct cell cell;
		const char *want;
	} cases[] = {
		{ PG_INT4, cell_null(), "NULL" },
		{ PG_BOOL, cell_int(1), "true" },
		{ PG_BOOL, cell_int(0), "false" },
		{ PG_INT8, cell_int(-5), "-5" },
		{ PG_INT8, cell_int(INT64_MIN), "'-9223372036854775808'" },
		{ PG_OID, cell_int(4294967295), "'4294967295'" },
		{ PG_NUMERIC, text("1.50"), "'1.50'" },
		{ PG_MONEY, text("1.5"), "'1.5'::numeric::money" },
		{ PG_FLOAT8, cell_f64(0.1), "'0.1'" },
		{ PG_FLOAT8, cell_f64(0.1 + 0.2), "'0.30000000000000004'" },
		{ PG_FLOAT8, cell_f64(-0.0), "'-0'" },
		{ PG_FLOAT8, cell_f64((double)NAN), "'NaN'" },
		{ PG_FLOAT8, cell_f64(-(double)INFINITY), "'-Infinity'" },
		{ PG_TEXT, text(""), "''" },
		{ PG_TEXT, text("it's"), "'it''s'" },
		{ PG_TEXT, text("a\\b"), "E'a\\\\b'" },
		{ PG_TEXT, text("\r\n\t\001\177'"),
		    "E'\\015\\012\\011\\001\\177'''" },
		{ PG_TEXT, text("\303\251\302\200"), "'\303\251\302\200'" },
		{ PG_BYTEA, cell_bytes(bytes, 3), "'\\x00275c'::bytea" },
		{ PG_BYTEA, cell_bytes("", 0), "'\\x'::bytea" },
		{ PG_BIT, text("0101"), "B'0101'" },
		{ PG_DATE, text("0044-03-15 BC"), "'0044-03-15 BC'" },
		{ PG_TIMESTAMP, text("2024-01-01 00:00:00"),
		    "'2024-01-01 00:00:00'" },
		{ PG_TIMESTAMPTZ, text("2024-01-01 00:00:00.5"),
		    "'2024-01-01 00:00:00.5+00'" },
		{ PG_TIMESTAMPTZ, text("0044-03-15 00:00:00 BC"),
		    "'0044-03-15 00:00:00+00 BC'" },
		{ PG_TIMESTAMPTZ, text("-infinity"), "'-infinity'" },
		{ PG_INTERVAL, text("P1D"), "'P1D'" },
		{ PG_OTHER, text("{1,\"a\"}"), "'{1,\"a\"}'" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct column c = column("c", cases[i].wire, LT_OTHER);

		D->literal(fresh(), &c, &cases[i].cell);
		is_str(buf_str(&out), cases[i].want, "literal %zu", i);
	}
}

static void
test_param_guard(void)
{
	static const struct {
		int wire;
		const char *param, *guard;
	} cases[] = {
		{ PG_INT4, "$3::integer", "\"c\" = v" },
		{ PG_TEXT, "$3::text", "\"c\" = v" },
		{ PG_TEXT | PG_NONDET, "$3::text", "\"c\" COLLATE \"C\" = v" },
		{ PG_BPCHAR, "$3::bpchar", "\"c\" = v" },
		{ PG_BIT, "$3::varbit", "\"c\" = v" },
		{ PG_MONEY, "$3::numeric::money", "\"c\" = v" },
		{ PG_NUMERIC, "$3::numeric", "\"c\" = v" },
		{ PG_INTERVAL, "$3::interval",
		    "\"c\"::text COLLATE \"C\" IS NOT DISTINCT FROM "
		    "(v)::interval::text" },
		{ PG_JSON, "$3::json",
		    "\"c\"::text COLLATE \"C\" IS NOT DISTINCT FROM "
		    "(v)::text" },
		{ PG_OTHER, "$3",
		    "\"c\"::text COLLATE \"C\" IS NOT DISTINCT FROM "
		    "(v)::text" },
	};

	struct column in = column("c", PG_INT4, LT_NUM);

	D->guard(fresh(), &in, "$3");
	is_str(buf_str(&out), "\"c\" IS NOT DISTINCT FROM $3",
	    "a parameter may be NULL");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct column c = column("c", cases[i].wire, LT_OTHER);

		D->param(fresh(), &c, 3);
		is_str(buf_str(&out), cases[i].param, "param %zu", i);
		D->guard(fresh(), &c, "v");
		is_str(buf_str(&out), cases[i].guard, "guard %zu", i);
		D->guard(fresh(), &c, "NULL");
		ok(strstr(buf_str(&out), " IS NULL") != NULL,
		    "guard %zu of NULL", i);
	}
}

/* --- keys ----------------------------------------------------------------- */

static void
test_range(void)
{
	struct column a = column("a", PG_INT4, LT_NUM);
	struct column b = column("b", PG_TEXT, LT_TEXT);
	const struct column *cols[] = { &a, &b };
	const struct cell lo[] = { cell_int(1), text("x") };
	const struct cell hi[] = { cell_int(2), text("y\n") };
	const struct {
		struct sql_range range;
		const char *want;
	} cases[] = {
		{ { 1, cols, NULL, NULL }, "TRUE" },
		{ { 1, cols, lo, NULL }, "\"a\" >= 1" },
		{ { 1, cols, NULL, hi }, "\"a\" < 2" },
		{ { 1, cols, lo, hi }, "\"a\" >= 1 AND \"a\" < 2" },
		{ { 2, cols, lo, hi }, "\"a\" >= 1 AND \"a\" <= 2 AND "
				       "(\"a\", \"b\") >= (1, 'x') AND "
				       "(\"a\", \"b\") < (2, E'y\\012')" },
		{ { 2, cols, lo, NULL }, "(\"a\", \"b\") >= (1, 'x')" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		D->range_cond(fresh(), &cases[i].range);
		is_str(buf_str(&out), cases[i].want, "range %zu", i);
	}
}

static void
test_blocks(void)
{
	static const struct {
		uint64_t first, last;
		const char *want;
	} cases[] = {
		{ 0, UINT64_MAX, "TRUE" },
		{ 0, 7, "ctid < '(7,0)'" },
		{ 7, 9, "ctid >= '(7,0)' AND ctid < '(9,0)'" },
		{ 4294967294, UINT64_MAX, "ctid >= '(4294967294,0)'" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		D->block_cond(fresh(), cases[i].first, cases[i].last);
		is_str(buf_str(&out), cases[i].want, "blocks %zu", i);
	}
}

static void
test_keys(void)
{
	struct column a = column("a", PG_INT8, LT_NUM);
	struct column b = column("b", PG_TEXT, LT_TEXT);
	struct column n = column("n", PG_VARCHAR | PG_NONDET, LT_TEXT);
	struct column e = column("e", PG_OTHER, LT_TEXT);
	struct column x = column("x", PG_OTHER, LT_OTHER);
	struct column r = column("r", PG_REGPROC, LT_OTHER);
	const struct column *cols[] = { &a, &b }, *ncols[] = { &n },
			    *ecols[] = { &e, &x }, *rcols[] = { &r };
	const struct cell keys[] = { cell_int(1), text("q\"\\'"), cell_int(-2),
		text("{,}") };
	const struct cell nkeys[] = { text("A"), text("NULL") };
	const struct cell nulls[] = { cell_int(1), cell_null() };

	D->keys_cond(fresh(), cols, 1, keys, 0);
	is_str(buf_str(&out), "FALSE", "no keys");
	D->keys_cond(fresh(), cols, 1, &keys[2], 1);
	is_str(buf_str(&out), "\"a\" = ANY ('{\"-2\"}'::bigint[])", "one");
	D->keys_cond(fresh(), cols, 2, keys, 2);
	is_str(buf_str(&out),
	    "(\"a\", \"b\") IN (SELECT * FROM unnest("
	    "'{\"1\",\"-2\"}'::bigint[],"
	    "E'{\"q\\\\\"\\\\\\\\''\",\"{,}\"}'::text[]))",
	    "two columns");
	D->keys_cond(fresh(), ncols, 1, nkeys, 2);
	is_str(buf_str(&out),
	    "\"n\" = ANY ('{\"A\",\"NULL\"}'::varchar[]) AND "
	    "\"n\" COLLATE \"C\" = ANY ('{\"A\",\"NULL\"}'::varchar[])",
	    "a collation that takes unequal for equal");
	D->keys_cond(fresh(), cols, 2, nulls, 1);
	is_str(buf_str(&out), "(\"a\" = 1 AND \"b\" IS NULL)", "NULL in a key");
	e.base_type = "s.e";
	e.equal_op = "OPERATOR(s.=)";
	D->keys_cond(fresh(), ecols, 2, nkeys, 1);
	is_str(buf_str(&out),
	    "(\"e\" OPERATOR(s.=) ('A')::s.e AND \"e\"::text COLLATE \"C\" "
	    "IS NOT DISTINCT FROM ('A')::s.e::text AND "
	    "\"x\"::text COLLATE \"C\" IS NOT DISTINCT FROM "
	    "('NULL')::text)",
	    "types that are compared as text");
	e.raw = false;
	e.equal_op = "=";
	D->keys_cond(fresh(), ecols, 1, &nulls[1], 1);
	is_str(buf_str(&out), "(\"e\"::text COLLATE \"C\" IS NULL)",
	    "NULL is not a row of them");
	D->equal(fresh(), &e, "$1");
	is_str(buf_str(&out), "\"e\"::s.e = ($1)::s.e", "a domain");
	ok(!D->equal(fresh(), &x, "$1") && out.len == 0, "no equality");
	D->keys_cond(fresh(), rcols, 1, nkeys, 1);
	is_str(buf_str(&out), "(\"r\" = 'A'::regprocedure)", "a name");
}

static void
test_encodings(void)
{
	struct column c = column("c", PG_TEXT | PG_RECODE, LT_TEXT);
	struct column d = column("d", PG_INT4, LT_NUM);
	const struct column *cols[] = { &c, &d };
	const struct vtype types[] = { { .type = LT_TEXT },
		{ .type = LT_NUM } };

	D->canon_expr(fresh(), &c, &types[0]);
	is_str(buf_str(&out),
	    "octet_length(convert_to(\"c\"::text,'UTF8'))||':'||\"c\"::text",
	    "lengths are of UTF-8");
	D->hash_expr(fresh(), &cols[1], &types[1], 1, HASH_MD5);
	is_str(buf_str(&out), "md5(\"d\"::text)", "nothing to translate");
	D->hash_expr(fresh(), cols, types, 2, HASH_MD5);
	ok(strncmp(buf_str(&out), "md5(convert_to(octet", 20) == 0 &&
		strstr(buf_str(&out), "\"d\"::text,'UTF8'))") != NULL,
	    "a row is hashed in UTF-8");
	D->order_expr(fresh(), &c, &types[0]);
	is_str(buf_str(&out), "\"c\"", "its own order will do");
	c.bytewise = false;
	D->order_expr(fresh(), &c, &types[0]);
	is_str(buf_str(&out), "convert_to(\"c\"::text,'UTF8')",
	    "the order of UTF-8");
	c.wire = PG_TEXT | PG_RAWTEXT;
	D->hash_expr(fresh(), cols, types, 2, HASH_SHA256);
	ok(strstr(buf_str(&out), "||\"d\"::text,'SQL_ASCII'))") != NULL,
	    "bytes as they are");
	D->literal(fresh(), &c,
	    &(struct cell){ .kind = CELL_TEXT, .u.p = "a\351'\\", .len = 4 });
	is_str(buf_str(&out), "E'a\\351''\\\\'", "as octal digits");
}

static void
test_order(void)
{
	static const struct {
		int wire;
		enum ltype own, as;
		bool notnull, bytewise, native;
		const char *order;
	} cases[] = {
		{ PG_INT4, LT_NUM, LT_NUM, true, false, true, "\"c\"" },
		{ PG_INT4, LT_NUM, LT_NUM, false, false, false, "\"c\"" },
		{ PG_INT4, LT_NUM, LT_F8, true, false, false, "\"c\"" },
		{ PG_INT4, LT_NUM, LT_TEXT, true, false, false,
		    "\"c\"::text COLLATE \"C\"" },
		{ PG_NUMERIC, LT_NUM, LT_NUM, true, false, true, "\"c\"" },
		{ PG_BOOL, LT_NUM, LT_NUM, true, false, false, "\"c\"" },
		{ PG_FLOAT8, LT_F8, LT_F8, true, false, false, "\"c\"" },
		{ PG_TEXT, LT_TEXT, LT_TEXT, true, true, true, "\"c\"" },
		{ PG_TEXT, LT_TEXT, LT_TEXT, true, false, false,
		    "\"c\"::text COLLATE \"C\"" },
		{ PG_TEXT, LT_TEXT, LT_CHAR, true, true, false,
		    "rtrim(\"c\"::text,' ') COLLATE \"C\"" },
		{ PG_BPCHAR, LT_CHAR, LT_CHAR, true, true, false,
		    "rtrim(\"c\"::text,' ') COLLATE \"C\"" },
		{ PG_DATE, LT_DATE, LT_TS, true, false, true, "\"c\"" },
		{ PG_TIMESTAMPTZ, LT_TSTZ, LT_TSTZ, true, false, true,
		    "\"c\"" },
		{ PG_INTERVAL, LT_INTERVAL, LT_INTERVAL, true, false, false,
		    "\"c\"::text COLLATE \"C\"" },
		{ PG_OTHER, LT_OTHER, LT_OTHER, true, false, false,
		    "\"c\"::text COLLATE \"C\"" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct column c = column("c", cases[i].wire, cases[i].own);
		struct vtype t = { .type = cases[i].as };

		c.notnull = cases[i].notnull;
		c.bytewise = cases[i].bytewise;
		ok(D->order_native(&c, &t) == cases[i].native,
		    "order %zu: native", i);
		D->order_expr(fresh(), &c, &t);
		is_str(buf_str(&out), cases[i].order, "order %zu", i);
	}
}

static void
test_sample(void)
{
	struct column a = column("a", PG_INT4, LT_NUM);
	struct column b = column("b", PG_BPCHAR, LT_CHAR);
	const struct column *cols[] = { &a, &b };
	struct table t = { .kind = REL_TABLE, .from = "s.t" };

	b.notnull = false;
	D->sample(fresh(), &t, cols, 1, 1);
	is_str(buf_str(&out), "SELECT \"a\" FROM s.t ORDER BY \"a\"", "all");
	t.where = "x > 1";
	D->sample(fresh(), &t, cols, 1, 400);
	is_str(buf_str(&out),
	    "SELECT \"a\" FROM s.t TABLESAMPLE BERNOULLI (0.250000000)"
	    " REPEATABLE (1) WHERE (x > 1) ORDER BY \"a\"",
	    "a table");
	t.rows = 6400000;
	t.pages = 100000;
	D->sample(fresh(), &t, cols, 1, 1023);
	ok(strstr(buf_str(&out), " BERNOULLI ") != NULL, "of most pages");
	D->sample(fresh(), &t, cols, 1, 25601);
	ok(strstr(buf_str(&out), " BERNOULLI ") != NULL, "few keys");
	D->sample(fresh(), &t, cols, 1, 12800);
	is_str(buf_str(&out),
	    "SELECT \"a\" FROM s.t TABLESAMPLE SYSTEM (2.000000000)"
	    " REPEATABLE (1) WHERE (x > 1)"
	    " AND hashtext(ctid::text) & 1048575 < 4096 ORDER BY \"a\"",
	    "of some pages");
	t.rows = 50000; /* large ones */
	t.where = NULL;
	D->sample(fresh(), &t, cols, 1, 100);
	ok(strstr(buf_str(&out), " BERNOULLI ") != NULL, "of all pages");
	t.rows = 100000;
	D->sample(fresh(), &t, cols, 1, 200);
	is_str(buf_str(&out),
	    "SELECT \"a\" FROM s.t TABLESAMPLE SYSTEM (2.000000000)"
	    " REPEATABLE (1) WHERE hashtext(ctid::text) & 1048575 < 262144"
	    " ORDER BY \"a\"",
	    "of pages with a row each");
	t.where = "x > 1";
	t.kind = REL_VIEW;
	D->sample(fresh(), &t, cols, 2, 400);
	is_str(buf_str(&out),
	    "SELECT k0, k1 FROM (SELECT \"a\" AS k0, \"b\"::text AS k1,"
	    " row_number() OVER (ORDER BY \"a\","
	    " rtrim(\"b\"::text,' ') COLLATE \"C\" NULLS FIRST) AS n"
	    " FROM s.t WHERE (x > 1)) AS trueup_k"
	    " WHERE n % 400 = 0 ORDER BY n",
	    "a view");
}

/* --- canonical fields and folds ------------------------------------------- */

static void
test_canon(void)
{
	static const struct {
		int wire;
		enum ltype as;
		const char *want; /* NULL: SQL cannot tell */
	} cases[] = {
		{ PG_INT8, LT_NUM, "\"c\"::text" },
		{ PG_NUMERIC, LT_NUM, "trim_scale(\"c\")::text" },
		{ PG_NUMERIC, LT_F8, NULL },
		{ PG_FLOAT8, LT_NUM, NULL },
		{ PG_FLOAT8, LT_TEXT, NULL },
		{ PG_TEXT, LT_TEXT,
		    "octet_length(\"c\"::text)||':'||\"c\"::text" },
		{ PG_TEXT, LT_UUID, NULL },
		{ PG_TEXT, LT_NUM, NULL },
		{ PG_BYTEA, LT_BYTES, "md5(\"c\")" },
		{ PG_UUID, LT_UUID, "replace(\"c\"::text,'-','')" },
		{ PG_TIMESTAMPTZ, LT_TSTZ, "(\"c\" at time zone 'UTC')::text" },
		{ PG_DATE, LT_DATE, "\"c\"::text" },
		{ PG_TIMESTAMP, LT_DATE, NULL },
		{ PG_INT4, LT_ANY, NULL },
		{ PG_INT4, LT_NONE, NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct column c = column("c", cases[i].wire, LT_OTHER);
		struct vtype t = { .type = cases[i].as };
		bool can = D->canon_expr(fresh(), &c, &t);

		ok(can == (cases[i].want != NULL), "canon %zu", i);
		is_str(buf_str(&out), can ? cases[i].want : "", "canon %zu", i);
	}
}

#define SUMS                                                             \
	"case when count(h)=count(*) then count(*) else -1 end::bigint," \
	"sum(('x'||substr(h,1,16))::bit(64)::bigint)::text,"             \
	"sum(('x'||substr(h,17,16))::bit(64)::bigint)::text"
#define SUM(x)                                                 \
	"||int8send((sum(" x ")%18446744073709551616::numeric" \
	"-9223372036854775808::numeric)::bigint)"
#define RECORDS                                                 \
	"||int8send(count(*))" SUM("(h&2147483647)")            \
	    SUM("((h>>31)&2147483647)") SUM("(h&2147483647)*k") \
		SUM("((h>>31)&2147483647)*k")
#define LIST "||string_agg(int4send((k-2147483648)::int)||int8send(h),'')"

static void
test_fold(void)
{
	struct column a = column("a", PG_INT4, LT_NUM);
	const struct column *cols[] = { &a, &a };
	struct vtype types[] = { { .type = LT_NUM }, { .type = LT_NUM } };
	const struct cell one = cell_int(1), nine = cell_int(-9);
	const struct sql_range ranges[] = { { 1, cols, NULL, &nine },
		{ 1, cols, &nine, &one }, { 1, cols, &one, NULL } };
	const struct cell lo[] = { nine, one }, hi[] = { one, cell_int(2) };
	const struct sql_range pairs = { 2, cols, lo, hi };
	struct table t = { .kind = REL_TABLE, .from = "s.t" };

	a.notnull = false;
	D->hash_expr(fresh(), cols, types, 2, HASH_MD5);
	is_str(buf_str(&out),
	    "md5(coalesce(\"a\"::text,'')||'|'||coalesce(\"a\"::text,''))",
	    "md5 of a row");
	D->hash_expr(fresh(), cols, types, 1, HASH_SHA256);
	is_str(buf_str(&out),
	    "left(encode(sha256(convert_to(coalesce(\"a\"::text,''),'UTF8')),"
	    "'hex'),32)",
	    "sha256 of a row");
	D->bucket_expr(fresh(), cols, types, 1, 7);
	is_str(buf_str(&out),
	    "('x'||substr(md5(coalesce(\"a\"::text,'')),1,8))::bit(32)::bigint"
	    "%7",
	    "bucket");
	D->fold_ranges(fresh(), &t, "H", ranges, 3);
	is_str(buf_str(&out),
	    "SELECT trueup_s.* FROM (VALUES (1::bigint,"
	    "'-9'::integer,'1'::integer)) AS trueup_r(n,lo0,hi0)"
	    " CROSS JOIN LATERAL (SELECT trueup_r.n," SUMS
	    " FROM (SELECT H AS h FROM s.t WHERE (\"a\")>=(trueup_r.lo0)"
	    " AND (\"a\")<(trueup_r.hi0) OFFSET 0) AS trueup_h) AS trueup_s"
	    " UNION ALL SELECT 0::bigint," SUMS
	    " FROM (SELECT H AS h FROM s.t WHERE \"a\" < -9 OFFSET 0)"
	    " AS trueup_h UNION ALL SELECT 2::bigint," SUMS
	    " FROM (SELECT H AS h FROM s.t WHERE \"a\" >= 1 OFFSET 0)"
	    " AS trueup_h",
	    "ranges");
	D->fold_records(fresh(), &t, "H", &a, true, ranges, 2);
	is_str(buf_str(&out),
	    "SELECT trueup_s.* FROM (VALUES (1::bigint,'-9'::integer,"
	    "'1'::integer)) AS trueup_r(n,lo0,hi0) CROSS JOIN LATERAL (SELECT "
	    "int2send((trueup_r.n)::smallint)" RECORDS " FROM (SELECT H AS h,"
	    "\"a\"::bigint-trueup_r.lo0::bigint AS k FROM s.t"
	    " WHERE (\"a\")>=(trueup_r.lo0) AND (\"a\")<(trueup_r.hi0)"
	    " OFFSET 0) AS trueup_h) AS trueup_s UNION ALL SELECT "
	    "int2send((0::bigint)::smallint)" RECORDS " FROM (SELECT H AS h,"
	    "0::bigint AS k FROM s.t WHERE \"a\" < -9 OFFSET 0) AS trueup_h",
	    "ranges of records");
	D->list_records(fresh(), &t, "H", &a, ranges + 1, 1);
	is_str(buf_str(&out),
	    "SELECT trueup_s.* FROM (VALUES (0::bigint,'-9'::integer,"
	    "'1'::integer)) AS trueup_r(n,lo0,hi0) CROSS JOIN LATERAL (SELECT "
	    "int2send((trueup_r.n)::smallint)" LIST " FROM (SELECT H AS h,"
	    "\"a\"::bigint-trueup_r.lo0::bigint AS k FROM s.t"
	    " WHERE (\"a\")>=(trueup_r.lo0) AND (\"a\")<(trueup_r.hi0)"
	    " OFFSET 0) AS trueup_h) AS trueup_s",
	    "a list of records");
	D->fold_ranges(fresh(), &t, "H", &pairs, 1);
	is_str(buf_str(&out),
	    "SELECT trueup_s.* FROM (VALUES (0::bigint,'-9'::integer,"
	    "'1'::integer,'1'::integer,'2'::integer))"
	    " AS trueup_r(n,lo0,lo1,hi0,hi1)"
	    " CROSS JOIN LATERAL (SELECT trueup_r.n," SUMS
	    " FROM (SELECT H AS h FROM s.t WHERE \"a\">=trueup_r.lo0"
	    " AND \"a\"<=trueup_r.hi0 AND"
	    " (\"a\",\"a\")>=(trueup_r.lo0,trueup_r.lo1)"
	    " AND (\"a\",\"a\")<(trueup_r.hi0,trueup_r.hi1)"
	    " OFFSET 0) AS trueup_h) AS trueup_s",
	    "ranges of a key of two columns");
	t.where = "x OR y";
	D->fold_buckets(fresh(), &t, "H", "B");
	is_str(buf_str(&out),
	    "SELECT g," SUMS " FROM (SELECT B AS g,H AS h FROM s.t"
	    " WHERE (x OR y) OFFSET 0) AS trueup_h GROUP BY g",
	    "buckets");
}

static void
test_wide_row(void)
{
	struct column a = column("a", PG_INT4, LT_NUM);
	const struct column *cols[70];
	struct vtype types[70];
	int depth = 0, opened = 0;

	for (size_t i = 0; i < ARRAY_LEN(cols); i++) {
		cols[i] = &a;
		types[i] = (struct vtype){ .type = LT_NUM };
	}
	D->hash_expr(fresh(), cols, types, ARRAY_LEN(cols), HASH_MD5);
	for (size_t i = 0; i < out.len; i++) {
		opened += out.data[i] == '(';
		depth += (out.data[i] == '(') - (out.data[i] == ')');
	}
	is_int(depth, 0, "parentheses match");
	is_int(opened, 1 + 3, "70 columns in groups of 32");
}

/* --- conversion ----------------------------------------------------------- */

/* want NULL: refused. */
static void
check_convert(struct column to, enum ltype as, struct cell in, const char *want,
    const char *what)
{
	struct vtype t = { .type = as };
	struct buf scratch = BUF_INIT;
	const char *why = NULL;
	struct cell got;
	bool can = D->convert(&to, &t, &in, &scratch, &got, &why);

	ok(can == (want != NULL), "%s: %s", what, can ? "fits" : "refused");
	if (can) {
		pg_value_text(fresh(), &to, &got);
		is_str(buf_str(&out), want, "%s", what);
	} else {
		ok(why != NULL && *why != '\0', "%s: why", what);
	}
	buf_free(&scratch);
}

static void
test_convert_numbers(void)
{
	struct column c = column("c", PG_BOOL, LT_NUM);

	check_convert(c, LT_NUM, cell_int(1), "true", "boolean 1");
	check_convert(c, LT_NUM, text("0.0"), "false", "boolean 0.0");
	check_convert(c, LT_NUM, cell_int(2), NULL, "boolean 2");
	c.wire = PG_INT2;
	check_convert(c, LT_NUM, cell_int(32767), "32767", "smallint");
	check_convert(c, LT_NUM, cell_int(32768), NULL, "smallint 32768");
	check_convert(c, LT_NUM, text("007.0"), "7", "smallint 007.0");
	check_convert(c, LT_NUM, text("7.5"), NULL, "smallint 7.5");
	check_convert(c, LT_NUM, text("x"), NULL, "smallint x");
	check_convert(c, LT_NUM, cell_f64(1e300), NULL, "smallint 1e300");
	c.wire = PG_INT8;
	check_convert(c, LT_NUM, text("9223372036854775808"), NULL, "2^63");
	c.wire = PG_OID;
	check_convert(c, LT_NUM, cell_int(-1), NULL, "oid -1");
	c.wire = PG_NUMERIC;
	check_convert(c, LT_NUM, text("1.50"), "1.50", "numeric keeps digits");
	check_convert(c, LT_NUM, text(" 1e2 "), "100", "numeric 1e2");
	check_convert(c, LT_F8, cell_f64(0.1), "0.1", "numeric from double");
	check_convert(c, LT_NUM, text("Infinity"), "Infinity", "numeric inf");
	c.precision = 5;
	c.scale = 2;
	check_convert(c, LT_NUM, text("999.99"), "999.99", "numeric(5,2)");
	check_convert(c, LT_NUM, text("0.001"), "0.001", "rounded there");
	check_convert(c, LT_NUM, text("999.994"), "999.994", "rounded down");
	check_convert(c, LT_NUM, text("999.995"), NULL, "rounded up");
	check_convert(c, LT_NUM, text("1000"), NULL, "numeric(5,2) 1000");
	check_convert(c, LT_NUM, text("NaN"), "NaN", "numeric(5,2) NaN");
	check_convert(c, LT_NUM, text("Infinity"), NULL, "numeric(5,2) inf");
	c.precision = 2;
	c.scale = 5;
	check_convert(c, LT_NUM, text("0.00099"), "0.00099", "numeric(2,5)");
	check_convert(c, LT_NUM, text("0.001"), NULL, "numeric(2,5) 0.001");
	check_convert(c, LT_NUM, text("0"), "0", "numeric(2,5) 0");
	c.precision = 2;
	c.scale = -2;
	check_convert(c, LT_NUM, text("9900"), "9900", "numeric(2,-2)");
	check_convert(c, LT_NUM, text("9950"), NULL, "numeric(2,-2) 9950");
	c = column("c", PG_FLOAT4, LT_F4);
	check_convert(c, LT_F4, cell_f64(1e39), NULL, "real 1e39");
	check_convert(c, LT_F4, cell_f64(1e-50), NULL, "real 1e-50");
	check_convert(
	    c, LT_F4, cell_f64((double)INFINITY), "Infinity", "real Infinity");
	c.wire = PG_FLOAT8;
	check_convert(c, LT_F8, text("1e-5"), "1e-05", "double from text");
	check_convert(c, LT_F8, text("1e400"), NULL, "double 1e400");
	c.wire = PG_MONEY;
	check_convert(c, LT_NUM, text("92233720368547758.08"), NULL, "money");
	check_convert(c, LT_NUM, text("NaN"), NULL, "money NaN");
	check_convert(c, LT_NUM, text("-92233720368547758.08"),
	    "-92233720368547758.08", "least money");
}

static void
test_convert_text(void)
{
	struct column c = column("c", PG_VARCHAR, LT_TEXT);

	check_convert(c, LT_TEXT, cell_text("a\0b", 3), NULL, "NUL");
	check_convert(c, LT_TEXT, text("\377a"), NULL, "ff");
	check_convert(c, LT_TEXT, text("\355\240\200"), NULL, "a surrogate");
	check_convert(c, LT_TEXT, text("\300\200"), NULL, "too long a form");
	check_convert(c, LT_TEXT, text("\364\220\200\200"), NULL, "U+110000");
	check_convert(c, LT_TEXT, text("\303"), NULL, "cut off");
	check_convert(c, LT_TEXT, text("\364\217\277\277"), "\364\217\277\277",
	    "U+10FFFF");
	check_convert(c, LT_TEXT, cell_int(5), "5", "an integer");
	check_convert(c, LT_BYTES, cell_bytes("ab", 2), "ab", "bytes");
	c.maxlen = 3;
	check_convert(c, LT_TEXT, text("\303\251\303\251\303\251"),
	    "\303\251\303\251\303\251", "three characters");
	check_convert(c, LT_TEXT, text("abcd"), NULL, "four characters");
	check_convert(c, LT_TEXT, text("abc "), NULL, "a blank too many");
	c.wire = PG_BPCHAR;
	check_convert(c, LT_CHAR, text("abc "), "abc", "a blank that is none");
	check_convert(c, LT_CHAR, text("abcd"), NULL, "char(3) abcd");
	c = column("c", PG_UUID, LT_UUID);
	check_convert(c, LT_UUID, text("{6F9619FF8B86D011B42D00CF4FC964FF}"),
	    "6f9619ff-8b86-d011-b42d-00cf4fc964ff", "uuid");
	check_convert(c, LT_UUID, cell_bytes("0123456789abcdef", 16),
	    "30313233-3435-3637-3839-616263646566", "uuid of bytes");
	check_convert(c, LT_UUID, text("x"), NULL, "no uuid");
	c.wire = PG_TEXT;
	check_convert(c, LT_UUID, text("ABC"), "ABC", "text stays itself");
	c.wire = PG_BIT;
	c.maxlen = 4;
	check_convert(c, LT_BITS, text("0101"), "0101", "bit(4)");
	check_convert(c, LT_BITS, text("010"), NULL, "bit(4) 010");
	check_convert(c, LT_BITS, text("0102"), NULL, "bit(4) 0102");
	c.wire = PG_VARBIT;
	check_convert(c, LT_BITS, text(""), "", "varbit ''");
	check_convert(c, LT_BITS, text("01010"), NULL, "varbit(4) 01010");
	c = column("c", PG_BYTEA, LT_BYTES);
	check_convert(c, LT_BYTES, text("ab"), "\\x6162", "bytea from text");
	check_convert(c, LT_BYTES, cell_int(5), NULL, "bytea from 5");
}

static void
test_convert_times(void)
{
	struct column c = column("c", PG_DATE, LT_DATE);

	check_convert(c, LT_DATE, text("4714-11-24 BC"), "4714-11-24 BC",
	    "the first day");
	check_convert(c, LT_DATE, text("4714-11-23 BC"), NULL, "before it");
	check_convert(
	    c, LT_DATE, text("5874897-12-31"), "5874897-12-31", "the last day");
	check_convert(c, LT_DATE, text("5874898-01-01"), NULL, "behind it");
	check_convert(c, LT_DATE, text("0000-00-00"), NULL, "zero date");
	check_convert(c, LT_DATE, text("2024-02-30"), NULL, "February 30");
	check_convert(c, LT_DATE, text("x"), NULL, "no date");
	check_convert(
	    c, LT_TS, text("2024-01-01 00:00:00"), "2024-01-01", "midnight");
	check_convert(c, LT_TS, text("2024-01-01 10:00:00"), NULL, "ten");
	c.wire = PG_TIMESTAMP;
	check_convert(c, LT_TS, cell_int(0), "1970-01-01 00:00:00", "unix 0");
	check_convert(
	    c, LT_TS, text("2024-01-01T10:00Z"), "2024-01-01 10:00:00", "ISO");
	check_convert(c, LT_TS, text("294277-01-01 00:00:00"), NULL,
	    "timestamp out of range");
	check_convert(c, LT_TS, text("infinity"), "infinity", "infinity");
	check_convert(
	    c, LT_TS, text("2016-12-31 23:59:60"), NULL, "a leap second");
	c.wire = PG_TIME;
	check_convert(c, LT_TIME, text("24:00:00"), "24:00:00", "24:00");
	check_convert(c, LT_TIME, text("-00:00:01"), NULL, "negative time");
	check_convert(c, LT_TIME, text("25:00:00"), NULL, "25:00");
	c.wire = PG_INTERVAL;
	check_convert(c, LT_INTERVAL, text("P1Y2M3DT4H5M6.7S"),
	    "P1Y2M3DT4H5M6.7S", "interval");
	check_convert(c, LT_INTERVAL, text("PT0S"), "PT0S", "no time");
	check_convert(c, LT_INTERVAL, text("P-1M2DT-0.5S"), "P-1M2DT-0.5S",
	    "mixed signs");
	check_convert(c, LT_INTERVAL, text("1 day"), NULL, "1 day");
	check_convert(c, LT_INTERVAL, text("P1"), NULL, "P1");
	check_convert(c, LT_INTERVAL, text("PT"), NULL, "PT");
	check_convert(c, LT_INTERVAL, text("P1H"), NULL, "P1H");
}

static void
test_convert_json(void)
{
	struct column c = column("c", PG_JSON, LT_JSON);

	check_convert(c, LT_JSON, text("{\"a\": 1}"), "{\"a\": 1}", "json");
	check_convert(c, LT_JSON, text("{a: 1}"), NULL, "no json");
	check_convert(
	    c, LT_JSON, text("\"\\u0000\""), "\"\\u0000\"", "NUL in json");
	c.wire = PG_JSONB;
	check_convert(c, LT_JSON, text("\"\\u0000\""), NULL, "NUL in jsonb");
	check_convert(c, LT_JSON, text("\"\\\\u0000\""), "\"\\\\u0000\"",
	    "an escaped backslash");
	check_convert(c, LT_JSON, text("\"\\ud83d\\ude00\""),
	    "\"\\ud83d\\ude00\"", "a pair of surrogates");
	check_convert(c, LT_JSON, text("\"\\ud83d\""), NULL, "half a pair");
	check_convert(c, LT_JSON, text("\"\\ud83dx\\ude00\""), NULL, "torn");
	check_convert(c, LT_JSON, text("\"\\ude00\""), NULL, "the other half");
}

/* It comes from another server. */
static void
test_position(void)
{
	const struct cell at = text("1 0/1'\\");

	D->position->passed(fresh(), &at);
	ok(strstr(buf_str(&out), "split_part(E'1 0/1''\\\\', ' ', 2)") != NULL,
	    "a position is quoted");
}

int
main(void)
{
	test_ident();
	test_select();
	test_literal();
	test_param_guard();
	test_range();
	test_blocks();
	test_keys();
	test_encodings();
	test_order();
	test_sample();
	test_canon();
	test_fold();
	test_wide_row();
	test_convert_numbers();
	test_convert_text();
	test_convert_times();
	test_convert_json();
	test_position();
	buf_free(&out);
	return tap_done();
}
