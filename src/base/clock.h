/*
 * clock.h - what time it is.
 */
#ifndef TU_BASE_CLOCK_H
#define TU_BASE_CLOCK_H

#include "base/base.h"

/* Seconds since some moment; they never run backwards. */
double clock_seconds(void);

/* The time of day: seconds since 1970 in UTC. */
int64_t clock_now(void);

#define CLOCK_TEXT 32

/* The same as ISO 8601; returns text. */
const char *clock_text(char text[CLOCK_TEXT]);
/* Of another moment. */
const char *clock_text_of(char text[CLOCK_TEXT], int64_t when);

#endif
