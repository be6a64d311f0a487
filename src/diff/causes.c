#include <config.h>

#include "diff/causes-int.h"

#include <stdlib.h>

#include "value/canon.h"
#include "value/rule.h"

/* Parameters of one pattern that are followed in one column. The loose ones
 * would take any number; ROUNDED has 16 places on two sides. */
#define LOOSE_SLOTS 8
#define SLOTS 32
/* Bytes of one example, and of all: a table can have 1,600 columns. */
#define EXAMPLE_MAX 2048
#define EXAMPLES_MAX (2 << 20)
#define SWAPS_MAX 64 /* columns of a row that are held against each other */

/* --- examples --- */

static size_t
packed_size(const struct cell *cells, size_t n)
{
	size_t size = 0;

	for (size_t i = 0; i < n; i++)
		size += 9 + (cells[i].kind == CELL_TEXT ||
					cells[i].kind == CELL_BYTES
				    ? cells[i].len
				    : 0);
	return size;
}

void
causes_keep_example(struct causes *c, struct counter *n, const struct cell *key,
    const struct cell *source, const struct cell *target)
{
	size_t nvalues = source != NULL, before = n->examples.len;
	size_t size = packed_size(key, c->pair->nkeys) +
	              packed_size(source, nvalues) +
	              packed_size(target, nvalues);

	if (n->nexamples == CAUSE_EXAMPLES || size > EXAMPLE_MAX ||
	    c->kept + size > EXAMPLES_MAX)
		return;
	cells_pack(&n->examples, key, c->pair->nkeys);
	cells_pack(&n->examples, source, nvalues);
	cells_pack(&n->examples, target, nvalues);
	c->kept += n->examples.len - before;
	n->nexamples++;
}

static void
forget_examples(struct causes *c, struct counter *n)
{
	c->kept -= n->examples.len;
	buf_reset(&n->examples);
	n->nexamples = 0;
}

/* --- counting --- */

/*
 * The counter of a pattern. When all are taken the least one is given away, and
 * what it had counted becomes the error of the new one (Space-Saving).
 */
static struct counter *
find_counter(struct causes *c, struct column_causes *col, const struct fit *fit)
{
	struct counters *all = &col->kinds[fit->kind];
	size_t slots = cause_is_loose(fit->kind) ? LOOSE_SLOTS : SLOTS;
	struct counter *least;

	for (size_t i = 0; i < all->n; i++) {
		struct counter *n = &all->at[i];

		if (n->a == fit->a && n->b == fit->b && n->side == fit->side)
			return n;
	}
	if (all->n < slots) {
		all->at = realloc(all->at, (all->n + 1) * sizeof(*all->at));
		if (all->at == NULL)
			out_of_memory((all->n + 1) * sizeof(*all->at));
		least = &all->at[all->n++];
		*least = (struct counter){ 0 };
	} else {
		least = all->at;
		for (size_t i = 1; i < all->n; i++)
			if (all->at[i].count < least->count)
				least = &all->at[i];
		forget_examples(c, least);
	}
	least->side = fit->side;
	least->a = fit->a;
	least->b = fit->b;
	least->error = least->count;
	least->rest = least->seen = 0;
	return least;
}

static void
count_fits(struct causes *c, const struct change *change, size_t column,
    const struct fits *fits, const struct hash128 hash[2])
{
	bool specific = false;

	for (size_t i = 0; i < fits->n; i++)
		specific |= !cause_is_loose(fits->at[i].kind);
	for (size_t i = 0; i < fits->n; i++) {
		const struct fit *fit = &fits->at[i];
		bool loose = cause_is_loose(fit->kind);
		struct counter *n = find_counter(c, &c->columns[column], fit);
		uint64_t value =
		    fit->varies != 0 ? fit->varies : hash[!fit->side].a;

		n->count++;
		n->rest += !specific;
		n->seen |= UINT64_C(1) << (value & 63);
		/* Most parameters of the loose ones are never met again. */
		if (!loose || n->count - n->error > 1)
			causes_keep_example(c, n, change->target,
			    &change->source[column], &change->target[column]);
	}
}

/* --- one cell --- */

static void
fit_nulls(struct fits *f, const struct cell cells[2])
{
	enum side null = cells[SOURCE].kind == CELL_NULL ? SOURCE : TARGET;
	const struct cell *other = &cells[!null];
	bool bytes = other->kind == CELL_TEXT || other->kind == CELL_BYTES;

	fits_add(f, bytes && other->len == 0 ? CAUSE_NULL_EMPTY : CAUSE_NULL,
	    null, 0, 0);
}

static bool
both_are(const struct cell cells[2], enum cell_kind kind)
{
	return cells[SOURCE].kind == kind && cells[TARGET].kind == kind;
}

static bool
is_number(const struct cell *c)
{
	return c->kind == CELL_INT || c->kind == CELL_F64;
}

/* The canonical texts of both under a type; false unless both have one. */
static bool
read_as(struct causes *c, enum ltype type, const struct cell cells[2])
{
	for (int s = SOURCE; s <= TARGET; s++) {
		buf_reset(&c->text[s]);
		if (!canon_text(&c->text[s], type, &cells[s]))
			return false;
	}
	return true;
}

/* Text, and what text may stand for where no type says it. */
static void
fit_any_text(struct causes *c, struct fits *f, const struct cell cells[2])
{
	fit_texts(f, cells, c->scratch);
	fit_written_times(f, cells);
	if (read_as(c, LT_NUM, cells))
		fit_numbers(f, c->text, false, &c->scratch[0]);
}

static void
fit_stored(struct causes *c, struct fits *f, const struct cell cells[2])
{
	if (both_are(cells, CELL_TEXT))
		fit_any_text(c, f, cells);
	else if (both_are(cells, CELL_BYTES))
		fit_bytes(f, cells);
	else if (is_number(&cells[SOURCE]) && is_number(&cells[TARGET]) &&
		 read_as(c, LT_NUM, cells))
		fit_numbers(f, c->text,
		    cells[SOURCE].kind == CELL_F64 ||
			cells[TARGET].kind == CELL_F64,
		    &c->scratch[0]);
}

static void
fit_typed(struct causes *c, struct fits *f, enum ltype type,
    const struct cell cells[2])
{
	switch (type) {
	case LT_NUM:
	case LT_F8:
	case LT_F4:
		if (read_as(c, type, cells))
			fit_numbers(f, c->text,
			    type != LT_NUM || cells[SOURCE].kind == CELL_F64 ||
				cells[TARGET].kind == CELL_F64,
			    &c->scratch[0]);
		break;
	case LT_DATE:
	case LT_TIME:
	case LT_TS:
	case LT_TSTZ:
		if (read_as(c, type, cells))
			fit_times(f, type, c->text, &c->scratch[0]);
		break;
	case LT_TEXT:
	case LT_CHAR:
	case LT_BYTES:
	case LT_OTHER:
	case LT_ANY:
		fit_stored(c, f, cells);
		break;
	case LT_NONE:
	case LT_INTERVAL:
	case LT_UUID:
	case LT_BITS:
	case LT_JSON:
		break;
	}
}

/* One value on this side, whatever the other has. */
static void
fit_same_value(
    struct fits *f, const struct cell cells[2], const struct hash128 hash[2])
{
	for (int s = SOURCE; s <= TARGET; s++)
		if (cells[s].kind != CELL_NULL)
			fits_add(f, CAUSE_SAME_VALUE, (enum side)s,
			    (int64_t)hash[s].a, (int64_t)hash[s].b);
}

static struct hash128
hash_cell(struct causes *c, const struct pair_column *pc, enum side side,
    const struct cell *cell)
{
	struct buf *field = &c->scratch[0];

	buf_reset(field);
	canon_field(field, &pc->type, cell,
	    CANON_INLINE | (side == TARGET ? CANON_TARGET : 0));
	return hasher_sum(c->hasher, field->data, field->len);
}

static void
look_at_cell(struct causes *c, const struct change *change, size_t column,
    struct fits *fits, struct hash128 hash[2])
{
	const struct pair_column *pc = &c->pair->cols[column];
	const struct cell *stored[2] = { &change->source[column],
		&change->target[column] };
	enum ltype type =
	    pc->type.loose != LT_NONE ? pc->type.loose : pc->type.type;
	struct cell cells[2];

	for (int s = SOURCE; s <= TARGET; s++) {
		hash[s] = hash_cell(c, pc, (enum side)s, stored[s]);
		cells[s] = *stored[s];
		buf_reset(&c->fold[s]);
		if (rule_folds(pc->type.rule))
			rule_fold(&pc->type,
			    s == SOURCE ? VSIDE_SOURCE : VSIDE_TARGET,
			    stored[s], &c->fold[s], &cells[s]);
	}
	if (cells[SOURCE].kind == CELL_NULL || cells[TARGET].kind == CELL_NULL)
		fit_nulls(fits, cells);
	else if (pc->type.loose != LT_NONE && !read_as(c, type, cells))
		fit_stored(c, fits, cells);
	else
		fit_typed(c, fits, type, cells);
	fit_same_value(fits, cells, hash);
}

/* --- rows --- */

static bool
is_different(const struct change *change, size_t i)
{
	return change->verdicts[i] == VERDICT_DIFFERENT ||
	       change->verdicts[i] == VERDICT_UNREPRESENTABLE;
}

static bool
same_hash(const struct hash128 *a, const struct hash128 *b)
{
	return a->a == b->a && a->b == b->b;
}

/* Does one of the columns before the n-th that differ have its values, and it
 * theirs? */
static void
fit_swapped(struct causes *c, struct fits *f, size_t n)
{
	const struct pair_column *cols = c->pair->cols;
	const struct swap_cell *mine = &c->cells[n];

	for (size_t i = 0; i < n; i++) {
		const struct swap_cell *other = &c->cells[i];

		if (same_hash(&other->hash[SOURCE], &mine->hash[TARGET]) &&
		    same_hash(&other->hash[TARGET], &mine->hash[SOURCE]) &&
		    cols[other->column].type.type ==
			cols[mine->column].type.type)
			fits_add(f, CAUSE_SWAPPED, TARGET,
			    (int64_t)other->column, 0);
	}
}

static void
look_at_update(struct causes *c, const struct change *change)
{
	size_t n = 0;

	for (size_t i = 0; i < c->pair->ncols; i++) {
		struct hash128 hash[2];
		struct fits fits;

		if (!is_different(change, i))
			continue;
		fits.n = 0; /* and no more of it is cleared: there is much */
		look_at_cell(c, change, i, &fits, hash);
		if (n < SWAPS_MAX) {
			c->cells[n] = (struct swap_cell){ .column = i };
			memcpy(c->cells[n].hash, hash, sizeof(hash));
			fit_swapped(c, &fits, n++);
		}
		c->columns[i].differ++;
		count_fits(c, change, i, &fits, hash);
	}
}

/* --- the object --- */

static void
forget(struct causes *c)
{
	for (size_t i = 0; i < c->ncolumns; i++) {
		for (int kind = 0; kind < CAUSE_KINDS; kind++) {
			struct counters *all = &c->columns[i].kinds[kind];

			for (size_t k = 0; k < all->n; k++)
				buf_free(&all->at[k].examples);
			free(all->at);
		}
	}
	free(c->columns);
	free(c->cells);
	c->columns = NULL;
	c->cells = NULL;
	c->ncolumns = 0;
	c->kept = 0;
	causes_forget_rows(c);
	arena_reset(c->arena);
	c->nlist = 0;
}

static enum status
sink_begin(struct change_sink *s, const struct pair *pair, struct err *err)
{
	struct causes *c = (struct causes *)s;

	(void)err;
	forget(c);
	c->pair = pair;
	c->ncolumns = pair->ncols;
	c->columns = calloc(pair->ncols, sizeof(*c->columns));
	c->cells = calloc(SWAPS_MAX, sizeof(*c->cells));
	if (c->columns == NULL || c->cells == NULL)
		out_of_memory(pair->ncols * sizeof(*c->columns));
	causes_begin_rows(c);
	return TU_OK;
}

static enum status
sink_change(struct change_sink *s, const struct change *change, struct err *err)
{
	struct causes *c = (struct causes *)s;

	(void)err;
	if (change->op == CHANGE_UPDATE)
		look_at_update(c, change);
	else
		causes_look_at_row(c, change);
	c->last = change->op;
	return TU_OK;
}

static enum status
sink_end(struct change_sink *s, const struct pair *pair,
    const struct tally *tally, struct err *err)
{
	struct causes *c = (struct causes *)s;

	(void)pair;
	(void)err;
	memcpy(c->total, tally->rows, sizeof(c->total));
	c->open_end = tally->open_end;
	causes_name(c);
	return TU_OK;
}

struct causes *
causes_new(void)
{
	struct causes *c = calloc(1, sizeof(*c));

	if (c == NULL)
		out_of_memory(sizeof(*c));
	c->sink = (struct change_sink){
		.begin = sink_begin, .change = sink_change, .end = sink_end
	};
	c->hasher = hasher_new(HASH_STREAM, 0);
	c->arena = arena_new(4096);
	return c;
}

void
causes_free(struct causes *c)
{
	if (c == NULL)
		return;
	forget(c);
	for (int s = SOURCE; s <= TARGET; s++) {
		buf_free(&c->fold[s]);
		buf_free(&c->text[s]);
		buf_free(&c->scratch[s]);
	}
	hasher_free(c->hasher);
	arena_free(c->arena);
	free(c->list);
	free(c);
}

struct change_sink *
causes_sink(struct causes *c)
{
	return &c->sink;
}

size_t
causes_list(struct causes *c, const struct cause **out)
{
	*out = c->list;
	return c->nlist;
}
