/*
 * jsonpatch.h - reading a patch in JSON lines, trueup-patch(5).
 *
 * The file must be whole: it begins with "start" and ends with a "summary"
 * that counts as many changes as were read and carries the SHA-256 of all
 * lines before it. A run that failed, a table that could not be read to its
 * end and a line that is not what the format says are refused. One line is in
 * memory at a time.
 */
#ifndef TU_PATCH_JSONPATCH_H
#define TU_PATCH_JSONPATCH_H

#include <stdio.h>

#include "base/arena.h"
#include "diff/change.h"

struct jsonpatch_options {
	FILE *in;
	const char *name;   /* for messages */
	struct db *target;  /* for reading */
	const char *schema; /* instead of the patch's, or NULL */
	bool extras;        /* rows with the columns that were not compared */
	bool partial;       /* leave out what the target cannot hold */
};

struct jsonpatch {
	char source[256], target[256]; /* as the patch names them */
	uint64_t left_out; /* rows that no patch can carry, wholly or in part */
};

/*
 * Tell the sink begin, change..., end for each table with changes. Their pairs
 * live in the arena; cells only during the call, as ever. What end() is told
 * is how many rows the sides had. Cells of the target are in the form it keeps,
 * pair->extra is NULL, and of an update's source those that it does not change
 * are the target's. TU_EPATCH with name and line for a patch that is none.
 */
enum status jsonpatch_read(const struct jsonpatch_options *options,
    struct arena *arena, struct change_sink *sink, struct jsonpatch *out,
    struct err *err);

#endif
