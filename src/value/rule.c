#include <config.h>

#include "value/rule.h"

#include <inttypes.h>
#include <math.h>

#include "value/datetime.h"
#include "value/num.h"
#include "value/textfold.h"
#include "value/zone.h"

/* Folds that hashes know nothing of: how JSON is judged and what a plan made
 * a type of. */
#define FOLD_UNHASHED \
	(FOLD_JSON_TEXT | FOLD_JSON_DOUBLE | FOLD_UUID | FOLD_BYTES)

static const char *const names[] = { "rtrim", "case", "nfc", "crlf",
	"empty-null", "truthy", "zero-date", "uuid", "uuid-time", "uuid-guid",
	"json-text", "json-double", "unix", "unixms", "julian", "iso",
	"bytes" };

bool
rule_folds(const struct vrule *rule)
{
	return rule != NULL && ((rule->folds & ~FOLD_UNHASHED) != 0 ||
				   rule->bits != 0 || rule->local != 0);
}

unsigned
fold_by_name(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
			return 1u << i;
	return 0;
}

void
fold_names(struct buf *out, unsigned folds)
{
	const char *comma = "";

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (!(folds & 1u << i))
			continue;
		buf_adds(out, comma);
		buf_adds(out, names[i]);
		comma = ",";
	}
}

static struct cell
text_since(struct buf *scratch, size_t at)
{
	return cell_text(scratch->data + at, scratch->len - at);
}

static bool
is_time(enum ltype type)
{
	return type == LT_DATE || type == LT_TIME || type == LT_TS ||
	       type == LT_TSTZ;
}

/* --- text ----------------------------------------------------------------- */

static void
fold_text(unsigned folds, struct cell *c, struct buf *scratch)
{
	size_t at = scratch->len;

	if (c->kind != CELL_TEXT)
		return;
	if (folds & (FOLD_CASE | FOLD_NFC | FOLD_CRLF)) {
		textfold(scratch, folds, c->u.p, c->len);
		*c = text_since(scratch, at);
	}
	if (folds & FOLD_RTRIM)
		while (c->len > 0 && c->u.p[c->len - 1] == ' ')
			c->len--;
	if ((folds & FOLD_EMPTY_NULL) && c->len == 0)
		*c = cell_null();
}

/* --- numbers -------------------------------------------------------------- */

static void
fold_bits(struct cell *c, struct buf *scratch)
{
	size_t at = scratch->len;
	uint64_t v = 0;

	if (c->kind != CELL_TEXT || c->len == 0 || c->len > 64)
		return;
	for (size_t i = 0; i < c->len; i++) {
		if (c->u.p[i] != '0' && c->u.p[i] != '1')
			return;
		v = v << 1 | (uint64_t)(c->u.p[i] - '0');
	}
	buf_addf(scratch, "%" PRIu64, v);
	*c = text_since(scratch, at);
}

static void
fold_truth(struct cell *c, struct buf *scratch)
{
	size_t at = scratch->len;
	bool number = true;

	switch (c->kind) {
	case CELL_INT:
		buf_addc(scratch, c->u.i == 0 ? '0' : '1');
		break;
	case CELL_F64:
		buf_addc(scratch, c->u.f == 0 ? '0' : '1');
		break;
	case CELL_TEXT:
		number = num_canon(scratch, c->u.p, c->len);
		break;
	case CELL_NULL:
	case CELL_BYTES:
		number = false;
		break;
	}
	if (number)
		*c = cell_int(
		    scratch->len - at != 1 || scratch->data[at] != '0');
	scratch->len = at;
}

/* --- uuids ---------------------------------------------------------------- */

void
rule_uuid_order(unsigned folds, bool back, const char *in, char *out)
{
	/* Where byte i of the plain form is. */
	static const char guid[] = { 3, 2, 1, 0, 5, 4, 7, 6 };
	static const char time[] = { 4, 5, 6, 7, 2, 3, 0, 1 };
	const char *from = folds & FOLD_UUID_TIME ? time : guid;

	memcpy(out, in, 16);
	if (!(folds & (FOLD_UUID_TIME | FOLD_UUID_GUID)))
		return;
	for (size_t i = 0; i < sizeof(guid); i++) {
		if (back)
			out[(size_t)from[i]] = in[i];
		else
			out[i] = in[(size_t)from[i]];
	}
}

static void
fold_uuid(unsigned folds, struct cell *c, struct buf *scratch)
{
	size_t at = scratch->len;
	char plain[16];

	if (c->kind != CELL_BYTES || c->len != sizeof(plain))
		return;
	rule_uuid_order(folds, false, c->u.p, plain);
	buf_add(scratch, plain, sizeof(plain));
	*c = cell_bytes(scratch->data + at, sizeof(plain));
}

/* --- times ---------------------------------------------------------------- */

/* Numbers kept as text count as numbers: no date looks like one. */
static bool
number_of(const struct cell *c, double *f, int64_t *i, bool *integral)
{
	struct buf canon = BUF_INIT;
	bool ok = true;

	*integral = false;
	if (c->kind == CELL_INT) {
		*i = c->u.i;
		*integral = true;
	} else if (c->kind == CELL_F64) {
		*f = c->u.f;
	} else if (c->kind == CELL_TEXT && num_canon(&canon, c->u.p, c->len)) {
		*integral = num_to_i64(canon.data, canon.len, i);
		*f = num_to_f64(canon.data, canon.len);
	} else {
		ok = false;
	}
	buf_free(&canon);
	return ok;
}

static bool
from_number(unsigned folds, const struct cell *c, struct datetime *dt)
{
	const int64_t far = INT64_C(9000000000000); /* seconds: SQLite's end */
	const double us = folds & FOLD_UNIXMS ? 1e3 : 1e6;
	bool integral;
	double f;
	int64_t i;

	if (!number_of(c, &f, &i, &integral))
		return false;
	if (folds & FOLD_JULIAN)
		return datetime_from_julian(dt, integral ? (double)i : f);
	if (integral ? (double)i > (double)far * 1e6 / us ||
			   (double)i < -(double)far * 1e6 / us
		     : !(fabs(f) < (double)far * 1e6 / us))
		return false;
	datetime_from_us(
	    dt, integral ? i * (int64_t)us : (int64_t)llround(f * us));
	return true;
}

static void
fold_number_time(unsigned folds, struct cell *c, struct buf *scratch)
{
	char digits[NUM_PRINT_MAX];
	size_t at = scratch->len;
	struct datetime dt;

	if (folds & FOLD_ISO) {
		if (c->kind != CELL_INT && c->kind != CELL_F64)
			return;
		/* Bytes are no time, so they equal only themselves. */
		buf_add(scratch, digits,
		    c->kind == CELL_INT ? num_print_i64(digits, c->u.i)
					: num_print_f64(digits, c->u.f));
		*c = cell_bytes(scratch->data + at, scratch->len - at);
		return;
	}
	if (!from_number(folds, c, &dt))
		return;
	datetime_add(scratch, &dt);
	*c = text_since(scratch, at);
}

/* 0000-00-00, 2024-00-00, 2024-05-00, with or without a time. */
static bool
is_zero_date(const struct cell *c)
{
	return c->kind == CELL_TEXT && c->len >= 10 &&
	       datetime_is_impossible(c->u.p) &&
	       (memcmp(c->u.p + 5, "00", 2) == 0 ||
		   memcmp(c->u.p + 8, "00", 2) == 0);
}

static void
fold_local(struct zone *zone, struct cell *c, struct buf *scratch)
{
	size_t at = scratch->len;
	struct datetime dt;

	if (c->kind != CELL_TEXT || !datetime_parse(c->u.p, c->len, &dt) ||
	    dt.infinite != 0 || dt.has_zone || !dt.has_date)
		return;
	zone_to_utc(zone, &dt);
	datetime_add(scratch, &dt);
	*c = text_since(scratch, at);
}

static void
fold_time(const struct vrule *rule, unsigned side, struct cell *c,
    struct buf *scratch)
{
	if ((rule->folds & FOLD_ZERO_DATE) && is_zero_date(c))
		*c = cell_null();
	if (rule->folds & FOLD_TIMES)
		fold_number_time(rule->folds, c, scratch);
	if (rule->local & side)
		fold_local(rule->zone, c, scratch);
}

void
rule_fold(const struct vtype *t, unsigned side, const struct cell *c,
    struct buf *scratch, struct cell *out)
{
	const struct vrule *rule = t->rule;
	enum ltype type = t->loose != LT_NONE ? t->loose : t->type;

	*out = *c;
	/* Scratch moves as it grows, and out may point into it. */
	if (c->kind == CELL_TEXT || c->kind == CELL_BYTES)
		(void)buf_reserve(scratch, 4 * c->len + 256);
	fold_text(rule->folds, out, scratch);
	if (rule->bits & side)
		fold_bits(out, scratch);
	if (rule->folds & FOLD_TRUTHY)
		fold_truth(out, scratch);
	if (rule->folds & (FOLD_UUID_TIME | FOLD_UUID_GUID))
		fold_uuid(rule->folds, out, scratch);
	if (is_time(type))
		fold_time(rule, side, out, scratch);
}
