#include <config.h>

#include <inttypes.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "audit/accept.h"
#include "base/clock.h"
#include "base/env.h"
#include "cmd/job.h"
#include "patch/report.h"

#define TABLE 2 /* operands: CONFIG PAIR [TABLE [KEY...]] */

static void
accept_options(struct opt_table *table, struct settings *set)
{
	const struct opt rows[] = {
		OPT_GROUP("Options of accept"),
		OPT_STR(0, "reason", &set->reason, "TEXT",
		    "why it is all right, for --list"),
		OPT_FLAG(0, "list", &set->list, "only show what is accepted"),
		OPT_FLAG(0, "forget", &set->forget, "accept it no longer"),
		OPT_FLAG('q', "quiet", &set->quiet,
		    "print nothing but what went wrong"),
	};

	opt_table_add(table, rows, ARRAY_LEN(rows));
	settings_general(table, set);
}

static const char *
table_of(const struct call *call)
{
	return call->noperands > TABLE ? call->operands[TABLE] : NULL;
}

static const char *const *
key_of(const struct call *call, size_t *n)
{
	*n = call->noperands > TABLE + 1 ? call->noperands - TABLE - 1 : 0;
	return (const char *const *)call->operands + TABLE + 1;
}

/* --- the records ---------------------------------------------------------- */

static enum status
print_record(void *arg, const struct accepted *a, struct err *err)
{
	struct buf *out = arg;
	char when[CLOCK_TEXT];

	(void)err;
	report_name(out, a->table);
	buf_adds(out, ": ");
	report_name(out, a->key);
	buf_adds(out, !a->has[SOURCE]   ? ": only in target"
		      : !a->has[TARGET] ? ": only in source"
					: ": differs");
	buf_addf(out, ", accepted %s", clock_text_of(when, a->at));
	if (a->who != NULL) {
		buf_adds(out, " by ");
		report_name(out, a->who);
	}
	if (a->reason != NULL) {
		buf_adds(out, ": ");
		report_name(out, a->reason);
	}
	if (a->stale > 0)
		buf_addf(out, "; a side has moved, seen %s",
		    clock_text_of(when, a->stale));
	buf_addc(out, '\n');
	return TU_OK;
}

static enum status
list(const struct call *call, const struct config_pair *pair, struct err *err)
{
	struct history *h;
	struct buf out = BUF_INIT;
	enum status st =
	    history_open(pair->state, pair->name, HISTORY_READ, &h, err);

	if (st == TU_OK)
		st = accept_list(h, table_of(call), print_record, &out, err);
	if (st == TU_OK)
		fputs(buf_str(&out), stdout);
	buf_free(&out);
	history_close(h);
	return st;
}

static void
print_count(const struct call *call, uint64_t n, const char *what)
{
	struct buf out = BUF_INIT;

	if (call->set.quiet)
		return;
	report_counted(&out, n, "difference");
	printf("%s %s\n", buf_str(&out), what);
	buf_free(&out);
}

static enum status
forget(const struct call *call, const struct config_pair *pair, struct err *err)
{
	struct history *h;
	size_t nkey;
	const char *const *key = key_of(call, &nkey);
	uint64_t n = 0;
	enum status st =
	    history_open(pair->state, pair->name, HISTORY_WRITE, &h, err);

	if (st == TU_OK)
		st = accept_forget(h, table_of(call), key, nkey, &n, err);
	history_close(h);
	if (st)
		return st;
	if (n == 0 && table_of(call) != NULL) {
		err_set(err, TU_EUSAGE, "nothing of that is accepted");
		return err_hint(err, "--list shows what is");
	}
	print_count(call, n, "forgotten");
	return TU_OK;
}

/* --- recording ------------------------------------------------------------ */

static const char *
user_name(struct arena *arena)
{
	const char *name = env_text("USER");
	const struct passwd *pw = name == NULL ? getpwuid(getuid()) : NULL;

	if (name != NULL)
		return name;
	return pw != NULL ? arena_strdup(arena, pw->pw_name)
	                  : arena_printf(arena, "%ld", (long)getuid());
}

/* The pair's comparison, all of it and whatever its action is, with nothing
 * written. */
static struct call
make_call(const struct call *accept, const struct job *job)
{
	struct call call = job->call;
	struct settings *set = &call.set;
	struct opt_list operands = { 0 };

	call.cmd = accept->cmd;
	set->format = REPORT_TEXT;
	set->quiet = accept->set.quiet;
	set->output = set->undo = set->reject = set->state = NULL;
	set->budget = NULL;
	set->progress = accept->set.progress;
	if (table_of(accept) == NULL)
		return call;
	for (int s = SOURCE; s <= TARGET; s++)
		opt_list_add(&operands, call.arena, call.operands[s]);
	opt_list_add(&operands, call.arena, table_of(accept));
	set->tables = (struct opt_list){ 0 };
	call.operands = (char **)operands.items;
	call.noperands = operands.n;
	return call;
}

static void
warn_keyless(const struct call *call, uint64_t n)
{
	struct err err = ERR_INIT;

	if (n == 0)
		return;
	err_set(&err, TU_ESCHEMA,
	    "%" PRIu64 " %s of tables without a key, which cannot be accepted: "
	    "nothing tells such rows from each other",
	    n, n == 1 ? "difference is" : "differences are");
	(void)cmd_fail(call->cmd, &err);
}

/* Returns the exit status: that of the comparison, of what is left. */
static int
record(const struct call *accept, const struct job *job)
{
	struct accepting accepting = { .who = user_name(accept->arena),
		.reason = accept->set.reason };
	struct call call = make_call(accept, job);
	struct err err = ERR_INIT;
	int status;

	accepting.key = key_of(accept, &accepting.nkey);
	if (history_open(job->pair->state, job->pair->name, HISTORY_WRITE,
		&call.history, &err))
		return cmd_fail(call.cmd, &err);
	call.accepting = &accepting;
	settings_use_zone(&call.set);
	status = cmd_diff.run(&call);
	history_close(call.history);
	if (accepting.kept)
		print_count(accept, accepting.recorded, "accepted");
	warn_keyless(accept, accepting.keyless);
	return status;
}

/* --- the command ---------------------------------------------------------- */

static enum status
find_pair(struct config *c, const char *name, const struct config_pair **pair,
    struct err *err)
{
	for (size_t i = 0; i < c->npairs; i++) {
		*pair = &c->pairs[i];
		if (strcmp((*pair)->name, name) == 0 && (*pair)->state != NULL)
			return TU_OK;
		if (strcmp((*pair)->name, name) == 0)
			break;
		*pair = NULL;
	}
	if (*pair == NULL)
		return job_no_such_pair(c, name, err);
	err_set(err, TU_EUSAGE, "pair '%s' keeps no history", name);
	return err_hint(err, "state-dir = DIRECTORY says where to keep it");
}

static enum status
check(const struct call *call, struct err *err)
{
	const struct settings *set = &call->set;

	if (set->list && set->forget)
		return err_set(
		    err, TU_EUSAGE, "--list and --forget contradict");
	if (set->reason != NULL && (set->list || set->forget))
		return err_set(err, TU_EUSAGE,
		    "--reason goes with what is to be accepted");
	if (set->list && call->noperands > TABLE + 1)
		return err_set(
		    err, TU_EUSAGE, "--list shows whole tables, not keys");
	return TU_OK;
}

static int
accept_run(struct call *call)
{
	const struct config_pair *pair = NULL;
	struct err err = ERR_INIT;
	struct config config;
	struct job job;

	if (check(call, &err) ||
	    config_read(&config, call->operands[0], call->arena, &err))
		return cmd_fail(call->cmd, &err);
	if (config.nmistakes > 0)
		return job_print_mistakes(call, &config);
	if (find_pair(&config, call->operands[1], &pair, &err))
		return cmd_fail(call->cmd, &err);
	if (call->set.list || call->set.forget) {
		if (call->set.list ? list(call, pair, &err)
				   : forget(call, pair, &err))
			return cmd_fail(call->cmd, &err);
		return 0;
	}
	job_make(&job, &config, pair);
	if (config.nmistakes > 0)
		return job_print_mistakes(call, &config);
	return record(call, &job);
}

const struct cmd cmd_accept = {
	.name = "accept",
	.synopsis = "[OPTION]... CONFIG PAIR [TABLE [KEY...]]",
	.summary = "report known differences no more until they change",
	.min_operands = 2,
	.max_operands = SIZE_MAX,
	.operands = "the CONFIG of an audit and the name of a PAIR are needed",
	.options = accept_options,
	.run = accept_run,
};
