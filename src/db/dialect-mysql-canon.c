/*
 * Canonical fields, row hashes and folds in SQL (VALUES 2.5, 2.6). The C side
 * of each expression is canon_field(); tests/db/my-values.c holds the two
 * against each other.
 */
#include <config.h>

#include "db/dialect-mysql.h"

#include <inttypes.h>

#define TRIM_FRACTION(x) "TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM " x "))"
#define TRIM_IF_ANY(x) "IF(LOCATE('.'," x ")=0," x "," TRIM_FRACTION(x) ")"
/* The WKB of a point carries the raw double; +0e0 turns -0 into 0. */
#define DOUBLE_BITS(x) \
	"LOWER(HEX(REVERSE(SUBSTR(ST_AsBinary(POINT(" x ",0)),6,8))))"
#define BITS "LPAD(BIN($+0),#,'0')"
/* Year 0 is 1 BC; a day in it that is none (0000-00-00, 0000-02-30) stays as it
 * is. LAST_DAY() does not know that year, but 4 is a leap year too. */
#define OR_BC(x)                                      \
	"IF($<'0001-01-01' AND DAY($) BETWEEN 1 AND"  \
	" DAY(LAST_DAY(CONCAT('0004',SUBSTR($,5))))," \
	"CONCAT('0001',SUBSTR(" x ",5),' BC')," x ")"

bool
my_is_text(const struct column *col)
{
	return my_wire(col) == MY_TEXT || my_wire(col) == MY_CHAR;
}

static bool
is_bytes(const struct column *col)
{
	return my_wire(col) == MY_BINARY || my_wire(col) == MY_BYTES ||
	       my_wire(col) == MY_GEOMETRY;
}

static const char *
num_field(const struct column *col)
{
	bool zeros = (col->wire & MY_ZEROFILL) != 0;

	switch ((int)my_wire(col)) {
	case MY_INT:
	case MY_UBIGINT:
		return zeros || strncmp(col->type, "year", 4) == 0 ? "($+0)"
		                                                   : "$";
	case MY_BIT:
		return col->ltype == LT_NUM ? "($+0)" : NULL;
	case MY_DECIMAL:
		if (col->scale == 0)
			return zeros ? "($+0)" : "$";
		if (col->scale < 0)
			return TRIM_IF_ANY("($+0)");
		return zeros ? TRIM_FRACTION("($+0)") : TRIM_FRACTION("$");
	}
	return NULL;
}

static bool
is_float(const struct column *col)
{
	return my_wire(col) == MY_FLOAT || my_wire(col) == MY_DOUBLE;
}

static const char *
float8_field(const struct column *col)
{
	return is_float(col) || num_field(col) != NULL ? DOUBLE_BITS("$+0e0")
	                                               : NULL;
}

static const char *
float4_field(const struct column *col)
{
	if (my_wire(col) == MY_FLOAT)
		return DOUBLE_BITS("$+0e0");
	if (!is_float(col) && num_field(col) == NULL)
		return NULL;
	/* The cast takes what is too large for the largest. */
	return DOUBLE_BITS("IF($=0 OR ABS($+0e0)>3.4028235677973362e38 OR "
			   "ABS($+0e0)<7.0064923216240862e-46,$+0e0,"
			   "CAST($+0e0 AS FLOAT)+0e0)");
}

/* Digits of a second, if the type has them. */
static const char *
time_text(const struct column *col)
{
	return col->frac == 0  ? "$"
	       : col->frac > 0 ? TRIM_FRACTION("$")
	                       : TRIM_IF_ANY("$");
}

static const char *
timestamp_field(const struct column *col)
{
	switch ((int)my_wire(col)) {
	case MY_DATETIME:
		return col->frac == 0  ? OR_BC("$")
		       : col->frac > 0 ? OR_BC(TRIM_FRACTION("$"))
		                       : OR_BC(TRIM_IF_ANY("$"));
	case MY_TIMESTAMP:
		return time_text(col);
	case MY_DATE:
		return OR_BC("CONCAT($,' 00:00:00')");
	}
	return NULL;
}

const char *
my_cell_text(const struct column *col)
{
	switch ((int)my_wire(col)) {
	case MY_TEXT:
	case MY_CHAR:
	case MY_JSON:
	case MY_OTHER:
	case MY_UUID:
		return "~";
	case MY_DATE:
		return "$";
	case MY_DECIMAL: /* a cast cuts a digit off decimal(38,38) */
		return col->wire & MY_ZEROFILL ? "CONCAT($+0)" : "CONCAT($)";
	case MY_INT:
	case MY_UBIGINT:
		return num_field(col);
	case MY_BIT:
		return col->ltype == LT_BITS ? BITS : "($+0)";
	case MY_TIME:
	case MY_DATETIME:
	case MY_TIMESTAMP:
		return time_text(col);
	}
	return NULL;
}

static const char *
uuid_field(const struct column *col)
{
	if (my_wire(col) == MY_UUID)
		return "REPLACE(~,'-','')";
	if (my_wire(col) == MY_BINARY && col->maxlen == 16)
		return "LOWER(HEX($))";
	if (my_is_text(col))
		return "IF(" MY_IS_UUID "," MY_PLAIN_UUID
		       ",CONCAT('!',LENGTH(~),':',~))";
	return NULL;
}

/* A scalar, or what has its length in front. */
static const char *
field_template(const struct column *col, enum ltype type, bool *prefixed)
{
	bool text = my_is_text(col);

	*prefixed = type == LT_TEXT || type == LT_CHAR || type == LT_JSON ||
	            type == LT_OTHER;
	switch (type) {
	case LT_NUM:
		return num_field(col);
	case LT_F8:
		return float8_field(col);
	case LT_F4:
		return float4_field(col);
	case LT_BYTES:
		return text ? "MD5(~)" : is_bytes(col) ? "MD5($)" : NULL;
	case LT_DATE:
		return my_wire(col) == MY_DATE ? OR_BC("$") : NULL;
	case LT_TIME:
		return my_wire(col) == MY_TIME ? time_text(col) : NULL;
	case LT_TS:
	case LT_TSTZ:
		return timestamp_field(col);
	case LT_UUID:
		return uuid_field(col);
	case LT_BITS:
		return col->ltype == LT_BITS ? BITS : NULL;
	case LT_TEXT:
		return my_cell_text(col);
	case LT_CHAR:
		return text || my_wire(col) == MY_OTHER
		           ? "TRIM(TRAILING ' ' FROM ~)"
		           : NULL;
	case LT_JSON:
		return text || my_wire(col) == MY_JSON ? "~" : NULL;
	case LT_OTHER:
		return text || my_wire(col) == MY_OTHER ? "~" : NULL;
	case LT_INTERVAL:
	case LT_ANY:
	case LT_NONE:
		break;
	}
	return NULL;
}

/*
 * The result of a function beyond max_allowed_packet is NULL, its arguments may
 * be longer: a long text can be digested, but not written out. JSON is never
 * declared shorter than 4 GB and hardly ever is as long; where it is, the row
 * has no hash, and the fold says so.
 */
static bool
is_too_long(const struct column *col, enum ltype type)
{
	return (col->wire & MY_LONG) && my_wire(col) != MY_JSON &&
	       type != LT_BYTES;
}

/* IF and not IFNULL: an expression that becomes NULL must not look like NULL.
 */
bool
my_canon_expr(struct buf *out, const struct column *col, const struct vtype *t)
{
	bool prefixed;
	const char *tmpl = field_template(col, t->type, &prefixed);

	if (tmpl == NULL || is_too_long(col, t->type))
		return false;
	if (!col->notnull)
		my_expr(out, "IF($ IS NULL,'',", col);
	if (prefixed) {
		buf_adds(out, "CONCAT(LENGTH(");
		my_expr(out, tmpl, col);
		buf_adds(out, "),':',");
	}
	my_expr(out, tmpl, col);
	buf_adds(out, prefixed ? ")" : "");
	buf_adds(out, col->notnull ? "" : ")");
	return true;
}

static void
row_expr(struct buf *out, const struct column *const *cols,
    const struct vtype *types, size_t n)
{
	buf_adds(out, "CONCAT(");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_adds(out, ",'|',");
		my_canon_expr(out, cols[i], &types[i]);
	}
	buf_addc(out, ')');
}

static void
row_md5(struct buf *out, const struct column *const *cols,
    const struct vtype *types, size_t n)
{
	buf_adds(out, "MD5(");
	row_expr(out, cols, types, n);
	buf_addc(out, ')');
}

void
my_hash_expr(struct buf *out, const struct column *const *cols,
    const struct vtype *types, size_t n, enum hash_kind kind)
{
	if (kind != HASH_SHA256) {
		row_md5(out, cols, types, n);
		return;
	}
	buf_adds(out, "LEFT(SHA2(");
	row_expr(out, cols, types, n);
	buf_adds(out, ",256),32)");
}

void
my_bucket_expr(struct buf *out, const struct column *const *cols,
    const struct vtype *types, size_t n, uint32_t buckets)
{
	buf_adds(out, "(CAST(CONV(SUBSTR(");
	row_md5(out, cols, types, n);
	buf_addf(out, ",1,8),16,10) AS UNSIGNED) MOD %" PRIu32 ")", buckets);
}

/*
 * SUM of a text would be a double, hence the casts. A row whose hash became
 * NULL shows in the count.
 */
#define FOLD_COLUMNS                                                           \
	"IF(COUNT(*)=COUNT(h),COUNT(*),-1),"                                   \
	"CAST(SUM(CAST(CONV(HEX(SUBSTR(h,1,8)),16,10) AS UNSIGNED)) AS CHAR)," \
	"CAST(SUM(CAST(CONV(HEX(SUBSTR(h,9,8)),16,10) AS UNSIGNED)) AS CHAR)"
/*
 * The hash is put aside in its 16 bytes (as text it takes 128), behind a LIMIT
 * because it would otherwise be computed for each use of h: 2.4 s of CPU for
 * 1 M rows instead of 5.8.
 */
#define HASH_AS_H "UNHEX(%s) AS h"
#define FENCE " LIMIT 18446744073709551615"

/* From here on the hash is not repeated for each range (max_allowed_packet). */
#define UNION_MAX ((size_t)2 << 20)

static void
from_where(struct buf *out, const struct table *table)
{
	buf_addf(out, " FROM %s WHERE ", table->from);
	if (table->where != NULL)
		buf_addf(out, "(%s) AND ", table->where);
}

/* Is there an index by whose beginning the ranges are found? */
static bool
has_index(const struct table *table, const struct column *col)
{
	for (size_t i = 0; i < table->nkeys; i++)
		if (strcmp(table->columns[table->keys[i].cols[0]].name,
			col->name) == 0)
			return true;
	return false;
}

/* Does each range begin where the one before ends? */
static bool
are_adjacent(const struct sql_range *ranges, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		const struct cell *end = ranges[i - 1].hi, *lo = ranges[i].lo;

		if (end == NULL || lo == NULL)
			return false;
		for (size_t c = 0; c < ranges[i].ncols; c++)
			if (!cell_same(&end[c], &lo[c]))
				return false;
	}
	return true;
}

/* The number of the range that a row is in, by halving. */
static void
range_number(
    struct buf *out, const struct sql_range *ranges, size_t from, size_t to)
{
	size_t mid = from + (to - from) / 2;
	struct sql_range below = ranges[mid];

	if (mid == from) {
		buf_addf(out, "%zu", from);
		return;
	}
	below.hi = ranges[mid].lo;
	below.lo = NULL;
	buf_adds(out, "IF(");
	my_range_cond(out, &below);
	buf_addc(out, ',');
	range_number(out, ranges, from, mid);
	buf_addc(out, ',');
	range_number(out, ranges, mid, to);
	buf_addc(out, ')');
}

/*
 * One pass over all ranges: 3.9 s of CPU for 1 M rows in 256 ranges, where one
 * query for each takes 2.4, if it can use an index.
 */
static void
fold_in_one_pass(struct buf *out, const struct table *table, const char *hash,
    const struct sql_range *ranges, size_t n)
{
	struct sql_range all = ranges[0];

	all.hi = ranges[n - 1].hi;
	buf_adds(out, "SELECT n," FOLD_COLUMNS " FROM (SELECT ");
	range_number(out, ranges, 0, n);
	buf_addf(out, " AS n," HASH_AS_H, hash);
	from_where(out, table);
	my_range_cond(out, &all);
	buf_adds(out, FENCE ") AS trueup_h GROUP BY n");
}

/*
 * A key with a control character in it is not where a PAD SPACE collation puts
 * it: such a row has no hash, so the table is hashed here, where that is seen.
 */
static void
ranged_hash(struct buf *out, const char *hash, const struct sql_range *range)
{
	size_t n = 0;

	for (size_t i = 0; i < range->ncols; i++) {
		if (!range->columns[i]->pad_space)
			continue;
		buf_adds(out, n++ == 0 ? "IF(" : " OR ");
		my_ident(out, range->columns[i]->name);
		buf_adds(out, " REGEXP '[[:cntrl:]]'");
	}
	buf_addf(out, n > 0 ? ",NULL,%s)" : "%s", hash);
}

void
my_fold_ranges(struct buf *out, const struct table *table, const char *hash,
    const struct sql_range *ranges, size_t n)
{
	struct buf ranged = BUF_INIT;

	ranged_hash(&ranged, hash, &ranges[0]);
	hash = buf_str(&ranged);
	if (n > 1 && are_adjacent(ranges, n) &&
	    (ranged.len > UNION_MAX / n ||
		!has_index(table, ranges[0].columns[0]))) {
		fold_in_one_pass(out, table, hash, ranges, n);
		n = 0;
	}
	for (size_t i = 0; i < n; i++) {
		buf_addf(out,
		    "%sSELECT %zu AS n," FOLD_COLUMNS
		    " FROM (SELECT " HASH_AS_H,
		    i > 0 ? " UNION ALL " : "", i, hash);
		from_where(out, table);
		my_range_cond(out, &ranges[i]);
		buf_adds(out, FENCE ") AS trueup_h");
	}
	buf_free(&ranged);
}

/* A key without a hash has a row without one. */
void
my_fold_buckets(struct buf *out, const struct table *table, const char *hash,
    const char *bucket)
{
	buf_addf(out,
	    "SELECT n," FOLD_COLUMNS
	    " FROM (SELECT COALESCE(%s,0) AS n," HASH_AS_H,
	    bucket, hash);
	from_where(out, table);
	buf_adds(out, "TRUE" FENCE ") AS trueup_h GROUP BY n");
}
