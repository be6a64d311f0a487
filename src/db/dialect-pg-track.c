/*
 * Change tables of PostgreSQL.
 *
 * Row triggers that are ENABLE ALWAYS: the worker that applies a logical
 * replication stream fires no others, and it runs with an empty search path,
 * so that nothing in the functions is left to it. They run as their owner, who
 * has to be safe from what a caller puts into pg_temp: no unqualified type or
 * table.
 */
#include <config.h>

#include <inttypes.h>
#include <string.h>

#include "db/dialect-pg.h"
#include "db/dialect-track.h"

#define SCHEMA TRACK_SCHEMA "."

static void
pg_change(struct buf *out, int64_t tab)
{
	buf_addf(out, SCHEMA "change_%" PRId64, tab);
}

static void
pg_table(struct buf *out, const struct table *t)
{
	pg_ident(out, t->schema);
	buf_addc(out, '.');
	pg_ident(out, t->name);
}

/* Append a template, with what @ and # stand for. */
static void
add_template(struct buf *out, const char *tmpl, const struct tracked *t)
{
	for (; *tmpl != '\0'; tmpl++) {
		if (*tmpl == '@')
			buf_addf(out, "%" PRIu64, t->table->oid);
		else if (*tmpl == '#')
			buf_addf(out, "%" PRId64, t->tab);
		else
			buf_addc(out, *tmpl);
	}
}

static void
pg_begin(struct buf *out, uint64_t ms)
{
	buf_addf(out, "BEGIN;\nSET LOCAL lock_timeout = %" PRIu64 ";\n", ms);
}

/* --- install -------------------------------------------------------------- */

/* The type without a length, so that a column may get longer. */
static void
add_type(struct buf *out, const struct column *col)
{
	const char *cast = pg_type(col)->cast;

	if (pg_wire(col) == PG_MONEY)
		cast = "money";
	buf_adds(out, cast != NULL ? cast : col->base_type);
}

static void
create_table(struct buf *out, const struct tracked *t)
{
	buf_adds(out, "CREATE TABLE ");
	pg_change(out, t->tab);
	buf_adds(out,
	    " (xid xid8 NOT NULL DEFAULT pg_current_xact_id(),"
	    " op \"char\" NOT NULL CHECK (op IN ('I', 'U', 'D', 'T'))");
	for (size_t i = 0; i < t->nkeys; i++) {
		buf_addf(out, ", k%zu ", i + 1);
		add_type(out, t->keys[i]);
	}
	buf_adds(out,
	    ", run text DEFAULT nullif(current_setting('trueup.run', true), "
	    "''), who text NOT NULL DEFAULT session_user,"
	    " at timestamptz NOT NULL DEFAULT clock_timestamp());\n"
	    "CREATE INDEX ON ");
	pg_change(out, t->tab);
	buf_adds(out, " (xid);\n");
}

static void
insert_whole(struct buf *out, int64_t tab)
{
	buf_adds(out, "INSERT INTO ");
	pg_change(out, tab);
	buf_adds(out, " (op) VALUES ('T'); RETURN NULL; END");
}

/*
 * A key column may be renamed, so what reads it may fail, and then the row is
 * a 'T'. That much is a subtransaction which writes nothing and so takes no
 * transaction id: 1 us a row. Around the INSERT it would take one for each
 * row, and more than 64 of them slow down everybody's snapshots.
 */
static void
add_body(struct buf *body, const struct tracked *t, const char *row)
{
	buf_adds(body, "DECLARE");
	for (size_t i = 1; i <= t->nkeys; i++) {
		buf_addf(body, " v%zu ", i);
		pg_change(body, t->tab);
		buf_addf(body, ".k%zu%%TYPE;", i);
	}
	buf_adds(body, " BEGIN BEGIN");
	for (size_t i = 0; i < t->nkeys; i++) {
		buf_addf(body, " v%zu := %s.", i + 1, row);
		pg_ident(body, t->keys[i]->name);
		buf_adds(body, ";");
	}
	buf_adds(body, " EXCEPTION WHEN OTHERS THEN ");
	insert_whole(body, t->tab);
	buf_adds(body, "; INSERT INTO ");
	pg_change(body, t->tab);
	buf_adds(body, " (op");
	track_key_names(body, ", ", t->nkeys);
	buf_adds(body, ") VALUES (TG_ARGV[0]::pg_catalog.\"char\"");
	for (size_t i = 1; i <= t->nkeys; i++)
		buf_addf(body, ", v%zu", i);
	buf_adds(body, "); RETURN NULL; END");
}

static void
create_function(
    struct buf *out, const struct tracked *t, const char *name, const char *row)
{
	struct buf body = BUF_INIT;

	if (row != NULL) {
		add_body(&body, t, row);
	} else {
		buf_adds(&body, "BEGIN ");
		insert_whole(&body, t->tab);
	}
	buf_addf(out,
	    "CREATE FUNCTION " SCHEMA "%s_%" PRId64
	    "() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS ",
	    name, t->tab);
	pg_quote(out, buf_str(&body), body.len);
	buf_adds(out, ";\n");
	buf_free(&body);
}

/*
 * Exactly other keys: '=' takes 1.0 and 1.00 for the same, or 'a' and 'A'. The
 * casts keep it from being a comparison column by column. It also keeps the
 * type of the columns from being changed.
 */
static void
key_changed(struct buf *out, const struct tracked *t)
{
	static const char *const rows[] = { "OLD", "NEW" };

	buf_adds(out, " WHEN (");
	for (size_t r = 0; r < ARRAY_LEN(rows); r++) {
		buf_adds(
		    out, r == 0 ? "ROW(" : " OPERATOR(pg_catalog.*<>) ROW(");
		for (size_t i = 0; i < t->nkeys; i++) {
			buf_addf(out, "%s%s.", i > 0 ? ", " : "", rows[r]);
			pg_ident(out, t->keys[i]->name);
		}
		buf_adds(out, ")::pg_catalog.record");
	}
	buf_addc(out, ')');
}

static void
create_triggers(struct buf *out, const struct tracked *t)
{
	static const struct {
		char name;
		const char *event, *function, *op;
	} triggers[] = { { 'i', "INSERT", "new", "I" },
		{ 'u', "UPDATE", "new", "U" }, { 'k', "UPDATE", "old", "U" },
		{ 'd', "DELETE", "old", "D" },
		{ 't', "TRUNCATE", "trunc", NULL } };

	for (size_t i = 0; i < ARRAY_LEN(triggers); i++) {
		bool row = triggers[i].op != NULL;

		buf_addf(out,
		    "CREATE TRIGGER trueup_%c_%" PRId64 " AFTER %s ON ",
		    triggers[i].name, t->tab, triggers[i].event);
		pg_table(out, t->table);
		buf_adds(out, row ? " FOR EACH ROW" : " FOR EACH STATEMENT");
		if (triggers[i].name == 'k')
			key_changed(out, t);
		buf_addf(out, " EXECUTE FUNCTION " SCHEMA "%s_%" PRId64 "(",
		    triggers[i].function, t->tab);
		if (row)
			buf_addf(out, "'%s'", triggers[i].op);
		buf_adds(out, ");\nALTER TABLE ");
		pg_table(out, t->table);
		buf_addf(out, " ENABLE ALWAYS TRIGGER trueup_%c_%" PRId64 ";\n",
		    triggers[i].name, t->tab);
	}
}

static void
pg_install(struct buf *out, const struct tracked *t)
{
	create_table(out, t);
	create_function(out, t, "new", "NEW");
	create_function(out, t, "old", "OLD");
	create_function(out, t, "trunc", NULL);
	create_triggers(out, t);
}

/* The table may have another name by now: its triggers go with what they
 * call. */
static void
pg_remove(struct buf *out, int64_t tab, const char *const *triggers, size_t n)
{
	static const char *const functions[] = { "new", "old", "trunc" };

	(void)triggers;
	(void)n;
	for (size_t i = 0; i < ARRAY_LEN(functions); i++)
		buf_addf(out,
		    "DROP FUNCTION IF EXISTS " SCHEMA "%s_%" PRId64
		    "() CASCADE;\n",
		    functions[i], tab);
	buf_adds(out, "DROP TABLE IF EXISTS ");
	pg_change(out, tab);
	buf_adds(out, ";\n");
}

/* --- state ---------------------------------------------------------------- */

static void
add_keys(struct buf *out, const struct tracked *t)
{
	for (size_t i = 0; i < t->nkeys; i++) {
		buf_adds(out, i > 0 ? ", " : "(");
		track_text(out, &dialect_postgresql, t->keys[i]->name);
	}
	buf_addc(out, ')');
}

/* The timeline behind pg_control_checkpoint() is that of the last checkpoint,
 * which a server that was just promoted has not had. */
#define SERVER_SQL                                                      \
	"SELECT 'shape server', (SELECT system_identifier::text"        \
	"  FROM pg_catalog.pg_control_system()) || ' ' ||"              \
	" CASE WHEN pg_catalog.pg_is_in_recovery()"                     \
	"  THEN (SELECT min_recovery_end_timeline::text"                \
	"   FROM pg_catalog.pg_control_recovery())"                     \
	"  ELSE ('x' || pg_catalog.substr(pg_catalog.pg_walfile_name("  \
	"pg_catalog.pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int" \
	"::text END || ' ' || (SELECT oid FROM pg_catalog.pg_database"  \
	"  WHERE datname = pg_catalog.current_database())"

/*
 * What says of a row's columns, of our triggers and of the types of columns
 * that they were changed, though nothing about them is otherwise now: each has
 * the transaction that wrote it last.
 */
#define CHANGED_SQL                                                        \
	" UNION ALL SELECT 'shape columns', pg_catalog.string_agg("        \
	"a.attnum || ' ' || a.attname || ' ' || a.xmin::text, ', '"        \
	" ORDER BY a.attnum) FROM pg_catalog.pg_attribute a"               \
	" WHERE a.attrelid = @ AND a.attnum > 0 AND NOT a.attisdropped"    \
	" UNION ALL SELECT 'shape triggers', pg_catalog.string_agg("       \
	"g.tgname || ' ' || g.xmin::text, ', ' ORDER BY g.tgname)"         \
	" FROM pg_catalog.pg_trigger g WHERE g.tgrelid = @"                \
	"  AND g.tgname ~ '^trueup_[iukdt]_#$'"                            \
	" UNION ALL SELECT 'shape type ' || t.oid, pg_catalog.concat_ws("  \
	"' ', t.xmin, (SELECT pg_catalog.string_agg(e.xmin::text, ' '"     \
	"  ORDER BY e.oid) FROM pg_catalog.pg_enum e"                      \
	"  WHERE e.enumtypid = t.oid), (SELECT pg_catalog.string_agg("     \
	"  f.attnum || ' ' || f.xmin::text, ' ' ORDER BY f.attnum)"        \
	"  FROM pg_catalog.pg_attribute f WHERE f.attrelid = t.typrelid))" \
	" FROM pg_catalog.pg_type t WHERE t.typtype IN ('c', 'd', 'e')"    \
	"  AND t.oid IN (SELECT a.atttypid FROM pg_catalog.pg_attribute a" \
	"  WHERE a.attrelid = @ AND a.attnum > 0)"

/* @: the oid, #: the number. */
#define STATE_SQL                                                            \
	" UNION ALL SELECT 'table', n.nspname || '.' || c.relname"           \
	" FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"         \
	"  ON n.oid = c.relnamespace WHERE c.oid = @"                        \
	" UNION ALL SELECT 'trigger ' || g.tgname, pg_catalog.concat_ws("    \
	"' ', g.tgenabled, g.tgtype, g.tgfoid, g.tgqual IS NULL,"            \
	" pg_catalog.encode(g.tgargs, 'hex'))"                               \
	" FROM pg_catalog.pg_trigger g WHERE g.tgrelid = @"                  \
	"  AND g.tgname ~ '^trueup_[iukdt]_#$'"                              \
	" UNION ALL SELECT 'function ' || p.proname, pg_catalog.concat_ws("  \
	"' ', p.prosecdef, p.proowner, p.prosrc)"                            \
	" FROM pg_catalog.pg_proc p"                                         \
	"  WHERE p.pronamespace = pg_catalog.to_regnamespace('" TRACK_SCHEMA \
	"')"                                                                 \
	"  AND p.proname ~ '^(new|old|trunc)_#$'"                            \
	" UNION ALL SELECT 'change table', pg_catalog.string_agg("           \
	"a.attname || ' ' || pg_catalog.format_type(a.atttypid,"             \
	" a.atttypmod), ', ' ORDER BY a.attnum)"                             \
	" FROM pg_catalog.pg_attribute a WHERE a.attrelid ="                 \
	"  pg_catalog.to_regclass('" SCHEMA "change_#')"                     \
	"  AND a.attnum > 0"                                                 \
	" UNION ALL SELECT 'triggers of partitions', pg_catalog.count(*)"    \
	"::text FROM pg_catalog.pg_partition_tree(@) p"                      \
	" WHERE p.relid <> @ AND (SELECT pg_catalog.count(*)"                \
	"  FROM pg_catalog.pg_trigger g WHERE g.tgrelid = p.relid"           \
	"  AND g.tgname ~ '^trueup_[iukd]_#$'"                               \
	"  AND g.tgenabled = 'A') <> 4"                                      \
	" UNION ALL SELECT 'shape', pg_catalog.string_agg(c.oid || ' ' ||"   \
	" c.relfilenode, ', ' ORDER BY c.oid) FROM pg_catalog.pg_class c"    \
	" WHERE c.oid = @ OR c.oid IN (SELECT relid"                         \
	"  FROM pg_catalog.pg_partition_tree(@))"                            \
	" UNION ALL SELECT 'key ' || a.attname, a.attnum || ' ' ||"          \
	" pg_catalog.format_type(a.atttypid, -1)"                            \
	" FROM pg_catalog.pg_attribute a WHERE a.attrelid = @"               \
	"  AND NOT a.attisdropped AND a.attname IN "

static void
pg_state(struct buf *out, const struct tracked *t)
{
	buf_adds(out, SERVER_SQL);
	if (t == NULL)
		return;
	add_template(out, STATE_SQL, t);
	add_keys(out, t);
	add_template(out, CHANGED_SQL, t);
}

static void
pg_warnings(struct buf *out, const struct tracked *t)
{
	add_template(out,
	    "SELECT 'it is unlogged: a crash empties it, and no trigger sees "
	    "that' FROM pg_catalog.pg_class WHERE oid = @"
	    " AND relpersistence = 'u' UNION ALL "
	    "SELECT 'rows of the tables that inherit from it are not its own: "
	    "track these, too' FROM pg_catalog.pg_class WHERE oid = @"
	    " AND relkind = 'r' AND relhassubclass",
	    t);
}

/* --- retention ------------------------------------------------------------ */

/* PostgreSQL 13 and 14 have no min(xid8); none has xid8 + 1. */
static void
pg_raise(struct buf *out, int64_t tab, uint64_t keep)
{
	struct buf old = BUF_INIT;

	buf_addf(&old, "at < now() - interval '%" PRIu64 " s'", keep);
	buf_addf(out,
	    "DELETE FROM " SCHEMA "consumer WHERE tab = %" PRId64
	    " AND %s;\nUPDATE " SCHEMA "captured SET cleaned = greatest("
	    "cleaned, coalesce((SELECT pg_snapshot_xmin(low) AS x FROM " SCHEMA
	    "consumer WHERE tab = %" PRId64 " ORDER BY x LIMIT 1),"
	    " (SELECT (xid::text::bigint + 1)::text::xid8 FROM ",
	    tab, buf_str(&old), tab);
	pg_change(out, tab);
	buf_addf(out,
	    " WHERE %s ORDER BY xid DESC LIMIT 1)))"
	    " WHERE tab = %" PRId64 ";\n",
	    buf_str(&old), tab);
	buf_free(&old);
}

static void
pg_prune(struct buf *out, int64_t tab)
{
	buf_adds(out, "DELETE FROM ");
	pg_change(out, tab);
	buf_addf(out,
	    " WHERE xid < (SELECT cleaned FROM " SCHEMA
	    "captured WHERE tab = %" PRId64 ")",
	    tab);
}

/* Never for the session: through a pool the next transaction is not ours. */
static void
pg_tag(struct buf *out, const char *run)
{
	if (run != NULL)
		buf_addf(out, "SET LOCAL trueup.run = '%s'", run);
}

static void
pg_ack(struct buf *out, const char *name, int64_t tab, const char *low)
{
	buf_adds(
	    out, "INSERT INTO " SCHEMA "consumer (name, tab, low) VALUES (");
	track_text(out, &dialect_postgresql, name);
	buf_addf(out, ", %" PRId64 ", '%s')", tab, low);
	buf_adds(out, " ON CONFLICT (name, tab) DO UPDATE"
		      " SET low = excluded.low, at = now();\n");
}

/* --- tables of the user's ------------------------------------------------- */

static void
pg_identity(struct buf *out, const char *from)
{
	buf_adds(out,
	    "SELECT c.oid || ' ' || c.relfilenode, (SELECT coalesce(max("
	    "s.seqcache), 1)::text FROM pg_catalog.pg_depend d"
	    " JOIN pg_catalog.pg_sequence s ON s.seqrelid = d.objid"
	    " WHERE d.classid = 'pg_catalog.pg_class'::regclass"
	    " AND d.refobjid = c.oid)"
	    " FROM pg_catalog.pg_class c WHERE c.oid ="
	    " pg_catalog.to_regclass(");
	track_text(out, &dialect_postgresql, from);
	buf_addc(out, ')');
}

static bool
pg_back(struct buf *out, const char *at, enum ltype type, int64_t seconds)
{
	if (type == LT_NUM || type == LT_F8)
		buf_addf(out, "(max(%s) - %" PRId64 ")::text", at, seconds);
	else if (type == LT_TS || type == LT_TSTZ || type == LT_DATE)
		buf_addf(out,
		    "quote_literal((CASE WHEN max(%s) IS NOT NULL THEN "
		    "least(max(%s), clock_timestamp()) END"
		    " - interval '%" PRId64 " s')::text)",
		    at, at, seconds);
	else
		return false;
	return true;
}

static void
pg_key(struct buf *out, const struct column *col, const char *expr)
{
	buf_addf(out, "CAST((%s) AS ", expr);
	add_type(out, col);
	buf_addc(out, ')');
}

static void
pg_json(struct buf *out, const char *column, const char *const *path, size_t n)
{
	buf_addf(out, "CAST(%s AS json) #>> ARRAY[", column);
	for (size_t i = 0; i < n; i++) {
		buf_adds(out, i > 0 ? ", " : "");
		track_text(out, &dialect_postgresql, path[i]);
	}
	buf_addc(out, ']');
}

/*
 * Any open transaction, since one that has only read so far may write with the
 * now() of its beginning. What belongs to others is hidden from who is not in
 * pg_read_all_stats; a standby does not know of the primary's.
 */
#define OPEN_SQL                                                               \
	"WITH a AS (SELECT pid, xact_start, state, query"                      \
	" FROM pg_catalog.pg_stat_activity WHERE datid = (SELECT oid"          \
	"  FROM pg_catalog.pg_database WHERE datname = current_database())), " \
	"p AS (SELECT prepared FROM pg_catalog.pg_prepared_xacts"              \
	"  WHERE database = current_database()) "                              \
	"SELECT coalesce(ceil(extract(epoch FROM clock_timestamp() - least("   \
	"(SELECT min(xact_start) FROM a WHERE pid <> pg_backend_pid()),"       \
	" (SELECT min(prepared) FROM p)))), 0)::bigint::text,"                 \
	" (NOT (pg_catalog.pg_is_in_recovery() OR EXISTS (SELECT 1 FROM p)"    \
	" OR EXISTS (SELECT 1 FROM a WHERE state = 'disabled'"                 \
	"  OR query = '<insufficient privilege>')))::int::text"

#define META                                                        \
	"CREATE SCHEMA IF NOT EXISTS " TRACK_SCHEMA ";\n"           \
	"CREATE TABLE IF NOT EXISTS " SCHEMA                        \
	"meta (k text PRIMARY KEY, v text NOT NULL);\n"             \
	"INSERT INTO " SCHEMA "meta VALUES ('install_id',"          \
	" gen_random_uuid()::text), ('format', '1'), ('next', '1')" \
	" ON CONFLICT DO NOTHING;\n"

const struct track_sql track_sql_postgresql = {
	.meta = SCHEMA "meta",
	.captured = SCHEMA "captured",
	.consumer = SCHEMA "consumer",
	.change = pg_change,
	.exists = "SELECT (pg_catalog.to_regclass('" SCHEMA "captured')"
		  " IS NOT NULL)::int::bigint",
	.setup = META "CREATE TABLE IF NOT EXISTS " SCHEMA
		      "captured (tab int PRIMARY KEY, tschema text,"
		      " tname text NOT NULL, key_columns text NOT NULL,"
		      " state text NOT NULL,"
		      " at timestamptz NOT NULL DEFAULT now(),"
		      " installed xid8 NOT NULL DEFAULT pg_current_xact_id(),"
		      " cleaned xid8 NOT NULL DEFAULT '0');\n"
		      "CREATE TABLE IF NOT EXISTS " SCHEMA
		      "consumer (name text, tab int, low pg_snapshot NOT NULL,"
		      " at timestamptz NOT NULL DEFAULT now(),"
		      " PRIMARY KEY (name, tab));\n",
	.teardown = "DROP TABLE IF EXISTS " SCHEMA "consumer, " SCHEMA
		    "captured, " SCHEMA "meta;\n",
	.teardown_rest = "DROP SCHEMA " TRACK_SCHEMA,
	.begin = pg_begin,
	.commit = "COMMIT;\n",
	.atomic = true,
	.install = pg_install,
	.remove = pg_remove,
	.state = pg_state,
	.reshaped = "the table was truncated, altered or repartitioned, a "
		    "type or trigger of it was, or the server is another",
	.warnings = pg_warnings,
	.refusals = "SELECT 'the publication \"' || pubname || '\" is FOR ALL "
		    "TABLES, so that a subscriber without the change tables "
		    "would stop' FROM pg_catalog.pg_publication"
		    " WHERE puballtables",
	.text = "text",
	.integer = "bigint",
	.birth = "SELECT pg_current_xact_id()::text::bigint",
	.horizon = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text"
		   "::bigint",
	.identity = pg_identity,
	.back = pg_back,
	.open = OPEN_SQL,
	.key = pg_key,
	.json = pg_json,
	.age = "extract(epoch FROM now() - at)::bigint",
	.raise = pg_raise,
	.prune = pg_prune,
	.tag = pg_tag,
	.ack = pg_ack,
};
