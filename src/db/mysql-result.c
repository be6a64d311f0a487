/*
 * Columns of queries, from what the driver says of a prepared statement.
 */
#include <config.h>

#include "db/mysql-int.h"

#include <ctype.h>

/* More than a TEXT or VARCHAR holds; no server takes shorter packets. */
#define LONG_OCTETS (1 << 20)

/* What the driver says of a result column. */
struct result_column {
	char name[256];
	char type[64]; /* in lower case */
	SQLSMALLINT sql_type;
	SQLULEN size;
	SQLSMALLINT digits;
	SQLLEN is_unsigned;
	SQLLEN octets;
};

static enum status
describe_result(struct odbc *o, SQLHSTMT stmt, SQLUSMALLINT i,
    struct result_column *col, struct err *err)
{
	SQLSMALLINT nullable;
	SQLRETURN rc;

	memset(col, 0, sizeof(*col));
	rc = SQLDescribeCol(stmt, i, (SQLCHAR *)col->name, sizeof(col->name),
	    NULL, &col->sql_type, &col->size, &col->digits, &nullable);
	if (SQL_SUCCEEDED(rc))
		rc = SQLColAttribute(stmt, i, SQL_DESC_TYPE_NAME, col->type,
		    sizeof(col->type), NULL, NULL);
	if (SQL_SUCCEEDED(rc))
		rc = SQLColAttribute(stmt, i, SQL_DESC_UNSIGNED, NULL, 0, NULL,
		    &col->is_unsigned);
	if (SQL_SUCCEEDED(rc))
		rc = SQLColAttribute(stmt, i, SQL_DESC_OCTET_LENGTH, NULL, 0,
		    NULL, &col->octets);
	for (char *p = col->type; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return SQL_SUCCEEDED(rc)
	           ? TU_OK
	           : odbc_fail(o, SQL_HANDLE_STMT, stmt, NULL, err);
}

/* Prepare SELECT * FROM from. The caller frees *stmt, on failure too. */
static enum status
prepare(struct odbc *o, const char *from, SQLHSTMT *stmt, SQLSMALLINT *n,
    struct err *err)
{
	struct buf sql = BUF_INIT;
	SQLRETURN rc;

	if (odbc_new_statement(o, stmt, err))
		return err->status;
	buf_addf(&sql, "SELECT * FROM %s", from);
	rc = SQLPrepare(*stmt, (SQLCHAR *)buf_str(&sql), SQL_NTS);
	if (SQL_SUCCEEDED(rc))
		rc = SQLNumResultCols(*stmt, n);
	buf_free(&sql);
	return SQL_SUCCEEDED(rc)
	           ? TU_OK
	           : odbc_fail(o, SQL_HANDLE_STMT, *stmt, NULL, err);
}

enum status
my_shape(struct odbc *o, const char *from, uint64_t *h, struct err *err)
{
	struct result_column col;
	SQLHSTMT stmt;
	SQLSMALLINT n;
	enum status st = prepare(o, from, &stmt, &n, err);

	for (SQLUSMALLINT i = 1; st == TU_OK && i <= n; i++) {
		st = describe_result(o, stmt, i, &col, err);
		*h = my_fnv(*h, col.name, strlen(col.name) + 1);
		*h = my_fnv(*h, col.type, strlen(col.type) + 1);
		*h = my_fnv(*h, &col.size, sizeof(col.size));
		*h = my_fnv(*h, &col.digits, sizeof(col.digits));
		*h = my_fnv(*h, &col.is_unsigned, sizeof(col.is_unsigned));
	}
	odbc_free_statement(o, stmt);
	return st;
}

static void
set_result_type(
    struct arena *arena, const struct result_column *r, struct column *col)
{
	size_t word = strcspn(r->type, " (");
	const char *name = arena_printf(arena, "%.*s", (int)word, r->type);
	bool bytes = r->sql_type == SQL_BINARY ||
	             r->sql_type == SQL_VARBINARY ||
	             r->sql_type == SQL_LONGVARBINARY;

	my_set_type(col, strcmp(name, "null") == 0 ? "text" : name);
	if (bytes && my_wire(col) == MY_TEXT)
		my_set_type(col, "blob");
	col->name = arena_strdup(arena, r->name);
	col->type = name;
	switch ((int)my_wire(col)) {
	case MY_TIME:
	case MY_DATETIME:
	case MY_TIMESTAMP:
		my_set_size(col, r->digits, -1);
		break;
	default:
		my_set_size(col, (long)r->size, r->digits);
		break;
	}
	if (my_wire(col) == MY_DECIMAL)
		col->type = arena_printf(
		    arena, "%s(%d,%d)", name, col->precision, col->scale);
	if (col->ltype == LT_NUM)
		my_set_number(col, r->is_unsigned == SQL_TRUE, false);
}

static enum status
result_columns(
    struct odbc *o, struct arena *arena, struct table *out, struct err *err)
{
	struct result_column r;
	SQLHSTMT stmt;
	SQLSMALLINT n;
	enum status st = prepare(o, out->from, &stmt, &n, err);

	if (st == TU_OK) {
		out->ncolumns = n > 0 ? (size_t)n : 0;
		out->columns = arena_alloc(
		    arena, (out->ncolumns + 1) * sizeof(*out->columns));
	}
	for (size_t i = 0; st == TU_OK && i < out->ncolumns; i++) {
		struct column *col = &out->columns[i];

		st = describe_result(o, stmt, (SQLUSMALLINT)(i + 1), &r, err);
		if (st)
			break;
		set_result_type(arena, &r, col);
		if (r.octets > LONG_OCTETS)
			col->wire |= MY_LONG;
		if (my_is_oracle(&o->db))
			col->wire |= MY_ORACLE;
	}
	odbc_free_statement(o, stmt);
	return st;
}

/*
 * The collation of each column, a blank between them. It is known without a
 * row, so the query is not run: LIMIT 0 ends it before it begins.
 */
static void
collations_sql(struct buf *sql, const struct table *query)
{
	buf_adds(sql, "SELECT CONCAT_WS(' '");
	for (size_t i = 0; i < query->ncolumns; i++) {
		buf_adds(sql, ", COALESCE(COLLATION(trueup_c.");
		my_ident(sql, query->columns[i].name);
		buf_adds(sql, "), 'binary')");
	}
	buf_addf(sql,
	    ") FROM (SELECT 1) AS trueup_1"
	    " LEFT JOIN (SELECT * FROM %s LIMIT 0) AS trueup_c ON TRUE",
	    query->from);
}

/* An enum calls itself char there, so the order of none is trusted. */
static void
set_result_collation(struct column *col, const char *collation)
{
	bool text = my_wire(col) == MY_TEXT || my_wire(col) == MY_CHAR ||
	            my_wire(col) == MY_JSON;

	if (!text)
		return;
	my_set_collation(col, collation);
	if (my_wire(col) == MY_CHAR)
		col->bytewise = col->pad_space = false;
}

static enum status
read_collations(
    struct db *db, struct arena *arena, struct table *out, struct err *err)
{
	struct buf sql = BUF_INIT;
	struct my_rows rows;
	const char *rest = NULL;
	enum status st;

	collations_sql(&sql, out);
	st = my_query(db, arena, buf_str(&sql), 1, &rows, err);
	buf_free(&sql);
	if (st)
		return st;
	if (rows.n == 1 && my_value(&rows, 0, 0) != NULL)
		rest = my_value(&rows, 0, 0);
	for (size_t i = 0; i < out->ncolumns && rest != NULL; i++) {
		size_t n = strcspn(rest, " ");

		set_result_collation(&out->columns[i],
		    arena_printf(arena, "%.*s", (int)n, rest));
		rest = rest[n] == ' ' ? rest + n + 1 : NULL;
	}
	return TU_OK;
}

enum status
mysql_describe_query(struct db *db, struct arena *arena, const char *sql,
    struct table *out, struct err *err)
{
	size_t len = strlen(sql);
	enum status st;

	while (len > 0 && strchr("; \t\r\n", sql[len - 1]) != NULL)
		len--;
	*out = (struct table){
		.name = "query", .kind = REL_QUERY, .rows = -1, .bytes = -1
	};
	/* The line break ends a comment behind the query. */
	out->from = arena_printf(arena, "(%.*s\n) AS trueup_q", (int)len, sql);
	st = result_columns((struct odbc *)db, arena, out, err);
	if (st)
		return st;
	if (out->ncolumns == 0)
		return err_set(err, TU_ESCHEMA, "the query has no columns");
	return read_collations(db, arena, out, err);
}
