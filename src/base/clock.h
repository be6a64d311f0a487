/*
 * clock.h - what time it is.
 */
#ifndef TU_BASE_CLOCK_H
#define TU_BASE_CLOCK_H

/* Seconds since some moment; they never run backwards. */
double clock_seconds(void);

#define CLOCK_TEXT 32

/* The time of day, ISO 8601 in UTC; returns text. */
const char *clock_text(char text[CLOCK_TEXT]);

#endif
