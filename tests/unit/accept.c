/*
 * Accepted differences: what is left out, until when, and of what they must not
 * be taken.
 */
#include <config.h>

#include "audit/accept.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/db.h"
#include "lib/pairs.h"
#include "lib/tap.h"

static struct arena *arena;
static char dir[64];

/* --- a comparison --------------------------------------------------------- */

/* A row on both sides: NULL texts, no row. */
struct both {
	int64_t id;
	const char *source, *target;
};

/* Hears what is not left out. */
struct listener {
	struct change_sink sink;
	uint64_t heard;
	int64_t last;
	struct tally tally;
};

static enum status
listen_change(struct change_sink *s, const struct change *c, struct err *err)
{
	struct listener *l = (struct listener *)s;

	(void)err;
	l->heard++;
	l->last = c->target != NULL ? c->target[0].u.i : c->source[0].u.i;
	return TU_OK;
}

static enum status
listen_end(struct change_sink *s, const struct pair *pair,
    const struct tally *tally, struct err *err)
{
	(void)pair;
	(void)err;
	((struct listener *)s)->tally = *tally;
	return TU_OK;
}

/* What the next comparisons are like. */
static struct {
	const char *rules;
	bool multiset;
	uint64_t unsettled;
} as;

static struct pair *
new_pair(void)
{
	const struct column cols[] = {
		pairs_column("id", LT_NUM, AFF_NONE),
		pairs_column("note", LT_TEXT, AFF_NONE),
	};
	struct pair *pair = pairs_new(arena, NULL, "t", cols, 2, 1);

	pair->cols[1].rules = as.rules;
	pair->multiset = as.multiset;
	if (as.multiset)
		pair->nkeys = 2;
	return pair;
}

static struct cell *
cells_of(int64_t id, const char *note)
{
	struct cell *cells;

	if (note == NULL)
		return NULL;
	cells = arena_alloc(arena, 2 * sizeof(*cells));
	cells[0] = cell_int(id);
	cells[1] = pairs_text(note);
	return cells;
}

static void
tell(struct change_sink *sink, const struct pair *pair, const struct both *row,
    struct tally *tally)
{
	struct cell *source = cells_of(row->id, row->source);
	struct cell *target = cells_of(row->id, row->target);
	struct change c = source == NULL ? pairs_delete(arena, pair, target)
	                  : target == NULL
	                      ? pairs_insert(arena, pair, source)
	                      : pairs_update(arena, pair, source, target);
	struct err err = ERR_INIT;

	tally->ops[c.op]++;
	tally->patchable[c.op] += c.patchable;
	if (sink->change(sink, &c, &err) != TU_OK)
		ok(false, "row %d: %s", (int)row->id, err.msg);
}

/* Compare these rows, n of which differ, in front of a listener. */
static struct listener
compare(struct accepting *accepting, const struct both *rows, size_t n)
{
	struct listener l = { .sink = { .change = listen_change,
				  .end = listen_end } };
	struct pair *pair = new_pair();
	struct plan plan = { .npairs = 1, .pairs = pair };
	struct tally tally = { .unsettled = as.unsettled }, mine;
	const char *path = history_path(arena, dir, "p");
	struct change_sink *sink;
	struct err err = ERR_INIT;
	struct history *h;
	struct accept *a;

	if (history_open(path, "p", HISTORY_WRITE, &h, &err) != TU_OK) {
		ok(false, "%s", err.msg);
		return l;
	}
	a = accept_new(h, &plan, &mine, &l.sink, accepting);
	sink = accept_sink(a);
	if (sink->begin(sink, pair, &err) != TU_OK)
		ok(false, "begin: %s", err.msg);
	for (size_t i = 0; i < n; i++)
		tell(sink, pair, &rows[i], &tally);
	if (sink->end(sink, pair, &tally, &err) != TU_OK ||
	    accept_keep(a, &err) != TU_OK)
		ok(false, "end: %s", err.msg);
	ok(memcmp(&mine, &l.tally, sizeof(mine)) == 0, "one tally for all");
	accept_free(a);
	history_close(h);
	return l;
}

static const struct both three[] = {
	{ 1, "a", "b" },
	{ 2, "c", NULL },
	{ 3, NULL, "d" },
};

static uint64_t
accept_them(const struct both *rows, size_t n)
{
	struct accepting accepting = { .who = "bob", .reason = "known" };
	struct listener l = compare(&accepting, rows, n);

	is_int((long long)l.heard, 0, "what is recorded is left out");
	return accepting.recorded;
}

/* --- records -------------------------------------------------------------- */

struct records {
	size_t n, stale;
	char first[64];
};

static enum status
note_record(void *arg, const struct accepted *a, struct err *err)
{
	struct records *r = arg;

	(void)err;
	if (r->n++ == 0)
		snprintf(r->first, sizeof(r->first), "%s|%s|%s|%s|%d%d",
		    a->table, a->key, a->who, a->reason, a->has[SOURCE],
		    a->has[TARGET]);
	r->stale += a->stale != 0;
	return TU_OK;
}

static struct records
records(const char *table, const char *forget)
{
	const char *path = history_path(arena, dir, "p");
	struct records r = { 0 };
	struct err err = ERR_INIT;
	struct history *h;
	uint64_t n = 0;

	if (history_open(path, "p", HISTORY_WRITE, &h, &err) != TU_OK ||
	    (forget != NULL && accept_forget(h, table, &forget,
				   forget[0] != '\0', &n, &err) != TU_OK) ||
	    accept_list(h, table, note_record, &r, &err) != TU_OK)
		ok(false, "records: %s", err.msg);
	history_close(h);
	return r;
}

static void
start_over(void)
{
	(void)unlink(history_path(arena, dir, "p"));
	memset(&as, 0, sizeof(as));
}

/* --- tests ---------------------------------------------------------------- */

static void
test_left_out(void)
{
	struct listener l;
	struct records r;

	start_over();
	l = compare(NULL, three, 3);
	is_int((long long)l.heard, 3, "nothing is accepted");
	is_int((long long)l.tally.accepted, 0, "nor counted");
	is_int((long long)accept_them(three, 3), 3, "three are recorded");
	r = records(NULL, NULL);
	is_str(r.first, "t|id 1|bob|known|11", "a record");
	is_int((long long)accept_them(three, 3), 0, "not for a second time");
	l = compare(NULL, three, 3);
	is_int((long long)l.heard, 0, "they are left out");
	is_int((long long)l.tally.accepted, 3, "and counted");
	ok(!tally_differs(&l.tally), "nothing else differs");
	ok(l.tally.patchable[CHANGE_INSERT] == 0, "nor is to be written");
}

/* One row of three moves; then it comes back. */
static void
test_moves(void)
{
	static const struct both moved[] = {
		{ 1, "A", "b" }, /* the source */
		{ 1, "a", "B" }, /* the target */
		{ 1, NULL, "b" },
		{ 1, "a", NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(moved); i++) {
		struct both rows[3];
		struct listener l;

		start_over();
		accept_them(three, 3);
		memcpy(rows, three, sizeof(rows));
		rows[0] = moved[i];
		l = compare(NULL, rows, 3);
		ok(l.heard == 1 && l.last == 1, "move %zu is reported", i);
		is_int((long long)l.tally.accepted, 2, "the others are not");
		l = compare(NULL, three, 3);
		ok(l.heard == 1 && l.last == 1, "also after it moved back");
		is_int((long long)records(NULL, NULL).stale, 1, "it is stale");
		is_int((long long)accept_them(three, 3), 1, "until accepted");
		l = compare(NULL, three, 3);
		is_int((long long)l.heard, 0, "anew");
	}
}

static void
test_gone(void)
{
	struct listener l;

	start_over();
	accept_them(three, 3);
	as.unsettled = 1;
	compare(NULL, three, 2);
	as.unsettled = 0;
	l = compare(NULL, three, 3);
	is_int((long long)l.heard, 0, "a row not told may be unsettled");
	compare(NULL, three, 2);
	l = compare(NULL, three, 3);
	ok(l.heard == 1 && l.last == 3, "one that was equal is not accepted");
}

static void
test_plan(void)
{
	struct listener l;

	start_over();
	accept_them(three, 3);
	as.rules = "fold=case";
	l = compare(NULL, three, 3);
	is_int((long long)l.heard, 3, "under other rules all are reported");
	as.rules = NULL;
	l = compare(NULL, three, 3);
	is_int((long long)l.heard, 0, "and are accepted under the old ones");
}

static void
test_keyless(void)
{
	struct accepting accepting = { .who = "bob" };
	struct listener l;

	start_over();
	as.multiset = true;
	l = compare(&accepting, three + 1, 2);
	is_int((long long)l.heard, 2, "rows without a key are reported");
	is_int(
	    (long long)accepting.keyless, 2, "since they cannot be accepted");
	is_int((long long)records(NULL, NULL).n, 0, "nothing is recorded");
}

static void
test_records(void)
{
	start_over();
	accept_them(three, 3);
	is_int((long long)records("t", NULL).n, 3, "of a table");
	is_int((long long)records("u", NULL).n, 0, "of another");
	is_int((long long)records("t", "2").n, 2, "a key is forgotten");
	is_int((long long)records("t", "7").n, 2, "one that is not there");
	is_int((long long)records(NULL, "").n, 0, "all are");
}

/* What is not kept is not there: a comparison that failed. */
static void
test_failed(void)
{
	struct accepting accepting = { .who = "bob" };
	struct listener l = { .sink = { .change = listen_change } };
	struct pair *pair;
	struct plan plan = { .npairs = 1 };
	struct tally tally = { 0 };
	struct change_sink *sink;
	struct err err = ERR_INIT;
	struct history *h;
	struct accept *a;

	start_over();
	plan.pairs = pair = new_pair();
	if (history_open(history_path(arena, dir, "p"), "p", HISTORY_WRITE, &h,
		&err) != TU_OK)
		return;
	a = accept_new(h, &plan, &tally, &l.sink, &accepting);
	sink = accept_sink(a);
	ok(sink->begin(sink, pair, &err) == TU_OK, "it begins");
	tell(sink, pair, &three[0], &tally);
	accept_free(a);
	history_close(h);
	is_int((long long)records(NULL, NULL).n, 0, "nothing was recorded");
}

int
main(void)
{
	arena = arena_new(4096);
	snprintf(dir, sizeof(dir), "/tmp/trueup-accept-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return 99;
	test_left_out();
	test_moves();
	test_gone();
	test_plan();
	test_keyless();
	test_records();
	test_failed();
	start_over();
	(void)rmdir(dir);
	arena_free(arena);
	return tap_done();
}
