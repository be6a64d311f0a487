/*
 * config.h - the file that says what must agree: trueup.conf(5).
 *
 *	[defaults]              keys for all pairs, which may override them
 *	[database NAME]         url, url-file, url-env or service: one of them
 *	[pair NAME]             source, target, and how they are compared
 *	[changes NAME]          where changes of a table are written down by
 *	                        others (track/mapping.h)
 *
 * The lines are read by inih (https://github.com/benhoyt/inih), whose habits
 * of cutting what is too long and what it takes for a comment are kept from
 * doing harm: a line that it would cut is a mistake, and a comment is a line of
 * its own. Indentation means nothing; a line that ends in a backslash goes on
 * in the next, with a blank between them.
 *
 * This module knows the sections and the keys that are about databases, pairs
 * and state. Every other key is an option of the pair's action, kept with its
 * line for those who know options (cmd/job.h). Mistakes are collected, so that
 * all of them are shown at once; nothing may be run when there are any.
 *
 * Everything lives in the arena of config_read().
 */
#ifndef TU_AUDIT_CONFIG_H
#define TU_AUDIT_CONFIG_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "diff/plan.h"
#include "track/mapping.h"

struct config_key {
	const char *name, *value; /* value may be "" */
	unsigned line;
};

struct config_keys {
	size_t n, cap;
	struct config_key *items;
};

struct config_database {
	const char *name;
	unsigned line;
	struct config_keys keys;
	const char *url; /* set by config_url() */
	bool asked;
};

struct config_pair {
	const char *name;
	unsigned line;
	struct config_keys keys; /* all of the section */
	const char *side[2];     /* by enum side; as written: a [database], a
	                          * URL or a path; NULL is a mistake */
	const char *action;      /* "diff" or "sync" */
	const char *tables;      /* separated by commas, or NULL: all */
	const char *state;       /* the pair's state file (audit/history.h);
	                          * NULL: it has no history */
	bool incremental;        /* only what has changed is compared */
};

struct config_changes {
	const char *name;
	unsigned line;
	struct config_keys keys;
	size_t npairs;
	const char *const *pairs; /* names; none: all pairs */
	bool side[2];             /* by enum side */
	const char *table;        /* "orders" or "shop.orders" */
	struct mapping mapping;
};

struct config_mistake {
	unsigned line; /* 0: of the whole file */
	const char *text;
};

struct config {
	struct arena *arena;
	const char *path;
	struct config_keys defaults;
	unsigned defaults_line; /* 0: there are none */
	struct config_database *databases;
	struct config_pair *pairs; /* in the order of the file */
	size_t ndatabases, npairs;
	struct config_changes *changes;
	size_t nchanges;
	bool changes_only;   /* config_read_changes() */
	const char *metrics; /* file for audit/metrics.h, or NULL */
	struct config_mistake *mistakes;
	size_t nmistakes;
	size_t cap_databases, cap_pairs, cap_changes, cap_mistakes;
};

/*
 * TU_EIO when the file cannot be read; what is wrong in it is in mistakes. The
 * databases' names are not looked up: this works without the secrets.
 */
enum status config_read(
    struct config *c, const char *path, struct arena *arena, struct err *err);

/* The same for a file that has [changes NAME] sections only, which know of no
 * pairs: c->changes is all there is. */
enum status config_read_changes(
    struct config *c, const char *path, struct arena *arena, struct err *err);

/* Where changes of a table of a pair's side are, or NULL: nobody says. pair
 * is NULL for config_read_changes(). */
const struct mapping *config_mapping(const struct config *c, const char *pair,
    enum side side, const struct table *table);
/* Is a section about this table? */
bool config_is_of(const struct config_changes *ch, const char *pair,
    enum side side, const struct table *table);

/* Is it a key that this module knows, so no option of an action? */
bool config_owns(const char *key);

/* Whoever wants the nearest of the keys known here. */
struct nearest;
void config_nearest_key(struct nearest *n);

/* The last of this name, or NULL. */
const struct config_key *config_find(
    const struct config_keys *keys, const char *name);

/*
 * The URL of a side, read from where the file says: it may hold a password and
 * must not be shown. NULL after a complaint.
 */
const char *config_url(
    struct config *c, const struct config_pair *pair, enum side side);

/* Note a mistake. */
void config_complain(struct config *c, unsigned line, const char *fmt, ...)
    TU_PRINTF(3, 4);

/* As many mistakes are shown. */
#define CONFIG_SHOWN 20

/* Append "PREFIX: FILE:LINE: TEXT" lines, by line. */
void config_add_mistakes(struct buf *out, struct config *c, const char *prefix);

#endif
