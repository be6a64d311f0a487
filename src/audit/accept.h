/*
 * accept.h - known differences, so that they are not reported again.
 *
 * An accepted difference is a row: its table, its key, and what both sides had
 * there when it was accepted (history.h, table accepted). While both sides
 * still have the very same, compared in the very same way, the difference is
 * left out of report, patch and sync, and counted in tally.accepted. As soon as
 * either side moves it is reported again and its record is stale for good, also
 * if the side moves back.
 *
 * "The very same": SHA-256 over the canonical bytes (value/canon.h) of the
 * compared columns, of each side. "In the very same way": SHA-256 over names,
 * types and rules of these columns, the key and the conditions; under another
 * plan a record neither matches nor becomes stale.
 *
 * Rows of a table without a key cannot be told from each other and cannot be
 * accepted.
 */
#ifndef TU_AUDIT_ACCEPT_H
#define TU_AUDIT_ACCEPT_H

#include "audit/history.h"

/* As many records a pair may have. Those of one table at a time are in memory,
 * some 200 bytes each. */
#define ACCEPT_MAX 100000

/* What is to be recorded of a comparison. */
struct accepting {
	const char *who, *reason; /* reason may be NULL */
	const char *const *key;   /* one row: a text per key column */
	size_t nkey;              /* 0: all rows */
	/* What came of it: rows that are new there, and rows that cannot be. */
	uint64_t recorded, keyless;
	bool kept; /* accept_keep() has succeeded */
};

struct accept;

/*
 * A sink in front of `to` that swallows what is accepted; with accepting (may
 * be NULL) also what is then recorded. tallies has one for each pair of the
 * plan; they are brought up to date when a table ends. Nothing is copied.
 */
struct accept *accept_new(struct history *h, const struct plan *plan,
    struct tally *tallies, struct change_sink *to, struct accepting *accepting);
void accept_free(struct accept *a); /* NULL is allowed; forgets what was not
                                     * kept */
struct change_sink *accept_sink(struct accept *a);

/* After the comparison: what was recorded is on the disk. TU_ECONFLICT: there
 * would be more than ACCEPT_MAX records, and none was added. */
enum status accept_keep(struct accept *a, struct err *err);

/* --- the records ---------------------------------------------------------- */

struct accepted {
	const char *table, *key;  /* "id 7" */
	const char *who, *reason; /* may be NULL */
	bool has[2];              /* by enum side: it had a row */
	int64_t at, stale;        /* 0: it is not */
};

/* By table and key; NULL: of all tables. Texts are valid during the call. */
enum status accept_list(struct history *h, const char *table,
    enum status (*each)(void *arg, const struct accepted *a, struct err *err),
    void *arg, struct err *err);

/* Remove records: all, of a table (not NULL), of one key (nkey texts). */
enum status accept_forget(struct history *h, const char *table,
    const char *const *key, size_t nkey, uint64_t *n, struct err *err);

#endif
