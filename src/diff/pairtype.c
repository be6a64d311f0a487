/*
 * What two columns are compared as. The rules are those of VALUES.md 2.3; each
 * function below is one block of its table.
 */
#include <config.h>

#include <string.h>

#include "db/dialect.h"
#include "diff/plan.h"

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

/*
 * SQLite on one side: what the column was declared as is a hint, what it may
 * hold is anything, so the other side's type decides wherever SQLite has no
 * type of that kind. t is the typed side, s the SQLite side.
 */
static struct vtype
sqlite_with(const struct column *t, const struct column *s)
{
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
	case LT_INTERVAL:
	case LT_BITS:
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
	if (is_text(x) && is_text(y))
		return vtype(LT_CHAR);
	if ((x == LT_TS && y == LT_TSTZ) || (x == LT_TSTZ && y == LT_TS))
		return vtype(LT_TSTZ);
	if ((x == LT_DATE && y == LT_TS) || (x == LT_TS && y == LT_DATE))
		return vtype(LT_TS);
	if ((is_text(x) && y == LT_UUID) || (is_text(y) && x == LT_UUID))
		return vtype(LT_UUID);
	if ((is_text(x) && y == LT_JSON) || (is_text(y) && x == LT_JSON))
		return vtype(LT_JSON);
	if (is_text(x) && y == LT_OTHER)
		return vtype(LT_OTHER);
	if (is_text(y) && x == LT_OTHER)
		return vtype(LT_OTHER);
	/* Text against a type it has no rule with: text, and the judge reads
	 * it. Booleans are never guessed from text ('t', 'Y', ...). */
	if (is_text(x) && y != LT_BYTES && !b->boolean)
		return vtype_loose(y);
	if (is_text(y) && x != LT_BYTES && !a->boolean)
		return vtype_loose(x);
	return vtype(LT_NONE);
}

struct vtype
pair_vtype(const struct db *source, const struct column *a,
    const struct db *target, const struct column *b)
{
	if (is_sqlite(source) && is_sqlite(target)) {
		struct vtype t = sqlite_pair(a, b);

		if (t.type != LT_NONE)
			return t;
		if (a->ltype == LT_ANY)
			return vtype(b->ltype);
		if (b->ltype == LT_ANY)
			return vtype(a->ltype);
		if (a->ltype == LT_NUM || is_float(a->ltype) ||
		    b->ltype == LT_NUM || is_float(b->ltype)) {
			/* REAL against NUMERIC or INTEGER: value by value. */
			if (!is_text(a->ltype) && !is_text(b->ltype) &&
			    a->ltype != LT_BYTES && b->ltype != LT_BYTES)
				return vtype(LT_NUM);
		}
		return typed_pair(a, b);
	}
	if (is_sqlite(target))
		return sqlite_with(a, b);
	if (is_sqlite(source))
		return sqlite_with(b, a);
	return typed_pair(a, b);
}
