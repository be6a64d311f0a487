#include <config.h>

#include "db/sqlite-pages.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mapped.h"
#include "db/dialect.h"
#include "db/sqlite.h"
#include "db/sqlite-file.h"

#define CHAINED (1 << 20) /* bytes in overflow pages that stay in memory */

static const char *const unreadable = "the file cannot be read";

struct sqlite_pages {
	struct sqlite_db *db;
	const struct table *table;
	const void *map;
	size_t len;
	struct sqlite_frames log; /* if frames of it are the snapshot's */
	struct sqlite_image image;
	struct sqlite_tree tree;
	/* Of each field, table->ncolumns of them. */
	struct sqlite_field *fields;
	const char **defaults; /* as the schema writes them, or NULL */
	const struct column **columns;
	size_t *field_of; /* each column */

	/* What rows without a field have there; asked for when one is met. */
	pthread_mutex_t lock; /* of the rest, and of the connection */
	struct arena *arena;
	struct cell *missing;
	size_t nmissing; /* fields from there on are known; ncolumns: none */
};

/* --- opening -------------------------------------------------------------- */

static bool
has_moved(sqlite3 *handle)
{
	int moved = 0;

	return sqlite3_file_control(handle, "main", SQLITE_FCNTL_HAS_MOVED,
		   &moved) != SQLITE_OK ||
	       moved != 0;
}

/* Asked inside the transaction, so nothing of what comes later is ours, nor
 * reaches the file before its end. */
static bool
log_is_empty(const char *path)
{
	struct buf log = BUF_INIT;
	struct stat sb;
	bool empty;

	buf_addf(&log, "%s-wal", path);
	empty =
	    stat(buf_str(&log), &sb) == 0 ? sb.st_size == 0 : errno == ENOENT;
	buf_free(&log);
	return empty;
}

static const char *
check_table(const struct table *t)
{
	if (t->kind != REL_TABLE)
		return "it is no table";
	if (!t->without_rowid && dialect_sqlite.row_address(t) == NULL)
		return "it has no name for its rowid";
	return NULL;
}

/* The first page is the file's, and may be gone. */
struct header {
	struct sqlite_pages *pages;
	int fd;
	uint32_t npages;
	uint32_t *frames; /* which page each of the log has */
	const char *why;
};

static void
read_header(void *arg)
{
	struct header *h = arg;
	struct sqlite_pages *p = h->pages;

	h->why = NULL;
	if (p->log.of != NULL)
		h->why = sqlite_log_read(&p->db->log, h->frames, &p->log);
	if (h->why == NULL)
		h->why = sqlite_image_init(&p->image, h->fd, p->map, p->len,
		    p->log.of != NULL ? &p->log : NULL, h->npages);
}

/* Map what the snapshot has of the log. */
static const char *
map_log(struct sqlite_pages *p, uint32_t npages, uint32_t page_size,
    uint32_t **frames)
{
	const struct sqlite_log *log = &p->db->log;
	const char *path =
	    sqlite3_filename_wal(sqlite3_db_filename(p->db->handle, "main"));
	int fd;

	if (log->npages != npages)
		return "its write-ahead log is another one";
	if (p->db->log_file == NULL)
		p->db->log_file = sqlite_file_enter(path);
	if (p->db->log_file == NULL)
		return "its write-ahead log cannot be opened";
	fd = sqlite_file_descriptor(p->db->log_file, path);
	p->log.size = page_size;
	p->log.len = SQLITE_LOG_HEADER +
	             (size_t)log->nframes * (page_size + SQLITE_FRAME_HEADER);
	if (fd >= 0)
		p->log.data = mapped_open(fd, p->log.len);
	if (p->log.data == NULL)
		return "its write-ahead log cannot be mapped";
	p->log.of = calloc(npages, sizeof(*p->log.of));
	if (p->log.of == NULL)
		out_of_memory(npages * sizeof(*p->log.of));
	*frames = arena_alloc(p->arena, log->nframes * sizeof(**frames));
	return sqlite_log_pages(p->db->handle, log, *frames);
}

static const char *
map_file(struct sqlite_pages *p, uint32_t npages, uint32_t page_size)
{
	struct header h = { .pages = p, .npages = npages };
	sqlite3 *handle = p->db->handle;
	const char *path = sqlite3_db_filename(handle, "main"), *why;
	const bool log = p->db->log.state == SQLITE_LOG_NEEDED;
	struct stat sb;
	int fd;

	if (p->tree.root == 0)
		return "the schema does not say where it begins";
	if (p->db->file == NULL || !sqlite_log_is_plain(handle))
		return "it is in no file of the system's";
	if (sqlite3_txn_state(handle, "main") != SQLITE_TXN_READ)
		return "its connection does more than read";
	fd = sqlite_file_descriptor(p->db->file, path);
	if (fd < 0 || has_moved(handle) || fstat(fd, &sb) != 0)
		return "the file was moved or cannot be opened again";
	why = log ? map_log(p, npages, page_size, &h.frames) : NULL;
	if (why != NULL)
		return why;
	h.fd = fd;
	p->len = (size_t)npages * page_size;
	if (p->len / page_size != npages)
		return "the file cannot be mapped";
	/* The last pages may be in the log only. */
	if (log && (size_t)sb.st_size < p->len)
		p->len = (size_t)sb.st_size / page_size * page_size;
	p->map = mapped_open(fd, p->len);
	if (p->map == NULL || !mapped_try(read_header, &h))
		return "the file cannot be mapped";
	if (h.why == NULL && p->image.size != page_size)
		return "the file has another page size than the library says";
	if (h.why == NULL && p->image.wal &&
	    p->db->log.state == SQLITE_LOG_UNKNOWN && !log_is_empty(path))
		return "its write-ahead log was written to as it was opened";
	return h.why;
}

static enum status
find_root(struct sqlite_pages *p, uint32_t *npages, uint32_t *page_size,
    const char **why, struct err *err)
{
	sqlite3_stmt *stmt;
	bool more = false;
	enum status st = sqlite_prepare(p->db,
	    "SELECT page_count, page_size, rootpage FROM pragma_page_count, "
	    "pragma_page_size, sqlite_schema WHERE type = 'table' "
	    "AND name = ?1",
	    p->table->name, &stmt, err);

	if (!st)
		st = sqlite_step(p->db, stmt, &more, err);
	if (!st && !more)
		*why = "the schema does not say where it is";
	if (!st && more) {
		*npages = (uint32_t)sqlite3_column_int64(stmt, 0);
		*page_size = (uint32_t)sqlite3_column_int(stmt, 1);
		p->tree.root = (uint32_t)sqlite3_column_int64(stmt, 2);
	}
	sqlite3_finalize(stmt);
	return st;
}

/* The columns in the order of the fields; what cannot be read has a reason. */
#define FIELDS                                      \
	"SELECT cid, dflt_value, hidden = 2, 0, 0 " \
	"FROM pragma_table_xinfo(?1, 'main') ORDER BY cid"
#define FIELDS_BY_KEY                                              \
	"SELECT c.cid, c.dflt_value, 0, f.key, "                   \
	"f.key AND (f.desc OR f.coll <> 'BINARY' COLLATE NOCASE) " \
	"FROM pragma_index_list(?1, 'main') i, "                   \
	"pragma_index_xinfo(i.name, 'main') f, "                   \
	"pragma_table_xinfo(?1, 'main') c "                        \
	"WHERE i.origin = 'pk' AND c.cid = f.cid ORDER BY f.seqno"

static const char *
read_field(struct sqlite_pages *p, size_t i, sqlite3_stmt *stmt)
{
	size_t column = (size_t)sqlite3_column_int64(stmt, 0);
	const char *text = (const char *)sqlite3_column_text(stmt, 1);
	const struct column *c = &p->table->columns[column];

	if (column >= p->table->ncolumns)
		return "it has columns that are not known";
	if (sqlite3_column_int(stmt, 2) != 0)
		return "it has generated columns that are not stored";
	if (sqlite3_column_int(stmt, 4) != 0)
		return "its key has another order than that of its bytes";
	p->tree.nkeys += (uint32_t)sqlite3_column_int(stmt, 3);
	p->columns[i] = c;
	p->field_of[column] = i;
	p->fields[i] = (struct sqlite_field){ .real = c->affinity == AFF_REAL,
		.rowid = c->rowid_alias };
	if (text != NULL)
		p->defaults[i] = arena_strdup(p->arena, text);
	return NULL;
}

static enum status
read_fields(struct sqlite_pages *p, const char **why, struct err *err)
{
	size_t n = p->table->ncolumns, found = 0;
	sqlite3_stmt *stmt;
	bool more = false;
	enum status st = sqlite_prepare(p->db,
	    p->table->without_rowid ? FIELDS_BY_KEY : FIELDS, p->table->name,
	    &stmt, err);

	p->fields = arena_alloc(p->arena, (n + 1) * sizeof(*p->fields));
	p->defaults = arena_alloc(p->arena, (n + 1) * sizeof(*p->defaults));
	p->columns = arena_alloc(p->arena, (n + 1) * sizeof(*p->columns));
	p->field_of = arena_alloc(p->arena, (n + 1) * sizeof(*p->field_of));
	p->missing = arena_alloc(p->arena, (n + 1) * sizeof(*p->missing));
	p->nmissing = n;
	if (!st)
		st = sqlite_step(p->db, stmt, &more, err);
	while (!st && more && *why == NULL && found < n) {
		*why = read_field(p, found++, stmt);
		st = sqlite_step(p->db, stmt, &more, err);
	}
	sqlite3_finalize(stmt);
	/* A virtual column is in no index of all columns. */
	if (!st && *why == NULL && (found < n || more))
		*why = "it has generated columns that are not stored";
	if (!st && *why == NULL && p->table->without_rowid &&
	    p->tree.nkeys == 0)
		*why = "the schema does not say what orders it";
	return st;
}

enum status
sqlite_pages_open(struct db *db, const struct table *table, struct arena *arena,
    struct sqlite_pages **out, const char **why, struct err *err)
{
	struct sqlite_pages *p;
	uint32_t npages = 0, page_size = 0;
	enum status st;

	*out = NULL;
	*why = db->drv == &db_driver_sqlite ? check_table(table)
	                                    : "it has another driver";
	if (*why != NULL)
		return TU_OK;
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		out_of_memory(sizeof(*p));
	p->db = (struct sqlite_db *)db;
	p->table = table;
	p->arena = arena_new(4096);
	p->tree.image = &p->image;
	pthread_mutex_init(&p->lock, NULL);
	st = find_root(p, &npages, &page_size, why, err);
	if (!st && *why == NULL)
		st = read_fields(p, why, err);
	if (!st && *why == NULL)
		*why = map_file(p, npages, page_size);
	if (!st && *why == NULL) {
		*out = p;
		return TU_OK;
	}
	if (*why != NULL)
		*why = arena_printf(arena, "%s: %s", db->side, *why);
	sqlite_pages_close(p);
	return st;
}

void
sqlite_pages_close(struct sqlite_pages *p)
{
	if (p == NULL)
		return;
	mapped_close(p->map, p->len);
	mapped_close(p->log.data, p->log.len);
	free(p->log.of);
	pthread_mutex_destroy(&p->lock);
	arena_free(p->arena);
	free(p);
}

const struct sqlite_tree *
sqlite_pages_tree(const struct sqlite_pages *p)
{
	return &p->tree;
}

size_t
sqlite_pages_field(const struct sqlite_pages *p, size_t column)
{
	return p->field_of[column];
}

void
sqlite_pages_forget(const struct sqlite_pages *p)
{
	mapped_forget(p->map, p->len);
}

void
sqlite_pages_forget_chains(
    const struct sqlite_pages *p, struct sqlite_walk *walk)
{
	if (walk->chained < CHAINED)
		return;
	sqlite_pages_forget(p);
	walk->chained = 0;
}

bool
sqlite_pages_alike(const struct sqlite_pages *a, size_t x,
    const struct sqlite_pages *b, size_t y)
{
	const char *p = a->defaults[x], *q = b->defaults[y];

	return x == y && a->image.encoding == b->image.encoding &&
	       a->fields[x].real == b->fields[y].real &&
	       a->fields[x].rowid == b->fields[y].rowid &&
	       a->columns[x]->affinity == b->columns[y]->affinity &&
	       (p == NULL ? q == NULL : q != NULL && strcmp(p, q) == 0);
}

/* --- rows ----------------------------------------------------------------- */

/* Where one row is; a key's fields are decoded already. */
static void
add_address(struct buf *sql, const struct sqlite_decoder *d, int64_t rowid)
{
	const struct sqlite_pages *p = d->pages;
	const struct dialect *dialect = p->db->base.dialect;

	if (p->tree.nkeys > 0)
		dialect->keys_cond(sql, p->columns, p->tree.nkeys, d->cells, 1);
	else
		buf_addf(sql, "%s = %lld", dialect->row_address(p->table),
		    (long long)rowid);
}

/*
 * The library is asked what the row holds: a default is an expression, with
 * its column's affinity and the database's encoding. All rows that end early
 * have the same there.
 */
static enum status
ask_missing(
    struct sqlite_decoder *d, size_t from, int64_t rowid, struct err *err)
{
	struct sqlite_pages *p = d->pages;
	const struct table *t = p->table;
	struct buf sql = BUF_INIT;
	sqlite3_stmt *stmt = NULL;
	bool more = false;
	enum status st;

	for (size_t i = from; i < t->ncolumns; i++) {
		buf_adds(&sql, i == from ? "SELECT " : ", ");
		p->db->base.dialect->ident(&sql, p->columns[i]->name);
	}
	buf_addf(&sql, " FROM %s WHERE ", t->from);
	add_address(&sql, d, rowid);
	st = sqlite_prepare(p->db, buf_str(&sql), NULL, &stmt, err);
	if (!st)
		st = sqlite_step(p->db, stmt, &more, err);
	if (!st && !more)
		st = err_set(err, TU_EREPLAN, "it is not to be found");
	for (size_t i = from; i < t->ncolumns && !st; i++) {
		struct cell c;

		sqlite_cell(sqlite3_column_value(stmt, (int)(i - from)),
		    p->image.encoding != 1, &c);
		p->missing[i] = cell_copy(p->arena, &c);
	}
	if (!st)
		p->nmissing = from;
	sqlite3_finalize(stmt);
	buf_free(&sql);
	return st;
}

static enum status
add_missing(
    struct sqlite_decoder *d, size_t from, int64_t rowid, struct err *err)
{
	struct sqlite_pages *p = d->pages;
	enum status st = TU_OK;

	if (from < p->tree.nkeys)
		return err_set(err, TU_EREPLAN, "a key that is cut");
	pthread_mutex_lock(&p->lock);
	if (from < p->nmissing)
		st = ask_missing(d, from, rowid, err);
	for (size_t i = from; i < p->table->ncolumns && !st; i++)
		d->cells[i] = p->missing[i];
	pthread_mutex_unlock(&p->lock);
	/* A rowid is never missing, wherever its column stands. */
	for (size_t i = from; i < p->table->ncolumns && !st; i++)
		if (p->fields[i].rowid)
			d->cells[i] = cell_int(rowid);
	return st;
}

void
sqlite_decoder_init(struct sqlite_decoder *d, struct sqlite_pages *pages)
{
	size_t n = pages->table->ncolumns + 1;

	*d = (struct sqlite_decoder){ .pages = pages,
		.cells = calloc(n, sizeof(*d->cells)) };
	if (d->cells == NULL)
		out_of_memory(n * sizeof(*d->cells));
}

void
sqlite_decoder_release(struct sqlite_decoder *d)
{
	free(d->cells);
	sqlite_windows_release(&d->windows);
	buf_free(&d->row);
	buf_free(&d->text);
}

/* Take the bytes of a row out of the file. */
struct copying {
	struct sqlite_decoder *decoder;
	const unsigned char *cell;
	const char *why;
};

static void
copy_row(void *arg)
{
	struct copying *c = arg;
	struct sqlite_decoder *d = c->decoder;
	const struct sqlite_tree *tree = &d->pages->tree;
	const struct sqlite_image *image = tree->image;
	uint32_t pgno;
	const unsigned char *home = sqlite_cell_page(image, c->cell, &pgno);
	const unsigned char *page = home;
	struct sqlite_row row;

	if (pgno > 0)
		page = sqlite_windows_find(&d->windows, image, pgno);
	if (page == NULL)
		page = sqlite_windows_read(&d->windows, image, pgno, 1);
	buf_reset(&d->row);
	c->why = page != NULL ? sqlite_tree_row(
				    tree, page, (size_t)(c->cell - home), &row)
	                      : unreadable;
	if (c->why == NULL)
		c->why = sqlite_row_save(tree->image, &row, &d->row);
}

enum status
sqlite_decode(
    struct sqlite_decoder *d, const unsigned char *cell, struct err *err)
{
	struct copying c = { .decoder = d, .cell = cell };
	const char *saved;

	if (!mapped_try(copy_row, &c))
		return err_set(err, TU_EREPLAN, "%s", unreadable);
	if (c.why != NULL)
		return err_set(err, TU_EREPLAN, "%s", c.why);
	saved = d->row.data;
	return sqlite_decode_saved(d, &saved, err);
}

enum status
sqlite_decode_saved(
    struct sqlite_decoder *d, const char **rows, struct err *err)
{
	const struct sqlite_pages *p = d->pages;
	const size_t n = p->table->ncolumns;
	struct sqlite_row row;
	size_t found = 0;
	const char *why;

	sqlite_row_load(rows, &row);
	why = sqlite_record_cells(
	    &row, p->image.encoding, p->fields, n, &d->text, d->cells, &found);
	if (why != NULL)
		return err_set(err, TU_EREPLAN, "%s", why);
	return found < n ? add_missing(d, found, row.rowid, err) : TU_OK;
}
