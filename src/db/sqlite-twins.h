/*
 * sqlite-twins.h - leaves that need not be read, for they were before.
 *
 * A twin is a page of the same number and bytes in two files, a leaf with rows
 * that are as they should be, ascend and lie in it. Whoever finds one notes it
 * (diff/btree-twins.c); a walk that comes to one does not read it. All
 * functions but the first and the last are for all threads.
 */
#ifndef TU_DB_SQLITE_TWINS_H
#define TU_DB_SQLITE_TWINS_H

#include "base/base.h"

struct sqlite_twins;

/* Of the first npages, 8 bytes each; the others are none. */
struct sqlite_twins *sqlite_twins_new(uint32_t npages);

/* It has so many rows, with so many bytes of payloads. */
void sqlite_twins_note(
    struct sqlite_twins *t, uint32_t pgno, uint32_t rows, uint32_t bytes);
bool sqlite_twins_have(const struct sqlite_twins *t, uint32_t pgno);
/* What was noted; but once, for a tree has each leaf in one place: false for
 * who comes again. */
bool sqlite_twins_take(
    struct sqlite_twins *t, uint32_t pgno, uint32_t *rows, uint32_t *bytes);

void sqlite_twins_free(struct sqlite_twins *t); /* NULL is allowed */

#endif
