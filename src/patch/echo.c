#include <config.h>

#include "patch/echo.h"

#include <inttypes.h>
#include <stdio.h>

#include "db/dialect-track.h"
#include "value/rowhash.h"

void
echo_new_run(char out[ECHO_RUN])
{
	snprintf(out, ECHO_RUN, "%016" PRIx64, random_u64());
}

enum status
echo_init(struct echo *e, struct db *db, const char *run, struct err *err)
{
	const struct track_sql *track = db->dialect->track;
	struct arena *arena;
	struct cell there;
	bool found;
	enum status st;

	*e = (struct echo){ .db = db };
	if (track == NULL || track->tag == NULL || run == NULL)
		return TU_OK;
	arena = arena_new(256);
	st = db_one(db, track->can_tag != NULL ? track->can_tag : track->exists,
	    &db_int_column, arena, &there, &found, err);
	if (st == TU_OK && found && there.kind == CELL_INT && there.u.i == 1)
		e->run = run;
	arena_free(arena);
	return st;
}

static enum status
name_it(struct echo *e, const char *run, struct err *err)
{
	struct buf sql = BUF_INIT;
	enum status st = TU_OK;

	if (e->run != NULL)
		e->db->dialect->track->tag(&sql, run);
	if (sql.len > 0)
		st = db_exec(e->db, buf_str(&sql), NULL, err);
	buf_free(&sql);
	return st;
}

enum status
echo_begin(struct echo *e, struct err *err)
{
	return name_it(e, e->run, err);
}

enum status
echo_end(struct echo *e, struct err *err)
{
	return name_it(e, NULL, err);
}

void
echo_forget(struct echo *e)
{
	struct err ignored = ERR_INIT;

	if (e->run != NULL && e->db->dialect->track->tag_stays)
		(void)name_it(e, NULL, &ignored);
}
