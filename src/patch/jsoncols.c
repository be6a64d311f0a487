#include <config.h>

#include "patch/jsoncols.h"

#include <string.h>

#include "diff/names.h"
#include "value/rule.h"

/* By enum affinity. */
static const char *const affinities[] = { "", "integer", "real", "numeric",
	"text", "blob" };

/* --- writing -------------------------------------------------------------- */

static void
add_source(struct jsonw *j, const struct column *col)
{
	jsonw_open(j, "source", '{');
	jsonw_str(j, "type", col->type);
	if (col->affinity != AFF_NONE)
		jsonw_str(j, "affinity", affinities[col->affinity]);
	if (col->frac >= 0)
		jsonw_u64(j, "digits", (uint64_t)col->frac);
	if (col->boolean)
		jsonw_bool(j, "boolean", true);
	jsonw_close(j, '}');
}

static void
add_column(struct jsonw *j, const struct pair_column *pc)
{
	const struct vrule *rule = pc->type.rule;

	jsonw_open(j, NULL, '{');
	jsonw_str(j, "name", pc->col[TARGET]->name);
	jsonw_str(j, "type", pc->col[TARGET]->type);
	jsonw_str(j, "compared_as", ltype_name(pc->type.type));
	if (pc->type.loose != LT_NONE)
		jsonw_str(j, "read_as", ltype_name(pc->type.loose));
	if (rule != NULL && rule->bits != 0)
		jsonw_str(
		    j, "bits", rule->bits & VSIDE_SOURCE ? "source" : "target");
	if (pc->rules != NULL)
		jsonw_str(j, "rules", pc->rules);
	add_source(j, pc->col[SOURCE]);
	jsonw_close(j, '}');
}

void
jsoncols_add(struct jsonw *j, const struct pair *pair)
{
	jsonw_str(j, "table", pair->name);
	jsonw_str(j, "schema", pair->table[TARGET]->schema);
	jsonw_str(j, "name", pair->table[TARGET]->name);
	jsonw_open(j, "key", '[');
	for (size_t i = 0; i < pair->nkeys && !pair->multiset; i++)
		jsonw_str(j, NULL, pair->cols[i].col[TARGET]->name);
	jsonw_close(j, ']');
	jsonw_open(j, "columns", '[');
	for (size_t i = 0; i < pair->ncols; i++)
		add_column(j, &pair->cols[i]);
	jsonw_close(j, ']');
}

/* --- reading -------------------------------------------------------------- */

struct reading {
	const struct table *target;
	struct arena *arena;
	struct pair *pair;
	struct err *err;
};

static const char *
string_at(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static enum status
not_columns(struct err *err)
{
	return err_set(
	    err, TU_EPATCH, "the description of its columns is not complete");
}

static bool
ltype_by_name(const char *name, enum ltype *out)
{
	for (int t = LT_NONE; name != NULL && t <= LT_ANY; t++)
		if (strcmp(ltype_name((enum ltype)t), name) == 0) {
			*out = (enum ltype)t;
			return true;
		}
	return false;
}

/*
 * A tolerance, and folds for text, only made fewer rows differ. Other folds say
 * how a value is read or what it becomes in the target, which a patch does not
 * repeat.
 */
static bool
is_harmless(const char *rules, struct arena *arena)
{
	const unsigned harmless = FOLD_RTRIM | FOLD_CASE | FOLD_NFC | FOLD_CRLF;
	char *save = NULL;

	for (char *rule = strtok_r(arena_strdup(arena, rules), " ", &save);
	     rule != NULL; rule = strtok_r(NULL, " ", &save)) {
		const char *const *fold;

		if (strncmp(rule, "tolerance=", 10) == 0)
			continue;
		if (strncmp(rule, "fold=", 5) != 0)
			return false;
		for (fold = list_split(arena, rule + 5); *fold != NULL; fold++)
			if (!(fold_by_name(*fold, strlen(*fold)) & harmless))
				return false;
	}
	return true;
}

static enum status
read_rules(struct reading *r, const json_t *v, struct pair_column *pc)
{
	static const struct vrule bits[] = { { .bits = VSIDE_SOURCE },
		{ .bits = VSIDE_TARGET } };
	const char *sides = string_at(v, "bits");
	const char *rules = string_at(v, "rules");

	if (sides != NULL)
		pc->type.rule =
		    &bits[strcmp(sides, "source") == 0 ? SOURCE : TARGET];
	if (rules == NULL)
		return TU_OK;
	pc->rules = arena_strdup(r->arena, rules);
	if (is_harmless(rules, r->arena))
		return TU_OK;
	err_set(r->err, TU_ESCHEMA,
	    "column '%s' was compared with %s, which only a comparison can "
	    "follow",
	    pc->col[TARGET]->name, rules);
	return err_hint(
	    r->err, "use trueup sync, or the patch of trueup diff -f sql");
}

static enum status
read_source(struct reading *r, const json_t *v, struct pair_column *pc)
{
	struct column *col = arena_alloc(r->arena, sizeof(*col));
	const json_t *source = json_object_get(v, "source");
	const json_t *digits = json_object_get(source, "digits");
	const char *type = string_at(source, "type");
	const char *affinity = string_at(source, "affinity");

	if (type == NULL)
		return not_columns(r->err);
	*col = (struct column){
		.name = pc->col[TARGET]->name,
		.type = arena_strdup(r->arena, type),
		.ltype = pc->type.type,
		.precision = -1,
		.scale = -1,
		.maxlen = -1,
		.frac = digits != NULL ? (int)json_number_value(digits) : -1,
		.boolean = json_is_true(json_object_get(source, "boolean")),
	};
	for (size_t i = 1; affinity != NULL && i < ARRAY_LEN(affinities); i++)
		if (strcmp(affinities[i], affinity) == 0)
			col->affinity = (enum affinity)i;
	pc->col[SOURCE] = col;
	return TU_OK;
}

static enum status
read_column(struct reading *r, const json_t *v)
{
	struct pair *p = r->pair;
	struct pair_column *pc = &p->cols[p->ncols];
	const char *name = string_at(v, "name"), *type = string_at(v, "type");
	int at = name != NULL ? table_find_column(r->target, name) : -1;
	enum status st;

	if (name == NULL || type == NULL ||
	    !ltype_by_name(string_at(v, "compared_as"), &pc->type.type) ||
	    (json_object_get(v, "read_as") != NULL &&
		!ltype_by_name(string_at(v, "read_as"), &pc->type.loose)))
		return not_columns(r->err);
	if (at < 0)
		return err_set(
		    r->err, TU_ESCHEMA, "it has no column '%s'", name);
	pc->col[TARGET] = &r->target->columns[at];
	if (strcmp(pc->col[TARGET]->type, type) != 0)
		return err_set(r->err, TU_ESCHEMA,
		    "column '%s' is %s, and was %s in the comparison", name,
		    pc->col[TARGET]->type, type);
	if (pair_find_target(p, pc->col[TARGET]->name) >= 0)
		return not_columns(r->err);
	st = read_source(r, v, pc);
	if (st == TU_OK)
		st = read_rules(r, v, pc);
	if (st)
		return st;
	pc->limit = pair_limit(pc, false);
	p->ncols++;
	return TU_OK;
}

/* Its columns come first. */
static enum status
read_key(struct reading *r, const json_t *key)
{
	struct pair *p = r->pair;

	if (!json_is_array(key) || json_array_size(key) > p->ncols)
		return not_columns(r->err);
	p->nkeys = json_array_size(key);
	for (size_t i = 0; i < p->nkeys; i++) {
		const char *name = json_string_value(json_array_get(key, i));

		if (name == NULL ||
		    strcmp(name, p->cols[i].col[TARGET]->name) != 0)
			return not_columns(r->err);
	}
	p->multiset = p->nkeys == 0;
	if (p->multiset)
		p->nkeys = p->ncols;
	return TU_OK;
}

static void
add_extras(struct reading *r)
{
	struct pair *p = r->pair;
	const struct table *t = r->target;

	for (size_t i = 0; i < t->ncolumns; i++)
		if (!t->columns[i].generated &&
		    pair_find_target(p, t->columns[i].name) < 0)
			p->extra[p->nextra++] = &t->columns[i];
}

enum status
jsoncols_read(const json_t *line, const struct table *target, bool extras,
    struct arena *arena, struct pair *pair, struct err *err)
{
	struct reading r = { target, arena, pair, err };
	const json_t *columns = json_object_get(line, "columns");
	size_t n = json_array_size(columns);
	enum status st = TU_OK;

	*pair = (struct pair){
		.table = { target, target },
		.name = arena_strdup(arena, string_at(line, "table")),
		.key_how = "the patch",
		.cols = arena_alloc(arena, (n + 1) * sizeof(*pair->cols)),
		.extra = arena_alloc(
		    arena, (target->ncolumns + 1) * sizeof(*pair->extra)),
	};
	if (n == 0)
		return not_columns(err);
	for (size_t i = 0; i < n && st == TU_OK; i++)
		st = read_column(&r, json_array_get(columns, i));
	if (st == TU_OK)
		st = read_key(&r, json_object_get(line, "key"));
	if (st == TU_OK && extras)
		add_extras(&r);
	return st;
}
