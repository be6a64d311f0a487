#include <config.h>

#include "diff/side.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "diff/write.h"
#include "value/canon.h"
#include "value/key.h"
#include "value/rule.h"

size_t
side_columns(const struct pair *pair, enum side side, bool extra,
    const struct column **out)
{
	size_t n = 0;

	for (size_t i = 0; i < pair->ncols; i++)
		out[n++] = pair->cols[i].col[side];
	for (size_t i = 0; extra && side == TARGET && i < pair->nextra; i++)
		out[n++] = pair->extra[i];
	return n;
}

/* The first n of them. */
static void
select_columns(struct buf *sql, const struct db *db, const struct pair *pair,
    enum side side, size_t n)
{
	buf_adds(sql, "SELECT ");
	for (size_t i = 0; i < n; i++) {
		buf_adds(sql, i > 0 ? ", " : "");
		db->dialect->select_expr(sql, pair->cols[i].col[side]);
	}
}

static void
select_from(struct buf *sql, const struct table *t)
{
	buf_addf(sql, " FROM %s", t->from);
	if (t->where != NULL)
		buf_addf(sql, " WHERE (%s)", t->where);
}

void
side_select(struct buf *sql, const struct db *db, const struct pair *pair,
    enum side side, bool extra)
{
	select_columns(sql, db, pair, side, pair->ncols);
	for (size_t i = 0; extra && side == TARGET && i < pair->nextra; i++) {
		buf_adds(sql, ", ");
		db->dialect->select_expr(sql, pair->extra[i]);
	}
	select_from(sql, pair->table[side]);
}

void
side_select_key(struct buf *sql, const struct db *db, const struct pair *pair,
    enum side side)
{
	select_columns(sql, db, pair, side, pair->nrange);
	select_from(sql, pair->table[side]);
}

void
side_select_count(struct buf *sql, const struct pair *pair, enum side side)
{
	buf_adds(sql, "SELECT count(*)");
	select_from(sql, pair->table[side]);
}

void
side_select_with_hash(struct buf *sql, const struct db *db,
    const struct pair *pair, enum side side)
{
	select_columns(sql, db, pair, side, pair->ncols);
	buf_adds(sql, ", ");
	side_hash(sql, db, pair, side);
	select_from(sql, pair->table[side]);
}

void
side_select_hash(struct buf *sql, const struct db *db, const struct pair *pair,
    enum side side)
{
	buf_adds(sql, "SELECT ");
	side_hash(sql, db, pair, side);
	select_from(sql, pair->table[side]);
}

/* The first n columns of a side and what they are compared as. */
static void
first_columns(const struct pair *pair, enum side side, size_t n,
    struct arena *arena, const struct column ***cols, struct vtype **types)
{
	*cols = arena_alloc(arena, n * sizeof(**cols));
	*types = arena_alloc(arena, n * sizeof(**types));
	for (size_t i = 0; i < n; i++) {
		(*cols)[i] = pair->cols[i].col[side];
		(*types)[i] = pair->cols[i].type;
	}
}

void
side_hash(struct buf *sql, const struct db *db, const struct pair *pair,
    enum side side)
{
	struct arena *arena = arena_new(4096);
	const struct column **cols;
	struct vtype *types;

	first_columns(pair, side, pair->ncols, arena, &cols, &types);
	db->dialect->hash_expr(sql, cols, types, pair->ncols, pair->hash);
	arena_free(arena);
}

void
side_record(struct buf *sql, const struct db *db, const struct pair *pair,
    enum side side, uint64_t seed)
{
	struct arena *arena = arena_new(4096);
	const struct column **cols;
	struct vtype *types;

	first_columns(pair, side, pair->ncols, arena, &cols, &types);
	(void)db->dialect->record_expr(sql, cols, pair->ncols, seed);
	arena_free(arena);
}

void
side_select_with_record(struct buf *sql, const struct db *db,
    const struct pair *pair, enum side side, uint64_t seed)
{
	buf_adds(sql, "SELECT ");
	db->dialect->select_expr(sql, pair->cols[0].col[side]);
	buf_adds(sql, ", ");
	side_record(sql, db, pair, side, seed);
	for (size_t i = 1; i < pair->ncols; i++) {
		buf_adds(sql, ", ");
		db->dialect->select_expr(sql, pair->cols[i].col[side]);
	}
	select_from(sql, pair->table[side]);
}

/* Functions take at most 127 arguments in SQLite. */
#define BUCKET_COLUMNS 100

bool
side_can_bucket(const struct db *db, const struct pair *pair, enum side side)
{
	struct buf scratch = BUF_INIT;
	bool can =
	    pair->nkeys <= BUCKET_COLUMNS && db->dialect->bucket_expr != NULL;

	for (size_t i = 0; can && i < pair->nkeys; i++)
		can = !rule_folds(pair->cols[i].type.rule);
	/* Without canon_expr the function is ours and takes anything. */
	if (db->dialect->canon_expr != NULL)
		can = can && db->fold;
	for (size_t i = 0;
	     can && db->dialect->canon_expr != NULL && i < pair->nkeys; i++)
		can = db->dialect->canon_expr(
		    &scratch, pair->cols[i].col[side], &pair->cols[i].type);
	buf_free(&scratch);
	return can;
}

void
side_bucket(struct buf *sql, const struct db *db, const struct pair *pair,
    enum side side, uint32_t n)
{
	struct arena *arena = arena_new(4096);
	const struct column **cols;
	struct vtype *types;

	first_columns(pair, side, pair->nkeys, arena, &cols, &types);
	db->dialect->bucket_expr(sql, cols, types, pair->nkeys, n);
	arena_free(arena);
}

void
side_and(struct buf *sql, const struct pair *pair, enum side side)
{
	buf_adds(sql, pair->table[side]->where != NULL ? " AND " : " WHERE ");
}

void
side_order(struct buf *sql, const struct db *db, const struct pair *pair,
    enum side side, size_t ncols)
{
	for (size_t i = 0; i < ncols; i++) {
		const struct column *col = pair->cols[i].col[side];

		buf_adds(sql, i == 0 ? " ORDER BY " : ", ");
		/* The columns of a range were found fit to order by. */
		if (i < pair->nrange)
			db->dialect->ident(sql, col->name);
		else
			db->dialect->order_expr(sql, col, &pair->cols[i].type);
		if (!col->notnull)
			buf_adds(sql, db->dialect->nulls_first);
	}
}

enum status
side_convert_key(const struct db *db, const struct pair *pair, enum side side,
    size_t i, const struct cell *in, struct arena *arena, struct cell *out,
    struct err *err)
{
	const struct pair_column *c = &pair->cols[i];
	struct buf scratch = BUF_INIT;
	const char *why = NULL;
	struct cell converted;
	bool ok =
	    write_convert(db->dialect, c, side, in, &scratch, &converted, &why);

	if (ok)
		*out = cell_copy(arena, &converted);
	else
		err_set(err, TU_EREPLAN, "key column '%s': %s",
		    c->col[side]->name, why != NULL ? why : "no such value");
	buf_free(&scratch);
	return ok ? TU_OK : TU_EREPLAN;
}

static enum status
convert_bound(const struct db *db, const struct pair *pair, enum side side,
    size_t ncols, const struct cell *in, struct arena *arena,
    const struct cell **out, struct err *err)
{
	struct cell *cells;

	*out = NULL;
	if (in == NULL)
		return TU_OK;
	cells = arena_alloc(arena, ncols * sizeof(*cells));
	for (size_t i = 0; i < ncols; i++)
		if (side_convert_key(
			db, pair, side, i, &in[i], arena, &cells[i], err))
			return TU_EREPLAN;
	*out = cells;
	return TU_OK;
}

enum status
side_sql_range(const struct db *db, const struct pair *pair, enum side side,
    size_t ncols, const struct krange *range, struct arena *arena,
    struct sql_range *out, struct err *err)
{
	const struct column **cols = arena_alloc(arena, ncols * sizeof(*cols));
	enum status st;

	for (size_t i = 0; i < ncols; i++)
		cols[i] = pair->cols[i].col[side];
	*out = (struct sql_range){ .ncols = ncols, .columns = cols };
	st = convert_bound(
	    db, pair, side, ncols, range->lo, arena, &out->lo, err);
	if (!st)
		st = convert_bound(
		    db, pair, side, ncols, range->hi, arena, &out->hi, err);
	return st;
}

enum status
side_range(struct buf *sql, const struct db *db, const struct pair *pair,
    enum side side, size_t ncols, const struct krange *range, struct err *err)
{
	struct arena *arena = arena_new(1024);
	struct sql_range r;
	enum status st =
	    side_sql_range(db, pair, side, ncols, range, arena, &r, err);

	if (!st)
		db->dialect->range_cond(sql, &r);
	arena_free(arena);
	return st;
}

void
reader_init(struct row_reader *r, const struct pair *pair, enum side side,
    uint64_t seed)
{
	*r = (struct row_reader){ .pair = pair, .side = side };
	r->hasher = hasher_new(pair->hash, seed);
	if (pair->nrange == 0)
		r->md5 = hasher_new(HASH_MD5, 0);
	r->canon_flags = (pair->hash == HASH_STREAM ? CANON_INLINE : 0) |
	                 (side == TARGET ? CANON_TARGET : 0);
	r->types = calloc(pair->ncols, sizeof(*r->types));
	if (r->types == NULL)
		out_of_memory(pair->ncols * sizeof(*r->types));
	r->exact = pair->hash == HASH_STREAM;
	for (size_t i = 0; i < pair->ncols; i++) {
		r->types[i] = pair->cols[i].type;
		r->exact &= r->types[i].type == LT_ANY;
	}
}

void
reader_release(struct row_reader *r)
{
	hasher_free(r->hasher);
	hasher_free(r->md5);
	free(r->types);
	buf_free(&r->key);
	buf_free(&r->canon);
}

void
reader_key(struct row_reader *r, const struct cell *cells)
{
	buf_reset(&r->key);
	r->prefix = 0;
	for (size_t i = 0; i < r->pair->nkeys; i++) {
		key_encode(&r->key, &r->types[i], &cells[i]);
		if (i + 1 == r->pair->nrange)
			r->prefix = r->key.len;
	}
}

/* Hyphenated lower case: the one text form that sorts as the uuids do. */
static bool
is_plain_uuid(const struct cell *c)
{
	if (c->kind != CELL_TEXT || c->len != 36)
		return false;
	for (size_t i = 0; i < 36; i++) {
		char x = c->u.p[i];

		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (x != '-')
				return false;
		} else if (!isxdigit((unsigned char)x) ||
			   (x >= 'A' && x <= 'F')) {
			return false;
		}
	}
	return true;
}

static bool
has_control(const struct cell *c)
{
	for (size_t i = 0; c->kind == CELL_TEXT && i < c->len; i++)
		if ((unsigned char)c->u.p[i] < ' ')
			return true;
	return false;
}

/*
 * Servers that enforce types always fit, unless blanks count for nothing. A
 * SQLite column may hold anything, and a stray value sorts elsewhere than its
 * canonical form does; then the table is compared by buckets instead
 * (TU_EREPLAN).
 */
bool
reader_key_fits(const struct row_reader *r, const struct cell *cells)
{
	for (size_t i = 0; i < r->pair->nrange; i++) {
		const struct column *col = r->pair->cols[i].col[r->side];
		const struct cell *c = &cells[i];
		bool fits = true;

		if (col->pad_space && has_control(c))
			return false;
		if (col->affinity == AFF_NONE)
			continue;
		switch (r->types[i].type) {
		case LT_NUM:
			fits = c->kind == CELL_INT || c->kind == CELL_F64;
			break;
		case LT_TEXT:
			fits = c->kind == CELL_TEXT;
			break;
		case LT_BYTES:
			fits = c->kind == CELL_BYTES;
			break;
		case LT_UUID:
			fits = is_plain_uuid(c);
			break;
		case LT_ANY:
			/* 1 and 1.0 can be two keys, but order as one. */
			fits =
			    c->kind != CELL_NULL &&
			    (c->kind != CELL_F64 || col->affinity != AFF_BLOB ||
				c->u.f != floor(c->u.f));
			break;
		case LT_NONE:
		case LT_F8:
		case LT_F4:
		case LT_CHAR:
		case LT_DATE:
		case LT_TIME:
		case LT_TS:
		case LT_TSTZ:
		case LT_INTERVAL:
		case LT_BITS:
		case LT_JSON:
		case LT_OTHER:
			fits = false;
			break;
		}
		if (!fits)
			return false;
	}
	return true;
}

struct hash128
reader_hash(struct row_reader *r, const struct row *row)
{
	if (row->raw != NULL)
		return hasher_sum(r->hasher, row->raw - row->rawkey,
		    row->rawkey + row->rawlen);
	buf_reset(&r->canon);
	if (r->exact)
		cells_pack(&r->canon, row->cells, r->pair->ncols);
	else
		canon_row(&r->canon, r->types, row->cells, r->pair->ncols,
		    r->canon_flags);
	return hasher_sum(r->hasher, r->canon.data, r->canon.len);
}

uint32_t
reader_bucket(struct row_reader *r, const struct cell *cells, uint32_t n)
{
	struct hash128 h;

	buf_reset(&r->canon);
	canon_row(&r->canon, r->types, cells, r->pair->nkeys, 0);
	h = hasher_sum(r->md5, r->canon.data, r->canon.len);
	return (uint32_t)(h.a >> 32) % n;
}
