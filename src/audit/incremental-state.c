#include <config.h>

#include <inttypes.h>
#include <string.h>

#include "audit/history-int.h"
#include "audit/incremental-int.h"
#include "audit/planid.h"
#include "base/clock.h"
#include "db/dialect.h"

/* The databases are told of a position once in so many seconds. */
#define ACK_SECONDS 600

#define ROWS_AT_ONCE 200

/* --- reading -------------------------------------------------------------- */

enum {
	C_PLAN,
	C_SOURCE,
	C_TARGET,
	C_FULL,
	C_ACKED,
	C_SCRUB,
	C_SCRUBBED,
	C_CYCLE,
	C_COLUMNS,
};

static int64_t
integer(const struct cell *c)
{
	return c->kind == CELL_INT ? c->u.i : 0;
}

static enum status
take_tracked(void *arg, const struct cell *cells, struct err *err)
{
	struct look *l = arg;
	const char *plan = history_text(l->arena, &cells[C_PLAN]);

	(void)err;
	if (plan == NULL || strcmp(plan, l->plan) != 0) {
		look_whole(l, false, "something else is compared by now");
		return TU_OK;
	}
	l->old[SOURCE] = history_text(l->arena, &cells[C_SOURCE]);
	l->old[TARGET] = history_text(l->arena, &cells[C_TARGET]);
	l->known = l->old[SOURCE] != NULL && l->old[TARGET] != NULL;
	l->full = integer(&cells[C_FULL]);
	l->acked = integer(&cells[C_ACKED]);
	l->scrub = history_text(l->arena, &cells[C_SCRUB]);
	l->scrubbed = integer(&cells[C_SCRUBBED]);
	l->cycle = integer(&cells[C_CYCLE]);
	return TU_OK;
}

static enum status
take_open(void *arg, const struct cell *cells, struct err *err)
{
	struct look *l = arg;
	struct cell *key = arena_alloc(l->arena, l->pair->nkeys * sizeof(*key));
	const char *p = cells[1].u.p;

	(void)err;
	if (cells[0].kind != CELL_INT || cells[0].u.i < SOURCE ||
	    cells[0].u.i > TARGET || cells[1].kind != CELL_BYTES ||
	    !cells_are_packed(p, cells[1].len, l->pair->nkeys)) {
		look_whole(l, true, "the state file is damaged");
		return TU_OK;
	}
	cells_unpack(&p, key, l->pair->nkeys);
	if (!keyset_add(&l->side[cells[0].u.i].keys, key))
		look_whole(l, false, "too many rows differed");
	return TU_OK;
}

static void
add_where(struct buf *sql, const struct look *l)
{
	buf_adds(sql, " WHERE tab = ");
	history_add_text(sql, l->pair->name);
}

/* What is compared and how, and of which databases. */
static void
identify(struct look *l, struct buf *scratch)
{
	struct db *const *db = l->inc->options.plan->db;

	plan_id_strict(l->pair, scratch, l->plan);
	buf_reset(scratch);
	buf_addf(scratch, "%s\n%s\n%s\n", l->plan, db[SOURCE]->display,
	    db[TARGET]->display);
	digest_of(scratch, l->plan);
	buf_reset(scratch);
}

enum status
look_load(struct look *l, struct err *err)
{
	struct history *h = l->inc->options.history;
	struct buf sql = BUF_INIT;
	enum status st;

	identify(l, &sql);
	buf_adds(&sql, "SELECT plan, source, target, \"full\", acked, scrub, "
		       "scrubbed, cycle FROM tracked");
	add_where(&sql, l);
	st =
	    history_each(h->db, buf_str(&sql), C_COLUMNS, take_tracked, l, err);
	if (st == TU_OK && l->known) {
		buf_reset(&sql);
		buf_adds(&sql, "SELECT side, key FROM open");
		add_where(&sql, l);
		st = history_each(h->db, buf_str(&sql), 2, take_open, l, err);
	} else if (st == TU_OK) {
		look_whole(l, false, "it was not compared before");
	}
	buf_free(&sql);
	return st;
}

/* --- keeping -------------------------------------------------------------- */

/*
 * Not a replica that gets its change tables from the source: a row of ours that
 * the source's own comes to as well would end the replication.
 */
static bool
is_told(const struct incremental *inc, enum side side)
{
	const char *source = inc->side[SOURCE].captures.install_id;
	const char *target = inc->side[TARGET].captures.install_id;

	return side == SOURCE || source == NULL || target == NULL ||
	       strcmp(source, target) != 0 ||
	       inc->options.plan->db[TARGET]->dialect != &dialect_mysql;
}

static void
keep_positions(struct look *l, struct buf *sql, int64_t now)
{
	struct incremental *inc = l->inc;
	bool holds = reader_holds(l->arena, l->side[SOURCE].position) ||
	             reader_holds(l->arena, l->side[TARGET].position);

	if (holds || now - l->acked >= ACK_SECONDS) {
		struct unacked *u = &inc->unacked[inc->nunacked++];

		for (int s = SOURCE; s <= TARGET; s++)
			u->position[s] =
			    is_told(inc, (enum side)s)
				? arena_strdup(inc->arena, l->side[s].position)
				: NULL;
		l->acked = now;
	}
	buf_adds(sql, "INSERT OR REPLACE INTO tracked VALUES (");
	history_add_text(sql, l->pair->name);
	buf_addf(sql, ", '%s'", l->plan);
	for (int s = SOURCE; s <= TARGET; s++) {
		buf_adds(sql, ", ");
		history_add_text(sql, l->side[s].position);
	}
	if (l->why != NULL) {
		l->full = l->scrubbed = now;
		l->scrub = NULL;
	}
	buf_addf(sql, ", %" PRId64 ", %" PRId64 ", %" PRId64 ", ", now, l->full,
	    l->acked);
	history_add_text(sql, l->scrub);
	buf_addf(sql, ", %" PRId64 ", %" PRId64 ");\n", l->scrubbed, l->cycle);
}

static void
keep_open(const struct look *l, enum side side, struct buf *sql)
{
	const struct keyset *keys = &l->open[side];
	struct cell *key = arena_alloc(l->arena, l->pair->nkeys * sizeof(*key));
	struct buf packed = BUF_INIT;

	for (size_t i = 0; i < keyset_count(keys); i++) {
		bool first = i % ROWS_AT_ONCE == 0;

		keyset_cells(keys, i, key);
		buf_reset(&packed);
		cells_pack(&packed, key, l->pair->nkeys);
		if (first)
			buf_adds(sql, i > 0 ? ";\n" : "");
		buf_adds(sql,
		    first ? "INSERT OR REPLACE INTO open VALUES (" : ", (");
		history_add_text(sql, l->pair->name);
		buf_addf(sql, ", %d, x'", (int)side);
		buf_addhex(sql, packed.data, packed.len);
		buf_adds(sql, "')");
	}
	if (keyset_count(keys) > 0)
		buf_adds(sql, ";\n");
	buf_free(&packed);
}

void
look_keep(struct look *l)
{
	struct buf *sql = history_also(l->inc->options.history);

	if (l->lost)
		history_count(l->inc->options.history, "capture.lost");
	if (l->known && l->why != NULL)
		history_count(l->inc->options.history, "escalations");
	buf_adds(sql, "DELETE FROM open");
	add_where(sql, l);
	buf_adds(sql, ";\n");
	if (l->side[SOURCE].position == NULL ||
	    l->side[TARGET].position == NULL || l->overflow || l->partly) {
		buf_adds(sql, "DELETE FROM tracked");
		add_where(sql, l);
		buf_adds(sql, ";\n");
		return;
	}
	keep_positions(l, sql, clock_now());
	keep_open(l, SOURCE, sql);
	keep_open(l, TARGET, sql);
}
