#include <config.h>

#include "lib/pairs.h"

#include <string.h>

struct column
pairs_column(const char *name, enum ltype ltype, enum affinity aff)
{
	return (struct column){
		.name = name,
		.type = "",
		.ltype = ltype,
		.precision = -1,
		.scale = -1,
		.frac = -1,
		.maxlen = -1,
		.bytewise = true,
		.affinity = aff,
	};
}

static const char *
quoted(struct arena *arena, const char *schema, const char *name)
{
	return schema != NULL
	           ? arena_printf(arena, "\"%s\".\"%s\"", schema, name)
	           : arena_printf(arena, "\"%s\"", name);
}

static int *
numbers(struct arena *arena, size_t n)
{
	int *out = arena_alloc(arena, n * sizeof(*out));

	for (size_t i = 0; i < n; i++)
		out[i] = (int)i;
	return out;
}

struct pair *
pairs_new(struct arena *arena, const char *schema, const char *name,
    const struct column *cols, size_t ncols, size_t nkeys)
{
	struct pair *pair = arena_alloc(arena, sizeof(*pair));
	struct table *t = arena_alloc(arena, sizeof(*t));

	t->schema = schema;
	t->name = name;
	t->from = quoted(arena, schema, name);
	t->kind = REL_TABLE;
	t->writable = true;
	t->ncolumns = ncols;
	t->columns = arena_memdup(arena, cols, ncols * sizeof(*cols));
	t->nkeys = 1;
	t->keys = arena_alloc(arena, sizeof(*t->keys));
	t->keys[0] = (struct index_key){ .name = "pk",
		.primary = true,
		.notnull = true,
		.ncols = nkeys,
		.cols = numbers(arena, nkeys) };

	pair->table[SOURCE] = pair->table[TARGET] = t;
	pair->name = name;
	pair->ncols = ncols;
	pair->nkeys = nkeys;
	pair->cols = arena_alloc(arena, ncols * sizeof(*pair->cols));
	for (size_t i = 0; i < ncols; i++) {
		struct pair_column *pc = &pair->cols[i];

		pc->col[SOURCE] = pc->col[TARGET] = &t->columns[i];
		pc->type.type = cols[i].ltype;
		pc->limit.scale = cols[i].scale;
		pc->limit.frac = cols[i].frac;
	}
	return pair;
}

void
pairs_extra(
    struct arena *arena, struct pair *pair, const struct column *cols, size_t n)
{
	const struct column *copy =
	    arena_memdup(arena, cols, n * sizeof(*cols));

	pair->nextra = n;
	pair->extra = arena_alloc(arena, n * sizeof(*pair->extra));
	for (size_t i = 0; i < n; i++)
		pair->extra[i] = &copy[i];
}

void
pairs_fkey(struct arena *arena, struct pair *pair, const char *col,
    const char *ref_table, const char *ref_col)
{
	/* The tables were made by pairs_new(), which does not mind. */
	struct table *t = (struct table *)pair->table[TARGET];
	struct fkey *fkeys =
	    arena_alloc(arena, (t->nfkeys + 1) * sizeof(*fkeys));
	struct fkey *f = &fkeys[t->nfkeys];

	if (t->nfkeys > 0)
		memcpy(fkeys, t->fkeys, t->nfkeys * sizeof(*fkeys));
	*f = (struct fkey){ .name = "fk",
		.ncols = 1,
		.ref_table = ref_table,
		.on_delete = "NO ACTION",
		.cols = arena_memdup(arena, &col, sizeof(col)),
		.ref_cols = arena_memdup(arena, &ref_col, sizeof(ref_col)) };
	t->fkeys = fkeys;
	t->nfkeys++;
}

static struct change
new_change(struct arena *arena, const struct pair *pair, enum change_op op)
{
	return (struct change){
		.op = op,
		.pair = pair,
		.verdicts =
		    arena_alloc(arena, pair->ncols * sizeof(enum verdict)),
		.why = arena_alloc(arena, pair->ncols * sizeof(char *)),
		.copies = 1,
		.patchable = true,
	};
}

struct change
pairs_insert(
    struct arena *arena, const struct pair *pair, const struct cell *source)
{
	struct change c = new_change(arena, pair, CHANGE_INSERT);

	c.source = arena_memdup(arena, source, pair->ncols * sizeof(*source));
	return c;
}

struct change
pairs_delete(
    struct arena *arena, const struct pair *pair, const struct cell *target)
{
	struct change c = new_change(arena, pair, CHANGE_DELETE);

	c.verdicts = NULL;
	c.target = arena_memdup(
	    arena, target, (pair->ncols + pair->nextra) * sizeof(*target));
	return c;
}

struct change
pairs_update(struct arena *arena, const struct pair *pair,
    const struct cell *source, const struct cell *target)
{
	struct change c = new_change(arena, pair, CHANGE_UPDATE);
	enum verdict *verdicts =
	    arena_alloc(arena, pair->ncols * sizeof(*verdicts));

	c.source = arena_memdup(arena, source, pair->ncols * sizeof(*source));
	c.target = arena_memdup(
	    arena, target, (pair->ncols + pair->nextra) * sizeof(*target));
	for (size_t i = 0; i < pair->ncols; i++)
		if (!cell_same(&source[i], &target[i]))
			verdicts[i] = VERDICT_DIFFERENT;
	c.verdicts = verdicts;
	return c;
}

struct cell
pairs_text(const char *s)
{
	return cell_text(s, strlen(s));
}
