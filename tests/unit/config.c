#include <config.h>

#include "audit/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/job.h"
#include "cmd/jobs.h"
#include "lib/tap.h"
#include "patch/report.h"

#define FILE_NAME "t.conf"
#define MAX_JOBS 4

/* A configuration and its jobs. */
struct trial {
	struct arena *arena;
	struct config c;
	struct job jobs[MAX_JOBS];
	struct buf mistakes; /* "LINE: TEXT" lines */
};

static void
put_file(const char *path, const char *text, mode_t mode)
{
	FILE *fp = fopen(path, "w");

	if (fp == NULL || fputs(text, fp) < 0 || fclose(fp) != 0 ||
	    chmod(path, mode) != 0) {
		perror(path);
		exit(99);
	}
}

static void
trial_end(struct trial *t)
{
	arena_free(t->arena);
	buf_free(&t->mistakes);
	*t = (struct trial){ 0 };
}

/* As trueup audit does it. */
static void
try(struct trial *t, const char *text)
{
	struct err err = ERR_INIT;
	struct buf all = BUF_INIT;
	char *rest, *line;

	trial_end(t);
	t->arena = arena_new(4096);
	put_file(FILE_NAME, text, 0600);
	is_int(config_read(&t->c, FILE_NAME, t->arena, &err), TU_OK,
	    "it can be read");
	job_check_defaults(&t->c);
	for (size_t i = 0; i < MIN(t->c.npairs, MAX_JOBS); i++)
		job_make(&t->jobs[i], &t->c, &t->c.pairs[i]);
	job_check_files(&t->c, t->jobs, MIN(t->c.npairs, MAX_JOBS));
	config_add_mistakes(&all, &t->c, "x");
	rest = arena_strdup(t->arena, buf_str(&all));
	while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
		static const char prefix[] = "x: " FILE_NAME ":";

		ok(strncmp(line, prefix, sizeof(prefix) - 1) == 0,
		    "the file is named: %s", line);
		buf_addf(&t->mistakes, "%s\n", line + sizeof(prefix) - 1);
	}
	buf_free(&all);
}

#define DATABASES \
	"[database prod]\nurl = prod.db\n[database copy]\nurl = copy.db\n"
/* Line 5 is the heading, 8 the first that a test adds. */
#define PAIR DATABASES "[pair p]\nsource = prod\ntarget = copy\n"

static void
test_sections(void)
{
	struct trial t = { 0 };
	const struct call *call;

	try(&t, "\xef\xbb\xbf# a comment\n"
		"[pair shop]\n"
		"\tsource = prod\r\n"
		"\ttarget: ./other.db\n"
		"\n"
		"; another\n"
		"[pair all of it]\n"
		"source=postgresql://h/db?x=1\n"
		"target = copy\n"
		"tables = a, b* ,c\n" DATABASES);
	is_str(buf_str(&t.mistakes), "", "no mistake");
	is_int((long long)t.c.npairs, 2, "two pairs");
	is_str(t.c.pairs[1].name, "all of it", "a name with blanks");
	is_str(t.jobs[0].about, "pair 'shop'", "what it is called");
	call = &t.jobs[0].call;
	is_int((long long)call->noperands, 2, "no tables");
	is_str(call->operands[0], "prod.db", "a [database] by its name");
	is_str(call->operands[1], "./other.db", "a path");
	is_str(t.jobs[0].cmd.name, "audit: pair 'shop'", "in messages");
	ok(t.jobs[0].cmd.run == cmd_diff.run, "diff unless said");
	ok(t.c.pairs[0].state == NULL, "no state");
	call = &t.jobs[1].call;
	is_str(call->operands[0], "postgresql://h/db?x=1", "a URL");
	is_int((long long)call->noperands, 5, "three tables");
	is_str(call->operands[3], "b*", "the second");
	trial_end(&t);
}

static void
test_values(void)
{
	struct trial t = { 0 };
	const struct settings *set;

	try(&t, PAIR "where = a = 'x ; y # z' \\\n"
		     "  AND b > 1 \\\n"
		     "   # 2 \\\n"
		     "\t[c]\n"
		     "map = a:b\n"
		     "map = c:d\n"
		     "columns = a, t.b\n"
		     "columns = c\n"
		     "strict = yes\n"
		     "common = off\n"
		     "format = stat\n"
		     "recheck = 3\n"
		     "verbose = 2\n");
	set = &t.jobs[0].call.set;
	is_str(buf_str(&t.mistakes), "", "no mistake");
	is_str(set->where, "a = 'x ; y # z' AND b > 1 # 2 [c]",
	    "a long line goes on, and has no comments");
	is_int((long long)set->maps.n, 2, "a list");
	is_str(set->maps.items[1], "c:d", "the second");
	is_int((long long)set->columns.n, 3, "words");
	ok(set->strict && !set->common, "what is on or off");
	is_int(set->format, REPORT_STAT, "a choice");
	is_int((long long)set->recheck, 3, "a number");
	is_int((long long)set->recheck_wait, 2, "checked as options are");
	is_int(set->verbose, 2, "a count");
	trial_end(&t);
}

static void
test_defaults(void)
{
	struct trial t = { 0 };

	try(&t, "[defaults]\n"
		"source = prod\n"
		"action = sync\n"
		"no-delete = yes\n"
		"table = a\n"
		"table = b\n"
		"max-changes = 9\n"
		"where = x\n"
		"state-dir = /var/lib/x\n"
		"metrics = /m\n"
		"[pair one]\n"
		"target = copy\n"
		"[pair two]\n"
		"target = copy\n"
		"delete = yes\n"
		"table = c\n"
		"where =\n"
		"[pair three]\n"
		"source = copy\n"
		"target = prod\n"
		"action = diff\n" DATABASES);
	is_str(buf_str(&t.mistakes), "", "no mistake");
	ok(!t.jobs[0].call.set.ops[CHANGE_DELETE], "a default");
	ok(t.jobs[1].call.set.ops[CHANGE_DELETE], "overridden");
	is_int((long long)t.jobs[0].call.set.tables.n, 2, "a list");
	is_int((long long)t.jobs[1].call.set.tables.n, 1, "replaced");
	is_str(t.jobs[0].call.set.where, "x", "a text");
	ok(t.jobs[1].call.set.where == NULL, "taken back");
	is_int((long long)t.jobs[0].call.set.limits.changes.rows, 9,
	    "a key of sync");
	ok(t.jobs[0].cmd.run == cmd_sync.run, "sync");
	ok(t.jobs[2].cmd.run == cmd_diff.run,
	    "is no mistake for a diff if it is a default");
	is_str(t.jobs[2].call.operands[0], "copy.db", "another source");
	is_str(t.jobs[1].pair->state, "/var/lib/x/two.state", "the state");
	is_str(t.c.metrics, "/m", "the metrics");
	is_str(t.jobs[1].call.options[1], "--delete=yes",
	    "options as json has them");
	trial_end(&t);
}

/* What is wrong in lines behind PAIR, or, from "[" on, in the whole file. */
static void
test_mistakes(void)
{
	static const struct {
		const char *text, *mistakes;
	} cases[] = {
		{ "formt = text\n", "8: no key 'formt'; is 'format' meant?\n" },
		{ "exclude_tables = x\n",
		    "8: no key 'exclude_tables'; is 'exclude-table' meant?\n" },
		{ "surce = x\n", "8: no key 'surce'; is 'source' meant?\n" },
		{ "mode = incremental\n",
		    "8: 'mode = incremental' needs 'state-dir': what it goes "
		    "on from is kept there\n" },
		{ "help = yes\n", "8: no key 'help'\n" },
		{ "[defaults]\nrows = 1\n[defaults]\n",
		    "10: [defaults] stands in line 8 already\n" },
		{ "no-progress = yes\n", "8: no key 'no-progress'\n" },
		{ "max-delete = 5\n", "8: 'max-delete' is a key of "
				      "action = sync, and this is diff\n" },
		{ "action = snyc\n",
		    "8: no action 'snyc'; is 'sync' meant?\n" },
		{ "format = txt\n",
		    "8: format does not know 'txt'; is 'text' meant?\n" },
		{ "jobs = 65\n", "8: jobs must be between 1 and 64\n" },
		{ "jobs = two\n", "8: jobs needs a number, not 'two'\n" },
		{ "verbose = -1\n", "8: verbose needs a number, not '-1'\n" },
		{ "strict = maybe\n", "8: strict is yes or no, not 'maybe'\n" },
		{ "columns = a,,b\n",
		    "8: columns has an empty name in its list\n" },
		{ "where =\n", "8: where needs a value\n" },
		{ "tables =\n", "8: 'tables' needs a value\n" },
		{ "where = a\nwhere = b\n",
		    "9: 'where' is there twice, first in line 8\n" },
		{ "no-common = no\ncommon = no\n",
		    "9: 'common' is there twice, first in line 8\n" },
		{ "target = x.db\n",
		    "8: 'target' is there twice, first in line 7\n" },
		{ "metrics = x\n", "8: 'metrics' belongs into [defaults]\n" },
		{ "recheck-wait = 5\n",
		    "5: [pair p] --recheck-wait needs --recheck\n" },
		{ "format = json\n", "5: [pair p] a format that programs read "
				     "needs a file of its own, output = "
				     "FILE\n" },
		{ "format = json\noutput = x\n", "" },
		{ "assume-tz = Nowhere\n",
		    "5: [pair p] --assume-tz: no time zone 'Nowhere'\n" },
		{ "output = x\n[pair q]\nsource = prod\ntarget = copy\n"
		  "undo = x\n",
		    "9: [pair q] writes 'x', and so does [pair p]\n" },
		{ "strict\n", "8: neither a [SECTION] nor KEY = VALUE\n" },
		{ "= 5\n", "8: neither a [SECTION] nor KEY = VALUE\n" },
		{ "[pair]\n", "8: [pair NAME]: the name is missing\n" },
		{ "[pair x\n", "8: the heading of a section ends in ']'\n" },
		{ "[pair x] y\n",
		    "8: nothing may follow the ']' of a heading\n" },
		{ "[pair p]\nsource = prod\ntarget = copy\n",
		    "8: [pair p] is there twice, first in line 5\n" },
		{ "[defaults x]\n", "8: [defaults] has no name\n" },
		{ "[defults]\nx = 1\n",
		    "8: no section 'defults'; is 'defaults' meant?\n" },
		{ "[defaults]\nrows = x\nrows = 3\nrwos = 3\n",
		    "9: rows needs a number, not 'x'\n"
		    "10: 'rows' is there twice, first in line 9\n"
		    "11: no key 'rwos'; is 'rows' meant?\n" },
		{ "[defaults]\naction = both\n", "9: no action 'both'\n" },
		{ "[defaults]\nmetrics = x\n",
		    "9: 'metrics' needs 'state-dir': they come from there\n" },
		{ "mode = ful\n", "8: no mode 'ful'; is 'full' meant?\n" },
		{ "incremental = x\n", "8: no key 'incremental'\n" },
		{ "[pair q]\n", "8: [pair q] has no source\n"
				"8: [pair q] has no target\n" },
		{ "[pair q]\nsource = prdo\ntarget = elsewhere\n",
		    "9: no [database] 'prdo'; is 'prod' meant?\n"
		    "10: no [database] 'elsewhere'\n" },
		{ "[database x]\n", "8: [database x] needs one of url, "
				    "url-file, url-env and service\n" },
		{ "[database x]\nurl = a\nservice = b\n",
		    "10: 'url' and 'service': only one of them\n" },
		{ "[database x]\nurl = a\nurl-fil = b\n",
		    "10: no key 'url-fil'; is 'url-file' meant?\n" },
		{ "where = \001\n",
		    "8: a control character, so this is no text\n" },
		{ "[database a234567890a234567890a234567890a234567890]\nurl = "
		  "x\n",
		    "" },
		{ "[database "
		  "a234567890a234567890a234567890a234567890a]\nurl = x\n",
		    "8: the heading is longer than 49 bytes\n" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct trial t = { 0 };
		char text[1024];

		snprintf(text, sizeof(text), PAIR "%s", cases[i].text);
		try(&t, text);
		is_str(buf_str(&t.mistakes), cases[i].mistakes, "%.*s",
		    (int)strcspn(cases[i].text, "\n"), cases[i].text);
		trial_end(&t);
	}
}

/* --- [changes] -------------------------------------------------------------
 */

#define CHANGES PAIR "[changes x]\n"

static void
test_changes(void)
{
	static const struct table orders = { .schema = "shop",
		.name = "orders" };
	static const struct table other = { .schema = "x", .name = "items" };
	struct trial t = { 0 };
	const struct mapping *m;

	try(&t, PAIR "[pair q]\nsource = prod\ntarget = copy\n"
		     "[changes one]\npair = q , p\nside = source\n"
		     "table = orders\npreset = datajoin\n"
		     "[changes two]\ntable = orders\nside = target\n"
		     "reader = none\n"
		     "[changes three]\ntable = shop.items\n"
		     "from = log\nseq = id\nmark = at\n"
		     "key = coalesce(a, b), \\\n  c\n");
	is_str(buf_str(&t.mistakes), "", "no mistake");
	m = config_mapping(&t.c, "p", SOURCE, &orders);
	ok(m != NULL && m == &t.c.changes[0].mapping, "by pair and side");
	is_str(m->name, "changes one", "its name");
	is_str(m->field[MAP_PRESET], "datajoin", "its preset");
	ok(config_mapping(&t.c, "q", SOURCE, &orders) == m, "another pair");
	ok(config_mapping(&t.c, "r", SOURCE, &orders) == NULL, "no third");
	m = config_mapping(&t.c, "r", TARGET, &orders);
	ok(m == &t.c.changes[1].mapping, "all pairs");
	ok(config_mapping(&t.c, "p", SOURCE, &other) == NULL,
	    "a table of another schema");
	is_str(t.c.changes[2].mapping.field[MAP_KEY], "coalesce(a, b), c",
	    "a list in two lines");
	trial_end(&t);
}

static void
test_changes_mistakes(void)
{
	static const struct {
		const char *text, *mistakes;
	} cases[] = {
		{ "table = t\npreset = synced\n", "" },
		{ "table = t\n", "" },
		{ "table = t\nside = source\npreset = synced\nack = yes\n",
		    "" },
		{ "table = t\npreset = synced\nack = yes\n",
		    "8: [changes x] rows are marked in the source: ack needs "
		    "side = source\n" },
		{ "preset = synced\n", "8: [changes x] has no table\n" },
		{ "table = t\npresett = synced\n",
		    "10: no key 'presett'; is 'preset' meant?\n" },
		{ "table = t\npreset = sinced\n",
		    "10: [changes x] no preset 'sinced'; is 'synced' "
		    "meant?\n" },
		{ "table = t\nside = sorce\n",
		    "10: no side 'sorce'; is 'source' meant?\n" },
		{ "table = t\npair = p, pp\n",
		    "10: no [pair] 'pp'; is 'p' meant?\n" },
		{ "table = t\ntable = u\nkey =\n",
		    "8: [changes x] reader all needs 'from'\n"
		    "10: 'table' is there twice, first in line 9\n"
		    "11: 'key' needs a value\n" },
		{ "table = t\nfrom = l\nkey = k\n\nwindow = 1h\n",
		    "13: [changes x] 'window' is of no use for reader all\n" },
		{ "table = t\n[changes x]\ntable = u\n",
		    "10: [changes x] is there twice, first in line 8\n" },
		{ "table = t\n[changes y]\ntable = t\nside = source\n",
		    "10: [changes y] is about the table of [changes x] in "
		    "line 8\n" },
		{ "table = t\nside = target\n[changes y]\ntable = t\n"
		  "side = source\n",
		    "" },
		{ "[changes]\n", "8: [changes x] has no table\n"
				 "9: [changes NAME]: the name is missing\n" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct trial t = { 0 };
		char text[1024];

		snprintf(text, sizeof(text), CHANGES "%s", cases[i].text);
		try(&t, text);
		is_str(
		    buf_str(&t.mistakes), cases[i].mistakes, "changes %zu", i);
		trial_end(&t);
	}
}

/* A file of its own, for commands that know of no pairs. */
static void
test_changes_file(void)
{
	static const struct table t = { .name = "t" };
	struct arena *arena = arena_new(1024);
	struct err err = ERR_INIT;
	struct buf lines = BUF_INIT;
	struct config c;

	put_file("changes.conf",
	    "# c\n[changes a]\ntable = t\npreset = updated_at\n", 0600);
	is_int(config_read_changes(&c, "changes.conf", arena, &err), TU_OK,
	    "a file of changes");
	is_int((long long)c.nmistakes, 0, "no mistake");
	ok(config_mapping(&c, NULL, TARGET, &t) == &c.changes[0].mapping,
	    "of no pair");
	put_file("changes.conf", "[pair a]\n[changes a]\ntable = t\npair = x\n",
	    0600);
	config_read_changes(&c, "changes.conf", arena, &err);
	config_add_mistakes(&lines, &c, "x");
	is_str(buf_str(&lines),
	    "x: changes.conf:1: [pair]: only [changes NAME] may stand in this "
	    "file\n"
	    "x: changes.conf:4: there are no pairs here: 'pair' belongs into "
	    "the file that has them\n",
	    "which has nothing else");
	put_file("changes.conf", "", 0600);
	config_read_changes(&c, "changes.conf", arena, &err);
	is_str(c.mistakes[0].text, "there is no [changes NAME] in it",
	    "nor is it empty");
	buf_free(&lines);
	arena_free(arena);
}

static void
test_long_lines(void)
{
	struct trial t = { 0 };
	char text[4096];

	/* 197 bytes is what inih of Debian takes. */
	snprintf(text, sizeof(text), PAIR "where = %0189d\n", 1);
	try(&t, text);
	is_str(buf_str(&t.mistakes), "", "as long as can be");
	is_int((long long)strlen(t.jobs[0].call.set.where), 189, "whole");
	snprintf(text, sizeof(text),
	    PAIR "where = %0190d\\\n  more = of it\nrows = x\n", 1);
	try(&t, text);
	is_str(buf_str(&t.mistakes),
	    "8: the line is longer than 197 bytes; one that ends in a "
	    "backslash goes on in the next\n"
	    "10: rows needs a number, not 'x'\n",
	    "longer: a mistake, and what goes on is no key");
	snprintf(text, sizeof(text),
	    PAIR "where = %0150d \\\n%0150d \\\n%0150d", 1, 2, 3);
	try(&t, text);
	is_str(buf_str(&t.mistakes), "", "three lines");
	is_int((long long)strlen(t.jobs[0].call.set.where), 452, "joined");
	trial_end(&t);
}

static void
test_many_mistakes(void)
{
	struct trial t = { 0 };
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;

	buf_adds(&text, PAIR);
	for (int i = 0; i < CONFIG_SHOWN + 3; i++)
		buf_addf(&text, "junk%d = 1\n", i);
	trial_end(&t);
	t.arena = arena_new(4096);
	put_file(FILE_NAME, buf_str(&text), 0600);
	config_read(&t.c, FILE_NAME, t.arena, &err);
	job_make(&t.jobs[0], &t.c, &t.c.pairs[0]);
	config_add_mistakes(&t.mistakes, &t.c, "x");
	ok(strstr(buf_str(&t.mistakes), "t.conf:27: no key 'junk19'\n"
					"x: t.conf: 3 more mistakes\n") != NULL,
	    "twenty are shown, and the number of the others");
	trial_end(&t);
	buf_free(&text);
}

static void
test_files(void)
{
	struct arena *arena = arena_new(1024);
	struct err err = ERR_INIT;
	struct trial t = { 0 };
	struct config c;

	is_int(config_read(&c, "none.conf", arena, &err), TU_EIO, "no file");
	is_str(err.msg, "cannot read 'none.conf': No such file or directory",
	    "says so");
	is_int(config_read(&c, ".", arena, &err), TU_EIO, "a directory");
	arena_free(arena);
	try(&t, "");
	ok(strstr(buf_str(&t.mistakes), "there is no [pair NAME] in it") !=
		NULL,
	    "an empty file");
	trial_end(&t);
}

static void
test_secrets(void)
{
	struct trial t = { 0 };

	put_file("url", "postgresql://u:pw@h/db\r\nmore\n", 0600);
	put_file("open", "x\n", 0604);
	put_file("empty", "\nx\n", 0600);
	setenv("TU_TEST_URL", "mariadb://u:pw@h/db", 1);
	unsetenv("TU_TEST_NONE");
	try(&t, "[database a]\nurl-file = url\n"
		"[database b]\nurl-env = TU_TEST_URL\n"
		"[database c]\nservice = it's\n"
		"[pair ab]\nsource = a\ntarget = b\n"
		"[pair ac]\nsource = a\ntarget = c\n");
	is_str(buf_str(&t.mistakes), "", "no mistake");
	is_str(t.jobs[0].call.operands[0], "postgresql://u:pw@h/db",
	    "the first line of a file");
	is_str(t.jobs[0].call.operands[1], "mariadb://u:pw@h/db", "a variable");
	is_str(t.jobs[1].call.operands[1], "service='it\\'s'", "a service");
	try(&t, "[database a]\nurl-file = open\n"
		"[database b]\nurl-file = none\n"
		"[database c]\nurl-file = empty\n"
		"[database d]\nurl-env = TU_TEST_NONE\n"
		"[pair ab]\nsource = a\ntarget = b\n"
		"[pair cd]\nsource = c\ntarget = d\n"
		"[pair ad]\nsource = a\ntarget = d\n");
	is_str(buf_str(&t.mistakes),
	    "2: 'open' is open to everybody; chmod o-rw closes it\n"
	    "4: cannot read 'none': No such file or directory\n"
	    "6: the first line of 'empty' is empty\n"
	    "8: the environment has no variable 'TU_TEST_NONE'\n",
	    "each is said once");
	trial_end(&t);
}

static void
test_worse(void)
{
	static const int order[] = { 0, 7, 1, 2, 3, 4, 5, 6, 70, 71, 130 };

	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		for (size_t j = 0; j <= i; j++)
			ok(jobs_worse(order[i], order[j]) == order[i] &&
				jobs_worse(order[j], order[i]) == order[i],
			    "%d outranks %d", order[i], order[j]);
}

int
main(void)
{
	char dir[] = "/tmp/trueup-config.XXXXXX";

	if (mkdtemp(dir) == NULL || chdir(dir) != 0) {
		perror(dir);
		return 99;
	}
	test_sections();
	test_values();
	test_defaults();
	test_mistakes();
	test_changes();
	test_changes_mistakes();
	test_changes_file();
	test_long_lines();
	test_many_mistakes();
	test_files();
	test_secrets();
	test_worse();
	unlink(FILE_NAME);
	unlink("changes.conf");
	unlink("url");
	unlink("open");
	unlink("empty");
	if (chdir("/") != 0 || rmdir(dir) != 0)
		perror(dir);
	return tap_done();
}
