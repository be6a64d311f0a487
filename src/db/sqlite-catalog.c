#include <config.h>

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "db/dialect-sqlite.h"
#include "db/sqlite.h"
#include "value/rowhash.h"

/*
 * Everything is read through the table-valued forms of the PRAGMAs
 * (https://sqlite.org/pragma.html), which take part in a read transaction.
 */

static struct sqlite_db *
sqlite_of(struct db *db)
{
	return (struct sqlite_db *)db;
}

static char *
column_str(sqlite3_stmt *stmt, int i, struct arena *arena)
{
	const char *s = (const char *)sqlite3_column_text(stmt, i);

	return s != NULL ? arena_strdup(arena, s) : NULL;
}

/* What is done with one row; arg is the caller's. */
typedef void row_fn(sqlite3_stmt *stmt, struct arena *arena, void *arg);

static enum status
each_row(struct sqlite_db *db, const char *sql, const char *arg,
    struct arena *arena, row_fn *fn, void *fn_arg, struct err *err)
{
	sqlite3_stmt *stmt;
	enum status st;
	bool more;

	st = sqlite_prepare(db, sql, arg, &stmt, err);
	while (st == TU_OK) {
		st = sqlite_step(db, stmt, &more, err);
		if (st || !more)
			break;
		fn(stmt, arena, fn_arg);
	}
	sqlite3_finalize(stmt);
	return st;
}

static void
store_double(sqlite3_stmt *stmt, struct arena *arena, void *arg)
{
	double *to = arg;

	(void)arena;
	if (sqlite3_column_type(stmt, 0) != SQLITE_NULL)
		*to = sqlite3_column_double(stmt, 0);
}

/* The first column of the last row as a number; *out stays if there is none. */
static enum status
one_double(struct sqlite_db *db, const char *sql, const char *arg, double *out,
    struct err *err)
{
	return each_row(db, sql, arg, NULL, store_double, out, err);
}

/* Arrays whose length a query says first: SELECT count(*) FROM (<sql>). */
static enum status
count_rows(struct sqlite_db *db, const char *sql, const char *arg, size_t *n,
    struct err *err)
{
	struct buf count = BUF_INIT;
	double d = 0;
	enum status st;

	buf_addf(&count, "SELECT count(*) FROM (%s)", sql);
	st = one_double(db, buf_str(&count), arg, &d, err);
	buf_free(&count);
	*n = (size_t)d;
	return st;
}

/* --- the list ------------------------------------------------------------ */

#define RELATIONS                                                         \
	"SELECT name, type, wr, strict FROM pragma_table_list "           \
	"WHERE schema = 'main' AND type IN ('table', 'view', 'virtual') " \
	"AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"

static void
add_relation(sqlite3_stmt *stmt, struct arena *arena, void *arg)
{
	struct table_list *list = arg;
	struct table *t = &list->tables[list->n++];
	const char *type = (const char *)sqlite3_column_text(stmt, 1);
	struct buf quoted = BUF_INIT;

	t->name = column_str(stmt, 0, arena);
	t->kind = strcmp(type, "table") == 0 ? REL_TABLE : REL_VIEW;
	dialect_sqlite.ident(&quoted, t->name);
	t->from = arena_strdup(arena, buf_str(&quoted));
	buf_free(&quoted);
}

enum status
sqlite_list(struct db *base, struct arena *arena, struct table_list *out,
    struct err *err)
{
	struct sqlite_db *db = sqlite_of(base);
	size_t n;
	enum status st;

	*out = (struct table_list){ .n = 0 };
	st = count_rows(db, RELATIONS, NULL, &n, err);
	if (st)
		return st;
	out->tables = arena_alloc(arena, (n + 1) * sizeof(*out->tables));
	return each_row(db, RELATIONS " ORDER BY name", NULL, arena,
	    add_relation, out, err);
}

/* --- columns ------------------------------------------------------------- */

/*
 * hidden: 1 a virtual table's parameter, 2 and 3 generated. notnull is true of
 * the key of a WITHOUT ROWID or STRICT table without being written, and not of
 * the key of any other.
 */
#define COLUMNS                                                          \
	"SELECT name, coalesce(type, ''), \"notnull\", pk, hidden, cid " \
	"FROM pragma_table_xinfo(?1, 'main') WHERE hidden <> 1"

struct relation {
	struct sqlite_db *db;
	struct table *table;
	bool strict;
	bool found;
	int *cids;  /* of the columns, to find them again */
	size_t npk; /* columns of the primary key */
};

static void
add_column(sqlite3_stmt *stmt, struct arena *arena, void *arg)
{
	struct relation *r = arg;
	struct table *t = r->table;
	struct column *c = &t->columns[t->ncolumns];
	int hidden = sqlite3_column_int(stmt, 4);

	r->cids[t->ncolumns++] = sqlite3_column_int(stmt, 5);
	r->npk += sqlite3_column_int(stmt, 3) > 0;
	c->name = column_str(stmt, 0, arena);
	c->type = column_str(stmt, 1, arena);
	c->wire = r->db->wire;
	c->strict = r->strict;
	c->generated = hidden == 2 || hidden == 3;
	c->notnull = sqlite3_column_int(stmt, 2) != 0;
	sqlite_declared_type(c);
}

/* Views have no collation of their own: theirs is their expressions'. */
static void
read_collations(struct relation *r, struct arena *arena)
{
	struct table *t = r->table;

	for (size_t i = 0; t->kind == REL_TABLE && i < t->ncolumns; i++) {
		struct column *c = &t->columns[i];
		const char *coll = NULL;

		if (sqlite3_table_column_metadata(r->db->handle, "main",
			t->name, c->name, NULL, &coll, NULL, NULL,
			NULL) != SQLITE_OK ||
		    coll == NULL)
			continue;
		c->collation = arena_strdup(arena, coll);
		c->bytewise = sqlite3_stricmp(coll, "BINARY") == 0 &&
		              r->db->wire == SQLITE_WIRE_UTF8;
	}
}

static enum status
describe_columns(struct relation *r, struct arena *arena, struct err *err)
{
	struct table *t = r->table;
	enum status st;
	size_t n;

	st = count_rows(r->db, COLUMNS, t->name, &n, err);
	if (st)
		return st;
	t->columns = arena_alloc(arena, (n + 1) * sizeof(*t->columns));
	t->ncolumns = 0;
	r->cids = arena_alloc(arena, (n + 1) * sizeof(*r->cids));
	st = each_row(r->db, COLUMNS, t->name, arena, add_column, r, err);
	if (st == TU_OK)
		read_collations(r, arena);
	return st;
}

/* --- keys ---------------------------------------------------------------- */

/*
 * A row per column of every unique index that holds all rows; an index with an
 * expression is not a key.
 */
#define INDEX_COLUMNS                                                        \
	"SELECT l.name, l.origin, x.cid FROM pragma_index_list(?1, 'main') " \
	"l, "                                                                \
	"pragma_index_xinfo(l.name, 'main') x "                              \
	"WHERE l.\"unique\" AND NOT l.partial AND x.key AND NOT EXISTS "     \
	"(SELECT 1 FROM pragma_index_xinfo(l.name, 'main') e "               \
	"WHERE e.key AND e.cid < 0) "                                        \
	"ORDER BY l.origin <> 'pk', l.seq, x.seqno"

static int
position_of(const struct relation *r, int cid)
{
	for (size_t i = 0; i < r->table->ncolumns; i++)
		if (r->cids[i] == cid)
			return (int)i;
	return -1;
}

/* A column can be there again, under another collation. */
static void
key_add_column(struct index_key *k, const struct table *t, int position)
{
	for (size_t i = 0; i < k->ncols; i++)
		if (k->cols[i] == position)
			return;
	((int *)k->cols)[k->ncols++] = position;
	k->notnull = k->notnull && t->columns[position].notnull;
}

static struct index_key *
key_new(struct table *t, struct arena *arena, const char *name, bool primary)
{
	struct index_key *k = &t->keys[t->nkeys++];

	k->name = arena_strdup(arena, name);
	k->primary = primary;
	k->notnull = true;
	k->cols = arena_alloc(arena, t->ncolumns * sizeof(int));
	return k;
}

static void
add_index_column(sqlite3_stmt *stmt, struct arena *arena, void *arg)
{
	struct relation *r = arg;
	struct table *t = r->table;
	const char *name = (const char *)sqlite3_column_text(stmt, 0);
	const char *origin = (const char *)sqlite3_column_text(stmt, 1);
	int position = position_of(r, sqlite3_column_int(stmt, 2));
	bool primary = strcmp(origin, "pk") == 0;
	struct index_key *k = t->nkeys > 0 ? &t->keys[t->nkeys - 1] : NULL;

	if (position < 0)
		return;
	if (k == NULL || strcmp(k->name, name) != 0)
		k = key_new(t, arena, name, primary);
	key_add_column(k, t, position);
}

static void
find_rowid_alias(sqlite3_stmt *stmt, struct arena *arena, void *arg)
{
	struct relation *r = arg;
	struct table *t = r->table;
	int position = position_of(r, sqlite3_column_int(stmt, 5));

	if (sqlite3_column_int(stmt, 3) == 0 || position < 0)
		return;
	t->columns[position].rowid_alias = true;
	t->columns[position].notnull = true;
	key_add_column(key_new(t, arena, "PRIMARY KEY", true), t, position);
}

/*
 * INTEGER PRIMARY KEY is the rowid and needs no index. One that has an index is
 * an ordinary column ("INTEGER PRIMARY KEY DESC", an old mistake of SQLite that
 * stays), as is every other type, "INT" too.
 */
static enum status
describe_keys(struct relation *r, struct arena *arena, struct err *err)
{
	struct table *t = r->table;
	enum status st;
	size_t n;

	t->nkeys = 0;
	if (t->kind != REL_TABLE)
		return TU_OK;
	st = count_rows(r->db, INDEX_COLUMNS, t->name, &n, err);
	if (st)
		return st;
	t->keys = arena_alloc(arena, (n + 1) * sizeof(*t->keys));
	st = count_rows(r->db,
	    "SELECT 1 FROM pragma_index_list(?1, 'main') WHERE origin = 'pk'",
	    t->name, &n, err);
	if (st)
		return st;
	if (r->npk == 1 && n == 0 && !t->without_rowid)
		st = each_row(
		    r->db, COLUMNS, t->name, arena, find_rowid_alias, r, err);
	if (st)
		return st;
	return each_row(
	    r->db, INDEX_COLUMNS, t->name, arena, add_index_column, r, err);
}

/* --- foreign keys, triggers ---------------------------------------------- */

/* Names as the referenced table writes them: SQLite ignores their case. */
#define FKEYS                                                                  \
	"SELECT f.id, coalesce((SELECT l.name FROM pragma_table_list l WHERE " \
	"l.schema = 'main' AND l.name = f.\"table\" COLLATE NOCASE), "         \
	"f.\"table\"), f.\"from\", coalesce((SELECT x.name FROM "              \
	"pragma_table_xinfo(f.\"table\", 'main') x WHERE x.name = f.\"to\" "   \
	"COLLATE NOCASE), f.\"to\"), f.on_delete, f.on_update "                \
	"FROM pragma_foreign_key_list(?1, 'main') f ORDER BY f.id, f.seq"

struct fkey_reader {
	struct table *table;
	size_t nrows; /* room in each list of columns */
	int id;
};

static void
add_fkey_column(sqlite3_stmt *stmt, struct arena *arena, void *arg)
{
	struct fkey_reader *r = arg;
	struct table *t = r->table;
	int id = sqlite3_column_int(stmt, 0);
	const char *on_update;
	struct fkey *k;

	if (t->nfkeys == 0 || id != r->id) {
		k = &t->fkeys[t->nfkeys++];
		r->id = id;
		k->name = arena_printf(arena, "foreign key %d", id);
		k->ref_table = column_str(stmt, 1, arena);
		k->on_delete = column_str(stmt, 4, arena);
		k->cols = arena_alloc(arena, r->nrows * sizeof(*k->cols));
		k->ref_cols =
		    arena_alloc(arena, r->nrows * sizeof(*k->ref_cols));
		/* PRAGMA defer_foreign_keys defers all but RESTRICT. */
		on_update = (const char *)sqlite3_column_text(stmt, 5);
		k->deferrable = strcmp(k->on_delete, "RESTRICT") != 0 &&
		                strcmp(on_update, "RESTRICT") != 0;
	}
	k = &t->fkeys[t->nfkeys - 1];
	((const char **)k->cols)[k->ncols] = column_str(stmt, 2, arena);
	((const char **)k->ref_cols)[k->ncols] = column_str(stmt, 3, arena);
	k->ncols++;
}

static enum status
describe_fkeys(struct relation *r, struct arena *arena, struct err *err)
{
	struct fkey_reader reader = { .table = r->table };
	enum status st;

	st = count_rows(r->db, FKEYS, r->table->name, &reader.nrows, err);
	if (st)
		return st;
	r->table->nfkeys = 0;
	r->table->fkeys =
	    arena_alloc(arena, (reader.nrows + 1) * sizeof(*r->table->fkeys));
	return each_row(
	    r->db, FKEYS, r->table->name, arena, add_fkey_column, &reader, err);
}

#define TRIGGERS                                                 \
	"SELECT name FROM sqlite_schema WHERE type = 'trigger' " \
	"AND tbl_name = ?1 COLLATE NOCASE"

static void
add_trigger(sqlite3_stmt *stmt, struct arena *arena, void *arg)
{
	struct table *t = arg;

	((const char **)t->triggers)[t->ntriggers++] =
	    column_str(stmt, 0, arena);
}

static enum status
describe_triggers(struct relation *r, struct arena *arena, struct err *err)
{
	struct table *t = r->table;
	enum status st;
	size_t n;

	st = count_rows(r->db, TRIGGERS, t->name, &n, err);
	if (st)
		return st;
	t->ntriggers = 0;
	t->triggers = arena_alloc(arena, (n + 1) * sizeof(*t->triggers));
	return each_row(r->db, TRIGGERS " ORDER BY name", t->name, arena,
	    add_trigger, t, err);
}

/* --- sizes --------------------------------------------------------------- */

/* Both ends of the b-tree: two searches, however many rows. */
static enum status
rowid_span(
    struct relation *r, const char *address, double *rows, struct err *err)
{
	struct buf sql = BUF_INIT;
	enum status st;

	buf_addf(&sql,
	    "SELECT coalesce(CAST((SELECT max(%s) FROM %s) AS REAL) - "
	    "(SELECT min(%s) FROM %s) + 1, 0)",
	    address, r->table->from, address, r->table->from);
	st = one_double(r->db, buf_str(&sql), NULL, rows, err);
	buf_free(&sql);
	return st;
}

/*
 * ANALYZE's number, else what the rowids span, else a guess from the file; the
 * file bounds all of them, as a row takes 8 bytes at the least.
 */
static enum status
estimate(struct relation *r, struct err *err)
{
	struct table *t = r->table;
	const char *address = dialect_sqlite.row_address(t);
	double file = 0, stat1 = 0, tables = 1;
	enum status st;

	t->rows = t->bytes = -1;
	if (t->kind != REL_TABLE)
		return TU_OK;
	st = one_double(r->db,
	    "SELECT page_count * page_size "
	    "FROM pragma_page_count, pragma_page_size",
	    NULL, &file, err);
	if (st == TU_OK)
		st = one_double(r->db,
		    "SELECT count(*) FROM sqlite_schema "
		    "WHERE name = 'sqlite_stat1'",
		    NULL, &stat1, err);
	if (st == TU_OK)
		st = one_double(r->db,
		    "SELECT count(*) FROM sqlite_schema WHERE type = 'table' "
		    "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
		    NULL, &tables, err);
	if (st == TU_OK && stat1 > 0)
		st = one_double(r->db,
		    "SELECT CAST(stat AS INTEGER) FROM sqlite_stat1 "
		    "WHERE tbl = ?1 COLLATE NOCASE LIMIT 1",
		    t->name, &t->rows, err);
	if (st == TU_OK && t->rows < 0 && address != NULL)
		st = rowid_span(r, address, &t->rows, err);
	if (st)
		return st;
	if (tables == 1)
		t->bytes = file;
	if (t->rows < 0)
		t->rows = file / tables / 100;
	t->rows = MIN(t->rows, file / 8);
	return TU_OK;
}

/* --- describe ------------------------------------------------------------ */

static void
read_relation(sqlite3_stmt *stmt, struct arena *arena, void *arg)
{
	struct relation *r = arg;

	(void)arena;
	r->found = true;
	r->table->without_rowid = sqlite3_column_int(stmt, 2) != 0;
	r->strict = sqlite3_column_int(stmt, 3) != 0;
}

enum status
sqlite_describe(
    struct db *base, struct arena *arena, struct table *table, struct err *err)
{
	struct relation r = { .db = sqlite_of(base), .table = table };
	enum status st;

	st = each_row(r.db, RELATIONS " AND name = ?1", table->name, arena,
	    read_relation, &r, err);
	if (st == TU_OK && !r.found)
		return err_set(
		    err, TU_ESCHEMA, "there is no table '%s'", table->name);
	table->writable = table->kind == REL_TABLE;
	if (st == TU_OK)
		st = describe_columns(&r, arena, err);
	if (st == TU_OK)
		st = describe_keys(&r, arena, err);
	if (st == TU_OK)
		st = describe_fkeys(&r, arena, err);
	if (st == TU_OK)
		st = describe_triggers(&r, arena, err);
	if (st == TU_OK)
		st = estimate(&r, err);
	return st;
}

/* The query without the semicolons and blanks that people end it with. */
static size_t
query_length(const char *sql)
{
	size_t n = strlen(sql);

	while (n > 0 && strchr("; \t\r\n", sql[n - 1]) != NULL)
		n--;
	return n;
}

enum status
sqlite_describe_query(struct db *base, struct arena *arena, const char *sql,
    struct table *out, struct err *err)
{
	struct sqlite_db *db = sqlite_of(base);
	sqlite3_stmt *stmt;
	enum status st;

	/* The line break ends a comment at the end of the query. */
	*out = (struct table){ .kind = REL_QUERY, .rows = -1, .bytes = -1 };
	out->name = "query";
	out->from =
	    arena_printf(arena, "(%.*s\n) AS q", (int)query_length(sql), sql);
	st = sqlite_prepare(db,
	    arena_printf(arena, "SELECT * FROM %s", out->from), NULL, &stmt,
	    err);
	if (st)
		return st;
	out->ncolumns = (size_t)sqlite3_column_count(stmt);
	out->columns =
	    arena_alloc(arena, out->ncolumns * sizeof(*out->columns));
	for (size_t i = 0; i < out->ncolumns; i++) {
		struct column *c = &out->columns[i];
		const char *type = sqlite3_column_decltype(stmt, (int)i);

		c->name =
		    arena_strdup(arena, sqlite3_column_name(stmt, (int)i));
		c->type = arena_strdup(arena, type != NULL ? type : "");
		c->wire = db->wire;
		sqlite_declared_type(c);
	}
	sqlite3_finalize(stmt);
	return TU_OK;
}

/* --- version ------------------------------------------------------------- */

static void
add_text(sqlite3_stmt *stmt, struct arena *arena, void *arg)
{
	struct buf *b = arg;

	(void)arena;
	for (int i = 0; i < sqlite3_column_count(stmt); i++) {
		const char *s = (const char *)sqlite3_column_text(stmt, i);

		buf_addf(b, "%s|", s != NULL ? s : "");
	}
}

/*
 * A table: the statements that made it and its indexes. Views and queries
 * depend on anything, so on the whole schema.
 */
enum status
sqlite_table_version(struct db *base, const struct table *table,
    uint64_t *version, struct err *err)
{
	const char *sql =
	    table->kind == REL_TABLE
		? "SELECT type, name, sql FROM sqlite_schema WHERE type IN "
		  "('table', 'index') AND tbl_name = ?1 ORDER BY type, name"
		: "SELECT schema_version FROM pragma_schema_version";
	const char *arg = table->kind == REL_TABLE ? table->name : NULL;
	struct hasher *h = hasher_new(HASH_STREAM, 0);
	struct buf text = BUF_INIT;
	enum status st;

	st = each_row(sqlite_of(base), sql, arg, NULL, add_text, &text, err);
	if (st == TU_OK)
		*version = hasher_sum(h, buf_str(&text), text.len).a;
	buf_free(&text);
	hasher_free(h);
	return st;
}
