/*
 * keyset.h - keys, each once, in the order of key_encode().
 *
 * It is in memory, so it is given a limit: where more keys than that may have
 * changed the whole table is compared anyway.
 */
#ifndef TU_TRACK_KEYSET_H
#define TU_TRACK_KEYSET_H

#include "base/buf.h"
#include "value/cell.h"
#include "value/vtype.h"

struct keyset {
	const struct vtype *types; /* nkeys of them, the caller's */
	size_t nkeys;
	size_t limit;

	/* private */
	struct buf bytes;   /* of every key: encoded, then packed cells */
	struct buf entries; /* struct keyset_entry */
	size_t sorted;      /* the first so many are, and differ */
};

struct keyset_entry {
	size_t at, len; /* encoded; the cells stand behind */
	size_t end;
};

void keyset_init(
    struct keyset *ks, const struct vtype *types, size_t nkeys, size_t limit);
void keyset_release(struct keyset *ks);

/* False when there are more than the limit; the key may be missing then. */
bool keyset_add(struct keyset *ks, const struct cell *cells);

/* Call it before the others, after the last keyset_add(). */
void keyset_sort(struct keyset *ks);
size_t keyset_count(const struct keyset *ks);
/* The bytes, for key_cmp(), and the cells, which stay in the set. */
const void *keyset_key(const struct keyset *ks, size_t i, size_t *len);
bool keyset_has(const struct keyset *ks, const struct cell *cells);
void keyset_cells(const struct keyset *ks, size_t i, struct cell *cells);

#endif
