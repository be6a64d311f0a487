#include <config.h>

#include "lib/tap.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int checks, failures;

static TU_PRINTF(2, 0) void report(bool pass, const char *fmt, va_list ap)
{
	/* Whole lines, so that a crash leaves TAP that can be read. */
	if (checks == 0)
		setvbuf(stdout, NULL, _IOLBF, 0);
	printf("%sok %d - ", pass ? "" : "not ", ++checks);
	vprintf(fmt, ap);
	putchar('\n');
	if (!pass)
		failures++;
}

bool
tap_ok(bool pass, const char *expr, const char *file, int line, const char *fmt,
    ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(pass, fmt, ap);
	va_end(ap);
	if (!pass)
		printf("# %s:%d: %s\n", file, line, expr);
	return pass;
}

bool
tap_is_str(const char *got, const char *want, const char *file, int line,
    const char *fmt, ...)
{
	bool pass = strcmp(got, want) == 0;
	va_list ap;

	va_start(ap, fmt);
	report(pass, fmt, ap);
	va_end(ap);
	if (!pass)
		printf("# %s:%d\n#   got  '%s'\n#   want '%s'\n", file, line,
		    got, want);
	return pass;
}

bool
tap_is_int(long long got, long long want, const char *file, int line,
    const char *fmt, ...)
{
	bool pass = got == want;
	va_list ap;

	va_start(ap, fmt);
	report(pass, fmt, ap);
	va_end(ap);
	if (!pass)
		printf("# %s:%d: got %lld, want %lld\n", file, line, got, want);
	return pass;
}

int
tap_done(void)
{
	printf("1..%d\n", checks);
	return failures != 0;
}

uint64_t
tap_random(void)
{
	static uint64_t state;
	static bool seeded;
	uint64_t z;

	if (!seeded) {
		const char *s = getenv("TRUEUP_SEED");

		state =
		    s != NULL ? strtoull(s, NULL, 10) : (uint64_t)time(NULL);
		printf("# TRUEUP_SEED=%" PRIu64 "\n", state);
		seeded = true;
	}
	z = (state += UINT64_C(0x9e3779b97f4a7c15));
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint64_t
tap_below(uint64_t n)
{
	return tap_random() % n;
}

bool
tap_one_in(uint64_t n)
{
	return tap_below(n) == 0;
}

uint64_t
tap_mix(uint64_t x)
{
	x ^= x >> 31;
	x *= UINT64_C(0x9e3779b97f4a7c15);
	x ^= x >> 29;
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	return x ^ x >> 32;
}
