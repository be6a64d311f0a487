#include <config.h>

#include "track/keycompare.h"

#include <string.h>

#include "base/both.h"
#include "base/clock.h"
#include "diff/merge.h"
#include "patch/group.h"
#include "patch/recheck.h"
#include "value/key.h"

/* --- the key -------------------------------------------------------------- */

bool
change_source_fits(struct arena *arena, const struct pair *pair, enum side side,
    struct change_source *src)
{
	const struct column **columns =
	    arena_alloc(arena, pair->nkeys * sizeof(*columns));
	const char **key = arena_alloc(arena, pair->nkeys * sizeof(*key));
	const char **old = arena_alloc(arena, pair->nkeys * sizeof(*old));

	if (!recheck_can_look(pair))
		return false;
	if (src->kind == READ_NONE)
		return true;
	if (src->nkeys != pair->nkeys)
		return false;
	for (size_t i = 0; i < pair->nkeys; i++) {
		const char *name = pair->cols[i].col[side]->name;

		for (size_t k = 0; k < src->nkeys; k++)
			if (strcmp(src->columns[k]->name, name) == 0) {
				columns[i] = src->columns[k];
				key[i] = src->key[k];
				if (src->key_old != NULL)
					old[i] = src->key_old[k];
			}
		if (key[i] == NULL)
			return false;
	}
	src->columns = columns;
	src->key = key;
	if (src->key_old != NULL)
		src->key_old = old;
	return true;
}

/* --- both sides' keys as one list ----------------------------------------- */

struct both {
	const struct keyset *keys[2];
	size_t at[2];
	struct cell *cells[2]; /* a row of the pair, of which only the key is
	                        * known */
};

static bool
has_next(const struct both *b, enum side side)
{
	return b->keys[side] != NULL &&
	       b->at[side] < keyset_count(b->keys[side]);
}

/* Which side's key is next: below 0 the source's, above 0 the target's, 0 one
 * that both have. */
static int
compare_next(const struct both *b)
{
	const void *key[2];
	size_t len[2];

	if (!has_next(b, SOURCE) || !has_next(b, TARGET))
		return has_next(b, SOURCE) ? -1 : 1;
	for (int s = SOURCE; s <= TARGET; s++)
		key[s] = keyset_key(b->keys[s], b->at[s], &len[s]);
	return key_cmp(key[SOURCE], len[SOURCE], key[TARGET], len[TARGET]);
}

/* The next key, as a change that a group can look up. False: no more. */
static bool
next_key(struct both *b, struct change *c)
{
	int cmp = compare_next(b);

	c->source = c->target = NULL;
	if (!has_next(b, SOURCE) && !has_next(b, TARGET))
		return false;
	if (cmp <= 0) {
		keyset_cells(
		    b->keys[SOURCE], b->at[SOURCE]++, b->cells[SOURCE]);
		c->source = b->cells[SOURCE];
	}
	if (cmp >= 0) {
		keyset_cells(
		    b->keys[TARGET], b->at[TARGET]++, b->cells[TARGET]);
		c->target = b->cells[TARGET];
	}
	return true;
}

/* --- comparing ------------------------------------------------------------ */

/* The keys of some changes, once for each side, since both are looked up at the
 * same time. */
struct looking {
	struct merge *m;
	struct group group[2];
	const struct cell **rows[2];
};

static enum status
look_side(void *arg, int side, struct err *err)
{
	struct looking *l = arg;

	return group_look(
	    &l->group[side], l->m->plan, (enum side)side, &l->rows[side], err);
}

static enum status
look_at_group(struct looking *l, struct err *err)
{
	struct merge *m = l->m;
	enum status st = both_sides(look_side, l, err);

	for (size_t i = 0; i < l->group[SOURCE].n && st == TU_OK; i++) {
		const struct cell *source = l->rows[SOURCE][i];
		const struct cell *target = l->rows[TARGET][i];

		m->tally->suspects++;
		m->tally->rows[SOURCE] += source != NULL;
		m->tally->rows[TARGET] += target != NULL;
		if (source != NULL || target != NULL)
			st = merge_rows(m, source, target, err);
	}
	for (int s = SOURCE; s <= TARGET; s++)
		group_clear(&l->group[s]);
	return st;
}

static enum status
look_at_keys(struct merge *m, struct both *b, struct err *err)
{
	struct change c = { .op = CHANGE_DELETE, .pair = m->pair, .copies = 1 };
	struct looking l = { .m = m };
	enum status st = TU_OK;

	for (int s = SOURCE; s <= TARGET; s++)
		group_init(&l.group[s], m->plan->db[TARGET]->dialect);
	while (st == TU_OK && next_key(b, &c)) {
		for (int s = SOURCE; s <= TARGET; s++)
			group_add(&l.group[s], &c);
		if (group_full(&l.group[SOURCE]))
			st = look_at_group(&l, err);
	}
	if (st == TU_OK && l.group[SOURCE].n > 0)
		st = look_at_group(&l, err);
	for (int s = SOURCE; s <= TARGET; s++)
		group_release(&l.group[s]);
	return st;
}

enum status
compare_keys(const struct plan *plan, const struct pair *pair,
    const struct keyset *keys[2], struct change_sink *sink, struct tally *tally,
    struct err *err)
{
	struct arena *arena = arena_new(1024);
	struct both b = { .keys = { keys[SOURCE], keys[TARGET] } };
	double began = clock_seconds();
	uint64_t bytes[2];
	struct merge m;
	enum status st = TU_OK;

	*tally = (struct tally){ 0 };
	for (int s = SOURCE; s <= TARGET; s++) {
		bytes[s] = plan->db[s]->bytes_in;
		b.cells[s] = arena_alloc(
		    arena, (pair->ncols + pair->nextra) * sizeof(struct cell));
	}
	merge_init(&m, plan, pair, pair, sink, tally);
	st = tell_begin(sink, pair, err);
	if (st == TU_OK)
		st = look_at_keys(&m, &b, err);
	merge_release(&m);
	arena_free(arena);
	if (st)
		return err_context(err, "table '%s'", pair->name);
	tally->hidden_columns = pair->nonly[SOURCE] + pair->nonly[TARGET] > 0;
	tally->seconds = clock_seconds() - began;
	for (int s = SOURCE; s <= TARGET; s++)
		tally->bytes[s] = plan->db[s]->bytes_in - bytes[s];
	return tell_end(sink, pair, tally, err);
}
