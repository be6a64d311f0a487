/*
 * spool-int.h - what writes the spool's file and what reads it.
 *
 *	spool.c       the sink, the file, what is left out
 *	spool-read.c  changes in some order, some of them in two halves
 *
 * The file is a row of segments; a segment holds whole records of one table
 * and one kind of change. Numbers are in the machine's own order:
 *
 *	record := size copies [verdicts] [source] [target]
 *	size      u64, bytes behind it
 *	copies    u64
 *	verdicts  update only: a byte for each compared column
 *	source    insert, update: a cell for each compared column
 *	target    delete, update: the same and the extra columns
 *	cell      as cells_pack() writes it
 */
#ifndef TU_PATCH_SPOOL_INT_H
#define TU_PATCH_SPOOL_INT_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "patch/spool.h"

struct spooled_table {
	struct spool_table pub;
	bool *updated;
	struct buf segments[CHANGE_OPS]; /* struct spool_place */
	struct buf left_out[CHANGE_OPS]; /* int64_t, sorted */
};

struct spool {
	struct change_sink sink; /* first: a sink pointer is a spool pointer */
	int fd;
	off_t size;
	struct arena *arena;
	struct buf tables; /* struct spooled_table * */
	struct spooled_table *current;
	struct buf pending[CHANGE_OPS];
	bool split; /* spool_split() */
};

/* Is the change at this place of the file left out? */
bool spool_is_left_out(const struct buf *left_out, int64_t at);

static inline struct spooled_table *
spool_table_at(const struct spool *s, size_t i)
{
	return ((struct spooled_table **)s->tables.data)[i];
}

#endif
