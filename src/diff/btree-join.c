#include <config.h>

#include <stdlib.h>

#include "diff/btree-int.h"
#include "diff/sorter.h"

/* The suspects of one side, as rows. */
struct suspects {
	struct cursor base; /* first: the driver below casts */
	struct db db;       /* for db_next(): it only has a side */
	struct looker *looker;
	enum side side;
	size_t part, at;
	struct row row;
};

static enum status
suspects_next(struct cursor *cur, const struct row **row, struct err *err)
{
	struct suspects *s = (struct suspects *)cur;
	const struct btree *t = s->looker->tree;

	*row = NULL;
	for (; s->part < t->nparts; s->part++, s->at = 0) {
		const struct part *p = &t->parts[s->part];

		while (s->at < p->nsuspects) {
			struct suspect f = p->suspects[s->at++];
			struct cell *rows[2];
			enum status st;

			if (f.cell[s->side] == NULL)
				continue;
			f.cell[!s->side] = NULL;
			st = looker_rows(s->looker, &f, rows, err);
			s->row.cells = rows[s->side];
			*row = &s->row;
			return st;
		}
		btree_forget(t, p);
	}
	return TU_OK;
}

static void
suspects_close(struct cursor *cur)
{
	struct suspects *s = (struct suspects *)cur;

	looker_free(s->looker);
	free(s);
}

static const struct db_driver suspects_driver = {
	.name = "suspects",
	.next = suspects_next,
	.cursor_close = suspects_close,
};

static enum status
open_sorted(
    struct btree *t, enum side side, struct cursor **out, struct err *err)
{
	struct suspects *s = btree_array(0, sizeof(*s));

	s->base.db = &s->db;
	s->db = (struct db){ .drv = &suspects_driver,
		.side = t->plan->db[side]->side };
	s->looker = looker_new(t);
	s->side = side;
	s->row.n = btree_ncells(t->pair, side);
	return sorter_open(&s->base, t->pair, s->row.n, NULL, 0, out, err);
}

enum status
btree_join(struct btree *t, struct merge *m, struct err *err)
{
	struct cursor *cur[2] = { NULL, NULL };
	enum status st = open_sorted(t, SOURCE, &cur[SOURCE], err);

	if (!st)
		st = open_sorted(t, TARGET, &cur[TARGET], err);
	if (!st)
		st = merge_run(m, cur[SOURCE], cur[TARGET], err);
	db_cursor_close(cur[SOURCE]);
	db_cursor_close(cur[TARGET]);
	return st;
}
