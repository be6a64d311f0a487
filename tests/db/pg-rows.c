/*
 * Part of tests/db/pg-values: values that go back to the server, as literals
 * and as parameters.
 */
#include <config.h>

#include "pg-corpus.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/tap.h"

/* --- (5) writing back ----------------------------------------------------- */

static void
convert_all(struct cell *out, struct buf *scratch)
{
	size_t *at = calloc(nrows * ncols, sizeof(*at)), bad = 0;

	for (size_t i = 0; i < nrows * ncols; i++) {
		const struct column *col = cols[i % ncols];
		const char *why = "", *p;
		size_t start = scratch->len;

		if (!d->convert(col, &types[i % ncols], &cells[i], scratch,
			&out[i], &why) &&
		    bad++ < 3)
			printf("# %s row %zu: %s\n", col->type, i / ncols, why);
		p = out[i].kind >= CELL_TEXT ? out[i].u.p : NULL;
		if (p != NULL && scratch->len > start &&
		    p >= scratch->data + start &&
		    p <= scratch->data + scratch->len)
			at[i] = 1 + (size_t)(p - scratch->data);
	}
	for (size_t i = 0; i < nrows * ncols; i++)
		if (at[i] > 0)
			out[i].u.p = scratch->data + at[i] - 1;
	ok(bad == 0, "every value converts to its own column");
	free(at);
}

static void
write_literals(const struct cell *out)
{
	for (size_t row = 0; row < nrows; row++) {
		buf_adds(fresh(), "INSERT INTO trueup_values.wl VALUES (");
		for (size_t c = 0; c < ncols; c++) {
			if (c > 0)
				buf_addc(&sql, ',');
			d->literal(&sql, cols[c], &out[row * ncols + c]);
		}
		buf_addc(&sql, ')');
		for (size_t i = 0; i < sql.len; i++)
			if ((unsigned char)sql.data[i] < 32 ||
			    sql.data[i] == 127) {
				ok(false, "no control characters in SQL");
				break;
			}
		must(db_exec(wr, buf_str(&sql), NULL, &err), "literals");
	}
}

static void
write_params(const struct cell *out)
{
	uint64_t *affected = calloc(nrows, sizeof(*affected));
	struct db_batch batch = { .nparams = ncols,
		.nrows = nrows,
		.columns = cols,
		.params = out,
		.affected = affected };
	size_t bad = 0;

	buf_adds(fresh(), "INSERT INTO trueup_values.wp VALUES (");
	for (size_t c = 0; c < ncols; c++) {
		if (c > 0)
			buf_addc(&sql, ',');
		d->param(&sql, cols[c], c + 1);
	}
	buf_addc(&sql, ')');
	batch.sql = buf_str(&sql);
	must(db_batch(wr, &batch, &err), "batch");
	for (size_t row = 0; row < nrows; row++)
		bad += affected[row] != 1;
	ok(bad == 0, "each insert says 1 row");
	free(affected);
}

/* Cell for cell, digits and signs of zero included. */
static void
check_same(const char *name)
{
	struct cell *got;
	size_t n, bad = 0;

	select_all(fresh(), name);
	got = read_rows(rd, buf_str(&sql), cols, ncols, &n);
	for (size_t i = 0; i < n * ncols; i++)
		if (!cell_same(&got[i], &cells[i]) && bad++ < 3)
			printf("# %s, row %zu\n", cols[i % ncols]->type,
			    i / ncols);
	ok(n == nrows && bad == 0, "%s is the same, cell for cell", name);
	free(got);
}

/* Raw rows: equal bytes for equal tables, and only the key is decoded. */
static void
check_raw(const char *name)
{
	struct db_scan scan = { .columns = cols,
		.ncolumns = ncols,
		.nkeys = 1,
		.flags = DB_SCAN_RAW };
	struct buf text[2] = { BUF_INIT, BUF_INIT },
		   raw[2] = { BUF_INIT, BUF_INIT };
	const struct row *row;
	struct cursor *cur;

	for (int side = 0; side < 2; side++) {
		select_all(&text[side], side == 0 ? "v" : name);
		scan.sql = buf_str(&text[side]);
		must(db_scan(rd, &scan, &cur, &err), "raw scan");
		for (;;) {
			must(db_next(cur, &row, &err), "raw row");
			if (row == NULL)
				break;
			if (row->n != 1 || row->cells[0].kind != CELL_INT)
				ok(false, "a raw row has its key");
			buf_add(&raw[side], row->raw, row->rawlen);
		}
		db_cursor_close(cur);
	}
	ok(raw[0].len == raw[1].len && raw[0].len > 10000 &&
		memcmp(raw[0].data, raw[1].data, raw[0].len) == 0,
	    "%s is the same on the wire", name);
	for (int side = 0; side < 2; side++) {
		buf_free(&text[side]);
		buf_free(&raw[side]);
	}
}

void
check_write(void)
{
	struct cell *out = calloc(nrows * ncols, sizeof(*out));
	struct buf scratch = BUF_INIT;

	/* The sign of a NaN is nothing that SQL could write. */
	must(db_exec(wr,
		 "UPDATE trueup_values.v SET f8 = 'NaN'"
		 " WHERE f8 = 'NaN'",
		 NULL, &err),
	    "one NaN");
	free(cells);
	select_all(fresh(), "v");
	cells = read_rows(rd, buf_str(&sql), cols, ncols, &nrows);
	make_table("wl");
	make_table("wp");
	convert_all(out, &scratch);
	write_literals(out);
	write_params(out);
	check_same("wl");
	check_same("wp");
	check_raw("wl");
	check_raw("wp");
	free(out);
	buf_free(&scratch);
}

/* --- (6) guards, and look-ups by key -------------------------------------- */

/* The ids of rows whose field is the one of this row, comma-separated. */
static void
ids_like(struct buf *out, size_t c, size_t row)
{
	struct buf want = BUF_INIT, got = BUF_INIT;
	bool null = cells[row * ncols + c].kind == CELL_NULL;

	buf_reset(out);
	field_of(&want, types[c], row, c);
	for (size_t i = 0; i < nrows; i++) {
		field_of(&got, types[c], i, c);
		if (null != (cells[i * ncols + c].kind == CELL_NULL) ||
		    got.len != want.len ||
		    memcmp(buf_str(&got), buf_str(&want), want.len) != 0)
			continue;
		buf_addf(out, out->len > 0 ? ",%zu" : "%zu", i);
	}
	buf_free(&want);
	buf_free(&got);
}

static bool
is_text(const struct cell *c, struct buf *want)
{
	return c->len == want->len &&
	       (c->len == 0 || memcmp(c->u.p, buf_str(want), c->len) == 0);
}

/* Equal jsonb values may have other fields: 1 and 1.0. */
static bool
is_jsonb(size_t c)
{
	return strcmp(cols[c]->type, "jsonb") == 0;
}

static void
check_guard(size_t c)
{
	const struct column *text[MAX_VALUES];
	struct buf value = BUF_INIT, want = BUF_INIT;
	struct cell *got;
	size_t n, bad = 0;

	buf_adds(fresh(), "SELECT ");
	for (size_t row = 0; row < nrows; row++) {
		text[row] = &db_text_column;
		buf_reset(&value);
		d->literal(&value, cols[c], &cells[row * ncols + c]);
		buf_addf(&sql,
		    "%sstring_agg(id::text, ',' ORDER BY id)"
		    " FILTER (WHERE ",
		    row > 0 ? "," : "");
		d->guard(&sql, cols[c], buf_str(&value));
		buf_adds(&sql, ")");
	}
	buf_adds(&sql, " FROM trueup_values.v");
	got = read_rows(rd, buf_str(&sql), text, nrows, &n);
	for (size_t row = 0; row < nrows; row++) {
		ids_like(&want, c, row);
		if (is_text(&got[row], &want))
			continue;
		if (bad++ < 3)
			printf("# row %zu: %.*s, not %s\n", row,
			    (int)got[row].len, got[row].u.p, buf_str(&want));
	}
	ok(bad == (is_jsonb(c) ? 2 : 0), "%s: guard", cols[c]->type);
	buf_free(&value);
	buf_free(&want);
	free(got);
}

/* The same with parameters: the row's own value, then its neighbour's. */
static void
check_guard_params(size_t c)
{
	const struct column *pcols[] = { cols[0], cols[c] };
	struct cell *params = calloc(4 * nrows, sizeof(*params));
	uint64_t *affected = calloc(2 * nrows, sizeof(*affected));
	struct db_batch batch = { .nparams = 2,
		.nrows = 2 * nrows,
		.columns = pcols,
		.params = params,
		.affected = affected };
	struct buf mark = BUF_INIT, mine = BUF_INIT, other = BUF_INIT;
	size_t bad = 0;

	for (size_t i = 0; i < 2 * nrows; i++) {
		size_t row = i / 2, from = i % 2 ? (row + 1) % nrows : row;

		params[2 * i] = cells[row * ncols];
		params[2 * i + 1] = cells[from * ncols + c];
	}
	d->param(&mark, cols[c], 2);
	buf_adds(fresh(), "UPDATE trueup_values.wl SET id = id WHERE id = ");
	d->param(&sql, cols[0], 1);
	buf_adds(&sql, " AND ");
	d->guard(&sql, cols[c], buf_str(&mark));
	batch.sql = buf_str(&sql);
	must(db_batch(wr, &batch, &err), "guards with parameters");
	for (size_t i = 0; i < 2 * nrows; i++) {
		size_t row = i / 2, next = (row + 1) % nrows;

		ids_like(&mine, c, row);
		ids_like(&other, c, next);
		bad += affected[i] !=
		       (i % 2 == 0 || (mine.len == other.len &&
					  memcmp(buf_str(&mine),
					      buf_str(&other), mine.len) == 0));
	}
	ok(bad == (is_jsonb(c) ? 1 : 0), "%s: guard with parameters (%zu)",
	    cols[c]->type, bad);
	free(params);
	free(affected);
	buf_free(&mark);
	buf_free(&mine);
	buf_free(&other);
}

/* Rows from..to-1 are looked up by column c, or by (c, id). */
static void
check_keys(size_t c, size_t ncol, size_t from, size_t to)
{
	const struct column *kcols[] = { cols[c], cols[0] };
	struct cell keys[20];
	struct buf want = BUF_INIT;
	bool in[MAX_VALUES] = { false };
	const struct column *text = &db_text_column;
	struct cell *got;
	size_t n = 0, rows;

	for (size_t row = from; row < to; row++) {
		if (cells[row * ncols + c].kind == CELL_NULL)
			continue;
		keys[n * ncol] = cells[row * ncols + c];
		if (ncol > 1)
			keys[n * ncol + 1] = cells[row * ncols];
		n++;
		for (size_t i = 0; i < nrows; i++) {
			struct buf a = BUF_INIT, b = BUF_INIT;

			field_of(&a, types[c], row, c);
			field_of(&b, types[c], i, c);
			in[i] |= ncol > 1 ? i == row
			                  : a.len == b.len &&
			                        memcmp(buf_str(&a), buf_str(&b),
						    a.len) == 0;
			buf_free(&a);
			buf_free(&b);
		}
	}
	for (size_t i = 0; i < nrows; i++)
		if (in[i])
			buf_addf(&want, want.len > 0 ? ",%zu" : "%zu", i);
	buf_adds(fresh(), "SELECT string_agg(id::text, ',' ORDER BY id)"
			  " FROM trueup_values.v WHERE ");
	d->keys_cond(&sql, kcols, ncol, keys, n);
	got = read_rows(rd, buf_str(&sql), &text, 1, &rows);
	if (!is_jsonb(c) || ncol > 1)
		ok(is_text(&got[0], &want), "%s%s: found by key: %.*s = %s",
		    cols[c]->type, ncol > 1 ? ", id" : "", (int)got[0].len,
		    got[0].u.p, buf_str(&want));
	buf_free(&want);
	free(got);
}

void
check_guards(void)
{
	for (size_t c = 0; c < ncols; c++) {
		check_guard(c);
		check_guard_params(c);
		check_keys(c, 1, 0, 10);
		check_keys(c, 1, 1, 2);
		if (c > 0)
			check_keys(c, 2, 0, 10);
	}
}

/* --- indexes are used ----------------------------------------------------- */

static void
plan_uses_index(const char *what)
{
	struct buf plan = BUF_INIT;
	struct cell got;
	bool found;

	buf_adds(&plan, "SELECT trueup_values.plan_of($plan$");
	buf_add(&plan, sql.data, sql.len);
	buf_adds(&plan, "$plan$)");
	must(db_one(rd, buf_str(&plan), &db_text_column, arena, &got, &found,
		 &err),
	    "explain");
	if (!ok(strstr(got.u.p, "Index") && !strstr(got.u.p, "Seq Scan") &&
		    !strstr(got.u.p, "Sort"),
		"%s: an index is used", what))
		printf("# %.*s\n", (int)got.len, got.u.p);
	buf_free(&plan);
}

static void
check_index_use(const char *name, const char *key, size_t ncol)
{
	struct vtype own[2];
	const struct table *t;
	const struct column *kcols[2];
	struct cell *keys;
	struct sql_range range = { .ncols = ncol, .columns = kcols };
	size_t n;

	buf_addf(fresh(),
	    "ALTER TABLE trueup_values.%s ADD PRIMARY KEY (%s);"
	    "ANALYZE trueup_values.%s",
	    name, key, name);
	must(db_exec(wr, buf_str(&sql), NULL, &err), "key");
	t = describe(name);
	ok(t->nkeys == 1 && t->keys[0].primary && t->keys[0].ncols == ncol &&
		t->keys[0].notnull,
	    "%s: the key is described", name);
	ok(t->rows > 19999 && t->rows < 20001 && t->bytes > 100000,
	    "%s: %g rows, %g bytes", name, t->rows, t->bytes);
	for (size_t i = 0; i < ncol; i++) {
		kcols[i] = &t->columns[t->keys[0].cols[i]];
		own[i].type = kcols[i]->ltype;
		ok(d->order_native(kcols[i], &own[i]), "%s: native order",
		    kcols[i]->type);
	}
	d->sample(fresh(), t, kcols, ncol, 1000);
	keys = read_rows(rd, buf_str(&sql), kcols, ncol, &n);
	ok(n >= 3 && n < 100, "a sample of %zu keys", n);

	buf_adds(fresh(), "SELECT * FROM ");
	buf_addf(&sql, "%s WHERE ", t->from);
	d->keys_cond(&sql, kcols, ncol, keys, 3);
	plan_uses_index("keys");

	range.lo = keys;
	range.hi = keys + ncol;
	buf_addf(fresh(), "SELECT * FROM %s WHERE ", t->from);
	d->range_cond(&sql, &range);
	buf_adds(&sql, " ORDER BY ");
	for (size_t i = 0; i < ncol; i++) {
		buf_adds(&sql, i > 0 ? ", " : "");
		d->order_expr(&sql, kcols[i], &own[i]);
	}
	/* Sorting a part of it may be cheaper, but it is not needed. */
	must(db_exec(rd, "SET enable_sort = off; SET enable_bitmapscan = off",
		 NULL, &err),
	    "planner");
	plan_uses_index("range in order");
	must(db_exec(
		 rd, "RESET enable_sort; RESET enable_bitmapscan", NULL, &err),
	    "planner");

	d->fold_ranges(fresh(), t, "md5(k::text)", &range, 1);
	plan_uses_index("fold of ranges");
	free(keys);
}

void
check_indexes(void)
{
	static const struct {
		const char *name, *k, *key;
		size_t ncol;
	} tables[] = {
		{ "ki", "i", "k", 1 },
		{ "kn", "(i / 7.0)::numeric(20,8)", "k", 1 },
		{ "kt", "md5(i::text) COLLATE \"C\"", "k", 1 },
		{ "kv", "md5(i::text)::varchar(40) COLLATE \"C\"", "k", 1 },
		{ "ku", "md5(i::text)::uuid", "k", 1 },
		{ "kd", "timestamptz '2024-01-01' + i * interval '1 min'", "k",
		    1 },
		{ "kb", "decode(md5(i::text), 'hex')", "k", 1 },
		{ "kc", "(i % 50)::text COLLATE \"C\"", "k, i", 2 },
	};

	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		buf_addf(fresh(),
		    "CREATE TABLE trueup_values.%s AS SELECT %s"
		    " AS k, i, repeat('x', 100) AS pad"
		    " FROM generate_series(1, 20000) i",
		    tables[i].name, tables[i].k);
		must(db_exec(wr, buf_str(&sql), NULL, &err), "key table");
		check_index_use(tables[i].name, tables[i].key, tables[i].ncol);
	}
}
