/*
 * log.h - what is said on stderr while working.
 *
 * Results never go here. The level is set once, before the first thread
 * starts; messages of several threads do not mix within a line. Whatever is
 * said is one line in which control and hidden characters are escaped
 * (utf8_show()): names, values and servers' messages come along, and none of
 * them commands a terminal or looks like a line of ours.
 */
#ifndef TU_BASE_LOG_H
#define TU_BASE_LOG_H

#include "base/base.h"

enum log_level {
	LOG_WARN,  /* always */
	LOG_INFO,  /* -v */
	LOG_DEBUG, /* -vv */
};

void log_setup(enum log_level level, bool trace_sql);
bool log_enabled(enum log_level level);

/* "trueup: ABOUT: " is in front of every line from now on; kept, not copied. */
void log_about(const char *about);

/* One line, "trueup: " in front, a newline behind. Clears a progress line. */
void log_line(enum log_level level, const char *fmt, ...) TU_PRINTF(2, 3);

/* The same at any level, with nothing in front. */
void log_say(const char *fmt, ...) TU_PRINTF(1, 2);

/* --trace-sql: the statement about to run on a side ("source", "target"). */
void log_sql(const char *side, const char *sql);

/*
 * Draw, redraw or (NULL) remove the progress line. Nothing happens unless
 * log_progress_enable() was called, which main does on a terminal only.
 */
void log_progress_enable(void);
void log_progress(const char *line);

#endif
