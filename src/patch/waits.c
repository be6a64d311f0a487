#include <config.h>

#include "patch/waits.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "value/key.h"
#include "value/rowhash.h"

static void *
new_array(size_t n, size_t size)
{
	void *p = calloc(n + 1, size);

	if (p == NULL)
		out_of_memory(n * size);
	return p;
}

void
waits_rule_free(struct waits_rule *r)
{
	buf_free(&r->bytes);
	buf_free(&r->provides);
	buf_free(&r->needs);
}

void
waits_add(struct waits_rule *r, struct buf *spans, const struct vtype *types,
    const struct cell *const *cells, size_t n)
{
	struct waits_span span = { .at = r->bytes.len };

	for (size_t k = 0; cells != NULL && k < n; k++) {
		if (cells[k]->kind == CELL_NULL) {
			r->bytes.len = span.at;
			break;
		}
		key_encode(&r->bytes, &types[k], cells[k]);
	}
	span.len = r->bytes.len - span.at;
	buf_add(spans, &span, sizeof(span));
}

/*
 * Open addressing over what is provided, half full at most; a slot holds a
 * row's number plus one. Returns the slot of the bytes, free or taken.
 */
static size_t
find_slot(const struct waits_rule *r, struct hasher *hasher,
    const size_t *slots, size_t mask, const struct waits_span *key)
{
	const struct waits_span *provides =
	    (const struct waits_span *)r->provides.data;
	const char *bytes = r->bytes.data;
	size_t at = hasher_sum(hasher, bytes + key->at, key->len).a & mask;

	for (; slots[at] != 0; at = (at + 1) & mask) {
		const struct waits_span *p = &provides[slots[at] - 1];

		if (p->len == key->len &&
		    memcmp(bytes + p->at, bytes + key->at, key->len) == 0)
			break;
	}
	return at;
}

/* A row that needs what it provides itself waits for nobody. */
void
waits_edges(
    const struct waits_rule *r, size_t nrows, bool reverse, struct buf *edges)
{
	const struct waits_span *provides =
	    (const struct waits_span *)r->provides.data;
	const struct waits_span *needs =
	    (const struct waits_span *)r->needs.data;
	struct hasher *hasher = hasher_new(HASH_STREAM, random_u64());
	size_t mask = 15, *slots;

	while (mask < 2 * nrows)
		mask = 2 * mask + 1;
	slots = new_array(mask, sizeof(*slots));
	for (size_t i = 0; i < nrows; i++)
		if (provides[i].len > 0)
			slots[find_slot(r, hasher, slots, mask, &provides[i])] =
			    i + 1;
	for (size_t i = 0; i < nrows; i++) {
		size_t other;

		if (needs[i].len == 0)
			continue;
		other = slots[find_slot(r, hasher, slots, mask, &needs[i])];
		if (other == 0 || other - 1 == i)
			continue;
		other--;
		buf_add(edges,
		    reverse ? &(struct waits_edge){ i, other }
			    : &(struct waits_edge){ other, i },
		    sizeof(struct waits_edge));
	}
	free(slots);
	hasher_free(hasher);
}

/* --- the order ------------------------------------------------------------ */

struct sorter {
	/* Who waits for whom: those behind row i are after[start[i]] to
	 * after[start[i + 1] - 1]. */
	size_t n;
	size_t *start, *after;
	size_t *waiting; /* for how many others a row still waits */
	const bool *can_park;

	struct waits_step *steps; /* the queue of what runs next, too */
	size_t nsteps;
	uint64_t nparked;
	uint64_t *parked_as; /* per row, 0: not parked */
	bool *queued;
	size_t *before; /* a row that this one waited for */
	size_t *seen;   /* the walk that came by, see find_circle() */
	size_t walks;
};

static void
make_graph(struct sorter *s, const struct buf *buf)
{
	const struct waits_edge *edges = (const struct waits_edge *)buf->data;
	size_t n = s->n, nedges = buf->len / sizeof(*edges);

	s->start = new_array(n + 2, sizeof(*s->start));
	s->after = new_array(nedges, sizeof(*s->after));
	s->waiting = new_array(n, sizeof(*s->waiting));
	/* start[i + 1] is where the rows behind i begin in after, ... */
	for (size_t e = 0; e < nedges; e++) {
		s->start[edges[e].before + 2]++;
		s->waiting[edges[e].after]++;
	}
	for (size_t i = 2; i < n + 2; i++)
		s->start[i] += s->start[i - 1];
	/* ... and, once they are filled in, where they end. */
	for (size_t e = 0; e < nedges; e++)
		s->after[s->start[edges[e].before + 1]++] = edges[e].after;
}

static void
add_step(struct sorter *s, size_t row, enum change_phase phase)
{
	s->steps[s->nsteps++] =
	    (struct waits_step){ row, phase, s->parked_as[row] };
}

static void
enqueue(struct sorter *s, size_t row)
{
	s->queued[row] = true;
	add_step(s, row, s->parked_as[row] ? CHANGE_UNPARK : CHANGE_WHOLE);
}

static void
release(struct sorter *s, size_t row)
{
	for (size_t e = s->start[row]; e < s->start[row + 1]; e++)
		if (--s->waiting[s->after[e]] == 0)
			enqueue(s, s->after[e]);
}

static void
find_before(struct sorter *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->queued[i] || s->parked_as[i])
			continue;
		for (size_t e = s->start[i]; e < s->start[i + 1]; e++)
			s->before[s->after[e]] = i;
	}
}

/* Is what this row waited for done? Then there is another that is not. */
static bool
is_stale(const struct sorter *s, size_t row)
{
	size_t before = s->before[row];

	return s->queued[before] || s->parked_as[before];
}

/*
 * Every row that is left waits for another that is left, so going from row to
 * row against the waiting ends in a circle. Returns a row of it.
 */
static size_t
find_circle(struct sorter *s, size_t row)
{
	if (s->walks++ == 0)
		find_before(s);
	while (s->seen[row] != s->walks) {
		s->seen[row] = s->walks;
		if (is_stale(s, row))
			find_before(s);
		row = s->before[row];
	}
	return row;
}

/* The first row of the circle that can be parked, else just the first. */
static size_t
choose(const struct sorter *s, size_t circle)
{
	size_t row = circle, first = circle, found = SIZE_MAX;

	do {
		if (row < found && s->can_park[row])
			found = row;
		if (row < first)
			first = row;
		row = s->before[row];
	} while (row != circle);
	return found != SIZE_MAX ? found : first;
}

static void
break_circle(struct sorter *s, size_t row)
{
	row = choose(s, find_circle(s, row));
	if (s->can_park[row]) {
		s->parked_as[row] = ++s->nparked;
		add_step(s, row, CHANGE_PARK);
	} else {
		s->waiting[row] = 0;
		enqueue(s, row);
	}
}

static void
sort(struct sorter *s)
{
	size_t head = 0, left = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->waiting[i] == 0)
			enqueue(s, i);
	for (;;) {
		for (; head < s->nsteps; head++)
			if (s->steps[head].phase != CHANGE_UNPARK)
				release(s, s->steps[head].row);
		while (left < s->n && s->queued[left])
			left++;
		if (left == s->n)
			return;
		break_circle(s, left);
	}
}

struct waits_step *
waits_order(
    const struct buf *edges, size_t nrows, const bool *can_park, size_t *nsteps)
{
	struct sorter s = { .n = nrows,
		.can_park = can_park,
		.steps = new_array(2 * nrows, sizeof(*s.steps)),
		.parked_as = new_array(nrows, sizeof(*s.parked_as)),
		.queued = new_array(nrows, sizeof(*s.queued)),
		.before = new_array(nrows, sizeof(*s.before)),
		.seen = new_array(nrows, sizeof(*s.seen)) };

	make_graph(&s, edges);
	sort(&s);
	free(s.start);
	free(s.after);
	free(s.waiting);
	free(s.parked_as);
	free(s.queued);
	free(s.before);
	free(s.seen);
	*nsteps = s.nsteps;
	return s.steps;
}
