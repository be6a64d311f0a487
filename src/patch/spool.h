/*
 * spool.h - the changes of a run on disk, readable again in any table's order.
 *
 * A patch and an apply need deletes of children before deletes of parents and
 * inserts the other way round, over all tables, so the changes are written to
 * an unlinked temporary file (TMPDIR) first and memory does not grow with
 * their number. Only patchable changes are kept.
 *
 * The file is private to the process; its layout is described in spool.c.
 */
#ifndef TU_PATCH_SPOOL_H
#define TU_PATCH_SPOOL_H

#include "diff/change.h"

struct spool;
struct spool_reader;

enum spool_order {
	SPOOL_BY_KEY, /* as they were found */
	SPOOL_APPLY,  /* as they can run one by one */
	SPOOL_UNDO,   /* exactly the reverse */
};

/* Where a change stands in the file. */
struct spool_place {
	int64_t at;
	size_t len;
};

struct spool_table {
	const struct pair *pair;
	uint64_t count[CHANGE_OPS]; /* rows, equal ones of a multiset too */
	const bool *updated;        /* per column: some update changes it */
};

enum status spool_new(struct spool **out, struct err *err);
void spool_free(struct spool *spool); /* NULL is allowed */

/* A sink that keeps what it hears; it lives as long as the spool. */
struct change_sink *spool_sink(struct spool *spool);

/*
 * From now on orders are such that there can be a COMMIT between any two rows
 * but the halves of one: no constraint is left to wait for it.
 */
void spool_split(struct spool *spool);
bool spool_is_split(const struct spool *spool);

size_t spool_ntables(const struct spool *spool); /* tables with changes */
const struct spool_table *spool_table(const struct spool *spool, size_t i);

/*
 * Read one table's changes of one kind. They run in key order too, unless the
 * table refers to itself: then parents come before children (children before
 * parents for deletes), which takes memory for each of them, see selfref.h.
 * Updates that move unique values come in an order in which they can run, too,
 * and then some come in two halves (uniques.h).
 * The change belongs to the reader until the next call; *change is NULL after
 * the last. Its `why` is not kept: entries are NULL.
 */
enum status spool_read(struct spool *spool, size_t table, enum change_op op,
    enum spool_order order, struct spool_reader **out, struct err *err);
enum status spool_next(
    struct spool_reader *r, const struct change **change, struct err *err);

/*
 * Before the first spool_next(), of inserts or deletes: every row in that half
 * which parks these columns (pair->ncols; in NULL, or unique ones in a value
 * that nobody uses), or does what is left to do. A row without a value in any
 * of them comes whole, in the half that inserts or deletes, and not in the
 * other.
 */
void spool_reader_park(
    struct spool_reader *r, enum change_phase phase, const bool *parked);
void spool_reader_close(struct spool_reader *r); /* NULL is allowed */

/* The place of the change handed out last, and changes by their places. */
struct spool_place spool_where(const struct spool_reader *r);
struct spool_reader *spool_read_places(struct spool *spool, size_t table,
    enum change_op op, const struct spool_place *places, size_t n);

/*
 * Leave these changes out from now on, in no order; each counted one row. What
 * comes instead is told to the sink between spool_resume() and its end().
 */
void spool_leave_out(struct spool *spool, size_t table, enum change_op op,
    const struct spool_place *places, size_t n);
void spool_resume(struct spool *spool, size_t table);

#endif
