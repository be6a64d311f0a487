/*
 * names.h - how names are found: patterns, folding, lists.
 */
#ifndef TU_DIFF_NAMES_H
#define TU_DIFF_NAMES_H

#include "diff/plan.h"

/* strcmp() ignoring ASCII case and underscores. */
int name_fold_cmp(const char *a, const char *b);

/*
 * A shell pattern against a name: exact, else folded. Who has all the names
 * among which one is meant asks for the exact ones first: where a_b is, ab is
 * not meant by it.
 */
bool name_match_exact(const char *pattern, const char *name);
bool name_match(const char *pattern, const char *name);

/*
 * The same against a table: the pattern may be "schema.name" or "name". A
 * pattern that equals the name is no pattern, whatever is in the name.
 */
bool name_match_table_exact(const char *pattern, const struct table *t);
bool name_match_table(const char *pattern, const struct table *t);

/* "schema.name" or "name" in the arena. */
const char *name_qualified(struct arena *arena, const struct table *t);

/* Split "[TABLE<sep>]rest": does it concern this table? *rest is set. A list
 * entry without a table concerns all. */
bool name_for_table(const char *entry, char sep, const struct table *t,
    struct arena *arena, const char **rest);

/* Number of entries of a NULL-terminated list, which may be NULL. */
size_t list_len(const char *const *list);

/* Split at commas into a NULL-terminated list; blanks around a word do not
 * count. */
const char *const *list_split(struct arena *arena, const char *s);

#endif
