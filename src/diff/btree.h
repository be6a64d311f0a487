/*
 * btree.h - two tables of SQLite files compared by the pages of their b-trees.
 *
 * The fast path of diff_pair(): no row is read by SQLite, nothing is hashed.
 * Threads share the stretches of rowids between them and look for rows with
 * different bytes (btree-scan.h). That says nothing yet: such rows are decoded
 * and judged as all others are, by merge_compare_rows() and merge_rows(), so
 * changes come out as they would otherwise, in the order of the key.
 *
 * Nothing is reported before both b-trees were walked to their ends, so
 * whatever is not as it should be leaves the table to the ordinary path. Up to
 * 4096 suspects of a stretch are kept meanwhile; where there are more, the rest
 * of the stretch is walked again. Where another column than the rowid is the
 * key, all of them are kept, in a file where they are many (moved.h).
 */
#ifndef TU_DIFF_BTREE_H
#define TU_DIFF_BTREE_H

#include "diff/diff.h"

/*
 * *done is false if the pair has to be compared in another way; -v says why,
 * unless neither side could have pages to read.
 */
enum status btree_pair(const struct plan *plan, const struct pair *pair,
    const struct diff_options *options, struct change_sink *sink,
    struct tally *tally, bool *done, struct err *err);

/* Will it be tried? What the files themselves are like shows only then. */
bool btree_may(const struct plan *plan, const struct pair *pair);

#endif
