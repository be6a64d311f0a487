#include <config.h>

#include "paths-tables.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "lib/tap.h"

/* --- columns of a key ----------------------------------------------------- */

/* Value x of a column, other than any other of it. */
static void
dense(struct buf *b, enum brand brand, unsigned x)
{
	(void)brand;
	buf_addf(b, "%d", (int)x - 400);
}

static void
gaps(struct buf *b, enum brand brand, unsigned x)
{
	(void)brand;
	buf_addf(b, "%d", (int)x * 3 - 900);
}

static void
sparse(struct buf *b, enum brand brand, unsigned x)
{
	(void)brand;
	if (x == 17)
		buf_adds(b, "9223372036854775807");
	else
		buf_addf(b, "%" PRId64,
		    (int64_t)(tap_mix(x) >> 12 << 11 | x % 2048) -
			(INT64_C(1) << 61));
}

static void
cents(struct buf *b, enum brand brand, unsigned x)
{
	int v = (int)x * 7 - 1500;

	(void)brand;
	buf_addf(b, "%s%d.%02d", v < 0 ? "-" : "", abs(v) / 100, abs(v) % 100);
}

/* In steps of 1/64 and 1/8: SQLite reads some other decimals one unit in the
 * last place off, which is a difference. */
static void
fractions(struct buf *b, enum brand brand, unsigned x)
{
	(void)brand;
	buf_addf(b, "%.6f", (double)x / 64 - 23);
}

static void
real(struct buf *b, enum brand brand, unsigned x)
{
	(void)brand;
	buf_addf(b, "%.3fe0", (double)x / 8 - 200);
}

static void
text(struct buf *b, enum brand brand, unsigned x)
{
	static const char *const first[] = { "a", "A", "b", "B", "_", "-", "~",
		"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "''", "" };
	uint64_t h = tap_mix(x);

	(void)brand;
	buf_addf(b, "'%s%s%x %u'", first[h % ARRAY_LEN(first)],
	    h / 16 % 3 ? "" : "zz", (unsigned)(h / 64 % 300), x);
}

/* One the beginning of another. */
static void
prefixes(struct buf *b, enum brand brand, unsigned x)
{
	(void)brand;
	buf_addc(b, '\'');
	for (; x > 0; x /= 3)
		buf_addc(b, "xyz"[x % 3]);
	buf_adds(b, ".'");
}

static void
ordered_text(struct buf *b, enum brand brand, unsigned x)
{
	(void)brand;
	buf_addf(b, "'row %06u'", x);
}

static void
uuid(struct buf *b, enum brand brand, unsigned x)
{
	uint64_t h = tap_mix(x);

	(void)brand;
	buf_addf(b, "'%08x-%04x-4000-8000-%012x'", (unsigned)h,
	    (unsigned)(h >> 48), x);
}

static void
moment(struct buf *b, enum brand brand, unsigned x)
{
	static const char *const fractions[] = { "", ".5", ".25", ".000001",
		".999999" };

	(void)brand;
	buf_addf(b, "'%u-%02u-%02u %02u:%02u:%02u%s'", 1960 + x / 1440,
	    1 + x % 12, 1 + x / 12 % 5, x / 60 % 24, 59 - x % 60, x % 7,
	    fractions[x % ARRAY_LEN(fractions)]);
}

static void
day(struct buf *b, enum brand brand, unsigned x)
{
	(void)brand;
	buf_addf(
	    b, "'%04u-%02u-%02u'", 1890 + x / 336, 1 + x / 28 % 12, 1 + x % 28);
}

static void
bytes(struct buf *b, enum brand brand, unsigned x)
{
	uint64_t h = tap_mix(x);

	buf_adds(b, brand == PG ? "'\\x" : "x'");
	if (h % 3 == 0)
		buf_adds(b, "00");
	if (h % 5 == 0)
		buf_adds(b, "ff");
	buf_addf(b, "%04x%06x'", (unsigned)(h >> 40 & 0x3ff), x);
}

#define VARIANTS 3
#define INTEGERS 0 /* where in kinds */
#define DECIMALS 3
#define OTHERS 5

static const struct kind {
	const char *name;
	void (*value)(struct buf *b, enum brand brand, unsigned x);
	/* Of each brand; the first is always there unless the brand is not. */
	const char *type[BRANDS][VARIANTS];
} kinds[] = {
	{ "int", dense,
	    { { "INTEGER", "INT", "BIGINT" }, { "int", "bigint", "smallint" },
		{ "int", "bigint" } } },
	{ "gaps", gaps,
	    { { "INTEGER", "BIGINT" }, { "bigint" }, { "bigint" } } },
	{ "sparse", sparse,
	    { { "INTEGER", "BIGINT" }, { "bigint" }, { "bigint" } } },
	{ "cents", cents,
	    { { "DECIMAL(12,2)" }, { "numeric(12,2)", "numeric" },
		{ "decimal(12,2)", "decimal(20,2)" } } },
	{ "fractions", fractions,
	    { { "DECIMAL(12,6)" }, { "numeric(12,6)", "numeric" },
		{ "decimal(12,6)" } } },
	{ "real", real, { { "DOUBLE" }, { "float8" }, { "double" } } },
	{ "text", text,
	    { { "TEXT", "VARCHAR(60)", "TEXT COLLATE NOCASE" },
		{ "text COLLATE \"C\"", "text", "text COLLATE \"en-x-icu\"" },
		{ "varchar(60) COLLATE utf8mb4_bin", "varchar(60)",
		    "varchar(60) COLLATE utf8mb4_nopad_bin" } } },
	{ "prefixes", prefixes,
	    { { "TEXT", "TEXT COLLATE RTRIM" }, { "text COLLATE \"C\"" },
		{ "varchar(60) COLLATE utf8mb4_bin",
		    "varchar(60) COLLATE utf8mb4_nopad_bin" } } },
	{ "ordered text", ordered_text,
	    { { "TEXT" }, { "text COLLATE \"C\"", "varchar(60)" },
		{ "varchar(60) COLLATE utf8mb4_bin", "varchar(60)" } } },
	{ "uuid", uuid, { { "UUID" }, { "uuid" }, { "uuid" } } },
	{ "timestamp", moment,
	    { { "DATETIME", "TIMESTAMP" }, { "timestamp" },
		{ "datetime(6)" } } },
	{ "date", day, { { "DATE" }, { "date" }, { "date" } } },
	{ "bytes", bytes, { { "BLOB" }, { "bytea" }, { "varbinary(60)" } } },
};

static const char *
type_of(const struct planted *p, enum brand brand, enum side side, size_t k)
{
	const char *const *types = kinds[p->kinds[k]].type[brand];
	size_t n = 1;

	while (n < VARIANTS && types[n] != NULL)
		n++;
	return types[p->variant[side][k] % n];
}

/* The row's number in figures of as many values as each column has. */
static void
add_key(struct buf *b, const struct planted *p, enum brand brand, size_t row,
    size_t k)
{
	unsigned x = (unsigned)row;

	for (size_t i = p->nkeys - 1; i > k; i--)
		x /= p->radix[i];
	if (k > 0)
		x %= p->radix[k];
	kinds[p->kinds[k]].value(b, brand, x);
}

/* --- what is planted ------------------------------------------------------ */

unsigned
planted_ops(const struct planted *p, size_t row)
{
	const struct planted_row *r = &p->rows[row];

	if (r->present[SOURCE] != r->present[TARGET])
		return 1u << (r->present[SOURCE] ? CHANGE_INSERT
						 : CHANGE_DELETE);
	if (!r->present[SOURCE] || r->columns == 0)
		return 0;
	return p->keyless ? 1u << CHANGE_INSERT | 1u << CHANGE_DELETE
	                  : 1u << CHANGE_UPDATE;
}

static void
plant(struct planted_row *r, uint64_t what)
{
	if (what == CHANGE_DELETE)
		r->present[SOURCE] = false;
	else if (what == CHANGE_INSERT)
		r->present[TARGET] = false;
	else
		r->columns = 1 + (unsigned)tap_below(7);
}

/* One kind of difference, or all, in a row of so many from some place on. */
static void
plant_run(struct planted *p, size_t n, uint64_t one_in_so_many)
{
	size_t first = tap_below(p->nrows);
	uint64_t what = tap_below(4);

	for (size_t i = first; i < p->nrows && i < first + n; i++)
		if (tap_one_in(one_in_so_many))
			plant(&p->rows[i],
			    what < CHANGE_OPS ? what : tap_below(3));
}

static void
empty_side(struct planted *p, enum side side)
{
	for (size_t i = 0; i < p->nrows; i++)
		p->rows[i].present[side] = false;
}

static const char *
plant_some(struct planted *p)
{
	size_t n = p->nrows;

	switch (n == 0 ? 0 : tap_below(11)) {
	case 0:
		return "equal";
	case 1:
		for (int i = 0; i < 3; i++)
			plant_run(p, 1, 1);
		return "three differ";
	case 2:
		plant_run(p, 1 + tap_below(n), 1);
		return "a run";
	case 3:
		for (int i = 0; i < 5; i++)
			plant_run(p, 1 + tap_below(n / 10 + 1), 1);
		return "five runs";
	case 4:
		plant_run(p, n, 2);
		return "every other from some place on";
	case 5:
		for (size_t i = 0; i < n; i++)
			plant(&p->rows[i], tap_below(3));
		return "all";
	case 6:
		empty_side(p, (enum side)tap_below(2));
		return "a side is empty";
	case 8:
		plant(&p->rows[0], tap_below(3));
		plant(&p->rows[n - 1], tap_below(3));
		return "the ends";
	case 7:
		for (size_t i = n / 2; i < n; i++)
			plant(&p->rows[i], tap_below(3));
		return "half of all";
	default:
		for (size_t i = 0; i < n; i++)
			if (tap_one_in(1 + n / 20))
				plant(&p->rows[i], tap_below(3));
		plant_run(p, n / 4, 1 + tap_below(3));
		return "scattered, and a block";
	}
}

/* --- the shape ------------------------------------------------------------ */

/* Integers alone are what most tables have, and what a server's own hash is
 * for. Decimals are cut to integers, the columns behind them are not. */
static size_t
random_kind(const struct planted *p, size_t k)
{
	if (p->nkeys == 1 && !tap_one_in(3))
		return INTEGERS + tap_below(DECIMALS - INTEGERS);
	if (p->nkeys > 1 && k == 0 && tap_one_in(3))
		return DECIMALS + tap_below(OTHERS - DECIMALS);
	return tap_below(ARRAY_LEN(kinds));
}

static void
make_key(struct planted *p)
{
	p->nkeys = tap_one_in(2) ? 1 : 2 + tap_below(PATH_KEYS - 1);
	p->keyless = tap_one_in(14);
	for (size_t k = 0; k < p->nkeys; k++) {
		p->kinds[k] = random_kind(p, k);
		p->radix[k] = 1 + (unsigned)tap_below(tap_one_in(2) ? 6 : 90);
		p->variant[SOURCE][k] = (unsigned)tap_below(VARIANTS);
		p->variant[TARGET][k] = tap_one_in(2)
		                            ? p->variant[SOURCE][k]
		                            : (unsigned)tap_below(VARIANTS);
	}
	for (int s = SOURCE; s <= TARGET; s++) {
		p->key[s] = (unsigned)tap_below(5);
		p->analyzed[s] = tap_one_in(2);
	}
}

static size_t
random_size(void)
{
	static const size_t most[] = { 3, 40, 40, 400, 1500, PATH_ROWS,
		PATH_ROWS };

	return tap_below(most[tap_below(ARRAY_LEN(most))] + 1);
}

static void
make_rows(struct planted *p)
{
	p->nrows = random_size();
	for (size_t i = 0; i < p->nrows; i++)
		p->rows[i] = (struct planted_row){ .present = { true, true } };
}

/* An update changes what it says, and rows are otherwise the same. */
static void
make_values(struct planted *p)
{
	for (size_t i = 0; i < p->nrows; i++) {
		struct planted_row *r = &p->rows[i];

		r->value[SOURCE] = r->value[TARGET] = tap_random() >> 16;
		for (int s = SOURCE; s <= TARGET; s++)
			p->count[s] += r->present[s];
	}
}

struct planted *
planted_new(struct arena *arena, const enum brand brands[2], unsigned number)
{
	struct planted *p = arena_alloc(arena, sizeof(*p));
	struct buf what = BUF_INIT;
	const char *how;

	p->number = number;
	make_key(p);
	make_rows(p);
	how = plant_some(p);
	make_values(p);
	for (size_t k = 0; k < p->nkeys; k++)
		buf_addf(&what, "%s (%s, %s), ", kinds[p->kinds[k]].name,
		    type_of(p, brands[SOURCE], SOURCE, k),
		    type_of(p, brands[TARGET], TARGET, k));
	buf_addf(&what, "%s%zu rows: %s", p->keyless ? "no key, " : "",
	    p->nrows, how);
	p->what = arena_strdup(arena, buf_str(&what));
	buf_free(&what);
	return p;
}

/* --- statements ----------------------------------------------------------- */

/* A primary key, or a unique index of another order than the columns have. */
static void
add_constraint(
    struct buf *sql, const struct planted *p, enum brand brand, enum side side)
{
	bool unique = p->key[side] >= 3;
	const char *comma = "";

	if (p->keyless) {
		buf_adds(sql, ");\n");
		return;
	}
	if (unique)
		buf_addf(sql, ");\nCREATE UNIQUE INDEX u%u ON t%u (", p->number,
		    p->number);
	else
		buf_adds(sql, ", PRIMARY KEY (");
	for (size_t k = 0; k < p->nkeys; k++) {
		/* The same columns in the same order on both sides. */
		buf_addf(sql, "%sk%zu%s", comma, k,
		    unique && (p->key[side] + k) % 2 ? " DESC" : "");
		comma = ", ";
	}
	buf_adds(sql, unique ? ");\n"
		      : brand == LITE && p->key[side] == 1
			  ? ")) WITHOUT ROWID;\n"
			  : "));\n");
}

static void
add_table(
    struct buf *sql, const struct planted *p, enum brand brand, enum side side)
{
	static const char *const rest[BRANDS] = {
		[LITE] = "n BIGINT, v TEXT, f DOUBLE",
		[PG] = "n bigint, v text, f float8",
		[MY] = "n bigint, v text, f double",
	};

	buf_addf(sql, "CREATE TABLE t%u (rid INTEGER", p->number);
	/* Columns of the table in another order than in the key. */
	for (size_t k = p->nkeys; k-- > 0;)
		buf_addf(
		    sql, ", k%zu %s NOT NULL", k, type_of(p, brand, side, k));
	buf_addf(sql, ", %s", rest[brand]);
	add_constraint(sql, p, brand, side);
}

static void
add_row(struct buf *sql, const struct planted *p, enum brand brand,
    enum side side, size_t row)
{
	const struct planted_row *r = &p->rows[row];
	uint64_t v = r->value[side], other = side == TARGET ? r->columns : 0;

	buf_addf(sql, "(%zu", row);
	for (size_t k = p->nkeys; k-- > 0;) {
		buf_adds(sql, ", ");
		add_key(sql, p, brand, row, k);
	}
	if (v % 8 == 0 && (other & IN_N) == 0)
		buf_adds(sql, ", NULL");
	else
		buf_addf(sql, ", %" PRIu64, v + (other & IN_N));
	if (v % 8 == 1)
		buf_adds(sql, (other & IN_V) != 0 ? ", ''" : ", NULL");
	else
		buf_addf(sql, ", 'v%" PRIu64 "|%s'", v % 1000,
		    (other & IN_V) != 0 ? " " : "");
	buf_addf(sql, ", %.10fe0)",
	    (double)(v % 1000000) / 1024 + ((other & IN_F) != 0 ? 0.25 : 0));
}

void
planted_sql(
    struct buf *sql, const struct planted *p, enum brand brand, enum side side)
{
	size_t n = 0;

	add_table(sql, p, brand, side);
	for (size_t i = 0; i < p->nrows; i++) {
		/* In another order than that of the keys. */
		size_t row = (i * 1009 + 7) % p->nrows;

		if (p->nrows % 1009 == 0)
			row = i;
		if (!p->rows[row].present[side])
			continue;
		if (n % 400 == 0)
			buf_addf(sql, "%sINSERT INTO t%u VALUES ",
			    n > 0 ? ";\n" : "", p->number);
		else
			buf_addc(sql, ',');
		add_row(sql, p, brand, side, row);
		n++;
	}
	if (n > 0)
		buf_adds(sql, ";\n");
	if (brand != MY && p->analyzed[side])
		buf_addf(sql, "ANALYZE t%u;\n", p->number);
}
