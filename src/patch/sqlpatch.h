/*
 * sqlpatch.h - the patch as SQL for the target's stock client.
 *
 * The text is described in trueup-patch(5) and at the top of sqlpatch.c. Equal
 * databases give an empty file, not a header without statements. The same
 * changes give the same bytes.
 */
#ifndef TU_PATCH_SQLPATCH_H
#define TU_PATCH_SQLPATCH_H

#include <stdio.h>

#include "patch/journal.h"
#include "patch/spool.h"
#include "patch/stmt.h"

/* What the header lines say. */
struct sqlpatch_info {
	const char *source, *target; /* display names, no secrets */
	const char *time;            /* ISO 8601, UTC; NULL: leave it out */
};

/* TU_EIO when out cannot take it (errno is left as it was: EPIPE); what was
 * written is flushed. */
enum status sqlpatch_write(FILE *out, struct spool *spool,
    const struct dialect *d, enum stmt_direction dir,
    const struct sqlpatch_info *info, struct err *err);

/* The undo of a push in batches, as its journal has it (journal.h). */
enum status sqlpatch_write_journal(FILE *out, struct journal *j, bool written,
    const struct dialect *d, const struct sqlpatch_info *info, struct err *err);

#endif
