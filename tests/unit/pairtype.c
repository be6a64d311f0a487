#include <config.h>

#include <stdio.h>

#include "db/dialect.h"
#include "diff/plan.h"
#include "lib/tap.h"

static struct db pg = { .dialect = &dialect_postgresql };
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

int
main(void)
{
	struct column boolean = { .ltype = LT_NUM, .boolean = true };

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
