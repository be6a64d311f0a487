#include <config.h>

#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

/* The terminal is one per process, and so is what guards it. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static enum log_level max_level = LOG_WARN;
static bool tracing, progress, drawn;
static const char *about;

void
log_setup(enum log_level level, bool trace_sql)
{
	max_level = level;
	tracing = trace_sql;
}

void
log_about(const char *what)
{
	about = what;
}

static void
put_prefix(void)
{
	fputs("trueup: ", stderr);
	if (about != NULL)
		fprintf(stderr, "%s: ", about);
}

bool
log_enabled(enum log_level level)
{
	return level <= max_level;
}

static void
clear_progress(void)
{
	if (drawn)
		fputs("\r\033[K", stderr);
	drawn = false;
}

void
log_line(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	if (!log_enabled(level))
		return;
	pthread_mutex_lock(&lock);
	clear_progress();
	put_prefix();
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	pthread_mutex_unlock(&lock);
}

void
log_sql(const char *side, const char *sql)
{
	if (!tracing)
		return;
	pthread_mutex_lock(&lock);
	clear_progress();
	put_prefix();
	fprintf(stderr, "%s: %s\n", side, sql);
	pthread_mutex_unlock(&lock);
}

void
log_progress_enable(void)
{
	progress = true;
}

void
log_progress(const char *line)
{
	if (!progress)
		return;
	pthread_mutex_lock(&lock);
	if (drawn || line != NULL) {
		clear_progress();
		if (line != NULL)
			fputs(line, stderr);
		drawn = line != NULL;
		fflush(stderr);
	}
	pthread_mutex_unlock(&lock);
}
