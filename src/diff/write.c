#include <config.h>

#include "diff/write.h"

#include <inttypes.h>

#include "base/str.h"
#include "value/canon.h"
#include "value/num.h"
#include "value/rule.h"
#include "value/zone.h"

/* One value on its way. */
struct writing {
	const struct dialect *d;
	const struct column *to;
	const struct vrule *rule;
	enum vside side; /* of to */
	struct vtype type;
	struct cell cell;
	struct buf *scratch;
	const char **why;
};

static struct cell
text_since(const struct buf *scratch, size_t at)
{
	return cell_text(scratch->data + at, scratch->len - at);
}

static bool
canonical(struct writing *w, enum ltype type, struct cell *out)
{
	size_t at = w->scratch->len;

	if (!canon_text(w->scratch, type, &w->cell))
		return false;
	*out = text_since(w->scratch, at);
	return true;
}

static enum ltype
read_as(const struct writing *w)
{
	return w->type.loose != LT_NONE ? w->type.loose : w->type.type;
}

static bool
is_time(enum ltype t)
{
	return t == LT_DATE || t == LT_TIME || t == LT_TS || t == LT_TSTZ;
}

static bool
refuse(struct writing *w, const char *why)
{
	*w->why = why;
	return false;
}

/* --- uuids and bits ------------------------------------------------------- */

/* Bytes are in the plain order here. SQLite's columns take any form, and its
 * dialect knows which one they like. */
static bool
write_uuid(struct writing *w)
{
	unsigned folds = w->rule != NULL ? w->rule->folds : 0;
	bool ordered = (folds & (FOLD_UUID_TIME | FOLD_UUID_GUID)) != 0;
	bool lite = w->to->affinity != AFF_NONE;
	char plain[16], bytes[16];
	struct cell text;
	size_t at, n = 0;

	if (w->to->ltype != LT_BYTES)
		return lite || w->cell.kind != CELL_BYTES ||
		       canonical(w, LT_UUID, &w->cell) ||
		       refuse(w, "not a uuid");
	if (lite && !ordered)
		return true;
	if (!canonical(w, LT_UUID, &text))
		return lite || refuse(w, "not a uuid");
	for (size_t i = 0; i < text.len; i += 2) {
		i += text.u.p[i] == '-';
		plain[n++] = (char)(str_hex(text.u.p[i]) << 4 |
				    str_hex(text.u.p[i + 1]));
	}
	rule_uuid_order(folds, true, plain, bytes);
	at = w->scratch->len;
	buf_add(w->scratch, bytes, sizeof(bytes));
	w->cell = cell_bytes(w->scratch->data + at, sizeof(bytes));
	w->type = (struct vtype){ .type = LT_BYTES };
	return true;
}

static bool
read_u64(const struct cell *c, uint64_t *v)
{
	*v = 0;
	for (size_t i = 0; i < c->len; i++) {
		if (c->u.p[i] < '0' || c->u.p[i] > '9' ||
		    *v > (UINT64_MAX - (uint64_t)(c->u.p[i] - '0')) / 10)
			return false;
		*v = *v * 10 + (uint64_t)(c->u.p[i] - '0');
	}
	return c->len > 0;
}

/* As many digits as bit(n) wants; bit varying(n) takes fewer. */
static bool
write_bits(struct writing *w)
{
	bool padded = strstr(w->to->type, "var") == NULL;
	int digits = padded && w->to->maxlen > 0 ? w->to->maxlen : 1;
	struct cell text;
	uint64_t v;
	size_t at;

	if (!canonical(w, LT_NUM, &text) || !read_u64(&text, &v))
		return refuse(w, "not a whole number of 64 bits");
	at = w->scratch->len;
	for (int i = MAX(digits, 64) - 1; i >= 0; i--) {
		bool one = i < 64 && (v >> i & 1);

		if (one || i < digits || w->scratch->len > at)
			buf_addc(w->scratch, one ? '1' : '0');
	}
	w->cell = text_since(w->scratch, at);
	w->type = (struct vtype){ .type = LT_BITS };
	return true;
}

/* --- times ---------------------------------------------------------------- */

/* To a clock whose side has no zones; unless it would be read as another. */
static bool
write_local(struct writing *w)
{
	struct buf there = BUF_INIT;
	struct datetime dt, back;
	struct cell text;
	size_t at;
	bool same;

	if (!canonical(w, LT_TSTZ, &text))
		return true; /* convert() says what is wrong */
	if (!datetime_parse(text.u.p, text.len, &dt) || dt.infinite != 0)
		return true;
	zone_from_utc(w->rule->zone, &dt);
	back = dt;
	zone_to_utc(w->rule->zone, &back);
	datetime_add(&there, &back);
	same = there.len == text.len &&
	       memcmp(there.data, text.u.p, text.len) == 0;
	buf_free(&there);
	if (!same)
		return refuse(w, "its local time happened twice");
	at = w->scratch->len;
	datetime_add(w->scratch, &dt);
	w->cell = text_since(w->scratch, at);
	return true;
}

/* Leave out what a number of seconds or of days would not keep. */
static void
cut_fraction(struct cell *text, size_t digits)
{
	const char *point = memchr(text->u.p, '.', text->len);
	size_t keep;

	if (point == NULL)
		return;
	keep = (size_t)(point - text->u.p) + 1 + digits;
	if (text->len > keep && memchr(text->u.p, 'C', text->len) == NULL)
		text->len = digits > 0 ? keep : keep - 1;
}

static bool
takes_numbers(const struct column *to)
{
	if (to->affinity != AFF_NONE)
		return to->affinity == AFF_INTEGER ||
		       to->affinity == AFF_REAL || to->affinity == AFF_NUMERIC;
	return to->ltype == LT_NUM || to->ltype == LT_F8 || to->ltype == LT_F4;
}

/* A number that keeps no fraction. */
static bool
is_whole(const struct column *to)
{
	return to->affinity == AFF_INTEGER || to->integer || to->scale == 0;
}

static int64_t
microseconds(const struct datetime *dt)
{
	int64_t us = 0;
	const char *frac = dt->frac;

	for (int i = 0; i < 6; i++)
		us = us * 10 + (*frac != '\0' ? *frac++ - '0' : 0);
	return datetime_to_unix(dt) * 1000000 + us;
}

/* Towards the past, as digits of a second are cut. */
static int64_t
divide(int64_t n, int64_t by)
{
	return n / by - (n % by < 0);
}

/* In the convention that the rule names. */
static bool
write_number_time(struct writing *w)
{
	size_t at;
	struct datetime dt;
	struct cell text;
	int64_t us;

	if (!canonical(w, read_as(w), &text) ||
	    !datetime_parse(text.u.p, text.len, &dt) || dt.infinite != 0)
		return refuse(w, "no such time as a number");
	if (!dt.has_date)
		dt.year = 1970, dt.month = dt.day = 1;
	dt.has_date = true;
	w->type = (struct vtype){ .type = LT_NUM };
	if (w->rule->folds & FOLD_JULIAN) {
		w->cell = cell_f64(datetime_to_julian(&dt));
		return true;
	}
	us = microseconds(&dt);
	if (w->rule->folds & FOLD_UNIXMS)
		w->cell = cell_int(divide(us, 1000));
	else if (is_whole(w->to))
		w->cell = cell_int(divide(us, 1000000));
	if (w->cell.kind == CELL_INT)
		return true;
	at = w->scratch->len;
	buf_addf(w->scratch, "%s%" PRIu64 ".%06" PRIu64, us < 0 ? "-" : "",
	    (uint64_t)(us < 0 ? -us : us) / 1000000,
	    (uint64_t)(us < 0 ? -us : us) % 1000000);
	w->cell = text_since(w->scratch, at);
	return true;
}

/* SQLite's own conventions: an INTEGER has no fraction, a REAL has days. */
static void
cut_to_convention(struct writing *w)
{
	struct cell text;

	if (w->cell.kind != CELL_TEXT ||
	    (w->to->affinity != AFF_INTEGER && w->to->affinity != AFF_REAL) ||
	    !canonical(w, read_as(w), &text))
		return;
	cut_fraction(&text, w->to->affinity == AFF_INTEGER ? 0 : 3);
	w->cell = text;
}

static bool
write_time(struct writing *w)
{
	unsigned folds = w->rule != NULL ? w->rule->folds : 0;

	if (w->rule != NULL && (w->rule->local & w->side) && !write_local(w))
		return false;
	if ((folds & FOLD_TIMES) && !(folds & FOLD_ISO) && takes_numbers(w->to))
		return write_number_time(w);
	if (!(folds & FOLD_ISO))
		cut_to_convention(w);
	return true;
}

/* --- all of it ------------------------------------------------------------ */

/* The value as the other side means it, in a form for this column. */
static bool
prepare(struct writing *w)
{
	enum vside from = w->side == VSIDE_TARGET ? VSIDE_SOURCE : VSIDE_TARGET;
	const unsigned reading = FOLD_TIMES | FOLD_UUID_TIME | FOLD_UUID_GUID;
	struct vrule rule;
	struct vtype type = w->type;

	if (w->rule != NULL) {
		/* Only how a value is read: not case, not blanks. */
		rule = *w->rule;
		rule.folds &= reading;
		type.rule = &rule;
		rule_fold(&type, from, &w->cell, w->scratch, &w->cell);
	}
	w->type.rule = NULL;
	if (w->type.type == LT_UUID)
		return write_uuid(w);
	if (w->rule != NULL && (w->rule->bits & w->side))
		return write_bits(w);
	return !is_time(read_as(w)) || write_time(w);
}

static bool
convert(struct writing *w, struct cell *out)
{
	return prepare(w) && w->d->convert(w->to, &w->type, &w->cell,
				 w->scratch, out, w->why);
}

/* A value that the rules call equal to one that the column cannot hold. */
static bool
substitute(const struct vrule *rule, const struct column *to,
    const struct vtype *t, const struct cell *in, struct cell *out)
{
	struct buf scratch = BUF_INIT;
	struct cell folded;

	if (rule == NULL ||
	    !(rule->folds & (FOLD_TRUTHY | FOLD_ZERO_DATE | FOLD_EMPTY_NULL)))
		return false;
	rule_fold(t, 0, in, &scratch, &folded);
	buf_free(&scratch);
	if ((rule->folds & FOLD_TRUTHY) && folded.kind == CELL_INT) {
		*out = folded;
		return true;
	}
	*out = cell_null();
	return folded.kind == CELL_NULL && !to->notnull;
}

bool
write_convert(const struct dialect *d, const struct pair_column *pc,
    enum side to, const struct cell *in, struct buf *scratch, struct cell *out,
    const char **why)
{
	const struct vrule *rule = pc->type.rule;
	struct writing w = { .d = d,
		.to = pc->col[to],
		.rule = rule,
		.side = to == TARGET ? VSIDE_TARGET : VSIDE_SOURCE,
		.type = pc->type,
		.cell = *in,
		.scratch = scratch,
		.why = why };
	struct cell instead;

	if (in->kind == CELL_NULL) {
		*out = *in;
		if (rule != NULL && (rule->folds & FOLD_EMPTY_NULL) &&
		    w.to->notnull)
			*out = cell_text("", 0);
		return true;
	}
	/* Cells point into scratch while more is added to it: it must not move.
	 */
	(void)buf_reserve(
	    scratch, 1024 + (in->kind == CELL_TEXT || in->kind == CELL_BYTES
				    ? 8 * in->len
				    : 0));
	if (convert(&w, out))
		return true;
	if (!substitute(rule, w.to, &pc->type, in, &instead))
		return false;
	w.cell = instead;
	w.type = (struct vtype){ .type = pc->type.type };
	*out = instead;
	return instead.kind == CELL_NULL ||
	       d->convert(w.to, &w.type, &instead, scratch, out, why);
}
