#include <config.h>

#include <math.h>
#include <stdlib.h>

#include "base/mapped.h"
#include "base/stage.h"
#include "base/wait.h"
#include "db/pace.h"
#include "diff/btree-int.h"

#define THREADS_MAX 64
#define KEEP 2048         /* suspects of a part */
#define COPIES (16 << 20) /* bytes of rows of all parts */
#define TICK_MS 100

void *
btree_array(size_t n, size_t size)
{
	void *p = calloc(n + 1, size);

	if (p == NULL)
		out_of_memory((n + 1) * size);
	return p;
}

struct looker *
looker_new(struct btree *t)
{
	struct looker *l = btree_array(0, sizeof(*l));

	l->tree = t;
	for (int s = SOURCE; s <= TARGET; s++) {
		sqlite_decoder_init(&l->decoder[s], t->pages[s]);
		l->cells[s] = btree_array(
		    btree_ncells(t->pair, (enum side)s), sizeof(struct cell));
	}
	l->verdicts = btree_array(t->pair->ncols, sizeof(*l->verdicts));
	l->why = btree_array(t->pair->ncols, sizeof(*l->why));
	l->hasher = hasher_new(HASH_STREAM, t->plan->seed);
	scan_init(&l->scan, t->tree, t->alike, t->twins);
	for (int s = SOURCE; s <= TARGET; s++)
		if (t->plan->db[s]->pace != NULL)
			l->scan.most =
			    MIN(l->scan.most, pace_step(t->plan->db[s]));
	return l;
}

void
looker_free(struct looker *l)
{
	for (int s = SOURCE; s <= TARGET; s++) {
		sqlite_decoder_release(&l->decoder[s]);
		free(l->cells[s]);
	}
	scan_release(&l->scan);
	hasher_free(l->hasher);
	free(l->verdicts);
	free(l->why);
	buf_free(&l->scratch);
	buf_free(&l->keys[SOURCE]);
	buf_free(&l->keys[TARGET]);
	free(l);
}

static void
take_cells(struct looker *l, enum side side, struct cell **row)
{
	const struct btree *t = l->tree;

	for (size_t i = 0; i < btree_ncells(t->pair, side); i++)
		l->cells[side][i] = l->decoder[side].cells[t->at[side][i]];
	*row = l->cells[side];
}

enum status
looker_rows(struct looker *l, const struct suspect *f, const char **saved,
    struct cell *rows[2], struct err *err)
{
	for (int s = SOURCE; s <= TARGET; s++) {
		struct sqlite_decoder *d = &l->decoder[s];

		rows[s] = NULL;
		if (f->cell[s] == NULL)
			continue;
		if (saved != NULL ? sqlite_decode_saved(d, saved, err)
				  : sqlite_decode(d, f->cell[s], err))
			return err_context(
			    err, "%s: a row", l->tree->plan->db[s]->side);
		take_cells(l, (enum side)s, &rows[s]);
	}
	return TU_OK;
}

bool
looker_equal(struct looker *l, struct cell *const rows[2])
{
	const struct btree *t = l->tree;

	return rows[SOURCE] != NULL && rows[TARGET] != NULL &&
	       merge_compare_rows(t->plan, t->pair, rows[SOURCE], rows[TARGET],
		   &l->scratch, l->verdicts, l->why) == VERDICT_EQUAL;
}

/* --- the threads ---------------------------------------------------------- */

/* What is reported soon need not be looked for in the file again: 100 of 400 ms
 * where 1 % of 5 million rows differ. */
static void
keep_copies(struct looker *l, struct part *p, const char *rows, size_t n)
{
	if (p->ncopied < p->nsuspects ||
	    atomic_fetch_add(&l->tree->copied, n) + n > COPIES)
		return;
	buf_add(&p->copies, rows, n);
	p->ncopied++;
}

/* The rows of f were saved as n bytes. */
static void
keep(struct looker *l, struct part *p, const struct suspect *f,
    const struct sqlite_mark *place, const char *rows, size_t n)
{
	if (p->nsuspects == KEEP) {
		p->more = true;
		p->from = *place;
		p->before[SOURCE] = f->at[SOURCE];
		p->before[TARGET] = f->at[TARGET];
		return;
	}
	if (p->nsuspects == p->room) {
		p->room = MIN(KEEP, p->room + p->room / 4 + 64);
		p->suspects =
		    realloc(p->suspects, p->room * sizeof(*p->suspects));
		if (p->suspects == NULL)
			out_of_memory(p->room * sizeof(*p->suspects));
	}
	keep_copies(l, p, rows, n);
	p->suspects[p->nsuspects++] = *f;
}

/* The next batch of suspects. */
enum status
looker_scan(struct looker *l, struct err *err)
{
	const uint64_t from[2] = { l->scan.rows[SOURCE], l->scan.rows[TARGET] };

	if (!mapped_try(scan_some, &l->scan))
		return err_set(err, TU_EREPLAN, "the file cannot be read");
	for (int s = SOURCE; s <= TARGET; s++)
		pace_rows(l->tree->plan->db[s], l->scan.rows[s] - from[s]);
	if (l->scan.why != NULL)
		return err_set(err, TU_EREPLAN, "%s", l->scan.why);
	if (interrupted())
		return err_set(err, TU_EINTERRUPTED, "interrupted");
	return TU_OK;
}

void
btree_forget(const struct btree *t)
{
	for (int s = SOURCE; s <= TARGET; s++)
		sqlite_pages_forget(t->pages[s]);
}

/*
 * The order of key_encode() is SQLite's but for two things. Of a large real it
 * takes the shortest digits, which can be on the other side of an integer; and
 * 1 is before 1.0 to it, whatever follows in the key.
 */
static bool
has_other_order(const struct pair *pair, size_t i, const struct cell *c)
{
	if (c->kind != CELL_F64)
		return false;
	if (fabs(c->u.f) > 0x1p53)
		return true;
	return i + 1 < pair->nkeys && trunc(c->u.f) == c->u.f &&
	       (c->u.f == 0 || pair->cols[i].col[SOURCE]->affinity != AFF_REAL);
}

static enum status
check_order(
    const struct pair *pair, struct cell *const rows[2], struct err *err)
{
	for (int s = SOURCE; s <= TARGET; s++)
		for (size_t i = 0; rows[s] != NULL && i < pair->nkeys; i++)
			if (has_other_order(pair, i, &rows[s][i]))
				return err_set(err, TU_EREPLAN,
				    "a row has a real in its key that may be "
				    "ordered otherwise");
	return TU_OK;
}

/* Every suspect is decoded even where no more are kept: then nothing can fail
 * any more when they are reported. */
static enum status
look_at_found(struct looker *l, struct part *p, struct err *err)
{
	const struct btree_scan *scan = &l->scan;
	const char *saved = scan->saved.data;
	struct cell *rows[2];
	enum status st = TU_OK;

	for (size_t i = 0; i < scan->nfound && !st; i++) {
		const char *from = saved;

		st = looker_rows(l, &scan->found[i], &saved, rows, err);
		if (!st && !p->more && !looker_equal(l, rows))
			keep(l, p, &scan->found[i], &scan->place[i], from,
			    (size_t)(saved - from));
		if (!st)
			st = check_order(l->tree->pair, rows, err);
	}
	return st;
}

static enum status
look_at_part(struct looker *l, struct part *p, struct err *err)
{
	struct btree_scan *scan = &l->scan;
	enum status st = TU_OK;

	scan_begin(scan, &p->lo, &p->hi);
	while (!scan->done && !st && !atomic_load(&l->tree->stop)) {
		st = looker_scan(l, err);
		if (!st)
			st = l->tree->ordered ? look_at_found(l, p, err)
			                      : btree_join_add(l, err);
		pthread_mutex_lock(&l->tree->lock);
		l->tree->judged += scan->nfound;
		pthread_mutex_unlock(&l->tree->lock);
	}
	p->rows[SOURCE] = scan->rows[SOURCE];
	p->rows[TARGET] = scan->rows[TARGET];
	for (int s = SOURCE; s <= TARGET; s++)
		sqlite_pages_forget_chains(l->tree->pages[s], &scan->walk[s]);
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

	if (!t->ordered)
		l->moved = moved_feed_new(t->moved);
	if (t->twins != NULL)
		btree_twins_find(t);
	while (!st && !atomic_load(&t->stop) &&
	       (i = atomic_fetch_add(&t->next, 1)) < t->nparts) {
		st = look_at_part(l, &t->parts[i], &err);
		pthread_mutex_lock(&t->lock);
		for (int s = SOURCE; s <= TARGET; s++) {
			atomic_fetch_add(&t->rows[s], l->scan.rows[s]);
			stage_add(s, l->scan.rows[s]);
			t->bytes[s] += l->scan.bytes[s];
		}
		t->leaves += l->scan.leaves;
		t->passed += l->scan.passed;
		pthread_mutex_unlock(&t->lock);
	}
	if (!t->ordered)
		moved_feed_end(l->moved);
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
	pthread_mutex_lock(&t->lock);
	while (t->running > 0) {
		stage_tick();
		(void)wait_ms(&t->changed, &t->lock, TICK_MS);
	}
	pthread_mutex_unlock(&t->lock);
}

/* Two threads a job: there are two sides. What cannot be started is done
 * here. */
enum status
btree_look(struct btree *t, struct err *err)
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
