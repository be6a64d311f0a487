#include <config.h>

#include "diff/gather.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/stage.h"
#include "db/pace.h"
#include "diff/fold.h"
#include "diff/pages.h"

#define WORTH_A_CONNECTION 50000 /* rows per job */
#define TICK_MS 100

/* What the workers of one gather() share. */
struct crew {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned running;
	atomic_bool stop;
};

/* One thread's part: leaves [first, last) of one side. */
struct worker {
	struct crew *crew;
	const struct plan *plan;
	const struct pair *pair;
	enum side side;
	struct db *db;
	const struct bounds *bounds;
	struct krange within;
	size_t first, last;
	struct leaf *leaves;
	pthread_t thread;
	bool done; /* its connection is idle; under the crew's lock */
	enum status status;
	struct err err;
};

enum status
pool_open(struct pool *pool, const struct plan *plan, const struct pair *pair,
    const struct diff_options *options, struct err *err)
{
	struct arena *arena = arena_new(256);
	double most = pair->rows / WORTH_A_CONNECTION;
	unsigned jobs = MIN(options->jobs, JOBS_MAX);
	enum status st = TU_OK;

	*pool = (struct pool){ .n = { 1, 1 } };
	if (pair->nrange == 0 || most < jobs)
		jobs = pair->nrange == 0 ? 1 : MAX((unsigned)most, 1);
	for (int s = SOURCE; s <= TARGET && !st; s++) {
		struct db *first = plan->db[s];
		const char *id;

		pool->db[s][0] = first;
		if (jobs == 1 || !(first->drv->caps & DB_CAP_SHARE))
			continue;
		st = first->drv->snapshot_id(first, arena, &id, err);
		while (!st && pool->n[s] < jobs) {
			struct db **db = &pool->db[s][pool->n[s]];

			st = db_open(
			    options->url[s], DB_READ, first->side, db, err);
			if (st)
				break;
			pool->n[s]++;
			(*db)->pace = first->pace;
			st = (*db)->drv->snapshot_begin(*db, id, err);
		}
	}
	if (st)
		pool_close(pool);
	arena_free(arena);
	return st;
}

void
pool_close(struct pool *pool)
{
	for (int s = SOURCE; s <= TARGET; s++)
		for (unsigned i = 1; i < pool->n[s]; i++) {
			pool->db[s][0]->bytes_in += pool->db[s][i]->bytes_in;
			db_close(pool->db[s][i]);
		}
	*pool = (struct pool){ .n = { 1, 1 } };
}

/* Put one row into its leaf. */
static enum status
add_row(struct worker *w, struct row_reader *r, const struct row *row,
    size_t *hint, struct err *err)
{
	const struct bounds *b = w->bounds;
	uint64_t key = 0;

	if (b->ncols == 0) {
		if (row->raw != NULL)
			reader_key(r, row->cells);
		/* raw rows decode the key, which is all a bucket needs */
		*hint = reader_bucket(r, row->cells, (uint32_t)b->nleaves);
		leaf_add(&w->leaves[*hint], reader_hash(r, row), 0);
		return TU_OK;
	}
	if (!reader_key_fits(r, row->cells))
		return err_set(
		    err, TU_EREPLAN, "a key does not have its column's type");
	if (b->integer) {
		if (row->cells[0].kind != CELL_INT)
			return err_set(
			    err, TU_EREPLAN, "a key is not an integer");
		key = (uint64_t)row->cells[0].u.i;
		*hint = bounds_find_int(b, row->cells[0].u.i, *hint);
		if (row->raw != NULL)
			reader_key(r, row->cells);
	} else {
		reader_key(r, row->cells);
		*hint = bounds_find(b, r->key.data, r->prefix, *hint);
	}
	leaf_add(&w->leaves[*hint], reader_hash(r, row), key);
	return TU_OK;
}

static enum status
part_condition(const struct worker *w, size_t first, size_t last,
    struct buf *sql, struct err *err)
{
	struct krange part = w->within, end;

	if (w->bounds->ncols == 0)
		return TU_OK;
	part.lo = bounds_range(w->bounds, &w->within, first).lo;
	end = bounds_range(w->bounds, &w->within, last - 1);
	part.hi = end.hi;
	if (part.lo == NULL && part.hi == NULL)
		return TU_OK;
	side_and(sql, w->pair, w->side);
	return side_range(
	    sql, w->db, w->pair, w->side, w->pair->nrange, &part, err);
}

/* The leaves of a statement, so that the server can be spared. */
static size_t
leaves_at_once(const struct worker *w, size_t most)
{
	uint64_t n = pace_piece(w->db) / MAX(w->pair->leaf_rows, 1);

	return w->bounds->ncols == 0 ? w->last : (size_t)MIN(MAX(n, 1), most);
}

static enum status
scan_leaves(struct worker *w, size_t first, size_t last, struct err *err)
{
	const struct pair *p = w->pair;
	const struct column **cols = calloc(p->ncols, sizeof(*cols));
	struct db_scan scan = { .columns = cols, .nkeys = p->nkeys };
	struct buf sql = BUF_INIT;
	struct cursor *cur = NULL;
	struct row_reader r;
	const struct row *row;
	size_t hint = first, bare;
	uint64_t n = 0;
	enum status st;

	if (cols == NULL)
		out_of_memory(p->ncols * sizeof(*cols));
	reader_init(&r, p, w->side, w->plan->seed);
	scan.ncolumns = side_columns(p, w->side, false, cols);
	if (p->raw)
		scan.flags |= DB_SCAN_RAW;
	side_select(&sql, w->db, p, w->side, false);
	bare = sql.len;
	st = part_condition(w, first, last, &sql, err);
	if (st)
		goto out;
	scan.sql = buf_str(&sql);
	st = pages_open(w->db, p, w->side, &scan,
	    p->table[w->side]->where != NULL || sql.len > bare, &cur, err);
	while (!st && !(st = db_next(cur, &row, err)) && row != NULL) {
		st = add_row(w, &r, row, &hint, err);
		if ((++n & 1023) == 0) {
			stage_add(w->side, 1024);
			if (atomic_load(&w->crew->stop))
				break;
		}
	}
	stage_add(w->side, n & 1023);
out:
	db_cursor_close(cur);
	reader_release(&r);
	buf_free(&sql);
	free(cols);
	return st;
}

static enum status
scan_part(struct worker *w, struct err *err)
{
	size_t step = leaves_at_once(w, w->last);
	enum status st = TU_OK;

	for (size_t i = w->first; i < w->last && !st; i += step) {
		if (atomic_load(&w->crew->stop))
			break;
		st = scan_leaves(w, i, MIN(i + step, w->last), err);
	}
	return st;
}

static enum status
fold_part(struct worker *w, struct err *err)
{
	size_t step = leaves_at_once(w, FOLD_RANGES);
	enum status st = TU_OK;

	for (size_t i = w->first; i < w->last && !st; i += step) {
		if (atomic_load(&w->crew->stop))
			break;
		st = fold_leaves(w->db, w->pair, w->side, w->plan->seed,
		    w->bounds, &w->within, i, MIN(i + step, w->last), w->leaves,
		    err);
	}
	return st;
}

static void *
worker_main(void *arg)
{
	struct worker *w = arg;
	struct crew *crew = w->crew;

	if (w->pair->pushdown[w->side])
		w->status = fold_part(w, &w->err);
	else
		w->status = scan_part(w, &w->err);
	pthread_mutex_lock(&crew->lock);
	/* The other side's transaction must survive for another attempt, and
	 * ending its statement half way would abort it. */
	if (w->status && w->status != TU_EREPLAN)
		atomic_store(&crew->stop, true);
	w->done = true;
	crew->running--;
	pthread_cond_broadcast(&crew->changed);
	pthread_mutex_unlock(&crew->lock);
	return NULL;
}

/*
 * Wait for all workers; when one failed, end the statements of the others, and
 * again later: a worker may have been between two statements.
 */
static void
wait_for(struct crew *crew, struct worker *workers, unsigned n)
{
	pthread_mutex_lock(&crew->lock);
	while (crew->running > 0) {
		struct timespec until;

		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += TICK_MS * 1000000L;
		if (until.tv_nsec >= 1000000000L) {
			until.tv_nsec -= 1000000000L;
			until.tv_sec++;
		}
		pthread_cond_timedwait(&crew->changed, &crew->lock, &until);
		for (unsigned i = 0; i < n && atomic_load(&crew->stop); i++) {
			pace_hurry(workers[i].db, true);
			if (!workers[i].done)
				workers[i].db->drv->cancel(workers[i].db);
		}
		stage_tick();
	}
	pthread_mutex_unlock(&crew->lock);
}

/* The failure that came first is the cause; a worker that was cancelled
 * because of it only says so. */
static enum status
worst(struct worker *workers, unsigned n, struct err *err)
{
	struct worker *cause = NULL;

	for (unsigned i = 0; i < n; i++) {
		struct worker *w = &workers[i];

		if (!w->status)
			continue;
		if (cause == NULL ||
		    (strcmp(cause->err.sqlstate, "57014") == 0 &&
			strcmp(w->err.sqlstate, "57014") != 0) ||
		    cause->status == TU_EINTERRUPTED)
			cause = w;
	}
	if (cause == NULL)
		return TU_OK;
	*err = cause->err;
	return cause->status;
}

static enum status
start(struct worker *w, struct err *err)
{
	int rc = pthread_create(&w->thread, NULL, worker_main, w);

	if (rc == 0)
		return TU_OK;
	return err_set(err, TU_EBUG, "cannot start a thread: %s", strerror(rc));
}

enum status
gather(const struct plan *plan, const struct pair *pair, struct pool *pool,
    const struct bounds *bounds, const struct krange *within,
    struct leaf *leaves[2], struct err *err)
{
	struct crew crew = { .lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER };
	struct worker *workers = calloc(2 * JOBS_MAX, sizeof(*workers));
	unsigned n = 0;
	enum status st = TU_OK, worst_st;

	if (workers == NULL)
		out_of_memory(2 * JOBS_MAX * sizeof(*workers));
	for (int s = SOURCE; s <= TARGET && !st; s++) {
		size_t jobs =
		    bounds->ncols == 0 ? 1 : MIN(pool->n[s], bounds->nleaves);

		for (size_t j = 0; j < jobs && !st; j++) {
			struct worker *w = &workers[n];

			*w = (struct worker){ .crew = &crew,
				.plan = plan,
				.pair = pair,
				.side = (enum side)s,
				.db = pool->db[s][j],
				.bounds = bounds,
				.within = *within,
				.first = bounds->nleaves * j / jobs,
				.last = bounds->nleaves * (j + 1) / jobs,
				.leaves = leaves[s],
				.err = ERR_INIT };
			pthread_mutex_lock(&crew.lock);
			crew.running++;
			pthread_mutex_unlock(&crew.lock);
			st = start(w, err);
			if (!st) {
				n++;
				continue;
			}
			pthread_mutex_lock(&crew.lock);
			crew.running--;
			pthread_mutex_unlock(&crew.lock);
			atomic_store(&crew.stop, true);
		}
	}
	wait_for(&crew, workers, n);
	for (unsigned i = 0; i < n; i++) {
		pthread_join(workers[i].thread, NULL);
		pace_hurry(workers[i].db, false);
	}
	worst_st = worst(workers, n, st ? &(struct err)ERR_INIT : err);
	pthread_cond_destroy(&crew.changed);
	pthread_mutex_destroy(&crew.lock);
	free(workers);
	return st ? st : worst_st;
}
