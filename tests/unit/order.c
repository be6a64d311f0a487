/*
 * The order of steps for tables that refer to each other. A step is written
 * as its sign and the table: "-a" deletes, "~a" updates, "+a" inserts.
 */
#include <config.h>

#include "patch/order.h"

#include <string.h>

#include "lib/pairs.h"
#include "lib/tap.h"

static struct arena *arena;

/* Every table: its key, two references and a note. */
enum {
	ID,
	REF,
	REF2,
	NOTE,
	COLUMNS
};

static struct pair *
new_pair(const char *name)
{
	const struct column cols[COLUMNS] = {
		[ID] = pairs_column("id", LT_NUM, AFF_NONE),
		[REF] = pairs_column("ref", LT_NUM, AFF_NONE),
		[REF2] = pairs_column("ref2", LT_NUM, AFF_NONE),
		[NOTE] = pairs_column("note", LT_TEXT, AFF_NONE),
	};

	return pairs_new(arena, "public", name, cols, COLUMNS, 1);
}

static void
put(struct change_sink *sink, struct change c)
{
	struct err err = ERR_INIT;

	if (sink->change(sink, &c, &err) != TU_OK)
		ok(false, "kept: %s", err.msg);
}

/*
 * A table's changes: any of "-", "+", "~" (the note), "r" and "s" (an update
 * of ref, of ref2).
 */
static void
spool_changes(struct spool *s, struct pair *pair, const char *what)
{
	struct change_sink *sink = spool_sink(s);
	struct tally tally = { .suspects = 0 };
	struct err err = ERR_INIT;

	for (; *what != '\0'; what++) {
		struct cell was[COLUMNS] = { cell_int(1), cell_int(1),
			cell_int(1), pairs_text("n") };
		struct cell is[COLUMNS];

		memcpy(is, was, sizeof(is));
		if (*what == 'r')
			is[REF] = cell_int(2);
		if (*what == 's')
			is[REF2] = cell_null();
		if (*what == '~')
			is[NOTE] = pairs_text("m");
		if (*what == '-')
			put(sink, pairs_delete(arena, pair, was));
		else if (*what == '+')
			put(sink, pairs_insert(arena, pair, is));
		else
			put(sink, pairs_update(arena, pair, is, was));
	}
	if (sink->end(sink, pair, &tally, &err) != TU_OK)
		ok(false, "ended: %s", err.msg);
}

static struct spool *
new_spool(void)
{
	struct err err = ERR_INIT;
	struct spool *s;

	if (spool_new(&s, &err) != TU_OK)
		ok(false, "spool: %s", err.msg);
	return s;
}

/* Signs are in the order of enum change_op; an undo does the opposite. A half
 * that parks has a "(" behind it, the other one a ")". */
static const char *
text(const struct spool *s, const struct order *o, const char *sign)
{
	static const char *const half[] = { "", "(", ")" };
	const char *out = "";

	for (size_t i = 0; i < o->nsteps; i++)
		out = arena_printf(arena, "%s%s%c%s%s", out, i > 0 ? " " : "",
		    sign[o->steps[i].op],
		    spool_table(s, o->steps[i].table)->pair->name,
		    half[o->steps[i].phase]);
	return out;
}

/* Check both directions and throw the spool away. */
static void
check(struct spool *s, const char *want, const char *undo, const char *what)
{
	is_str(text(s, order_make(s, arena), "-~+"), want, "%s", what);
	is_str(text(s, order_make_undo(s, arena), "+~-"), undo, "%s, undone",
	    what);
	spool_free(s);
}

static void
test_chain(void)
{
	struct pair *a = new_pair("a"), *b = new_pair("b"), *c = new_pair("c");
	struct spool *s = new_spool();

	pairs_fkey(arena, a, "ref", "b", "id");
	pairs_fkey(arena, b, "ref", "c", NULL);
	spool_changes(s, a, "-+~");
	spool_changes(s, b, "-+~");
	spool_changes(s, c, "-+~");
	check(s, "-a -b -c ~c ~b ~a +c +b +a", "-a -b -c ~a ~b ~c +c +b +a",
	    "a chain");
}

static void
test_unrelated(void)
{
	struct pair *a = new_pair("a"), *b = new_pair("b");
	struct spool *s = new_spool();

	pairs_fkey(arena, a, "ref", "elsewhere", "id");
	spool_changes(s, b, "+-");
	spool_changes(s, a, "+-");
	check(s, "-a -b +b +a", "-a -b +b +a",
	    "unrelated tables keep the plan's order, empty steps are left out");
	s = new_spool();
	check(s, "", "", "nothing at all");
}

static void
test_diamond(void)
{
	struct pair *a = new_pair("a"), *b = new_pair("b"), *c = new_pair("c"),
		    *d = new_pair("d");
	struct spool *s = new_spool();

	pairs_fkey(arena, a, "ref", "b", "id");
	pairs_fkey(arena, a, "ref2", "c", "id");
	pairs_fkey(arena, b, "ref", "d", "id");
	pairs_fkey(arena, c, "ref", "d", "id");
	spool_changes(s, a, "+-");
	spool_changes(s, b, "+-");
	spool_changes(s, c, "+-");
	spool_changes(s, d, "+-");
	check(s, "-a -c -b -d +d +b +c +a", "-a -c -b -d +d +b +c +a",
	    "a diamond");
}

static void
test_self(void)
{
	struct pair *a = new_pair("a");
	struct spool *s = new_spool();

	pairs_fkey(arena, a, "ref", "a", "id");
	spool_changes(s, a, "-+~");
	is_str(order_make(s, arena)->cycle ? "cycle" : "none", "none",
	    "a table that refers to itself is no cycle");
	check(s, "-a ~a +a", "-a ~a +a", "a self-reference left alone");

	s = new_spool();
	spool_changes(s, a, "-+r");
	check(
	    s, "+a ~a -a", "+a ~a -a", "a self-reference that updates change");
}

/*
 * A child moves from a parent that goes to one that comes: insert the new one,
 * move, delete the old one.
 */
static void
test_changed_reference(void)
{
	struct pair *a = new_pair("a"), *b = new_pair("b"), *c = new_pair("c"),
		    *d = new_pair("d");
	struct spool *s = new_spool();

	pairs_fkey(arena, a, "ref", "b", "id");
	pairs_fkey(arena, a, "ref2", "c", "id");
	pairs_fkey(arena, b, "ref", "d", "id");
	spool_changes(s, a, "-+r");
	spool_changes(s, b, "-+");
	spool_changes(s, c, "-+");
	spool_changes(s, d, "-+");
	check(s, "-a -c +d +b ~a +c +a -b -d", "+d +b -a -c ~a -b -d +c +a",
	    "a changed reference makes its parent, and the parent's, wait");

	s = new_spool();
	spool_changes(s, a, "s");
	spool_changes(s, b, "-+");
	spool_changes(s, c, "-+");
	check(s, "-b +c ~a +b -c", "+c -b ~a -c +b",
	    "only the reference that changed counts");

	s = new_spool();
	spool_changes(s, a, "r");
	spool_changes(s, b, "~");
	spool_changes(s, d, "-+");
	check(s, "-d ~b ~a +d", "-d ~a ~b +d",
	    "a parent without deletes makes nobody wait");
}

static void
test_cycle(void)
{
	struct pair *a = new_pair("a"), *b = new_pair("b"), *c = new_pair("c"),
		    *z = new_pair("z");
	struct pair *ring[] = { c, b, a };
	struct fkey *fkey;
	struct spool *s = new_spool();

	/* a -> b -> c -> a; z hangs on the cycle and is the last by name. */
	pairs_fkey(arena, a, "ref", "b", "id");
	pairs_fkey(arena, b, "ref", "c", "id");
	pairs_fkey(arena, c, "ref", "a", "id");
	pairs_fkey(arena, z, "ref", "a", "id");
	spool_changes(s, a, "+-");
	spool_changes(s, b, "+-");
	spool_changes(s, c, "+-");
	spool_changes(s, z, "+-");
	ok(order_make(s, arena)->cycle == NULL, "a cycle that can be broken");
	check(s, "-c( -z -a -b -c) +c( +b +a +z +c)",
	    "-c) -z -a -b -c( +c) +b +a +z +c(",
	    "it is at its last table by name, which goes without its reference "
	    "first");

	s = new_spool();
	for (size_t i = 0; i < ARRAY_LEN(ring); i++) {
		struct column *ref =
		    (struct column *)ring[i]->cols[REF].col[TARGET];

		ref->notnull = true;
		if (i > 0)
			continue;
		spool_changes(s, a, "+-");
		spool_changes(s, b, "+-");
		spool_changes(s, c, "+-");
		check(s, "-b( -c -a -b) +b( +a +c +b)",
		    "-b) -c -a -b( +b) +a +c +b(", "or at the last that can");
		s = new_spool();
	}
	spool_changes(s, a, "+-");
	spool_changes(s, b, "+-");
	spool_changes(s, c, "+-");
	spool_changes(s, z, "+-");
	is_str(order_make(s, arena)->cycle, "a, b, c",
	    "one that cannot is named, and who hangs on it is not");
	check(s, "-z -a -b -c +c +b +a +z", "-z -a -b -c +c +b +a +z",
	    "and the order is the same");

	s = new_spool();
	fkey = &((struct table *)c->table[TARGET])->fkeys[0];
	fkey->deferrable = true;
	spool_changes(s, a, "+-");
	spool_changes(s, b, "+-");
	spool_changes(s, c, "+-");
	ok(order_make(s, arena)->cycle == NULL, "a reference that can wait");
	check(s, "-a -b -c +c +b +a", "-a -b -c +c +b +a", "does");
}

/* The same name in another schema is another table. */
static void
test_schemas(void)
{
	struct pair *a = new_pair("a"), *b = new_pair("b");
	struct spool *s = new_spool();
	struct table *t = (struct table *)a->table[TARGET];

	pairs_fkey(arena, a, "ref", "b", "id");
	t->fkeys[0].ref_schema = "other";
	spool_changes(s, a, "+");
	spool_changes(s, b, "+");
	check(s, "+a +b", "-b -a", "a reference into another schema");
	s = new_spool();
	t->fkeys[0].ref_schema = "public";
	spool_changes(s, a, "+");
	spool_changes(s, b, "+");
	check(s, "+b +a", "-a -b", "a reference into the same schema by name");
	s = new_spool();
	t->fkeys[0].ref_schema = NULL;
	t->fkeys[0].ref_table = "B";
	spool_changes(s, a, "+");
	spool_changes(s, b, "+");
	check(s, "+a +b", "-b -a", "where there are schemas, case counts");
}

int
main(void)
{
	arena = arena_new(1 << 16);
	test_chain();
	test_unrelated();
	test_diamond();
	test_self();
	test_changed_reference();
	test_cycle();
	test_schemas();
	arena_free(arena);
	return tap_done();
}
