#include <config.h>

#include "diff/placement.h"

#include "base/both.h"
#include "base/clock.h"
#include "base/log.h"
#include "diff/gather.h"

/* Looks begin at some leaves. Where nobody needs as small ones as rows
 * that travel have, and keys would have to be sampled, there are no more. */
#define LEAVES_SAMPLED 4096
#define FIRST 4  /* leaves */
#define SHARE 32 /* a look is at one row in so many, at most, */
#define GROWTH 64.0
/* at places of the table that are far apart: 5, 10, 15, 4... of 16. */
#define PLACES 16
#define STEP 5

/* Seconds. Less than this is noise; so are rows that take less than this part
 * of what a leaf does, and a statement for hashes that takes less than twice
 * what another did. */
#define TELLING 0.005
#define TELLING_PART 4
#define PATIENCE 0.2

/* Rows that differ are read again. Of records it is most often one row a leaf,
 * and pilot.h notices when it is more; of other hashes it can be all rows. */
#define GAIN_RECORDS 1.5
#define GAIN 2.0
/* Looks that it takes to be sure of hashes; where it is clear, by this factor,
 * one less, and to be sure of rows as many less. */
#define SURE 3
#define CLEAR 4

struct measuring {
	const struct plan *plan;
	const struct pair *pair;
	struct pool pool;
	const struct bounds *bounds;
	struct looks looks;
	size_t leaves; /* of the next look */
	/* The least that a look at hashes took; what the rows of a leaf did. */
	double least;
	uint64_t few; /* so many */
	bool over;    /* rows are too fast for looks */
};

/* Seconds a million. Returns how many looks say something. */
static size_t
fastest(const struct looks *looks, double *out)
{
	size_t told = 0;

	for (size_t i = 0; i < looks->n; i++) {
		const struct look *l = &looks->at[i];
		double s = l->seconds * 1e6 / (double)MAX(l->n, 1);

		if (l->tells)
			*out = told++ > 0 ? MIN(*out, s) : s;
	}
	return told;
}

enum placed
placement_judge(const struct looks *rows, const struct looks *hashes,
    enum hash_kind hash, struct placement *out)
{
	struct placement p = { .measured = true };
	double gain = hash == HASH_RECORD ? GAIN_RECORDS : GAIN;
	size_t told = fastest(rows, &p.rows), sure = SURE;
	bool better;

	told = MIN(told, fastest(hashes, &p.hashes));
	if (told == 0)
		return PLACED_UNKNOWN;
	better = p.hashes * gain <= p.rows;
	sure -= !better;
	sure -= better ? p.hashes * gain * CLEAR <= p.rows
	               : p.hashes * gain >= p.rows * CLEAR;
	if (told < sure)
		return PLACED_UNKNOWN;
	*out = p;
	return better ? PLACED_HASHES : PLACED_ROWS;
}

/* Read these leaves as one. */
static enum status
read_leaves(struct measuring *m, size_t first, size_t n, double *seconds,
    uint64_t *rows, struct err *err)
{
	const struct krange all = { 0 };
	struct krange range;
	struct bounds part =
	    bounds_part(m->bounds, &all, first, first + n, &range);
	struct leaf x = { 0 }, y = { 0 };
	struct leaf *leaves[2] = { &x, &y };
	double began = clock_seconds();
	enum status st;

	part.nleaves = 1;
	st = gather(m->plan, m->pair, &m->pool, &part, &range, leaves, err);
	*seconds = clock_seconds() - began;
	*rows = MAX(x.n, y.n);
	return st;
}

static size_t
most_leaves(const struct measuring *m)
{
	return MAX(m->bounds->nleaves / SHARE, FIRST);
}

/* The next look is to take half as long again as this. */
static void
grow(struct measuring *m, double seconds, double telling)
{
	double by = 1.5 * telling / MAX(seconds, 1e-6);

	m->leaves = MIN(
	    most_leaves(m), 1 + (size_t)((double)m->leaves * MIN(by, GROWTH)));
}

/* A place for so many leaves. */
static size_t
place(const struct measuring *m, size_t n)
{
	return 1 + (m->bounds->nleaves - 2 - n) *
	               ((m->looks.n + 1) * STEP % PLACES) / PLACES;
}

/* What rows take longer than those of one leaf. */
static enum status
look_at_rows(struct measuring *m, struct err *err)
{
	struct look *l = &m->looks.at[m->looks.n];
	double telling;
	enum status st = TU_OK;

	if (m->looks.n == 0)
		st = read_leaves(m, 1, 1, &m->least, &m->few, err);
	if (!st)
		st = read_leaves(
		    m, place(m, m->leaves), m->leaves, &l->seconds, &l->n, err);
	if (st)
		return st;
	m->looks.n++;
	l->n = l->n > m->few ? l->n - m->few : 0;
	l->seconds -= m->least;
	telling = MAX(TELLING, m->least / TELLING_PART);
	l->tells = l->seconds >= telling;
	m->over = !l->tells && m->leaves == most_leaves(m);
	if (!l->tells)
		grow(m, l->seconds, telling);
	return TU_OK;
}

/* Where there are no more rows, what they take is not less than what is said.
 */
static enum status
look_at_hashes(struct measuring *m, struct err *err)
{
	struct look *l = &m->looks.at[m->looks.n];
	double telling;
	enum status st = read_leaves(
	    m, place(m, m->leaves), m->leaves, &l->seconds, &l->n, err);

	if (st)
		return st;
	m->least = m->looks.n++ > 0 ? MIN(m->least, l->seconds) : l->seconds;
	telling = MAX(TELLING, 2 * m->least);
	l->tells = l->seconds >= telling || m->leaves == most_leaves(m);
	if (!l->tells)
		grow(m, l->seconds, telling);
	return TU_OK;
}

static bool
has_told(const struct looks *looks)
{
	return looks->n > 0 && looks->at[looks->n - 1].tells;
}

/* Until rows tell; those that do not for so long come fast, from far away. */
static enum status
first_rows(struct measuring *m, struct err *err)
{
	double until = clock_seconds() + PATIENCE;
	enum status st = TU_OK;

	while (!st && !has_told(&m->looks) && !m->over) {
		st = look_at_rows(m, err);
		m->over |= !has_told(&m->looks) &&
		           (m->looks.n == LOOKS_MAX || clock_seconds() > until);
	}
	return st;
}

/* Each way until a look tells, then in turns. */
static enum status
look_around(struct measuring *rows, struct measuring *hashes,
    enum placed *placed, struct placement *out, struct err *err)
{
	enum status st = first_rows(rows, err);

	*placed = PLACED_UNKNOWN;
	while (!st && !rows->over && !has_told(&hashes->looks) &&
	       hashes->looks.n < LOOKS_MAX)
		st = look_at_hashes(hashes, err);
	while (!st && !rows->over) {
		*placed = placement_judge(
		    &rows->looks, &hashes->looks, hashes->pair->hash, out);
		if (*placed != PLACED_UNKNOWN || hashes->looks.n == LOOKS_MAX ||
		    rows->looks.n == LOOKS_MAX)
			break;
		st = look_at_hashes(hashes, err);
		if (!st)
			st = look_at_rows(rows, err);
	}
	return st;
}

struct checking {
	const struct plan *plan;
	const struct pair *pair;
	bool agrees[2];
};

static enum status
check_side(void *arg, int side, struct err *err)
{
	struct checking *c = arg;

	c->agrees[side] = true;
	return c->pair->pushdown[side]
	           ? gather_check_fold(c->plan, c->pair, (enum side)side,
			 &c->agrees[side], err)
	           : TU_OK;
}

static enum status
measure(const struct plan *plan, const struct pair *here,
    const struct pair *there, const struct bounds *bounds, enum placed *placed,
    struct placement *out, struct err *err)
{
	struct measuring rows = { .plan = plan,
		.pair = here,
		.pool = { .n = { 1, 1 },
		    .db = { { plan->db[SOURCE] }, { plan->db[TARGET] } } },
		.bounds = bounds,
		.leaves = FIRST };
	struct measuring hashes = rows;
	struct checking c = { .plan = plan, .pair = there };
	enum status st = TU_OK;

	hashes.pair = there;
	if (bounds->nleaves <= SHARE)
		return TU_OK;
	/* It also makes the servers ready, which is to count for nobody. */
	st = both_sides(check_side, &c, err);
	if (st || !c.agrees[SOURCE] || !c.agrees[TARGET])
		return st;
	return look_around(&rows, &hashes, placed, out, err);
}

static enum status
cut(const struct plan *plan, const struct pair *pair, struct arena *arena,
    struct bounds *out, struct err *err)
{
	const struct krange all = { 0 };
	double rows = (double)pair->leaf_rows;

	if (!bounds_integer_key(pair))
		rows = MAX(rows, pair->rows / LEAVES_SAMPLED);
	return bounds_make(
	    plan, pair, &all, pair->rows, (uint64_t)rows, arena, out, err);
}

static bool
is_measurable(const struct plan *plan, const struct pair *pair)
{
	bool is = pair->measurable && pair->nrange > 0;

	for (int s = SOURCE; s <= TARGET; s++)
		is = is && plan->db[s]->pace == NULL &&
		     pair->table[s]->where == NULL &&
		     table_is_stored(pair->table[s]);
	return is;
}

/* The pair becomes the other one if that is better, and stays where nobody
 * knows. */
static void
settle(struct pair *pair, const struct pair *there, enum placed placed,
    const struct placement *found)
{
	struct buf why = BUF_INIT;

	if (placed == PLACED_HASHES)
		*pair = *there;
	pair->placement = *found;
	pair->hash_why = found->measured ? NULL : "a measurement told nothing";
	placement_why(&why, pair->hash_why, found);
	log_line(LOG_INFO, "table '%s': %s; %s", pair->name, buf_str(&why),
	    placed == PLACED_HASHES ? "servers hash" : "rows travel");
	buf_free(&why);
}

enum status
placement_choose(const struct plan *plan, struct pair *pair,
    const struct bounds *bounds, struct err *err)
{
	struct arena *arena;
	struct pair there = *pair;
	struct placement found = { 0 };
	enum placed placed = PLACED_UNTRIED;
	struct bounds own;
	enum status st = TU_OK;

	if (!is_measurable(plan, pair) || !pair_hash_there(plan->db, &there))
		return TU_OK;
	arena = arena_new(65536);
	if (bounds == NULL) {
		st = cut(plan, pair, arena, &own, err);
		bounds = &own;
	}
	if (!st)
		st = measure(plan, pair, &there, bounds, &placed, &found, err);
	if (st == TU_EREPLAN) {
		/* Whoever compares it will find out, too. */
		err_clear(err);
		st = TU_OK;
	} else if (!st && placed != PLACED_UNTRIED) {
		settle(pair, &there, placed, &found);
	}
	pair->measurable = false;
	arena_free(arena);
	return st;
}

static void
add_seconds(struct buf *out, double s)
{
	buf_addf(out, s < 0.95 ? "%.2g s" : s < 9.5 ? "%.1f s" : "%.0f s", s);
}

void
placement_why(struct buf *out, const char *why, const struct placement *p)
{
	buf_adds(out, why != NULL ? why : "");
	if (!p->measured)
		return;
	buf_adds(out, why != NULL ? "; measured: rows " : "measured: rows ");
	add_seconds(out, p->rows);
	buf_adds(out, ", hashes ");
	add_seconds(out, p->hashes);
	buf_adds(out, " a million");
}
