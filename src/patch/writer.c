#include <config.h>

#include "patch/writer.h"

#include <string.h>

#include "base/interrupt.h"

/* A row is counted, and suspected, once: what its second half did not touch,
 * the first did not either. */
static enum status
check_affected(struct writer *w, struct err *err)
{
	enum change_op op = w->group.changes[0]->op;
	uint64_t before = w->conflicts.n;
	enum status st;

	for (size_t i = 0; i < w->group.n; i++) {
		const struct change *c = w->group.changes[i];
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
	group_clear(&w->suspects);
	if (w->conflicts.n >= CONFLICTS_MAX)
		return conflicts_error(&w->conflicts, err);
	return TU_OK;
}

/* On failure the group stays, to be looked into. */
enum status
writer_flush(struct writer *w, struct err *err)
{
	struct db_batch batch = {
		.sql = buf_str(&w->sql),
		.nparams = w->nparams,
		.nrows = w->group.n,
		.columns = w->params.columns,
		.params = w->params.cells,
		.affected = w->affected,
	};
	enum status st;

	if (w->group.n == 0)
		return TU_OK;
	if (stmt_op(w->group.changes[0], STMT_FORWARD) == CHANGE_DELETE &&
	    cascades_check(&w->cascades, &w->group, w->db, err))
		return err->status;
	st = db_batch(w->db, &batch, err);
	if (st)
		return err_context(
		    err, "table '%s'", w->group.changes[0]->pair->name);
	st = check_affected(w, err);
	if (st)
		return st;
	group_clear(&w->group);
	w->params.n = 0;
	if (interrupted())
		return err_set(err, TU_EINTERRUPTED, "interrupted");
	return TU_OK;
}

/* One more row of the group, unless its statement has another text. */
static enum status
try_row(
    struct writer *w, const struct change *change, bool *fits, struct err *err)
{
	const struct change *c = group_add(&w->group, change);
	const struct buf *sql = &w->stmt.sql;
	enum status st;

	*fits = false;
	st = stmt_build(&w->stmt, c, err);
	if (st)
		return st;
	if (w->group.n == 1) {
		buf_reset(&w->sql);
		buf_add(&w->sql, sql->data, sql->len);
		w->nparams = w->params.n;
	}
	*fits = w->sql.len == sql->len &&
	        memcmp(w->sql.data, sql->data, sql->len) == 0;
	if (!*fits) {
		w->group.n--;
		w->params.n = w->stmt.first;
	}
	return TU_OK;
}

static enum status
add_row(struct writer *w, const struct change *change, struct err *err)
{
	bool fits;
	enum status st = TU_OK;

	if (group_full(&w->group))
		st = writer_flush(w, err);
	if (st == TU_OK)
		st = try_row(w, change, &fits, err);
	if (st || fits)
		return st;
	st = writer_flush(w, err);
	return st ? st : try_row(w, change, &fits, err);
}

enum status
writer_add(struct writer *w, const struct change *c, struct err *err)
{
	enum status st = TU_OK;

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
	group_init(&w->group, target->dialect);
	group_init(&w->suspects, target->dialect);
	w->params.arena = w->group.arena;
	stmt_init(&w->stmt, target->dialect, STMT_FORWARD, &w->params);
	cascades_init(&w->cascades, target->dialect);
}

void
writer_clear(struct writer *w)
{
	group_clear(&w->group);
	group_clear(&w->suspects);
	w->params.n = 0;
	conflicts_clear(&w->conflicts);
}

void
writer_release(struct writer *w)
{
	cascades_release(&w->cascades);
	stmt_release(&w->stmt);
	stmt_params_release(&w->params);
	group_release(&w->suspects);
	group_release(&w->group);
	conflicts_release(&w->conflicts);
	buf_free(&w->sql);
}
