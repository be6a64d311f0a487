/*
 * What the pages of a SQLite file may hold, for libFuzzer: "make fuzz-pages"
 * builds this with clang and runs it.
 *
 * Input: two bytes, the root pages of two tables, and a database file. Both
 * tables are cut, walked side by side and, where they differ, decoded.
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
decode(const struct sqlite_image *image, const unsigned char *cell,
    struct buf *record, struct buf *text)
{
	const struct sqlite_field fields[FIELDS] = { { .rowid = true },
		{ .real = true } };
	struct cell cells[FIELDS];
	struct sqlite_row row;
	size_t found;

	buf_reset(record);
	if (sqlite_image_row(image, cell, &row) == NULL &&
	    sqlite_row_payload(image, &row, record) == NULL)
		(void)sqlite_record_cells(record, row.rowid, image->encoding,
		    fields, FIELDS, text, cells, &found);
}

static void
scan_tables(const struct sqlite_image *image, const uint32_t root[2])
{
	const struct sqlite_image *const images[2] = { image, image };
	struct buf record = BUF_INIT, text = BUF_INIT;
	static struct btree_scan scan;
	int64_t cuts[CUTS];
	size_t n;

	if (sqlite_walk_cuts(image, root[SOURCE], CUTS, cuts, &n) != NULL)
		n = 0;
	scan_init(&scan, images, root, true);
	scan_begin(&scan, n > 0 ? cuts[n / 2] : INT64_MIN, INT64_MAX);
	while (!scan.done && scan.why == NULL) {
		scan_some(&scan);
		for (size_t i = 0; i < scan.nfound; i++)
			for (int s = SOURCE; s <= TARGET; s++)
				if (scan.found[i].cell[s] != NULL)
					decode(image, scan.found[i].cell[s],
					    &record, &text);
	}
	scan_release(&scan);
	buf_free(&record);
	buf_free(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sqlite_image image;
	uint32_t root[2], page_size;
	unsigned char *file;

	if (size < 2 + SQLITE_IMAGE_HEADER)
		return 0;
	root[SOURCE] = data[0];
	root[TARGET] = data[1];
	size -= 2;
	file = malloc(size); /* so that a byte behind it is noticed */
	if (file == NULL)
		return 0;
	memcpy(file, data + 2, size);
	page_size = (uint32_t)file[16] << 8 | file[17];
	if (page_size == 1)
		page_size = 65536;
	if (page_size > 0 && sqlite_image_init(&image, file, size,
				 (uint32_t)(size / page_size)) == NULL)
		scan_tables(&image, root);
	free(file);
	return 0;
}
