/*
 * Tables, keys, references (VALUES 5).
 */
#include <config.h>

#include "db/pq-int.h"

#include <stdio.h>
#include <stdlib.h>

/* --- list ----------------------------------------------------------------- */

/* What belongs to an extension is not the user's to compare. */
#define LIST_SQL                                                           \
	"SELECT n.nspname, c.relname, c.relkind, c.oid, c.relhassubclass," \
	" c.relispartition "                                               \
	"FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"        \
	" ON n.oid = c.relnamespace "                                      \
	"WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')"                     \
	" AND n.nspname !~ '^pg_'"                                         \
	" AND n.nspname <> 'information_schema'"                           \
	" AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d"              \
	"  WHERE d.classid = 'pg_catalog.pg_class'::regclass"              \
	"  AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e') "   \
	"ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\""

static enum relkind
kind_of(char relkind)
{
	switch (relkind) {
	case 'p':
		return REL_PARTITIONED;
	case 'v':
		return REL_VIEW;
	case 'm':
		return REL_MATVIEW;
	case 'f':
		return REL_FOREIGN;
	default:
		return REL_TABLE;
	}
}

/* Children of a table that is inherited from are tables of their own. */
static const char *
from_clause(struct arena *arena, const struct table *t, bool inherited)
{
	struct buf from = BUF_INIT;
	const char *result;

	if (inherited && (t->kind == REL_TABLE || t->kind == REL_FOREIGN))
		buf_adds(&from, "ONLY ");
	pg_ident(&from, t->schema);
	buf_addc(&from, '.');
	pg_ident(&from, t->name);
	result = arena_strdup(arena, buf_str(&from));
	buf_free(&from);
	return result;
}

enum status
pq_list(
    struct db *db, struct arena *arena, struct table_list *out, struct err *err)
{
	PGresult *res;
	enum status st = pq_query((struct pq *)db, LIST_SQL, &res, err);

	if (st)
		return st;
	out->n = (size_t)PQntuples(res);
	out->tables = arena_alloc(arena, (out->n + 1) * sizeof(*out->tables));
	for (int i = 0; i < PQntuples(res); i++) {
		struct table *t = &out->tables[i];

		t->schema = arena_strdup(arena, PQgetvalue(res, i, 0));
		t->name = arena_strdup(arena, PQgetvalue(res, i, 1));
		t->kind = kind_of(*PQgetvalue(res, i, 2));
		t->oid = strtoull(PQgetvalue(res, i, 3), NULL, 10);
		t->from = from_clause(arena, t, *PQgetvalue(res, i, 4) == 't');
		t->partition = *PQgetvalue(res, i, 5) == 't';
		t->writable =
		    t->kind == REL_TABLE || t->kind == REL_PARTITIONED;
		t->rows = t->bytes = -1;
	}
	PQclear(res);
	return TU_OK;
}

/* --- describe ------------------------------------------------------------- */

/*
 * NOT NULL is somebody's word only in a foreign table, which may be a part of a
 * partitioned one, and where it is NOT VALID (PostgreSQL 18).
 */
#define COLUMN_SOURCE                                                       \
	"SELECT a.attnum::int, a.attname::text, a.atttypid, a.atttypmod,"   \
	" a.attcollation, a.attnotnull"                                     \
	"  AND r.relkind IN ('r', 'p') AND NOT EXISTS ("                    \
	"   SELECT FROM pg_partition_tree(r.oid) t"                         \
	"   JOIN pg_class l ON l.oid = t.relid AND l.relkind = 'f')"        \
	"  AND NOT EXISTS (SELECT FROM pg_constraint n"                     \
	"   WHERE n.conrelid = r.oid AND n.contype = 'n'"                   \
	"   AND n.conkey = ARRAY[a.attnum] AND NOT n.convalidated),"        \
	" a.attgenerated::text,"                                            \
	" a.attidentity::text,"                                             \
	" CASE WHEN r.relkind IN ('r', 'p') AND a.atttypid IN (20, 21, 23)" \
	"  THEN pg_get_serial_sequence("                                    \
	"   format('%%I.%%I', n.nspname, r.relname), a.attname) END "       \
	"FROM pg_attribute a JOIN pg_class r ON r.oid = a.attrelid"         \
	" JOIN pg_namespace n ON n.oid = r.relnamespace "                   \
	"WHERE a.attrelid = %llu AND a.attnum > 0 AND NOT a.attisdropped"

/*
 * A key WITHOUT OVERLAPS is an exclusion constraint that excludes equal values,
 * too: no period in it is empty. The catalog has it since PostgreSQL 18, hence
 * the way to ask.
 */
#define TEMPORAL                                                \
	"SELECT FROM pg_catalog.pg_constraint k"                \
	" WHERE k.conindid = i.indexrelid AND k.contype <> 'f'" \
	" AND (pg_catalog.to_jsonb(k)->>'conperiod')::boolean"

/* One row per column of each key. */
#define KEYS_SQL                                                           \
	"SELECT c.relname, a.attname, i.indisprimary "                     \
	"FROM pg_catalog.pg_index i"                                       \
	" JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid"              \
	" CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY k(att, pos)" \
	" JOIN pg_catalog.pg_attribute a"                                  \
	"  ON a.attrelid = i.indrelid AND a.attnum = k.att "               \
	"WHERE i.indrelid = %1$llu AND i.indisunique AND i.indisvalid"     \
	" AND i.indimmediate AND i.indpred IS NULL"                        \
	" AND (NOT i.indisexclusion OR EXISTS (" TEMPORAL "))"             \
	" AND i.indexprs IS NULL AND k.pos <= i.indnkeyatts "              \
	"ORDER BY i.indisprimary DESC, c.relname COLLATE \"C\", c.oid, k.pos"

/*
 * One row per column of each foreign key that is enforced. One that refers to a
 * partitioned table has a copy for every partition.
 */
#define FKEYS_SQL                                                          \
	"SELECT f.conname, a.attname, n.nspname, r.relname, ra.attname,"   \
	" f.confdeltype, f.condeferrable "                                 \
	"FROM pg_catalog.pg_constraint f"                                  \
	" CROSS JOIN LATERAL unnest(f.conkey, f.confkey) WITH ORDINALITY"  \
	"  k(att, ratt, pos)"                                              \
	" JOIN pg_catalog.pg_class r ON r.oid = f.confrelid"               \
	" JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace"        \
	" JOIN pg_catalog.pg_attribute a"                                  \
	"  ON a.attrelid = f.conrelid AND a.attnum = k.att"                \
	" JOIN pg_catalog.pg_attribute ra"                                 \
	"  ON ra.attrelid = f.confrelid AND ra.attnum = k.ratt "           \
	"WHERE f.conrelid = %1$llu AND f.contype = 'f'"                    \
	" AND coalesce((pg_catalog.to_jsonb(f)->>'conenforced')::boolean," \
	"  true)"                                                          \
	" AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint p"          \
	"  WHERE p.oid = f.conparentid AND p.conrelid = f.conrelid) "      \
	"ORDER BY f.conname COLLATE \"C\", f.oid, k.pos"

#define TRIGGERS_SQL                                                      \
	"SELECT tgname FROM pg_catalog.pg_trigger WHERE tgrelid = %1$llu" \
	" AND NOT tgisinternal AND tgenabled <> 'D' ORDER BY tgname"

/*
 * As the planner does: rows per page when last counted, times the pages of
 * today. A table that was never counted (-1, 0 before PostgreSQL 14) makes
 * the sum unknown unless it is empty.
 */
#define SIZE_SQL                                                            \
	"SELECT CASE WHEN bool_or(s.pages IS NULL"                          \
	"  OR (s.pages > 0 AND (c.reltuples < 0 OR c.relpages = 0)))"       \
	"  THEN -1 ELSE sum(CASE WHEN s.pages = 0 THEN 0"                   \
	"  ELSE c.reltuples::float8 / nullif(c.relpages, 0) * s.pages END)" \
	"  END,"                                                            \
	" sum(s.bytes), sum(s.pages) "                                      \
	"FROM pg_catalog.pg_class c CROSS JOIN LATERAL (SELECT"             \
	" CASE WHEN c.relkind IN ('r', 'm') THEN pg_relation_size(c.oid)"   \
	"  / current_setting('block_size')::float8 END AS pages,"           \
	" CASE WHEN c.relkind IN ('r', 'm') THEN pg_table_size(c.oid) END"  \
	"  AS bytes) s "                                                    \
	"WHERE c.oid IN (SELECT t.relid FROM pg_partition_tree(%1$llu) t"   \
	"  WHERE t.isleaf) OR c.oid = %1$llu AND c.relkind <> 'p'"

static char *
value(struct arena *arena, const PGresult *res, int row, int col)
{
	return arena_strdup(arena, PQgetvalue(res, row, col));
}

/* Rows from row on that belong to the same key: the first column says. */
static int
group_size(const PGresult *res, int row)
{
	int n = 1;

	while (row + n < PQntuples(res) && strcmp(PQgetvalue(res, row + n, 0),
					       PQgetvalue(res, row, 0)) == 0)
		n++;
	return n;
}

static size_t
count_groups(const PGresult *res)
{
	size_t n = 0;

	for (int row = 0; row < PQntuples(res); row += group_size(res, row))
		n++;
	return n;
}

static void
fill_key(struct arena *arena, const PGresult *res, int row,
    const struct table *table, struct index_key *key)
{
	int n = group_size(res, row);
	int *cols = arena_alloc(arena, (size_t)n * sizeof(*cols));

	key->name = value(arena, res, row, 0);
	key->primary = *PQgetvalue(res, row, 2) == 't';
	key->notnull = true;
	for (int i = 0; i < n; i++) {
		cols[i] = table_find_column(table, PQgetvalue(res, row + i, 1));
		key->notnull &= table->columns[cols[i]].notnull;
	}
	key->ncols = (size_t)n;
	key->cols = cols;
}

static void
fill_keys(struct arena *arena, const PGresult *res, struct table *table)
{
	struct index_key *key;

	table->nkeys = count_groups(res);
	key = table->keys =
	    arena_alloc(arena, (table->nkeys + 1) * sizeof(*table->keys));
	for (int row = 0; row < PQntuples(res); row += group_size(res, row))
		fill_key(arena, res, row, table, key++);
}

static const char *
action_name(char action)
{
	switch (action) {
	case 'r':
		return "RESTRICT";
	case 'c':
		return "CASCADE";
	case 'n':
		return "SET NULL";
	case 'd':
		return "SET DEFAULT";
	default:
		return "NO ACTION";
	}
}

static void
fill_fkey(struct arena *arena, const PGresult *res, int row, struct fkey *fkey)
{
	size_t n = (size_t)group_size(res, row);
	const char **cols = arena_alloc(arena, n * sizeof(*cols));
	const char **refs = arena_alloc(arena, n * sizeof(*refs));

	for (size_t i = 0; i < n; i++) {
		cols[i] = value(arena, res, row + (int)i, 1);
		refs[i] = value(arena, res, row + (int)i, 4);
	}
	fkey->name = value(arena, res, row, 0);
	fkey->ncols = n;
	fkey->cols = cols;
	fkey->ref_schema = value(arena, res, row, 2);
	fkey->ref_table = value(arena, res, row, 3);
	fkey->ref_cols = refs;
	fkey->on_delete = action_name(*PQgetvalue(res, row, 5));
	fkey->deferrable = *PQgetvalue(res, row, 6) == 't';
}

static void
fill_fkeys(struct arena *arena, const PGresult *res, struct table *table)
{
	struct fkey *fkey;

	table->nfkeys = count_groups(res);
	fkey = table->fkeys =
	    arena_alloc(arena, (table->nfkeys + 1) * sizeof(*table->fkeys));
	for (int row = 0; row < PQntuples(res); row += group_size(res, row))
		fill_fkey(arena, res, row, fkey++);
}

static void
fill_triggers(struct arena *arena, const PGresult *res, struct table *table)
{
	const char **names;

	table->ntriggers = (size_t)PQntuples(res);
	names = arena_alloc(arena, (table->ntriggers + 1) * sizeof(*names));
	for (size_t i = 0; i < table->ntriggers; i++)
		names[i] = value(arena, res, (int)i, 0);
	table->triggers = names;
}

static void
fill_size(struct arena *arena, const PGresult *res, struct table *table)
{
	(void)arena;
	if (!PQgetisnull(res, 0, 0))
		table->rows = strtod(PQgetvalue(res, 0, 0), NULL);
	if (!PQgetisnull(res, 0, 1))
		table->bytes = strtod(PQgetvalue(res, 0, 1), NULL);
	if (!PQgetisnull(res, 0, 2))
		table->pages = strtod(PQgetvalue(res, 0, 2), NULL);
}

enum status
pq_describe(
    struct db *db, struct arena *arena, struct table *table, struct err *err)
{
	static void (*const fill[])(struct arena * arena, const PGresult *res,
	    struct table *table) = { fill_keys, fill_fkeys, fill_triggers,
		fill_size };
	PGresult *res[ARRAY_LEN(fill)];
	struct pq *pq = (struct pq *)db;
	unsigned long long oid = table->oid;
	enum status st;

	st = pq_columns(
	    pq, arena, arena_printf(arena, COLUMN_SOURCE, oid), table, err);
	if (st)
		return st;
	buf_reset(&pq->sql);
	buf_addf(&pq->sql, KEYS_SQL ";" FKEYS_SQL ";" TRIGGERS_SQL ";" SIZE_SQL,
	    oid);
	st = pq_queries(pq, buf_str(&pq->sql), res, ARRAY_LEN(fill), err);
	if (st)
		return st;
	for (size_t i = 0; i < ARRAY_LEN(fill); i++) {
		fill[i](arena, res[i], table);
		PQclear(res[i]);
	}
	if (table->ncolumns == 0)
		return err_set(err, TU_ESCHEMA,
		    "the table has no columns, or was dropped just now");
	return TU_OK;
}

/* --- blocks -----------------------------------------------------------------
 */

/*
 * What is no heap may put into a ctid whatever it likes. Views, queries and
 * foreign tables have no access method, and a partitioned table no size.
 */
#define BLOCKS_SQL                                           \
	"SELECT pg_relation_size(c.oid)"                     \
	" / current_setting('block_size')::bigint "          \
	"FROM pg_catalog.pg_class c JOIN pg_catalog.pg_am a" \
	" ON a.oid = c.relam "                               \
	"WHERE c.oid = %llu"                                 \
	" AND a.amhandler = 'pg_catalog.heap_tableam_handler'::regproc"

/* Older servers read the whole table for some blocks of it. */
enum status
pq_blocks(
    struct db *db, const struct table *table, uint64_t *n, struct err *err)
{
	struct pq *pq = (struct pq *)db;
	unsigned long long oid = table->oid;
	PGresult *res;
	enum status st;

	*n = 0;
	if (pq->version < 140000)
		return TU_OK;
	buf_reset(&pq->sql);
	buf_addf(&pq->sql, BLOCKS_SQL, oid);
	st = pq_query(pq, buf_str(&pq->sql), &res, err);
	if (st)
		return st;
	if (PQntuples(res) == 1 && !PQgetisnull(res, 0, 0))
		*n = strtoull(PQgetvalue(res, 0, 0), NULL, 10);
	PQclear(res);
	return TU_OK;
}

/* --- version -------------------------------------------------------------- */

/* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ */
static uint64_t
fnv(uint64_t h, const void *p, size_t n)
{
	const unsigned char *s = p;

	for (size_t i = 0; i < n; i++)
		h = (h ^ s[i]) * UINT64_C(0x100000001b3);
	return h;
}

static uint64_t
fnv_text(uint64_t h, const char *s)
{
	return fnv(h, s, strlen(s) + 1);
}

/* What SELECT * returns now; a table that is gone returns nothing. */
static enum status
hash_shape(
    struct pq *pq, const struct table *table, uint64_t *h, struct err *err)
{
	struct err gone = ERR_INIT;
	PGresult *res;
	enum status st;

	buf_reset(&pq->sql);
	buf_addf(&pq->sql, "SELECT * FROM %s", table->from);
	st = pq_describe_sql(pq, buf_str(&pq->sql), &res, &gone);
	if (st && strncmp(gone.sqlstate, "42", 2) != 0) {
		*err = gone;
		return st;
	}
	for (int i = 0; st == TU_OK && i < PQnfields(res); i++) {
		Oid type = PQftype(res, i);
		int mod = PQfmod(res, i);

		*h = fnv_text(*h, PQfname(res, i));
		*h = fnv(*h, &type, sizeof(type));
		*h = fnv(*h, &mod, sizeof(mod));
	}
	PQclear(res);
	return TU_OK;
}

/*
 * TRUNCATE and whatever rewrites a table leave nothing in it for a snapshot
 * that is older, even where other rows were put in by the same transaction. So
 * the file that the snapshot knows must still be the one that is read: of the
 * table, its partitions, and all else that this transaction has locked (what a
 * view reads).
 */
#define REWRITTEN                                                     \
	"SELECT c.oid::regclass FROM pg_class c"                      \
	" WHERE c.oid >= 16384 AND c.relkind IN ('r', 'm')"           \
	" AND (c.oid = %1$llu"                                        \
	"  OR c.oid IN (SELECT relid FROM pg_partition_tree(%1$llu))" \
	"  OR c.oid IN (SELECT relation FROM pg_locks"                \
	"   WHERE locktype = 'relation' AND pid = pg_backend_pid()))" \
	" AND c.relfilenode <> pg_relation_filenode(c.oid) LIMIT 1"

#define FILE_OF_TABLE \
	"SELECT %1$llu::regclass, pg_catalog.pg_relation_filenode(%1$llu)"

/*
 * A catalog table read under a snapshot shows the past. The parser and the
 * functions that go by the server's caches do not: what SELECT * returns, the
 * table's name, and the file behind it, which TRUNCATE and a rewrite change.
 * The parser comes first: it locks the table, and with the lock the server
 * learns that its caches are out of date.
 */
enum status
pq_table_version(struct db *db, const struct table *table, uint64_t *version,
    struct err *err)
{
	struct pq *pq = (struct pq *)db;
	unsigned long long oid = table->oid;
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	PGresult *res[2];
	enum status st;

	st = hash_shape(pq, table, &h, err);
	if (st)
		return st;
	buf_reset(&pq->sql);
	buf_addf(&pq->sql, REWRITTEN ";" FILE_OF_TABLE, oid);
	st = pq_queries(pq, buf_str(&pq->sql), res, ARRAY_LEN(res), err);
	if (st)
		return st;
	if (PQntuples(res[0]) > 0) {
		err_set(err, TU_EQUERY,
		    "%s was truncated or rewritten during the run",
		    PQgetvalue(res[0], 0, 0));
		st = err_hint(err, "run the comparison again");
	}
	h = fnv_text(h, PQgetvalue(res[1], 0, 0));
	*version = fnv_text(h, PQgetvalue(res[1], 0, 1));
	for (size_t i = 0; i < ARRAY_LEN(res); i++)
		PQclear(res[i]);
	return st;
}
