/*
 * One prepared statement, many rows, in pipeline mode
 * (https://www.postgresql.org/docs/current/libpq-pipeline-mode.html): the
 * server answers each row with its own row count, which the guards of a patch
 * need, and no row waits for a round trip. 66 000 rows a second against
 * 22 000 one at a time, on loopback.
 */
#include <config.h>

#include "db/pq-int.h"

#include <stdio.h>
#include <stdlib.h>

#define IN_FLIGHT 256

/* What libpq wants to know of one row. */
struct params {
	const char **values;
	int *lengths;
	int *formats;
	size_t *offsets;
};

enum status
pq_prepare(
    struct pq *pq, const char *sql, char name[PQ_NAME_MAX], struct err *err)
{
	char drop[64];
	PGresult *res;
	enum status st = TU_OK;
	unsigned slot = pq->next_prepared % PQ_PREPARED;
	bool found = false;

	for (unsigned i = 0; i < PQ_PREPARED && !found; i++) {
		found = pq->prepared[i] && !strcmp(pq->prepared[i], sql);
		slot = found ? i : slot;
	}
	snprintf(name, PQ_NAME_MAX, "trueup_%u", slot);
	if (found)
		return TU_OK;
	if (pq->prepared[slot] != NULL) {
		snprintf(drop, sizeof(drop), "DEALLOCATE %s", name);
		st = pq_query(pq, drop, NULL, err);
		if (st)
			return st;
		free(pq->prepared[slot]);
		pq->prepared[slot] = NULL;
	}
	res = PQprepare(pq->conn, name, sql, 0, NULL);
	if (PQresultStatus(res) != PGRES_COMMAND_OK) {
		st = pq_error(pq, res, err);
	} else {
		pq->prepared[slot] = strdup(sql);
		if (pq->prepared[slot] == NULL)
			out_of_memory(strlen(sql));
		pq->next_prepared++;
	}
	PQclear(res);
	return st;
}

/* Text format, but bytes as they are: half the size, nothing to parse. */
static enum status
set_params(struct pq *pq, const struct db_batch *batch, size_t row,
    struct params *p, struct err *err)
{
	const struct cell *cells = &batch->params[row * batch->nparams];

	buf_reset(&pq->params);
	for (size_t i = 0; i < batch->nparams; i++) {
		size_t at = pq->params.len;

		p->offsets[i] = at;
		p->formats[i] = cells[i].kind == CELL_BYTES;
		p->lengths[i] = (int)cells[i].len;
		if (cells[i].kind == CELL_NULL || cells[i].kind == CELL_BYTES)
			continue;
		pg_value_text(&pq->params, batch->columns[i], &cells[i]);
		if (pq->params.len > at &&
		    memchr(pq->params.data + at, '\0', pq->params.len - at))
			return err_set(err, TU_EBUG,
			    "column '%s': NUL byte in a parameter",
			    batch->columns[i]->name);
		buf_addc(&pq->params, '\0');
	}
	for (size_t i = 0; i < batch->nparams; i++) {
		p->values[i] = pq->params.data + p->offsets[i];
		if (cells[i].kind == CELL_NULL)
			p->values[i] = NULL;
		else if (cells[i].kind == CELL_BYTES)
			p->values[i] = cells[i].len > 0 ? cells[i].u.p : "";
	}
	return TU_OK;
}

static enum status
send_rows(struct pq *pq, const struct db_batch *batch, const char *name,
    size_t from, size_t to, struct params *p, struct err *err)
{
	enum status st;

	for (size_t row = from; row < to; row++) {
		st = set_params(pq, batch, row, p, err);
		if (st)
			return st;
		if (PQsendQueryPrepared(pq->conn, name, (int)batch->nparams,
			p->values, p->lengths, p->formats, 0) != 1)
			return pq_error(pq, NULL, err);
	}
	return TU_OK;
}

/* The results of one statement; false when no more will come. */
static bool
take_result(struct pq *pq, uint64_t *affected, enum status *st, struct err *err)
{
	PGresult *res = PQgetResult(pq->conn);

	if (res == NULL)
		return PQstatus(pq->conn) != CONNECTION_BAD;
	switch ((int)PQresultStatus(res)) {
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
		if (*st == TU_OK && affected != NULL)
			*affected = strtoull(PQcmdTuples(res), NULL, 10);
		break;
	case PGRES_PIPELINE_ABORTED: /* behind the one that failed */
		break;
	case PGRES_PIPELINE_SYNC:
		PQclear(res);
		return false;
	default:
		if (*st == TU_OK)
			*st = pq_error(pq, res, err);
	}
	PQclear(res);
	return PQstatus(pq->conn) != CONNECTION_BAD;
}

/*
 * Up to and including the sync. Each statement ends with a NULL result, which
 * is how they are counted.
 */
static enum status
take_results(struct pq *pq, uint64_t *affected, size_t n, enum status st,
    struct err *err)
{
	bool more = true;

	for (size_t i = 0; i < n && more; i++) {
		more = take_result(pq, &affected[i], &st, err);
		if (more)
			more = take_result(pq, NULL, &st, err);
	}
	while (more)
		more = take_result(pq, NULL, &st, err);
	if (st == TU_OK && PQstatus(pq->conn) == CONNECTION_BAD)
		st = pq_error(pq, NULL, err);
	return st;
}

static enum status
run(struct pq *pq, const struct db_batch *batch, const char *name,
    struct params *p, struct err *err)
{
	enum status st = TU_OK;

	memset(batch->affected, 0, batch->nrows * sizeof(*batch->affected));
	for (size_t row = 0; row < batch->nrows && st == TU_OK;
	     row += IN_FLIGHT) {
		size_t n = MIN(batch->nrows - row, IN_FLIGHT);

		st = send_rows(pq, batch, name, row, row + n, p, err);
		if (PQpipelineSync(pq->conn) != 1 && st == TU_OK)
			st = pq_error(pq, NULL, err);
		st = take_results(pq, &batch->affected[row], n, st, err);
	}
	return st;
}

enum status
pq_batch(struct db *db, const struct db_batch *batch, struct err *err)
{
	struct pq *pq = (struct pq *)db;
	size_t n = batch->nparams + 1;
	struct params p;
	char name[PQ_NAME_MAX];
	bool done;
	enum status st = pq_batch_together(pq, batch, &done, err);

	if (st || done)
		return st;
	st = pq_prepare(pq, batch->sql, name, err);
	if (st)
		return st;
	p.values = calloc(n, sizeof(*p.values));
	p.lengths = calloc(n, sizeof(*p.lengths));
	p.formats = calloc(n, sizeof(*p.formats));
	p.offsets = calloc(n, sizeof(*p.offsets));
	if (!p.values || !p.lengths || !p.formats || !p.offsets)
		out_of_memory(n * sizeof(*p.offsets));
	if (PQenterPipelineMode(pq->conn) != 1)
		st = pq_error(pq, NULL, err);
	if (st == TU_OK)
		st = run(pq, batch, name, &p, err);
	/* Refused only when the connection is gone, which st says already. */
	(void)PQexitPipelineMode(pq->conn);
	free(p.values);
	free(p.lengths);
	free(p.formats);
	free(p.offsets);
	return st;
}
