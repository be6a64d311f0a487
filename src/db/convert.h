/*
 * convert.h - one value on its way into a column, for those who write a
 * dialect->convert().
 */
#ifndef TU_DB_CONVERT_H
#define TU_DB_CONVERT_H

#include "db/dialect.h"
#include "value/canon.h"

struct conversion {
	const struct column *to;
	enum ltype type; /* what the value means */
	const struct cell *in;
	struct buf *scratch;
	struct cell *out; /* set by whoever converts it, or why is */
	const char **why;
};

static inline bool
refuse(struct conversion *v, const char *why)
{
	*v->why = why;
	return false;
}

/* The canonical text of the value under a type, at the end of scratch. */
static inline bool
canonical(struct conversion *v, enum ltype type, struct cell *text)
{
	size_t at = v->scratch->len;

	if (!canon_text(v->scratch, type, v->in))
		return false;
	*text = cell_text(v->scratch->data + at, v->scratch->len - at);
	return true;
}

#endif
