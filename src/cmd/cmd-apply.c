#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/stage.h"
#include "cmd/cmd.h"
#include "cmd/writing.h"
#include "db/db.h"
#include "patch/jsonpatch.h"
#include "patch/judge.h"
#include "patch/rename.h"
#include "patch/sqlapply.h"

#define EXIT_DIFFERENT 1

static void
apply_options(struct opt_table *table, struct settings *set)
{
	settings_patching(table, set);
	settings_general(table, set);
}

/* One patch on its way. */
struct patching {
	struct run run;
	const char *name; /* of the patch, for messages */
	struct judge judge;
	bool judging; /* judge is initialised */
	struct apply_options options;
	struct jsonpatch patch;
	struct apply_result result;
};

/* --- before anything is written ------------------------------------------- */

static enum status
open_all(struct patching *p, struct err *err)
{
	struct run *run = &p->run;
	const struct settings *set = &run->call->set;
	enum status st = TU_OK;

	if (set->undo != NULL && !set->dry_run)
		st = output_open(&run->undo, set->undo, err);
	if (st == TU_OK && set->reject != NULL && !set->dry_run)
		st = output_open(&run->reject, set->reject, err);
	if (st == TU_OK && run->reject.fp != NULL)
		st = spool_new(&run->rejected, err);
	if (st == TU_OK)
		st = spool_new(&run->spool, err);
	run->session.url[TARGET] = run->call->operands[0];
	if (st == TU_OK)
		st = session_open_side(&run->session, TARGET, err);
	if (st == TU_OK)
		run->session.plan.db[TARGET] = run->session.db[TARGET];
	return st;
}

static enum status
read_patch(struct patching *p, FILE *in, struct err *err)
{
	struct run *run = &p->run;
	const struct settings *set = &run->call->set;
	const struct jsonpatch_options options = {
		.in = in,
		.name = p->name,
		.target = run->session.db[TARGET],
		.schema = set->schema,
		.extras = set->undo != NULL || set->reject != NULL,
		.partial = set->partial,
	};
	enum status st;

	p->options = (struct apply_options){
		.answer = (enum conflict_answer)set->on_conflict,
		.rejected = run->rejected,
		.conflict = writing_conflict,
		.arg = run,
	};
	judge_init(
	    &p->judge, &run->session.plan, spool_sink(run->spool), &p->options);
	p->judging = true;
	stage_begin_rows(-1, "reading %s", p->name);
	p->judge.keep_going = set->dry_run;
	st = jsonpatch_read(
	    &options, run->call->arena, &p->judge.sink, &p->patch, err);
	log_progress(NULL);
	run->source = p->patch.source;
	if (st == TU_OK)
		st = rename_find(run->spool, &run->session.plan, err);
	return st;
}

static enum status
check_limits(const struct patching *p, struct err *err)
{
	const struct settings *set = &p->run.call->set;
	size_t n;
	const struct judged *all = judge_tables(&p->judge, &n);
	enum status st = TU_OK;

	for (size_t i = 0; i < n && st == TU_OK; i++)
		st = limits_check(
		    all[i].pair, &all[i].tally, set->ops, &set->limits, err);
	return st;
}

/* --- what is said --------------------------------------------------------- */

static void
print_tables(const struct patching *p)
{
	static const char *const verbs[] = { " to insert, ", " to update, ",
		" to delete" };
	struct buf line = BUF_INIT;
	size_t n;
	const struct judged *all = judge_tables(&p->judge, &n);

	for (size_t i = 0; i < n; i++) {
		buf_reset(&line);
		report_name(&line, all[i].pair->name);
		buf_adds(&line, ": ");
		for (int op = CHANGE_INSERT; op >= 0; op--) {
			report_count(&line, all[i].tally.patchable[op]);
			buf_adds(&line, verbs[CHANGE_INSERT - op]);
		}
		buf_adds(&line, ", ");
		report_count(&line, all[i].done);
		buf_adds(&line, " as wanted already, ");
		report_count(&line, all[i].conflicts);
		buf_adds(&line, " in conflict\n");
		fputs(buf_str(&line), p->run.out.fp);
	}
	buf_free(&line);
}

static uint64_t
count_done(const struct patching *p)
{
	uint64_t done = 0;
	size_t n;
	const struct judged *all = judge_tables(&p->judge, &n);

	for (size_t i = 0; i < n; i++)
		done += all[i].done;
	return done;
}

static void
print_written(const struct patching *p)
{
	struct buf line = BUF_INIT;
	uint64_t done = count_done(p);

	report_add_written(&line, p->result.done);
	if (done > 0) {
		report_counted(&line, done, "row");
		buf_adds(&line, done == 1 ? " was" : " were");
		buf_adds(&line, " as wanted already\n");
	}
	fputs(buf_str(&line), p->run.out.fp);
	buf_free(&line);
}

static enum status
conflicts(struct patching *p, struct err *err)
{
	conflicts_error(&p->judge.conflicts, err);
	err_append(err, "; nothing was written");
	return err_hint(err, "trueup diff makes a patch for what is there now; "
			     "--on-conflict=skip leaves such rows alone");
}

/* --- a patch in JSON ------------------------------------------------------ */

static enum status
write_patch(struct patching *p, struct err *err)
{
	struct run *run = &p->run;
	enum status st =
	    writing_run(run, spool_sink(run->spool), &p->result, err);

	if (st == TU_ECONFLICT && p->result.conflicts > 0)
		err_hint(err,
		    "somebody changes the target: the same patch can be "
		    "applied again");
	return st;
}

/* What is left of the patch: rows left alone, or that no patch can carry. */
static int
verdict(const struct patching *p)
{
	uint64_t left = p->judge.left_alone + p->result.left_alone +
	                p->result.remaining + p->patch.left_out;

	return left > 0 ? EXIT_DIFFERENT : 0;
}

static enum status
apply_json(struct patching *p, FILE *in, struct err *err)
{
	const struct settings *set = &p->run.call->set;
	enum status st = open_all(p, err);

	if (st == TU_OK)
		st = read_patch(p, in, err);
	if (st == TU_OK)
		st = check_limits(p, err);
	if (st == TU_OK && set->dry_run && !set->quiet)
		print_tables(p);
	if (st == TU_OK && p->judge.conflicts.n > 0 &&
	    p->options.answer == CONFLICT_ABORT)
		st = conflicts(p, err);
	if (st || set->dry_run)
		return st;
	st = write_patch(p, err);
	if (st)
		return st;
	writing_say_settled(p->judge.left_alone + p->result.left_alone,
	    p->judge.replaced + p->result.replaced);
	if (p->patch.left_out > 0)
		log_line(LOG_WARN,
		    "%" PRIu64 " of the differences could not be written, "
		    "wholly or in part",
		    p->patch.left_out);
	if (!set->quiet)
		print_written(p);
	return TU_OK;
}

/* --- a patch in SQL ------------------------------------------------------- */

static enum status
check_sql_options(const struct settings *set, struct err *err)
{
	const struct {
		const char *option;
		bool given;
	} all[] = { { "--check", set->dry_run },
		{ "--undo", set->undo != NULL },
		{ "--reject", set->reject != NULL },
		{ "--schema", set->schema != NULL },
		{ "--transaction=batch", set->state != NULL },
		{ "--on-conflict=replace",
		    set->on_conflict == CONFLICT_REPLACE } };

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		if (!all[i].given)
			continue;
		err_set(err, TU_EUSAGE,
		    "%s needs a patch in JSON: SQL is text that is run",
		    all[i].option);
		return err_hint(err, "trueup diff -f json makes one");
	}
	return TU_OK;
}

static enum status
apply_sql(struct patching *p, FILE *in, struct err *err)
{
	struct run *run = &p->run;
	const struct settings *set = &run->call->set;
	struct sqlapply_options options = {
		.in = in,
		.name = p->name,
		.answer = (enum conflict_answer)set->on_conflict,
		.limits = &set->limits,
		.conflict = writing_conflict,
		.arg = run,
	};
	enum status st = check_sql_options(set, err);

	stage_begin("connecting to the target");
	if (st == TU_OK)
		st = db_open(run->call->operands[0], DB_WRITE, "target",
		    &run->session.db[TARGET], err);
	if (st)
		return st;
	options.target = run->session.db[TARGET];
	st = sqlapply_run(&options, &p->result, err);
	log_progress(NULL);
	if (st)
		return st;
	writing_say_settled(p->result.left_alone, 0);
	if (!set->quiet)
		print_written(p);
	return TU_OK;
}

/* --- all ------------------------------------------------------------------ */

static enum status
open_patch(const char *name, FILE **in, struct err *err)
{
	*in = strcmp(name, "-") == 0 ? stdin : fopen(name, "re");
	if (*in != NULL)
		return TU_OK;
	return err_set(
	    err, TU_EIO, "cannot open '%s': %s", name, strerror(errno));
}

/* Comments begin an SQL patch, and no JSON. */
static bool
is_sql(FILE *in)
{
	return ungetc(getc(in), in) == '-';
}

static int
apply_one(struct call *call, const char *name)
{
	struct patching p = { .run = { .call = call },
		.name = strcmp(name, "-") == 0 ? "stdin" : name };
	struct err err = ERR_INIT;
	FILE *in = NULL;
	enum status st = output_open(&p.run.out, NULL, &err);
	int status;

	if (st == TU_OK)
		st = open_patch(name, &in, &err);
	if (st == TU_OK && is_sql(in))
		st = apply_sql(&p, in, &err);
	else if (st == TU_OK)
		st = apply_json(&p, in, &err);
	status = run_close(&p.run, st, verdict(&p), &err);
	if (p.judging)
		judge_release(&p.judge);
	if (in != NULL && in != stdin)
		fclose(in);
	return status;
}

static int
apply_run_all(struct call *call)
{
	static const char *const standard_input[] = { "-", NULL };
	const char *const *names = call->noperands > 1
	                               ? (const char *const *)call->operands + 1
	                               : standard_input;
	struct err err = ERR_INIT;
	int status = 0;

	if (call->noperands > 2 &&
	    (call->set.undo != NULL || call->set.reject != NULL ||
		call->set.state != NULL)) {
		err_set(&err, TU_EUSAGE,
		    "--undo, --reject and --state are for one patch at a "
		    "time");
		return cmd_fail(call->cmd, &err);
	}
	for (size_t i = 0; names[i] != NULL && status <= EXIT_DIFFERENT; i++) {
		int one = apply_one(call, names[i]);

		status = MAX(status, one);
	}
	return status;
}

const struct cmd cmd_apply = {
	.name = "apply",
	.synopsis = "[OPTION]... TARGET [PATCH]...",
	.summary = "apply patches made by diff",
	.min_operands = 1,
	.max_operands = SIZE_MAX,
	.operands = "a TARGET is needed",
	.options = apply_options,
	.run = apply_run_all,
};
