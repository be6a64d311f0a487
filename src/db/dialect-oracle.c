#include <config.h>

#include "db/dialect-oracle.h"

#include <stdlib.h>

#include "db/dialect-generic.h"

#define D (&dialect_oracle)

/* --- types ---------------------------------------------------------------- */

/* clang-format off */
static const struct {
	const char *name;
	enum ora_wire wire;
	enum ltype ltype;
	int frac; /* -2: as the type's name or the catalog says */
} types[] = {
	{ "NUMBER",        ORA_NUMBER,   LT_NUM,   -1 },
	{ "INTEGER",       ORA_NUMBER,   LT_NUM,   -1 },
	{ "DECIMAL",       ORA_NUMBER,   LT_NUM,   -1 },
	{ "FLOAT",         ORA_NUMBER,   LT_NUM,   -1 },
	{ "BINARY_FLOAT",  ORA_FLOAT,    LT_F4,    -1 },
	{ "BINARY_DOUBLE", ORA_DOUBLE,   LT_F8,    -1 },
	{ "CHAR",          ORA_CHAR,     LT_CHAR,  -1 },
	{ "VARCHAR2",      ORA_VARCHAR,  LT_TEXT,  -1 },
	{ "NCHAR",         ORA_NCHAR,    LT_CHAR,  -1 },
	{ "NVARCHAR2",     ORA_NVARCHAR, LT_TEXT,  -1 },
	{ "CLOB",          ORA_CLOB,     LT_TEXT,  -1 },
	{ "NCLOB",         ORA_CLOB,     LT_TEXT,  -1 },
	{ "LONG",          ORA_CLOB,     LT_TEXT,  -1 },
	{ "RAW",           ORA_RAW,      LT_BYTES, -1 },
	{ "LONG RAW",      ORA_BLOB,     LT_BYTES, -1 },
	{ "BLOB",          ORA_BLOB,     LT_BYTES, -1 },
	{ "DATE",          ORA_DATE,     LT_TS,     0 },
	{ "TIMESTAMP",     ORA_TS,       LT_TS,    -2 },
	{ "TIMESTAMP WITH TIME ZONE",       ORA_TSTZ,  LT_TSTZ, -2 },
	{ "TIMESTAMP WITH LOCAL TIME ZONE", ORA_LOCAL, LT_TSTZ, -2 },
	{ "INTERVAL YEAR TO MONTH",         ORA_OTHER, LT_OTHER, -1 },
	{ "INTERVAL DAY TO SECOND",         ORA_OTHER, LT_OTHER, -1 },
	{ "ROWID",         ORA_OTHER,    LT_OTHER, -1 },
	{ "UROWID",        ORA_OTHER,    LT_OTHER, -1 },
};
/* clang-format on */

/* "TIMESTAMP(6) WITH TIME ZONE" without what stands in parentheses. */
static int
find_type(const char *type)
{
	struct buf name = BUF_INIT;
	int found = -1;

	for (; *type != '\0'; type++) {
		if (*type == '(')
			type += strcspn(type, ")");
		else
			buf_addc(&name, *type);
		if (*type == '\0')
			break;
	}
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (strcasecmp(types[i].name, buf_str(&name)) == 0)
			found = (int)i;
	buf_free(&name);
	return found;
}

/* NUMBER alone keeps any scale, NUMBER(10) none, NUMBER(10,2) two digits. */
static void
classify_number(struct column *col)
{
	if (col->precision <= 0 || col->scale < -84 ||
	    strncasecmp(col->type, "FLOAT", 5) == 0) {
		col->precision = col->scale = -1;
		return;
	}
	col->integer = col->scale == 0 && col->precision <= 18;
}

bool
oracle_classify(struct column *col, bool utf8)
{
	int at = find_type(col->type);

	col->integer = col->boolean = col->bytewise = false;
	col->wire = ORA_OTHER;
	col->ltype = LT_NONE;
	if (at < 0)
		return false;
	col->wire = (int)types[at].wire | (utf8 ? ORA_UTF8 : 0);
	col->ltype = types[at].ltype;
	if (types[at].frac != -2)
		col->frac = types[at].frac;
	else if (strchr(col->type, '(') != NULL)
		col->frac = atoi(strchr(col->type, '(') + 1);
	else if (col->frac < 0)
		col->frac = 6;
	switch ((int)types[at].wire) {
	case ORA_NUMBER:
		classify_number(col);
		break;
	case ORA_CLOB:
	case ORA_BLOB:
		col->maxlen = -1;
		break;
	case ORA_VARCHAR:
		col->bytewise = utf8;
		break;
	}
	return true;
}

/* --- names, reading ------------------------------------------------------- */

static void
ident(struct buf *out, const char *name)
{
	buf_addc(out, '"');
	for (; *name != '\0'; name++) {
		if (*name == '"')
			buf_addc(out, '"');
		buf_addc(out, *name);
	}
	buf_addc(out, '"');
}

#define BC(x) "CASE WHEN " x "<DATE '0001-01-01' THEN ' BC' END"
#define STAMP(x) "TO_CHAR(" x ",'YYYY-MM-DD HH24:MI:SS.FF9')||" BC(x)

static const char *
select_template(const struct column *col)
{
	switch ((int)ora_wire(col)) {
	case ORA_NUMBER: /* TM9 has all digits, whatever the driver prints */
		return "TO_CHAR($,'TM9','NLS_NUMERIC_CHARACTERS=''.,''')";
	case ORA_DATE:
		return "TO_CHAR($,'YYYY-MM-DD HH24:MI:SS')||" BC("$");
	case ORA_TS:
		return STAMP("$");
	case ORA_TSTZ:
		return STAMP("SYS_EXTRACT_UTC($)");
	case ORA_LOCAL:
		return STAMP("SYS_EXTRACT_UTC(CAST($ AS TIMESTAMP WITH "
			     "TIME ZONE))");
	case ORA_OTHER:
		return "TO_CHAR($)";
	case ORA_COMPUTED:
	case ORA_FLOAT:
	case ORA_DOUBLE:
	case ORA_CHAR:
	case ORA_VARCHAR:
	case ORA_NCHAR:
	case ORA_NVARCHAR:
	case ORA_CLOB:
	case ORA_RAW:
	case ORA_BLOB:
		break;
	}
	return "$";
}

static void
select_expr(struct buf *out, const struct column *col)
{
	generic_expr(out, D, col->integer ? "$" : select_template(col), col);
}

/* --- order ---------------------------------------------------------------- */

static bool
order_native(const struct column *col, const struct vtype *t)
{
	if (!col->notnull || t->loose != LT_NONE)
		return false;
	switch ((int)ora_wire(col)) {
	case ORA_NUMBER:
		return t->type == LT_NUM;
	case ORA_VARCHAR: /* NLS_COMP=BINARY, see ORACLE_SESSION */
		return t->type == LT_TEXT && col->bytewise;
	case ORA_RAW:
		return t->type == LT_BYTES;
	case ORA_DATE:
	case ORA_TS:
		return t->type == LT_TS;
	default:
		return false;
	}
}

/* NLSSORT() gives at most 2000 bytes. */
static const char *
order_text(const struct column *col, const struct vtype *t)
{
	if (!ora_is_text(col) || col->maxlen < 0 || col->maxlen > 500)
		return "";
	if (t->type == LT_CHAR)
		return "NLSSORT(RTRIM(TO_CHAR($),' '),'NLS_SORT=BINARY')";
	return "NLSSORT(TO_CHAR($),'NLS_SORT=BINARY')";
}

static const char *
order_template(const struct column *col, const struct vtype *t)
{
	enum ora_wire wire = ora_wire(col);

	if (t->loose != LT_NONE)
		return "";
	switch (t->type) {
	case LT_NUM:
		return wire == ORA_NUMBER ? "$" : "";
	case LT_F8:
	case LT_F4: /* NaN comes last there as here */
		return wire == ORA_DOUBLE || wire == ORA_FLOAT ? "$" : "";
	case LT_TEXT:
	case LT_CHAR:
		return order_text(col, t);
	case LT_BYTES:
		return wire == ORA_RAW ? "$" : "";
	case LT_TS:
		return wire == ORA_DATE || wire == ORA_TS ? "$" : "";
	case LT_TSTZ:
		if (wire == ORA_DATE || wire == ORA_TS)
			return "$";
		return wire == ORA_TSTZ || wire == ORA_LOCAL ? "$" : "";
	case LT_NONE:
	case LT_DATE:
	case LT_TIME:
	case LT_UUID:
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
sample(struct buf *out, const struct table *table,
    const struct column *const *cols, size_t ncols, double every)
{
	buf_adds(out, "SELECT ");
	for (size_t i = 0; i < ncols; i++) {
		buf_adds(out, i > 0 ? ", " : "");
		select_expr(out, cols[i]);
	}
	buf_addf(out, " FROM %s", table->from);
	if (every > 1)
		buf_addf(out, " SAMPLE (%.6f) SEED (1)",
		    100 / (every < 1e8 ? every : 1e8));
	if (table->where != NULL)
		buf_addf(out, " WHERE (%s)", table->where);
	buf_adds(out, " ORDER BY ");
	dialect_columns(out, D, cols, ncols);
}

static const char *
row_address(const struct table *table)
{
	return table->kind == REL_TABLE ? "ROWID" : NULL;
}

/* SQL*Plus: no & for variables, blank lines do not end a statement. */
#define STOCK_CLIENT             \
	"SET DEFINE OFF\n"       \
	"SET SQLBLANKLINES ON\n" \
	"WHENEVER SQLERROR EXIT FAILURE ROLLBACK\n"

const struct dialect dialect_oracle = {
	.name = "oracle",
	.brand = "Oracle",
	.max_params = 1000,
	.ident = ident,
	.select_expr = select_expr,
	.order_expr = order_expr,
	.order_native = order_native,
	.canon_expr = ora_canon_expr,
	.hash_expr = ora_hash_expr,
	.fold_ranges = ora_fold_ranges,
	.fold_buckets = ora_fold_buckets,
	.bucket_expr = ora_bucket_expr,
	.range_cond = range_cond,
	.keys_cond = keys_cond,
	.sample = sample,
	.convert = ora_convert,
	.literal = ora_literal,
	.literal_refuses = ora_literal_refuses,
	.param = ora_param,
	.params_not_null = true,
	.guard = ora_guard,
	.equal_exact = ora_equal_exact,
	.nulls_first = " NULLS FIRST",
	.limit = { " FETCH FIRST ", " ROWS ONLY" },
	.skip = { " OFFSET ", " ROWS FETCH NEXT ", " ROWS ONLY" },
	.insert_overriding = NULL,
	.insert_defaults = " VALUES (DEFAULT)",
	.row_address = row_address,
	.patch_begin = STOCK_CLIENT ORACLE_SESSION,
	.patch_commit = "COMMIT;\n",
	.from_nothing = " FROM DUAL",
	.write_begin = "BEGIN;\n",
};
