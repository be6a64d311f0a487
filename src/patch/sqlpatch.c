#include <config.h>

#include "patch/sqlpatch.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/interrupt.h"
#include "patch/order.h"
#include "patch/report.h"

/*
 * A patch is text for psql or sqlite3 with their stock settings:
 *
 *	-- trueup patch 1                      format and its version
 *	-- source: ..., -- target: ..., -- time: ...
 *	-- table ...: i to insert, u to update, d to delete
 *	-- how to read it
 *	session settings, BEGIN                the dialect's patch_begin
 *	-- delete from ...: n rows             a comment a step (order.h),
 *	DELETE FROM ...;                       then a statement a line
 *	-- sequences of ...
 *	COMMIT;
 *
 * An undo begins with "-- trueup undo 1" and is the same otherwise; that of a
 * push in batches has neither tables nor steps: "-- changes: n, the last one
 * first", and its INSERTs do nothing where the key exists. Every line
 * is a comment or one statement; comments hold no control characters, whatever
 * the tables are called. Statements hold no raw control characters either
 * (dialect.h), except in names. Large values are written whole.
 */

struct writer {
	FILE *out;
	struct spool *spool;
	const struct dialect *dialect;
	enum stmt_direction dir;
	struct stmt stmt;
};

/* A name inside a comment: it cannot end the line. */
static void
put_name(struct writer *w, const char *name)
{
	for (; *name != '\0'; name++) {
		unsigned char c = (unsigned char)*name;

		if (c < 32 || c == 127)
			fprintf(w->out, "\\x%02x", c);
		else
			putc(c, w->out);
	}
}

static void
put_field(struct writer *w, const char *label, const char *value)
{
	if (value == NULL)
		return;
	fprintf(w->out, "-- %s: ", label);
	put_name(w, value);
	putc('\n', w->out);
}

/* Rows of a kind that this file will write. */
static uint64_t
count_of(const struct writer *w, const struct spool_table *t, enum change_op op)
{
	struct change c = { .op = op };

	return t->count[stmt_op(&c, w->dir)];
}

/* By what values were taken for equal, and what nobody looked at. */
static void
put_rules(struct writer *w)
{
	struct buf *text = &w->stmt.value;

	for (size_t i = 0; i < spool_ntables(w->spool); i++) {
		const struct pair *pair = spool_table(w->spool, i)->pair;

		if (pair_has_rules(pair)) {
			buf_reset(text);
			report_add_rules(text, pair);
			fputs("-- rules of ", w->out);
			put_name(w, pair->name);
			fprintf(w->out, ": %s\n", buf_str(text));
		}
		for (size_t c = 0; c < pair->nskipped; c++) {
			fputs("-- not compared: ", w->out);
			put_name(w, pair->name);
			putc('.', w->out);
			put_name(w, pair->skipped[c].name);
			fputs(": ", w->out);
			put_name(w, pair->skipped[c].why);
			putc('\n', w->out);
		}
	}
}

static void
put_title(struct writer *w, const struct sqlpatch_info *info)
{
	fprintf(
	    w->out, "-- trueup %s 1\n", w->dir == STMT_UNDO ? "undo" : "patch");
	put_field(w, "source", info->source);
	put_field(w, "target", info->target);
	put_field(w, "time", info->time);
}

static void
put_advice(struct writer *w)
{
	fprintf(w->out,
	    "-- %s\n"
	    "-- Every UPDATE and DELETE names the values it expects to find. "
	    "One that reports\n"
	    "-- 0 rows met a row that was changed in the meantime and has "
	    "left it alone.\n",
	    w->dir == STMT_UNDO
		? "To be run on the target: gives back what the patch "
		  "changed there."
		: "To be run on the target: makes it equal to the source.");
}

static void
put_header(struct writer *w, const struct sqlpatch_info *info)
{
	put_title(w, info);
	for (size_t i = 0; i < spool_ntables(w->spool); i++) {
		const struct spool_table *t = spool_table(w->spool, i);

		fputs("-- table ", w->out);
		put_name(w, t->pair->name);
		fprintf(w->out,
		    ": %" PRIu64 " to insert, %" PRIu64 " to update, %" PRIu64
		    " to delete\n",
		    count_of(w, t, CHANGE_INSERT),
		    count_of(w, t, CHANGE_UPDATE),
		    count_of(w, t, CHANGE_DELETE));
	}
	put_rules(w);
	put_advice(w);
}

static void
put_cycle(struct writer *w, const char *names)
{
	if (names == NULL)
		return;
	fputs("-- These tables refer to each other; their constraints must be "
	      "deferrable: ",
	    w->out);
	put_name(w, names);
	putc('\n', w->out);
}

static void
put_step_title(
    struct writer *w, const struct spool_table *t, const struct step *step)
{
	static const char *const title[] = {
		[CHANGE_DELETE] = "delete from",
		[CHANGE_UPDATE] = "update",
		[CHANGE_INSERT] = "insert into",
	};
	struct change c = { .op = step->op, .phase = step->phase };
	enum change_op op = stmt_op(&c, w->dir);
	uint64_t rows = t->count[step->op];

	fprintf(w->out, "\n-- %s ", title[op]);
	put_name(w, t->pair->name);
	if (op == CHANGE_UPDATE && step->op != CHANGE_UPDATE)
		fputs(": references of a cycle\n", w->out);
	else
		fprintf(w->out, ": %" PRIu64 " row%s\n", rows,
		    rows == 1 ? "" : "s");
}

static enum status
io_error(struct err *err)
{
	int error = errno;

	err_set(err, TU_EIO, "cannot write the patch: %s", strerror(error));
	errno = error;
	return TU_EIO;
}

static enum status
put_statement(struct writer *w, const struct change *c, struct err *err)
{
	enum status rc = stmt_build(&w->stmt, c, err);

	if (rc)
		return rc;
	buf_adds(&w->stmt.sql, ";\n");
	for (uint64_t i = stmt_runs(c, w->dir); i > 0; i--) {
		const struct buf *sql = &w->stmt.sql;

		if (fwrite(sql->data, 1, sql->len, w->out) != sql->len)
			return io_error(err);
	}
	return interrupted() ? err_set(err, TU_EINTERRUPTED, "interrupted")
	                     : TU_OK;
}

static enum status
put_step(struct writer *w, const struct step *step, struct err *err)
{
	struct spool_reader *r;
	const struct change *c;
	enum status rc;

	put_step_title(w, spool_table(w->spool, step->table), step);
	rc = order_read(w->spool, step,
	    w->dir == STMT_UNDO ? SPOOL_UNDO : SPOOL_APPLY, &r, err);
	while (rc == TU_OK) {
		rc = spool_next(r, &c, err);
		if (rc || c == NULL)
			break;
		rc = put_statement(w, c, err);
	}
	spool_reader_close(r);
	return rc;
}

/* Tables that got rows may have got numbers that a sequence would give. */
static void
put_sequences(struct writer *w)
{
	for (size_t i = 0; i < spool_ntables(w->spool); i++) {
		const struct spool_table *t = spool_table(w->spool, i);
		struct buf *sql = &w->stmt.sql;
		size_t at = 0;

		if (count_of(w, t, CHANGE_INSERT) == 0)
			continue;
		buf_reset(sql);
		while (stmt_sequence(sql, w->dialect, t->pair, &at))
			buf_adds(sql, ";\n");
		if (sql->len == 0)
			continue;
		fputs("\n-- sequences of ", w->out);
		put_name(w, t->pair->name);
		putc('\n', w->out);
		fwrite(sql->data, 1, sql->len, w->out);
	}
}

static enum status
put_end(struct writer *w, struct err *err)
{
	fprintf(w->out, "\n%s", w->dialect->patch_commit);
	if (fflush(w->out) != 0 || ferror(w->out))
		return io_error(err);
	return TU_OK;
}

static enum status
put_all(struct writer *w, const struct sqlpatch_info *info, struct arena *arena,
    struct err *err)
{
	const struct order *order = w->dir == STMT_UNDO
	                                ? order_make_undo(w->spool, arena)
	                                : order_make(w->spool, arena);
	enum status rc = TU_OK;

	put_header(w, info);
	put_cycle(w, order->cycle);
	fprintf(w->out, "\n%s", w->dialect->patch_begin);
	for (size_t i = 0; i < order->nsteps && rc == TU_OK; i++)
		rc = put_step(w, &order->steps[i], err);
	if (rc)
		return rc;
	put_sequences(w);
	return put_end(w, err);
}

enum status
sqlpatch_write(FILE *out, struct spool *spool, const struct dialect *d,
    enum stmt_direction dir, const struct sqlpatch_info *info, struct err *err)
{
	struct writer w = {
		.out = out, .spool = spool, .dialect = d, .dir = dir
	};
	struct arena *arena;
	enum status rc;

	if (spool_ntables(spool) == 0)
		return TU_OK;
	arena = arena_new(4096);
	stmt_init(&w.stmt, d, dir, NULL);
	rc = put_all(&w, info, arena, err);
	stmt_release(&w.stmt);
	arena_free(arena);
	return rc;
}

enum status
sqlpatch_write_journal(FILE *out, struct journal *j, bool written,
    const struct dialect *d, const struct sqlpatch_info *info, struct err *err)
{
	struct writer w = { .out = out, .dialect = d, .dir = STMT_UNDO };
	uint64_t n;
	enum status rc = journal_count_undo(j, written, &n, err);

	if (rc || n == 0)
		return rc;
	put_title(&w, info);
	fprintf(out, "-- changes: %" PRIu64 ", the last one first\n", n);
	put_advice(&w);
	fprintf(out, "\n%s\n", d->patch_begin);
	rc = journal_write_undo(j, written, out, err);
	return rc ? rc : put_end(&w, err);
}
