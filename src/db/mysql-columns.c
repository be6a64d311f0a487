/*
 * Types, and the columns of tables from information_schema.
 */
#include <config.h>

#include "db/mysql-int.h"

#include <stdlib.h>

/* --- types ---------------------------------------------------------------- */

/* By data_type. What is not here goes by its text. */
static const struct {
	const char *name;
	enum my_wire wire;
	enum ltype ltype;
} types[] = {
	{ "tinyint", MY_INT, LT_NUM },
	{ "smallint", MY_INT, LT_NUM },
	{ "mediumint", MY_INT, LT_NUM },
	{ "int", MY_INT, LT_NUM },
	{ "integer", MY_INT, LT_NUM },
	{ "bigint", MY_INT, LT_NUM },
	{ "year", MY_INT, LT_NUM },
	{ "decimal", MY_DECIMAL, LT_NUM },
	{ "float", MY_FLOAT, LT_F4 },
	{ "double", MY_DOUBLE, LT_F8 },
	{ "bit", MY_BIT, LT_NUM },
	{ "char", MY_CHAR, LT_CHAR },
	{ "varchar", MY_TEXT, LT_TEXT },
	{ "tinytext", MY_TEXT, LT_TEXT },
	{ "text", MY_TEXT, LT_TEXT },
	{ "mediumtext", MY_TEXT, LT_TEXT },
	{ "longtext", MY_TEXT, LT_TEXT },
	{ "enum", MY_TEXT, LT_TEXT },
	{ "set", MY_TEXT, LT_TEXT },
	{ "binary", MY_BINARY, LT_BYTES },
	{ "varbinary", MY_BYTES, LT_BYTES },
	{ "tinyblob", MY_BYTES, LT_BYTES },
	{ "blob", MY_BYTES, LT_BYTES },
	{ "mediumblob", MY_BYTES, LT_BYTES },
	{ "longblob", MY_BYTES, LT_BYTES },
	{ "vector", MY_BYTES, LT_BYTES },
	{ "date", MY_DATE, LT_DATE },
	{ "time", MY_TIME, LT_TIME },
	{ "datetime", MY_DATETIME, LT_TS },
	{ "timestamp", MY_TIMESTAMP, LT_TSTZ },
	{ "json", MY_JSON, LT_JSON },
	{ "uuid", MY_UUID, LT_UUID },
	{ "geometry", MY_GEOMETRY, LT_BYTES },
	{ "point", MY_GEOMETRY, LT_BYTES },
	{ "linestring", MY_GEOMETRY, LT_BYTES },
	{ "polygon", MY_GEOMETRY, LT_BYTES },
	{ "multipoint", MY_GEOMETRY, LT_BYTES },
	{ "multilinestring", MY_GEOMETRY, LT_BYTES },
	{ "multipolygon", MY_GEOMETRY, LT_BYTES },
	{ "geometrycollection", MY_GEOMETRY, LT_BYTES },
	{ "geomcollection", MY_GEOMETRY, LT_BYTES },
};

void
my_set_type(struct column *col, const char *data_type)
{
	col->wire = MY_OTHER;
	col->ltype = LT_OTHER;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (strcmp(data_type, types[i].name) != 0)
			continue;
		col->wire = (int)types[i].wire;
		col->ltype = types[i].ltype;
	}
	if (strcmp(data_type, "enum") == 0 || strcmp(data_type, "set") == 0)
		col->wire |= MY_ENUM;
	col->precision = col->scale = col->frac = col->maxlen = -1;
}

void
my_set_size(struct column *col, long n, long scale)
{
	switch ((int)my_wire(col)) {
	case MY_INT:
	case MY_UBIGINT:
		col->scale = 0;
		break;
	case MY_DECIMAL:
		col->precision = (int)n;
		col->scale = (int)scale;
		break;
	case MY_BIT:
		if (n > 1)
			col->ltype = LT_BITS;
		col->maxlen = n > 1 ? (int)n : -1;
		break;
	case MY_CHAR:
	case MY_TEXT:
	case MY_BINARY:
	case MY_BYTES:
		col->maxlen = n >= 0 && n <= INT32_MAX ? (int)n : -1;
		break;
	case MY_TIME:
	case MY_DATETIME:
	case MY_TIMESTAMP:
		col->frac = (int)n;
		break;
	default:
		break;
	}
}

void
my_set_number(struct column *col, bool is_unsigned, bool zerofill)
{
	if (is_unsigned)
		col->wire |= MY_UNSIGNED;
	if (zerofill)
		col->wire |= MY_ZEROFILL;
	if (is_unsigned && my_wire(col) == MY_INT &&
	    strncmp(col->type, "bigint", 6) == 0)
		col->wire = (col->wire & ~0xff) | MY_UBIGINT;
	col->integer = my_wire(col) == MY_INT ||
	               (my_wire(col) == MY_BIT && col->ltype == LT_NUM);
}

static bool
ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

/*
 * A collation is named after its character set. In those of Unicode whose bytes
 * are UTF-8, the order of *_bin is that of code points, which is that of their
 * bytes; latin1_bin is none, its bytes are not UTF-8 and 0x80 is U+20AC. All
 * but NO PAD compare as if blanks followed. Enums go by their number.
 */
void
my_set_collation(struct column *col, const char *collation)
{
	static const char *const utf8[] = { "utf8mb4_", "utf8mb3_", "utf8_",
		"ascii_" };
	bool text = my_wire(col) == MY_TEXT || my_wire(col) == MY_CHAR;

	col->collation = collation;
	if (collation == NULL)
		return;
	for (size_t i = 0; i < ARRAY_LEN(utf8); i++)
		if (strncmp(collation, utf8[i], strlen(utf8[i])) == 0)
			col->wire |= MY_UTF8;
	if (!text || !ends_with(collation, "_bin"))
		return;
	col->pad_space = !ends_with(collation, "_nopad_bin") &&
	                 !ends_with(collation, "_0900_bin");
	if (!col->pad_space)
		col->wire |= MY_EXACT;
	col->bytewise = col->wire & MY_UTF8 && !(col->wire & MY_ENUM);
	col->pad_space &= col->bytewise;
}

/* --- of a table ----------------------------------------------------------- */

enum {
	C_NAME,
	C_TYPE,
	C_DATA_TYPE,
	C_NULLABLE,
	C_COLLATION,
	C_SIZE,
	C_SCALE,
	C_LONG,
	C_EXTRA,
	C_GENERATION,
	C_POSITION,
	C_COLUMNS,
};

/* The result of an expression is NULL beyond max_allowed_packet; a character
 * may need four times its bytes. */
#define COLUMNS_SQL                                                        \
	"SELECT column_name, column_type, data_type, is_nullable,"         \
	" collation_name, COALESCE(numeric_precision, datetime_precision," \
	"  character_maximum_length), numeric_scale,"                      \
	" character_octet_length * 4 > @@max_allowed_packet, extra,"       \
	" generation_expression, ordinal_position "                        \
	"FROM information_schema.columns"

static bool
is_true(const char *s)
{
	return s != NULL && strcmp(s, "1") == 0;
}

static long
number(const char *s)
{
	return s != NULL ? strtol(s, NULL, 10) : -1;
}

/* MySQL says DEFAULT_GENERATED of a default, too. */
static bool
is_generated(const char *extra)
{
	return strstr(extra, "VIRTUAL GENERATED") != NULL ||
	       strstr(extra, "STORED GENERATED") != NULL ||
	       strstr(extra, "PERSISTENT") != NULL ||
	       strcmp(extra, "VIRTUAL") == 0;
}

/*
 * MariaDB's JSON is a text with a check. information_schema hides checks from
 * those who may only read; SHOW CREATE TABLE does not.
 */
static bool
is_json(const struct my_rows *rows, size_t row, const char *create)
{
	struct buf check = BUF_INIT;
	bool found;

	if (create == NULL ||
	    strcmp(my_value(rows, row, C_DATA_TYPE), "longtext") != 0)
		return false;
	buf_adds(&check, "CHECK (json_valid(");
	my_ident(&check, my_value(rows, row, C_NAME));
	buf_adds(&check, "))");
	found = strstr(create, buf_str(&check)) != NULL;
	buf_free(&check);
	return found;
}

static enum status
read_create(struct db *db, struct arena *arena, const struct table *table,
    const struct my_rows *columns, const char **create, struct err *err)
{
	struct my_rows rows;
	size_t i = 0;
	enum status st;

	*create = NULL;
	while (i < columns->n &&
	       strcmp(my_value(columns, i, C_DATA_TYPE), "longtext") != 0)
		i++;
	if (i == columns->n || table->kind == REL_VIEW || my_is_oracle(db))
		return TU_OK;
	st = my_query(db, arena,
	    arena_printf(arena, "SHOW CREATE TABLE %s", table->from), 2, &rows,
	    err);
	if (st == TU_OK && rows.n == 1)
		*create = my_value(&rows, 0, 1);
	return st;
}

/*
 * Whether some uuids of a version above 7 that are not of RFC 4122's variant
 * are errors. They became it in the midst of several release series of MariaDB.
 */
static enum status
ask_uuids(struct db *db, struct arena *arena, const struct my_rows *columns,
    bool *refused, struct err *err)
{
	struct my_rows answer;
	enum status st;

	*refused = false;
	for (size_t i = 0; i < columns->n; i++) {
		if (strcmp(my_value(columns, i, C_DATA_TYPE), "uuid") != 0)
			continue;
		st = my_query(db, arena,
		    "SELECT CAST('00000000-0000-8000-0100-000000000000'"
		    " AS uuid) IS NULL",
		    1, &answer, err);
		if (st == TU_OK)
			*refused = is_true(my_value(&answer, 0, 0));
		return st;
	}
	return TU_OK;
}

static void
fill_column(const struct db *db, const struct my_rows *rows, size_t row,
    const char *create, struct column *col)
{
	const char *extra = my_value(rows, row, C_EXTRA);
	const char *generation = my_value(rows, row, C_GENERATION);
	bool json = is_json(rows, row, create);

	col->name = my_value(rows, row, C_NAME);
	col->type = json ? "json" : my_value(rows, row, C_TYPE);
	my_set_type(col, json ? "json" : my_value(rows, row, C_DATA_TYPE));
	my_set_size(col, number(my_value(rows, row, C_SIZE)),
	    number(my_value(rows, row, C_SCALE)));
	if (col->ltype == LT_NUM || col->ltype == LT_F4 || col->ltype == LT_F8)
		my_set_number(col, strstr(col->type, " unsigned") != NULL,
		    strstr(col->type, " zerofill") != NULL);
	my_set_collation(col, my_value(rows, row, C_COLLATION));
	if (is_true(my_value(rows, row, C_LONG)) ||
	    my_wire(col) == MY_GEOMETRY || my_wire(col) == MY_JSON)
		col->wire |= MY_LONG;
	if (my_is_oracle(db))
		col->wire |= MY_ORACLE;
	col->notnull = strcmp(my_value(rows, row, C_NULLABLE), "NO") == 0;
	if (extra != NULL) {
		col->generated = is_generated(extra);
		col->auto_update = strstr(extra, "on update") != NULL;
	}
	if (generation != NULL && strcmp(generation, "ROW END") == 0)
		col->wire |= MY_ROW_END;
}

enum status
my_columns(
    struct db *db, struct arena *arena, struct table *table, struct err *err)
{
	struct buf sql = BUF_INIT;
	struct my_rows rows;
	const char *create;
	bool uuids_refused;
	enum status st;

	buf_adds(&sql, COLUMNS_SQL);
	my_where(&sql, table, "table_schema", "table_name");
	buf_adds(&sql, " ORDER BY ordinal_position");
	st = my_query(db, arena, buf_str(&sql), C_COLUMNS, &rows, err);
	buf_free(&sql);
	if (st == TU_OK)
		st = read_create(db, arena, table, &rows, &create, err);
	if (st == TU_OK)
		st = ask_uuids(db, arena, &rows, &uuids_refused, err);
	if (st)
		return st;
	table->ncolumns = rows.n;
	table->columns =
	    arena_alloc(arena, (rows.n + 1) * sizeof(*table->columns));
	for (size_t i = 0; i < rows.n; i++) {
		fill_column(db, &rows, i, create, &table->columns[i]);
		if (uuids_refused && my_wire(&table->columns[i]) == MY_UUID)
			table->columns[i].wire |= MY_STRICT_UUID;
		if (number(my_value(&rows, i, C_POSITION)) != (long)i + 1)
			return err_set(err, TU_ESCHEMA,
			    "a column before '%s' is hidden from this user",
			    table->columns[i].name);
	}
	return TU_OK;
}
