#include <config.h>

#include "db/dialect-sqlite.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/str.h"
#include "base/utf8.h"
#include "value/canon.h"
#include "value/compare.h"
#include "value/datetime.h"
#include "value/num.h"

/*
 * A conversion goes in three steps: choose a form the column would like, let
 * the column's affinity do to it what SQLite will do, and ask the judge of all
 * comparisons whether the outcome still equals the value. So nothing is lost
 * here without notice, and out is what a read of the column will return, to
 * the storage class: guard() relies on that.
 *
 * A value that the column would keep as it is stays as it is, because the
 * before-image of a row has to match the row.
 */

static bool
is_numeric(enum affinity a)
{
	return a == AFF_INTEGER || a == AFF_NUMERIC || a == AFF_REAL;
}

/* Text in scratch from position at on, as a cell. Offsets, since it may move.
 */
static struct cell
text_since(struct buf *scratch, size_t at)
{
	return cell_text(scratch->data + at, scratch->len - at);
}

static bool
to_canonical_text(struct buf *scratch, enum ltype type, const struct cell *in,
    struct cell *out)
{
	size_t at = scratch->len;

	if (!canon_text(scratch, type, in))
		return false;
	*out = text_since(scratch, at);
	return true;
}

/* --- step 1: a form the column would like -------------------------------- */

static void
choose_number(const struct column *to, enum ltype type, const struct cell *in,
    struct buf *scratch, struct cell *out)
{
	struct cell text;

	if (in->kind == CELL_F64 && to->affinity == AFF_TEXT) {
		/* SQLite itself would keep 15 digits. */
		to_canonical_text(scratch, type, in, out);
		return;
	}
	if (in->kind != CELL_TEXT || !is_numeric(to->affinity))
		return;
	if (!to_canonical_text(scratch, LT_NUM, in, &text))
		return;
	if (text.u.p[text.len - 1] == 'N')
		*out = cell_f64(NAN);
	else if (text.u.p[text.len - 1] == 'y')
		*out = cell_f64(text.u.p[0] == '-' ? -INFINITY : INFINITY);
}

/* SQLite's two numeric conventions, https://sqlite.org/lang_datefunc.html */
static void
choose_time(const struct column *to, enum ltype type, const struct cell *in,
    struct buf *scratch, struct cell *out)
{
	bool number = in->kind == CELL_INT || in->kind == CELL_F64;
	bool wants_unix = to->affinity == AFF_INTEGER && in->kind == CELL_TEXT;
	bool wants_julian = to->affinity == AFF_REAL && in->kind != CELL_F64;
	struct datetime dt;
	struct cell text;

	if (!(to->affinity == AFF_TEXT && number) && !wants_unix &&
	    !wants_julian)
		return;
	if (!to_canonical_text(scratch, type, in, &text))
		return;
	if (to->affinity == AFF_TEXT) {
		*out = text;
		return;
	}
	if (!datetime_parse(text.u.p, text.len, &dt) || dt.infinite != 0)
		return;
	if (!dt.has_date) {
		dt.year = wants_unix ? 1970 : 2000;
		dt.month = dt.day = 1;
		dt.has_date = true;
	}
	*out = wants_unix ? cell_int(datetime_to_unix(&dt))
	                  : cell_f64(datetime_to_julian(&dt));
}

static void
choose_uuid(const struct column *to, const struct cell *in, struct buf *scratch,
    struct cell *out)
{
	bool wants_bytes = to->ltype == LT_BYTES && in->kind == CELL_TEXT;
	bool wants_text = to->affinity == AFF_TEXT && in->kind == CELL_BYTES;
	size_t at = scratch->len;
	struct cell text;

	if ((!wants_bytes && !wants_text) ||
	    !to_canonical_text(scratch, LT_UUID, in, &text))
		return;
	if (wants_text) {
		*out = text;
		return;
	}
	for (size_t i = at, end = scratch->len; i < end;) {
		const char *p = scratch->data + i;

		if (*p == '-') {
			i++;
			continue;
		}
		buf_addc(scratch, (char)(str_hex(p[0]) << 4 | str_hex(p[1])));
		i += 2;
	}
	*out = cell_bytes(scratch->data + scratch->len - 16, 16);
}

/* A STRICT column takes one class; texts and bytes are the same bytes. */
static void
choose_bytes(const struct column *to, const struct cell *in, struct cell *out)
{
	if (!to->strict)
		return;
	if (in->kind == CELL_TEXT && to->ltype == LT_BYTES)
		out->kind = CELL_BYTES;
	else if (in->kind == CELL_BYTES && to->affinity == AFF_TEXT)
		out->kind = CELL_TEXT;
}

static void
choose(const struct column *to, const struct vtype *t, const struct cell *in,
    struct buf *scratch, struct cell *out)
{
	enum ltype type = t->loose != LT_NONE ? t->loose : t->type;

	*out = *in;
	switch (type) {
	case LT_NUM:
	case LT_F8:
	case LT_F4:
		choose_number(to, type, in, scratch, out);
		break;
	case LT_DATE:
	case LT_TIME:
	case LT_TS:
	case LT_TSTZ:
		choose_time(to, type, in, scratch, out);
		break;
	case LT_UUID:
		choose_uuid(to, in, scratch, out);
		break;
	case LT_BYTES:
		choose_bytes(to, in, out);
		break;
	case LT_NONE:
	case LT_TEXT:
	case LT_CHAR:
	case LT_INTERVAL:
	case LT_BITS:
	case LT_JSON:
	case LT_OTHER:
	case LT_ANY:
		break;
	}
}

/* --- step 2: what the affinity makes of it ------------------------------- */

/* sqlite3VdbeIntegerAffinity(): the ends of the range stay real. */
static void
make_integer(struct cell *c)
{
	double f = c->u.f;

	if (f > -0x1p63 && f < 0x1p63 && f == (double)(int64_t)f)
		*c = cell_int((int64_t)f);
}

/* Text that SQLite takes for a number; it knows no name for NaN or infinity. */
static void
make_number(struct buf *scratch, struct cell *c)
{
	size_t at = scratch->len;
	const char *s;
	int64_t i;

	if (!num_canon(scratch, c->u.p, c->len))
		return;
	s = scratch->data + at;
	if (*s == 'N' || *s == 'I' || (*s == '-' && s[1] == 'I'))
		return;
	if (num_to_i64(s, scratch->len - at, &i))
		*c = cell_int(i);
	else
		*c = cell_f64(num_to_f64(s, scratch->len - at));
}

static void
apply_affinity(const struct column *to, struct buf *scratch, struct cell *c)
{
	size_t at = scratch->len;

	if (to->affinity == AFF_TEXT) {
		if (c->kind == CELL_INT)
			buf_addf(scratch, "%" PRId64, c->u.i);
		else if (c->kind != CELL_F64 || !canon_text(scratch, LT_NUM, c))
			return;
		*c = text_since(scratch, at);
		return;
	}
	if (!is_numeric(to->affinity))
		return;
	if (c->kind == CELL_TEXT)
		make_number(scratch, c);
	if (c->kind == CELL_INT && to->affinity == AFF_REAL)
		*c = cell_f64((double)c->u.i);
	else if (c->kind == CELL_F64 && to->affinity != AFF_REAL)
		make_integer(c);
}

/* --- step 3: is it still the value? -------------------------------------- */

static bool
strict_takes(const struct column *to, enum cell_kind kind)
{
	if (!to->strict || kind == CELL_NULL || to->ltype == LT_ANY)
		return true;
	switch (to->affinity) {
	case AFF_INTEGER:
		return kind == CELL_INT;
	case AFF_REAL:
		return kind == CELL_F64;
	case AFF_TEXT:
		return kind == CELL_TEXT;
	case AFF_BLOB:
		return kind == CELL_BYTES;
	case AFF_NONE:
	case AFF_NUMERIC:
		break;
	}
	return true;
}

static const char *
what_is_lost(const struct column *to, const struct vtype *t)
{
	switch (t->loose != LT_NONE ? t->loose : t->type) {
	case LT_NUM:
	case LT_F8:
	case LT_F4:
		return "a SQLite number keeps 15 to 17 digits";
	case LT_DATE:
	case LT_TIME:
	case LT_TS:
	case LT_TSTZ:
		if (to->affinity == AFF_INTEGER)
			return "an INTEGER column keeps times as whole seconds "
			       "since 1970";
		if (to->affinity == AFF_REAL)
			return "a REAL column keeps times as julian days, to "
			       "the millisecond";
		break;
	case LT_NONE:
	case LT_TEXT:
	case LT_CHAR:
	case LT_BYTES:
	case LT_INTERVAL:
	case LT_UUID:
	case LT_BITS:
	case LT_JSON:
	case LT_OTHER:
	case LT_ANY:
		break;
	}
	return "the affinity of the column would change it";
}

bool
sqlite_convert(const struct column *to, const struct vtype *t,
    const struct cell *in, struct buf *scratch, struct cell *out,
    const char **why)
{
	static const struct vlimit exact = { .scale = -1, .frac = -1 };

	choose(to, t, in, scratch, out);
	if (out->kind == CELL_F64 && isnan(out->u.f)) {
		*why = "SQLite has no NaN";
		return false;
	}
	apply_affinity(to, scratch, out);
	if (!strict_takes(to, out->kind)) {
		*why = "a STRICT column takes no value of another type";
		return false;
	}
	if (out->kind == CELL_TEXT && to->wire != SQLITE_WIRE_UTF8 &&
	    !utf8_valid(out->u.p, out->len)) {
		*why = "text that is not UTF-8 in a UTF-16 database";
		return false;
	}
	if (cell_same(in, out) ||
	    value_compare(t, &exact, in, out) == VERDICT_EQUAL)
		return true;
	*why = what_is_lost(to, t);
	return false;
}
