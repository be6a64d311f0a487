#include <config.h>

#include "audit/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "audit/config-int.h"
#include "audit/history.h"
#include "base/env.h"
#include "base/nearest.h"

#define BLANKS " \t"

static const char *const sections[] = { "defaults", "database", "pair",
	"changes" };
static const char *const actions[] = { "diff", "sync" };
static const char *const database_keys[] = { "url", "url-file", "url-env",
	"service" };
/* In [pair] and [defaults]; the last only there. */
static const char *const own_keys[] = { "source", "target", "action", "tables",
	"state-dir", "mode", "metrics" };
static const char *const modes[] = { "full", "incremental" };

/* --- mistakes ------------------------------------------------------------- */

void *
config_grow(
    struct arena *arena, void *items, size_t n, size_t *cap, size_t size)
{
	void *more;

	if (n < *cap)
		return items;
	*cap = *cap > 0 ? 2 * *cap : 8;
	more = arena_alloc(arena, *cap * size);
	if (n > 0)
		memcpy(more, items, n * size);
	return more;
}

void
config_complain(struct config *c, unsigned line, const char *fmt, ...)
{
	char text[ERR_MSG_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	c->mistakes = config_grow(c->arena, c->mistakes, c->nmistakes,
	    &c->cap_mistakes, sizeof(*c->mistakes));
	c->mistakes[c->nmistakes++] =
	    (struct config_mistake){ line, arena_strdup(c->arena, text) };
}

static int
by_line(const void *a, const void *b)
{
	const struct config_mistake *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return strcmp(x->text, y->text);
}

void
config_add_mistakes(struct buf *out, struct config *c, const char *prefix)
{
	if (c->nmistakes > 0)
		qsort(c->mistakes, c->nmistakes, sizeof(*c->mistakes), by_line);
	for (size_t i = 0; i < MIN(c->nmistakes, CONFIG_SHOWN); i++) {
		const struct config_mistake *m = &c->mistakes[i];

		buf_addf(out, "%s: %s:", prefix, c->path);
		if (m->line > 0)
			buf_addf(out, "%u:", m->line);
		buf_addf(out, " %s\n", m->text);
	}
	if (c->nmistakes > CONFIG_SHOWN)
		buf_addf(out, "%s: %s: %zu more mistakes\n", prefix, c->path,
		    c->nmistakes - CONFIG_SHOWN);
}

void
config_unknown(struct config *c, unsigned line, const char *what,
    const char *word, const char *const *known, size_t n)
{
	struct nearest near;

	nearest_init(&near, word);
	for (size_t i = 0; i < n; i++)
		nearest_try(&near, known[i]);
	if (near.found != NULL)
		config_complain(c, line, "no %s '%s'; is '%s' meant?", what,
		    word, near.found);
	else
		config_complain(c, line, "no %s '%s'", what, word);
}

/* --- sections and keys ---------------------------------------------------- */

static bool
is_one_of(const char *word, const char *const *known, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(word, known[i]) == 0)
			return true;
	return false;
}

bool
config_owns(const char *key)
{
	return is_one_of(key, own_keys, ARRAY_LEN(own_keys));
}

void
config_nearest_key(struct nearest *n)
{
	for (size_t i = 0; i < ARRAY_LEN(own_keys); i++)
		nearest_try(n, own_keys[i]);
}

const struct config_key *
config_find(const struct config_keys *keys, const char *name)
{
	for (size_t i = keys->n; i > 0; i--)
		if (strcmp(keys->items[i - 1].name, name) == 0)
			return &keys->items[i - 1];
	return NULL;
}

void
config_key(struct config *c, struct config_keys *keys, const char *name,
    const char *value, unsigned line)
{
	keys->items = config_grow(
	    c->arena, keys->items, keys->n, &keys->cap, sizeof(*keys->items));
	keys->items[keys->n++] = (struct config_key){ name, value, line };
}

static struct config_keys *
add_database(struct config *c, const char *name, unsigned line)
{
	for (size_t i = 0; i < c->ndatabases; i++)
		if (strcmp(c->databases[i].name, name) == 0)
			config_complain(c, line,
			    "[database %s] is there twice, first in line %u",
			    name, c->databases[i].line);
	c->databases = config_grow(c->arena, c->databases, c->ndatabases,
	    &c->cap_databases, sizeof(*c->databases));
	c->databases[c->ndatabases] =
	    (struct config_database){ .name = name, .line = line };
	return &c->databases[c->ndatabases++].keys;
}

static struct config_keys *
add_pair(struct config *c, const char *name, unsigned line)
{
	for (size_t i = 0; i < c->npairs; i++)
		if (strcmp(c->pairs[i].name, name) == 0)
			config_complain(c, line,
			    "[pair %s] is there twice, first in line %u", name,
			    c->pairs[i].line);
	c->pairs = config_grow(
	    c->arena, c->pairs, c->npairs, &c->cap_pairs, sizeof(*c->pairs));
	c->pairs[c->npairs] =
	    (struct config_pair){ .name = name, .line = line };
	return &c->pairs[c->npairs++].keys;
}

void
config_section(struct config *c, const char *title, unsigned line,
    struct config_keys **keys)
{
	size_t n = strcspn(title, BLANKS);
	const char *word = arena_memdup(c->arena, title, n);
	const char *name = title + n + strspn(title + n, BLANKS);
	bool named = *name != '\0';

	*keys = NULL;
	if (c->changes_only && strcmp(word, "changes") != 0)
		config_complain(c, line,
		    "[%s]: only [changes NAME] may stand in this file", word);
	else if (!is_one_of(word, sections, ARRAY_LEN(sections)))
		config_unknown(
		    c, line, "section", word, sections, ARRAY_LEN(sections));
	else if (strcmp(word, "defaults") == 0 && named)
		config_complain(c, line, "[defaults] has no name");
	else if (strcmp(word, "defaults") == 0 && c->defaults_line > 0)
		config_complain(c, line, "[defaults] stands in line %u already",
		    c->defaults_line);
	else if (strcmp(word, "defaults") == 0) {
		c->defaults_line = line;
		*keys = &c->defaults;
	} else if (!named)
		config_complain(
		    c, line, "[%s NAME]: the name is missing", word);
	else if (strcmp(word, "changes") == 0)
		*keys = config_add_changes(c, name, line);
	else
		*keys = word[0] == 'd' ? add_database(c, name, line)
		                       : add_pair(c, name, line);
}

/* --- what the keys mean --------------------------------------------------- */

void
config_check_once(struct config *c, const struct config_keys *keys,
    const char *const *known, size_t n)
{
	for (size_t i = 0; i < keys->n; i++) {
		const struct config_key *k = &keys->items[i];

		if (!is_one_of(k->name, known, n))
			continue;
		if (k->value[0] == '\0')
			config_complain(
			    c, k->line, "'%s' needs a value", k->name);
		for (size_t j = 0; j < i; j++)
			if (strcmp(keys->items[j].name, k->name) == 0) {
				config_complain(c, k->line,
				    "'%s' is there twice, first in line %u",
				    k->name, keys->items[j].line);
				break;
			}
	}
}

static void
check_database(struct config *c, const struct config_database *d)
{
	const struct config_key *first = NULL;

	config_check_once(c, &d->keys, database_keys, ARRAY_LEN(database_keys));
	for (size_t i = 0; i < d->keys.n; i++) {
		const struct config_key *k = &d->keys.items[i];

		if (!is_one_of(
			k->name, database_keys, ARRAY_LEN(database_keys)))
			config_unknown(c, k->line, "key", k->name,
			    database_keys, ARRAY_LEN(database_keys));
		else if (first == NULL)
			first = k;
		else if (strcmp(first->name, k->name) != 0)
			config_complain(c, k->line,
			    "'%s' and '%s': only one of them", first->name,
			    k->name);
	}
	if (first == NULL)
		config_complain(c, d->line,
		    "[database %s] needs one of url, url-file, url-env and "
		    "service",
		    d->name);
}

/* The pair's own, or that of [defaults]. */
static const struct config_key *
key_of(const struct config *c, const struct config_pair *p, const char *name)
{
	const struct config_key *k = config_find(&p->keys, name);

	return k != NULL ? k : config_find(&c->defaults, name);
}

static const char *
value_of(const struct config *c, const struct config_pair *p, const char *name)
{
	const struct config_key *k = key_of(c, p, name);

	return k != NULL ? k->value : NULL;
}

static struct config_database *
find_database(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->ndatabases; i++)
		if (strcmp(c->databases[i].name, name) == 0)
			return &c->databases[i];
	return NULL;
}

/* A mistyped name must not become the path of a file. */
static bool
is_url(const char *s)
{
	return strpbrk(s, ":/=.") != NULL;
}

static void
check_side(struct config *c, struct config_pair *p, enum side side)
{
	const char *key = side == SOURCE ? "source" : "target";
	const struct config_key *k = key_of(c, p, key);
	const char **names;

	if (k == NULL) {
		config_complain(
		    c, p->line, "[pair %s] has no %s", p->name, key);
		return;
	}
	p->side[side] = k->value;
	if (find_database(c, k->value) != NULL || is_url(k->value) ||
	    k->value[0] == '\0')
		return;
	names = arena_alloc(c->arena, (c->ndatabases + 1) * sizeof(*names));
	for (size_t i = 0; i < c->ndatabases; i++)
		names[i] = c->databases[i].name;
	config_unknown(
	    c, k->line, "[database]", k->value, names, c->ndatabases);
}

static void
check_mode(struct config *c, struct config_pair *p)
{
	const struct config_key *mode = key_of(c, p, "mode");

	if (mode == NULL)
		return;
	p->incremental = strcmp(mode->value, "incremental") == 0;
	if (!is_one_of(mode->value, modes, ARRAY_LEN(modes)))
		config_unknown(c, mode->line, "mode", mode->value, modes,
		    ARRAY_LEN(modes));
	else if (p->incremental && p->state == NULL)
		config_complain(c, mode->line,
		    "'mode = incremental' needs 'state-dir': what it goes on "
		    "from is kept there");
}

static void
check_pair(struct config *c, struct config_pair *p)
{
	const struct config_key *action = key_of(c, p, "action");
	const struct config_key *metrics = config_find(&p->keys, "metrics");
	const char *dir = value_of(c, p, "state-dir");

	config_check_once(c, &p->keys, own_keys, ARRAY_LEN(own_keys));
	if (metrics != NULL)
		config_complain(
		    c, metrics->line, "'metrics' belongs into [defaults]");
	check_side(c, p, SOURCE);
	check_side(c, p, TARGET);
	p->tables = value_of(c, p, "tables");
	p->action = action != NULL ? action->value : actions[0];
	if (!is_one_of(p->action, actions, ARRAY_LEN(actions))) {
		if (config_find(&p->keys, "action") != NULL)
			config_unknown(c, action->line, "action", p->action,
			    actions, ARRAY_LEN(actions));
		p->action = actions[0];
	}
	if (dir != NULL && dir[0] != '\0')
		p->state = history_path(c->arena, dir, p->name);
	check_mode(c, p);
}

static void
check_defaults(struct config *c)
{
	const struct config_key *action = config_find(&c->defaults, "action");
	const struct config_key *metrics = config_find(&c->defaults, "metrics");

	config_check_once(c, &c->defaults, own_keys, ARRAY_LEN(own_keys));
	if (action != NULL &&
	    !is_one_of(action->value, actions, ARRAY_LEN(actions)))
		config_unknown(c, action->line, "action", action->value,
		    actions, ARRAY_LEN(actions));
	if (metrics == NULL)
		return;
	c->metrics = metrics->value;
	if (config_find(&c->defaults, "state-dir") == NULL)
		config_complain(c, metrics->line,
		    "'metrics' needs 'state-dir': they come from there");
}

static enum status
read_file(struct config *c, struct err *err)
{
	FILE *fp = fopen(c->path, "re");
	enum status st;

	if (fp == NULL)
		return err_set(err, TU_EIO, "cannot read '%s': %s", c->path,
		    strerror(errno));
	st = config_lines(c, fp, err);
	fclose(fp);
	return st;
}

enum status
config_read(
    struct config *c, const char *path, struct arena *arena, struct err *err)
{
	enum status st;

	*c = (struct config){ .arena = arena, .path = path };
	st = read_file(c, err);
	if (st)
		return st;
	check_defaults(c);
	for (size_t i = 0; i < c->ndatabases; i++)
		check_database(c, &c->databases[i]);
	for (size_t i = 0; i < c->npairs; i++)
		check_pair(c, &c->pairs[i]);
	config_check_changes(c);
	if (c->npairs == 0)
		config_complain(c, 0, "there is no [pair NAME] in it");
	return TU_OK;
}

enum status
config_read_changes(
    struct config *c, const char *path, struct arena *arena, struct err *err)
{
	enum status st;

	*c = (struct config){
		.arena = arena, .path = path, .changes_only = true
	};
	st = read_file(c, err);
	if (st)
		return st;
	config_check_changes(c);
	if (c->nchanges == 0)
		config_complain(c, 0, "there is no [changes NAME] in it");
	return TU_OK;
}

/* --- where the databases are ---------------------------------------------- */

/* The first line; like a password, it is nobody else's business. */
static const char *
read_secret(struct config *c, const struct config_key *k)
{
	int fd = open(k->value, O_RDONLY | O_CLOEXEC);
	FILE *fp = fd >= 0 ? fdopen(fd, "r") : NULL;
	char *line = NULL, *url = NULL;
	size_t cap = 0;
	struct stat sb;

	if (fp == NULL || fstat(fd, &sb) != 0) {
		config_complain(c, k->line, "cannot read '%s': %s", k->value,
		    strerror(errno));
	} else if (S_ISREG(sb.st_mode) &&
		   (sb.st_mode & (S_IROTH | S_IWOTH)) != 0) {
		config_complain(c, k->line,
		    "'%s' is open to everybody; chmod o-rw closes it",
		    k->value);
	} else if (getline(&line, &cap, fp) < 0 || strcspn(line, "\r\n") == 0) {
		config_complain(
		    c, k->line, "the first line of '%s' is empty", k->value);
	} else {
		line[strcspn(line, "\r\n")] = '\0';
		url = arena_strdup(c->arena, line);
	}
	if (fp != NULL)
		fclose(fp);
	free(line);
	return url;
}

/* As a conninfo has it, https://www.postgresql.org/docs/current/
 * libpq-connect.html#LIBPQ-CONNSTRING-KEYWORD-VALUE */
static const char *
service_url(struct arena *arena, const char *name)
{
	struct buf url = BUF_INIT;
	const char *copy;

	buf_adds(&url, "service='");
	for (; *name != '\0'; name++) {
		if (*name == '\'' || *name == '\\')
			buf_addc(&url, '\\');
		buf_addc(&url, *name);
	}
	buf_addc(&url, '\'');
	copy = arena_strdup(arena, buf_str(&url));
	buf_free(&url);
	return copy;
}

static const char *
database_url(struct config *c, const struct config_database *d)
{
	const struct config_key *k;
	const char *url;

	if (d->keys.n == 0)
		return NULL;
	k = &d->keys.items[0];
	if (strcmp(k->name, "url") == 0)
		return k->value;
	if (strcmp(k->name, "service") == 0)
		return service_url(c->arena, k->value);
	if (strcmp(k->name, "url-file") == 0)
		return read_secret(c, k);
	if (strcmp(k->name, "url-env") != 0)
		return NULL;
	url = env_text(k->value);
	if (url == NULL)
		config_complain(c, k->line,
		    "the environment has no variable '%s'", k->value);
	return url;
}

const char *
config_url(struct config *c, const struct config_pair *pair, enum side side)
{
	const char *name = pair->side[side];
	struct config_database *d =
	    name != NULL ? find_database(c, name) : NULL;

	if (d == NULL)
		return name;
	if (!d->asked)
		d->url = database_url(c, d);
	d->asked = true;
	return d->url;
}
