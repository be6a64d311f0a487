/*
 * The state file of a pair: the life of runs, drift, counters, what is kept and
 * for how long, and files that are not what they should be.
 */
#include <config.h>

#include "audit/history.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/history-int.h"
#include "lib/pairs.h"
#include "lib/tap.h"

static struct arena *arena;
static char dir[64];
static const char *path;

/* --- helpers -------------------------------------------------------------- */

static void
new_path(const char *pair)
{
	path = history_path(arena, dir, pair);
}

static struct history *
open_it(enum history_mode mode)
{
	struct history *h;
	struct err err = ERR_INIT;

	if (history_open(path, "shop", mode, &h, &err) != TU_OK)
		ok(false, "%s opens: %s", path, err.msg);
	return h;
}

/* Statements on the file, from outside. */
static void
meddle(const char *sql)
{
	struct err err = ERR_INIT;
	struct db *db;

	if (db_open(arena_printf(arena, "sqlite:%s", path), DB_WRITE, "test",
		&db, &err) != TU_OK ||
	    db_exec(db, sql, NULL, &err) != TU_OK)
		ok(false, "%s: %s", sql, err.msg);
	db_close(db);
}

static struct pair *
table(const char *name)
{
	const struct column cols[] = {
		pairs_column("id", LT_NUM, AFF_NONE),
	};

	return pairs_new(arena, NULL, name, cols, 1, 1);
}

/* One table of a run: so many rows differ. */
static void
tell(struct history *h, const char *name, uint64_t updates, uint64_t unsettled)
{
	const struct tally tally = {
		.rows = { 1000, 1001 },
		.bytes = { 10, 20 },
		.ops = { [CHANGE_UPDATE] = updates },
		.unsettled = unsettled,
		.accepted = 2,
	};
	struct change_sink *sink = history_sink(h);
	struct err err = ERR_INIT;

	ok(sink->end(sink, table(name), &tally, &err) == TU_OK, "%s is heard",
	    name);
}

static void
begin(struct history *h, const char *action)
{
	struct err err = ERR_INIT;

	if (history_begin(h, action, "full", &err) != TU_OK)
		ok(false, "a run begins: %s", err.msg);
}

static void
end(struct history *h, struct history_end e)
{
	struct err err = ERR_INIT;

	if (history_end(h, &e, &err) != TU_OK)
		ok(false, "a run ends: %s", err.msg);
	history_close(h);
}

/* A whole run about table t. */
static void
run(const char *action, uint64_t differ, uint64_t unsettled, int exit_status)
{
	struct history *h = open_it(HISTORY_WRITE);

	begin(h, action);
	tell(h, "t", differ, unsettled);
	end(h, (struct history_end){ .exit_status = exit_status });
}

static struct history_status
status(void)
{
	struct history *h = open_it(HISTORY_READ);
	struct history_status s;
	struct err err = ERR_INIT;

	if (history_read(h, arena, &s, &err) != TU_OK)
		ok(false, "%s is read: %s", path, err.msg);
	history_close(h);
	return s;
}

static uint64_t
total(const struct history_status *s, const char *name)
{
	for (size_t i = 0; i < s->ntotals; i++)
		if (strcmp(s->totals[i].name, name) == 0)
			return s->totals[i].value;
	return 0;
}

/* --- a run ---------------------------------------------------------------- */

static void
test_life(void)
{
	struct history *h;
	struct history_status s;
	struct stat sb;

	new_path("life");
	h = open_it(HISTORY_WRITE);
	begin(h, "diff");
	s = status();
	ok(s.running && !s.has_run, "a first run that is running says nothing");
	tell(h, "a", 0, 0);
	tell(h, "b", 3, 0);
	end(h, (struct history_end){ .exit_status = 1,
		   .name = { "here", "there's" },
		   .done = { 1, 2, 3 },
		   .retries = 4 });
	s = status();
	ok(!s.running && s.has_run, "it has ended");
	is_str(s.pair, "shop", "whose file it is");
	is_str(s.last.verdict, "different", "verdict");
	is_str(s.last.target, "there's", "display name");
	is_str(s.last.version, PACKAGE_VERSION, "version");
	is_int(s.last.exit_status, 1, "exit status");
	is_int((long long)s.last.rows[SOURCE], 2000, "rows");
	is_int((long long)s.last.bytes, 60, "bytes");
	is_int((long long)s.last.tables, 2, "tables");
	is_int((long long)s.last.different, 1, "tables that differ");
	is_int((long long)s.last.ops[CHANGE_UPDATE], 3, "differences");
	is_int((long long)s.last.done[CHANGE_INSERT], 3, "written");
	is_int((long long)s.last.accepted, 4, "accepted");
	ok(s.last_success > 0 && s.last_success == s.last_full &&
		s.last_equal == 0,
	    "it answered, and found a difference");
	ok(s.last_error == NULL, "no error");
	is_int((long long)s.ntables, 2, "both tables stand");
	ok(s.tables[0].since == 0 && s.tables[0].equal > 0, "a is equal");
	ok(s.tables[1].since == s.last.started && s.tables[1].equal == 0 &&
		s.tables[1].trend == TREND_NEW,
	    "b drifts since this run");
	ok(s.tables[1].in_last && s.tables[1].ops[CHANGE_UPDATE] == 3,
	    "b in the last run");
	ok(stat(path, &sb) == 0 && (sb.st_mode & 0777) == 0600,
	    "the file is private");
	run("diff", 0, 0, 0);
	s = status();
	ok(s.ntables == 1 && strcmp(s.tables[0].name, "t") == 0,
	    "tables that a whole run does not meet are forgotten");
}

static void
test_failures(void)
{
	const struct err why = { .status = TU_ECONNECT,
		.msg = "target: no route" };
	struct history_status s;
	struct history *h;

	new_path("failures");
	run("diff", 0, 0, 0);
	meddle("UPDATE pair SET last_success = 5, last_full = 5");
	h = open_it(HISTORY_WRITE);
	begin(h, "diff");
	end(h, (struct history_end){ .exit_status = 3, .failed = &why });
	s = status();
	is_int(s.last_success, 5, "a failed run is no success");
	is_str(s.last.verdict, "failed", "its verdict");
	is_str(s.last_error, "target: no route", "its message");
	is_int((long long)s.ntables, 1, "what it did not meet still stands");
	run("diff", 0, 1, 7);
	s = status();
	is_int(s.last_success, 5, "nor is one that did not settle all");
	is_str(s.last.verdict, "incomplete", "its verdict");
	is_str(s.last_error, "incomplete", "which is all there is to say");
	is_str(s.tables[0].verdict, "unsettled", "the table's");
	run("diff", 1, 0, 1);
	s = status();
	ok(s.last_success > 5 && s.last_error == NULL, "an answer is one");
}

static void
test_killed(void)
{
	struct history_status s;
	struct history *h;
	pid_t pid;
	int how;

	new_path("killed");
	run("diff", 0, 0, 0);
	meddle("UPDATE pair SET last_success = 5");
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		/* Its checks are not in the count. */
		if (freopen("/dev/null", "w", stdout) == NULL)
			_exit(1);
		h = open_it(HISTORY_WRITE);
		begin(h, "diff");
		tell(h, "t", 1, 0);
		raise(SIGKILL);
	}
	ok(waitpid(pid, &how, 0) == pid && WIFSIGNALED(how), "a run is killed");
	s = status();
	ok(!s.running, "its lock went with it");
	is_str(s.last.verdict, "killed", "it did not end");
	is_int(s.last.exit_status, -1, "without an exit status");
	is_str(s.last_error, "killed", "a failure");
	is_int(s.last_success, 5, "no success");
	ok(s.tables[0].since == 0, "what it saw is not known");
	is_int((long long)total(&s, "runs.killed"), 0, "not counted yet");
	run("diff", 0, 0, 0);
	run("diff", 0, 0, 0);
	s = status();
	is_int((long long)total(&s, "runs.killed"), 1, "counted by the next");
	is_int(
	    (long long)total(&s, "runs.equal"), 3, "so are those that ended");
	is_int((long long)total(&s, "rows.target"), 3003, "and their rows");
	is_int((long long)total(&s, "bytes"), 90, "and bytes");
}

static void
test_drift(void)
{
	static const struct {
		const char *action;
		uint64_t differ, unsettled;
		int exit;
		bool drifts, first; /* since some run; since this one */
		enum history_trend trend;
		const char *verdict;
	} steps[] = {
		{ "diff", 5, 0, 1, true, true, TREND_NEW, "different" },
		{ "diff", 5, 0, 1, true, false, TREND_STEADY, "different" },
		{ "diff", 9, 0, 1, true, false, TREND_GROWING, "different" },
		{ "diff", 0, 2, 7, true, false, TREND_GROWING, "unsettled" },
		{ "diff", 4, 0, 1, true, false, TREND_SHRINKING, "different" },
		{ "diff", 0, 0, 0, false, false, TREND_NEW, "equal" },
		{ "diff", 4, 0, 1, true, true, TREND_NEW, "different" },
		{ "sync", 4, 0, 6, true, false, TREND_STEADY, "different" },
		{ "sync", 4, 0, 0, false, false, TREND_NEW, "written" },
		{ "diff", 1, 0, 1, true, true, TREND_NEW, "different" },
	};
	int64_t since = 0;

	new_path("drift");
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		struct history_status s;
		const struct history_table *t;

		run(steps[i].action, steps[i].differ, steps[i].unsettled,
		    steps[i].exit);
		/* Runs of one second would not be told apart. */
		if (steps[i].first)
			meddle(arena_printf(
			    arena, "UPDATE standing SET since = %zu", 100 + i));
		since = steps[i].first    ? 100 + (int64_t)i
		        : steps[i].drifts ? since
		                          : 0;
		s = status();
		t = &s.tables[0];
		ok(t->since == since, "step %zu: since", i);
		if (t->since > 0)
			is_str(history_trends[t->trend],
			    history_trends[steps[i].trend], "step %zu", i);
		is_str(t->verdict, steps[i].verdict, "step %zu: verdict", i);
	}
}

/* What was not compared, or on one side only. */
static void
test_rest(void)
{
	struct incomparable bad = { "odd", "no columns", TU_ESCHEMA };
	const char *only[] = { "gone" };
	const struct plan plan = { .nonly = { 1, 0 },
		.only_name = { only, NULL },
		.nbad = 1,
		.bad = &bad };
	const struct err why = { .status = TU_EQUERY,
		.msg = "table 'late': denied" };
	struct history_status s;
	struct change_sink *sink;
	struct err err = ERR_INIT;
	struct history *h;

	new_path("rest");
	h = open_it(HISTORY_WRITE);
	begin(h, "diff");
	sink = history_sink(h);
	ok(sink->fail(sink, table("late"), &why, &err) == TU_OK, "a failure");
	end(h, (struct history_end){ .exit_status = 5, .plan = &plan });
	s = status();
	is_int((long long)s.ntables, 3, "all are there");
	is_str(s.tables[0].verdict, "only in source", "gone");
	ok(s.tables[0].since > 0 && s.tables[0].verified > 0, "is a drift");
	is_str(s.tables[1].why, "denied", "late");
	ok(s.tables[1].verified == 0 && s.tables[1].since == 0, "not known");
	is_str(s.tables[2].verdict, "not comparable", "odd");
	is_int((long long)s.last.different, 1, "one differs");
	is_str(s.last_error, "table 'late': denied", "the first failure");
}

static void
test_retention(void)
{
	struct history_status s;

	new_path("retention");
	run("diff", 1, 0, 1);
	meddle("UPDATE run SET started = started - 86400 * 401;\n"
	       "UPDATE standing SET since = 7;\n"
	       "INSERT INTO accepted (tab, key_id, stale) VALUES "
	       "('t', x'01', 5), ('t', x'02', NULL)");
	run("diff", 1, 0, 1);
	s = status();
	is_int(s.tables[0].since, 7, "a drift outlives the run that found it");
	is_int((long long)total(&s, "runs.different"), 2, "counters do, too");
	is_int((long long)s.stale, 0, "what was stale that long is gone");
	is_int((long long)s.accepted, 1, "what was not, is not");
	meddle("CREATE TABLE x (n CHECK (n = 1));\n"
	       "INSERT INTO x SELECT count(*) FROM run;\n"
	       "INSERT INTO x SELECT count(*) FROM run_table;\nDROP TABLE x");
}

/* --- files ---------------------------------------------------------------- */

static void
refuse(enum history_mode mode, const char *pair, enum status st,
    const char *part, const char *what)
{
	struct history *h;
	struct err err = ERR_INIT;

	is_int(history_open(path, pair, mode, &h, &err), st, "%s", what);
	ok(h == NULL && strstr(err.msg, part) != NULL, "%s: %s", what, err.msg);
	history_close(h);
}

static void
overwrite(off_t at, const char *bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	ok(pwrite(fd, bytes, strlen(bytes), at) == (ssize_t)strlen(bytes),
	    "bytes written");
	close(fd);
}

static uint64_t
file_size(void)
{
	struct stat sb;

	return stat(path, &sb) == 0 ? (uint64_t)sb.st_size : 0;
}

static void
test_files(void)
{
	uint64_t size;

	new_path("missing");
	refuse(HISTORY_READ, NULL, TU_EIO, "no state file", "none to read");
	ok(access(path, F_OK) != 0, "reading makes none");
	overwrite(0, "");
	refuse(HISTORY_READ, NULL, TU_EIO, "empty", "an empty one");
	run("diff", 0, 0, 0);
	refuse(HISTORY_WRITE, "other", TU_EUSAGE, "belongs to pair 'shop'",
	    "another pair's");
	refuse(HISTORY_READ, "other", TU_EUSAGE, "belongs to pair 'shop'",
	    "another pair's to read");
	meddle("PRAGMA user_version = 4");
	refuse(
	    HISTORY_WRITE, "shop", TU_EUSAGE, "newer version", "a newer one");
	meddle("PRAGMA application_id = 7");
	refuse(HISTORY_WRITE, "shop", TU_EUSAGE, "no state file",
	    "somebody else's");
	path = arena_printf(arena, "%s/nowhere/x.state", dir);
	refuse(HISTORY_WRITE, "shop", TU_EIO, "no state file", "no directory");

	new_path("garbage");
	overwrite(0, "this is no database, but it is not to be lost either");
	size = file_size();
	refuse(HISTORY_WRITE, "shop", TU_EIO, "not a database", "garbage");
	is_int((long long)file_size(), (long long)size, "it is left alone");

	new_path("damaged");
	run("diff", 1, 0, 1);
	overwrite(4096 + 8, "damage damage damage damage damage damage");
	refuse(HISTORY_WRITE, "shop", TU_EIO, path, "a damaged one");
	refuse(HISTORY_READ, "shop", TU_EIO, path, "a damaged one to read");
}

static void
test_lock(void)
{
	struct history *h;
	struct history_status s;

	new_path("lock");
	run("diff", 0, 0, 0);
	h = open_it(HISTORY_WRITE);
	refuse(HISTORY_WRITE, "shop", TU_EBUSY, "already running", "a second");
	s = status();
	ok(s.running && strcmp(s.last.verdict, "equal") == 0,
	    "a reader sees the run before");
	history_close(h);
	s = status();
	ok(!s.running, "it is over");
	history_close(open_it(HISTORY_WRITE));
}

static void
test_path(void)
{
	is_str(history_path(arena, "d", "shop_1-a.b"), "d/shop_1-a.b.state",
	    "a name that is a file name");
	is_str(history_path(arena, "d", "../a b"), "d/%2E.%2Fa%20b.state",
	    "one that is none");
}

int
main(void)
{
	arena = arena_new(4096);
	snprintf(dir, sizeof(dir), "/tmp/trueup-history-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return 99;
	test_life();
	test_failures();
	test_killed();
	test_drift();
	test_rest();
	test_retention();
	test_files();
	test_lock();
	test_path();
	(void)!system(arena_printf(arena, "rm -rf '%s'", dir));
	arena_free(arena);
	return tap_done();
}
