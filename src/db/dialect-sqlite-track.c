/*
 * Change tables of SQLite. Keys have no declared type there, so that none is
 * turned into another storage class. AUTOINCREMENT, because a plain INTEGER
 * PRIMARY KEY starts at 1 again when the table has been emptied.
 */
#include <config.h>

#include <inttypes.h>

#include "db/dialect-sqlite.h"
#include "db/dialect-track.h"

static void
lite_ident(struct buf *out, const char *name)
{
	dialect_sqlite.ident(out, name);
}

static void
lite_change(struct buf *out, int64_t tab)
{
	buf_addf(out, "trueup_change_%" PRId64, tab);
}

static void
lite_begin(struct buf *out, uint64_t ms)
{
	buf_addf(
	    out, "PRAGMA busy_timeout = %" PRIu64 ";\nBEGIN IMMEDIATE;\n", ms);
}

/* --- install -------------------------------------------------------------- */

/* 2 and 2.0 are two keys to a comparison, though IS takes them for one. */
static void
key_changed(struct buf *out, const struct tracked *t)
{
	buf_adds(out, " WHEN ");
	for (size_t i = 0; i < t->nkeys; i++) {
		const char *name = t->keys[i]->name;

		buf_adds(out, i > 0 ? " OR OLD." : "OLD.");
		lite_ident(out, name);
		buf_adds(out, " IS NOT NEW.");
		lite_ident(out, name);
		buf_adds(out, " COLLATE BINARY OR typeof(OLD.");
		lite_ident(out, name);
		buf_adds(out, ") <> typeof(NEW.");
		lite_ident(out, name);
		buf_adds(out, ")");
	}
}

static void
lite_install(struct buf *out, const struct tracked *t)
{
	static const struct {
		char name, op;
		const char *event, *row;
	} triggers[] = { { 'i', 'I', "INSERT", "NEW" },
		{ 'u', 'U', "UPDATE", "NEW" }, { 'k', 'U', "UPDATE", "OLD" },
		{ 'd', 'D', "DELETE", "OLD" } };

	/* Not in setup: it may be missing where that was run by an older one.
	 */
	buf_adds(out,
	    "CREATE TABLE IF NOT EXISTS trueup_ctx (one INTEGER PRIMARY KEY "
	    "CHECK (one = 1), run TEXT NOT NULL);\nCREATE TABLE ");
	lite_change(out, t->tab);
	buf_adds(out, " (seq INTEGER PRIMARY KEY AUTOINCREMENT, op TEXT NOT "
		      "NULL");
	track_key_names(out, ", ", t->nkeys);
	buf_adds(out, ", run TEXT, at TEXT NOT NULL DEFAULT "
		      "(strftime('%Y-%m-%dT%H:%M:%fZ', 'now')));\n");
	for (size_t i = 0; i < ARRAY_LEN(triggers); i++) {
		buf_addf(out,
		    "CREATE TRIGGER trueup_%c_%" PRId64 " AFTER %s ON ",
		    triggers[i].name, t->tab, triggers[i].event);
		lite_ident(out, t->table->name);
		if (triggers[i].name == 'k')
			key_changed(out, t);
		buf_adds(out, " BEGIN INSERT INTO ");
		lite_change(out, t->tab);
		buf_adds(out, " (op");
		track_key_names(out, ", ", t->nkeys);
		buf_addf(out, ", run) VALUES ('%c'", triggers[i].op);
		for (size_t k = 0; k < t->nkeys; k++) {
			buf_addf(out, ", %s.", triggers[i].row);
			lite_ident(out, t->keys[k]->name);
		}
		buf_adds(out, ", (SELECT run FROM trueup_ctx)); END;\n");
	}
}

static void
lite_remove(struct buf *out, int64_t tab, const char *const *triggers, size_t n)
{
	(void)triggers;
	(void)n;
	for (const char *name = "iukd"; *name != '\0'; name++)
		buf_addf(out, "DROP TRIGGER IF EXISTS trueup_%c_%" PRId64 ";\n",
		    *name, tab);
	buf_adds(out, "DROP TABLE IF EXISTS ");
	lite_change(out, tab);
	buf_adds(out, ";\n");
}

/* --- state ---------------------------------------------------------------- */

static void
add_keys(struct buf *out, const struct tracked *t)
{
	for (size_t i = 0; i < t->nkeys; i++) {
		buf_adds(out, i > 0 ? ", " : "(");
		track_text(out, &dialect_sqlite, t->keys[i]->name);
	}
	buf_addc(out, ')');
}

static void
lite_state(struct buf *out, const struct tracked *t)
{
	if (t == NULL) {
		buf_adds(out, "SELECT 'shape', '' WHERE 0");
		return;
	}
	buf_addf(out,
	    "SELECT type || ' ' || name, tbl_name || ' ' || sql"
	    " FROM sqlite_schema WHERE name GLOB 'trueup_[iukd]_%" PRId64
	    "' OR name = 'trueup_change_%" PRId64
	    "' UNION ALL SELECT 'key ' || name, type || ' ' || pk"
	    " FROM pragma_table_info(",
	    t->tab, t->tab);
	track_text(out, &dialect_sqlite, t->table->name);
	buf_adds(out, ") WHERE name IN ");
	add_keys(out, t);
	/* A table that was made anew under its name and with its triggers, and
	 * a column that went and came: every statement that changes a schema
	 * counts, whatever it is about. */
	buf_adds(out, " UNION ALL SELECT 'shape', rootpage || ' ' || "
		      "schema_version FROM sqlite_schema, "
		      "pragma_schema_version WHERE type = 'table' AND name = ");
	track_text(out, &dialect_sqlite, t->table->name);
}

/*
 * REPLACE fires the DELETE triggers of what it takes away only for writers
 * with recursive_triggers=ON. What has exactly the same key is no loss: it is
 * inserted again. So the key's own index is none, unless 'a' and 'A' are one
 * to it.
 */
static void
lite_warnings(struct buf *out, const struct tracked *t)
{
	buf_adds(out,
	    "SELECT 'a row that INSERT OR REPLACE or UPDATE OR REPLACE takes "
	    "away for the sake of the unique index ' || l.name || ' fires no "
	    "trigger, unless the writer has set recursive_triggers=ON'"
	    " FROM pragma_index_list(");
	track_text(out, &dialect_sqlite, t->table->name);
	buf_adds(out,
	    ") l WHERE l.\"unique\" AND (SELECT count(*) FROM "
	    "pragma_index_xinfo(l.name) x WHERE x.key AND x.coll = 'BINARY'"
	    " AND x.name IN ");
	add_keys(out, t);
	buf_addf(out,
	    ") || ' ' || (SELECT count(*) FROM pragma_index_info(l.name))"
	    " <> '%zu %zu'",
	    t->nkeys, t->nkeys);
}

/* --- retention ------------------------------------------------------------ */

static void
lite_raise(struct buf *out, int64_t tab, uint64_t keep)
{
	struct buf old = BUF_INIT;

	buf_addf(&old,
	    "at < strftime('%%Y-%%m-%%dT%%H:%%M:%%fZ', 'now', '-%" PRIu64
	    " seconds')",
	    keep);
	buf_addf(out,
	    "DELETE FROM trueup_consumer WHERE tab = %" PRId64
	    " AND %s;\nUPDATE trueup_captured SET cleaned = max(cleaned,"
	    " coalesce((SELECT min(low) FROM trueup_consumer WHERE tab = "
	    "%" PRId64 "), (SELECT max(seq) FROM ",
	    tab, buf_str(&old), tab);
	lite_change(out, tab);
	buf_addf(out, " WHERE %s), 0)) WHERE tab = %" PRId64 ";\n",
	    buf_str(&old), tab);
	buf_free(&old);
}

static void
lite_prune(struct buf *out, int64_t tab)
{
	buf_adds(out, "DELETE FROM ");
	lite_change(out, tab);
	buf_addf(out,
	    " WHERE seq <= (SELECT cleaned FROM trueup_captured WHERE tab = "
	    "%" PRId64 ")",
	    tab);
}

/* Nobody else sees the row: it is gone before COMMIT. */
static void
lite_tag(struct buf *out, const char *run)
{
	if (run != NULL)
		buf_addf(out, "REPLACE INTO trueup_ctx VALUES (1, '%s')", run);
	else
		buf_adds(out, "DELETE FROM trueup_ctx");
}

static void
lite_ack(struct buf *out, const char *name, int64_t tab, const char *low)
{
	buf_adds(out, "REPLACE INTO trueup_consumer (name, tab, low) VALUES (");
	track_text(out, &dialect_sqlite, name);
	buf_addf(out, ", %" PRId64 ", %s);\n", tab, low);
}

#define NOW "(strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))"

/* --- tables of the user's ------------------------------------------------- */

/* Whatever the type: times are texts there. datetime() writes all of them in
 * one form, and that of a text which is no time is NULL. */
static bool
lite_back(struct buf *out, const char *at, enum ltype type, int64_t seconds)
{
	(void)type;
	buf_addf(out,
	    "CASE typeof(max(%s)) WHEN 'text' THEN quote(datetime(min("
	    "datetime(max(%s)), datetime('now')), '-%" PRId64 " seconds'))"
	    " ELSE quote(max(%s) - %" PRId64 ") END",
	    at, at, seconds, at, seconds);
	return true;
}

static void
lite_key(struct buf *out, const struct column *col, const char *expr)
{
	static const char *const types[] = { [AFF_INTEGER] = "NUMERIC",
		[AFF_REAL] = "REAL",
		[AFF_NUMERIC] = "NUMERIC",
		[AFF_TEXT] = "TEXT",
		[AFF_BLOB] = NULL };
	const char *type = types[col->affinity];

	if (type != NULL)
		buf_addf(out, "CAST((%s) AS %s)", expr, type);
	else
		buf_addf(out, "(%s)", expr);
}

static void
lite_json(
    struct buf *out, const char *column, const char *const *path, size_t n)
{
	struct buf text = BUF_INIT;

	track_json_path(&text, path, n);
	buf_addf(out, "json_extract(%s, ", column);
	track_text(out, &dialect_sqlite, buf_str(&text));
	buf_addc(out, ')');
	buf_free(&text);
}

const struct track_sql track_sql_sqlite = {
	.meta = "trueup_meta",
	.captured = "trueup_captured",
	.consumer = "trueup_consumer",
	.change = lite_change,
	.exists = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND "
		  "name = 'trueup_captured'",
	.setup =
	    "CREATE TABLE IF NOT EXISTS trueup_meta (k TEXT PRIMARY KEY, "
	    "v TEXT NOT NULL) WITHOUT ROWID;\n"
	    "INSERT OR IGNORE INTO trueup_meta VALUES ('install_id', "
	    "lower(hex(randomblob(16)))), ('format', '1'), ('next', '1');\n"
	    "CREATE TABLE IF NOT EXISTS trueup_captured (tab INTEGER "
	    "PRIMARY KEY, tschema TEXT, tname TEXT NOT NULL, key_columns "
	    "TEXT NOT NULL, state TEXT NOT NULL, at TEXT NOT NULL DEFAULT " NOW
	    ", cleaned INTEGER NOT NULL DEFAULT 0);\n"
	    "CREATE TABLE IF NOT EXISTS trueup_consumer (name TEXT, tab "
	    "INTEGER, low INTEGER NOT NULL, at TEXT NOT NULL DEFAULT " NOW
	    ", PRIMARY KEY (name, tab)) WITHOUT ROWID;\n",
	.teardown = "DROP TABLE IF EXISTS trueup_consumer;\n"
		    "DROP TABLE IF EXISTS trueup_captured;\n"
		    "DROP TABLE IF EXISTS trueup_meta;\n"
		    "DROP TABLE IF EXISTS trueup_ctx;\n",
	.begin = lite_begin,
	.commit = "COMMIT;\n",
	.atomic = true,
	.install = lite_install,
	.remove = lite_remove,
	.state = lite_state,
	.reshaped = "some table of its file was created, altered or dropped, "
		    "or VACUUM was run",
	.warnings = lite_warnings,
	.gaps = true,
	.text = "TEXT",
	.integer = "INTEGER",
	.back = lite_back,
	.key = lite_key,
	.json = lite_json,
	.age = "CAST(strftime('%s', 'now') - strftime('%s', at) AS INTEGER)",
	.raise = lite_raise,
	.prune = lite_prune,
	.can_tag = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' "
		   "AND name = 'trueup_ctx'",
	.tag = lite_tag,
	.ack = lite_ack,
};
