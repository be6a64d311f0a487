#include <config.h>

#include "db/pq-int.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"

/* --- errors --------------------------------------------------------------- */

/* One line without the newline at the end. */
static void
copy_line(char *to, size_t size, const char *from)
{
	size_t n = 0;

	for (; *from != '\0' && n + 1 < size; from++)
		to[n++] = *from == '\n' || *from == '\t' ? ' ' : *from;
	while (n > 0 && to[n - 1] == ' ')
		n--;
	to[n] = '\0';
}

static const char *
field(const PGresult *res, int code)
{
	const char *s = res != NULL ? PQresultErrorField(res, code) : NULL;

	return s != NULL ? s : "";
}

static void
add_hint(const PGresult *res, struct err *err)
{
	if (strstr(err->msg, "row-level security") != NULL)
		err_hint(err, "connect as a role with BYPASSRLS, or as the "
			      "owner of the table");
	else if (*field(res, PG_DIAG_MESSAGE_HINT) != '\0')
		err_hint(err, "%s", field(res, PG_DIAG_MESSAGE_HINT));
}

/* The server says so before libpq notices. */
static bool
is_lost(const struct pq *pq, const char *sqlstate)
{
	return PQstatus(pq->conn) == CONNECTION_BAD ||
	       strncmp(sqlstate, "08", 2) == 0 ||
	       strncmp(sqlstate, "57P", 3) == 0; /* shut down, crashed */
}

enum status
pq_error(struct pq *pq, const PGresult *res, struct err *err)
{
	const char *primary = field(res, PG_DIAG_MESSAGE_PRIMARY);
	const char *detail = field(res, PG_DIAG_MESSAGE_DETAIL);
	const char *sqlstate = field(res, PG_DIAG_SQLSTATE);
	char line[ERR_MSG_MAX / 2];

	if (interrupted() && (*sqlstate == '\0' || !strcmp(sqlstate, "57014")))
		return err_set(err, TU_EINTERRUPTED, "interrupted");
	copy_line(line, sizeof(line),
	    *primary != '\0' ? primary : PQerrorMessage(pq->conn));
	if (is_lost(pq, sqlstate))
		err_set(err, TU_EQUERY, "the connection was lost: %s", line);
	else if (*detail != '\0')
		err_set(err, TU_EQUERY, "%s (%s)", line, detail);
	else
		err_set(err, TU_EQUERY, "%s", line);
	snprintf(err->sqlstate, sizeof(err->sqlstate), "%s", sqlstate);
	add_hint(res, err);
	return TU_EQUERY;
}

/* --- statements ----------------------------------------------------------- */

enum status
pq_query(struct pq *pq, const char *sql, PGresult **out, struct err *err)
{
	PGresult *res = PQexec(pq->conn, sql);
	enum status st = TU_OK;

	if (out != NULL)
		*out = NULL;
	if (PQresultStatus(res) != PGRES_COMMAND_OK &&
	    PQresultStatus(res) != PGRES_TUPLES_OK &&
	    PQresultStatus(res) != PGRES_EMPTY_QUERY)
		st = pq_error(pq, res, err);
	if (st == TU_OK && out != NULL)
		*out = res;
	else
		PQclear(res);
	return st;
}

enum status
pq_queries(
    struct pq *pq, const char *sql, PGresult **out, size_t n, struct err *err)
{
	enum status st = TU_OK;
	PGresult *res = NULL;
	size_t got = 0;

	if (!PQsendQuery(pq->conn, sql))
		return pq_error(pq, NULL, err);
	while ((res = PQgetResult(pq->conn)) != NULL) {
		ExecStatusType how = PQresultStatus(res);

		if (st == TU_OK && how != PGRES_COMMAND_OK &&
		    how != PGRES_TUPLES_OK)
			st = pq_error(pq, res, err);
		if (st == TU_OK && got < n)
			out[got++] = res;
		else
			PQclear(res);
	}
	if (st == TU_OK && got < n)
		st = pq_error(pq, NULL, err);
	while (st && got > 0)
		PQclear(out[--got]);
	return st;
}

bool
pq_in_transaction(const struct pq *pq)
{
	return PQtransactionStatus(pq->conn) == PQTRANS_INTRANS;
}

void
pq_back_to_savepoint(struct pq *pq)
{
	/* Should this fail, the next statement says why. */
	if (PQtransactionStatus(pq->conn) == PQTRANS_INERROR)
		PQclear(PQexec(
		    pq->conn, "ROLLBACK TO " PQ_SAVEPOINT ";" PQ_RELEASE));
}

static enum status
pq_exec(struct db *db, const char *sql, uint64_t *affected, struct err *err)
{
	PGresult *res;
	enum status st = pq_query((struct pq *)db, sql, &res, err);

	if (st)
		return st;
	if (affected != NULL)
		*affected = strtoull(PQcmdTuples(res), NULL, 10);
	PQclear(res);
	return TU_OK;
}

/* --- opening and closing -------------------------------------------------- */

static const char *const schemes[] = { "postgres://", "postgresql://" };

static bool
is_uri(const char *url)
{
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
		if (strncmp(url, schemes[i], strlen(schemes[i])) == 0)
			return true;
	return false;
}

/* A conninfo begins with one of libpq's words and '='. */
static bool
pq_match(const char *url)
{
	size_t n = strspn(url, "abcdefghijklmnopqrstuvwxyz_");
	PQconninfoOption *words;
	bool found = false;

	if (is_uri(url))
		return true;
	if (n == 0 || url[n + strspn(url + n, " ")] != '=')
		return false;
	words = PQconndefaults();
	for (PQconninfoOption *w = words; w != NULL && w->keyword != NULL; w++)
		found |= strlen(w->keyword) == n && !memcmp(w->keyword, url, n);
	PQconninfoFree(words);
	return found;
}

/* The part of a password behind its first '@' or '/' became a host or port,
 * which libpq's complaint would show. */
static const char *
spilled(const PQconninfoOption *o)
{
	for (; o->keyword != NULL; o++) {
		if (o->val == NULL || *o->val == '\0')
			continue;
		if (!strcmp(o->keyword, "host") && strchr(o->val + 1, '@'))
			return "the host has an '@' in it";
		if (!strcmp(o->keyword, "port") &&
		    o->val[strspn(o->val, "0123456789, ")] != '\0')
			return "the port is no number";
	}
	return NULL;
}

/*
 * Read the string before connecting: libpq's complaint quotes the place where
 * it stumbles, which may be in a password, so only its first words are shown.
 */
static enum status
check_conninfo(const char *url, struct err *err)
{
	char *complaint = NULL;
	PQconninfoOption *options = PQconninfoParse(url, &complaint);
	const char *why = options != NULL ? spilled(options) : complaint;
	int n = why != NULL ? (int)strcspn(why, ":\"\n") : 0;
	enum status st = TU_OK;

	if (options == NULL || why != NULL) {
		while (n > 0 && why[n - 1] == ' ')
			n--;
		err_set(err, TU_ECONNECT,
		    "the connection string cannot be read: %.*s", n,
		    why != NULL ? why : "");
		st = err_hint(err, "in a URL '@', '/', ':' and '%%' of a "
				   "password are %%40, %%2F, %%3A and %%25; "
				   "better, put it into ~/.pgpass");
	}
	PQconninfoFree(options);
	PQfreemem(complaint);
	return st;
}

static void
notice(void *arg, const char *message)
{
	const struct pq *pq = arg;
	char line[ERR_MSG_MAX / 2];

	copy_line(line, sizeof(line), message);
	log_line(LOG_INFO, "%s: %s", pq->db.display, line);
}

static void
name_database(struct pq *pq)
{
	const char *host = PQhost(pq->conn), *version;

	snprintf(pq->db.display, sizeof(pq->db.display), "%s@%s:%s/%s",
	    PQuser(pq->conn), host != NULL ? host : "", PQport(pq->conn),
	    PQdb(pq->conn));
	version = PQparameterStatus(pq->conn, "server_version");
	if (version == NULL)
		version = "";
	pq->db.schemas = true;
	snprintf(pq->db.version, sizeof(pq->db.version), "PostgreSQL %.*s",
	    (int)MIN(strcspn(version, " "), 40), version);
}

static enum status
connect_to(struct pq *pq, const char *url, struct err *err)
{
	const char *words[] = { "fallback_application_name", "dbname",
		"client_encoding", NULL };
	const char *values[] = { "trueup", url, "UTF8", NULL };
	char line[ERR_MSG_MAX / 2];

	pq->conn = PQconnectdbParams(words, values, 1);
	if (pq->conn == NULL)
		out_of_memory(0);
	if (PQstatus(pq->conn) != CONNECTION_OK) {
		copy_line(line, sizeof(line), PQerrorMessage(pq->conn));
		return err_set(err, TU_ECONNECT, "%s", line);
	}
	PQsetNoticeProcessor(pq->conn, notice, pq);
	pq->version = PQserverVersion(pq->conn);
	name_database(pq);
	if (pq->version < 130000)
		return err_set(err, TU_ECONNECT,
		    "%s: PostgreSQL 13 or later is needed, this is %s",
		    pq->db.display, pq->db.version);
	pq->cancel = PQgetCancel(pq->conn);
	if (pq->cancel == NULL)
		out_of_memory(0);
	return TU_OK;
}

/* The timeouts are meant for applications; pg_dump lifts them, too. */
#define NO_TIMEOUTS                  \
	"SET statement_timeout = 0;" \
	"SET idle_in_transaction_session_timeout = 0;"

/*
 * Names in a condition or a query of the user's mean what they mean to him. Our
 * own SQL names functions of pg_catalog, which must not be overtaken; a session
 * that writes keeps the path as it is, for the sake of trigger functions.
 */
enum status
pq_user_path(struct pq *pq, struct err *err)
{
	static const char theirs[] = "RESET search_path";
	static const char ours_first[] =
	    "RESET search_path;"
	    "SELECT pg_catalog.set_config('search_path',"
	    " pg_catalog.concat_ws(', ', 'pg_catalog',"
	    " nullif(pg_catalog.current_setting('search_path'), '')), false)";

	return pq_query(pq, pq->write ? theirs : ours_first, NULL, err);
}

static enum status
set_session(struct pq *pq, struct err *err)
{
	enum status st;

	buf_reset(&pq->sql);
	buf_adds(&pq->sql, PG_SESSION NO_TIMEOUTS "SET jit = off;");
	if (pq->version >= 140000)
		buf_adds(&pq->sql, "SET idle_session_timeout = 0;");
	if (pq->version >= 170000)
		buf_adds(&pq->sql, "SET transaction_timeout = 0;");
	if (!pq->write)
		buf_adds(&pq->sql, "SET default_transaction_read_only = on;");
	st = pq_query(pq, buf_str(&pq->sql), NULL, err);
	if (st == TU_OK)
		st = pq_set_encoding(pq, err);
	return st ? st : pq_user_path(pq, err);
}

static void
pq_close(struct db *db)
{
	struct pq *pq = (struct pq *)db;

	if (pq == NULL)
		return;
	PQfreeCancel(pq->cancel);
	PQfinish(pq->conn);
	for (size_t i = 0; i < PQ_PREPARED; i++)
		free(pq->prepared[i]);
	pq_charset_free(pq);
	buf_free(&pq->params);
	buf_free(&pq->sql);
	free(pq);
}

static enum status
pq_open(const char *url, enum db_mode mode, struct db **out, struct err *err)
{
	struct pq *pq = calloc(1, sizeof(*pq));
	enum status st;

	*out = NULL;
	if (pq == NULL)
		out_of_memory(sizeof(*pq));
	pq->db.drv = &db_driver_pq;
	pq->db.dialect = &dialect_postgresql;
	pq->write = mode == DB_WRITE;
	st = check_conninfo(url, err);
	if (st == TU_OK)
		st = connect_to(pq, url, err);
	if (st == TU_OK) {
		st = set_session(pq, err);
		if (st == TU_OK)
			st = pq_selftest(pq, err);
		if (st)
			err_context(err, "%s", pq->db.display);
	}
	if (st) {
		pq_close(&pq->db);
		return st;
	}
	*out = &pq->db;
	return TU_OK;
}

static void
pq_cancel(struct db *db)
{
	char why[256];

	/* A statement that cannot be cancelled runs to its end. */
	(void)PQcancel(((struct pq *)db)->cancel, why, sizeof(why));
}

/* --- snapshots ------------------------------------------------------------ */

/* PostgreSQL takes the snapshot with the first query, so one is made now. */
static enum status
pq_snapshot_begin(struct db *db, const char *id, struct err *err)
{
	struct pq *pq = (struct pq *)db;
	enum status st;

	buf_reset(&pq->sql);
	buf_adds(&pq->sql, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;");
	if (id != NULL) {
		buf_adds(&pq->sql, "SET TRANSACTION SNAPSHOT ");
		pg_quote(&pq->sql, id, strlen(id));
		buf_adds(&pq->sql, ";SET LOCAL lock_timeout = '1s';");
	}
	buf_adds(&pq->sql, "SELECT 1");
	st = pq_query(pq, buf_str(&pq->sql), NULL, err);
	if (st)
		PQclear(PQexec(pq->conn, "ROLLBACK"));
	else
		pq->snapshot = true;
	return st;
}

static enum status
pq_snapshot_id(
    struct db *db, struct arena *arena, const char **id, struct err *err)
{
	struct pq *pq = (struct pq *)db;
	PGresult *res;
	enum status st;

	st = pq_query(pq, "SELECT pg_catalog.pg_export_snapshot()", &res, err);
	if (st)
		return st;
	*id = arena_strdup(arena, PQgetvalue(res, 0, 0));
	PQclear(res);
	return TU_OK;
}

static void
pq_snapshot_end(struct db *db)
{
	struct pq *pq = (struct pq *)db;

	/* Nothing was written: if this fails, so does the next statement. */
	if (pq->snapshot)
		PQclear(PQexec(pq->conn, "ROLLBACK"));
	pq->snapshot = false;
}

/* The planner locks partitions, too. */
static enum status
pq_hold(struct db *db, const struct table *table, struct err *err)
{
	struct buf sql = BUF_INIT;
	enum status st;

	buf_addf(&sql, "SELECT FROM %s LIMIT 0", table->from);
	st = pq_query((struct pq *)db, buf_str(&sql), NULL, err);
	buf_free(&sql);
	return st;
}

static void
pq_library(struct buf *out)
{
	int v = PQlibVersion();

	buf_addf(out, "libpq %d.%d", v / 10000, v % 10000);
}

const struct db_driver db_driver_pq = {
	.name = "postgresql",
	.caps = DB_CAP_FOLD | DB_CAP_SHARE | DB_CAP_BESIDE | DB_CAP_REMOTE,
	.match = pq_match,
	.open = pq_open,
	.close = pq_close,
	.exec = pq_exec,
	.scan = pq_scan,
	.next = pq_next,
	.cursor_close = pq_cursor_close,
	.batch = pq_batch,
	.snapshot_begin = pq_snapshot_begin,
	.snapshot_id = pq_snapshot_id,
	.snapshot_end = pq_snapshot_end,
	.hold = pq_hold,
	.blocks = pq_blocks,
	.list = pq_list,
	.describe = pq_describe,
	.describe_query = pq_describe_query,
	.table_version = pq_table_version,
	.cancel = pq_cancel,
	.library = pq_library,
};
