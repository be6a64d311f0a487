/*
 * plan.h - what is compared with what, and how.
 *
 * plan_make() reads both catalogs, pairs tables and columns, chooses the key,
 * the vtype of every column, who hashes and how large a leaf is. Nothing is
 * scanned before the plan stands, and nothing in it depends on the order in
 * which a catalog lists its tables. The plan belongs to the arena given.
 *
 * Names match exactly, else ignoring case and underscores if that is
 * unambiguous, else not at all: InvoiceLine meets invoice_line.
 */
#ifndef TU_DIFF_PLAN_H
#define TU_DIFF_PLAN_H

#include "base/err.h"
#include "db/db.h"
#include "value/compare.h"
#include "value/redact.h"
#include "value/rowhash.h"

enum match {
	MATCH_EXACT,
	MATCH_FOLDED, /* ignoring case and underscores */
	MATCH_MAPPED, /* --map, --map-column or the only table named */
};

enum side {
	SOURCE = 0,
	TARGET = 1,
};

/* What the user asked for. Lists end in NULL and may be NULL. */
struct selection {
	const char *schema[2];       /* --schema, --source-schema */
	const char *const *tables;   /* -t and operands: shell patterns */
	const char *const *excludes; /* -T */
	const char *const *maps;     /* SRC:DST */
	const char *const *columns;  /* [TABLE.]COLUMN patterns to compare */
	const char *const
	    *ex_columns; /* [TABLE.]COLUMN patterns to leave out */
	const char *const *column_maps; /* [TABLE.]a:b */
	const char *const *keys;        /* [TABLE:]a,b or [TABLE:]none */
	const char *const *tolerances;  /* [[TABLE.]COLUMN=]NUMBER[UNIT] */
	const char *const *folds;       /* [[TABLE.]COLUMN=]RULE[,RULE]... */
	struct zone *zone;              /* --assume-tz; NULL: UTC */
	const char *where[2];           /* SQL conditions, both and per side */
	const char *query[2];           /* --source-query, --target-query */
	bool common;      /* one-sided tables and columns are not differences */
	bool strict;      /* equal at target precision is a difference */
	bool time_strict; /* the same for digits of a second only */
	bool no_undo;     /* do not fetch columns that only an undo needs */
	int hash;         /* -1 auto, else enum hash_kind */
	uint64_t leaf_rows;          /* 0: chosen */
	const struct redact *redact; /* values are shown as hashes, or NULL */
};

/* Two columns that are compared. */
struct pair_column {
	const struct column *col[2]; /* by enum side */
	struct vtype type;
	struct vlimit limit; /* what the target keeps */
	enum match how;
	/* What the user takes for equal, for people: "tolerance=0.01"; NULL:
	 * nothing but the type's own rules. */
	const char *rules;
	/* Whoever shows a value of the column shows its hash; or NULL. */
	const struct redact *redact;
};

/* A column that both sides have but that nothing compares. */
struct skipped {
	const char *name; /* the target's */
	const char *why;
};

/* Seconds for a million rows of both sides at once, as some of them took. */
struct placement {
	bool measured;
	double rows;   /* that travelled */
	double hashes; /* that servers hashed */
};

struct pair {
	const struct table *table[2];
	enum match how;
	const char *name; /* the target's name for people: schema.table, or
	                   * table where the schema is the usual one */

	/* Key columns first, in key order, then the rest in target order. */
	size_t ncols;
	struct pair_column *cols;
	size_t nkeys;
	bool multiset; /* no key: whole rows are counted; nkeys == ncols */
	const char *key_how; /* "primary key", "unique index x", "--key", ... */

	/* Target columns that are not compared but that a row consists of. */
	size_t nextra;
	const struct column **extra;

	/* Among them: no rule fits the two types. Not comparing these was
	 * nobody's wish, so the run's verdict says so. */
	size_t nskipped;
	struct skipped *skipped;
	bool strict, time_strict; /* as in struct selection */

	/* Columns that only one side has, by name; differences unless common.
	 */
	size_t nonly[2];
	const char **only[2];

	/* The first nrange key columns order alike on both sides: leaves are
	 * key ranges. 0: leaves are buckets of the key's hash. */
	size_t nrange;
	bool raw;        /* both sides hash rows as they arrive */
	bool any_hash;   /* none was asked for: btree.h may do without */
	bool measurable; /* so placement.h may choose one */
	enum hash_kind hash;
	bool pushdown[2];     /* the server folds this side */
	uint64_t leaf_rows;   /* rows a leaf is meant to hold */
	const char *hash_why; /* for people; NULL: what was measured says it */
	struct placement placement;
	double rows;         /* estimate, at least 0 */
	uint64_t version[2]; /* db_driver.table_version when described */
};

/*
 * Have servers hash the rows of a copy of a pair, the cheapest way that they
 * can; false: none can, and the copy is void. And back: none does after all,
 * because of why (static text). Rows are hashed as they arrive then, unless md5
 * or sha256 was asked for.
 */
bool pair_hash_there(struct db *const db[2], struct pair *pair);
void pair_hash_here(struct db *const db[2], struct pair *pair, const char *why);

/* Rows that a leaf of HASH_RECORD holds where nothing else was asked for. */
#define RECORD_LEAF 4096

/* Why two tables cannot be compared: TU_ESCHEMA, or TU_EQUERY if the database
 * did not tell what they are. */
struct incomparable {
	const char *table;
	const char *why;
	enum status status;
};

struct plan {
	struct db *db[2];
	size_t npairs;
	struct pair *pairs; /* ordered by target name */
	size_t nonly[2];    /* tables on one side only */
	const struct table **only[2];
	const char **only_name[2]; /* theirs for people, like pair.name */
	size_t nbad;
	struct incomparable *bad;
	uint64_t seed; /* of the stream hash in this run */
};

/*
 * TU_EUSAGE for a pattern, map or column that matches nothing; tables that
 * cannot be compared are listed in plan->bad and do not fail the plan.
 */
enum status plan_make(struct db *source, struct db *target,
    const struct selection *sel, struct arena *arena, struct plan *plan,
    struct err *err);

/*
 * What a pair of columns is compared as, LT_NONE if nothing sensible. Pure.
 */
struct vtype pair_vtype(const struct db *source, const struct column *a,
    const struct db *target, const struct column *b);

/* What the target keeps, and of times which side keeps less; strict: that the
 * source keeps less is no excuse. */
struct vlimit pair_limit(const struct pair_column *pc, bool strict);

/* Does a column of the pair have a rule of the user's? */
bool pair_has_rules(const struct pair *pair);

/* Its rows are kept, not computed: sampling it is cheap. */
bool table_is_stored(const struct table *t);

/* Position of a target column in pair->cols, or -1. */
int pair_find_target(const struct pair *pair, const char *column);

#endif
