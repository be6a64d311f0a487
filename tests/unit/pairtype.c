#include <config.h>

#include <stdio.h>

#include "db/dialect.h"
#include "diff/plan.h"
#include "lib/tap.h"
#include "value/rule.h"

static struct db pg = { .dialect = &dialect_postgresql };
static struct db my = { .dialect = &dialect_mysql };
static struct db lite = { .dialect = &dialect_sqlite };

static struct column
lite_column(enum ltype t, enum affinity a)
{
	return (struct column){ .ltype = t, .affinity = a };
}

static const char *
paired(
    const struct db *da, struct column a, const struct db *db, struct column b)
{
	static char text[64];
	struct vtype t = pair_vtype(da, &a, db, &b);

	snprintf(text, sizeof(text), "%s%s%s", ltype_name(t.type),
	    t.loose != LT_NONE ? " as " : "",
	    t.loose != LT_NONE ? ltype_name(t.loose) : "");
	return text;
}

/* The order of the sides never matters. */
static void
is_pair(const struct db *da, struct column a, const struct db *db,
    struct column b, const char *want, const char *what)
{
	is_str(paired(da, a, db, b), want, "%s", what);
	is_str(paired(db, b, da, a), want, "%s, the other way round", what);
}

#define PG(t) ((struct column){ .ltype = (t) })
#define LITE(t, a) lite_column((t), (a))

/* PostgreSQL against MariaDB: VALUES 2.3, row by row. */
static void
test_brands(void)
{
	const struct column bit1 = { .ltype = LT_BITS, .maxlen = 1 };
	const struct column bits = { .ltype = LT_BITS, .maxlen = 64 };
	const struct column boolean = { .ltype = LT_NUM, .boolean = true };
	const struct column binary16 = { .ltype = LT_BYTES, .maxlen = 16 };
	const struct column binary20 = { .ltype = LT_BYTES, .maxlen = 20 };
	const struct column bytea = { .ltype = LT_BYTES, .maxlen = -1 };

	is_pair(&pg, boolean, &my, PG(LT_NUM), "num", "boolean, tinyint(1)");
	is_pair(&pg, bit1, &my, PG(LT_NUM), "num", "bit(1), bit(1)");
	is_pair(&pg, bit1, &pg, boolean, "num", "bit(1), boolean");
	is_pair(&pg, bits, &pg, PG(LT_NUM), "num", "bit(64), numeric");
	is_pair(&pg, bits, &my, bits, "bits", "bit(64), bit(64)");
	is_pair(&pg, bits, &pg, PG(LT_TEXT), "text as bits", "bits, text");
	is_pair(&pg, PG(LT_NUM), &my, PG(LT_F8), "float8", "numeric, double");
	is_pair(&pg, PG(LT_NUM), &my, PG(LT_F4), "float4", "numeric, float");
	is_pair(&pg, PG(LT_OTHER), &my, PG(LT_TEXT), "other", "enum, enum");
	is_pair(&pg, PG(LT_OTHER), &my, PG(LT_CHAR), "char", "enum, char(n)");
	is_pair(&pg, PG(LT_OTHER), &my, PG(LT_OTHER), "other", "inet, inet6");
	is_pair(&pg, PG(LT_UUID), &my, binary16, "uuid", "uuid, binary(16)");
	is_pair(&pg, PG(LT_UUID), &my, PG(LT_CHAR), "uuid", "uuid, char(36)");
	is_pair(&pg, PG(LT_UUID), &my, binary20, "none", "uuid, binary(20)");
	is_pair(&pg, bytea, &my, PG(LT_UUID), "uuid", "bytea, uuid");
	is_pair(&pg, PG(LT_TEXT), &my, binary16, "none", "text, binary(16)");
	is_pair(&pg, PG(LT_DATE), &my, PG(LT_TS), "ts", "date, datetime");
	is_pair(&pg, PG(LT_DATE), &my, PG(LT_TSTZ), "tstz", "date, timestamp");
	is_pair(&pg, PG(LT_TS), &my, PG(LT_TSTZ), "tstz", "ts, timestamp");
	is_pair(&pg, PG(LT_TIME), &my, PG(LT_TIME), "time", "time, time");
	is_pair(
	    &pg, PG(LT_INTERVAL), &my, PG(LT_TIME), "none", "interval, time");
	is_pair(&pg, PG(LT_INTERVAL), &my, PG(LT_TEXT), "text as interval",
	    "interval, text");
	is_pair(&pg, PG(LT_TIME), &my, PG(LT_TS), "none", "time, datetime");
	is_pair(&pg, PG(LT_JSON), &my, PG(LT_JSON), "json", "jsonb, json");
	is_pair(&pg, PG(LT_JSON), &my, PG(LT_TEXT), "json", "jsonb, text");
	is_pair(&pg, PG(LT_BYTES), &my, PG(LT_NUM), "none", "bytea, int");
	is_pair(&pg, PG(LT_NONE), &my, PG(LT_TEXT), "none", "unknown, text");
	is_pair(&pg, boolean, &my, PG(LT_TEXT), "none", "boolean, 'Y'");
	is_pair(&my, bits, &lite, LITE(LT_NUM, AFF_INTEGER), "num",
	    "bit(64), INTEGER");
	is_pair(
	    &my, bits, &lite, LITE(LT_TEXT, AFF_TEXT), "bits", "bit(64), TEXT");
	is_pair(&my, binary16, &lite, LITE(LT_UUID, AFF_TEXT), "uuid",
	    "binary(16), UUID");
	is_pair(&my, PG(LT_TIME), &lite, LITE(LT_TEXT, AFF_TEXT), "time",
	    "time, TEXT");
}

/* Which side's digits are binary; both orders are different rules. */
static void
test_bits(void)
{
	const struct column bits = { .ltype = LT_BITS }, num = PG(LT_NUM);
	const struct vrule *there = pair_vtype(&pg, &bits, &pg, &num).rule;
	const struct vrule *back = pair_vtype(&pg, &num, &pg, &bits).rule;

	ok(there != NULL && there->bits == VSIDE_SOURCE, "the source's");
	ok(back != NULL && back->bits == VSIDE_TARGET, "the target's");
	ok(pair_vtype(&pg, &bits, &pg, &bits).rule == NULL, "none");
}

int
main(void)
{
	struct column boolean = { .ltype = LT_NUM, .boolean = true };

	test_brands();
	test_bits();

	is_pair(&pg, PG(LT_NUM), &pg, PG(LT_NUM), "num", "two numbers");
	is_pair(&pg, PG(LT_F4), &pg, PG(LT_F8), "float4", "float4, float8");
	is_pair(&pg, PG(LT_F8), &pg, PG(LT_NUM), "float8", "float8, numeric");
	is_pair(&pg, PG(LT_TEXT), &pg, PG(LT_CHAR), "char", "text, char(n)");
	is_pair(&pg, PG(LT_TS), &pg, PG(LT_TSTZ), "tstz", "ts, tstz");
	is_pair(&pg, PG(LT_DATE), &pg, PG(LT_TS), "ts", "date, ts");
	is_pair(&pg, PG(LT_TEXT), &pg, PG(LT_UUID), "uuid", "text, uuid");
	is_pair(
	    &pg, PG(LT_TEXT), &pg, PG(LT_NUM), "text as num", "text, number");
	is_pair(&pg, PG(LT_TEXT), &pg, boolean, "none", "text, boolean");
	is_pair(&pg, PG(LT_BYTES), &pg, PG(LT_TS), "none", "bytes, ts");
	is_pair(&pg, PG(LT_BYTES), &pg, PG(LT_TEXT), "none", "bytes, text");

	is_pair(&pg, PG(LT_NUM), &lite, LITE(LT_NUM, AFF_NUMERIC), "num",
	    "numeric, DECIMAL");
	is_pair(&pg, PG(LT_NUM), &lite, LITE(LT_F8, AFF_REAL), "num",
	    "numeric, REAL");
	is_pair(&pg, PG(LT_F8), &lite, LITE(LT_F8, AFF_REAL), "float8",
	    "float8, REAL");
	is_pair(&pg, PG(LT_NUM), &lite, LITE(LT_TEXT, AFF_TEXT), "text as num",
	    "numeric, TEXT");
	is_pair(&pg, boolean, &lite, LITE(LT_NUM, AFF_NUMERIC), "num",
	    "boolean, BOOLEAN");
	is_pair(&pg, PG(LT_TS), &lite, LITE(LT_TS, AFF_NUMERIC), "ts",
	    "timestamp, DATETIME");
	is_pair(&pg, PG(LT_TSTZ), &lite, LITE(LT_TEXT, AFF_TEXT), "tstz",
	    "timestamptz, TEXT");
	is_pair(&pg, PG(LT_DATE), &lite, LITE(LT_TS, AFF_NUMERIC), "ts",
	    "date, DATETIME");
	is_pair(&pg, PG(LT_UUID), &lite, LITE(LT_BYTES, AFF_BLOB), "uuid",
	    "uuid, BLOB");
	is_pair(&pg, PG(LT_JSON), &lite, LITE(LT_TEXT, AFF_TEXT), "json",
	    "jsonb, TEXT");
	is_pair(&pg, PG(LT_TEXT), &lite, LITE(LT_ANY, AFF_BLOB), "text",
	    "text, no type");
	is_pair(&pg, PG(LT_BYTES), &lite, LITE(LT_TEXT, AFF_TEXT), "none",
	    "bytea, TEXT");
	is_pair(&pg, PG(LT_INTERVAL), &lite, LITE(LT_NUM, AFF_INTEGER), "none",
	    "interval, INTEGER");

	is_pair(&lite, LITE(LT_NUM, AFF_INTEGER), &lite,
	    LITE(LT_NUM, AFF_NUMERIC), "any", "INTEGER, NUMERIC");
	is_pair(&lite, LITE(LT_TEXT, AFF_TEXT), &lite, LITE(LT_TEXT, AFF_TEXT),
	    "any", "TEXT, TEXT");
	is_pair(&lite, LITE(LT_NUM, AFF_INTEGER), &lite, LITE(LT_F8, AFF_REAL),
	    "num", "INTEGER, REAL");
	is_pair(&lite, LITE(LT_NUM, AFF_INTEGER), &lite,
	    LITE(LT_TEXT, AFF_TEXT), "text as num", "INTEGER, TEXT");
	return tap_done();
}
