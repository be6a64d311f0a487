/*
 * capture.h - which tables have their changes written down, and whether that
 * can be believed.
 *
 * What was installed is in the database itself (db/dialect-track.h). With each
 * table stands its state as it was: triggers, functions, key columns, foreign
 * keys, as "what" and a hash of how it is, a line each. A change table is
 * believed as long as all of that is the same; otherwise somebody disabled a
 * trigger, swapped the table for another, changed its key, ...
 *
 * The shape is what may well change, but not without notice: a position of a
 * reader (track/position.h) is good for one shape only.
 */
#ifndef TU_TRACK_CAPTURE_H
#define TU_TRACK_CAPTURE_H

#include "db/db.h"
#include "db/dialect-track.h"

struct capture {
	struct tracked t;        /* without table and keys until it is found */
	struct table name;       /* schema and name only */
	const char *const *keys; /* names, t.nkeys of them */
	const char *state;
	int64_t age; /* seconds since it was installed */
};

struct captures {
	const char *install_id; /* NULL: nothing was ever installed */
	size_t n;
	struct capture *list; /* by number */
};

/* TU_ESCHEMA where this brand has no change tables, or where the connection
 * does not say which database they would be in. */
enum status captures_possible(const struct db *db, struct err *err);

enum status captures_load(
    struct db *db, struct arena *arena, struct captures *out, struct err *err);
struct capture *captures_find(
    const struct captures *all, const struct table *t);

/*
 * Look the table up in what db_driver.list() said and describe it. *why is
 * what has become of it, or NULL.
 */
enum status capture_find_table(struct db *db, struct arena *arena,
    struct table_list *list, struct capture *c, const char **why,
    struct err *err);

/* The state as it is now, without the shape; and a hash of the shape. */
enum status capture_state(struct db *db, struct arena *arena,
    const struct tracked *t, const char **state, const char **shape,
    struct err *err);

/* Why a state is not the one that was installed, or NULL. Pure. */
const char *capture_compare(
    struct arena *arena, const char *installed, const char *now);

/* capture_find_table(), capture_state(), capture_compare(); shape may be
 * NULL. With a table that describe() has filled in nothing is looked up. */
enum status capture_check_known(struct db *db, struct arena *arena,
    const struct table *table, struct capture *c, const char **shape,
    const char **why, struct err *err);
enum status capture_check(struct db *db, struct arena *arena,
    struct table_list *list, struct capture *c, const char **shape,
    const char **why, struct err *err);

#endif
