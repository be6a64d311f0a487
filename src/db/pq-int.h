/*
 * pq-int.h - inside the PostgreSQL driver.
 *
 * Internal to db/pq*.c:
 *
 *	pq.c           connection, session, statements, snapshots, errors
 *	pq-batch.c     a prepared statement for many rows
 *	pq-together.c  the same as one statement with arrays
 *	pq-copy.c      rows: COPY (...) TO STDOUT (FORMAT binary)
 *	pq-decode.c    the binary form of one value to a cell
 *	pq-catalog.c   what tables there are, their keys and the like
 *	pq-columns.c   what columns a table or a query has
 *	pq-encoding.c  databases that are not in UTF-8
 *	pq-types.c     enums, arrays, rows and whatever extensions bring
 *	pq-selftest.c  does this server hash as we do?
 */
#ifndef TU_DB_PQ_INT_H
#define TU_DB_PQ_INT_H

#include <endian.h>
#include <libpq-fe.h>
#include <string.h>

#include "db/db.h"
#include "db/dialect-pg.h"
#include "db/pq.h"

#define PQ_PREPARED 16

struct pq {
	struct db db; /* first: the driver casts */
	PGconn *conn;
	PGcancel *cancel; /* made once: another thread uses it */
	bool write;
	int version;  /* 150020 */
	int encoding; /* PG_RECODE, PG_RAWTEXT or 0 */
	/* What a column can hold, once it was asked for; NULL: anything, or
	 * nobody knows. */
	bool charset_known;
	struct charset *charset;
	bool snapshot; /* between snapshot_begin() and snapshot_end() */
	/* Statements that are prepared, by text; the oldest makes room. */
	char *prepared[PQ_PREPARED];
	unsigned next_prepared;
	struct buf params; /* texts of one batch's parameters */
	struct buf sql;    /* the statement that is being put together */
};

/* --- pq.c --- */

/*
 * The server's complaint as an error; res may be NULL when libpq itself
 * failed. Returns TU_EQUERY, or TU_EINTERRUPTED after a signal.
 */
enum status pq_error(struct pq *pq, const PGresult *res, struct err *err);

/* Run one or more statements; the result of the last is *out (may be NULL:
 * not wanted). The caller clears it. */
enum status pq_query(
    struct pq *pq, const char *sql, PGresult **out, struct err *err);

/* Run n statements in one round trip; the results are out[0..n), which the
 * caller clears, or none of them after an error. */
enum status pq_queries(
    struct pq *pq, const char *sql, PGresult **out, size_t n, struct err *err);

/* Give the session the search path that the user's own SQL runs under. */
enum status pq_user_path(struct pq *pq, struct err *err);

/* Inside an open transaction, where a failing statement would end it? */
bool pq_in_transaction(const struct pq *pq);

/* Undo what a failed or cancelled statement did to the transaction. */
void pq_back_to_savepoint(struct pq *pq);

#define PQ_SAVEPOINT "SAVEPOINT trueup_scan"
#define PQ_RELEASE "RELEASE SAVEPOINT trueup_scan"

/* --- pq-batch.c --- */

#define PQ_NAME_MAX 32
/* Prepare a statement, or find it prepared, and say its name. */
enum status pq_prepare(
    struct pq *pq, const char *sql, char name[PQ_NAME_MAX], struct err *err);
enum status pq_batch(
    struct db *db, const struct db_batch *batch, struct err *err);

/* --- pq-together.c --- */

/* Run a batch that can be run together, if its statement can be (*done). */
enum status pq_batch_together(
    struct pq *pq, const struct db_batch *batch, bool *done, struct err *err);

/* --- pq-copy.c --- */

enum status pq_scan(struct db *db, const struct db_scan *scan,
    struct cursor **out, struct err *err);
enum status pq_next(
    struct cursor *cursor, const struct row **row, struct err *err);
void pq_cursor_close(struct cursor *cursor);

/* --- pq-decode.c --- */

/*
 * Make a cell of len bytes at p (len < 0: NULL). Text and bytes stay where
 * they are. What must be written anew goes to the end of text, and the cell
 * holds its offset there (*moved is set) until the row is complete: text may
 * move while it grows. False if the bytes are not of that type.
 */
bool pq_decode(enum pg_wire wire, const unsigned char *p, int32_t len,
    struct buf *text, struct cell *cell, bool *moved);

static inline int16_t
pq_get16(const unsigned char *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return (int16_t)be16toh(v);
}

static inline int32_t
pq_get32(const unsigned char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return (int32_t)be32toh(v);
}

static inline int64_t
pq_get64(const unsigned char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return (int64_t)be64toh(v);
}

/* --- pq-catalog.c --- */

enum status pq_list(struct db *db, struct arena *arena, struct table_list *out,
    struct err *err);
enum status pq_describe(
    struct db *db, struct arena *arena, struct table *table, struct err *err);
enum status pq_describe_query(struct db *db, struct arena *arena,
    const char *sql, struct table *out, struct err *err);
enum status pq_blocks(
    struct db *db, const struct table *table, uint64_t *n, struct err *err);
enum status pq_table_version(struct db *db, const struct table *table,
    uint64_t *version, struct err *err);

/* --- pq-columns.c --- */

/* Fill table->columns from rows of (see the statement there) *source*. */
enum status pq_columns(struct pq *pq, struct arena *arena, const char *source,
    struct table *table, struct err *err);

/* Prepare sql without a name and tell what it returns. */
enum status pq_describe_sql(
    struct pq *pq, const char *sql, PGresult **out, struct err *err);

/* --- pq-types.c --- */

/* What there is to know of the PG_OTHER columns, whose types are in the column
 * oid of the rows of columns; under a search path of pg_catalog only. */
enum status pq_other_types(struct pq *pq, struct arena *arena,
    const PGresult *columns, int oid, struct table *table, struct err *err);

/* --- pq-encoding.c --- */

/* Sets pq->encoding, and takes what is in SQL_ASCII as it is. */
enum status pq_set_encoding(struct pq *pq, struct err *err);

/* What text in this database may consist of, in the arena; NULL: anything, or
 * not known. */
enum status pq_charset(struct pq *pq, struct arena *arena,
    const struct charset **out, struct err *err);

void pq_charset_free(struct pq *pq);

/* Some character beyond ASCII that the database can hold, or "". */
enum status pq_sample_character(
    struct pq *pq, const char **utf8, struct err *err);

/* --- pq-selftest.c --- */

/* Sets db->fold. Only a server that sends other values than it should (or a
 * lost connection) is an error. */
enum status pq_selftest(struct pq *pq, struct err *err);

#endif
