#include <config.h>

#include "track/mark.h"

#include <string.h>

#include "diff/merge.h"
#include "patch/apply.h"
#include "patch/group.h"
#include "patch/report.h"
#include "track/reader-int.h"

struct marker {
	struct plan plan; /* its source is the session that marks */
	const struct pair *pair;
	const struct change_source *src;
	struct marked *out;
	struct arena *arena;
	struct keyset keys, marked;

	/* The source as statements know a table: as a target. */
	struct pair mirror;

	struct group group;          /* some of the keys */
	const struct cell **rows[2]; /* and their rows */
	struct stmt stmt;
	struct stmt_params one, all; /* of a row, of the batch at hand: */
	struct buf sql;
	size_t n;
	size_t at[GROUP_ROWS]; /* its rows, in the group */
	bool hit[GROUP_ROWS];  /* marked, in the group */

	struct buf scratch;
	enum verdict *verdicts;
	const char **why;

	bool unknown; /* whether the COMMIT went through */
};

/* --- which rows ----------------------------------------------------------- */

/* Those whose flag is not set; of too many the first. */
static enum status
find_unmarked(struct marker *m, struct err *err)
{
	struct change_reading got = { .rows = 0 };
	struct reading r = { .db = m->plan.db[SOURCE],
		.arena = m->arena,
		.src = m->src,
		.keys = &m->keys,
		.out = &got };
	enum status st = reading_scan(&r, "1 = 1", false, NULL, err);

	keyset_sort(&m->keys);
	return st;
}

static bool
are_equal(struct marker *m, size_t i)
{
	const struct cell *source = m->rows[SOURCE][i];
	const struct cell *target = m->rows[TARGET][i];
	enum verdict v;

	if (source == NULL || target == NULL)
		return false;
	v = merge_compare_rows(&m->plan, m->pair, source, target, &m->scratch,
	    m->verdicts, m->why);
	return v == VERDICT_EQUAL || v == VERDICT_EQUAL_AT_TARGET;
}

/* --- marking -------------------------------------------------------------- */

static enum status
run_batch(struct marker *m, struct err *err)
{
	uint64_t affected[GROUP_ROWS] = { 0 };
	struct db_batch batch = {
		.sql = buf_str(&m->sql),
		.nparams = m->n > 0 ? m->all.n / m->n : 0,
		.nrows = m->n,
		.columns = m->all.columns,
		.params = m->all.cells,
		.affected = affected,
	};
	enum status st = TU_OK;

	if (m->n > 0)
		st = db_batch(m->plan.db[SOURCE], &batch, err);
	for (size_t i = 0; i < m->n && st == TU_OK; i++) {
		m->hit[m->at[i]] = affected[i] > 0;
		m->out->rows += affected[i] > 0;
		m->out->moved += affected[i] == 0;
	}
	m->n = m->all.n = 0;
	return st;
}

/* Rows whose statements have one text go to the server together. */
static enum status
mark_row(struct marker *m, size_t i, struct err *err)
{
	struct change row = { .op = CHANGE_DELETE,
		.pair = &m->mirror,
		.target = m->rows[SOURCE][i],
		.copies = 1 };
	enum status st;

	m->one.n = 0;
	st = stmt_assign(&m->stmt, &row, m->src->ack, m->src->where, err);
	if (st == TU_OK && strcmp(buf_str(&m->sql), buf_str(&m->stmt.sql)) != 0)
		st = run_batch(m, err);
	if (st)
		return st;
	buf_reset(&m->sql);
	buf_adds(&m->sql, buf_str(&m->stmt.sql));
	stmt_params_add(&m->all, &m->one);
	m->at[m->n++] = i;
	return TU_OK;
}

static enum status
came_out_different(
    struct marker *m, const struct cell *key, const char *what, struct err *err)
{
	struct buf text = BUF_INIT;

	report_key(&text, m->pair, key, SOURCE);
	err_set(err, TU_ECONFLICT, "table '%s', %s: %s: a trigger?",
	    m->pair->name, buf_str(&text), what);
	buf_free(&text);
	return TU_ECONFLICT;
}

static enum status
check_rows(struct marker *m, struct err *err)
{
	const struct cell **now;
	enum status st = group_look(&m->group, &m->plan, SOURCE, &now, err);

	for (size_t i = 0; i < m->group.n && st == TU_OK; i++) {
		const struct cell *was = m->rows[SOURCE][i];
		bool same = now[i] != NULL;

		if (!m->hit[i])
			continue;
		for (size_t c = 0; c < m->pair->ncols && same; c++)
			same = cell_same(&was[c], &now[i][c]);
		keyset_add(&m->marked, was);
		if (!same)
			st = came_out_different(
			    m, was, "the row was changed by being marked", err);
	}
	return st;
}

static enum status
mark_group(struct marker *m, struct err *err)
{
	enum status st = TU_OK;

	memset(m->hit, 0, sizeof(m->hit));
	for (int s = SOURCE; s <= TARGET && st == TU_OK; s++)
		st = group_look(
		    &m->group, &m->plan, (enum side)s, &m->rows[s], err);
	for (size_t i = 0; i < m->group.n && st == TU_OK; i++) {
		if (are_equal(m, i))
			st = mark_row(m, i, err);
		else
			m->out->left++;
	}
	if (st == TU_OK)
		st = run_batch(m, err);
	if (st == TU_OK)
		st = check_rows(m, err);
	group_clear(&m->group);
	return st;
}

static enum status
mark_keys(struct marker *m, struct err *err)
{
	const struct pair *pair = m->pair;
	struct cell *cells = arena_alloc(
	    m->arena, (pair->ncols + pair->nextra) * sizeof(*cells));
	struct change c = {
		.op = CHANGE_DELETE, .pair = pair, .target = cells, .copies = 1
	};
	size_t n = keyset_count(&m->keys);
	enum status st = TU_OK;

	for (size_t i = 0; i < n && st == TU_OK && m->out->rows < MARK_AT_ONCE;
	     i++) {
		keyset_cells(&m->keys, i, cells);
		group_add(&m->group, &c);
		if (group_full(&m->group) || i + 1 == n)
			st = mark_group(m, err);
	}
	return st;
}

/* A flag that a trigger takes back, or another than the one that is asked
 * for, would have every run mark the same rows. */
static enum status
check_flags(struct marker *m, struct err *err)
{
	struct cell *key = arena_alloc(m->arena, m->pair->ncols * sizeof(*key));
	enum status st;

	keyset_sort(&m->marked);
	keyset_release(&m->keys);
	keyset_init(&m->keys, m->marked.types, m->pair->nkeys, MARK_LOOKS);
	st = find_unmarked(m, err);
	for (size_t i = 0; i < keyset_count(&m->keys) && st == TU_OK; i++) {
		keyset_cells(&m->keys, i, key);
		if (keyset_has(&m->marked, key))
			st = came_out_different(m, key,
			    "the row is still among those that are not marked",
			    err);
	}
	return st;
}

static enum status
mark_everything(struct marker *m, struct err *err)
{
	struct db *db = m->plan.db[SOURCE];
	enum status st = db_exec(db, db->dialect->write_begin, NULL, err);

	if (st)
		return st;
	st = find_unmarked(m, err);
	if (st == TU_OK)
		st = mark_keys(m, err);
	if (st == TU_OK && m->out->rows > 0)
		st = check_flags(m, err);
	if (st == TU_OK)
		return apply_commit(db, &m->unknown, err);
	apply_roll_back(db);
	return st;
}

/* --- a table -------------------------------------------------------------- */

static void
make_mirror(struct marker *m)
{
	const struct pair *pair = m->pair;
	struct pair_column *cols =
	    arena_alloc(m->arena, pair->ncols * sizeof(*cols));

	for (size_t i = 0; i < pair->ncols; i++) {
		cols[i] = pair->cols[i];
		cols[i].col[TARGET] = pair->cols[i].col[SOURCE];
	}
	m->mirror = *pair;
	m->mirror.table[TARGET] = pair->table[SOURCE];
	m->mirror.cols = cols;
	m->mirror.nextra = 0;
}

static void
marker_init(struct marker *m)
{
	const struct pair *pair = m->pair;
	struct vtype *types =
	    arena_alloc(m->arena, pair->nkeys * sizeof(*types));

	for (size_t i = 0; i < pair->nkeys; i++)
		types[i] = pair->cols[i].type;
	keyset_init(&m->keys, types, pair->nkeys, MARK_LOOKS);
	keyset_init(&m->marked, types, pair->nkeys, MARK_AT_ONCE + GROUP_ROWS);
	make_mirror(m);
	group_init(&m->group, m->plan.db[TARGET]->dialect);
	m->one.arena = m->all.arena = m->group.arena;
	stmt_init(&m->stmt, m->plan.db[SOURCE]->dialect, STMT_FORWARD, &m->one);
	m->verdicts = arena_alloc(m->arena, pair->ncols * sizeof(*m->verdicts));
	m->why = arena_alloc(m->arena, pair->ncols * sizeof(*m->why));
}

static void
marker_release(struct marker *m)
{
	stmt_params_release(&m->one);
	stmt_params_release(&m->all);
	stmt_release(&m->stmt);
	group_release(&m->group);
	keyset_release(&m->keys);
	keyset_release(&m->marked);
	buf_free(&m->sql);
	buf_free(&m->scratch);
	arena_free(m->arena);
}

enum status
mark_rows(struct db *db, const struct plan *plan, const struct pair *pair,
    const struct change_source *src, struct marked *out, struct err *err)
{
	struct marker m = { .plan = *plan,
		.pair = pair,
		.src = src,
		.out = out,
		.arena = arena_new(16384) };
	enum status st;

	*out = (struct marked){ 0 };
	m.plan.db[SOURCE] = db;
	marker_init(&m);
	st = mark_everything(&m, err);
	marker_release(&m);
	if (st == TU_OK)
		return TU_OK;
	*out = (struct marked){ 0 };
	err_context(err, "[%s]", src->name);
	return m.unknown ? st : err_append(err, "; no row was marked");
}
