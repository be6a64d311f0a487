/*
 * The user's rules for columns: --tolerance and --fold.
 *
 * A rule without a column goes to all columns that it can mean something for,
 * one with a column to that one; a rule that goes nowhere is a mistake, which
 * plan_make() reports.
 */
#include <config.h>

#include "diff/plan-int.h"

#include <string.h>

#include "diff/names.h"
#include "value/num.h"
#include "value/rule.h"
#include "value/zone.h"

#define TEXT_FOLDS (FOLD_RTRIM | FOLD_CASE | FOLD_NFC | FOLD_CRLF)

/* One entry of an option: what it says and of which columns. */
struct spec {
	const char *what;  /* behind the last '=' */
	const char *where; /* in front of it, or NULL */
	bool named;        /* of just this column */
};

static struct spec
read_spec(struct arena *arena, const char *entry)
{
	const char *equals = strrchr(entry, '=');
	struct spec s = { .what = entry };

	if (equals == NULL)
		return s;
	s.where = arena_memdup(arena, entry, (size_t)(equals - entry));
	s.what = equals + 1;
	s.named = strpbrk(s.where, "*?[") == NULL;
	return s;
}

static bool
names_column(
    struct builder *b, const struct spec *s, const struct pair_column *pc)
{
	if (s->where == NULL)
		return true;
	for (int side = TARGET; side >= SOURCE; side--) {
		const struct table *t = b->pair->table[side];
		const char *rest;

		if (name_for_table(s->where, '.', t, b->arena, &rest) &&
		    plan_means(rest, t, pc->col[side]->name))
			return true;
	}
	return false;
}

/* --- what a rule can mean something for ----------------------------------- */

static bool
is_time(enum ltype t)
{
	return t == LT_DATE || t == LT_TIME || t == LT_TS || t == LT_TSTZ;
}

static bool
is_number(enum ltype t)
{
	return t == LT_NUM || t == LT_F8 || t == LT_F4;
}

static bool
is_text(enum ltype t)
{
	return t == LT_TEXT || t == LT_CHAR;
}

/* The type of either column that a test is true for, else LT_NONE. */
static enum ltype
either(const struct pair_column *pc, bool (*test)(enum ltype))
{
	for (int s = SOURCE; s <= TARGET; s++)
		if (test(pc->col[s]->ltype))
			return pc->col[s]->ltype;
	return LT_NONE;
}

static enum ltype
base_type(const struct pair_column *pc)
{
	return pc->type.loose != LT_NONE ? pc->type.loose : pc->type.type;
}

/* As numbers, or as times: LT_NONE if it can be neither. Of SQLite's exact
 * pairs and of pairs without a type, what the columns were declared as. */
static enum ltype
measured_as(const struct pair_column *pc, bool (*test)(enum ltype))
{
	if (test(base_type(pc)))
		return base_type(pc);
	return pc->type.type == LT_ANY ? either(pc, test) : LT_NONE;
}

static bool
is_bytes(enum ltype t)
{
	return t == LT_BYTES;
}

static bool
is_text_and_bytes(const struct pair_column *pc)
{
	return pc->type.type == LT_NONE && either(pc, is_text) != LT_NONE &&
	       either(pc, is_bytes) != LT_NONE;
}

/* jsonb spells JSON in its own way, whatever is written into it. */
static bool
same_spelling(const struct pair_column *pc)
{
	return strcmp(pc->col[SOURCE]->type, "jsonb") == 0 ||
	       strcmp(pc->col[TARGET]->type, "jsonb") != 0;
}

static unsigned
text_folds(const struct pair_column *pc)
{
	bool lite = pc->type.type == LT_ANY || pc->type.type == LT_NONE;
	unsigned folds = 0;

	if (pc->type.loose == LT_NONE &&
	    (is_text(pc->type.type) || pc->type.type == LT_OTHER ||
		(pc->type.type == LT_ANY && either(pc, is_text))))
		folds |= TEXT_FOLDS;
	if (!lite || either(pc, is_text))
		folds |= either(pc, is_text) ? FOLD_EMPTY_NULL : 0;
	return folds;
}

static unsigned
time_folds(const struct pair_column *pc, bool named)
{
	enum ltype t = measured_as(pc, is_time);
	bool lite = pc->col[SOURCE]->affinity != AFF_NONE ||
	            pc->col[TARGET]->affinity != AFF_NONE;
	unsigned folds = 0;

	if (t != LT_NONE && t != LT_TIME)
		folds |= FOLD_ZERO_DATE;
	if (t != LT_NONE && lite)
		folds |= FOLD_TIMES;
	if (named && pc->type.type == LT_NONE && either(pc, is_time) &&
	    either(pc, is_number))
		folds |= FOLD_TIMES & ~FOLD_ISO;
	return folds;
}

static unsigned
possible_folds(const struct pair_column *pc, bool named)
{
	bool boolean = pc->col[SOURCE]->boolean || pc->col[TARGET]->boolean;
	unsigned folds = text_folds(pc) | time_folds(pc, named);

	if (base_type(pc) == LT_NUM || measured_as(pc, is_number) == LT_NUM)
		folds |= boolean || named ? FOLD_TRUTHY : 0;
	if (pc->type.type == LT_UUID && either(pc, is_bytes) != LT_NONE)
		folds |= FOLD_UUID_TIME | FOLD_UUID_GUID;
	if (named && is_text_and_bytes(pc))
		folds |= FOLD_UUIDS | FOLD_BYTES;
	if (pc->type.type == LT_JSON)
		folds |=
		    FOLD_JSON_DOUBLE | (same_spelling(pc) ? FOLD_JSON_TEXT : 0);
	return folds;
}

/* --- reading -------------------------------------------------------------- */

static enum status
read_folds(const char *list, unsigned *folds, struct err *err)
{
	*folds = 0;
	for (;;) {
		size_t n = strcspn(list, ",");
		unsigned one = fold_by_name(list, n);

		if (one == 0)
			return err_set(err, TU_EUSAGE,
			    "--fold does not know '%.*s'", (int)n, list);
		*folds |= one;
		if (list[n] == '\0')
			return TU_OK;
		list += n + 1;
	}
}

/* A number, with a unit for times: canonical, times in seconds. */
static enum status
read_tolerance(struct arena *arena, const char *s, const char **out, bool *time,
    struct err *err)
{
	static const struct {
		const char *name;
		int exponent;
	} units[] = { { "", 0 }, { "us", -6 }, { "ms", -3 }, { "s", 0 } };
	size_t n = strspn(s, "0123456789.");
	struct buf canon = BUF_INIT;
	size_t i = 0;

	while (i < ARRAY_LEN(units) && strcmp(s + n, units[i].name) != 0)
		i++;
	if (i < ARRAY_LEN(units)) {
		char *text = arena_printf(
		    arena, "%.*se%d", (int)n, s, units[i].exponent);

		*time = i > 0;
		*out = num_canon(&canon, text, strlen(text))
		           ? arena_strdup(arena, buf_str(&canon))
		           : NULL;
	}
	buf_free(&canon);
	if (i < ARRAY_LEN(units) && *out != NULL)
		return TU_OK;
	return err_set(err, TU_EUSAGE,
	    "--tolerance needs a number, of times with us, ms or s behind it, "
	    "not '%s'",
	    s);
}

/* --- one column ----------------------------------------------------------- */

/* What the user wants for one column. */
struct wishes {
	unsigned folds;
	const char *tolerance, *shown;
};

static enum status
collect_folds(struct builder *b, const struct pair_column *pc, struct wishes *w,
    struct err *err)
{
	const char *const *list = b->sel->folds;
	size_t at = plan_list_at(b->sel, LIST_FOLDS);

	for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
		struct spec s = read_spec(b->arena, list[i]);
		unsigned folds;
		enum status st = read_folds(s.what, &folds, err);

		if (st)
			return st;
		if (!names_column(b, &s, pc))
			continue;
		folds &= possible_folds(pc, s.named);
		if (folds != 0)
			b->used[at + i]++;
		w->folds |= folds;
	}
	return TU_OK;
}

static enum status
collect_tolerances(struct builder *b, const struct pair_column *pc,
    struct wishes *w, struct err *err)
{
	const char *const *list = b->sel->tolerances;
	size_t at = plan_list_at(b->sel, LIST_TOLERANCES);

	for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
		struct spec s = read_spec(b->arena, list[i]);
		const char *tolerance;
		bool time;
		enum status st =
		    read_tolerance(b->arena, s.what, &tolerance, &time, err);

		if (st)
			return st;
		if (!names_column(b, &s, pc) ||
		    measured_as(pc, time ? is_time : is_number) == LT_NONE)
			continue;
		b->used[at + i]++;
		w->tolerance = tolerance; /* the last one counts */
		w->shown = s.what;
	}
	return TU_OK;
}

/* Folds that say how to read a value settle what two columns are. */
static void
settle_type(struct pair_column *pc, const struct wishes *w)
{
	struct vtype *t = &pc->type;

	if (w->folds & FOLD_UUIDS)
		t->type = LT_UUID;
	if (w->folds & FOLD_BYTES)
		t->type = LT_BYTES;
	if (w->folds & FOLD_JSON_TEXT)
		t->type = LT_TEXT;
	if ((w->folds & (FOLD_TIMES | FOLD_ZERO_DATE)) &&
	    (t->type == LT_NONE || t->type == LT_ANY))
		t->type = either(pc, is_time);
	if ((w->folds & FOLD_TRUTHY) && t->type == LT_ANY)
		t->type = LT_NUM;
	if (w->tolerance != NULL && t->type == LT_ANY)
		t->type = either(pc, is_time) ? either(pc, is_time)
		                              : either(pc, is_number);
	if ((w->folds & (TEXT_FOLDS | FOLD_EMPTY_NULL)) && t->type == LT_ANY)
		t->type = LT_TEXT;
	if ((w->folds & FOLD_RTRIM) && t->loose == LT_NONE)
		t->type = LT_CHAR;
}

static void
describe(struct builder *b, struct pair_column *pc, const struct wishes *w,
    const struct vrule *rule)
{
	struct buf text = BUF_INIT;

	if (w->folds != 0) {
		buf_adds(&text, "fold=");
		fold_names(&text, w->folds);
	}
	if (w->tolerance != NULL)
		buf_addf(
		    &text, "%stolerance=%s", text.len > 0 ? " " : "", w->shown);
	if (rule->local != 0)
		buf_addf(&text, "%sassume-tz=%s", text.len > 0 ? " " : "",
		    rule->zone->name);
	if (text.len > 0)
		pc->rules = arena_strdup(b->arena, buf_str(&text));
	buf_free(&text);
}

/* The side that knows no zones, when the other does. */
static unsigned
local_side(const struct pair_column *pc)
{
	bool zoned[2];

	for (int s = SOURCE; s <= TARGET; s++)
		zoned[s] = pc->col[s]->ltype == LT_TSTZ;
	if (pc->type.type != LT_TSTZ || zoned[SOURCE] == zoned[TARGET])
		return 0;
	return zoned[SOURCE] ? VSIDE_TARGET : VSIDE_SOURCE;
}

enum status
plan_rules(struct builder *b, struct pair_column *pc, struct err *err)
{
	struct vrule *rule = arena_alloc(b->arena, sizeof(*rule));
	struct wishes w = { 0 };
	enum status st = collect_folds(b, pc, &w, err);

	if (!st)
		st = collect_tolerances(b, pc, &w, err);
	if (st)
		return st;
	settle_type(pc, &w);
	if (pc->type.rule != NULL)
		*rule = *pc->type.rule;
	rule->folds = w.folds;
	rule->tolerance = w.tolerance;
	rule->zone = b->sel->zone;
	rule->local = rule->zone != NULL ? local_side(pc) : 0;
	describe(b, pc, &w, rule);
	/* Trailing blanks are the type's business, and a server knows it. */
	if ((rule->folds & ~(unsigned)FOLD_RTRIM) != 0 || rule->bits != 0 ||
	    rule->local != 0 || rule->tolerance != NULL ||
	    (rule->folds != 0 && pc->type.type != LT_CHAR))
		pc->type.rule = rule;
	return TU_OK;
}

/* --- keys ----------------------------------------------------------------- */

/* Take back what the tolerances did to a column that turned out to be a key;
 * TU_EUSAGE if one was meant for this very column. */
static enum status
drop_tolerance(struct builder *b, struct pair_column *pc, struct err *err)
{
	const char *const *list = b->sel->tolerances;
	size_t at = plan_list_at(b->sel, LIST_TOLERANCES);
	struct vrule *rule =
	    arena_memdup(b->arena, pc->type.rule, sizeof(*rule));
	const struct wishes w = { .folds = rule->folds };
	struct vtype plain = pair_vtype(
	    b->db[SOURCE], pc->col[SOURCE], b->db[TARGET], pc->col[TARGET]);

	for (size_t i = 0; list[i] != NULL; i++) {
		struct spec s = read_spec(b->arena, list[i]);
		bool time = false;

		if (!names_column(b, &s, pc) ||
		    read_tolerance(
			b->arena, s.what, &rule->tolerance, &time, err) ||
		    measured_as(pc, time ? is_time : is_number) == LT_NONE)
			continue;
		if (s.where != NULL && s.named)
			return err_set(err, TU_EUSAGE,
			    "--tolerance: '%s' identifies rows of table '%s', "
			    "and keys are equal or not",
			    pc->col[TARGET]->name, b->pair->name);
		b->used[at + i]--;
	}
	rule->tolerance = NULL;
	if (plain.type == LT_ANY && rule->folds == 0)
		pc->type.type = LT_ANY;
	pc->rules = NULL;
	pc->type.rule = rule->folds != 0 || rule_has_sides(rule) ? rule : NULL;
	describe(b, pc, &w, rule);
	return TU_OK;
}

enum status
plan_key_rules(struct builder *b, struct err *err)
{
	struct pair *p = b->pair;

	for (size_t i = 0; i < p->nkeys; i++) {
		struct pair_column *pc = &p->cols[i];
		const struct vrule *rule = pc->type.rule;
		enum status st;

		if (rule_has_sides(rule))
			return err_set(err, TU_ESCHEMA,
			    "key column '%s' is %s in the source and %s in "
			    "the target, which have no order in common%s",
			    pc->col[TARGET]->name, pc->col[SOURCE]->type,
			    pc->col[TARGET]->type,
			    rule->local != 0 ? " under --assume-tz" : "");
		if (rule == NULL || rule->tolerance == NULL)
			continue;
		st = drop_tolerance(b, pc, err);
		if (st)
			return st;
	}
	return TU_OK;
}

bool
pair_has_rules(const struct pair *pair)
{
	for (size_t i = 0; i < pair->ncols; i++)
		if (pair->cols[i].rules != NULL)
			return true;
	return false;
}
