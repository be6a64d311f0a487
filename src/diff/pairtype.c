/*
 * What two columns are compared as. The rules are those of VALUES.md 2.3; each
 * function below is one block of its table.
 */
#include <config.h>

#include <string.h>

#include "db/dialect.h"
#include "diff/plan.h"
#include "value/rule.h"

static bool
is_sqlite(const struct db *db)
{
	return db->dialect == &dialect_sqlite;
}

static bool
is_float(enum ltype t)
{
	return t == LT_F8 || t == LT_F4;
}

static bool
is_text(enum ltype t)
{
	return t == LT_TEXT || t == LT_CHAR;
}

static bool
is_date_or_ts(enum ltype t)
{
	return t == LT_DATE || t == LT_TS || t == LT_TSTZ;
}

static struct vtype
vtype(enum ltype type)
{
	return (struct vtype){ .type = type, .loose = LT_NONE };
}

static struct vtype
vtype_loose(enum ltype typed)
{
	return (struct vtype){ .type = LT_TEXT, .loose = typed };
}

/* Two SQLite columns: exact, if both would store a given value alike. */
static struct vtype
sqlite_pair(const struct column *a, const struct column *b)
{
	if (a->affinity == b->affinity)
		return vtype(LT_ANY);
	/* INTEGER and NUMERIC affinity store every value alike. */
	if ((a->affinity == AFF_INTEGER || a->affinity == AFF_NUMERIC) &&
	    (b->affinity == AFF_INTEGER || b->affinity == AFF_NUMERIC))
		return vtype(LT_ANY);
	return vtype(LT_NONE); /* decided by the declared types */
}

/* A uuid, and bytes that can be one: binary(16), bytea, BLOB. */
static bool
uuid_in_bytes(const struct column *a, const struct column *b)
{
	if (a->ltype == LT_BYTES)
		return b->ltype == LT_UUID &&
		       (a->maxlen < 0 || a->maxlen == 16);
	return a->ltype == LT_UUID && b->ltype == LT_BYTES &&
	       (b->maxlen < 0 || b->maxlen == 16);
}

/*
 * SQLite on one side: what the column was declared as is a hint, what it may
 * hold is anything, so the other side's type decides wherever SQLite has no
 * type of that kind. t is the typed side, s the SQLite side.
 */
static struct vtype
sqlite_with(const struct column *t, const struct column *s)
{
	if (uuid_in_bytes(t, s))
		return vtype(LT_UUID);
	switch (t->ltype) {
	case LT_NUM:
		/* Numbers kept as text: compared as text, judged as numbers.
		 * An untyped column may hold either. */
		if (s->ltype == LT_TEXT || s->ltype == LT_ANY)
			return s->affinity == AFF_TEXT && !t->boolean
			           ? vtype_loose(LT_NUM)
			           : vtype(LT_NUM);
		if (s->ltype == LT_NUM || is_float(s->ltype))
			return vtype(LT_NUM);
		break;
	case LT_F8:
	case LT_F4:
		if (s->ltype == LT_NUM || is_float(s->ltype) ||
		    s->ltype == LT_ANY || s->ltype == LT_TEXT)
			return vtype(t->ltype);
		break;
	case LT_TEXT:
	case LT_CHAR:
		if (s->ltype == LT_ANY || s->ltype == LT_TEXT ||
		    s->ltype == LT_JSON || s->ltype == LT_UUID)
			return vtype(t->ltype);
		if (s->ltype != LT_BYTES && s->ltype != LT_NONE)
			return vtype_loose(s->ltype);
		break;
	case LT_BYTES:
		if (s->ltype == LT_BYTES || s->ltype == LT_ANY)
			return vtype(LT_BYTES);
		break;
	case LT_DATE:
	case LT_TS:
	case LT_TSTZ:
		if (is_date_or_ts(s->ltype) || s->ltype == LT_TEXT ||
		    s->ltype == LT_ANY || s->ltype == LT_NUM ||
		    s->ltype == LT_F8)
			return vtype(t->ltype == LT_DATE && s->ltype == LT_TS
					 ? LT_TS
					 : t->ltype);
		break;
	case LT_TIME:
		if (s->ltype == LT_TIME || s->ltype == LT_TEXT ||
		    s->ltype == LT_ANY)
			return vtype(LT_TIME);
		break;
	case LT_UUID:
		if (s->ltype == LT_UUID || s->ltype == LT_TEXT ||
		    s->ltype == LT_BYTES || s->ltype == LT_ANY)
			return vtype(LT_UUID);
		break;
	case LT_JSON:
		if (s->ltype == LT_JSON || s->ltype == LT_TEXT ||
		    s->ltype == LT_ANY)
			return vtype(LT_JSON);
		break;
	case LT_BITS:
		if (s->ltype == LT_NUM)
			return vtype(LT_NUM);
		/* fall through */
	case LT_INTERVAL:
	case LT_OTHER:
		if (s->ltype == LT_TEXT || s->ltype == LT_ANY)
			return vtype(t->ltype);
		break;
	case LT_ANY:
	case LT_NONE:
		break;
	}
	return vtype(LT_NONE);
}

/* Dates and timestamps: what says most. */
static struct vtype
calendar_pair(enum ltype x, enum ltype y)
{
	return vtype(x == LT_TSTZ || y == LT_TSTZ ? LT_TSTZ : LT_TS);
}

/*
 * Text against a type. Booleans are never guessed from text ('t', 'Y', ...),
 * nor bytes from text: a user may say so (FOLD_BYTES, FOLD_UUID).
 */
static struct vtype
text_with(const struct column *text, const struct column *t)
{
	switch (t->ltype) {
	case LT_TEXT:
	case LT_CHAR:
		return vtype(LT_CHAR);
	case LT_UUID:
	case LT_JSON:
		return vtype(t->ltype);
	case LT_OTHER:
		return vtype(text->ltype == LT_CHAR ? LT_CHAR : LT_OTHER);
	case LT_NUM:
		return t->boolean ? vtype(LT_NONE) : vtype_loose(LT_NUM);
	case LT_F8:
	case LT_F4:
	case LT_DATE:
	case LT_TIME:
	case LT_TS:
	case LT_TSTZ:
	case LT_INTERVAL:
	case LT_BITS:
		return vtype_loose(t->ltype);
	case LT_BYTES:
	case LT_ANY:
	case LT_NONE:
		break;
	}
	return vtype(LT_NONE);
}

/* Two typed sides. */
static struct vtype
typed_pair(const struct column *a, const struct column *b)
{
	enum ltype x = a->ltype, y = b->ltype;

	if (x == y)
		return vtype(x);
	if (is_float(x) && is_float(y))
		return vtype(LT_F4);
	if ((is_float(x) && y == LT_NUM) || (is_float(y) && x == LT_NUM))
		return vtype(is_float(x) ? x : y);
	if ((x == LT_BITS && y == LT_NUM) || (x == LT_NUM && y == LT_BITS))
		return vtype(LT_NUM);
	if (is_date_or_ts(x) && is_date_or_ts(y))
		return calendar_pair(x, y);
	if (uuid_in_bytes(a, b))
		return vtype(LT_UUID);
	if (is_text(x))
		return text_with(a, b);
	return is_text(y) ? text_with(b, a) : vtype(LT_NONE);
}

static struct vtype
both_sqlite(const struct column *a, const struct column *b)
{
	struct vtype t = sqlite_pair(a, b);

	if (t.type != LT_NONE)
		return t;
	if (a->ltype == LT_ANY)
		return vtype(b->ltype);
	if (b->ltype == LT_ANY)
		return vtype(a->ltype);
	if (a->ltype == LT_NUM || is_float(a->ltype) || b->ltype == LT_NUM ||
	    is_float(b->ltype)) {
		/* REAL against NUMERIC or INTEGER: value by value. */
		if (!is_text(a->ltype) && !is_text(b->ltype) &&
		    a->ltype != LT_BYTES && b->ltype != LT_BYTES)
			return vtype(LT_NUM);
	}
	return typed_pair(a, b);
}

struct vtype
pair_vtype(const struct db *source, const struct column *a,
    const struct db *target, const struct column *b)
{
	static const struct vrule bits[] = { { .bits = VSIDE_SOURCE },
		{ .bits = VSIDE_TARGET } };
	struct vtype t;

	if (is_sqlite(source) && is_sqlite(target))
		t = both_sqlite(a, b);
	else if (is_sqlite(target))
		t = sqlite_with(a, b);
	else if (is_sqlite(source))
		t = sqlite_with(b, a);
	else
		t = typed_pair(a, b);
	if (t.type == LT_NUM && a->ltype == LT_BITS)
		t.rule = &bits[SOURCE];
	else if (t.type == LT_NUM && b->ltype == LT_BITS)
		t.rule = &bits[TARGET];
	return t;
}
