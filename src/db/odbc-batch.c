/*
 * One prepared statement, many rows, each with its own row count, which the
 * guards of a patch need; arrays of parameters give one for all (odbc-array.c).
 */
#include <config.h>

#include "db/odbc-int.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "db/dialect.h"

/* --- statements ----------------------------------------------------------- */

/* ?2 to ?, and which parameter each bare marker is. */
static void
bare_markers(struct buf *sql, struct buf *order, const char *p)
{
	while (*p != '\0') {
		const char *from = p;

		if (*p == '\'' || *p == '"' || *p == '`') {
			p = dialect_skip_quoted(p);
			buf_add(sql, from, (size_t)(p - from));
		} else if (*p == '?' && p[1] >= '1' && p[1] <= '9') {
			uint16_t n = (uint16_t)(strtoul(p + 1, NULL, 10) - 1);

			buf_add(order, &n, sizeof(n));
			buf_addc(sql, '?');
			p += 1 + strspn(p + 1, "0123456789");
		} else {
			buf_addc(sql, *p++);
		}
	}
}

static void
forget(struct odbc *o, struct odbc_prepared *p)
{
	if (p->sql == NULL)
		return;
	odbc_free_statement(o, p->stmt);
	buf_free(&p->order);
	free(p->sql);
	*p = (struct odbc_prepared){ .sql = NULL };
}

void
odbc_forget_prepared(struct odbc *o)
{
	for (size_t i = 0; i < ODBC_PREPARED; i++)
		forget(o, &o->prepared[i]);
}

static enum status
prepare(struct odbc *o, const char *sql, struct odbc_prepared **out,
    struct err *err)
{
	struct odbc_prepared *p;
	struct buf bare = BUF_INIT;
	enum status st;

	for (size_t i = 0; i < ODBC_PREPARED; i++)
		if (o->prepared[i].sql && !strcmp(o->prepared[i].sql, sql)) {
			*out = &o->prepared[i];
			return TU_OK;
		}
	p = &o->prepared[o->next_prepared++ % ODBC_PREPARED];
	forget(o, p);
	st = odbc_new_statement(o, &p->stmt, err);
	if (st)
		return st;
	bare_markers(&bare, &p->order, sql);
	p->sql = strdup(sql);
	if (p->sql == NULL)
		out_of_memory(strlen(sql));
	if (!SQL_SUCCEEDED(
		SQLPrepare(p->stmt, (SQLCHAR *)buf_str(&bare), SQL_NTS))) {
		st = odbc_fail(o, SQL_HANDLE_STMT, p->stmt, NULL, err);
		forget(o, p);
	}
	buf_free(&bare);
	*out = p;
	return st;
}

/* --- rows ----------------------------------------------------------------- */

/* What a parameter points to while its row runs. */
struct value {
	int64_t i;
	double f;
	SQLLEN len;
	struct buf wide;
};

static bool
is_ascii(const struct cell *c)
{
	for (size_t i = 0; i < c->len; i++)
		if ((unsigned char)c->u.p[i] > 127)
			return false;
	return true;
}

/* Text that is UTF-8 here, as drivers take it that know no UTF-8. */
static void
to_utf16(struct buf *out, const struct cell *c)
{
	uint32_t u;
	size_t len;

	buf_reset(out);
	for (size_t at = 0; at < c->len; at += len) {
		SQLWCHAR unit[2];
		size_t n = 1;

		len = utf8_next(c->u.p + at, c->len - at, &u);
		if (len == 0) { /* convert() lets none through */
			len = 1;
			u = 0xfffd;
		}

		unit[0] = (SQLWCHAR)u;
		if (u >= 0x10000) {
			unit[0] = (SQLWCHAR)(0xd800 + ((u - 0x10000) >> 10));
			unit[1] = (SQLWCHAR)(0xdc00 + ((u - 0x10000) & 0x3ff));
			n = 2;
		}
		buf_add(out, unit, n * sizeof(unit[0]));
	}
}

static SQLRETURN
bind_text(struct odbc *o, SQLHSTMT stmt, SQLUSMALLINT n, const struct cell *c,
    struct value *v)
{
	bool wide = !o->brand->begins && !is_ascii(c);
	SQLULEN size = c->len > 0 ? c->len : 1;

	if (wide) {
		to_utf16(&v->wide, c);
		v->len = (SQLLEN)v->wide.len;
		return SQLBindParameter(stmt, n, SQL_PARAM_INPUT, SQL_C_WCHAR,
		    SQL_WVARCHAR, size, 0, v->wide.data, v->len, &v->len);
	}
	v->len = (SQLLEN)c->len;
	return SQLBindParameter(stmt, n, SQL_PARAM_INPUT, SQL_C_CHAR,
	    c->len > 8000 ? SQL_LONGVARCHAR : SQL_VARCHAR, size, 0,
	    (SQLPOINTER)c->u.p, v->len, &v->len);
}

static SQLRETURN
bind_value(struct odbc *o, SQLHSTMT stmt, SQLUSMALLINT n,
    const struct column *col, const struct cell *c, struct value *v)
{
	switch (c->kind) {
	case CELL_INT:
		v->i = c->u.i;
		v->len = sizeof(v->i);
		return SQLBindParameter(stmt, n, SQL_PARAM_INPUT, SQL_C_SBIGINT,
		    SQL_BIGINT, 0, 0, &v->i, 0, &v->len);
	case CELL_F64:
		v->f = c->u.f;
		v->len = sizeof(v->f);
		return SQLBindParameter(stmt, n, SQL_PARAM_INPUT, SQL_C_DOUBLE,
		    SQL_DOUBLE, 0, 0, &v->f, 0, &v->len);
	case CELL_BYTES:
		v->len = (SQLLEN)c->len;
		return SQLBindParameter(stmt, n, SQL_PARAM_INPUT, SQL_C_BINARY,
		    c->len > 8000 ? SQL_LONGVARBINARY : SQL_VARBINARY,
		    c->len > 0 ? c->len : 1, 0, (SQLPOINTER)c->u.p, v->len,
		    &v->len);
	case CELL_TEXT:
		return bind_text(o, stmt, n, c, v);
	case CELL_NULL:
		break;
	}
	v->len = SQL_NULL_DATA;
	if (col->ltype == LT_BYTES)
		return SQLBindParameter(stmt, n, SQL_PARAM_INPUT, SQL_C_BINARY,
		    SQL_VARBINARY, 1, 0, NULL, 0, &v->len);
	return SQLBindParameter(stmt, n, SQL_PARAM_INPUT, SQL_C_CHAR,
	    SQL_VARCHAR, 1, 0, NULL, 0, &v->len);
}

/* The server would hang up instead of saying so. */
static enum status
check_size(const struct odbc *o, const struct db_batch *batch, size_t row,
    struct err *err)
{
	const struct cell *params = &batch->params[row * batch->nparams];
	size_t bytes = 1024; /* what is around them */

	for (size_t i = 0; i < batch->nparams; i++)
		bytes += params[i].kind >= CELL_TEXT ? params[i].len : 8;
	if (o->max_packet == 0 || bytes <= o->max_packet)
		return TU_OK;
	err_set(err, TU_EQUERY,
	    "a row of %zu bytes exceeds max_allowed_packet (%zu)", bytes,
	    o->max_packet);
	memcpy(err->sqlstate, "54000", 6);
	return err_hint(err, "raise max_allowed_packet on the server");
}

enum status
odbc_run_bound(struct odbc *o, SQLHSTMT stmt, SQLRETURN rc, uint64_t *touched,
    struct err *err)
{
	SQLLEN count = 0;

	if (SQL_SUCCEEDED(rc))
		rc = SQLExecute(stmt);
	if (!SQL_SUCCEEDED(rc) && rc != SQL_NO_DATA)
		return odbc_fail(o, SQL_HANDLE_STMT, stmt, NULL, err);
	if (rc != SQL_NO_DATA)
		SQLRowCount(stmt, &count);
	SQLFreeStmt(stmt, SQL_CLOSE);
	*touched = count > 0 ? (uint64_t)count : 0;
	return TU_OK;
}

static enum status
run_row(struct odbc *o, struct odbc_prepared *p, const struct db_batch *batch,
    size_t row, struct value *values, struct err *err)
{
	const uint16_t *order = (const uint16_t *)p->order.data;
	size_t markers = p->order.len / sizeof(*order);
	SQLRETURN rc = SQL_SUCCESS;
	enum status st = check_size(o, batch, row, err);

	if (st)
		return st;
	for (size_t i = 0; i < markers && SQL_SUCCEEDED(rc); i++) {
		size_t n = order[i];

		rc = bind_value(o, p->stmt, (SQLUSMALLINT)(i + 1),
		    batch->columns[n], &batch->params[row * batch->nparams + n],
		    &values[i]);
	}
	return odbc_run_bound(o, p->stmt, rc, &batch->affected[row], err);
}

enum status
odbc_batch(struct db *db, const struct db_batch *batch, struct err *err)
{
	struct odbc *o = (struct odbc *)db;
	struct odbc_prepared *p;
	struct odbc_arrays *arrays = NULL;
	struct value *values;
	size_t markers, n;
	enum status st = prepare(o, batch->sql, &p, err);

	if (st)
		return st;
	memset(batch->affected, 0, batch->nrows * sizeof(*batch->affected));
	markers = p->order.len / sizeof(uint16_t);
	values = calloc(markers + 1, sizeof(*values));
	if (values == NULL)
		out_of_memory(markers * sizeof(*values));
	pthread_mutex_lock(&o->lock);
	o->running = p->stmt;
	pthread_mutex_unlock(&o->lock);
	if (batch->together && o->arrays && batch->nrows > 1)
		arrays = odbc_arrays_new(batch);
	for (size_t i = 0; i < batch->nrows && st == TU_OK; i += n) {
		n = arrays ? odbc_arrays_rows(arrays, o, batch, i) : 1;
		if (n > 1)
			st = odbc_arrays_run(arrays, o, p, batch, i, n, err);
		else
			st = run_row(o, p, batch, i, values, err);
	}
	odbc_arrays_free(arrays);
	for (size_t i = 0; i < markers; i++)
		buf_free(&values[i].wide);
	free(values);
	return st;
}
