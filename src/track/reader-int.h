/*
 * reader-int.h - inside the readers.
 */
#ifndef TU_TRACK_READER_INT_H
#define TU_TRACK_READER_INT_H

#include "track/reader.h"

/* One call of reader_read(). */
struct reading {
	struct db *db, *aside;
	struct arena *arena;
	const struct change_source *src;
	struct keyset *keys; /* NULL: the first position needs none */
	struct position old; /* where kept */
	bool kept;           /* what was read before counts */
	struct position new;
	struct buf mark; /* of the row read last */
	struct change_reading *out;
};

/* All of the table may have changed; the first reason stays. */
void reading_whole(struct reading *r, const char *why);

/* A mark as a position keeps it: on one line, without tabs, and not "". */
void reading_mark(struct buf *out, const char *p, size_t n);

/*
 * Read the changes for which a condition on trueup_seq or trueup_at holds,
 * put their keys into r->keys, and tell each() the number and the mark of
 * every one; it may be NULL. ordered: by that number.
 */
typedef void reading_each(
    struct reading *r, int64_t number, const struct cell *mark);
enum status reading_scan(struct reading *r, const char *condition, bool ordered,
    reading_each *each, struct err *err);

enum status read_by_snapshot(struct reading *r, struct err *err);
enum status read_by_gaps(struct reading *r, struct err *err);
enum status read_by_window(struct reading *r, struct err *err);
enum status read_by_slot(struct reading *r, struct err *err);
enum status read_by_changetable(struct reading *r, struct err *err);

/* reader_before() of a window, and of SQL Server's change tracking. */
enum status window_before(struct db *aside, struct arena *arena,
    struct change_source *src, struct err *err);
enum status changetable_before(struct db *aside, struct arena *arena,
    struct change_source *src, struct err *err);

/* What a slot sends is all that happens to this table, and what says that it
 * is the same table, as it was; or an error. */
enum status slot_identity(
    struct reading *r, const char **identity, struct err *err);
/* The same of SQL Server's change tracking. */
enum status changetable_identity(
    struct reading *r, const char **identity, struct err *err);

#endif
