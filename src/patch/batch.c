#include <config.h>

#include "patch/apply-int.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/stage.h"
#include "db/dialect.h"
#include "patch/journal.h"
#include "patch/settle.h"
#include "patch/verify.h"

/*
 * A transaction has BATCH_ROWS rows at most, or what a second takes: after
 * one that took longer the next has half as many, and twice as many again when
 * there is time. The two halves of a parked row are never apart, so that nobody
 * sees what is put there meanwhile.
 *
 * The changes of a batch are in memory, because it may have to run again: after
 * a deadlock, or without the rows that were conflicts.
 *
 * How a change is taken back is in the journal before the first batch runs.
 * Undo statements of inserts are such that they do nothing where the row is
 * still there: nobody knows yet which of the batches will be written.
 */
#define BATCH_ROWS 500
#define BATCH_BYTES (4 << 20)
#define BATCH_SECONDS 1.0

/* All changes of the order, one by one. */
struct feed {
	struct applier *a;
	size_t step; /* the next */
	struct spool_reader *reader;
};

struct batcher {
	struct applier *a;
	struct journal *journal;
	struct feed feed;
	struct changes list;
	size_t rows, most; /* of the next batch, and of any */
	int64_t next;      /* number of the first change of the next batch */
	int64_t first, last;
	uint64_t batches, before; /* written, also by runs before */
	bool unknown;             /* whether the last batch was written */
	bool announced; /* keep_undo() has been called, and went well */
};

/* --- reading -------------------------------------------------------------- */

static void
feed_close(struct feed *f)
{
	spool_reader_close(f->reader);
	f->reader = NULL;
}

static enum status
feed_next(struct feed *f, const struct change **c, struct err *err)
{
	const struct order *order = f->a->order;
	enum status st = TU_OK;

	*c = NULL;
	while (st == TU_OK && *c == NULL) {
		if (f->reader == NULL) {
			if (f->step == order->nsteps)
				return TU_OK;
			st = order_read(f->a->spool, &order->steps[f->step++],
			    SPOOL_APPLY, &f->reader, err);
		}
		if (st == TU_OK)
			st = spool_next(f->reader, c, err);
		if (st == TU_OK && *c == NULL)
			feed_close(f);
	}
	return st;
}

static enum status
fill(struct batcher *b, struct err *err)
{
	uint64_t halves = 0;

	changes_clear(&b->list);
	while (
	    halves > 0 || (b->list.n < b->rows &&
			      arena_footprint(b->list.arena) < BATCH_BYTES)) {
		const struct change *c;
		enum status st = feed_next(&b->feed, &c, err);

		if (st || c == NULL)
			return st;
		changes_add(&b->list, c);
		if (c->phase == CHANGE_PARK)
			halves++;
		else if (c->phase == CHANGE_UNPARK)
			halves--;
	}
	return TU_OK;
}

/* --- the journal ---------------------------------------------------------- */

static enum status
put_undo(struct stmt *undo, struct journal *j, int64_t id,
    const struct change *c, struct err *err)
{
	enum status st = stmt_build(undo, c, err);

	return st ? st : journal_put(j, id, &undo->sql, err);
}

static void
undo_init(struct stmt *undo, const struct batcher *b)
{
	stmt_init(undo, b->a->db->dialect, STMT_UNDO, NULL);
	undo->if_absent = true;
}

static enum status
record_everything(struct batcher *b, struct err *err)
{
	struct feed feed = { .a = b->a };
	const struct change *c = NULL;
	struct stmt undo;
	enum status st;

	undo_init(&undo, b);
	do {
		st = feed_next(&feed, &c, err);
		if (st == TU_OK && c != NULL)
			st = put_undo(&undo, b->journal,
			    journal_next(b->journal), c, err);
		if (st == TU_OK && interrupted())
			st = err_set(err, TU_EINTERRUPTED, "interrupted");
	} while (st == TU_OK && c != NULL);
	feed_close(&feed);
	stmt_release(&undo);
	return st;
}

/* The batch has become another one. */
static enum status
record_again(struct batcher *b, struct err *err)
{
	struct stmt undo;
	enum status st = journal_forget(b->journal, b->first, b->last, err);

	undo_init(&undo, b);
	for (size_t i = 0; i < b->list.n && st == TU_OK; i++)
		st = put_undo(&undo, b->journal, b->first + (int64_t)i,
		    b->list.all[i], err);
	stmt_release(&undo);
	return st ? st : journal_keep(b->journal, err);
}

/* --- one batch ------------------------------------------------------------ */

static enum status
move_sequences(struct batcher *b, struct err *err)
{
	const struct pair *last = NULL;
	enum status st = TU_OK;

	for (size_t i = 0; i < b->list.n && st == TU_OK; i++) {
		const struct change *c = b->list.all[i];

		if (c->op != CHANGE_INSERT || c->pair == last)
			continue;
		last = c->pair;
		st = apply_sequences(b->a, c->pair, err);
	}
	return st;
}

static enum status
write_batch(struct batcher *b, struct err *err)
{
	struct applier *a = b->a;
	struct writer *w = &a->writer;
	enum status st = db_exec(a->db, a->db->dialect->write_begin, NULL, err);

	if (st == TU_OK)
		st = echo_begin(&a->echo, err);
	for (size_t i = 0; i < b->list.n && st == TU_OK; i++)
		st = writer_add(w, b->list.all[i], err);
	if (st == TU_OK)
		st = writer_flush(w, err);
	if (st == TU_OK && w->conflicts.n > 0)
		st = conflicts_error(&w->conflicts, err);
	if (st == TU_OK)
		st = verify_list(
		    a->db, b->list.all, b->list.n, &a->result->remaining, err);
	if (st == TU_OK)
		st = move_sequences(b, err);
	if (st == TU_OK)
		st = echo_end(&a->echo, err);
	if (st == TU_OK && interrupted())
		st = err_set(err, TU_EINTERRUPTED, "interrupted");
	if (st == TU_OK)
		st = journal_intent(b->journal, a->db, b->first, b->last, err);
	return st;
}

static enum status
try_batch(struct batcher *b, struct err *err)
{
	const struct apply_result before = *b->a->result;
	bool unknown = false;
	enum status st = write_batch(b, err);

	if (st == TU_OK)
		st = apply_commit(b->a->db, &unknown, err);
	b->unknown = unknown;
	if (st && !unknown) {
		st = apply_fail(b->a, err);
		journal_undone(b->journal);
	}
	if (st == TU_OK) {
		journal_done(b->journal);
		b->batches++;
		return TU_OK;
	}
	memcpy(b->a->result->done, before.done, sizeof(before.done));
	b->a->result->remaining = before.remaining;
	return st;
}

static enum status
try_again(struct batcher *b, struct err *err)
{
	for (unsigned n = 0;; n++) {
		enum status st = try_batch(b, err);

		if (st == TU_OK || n == APPLY_RETRIES || !apply_is_passing(err))
			return st;
		st = apply_pause(b->a, n, err);
		if (st)
			return st;
		writer_clear(&b->a->writer);
	}
}

static enum status
run_batch(struct batcher *b, struct err *err)
{
	struct applier *a = b->a;

	b->first = b->next;
	b->next += (int64_t)b->list.n;
	b->last = b->next - 1;
	for (unsigned n = 0; b->list.n > 0; n++) {
		enum status st = try_again(b, err);

		if (st != TU_ECONFLICT || a->writer.conflicts.n == 0 ||
		    a->options->answer == CONFLICT_ABORT ||
		    n == APPLY_SETTLE_ROUNDS)
			return st;
		err_clear(err);
		st = settle_list(
		    &b->list, &a->writer.conflicts, a->options, a->result, err);
		writer_clear(&a->writer);
		if (st == TU_OK)
			st = record_again(b, err);
		if (st)
			return st;
	}
	return TU_OK;
}

/* --- all of them ---------------------------------------------------------- */

static void
choose_size(struct batcher *b, double seconds)
{
	if (seconds > BATCH_SECONDS)
		b->rows = MAX(b->rows / 2, 1);
	else if (seconds < BATCH_SECONDS / 4)
		b->rows = MIN(b->rows * 2, b->most);
}

static enum status
run_batches(struct batcher *b, struct err *err)
{
	enum status st;

	apply_begin_stage(b->a);
	for (;;) {
		double began = clock_seconds();

		st = fill(b, err);
		if (st || b->list.n == 0)
			break;
		st = run_batch(b, err);
		if (st)
			break;
		choose_size(b, clock_seconds() - began);
	}
	feed_close(&b->feed);
	return st;
}

/* What cannot be done in pieces. */
static enum status
check_divisible(const struct applier *a, struct err *err)
{
	static const char *const hint =
	    "--transaction=all writes everything in one";

	for (size_t i = 0; i < spool_ntables(a->spool); i++) {
		const struct pair *pair = spool_table(a->spool, i)->pair;

		if (!pair->multiset)
			continue;
		err_set(err, TU_ESCHEMA,
		    "table '%s' has no key, so that nobody could tell which of "
		    "its rows were written before an interruption",
		    pair->name);
		return err_hint(err, "%s", hint);
	}
	if (a->order->cycle == NULL)
		return TU_OK;
	err_set(err, TU_ESCHEMA,
	    "tables %s refer to each other by columns that cannot be NULL, so "
	    "that their rows must be written in one transaction",
	    a->order->cycle);
	return err_hint(err, "%s", hint);
}

static enum status
take_up(struct batcher *b, struct err *err)
{
	struct journal_found found = { .batches = 0 };
	enum status st = journal_settle(b->journal, b->a->db, &found, err);

	if (st == TU_OK && found.batches > 0)
		log_line(LOG_WARN,
		    "taking up a push that was begun at %s: %" PRIu64
		    " changes were written in %" PRIu64 " batches",
		    found.started, found.changes, found.batches);
	b->before = found.batches;
	b->next = journal_next(b->journal);
	return st;
}

static enum status
keep_undo(const struct applier *a, bool written, struct err *err)
{
	return a->options->keep_undo == NULL
	           ? TU_OK
	           : a->options->keep_undo(a->options->arg, written, err);
}

/* What was recorded of changes that were not written goes. */
static enum status
finish(struct batcher *b, struct err *err)
{
	enum status st = keep_undo(b->a, true, err);

	return st ? st : journal_end(b->journal, b->a->db, err);
}

/* A failure says how far it came. */
static enum status
stop(struct batcher *b, struct err *err)
{
	struct err ignored = ERR_INIT;

	if (b->announced)
		(void)keep_undo(b->a, true, &ignored);
	if (journal_is_empty(b->journal))
		(void)journal_end(b->journal, b->a->db, &ignored);
	if (b->unknown)
		return err->status;
	if (b->batches + b->before == 0)
		return err_append(err, "; nothing was written");
	return err_append(err,
	    "; %" PRIu64 " batch%s before that %s written, and the same "
	    "command again goes on from there",
	    b->batches + b->before, b->batches + b->before == 1 ? "" : "es",
	    b->batches + b->before == 1 ? "was" : "were");
}

enum status
apply_in_batches(struct applier *a, struct err *err)
{
	struct batcher b = {
		.a = a,
		.journal = a->options->journal,
		.feed = { .a = a },
		.most = BATCH_ROWS,
	};
	enum status st;

	if (a->options->batch_rows > 0)
		b.most = a->options->batch_rows;
	b.rows = b.most;
	stage_begin("putting the changes in order");
	spool_split(a->spool);
	a->order = order_make(a->spool, a->arena);
	changes_init(&b.list);
	st = check_divisible(a, err);
	if (st == TU_OK)
		st = take_up(&b, err);
	stage_begin("recording how to take the changes back");
	if (st == TU_OK)
		st = record_everything(&b, err);
	if (st == TU_OK && a->order->nsteps > 0)
		st = journal_start(b.journal, a->db, err);
	if (st == TU_OK)
		st = keep_undo(a, false, err);
	b.announced = st == TU_OK;
	if (st == TU_OK)
		st = run_batches(&b, err);
	st = st ? stop(&b, err) : finish(&b, err);
	changes_release(&b.list);
	return st;
}
