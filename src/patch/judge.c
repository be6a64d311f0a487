#include <config.h>

#include "patch/judge.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "patch/report.h"
#include "value/rule.h"

struct judged *
judge_tables(const struct judge *j, size_t *n)
{
	*n = j->tables.len / sizeof(struct judged);
	return (struct judged *)j->tables.data;
}

static struct judged *
this_table(struct judge *j)
{
	size_t n;
	struct judged *all = judge_tables(j, &n);

	return &all[n - 1];
}

/* --- one row -------------------------------------------------------------- */

/* Nothing but the type's own rules: a patch expects the very row. */
static bool
same_value(
    const struct pair_column *pc, const struct cell *a, const struct cell *b)
{
	const struct vtype plain = { .type = pc->type.type };

	return value_compare(&plain, NULL, a, b) == VERDICT_EQUAL;
}

static size_t
first_moved(const struct change *c, const struct cell *now)
{
	size_t i = 0;

	while (i < c->pair->ncols &&
	       same_value(&c->pair->cols[i], &c->target[i], &now[i]))
		i++;
	return i;
}

static enum status
pass_on(struct judge *j, const struct change *c, struct err *err)
{
	struct tally *tally = &this_table(j)->tally;

	tally->ops[c->op] += c->copies;
	tally->patchable[c->op] += c->copies;
	return j->to->change(j->to, c, err);
}

/* The row as it is now, with the patch's values in the columns it changes. */
static enum status
pass_on_seen(struct judge *j, const struct change *c, const struct cell *now,
    struct err *err)
{
	struct change seen = *c;
	struct cell *source;

	seen.target = now;
	if (c->op == CHANGE_UPDATE) {
		source = cells_copy(j->group.arena, c->source, c->pair->ncols);
		for (size_t i = 0; i < c->pair->ncols; i++)
			if (c->verdicts[i] == VERDICT_EQUAL)
				source[i] = now[i];
		seen.source = source;
	}
	return pass_on(j, &seen, err);
}

/* As wanted: what the change writes is there, and what it leaves is as it was.
 */
static enum status
is_done(struct judge *j, const struct change *c, const struct cell *now,
    bool *done, struct err *err)
{
	struct change seen = *c;
	struct cell *target;
	size_t column;

	if (c->op == CHANGE_UPDATE && now != NULL) {
		target = cells_copy(j->group.arena, c->target, c->pair->ncols);
		for (size_t i = 0; i < c->pair->ncols; i++)
			if (same_value(&c->pair->cols[i], &target[i], &now[i]))
				target[i] = now[i];
		seen.target = target;
	}
	return group_is_done(&j->group, &seen, now, done, &column, err);
}

static void
describe(struct buf *out, const struct change *c, const struct cell *now)
{
	size_t i;

	buf_reset(out);
	if (now == NULL) {
		buf_adds(out, "it is gone");
		return;
	}
	if (c->op == CHANGE_INSERT) {
		buf_adds(out, "it is there already, with other values");
		return;
	}
	i = first_moved(c, now);
	buf_addf(out, "column '%s' is ", c->pair->cols[i].col[TARGET]->name);
	report_value(out, &c->pair->cols[i], TARGET, &now[i]);
	buf_adds(out, " now, it was ");
	report_value(out, &c->pair->cols[i], TARGET, &c->target[i]);
}

static enum status
settle_conflict(struct judge *j, const struct change *c, const struct cell *now,
    struct err *err)
{
	const struct apply_options *opt = j->options;
	struct buf *what = &j->conflicts.what;

	describe(what, c, now);
	this_table(j)->conflicts++;
	conflicts_add(&j->conflicts, c, now, buf_str(what));
	switch (opt->answer) {
	case CONFLICT_REPLACE:
		j->replaced++;
		return merge_rows(&j->merge, c->source, now, err);
	case CONFLICT_SKIP:
		j->left_alone += c->copies;
		if (opt->rejected == NULL)
			return TU_OK;
		return spool_sink(opt->rejected)
		    ->change(spool_sink(opt->rejected), c, err);
	case CONFLICT_ABORT:
		break;
	}
	if (j->conflicts.n < CONFLICTS_MAX || j->keep_going)
		return TU_OK;
	conflicts_error(&j->conflicts, err);
	return err_append(err, "; nothing was written");
}

static enum status
judge_row(struct judge *j, const struct change *c, const struct cell *now,
    struct err *err)
{
	bool done;
	enum status st;

	if (c->op == CHANGE_INSERT && now == NULL)
		return pass_on(j, c, err);
	if (c->op != CHANGE_INSERT && now != NULL &&
	    first_moved(c, now) == c->pair->ncols)
		return pass_on_seen(j, c, now, err);
	st = is_done(j, c, now, &done, err);
	if (st)
		return st;
	if (!done)
		return settle_conflict(j, c, now, err);
	this_table(j)->done++;
	return TU_OK;
}

/* --- a group of them ------------------------------------------------------ */

static enum status
note_row(void *arg, const struct change *c, const struct cell *cells,
    struct err *err)
{
	struct judge *j = arg;
	const struct pair *pair = c->pair;

	(void)err;
	j->now[c->place] =
	    cells_copy(j->group.arena, cells, pair->ncols + pair->nextra);
	return TU_OK;
}

static enum status
judge_group(struct judge *j, struct err *err)
{
	enum status st = group_reread(
	    &j->group, j->plan->db[TARGET], GROUP_BEFORE, note_row, j, err);

	for (size_t i = 0; i < j->group.n && st == TU_OK; i++)
		st = judge_row(j, j->group.changes[i], j->now[i], err);
	group_clear(&j->group);
	return st;
}

/* --- the sink ------------------------------------------------------------- */

/*
 * Rows without a key cannot be told from their likes: what is left of such a
 * table's changes would come on top. And a row whose two sides are read in
 * different ways cannot be put together from values of both.
 */
static enum status
check_answer(const struct judge *j, const struct pair *pair, struct err *err)
{
	if (j->options->answer == CONFLICT_ABORT)
		return TU_OK;
	if (pair->multiset)
		return err_set(err, TU_EUSAGE,
		    "table '%s' has no key: --on-conflict cannot tell its rows",
		    pair->name);
	for (size_t i = 0; i < pair->ncols; i++)
		if (j->options->answer == CONFLICT_REPLACE &&
		    rule_has_sides(pair->cols[i].type.rule))
			return err_set(err, TU_EUSAGE,
			    "table '%s', column '%s' is %s in the source and "
			    "%s in the target: --on-conflict=replace cannot "
			    "follow that",
			    pair->name, pair->cols[i].col[TARGET]->name,
			    pair->cols[i].col[SOURCE]->type,
			    pair->cols[i].col[TARGET]->type);
	return TU_OK;
}

static enum status
sink_begin(struct change_sink *sink, const struct pair *pair, struct err *err)
{
	struct judge *j = (struct judge *)sink;
	const struct judged table = { .pair = pair };

	if (check_answer(j, pair, err))
		return err->status;
	buf_add(&j->tables, &table, sizeof(table));
	j->more_copies = false;
	merge_init(
	    &j->merge, j->plan, pair, pair, j->to, &this_table(j)->tally);
	j->merging = true;
	return TU_OK;
}

/*
 * Has the target more of these equal rows than are to be deleted? The statement
 * of a row that is found by all of its values says which they are.
 */
static enum status
count_copies(struct judge *j, const struct change *c, struct err *err)
{
	struct db *target = j->plan->db[TARGET];
	struct pair pair = *c->pair;
	struct change row = *c;
	struct stmt stmt;
	struct buf sql = BUF_INIT;
	struct arena *arena = arena_new(1024);
	struct cell n;
	bool found;
	enum status st;

	pair.multiset = false;
	pair.nkeys = 0;
	row.pair = &pair;
	stmt_init(&stmt, target->dialect, STMT_FORWARD, NULL);
	st = stmt_build(&stmt, &row, err);
	if (st == TU_OK) {
		buf_addf(&sql, "SELECT count(*) %s",
		    buf_str(&stmt.sql) + strlen("DELETE "));
		st = db_one(target, buf_str(&sql), &db_int_column, arena, &n,
		    &found, err);
	}
	if (st == TU_OK && found && n.u.i > (int64_t)c->copies)
		j->more_copies = true;
	stmt_release(&stmt);
	buf_free(&sql);
	arena_free(arena);
	return st;
}

static enum status
sink_change(struct change_sink *sink, const struct change *c, struct err *err)
{
	struct judge *j = (struct judge *)sink;
	struct change numbered = *c;

	if (c->pair->multiset) {
		if (c->op == CHANGE_DELETE && !j->more_copies &&
		    count_copies(j, c, err))
			return err->status;
		return pass_on(j, c, err);
	}
	numbered.place = (int64_t)j->group.n;
	group_add(&j->group, &numbered);
	return group_full(&j->group) ? judge_group(j, err) : TU_OK;
}

/*
 * Of rows without a key only the number tells whether they are those that were
 * compared, and not even that when a patch leaves as many as it found.
 */
static enum status
check_number(struct judge *j, const struct pair *pair, uint64_t had,
    const uint64_t ops[CHANGE_OPS], struct err *err)
{
	uint64_t now;
	enum status st =
	    db_count(j->plan->db[TARGET], pair->table[TARGET], &now, err);

	if (st)
		return err_context(err, "table '%s'", pair->name);
	if (now != had)
		return err_set(err, TU_ECONFLICT,
		    "table '%s' has no key, and %" PRIu64 " rows now where "
		    "%" PRIu64 " were compared: what is there already cannot "
		    "be told; nothing was written",
		    pair->name, now, had);
	if (!j->more_copies || ops[CHANGE_INSERT] != ops[CHANGE_DELETE])
		return TU_OK;
	err_set(err, TU_ECONFLICT,
	    "table '%s' has no key, more of the rows that the patch deletes, "
	    "and gets as many as it loses: whether it was applied before "
	    "cannot be told; nothing was written",
	    pair->name);
	return err_hint(err, "trueup sync compares and writes at once");
}

static enum status
sink_end(struct change_sink *sink, const struct pair *pair,
    const struct tally *tally, struct err *err)
{
	struct judge *j = (struct judge *)sink;
	struct tally *mine = &this_table(j)->tally;
	enum status st = judge_group(j, err);

	merge_release(&j->merge);
	j->merging = false;
	memcpy(mine->rows, tally->rows, sizeof(mine->rows));
	if (st == TU_OK && pair->multiset)
		st = check_number(j, pair, tally->rows[TARGET], mine->ops, err);
	if (st == TU_OK)
		st = j->to->end(j->to, pair, tally, err);
	if (st == TU_OK && j->options->rejected != NULL)
		st = spool_sink(j->options->rejected)
		         ->end(spool_sink(j->options->rejected), pair, tally,
			     err);
	return st;
}

void
judge_init(struct judge *j, const struct plan *plan, struct change_sink *to,
    const struct apply_options *options)
{
	*j = (struct judge){
		.sink = { .begin = sink_begin,
		    .change = sink_change,
		    .end = sink_end },
		.plan = plan,
		.to = to,
		.options = options,
	};
	j->telling = *options;
	j->telling.answer = CONFLICT_ABORT;
	j->conflicts.options = &j->telling;
	group_init(&j->group, plan->db[TARGET]->dialect);
}

void
judge_release(struct judge *j)
{
	if (j->merging)
		merge_release(&j->merge);
	conflicts_release(&j->conflicts);
	group_release(&j->group);
	buf_free(&j->tables);
}
