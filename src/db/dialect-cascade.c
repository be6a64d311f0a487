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
pg_columns(struct buf *out, const char *key, const char *rel)
{
	buf_addf(out,
	    ", (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY n)"
	    " FROM unnest(c.%s) WITH ORDINALITY k(num, n)"
	    " JOIN pg_catalog.pg_attribute a"
	    " ON a.attrelid = c.%s AND a.attnum = k.num)",
	    key, rel);
}

/* Constraints of a partition that come with the whole have a parent. */
void
pg_cascades(struct buf *out, const struct table *table)
{
	buf_adds(out, "SELECT c.conrelid::pg_catalog.regclass::text");
	pg_columns(out, "conkey", "conrelid");
	pg_columns(out, "confkey", "confrelid");
	buf_addf(out,
	    ", CASE c.confdeltype WHEN 'c' THEN 'CASCADE'"
	    " WHEN 'n' THEN 'SET NULL' ELSE 'SET DEFAULT' END,"
	    " CASE WHEN c.conrelid = c.confrelid THEN 'self' ELSE '' END"
	    " FROM pg_catalog.pg_constraint c"
	    " WHERE c.contype = 'f' AND c.conparentid = 0"
	    " AND c.confrelid = %llu AND c.confdeltype IN ('c', 'n', 'd')"
	    " ORDER BY c.conname",
	    (unsigned long long)table->oid);
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
	buf_adds(out,
	    ", r.delete_rule,"
	    " IF(k.table_schema = k.referenced_table_schema"
	    " AND k.table_name = k.referenced_table_name, 'self', '')"
	    " FROM information_schema.key_column_usage k"
	    " JOIN information_schema.referential_constraints r"
	    " ON r.constraint_schema = k.constraint_schema"
	    " AND r.constraint_name = k.constraint_name"
	    " AND r.table_name = k.table_name"
	    " WHERE r.delete_rule IN ('CASCADE', 'SET NULL', 'SET DEFAULT')"
	    " AND k.referenced_table_schema = ");
	if (table->schema != NULL)
		add_text(out, &dialect_mysql, table->schema);
	else
		buf_adds(out, "DATABASE()");
	buf_adds(out, " AND k.referenced_table_name = ");
	add_text(out, &dialect_mysql, table->name);
	buf_adds(out,
	    " GROUP BY k.table_schema, k.table_name, k.constraint_name,"
	    " r.delete_rule, k.referenced_table_schema,"
	    " k.referenced_table_name"
	    " ORDER BY k.table_schema, k.table_name, k.constraint_name");
}

static void
lite_name(struct buf *out, const char *column)
{
	buf_addf(out, "'\"' || replace(%s, '\"', '\"\"') || '\"'", column);
}

/* A reference that names no columns is to the primary key. */
void
sqlite_cascades(struct buf *out, const struct table *table)
{
	buf_adds(out, "SELECT ");
	lite_name(out, "m.name");
	buf_adds(out, ", (SELECT group_concat(");
	lite_name(out, "f.\"from\"");
	buf_adds(out,
	    ", ', ') FROM"
	    " (SELECT \"from\" FROM pragma_foreign_key_list(m.name)"
	    " WHERE id = g.id ORDER BY seq) f), (SELECT group_concat(");
	lite_name(out, "f.name");
	buf_adds(out, ", ', ') FROM"
		      " (SELECT coalesce(l.\"to\", (SELECT name FROM"
		      " pragma_table_info(");
	add_text(out, &dialect_sqlite, table->name);
	buf_adds(out,
	    ") WHERE pk = l.seq + 1)) AS name"
	    " FROM pragma_foreign_key_list(m.name) l"
	    " WHERE id = g.id ORDER BY seq) f),"
	    " g.on_delete, CASE WHEN m.name = g.\"table\" COLLATE NOCASE"
	    " THEN 'self' ELSE '' END"
	    " FROM sqlite_schema m JOIN pragma_foreign_key_list(m.name) g"
	    " ON g.seq = 0 WHERE m.type = 'table' AND g.\"table\" = ");
	add_text(out, &dialect_sqlite, table->name);
	buf_adds(out,
	    " COLLATE NOCASE"
	    " AND g.on_delete IN ('CASCADE', 'SET NULL', 'SET DEFAULT')"
	    " ORDER BY m.name, g.id");
}
