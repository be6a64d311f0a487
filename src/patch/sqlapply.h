/*
 * sqlapply.h - running an SQL patch that trueup wrote.
 *
 * Nothing else is run: a line is a comment, one of the dialect's own lines
 * around the transaction, or one statement of the forms that sqlpatch.c writes,
 * for a table that the target has. The whole file is read before anything runs,
 * so one that was cut is refused, with its line, and so is one for another
 * brand. All runs in one transaction. A statement that did not touch the rows
 * it is about has met a row that is not as the patch expects it: a conflict.
 *
 * The rows' values are not known here, only text: nothing is read back before
 * COMMIT, and no undo can be written. JSON patches have both.
 */
#ifndef TU_PATCH_SQLAPPLY_H
#define TU_PATCH_SQLAPPLY_H

#include <stdio.h>

#include "patch/apply.h"
#include "patch/limits.h"

struct sqlapply_options {
	FILE *in;
	const char *name;            /* for messages */
	struct db *target;           /* DB_WRITE, outside a transaction */
	enum conflict_answer answer; /* not to replace */
	const struct limits *limits;
	/* Called for each conflict: table, line and statement, what was found.
	 */
	void (*conflict)(
	    void *arg, const char *table, const char *key, const char *what);
	void *arg;
};

/* Does this line begin a patch in SQL? */
bool sqlapply_is_patch(const char *line);

/* TU_EPATCH for what is none. Of result, done, conflicts and left_alone are
 * filled. */
enum status sqlapply_run(const struct sqlapply_options *options,
    struct apply_result *result, struct err *err);

#endif
