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
 * "The very same": SHA-256 over the canonical bytes of the compared columns, of
 * each side. "In the very same way": SHA-256 over the format of these bytes,
 * the names, types and rules of the compared columns, the key, and the
 * conditions; under another plan a record neither matches nor becomes stale.
 *
 * Rows of a table without a key cannot be told from each other and cannot be
 * accepted.
 */
#ifndef TU_AUDIT_ACCEPT_H
#define TU_AUDIT_ACCEPT_H

#include "audit/history.h"

/* As many records a pair may have: they are held in memory, 64 bytes each. */
#define ACCEPT_MAX 100000

struct accept;

/*
 * A sink in front of `to` that swallows what is accepted. plan, h and to stay
 * the caller's and outlive it.
 */
enum status accept_new(struct history *h, const struct plan *plan,
    struct change_sink *to, struct accept **out, struct err *err);
void accept_free(struct accept *a); /* NULL is allowed */
struct change_sink *accept_sink(struct accept *a);

#endif
