#include <config.h>

#include "pages-tables.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/tap.h"

char path[2][64];

void
bail_out(const char *what, const char *why)
{
	printf("Bail out! %.500s: %s\n", what, why);
	exit(1);
}

/* --- making tables -------------------------------------------------------- */

void
run_sql(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		bail_out(sql, sqlite3_errmsg(db));
}

void
run_f(sqlite3 *db, const char *fmt, ...)
{
	va_list ap;
	char *sql;

	va_start(ap, fmt);
	sql = sqlite3_vmprintf(fmt, ap);
	va_end(ap);
	run_sql(db, sql);
	sqlite3_free(sql);
}

sqlite3 *
open_file(enum side side)
{
	sqlite3 *db;

	if (sqlite3_open(path[side], &db) != SQLITE_OK)
		bail_out(path[side], sqlite3_errmsg(db));
	run_sql(db, "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY");
	return db;
}

void
remove_file(enum side side)
{
	char log[80];

	snprintf(log, sizeof(log), "%s-wal", path[side]);
	unlink(log);
	snprintf(log, sizeof(log), "%s-shm", path[side]);
	unlink(log);
	unlink(path[side]);
}

static const char *const encodings[] = { "UTF-8", "UTF-16le", "UTF-16be" };
static const int page_sizes[] = { 512, 1024, 4096, 8192, 65536 };

struct shape
random_shape(void)
{
	static const char *const types[] = { "INTEGER", "REAL", "TEXT", "BLOB",
		"NUMERIC", "", "DECIMAL(8,2)", "DATETIME" };
	struct shape s = { .page_size = page_sizes[tap_below(4)],
		.encoding = encodings[tap_one_in(2) ? 0 : tap_below(3)],
		.vacuums = tap_one_in(4),
		.ncols = 1 + tap_below(COLUMNS_MAX) };

	if (tap_one_in(20))
		s.page_size = 65536;
	if (tap_one_in(8))
		s.reserved = 1 + (int)tap_below(32);
	s.id = tap_below(s.ncols);
	s.rowid = !tap_one_in(3);
	for (size_t i = 0; i < s.ncols; i++)
		s.types[i] = types[tap_below(ARRAY_LEN(types))];
	return s;
}

sqlite3 *
create(enum side side, const struct shape *s)
{
	int reserved = s->reserved;
	sqlite3 *db;

	remove_file(side);
	db = open_file(side);
	sqlite3_file_control(db, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
	run_f(db,
	    "PRAGMA page_size = %d; PRAGMA encoding = '%s'; "
	    "PRAGMA auto_vacuum = %d; CREATE TABLE other (x)",
	    s->page_size, s->encoding, s->vacuums ? 1 : 0);
	return db;
}

/* A key for a table without rowids. */
static void
choose_key(struct shape *s)
{
	static const char *const orders[] = { "DESC", "COLLATE NOCASE" };
	size_t n = 1 + tap_below(3);

	/* With a key alone SQLite 3.40.1 finds its own tables malformed. */
	while (s->ncols < 2)
		s->types[s->ncols++] = "";
	n = MIN(n, s->ncols);
	s->rowid = false;
	s->order = tap_one_in(12) ? orders[tap_below(2)] : "";
	for (s->nkeys = 0; s->nkeys < n; s->nkeys++)
		s->keys[s->nkeys] = (s->id + s->nkeys) % s->ncols;
}

static bool
is_key(const struct shape *s, size_t i)
{
	for (size_t k = 0; k < s->nkeys; k++)
		if (s->keys[k] == i)
			return true;
	return s->nkeys == 0 && i == s->id;
}

static const char *
column_suffix(const struct shape *s, size_t i)
{
	if (i != s->id || s->nkeys > 0)
		return "";
	return s->rowid || !tap_one_in(10) ? "NOT NULL PRIMARY KEY"
	                                   : "PRIMARY KEY";
}

void
create_table(sqlite3 *db, const struct shape *s)
{
	sqlite3_str *sql = sqlite3_str_new(db);
	char *text;

	for (size_t k = 0; k < s->ncols; k++) {
		size_t i = s->backwards ? s->ncols - 1 - k : k;

		sqlite3_str_appendf(sql, "%s c%d %s %s",
		    k > 0 ? "," : "CREATE TABLE t (", (int)i,
		    i == s->id && s->rowid ? "INTEGER" : s->types[i],
		    column_suffix(s, i));
	}
	for (size_t i = 0; i < s->nkeys; i++)
		sqlite3_str_appendf(sql, "%s c%d %s",
		    i > 0 ? "," : ", PRIMARY KEY (", (int)s->keys[i],
		    i == 0 ? s->order : "");
	sqlite3_str_appendall(sql, s->nkeys > 0 ? ")) WITHOUT ROWID" : ")");
	text = sqlite3_str_finish(sql);
	run_sql(db, text);
	sqlite3_free(text);
}

static void
bind_text(sqlite3_stmt *stmt, int i)
{
	static const char *const words[] = { "", "a", "A ", "12", "1.50",
		"\xc3\xa9", "\xf0\x9f\x98\x80", "2024-02-29 12:00:00" };
	uint16_t wide[8];

	if (!tap_one_in(4)) {
		sqlite3_bind_text(stmt, i, words[tap_below(ARRAY_LEN(words))],
		    -1, SQLITE_STATIC);
		return;
	}
	/* Surrogates in any order; a mark at the start would be taken off. */
	for (size_t k = 0; k < ARRAY_LEN(wide); k++)
		wide[k] = (uint16_t)(0xd7f0 + tap_below(0x830));
	sqlite3_bind_text16(
	    stmt, i, wide, (int)tap_below(9) * 2, SQLITE_TRANSIENT);
}

static int64_t
random_int(void)
{
	int64_t v = (int64_t)tap_random();

	return tap_one_in(3) ? (int64_t)tap_below(3) : v >> tap_below(64);
}

static unsigned long_values = 50; /* one in so many */

static void
bind_random(sqlite3_stmt *stmt, int i)
{
	static const double reals[] = { 0.0, -0.0, 1.0, 0.1, -1e300, 1e15,
		9007199254740993.0, 4e18, 0.5 };

	switch (tap_below(8)) {
	case 0:
		sqlite3_bind_null(stmt, i);
		break;
	case 1:
	case 2:
		sqlite3_bind_double(
		    stmt, i, reals[tap_below(ARRAY_LEN(reals))]);
		break;
	case 3:
	case 4:
		bind_text(stmt, i);
		break;
	case 5:
		sqlite3_bind_zeroblob(stmt, i, (int)tap_below(40));
		break;
	default:
		sqlite3_bind_int64(stmt, i, random_int());
	}
	if (tap_one_in(long_values)) /* one that needs overflow pages */
		sqlite3_bind_zeroblob(stmt, i, (int)tap_below(20000));
}

static int64_t
random_rowid(uint64_t spread)
{
	static const int64_t odd[] = { INT64_MIN, INT64_MAX, 0, -1,
		INT64_MIN + 1 };

	if (tap_one_in(100))
		return odd[tap_below(ARRAY_LEN(odd))];
	return (int64_t)(tap_below(spread) - spread / 4);
}

/* "c0, c1, ..." */
static char *
column_list(size_t n)
{
	sqlite3_str *text = sqlite3_str_new(NULL);

	for (size_t i = 0; i < n; i++)
		sqlite3_str_appendf(text, "%sc%d", i > 0 ? ", " : "", (int)i);
	return sqlite3_str_finish(text);
}

void
put_rows(sqlite3 *db, const struct shape *s, size_t n, uint64_t spread)
{
	char *columns = column_list(s->ncols), *text;
	sqlite3_str *sql = sqlite3_str_new(db);
	sqlite3_stmt *stmt;

	sqlite3_str_appendf(sql, "REPLACE INTO t (%s) VALUES (?", columns);
	sqlite3_free(columns);
	for (size_t i = 1; i < s->ncols; i++)
		sqlite3_str_appendall(sql, ",?");
	sqlite3_str_appendall(sql, ")");
	text = sqlite3_str_finish(sql);
	if (sqlite3_prepare_v2(db, text, -1, &stmt, NULL) != SQLITE_OK)
		bail_out(text, sqlite3_errmsg(db));
	sqlite3_free(text);
	for (; n > 0; n--) {
		for (size_t i = 0; i < s->ncols; i++)
			bind_random(stmt, (int)i + 1);
		if (s->nkeys == 0 || !tap_one_in(3))
			sqlite3_bind_int64(
			    stmt, (int)s->id + 1, random_rowid(spread));
		sqlite3_step(stmt);
		sqlite3_reset(stmt);
	}
	sqlite3_finalize(stmt);
}

/* ALTER TABLE ADD COLUMN leaves the rows as they are. */
static void
add_column(sqlite3 *db, struct shape *s)
{
	static const char *const columns[] = { "REAL DEFAULT 7",
		"TEXT DEFAULT 'd\xc3\xa9'", "INTEGER", "BLOB DEFAULT x'00ff'",
		"NUMERIC DEFAULT '12.50'", "DEFAULT -3", "TEXT DEFAULT 5" };

	if (s->ncols == COLUMNS_MAX)
		return;
	s->types[s->ncols] = columns[tap_below(ARRAY_LEN(columns))];
	run_f(db, "ALTER TABLE t ADD COLUMN c%d %s", (int)s->ncols,
	    s->types[s->ncols]);
	s->ncols++;
}

/* The last byte of what is in overflow pages. */
static void
change_ends(sqlite3 *db, const struct shape *s)
{
	int next = (int)(s->id + 1) % (int)s->ncols;

	run_f(db,
	    "UPDATE OR IGNORE t SET c%d = CAST(zeroblob(length(c%d) - 1) || "
	    "x'07' AS BLOB) WHERE length(c%d) > 1000",
	    next, next, next);
}

static void
change_rows(sqlite3 *db, struct shape *s, size_t n, uint64_t spread)
{
	run_sql(db, "BEGIN");
	if (tap_one_in(5))
		add_column(db, s);
	if (tap_one_in(3))
		run_f(db, "DELETE FROM t WHERE c%d %% 7 = %d", (int)s->id,
		    (int)tap_below(7));
	if (s->ncols > 1 && tap_one_in(2))
		run_f(db,
		    "UPDATE OR IGNORE t SET c%d = c%d || '' WHERE c%d %% 97 = "
		    "3",
		    (int)(s->id + 1) % (int)s->ncols,
		    (int)(s->id + 1) % (int)s->ncols, (int)s->id);
	if (s->ncols > 1 && tap_one_in(2))
		change_ends(db, s);
	put_rows(db, s, n, spread);
	run_sql(db, "COMMIT");
	if (tap_one_in(6))
		run_sql(db, "VACUUM");
}

static size_t
random_size(void)
{
	static const size_t sizes[] = { 0, 1, 2, 20, 150, 400 };

	return sizes[tap_below(ARRAY_LEN(sizes))];
}

void
copy_file(enum side from, enum side to)
{
	static char bytes[1 << 16];
	FILE *in = fopen(path[from], "r"), *out;
	size_t n;

	remove_file(to);
	out = fopen(path[to], "w");
	if (in == NULL || out == NULL)
		bail_out(path[to], "cannot copy");
	while ((n = fread(bytes, 1, sizeof(bytes), in)) > 0)
		fwrite(bytes, 1, n, out);
	fclose(in);
	fclose(out);
}

/* The source's rows in a file of another shape, or in another order. */
static void
rebuild(const struct shape *s, struct shape *t)
{
	char *columns;
	sqlite3 *db;

	*t = *s;
	t->backwards = tap_one_in(6);
	if (tap_one_in(2))
		t->page_size = page_sizes[tap_below(4)];
	if (tap_one_in(s->nkeys > 0 ? 20 : 3))
		t->encoding = encodings[tap_below(3)];
	for (size_t i = 0; i < t->ncols; i++)
		if (!is_key(s, i) && tap_one_in(12))
			t->types[i] = random_shape().types[0];
	db = create(TARGET, t);
	create_table(db, t);
	/* A file of another encoding cannot be attached; then it is rows of
	 * its own. */
	columns = column_list(t->ncols);
	if (t->encoding == s->encoding)
		run_f(db,
		    "ATTACH '%s' AS s; BEGIN; INSERT INTO main.t (%s) "
		    "SELECT %s FROM s.t %s; COMMIT; DETACH s",
		    path[SOURCE], columns, columns,
		    tap_one_in(2) ? "ORDER BY random()" : "");
	sqlite3_free(columns);
	sqlite3_close(db);
}

/* Most leaves of both files are the same, none is beside the one before it. */
static void
make_scattered(struct shape *s)
{
	sqlite3 *db;

	*s = random_shape();
	s->rowid = tap_one_in(2);
	if (!s->rowid)
		choose_key(s);
	s->page_size = 1024;
	db = create(SOURCE, s);
	create_table(db, s);
	run_sql(db, "BEGIN");
	long_values = 300; /* the file has little else than leaves */
	put_rows(db, s, 1000 + tap_below(1000), UINT64_C(1) << 60);
	long_values = 50;
	run_sql(db, "COMMIT");
	sqlite3_close(db);
	copy_file(SOURCE, TARGET);
	if (tap_one_in(4))
		return;
	db = open_file(TARGET);
	run_sql(db, "BEGIN");
	if (tap_one_in(2))
		run_f(db, "DELETE FROM t WHERE c%d %% 97 = 3", (int)s->id);
	if (tap_one_in(2))
		change_ends(db, s);
	put_rows(db, s, tap_below(60), UINT64_C(1) << 60);
	run_sql(db, "COMMIT");
	sqlite3_close(db);
}

void
make_tables(struct shape *s, enum kind kind)
{
	uint64_t spread = tap_one_in(3)   ? 1 << 20
	                  : tap_one_in(3) ? UINT64_C(1) << 60
	                                  : 600;
	struct shape t;
	sqlite3 *db;

	if (kind == SCATTERED) {
		make_scattered(s);
		return;
	}
	*s = random_shape();
	s->rowid |= kind == ROWID;
	if (kind == WITHOUT_ROWID)
		choose_key(s);
	db = create(SOURCE, s);
	create_table(db, s);
	run_sql(db, "BEGIN");
	put_rows(db, s, random_size(), spread);
	if (tap_one_in(6))
		add_column(db, s);
	put_rows(db, s, random_size() / 10, spread);
	run_sql(db, "COMMIT");
	sqlite3_close(db);
	if (tap_one_in(2)) {
		copy_file(SOURCE, TARGET);
		t = *s;
	} else {
		rebuild(s, &t);
	}
	db = open_file(TARGET);
	if (!tap_one_in(4))
		change_rows(db, &t, random_size() / 10, spread);
	sqlite3_close(db);
}

/* --- damage --------------------------------------------------------------- */

static size_t
file_size(enum side side)
{
	struct stat sb;

	return stat(path[side], &sb) == 0 ? (size_t)sb.st_size : 0;
}

/* Write over some bytes of a file: of any page, or of what stands at its
 * beginning, its type, its number of cells and where they are. */
static void
scribble(int fd, size_t size, size_t page_size)
{
	size_t page = tap_below(size / page_size) * page_size;
	unsigned char bytes[8];
	size_t at, n = 1 + tap_below(4);

	for (size_t i = 0; i < n; i++)
		bytes[i] = (unsigned char)(tap_one_in(3) ? tap_below(256)
							 : tap_below(8));
	at = page + (tap_one_in(2) ? tap_below(page_size) : tap_below(40));
	if (tap_one_in(4)) /* a flipped bit */
		n = 1;
	if (n == 1 && pread(fd, bytes, 1, (off_t)at) == 1)
		bytes[0] ^= (unsigned char)(1 << tap_below(8));
	if (pwrite(fd, bytes, n, (off_t)at) != (ssize_t)n)
		bail_out("pwrite", "failed");
}

/* One page in the place of another: trees that meet themselves. */
static void
repeat_page(int fd, size_t size, size_t page_size)
{
	static unsigned char page[65536];
	size_t n = size / page_size;

	if (n < 3 ||
	    pread(fd, page, page_size,
		(off_t)((1 + tap_below(n - 1)) * page_size)) < 0 ||
	    pwrite(fd, page, page_size,
		(off_t)((1 + tap_below(n - 1)) * page_size)) < 0)
		return;
}

/* A leaf of more cells than there is room for: they overlap. */
static void
crowd_page(int fd, size_t size, size_t page_size, enum kind kind)
{
	static unsigned char page[65536];
	size_t n = MIN((page_size - 16) / 5, (size_t)16000), at = 8 + 2 * n;
	size_t npages = size / page_size;

	if (npages < 2)
		return;
	memset(page, 0, page_size);
	page[0] = kind == ROWID ? 13 : 10;
	page[3] = (unsigned char)(n >> 8);
	page[4] = (unsigned char)n;
	for (size_t i = 0; i < n; i++) {
		page[8 + 2 * i] = (unsigned char)(at >> 8);
		page[9 + 2 * i] = (unsigned char)at;
		page[at++] = 1; /* its one byte is the next one's first */
		if (i >= 128)
			page[at++] = (unsigned char)(0x80 | i >> 7);
		page[at++] = (unsigned char)(i & 0x7f);
	}
	if (pwrite(fd, page, page_size,
		(off_t)((1 + tap_below(npages - 1)) * page_size)) < 0)
		bail_out("pwrite", "failed");
}

void
damage(enum side side, enum kind kind)
{
	int fd = open(path[side], O_RDWR);
	size_t size = file_size(side), page_size;
	unsigned char head[2];

	if (fd < 0 || pread(fd, head, 2, 16) != 2)
		bail_out(path[side], "cannot read");
	page_size = head[1] == 1 ? 65536 : (size_t)head[0] << 8;
	for (uint64_t n = 1 + tap_below(3); n > 0; n--)
		scribble(fd, size, page_size);
	if (tap_one_in(6))
		repeat_page(fd, size, page_size);
	if (tap_one_in(6))
		crowd_page(fd, size, page_size, kind);
	if (tap_one_in(12) && ftruncate(fd, (off_t)tap_below(size)) != 0)
		bail_out("ftruncate", "failed");
	close(fd);
}
