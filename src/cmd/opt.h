/*
 * opt.h - command-line options as a table.
 *
 * One table per command is the only description of its options. It drives
 * getopt_long(3), --help, the shell completion and the OPTIONS section of the
 * manual page, so these cannot disagree. Tables are local to the function that
 * parses, and point at local variables: no option is a global.
 */
#ifndef TU_CMD_OPT_H
#define TU_CMD_OPT_H

#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"

enum opt_kind {
	OPT_K_END = 0,
	OPT_K_GROUP, /* a heading in --help */
	OPT_K_FLAG,  /* bool; --no-NAME resets it */
	OPT_K_OFF, /* bool that starts out true and is documented as --no-NAME;
	            * --NAME sets it again */
	OPT_K_COUNT, /* int, one more each time */
	OPT_K_STR,   /* const char * */
	OPT_K_U64,   /* uint64_t with min and max */
	OPT_K_ENUM,  /* int, index into choices */
	OPT_K_LIST,  /* struct opt_list, one more string each time */
	OPT_K_WORDS, /* struct opt_list, each value split at commas */
};

/* Strings in the order given; items ends in NULL and is NULL while empty. */
struct opt_list {
	size_t n, cap;
	const char **items;
};

void opt_list_add(struct opt_list *list, struct arena *arena, const char *s);

struct opt {
	enum opt_kind kind;
	char letter;      /* 0 for none */
	const char *name; /* without the dashes */
	void *value;
	const char *arg;            /* upper case, e.g. "FILE" */
	const char *help;           /* lower case, no full stop */
	const char *const *choices; /* OPT_K_ENUM, NULL-terminated */
	uint64_t min, max;          /* OPT_K_U64 */
	bool hidden; /* in no help: for the build and the tests */
};

/* One constructor per kind; "1 ? v : (T *)0" checks the type of v. */
/* clang-format off */
#define OPT_GROUP(title) { .kind = OPT_K_GROUP, .help = (title) }
#define OPT_FLAG(l, n, v, h) \
	{ .kind = OPT_K_FLAG, .letter = (l), .name = (n), \
	  .value = (1 ? (v) : (bool *)0), .help = (h) }
#define OPT_COUNT(l, n, v, h) \
	{ .kind = OPT_K_COUNT, .letter = (l), .name = (n), \
	  .value = (1 ? (v) : (int *)0), .help = (h) }
#define OPT_STR(l, n, v, a, h) \
	{ .kind = OPT_K_STR, .letter = (l), .name = (n), \
	  .value = (1 ? (v) : (const char **)0), .arg = (a), .help = (h) }
#define OPT_U64(l, n, v, a, lo, hi, h) \
	{ .kind = OPT_K_U64, .letter = (l), .name = (n), \
	  .value = (1 ? (v) : (uint64_t *)0), .arg = (a), .help = (h), \
	  .min = (lo), .max = (hi) }
#define OPT_ENUM(l, n, v, a, c, h) \
	{ .kind = OPT_K_ENUM, .letter = (l), .name = (n), \
	  .value = (1 ? (v) : (int *)0), .arg = (a), .choices = (c), \
	  .help = (h) }
#define OPT_OFF(l, n, v, h) \
	{ .kind = OPT_K_OFF, .letter = (l), .name = (n), \
	  .value = (1 ? (v) : (bool *)0), .help = (h) }
#define OPT_LIST(l, n, v, a, h) \
	{ .kind = OPT_K_LIST, .letter = (l), .name = (n), \
	  .value = (1 ? (v) : (struct opt_list *)0), .arg = (a), .help = (h) }
#define OPT_WORDS(l, n, v, a, h) \
	{ .kind = OPT_K_WORDS, .letter = (l), .name = (n), \
	  .value = (1 ? (v) : (struct opt_list *)0), .arg = (a), .help = (h) }
#define OPT_END { .kind = OPT_K_END }
/* clang-format on */

/* The longest table that opt_parse() takes, OPT_END not counted. */
#define OPT_MAX 64

/*
 * A table put together from parts: several commands share their selection
 * options, say. Adding more than OPT_MAX rows is a bug that opt_check() of the
 * result reports; rows beyond are dropped.
 */
struct opt_table {
	size_t n;
	struct opt rows[OPT_MAX + 1]; /* zeroed, so it ends in OPT_END */
};

void opt_table_add(struct opt_table *table, const struct opt *rows, size_t n);

/*
 * Parse argv[1..], which is permuted so that options come first. On success
 * *first is the index of the first operand. Options and operands may be mixed;
 * "--" ends the options. Strings stay in argv; lists live in the arena.
 */
enum status opt_parse(const struct opt *opts, struct arena *arena, int argc,
    char **argv, int *first, struct err *err);

/*
 * The row of an option by its name, or by "no-NAME" for one that is on or off:
 * then *on is false. NULL: there is none.
 */
const struct opt *opt_find(const struct opt *opts, const char *name, bool *on);

/*
 * Set it from a file, as "name = value": with the checks of the command line,
 * and messages without dashes. What is on or off says so in a word, what counts
 * says a number. on is what opt_find() said.
 */
enum status opt_set(const struct opt *o, bool on, struct arena *arena,
    const char *value, struct err *err);

/* May it be given several times? */
bool opt_repeats(const struct opt *o);

/* True if the option is followed by a value. */
bool opt_takes_arg(const struct opt *o);

/* Print the table for --help. */
void opt_help(const struct opt *opts, FILE *out);

/* Print the table as man(7) source, a .SS for each group. */
void opt_man(const struct opt *opts, FILE *out);

/* Report the first mistake in a table, or NULL. Called by a unit test. */
const char *opt_check(const struct opt *opts);

#endif
