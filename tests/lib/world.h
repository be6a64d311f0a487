/*
 * world.h - two real databases to compare and to patch, for tests.
 *
 * A world is a source and a target of one brand or of two, thrown away at the
 * end: SQLite files in a new directory, PostgreSQL schemas "tu_source" and
 * "tu_target" of the server that TRUEUP_PG names, databases of the server that
 * TRUEUP_MARIADB names. Whatever should work but does not ends the program
 * ("Bail out!").
 */
#ifndef TU_TEST_WORLD_H
#define TU_TEST_WORLD_H

#include "diff/diff.h"
#include "patch/apply.h"
#include "patch/sqlpatch.h"

enum brand {
	LITE,
	PG,
	MY,
	BRANDS,
};

struct world {
	enum brand brand[2]; /* by enum side */
	const char *dir;
	char *url[2];
	bool borrowed; /* a world_pair(): the databases are another's */
	struct arena *arena;
	/* Of the last world_compare(). */
	struct db *db[2];
	struct plan plan;
	struct tally *tallies; /* one per pair of the plan */
	/* Of the last world_diff(). */
	struct spool *spool;
	uint64_t differences;
};

const char *brand_name(enum brand brand);

/* Has this build a driver for the brand? Then there is a server too, or the
 * test fails. */
bool brand_available(enum brand brand);

void world_open(struct world *w, enum brand source, enum brand target);
/* The source of one world against the target of another. */
void world_pair(
    struct world *w, const struct world *source, const struct world *target);
void world_close(struct world *w);

/* SQL in one of the databases; PostgreSQL finds its schema first. What
 * MariaDB gets goes through its own client. */
void world_run(struct world *w, enum side side, const char *sql);
void world_run_both(struct world *w, const char *sql);

/*
 * Compare all tables that match (NULL: all). Connections are closed again; the
 * plan lives on, without them, as it does in sync. Its memory is the arena's.
 */
struct world_options {
	int hash; /* -1: auto, else enum hash_kind */
	uint64_t leaf_rows;
	unsigned jobs; /* 0: 1 */
	const char *const *tables;
	/* In place of diff_pair(); the plan is the world's. */
	enum status (*compare)(void *arg, const struct pair *pair,
	    const struct diff_options *options, struct change_sink *sink,
	    struct tally *tally, struct err *err);
	void *arg;
};

enum status world_compare(struct world *w, const struct world_options *o,
    struct change_sink *sink, struct err *err);

/* Compare all tables and spool the changes; the number of differences. */
uint64_t world_diff(struct world *w);

/* Apply what world_diff() found. */
enum status world_apply(struct world *w, const struct apply_options *options,
    struct apply_result *result, struct err *err);

/* The same, a COMMIT for each `rows` changes; the undo goes to dir/name. */
enum status world_apply_batches(struct world *w, size_t rows, const char *name,
    const struct apply_options *options, struct apply_result *result,
    struct err *err);

/* Write a patch to dir/name, and have the stock client run such a file on the
 * target: 0 is success. */
void world_write(struct world *w, const char *name, enum stmt_direction dir);
int world_client(struct world *w, const char *name);
/* What the client said, as comments of the test. */
void world_show_log(struct world *w);

/* The rows of all tables of a side, sorted, types and all. */
const char *world_dump_side(struct world *w, enum side side);
const char *world_dump(struct world *w); /* the target's */

/* Print the first line in which two dumps are not the same. */
void world_show_difference(const char *got, const char *want);

/* Compare all tables into a JSON patch in dir/name; and read it back and apply
 * what can be: world_write() then knows its changes. */
void world_write_json(struct world *w, const char *name);
enum status world_apply_json(
    struct world *w, const char *name, uint64_t *left_out, struct err *err);

/* One value of the target as text. */
const char *world_value(struct world *w, const char *sql);

#endif
