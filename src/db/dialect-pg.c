#include <config.h>

#include "db/dialect-pg.h"

#include <string.h>

/* clang-format off */
const struct pg_type pg_types[PG_WIRES] = {
	/*                  cast               as_text native array */
	[PG_COMPUTED]    = { NULL,               false, false, false },
	[PG_BOOL]        = { "boolean",          false, false, true },
	[PG_INT2]        = { "smallint",         false, true,  true },
	[PG_INT4]        = { "integer",          false, true,  true },
	[PG_INT8]        = { "bigint",           false, true,  true },
	[PG_OID]         = { "oid",              false, true,  true },
	[PG_FLOAT4]      = { "real",             false, false, true },
	[PG_FLOAT8]      = { "double precision", false, false, true },
	[PG_NUMERIC]     = { "numeric",          false, true,  true },
	[PG_MONEY]       = { "numeric::money",   false, false, false },
	[PG_TEXT]        = { "text",             false, true,  true },
	[PG_VARCHAR]     = { "varchar",          false, true,  true },
	[PG_NAME]        = { "name",             false, true,  true },
	[PG_BPCHAR]      = { "bpchar",           true,  false, true },
	[PG_BYTEA]       = { "bytea",            false, true,  true },
	[PG_UUID]        = { "uuid",             false, true,  true },
	[PG_DATE]        = { "date",             false, true,  true },
	[PG_TIME]        = { "time",             false, true,  true },
	[PG_TIMESTAMP]   = { "timestamp",        false, true,  true },
	[PG_TIMESTAMPTZ] = { "timestamptz",      false, true,  true },
	[PG_INTERVAL]    = { "interval",         true,  false, false },
	[PG_BIT]         = { "varbit",           true,  false, false },
	[PG_VARBIT]      = { "varbit",           true,  false, false },
	[PG_JSON]        = { "json",             false, false, false },
	[PG_JSONB]       = { "jsonb",            true,  false, false },
	[PG_OTHER]       = { NULL,               true,  false, false },
};
/* clang-format on */

void
pg_ident(struct buf *out, const char *name)
{
	buf_addc(out, '"');
	for (; *name != '\0'; name++) {
		if (*name == '"')
			buf_addc(out, '"');
		buf_addc(out, *name);
	}
	buf_addc(out, '"');
}

void
pg_expr(struct buf *out, const char *tmpl, const struct column *col)
{
	for (; *tmpl != '\0'; tmpl++) {
		if (*tmpl == '$')
			pg_ident(out, col->name);
		else
			buf_addc(out, *tmpl);
	}
}

void
pg_select_expr(struct buf *out, const struct column *col)
{
	if (pg_wire(col) == PG_MONEY)
		pg_expr(out, "$::numeric", col); /* text has lc_monetary */
	else if (pg_type(col)->as_text)
		pg_expr(out, "$::text", col);
	else
		pg_ident(out, col->name);
}

/*
 * A ctid is unique within one heap: rows of two partitions can share one, and
 * a foreign table's means nothing here.
 */
static const char *
pg_row_address(const struct table *table)
{
	return table->kind == REL_TABLE ? "ctid" : NULL;
}

/*
 * Guards are made for READ COMMITTED: a statement sees what was committed
 * before it began. Foreign keys that can wait do.
 */
#define WRITE_BEGIN                               \
	"BEGIN ISOLATION LEVEL READ COMMITTED;\n" \
	"SET CONSTRAINTS ALL DEFERRED;\n"

const struct dialect dialect_postgresql = {
	.name = "postgresql",
	.brand = "PostgreSQL",
	.max_params = 65535,
	.ident = pg_ident,
	.select_expr = pg_select_expr,
	.order_expr = pg_order_expr,
	.order_native = pg_order_native,
	.canon_expr = pg_canon_expr,
	.hash_expr = pg_hash_expr,
	.fold_ranges = pg_fold_ranges,
	.fold_buckets = pg_fold_buckets,
	.bucket_expr = pg_bucket_expr,
	.range_cond = pg_range_cond,
	.keys_cond = pg_keys_cond,
	.sample = pg_sample,
	.convert = pg_convert,
	.literal = pg_literal,
	.param = pg_param,
	.guard = pg_guard,
	.equal_exact = pg_equal_exact,
	.nulls_first = " NULLS FIRST",
	.limit = { " LIMIT ", "" },
	.insert_overriding = "OVERRIDING SYSTEM VALUE ",
	.insert_defaults = " DEFAULT VALUES",
	.row_address = pg_row_address,
	.patch_begin = PG_SESSION WRITE_BEGIN,
	.patch_commit = "COMMIT;\n",
	.write_begin = WRITE_BEGIN,
	.apply_lock = "SELECT pg_catalog.pg_try_advisory_lock("
		      "8390898134367084656)::int::bigint", /* "trueup p" */
};
