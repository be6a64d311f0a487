/*
 * What the pages of a SQLite file may hold, for libFuzzer: "make fuzz-pages"
 * builds this with clang and runs it.
 *
 * Input: two bytes, the root pages of two tables, a byte, how many fields their
 * key has (0: rowids; 128 more: the last pages are in a log; 64 more: leaves
 * are known before), and a database file. Both tables are cut, walked side by
 * side and, where they differ, decoded.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "db/sqlite-record.h"
#include "diff/btree-scan.h"

#define FIELDS 8
#define CUTS 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
decode(const struct sqlite_tree *tree, const unsigned char *cell,
    const char **saved, struct buf *again, struct buf *text)
{
	const struct sqlite_field fields[FIELDS] = {
		{ .rowid = tree->nkeys == 0 }, { .real = true }
	};
	struct cell cells[FIELDS];
	const char *from = *saved;
	const unsigned char *page;
	struct sqlite_row row;
	uint32_t pgno;
	size_t found;

	page = sqlite_cell_page(tree->image, cell, &pgno);
	buf_reset(again);
	if (sqlite_tree_row(tree, page, (size_t)(cell - page), &row) != NULL ||
	    sqlite_row_save(tree->image, &row, again) != NULL)
		abort();
	sqlite_row_load(saved, &row);
	if (again->len != (size_t)(*saved - from) ||
	    memcmp(again->data, from, again->len) != 0)
		abort();
	(void)sqlite_record_cells(
	    &row, tree->image->encoding, fields, FIELDS, text, cells, &found);
}

/* Both tables are in one file, so every leaf is a twin. */
static struct sqlite_twins *
find_twins(const struct sqlite_tree *tree)
{
	struct sqlite_twins *twins = sqlite_twins_new(tree->image->npages);
	struct sqlite_walk walk;

	sqlite_walk_init(&walk, tree);
	for (uint32_t i = 1; i <= tree->image->npages; i++) {
		struct sqlite_page page;

		if (sqlite_page_read(tree, i, &page) == NULL &&
		    sqlite_walk_leaf(&walk, i, page.data) == NULL &&
		    !walk.chains)
			sqlite_twins_note(
			    twins, i, walk.nrows, (uint32_t)walk.bytes);
	}
	sqlite_walk_release(&walk);
	return twins;
}

static void
scan_tables(const struct sqlite_tree *const trees[2], bool known)
{
	const struct sqlite_mark open = { .tree = NULL };
	struct buf again = BUF_INIT, text = BUF_INIT;
	static struct btree_scan scan;
	struct sqlite_mark from = open;
	struct sqlite_row cuts[CUTS];
	struct arena *arena = arena_new(1024);
	struct sqlite_twins *twins = known ? find_twins(trees[SOURCE]) : NULL;
	size_t n;

	scan_init(&scan, trees, true, twins);
	if (sqlite_walk_cuts(&scan.walk[SOURCE], CUTS, arena, cuts, &n) ==
		NULL &&
	    n > 0)
		from = (struct sqlite_mark){ trees[SOURCE], cuts[n / 2] };
	scan_begin(&scan, &from, &open);
	while (!scan.done && scan.why == NULL) {
		const char *saved;

		scan_some(&scan);
		saved = scan.saved.data;
		for (size_t i = 0; i < scan.nfound; i++)
			for (int s = SOURCE; s <= TARGET; s++)
				if (scan.found[i].cell[s] != NULL)
					decode(trees[s], scan.found[i].cell[s],
					    &saved, &again, &text);
	}
	scan_release(&scan);
	sqlite_twins_free(twins);
	arena_free(arena);
	buf_free(&again);
	buf_free(&text);
}

/* The second half of the file as a log, page by page. */
static void
make_log(struct sqlite_frames *log, const unsigned char *file, uint32_t size,
    uint32_t npages)
{
	uint32_t n = npages / 2, first = npages - n;
	unsigned char *p;

	log->size = size;
	log->len = SQLITE_LOG_HEADER + (size_t)n * (size + SQLITE_FRAME_HEADER);
	log->of = calloc(npages, sizeof(*log->of));
	log->data = p = calloc(1, log->len);
	if (log->of == NULL || p == NULL)
		abort();
	for (uint32_t i = 0; i < n; i++) {
		log->of[first + i] = i + 1;
		memcpy(p + SQLITE_LOG_HEADER +
			   (size_t)i * (size + SQLITE_FRAME_HEADER) +
			   SQLITE_FRAME_HEADER,
		    file + (size_t)(first + i) * size, size);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sqlite_image image;
	struct sqlite_frames log = { .of = NULL };
	struct sqlite_tree tree[2];
	uint32_t page_size, npages;
	unsigned char *file;

	if (size < 3 + SQLITE_IMAGE_HEADER)
		return 0;
	for (int s = 0; s < 2; s++)
		tree[s] = (struct sqlite_tree){
			.image = &image, .root = data[s], .nkeys = data[2] % 4
		};
	size -= 3;
	file = malloc(size); /* so that a byte behind it is noticed */
	if (file == NULL)
		return 0;
	memcpy(file, data + 3, size);
	page_size = (uint32_t)file[16] << 8 | file[17];
	if (page_size == 1)
		page_size = 65536;
	npages = page_size > 0 ? (uint32_t)(size / page_size) : 0;
	if (data[2] >= 128 && npages > 1)
		make_log(&log, file, page_size, npages);
	if (sqlite_image_init(&image, -1, file,
		log.of != NULL ? size / page_size / 2 * page_size : size,
		log.of != NULL ? &log : NULL, npages) == NULL)
		scan_tables(
		    (const struct sqlite_tree *[2]){ &tree[0], &tree[1] },
		    (data[2] & 64) != 0);
	free(file);
	free(log.of);
	free((void *)(uintptr_t)log.data);
	return 0;
}
