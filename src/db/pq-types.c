/*
 * Types that are not built into the driver: enums, arrays, rows, ranges, those
 * of extensions. What can be known of them is in the catalog.
 */
#include <config.h>

#include "db/pq-int.h"

#include <stdlib.h>

/* What TYPES_SQL returns. */
enum {
	T_OID,
	T_NAME,
	T_CAST,
	T_EQUAL,
	T_VAGUE,
	T_ENUM,
};

/* The types themselves, and those of their elements, fields and bounds. */
#define TYPES_PARTS                                                       \
	"t(oid) AS (VALUES %s), part(whole, typ) AS (SELECT oid, oid"     \
	" FROM t UNION SELECT p.whole, x.typ"                             \
	" FROM part p JOIN pg_type y ON y.oid = p.typ"                    \
	" CROSS JOIN LATERAL (SELECT y.typbasetype WHERE y.typtype = 'd'" \
	"  UNION ALL SELECT y.typelem"                                    \
	"   WHERE y.typelem <> 0 AND y.typlen = -1"                       \
	"  UNION ALL SELECT r.rngsubtype FROM pg_range r"                 \
	"   WHERE r.rngtypid = y.oid"                                     \
	"  UNION ALL SELECT a.atttypid FROM pg_attribute a"               \
	"   WHERE y.typtype = 'c' AND a.attrelid = y.typrelid"            \
	"   AND a.attnum > 0 AND NOT a.attisdropped) x(typ))"

/* The '=' of the types that a btree can index, as any search path finds it;
 * regnamespace and cidr use the one of what they are stored as. */
#define TYPES_EQUAL                                                       \
	"b(typ, op) AS (SELECT o.opcintype, CASE n.nspname"               \
	"  WHEN 'pg_catalog' THEN p.oprname::text"                        \
	"  ELSE format('OPERATOR(%%I.%%s)', n.nspname, p.oprname) END"    \
	" FROM pg_opclass o JOIN pg_amop m ON m.amopfamily = o.opcfamily" \
	"  AND m.amoplefttype = o.opcintype"                              \
	"  AND m.amoprighttype = o.opcintype AND m.amopstrategy = 3"      \
	" JOIN pg_operator p ON p.oid = m.amopopr"                        \
	" JOIN pg_namespace n ON n.oid = p.oprnamespace"                  \
	" WHERE o.opcmethod = 403 AND o.opcdefault"                       \
	"), e(typ, op) AS (SELECT typ, op FROM b UNION ALL"               \
	" SELECT oid, '=' FROM pg_type WHERE typtype IN ('e', 'r', 'm')"  \
	" UNION ALL SELECT k.castsource, b.op FROM pg_cast k"             \
	"  JOIN b ON b.typ = k.casttarget AND b.op = '='"                 \
	"  WHERE k.castmethod = 'b' AND k.castcontext = 'i')"

#define HOLDS(y) "(" y ".typelem <> 0 AND " y ".typlen = -1)"

/*
 * %s: OIDs as rows of VALUES. Arrays and rows have an '=' if all that is in
 * them has. In a row or an array the text of a regclass depends on the search
 * path and that of money on lc_monetary: nobody can compare them by text.
 */
#define TYPES_SQL                                                              \
	"WITH RECURSIVE " TYPES_PARTS ", " TYPES_EQUAL                         \
	" SELECT y.oid, format_type(y.oid, -1),"                               \
	" EXISTS (SELECT FROM pg_cast k WHERE k.castsource = y.oid"            \
	"  AND k.casttarget = 'text'::regtype AND k.castmethod = 'f'),"        \
	" CASE WHEN y.typtype = 'c' OR " HOLDS(                                \
	    "y") "  THEN CASE WHEN NOT EXISTS (SELECT FROM part p JOIN "       \
		 "pg_type x"                                                   \
		 "    ON x.oid = p.typ AND x.typtype NOT IN ('c', 'd')"        \
		 "    AND NOT " HOLDS(                                         \
		     "x") "   WHERE p.whole = y.oid AND NOT EXISTS"            \
			  "    (SELECT FROM e WHERE e.typ = p.typ)) THEN '=' " \
			  "END"                                                \
			  "  ELSE (SELECT min(e.op) FROM e WHERE e.typ = "     \
			  "y.oid) END,"                                        \
			  " EXISTS (SELECT FROM part p WHERE p.whole = y.oid"  \
			  "  AND p.typ <> y.oid AND p.typ IN (24, 790, 2202, " \
			  "2203, 2204, 2205,"                                  \
			  "  2206, 3734, 3769, 4191)),"                        \
			  " y.typtype = 'e' "                                  \
			  "FROM (SELECT DISTINCT oid FROM t) t JOIN pg_type "  \
			  "y ON y.oid = t.oid"

static const char *
value(const PGresult *res, int row, int col)
{
	return PQgetvalue(res, row, col);
}

static enum status
fill_labels(struct pq *pq, struct arena *arena, const char *type,
    struct column *col, struct err *err)
{
	const char **labels;
	PGresult *res;
	enum status st;
	int n;

	buf_reset(&pq->sql);
	buf_addf(&pq->sql,
	    "SELECT enumlabel FROM pg_catalog.pg_enum WHERE enumtypid = %s "
	    "ORDER BY enumsortorder",
	    type);
	st = pq_query(pq, buf_str(&pq->sql), &res, err);
	if (st)
		return st;
	n = PQntuples(res);
	labels = arena_alloc(arena, ((size_t)n + 1) * sizeof(*labels));
	for (int i = 0; i < n; i++)
		labels[i] = arena_strdup(arena, value(res, i, 0));
	labels[n] = NULL;
	col->labels = labels;
	PQclear(res);
	return TU_OK;
}

static enum status
fill_type(struct pq *pq, struct arena *arena, const PGresult *types, int row,
    struct column *col, struct err *err)
{
	col->base_type = arena_strdup(arena, value(types, row, T_NAME));
	if (*value(types, row, T_CAST) == 't')
		col->wire |= PG_CAST;
	if (!PQgetisnull(types, row, T_EQUAL))
		col->equal_op = arena_strdup(arena, value(types, row, T_EQUAL));
	if (*value(types, row, T_VAGUE) == 't')
		col->ltype = LT_NONE;
	if (*value(types, row, T_ENUM) == 't')
		return fill_labels(
		    pq, arena, value(types, row, T_OID), col, err);
	return TU_OK;
}

enum status
pq_other_types(struct pq *pq, struct arena *arena, const PGresult *columns,
    int oid, struct table *table, struct err *err)
{
	struct buf list = BUF_INIT;
	PGresult *types = NULL;
	enum status st = TU_OK;

	for (size_t i = 0; i < table->ncolumns; i++)
		if (pg_wire(&table->columns[i]) == PG_OTHER)
			buf_addf(&list, "%s(%s::oid)", list.len > 0 ? "," : "",
			    value(columns, (int)i, oid));
	if (list.len == 0)
		return TU_OK;
	buf_reset(&pq->sql);
	buf_addf(&pq->sql, TYPES_SQL, buf_str(&list));
	buf_free(&list);
	st = pq_query(pq, buf_str(&pq->sql), &types, err);
	for (size_t i = 0; i < table->ncolumns && st == TU_OK; i++) {
		const char *want = value(columns, (int)i, oid);

		if (pg_wire(&table->columns[i]) != PG_OTHER)
			continue;
		for (int row = 0; row < PQntuples(types); row++)
			if (st == TU_OK &&
			    strcmp(value(types, row, T_OID), want) == 0)
				st = fill_type(pq, arena, types, row,
				    &table->columns[i], err);
	}
	PQclear(types);
	return st;
}
