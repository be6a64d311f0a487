/*
 * Change tables of MariaDB and MySQL.
 *
 * What foreign keys do to rows fires no triggers there, so that tables which
 * rows are deleted or changed through get triggers of their own. DDL is not
 * transactional: each statement stands when it has run.
 */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "db/dialect-mysql.h"
#include "db/dialect-track.h"

#define ACTIONS "('CASCADE', 'SET NULL', 'SET DEFAULT')"

static void
my_change(struct buf *out, int64_t tab)
{
	buf_addf(out, "trueup_change_%" PRId64, tab);
}

/* CREATE TRIGGER waits for whoever has the table open. */
static void
my_begin(struct buf *out, uint64_t ms)
{
	uint64_t seconds = MAX((ms + 999) / 1000, 1);

	buf_addf(out,
	    "SET SESSION lock_wait_timeout = %" PRIu64
	    ", innodb_lock_wait_timeout = %" PRIu64 ";\n",
	    seconds, seconds);
}

/* --- install -------------------------------------------------------------- */

/* Its own type; but 'a' and 'A' stay two keys. A collation is named after its
 * character set. */
static void
add_key_column(struct buf *out, const struct column *col, size_t i)
{
	buf_addf(out, ", k%zu %s", i, col->type);
	if (col->collation != NULL) {
		int n = (int)strcspn(col->collation, "_");

		buf_addf(out, " CHARACTER SET %.*s COLLATE %.*s_bin", n,
		    col->collation, n, col->collation);
	}
	buf_adds(out, " NULL");
}

static void
create_table(struct buf *out, const struct tracked *t)
{
	buf_adds(out, "CREATE TABLE ");
	my_change(out, t->tab);
	buf_adds(out, " (seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY "
		      "KEY, op CHAR(1) CHARACTER SET ascii COLLATE ascii_bin "
		      "NOT NULL");
	for (size_t i = 0; i < t->nkeys; i++)
		add_key_column(out, t->keys[i], i + 1);
	buf_adds(out, ", run VARCHAR(64) CHARACTER SET utf8mb4, who "
		      "VARCHAR(288) CHARACTER SET utf8mb4 NOT NULL, "
		      "at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)) "
		      "ENGINE=InnoDB;\n");
}

/* "INSERT INTO trueup_change_7 (op, k1, run, who) " */
static void
insert_into(struct buf *out, const struct tracked *t)
{
	buf_adds(out, "INSERT INTO ");
	my_change(out, t->tab);
	buf_adds(out, " (op");
	track_key_names(out, ", ", t->nkeys);
	buf_adds(out, ", run, who) ");
}

static void
insert_key(struct buf *out, const struct tracked *t, char op, const char *row)
{
	insert_into(out, t);
	buf_addf(out, "VALUES ('%c'", op);
	for (size_t i = 0; i < t->nkeys; i++) {
		buf_addf(out, ", %s.", row);
		my_ident(out, t->keys[i]->name);
	}
	buf_adds(out, ", @trueup_run, USER()); ");
}

/*
 * What cannot be written is a 'T'. 1265 is an error in strict mode ("Data
 * truncated": no such value in an ENUM) whose SQLSTATE is that of a warning. A
 * deadlock, which has rolled back the transaction, comes to no handler.
 */
static void
open_trigger(struct buf *out, const struct tracked *t, const char *name,
    const char *when, const char *table)
{
	buf_addf(out, "CREATE TRIGGER trueup_%s_%" PRId64 " %s ON ", name,
	    t->tab, when);
	my_ident(out, table);
	buf_adds(out, " FOR EACH ROW BEGIN DECLARE CONTINUE HANDLER FOR "
		      "SQLEXCEPTION, 1265 INSERT INTO ");
	my_change(out, t->tab);
	buf_adds(out, " (op, who) VALUES ('T', USER()); ");
}

static void
close_trigger(struct buf *out)
{
	buf_adds(out, "END;\n");
}

/* Exactly other values: '=' takes 'a' and 'A' for the same, and a FLOAT's
 * text has fewer digits than it. */
static void
if_changed(struct buf *out, const char *const *names, size_t n)
{
	buf_adds(out, "IF NOT (");
	for (size_t i = 0; i < n; i++) {
		buf_adds(out, i > 0 ? " AND OLD." : "OLD.");
		my_ident(out, names[i]);
		buf_adds(out, " <=> NEW.");
		my_ident(out, names[i]);
		buf_adds(out, " AND CAST(OLD.");
		my_ident(out, names[i]);
		buf_adds(out, " AS BINARY) <=> CAST(NEW.");
		my_ident(out, names[i]);
		buf_adds(out, " AS BINARY)");
	}
	buf_adds(out, ") THEN ");
}

static void
create_triggers(struct buf *out, const struct tracked *t)
{
	const char *names[64];
	size_t n = MIN(t->nkeys, ARRAY_LEN(names));

	for (size_t i = 0; i < n; i++)
		names[i] = t->keys[i]->name;
	open_trigger(out, t, "i", "AFTER INSERT", t->table->name);
	insert_key(out, t, 'I', "NEW");
	close_trigger(out);
	open_trigger(out, t, "u", "AFTER UPDATE", t->table->name);
	insert_key(out, t, 'U', "NEW");
	if_changed(out, names, n);
	insert_key(out, t, 'U', "OLD");
	buf_adds(out, "END IF; ");
	close_trigger(out);
	open_trigger(out, t, "d", "AFTER DELETE", t->table->name);
	insert_key(out, t, 'D', "OLD");
	close_trigger(out);
}

/* --- through other tables ------------------------------------------------- */

/* The column that a key column follows in the last step, or NULL. */
static const char *
followed(const struct track_step *s, const char *key)
{
	for (size_t i = 0; i < s->ncols; i++)
		if (strcmp(s->cols[i], key) == 0)
			return s->ref_cols[i];
	return NULL;
}

/* " FROM t t0 JOIN p1 t1 ON ... WHERE t1.fk = OLD.ref" */
static void
from_route(struct buf *out, const struct track_route *r)
{
	buf_adds(out, " FROM ");
	my_ident(out, r->steps[0].child);
	buf_adds(out, " t0");
	for (size_t s = 0; s < r->nsteps; s++) {
		const struct track_step *step = &r->steps[s];
		bool last = s == r->nsteps - 1;

		if (!last) {
			buf_adds(out, " JOIN ");
			my_ident(out, step->parent);
			buf_addf(out, " t%zu ON ", s + 1);
		} else {
			buf_adds(out, " WHERE ");
		}
		for (size_t i = 0; i < step->ncols; i++) {
			buf_addf(out, "%st%zu.", i > 0 ? " AND " : "", s);
			my_ident(out, step->cols[i]);
			if (last)
				buf_adds(out, " = OLD.");
			else
				buf_addf(out, " = t%zu.", s + 1);
			my_ident(out, step->ref_cols[i]);
		}
	}
}

/*
 * Rows are read as they are now, as the foreign key will, and not as the
 * transaction saw them first. moved: with the keys that they will have.
 */
static void
insert_route(struct buf *out, const struct tracked *t,
    const struct track_route *r, char op, bool moved)
{
	insert_into(out, t);
	buf_addf(out, "SELECT '%c'", op);
	for (size_t i = 0; i < t->nkeys; i++) {
		const char *name = t->keys[i]->name;
		const char *ref = followed(&r->steps[0], name);

		buf_adds(out, moved && ref != NULL ? ", NEW." : ", t0.");
		my_ident(out, moved && ref != NULL ? ref : name);
	}
	buf_adds(out, ", @trueup_run, USER()");
	from_route(out, r);
	buf_adds(out, " FOR UPDATE; ");
}

static void
insert_whole(
    struct buf *out, const struct tracked *t, const struct track_route *r)
{
	buf_adds(out, "INSERT INTO ");
	my_change(out, t->tab);
	buf_adds(out, " (op, run, who) SELECT 'T', @trueup_run, USER()");
	from_route(out, r);
	buf_adds(out, " LIMIT 1; ");
}

static bool
moves_key(const struct tracked *t, const struct track_route *r)
{
	for (size_t i = 0; i < t->nkeys; i++)
		if (followed(&r->steps[0], t->keys[i]->name) != NULL)
			return true;
	return false;
}

static void
create_route(struct buf *out, const struct tracked *t, size_t n)
{
	const struct track_route *r = &t->routes[n];
	const struct track_step *last = &r->steps[r->nsteps - 1];
	char name[24];

	snprintf(name, sizeof(name), "x%zu", n + 1);
	open_trigger(out, t, name, "BEFORE DELETE", last->parent);
	if (r->circle)
		insert_whole(out, t, r);
	else
		insert_route(out, t, r, 'D', false);
	close_trigger(out);
	snprintf(name, sizeof(name), "y%zu", n + 1);
	open_trigger(out, t, name, "BEFORE UPDATE", last->parent);
	if_changed(out, last->ref_cols, last->ncols);
	/* What a key two steps down becomes takes more than this to say. */
	if (r->circle || (r->nsteps > 1 && moves_key(t, r))) {
		insert_whole(out, t, r);
	} else {
		insert_route(out, t, r, 'U', false);
		if (moves_key(t, r))
			insert_route(out, t, r, 'U', true);
	}
	buf_adds(out, "END IF; ");
	close_trigger(out);
}

static void
my_install(struct buf *out, const struct tracked *t)
{
	create_table(out, t);
	create_triggers(out, t);
	for (size_t i = 0; i < t->nroutes; i++)
		create_route(out, t, i);
}

static void
my_triggers(struct buf *out, int64_t tab)
{
	buf_addf(out,
	    "SELECT trigger_name FROM information_schema.triggers"
	    " WHERE trigger_schema = DATABASE() AND trigger_name REGEXP"
	    " '^trueup_[a-z][0-9]*_%" PRId64 "$' ORDER BY trigger_name",
	    tab);
}

static void
my_remove(struct buf *out, int64_t tab, const char *const *triggers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_adds(out, "DROP TRIGGER IF EXISTS ");
		my_ident(out, triggers[i]);
		buf_adds(out, ";\n");
	}
	buf_adds(out, "DROP TABLE IF EXISTS ");
	my_change(out, tab);
	buf_adds(out, ";\n");
}

/* --- state ---------------------------------------------------------------- */

static void
add_name_list(struct buf *out, const struct tracked *t)
{
	track_text(out, &dialect_mysql, t->table->name);
	for (size_t r = 0; r < t->nroutes; r++)
		for (size_t s = 0; s < t->routes[r].nsteps; s++) {
			buf_adds(out, ", ");
			track_text(
			    out, &dialect_mysql, t->routes[r].steps[s].parent);
		}
}

static void
my_state(struct buf *out, const struct tracked *t)
{
	if (t == NULL) {
		buf_adds(out, "SELECT 'shape', '' FROM DUAL WHERE 0");
		return;
	}
	buf_addf(out,
	    "SELECT CONCAT('trigger ', trigger_name), CONCAT_WS(' ',"
	    " event_manipulation, event_object_schema, event_object_table,"
	    " action_timing, sql_mode, action_statement)"
	    " FROM information_schema.triggers"
	    " WHERE trigger_schema = DATABASE() AND trigger_name REGEXP"
	    " '^trueup_[a-z][0-9]*_%" PRId64 "$'"
	    " UNION ALL SELECT CONCAT(IF(table_name = 'trueup_change_%" PRId64
	    "', 'change table ', 'key '), column_name), CONCAT_WS(' ',"
	    " column_type, collation_name) FROM information_schema.columns"
	    " WHERE table_schema = DATABASE() AND (table_name = "
	    "'trueup_change_%" PRId64 "' OR table_name = ",
	    t->tab, t->tab, t->tab);
	track_text(out, &dialect_mysql, t->table->name);
	for (size_t i = 0; i < t->nkeys; i++) {
		buf_adds(out, i > 0 ? ", " : " AND column_name IN (");
		track_text(out, &dialect_mysql, t->keys[i]->name);
	}
	buf_adds(out,
	    ")) UNION ALL SELECT CONCAT('reference ', table_name, ' ',"
	    " constraint_name), CONCAT_WS(' ', unique_constraint_schema,"
	    " referenced_table_name, delete_rule, update_rule)"
	    " FROM information_schema.referential_constraints"
	    " WHERE constraint_schema = DATABASE()"
	    " AND (delete_rule IN " ACTIONS " OR update_rule IN " ACTIONS ")"
	    " AND table_name IN (");
	add_name_list(out, t);
	/* Every ALTER TABLE moves the one, a trigger that went and came the
	 * other, and neither takes a privilege. */
	buf_adds(out,
	    ") UNION ALL SELECT 'shape table', create_time"
	    " FROM information_schema.tables WHERE table_schema = DATABASE()"
	    " AND table_name = ");
	track_text(out, &dialect_mysql, t->table->name);
	buf_addf(out,
	    " UNION ALL SELECT CONCAT('shape trigger ', trigger_name), created"
	    " FROM information_schema.triggers"
	    " WHERE trigger_schema = DATABASE() AND trigger_name REGEXP"
	    " '^trueup_[a-z][0-9]*_%" PRId64 "$'",
	    t->tab);
}

/* TRUNCATE makes another table of it, as ALTER TABLE does that copies. */
static void
my_shape(struct buf *out, const struct tracked *t)
{
	bool oracle = t->keys[0]->wire & MY_ORACLE;

	buf_addf(out,
	    "SELECT 'shape', table_id FROM information_schema.%s"
	    " WHERE name = CONCAT(CAST(CONVERT(DATABASE() USING filename)"
	    " AS BINARY), '/', CAST(CONVERT(",
	    oracle ? "innodb_tables" : "innodb_sys_tables");
	track_text(out, &dialect_mysql, t->table->name);
	buf_adds(out, " USING filename) AS BINARY)) OR name LIKE CONCAT("
		      "REPLACE(REPLACE(CONCAT(CAST(CONVERT(DATABASE() USING "
		      "filename) AS BINARY), '/', CAST(CONVERT(");
	track_text(out, &dialect_mysql, t->table->name);
	buf_adds(out, " USING filename) AS BINARY)), '%', '\\\\%'), '_', "
		      "'\\\\_'), '#P#%') ORDER BY table_id");
}

/* References that no trigger of ours can stand behind. */
static void
my_warnings(struct buf *out, const struct tracked *t)
{
	buf_adds(out,
	    "SELECT CONCAT('rows that are deleted or changed through the "
	    "foreign key ', table_name, '.', constraint_name, ' to another "
	    "database fire no trigger')"
	    " FROM information_schema.referential_constraints"
	    " WHERE constraint_schema = DATABASE()"
	    " AND unique_constraint_schema <> DATABASE()"
	    " AND (delete_rule IN " ACTIONS " OR update_rule IN " ACTIONS ")"
	    " AND table_name IN (");
	add_name_list(out, t);
	buf_adds(out,
	    ") UNION ALL SELECT CONCAT('its engine ', engine, ' keeps what is "
	    "rolled back; the change table does not')"
	    " FROM information_schema.tables WHERE table_schema = DATABASE()"
	    " AND engine <> 'InnoDB' AND table_name = ");
	track_text(out, &dialect_mysql, t->table->name);
	buf_adds(out,
	    " UNION ALL SELECT 'this server is read-only: rows that a replica "
	    "gets in row format fire no trigger unless "
	    "slave_run_triggers_for_rbr says so' FROM DUAL"
	    " WHERE @@global.read_only");
}

/* --- retention ------------------------------------------------------------ */

static void
my_raise(struct buf *out, int64_t tab, uint64_t keep)
{
	struct buf old = BUF_INIT;

	buf_addf(&old, "at < NOW(6) - INTERVAL %" PRIu64 " SECOND", keep);
	buf_addf(out,
	    "DELETE FROM trueup_consumer WHERE tab = %" PRId64
	    " AND %s;\nUPDATE trueup_captured SET cleaned = GREATEST(cleaned,"
	    " COALESCE((SELECT MIN(low) FROM trueup_consumer WHERE tab = "
	    "%" PRId64 "), (SELECT MAX(seq) FROM ",
	    tab, buf_str(&old), tab);
	my_change(out, tab);
	buf_addf(out, " WHERE %s), 0)) WHERE tab = %" PRId64 ";\n",
	    buf_str(&old), tab);
	buf_free(&old);
}

static void
my_prune(struct buf *out, int64_t tab)
{
	buf_adds(out, "DELETE FROM ");
	my_change(out, tab);
	buf_addf(out,
	    " WHERE seq <= (SELECT cleaned FROM trueup_captured WHERE tab = "
	    "%" PRId64 ")",
	    tab);
}

static void
my_tag(struct buf *out, const char *run)
{
	if (run != NULL)
		buf_addf(out, "SET @trueup_run = '%s'", run);
	else
		buf_adds(out, "SET @trueup_run = NULL");
}

static void
my_ack(struct buf *out, const char *name, int64_t tab, const char *low)
{
	buf_adds(out, "REPLACE INTO trueup_consumer (name, tab, low) VALUES (");
	track_text(out, &dialect_mysql, name);
	buf_addf(out, ", %" PRId64 ", %s);\n", tab, low);
}

#define NAMES "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"

/* --- tables of the user's ------------------------------------------------- */

static bool
my_back(struct buf *out, const char *at, enum ltype type, int64_t seconds)
{
	if (type == LT_NUM || type == LT_F8)
		buf_addf(out,
		    "CAST(CAST(MAX(%s) AS DECIMAL(65,6)) - %" PRId64
		    " AS CHAR)",
		    at, seconds);
	else if (type == LT_TS || type == LT_TSTZ || type == LT_DATE)
		buf_addf(out,
		    "QUOTE(LEAST(MAX(%s), NOW(6)) - INTERVAL %" PRId64
		    " SECOND)",
		    at, seconds);
	else
		return false;
	return true;
}

static void
my_key(struct buf *out, const struct column *col, const char *expr)
{
	const char *type = "CHAR";

	if (col->ltype == LT_NUM && !col->integer) {
		buf_addf(out, "CAST((%s) AS DECIMAL(65,%d))", expr,
		    MAX(col->scale, 0));
		return;
	}
	if (col->ltype == LT_F4 || col->ltype == LT_F8) {
		buf_addf(out, "((%s) + 0e0)", expr);
		return;
	}
	if (col->ltype == LT_NUM)
		type = strstr(col->type, "unsigned") != NULL ? "UNSIGNED"
		                                             : "SIGNED";
	else if (col->ltype == LT_BITS)
		type = "UNSIGNED";
	else if (col->ltype == LT_BYTES)
		type = "BINARY";
	else if (col->ltype == LT_DATE)
		type = "DATE";
	else if (col->ltype == LT_TIME)
		type = "TIME(6)";
	else if (col->ltype == LT_TS || col->ltype == LT_TSTZ)
		type = "DATETIME(6)";
	buf_addf(out, "CAST((%s) AS %s)", expr, type);
}

static void
my_json(struct buf *out, const char *column, const char *const *path, size_t n)
{
	struct buf text = BUF_INIT;

	track_json_path(&text, path, n);
	buf_addf(out, "JSON_VALUE(%s, ", column);
	track_text(out, &dialect_mysql, buf_str(&text));
	buf_addc(out, ')');
	buf_free(&text);
}

const struct track_sql track_sql_mysql = {
	.meta = "trueup_meta",
	.captured = "trueup_captured",
	.consumer = "trueup_consumer",
	.change = my_change,
	.exists = "SELECT COUNT(*) FROM information_schema.tables WHERE "
		  "table_schema = DATABASE() AND table_name = "
		  "'trueup_captured'",
	.setup =
	    "CREATE TABLE IF NOT EXISTS trueup_meta (k VARCHAR(64) " NAMES
	    " PRIMARY KEY, v VARCHAR(255) " NAMES " NOT NULL) ENGINE=InnoDB;\n"
	    "INSERT IGNORE INTO trueup_meta VALUES ('install_id', UUID()),"
	    " ('format', '1'), ('next', '1');\n"
	    "CREATE TABLE IF NOT EXISTS trueup_captured (tab INT PRIMARY "
	    "KEY, tschema VARCHAR(64) " NAMES ", tname VARCHAR(64) " NAMES
	    " NOT NULL, key_columns TEXT " NAMES
	    " NOT NULL, state MEDIUMTEXT " NAMES
	    " NOT NULL, at TIMESTAMP(6) NOT NULL DEFAULT "
	    "CURRENT_TIMESTAMP(6), cleaned BIGINT UNSIGNED NOT NULL "
	    "DEFAULT 0) ENGINE=InnoDB;\n"
	    "CREATE TABLE IF NOT EXISTS trueup_consumer (name VARCHAR(255)"
	    " " NAMES ", tab INT, low BIGINT UNSIGNED NOT NULL, at "
	    "TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6), PRIMARY "
	    "KEY (name, tab)) ENGINE=InnoDB;\n",
	.teardown = "DROP TABLE IF EXISTS trueup_consumer, trueup_captured, "
		    "trueup_meta;\n",
	.begin = my_begin,
	.commit = "",
	.install = my_install,
	.triggers = my_triggers,
	.remove = my_remove,
	.state = my_state,
	.shape = my_shape,
	.reshaped = "the table was truncated or altered, or its triggers "
		    "were made anew",
	.references =
	    "SELECT k.table_name, k.constraint_name, k.column_name,"
	    " k.referenced_table_name, k.referenced_column_name"
	    " FROM information_schema.key_column_usage k"
	    " JOIN information_schema.referential_constraints r"
	    " ON r.constraint_schema = k.constraint_schema"
	    " AND r.constraint_name = k.constraint_name"
	    " AND r.table_name = k.table_name"
	    " WHERE k.table_schema = DATABASE()"
	    " AND k.referenced_table_schema = DATABASE()"
	    " AND r.constraint_schema = DATABASE()"
	    " AND (r.delete_rule IN " ACTIONS " OR r.update_rule IN " ACTIONS
	    ") ORDER BY k.table_name, k.constraint_name, k.ordinal_position",
	.warnings = my_warnings,
	.delimiter = "//",
	.gaps = true,
	.text = "CHAR",
	.integer = "SIGNED",
	.birth = "SELECT UNIX_TIMESTAMP()",
	.uncommitted = "SET SESSION TRANSACTION ISOLATION LEVEL READ "
		       "UNCOMMITTED",
	.back = my_back,
	.key = my_key,
	.json = my_json,
	.age = "TIMESTAMPDIFF(SECOND, at, NOW(6))",
	.raise = my_raise,
	.prune = my_prune,
	.tag = my_tag,
	.tag_stays = true,
	.ack = my_ack,
};
