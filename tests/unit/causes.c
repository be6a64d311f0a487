#include <config.h>

#include "diff/causes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/pairs.h"
#include "lib/tap.h"
#include "value/rule.h"

#define ROWS 20

/* A table (id, a, b) and what is heard of it. */
struct table_run {
	struct arena *arena;
	struct pair *pair;
	struct causes *causes;
	struct change_sink *sink;
	struct tally tally;
	int64_t id;
	char said[1024];
};

static void
run_begin(struct table_run *r, enum ltype a, enum ltype b)
{
	struct column cols[3] = { pairs_column("id", LT_NUM, AFF_NONE),
		pairs_column("a", a, AFF_NONE),
		pairs_column("b", b, AFF_NONE) };
	struct err err = ERR_INIT;

	cols[0].integer = true;
	*r = (struct table_run){ .arena = arena_new(65536),
		.causes = causes_new(),
		.tally = { .rows = { 1000, 1000 } } };
	r->pair = pairs_new(r->arena, "public", "t", cols, 3, 1);
	r->sink = causes_sink(r->causes);
	r->sink->begin(r->sink, r->pair, &err);
}

static void
run_update2(struct table_run *r, struct cell sa, struct cell ta, struct cell sb,
    struct cell tb)
{
	const struct cell s[3] = { cell_int(++r->id), sa, sb };
	const struct cell t[3] = { cell_int(r->id), ta, tb };
	struct change c = pairs_update(r->arena, r->pair, s, t);
	struct err err = ERR_INIT;

	r->sink->change(r->sink, &c, &err);
}

static void
run_update(struct table_run *r, struct cell source, struct cell target)
{
	run_update2(r, source, target, cell_int(1), cell_int(1));
}

/* "20 of 20 a: is ...; 3 of 20 b: ..." */
static const char *
run_end(struct table_run *r)
{
	struct buf text = BUF_INIT;
	const struct cause *causes;
	struct err err = ERR_INIT;
	size_t n;

	r->sink->end(r->sink, r->pair, &r->tally, &err);
	n = causes_list(r->causes, &causes);
	for (size_t i = 0; i < n; i++) {
		const struct cause *c = &causes[i];

		buf_addf(&text,
		    "%s%s%" PRIu64 " of %" PRIu64 " %s: ", i > 0 ? "; " : "",
		    c->exact ? "" : "at least ", c->count, c->of,
		    c->column == CAUSE_ROWS
			? "rows"
			: r->pair->cols[c->column].col[TARGET]->name);
		cause_describe(&text, c);
		if (c->other != CAUSE_ROWS)
			buf_addf(&text, " %s",
			    r->pair->cols[c->other].col[TARGET]->name);
	}
	snprintf(r->said, sizeof(r->said), "%s", buf_str(&text));
	buf_free(&text);
	causes_free(r->causes);
	arena_free(r->arena);
	return r->said;
}

/* --- values by pattern --- */

/* '#' is the number; NULL is NULL. */
static struct cell
value(struct arena *arena, const char *pattern, int i)
{
	struct buf b = BUF_INIT;
	struct cell cell;

	if (pattern == NULL)
		return cell_null();
	for (; *pattern != '\0'; pattern++)
		if (*pattern == '#')
			buf_addf(&b, "%d", i);
		else
			buf_addc(&b, *pattern);
	cell = cell_text(arena_memdup(arena, b.data, b.len), b.len);
	buf_free(&b);
	return cell;
}

static void
test_patterns(void)
{
	static const struct {
		const char *source, *target;
		enum ltype type;
		const char *want; /* behind "20 of 20 a: "; NULL: no cause */
	} cases[] = {
		{ "value #", NULL, LT_TEXT,
		    "is NULL in TARGET and not in "
		    "SOURCE" },
		{ NULL, "#", LT_NUM, "is NULL in SOURCE and not in TARGET" },
		{ "", NULL, LT_TEXT,
		    "is NULL in TARGET and the empty text in "
		    "SOURCE" },
		{ NULL, "", LT_TEXT,
		    "is NULL in SOURCE and the empty text in "
		    "TARGET" },
		{ "line #\r\nmore\r\n", "line #\nmore\n", LT_TEXT,
		    "differs in line ends only: CR LF in SOURCE, LF in "
		    "TARGET" },
		{ "line #\r\nmore\r\n", "line #\nMore\n", LT_TEXT, NULL },
		{ "line #\rmore\r\n", "line #\nmore\n", LT_TEXT, NULL },
		{ "line #\r\nmore\r\nx", "line #\r\nmore\nx", LT_TEXT, NULL },
		{ "caf\xc3\xa9 #", "cafe\xcc\x81 #", LT_TEXT,
		    "differs in Unicode form only: not NFC in TARGET" },
		{ "caf\xc3\xa9 #", "cafe\xcc\x80 #", LT_TEXT, NULL },
		{ "name #", "name #  ", LT_TEXT,
		    "has more trailing blanks in TARGET" },
		{ "name #   ", "name #", LT_TEXT,
		    "has more trailing blanks in SOURCE" },
		{ "name #", "name# ", LT_TEXT, NULL },
		{ "name #", "\tname #\xc2\xa0\n", LT_TEXT,
		    "differs in white space around it only" },
		{ "name #", "na me #", LT_TEXT, NULL },
		{ "\xc3\x89"
		  "COLE #",
		    "\xc3\xa9"
		    "cole #",
		    LT_TEXT, "differs in case only" },
		{ "Stra\xc3\x9f"
		  "e #",
		    "Strasse #", LT_TEXT, NULL },
		{ "Name #", "nAMf #", LT_TEXT, NULL },
		{ "M\xc3\xbcller #", "M\xc3\x83\xc2\xbcller #", LT_TEXT,
		    "is UTF-8 encoded twice in TARGET" },
		{ "\xc3\xa2\xe2\x82\xac\xe2\x84\xa2 #", "\xe2\x80\x99 #",
		    LT_TEXT, "is UTF-8 encoded twice in SOURCE" },
		{ "M\xc3\xbcller #", "M\xc3\x83\xc2\xbdller #", LT_TEXT, NULL },
		{ "M\xc3\xbcller #", "M\xfcller #", LT_TEXT,
		    "is Latin-1, not UTF-8, in TARGET" },
		{ "M\xc3\xbcller #", "M\xfdller #", LT_TEXT, NULL },
		{ "M\xc3\xbcller #", "M?ller #", LT_TEXT,
		    "has question marks (or U+FFFD) for other characters in "
		    "TARGET" },
		{ "M\xc3\xbcller #", "M\xef\xbf\xbd\xef\xbf\xbdller #", LT_TEXT,
		    "has question marks (or U+FFFD) for other characters in "
		    "TARGET" },
		{ "M\xc3\xbcller #", "M???ller #", LT_TEXT, NULL },
		{ "M\xc3\xbcller #", "Muller #", LT_TEXT,
		    "has lost its accents in TARGET" },
		{ "M\xc3\xbcller #", "Maller #", LT_TEXT, NULL },
		{ "\xc3\x89mile #", "Emile #", LT_TEXT,
		    "has lost its accents in TARGET" },
		{ "e\xcc\x81mile #", "emile #", LT_TEXT,
		    "has lost its accents in TARGET" },
		{ "2024-01-01 10:00:#", "2024-01-01", LT_TEXT,
		    "has lost its time of day in TARGET" },
		{ "2024-05-17 10:11:#", "2024-05-17 00:00:00", LT_TS,
		    "has lost its time of day in TARGET" },
		{ "2024-05-17 10:11:#", "2024-04-# 00:00:00", LT_TS, NULL },
		{ "2024-05-17 10:11:#", "2024-05-17 11:11:#", LT_TS,
		    "is exactly 1 h later in TARGET (time zone, summer "
		    "time?)" },
		{ "2024-05-17 10:11:#", "2024-05-17 04:41:#", LT_TEXT,
		    "is exactly 5 h 30 min earlier in TARGET (time zone?)" },
		{ "2024-05-17 10:11:#", "2024-05-18 10:11:#.25", LT_TS,
		    "is exactly 1 day 0.25 s later in TARGET" },
		{ "2024-05-17 10:11:#", "2024-05-17 #:11:00", LT_TS, NULL },
		{ "2024-05-17 10:11:#", "0024-05-17 10:11:#", LT_TS,
		    "is exactly 2000 years earlier in TARGET" },
		{ "10:11:#", "12:11:#", LT_TIME,
		    "is exactly 2 h later in TARGET (time zone?)" },
		{ "#.12345", "#.12", LT_NUM,
		    "is rounded to 2 decimal places in TARGET" },
		{ "#.129", "#.12", LT_NUM,
		    "is cut to 2 decimal places in TARGET" },
		{ "#.129", "#.127", LT_NUM, "is exactly 0.002 more in SOURCE" },
		{ "#.1", "-#.1", LT_NUM, "has the other sign in TARGET" },
		{ "#", "#000", LT_NUM,
		    "is exactly 1000 times as large in TARGET" },
		{ "#.5", "#.50001", LT_F8,
		    "is rounded to 6 significant digits in SOURCE" },
		{ "value #", "N/A", LT_TEXT,
		    "is one and the same value in TARGET, whatever SOURCE "
		    "has" },
		{ "value", "N/A", LT_TEXT, NULL },
		{ "twelve chars # and #", "twelve chars", LT_TEXT,
		    "is cut to 12 characters in TARGET" },
		{ "gr\xc3\xbc\xc3\x9f"
		  "e",
		    "gr\xc3\xbc\xc3\x9f"
		    "e # #",
		    LT_TEXT, "is cut to 5 characters in SOURCE" },
		{ "12345678#", "12345678", LT_BYTES,
		    "is cut to 8 bytes in TARGET" },
		{ "name #", "name #x", LT_TEXT, NULL },
		{ "value #", "elav #", LT_TEXT, NULL },
		{ "123456789012345#", "#123", LT_TEXT, NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct table_run r;
		char want[256] = "";

		run_begin(&r, cases[i].type, LT_NUM);
		for (int k = 10; k < 10 + ROWS; k++) {
			struct cell from = value(r.arena, cases[i].source, k);
			struct cell to = value(r.arena, cases[i].target, k);

			if (cases[i].type == LT_BYTES)
				from.kind = to.kind = CELL_BYTES;
			run_update(&r, from, to);
		}
		if (cases[i].want != NULL)
			snprintf(want, sizeof(want), "%d of %d a: %s", ROWS,
			    ROWS, cases[i].want);
		is_str(run_end(&r), want, "pattern %zu", i);
	}
}

/* --- counts --- */

static struct cell
stamp(struct arena *arena, int day, int hour, int second)
{
	char *text =
	    arena_printf(arena, "2024-05-%02d %02d:00:%02d", day, hour, second);

	return cell_text(text, strlen(text));
}

static void
test_counts(void)
{
	struct table_run r;

	run_begin(&r, LT_TEXT, LT_NUM);
	for (int i = 0; i < 40; i++)
		run_update(&r, value(r.arena, "Name #", i),
		    value(r.arena, i < 10 ? "name #" : "other #", i));
	is_str(run_end(&r), "10 of 40 a: differs in case only",
	    "a part of the cells");

	run_begin(&r, LT_TEXT, LT_NUM);
	for (int i = 0; i < 40; i++)
		run_update(&r, value(r.arena, "Name #", i),
		    value(r.arena, i < 9 ? "name #" : "other #", i));
	is_str(run_end(&r), "", "too small a part");

	run_begin(&r, LT_TS, LT_NUM);
	for (int i = 0; i < 48; i++)
		run_update(&r, stamp(r.arena, 2 + i / 24, i % 24, 0),
		    i % 24 == 0 ? stamp(r.arena, 1 + i / 24, 23, 0)
				: stamp(r.arena, 2 + i / 24, i % 24 - 1, 0));
	is_str(run_end(&r),
	    "48 of 48 a: is exactly 1 h earlier in TARGET (time zone, summer "
	    "time?)",
	    "1 o'clock that became midnight is no lost time of day");

	run_begin(&r, LT_TS, LT_NUM);
	for (int i = 0; i < 45; i++)
		run_update(&r, stamp(r.arena, 2, 10, i),
		    i < 25   ? stamp(r.arena, 2, 11, i)
		    : i < 40 ? stamp(r.arena, 2, 12, i)
			     : stamp(r.arena, i - 30, 12, 50));
	is_str(run_end(&r),
	    "25 of 45 a: is exactly 1 h later in TARGET (time zone, summer "
	    "time?); 15 of 45 a: is exactly 2 h later in TARGET (time zone?)",
	    "winter and summer");

	run_begin(&r, LT_TS, LT_NUM);
	for (int i = 0; i < 40; i++)
		run_update(&r, stamp(r.arena, 2, 10, i),
		    i < 22 ? cell_null() : stamp(r.arena, 2, 11, i));
	is_str(run_end(&r),
	    "22 of 40 a: is NULL in TARGET and not in SOURCE; 18 of 40 a: is "
	    "exactly 1 h later in TARGET (time zone, summer time?)",
	    "two causes in one column");

	run_begin(&r, LT_NUM, LT_NUM);
	for (int i = 0; i < 200; i++)
		run_update(&r, cell_int(i), cell_int(i + i * i + 3));
	for (int i = 0; i < 400; i++)
		run_update(&r, cell_int(i), cell_int(i + 1));
	is_str(run_end(&r),
	    "at least 400 of 600 a: is exactly 1 more in TARGET",
	    "one that was not followed from the beginning");
}

static void
test_columns(void)
{
	struct table_run r;

	run_begin(&r, LT_TEXT, LT_TEXT);
	for (int i = 0; i < 12; i++)
		run_update2(&r, value(r.arena, "anna #", i),
		    value(r.arena, "smith #", i), value(r.arena, "smith #", i),
		    value(r.arena, "anna #", i));
	is_str(run_end(&r), "12 of 12 b: is swapped in TARGET with a",
	    "swapped columns");

	run_begin(&r, LT_TEXT, LT_TEXT);
	for (int i = 0; i < 12; i++)
		run_update2(&r, value(r.arena, "anna #", i),
		    value(r.arena, "smith #", i), value(r.arena, "smith #", i),
		    value(r.arena, "anne #", i));
	is_str(run_end(&r), "", "half swapped");

	run_begin(&r, LT_TEXT, LT_NUM);
	for (int i = 10; i < 40; i++)
		run_update2(&r, value(r.arena, "a #", i),
		    value(r.arena, i < 30 ? "a # " : "a #", i), cell_int(i),
		    cell_int(i + 5));
	is_str(run_end(&r),
	    "30 of 30 b: is exactly 5 more in TARGET; 20 of 20 a: has more "
	    "trailing blanks in TARGET",
	    "what explains more comes first");
}

static void
test_rules(void)
{
	static const struct vrule rule = { .folds = FOLD_CASE };
	struct table_run r;

	run_begin(&r, LT_TEXT, LT_NUM);
	r.pair->cols[1].type.rule = &rule;
	for (int i = 0; i < ROWS; i++)
		run_update(&r, value(r.arena, "NAME #", i),
		    value(r.arena, "name # ", i));
	is_str(run_end(&r), "20 of 20 a: has more trailing blanks in TARGET",
	    "under the column's rule");
}

/* --- rows --- */

static void
run_row(struct table_run *r, enum change_op op, int64_t id, bool next)
{
	const struct cell cells[3] = { cell_int(id), cell_int(1), cell_int(2) };
	struct change c = op == CHANGE_INSERT
	                      ? pairs_insert(r->arena, r->pair, cells)
	                      : pairs_delete(r->arena, r->pair, cells);
	struct err err = ERR_INIT;

	c.next = next;
	r->sink->change(r->sink, &c, &err);
}

static void
test_rows(void)
{
	static const struct {
		const char *what;
		enum change_op op;
		int rows, gap; /* a row stands before the gap-th */
		bool end;
		uint64_t target; /* rows */
		const char *want;
	} cases[] = {
		{ "a range", CHANGE_INSERT, 100, 0, false, 5,
		    "100 of 100 rows: TARGET has no row between two keys" },
		{ "one that is too many", CHANGE_DELETE, 100, 20, false, 5,
		    "80 of 100 rows: SOURCE has no row between two keys" },
		{ "the end", CHANGE_INSERT, 100, 40, true, 5,
		    "60 of 100 rows: TARGET has no row from a key on" },
		{ "the end is another run", CHANGE_INSERT, 100, 60, true, 5,
		    "60 of 100 rows: TARGET has no row between two keys" },
		{ "few rows", CHANGE_INSERT, 9, 0, true, 5, "" },
		{ "no rows at all", CHANGE_INSERT, 9, 0, true, 0,
		    "9 of 9 rows: TARGET has none of them" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct table_run r;

		run_begin(&r, LT_NUM, LT_NUM);
		r.tally.rows[TARGET] = cases[i].target;
		r.tally.open_end = cases[i].end;
		for (int k = 0; k < cases[i].rows; k++)
			run_row(
			    &r, cases[i].op, k * 3, k > 0 && k != cases[i].gap);
		is_str(run_end(&r), cases[i].want, "%s", cases[i].what);
	}
}

/* From a point in time on: the first column whose times never go back. */
static void
test_since(void)
{
	for (int back = 0; back <= 1; back++) {
		const struct cause *causes;
		struct err err = ERR_INIT;
		struct table_run r;

		run_begin(&r, LT_DATE, LT_TS);
		r.tally.open_end = true;
		for (int i = 0; i < 30; i++) {
			const struct cell cells[3] = { cell_int(i),
				value(r.arena, "2024-05-1#", 9 - i % 3),
				stamp(r.arena, 2, 10,
				    20 + (back && i == 20 ? 0 : i)) };
			struct change c = pairs_insert(r.arena, r.pair, cells);

			c.next = i > 5;
			r.sink->change(r.sink, &c, &err);
		}
		r.sink->end(r.sink, r.pair, &r.tally, &err);
		causes_list(r.causes, &causes);
		is_int(causes[0].kind, CAUSE_KEY_END, "the end");
		if (back)
			ok(causes[0].since == NULL, "a time went back");
		else
			ok(causes[0].since_column == 2 &&
				memcmp(causes[0].since->u.p,
				    "2024-05-02 10:00:25", 19) == 0,
			    "since when");
		run_end(&r);
	}
}

static void
test_duplicates(void)
{
	struct table_run r;
	struct err err = ERR_INIT;

	run_begin(&r, LT_NUM, LT_NUM);
	r.pair->multiset = true;
	r.pair->nkeys = 3;
	for (int i = 0; i < 10; i++) {
		const struct cell cells[3] = { cell_int(i), cell_int(1),
			cell_int(2) };
		struct change c = pairs_delete(r.arena, r.pair, cells);

		c.copies = 2;
		c.fewer = i < 6;
		r.sink->change(r.sink, &c, &err);
	}
	is_str(run_end(&r),
	    "12 of 20 rows: SOURCE has them too, but fewer times",
	    "duplicates");
}

/* --- examples --- */

static void
test_examples(void)
{
	const struct cause *causes;
	struct err err = ERR_INIT;
	struct table_run r;
	char *large = calloc(1, 5000);

	run_begin(&r, LT_TEXT, LT_NUM);
	memset(large, 'x', 5000);
	run_update(&r, cell_text(large, 4999), cell_text(large, 10));
	for (int i = 10; i < 20; i++)
		run_update(&r, value(r.arena, "ten chars # and", i),
		    value(r.arena, "ten chars ", i));
	r.sink->end(r.sink, r.pair, &r.tally, &err);
	is_int((long long)causes_list(r.causes, &causes), 1, "a cause");
	is_int((long long)causes[0].count, 11, "of all cells");
	is_int((long long)causes[0].nexamples, 3, "three examples");
	is_int(causes[0].examples[0].key[0].u.i, 2,
	    "a value that is too long is none");
	is_int(causes[0].examples[2].key[0].u.i, 4, "the first ones");
	ok(causes[0].examples[0].source->len == 16 &&
		memcmp(causes[0].examples[0].source->u.p, "ten chars 10 and",
		    16) == 0,
	    "the source's value");
	is_int((long long)causes[0].examples[0].target->len, 10,
	    "the target's value");
	is_str(causes[0].amount, "10", "how much");

	r.sink->begin(r.sink, r.pair, &err);
	is_str(run_end(&r), "", "the next table begins with nothing");
	free(large);
}

/* --- random damage has no cause --- */

static int64_t
below(int64_t n)
{
	return (int64_t)(tap_random() % (uint64_t)n);
}

struct domain {
	enum ltype type;
	int64_t size; /* of numbers, days, words, seconds */
	int64_t from;
};

static struct cell
random_text(struct arena *arena, int letters, int max)
{
	static const char all[] = "aAbB cCdDeEfFgG\nxyz0123456789.-";
	size_t n = (size_t)below(max + 1);
	char *text = arena_alloc(arena, n + 1);

	for (size_t i = 0; i < n; i++)
		text[i] = all[below(letters)];
	return cell_text(text, n);
}

static struct cell
random_value(struct arena *arena, const struct domain *d)
{
	int64_t n = d->from + below(d->size);
	char *text;

	if (below(33) == 0)
		return cell_null();
	if (d->type == LT_TEXT && d->from == 0)
		return random_text(arena, (int)d->size, 12);
	if (d->type == LT_TEXT) /* words */
		text = arena_printf(
		    arena, "%" PRIx64, (uint64_t)n * 0x9e3779b97f4a7c15);
	else if (d->type == LT_TS)
		text = arena_printf(arena, "2024-05-%02d %02d:%02d:%02d",
		    1 + (int)(n / 86400 % 28), (int)(n / 3600 % 24),
		    (int)(n / 60 % 60), (int)(n % 60));
	else if (d->type == LT_DATE)
		text = arena_printf(arena, "20%02d-%02d-%02d",
		    (int)(n / 336 % 100), 1 + (int)(n / 28 % 12),
		    1 + (int)(n % 28));
	else if (d->type == LT_F8)
		return cell_f64((double)n / 8);
	else if (d->from == 1) /* cents */
		text = arena_printf(
		    arena, "%" PRId64 ".%02d", n / 100, (int)(n % 100));
	else
		return cell_int(n);
	return cell_text(text, strlen(text));
}

static struct cell
other_value(
    struct arena *arena, const struct domain *d, const struct cell *than)
{
	struct cell c;

	do
		c = random_value(arena, d);
	while (cell_same(&c, than));
	return c;
}

static void
test_random_cells(void)
{
	static const struct domain domains[] = {
		{ LT_NUM, 2, 0 },
		{ LT_NUM, 3, -1 },
		{ LT_NUM, 4, 0 },
		{ LT_NUM, 5, -2 },
		{ LT_NUM, 10, 0 },
		{ LT_NUM, 1000000, -500000 },
		{ LT_NUM, 300, 1 },
		{ LT_NUM, 100000, 1 },
		{ LT_F8, 8, 0 },
		{ LT_F8, 100000, -50000 },
		{ LT_DATE, 7, 0 },
		{ LT_DATE, 9000, 0 },
		{ LT_TS, 86400, 0 },
		{ LT_TS, 2000000, 0 },
		{ LT_TEXT, 2, 1 },
		{ LT_TEXT, 5, 1 },
		{ LT_TEXT, 200, 1 },
		{ LT_TEXT, 5, 0 },
		{ LT_TEXT, 31, 0 },
	};

	for (size_t i = 0; i < 20 * ARRAY_LEN(domains); i++) {
		const struct domain *d = &domains[i % ARRAY_LEN(domains)];
		int64_t rows = 40 + below(120);
		struct table_run r;

		run_begin(&r, d->type, d->type);
		for (int64_t k = 0; k < rows; k++) {
			struct cell a = random_value(r.arena, d);
			struct cell b = random_value(r.arena, d);

			run_update2(&r, a, other_value(r.arena, d, &a), b,
			    other_value(r.arena, d, &b));
		}
		is_str(run_end(&r), "", "random values, domain %zu, %d rows",
		    i % ARRAY_LEN(domains), (int)rows);
	}
}

static void
test_random_rows(void)
{
	for (int i = 0; i < 50; i++) {
		struct table_run r;
		int64_t last = -1;

		run_begin(&r, LT_NUM, LT_NUM);
		r.tally.open_end = below(2) == 0;
		for (int64_t id = 0; id < 1000; id++) {
			if (below(i % 2 == 0 ? 20 : 3) != 0)
				continue;
			run_row(&r,
			    below(4) == 0 ? CHANGE_DELETE : CHANGE_INSERT, id,
			    id > 0 && last == id - 1);
			last = id;
		}
		is_str(run_end(&r), "", "random rows %d", i);
	}
}

int
main(void)
{
	test_patterns();
	test_counts();
	test_columns();
	test_rules();
	test_rows();
	test_since();
	test_duplicates();
	test_examples();
	test_random_cells();
	test_random_rows();
	return tap_done();
}
