/*
 * MariaDB: what the dialect says in SQL and what C makes of the cells that the
 * driver decodes are the same, value by value. The server is TRUEUP_MARIADB,
 * which names a database of this program's own.
 */
#include <config.h>

#include "my-corpus.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "db/dialect-mysql.h"
#include "lib/tap.h"
#include "value/canon.h"
#include "value/key.h"

/* --- (1) fields, and (4) order, under every type that SQL can tell -------- */

static void
check_field(size_t c, struct vtype t)
{
	const struct column *text = &db_text_column;
	struct buf want = BUF_INIT;
	struct cell *got;
	size_t n, bad = 0;

	buf_adds(fresh(), "SELECT ");
	if (!d->canon_expr(&sql, cols[c], &t)) {
		/* Except where it could be longer than a packet. */
		ok(t.type != cols[c]->ltype || cols[c]->wire & MY_LONG,
		    "%s: its own type has a field", cols[c]->type);
		return;
	}
	buf_adds(&sql, " FROM v ORDER BY id");
	got = read_rows(rd, buf_str(&sql), &text, 1, &n);
	for (size_t row = 0; row < n; row++) {
		field_of(&want, t, row, c);
		if (is_bytes(&got[row], &want))
			continue;
		if (bad++ < 3)
			printf("# row %zu: C '%s', SQL '%.*s'\n", row,
			    buf_str(&want), (int)got[row].len, got[row].u.p);
	}
	ok(bad == 0 && n == nrows, "%s as %s: fields", cols[c]->type,
	    ltype_name(t.type));
	buf_free(&want);
	free(got);
}

static void
check_order(size_t c, struct vtype t)
{
	struct buf last = BUF_INIT, key = BUF_INIT;
	struct cell *got;
	size_t n, at, bad = 0;

	buf_adds(fresh(), "SELECT ");
	d->select_expr(&sql, cols[c]);
	buf_adds(&sql, " FROM v ORDER BY ");
	at = sql.len;
	d->order_expr(&sql, cols[c], &t);
	if (sql.len == at) /* nobody knows: rows are sorted here */
		return;
	got = read_rows(rd, buf_str(&sql), &cols[c], 1, &n);
	for (size_t row = 0; row < n; row++) {
		struct buf swap = last;

		last = key;
		key = swap;
		buf_reset(&key);
		key_encode(&key, &t, &got[row]);
		if (row == 0 ||
		    key_cmp(last.data, last.len, key.data, key.len) <= 0)
			continue;
		if (bad++ < 3)
			printf("# row %zu: '%.*s'\n", row,
			    got[row].kind == CELL_TEXT ? (int)got[row].len : 0,
			    got[row].u.p);
	}
	ok(bad == 0, "%s as %s: order", cols[c]->type, ltype_name(t.type));
	buf_free(&last);
	buf_free(&key);
	free(got);
}

static void
check_fields_and_order(void)
{
	for (size_t c = 0; c < ncols; c++) {
		for (int i = LT_NUM; i <= LT_OTHER; i++) {
			struct vtype t = { .type = (enum ltype)i };
			struct buf none = BUF_INIT;

			check_field(c, t);
			if (d->canon_expr(&none, cols[c], &t))
				check_order(c, t);
			buf_free(&none);
		}
	}
}

/* --- (2) row hashes, (3) folds -------------------------------------------- */

static struct hash128
row_hash(struct hasher *h, const size_t *which, size_t n, size_t row)
{
	struct vtype t[MAX_COLUMNS];
	struct cell c[MAX_COLUMNS];
	struct buf canon = BUF_INIT;
	struct hash128 sum;

	for (size_t i = 0; i < n; i++) {
		t[i] = types[which[i]];
		c[i] = cells[row * ncols + which[i]];
	}
	canon_row(&canon, t, c, n, 0);
	sum = hasher_sum(h, canon.data, canon.len);
	buf_free(&canon);
	return sum;
}

static void
hash_of(struct buf *out, const size_t *which, size_t n, enum hash_kind kind)
{
	const struct column *c[MAX_COLUMNS];
	struct vtype t[MAX_COLUMNS];

	for (size_t i = 0; i < n; i++) {
		c[i] = cols[which[i]];
		t[i] = types[which[i]];
	}
	d->hash_expr(out, c, t, n, kind);
}

static void
check_hash(enum hash_kind kind)
{
	const struct column *text = &db_text_column;
	struct hasher *h = hasher_new(kind, 0);
	struct buf hash = BUF_INIT;
	size_t all[MAX_COLUMNS], nall = 0, n, bad = 0;
	struct cell *got;
	char hex[33];

	for (size_t c = 0; c < ncols; c++)
		if (d->canon_expr(fresh(), cols[c], &types[c]))
			all[nall++] = c;
	ok(nall == ncols - 1, "all but a longtext");
	buf_reset(&hash);
	hash_of(&hash, all, nall, kind);
	buf_addf(fresh(), "SELECT %s", buf_str(&hash));
	buf_adds(&sql, " FROM v ORDER BY id");
	got = read_rows(rd, buf_str(&sql), &text, 1, &n);
	for (size_t row = 0; row < n; row++) {
		struct hash128 want = row_hash(h, all, nall, row);

		snprintf(hex, sizeof(hex), "%016" PRIx64 "%016" PRIx64, want.a,
		    want.b);
		bad += got[row].len != 32 || memcmp(got[row].u.p, hex, 32);
	}
	ok(bad == 0 && n == nrows, "%s of rows", hash_kind_name(kind));
	buf_free(&hash);
	hasher_free(h);
	free(got);
}

struct sums {
	uint64_t count, a, b;
};

/* "-123" as the server's exact sum, modulo 2^64. */
static uint64_t
modulo(const struct cell *c)
{
	uint64_t v = 0;
	bool neg = c->len > 0 && c->u.p[0] == '-';

	for (size_t i = neg; i < c->len; i++)
		v = v * 10 + (uint64_t)(c->u.p[i] - '0');
	return neg ? 0 - v : v;
}

static void
compare_sums(const struct sums *want, size_t n, const char *what)
{
	const struct column *four[] = { &db_int_column, &db_int_column,
		&db_text_column, &db_text_column };
	struct cell *got;
	size_t rows, bad = 0;
	uint64_t seen = 0, total = 0;

	got = read_rows(rd, buf_str(&sql), four, 4, &rows);
	for (size_t i = 0; i < rows; i++) {
		const struct cell *g = &got[4 * i];
		size_t k = (size_t)g[0].u.i;

		seen += (uint64_t)g[1].u.i;
		bad += k >= n || (uint64_t)g[1].u.i != want[k].count ||
		       modulo(&g[2]) != want[k].a || modulo(&g[3]) != want[k].b;
	}
	for (size_t i = 0; i < n; i++)
		total += want[i].count;
	ok(bad == 0 && seen == total, "%s: sums", what);
	free(got);
}

static void
add_sum(struct sums *s, struct hash128 h)
{
	s->count++;
	s->a += h.a;
	s->b += h.b;
}

/* Ranges of id: open, closed, empty, and out of order. */
static void
check_fold_ranges(void)
{
	static const int64_t bounds[] = { 10, 11, 50, 90, 500, 600 };
	enum {
		N = ARRAY_LEN(bounds) + 1
	};
	size_t which[] = { 0, named_column("tl"), named_column("n") };
	struct hasher *h = hasher_new(HASH_MD5, 0);
	struct cell cell[ARRAY_LEN(bounds)];
	struct sql_range ranges[N];
	struct sums want[N] = { { 0, 0, 0 } };
	struct buf hash = BUF_INIT;
	struct table bare = *values;

	hash_of(&hash, which, 3, HASH_MD5);
	for (size_t i = 0; i < N; i++) {
		if (i < ARRAY_LEN(bounds))
			cell[i] = cell_int(bounds[i]);
		ranges[i] = (struct sql_range){ 1, &cols[0],
			i > 0 ? &cell[i - 1] : NULL,
			i < ARRAY_LEN(bounds) ? &cell[i] : NULL };
	}
	for (size_t row = 0; row < nrows; row++) {
		size_t i = 0;

		while (i < ARRAY_LEN(bounds) && (int64_t)row >= bounds[i])
			i++;
		add_sum(&want[i], row_hash(h, which, 3, row));
	}
	d->fold_ranges(fresh(), values, buf_str(&hash), ranges, N);
	compare_sums(want, N, "ranges of id");
	d->fold_ranges(fresh(), values, buf_str(&hash), ranges, 1);
	compare_sums(want, 1, "one open range");
	d->fold_ranges(fresh(), values, buf_str(&hash), ranges + 1, 3);
	compare_sums(want + 1, 3, "closed ranges");
	bare.nkeys = 0;
	d->fold_ranges(fresh(), &bare, buf_str(&hash), ranges, N);
	compare_sums(want, N, "ranges without an index");
	d->fold_ranges(fresh(), &bare, buf_str(&hash), ranges + 2, 4);
	compare_sums(want + 2, 4, "closed ranges without an index");
	buf_free(&hash);
	hasher_free(h);
}

/* Ranges by column c, which is pretended to have an index or not to. */
static void
fold_by_column(size_t c, const struct sql_range *ranges, const char *hash,
    const struct sums *want, bool indexed)
{
	const int pos[] = { (int)c };
	struct index_key key = { .ncols = 1, .cols = pos };
	struct table t = *values;
	struct buf where = BUF_INIT;

	t.nkeys = indexed;
	t.keys = &key;
	buf_addf(&where, "`%s` IS NOT NULL", cols[c]->name);
	t.where = buf_str(&where);
	d->fold_ranges(fresh(), &t, hash, ranges, 3);
	ok((strstr(buf_str(&sql), "UNION") != NULL) == indexed,
	    "one query for each range where there is an index");
	compare_sums(want, 3, cols[c]->type);
	buf_free(&where);
}

/* Ranges over every kind of column that can bound them. */
static void
check_fold_typed(void)
{
	struct hasher *h = hasher_new(HASH_MD5, 0);
	struct buf hash = BUF_INIT;
	size_t which[] = { 0 }, tried = 0;

	hash_of(&hash, which, 1, HASH_MD5);
	for (size_t c = 1; c < ncols; c++) {
		struct column col = *cols[c];
		const struct column *pcol = &col;
		struct sql_range ranges[3];
		struct sums want[3] = { { 0, 0, 0 } };
		struct buf lo = BUF_INIT, hi = BUF_INIT, key = BUF_INIT;
		const struct cell *a = &cells[c], *b = &cells[ncols + c];

		col.notnull = true;
		/* check_padding() is about PAD SPACE. */
		if (!d->order_native(&col, &types[c]) || col.pad_space)
			continue;
		tried++;
		key_encode(&lo, &types[c], a);
		key_encode(&hi, &types[c], b);
		if (key_cmp(lo.data, lo.len, hi.data, hi.len) > 0) {
			struct buf swap = lo;

			lo = hi;
			hi = swap;
			a = b;
			b = &cells[c];
		}
		ranges[0] = (struct sql_range){ 1, &pcol, NULL, a };
		ranges[1] = (struct sql_range){ 1, &pcol, a, b };
		ranges[2] = (struct sql_range){ 1, &pcol, b, NULL };
		for (size_t row = 0; row < nrows; row++) {
			int i = 0;

			if (cells[row * ncols + c].kind == CELL_NULL)
				continue;
			buf_reset(&key);
			key_encode(&key, &types[c], &cells[row * ncols + c]);
			i += key_cmp(key.data, key.len, lo.data, lo.len) >= 0;
			i += key_cmp(key.data, key.len, hi.data, hi.len) >= 0;
			add_sum(&want[i], row_hash(h, which, 1, row));
		}
		fold_by_column(c, ranges, buf_str(&hash), want, false);
		fold_by_column(c, ranges, buf_str(&hash), want, true);
		buf_free(&lo);
		buf_free(&hi);
		buf_free(&key);
	}
	ok(tried >= 13, "%zu kinds of columns have ranges", tried);
	buf_free(&hash);
	hasher_free(h);
}

static void
check_buckets(void)
{
	enum {
		N = 7
	};
	size_t key[] = { named_column("tci"), 0 };
	const struct column *kcols[] = { cols[key[0]], cols[key[1]] };
	struct vtype ktypes[] = { types[key[0]], types[key[1]] };
	struct hasher *h = hasher_new(HASH_MD5, 0);
	struct sums want[N] = { { 0, 0, 0 } };
	struct buf hash = BUF_INIT, bucket = BUF_INIT;

	for (size_t row = 0; row < nrows; row++) {
		struct hash128 k = row_hash(h, key, 2, row);

		add_sum(&want[(k.a >> 32) % N], row_hash(h, key, 2, row));
	}
	hash_of(&hash, key, 2, HASH_MD5);
	d->bucket_expr(&bucket, kcols, ktypes, 2, N);
	d->fold_buckets(fresh(), values, buf_str(&hash), buf_str(&bucket));
	compare_sums(want, N, "buckets");
	buf_free(&hash);
	buf_free(&bucket);
	hasher_free(h);
}

int
main(void)
{
	url = getenv("TRUEUP_MARIADB");
	if (url == NULL) {
		ok(false, "TRUEUP_MARIADB names no server; see tests/lib/"
			  "with-servers");
		return tap_done();
	}
	arena = arena_new(1 << 20);
	corpus_set_up();
	check_fields_and_order();
	check_hash(HASH_MD5);
	check_hash(HASH_SHA256);
	check_fold_ranges();
	check_fold_typed();
	check_buckets();
	check_write();
	check_guards();
	check_padding();
	check_indexes();
	db_close(rd);
	db_close(wr);
	free(cells);
	buf_free(&sql);
	arena_free(arena);
	return tap_done();
}
