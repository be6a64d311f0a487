/*
 * Slices of random tables: all slices of a cycle together find what a
 * comparison of the whole table finds, each difference once, and count the same
 * rows. With writes between the slices no difference goes unseen that stands
 * all the time. A text that is damaged or another table's begins the cycle
 * again. Where a table has no parts, that is said, and nothing else; also if a
 * later slice shows it.
 */
#include <config.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "diff/slice.h"
#include "diff/stretch.h"
#include "lib/tap.h"
#include "lib/world.h"

#define ROWS 300
#define PARTS 5
#define CALLS_MAX (4 * PARTS)
#define WRITTEN 4 /* of the tables below are written to */

TU_NORETURN static void
bail_out(const char *why)
{
	printf("Bail out! %s\n", why);
	exit(1);
}

/* --- tables --------------------------------------------------------------- */

struct kind {
	const char *name;
	/* Columns of the key by brand; and of the target, if it has others. */
	const char *key[BRANDS], *target[BRANDS];
	const char *names; /* "a, b" */
	size_t rows;
	bool whole[BRANDS]; /* with this brand there are no parts */
	bool coarse;        /* parts may be larger */
	void (*make)(struct buf *out, size_t i);
};

/* Dense, with some gaps, and of either sign. */
static void
make_dense(struct buf *out, size_t i)
{
	buf_addf(
	    out, "%" PRId64, (int64_t)(i * 3) - ROWS + (int64_t)tap_below(3));
}

static void
make_sparse(struct buf *out, size_t i)
{
	uint64_t far = tap_below(4) == 0 ? UINT64_C(1) << 60 : 5000;

	(void)i;
	buf_addf(out, "%" PRId64, (int64_t)tap_below(2 * far) - (int64_t)far);
}

static void
make_text(struct buf *out, size_t i)
{
	static const char *const letters[] = { "a", "A", "b", "B", " ", "z",
		"_", "\xc3\xa9", "\xe2\x82\xac", "~", "0", "''" };
	size_t n = 1 + tap_below(6);

	(void)i;
	buf_addc(out, '\'');
	while (n-- > 0)
		buf_adds(out, letters[tap_below(ARRAY_LEN(letters))]);
	buf_addc(out, '\'');
}

static void
make_both(struct buf *out, size_t i)
{
	buf_addf(out, "%d, ", (int)tap_below(9) - 4);
	make_text(out, i);
}

static void
make_decimal(struct buf *out, size_t i)
{
	(void)i;
	buf_addf(out, "%d.%03d", (int)tap_below(60) - 30, (int)tap_below(1000));
}

static void
make_name(struct buf *out, size_t i)
{
	(void)i;
	buf_addf(out, "'k%06d'", (int)tap_below(1000000));
}

static void
make_prefix(struct buf *out, size_t i)
{
	buf_addf(out, "%d, ", (int)tap_below(3));
	make_name(out, i);
}

/* Half of them are nothing that an integer of 32 bits holds. */
static void
make_wide(struct buf *out, size_t i)
{
	buf_addf(out, "%" PRId64,
	    (int64_t)tap_below(1000) + (i % 2 == 0 ? 0 : INT64_C(5000000000)));
}

#define PG_TEXT "text COLLATE \"C\" NOT NULL"
#define MY_TEXT "varchar(40) COLLATE utf8mb4_nopad_bin NOT NULL"
#define MY_LOCAL "varchar(40) COLLATE utf8mb4_unicode_ci NOT NULL"
#define ALL_BRANDS(t)   \
	{               \
		t, t, t \
	}

/* clang-format off */
static const struct kind kinds[] = {
	{ .name = "dense", .key = { "a integer", "a integer", "a integer" },
	  .names = "a", .rows = ROWS, .make = make_dense },
	{ .name = "sparse", .key = { "a bigint NOT NULL", "a bigint",
	  "a bigint" }, .names = "a", .rows = ROWS, .make = make_sparse },
	{ .name = "texts", .key = { "a text NOT NULL", "a " PG_TEXT,
	  "a " MY_TEXT }, .names = "a", .rows = ROWS, .make = make_text },
	{ .name = "pairs", .key = { "a integer NOT NULL, b text NOT NULL",
	  "a integer, b " PG_TEXT, "a integer NOT NULL, b " MY_TEXT },
	  .names = "a, b", .rows = ROWS, .make = make_both },
	{ .name = "decimals", .key = { "a numeric NOT NULL", "a numeric(12,3)",
	  "a decimal(12,3)" }, .names = "a", .rows = ROWS, .coarse = true,
	  .make = make_decimal },
	{ .name = "prefix", .key = {
	  "a integer NOT NULL, b text COLLATE NOCASE NOT NULL",
	  "a integer, b text COLLATE \"und-x-icu\"",
	  "a integer NOT NULL, b " MY_LOCAL },
	  .names = "a, b", .rows = ROWS, .coarse = true, .make = make_prefix },
	{ .name = "wide", .key = { "a bigint NOT NULL", "a bigint",
	  "a bigint" }, .target = { "a bigint NOT NULL", "a integer",
	  "a integer" }, .names = "a", .rows = ROWS, .coarse = true,
	  .make = make_wide },
	{ .name = "local", .key = { "a text COLLATE NOCASE NOT NULL",
	  "a text COLLATE \"und-x-icu\"", "a " MY_LOCAL }, .names = "a",
	  .rows = 50, .whole = ALL_BRANDS(true), .make = make_name },
	{ .name = "padded", .key = { "a text NOT NULL", "a " PG_TEXT,
	  "a varchar(40) COLLATE utf8mb4_bin NOT NULL" }, .names = "a",
	  .rows = 50, .whole = { [MY] = true }, .make = make_name },
	{ .name = "empty", .key = { "a integer", "a integer", "a integer" },
	  .names = "a", .make = make_dense },
	{ .name = "few", .key = { "a integer", "a integer", "a integer" },
	  .names = "a", .rows = 3, .make = make_dense },
};
/* clang-format on */

static struct arena *arena; /* of a pair of brands */
static const char *keys[ARRAY_LEN(kinds)][ROWS];

static bool
is_taken(size_t k, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(keys[k][i], key) == 0)
			return true;
	return false;
}

static void
make_keys(size_t k)
{
	struct buf key = BUF_INIT;

	for (size_t i = 0; i < kinds[k].rows;) {
		buf_reset(&key);
		kinds[k].make(&key, i);
		if (!is_taken(k, i, buf_str(&key)))
			keys[k][i++] = arena_strdup(arena, buf_str(&key));
	}
	buf_free(&key);
}

static bool
holds(const struct kind *kind, enum brand b, enum side side, const char *key)
{
	return side == SOURCE || b == LITE || kind->target[b] == NULL ||
	       strlen(key) < 10;
}

/* Some rows are missing on one side, some have another v. */
static void
load(struct world *w, enum side side)
{
	enum brand b = w->brand[side];
	struct buf sql = BUF_INIT;

	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		const struct kind *kind = &kinds[k];
		const char *key = side == TARGET && kind->target[b] != NULL
		                      ? kind->target[b]
		                      : kind->key[b];
		const char *before = "";

		buf_addf(&sql,
		    "CREATE TABLE %s (%s, v integer, PRIMARY KEY (%s));\n",
		    kind->name, key, kind->names);
		for (size_t i = 0; i < kind->rows; i++) {
			if (i % 11 == (side == SOURCE ? 3 : 5) ||
			    !holds(kind, b, side, keys[k][i]))
				continue;
			if (before[0] == '\0')
				buf_addf(
				    &sql, "INSERT INTO %s VALUES", kind->name);
			buf_addf(&sql, "%s (%s, %zu)", before, keys[k][i],
			    side == TARGET && i % 13 == 0 ? i + 1 : i);
			before = ",";
		}
		buf_adds(&sql, before[0] != '\0' ? ";\n" : "");
	}
	world_run(w, side, buf_str(&sql));
	buf_free(&sql);
}

/* --- what is heard -------------------------------------------------------- */

struct heard {
	struct change_sink sink; /* first */
	int begun, ended;
	size_t n;
	const char *changes[2 * ROWS * PARTS];
};

static enum status
hear_begin(struct change_sink *sink, const struct pair *pair, struct err *err)
{
	(void)pair;
	(void)err;
	((struct heard *)sink)->begun++;
	return TU_OK;
}

static enum status
hear_change(struct change_sink *sink, const struct change *c, struct err *err)
{
	struct heard *h = (struct heard *)sink;
	const struct cell *row = c->source != NULL ? c->source : c->target;
	struct buf text = BUF_INIT;

	(void)err;
	for (size_t i = 0; i < c->pair->nkeys; i++) {
		if (row[i].kind == CELL_INT)
			buf_addf(&text, "%" PRId64, row[i].u.i);
		else if (row[i].kind == CELL_F64)
			buf_addf(&text, "%.17g", row[i].u.f);
		else
			buf_add(&text, row[i].u.p, row[i].len);
		buf_addc(&text, '|');
	}
	buf_addf(&text, "%d", c->op);
	if (h->n < ARRAY_LEN(h->changes))
		h->changes[h->n++] = arena_strdup(arena, buf_str(&text));
	buf_free(&text);
	return TU_OK;
}

static enum status
hear_end(struct change_sink *sink, const struct pair *pair,
    const struct tally *tally, struct err *err)
{
	(void)pair;
	(void)tally;
	(void)err;
	((struct heard *)sink)->ended++;
	return TU_OK;
}

static struct heard *
new_heard(void)
{
	struct heard *h = arena_alloc(arena, sizeof(*h));

	h->sink.begin = hear_begin;
	h->sink.change = hear_change;
	h->sink.end = hear_end;
	return h;
}

static int
text_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
same(struct heard *a, struct heard *b)
{
	qsort(a->changes, a->n, sizeof(*a->changes), text_cmp);
	qsort(b->changes, b->n, sizeof(*b->changes), text_cmp);
	for (size_t i = 0; i < MIN(a->n, b->n); i++)
		if (strcmp(a->changes[i], b->changes[i]) != 0) {
			printf("# '%s', '%s'\n", a->changes[i], b->changes[i]);
			return false;
		}
	return a->n == b->n;
}

/* --- connections ---------------------------------------------------------- */

/* Both sides in new snapshots. */
struct look {
	struct world *w;
	struct db *db[2];
	struct plan plan;
	struct diff_options options;
};

static void
look_open(struct look *l, struct world *w, int hash, uint64_t leaf_rows)
{
	static const char *const schema[] = { "tu_source", "tu_target" };
	struct selection sel = { .hash = hash, .leaf_rows = leaf_rows };
	struct err err = ERR_INIT;
	enum status st = TU_OK;

	*l = (struct look){ .w = w,
		.options = { .jobs = 1, .url = { w->url[0], w->url[1] } } };
	for (int s = SOURCE; s <= TARGET && !st; s++) {
		if (w->brand[s] == PG)
			sel.schema[s] = schema[s];
		st = db_open(w->url[s], DB_READ,
		    s == SOURCE ? "source" : "target", &l->db[s], &err);
		if (!st)
			st =
			    l->db[s]->drv->snapshot_begin(l->db[s], NULL, &err);
	}
	if (!st)
		st = plan_make(
		    l->db[SOURCE], l->db[TARGET], &sel, arena, &l->plan, &err);
	if (st || l->plan.nbad > 0)
		bail_out(st ? err.msg : l->plan.bad[0].why);
}

static void
look_close(struct look *l)
{
	db_close(l->db[SOURCE]);
	db_close(l->db[TARGET]);
}

static const struct pair *
find_pair(const struct look *l, const char *name)
{
	for (size_t i = 0; i < l->plan.npairs; i++)
		if (strcmp(l->plan.pairs[i].table[TARGET]->name, name) == 0)
			return &l->plan.pairs[i];
	bail_out(name);
}

static enum status
run_slice(struct look *l, const char *name, struct slice *slice,
    struct heard *h, struct tally *tally, struct err *err)
{
	slice->arena = arena;
	return diff_slice(&l->plan, find_pair(l, name), &l->options, slice,
	    &h->sink, tally, err);
}

/* --- a cycle where nothing is written ------------------------------------- */

static void
check_cycle(struct look *l, const struct kind *kind, const char *what)
{
	struct heard *whole = new_heard(), *parts = new_heard();
	const struct pair *pair = find_pair(l, kind->name);
	struct slice slice = { .part = 1.0 / PARTS };
	struct tally all, tally, sum = { 0 };
	struct err err = ERR_INIT;
	uint64_t most = 0, share;
	int calls = 0;
	enum status st =
	    diff_pair(&l->plan, pair, &l->options, &whole->sink, &all, &err);

	do {
		slice.from = slice.next;
		if (!st)
			st = run_slice(
			    l, kind->name, &slice, parts, &tally, &err);
		for (int s = SOURCE; s <= TARGET; s++) {
			sum.rows[s] += tally.rows[s];
			most = MAX(most, tally.rows[s]);
		}
	} while (!st && slice.next != NULL && ++calls < CALLS_MAX);
	ok(!st && slice.next == NULL, "%s, %s: %d slices %s", what, kind->name,
	    calls + 1, err.msg);
	ok(same(whole, parts), "%s, %s: %zu differences, %zu in slices", what,
	    kind->name, whole->n, parts->n);
	is_int((long long)sum.rows[SOURCE], (long long)all.rows[SOURCE],
	    "%s, %s: rows of the source", what, kind->name);
	is_int((long long)sum.rows[TARGET], (long long)all.rows[TARGET],
	    "%s, %s: rows of the target", what, kind->name);
	ok(parts->begun == calls + 1 && parts->ended == calls + 1,
	    "%s, %s: the sink hears of each", what, kind->name);
	share = (uint64_t)ceil(
	    (double)MAX(all.rows[SOURCE], all.rows[TARGET]) / PARTS);
	ok(kind->coarse || most <= MAX(share, 1),
	    "%s, %s: %d rows at most, a share is %d", what, kind->name,
	    (int)most, (int)share);
	ok(calls < 2 * PARTS, "%s, %s: not too many slices", what, kind->name);
}

/* No parts: said so, before anybody hears of it. */
static void
check_whole(struct look *l, const char *name, const char *what)
{
	struct heard *h = new_heard();
	struct slice slice = { .part = 0.5, .next = "" };
	struct tally tally;
	struct err err = ERR_INIT;
	enum status st = run_slice(l, name, &slice, h, &tally, &err);

	ok(st == TU_ESCHEMA && slice.whole && slice.next == NULL &&
		h->begun + h->ended == 0 && strstr(err.msg, "in parts") != NULL,
	    "%s, %s: no parts: %s", what, name, err.msg);
}

/* --- with writes between -------------------------------------------------- */

/* Delete rows of either side, and insert some again, but none that load() made
 * different: these stay so. */
static void
write_some(struct db *const db[2], size_t k)
{
	const struct kind *kind = &kinds[k];
	struct buf sql[2] = { BUF_INIT, BUF_INIT };
	struct err err = ERR_INIT;

	for (int n = 0; n < 12; n++) {
		enum side s = (enum side)tap_below(2);
		size_t i = tap_below(kind->rows);

		if (i % 11 == 3 || i % 11 == 5 || i % 13 == 0)
			continue;
		/* All brands know that (a, b) = (1, 'x'), and (a) = (1). */
		buf_addf(&sql[s], "%sDELETE FROM %s WHERE (%s) = (%s);\n",
		    sql[s].len == 0 ? "BEGIN;\n" : "", kind->name, kind->names,
		    keys[k][i]);
		if (tap_below(2) == 0)
			buf_addf(&sql[s], "INSERT INTO %s VALUES (%s, %d);\n",
			    kind->name, keys[k][i], (int)tap_below(1000));
	}
	for (int s = SOURCE; s <= TARGET; s++) {
		buf_adds(&sql[s], "COMMIT");
		if (strlen(buf_str(&sql[s])) > 6 &&
		    db_exec(db[s], buf_str(&sql[s]), NULL, &err))
			bail_out(err.msg);
		buf_free(&sql[s]);
	}
}

/* A snapshot of SQLite keeps others from writing. */
static void
write_between(struct look *l, struct db *const db[2], size_t k)
{
	struct err err = ERR_INIT;

	for (int s = SOURCE; s <= TARGET; s++)
		l->db[s]->drv->snapshot_end(l->db[s]);
	write_some(db, k);
	for (int s = SOURCE; s <= TARGET; s++)
		if (l->db[s]->drv->snapshot_begin(l->db[s], NULL, &err))
			bail_out(err.msg);
}

static void
check_writes(struct world *w, struct db *const db[2], size_t k)
{
	struct heard *standing = new_heard(), *parts = new_heard();
	const char *name = kinds[k].name, *brand = brand_name(w->brand[SOURCE]);
	struct slice slice = { .part = 1.0 / PARTS };
	struct err err = ERR_INIT;
	size_t missed = 0;
	struct tally tally;
	struct look l;
	int calls = 0;
	enum status st;

	look_open(&l, w, -1, k % 2 == 0 ? 0 : 20);
	st = diff_pair(&l.plan, find_pair(&l, name), &l.options,
	    &standing->sink, &tally, &err);
	do {
		slice.from = slice.next;
		if (!st)
			st = run_slice(&l, name, &slice, parts, &tally, &err);
		write_between(&l, db, k);
	} while (!st && slice.next != NULL && ++calls < CALLS_MAX);
	look_close(&l);
	ok(!st && slice.next == NULL && calls > 1, "%s, %s: %d slices %s",
	    brand, name, calls + 1, err.msg);
	qsort(parts->changes, parts->n, sizeof(*parts->changes), text_cmp);
	for (size_t i = 0; i < standing->n; i++)
		missed +=
		    bsearch(&standing->changes[i], parts->changes, parts->n,
			sizeof(*parts->changes), text_cmp) == NULL;
	ok(standing->n > 0 && missed == 0,
	    "%s, %s: of %zu differences that stood %zu went unseen", brand,
	    name, standing->n, missed);
}

static void
check_with_writers(struct world *w)
{
	struct err err = ERR_INIT;
	struct db *db[2] = { NULL, NULL };

	for (int s = SOURCE; s <= TARGET; s++) {
		if (db_open(w->url[s], DB_WRITE, "writer", &db[s], &err) ||
		    (w->brand[s] == PG &&
			db_exec(db[s],
			    s == SOURCE ? "SET search_path = tu_source"
					: "SET search_path = tu_target",
			    NULL, &err)))
			bail_out(err.msg);
	}
	for (size_t k = 0; k < WRITTEN; k++)
		check_writes(w, db, k);
	db_close(db[SOURCE]);
	db_close(db[TARGET]);
}

/* --- texts ---------------------------------------------------------------- */

/* Where a slice from this text ends; NULL: at the end, or it failed. */
static const char *
end_of(struct look *l, const char *name, const char *from)
{
	struct slice slice = { .from = from, .part = 1.0 / PARTS };
	struct tally tally;
	struct err err = ERR_INIT;

	if (run_slice(l, name, &slice, new_heard(), &tally, &err))
		printf("# %s: %s\n", name, err.msg);
	return slice.next;
}

static void
check_damage(struct look *l, const char *name)
{
	const char *first = end_of(l, name, NULL);
	const char *second = end_of(l, name, first);
	size_t n = strlen(first), wrong = 0;

	ok(strcmp(first, second) != 0 && strpbrk(first, "\t\n") == NULL,
	    "%s: the next slice ends elsewhere: %s", name, first);
	for (size_t i = 0; i < n; i += 3) {
		char *text = arena_strdup(arena, first);
		const char *end;

		text[i] = text[i] == '3' ? '4' : '3';
		end = end_of(l, name, text);
		wrong += end == NULL || strcmp(end, first) != 0;
		text[i] = '\0';
		end = end_of(l, name, text);
		wrong += end == NULL || strcmp(end, first) != 0;
	}
	is_int((long long)wrong, 0, "%s: damaged texts begin again", name);
}

static void
check_texts(struct look *l)
{
	const char *first = end_of(l, "texts", NULL);

	check_damage(l, "texts");
	check_damage(l, "pairs");
	check_damage(l, "decimals");
	is_str(end_of(l, "texts", end_of(l, "padded", NULL)), first,
	    "a text of another table begins again");
	is_str(end_of(l, "texts", end_of(l, "pairs", NULL)), first,
	    "a text of another key begins again");
	is_str(end_of(l, "texts", "1 zzzz"), first, "so does nonsense");
}

/* --- keys that stray ------------------------------------------------------ */

/* Where the target cannot hold it any more, the place is none. */
static void
check_narrowed(void)
{
	struct world w;
	struct look l;
	const char *from;

	world_open(&w, PG, PG);
	world_run_both(&w, "CREATE TABLE n (a bigint PRIMARY KEY);"
			   "INSERT INTO n SELECT i * 1000000000::bigint FROM "
			   "generate_series(1, 50) i");
	look_open(&l, &w, -1, 0);
	from = end_of(&l, "n", NULL);
	look_close(&l);
	world_run_both(&w, "UPDATE n SET a = a / 1000000000");
	world_run(&w, TARGET, "ALTER TABLE n ALTER a TYPE integer");
	look_open(&l, &w, -1, 0);
	is_str(end_of(&l, "n", from), end_of(&l, "n", NULL),
	    "a key that the target does not hold any more begins again");
	look_close(&l);
	world_close(&w);
}

/* One key that is not where it should be, in another slice than the first. */
static void
check_stray(const char *name, const char *key, const char *type,
    const char *values, const char *stray)
{
	struct world w;
	struct look l;

	world_open(&w, LITE, PG);
	world_run(&w, SOURCE,
	    arena_printf(arena,
		"CREATE TABLE n (a %s PRIMARY KEY); INSERT INTO n VALUES %s, "
		"(%s);",
		key, values, stray));
	world_run(&w, TARGET,
	    arena_printf(arena,
		"CREATE TABLE n (a %s PRIMARY KEY); INSERT INTO n VALUES %s;",
		type, values));
	look_open(&l, &w, -1, 0);
	check_whole(&l, "n", name);
	look_close(&l);
	world_close(&w);
}

static void
check_strays(void)
{
	static const char uuids[] = "('aaaaaaaa-0000-0000-0000-000000000000'),"
				    "('bbbbbbbb-0000-0000-0000-000000000000'),"
				    "('cccccccc-0000-0000-0000-000000000000')";

	check_stray("NULL", "text", "text COLLATE \"C\"", "('a'), ('b'), ('c')",
	    "NULL");
	check_stray("an upper-case uuid", "text", "uuid", uuids,
	    "'DDDDDDDD-0000-0000-0000-000000000000'");
	check_stray("a blob", "text", "text COLLATE \"C\"",
	    "('a'), ('b'), ('c')", "x'41'");
}

/* Writes such a key behind the first slice, whose keys were looked at. */
struct intruder {
	struct change_sink sink; /* first */
	struct world *w;
};

static enum status
intrude(struct change_sink *sink, const struct pair *pair, struct err *err)
{
	(void)pair;
	(void)err;
	world_run(((struct intruder *)sink)->w, SOURCE,
	    "INSERT INTO n VALUES (x'41')");
	return TU_OK;
}

/* A stretch that meets one ends before it, and the next has it in its first
 * slice. */
static void
check_late_stray(void)
{
	struct world w;
	struct look l;
	struct intruder in = { .sink.begin = intrude, .w = &w };
	struct stretch s = { .until = 1e300, .arena = arena };
	struct tally tally;
	struct err err = ERR_INIT;
	enum status st;

	world_open(&w, LITE, PG);
	world_run(&w, SOURCE,
	    "CREATE TABLE n (a text PRIMARY KEY); WITH RECURSIVE i(n) AS "
	    "(SELECT 10000 UNION ALL SELECT n + 1 FROM i WHERE n < 32000) "
	    "INSERT INTO n SELECT n FROM i");
	world_run(&w, TARGET,
	    "CREATE TABLE n (a text COLLATE \"C\" PRIMARY KEY); "
	    "INSERT INTO n SELECT generate_series(10000, 32000)");
	look_open(&l, &w, -1, 0);
	l.db[SOURCE]->drv->snapshot_end(l.db[SOURCE]);
	st = diff_stretch(
	    &l.plan, &l.plan.pairs[0], &l.options, &s, &in.sink, &tally, &err);
	ok(st == TU_OK && s.next != NULL && tally.extent.cut &&
		tally.rows[SOURCE] == 20000,
	    "a stretch ends before a slice that is none");
	s.from = s.next;
	st = diff_stretch(
	    &l.plan, &l.plan.pairs[0], &l.options, &s, NULL, &tally, &err);
	ok(st == TU_ESCHEMA && s.whole, "which is the next one's first");
	look_close(&l);
	world_close(&w);
}

/* --- all of it ------------------------------------------------------------ */

static void
check_kinds(struct world *w, int hash, uint64_t leaf_rows)
{
	const enum brand source = w->brand[SOURCE], target = w->brand[TARGET];
	const char *what = arena_printf(
	    arena, "%s to %s", brand_name(source), brand_name(target));
	struct look l;

	look_open(&l, w, hash, leaf_rows);
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
		if (kinds[k].whole[source] || kinds[k].whole[target])
			check_whole(&l, kinds[k].name, what);
		else
			check_cycle(&l, &kinds[k], what);
	if (hash < 0 && source == LITE && target == LITE)
		check_texts(&l);
	look_close(&l);
}

static void
run_brands(enum brand source, enum brand target)
{
	struct world w;

	arena = arena_new(1 << 20);
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
		make_keys(k);
	world_open(&w, source, target);
	load(&w, SOURCE);
	load(&w, TARGET);
	check_kinds(&w, -1, 0);
	if (source == target) {
		check_kinds(&w, HASH_MD5, 20);
		if (source == PG)
			check_kinds(&w, HASH_RECORD, 20);
		check_with_writers(&w);
	}
	world_close(&w);
	arena_free(arena);
}

int
main(void)
{
	static const enum brand pairs[][2] = { { LITE, LITE }, { PG, PG },
		{ MY, MY }, { LITE, PG }, { PG, MY }, { MY, LITE } };

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		if (brand_available(pairs[i][SOURCE]) &&
		    brand_available(pairs[i][TARGET]))
			run_brands(pairs[i][SOURCE], pairs[i][TARGET]);
	arena = arena_new(1 << 16);
	if (brand_available(PG)) {
		check_narrowed();
		check_strays();
		check_late_stray();
	}
	arena_free(arena);
	return tap_done();
}
