#include <config.h>

#include <string.h>

#include "base/buf.h"
#include "base/stage.h"
#include "cmd/progress.h"
#include "lib/tap.h"

static void
is_line(const char *want, const char *what)
{
	struct buf line = BUF_INIT;
	struct stage s;

	stage_get(&s);
	progress_text(&line, &s);
	is_str(buf_str(&line), want, "%s", what);
	buf_free(&line);
}

static void
test_stages(void)
{
	stage_begin("connecting to the %s", "source");
	stage_add(0, 5);
	is_line("connecting to the source", "nothing is counted there");
	stage_begin_table(4000, 6000, "[1/2] a");
	stage_add(0, 1000);
	stage_add(1, 500);
	is_line("[1/2] a: 15 %, 1,000 and 500 rows", "of both tables");
	stage_add(0, 1500);
	stage_add(1, 1500);
	is_line("[1/2] a: 2,500 and 2,000 rows",
	    "more than expected: nobody knows the end");
	stage_table_again();
	is_line("[1/2] a: 0 %, 0 and 0 rows", "from the start");
	stage_add(0, 2000);
	stage_add(1, 2000);
	stage_look(0);
	stage_add(0, 700);
	is_line("[1/2] a: 2,000 and 2,000 rows", "read, and not counted again");
	stage_look(1234);
	is_line("[1/2] a: 2,000 and 2,000 rows, 1,234 read again",
	    "what may differ");
	stage_begin_table(6000, 0, "[2/2] b");
	stage_add(1, 1000);
	is_line("[2/2] b: 50 %, 0 and 1,000 rows", "the table before counts");
	stage_begin_table(-1, 0, "[3/3] c");
	is_line("[3/3] c: 0 and 0 rows", "a size that nobody knows");
	stage_begin_rows(200, "writing");
	stage_set(50);
	is_line("writing: 25 %, 50 rows", "rows written");
	stage_begin_rows(0, "writing");
	is_line("writing: 0 rows", "of none");
}

static void
test_time(void)
{
	struct stage s = { .kind = STAGE_ROWS,
		.what = "w",
		.rows = { 1234567, 0 },
		.part = 0.999,
		.rate = 123456,
		.seconds = 59.9 };
	struct buf line = BUF_INIT;

	progress_text(&line, &s);
	is_str(buf_str(&line),
	    "w: 99 %, about 0:59 left, 1,234,567 rows, 123,000/s",
	    "cut, never rounded up to the end");
	buf_reset(&line);
	s.seconds = 3 * 3600 + 62;
	s.rate = 99;
	progress_text(&line, &s);
	is_str(buf_str(&line),
	    "w: 99 %, about 3:01:02 left, 1,234,567 rows, 99/s", "hours");
	buf_free(&line);
}

static bool
near(double x, double want)
{
	return x > want * 0.99 && x < want * 1.01;
}

static void
test_rate(void)
{
	struct stage_rate r = { 0 };
	double at = 100, rows = 0;

	stage_rate_add(&r, at, 0);
	stage_rate_add(&r, at + 0.5, 500);
	ok(stage_rate_get(&r) < 0, "half a second tells nothing");
	stage_rate_add(&r, at + 1, 1000);
	ok(near(stage_rate_get(&r), 1000), "one second does");
	stage_rate_add(&r, at + 10, 2800);
	ok(near(stage_rate_get(&r), 280), "the mean at first");
	rows = 2800;
	for (at = 110; at < 310; at += 0.5)
		stage_rate_add(&r, at, rows += 100);
	ok(near(stage_rate_get(&r), 200), "what was long ago is forgotten");
	stage_rate_add(&r, at, rows + 4000);
	ok(stage_rate_get(&r) < 420, "one burst is not the pace: %g",
	    stage_rate_get(&r));
}

int
main(void)
{
	test_stages();
	test_time();
	test_rate();
	return tap_done();
}
