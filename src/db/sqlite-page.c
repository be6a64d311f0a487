#include <config.h>

#include "db/sqlite-page.h"

#include <string.h>

/* Of a page: that of a tree by keys, and what one by rowids adds. */
#define TYPE_INTERIOR 2
#define TYPE_LEAF 10
#define TYPE_ROWIDS 3

#define PAYLOAD_MAX 0x7fffffff /* SQLite's own limit is below this */

static const char *const not_there = "a page that is not there";

static uint32_t
get16(const unsigned char *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t
get32(const unsigned char *p)
{
	return get16(p) << 16 | get16(p + 2);
}

static const unsigned char *
frame_at(const struct sqlite_frames *log, uint32_t frame)
{
	return log->data + SQLITE_LOG_HEADER +
	       (size_t)(frame - 1) * (log->size + SQLITE_FRAME_HEADER) +
	       SQLITE_FRAME_HEADER;
}

const char *
sqlite_image_init(struct sqlite_image *image, int fd, const void *data,
    size_t len, const struct sqlite_frames *log, uint32_t npages)
{
	const unsigned char *p = data;
	uint32_t size;

	if (npages == 0)
		return "the file has no pages";
	if (log != NULL && log->of[0] != 0)
		p = frame_at(log, log->of[0]);
	else if (len < 512)
		return "the file has no header of SQLite";
	if (memcmp(p, "SQLite format 3", 16) != 0)
		return "the file has no header of SQLite";
	size = get16(p + 16) == 1 ? 65536 : get16(p + 16);
	if (size < 512 || (size & (size - 1)) != 0 || size - p[20] < 480 ||
	    (log != NULL && log->size != size))
		return "the page size is none";
	if (len / size < npages && log == NULL)
		return "the file is shorter than its pages";
	if (p[18] > 2 || p[18] == 0 || p[18] != p[19])
		return "the file has a format that is not known";
	/* SQLite reads others as one of these, by rules of its own. */
	if (get32(p + 56) < 1 || get32(p + 56) > 3)
		return "the file has a text encoding that is not known";
	*image = (struct sqlite_image){ .data = data,
		.nfile = (uint32_t)MIN(len / size, npages),
		.npages = npages,
		.size = size,
		.usable = size - p[20],
		.wal = p[18] == 2,
		.maps = get32(p + 52) != 0,
		.encoding = (int)get32(p + 56),
		.fd = fd };
	if (log != NULL)
		image->log = *log;
	return NULL;
}

static const unsigned char *
page_at(const struct sqlite_image *image, uint32_t pgno)
{
	if (pgno == 0 || pgno > image->npages)
		return NULL;
	if (image->log.of != NULL && image->log.of[pgno - 1] != 0)
		return frame_at(&image->log, image->log.of[pgno - 1]);
	if (pgno > image->nfile)
		return NULL;
	return image->data + (size_t)(pgno - 1) * image->size;
}

const unsigned char *
sqlite_cell_page(
    const struct sqlite_image *image, const unsigned char *cell, uint32_t *pgno)
{
	const struct sqlite_frames *log = &image->log;
	size_t at = (uintptr_t)cell - (uintptr_t)log->data;

	*pgno = 0;
	if (log->of != NULL && at < log->len)
		return frame_at(
		    log, (uint32_t)((at - SQLITE_LOG_HEADER) /
				    (log->size + SQLITE_FRAME_HEADER)) +
			     1);
	at = (size_t)(cell - image->data) / image->size;
	if (image->fd >= 0)
		*pgno = (uint32_t)at + 1;
	return image->data + at * image->size;
}

bool
sqlite_page_is_filed(const struct sqlite_image *image, uint32_t pgno)
{
	return image->fd >= 0 && pgno > 0 && pgno <= image->nfile &&
	       (image->log.of == NULL || image->log.of[pgno - 1] == 0);
}

const char *
sqlite_page_copied(const struct sqlite_tree *tree, uint32_t pgno,
    const unsigned char *head, struct sqlite_page *page)
{
	const struct sqlite_image *image = tree->image;
	const int add = tree->nkeys == 0 ? TYPE_ROWIDS : 0;
	uint32_t from, behind;

	if (pgno == 1)
		return not_there;
	if (head[0] != TYPE_LEAF + add && head[0] != TYPE_INTERIOR + add)
		return "a page that is no table's";
	page->data = head;
	page->home = page_at(image, pgno);
	page->leaf = head[0] == TYPE_LEAF + add;
	page->ncells = get16(head + 3);
	page->right = page->leaf ? 0 : get32(head + 8);
	page->cells = head + (page->leaf ? 8 : 12);
	from = (uint32_t)(page->cells - head);
	behind = from + 2 * page->ncells;
	/* Cells that overlap would need less room than there are. */
	if (behind > image->usable ||
	    page->ncells > image->size / SQLITE_CELL_MIN)
		return "a page with more cells than it has room for";
	return NULL;
}

const char *
sqlite_page_read(
    const struct sqlite_tree *tree, uint32_t pgno, struct sqlite_page *page)
{
	const unsigned char *head = page_at(tree->image, pgno);

	return head != NULL ? sqlite_page_copied(tree, pgno, head, page)
	                    : not_there;
}

const unsigned char *
sqlite_page_cell(const struct sqlite_page *page, uint32_t i)
{
	return page->data + get16(page->cells + 2 * (size_t)i);
}

/* How the cells of a page are to be read. */
struct form {
	bool rowids, leaf;
	const unsigned char *from, *end; /* where they may lie */
	uint32_t usable, most;           /* bytes of a payload in a page */
};

static struct form
form_of(const struct sqlite_tree *tree, bool leaf, const unsigned char *from,
    const unsigned char *page)
{
	const uint32_t u = tree->image->usable;

	return (struct form){ .rowids = tree->nkeys == 0,
		.leaf = leaf,
		.from = from,
		.end = page + u,
		.usable = u,
		.most = tree->nkeys == 0 ? u - 35 : (u - 12) * 64 / 255 - 23 };
}

/* Behind the list of its cells. */
static struct form
form_of_page(const struct sqlite_tree *tree, const struct sqlite_page *page)
{
	return form_of(tree, page->leaf, page->cells + 2 * (size_t)page->ncells,
	    page->data);
}

/* A cell has 4 bytes at least. */
ALWAYS_INLINE bool
cell_fits(const struct form *f, const unsigned char *cell)
{
	return cell >= f->from && cell + 4 <= f->end;
}

/* How many bytes of a payload stay in the page; the rest is in a chain. */
ALWAYS_INLINE uint32_t
local_bytes(const struct form *f, uint32_t size)
{
	uint32_t least, k;

	if (size <= f->most)
		return size;
	least = (f->usable - 12) * 32 / 255 - 23;
	k = least + (size - least) % (f->usable - 4);
	return k <= f->most ? k : least;
}

ALWAYS_INLINE const char *
read_payload(const struct form *f, uint64_t size, const unsigned char *from,
    struct sqlite_row *row)
{
	if (size > PAYLOAD_MAX)
		return "a payload of no size";
	row->payload = from;
	row->size = (uint32_t)size;
	row->local = local_bytes(f, row->size);
	row->overflow = 0;
	if ((size_t)(f->end - from) <
	    row->local + (row->local < row->size ? 4u : 0u))
		return "a row that leaves its page";
	if (row->local < row->size)
		row->overflow = get32(from + row->local);
	return NULL;
}

/* In front of what an interior cell holds is its child. */
ALWAYS_INLINE const char *
read_row(
    const struct form *f, const unsigned char *cell, struct sqlite_row *row)
{
	uint64_t size = 0, rowid = 0;
	unsigned n;

	if (!cell_fits(f, cell))
		return "a cell outside of its page";
	if (!f->leaf)
		cell += 4;
	if (f->leaf || !f->rowids) {
		n = sqlite_varint(cell, f->end, &size);
		if (n == 0)
			return "a payload of no size";
		cell += n;
	}
	if (f->rowids) {
		n = sqlite_varint(cell, f->end, &rowid);
		if (n == 0)
			return "a rowid that is cut";
		cell += n;
	}
	row->rowid = (int64_t)rowid;
	return read_payload(f, size, cell, row);
}

const char *
sqlite_page_row(const struct sqlite_tree *tree, const struct sqlite_page *page,
    uint32_t i, struct sqlite_row *row)
{
	const struct form f = form_of_page(tree, page);

	return read_row(&f, sqlite_page_cell(page, i), row);
}

const char *
sqlite_page_rows(const struct sqlite_tree *tree, const struct sqlite_page *page,
    struct sqlite_row *rows)
{
	const struct form f = form_of_page(tree, page);
	const uint32_t n = page->ncells;
	const char *why = NULL;

	for (uint32_t i = 0; i < n && why == NULL; i++)
		why = read_row(&f, sqlite_page_cell(page, i), &rows[i]);
	return why;
}

const char *
sqlite_tree_row(const struct sqlite_tree *tree, const unsigned char *page,
    size_t at, struct sqlite_row *row)
{
	const struct form f = form_of(tree,
	    page[0] == TYPE_LEAF + (tree->nkeys == 0 ? TYPE_ROWIDS : 0), page,
	    page);

	return read_row(&f, page + at, row);
}

const char *
sqlite_page_child(const struct sqlite_tree *tree,
    const struct sqlite_page *page, uint32_t i, uint32_t *pgno)
{
	const struct form f = form_of_page(tree, page);
	const unsigned char *cell;

	if (i == page->ncells) {
		*pgno = page->right;
		return NULL;
	}
	cell = sqlite_page_cell(page, i);
	if (!cell_fits(&f, cell))
		return "a cell outside of its page";
	*pgno = get32(cell);
	return NULL;
}

/* --- payloads ------------------------------------------------------------- */

/* A payload piece by piece. */
struct piece {
	const unsigned char *p;
	uint32_t n;    /* bytes here */
	uint32_t left; /* of the payload, these included */
	uint32_t next; /* page of the next piece */
};

static struct piece
first_piece(const struct sqlite_row *row)
{
	return (struct piece){ .p = row->payload,
		.n = row->local,
		.left = row->size,
		.next = row->overflow };
}

#define MAP_ENTRY 5    /* bytes: a kind and a page */
#define MAP_OVERFLOW 4 /* the kind: a page of a chain, not its first */

/* The page with the entry of pgno. */
static uint32_t
map_of(const struct sqlite_image *image, uint32_t pgno)
{
	uint32_t entries = image->usable / MAP_ENTRY;
	uint32_t map = (pgno - 2) / (entries + 1) * (entries + 1) + 2;

	return map == 0x40000000 / image->size + 1 ? map + 1 : map;
}

/*
 * Where a file has maps, SQLite takes the page behind one of a chain for the
 * next if the map says so, whatever the chain itself says (getOverflowPage() of
 * btree.c). In a sound file both say the same.
 */
static bool
map_agrees(const struct sqlite_image *image, uint32_t pgno, uint32_t next)
{
	uint32_t guess = pgno + 1, map;
	const unsigned char *entry;

	if (!image->maps)
		return true;
	while (guess > 1 && (map_of(image, guess) == guess ||
				guess == 0x40000000 / image->size + 1))
		guess++;
	map = map_of(image, guess);
	entry = guess <= image->npages ? page_at(image, map) : NULL;
	if (entry == NULL || guess == next || guess <= map)
		return true;
	entry += (size_t)MAP_ENTRY * (guess - map - 1);
	return entry[0] != MAP_OVERFLOW || get32(entry + 1) != pgno;
}

/* Drop n bytes of the piece; when it is used up take the next one. A chain
 * cannot go round: every page of it takes something from what is left. */
static const char *
advance(const struct sqlite_image *image, struct piece *x, uint32_t n)
{
	const unsigned char *page;

	x->p += n;
	x->n -= n;
	x->left -= n;
	if (x->n > 0 || x->left == 0)
		return NULL;
	if (x->left / (image->usable - 4) > image->npages)
		return "a row longer than its file";
	page = page_at(image, x->next);
	if (page == NULL)
		return "an overflow page that is not there";
	x->p = page + 4;
	x->n = x->left < image->usable - 4 ? x->left : image->usable - 4;
	if (x->n < x->left && !map_agrees(image, x->next, get32(page)))
		return "a chain that is not as the map of pages has it";
	x->next = get32(page);
	return NULL;
}

const char *
sqlite_row_payload(const struct sqlite_image *image,
    const struct sqlite_row *row, struct buf *out)
{
	struct piece x = first_piece(row);
	const char *why = NULL;

	while (x.left > 0 && why == NULL) {
		buf_add(out, x.p, x.n);
		why = advance(image, &x, x.n);
	}
	return why;
}

const char *
sqlite_row_save(const struct sqlite_image *image, const struct sqlite_row *row,
    struct buf *rows)
{
	buf_add(rows, &row->rowid, sizeof(row->rowid));
	buf_add(rows, &row->size, sizeof(row->size));
	return sqlite_row_payload(image, row, rows);
}

void
sqlite_row_load(const char **rows, struct sqlite_row *row)
{
	const char *p = *rows;

	*row = (struct sqlite_row){ .rowid = 0 };
	memcpy(&row->rowid, p, sizeof(row->rowid));
	p += sizeof(row->rowid);
	memcpy(&row->size, p, sizeof(row->size));
	p += sizeof(row->size);
	row->payload = (const unsigned char *)p;
	row->local = row->size;
	*rows = p + row->size;
}

const char *
sqlite_rows_equal(const struct sqlite_image *a, const struct sqlite_row *x,
    const struct sqlite_image *b, const struct sqlite_row *y, bool *equal)
{
	struct piece p = first_piece(x), q = first_piece(y);
	const char *why = NULL;

	*equal = x->size == y->size;
	while (*equal && p.left > 0 && why == NULL) {
		uint32_t n = MIN(p.n, q.n);

		*equal = memcmp(p.p, q.p, n) == 0;
		if (!*equal)
			break;
		why = advance(a, &p, n);
		if (why == NULL)
			why = advance(b, &q, n);
	}
	return why;
}
