#include <config.h>

#include "audit/incremental-int.h"
#include "track/keycompare.h"

static const char *const side_names[] = { "source", "target" };

enum status
tracked_side_load(struct incremental *inc, enum side side, struct err *err)
{
	struct db *db = inc->options.plan->db[side];
	struct tracked_side *t = &inc->side[side];
	struct err cannot = ERR_INIT;
	enum status st;

	if (captures_possible(db, &cannot)) {
		t->cannot = arena_strdup(inc->arena, cannot.msg);
		return TU_OK;
	}
	st = captures_load(db, inc->arena, &t->captures, err);
	if (st == TU_OK && t->captures.n > 0)
		st = db->drv->list(db, inc->arena, &t->list, err);
	return st;
}

/* A session outside of the snapshot, where the reader wants one. */
static enum status
open_aside(struct look *l, enum side side, const struct change_source *src,
    struct err *err)
{
	struct db *db = l->inc->options.plan->db[side];
	struct tracked_side *t = &l->inc->side[side];

	if (t->aside != NULL || src->kind != READ_GAPS ||
	    db->dialect->track->birth == NULL)
		return TU_OK;
	return db_open(
	    l->inc->options.url[side], DB_READ, db->side, &t->aside, err);
}

static enum status
read_source(struct look *l, enum side side, const struct change_source *src,
    const char *shape, struct err *err)
{
	struct db *db = l->inc->options.plan->db[side];
	struct change_reading got = { 0 };
	enum status st = open_aside(l, side, src, err);

	if (st == TU_OK)
		st = reader_read(db, l->inc->side[side].aside, l->arena, src,
		    shape, l->old[side], &l->keys[side], &got, err);
	if (st)
		return st;
	l->position[side] = got.position;
	if (got.whole)
		look_whole(l, false,
		    arena_printf(
			l->arena, "%s: %s", side_names[side], got.why));
	return TU_OK;
}

enum status
look_read(struct look *l, enum side side, struct err *err)
{
	struct db *db = l->inc->options.plan->db[side];
	struct tracked_side *t = &l->inc->side[side];
	struct change_source src;
	const char *shape = NULL, *why = NULL;
	struct capture *c;
	enum status st;

	if (t->cannot != NULL) {
		look_whole(l, true, t->cannot);
		return TU_OK;
	}
	c = captures_find(&t->captures, l->pair->table[side]);
	if (c == NULL) {
		look_whole(l, true,
		    arena_printf(l->arena,
			"%s: its changes are not written down (trueup track "
			"install)",
			side_names[side]));
		return TU_OK;
	}
	st = capture_check(db, l->arena, &t->list, c, &shape, &why, err);
	if (st)
		return st;
	if (why == NULL) {
		change_source_own(l->arena, db, &t->captures, c, &src);
		if (!change_source_fits(l->arena, l->pair, side, &src))
			why = "the changes are known by another key than the "
			      "one compared by";
	}
	if (why != NULL) {
		look_whole(l, true,
		    arena_printf(l->arena, "%s: %s", side_names[side], why));
		return TU_OK;
	}
	return read_source(l, side, &src, shape, err);
}
