#include <config.h>

#include "db/dialect-psqlodbc.h"

#include <inttypes.h>
#include <stdlib.h>

#include "db/dialect-generic.h"

#define D (&dialect_psqlodbc)

/* column->wire: a row of this table; 0 is a computed column. */
/* clang-format off */
static const struct {
	const char *name; /* format_type() without a length */
	enum ltype ltype;
	int digits;         /* of an integer */
	const char *select; /* $ is the column */
	const char *cast;   /* never one with a length, which would cut */
} types[] = {
	{ "",                  LT_OTHER, 0, "$", NULL },
	{ "boolean",           LT_NUM,   1, "CASE WHEN $ THEN 1 WHEN NOT $ THEN 0 END", "boolean" },
	{ "smallint",          LT_NUM,   5, "$", "smallint" },
	{ "integer",           LT_NUM,  10, "$", "integer" },
	{ "bigint",            LT_NUM,  19, "$", "bigint" },
	{ "oid",               LT_NUM,  10, "$", "oid" },
	{ "numeric",           LT_NUM,   0, "$::text", "numeric" },
	{ "money",             LT_NUM,   0, "$::numeric::text", "numeric::money" },
	{ "real",              LT_F4,    0, "$::float8", "real" },
	{ "double precision",  LT_F8,    0, "$", "double precision" },
	{ "text",              LT_TEXT,  0, "$", "text" },
	{ "character varying", LT_TEXT,  0, "$", "varchar" },
	{ "name",              LT_TEXT,  0, "$::text", "name" },
	{ "character",         LT_CHAR,  0, "$::text", "bpchar" },
	{ "bytea",             LT_BYTES, 0, "$", "bytea" },
	{ "uuid",              LT_UUID,  0, "$::text", "uuid" },
	{ "date",              LT_DATE,  0, "$::text", "date" },
	{ "time without time zone", LT_TIME, 0, "$::text", "time" },
	{ "timestamp without time zone", LT_TS, 0, "$::text", "timestamp" },
	{ "timestamp with time zone", LT_TSTZ, 0, "($ AT TIME ZONE 'UTC')::text", "timestamptz" },
	{ "interval",          LT_INTERVAL, 0, "$::text", "interval" },
	{ "bit",               LT_BITS,  0, "$::text", "varbit" },
	{ "bit varying",       LT_BITS,  0, "$::text", "varbit" },
	{ "json",              LT_JSON,  0, "$::text", "json" },
	{ "jsonb",             LT_JSON,  0, "$::text", "jsonb" },
};
/* clang-format on */

#define OTHER "$::text" /* arrays, ranges, enums and so on */
#define WIRE_OTHER ((int)ARRAY_LEN(types))

/* "timestamp(3) with time zone" is the name before and behind "(3)". */
static bool
has_name(const char *type, const char *name)
{
	const char *open = strchr(type, '(');
	const char *close = strchr(type, ')');
	size_t n = open != NULL ? (size_t)(open - type) : strlen(type);

	if (strchr(type, '[') != NULL || strncmp(type, name, n) != 0)
		return false;
	return strcmp(name + n, close != NULL ? close + 1 : "") == 0;
}

void
psqlodbc_classify(struct column *col)
{
	const char *open = strchr(col->type, '('), *comma;
	int size = open != NULL ? atoi(open + 1) : -1;
	int at = 1;

	while (at < WIRE_OTHER && !has_name(col->type, types[at].name))
		at++;
	col->wire = at;
	col->ltype = at < WIRE_OTHER ? types[at].ltype : LT_OTHER;
	col->precision = col->scale = col->frac = col->maxlen = -1;
	col->integer = at < WIRE_OTHER && types[at].digits > 0;
	col->boolean = col->integer && types[at].digits == 1;
	if (col->integer) {
		col->precision = types[at].digits;
		col->scale = 0;
		return;
	}
	switch (col->ltype) {
	case LT_NUM:
		comma = open != NULL ? strchr(open, ',') : NULL;
		col->precision = size;
		col->scale = comma != NULL ? atoi(comma + 1)
		             : size > 0    ? 0
		                           : -1;
		break;
	case LT_TIME:
	case LT_TS:
	case LT_TSTZ:
		col->frac = size >= 0 ? size : 6;
		break;
	case LT_TEXT:
	case LT_CHAR:
	case LT_BITS:
		col->maxlen = size;
		break;
	case LT_NONE:
	case LT_F8:
	case LT_F4:
	case LT_BYTES:
	case LT_DATE:
	case LT_INTERVAL:
	case LT_UUID:
	case LT_JSON:
	case LT_OTHER:
	case LT_ANY:
		break;
	}
}

static void
ident(struct buf *out, const char *name)
{
	dialect_postgresql.ident(out, name);
}

static void
select_expr(struct buf *out, const struct column *col)
{
	generic_expr(out, D,
	    col->wire < WIRE_OTHER ? types[col->wire].select : OTHER, col);
}

static void
range_cond(struct buf *out, const struct sql_range *range)
{
	generic_range_cond(out, D, range);
}

static void
keys_cond(struct buf *out, const struct column *const *cols, size_t ncols,
    const struct cell *cells, size_t n)
{
	generic_keys_cond(out, D, cols, ncols, cells, n);
}

/* To the other dialect, whose wire it has: a text without a cast. */
static const struct column plain_text = { .name = "", .ltype = LT_TEXT };

/* E'' escapes what is no plain text; PostgreSQL finds the type by itself. */
static void
literal(struct buf *out, const struct column *col, const struct cell *c)
{
	const char *cast =
	    col->wire < WIRE_OTHER ? types[col->wire].cast : NULL;
	struct buf text = BUF_INIT;

	switch (c->kind) {
	case CELL_NULL:
		buf_adds(out, "NULL");
		break;
	case CELL_INT:
		buf_addf(
		    out, col->boolean ? "'%" PRId64 "'" : "%" PRId64, c->u.i);
		break;
	case CELL_F64:
		generic_double(&text, c->u.f);
		generic_quote(out, text.data, text.len);
		break;
	case CELL_TEXT:
		dialect_postgresql.literal(out, &plain_text, c);
		if (cast != NULL && strchr(cast, ':') != NULL)
			buf_addf(out, "::%s", cast);
		break;
	case CELL_BYTES:
		dialect_postgresql.literal(out, &plain_text, c);
		break;
	}
	buf_free(&text);
}

static void
param(struct buf *out, const struct column *col, size_t i)
{
	const char *cast =
	    col->wire < WIRE_OTHER ? types[col->wire].cast : col->type;

	generic_param(out, col, i);
	/* "integer[]", but not "character varying(5)[]". */
	if (cast != NULL && strchr(cast, '(') == NULL)
		buf_addf(out, "::%s", cast);
}

/* Whose '=' takes more for equal, or which have none. */
static bool
by_text(const struct column *col)
{
	return col->ltype == LT_INTERVAL || col->ltype == LT_JSON ||
	       col->ltype == LT_OTHER;
}

static bool
equal_exact(const struct column *col, const char *value)
{
	(void)value;
	return !by_text(col);
}

static void
guard(struct buf *out, const struct column *col, const char *value)
{
	if (strcmp(value, "NULL") == 0 || !by_text(col)) {
		generic_guard(out, D, col, value);
		return;
	}
	generic_expr(out, D, "$::text = (", col);
	buf_addf(out, "%s)::text", value);
}

const struct dialect dialect_psqlodbc = {
	.name = "psqlodbc",
	.brand = "PostgreSQL by ODBC",
	.max_params = 900,
	.ident = ident,
	.select_expr = select_expr,
	.order_native = generic_order_native,
	.range_cond = range_cond,
	.keys_cond = keys_cond,
	.convert = generic_convert,
	.literal = literal,
	.param = param,
	.params_not_null = true,
	.guard = guard,
	.equal_exact = equal_exact,
	.nulls_first = " NULLS FIRST",
	.limit = { " LIMIT ", "" },
	.skip = { " OFFSET ", " LIMIT ", "" },
	.insert_overriding = "OVERRIDING SYSTEM VALUE ",
	.insert_defaults = " DEFAULT VALUES",
	.patch_begin = PSQLODBC_SESSION "BEGIN;\n",
	.patch_commit = "COMMIT;\n",
	.from_nothing = "",
	.write_begin = "BEGIN;\n",
};
