#include <config.h>

#include "base/clock.h"

#include <time.h>

double
clock_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int64_t
clock_now(void)
{
	return (int64_t)time(NULL);
}

const char *
clock_text(char text[CLOCK_TEXT])
{
	return clock_text_of(text, clock_now());
}

const char *
clock_text_of(char text[CLOCK_TEXT], int64_t when)
{
	time_t t = (time_t)when;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(text, CLOCK_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return text;
}
