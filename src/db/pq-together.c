/*
 * Many rows in one statement, where the order does not matter: each parameter
 * is an array of texts, and the statement joins with their unnest(). The values
 * get the same casts as they had, so that the guards are the same expressions.
 *
 * 10 000 rows of 9 columns: 45 ms instead of 150 ms pipelined, in groups of
 * 500 on loopback.
 */
#include <config.h>

#include "db/pq-int.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "base/str.h"
#include "db/dialect.h"

#define TEXT_OID 25
#define ROWS_NAME "trueup_rows"

/* --- the statement -------------------------------------------------------- */

static void
add_rows(struct buf *out, const char *keyword, size_t nparams)
{
	buf_addf(out, "%sunnest(", keyword);
	for (size_t i = 1; i <= nparams; i++)
		buf_addf(out, "%s$%zu::text[]", i > 1 ? ", " : "", i);
	buf_adds(out, ") AS " ROWS_NAME "(");
	for (size_t i = 1; i <= nparams; i++)
		buf_addf(out, "%s" ROWS_NAME "_%zu", i > 1 ? ", " : "", i);
	buf_addc(out, ')');
}

/* $2::type becomes a column of the rows. False: one has no type to cast to. */
static bool
add_mark(struct buf *out, const char **p)
{
	char *end;
	unsigned long n = strtoul(*p + 1, &end, 10);

	if (!str_begins(end, "::"))
		return false;
	buf_addf(out, ROWS_NAME "." ROWS_NAME "_%lu", n);
	*p = end;
	return true;
}

/*
 * Statements are those of patch/stmt.c: "INSERT INTO t (..) VALUES (..)",
 * "UPDATE t SET .. WHERE ..", "DELETE FROM t WHERE ..". False: this one cannot
 * be rewritten.
 */
static bool
rewrite(struct buf *out, const char *sql, size_t nparams)
{
	bool insert = str_begins(sql, "INSERT "), done = false;
	const char *where = str_begins(sql, "UPDATE ") ? " FROM " : " USING ";

	if (nparams == 0 || (!insert && !str_begins(sql, "UPDATE ") &&
				!str_begins(sql, "DELETE ")))
		return false;
	for (const char *p = sql; *p != '\0';) {
		const char *from = p;

		if (*p == '\'' || *p == '"') {
			p = dialect_skip_quoted(p);
			buf_add(out, from, (size_t)(p - from));
		} else if (*p == '$') {
			if (!add_mark(out, &p))
				return false;
		} else if (insert && !done && str_begins(p, " VALUES (")) {
			buf_adds(out, " SELECT ");
			p += strlen(" VALUES (");
			done = true;
		} else if (!insert && !done && str_begins(p, " WHERE ")) {
			add_rows(out, where, nparams);
			buf_adds(out, " WHERE ");
			p += strlen(" WHERE ");
			done = true;
		} else {
			buf_addc(out, *p++);
		}
	}
	if (insert && done) {
		out->len--; /* the parenthesis around the values */
		add_rows(out, " FROM ", nparams);
	}
	return done;
}

/* --- the parameters ------------------------------------------------------- */

static void
add_int32(struct buf *out, size_t n)
{
	uint32_t net = htonl((uint32_t)n);

	buf_add(out, &net, sizeof(net));
}

/*
 * A column of the parameters as text[] in binary: dimensions, whether there
 * are NULLs, the type, how many from 1 on; then each value behind its length
 * (array_recv() in PostgreSQL's src/backend/utils/adt/arrayfuncs.c).
 */
static void
add_array(struct buf *out, const struct db_batch *batch, size_t param)
{
	add_int32(out, 1);
	add_int32(out, 1);
	add_int32(out, TEXT_OID);
	add_int32(out, batch->nrows);
	add_int32(out, 1);
	for (size_t row = 0; row < batch->nrows; row++) {
		const struct cell *c =
		    &batch->params[row * batch->nparams + param];
		size_t at = out->len;
		uint32_t net;

		add_int32(out, UINT32_MAX);
		if (c->kind == CELL_NULL)
			continue;
		pg_value_text(out, batch->columns[param], c);
		net = htonl((uint32_t)(out->len - at - sizeof(net)));
		memcpy(out->data + at, &net, sizeof(net));
	}
}

static enum status
execute(struct pq *pq, const struct db_batch *batch, const char *name,
    uint64_t *touched, struct err *err)
{
	size_t n = batch->nparams;
	const char **values = calloc(n, sizeof(*values));
	size_t *offsets = calloc(n + 1, sizeof(*offsets));
	int *lengths = calloc(n, sizeof(*lengths));
	int *formats = calloc(n, sizeof(*formats));
	PGresult *res;
	enum status st = TU_OK;

	if (!values || !offsets || !lengths || !formats)
		out_of_memory(n * sizeof(*offsets));
	buf_reset(&pq->params);
	for (size_t i = 0; i < n; i++) {
		add_array(&pq->params, batch, i);
		offsets[i + 1] = pq->params.len;
	}
	for (size_t i = 0; i < n; i++) {
		values[i] = pq->params.data + offsets[i];
		lengths[i] = (int)(offsets[i + 1] - offsets[i]);
		formats[i] = 1;
	}
	res =
	    PQexecPrepared(pq->conn, name, (int)n, values, lengths, formats, 0);
	if (PQresultStatus(res) == PGRES_COMMAND_OK)
		*touched = strtoull(PQcmdTuples(res), NULL, 10);
	else
		st = pq_error(pq, res, err);
	PQclear(res);
	free(values);
	free(offsets);
	free(lengths);
	free(formats);
	return st;
}

enum status
pq_batch_together(
    struct pq *pq, const struct db_batch *batch, bool *done, struct err *err)
{
	struct buf sql = BUF_INIT;
	uint64_t touched = 0;
	char name[PQ_NAME_MAX];
	enum status st = TU_OK;

	*done = batch->together && batch->nrows > 1 &&
	        rewrite(&sql, batch->sql, batch->nparams);
	if (*done)
		st = pq_prepare(pq, buf_str(&sql), name, err);
	if (*done && st == TU_OK)
		st = execute(pq, batch, name, &touched, err);
	for (size_t i = 0; i < batch->nrows && *done && st == TU_OK; i++)
		batch->affected[i] = touched == batch->nrows;
	buf_free(&sql);
	return st;
}
