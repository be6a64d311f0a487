/*
 * output.h - where a result goes: stdout, or a file that is complete or not
 * there.
 *
 * A file is written under a temporary name in its own directory and renamed by
 * output_commit(), so an existing file survives a failed run and nobody reads
 * half a patch. What is not a regular file (a pipe, /dev/null) is written in
 * place, and a symbolic link stays one.
 */
#ifndef TU_CMD_OUTPUT_H
#define TU_CMD_OUTPUT_H

#include <stdio.h>

#include "base/err.h"

struct output {
	FILE *fp;         /* NULL while not open */
	const char *name; /* for messages */
	char *path;       /* the file to become; NULL: written in place */
	char *temp;
};

/* path NULL means stdout. The string is kept, not copied. */
enum status output_open(struct output *out, const char *path, struct err *err);

/* Would output_commit() take the place of a file? */
bool output_replaces(const struct output *out);

/* Finish; with durable, not before file and name are on the disk. */
enum status output_commit(struct output *out, bool durable, struct err *err);

/* Give up; nothing is left of the file. Also after output_commit(), and on an
 * object that was never opened but is zeroed. */
void output_discard(struct output *out);

/*
 * True when nobody reads any more ("| head"): a write has failed for that
 * reason, and there is no point in a message.
 */
bool output_unread(const struct output *out);

#endif
