/*
 * Random tables: up to 40 columns over all types, a key of one to three
 * columns, some thousand rows; then 200 rows are inserted, deleted or updated
 * in one to three cells. From every brand to every brand exactly these are
 * found, cell by cell, however rows are hashed, leaves are cut and connections
 * are used; applied, nothing is left; undone, they are all there again.
 *
 * A run has one schema that all brands can hold and one for each brand with
 * all that it has. TRUEUP_RANDOM_RUNS is the number of runs, TRUEUP_SEED where
 * they begin; each run prints its own.
 */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "matrix-corpus.h"
#include "patch/report.h"
#include "value/rowhash.h"

#define ROWS 5000
#define COLUMNS_MAX 40
#define KEY_MAX 3
#define MUTATIONS 200
#define CELLS_MAX 3 /* that an update changes */

struct row_model {
	struct value *cells; /* ncols */
	int op;              /* enum change_op, or NONE */
	bool changed[COLUMNS_MAX];
};

#define NONE 9

/* Column 0 is rid, an integer that no mutation touches, and no key. */
struct schema {
	size_t ncols, nkeys;
	const struct family *cols[COLUMNS_MAX];
	bool key[COLUMNS_MAX];
	struct row_model source[ROWS + MUTATIONS];
	/* The cells that the target has instead, by row; NULL: as source. */
	struct value *target[ROWS + MUTATIONS];
	size_t nrows;
};

static struct arena *arena; /* of a run */
static struct schema *s;

/* --- the schema ----------------------------------------------------------- */

static bool
has_brands(const struct family *f, unsigned brands)
{
	for (int b = LITE; b < BRANDS; b++)
		if ((brands >> b & 1) != 0 && f->type[b] == NULL)
			return false;
	return true;
}

static const struct family *
pick_family(bool key, unsigned brands)
{
	for (;;) {
		const struct family *f = &families[tap_below(nfamilies)];

		if (f->random && has_brands(f, brands) &&
		    (!key || f->key[LITE] != NULL))
			return f;
	}
}

static void
make_schema(unsigned brands)
{
	s = arena_alloc(arena, sizeof(*s));
	s->nkeys = 1 + tap_below(KEY_MAX);
	s->ncols = 2 + s->nkeys + tap_below(COLUMNS_MAX - 1 - s->nkeys);
	for (size_t k = 0; k < s->nkeys;) {
		size_t c = 1 + tap_below(s->ncols - 1);

		if (s->key[c])
			continue;
		s->key[c] = true;
		k++;
	}
	for (size_t c = 1; c < s->ncols; c++)
		s->cols[c] = pick_family(s->key[c], brands);
}

static const char *
column_type(size_t c, enum brand b)
{
	if (c == 0)
		return "integer";
	return s->key[c] ? s->cols[c]->key[b] : s->cols[c]->type[b];
}

/* --- the rows ------------------------------------------------------------- */

static struct value
new_cell(size_t c)
{
	struct value v = { .field = NULL };

	if (s->key[c] || tap_below(8) != 0)
		v = value_random(s->cols[c], arena);
	return v;
}

static struct value *
new_cells(size_t rid)
{
	struct value *cells = arena_alloc(arena, s->ncols * sizeof(*cells));

	cells[0].field = arena_printf(arena, "%zu", rid);
	for (size_t c = 1; c < s->ncols; c++)
		cells[c] = new_cell(c);
	return cells;
}

static void
key_text(struct buf *out, const struct value *cells)
{
	buf_reset(out);
	for (size_t c = 0; c < s->ncols; c++) {
		if (!s->key[c])
			continue;
		buf_addf(out, "%zu:", cells[c].len);
		buf_add(out, cells[c].field, cells[c].len);
	}
}

/* Keys that were given out: an open hash table of their texts. */
#define SLOTS 16384
static struct {
	const char *text;
	size_t len;
} taken[SLOTS];

static bool
take_key(const struct value *cells)
{
	struct buf text = BUF_INIT;
	size_t h = 0;
	bool fresh;

	key_text(&text, cells);
	for (size_t i = 0; i < text.len; i++)
		h = h * 31 + (unsigned char)text.data[i];
	while (taken[h % SLOTS].text != NULL &&
	       (taken[h % SLOTS].len != text.len ||
		   memcmp(taken[h % SLOTS].text, text.data, text.len) != 0))
		h++;
	fresh = taken[h % SLOTS].text == NULL;
	if (fresh) {
		taken[h % SLOTS].text =
		    arena_memdup(arena, text.data, text.len);
		taken[h % SLOTS].len = text.len;
	}
	buf_free(&text);
	return fresh;
}

/* A key of few values (dates of the list...) may be used up: give up then. */
static bool
add_row(void)
{
	struct row_model *r = &s->source[s->nrows];

	for (int tries = 0; tries < 50; tries++) {
		r->cells = new_cells(s->nrows);
		r->op = NONE;
		if (take_key(r->cells)) {
			s->nrows++;
			return true;
		}
	}
	return false;
}

static void
make_rows(void)
{
	memset(taken, 0, sizeof(taken));
	while (s->nrows < ROWS && add_row())
		;
}

/* --- mutations ------------------------------------------------------------ */

/* -0 is 0, '1.50' is 1.5: no change at all. */
static bool
change_cell(struct row_model *r, struct value *cells, size_t c)
{
	struct value v;

	if (s->key[c] || r->changed[c])
		return false;
	v = new_cell(c);
	if (value_same(&v, &cells[c]))
		return false;
	cells[c] = v;
	r->changed[c] = true;
	return true;
}

static void
update_row(struct row_model *r, size_t i)
{
	size_t n = 1 + tap_below(CELLS_MAX);

	s->target[i] =
	    arena_memdup(arena, r->cells, s->ncols * sizeof(*r->cells));
	for (int tries = 0; tries < 20 && n > 0; tries++) {
		size_t c = 1 + tap_below(s->ncols - 1);

		if (!change_cell(r, s->target[i], c))
			continue;
		r->op = CHANGE_UPDATE;
		n--;
	}
}

static void
mutate(void)
{
	for (int m = 0; m < MUTATIONS; m++) {
		size_t i = tap_below(s->nrows);
		struct row_model *r = &s->source[i];
		uint64_t what = tap_below(4);

		if (what == 0 && add_row())
			s->source[s->nrows - 1].op = CHANGE_DELETE;
		else if (r->op != NONE)
			continue;
		else if (what == 1)
			r->op = CHANGE_INSERT;
		else
			update_row(r, i);
	}
}

/* --- loading -------------------------------------------------------------- */

static void
create_table(struct buf *sql, enum brand b)
{
	const char *comma = "";

	buf_adds(sql, "CREATE TABLE t (");
	for (size_t c = 0; c < s->ncols; c++) {
		buf_addf(sql, "%sc%zu %s%s", comma, c, column_type(c, b),
		    s->key[c] ? " NOT NULL"
		    : b == MY ? " NULL"
			      : "");
		comma = ", ";
	}
	comma = ", PRIMARY KEY (";
	/* Not in the order of the columns. */
	for (size_t c = s->ncols; c-- > 0;) {
		if (!s->key[c])
			continue;
		buf_addf(sql, "%sc%zu", comma, c);
		comma = ", ";
	}
	buf_adds(sql, "));\n");
}

static void
add_cells(
    struct buf *sql, enum brand b, enum side side, const struct value *cells)
{
	buf_addf(sql, "(%s", cells[0].field);
	for (size_t c = 1; c < s->ncols; c++) {
		buf_adds(sql, ", ");
		value_sql(sql, s->cols[c], b, side, &cells[c]);
	}
	buf_addc(sql, ')');
}

static void
load(struct world *w, enum brand b, enum side side)
{
	const int absent = side == SOURCE ? CHANGE_DELETE : CHANGE_INSERT;
	struct buf sql = BUF_INIT;
	size_t n = 0;

	if (b != PG)
		buf_adds(&sql, "BEGIN;\n");
	for (size_t c = 1; c < s->ncols; c++)
		if (s->cols[c]->prelude[b] != NULL && b == MY)
			buf_adds(&sql, s->cols[c]->prelude[b]);
	create_table(&sql, b);
	for (size_t i = 0; i < s->nrows; i++) {
		const struct row_model *r = &s->source[i];
		const struct value *cells = r->cells;

		if (r->op == absent)
			continue;
		if (side == TARGET && s->target[i] != NULL)
			cells = s->target[i];
		buf_adds(&sql, n % 100 ? "," : "INSERT INTO t VALUES ");
		add_cells(&sql, b, side, cells);
		if (++n % 100 == 0)
			buf_adds(&sql, ";\n");
	}
	if (n % 100 != 0)
		buf_adds(&sql, ";\n");
	if (b != PG)
		buf_adds(&sql, "COMMIT;\n");
	world_run(w, side, buf_str(&sql));
	buf_free(&sql);
}

/* --- what is found -------------------------------------------------------- */

struct collector {
	struct change_sink sink; /* first */
	bool *found;
	size_t n, wrong;
};

/* Only the cells that were changed. */
static bool
right_cells(const struct row_model *r, const struct change *c)
{
	for (size_t i = 0; i < c->pair->ncols; i++) {
		int col = atoi(c->pair->cols[i].col[TARGET]->name + 1);
		enum verdict want =
		    r->changed[col] ? VERDICT_DIFFERENT : VERDICT_EQUAL;

		if (c->verdicts[i] != want)
			return false;
	}
	return true;
}

static void
print_change(const struct change *c, size_t rid)
{
	static const char *const ops[] = { "delete", "update", "insert" };
	struct buf text = BUF_INIT;

	report_key(&text, c->pair, c->source ? c->source : c->target,
	    c->source ? SOURCE : TARGET);
	printf("# row %zu, key %s: %s", rid, buf_str(&text), ops[c->op]);
	for (size_t i = 0; i < c->pair->ncols && c->verdicts != NULL; i++) {
		const struct pair_column *pc = &c->pair->cols[i];

		if (c->verdicts[i] == VERDICT_EQUAL)
			continue;
		buf_reset(&text);
		report_value(&text, pc, SOURCE, &c->source[i]);
		if (c->target != NULL) {
			buf_adds(&text, ", ");
			report_value(&text, pc, TARGET, &c->target[i]);
		}
		printf("; %s %s %s: %s", pc->col[TARGET]->name,
		    pc->col[TARGET]->type, verdict_name(c->verdicts[i]),
		    buf_str(&text));
	}
	printf("\n");
	buf_free(&text);
}

static enum status
collect(struct change_sink *sink, const struct change *c, struct err *err)
{
	struct collector *k = (struct collector *)sink;
	const struct cell *row = c->source ? c->source : c->target;
	size_t rid = (size_t)row[pair_find_target(c->pair, "c0")].u.i;
	const struct row_model *r;

	(void)err;
	k->n++;
	if (rid < s->nrows && !k->found[rid]) {
		r = &s->source[rid];
		k->found[rid] = true;
		if (r->op == (int)c->op && c->patchable &&
		    (c->op != CHANGE_UPDATE || right_cells(r, c)))
			return TU_OK;
	}
	if (k->wrong++ < 5)
		print_change(c, rid);
	return TU_OK;
}

static size_t
count_mutations(void)
{
	size_t n = 0;

	for (size_t i = 0; i < s->nrows; i++)
		n += s->source[i].op != NONE;
	return n;
}

static const char *
pair_name(const struct world *w)
{
	return arena_printf(arena, "%s to %s", brand_name(w->brand[SOURCE]),
	    brand_name(w->brand[TARGET]));
}

static void
compare(struct world *w, const struct world_options *options)
{
	struct collector k = { .sink = { .change = collect } };
	struct err err = ERR_INIT;
	size_t want = count_mutations();
	enum status st;

	k.found = arena_alloc(arena, s->nrows * sizeof(*k.found));
	st = world_compare(w, options, &k.sink, &err);
	if (!ok(!st && k.n == want && k.wrong == 0,
		"%s: %zu mutations, hash %d, leaf %d, jobs %u", pair_name(w),
		want, options->hash, (int)options->leaf_rows, options->jobs))
		printf("# %zu found, %zu wrong; %s\n", k.n, k.wrong, err.msg);
}

static void
is_left(struct world *w, size_t want, const char *what)
{
	is_int((long long)world_diff(w), (long long)want, "%s, %s",
	    pair_name(w), what);
}

static void
is_same_dump(struct world *w)
{
	const char *source = world_dump_side(w, SOURCE);
	const char *target = world_dump_side(w, TARGET);

	if (!ok(strcmp(source, target) == 0, "%s: the dumps are the same",
		pair_name(w)))
		world_show_difference(target, source);
}

static void
converge(struct world *w)
{
	static const struct apply_options none = { .conflict = NULL };
	struct apply_result result;
	struct err err = ERR_INIT;

	world_diff(w);
	world_write(w, "undo.sql", STMT_UNDO);
	ok(world_apply(w, &none, &result, &err) == TU_OK, "%s: applied %s",
	    pair_name(w), err.msg);
	is_left(w, 0, "nothing is left");
	if (w->brand[SOURCE] == w->brand[TARGET])
		is_same_dump(w);
	if (!ok(world_client(w, "undo.sql") == 0, "%s: undone", pair_name(w)))
		world_show_log(w);
	is_left(w, count_mutations(), "all is there again");
}

/* The same through a JSON patch. */
static void
converge_json(struct world *w)
{
	struct err err = ERR_INIT;
	uint64_t left_out;

	world_write_json(w, "patch.json");
	ok(world_apply_json(w, "patch.json", &left_out, &err) == TU_OK,
	    "%s: the JSON patch is applied %s", pair_name(w), err.msg);
	world_write(w, "undo.sql", STMT_UNDO);
	is_left(w, 0, "JSON: nothing is left");
	if (!ok(world_client(w, "undo.sql") == 0, "%s: JSON undone",
		pair_name(w)))
		world_show_log(w);
	is_left(w, count_mutations(), "JSON: all is there again");
}

static void
run_pair(struct world worlds[BRANDS], enum brand source, enum brand target)
{
	static const struct world_options ways[] = {
		{ .hash = HASH_STREAM, .jobs = 3 },
		{ .hash = HASH_MD5, .jobs = 1 },
		{ .hash = HASH_MD5, .leaf_rows = 5, .jobs = 2 },
		{ .hash = HASH_SHA256, .leaf_rows = 700, .jobs = 1 },
		{ .hash = HASH_STREAM, .leaf_rows = 1, .jobs = 1 },
	};
	struct world w;

	world_pair(&w, &worlds[source], &worlds[target]);
	for (size_t i = 0; i < ARRAY_LEN(ways); i++)
		compare(&w, &ways[i]);
	converge(&w);
	converge_json(&w);
	world_close(&w);
}

/* --- runs ----------------------------------------------------------------- */

static void
print_schema(unsigned brands)
{
	printf("# %zu columns, %zu rows:", s->ncols, s->nrows);
	for (size_t c = 1; c < s->ncols; c++)
		printf(" %s%s", s->cols[c]->name, s->key[c] ? "*" : "");
	printf(" (brands %u)\n", brands);
}

static void
run_schema(unsigned brands)
{
	static struct world worlds[BRANDS];

	arena = arena_new(1 << 20);
	make_schema(brands);
	make_rows();
	mutate();
	print_schema(brands);
	for (int b = LITE; b < BRANDS; b++) {
		if ((brands >> b & 1) == 0)
			continue;
		world_open(&worlds[b], (enum brand)b, (enum brand)b);
		load(&worlds[b], (enum brand)b, SOURCE);
		load(&worlds[b], (enum brand)b, TARGET);
	}
	for (int a = LITE; a < BRANDS; a++)
		for (int b = LITE; b < BRANDS; b++)
			if ((brands >> a & 1) != 0 && (brands >> b & 1) != 0)
				run_pair(worlds, (enum brand)a, (enum brand)b);
	for (int b = LITE; b < BRANDS; b++)
		if ((brands >> b & 1) != 0)
			world_close(&worlds[b]);
	arena_free(arena);
}

int
main(void)
{
	const char *runs = getenv("TRUEUP_RANDOM_RUNS");
	unsigned brands = 0;

	for (int b = LITE; b < BRANDS; b++)
		if (brand_available((enum brand)b))
			brands |= 1u << b;
	for (int i = runs != NULL ? atoi(runs) : 1; i > 0; i--)
		run_schema(brands);
	return tap_done();
}
