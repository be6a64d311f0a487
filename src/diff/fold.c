#include <config.h>

#include "diff/fold.h"

#include <string.h>

#include "base/stage.h"
#include "db/pace.h"
#include "diff/gather.h"

#define SAMPLE_ROWS 32

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

static enum status
read_sums(struct db *db, enum side side, const char *sql, bool keys,
    struct leaf *leaves, size_t n, struct err *err)
{
	const struct column *cols[] = { &db_int_column, &db_int_column,
		&db_text_column, &db_text_column, &db_text_column,
		&db_text_column };
	struct db_scan scan = {
		.sql = sql, .columns = cols, .ncolumns = keys ? 6 : 4
	};
	struct cursor *cur = NULL;
	const struct row *row;
	uint64_t rows = 0;
	enum status st = db_scan(db, &scan, &cur, err);

	while (!st && !(st = db_next(cur, &row, err)) && row != NULL) {
		const struct cell *c = row->cells;

		if (c[0].kind != CELL_INT || c[0].u.i < 0 ||
		    (uint64_t)c[0].u.i >= n) {
			st = err_set(err, TU_EBUG, "leaf number out of range");
			break;
		}
		if (c[1].u.i < 0) {
			st = err_set(err, TU_EREPLAN,
			    "the server computed no hash for some row");
			break;
		}
		stage_add(side, (uint64_t)c[1].u.i);
		rows += (uint64_t)c[1].u.i;
		leaves[c[0].u.i].n += (uint64_t)c[1].u.i;
		leaves[c[0].u.i].a += sum_mod_64(&c[2]);
		leaves[c[0].u.i].b += sum_mod_64(&c[3]);
		if (!keys)
			continue;
		leaves[c[0].u.i].ka += sum_mod_64(&c[4]);
		leaves[c[0].u.i].kb += sum_mod_64(&c[5]);
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
	const struct column **cols =
	    arena_alloc(arena, b->ncols * sizeof(*cols));
	struct sql_range *ranges = arena_alloc(arena, n * sizeof(*ranges));
	bool records = pair->hash == HASH_RECORD;
	bool near = fold_near(b, within);
	struct buf sql = BUF_INIT;
	enum status st = TU_OK;

	for (size_t c = 0; c < b->ncols; c++)
		cols[c] = pair->cols[c].col[side];
	for (size_t i = 0; i < n && !st; i++) {
		struct krange r = bounds_range(b, within, first + i);
		const struct cell *in[2] = { r.lo, r.hi };
		struct cell *out[2] = { NULL, NULL };

		for (int e = 0; e < 2 && !st; e++) {
			if (in[e] == NULL)
				continue;
			out[e] = arena_alloc(arena, b->ncols * sizeof(*out[e]));
			for (size_t c = 0; c < b->ncols && !st; c++)
				st = side_convert_key(db, pair, side, c,
				    &in[e][c], arena, &out[e][c], err);
		}
		ranges[i] = (struct sql_range){ .ncols = b->ncols,
			.columns = cols,
			.lo = out[0],
			.hi = out[1] };
	}
	if (!st) {
		if (records)
			db->dialect->fold_records(&sql, pair->table[side], hash,
			    cols[0], near, ranges, n);
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
