#include <config.h>

#include "diff/pages.h"

#include <stdlib.h>

#include "db/pace.h"

#define PAGE_BYTES (8 << 20)
#define PAGE_ROWS 65536 /* of narrow rows; a page of a million is slower */
#define ROW_BYTES 1024  /* of a table that nobody has measured */

struct pages {
	struct cursor base; /* first: the driver below casts */
	struct db db;       /* for db_next() */
	struct db *real;
	struct db_scan scan;
	bool where;
	struct buf sql; /* of a page, the first `fixed` bytes of each */
	size_t fixed;
	struct cursor *page;
	uint64_t limit, n; /* rows a page may have, and has had */
	size_t nkeys;
	size_t *at;                    /* the key's columns in a row */
	const struct column **columns; /* these */
	struct arena *arena;           /* the key of a page's last row */
	struct cell *last;
};

uint64_t
pages_rows(const struct table *table)
{
	double row = ROW_BYTES;

	if (table->rows > 0 && table->bytes > 0)
		row = table->bytes / table->rows;
	return (uint64_t)MAX(1, MIN(PAGE_ROWS, PAGE_BYTES / MAX(row, 1)));
}

/* --- which key ------------------------------------------------------------ */

/* Where a row has this column of the table, or SIZE_MAX. */
static size_t
place(const struct pair *pair, enum side side, int column)
{
	const struct column *col = &pair->table[side]->columns[column];

	for (size_t i = 0; i < pair->ncols; i++)
		if (pair->cols[i].col[side] == col)
			return i;
	return SIZE_MAX;
}

static bool
serves(const struct db *db, const struct pair *pair, enum side side,
    const struct index_key *key)
{
	const struct table *t = pair->table[side];

	for (size_t i = 0; i < key->ncols; i++)
		if (!db->dialect->pages(&t->columns[key->cols[i]]) ||
		    place(pair, side, key->cols[i]) == SIZE_MAX)
			return false;
	return key->notnull && key->ncols > 0;
}

/* The primary key, else another: rows lie in its order as a rule. */
static const struct index_key *
find_key(const struct db *db, const struct pair *pair, enum side side)
{
	const struct table *t = pair->table[side];
	const struct index_key *found = NULL;

	if (!db->holds || db->dialect->pages == NULL)
		return NULL;
	for (size_t i = 0; i < t->nkeys; i++)
		if (serves(db, pair, side, &t->keys[i]) &&
		    (found == NULL || t->keys[i].primary))
			found = &t->keys[i];
	return found;
}

bool
pages_needed(const struct db *db, const struct pair *pair, enum side side)
{
	return find_key(db, pair, side) != NULL;
}

bool
pages_ordered(const struct db *db, const struct pair *pair, enum side side)
{
	const struct index_key *key = find_key(db, pair, side);

	if (key == NULL || key->ncols != pair->nkeys ||
	    pair->nrange != pair->nkeys)
		return false;
	for (size_t i = 0; i < key->ncols; i++)
		if (place(pair, side, key->cols[i]) != i)
			return false;
	return true;
}

/* --- one after the other -------------------------------------------------- */

static void
compare_key(struct pages *p, size_t i, const char *operator)
{
	const struct dialect *d = p->real->dialect;
	struct vtype own = { .type = p->columns[i]->ltype };
	struct buf scratch = BUF_INIT;
	const char *why = "";
	struct cell value;

	/* What was read from a column is held by it, known as such or not. */
	if (!d->convert(
		p->columns[i], &own, &p->last[i], &scratch, &value, &why))
		value = p->last[i];
	d->ident(&p->sql, p->columns[i]->name);
	buf_adds(&p->sql, operator);
	d->literal(&p->sql, p->columns[i], &value);
	buf_free(&scratch);
}

/* a >= 1 AND (a > 1 OR (a = 1 AND (b > 2))): the first is for the index. */
static void
add_behind(struct pages *p)
{
	compare_key(p, 0, " >= ");
	buf_adds(&p->sql, " AND ");
	for (size_t i = 0; i < p->nkeys; i++) {
		buf_addc(&p->sql, '(');
		compare_key(p, i, " > ");
		if (i + 1 < p->nkeys) {
			buf_adds(&p->sql, " OR (");
			compare_key(p, i, " = ");
			buf_adds(&p->sql, " AND ");
		}
	}
	for (size_t i = 0; i < p->nkeys; i++)
		buf_adds(&p->sql, i > 0 ? "))" : ")");
}

static enum status
open_page(struct pages *p, struct err *err)
{
	p->sql.len = p->fixed;
	if (p->last != NULL) {
		buf_adds(&p->sql, p->where ? " AND " : " WHERE ");
		add_behind(p);
	}
	buf_adds(&p->sql, " ORDER BY ");
	dialect_columns(&p->sql, p->real->dialect, p->columns, p->nkeys);
	dialect_limit(&p->sql, p->real->dialect, p->limit);
	p->scan.sql = buf_str(&p->sql);
	p->n = 0;
	return db_scan(p->real, &p->scan, &p->page, err);
}

static void
remember(struct pages *p, const struct row *row)
{
	arena_reset(p->arena);
	p->last = arena_alloc(p->arena, p->nkeys * sizeof(*p->last));
	for (size_t i = 0; i < p->nkeys; i++)
		p->last[i] = cell_copy(p->arena, &row->cells[p->at[i]]);
}

static enum status
pages_next(struct cursor *cur, const struct row **row, struct err *err)
{
	struct pages *p = (struct pages *)cur;
	enum status st = db_next(p->page, row, err);

	if (st == TU_OK && *row == NULL && p->n == p->limit) {
		db_cursor_close(p->page);
		p->page = NULL;
		st = open_page(p, err);
		if (st == TU_OK)
			st = db_next(p->page, row, err);
	}
	if (st == TU_OK && *row != NULL && ++p->n == p->limit)
		remember(p, *row);
	return st;
}

static void
pages_close(struct cursor *cur)
{
	struct pages *p = (struct pages *)cur;

	db_cursor_close(p->page);
	arena_free(p->arena);
	buf_free(&p->sql);
	free(p->columns);
	free(p->at);
	free(p);
}

static const struct db_driver pages_driver = {
	.name = "pages",
	.next = pages_next,
	.cursor_close = pages_close,
};

enum status
pages_open(struct db *db, const struct pair *pair, enum side side,
    const struct db_scan *scan, bool where, struct cursor **out,
    struct err *err)
{
	const struct index_key *key = find_key(db, pair, side);
	struct pages *p;
	enum status st;

	if (key == NULL)
		return db_scan(db, scan, out, err);
	*out = NULL;
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		out_of_memory(sizeof(*p));
	p->base.db = &p->db;
	p->db = (struct db){ .drv = &pages_driver };
	p->real = db;
	p->scan = *scan;
	p->where = where;
	p->limit = MIN(pages_rows(pair->table[side]), pace_piece(db));
	p->nkeys = key->ncols;
	p->arena = arena_new(1024);
	p->at = calloc(p->nkeys, sizeof(*p->at));
	p->columns = calloc(p->nkeys, sizeof(*p->columns));
	if (p->at == NULL || p->columns == NULL)
		out_of_memory(p->nkeys * sizeof(*p->columns));
	for (size_t i = 0; i < p->nkeys; i++) {
		p->at[i] = place(pair, side, key->cols[i]);
		p->columns[i] = pair->cols[p->at[i]].col[side];
	}
	buf_adds(&p->sql, scan->sql);
	p->fixed = p->sql.len;
	st = open_page(p, err);
	if (st)
		pages_close(&p->base);
	else
		*out = &p->base;
	return st;
}
