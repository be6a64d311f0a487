#include <config.h>

#include "cmd/progress.h"

#include <inttypes.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "patch/report.h"

#define REDRAW_SECONDS 0.1
#define NAME_BYTES 40
#define DRAW_AFTER_SECONDS 0.3 /* a quick run needs no progress */

/* Of the terminal, and only used by the thread that runs the command. */
static double started, drawn;

static void
add_time(struct buf *line, double seconds)
{
	uint64_t left = (uint64_t)seconds;

	if (left >= 3600)
		buf_addf(line, "about %" PRIu64 ":%02u:%02u left, ",
		    left / 3600, (unsigned)(left / 60 % 60),
		    (unsigned)(left % 60));
	else
		buf_addf(line, "about %u:%02u left, ", (unsigned)(left / 60),
		    (unsigned)(left % 60));
}

/* Three digits are all that is known of it. */
static void
add_rate(struct buf *line, double rate)
{
	uint64_t n = (uint64_t)rate, unit = 1;

	while (n / unit >= 1000)
		unit *= 10;
	buf_adds(line, ", ");
	report_count(line, n / unit * unit);
	buf_adds(line, "/s");
}

static void
add_rows(struct buf *line, const struct stage *s)
{
	report_count(line, s->rows[0]);
	if (s->kind == STAGE_TABLE) {
		buf_adds(line, " and ");
		report_count(line, s->rows[1]);
	}
	buf_adds(line, " rows");
	if (s->looking && s->again > 0) {
		buf_adds(line, ", ");
		report_count(line, s->again);
		buf_adds(line, " read again");
	} else if (s->rate > 0 && !s->looking) {
		add_rate(line, s->rate);
	}
}

/* What matters most comes first: a terminal may be narrow. */
void
progress_text(struct buf *line, const struct stage *s)
{
	buf_adds(line, s->what);
	if (s->kind == STAGE_PLAIN)
		return;
	buf_adds(line, ": ");
	if (s->part >= 0 && !s->looking)
		buf_addf(line, "%d %%, ", (int)(s->part * 100));
	if (s->seconds >= 0)
		add_time(line, s->seconds);
	add_rows(line, s);
}

/* At most n bytes, and no half of a character. */
static void
cut(struct buf *text, size_t n)
{
	if (text->len <= n)
		return;
	while (n > 0 && (text->data[n] & 0xc0) == 0x80)
		n--;
	text->len = n;
}

static void
draw(void)
{
	double now = clock_seconds();
	struct buf line = BUF_INIT;
	struct winsize size;
	struct stage s;

	if (now - started < DRAW_AFTER_SECONDS || now - drawn < REDRAW_SECONDS)
		return;
	drawn = now;
	stage_get(&s);
	progress_text(&line, &s);
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		cut(&line, size.ws_col - 1);
	log_progress(buf_str(&line));
	buf_free(&line);
}

static void
report(void)
{
	struct buf line = BUF_INIT;
	struct stage s;

	stage_get(&s);
	progress_text(&line, &s);
	log_line(LOG_WARN, "%s", buf_str(&line));
	buf_free(&line);
}

void
progress_start(const struct settings *set)
{
	started = clock_seconds();
	stage_begin("starting");
	interrupt_report(report, (unsigned)set->log_progress);
	stage_watch(NULL); /* of a parent's, in a child */
	if (!set->progress || !isatty(STDERR_FILENO))
		return;
	log_progress_enable();
	stage_watch(draw);
}

void
progress_stop(void)
{
	stage_watch(NULL);
	interrupt_report(NULL, 0);
	log_progress(NULL);
}

static double
expected(const struct pair *pair)
{
	double rows = 0;

	for (int s = SOURCE; s <= TARGET; s++) {
		const struct table *t = pair->table[s];

		if (t->rows < 0 || t->where != NULL)
			return -1;
		rows += t->rows;
	}
	return rows;
}

void
progress_table(const struct plan *plan, size_t i)
{
	struct buf name = BUF_INIT;
	double rest = 0;

	report_name(&name, plan->pairs[i].name);
	cut(&name, NAME_BYTES);
	for (size_t j = i + 1; j < plan->npairs && rest >= 0; j++) {
		double rows = expected(&plan->pairs[j]);

		rest = rows < 0 ? -1 : rest + rows;
	}
	stage_begin_table(expected(&plan->pairs[i]), rest, "[%zu/%zu] %s",
	    i + 1, plan->npairs, buf_str(&name));
	buf_free(&name);
}
