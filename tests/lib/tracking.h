/*
 * tracking.h - change tables for tests. Whatever should work but does not ends
 * the program ("Bail out!").
 */
#ifndef TU_TEST_TRACKING_H
#define TU_TEST_TRACKING_H

#include "track/install.h"
#include "track/reader.h"

struct tracking {
	struct arena *arena;
	struct db *maker;      /* installs */
	struct db *app;        /* writes, as an application would */
	struct db *db, *aside; /* read */
	struct table_list list;
	struct captures captures;
	struct capture *capture;
	const char *why; /* it cannot be believed */
	const char *shape;
	struct change_source source;
};

struct db *tracking_connect(const char *url, enum db_mode mode);
void tracking_run(struct db *db, const char *sql);

/* Sessions on a database; and "track install" of one of its tables. */
void tracking_open(struct tracking *t, const char *url);
void tracking_install(struct tracking *t, const char *table);
void tracking_close(struct tracking *t);

/* Look again at what is installed. */
void tracking_check(struct tracking *t);

/* The keys as text, "1/a, 2/b". */
const char *tracking_keys(struct arena *arena, const struct keyset *ks);

/*
 * tracking_check() and a read in one snapshot: the keys as text, "1/a, 2/b";
 * or "whole: " and why. *position is replaced by the new one; it is the
 * arena's, and NULL at first.
 */
const char *tracking_read(struct tracking *t, const char **position);

#endif
