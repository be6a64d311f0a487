#include <config.h>

#include "suite.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/tap.h"
#include "value/canon.h"
#include "value/key.h"
#include "value/rowhash.h"

#define NROWS 2000

/* A table, its key and all its keys, read by a plain scan. */
struct keyed {
	const struct table *table;
	size_t ncols;
	const struct column *cols[4];
	struct vtype types[4];
	struct cell *cells;
	size_t n;
};

/* k1: holes and negative ids; k2: composite; kt: text that sorts badly. */
static void
fill(struct suite *s, const char *name)
{
	static const char *const texts[] = { "a", "A", "b", "é", "z", "Z", "ä",
		"\x7f", "\xf0\x9f\x98\x80", "\xef\xbf\xbd", "a b", "a'b", "_",
		"-", "\\" };
	const struct table *t = suite_table(s, name);
	struct buf *sql = suite_sql(s);

	buf_addf(sql, "DELETE FROM %s", t->from);
	suite_exec(s, buf_str(sql));
	for (int i = 0; i < NROWS; i++) {
		const char *text = texts[(size_t)i % ARRAY_LEN(texts)];
		char buf[64];
		struct cell c;

		snprintf(buf, sizeof(buf), "%s%d", text, i / 7);
		c = cell_text(buf, strlen(buf));
		if (s->d->literal_refuses != NULL &&
		    s->d->literal_refuses(&t->columns[0], &c) != NULL) {
			snprintf(buf, sizeof(buf), "q%d", i);
			c = cell_text(buf, strlen(buf));
		}
		buf_reset(sql);
		buf_addf(sql, "INSERT INTO %s VALUES (", t->from);
		if (strcmp(name, "k1") == 0)
			buf_addf(sql, "%d", i * 3 - 500);
		else if (strcmp(name, "k2") == 0)
			buf_addf(sql, "%d, ", i / 20);
		if (strcmp(name, "k1") != 0)
			s->d->literal(sql, &t->columns[t->ncolumns - 2], &c);
		buf_addf(sql, ", %d)", i);
		suite_exec(s, buf_str(sql));
	}
}

static void
select_keys(struct buf *sql, const struct suite *s, const struct keyed *k)
{
	buf_adds(sql, "SELECT ");
	for (size_t i = 0; i < k->ncols; i++) {
		if (i > 0)
			buf_adds(sql, ", ");
		s->d->select_expr(sql, k->cols[i]);
	}
	buf_addf(sql, " FROM %s", k->table->from);
}

/* Nothing where nobody knows how the server orders: see sort_keys(). */
static void
order_by(struct buf *sql, const struct suite *s, const struct keyed *k)
{
	if (s->d->order_expr == NULL)
		return;
	buf_adds(sql, " ORDER BY ");
	for (size_t i = 0; i < k->ncols; i++) {
		if (i > 0)
			buf_adds(sql, ", ");
		s->d->order_expr(sql, k->cols[i], &k->types[i]);
	}
}

static const struct cell *
key_at(const struct keyed *k, size_t i)
{
	return k->cells + i * k->ncols;
}

static int
compare_keys(const struct keyed *k, const struct cell *a, const struct cell *b)
{
	struct buf ka = BUF_INIT, kb = BUF_INIT;
	int c;

	for (size_t i = 0; i < k->ncols; i++) {
		key_encode(&ka, &k->types[i], &a[i]);
		key_encode(&kb, &k->types[i], &b[i]);
	}
	c = key_cmp(ka.data, ka.len, kb.data, kb.len);
	buf_free(&ka);
	buf_free(&kb);
	return c;
}

static int
compare_rows(const void *a, const void *b, void *arg)
{
	return compare_keys(arg, a, b);
}

/* What diff/sorter does for a server whose order nobody knows. */
static void
sort_keys(const struct suite *s, struct keyed *k, struct cell *cells, size_t n)
{
	if (s->d->order_expr == NULL && n > 0)
		qsort_r(cells, n, k->ncols * sizeof(*cells), compare_rows, k);
}

static void
open_keys(struct suite *s, struct keyed *k, const char *name)
{
	struct buf *sql;

	fill(s, name);
	*k = (struct keyed){ .table = suite_table(s, name) };
	k->ncols = k->table->ncolumns - 1;
	for (size_t i = 0; i < k->ncols; i++) {
		k->cols[i] = &k->table->columns[i];
		k->types[i].type = k->cols[i]->ltype;
	}
	sql = suite_sql(s);
	select_keys(sql, s, k);
	order_by(sql, s, k);
	k->cells = suite_rows(s, s->rd, buf_str(sql), k->cols, k->ncols, &k->n);
	sort_keys(s, k, k->cells, k->n);
	is_int((long long)k->n, NROWS, "%s: %s: keys", s->brand->name, name);
}

static void
check_sorted(struct suite *s, const struct keyed *k)
{
	size_t bad = 0;

	for (size_t i = 1; i < k->n; i++)
		bad += compare_keys(k, key_at(k, i - 1), key_at(k, i)) >= 0;
	is_int((long long)bad, 0, "%s: %s: order_expr is the order of keys",
	    s->brand->name, k->table->name);
	for (size_t i = 0; i < k->ncols && s->d->order_expr != NULL; i++)
		ok(s->d->order_native(k->cols[i], &k->types[i]) ==
			(s->brand->bytewise || k->cols[i]->rowid_alias),
		    "%s: %s.%s: native order", s->brand->name, k->table->name,
		    k->cols[i]->name);
}

/* The scan's keys, in order, that cond selects: are they from[lo, hi)? */
static bool
selects(
    struct suite *s, struct keyed *k, const char *cond, size_t lo, size_t hi)
{
	struct buf sql = BUF_INIT;
	struct arena_mark mark = arena_mark(s->arena);
	struct cell *got;
	size_t n, bad = 0;

	select_keys(&sql, s, k);
	buf_addf(&sql, " WHERE %s", cond);
	order_by(&sql, s, k);
	got = suite_rows(s, s->rd, buf_str(&sql), k->cols, k->ncols, &n);
	sort_keys(s, k, got, n);
	for (size_t i = 0; n == hi - lo && i < n * k->ncols; i++)
		bad += !cell_same(&got[i], &key_at(k, lo)[i]);
	bad += n != hi - lo;
	buf_free(&sql);
	arena_rewind(s->arena, mark);
	return bad == 0;
}

static void
check_ranges(struct suite *s, struct keyed *k)
{
	struct buf cond = BUF_INIT;
	size_t bad = 0;

	for (int round = 0; round < 60; round++) {
		size_t lo = tap_random() % k->n, hi = tap_random() % k->n;
		struct sql_range r = { .ncols = k->ncols, .columns = k->cols };

		/* The open ends first, then an empty and turned ranges. */
		if (round == 3)
			hi = lo;
		r.lo = round == 0 || round == 1 ? NULL : key_at(k, lo);
		r.hi = round == 0 || round == 2 ? NULL : key_at(k, hi);
		if (r.lo == NULL)
			lo = 0;
		if (r.hi == NULL)
			hi = k->n;
		if (hi < lo)
			hi = lo;
		buf_reset(&cond);
		s->d->range_cond(&cond, &r);
		bad += !selects(s, k, buf_str(&cond), lo, hi);
	}
	is_int((long long)bad, 0, "%s: %s: ranges", s->brand->name,
	    k->table->name);
	buf_free(&cond);
}

static bool
all_native(const struct suite *s, const struct keyed *k)
{
	for (size_t i = 0; i < k->ncols; i++)
		if (!s->d->order_native(k->cols[i], &k->types[i]))
			return false;
	return true;
}

/* A leading part of the key bounds whole groups of rows. */
static void
check_prefix(struct suite *s, struct keyed *k)
{
	struct buf cond = BUF_INIT;
	struct sql_range r = { .ncols = 1, .columns = k->cols };
	size_t lo = k->n / 3, hi = k->n / 2, bad = 0;

	while (lo > 0 && cell_same(key_at(k, lo - 1), key_at(k, lo)))
		lo--;
	while (hi > 0 && cell_same(key_at(k, hi - 1), key_at(k, hi)))
		hi--;
	r.lo = key_at(k, lo);
	r.hi = key_at(k, hi);
	s->d->range_cond(&cond, &r);
	bad += !selects(s, k, buf_str(&cond), lo, hi);
	is_int((long long)bad, 0, "%s: %s: a range of its first column",
	    s->brand->name, k->table->name);
	buf_free(&cond);
}

static void
check_lists(struct suite *s, struct keyed *k)
{
	static const size_t sizes[] = { 0, 1, 2, 7, 500, 1500 };
	struct buf cond = BUF_INIT;

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		size_t n = sizes[i], at = n > 0 ? (k->n - n) / 2 : 0;
		struct cell *cells =
		    arena_alloc(s->arena, (n + 1) * k->ncols * sizeof(*cells));

		/* A stretch of keys, so that the answer is one; backwards. */
		for (size_t j = 0; j < n; j++)
			memcpy(cells + (n - 1 - j) * k->ncols,
			    key_at(k, at + j), k->ncols * sizeof(*cells));
		buf_reset(&cond);
		s->d->keys_cond(&cond, k->cols, k->ncols, cells, n);
		ok(selects(s, k, buf_str(&cond), at, at + n),
		    "%s: %s: a list of %zu keys", s->brand->name,
		    k->table->name, n);
	}
	buf_free(&cond);
}

static void
check_sample(struct suite *s, const struct keyed *k, double every)
{
	struct buf *sql = suite_sql(s);
	size_t n, bad = 0, at = 0;
	struct cell *got;

	if (s->d->sample == NULL)
		return;
	s->d->sample(sql, k->table, k->cols, k->ncols, every);
	got = suite_rows(s, s->rd, buf_str(sql), k->cols, k->ncols, &n);
	for (size_t i = 0; i < n; i++) {
		while (at < k->n &&
		       compare_keys(k, key_at(k, at), got + i * k->ncols) < 0)
			at++;
		bad += at == k->n ||
		       compare_keys(k, key_at(k, at), got + i * k->ncols) != 0;
	}
	is_int((long long)bad, 0, "%s: %s: samples are keys, in order",
	    s->brand->name, k->table->name);
	ok((double)n >= NROWS / every / 3 && (double)n <= NROWS / every * 3,
	    "%s: %s: %zu samples, one in %g", s->brand->name, k->table->name, n,
	    every);
}

static void
check_buckets(struct suite *s, const struct keyed *k, uint32_t buckets)
{
	struct hasher *md5 = hasher_new(HASH_MD5, 0);
	struct buf row = BUF_INIT, *sql = suite_sql(s);
	const struct column *col = &db_int_column;
	size_t n, bad = 0;
	struct cell *got;

	if (s->d->bucket_expr == NULL) {
		hasher_free(md5);
		return;
	}
	buf_adds(sql, "SELECT ");
	s->d->bucket_expr(sql, k->cols, k->types, k->ncols, buckets);
	buf_addf(sql, " FROM %s", k->table->from);
	order_by(sql, s, k);
	got = suite_rows(s, s->rd, buf_str(sql), &col, 1, &n);
	for (size_t i = 0; i < n && n == k->n; i++) {
		struct hash128 h;

		buf_reset(&row);
		canon_row(&row, k->types, key_at(k, i), k->ncols, 0);
		h = hasher_sum(md5, row.data, row.len);
		bad += got[i].kind != CELL_INT ||
		       (uint64_t)got[i].u.i != (h.a >> 32) % buckets;
	}
	ok(n == k->n && bad == 0, "%s: %s: %u buckets", s->brand->name,
	    k->table->name, buckets);
	buf_free(&row);
	hasher_free(md5);
}

/* Where the database does not order bytewise, order_expr has to. */
static void
check_other_order(struct suite *s)
{
	struct keyed k;
	struct cell pair[2];
	struct buf cond = BUF_INIT;

	open_keys(s, &k, "ko");
	ok(!s->d->order_native(k.cols[0], &k.types[0]),
	    "%s: the order of ko is not native", s->brand->name);
	for (size_t i = 1, bad = 0; i <= k.n; i++) {
		if (i < k.n) {
			bad += compare_keys(
				   &k, key_at(&k, i - 1), key_at(&k, i)) >= 0;
			continue;
		}
		is_int(
		    (long long)bad, 0, "%s: but order_expr is", s->brand->name);
	}
	/* A sorter leaves out what a loose '=' brings. */
	if (s->d->order_expr == NULL)
		return;
	/* The exact key, not the one that the collation takes for equal. */
	for (size_t i = 0; i < k.n; i++)
		if (key_at(&k, i)->len == 2 &&
		    memcmp(key_at(&k, i)->u.p, "A0", 2) == 0)
			pair[0] = *key_at(&k, i);
	s->d->keys_cond(&cond, k.cols, 1, pair, 1);
	buf_reset(suite_sql(s));
	buf_addf(&s->sql, "SELECT count(*) FROM %s WHERE %s", k.table->from,
	    buf_str(&cond));
	is_int(suite_int(s, s->rd, buf_str(&s->sql)), 1,
	    "%s: A0 is a key, a0 another", s->brand->name);
	check_buckets(s, &k, 64);
	buf_free(&cond);
}

/* Bytes are hashed into the row of a key as their own hash. */
static void
check_bytes_buckets(struct suite *s)
{
	const struct table *v = suite_table(s, "v");
	struct keyed k = { .table = v, .ncols = 1 };
	struct buf *sql = suite_sql(s);

	k.cols[0] = suite_column(s, v, "b");
	k.types[0].type = LT_BYTES;
	select_keys(sql, s, &k);
	order_by(sql, s, &k);
	k.cells = suite_rows(s, s->rd, buf_str(sql), k.cols, 1, &k.n);
	check_buckets(s, &k, 4096);
}

void
check_keys(struct suite *s)
{
	static const char *const names[] = { "k1", "k2", "kt" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct keyed k;

		open_keys(s, &k, names[i]);
		check_sorted(s, &k);
		if (all_native(s, &k))
			check_ranges(s, &k);
		if (s->brand->bytewise && k.ncols > 1 &&
		    s->d->order_native(k.cols[0], &k.types[0]))
			check_prefix(s, &k);
		check_lists(s, &k);
		if (s->brand->bytewise)
			check_sample(s, &k, 20);
		check_buckets(s, &k, 1);
		check_buckets(s, &k, 4096);
	}
	check_bytes_buckets(s);
	check_other_order(s);
}
