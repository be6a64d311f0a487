/*
 * cell.h - one value as a database handed it over.
 *
 * A cell says what was stored, not what it means: the same number is CELL_INT
 * from a PostgreSQL int8, CELL_TEXT "12.50" from a numeric (its own digits, so
 * that an undo can put back the very same scale) and CELL_F64 from a SQLite
 * REAL. struct vtype (vtype.h) gives it a meaning.
 *
 *	CELL_NULL   SQL NULL
 *	CELL_INT    a 64-bit signed integer; booleans are 0 and 1
 *	CELL_F64    a binary64; a binary32 is widened, which is exact
 *	CELL_TEXT   bytes meant as text: UTF-8 unless the database let other
 *	            bytes in. Decimals, dates, times, uuids and everything that
 *	            has no better form arrive as the text VALUES call canonical
 *	            for their type, or as the user wrote them (SQLite)
 *	CELL_BYTES  bytes
 *
 * p points into memory of whoever produced the cell (a cursor's row is valid
 * until the next call on that cursor) and need not end in NUL.
 */
#ifndef TU_VALUE_CELL_H
#define TU_VALUE_CELL_H

#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"

enum cell_kind {
	CELL_NULL = 0,
	CELL_INT,
	CELL_F64,
	CELL_TEXT,
	CELL_BYTES,
};

struct cell {
	enum cell_kind kind;
	size_t len; /* CELL_TEXT, CELL_BYTES */
	union {
		int64_t i;
		double f;
		const char *p;
	} u;
};

/* Members are set one by one: an initializer has the padding, too, so that the
 * compiler puts it together in memory and copies it from there at once, which
 * the processor has to wait for. */
static inline struct cell
cell_null(void)
{
	struct cell c;

	c.kind = CELL_NULL;
	c.len = 0;
	c.u.i = 0;
	return c;
}

static inline struct cell
cell_int(int64_t i)
{
	struct cell c;

	c.kind = CELL_INT;
	c.len = 0;
	c.u.i = i;
	return c;
}

static inline struct cell
cell_f64(double f)
{
	struct cell c;

	c.kind = CELL_F64;
	c.len = 0;
	c.u.f = f;
	return c;
}

static inline struct cell
cell_text(const char *p, size_t len)
{
	struct cell c;

	c.kind = CELL_TEXT;
	c.len = len;
	c.u.p = p;
	return c;
}

static inline struct cell
cell_bytes(const char *p, size_t len)
{
	struct cell c;

	c.kind = CELL_BYTES;
	c.len = len;
	c.u.p = p;
	return c;
}

/* The same kind and the same bits (-0.0 is not 0.0, 1 is not 1.0). */
bool cell_same(const struct cell *a, const struct cell *b);

/* A copy whose bytes live in the arena. */
struct cell cell_copy(struct arena *arena, const struct cell *c);
/* Of n cells; NULL for NULL. */
struct cell *cells_copy(
    struct arena *arena, const struct cell *cells, size_t n);

/*
 * Append n cells as bytes that differ wherever cell_same() does: for each its
 * kind (a byte), then nothing for NULL, else 8 bytes (the number, or the
 * length), then length bytes. Numbers are in the machine's own order.
 */
void cells_pack(struct buf *out, const struct cell *cells, size_t n);
/* Back from *p, which moves behind them; texts and bytes stay there. */
void cells_unpack(const char **p, struct cell *cells, size_t n);
/* Are these len bytes n packed cells and nothing else? For what was kept where
 * others may have written. */
bool cells_are_packed(const char *p, size_t len, size_t n);

#endif
