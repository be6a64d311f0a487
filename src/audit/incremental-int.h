/*
 * incremental-int.h - inside an incremental run.
 *
 * incremental.c goes from the changes to the verdict; incremental-side.c reads
 * the changes of a side; incremental-scrub.c looks at what has not changed;
 * incremental-mark.c sets flags of rows; incremental-state.c knows what is kept
 * between two runs.
 */
#ifndef TU_AUDIT_INCREMENTAL_INT_H
#define TU_AUDIT_INCREMENTAL_INT_H

#include "audit/incremental.h"
#include "track/reader.h"
#include "value/digest.h"

/* The change tables of a database. */
struct tracked_side {
	struct captures captures;
	struct db *aside;   /* see reader_read(); NULL until it is needed */
	const char *cannot; /* have any: why; or NULL */
};

/* A position that the databases were not told for a while. */
struct unacked {
	const char *position[2]; /* NULL: this side is not to be told */
};

struct incremental {
	struct incremental_options options;
	struct arena *arena;
	struct tracked_side side[2];
	struct unacked *unacked; /* at most one of each pair of the plan */
	size_t nunacked;
};

/* Of a table, what its two sides have to keep apart: they are read at the same
 * time. */
struct look_side {
	struct arena *arena;
	const char *position;  /* NULL: there is none to keep */
	struct keyset keys;    /* that may differ */
	struct keyset pending; /* that are on their way to the other side */
	bool all_pending;
	const char *why; /* all of the table is to be compared; or NULL */
	bool trouble;    /* and somebody should hear of it */
};

/* One table. */
struct look {
	struct incremental *inc;
	const struct pair *pair;
	struct arena *arena;
	struct vtype *types; /* of the key */

	/* What was kept, if known. */
	bool known;
	char plan[DIGEST_HEX];
	const char *old[2]; /* positions */
	int64_t full, acked;
	const char *scrub; /* where the next part begins; NULL: at the start */
	int64_t scrubbed;  /* when the last one was compared */
	int64_t cycle;     /* and the first of these */

	struct look_side side[2]; /* what was read */
	struct keyset open[2];    /* keys that differ; each on one side only */
	bool overflow;            /* there are more than are kept */
	const char *why; /* all of the table is to be compared; or NULL */
	bool trouble;    /* and somebody should hear of it */
	bool lost;       /* a change that should have been read */
	bool partly;     /* this run did not compare all of it */
	uint64_t scrubbed_bytes[2];
	double behind; /* days, see struct tally */
};

/* The first reason stays, unless it was no trouble and the next one is. */
void look_whole(struct look *l, bool trouble, const char *why);

/* The change tables of a side of the plan. */
enum status tracked_side_load(
    struct incremental *inc, enum side side, struct err *err);

/* The positions of both sides and the keys since the old ones. */
enum status look_read(struct look *l, struct err *err);

/* Fill in what was kept of the table, and add the rows that differed to the
 * keys. */
enum status look_load(struct look *l, struct err *err);

/* Compare a part of the rows that have not changed, the one that was not for
 * the longest time; open must be known. */
enum status look_scrub(
    struct look *l, const struct diff_options *options, struct err *err);

/* What the next run needs, for the transaction that ends this one. */
void look_keep(struct look *l);

#endif
