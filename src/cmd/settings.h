/*
 * settings.h - what the command line asked for.
 *
 * Every command has one struct settings, and its option table is put together
 * from the groups below, so an option means the same wherever it exists.
 * Strings are those of argv.
 */
#ifndef TU_CMD_SETTINGS_H
#define TU_CMD_SETTINGS_H

#include "base/arena.h"
#include "cmd/opt.h"
#include "diff/plan.h"
#include "patch/limits.h"
#include "value/zone.h"

enum color_when {
	COLOR_AUTO,
	COLOR_ALWAYS,
	COLOR_NEVER,
};

/* --scrub was not given. */
#define SCRUB_DEFAULT UINT64_MAX

struct settings {
	/* Selection */
	const char *schema, *source_schema;
	struct opt_list tables, excludes, maps;
	struct opt_list columns, ex_columns, column_maps, keys;
	const char *where;
	const char *side_where[2]; /* by enum side */
	const char *query[2];
	bool common;

	/* Comparison */
	struct opt_list tolerances, folds;
	const char *assume_tz;
	struct zone zone; /* by assume_tz */
	bool strict, time_strict;
	int hash; /* 0 auto, else 1 + enum hash_kind */
	uint64_t leaf_rows, jobs;

	/* Incremental */
	const char *incremental, *changes;
	uint64_t scrub; /* days, or SCRUB_DEFAULT */

	/* Live pairs */
	uint64_t recheck, recheck_wait;

	/* Gentleness */
	const char *budget;
	uint64_t budget_seconds;     /* by budget, if given */
	uint64_t max_rate, max_load; /* 0: any */

	/* Output; format is an index into the command's own choices */
	int format;
	const char *output, *undo, *reject;
	int on_conflict; /* enum conflict_answer */
	int transaction; /* index into all, batch */
	const char *state;
	uint64_t rows;
	int color; /* enum color_when */
	bool quiet;
	bool redact;
	const char *redact_key;

	/* Writing */
	bool dry_run;
	bool partial; /* apply: what cannot be written may be left */
	bool ops[3];  /* by enum change_op: not left out */
	const char *max_delete, *max_changes; /* as given, or NULL */
	struct limits limits;

	/* Audit */
	bool check, connect;
	const char *every;
	uint64_t interval; /* seconds by every; 0: not given */

	/* Status */
	const char *max_age;
	uint64_t max_age_seconds; /* 0: any */
	bool json, all;

	/* Accept */
	const char *reason;
	bool list, forget;

	/* Change tables */
	uint64_t lock_timeout, keep; /* seconds, days */

	/* General */
	int verbose;
	bool trace_sql, progress, help;
	uint64_t log_progress; /* seconds, 0: not */

	/* help */
	int completion; /* 0 none, then as the choices */
	const char *man_options;
};

void settings_init(struct settings *set);

/* What one option table row cannot check: values that contradict, syntax. Once
 * for each object. */
enum status settings_check(struct settings *set, struct err *err);

/* A named --assume-tz becomes the process's zone. */
void settings_use_zone(const struct settings *set);

/* Groups of options for a command's table. */
void settings_selection(struct opt_table *table, struct settings *set);
void settings_comparison(struct opt_table *table, struct settings *set);
void settings_incremental(struct opt_table *table, struct settings *set);
void settings_live(struct opt_table *table, struct settings *set);
void settings_gentle(struct opt_table *table, struct settings *set);
void settings_output(struct opt_table *table, struct settings *set);
void settings_writing(struct opt_table *table, struct settings *set);
void settings_patching(struct opt_table *table, struct settings *set);
void settings_general(struct opt_table *table, struct settings *set);

/*
 * The selection for plan_make(). tables are operands to add to --table. The
 * result points into set and the arena.
 */
struct selection settings_select(
    struct settings *set, char **tables, size_t ntables, struct arena *arena);

/* By --color, NO_COLOR (https://no-color.org) and the terminal. */
bool settings_color(const struct settings *set, FILE *out);

#endif
