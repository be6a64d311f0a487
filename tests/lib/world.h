/*
 * world.h - two real databases to compare and to patch, for tests.
 *
 * A world is a source and a target of one brand or of two, thrown away at the
 * end: SQLite files in a new directory, PostgreSQL schemas "tu_source" and
 * "tu_target" of the server that TRUEUP_PG names. Whatever should work but
 * does not ends the program ("Bail out!").
 */
#ifndef TU_TEST_WORLD_H
#define TU_TEST_WORLD_H

#include "diff/diff.h"
#include "patch/apply.h"
#include "patch/sqlpatch.h"

enum brand {
	LITE,
	PG,
};

struct world {
	enum brand brand[2]; /* by enum side */
	const char *dir;
	char *url[2];
	struct arena *arena;
	/* Of the last world_diff(). */
	struct db *db[2];
	struct plan plan;
	struct spool *spool;
	uint64_t differences;
};

void world_open(struct world *w, enum brand source, enum brand target);
void world_close(struct world *w);

/* SQL in one of the databases; PostgreSQL finds its schema first. */
void world_run(struct world *w, enum side side, const char *sql);
void world_run_both(struct world *w, const char *sql);

/* Compare all tables and spool the changes. Connections are closed again. */
uint64_t world_diff(struct world *w);

/* Apply what world_diff() found. */
enum status world_apply(struct world *w, const struct apply_options *options,
    struct apply_result *result, struct err *err);

/* Write a patch to dir/name, and have the stock client run such a file on the
 * target: 0 is success. */
void world_write(struct world *w, const char *name, enum stmt_direction dir);
int world_client(struct world *w, const char *name);

/* The rows of all tables of the target, sorted, types and all. */
const char *world_dump(struct world *w);

/* One value of the target as text. */
const char *world_value(struct world *w, const char *sql);

#endif
