#include <config.h>

#include "diff/fetch.h"

#include <stdlib.h>

#include "diff/diff.h"
#include "diff/pages.h"
#include "diff/sorter.h"

static void
order_by_position(struct buf *sql, const struct pair *pair)
{
	for (size_t i = 0; i < pair->nkeys; i++)
		buf_addf(sql, "%s%zu", i == 0 ? " ORDER BY " : ", ", i + 1);
}

/* A key that this side's column cannot hold is not there. */
static void
point_condition(struct buf *sql, const struct db *db, const struct pair *pair,
    enum side side, const struct fetch_spec *spec)
{
	struct arena *arena = arena_new(16384);
	struct cell *cells = arena_alloc(arena, spec->npoints * sizeof(*cells));
	const struct column *col = pair->cols[0].col[side];
	struct err ignored = ERR_INIT;
	size_t n = 0;

	for (size_t i = 0; i < spec->npoints; i++) {
		struct cell key = cell_int(spec->points[i]);

		if (!side_convert_key(
			db, pair, side, 0, &key, arena, &cells[n], &ignored))
			n++;
	}
	if (n > 0)
		db->dialect->keys_cond(sql, &col, 1, cells, n);
	else
		buf_adds(sql, "1=0");
	arena_free(arena);
}

/* Condition i: the points, if any, then the ranges. */
static enum status
condition(struct buf *sql, const struct db *db, const struct pair *pair,
    enum side side, const struct fetch_spec *spec, size_t i, struct err *err)
{
	if (spec->npoints > 0 && i-- == 0) {
		point_condition(sql, db, pair, side, spec);
		return TU_OK;
	}
	return side_range(
	    sql, db, pair, side, pair->nrange, &spec->ranges[i], err);
}

static bool
in_pages(const struct db *db, const struct pair *pair, enum side side,
    const struct fetch_spec *spec)
{
	return spec->pages && pages_needed(db, pair, side);
}

static enum status
select_ranges(struct buf *sql, const struct db *db, const struct pair *pair,
    enum side side, const struct fetch_spec *spec, struct err *err)
{
	size_t n = spec->nranges + (spec->npoints > 0);
	/* Branches are found by index each; but their union can only be
	 * ordered by position, so by plain columns. */
	bool branches = n > 1 && pair->nrange == pair->nkeys;
	enum status st = TU_OK;

	for (size_t i = 0; i < n && !st; i++) {
		if (i == 0 || branches) {
			buf_adds(sql, i > 0 ? " UNION ALL " : "");
			side_select(sql, db, pair, side, true);
			side_and(sql, pair, side);
			buf_adds(sql, i == 0 && !branches ? "(" : "");
		} else {
			buf_adds(sql, " OR ");
		}
		st = condition(sql, db, pair, side, spec, i, err);
	}
	if (branches) {
		order_by_position(sql, pair);
	} else {
		buf_addc(sql, ')');
		if (!sorter_needed(db, pair, side) &&
		    !in_pages(db, pair, side, spec))
			side_order(sql, db, pair, side, pair->nkeys);
	}
	return st;
}

/* Buckets can hold a whole table, which comes in pages then. */
static bool
sort_buckets(const struct db *db, const struct pair *pair, enum side side)
{
	return sorter_needed(db, pair, side) || pages_needed(db, pair, side);
}

static void
select_buckets(struct buf *sql, const struct db *db, const struct pair *pair,
    enum side side, const struct fetch_spec *spec)
{
	side_select(sql, db, pair, side, true);
	if (spec->nbuckets > 0) {
		side_and(sql, pair, side);
		side_bucket(sql, db, pair, side, spec->of);
		for (size_t i = 0; i < spec->nbuckets; i++)
			buf_addf(sql, "%s%u", i == 0 ? " IN (" : ",",
			    spec->buckets[i]);
		buf_addc(sql, ')');
	}
	if (!sort_buckets(db, pair, side))
		side_order(sql, db, pair, side, pair->nkeys);
}

/* The rows of a scan sorted here, of those with one of n keys if n > 0. where:
 * it has a condition. */
static enum status
open_sorter(struct db *db, const struct pair *pair, enum side side,
    const struct db_scan *scan, bool where, const struct cell *keys, size_t n,
    struct cursor **out, struct err *err)
{
	struct cursor *from;
	enum status st = pages_open(db, pair, side, scan, where, &from, err);

	return st ? st
	          : sorter_open(from, pair, scan->ncolumns, keys, n, out, err);
}

enum status
fetch_open(struct db *db, const struct pair *pair, enum side side,
    const struct fetch_spec *spec, const struct column ***columns,
    struct cursor **out, struct err *err)
{
	struct buf sql = BUF_INIT;
	struct db_scan scan = { 0 };
	bool here = sorter_needed(db, pair, side), where = true;
	enum status st = TU_OK;

	*columns = calloc(pair->ncols + pair->nextra, sizeof(**columns));
	if (*columns == NULL)
		out_of_memory((pair->ncols + pair->nextra) * sizeof(void *));
	scan.ncolumns = side_columns(pair, side, true, *columns);
	scan.columns = *columns;
	if (spec->of > 0) {
		select_buckets(&sql, db, pair, side, spec);
		here = sort_buckets(db, pair, side);
		where = spec->nbuckets > 0 || pair->table[side]->where != NULL;
	} else {
		st = select_ranges(&sql, db, pair, side, spec, err);
	}
	scan.sql = buf_str(&sql);
	if (!st && here)
		st = open_sorter(
		    db, pair, side, &scan, where, NULL, 0, out, err);
	else if (!st && in_pages(db, pair, side, spec))
		st = pages_open(db, pair, side, &scan, where, out, err);
	else if (!st)
		st = db_scan(db, &scan, out, err);
	buf_free(&sql);
	return st;
}

enum status
diff_fetch_keys(struct db *db, const struct pair *pair, enum side side,
    const struct cell *keys, size_t n,
    enum status (*each)(void *arg, const struct cell *cells, struct err *err),
    void *arg, struct err *err)
{
	const struct column **cols =
	    calloc(pair->ncols + pair->nextra, sizeof(*cols));
	struct db_scan scan = { .columns = cols };
	struct buf sql = BUF_INIT;
	struct cursor *cur = NULL;
	const struct row *row;
	bool here = sorter_needed(db, pair, side);
	enum status st;

	if (cols == NULL)
		out_of_memory((pair->ncols + pair->nextra) * sizeof(*cols));
	scan.ncolumns = side_columns(pair, side, true, cols);
	side_select(&sql, db, pair, side, true);
	side_and(&sql, pair, side);
	db->dialect->keys_cond(&sql, cols, pair->nkeys, keys, n);
	if (!here)
		side_order(&sql, db, pair, side, pair->nkeys);
	scan.sql = buf_str(&sql);
	st = here ? open_sorter(db, pair, side, &scan, true, keys, n, &cur, err)
	          : db_scan(db, &scan, &cur, err);
	while (!st && !(st = db_next(cur, &row, err)) && row != NULL)
		st = each(arg, row->cells, err);
	db_cursor_close(cur);
	buf_free(&sql);
	free(cols);
	return st;
}
