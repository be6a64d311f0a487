/*
 * A tree of hashes over leaves. A node covers FANOUT children; its hash is
 * over (level, position, rows below, each child's rows and hash), so that no
 * two nodes of a tree can be exchanged. Equal roots end the comparison;
 * otherwise only nodes that differ are entered.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/arena.h"
#include "diff/leaf.h"

#define FANOUT 64
#define LEVELS_MAX 12 /* 64^11 leaves is more than size_t can count */

struct node {
	uint64_t n;
	struct hash128 h;
};

struct tree {
	const struct leaf *leaves;
	size_t nlevels;
	size_t count[LEVELS_MAX]; /* nodes of level 1, 2, ... */
	struct node *node[LEVELS_MAX];
};

/* What is hashed for one node, in host byte order: trees are compared within
 * one process. */
struct node_header {
	uint64_t level, first, rows;
};

static struct node
hash_node(const struct tree *t, size_t level, size_t i, size_t below_count)
{
	struct {
		struct node_header head;
		struct node child[FANOUT];
	} in;
	size_t first = i * FANOUT;
	size_t last = MIN(first + FANOUT, below_count);
	XXH128_hash_t x;
	struct node out = { 0 };

	for (size_t c = first; c < last; c++) {
		const struct leaf *l = &t->leaves[c];

		in.child[c - first] =
		    level > 0 ? t->node[level - 1][c]
			      : (struct node){ l->n, { l->a, l->b } };
		out.n += in.child[c - first].n;
	}
	in.head = (struct node_header){ level, first, out.n };
	x = XXH3_128bits(
	    &in, sizeof(in.head) + (last - first) * sizeof(in.child[0]));
	out.h = (struct hash128){ x.high64, x.low64 };
	return out;
}

static void
tree_build(struct tree *t, const struct leaf *leaves, size_t n)
{
	size_t below = n;

	t->leaves = leaves;
	t->nlevels = 0;
	do {
		size_t level = t->nlevels++;
		size_t count = (below + FANOUT - 1) / FANOUT;

		t->count[level] = count;
		t->node[level] = calloc(count, sizeof(struct node));
		if (t->node[level] == NULL)
			out_of_memory(count * sizeof(struct node));
		for (size_t i = 0; i < count; i++)
			t->node[level][i] = hash_node(t, level, i, below);
		below = count;
	} while (below > 1);
}

static void
tree_release(struct tree *t)
{
	for (size_t i = 0; i < t->nlevels; i++)
		free(t->node[i]);
}

static bool
node_equal(const struct node *x, const struct node *y)
{
	return x->n == y->n && x->h.a == y->h.a && x->h.b == y->h.b;
}

/* Enter node i of a level that differs; append the leaves that do. */
static size_t
descend(const struct tree *x, const struct tree *y, size_t level, size_t i,
    size_t nleaves, uint32_t *out)
{
	size_t below = level == 0 ? nleaves : x->count[level - 1];
	size_t last = MIN((i + 1) * FANOUT, below);
	size_t found = 0;

	for (size_t c = i * FANOUT; c < last; c++) {
		if (level == 0) {
			if (!leaf_equal(&x->leaves[c], &y->leaves[c]))
				out[found++] = (uint32_t)c;
		} else if (!node_equal(&x->node[level - 1][c],
			       &y->node[level - 1][c])) {
			found +=
			    descend(x, y, level - 1, c, nleaves, out + found);
		}
	}
	return found;
}

size_t
tree_compare(const struct leaf *x, const struct leaf *y, size_t n,
    uint32_t *out, struct hash128 root[2])
{
	struct tree tx, ty;
	size_t top, found = 0;

	tree_build(&tx, x, n);
	tree_build(&ty, y, n);
	top = tx.nlevels - 1;
	root[0] = tx.node[top][0].h;
	root[1] = ty.node[top][0].h;
	if (!node_equal(&tx.node[top][0], &ty.node[top][0]))
		found = descend(&tx, &ty, top, 0, n, out);
	tree_release(&tx);
	tree_release(&ty);
	return found;
}
