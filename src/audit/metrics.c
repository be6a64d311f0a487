#include <config.h>

#include "audit/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/* What the samples of one family are made from; table may be NULL. */
struct at {
	struct buf *out;
	const char *name;
	const struct history_status *pair;
	const struct history_table *table;
};

/* --- the format ----------------------------------------------------------- */

static void
add_label(struct buf *out, const char *name, const char *value)
{
	bool utf8 = utf8_valid(value, strlen(value));

	buf_addf(out, "%s=\"", name);
	for (const char *p = value; *p != '\0'; p++) {
		if (*p == '\n')
			buf_adds(out, "\\n");
		else if (*p == '\\' || *p == '"')
			buf_addf(out, "\\%c", *p);
		else
			buf_addc(out, utf8 || (*p & 0x80) == 0 ? *p : '?');
	}
	buf_addc(out, '"');
}

/* kind and what are a further label, or NULL. */
static void
add_labels(const struct at *at, const char *kind, const char *what)
{
	buf_addf(at->out, "%s{", at->name);
	add_label(at->out, "pair", at->pair->pair);
	if (at->table != NULL) {
		buf_addc(at->out, ',');
		add_label(at->out, "table", at->table->name);
	}
	if (kind != NULL) {
		buf_addc(at->out, ',');
		add_label(at->out, kind, what);
	}
	buf_adds(at->out, "} ");
}

static void
add_u64(const struct at *at, const char *kind, const char *what, uint64_t n)
{
	add_labels(at, kind, what);
	buf_addf(at->out, "%" PRIu64 "\n", n);
}

/* A moment, if there was one. */
static void
add_time(const struct at *at, int64_t when)
{
	if (when > 0)
		add_u64(at, NULL, NULL, (uint64_t)when);
}

/* --- of a pair ------------------------------------------------------------ */

static void
up(const struct at *at)
{
	if (at->pair->has_run)
		add_u64(at, NULL, NULL,
		    at->pair->last.exit_status == 0 ||
			at->pair->last.exit_status == 1);
}

/* One that was killed has no other time. */
static void
last_run(const struct at *at)
{
	const struct history_run *run = &at->pair->last;

	add_time(at, run->ended > 0 ? run->ended : run->started);
}

static void
last_success(const struct at *at)
{
	add_time(at, at->pair->last_success);
}

static void
last_full(const struct at *at)
{
	add_time(at, at->pair->last_full);
}

static void
duration(const struct at *at)
{
	if (at->pair->last.ended == 0)
		return;
	add_labels(at, NULL, NULL);
	buf_addf(at->out, "%.3f\n", at->pair->last.seconds);
}

static void
exit_code(const struct at *at)
{
	if (at->pair->last.ended > 0)
		add_u64(at, NULL, NULL, (uint64_t)at->pair->last.exit_status);
}

static void
accepted_records(const struct at *at)
{
	add_u64(at, NULL, NULL, at->pair->accepted);
}

/* --- counters ------------------------------------------------------------- */

static uint64_t
total(const struct history_status *pair, const char *prefix, const char *what)
{
	size_t n = strlen(prefix);

	for (size_t i = 0; i < pair->ntotals; i++) {
		const struct history_total *t = &pair->totals[i];

		if (strncmp(t->name, prefix, n) == 0 &&
		    strcmp(t->name + n, what) == 0)
			return t->value;
	}
	return 0;
}

static void
add_totals(const struct at *at, const char *prefix, const char *label,
    const char *const *whats, size_t n)
{
	for (size_t i = 0; i < n; i++)
		add_u64(at, label, whats[i], total(at->pair, prefix, whats[i]));
}

static void
runs(const struct at *at)
{
	static const char *const results[] = { "equal", "different",
		"incomplete", "failed", "killed" };

	add_totals(at, "runs.", "result", results, ARRAY_LEN(results));
}

static void
rows_compared(const struct at *at)
{
	static const char *const sides[] = { "source", "target" };

	add_totals(at, "rows.", "side", sides, ARRAY_LEN(sides));
}

static void
rows_applied(const struct at *at)
{
	static const char *const ops[] = { "insert", "update", "delete" };

	add_totals(at, "applied.", "op", ops, ARRAY_LEN(ops));
}

static void
escalations(const struct at *at)
{
	add_u64(at, NULL, NULL, total(at->pair, "escalations", ""));
}

static void
capture_lost(const struct at *at)
{
	add_u64(at, NULL, NULL, total(at->pair, "capture.lost", ""));
}

static void
retries(const struct at *at)
{
	add_u64(at, NULL, NULL, total(at->pair, "retries", ""));
}

static void
bytes(const struct at *at)
{
	add_u64(at, NULL, NULL, total(at->pair, "bytes", ""));
}

/* --- of a table ----------------------------------------------------------- */

/* Did the last run read it to its end? */
static bool
is_read(const struct history_table *t)
{
	return t->in_last && (strcmp(t->verdict, "equal") == 0 ||
				 strcmp(t->verdict, "different") == 0 ||
				 strcmp(t->verdict, "unsettled") == 0 ||
				 strcmp(t->verdict, "written") == 0);
}

static void
rows(const struct at *at)
{
	if (!is_read(at->table))
		return;
	add_u64(at, "side", "source", at->table->rows[SOURCE]);
	add_u64(at, "side", "target", at->table->rows[TARGET]);
}

/* As the run left it: a sync that ended with 0 wrote them. */
static void
differences(const struct at *at)
{
	static const char *const kinds[CHANGE_OPS] = { "extra", "changed",
		"missing" };
	bool written = strcmp(at->table->verdict, "written") == 0;

	for (int op = 0; op < CHANGE_OPS && is_read(at->table); op++)
		add_u64(
		    at, "kind", kinds[op], written ? 0 : at->table->ops[op]);
}

static void
unsettled(const struct at *at)
{
	if (is_read(at->table))
		add_u64(at, NULL, NULL, at->table->unsettled);
}

static void
accepted(const struct at *at)
{
	if (is_read(at->table))
		add_u64(at, NULL, NULL, at->table->accepted);
}

static void
verified(const struct at *at)
{
	add_time(at, at->table->verified);
}

static void
drift(const struct at *at)
{
	add_time(at, at->table->since);
}

/* --- all ------------------------------------------------------------------ */

static const struct family {
	const char *name, *type, *help;
	bool tables; /* a sample per table */
	void (*add)(const struct at *at);
} families[] = {
	{ "up", "gauge", "Whether the last run answered (exit status 0 or 1).",
	    false, up },
	{ "last_run_timestamp_seconds", "gauge",
	    "When the last run ended, or began if it was killed.", false,
	    last_run },
	{ "last_success_timestamp_seconds", "gauge",
	    "When the last run that answered ended.", false, last_success },
	{ "last_full_verification_timestamp_seconds", "gauge",
	    "When the last run that answered and read every row ended.", false,
	    last_full },
	{ "last_run_duration_seconds", "gauge", "How long the last run took.",
	    false, duration },
	{ "last_run_exit_code", "gauge", "The exit status of the last run.",
	    false, exit_code },
	{ "accepted_records", "gauge",
	    "Differences that are accepted as they are.", false,
	    accepted_records },
	{ "runs_total", "counter", "Runs by what came of them.", false, runs },
	{ "rows_compared_total", "counter", "Rows compared.", false,
	    rows_compared },
	{ "rows_applied_total", "counter", "Rows written into the target.",
	    false, rows_applied },
	{ "apply_retries_total", "counter",
	    "Transactions that were run again after a deadlock or the like.",
	    false, retries },
	{ "escalations_total", "counter",
	    "Tables compared in full in an incremental run.", false,
	    escalations },
	{ "capture_lost_total", "counter",
	    "Among them: because changes were lost.", false, capture_lost },
	{ "received_bytes_total", "counter",
	    "Bytes of rows and sums received from both sides.", false, bytes },
	{ "rows", "gauge", "Rows of the table in the last run.", true, rows },
	{ "differences", "gauge",
	    "Rows that differ: missing in the target, extra there, changed.",
	    true, differences },
	{ "unsettled_rows", "gauge",
	    "Rows of which nobody can say yet whether they differ.", true,
	    unsettled },
	{ "accepted_differences", "gauge",
	    "Rows that differ and are accepted, so that they do not count.",
	    true, accepted },
	{ "table_verified_timestamp_seconds", "gauge",
	    "When the table was last compared to its end.", true, verified },
	{ "drift_since_timestamp_seconds", "gauge",
	    "Since which run the table differs; only while it does.", true,
	    drift },
};

static void
add_samples(struct at *at, const struct family *f)
{
	if (!f->tables) {
		f->add(at);
		return;
	}
	for (size_t i = 0; i < at->pair->ntables; i++) {
		at->table = &at->pair->tables[i];
		f->add(at);
	}
}

void
metrics_add(struct buf *out, const struct history_status *pairs, size_t n)
{
	buf_addf(out,
	    "# HELP trueup_build_info The version that wrote this file.\n"
	    "# TYPE trueup_build_info gauge\n"
	    "trueup_build_info{version=\"%s\"} 1\n",
	    PACKAGE_VERSION);
	for (size_t f = 0; f < ARRAY_LEN(families); f++) {
		const struct family *family = &families[f];
		char name[80];

		snprintf(name, sizeof(name), "trueup_%s", family->name);
		buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name,
		    family->help, name, family->type);
		for (size_t i = 0; i < n; i++) {
			struct at at = {
				.out = out, .name = name, .pair = &pairs[i]
			};

			add_samples(&at, family);
		}
	}
}
