/*
 * Was a table changed since it was described, under a snapshot that is older?
 *
 * TRUNCATE and whatever rebuilds a table make a read under an older snapshot
 * fail (error 1412), DROP and CREATE too. Other changes of its columns, of its
 * partitions or of its engine, and another table that was given its name, can
 * be read, so they must be told: information_schema shows what is, whatever the
 * snapshot. Without the PROCESS privilege, and on MySQL, two tables made within
 * one second and alike in all else that were swapped are not told apart, nor is
 * ever what is behind a view or a query.
 */
#include <config.h>

#include "db/mysql-int.h"

uint64_t
my_fnv(uint64_t h, const void *p, size_t n)
{
	const unsigned char *s = p;

	for (size_t i = 0; i < n; i++)
		h = (h ^ s[i]) * UINT64_C(0x100000001b3);
	return h;
}

#define VERSION_COLUMNS 7

/* A row for the table, one for each column, one for each partition. */
static void
version_sql(struct buf *sql, const struct table *table)
{
	buf_adds(sql,
	    "SELECT 0 AS n, table_type AS a, engine AS b, create_time AS c,"
	    " create_options AS d, NULL AS e, NULL AS f"
	    " FROM information_schema.tables");
	my_where(sql, table, "table_schema", "table_name");
	buf_adds(sql,
	    " UNION ALL SELECT ordinal_position, column_name, column_type,"
	    " collation_name, is_nullable, extra, generation_expression"
	    " FROM information_schema.columns");
	my_where(sql, table, "table_schema", "table_name");
	buf_adds(sql,
	    " UNION ALL SELECT 10000 + partition_ordinal_position,"
	    " partition_name, subpartition_name, partition_description,"
	    " create_time, NULL, NULL FROM information_schema.partitions");
	my_where(sql, table, "table_schema", "table_name");
	buf_adds(sql, " AND partition_name IS NOT NULL ORDER BY n, a, b");
}

/* An id for the table, or for each partition: EXCHANGE PARTITION changes
 * nothing else. They are named as their files are. */
static void
ids_sql(struct buf *sql, const struct table *table)
{
	buf_adds(sql,
	    "SELECT table_id FROM information_schema.innodb_sys_tables,"
	    " (SELECT CONCAT(BINARY CONVERT(");
	my_add_schema(sql, table);
	buf_adds(sql, " USING filename), '/', BINARY CONVERT(");
	my_add_text(sql, table->name);
	buf_adds(sql, " USING filename)) AS p) AS trueup_p WHERE name = p"
		      " OR LEFT(name, CHAR_LENGTH(p) + 3) = CONCAT(p, '#P#')"
		      " ORDER BY name");
}

static enum status
hash_query(
    struct db *db, const char *sql, size_t ncols, uint64_t *h, struct err *err)
{
	struct arena *arena = arena_new(4096);
	struct my_rows rows;
	enum status st = my_query(db, arena, sql, ncols, &rows, err);

	for (size_t i = 0; st == TU_OK && i < rows.n * rows.ncols; i++) {
		const char *v = rows.values[i];

		*h = v != NULL ? my_fnv(*h, v, strlen(v) + 1)
		               : my_fnv(*h, "\1", 1);
	}
	arena_free(arena);
	return st;
}

static enum status
hash_catalog(
    struct db *db, const struct table *table, uint64_t *h, struct err *err)
{
	struct buf sql = BUF_INIT;
	struct err denied = ERR_INIT;
	enum status st;

	version_sql(&sql, table);
	st = hash_query(db, buf_str(&sql), VERSION_COLUMNS, h, err);
	if (st == TU_OK && table->kind != REL_VIEW && !my_is_oracle(db)) {
		buf_reset(&sql);
		ids_sql(&sql, table);
		hash_query(db, buf_str(&sql), 1, h, &denied);
	}
	buf_free(&sql);
	return st;
}

enum status
mysql_table_version(struct db *db, const struct table *table, uint64_t *version,
    struct err *err)
{
	struct err gone = ERR_INIT;
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	enum status st = TU_OK;

	/* MySQL's information_schema is made of tables of its own. */
	if (table->kind == REL_QUERY || my_is_oracle(db))
		st = my_shape((struct odbc *)db, table->from, &h, &gone);
	if (st && strncmp(gone.sqlstate, "42", 2) != 0) {
		*err = gone;
		return st;
	}
	st = TU_OK;
	if (table->kind != REL_QUERY)
		st = hash_catalog(db, table, &h, err);
	*version = h;
	return st;
}
