/*
 * matrix-corpus.h - the values that every brand must agree on (VALUES.md 6).
 *
 * A family is one kind of value and the column that keeps it in each brand;
 * the source's and the target's may differ. A value is known by its field:
 * whatever has the same field is equal, in every pair of brands, and nothing
 * else is. Values that a family lists are joined by their nearest neighbours
 * (one unit in the last place, one blank, one bit, NULL...), which are made
 * here.
 */
#ifndef TU_TEST_MATRIX_CORPUS_H
#define TU_TEST_MATRIX_CORPUS_H

#include "base/arena.h"
#include "base/buf.h"
#include "lib/world.h"

enum kind {
	K_NUM, /* digits; neighbours differ in the last one, or in the sign */
	K_F8,
	K_F4,
	K_TEXT,
	K_CHAR, /* blanks at the end do not count */
	K_BYTES,
	K_DATE,
	K_TIME,
	K_TS,
	K_TSTZ, /* fields are in UTC */
	K_UUID,
	K_BITS,
	K_OTHER, /* as it is spelled; no neighbours are made */
};

/* Bits of value.lacks. */
#define NO_LITE (1u << LITE)
#define NO_PG (1u << PG)
#define NO_MY (1u << MY)

struct value {
	const char *field; /* NULL: SQL NULL */
	size_t len;
	/* Where a brand does not store what the field says, or spells it in
	 * a way of its own. */
	const char *sql[BRANDS];
	unsigned lacks; /* brands that cannot hold it */
	unsigned over;  /* brands whose target column cannot, though the
	                 * source's can */
	/* What a column of the target keeps of it, where that is less; two
	 * fields between '|' when it may have been rounded either way. */
	const char *kept;
	/* Times with more digits that this one may have been made of: joined
	 * by '|'. For SQLite's own spelling, or for a coarse family's source.
	 */
	const char *covers;
	/* The listed value that this one is a neighbour of, or itself. */
	size_t of;
};

struct family {
	const char *name;
	enum kind kind;
	const char *type[BRANDS];   /* NULL: the brand has none */
	const char *target[BRANDS]; /* NULL: as type */
	const char *prelude[BRANDS];
	/* How a key of this family is declared, NULL: it is no key. */
	const char *key[BRANDS];
	bool real;    /* SQLite keeps the nearest double */
	bool coarse;  /* the source's column keeps less than the target's */
	bool spelled; /* SQLite keeps the text as it is written */
	bool random;  /* tests/db/random may use it and invent values */
	int digits;   /* K_NUM: that a random value has, */
	int scale;    /* so many of them behind the point */
	const struct value *listed;
	size_t nlisted;
};

extern const struct family families[];
extern const size_t nfamilies;

/* Listed values, their neighbours and NULL. */
struct value *family_values(
    const struct family *f, struct arena *arena, size_t *n);

/* A column's type on one side, NULL if this brand does not take part. */
const char *family_type(const struct family *f, enum brand b, enum side side);

/* Is it stored there? What is not held is NULL. */
bool value_held(const struct family *f, enum brand b, enum side side,
    const struct value *v);

/* Append an expression that stores the value. */
void value_sql(struct buf *out, const struct family *f, enum brand b,
    enum side side, const struct value *v);

bool value_same(const struct value *a, const struct value *b);

/* How a source value compares with what the target has. */
enum verdict value_expected(const struct family *f, const enum brand brands[2],
    const struct value *source, const struct value *target);

/* A value that nobody listed. */
struct value value_random(const struct family *f, struct arena *arena);

#endif
