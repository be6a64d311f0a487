#include <config.h>

#include "patch/verify.h"

#include "base/buf.h"
#include "base/stage.h"
#include "patch/group.h"
#include "patch/report.h"

struct verifier {
	struct db *target;
	struct group group;
	uint64_t remaining;
	bool counting; /* in a stage of its own */
};

/* The likely culprits; only that there are any is sure. */
static void
name_triggers(const struct table *t, struct err *err)
{
	struct buf names = BUF_INIT;

	for (size_t i = 0; i < t->ntriggers; i++)
		buf_addf(&names, "%s%s", i > 0 ? ", " : "", t->triggers[i]);
	if (t->ntriggers > 0)
		err_hint(err, "triggers of the table: %s", buf_str(&names));
	buf_free(&names);
}

static enum status
came_out_different(const struct change *c, const struct cell *cells,
    size_t column, struct err *err)
{
	const struct pair *pair = c->pair;
	bool new_row = c->op == CHANGE_INSERT;
	struct buf key = BUF_INIT, value = BUF_INIT;

	report_key(&key, pair, new_row ? c->source : c->target,
	    new_row ? SOURCE : TARGET);
	if (column < pair->ncols) {
		report_value(
		    &value, &pair->cols[column], TARGET, &cells[column]);
		err_set(err, TU_ECONFLICT,
		    "table '%s', %s: column '%s' came out different (%s): "
		    "a trigger?",
		    pair->name, buf_str(&key),
		    pair->cols[column].col[TARGET]->name, buf_str(&value));
	} else {
		err_set(err, TU_ECONFLICT,
		    "table '%s', %s: the row is %s after it was %s: a "
		    "trigger?",
		    pair->name, buf_str(&key),
		    cells != NULL ? "still there" : "not there",
		    cells != NULL ? "deleted"
		    : new_row     ? "inserted"
				  : "updated");
	}
	name_triggers(pair->table[TARGET], err);
	buf_free(&key);
	buf_free(&value);
	return TU_ECONFLICT;
}

/* Do the columns that were not written because they are generated agree? */
static bool
computed_alike(const struct change *c, const struct cell *cells)
{
	for (size_t i = 0; i < c->pair->ncols && c->source != NULL; i++) {
		const struct pair_column *pc = &c->pair->cols[i];
		enum verdict v;

		if (!pc->col[TARGET]->generated)
			continue;
		v = value_compare(
		    &pc->type, &pc->limit, &c->source[i], &cells[i]);
		if (v != VERDICT_EQUAL && v != VERDICT_EQUAL_AT_TARGET)
			return false;
	}
	return true;
}

static enum status
check_row(void *arg, const struct change *c, const struct cell *cells,
    struct err *err)
{
	struct verifier *v = arg;
	size_t column;
	bool done;
	enum status st;

	st = group_is_done(&v->group, c, cells, &done, &column, err);
	if (st == TU_OK && !done)
		st = came_out_different(c, cells, column, err);
	else if (st == TU_OK && !computed_alike(c, cells))
		v->remaining++;
	return st;
}

static enum status
check_group(struct verifier *v, struct err *err)
{
	enum status st =
	    group_reread(&v->group, v->target, GROUP_AFTER, check_row, v, err);

	if (v->counting) {
		stage_add(0, v->group.n);
		stage_tick();
	}
	group_clear(&v->group);
	return st;
}

static enum status
verify_changes(struct verifier *v, struct spool_reader *r, struct err *err)
{
	const struct change *c;
	enum status st;

	do {
		st = spool_next(r, &c, err);
		if (st)
			return st;
		if (c != NULL)
			group_add(&v->group, c);
		if (c == NULL || group_full(&v->group))
			st = check_group(v, err);
	} while (st == TU_OK && c != NULL);
	return st;
}

static enum status
verify_step(struct verifier *v, struct spool *spool, size_t table,
    enum change_op op, struct err *err)
{
	struct spool_reader *r;
	enum status st = spool_read(spool, table, op, SPOOL_BY_KEY, &r, err);

	if (st == TU_OK)
		st = verify_changes(v, r, err);
	spool_reader_close(r);
	return st;
}

enum status
verify_run(struct db *target, struct spool *spool, uint64_t *remaining,
    struct err *err)
{
	struct verifier v = { .target = target, .counting = true };
	enum status st = TU_OK;

	stage_begin_rows(-1, "verifying what was written");
	group_init(&v.group, target->dialect);
	for (size_t i = 0; i < spool_ntables(spool) && st == TU_OK; i++) {
		if (spool_table(spool, i)->pair->multiset)
			continue;
		for (int op = 0; op < CHANGE_OPS && st == TU_OK; op++)
			st = verify_step(&v, spool, i, (enum change_op)op, err);
	}
	group_release(&v.group);
	*remaining = v.remaining;
	return st;
}

enum status
verify_list(struct db *target, const struct change *const *changes, size_t n,
    uint64_t *remaining, struct err *err)
{
	struct verifier v = { .target = target };
	const struct pair *pair = NULL;
	enum status st = TU_OK;

	group_init(&v.group, target->dialect);
	for (size_t i = 0; i < n && st == TU_OK; i++) {
		const struct change *c = changes[i];

		if (c->phase == CHANGE_PARK)
			continue;
		if (c->pair != pair || group_full(&v.group))
			st = check_group(&v, err);
		pair = c->pair;
		group_add(&v.group, c);
	}
	if (st == TU_OK)
		st = check_group(&v, err);
	group_release(&v.group);
	*remaining += v.remaining;
	return st;
}
