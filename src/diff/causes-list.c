#include <config.h>

#include "diff/causes-int.h"

#include <inttypes.h>
#include <stdlib.h>

/*
 * From where on a pattern is no coincidence: cells, their share of the column's
 * differing cells in percent, and different values on the other side. A few
 * texts that differ in case only are no accident; 1 for 2 and 2 for 1 in a
 * column of random states is "1 more" every other time, but of few values.
 */
struct threshold {
	uint64_t cells;
	unsigned percent, values;
};

/* clang-format off */
#define TEXTS { 3, 25, 1 }
#define DIGITS { 5, 60, 3 }
#define LOOSE { 10, 60, 4 }
/* clang-format on */

static const struct threshold thresholds[CAUSE_KINDS] = {
	[CAUSE_NULL_EMPTY] = TEXTS,
	[CAUSE_NULL] = { 5, 50, 1 },
	[CAUSE_LINE_ENDS] = TEXTS,
	[CAUSE_UNICODE_FORM] = TEXTS,
	[CAUSE_TRAILING_BLANKS] = TEXTS,
	[CAUSE_WHITE_SPACE] = TEXTS,
	[CAUSE_CASE] = TEXTS,
	[CAUSE_DOUBLE_UTF8] = TEXTS,
	[CAUSE_LATIN1] = TEXTS,
	[CAUSE_REPLACED] = TEXTS,
	[CAUSE_ACCENTS] = TEXTS,
	[CAUSE_TRUNCATED] = { 3, 25, 3 },
	[CAUSE_DATE_ONLY] = { 3, 25, 2 },
	[CAUSE_FLOAT4] = DIGITS,
	[CAUSE_DIGITS] = DIGITS,
	[CAUSE_ROUNDED] = DIGITS,
	[CAUSE_CUT_DECIMALS] = DIGITS,
	[CAUSE_TIME_OFFSET] = { 5, 33, 3 },
	[CAUSE_OFFSET] = LOOSE,
	[CAUSE_FACTOR] = LOOSE,
	[CAUSE_SIGN] = LOOSE,
	[CAUSE_SAME_VALUE] = LOOSE,
	[CAUSE_SWAPPED] = LOOSE,
};

static const struct threshold *
threshold(enum cause_kind kind, const struct counter *n)
{
	/* Of days there are few. */
	if (kind == CAUSE_TIME_OFFSET && n->a % FIT_DAY == 0)
		return &thresholds[CAUSE_OFFSET];
	return &thresholds[kind];
}

static bool
is_enough(const struct column_causes *col, enum cause_kind kind,
    const struct counter *n, uint64_t cells)
{
	const struct threshold *t = threshold(kind, n);
	unsigned values = 0;

	for (uint64_t bits = n->seen; bits != 0; bits &= bits - 1)
		values++;
	return cells >= t->cells && values >= t->values &&
	       (double)cells * 100 >= (double)col->differ * t->percent;
}

/* --- the list --- */

struct cause *
causes_add(struct causes *c, enum cause_kind kind, size_t column)
{
	struct cause *cause;

	if (c->nlist == c->caplist) {
		c->caplist = c->caplist > 0 ? 2 * c->caplist : 16;
		c->list = realloc(c->list, c->caplist * sizeof(*c->list));
		if (c->list == NULL)
			out_of_memory(c->caplist * sizeof(*c->list));
	}
	cause = &c->list[c->nlist++];
	*cause = (struct cause){ .kind = kind,
		.column = column,
		.other = CAUSE_ROWS,
		.since_column = CAUSE_ROWS,
		.exact = true };
	return cause;
}

void
causes_add_examples(struct causes *c, struct cause *cause,
    const struct counter *n, enum side side, size_t values)
{
	const char *p = n->examples.data;
	size_t ncells = c->pair->nkeys + values;

	cause->nexamples = n->nexamples;
	for (size_t i = 0; i < n->nexamples; i++) {
		struct cell *cells =
		    arena_alloc(c->arena, ncells * sizeof(*cells));

		cells_unpack(&p, cells, ncells);
		cause->examples[i] =
		    (struct cause_example){ .side = side, .key = cells };
		if (values == 0)
			continue;
		cause->examples[i].source = &cells[c->pair->nkeys];
		cause->examples[i].target = &cells[c->pair->nkeys + 1];
	}
}

/* Those of which only the best one is named. */
static bool
overlaps(enum cause_kind kind)
{
	return kind >= CAUSE_DATE_ONLY && kind <= CAUSE_CUT_DECIMALS;
}

static const char *
amount_of(struct causes *c, enum cause_kind kind, const struct counter *n)
{
	struct buf text = BUF_INIT;
	const char *amount;

	if (kind == CAUSE_TIME_OFFSET)
		fit_decimal(&text, n->a, 6);
	else if (kind == CAUSE_OFFSET)
		fit_decimal(&text, n->a, n->b);
	else if (kind == CAUSE_TRUNCATED || kind == CAUSE_DIGITS ||
		 kind == CAUSE_ROUNDED || kind == CAUSE_CUT_DECIMALS ||
		 kind == CAUSE_FACTOR)
		fit_decimal(&text, n->a, 0);
	else
		return NULL;
	if (kind == CAUSE_FACTOR && n->b != 1)
		buf_addf(&text, "/%" PRId64, n->b);
	amount = arena_strdup(c->arena, buf_str(&text));
	buf_free(&text);
	return amount;
}

static void
add_cause(struct causes *c, size_t column, enum cause_kind kind,
    const struct counter *n, uint64_t cells, bool exact)
{
	struct cause *cause = causes_add(c, kind, column);

	cause->side = n->side;
	cause->count = cells;
	cause->exact = exact;
	cause->of = c->columns[column].differ;
	cause->amount = amount_of(c, kind, n);
	if (kind == CAUSE_SWAPPED)
		cause->other = (size_t)n->a;
	else if (kind == CAUSE_TRUNCATED)
		cause->bytes = n->b;
	if (cause->amount != NULL)
		cause->n = n->a;
	causes_add_examples(c, cause, n, TARGET, 2);
}

/* --- one column --- */

/* Cells that are known to fit; some more may have come before. */
static uint64_t
cells_of(const struct counter *n)
{
	return n->count - n->error;
}

struct best {
	enum cause_kind kind;
	const struct counter *n; /* NULL: none */
	uint64_t cells;
};

/* Among kinds, by all of their cells or by those that fit nothing specific. Of
 * two places that explain the same the fewer ones are meant. */
static struct best
find_best(const struct column_causes *col, enum cause_kind first,
    enum cause_kind last, bool rest)
{
	struct best best = { .n = NULL };

	for (enum cause_kind kind = first; kind <= last; kind++) {
		for (size_t i = 0; i < col->kinds[kind].n; i++) {
			const struct counter *n = &col->kinds[kind].at[i];
			uint64_t cells = rest ? n->rest : cells_of(n);

			if (!is_enough(col, kind, n, cells) ||
			    (best.n != NULL &&
				(cells < best.cells ||
				    (cells == best.cells &&
					(kind != best.kind ||
					    n->a >= best.n->a)))))
				continue;
			best = (struct best){ kind, n, cells };
		}
	}
	return best;
}

/*
 * The specific ones. With `taken`, cells that are explained already and of
 * which some may fit these too. Returns how many cells they explain; add: and
 * names them.
 */
static uint64_t
name_specific(struct causes *c, size_t column, uint64_t taken, bool add)
{
	const struct column_causes *col = &c->columns[column];
	struct best best =
	    find_best(col, CAUSE_DATE_ONLY, CAUSE_CUT_DECIMALS, false);
	uint64_t sum = 0;

	for (enum cause_kind kind = 0; !cause_is_loose(kind); kind++) {
		for (size_t i = 0; i < col->kinds[kind].n; i++) {
			const struct counter *n = &col->kinds[kind].at[i];
			uint64_t cells = cells_of(n);

			cells -= MIN(cells, taken);
			if (!is_enough(col, kind, n, cells) ||
			    (overlaps(kind) && n != best.n))
				continue;
			sum += cells;
			if (add)
				add_cause(c, column, kind, n, cells,
				    n->error == 0 && taken == 0);
		}
	}
	return sum;
}

/* A loose kind with all of its parameters that explain enough; returns how
 * many of these cells fit something specific too. */
static uint64_t
name_loose(struct causes *c, size_t column, enum cause_kind kind, bool rest)
{
	const struct column_causes *col = &c->columns[column];
	uint64_t both = 0;

	for (size_t i = 0; i < col->kinds[kind].n; i++) {
		const struct counter *n = &col->kinds[kind].at[i];
		uint64_t cells = rest ? n->rest : cells_of(n);

		if (!is_enough(col, kind, n, cells))
			continue;
		both += cells_of(n) - n->rest;
		add_cause(c, column, kind, n, cells,
		    n->error == 0 && cells == n->count);
	}
	return both;
}

static void
name_column(struct causes *c, size_t column)
{
	const struct column_causes *col = &c->columns[column];
	struct best best =
	    find_best(col, CAUSE_TIME_OFFSET, CAUSE_SWAPPED, false);
	uint64_t specific = name_specific(c, column, 0, false);

	if (best.n != NULL && best.cells > specific) {
		uint64_t both = name_loose(c, column, best.kind, false);

		name_specific(c, column, both, true);
		return;
	}
	name_specific(c, column, 0, true);
	best = find_best(col, CAUSE_TIME_OFFSET, CAUSE_SWAPPED, true);
	if (best.n != NULL)
		name_loose(c, column, best.kind, true);
}

static int
compare_causes(const void *pa, const void *pb)
{
	const struct cause *a = pa, *b = pb;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	if (a->column != b->column)
		return a->column < b->column ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->side != b->side)
		return a->side < b->side ? -1 : 1;
	return a->n < b->n ? -1 : a->n > b->n;
}

void
causes_name(struct causes *c)
{
	arena_reset(c->arena);
	c->nlist = 0;
	for (size_t i = 0; i < c->ncolumns; i++)
		if (c->columns[i].differ > 0)
			name_column(c, i);
	causes_name_rows(c);
	if (c->nlist > 0)
		qsort(c->list, c->nlist, sizeof(*c->list), compare_causes);
}
