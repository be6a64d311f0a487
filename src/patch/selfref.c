#include <config.h>

#include "patch/selfref.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "patch/refs.h"
#include "value/key.h"
#include "value/rowhash.h"

/* Where one row's encoding lies; len 0: NULL, which refers to nothing. */
struct span {
	size_t at;
	size_t len;
};

struct link {
	size_t ncols;
	int *child;  /* positions in the row of the referring columns */
	int *parent; /* and of the referenced ones */
	struct vtype *types;
	struct buf bytes;    /* the encodings */
	struct buf parents;  /* struct span per row: what can be referred to */
	struct buf children; /* struct span per row: what it refers to */
};

/* Row `before` must run before row `after`. */
struct edge {
	size_t before, after;
};

struct selfref {
	enum change_op op;
	struct arena *arena;
	struct hasher *hasher;
	size_t nlinks;
	struct link *links;
	size_t nrows;
};

static void *
new_array(size_t n, size_t size)
{
	void *p = calloc(n + 1, size);

	if (p == NULL)
		out_of_memory(n * size);
	return p;
}

/* An insert does not give the extra columns a value of its own. */
static bool
is_carried(const struct pair *pair, enum change_op op, int col)
{
	if (col < 0)
		return false;
	return op == CHANGE_DELETE || (size_t)col < pair->ncols;
}

/*
 * The referring columns are encoded as the type of the referenced ones, so
 * that an int that refers to a bigint or numeric gives the same bytes.
 */
static struct vtype
column_type(const struct pair *pair, int col)
{
	if ((size_t)col < pair->ncols)
		return pair->cols[col].type;
	return (struct vtype){
		.type = pair->extra[(size_t)col - pair->ncols]->ltype
	};
}

static bool
add_link(struct selfref *s, const struct pair *pair, const struct fkey *f)
{
	struct link *l = &s->links[s->nlinks];

	l->ncols = f->ncols;
	l->child = arena_alloc(s->arena, f->ncols * sizeof(*l->child));
	l->parent = arena_alloc(s->arena, f->ncols * sizeof(*l->parent));
	l->types = arena_alloc(s->arena, f->ncols * sizeof(*l->types));
	for (size_t k = 0; k < f->ncols; k++) {
		l->child[k] = refs_column(pair, f, k);
		l->parent[k] = refs_own_parent_column(pair, f, k);
		if (!is_carried(pair, s->op, l->child[k]) ||
		    !is_carried(pair, s->op, l->parent[k]))
			return false;
		l->types[k] = column_type(pair, l->parent[k]);
	}
	return true;
}

struct selfref *
selfref_new(const struct pair *pair, enum change_op op)
{
	const struct table *t = pair->table[TARGET];
	struct selfref *s = new_array(1, sizeof(*s));

	s->op = op;
	s->arena = arena_new(1024);
	s->links = arena_alloc(s->arena, t->nfkeys * sizeof(*s->links));
	for (size_t i = 0; i < t->nfkeys; i++)
		if (refs_points_to(t, &t->fkeys[i], t) &&
		    add_link(s, pair, &t->fkeys[i]))
			s->nlinks++;
	if (s->nlinks == 0) {
		selfref_free(s);
		return NULL;
	}
	s->hasher = hasher_new(HASH_STREAM, random_u64());
	return s;
}

void
selfref_free(struct selfref *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->nlinks; i++) {
		buf_free(&s->links[i].bytes);
		buf_free(&s->links[i].parents);
		buf_free(&s->links[i].children);
	}
	hasher_free(s->hasher);
	arena_free(s->arena);
	free(s);
}

/* A reference with a NULL in it refers to nothing (MATCH SIMPLE). */
static void
add_span(
    struct link *l, struct buf *spans, const int *cols, const struct cell *row)
{
	struct span span = { .at = l->bytes.len };

	for (size_t k = 0; k < l->ncols; k++) {
		if (row[cols[k]].kind == CELL_NULL) {
			l->bytes.len = span.at;
			break;
		}
		key_encode(&l->bytes, &l->types[k], &row[cols[k]]);
	}
	span.len = l->bytes.len - span.at;
	buf_add(spans, &span, sizeof(span));
}

void
selfref_add(struct selfref *s, const struct change *c)
{
	const struct cell *row = s->op == CHANGE_INSERT ? c->source : c->target;

	for (size_t i = 0; i < s->nlinks; i++) {
		struct link *l = &s->links[i];

		add_span(l, &l->parents, l->parent, row);
		add_span(l, &l->children, l->child, row);
	}
	s->nrows++;
}

/*
 * Open addressing over the referenced keys, half full at most; a slot holds a
 * row's number plus one. Returns the slot of the key, free or taken.
 */
static size_t
find_slot(const struct selfref *s, const struct link *l, const size_t *slots,
    size_t mask, const struct span *key)
{
	const struct span *parents = (const struct span *)l->parents.data;
	const char *bytes = l->bytes.data;
	size_t at = hasher_sum(s->hasher, bytes + key->at, key->len).a & mask;

	for (; slots[at] != 0; at = (at + 1) & mask) {
		const struct span *p = &parents[slots[at] - 1];

		if (p->len == key->len &&
		    memcmp(bytes + p->at, bytes + key->at, key->len) == 0)
			break;
	}
	return at;
}

/* A row that refers to itself waits for nobody. */
static void
add_edges(const struct selfref *s, const struct link *l, struct buf *edges)
{
	const struct span *parents = (const struct span *)l->parents.data;
	const struct span *children = (const struct span *)l->children.data;
	size_t mask = 15, *slots;

	while (mask < 2 * s->nrows)
		mask = 2 * mask + 1;
	slots = new_array(mask, sizeof(*slots));
	for (size_t i = 0; i < s->nrows; i++)
		if (parents[i].len > 0)
			slots[find_slot(s, l, slots, mask, &parents[i])] =
			    i + 1;
	for (size_t i = 0; i < s->nrows; i++) {
		size_t parent;

		if (children[i].len == 0)
			continue;
		parent = slots[find_slot(s, l, slots, mask, &children[i])];
		if (parent == 0 || parent - 1 == i)
			continue;
		parent--;
		buf_add(edges,
		    s->op == CHANGE_INSERT ? &(struct edge){ parent, i }
					   : &(struct edge){ i, parent },
		    sizeof(struct edge));
	}
	free(slots);
}

/*
 * Kahn's algorithm; `order` is its queue as well. Returns how many rows it
 * could place; the others still wait.
 */
static size_t
run_kahn(size_t n, const struct edge *edges, size_t nedges, size_t *order,
    size_t *waits)
{
	size_t *start = new_array(n + 2, sizeof(*start));
	size_t *next = new_array(nedges, sizeof(*next));
	size_t head = 0, tail = 0;

	/* start[i + 1] is where the rows behind i begin in next, ... */
	for (size_t e = 0; e < nedges; e++) {
		start[edges[e].before + 2]++;
		waits[edges[e].after]++;
	}
	for (size_t i = 2; i < n + 2; i++)
		start[i] += start[i - 1];
	/* ... and, once they are filled in, where they end. */
	for (size_t e = 0; e < nedges; e++)
		next[start[edges[e].before + 1]++] = edges[e].after;

	for (size_t i = 0; i < n; i++)
		if (waits[i] == 0)
			order[tail++] = i;
	for (; head < tail; head++)
		for (size_t e = start[order[head]]; e < start[order[head] + 1];
		     e++)
			if (--waits[next[e]] == 0)
				order[tail++] = next[e];
	free(start);
	free(next);
	return tail;
}

size_t *
selfref_order(const struct selfref *s)
{
	struct buf edges = BUF_INIT;
	size_t *order = new_array(s->nrows, sizeof(*order));
	size_t *waits = new_array(s->nrows, sizeof(*waits));
	size_t n;

	for (size_t i = 0; i < s->nlinks; i++)
		add_edges(s, &s->links[i], &edges);
	n = run_kahn(s->nrows, (const struct edge *)edges.data,
	    edges.len / sizeof(struct edge), order, waits);
	for (size_t i = 0; i < s->nrows && n < s->nrows; i++)
		if (waits[i] > 0)
			order[n++] = i;
	buf_free(&edges);
	free(waits);
	return order;
}
