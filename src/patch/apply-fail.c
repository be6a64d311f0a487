#include <config.h>

#include "patch/apply-int.h"

#include <string.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/stage.h"
#include "db/dialect.h"
#include "value/rowhash.h"

bool
apply_roll_back(struct db *target)
{
	struct err ignored = ERR_INIT;

	/* Fails where the failure has rolled back already. */
	db_exec(target, "ROLLBACK", NULL, &ignored);
	return db_exec(target, "BEGIN", NULL, &ignored) == TU_OK &&
	       db_exec(target, "ROLLBACK", NULL, &ignored) == TU_OK;
}

/* May two keys be one to the target? */
static bool
key_collates(const struct applier *a)
{
	const struct pair *pair =
	    a->writer.group->n > 0 ? a->writer.group->changes[0]->pair : NULL;

	for (size_t i = 0; pair != NULL && i < pair->nkeys; i++) {
		const struct column *col = pair->cols[i].col[TARGET];

		if ((col->ltype == LT_TEXT || col->ltype == LT_CHAR) &&
		    !a->db->dialect->equal_exact(col, "''"))
			return true;
	}
	return false;
}

static void
explain_constraint(const struct applier *a, struct err *err)
{
	bool sqlite = a->db->dialect == &dialect_sqlite;
	bool fkey = strcmp(err->sqlstate, "23503") == 0 ||
	            strstr(err->msg, "FOREIGN KEY") != NULL;
	bool unique = strcmp(err->sqlstate, "23505") == 0 ||
	              strstr(err->msg, "UNIQUE") != NULL;

	if (err->hint[0] != '\0')
		return;
	if (fkey && a->order->cycle != NULL)
		err_hint(err,
		    "these tables refer to each other, so one of the "
		    "constraints must be DEFERRABLE: %s",
		    a->order->cycle);
	else if (fkey && sqlite)
		err_hint(err,
		    "a row would be left without its parent: is a table left "
		    "out? PRAGMA foreign_key_check in the source names such "
		    "rows there");
	else if (fkey)
		err_hint(err,
		    "a row would be left without its parent: is a table left "
		    "out?");
	else if (unique && key_collates(a))
		err_hint(err,
		    "the target's collation takes some keys for the same that "
		    "differ, or another row still holds a unique value");
	else if (unique)
		err_hint(err,
		    "if another row still holds a unique value, rows may have "
		    "swapped it in a column that can hold nothing else "
		    "meanwhile; changes are written one by one");
}

static bool
is_constraint(const struct err *err)
{
	return err->status == TU_EQUERY && strncmp(err->sqlstate, "23", 2) == 0;
}

/*
 * A duplicate key of an insert, and whatever a statement
 * ran into after a conflict, are conflicts; the rest is as it is.
 */
enum status
apply_fail(struct applier *a, struct err *err)
{
	struct err ignored = ERR_INIT;
	bool alive = apply_roll_back(a->db);

	if (alive)
		echo_forget(&a->echo);
	if (is_constraint(err) && alive && a->writer.group->n > 0 &&
	    a->writer.group->changes[0]->op == CHANGE_INSERT)
		conflicts_find_existing(
		    &a->writer.conflicts, a->writer.group, a->db, &ignored);
	if (err->status == TU_EQUERY && a->writer.conflicts.n > 0)
		conflicts_error(&a->writer.conflicts, err);
	else if (is_constraint(err))
		explain_constraint(a, err);
	a->result->conflicts = a->writer.conflicts.n;
	return err->status;
}

enum status
apply_commit(struct db *target, bool *unknown, struct err *err)
{
	struct err lost = ERR_INIT;

	*unknown = false;
	if (db_exec(target, "COMMIT", NULL, err) == TU_OK)
		return TU_OK;
	if (apply_roll_back(target))
		return err_context(err, "COMMIT failed");
	*unknown = true;
	lost = *err;
	err_set(err, TU_EQUERY,
	    "the connection was lost at COMMIT, so it is unknown whether the "
	    "changes were written: %s",
	    lost.msg);
	return err_hint(err,
	    "run the same command again: it looks first, which settles it");
}

bool
apply_is_passing(const struct err *err)
{
	static const char *const states[] = {
		"40001", /* serialization failure, InnoDB's deadlock */
		"40P01", /* PostgreSQL's deadlock */
		"55P03", /* a lock that cannot be had, SQLITE_BUSY */
	};

	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (err->status == TU_EQUERY &&
		    strcmp(err->sqlstate, states[i]) == 0)
			return true;
	return false;
}

/* Two sessions that hit each other must not do so in step. */
enum status
apply_pause(struct applier *a, unsigned n, struct err *err)
{
	unsigned ms = (APPLY_FIRST_PAUSE << n) +
	              (unsigned)(random_u64() % (APPLY_FIRST_PAUSE << n));

	log_line(LOG_WARN, "%s; trying again in %u ms", err->msg, ms);
	if (!stage_wait(clock_seconds() + ms / 1000.0))
		return err_set(err, TU_EINTERRUPTED, "interrupted");
	a->result->retries++;
	err_clear(err);
	return TU_OK;
}
