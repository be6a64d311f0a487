/*
 * One suite for every driver: what db.h and dialect.h promise, checked on a
 * real database. SQLite gets a new file; PostgreSQL is the server that
 * TRUEUP_PG names (tests/lib/with-servers starts one), and gets a schema of its
 * own. A server that is not there is a failure: nothing is skipped.
 */
#include <config.h>

#include "suite.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/tap.h"

static const struct brand *const brands[] = {
	&brand_sqlite,
	&brand_sqlite_utf16,
#ifdef WITH_PQ
	&brand_postgresql,
#endif
#ifdef WITH_ODBC
	&brand_mariadb,
	&brand_odbc_sqlite,
#ifdef WITH_PQ
	&brand_odbc_postgresql,
#endif
#endif
};

bool
suite_ok(struct suite *s, enum status st, const char *what)
{
	bool pass = ok(st == TU_OK, "%s: %s", s->brand->name, what);

	if (!pass)
		printf("# status %d: %s\n", st, s->err.msg);
	return pass;
}

struct buf *
suite_sql(struct suite *s)
{
	buf_reset(&s->sql);
	return &s->sql;
}

bool
suite_exec(struct suite *s, const char *sql)
{
	enum status st = db_exec(s->wr, sql, NULL, &s->err);

	if (st != TU_OK)
		ok(false, "%s: %.60s: %s", s->brand->name, sql, s->err.msg);
	return st == TU_OK;
}

int64_t
suite_int(struct suite *s, struct db *db, const char *sql)
{
	struct cell c;
	bool found;

	if (db_one(db, sql, &db_int_column, s->arena, &c, &found, &s->err)) {
		printf("# %s: %s\n", s->err.msg, sql);
		return -1;
	}
	return found && c.kind == CELL_INT ? c.u.i : -1;
}

struct cell *
suite_rows(struct suite *s, struct db *db, const char *sql,
    const struct column *const *cols, size_t ncols, size_t *n)
{
	struct db_scan scan = {
		.sql = sql, .columns = cols, .ncolumns = ncols
	};
	struct cell *cells = NULL;
	const struct row *row;
	struct cursor *cur;
	size_t cap = 0;
	enum status st;

	*n = 0;
	st = db_scan(db, &scan, &cur, &s->err);
	while (st == TU_OK) {
		st = db_next(cur, &row, &s->err);
		if (st || row == NULL)
			break;
		if (*n == cap) {
			struct cell *more;

			cap = cap ? 2 * cap : 64;
			more =
			    arena_alloc(s->arena, cap * ncols * sizeof(*more));
			if (*n > 0)
				memcpy(more, cells, *n * ncols * sizeof(*more));
			cells = more;
		}
		for (size_t i = 0; i < ncols; i++)
			cells[*n * ncols + i] =
			    cell_copy(s->arena, &row->cells[i]);
		++*n;
	}
	db_cursor_close(cur);
	if (st)
		ok(false, "%s: %s: %.200s", s->brand->name, s->err.msg, sql);
	return cells;
}

/* Same text, both NULL included. */
static bool
same_str(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

const struct table *
suite_table(struct suite *s, const char *name)
{
	for (size_t i = 0; i < s->list.n; i++) {
		struct table *t = &s->list.tables[i];

		if (strcmp(t->name, name) != 0 ||
		    !same_str(t->schema, s->brand->schema))
			continue;
		if (t->ncolumns == 0 &&
		    s->rd->drv->describe(s->rd, s->arena, t, &s->err))
			break;
		return t;
	}
	printf("Bail out! %s: no table '%s': %s\n", s->brand->name, name,
	    s->err.msg);
	exit(1);
}

const struct column *
suite_column(struct suite *s, const struct table *t, const char *name)
{
	int i = table_find_column(t, name);

	if (i >= 0)
		return &t->columns[i];
	printf("Bail out! %s: no column '%s'\n", s->brand->name, name);
	exit(1);
}

/* The writing session is a new one afterwards: it saw an empty database. */
static enum status
make_fixture(struct suite *s)
{
	const char *const *sql = s->brand->ddl;
	enum status st = TU_OK;

	if (s->brand->first != NULL)
		st = db_exec(s->wr, s->brand->first, NULL, &s->err);
	for (; st == TU_OK && *sql != NULL; sql++) {
		st = db_exec(s->wr, *sql, NULL, &s->err);
		if (st)
			printf("# %s\n", *sql);
	}
	if (st)
		return st;
	db_close(s->wr);
	return db_open(s->url, DB_WRITE, "target", &s->wr, &s->err);
}

static void
run(const struct brand *brand)
{
	struct suite s = { .brand = brand, .url = brand->create() };
	enum status st;

	if (!ok(s.url != NULL, "%s: a database to work in", brand->name))
		return;
	s.arena = arena_new(1 << 16);
	st = db_open(s.url, DB_WRITE, "target", &s.wr, &s.err);
	if (st == TU_OK)
		st = make_fixture(&s);
	if (st == TU_OK)
		st = db_open(s.url, DB_READ, "source", &s.rd, &s.err);
	if (st == TU_OK) {
		s.d = s.rd->dialect;
		st = s.rd->drv->list(s.rd, s.arena, &s.list, &s.err);
	}
	if (suite_ok(&s, st, "the fixture")) {
		check_catalog(&s);
		check_values(&s);
		check_keys(&s);
		check_sessions(&s);
	}
	db_close(s.rd);
	if (s.wr != NULL)
		brand->drop(s.wr);
	db_close(s.wr);
	buf_free(&s.sql);
	arena_free(s.arena);
}

int
main(void)
{
	/* A lost server fails the run: TRUEUP_CONFORMANCE picks by hand. */
	const char *only = getenv("TRUEUP_CONFORMANCE");

	for (size_t i = 0; i < ARRAY_LEN(brands); i++)
		if (only == NULL || strcmp(only, brands[i]->name) == 0)
			run(brands[i]);
	return tap_done();
}
