#include <config.h>

#include "patch/conflict.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "patch/report.h"

void
conflicts_clear(struct conflicts *c)
{
	c->n = 0;
	buf_reset(&c->first);
	if (c->arena != NULL)
		arena_reset(c->arena);
}

void
conflicts_release(struct conflicts *c)
{
	free(c->all);
	arena_free(c->arena);
	buf_free(&c->first);
	buf_free(&c->key);
	buf_free(&c->what);
}

static void
keep(struct conflicts *c, const struct change *change, const struct cell *now)
{
	const struct pair *pair = change->pair;

	if (c->arena == NULL)
		c->arena = arena_new(16384);
	c->all = realloc(c->all, (c->n + 1) * sizeof(*c->all));
	if (c->all == NULL)
		out_of_memory(sizeof(*c->all));
	c->all[c->n] = (struct conflict){
		.pair = pair,
		.op = change->op,
		.at = change->place,
		.len = change->place_len,
		.copies = change->copies,
		.source = cells_copy(c->arena, change->source, pair->ncols),
		.now = cells_copy(c->arena, now, pair->ncols + pair->nextra),
	};
}

void
conflicts_add(struct conflicts *c, const struct change *change,
    const struct cell *now, const char *what)
{
	const struct pair *pair = change->pair;
	bool insert = change->op == CHANGE_INSERT;

	buf_reset(&c->key);
	report_key(&c->key, pair, insert ? change->source : change->target,
	    insert ? SOURCE : TARGET);
	if (c->options->answer != CONFLICT_ABORT)
		keep(c, change, now);
	if (c->n++ == 0)
		buf_addf(&c->first, "table '%s', %s: %s", pair->name,
		    buf_str(&c->key), what);
	if (c->options->conflict != NULL)
		c->options->conflict(
		    c->options->arg, pair->name, buf_str(&c->key), what);
}

/* "column 'price' is 1.29 now, it was 0.99", or that nothing of it shows. */
static void
describe_change(struct buf *out, const struct change *c, const struct cell *now)
{
	for (size_t i = 0; i < c->pair->ncols; i++) {
		const struct pair_column *pc = &c->pair->cols[i];

		if (cell_same(&c->target[i], &now[i]))
			continue;
		buf_addf(out, "column '%s' is ", pc->col[TARGET]->name);
		report_value(out, pc, TARGET, &now[i]);
		buf_adds(out, " now, it was ");
		report_value(out, pc, TARGET, &c->target[i]);
		return;
	}
	buf_adds(out, "it reads as before, but was not touched: a trigger?");
}

struct inspection {
	struct conflicts *conflicts;
	struct group *group;
};

static enum status
inspect(void *arg, const struct change *c, const struct cell *cells,
    struct err *err)
{
	struct inspection *in = arg;
	struct buf *what = &in->conflicts->what;
	size_t column;
	bool done;
	enum status st;

	st = group_is_done(in->group, c, cells, &done, &column, err);
	if (st || done)
		return st;
	buf_reset(what);
	if (c->op == CHANGE_INSERT)
		buf_adds(what, "it was not inserted: a trigger?");
	else if (cells == NULL)
		buf_adds(what, "it is gone");
	else
		describe_change(what, c, cells);
	conflicts_add(in->conflicts, c, cells, buf_str(what));
	return TU_OK;
}

enum status
conflicts_check(struct conflicts *c, struct group *suspects, struct db *target,
    struct err *err)
{
	struct inspection in = { .conflicts = c, .group = suspects };

	if (suspects->n == 0)
		return TU_OK;
	if (!suspects->changes[0]->pair->multiset)
		return group_reread(
		    suspects, target, GROUP_BEFORE, inspect, &in, err);
	for (size_t i = 0; i < suspects->n; i++)
		conflicts_add(c, suspects->changes[i], NULL,
		    "not as many such rows as were compared");
	return TU_OK;
}

static enum status
note_existing(void *arg, const struct change *c, const struct cell *cells,
    struct err *err)
{
	(void)err;
	if (cells != NULL)
		conflicts_add(arg, c, cells, "it was inserted in the meantime");
	return TU_OK;
}

enum status
conflicts_find_existing(struct conflicts *c, struct group *inserts,
    struct db *target, struct err *err)
{
	if (inserts->n == 0 || inserts->changes[0]->pair->multiset)
		return TU_OK;
	return group_reread(
	    inserts, target, GROUP_BEFORE, note_existing, c, err);
}

enum status
conflicts_error(struct conflicts *c, struct err *err)
{
	if (c->n == 1)
		err_set(err, TU_ECONFLICT, "%s", buf_str(&c->first));
	else
		err_set(err, TU_ECONFLICT,
		    "%s%" PRIu64 " rows are not as they were compared (the "
		    "first: %s)",
		    c->n >= CONFLICTS_MAX ? "at least " : "", c->n,
		    buf_str(&c->first));
	return err_hint(err,
	    "somebody changes the target: run the same command again to "
	    "compare afresh");
}
