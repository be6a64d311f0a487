/*
 * keycompare.h - compare the rows of chosen keys.
 *
 * What a comparison costs follows what changed: about 10 us a key and side in
 * place of every row of both tables. Keys come from the readers of both sides,
 * each in its own side's form. Rows are fetched in batches and judged as every
 * comparison judges them, and the same sinks hear of what differs.
 */
#ifndef TU_TRACK_KEYCOMPARE_H
#define TU_TRACK_KEYCOMPARE_H

#include "diff/change.h"
#include "track/keyset.h"
#include "track/reader.h"

/*
 * Put the key columns of a source of changes into the order that the pair has
 * them in. False if they are not the pair's key, or if a key in one form does
 * not find every row that has it (recheck_can_look()): then such a source
 * says nothing about this pair. READ_NONE has no key, and fits any that does.
 */
bool change_source_fits(struct arena *arena, const struct pair *pair,
    enum side side, struct change_source *src);

/*
 * Compare the rows that have one of these keys; either set may be NULL or
 * empty, types are the pair's. Both connections are in their snapshots, or in
 * none. tally: rows are those that were found, suspects the keys.
 */
enum status compare_keys(const struct plan *plan, const struct pair *pair,
    const struct keyset *keys[2], struct change_sink *sink, struct tally *tally,
    struct err *err);

#endif
