#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "audit/config.h"
#include "base/clock.h"
#include "cmd/job.h"
#include "cmd/jobs.h"
#include "cmd/statusprint.h"

#define SUFFIX ".state"

struct states {
	struct arena *arena;
	struct state *items;
	size_t n, cap;
};

static void
status_options(struct opt_table *table, struct settings *set)
{
	const struct opt rows[] = {
		OPT_GROUP("Options of status"),
		OPT_STR(0, "max-age", &set->max_age, "INTERVAL",
		    "a success longer ago is a failure: 26h, 2d"),
		OPT_FLAG(0, "json", &set->json, "JSON lines for scripts"),
		OPT_FLAG('q', "quiet", &set->quiet,
		    "print nothing, only exit with a status"),
		OPT_FLAG('a', "all", &set->all,
		    "name the tables that are equal too"),
		OPT_FLAG('h', "help", &set->help, "show this help"),
	};

	opt_table_add(table, rows, ARRAY_LEN(rows));
}

/* --- what is meant -------------------------------------------------------- */

static void
add(struct states *all, const char *path, const char *pair)
{
	if (all->n == all->cap) {
		struct state *grown;

		all->cap = MAX(16, 2 * all->cap);
		grown = arena_alloc(all->arena, all->cap * sizeof(*grown));
		if (all->n > 0)
			memcpy(grown, all->items, all->n * sizeof(*grown));
		all->items = grown;
	}
	all->items[all->n++] = (struct state){ .path = path, .pair = pair };
}

static bool
ends_in_suffix(const char *name)
{
	size_t n = strlen(name), m = strlen(SUFFIX);

	return n > m && strcmp(name + n - m, SUFFIX) == 0;
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(
	    ((const struct state *)a)->path, ((const struct state *)b)->path);
}

static enum status
add_directory(struct states *all, const char *path, struct err *err)
{
	size_t first = all->n;
	struct dirent *entry;
	DIR *dir = opendir(path);

	if (dir == NULL)
		return err_set(err, TU_EIO, "cannot read directory '%s': %s",
		    path, strerror(errno));
	while ((entry = readdir(dir)) != NULL)
		if (ends_in_suffix(entry->d_name))
			add(all,
			    arena_printf(
				all->arena, "%s/%s", path, entry->d_name),
			    NULL);
	closedir(dir);
	if (all->n == first)
		return err_set(err, TU_EUSAGE,
		    "directory '%s' has no state files (*" SUFFIX ")", path);
	qsort(all->items + first, all->n - first, sizeof(*all->items), by_path);
	return TU_OK;
}

/* A state file of another name is known by its first bytes. */
static bool
is_state_file(const char *path)
{
	static const char magic[] = "SQLite format 3";
	char head[sizeof(magic)] = "";
	FILE *f;

	if (ends_in_suffix(path))
		return true;
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	if (fread(head, 1, sizeof(head), f) < sizeof(head))
		head[0] = '\0';
	fclose(f);
	return memcmp(head, magic, sizeof(magic)) == 0;
}

/* *status is that of a file full of mistakes, which were printed. */
static enum status
add_config(struct states *all, const struct call *call, const char *path,
    int *status, struct err *err)
{
	struct config config;

	if (config_read(&config, path, all->arena, err))
		return err->status;
	if (config.nmistakes > 0)
		*status = job_print_mistakes(call, &config);
	for (size_t i = 0; i < config.npairs; i++)
		add(all, config.pairs[i].state, config.pairs[i].name);
	return TU_OK;
}

static enum status
add_operand(struct states *all, const struct call *call, const char *path,
    int *status, struct err *err)
{
	struct stat sb;

	if (stat(path, &sb) == 0 && S_ISDIR(sb.st_mode))
		return add_directory(all, path, err);
	if (!is_state_file(path))
		return add_config(all, call, path, status, err);
	/* Named by hand: that it is not there is a slip. */
	if (stat(path, &sb) != 0)
		return err_set(
		    err, TU_EIO, "cannot read '%s': %s", path, strerror(errno));
	add(all, path, NULL);
	return TU_OK;
}

/* --- what is said --------------------------------------------------------- */

static enum status
print(const struct call *call, const struct states *all, int *status,
    struct err *err)
{
	struct judgement *judged =
	    arena_alloc(call->arena, (all->n + 1) * sizeof(*judged));
	const struct settings *set = &call->set;
	struct buf out = BUF_INIT;
	int64_t now = clock_now();
	bool written;

	for (size_t i = 0; i < all->n; i++) {
		judged[i] =
		    status_judge(&all->items[i], now, set->max_age_seconds);
		*status = jobs_worse(*status, judged[i].status);
	}
	if (set->json)
		status_add_json(&out, all->items, judged, all->n, now, *status);
	else
		status_add_text(
		    &out, all->items, judged, all->n, now, set->all);
	written =
	    set->quiet || (fwrite(out.data, 1, out.len, stdout) == out.len &&
			      fflush(stdout) == 0);
	buf_free(&out);
	return written ? TU_OK
	               : err_set(err, TU_EIO, "cannot write the result: %s",
			     strerror(errno));
}

static int
status_run(struct call *call)
{
	struct states all = { .arena = call->arena };
	struct err err = ERR_INIT;
	int status = 0;

	for (size_t i = 0; i < call->noperands; i++)
		if (add_operand(&all, call, call->operands[i], &status, &err))
			return cmd_fail(call->cmd, &err);
	if (status != 0)
		return status;
	states_read(all.items, all.n, call->arena);
	if (print(call, &all, &status, &err))
		return cmd_fail(call->cmd, &err);
	return status;
}

const struct cmd cmd_status = {
	.name = "status",
	.synopsis = "[OPTION]... CONFIG|STATE-FILE|DIRECTORY...",
	.summary = "show what the last runs of audit found",
	.min_operands = 1,
	.max_operands = SIZE_MAX,
	.operands = "the CONFIG of an audit, or state files, are needed",
	.options = status_options,
	.run = status_run,
};
