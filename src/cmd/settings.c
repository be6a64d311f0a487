#include <config.h>

#include "cmd/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "diff/change.h"
#include "patch/apply.h"
#include "patch/report.h"

#define DEFAULT_ROWS 10
#define DEFAULT_HTML_ROWS 200
#define NO_ROWS UINT64_MAX /* --rows was not given */
#define MAX_ROWS 10000 /* a table's text is kept until its heading is known */
#define DEFAULT_MAX_DELETE 50.0
#define LOOKS_MAX 20
#define DEFAULT_RECHECK_WAIT 2
#define INTERVAL_DIGITS 7
#define DEFAULT_LOCK_TIMEOUT 5
#define DEFAULT_KEEP 7

static const char *const hashes[] = { "auto", "stream", "md5", "sha256",
	"record", NULL };
static const char *const colors[] = { "auto", "always", "never", NULL };
/* In the order of enum report_format. */
static const char *const formats[] = { "text", "stat", "rows", "sql", "json",
	"csv", "html", NULL };

static const char *const transactions[] = { "all", "batch", NULL };
static const char *const answers[] = { /* by enum conflict_answer */
	"abort", "skip", "replace", NULL
};

void
settings_init(struct settings *set)
{
	*set = (struct settings){
		.jobs = 1,
		.rows = NO_ROWS,
		.ops = { true, true, true },
		.limits.deletes = { DEFAULT_MAX_DELETE, UINT64_MAX, false },
		.limits.changes = { -1, UINT64_MAX, false },
		.scrub = SCRUB_DEFAULT,
		.lock_timeout = DEFAULT_LOCK_TIMEOUT,
		.keep = DEFAULT_KEEP,
		.progress = true,
	};
}

void
settings_selection(struct opt_table *table, struct settings *set)
{
	const struct opt rows[] = {
		OPT_GROUP("Selection"),
		OPT_STR(0, "schema", &set->schema, "NAME",
		    "compare the tables of this schema"),
		OPT_STR(0, "source-schema", &set->source_schema, "NAME",
		    "the source's schema, if it has another name"),
		OPT_LIST('t', "table", &set->tables, "PATTERN",
		    "compare tables that match; may be repeated"),
		OPT_LIST('T', "exclude-table", &set->excludes, "PATTERN",
		    "leave out tables that match; may be repeated"),
		OPT_LIST(0, "map", &set->maps, "SRC:DST",
		    "compare table SRC of the source with DST of the target"),
		OPT_WORDS(0, "columns", &set->columns, "LIST",
		    "compare only these columns, [TABLE.]PATTERN,..."),
		OPT_WORDS(0, "exclude-columns", &set->ex_columns, "LIST",
		    "leave out these columns, [TABLE.]PATTERN,..."),
		OPT_LIST(0, "map-column", &set->column_maps, "[T.]A:B",
		    "compare column A of the source with B of the target"),
		OPT_LIST(0, "key", &set->keys, "[T:]A,B",
		    "columns that identify a row, or 'none'"),
		OPT_STR(0, "where", &set->where, "SQL",
		    "compare only rows for which this holds, on both sides"),
		OPT_STR(0, "source-where", &set->side_where[SOURCE], "SQL",
		    "the same, only on the source"),
		OPT_STR(0, "target-where", &set->side_where[TARGET], "SQL",
		    "the same, only on the target"),
		OPT_STR(0, "source-query", &set->query[SOURCE], "SQL",
		    "compare the rows of this query instead of a table"),
		OPT_STR(0, "target-query", &set->query[TARGET], "SQL",
		    "the same for the target"),
		OPT_FLAG(0, "common", &set->common,
		    "ignore tables and columns that only one side has"),
	};

	opt_table_add(table, rows, ARRAY_LEN(rows));
}

void
settings_comparison(struct opt_table *table, struct settings *set)
{
	const struct opt rows[] = {
		OPT_GROUP("Comparison"),
		OPT_LIST(0, "tolerance", &set->tolerances, "[COLUMN=]N",
		    "numbers, or times (us, ms, s), so near are equal"),
		OPT_LIST(0, "fold", &set->folds, "[COLUMN=]RULE,...",
		    "what is taken for equal; see trueup-diff(1)"),
		OPT_STR(0, "assume-tz", &set->assume_tz, "ZONE",
		    "zone of times without one against those with (UTC)"),
		OPT_FLAG(0, "strict", &set->strict,
		    "digits that the target cannot hold are a difference"),
		OPT_FLAG(0, "time-strict", &set->time_strict,
		    "the same for digits of a second only"),
		OPT_ENUM(0, "hash", &set->hash, "KIND", hashes,
		    "what is summed up over rows"),
		OPT_U64(0, "leaf-rows", &set->leaf_rows, "N", 1, 1 << 20,
		    "rows that one sum covers (default: by size)"),
		OPT_U64('j', "jobs", &set->jobs, "N", 1, 64,
		    "connections per side (default: 1)"),
	};

	opt_table_add(table, rows, ARRAY_LEN(rows));
}

void
settings_live(struct opt_table *table, struct settings *set)
{
	const struct opt rows[] = {
		OPT_GROUP("Live pairs"),
		OPT_U64(0, "recheck", &set->recheck, "N", 1, LOOKS_MAX,
		    "look again up to N times: only what lasts differs"),
		OPT_U64(0, "recheck-wait", &set->recheck_wait, "SECONDS", 1,
		    3600, "until the second look (default: 2)"),
	};

	opt_table_add(table, rows, ARRAY_LEN(rows));
}

void
settings_gentle(struct opt_table *table, struct settings *set)
{
	const struct opt rows[] = {
		OPT_GROUP("On busy servers"),
		OPT_STR(0, "budget", &set->budget, "TIME",
		    "stop after 30s, 15m, 6h or 1d; see trueup-diff(1)"),
		OPT_U64(0, "max-rate", &set->max_rate, "ROWS", 1, 1000000000,
		    "read at most so many rows a second of each side"),
		OPT_U64(0, "max-load", &set->max_load, "N", 1, 1000000,
		    "wait while more than N sessions of a server are active"),
	};

	opt_table_add(table, rows, ARRAY_LEN(rows));
}

void
settings_incremental(struct opt_table *table, struct settings *set)
{
	const struct opt rows[] = {
		OPT_GROUP("Incremental"),
		OPT_STR(0, "incremental", &set->incremental, "FILE",
		    "compare what changed since the run that wrote FILE"),
		OPT_STR(0, "changes", &set->changes, "FILE",
		    "change tables of others: [changes], trueup.conf(5)"),
		OPT_U64(0, "scrub", &set->scrub, "DAYS", 0, 3650,
		    "compare the rest bit by bit, all in DAYS (28); 0: not"),
	};

	opt_table_add(table, rows, ARRAY_LEN(rows));
}

void
settings_output(struct opt_table *table, struct settings *set)
{
	const struct opt rows[] = {
		OPT_GROUP("Output"),
		OPT_ENUM(
		    'f', "format", &set->format, "FORMAT", formats, "one of"),
		OPT_STR('o', "output", &set->output, "FILE",
		    "write the result there, complete or not at all"),
		OPT_STR(0, "undo", &set->undo, "FILE",
		    "write an SQL patch there that takes it all back"),
		OPT_U64(0, "rows", &set->rows, "N", 0, MAX_ROWS,
		    "differences shown of a table: text 10, html 200"),
		OPT_ENUM(
		    0, "color", &set->color, "WHEN", colors, "colour the text"),
		OPT_FLAG(0, "redact", &set->redact,
		    "show a keyed hash of every value, keys included"),
		OPT_STR(0, "redact-key", &set->redact_key, "FILE",
		    "the same, with this key: runs can be compared"),
		OPT_FLAG('q', "quiet", &set->quiet,
		    "print no result, only exit with a status"),
	};

	opt_table_add(table, rows, ARRAY_LEN(rows));
}

/* What may be in the way of writing. */
static void
add_limits(struct opt_table *table, struct settings *set)
{
	const struct opt rows[] = {
		OPT_STR(0, "max-delete", &set->max_delete, "N[%]",
		    "most rows a table may lose (default: 50%)"),
		OPT_STR(0, "max-changes", &set->max_changes, "N[%]",
		    "most rows a table may see changed (default: any)"),
		OPT_ENUM(0, "transaction", &set->transaction, "WHAT",
		    transactions, "what is committed at once"),
		OPT_STR(0, "state", &set->state, "FILE",
		    "in batches: what a push that was cut short goes on from"),
		OPT_ENUM(0, "on-conflict", &set->on_conflict, "ANSWER", answers,
		    "rows changed meanwhile"),
		OPT_STR(0, "reject", &set->reject, "FILE",
		    "write an SQL patch there of the rows left alone"),
	};

	opt_table_add(table, rows, ARRAY_LEN(rows));
}

void
settings_writing(struct opt_table *table, struct settings *set)
{
	const struct opt rows[] = {
		OPT_GROUP("Writing"),
		OPT_FLAG(
		    'n', "dry-run", &set->dry_run, "do everything but write"),
		OPT_OFF(
		    0, "insert", &set->ops[CHANGE_INSERT], "insert no rows"),
		OPT_OFF(
		    0, "update", &set->ops[CHANGE_UPDATE], "update no rows"),
		OPT_OFF(
		    0, "delete", &set->ops[CHANGE_DELETE], "delete no rows"),
	};

	opt_table_add(table, rows, ARRAY_LEN(rows));
	add_limits(table, set);
}

void
settings_patching(struct opt_table *table, struct settings *set)
{
	const struct opt rows[] = {
		OPT_GROUP("Writing of apply"),
		OPT_FLAG('n', "check", &set->dry_run,
		    "only say what would be written"),
		OPT_STR(0, "schema", &set->schema, "NAME",
		    "write to the tables of this schema"),
		OPT_FLAG(0, "partial", &set->partial,
		    "leave out what the target cannot hold"),
		OPT_STR(0, "undo", &set->undo, "FILE",
		    "write an SQL patch there that takes it all back"),
		OPT_FLAG('q', "quiet", &set->quiet,
		    "print no result, only exit with a status"),
	};

	opt_table_add(table, rows, ARRAY_LEN(rows));
	add_limits(table, set);
}

void
settings_general(struct opt_table *table, struct settings *set)
{
	const struct opt rows[] = {
		OPT_GROUP("General"),
		OPT_COUNT('v', "verbose", &set->verbose,
		    "say more on stderr; twice: still more"),
		OPT_FLAG(0, "trace-sql", &set->trace_sql,
		    "show every SQL statement on stderr"),
		OPT_OFF(0, "progress", &set->progress,
		    "no progress line on a terminal"),
		OPT_U64(0, "log-progress", &set->log_progress, "SECONDS", 1,
		    86400, "print it as a line on stderr that often, for logs"),
		OPT_FLAG('h', "help", &set->help, "show this help"),
	};

	opt_table_add(table, rows, ARRAY_LEN(rows));
}

/* "N" rows or "N%" of a table's. */
static enum status
parse_limit(
    const char *option, const char *s, struct limit *limit, struct err *err)
{
	size_t digits = strspn(s, "0123456789");
	bool percent = s[digits] == '%' && s[digits + 1] == '\0';
	unsigned long long n;

	errno = 0;
	n = strtoull(s, NULL, 10);
	if (digits == 0 || errno != 0 || (s[digits] != '\0' && !percent))
		return err_set(err, TU_EUSAGE,
		    "%s needs a number or a percentage, not '%s'", option, s);
	if (percent && n > 100)
		return err_set(
		    err, TU_EUSAGE, "%s cannot be more than 100%%", option);
	limit->percent = percent ? (double)n : -1;
	limit->rows = percent ? UINT64_MAX : n;
	limit->given = true;
	return TU_OK;
}

/* "30s", "15m", "6h", "1d" */
static enum status
parse_interval(const char *option, const char *s, bool zero, uint64_t *seconds,
    struct err *err)
{
	static const char units[] = "smhd";
	static const unsigned lengths[] = { 1, 60, 3600, 86400 };
	size_t digits = strspn(s, "0123456789");
	const char *unit = s[digits] ? strchr(units, s[digits]) : NULL;

	if (digits == 0 || digits > INTERVAL_DIGITS || unit == NULL ||
	    s[digits + 1] != '\0' || (atol(s) == 0 && !zero))
		return err_set(err, TU_EUSAGE,
		    "%s needs a number and a unit, such as 30s, 15m, 6h or "
		    "1d, not '%s'",
		    option, s);
	*seconds = (uint64_t)atol(s) * lengths[unit - units];
	return TU_OK;
}

/* The C library knows a zone by its file, and takes any other name for UTC. */
static bool
is_zone_name(const char *name)
{
	const char *dir = getenv("TZDIR");
	char path[512];
	int n = snprintf(path, sizeof(path), "%s/%s",
	    dir != NULL ? dir : "/usr/share/zoneinfo", name);
	struct stat sb;

	return name[0] != '\0' && name[0] != '/' &&
	       strstr(name, "..") == NULL && n > 0 &&
	       (size_t)n < sizeof(path) && stat(path, &sb) == 0 &&
	       S_ISREG(sb.st_mode);
}

static enum status
parse_zone(struct settings *set, struct err *err)
{
	const char *name = set->assume_tz;

	set->zone.name = name;
	set->zone.fixed = zone_offset(name, &set->zone.offset);
	if (set->zone.fixed)
		return TU_OK;
	if (!is_zone_name(name)) {
		err_set(err, TU_EUSAGE, "--assume-tz: no time zone '%s'", name);
		return err_hint(err,
		    "+02:00, or a name such as Europe/Berlin (package tzdata)");
	}
	return TU_OK;
}

void
settings_use_zone(const struct settings *set)
{
	if (set->assume_tz == NULL || set->zone.fixed)
		return;
	setenv("TZ", set->assume_tz, 1);
	tzset();
}

/* Each file is another's place. */
static enum status
check_files(const struct settings *set, struct err *err)
{
	const struct {
		const char *option, *path;
	} files[] = { { "--output", set->output }, { "--undo", set->undo },
		{ "--reject", set->reject }, { "--state", set->state },
		{ "--incremental", set->incremental } };

	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		for (size_t j = i + 1; j < ARRAY_LEN(files); j++)
			if (files[i].path != NULL && files[j].path != NULL &&
			    strcmp(files[i].path, files[j].path) == 0)
				return err_set(err, TU_EUSAGE,
				    "%s and %s name the same file",
				    files[i].option, files[j].option);
	return TU_OK;
}

/* What has values in it whatever happens. */
static enum status
check_redact(struct settings *set, struct err *err)
{
	const struct {
		const char *option;
		bool given;
	} all[] = { { "--format=sql", set->format == REPORT_SQL },
		{ "--undo", set->undo != NULL },
		{ "--reject", set->reject != NULL },
		{ "--trace-sql", set->trace_sql } };

	set->redact |= set->redact_key != NULL;
	for (size_t i = 0; set->redact && i < ARRAY_LEN(all); i++)
		if (all[i].given)
			return err_set(err, TU_EUSAGE,
			    "--redact and %s contradict: SQL has the values "
			    "in it",
			    all[i].option);
	return TU_OK;
}

enum status
settings_check(struct settings *set, struct err *err)
{
	if (set->assume_tz != NULL && parse_zone(set, err))
		return err->status;
	if (check_files(set, err) || check_redact(set, err))
		return TU_EUSAGE;
	if (set->reject != NULL && set->on_conflict != CONFLICT_SKIP)
		return err_set(
		    err, TU_EUSAGE, "--reject needs --on-conflict=skip");
	if ((set->transaction != 0) != (set->state != NULL))
		return err_set(err, TU_EUSAGE,
		    set->state == NULL
			? "--transaction=batch needs --state=FILE"
			: "--state needs --transaction=batch");
	if (set->changes != NULL && set->incremental == NULL)
		return err_set(err, TU_EUSAGE, "--changes needs --incremental");
	if (set->recheck_wait > 0 && set->recheck == 0)
		return err_set(
		    err, TU_EUSAGE, "--recheck-wait needs --recheck");
	if (set->recheck_wait == 0)
		set->recheck_wait = DEFAULT_RECHECK_WAIT;
	if (set->every != NULL &&
	    parse_interval("--every", set->every, false, &set->interval, err))
		return TU_EUSAGE;
	if (set->max_age != NULL && parse_interval("--max-age", set->max_age,
					false, &set->max_age_seconds, err))
		return TU_EUSAGE;
	/* None at all is enough for the least that a run does. */
	if (set->budget != NULL && parse_interval("--budget", set->budget, true,
				       &set->budget_seconds, err))
		return TU_EUSAGE;
	if (set->rows == NO_ROWS)
		set->rows = set->format == REPORT_HTML ? DEFAULT_HTML_ROWS
		                                       : DEFAULT_ROWS;
	if (set->output != NULL && set->quiet)
		return err_set(
		    err, TU_EUSAGE, "--output and --quiet contradict");
	if (set->max_delete != NULL &&
	    parse_limit(
		"--max-delete", set->max_delete, &set->limits.deletes, err))
		return TU_EUSAGE;
	if (set->max_changes != NULL)
		return parse_limit("--max-changes", set->max_changes,
		    &set->limits.changes, err);
	return TU_OK;
}

/*
 * Both conditions must hold; each in parentheses, since it may say OR. A
 * comment at its end must not swallow what follows.
 */
static const char *
and_where(struct arena *arena, const char *a, const char *b)
{
	const char *one = a != NULL ? a : b;

	if (a == NULL || b == NULL)
		return one != NULL && strstr(one, "--") != NULL
		           ? arena_printf(arena, "%s\n", one)
		           : one;
	return arena_printf(arena, "(%s\n) AND (%s\n)", a, b);
}

struct selection
settings_select(
    struct settings *set, char **tables, size_t ntables, struct arena *arena)
{
	struct opt_list all = { 0 };

	for (size_t i = 0; i < set->tables.n; i++)
		opt_list_add(&all, arena, set->tables.items[i]);
	for (size_t i = 0; i < ntables; i++)
		opt_list_add(&all, arena, tables[i]);
	return (struct selection){
		.schema = {
			[SOURCE] = set->source_schema != NULL
			    ? set->source_schema : set->schema,
			[TARGET] = set->schema,
		},
		.tables = all.items,
		.excludes = set->excludes.items,
		.maps = set->maps.items,
		.columns = set->columns.items,
		.ex_columns = set->ex_columns.items,
		.column_maps = set->column_maps.items,
		.keys = set->keys.items,
		.tolerances = set->tolerances.items,
		.folds = set->folds.items,
		.zone = set->assume_tz != NULL ? &set->zone : NULL,
		.strict = set->strict,
		.time_strict = set->time_strict,
		.where = {
			and_where(arena, set->where, set->side_where[SOURCE]),
			and_where(arena, set->where, set->side_where[TARGET]),
		},
		.query = { set->query[SOURCE], set->query[TARGET] },
		.common = set->common,
		.no_undo = set->undo == NULL,
		.hash = set->hash - 1,
		.leaf_rows = set->leaf_rows,
	};
}

bool
settings_color(const struct settings *set, FILE *out)
{
	const char *no_color;

	if (set->color != COLOR_AUTO)
		return set->color == COLOR_ALWAYS;
	no_color = getenv("NO_COLOR");
	if (no_color != NULL && no_color[0] != '\0')
		return false;
	return isatty(fileno(out));
}
