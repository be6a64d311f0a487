/*
 * Canonical fields, row hashes and folds in Oracle's SQL (VALUES 2.5, 2.6).
 *
 * The empty text is NULL there, so NULL needs no wrapper but where a length
 * stands before it. What || makes is at most 4000 bytes: a row that could be
 * longer has no hash, and its table is hashed here (dialect.h, fold_ranges).
 */
#include <config.h>

#include "db/dialect-generic.h"
#include "db/dialect-oracle.h"

#include <string.h>

#define D (&dialect_oracle)

#define ROW_MAX 4000  /* bytes of a VARCHAR2 */
#define TEXT_MAX 1000 /* characters declared: most rows of such fit */
#define SCALAR_MAX 70 /* bytes of a field that is no text, with its '|' */

#define TM9 "TO_CHAR($,'TM9','NLS_NUMERIC_CHARACTERS=''.,''')"
#define BC(x) "CASE WHEN " x "<DATE '0001-01-01' THEN ' BC' END"
#define STAMP(x)                 \
	"RTRIM(RTRIM(TO_CHAR(" x \
	",'YYYY-MM-DD HH24:MI:SS.FF9'),'0'),'.')||" BC(x)
/* Big-endian bits; +0d turns -0 into 0. */
#define BITS(x) "LOWER(RAWTOHEX(UTL_RAW.CAST_FROM_BINARY_DOUBLE(" x "+0d,1)))"
#define FLOAT_FIELD(x) \
	"CASE WHEN $ IS NAN THEN '7ff8000000000000' ELSE " BITS(x) " END"

static const char *
float4_field(const struct column *col)
{
	if (ora_wire(col) == ORA_FLOAT)
		return FLOAT_FIELD("TO_BINARY_DOUBLE($)");
	if (ora_wire(col) != ORA_DOUBLE)
		return NULL;
	return "CASE WHEN $ IS NAN THEN '7ff8000000000000' WHEN $=0 OR "
	       "ABS($)>3.4028235677973362E38D OR "
	       "ABS($)<7.0064923216240862E-46D THEN " BITS("$") " ELSE " BITS(
		   "TO_BINARY_DOUBLE(TO_BINARY_FLOAT($))") " END";
}

static const char *
float8_field(const struct column *col)
{
	if (ora_wire(col) == ORA_FLOAT)
		return FLOAT_FIELD("TO_BINARY_DOUBLE($)");
	return ora_wire(col) == ORA_DOUBLE ? FLOAT_FIELD("$") : NULL;
}

static bool
is_short_text(const struct column *col)
{
	return ora_is_text(col) && col->maxlen >= 0 && col->maxlen <= TEXT_MAX;
}

static const char *
timestamp_field(const struct column *col)
{
	switch ((int)ora_wire(col)) {
	case ORA_DATE:
		return "TO_CHAR($,'YYYY-MM-DD HH24:MI:SS')||" BC("$");
	case ORA_TS:
		return STAMP("$");
	case ORA_TSTZ:
		return STAMP("SYS_EXTRACT_UTC($)");
	case ORA_LOCAL:
		return STAMP("SYS_EXTRACT_UTC(CAST($ AS TIMESTAMP WITH "
			     "TIME ZONE))");
	default:
		return NULL;
	}
}

static const char *
field_template(const struct column *col, const struct vtype *t)
{
	bool text = is_short_text(col);

	if (t->loose != LT_NONE && !text)
		return NULL;
	switch (t->type) {
	case LT_NUM: /* TM9 writes .5; beyond 64 digits it is not ours */
		return ora_wire(col) == ORA_NUMBER
		           ? "CASE WHEN $>-1 AND $<0 THEN '-0'||SUBSTR(" TM9
		             ",2) WHEN $>0 AND $<1 THEN '0'||" TM9 " ELSE " TM9
		             " END"
		           : NULL;
	case LT_F8:
		return float8_field(col);
	case LT_F4:
		return float4_field(col);
	case LT_TEXT:
	case LT_OTHER:
	case LT_JSON:
		return text ? "LENGTHB(TO_CHAR($))||':'||TO_CHAR($)" : NULL;
	case LT_CHAR: /* nothing but blanks is NULL once they are gone */
		return text ? "NVL(LENGTHB(RTRIM(TO_CHAR($),' ')),0)||':'||"
		              "RTRIM(TO_CHAR($),' ')"
		            : NULL;
	case LT_BYTES:
		if (ora_wire(col) == ORA_RAW)
			return "LOWER(RAWTOHEX(STANDARD_HASH($,'MD5')))";
		return text ? "LOWER(RAWTOHEX(STANDARD_HASH(TO_CHAR($),"
		              "'MD5')))"
		            : NULL;
	case LT_TS:
	case LT_TSTZ:
		return timestamp_field(col);
	case LT_DATE:
	case LT_TIME:
	case LT_INTERVAL:
	case LT_UUID:
	case LT_BITS:
	case LT_ANY:
	case LT_NONE:
		break;
	}
	return NULL;
}

bool
ora_canon_expr(struct buf *out, const struct column *col, const struct vtype *t)
{
	const char *tmpl = field_template(col, t);

	if (tmpl == NULL)
		return false;
	if (!col->notnull)
		generic_expr(out, D, "CASE WHEN $ IS NOT NULL THEN ", col);
	else
		buf_addc(out, '(');
	generic_expr(out, D, tmpl, col);
	buf_adds(out, col->notnull ? ")" : " END");
	return true;
}

static void
row_expr(struct buf *out, const struct column *const *cols,
    const struct vtype *types, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_adds(out, i > 0 ? "||'|'||" : "");
		ora_canon_expr(out, cols[i], &types[i]);
	}
}

/* "CASE WHEN the row is short enough THEN ", else NULL. */
static void
if_short(struct buf *out, const struct column *const *cols,
    const struct vtype *types, size_t n)
{
	size_t rest = 0;

	buf_adds(out, "CASE WHEN ");
	for (size_t i = 0; i < n; i++) {
		rest += SCALAR_MAX;
		if (is_short_text(cols[i]) && types[i].type != LT_BYTES)
			generic_expr(
			    out, D, "NVL(LENGTHB(TO_CHAR($)),0)+", cols[i]);
	}
	buf_addf(out, "%zu<=%d THEN ", rest, ROW_MAX);
}

void
ora_hash_expr(struct buf *out, const struct column *const *cols,
    const struct vtype *types, size_t n, enum hash_kind kind)
{
	if_short(out, cols, types, n);
	buf_adds(out, "SUBSTR(LOWER(RAWTOHEX(STANDARD_HASH(");
	row_expr(out, cols, types, n);
	buf_addf(
	    out, ",'%s'))),1,32) END", kind == HASH_SHA256 ? "SHA256" : "MD5");
}

/* A key without a hash goes to bucket 0; then its row has none either. */
void
ora_bucket_expr(struct buf *out, const struct column *const *cols,
    const struct vtype *types, size_t n, uint32_t buckets)
{
	buf_adds(out, "NVL(");
	if_short(out, cols, types, n);
	buf_adds(out, "MOD(TO_NUMBER(SUBSTR(RAWTOHEX(STANDARD_HASH(");
	row_expr(out, cols, types, n);
	buf_addf(out, ",'MD5')),1,8),'XXXXXXXX'),%lu) END,0)",
	    (unsigned long)buckets);
}

#define SUM(at)                                                                \
	"TO_CHAR(SUM(TO_NUMBER(SUBSTR(h," at ",16),'XXXXXXXXXXXXXXXX')),'TM9'" \
	")"
#define FOLD_COLUMNS                                                  \
	"CASE WHEN COUNT(*)=COUNT(h) THEN COUNT(*) ELSE -1 END," SUM( \
	    "1") "," SUM("17")

void
ora_fold_ranges(struct buf *out, const struct table *table, const char *hash,
    const struct sql_range *ranges, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_addf(out,
		    "%sSELECT %zu," FOLD_COLUMNS
		    " FROM (SELECT %s AS h FROM %s WHERE ",
		    i > 0 ? " UNION ALL " : "", i, hash, table->from);
		if (table->where != NULL)
			buf_addf(out, "(%s) AND ", table->where);
		generic_range_cond(out, D, &ranges[i]);
		buf_adds(out, ") trueup_h");
	}
}

void
ora_fold_buckets(struct buf *out, const struct table *table, const char *hash,
    const char *bucket)
{
	buf_addf(out,
	    "SELECT g," FOLD_COLUMNS " FROM (SELECT %s AS g,%s AS h FROM %s",
	    bucket, hash, table->from);
	if (table->where != NULL)
		buf_addf(out, " WHERE (%s)", table->where);
	buf_adds(out, ") trueup_h GROUP BY g");
}

#define VARCHAR (ORA_VARCHAR | ORA_UTF8)
#define NVARCHAR (ORA_NVARCHAR | ORA_UTF8)
#define CHAR (ORA_CHAR | ORA_UTF8)

/* clang-format off */
static const struct selftest_sample samples[] = {
	{ "CAST(NULL AS VARCHAR2(10))", VARCHAR, LT_TEXT, -1, -1, "" },
	{ "-9223372036854775808", ORA_NUMBER, LT_NUM, -1, -1,
	    "-9223372036854775808" },
	{ "CAST(-100.0500 AS NUMBER(12,4))", ORA_NUMBER, LT_NUM, 4, -1,
	    "-100.05" },
	{ "-.5", ORA_NUMBER, LT_NUM, -1, -1, "-0.5" },
	{ ".25", ORA_NUMBER, LT_NUM, -1, -1, "0.25" },
	{ "1E20", ORA_NUMBER, LT_NUM, -1, -1, "100000000000000000000" },
	{ "0.1D", ORA_DOUBLE, LT_F8, -1, -1, "3fb999999999999a" },
	{ "-0D", ORA_DOUBLE, LT_F8, -1, -1, "0000000000000000" },
	{ "BINARY_DOUBLE_NAN", ORA_DOUBLE, LT_F8, -1, -1, "7ff8000000000000" },
	{ "0.1D", ORA_DOUBLE, LT_F4, -1, -1, "3fb99999a0000000" },
	{ "1E300D", ORA_DOUBLE, LT_F4, -1, -1, "7e37e43c8800759c" },
	{ "0.1F", ORA_FLOAT, LT_F4, -1, -1, "3fb99999a0000000" },
	{ "UNISTR('\\00E9|\\D83D\\DE00')", NVARCHAR, LT_TEXT, -1, -1,
	    "7:\303\251|\360\237\230\200" },
	{ "'a '", VARCHAR, LT_TEXT, -1, -1, "2:a " },
	{ "CAST('ab' AS CHAR(5))", CHAR, LT_CHAR, -1, -1, "2:ab" },
	{ "HEXTORAW('00FF')", ORA_RAW, LT_BYTES, -1, -1,
	    "d07d34efac6328007ad67c7e0a985e00" },
	{ "DATE '2024-02-29'", ORA_DATE, LT_TS, -1, 0, "2024-02-29 00:00:00" },
	{ "TIMESTAMP '2024-02-29 23:59:59.120'", ORA_TS, LT_TS, -1, 6,
	    "2024-02-29 23:59:59.12" },
	{ "TIMESTAMP '2024-01-01 00:00:00.5 +09:00'", ORA_TSTZ, LT_TSTZ, -1, 6,
	    "2023-12-31 15:00:00.5" },
};
/* clang-format on */

const struct selftest oracle_selftest = {
	.dialect = &dialect_oracle,
	.samples = samples,
	.n = ARRAY_LEN(samples),
	.from = " FROM DUAL",
};
