/*
 * sqlite-key.h - the order of rows in a b-tree of a SQLite file.
 *
 * By rowid, or by the fields of a key as SQLite orders them: NULL, numbers by
 * their value, texts and then blobs by their bytes (collation BINARY, in the
 * encoding of the file; https://sqlite.org/fileformat2.html, 2.4). So the 1.0
 * of one file and the 1 of another are the same key here. All keys ascend.
 */
#ifndef TU_DB_SQLITE_KEY_H
#define TU_DB_SQLITE_KEY_H

#include "db/sqlite-page.h"

/* A row to go to, and in which tree it is; NULL there: none. */
struct sqlite_mark {
	const struct sqlite_tree *tree;
	struct sqlite_row row;
};

/* Payloads whose keys are not in the page; see sqlite_order(). */
struct sqlite_scratch {
	struct buf x, y;
};

const char *sqlite_key_order(const struct sqlite_tree *a,
    const struct sqlite_row *x, const struct sqlite_tree *b,
    const struct sqlite_row *y, struct sqlite_scratch *scratch, int *order);

/* *order is negative where x comes first, 0 where both are in one place. The
 * trees are of one kind, their files of one encoding. */
static inline const char *
sqlite_order(const struct sqlite_tree *a, const struct sqlite_row *x,
    const struct sqlite_tree *b, const struct sqlite_row *y,
    struct sqlite_scratch *scratch, int *order)
{
	if (a->nkeys > 0)
		return sqlite_key_order(a, x, b, y, scratch, order);
	*order = (x->rowid > y->rowid) - (x->rowid < y->rowid);
	return NULL;
}

#endif
