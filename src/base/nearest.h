/*
 * nearest.h - what somebody may have meant by a word that nobody knows.
 *
 *	struct nearest n;
 *
 *	nearest_init(&n, "traget");
 *	nearest_try(&n, "source");
 *	nearest_try(&n, "target");
 *	n.found is "target"
 */
#ifndef TU_BASE_NEAREST_H
#define TU_BASE_NEAREST_H

#include "base/base.h"

struct nearest {
	const char *word;
	const char *found; /* of those tried; NULL: none is near */
	unsigned distance; /* found's, or the first that is too far */
};

/* word and the candidates are kept, not copied. */
void nearest_init(struct nearest *n, const char *word);
void nearest_try(struct nearest *n, const char *candidate);

#endif
