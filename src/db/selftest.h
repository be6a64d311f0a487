/*
 * selftest.h - does this server compute what we compute? (VALUES 9)
 *
 * A dialect that can hash in SQL names constants with the canonical fields
 * they must have. One statement reads the fields, the row's hashes and its
 * bucket; only a server that agrees on all of them folds (struct db.fold), the
 * others' rows are hashed here.
 */
#ifndef TU_DB_SELFTEST_H
#define TU_DB_SELFTEST_H

#include "db/db.h"
#include "db/dialect.h"

struct selftest_sample {
	const char *sql;   /* a constant expression of the type meant */
	int wire;          /* of its column */
	enum ltype type;   /* compared as */
	int scale, frac;   /* of its column; 0 and below: none */
	const char *field; /* its canonical field, "" for NULL */
};

struct selftest {
	const struct dialect *dialect;
	const struct selftest_sample *samples;
	size_t n;
	const char *from; /* behind the constants: "" or " FROM DUAL" */
};

#define SELFTEST_MAX 40 /* samples */
#define SELFTEST_BUCKETS 1000

/* n fields, then md5 and sha256 of the row as text, its bucket as a number. */
void selftest_sql(struct buf *out, const struct selftest *t);

/* Are these the results? Else *what is what differs first. */
bool selftest_judge(
    const struct selftest *t, const struct cell *cells, const char **what);

/*
 * Ask the server and set db->fold. A server that cannot run the statement does
 * not fold either; only a lost connection is a failure.
 */
enum status selftest_run(
    struct db *db, const struct selftest *t, struct err *err);

#endif
