#include <config.h>

#include "db/sqlite-page.h"

#include <string.h>

/* Of a page: that of a tree by keys, and what one by rowids adds. */
#define TYPE_INTERIOR 2
#define TYPE_LEAF 10
#define TYPE_ROWIDS 3

#define CACHE_LINE 64
#define PREFETCH 4096 /* bytes of a page; a large one is read in its order */
#define PAYLOAD_MAX 0x7fffffff /* SQLite's own limit is below this */

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
sqlite_image_init(struct sqlite_image *image, const void *data, size_t len,
    const struct sqlite_frames *log, uint32_t npages)
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
		.encoding = (int)get32(p + 56) };
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

/* The page that a byte is in. */
static const unsigned char *
page_of(const struct sqlite_image *image, const unsigned char *byte)
{
	const struct sqlite_frames *log = &image->log;
	size_t at = (uintptr_t)byte - (uintptr_t)log->data;

	if (log->of != NULL && at < log->len)
		return frame_at(
		    log, (uint32_t)((at - SQLITE_LOG_HEADER) /
				    (log->size + SQLITE_FRAME_HEADER)) +
			     1);
	at = (size_t)(byte - image->data);
	return image->data + at / image->size * image->size;
}

const char *
sqlite_page_read(
    const struct sqlite_tree *tree, uint32_t pgno, struct sqlite_page *page)
{
	const struct sqlite_image *image = tree->image;
	const unsigned char *head = page_at(image, pgno);
	const int add = tree->nkeys == 0 ? TYPE_ROWIDS : 0;
	uint32_t from, behind;

	if (head == NULL || pgno == 1)
		return "a page that is not there";
	if (head[0] != TYPE_LEAF + add && head[0] != TYPE_INTERIOR + add)
		return "a page that is no table's";
	page->data = head;
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

void
sqlite_page_prefetch(const struct sqlite_tree *tree, uint32_t pgno)
{
	const unsigned char *page = page_at(tree->image, pgno);

	for (uint32_t i = 0; page != NULL && i < PREFETCH; i += CACHE_LINE)
		if (i < tree->image->size)
			__builtin_prefetch(page + i);
}

const unsigned char *
sqlite_page_cell(const struct sqlite_page *page, uint32_t i)
{
	return page->data + get16(page->cells + 2 * (size_t)i);
}

/* A cell begins behind the list of cells; there are 4 bytes at least. */
static bool
cell_fits(const struct sqlite_image *image, const struct sqlite_page *page,
    const unsigned char *cell)
{
	return cell >= page->cells + 2 * (size_t)page->ncells &&
	       cell + 4 <= page->data + image->usable;
}

/* How many bytes of a payload stay in the page; the rest is in a chain. */
static uint32_t
local_bytes(const struct sqlite_tree *tree, uint32_t size)
{
	uint32_t u = tree->image->usable, most, least, k;

	most = tree->nkeys == 0 ? u - 35 : (u - 12) * 64 / 255 - 23;
	if (size <= most)
		return size;
	least = (u - 12) * 32 / 255 - 23;
	k = least + (size - least) % (u - 4);
	return k <= most ? k : least;
}

static const char *
read_payload(const struct sqlite_tree *tree, uint64_t size,
    const unsigned char *from, const unsigned char *end, struct sqlite_row *row)
{
	if (size > PAYLOAD_MAX)
		return "a payload of no size";
	row->payload = from;
	row->size = (uint32_t)size;
	row->local = local_bytes(tree, row->size);
	row->overflow = 0;
	if ((size_t)(end - from) <
	    row->local + (row->local < row->size ? 4u : 0u))
		return "a row that leaves its page";
	if (row->local < row->size)
		row->overflow = get32(from + row->local);
	return NULL;
}

/* In front of what an interior cell holds is its child. */
static const char *
read_row(const struct sqlite_tree *tree, bool leaf, const unsigned char *cell,
    const unsigned char *end, struct sqlite_row *row)
{
	const bool has_payload = leaf || tree->nkeys > 0;
	uint64_t size = 0, rowid = 0;
	unsigned n;

	if (!leaf)
		cell += 4;
	if (has_payload) {
		n = sqlite_varint(cell, end, &size);
		if (n == 0)
			return "a payload of no size";
		cell += n;
	}
	if (tree->nkeys == 0) {
		n = sqlite_varint(cell, end, &rowid);
		if (n == 0)
			return "a rowid that is cut";
		cell += n;
	}
	row->rowid = (int64_t)rowid;
	return read_payload(tree, size, cell, end, row);
}

const char *
sqlite_page_row(const struct sqlite_tree *tree, const struct sqlite_page *page,
    uint32_t i, struct sqlite_row *row)
{
	const unsigned char *cell = sqlite_page_cell(page, i);

	if (!cell_fits(tree->image, page, cell))
		return "a cell outside of its page";
	return read_row(
	    tree, page->leaf, cell, page->data + tree->image->usable, row);
}

const char *
sqlite_tree_row(const struct sqlite_tree *tree, const unsigned char *cell,
    struct sqlite_row *row)
{
	const struct sqlite_image *image = tree->image;
	const unsigned char *page = page_of(image, cell);

	return read_row(tree,
	    page[0] == TYPE_LEAF + (tree->nkeys == 0 ? TYPE_ROWIDS : 0), cell,
	    page + image->usable, row);
}

const char *
sqlite_page_child(const struct sqlite_tree *tree,
    const struct sqlite_page *page, uint32_t i, uint32_t *pgno)
{
	const unsigned char *cell;

	if (i == page->ncells) {
		*pgno = page->right;
		return NULL;
	}
	cell = sqlite_page_cell(page, i);
	if (!cell_fits(tree->image, page, cell))
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
