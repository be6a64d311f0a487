/*
 * stmt.h - a change as one SQL statement.
 *
 * The same builder writes literals into a patch and parameters into an apply,
 * so what was reviewed is what runs. Every statement is guarded: UPDATE and
 * DELETE name the key and every compared column's old value, so a row that was
 * changed since matches nothing and is left alone; INSERT is plain and fails
 * on a key that exists. UPDATE sets the columns that differ and no other;
 * generated columns are never written.
 *
 * An undo expects the row as the patch left it: what convert() made of the
 * source's value, in the form the column keeps (decimals rounded half away
 * from zero, as a server would, with all the digits of its scale; digits of a
 * second cut off, so that no time moves into the next second). The patch
 * itself writes the very same value.
 *
 * Key columns are compared with plain equality first, for the index, and then
 * guarded like the others where the dialect knows equality to be looser than
 * its guard.
 */
#ifndef TU_PATCH_STMT_H
#define TU_PATCH_STMT_H

#include "db/dialect.h"
#include "diff/change.h"

enum stmt_direction {
	STMT_FORWARD, /* make the target like the source */
	STMT_UNDO,    /* give back what the target had */
};

/*
 * Where values go: appended for each statement built. Cells that convert()
 * had to make live in the arena; others point into the change.
 */
struct stmt_params {
	size_t n, cap;
	struct cell *cells;
	const struct column **columns;
	struct arena *arena; /* the caller's */
};

/* One for many changes: its memory is used again. */
struct stmt {
	const struct dialect *dialect;
	enum stmt_direction dir;
	struct stmt_params *params; /* NULL: values are literals */
	bool if_absent; /* an INSERT does nothing where its key exists; not
	                 * for a multiset */
	struct buf sql; /* what stmt_build() made, no semicolon */
	size_t first;   /* params->n before it */
	struct buf value, scratch, digits; /* work space */
};

void stmt_init(struct stmt *st, const struct dialect *d,
    enum stmt_direction dir, struct stmt_params *params);
void stmt_release(struct stmt *st);
void stmt_params_release(struct stmt_params *p);

/* Append copies of all of from's. */
void stmt_params_add(struct stmt_params *p, const struct stmt_params *from);

/*
 * Make st->sql for a patchable change. With params, equal sql text means the
 * same prepared statement. TU_ESCHEMA when the table lacks what the change
 * needs, TU_EBUG when a value does not fit although diff found it to,
 * TU_ECONFLICT when an inserted key would lose digits.
 */
enum status stmt_build(
    struct stmt *st, const struct change *c, struct err *err);

/* What the statement is, and how often it must run: a multiset's equal rows
 * are deleted by one statement but inserted one by one. */
enum change_op stmt_op(const struct change *c, enum stmt_direction dir);
uint64_t stmt_runs(const struct change *c, enum stmt_direction dir);

/*
 * Make st->sql an UPDATE by SQL of the user's: "SET set" for the row that a
 * CHANGE_DELETE is of, if it is as it says and where holds.
 */
enum status stmt_assign(struct stmt *st, const struct change *c,
    const char *set, const char *where, struct err *err);

/*
 * The change's key as the target has it or will have it, pair->nkeys cells,
 * and what column i of an insert or update will hold if it is written. The
 * bytes live in the change or in the arena.
 */
enum status stmt_key(struct stmt *st, const struct change *c,
    struct arena *arena, struct cell *out, struct err *err);
enum status stmt_new_cell(struct stmt *st, const struct change *c, size_t i,
    struct arena *arena, struct cell *out, struct err *err);

/* Does an update write this compared column? */
bool stmt_writes(const struct change *c, size_t column);

/* Does the statement of this update, or half of a change, set the column? */
bool stmt_sets(const struct change *c, size_t column);

/* Is there something that the column can hold for the time being? */
bool stmt_can_park(const struct column *col);

/* The type that takes a column's own cells back as they are. */
struct vtype stmt_own_type(const struct column *col);

/*
 * Append a query that moves a sequence past the largest value inserted (the
 * smallest for one that counts down), for the first column at or behind *at
 * (0 to begin with) that a sequence feeds. False when there is none left. The
 * query gives at most one bigint and moves nothing that is far enough.
 */
bool stmt_sequence(struct buf *sql, const struct dialect *d,
    const struct pair *pair, size_t *at);

/* That query for one column that has a sequence. */
void stmt_setval(struct buf *sql, const struct dialect *d,
    const struct table *t, const struct column *col);

#endif
