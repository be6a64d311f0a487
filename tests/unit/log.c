/* Whatever is said on stderr is one line, and none that commands a terminal. */
#include <config.h>

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/tap.h"

static const char nasty[] = "a\033[2J\n\xc2\x9b\xe2\x80\xae\xff\tb";
static const char shown[] = "a\\x1b[2J\\n\\u{9b}\\u{202e}\\xff\\tb";

/* What stderr has got since the last time. */
static const char *
said(FILE *copy)
{
	static char text[1000];
	size_t n;

	fflush(stderr);
	n = fread(text, 1, sizeof(text) - 1, copy);
	text[n] = '\0';
	clearerr(copy);
	return text;
}

int
main(void)
{
	char name[] = "/tmp/log.XXXXXX", want[200];
	int fd = mkstemp(name);
	FILE *copy = fdopen(fd, "r");

	if (copy == NULL || freopen(name, "a", stderr) == NULL)
		return 1;
	unlink(name);
	log_setup(LOG_INFO, true);
	snprintf(want, sizeof(want), "trueup: name '%s'\n", shown);
	log_line(LOG_WARN, "name '%s'", nasty);
	is_str(said(copy), want, "a message");
	log_line(LOG_DEBUG, "%s", nasty);
	is_str(said(copy), "", "is not heard where nobody asked");
	log_say("%s", nasty);
	snprintf(want, sizeof(want), "%s\n", shown);
	is_str(said(copy), want, "a bare one");
	log_sql("source", nasty);
	snprintf(want, sizeof(want), "trueup: source: %s\n", shown);
	is_str(said(copy), want, "SQL");
	log_progress("x");
	is_str(said(copy), "", "no progress unless on a terminal");
	log_progress_enable();
	log_progress(nasty);
	is_str(said(copy), shown, "progress");
	log_say("y");
	is_str(said(copy), "\r\033[Ky\n", "which makes room for a message");
	fclose(copy);
	return tap_done();
}
