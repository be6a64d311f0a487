#include <config.h>

#include "patch/lanes.h"

#include <string.h>

#include "base/arena.h"

void
lanes_init(struct lanes *l, const struct dialect *d)
{
	*l = (struct lanes){ .open = LANES };
	for (size_t i = 0; i < LANES; i++) {
		group_init(&l->lane[i].group, d);
		l->lane[i].params.arena = l->lane[i].group.arena;
	}
	l->params.arena = arena_new(4096);
	stmt_init(&l->stmt, d, STMT_FORWARD, &l->params);
}

void
lanes_release(struct lanes *l)
{
	for (size_t i = 0; i < LANES; i++) {
		stmt_params_release(&l->lane[i].params);
		group_release(&l->lane[i].group);
		buf_free(&l->lane[i].sql);
	}
	stmt_params_release(&l->params);
	stmt_release(&l->stmt);
	arena_free(l->params.arena);
}

void
lane_clear(struct lane *lane)
{
	group_clear(&lane->group);
	lane->params.n = 0;
}

void
lanes_clear(struct lanes *l)
{
	for (size_t i = 0; i < LANES; i++)
		lane_clear(&l->lane[i]);
}

static bool
same_text(const struct lane *lane, const struct lanes *l)
{
	const struct buf *a = &lane->sql, *b = &l->stmt.sql;

	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* The lane of this text, or else the one that waited longest. */
enum status
lanes_find(struct lanes *l, const struct change *c, struct lane **lane,
    struct err *err)
{
	enum status st;

	l->params.n = 0;
	arena_reset(l->params.arena);
	st = stmt_build(&l->stmt, c, err);
	if (st)
		return st;
	*lane = &l->lane[0];
	for (size_t i = 0; i < l->open; i++) {
		if (same_text(&l->lane[i], l)) {
			*lane = &l->lane[i];
			break;
		}
		if (l->lane[i].used < (*lane)->used)
			*lane = &l->lane[i];
	}
	return TU_OK;
}

bool
lane_takes(const struct lane *lane, const struct lanes *l)
{
	return lane->group.n == 0 ||
	       (same_text(lane, l) && !group_full(&lane->group));
}

/* Does a unique index of the target say that a key is one row's? */
static bool
key_is_unique(const struct pair *pair)
{
	const struct table *t = pair->table[TARGET];

	for (size_t k = 0; k < t->nkeys; k++) {
		const struct index_key *key = &t->keys[k];
		size_t n = 0;

		for (size_t i = 0; i < key->ncols; i++)
			for (size_t j = 0; j < pair->nkeys; j++)
				n += pair->cols[j].col[TARGET] ==
				     &t->columns[key->cols[i]];
		if (key->notnull && n == key->ncols)
			return true;
	}
	return false;
}

void
lane_add(struct lane *lane, struct lanes *l, const struct change *c)
{
	if (lane->group.n == 0) {
		buf_reset(&lane->sql);
		buf_add(&lane->sql, l->stmt.sql.data, l->stmt.sql.len);
		lane->nparams = l->params.n;
		lane->together =
		    l->open > 1 && !c->pair->multiset && key_is_unique(c->pair);
	}
	lane->used = ++l->rows;
	group_add(&lane->group, c);
	stmt_params_add(&lane->params, &l->params);
}
