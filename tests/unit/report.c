#include <config.h>

#include "patch/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/db.h"
#include "lib/tap.h"
#include "patch/jsonw.h"
#include "patch/report-html.h"

/* --- a table with one column of every kind that reports treat apart --- */

enum {
	C_ID,
	C_NAME,
	C_PRICE,
	C_FLAG,
	C_REAL,
	C_DATA,
	C_DAY,
	NCOLS
};

static const struct column columns[NCOLS] = {
	[C_ID] = { .name = "id", .type = "integer", .ltype = LT_NUM },
	[C_NAME] = { .name = "name", .type = "text", .ltype = LT_TEXT },
	[C_PRICE] = { .name = "price", .type = "numeric", .ltype = LT_NUM },
	[C_FLAG] = { .name = "flag",
	    .type = "boolean",
	    .ltype = LT_NUM,
	    .boolean = true },
	[C_REAL] = { .name = "r", .type = "float8", .ltype = LT_F8 },
	[C_DATA] = { .name = "data", .type = "bytea", .ltype = LT_BYTES },
	[C_DAY] = { .name = "day", .type = "date", .ltype = LT_DATE },
};

struct fixture {
	struct pair_column cols[NCOLS];
	struct pair pair;
	struct plan plan;
	struct table tables[2];
	struct db db[2];
	struct cell source[NCOLS], target[NCOLS];
	enum verdict verdicts[NCOLS];
	const char *why[NCOLS];
	struct change change;
	struct report_options options;
	char *text;
	size_t len;
};

static struct cell
text(const char *s)
{
	return cell_text(s, strlen(s));
}

static void
set_up(struct fixture *f)
{
	*f = (struct fixture){ .options = { .rows = 10 } };
	for (int i = 0; i < NCOLS; i++) {
		f->cols[i].col[SOURCE] = f->cols[i].col[TARGET] = &columns[i];
		f->cols[i].type.type = columns[i].ltype;
	}
	f->source[C_ID] = cell_int(7);
	f->source[C_NAME] = text("Kilo");
	f->source[C_PRICE] = text("1.50");
	f->source[C_FLAG] = cell_int(1);
	f->source[C_REAL] = cell_f64(0.5);
	f->source[C_DATA] = cell_bytes("\0\xff", 2);
	f->source[C_DAY] = text("2024-02-29");
	memcpy(f->target, f->source, sizeof(f->target));
	for (int s = SOURCE; s <= TARGET; s++) {
		f->tables[s].name = "t";
		f->tables[s].writable = true;
		snprintf(f->db[s].display, sizeof(f->db[s].display), "%s.db",
		    s == SOURCE ? "a" : "b");
		f->plan.db[s] = &f->db[s];
		f->pair.table[s] = &f->tables[s];
	}
	f->pair.name = "t";
	f->pair.cols = f->cols;
	f->pair.ncols = NCOLS;
	f->pair.nkeys = 1;
	f->plan.npairs = 1;
	f->plan.pairs = &f->pair;
	f->change = (struct change){
		.op = CHANGE_UPDATE,
		.pair = &f->pair,
		.source = f->source,
		.target = f->target,
		.verdicts = f->verdicts,
		.why = f->why,
		.copies = 1,
		.patchable = true,
	};
}

static void
make_insert(struct fixture *f)
{
	f->change.op = CHANGE_INSERT;
	f->change.target = NULL;
}

static void
make_delete(struct fixture *f)
{
	f->change.op = CHANGE_DELETE;
	f->change.source = NULL;
	f->change.verdicts = NULL;
	f->change.why = NULL;
}

/* A run with the change `times` times; the whole output stays in f->text. */
static const char *
render(struct fixture *f, enum report_format format, uint64_t times)
{
	struct err err = ERR_INIT;
	struct tally tally = { .rows = { 3503, 3502 } };
	struct change_sink *sink;
	struct report *r;

	free(f->text);
	f->options.out = open_memstream(&f->text, &f->len);
	r = report_new(format, &f->plan, &f->options);
	sink = report_sink(r);
	report_start(r, &err);
	sink->begin(sink, &f->pair, &err);
	for (uint64_t i = 0; i < times; i++)
		sink->change(sink, &f->change, &err);
	tally.ops[f->change.op] = tally.patchable[f->change.op] = times;
	tally.hidden_columns = f->pair.nonly[SOURCE] + f->pair.nonly[TARGET];
	sink->end(sink, &f->pair, &tally, &err);
	report_finish(r, report_totals(r)->differs, NULL, &err);
	report_free(r);
	fclose(f->options.out);
	return f->text;
}

static bool
has(const struct fixture *f, const char *part)
{
	if (strstr(f->text, part) != NULL)
		return true;
	printf("# in: %s# looked for: %s\n", f->text, part);
	return false;
}

/* --- values --- */

static void
check_value(enum ltype type, struct cell c, const char *want)
{
	const struct pair_column pc = { .col = { &columns[0], &columns[0] },
		.type = { .type = type } };
	struct buf out = BUF_INIT;

	report_value(&out, &pc, SOURCE, &c);
	is_str(buf_str(&out), want, "value %s", want);
	buf_free(&out);
}

static void
test_values(void)
{
	check_value(LT_TEXT, cell_null(), "NULL");
	check_value(LT_TEXT, text(""), "''");
	check_value(LT_TEXT, text("NULL"), "'NULL'");
	check_value(LT_TEXT, text("it's"), "'it\\'s'");
	check_value(LT_TEXT, text("a\\b"), "'a\\\\b'");
	check_value(LT_TEXT, text("a\n\r\t\x1b\x7f"), "'a\\n\\r\\t\\x1b\\x7f'");
	check_value(LT_TEXT, cell_text("a\0b", 3), "'a\\x00b'");
	check_value(LT_TEXT, text("\xc3\xa9\xf0\x9f\x98\x80"),
	    "'\xc3\xa9\xf0\x9f\x98\x80'");
	check_value(LT_TEXT, text("\xff\xc3"), "'\\xff\\xc3'");
	check_value(LT_TEXT, text("\xed\xa0\x80"), "'\\xed\\xa0\\x80'");
	check_value(LT_TEXT, text("\xc0\x80"), "'\\xc0\\x80'");
	check_value(LT_TEXT, text("\xe0\x80\xaf"), "'\\xe0\\x80\\xaf'");
	check_value(
	    LT_TEXT, text("\xf4\x90\x80\x80"), "'\\xf4\\x90\\x80\\x80'");
	check_value(LT_TEXT, text("\xe2\x80\xae"), "'\\u{202e}'");
	check_value(LT_TEXT, text("\xc2\x9b"), "'\\u{9b}'");
	check_value(LT_NUM, text("007.50"), "7.5");
	check_value(LT_NUM, text("abc"), "'abc'");
	check_value(LT_ANY, cell_int(7), "7");
	check_value(LT_ANY, cell_f64(7), "7.0");
	check_value(LT_ANY, cell_f64(-0.0), "-0.0");
	check_value(LT_ANY, cell_f64(1e300), "1e+300");
	check_value(LT_ANY, text("7"), "'7'");
	check_value(LT_ANY, cell_bytes("7", 1), "x'37'");
	check_value(LT_BYTES, cell_bytes("\0\xff", 2), "x'00ff'");
	check_value(LT_F8, cell_f64(0.1), "0.1");
}

static void
test_counts(void)
{
	static const struct {
		uint64_t n;
		const char *want;
	} cases[] = {
		{ 0, "0" },
		{ 999, "999" },
		{ 1000, "1,000" },
		{ 123456, "123,456" },
		{ 1234567, "1,234,567" },
		{ UINT64_MAX, "18,446,744,073,709,551,615" },
	};
	struct buf out = BUF_INIT;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		buf_reset(&out);
		report_count(&out, cases[i].n);
		is_str(buf_str(&out), cases[i].want, "%s", cases[i].want);
	}
	buf_reset(&out);
	report_counted(&out, 1, "row");
	is_str(buf_str(&out), "1 row", "one is singular");
	buf_reset(&out);
	report_counted(&out, 2000, "row");
	is_str(buf_str(&out), "2,000 rows", "others are plural");
	buf_free(&out);
}

static void
test_key(void)
{
	struct buf out = BUF_INIT;
	struct fixture f;

	set_up(&f);
	report_key(&out, &f.pair, f.source, SOURCE);
	is_str(buf_str(&out), "id 7", "a key of one column");
	buf_reset(&out);
	f.pair.nkeys = 2;
	report_key(&out, &f.pair, f.source, SOURCE);
	is_str(buf_str(&out), "id 7, name Kilo", "a key of two");
	buf_free(&out);
}

/* --- formats --- */

static void
test_text(void)
{
	struct fixture f;

	set_up(&f);
	is_str(render(&f, REPORT_TEXT, 0), "1 table, 3,502 rows: equal\n",
	    "equal is one line");
	f.verdicts[C_PRICE] = VERDICT_DIFFERENT;
	f.target[C_PRICE] = text("0.99");
	is_str(render(&f, REPORT_TEXT, 1),
	    "source  a.db\ntarget  b.db\n"
	    "t: 1 of 3,502 rows differs: 1 to update (~)\n"
	    "  ~ id 7: price 0.99 -> 1.5\n"
	    "1 of 1 table differs: 1 to update (~)\n",
	    "an update");
	f.options.rows = 2;
	render(&f, REPORT_TEXT, 5);
	ok(has(&f, "  ... and 3 more\n"), "the rest is counted");
	f.options.rows = 0;
	render(&f, REPORT_TEXT, 1);
	ok(has(&f, "(~)\n  ... and 1 more\n"), "--rows=0 shows none");
	f.options.rows = 1;
	f.verdicts[C_NAME] = VERDICT_UNREPRESENTABLE;
	f.why[C_NAME] = "NUL byte in text";
	f.source[C_NAME] = cell_text("a\0b", 3);
	render(&f, REPORT_TEXT, 1);
	ok(has(&f, "name Kilo -> 'a\\x00b' (the target cannot hold it: NUL "
		   "byte in text), price"),
	    "what cannot be held says why");
	f.options.color = true;
	render(&f, REPORT_TEXT, 1);
	ok(has(&f, "  \033[33m~\033[m id 7: "), "colour");
	free(f.text);
}

static void
test_text_rows(void)
{
	struct fixture f;

	set_up(&f);
	make_insert(&f);
	render(&f, REPORT_TEXT, 1);
	ok(has(&f, "t: 1 of 3,503 rows differs: 1 to insert (+)\n"),
	    "rows of either side are counted");
	ok(has(&f, "  + id 7: name Kilo, price 1.5, flag true, r 0.5, "
		   "data x'00ff', day 2024-02-29\n"),
	    "an insert");
	free(f.text);
	set_up(&f);
	make_delete(&f);
	render(&f, REPORT_TEXT, 1);
	ok(has(&f, "  - id 7: name Kilo, "), "a delete");
	f.pair.multiset = true;
	f.pair.nkeys = NCOLS;
	f.change.copies = 3;
	render(&f, REPORT_TEXT, 1);
	ok(has(&f, "  - id 7, name Kilo, price 1.5, flag true, r 0.5, "
		   "data x'00ff', day 2024-02-29 (3 times)\n"),
	    "a multiset has no key and counts copies");
	free(f.text);
}

static void
test_text_cut(void)
{
	char a[301], b[301];
	struct fixture f;

	set_up(&f);
	memset(a, 'x', 300);
	a[300] = '\0';
	memcpy(b, a, sizeof(b));
	b[200] = 'Y';
	f.source[C_NAME] = text(a);
	make_insert(&f);
	render(&f, REPORT_TEXT, 1);
	ok(has(&f, "xxxxx'..., price"), "a long text is cut for people");
	ok(strlen(f.text) < 320, "to a screen's width");
	render(&f, REPORT_ROWS, 1);
	ok(has(&f, a), "but complete in rows");
	free(f.text);
	set_up(&f);
	f.source[C_NAME] = text(a);
	f.target[C_NAME] = text(b);
	f.verdicts[C_NAME] = VERDICT_DIFFERENT;
	render(&f, REPORT_TEXT, 1);
	ok(has(&f, "name ...'xxxxxxxxxxxxYxx"), "cut to where they differ");
	free(f.text);
}

static void
test_one_sided(void)
{
	const struct table lone = { .name = "lone" };
	const struct table *only[] = { &lone };
	const char *only_names[] = { "lone" };
	const char *names[] = { "extra" };
	struct incomparable bad = { "odd", "no reason", TU_ESCHEMA };
	struct fixture f;

	set_up(&f);
	f.plan.nonly[SOURCE] = 1;
	f.plan.only[SOURCE] = only;
	f.plan.only_name[SOURCE] = only_names;
	f.pair.nonly[TARGET] = 1;
	f.pair.only[TARGET] = names;
	f.plan.nbad = 1;
	f.plan.bad = &bad;
	is_str(render(&f, REPORT_TEXT, 0),
	    "source  a.db\ntarget  b.db\n"
	    "odd: cannot be compared: no reason\n"
	    "lone: only in the source\n"
	    "t: 3,502 rows, all equal, but not the columns\n"
	    "  column extra: only in the target\n"
	    "1 of 1 table differs; 1 table only in the source; 1 table "
	    "cannot be compared\n",
	    "text names what only one side has");
	is_str(render(&f, REPORT_CSV, 0),
	    "table,op,key,column,source,target\r\n"
	    "lone,only-source,,,,\r\n"
	    "odd,not-compared,,,,\r\n"
	    "t,only-target,,extra,,\r\n",
	    "csv does");
	is_str(render(&f, REPORT_ROWS, 0),
	    "! odd cannot be compared: no reason\n"
	    "< lone only in the source\n> t.extra only in the target\n",
	    "rows does");
	render(&f, REPORT_HTML, 0);
	ok(has(&f, "lone</th><td class=\"u\" colspan=\"6\">only in the "
		   "source</td>") &&
		has(&f, "odd</th><td class=\"u\" colspan=\"6\">cannot be "
			"compared: no reason</td>"),
	    "html does, tables");
	ok(has(&f, "<li>column extra is only in the target</li>"),
	    "and columns");
	render(&f, REPORT_JSON, 0);
	ok(has(&f, "\"table\": \"lone\", \"schema\": null, \"verdict\": "
		   "\"only in source\"}"),
	    "json does, tables");
	ok(has(&f, "\"only_in_target\": [\"extra\"]"), "and columns");
	ok(has(&f, "\"verdict\": \"not comparable\", \"why\": \"no reason\""),
	    "and what cannot be compared");
	free(f.text);
}

/* Rules, and columns that nothing compares. */
static void
test_rules(void)
{
	struct skipped odd = { "odd", "no rule" };
	struct fixture f;

	set_up(&f);
	f.cols[C_PRICE].rules = "tolerance=0.01";
	f.cols[C_NAME].rules = "fold=case";
	f.pair.skipped = &odd;
	f.pair.nskipped = 1;
	is_str(render(&f, REPORT_TEXT, 0),
	    "source  a.db\ntarget  b.db\n"
	    "t: column odd is not compared: no rule\n"
	    "1 table, 3,502 rows: equal (2 columns by rules); 1 column not "
	    "compared\n",
	    "text, equal");
	f.verdicts[C_FLAG] = VERDICT_DIFFERENT;
	f.target[C_FLAG] = cell_int(0);
	render(&f, REPORT_TEXT, 1);
	ok(has(&f, "\n  rules: name fold=case; price tolerance=0.01\n"),
	    "text, different");
	render(&f, REPORT_STAT, 0);
	ok(has(&f, "  equal, 1 column not compared, by name fold=case; price "
		   "tolerance=0.01\n  column odd is not compared: no rule\n"),
	    "stat");
	is_str(render(&f, REPORT_ROWS, 0), "! t.odd is not compared: no rule\n",
	    "rows");
	is_str(render(&f, REPORT_CSV, 0),
	    "table,op,key,column,source,target\r\n"
	    "t,not-compared,,odd,,\r\n",
	    "csv");
	render(&f, REPORT_HTML, 0);
	ok(has(&f, "<li>column odd is not compared: no rule</li>") &&
		has(&f, "<li>compared by the rules name fold=case; price "
			"tolerance=0.01</li>"),
	    "html");
	render(&f, REPORT_JSON, 0);
	ok(has(&f, "\"rules\": {\"name\": \"fold=case\", \"price\": "
		   "\"tolerance=0.01\"}, \"not_compared\": {\"odd\": "
		   "\"no rule\"}"),
	    "json");
	ok(has(&f, "\"columns_not_compared\": 1"), "json, in all");
	free(f.text);
}

/* A table that fails takes what it has said so far with it. */
static const char *
render_failure(struct fixture *f, enum report_format format)
{
	struct err err = ERR_INIT, why = ERR_INIT;
	struct change_sink *sink;
	struct report *r;

	err_set(&why, TU_EQUERY, "table 't': no more");
	free(f->text);
	f->options.out = open_memstream(&f->text, &f->len);
	r = report_new(format, &f->plan, &f->options);
	sink = report_sink(r);
	report_start(r, &err);
	sink->begin(sink, &f->pair, &err);
	sink->change(sink, &f->change, &err);
	sink->fail(sink, &f->pair, &why, &err);
	is_int((long long)report_totals(r)->failed, 1, "one failed");
	is_int((long long)report_totals(r)->tables, 0, "none was compared");
	report_finish(r, 4, NULL, &err);
	report_free(r);
	fclose(f->options.out);
	return f->text;
}

static void
test_failed_table(void)
{
	struct fixture f;

	set_up(&f);
	make_delete(&f);
	is_str(render_failure(&f, REPORT_TEXT),
	    "source  a.db\ntarget  b.db\nt: failed: no more\n"
	    "no table was compared; 1 table failed\n",
	    "text");
	render_failure(&f, REPORT_STAT);
	ok(has(&f, "failed: no more\n"), "stat");
	render_failure(&f, REPORT_ROWS);
	ok(has(&f, "! t failed: no more\n"), "rows");
	render_failure(&f, REPORT_CSV);
	ok(has(&f, "t,failed,,,,\r\n"), "csv");
	render_failure(&f, REPORT_HTML);
	ok(has(&f, "colspan=\"6\">failed: no more</td>") &&
		has(&f, "<h1 class=\"unanswered\">No difference found, but not "
			"all was compared</h1>"),
	    "html");
	ok(strstr(f.text, "Kilo") == NULL, "without what was heard of it");
	render_failure(&f, REPORT_JSON);
	ok(has(&f, "{\"type\": \"table\", \"table\": \"t\", \"verdict\": "
		   "\"failed\", \"why\": \"no more\"}\n"),
	    "json");
	ok(has(&f, "\"failed\": 1"), "json, in all");
	free(f.text);
}

static void
test_stat(void)
{
	struct fixture f;

	set_up(&f);
	make_insert(&f);
	is_str(render(&f, REPORT_STAT, 1234),
	    "source  a.db\ntarget  b.db\n"
	    "table   source rows   target rows  insert (+)  update (~)  "
	    "delete (-)  verdict\n"
	    "t             3,503         3,502       1,234           0  "
	    "         0  different\n"
	    "total         3,503         3,502       1,234           0  "
	    "         0  different\n",
	    "stat is aligned");
	free(f.text);
}

static void
test_rows(void)
{
	struct fixture f;

	set_up(&f);
	f.verdicts[C_FLAG] = VERDICT_DIFFERENT;
	f.target[C_FLAG] = cell_int(0);
	f.verdicts[C_REAL] = VERDICT_EQUAL_AT_TARGET;
	is_str(render(&f, REPORT_ROWS, 1),
	    "~ t id=7, name='Kilo', price=1.5, flag=false->true, r=0.5, "
	    "data=x'00ff', day=2024-02-29\n",
	    "one line, all columns, target -> source");
	is_str(render(&f, REPORT_ROWS, 0), "", "equal is empty");
	f.options.quiet = true;
	is_str(render(&f, REPORT_ROWS, 1), "", "quiet is quiet");
	free(f.text);
}

/* A text that a spreadsheet would run. */
static void
test_csv_formulas(struct fixture *f)
{
	static const struct {
		const char *value, *want;
	} t[] = {
		{ "=1+1", ",'=1+1,\"\"\r\n" },
		{ "+1", ",'+1,\"\"\r\n" },
		{ "-1", ",'-1,\"\"\r\n" },
		{ "@SUM(A1)", ",'@SUM(A1),\"\"\r\n" },
		{ "\t=1", ",'\t=1,\"\"\r\n" },
		{ "\r=1", ",\"'\r=1\",\"\"\r\n" },
		{ "'=1", ",''=1,\"\"\r\n" },
		{ "a=1", ",a=1,\"\"\r\n" },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		f->source[C_NAME] = text(t[i].value);
		render(f, REPORT_CSV, 1);
		ok(has(f, t[i].want), "csv, text %zu", i);
	}
	f->source[C_PRICE] = text("-1.50");
	f->verdicts[C_PRICE] = VERDICT_DIFFERENT;
	render(f, REPORT_CSV, 1);
	ok(has(f, ",price,-1.5,"), "a number is none");
	f->source[C_PRICE] = text("-x");
	render(f, REPORT_CSV, 1);
	ok(has(f, ",price,'-x,"), "but what is no number is a text");
	f->verdicts[C_PRICE] = VERDICT_EQUAL;
	f->pair.name = "@t";
	render(f, REPORT_CSV, 1);
	ok(has(f, "\n'@t,update,"), "names are texts");
	f->pair.name = "t";
}

static void
test_csv(void)
{
	struct fixture f;

	set_up(&f);
	f.verdicts[C_NAME] = f.verdicts[C_DATA] = VERDICT_DIFFERENT;
	f.source[C_NAME] = text("say \"a,b\"\n\"");
	f.target[C_NAME] = text("");
	f.target[C_DATA] = cell_null();
	is_str(render(&f, REPORT_CSV, 1),
	    "table,op,key,column,source,target\r\n"
	    "t,update,7,name,\"say \"\"a,b\"\"\n\"\"\",\"\"\r\n"
	    "t,update,7,data,\\x00ff,\r\n",
	    "quotes, the empty string and NULL");
	test_csv_formulas(&f);
	f.pair.nkeys = 2;
	f.verdicts[C_DATA] = VERDICT_EQUAL;
	f.target[C_NAME] = text("b");
	render(&f, REPORT_CSV, 1);
	ok(has(&f, "t,update,\"(7, 'b')\",name,"), "a key of two columns");
	f.pair.multiset = true;
	make_delete(&f);
	f.pair.ncols = 1;
	f.change.copies = 2;
	is_str(render(&f, REPORT_CSV, 1),
	    "table,op,key,column,source,target\r\n"
	    "t,delete,,id,,7\r\nt,delete,,id,,7\r\n",
	    "copies are lines");
	free(f.text);
}

static void
test_json(void)
{
	struct fixture f;

	set_up(&f);
	make_insert(&f);
	f.source[C_NAME] = text("a\"\\\n\x01\xc3\xa9\xc2\x9b\xf3\xa0\x80\x81");
	render(&f, REPORT_JSON, 1);
	ok(has(&f, "{\"type\": \"change\", \"table\": \"t\", \"op\": "
		   "\"insert\", \"key\": {\"id\": \"7\"}, \"after\": {"
		   "\"id\": \"7\", \"name\": "
		   "\"a\\\"\\\\\\n\\u0001\xc3\xa9\\u009b\\udb40\\udc01\", "
		   "\"price\": \"1.5\", \"flag\": true, \"r\": 0.5, "
		   "\"data\": {\"hex\": \"00ff\"}, \"day\": \"2024-02-29\"}, "
		   "\"patchable\": true}\n"),
	    "an insert has the whole row");
	ok(strncmp(f.text, "{\"type\": \"start\", \"format\": 1, ", 30) == 0,
	    "start is first");
	ok(has(&f, "\"exit\": 1}\n") && f.text[f.len - 1] == '\n',
	    "summary is last");
	f.source[C_NAME] = text("\xff");
	f.source[C_REAL] = cell_f64(-INFINITY);
	f.source[C_DATA] = cell_null();
	render(&f, REPORT_JSON, 1);
	ok(has(&f, "\"name\": {\"hex\": \"ff\", \"text\": true}"),
	    "text that is no UTF-8");
	ok(has(&f, "\"r\": \"-Infinity\", \"data\": null"),
	    "infinity is a string, NULL is null");
	free(f.text);

	set_up(&f);
	f.verdicts[C_PRICE] = VERDICT_DIFFERENT;
	f.verdicts[C_NAME] = VERDICT_UNREPRESENTABLE;
	f.why[C_NAME] = "NUL byte in text";
	f.target[C_PRICE] = cell_null();
	render(&f, REPORT_JSON, 1);
	ok(has(&f, "\"before\": {\"name\": \"Kilo\", \"price\": null}, "
		   "\"after\": {\"name\": \"Kilo\", \"price\": \"1.5\"}, "
		   "\"unchanged\": {\"flag\": true, \"r\": 0.5, "
		   "\"data\": {\"hex\": \"00ff\"}, "
		   "\"day\": \"2024-02-29\"}, "
		   "\"unrepresentable\": {\"name\": \"NUL byte in text\"}, "),
	    "an update has what differs, and why it cannot be held");
	free(f.text);
}

/* SQLite's storage classes stay apart. */
static void
test_json_any(void)
{
	struct column number = {
		.name = "n", .type = "NUMERIC", .affinity = AFF_NUMERIC
	};
	struct column string = {
		.name = "s", .type = "TEXT", .affinity = AFF_TEXT
	};
	static const char *const want[2][3] = {
		{ "\"7\"", "\"7.0\"", "{\"text\": \"7\"}" },
		{ "{\"int\": \"7\"}", "{\"real\": \"7.0\"}", "\"7\"" },
	};
	const struct cell cells[3] = { cell_int(7), cell_f64(7), text("7") };
	struct fixture f;
	char part[80];

	for (int col = 0; col < 2; col++) {
		for (int i = 0; i < 3; i++) {
			set_up(&f);
			make_insert(&f);
			f.cols[C_NAME].type.type = LT_ANY;
			f.cols[C_NAME].col[SOURCE] =
			    f.cols[C_NAME].col[TARGET] =
				col == 0 ? &number : &string;
			f.source[C_NAME] = cells[i];
			render(&f, REPORT_JSON, 1);
			snprintf(part, sizeof(part), "\"%s\": %s, \"price\"",
			    col == 0 ? "n" : "s", want[col][i]);
			ok(has(&f, part), "json of any: %s", part);
			free(f.text);
		}
	}
}

/* One page that needs nothing else, and whose values are no markup. */
static void
test_html(void)
{
	struct fixture f;

	set_up(&f);
	render(&f, REPORT_HTML, 0);
	ok(has(&f, "<h1 class=\"equal\">1 table is equal</h1>"), "equal");
	ok(has(&f, "<li>t <small>3,502 rows</small></li>"), "a line each");
	f.pair.name = "<t>";
	f.verdicts[C_NAME] = VERDICT_DIFFERENT;
	f.target[C_NAME] = text("Kilo</script>");
	render(&f, REPORT_HTML, 3);
	ok(has(&f, "<title>1 of 1 table differs &#8211; trueup</title>"),
	    "the verdict is the title");
	ok(has(&f, "<h1 class=\"different\">1 of 1 table differs</h1>"),
	    "different");
	ok(has(&f, "<td class=\"v old\">&#39;Kilo<del>&lt;/script&gt;</del>"
		   "&#39;</td><td class=\"v new\">&#39;Kilo&#39;</td>"),
	    "what changed is marked, and escaped");
	ok(has(&f, "<a href=\"#t1\">&lt;t&gt;</a>") &&
		has(&f, "<h2 id=\"t1\">&lt;t&gt;</h2>"),
	    "the list leads to the table");
	ok(has(&f, "<caption>3 differences</caption>"), "all are there");
	ok(has(&f, "No map: the key has no order"), "no map");
	ok(strstr(f.text, "<dt>Time</dt>") == NULL, "no time");
	f.options.time = "2024-05-01";
	f.options.rows = 2;
	f.pair.nrange = 1;
	f.change.before = 3400;
	f.change.among = 3502;
	f.change.leaves = 8;
	render(&f, REPORT_HTML, 1234);
	ok(has(&f, "<caption>The first 2 of 1,234 differences</caption>"),
	    "--rows");
	ok(has(&f, "aria-label=\"update: in parts 8 of 8\""), "a map");
	ok(has(&f, "8 parts of about 438 rows, in the order of the key. The "
		   "first difference is at id 7, the last at id 7."),
	    "and what it says");
	ok(has(&f, "<dt>Time</dt><dd>2024-05-01</dd>"), "but when it is given");
	free(f.text);
}

/* The page never grows beyond what a browser likes to open. */
static void
test_html_full(void)
{
	char *big = calloc(1, 1200);
	struct fixture f;

	set_up(&f);
	memset(big, '<', 1199); /* &lt; */
	make_insert(&f);
	f.source[C_NAME] = text(big);
	f.options.rows = 10000;
	render(&f, REPORT_HTML, 10000);
	ok(f.len > HTML_ROWS_MAX && f.len < HTML_ROWS_MAX + (64 << 10),
	    "a full page has %zu bytes", f.len);
	ok(has(&f, " of 10,000 differences</caption>"), "and says so");
	free(f.text);
	free(big);
}

static void
test_failure(void)
{
	struct err failed = ERR_INIT, err = ERR_INIT;
	struct plan empty = { 0 };
	struct fixture f;
	struct report *r;

	set_up(&f);
	err_set(&failed, TU_ECONNECT, "source: no \"such\" host");
	err_hint(&failed, "try another");
	f.options.out = open_memstream(&f.text, &f.len);
	r = report_new(REPORT_JSON, &empty, &f.options);
	report_finish(r, 3, &failed, &err);
	report_free(r);
	fclose(f.options.out);
	is_str(f.text,
	    "{\"type\": \"error\", \"message\": \"source: no \\\"such\\\" "
	    "host\", \"hint\": \"try another\", \"exit\": 3}\n",
	    "json ends in an error, even before there is a plan");
	free(f.text);

	f.options.out = open_memstream(&f.text, &f.len);
	r = report_new(REPORT_HTML, &empty, &f.options);
	report_finish(r, 3, &failed, &err);
	report_free(r);
	fclose(f.options.out);
	ok(has(&f, "<p class=\"error\" role=\"alert\">source: no "
		   "&quot;such&quot; host<br><small>try another</small></p>"),
	    "and so does html");
	free(f.text);

	f.text = NULL;
	f.options.out = fopen("/dev/full", "w");
	setvbuf(f.options.out, NULL, _IONBF, 0);
	r = report_new(REPORT_CSV, &f.plan, &f.options);
	is_int(report_start(r, &err), TU_EIO, "a full disk is an error");
	is_str(err.msg, "cannot write the result: No space left on device",
	    "and says so");
	report_free(r);
	fclose(f.options.out);
}

/* What a table keeps for its heading is gone when the next begins. */
static void
test_two_tables(void)
{
	const struct tally tally = { .rows = { 1, 2 }, .ops = { 1, 0, 0 } };
	struct err err = ERR_INIT;
	struct change_sink *sink;
	struct fixture f;
	struct report *r;

	set_up(&f);
	make_delete(&f);
	f.options.out = open_memstream(&f.text, &f.len);
	f.options.rows = 1;
	r = report_new(REPORT_TEXT, &f.plan, &f.options);
	sink = report_sink(r);
	report_start(r, &err);
	for (int i = 0; i < 2; i++) {
		sink->begin(sink, &f.pair, &err);
		sink->change(sink, &f.change, &err);
		f.target[C_ID] = cell_int(8);
		sink->end(sink, &f.pair, &tally, &err);
	}
	report_free(r);
	fclose(f.options.out);
	ok(has(&f, "\nt: 1 of 2 rows differs: 1 to delete (-)\n"
		   "  - id 8: name Kilo, "),
	    "the second table shows its own");
	ok(strstr(f.text, "more") == NULL, "and all of it");
	free(f.text);
}

static void
test_applied(void)
{
	const uint64_t done[CHANGE_OPS] = { 1, 2, 3000 };
	struct err err = ERR_INIT;
	struct fixture f;
	struct report *r;

	set_up(&f);
	f.options.out = open_memstream(&f.text, &f.len);
	r = report_new(REPORT_TEXT, &f.plan, &f.options);
	report_start(r, &err);
	report_applied(r, done);
	report_finish(r, 0, NULL, &err);
	report_free(r);
	fclose(f.options.out);
	is_str(f.text,
	    "no table was compared\n"
	    "written: 3,000 inserted, 2 updated, 1 deleted\n",
	    "what was written");
	free(f.text);
}

static void
test_totals(void)
{
	const struct tally equal = { .rows = { 5, 5 }, .at_target = 2 };
	const struct tally other = { .rows = { 5, 7 },
		.unrepresentable = 1,
		.ops = { 2, 1, 0 },
		.patchable = { 2, 0, 0 } };
	struct err err = ERR_INIT;
	const struct totals *t;
	struct fixture f;
	struct report *r;

	set_up(&f);
	f.options.quiet = true;
	r = report_new(REPORT_TEXT, &f.plan, &f.options);
	t = report_totals(r);
	report_start(r, &err);
	report_sink(r)->end(report_sink(r), &f.pair, &equal, &err);
	ok(!t->differs, "precision is no difference");
	report_sink(r)->end(report_sink(r), &f.pair, &other, &err);
	ok(t->differs, "rows are");
	is_int((long long)t->tables, 2, "tables");
	is_int((long long)t->differing, 1, "that differ");
	is_int((long long)t->rows[TARGET], 12, "rows");
	is_int((long long)t->ops[CHANGE_UPDATE], 1, "updates");
	is_int((long long)t->patchable[CHANGE_UPDATE], 0, "patchable ones");
	is_int((long long)t->unrepresentable, 1, "unrepresentable");
	is_int((long long)t->at_target, 2, "at the target's precision");
	report_free(r);
}

int
main(void)
{
	test_values();
	test_counts();
	test_key();
	test_text();
	test_text_rows();
	test_text_cut();
	test_one_sided();
	test_rules();
	test_failed_table();
	test_stat();
	test_rows();
	test_csv();
	test_json();
	test_json_any();
	test_html();
	test_html_full();
	test_failure();
	test_two_tables();
	test_applied();
	test_totals();
	return tap_done();
}
