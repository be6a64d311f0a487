/*
 * writing.h - from a spool to the target, for the commands that write: files
 * that are due before COMMIT, and what is said.
 */
#ifndef TU_CMD_WRITING_H
#define TU_CMD_WRITING_H

#include "cmd/run.h"
#include "patch/apply.h"

/* For struct apply_options: a conflict on stderr; arg is the run. */
void writing_conflict(
    void *arg, const char *table, const char *key, const char *what);

/*
 * Write run->spool. The snapshots end here, and the target's connection is
 * another one afterwards. refill fills the spool, filtered as it was. With an
 * empty spool an undo file that exists stays.
 */
enum status writing_run(struct run *run, struct change_sink *refill,
    struct apply_result *result, struct err *err);

/* "n conflicting rows were left alone", "... replaced", if there are any. */
void writing_say_settled(uint64_t left_alone, uint64_t replaced);

#endif
