/*
 * Every value of VALUES.md 6 against every other of its kind and against its
 * nearest neighbours, from every brand to every brand, hashed here and by the
 * servers, in small leaves and in large ones. The verdict of every row must be
 * the one that is expected: no difference more, none less.
 *
 * A family makes two tables. x_NAME has a row for each two values: the source
 * holds the first, the target the second. k_NAME has the values as its key,
 * some on both sides, some on one.
 *
 * "matrix NAME..." runs these families only.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "matrix-corpus.h"
#include "value/rowhash.h"

struct pairing {
	size_t a, b; /* values: of the source, of the target */
};

/* One family and its rows. */
struct rows {
	const struct family *f;
	struct value *values;
	size_t nvalues;
	struct pairing *pairs;
	size_t npairs;
};

/* What is to come out of a table, by the number of its row: bytes that
 * outcome() makes. */
struct table_case {
	const struct rows *rows;
	bool key;
	unsigned char *expected, *found;
	size_t n, at_target;
};

#define QUIET 0

static struct arena *arena;
static struct rows *all;
static size_t nall;
static struct world worlds[BRANDS]; /* each of one brand */

/* --- the rows ------------------------------------------------------------- */

static void
make_rows(struct rows *r, const struct family *f)
{
	size_t listed = f->nlisted + 1, n = 0;

	r->f = f;
	r->values = family_values(f, arena, &r->nvalues);
	r->pairs = arena_alloc(
	    arena, (listed * listed + 2 * r->nvalues) * sizeof(*r->pairs));
	for (size_t a = 0; a < listed; a++)
		for (size_t b = 0; b < listed; b++)
			r->pairs[n++] = (struct pairing){ a, b };
	for (size_t i = listed; i < r->nvalues; i++) {
		r->pairs[n++] = (struct pairing){ r->values[i].of, i };
		r->pairs[n++] = (struct pairing){ i, r->values[i].of };
	}
	r->npairs = n;
}

/* Keys are the values that are spelled in one way and are the first with
 * their field. */
static bool
is_key(const struct rows *r, size_t i)
{
	const struct value *v = &r->values[i];

	if (r->f->key[LITE] == NULL || v->field == NULL || v->sql[LITE] ||
	    v->sql[PG] || v->sql[MY])
		return false;
	for (size_t k = 0; k < i; k++)
		if (value_same(&r->values[k], v))
			return false;
	return true;
}

static bool
has_key(const struct rows *r, size_t i, enum brand b, enum side side)
{
	return is_key(r, i) && value_held(r->f, b, side, &r->values[i]) &&
	       i % 3 != (side == SOURCE ? 0 : 1);
}

/* --- loading -------------------------------------------------------------- */

static void
add_values(struct buf *sql, const struct rows *r, enum brand b, enum side side)
{
	const char *name = r->f->name;

	buf_addf(sql, "CREATE TABLE v_%s (i integer PRIMARY KEY, v %s%s);\n",
	    name, family_type(r->f, b, side), b == MY ? " NULL" : "");
	for (size_t i = 0; i < r->nvalues; i++) {
		buf_addf(sql, "INSERT INTO v_%s VALUES (%zu, ", name, i);
		value_sql(sql, r->f, b, side, &r->values[i]);
		buf_adds(sql, ");\n");
	}
}

static void
add_table(struct buf *sql, const struct rows *r, enum brand b, enum side side)
{
	const char *name = r->f->name;

	buf_addf(sql,
	    "CREATE TABLE p_%s (id integer, i integer);\n"
	    "CREATE TABLE x_%s (id integer PRIMARY KEY, v %s%s);\n",
	    name, name, family_type(r->f, b, side), b == MY ? " NULL" : "");
	for (size_t i = 0; i < r->npairs; i++) {
		if (i % 500 == 0)
			buf_addf(sql, "%sINSERT INTO p_%s VALUES ",
			    i > 0 ? ";\n" : "", name);
		buf_addf(sql, "%s(%zu,%zu)", i % 500 > 0 ? "," : "", i,
		    side == SOURCE ? r->pairs[i].a : r->pairs[i].b);
	}
	buf_addf(sql,
	    ";\nINSERT INTO x_%s SELECT p.id, v.v FROM p_%s p "
	    "JOIN v_%s v ON v.i = p.i;\n"
	    "DROP TABLE p_%s;\nDROP TABLE v_%s;\n",
	    name, name, name, name, name);
}

static void
add_key_table(
    struct buf *sql, const struct rows *r, enum brand b, enum side side)
{
	const char *name = r->f->name;

	if (r->f->key[b] == NULL)
		return;
	buf_addf(sql,
	    "CREATE TABLE k_%s (v %s NOT NULL PRIMARY KEY, id integer);\n",
	    name, r->f->key[b]);
	for (size_t i = 0; i < r->nvalues; i++) {
		if (!has_key(r, i, b, side))
			continue;
		buf_addf(sql, "INSERT INTO k_%s VALUES (", name);
		value_sql(sql, r->f, b, side, &r->values[i]);
		buf_addf(sql, ", %s%zu);\n",
		    side == TARGET && i % 2 == 0 ? "-" : "", i);
	}
}

static void
load(enum brand b, enum side side)
{
	struct buf sql = BUF_INIT;

	for (size_t i = 0; i < nall; i++) {
		const struct rows *r = &all[i];

		if (family_type(r->f, b, side) == NULL)
			continue;
		buf_reset(&sql);
		if (r->f->prelude[b] != NULL)
			buf_adds(&sql, r->f->prelude[b]);
		if (b != PG)
			buf_adds(&sql, "BEGIN;\n");
		add_values(&sql, r, b, side);
		add_table(&sql, r, b, side);
		add_key_table(&sql, r, b, side);
		if (b != PG)
			buf_adds(&sql, "COMMIT;\n");
		world_run(&worlds[b], side, buf_str(&sql));
	}
	buf_free(&sql);
}

/* --- what is expected ----------------------------------------------------- */

/* One byte, which is not QUIET, for what a sink is told of a row. */
static unsigned char
outcome(enum change_op op, enum verdict v, bool patchable)
{
	return (
	    unsigned char)(1 + (unsigned)op + 4 * (unsigned)v + 16 * patchable);
}

static unsigned char
expected_pair(struct table_case *t, const enum brand brands[2], size_t i)
{
	const struct rows *r = t->rows;
	enum verdict v = value_expected(
	    r->f, brands, &r->values[r->pairs[i].a], &r->values[r->pairs[i].b]);

	t->at_target += v == VERDICT_EQUAL_AT_TARGET;
	if (v == VERDICT_EQUAL || v == VERDICT_EQUAL_AT_TARGET)
		return QUIET;
	return outcome(CHANGE_UPDATE, v, v == VERDICT_DIFFERENT);
}

static unsigned char
expected_key(const struct table_case *t, const enum brand brands[2], size_t i)
{
	const struct rows *r = t->rows;
	bool source = has_key(r, i, brands[SOURCE], SOURCE);
	bool target = has_key(r, i, brands[TARGET], TARGET);
	bool fits = value_held(r->f, brands[TARGET], TARGET, &r->values[i]);

	if (source && target)
		return i % 2 == 0 ? outcome(CHANGE_UPDATE, VERDICT_EQUAL, true)
		                  : QUIET;
	if (source)
		return outcome(CHANGE_INSERT,
		    fits ? VERDICT_EQUAL : VERDICT_UNREPRESENTABLE, fits);
	return target ? outcome(CHANGE_DELETE, VERDICT_EQUAL, true) : QUIET;
}

static struct table_case
expect(const struct rows *r, bool key, const enum brand brands[2])
{
	struct table_case t = { .rows = r, .key = key };

	t.n = key ? r->nvalues : r->npairs;
	t.expected = arena_alloc(arena, t.n);
	t.found = arena_alloc(arena, t.n);
	for (size_t i = 0; i < t.n; i++)
		t.expected[i] = key ? expected_key(&t, brands, i)
		                    : expected_pair(&t, brands, i);
	return t;
}

/* --- what is found -------------------------------------------------------- */

struct collector {
	struct change_sink sink; /* first */
	struct table_case *tables;
	size_t ntables;
	struct table_case *now;
	size_t strange; /* rows that nobody made, or named twice */
	size_t differences, unrepresentable;
};

static bool
is_named(const struct table_case *t, const char *name)
{
	const char *dot = strrchr(name, '.');

	if (dot != NULL)
		name = dot + 1;
	return name[0] == (t->key ? 'k' : 'x') &&
	       strcmp(name + 2, t->rows->f->name) == 0;
}

static enum status
begin(struct change_sink *s, const struct pair *pair, struct err *err)
{
	struct collector *k = (struct collector *)s;

	for (size_t i = 0; i < k->ntables; i++)
		if (is_named(&k->tables[i], pair->name)) {
			k->now = &k->tables[i];
			memset(k->now->found, QUIET, k->now->n);
			return TU_OK;
		}
	return err_set(err, TU_EBUG, "table '%s' is nobody's", pair->name);
}

static enum status
collect(struct change_sink *s, const struct change *c, struct err *err)
{
	struct collector *k = (struct collector *)s;
	const struct cell *row = c->source ? c->source : c->target;
	size_t v = k->now->key ? 0 : 1;
	int64_t id = row[1 - v].u.i;
	enum verdict verdict =
	    c->verdicts != NULL ? c->verdicts[v] : VERDICT_EQUAL;

	(void)err;
	id = id < 0 ? -id : id;
	if (row[1 - v].kind != CELL_INT || (uint64_t)id >= k->now->n ||
	    k->now->found[id] != QUIET) {
		k->strange++;
		return TU_OK;
	}
	k->now->found[id] = outcome(c->op, verdict, c->patchable);
	k->differences++;
	k->unrepresentable += verdict == VERDICT_UNREPRESENTABLE;
	return TU_OK;
}

/* --- the report of a failure ---------------------------------------------- */

static void
print_outcome(unsigned char o)
{
	static const char *const ops[] = { "delete", "update", "insert" };

	if (o == QUIET)
		printf("nothing");
	else
		printf("%s (%s%s)", ops[(o - 1) % 4],
		    verdict_name((enum verdict)((o - 1) / 4 % 4)),
		    o > 16 ? "" : ", no patch");
}

static void
print_value(const struct rows *r, size_t i, enum brand b, enum side side)
{
	struct buf sql = BUF_INIT;

	value_sql(&sql, r->f, b, side, &r->values[i]);
	printf("%.80s", buf_str(&sql));
	buf_free(&sql);
}

static void
print_row(const struct table_case *t, const enum brand brands[2], size_t i)
{
	const struct rows *r = t->rows;

	printf("# %c_%s row %zu: ", t->key ? 'k' : 'x', r->f->name, i);
	print_value(r, t->key ? i : r->pairs[i].a, brands[SOURCE], SOURCE);
	if (!t->key) {
		printf(" and ");
		print_value(r, r->pairs[i].b, brands[TARGET], TARGET);
	}
	printf(": expected ");
	print_outcome(t->expected[i]);
	printf(", found ");
	print_outcome(t->found[i]);
	printf("\n");
}

static size_t
count_wrong(const struct table_case *t, const enum brand brands[2])
{
	size_t wrong = 0;

	for (size_t i = 0; i < t->n; i++)
		if (t->expected[i] != t->found[i] && wrong++ < 4)
			print_row(t, brands, i);
	if (wrong > 4)
		printf("# %c_%s: %zu rows are wrong\n", t->key ? 'k' : 'x',
		    t->rows->f->name, wrong);
	return wrong;
}

/* --- every way to compare ------------------------------------------------- */

static const struct way {
	const char *name;
	struct world_options options;
} ways[] = {
	{ "stream", { .hash = HASH_STREAM } },
	{ "stream, leaves of one row",
	    { .hash = HASH_STREAM, .leaf_rows = 1 } },
	{ "md5", { .hash = HASH_MD5 } },
	{ "md5, small leaves", { .hash = HASH_MD5, .leaf_rows = 9 } },
	{ "sha256", { .hash = HASH_SHA256 } },
};

static size_t
check_tallies(const struct world *w, const struct collector *k)
{
	size_t wrong = 0;

	for (size_t i = 0; i < w->plan.npairs; i++)
		for (size_t t = 0; t < k->ntables; t++) {
			const struct table_case *c = &k->tables[t];
			uint64_t got = w->tallies[i].at_target;

			if (!is_named(c, w->plan.pairs[i].name) ||
			    got == c->at_target)
				continue;
			wrong++;
			printf("# %s: %llu equal at target, not %zu\n",
			    w->plan.pairs[i].name, (unsigned long long)got,
			    c->at_target);
		}
	return wrong;
}

static void
compare(struct world *w, struct table_case *tables, size_t ntables,
    const struct way *way)
{
	struct collector k = { .sink = { .begin = begin, .change = collect },
		.tables = tables,
		.ntables = ntables };
	struct err err = ERR_INIT;
	size_t wrong = 0, rows = 0;
	enum status st = world_compare(w, &way->options, &k.sink, &err);

	for (size_t i = 0; i < ntables && !st; i++) {
		wrong += count_wrong(&tables[i], w->brand);
		rows += tables[i].n;
	}
	if (!st)
		wrong += check_tallies(w, &k);
	ok(!st && wrong == 0 && k.strange == 0 && w->plan.npairs == ntables,
	    "%s to %s, %s: %zu rows, %zu differences, %zu unrepresentable",
	    brand_name(w->brand[SOURCE]), brand_name(w->brand[TARGET]),
	    way->name, rows, k.differences, k.unrepresentable);
	if (st || k.strange > 0 || w->plan.npairs != ntables)
		printf("# %s; %zu strange rows; %zu tables, not %zu\n", err.msg,
		    k.strange, w->plan.npairs, ntables);
}

static void
run_pair(enum brand source, enum brand target)
{
	const enum brand brands[2] = { source, target };
	struct table_case *tables =
	    arena_alloc(arena, 2 * nall * sizeof(*tables));
	size_t n = 0;
	struct world w;

	for (size_t i = 0; i < nall; i++) {
		const struct family *f = all[i].f;

		if (family_type(f, source, SOURCE) == NULL ||
		    family_type(f, target, TARGET) == NULL)
			continue;
		tables[n++] = expect(&all[i], false, brands);
		if (f->key[source] != NULL && f->key[target] != NULL)
			tables[n++] = expect(&all[i], true, brands);
	}
	world_pair(&w, &worlds[source], &worlds[target]);
	for (size_t i = 0; i < ARRAY_LEN(ways); i++)
		compare(&w, tables, n, &ways[i]);
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
	for (size_t i = 0; i < nfamilies; i++)
		if (is_wanted(&families[i], argc, argv))
			make_rows(&all[nall++], &families[i]);
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
