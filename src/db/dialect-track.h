/*
 * dialect-track.h - the SQL of change tables, by brand, as pure text.
 *
 * A change table has a row for each row of a table that was inserted, updated
 * or deleted: its key, in the key's own types, because text would be rendered
 * by the settings of whoever writes (DateStyle, TimeZone, bytea_output). Small
 * triggers fill it. The objects of table number 7 (names are unique within a
 * database or a schema on two of the three brands):
 *
 *	change_7    op ('I', 'U', 'D', or 'T' with NULL keys: anything in the
 *	            table may have changed), k1, k2, ... the key, run (what the
 *	            writing session calls itself), at (when), who; to tell old
 *	            from new, xid on PostgreSQL and seq elsewhere
 *	trueup_i_7  trueup_u_7, trueup_d_7: one trigger for each kind of
 *	            statement; trueup_k_7 has the key that an update took away,
 *	            trueup_t_7 a TRUNCATE; trueup_x1_7 and trueup_y1_7 of
 *	            MariaDB stand on a table that rows are deleted or changed
 *	            through, see struct track_route
 *
 * beside three tables of the whole: meta (k, v: install_id, format, next),
 * captured (a row for each table) and consumer (what each reader has seen); on
 * SQLite also ctx (run: of the transaction that is writing, else no row).
 * On PostgreSQL all of them are in a schema, TRACK_SCHEMA; elsewhere their
 * names begin with "trueup_".
 *
 * No statement of the application may fail because of them: what the trigger
 * cannot write (the key column has another type or name by now) becomes a 'T'.
 *
 * Statements end in ";\n", and nowhere else is a ';' in front of a line end.
 */
#ifndef TU_DB_DIALECT_TRACK_H
#define TU_DB_DIALECT_TRACK_H

#include "db/dialect.h"

/* Where there are schemas. Not "trueup": a role of that name would find it
 * first, and make its own tables in it. */
#define TRACK_SCHEMA "trueup_track"

/* A foreign key that does something to its rows: one step up. */
struct track_step {
	const char *child, *parent; /* tables of this database */
	size_t ncols;
	const char *const *cols, *const *ref_cols;
};

/*
 * From the tracked table up to one whose rows, when they are deleted or get
 * another key, take rows of the tracked table with them, by actions that fire
 * no trigger of it (MariaDB, MySQL). step[0].child is the tracked table.
 */
struct track_route {
	size_t nsteps;
	const struct track_step *steps;
	/* It ends where it has been before: how far it goes on nobody can
	 * say, so any row that it reaches is a 'T'. */
	bool circle;
};

/* A table whose changes are written down. */
struct tracked {
	int64_t tab; /* its number */
	const struct table *table;
	size_t nkeys;
	const struct column *const *keys;
	size_t nroutes;
	const struct track_route *routes;
};

struct track_sql {
	/* The three tables as they stand in FROM. */
	const char *meta, *captured, *consumer;
	void (*change)(struct buf *out, int64_t tab);

	/* SELECT 1 where they are there, else 0. */
	const char *exists;
	/* Make them unless they are there, and remove them; NULL: nobody
	 * can, see tracking. */
	const char *setup, *teardown;
	/* What may be left then and may hold what is not ours, or NULL. */
	const char *teardown_rest;

	/* Around what makes or removes; ms to wait for a lock. */
	void (*begin)(struct buf *out, uint64_t ms);
	const char *commit;
	bool atomic; /* a failure leaves nothing behind */
	/* What ends a statement for the stock client, where bodies of triggers
	 * have a ';' in them; NULL: it knows. */
	const char *delimiter;

	/* Change table, functions, triggers; the table's row of captured is
	 * the caller's business. */
	void (*install)(struct buf *out, const struct tracked *t);
	/* SELECT the names of all triggers of a table's number, for remove();
	 * NULL where it knows them. */
	void (*triggers)(struct buf *out, int64_t tab);
	void (*remove)(struct buf *out, int64_t tab,
	    const char *const *triggers, size_t n);

	/*
	 * SELECT two texts a row, what and how it is: everything that must
	 * stay as it was installed for the change table to be believed. What
	 * begins with "shape " may change, and then says that rows may have
	 * come or gone unseen (TRUNCATE, partitions, a restored database).
	 */
	void (*state)(struct buf *out, const struct tracked *t);
	/* More of the shape, which needs a privilege; or NULL. */
	void (*shape)(struct buf *out, const struct tracked *t);
	/* For people: what has happened where the shape is another. */
	const char *reshaped;
	/* SELECT five texts a row: child, constraint, column, parent, column;
	 * the columns of every reference that acts on rows and fires no
	 * trigger. NULL: all of them do. */
	const char *references;
	/* SELECT a text a row: what happens to the table that no trigger
	 * sees. */
	void (*warnings)(struct buf *out, const struct tracked *t);
	/* The same: why its changes must not be written down; or NULL. */
	const char *refusals;

	/*
	 * Readers (track/reader.h). gaps: rows are numbered by seq, else known
	 * by their transaction.
	 */
	bool gaps;
	const char *text, *integer; /* what numbers are cast to */
	/* SELECT of when a gap is born, behind a read; NULL where numbers are
	 * committed in their order. */
	const char *birth;
	/* SELECT, in the snapshot of a later read, of the birth below which
	 * all gaps are closed for good; NULL: births are seconds, and a
	 * session that has run "uncommitted" sees the rows of everybody. */
	const char *horizon, *uncommitted;
	/* SELECT two texts of a table of the user's: which it is, as long as it
	 * is not truncated or replaced, and how many numbers a session takes
	 * at once from a sequence of it. NULL: nobody knows. */
	void (*identity)(struct buf *out, const char *from);
	/*
	 * An SQL expression, a text: a literal of what the largest of "at" or,
	 * where it is a time, now, whichever comes first, is less so many
	 * seconds (less that number, where it is one). False: the column
	 * is neither.
	 */
	bool (*back)(
	    struct buf *out, const char *at, enum ltype type, int64_t seconds);
	/* SELECT two texts: for how many seconds the oldest transaction has
	 * been open, and 1 if there is no other that is hidden from us, else
	 * 0. NULL: nobody knows. */
	const char *open;
	/*
	 * Where the server itself notes what changes, and nothing is installed
	 * (setup is NULL, and so is what would fill a change table): SELECT
	 * four texts of a table as it stands in FROM, NULL where it is not
	 * noted: the version of all that is committed, below which one changes
	 * have been cleaned, at which one noting began or a TRUNCATE was, and
	 * which table it is. And what stands in FROM for the changes behind a
	 * version. NULL elsewhere.
	 */
	void (*tracking)(struct buf *out, const char *from);
	void (*changes)(struct buf *out, const char *from, int64_t since);
	/* What the text or the number of an expression is as a value of a key
	 * column. */
	void (*key)(
	    struct buf *out, const struct column *col, const char *expr);
	/* What stands in a column of JSON under names, one in another. */
	void (*json)(struct buf *out, const char *column,
	    const char *const *path, size_t n);
	/* An expression of how many seconds ago at was; of the row's own. */
	const char *age;
	/*
	 * Forget consumers that were silent for keep seconds, and raise
	 * captured.cleaned to what the others have read, or to what is older
	 * than keep where there are none. Then delete what is below it.
	 */
	void (*raise)(struct buf *out, int64_t tab, uint64_t keep);
	void (*prune)(struct buf *out, int64_t tab);
	/*
	 * What a session's rows of change tables say in run (patch/echo.h):
	 * SELECT 1 where it can be said, else 0 (NULL: exists tells); in a
	 * transaction, what it is (no quotes in it), and with NULL that it is
	 * nothing any more, unless COMMIT makes it so. tag_stays: ROLLBACK
	 * does not.
	 */
	const char *can_tag;
	void (*tag)(struct buf *out, const char *run);
	bool tag_stays;

	/* Note that a consumer has read so far; low is SQL text. */
	void (*ack)(
	    struct buf *out, const char *name, int64_t tab, const char *low);
};

extern const struct track_sql track_sql_postgresql, track_sql_mysql,
    track_sql_sqlite, track_sql_sqlserver;

/* " k1, k2" behind before: what keys are called in a change table. */
void track_key_names(struct buf *out, const char *before, size_t nkeys);
/* A quoted text as this brand writes it. */
void track_text(struct buf *out, const struct dialect *d, const char *s);
/* $."order"."id": names without '"' and '\\'. */
void track_json_path(struct buf *out, const char *const *path, size_t n);

/* One of these tables, no side of a comparison? */
bool track_is_ours(const struct dialect *d, const struct table *t);

#endif
