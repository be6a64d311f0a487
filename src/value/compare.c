#include <config.h>

#include "value/compare.h"

#include <math.h>
#include <stdlib.h>

#include "base/buf.h"
#include "value/canon.h"
#include "value/distance.h"
#include "value/json.h"
#include "value/num.h"
#include "value/rule.h"

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

typedef bool json_reader(struct buf *out, const char *s, size_t n);

/* A SQLite column declared JSON keeps a lone number as a number. */
static bool
add_json(struct buf *out, const struct cell *c, json_reader *canon)
{
	char digits[NUM_PRINT_MAX];

	switch (c->kind) {
	case CELL_TEXT:
		return canon(out, c->u.p, c->len);
	case CELL_INT:
		return canon(out, digits, num_print_i64(digits, c->u.i));
	case CELL_F64:
		return canon(out, digits, num_print_f64(digits, c->u.f));
	case CELL_NULL:
	case CELL_BYTES:
		break;
	}
	return false;
}

static bool
same_json(const struct cell *a, const struct cell *b, json_reader *canon)
{
	struct buf ca = BUF_INIT, cb = BUF_INIT;
	bool same = add_json(&ca, a, canon) && add_json(&cb, b, canon) &&
	            buf_same(&ca, &cb);

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
 * wrong integer there is a difference that can be mended. Only a double may
 * have become one: 2^63 is not what an INTEGER of 2^63 - 1 stands for.
 */
static bool
same_double(const struct pair *p)
{
	double f = num_to_f64(p->s.data, p->s.len);
	int64_t i;

	if (p->target->kind == CELL_INT &&
	    (num_to_i64(p->s.data, p->s.len, &i) || f >= 0x1p63 ||
		f < -0x1p63 || (int64_t)f != p->target->u.i))
		return false;
	return isfinite(f) && f == num_to_f64(p->t.data, p->t.len);
}

/* Nothing is left of a time to compare with another's digits. */
static bool
add_seconds(struct buf *out, enum ltype type, const struct buf *text)
{
	return !is_misfit(text) &&
	       time_seconds(out, type, text->data, text->len);
}

/* Was this time, as a number of seconds, cut and not rounded up? Instants are
 * cut towards the past, times of a day towards midnight. */
static bool
is_cut(const struct buf *fine, const struct buf *coarse)
{
	size_t f = fine->data[0] == '-', c = coarse->data[0] == '-';

	return num_cmp(coarse->data + c, coarse->len - c, fine->data + f,
		   fine->len - f) <= 0;
}

/* A digit behind the point and so many zeros; no zeros: before it. */
static int
small(char *to, int zeros, char digit)
{
	int n = 0;

	if (zeros > 0) {
		to[n++] = '0';
		to[n++] = '.';
	}
	while (--zeros > 0)
		to[n++] = '0';
	to[n++] = digit;
	return n;
}

/*
 * Is coarse, which has n digits of a second at most, what became of fine? Cut,
 * or rounded either way when it lies in the middle: nobody can know who wrote
 * it (MariaDB cuts; PostgreSQL rounds, before 2000 down).
 */
static bool
is_coarser_of(const struct buf *fine, const struct buf *coarse, int n)
{
	struct buf delta = BUF_INIT;
	char unit[24], half[24];
	size_t before, behind;
	bool same;

	num_digits(coarse->data, coarse->len, &before, &behind);
	if (n > 15 || behind > (size_t)n)
		return false;
	num_distance(&delta, fine->data, fine->len, coarse->data, coarse->len);
	same = num_cmp(delta.data, delta.len, half,
		   (size_t)small(half, n + 1, '5')) <= 0 ||
	       (num_cmp(delta.data, delta.len, unit,
		    (size_t)small(unit, n, '1')) < 0 &&
		   is_cut(fine, coarse));
	buf_free(&delta);
	return same;
}

/* SQLite's numbers: seconds, milliseconds (so large that they are), Julian
 * days to the millisecond. Other values have what their column has. */
static int
digits_of(const struct cell *c, bool lite, int declared)
{
	if (!lite || c->kind == CELL_TEXT)
		return declared;
	if (c->kind == CELL_INT && llabs(c->u.i) < 100000000000)
		return 0;
	return 3;
}

static bool
same_time(const struct pair *p)
{
	const struct vlimit *l = p->limit;
	struct buf s = BUF_INIT, t = BUF_INIT;
	int target = digits_of(p->target, l->lite_times, l->frac);
	int source = digits_of(
	    p->source, l->lite_times, l->source_coarser ? l->source_frac : -1);
	bool same = add_seconds(&s, p->type, &p->s) &&
	            add_seconds(&t, p->type, &p->t) &&
	            ((target >= 0 && is_coarser_of(&s, &t, target)) ||
			(source >= 0 && is_coarser_of(&t, &s, source)));

	buf_free(&s);
	buf_free(&t);
	return same;
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
		return same_time(p);
	return false;
}

/* Of a float the shortest decimal, that 1.1 be 0.1 away from 1. */
static bool
add_decimal(struct buf *out, enum ltype type, const struct cell *c)
{
	struct buf text = BUF_INIT;
	bool ok = canon_text(&text, type, c) &&
	          strchr("Ny", text.data[text.len - 1]) == NULL &&
	          num_canon(out, text.data, text.len);

	buf_free(&text);
	return ok;
}

static bool
add_place(struct buf *out, enum ltype type, const struct cell *c)
{
	struct buf text = BUF_INIT;
	bool ok = false;

	if (type == LT_NUM || type == LT_F8 || type == LT_F4)
		return add_decimal(out, type, c);
	if (canon_text(&text, type, c))
		ok = time_seconds(out, type, text.data, text.len);
	buf_free(&text);
	return ok;
}

/* Two numbers, or two times, that are not farther apart than that. */
static bool
is_near(const char *tolerance, enum ltype type, const struct cell *a,
    const struct cell *b)
{
	struct buf x = BUF_INIT, y = BUF_INIT, delta = BUF_INIT;
	bool near = add_place(&x, type, a) && add_place(&y, type, b);

	if (near) {
		num_distance(&delta, x.data, x.len, y.data, y.len);
		near = num_cmp(delta.data, delta.len, tolerance,
			   strlen(tolerance)) <= 0;
	}
	buf_free(&x);
	buf_free(&y);
	buf_free(&delta);
	return near;
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
	else if (type == LT_JSON && same_json(source, target, json_canon))
		v = VERDICT_EQUAL;
	else if (same_at_target(&p))
		v = VERDICT_EQUAL_AT_TARGET;
	buf_free(&p.s);
	buf_free(&p.t);
	return v;
}

static enum verdict
compare_plain(const struct vtype *t, const struct vlimit *limit,
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

/* What only the judge does: hashes are stricter. */
static bool
equal_by_rule(const struct vtype *t, const struct cell *a, const struct cell *b)
{
	enum ltype type = t->loose != LT_NONE ? t->loose : t->type;

	if (a->kind == CELL_NULL || b->kind == CELL_NULL)
		return false;
	if ((t->rule->folds & FOLD_JSON_DOUBLE) &&
	    same_json(a, b, json_canon_double))
		return true;
	return t->rule->tolerance != NULL &&
	       is_near(t->rule->tolerance, type, a, b);
}

static enum verdict
compare_by_rule(const struct vtype *t, const struct vlimit *limit,
    const struct cell *source, const struct cell *target)
{
	struct buf s = BUF_INIT, u = BUF_INIT;
	struct cell a, b;
	enum verdict v;

	rule_fold(t, VSIDE_SOURCE, source, &s, &a);
	rule_fold(t, VSIDE_TARGET, target, &u, &b);
	v = compare_plain(t, limit, &a, &b);
	if (v != VERDICT_EQUAL && equal_by_rule(t, &a, &b))
		v = VERDICT_EQUAL;
	buf_free(&s);
	buf_free(&u);
	return v;
}

enum verdict
value_compare(const struct vtype *t, const struct vlimit *limit,
    const struct cell *source, const struct cell *target)
{
	if (t->rule != NULL)
		return compare_by_rule(t, limit, source, target);
	return compare_plain(t, limit, source, target);
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
