#include <config.h>

#include "value/compare.h"

#include <math.h>

#include "base/buf.h"
#include "value/canon.h"
#include "value/datetime.h"
#include "value/json.h"
#include "value/num.h"

/* Two values of one type, both as canonical bytes. */
struct pair {
	enum ltype type;
	const struct vlimit *limit;
	const struct cell *source, *target;
	struct buf s, t;
};

static bool
buf_same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len &&
	       (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static bool
equals_target(const struct pair *p, const struct buf *b)
{
	return buf_same(b, &p->t);
}

static bool
is_misfit(const struct buf *field)
{
	return field->data[0] == '!';
}

static bool
same_json(const struct cell *a, const struct cell *b)
{
	struct buf ca = BUF_INIT, cb = BUF_INIT;
	bool same = a->kind == CELL_TEXT && b->kind == CELL_TEXT &&
	            json_canon(&ca, a->u.p, a->len) &&
	            json_canon(&cb, b->u.p, b->len) && buf_same(&ca, &cb);

	buf_free(&ca);
	buf_free(&cb);
	return same;
}

static bool
same_rounded(const struct pair *p)
{
	struct buf r = BUF_INIT;
	bool same;

	num_round(&r, p->s.data, p->s.len, p->limit->scale);
	same = equals_target(p, &r);
	buf_free(&r);
	return same;
}

/*
 * SQLite keeps integers of 64 bits exactly wherever it returned one, so a
 * wrong integer there is a difference that can be mended.
 */
static bool
same_double(const struct pair *p)
{
	double f = num_to_f64(p->s.data, p->s.len);
	int64_t i;

	if (p->target->kind == CELL_INT && num_to_i64(p->s.data, p->s.len, &i))
		return false;
	return isfinite(f) && f == num_to_f64(p->t.data, p->t.len);
}

static bool
same_text(const struct pair *p, enum ltype type, const struct datetime *dt)
{
	struct buf b = BUF_INIT;
	bool same;

	if (type == LT_TIME)
		datetime_add_time(&b, dt);
	else
		datetime_add(&b, dt);
	same = equals_target(p, &b);
	buf_free(&b);
	return same;
}

/* Clocks that have no date stop at 24:00:00. */
static void
next_second(struct datetime *dt)
{
	if (!dt->has_date && dt->hour == 23 && dt->minute == 59 &&
	    dt->second >= 59) {
		dt->hour = 24;
		dt->minute = dt->second = 0;
		return;
	}
	dt->has_zone = true;
	dt->offset = -1;
	datetime_to_utc(dt);
}

/* One unit of the n-th digit more; the fraction has n digits at most. */
static void
next_unit(struct datetime *dt, int n)
{
	char *frac = dt->frac;

	for (size_t i = strlen(frac); i < (size_t)n; i++)
		frac[i] = '0';
	frac[n] = '\0';
	while (n > 0 && frac[n - 1] == '9')
		frac[--n] = '\0';
	if (n > 0)
		frac[n - 1]++;
	else
		next_second(dt);
}

static void
trim_fraction(char *frac, int n)
{
	frac[n] = '\0';
	while (n > 0 && frac[n - 1] == '0')
		frac[--n] = '\0';
}

/* Cut to limit->frac digits, and one up if what was cut is half or more. */
static bool
same_time(const struct pair *p)
{
	struct datetime dt;
	int n = p->limit->frac;
	char cut;

	if (!datetime_parse(p->s.data, p->s.len, &dt) ||
	    strlen(dt.frac) <= (size_t)n)
		return false;
	cut = dt.frac[n];
	trim_fraction(dt.frac, n);
	if (same_text(p, p->type, &dt))
		return true;
	if (cut < '5')
		return false;
	next_unit(&dt, n);
	return same_text(p, p->type, &dt);
}

static bool
same_at_target(const struct pair *p)
{
	const struct vlimit *limit = p->limit;

	if (limit == NULL || is_misfit(&p->s) || is_misfit(&p->t))
		return false;
	if (p->type == LT_NUM)
		return (limit->scale >= 0 && same_rounded(p)) ||
		       (limit->real && same_double(p));
	if (p->type == LT_TIME || p->type == LT_TS || p->type == LT_TSTZ)
		return limit->frac >= 0 && same_time(p);
	return false;
}

/* Neither cell is NULL. */
static enum verdict
judge(enum ltype type, const struct vlimit *limit, const struct cell *source,
    const struct cell *target)
{
	struct vtype t = { .type = type };
	struct pair p = { type, limit, source, target, BUF_INIT, BUF_INIT };
	enum verdict v = VERDICT_DIFFERENT;

	canon_field(&p.s, &t, source, CANON_INLINE);
	canon_field(&p.t, &t, target, CANON_INLINE);
	if (buf_same(&p.s, &p.t))
		v = VERDICT_EQUAL;
	else if (type == LT_JSON && same_json(source, target))
		v = VERDICT_EQUAL;
	else if (same_at_target(&p))
		v = VERDICT_EQUAL_AT_TARGET;
	buf_free(&p.s);
	buf_free(&p.t);
	return v;
}

enum verdict
value_compare(const struct vtype *t, const struct vlimit *limit,
    const struct cell *source, const struct cell *target)
{
	enum verdict v;

	if (cell_same(source, target))
		return VERDICT_EQUAL;
	if (source->kind == CELL_NULL || target->kind == CELL_NULL)
		return VERDICT_DIFFERENT;
	v = judge(t->type, limit, source, target);
	/*
	 * Misfits that agree here would have agreed as text: this can only
	 * find what both sides read as a value of the type.
	 */
	if (v == VERDICT_DIFFERENT && t->loose != LT_NONE)
		v = judge(t->loose, limit, source, target);
	return v;
}

const char *
verdict_name(enum verdict v)
{
	static const char *const names[] = {
		[VERDICT_EQUAL] = "equal",
		[VERDICT_EQUAL_AT_TARGET] = "equal at target precision",
		[VERDICT_DIFFERENT] = "different",
		[VERDICT_UNREPRESENTABLE] = "unrepresentable",
	};

	return names[v];
}
