/*
 * A cell as JSON and back: the same, or at least equal; and what no cell is
 * written as is refused.
 */
#include <config.h>

#include <math.h>
#include <string.h>

#include "lib/tap.h"
#include "patch/jsonval.h"

static struct column column = { .name = "c", .type = "t" };
static const struct pair_column *
pair_of(enum ltype type, enum affinity affinity)
{
	static struct pair_column pc;

	column.affinity = affinity;
	column.boolean = false;
	pc = (struct pair_column){ .col = { &column, &column },
		.type = { .type = type } };
	return &pc;
}

static json_t *
load(const char *s)
{
	return json_loads(s,
	    JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
}

static bool
read_back(const char *s, const struct pair_column *pc, struct arena *arena,
    struct cell *out)
{
	json_t *v = load(s);
	bool good = v != NULL && jsonval_read(v, pc, TARGET, arena, out);

	json_decref(v);
	return good;
}

static void
check(enum ltype type, enum affinity affinity, struct cell in, const char *want,
    struct cell back)
{
	const struct pair_column *pc = pair_of(type, affinity);
	struct arena *arena = arena_new(1024);
	struct buf out = BUF_INIT, tmp = BUF_INIT;
	struct jsonw j = { .out = &out };
	struct cell got = cell_null();

	jsonval_add(&j, NULL, pc, TARGET, &in, &tmp);
	is_str(buf_str(&out), want, "%s is written", ltype_name(type));
	ok(read_back(buf_str(&out), pc, arena, &got) && cell_same(&got, &back),
	    "and read: %s", want);
	buf_free(&out);
	buf_free(&tmp);
	arena_free(arena);
}

static void
check_same(
    enum ltype type, enum affinity affinity, struct cell in, const char *want)
{
	check(type, affinity, in, want, in);
}

static void
refuses(enum ltype type, enum affinity affinity, const char *s)
{
	struct arena *arena = arena_new(1024);
	struct cell got;

	ok(!read_back(s, pair_of(type, affinity), arena, &got),
	    "%s: %s is refused", ltype_name(type), s);
	arena_free(arena);
}

static struct cell
text(const char *s)
{
	return cell_text(s, strlen(s));
}

int
main(void)
{
	check_same(LT_TEXT, AFF_NONE, cell_null(), "null");
	check_same(LT_TEXT, AFF_NONE, text("a\"\n"), "\"a\\\"\\n\"");
	check_same(LT_TEXT, AFF_NONE, cell_text("a\0b", 3), "\"a\\u0000b\"");
	check_same(LT_TEXT, AFF_NONE, text("\xff"),
	    "{\"hex\": \"ff\", \"text\": true}");
	check_same(
	    LT_TEXT, AFF_TEXT, cell_bytes("\xff", 1), "{\"hex\": \"ff\"}");
	check_same(
	    LT_BYTES, AFF_NONE, cell_bytes("\0\xff", 2), "{\"hex\": \"00ff\"}");
	check_same(LT_BYTES, AFF_NONE, cell_bytes("", 0), "{\"hex\": \"\"}");
	check(LT_NUM, AFF_NONE, text("1.50"), "\"1.5\"", text("1.5"));
	check(LT_NUM, AFF_NONE, cell_int(INT64_MIN), "\"-9223372036854775808\"",
	    text("-9223372036854775808"));
	check_same(LT_NUM, AFF_INTEGER, text("x"), "{\"text\": \"x\"}");
	check_same(LT_F8, AFF_NONE, cell_f64(0.1), "0.1");
	check_same(LT_F8, AFF_NONE, cell_f64(5e-324), "4.94065645841247e-324");
	check_same(LT_F8, AFF_NONE, cell_f64(1e300), "1e+300");
	check_same(LT_F4, AFF_NONE, cell_f64((double)0.1f), "0.1");
	check(LT_F8, AFF_NONE, cell_f64(-INFINITY), "\"-Infinity\"",
	    text("-Infinity"));
	check_same(LT_ANY, AFF_NUMERIC, cell_int(7), "\"7\"");
	check_same(LT_ANY, AFF_NUMERIC, cell_f64(7), "\"7.0\"");
	check_same(LT_ANY, AFF_NUMERIC, cell_f64(INFINITY), "\"Infinity\"");
	check_same(LT_ANY, AFF_NUMERIC, text("7"), "{\"text\": \"7\"}");
	check_same(
	    LT_ANY, AFF_NUMERIC, text("\xff"), "{\"text\": {\"hex\": \"ff\"}}");
	check_same(LT_ANY, AFF_TEXT, cell_int(7), "{\"int\": \"7\"}");
	check_same(LT_ANY, AFF_TEXT, cell_f64(7), "{\"real\": \"7.0\"}");
	check_same(LT_ANY, AFF_TEXT, text("7"), "\"7\"");

	refuses(LT_TEXT, AFF_NONE, "1.5");
	refuses(LT_TEXT, AFF_NONE, "true");
	refuses(LT_TEXT, AFF_NONE, "[]");
	refuses(LT_TEXT, AFF_NONE, "{}");
	refuses(LT_BYTES, AFF_NONE, "{\"hex\": \"0\"}");
	refuses(LT_BYTES, AFF_NONE, "{\"hex\": \"0G\"}");
	refuses(LT_BYTES, AFF_NONE, "{\"hex\": \"00\", \"more\": 1}");
	refuses(LT_BYTES, AFF_NONE, "{\"hex\": \"00\", \"text\": false}");
	refuses(LT_ANY, AFF_NUMERIC, "\"x\"");
	refuses(LT_ANY, AFF_NUMERIC, "\"7 \"");
	refuses(LT_ANY, AFF_TEXT, "{\"int\": \"9223372036854775808\"}");
	refuses(LT_ANY, AFF_TEXT, "{\"int\": \"7.5\"}");
	refuses(LT_ANY, AFF_TEXT, "{\"real\": \"\"}");
	refuses(LT_ANY, AFF_TEXT, "{\"text\": 7}");
	return tap_done();
}
