#include <config.h>

#include "track/pick.h"

#include <string.h>

#include "diff/names.h"

/* A pattern that means some tables exactly does not mean others folded, and a
 * wildcard no parts of a table. */
static bool
means(const char *pattern, const struct table *const *tables, size_t n,
    const struct table *t)
{
	if (t->partition && strpbrk(pattern, "*?[") != NULL)
		return false;
	if (name_match_table_exact(pattern, t))
		return true;
	for (size_t i = 0; i < n; i++)
		if (name_match_table_exact(pattern, tables[i]))
			return false;
	return name_match_table(pattern, t);
}

static bool
in_schema(const struct pick *pick, const struct table *t)
{
	return pick->schema == NULL || t->schema == NULL ||
	       name_match(pick->schema, t->schema);
}

enum status
pick_tables(const struct table *const *tables, size_t n,
    const struct pick *pick, bool *chosen, struct err *err)
{
	const char *const *lists[] = { pick->tables, pick->excludes };

	for (size_t i = 0; i < n; i++)
		chosen[i] = pick->tables == NULL && !tables[i]->partition &&
		            in_schema(pick, tables[i]);
	for (size_t l = 0; l < ARRAY_LEN(lists); l++) {
		for (size_t j = 0; lists[l] && lists[l][j]; j++) {
			bool hit = false;

			for (size_t i = 0; i < n; i++) {
				if (!in_schema(pick, tables[i]) ||
				    !means(lists[l][j], tables, n, tables[i]))
					continue;
				hit = true;
				chosen[i] = l == 0;
			}
			if (!hit)
				return err_set(err, TU_EUSAGE,
				    "no table matches '%s'", lists[l][j]);
		}
	}
	return TU_OK;
}
