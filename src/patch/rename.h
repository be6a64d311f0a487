/*
 * rename.h - keys that are two to us and one to the target.
 *
 * A collation may take 'A' and 'a' for the same text, or 'a' and 'a ', but the
 * comparison does not: a row whose key was changed in that way is found as a
 * delete and an insert. Written so, it would lose the columns that were not
 * compared and the rows that refer to it (ON DELETE CASCADE). rename_find()
 * joins the two to an update that sets the key, and is to be called when all
 * is compared, before anything is written.
 *
 * The target itself is asked which of its keys an inserted one would meet, in
 * the view the comparison had: one short query for each hundred inserts of a
 * table that also has deletes and whose key is text that '=' does not tell
 * apart; nothing for any other. Memory: some 50 bytes and the key for each row
 * so found.
 *
 * An inserted key that meets a row which stays is left alone: the statement
 * will fail on it, and nothing will be written.
 */
#ifndef TU_PATCH_RENAME_H
#define TU_PATCH_RENAME_H

#include "patch/spool.h"

enum status rename_find(
    struct spool *spool, const struct plan *plan, struct err *err);

#endif
