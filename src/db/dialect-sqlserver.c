#include <config.h>

#include "db/dialect-sqlserver.h"

#include <stdlib.h>

#include "db/dialect-generic.h"
#include "db/dialect-track.h"

#define D (&dialect_sqlserver)

/* --- types ---------------------------------------------------------------- */

/* clang-format off */
static const struct {
	const char *name;
	enum ss_wire wire;
	enum ltype ltype;
	int precision, scale, frac; /* -2: as the catalog says */
} types[] = {
	{ "tinyint",          SS_INT,           LT_NUM,   3,  0, -1 },
	{ "smallint",         SS_INT,           LT_NUM,   5,  0, -1 },
	{ "int",              SS_INT,           LT_NUM,  10,  0, -1 },
	{ "bigint",           SS_INT,           LT_NUM,  19,  0, -1 },
	{ "bit",              SS_BIT,           LT_NUM,   1,  0, -1 },
	{ "decimal",          SS_DECIMAL,       LT_NUM,  -2, -2, -1 },
	{ "numeric",          SS_DECIMAL,       LT_NUM,  -2, -2, -1 },
	{ "money",            SS_MONEY,         LT_NUM,  19,  4, -1 },
	{ "smallmoney",       SS_MONEY,         LT_NUM,  10,  4, -1 },
	{ "real",             SS_REAL,          LT_F4,   -1, -1, -1 },
	{ "float",            SS_FLOAT,         LT_F8,   -1, -1, -1 },
	{ "char",             SS_CHAR,          LT_CHAR, -1, -1, -1 },
	{ "varchar",          SS_VARCHAR,       LT_TEXT, -1, -1, -1 },
	{ "text",             SS_VARCHAR,       LT_TEXT, -1, -1, -1 },
	{ "nchar",            SS_NCHAR,         LT_CHAR, -1, -1, -1 },
	{ "nvarchar",         SS_NVARCHAR,      LT_TEXT, -1, -1, -1 },
	{ "sysname",          SS_NVARCHAR,      LT_TEXT, -1, -1, -1 },
	{ "ntext",            SS_NVARCHAR,      LT_TEXT, -1, -1, -1 },
	{ "binary",           SS_BINARY,        LT_BYTES, -1, -1, -1 },
	{ "varbinary",        SS_VARBINARY,     LT_BYTES, -1, -1, -1 },
	{ "image",            SS_VARBINARY,     LT_BYTES, -1, -1, -1 },
	{ "date",             SS_DATE,          LT_DATE, -1, -1, -1 },
	{ "time",             SS_TIME,          LT_TIME, -1, -1, -2 },
	{ "smalldatetime",    SS_SMALLDATETIME, LT_TS,   -1, -1,  0 },
	{ "datetime",         SS_DATETIME,      LT_TS,   -1, -1,  3 },
	{ "datetime2",        SS_DATETIME2,     LT_TS,   -1, -1, -2 },
	{ "datetimeoffset",   SS_OFFSET,        LT_TSTZ, -1, -1, -2 },
	{ "uniqueidentifier", SS_UUID,          LT_UUID, -1, -1, -1 },
	{ "xml",              SS_XML,           LT_OTHER, -1, -1, -1 },
	{ "hierarchyid",      SS_OTHER,         LT_OTHER, -1, -1, -1 },
};
/* clang-format on */

/* The first word of "int identity" and "datetime2(3)". */
static int
find_type(const char *type)
{
	size_t n = strcspn(type, " (");

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (strlen(types[i].name) == n &&
		    strncasecmp(types[i].name, type, n) == 0)
			return (int)i;
	return -1;
}

bool
sqlserver_classify(struct column *col)
{
	int at = find_type(col->type);

	col->integer = col->boolean = col->bytewise = false;
	if (at < 0) {
		/* A rowversion counts the changes of its own database. */
		col->generated |= strncasecmp(col->type, "timestamp", 9) == 0 ||
		                  strncasecmp(col->type, "rowversion", 10) == 0;
		col->wire = SS_OTHER;
		col->ltype = LT_NONE;
		return false;
	}
	col->wire = (int)types[at].wire;
	col->ltype = types[at].ltype;
	if (types[at].precision != -2) {
		col->precision = types[at].precision;
		col->scale = types[at].scale;
	}
	if (types[at].frac != -2)
		col->frac = types[at].frac;
	else if (strchr(col->type, '(') != NULL)
		col->frac = atoi(strchr(col->type, '(') + 1);
	else if (col->frac < 0)
		col->frac = 7;
	if (col->maxlen <= 0) /* (max) */
		col->maxlen = -1;
	col->integer = types[at].wire == SS_INT || types[at].wire == SS_BIT;
	col->boolean = types[at].wire == SS_BIT;
	col->identity_always = strstr(col->type, "identity") != NULL;
	return true;
}

/* --- names, reading ------------------------------------------------------- */

static void
ident(struct buf *out, const char *name)
{
	buf_addc(out, '[');
	for (; *name != '\0'; name++) {
		if (*name == ']')
			buf_addc(out, ']');
		buf_addc(out, *name);
	}
	buf_addc(out, ']');
}

/* Times as text: drivers have structures of their own for the newer types. */
static const char *
select_template(const struct column *col)
{
	switch ((int)ss_wire(col)) {
	case SS_MONEY:
		return "CONVERT(decimal(19,4),$)";
	case SS_DATE:
		return "CONVERT(varchar(10),$,23)";
	case SS_TIME:
		return "CONVERT(varchar(16),$,121)";
	case SS_DATETIME:
		return "CONVERT(varchar(23),CONVERT(datetime2(3),$),121)";
	case SS_SMALLDATETIME:
		return "CONVERT(varchar(19),CONVERT(datetime2(0),$),121)";
	case SS_DATETIME2:
		return "CONVERT(varchar(27),$,121)";
	case SS_OFFSET:
		return "CONVERT(varchar(27),CONVERT(datetime2(7),"
		       "SWITCHOFFSET($,'+00:00')),121)";
	case SS_UUID:
		return "LOWER(CONVERT(varchar(36),$))";
	case SS_XML:
	case SS_OTHER:
		return "CONVERT(nvarchar(max),$)";
	case SS_COMPUTED:
	case SS_INT:
	case SS_BIT:
	case SS_DECIMAL:
	case SS_REAL:
	case SS_FLOAT:
	case SS_CHAR:
	case SS_VARCHAR:
	case SS_NCHAR:
	case SS_NVARCHAR:
	case SS_BINARY:
	case SS_VARBINARY:
	case SS_WIRES:
		break;
	}
	return "$";
}

static void
select_expr(struct buf *out, const struct column *col)
{
	generic_expr(out, D, select_template(col), col);
}

/* --- order ---------------------------------------------------------------- */

/*
 * Datetimes are left out: a bound with more digits than the column has is
 * rounded before it is compared. So are texts (PAD SPACE) and uuids, whose last
 * six bytes come first.
 */
static bool
order_native(const struct column *col, const struct vtype *t)
{
	if (!col->notnull || t->loose != LT_NONE)
		return false;
	switch ((int)ss_wire(col)) {
	case SS_INT:
	case SS_DECIMAL:
	case SS_MONEY:
		return t->type == LT_NUM;
	case SS_DATE:
		return t->type == LT_DATE;
	default:
		return false;
	}
}

/* varbinary compares byte by byte; a varchar as if blanks followed. */
#define UTF8_BYTES(x)                                    \
	"CONVERT(varbinary(max),CONVERT(varchar(max)," x \
	" COLLATE Latin1_General_100_BIN2_UTF8))"

static const char *
order_template(const struct column *col, const struct vtype *t)
{
	enum ss_wire wire = ss_wire(col);

	if (t->loose != LT_NONE)
		return "";
	switch (t->type) {
	case LT_NUM:
		return wire == SS_INT || wire == SS_BIT || wire == SS_DECIMAL ||
		               wire == SS_MONEY
		           ? "$"
		           : "";
	case LT_F8:
	case LT_F4:
		return wire == SS_FLOAT || wire == SS_REAL ? "$" : "";
	case LT_TEXT:
		return ss_is_text(wire) ? UTF8_BYTES("CONVERT(nvarchar(max),$)")
		                        : "";
	case LT_CHAR:
		return ss_is_text(wire)
		           ? UTF8_BYTES("RTRIM(CONVERT(nvarchar(max),$))")
		           : "";
	case LT_DATE:
		return wire == SS_DATE ? "$" : "";
	case LT_TIME:
		return wire == SS_TIME ? "$" : "";
	case LT_TS:
		return wire == SS_DATETIME2 || wire == SS_SMALLDATETIME ? "$"
		                                                        : "";
	case LT_TSTZ:
		return wire == SS_OFFSET ? "$" : "";
	case LT_UUID:
		return wire == SS_UUID
		           ? "LOWER(CONVERT(varchar(36),$)) COLLATE "
		             "Latin1_General_100_BIN2"
		           : "";
	case LT_BYTES: /* 0x61 = 0x6100 there */
	case LT_NONE:
	case LT_INTERVAL:
	case LT_BITS:
	case LT_JSON:
	case LT_OTHER:
	case LT_ANY:
		break;
	}
	return "";
}

static void
order_expr(struct buf *out, const struct column *col, const struct vtype *t)
{
	generic_expr(out, D, order_template(col, t), col);
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

static void
columns_by(struct buf *out, const struct column *const *cols, size_t n,
    void (*one)(struct buf *out, const struct column *col))
{
	for (size_t i = 0; i < n; i++) {
		buf_adds(out, i > 0 ? ", " : "");
		one(out, cols[i]);
	}
}

static void
order_own(struct buf *out, const struct column *col)
{
	struct vtype own = { .type = col->ltype };

	order_expr(out, col, &own);
}

/* Pages, not rows, are thrown for: cheap, and as even as keys need. */
static void
sample(struct buf *out, const struct table *table,
    const struct column *const *cols, size_t ncols, double every)
{
	buf_adds(out, "SELECT ");
	columns_by(out, cols, ncols, select_expr);
	buf_addf(out, " FROM %s", table->from);
	if (every > 1)
		buf_addf(out, " TABLESAMPLE (%.9f PERCENT) REPEATABLE (1)",
		    100 / every);
	if (table->where != NULL)
		buf_addf(out, " WHERE (%s)", table->where);
	buf_adds(out, " ORDER BY ");
	columns_by(out, cols, ncols, order_own);
}

const struct dialect dialect_sqlserver = {
	.name = "sqlserver",
	.brand = "SQL Server",
	.max_params = 2000,
	.ident = ident,
	.select_expr = select_expr,
	.order_expr = order_expr,
	.order_native = order_native,
	.canon_expr = ss_canon_expr,
	.hash_expr = ss_hash_expr,
	.fold_ranges = ss_fold_ranges,
	.fold_buckets = ss_fold_buckets,
	.bucket_expr = ss_bucket_expr,
	.range_cond = range_cond,
	.keys_cond = keys_cond,
	.sample = sample,
	.convert = ss_convert,
	.literal = ss_literal,
	.param = ss_param,
	.params_not_null = true,
	.guard = ss_guard,
	.equal_exact = ss_equal_exact,
	.nulls_first = "", /* they are */
	.limit = { " ORDER BY (SELECT NULL) OFFSET 0 ROWS FETCH NEXT ",
	    " ROWS ONLY" },
	.skip = { " OFFSET ", " ROWS FETCH NEXT ", " ROWS ONLY" },
	.insert_overriding = NULL, /* SET IDENTITY_INSERT is not written */
	.insert_defaults = " DEFAULT VALUES",
	.patch_begin = SQLSERVER_SESSION "BEGIN TRANSACTION;\n",
	.patch_commit = "COMMIT TRANSACTION;\n",
	.from_nothing = "",
	.track = &track_sql_sqlserver,
	.write_begin = "BEGIN;\n",
};
