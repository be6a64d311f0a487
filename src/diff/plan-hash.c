/*
 * Who hashes what, in which leaves.
 */
#include <config.h>

#include "diff/plan-int.h"

#include <string.h>

#include "db/dialect.h"
#include "diff/bounds.h"
#include "diff/leaf.h"
#include "value/rule.h"

#define STREAM_LEAF 32    /* rows; small, so that one difference is decoded */
#define PUSHDOWN_LEAF 256 /* rows; every leaf is a line on the wire */
#define PUSHDOWN_LEAVES 1024
#define UNKNOWN_ROWS 100000  /* assumed of a query */
#define MEASURED_ROWS 200000 /* fewer are compared in no time either way */

/* Does the user want values to be equal that are not? */
static bool
has_folds(const struct pair_column *pc)
{
	return rule_folds(pc->type.rule) ||
	       (pc->rules != NULL && pc->type.rule == NULL);
}

/* Rules that a server's SQL does not know. */
static bool
folds_here(const struct pair *p)
{
	for (size_t i = 0; i < p->ncols; i++)
		if (rule_folds(p->cols[i].type.rule))
			return true;
	return false;
}

static bool
same_wire(struct db *const db[2], const struct pair *p)
{
	if (db[SOURCE]->drv != db[TARGET]->drv)
		return false;
	for (size_t i = 0; i < p->ncols; i++) {
		const struct column *a = p->cols[i].col[SOURCE];
		const struct column *c = p->cols[i].col[TARGET];

		if (!a->raw || !c->raw || a->wire != c->wire ||
		    strcmp(a->type, c->type) != 0 || has_folds(&p->cols[i]))
			return false;
	}
	return true;
}

static bool
can_fold(const struct db *db, const struct pair *p, enum side side)
{
	struct buf scratch = BUF_INIT;
	bool can = db->fold && !folds_here(p);

	for (size_t i = 0; can && i < p->ncols; i++)
		can = db->dialect->canon_expr(
		    &scratch, p->cols[i].col[side], &p->cols[i].type);
	buf_free(&scratch);
	return can;
}

static double
estimated_rows(const struct table *t)
{
	if (t->rows >= 0)
		return t->rows;
	return t->bytes >= 0 ? t->bytes / 100 : -1;
}

/* Rows travel and are hashed here. */
static void
set_stream(struct db *const db[2], struct pair *p)
{
	p->hash = HASH_STREAM;
	p->pushdown[SOURCE] = p->pushdown[TARGET] = false;
	p->raw = same_wire(db, p);
	p->leaf_rows = MAX((uint64_t)(p->rows / LEAVES_MAX) + 1, STREAM_LEAF);
}

/* Texts are hashed by the servers that can; here, too, where one cannot. */
static bool
set_texts(struct db *const db[2], struct pair *p, enum hash_kind hash)
{
	bool push = false;

	set_stream(db, p);
	p->hash = hash;
	p->raw = false;
	for (int s = SOURCE; s <= TARGET; s++) {
		p->pushdown[s] = can_fold(db[s], p, (enum side)s);
		push |= p->pushdown[s];
	}
	if (push)
		p->leaf_rows =
		    MAX((uint64_t)(p->rows / PUSHDOWN_LEAVES), PUSHDOWN_LEAF);
	return push;
}

/* Does the server's own hash know all columns? Raw bytes of both sides are
 * comparable, so are hashes of these. */
static bool
can_record(const struct db *db, const struct pair *p, enum side side)
{
	struct arena *arena = arena_new(1024);
	const struct column **cols =
	    arena_alloc(arena, p->ncols * sizeof(*cols));
	struct buf scratch = BUF_INIT;
	bool can = db->records;

	for (size_t i = 0; i < p->ncols; i++)
		cols[i] = p->cols[i].col[side];
	can = can && db->dialect->record_expr(&scratch, cols, p->ncols, 0);
	buf_free(&scratch);
	arena_free(arena);
	return can;
}

/* The ranges are known. */
static bool
set_records(struct db *const db[2], struct pair *p)
{
	if (!same_wire(db, p) || !bounds_integer_key(p) ||
	    !can_record(db[SOURCE], p, SOURCE) ||
	    !can_record(db[TARGET], p, TARGET))
		return false;
	p->hash = HASH_RECORD;
	p->raw = false;
	p->pushdown[SOURCE] = p->pushdown[TARGET] = true;
	p->leaf_rows = RECORD_LEAF;
	return true;
}

bool
pair_hash_there(struct db *const db[2], struct pair *p)
{
	return set_records(db, p) || set_texts(db, p, HASH_SHA256);
}

void
pair_hash_here(struct db *const db[2], struct pair *p, const char *why)
{
	if (p->hash == HASH_STREAM)
		return;
	p->pushdown[SOURCE] = p->pushdown[TARGET] = false;
	p->hash_why = why;
	if (p->hash == HASH_RECORD || p->any_hash)
		set_stream(db, p);
}

static void
choose_hash(struct builder *b)
{
	struct pair *p = b->pair;
	int hash = b->sel->hash;
	double n = MAX(
	    estimated_rows(p->table[SOURCE]), estimated_rows(p->table[TARGET]));

	p->rows = n < 0 ? UNKNOWN_ROWS : n;
	p->any_hash = hash < 0;
	p->hash_why = hash < 0 ? "rows travel and are hashed here"
	                       : "as asked for by --hash";
	set_stream(b->db, p);
	if ((hash == HASH_MD5 || hash == HASH_SHA256) && folds_here(p))
		p->hash_why = "no server knows the rules of a column";
	else if (hash == HASH_MD5 || hash == HASH_SHA256)
		(void)set_texts(b->db, p, (enum hash_kind)hash);
}

/* Bounds come from min(), max() and samples, which cost a query or a view as
 * much as all its rows do. */
static void
choose_ranges(struct builder *b)
{
	struct pair *p = b->pair;

	if (!table_is_stored(p->table[SOURCE]) &&
	    !table_is_stored(p->table[TARGET]))
		return;
	while (!p->multiset && p->nrange < p->nkeys) {
		const struct pair_column *c = &p->cols[p->nrange];

		if (has_folds(c))
			break;
		if (!b->db[SOURCE]->dialect->order_native(
			c->col[SOURCE], &c->type) ||
		    !b->db[TARGET]->dialect->order_native(
			c->col[TARGET], &c->type))
			break;
		p->nrange++;
	}
	if (!bounds_integer_key(p) &&
	    !bounds_can_sample(b->db[SOURCE], p->table[SOURCE]) &&
	    !bounds_can_sample(b->db[TARGET], p->table[TARGET]))
		p->nrange = 0;
}

/* Leaves that somebody asked for need no measure. */
static void
choose_leaves(struct builder *b)
{
	struct pair *p = b->pair;

	p->measurable =
	    p->any_hash && b->sel->leaf_rows == 0 && p->rows >= MEASURED_ROWS;
	if (b->sel->leaf_rows > 0)
		p->leaf_rows = b->sel->leaf_rows;
	if (p->rows / (double)p->leaf_rows > LEAVES_MAX)
		p->leaf_rows = (uint64_t)(p->rows / LEAVES_MAX) + 1;
}

void
plan_hash(struct builder *b)
{
	choose_hash(b);
	choose_ranges(b);
	if (b->sel->hash == HASH_RECORD && !set_records(b->db, b->pair))
		b->pair->hash_why =
		    "no server has a hash of its own for such rows";
	choose_leaves(b);
}
