#include <config.h>

#include "diff/names.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

static int
next_folded(const char **s)
{
	while (**s == '_')
		++*s;
	return **s == '\0' ? 0 : tolower((unsigned char)*(*s)++);
}

int
name_fold_cmp(const char *a, const char *b)
{
	int x, y;

	do {
		x = next_folded(&a);
		y = next_folded(&b);
	} while (x == y && x != 0);
	return x - y;
}

/* Lower case without underscores, for patterns. */
static void
fold_into(char *out, size_t size, const char *s)
{
	size_t n = 0;
	int c;

	while ((c = next_folded(&s)) != 0 && n + 1 < size)
		out[n++] = (char)c;
	out[n] = '\0';
}

bool
name_match_exact(const char *pattern, const char *name)
{
	return strcmp(pattern, name) == 0 || fnmatch(pattern, name, 0) == 0;
}

bool
name_match(const char *pattern, const char *name)
{
	char p[512], n[512];

	if (name_match_exact(pattern, name))
		return true;
	fold_into(p, sizeof(p), pattern);
	fold_into(n, sizeof(n), name);
	return p[0] != '\0' && fnmatch(p, n, 0) == 0;
}

typedef bool name_matcher(const char *pattern, const char *name);

static bool
match_table(const char *pattern, const struct table *t, name_matcher *match)
{
	char full[512];

	if (match(pattern, t->name))
		return true;
	if (t->schema == NULL)
		return false;
	snprintf(full, sizeof(full), "%s.%s", t->schema, t->name);
	return match(pattern, full);
}

bool
name_match_table_exact(const char *pattern, const struct table *t)
{
	return match_table(pattern, t, name_match_exact);
}

bool
name_match_table(const char *pattern, const struct table *t)
{
	return match_table(pattern, t, name_match);
}

const char *
name_qualified(struct arena *arena, const struct table *t)
{
	return t->schema == NULL
	           ? t->name
	           : arena_printf(arena, "%s.%s", t->schema, t->name);
}

bool
name_for_table(const char *entry, char sep, const struct table *t,
    struct arena *arena, const char **rest)
{
	const char *p = strchr(entry, sep);
	char *name;

	*rest = entry;
	if (p == NULL)
		return true;
	name = arena_memdup(arena, entry, (size_t)(p - entry));
	*rest = p + 1;
	return name_match_table(name, t);
}

size_t
list_len(const char *const *list)
{
	size_t n = 0;

	while (list != NULL && list[n] != NULL)
		n++;
	return n;
}

const char *const *
list_split(struct arena *arena, const char *s)
{
	size_t n = 1;
	const char **list;

	for (const char *p = s; *p != '\0'; p++)
		n += *p == ',';
	list = arena_alloc(arena, (n + 1) * sizeof(*list));
	n = 0;
	for (;;) {
		size_t len = strcspn(s, ","), used;

		while (len > 0 && *s == ' ')
			s++, len--;
		for (used = len; used > 0 && s[used - 1] == ' ';)
			used--;
		if (used > 0)
			list[n++] = arena_memdup(arena, s, used);
		if (s[len] == '\0')
			break;
		s += len + 1;
	}
	return list;
}
