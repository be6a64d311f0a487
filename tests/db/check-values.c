#include <config.h>

#include "suite.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/tap.h"
#include "value/canon.h"
#include "value/key.h"

/* Row id of value case i; rows are written in this order. */
#define ID_OF(i) ((int64_t)(i) + 1)

static size_t
count_values(const struct suite *s)
{
	size_t n = 0;

	while (s->brand->values[n].column != NULL)
		n++;
	return n;
}

static struct vtype
type_of(const struct value_case *v)
{
	return (struct vtype){ .type = v->type };
}

static void
show_cell(const char *what, const struct cell *c)
{
	struct buf b = BUF_INIT;

	switch (c->kind) {
	case CELL_NULL:
		buf_adds(&b, "NULL");
		break;
	case CELL_INT:
		buf_addf(&b, "int %" PRId64, c->u.i);
		break;
	case CELL_F64:
		buf_addf(&b, "real %.17g", c->u.f);
		break;
	case CELL_TEXT:
	case CELL_BYTES:
		buf_addf(&b, "%s %zu:", c->kind == CELL_TEXT ? "text" : "bytes",
		    c->len);
		buf_add(&b, c->u.p, MIN(c->len, 100));
		buf_adds(&b, " = ");
		buf_addhex(&b, c->u.p, MIN(c->len, 100));
		break;
	}
	printf("#   %s %s\n", what, buf_str(&b));
	buf_free(&b);
}

static void
same_cell(const struct suite *s, const struct cell *got,
    const struct cell *want, const struct value_case *v, const char *what)
{
	if (ok(cell_same(got, want), "%s: %s: %s = %.60s", s->brand->name, what,
		v->column, v->sql))
		return;
	show_cell("got ", got);
	show_cell("want", want);
}

static void
fill(struct suite *s, const struct table *t)
{
	for (size_t i = 0; i < count_values(s); i++) {
		struct buf *sql = suite_sql(s);

		buf_addf(sql, "INSERT INTO %s (id, ", t->from);
		s->d->ident(sql, s->brand->values[i].column);
		buf_addf(sql, ") VALUES (%" PRId64 ", %s)", ID_OF(i),
		    s->brand->values[i].sql);
		suite_exec(s, buf_str(sql));
	}
}

/* SELECT every column FROM t ORDER BY id, as drivers want it. */
static struct cell *
read_all(struct suite *s, const struct table *t, size_t *n)
{
	const struct column *cols[64];
	struct buf *sql = suite_sql(s);

	buf_adds(sql, "SELECT ");
	for (size_t i = 0; i < t->ncolumns; i++) {
		cols[i] = &t->columns[i];
		if (i > 0)
			buf_adds(sql, ", ");
		s->d->select_expr(sql, cols[i]);
	}
	buf_addf(sql, " FROM %s ORDER BY id", t->from);
	return suite_rows(s, s->rd, buf_str(sql), cols, t->ncolumns, n);
}

static void
check_scan(struct suite *s, const struct table *t, const char *what)
{
	size_t n, nulls = 0, others = 0;
	struct cell *rows = read_all(s, t, &n);

	is_int((long long)n, (long long)count_values(s), "%s: %s: rows",
	    s->brand->name, what);
	for (size_t i = 0; i < n; i++) {
		const struct value_case *v = &s->brand->values[i];
		int at = table_find_column(t, v->column);
		const struct cell *row = rows + i * t->ncolumns;

		same_cell(s, &row[at], &v->cell, v, what);
		for (size_t j = 0; j < t->ncolumns; j++) {
			if ((int)j == at || j == 0)
				continue;
			others++;
			nulls += row[j].kind == CELL_NULL;
		}
	}
	ok(nulls == others, "%s: %s: the rest is NULL", s->brand->name, what);
}

/* --- there and back ------------------------------------------------------ */

/* convert() a case for its own column; the cell stays good until reset. */
static bool
convert_case(struct suite *s, const struct column *col,
    const struct value_case *v, struct buf *scratch, struct cell *out)
{
	struct vtype t = type_of(v);
	const char *why = "";

	buf_reset(scratch);
	if (s->d->convert(col, &t, &v->cell, scratch, out, &why))
		return true;
	return ok(false, "%s: convert %s = %s: %s", s->brand->name, v->column,
	    v->sql, why);
}

static enum status insert_params(struct suite *s, const struct table *w,
    const struct column *col, const struct cell *params, size_t nrows,
    uint64_t *affected);

/* A value that has no literal there goes as a parameter. */
static bool
has_literal(
    const struct suite *s, const struct column *col, const struct cell *c)
{
	return s->d->literal_refuses == NULL ||
	       s->d->literal_refuses(col, c) == NULL;
}

static void
check_literals(struct suite *s, const struct table *w)
{
	struct buf scratch = BUF_INIT;

	for (size_t i = 0; i < count_values(s); i++) {
		const struct value_case *v = &s->brand->values[i];
		const struct column *col = suite_column(s, w, v->column);
		struct buf *sql = suite_sql(s);
		bool raw = false;
		struct cell c;

		if (!convert_case(s, col, v, &scratch, &c))
			continue;
		if (!has_literal(s, col, &c)) {
			struct cell params[2] = { cell_int(ID_OF(i)), c };
			uint64_t affected;

			suite_ok(s,
			    insert_params(s, w, col, params, 1, &affected),
			    "no literal");
			continue;
		}
		buf_addf(sql, "INSERT INTO %s (id, ", w->from);
		s->d->ident(sql, v->column);
		buf_addf(sql, ") VALUES (%" PRId64 ", ", ID_OF(i));
		s->d->literal(sql, col, &c);
		buf_addc(sql, ')');
		for (size_t j = 0; j < sql->len; j++)
			raw = raw || (unsigned char)sql->data[j] < 0x20 ||
			      sql->data[j] == 0x7f;
		ok(!raw, "%s: no control character in %s = %.60s",
		    s->brand->name, v->column, v->sql);
		suite_exec(s, buf_str(sql));
	}
	check_scan(s, w, "convert and literal");
	buf_free(&scratch);
}

static void
clear(struct suite *s, const struct table *t)
{
	struct buf *sql = suite_sql(s);

	buf_addf(sql, "DELETE FROM %s", t->from);
	suite_exec(s, buf_str(sql));
}

/* INSERT INTO w (id, column) VALUES (param 1, param 2), for one row. */
static enum status
insert_params(struct suite *s, const struct table *w, const struct column *col,
    const struct cell *params, size_t nrows, uint64_t *affected)
{
	const struct column *cols[2] = { suite_column(s, w, "id"), col };
	struct buf *sql = suite_sql(s);
	struct db_batch batch = {
		.nparams = 2,
		.nrows = nrows,
		.columns = cols,
		.params = params,
		.affected = affected,
	};

	buf_addf(sql, "INSERT INTO %s (", w->from);
	dialect_columns(sql, s->d, cols, 2);
	buf_adds(sql, ") VALUES (");
	s->d->param(sql, cols[0], 1);
	buf_adds(sql, ", ");
	s->d->param(sql, cols[1], 2);
	buf_addc(sql, ')');
	batch.sql = buf_str(sql);
	return db_batch(s->wr, &batch, &s->err);
}

static void
check_params(struct suite *s, const struct table *w)
{
	struct buf scratch = BUF_INIT;

	clear(s, w);
	for (size_t i = 0; i < count_values(s); i++) {
		const struct value_case *v = &s->brand->values[i];
		const struct column *col = suite_column(s, w, v->column);
		struct cell params[2] = { cell_int(ID_OF(i)) };
		uint64_t affected = 99;

		if (!convert_case(s, col, v, &scratch, &params[1]))
			continue;
		suite_ok(
		    s, insert_params(s, w, col, params, 1, &affected), v->sql);
		is_int((long long)affected, 1, "%s: one row inserted",
		    s->brand->name);
	}
	check_scan(s, w, "convert and batch");
	buf_free(&scratch);
}

static void
check_big(struct suite *s, const struct table *w)
{
	const size_t size = 1 << 20;
	char *p = arena_alloc(s->arena, size);
	struct cell params[4] = { cell_int(-1), cell_text(p, size),
		cell_int(-2), cell_bytes(p, size) };
	const struct column *text = suite_column(s, w, "t");
	const struct column *bytes = suite_column(s, w, "b");
	uint64_t affected;
	size_t n;
	struct cell *rows;

	for (size_t i = 0; i < size; i++)
		p[i] = (char)('a' + tap_random() % 26);
	suite_ok(
	    s, insert_params(s, w, text, params, 1, &affected), "1 MB text");
	suite_ok(s, insert_params(s, w, bytes, params + 2, 1, &affected),
	    "1 MB bytes");
	rows = read_all(s, w, &n);
	if (!ok(n > 2, "%s: 1 MB rows are there", s->brand->name))
		return;
	ok(cell_same(
	       &rows[w->ncolumns + (size_t)(text - w->columns)], &params[1]),
	    "%s: 1 MB text", s->brand->name);
	ok(cell_same(&rows[bytes - w->columns], &params[3]), "%s: 1 MB bytes",
	    s->brand->name);
}

/* --- guards -------------------------------------------------------------- */

/* Does one value count as the other? PostgreSQL's decimals have the digits
 * behind the point that they were written with, which is no difference. */
static bool
same_value(const struct suite *s, const struct column *col,
    const struct value_case *a, const struct value_case *b)
{
	struct vtype t = { .type = col->ltype };
	struct buf x = BUF_INIT, y = BUF_INIT;
	bool same = strcmp(a->column, b->column) == 0;

	if (s->d == &dialect_sqlite)
		return same && cell_same(&a->cell, &b->cell);
	canon_field(&x, &t, &a->cell, CANON_INLINE);
	canon_field(&y, &t, &b->cell, CANON_INLINE);
	same = same && x.len == y.len &&
	       (x.len == 0 || memcmp(x.data, y.data, x.len) == 0);
	buf_free(&x);
	buf_free(&y);
	return same;
}

static void
check_guard(struct suite *s, const struct table *t, size_t i, bool param)
{
	const struct value_case *v = &s->brand->values[i];
	const struct column *col = suite_column(s, t, v->column);
	const struct column *id = suite_column(s, t, "id");
	struct buf scratch = BUF_INIT, lit = BUF_INIT, *sql = suite_sql(s);
	size_t n, wrong = 0, want = 0;
	struct cell c, *rows;

	if (!convert_case(s, col, v, &scratch, &c))
		goto out;
	if (param) {
		const struct column *cols[1] = { col };
		uint64_t affected = 0;
		struct db_batch batch = { .nparams = 1,
			.nrows = 1,
			.columns = cols,
			.params = &c,
			.affected = &affected };

		for (size_t j = 0; j < count_values(s); j++)
			want += same_value(s, col, &s->brand->values[j], v);
		s->d->param(&lit, col, 1);
		buf_addf(sql, "UPDATE %s SET id = id WHERE ", t->from);
		s->d->guard(sql, col, buf_str(&lit));
		batch.sql = buf_str(sql);
		if (suite_ok(s, db_batch(s->wr, &batch, &s->err), v->sql))
			is_int((long long)affected, (long long)want,
			    "%s: guard by parameter: %s = %.60s",
			    s->brand->name, v->column, v->sql);
		goto out;
	}
	if (!has_literal(s, col, &c))
		goto out;
	s->d->literal(&lit, col, &c);
	buf_adds(sql, "SELECT id FROM ");
	buf_addf(sql, "%s WHERE ", t->from);
	s->d->guard(sql, col, buf_str(&lit));
	buf_adds(sql, " ORDER BY id");
	rows = suite_rows(s, s->rd, buf_str(sql), &id, 1, &n);
	for (size_t j = 0, k = 0; j < count_values(s); j++) {
		const struct value_case *o = &s->brand->values[j];
		bool same = same_value(s, col, o, v);
		bool hit = k < n && rows[k].u.i == ID_OF(j);

		k += hit;
		wrong += same != hit;
		if (same != hit)
			printf("# %s row %zu: %s\n", hit ? "hits" : "misses", j,
			    o->sql);
	}
	ok(wrong == 0, "%s: guard: %s = %.60s", s->brand->name, v->column,
	    v->sql);
out:
	buf_free(&lit);
	buf_free(&scratch);
}

static void
check_null_guard(struct suite *s, const struct table *t)
{
	for (size_t j = 1; j < t->ncolumns; j++) {
		const struct column *col = &t->columns[j];
		struct buf *sql = suite_sql(s);
		int64_t want = 0;

		for (size_t i = 0; i < count_values(s); i++)
			want +=
			    strcmp(s->brand->values[i].column, col->name) != 0;
		buf_addf(sql, "SELECT count(*) FROM %s WHERE ", t->from);
		s->d->guard(sql, col, "NULL");
		is_int(suite_int(s, s->rd, buf_str(sql)), want,
		    "%s: guard of NULL: %s", s->brand->name, col->name);
	}
}

/* --- order --------------------------------------------------------------- */

/*
 * The native order of a column that may hold anything is the order of keys
 * among values of the class its type promises; nobody relies on more.
 */
static bool
is_ordered(const struct vtype *t, const struct cell *c)
{
	struct buf b = BUF_INIT;
	bool fits = t->type == LT_ANY || canon_text(&b, t->type, c);

	buf_free(&b);
	if (t->type == LT_TEXT || t->type == LT_UUID)
		return fits && c->kind == CELL_TEXT;
	return fits && (t->type != LT_BYTES || c->kind == CELL_BYTES);
}

static void
check_order(struct suite *s, const struct table *t, const struct column *col)
{
	struct buf key = BUF_INIT, last = BUF_INIT, *sql = suite_sql(s);
	struct vtype type = { .type = col->ltype };
	bool native = s->d->order_native(col, &type);
	size_t n, used = 0, bad = 0;
	struct cell *rows;

	if (s->d->order_expr == NULL)
		return;
	buf_adds(sql, "SELECT ");
	s->d->select_expr(sql, col);
	buf_addf(sql, " FROM %s WHERE ", t->from);
	s->d->ident(sql, col->name);
	buf_adds(sql, " IS NOT NULL ORDER BY ");
	s->d->order_expr(sql, col, &type);
	rows = suite_rows(s, s->rd, buf_str(sql), &col, 1, &n);
	for (size_t i = 0; i < n; i++) {
		struct buf swap = last;

		if (native && !is_ordered(&type, &rows[i]))
			continue;
		buf_reset(&key);
		key_encode(&key, &type, &rows[i]);
		if (used++ > 0 &&
		    key_cmp(last.data, last.len, key.data, key.len) > 0) {
			show_cell("too late", &rows[i]);
			bad++;
		}
		last = key;
		key = swap;
	}
	ok(bad == 0, "%s: %s: %zu values in the order of their keys",
	    s->brand->name, col->name, used);
	buf_free(&key);
	buf_free(&last);
}

/* --- doubles ------------------------------------------------------------- */

static double
random_double(size_t i)
{
	uint64_t bits = tap_random();
	double f;

	/* All patterns, everyday sizes, and decimals near the middles. */
	if (i % 3 == 1)
		return (double)(int64_t)(bits >> 12) / 1e7;
	if (i % 3 == 2) {
		char s[40];

		snprintf(s, sizeof(s), "%.*ge%d", (int)(bits % 17) + 1,
		    (double)(bits >> 8), (int)(bits % 45) - 22);
		return strtod(s, NULL);
	}
	memcpy(&f, &bits, sizeof(f));
	return isfinite(f) ? f : 0.5;
}

static void
check_doubles(struct suite *s, const struct column *col)
{
	const size_t rounds = 2000, per = 50;
	size_t bad = 0;

	for (size_t r = 0; r < rounds; r++) {
		const struct column *cols[64];
		struct buf lit = BUF_INIT, *sql = suite_sql(s);
		struct arena_mark mark = arena_mark(s->arena);
		struct cell want[64], *got;
		size_t n;

		buf_adds(sql, "SELECT ");
		for (size_t i = 0; i < per; i++) {
			cols[i] = col;
			want[i] = cell_f64(random_double(i));
			buf_reset(&lit);
			s->d->literal(&lit, col, &want[i]);
			if (i > 0)
				buf_adds(sql, ", ");
			buf_addf(
			    sql, "%s%s", buf_str(&lit), s->brand->as_double);
		}
		got = suite_rows(s, s->rd, buf_str(sql), cols, per, &n);
		for (size_t i = 0; n == 1 && i < per; i++) {
			/* Zero may lose its sign: the databases say 0 = -0. */
			if (cell_same(&got[i], &want[i]) ||
			    (want[i].u.f == 0 && got[i].u.f == 0))
				continue;
			if (bad++ < 5)
				printf("# %a came back as %a\n", want[i].u.f,
				    got[i].u.f);
		}
		bad += n != 1;
		buf_free(&lit);
		arena_rewind(s->arena, mark);
	}
	is_int((long long)bad, 0, "%s: %zu random doubles as literals",
	    s->brand->name, rounds * per);
}

void
check_values(struct suite *s)
{
	const struct table *v = suite_table(s, "v"), *w = suite_table(s, "w");

	fill(s, v);
	check_scan(s, v, "scan");
	check_literals(s, w);
	check_params(s, w);
	for (size_t i = 0; i < count_values(s); i++) {
		check_guard(s, v, i, false);
		check_guard(s, v, i, true);
	}
	check_null_guard(s, v);
	for (size_t i = 0; i < v->ncolumns; i++)
		check_order(s, v, &v->columns[i]);
	if (!(s->brand->lacks & LACKS_DOUBLES))
		check_doubles(s, suite_column(s, v, "r"));
	check_big(s, w);
}
