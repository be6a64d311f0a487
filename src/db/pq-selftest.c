/*
 * Does this server compute what we compute? (VALUES 9)
 *
 * A fork, a proxy or a changed default may print a value in another way. One
 * statement with a value of each kind is read at every connect, as cells and
 * as canonical fields. If the server's fields or hashes differ, its rows are
 * hashed here; if the cells differ, nothing it says can be trusted.
 */
#include <config.h>

#include "db/pq-int.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "value/canon.h"

/* In the one text sample: of those that UTF-8 has, one of the longest. */
#define CHARACTER "\360\237\230\200"

/* clang-format off */
static const struct {
	const char *sql;
	enum pg_wire wire;
	enum ltype type;
	const char *field;
} samples[] = {
	{ "NULL::text", PG_TEXT, LT_TEXT, "" },
	{ "true", PG_BOOL, LT_NUM, "1" },
	{ "(-32767-1)::int2", PG_INT2, LT_NUM, "-32768" },
	{ "2147483647::int4", PG_INT4, LT_NUM, "2147483647" },
	{ "(-9223372036854775807-1)::int8", PG_INT8, LT_NUM,
	    "-9223372036854775808" },
	{ "4294967295::oid", PG_OID, LT_NUM, "4294967295" },
	{ "12345678.000900::numeric", PG_NUMERIC, LT_NUM, "12345678.0009" },
	{ "-100000000::numeric", PG_NUMERIC, LT_NUM, "-100000000" },
	{ "(-12.30)::numeric::money", PG_MONEY, LT_NUM, "-12.3" },
	{ "0.1::float8", PG_FLOAT8, LT_F8, "3fb999999999999a" },
	{ "'-0'::float8", PG_FLOAT8, LT_F8, "0000000000000000" },
	{ "'NaN'::float8", PG_FLOAT8, LT_F8, "7ff8000000000000" },
	{ "0.1::float8", PG_FLOAT8, LT_F4, "3fb99999a0000000" },
	{ "1e300::float8", PG_FLOAT8, LT_F4, "7e37e43c8800759c" },
	{ "0.1::float4", PG_FLOAT4, LT_F4, "3fb99999a0000000" },
	{ "a character", PG_TEXT, LT_TEXT, NULL },
	{ "'ab'::char(5)", PG_BPCHAR, LT_CHAR, "2:ab" },
	{ "decode('00ff','hex')", PG_BYTEA, LT_BYTES,
	    "d07d34efac6328007ad67c7e0a985e00" },
	{ "'0044-03-15 BC'::date", PG_DATE, LT_DATE, "0044-03-15 BC" },
	{ "'infinity'::date", PG_DATE, LT_TS, "infinity" },
	{ "'0044-03-15 BC'::date", PG_DATE, LT_TS, "0044-03-15 00:00:00 BC" },
	{ "'24:00:00'::time", PG_TIME, LT_TIME, "24:00:00" },
	{ "'2024-02-29 23:59:59.120'::timestamp", PG_TIMESTAMP, LT_TS,
	    "2024-02-29 23:59:59.12" },
	{ "'-infinity'::timestamptz", PG_TIMESTAMPTZ, LT_TSTZ, "-infinity" },
	{ "'1969-12-31 23:59:59.999999+09'::timestamptz", PG_TIMESTAMPTZ,
	    LT_TSTZ, "1969-12-31 14:59:59.999999" },
	{ "'14 mons 3 days 04:05:06.7'::interval", PG_INTERVAL, LT_INTERVAL,
	    "16:P1Y2M3DT4H5M6.7S" },
	{ "'6F9619FF-8B86-D011-B42D-00CF4FC964FF'::uuid", PG_UUID, LT_UUID,
	    "6f9619ff8b86d011b42d00cf4fc964ff" },
	{ "B'0101'", PG_BIT, LT_BITS, "0101" },
	{ "''::varbit", PG_VARBIT, LT_BITS, "!0:" },
	{ "'{\"b\":1.50,\"a\":[]}'::jsonb", PG_JSONB, LT_JSON,
	    "20:{\"a\": [], \"b\": 1.50}" },
	{ "ARRAY[0.1::float8,NULL]", PG_OTHER, LT_OTHER, "10:{0.1,NULL}" },
	{ "'pg_type'::regclass", PG_REGCLASS, LT_OTHER,
	    "18:pg_catalog.pg_type" },
};
/* clang-format on */

#define N ARRAY_LEN(samples)
#define BUCKETS 1000

/* What is read: N cells, N fields, then these. */
enum {
	R_MD5 = 2 * N,
	R_SHA256,
	R_BUCKET,
	R_COLUMNS,
};

struct selftest {
	char names[N][8];
	struct column columns[N];
	const struct column *cols[N];
	struct vtype types[N];
	char text[32]; /* the field of the sample that has none */
	struct buf sql;
	const struct column *result[R_COLUMNS];
};

static void
make_columns(struct selftest *t, int encoding)
{
	for (size_t i = 0; i < N; i++) {
		snprintf(t->names[i], sizeof(t->names[i]), "c%zu", i);
		t->columns[i].name = t->names[i];
		t->columns[i].wire = (int)samples[i].wire;
		if (pg_is_text(samples[i].wire))
			t->columns[i].wire |= encoding;
		t->columns[i].precision = t->columns[i].scale = -1;
		t->cols[i] = &t->columns[i];
		t->types[i].type = samples[i].type;
		t->result[i] = t->cols[i];
		t->result[N + i] = &db_text_column;
	}
	t->result[R_MD5] = t->result[R_SHA256] = &db_text_column;
	t->result[R_BUCKET] = &db_int_column;
}

static const char *
field_of(const struct selftest *t, size_t i)
{
	return samples[i].field != NULL ? samples[i].field : t->text;
}

static void
make_sql(struct selftest *t, const char *character)
{
	struct buf *sql = &t->sql;

	buf_adds(sql, "SELECT ");
	for (size_t i = 0; i < N; i++) {
		pg_select_expr(sql, t->cols[i]);
		buf_addc(sql, ',');
	}
	for (size_t i = 0; i < N; i++) {
		pg_canon_expr(sql, t->cols[i], &t->types[i]);
		buf_addc(sql, ',');
	}
	pg_hash_expr(sql, t->cols, t->types, N, HASH_MD5);
	buf_addc(sql, ',');
	pg_hash_expr(sql, t->cols, t->types, N, HASH_SHA256);
	buf_addc(sql, ',');
	pg_bucket_expr(sql, t->cols, t->types, N, BUCKETS);
	buf_adds(sql, " FROM (SELECT ");
	for (size_t i = 0; i < N; i++) {
		buf_adds(sql, i > 0 ? "," : "");
		if (samples[i].field != NULL)
			buf_adds(sql, samples[i].sql);
		else
			buf_addf(sql, "'%s|'::text", character);
		buf_addf(sql, " AS %s", t->names[i]);
	}
	buf_adds(sql, ") AS trueup_t");
}

static bool
cell_is(const struct cell *c, const void *p, size_t n)
{
	return c->kind == CELL_TEXT && c->len == n && memcmp(c->u.p, p, n) == 0;
}

static bool
same_hash(const struct cell *c, enum hash_kind kind, const struct buf *row,
    struct hash128 *sum)
{
	struct hasher *h = hasher_new(kind, 0);
	char hex[33];

	*sum = hasher_sum(h, row->data, row->len);
	hasher_free(h);
	snprintf(hex, sizeof(hex), "%016llx%016llx", (unsigned long long)sum->a,
	    (unsigned long long)sum->b);
	return cell_is(c, hex, 32);
}

/* The server's hashes of the row against ours. */
static bool
same_hashes(const struct selftest *t, const struct row *row)
{
	struct buf canon = BUF_INIT;
	struct hash128 sum;
	bool same;

	for (size_t i = 0; i < N; i++) {
		if (i > 0)
			buf_addc(&canon, '|');
		buf_adds(&canon, field_of(t, i));
	}
	same = same_hash(&row->cells[R_SHA256], HASH_SHA256, &canon, &sum) &&
	       same_hash(&row->cells[R_MD5], HASH_MD5, &canon, &sum) &&
	       row->cells[R_BUCKET].u.i == (int64_t)((sum.a >> 32) % BUCKETS);
	buf_free(&canon);
	return same;
}

/* The cells against what they have to be, then the server's fields. */
static enum status
judge(struct pq *pq, const struct selftest *t, const struct row *row,
    struct err *err)
{
	struct buf field = BUF_INIT;
	enum status st = TU_OK;

	pq->db.fold = same_hashes(t, row);
	for (size_t i = 0; i < N && st == TU_OK; i++) {
		const char *want = field_of(t, i);

		buf_reset(&field);
		canon_field(&field, &t->types[i], &row->cells[i], 0);
		if (strcmp(buf_str(&field), want) != 0)
			st = err_set(err, TU_ECONNECT,
			    "self-test: %s arrives as '%s' instead of '%s'",
			    samples[i].sql, buf_str(&field), want);
		if (cell_is(&row->cells[N + i], want, strlen(want)))
			continue;
		log_line(LOG_INFO,
		    "%s: the canonical form of %s is another "
		    "one there; rows are hashed here",
		    pq->db.display, samples[i].sql);
		pq->db.fold = false;
	}
	buf_free(&field);
	return st;
}

/* --- the server's own hash --------------------------------------------------
 */

#define RECORD_VERSION 140000 /* since when records can be hashed */
#define RECORD_KEY INT64_C(-5000000001)
#define RECORD_SEED UINT64_C(0x9e3779b97f4a7c15)

/* The samples that can be hashed, behind the key. */
static size_t
record_columns(
    struct selftest *t, struct column *key, const struct column *cols[N + 1])
{
	size_t n = 1;

	*key = t->columns[0];
	key->name = "k";
	key->wire = PG_INT8;
	key->integer = true;
	cols[0] = key;
	for (size_t i = 0; i < N; i++) {
		struct buf scratch = BUF_INIT;

		cols[n] = t->cols[i];
		n += pg_record_expr(&scratch, cols, n + 1, 0);
		buf_free(&scratch);
	}
	return n;
}

static void
record_sql(struct selftest *t, const struct column *const *cols, size_t n)
{
	struct buf *sql = &t->sql;

	buf_reset(sql);
	buf_adds(sql, "SELECT k,");
	(void)pg_record_expr(sql, cols, n, RECORD_SEED);
	for (size_t i = 1; i < n; i++) {
		buf_addc(sql, ',');
		pg_select_expr(sql, cols[i]);
	}
	buf_addf(sql, " FROM (SELECT '%" PRId64 "'::bigint AS k", RECORD_KEY);
	for (size_t i = 0; i < N; i++)
		if (samples[i].field != NULL)
			buf_addf(sql, ",%s AS %s", samples[i].sql, t->names[i]);
		else
			buf_addf(
			    sql, ",'%s|'::text AS %s", CHARACTER, t->names[i]);
	buf_adds(sql, ") AS trueup_t");
}

/* Another server's hash may be another one: then its rows travel. */
static enum status
test_records(struct pq *pq, struct selftest *t, struct err *err)
{
	struct column key;
	const struct column *cols[N + 1], *scanned[N + 2];
	size_t n = record_columns(t, &key, cols);
	struct db_scan scan = { .columns = scanned,
		.ncolumns = n + 1,
		.nkeys = 2,
		.flags = DB_SCAN_RAW };
	struct cursor *cur = NULL;
	const struct row *row = NULL;
	uint64_t hash;
	enum status st;

	record_sql(t, cols, n);
	scan.sql = buf_str(&t->sql);
	scanned[0] = cols[0];
	scanned[1] = &db_int_column;
	memcpy(scanned + 2, cols + 1, (n - 1) * sizeof(*cols));
	st = pq_scan(&pq->db, &scan, &cur, err);
	if (st == TU_OK)
		st = pq_next(cur, &row, err);
	if (st == TU_OK && row != NULL)
		pq->db.records =
		    pg_record_hash(cols, n, RECORD_SEED, RECORD_KEY, row->raw,
			row->rawlen, &hash) &&
		    (int64_t)hash == row->cells[1].u.i;
	else if (PQstatus(pq->conn) == CONNECTION_OK)
		st = TU_OK;
	if (st == TU_OK && !pq->db.records)
		log_line(LOG_INFO,
		    "%s: its own hash of rows is another one%s%s",
		    pq->db.display, err->msg[0] != '\0' ? ": " : "", err->msg);
	if (st == TU_OK)
		err_clear(err);
	pq_cursor_close(cur);
	return st;
}

enum status
pq_selftest(struct pq *pq, struct err *err)
{
	struct selftest t = { .sql = BUF_INIT };
	struct cursor *cur = NULL;
	const struct row *row = NULL;
	const char *character = CHARACTER;
	struct db_scan scan;
	enum status st = TU_OK;

	pq->db.fold = false;
	if (pq->encoding == PG_RECODE)
		st = pq_sample_character(pq, &character, err);
	if (st)
		return st;
	snprintf(t.text, sizeof(t.text), "%zu:%s|", strlen(character) + 1,
	    character);
	make_columns(&t, pq->encoding);
	make_sql(&t, character);
	scan = (struct db_scan){ .sql = buf_str(&t.sql),
		.columns = t.result,
		.ncolumns = R_COLUMNS };
	st = pq_scan(&pq->db, &scan, &cur, err);
	if (st == TU_OK)
		st = pq_next(cur, &row, err);
	if (st == TU_OK && row != NULL) {
		st = judge(pq, &t, row, err);
	} else if (PQstatus(pq->conn) == CONNECTION_OK) {
		/* No md5 under FIPS, or not quite a PostgreSQL. */
		log_line(LOG_INFO, "%s: rows are hashed here: %s",
		    pq->db.display, err->msg);
		err_clear(err);
		st = TU_OK;
	}
	pq_cursor_close(cur);
	if (st == TU_OK && pq->db.fold && pq->version >= RECORD_VERSION &&
	    pq->encoding == 0)
		st = test_records(pq, &t, err);
	buf_free(&t.sql);
	return st;
}
