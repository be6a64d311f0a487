#include <config.h>

#include "db/pace.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/db.h"
#include "db/dialect.h"

/* Steps of a second's rows. */
#define STEPS 20
#define STEP_MAX 1024
/* Rows of a statement where only the load counts: some 0.1 s. */
#define PIECE 50000
#define LOOK_SECONDS 1.0
/* A signal is noticed after so long. */
#define TICK 0.01

struct pace {
	struct pace_options options;
	const char *side;
	struct db *watch; /* NULL: the load does not count */
	pthread_mutex_t lock;
	double free; /* when rows may be read again */
	double look; /* when the load may be asked for again */
	atomic_bool hurry;
};

static bool
wait_until(struct pace *p, double when)
{
	double left;

	while ((left = when - clock_seconds()) > 0) {
		struct timespec t = { .tv_nsec =
					  (long)(MIN(left, TICK) * 1e9) };

		if (interrupted() || atomic_load(&p->hurry))
			return false;
		nanosleep(&t, NULL);
	}
	return true;
}

/* --- the load ------------------------------------------------------------- */

/* As a text behind its name; empty: the user may not see it. */
static enum status
ask(struct pace *p, uint64_t *load, bool *seen, struct err *err)
{
	static const struct column *const columns[] = { &db_text_column,
		&db_text_column };
	const struct db_scan scan = { .sql = p->watch->dialect->load,
		.columns = columns,
		.ncolumns = ARRAY_LEN(columns) };
	const struct row *row = NULL;
	struct cursor *cur;
	enum status st = db_scan(p->watch, &scan, &cur, err);

	*seen = false;
	if (st == TU_OK)
		st = db_next(cur, &row, err);
	if (st == TU_OK && row != NULL && row->cells[1].kind == CELL_TEXT) {
		char digits[24];

		snprintf(digits, sizeof(digits), "%.*s",
		    (int)MIN(row->cells[1].len, sizeof(digits) - 1),
		    row->cells[1].u.p);
		*load = strtoull(digits, NULL, 10);
		*seen = true;
	}
	db_cursor_close(cur);
	return st;
}

static enum status
look(struct pace *p, uint64_t *load, struct err *err)
{
	bool seen;
	enum status st = ask(p, load, &seen, err);

	p->look = clock_seconds() + LOOK_SECONDS;
	if (st || seen)
		return st;
	err_set(err, TU_EUSAGE,
	    "%s: --max-load: the user may not see what other sessions do",
	    p->side);
	return err_hint(
	    err, "GRANT pg_read_all_stats TO the user lets it see them");
}

static bool
is_over(const struct pace *p)
{
	return p->options.until > 0 && clock_seconds() >= p->options.until;
}

/* Under the lock, so that the others of this side wait, too. */
static enum status
wait_for_load(struct pace *p, struct err *err)
{
	const char *what = p->watch->dialect->load_name;
	bool waited = false;
	uint64_t load = 0;
	enum status st = look(p, &load, err);

	while (st == TU_OK && load > p->options.load && !is_over(p)) {
		log_line(waited ? LOG_DEBUG : LOG_INFO,
		    "%s: waiting: %" PRIu64
		    " %s, more than --max-load=%" PRIu64,
		    p->side, load, what, p->options.load);
		waited = true;
		if (!wait_until(p, p->look))
			return TU_OK;
		st = look(p, &load, err);
	}
	if (st == TU_OK && waited)
		log_line(LOG_INFO, "%s: going on: %" PRIu64 " %s%s", p->side,
		    load, what, is_over(p) ? ", and the time is up" : "");
	return st;
}

enum status
pace_load(const struct db *db, struct err *err)
{
	struct pace *p = db->pace;
	enum status st = TU_OK;

	if (p == NULL || p->watch == NULL)
		return TU_OK;
	pthread_mutex_lock(&p->lock);
	if (clock_seconds() >= p->look && !is_over(p) && !interrupted() &&
	    !atomic_load(&p->hurry))
		st = wait_for_load(p, err);
	pthread_mutex_unlock(&p->lock);
	return st;
}

/* --- the rate ------------------------------------------------------------- */

uint64_t
pace_piece(const struct db *db)
{
	const struct pace *p = db->pace;
	uint64_t piece = UINT64_MAX;

	if (p != NULL && p->watch != NULL)
		piece = PIECE;
	if (p != NULL && p->options.rate > 0)
		piece = MIN(piece, p->options.rate);
	return piece;
}

uint64_t
pace_step(const struct db *db)
{
	return MAX(MIN(pace_piece(db) / STEPS, STEP_MAX), 1);
}

void
pace_rows(const struct db *db, uint64_t rows)
{
	struct pace *p = db->pace;
	double when;

	if (p == NULL || p->options.rate == 0)
		return;
	pthread_mutex_lock(&p->lock);
	p->free = MAX(p->free, clock_seconds()) +
	          (double)rows / (double)p->options.rate;
	when = p->free;
	pthread_mutex_unlock(&p->lock);
	(void)wait_until(p, when);
}

void
pace_hurry(const struct db *db, bool hurry)
{
	if (db->pace != NULL)
		atomic_store(&db->pace->hurry, hurry);
}

/* --- the object ----------------------------------------------------------- */

enum status
pace_new(const struct db *db, const char *url,
    const struct pace_options *options, struct pace **out, struct err *err)
{
	struct pace *p = calloc(1, sizeof(*p));
	uint64_t load;
	enum status st;

	if (p == NULL)
		out_of_memory(sizeof(*p));
	*out = p;
	p->options = *options;
	p->side = db->side;
	pthread_mutex_init(&p->lock, NULL);
	if (options->load == 0)
		return TU_OK;
	if (db->dialect->load == NULL) {
		log_line(LOG_INFO,
		    "%s: --max-load: %s does not say how busy "
		    "it is",
		    db->side, db->dialect->brand);
		return TU_OK;
	}
	st = db_open(url, DB_READ, db->side, &p->watch, err);
	if (st == TU_OK)
		st = look(p, &load, err);
	p->look = 0;
	return st;
}

void
pace_free(struct pace *p)
{
	if (p == NULL)
		return;
	db_close(p->watch);
	pthread_mutex_destroy(&p->lock);
	free(p);
}
