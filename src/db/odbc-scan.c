/*
 * Rows. Columns whose length is known and moderate are bound, and rows come in
 * arrays; anything longer is fetched in pieces, row by row. A driver that cut a
 * value has said so in its length: such a value is never taken for whole.
 */
#include <config.h>

#include "db/odbc-int.h"

#include <stdlib.h>
#include <string.h>

#include "value/num.h"

/* A row array of 512 rows of 120 bytes takes 0.85 us a row from MariaDB over
 * loopback, single rows 1.3 us; beyond that nothing is gained. */
#define ARRAY_ROWS 512
#define ARRAY_BYTES (1 << 20)
#define BOUND_MAX (64 << 10) /* octets of a bound value */
#define PIECE 4096

struct odbc_column {
	const struct column *col; /* NULL: as its own type says */
	enum odbc_as as;
	SQLSMALLINT ctype;
	size_t width; /* of a bound value; 0: not bound */
	char *data;   /* ARRAY rows of width */
	SQLLEN *lens;
	struct buf text; /* a value in pieces, or in another encoding */
};

struct odbc_cursor {
	struct cursor cur;
	struct odbc *o;
	SQLHSTMT stmt;
	size_t ncolumns;
	struct odbc_column *columns;
	struct cell *cells;
	struct row row;
	bool bound;      /* all of them */
	bool end;        /* no rows are left on the other side */
	size_t capacity; /* rows in the array */
	SQLULEN fetched;
	SQLUSMALLINT *status;
	size_t next;
};

static enum status
fail(struct odbc_cursor *c, struct err *err)
{
	c->end = true;
	return odbc_fail(c->o, SQL_HANDLE_STMT, c->stmt, NULL, err);
}

/* --- preparing ------------------------------------------------------------ */

static enum odbc_as
own_kind(struct odbc_cursor *c, size_t i)
{
	SQLSMALLINT type = SQL_UNKNOWN_TYPE, digits, nullable, len;
	SQLULEN size;

	SQLDescribeCol(c->stmt, (SQLUSMALLINT)(i + 1), NULL, 0, &len, &type,
	    &size, &digits, &nullable);
	switch (type) {
	case SQL_BIT:
	case SQL_TINYINT:
	case SQL_SMALLINT:
	case SQL_INTEGER:
	case SQL_BIGINT:
		return ODBC_AS_INT;
	}
	return c->o->brand->as(&db_text_column);
}

static SQLSMALLINT
c_type(enum odbc_as as)
{
	switch (as) {
	case ODBC_AS_INT:
		return SQL_C_SBIGINT;
	case ODBC_AS_DOUBLE:
		return SQL_C_DOUBLE;
	case ODBC_AS_WCHAR:
		return SQL_C_WCHAR;
	case ODBC_AS_BINARY:
		return SQL_C_BINARY;
	case ODBC_AS_DIGITS:
	case ODBC_AS_CHAR:
		break;
	}
	return SQL_C_CHAR;
}

/* The room a value takes when it is bound, 0: too much, or unknown. */
static size_t
bound_width(struct odbc_cursor *c, size_t i)
{
	enum odbc_as as = c->columns[i].as;
	SQLLEN octets = 0;

	if (as == ODBC_AS_INT || as == ODBC_AS_DOUBLE)
		return 8;
	if (as == ODBC_AS_WCHAR || !c->o->brand->lengths)
		return 0;
	if (!SQL_SUCCEEDED(SQLColAttribute(c->stmt, (SQLUSMALLINT)(i + 1),
		SQL_DESC_OCTET_LENGTH, NULL, 0, NULL, &octets)))
		return 0;
	if (as != ODBC_AS_BINARY) {
		SQLLEN display = 0;

		SQLColAttribute(c->stmt, (SQLUSMALLINT)(i + 1),
		    SQL_DESC_DISPLAY_SIZE, NULL, 0, NULL, &display);
		/* MariaDB's tells 15 of -838:59:59.500000. */
		octets = MAX(MAX(octets, display), 32) + 1;
	}
	return octets <= 0 || octets > BOUND_MAX
	           ? 0
	           : ((size_t)octets + 7) & ~(size_t)7;
}

static void *
new_array(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (p == NULL)
		out_of_memory(n * size);
	return p;
}

static enum status
bind_columns(struct odbc_cursor *c, struct err *err)
{
	size_t row = 0;

	c->bound = true;
	for (size_t i = 0; i < c->ncolumns; i++) {
		c->columns[i].width = bound_width(c, i);
		row += c->columns[i].width + sizeof(SQLLEN);
		c->bound &= c->columns[i].width > 0;
	}
	c->capacity = 1;
	if (!c->bound)
		return TU_OK;
	c->capacity = MAX(1, MIN(ARRAY_ROWS, ARRAY_BYTES / row));
	c->status = new_array(c->capacity, sizeof(*c->status));
	SQLSetStmtAttr(
	    c->stmt, SQL_ATTR_ROW_ARRAY_SIZE, (SQLPOINTER)c->capacity, 0);
	SQLSetStmtAttr(c->stmt, SQL_ATTR_ROW_STATUS_PTR, c->status, 0);
	SQLSetStmtAttr(c->stmt, SQL_ATTR_ROWS_FETCHED_PTR, &c->fetched, 0);
	for (size_t i = 0; i < c->ncolumns; i++) {
		struct odbc_column *x = &c->columns[i];

		x->data = new_array(c->capacity, x->width);
		x->lens = new_array(c->capacity, sizeof(*x->lens));
		if (!SQL_SUCCEEDED(SQLBindCol(c->stmt, (SQLUSMALLINT)(i + 1),
			x->ctype, x->data, (SQLLEN)x->width, x->lens)))
			return fail(c, err);
	}
	return TU_OK;
}

static enum status
prepare(struct odbc_cursor *c, const struct db_scan *scan, struct err *err)
{
	SQLSMALLINT n = 0;
	SQLRETURN rc;

	rc = SQLExecDirect(c->stmt, (SQLCHAR *)scan->sql, SQL_NTS);
	if (SQL_SUCCEEDED(rc))
		rc = SQLNumResultCols(c->stmt, &n);
	if (!SQL_SUCCEEDED(rc))
		return fail(c, err);
	if ((size_t)n != scan->ncolumns)
		return err_set(err, TU_EBUG,
		    "%d columns where %zu were expected", (int)n,
		    scan->ncolumns);
	for (size_t i = 0; i < c->ncolumns; i++) {
		struct odbc_column *x = &c->columns[i];

		x->col = scan->columns[i];
		x->as =
		    x->col == NULL ? own_kind(c, i) : c->o->brand->as(x->col);
		x->ctype = c_type(x->as);
	}
	return bind_columns(c, err);
}

enum status
odbc_scan(struct db *db, const struct db_scan *scan, struct cursor **out,
    struct err *err)
{
	struct odbc_cursor *c = new_array(1, sizeof(*c));
	enum status st;

	c->cur.db = db;
	c->o = (struct odbc *)db;
	c->ncolumns = scan->ncolumns;
	c->columns = new_array(c->ncolumns, sizeof(*c->columns));
	c->cells = new_array(c->ncolumns, sizeof(*c->cells));
	c->row = (struct row){ .cells = c->cells, .n = c->ncolumns };
	st = odbc_new_statement(c->o, &c->stmt, err);
	if (st == TU_OK)
		st = prepare(c, scan, err);
	if (st) {
		c->end = true;
		odbc_cursor_close(&c->cur);
		c = NULL;
	}
	*out = c != NULL ? &c->cur : NULL;
	return st;
}

/* --- values --------------------------------------------------------------- */

/* UTF-16 to UTF-8; a lone surrogate becomes what UTF-8 has for its number. */
static void
from_utf16(struct buf *out, const char *p, size_t n)
{
	SQLWCHAR unit[2];

	for (size_t i = 0; i + 2 <= n; i += 2) {
		uint32_t u;

		memcpy(unit, p + i, 2);
		u = unit[0];
		if (u >= 0xd800 && u < 0xdc00 && i + 4 <= n) {
			memcpy(unit + 1, p + i + 2, 2);
			if (unit[1] >= 0xdc00 && unit[1] < 0xe000) {
				u = 0x10000 + ((u - 0xd800) << 10) +
				    (unit[1] - 0xdc00u);
				i += 2;
			}
		}
		if (u < 0x80) {
			buf_addc(out, (char)u);
		} else if (u < 0x800) {
			buf_addc(out, (char)(0xc0 | u >> 6));
			buf_addc(out, (char)(0x80 | (u & 0x3f)));
		} else if (u < 0x10000) {
			buf_addc(out, (char)(0xe0 | u >> 12));
			buf_addc(out, (char)(0x80 | (u >> 6 & 0x3f)));
			buf_addc(out, (char)(0x80 | (u & 0x3f)));
		} else {
			buf_addc(out, (char)(0xf0 | u >> 18));
			buf_addc(out, (char)(0x80 | (u >> 12 & 0x3f)));
			buf_addc(out, (char)(0x80 | (u >> 6 & 0x3f)));
			buf_addc(out, (char)(0x80 | (u & 0x3f)));
		}
	}
}

/* What arrived as bytes, in the form it is fetched as. */
static struct cell
make_cell(struct odbc_column *x, char *p, size_t n)
{
	struct cell cell = cell_text(p, n);
	int64_t i;

	switch (x->as) {
	case ODBC_AS_INT:
		memcpy(&i, p, sizeof(i));
		return cell_int(i);
	case ODBC_AS_DOUBLE: {
		double f;

		memcpy(&f, p, sizeof(f));
		return cell_f64(f);
	}
	case ODBC_AS_DIGITS:
		if (num_to_i64(p, n, &i))
			return cell_int(i);
		return cell;
	case ODBC_AS_BINARY:
		return cell_bytes(p, n);
	case ODBC_AS_CHAR:
	case ODBC_AS_WCHAR:
		break;
	}
	return cell;
}

static enum status
was_cut(struct odbc_cursor *c, size_t i, struct err *err)
{
	c->end = true;
	return err_set(err, TU_EQUERY,
	    "the driver cut a value of column '%s' short",
	    c->columns[i].col != NULL ? c->columns[i].col->name : "?");
}

static enum status
bound_cell(struct odbc_cursor *c, size_t i, struct err *err)
{
	struct odbc_column *x = &c->columns[i];
	SQLLEN len = x->lens[c->next];
	char *p = x->data + c->next * x->width;
	bool fixed = x->as == ODBC_AS_INT || x->as == ODBC_AS_DOUBLE;
	size_t room = x->width - (x->ctype == SQL_C_CHAR);

	if (len == SQL_NULL_DATA) {
		c->cells[i] = cell_null();
		return TU_OK;
	}
	if (!fixed && (len < 0 || (size_t)len > room))
		return was_cut(c, i, err);
	c->cells[i] = make_cell(x, p, (size_t)len);
	c->o->db.bytes_in += fixed ? 8 : (size_t)len;
	return TU_OK;
}

/*
 * SQLGetData until all of it is there. Behind each piece but one of bytes there
 * is room for a terminator, which drivers count in their own ways: what came
 * is told by the length that was left before.
 */
static enum status
get_pieces(struct odbc_cursor *c, size_t i, bool *null, struct err *err)
{
	struct odbc_column *x = &c->columns[i];
	size_t term = x->ctype == SQL_C_CHAR    ? 1
	              : x->ctype == SQL_C_WCHAR ? sizeof(SQLWCHAR)
	                                        : 0;
	size_t room = PIECE;

	buf_reset(&x->text);
	*null = false;
	for (;;) {
		char *to = buf_reserve(&x->text, room + term);
		SQLLEN left = 0;
		SQLRETURN rc = SQLGetData(c->stmt, (SQLUSMALLINT)(i + 1),
		    x->ctype, to, (SQLLEN)(room + term), &left);

		if (rc == SQL_NO_DATA)
			return TU_OK;
		if (!SQL_SUCCEEDED(rc))
			return fail(c, err);
		if (left == SQL_NULL_DATA) {
			*null = true;
			return TU_OK;
		}
		if (left != SQL_NO_TOTAL && (size_t)left <= room) {
			x->text.len += (size_t)left;
			return TU_OK;
		}
		x->text.len += room;
		room = left == SQL_NO_TOTAL ? 2 * room : (size_t)left - room;
	}
}

static enum status
fetched_cell(struct odbc_cursor *c, size_t i, struct err *err)
{
	struct odbc_column *x = &c->columns[i];
	int64_t fixed = 0;
	SQLLEN len = 0;
	bool null;
	enum status st;

	if (x->as == ODBC_AS_INT || x->as == ODBC_AS_DOUBLE) {
		if (!SQL_SUCCEEDED(SQLGetData(c->stmt, (SQLUSMALLINT)(i + 1),
			x->ctype, &fixed, sizeof(fixed), &len)))
			return fail(c, err);
		c->cells[i] = len == SQL_NULL_DATA
		                  ? cell_null()
		                  : make_cell(x, (char *)&fixed, 8);
		c->o->db.bytes_in += 8;
		return TU_OK;
	}
	st = get_pieces(c, i, &null, err);
	if (st)
		return st;
	c->o->db.bytes_in += x->text.len;
	if (null) {
		c->cells[i] = cell_null();
		return TU_OK;
	}
	if (x->as == ODBC_AS_WCHAR) {
		struct buf utf8 = BUF_INIT;

		from_utf16(&utf8, x->text.data, x->text.len);
		buf_free(&x->text);
		x->text = utf8;
	}
	buf_reserve(&x->text, 1);
	c->cells[i] = make_cell(x, x->text.data, x->text.len);
	return TU_OK;
}

/* --- rows ----------------------------------------------------------------- */

/* *more is false behind the last row. */
static enum status
fetch(struct odbc_cursor *c, bool *more, struct err *err)
{
	SQLRETURN rc;

	*more = false;
	if (c->end)
		return TU_OK;
	c->fetched = 0;
	c->next = 0;
	rc = SQLFetch(c->stmt);
	if (rc == SQL_NO_DATA) {
		c->end = true;
		return TU_OK;
	}
	if (!SQL_SUCCEEDED(rc))
		return fail(c, err);
	for (SQLULEN i = 0; c->bound && i < c->fetched; i++)
		if (c->status[i] == SQL_ROW_ERROR)
			return fail(c, err);
	*more = !c->bound || c->fetched > 0;
	return TU_OK;
}

enum status
odbc_next(struct cursor *cursor, const struct row **row, struct err *err)
{
	struct odbc_cursor *c = (struct odbc_cursor *)cursor;
	enum status st = TU_OK;

	*row = NULL;
	if (!c->bound || ++c->next >= c->fetched) {
		bool more;

		st = fetch(c, &more, err);
		if (st || !more)
			return st;
	}
	for (size_t i = 0; i < c->ncolumns && st == TU_OK; i++) {
		const struct column *col = c->columns[i].col;

		st = c->bound ? bound_cell(c, i, err) : fetched_cell(c, i, err);
		if (st == TU_OK && col != NULL && c->o->brand->decode != NULL)
			c->o->brand->decode(col, &c->cells[i]);
	}
	if (st == TU_OK)
		*row = &c->row;
	return st;
}

/*
 * Rows that nobody reads would still travel to the end: the statement is ended
 * on the server, unless it was at its end anyway. Should it have been done in
 * the meantime, the next one is hit; that one does nothing. (It is a SET since
 * libmaodbc 3.1.15 keeps the connection locked after a statement that cannot
 * be prepared and begins with a word it does not know, such as DO.)
 */
static void
give_up(struct odbc_cursor *c)
{
	struct err ignored = ERR_INIT;
	bool more;

	if (fetch(c, &more, &ignored) || !more)
		return;
	odbc_cancel(&c->o->db);
	odbc_free_statement(c->o, c->stmt);
	c->stmt = SQL_NULL_HSTMT;
	if (c->o->kill[0] != '\0')
		db_driver_odbc.exec(
		    &c->o->db, "SET @trueup = 0", NULL, &ignored);
}

void
odbc_cursor_close(struct cursor *cursor)
{
	struct odbc_cursor *c = (struct odbc_cursor *)cursor;

	if (c == NULL)
		return;
	if (!c->end && !c->o->lost)
		give_up(c);
	odbc_free_statement(c->o, c->stmt);
	for (size_t i = 0; i < c->ncolumns; i++) {
		free(c->columns[i].data);
		free(c->columns[i].lens);
		buf_free(&c->columns[i].text);
	}
	free(c->columns);
	free(c->cells);
	free(c->status);
	free(c);
}
