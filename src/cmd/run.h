/*
 * run.h - one comparison from the command line to the exit status: what diff
 * and sync have in common.
 *
 *	run_open       databases, plan, outputs; the report begins
 *	run_compare    every table into the report and a second sink
 *	...            what the command is about
 *	run_close      the report ends, files appear, messages, exit status
 */
#ifndef TU_CMD_RUN_H
#define TU_CMD_RUN_H

#include "audit/accept.h"
#include "audit/incremental.h"
#include "cmd/output.h"
#include "cmd/session.h"
#include "patch/journal.h"
#include "patch/report.h"
#include "patch/spool.h"
#include "patch/stmt.h"

#define EXIT_DIFFERENT 1
#define EXIT_NOT_ALL_COMPARED 7

struct run {
	struct call *call;
	struct session session;
	struct output out;
	struct output undo;      /* not open without --undo */
	struct output reject;    /* nor this without --reject */
	struct report *report;   /* NULL until the output is open */
	const char *source;      /* its name, if it is not connected */
	struct spool *spool;     /* NULL unless asked for */
	struct spool *rejected;  /* what was left alone, or NULL */
	struct journal *journal; /* NULL unless it is written in batches */
	struct accept *accept;   /* NULL unless there is a history */
	struct history *own;     /* the file of --incremental, or NULL */
	struct incremental *incremental; /* NULL: all rows are compared */
	struct cycle *cycle;       /* NULL: there is time for everything */
	double until;              /* clock_seconds() when it is up; 0: never */
	struct tally *tallies;     /* one per pair of the plan */
	uint64_t done[CHANGE_OPS]; /* rows written */
	uint64_t retries;          /* of transactions */
	size_t nfailed;     /* tables that could not be read to their end */
	enum status failed; /* the worst of them, TU_OK: none */
};

/* run_close() is due, whether this succeeds or not. parts: with --budget it is
 * enough to compare a part of a table. */
enum status run_open(struct run *run, struct call *call, bool spool, bool parts,
    struct err *err);

/* also is a sink next to the report; NULL is allowed. A table that cannot be
 * read or has no key after all is reported as failed and leaves the others.
 * With --recheck both hear of what lasted when the last look is over; neither
 * hears of what is accepted in the call's history. */
enum status run_compare(
    struct run *run, struct change_sink *also, struct err *err);

/* A spool as SQL for the target. time goes into the heading, or NULL. */
enum status run_write_patch(struct run *run, struct spool *spool,
    struct output *to, enum stmt_direction dir, const char *time,
    struct err *err);

/* What patches and the journal call the source. */
const char *run_source_name(const struct run *run);

/* 0, 1, 4, 5 or 7 by what was found. */
int run_verdict(const struct run *run);

/*
 * Finish with status, or with the failure st, which err describes. Outputs
 * that are still open become files only if nothing failed. The call's history
 * gets the run's end. Returns the program's exit status.
 */
int run_close(struct run *run, enum status st, int status, struct err *err);

#endif
