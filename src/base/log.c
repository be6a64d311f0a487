#include <config.h>

#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/utf8.h"

/* The terminal is one per process, and so is what guards it. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static enum log_level max_level = LOG_WARN;
static bool tracing, progress, drawn;

void
log_setup(enum log_level level, bool trace_sql)
{
	max_level = level;
	tracing = trace_sql;
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

static void say(const char *prefix, const char *fmt, va_list ap)
    TU_PRINTF(2, 0);

static void
say(const char *prefix, const char *fmt, va_list ap)
{
	struct buf line = BUF_INIT;
	char *text = NULL;
	int n = vasprintf(&text, fmt, ap);

	if (n < 0)
		out_of_memory(strlen(fmt));
	buf_adds(&line, prefix);
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
	say("trueup: ", fmt, ap);
	va_end(ap);
}

void
log_say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("", fmt, ap);
	va_end(ap);
}

void
log_sql(const char *side, const char *sql)
{
	if (tracing)
		log_say("trueup: %s: %s", side, sql);
}

void
log_progress_enable(void)
{
	progress = true;
}

static void
draw(const char *line)
{
	struct buf shown = BUF_INIT;

	utf8_show(&shown, line, strlen(line));
	fwrite(shown.data, 1, shown.len, stderr);
	buf_free(&shown);
	drawn = true;
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
			draw(line);
		fflush(stderr);
	}
	pthread_mutex_unlock(&lock);
}
