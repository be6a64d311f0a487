#include <config.h>

#include "diff/placement.h"
#include "lib/tap.h"

/* Looks at a thousand rows that took so many milliseconds, which is seconds a
 * million; a negative one is too short to tell. */
static struct looks
looks_of(size_t n, const double *ms)
{
	struct looks l = { .n = n };

	for (size_t i = 0; i < n; i++)
		l.at[i] = (struct look){ .n = 1000,
			.seconds = (ms[i] < 0 ? -ms[i] : ms[i]) / 1000,
			.tells = ms[i] >= 0 };
	return l;
}

static const char *const names[] = {
	[PLACED_UNKNOWN] = "unknown",
	[PLACED_ROWS] = "rows",
	[PLACED_HASHES] = "hashes",
};

struct judged {
	const char *what;
	size_t nrows;
	double rows[4];
	size_t nhashes;
	double hashes[4];
	enum placed records, texts;
};

static const struct judged judged[] = {
	{ "a slow link", 2, { 64, 60 }, 2, { 1, 1 }, PLACED_HASHES,
	    PLACED_HASHES },
	{ "one machine", 2, { 1, 1 }, 2, { 4, 4 }, PLACED_ROWS, PLACED_ROWS },
	{ "hashes that are hardly cheaper", 3, { 14, 14, 14 }, 3,
	    { 10, 10, 10 }, PLACED_ROWS, PLACED_ROWS },
	{ "hashes that are cheaper where few rows come again", 3,
	    { 16, 16, 16 }, 3, { 10, 10, 10 }, PLACED_HASHES, PLACED_ROWS },
	{ "hashes that are clearly cheaper", 3, { 21, 21, 21 }, 3,
	    { 10, 10, 10 }, PLACED_HASHES, PLACED_HASHES },
	{ "the same after two looks", 2, { 21, 21 }, 2, { 10, 10 },
	    PLACED_UNKNOWN, PLACED_UNKNOWN },
	{ "three of one way only", 3, { 21, 21, 21 }, 2, { 10, 10 },
	    PLACED_UNKNOWN, PLACED_UNKNOWN },
	{ "one look, however clear", 1, { 9000 }, 1, { 1 }, PLACED_UNKNOWN,
	    PLACED_UNKNOWN },
	{ "one that is clear enough for what is usual", 1, { 1 }, 1, { 4 },
	    PLACED_ROWS, PLACED_ROWS },
	{ "one that is not", 1, { 2 }, 1, { 3 }, PLACED_UNKNOWN,
	    PLACED_UNKNOWN },
	{ "rows that came fast but once", 3, { 90, 9, 90 }, 3, { 9, 9, 9 },
	    PLACED_ROWS, PLACED_ROWS },
	{ "a busy server, once", 3, { 90, 90, 90 }, 3, { 9, 900, 9 },
	    PLACED_HASHES, PLACED_HASHES },
	{ "a look too short to tell", 3, { 90, -1, 90 }, 4, { -1, 2, 2, -1 },
	    PLACED_HASHES, PLACED_HASHES },
	{ "nothing but such looks", 3, { -90, -90, -90 }, 3, { 1, 1, 1 },
	    PLACED_UNKNOWN, PLACED_UNKNOWN },
	{ "no look", 0, { 0 }, 0, { 0 }, PLACED_UNKNOWN, PLACED_UNKNOWN },
};

static void
check_judged(const struct judged *j)
{
	const struct looks rows = looks_of(j->nrows, j->rows);
	const struct looks hashes = looks_of(j->nhashes, j->hashes);
	struct placement p = { 0 };
	enum placed got = placement_judge(&rows, &hashes, HASH_RECORD, &p);

	is_str(names[got], names[j->records], "records: %s", j->what);
	ok(p.measured == (got != PLACED_UNKNOWN), "it was measured, or not");
	is_str(names[placement_judge(&rows, &hashes, HASH_SHA256, &p)],
	    names[j->texts], "texts: %s", j->what);
}

static void
check_figures(void)
{
	const struct looks rows = looks_of(2, (double[]){ 30.4, 24.2 });
	const struct looks hashes = looks_of(2, (double[]){ 0.25, 1.0 });
	const struct looks none = { .n = 2,
		.at = { { .seconds = 1, .tells = true },
		    { .seconds = 1, .tells = true } } };
	struct placement p = { 0 };
	struct buf why = BUF_INIT;

	placement_why(&why, "no more", &p);
	is_str(buf_str(&why), "no more", "nothing was measured");
	placement_judge(&rows, &hashes, HASH_RECORD, &p);
	buf_reset(&why);
	placement_why(&why, NULL, &p);
	is_str(buf_str(&why), "measured: rows 24 s, hashes 0.25 s a million",
	    "the fastest of both ways");
	p.hashes = 1.26;
	buf_reset(&why);
	placement_why(&why, "no more", &p);
	is_str(buf_str(&why),
	    "no more; measured: rows 24 s, hashes 1.3 s a million",
	    "behind a reason");
	is_str(names[placement_judge(&none, &none, HASH_RECORD, &p)], "rows",
	    "where no rows were found they travel");
	buf_free(&why);
}

int
main(void)
{
	for (size_t i = 0; i < ARRAY_LEN(judged); i++)
		check_judged(&judged[i]);
	check_figures();
	return tap_done();
}
