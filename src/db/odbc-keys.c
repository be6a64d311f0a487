/*
 * Primary keys, unique indexes and foreign keys as the standard catalog calls
 * tell them.
 * https://learn.microsoft.com/sql/odbc/reference/syntax/sqlstatistics-function
 */
#include <config.h>

#include "db/odbc-int.h"

#include <stdlib.h>
#include <string.h>

/* A column of a key: of the primary one, of a unique index, a foreign key. */
struct part {
	const char *index; /* NULL: has no name */
	const char *column;
	const char *ref_schema, *ref_table, *ref_column;
	long seq, rule;
	size_t at;     /* as it came: orders foreign keys without names */
	bool unusable; /* an expression, a filter */
};

static void
add_primary(SQLHSTMT stmt, struct arena *arena, void *arg)
{
	struct part p = { .column = odbc_get_text(stmt, 4, arena) };

	p.seq = odbc_get_number(stmt, 5, 0);
	buf_add(arg, &p, sizeof(p));
}

static void
add_index(SQLHSTMT stmt, struct arena *arena, void *arg)
{
	struct part p = { .index = NULL };
	long type;

	p.index = odbc_get_text(stmt, 6, arena);
	type = odbc_get_number(stmt, 7, SQL_TABLE_STAT);
	p.seq = odbc_get_number(stmt, 8, 0);
	p.column = odbc_get_text(stmt, 9, arena);
	p.unusable = p.column == NULL || odbc_get_text(stmt, 13, arena) != NULL;
	if (type != SQL_TABLE_STAT && p.index != NULL)
		buf_add(arg, &p, sizeof(p));
}

static void
add_foreign(SQLHSTMT stmt, struct arena *arena, void *arg)
{
	struct part p = { .index = NULL };

	p.ref_schema = odbc_get_text(stmt, 2, arena);
	p.ref_table = odbc_get_text(stmt, 3, arena);
	p.ref_column = odbc_get_text(stmt, 4, arena);
	p.column = odbc_get_text(stmt, 8, arena);
	p.seq = odbc_get_number(stmt, 9, 0);
	p.rule = odbc_get_number(stmt, 11, SQL_NO_ACTION);
	p.index = odbc_get_text(stmt, 12, arena);
	p.at = ((struct buf *)arg)->len;
	if (p.column != NULL && p.ref_table != NULL)
		buf_add(arg, &p, sizeof(p));
}

static int
compare_parts(const void *a, const void *b)
{
	const struct part *x = a, *y = b;
	int order = x->index == NULL || y->index == NULL
	                ? (x->index != NULL) - (y->index != NULL)
	                : strcmp(x->index, y->index);

	if (order == 0 && x->index == NULL)
		order = (x->at > y->at) - (x->at < y->at);
	return order != 0 ? order : (x->seq > y->seq) - (x->seq < y->seq);
}

static bool
same_index(const struct part *a, const struct part *b)
{
	return a->index == b->index || (a->index != NULL && b->index != NULL &&
					   strcmp(a->index, b->index) == 0);
}

/* How many parts from p on belong to one key. A foreign key without a name
 * begins anew with its first column. */
static size_t
count_parts(const struct part *p, size_t left)
{
	size_t n = 1;

	while (n < left && same_index(p, &p[n]) && p[n].seq > p[n - 1].seq)
		n++;
	return n;
}

static void
add_key(struct table *t, struct arena *arena, const struct part *p, size_t n,
    bool primary)
{
	struct index_key *k = &t->keys[t->nkeys];
	int *cols = arena_alloc(arena, n * sizeof(*cols));

	*k = (struct index_key){ .name = primary ? "primary key" : p->index,
		.primary = primary,
		.notnull = true,
		.ncols = n,
		.cols = cols };
	for (size_t i = 0; i < n; i++) {
		cols[i] =
		    p[i].unusable ? -1 : table_find_column(t, p[i].column);
		if (cols[i] < 0)
			return;
		k->notnull &= t->columns[cols[i]].notnull;
	}
	/* The primary key's own index is no second key. */
	for (size_t i = 0; i < t->nkeys; i++)
		if (t->keys[i].ncols == n &&
		    memcmp(t->keys[i].cols, cols, n * sizeof(*cols)) == 0)
			return;
	t->nkeys++;
}

static enum status
catalog_parts(struct odbc *o, struct arena *arena, const struct table *t,
    int what, struct buf *parts, struct err *err)
{
	SQLCHAR *schema = odbc_name(t->schema), *name = odbc_name(t->name);
	SQLSMALLINT len = odbc_name_len(t->schema);
	SQLHSTMT stmt;
	SQLRETURN rc;
	enum status st = odbc_new_statement(o, &stmt, err);

	if (st)
		return st;
	if (what == SQL_API_SQLPRIMARYKEYS) {
		rc = SQLPrimaryKeys(stmt, NULL, 0, schema, len, name, SQL_NTS);
		st = odbc_each_row(o, stmt, rc, add_primary, arena, parts, err);
	} else if (what == SQL_API_SQLSTATISTICS) {
		rc = SQLStatistics(stmt, NULL, 0, schema, len, name, SQL_NTS,
		    SQL_INDEX_UNIQUE, SQL_QUICK);
		st = odbc_each_row(o, stmt, rc, add_index, arena, parts, err);
	} else {
		rc = SQLForeignKeys(stmt, NULL, 0, NULL, 0, NULL, 0, NULL, 0,
		    schema, len, name, SQL_NTS);
		st = odbc_each_row(o, stmt, rc, add_foreign, arena, parts, err);
	}
	odbc_free_statement(o, stmt);
	/* A driver without such a call: no such keys. */
	if (st == TU_EQUERY && (strcmp(err->sqlstate, "IM001") == 0 ||
				   strcmp(err->sqlstate, "HYC00") == 0)) {
		err_clear(err);
		st = TU_OK;
	}
	if (parts->len > 0)
		qsort(parts->data, parts->len / sizeof(struct part),
		    sizeof(struct part), compare_parts);
	return st;
}

enum status
odbc_read_keys(
    struct odbc *o, struct arena *arena, struct table *t, struct err *err)
{
	static const int calls[] = { SQL_API_SQLPRIMARYKEYS,
		SQL_API_SQLSTATISTICS };
	struct buf parts[2] = { BUF_INIT, BUF_INIT };
	enum status st = TU_OK;

	for (int i = 0; i < 2 && st == TU_OK; i++)
		st = catalog_parts(o, arena, t, calls[i], &parts[i], err);
	t->nkeys = 0;
	t->keys =
	    arena_alloc(arena, (parts[0].len + parts[1].len) /
				   sizeof(struct part) * sizeof(*t->keys));
	for (int i = 0; i < 2 && st == TU_OK; i++) {
		const struct part *p = (const struct part *)parts[i].data;
		size_t n = parts[i].len / sizeof(*p), len;

		for (size_t at = 0; at < n; at += len) {
			len = i == 0 ? n : count_parts(p + at, n - at);
			add_key(t, arena, p + at, len, i == 0);
		}
	}
	buf_free(&parts[0]);
	buf_free(&parts[1]);
	return st;
}

static const char *
rule_name(long rule)
{
	switch (rule) {
	case SQL_CASCADE:
		return "CASCADE";
	case SQL_SET_NULL:
		return "SET NULL";
	case SQL_SET_DEFAULT:
		return "SET DEFAULT";
	case SQL_RESTRICT:
		return "RESTRICT";
	}
	return "NO ACTION";
}

static void
add_fkey(struct table *t, struct arena *arena, const struct part *p, size_t n)
{
	struct fkey *f = &t->fkeys[t->nfkeys++];
	const char **cols = arena_alloc(arena, n * sizeof(*cols));
	const char **refs = arena_alloc(arena, n * sizeof(*refs));

	for (size_t i = 0; i < n; i++) {
		cols[i] = p[i].column;
		refs[i] = p[i].ref_column;
	}
	*f = (struct fkey){ .name = p->index != NULL ? p->index : "foreign key",
		.ncols = n,
		.cols = cols,
		.ref_schema = t->schema != NULL ? p->ref_schema : NULL,
		.ref_table = p->ref_table,
		.ref_cols = refs,
		.on_delete = rule_name(p->rule) };
}

enum status
odbc_read_fkeys(
    struct odbc *o, struct arena *arena, struct table *t, struct err *err)
{
	struct buf parts = BUF_INIT;
	enum status st =
	    catalog_parts(o, arena, t, SQL_API_SQLFOREIGNKEYS, &parts, err);
	const struct part *p = (const struct part *)parts.data;
	size_t n = parts.len / sizeof(*p), len;

	t->nfkeys = 0;
	t->fkeys = arena_alloc(arena, n * sizeof(*t->fkeys));
	for (size_t at = 0; at < n && st == TU_OK; at += len) {
		len = count_parts(p + at, n - at);
		add_fkey(t, arena, p + at, len);
	}
	buf_free(&parts);
	return st;
}
