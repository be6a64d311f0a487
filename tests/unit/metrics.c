/*
 * Metrics: every family whether or not there is a pair, nothing invented, names
 * that want to break out of their quotes.
 */
#include <config.h>

#include "audit/metrics.h"

#include <string.h>

#include "lib/tap.h"

static struct buf text = BUF_INIT;

static void
make(const struct history_status *pairs, size_t n)
{
	buf_reset(&text);
	metrics_add(&text, pairs, n);
	(void)buf_str(&text);
}

/* A whole line of the text. */
static bool
has(const char *line)
{
	size_t n = strlen(line);

	for (const char *p = text.data; (p = strstr(p, line)) != NULL; p++)
		if ((p == text.data || p[-1] == '\n') && p[n] == '\n')
			return true;
	return false;
}

static size_t
lines(const char *prefix)
{
	size_t n = 0;

	for (const char *p = text.data; (p = strstr(p, prefix)) != NULL; p++)
		n += p == text.data || p[-1] == '\n';
	return n;
}

static void
test_none(void)
{
	make(NULL, 0);
	ok(lines("# TYPE trueup_") == 21 && lines("# HELP trueup_") == 21,
	    "every family is described");
	is_int((long long)lines("trueup_"), 1, "and has no sample but build");
	ok(has("trueup_build_info{version=\"" PACKAGE_VERSION "\"} 1"),
	    "build");
}

static struct history_table tables[] = {
	{ .name = "eq",
	    .verdict = "equal",
	    .verified = 90,
	    .in_last = true,
	    .rows = { 7, 8 },
	    .accepted = 2 },
	{ .name = "di",
	    .verdict = "different",
	    .verified = 91,
	    .since = 50,
	    .in_last = true,
	    .ops = { [CHANGE_DELETE] = 1,
		[CHANGE_UPDATE] = 2,
		[CHANGE_INSERT] = 3 } },
	{ .name = "wr",
	    .verdict = "written",
	    .in_last = true,
	    .ops = { [CHANGE_INSERT] = 9 } },
	{ .name = "bad", .verdict = "failed", .since = 40, .in_last = true },
};
static struct history_total totals[] = {
	{ "applied.insert", 9 },
	{ "bytes", 123 },
	{ "rows.source", 7 },
	{ "runs.different", 4 },
};
static const struct history_status shop = {
	.pair = "shop",
	.has_run = true,
	.last = { .started = 80,
	    .ended = 95,
	    .exit_status = 1,
	    .seconds = 1.5 },
	.last_success = 95,
	.last_full = 95,
	.accepted = 2,
	.ntables = ARRAY_LEN(tables),
	.tables = tables,
	.ntotals = ARRAY_LEN(totals),
	.totals = totals,
};

static void
test_pair(void)
{
	static const char *const want[] = {
		"trueup_up{pair=\"shop\"} 1",
		"trueup_last_run_timestamp_seconds{pair=\"shop\"} 95",
		"trueup_last_success_timestamp_seconds{pair=\"shop\"} 95",
		"trueup_last_full_verification_timestamp_seconds"
		"{pair=\"shop\"} 95",
		"trueup_last_run_duration_seconds{pair=\"shop\"} 1.500",
		"trueup_last_run_exit_code{pair=\"shop\"} 1",
		"trueup_accepted_records{pair=\"shop\"} 2",
		"trueup_runs_total{pair=\"shop\",result=\"different\"} 4",
		"trueup_runs_total{pair=\"shop\",result=\"killed\"} 0",
		"trueup_rows_compared_total{pair=\"shop\",side=\"source\"} 7",
		"trueup_rows_applied_total{pair=\"shop\",op=\"insert\"} 9",
		"trueup_received_bytes_total{pair=\"shop\"} 123",
		"trueup_rows{pair=\"shop\",table=\"eq\",side=\"target\"} 8",
		"trueup_accepted_differences{pair=\"shop\",table=\"eq\"} 2",
		"trueup_differences{pair=\"shop\",table=\"eq\",kind=\"extra\"} "
		"0",
		"trueup_differences{pair=\"shop\",table=\"di\",kind=\"extra\"} "
		"1",
		"trueup_differences{pair=\"shop\",table=\"di\",kind=\"changed"
		"\"} 2",
		"trueup_differences{pair=\"shop\",table=\"di\",kind=\"missing"
		"\"} 3",
		"trueup_differences{pair=\"shop\",table=\"wr\",kind=\"missing"
		"\"} 0",
		"trueup_drift_since_timestamp_seconds{pair=\"shop\","
		"table=\"di\"} 50",
		"trueup_drift_since_timestamp_seconds{pair=\"shop\","
		"table=\"bad\"} 40",
		"trueup_table_verified_timestamp_seconds{pair=\"shop\","
		"table=\"eq\"} 90",
	};

	make(&shop, 1);
	for (size_t i = 0; i < ARRAY_LEN(want); i++)
		ok(has(want[i]), "%s", want[i]);
	ok(lines("trueup_rows{") == 6 && lines("trueup_differences{") == 9,
	    "nothing is known of a table that failed");
	is_int((long long)lines("trueup_drift_since_timestamp_seconds{"), 2,
	    "only what differs drifts");
}

static void
test_unknown(void)
{
	struct history_status s = { .pair = "new" };

	make(&s, 1);
	is_int((long long)lines("trueup_up{"), 0, "a first run is not down");
	is_int((long long)lines("trueup_last_"), 0, "nor has it a time");
	s.has_run = true;
	s.last = (struct history_run){ .started = 5, .exit_status = -1 };
	make(&s, 1);
	ok(has("trueup_up{pair=\"new\"} 0"), "a killed one is down");
	ok(has("trueup_last_run_timestamp_seconds{pair=\"new\"} 5"),
	    "since it began");
	is_int((long long)lines("trueup_last_run_exit_code{"), 0,
	    "without an exit status");
}

static void
test_names(void)
{
	struct history_status s = { .pair = "a\"b\\c\nd" };

	make(&s, 1);
	ok(has("trueup_accepted_records{pair=\"a\\\"b\\\\c\\nd\"} 0"),
	    "quotes, backslashes and line ends");
	s.pair = "\xc3\xa9";
	make(&s, 1);
	ok(has("trueup_accepted_records{pair=\"\xc3\xa9\"} 0"), "UTF-8");
	s.pair = "\xe9t\xe9";
	make(&s, 1);
	ok(has("trueup_accepted_records{pair=\"?t?\"} 0"), "no UTF-8");
}

int
main(void)
{
	test_none();
	test_pair();
	test_unknown();
	test_names();
	buf_free(&text);
	return tap_done();
}
