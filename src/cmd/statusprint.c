#include <config.h>

#include "cmd/statusprint.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "cmd/jobs.h"
#include "patch/jsonw.h"
#include "patch/report.h"

#define NOT_DONE 4      /* the exit status where no run told */
#define INTERRUPTED 130 /* of the run; ours would look as if we were */
#define NAME_WIDTH 40

/* --- judging -------------------------------------------------------------- */

static bool
is_old(const struct state *state, int64_t now, uint64_t max_age)
{
	int64_t then = state->is.last_success;

	return max_age > 0 && (then == 0 || now - then > (int64_t)max_age);
}

struct judgement
status_judge(const struct state *state, int64_t now, uint64_t max_age)
{
	const struct history_run *last = &state->is.last;
	struct judgement j = { .status = NOT_DONE };

	if (state->why != NULL) {
		j.verdict = "unreadable";
		j.status = err_exit_status(state->failed);
	} else if (state->path == NULL) {
		j.verdict = "no history";
	} else if (!state->exists || !state->is.has_run) {
		j.verdict = "never run";
	} else {
		j.verdict = last->verdict;
		j.old = is_old(state, now, max_age);
		if (last->exit_status >= 0 && last->exit_status != INTERRUPTED)
			j.status = (int)last->exit_status;
		if (j.old)
			j.status = jobs_worse(j.status, NOT_DONE);
	}
	return j;
}

/* --- text ----------------------------------------------------------------- */

/* "40 s", "5 min", "3 h", "12 d" */
static void
add_age(struct buf *out, int64_t seconds)
{
	static const struct {
		int64_t below, unit;
		const char *name;
	} units[] = { { 120, 1, "s" }, { 7200, 60, "min" },
		{ 172800, 3600, "h" }, { INT64_MAX, 86400, "d" } };
	size_t i = 0;

	while (seconds >= units[i].below)
		i++;
	buf_addf(out, "%" PRId64 " %s", MAX(seconds, 0) / units[i].unit,
	    units[i].name);
}

static void
add_column(struct buf *out, int64_t then, int64_t now)
{
	size_t from = out->len;

	if (then == 0) {
		buf_adds(out, "never");
	} else {
		add_age(out, now - then);
		buf_adds(out, " ago");
	}
	buf_addf(out, "%*s", MAX(1, 14 - (int)(out->len - from)), "");
}

static void
add_name(struct buf *out, const char *name, size_t width)
{
	size_t from = out->len;

	report_name(out, name);
	buf_addf(out, "%*s  ", (int)(width - MIN(width, out->len - from)), "");
}

static const char *
name_of(const struct state *state)
{
	if (state->pair != NULL)
		return state->pair;
	return state->exists && state->why == NULL ? state->is.pair
	                                           : state->path;
}

static void
add_line(struct buf *out, const char *says, const char *what)
{
	buf_adds(out, "  ");
	buf_adds(out, says);
	report_name(out, what);
	buf_addc(out, '\n');
}

static bool
is_fine(const struct history_table *t)
{
	return strcmp(t->verdict, "equal") == 0 ||
	       strcmp(t->verdict, "written") == 0;
}

/* "5 rows differ since 2026-11-20T02:15:00Z, 2 d, growing (3 before)" */
static void
add_drift(struct buf *out, const struct history_table *t, int64_t now)
{
	char since[CLOCK_TEXT];

	buf_adds(out, ": ");
	if (t->differ > 0) {
		report_counted(out, t->differ, "row");
		buf_adds(out, t->differ == 1 ? " differs" : " differ");
	} else {
		buf_adds(out, strncmp(t->verdict, "only ", 5) == 0
				  ? t->verdict
				  : "its columns differ");
	}
	buf_addf(out, " since %s, ", clock_text_of(since, t->since));
	add_age(out, now - t->since);
	if (t->trend == TREND_NEW)
		return;
	buf_addf(out, ", %s", history_trends[t->trend]);
	if (t->trend == TREND_STEADY)
		return;
	buf_adds(out, " (");
	report_count(out, t->before);
	buf_adds(out, " before)");
}

static void
add_table(struct buf *out, const struct history_table *t, int64_t now)
{
	buf_adds(out, "  ");
	report_name(out, t->name);
	if (t->since > 0)
		add_drift(out, t, now);
	if (t->since == 0 || (strcmp(t->verdict, "different") != 0 &&
				 strncmp(t->verdict, "only ", 5) != 0))
		buf_addf(out, ": %s", t->verdict);
	if (t->why != NULL) {
		buf_adds(out, ": ");
		report_name(out, t->why);
	}
	buf_addc(out, '\n');
}

static void
add_notes(struct buf *out, const struct state *state,
    const struct judgement *judged, int64_t now, bool all)
{
	const struct history_status *is = &state->is;

	if (state->why != NULL)
		add_line(out, "", state->why);
	if (judged->old)
		buf_adds(out, "  its last success is too old\n");
	if (is->running)
		buf_adds(out, "  a run is under way\n");
	if (is->last_error != NULL &&
	    strcmp(is->last_error, judged->verdict) != 0)
		add_line(out, "error: ", is->last_error);
	for (size_t i = 0; i < is->ntables; i++)
		if (all || !is_fine(&is->tables[i]) || is->tables[i].since > 0)
			add_table(out, &is->tables[i], now);
	if (is->accepted > 0 && all) {
		buf_adds(out, "  ");
		report_counted(out, is->accepted, "accepted difference");
		buf_addc(out, '\n');
	}
}

void
status_add_text(struct buf *out, const struct state *states,
    const struct judgement *judged, size_t n, int64_t now, bool all)
{
	size_t width = strlen("pair");

	for (size_t i = 0; i < n; i++)
		width = MAX(width, strlen(name_of(&states[i])));
	width = MIN(width, NAME_WIDTH);
	buf_addf(out, "%-*s  %-12s%-14s%-14s%s\n", (int)width, "pair",
	    "verdict", "last run", "success", "verified");
	for (size_t i = 0; i < n; i++) {
		const struct history_status *is = &states[i].is;
		const struct history_run *last = &is->last;

		add_name(out, name_of(&states[i]), width);
		buf_addf(out, "%-12s", judged[i].verdict);
		add_column(
		    out, last->ended > 0 ? last->ended : last->started, now);
		add_column(out, is->last_success, now);
		add_column(out, is->last_full, now);
		while (out->len > 0 && out->data[out->len - 1] == ' ')
			out->len--;
		buf_addc(out, '\n');
		add_notes(out, &states[i], &judged[i], now, all);
	}
}

/* --- JSON ----------------------------------------------------------------- */

static struct jsonw
begin_line(struct buf *out, const char *type)
{
	struct jsonw j = { .out = out };

	jsonw_open(&j, NULL, '{');
	jsonw_str(&j, "type", type);
	return j;
}

static void
end_line(struct jsonw *j)
{
	jsonw_close(j, '}');
	buf_addc(j->out, '\n');
}

/* null: never */
static void
json_time(struct jsonw *j, const char *name, int64_t when)
{
	char text[CLOCK_TEXT];

	jsonw_str(j, name, when > 0 ? clock_text_of(text, when) : NULL);
}

static void
json_age(struct jsonw *j, const char *name, int64_t then, int64_t now)
{
	if (then > 0)
		jsonw_u64(j, name, (uint64_t)MAX(now - then, 0));
	else
		jsonw_null(j, name);
}

static void
json_ops(struct jsonw *j, const uint64_t ops[CHANGE_OPS])
{
	jsonw_u64(j, "insert", ops[CHANGE_INSERT]);
	jsonw_u64(j, "update", ops[CHANGE_UPDATE]);
	jsonw_u64(j, "delete", ops[CHANGE_DELETE]);
}

static void
json_rows(struct jsonw *j, const uint64_t rows[2])
{
	jsonw_open(j, "rows", '{');
	jsonw_u64(j, "source", rows[SOURCE]);
	jsonw_u64(j, "target", rows[TARGET]);
	jsonw_close(j, '}');
}

static void
json_run(struct jsonw *j, const struct history_run *run)
{
	jsonw_open(j, "last_run", '{');
	jsonw_str(j, "action", run->action);
	jsonw_str(j, "mode", run->mode);
	jsonw_str(j, "version", run->version);
	jsonw_str(j, "source", run->source);
	jsonw_str(j, "target", run->target);
	json_time(j, "started", run->started);
	json_time(j, "ended", run->ended);
	if (run->exit_status >= 0)
		jsonw_u64(j, "exit", (uint64_t)run->exit_status);
	else
		jsonw_null(j, "exit");
	jsonw_str(j, "error", run->error);
	jsonw_real(j, "seconds", run->seconds);
	jsonw_u64(j, "bytes", run->bytes);
	jsonw_u64(j, "tables", run->tables);
	jsonw_u64(j, "different", run->different);
	json_rows(j, run->rows);
	json_ops(j, run->ops);
	jsonw_u64(j, "unrepresentable", run->unrepresentable);
	jsonw_u64(j, "accepted", run->accepted);
	jsonw_u64(j, "unsettled", run->unsettled);
	jsonw_u64(j, "columns_not_compared", run->skipped);
	jsonw_open(j, "written", '{');
	json_ops(j, run->done);
	jsonw_close(j, '}');
	jsonw_u64(j, "retries", run->retries);
	jsonw_close(j, '}');
}

static void
json_pair(struct buf *out, const struct state *state,
    const struct judgement *judged, int64_t now)
{
	const struct history_status *is = &state->is;
	struct jsonw j = begin_line(out, "pair");

	jsonw_str(&j, "pair", name_of(state));
	jsonw_str(&j, "state", state->path);
	jsonw_str(&j, "verdict", judged->verdict);
	jsonw_bool(&j, "too_old", judged->old);
	jsonw_bool(&j, "running", is->running);
	if (state->why != NULL)
		jsonw_str(&j, "why", state->why);
	json_time(&j, "last_success", is->last_success);
	json_age(&j, "last_success_age", is->last_success, now);
	json_time(&j, "last_full_verification", is->last_full);
	json_age(&j, "last_full_verification_age", is->last_full, now);
	json_time(&j, "last_equal", is->last_equal);
	jsonw_str(&j, "last_error", is->last_error);
	jsonw_u64(&j, "accepted", is->accepted);
	jsonw_u64(&j, "accepted_stale", is->stale);
	if (is->has_run)
		json_run(&j, &is->last);
	jsonw_u64(&j, "exit", (uint64_t)judged->status);
	end_line(&j);
}

static void
json_table(struct buf *out, const char *pair, const struct history_table *t)
{
	struct jsonw j = begin_line(out, "table");

	jsonw_str(&j, "pair", pair);
	jsonw_str(&j, "table", t->name);
	jsonw_str(&j, "verdict", t->verdict);
	if (t->why != NULL)
		jsonw_str(&j, "why", t->why);
	json_time(&j, "checked", t->checked);
	json_time(&j, "verified", t->verified);
	json_time(&j, "last_equal", t->equal);
	json_time(&j, "drift_since", t->since);
	if (t->since > 0) {
		jsonw_str(&j, "trend", history_trends[t->trend]);
		jsonw_u64(&j, "differ", t->differ);
		if (t->trend != TREND_NEW)
			jsonw_u64(&j, "differ_before", t->before);
	}
	if (t->in_last) {
		json_rows(&j, t->rows);
		json_ops(&j, t->ops);
		jsonw_u64(&j, "unrepresentable", t->unrepresentable);
		jsonw_u64(&j, "accepted", t->accepted);
		jsonw_u64(&j, "unsettled", t->unsettled);
	}
	end_line(&j);
}

void
status_add_json(struct buf *out, const struct state *states,
    const struct judgement *judged, size_t n, int64_t now, int exit_status)
{
	struct jsonw j;
	uint64_t fine = 0;

	for (size_t i = 0; i < n; i++) {
		const struct history_status *is = &states[i].is;

		json_pair(out, &states[i], &judged[i], now);
		for (size_t t = 0; t < is->ntables; t++)
			json_table(out, name_of(&states[i]), &is->tables[t]);
		fine += judged[i].status == 0;
	}
	j = begin_line(out, "summary");
	jsonw_u64(&j, "pairs", n);
	jsonw_u64(&j, "fine", fine);
	json_time(&j, "time", now);
	jsonw_u64(&j, "exit", (uint64_t)exit_status);
	end_line(&j);
}
