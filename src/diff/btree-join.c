#include <config.h>

#include <stdlib.h>

#include "base/both.h"
#include "diff/btree-int.h"
#include "diff/sorter.h"

#define FORGET 1024 /* rows from all over the file */

/* --- adding --------------------------------------------------------------- */

/* The bytes of the next row that was saved; and its rowid, which was saved in
 * front of them, where that is one of its values. */
static struct hash128
print_row(const struct looker *l, const char **saved)
{
	const char *from = *saved;
	struct sqlite_row row;

	sqlite_row_load(saved, &row);
	return l->tree->with_rowid
	           ? hasher_sum(l->hasher, from, (size_t)(*saved - from))
	           : hasher_sum(l->hasher, row.payload, row.size);
}

/* Where the same bytes do not mean the same row no two prints may be one, and
 * rows that have stayed where they were are looked at. */
static enum status
add(struct looker *l, const struct suspect *f, const char **saved,
    struct err *err)
{
	const char *again = *saved;
	struct hash128 prints[2] = { { 0 } };
	struct cell *rows[2];
	enum status st = TU_OK;

	for (int s = SOURCE; s <= TARGET; s++)
		if (f->cell[s] != NULL)
			prints[s] = print_row(l, saved);
	if (!l->tree->alike) {
		st = looker_rows(l, f, &again, rows, err);
		if (!st && looker_equal(l, rows))
			return TU_OK;
		prints[TARGET].b = ~prints[TARGET].b;
	}
	for (int s = SOURCE; s <= TARGET && !st; s++)
		if (f->cell[s] != NULL)
			st = moved_add(
			    l->moved, (enum side)s, prints[s], f->cell[s], err);
	return st;
}

enum status
btree_join_add(struct looker *l, struct err *err)
{
	const char *saved = l->scan.saved.data;
	enum status st = TU_OK;

	for (size_t i = 0; i < l->scan.nfound && !st; i++)
		st = add(l, &l->scan.found[i], &saved, err);
	return st;
}

/* --- what is left --------------------------------------------------------- */

/* The suspects of one side, as rows. */
struct suspects {
	struct cursor base; /* first: the driver below casts */
	struct db db;       /* for db_next(): it only has a side */
	struct looker *looker;
	enum side side;
	struct moved_left *left;
	uint64_t n;
	struct row row;
};

/* SQLite takes no NULL for a duplicate, so that another row with it may have
 * been left out. */
static enum status
check_key(const struct pair *pair, const struct cell *row, struct err *err)
{
	for (size_t i = 0; i < pair->nkeys; i++)
		if (row[i].kind == CELL_NULL)
			return err_set(
			    err, TU_EREPLAN, "a row has NULL in its key");
	return TU_OK;
}

static enum status
suspects_next(struct cursor *cur, const struct row **row, struct err *err)
{
	struct suspects *s = (struct suspects *)cur;
	const struct btree *t = s->looker->tree;
	struct suspect f = { .cell = { NULL, NULL } };
	struct cell *rows[2];
	const void *place;
	enum status st = moved_left_next(s->left, &place, err);

	*row = NULL;
	if (st || place == NULL)
		return st;
	if (++s->n % FORGET == 0)
		sqlite_pages_forget(t->pages[s->side]);
	f.cell[s->side] = place;
	st = looker_rows(s->looker, &f, NULL, rows, err);
	if (!st)
		st = check_key(t->pair, rows[s->side], err);
	s->row.cells = rows[s->side];
	*row = &s->row;
	return st;
}

static void
suspects_close(struct cursor *cur)
{
	struct suspects *s = (struct suspects *)cur;

	moved_left_free(s->left);
	looker_free(s->looker);
	free(s);
}

static const struct db_driver suspects_driver = {
	.name = "suspects",
	.next = suspects_next,
	.cursor_close = suspects_close,
};

struct joining {
	struct btree *tree;
	struct cursor **cur;
};

static enum status
open_sorted(void *arg, int side, struct err *err)
{
	struct joining *j = arg;
	struct btree *t = j->tree;
	struct suspects *s = btree_array(0, sizeof(*s));

	s->base.db = &s->db;
	s->db = (struct db){ .drv = &suspects_driver,
		.side = t->plan->db[side]->side };
	s->looker = looker_new(t);
	s->side = (enum side)side;
	s->left = moved_left_new(t->moved, s->side);
	s->row.n = btree_ncells(t->pair, s->side);
	return sorter_open(
	    &s->base, t->pair, s->row.n, NULL, 0, &j->cur[side], err);
}

enum status
btree_join_open(struct btree *t, struct cursor *cur[2], struct err *err)
{
	struct joining j = { t, cur };

	return both_sides(open_sorted, &j, err);
}
