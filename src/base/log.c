#include <config.h>

#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"

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

static void TU_PRINTF(2, 0) say(bool of_log, const char *fmt, va_list ap)
{
	struct buf line = BUF_INIT;
	char *text = NULL;
	int n = vasprintf(&text, fmt, ap);

	if (n < 0)
		out_of_memory(strlen(fmt));
	if (of_log)
		buf_adds(&line, "trueup: ");
	if (of_log && about != NULL) {
		utf8_show(&line, about, strlen(about));
		buf_adds(&line, ": ");
	}
	utf8_show(&line, text, (size_t)n);
	buf_addc(&line, '\n');
	pthread_mutex_lock(&lock);
	clear_progress();
	fwrite(line.data, 1, line.len, stderr);
	pthread_mutex_unlock(&lock);
	buf_free(&line);
	free(text);
}

void
log_line(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	if (!log_enabled(level))
		return;
	va_start(ap, fmt);
	say(true, fmt, ap);
	va_end(ap);
}

void
log_say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(false, fmt, ap);
	va_end(ap);
}

void
log_sql(const char *side, const char *sql)
{
	if (tracing)
		log_line(LOG_WARN, "%s: %s", side, sql);
}

void
log_progress_enable(void)
{
	progress = true;
}

void
log_progress(const char *line)
{
	struct buf shown = BUF_INIT;

	if (!progress)
		return;
	if (line != NULL)
		utf8_show(&shown, line, strlen(line));
	pthread_mutex_lock(&lock);
	if (drawn || line != NULL) {
		clear_progress();
		fputs(buf_str(&shown), stderr);
		drawn = line != NULL;
		fflush(stderr);
	}
	pthread_mutex_unlock(&lock);
	buf_free(&shown);
}
