#include <config.h>

#include "diff/fold.h"

#include <string.h>

#include "base/stage.h"
#include "db/pace.h"
#include "diff/gather.h"

#define SAMPLE_ROWS 32
#define TOPMOST (UINT64_C(1) << 63)

/* A decimal of any sign and up to 30 digits, modulo 2^64. */
static uint64_t
sum_mod_64(const struct cell *c)
{
	uint64_t v = 0;
	size_t i = 0;
	bool negative;

	if (c->kind != CELL_TEXT)
		return 0;
	negative = c->len > 0 && c->u.p[0] == '-';
	for (i = negative; i < c->len; i++)
		v = v * 10 + (uint64_t)(c->u.p[i] - '0');
	return negative ? -v : v;
}

/* What the server says of a leaf; n is -1 as it says it. */
struct line {
	int64_t leaf;
	struct leaf sums;
};

/* n, rows, and two sums as text. */
static bool
parse_texts(const struct cell *c, struct line *l)
{
	if (c[0].kind != CELL_INT || c[1].kind != CELL_INT)
		return false;
	*l = (struct line){ .leaf = c[0].u.i,
		.sums = { .n = (uint64_t)c[1].u.i,
		    .a = sum_mod_64(&c[2]),
		    .b = sum_mod_64(&c[3]) } };
	return true;
}

/* Bytes: see dialect->fold_records. */
static bool
parse_record(const struct cell *c, struct line *l)
{
	uint64_t v[5];

	*l = (struct line){ 0 };
	if (c->kind == CELL_NULL)
		return true; /* no rows */
	if (c->kind != CELL_BYTES || c->len != 2 + sizeof(v))
		return false;
	l->leaf = (int64_t)big_endian(c->u.p, 2);
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		v[i] = big_endian(c->u.p + 2 + 8 * i, 8);
	l->sums = (struct leaf){ .n = v[0],
		.a = v[1] ^ TOPMOST,
		.b = v[2] ^ TOPMOST,
		.ka = v[3] ^ TOPMOST,
		.kb = v[4] ^ TOPMOST };
	return true;
}

static enum status
add_line(const struct line *l, struct leaf *leaves, size_t n, struct err *err)
{
	struct leaf *leaf = leaves + l->leaf;

	if (l->leaf < 0 || (uint64_t)l->leaf >= n)
		return err_set(err, TU_EBUG, "leaf number out of range");
	if ((int64_t)l->sums.n < 0)
		return err_set(err, TU_EREPLAN,
		    "the server computed no hash for some row");
	leaf_add_sums(leaf, &l->sums);
	return TU_OK;
}

static enum status
read_sums(struct db *db, enum side side, const char *sql, bool records,
    struct leaf *leaves, size_t n, struct err *err)
{
	const struct column *texts[] = { &db_int_column, &db_int_column,
		&db_text_column, &db_text_column };
	const struct column *bytes = &db_bytes_column;
	struct db_scan scan = { .sql = sql,
		.columns = records ? &bytes : texts,
		.ncolumns = records ? 1 : ARRAY_LEN(texts) };
	struct cursor *cur = NULL;
	const struct row *row;
	uint64_t rows = 0;
	enum status st = db_scan(db, &scan, &cur, err);

	while (!st && !(st = db_next(cur, &row, err)) && row != NULL) {
		struct line l;

		if (records ? !parse_record(row->cells, &l)
			    : !parse_texts(row->cells, &l)) {
			st = err_set(err, TU_EBUG, "no line of a leaf");
			break;
		}
		st = add_line(&l, leaves, n, err);
		if (st)
			break;
		stage_add(side, l.sums.n);
		rows += l.sums.n;
	}
	db_cursor_close(cur);
	pace_rows(db, rows);
	return st;
}

bool
fold_near(const struct bounds *b, const struct krange *within)
{
	for (size_t i = 0; b->integer && i < b->nleaves; i++) {
		struct krange r = bounds_range(b, within, i);

		if (r.lo != NULL && r.hi != NULL &&
		    ((uint64_t)r.hi->u.i - (uint64_t)r.lo->u.i) >> 32 != 0)
			return false;
	}
	return b->integer;
}

static enum status
fold_some_ranges(struct db *db, const struct pair *pair, enum side side,
    const struct bounds *b, const struct krange *within, size_t first, size_t n,
    const char *hash, struct leaf *leaves, struct err *err)
{
	struct arena *arena = arena_new(16384);
	struct sql_range *ranges = arena_alloc(arena, n * sizeof(*ranges));
	bool records = pair->hash == HASH_RECORD;
	struct buf sql = BUF_INIT;
	enum status st = TU_OK;

	for (size_t i = 0; i < n && !st; i++) {
		struct krange r = bounds_range(b, within, first + i);

		st = side_sql_range(
		    db, pair, side, b->ncols, &r, arena, &ranges[i], err);
	}
	if (!st) {
		if (records)
			db->dialect->fold_records(&sql, pair->table[side], hash,
			    pair->cols[0].col[side], fold_near(b, within),
			    ranges, n);
		else
			db->dialect->fold_ranges(
			    &sql, pair->table[side], hash, ranges, n);
		st = read_sums(
		    db, side, buf_str(&sql), records, leaves + first, n, err);
	}
	buf_free(&sql);
	arena_free(arena);
	return st;
}

static enum status
fold_all_buckets(struct db *db, const struct pair *pair, enum side side,
    const struct bounds *b, const char *hash, struct leaf *leaves,
    struct err *err)
{
	struct buf bucket = BUF_INIT, sql = BUF_INIT;
	enum status st;

	side_bucket(&bucket, db, pair, side, (uint32_t)b->nleaves);
	db->dialect->fold_buckets(
	    &sql, pair->table[side], hash, buf_str(&bucket));
	st = read_sums(db, side, buf_str(&sql), false, leaves, b->nleaves, err);
	buf_free(&sql);
	buf_free(&bucket);
	return st;
}

enum status
fold_leaves(struct db *db, const struct pair *pair, enum side side,
    uint64_t seed, const struct bounds *bounds, const struct krange *within,
    size_t first, size_t last, struct leaf *leaves, struct err *err)
{
	struct buf hash = BUF_INIT;
	enum status st = TU_OK;

	if (pair->hash == HASH_RECORD)
		side_record(&hash, db, pair, side, seed);
	else
		side_hash(&hash, db, pair, side);
	if (bounds->ncols == 0)
		st = fold_all_buckets(
		    db, pair, side, bounds, buf_str(&hash), leaves, err);
	while (bounds->ncols > 0 && first < last && !st) {
		size_t n = MIN(last - first, FOLD_RANGES);

		st = fold_some_ranges(db, pair, side, bounds, within, first, n,
		    buf_str(&hash), leaves, err);
		first += n;
	}
	buf_free(&hash);
	return st;
}

static enum status
check_texts(const struct plan *plan, const struct pair *pair, enum side side,
    bool *agrees, struct err *err)
{
	struct db *db = plan->db[side];
	struct arena *arena = arena_new(4096);
	const struct column **cols =
	    arena_alloc(arena, (pair->ncols + 1) * sizeof(*cols));
	struct db_scan scan = { .columns = cols, .ncolumns = pair->ncols + 1 };
	struct buf sql = BUF_INIT, hex = BUF_INIT;
	struct cursor *cur = NULL;
	struct row_reader r;
	const struct row *row;
	enum status st;

	*agrees = true;
	reader_init(&r, pair, side, plan->seed);
	side_columns(pair, side, false, cols);
	cols[pair->ncols] = &db_text_column;
	side_select_with_hash(&sql, db, pair, side);
	dialect_limit(&sql, db->dialect, SAMPLE_ROWS);
	scan.sql = buf_str(&sql);
	st = db_scan(db, &scan, &cur, err);
	while (!st && !(st = db_next(cur, &row, err)) && row != NULL) {
		struct hash128 h = reader_hash(&r, row);
		const struct cell *c = &row->cells[pair->ncols];

		buf_reset(&hex);
		buf_addf(&hex, "%016llx%016llx", (unsigned long long)h.a,
		    (unsigned long long)h.b);
		if (c->kind != CELL_TEXT || c->len != hex.len ||
		    memcmp(c->u.p, hex.data, hex.len) != 0)
			*agrees = false;
	}
	db_cursor_close(cur);
	reader_release(&r);
	buf_free(&hex);
	buf_free(&sql);
	arena_free(arena);
	return st;
}

static enum status
check_records(const struct plan *plan, const struct pair *pair, enum side side,
    bool *agrees, struct err *err)
{
	struct db *db = plan->db[side];
	struct arena *arena = arena_new(4096);
	const struct column **cols =
	    arena_alloc(arena, (pair->ncols + 1) * sizeof(*cols));
	const struct column **scanned =
	    arena_alloc(arena, (pair->ncols + 1) * sizeof(*scanned));
	struct db_scan scan = { .columns = scanned,
		.ncolumns = pair->ncols + 1,
		.nkeys = 2,
		.flags = DB_SCAN_RAW };
	struct buf sql = BUF_INIT;
	struct cursor *cur = NULL;
	const struct row *row;
	uint64_t hash;
	enum status st;

	*agrees = true;
	side_columns(pair, side, false, cols);
	scanned[0] = cols[0];
	scanned[1] = &db_int_column;
	memcpy(scanned + 2, cols + 1, (pair->ncols - 1) * sizeof(*cols));
	side_select_with_record(&sql, db, pair, side, plan->seed);
	dialect_limit(&sql, db->dialect, SAMPLE_ROWS);
	scan.sql = buf_str(&sql);
	st = db_scan(db, &scan, &cur, err);
	while (!st && !(st = db_next(cur, &row, err)) && row != NULL)
		*agrees &=
		    db->dialect->record_hash(cols, pair->ncols, plan->seed,
			row->cells[0].u.i, row->raw, row->rawlen, &hash) &&
		    (int64_t)hash == row->cells[1].u.i;
	db_cursor_close(cur);
	buf_free(&sql);
	arena_free(arena);
	return st;
}

enum status
gather_check_fold(const struct plan *plan, const struct pair *pair,
    enum side side, bool *agrees, struct err *err)
{
	return pair->hash == HASH_RECORD
	           ? check_records(plan, pair, side, agrees, err)
	           : check_texts(plan, pair, side, agrees, err);
}
