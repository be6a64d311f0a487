/*
 * history.h - what the runs of a pair came to: its state file.
 *
 * One file per pair, which trueup audit writes and trueup status, the metrics
 * and trueup accept read. It is a SQLite database, private to its owner (mode
 * 0600: keys of accepted differences are in it), in WAL mode, every commit
 * synced. Losing it loses history and accepted differences, never a verdict.
 * PRAGMA application_id is HISTORY_ID and user_version the format's version,
 * HISTORY_FORMAT; writing brings an older one up to date. Times are seconds
 * since 1970 in UTC:
 *
 *	pair       one row: name; last_success, last_full, last_equal: when the
 *	           last such run ended, or NULL
 *	run        id (ascending), action (diff, sync), mode (full, or
 *	           incremental: some table was compared by its changes), source,
 *	           target (display names, NULL if never connected), started,
 *	           ended, version (of trueup), exit, verdict, error (text or
 *	           NULL), seconds, rows_source, rows_target, bytes, tables,
 *	           different (tables), inserts, updates, deletes (found),
 *	           unrepresentable, unsettled, accepted (rows), skipped
 *	           (columns not compared), inserted, updated, deleted
 *	           (written), retries
 *	run_table  run, name, verdict, why (text or NULL), rows_source,
 *	           rows_target, inserts, updates, deletes, unrepresentable,
 *	           unsettled, accepted, bytes, seconds
 *	standing   where each table stands: name, verdict, checked (when last
 *	           looked at), verified (when last compared to its end), equal
 *	           (when last found equal, or made so), since (the start of
 *	           the first run since then that found it different, NULL:
 *	           none), differ, before (rows that differed in the last
 *	           comparison of this drift and in the one before it), why
 *	total      name, value: counters since the file was made: runs.VERDICT,
 *	           rows.source, rows.target (compared), bytes, applied.insert,
 *	           applied.update, applied.delete, retries, escalations (tables
 *	           compared in full though the last run of the pair was kept),
 *	           capture.lost (among them: as changes were)
 *	accepted   tab (table), key_id (canonical bytes of the key), key_text
 *	           ("id 7"), key_plain (its values, U+001F between them), plan
 *	           (SHA-256 of what was compared and how, in hex), source,
 *	           target (likewise, of the row; NULL: that side had none), at,
 *	           who, reason, stale (when a side was seen to have moved)
 *	tracked    tab (table), plan (SHA-256 in hex of what decides whether two
 *	           rows are equal), source, target (how far the changes of each
 *	           side were read: track/position.h), at (when), full (when it
 *	           was last compared in full, at once or in parts: when these
 *	           began), acked (when the databases were last told), scrub
 *	           (where the next part begins: diff/slice.h; NULL: at the
 *	           start), scrubbed (when the last part was compared), cycle
 *	           (when the first of them was)
 *	cycle      of a comparison that takes several runs (audit/cycle.h): tab,
 *	           plan (as in tracked), began (when the first of them did),
 *	           next (where the rest of the table begins: diff/slice.h;
 *	           NULL: there is none), through (1: all of it was compared),
 *	           rows_source, rows_target, deletes, updates, inserts,
 *	           unsettled (of what was compared); empty between two cycles
 *	open       tab, side (0 the source, 1 the target), key (cells_pack()):
 *	           the rows that differed then, which an incremental run looks
 *	           at again
 *
 * tracked and open are of format 2, audit/incremental.h writes them; cycle is
 * of format 3.
 *
 * Verdicts of a run, by its exit status: "equal" 0, "different" 1,
 * "incomplete" 7, "failed" 2 and above. A run is on the disk when it begins;
 * one that never ended (killed, power cut) has no end, counts as failed, and
 * the next one gives it the verdict "killed".
 *
 * Verdicts of a table: "equal", "different", "only in source" and "only in
 * target" (different as well), "unsettled", "failed" (not read to its end),
 * "not comparable", "written": it differed, and the sync that found it ended
 * with 0; and where the time was up, "incomplete": none of the rows compared so
 * far differs; "compared before": by other runs of the cycle, not by this one.
 * Rows and differences in run_table are those of the cycle so far.
 *
 * A success is a run that answered: it ended with 0 or 1. Any other leaves
 * last_success where it was; only the mode full moves last_full, and one that
 * took several runs to when the first of them began. Likewise a table is
 * verified by all but "unsettled", "failed", "not comparable" and what was cut
 * short.
 * Runs are kept for HISTORY_DAYS days, and so are stale records; standing and
 * total do not depend on old runs. A table that a success did not meet any more
 * is forgotten in standing.
 *
 * There is no fingerprint of a table's contents: the sums that diff/ makes are
 * keyed by a seed per run (HASH_STREAM) or depend on who hashes, so they could
 * not be compared from run to run.
 *
 * Who has a file open for writing has a lock on it until history_close() or
 * its end (an open file description lock on byte 0, which SQLite does not
 * use); reading needs none. Not for network file systems.
 *
 * Use: open, begin, compare with history_sink() among the sinks, end, close. A
 * call of cmd/cmd.h that has a history compares with it and ends the run.
 */
#ifndef TU_AUDIT_HISTORY_H
#define TU_AUDIT_HISTORY_H

#include "base/arena.h"
#include "base/buf.h"
#include "diff/change.h"

#define HISTORY_ID 0x74727568 /* "truh" */
#define HISTORY_FORMAT 3
#define HISTORY_DAYS 400

struct history;

enum history_mode {
	HISTORY_READ,
	HISTORY_WRITE, /* makes the file if it is not there; locks it */
};

/* DIR/PAIR.state; bytes of the name other than letters, digits, '.', '_', '-'
 * are written %XX, a '.' in front too. */
const char *history_path(
    struct arena *arena, const char *dir, const char *pair);

/*
 * TU_EBUSY: another run has the pair ("already running"). TU_EUSAGE: the file
 * belongs to another pair, is none of ours, or of a newer version. TU_EIO:
 * missing (HISTORY_READ), its directory is, or it is damaged; a damaged file is
 * never replaced. HISTORY_READ: pair may be NULL.
 */
enum status history_open(const char *path, const char *pair,
    enum history_mode mode, struct history **out, struct err *err);
/* NULL is allowed. A run that did not end stays without an end. */
void history_close(struct history *h);

/* --- a run ---------------------------------------------------------------- */

/* On the disk when it returns. action: "diff" or "sync"; mode: what is wanted,
 * "full" or "incremental". Its end says what it was. */
enum status history_begin(
    struct history *h, const char *action, const char *mode, struct err *err);

/* Hears of each table that was compared, or was not; changes are nothing to
 * it. */
struct change_sink *history_sink(struct history *h);

/* Statements that the run's end commits with the rest, whatever its status;
 * each ends in ";\n". */
struct buf *history_also(struct history *h);

/* Likewise, but only of a run that came to its end. */
struct buf *history_reached(struct history *h);

/* As history_also(), one more in the counter total.name. */
void history_count(struct history *h, const char *name);

struct history_end {
	int exit_status;
	const struct err *failed;  /* what ended the run early, or NULL */
	const struct plan *plan;   /* NULL: it came to none */
	const char *name[2];       /* display names, NULL: not connected */
	uint64_t done[CHANGE_OPS]; /* rows written */
	uint64_t retries;          /* of transactions */
};

/* One transaction: the run's end, its tables, drift, counters; runs that are
 * too old go. After a signal too. */
enum status history_end(
    struct history *h, const struct history_end *end, struct err *err);

/* --- reading -------------------------------------------------------------- */

/* Times are 0 and texts NULL where there is none. */
struct history_run {
	int64_t id, started, ended;
	const char *action, *mode, *source, *target, *version, *verdict, *error;
	int64_t exit_status; /* -1: it did not end */
	double seconds;
	uint64_t rows[2], bytes, tables, different, ops[CHANGE_OPS];
	uint64_t unrepresentable, unsettled, accepted, skipped;
	uint64_t done[CHANGE_OPS], retries;
};

/* Between the last two comparisons of a drift. */
enum history_trend {
	TREND_NEW, /* there was but one */
	TREND_STEADY,
	TREND_GROWING,
	TREND_SHRINKING,
};
extern const char *const history_trends[];

struct history_table {
	const char *name, *verdict, *why;
	int64_t checked, verified, equal, since;
	uint64_t differ, before; /* rows */
	enum history_trend trend;
	bool in_last; /* the last run had it: what follows is of then */
	uint64_t rows[2], ops[CHANGE_OPS], unrepresentable, unsettled;
	uint64_t accepted;
};

struct history_total {
	const char *name;
	uint64_t value;
};

struct history_status {
	const char *pair;
	bool running;            /* somebody has it open for writing */
	bool has_run;            /* last is set */
	struct history_run last; /* that is not running */
	int64_t last_success, last_full, last_equal;
	const char *last_error;   /* of the last run that failed, since the last
	                           * success; NULL: none */
	uint64_t accepted, stale; /* records of accepted differences */
	size_t ntables, ntotals;
	struct history_table *tables; /* by name */
	struct history_total *totals; /* by name */
};

/* All of one moment, in the arena. */
enum status history_read(struct history *h, struct arena *arena,
    struct history_status *out, struct err *err);

#endif
