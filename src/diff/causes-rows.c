#include <config.h>

#include "diff/causes-int.h"

#define RUN_MIN 10
#define ROWS_MIN 3

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
	const struct cell *key = insert ? change->source : change->target;

	rows->rows += change->copies;
	causes_keep_example(c, &rows->all, key, NULL, NULL);
	if (change->fewer) {
		rows->twice.count += change->copies;
		if (rows->twice.nexamples < CAUSE_EXAMPLES)
			causes_keep_example(c, &rows->twice, key, NULL, NULL);
	}
	if (c->pair->multiset)
		return;
	if (!change->next || c->last != change->op)
		start_run(c, rows, key);
	rows->run.rows++;
	buf_reset(&rows->run.last);
	cells_pack(&rows->run.last, key, c->pair->nkeys);
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
