#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "cmd/opt.h"
#include "lib/tap.h"

static const char *const when[] = { "auto", "always", "never", NULL };

/* One variable and one option of every kind. */
struct values {
	bool quiet, verify;
	int verbose, color;
	const char *out;
	uint64_t jobs;
	struct opt_list tables, columns;
};

struct fixture {
	struct values v;
	struct opt_table table;
	struct arena *arena;
	struct err err;
	int first;
	char *argv[16];
	int argc;
};

static void
setup(struct fixture *f)
{
	struct values *v = &f->v;

	*f = (struct fixture){ .v = { .verify = true, .jobs = 1 } };
	f->arena = arena_new(4096);

	const struct opt out[] = { OPT_GROUP("Output"),
		OPT_FLAG('q', "quiet", &v->quiet, "say nothing"),
		OPT_COUNT('v', "verbose", &v->verbose, "say more"),
		OPT_STR('o', "output", &v->out, "FILE", "write there"),
		OPT_ENUM(0, "color", &v->color, "WHEN", when, "use colour") };
	const struct opt work[] = { OPT_GROUP("Work"),
		OPT_U64('j', "jobs", &v->jobs, "N", 1, 64, "work in parallel"),
		OPT_OFF('V', "verify", &v->verify, "do not look again"),
		OPT_LIST('t', "table", &v->tables, "PATTERN", "only these"),
		OPT_WORDS(0, "columns", &v->columns, "LIST", "only these") };

	opt_table_add(&f->table, out, ARRAY_LEN(out));
	opt_table_add(&f->table, work, ARRAY_LEN(work));
}

static void
teardown(struct fixture *f)
{
	arena_free(f->arena);
}

/* Parse words, NULL-terminated; the values start afresh. */
static enum status
parse(struct fixture *f, const char *const *words)
{
	if (f->arena != NULL)
		teardown(f);
	setup(f);
	f->argv[0] = (char *)"diff";
	for (f->argc = 1; words[f->argc - 1] != NULL; f->argc++)
		f->argv[f->argc] = (char *)words[f->argc - 1];
	return opt_parse(
	    f->table.rows, f->arena, f->argc, f->argv, &f->first, &f->err);
}

#define PARSE(f, ...) parse((f), (const char *const[]){ __VA_ARGS__, NULL })

static void
test_values(struct fixture *f)
{
	is_int(PARSE(f, "a", "-vvj8", "--color=never", "-oX", "--quiet", "b",
		   "--", "-c"),
	    TU_OK, "options and operands mixed");
	is_int(f->v.verbose, 2, "-vv counts");
	is_int((long long)f->v.jobs, 8, "-j8 behind them");
	is_int(f->v.color, 2, "--color=never");
	is_str(f->v.out, "X", "-oX");
	ok(f->v.quiet, "--quiet");
	is_int(f->argc - f->first, 3, "three operands");
	is_str(f->argv[f->first], "a", "operands may come before options");
	is_str(f->argv[f->first + 2], "-c", "-- ends the options");

	PARSE(f, "--quiet", "--no-quiet");
	ok(!f->v.quiet, "--no-quiet undoes --quiet");
	PARSE(f, "x");
	ok(f->v.verify, "an option that starts out true");
	PARSE(f, "--no-verify");
	ok(!f->v.verify, "--no-verify resets it");
	PARSE(f, "-V");
	ok(!f->v.verify, "its letter does what the manual shows");
	PARSE(f, "-V", "--verify");
	ok(f->v.verify, "--verify sets it again");
	is_int(PARSE(f, "-j", "64"), TU_OK, "the largest number is allowed");
	is_int((long long)f->v.jobs, 64, "and stored");
}

static void
test_lists(struct fixture *f)
{
	char pattern[16];

	PARSE(f, "x");
	ok(f->v.tables.n == 0 && f->v.tables.items == NULL,
	    "a list nobody gave is empty");
	PARSE(f, "-ta", "--table=b,c", "-t", "");
	is_int((long long)f->v.tables.n, 3, "a list takes one string a time");
	is_str(f->v.tables.items[1], "b,c", "commas are part of it");
	is_str(f->v.tables.items[2], "", "the empty string too");
	ok(f->v.tables.items[3] == NULL, "NULL ends the list");

	PARSE(f, "--columns=id,name", "--columns=x");
	is_int((long long)f->v.columns.n, 3, "words are split at commas");
	is_str(f->v.columns.items[1], "name", "the second word");
	is_str(f->v.columns.items[2], "x", "the second option adds");
	ok(f->v.columns.items[3] == NULL, "NULL ends the words");

	for (int i = 0; i < 100; i++) {
		snprintf(pattern, sizeof(pattern), "t%d", i);
		opt_list_add(
		    &f->v.tables, f->arena, arena_strdup(f->arena, pattern));
	}
	is_str(f->v.tables.items[0], "t0", "a list that grew has its first");
	is_str(f->v.tables.items[99], "t99", "and its last");
}

static void
test_mistakes(struct fixture *f)
{
	static const struct {
		const char *words[3];
		const char *msg;
	} cases[] = {
		{ { "--jobs=65" }, "--jobs must be between 1 and 64" },
		{ { "--jobs=0" }, "--jobs must be between 1 and 64" },
		{ { "-j", "8x" }, "--jobs needs a number, not '8x'" },
		{ { "-j", "" }, "--jobs needs a number, not ''" },
		{ { "-j", "-1" }, "--jobs needs a number, not '-1'" },
		{ { "-j", "18446744073709551616" },
		    "--jobs needs a number, not '18446744073709551616'" },
		{ { "--nope" }, "unknown option '--nope'" },
		{ { "-qZ" }, "unknown option '-Z'" },
		{ { "--output" }, "option '--output' needs a value" },
		{ { "--quiet=yes" }, "option '--quiet' takes no value" },
		{ { "--color=red" }, "--color does not know 'red'" },
		{ { "--columns=a,,b" },
		    "--columns has an empty name in its list" },
		{ { "--columns=" }, "--columns has an empty name in its list" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		is_int(parse(f, cases[i].words), TU_EUSAGE, "'%s' is refused",
		    cases[i].words[0]);
		is_str(f->err.msg, cases[i].msg, "and the message says why");
	}
}

static void
test_help(struct fixture *f)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	PARSE(f, "x");
	opt_help(f->table.rows, out);
	fclose(out);
	is_str(text,
	    "Output:\n"
	    "  -q, --quiet               say nothing\n"
	    "  -v, --verbose             say more\n"
	    "  -o, --output=FILE         write there\n"
	    "      --color=WHEN          use colour: auto, always or never\n"
	    "\n"
	    "Work:\n"
	    "  -j, --jobs=N              work in parallel\n"
	    "  -V, --no-verify           do not look again\n"
	    "  -t, --table=PATTERN       only these\n"
	    "      --columns=LIST        only these\n",
	    "--help, line by line");
	free(text);
}

static void
test_man(struct fixture *f)
{
	static const char first[] =
	    ".SS Output\n"
	    ".TP\n.BR \\-q \", \" \\-\\-quiet\nsay nothing\n";
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	opt_man(f->table.rows, out);
	fclose(out);
	ok(strstr(text, first) == text,
	    "the manual page begins with the first group");
	ok(strstr(text, "\\-\\-no\\-verify\n") != NULL,
	    "every dash of an option can be pasted");
	ok(strstr(text, "\\-\\-jobs=\\fIN\\fP\n") != NULL,
	    "a value is set in italics");
	free(text);
}

static void
test_check(struct fixture *f)
{
	bool b;
	const char *s;
	const struct opt twice[] = { OPT_FLAG('a', "x", &b, "h"),
		OPT_STR('b', "x", &s, "S", "h"), OPT_END };
	const struct opt letter[] = { OPT_FLAG('a', "x", &b, "h"),
		OPT_STR('a', "y", &s, "S", "h"), OPT_END };
	const struct opt no_arg[] = { OPT_STR('a', "x", &s, NULL, "h"),
		OPT_END };
	const struct opt no_help[] = { OPT_FLAG('a', "x", &b, NULL), OPT_END };
	const struct opt one[] = { OPT_FLAG('a', "x", &b, "h") };
	struct opt_table full = { 0 };

	ok(opt_check(f->table.rows) == NULL, "the fixture's table is sane");
	ok(opt_check(twice) != NULL, "a name twice is found");
	ok(opt_check(letter) != NULL, "a letter twice is found");
	ok(opt_check(no_arg) != NULL, "a value without a name is found");
	ok(opt_check(no_help) != NULL, "a missing help text is found");
	for (int i = 0; i < OPT_MAX + 5; i++)
		opt_table_add(&full, one, 1);
	is_int((long long)full.n, OPT_MAX, "a table does not overflow");
	is_str(opt_check(&full.rows[0]), "x", "and what it holds is checked");
}

int
main(void)
{
	struct fixture f = { 0 };

	test_values(&f);
	test_lists(&f);
	test_mistakes(&f);
	test_help(&f);
	test_man(&f);
	test_check(&f);
	teardown(&f);
	return tap_done();
}
