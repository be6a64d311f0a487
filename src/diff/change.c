#include <config.h>

#include "diff/change.h"

bool
tally_differs_now(const struct tally *t)
{
	return t->ops[CHANGE_INSERT] || t->ops[CHANGE_UPDATE] ||
	       t->ops[CHANGE_DELETE] || t->unrepresentable || t->hidden_columns;
}

bool
tally_differs(const struct tally *t)
{
	return tally_differs_now(t) || extent_differed(&t->extent) > 0;
}

void
tally_count(struct tally *t, const struct change *c)
{
	t->ops[c->op] += c->copies;
	if (c->patchable)
		t->patchable[c->op] += c->copies;
	for (size_t i = 0; c->verdicts != NULL && i < c->pair->ncols; i++) {
		if (c->verdicts[i] == VERDICT_UNREPRESENTABLE) {
			t->unrepresentable += c->copies;
			if (c->patchable)
				t->partial += c->copies;
			break;
		}
	}
}

void
tally_subtract(struct tally *t, const struct tally *out)
{
	for (int op = 0; op < CHANGE_OPS; op++) {
		t->ops[op] -= out->ops[op];
		t->patchable[op] -= out->patchable[op];
	}
	t->unrepresentable -= out->unrepresentable;
	t->partial -= out->partial;
}

void
tally_add(struct tally *t, const struct tally *part)
{
	for (int s = SOURCE; s <= TARGET; s++) {
		t->rows[s] += part->rows[s];
		t->bytes[s] += part->bytes[s];
	}
	for (int op = 0; op < CHANGE_OPS; op++) {
		t->ops[op] += part->ops[op];
		t->patchable[op] += part->patchable[op];
	}
	t->unrepresentable += part->unrepresentable;
	t->partial += part->partial;
	t->at_target += part->at_target;
	t->suspects += part->suspects;
	t->seconds += part->seconds;
	t->open_end = part->open_end;
	t->hidden_columns |= part->hidden_columns;
}

enum status
tell_begin(struct change_sink *s, const struct pair *pair, struct err *err)
{
	return s != NULL && s->begin != NULL ? s->begin(s, pair, err) : TU_OK;
}

enum status
tell_change(struct change_sink *s, const struct change *c, struct err *err)
{
	return s != NULL && s->change != NULL ? s->change(s, c, err) : TU_OK;
}

enum status
tell_end(struct change_sink *s, const struct pair *pair,
    const struct tally *tally, struct err *err)
{
	return s != NULL && s->end != NULL ? s->end(s, pair, tally, err)
	                                   : TU_OK;
}

enum status
tell_fail(struct change_sink *s, const struct pair *pair, const struct err *why,
    struct err *err)
{
	return s != NULL && s->fail != NULL ? s->fail(s, pair, why, err)
	                                    : TU_OK;
}
