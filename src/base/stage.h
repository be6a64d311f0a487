/*
 * stage.h - where the run is, for whoever asks.
 *
 * What works says here what it begins and how many rows it is through. Nothing
 * is shown: cmd/progress.h does that, on a terminal from time to time and, when
 * a signal asks, from another thread, whatever the run is waiting for. One per
 * process, as the terminal is.
 *
 * Only stage_add() and stage_get() are for all threads; the others are for the
 * one that runs the command.
 */
#ifndef TU_BASE_STAGE_H
#define TU_BASE_STAGE_H

#include "base/base.h"

#define STAGE_TEXT 128

enum stage_kind {
	STAGE_PLAIN, /* nothing is counted: connecting, waiting */
	STAGE_ROWS,  /* rows[0] */
	STAGE_TABLE, /* rows of both sides of one of several tables */
};

/* What is not known is -1. */
struct stage {
	enum stage_kind kind;
	char what[STAGE_TEXT];
	uint64_t rows[2];
	bool looking;   /* all rows of the table are read, and of those that */
	uint64_t again; /* may differ so many were read again */
	double part;    /* 0 to 1, of everything that is expected */
	double rate;    /* rows a second, of late */
	double seconds; /* that it will take from now on */
};

/* Each ends the stage before it. */
void stage_begin(const char *fmt, ...) TU_PRINTF(1, 2);

/* With the number of rows that are expected, or -1. */
void stage_begin_rows(double expected, const char *fmt, ...) TU_PRINTF(2, 3);

/*
 * The next of several tables: the rate goes on, and so does the count of all
 * rows. rest is what is expected of the tables behind it, or -1. Of a table
 * that has more rows than expected nobody knows the end.
 */
void stage_begin_table(double expected, double rest, const char *fmt, ...)
    TU_PRINTF(3, 4);

/* The rows of this table are read from the start, once more. */
void stage_table_again(void);

/* More of them are read, behind those that were looked into. */
void stage_table_more(void);

/* They are all read. What may differ is looked into, for which so many rows
 * were read again; nobody knows how many it will be, and they are not counted.
 */
void stage_look(uint64_t again);

/* More rows, of the source or target (0, 1); or how many there are by now. */
void stage_add(int side, uint64_t rows);
void stage_set(uint64_t rows);

/* To be called now and then, for the rate and for who watches. */
void stage_tick(void);

/* Wait until clock_seconds() is when, with ticks. False: interrupted() before
 * that. */
bool stage_wait(double when);

/* Call tick() at each of these and when a stage begins, in the thread that says
 * so. NULL: nobody watches. */
void stage_watch(void (*tick)(void));

void stage_get(struct stage *out);

/*
 * How fast it goes: the mean since the beginning, and after STAGE_MEMORY
 * seconds an exponential mean that forgets as fast as that. Pure.
 */
#define STAGE_MEMORY 20.0

struct stage_rate {
	double began, last; /* seconds; 0: not yet */
	double done;        /* at the last sample */
	double rate;
};

void stage_rate_add(struct stage_rate *r, double at, double done);
/* -1 as long as it has been looked at for less than a second. */
double stage_rate_get(const struct stage_rate *r);

#endif
