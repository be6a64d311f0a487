/*
 * num.h - decimals of any length, and doubles as text.
 */
#ifndef TU_VALUE_NUM_H
#define TU_VALUE_NUM_H

#include "base/buf.h"

/*
 * Append the canonical form of a decimal ("007.50", ".5", "+1E+20", "-0",
 * "NaN", "inf"): see canon.h. White space around it is allowed, anything else
 * is not a number: false, nothing appended. Exponents beyond +-5000 are
 * refused rather than expanded.
 */
bool num_canon(struct buf *out, const char *s, size_t n);

/* Compare two canonical decimals as numbers; NaN is greatest and equals NaN. */
int num_cmp(const char *a, size_t alen, const char *b, size_t blen);

/*
 * Append the canonical decimal of the shortest text that reads back as f: the
 * first of %.15g, %.16g and %.17g that does.
 */
void num_from_f64(struct buf *out, double f);

/*
 * Print into to, which has room for NUM_PRINT_MAX bytes, and return the length;
 * no NUL is written. A double is the same shortest text as above in the layout
 * of PostgreSQL's float8out: an exponent below 1e-4 and from 1e15 on, -0 for
 * the negative zero, NaN, Infinity, -Infinity.
 */
#define NUM_PRINT_MAX 32
size_t num_print_i64(char *to, int64_t v);
size_t num_print_f64(char *to, double f);

/* The nearest double of a canonical decimal; correctly rounded. */
double num_to_f64(const char *s, size_t n);

/*
 * Append a canonical decimal rounded half away from zero to scale digits
 * behind the point (canonical again). scale may be negative.
 */
void num_round(struct buf *out, const char *s, size_t n, int scale);

/*
 * Digits before and behind the point of a canonical decimal; a lone 0 before
 * the point does not count. Both are 0 for NaN and the infinities.
 */
void num_digits(const char *s, size_t n, size_t *before, size_t *behind);

/* True, and the value, when a canonical decimal is an integer of 64 bits. */
bool num_to_i64(const char *s, size_t n, int64_t *out);

#endif
