#include <config.h>

#include "audit/incremental.h"

#include <inttypes.h>
#include <stdlib.h>

#include "audit/incremental-int.h"
#include "base/both.h"
#include "base/log.h"
#include "base/stage.h"
#include "track/keycompare.h"

/* Where so many rows may differ, looking at all of them costs less than
 * looking them up. */
#define KEYS_AT_LEAST 10000
#define KEYS_PART 0.15
/* But not more than fit into memory. */
#define KEYS_AT_MOST 4000000

void
look_whole(struct look *l, bool trouble, const char *why)
{
	if (l->why == NULL || (trouble && !l->trouble))
		l->why = arena_strdup(l->arena, why);
	l->trouble |= trouble;
}

/* --- what differs --------------------------------------------------------- */

/* Keeps the keys of what it hears of, and passes it on. */
struct recorder {
	struct change_sink sink; /* first, so that it is the object */
	struct look *look;
	struct change_sink *to; /* or NULL */
	/* What a comparison by keys cannot say of itself; or NULL. */
	const struct tally *known;
	struct tally *tally;   /* the comparison's; where there is a to */
	struct tally left_out; /* of what is pending */
	bool gap;              /* behind the last change that was passed on */
};

static bool
is_pending(const struct look *l, const struct cell *cells)
{
	for (int s = SOURCE; s <= TARGET; s++)
		if (l->side[s].all_pending ||
		    keyset_has(&l->side[s].pending, cells))
			return true;
	return false;
}

static enum status
recorder_begin(struct change_sink *s, const struct pair *pair, struct err *err)
{
	struct change_sink *to = ((struct recorder *)s)->to;

	return tell_begin(to, pair, err);
}

/* What is pending may differ: that is no difference yet. */
static enum status
pass_on(struct recorder *r, const struct change *c, const struct cell *cells,
    struct err *err)
{
	struct change known = *c;

	if (!c->pair->multiset && is_pending(r->look, cells)) {
		tally_count(&r->left_out, c);
		r->left_out.unsettled += c->copies;
		r->gap = true;
		return TU_OK;
	}
	known.next = c->next && !r->gap;
	r->gap = false;
	return tell_change(r->to, &known, err);
}

static enum status
recorder_change(struct change_sink *s, const struct change *c, struct err *err)
{
	struct recorder *r = (struct recorder *)s;
	enum side side = c->source != NULL ? SOURCE : TARGET;
	const struct cell *cells = side == SOURCE ? c->source : c->target;

	if (r->known == NULL && !c->pair->multiset && !r->look->overflow &&
	    !keyset_add(&r->look->open[side], cells))
		r->look->overflow = true;
	return r->to != NULL ? pass_on(r, c, cells, err) : TU_OK;
}

static void
add_known(
    struct tally *t, const struct tally *known, const uint64_t scrubbed[2])
{
	for (int side = SOURCE; side <= TARGET; side++) {
		t->rows[side] = known->rows[side];
		t->bytes[side] += known->bytes[side] + scrubbed[side];
	}
	t->suspects = known->suspects;
	t->at_target = known->at_target;
	t->seconds += known->seconds;
	t->by_keys = true;
}

static enum status
recorder_end(struct change_sink *s, const struct pair *pair,
    const struct tally *tally, struct err *err)
{
	struct recorder *r = (struct recorder *)s;

	if (r->to == NULL)
		return TU_OK;
	if (r->known != NULL)
		add_known(r->tally, r->known, r->look->scrubbed_bytes);
	r->tally->behind = r->look->behind;
	tally_subtract(r->tally, &r->left_out);
	r->tally->unsettled += r->left_out.unsettled;
	r->tally->open_end = r->tally->open_end && !r->gap;
	return tell_end(r->to, pair, tally, err);
}

static enum status
recorder_fail(struct change_sink *s, const struct pair *pair,
    const struct err *why, struct err *err)
{
	struct change_sink *to = ((struct recorder *)s)->to;

	return tell_fail(to, pair, why, err);
}

static struct recorder
recorder(struct look *l, struct change_sink *to, const struct tally *known,
    struct tally *tally)
{
	return (struct recorder){
		.sink = { recorder_begin, recorder_change, recorder_end,
		    recorder_fail },
		.look = l,
		.to = to,
		.known = known,
		.tally = tally,
	};
}

/* --- by keys -------------------------------------------------------------- */

struct counting {
	const struct look *look;
	uint64_t *rows;
};

static enum status
count_side(void *arg, int side, struct err *err)
{
	struct counting *c = arg;
	const struct look *l = c->look;

	return db_count(l->inc->options.plan->db[side], l->pair->table[side],
	    &c->rows[side], err);
}

/* What was not looked at is equal, so it makes no difference to the numbers of
 * rows. There is no condition, see check_conditions(). */
static void
check_numbers(struct look *l, const struct tally *found)
{
	int64_t more = (int64_t)(found->rows[SOURCE] - found->rows[TARGET]);
	int64_t known =
	    (int64_t)(found->ops[CHANGE_INSERT] - found->ops[CHANGE_DELETE]);

	if (more == known)
		return;
	l->lost = true;
	look_whole(l, true,
	    arena_printf(l->arena,
		"the source has %" PRIu64 " rows and the target %" PRIu64
		", which what has changed does not explain; changes were not "
		"written down, or lost",
		found->rows[SOURCE], found->rows[TARGET]));
}

/*
 * Twice: first for ourselves, so that nobody has heard anything if all of the
 * table must be compared after all; the second time only what differs.
 */
static enum status
compare_changed(struct look *l, struct tally *found, struct err *err)
{
	const struct plan *plan = l->inc->options.plan;
	const struct keyset *keys[2] = { &l->side[SOURCE].keys,
		&l->side[TARGET].keys };
	struct recorder r = recorder(l, NULL, NULL, NULL);
	struct counting counting = { l, found->rows };
	enum status st;

	for (int s = SOURCE; s <= TARGET; s++)
		keyset_sort(&l->side[s].keys);
	st = compare_keys(plan, l->pair, keys, &r.sink, found, err);
	if (st)
		return st;
	for (int s = SOURCE; s <= TARGET; s++)
		keyset_sort(&l->open[s]);
	if (l->overflow)
		look_whole(l, false, "too many rows differ");
	st = both_sides(count_side, &counting, err);
	if (st == TU_OK)
		st = diff_check_versions(plan, l->pair, err);
	if (st == TU_OK)
		check_numbers(l, found);
	return st ? err_context(err, "table '%s'", l->pair->name) : TU_OK;
}

static enum status
tell_changed(struct look *l, const struct tally *found,
    struct change_sink *sink, struct tally *tally, struct err *err)
{
	const struct keyset *keys[2] = { &l->open[SOURCE], &l->open[TARGET] };
	struct recorder r = recorder(l, sink, found, tally);

	log_line(LOG_INFO, "table '%s': %" PRIu64 " rows may have changed",
	    l->pair->name, found->suspects);
	return compare_keys(
	    l->inc->options.plan, l->pair, keys, &r.sink, tally, err);
}

/* --- one table ------------------------------------------------------------ */

/* Nothing that could be kept would spare the next run this. */
static bool
is_always(const struct look *l)
{
	return l->side[SOURCE].position == NULL ||
	       l->side[TARGET].position == NULL ||
	       l->pair->table[SOURCE]->where != NULL ||
	       l->pair->table[TARGET]->where != NULL;
}

static enum status
compare_whole(struct look *l, const struct diff_options *options,
    struct change_sink *sink, struct tally *tally, struct err *err)
{
	struct recorder r = recorder(l, sink, NULL, tally);
	struct cycle *cycle = is_always(l) ? l->inc->options.cycle : NULL;
	enum status st;

	log_line(l->trouble ? LOG_WARN : LOG_INFO,
	    "table '%s' is compared in full%s: %s", l->pair->name,
	    cycle != NULL ? ", as far as there is time" : "", l->why);
	for (int s = SOURCE; s <= TARGET; s++) {
		keyset_release(&l->open[s]);
		keyset_init(
		    &l->open[s], l->types, l->pair->nkeys, l->open[s].limit);
	}
	l->overflow = false;
	st = cycle != NULL
	         ? cycle_pair(cycle, l->pair, options, &r.sink, tally, err)
	         : diff_pair(l->inc->options.plan, l->pair, options, &r.sink,
		       tally, err);
	l->partly = tally->extent.cut || tally->extent.resumed;
	for (int s = SOURCE; s <= TARGET; s++)
		keyset_sort(&l->open[s]);
	return st;
}

static void
look_init(struct look *l, struct incremental *inc, const struct pair *pair)
{
	size_t limit = (size_t)MIN(
	    MAX(pair->rows * KEYS_PART, KEYS_AT_LEAST), KEYS_AT_MOST);

	*l =
	    (struct look){ .inc = inc, .pair = pair, .arena = arena_new(4096) };
	l->types = arena_alloc(l->arena, pair->nkeys * sizeof(*l->types));
	for (size_t i = 0; i < pair->nkeys; i++)
		l->types[i] = pair->cols[i].type;
	for (int s = SOURCE; s <= TARGET; s++) {
		struct look_side *ls = &l->side[s];

		ls->arena = arena_new(4096);
		keyset_init(&ls->keys, l->types, pair->nkeys, limit);
		keyset_init(&ls->pending, l->types, pair->nkeys, limit);
		keyset_init(&l->open[s], l->types, pair->nkeys, limit);
	}
}

static void
look_release(struct look *l)
{
	for (int s = SOURCE; s <= TARGET; s++) {
		keyset_release(&l->side[s].keys);
		keyset_release(&l->side[s].pending);
		keyset_release(&l->open[s]);
		arena_free(l->side[s].arena);
	}
	arena_free(l->arena);
}

/* "at < now()" lets rows in that nobody has changed. */
static void
check_conditions(struct look *l)
{
	for (int s = SOURCE; s <= TARGET; s++)
		if (l->pair->table[s]->where != NULL)
			look_whole(l, false,
			    "which rows a condition takes in can change "
			    "without them");
}

enum status
incremental_pair(struct incremental *inc, const struct pair *pair,
    const struct diff_options *options, struct change_sink *sink,
    struct tally *tally, struct err *err)
{
	struct tally found;
	struct look l;
	enum status st;

	look_init(&l, inc, pair);
	st = look_load(&l, err);
	if (st == TU_OK)
		check_conditions(&l);
	if (st == TU_OK)
		st = look_read(&l, err);
	if (st == TU_OK && l.why == NULL)
		st = compare_changed(&l, &found, err);
	if (st == TU_OK && l.why == NULL)
		st = look_scrub(&l, options, err);
	if (st == TU_OK)
		st = l.why == NULL
		         ? tell_changed(&l, &found, sink, tally, err)
		         : compare_whole(&l, options, sink, tally, err);
	if (st == TU_OK)
		look_keep(&l);
	look_release(&l);
	return st;
}

/* --- the run -------------------------------------------------------------- */

/* A name may be mistyped. */
static void
note_unused(const struct incremental_options *o)
{
	size_t n = o->changes != NULL ? o->changes->nchanges : 0;

	for (size_t i = 0; i < n; i++) {
		const struct config_changes *ch = &o->changes->changes[i];
		bool used = false;

		for (size_t p = 0; p < o->plan->npairs; p++)
			for (int s = SOURCE; s <= TARGET; s++)
				used |= config_is_of(ch, o->pair, (enum side)s,
				    o->plan->pairs[p].table[s]);
		if (!used)
			log_line(LOG_INFO,
			    "[changes %s] is of no table that is compared here",
			    ch->name);
	}
}

enum status
incremental_new(const struct incremental_options *options,
    struct incremental **out, struct err *err)
{
	struct incremental *inc = calloc(1, sizeof(*inc));
	enum status st = TU_OK;

	if (inc == NULL)
		out_of_memory(sizeof(*inc));
	*out = inc;
	inc->options = *options;
	note_unused(options);
	inc->arena = arena_new(16384);
	inc->unacked = arena_alloc(
	    inc->arena, (options->plan->npairs + 1) * sizeof(*inc->unacked));
	for (int s = SOURCE; s <= TARGET && st == TU_OK; s++)
		st = tracked_side_load(inc, (enum side)s, err);
	return st;
}

void
incremental_free(struct incremental *inc)
{
	if (inc == NULL)
		return;
	for (int s = SOURCE; s <= TARGET; s++)
		db_close(inc->side[s].aside);
	arena_free(inc->arena);
	free(inc);
}

/* A slot is for the last of the tables that share it. */
static bool
is_ahead(const struct incremental *inc, enum side side, size_t i)
{
	for (size_t k = 0; k < inc->nunacked; k++)
		if (reader_behind(inc->arena, inc->unacked[k].position[side],
			inc->unacked[i].position[side]))
			return true;
	return false;
}

static enum status
ack_side(struct incremental *inc, enum side side, struct err *err)
{
	const char *name = side == SOURCE ? "source" : "target";
	struct db *db = NULL;
	enum status st =
	    db_open(inc->options.url[side], DB_WRITE, name, &db, err);

	for (size_t i = 0; i < inc->nunacked && st == TU_OK; i++)
		if (inc->unacked[i].position[side] != NULL &&
		    !is_ahead(inc, side, i))
			st = reader_ack(db, inc->arena, inc->options.name,
			    inc->unacked[i].position[side], err);
	db_close(db);
	return st;
}

void
incremental_ack(struct incremental *inc)
{
	for (int s = SOURCE; s <= TARGET && inc->nunacked > 0; s++) {
		struct err err = ERR_INIT;

		if (ack_side(inc, (enum side)s, &err))
			log_line(LOG_INFO,
			    "'trueup track clean' will not know how far was "
			    "read, and no slot was advanced: %s",
			    err.msg);
	}
	inc->nunacked = 0;
}
