#include <config.h>

#include "patch/writer.h"

#include <string.h>

#include "base/interrupt.h"
#include "base/stage.h"

/* A row is counted, and suspected, once: what its second half did not touch,
 * the first did not either. */
static enum status
check_affected(struct writer *w, struct err *err)
{
	enum change_op op = w->group->changes[0]->op;
	uint64_t before = w->conflicts.n;
	enum status st;

	for (size_t i = 0; i < w->group->n; i++) {
		const struct change *c = w->group->changes[i];
		uint64_t want = op == CHANGE_INSERT ? 1 : c->copies;

		if (w->affected[i] == want)
			w->result->done[op] +=
			    c->phase == CHANGE_PARK ? 0 : want;
		else if (c->phase != CHANGE_UNPARK)
			group_add(&w->suspects, c);
	}
	st = conflicts_check(&w->conflicts, &w->suspects, w->db, err);
	if (st)
		return st;
	/* The others were as wanted already. */
	w->result->done[op] += w->suspects.n - (w->conflicts.n - before);
	stage_set(apply_rows_done(w->result));
	stage_tick();
	group_clear(&w->suspects);
	if (w->conflicts.n >= CONFLICTS_MAX)
		return conflicts_error(&w->conflicts, err);
	return TU_OK;
}

/* On failure the lane stays as it is. */
static enum status
run_lane(struct writer *w, struct lane *lane, struct err *err)
{
	struct db_batch batch = {
		.sql = buf_str(&lane->sql),
		.nparams = lane->nparams,
		.nrows = lane->group.n,
		.columns = lane->params.columns,
		.params = lane->params.cells,
		.affected = w->affected,
		.together = lane->together,
	};
	enum status st;

	if (lane->group.n == 0)
		return TU_OK;
	w->group = &lane->group;
	st = cascades_check(&w->cascades, w->group, w->db, err);
	if (st)
		return st;
	st = db_batch(w->db, &batch, err);
	if (st)
		return err_context(
		    err, "table '%s'", w->group->changes[0]->pair->name);
	st = check_affected(w, err);
	if (st)
		return st;
	lane_clear(lane);
	if (interrupted())
		return err_set(err, TU_EINTERRUPTED, "interrupted");
	return TU_OK;
}

enum status
writer_flush(struct writer *w, struct err *err)
{
	enum status st = TU_OK;

	for (size_t i = 0; i < LANES && st == TU_OK; i++)
		st = run_lane(w, &w->lanes.lane[i], err);
	return st;
}

static enum status
add_row(struct writer *w, const struct change *c, struct err *err)
{
	struct lane *lane;
	enum status st = lanes_find(&w->lanes, c, &lane, err);

	if (st == TU_OK && !lane_takes(lane, &w->lanes))
		st = run_lane(w, lane, err);
	if (st == TU_OK)
		lane_add(lane, &w->lanes, c);
	return st;
}

/* Kinds of changes do not overtake each other. */
static enum status
begin_kind(struct writer *w, const struct change *c, struct err *err)
{
	if (w->pair == c->pair && w->op == c->op &&
	    w->any_order == c->any_order)
		return TU_OK;
	w->pair = c->pair;
	w->op = c->op;
	w->any_order = c->any_order;
	if (writer_flush(w, err))
		return err->status;
	w->lanes.open = c->any_order ? LANES : 1;
	return TU_OK;
}

enum status
writer_add(struct writer *w, const struct change *c, struct err *err)
{
	enum status st = begin_kind(w, c, err);

	for (uint64_t i = stmt_runs(c, STMT_FORWARD); i > 0 && st == TU_OK; i--)
		st = add_row(w, c, err);
	return st;
}

void
writer_init(struct writer *w, struct db *target,
    const struct apply_options *options, struct apply_result *result)
{
	*w = (struct writer){
		.db = target,
		.result = result,
		.conflicts = { .options = options },
	};
	lanes_init(&w->lanes, target->dialect);
	w->group = &w->lanes.lane[0].group;
	group_init(&w->suspects, target->dialect);
	cascades_init(&w->cascades, target->dialect);
}

void
writer_clear(struct writer *w)
{
	lanes_clear(&w->lanes);
	group_clear(&w->suspects);
	conflicts_clear(&w->conflicts);
	w->pair = NULL;
}

void
writer_release(struct writer *w)
{
	cascades_release(&w->cascades);
	group_release(&w->suspects);
	lanes_release(&w->lanes);
	conflicts_release(&w->conflicts);
}
