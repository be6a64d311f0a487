#include <config.h>

#include "diff/gather.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/stage.h"
#include "base/wait.h"
#include "db/pace.h"
#include "db/sqlite-rows.h"
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

/* One thread's part: leaves [first, last) of one side, or of the side's table
 * some blocks. */
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
	bool alone; /* on its side */
	pthread_t thread;
	bool done; /* its connection is idle; under the crew's lock */
	enum status status;
	struct err err;
};

/* How many connections are worth their while. */
static unsigned
jobs_for(const struct pair *pair, const struct diff_options *options)
{
	double most = pair->rows / WORTH_A_CONNECTION;
	unsigned jobs = MIN(options->jobs, JOBS_MAX);

	return most < jobs ? MAX((unsigned)most, 1) : jobs;
}

/* One more connection with the snapshot of the first. */
static enum status
open_one(struct pool *pool, enum side side, const struct table *table,
    const char *url, const char *id, struct err *err)
{
	struct db *first = pool->db[side][0];
	struct db **db = &pool->db[side][pool->n[side]];
	enum status st = db_open(url, DB_READ, first->side, db, err);

	if (st)
		return st;
	(*db)->pace = first->pace;
	st = (*db)->drv->snapshot_begin(*db, id, err);
	if (!st)
		st = (*db)->drv->hold(*db, table, err);
	if (st)
		db_close(*db);
	else
		pool->n[side]++;
	return st;
}

/* Those of one side; fewer if somebody waits to alter the table, who would be
 * let in front of the others, and wait for the first. */
static enum status
open_side(struct pool *pool, enum side side, const struct table *table,
    unsigned jobs, const char *url, struct err *err)
{
	struct db *first = pool->db[side][0];
	struct arena *arena = arena_new(256);
	const char *id;
	enum status st = first->drv->hold(first, table, err);

	if (!st)
		st = first->drv->snapshot_id(first, arena, &id, err);
	if (st)
		goto out;
	while (!st && pool->n[side] < jobs)
		st = open_one(pool, side, table, url, id, err);
	if (st && strcmp(err->sqlstate, "55P03") == 0) {
		log_line(LOG_INFO,
		    "table '%s': the %s is read by %u of %u connections: %s",
		    table->name, first->side, pool->n[side], jobs, err->msg);
		err_clear(err);
		st = TU_OK;
	}
out:
	arena_free(arena);
	return st;
}

enum status
pool_open(struct pool *pool, const struct plan *plan, const struct pair *pair,
    const struct diff_options *options, struct err *err)
{
	enum status st = TU_OK;

	*pool = (struct pool){ .n = { 1, 1 } };
	for (int s = SOURCE; s <= TARGET && !st; s++) {
		struct db *first = pool->db[s][0] = plan->db[s];
		unsigned jobs = jobs_for(pair, options);

		if (!(first->drv->caps & DB_CAP_SHARE))
			jobs = 1;
		if (jobs > 1 && pair->nrange == 0) {
			st = first->drv->blocks(
			    first, pair->table[s], &pool->blocks[s], err);
			jobs = (unsigned)MIN(jobs, pool->blocks[s]);
		}
		if (!st && jobs > 1)
			st = open_side(pool, (enum side)s, pair->table[s], jobs,
			    options->url[s], err);
	}
	if (st)
		pool_close(pool);
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
	struct hash128 hash;
	uint64_t key = 0;

	if (b->ncols == 0) {
		/* raw rows decode the key, which is all a bucket needs */
		*hint = reader_bucket(r, row->cells, (uint32_t)b->nleaves);
		hash = reader_hash(r, row);
		leaf_add_sums(&w->leaves[*hint],
		    &(struct leaf){ .n = 1, .a = hash.a, .b = hash.b });
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

/* Rows on their way into leaves. */
struct adder {
	struct worker *worker;
	struct row_reader reader;
	size_t hint;
	uint64_t n;
	bool failed; /* because of a row */
};

static void
adder_init(struct adder *a, struct worker *w, size_t first)
{
	*a = (struct adder){ .worker = w, .hint = first };
	reader_init(&a->reader, w->pair, w->side, w->plan->seed);
}

static void
adder_release(struct adder *a)
{
	stage_add(a->worker->side, a->n & 1023);
	reader_release(&a->reader);
}

static enum status
add_next(void *arg, const struct row *row, struct err *err)
{
	struct adder *a = arg;
	enum status st = add_row(a->worker, &a->reader, row, &a->hint, err);

	a->failed = st != TU_OK;
	if ((++a->n & 1023) != 0 || st)
		return st;
	stage_add(a->worker->side, 1024);
	return atomic_load(&a->worker->crew->stop)
	           ? err_set(err, TU_EINTERRUPTED, "interrupted")
	           : TU_OK;
}

/*
 * A whole table of an SQLite file, by its pages. *done is false if that cannot
 * be, or turns out to be wrong; then nothing is in the leaves.
 */
static enum status
scan_pages(
    struct worker *w, const struct db_scan *scan, bool *done, struct err *err)
{
	const struct table *table = w->pair->table[w->side];
	struct arena *arena = arena_new(1024);
	struct cursor *cur = NULL;
	const char *why = NULL;
	struct adder a;
	enum status st = sqlite_rows_open(w->db, table, scan->columns,
	    scan->ncolumns, arena, &cur, &why, err);

	adder_init(&a, w, w->first);
	if (!st && why == NULL)
		st = db_rest(cur, add_next, &a, err);
	if (st == TU_EREPLAN && !a.failed) {
		why = arena_strdup(arena, err->msg);
		err_clear(err);
		st = TU_OK;
		memset(w->leaves, 0, w->bounds->nleaves * sizeof(*w->leaves));
	}
	*done = why == NULL;
	log_line(LOG_INFO, "table '%s': the %s's rows %s%s", w->pair->name,
	    w->db->side,
	    *done ? "were read from its pages"
		  : "are not read from its pages: ",
	    *done ? "" : why);
	adder_release(&a);
	db_cursor_close(cur);
	arena_free(arena);
	return st;
}

/* By statements: a driver's own way, or page by page. */
static enum status
scan_rows(struct worker *w, size_t first, const struct db_scan *scan,
    bool where, struct err *err)
{
	struct cursor *cur = NULL;
	struct adder a;
	enum status st;

	adder_init(&a, w, first);
	if (w->db->drv->each != NULL) {
		st = db_each(w->db, scan, add_next, &a, err);
	} else {
		st =
		    pages_open(w->db, w->pair, w->side, scan, where, &cur, err);
		if (!st)
			st = db_rest(cur, add_next, &a, err);
		db_cursor_close(cur);
	}
	adder_release(&a);
	return st;
}

static enum status
scan_leaves(struct worker *w, size_t first, size_t last, struct err *err)
{
	const struct pair *p = w->pair;
	const struct column **cols = calloc(p->ncols, sizeof(*cols));
	struct db_scan scan = { .columns = cols, .nkeys = p->nkeys };
	struct buf sql = BUF_INIT;
	size_t bare;
	bool whole, done = false;
	enum status st;

	if (cols == NULL)
		out_of_memory(p->ncols * sizeof(*cols));
	scan.ncolumns = side_columns(p, w->side, false, cols);
	if (p->raw)
		scan.flags |= DB_SCAN_RAW;
	side_select(&sql, w->db, p, w->side, false);
	bare = sql.len;
	st = part_condition(w, first, last, &sql, err);
	whole = p->table[w->side]->where == NULL && sql.len == bare;
	scan.sql = buf_str(&sql);
	if (!st && whole && p->any_hash && w->db->dialect == &dialect_sqlite)
		st = scan_pages(w, &scan, &done, err);
	if (!st && !done)
		st = scan_rows(w, first, &scan, !whole, err);
	buf_free(&sql);
	free(cols);
	return st;
}

/* Each worker begins, whatever became of the others: of what is wrong on both
 * sides, the source is named. */
static bool
is_over(const struct worker *w, size_t i)
{
	return i >= w->last || (i > w->first && atomic_load(&w->crew->stop));
}

static enum status
scan_part(struct worker *w, struct err *err)
{
	size_t step = leaves_at_once(w, w->last);
	enum status st = TU_OK;

	for (size_t i = w->first; !is_over(w, i) && !st; i += step)
		st = scan_leaves(w, i, MIN(i + step, w->last), err);
	return st;
}

static enum status
fold_part(struct worker *w, struct err *err)
{
	size_t step = leaves_at_once(w, FOLD_RANGES);
	enum status st = TU_OK;

	for (size_t i = w->first; !is_over(w, i) && !st; i += step)
		st = fold_leaves(w->db, w->pair, w->side, w->plan->seed,
		    w->bounds, &w->within, i, MIN(i + step, w->last), w->leaves,
		    err);
	return st;
}

/* A server that is asked for all of a table at once may do its best (at a pace
 * it never is); who is asked by several connections takes a process for each.
 */
static enum status
fold_table(struct worker *w, struct err *err)
{
	const char *const *say = w->db->dialect->processes;
	enum status st;

	if (w->bounds->ncols > 0 || say == NULL)
		return fold_part(w, err);
	st = db_exec(
	    w->db, say[w->alone ? PROCESSES_MANY : PROCESSES_ONE], NULL, err);
	if (!st)
		st = fold_part(w, err);
	if (!st)
		st = db_exec(w->db, say[PROCESSES_DEFAULT], NULL, err);
	return st;
}

static void *
worker_main(void *arg)
{
	struct worker *w = arg;
	struct crew *crew = w->crew;

	if (w->pair->pushdown[w->side])
		w->status = fold_table(w, &w->err);
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

static void
end_all(struct worker *workers, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		pace_hurry(workers[i].db, true);
		if (!workers[i].done)
			workers[i].db->drv->cancel(workers[i].db);
	}
}

/*
 * Wait for all workers; when one failed, end the statements of the others, and
 * again later: a worker may have been between two statements. Not at once: what
 * is wrong with one may be wrong with all, and then each says so by itself.
 */
static void
wait_for(struct crew *crew, struct worker *workers, unsigned n)
{
	pthread_mutex_lock(&crew->lock);
	while (crew->running > 0) {
		if (!wait_ms(&crew->changed, &crew->lock, TICK_MS) &&
		    atomic_load(&crew->stop))
			end_all(workers, n);
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

/* Part j of n: of the leaves, */
static void
split_leaves(struct worker *w, size_t j, size_t n)
{
	w->first = w->bounds->nleaves * j / n;
	w->last = w->bounds->nleaves * (j + 1) / n;
}

/* or of the table, as if it had no other blocks. */
static const struct pair *
some_blocks(const struct worker *w, struct arena *arena, uint64_t blocks,
    size_t j, size_t n)
{
	struct pair *pair = arena_memdup(arena, w->pair, sizeof(*pair));
	struct table *table =
	    arena_memdup(arena, pair->table[w->side], sizeof(*table));
	struct buf cond = BUF_INIT;

	if (table->where != NULL)
		buf_addf(&cond, "(%s) AND ", table->where);
	w->db->dialect->block_cond(&cond, blocks * j / n,
	    j + 1 < n ? blocks * (j + 1) / n : UINT64_MAX);
	table->where = arena_strdup(arena, buf_str(&cond));
	pair->table[w->side] = table;
	buf_free(&cond);
	return pair;
}

enum status
gather(const struct plan *plan, const struct pair *pair, struct pool *pool,
    const struct bounds *bounds, const struct krange *within,
    struct leaf *leaves[2], struct err *err)
{
	struct crew crew = { .lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER };
	struct worker *workers = calloc(2 * JOBS_MAX, sizeof(*workers));
	struct arena *arena = arena_new(1024);
	unsigned n = 0;
	enum status st = TU_OK, worst_st;

	if (workers == NULL)
		out_of_memory(2 * JOBS_MAX * sizeof(*workers));
	for (int s = SOURCE; s <= TARGET && !st; s++) {
		size_t jobs = bounds->ncols == 0
		                  ? pool->n[s]
		                  : MIN(pool->n[s], bounds->nleaves);

		for (size_t j = 0; j < jobs && !st; j++) {
			struct worker *w = &workers[n];

			*w = (struct worker){ .crew = &crew,
				.plan = plan,
				.pair = pair,
				.side = (enum side)s,
				.db = pool->db[s][j],
				.bounds = bounds,
				.within = *within,
				.last = bounds->nleaves,
				.leaves = leaves[s],
				.alone = jobs == 1,
				.err = ERR_INIT };
			if (bounds->ncols == 0 && jobs > 1)
				w->pair = some_blocks(
				    w, arena, pool->blocks[s], j, jobs);
			else if (bounds->ncols > 0)
				split_leaves(w, j, jobs);
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
	arena_free(arena);
	free(workers);
	return st ? st : worst_st;
}
