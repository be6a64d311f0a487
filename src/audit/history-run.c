#include <config.h>

#include "audit/history.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "audit/history-int.h"
#include "base/clock.h"
#include "db/dialect.h"
#include "patch/report.h"

#define DAY ((int64_t)86400)

/* --- tables --------------------------------------------------------------- */

static void
hear(struct history *h, const char *name, const char *verdict, const char *why,
    const struct tally *tally, size_t skipped)
{
	struct history_heard *t;

	if (h->nheard == h->cap) {
		h->cap = MAX(16, 2 * h->cap);
		t = realloc(h->heard, h->cap * sizeof(*t));
		if (t == NULL)
			out_of_memory(h->cap * sizeof(*t));
		h->heard = t;
	}
	t = &h->heard[h->nheard++];
	*t = (struct history_heard){
		.name = arena_strdup(h->arena, name),
		.verdict = verdict,
		.why = why != NULL ? arena_strdup(h->arena, why) : NULL,
		.skipped = skipped,
	};
	if (tally == NULL)
		return;
	t->tally = *tally;
	h->full &= !tally->by_keys;
	h->cut |= tally->extent.cut;
	h->goes |= tally->extent.resumed;
}

static enum status
sink_end(struct change_sink *s, const struct pair *pair,
    const struct tally *tally, struct err *err)
{
	const struct extent *e = &tally->extent;
	const char *verdict = e->none && !e->cut                ? HISTORY_BEFORE
	                      : e->cut && !tally_differs(tally) ? "incomplete"
	                      : tally_differs(tally)            ? "different"
	                      : tally->unsettled > 0            ? "unsettled"
	                                                        : "equal";

	(void)err;
	hear((struct history *)s, pair->name, verdict, NULL, tally,
	    pair->nskipped);
	return TU_OK;
}

static enum status
sink_fail(struct change_sink *s, const struct pair *pair, const struct err *why,
    struct err *err)
{
	(void)err;
	((struct history *)s)->failed = true;
	hear((struct history *)s, pair->name, "failed", report_why(pair, why),
	    NULL, 0);
	return TU_OK;
}

struct change_sink *
history_sink(struct history *h)
{
	h->sink = (struct change_sink){ .end = sink_end, .fail = sink_fail };
	return &h->sink;
}

static void
hear_rest(struct history *h, const struct plan *plan)
{
	static const char *const only[] = { "only in source",
		"only in target" };

	for (int s = SOURCE; s <= TARGET; s++)
		for (size_t i = 0; i < plan->nonly[s]; i++)
			hear(h, plan->only_name[s][i], only[s], NULL, NULL, 0);
	for (size_t i = 0; i < plan->nbad; i++)
		hear(h, plan->bad[i].table, "not comparable", plan->bad[i].why,
		    NULL, 0);
}

static bool
is_equal(const struct history_heard *t)
{
	return strcmp(t->verdict, "equal") == 0 ||
	       strcmp(t->verdict, "written") == 0;
}

static bool
is_different(const struct history_heard *t)
{
	return strcmp(t->verdict, "different") == 0 ||
	       strncmp(t->verdict, "only ", 5) == 0;
}

static uint64_t
rows_differing(const struct history_heard *t)
{
	const uint64_t *ops = t->tally.ops;

	return ops[CHANGE_INSERT] + ops[CHANGE_UPDATE] + ops[CHANGE_DELETE] +
	       extent_differed(&t->tally.extent);
}

/* --- begin ---------------------------------------------------------------- */

/* What was begun before and is still open was killed: we have the lock. */
static const char bury[] =
    "INSERT INTO total SELECT 'runs.killed', 1 FROM run "
    "WHERE ended IS NULL AND verdict IS NULL "
    "ON CONFLICT (name) DO UPDATE SET value = value + excluded.value;\n"
    "UPDATE run SET verdict = 'killed' "
    "WHERE ended IS NULL AND verdict IS NULL;\n";

enum status
history_begin(
    struct history *h, const char *action, const char *mode, struct err *err)
{
	struct cell cell;
	bool found;
	enum status st;

	h->started = clock_now();
	h->began = clock_seconds();
	h->syncs = strcmp(action, "sync") == 0;
	h->full = true;
	h->cut = h->failed = h->goes = false;
	h->nheard = 0;
	buf_reset(&h->also);
	buf_reset(&h->reached);
	buf_reset(&h->sql);
	buf_adds(&h->sql, bury);
	buf_adds(&h->sql,
	    "INSERT INTO run (action, mode, started, version) VALUES (");
	history_add_text(&h->sql, action);
	buf_adds(&h->sql, ", ");
	history_add_text(&h->sql, mode);
	buf_addf(&h->sql, ", %" PRId64 ", ", h->started);
	history_add_text(&h->sql, PACKAGE_VERSION);
	buf_addc(&h->sql, ')');
	st = history_commit(h, &h->sql, err);
	if (st == TU_OK)
		st = db_one(h->db, "SELECT max(id) FROM run", &db_int_column,
		    h->arena, &cell, &found, err);
	if (st == TU_OK)
		h->run = cell.u.i;
	return st;
}

/* --- end ------------------------------------------------------------------ */

/* What a run's columns say, summed up over its tables. */
struct sums {
	struct tally tally;
	uint64_t compared[2]; /* rows that were looked at */
	uint64_t tables, different, skipped;
};

static struct sums
sum_up(const struct history *h)
{
	struct sums s = { .tables = h->nheard };

	for (size_t i = 0; i < h->nheard; i++) {
		const struct history_heard *t = &h->heard[i];

		for (int op = 0; op < CHANGE_OPS; op++)
			s.tally.ops[op] += t->tally.ops[op];
		for (int side = SOURCE; side <= TARGET; side++) {
			s.tally.rows[side] += t->tally.rows[side];
			s.compared[side] += t->tally.by_keys
			                        ? t->tally.suspects
			                        : t->tally.rows[side];
			s.tally.bytes[side] += t->tally.bytes[side];
		}
		s.tally.unrepresentable += t->tally.unrepresentable;
		s.tally.unsettled += t->tally.unsettled;
		s.tally.accepted += t->tally.accepted;
		s.skipped += t->skipped;
		s.different += is_different(t) || rows_differing(t) > 0;
	}
	return s;
}

static void
add_u64(struct buf *sql, const char *before, uint64_t n)
{
	buf_addf(sql, "%s%" PRIu64, before, MIN(n, (uint64_t)INT64_MAX));
}

static void
add_seconds(struct buf *sql, const char *before, double seconds)
{
	buf_adds(sql, before);
	dialect_sqlite.literal(
	    sql, NULL, &(struct cell){ .kind = CELL_F64, .u.f = seconds });
}

static const char *
verdict_of(int exit_status)
{
	switch (exit_status) {
	case 0:
		return "equal";
	case 1:
		return "different";
	case 7:
		return "incomplete";
	default:
		return "failed";
	}
}

/* Where tables failed but not the run, the first of them speaks for it. */
static void
add_error(struct history *h, const struct history_end *end)
{
	if (end->failed != NULL) {
		history_add_text(&h->sql, end->failed->msg);
		return;
	}
	for (size_t i = 0; i < h->nheard && end->exit_status > 1; i++) {
		const struct history_heard *t = &h->heard[i];

		if (t->why == NULL)
			continue;
		history_add_text(&h->sql,
		    arena_printf(h->arena, "table '%s': %s", t->name, t->why));
		return;
	}
	history_add_text(&h->sql, NULL);
}

static void
add_run(struct history *h, const struct history_end *end, const struct sums *s,
    int64_t now)
{
	struct buf *sql = &h->sql;
	const struct tally *t = &s->tally;

	buf_addf(sql,
	    "UPDATE run SET ended = %" PRId64 ", exit = %d, source = ", now,
	    end->exit_status);
	history_add_text(sql, end->name[SOURCE]);
	buf_adds(sql, ", target = ");
	history_add_text(sql, end->name[TARGET]);
	buf_addf(sql, ", mode = '%s', verdict = '%s', error = ",
	    h->full ? "full" : "incremental", verdict_of(end->exit_status));
	add_error(h, end);
	add_seconds(sql, ", seconds = ", clock_seconds() - h->began);
	add_u64(sql, ", rows_source = ", t->rows[SOURCE]);
	add_u64(sql, ", rows_target = ", t->rows[TARGET]);
	add_u64(sql, ", bytes = ", t->bytes[SOURCE] + t->bytes[TARGET]);
	add_u64(sql, ", tables = ", s->tables);
	add_u64(sql, ", different = ", s->different);
	add_u64(sql, ", inserts = ", t->ops[CHANGE_INSERT]);
	add_u64(sql, ", updates = ", t->ops[CHANGE_UPDATE]);
	add_u64(sql, ", deletes = ", t->ops[CHANGE_DELETE]);
	add_u64(sql, ", unrepresentable = ", t->unrepresentable);
	add_u64(sql, ", unsettled = ", t->unsettled);
	add_u64(sql, ", accepted = ", t->accepted);
	add_u64(sql, ", skipped = ", s->skipped);
	add_u64(sql, ", inserted = ", end->done[CHANGE_INSERT]);
	add_u64(sql, ", updated = ", end->done[CHANGE_UPDATE]);
	add_u64(sql, ", deleted = ", end->done[CHANGE_DELETE]);
	add_u64(sql, ", retries = ", end->retries);
	buf_addf(sql, " WHERE id = %" PRId64 ";\n", h->run);
}

static void
add_run_table(struct history *h, const struct history_heard *t)
{
	struct buf *sql = &h->sql;
	const struct tally *y = &t->tally;
	const struct extent *e = &y->extent;

	buf_addf(sql, "INSERT OR REPLACE INTO run_table VALUES (%" PRId64 ", ",
	    h->run);
	history_add_text(sql, t->name);
	buf_addf(sql, ", '%s', ", t->verdict);
	history_add_text(sql, t->why);
	add_u64(sql, ", ", y->rows[SOURCE] + e->rows[SOURCE]);
	add_u64(sql, ", ", y->rows[TARGET] + e->rows[TARGET]);
	add_u64(sql, ", ", y->ops[CHANGE_INSERT] + e->ops[CHANGE_INSERT]);
	add_u64(sql, ", ", y->ops[CHANGE_UPDATE] + e->ops[CHANGE_UPDATE]);
	add_u64(sql, ", ", y->ops[CHANGE_DELETE] + e->ops[CHANGE_DELETE]);
	add_u64(sql, ", ", y->unrepresentable);
	add_u64(sql, ", ", y->unsettled);
	add_u64(sql, ", ", y->accepted);
	add_u64(sql, ", ", y->bytes[SOURCE] + y->bytes[TARGET]);
	add_seconds(sql, ", ", y->seconds);
	buf_adds(sql, ");\n");
}

/* In an UPDATE all right sides see the row as it was. One that was compared has
 * a since if it differs, and else an equal; but it is verified only when it was
 * compared to its end: how many rows differ is known then. */
static const char restand[] =
    " ON CONFLICT (name) DO UPDATE SET verdict = excluded.verdict, "
    "checked = excluded.checked, why = excluded.why, "
    "verified = coalesce(excluded.verified, verified), "
    "equal = coalesce(excluded.equal, equal), "
    "before = CASE WHEN excluded.verified IS NULL THEN before "
    "WHEN excluded.since IS NULL OR since IS NULL THEN NULL ELSE differ END, "
    "differ = CASE WHEN coalesce(excluded.since, excluded.equal) IS NULL "
    "THEN differ WHEN excluded.verified IS NULL "
    "THEN max(differ, excluded.differ) ELSE excluded.differ END, "
    "since = CASE WHEN coalesce(excluded.since, excluded.equal) IS NULL "
    "THEN since WHEN excluded.since IS NULL THEN NULL "
    "ELSE coalesce(since, excluded.since) END;\n";

static void
add_standing(struct history *h, const struct history_heard *t, int64_t now)
{
	bool differs = is_different(t), equal = is_equal(t);
	const struct extent *e = &t->tally.extent;
	struct buf *sql = &h->sql;
	char when[32];

	if (strcmp(t->verdict, HISTORY_BEFORE) == 0)
		return;
	/* As old as the oldest of what was compared. */
	snprintf(when, sizeof(when), "%" PRId64, e->began > 0 ? e->began : now);
	buf_adds(sql, "INSERT INTO standing VALUES (");
	history_add_text(sql, t->name);
	buf_addf(sql, ", '%s', %" PRId64 ", %s, %s, ", t->verdict, now,
	    (differs || equal) && !e->cut ? when : "NULL",
	    equal ? when : "NULL");
	if (differs)
		buf_addf(sql, "%" PRId64 ", ", h->started);
	else
		buf_adds(sql, "NULL, ");
	add_u64(sql, "", differs ? rows_differing(t) : 0);
	buf_adds(sql, ", NULL, ");
	history_add_text(sql, t->why);
	buf_addc(sql, ')');
	buf_adds(sql, restand);
}

static void
add_pair(struct history *h, int exit_status, int64_t now)
{
	struct buf *sql = &h->sql;

	if (exit_status > 1)
		return;
	buf_addf(sql, "UPDATE pair SET last_success = %" PRId64, now);
	if (h->full && !h->cut && !h->goes)
		buf_addf(sql, ", last_full = %" PRId64, now);
	if (exit_status == 0)
		buf_addf(sql, ", last_equal = %" PRId64, now);
	buf_addf(sql,
	    ";\nDELETE FROM standing WHERE name NOT IN "
	    "(SELECT name FROM run_table WHERE run = %" PRId64 ");\n",
	    h->run);
}

static void
add_to_total(struct buf *sql, const char *name, uint64_t n)
{
	if (n == 0)
		return;
	buf_addf(sql, "INSERT INTO total VALUES ('%s'", name);
	add_u64(sql, ", ", n);
	buf_adds(sql, ") ON CONFLICT (name) DO UPDATE SET "
		      "value = value + excluded.value;\n");
}

static void
add_total(struct history *h, const char *name, uint64_t n)
{
	add_to_total(&h->sql, name, n);
}

void
history_count(struct history *h, const char *name)
{
	add_to_total(&h->also, name, 1);
}

/* Tables that are compared in parts are so in full when all parts were, and as
 * old as the first of them. */
static void
add_verified(struct history *h, int exit_status)
{
	if (exit_status > 1 || h->cut)
		return;
	buf_adds(&h->sql, "UPDATE pair SET last_full = f FROM (SELECT min(at) "
			  "AS f FROM (");
	if (h->goes)
		buf_adds(&h->sql, "SELECT began AS at FROM cycle");
	if (!h->goes || !h->full)
		buf_addf(&h->sql,
		    "%sSELECT \"full\" AS at FROM tracked WHERE tab IN "
		    "(SELECT name FROM run_table WHERE run = %" PRId64 ")",
		    h->goes ? " UNION ALL " : "", h->run);
	buf_adds(&h->sql, ")) WHERE f > coalesce(last_full, 0);\n");
}

/* Where the run stopped, unless that was at the end of everything: then the
 * next one begins again, also with tables that are compared in full beside
 * others that are looked at by keys. A table that fails gets its next chance
 * before, but only one, or no other would be compared as long as it fails. */
static void
add_reached(struct history *h, const struct history_end *end)
{
	bool over = !h->cut && (!h->failed || h->reached.len == 0);

	if (end->failed != NULL)
		return;
	buf_add(&h->sql, h->reached.data, h->reached.len);
	add_verified(h, end->exit_status);
	if (over && (h->full || h->goes || h->reached.len > 0))
		buf_adds(&h->sql, "DELETE FROM cycle;\n");
}

static void
add_totals(
    struct history *h, const struct history_end *end, const struct sums *s)
{
	const struct tally *t = &s->tally;
	char runs[32];

	snprintf(runs, sizeof(runs), "runs.%s", verdict_of(end->exit_status));
	add_total(h, runs, 1);
	add_total(h, "rows.source", s->compared[SOURCE]);
	add_total(h, "rows.target", s->compared[TARGET]);
	add_total(h, "bytes", t->bytes[SOURCE] + t->bytes[TARGET]);
	add_total(h, "applied.insert", end->done[CHANGE_INSERT]);
	add_total(h, "applied.update", end->done[CHANGE_UPDATE]);
	add_total(h, "applied.delete", end->done[CHANGE_DELETE]);
	add_total(h, "retries", end->retries);
}

static void
add_forgetting(struct history *h, int64_t now)
{
	const int64_t since = now - HISTORY_DAYS * DAY;

	buf_addf(&h->sql,
	    "DELETE FROM run WHERE started < %" PRId64 ";\n"
	    "DELETE FROM run_table WHERE run NOT IN (SELECT id FROM run);\n"
	    "DELETE FROM accepted WHERE stale < %" PRId64 ";\n",
	    since, since);
}

/* A sync that ended with 0 left nothing different. */
static void
mark_written(struct history *h, int exit_status)
{
	if (!h->syncs || exit_status != 0)
		return;
	for (size_t i = 0; i < h->nheard; i++)
		if (strcmp(h->heard[i].verdict, "different") == 0)
			h->heard[i].verdict = "written";
}

struct buf *
history_also(struct history *h)
{
	return &h->also;
}

struct buf *
history_reached(struct history *h)
{
	return &h->reached;
}

/* Nothing is read here: after a signal no row would come. */
enum status
history_end(struct history *h, const struct history_end *end, struct err *err)
{
	int64_t now = clock_now();
	struct sums sums;
	enum status st;

	if (h->run == 0)
		return TU_OK;
	if (end->plan != NULL)
		hear_rest(h, end->plan);
	mark_written(h, end->exit_status);
	sums = sum_up(h);
	buf_reset(&h->sql);
	add_run(h, end, &sums, now);
	for (size_t i = 0; i < h->nheard; i++) {
		add_run_table(h, &h->heard[i]);
		add_standing(h, &h->heard[i], now);
	}
	add_pair(h, end->exit_status, now);
	add_totals(h, end, &sums);
	add_forgetting(h, now);
	buf_add(&h->sql, h->also.data, h->also.len);
	add_reached(h, end);
	st = history_commit(h, &h->sql, err);
	if (st == TU_OK)
		h->run = 0;
	return st;
}
