/*
 * Canonical fields, row hashes and folds in SQL Server's SQL (VALUES 2.5, 2.6).
 * Every piece is a varchar, never a char: one that is padded would be hashed
 * with its blanks.
 */
#include <config.h>

#include "db/dialect-generic.h"
#include "db/dialect-sqlserver.h"

#include <stdio.h>

#define D (&dialect_sqlserver)

/* UTF-8 of a text, whatever its column's collation. */
#define UTF8(x)                               \
	"CONVERT(varchar(max)," x " COLLATE " \
	"Latin1_General_100_BIN2_UTF8)"
#define TEXT_FIELD(x) \
	"CONVERT(varchar(12),DATALENGTH(" UTF8(x) "))+':'+" UTF8(x)
#define MD5(x) "LOWER(CONVERT(varchar(32),HASHBYTES('MD5'," x "),2))"
#define BITS(x) "LOWER(CONVERT(varchar(16),CONVERT(binary(8)," x "),2))"

/*
 * '.500' to '.5', '.000' to '': zeros become blanks, RTRIM takes the last ones,
 * and then the same with the point. There are no blanks in s before.
 */
#define TRIM_ZEROS(s)                                                  \
	"REPLACE(RTRIM(REPLACE(REPLACE(RTRIM(REPLACE(" s ",'0',' '))," \
	"' ','0'),'.',' ')),' ','.')"

static const char *
num_field(const struct column *col)
{
	switch ((int)ss_wire(col)) {
	case SS_INT:
	case SS_BIT:
		return "CONVERT(varchar(20),$)";
	case SS_DECIMAL: /* without a point the zeros count */
		return col->scale == 0  ? "CONVERT(varchar(60),$)"
		       : col->scale > 0 ? TRIM_ZEROS("CONVERT(varchar(60),$)")
		                        : NULL;
	case SS_MONEY:
		return TRIM_ZEROS(
		    "CONVERT(varchar(60),CONVERT(decimal(19,4),$))");
	default:
		return NULL;
	}
}

/* +0 turns -0 into 0. Whether decimals convert to the nearest double is not
 * known, so they are hashed here. */
static const char *
float8_field(const struct column *col)
{
	switch ((int)ss_wire(col)) {
	case SS_INT:
	case SS_BIT:
	case SS_REAL:
	case SS_FLOAT:
		return BITS("CONVERT(float,$)+0e0");
	default:
		return NULL;
	}
}

static const char *
float4_field(const struct column *col)
{
	if (ss_wire(col) != SS_FLOAT)
		return ss_wire(col) == SS_REAL ? float8_field(col) : NULL;
	return "CASE WHEN $=0 OR ABS($)>3.4028235677973362E38 "
	       "OR ABS($)<7.0064923216240862E-46 "
	       "THEN " BITS("$+0e0") " ELSE " BITS(
		   "CONVERT(float,CONVERT(real,$))+0e0") " END";
}

static const char *
text_field(const struct column *col)
{
	switch ((int)ss_wire(col)) {
	case SS_COMPUTED:
	case SS_CHAR:
	case SS_VARCHAR:
	case SS_NCHAR:
	case SS_NVARCHAR:
	case SS_XML:
	case SS_OTHER:
		return TEXT_FIELD("CONVERT(nvarchar(max),$)");
	default:
		return NULL;
	}
}

static const char *
char_field(const struct column *col)
{
	return ss_is_text(ss_wire(col))
	           ? TEXT_FIELD("RTRIM(CONVERT(nvarchar(max),$))")
	           : NULL;
}

static const char *
bytes_field(const struct column *col)
{
	if (ss_wire(col) == SS_BINARY || ss_wire(col) == SS_VARBINARY)
		return MD5("CONVERT(varbinary(max),$)");
	return ss_is_text(ss_wire(col)) ? MD5(UTF8("CONVERT(nvarchar(max),$)"))
	                                : NULL;
}

#define STAMP(x)                                                            \
	"CONVERT(varchar(19),CONVERT(datetime2(7)," x "),121)+" TRIM_ZEROS( \
	    "SUBSTRING(CONVERT(varchar(27),CONVERT(datetime2(7)," x         \
	    "),121),20,8)")

static const char *
timestamp_field(const struct column *col)
{
	switch ((int)ss_wire(col)) {
	case SS_DATE:
		return "CONVERT(varchar(10),$,23)+' 00:00:00'";
	case SS_SMALLDATETIME:
	case SS_DATETIME2:
		return STAMP("$");
	case SS_DATETIME:
		return STAMP("CONVERT(datetime2(3),$)");
	case SS_OFFSET:
		return STAMP("SWITCHOFFSET($,'+00:00')");
	default:
		return NULL;
	}
}

static const char *
field_template(const struct column *col, const struct vtype *t)
{
	enum ss_wire wire = ss_wire(col);

	if (t->loose != LT_NONE && !ss_is_text(wire))
		return NULL; /* the server's spelling is not canonical */
	switch (t->type) {
	case LT_NUM:
		return num_field(col);
	case LT_F8:
		return float8_field(col);
	case LT_F4:
		return float4_field(col);
	case LT_TEXT:
	case LT_OTHER:
	case LT_JSON:
		return text_field(col);
	case LT_CHAR:
		return char_field(col);
	case LT_BYTES:
		return bytes_field(col);
	case LT_DATE:
		return wire == SS_DATE ? "CONVERT(varchar(10),$,23)" : NULL;
	case LT_TIME:
		return wire == SS_TIME
		           ? "CONVERT(varchar(8),CONVERT(time(7),$),121)"
		             "+" TRIM_ZEROS("SUBSTRING(CONVERT(varchar(16),"
					    "CONVERT(time(7),$),121),9,8)")
		           : NULL;
	case LT_TS:
	case LT_TSTZ:
		return timestamp_field(col);
	case LT_UUID:
		return wire == SS_UUID
		           ? "LOWER(REPLACE(CONVERT(varchar(36),$),'-',''))"
		           : NULL;
	case LT_INTERVAL:
	case LT_BITS:
	case LT_ANY:
	case LT_NONE:
		break;
	}
	return NULL;
}

bool
ss_canon_expr(struct buf *out, const struct column *col, const struct vtype *t)
{
	const char *tmpl = field_template(col, t);

	if (tmpl == NULL)
		return false;
	/* Not ISNULL(): it cuts '' and everything else to its first type. */
	if (!col->notnull)
		generic_expr(out, D, "CASE WHEN $ IS NULL THEN '' ELSE ", col);
	generic_expr(out, D, tmpl, col);
	if (!col->notnull)
		buf_adds(out, " END");
	return true;
}

/* Without the varchar(max) in front the row would be cut at 8000 bytes. */
static void
row_expr(struct buf *out, const struct column *const *cols,
    const struct vtype *types, size_t n)
{
	buf_adds(out, "CONVERT(varchar(max),'')");
	for (size_t i = 0; i < n; i++) {
		buf_adds(out, i > 0 ? "+'|'+" : "+");
		ss_canon_expr(out, cols[i], &types[i]);
	}
}

void
ss_hash_expr(struct buf *out, const struct column *const *cols,
    const struct vtype *types, size_t n, enum hash_kind kind)
{
	buf_addf(out,
	    "LOWER(CONVERT(varchar(32),CONVERT(binary(16),HASHBYTES('%s',",
	    kind == HASH_SHA256 ? "SHA2_256" : "MD5");
	row_expr(out, cols, types, n);
	buf_adds(out, ")),2))");
}

void
ss_bucket_expr(struct buf *out, const struct column *const *cols,
    const struct vtype *types, size_t n, uint32_t buckets)
{
	buf_adds(out, "CONVERT(bigint,SUBSTRING(HASHBYTES('MD5',");
	row_expr(out, cols, types, n);
	buf_addf(out, "),1,4))%%%lu", (unsigned long)buckets);
}

#define SUM(at)                                          \
	"CONVERT(varchar(40),SUM(CONVERT(decimal(38,0)," \
	"CONVERT(bigint,CONVERT(binary(8),SUBSTRING(h," at ",16),2)))))"
#define FOLD_COLUMNS                                             \
	"CASE WHEN COUNT_BIG(*)=COUNT_BIG(h) THEN COUNT_BIG(*) " \
	"ELSE -1 END," SUM("1") "," SUM("17")

void
ss_fold_ranges(struct buf *out, const struct table *table, const char *hash,
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
ss_fold_buckets(struct buf *out, const struct table *table, const char *hash,
    const char *bucket)
{
	buf_addf(out,
	    "SELECT g," FOLD_COLUMNS " FROM (SELECT %s AS g,%s AS h FROM %s",
	    bucket, hash, table->from);
	if (table->where != NULL)
		buf_addf(out, " WHERE (%s)", table->where);
	buf_adds(out, ") trueup_h GROUP BY g");
}

/* clang-format off */
static const struct selftest_sample samples[] = {
	{ "CONVERT(nvarchar(10),NULL)", SS_NVARCHAR, LT_TEXT, -1, -1, "" },
	{ "CONVERT(bit,1)", SS_BIT, LT_NUM, -1, -1, "1" },
	{ "CONVERT(bigint,-9223372036854775808)", SS_INT, LT_NUM, 0, -1,
	    "-9223372036854775808" },
	{ "CONVERT(decimal(12,4),-100.0500)", SS_DECIMAL, LT_NUM, 4, -1,
	    "-100.05" },
	{ "CONVERT(decimal(12,4),100)", SS_DECIMAL, LT_NUM, 4, -1, "100" },
	{ "CONVERT(money,-0.5)", SS_MONEY, LT_NUM, 4, -1, "-0.5" },
	{ "CONVERT(float,1E-1)", SS_FLOAT, LT_F8, -1, -1, "3fb999999999999a" },
	{ "CONVERT(float,1E-1)", SS_FLOAT, LT_F4, -1, -1, "3fb99999a0000000" },
	{ "CONVERT(float,1E300)", SS_FLOAT, LT_F4, -1, -1, "7e37e43c8800759c" },
	{ "CONVERT(real,1E-1)", SS_REAL, LT_F4, -1, -1, "3fb99999a0000000" },
	{ "NCHAR(233)+N'|'+NCHAR(55357)+NCHAR(56832)", SS_NVARCHAR, LT_TEXT,
	    -1, -1, "7:\303\251|\360\237\230\200" },
	{ "N'a '", SS_NVARCHAR, LT_TEXT, -1, -1, "2:a " },
	{ "CONVERT(nchar(5),N'ab')", SS_NCHAR, LT_CHAR, -1, -1, "2:ab" },
	{ "CONVERT(varbinary(10),0x00FF)", SS_VARBINARY, LT_BYTES, -1, -1,
	    "d07d34efac6328007ad67c7e0a985e00" },
	{ "CONVERT(date,'2024-02-29')", SS_DATE, LT_DATE, -1, -1,
	    "2024-02-29" },
	{ "CONVERT(time(3),'10:00:00.500')", SS_TIME, LT_TIME, -1, 3,
	    "10:00:00.5" },
	{ "CONVERT(datetime2(7),'2024-02-29T23:59:59.1200000')", SS_DATETIME2,
	    LT_TS, -1, 7, "2024-02-29 23:59:59.12" },
	{ "CONVERT(datetime,'2024-02-29T10:00:00')", SS_DATETIME, LT_TS, -1, 3,
	    "2024-02-29 10:00:00" },
	{ "CONVERT(datetimeoffset(7),'2024-01-01T00:00:00.5+09:00')",
	    SS_OFFSET, LT_TSTZ, -1, 7, "2023-12-31 15:00:00.5" },
	{ "CONVERT(uniqueidentifier,'6F9619FF-8B86-D011-B42D-00CF4FC964FF')",
	    SS_UUID, LT_UUID, -1, -1, "6f9619ff8b86d011b42d00cf4fc964ff" },
};
/* clang-format on */

const struct selftest sqlserver_selftest = {
	.dialect = &dialect_sqlserver,
	.samples = samples,
	.n = ARRAY_LEN(samples),
	.from = "",
};
