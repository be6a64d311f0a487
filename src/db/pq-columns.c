/*
 * Columns of a table or of a query: PostgreSQL's types to logical types.
 */
#include <config.h>

#include "db/pq-int.h"

#include <stdlib.h>

/* --- types ---------------------------------------------------------------- */

/* Built-in types by OID; these never change (pg_type.dat). */
static const struct {
	Oid oid;
	enum pg_wire wire;
	enum ltype ltype;
	int scale; /* of numbers; -1: does not apply or by declaration */
} known[] = {
	{ 16, PG_BOOL, LT_NUM, 0 },
	{ 17, PG_BYTEA, LT_BYTES, -1 },
	{ 19, PG_NAME, LT_TEXT, -1 },
	{ 20, PG_INT8, LT_NUM, 0 },
	{ 21, PG_INT2, LT_NUM, 0 },
	{ 23, PG_INT4, LT_NUM, 0 },
	{ 24, PG_REGPROC, LT_OTHER, -1 },
	{ 25, PG_TEXT, LT_TEXT, -1 },
	{ 26, PG_OID, LT_NUM, 0 },
	{ 114, PG_JSON, LT_JSON, -1 },
	{ 700, PG_FLOAT4, LT_F4, -1 },
	{ 701, PG_FLOAT8, LT_F8, -1 },
	{ 790, PG_MONEY, LT_NUM, 2 },
	{ 1042, PG_BPCHAR, LT_CHAR, -1 },
	{ 1043, PG_VARCHAR, LT_TEXT, -1 },
	{ 1082, PG_DATE, LT_DATE, -1 },
	{ 1083, PG_TIME, LT_TIME, -1 },
	{ 1114, PG_TIMESTAMP, LT_TS, -1 },
	{ 1184, PG_TIMESTAMPTZ, LT_TSTZ, -1 },
	{ 1186, PG_INTERVAL, LT_INTERVAL, -1 },
	{ 1560, PG_BIT, LT_BITS, -1 },
	{ 1562, PG_VARBIT, LT_BITS, -1 },
	{ 1700, PG_NUMERIC, LT_NUM, -1 },
	{ 2202, PG_REGPROCEDURE, LT_OTHER, -1 },
	{ 2203, PG_REGOPER, LT_OTHER, -1 },
	{ 2204, PG_REGOPERATOR, LT_OTHER, -1 },
	{ 2205, PG_REGCLASS, LT_OTHER, -1 },
	{ 2206, PG_REGTYPE, LT_OTHER, -1 },
	{ 2950, PG_UUID, LT_UUID, -1 },
	{ 3734, PG_REGCONFIG, LT_OTHER, -1 },
	{ 3769, PG_REGDICTIONARY, LT_OTHER, -1 },
	{ 3802, PG_JSONB, LT_JSON, -1 },
	{ 4191, PG_REGCOLLATION, LT_OTHER, -1 },
};

/* The rest goes by its text; enums and citext are text to people, too. */
static void
set_type(struct column *col, Oid type, char typtype, const char *typname)
{
	bool text = typtype == 'e' || strcmp(typname, "citext") == 0 ||
	            strcmp(typname, "char") == 0;

	col->wire = PG_OTHER;
	col->ltype = text ? LT_TEXT : LT_OTHER;
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (known[i].oid != type)
			continue;
		col->wire = (int)known[i].wire;
		col->ltype = known[i].ltype;
		col->scale = known[i].scale;
	}
	col->boolean = col->wire == PG_BOOL;
	col->integer = col->wire == PG_INT2 || col->wire == PG_INT4 ||
	               col->wire == PG_INT8 || col->wire == PG_OID;
}

/* https://www.postgresql.org/docs/current/catalog-pg-attribute.html,
 * atttypmod; each type packs it in its own way (numeric.c, varchar.c). */
static void
set_modifier(struct column *col, int typmod)
{
	int m = typmod - 4; /* VARHDRSZ */

	switch (col->wire) {
	case PG_NUMERIC:
		if (typmod < 0)
			break;
		col->precision = m >> 16 & 0xffff;
		col->scale = ((m & 0x7ff) ^ 1024) - 1024;
		break;
	case PG_MONEY:
		col->precision = 19;
		break;
	case PG_BPCHAR:
	case PG_VARCHAR:
		col->maxlen = typmod < 0 ? -1 : m;
		break;
	case PG_BIT:
	case PG_VARBIT:
		col->maxlen = typmod;
		break;
	case PG_TIME:
	case PG_TIMESTAMP:
	case PG_TIMESTAMPTZ:
		col->frac = typmod < 0 ? 6 : typmod;
		break;
	case PG_INTERVAL: /* the fields above, all ones for any precision */
		if (typmod >= 0 && (typmod & 0xffff) <= 6)
			col->frac = typmod & 0xffff;
		break;
	default:
		break;
	}
}

/* --- the statement -------------------------------------------------------- */

/* What COLUMNS_SQL returns. */
enum {
	C_NAME,
	C_TYPE,
	C_OID,
	C_TYPMOD,
	C_DOMAIN,
	C_TYPTYPE,
	C_TYPNAME,
	C_NOTNULL,
	C_GENERATED,
	C_IDENTITY,
	C_SEQUENCE,
	C_COLLATION,
	C_BYTEWISE,
	C_NONDET,
};

/*
 * %s: the columns; the provider of the database's collation. Domains can
 * nest, the innermost has the length. Text whose collation cannot be known
 * (an expression of a query) might be nondeterministic.
 */
#define COLUMNS_SQL                                                           \
	"WITH RECURSIVE c(n, name, typ, typmod, coll, nn, gen, ident, seq) "  \
	"AS (%s), d(n, typ, typmod, dom) AS ("                                \
	" SELECT n, typ, typmod, false FROM c UNION ALL"                      \
	" SELECT d.n, t.typbasetype, t.typtypmod, true"                       \
	" FROM d JOIN pg_type t ON t.oid = d.typ WHERE t.typtype = 'd'"       \
	"), db AS (SELECT pg_encoding_to_char(encoding)"                      \
	"  IN ('UTF8', 'LATIN1', 'SQL_ASCII') AS ordered,"                    \
	" %s AS provider, datcollate FROM pg_database"                        \
	" WHERE datname = current_database())"                                \
	"SELECT c.name, format_type(c.typ, c.typmod), t.oid, d.typmod,"       \
	" d.dom, t.typtype, t.typname, c.nn, c.gen <> '', c.ident = 'a',"     \
	" c.seq, co.collname,"                                                \
	" co.oid IS NOT NULL AND db.ordered AND x.provider IN ('c', 'b') AND" \
	"  (x.provider = 'b' OR"                                              \
	"   x.locale IN ('C', 'POSIX', 'C.UTF-8', 'C.utf8')),"                \
	" CASE WHEN t.typcollation = 0 THEN false"                            \
	"  ELSE NOT coalesce(co.collisdeterministic, false) END "             \
	"FROM db, c JOIN d ON d.n = c.n"                                      \
	" JOIN pg_type t ON t.oid = d.typ AND t.typtype <> 'd'"               \
	" LEFT JOIN pg_collation co ON co.oid = c.coll,"                      \
	" LATERAL (SELECT"                                                    \
	"  CASE co.collprovider WHEN 'd' THEN db.provider"                    \
	"   ELSE co.collprovider END AS provider,"                            \
	"  CASE co.collprovider WHEN 'd' THEN db.datcollate::text"            \
	"   ELSE co.collcollate::text END AS locale) x "                      \
	"ORDER BY c.n"

static bool
is_true(const PGresult *res, int row, int col)
{
	return *PQgetvalue(res, row, col) == 't';
}

static char *
value_or_null(struct arena *arena, const PGresult *res, int row, int col)
{
	if (PQgetisnull(res, row, col))
		return NULL;
	return arena_strdup(arena, PQgetvalue(res, row, col));
}

/* What can hold more than ASCII depends on the database's encoding. */
static void
set_server(
    const struct pq *pq, const struct charset *charset, struct column *col)
{
	enum pg_wire wire = pg_wire(col);

	if (wire == PG_INTERVAL && pq->version < 170000)
		col->wire |= PG_FINITE;
	if (!pg_is_text(wire) && wire != PG_JSON && wire != PG_JSONB &&
	    wire != PG_OTHER && !pg_is_reg(wire))
		return;
	col->wire |= pq->encoding;
	col->charset = charset;
}

static void
fill_column(
    struct arena *arena, const PGresult *res, int row, struct column *col)
{
	col->name = arena_strdup(arena, PQgetvalue(res, row, C_NAME));
	col->type = arena_strdup(arena, PQgetvalue(res, row, C_TYPE));
	col->precision = col->scale = col->frac = col->maxlen = -1;
	set_type(col, (Oid)strtoul(PQgetvalue(res, row, C_OID), NULL, 10),
	    *PQgetvalue(res, row, C_TYPTYPE), PQgetvalue(res, row, C_TYPNAME));
	set_modifier(col, atoi(PQgetvalue(res, row, C_TYPMOD)));
	col->notnull = is_true(res, row, C_NOTNULL);
	col->generated = is_true(res, row, C_GENERATED);
	col->identity_always = is_true(res, row, C_IDENTITY);
	col->sequence = value_or_null(arena, res, row, C_SEQUENCE);
	col->collation = value_or_null(arena, res, row, C_COLLATION);
	col->bytewise =
	    is_true(res, row, C_BYTEWISE) && pg_is_text(pg_wire(col));
	if (is_true(res, row, C_NONDET))
		col->wire |= PG_NONDET;
	/* Two domains of one name may be of different types. */
	col->raw = !is_true(res, row, C_DOMAIN);
}

enum status
pq_columns(struct pq *pq, struct arena *arena, const char *source,
    struct table *table, struct err *err)
{
	const struct charset *charset;
	PGresult *res;
	enum status st;

	buf_reset(&pq->sql);
	/* So that types are named in full, on every connection alike. */
	buf_adds(&pq->sql, "SET search_path = pg_catalog;");
	buf_addf(&pq->sql, COLUMNS_SQL, source,
	    pq->version >= 150000 ? "datlocprovider" : "'c'::\"char\"");
	st = pq_query(pq, buf_str(&pq->sql), &res, err);
	if (st)
		return st;
	st = pq_charset(pq, arena, &charset, err);
	if (st) {
		PQclear(res);
		return st;
	}
	table->ncolumns = (size_t)PQntuples(res);
	table->columns =
	    arena_alloc(arena, (table->ncolumns + 1) * sizeof(*table->columns));
	for (size_t i = 0; i < table->ncolumns; i++) {
		fill_column(arena, res, (int)i, &table->columns[i]);
		set_server(pq, charset, &table->columns[i]);
	}
	st = pq_other_types(pq, arena, res, C_OID, table, err);
	PQclear(res);
	return st ? st : pq_user_path(pq, err);
}

/* --- queries -------------------------------------------------------------- */

/* The results that are to come, up to the end of the pipeline; of the n
 * statements the one asked for, or that which failed. */
static PGresult *
pipeline_results(PGconn *conn, int n, int wanted)
{
	PGresult *kept = NULL, *res;
	bool failed = false;

	for (int i = 0; i < n; i++) {
		while ((res = PQgetResult(conn)) != NULL) {
			bool bad = PQresultStatus(res) != PGRES_COMMAND_OK;

			if (!failed && (bad || i == wanted)) {
				PQclear(kept);
				kept = res;
			} else {
				PQclear(res);
			}
			failed |= bad;
		}
	}
	PQclear(PQgetResult(conn)); /* of the end itself */
	return kept;
}

/* Four statements in one round trip. */
enum status
pq_describe_sql(struct pq *pq, const char *sql, PGresult **out, struct err *err)
{
	bool savepoint = pq_in_transaction(pq);
	PGconn *conn = pq->conn;
	PGresult *res = NULL;
	bool sent;

	*out = NULL;
	sent = PQenterPipelineMode(conn) == 1;
	if (savepoint)
		sent = sent && PQsendQueryParams(conn, PQ_SAVEPOINT, 0, NULL,
				   NULL, NULL, NULL, 0);
	sent = sent && PQsendPrepare(conn, "", sql, 0, NULL) &&
	       PQsendDescribePrepared(conn, "");
	if (savepoint)
		sent = sent && PQsendQueryParams(conn, PQ_RELEASE, 0, NULL,
				   NULL, NULL, NULL, 0);
	sent = sent && PQpipelineSync(conn);
	if (sent)
		res = pipeline_results(
		    conn, savepoint ? 4 : 2, savepoint ? 2 : 1);
	PQexitPipelineMode(conn);
	if (PQresultStatus(res) == PGRES_COMMAND_OK) {
		*out = res;
		return TU_OK;
	}
	(void)pq_error(pq, res, err);
	PQclear(res);
	if (savepoint)
		pq_back_to_savepoint(pq);
	return err->status;
}

/* The columns of a described statement as rows for COLUMNS_SQL. */
static void
query_source(struct buf *out, const PGresult *res)
{
	buf_adds(out,
	    "SELECT v.n, v.name, v.typ, v.typmod, a.attcollation, false, '',"
	    " '', NULL FROM (VALUES ");
	for (int i = 0; i < PQnfields(res); i++) {
		const char *name = PQfname(res, i);

		buf_addf(out, "%s(%d,", i > 0 ? "," : "", i);
		pg_quote(out, name, strlen(name));
		buf_addf(out, "::text,%u::oid,%d,%u::oid,%d)", PQftype(res, i),
		    PQfmod(res, i), PQftable(res, i), PQftablecol(res, i));
	}
	buf_adds(out, ") AS v(n, name, typ, typmod, rel, att)"
		      " LEFT JOIN pg_attribute a"
		      " ON a.attrelid = v.rel AND a.attnum = v.att");
}

enum status
pq_describe_query(struct db *db, struct arena *arena, const char *sql,
    struct table *out, struct err *err)
{
	struct pq *pq = (struct pq *)db;
	struct buf source = BUF_INIT;
	size_t len = strlen(sql);
	PGresult *res;
	enum status st;

	while (len > 0 && strchr("; \t\r\n", sql[len - 1]) != NULL)
		len--;
	*out = (struct table){
		.name = "query", .kind = REL_QUERY, .rows = -1, .bytes = -1
	};
	/* The line break ends a comment behind the query. */
	out->from = arena_printf(arena, "(%.*s\n) AS trueup_q", (int)len, sql);
	st = pq_describe_sql(
	    pq, arena_printf(arena, "SELECT * FROM %s", out->from), &res, err);
	if (st)
		return st;
	if (PQnfields(res) == 0) {
		st = err_set(err, TU_ESCHEMA, "the query has no columns");
	} else {
		query_source(&source, res);
		st = pq_columns(pq, arena, buf_str(&source), out, err);
	}
	PQclear(res);
	buf_free(&source);
	return st;
}
