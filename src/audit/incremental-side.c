#include <config.h>

#include <string.h>

#include "audit/incremental-int.h"
#include "base/both.h"
#include "base/log.h"
#include "track/keycompare.h"
#include "track/mapping.h"

static const char *const side_names[] = { "source", "target" };

/* A right that is missing, and that the table itself does not need. */
static bool
is_denied(const struct err *err)
{
	return err->status == TU_EQUERY &&
	       (strcmp(err->sqlstate, "42501") == 0 ||
		   strstr(err->msg, "denied") != NULL);
}

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
	if (st == TU_OK || !is_denied(err))
		return st;
	t->captures = (struct captures){ 0 };
	t->cannot = arena_strdup(inc->arena, err->msg);
	err_clear(err);
	return TU_OK;
}

/* A session outside of the snapshot, where the reader wants one. */
static enum status
open_aside(struct look *l, enum side side, const struct change_source *src,
    struct err *err)
{
	struct db *db = l->inc->options.plan->db[side];
	struct tracked_side *t = &l->inc->side[side];
	bool wanted =
	    src->kind == READ_WINDOW || src->kind == READ_SLOT ||
	    src->kind == READ_CHANGETABLE ||
	    (src->kind == READ_GAPS && db->dialect->track->birth != NULL);

	if (t->aside != NULL || !wanted)
		return TU_OK;
	return db_open(
	    l->inc->options.url[side], DB_READ, db->side, &t->aside, err);
}

/* A window has to know who is writing before its snapshot begins, and SQL
 * Server what it has committed. */
static enum status
look_before(
    struct look *l, enum side side, struct change_source *src, struct err *err)
{
	const struct incremental_options *o = &l->inc->options;
	enum status st;

	if (src->kind != READ_WINDOW && src->kind != READ_CHANGETABLE)
		return TU_OK;
	st = reader_before(
	    l->inc->side[side].aside, l->side[side].arena, src, err);
	return st ? st : o->snapshot(o->arg, side, err);
}

static void
blame(struct look *l, bool trouble, enum side side, const char *why)
{
	struct look_side *ls = &l->side[side];

	ls->why = arena_printf(ls->arena, "%s: %s", side_names[side], why);
	ls->trouble = trouble;
}

/* Messages of a database begin with its side. */
static void
blame_database(struct look *l, enum side side, const char *message)
{
	struct look_side *ls = &l->side[side];

	ls->why = arena_strdup(ls->arena, message);
	ls->trouble = true;
}

static enum status
read_source(struct look *l, enum side side, struct change_source *src,
    const char *shape, struct err *err)
{
	struct db *db = l->inc->options.plan->db[side];
	struct change_reading got = { 0 };
	enum status st = open_aside(l, side, src, err);

	src->pending = src->pointer != NULL ? &l->side[side].pending : NULL;
	if (st == TU_OK)
		st = look_before(l, side, src, err);
	if (st == TU_OK)
		st = reader_read(db, l->inc->side[side].aside,
		    l->side[side].arena, src, shape, l->old[side],
		    &l->side[side].keys, &got, err);
	if (st)
		return st;
	l->side[side].position = got.position;
	l->side[side].all_pending = got.pending_all;
	if (got.whole)
		blame(l, false, side, got.why);
	if (got.blind_to_deletes)
		log_line(LOG_INFO,
		    "table '%s': %s: a row that was deleted is missed only by "
		    "counting",
		    l->pair->name, side_names[side]);
	return TU_OK;
}

/* Changes that others write down. */
static enum status
read_mapped(
    struct look *l, enum side side, const struct mapping *m, struct err *err)
{
	struct db *db = l->inc->options.plan->db[side];
	struct change_source src;
	struct err why = ERR_INIT;
	enum status st;

	st = mapping_source(
	    l->side[side].arena, db, l->pair, side, m, &src, &why);
	if (st == TU_ESCHEMA) {
		blame(l, true, side, why.msg);
		return TU_OK;
	}
	if (st) {
		*err = why;
		return st;
	}
	if (!change_source_fits(l->side[side].arena, l->pair, side, &src)) {
		blame(l, true, side,
		    "a key does not find every row that has it: see "
		    "INCREMENTAL RUNS in trueup-diff(1)");
		return TU_OK;
	}
	return read_source(l, side, &src, NULL, err);
}

static enum status
read_own(struct look *l, enum side side, struct err *err)
{
	struct db *db = l->inc->options.plan->db[side];
	struct tracked_side *t = &l->inc->side[side];
	struct change_source src;
	const char *shape = NULL, *why = NULL;
	struct capture *c;
	enum status st;

	if (t->cannot != NULL) {
		blame_database(l, side, t->cannot);
		return TU_OK;
	}
	c = captures_find(&t->captures, l->pair->table[side]);
	if (c == NULL) {
		blame(l, true, side,
		    "its changes are not written down (trueup track install)");
		return TU_OK;
	}
	st = capture_check_known(db, l->side[side].arena, l->pair->table[side],
	    c, &shape, &why, err);
	if (st)
		return st;
	if (why == NULL) {
		change_source_own(
		    l->side[side].arena, db, &t->captures, c, &src);
		if (!change_source_fits(
			l->side[side].arena, l->pair, side, &src))
			why = "the changes are known by another key than the "
			      "one compared by";
	}
	if (why != NULL) {
		blame(l, true, side, why);
		return TU_OK;
	}
	return read_source(l, side, &src, shape, err);
}

static enum status
read_any(struct look *l, enum side side, struct err *err)
{
	const struct incremental_options *o = &l->inc->options;
	const struct mapping *m = o->changes != NULL
	                              ? config_mapping(o->changes, o->pair,
					    side, l->pair->table[side])
	                              : NULL;

	return m != NULL && !mapping_own(m) ? read_mapped(l, side, m, err)
	                                    : read_own(l, side, err);
}

static enum status
read_side(void *arg, int side, struct err *err)
{
	struct look *l = arg;
	enum status st = read_any(l, (enum side)side, err);

	if (st == TU_OK || !is_denied(err))
		return st;
	blame_database(l, (enum side)side, err->msg);
	l->side[side].position = NULL;
	err_clear(err);
	return TU_OK;
}

enum status
look_read(struct look *l, struct err *err)
{
	enum status st = both_sides(read_side, l, err);

	for (int s = SOURCE; s <= TARGET && st == TU_OK; s++)
		if (l->side[s].why != NULL)
			look_whole(l, l->side[s].trouble, l->side[s].why);
	return st ? err_context(err, "table '%s'", l->pair->name) : TU_OK;
}
