#include <config.h>

#include "patch/settle.h"

#include "base/arena.h"
#include "diff/merge.h"

struct settler {
	struct spool *spool;
	const struct conflicts *conflicts;
	const struct apply_options *options;
	struct apply_result *result;
	size_t table; /* of the spool */
	const struct pair *pair;
};

static bool
is_replaced(const struct settler *s)
{
	return s->options->answer == CONFLICT_REPLACE && !s->pair->multiset;
}

/* --- left alone ----------------------------------------------------------- */

/* One place for a table, however often there is something to put there. */
static void
resume(struct spool *to, const struct pair *pair)
{
	for (size_t i = 0; i < spool_ntables(to); i++)
		if (spool_table(to, i)->pair == pair)
			spool_resume(to, i);
}

static enum status
reject(struct settler *s, const struct conflict *c, struct err *err)
{
	struct change_sink *sink = spool_sink(s->options->rejected);
	const struct spool_place at = { c->at, c->len };
	struct spool_reader *r =
	    spool_read_places(s->spool, s->table, c->op, &at, 1);
	const struct change *change;
	enum status st = spool_next(r, &change, err);

	if (st == TU_OK)
		st = sink->change(sink, change, err);
	spool_reader_close(r);
	return st;
}

static enum status
reject_table(struct settler *s, struct err *err)
{
	struct spool *to = s->options->rejected;
	enum status st = TU_OK;

	if (to != NULL)
		resume(to, s->pair);
	for (size_t i = 0; i < s->conflicts->n && st == TU_OK; i++) {
		const struct conflict *c = &s->conflicts->all[i];

		if (c->pair != s->pair)
			continue;
		s->result->left_alone += c->copies;
		if (to != NULL)
			st = reject(s, c, err);
	}
	if (st || to == NULL)
		return st;
	return spool_sink(to)->end(spool_sink(to), s->pair, NULL, err);
}

/* --- replaced ------------------------------------------------------------- */

static enum status
replace_table(struct settler *s, struct err *err)
{
	const struct plan *plan = s->options->plan;
	struct change_sink *sink = s->options->refill;
	struct tally tally = { .suspects = 0 };
	struct merge m;
	enum status st = TU_OK;

	merge_init(&m, plan, s->pair, s->pair, sink, &tally);
	spool_resume(s->spool, s->table);
	for (size_t i = 0; i < s->conflicts->n && st == TU_OK; i++) {
		const struct conflict *c = &s->conflicts->all[i];

		if (c->pair != s->pair)
			continue;
		s->result->replaced++;
		st = merge_rows(&m, c->source, c->now, err);
	}
	merge_release(&m);
	return st ? st : sink->end(sink, s->pair, NULL, err);
}

/* -------------------------------------------------------------------------- */

static enum status
settle_table(struct settler *s, struct err *err)
{
	size_t n = 0;
	enum status st;

	for (size_t i = 0; i < s->conflicts->n; i++)
		n += s->conflicts->all[i].pair == s->pair;
	if (n == 0)
		return TU_OK;
	st = is_replaced(s) ? replace_table(s, err) : reject_table(s, err);
	for (size_t i = 0; i < s->conflicts->n && st == TU_OK; i++) {
		const struct conflict *c = &s->conflicts->all[i];
		const struct spool_place at = { c->at, c->len };

		if (c->pair == s->pair)
			spool_leave_out(s->spool, s->table, c->op, &at, 1);
	}
	return st;
}

enum status
settle(struct spool *spool, const struct conflicts *conflicts,
    const struct apply_options *options, struct apply_result *result,
    struct err *err)
{
	struct settler s = { .spool = spool,
		.conflicts = conflicts,
		.options = options,
		.result = result };
	enum status st = TU_OK;

	for (s.table = 0; s.table < spool_ntables(spool) && st == TU_OK;
	     s.table++) {
		s.pair = spool_table(spool, s.table)->pair;
		st = settle_table(&s, err);
	}
	return st;
}

/* --- in memory ------------------------------------------------------------ */

struct relister {
	struct change_sink sink; /* first: what comes instead */
	struct changes *to;
	const struct apply_options *options;
	struct apply_result *result;
	int64_t place; /* of those that no spool has: below 0 */
};

static enum status
take_successor(
    struct change_sink *sink, const struct change *c, struct err *err)
{
	struct relister *r = (struct relister *)sink;
	struct change placed = *c;

	(void)err;
	placed.place = --r->place;
	if (placed.patchable)
		changes_add(r->to, &placed);
	return TU_OK;
}

static const struct conflict *
find_conflict(const struct conflicts *conflicts, const struct change *c)
{
	for (size_t i = 0; i < conflicts->n; i++)
		if (conflicts->all[i].pair == c->pair &&
		    conflicts->all[i].op == c->op &&
		    conflicts->all[i].at == c->place)
			return &conflicts->all[i];
	return NULL;
}

static enum status
leave_alone(struct relister *r, const struct change *c, struct err *err)
{
	struct spool *to = r->options->rejected;
	struct change whole = *c;
	enum status st;

	r->result->left_alone += c->copies;
	if (to == NULL)
		return TU_OK;
	whole.phase = CHANGE_WHOLE;
	resume(to, c->pair);
	st = spool_sink(to)->change(spool_sink(to), &whole, err);
	return st ? st
	          : spool_sink(to)->end(spool_sink(to), c->pair, NULL, err);
}

static enum status
replace(struct relister *r, const struct conflict *c, struct err *err)
{
	struct tally tally = { .suspects = 0 };
	struct merge m;
	enum status st;

	r->result->replaced++;
	merge_init(&m, r->options->plan, c->pair, c->pair, &r->sink, &tally);
	st = merge_rows(&m, c->source, c->now, err);
	merge_release(&m);
	return st;
}

enum status
settle_list(struct changes *list, const struct conflicts *conflicts,
    const struct apply_options *options, struct apply_result *result,
    struct err *err)
{
	struct changes left;
	struct relister r = {
		.sink = { .change = take_successor },
		.to = &left,
		.options = options,
		.result = result,
	};
	enum status st = TU_OK;

	changes_init(&left);
	for (size_t i = 0; i < list->n; i++)
		r.place = MIN(r.place, list->all[i]->place);
	for (size_t i = 0; i < list->n && st == TU_OK; i++) {
		const struct change *c = list->all[i];
		const struct conflict *met = find_conflict(conflicts, c);

		if (met == NULL)
			changes_add(&left, c);
		else if (c->phase == CHANGE_PARK)
			continue; /* it comes again */
		else if (options->answer == CONFLICT_REPLACE)
			st = replace(&r, met, err);
		else
			st = leave_alone(&r, c, err);
	}
	changes_release(list);
	*list = left;
	return st;
}
