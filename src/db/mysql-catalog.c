/*
 * Tables, keys, references (VALUES 5).
 *
 * Every statement names one schema and one table as constants: then the server
 * opens that table only, where a join would make it open all (0.2 ms against
 * seconds in a large database).
 */
#include <config.h>

#include "db/mysql-int.h"

#include <stdlib.h>

/* --- statements ----------------------------------------------------------- */

enum status
my_query(struct db *db, struct arena *arena, const char *sql, size_t ncols,
    struct my_rows *out, struct err *err)
{
	const struct column *cols[16];
	struct db_scan scan = {
		.sql = sql, .columns = cols, .ncolumns = ncols
	};
	struct buf values = BUF_INIT;
	const struct row *row = NULL;
	struct cursor *cur;
	enum status st;

	*out = (struct my_rows){ .ncols = ncols };
	for (size_t i = 0; i < ncols; i++)
		cols[i] = &db_text_column;
	st = odbc_scan(db, &scan, &cur, err);
	if (st)
		return st;
	while (st == TU_OK) {
		st = odbc_next(cur, &row, err);
		if (st || row == NULL)
			break;
		for (size_t i = 0; i < ncols; i++) {
			const struct cell *c = &row->cells[i];
			const char *s = NULL;

			if (c->kind == CELL_TEXT)
				s = arena_memdup(arena, c->u.p, c->len);
			buf_add(&values, &s, sizeof(s));
		}
		out->n++;
	}
	odbc_cursor_close(cur);
	out->values = arena_memdup(arena, values.data, values.len);
	buf_free(&values);
	return st;
}

void
my_add_text(struct buf *sql, const char *s)
{
	struct cell c = cell_text(s, strlen(s));

	my_literal(sql, &db_text_column, &c);
}

void
my_add_schema(struct buf *sql, const struct table *table)
{
	if (table->schema != NULL)
		my_add_text(sql, table->schema);
	else
		buf_adds(sql, "DATABASE()");
}

void
my_where(struct buf *sql, const struct table *table, const char *schema,
    const char *name)
{
	buf_addf(sql, " WHERE %s = ", schema);
	my_add_schema(sql, table);
	buf_addf(sql, " AND %s = ", name);
	my_add_text(sql, table->name);
}

/* --- list ----------------------------------------------------------------- */

enum {
	L_SCHEMA,
	L_NAME,
	L_TYPE,
	L_PARTITIONED,
	L_COLUMNS,
};

/* No sequences, temporary tables or views of the system. */
#define LIST_SQL                                       \
	"SELECT table_schema, table_name, table_type," \
	" create_options LIKE '%partitioned%' "        \
	"FROM information_schema.tables "              \
	"WHERE table_type IN ('BASE TABLE', 'SYSTEM VERSIONED', 'VIEW') AND "
#define LIST_ONE "table_schema = DATABASE()"
#define LIST_ALL                                              \
	"table_schema NOT IN ('information_schema', 'mysql'," \
	" 'performance_schema', 'sys')"
#define LIST_ORDER " ORDER BY BINARY table_schema, BINARY table_name"

/* A patch made against one database must run in another: its tables are not
 * qualified where the connection has a database. */
static const char *
from_clause(struct arena *arena, const struct table *t)
{
	struct buf from = BUF_INIT;
	const char *result;

	if (t->schema != NULL) {
		my_ident(&from, t->schema);
		buf_addc(&from, '.');
	}
	my_ident(&from, t->name);
	result = arena_strdup(arena, buf_str(&from));
	buf_free(&from);
	return result;
}

enum status
mysql_list(
    struct db *db, struct arena *arena, struct table_list *out, struct err *err)
{
	struct my_rows rows;
	enum status st;

	st = my_query(db, arena,
	    db->schemas ? LIST_SQL LIST_ALL LIST_ORDER
			: LIST_SQL LIST_ONE LIST_ORDER,
	    L_COLUMNS, &rows, err);
	if (st)
		return st;
	out->n = rows.n;
	out->tables = arena_alloc(arena, (rows.n + 1) * sizeof(*out->tables));
	for (size_t i = 0; i < rows.n; i++) {
		struct table *t = &out->tables[i];
		const char *parts = my_value(&rows, i, L_PARTITIONED);

		t->schema = db->schemas ? my_value(&rows, i, L_SCHEMA) : NULL;
		t->name = my_value(&rows, i, L_NAME);
		t->kind = REL_TABLE;
		if (strcmp(my_value(&rows, i, L_TYPE), "VIEW") == 0)
			t->kind = REL_VIEW;
		else if (parts != NULL && *parts == '1')
			t->kind = REL_PARTITIONED;
		t->from = from_clause(arena, t);
		t->writable = t->kind != REL_VIEW;
		t->rows = t->bytes = -1;
	}
	return TU_OK;
}

/* --- describe ------------------------------------------------------------- */

/* Run SELECT select WHERE schema = ... AND name = ... rest. */
static enum status
ask(struct db *db, struct arena *arena, const struct table *table,
    const char *select, const char *schema, const char *name, const char *rest,
    size_t ncols, struct my_rows *rows, struct err *err)
{
	struct buf sql = BUF_INIT;
	enum status st;

	buf_adds(&sql, select);
	my_where(&sql, table, schema, name);
	buf_adds(&sql, rest);
	st = my_query(db, arena, buf_str(&sql), ncols, rows, err);
	buf_free(&sql);
	return st;
}

/* Rows from row on that belong together: the first column says. */
static size_t
group_size(const struct my_rows *rows, size_t row)
{
	size_t n = 1;

	while (row + n < rows->n &&
	       strcmp(my_value(rows, row + n, 0), my_value(rows, row, 0)) == 0)
		n++;
	return n;
}

static size_t
count_groups(const struct my_rows *rows)
{
	size_t n = 0;

	for (size_t row = 0; row < rows->n; row += group_size(rows, row))
		n++;
	return n;
}

enum {
	K_NAME,
	K_COLUMN,
	K_PART, /* a prefix is indexed */
	K_COLUMNS,
};

/* A key over the first characters of a column, or over an expression (which
 * has no column name), says nothing about whole values. */
static bool
fill_key(struct arena *arena, const struct my_rows *rows, size_t row,
    const struct table *table, struct index_key *key)
{
	size_t n = group_size(rows, row);
	int *cols = arena_alloc(arena, n * sizeof(*cols));

	*key = (struct index_key){ .name = my_value(rows, row, K_NAME),
		.notnull = true,
		.cols = cols };
	key->primary = strcmp(key->name, "PRIMARY") == 0;
	for (size_t i = row; i < row + n; i++) {
		const char *name = my_value(rows, i, K_COLUMN);
		int at = name == NULL ? -1 : table_find_column(table, name);

		if (at < 0 || my_value(rows, i, K_PART) != NULL)
			return false;
		/* Current rows all have the same end. */
		if (table->columns[at].wire & MY_ROW_END)
			continue;
		key->notnull &= table->columns[at].notnull;
		cols[key->ncols++] = at;
	}
	return key->ncols > 0;
}

static enum status
read_keys(
    struct db *db, struct arena *arena, struct table *table, struct err *err)
{
	struct my_rows rows;
	enum status st;

	st = ask(db, arena, table,
	    "SELECT index_name, column_name, sub_part "
	    "FROM information_schema.statistics",
	    "table_schema", "table_name",
	    " AND non_unique = 0 ORDER BY index_name <> 'PRIMARY',"
	    " BINARY index_name, seq_in_index",
	    K_COLUMNS, &rows, err);
	if (st)
		return st;
	table->keys = arena_alloc(
	    arena, (count_groups(&rows) + 1) * sizeof(*table->keys));
	for (size_t row = 0; row < rows.n; row += group_size(&rows, row))
		if (fill_key(
			arena, &rows, row, table, &table->keys[table->nkeys]))
			table->nkeys++;
	return TU_OK;
}

enum {
	F_NAME,
	F_COLUMN,
	F_SCHEMA,
	F_TABLE,
	F_REF,
	F_DELETE,
	F_COLUMNS,
};

static void
fill_fkey(struct arena *arena, const struct my_rows *rows, size_t row,
    struct fkey *fkey)
{
	size_t n = group_size(rows, row);
	const char **cols = arena_alloc(arena, n * sizeof(*cols));
	const char **refs = arena_alloc(arena, n * sizeof(*refs));
	const char *rule = my_value(rows, row, F_DELETE);

	for (size_t i = 0; i < n; i++) {
		cols[i] = my_value(rows, row + i, F_COLUMN);
		refs[i] = my_value(rows, row + i, F_REF);
	}
	fkey->name = my_value(rows, row, F_NAME);
	fkey->ncols = n;
	fkey->cols = cols;
	fkey->ref_schema = my_value(rows, row, F_SCHEMA);
	fkey->ref_table = my_value(rows, row, F_TABLE);
	fkey->ref_cols = refs;
	fkey->on_delete = rule != NULL ? rule : "RESTRICT";
}

/* The schema is that of the table unless it is named. */
static enum status
read_fkeys(
    struct db *db, struct arena *arena, struct table *table, struct err *err)
{
	struct buf select = BUF_INIT;
	struct my_rows rows;
	struct fkey *fkey;
	enum status st;

	buf_adds(&select,
	    "SELECT k.constraint_name, k.column_name,"
	    " NULLIF(BINARY k.referenced_table_schema, BINARY k.table_schema),"
	    " k.referenced_table_name, k.referenced_column_name,"
	    " (SELECT r.delete_rule"
	    "  FROM information_schema.referential_constraints r");
	my_where(&select, table, "r.constraint_schema", "r.table_name");
	buf_adds(&select, "  AND r.constraint_name = k.constraint_name) "
			  "FROM information_schema.key_column_usage k");
	st = ask(db, arena, table, buf_str(&select), "k.table_schema",
	    "k.table_name",
	    " AND k.referenced_table_name IS NOT NULL"
	    " ORDER BY BINARY k.constraint_name, k.ordinal_position",
	    F_COLUMNS, &rows, err);
	buf_free(&select);
	if (st)
		return st;
	table->nfkeys = count_groups(&rows);
	fkey = table->fkeys =
	    arena_alloc(arena, (table->nfkeys + 1) * sizeof(*table->fkeys));
	for (size_t row = 0; row < rows.n; row += group_size(&rows, row))
		fill_fkey(arena, &rows, row, fkey++);
	return TU_OK;
}

/* Those that the user may see: it takes the TRIGGER privilege. */
static enum status
read_triggers(
    struct db *db, struct arena *arena, struct table *table, struct err *err)
{
	struct my_rows rows;
	enum status st;

	st = ask(db, arena, table,
	    "SELECT trigger_name FROM information_schema.triggers",
	    "event_object_schema", "event_object_table",
	    " ORDER BY BINARY trigger_name", 1, &rows, err);
	if (st)
		return st;
	table->ntriggers = rows.n;
	table->triggers = rows.values;
	return TU_OK;
}

enum {
	S_ENGINE,
	S_ROWS,
	S_BYTES,
	S_COLUMNS,
};

static double
number_or(const char *s, double otherwise)
{
	return s != NULL ? strtod(s, NULL) : otherwise;
}

/* https://mariadb.com/kb/en/start-transaction/: these have snapshots. */
static bool
has_snapshots(const char *engine)
{
	static const char *const engines[] = { "InnoDB", "ROCKSDB", "TokuDB" };

	for (size_t i = 0; i < ARRAY_LEN(engines); i++)
		if (strcmp(engine, engines[i]) == 0)
			return true;
	return false;
}

static enum status
read_size(
    struct db *db, struct arena *arena, struct table *table, struct err *err)
{
	struct my_rows rows;
	const char *engine;
	enum status st;

	st = ask(db, arena, table,
	    "SELECT engine, table_rows, data_length"
	    " FROM information_schema.tables",
	    "table_schema", "table_name", "", S_COLUMNS, &rows, err);
	if (st || rows.n == 0)
		return st;
	table->rows = number_or(my_value(&rows, 0, S_ROWS), -1);
	table->bytes = number_or(my_value(&rows, 0, S_BYTES), -1);
	engine = my_value(&rows, 0, S_ENGINE);
	if (engine != NULL && !has_snapshots(engine)) {
		table->no_rollback = engine;
		table->caveat = arena_printf(arena,
		    "%s has no snapshots: rows changed during the run may be "
		    "reported",
		    engine);
	}
	return TU_OK;
}

/*
 * A column that the user may not read is hidden from information_schema, and
 * two tables would seem equal without it. The parser tells.
 */
static enum status
check_readable(struct db *db, const struct table *table, struct err *err)
{
	uint64_t ignored = 0;
	enum status st =
	    my_shape((struct odbc *)db, table->from, &ignored, err);

	/* Not a failure of the connection, but of this table. */
	if (st == TU_EQUERY && (strncmp(err->sqlstate, "42", 2) == 0 ||
				   strcmp(err->sqlstate, "HY000") == 0))
		st = err->status = TU_ESCHEMA;
	return st;
}

enum status
mysql_describe(
    struct db *db, struct arena *arena, struct table *table, struct err *err)
{
	static enum status (*const parts[])(struct db * db,
	    struct arena * arena, struct table * table, struct err * err) = {
		my_columns,
		read_keys,
		read_fkeys,
		read_triggers,
		read_size,
	};
	enum status st = check_readable(db, table, err);

	table->nkeys = table->nfkeys = 0;
	for (size_t i = 0; i < ARRAY_LEN(parts) && st == TU_OK; i++)
		st = parts[i](db, arena, table, err);
	if (st == TU_OK && table->ncolumns == 0)
		return err_set(err, TU_ESCHEMA,
		    "the table has no columns, or was dropped just now");
	return st;
}
