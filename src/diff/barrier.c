#include <config.h>

#include "diff/barrier.h"

#include <string.h>

#include "base/log.h"
#include "db/dialect.h"

#define BY_TIME "time"

void
barrier_init(struct barrier *b, const struct plan *plan)
{
	*b = (struct barrier){
		.plan = plan, .arena = arena_new(1024), .by = BY_TIME
	};
}

void
barrier_release(struct barrier *b)
{
	arena_free(b->arena);
}

/* *known false: the source has no position, or not one in a log that the
 * target replays. */
static enum status
ask(struct barrier *b, bool *known, bool *passed, struct err *err)
{
	struct db *target = b->plan->db[TARGET];
	struct buf sql = BUF_INIT;
	struct cell answer;
	enum status st;

	target->dialect->position->passed(&sql, &b->position);
	st = db_one(target, buf_str(&sql), &db_int_column, b->arena, &answer,
	    known, err);
	*known = st == TU_OK && *known && answer.kind == CELL_INT;
	*passed = *known && answer.u.i != 0;
	buf_free(&sql);
	return st;
}

static enum status
take_position(struct barrier *b, bool *known, struct err *err)
{
	struct db *source = b->plan->db[SOURCE];
	enum status st;

	arena_reset(b->arena);
	st = db_one(source, source->dialect->position->take, &db_text_column,
	    b->arena, &b->position, known, err);
	*known = st == TU_OK && *known && b->position.kind == CELL_TEXT;
	return st;
}

/* A server that does not answer such questions is no reason to stop. */
static void
find_out(struct barrier *b)
{
	const struct dialect *d = b->plan->db[SOURCE]->dialect;
	struct err err = ERR_INIT;
	bool known = false, passed;

	b->asked = true;
	if (d->position == NULL || d != b->plan->db[TARGET]->dialect)
		return;
	if (take_position(b, &known, &err) == TU_OK && known &&
	    ask(b, &known, &passed, &err) == TU_OK && known)
		b->by = d->position->name;
	if (err.status != TU_OK)
		log_line(LOG_INFO, "no position in the log: %s", err.msg);
}

static bool
by_time(const struct barrier *b)
{
	return strcmp(b->by, BY_TIME) == 0;
}

enum status
barrier_note(struct barrier *b, struct err *err)
{
	bool known;
	enum status st;

	if (!b->asked) {
		find_out(b);
		return TU_OK;
	}
	if (by_time(b))
		return TU_OK;
	st = take_position(b, &known, err);
	if (st == TU_OK && !known)
		st = err_set(err, TU_EQUERY,
		    "source: it does not tell its position any more");
	return st;
}

enum status
barrier_passed(struct barrier *b, bool *passed, struct err *err)
{
	bool known;
	enum status st;

	*passed = true;
	if (by_time(b))
		return TU_OK;
	st = ask(b, &known, passed, err);
	if (st == TU_OK && !known)
		st = err_set(err, TU_EQUERY,
		    "target: it does not replay the source's log any more");
	return st;
}
