#include <config.h>

#include "cmd/job.h"

#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "cmd/planprint.h"
#include "cmd/session.h"
#include "diff/names.h"
#include "patch/report.h"

static const struct cmd *const actions[] = { &cmd_diff, &cmd_sync };

static bool
is_no_key(const char *name)
{
	return strcmp(name, "help") == 0 || strcmp(name, "incremental") == 0 ||
	       strcmp(name, "changes") == 0 || strcmp(name, "progress") == 0 ||
	       strcmp(name, "no-progress") == 0 ||
	       strcmp(name, "log-progress") == 0;
}

static const struct opt *
find(const struct opt_table *table, const char *name, bool *on)
{
	return is_no_key(name) ? NULL : opt_find(table->rows, name, on);
}

/* Of another action than the pair's. */
static bool
is_known_to(const struct cmd *cmd, const char *name)
{
	struct opt_table table = { 0 };
	struct settings set;
	bool on;

	settings_init(&set);
	cmd->options(&table, &set);
	return find(&table, name, &on) != NULL;
}

static void
complain_unknown(
    struct config *c, const struct opt_table *table, const struct config_key *k)
{
	struct nearest near;

	nearest_init(&near, k->name);
	config_nearest_key(&near);
	for (const struct opt *o = table->rows; o->kind != OPT_K_END; o++)
		if (o->kind != OPT_K_GROUP && !o->hidden && !is_no_key(o->name))
			nearest_try(&near, o->name);
	if (near.found != NULL)
		config_complain(c, k->line, "no key '%s'; is '%s' meant?",
		    k->name, near.found);
	else
		config_complain(c, k->line, "no key '%s'", k->name);
}

/* The key before this one that says the same. */
static const struct config_key *
said_before(const struct opt_table *table, const struct config_keys *keys,
    size_t n, const struct opt *o)
{
	bool on;

	for (size_t i = 0; i < n; i++)
		if (find(table, keys->items[i].name, &on) == o)
			return &keys->items[i];
	return NULL;
}

/* --- [defaults] ----------------------------------------------------------- */

static void
check_default(struct config *c, size_t i, struct opt_table *tables)
{
	const struct config_key *k = &c->defaults.items[i];
	const struct config_key *before;
	struct err err = ERR_INIT;
	const struct opt *o = NULL;
	bool on;
	size_t t;

	for (t = 0; t < ARRAY_LEN(actions) && o == NULL; t++)
		o = find(&tables[t], k->name, &on);
	if (o == NULL) {
		complain_unknown(c, &tables[ARRAY_LEN(actions) - 1], k);
		return;
	}
	before = said_before(&tables[t - 1], &c->defaults, i, o);
	if (before != NULL && !opt_repeats(o))
		config_complain(c, k->line,
		    "'%s' is there twice, first in line %u", k->name,
		    before->line);
	else if (opt_set(o, on, c->arena, k->value, &err))
		config_complain(c, k->line, "%s", err.msg);
}

void
job_check_defaults(struct config *c)
{
	struct opt_table tables[ARRAY_LEN(actions)] = { 0 };
	struct settings set;

	settings_init(&set);
	for (size_t i = 0; i < ARRAY_LEN(actions); i++)
		actions[i]->options(&tables[i], &set);
	for (size_t i = 0; i < c->defaults.n; i++)
		if (!config_owns(c->defaults.items[i].name))
			check_default(c, i, tables);
}

/* --- a pair --------------------------------------------------------------- */

struct maker {
	struct config *c;
	struct job *job;
	struct opt_table table;
	struct opt_list options; /* as the command line would have them */
};

static void
set_key(struct maker *m, const struct opt *o, bool on,
    const struct config_key *k, struct err *err)
{
	struct arena *arena = m->c->arena;

	if (opt_set(o, on, arena, k->value, err) == TU_OK)
		opt_list_add(&m->options, arena,
		    arena_printf(arena, "--%s=%s", k->name, k->value));
}

/* What [defaults] says and the pair does not. Mistakes in there have been
 * found. */
static void
set_defaults(struct maker *m)
{
	const struct config_keys *own = &m->job->pair->keys;

	for (size_t i = 0; i < m->c->defaults.n; i++) {
		const struct config_key *k = &m->c->defaults.items[i];
		struct err ignored = ERR_INIT;
		const struct opt *o;
		bool on;

		if (config_owns(k->name))
			continue;
		o = find(&m->table, k->name, &on);
		if (o != NULL && said_before(&m->table, own, own->n, o) == NULL)
			set_key(m, o, on, k, &ignored);
	}
}

/* "key =" takes back what [defaults] has. */
static bool
takes_back(struct maker *m, const struct opt *o, const struct config_key *k)
{
	const struct config_keys *defaults = &m->c->defaults;

	return k->value[0] == '\0' &&
	       said_before(&m->table, defaults, defaults->n, o) != NULL;
}

static void
set_own_key(struct maker *m, size_t i)
{
	const struct config_keys *keys = &m->job->pair->keys;
	const struct config_key *k = &keys->items[i], *before;
	struct err err = ERR_INIT;
	bool on;
	const struct opt *o = find(&m->table, k->name, &on);

	if (o == NULL && is_known_to(&cmd_sync, k->name)) {
		config_complain(m->c, k->line,
		    "'%s' is a key of action = sync, and this is %s", k->name,
		    m->job->pair->action);
		return;
	}
	if (o == NULL) {
		complain_unknown(m->c, &m->table, k);
		return;
	}
	before = said_before(&m->table, keys, i, o);
	if (before != NULL && !opt_repeats(o))
		config_complain(m->c, k->line,
		    "'%s' is there twice, first in line %u", k->name,
		    before->line);
	else if (!takes_back(m, o, k))
		set_key(m, o, on, k, &err);
	if (err.status)
		config_complain(m->c, k->line, "%s", err.msg);
}

static void
set_operands(struct maker *m)
{
	struct call *call = &m->job->call;
	const char *tables = m->job->pair->tables;
	const char *const *names;
	struct opt_list operands = { 0 };

	for (int s = SOURCE; s <= TARGET; s++) {
		const char *url = config_url(m->c, m->job->pair, (enum side)s);

		opt_list_add(&operands, m->c->arena, url != NULL ? url : "");
	}
	names = tables != NULL ? list_split(m->c->arena, tables) : NULL;
	for (size_t i = 0; i < list_len(names); i++)
		opt_list_add(&operands, m->c->arena, names[i]);
	call->operands = (char **)operands.items;
	call->noperands = operands.n;
}

static void
check(struct maker *m)
{
	const struct config_pair *pair = m->job->pair;
	struct settings *set = &m->job->call.set;
	struct err err = ERR_INIT;

	if (settings_check(set, &err))
		config_complain(
		    m->c, pair->line, "[pair %s] %s", pair->name, err.msg);
	if (set->budget != NULL && !pair->incremental &&
	    strcmp(pair->action, "sync") == 0)
		config_complain(m->c, pair->line,
		    "[pair %s] a sync has to know all of a table: 'budget' "
		    "takes 'mode = incremental'",
		    pair->name);
	if (set->format != REPORT_TEXT && set->format != REPORT_STAT &&
	    set->format != REPORT_ROWS && set->output == NULL && !set->quiet)
		config_complain(m->c, pair->line,
		    "[pair %s] a format that programs read needs a file of "
		    "its own, output = FILE",
		    pair->name);
	/* The job writes into a file that becomes our output. */
	if (set->output == NULL)
		set->color =
		    settings_color(set, stdout) ? COLOR_ALWAYS : COLOR_NEVER;
}

void
job_make(struct job *job, struct config *c, const struct config_pair *pair)
{
	struct maker m = { .c = c, .job = job };
	const struct cmd *action = cmd_find(pair->action);

	*job = (struct job){ .pair = pair, .cmd = *action };
	job->about = arena_printf(c->arena, "pair '%s'", pair->name);
	job->cmd.name = arena_printf(c->arena, "audit: %s", job->about);
	job->cmd.synopsis = NULL;
	job->call.cmd = &job->cmd;
	job->call.arena = c->arena;
	job->call.changes = c;
	settings_init(&job->call.set);
	action->options(&m.table, &job->call.set);
	set_defaults(&m);
	for (size_t i = 0; i < pair->keys.n; i++)
		if (!config_owns(pair->keys.items[i].name))
			set_own_key(&m, i);
	set_operands(&m);
	check(&m);
	job->call.options = (const char *const *)m.options.items;
}

int
job_print_mistakes(const struct call *call, struct config *c)
{
	struct buf lines = BUF_INIT;

	config_add_mistakes(
	    &lines, c, arena_printf(call->arena, "trueup %s", call->cmd->name));
	fputs(buf_str(&lines), stderr);
	buf_free(&lines);
	return err_exit_status(TU_EUSAGE);
}

enum status
job_no_such_pair(const struct config *c, const char *pattern, struct err *err)
{
	struct nearest near;

	nearest_init(&near, pattern);
	for (size_t i = 0; i < c->npairs; i++)
		nearest_try(&near, c->pairs[i].name);
	err_set(err, TU_EUSAGE, "%s has no pair '%s'", c->path, pattern);
	return near.found == NULL
	           ? TU_EUSAGE
	           : err_append(err, "; is '%s' meant?", near.found);
}

/* --- all of them ---------------------------------------------------------- */

#define FILES 4

static void
files_of(const struct job *job, const char *files[FILES])
{
	const struct settings *set = &job->call.set;

	files[0] = set->output;
	files[1] = set->undo;
	files[2] = set->reject;
	files[3] = set->state;
}

static void
check_two(struct config *c, const struct job *a, const struct job *b)
{
	const char *mine[FILES], *theirs[FILES];

	files_of(a, mine);
	files_of(b, theirs);
	for (int i = 0; i < FILES; i++)
		for (int j = 0; j < FILES; j++)
			if (mine[i] != NULL && theirs[j] != NULL &&
			    strcmp(mine[i], theirs[j]) == 0)
				config_complain(c, b->pair->line,
				    "[pair %s] writes '%s', and so does "
				    "[pair %s]",
				    b->pair->name, theirs[j], a->pair->name);
}

void
job_check_files(struct config *c, const struct job *jobs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++)
			check_two(c, &jobs[i], &jobs[j]);
}

int
job_plan(const struct job *job)
{
	struct call call = job->call;
	struct session session = { 0 };
	struct err err = ERR_INIT;
	struct buf line = BUF_INIT;
	int status;

	if (session_open(&session, &call, call.noperands - 2, &err)) {
		status = cmd_fail(&job->cmd, &err);
	} else {
		planprint_line(&line, &session.plan);
		printf("%s: %s\n", job->about, buf_str(&line));
		status = planprint_status(&session.plan);
	}
	buf_free(&line);
	session_close(&session);
	return status;
}
