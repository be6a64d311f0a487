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
		{ "caf\xc3\xa9 #", "cafe\xcc\x81 #", LT_TEXT,
		    "differs in Unicode form only: not NFC in TARGET" },
		{ "caf\xc3\xa9 #", "cafe\xcc\x80 #", LT_TEXT, NULL },
		{ "name #", "name #  ", LT_TEXT,
		    "has more trailing blanks in TARGET" },
		{ "name #   ", "name #", LT_TEXT,
		    "has more trailing blanks in SOURCE" },
		{ "name #", "name# ", LT_TEXT, NULL },
		{ "name #", "\tname #\xc2\xa0\n", LT_TEXT,
		    "has more white space around it in TARGET" },
		{ "name #", "na me #", LT_TEXT, NULL },
		{ "Stra\xc3\x9f"
		  "e #",
		    "STRASSE #", LT_TEXT, "differs in case only" },
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
		    "has characters replaced by question marks in TARGET" },
		{ "M\xc3\xbcller #", "M\xef\xbf\xbd\xef\xbf\xbdller #", LT_TEXT,
		    "has characters replaced by question marks in TARGET" },
		{ "M\xc3\xbcller #", "M???ller #", LT_TEXT, NULL },
		{ "M\xc3\xbcller #", "Muller #", LT_TEXT,
		    "has lost its accents in TARGET" },
		{ "M\xc3\xbcller #", "Maller #", LT_TEXT, NULL },
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
		{ "value #", "elav #", LT_TEXT, NULL },
		{ "123456789012345#", "#123", LT_TEXT, NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct table_run r;
		char want[256] = "";

		run_begin(&r, cases[i].type, LT_NUM);
		for (int k = 10; k < 10 + ROWS; k++)
			run_update(&r, value(r.arena, cases[i].source, k),
			    value(r.arena, cases[i].target, k));
		if (cases[i].want != NULL)
			snprintf(want, sizeof(want), "%d of %d a: %s", ROWS,
			    ROWS, cases[i].want);
		is_str(run_end(&r), want, "pattern %zu", i);
	}
}

int
main(void)
{
	test_patterns();
	return tap_done();
}
