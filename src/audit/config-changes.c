#include <config.h>

#include <string.h>

#include "audit/config-int.h"

static const char *const sides[] = { "source", "target", "both" };
static const char *const own_keys[] = { "pair", "side", "table" };

#define KEYS (ARRAY_LEN(own_keys) + MAP_FIELDS)

struct config_keys *
config_add_changes(struct config *c, const char *name, unsigned line)
{
	for (size_t i = 0; i < c->nchanges; i++)
		if (strcmp(c->changes[i].name, name) == 0)
			config_complain(c, line,
			    "[changes %s] is there twice, first in line %u",
			    name, c->changes[i].line);
	c->changes = config_grow(c->arena, c->changes, c->nchanges,
	    &c->cap_changes, sizeof(*c->changes));
	c->changes[c->nchanges] =
	    (struct config_changes){ .name = name, .line = line };
	return &c->changes[c->nchanges++].keys;
}

/* --- the keys ------------------------------------------------------------- */

static bool
is_pair(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->npairs; i++)
		if (strcmp(c->pairs[i].name, name) == 0)
			return true;
	return false;
}

static void
set_pairs(
    struct config *c, struct config_changes *ch, const struct config_key *k)
{
	size_t cap = 1;
	const char **names, *p = k->value;

	if (c->changes_only) {
		config_complain(c, k->line,
		    "there are no pairs here: 'pair' belongs into the file "
		    "that has them");
		return;
	}
	for (const char *comma = p; *comma != '\0'; comma++)
		cap += *comma == ',';
	names = arena_alloc(c->arena, (cap + c->npairs) * sizeof(*names));
	for (; p != NULL;
	     p = strchr(p, ',') != NULL ? strchr(p, ',') + 1 : NULL) {
		const char *begin = p + strspn(p, " \t");
		size_t n = strcspn(begin, ",");

		while (n > 0 && strchr(" \t", begin[n - 1]) != NULL)
			n--;
		names[ch->npairs++] = arena_memdup(c->arena, begin, n);
	}
	ch->pairs = names;
	for (size_t i = 0; i < c->npairs; i++)
		names[ch->npairs + i] = c->pairs[i].name;
	for (size_t i = 0; i < ch->npairs; i++)
		if (!is_pair(c, names[i]))
			config_unknown(c, k->line, "[pair]", names[i],
			    names + ch->npairs, c->npairs);
}

static void
set_side(
    struct config *c, struct config_changes *ch, const struct config_key *k)
{
	ch->side[SOURCE] = strcmp(k->value, "target") != 0;
	ch->side[TARGET] = strcmp(k->value, "source") != 0;
	for (size_t i = 0; i < ARRAY_LEN(sides); i++)
		if (strcmp(k->value, sides[i]) == 0)
			return;
	config_unknown(c, k->line, "side", k->value, sides, ARRAY_LEN(sides));
}

/* All keys that there are; the caller has room for KEYS. */
static void
list_keys(const char **known)
{
	for (size_t i = 0; i < ARRAY_LEN(own_keys); i++)
		known[i] = own_keys[i];
	for (size_t i = 0; i < MAP_FIELDS; i++)
		known[ARRAY_LEN(own_keys) + i] = mapping_fields[i];
}

static void
check_mapping(struct config *c, struct config_changes *ch)
{
	enum mapping_field field;
	const char *why = mapping_mistake(c->arena, &ch->mapping, &field);
	const struct config_key *k;

	if (why == NULL)
		return;
	k = config_find(&ch->keys, mapping_fields[field]);
	config_complain(c, k != NULL ? k->line : ch->line, "[changes %s] %s",
	    ch->name, why);
}

static void
check_one(struct config *c, struct config_changes *ch)
{
	const char *known[KEYS];
	bool good = true;

	list_keys(known);
	config_check_once(c, &ch->keys, known, KEYS);
	ch->side[SOURCE] = ch->side[TARGET] = true;
	ch->mapping.name = arena_printf(c->arena, "changes %s", ch->name);
	for (size_t i = 0; i < ch->keys.n; i++) {
		const struct config_key *k = &ch->keys.items[i];

		if (strcmp(k->name, "pair") == 0)
			set_pairs(c, ch, k);
		else if (strcmp(k->name, "side") == 0)
			set_side(c, ch, k);
		else if (strcmp(k->name, "table") == 0)
			ch->table = k->value;
		else if (!mapping_set(&ch->mapping, k->name, k->value)) {
			config_unknown(c, k->line, "key", k->name, known, KEYS);
			good = false;
		}
	}
	if (ch->table == NULL)
		config_complain(
		    c, ch->line, "[changes %s] has no table", ch->name);
	if (ch->side[TARGET] && ch->mapping.field[MAP_ACK] != NULL)
		config_complain(c, ch->line,
		    "[changes %s] rows are marked in the source: ack needs "
		    "side = source",
		    ch->name);
	/* What is missing may be what was mistyped. */
	if (good)
		check_mapping(c, ch);
}

/* --- which of them -------------------------------------------------------- */

static bool
has_pair(const struct config_changes *ch, const char *pair)
{
	for (size_t i = 0; i < ch->npairs; i++)
		if (pair != NULL && strcmp(ch->pairs[i], pair) == 0)
			return true;
	return ch->npairs == 0;
}

static bool
share_pair(const struct config_changes *a, const struct config_changes *b)
{
	for (size_t i = 0; i < b->npairs; i++)
		if (has_pair(a, b->pairs[i]))
			return true;
	return a->npairs == 0 || b->npairs == 0;
}

void
config_check_changes(struct config *c)
{
	for (size_t i = 0; i < c->nchanges; i++) {
		struct config_changes *ch = &c->changes[i];

		check_one(c, ch);
		for (size_t k = 0; k < i; k++) {
			const struct config_changes *o = &c->changes[k];

			if (ch->table != NULL && o->table != NULL &&
			    strcmp(ch->table, o->table) == 0 &&
			    ((ch->side[SOURCE] && o->side[SOURCE]) ||
				(ch->side[TARGET] && o->side[TARGET])) &&
			    share_pair(ch, o))
				config_complain(c, ch->line,
				    "[changes %s] is about the table of "
				    "[changes %s] in line %u",
				    ch->name, o->name, o->line);
		}
	}
}

/* "orders" or "shop.orders" */
static bool
is_table(const char *text, const struct table *table)
{
	size_t n = table->schema != NULL ? strlen(table->schema) : 0;

	return strcmp(text, table->name) == 0 ||
	       (n > 0 && strncmp(text, table->schema, n) == 0 &&
		   text[n] == '.' && strcmp(text + n + 1, table->name) == 0);
}

bool
config_is_of(const struct config_changes *ch, const char *pair, enum side side,
    const struct table *table)
{
	return ch->side[side] && ch->table != NULL &&
	       is_table(ch->table, table) && has_pair(ch, pair);
}

const struct mapping *
config_mapping(const struct config *c, const char *pair, enum side side,
    const struct table *table)
{
	for (size_t i = 0; i < c->nchanges; i++)
		if (config_is_of(&c->changes[i], pair, side, table))
			return &c->changes[i].mapping;
	return NULL;
}
