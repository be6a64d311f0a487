#include <config.h>

#include "patch/refs.h"

#include <string.h>
#include <strings.h>

static bool
same_name(const struct table *t, const char *a, const char *b)
{
	return t->schema == NULL ? strcasecmp(a, b) == 0 : strcmp(a, b) == 0;
}

bool
refs_points_to(
    const struct table *child, const struct fkey *f, const struct table *parent)
{
	const char *schema = f->ref_schema ? f->ref_schema : child->schema;

	if (!same_name(child, f->ref_table, parent->name))
		return false;
	if (schema == NULL || parent->schema == NULL)
		return schema == parent->schema;
	return strcmp(schema, parent->schema) == 0;
}

static int
find_column(const struct pair *pair, const char *name)
{
	const struct table *t = pair->table[TARGET];

	for (size_t i = 0; i < pair->ncols; i++)
		if (same_name(t, pair->cols[i].col[TARGET]->name, name))
			return (int)i;
	for (size_t i = 0; i < pair->nextra; i++)
		if (same_name(t, pair->extra[i]->name, name))
			return (int)(pair->ncols + i);
	return -1;
}

int
refs_column(const struct pair *pair, const struct fkey *f, size_t k)
{
	return find_column(pair, f->cols[k]);
}

int
refs_own_parent_column(const struct pair *pair, const struct fkey *f, size_t k)
{
	const struct table *t = pair->table[TARGET];

	if (f->ref_cols[k] != NULL)
		return find_column(pair, f->ref_cols[k]);
	for (size_t i = 0; i < t->nkeys; i++)
		if (t->keys[i].primary && k < t->keys[i].ncols)
			return find_column(
			    pair, t->columns[t->keys[i].cols[k]].name);
	return -1;
}

bool
refs_can_wait(const struct fkey *f)
{
	return f->deferrable &&
	       (f->on_delete == NULL || strcmp(f->on_delete, "NO ACTION") == 0);
}

bool
refs_can_park(const struct pair *pair, int column)
{
	const struct column *col;

	if (column < 0 || (size_t)column >= pair->ncols || pair->multiset ||
	    (size_t)column < pair->nkeys)
		return false;
	col = pair->cols[column].col[TARGET];
	return !col->notnull && !col->generated;
}
