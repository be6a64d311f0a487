#include <config.h>

#include "diff/btree.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/mapped.h"
#include "db/dialect.h"
#include "db/sqlite-pages.h"
#include "diff/btree-scan.h"
#include "diff/merge.h"
#include "value/rule.h"

#define PARTS_MAX 256
#define PART_PAGES 8 /* a smaller stretch is not worth a part */
#define THREADS_MAX 64
#define KEEP 4096 /* suspects of a part */
#define PROGRESS_MS 100

/* Rows lo <= rowid <= hi. */
struct part {
	int64_t lo, hi;
	struct suspect *suspects;
	size_t nsuspects, room;
	bool more; /* suspects from `from` on were not kept */
	int64_t from;
	uint32_t first[2], last[2]; /* its leaves are among these pages */
};

struct btree {
	const struct plan *plan;
	const struct pair *pair;
	const struct diff_options *options;
	struct sqlite_pages *pages[2];
	const struct sqlite_image *image[2];
	uint32_t root[2];
	bool alike;
	/* Where the cells of pair->cols, and for the target behind them of
	 * pair->extra, are among the columns of their table. */
	size_t *at[2];
	struct part parts[PARTS_MAX];
	size_t nparts;

	/* What the threads share. */
	atomic_size_t next; /* part to be taken */
	atomic_bool stop;
	atomic_uint_fast64_t rows[2];
	pthread_mutex_t lock; /* of the rest */
	pthread_cond_t changed;
	unsigned running;
	uint64_t bytes[2], leaves, passed, judged;
	enum status status;
	struct err err; /* the first failure */
};

/* A thread's own: what it takes to look at two rows. */
struct looker {
	struct btree *tree;
	struct sqlite_decoder decoder[2];
	struct cell *cells[2]; /* in plan order */
	struct buf scratch;
	enum verdict *verdicts;
	const char **why;
	struct btree_scan scan;
};

/* --- looking at rows ------------------------------------------------------ */

static size_t
ncells(const struct pair *pair, enum side side)
{
	return pair->ncols + (side == TARGET ? pair->nextra : 0);
}

static void *
new_array(size_t n, size_t size)
{
	void *p = calloc(n + 1, size);

	if (p == NULL)
		out_of_memory((n + 1) * size);
	return p;
}

static struct looker *
looker_new(struct btree *t)
{
	struct looker *l = new_array(0, sizeof(*l));

	l->tree = t;
	for (int s = SOURCE; s <= TARGET; s++) {
		sqlite_decoder_init(&l->decoder[s], t->pages[s]);
		l->cells[s] = new_array(
		    ncells(t->pair, (enum side)s), sizeof(struct cell));
	}
	l->verdicts = new_array(t->pair->ncols, sizeof(*l->verdicts));
	l->why = new_array(t->pair->ncols, sizeof(*l->why));
	scan_init(&l->scan, t->image, t->root, t->alike);
	return l;
}

static void
looker_free(struct looker *l)
{
	for (int s = SOURCE; s <= TARGET; s++) {
		sqlite_decoder_release(&l->decoder[s]);
		free(l->cells[s]);
	}
	scan_release(&l->scan);
	free(l->verdicts);
	free(l->why);
	buf_free(&l->scratch);
	free(l);
}

/* The rows of a suspect as cells in plan order; NULL where there is none. */
static enum status
take_rows(struct looker *l, const struct suspect *f, struct cell *rows[2],
    struct err *err)
{
	const struct btree *t = l->tree;

	for (int s = SOURCE; s <= TARGET; s++) {
		enum status st;

		rows[s] = NULL;
		if (f->cell[s] == NULL)
			continue;
		st = sqlite_decode(&l->decoder[s], f->cell[s], err);
		if (st)
			return err_context(err, "%s: row %lld",
			    t->plan->db[s]->side, (long long)f->rowid);
		for (size_t i = 0; i < ncells(t->pair, (enum side)s); i++)
			l->cells[s][i] = l->decoder[s].cells[t->at[s][i]];
		rows[s] = l->cells[s];
	}
	return TU_OK;
}

static bool
are_equal(struct looker *l, struct cell *const rows[2])
{
	const struct btree *t = l->tree;

	return rows[SOURCE] != NULL && rows[TARGET] != NULL &&
	       merge_compare_rows(t->plan, t->pair, rows[SOURCE], rows[TARGET],
		   &l->scratch, l->verdicts, l->why) == VERDICT_EQUAL;
}

/* --- the threads ---------------------------------------------------------- */

static void
keep(struct part *p, const struct suspect *f)
{
	if (p->nsuspects == KEEP) {
		p->more = true;
		p->from = f->rowid;
		return;
	}
	if (p->nsuspects == p->room) {
		p->room = MIN(KEEP, p->room * 2 + 64);
		p->suspects =
		    realloc(p->suspects, p->room * sizeof(*p->suspects));
		if (p->suspects == NULL)
			out_of_memory(p->room * sizeof(*p->suspects));
	}
	p->suspects[p->nsuspects++] = *f;
}

/* The next batch of suspects. */
static enum status
scan_on(struct looker *l, struct err *err)
{
	if (!mapped_try(scan_some, &l->scan))
		return err_set(err, TU_EREPLAN, "the file cannot be read");
	if (l->scan.why != NULL)
		return err_set(err, TU_EREPLAN, "%s", l->scan.why);
	if (interrupted())
		return err_set(err, TU_EINTERRUPTED, "interrupted");
	return TU_OK;
}

static void
forget_part(const struct btree *t, const struct part *p)
{
	for (int s = SOURCE; s <= TARGET; s++)
		sqlite_pages_forget(t->pages[s], p->first[s], p->last[s]);
}

/* Every suspect is decoded even where no more are kept: then nothing can fail
 * any more when they are reported. */
static enum status
look_at_part(struct looker *l, struct part *p, struct err *err)
{
	struct btree_scan *scan = &l->scan;
	struct cell *rows[2];
	enum status st = TU_OK;

	scan_begin(scan, p->lo, p->hi);
	while (!scan->done && !st && !atomic_load(&l->tree->stop)) {
		st = scan_on(l, err);
		for (size_t i = 0; i < scan->nfound && !st; i++) {
			st = take_rows(l, &scan->found[i], rows, err);
			if (!st && !p->more && !are_equal(l, rows))
				keep(p, &scan->found[i]);
		}
		pthread_mutex_lock(&l->tree->lock);
		l->tree->judged += scan->nfound;
		pthread_mutex_unlock(&l->tree->lock);
	}
	for (int s = SOURCE; s <= TARGET; s++) {
		p->first[s] = scan->walk[s].first;
		p->last[s] = scan->walk[s].last;
	}
	return st;
}

static void *
thread_main(void *arg)
{
	struct btree *t = arg;
	struct looker *l = looker_new(t);
	struct err err = ERR_INIT;
	enum status st = TU_OK;
	size_t i;

	while (!st && !atomic_load(&t->stop) &&
	       (i = atomic_fetch_add(&t->next, 1)) < t->nparts) {
		st = look_at_part(l, &t->parts[i], &err);
		forget_part(t, &t->parts[i]);
		pthread_mutex_lock(&t->lock);
		for (int s = SOURCE; s <= TARGET; s++) {
			atomic_fetch_add(&t->rows[s], l->scan.rows[s]);
			t->bytes[s] += l->scan.bytes[s];
		}
		t->leaves += l->scan.leaves;
		t->passed += l->scan.passed;
		pthread_mutex_unlock(&t->lock);
	}
	looker_free(l);
	pthread_mutex_lock(&t->lock);
	if (st && !t->status) {
		t->status = st;
		t->err = err;
		atomic_store(&t->stop, true);
	}
	t->running--;
	pthread_cond_broadcast(&t->changed);
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

static void
wait_for(struct btree *t)
{
	const struct diff_options *o = t->options;
	struct timespec until;

	pthread_mutex_lock(&t->lock);
	while (t->running > 0) {
		uint64_t rows[2] = { atomic_load(&t->rows[SOURCE]),
			atomic_load(&t->rows[TARGET]) };

		if (o->progress != NULL)
			o->progress(o->progress_arg, t->pair, rows);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += PROGRESS_MS * 1000000L;
		if (until.tv_nsec >= 1000000000L) {
			until.tv_nsec -= 1000000000L;
			until.tv_sec++;
		}
		pthread_cond_timedwait(&t->changed, &t->lock, &until);
	}
	pthread_mutex_unlock(&t->lock);
}

/* Two threads a job: there are two sides. What cannot be started is done
 * here. */
static enum status
look_at_all(struct btree *t, struct err *err)
{
	pthread_t threads[THREADS_MAX];
	size_t n = 0, want = MIN((size_t)t->options->jobs * 2, THREADS_MAX);

	want = MIN(want, t->nparts);
	t->running = (unsigned)want;
	while (want > 1 && n < want &&
	       pthread_create(&threads[n], NULL, thread_main, t) == 0)
		n++;
	for (size_t i = n; i < want; i++)
		thread_main(t);
	wait_for(t);
	for (size_t i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	if (t->status)
		*err = t->err;
	return t->status;
}

/* --- reporting ------------------------------------------------------------ */

static enum status
report(
    struct looker *l, struct merge *m, const struct suspect *f, struct err *err)
{
	struct cell *rows[2];
	enum status st = take_rows(l, f, rows, err);

	return st ? st : merge_rows(m, rows[SOURCE], rows[TARGET], err);
}

static enum status
report_part(struct looker *l, struct merge *m, struct part *p, struct err *err)
{
	struct btree_scan *scan = &l->scan;
	enum status st = TU_OK;

	for (size_t i = 0; i < p->nsuspects && !st; i++)
		st = report(l, m, &p->suspects[i], err);
	if (!p->more)
		return st;
	scan_begin(scan, p->from, p->hi);
	while (!scan->done && !st) {
		st = scan_on(l, err);
		for (size_t i = 0; i < scan->nfound && !st; i++)
			st = report(l, m, &scan->found[i], err);
	}
	return st;
}

/* What was read once cannot be read again: the file is not what its lock
 * promises. */
static enum status
report_all(struct btree *t, struct change_sink *sink, struct tally *tally,
    struct err *err)
{
	struct looker *l = looker_new(t);
	struct merge m;
	enum status st = TU_OK;

	merge_init(&m, t->plan, t->pair, t->pair, sink, tally);
	for (size_t i = 0; i < t->nparts && !st; i++) {
		st = report_part(l, &m, &t->parts[i], err);
		forget_part(t, &t->parts[i]);
		if (!st && interrupted())
			st = err_set(err, TU_EINTERRUPTED, "interrupted");
	}
	merge_release(&m);
	looker_free(l);
	if (st == TU_EREPLAN) {
		err->status = TU_EIO;
		err_hint(err, "something changed the file without locking it");
		st = TU_EIO;
	}
	return st;
}

/* --- opening -------------------------------------------------------------- */

/* The one place that says for which pairs all of this is right. */
static const char *
why_not(const struct pair *pair)
{
	if (!pair->by_pages)
		return "a hash was asked for";
	for (int s = SOURCE; s <= TARGET; s++)
		if (pair->table[s]->where != NULL)
			return "not all of its rows are compared";
	if (pair->multiset || pair->nkeys != 1 ||
	    !pair->cols[0].col[SOURCE]->rowid_alias ||
	    !pair->cols[0].col[TARGET]->rowid_alias)
		return "its key is not the rowid";
	if (pair->cols[0].type.rule != NULL)
		return "its key has a rule";
	return NULL;
}

static void
find_cells(struct btree *t)
{
	const struct pair *pair = t->pair;

	t->alike = t->image[SOURCE]->encoding == t->image[TARGET]->encoding;
	for (int s = SOURCE; s <= TARGET; s++) {
		const struct column *first = pair->table[s]->columns;

		t->at[s] =
		    new_array(ncells(pair, (enum side)s), sizeof(size_t));
		for (size_t i = 0; i < ncells(pair, (enum side)s); i++) {
			const struct column *c =
			    i < pair->ncols ? pair->cols[i].col[s]
					    : pair->extra[i - pair->ncols];

			t->at[s][i] = (size_t)(c - first);
		}
	}
	for (size_t i = 0; i < pair->ncols; i++)
		t->alike &=
		    !rule_has_sides(pair->cols[i].type.rule) &&
		    sqlite_pages_alike(t->pages[SOURCE], t->at[SOURCE][i],
			t->pages[TARGET], t->at[TARGET][i]);
}

/* Reading interior pages, for mapped_try(). */
struct cutting {
	const struct btree *tree;
	enum side side;
	int64_t cuts[PARTS_MAX / 2];
	size_t n;
	const char *why;
};

static void
cut(void *arg)
{
	struct cutting *c = arg;
	const struct sqlite_image *image = c->tree->image[c->side];
	size_t most = MIN(image->npages / PART_PAGES, PARTS_MAX / 2 - 1);

	c->why = sqlite_walk_cuts(
	    image, c->tree->root[c->side], most, c->cuts, &c->n);
}

/* Parts are cut where either tree is, so that none is large on one side. */
static const char *
make_parts(struct btree *t)
{
	struct cutting c[2] = { { .tree = t, .side = SOURCE },
		{ .tree = t, .side = TARGET } };
	size_t i = 0, j = 0;
	int64_t lo = INT64_MIN;

	for (int s = SOURCE; s <= TARGET; s++) {
		if (!mapped_try(cut, &c[s]))
			return "the file cannot be read";
		if (c[s].why != NULL)
			return c[s].why;
	}
	while (i < c[SOURCE].n || j < c[TARGET].n) {
		int64_t x = i < c[SOURCE].n ? c[SOURCE].cuts[i] : INT64_MAX;
		int64_t y = j < c[TARGET].n ? c[TARGET].cuts[j] : INT64_MAX;
		int64_t hi = MIN(x, y);

		i += x == hi;
		j += y == hi;
		t->parts[t->nparts++] = (struct part){ .lo = lo, .hi = hi };
		lo = hi + 1;
	}
	t->parts[t->nparts++] = (struct part){ .lo = lo, .hi = INT64_MAX };
	return NULL;
}

static enum status
open_tree(
    struct btree *t, struct arena *arena, const char **why, struct err *err)
{
	*why = why_not(t->pair);
	for (int s = SOURCE; s <= TARGET && *why == NULL; s++) {
		enum status st = sqlite_pages_open(t->plan->db[s],
		    t->pair->table[s], arena, &t->pages[s], why, err);

		if (st)
			return st;
		if (*why != NULL)
			return TU_OK;
		t->image[s] = sqlite_pages_image(t->pages[s]);
		t->root[s] = sqlite_pages_root(t->pages[s]);
	}
	if (*why != NULL)
		return TU_OK;
	find_cells(t);
	*why = make_parts(t);
	return TU_OK;
}

static void
close_tree(struct btree *t)
{
	for (int s = SOURCE; s <= TARGET; s++) {
		sqlite_pages_close(t->pages[s]);
		free(t->at[s]);
	}
	for (size_t i = 0; i < t->nparts; i++)
		free(t->parts[i].suspects);
	pthread_cond_destroy(&t->changed);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

static enum status
run(struct btree *t, struct change_sink *sink, struct tally *tally,
    const char **why, struct arena *arena, struct err *err)
{
	enum status st = look_at_all(t, err);

	if (st == TU_EREPLAN) {
		*why = arena_strdup(arena, err->msg);
		err_clear(err);
		return TU_OK;
	}
	if (!st)
		st = diff_check_versions(t->plan, t->pair, err);
	if (st)
		return st;
	for (int s = SOURCE; s <= TARGET; s++) {
		tally->rows[s] = atomic_load(&t->rows[s]);
		t->plan->db[s]->bytes_in += t->bytes[s];
	}
	tally->suspects = t->judged;
	tally->by_pages = true;
	log_line(LOG_INFO,
	    "table '%s': compared by its pages; %llu of %llu leaves hold the "
	    "same bytes on both sides, %llu rows do not",
	    t->pair->name, (unsigned long long)t->passed,
	    (unsigned long long)t->leaves, (unsigned long long)t->judged);
	return report_all(t, sink, tally, err);
}

enum status
btree_pair(const struct plan *plan, const struct pair *pair,
    const struct diff_options *options, struct change_sink *sink,
    struct tally *tally, bool *done, struct err *err)
{
	struct arena *arena;
	struct btree *t;
	const char *why = NULL;
	enum status st;

	*done = false;
	for (int s = SOURCE; s <= TARGET; s++)
		if (plan->db[s]->dialect != &dialect_sqlite)
			return TU_OK;
	arena = arena_new(1024);
	t = new_array(0, sizeof(*t));
	t->plan = plan;
	t->pair = pair;
	t->options = options;
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->changed, NULL);
	st = open_tree(t, arena, &why, err);
	if (!st && why == NULL)
		st = run(t, sink, tally, &why, arena, err);
	if (!st && why != NULL)
		log_line(LOG_INFO, "table '%s': its pages are not compared: %s",
		    pair->name, why);
	*done = !st && why == NULL;
	close_tree(t);
	arena_free(arena);
	return st;
}
