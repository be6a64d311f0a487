#include <config.h>

#include "db/db.h"
#include "db/dialect-mysql.h"
#include "db/dialect-pg.h"
#include "db/dialect-sqlite.h"

/* --- dialect.cascades of each brand --------------------------------------- */

static void
add_text(struct buf *out, const struct dialect *d, const char *s)
{
	const struct cell cell = {
		.kind = CELL_TEXT, .u.p = s, .len = strlen(s)
	};

	d->literal(out, &db_text_column, &cell);
}

static void
pg_name(struct buf *out, const char *column, const char *as)
{
	buf_addf(out, ", '\"' || replace(%s, '\"', '\"\"') || '\"' AS %s",
	    column, as);
}

static void
pg_action(struct buf *out, const char *type)
{
	buf_addf(out,
	    ", CASE c.%s WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL'"
	    " WHEN 'd' THEN 'SET DEFAULT' ELSE '' END",
	    type);
}

/*
 * Constraints of a partition that come with the whole have a parent; one that
 * refers to the whole is about its parts, too.
 */
void
pg_cascades(struct buf *out, const struct table *table)
{
	unsigned long long oid = table->oid;

	buf_adds(out, "SELECT f.* FROM pg_catalog.pg_constraint c"
		      " CROSS JOIN LATERAL (WITH x AS (SELECT k.n");
	pg_name(out, "a.attname", "child");
	pg_name(out, "b.attname", "parent");
	buf_adds(out,
	    " FROM unnest(c.conkey, c.confkey) WITH ORDINALITY k(one, two, n)"
	    " JOIN pg_catalog.pg_attribute a"
	    " ON a.attrelid = c.conrelid AND a.attnum = k.one"
	    " JOIN pg_catalog.pg_attribute b"
	    " ON b.attrelid = c.confrelid AND b.attnum = k.two)"
	    " SELECT c.conrelid::pg_catalog.regclass::text,"
	    " (SELECT string_agg(x.child, ', ' ORDER BY x.n) FROM x),"
	    " (SELECT string_agg(x.parent, ', ' ORDER BY x.n) FROM x),"
	    " (SELECT string_agg('trueup_p.' || x.parent || ' = trueup_c.' ||"
	    " x.child, ' AND ' ORDER BY x.n) FROM x)");
	pg_action(out, "confdeltype");
	pg_action(out, "confupdtype");
	buf_addf(out,
	    ", CASE WHEN c.conrelid = c.confrelid THEN 'self' ELSE '' END) f"
	    " WHERE c.contype = 'f' AND c.conparentid = 0"
	    " AND (c.confdeltype IN ('c', 'n', 'd')"
	    " OR c.confupdtype IN ('c', 'n', 'd'))"
	    " AND (c.confrelid = %llu OR c.confrelid IN (SELECT relid"
	    " FROM pg_catalog.pg_partition_ancestors(%llu) a(relid)))"
	    " ORDER BY c.conname",
	    oid, oid);
}

static void
my_name(struct buf *out, const char *column)
{
	buf_addf(out, "CONCAT('`', REPLACE(k.%s, '`', '``'), '`')", column);
}

static void
my_columns(struct buf *out, const char *column)
{
	buf_adds(out, ", GROUP_CONCAT(");
	my_name(out, column);
	buf_adds(out, " ORDER BY k.ordinal_position SEPARATOR ', ')");
}

#define MY_ACTIONS "('CASCADE', 'SET NULL', 'SET DEFAULT')"

void
my_cascades(struct buf *out, const struct table *table)
{
	buf_adds(out, "SELECT CONCAT(");
	my_name(out, "table_schema");
	buf_adds(out, ", '.', ");
	my_name(out, "table_name");
	buf_addc(out, ')');
	my_columns(out, "column_name");
	my_columns(out, "referenced_column_name");
	buf_adds(out, ", GROUP_CONCAT(CONCAT('trueup_p.', ");
	my_name(out, "referenced_column_name");
	buf_adds(out, ", ' = trueup_c.', ");
	my_name(out, "column_name");
	buf_adds(out, ") ORDER BY k.ordinal_position SEPARATOR ' AND '),"
		      " IF(r.delete_rule IN " MY_ACTIONS ", r.delete_rule, ''),"
		      " IF(r.update_rule IN " MY_ACTIONS ", r.update_rule, ''),"
		      " IF(k.table_schema = k.referenced_table_schema"
		      " AND k.table_name = k.referenced_table_name, 'self', '')"
		      " FROM information_schema.key_column_usage k"
		      " JOIN information_schema.referential_constraints r"
		      " ON r.constraint_schema = k.constraint_schema"
		      " AND r.constraint_name = k.constraint_name"
		      " AND r.table_name = k.table_name"
		      " WHERE (r.delete_rule IN " MY_ACTIONS
		      " OR r.update_rule IN " MY_ACTIONS ")"
		      " AND k.referenced_table_schema = ");
	if (table->schema != NULL)
		add_text(out, &dialect_mysql, table->schema);
	else
		buf_adds(out, "DATABASE()");
	buf_adds(out, " AND k.referenced_table_name = ");
	add_text(out, &dialect_mysql, table->name);
	buf_adds(out,
	    " GROUP BY k.table_schema, k.table_name, k.constraint_name,"
	    " r.delete_rule, r.update_rule, k.referenced_table_schema,"
	    " k.referenced_table_name"
	    " ORDER BY k.table_schema, k.table_name, k.constraint_name");
}

static void
lite_name(struct buf *out, const char *column)
{
	buf_addf(out, "'\"' || replace(%s, '\"', '\"\"') || '\"'", column);
}

/* One of the lists: what of each pair of columns, and what is between them. A
 * reference that names no columns is to the primary key. */
static void
lite_columns(struct buf *out, const struct table *table, const char *before,
    const char *column, const char *more, const char *between)
{
	buf_addf(out, ", (SELECT group_concat(%s", before);
	lite_name(out, column);
	if (more[0] != '\0') {
		buf_adds(out, more);
		lite_name(out, "f.child");
	}
	buf_addf(out,
	    ", '%s') FROM (SELECT l.\"from\" AS child, coalesce(l.\"to\","
	    " (SELECT name FROM pragma_table_info(",
	    between);
	add_text(out, &dialect_sqlite, table->name);
	buf_adds(out, ") WHERE pk = l.seq + 1)) AS parent"
		      " FROM pragma_foreign_key_list(m.name) l"
		      " WHERE id = g.id ORDER BY seq) f)");
}

#define LITE_ACTIONS "('CASCADE', 'SET NULL', 'SET DEFAULT')"

void
sqlite_cascades(struct buf *out, const struct table *table)
{
	buf_adds(out, "SELECT ");
	lite_name(out, "m.name");
	lite_columns(out, table, "", "f.child", "", ", ");
	lite_columns(out, table, "", "f.parent", "", ", ");
	lite_columns(out, table, "'trueup_p.' || ", "f.parent",
	    " || ' = trueup_c.' || ", " AND ");
	buf_adds(out,
	    ", CASE WHEN g.on_delete IN " LITE_ACTIONS
	    " THEN g.on_delete ELSE '' END,"
	    " CASE WHEN g.on_update IN " LITE_ACTIONS
	    " THEN g.on_update ELSE '' END,"
	    " CASE WHEN m.name = g.\"table\" COLLATE NOCASE"
	    " THEN 'self' ELSE '' END"
	    " FROM sqlite_schema m JOIN pragma_foreign_key_list(m.name) g"
	    " ON g.seq = 0 WHERE m.type = 'table' AND g.\"table\" = ");
	add_text(out, &dialect_sqlite, table->name);
	buf_adds(out,
	    " COLLATE NOCASE AND (g.on_delete IN " LITE_ACTIONS
	    " OR g.on_update IN " LITE_ACTIONS ") ORDER BY m.name, g.id");
}
