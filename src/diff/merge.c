#include <config.h>

#include "diff/merge.h"

#include <stdlib.h>

#include "base/stage.h"
#include "diff/write.h"
#include "value/key.h"
#include "value/rule.h"

#define SAY_ROWS 1024

void
merge_init(struct merge *m, const struct plan *plan, const struct pair *pair,
    const struct pair *shown, struct change_sink *sink, struct tally *tally)
{
	*m = (struct merge){ .plan = plan,
		.pair = pair,
		.shown = shown,
		.sink = sink,
		.tally = tally,
		.verdicts = calloc(pair->ncols, sizeof(*m->verdicts)),
		.why = calloc(pair->ncols, sizeof(*m->why)),
		.arena = arena_new(16384) };
	if (m->verdicts == NULL || m->why == NULL)
		out_of_memory(pair->ncols * sizeof(*m->why));
	for (int s = SOURCE; s <= TARGET; s++)
		reader_init(&m->reader[s], pair, (enum side)s, plan->seed);
}

void
merge_release(struct merge *m)
{
	for (int s = SOURCE; s <= TARGET; s++) {
		reader_release(&m->reader[s]);
		buf_free(&m->last[s]);
	}
	buf_free(&m->scratch);
	buf_free(&m->beyond);
	free(m->verdicts);
	free(m->why);
	arena_free(m->arena);
}

/* Can the target column take the source's value, and would that change it? */
static enum verdict
judge_write(const struct plan *plan, const struct pair_column *c,
    const struct cell *source, const struct cell *target, struct buf *scratch,
    const char **why)
{
	struct cell out;

	if (c->col[TARGET]->generated) {
		*why = "the target computes this column";
		return VERDICT_UNREPRESENTABLE;
	}
	buf_reset(scratch);
	if (!write_convert(plan->db[TARGET]->dialect, c, TARGET, source,
		scratch, &out, why))
		return VERDICT_UNREPRESENTABLE;
	/* Writing what is there already would never end. */
	if (target != NULL && cell_same(&out, target))
		return VERDICT_EQUAL_AT_TARGET;
	return VERDICT_DIFFERENT;
}

/* --strict, --time-strict: what the target has lost is a difference, though no
 * patch mends it. */
static bool
is_strict(const struct pair *pair, const struct vtype *t)
{
	enum ltype type = t->loose != LT_NONE ? t->loose : t->type;

	return pair->strict ||
	       (pair->time_strict &&
		   (type == LT_TIME || type == LT_TS || type == LT_TSTZ));
}

static enum verdict
compare_cells(const struct plan *plan, const struct pair *pair,
    const struct pair_column *c, const struct cell *source,
    const struct cell *target, struct buf *scratch, const char **why)
{
	enum verdict v;

	if (cell_same(source, target) && !rule_has_sides(c->type.rule))
		return VERDICT_EQUAL;
	v = value_compare(&c->type, &c->limit, source, target);
	if (v == VERDICT_DIFFERENT)
		v = judge_write(plan, c, source, target, scratch, why);
	if (v != VERDICT_EQUAL_AT_TARGET || !is_strict(pair, &c->type))
		return v;
	*why = "the target keeps fewer digits";
	return VERDICT_UNREPRESENTABLE;
}

enum verdict
merge_compare_rows(const struct plan *plan, const struct pair *pair,
    const struct cell *source, const struct cell *target, struct buf *scratch,
    enum verdict *verdicts, const char **why)
{
	/* What decides about a row: one column to mend makes it DIFFERENT. */
	static const int rank[] = { [VERDICT_EQUAL] = 0,
		[VERDICT_EQUAL_AT_TARGET] = 1,
		[VERDICT_UNREPRESENTABLE] = 2,
		[VERDICT_DIFFERENT] = 3 };
	enum verdict all = VERDICT_EQUAL;

	for (size_t i = 0; i < pair->ncols; i++) {
		const struct pair_column *c = &pair->cols[i];
		enum verdict v;

		why[i] = NULL;
		v = compare_cells(
		    plan, pair, c, &source[i], &target[i], scratch, &why[i]);
		verdicts[i] = v;
		if (rank[v] > rank[all])
			all = v;
	}
	/* Computed from what will be mended: it is expected to follow. */
	for (size_t i = 0; i < pair->ncols && all == VERDICT_DIFFERENT; i++) {
		if (verdicts[i] == VERDICT_UNREPRESENTABLE &&
		    pair->cols[i].col[TARGET]->generated) {
			verdicts[i] = VERDICT_DIFFERENT;
			why[i] = NULL;
		}
	}
	return all;
}

static enum status
advance(struct merge *m, enum side s, struct err *err)
{
	struct row_reader *r = &m->reader[s];
	enum status st;
	int order;

	buf_reset(&m->last[s]);
	if (m->row[s] != NULL)
		buf_add(&m->last[s], r->key.data, r->key.len);
	st = db_next(m->cur[s], &m->row[s], err);
	if (st || m->row[s] == NULL)
		return st;
	m->fetched[s]++;
	if (++m->all % SAY_ROWS == 0) {
		stage_look(m->all);
		stage_tick();
	}
	reader_key(r, m->row[s]->cells);
	if (m->last[s].len == 0)
		return TU_OK;
	order =
	    key_cmp(m->last[s].data, m->last[s].len, r->key.data, r->key.len);
	if (order < 0 || (order == 0 && m->pair->multiset))
		return TU_OK;
	if (order == 0) {
		err_set(err, TU_ESCHEMA,
		    "%s: the key is not unique: two rows share it",
		    m->plan->db[s]->side);
		return err_hint(err,
		    "name a unique key with --key, or --key=none to count "
		    "whole rows");
	}
	err_set(err, TU_ESCHEMA, "%s: rows do not come in key order",
	    m->plan->db[s]->side);
	return err_hint(err, "the key's collation or type orders in a way "
			     "that is not known; try --key=none");
}

/* Is this row one that leaf_decode() named? Counts it; returns its index. */
static size_t
find_point(struct merge *m, const struct row *row)
{
	size_t lo = 0, hi = m->npoints;

	if (m->npoints == 0 || row->cells[0].kind != CELL_INT)
		return SIZE_MAX;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (m->points[mid] < row->cells[0].u.i)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < m->npoints && m->points[lo] == row->cells[0].u.i ? lo
	                                                             : SIZE_MAX;
}

/* Rows that count as equal may then be unlike: which one is to go? */
static bool
has_folds(const struct pair *pair)
{
	for (size_t i = 0; i < pair->ncols; i++)
		if (rule_folds(pair->cols[i].type.rule))
			return true;
	return false;
}

void
merge_place(struct merge *m, uint64_t before, uint64_t among, bool next)
{
	m->at = before;
	m->among = among;
	m->leaves = (uint32_t)MIN(among, UINT32_MAX);
	m->next = next;
}

static void
place(struct merge *m, struct change *c)
{
	enum side side = c->source != NULL ? SOURCE : TARGET;
	const struct cell *key = side == SOURCE ? c->source : c->target;
	const struct row_reader *r = &m->reader[side];
	const struct bounds *b = m->bounds;

	if (m->among > 0) {
		c->before = MIN(m->at, m->among - 1);
		c->among = m->among;
		c->leaves = m->leaves;
		return;
	}
	if (b == NULL || b->ncols == 0 || m->pair->multiset)
		return;
	if (!b->integer)
		m->leaf = bounds_find(b, r->key.data, r->prefix, m->leaf);
	else if (key->kind == CELL_INT)
		m->leaf = bounds_find_int(b, key->u.i, m->leaf);
	else
		return;
	c->before = m->before[m->leaf];
	c->among = m->before[b->nleaves];
	c->leaves = m->leaves;
}

static enum status
emit(struct merge *m, struct change *c, struct err *err)
{
	const struct table *t = m->pair->table[TARGET];

	c->pair = m->shown;
	place(m, c);
	c->next = m->next;
	c->patchable &= t->writable;
	/* Of equal rows one can only be deleted where rows have addresses, and
	 * only if what is not compared cannot tell them apart. */
	if (m->pair->multiset && c->op == CHANGE_DELETE)
		c->patchable &=
		    m->pair->nextra == 0 && !has_folds(m->pair) &&
		    dialect_tells_rows(m->plan->db[TARGET]->dialect, t);
	m->tally->ops[c->op] += c->copies;
	if (c->patchable)
		m->tally->patchable[c->op] += c->copies;
	for (size_t i = 0; c->verdicts != NULL && i < m->pair->ncols; i++) {
		if (c->verdicts[i] == VERDICT_UNREPRESENTABLE) {
			m->tally->unrepresentable += c->copies;
			if (c->patchable)
				m->tally->partial += c->copies;
			break;
		}
	}
	return tell_change(m->sink, c, err);
}

/* A key that is cut on its way (a time into a SQLite number) is not the row's
 * key any more. */
static bool
keeps_key(struct merge *m, const struct pair_column *pc, const struct cell *c)
{
	const char *why;
	struct cell out;

	if (!pc->limit.lite_times || m->pair->multiset)
		return true;
	buf_reset(&m->scratch);
	return write_convert(m->plan->db[TARGET]->dialect, pc, TARGET, c,
		   &m->scratch, &out, &why) &&
	       value_compare(&pc->type, NULL, c, &out) == VERDICT_EQUAL;
}

/* other: equal rows that the target has. */
static enum status
emit_insert(struct merge *m, const struct cell *cells, uint64_t copies,
    uint64_t other, struct err *err)
{
	struct change c = { .op = CHANGE_INSERT,
		.source = cells,
		.verdicts = m->verdicts,
		.why = m->why,
		.copies = copies,
		.fewer = other > 0,
		.patchable = true };

	for (size_t i = 0; i < m->pair->ncols; i++) {
		const struct pair_column *pc = &m->pair->cols[i];

		m->verdicts[i] = VERDICT_EQUAL;
		m->why[i] = NULL;
		if (pc->col[TARGET]->generated)
			continue;
		if (judge_write(m->plan, pc, &cells[i], NULL, &m->scratch,
			&m->why[i]) == VERDICT_UNREPRESENTABLE) {
			m->verdicts[i] = VERDICT_UNREPRESENTABLE;
			c.patchable = false;
		} else if (i < m->pair->nkeys && !keeps_key(m, pc, &cells[i])) {
			m->verdicts[i] = VERDICT_UNREPRESENTABLE;
			m->why[i] = "the key would lose digits";
			c.patchable = false;
		}
	}
	return emit(m, &c, err);
}

static enum status
emit_delete(struct merge *m, const struct cell *cells, uint64_t copies,
    uint64_t other, struct err *err)
{
	struct change c = { .op = CHANGE_DELETE,
		.target = cells,
		.copies = copies,
		.fewer = other > 0,
		.patchable = true };

	return emit(m, &c, err);
}

/* A named row that does not differ is seen again with its leaf, and counted
 * then. */
static enum status
both(struct merge *m, const struct cell *source, const struct cell *target,
    bool named, bool *differ, struct err *err)
{
	struct change c = { .op = CHANGE_UPDATE,
		.source = source,
		.target = target,
		.verdicts = m->verdicts,
		.why = m->why,
		.copies = 1 };
	enum verdict v = merge_compare_rows(m->plan, m->pair, c.source,
	    c.target, &m->scratch, m->verdicts, m->why);

	*differ = v == VERDICT_DIFFERENT || v == VERDICT_UNREPRESENTABLE;
	if (v == VERDICT_EQUAL_AT_TARGET && !named)
		m->tally->at_target++;
	c.patchable = v == VERDICT_DIFFERENT;
	return *differ ? emit(m, &c, err) : TU_OK;
}

enum status
merge_rows(struct merge *m, const struct cell *source,
    const struct cell *target, struct err *err)
{
	bool differ;

	if (source != NULL && target != NULL)
		return both(m, source, target, false, &differ, err);
	if (source != NULL)
		return emit_insert(m, source, 1, 0, err);
	return target != NULL ? emit_delete(m, target, 1, 0, err) : TU_OK;
}

static void
find_beyond(struct merge *m)
{
	buf_reset(&m->beyond);
	for (size_t i = 0; m->range + 1 < m->nranges && i < m->pair->nrange;
	     i++)
		key_encode(&m->beyond, &m->reader[SOURCE].types[i],
		    &m->ranges[m->range + 1].lo[i]);
}

/* Between two ranges there are rows that nobody reads. */
static void
enter_range(struct merge *m, const struct buf *key)
{
	while (m->beyond.len > 0 && key_cmp(key->data, key->len, m->beyond.data,
					m->beyond.len) >= 0) {
		m->range++;
		m->next = false;
		find_beyond(m);
	}
}

/* Rows meet by key: one handler for each of the three cases. */
static enum status
step(struct merge *m, struct err *err)
{
	int order =
	    m->row[SOURCE] == NULL ? 1
	    : m->row[TARGET] == NULL
		? -1
		: key_cmp(m->reader[SOURCE].key.data, m->reader[SOURCE].key.len,
		      m->reader[TARGET].key.data, m->reader[TARGET].key.len);
	enum side lead = order <= 0 ? SOURCE : TARGET;
	size_t point = find_point(m, m->row[lead]);
	bool named = point != SIZE_MAX && !m->listed[point], differ = true;
	enum status st;

	enter_range(m, &m->reader[lead].key);
	if (point != SIZE_MAX)
		m->next = false;
	if (order < 0)
		st = emit_insert(m, m->row[SOURCE]->cells, 1, 0, err);
	else if (order > 0)
		st = emit_delete(m, m->row[TARGET]->cells, 1, 0, err);
	else
		st = both(m, m->row[SOURCE]->cells, m->row[TARGET]->cells,
		    named, &differ, err);
	if (st)
		return st;
	m->tally->suspects++;
	m->next = differ && point == SIZE_MAX && m->nranges > 0;
	if (named) {
		m->confirmed[point] |= differ;
		m->present[SOURCE] += order <= 0;
		m->present[TARGET] += order >= 0;
	}
	if (order <= 0)
		st = advance(m, SOURCE, err);
	if (!st && order >= 0)
		st = advance(m, TARGET, err);
	return st;
}

/* Skip the run of rows equal to the one given; returns how many there were. */
static enum status
count_run(struct merge *m, enum side s, const struct buf *key, uint64_t *n,
    struct err *err)
{
	enum status st = TU_OK;

	*n = 0;
	while (!st && m->row[s] != NULL &&
	       key_cmp(m->reader[s].key.data, m->reader[s].key.len, key->data,
		   key->len) == 0) {
		++*n;
		st = advance(m, s, err);
	}
	return st;
}

/* Copies of the row at the head of one side, if its key is this one. */
static struct cell *
copy_head(struct merge *m, enum side s, const struct buf *key)
{
	const struct row *row = m->row[s];

	if (row == NULL || key_cmp(m->reader[s].key.data, m->reader[s].key.len,
			       key->data, key->len) != 0)
		return NULL;
	return cells_copy(m->arena, row->cells, row->n);
}

/* The same without a key: equal rows are counted on both sides. */
static enum status
step_multiset(struct merge *m, struct err *err)
{
	struct buf *ks = &m->reader[SOURCE].key, *kt = &m->reader[TARGET].key;
	bool source_leads =
	    m->row[TARGET] == NULL ||
	    (m->row[SOURCE] != NULL &&
		key_cmp(ks->data, ks->len, kt->data, kt->len) <= 0);
	struct buf *lead = source_leads ? ks : kt, key = BUF_INIT;
	struct cell *cells[2];
	uint64_t n[2] = { 0, 0 };
	enum status st;

	arena_reset(m->arena);
	buf_add(&key, lead->data, lead->len);
	cells[SOURCE] = copy_head(m, SOURCE, &key);
	cells[TARGET] = copy_head(m, TARGET, &key);
	st = count_run(m, SOURCE, &key, &n[SOURCE], err);
	if (!st)
		st = count_run(m, TARGET, &key, &n[TARGET], err);
	buf_free(&key);
	m->tally->suspects += MAX(n[SOURCE], n[TARGET]);
	if (!st && n[SOURCE] > n[TARGET])
		st = emit_insert(
		    m, cells[SOURCE], n[SOURCE] - n[TARGET], n[TARGET], err);
	else if (!st && n[TARGET] > n[SOURCE])
		st = emit_delete(
		    m, cells[TARGET], n[TARGET] - n[SOURCE], n[SOURCE], err);
	return st;
}

enum status
merge_run(struct merge *m, struct cursor *source, struct cursor *target,
    struct err *err)
{
	enum status st = TU_OK;

	m->cur[SOURCE] = source;
	m->cur[TARGET] = target;
	m->range = 0;
	m->next = false;
	find_beyond(m);
	for (int s = SOURCE; s <= TARGET && !st; s++) {
		m->fetched[s] = m->present[s] = 0;
		m->row[s] = NULL;
		buf_reset(&m->last[s]);
		st = advance(m, (enum side)s, err);
	}
	while (!st && (m->row[SOURCE] != NULL || m->row[TARGET] != NULL))
		st = m->pair->multiset ? step_multiset(m, err) : step(m, err);
	m->tally->open_end = m->next && m->ranges[m->nranges - 1].hi == NULL;
	m->next = false;
	return st;
}
