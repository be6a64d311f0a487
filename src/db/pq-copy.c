/*
 * Rows by COPY (query) TO STDOUT (FORMAT binary),
 * https://www.postgresql.org/docs/current/sql-copy.html: a header, then per
 * row the number of fields and each field's length and bytes, then -1. The
 * server sends one row a message (the first with the header in front); the
 * code relies only on rows not being torn between messages.
 *
 * The end of the rows is the trailer *and* the server's word that the
 * statement succeeded. Anything else is an error.
 */
#include <config.h>

#include "db/pq-int.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#define MUCH (1 << 20) /* bytes, from which on a statement is a long one */
#define ROOM_MAX (512 << 10) /* bytes of a socket */
#define NAP_MIN 50000        /* nanoseconds */
#define NAP_MAX 1000000

struct pq_cursor {
	struct cursor cur; /* first */
	struct pq *pq;
	size_t ncolumns;
	size_t ncells; /* decoded: all, or the keys of a raw scan */
	unsigned flags;
	enum pg_wire *wires;
	struct cell *cells;
	bool *moved; /* the cell is still an offset into text */
	struct buf text;
	struct row row;
	char *message; /* from libpq */
	size_t len, pos;
	uint64_t received; /* bytes of all of them */
	long nap;          /* nanoseconds until more have arrived */
	bool header;       /* seen */
	bool trailer;      /* seen */
	bool running;      /* the COPY has not been brought to its end */
	bool complete;     /* ended well: there are no more rows */
	bool savepoint;    /* the transaction outlives a cancelled COPY */
};

static enum status
protocol_error(struct err *err, const char *what)
{
	return err_set(err, TU_EQUERY,
	    "the server's binary rows are not understood: %s", what);
}

/* Has n more bytes in this message. */
static bool
has(const struct pq_cursor *c, size_t n)
{
	return c->len - c->pos >= n;
}

static const unsigned char *
take(struct pq_cursor *c, size_t n)
{
	const unsigned char *p = (const unsigned char *)c->message + c->pos;

	c->pos += n;
	return p;
}

static enum status
take_header(struct pq_cursor *c, struct err *err)
{
	static const char signature[] = "PGCOPY\n\377\r\n"; /* and its NUL */
	int32_t extension;

	if (!has(c, sizeof(signature) + 8) ||
	    memcmp(take(c, sizeof(signature)), signature, sizeof(signature)))
		return protocol_error(err, "no header");
	if (pq_get32(take(c, 4)) != 0)
		return protocol_error(err, "unknown flags");
	extension = pq_get32(take(c, 4));
	if (extension < 0 || !has(c, (size_t)extension))
		return protocol_error(err, "the header is cut off");
	take(c, (size_t)extension);
	c->header = true;
	return TU_OK;
}

/* --- the running statement ------------------------------------------------ */

/* Take what the server says after the last row; NULL ends it. */
static enum status
finish(struct pq_cursor *c, struct err *err)
{
	enum status st = TU_OK;
	PGresult *res;

	c->running = false;
	while ((res = PQgetResult(c->pq->conn)) != NULL) {
		if (PQresultStatus(res) != PGRES_COMMAND_OK && st == TU_OK)
			st = pq_error(c->pq, res, err);
		PQclear(res);
		if (PQstatus(c->pq->conn) == CONNECTION_BAD && st)
			break;
	}
	if (st && c->savepoint)
		pq_back_to_savepoint(c->pq);
	return st;
}

/*
 * A server sends some 8 kB at a time, and whoever waits for them is woken each
 * time, which costs both of them more than the bytes do: 0.3 of 2.8 s with 5
 * million rows a side. Where much comes it is left to pile up for a moment,
 * short enough that the socket has room for twice of it.
 */
static void
let_arrive(struct pq_cursor *c)
{
	const struct timespec nap = { .tv_nsec = c->nap };
	struct pollfd socket = { .fd = PQsocket(c->pq->conn),
		.events = POLLIN };
	int n, room;
	socklen_t len = sizeof(room);

	/* What is encrypted can have arrived and wait in libpq. */
	if (c->received < MUCH || PQsslInUse(c->pq->conn) ||
	    PQgssEncInUse(c->pq->conn) || poll(&socket, 1, 0) != 0)
		return;
	nanosleep(&nap, NULL);
	if (ioctl(socket.fd, FIONREAD, &n) != 0 ||
	    getsockopt(socket.fd, SOL_SOCKET, SO_RCVBUF, &room, &len) != 0)
		return;
	room = MIN(room, ROOM_MAX);
	if (n < room / 4)
		c->nap = MIN(2 * c->nap, NAP_MAX);
	else if (n > room / 2)
		c->nap = MAX(c->nap / 2, NAP_MIN);
}

/* The next message, or the end: then c->message is NULL. */
static enum status
next_message(struct pq_cursor *c, struct err *err)
{
	PGconn *conn = c->pq->conn;
	int n;

	PQfreemem(c->message);
	c->message = NULL;
	c->pos = c->len = 0;
	n = PQgetCopyData(conn, &c->message, 1);
	if (n == 0) {
		let_arrive(c);
		n = PQgetCopyData(conn, &c->message, 0);
	}
	if (n >= 0) {
		c->len = (size_t)n;
		c->received += c->len;
		c->pq->db.bytes_in += c->len;
		return TU_OK;
	}
	if (n == -2) {
		enum status st = pq_error(c->pq, NULL, err);
		struct err ignored = ERR_INIT;

		finish(c, &ignored);
		return st;
	}
	return finish(c, err);
}

/* Everything that has arrived already is dropped; true at the end. */
static bool
drop_arrived(struct pq_cursor *c)
{
	char *message;
	int n;

	while ((n = PQgetCopyData(c->pq->conn, &message, 1)) > 0)
		PQfreemem(message);
	if (n == 0 && PQconsumeInput(c->pq->conn) == 1)
		while ((n = PQgetCopyData(c->pq->conn, &message, 1)) > 0)
			PQfreemem(message);
	return n < 0;
}

/* Rows are left: stop the statement unless its end has arrived. */
static void
stop(struct pq_cursor *c)
{
	struct err ignored = ERR_INIT;
	char *message;

	if (!drop_arrived(c)) {
		c->pq->db.drv->cancel(&c->pq->db);
		while (PQgetCopyData(c->pq->conn, &message, 0) > 0)
			PQfreemem(message);
	}
	finish(c, &ignored);
}

/* --- rows ----------------------------------------------------------------- */

static enum status
decode_field(struct pq_cursor *c, size_t i, struct err *err)
{
	int32_t len;

	if (!has(c, 4))
		return protocol_error(err, "a row is cut off");
	len = pq_get32(take(c, 4));
	if (len > 0 && !has(c, (size_t)len))
		return protocol_error(err, "a field is cut off");
	if (!pq_decode(c->wires[i], take(c, len > 0 ? (size_t)len : 0), len,
		&c->text, &c->cells[i], &c->moved[i]))
		return err_set(err, TU_EQUERY,
		    "column %zu of the result is not of the type expected",
		    i + 1);
	return TU_OK;
}

static void
settle_text(struct pq_cursor *c)
{
	for (size_t i = 0; i < c->ncells; i++) {
		if (!c->moved[i])
			continue;
		c->cells[i].u.p = c->text.data + c->cells[i].u.i;
		c->moved[i] = false;
	}
}

/* Step over the fields that a raw scan does not decode. */
static enum status
skip_fields(struct pq_cursor *c, size_t n, struct err *err)
{
	const unsigned char *p = (const unsigned char *)c->message + c->pos;
	size_t left = c->len - c->pos;

	for (; n > 0; n--) {
		size_t len;

		if (left < 4)
			return protocol_error(err, "a row is cut off");
		len = (size_t)MAX(pq_get32(p), 0);
		if (left - 4 < len)
			return protocol_error(err, "a field is cut off");
		p += 4 + len;
		left -= 4 + len;
	}
	c->pos = c->len - left;
	return TU_OK;
}

static enum status
take_row(struct pq_cursor *c, struct err *err)
{
	enum status st;
	const size_t start = c->pos;
	size_t rest;

	buf_reset(&c->text);
	for (size_t i = 0; i < c->ncells; i++) {
		st = decode_field(c, i, err);
		if (st)
			return st;
	}
	settle_text(c);
	rest = c->pos;
	st = skip_fields(c, c->ncolumns - c->ncells, err);
	if (st)
		return st;
	if (c->flags & DB_SCAN_RAW) {
		c->row.raw = c->message + rest;
		c->row.rawlen = c->pos - rest;
		c->row.rawkey = rest - start;
	}
	return TU_OK;
}

/* The trailer is followed by the end of the COPY and nothing else. */
static enum status
take_end(struct pq_cursor *c, struct err *err)
{
	enum status st;

	c->trailer = true;
	if (c->pos != c->len)
		return protocol_error(err, "bytes behind the trailer");
	st = next_message(c, err);
	if (st == TU_OK && c->message != NULL)
		return protocol_error(err, "data behind the trailer");
	c->complete = st == TU_OK;
	return st;
}

enum status
pq_next(struct cursor *cursor, const struct row **row, struct err *err)
{
	struct pq_cursor *c = (struct pq_cursor *)cursor;
	enum status st;
	int16_t fields;

	*row = NULL;
	if (c->complete)
		return TU_OK;
	if (!c->running || c->trailer)
		return protocol_error(err, "reading on after a failure");
	while (c->pos == c->len) {
		st = next_message(c, err);
		if (st)
			return st;
		if (c->message == NULL)
			return protocol_error(err, "the rows are cut off");
		if (!c->header && (st = take_header(c, err)))
			return st;
	}
	if (!has(c, 2))
		return protocol_error(err, "a row is cut off");
	fields = pq_get16(take(c, 2));
	if (fields == -1)
		return take_end(c, err);
	if (fields < 0 || (size_t)fields != c->ncolumns)
		return protocol_error(err, "another number of columns");
	st = take_row(c, err);
	if (st == TU_OK)
		*row = &c->row;
	return st;
}

/* --- opening and closing -------------------------------------------------- */

static struct pq_cursor *
cursor_new(struct pq *pq, const struct db_scan *scan)
{
	struct pq_cursor *c = calloc(1, sizeof(*c));
	size_t n = scan->ncolumns;

	if (c == NULL)
		out_of_memory(sizeof(*c));
	c->cur.db = &pq->db;
	c->pq = pq;
	c->nap = NAP_MIN;
	c->ncolumns = n;
	c->flags = scan->flags;
	c->ncells = scan->flags & DB_SCAN_RAW ? MIN(scan->nkeys, n) : n;
	c->wires = calloc(n + 1, sizeof(*c->wires));
	c->cells = calloc(n + 1, sizeof(*c->cells));
	c->moved = calloc(n + 1, sizeof(*c->moved));
	if (c->wires == NULL || c->cells == NULL || c->moved == NULL)
		out_of_memory((n + 1) * sizeof(*c->cells));
	c->row.cells = c->cells;
	c->row.n = c->ncells;
	return c;
}

static void
cursor_free(struct pq_cursor *c)
{
	PQfreemem(c->message);
	buf_free(&c->text);
	free(c->wires);
	free(c->cells);
	free(c->moved);
	free(c);
}

static enum pg_wire
computed_wire(const struct column *col)
{
	if (pg_wire(col) != PG_COMPUTED)
		return pg_wire(col);
	return col->ltype == LT_NUM     ? PG_INT8
	       : col->ltype == LT_BYTES ? PG_BYTEA
	                                : PG_TEXT;
}

/* Columns that nobody described: the server tells what they are. */
static enum pg_wire
oid_wire(Oid type)
{
	switch (type) {
	case 16:
		return PG_BOOL;
	case 20:
		return PG_INT8;
	case 21:
		return PG_INT2;
	case 23:
		return PG_INT4;
	case 26:
		return PG_OID;
	default:
		return PG_TEXT;
	}
}

static enum status
find_wires(struct pq_cursor *c, const struct db_scan *scan, struct err *err)
{
	PGresult *res = NULL;
	enum status st;

	for (size_t i = 0; i < c->ncolumns; i++) {
		if (scan->columns[i] != NULL) {
			c->wires[i] = computed_wire(scan->columns[i]);
			continue;
		}
		if (res == NULL) {
			st = pq_describe_sql(c->pq, scan->sql, &res, err);
			if (st)
				return st;
		}
		c->wires[i] = oid_wire(PQftype(res, (int)i));
	}
	PQclear(res);
	return TU_OK;
}

/*
 * Inside a transaction the COPY stands between a savepoint and its release, in
 * one message: a scan that fails or is stopped half way leaves the snapshot
 * alive, and it costs no round trip.
 */
static enum status
start_copy(struct pq_cursor *c, const char *sql, struct err *err)
{
	struct pq *pq = c->pq;
	PGresult *res;
	enum status st = TU_OK;

	c->savepoint = pq_in_transaction(pq);
	buf_reset(&pq->sql);
	if (c->savepoint)
		buf_adds(&pq->sql, PQ_SAVEPOINT ";");
	buf_addf(&pq->sql, "COPY (%s) TO STDOUT (FORMAT binary)", sql);
	if (c->savepoint)
		buf_adds(&pq->sql, ";" PQ_RELEASE);
	if (PQsendQuery(pq->conn, buf_str(&pq->sql)) != 1)
		return pq_error(pq, NULL, err);
	c->running = true;
	while ((res = PQgetResult(pq->conn)) != NULL &&
	       PQresultStatus(res) == PGRES_COMMAND_OK)
		PQclear(res);
	if (PQresultStatus(res) != PGRES_COPY_OUT) {
		struct err ignored = ERR_INIT;

		st = pq_error(pq, res, err);
		finish(c, &ignored);
		if (c->savepoint)
			pq_back_to_savepoint(pq);
	} else if ((size_t)PQnfields(res) != c->ncolumns) {
		st = err_set(err, TU_EBUG,
		    "the query has %d columns, %zu were expected",
		    PQnfields(res), c->ncolumns);
	}
	PQclear(res);
	return st;
}

enum status
pq_scan(struct db *db, const struct db_scan *scan, struct cursor **out,
    struct err *err)
{
	struct pq_cursor *c = cursor_new((struct pq *)db, scan);
	enum status st;

	*out = NULL;
	st = find_wires(c, scan, err);
	if (st == TU_OK)
		st = start_copy(c, scan->sql, err);
	if (st) {
		pq_cursor_close(&c->cur);
		return st;
	}
	*out = &c->cur;
	return TU_OK;
}

void
pq_cursor_close(struct cursor *cursor)
{
	struct pq_cursor *c = (struct pq_cursor *)cursor;

	if (c == NULL)
		return;
	if (c->running)
		stop(c);
	cursor_free(c);
}
