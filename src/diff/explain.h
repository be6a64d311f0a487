/*
 * explain.h - one row of both sides, byte by byte.
 */
#ifndef TU_DIFF_EXPLAIN_H
#define TU_DIFF_EXPLAIN_H

#include "diff/plan.h"

struct explained_row {
	bool found[2];
	const struct cell *cells[2]; /* plan order, NULL when not found */
	const char *sql[2];          /* what was run to read it */
	const char **canon[2];       /* canonical field per column */
	size_t *canon_len[2];
	enum verdict *verdicts; /* per column when both were found */
	const char **why;       /* per column, UNREPRESENTABLE */
	struct hash128 md5[2];  /* of the canonical row */
	struct hash128 server_md5[2];
	bool has_server_md5[2]; /* the server computed it too */
};

/* key: one text per key column, as a user types it. All of the result lives
 * in the arena. TU_EUSAGE when the number of values is wrong. */
enum status explain_row(const struct plan *plan, const struct pair *pair,
    const char *const *key, size_t nkey, struct arena *arena,
    struct explained_row *out, struct err *err);

/* The key alone, as a side keeps it: a cell per key column, in the arena. */
enum status explain_key(const struct plan *plan, const struct pair *pair,
    enum side side, const char *const *key, size_t nkey, struct arena *arena,
    struct cell **out, struct err *err);

#endif
