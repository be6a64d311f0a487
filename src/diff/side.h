/*
 * side.h - reading the rows of one side of a pair.
 */
#ifndef TU_DIFF_SIDE_H
#define TU_DIFF_SIDE_H

#include "base/buf.h"
#include "db/dialect.h"
#include "diff/plan.h"

/* A half-open range of keys; NULL is open. Cells are pair->nrange (or fewer,
 * see ncols) values of either side's form. */
struct krange {
	const struct cell *lo, *hi;
	uint64_t n[2]; /* rows each side counted there */
};

/* "SELECT cols FROM t": key columns, the others, and with extra the target's
 * uncompared columns. A WHERE with the table's own condition is included. */
void side_select(struct buf *sql, const struct db *db, const struct pair *pair,
    enum side side, bool extra);

/* The range columns alone; the number of rows. */
void side_select_key(struct buf *sql, const struct db *db,
    const struct pair *pair, enum side side);
void side_select_count(
    struct buf *sql, const struct pair *pair, enum side side);

/* The columns and, behind them, the row's hash as the server computes it. */
void side_select_with_hash(struct buf *sql, const struct db *db,
    const struct pair *pair, enum side side);
/* That hash alone. */
void side_select_hash(struct buf *sql, const struct db *db,
    const struct pair *pair, enum side side);
/* For HASH_RECORD: the key, the hash, the other columns; the hash. */
void side_select_with_record(struct buf *sql, const struct db *db,
    const struct pair *pair, enum side side, uint64_t seed);
void side_record(struct buf *sql, const struct db *db, const struct pair *pair,
    enum side side, uint64_t seed);
/* Append the server's expression of a row's hash. */
void side_hash(struct buf *sql, const struct db *db, const struct pair *pair,
    enum side side);

/* The dialect's bucket expression of the pair's key, if can_bucket: not every
 * key has canonical bytes in SQL. */
bool side_can_bucket(
    const struct db *db, const struct pair *pair, enum side side);
void side_bucket(struct buf *sql, const struct db *db, const struct pair *pair,
    enum side side, uint32_t n);

/* Append " AND" or " WHERE" for a further condition after side_select(). */
void side_and(struct buf *sql, const struct pair *pair, enum side side);

/* The columns side_select() names, for struct db_scan. */
size_t side_columns(const struct pair *pair, enum side side, bool extra,
    const struct column **out);

/* Append " ORDER BY" ncols leading key columns, in key_encode() order. */
void side_order(struct buf *sql, const struct db *db, const struct pair *pair,
    enum side side, size_t ncols);

/* A range on ncols leading key columns, as this side's columns hold its bounds;
 * memory comes from the arena. */
enum status side_sql_range(const struct db *db, const struct pair *pair,
    enum side side, size_t ncols, const struct krange *range,
    struct arena *arena, struct sql_range *out, struct err *err);

/* Append the condition of such a range. */
enum status side_range(struct buf *sql, const struct db *db,
    const struct pair *pair, enum side side, size_t ncols,
    const struct krange *range, struct err *err);

/*
 * A cell of either side as this side's key column i holds it; the result
 * lives in the arena. A value the column cannot hold is TU_EREPLAN.
 */
enum status side_convert_key(const struct db *db, const struct pair *pair,
    enum side side, size_t i, const struct cell *in, struct arena *arena,
    struct cell *out, struct err *err);

/* Per-thread scratch to look at rows. */
struct row_reader {
	const struct pair *pair;
	enum side side;
	struct hasher *hasher; /* of the row */
	struct hasher *md5;    /* of the key; only where there are buckets */
	struct vtype *types;   /* pair->ncols */
	unsigned canon_flags;
	bool exact; /* every column is LT_ANY: cells are hashed as they are */
	struct buf key; /* reader_key() */
	size_t prefix;  /* bytes of the first nrange columns in it */
	struct buf canon;
};

void reader_init(struct row_reader *r, const struct pair *pair, enum side side,
    uint64_t seed);
void reader_release(struct row_reader *r);

/* Encode the key of a row into r->key. */
void reader_key(struct row_reader *r, const struct cell *cells);

/* Are the range columns of the kind the plan's order relies on? */
bool reader_key_fits(const struct row_reader *r, const struct cell *cells);

/* The row's hash. */
struct hash128 reader_hash(struct row_reader *r, const struct row *row);

/* What dialect->bucket_expr() computes. */
uint32_t reader_bucket(
    struct row_reader *r, const struct cell *cells, uint32_t n);

#endif
