#include <config.h>

#include "audit/planid.h"

#include <string.h>

#include "value/rule.h"
#include "value/zone.h"

void
digest_of(const struct buf *bytes, char out[DIGEST_HEX])
{
	struct digest *d = digest_new();

	digest_add(d, bytes->data, bytes->len);
	digest_hex(d, out);
	digest_free(d);
}

static void
add_fact(struct buf *out, const char *s)
{
	if (s == NULL)
		buf_addc(out, '-');
	else
		buf_addf(out, "%zu:%s", strlen(s), s);
	buf_addc(out, '\n');
}

static void
add_facts(struct buf *b, const struct pair *pair)
{
	buf_addf(b, "trueup-accept/1\n%zu %zu\n", pair->nkeys, pair->ncols);
	for (size_t i = 0; i < pair->ncols; i++) {
		const struct pair_column *pc = &pair->cols[i];

		add_fact(b, pc->col[SOURCE]->name);
		add_fact(b, pc->col[TARGET]->name);
		add_fact(b, ltype_name(pc->type.type));
		add_fact(b, ltype_name(pc->type.loose));
		add_fact(b, pc->rules);
	}
	for (int s = SOURCE; s <= TARGET; s++) {
		const struct table *t = pair->table[s];

		add_fact(b, t->kind == REL_QUERY ? t->from : t->name);
		add_fact(b, t->where);
	}
}

void
plan_id(const struct pair *pair, struct buf *scratch, char out[DIGEST_HEX])
{
	buf_reset(scratch);
	add_facts(scratch, pair);
	digest_of(scratch, out);
}

void
plan_id_strict(
    const struct pair *pair, struct buf *scratch, char out[DIGEST_HEX])
{
	buf_reset(scratch);
	add_facts(scratch, pair);
	buf_addf(scratch, "strict %d %d\n", pair->strict, pair->time_strict);
	for (size_t i = 0; i < pair->ncols; i++) {
		const struct vlimit *l = &pair->cols[i].limit;
		const struct vrule *rule = pair->cols[i].type.rule;

		buf_addf(scratch, "%d %d %d %d %d %d\n", l->scale, l->frac,
		    l->real, l->source_coarser, l->source_frac, l->lite_times);
		add_fact(scratch, rule != NULL && rule->zone != NULL
				      ? rule->zone->name
				      : NULL);
	}
	digest_of(scratch, out);
}
