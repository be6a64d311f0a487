#include <config.h>

#include "patch/recheck.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/log.h"
#include "diff/diff.h"
#include "diff/merge.h"
#include "patch/group.h"
#include "patch/spool-merge.h"

/* What a look makes of a row that still differs. */
struct second_look {
	struct change_sink sink;     /* first, so that it is the object */
	const struct change *before; /* by the look before */
	struct change_sink *same, *moved;
};

struct recheck {
	struct change_sink sink; /* first, so that it is the object */
	const struct plan *plan;
	struct change_sink *to;
	struct spool *remaining;
	struct spool **persistent; /* one per look */
	size_t nlooks;
	uint64_t *blind; /* per pair: rows that cannot be looked up */
	bool *failed;    /* per pair */
};

/* --- the first look ------------------------------------------------------- */

static bool
is_one_form(const struct pair_column *pc, enum side side)
{
	enum ltype type = pc->type.type;
	const struct column *col = pc->col[side];

	if (type == LT_ANY)
		return true;
	if (col->ltype != type)
		return false;
	/* With an affinity a column keeps what it is given. */
	return col->affinity == AFF_NONE || type == LT_NUM || type == LT_TEXT ||
	       type == LT_BYTES;
}

bool
recheck_can_look(const struct pair *pair)
{
	if (pair->multiset)
		return false;
	for (size_t i = 0; i < pair->nkeys; i++) {
		const struct pair_column *pc = &pair->cols[i];

		if (pc->type.rule != NULL || pc->type.loose != LT_NONE ||
		    !is_one_form(pc, SOURCE) || !is_one_form(pc, TARGET))
			return false;
	}
	return true;
}

/* Whether a patch can carry it is asked again when it has lasted. */
static enum status
keep(struct change_sink *to, const struct change *c, struct err *err)
{
	struct change copy = *c;

	copy.patchable = true;
	return to->change(to, &copy, err);
}

static enum status
sink_change(struct change_sink *s, const struct change *c, struct err *err)
{
	struct recheck *r = (struct recheck *)s;

	if (recheck_can_look(c->pair))
		return keep(spool_sink(r->remaining), c, err);
	r->blind[c->pair - r->plan->pairs] += c->copies;
	return TU_OK;
}

static enum status
sink_end(struct change_sink *s, const struct pair *pair,
    const struct tally *tally, struct err *err)
{
	struct change_sink *spool =
	    spool_sink(((struct recheck *)s)->remaining);

	return spool->end(spool, pair, tally, err);
}

static enum status
sink_fail(struct change_sink *s, const struct pair *pair, const struct err *why,
    struct err *err)
{
	struct recheck *r = (struct recheck *)s;
	struct change_sink *spool = spool_sink(r->remaining);
	enum status st = spool->fail(spool, pair, why, err);

	r->failed[pair - r->plan->pairs] = true;
	if (st == TU_OK)
		st = tell_begin(r->to, pair, err);
	if (st == TU_OK)
		st = tell_fail(r->to, pair, why, err);
	return st;
}

enum status
recheck_new(const struct plan *plan, struct change_sink *to, unsigned looks,
    struct recheck **out, struct err *err)
{
	struct recheck *r = calloc(1, sizeof(*r));

	if (r == NULL)
		out_of_memory(sizeof(*r));
	r->sink = (struct change_sink){
		.change = sink_change, .end = sink_end, .fail = sink_fail
	};
	r->plan = plan;
	r->to = to;
	r->persistent = calloc(looks + 1, sizeof(*r->persistent));
	r->blind = calloc(plan->npairs + 1, sizeof(*r->blind));
	r->failed = calloc(plan->npairs + 1, sizeof(*r->failed));
	if (r->persistent == NULL || r->blind == NULL || r->failed == NULL)
		out_of_memory(plan->npairs * sizeof(*r->blind));
	*out = r;
	return spool_new(&r->remaining, err);
}

void
recheck_free(struct recheck *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->nlooks; i++)
		spool_free(r->persistent[i]);
	spool_free(r->remaining);
	free(r->persistent);
	free(r->blind);
	free(r->failed);
	free(r);
}

struct change_sink *
recheck_sink(struct recheck *r)
{
	return &r->sink;
}

static uint64_t
count_of(const struct spool_table *t)
{
	uint64_t n = 0;

	for (int op = 0; op < CHANGE_OPS; op++)
		n += t->count[op];
	return n;
}

uint64_t
recheck_remaining(const struct recheck *r)
{
	uint64_t n = 0;

	for (size_t i = 0; i < spool_ntables(r->remaining); i++)
		n += count_of(spool_table(r->remaining, i));
	return n;
}

/* --- another look --------------------------------------------------------- */

static bool
same_cells(const struct cell *a, const struct cell *b, size_t n)
{
	for (size_t i = 0; i < n && a != NULL && b != NULL; i++)
		if (!cell_same(&a[i], &b[i]))
			return false;
	return (a == NULL) == (b == NULL);
}

static enum status
judge_again(struct change_sink *s, const struct change *c, struct err *err)
{
	struct second_look *look = (struct second_look *)s;
	const struct change *b = look->before;
	size_t n = c->pair->ncols;
	bool same = same_cells(b->source, c->source, n) &&
	            same_cells(b->target, c->target, n);

	return keep(same ? look->same : look->moved, c, err);
}

static enum status
look_at_group(struct merge *m, struct group *g, struct err *err)
{
	struct second_look *look = (struct second_look *)m->sink;
	const struct cell **rows[2];
	enum status st = TU_OK;

	for (int s = SOURCE; s <= TARGET && st == TU_OK; s++)
		st = group_look(g, m->plan, (enum side)s, &rows[s], err);
	for (size_t i = 0; i < g->n && st == TU_OK; i++) {
		look->before = g->changes[i];
		st = merge_rows(m, rows[SOURCE][i], rows[TARGET][i], err);
	}
	group_clear(g);
	return st;
}

static enum status
look_at_rows(struct merge *m, struct spool_merge *from, struct err *err)
{
	struct group group;
	const struct change *c;
	enum status st;

	group_init(&group, m->plan->db[TARGET]->dialect);
	do {
		st = spool_merge_next(from, &c, err);
		if (st == TU_OK && c != NULL)
			group_add(&group, c);
		if (st == TU_OK && (c == NULL || group_full(&group)))
			st = look_at_group(m, &group, err);
	} while (st == TU_OK && c != NULL);
	group_release(&group);
	return st;
}

static enum status
look_at_table(struct recheck *r, const struct pair *pair,
    struct second_look *look, struct err *err)
{
	struct tally ignored = { 0 };
	struct spool_merge *from = NULL;
	struct merge m;
	enum status st;

	merge_init(&m, r->plan, pair, pair, &look->sink, &ignored);
	st = diff_check_versions(r->plan, pair, err);
	if (st == TU_OK)
		st = spool_merge_open(&r->remaining, 1, pair, &from, err);
	if (st == TU_OK)
		st = look_at_rows(&m, from, err);
	if (st == TU_OK)
		st = look->same->end(look->same, pair, NULL, err);
	if (st == TU_OK)
		st = look->moved->end(look->moved, pair, NULL, err);
	spool_merge_close(from);
	merge_release(&m);
	return st ? err_context(err, "table '%s'", pair->name) : TU_OK;
}

enum status
recheck_look(struct recheck *r, struct err *err)
{
	struct second_look look = { .sink.change = judge_again };
	struct spool *same, *moved;
	uint64_t before = recheck_remaining(r), lasting = 0;
	enum status st = spool_new(&same, err);

	if (st)
		return st;
	r->persistent[r->nlooks++] = same;
	st = spool_new(&moved, err);
	if (st)
		return st;
	look.same = spool_sink(same);
	look.moved = spool_sink(moved);
	for (size_t i = 0; i < spool_ntables(r->remaining) && st == TU_OK; i++)
		st = look_at_table(
		    r, spool_table(r->remaining, i)->pair, &look, err);
	spool_free(r->remaining);
	r->remaining = moved;
	for (size_t i = 0; i < spool_ntables(same); i++)
		lasting += count_of(spool_table(same, i));
	if (st == TU_OK)
		log_line(LOG_INFO,
		    "look %zu: %" PRIu64 " rows read again: %" PRIu64
		    " persist, %" PRIu64 " remain",
		    r->nlooks + 1, before, lasting, recheck_remaining(r));
	return st;
}

/* --- the end -------------------------------------------------------------- */

static enum status
tell_rows(struct recheck *r, const struct pair *pair, struct tally *tally,
    struct err *err)
{
	struct spool_merge *from;
	const struct change *c;
	struct merge m;
	enum status st =
	    spool_merge_open(r->persistent, r->nlooks, pair, &from, err);

	if (st)
		return st;
	merge_init(&m, r->plan, pair, pair, r->to, tally);
	do {
		st = spool_merge_next(from, &c, err);
		if (st == TU_OK && c != NULL)
			st = merge_rows(&m, c->source, c->target, err);
	} while (st == TU_OK && c != NULL);
	merge_release(&m);
	spool_merge_close(from);
	return st;
}

static uint64_t
count_unsettled(const struct recheck *r, const struct pair *pair)
{
	uint64_t n = r->blind[pair - r->plan->pairs];

	if (n > 0)
		log_line(LOG_WARN,
		    "table '%s' has no key by which rows could be looked up "
		    "again: %" PRIu64 " %s unsettled",
		    pair->name, n, n == 1 ? "stays" : "stay");
	for (size_t i = 0; i < spool_ntables(r->remaining); i++)
		if (spool_table(r->remaining, i)->pair == pair)
			n += count_of(spool_table(r->remaining, i));
	return n;
}

static enum status
tell_table(struct recheck *r, const struct pair *pair, struct tally *tally,
    struct err *err)
{
	enum status st = TU_OK;

	for (int op = 0; op < CHANGE_OPS; op++)
		tally->ops[op] = tally->patchable[op] = 0;
	tally->unrepresentable = tally->partial = 0;
	tally->open_end = false;
	/* Beside those of runs before, and what the sinks before left out. */
	tally->unsettled += count_unsettled(r, pair);
	st = tell_begin(r->to, pair, err);
	if (st == TU_OK)
		st = tell_rows(r, pair, tally, err);
	if (st == TU_OK)
		st = tell_end(r->to, pair, tally, err);
	return st;
}

enum status
recheck_end(struct recheck *r, struct tally *tallies, struct err *err)
{
	enum status st = TU_OK;

	for (size_t i = 0; i < r->plan->npairs && st == TU_OK; i++)
		if (!r->failed[i])
			st =
			    tell_table(r, &r->plan->pairs[i], &tallies[i], err);
	return st;
}
