#include <config.h>

#include "cmd/session.h"

#include "base/log.h"
#include "base/stage.h"
#include "db/db.h"
#include "db/dialect.h"
#include "db/pace.h"

static const char *const side_names[2] = { "source", "target" };

static enum status
begin_snapshot(struct session *s, enum side side, struct err *err)
{
	struct db *db = s->db[side];
	enum status st = db->drv->snapshot_begin(db, NULL, err);

	if (st)
		return err_context(err, "%s", db->side);
	s->snapshot[side] = true;
	return TU_OK;
}

enum status
session_open_side(struct session *s, enum side side, struct err *err)
{
	enum status st;

	stage_begin("connecting to the %s", side_names[side]);
	st =
	    db_open(s->url[side], DB_READ, side_names[side], &s->db[side], err);
	return st ? st : begin_snapshot(s, side, err);
}

enum status
session_open(
    struct session *s, struct call *call, size_t ntables, struct err *err)
{
	struct selection sel = settings_select(
	    &call->set, call->operands + 2, ntables, call->arena);
	enum status st;

	if (call->set.redact &&
	    redact_new(call->set.redact_key, &s->redact, err))
		return err->status;
	sel.redact = s->redact;
	stage_begin("connecting to the source and the target");
	for (int side = SOURCE; side <= TARGET; side++)
		s->url[side] = call->operands[side];
	st = db_open_both(s->url, DB_READ, side_names, s->db, err);
	for (int side = SOURCE; side <= TARGET && st == TU_OK; side++)
		st = begin_snapshot(s, (enum side)side, err);
	if (st)
		return st;
	stage_begin("planning");
	st = plan_make(
	    s->db[SOURCE], s->db[TARGET], &sel, call->arena, &s->plan, err);
	log_progress(NULL);
	return st;
}

enum status
session_pace(
    struct session *s, const struct call *call, double until, struct err *err)
{
	const struct pace_options options = { .rate = call->set.max_rate,
		.load = call->set.max_load,
		.until = until };
	enum status st = TU_OK;

	if (options.rate == 0 && options.load == 0)
		return TU_OK;
	if (options.load > 0 && s->db[SOURCE]->dialect->load == NULL &&
	    s->db[TARGET]->dialect->load == NULL)
		return err_set(err, TU_EUSAGE,
		    "--max-load: neither %s nor %s says how busy it is",
		    s->db[SOURCE]->dialect->brand,
		    s->db[TARGET]->dialect->brand);
	for (int side = SOURCE; side <= TARGET && st == TU_OK; side++) {
		st = pace_new(
		    s->db[side], s->url[side], &options, &s->pace[side], err);
		s->db[side]->pace = s->pace[side];
	}
	return st;
}

void
session_end_snapshot(struct session *s, enum side side)
{
	if (s->snapshot[side])
		s->db[side]->drv->snapshot_end(s->db[side]);
	s->snapshot[side] = false;
}

enum status
session_new_snapshot(struct session *s, enum side side, struct err *err)
{
	session_end_snapshot(s, side);
	return begin_snapshot(s, side, err);
}

void
session_close_side(struct session *s, enum side side)
{
	session_end_snapshot(s, side);
	db_close(s->db[side]);
	s->db[side] = NULL;
	s->plan.db[side] = NULL;
	pace_free(s->pace[side]);
	s->pace[side] = NULL;
}

void
session_close(struct session *s)
{
	session_close_side(s, TARGET);
	session_close_side(s, SOURCE);
	redact_free(s->redact);
	s->redact = NULL;
}
