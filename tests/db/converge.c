/*
 * What is compared can be made equal, and back. Every value of VALUES.md 6 is
 * written over its neighbour in the list, from every brand to every brand:
 *
 *	apply, compare again: only what the target cannot hold is left,
 *	and of a row that has such a value the rest was written;
 *	the undo through the stock client: the dump is as it was;
 *	the patch through the stock client: the dump is as after apply;
 *	that undone again: the dump is as it was;
 *	the patch in JSON, read back: nothing more is left, and its undo gives
 *	back the dump.
 *
 * A family is a table s_NAME (id, v, w): rows on one side only and on both.
 * "converge NAME..." runs these families only.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "matrix-corpus.h"

struct rows {
	const struct family *f;
	struct value *values;
	size_t n;
};

static struct arena *arena;
static struct rows *all;
static size_t nall;
static struct world worlds[BRANDS]; /* each of one brand */

/* --- the rows ------------------------------------------------------------- */

static bool
present(size_t i, enum side side)
{
	return i % (side == SOURCE ? 7 : 5) != 3;
}

static const struct value *
value_of(const struct rows *r, size_t i, enum side side)
{
	return &r->values[side == SOURCE ? i : (i + 1) % r->n];
}

/* What a row's value is compared with: NULL where there is no row. */
static const struct value *
found_by(const struct rows *r, size_t i)
{
	return present(i, TARGET) ? value_of(r, i, TARGET) : &r->values[0];
}

static void
load(enum brand b, enum side side)
{
	struct buf sql = BUF_INIT;

	for (size_t k = 0; k < nall; k++) {
		const struct rows *r = &all[k];
		const char *type = family_type(r->f, b, side);

		if (type == NULL)
			continue;
		buf_reset(&sql);
		if (r->f->prelude[b] != NULL)
			buf_adds(&sql, r->f->prelude[b]);
		if (b != PG)
			buf_adds(&sql, "BEGIN;\n");
		buf_addf(&sql,
		    "CREATE TABLE s_%s (id integer PRIMARY KEY, v %s%s, "
		    "w integer);\n",
		    r->f->name, type, b == MY ? " NULL" : "");
		for (size_t i = 0; i < r->n; i++) {
			if (!present(i, side))
				continue;
			buf_addf(&sql, "INSERT INTO s_%s VALUES (%zu, ",
			    r->f->name, i);
			value_sql(&sql, r->f, b, side, value_of(r, i, side));
			buf_addf(
			    &sql, ", %zu);\n", side == SOURCE ? i : i + i % 2);
		}
		if (b != PG)
			buf_adds(&sql, "COMMIT;\n");
		world_run(&worlds[b], side, buf_str(&sql));
	}
	buf_free(&sql);
}

/* --- what is left --------------------------------------------------------- */

struct leftovers {
	struct change_sink sink; /* first */
	const struct world *w;
	const struct rows *now;
	size_t found, wrong;
};

static enum status
begin(struct change_sink *s, const struct pair *pair, struct err *err)
{
	struct leftovers *l = (struct leftovers *)s;
	const char *name = strrchr(pair->name, '.');

	name = name != NULL ? name + 1 : pair->name;
	for (size_t i = 0; i < nall; i++)
		if (strcmp(name + 2, all[i].f->name) == 0) {
			l->now = &all[i];
			return TU_OK;
		}
	return err_set(err, TU_EBUG, "table '%s' is nobody's", pair->name);
}

static bool
is_left(const struct world *w, const struct rows *r, size_t i)
{
	return present(i, SOURCE) &&
	       value_expected(r->f, w->brand, value_of(r, i, SOURCE),
		   found_by(r, i)) == VERDICT_UNREPRESENTABLE;
}

/* Only the value is left of it, or the row that it is needed for. */
static enum status
look(struct change_sink *s, const struct change *c, struct err *err)
{
	struct leftovers *l = (struct leftovers *)s;
	const struct cell *row = c->source ? c->source : c->target;
	size_t i = (size_t)row[0].u.i;

	(void)err;
	l->found++;
	if (i < l->now->n && is_left(l->w, l->now, i) && !c->patchable &&
	    c->op != CHANGE_DELETE &&
	    c->verdicts[1] == VERDICT_UNREPRESENTABLE &&
	    c->verdicts[2] == VERDICT_EQUAL)
		return TU_OK;
	if (l->wrong++ < 10)
		printf(
		    "# %s, row %zu is still different\n", l->now->f->name, i);
	return TU_OK;
}

static bool
takes_part(const struct world *w, const struct rows *r)
{
	return family_type(r->f, w->brand[SOURCE], SOURCE) != NULL &&
	       family_type(r->f, w->brand[TARGET], TARGET) != NULL;
}

static void
check_left(struct world *w, const char *what)
{
	static const struct world_options options = { .hash = -1 };
	struct leftovers l = { .sink = { .begin = begin, .change = look },
		.w = w };
	struct err err = ERR_INIT;
	size_t expected = 0;
	enum status st = world_compare(w, &options, &l.sink, &err);

	for (size_t k = 0; k < nall; k++)
		for (size_t i = 0; i < all[k].n && takes_part(w, &all[k]); i++)
			expected += is_left(w, &all[k], i);
	if (!ok(!st && l.wrong == 0 && l.found == expected,
		"%s to %s, %s: %zu values are left, which the target cannot "
		"hold",
		brand_name(w->brand[SOURCE]), brand_name(w->brand[TARGET]),
		what, expected))
		printf("# %s; %zu left, %zu of them wrongly\n", err.msg,
		    l.found, l.wrong);
}

/* --- one pair ------------------------------------------------------------- */

static void
is_dump(struct world *w, const char *want, const char *what)
{
	const char *got = world_dump(w);

	if (!ok(strcmp(got, want) == 0, "%s to %s, %s",
		brand_name(w->brand[SOURCE]), brand_name(w->brand[TARGET]),
		what))
		world_show_difference(got, want);
}

static void
runs(struct world *w, const char *file)
{
	if (!ok(world_client(w, file) == 0, "%s to %s: the client runs %s",
		brand_name(w->brand[SOURCE]), brand_name(w->brand[TARGET]),
		file))
		world_show_log(w);
}

static void
check_json(struct world *w, const char *before)
{
	struct err err = ERR_INIT;
	uint64_t left_out;

	world_write_json(w, "patch.json");
	ok(world_apply_json(w, "patch.json", &left_out, &err) == TU_OK,
	    "%s to %s: the JSON patch is applied %s",
	    brand_name(w->brand[SOURCE]), brand_name(w->brand[TARGET]),
	    err.msg);
	check_left(w, "JSON");
	world_write(w, "undo.sql", STMT_UNDO);
	runs(w, "undo.sql");
	is_dump(w, before, "JSON undone: all is as it was");
}

static void
run_pair(enum brand source, enum brand target)
{
	static const struct apply_options none = { .conflict = NULL };
	struct apply_result result;
	struct err err = ERR_INIT;
	const char *before, *after;
	struct world w;
	uint64_t n;

	world_pair(&w, &worlds[source], &worlds[target]);
	before = world_dump(&w);
	n = world_diff(&w);
	world_write(&w, "patch.sql", STMT_FORWARD);
	world_write(&w, "undo.sql", STMT_UNDO);
	ok(world_apply(&w, &none, &result, &err) == TU_OK,
	    "%s to %s: %llu differences are applied %s", brand_name(source),
	    brand_name(target), (unsigned long long)n, err.msg);
	check_left(&w, "applied");
	after = world_dump(&w);
	runs(&w, "undo.sql");
	is_dump(&w, before, "undone: all is as it was");
	runs(&w, "patch.sql");
	check_left(&w, "patched");
	is_dump(&w, after, "patched: as apply does it");
	runs(&w, "undo.sql");
	is_dump(&w, before, "undone: all is as it was again");
	check_json(&w, before);
	world_close(&w);
}

static bool
is_wanted(const struct family *f, int argc, char **argv)
{
	bool wanted = argc < 2;

	for (int i = 1; i < argc; i++)
		wanted |= strcmp(argv[i], f->name) == 0;
	return wanted;
}

int
main(int argc, char **argv)
{
	arena = arena_new(1 << 20);
	all = arena_alloc(arena, nfamilies * sizeof(*all));
	for (size_t i = 0; i < nfamilies; i++) {
		struct rows *r = &all[nall];

		if (!is_wanted(&families[i], argc, argv))
			continue;
		r->f = &families[i];
		r->values = family_values(r->f, arena, &r->n);
		nall++;
	}
	for (int b = LITE; b < BRANDS; b++) {
		if (!brand_available((enum brand)b))
			continue;
		world_open(&worlds[b], (enum brand)b, (enum brand)b);
		load((enum brand)b, SOURCE);
		load((enum brand)b, TARGET);
	}
	for (int s = LITE; s < BRANDS; s++)
		for (int t = LITE; t < BRANDS; t++)
			if (brand_available((enum brand)s) &&
			    brand_available((enum brand)t))
				run_pair((enum brand)s, (enum brand)t);
	for (int b = LITE; b < BRANDS; b++)
		if (brand_available((enum brand)b))
			world_close(&worlds[b]);
	arena_free(arena);
	return tap_done();
}
