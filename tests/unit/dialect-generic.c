#include <config.h>

#include "db/dialect-generic.h"

#include <math.h>
#include <stdio.h>

#include "db/dialect-psqlodbc.h"
#include "lib/tap.h"

#define D (&dialect_generic)

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

static struct column
column(const char *name, enum ltype ltype)
{
	return (struct column){ .name = name,
		.type = "",
		.ltype = ltype,
		.precision = -1,
		.scale = -1,
		.frac = -1,
		.maxlen = -1 };
}

static struct column
integer(const char *name)
{
	struct column c = column(name, LT_NUM);

	c.integer = c.notnull = true;
	c.precision = 19;
	c.scale = 0;
	return c;
}

/* --- names ---------------------------------------------------------------- */

static void
test_ident(void)
{
	static const struct {
		const struct dialect *d;
		const char *name, *sql;
	} cases[] = {
		{ &dialect_generic, "a", "\"a\"" },
		{ &dialect_generic, "a\"b`c", "\"a\"\"b`c\"" },
		{ &dialect_generic_backtick, "a\"b`c", "`a\"b``c`" },
		{ &dialect_generic_bare, "a_1", "a_1" },
		{ &dialect_generic_bare, "é", "é" },
		/* Not to be taken for 1, for the user's name, or for two. */
		{ &dialect_generic_bare, "1", ". 1 ." },
		{ &dialect_generic_bare, "User", ". User ." },
		{ &dialect_generic_bare, "a b", ". a b ." },
		{ &dialect_generic_bare, "", ".  ." },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cases[i].d->ident(fresh(), cases[i].name);
		is_str(buf_str(&out), cases[i].sql, "name %s", cases[i].name);
	}
}

/* --- conditions ----------------------------------------------------------- */

static void
test_ranges(void)
{
	struct column a = integer("a"), b = integer("b"), c = integer("c");
	const struct column *cols[] = { &a, &b, &c };
	const struct cell lo[] = { cell_int(1), cell_int(5), cell_int(7) };
	const struct cell hi[] = { cell_int(9), cell_int(3), cell_int(2) };
	struct sql_range r = { .ncols = 1, .columns = cols };

	D->range_cond(fresh(), &r);
	is_str(buf_str(&out), "1=1", "an open range");
	r.lo = lo;
	r.hi = hi;
	D->range_cond(fresh(), &r);
	is_str(buf_str(&out), "\"a\" >= 1 AND \"a\" < 9", "one column");
	r.ncols = 2;
	D->range_cond(fresh(), &r);
	is_str(buf_str(&out),
	    "\"a\" >= 1 AND (\"a\" > 1 OR (\"a\" = 1 AND \"b\" >= 5)) AND "
	    "\"a\" <= 9 AND (\"a\" < 9 OR (\"a\" = 9 AND \"b\" < 3))",
	    "two columns");
	r.ncols = 3;
	r.hi = NULL;
	D->range_cond(fresh(), &r);
	is_str(buf_str(&out),
	    "\"a\" >= 1 AND (\"a\" > 1 OR (\"a\" = 1 AND (\"b\" > 5 OR "
	    "(\"b\" = 5 AND \"c\" >= 7))))",
	    "three columns, no upper end");
	r.lo = NULL;
	r.hi = hi;
	r.ncols = 1;
	dialect_generic_backtick.range_cond(fresh(), &r);
	is_str(buf_str(&out), "`a` < 9", "no lower end, backticks");
}

static size_t
count(const char *s, const char *what)
{
	size_t n = 0;

	for (; (s = strstr(s, what)) != NULL; s += strlen(what))
		n++;
	return n;
}

static void
test_keys(void)
{
	struct column a = integer("a"), t = column("t", LT_TEXT);
	const struct column *both[] = { &a, &t };
	const struct column *texts[] = { &t };
	const struct cell keys[] = { cell_int(1), text("it's"), cell_int(2),
		cell_null(), cell_int(3), text("tab\t") };
	const struct cell some[] = { text("x"), cell_null(), text("a\\"),
		text("y") };
	struct cell many[450];

	D->keys_cond(fresh(), both, 1, keys, 0);
	is_str(buf_str(&out), "1=0", "no keys");
	D->keys_cond(fresh(), both, 1, keys, 1);
	is_str(buf_str(&out), "(\"a\" IN (1))", "one key");
	D->keys_cond(fresh(), both, 2, keys, 3);
	is_str(buf_str(&out),
	    "(((\"a\" = 1 AND \"t\" = 'it''s') OR "
	    "(\"a\" = 2 AND \"t\" IS NULL) OR "
	    "(\"a\" = 3 AND \"t\" IS NOT NULL)))",
	    "two columns; a text without a safe literal is left open");
	D->keys_cond(fresh(), texts, 1, some, 4);
	is_str(buf_str(&out),
	    "(\"t\" IN ('x','y') OR \"t\" IS NULL OR \"t\" IS NOT NULL)",
	    "one column; NULL, and a text without a safe literal");
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		many[i] = cell_int((int64_t)i);
	D->keys_cond(fresh(), both, 1, many, ARRAY_LEN(many));
	is_int((long long)count(buf_str(&out), " IN ("), 3,
	    "450 keys are three lists");
	is_int((long long)count(buf_str(&out), " OR "), 2, "joined by OR");
	is_int((long long)count(buf_str(&out), ","), 447, "of all the keys");
}

static void
test_guard(void)
{
	struct column t = column("t", LT_TEXT);

	D->guard(fresh(), &t, "NULL");
	is_str(buf_str(&out), "\"t\" IS NULL", "guard of NULL");
	D->guard(fresh(), &t, "'NULL'");
	is_str(buf_str(&out), "\"t\" = 'NULL'", "guard of a text");
	D->guard(fresh(), &t, "?3");
	is_str(buf_str(&out), "\"t\" = ?3", "guard of a parameter");
	ok(D->params_not_null && D->equal_exact(&t, "?3"),
	    "which is never NULL, and no looser than equality");
	D->param(fresh(), &t, 12);
	is_str(buf_str(&out), "?12", "a parameter");
}

static void
test_order(void)
{
	struct column c = integer("c");
	struct vtype num = { .type = LT_NUM }, t = { .type = LT_TEXT },
		     loose = { .type = LT_TEXT, .loose = LT_NUM };

	ok(D->order_expr == NULL && D->sample == NULL && D->canon_expr == NULL,
	    "nothing is known of order, samples, hashes");
	ok(D->order_native(&c, &num), "integers order as they do here");
	ok(!D->order_native(&c, &t) && !D->order_native(&c, &loose),
	    "unless they are compared as something else");
	c.notnull = false;
	ok(!D->order_native(&c, &num), "or may be NULL");
	c.notnull = true;
	c.integer = false;
	ok(!D->order_native(&c, &num), "decimals do not");
	dialect_limit(fresh(), D, 5);
	is_str(buf_str(&out), "", "no LIMIT");
	dialect_limit(fresh(), &dialect_oracle, 5);
	is_str(buf_str(&out), " FETCH FIRST 5 ROWS ONLY",
	    "but where there is one");
	ok(D->skip[0] == NULL, "nor does anybody know how to pass rows over");
}

/* --- values --------------------------------------------------------------- */

static void
test_literals(void)
{
	struct column num = column("n", LT_NUM), t = column("t", LT_TEXT),
		      d = column("d", LT_DATE), f = column("f", LT_F8),
		      b = column("b", LT_BYTES), bo = integer("o"),
		      bits = column("x", LT_BITS);
	const struct {
		const struct column *col;
		struct cell c;
		const char *sql;
	} cases[] = {
		{ &t, cell_null(), "NULL" },
		{ &num, cell_int(INT64_MIN), "-9223372036854775808" },
		{ &num, text("-1.50"), "-1.50" },
		{ &num, text("1; DROP"), "'1; DROP'" },
		{ &bo, cell_int(1), "'1'" },
		{ &f, cell_f64(0.1), "0.1E0" },
		{ &f, cell_f64(1e300), "1e+300" },
		{ &f, cell_f64(-0.1 - 0.2), "-0.30000000000000004E0" },
		{ &t, text("it's \"x\" é $1 ?"), "'it''s \"x\" é $1 ?'" },
		{ &d, text("2024-02-29"), "'2024-02-29'" },
		{ &b, cell_bytes("\0\xff", 2), "X'00ff'" },
		{ &b, cell_bytes("", 0), "X''" },
		{ &bits, text("0101"), "B'0101'" },
	};
	static const char *const unsafe[] = { "a\nb", "a\\", "\x7f", "\t",
		"\\' OR 1=1 --" };

	bo.boolean = true;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		D->literal(fresh(), cases[i].col, &cases[i].c);
		is_str(buf_str(&out), cases[i].sql, "literal %zu", i);
		ok(D->literal_refuses(cases[i].col, &cases[i].c) == NULL,
		    "literal %zu is safe", i);
	}
	for (size_t i = 0; i < ARRAY_LEN(unsafe); i++) {
		struct cell c = text(unsafe[i]);

		ok(D->literal_refuses(&t, &c) != NULL,
		    "no literal for unsafe text %zu", i);
		D->literal(fresh(), &t, &c);
		is_str(buf_str(&out), "(no literal)", "and no SQL that runs");
	}
}

#define REFUSED                                                          \
	"json_extract('{}','SQLite''s ODBC driver would change a value " \
	"of this column: name the file itself')"

static void
test_sqliteodbc(void)
{
	struct column t = column("t", LT_TEXT), b = column("b", LT_BYTES),
		      f = column("f", LT_F8);
	struct buf both = BUF_INIT;

	dialect_sqliteodbc.select_expr(fresh(), &t);
	is_str(buf_str(&out),
	    "CASE typeof(\"t\") WHEN 'null' THEN NULL WHEN 'text' THEN CASE "
	    "WHEN instr(CAST(\"t\" AS BLOB),x'00')=0 THEN \"t\" ELSE " REFUSED
	    " END ELSE " REFUSED " END",
	    "SQLite: a text without a NUL, or nothing");
	dialect_sqliteodbc.select_expr(fresh(), &b);
	is_str(buf_str(&out),
	    "CASE typeof(\"b\") WHEN 'null' THEN NULL WHEN 'blob' THEN \"b\" "
	    "WHEN 'text' THEN \"b\" ELSE " REFUSED " END",
	    "bytes, or a text that is as good");
	dialect_sqliteodbc.select_expr(&both, &f);
	ok(strstr(buf_str(&both), "('%!.15g',\"f\") AS REAL)=\"f\"") != NULL &&
		strstr(both.data, "'text'") == NULL,
	    "a real that 15 digits tell, and no text");
	buf_free(&both);
}

static void
test_psqlodbc(void)
{
	static const struct {
		const char *type;
		enum ltype ltype;
		int precision, scale, frac, maxlen;
		const char *select, *param;
	} cases[] = {
		{ "integer", LT_NUM, 10, 0, -1, -1, "\"c\"", "?1::integer" },
		{ "boolean", LT_NUM, 1, 0, -1, -1,
		    "CASE WHEN \"c\" THEN 1 WHEN NOT \"c\" THEN 0 END",
		    "?1::boolean" },
		{ "numeric", LT_NUM, -1, -1, -1, -1, "\"c\"::text",
		    "?1::numeric" },
		{ "numeric(10,2)", LT_NUM, 10, 2, -1, -1, "\"c\"::text",
		    "?1::numeric" },
		{ "real", LT_F4, -1, -1, -1, -1, "\"c\"::float8", "?1::real" },
		{ "text", LT_TEXT, -1, -1, -1, -1, "\"c\"", "?1::text" },
		{ "character varying(5)", LT_TEXT, -1, -1, -1, 5, "\"c\"",
		    "?1::varchar" },
		{ "character(5)", LT_CHAR, -1, -1, -1, 5, "\"c\"::text",
		    "?1::bpchar" },
		{ "uuid", LT_UUID, -1, -1, -1, -1, "\"c\"::text", "?1::uuid" },
		{ "timestamp(3) without time zone", LT_TS, -1, -1, 3, -1,
		    "\"c\"::text", "?1::timestamp" },
		{ "timestamp with time zone", LT_TSTZ, -1, -1, 6, -1,
		    "(\"c\" AT TIME ZONE 'UTC')::text", "?1::timestamptz" },
		{ "bit(4)", LT_BITS, -1, -1, -1, 4, "\"c\"::text",
		    "?1::varbit" },
		{ "integer[]", LT_OTHER, -1, -1, -1, -1, "\"c\"::text",
		    "?1::integer[]" },
		{ "character varying(5)[]", LT_OTHER, -1, -1, -1, -1,
		    "\"c\"::text", "?1" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct column c = column("c", LT_NONE);

		c.type = cases[i].type;
		c.precision = 28; /* as psqlODBC says of any numeric */
		c.scale = 6;
		psqlodbc_classify(&c);
		is_str(ltype_name(c.ltype), ltype_name(cases[i].ltype),
		    "psqlODBC: %s", c.type);
		ok(c.precision == cases[i].precision &&
			c.scale == cases[i].scale && c.frac == cases[i].frac &&
			c.maxlen == cases[i].maxlen,
		    "its numbers: %d,%d %d %d", c.precision, c.scale, c.frac,
		    c.maxlen);
		dialect_psqlodbc.select_expr(fresh(), &c);
		is_str(buf_str(&out), cases[i].select, "what is selected");
		dialect_psqlodbc.param(fresh(), &c, 1);
		is_str(buf_str(&out), cases[i].param, "its parameter");
	}
}

/* --- what a column holds -------------------------------------------------- */

struct conversion_case {
	struct column to;
	enum ltype type;
	struct cell in;
	const char *want; /* as a literal; NULL: refused */
};

static void
check_conversion(const struct conversion_case *c, size_t i)
{
	struct vtype t = { .type = c->type };
	struct buf scratch = BUF_INIT;
	const char *why = NULL;
	struct cell got;
	bool held = D->convert(&c->to, &t, &c->in, &scratch, &got, &why);

	if (held)
		D->literal(fresh(), &c->to, &got);
	if (c->want == NULL)
		ok(!held && why != NULL, "conversion %zu is refused: %s", i,
		    held ? buf_str(&out) : why);
	else
		is_str(
		    held ? buf_str(&out) : why, c->want, "conversion %zu", i);
	buf_free(&scratch);
}

static void
test_numbers(void)
{
	struct column i32 = integer("i"), dec = column("d", LT_NUM),
		      any = column("a", LT_NUM), bo = integer("b"),
		      f8 = column("f", LT_F8), f4 = column("g", LT_F4);

	i32.precision = 10;
	dec.precision = 5;
	dec.scale = 2;
	bo.precision = 1;
	bo.boolean = true;

	const struct conversion_case cases[] = {
		{ i32, LT_NUM, cell_null(), "NULL" },
		{ i32, LT_NUM, text("7.0"), "7" },
		{ i32, LT_NUM, text("7.5"), NULL },
		{ i32, LT_NUM, cell_int(5000000000), NULL },
		{ i32, LT_NUM, text("x"), NULL },
		{ bo, LT_NUM, cell_int(1), "'1'" },
		{ bo, LT_NUM, cell_int(2), NULL },
		{ dec, LT_NUM, text("999.99"), "999.99" },
		{ dec, LT_NUM, text("1.5"), "1.5" },
		{ dec, LT_NUM, text("999.995"), NULL },
		{ dec, LT_NUM, cell_f64(0.5), "0.5" },
		{ any, LT_NUM, text("NaN"), NULL },
		{ any, LT_NUM, text("1e20"), "100000000000000000000" },
		{ f8, LT_F8, text("0.1"), "0.1E0" },
		{ f8, LT_F8, cell_f64(NAN), NULL },
		{ f8, LT_F8, cell_f64(INFINITY), NULL },
		{ f4, LT_F4, cell_f64(1e300), NULL },
		{ f4, LT_F4, cell_f64(0.5), "0.5E0" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_conversion(&cases[i], i);
}

static void
test_texts(void)
{
	struct column t = column("t", LT_TEXT), c = column("c", LT_CHAR),
		      b = column("b", LT_BYTES), j = column("j", LT_JSON),
		      u = column("u", LT_UUID), bits = column("x", LT_BITS);

	t.maxlen = c.maxlen = b.maxlen = 3;
	bits.maxlen = 4;

	const struct conversion_case cases[] = {
		{ t, LT_TEXT, text("é€x"), "'é€x'" },
		{ t, LT_TEXT, text("abcd"), NULL },
		{ t, LT_TEXT, text("ab  "), NULL },
		{ t, LT_TEXT, cell_text("a\0b", 3), NULL },
		{ t, LT_TEXT, text("\xff"), NULL },
		{ t, LT_NUM, cell_int(12), "'12'" },
		{ c, LT_CHAR, text("ab      "), "'ab'" },
		{ b, LT_BYTES, cell_bytes("abc", 3), "X'616263'" },
		{ b, LT_BYTES, cell_bytes("abcd", 4), NULL },
		{ b, LT_BYTES, cell_int(1), NULL },
		{ j, LT_JSON, text("{\"a\": 1}"), "'{\"a\": 1}'" },
		{ j, LT_JSON, text("{a"), NULL },
		{ u, LT_UUID, text("C0FFEE00-1234-4ABC-8DEF-0123456789AC"),
		    "'c0ffee00-1234-4abc-8def-0123456789ac'" },
		{ u, LT_UUID, text("c0ffee"), NULL },
		{ bits, LT_BITS, text("0101"), "B'0101'" },
		{ bits, LT_BITS, text("01"), NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_conversion(&cases[i], i);
}

static void
test_times(void)
{
	struct column d = column("d", LT_DATE), ts = column("ts", LT_TS),
		      tm = column("tm", LT_TIME);
	const struct conversion_case cases[] = {
		{ d, LT_DATE, text("2024-02-29"), "'2024-02-29'" },
		{ d, LT_DATE, text("2024-02-30"), NULL },
		{ d, LT_DATE, text("0000-00-00"), NULL },
		{ d, LT_DATE, text("0044-03-15 BC"), NULL },
		{ d, LT_DATE, text("10000-01-01"), NULL },
		{ d, LT_DATE, text("infinity"), NULL },
		{ ts, LT_TS, text("2024-01-01T10:00:00.50"),
		    "'2024-01-01 10:00:00.5'" },
		{ ts, LT_TS, text("infinity"), NULL },
		{ tm, LT_TIME, text("23:59:59"), "'23:59:59'" },
		{ tm, LT_TIME, text("24:00:00"), NULL },
		{ tm, LT_TIME, text("-00:00:01"), NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_conversion(&cases[i], i);
}

int
main(void)
{
	test_ident();
	test_ranges();
	test_keys();
	test_guard();
	test_order();
	test_literals();
	test_sqliteodbc();
	test_psqlodbc();
	test_numbers();
	test_texts();
	test_times();
	buf_free(&out);
	return tap_done();
}
