#include <config.h>

#include "cmd/opt.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"

#define VAL_LONG 0x100 /* getopt value of table entry i is VAL_LONG+i */
#define VAL_NO 0x200   /* the same, for --no-NAME */
#define HELP_COLUMN 28

bool
opt_takes_arg(const struct opt *o)
{
	return o->kind == OPT_K_STR || o->kind == OPT_K_U64 ||
	       o->kind == OPT_K_ENUM || o->kind == OPT_K_LIST ||
	       o->kind == OPT_K_WORDS;
}

static bool
is_switch(const struct opt *o)
{
	return o->kind == OPT_K_FLAG || o->kind == OPT_K_OFF;
}

bool
opt_repeats(const struct opt *o)
{
	return o->kind == OPT_K_LIST || o->kind == OPT_K_WORDS;
}

void
opt_list_add(struct opt_list *list, struct arena *arena, const char *s)
{
	if (list->n + 1 >= list->cap) {
		size_t cap = list->cap ? 2 * list->cap : 8;
		const char **items = arena_alloc(arena, cap * sizeof(*items));

		if (list->n > 0)
			memcpy(items, list->items, list->n * sizeof(*items));
		list->items = items;
		list->cap = cap;
	}
	list->items[list->n++] = s;
	list->items[list->n] = NULL;
}

void
opt_table_add(struct opt_table *table, const struct opt *rows, size_t n)
{
	for (size_t i = 0; i < n && table->n < OPT_MAX; i++)
		table->rows[table->n++] = rows[i];
}

static enum status
store_u64(const struct opt *o, const char *arg, struct err *err)
{
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(arg, &end, 10);
	if (errno != 0 || end == arg || *end != '\0' || strchr(arg, '-'))
		return err_set(err, TU_EUSAGE, "--%s needs a number, not '%s'",
		    o->name, arg);
	if (n < o->min || n > o->max)
		return err_set(err, TU_EUSAGE,
		    "--%s must be between %llu and %llu", o->name,
		    (unsigned long long)o->min, (unsigned long long)o->max);
	*(uint64_t *)o->value = n;
	return TU_OK;
}

static enum status
store_enum(const struct opt *o, const char *arg, struct err *err)
{
	struct nearest near;

	nearest_init(&near, arg);
	for (int i = 0; o->choices[i] != NULL; i++) {
		if (strcmp(arg, o->choices[i]) == 0) {
			*(int *)o->value = i;
			return TU_OK;
		}
		nearest_try(&near, o->choices[i]);
	}
	err_set(err, TU_EUSAGE, "--%s does not know '%s'", o->name, arg);
	return near.found == NULL
	           ? TU_EUSAGE
	           : err_append(err, "; is '%s' meant?", near.found);
}

static enum status
store_words(
    const struct opt *o, struct arena *arena, const char *arg, struct err *err)
{
	for (;;) {
		size_t n = strcspn(arg, ",");

		if (n == 0)
			return err_set(err, TU_EUSAGE,
			    "--%s has an empty name in its list", o->name);
		opt_list_add(o->value, arena, arena_memdup(arena, arg, n));
		if (arg[n] == '\0')
			return TU_OK;
		arg += n + 1;
	}
}

static enum status
store(const struct opt *o, struct arena *arena, const char *arg, bool on,
    struct err *err)
{
	switch (o->kind) {
	case OPT_K_FLAG:
	case OPT_K_OFF:
		*(bool *)o->value = on;
		return TU_OK;
	case OPT_K_COUNT:
		++*(int *)o->value;
		return TU_OK;
	case OPT_K_STR:
		*(const char **)o->value = arg;
		return TU_OK;
	case OPT_K_U64:
		return store_u64(o, arg, err);
	case OPT_K_ENUM:
		return store_enum(o, arg, err);
	case OPT_K_LIST:
		opt_list_add(o->value, arena, arg);
		return TU_OK;
	case OPT_K_WORDS:
		return store_words(o, arena, arg, err);
	case OPT_K_END:
	case OPT_K_GROUP:
		break;
	}
	return err_set(err, TU_EBUG, "option table entry of kind %d", o->kind);
}

const struct opt *
opt_find(const struct opt *opts, const char *name, bool *on)
{
	for (const struct opt *o = opts; o->kind != OPT_K_END; o++) {
		*on = true;
		if (o->kind == OPT_K_GROUP)
			continue;
		if (strcmp(o->name, name) == 0)
			return o;
		*on = false;
		if (is_switch(o) && strncmp(name, "no-", 3) == 0 &&
		    strcmp(o->name, name + 3) == 0)
			return o;
	}
	return NULL;
}

static enum status
parse_switch(const struct opt *o, const char *word, bool *on, struct err *err)
{
	static const char *const words[] = { "false", "no", "off", "true",
		"yes", "on" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(word, words[i]) != 0)
			continue;
		*on = *on == (i >= ARRAY_LEN(words) / 2);
		return TU_OK;
	}
	return err_set(
	    err, TU_EUSAGE, "--%s is yes or no, not '%s'", o->name, word);
}

static enum status
store_count(const struct opt *o, const char *value, struct err *err)
{
	uint64_t n = 0;
	const struct opt number = { .name = o->name, .value = &n, .max = 9 };

	if (store_u64(&number, value, err))
		return err->status;
	*(int *)o->value = (int)n;
	return TU_OK;
}

enum status
opt_set(const struct opt *o, bool on, struct arena *arena, const char *value,
    struct err *err)
{
	enum status st;

	if (value[0] == '\0') {
		st = err_set(err, TU_EUSAGE, "--%s needs a value", o->name);
	} else if (o->kind == OPT_K_COUNT) {
		st = store_count(o, value, err);
	} else {
		st = is_switch(o) ? parse_switch(o, value, &on, err) : TU_OK;
		if (st == TU_OK)
			st = store(o, arena, value, on, err);
	}
	if (st && strncmp(err->msg, "--", 2) == 0)
		memmove(err->msg, err->msg + 2, strlen(err->msg + 2) + 1);
	return st;
}

/* The table in the form getopt_long(3) wants. */
struct getopt_table {
	struct option longs[2 * OPT_MAX + 1];
	char no_names[OPT_MAX][32];
	char shorts[2 * OPT_MAX + 2];
};

static enum status
make_getopt_table(
    const struct opt *opts, struct getopt_table *t, struct err *err)
{
	size_t nlongs = 0, nshorts = 0;

	t->shorts[nshorts++] = ':'; /* tell a missing value from junk */
	for (int i = 0; opts[i].kind != OPT_K_END; i++) {
		const struct opt *o = &opts[i];
		int has_arg =
		    opt_takes_arg(o) ? required_argument : no_argument;

		if (o->kind == OPT_K_GROUP)
			continue;
		if (i >= OPT_MAX)
			return err_set(err, TU_EBUG, "option table too long");
		t->longs[nlongs++] =
		    (struct option){ o->name, has_arg, NULL, VAL_LONG + i };
		if (is_switch(o)) {
			snprintf(t->no_names[i], sizeof(t->no_names[i]),
			    "no-%s", o->name);
			t->longs[nlongs++] = (struct option){ t->no_names[i],
				no_argument, NULL, VAL_NO + i };
		}
		if (o->letter) {
			t->shorts[nshorts++] = o->letter;
			if (opt_takes_arg(o))
				t->shorts[nshorts++] = ':';
		}
	}
	t->longs[nlongs] = (struct option){ 0 };
	t->shorts[nshorts] = '\0';
	return TU_OK;
}

static enum status
complain(int c, char **argv, struct err *err)
{
	const char *word = argv[optind - 1];

	if (c == ':')
		return err_set(
		    err, TU_EUSAGE, "option '%s' needs a value", word);
	if (optopt >= VAL_LONG)
		return err_set(err, TU_EUSAGE, "option '%.*s' takes no value",
		    (int)strcspn(word, "="), word);
	if (optopt > 0)
		return err_set(err, TU_EUSAGE, "unknown option '-%c'", optopt);
	return err_set(err, TU_EUSAGE, "unknown option '%s'", word);
}

enum status
opt_parse(const struct opt *opts, struct arena *arena, int argc, char **argv,
    int *first, struct err *err)
{
	struct getopt_table table;
	enum status st = make_getopt_table(opts, &table, err);
	int c;

	if (st)
		return st;
	optind = 0; /* glibc, musl: start afresh */
	opterr = 0;
	while ((c = getopt_long(argc, argv, table.shorts, table.longs, NULL)) !=
	       -1) {
		const struct opt *o = opts;

		if (c == ':' || c == '?')
			return complain(c, argv, err);
		if (c >= VAL_LONG)
			o = &opts[c & (VAL_LONG - 1)];
		else
			while (o->letter != c)
				o++;
		/* A letter of OPT_OFF means what the manual shows. */
		st = store(o, arena, optarg,
		    c < VAL_LONG ? o->kind != OPT_K_OFF : c < VAL_NO, err);
		if (st)
			return st;
	}
	*first = optind;
	return TU_OK;
}

/* "a, b or c" */
static void
print_choices(const struct opt *o, FILE *out)
{
	for (int i = 0; o->choices[i] != NULL; i++) {
		const char *before = ", ";

		if (i == 0)
			before = ": ";
		else if (o->choices[i + 1] == NULL)
			before = " or ";
		fprintf(out, "%s%s", before, o->choices[i]);
	}
}

static void
help_row(const struct opt *o, FILE *out)
{
	char left[64];
	int n;

	n = snprintf(left, sizeof(left), "  %c%c%s --%s%s%s%s",
	    o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
	    o->letter ? "," : " ", o->kind == OPT_K_OFF ? "no-" : "", o->name,
	    o->arg ? "=" : "", o->arg ? o->arg : "");
	if (n < HELP_COLUMN - 1)
		fprintf(out, "%-*s%s", HELP_COLUMN, left, o->help);
	else
		fprintf(out, "%s\n%*s%s", left, HELP_COLUMN, "", o->help);
	if (o->kind == OPT_K_ENUM)
		print_choices(o, out);
	putc('\n', out);
}

void
opt_help(const struct opt *opts, FILE *out)
{
	for (const struct opt *o = opts; o->kind != OPT_K_END; o++) {
		if (o->kind == OPT_K_GROUP)
			fprintf(out, "%s%s:\n", o == opts ? "" : "\n", o->help);
		else if (!o->hidden)
			help_row(o, out);
	}
}

/* A minus sign that can be pasted into a shell, no escapes, no requests. */
static void
man_text(const char *s, FILE *out)
{
	if (*s == '.' || *s == '\'')
		fputs("\\&", out);
	for (; *s != '\0'; s++) {
		if (*s == '-')
			fputs("\\-", out);
		else if (*s == '\\')
			fputs("\\e", out);
		else
			putc(*s, out);
	}
}

void
opt_man(const struct opt *opts, FILE *out)
{
	for (const struct opt *o = opts; o->kind != OPT_K_END; o++) {
		if (o->kind == OPT_K_GROUP) {
			fprintf(out, ".SS %s\n", o->help);
			continue;
		}
		if (o->hidden)
			continue;
		fputs(".TP\n.BR ", out);
		if (o->letter)
			fprintf(out, "\\-%c \", \" ", o->letter);
		fputs("\\-\\-", out);
		man_text(o->kind == OPT_K_OFF ? "no-" : "", out);
		man_text(o->name, out);
		if (o->arg)
			fprintf(out, "=\\fI%s\\fP", o->arg);
		putc('\n', out);
		man_text(o->help, out);
		if (o->kind == OPT_K_ENUM)
			print_choices(o, out);
		putc('\n', out);
	}
}

const char *
opt_check(const struct opt *opts)
{
	size_t n = 0;

	for (const struct opt *o = opts; o->kind != OPT_K_END; o++) {
		if (++n >= OPT_MAX)
			return "the table is too long";
		if (o->kind == OPT_K_GROUP)
			continue;
		if (o->name == NULL || o->value == NULL || o->help == NULL)
			return "an option lacks a name, a value or a help text";
		if (opt_takes_arg(o) != (o->arg != NULL))
			return o->name;
		if (o->kind == OPT_K_ENUM && o->choices == NULL)
			return o->name;
		for (const struct opt *p = o + 1; p->kind != OPT_K_END; p++) {
			if (p->kind == OPT_K_GROUP)
				continue;
			if (strcmp(p->name, o->name) == 0 ||
			    (o->letter && p->letter == o->letter))
				return o->name;
		}
	}
	return NULL;
}
