#include <config.h>

#include "audit/cycle.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "audit/history-int.h"
#include "audit/planid.h"
#include "base/clock.h"
#include "base/log.h"
#include "diff/btree.h"
#include "diff/stretch.h"

/* SQLite files are compared by their pages in less time than a slice takes, if
 * they are not larger. */
#define PAGES_ROWS 5e6

/* Of a table, what is known of runs before, and then what is to be kept. */
struct place {
	char plan[DIGEST_HEX];
	bool known;       /* some of it was compared */
	bool through;     /* all of it was */
	bool compared;    /* some of it by this run */
	const char *next; /* where the rest begins */
	int64_t began;
	/* Of what was compared. */
	uint64_t rows[2], ops[CHANGE_OPS], unsettled;
};

struct cycle {
	struct history *history;
	const struct plan *plan;
	double until;
	int64_t now;
	bool moved; /* something was compared by this run */
	struct arena *arena;
	struct place *places; /* one per pair of the plan */
};

/* --- what was kept -------------------------------------------------------- */

enum {
	C_TAB,
	C_PLAN,
	C_BEGAN,
	C_NEXT,
	C_THROUGH,
	C_ROWS,             /* of the source, then of the target */
	C_OPS = C_ROWS + 2, /* by enum change_op */
	C_UNSETTLED = C_OPS + CHANGE_OPS,
	C_COLUMNS,
};

static int64_t
integer(const struct cell *c)
{
	return c->kind == CELL_INT ? c->u.i : 0;
}

static struct place *
find(const struct cycle *c, const char *tab)
{
	for (size_t i = 0; tab != NULL && i < c->plan->npairs; i++)
		if (strcmp(c->plan->pairs[i].name, tab) == 0)
			return &c->places[i];
	return NULL;
}

/* One that was compared in another way begins again. */
static enum status
take_place(void *arg, const struct cell *cells, struct err *err)
{
	struct cycle *c = arg;
	struct place *p = find(c, history_text(c->arena, &cells[C_TAB]));
	const char *plan = history_text(c->arena, &cells[C_PLAN]);

	(void)err;
	if (p == NULL || plan == NULL || strcmp(plan, p->plan) != 0)
		return TU_OK;
	p->through = integer(&cells[C_THROUGH]) != 0;
	p->next = history_text(c->arena, &cells[C_NEXT]);
	p->known = p->through || p->next != NULL;
	p->began = integer(&cells[C_BEGAN]);
	for (int s = SOURCE; s <= TARGET; s++)
		p->rows[s] = (uint64_t)integer(&cells[C_ROWS + s]);
	for (int op = 0; op < CHANGE_OPS; op++)
		p->ops[op] = (uint64_t)integer(&cells[C_OPS + op]);
	p->unsettled = (uint64_t)integer(&cells[C_UNSETTLED]);
	return TU_OK;
}

/* What is compared and how, and of which databases. */
static void
identify(struct cycle *c, size_t i, struct buf *scratch)
{
	char *plan = c->places[i].plan;

	plan_id_strict(&c->plan->pairs[i], scratch, plan);
	buf_reset(scratch);
	buf_addf(scratch, "%s\n%s\n%s\n", plan, c->plan->db[SOURCE]->display,
	    c->plan->db[TARGET]->display);
	digest_of(scratch, plan);
	buf_reset(scratch);
}

enum status
cycle_new(struct history *history, const struct plan *plan, double until,
    struct cycle **out, struct err *err)
{
	struct cycle *c = calloc(1, sizeof(*c));
	struct buf scratch = BUF_INIT;

	if (c == NULL)
		out_of_memory(sizeof(*c));
	*out = c;
	c->history = history;
	c->plan = plan;
	c->until = until;
	c->now = clock_now();
	c->arena = arena_new(4096);
	c->places =
	    arena_alloc(c->arena, (plan->npairs + 1) * sizeof(*c->places));
	for (size_t i = 0; i < plan->npairs; i++)
		identify(c, i, &scratch);
	buf_free(&scratch);
	return history == NULL
	           ? TU_OK
	           : history_each(history->db,
			 "SELECT tab, plan, began, next, through, rows_source, "
			 "rows_target, deletes, updates, inserts, unsettled "
			 "FROM cycle",
			 C_COLUMNS, take_place, c, err);
}

void
cycle_free(struct cycle *c)
{
	if (c == NULL)
		return;
	arena_free(c->arena);
	free(c);
}

/* --- one table ------------------------------------------------------------ */

static bool
is_quick(const struct cycle *c, const struct pair *pair)
{
	return btree_may(c->plan, pair) && pair->rows <= PAGES_ROWS &&
	       c->plan->db[SOURCE]->pace == NULL;
}

/* What is said covers what runs before compared. */
static void
add_before(const struct place *p, struct tally *tally)
{
	memcpy(tally->extent.rows, p->rows, sizeof(p->rows));
	memcpy(tally->extent.ops, p->ops, sizeof(p->ops));
	tally->extent.began = p->began;
	tally->unsettled += p->unsettled;
}

/* No row of it. The key up to which runs before compared it was a text, and is
 * not read for this. */
static enum status
tell_none(const struct place *p, const struct pair *pair,
    struct change_sink *sink, struct tally *tally, struct err *err)
{
	enum status st = TU_OK;

	*tally = (struct tally){ .extent = { .none = true,
				     .cut = !p->through,
				     .resumed = p->known } };
	tally->hidden_columns = pair->nonly[SOURCE] + pair->nonly[TARGET] > 0;
	add_before(p, tally);
	st = tell_begin(sink, pair, err);
	if (st == TU_OK)
		st = tell_end(sink, pair, tally, err);
	return st;
}

/* Puts what runs before found into the tally before the sink sees it. */
struct adder {
	struct change_sink sink; /* first, so that it is the object */
	struct change_sink *to;
	const struct place *place;
	struct tally *tally;
};

static enum status
adder_begin(struct change_sink *s, const struct pair *pair, struct err *err)
{
	struct change_sink *to = ((struct adder *)s)->to;

	return tell_begin(to, pair, err);
}

static enum status
adder_change(struct change_sink *s, const struct change *c, struct err *err)
{
	struct change_sink *to = ((struct adder *)s)->to;

	return tell_change(to, c, err);
}

static enum status
adder_end(struct change_sink *s, const struct pair *pair,
    const struct tally *tally, struct err *err)
{
	struct adder *a = (struct adder *)s;

	(void)tally;
	if (a->tally->extent.resumed)
		add_before(a->place, a->tally);
	return tell_end(a->to, pair, a->tally, err);
}

static enum status
compare(struct cycle *c, const struct pair *pair, struct place *p,
    const struct diff_options *options, struct change_sink *sink,
    struct tally *tally, struct err *err)
{
	struct stretch s = {
		.from = p->next, .until = c->until, .arena = c->arena
	};
	struct adder a = { { adder_begin, adder_change, adder_end, NULL }, sink,
		p, tally };
	bool whole = p->next == NULL && is_quick(c, pair);
	enum status st = TU_OK;

	if (!whole) {
		st = diff_stretch(
		    c->plan, pair, options, &s, &a.sink, tally, err);
		whole = st == TU_ESCHEMA && s.whole;
		if (whole) {
			log_line(LOG_INFO, "%s", err->msg);
			err_clear(err);
		}
	}
	if (whole)
		st = diff_pair(c->plan, pair, options, sink, tally, err);
	if (st)
		return st;
	s.next = whole ? NULL : s.next;
	c->moved = p->compared = true;
	p->next = s.next;
	p->through = s.next == NULL;
	return TU_OK;
}

enum status
cycle_pair(struct cycle *c, const struct pair *pair,
    const struct diff_options *options, struct change_sink *sink,
    struct tally *tally, struct err *err)
{
	struct place *p = &c->places[pair - c->plan->pairs];

	if (p->through || (c->moved && clock_seconds() >= c->until))
		return tell_none(p, pair, sink, tally, err);
	return compare(c, pair, p, options, sink, tally, err);
}

/* --- keeping -------------------------------------------------------------- */

void
cycle_keep(struct cycle *c, const struct tally *tallies)
{
	struct buf *sql;

	if (c->history == NULL)
		return;
	sql = history_reached(c->history);
	for (size_t i = 0; i < c->plan->npairs; i++) {
		const struct place *p = &c->places[i];
		const struct tally *t = &tallies[i];

		if (!p->compared)
			continue;
		buf_adds(sql, "INSERT OR REPLACE INTO cycle VALUES (");
		history_add_text(sql, c->plan->pairs[i].name);
		buf_addf(sql, ", '%s', %" PRId64 ", ", p->plan,
		    t->extent.resumed ? p->began : c->now);
		history_add_text(sql, p->next);
		buf_addf(sql, ", %d", p->through);
		for (int side = SOURCE; side <= TARGET; side++)
			buf_addf(sql, ", %" PRIu64,
			    t->extent.rows[side] + t->rows[side]);
		for (int op = 0; op < CHANGE_OPS; op++)
			buf_addf(
			    sql, ", %" PRIu64, t->extent.ops[op] + t->ops[op]);
		buf_addf(sql, ", %" PRIu64 ");\n", t->unsettled);
	}
}
