/*
 * journal.h - how far a push in batches has come, and how to take it back.
 *
 * A push that commits many times can be killed between two of them. Its journal
 * is a file of its own (--state) that exists while the push is unfinished: it
 * has every statement of the undo before the first change is written, and which
 * of them belong to batches that were committed. The same command again finds
 * it, compares afresh, writes what is left, and the undo it leaves takes back
 * both runs.
 *
 * Whether the last batch of a killed run was committed only the target knows:
 * each batch writes its number into a table of ours there (MARKER_TABLE) in its
 * own transaction. Where no table can be made the last batch stays "unknown",
 * and its undo is kept: it is guarded, so that it does nothing to rows that are
 * not as the batch would have left them.
 *
 * The file is a SQLite database, private to its owner (mode 0600: it holds
 * rows), and locked while a run has it. In it:
 *
 *	push   one row: run (a random name for the marker), source, target
 *	       (display names), started (ISO 8601, UTC)
 *	batch  n, first and last (of undo.id), state: intent, done, or unknown
 *	       where there is no marker
 *	undo   id (in the order of the changes), sql; taken back from the last
 *	       to the first
 *
 * PRAGMA application_id is JOURNAL_ID and user_version the format's version, 1.
 */
#ifndef TU_PATCH_JOURNAL_H
#define TU_PATCH_JOURNAL_H

#include <stdio.h>

#include "base/buf.h"
#include "db/db.h"

#define JOURNAL_ID 0x74727570

struct journal;

/* What a journal that was there already says. */
struct journal_found {
	uint64_t batches; /* committed, or perhaps */
	uint64_t changes;
	char started[32]; /* "" where there was none */
};

/*
 * Open or make the file of a push between two databases, by their display
 * names. TU_EUSAGE if it is something else, TU_ECONFLICT if
 * its push is between other databases or another run has it.
 */
enum status journal_open(const char *path, const char *source,
    const char *target, struct journal **out, struct err *err);
void journal_close(struct journal *j); /* NULL is allowed; the file stays */

/*
 * While the target's lock is held and outside a transaction: settle what an
 * earlier run left open, and forget the undo of what it did not write.
 */
enum status journal_settle(struct journal *j, struct db *target,
    struct journal_found *found, struct err *err);

/* The number of the next change; they count from 1 in running order. */
int64_t journal_next(const struct journal *j);
/* How to take change `id` back; the last call decides. */
enum status journal_put(
    struct journal *j, int64_t id, const struct buf *sql, struct err *err);
/* These will not be. */
enum status journal_forget(
    struct journal *j, int64_t first, int64_t last, struct err *err);
/* All of that is on the disk. */
enum status journal_keep(struct journal *j, struct err *err);

/* Before the first batch: the same, and the target gets its marker. */
enum status journal_start(
    struct journal *j, struct db *target, struct err *err);

/*
 * The batch that changes [first, last] belong to is about to be committed:
 * marked in the target, whose transaction is open, and on the disk. And it was,
 * or was rolled back.
 */
enum status journal_intent(struct journal *j, struct db *target, int64_t first,
    int64_t last, struct err *err);
void journal_done(struct journal *j);
void journal_undone(struct journal *j);

/* Was no batch written, as far as is known? */
bool journal_is_empty(struct journal *j);

/*
 * The statements, a line each, from the last to the first, and how many they
 * are. written: only those of batches that were committed, or may have been.
 */
enum status journal_write_undo(
    struct journal *j, bool written, FILE *out, struct err *err);
enum status journal_count_undo(
    struct journal *j, bool written, uint64_t *n, struct err *err);

/* The push is finished: the marker and then the file are removed. */
enum status journal_end(struct journal *j, struct db *target, struct err *err);

#endif
