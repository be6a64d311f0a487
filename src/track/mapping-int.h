/*
 * mapping-int.h - between the fields of a mapping and their SQL.
 */
#ifndef TU_TRACK_MAPPING_INT_H
#define TU_TRACK_MAPPING_INT_H

#include "track/mapping.h"

/*
 * In from, where and keys @t is the table itself; @o, @s and @e are its name in
 * the table of changes, its schema, and the event, as texts. A key with @c (the
 * key column),
 * @l (its name as a text) or @j (what is at its path of the payload) is one
 * for each key column.
 */
struct preset {
	const char *name;
	bool log; /* its rows are changes, not rows of the table itself */
	const char *field[MAP_FIELDS]; /* ack: what "yes" stands for */
};

/* A mapping with what its preset says. */
struct resolved {
	const struct preset *preset; /* or NULL */
	const char *f[MAP_FIELDS];
	enum read_kind kind;
	int64_t window;
};

/* What is wrong with one of the words, as mapping_mistake() says it. */
const char *mapping_resolve(struct arena *arena, const struct mapping *m,
    struct resolved *r, enum mapping_field *field);

#endif
