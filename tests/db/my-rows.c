/*
 * Part of tests/db/my-values: values that go back to the server, as literals,
 * as parameters and through the stock client; guards, look-ups by key.
 */
#include <config.h>

#include "my-corpus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/dialect-mysql.h"
#include "lib/tap.h"

/* --- writing back --------------------------------------------------------- */

/*
 * Of character sets that the dialect does not know it promises ASCII.
 */
static bool
is_writable(size_t c, const struct cell *value)
{
	const char *name = cols[c]->name, *s = value->u.p;

	if (value->kind != CELL_TEXT)
		return true;
	if (strcmp(name, "tk") == 0 || strcmp(name, "tj") == 0 ||
	    strcmp(name, "tg") == 0)
		for (size_t i = 0; i < value->len; i++)
			if (s[i] & 0x80)
				return false;
	return true;
}

/* The cells of v as they can be written; the others as row 0 has them. */
static void
convert_all(struct cell *out, struct buf *scratch)
{
	size_t *at = calloc(nrows * ncols, sizeof(*at)), bad = 0;

	for (size_t i = 0; i < nrows * ncols; i++) {
		const struct column *col = cols[i % ncols];
		size_t start = scratch->len;
		const char *why = "", *p;
		bool can = d->convert(
		    col, &types[i % ncols], &cells[i], scratch, &out[i], &why);

		if (can != is_writable(i % ncols, &cells[i]) && bad++ < 5)
			printf("# %s row %zu: %s\n", col->type, i / ncols, why);
		if (!can)
			out[i] = cell_null();
		p = out[i].kind >= CELL_TEXT ? out[i].u.p : NULL;
		if (p != NULL && scratch->len > start &&
		    p >= scratch->data + start &&
		    p <= scratch->data + scratch->len)
			at[i] = 1 + (size_t)(p - scratch->data);
	}
	for (size_t i = 0; i < nrows * ncols; i++) {
		if (at[i] > 0)
			out[i].u.p = scratch->data + at[i] - 1;
		if (out[i].kind == CELL_NULL && cols[i % ncols]->notnull)
			out[i] = cell_text("2024-01-01 00:00:00", 19);
	}
	ok(bad == 0, "every value converts to its own column");
	free(at);
}

static void
insert_row(struct buf *out, const char *table, const struct cell *row)
{
	buf_addf(out, "INSERT INTO %s VALUES (", table);
	for (size_t c = 0; c < ncols; c++) {
		if (c > 0)
			buf_addc(out, ',');
		d->literal(out, cols[c], &row[c]);
	}
	buf_addc(out, ')');
}

static void
write_literals(const struct cell *out)
{
	for (size_t row = 0; row < nrows; row++) {
		insert_row(fresh(), "wl", &out[row * ncols]);
		for (size_t i = 0; i < sql.len; i++)
			if ((unsigned char)sql.data[i] < 32 ||
			    sql.data[i] == 127 || sql.data[i] == '\\') {
				ok(false, "no control characters in SQL");
				break;
			}
		run(buf_str(&sql));
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

	buf_adds(fresh(), "INSERT INTO wp VALUES (");
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

/* As a patch that somebody runs, whatever his defaults are. */
static void
write_by_client(const struct cell *out, const char *options)
{
	const char *host = strchr(url, '@') + 1;
	int hostlen = (int)strcspn(host, ":"), portlen;
	const char *port = host + hostlen + 1, *name;
	struct buf command = BUF_INIT, patch = BUF_INIT;
	FILE *f;

	portlen = (int)strcspn(port, "/");
	name = port + portlen + 1;
	buf_addf(&command, "mariadb --no-defaults -utrueup -h%.*s -P%.*s %s %s",
	    hostlen, host, portlen, port, options, name);
	f = popen(buf_str(&command), "w");
	buf_addf(&patch, "%sDELETE FROM wc;\n", d->patch_begin);
	for (size_t row = 0; row < nrows; row++) {
		insert_row(&patch, "wc", &out[row * ncols]);
		buf_adds(&patch, ";\n");
	}
	buf_adds(&patch, d->patch_commit);
	fwrite(patch.data, 1, patch.len, f);
	is_int(pclose(f), 0, "mariadb %s: reads the patch", options);
	buf_free(&command);
	buf_free(&patch);
}

/* Cell for cell, digits and signs of zero included. */
static void
check_same(const char *name, const struct cell *want)
{
	struct cell *got;
	size_t n, bad = 0;

	select_all(fresh(), name);
	got = read_rows(rd, buf_str(&sql), cols, ncols, &n);
	for (size_t i = 0; i < n * ncols; i++)
		if (!cell_same(&got[i], &want[i]) && bad++ < 5)
			printf("# %s, row %zu\n", cols[i % ncols]->type,
			    i / ncols);
	ok(n == nrows && bad == 0, "%s is the same, cell for cell", name);
	free(got);
}

void
check_write(void)
{
	struct cell *out = calloc(nrows * ncols, sizeof(*out));
	struct cell *want = calloc(nrows * ncols, sizeof(*want));
	struct buf scratch = BUF_INIT;

	make_table("wl");
	make_table("wp");
	make_table("wc");
	convert_all(out, &scratch);
	for (size_t i = 0; i < nrows * ncols; i++)
		want[i] = is_writable(i % ncols, &cells[i]) ? cells[i] : out[i];
	write_literals(out);
	write_params(out);
	check_same("wl", want);
	check_same("wp", want);
	write_by_client(out, "");
	check_same("wc", want);
	write_by_client(out,
	    "--default-character-set=latin1 --init-command=\"SET sql_mode ="
	    " 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,"
	    "PAD_CHAR_TO_FULL_LENGTH', time_zone = '+09:00'\"");
	check_same("wc", want);
	write_by_client(out, "--default-character-set=gbk --comments");
	check_same("wc", want);
	free(out);
	free(want);
	buf_free(&scratch);
}

/* --- guards, and look-ups by key ------------------------------------------ */

/* The ids of rows whose field is the one of this row, comma-separated. */
static void
ids_like(struct buf *out, size_t c, size_t row)
{
	bool null = cells[row * ncols + c].kind == CELL_NULL;

	buf_reset(out);
	for (size_t i = 0; i < nrows; i++)
		if (null == (cells[i * ncols + c].kind == CELL_NULL) &&
		    same_field(c, row, i))
			buf_addf(out, out->len > 0 ? ",%zu" : "%zu", i);
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
		buf_adds(
		    &sql, row > 0 ? ",GROUP_CONCAT(IF(" : "GROUP_CONCAT(IF(");
		d->guard(&sql, cols[c], buf_str(&value));
		buf_adds(&sql, ",id,NULL) ORDER BY id)");
	}
	buf_adds(&sql, " FROM v");
	got = read_rows(rd, buf_str(&sql), text, nrows, &n);
	for (size_t row = 0; row < nrows; row++) {
		ids_like(&want, c, row);
		if (is_bytes(&got[row], &want))
			continue;
		if (bad++ < 3)
			printf("# row %zu: %.*s, not %s\n", row,
			    (int)got[row].len, got[row].u.p, buf_str(&want));
	}
	ok(bad == 0, "%s: guard", cols[c]->type);
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
	struct buf mark = BUF_INIT;
	size_t bad = 0;

	for (size_t i = 0; i < 2 * nrows; i++) {
		size_t row = i / 2, from = i % 2 ? row : (row + 1) % nrows;

		params[2 * i] = cells[row * ncols];
		params[2 * i + 1] = cells[from * ncols + c];
	}
	d->param(&mark, cols[c], 2);
	buf_adds(fresh(), "UPDATE v SET hit = hit + 1 WHERE id = ");
	d->param(&sql, cols[0], 1);
	buf_adds(&sql, " AND ");
	d->guard(&sql, cols[c], buf_str(&mark));
	batch.sql = buf_str(&sql);
	must(db_batch(wr, &batch, &err), "guards with parameters");
	for (size_t i = 0; i < 2 * nrows; i++) {
		size_t row = i / 2, next = (row + 1) % nrows;
		const struct cell *a = &cells[row * ncols + c],
				  *b = &cells[next * ncols + c];
		bool same = (a->kind == CELL_NULL) == (b->kind == CELL_NULL) &&
		            same_field(c, row, next);

		if (affected[i] != (i % 2 == 1 || same) && bad++ < 3)
			printf("# row %zu: %d\n", row, (int)affected[i]);
	}
	ok(bad == 0, "%s: guard with parameters", cols[c]->type);
	free(params);
	free(affected);
	buf_free(&mark);
}

/* Rows from..to-1 are looked up by column c, or by (c, id). */
static void
check_keys(size_t c, size_t ncol, size_t from, size_t to)
{
	const struct column *kcols[] = { cols[c], cols[0] };
	const struct column *text = &db_text_column;
	struct cell keys[2 * MAX_VALUES], *got;
	struct buf want = BUF_INIT;
	bool in[MAX_VALUES] = { false };
	size_t n = 0, rows;

	for (size_t row = from; row < to; row++) {
		bool null = cells[row * ncols + c].kind == CELL_NULL;

		if (null && row + 10 < to)
			continue;
		keys[n * ncol] = cells[row * ncols + c];
		if (ncol > 1)
			keys[n * ncol + 1] = cells[row * ncols];
		n++;
		for (size_t i = 0; i < nrows; i++)
			in[i] |= ncol > 1
			             ? i == row
			             : same_field(c, row, i) &&
			                   null == (cells[i * ncols + c].kind ==
						       CELL_NULL);
	}
	for (size_t i = 0; i < nrows; i++)
		if (in[i])
			buf_addf(&want, want.len > 0 ? ",%zu" : "%zu", i);
	buf_adds(fresh(), "SELECT GROUP_CONCAT(id ORDER BY id) FROM v WHERE ");
	d->keys_cond(&sql, kcols, ncol, keys, n);
	got = read_rows(rd, buf_str(&sql), &text, 1, &rows);
	if (!ok(is_bytes(&got[0], &want), "%s%s: %zu found by key",
		cols[c]->type, ncol > 1 ? ", id" : "", n))
		printf("# %.*s, not %s\n", (int)got[0].len, got[0].u.p,
		    buf_str(&want));
	buf_free(&want);
	free(got);
}

void
check_guards(void)
{
	run("ALTER TABLE v ADD hit int DEFAULT 0");
	for (size_t c = 0; c < ncols; c++) {
		check_guard(c);
		check_guard_params(c);
		check_keys(c, 1, 0, nrows);
		check_keys(c, 1, 1, 2);
		if (c > 0)
			check_keys(c, 2, 0, nrows);
	}
}
