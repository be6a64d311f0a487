#include <config.h>

#include "db/dialect-track.h"

#include <string.h>

#include "db/db.h"

void
track_key_names(struct buf *out, const char *before, size_t nkeys)
{
	for (size_t i = 1; i <= nkeys; i++)
		buf_addf(out, "%sk%zu", before, i);
}

void
track_text(struct buf *out, const struct dialect *d, const char *s)
{
	const struct cell cell = cell_text(s, strlen(s));

	d->literal(out, &db_text_column, &cell);
}

void
track_json_path(struct buf *out, const char *const *path, size_t n)
{
	buf_addc(out, '$');
	for (size_t i = 0; i < n; i++)
		buf_addf(out, ".\"%s\"", path[i]);
}

/* "change_7" */
static bool
is_change_table(const char *name)
{
	static const char prefix[] = "change_";
	const char *digits = name + strlen(prefix);

	return strncmp(name, prefix, strlen(prefix)) == 0 && *digits != '\0' &&
	       digits[strspn(digits, "0123456789")] == '\0';
}

bool
track_is_ours(const struct dialect *d, const struct table *t)
{
	static const char *const names[] = { "meta", "captured", "consumer",
		"ctx" };
	static const char prefix[] = "trueup_";
	const char *name = t->name;

	if (t->schema == NULL || strcmp(t->schema, TRACK_SCHEMA) != 0) {
		if (d == &dialect_postgresql ||
		    strncmp(name, prefix, strlen(prefix)) != 0)
			return false;
		name += strlen(prefix);
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return is_change_table(name);
}
