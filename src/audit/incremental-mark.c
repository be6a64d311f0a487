#include <config.h>

#include <inttypes.h>

#include "audit/incremental-int.h"
#include "base/log.h"
#include "base/stage.h"
#include "patch/apply.h"
#include "track/keycompare.h"
#include "track/mark.h"

/* The source of a table whose rows are to be marked. */
static bool
is_marked(const struct incremental *inc, const struct pair *pair,
    struct change_source *src)
{
	const struct incremental_options *o = &inc->options;
	const struct mapping *m =
	    config_mapping(o->changes, o->pair, SOURCE, pair->table[SOURCE]);
	struct err ignored = ERR_INIT;

	/* What is wrong was said when the changes were read. */
	return m != NULL && !mapping_own(m) &&
	       mapping_source(inc->arena, o->plan->db[SOURCE], pair, SOURCE, m,
		   src, &ignored) == TU_OK &&
	       src->ack != NULL &&
	       change_source_fits(inc->arena, pair, SOURCE, src);
}

/* What is in it has not been brought over, be the rest equal. */
static bool
has_more(const struct pair *pair)
{
	if (pair->nonly[SOURCE] == 0)
		return false;
	log_line(LOG_WARN,
	    "table '%s': no row is marked, because the target has no column "
	    "'%s'",
	    pair->name, pair->only[SOURCE][0]);
	return true;
}

/* Somebody else was in the way: the rows are there in the next run. */
static enum status
pass_over(const struct pair *pair, struct err *err)
{
	if (!apply_is_passing(err))
		return err->status;
	log_line(LOG_WARN, "table '%s': %s", pair->name, err->msg);
	err_clear(err);
	return TU_OK;
}

static enum status
mark_table(struct incremental *inc, struct db *db, const struct pair *pair,
    const struct change_source *src, struct err *err)
{
	struct marked got;

	stage_begin("marking rows of table '%s'", pair->name);
	if (mark_rows(db, inc->options.plan, pair, src, &got, err))
		return pass_over(pair, err);
	log_line(LOG_INFO,
	    "table '%s': %" PRIu64 " rows are marked; %" PRIu64
	    " have changed meanwhile, %" PRIu64 " differ",
	    pair->name, got.rows, got.moved, got.left);
	return TU_OK;
}

enum status
incremental_mark(struct incremental *inc, struct err *err)
{
	const struct incremental_options *o = &inc->options;
	struct change_source src;
	struct db *db = NULL;
	enum status st = TU_OK;

	for (size_t i = 0; o->changes != NULL && i < o->plan->npairs; i++) {
		const struct pair *pair = &o->plan->pairs[i];

		if (!is_marked(inc, pair, &src) || has_more(pair))
			continue;
		if (db == NULL)
			st = db_open(
			    o->url[SOURCE], DB_WRITE, "source", &db, err);
		if (st == TU_OK)
			st = mark_table(inc, db, pair, &src, err);
		if (st)
			break;
	}
	db_close(db);
	return st;
}
