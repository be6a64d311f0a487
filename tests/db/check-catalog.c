#include <config.h>

#include "suite.h"

#include <stdio.h>

#include "lib/tap.h"

static unsigned
flags_of(const struct column *c, unsigned want)
{
	bool any = want & COL_ANY_ORDER;

	return (any              ? COL_ANY_ORDER
		   : c->bytewise ? COL_BYTEWISE
				 : 0) |
	       (c->notnull ? COL_NOTNULL : 0) |
	       (c->generated ? COL_GENERATED : 0) |
	       (c->identity_always ? COL_IDENTITY : 0) |
	       (c->rowid_alias ? COL_ROWID : 0) |
	       (c->boolean ? COL_BOOLEAN : 0) |
	       (c->sequence != NULL ? COL_SEQUENCE : 0);
}

static void
check_columns(
    struct suite *s, const struct table *t, const struct column_case *want)
{
	size_t n = 0;

	for (; want[n].name != NULL && n < t->ncolumns; n++) {
		const struct column *c = &t->columns[n];

		is_str(c->name, want[n].name, "%s: %s: column %zu",
		    s->brand->name, t->name, n);
		is_str(c->type, want[n].type, "%s: %s.%s: type", s->brand->name,
		    t->name, c->name);
		is_str(ltype_name(c->ltype), ltype_name(want[n].ltype),
		    "%s: %s.%s: logical type", s->brand->name, t->name,
		    c->name);
		is_int(flags_of(c, want[n].flags), want[n].flags,
		    "%s: %s.%s: flags", s->brand->name, t->name, c->name);
	}
	ok(want[n].name == NULL && n == t->ncolumns,
	    "%s: %s: number of columns", s->brand->name, t->name);
}

static void
add_names(struct buf *out, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_adds(out, ", ");
		buf_adds(out, names[i] != NULL ? names[i] : "?");
	}
}

static void
check_table_keys(
    struct suite *s, const struct table *t, const struct key_case *want)
{
	size_t n = 0;

	for (; want[n].columns != NULL && n < t->nkeys; n++) {
		const struct index_key *k = &t->keys[n];
		const char *names[32];
		struct buf b = BUF_INIT;

		for (size_t i = 0; i < k->ncols; i++)
			names[i] = t->columns[k->cols[i]].name;
		add_names(&b, names, k->ncols);
		is_str(buf_str(&b), want[n].columns, "%s: %s: key %zu",
		    s->brand->name, t->name, n);
		ok(k->primary == want[n].primary &&
			k->notnull == want[n].notnull && k->name != NULL,
		    "%s: %s: key %zu primary, not null", s->brand->name,
		    t->name, n);
		buf_free(&b);
	}
	ok(want[n].columns == NULL && n == t->nkeys, "%s: %s: number of keys",
	    s->brand->name, t->name);
}

static void
check_fkeys(struct suite *s, const struct table *t, const char *want)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < t->nfkeys; i++) {
		const struct fkey *k = &t->fkeys[i];

		if (i > 0)
			buf_adds(&b, "; ");
		add_names(&b, k->cols, k->ncols);
		buf_addf(&b, " -> %s(", k->ref_table);
		add_names(&b, k->ref_cols, k->ncols);
		buf_addf(&b, ") %s", k->on_delete);
	}
	is_str(
	    buf_str(&b), want, "%s: %s: foreign keys", s->brand->name, t->name);
	buf_free(&b);
}

static void
check_table(struct suite *s, const struct table_case *want)
{
	const struct table *t = suite_table(s, want->name);
	struct buf b = BUF_INIT;
	bool plain = want->kind == REL_TABLE || want->kind == REL_PARTITIONED;

	is_str(relkind_name(t->kind), relkind_name(want->kind), "%s: %s: kind",
	    s->brand->name, t->name);
	ok(t->writable == plain, "%s: %s: writable", s->brand->name, t->name);
	check_columns(s, t, want->columns);
	check_table_keys(s, t, want->keys);
	check_fkeys(s, t, want->fkeys);
	add_names(&b, t->triggers, t->ntriggers);
	is_str(buf_str(&b), want->triggers, "%s: %s: triggers", s->brand->name,
	    t->name);
	buf_reset(&b);
	buf_addf(&b, "SELECT count(*) FROM %s", t->from);
	ok(suite_int(s, s->rd, buf_str(&b)) >= 0, "%s: %s can be read",
	    s->brand->name, t->from);
	buf_free(&b);
}

/* Nothing of the system's, nothing twice, everything of ours. */
static void
check_list(struct suite *s)
{
	size_t ours = 0;

	for (size_t i = 0; i < s->list.n; i++) {
		const struct table *t = &s->list.tables[i];

		ok(strncmp(t->name, "sqlite_", 7) != 0 &&
			strncmp(t->name, "pg_", 3) != 0 &&
			strncmp(t->name, "words_", 6) != 0,
		    "%s: %s is a user's relation", s->brand->name, t->name);
		for (size_t j = 0; s->brand->tables[j].name != NULL; j++)
			ours +=
			    strcmp(t->name, s->brand->tables[j].name) == 0 &&
			    (t->schema == NULL ||
				strcmp(t->schema, s->brand->schema) == 0);
	}
	for (size_t j = 0; s->brand->tables[j].name != NULL; j++)
		ours--;
	is_int((long long)ours, 0, "%s: each table is listed once",
	    s->brand->name);
}

static void
check_estimate(struct suite *s)
{
	struct table t = *suite_table(s, "k1");
	struct buf *sql = suite_sql(s);
	double want = s->brand->lacks & LACKS_ESTIMATE ? -1 : 1000;

	for (int i = 1; i <= 1000; i++) {
		buf_reset(sql);
		buf_addf(sql, "INSERT INTO %s VALUES (%d, %d)", t.from, i, i);
		suite_exec(s, buf_str(sql));
	}
	buf_reset(sql);
	buf_addf(sql, "%s%s", s->brand->analyze, t.from);
	suite_exec(s, buf_str(sql));
	suite_ok(s, s->rd->drv->describe(s->rd, s->arena, &t, &s->err),
	    "describe again");
	ok(t.rows == want, "%s: %g rows are estimated, 1000 are there",
	    s->brand->name, t.rows);
	t.name = "no such table";
	t.oid = 1;
	is_int(s->rd->drv->describe(s->rd, s->arena, &t, &s->err), TU_ESCHEMA,
	    "%s: a table that is gone", s->brand->name);
}

static void
check_query(struct suite *s)
{
	const struct table *v = suite_table(s, "v");
	struct buf sql = BUF_INIT;
	struct table q;

	buf_adds(&sql, "SELECT id, t, b AS ");
	s->d->ident(&sql, "B b");
	buf_addf(&sql, ", 1 AS one FROM %s -- all of it\n ; ", v->from);
	if (!suite_ok(s,
		s->rd->drv->describe_query(
		    s->rd, s->arena, buf_str(&sql), &q, &s->err),
		"describe a query"))
		goto out;
	is_int(
	    (long long)q.ncolumns, 4, "%s: columns of a query", s->brand->name);
	ok(q.kind == REL_QUERY && !q.writable && q.nkeys == 0,
	    "%s: a query has no keys", s->brand->name);
	is_str(q.columns[2].name, "B b", "%s: name in a query", s->brand->name);
	ok(q.columns[0].ltype == LT_NUM && q.columns[1].ltype == LT_TEXT &&
		q.columns[2].ltype == LT_BYTES,
	    "%s: types in a query", s->brand->name);
	buf_reset(&sql);
	buf_addf(&sql, "SELECT count(*) FROM %s", q.from);
	is_int(suite_int(s, s->rd, buf_str(&sql)), 0,
	    "%s: its from can be read", s->brand->name);
	is_int(s->rd->drv->describe_query(
		   s->rd, s->arena, "SELECT nothing", &q, &s->err),
	    TU_EQUERY, "%s: a bad query", s->brand->name);
out:
	buf_free(&sql);
}

static uint64_t
version_of(struct suite *s, const struct table *t)
{
	uint64_t v = 0;

	suite_ok(s, s->rd->drv->table_version(s->rd, t, &v, &s->err),
	    "table_version");
	return v;
}

static void
check_version(struct suite *s)
{
	const struct table *t = suite_table(s, "ko");
	const struct table *other = suite_table(s, "k1");
	uint64_t before = version_of(s, t), after;
	uint64_t other_before = version_of(s, other);
	struct buf *sql = suite_sql(s);

	ok(version_of(s, t) == before, "%s: a version stays", s->brand->name);
	buf_addf(sql, "INSERT INTO %s VALUES ('x', 1)", t->from);
	suite_exec(s, buf_str(sql));
	ok(version_of(s, t) == before, "%s: rows do not change a version",
	    s->brand->name);
	buf_reset(sql);
	buf_addf(sql, "DELETE FROM %s", t->from);
	suite_exec(s, buf_str(sql));
	buf_reset(sql);
	buf_addf(sql, "ALTER TABLE %s ADD COLUMN y INT", t->from);
	suite_exec(s, buf_str(sql));
	after = version_of(s, t);
	ok(after != before, "%s: a new column changes it", s->brand->name);
	ok(version_of(s, other) == other_before, "%s: and no other table's",
	    s->brand->name);
	buf_reset(sql);
	buf_addf(sql, "ALTER TABLE %s DROP COLUMN y", t->from);
	suite_exec(s, buf_str(sql));
	ok(version_of(s, t) != after, "%s: a dropped column changes it",
	    s->brand->name);
}

void
check_catalog(struct suite *s)
{
	check_list(s);
	for (size_t i = 0; s->brand->tables[i].name != NULL; i++)
		check_table(s, &s->brand->tables[i]);
	check_estimate(s);
	check_query(s);
	check_version(s);
}
