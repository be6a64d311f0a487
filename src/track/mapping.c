#include <config.h>

#include "track/mapping.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "track/mapping-int.h"

const char *const mapping_fields[MAP_FIELDS] = { "preset", "reader", "from",
	"where", "seq", "mark", "at", "window", "key", "key_old", "op",
	"pointer", "publication", "ack", "object", "event", "path" };

/* --- presets -------------------------------------------------------------- */

#define DATAJOIN_POINTER(program)                                       \
	("SELECT fromoutboxpointer FROM ds_program_parameter WHERE id " \
	 "= '" program "'")
#define DATAJOIN(table, program)                                            \
	{                                                                   \
		[MAP_FROM] = (table), [MAP_WHERE] = "object_table = @o",    \
		[MAP_SEQ] = "id", [MAP_MARK] = "update_datetime",           \
		[MAP_KEY] = "object_id",                                    \
		[MAP_KEY_OLD] = "nullif(nullif(object_id_old, 'tbd'), '')", \
		[MAP_POINTER] = DATAJOIN_POINTER(program)                   \
	}

static const struct preset presets[] = {
	{ "trueup", true, { NULL } },
	{ "datajoin", true, DATAJOIN("ds_change_outbox", "1000") },
	{ "datajoin-inbox", true, DATAJOIN("ds_change_inbox", "1001") },
	/* The two tables themselves, as a pair. */
	{ "datajoin-transport", true,
	    { [MAP_FROM] = "@t",
		[MAP_SEQ] = "id",
		[MAP_MARK] = "update_datetime",
		[MAP_KEY] = "@c",
		[MAP_POINTER] = DATAJOIN_POINTER("1000") } },
	{ "datajoin-transport-inbox", true,
	    { [MAP_FROM] = "@t",
		[MAP_SEQ] = "id",
		[MAP_MARK] = "update_datetime",
		[MAP_KEY] = "@c" } },
	{ "rhosocial", true,
	    { [MAP_FROM] = "data_changes",
		[MAP_WHERE] = "table_name = @o",
		[MAP_SEQ] = "id",
		[MAP_KEY] = "record_id" } },
	{ "outbox", true,
	    { [MAP_FROM] = "outbox",
		[MAP_WHERE] = "event_type LIKE @e",
		[MAP_KEY] = "@j" } },
	{ "debezium-outbox", true,
	    { [MAP_FROM] = "outboxevent",
		[MAP_WHERE] = "aggregatetype = @o",
		[MAP_AT] = "ts",
		[MAP_KEY] = "aggregateid" } },
	{ "audit-trigger", true,
	    { [MAP_READER] = "snapshot",
		[MAP_FROM] = "audit.logged_actions",
		[MAP_WHERE] = "schema_name = @s AND table_name = @o",
		[MAP_SEQ] = "transaction_id::text::xid8",
		[MAP_KEY] = "coalesce(changed_fields -> @l, row_data -> @l)",
		[MAP_KEY_OLD] = "row_data -> @l",
		[MAP_OP] = "action" } },
	/* A version's time is when it ended, or when it began if it is the
	 * last one. */
	{ "system-versioned", true,
	    { [MAP_FROM] = "@t FOR SYSTEM_TIME ALL",
		[MAP_AT] = "CASE WHEN ROW_END > NOW(6) THEN ROW_START ELSE "
			   "ROW_END END",
		[MAP_KEY] = "@c" } },
	{ "changetable", false, { [MAP_READER] = "changetable" } },
	{ "updated_at", false, { [MAP_AT] = "updated_at", [MAP_KEY] = "@c" } },
	{ "synced", false,
	    { [MAP_WHERE] = "synced IS NOT TRUE",
		[MAP_KEY] = "@c",
		[MAP_ACK] = "synced = TRUE" } },
};

static const struct preset *
find_preset(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(presets); i++)
		if (strcmp(presets[i].name, name) == 0)
			return &presets[i];
	return NULL;
}

/* --- what is said, and what follows from it ------------------------------- */

bool
mapping_set(struct mapping *m, const char *field, const char *value)
{
	for (size_t i = 0; i < MAP_FIELDS; i++)
		if (strcmp(mapping_fields[i], field) == 0) {
			m->field[i] = value;
			return true;
		}
	return false;
}

bool
mapping_own(const struct mapping *m)
{
	for (size_t i = 0; i < MAP_FIELDS; i++)
		if (i != MAP_PRESET && m->field[i] != NULL)
			return false;
	return m->field[MAP_PRESET] == NULL ||
	       strcmp(m->field[MAP_PRESET], "trueup") == 0;
}

static bool
find_kind(const char *word, enum read_kind *kind)
{
	for (unsigned i = 0; i < READ_KINDS; i++)
		if (strcmp(read_kind_names[i], word) == 0) {
			*kind = (enum read_kind)i;
			return true;
		}
	return false;
}

/* "90", "90s", "15m", "1h", "2d" */
static bool
read_window(const char *text, int64_t *seconds)
{
	static const char units[] = "smhd";
	static const int64_t factors[] = { 1, 60, 3600, 86400 };
	const char *unit;
	char *end;

	if (!isdigit((unsigned char)*text) || strlen(text) > 13)
		return false;
	*seconds = strtoll(text, &end, 10);
	if (*end == '\0')
		return true;
	unit = strchr(units, *end);
	if (unit == NULL || end[1] != '\0')
		return false;
	*seconds *= factors[unit - units];
	return true;
}

static const char *
unknown(struct arena *arena, const char *what, const struct nearest *near)
{
	return near->found != NULL
	           ? arena_printf(arena, "no %s '%s'; is '%s' meant?", what,
			 near->word, near->found)
	           : arena_printf(arena, "no %s '%s'", what, near->word);
}

static const char *
resolve_kind(struct arena *arena, struct resolved *r)
{
	const char *word = r->f[MAP_READER];
	struct nearest near;

	if (word == NULL || strcmp(word, "auto") == 0) {
		r->kind = r->f[MAP_AT] != NULL    ? READ_WINDOW
		          : r->f[MAP_SEQ] != NULL ? READ_GAPS
		                                  : READ_ALL;
		return NULL;
	}
	if (find_kind(word, &r->kind))
		return NULL;
	nearest_init(&near, word);
	nearest_try(&near, "auto");
	for (size_t i = 0; i < READ_KINDS; i++)
		nearest_try(&near, read_kind_names[i]);
	return unknown(arena, "reader", &near);
}

/* Nothing is written that was not asked for: an ack is yes, or said. */
static const char *
resolve_field(
    const struct mapping *m, const struct preset *preset, enum mapping_field f)
{
	const char *said = m->field[f];
	const char *has = preset != NULL ? preset->field[f] : NULL;

	if (f == MAP_ACK)
		has = said != NULL && strcmp(said, "yes") == 0 ? has : NULL;
	if (said == NULL || (f == MAP_ACK && has != NULL))
		return has;
	return f != MAP_READER && strcmp(said, "none") == 0 ? NULL : said;
}

const char *
mapping_resolve(struct arena *arena, const struct mapping *m,
    struct resolved *r, enum mapping_field *field)
{
	const char *preset = m->field[MAP_PRESET], *why;
	struct nearest near;

	*r = (struct resolved){ .window = WINDOW_SECONDS };
	*field = MAP_PRESET;
	if (preset != NULL)
		r->preset = find_preset(preset);
	if (preset != NULL && r->preset == NULL) {
		nearest_init(&near, preset);
		for (size_t i = 0; i < ARRAY_LEN(presets); i++)
			nearest_try(&near, presets[i].name);
		return unknown(arena, "preset", &near);
	}
	for (unsigned i = 0; i < MAP_FIELDS; i++)
		r->f[i] = resolve_field(m, r->preset, (enum mapping_field)i);
	*field = MAP_READER;
	if ((why = resolve_kind(arena, r)) != NULL)
		return why;
	*field = MAP_WINDOW;
	if (r->f[MAP_WINDOW] != NULL &&
	    !read_window(r->f[MAP_WINDOW], &r->window))
		return arena_printf(arena,
		    "'%s' is no time such as 90s, 15m, 1h or 2d",
		    r->f[MAP_WINDOW]);
	return NULL;
}

/* --- mistakes ------------------------------------------------------------- */

/* A field that is said, and that nothing would read. */
static bool
has_use(const struct resolved *r, enum mapping_field f)
{
	const char *where = r->f[MAP_WHERE];
	const char *name = r->preset != NULL ? r->preset->name : "";

	if (r->kind == READ_CHANGETABLE)
		return f == MAP_READER || f == MAP_PRESET;
	if (r->kind == READ_SLOT && f < MAP_OBJECT)
		return f == MAP_READER || f == MAP_FROM || f == MAP_PUBLICATION;
	switch (f) {
	case MAP_PUBLICATION:
		return false;
	case MAP_AT:
	case MAP_WINDOW:
		return r->kind == READ_WINDOW;
	case MAP_MARK:
		return r->kind == READ_GAPS;
	case MAP_SEQ:
		return r->kind == READ_GAPS || r->kind == READ_SNAPSHOT ||
		       r->f[MAP_POINTER] != NULL;
	case MAP_OBJECT:
		return where != NULL && strstr(where, "@o") != NULL;
	case MAP_EVENT:
		return strcmp(name, "outbox") == 0 && where != NULL;
	case MAP_PATH:
		return strcmp(name, "outbox") == 0;
	case MAP_PRESET:
	case MAP_READER:
	case MAP_FROM:
	case MAP_WHERE:
	case MAP_KEY:
	case MAP_KEY_OLD:
	case MAP_OP:
	case MAP_POINTER:
	case MAP_ACK:
		break;
	}
	return true;
}

static const char *
check_use(struct arena *arena, const struct mapping *m,
    const struct resolved *r, enum mapping_field *field)
{
	for (*field = 0; *field < MAP_FIELDS; ++*field) {
		enum mapping_field f = *field;

		if (m->field[f] == NULL)
			continue;
		if (r->kind == READ_NONE && f != MAP_READER)
			return arena_printf(arena,
			    "reader = none reads nothing, and has no use for "
			    "'%s'",
			    mapping_fields[f]);
		if ((f == MAP_OBJECT || f == MAP_EVENT) &&
		    m->field[MAP_WHERE] != NULL)
			return arena_printf(arena,
			    "'%s' has no use beside a 'where'",
			    mapping_fields[f]);
		if (!has_use(r, f))
			return arena_printf(arena,
			    "'%s' is of no use for %s %s", mapping_fields[f],
			    f >= MAP_OBJECT ? "preset" : "reader",
			    f < MAP_OBJECT      ? read_kind_names[r->kind]
			    : r->preset != NULL ? r->preset->name
						: "'none'");
	}
	return NULL;
}

static const char *
check_ack(const struct resolved *r)
{
	const char *ack = r->f[MAP_ACK];

	if (ack == NULL)
		return NULL;
	if (strchr(ack, '=') == NULL)
		return "how a row is marked is said as in synced = true; "
		       "preset synced knows it by yes";
	if (r->kind != READ_ALL || r->f[MAP_FROM] != NULL ||
	    r->f[MAP_WHERE] == NULL)
		return "rows are marked in the table itself, with reader all "
		       "and a 'where' that takes in those that are not yet";
	return NULL;
}

static const char *
check_needs(struct arena *arena, const struct mapping *m,
    const struct resolved *r, enum mapping_field *field)
{
	bool numbered = r->kind == READ_GAPS || r->kind == READ_SNAPSHOT;
	const struct {
		enum mapping_field field;
		bool needed;
	} needs[] = {
		{ MAP_FROM, r->kind != READ_CHANGETABLE &&
				(r->preset == NULL || r->preset->log) },
		{ MAP_KEY,
		    r->kind != READ_SLOT && r->kind != READ_CHANGETABLE },
		{ MAP_SEQ, numbered || r->f[MAP_POINTER] != NULL },
		{ MAP_AT, r->kind == READ_WINDOW },
	};

	for (size_t i = 0; i < ARRAY_LEN(needs); i++) {
		*field = needs[i].field;
		if (needs[i].needed && r->f[*field] == NULL)
			return arena_printf(arena, "%s needs '%s'",
			    *field == MAP_SEQ && !numbered
				? "a pointer"
				: arena_printf(arena, "reader %s",
				      read_kind_names[r->kind]),
			    mapping_fields[*field]);
	}
	*field = MAP_FROM;
	if (r->kind == READ_SLOT && !position_slot(r->f[MAP_FROM]))
		return "the name of a replication slot has a-z, 0-9 and _ only";
	*field = MAP_POINTER;
	if (r->kind == READ_SNAPSHOT && r->f[MAP_POINTER] != NULL)
		return "reader snapshot has no number to hold against a "
		       "pointer";
	*field = MAP_ACK;
	if (check_ack(r) != NULL)
		return check_ack(r);
	*field = MAP_PATH;
	if (m->field[MAP_PATH] != NULL &&
	    strpbrk(m->field[MAP_PATH], "\"\\'{}") != NULL)
		return "a path is names with dots between";
	return NULL;
}

const char *
mapping_mistake(
    struct arena *arena, const struct mapping *m, enum mapping_field *field)
{
	struct resolved r;
	const char *why;

	if (mapping_own(m))
		return NULL;
	why = mapping_resolve(arena, m, &r, field);
	if (why == NULL && r.preset == presets) {
		*field = MAP_PRESET;
		return "the table of changes is our own: preset 'trueup' has "
		       "no other field";
	}
	if (why == NULL)
		why = check_use(arena, m, &r, field);
	if (why == NULL && r.kind != READ_NONE)
		why = check_needs(arena, m, &r, field);
	return why;
}
