/*
 * base.h - what every other header may rely on.
 *
 * Every .c file includes <config.h> first, then its own header, then system
 * headers, then ours. base/ knows nothing of databases or of the command line.
 */
#ifndef TU_BASE_BASE_H
#define TU_BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define TU_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define TU_MUST_USE __attribute__((warn_unused_result))
#define TU_NORETURN __attribute__((noreturn))
#else
#define TU_PRINTF(fmt, args)
#define TU_MUST_USE
#define TU_NORETURN
#endif

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
/* For what a loop of millions of rows is made of. */
#define ALWAYS_INLINE static inline __attribute__((always_inline))

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* An integer of n bytes, at most 8, that begins with the highest. */
static inline uint64_t
big_endian(const void *p, size_t n)
{
	const unsigned char *bytes = p;
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | bytes[i];
	return v;
}

#endif
