#include <config.h>

#include "audit/history.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "audit/history-int.h"

const char *const history_trends[] = { "new", "steady", "growing",
	"shrinking" };

struct reader {
	struct history *h;
	struct arena *arena;
	struct history_status *out;
	size_t cap; /* of the list being read */
};

/* --- cells ---------------------------------------------------------------- */

static int64_t
integer(const struct cell *c)
{
	return c->kind == CELL_INT ? c->u.i : 0;
}

static uint64_t
count(const struct cell *c)
{
	return (uint64_t)MAX(integer(c), 0);
}

const char *
history_text(struct arena *arena, const struct cell *c)
{
	return c->kind == CELL_TEXT ? arena_memdup(arena, c->u.p, c->len)
	                            : NULL;
}

/* A list that grows in the arena: the next entry. */
static void *
next_entry(struct reader *r, void *list, size_t n, size_t size)
{
	void *grown = list;

	if (n == r->cap) {
		r->cap = MAX(16, 2 * r->cap);
		grown = arena_alloc(r->arena, r->cap * size);
		if (n > 0)
			memcpy(grown, list, n * size);
	}
	return grown;
}

/* --- what each query gives ------------------------------------------------ */

static enum status
read_pair(void *arg, const struct cell *c, struct err *err)
{
	struct reader *r = arg;
	struct history_status *s = r->out;

	(void)err;
	s->pair = history_text(r->arena, &c[0]);
	s->last_success = integer(&c[1]);
	s->last_full = integer(&c[2]);
	s->last_equal = integer(&c[3]);
	s->accepted = count(&c[4]);
	s->stale = count(&c[5]);
	return TU_OK;
}

static const char pair_sql[] =
    "SELECT coalesce(name, ''), last_success, last_full, last_equal, "
    "(SELECT count(*) FROM accepted WHERE stale IS NULL), "
    "(SELECT count(*) FROM accepted WHERE stale IS NOT NULL) FROM pair";

static enum status
read_run(void *arg, const struct cell *c, struct err *err)
{
	struct reader *r = arg;
	struct history_run *run = &r->out->last;

	(void)err;
	r->out->has_run = true;
	run->id = integer(&c[0]);
	run->action = history_text(r->arena, &c[1]);
	run->mode = history_text(r->arena, &c[2]);
	run->source = history_text(r->arena, &c[3]);
	run->target = history_text(r->arena, &c[4]);
	run->started = integer(&c[5]);
	run->ended = integer(&c[6]);
	run->version = history_text(r->arena, &c[7]);
	run->exit_status = c[8].kind == CELL_INT ? c[8].u.i : -1;
	run->verdict = history_text(r->arena, &c[9]);
	run->error = history_text(r->arena, &c[10]);
	run->seconds = c[11].kind == CELL_F64 ? c[11].u.f : 0;
	run->rows[SOURCE] = count(&c[12]);
	run->rows[TARGET] = count(&c[13]);
	run->bytes = count(&c[14]);
	run->tables = count(&c[15]);
	run->different = count(&c[16]);
	run->ops[CHANGE_INSERT] = count(&c[17]);
	run->ops[CHANGE_UPDATE] = count(&c[18]);
	run->ops[CHANGE_DELETE] = count(&c[19]);
	run->unrepresentable = count(&c[20]);
	run->unsettled = count(&c[21]);
	run->accepted = count(&c[22]);
	run->skipped = count(&c[23]);
	run->done[CHANGE_INSERT] = count(&c[24]);
	run->done[CHANGE_UPDATE] = count(&c[25]);
	run->done[CHANGE_DELETE] = count(&c[26]);
	run->retries = count(&c[27]);
	return TU_OK;
}

#define RUN_COLUMNS 28

/* One that is running says nothing yet. */
static const char *
run_sql(const struct reader *r)
{
	return arena_printf(r->arena,
	    "SELECT id, action, mode, source, target, started, ended, version, "
	    "exit, coalesce(verdict, 'killed'), error, seconds, rows_source, "
	    "rows_target, bytes, tables, different, inserts, updates, deletes, "
	    "unrepresentable, unsettled, accepted, skipped, inserted, updated, "
	    "deleted, retries FROM run %s ORDER BY id DESC LIMIT 1",
	    r->out->running || r->h->run > 0 ? "WHERE verdict IS NOT NULL"
					     : "");
}

static enum status
read_error(void *arg, const struct cell *c, struct err *err)
{
	struct reader *r = arg;

	(void)err;
	r->out->last_error = history_text(r->arena, &c[0]);
	return TU_OK;
}

/* Exit status 7 has no message: its verdict stands for one. */
static const char *
error_sql(const struct reader *r)
{
	return arena_printf(r->arena,
	    "SELECT coalesce(error, verdict, 'killed') FROM run "
	    "WHERE id <= %" PRId64 " AND id > (SELECT coalesce(max(id), 0) "
	    "FROM run WHERE exit IN (0, 1)) ORDER BY id DESC LIMIT 1",
	    r->out->has_run ? r->out->last.id : 0);
}

static enum history_trend
trend_of(const struct cell *now, const struct cell *before)
{
	if (before->kind != CELL_INT)
		return TREND_NEW;
	return now->u.i == before->u.i  ? TREND_STEADY
	       : now->u.i > before->u.i ? TREND_GROWING
	                                : TREND_SHRINKING;
}

static enum status
read_table(void *arg, const struct cell *c, struct err *err)
{
	struct reader *r = arg;
	struct history_status *s = r->out;
	struct history_table *t;

	(void)err;
	s->tables = next_entry(r, s->tables, s->ntables, sizeof(*t));
	t = &s->tables[s->ntables++];
	*t = (struct history_table){
		.name = history_text(r->arena, &c[0]),
		.verdict = history_text(r->arena, &c[1]),
		.why = history_text(r->arena, &c[2]),
		.checked = integer(&c[3]),
		.verified = integer(&c[4]),
		.equal = integer(&c[5]),
		.since = integer(&c[6]),
		.differ = count(&c[7]),
		.before = count(&c[8]),
		.trend = trend_of(&c[7], &c[8]),
		.in_last = c[9].kind == CELL_INT,
		.rows = { count(&c[9]), count(&c[10]) },
		.ops = { [CHANGE_INSERT] = count(&c[11]),
		    [CHANGE_UPDATE] = count(&c[12]),
		    [CHANGE_DELETE] = count(&c[13]) },
		.unrepresentable = count(&c[14]),
		.unsettled = count(&c[15]),
		.accepted = count(&c[16]),
	};
	return TU_OK;
}

#define TABLE_COLUMNS 17

static const char *
table_sql(const struct reader *r)
{
	return arena_printf(r->arena,
	    "SELECT s.name, coalesce(s.verdict, ''), s.why, s.checked, "
	    "s.verified, s.equal, "
	    "s.since, s.differ, s.before, t.rows_source, t.rows_target, "
	    "t.inserts, t.updates, t.deletes, t.unrepresentable, t.unsettled, "
	    "t.accepted FROM standing s LEFT JOIN run_table t "
	    "ON t.run = %" PRId64 " AND t.name = s.name ORDER BY s.name",
	    r->out->has_run ? r->out->last.id : 0);
}

static enum status
read_total(void *arg, const struct cell *c, struct err *err)
{
	struct reader *r = arg;
	struct history_status *s = r->out;
	struct history_total *t;

	(void)err;
	s->totals = next_entry(r, s->totals, s->ntotals, sizeof(*t));
	t = &s->totals[s->ntotals++];
	t->name = history_text(r->arena, &c[0]);
	t->value = count(&c[1]);
	return TU_OK;
}

/* --- all of it ------------------------------------------------------------ */

/* A lock of our own does not show. Asking takes none, so nobody finds a pair
 * busy because of that. */
static enum status
ask_lock(const struct history *h, bool *held, struct err *err)
{
	struct flock byte = { .l_type = F_WRLCK, .l_len = 1 };

	if (fcntl(h->fd, F_OFD_GETLK, &byte) != 0)
		return err_set(err, TU_EIO, "cannot read state file '%s': %s",
		    h->path, strerror(errno));
	*held = byte.l_type != F_UNLCK;
	return TU_OK;
}

static enum status
query(struct reader *r, const char *sql, size_t n,
    enum status (*each)(void *arg, const struct cell *cells, struct err *err),
    struct err *err)
{
	r->cap = 0;
	return history_each(r->h->db, sql, n, each, r, err);
}

static enum status
read_all(struct reader *r, struct err *err)
{
	enum status st = query(r, pair_sql, 6, read_pair, err);

	if (st == TU_OK)
		st = query(r, run_sql(r), RUN_COLUMNS, read_run, err);
	if (st == TU_OK)
		st = query(r, error_sql(r), 1, read_error, err);
	if (st == TU_OK)
		st = query(r, table_sql(r), TABLE_COLUMNS, read_table, err);
	if (st == TU_OK)
		st = query(r, "SELECT name, value FROM total ORDER BY name", 2,
		    read_total, err);
	return st;
}

enum status
history_read(struct history *h, struct arena *arena, struct history_status *out,
    struct err *err)
{
	struct reader r = { .h = h, .arena = arena, .out = out };
	enum status st;

	*out = (struct history_status){ .pair = "" };
	st = ask_lock(h, &out->running, err);
	if (st == TU_OK)
		st = h->db->drv->snapshot_begin(h->db, NULL, err);
	if (st)
		return st;
	st = read_all(&r, err);
	h->db->drv->snapshot_end(h->db);
	return st;
}
