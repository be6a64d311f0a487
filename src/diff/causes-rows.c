#include <config.h>

#include "diff/causes-int.h"

#include "value/key.h"

#define RUN_MIN 10
#define ROWS_MIN 3

/* --- times that ascend --- */

/* SQLite's columns are typed by name only. */
static bool
has_time(const struct pair_column *pc)
{
	enum ltype type =
	    pc->type.loose != LT_NONE ? pc->type.loose : pc->type.type;

	if (type == LT_ANY)
		return strcasestr(pc->col[SOURCE]->type, "date") != NULL ||
		       strcasestr(pc->col[SOURCE]->type, "timestamp") != NULL;
	return type == LT_DATE || type == LT_TS || type == LT_TSTZ;
}

void
causes_begin_rows(struct causes *c)
{
	for (int s = SOURCE; s <= TARGET; s++) {
		struct row_causes *rows = &c->rows[s];

		for (size_t i = c->pair->nkeys;
		     i < c->pair->ncols && rows->nsince < SINCE_MAX; i++)
			if (has_time(&c->pair->cols[i]))
				rows->since[rows->nsince++].column = i;
	}
}

static void
follow_times(struct causes *c, struct row_causes *rows,
    const struct cell *cells, bool first)
{
	struct buf *key = &c->scratch[0];

	for (size_t i = 0; i < rows->nsince; i++) {
		struct since *s = &rows->since[i];
		const struct cell *cell = &cells[s->column];

		buf_reset(key);
		key_encode(key, &c->pair->cols[s->column].type, cell);
		if (first) {
			s->ascends = cell->kind != CELL_NULL;
			buf_reset(&s->first);
			cells_pack(&s->first, cell, 1);
		} else if (key_cmp(key->data, key->len, s->last.data,
			       s->last.len) < 0) {
			s->ascends = false;
		}
		buf_reset(&s->last);
		buf_add(&s->last, key->data, key->len);
	}
}

static void
add_since(struct causes *c, struct cause *cause)
{
	struct row_causes *rows = &c->rows[cause->side];

	for (size_t i = 0; i < rows->nsince; i++) {
		const char *p = rows->since[i].first.data;
		struct cell *cell;

		if (!rows->since[i].ascends)
			continue;
		cell = arena_alloc(c->arena, sizeof(*cell));
		cells_unpack(&p, cell, 1);
		cause->since_column = rows->since[i].column;
		cause->since = cell;
		return;
	}
}

/* --- runs --- */

static void
start_run(struct causes *c, struct row_causes *rows, const struct cell *key)
{
	struct row_run *run = &rows->run, *longest = &rows->longest;

	if (run->rows > longest->rows) {
		struct row_run shorter = *longest;

		*longest = *run;
		*run = shorter;
	}
	run->rows = 0;
	buf_reset(&run->first);
	if (key != NULL)
		cells_pack(&run->first, key, c->pair->nkeys);
}

void
causes_look_at_row(struct causes *c, const struct change *change)
{
	bool insert = change->op == CHANGE_INSERT;
	struct row_causes *rows = &c->rows[insert ? TARGET : SOURCE];
	const struct cell *cells = insert ? change->source : change->target;

	rows->rows += change->copies;
	causes_keep_example(c, &rows->all, cells, NULL, NULL);
	if (change->fewer) {
		rows->twice.count += change->copies;
		causes_keep_example(c, &rows->twice, cells, NULL, NULL);
	}
	if (c->pair->multiset)
		return;
	if (!change->next || c->last != change->op)
		start_run(c, rows, cells);
	follow_times(c, rows, cells, rows->run.rows == 0);
	rows->run.rows++;
	buf_reset(&rows->run.last);
	cells_pack(&rows->run.last, cells, c->pair->nkeys);
}

static void
forget_run(struct row_run *run)
{
	run->rows = 0;
	buf_free(&run->first);
	buf_free(&run->last);
}

void
causes_forget_rows(struct causes *c)
{
	for (int s = SOURCE; s <= TARGET; s++) {
		struct row_causes *rows = &c->rows[s];

		forget_run(&rows->run);
		forget_run(&rows->longest);
		for (size_t i = 0; i < rows->nsince; i++) {
			buf_free(&rows->since[i].first);
			buf_free(&rows->since[i].last);
		}
		buf_free(&rows->all.examples);
		buf_free(&rows->twice.examples);
		*rows = (struct row_causes){ 0 };
	}
}

static struct cause *
name_rows(
    struct causes *c, enum cause_kind kind, enum side lacks, uint64_t count)
{
	struct cause *cause = causes_add(c, kind, CAUSE_ROWS);

	cause->side = lacks;
	cause->count = count;
	cause->of = c->rows[lacks].rows;
	return cause;
}

/* The first and the last row. */
static void
add_ends(struct causes *c, struct cause *cause, struct row_run *run)
{
	struct counter ends = { .nexamples = 2 };

	buf_add(&run->first, run->last.data, run->last.len);
	ends.examples = run->first;
	causes_add_examples(c, cause, &ends, !cause->side, 0);
}

/* A run that the table ends with. */
static bool
is_last(const struct causes *c, enum side lacks, bool longest_is_last)
{
	return longest_is_last && c->open_end &&
	       c->last == (lacks == TARGET ? CHANGE_INSERT : CHANGE_DELETE);
}

static void
name_run(struct causes *c, enum side lacks, bool last)
{
	struct row_causes *rows = &c->rows[lacks];
	struct row_run *run = &rows->longest;
	struct cause *cause;

	if (run->rows < RUN_MIN || run->rows < rows->rows / 2)
		return;
	cause = name_rows(c,
	    is_last(c, lacks, last) ? CAUSE_KEY_END : CAUSE_KEY_RANGE, lacks,
	    run->rows);
	add_ends(c, cause, run);
	if (cause->kind == CAUSE_KEY_END)
		add_since(c, cause);
}

static void
name_counted(struct causes *c, enum cause_kind kind, enum side lacks,
    uint64_t count, const struct counter *examples)
{
	struct cause *cause = name_rows(c, kind, lacks, count);

	causes_add_examples(c, cause, examples, !lacks, 0);
}

void
causes_name_rows(struct causes *c)
{
	for (int s = SOURCE; s <= TARGET; s++) {
		enum side lacks = (enum side)s;
		struct row_causes *rows = &c->rows[s];
		bool last = rows->run.rows > rows->longest.rows;

		start_run(c, rows, NULL);
		if (rows->rows < ROWS_MIN)
			continue;
		if (c->total[s] == 0)
			name_counted(
			    c, CAUSE_ALL_ROWS, lacks, rows->rows, &rows->all);
		else if (rows->twice.count >= ROWS_MIN &&
			 rows->twice.count >= rows->rows / 4)
			name_counted(c, CAUSE_DUPLICATES, lacks,
			    rows->twice.count, &rows->twice);
		else
			name_run(c, lacks, last);
	}
}
