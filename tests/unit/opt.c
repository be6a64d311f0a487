#include <config.h>

#include "cmd/opt.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "lib/tap.h"

static const char *const when[] = { "auto", "always", "never", NULL };

/* What the table below points at. */
struct values {
	bool quiet, insert;
	uint64_t jobs;
	int color, verbose;
	const char *out;
	struct opt_list tables, columns;
};

static const struct opt *
make_table(struct opt_table *table, struct values *v)
{
	const struct opt rows[] = {
		OPT_GROUP("Output"),
		OPT_FLAG('q', "quiet", &v->quiet, "say nothing"),
		OPT_OFF('I', "insert", &v->insert, "insert no rows"),
		OPT_COUNT('v', "verbose", &v->verbose, "say more"),
		OPT_STR('o', "output", &v->out, "FILE", "write there"),
		OPT_ENUM(0, "color", &v->color, "WHEN", when, "colour"),
		OPT_U64('j', "jobs", &v->jobs, "N", 1, 64, "work in parallel"),
		OPT_LIST('t', "table", &v->tables, "PATTERN", "these tables"),
		OPT_WORDS(0, "columns", &v->columns, "LIST", "these columns"),
	};

	*v = (struct values){ .jobs = 1, .insert = true };
	*table = (struct opt_table){ 0 };
	opt_table_add(table, rows, ARRAY_LEN(rows));
	return table->rows;
}

/* Parse words separated by spaces; the result of opt_parse(). */
static enum status
parse(struct values *v, struct arena *arena, const char *line, int *first,
    struct err *err)
{
	struct opt_table table;
	const struct opt *opts = make_table(&table, v);
	char *argv[16] = { arena_strdup(arena, "diff") };
	char *rest = arena_strdup(arena, line), *word;
	int argc = 1;

	while ((word = strsep(&rest, " ")) != NULL)
		argv[argc++] = word;
	err_clear(err);
	return opt_parse(opts, arena, argc, argv, first, err);
}

static void
test_values(struct arena *arena)
{
	struct err err;
	struct values v;
	int first;

	is_int(parse(&v, arena,
		   "a -vvj8 --color=never -oX --quiet --no-quiet "
		   "-- -b",
		   &first, &err),
	    TU_OK, "parses");
	is_int(v.verbose, 2, "-vv counts");
	is_int((long long)v.jobs, 8, "-j8");
	is_int(v.color, 2, "--color=never");
	is_str(v.out, "X", "-oX");
	ok(!v.quiet, "--no-quiet undoes --quiet");
	is_int(first, 7, "operands may come before options, -- ends them");
	ok(v.insert, "an off switch starts out on");
	parse(&v, arena, "--no-insert", &first, &err);
	ok(!v.insert, "--no-insert");
	parse(&v, arena, "-I", &first, &err);
	ok(!v.insert, "its letter means the same");
	parse(&v, arena, "--no-insert --insert", &first, &err);
	ok(v.insert, "--insert undoes it");
}

static void
test_lists(struct arena *arena)
{
	struct err err;
	struct values v;
	int first;

	parse(&v, arena, "x", &first, &err);
	ok(v.tables.items == NULL, "an empty list is NULL");
	parse(&v, arena, "-t a,b --table=c", &first, &err);
	is_int((long long)v.tables.n, 2, "a list takes values whole");
	is_str(v.tables.items[0], "a,b", "the first");
	is_str(v.tables.items[1], "c", "the second");
	ok(v.tables.items[2] == NULL, "and ends in NULL");
	parse(&v, arena, "--columns=a,t.b --columns=c", &first, &err);
	is_int((long long)v.columns.n, 3, "words are split at commas");
	is_str(v.columns.items[1], "t.b", "the second word");
	is_str(v.columns.items[2], "c", "repeating adds");
	parse(&v, arena, "--columns=a,,b", &first, &err);
	is_str(err.msg, "--columns has an empty name in its list",
	    "an empty word");
	parse(
	    &v, arena, "-ta -tb -tc -td -te -tf -tg -th -ti -tj", &first, &err);
	is_int((long long)v.tables.n, 10, "a list grows");
	is_str(v.tables.items[9], "j", "and keeps its order");
}

static void
test_errors(struct arena *arena)
{
	static const struct {
		const char *line, *message;
	} cases[] = {
		{ "--jobs=65", "--jobs must be between 1 and 64" },
		{ "-j 8x", "--jobs needs a number, not '8x'" },
		{ "-j -1", "--jobs needs a number, not '-1'" },
		{ "--nope", "unknown option '--nope'" },
		{ "-Z", "unknown option '-Z'" },
		{ "--output", "option '--output' needs a value" },
		{ "--quiet=1", "option '--quiet' takes no value" },
		{ "--color=blue", "--color does not know 'blue'" },
	};
	struct err err;
	struct values v;
	int first;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		is_int(parse(&v, arena, cases[i].line, &first, &err), TU_EUSAGE,
		    "%s is a usage error", cases[i].line);
		is_str(err.msg, cases[i].message, "%s", cases[i].line);
	}
}

static void
test_checks(void)
{
	struct opt_table table;
	struct values v;
	struct opt *opts;

	make_table(&table, &v);
	ok(opt_check(table.rows) == NULL, "the table is sane");
	opts = table.rows;
	opts[1].letter = 'o';
	is_str(opt_check(opts), "quiet", "a letter used twice is found");
	make_table(&table, &v);
	opts[5].choices = NULL;
	is_str(opt_check(opts), "color", "missing choices are found");
	make_table(&table, &v);
	opts[6].arg = NULL;
	is_str(opt_check(opts), "jobs", "a missing argument name is found");
}

/* The tables of the real commands, which only this test looks at whole. */
static void
test_commands(void)
{
	for (size_t i = 0; cmd_all[i] != NULL; i++) {
		struct opt_table table = { 0 };
		struct settings set;
		const char *wrong;

		settings_init(&set);
		cmd_all[i]->options(&table, &set);
		wrong = opt_check(table.rows);
		ok(wrong == NULL, "%s: %s", cmd_all[i]->name,
		    wrong ? wrong : "its table is sane");
		ok(i == 0 || strcmp(cmd_all[i - 1]->name, cmd_all[i]->name) < 0,
		    "%s: commands are in order", cmd_all[i]->name);
		ok(cmd_find(cmd_all[i]->name) == cmd_all[i],
		    "%s: is found by its name", cmd_all[i]->name);
	}
}

static void
test_max_delete(void)
{
	static const struct {
		const char *text;
		bool good;
		double percent;
		uint64_t rows;
	} cases[] = {
		{ "10", true, -1, 10 },
		{ "0", true, -1, 0 },
		{ "25%", true, 25, UINT64_MAX },
		{ "100%", true, 100, UINT64_MAX },
		{ "101%", false, 0, 0 },
		{ "", false, 0, 0 },
		{ "%", false, 0, 0 },
		{ "5%x", false, 0, 0 },
		{ "-5", false, 0, 0 },
		{ " 5", false, 0, 0 },
		{ "99999999999999999999", false, 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = ERR_INIT;
		struct settings set;
		enum status st;

		settings_init(&set);
		set.max_delete = cases[i].text;
		st = settings_check(&set, &err);
		ok((st == TU_OK) == cases[i].good, "--max-delete='%s'",
		    cases[i].text);
		if (!cases[i].good)
			continue;
		ok(set.limits.deletes.percent == cases[i].percent,
		    "percentage");
		ok(set.limits.deletes.rows == cases[i].rows, "rows");
	}
}

static void
test_select(struct arena *arena)
{
	struct settings set;
	struct selection sel;
	char *tables[] = { arena_strdup(arena, "t") };

	settings_init(&set);
	set.schema = "s";
	set.where = "a OR b";
	set.side_where[TARGET] = "c";
	opt_list_add(&set.tables, arena, "p*");
	sel = settings_select(&set, tables, 1, arena);
	is_str(sel.tables[0], "p*", "--table comes first");
	is_str(sel.tables[1], "t", "then the operands");
	ok(sel.tables[2] == NULL, "then NULL");
	is_str(sel.schema[SOURCE], "s", "--schema is for both sides");
	is_str(sel.where[SOURCE], "a OR b", "--where alone");
	is_str(sel.where[TARGET], "(a OR b\n) AND (c\n)",
	    "--where and --target-where must both hold");
	is_int(sel.hash, -1, "auto");
	ok(sel.no_undo, "no undo");
	set.source_schema = "o";
	set.undo = "f";
	set.hash = 2;
	sel = settings_select(&set, NULL, 0, arena);
	is_str(sel.schema[SOURCE], "o", "--source-schema");
	is_str(sel.schema[TARGET], "s", "leaves the target's");
	is_int(sel.hash, HASH_MD5, "md5");
	ok(!sel.no_undo, "undo");
}

int
main(void)
{
	struct arena *arena = arena_new(4096);

	test_values(arena);
	test_lists(arena);
	test_errors(arena);
	test_checks();
	test_commands();
	test_max_delete();
	test_select(arena);
	arena_free(arena);
	return tap_done();
}
