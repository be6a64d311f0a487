/*
 * rule.h - what is taken for equal in one pair of columns beyond its type.
 *
 * A fold maps values onto others before anything looks at them: hashes, keys
 * and the judge see rule_fold()'s cell, so two values that fold to the same
 * are one value everywhere. A tolerance is different: it is no equivalence
 * (0.9 is within 0.1 of 1 and of 0.8, which are not within it), so hashes stay
 * strict and only the judge knows of it.
 *
 * Folds for bytes are by cell: 16 bytes are a uuid in some order, text is not.
 * Where the two sides must be read in different ways, the rule says which.
 */
#ifndef TU_VALUE_RULE_H
#define TU_VALUE_RULE_H

#include "base/buf.h"
#include "value/cell.h"
#include "value/vtype.h"

enum vfold {
	FOLD_RTRIM = 1 << 0,        /* blanks at the end of text */
	FOLD_CASE = 1 << 1,         /* textfold.h */
	FOLD_NFC = 1 << 2,          /* textfold.h */
	FOLD_CRLF = 1 << 3,         /* CR LF is LF */
	FOLD_EMPTY_NULL = 1 << 4,   /* '' is NULL */
	FOLD_TRUTHY = 1 << 5,       /* a number but 0 is 1 */
	FOLD_ZERO_DATE = 1 << 6,    /* a date with month or day 00 is NULL */
	FOLD_UUID = 1 << 7,         /* text and bytes are read as uuids */
	FOLD_UUID_TIME = 1 << 8,    /* bytes of UUID_TO_BIN(x, 1) */
	FOLD_UUID_GUID = 1 << 9,    /* first three parts little-endian */
	FOLD_JSON_TEXT = 1 << 10,   /* JSON is its text */
	FOLD_JSON_DOUBLE = 1 << 11, /* for the judge: numbers are binary64 */
	FOLD_UNIX = 1 << 12,        /* numbers are seconds since 1970 */
	FOLD_UNIXMS = 1 << 13,      /* ... milliseconds since 1970 */
	FOLD_JULIAN = 1 << 14,      /* ... Julian days */
	FOLD_ISO = 1 << 15,         /* numbers are no times at all */
	FOLD_BYTES = 1 << 16,       /* text is its bytes */
};
#define FOLD_TIMES (FOLD_UNIX | FOLD_UNIXMS | FOLD_JULIAN | FOLD_ISO)
#define FOLD_UUIDS (FOLD_UUID | FOLD_UUID_TIME | FOLD_UUID_GUID)

/* The sides of a comparison as bits. */
enum vside {
	VSIDE_SOURCE = 1 << 0,
	VSIDE_TARGET = 1 << 1,
};

struct zone;

struct vrule {
	unsigned folds; /* enum vfold */
	unsigned bits;  /* sides whose text of 0 and 1 is a binary number */
	unsigned local; /* sides whose times without a zone are in zone */
	struct zone *zone;
	/* Canonical decimal, for times in seconds; NULL: none. */
	const char *tolerance;
};

/* Does it change what is hashed, so that a server cannot hash the column? */
bool rule_folds(const struct vrule *rule);

/* Does it read the two sides in different ways? Keys cannot. */
static inline bool
rule_has_sides(const struct vrule *rule)
{
	return rule != NULL && (rule->bits | rule->local) != 0;
}

/*
 * The cell that stands for c, a value of a side (enum vside) under a type that
 * has a rule: under the same type without its rule it means the same. out
 * points into c or into scratch, which is only appended to.
 */
void rule_fold(const struct vtype *t, unsigned side, const struct cell *c,
    struct buf *scratch, struct cell *out);

/*
 * The bytes of a uuid in the order the rule wants; the same function leads
 * there and back, guid and plain order, but not UUID_TO_BIN's: there is `back`.
 */
void rule_uuid_order(unsigned folds, bool back, const char *in, char *out);

/* "rtrim", ...: one bit of enum vfold, 0 for a name that is none. */
unsigned fold_by_name(const char *name, size_t len);
/* Append the names, with commas between. */
void fold_names(struct buf *out, unsigned folds);

#endif
