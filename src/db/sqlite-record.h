/*
 * sqlite-record.h - a row of a SQLite file as cells, without the library.
 *
 * The format is section 2 of https://sqlite.org/fileformat2.html. Cells come
 * out as sqlite_cell() (sqlite.h) gives them for the same row: text in UTF-8,
 * a REAL that was kept as an integer as the real that it is, NaN as NULL, the
 * rowid for the column that is its alias.
 */
#ifndef TU_DB_SQLITE_RECORD_H
#define TU_DB_SQLITE_RECORD_H

#include "db/sqlite-page.h"
#include "value/cell.h"

/* What the schema says of a field. */
struct sqlite_field {
	bool real;  /* affinity REAL */
	bool rowid; /* INTEGER PRIMARY KEY */
};

/*
 * Decode the first n fields of a row whose payload is whole into cells, which
 * point into it or into text. A record that ends early (ALTER TABLE ADD COLUMN
 * came later) sets *nfound below n and leaves the other cells alone. encoding
 * is that of struct sqlite_image; text is emptied first and used where it is
 * not UTF-8.
 */
const char *sqlite_record_cells(const struct sqlite_row *row, int encoding,
    const struct sqlite_field *fields, size_t n, struct buf *text,
    struct cell *cells, size_t *nfound);

/*
 * The next field of a record: its serial type from the header, which moves on,
 * and the bytes it takes at body. A reason if there is none.
 */
const char *sqlite_next_field(const unsigned char **head,
    const unsigned char *head_end, const unsigned char *body,
    const unsigned char *end, uint64_t *type, size_t *len);
int64_t sqlite_field_int(const unsigned char *p, size_t n); /* n <= 8 */
double sqlite_field_real(const unsigned char *p);

#endif
