#include <config.h>

#include "audit/config-int.h"

#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r\n"
/* inih keeps 49 bytes of a section's name and drops the rest in silence. */
#define TITLE_MAX 49
/* Stand for what inih would take for a comment. No line has control characters
 * of its own. */
#define SEMICOLON '\1'
#define HASH '\2'

struct reader {
	struct config *c;
	FILE *fp;
	char *line; /* getline()'s */
	size_t cap;
	unsigned number;
	struct config_keys *keys; /* of the section; NULL: not known */
	bool headed;
	bool goes_on; /* the line before ended in a backslash */
	bool joins;   /* this line is handed over as more of a value */
	bool dropped; /* nor is what goes on behind a bad line a key */
};

static char *
trim(char *s)
{
	size_t n;

	s += strspn(s, BLANKS);
	for (n = strlen(s); n > 0 && strchr(BLANKS, s[n - 1]) != NULL; n--)
		s[n - 1] = '\0';
	return s;
}

static bool
is_text(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (((unsigned char)s[i] < ' ' && s[i] != '\t') || s[i] == 127)
			return false;
	return true;
}

/* "[pair x]"; false: not a heading that anybody could use. */
static bool
read_heading(struct reader *r, const char *text)
{
	const char *end = strchr(text, ']');
	char *title;

	r->headed = true;
	r->keys = NULL;
	if (end == NULL || end[1] != '\0') {
		config_complain(r->c, r->number,
		    end == NULL ? "the heading of a section ends in ']'"
				: "nothing may follow the ']' of a heading");
		return false;
	}
	if (end - text - 1 > TITLE_MAX) {
		config_complain(r->c, r->number,
		    "the heading is longer than %d bytes", TITLE_MAX);
		return false;
	}
	title = arena_memdup(r->c->arena, text + 1, (size_t)(end - text) - 1);
	config_section(r->c, trim(title), r->number, &r->keys);
	return true;
}

static bool
is_sane(struct reader *r, const char *text)
{
	size_t name = strcspn(text, "=:");

	if (text[0] == '[')
		return read_heading(r, text);
	if (text[name] == '\0' || name == 0) {
		config_complain(r->c, r->number,
		    "neither a [SECTION] nor "
		    "KEY = VALUE");
		return false;
	}
	if (r->headed)
		return true;
	config_complain(r->c, r->number, "a key before the first [SECTION]");
	return false;
}

/* The text without blanks around it, or "" if there is nothing to hand over. */
static const char *
take(struct reader *r, char *text)
{
	size_t n;

	r->joins = r->goes_on && !r->dropped;
	if (!r->goes_on)
		r->dropped = false;
	text = trim(text);
	if (!r->goes_on && (text[0] == ';' || text[0] == '#' || !*text))
		return "";
	n = strlen(text);
	if (!r->goes_on && !is_sane(r, text))
		r->dropped = true;
	r->goes_on = n > 0 && text[n - 1] == '\\';
	if (r->goes_on) {
		text[n - 1] = '\0';
		text = trim(text);
	}
	return r->dropped ? "" : text;
}

/* As inih wants it: a line that goes on begins with a blank. */
static void
hand_over(struct reader *r, const char *text, char *out, size_t size)
{
	size_t n = 0;

	if (strlen(text) + 3 > size) {
		config_complain(r->c, r->number,
		    "the line is longer than %zu bytes; one that ends in a "
		    "backslash goes on in the next",
		    size - 3);
		r->dropped = true;
		text = "";
	}
	if (r->joins && text[0] != '\0')
		out[n++] = ' ';
	for (size_t i = 0; text[i] != '\0'; i++) {
		bool comment =
		    i == 0 ? r->joins : strchr(BLANKS, text[i - 1]) != NULL;

		out[n] = text[i];
		if (comment && text[i] == ';')
			out[n] = SEMICOLON;
		else if (comment && text[i] == '#')
			out[n] = HASH;
		n++;
	}
	out[n++] = '\n';
	out[n] = '\0';
}

/* An ini_reader: one line of the file for each call, so that inih and the
 * messages count the same. */
static char *
next_line(char *out, int size, void *stream)
{
	struct reader *r = stream;
	ssize_t n = getline(&r->line, &r->cap, r->fp);
	char *text = r->line;

	if (n < 0)
		return NULL;
	if (r->number++ == 0 && strncmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3;
	n -= text - r->line;
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		text[--n] = '\0';
	if (!is_text(text, (size_t)n)) {
		config_complain(
		    r->c, r->number, "a control character, so this is no text");
		text[0] = '\0';
	}
	hand_over(r, take(r, text), out, (size_t)size);
	return out;
}

static char *
give_back(struct arena *arena, const char *s)
{
	char *copy = arena_strdup(arena, s);

	for (char *p = copy; *p != '\0'; p++)
		if (*p == SEMICOLON || *p == HASH)
			*p = *p == HASH ? '#' : ';';
	return copy;
}

/* An ini_handler; what it is told about sections is known already. */
static int
on_key(void *user, const char *section, const char *name, const char *value)
{
	struct reader *r = user;
	struct arena *arena = r->c->arena;
	struct config_key *last;

	(void)section;
	if (r->keys == NULL)
		return 1;
	if (!r->joins) {
		config_key(r->c, r->keys, give_back(arena, name),
		    give_back(arena, value), r->number);
		return 1;
	}
	/* An inih built without values of many lines takes it for a key. */
	last = r->keys->n > 0 ? &r->keys->items[r->keys->n - 1] : NULL;
	if (last == NULL || strcmp(last->name, name) != 0)
		return 0;
	last->value = arena_printf(arena, "%s%s%s", last->value,
	    last->value[0] != '\0' ? " " : "", give_back(arena, value));
	return 1;
}

enum status
config_lines(struct config *c, FILE *fp, struct err *err)
{
	struct reader r = { .c = c, .fp = fp };
	int bad = ini_parse_stream(next_line, &r, on_key, &r);
	enum status st = TU_OK;

	if (ferror(fp))
		st = err_set(err, TU_EIO, "cannot read '%s': %s", c->path,
		    strerror(errno));
	else if (bad != 0)
		config_complain(c, bad > 0 ? (unsigned)bad : 0,
		    "inih cannot read the line");
	free(r.line);
	return st;
}
