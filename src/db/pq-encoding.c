/*
 * Databases that are not in UTF-8. The server translates what it sends and
 * gets, so values arrive as anywhere else; but it can hold only what its own
 * encoding has, and counts and orders by its own bytes (dialect-pg.c,
 * PG_RECODE).
 *
 * SQL_ASCII says that nobody knows what the bytes mean: nothing is translated
 * and nothing checked, here neither.
 */
#include <config.h>

#include "db/pq-int.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"

enum status
pq_set_encoding(struct pq *pq, struct err *err)
{
	const char *s = PQparameterStatus(pq->conn, "server_encoding");

	pq->encoding = 0;
	if (s == NULL || strcmp(s, "UTF8") == 0)
		return TU_OK;
	if (strcmp(s, "SQL_ASCII") != 0) {
		pq->encoding = PG_RECODE;
		return TU_OK;
	}
	pq->encoding = PG_RAWTEXT;
	return pq_query(pq, "SET client_encoding = 'SQL_ASCII'", NULL, err);
}

/*
 * The characters are those that the server itself makes of all byte sequences
 * there can be, if it makes the same bytes of them again: no table of ours
 * could promise that. A statement that fails would end the transaction, so the
 * loop runs in the server: 128 sequences, or 18 000 in 0.1 s (EUC_JP). The
 * encodings that are left out have millions, or characters of two code points.
 * The result is in hexadecimal, four bytes of UTF-8 each, zeros in front.
 */
#define CHARSET_SQL                                                          \
	"DO LANGUAGE plpgsql $trueup$"                                       \
	"DECLARE e text := pg_catalog.getdatabaseencoding();"                \
	" s text := ''; lead text; b bytea; u bytea; n int := 255;"          \
	"BEGIN "                                                             \
	"IF e IN ('EUC_JP', 'EUC_KR', 'EUC_CN') THEN n := 254;"              \
	"ELSIF pg_catalog.pg_encoding_max_length("                           \
	"  pg_catalog.pg_char_to_encoding(e)) > 1 THEN RETURN; END IF;"      \
	"FOR p IN 0..CASE e WHEN 'EUC_JP' THEN 2 ELSE 0 END LOOP "           \
	"FOR i IN CASE WHEN n = 255 THEN 128 ELSE 161 END..n LOOP"           \
	" CONTINUE WHEN p = 1 AND i > 223;"                                  \
	" lead := '';"                                                       \
	" FOR j IN 161..CASE WHEN n = 255 OR p = 1 THEN 161 ELSE n END LOOP" \
	"  BEGIN"                                                            \
	"   b := pg_catalog.decode("                                         \
	"    CASE p WHEN 1 THEN '8e' WHEN 2 THEN '8f' ELSE '' END"           \
	"    || pg_catalog.to_hex(i) || CASE WHEN n = 255 OR p = 1 THEN ''"  \
	"     ELSE pg_catalog.to_hex(j) END, 'hex');"                        \
	"   u := pg_catalog.convert(b, e, 'UTF8');"                          \
	"   IF pg_catalog.convert(u, 'UTF8', e) = b"                         \
	"    AND pg_catalog.octet_length(u) <= 4 THEN"                       \
	"    lead := lead || pg_catalog.lpad("                               \
	"     pg_catalog.encode(u, 'hex'), 8, '0'); END IF;"                 \
	"  EXCEPTION WHEN data_exception THEN NULL;"                         \
	"  END;"                                                             \
	" END LOOP;"                                                         \
	" s := s || lead;"                                                   \
	"END LOOP; END LOOP;"                                                \
	"PERFORM pg_catalog.set_config('trueup.charset', s, false);"         \
	"END $trueup$"

static int
point_cmp(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static bool
read_point(const char *hex, uint32_t *point)
{
	char digits[9] = "", bytes[4];
	unsigned long v;
	size_t n = 0;

	memcpy(digits, hex, 8);
	v = strtoul(digits, NULL, 16);
	for (int shift = 24; shift >= 0; shift -= 8)
		if (v >> shift != 0)
			bytes[n++] = (char)(v >> shift & 0xff);
	return utf8_next(bytes, n, point) == n;
}

static struct charset *
make_charset(const char *hex, size_t len)
{
	size_t n = 0, most = len / 8;
	uint32_t *points = calloc(most + 1, sizeof(*points));
	struct charset *set = calloc(1, sizeof(*set));
	struct char_range *ranges = calloc(most + 1, sizeof(*ranges));

	if (points == NULL || set == NULL || ranges == NULL)
		out_of_memory((most + 1) * sizeof(*ranges));
	for (size_t i = 0; i < most; i++)
		n += read_point(hex + 8 * i, &points[n]);
	qsort(points, n, sizeof(*points), point_cmp);
	ranges[0] = (struct char_range){ 0, 0x7f };
	set->n = 1;
	for (size_t i = 0; i < n; i++) {
		struct char_range *last = &ranges[set->n - 1];

		if (points[i] == last->last + 1)
			last->last++;
		else if (points[i] > last->last)
			ranges[set->n++] =
			    (struct char_range){ points[i], points[i] };
	}
	set->ranges = ranges;
	free(points);
	return set;
}

static enum status
ask_charset(struct pq *pq, struct err *err)
{
	PGresult *res = NULL;
	enum status st = pq_query(pq, CHARSET_SQL, NULL, err);

	if (st == TU_OK)
		st = pq_query(pq,
		    "SELECT pg_catalog.current_setting('trueup.charset', true)",
		    &res, err);
	if (st == TU_OK && PQgetlength(res, 0, 0) > 0)
		pq->charset = make_charset(
		    PQgetvalue(res, 0, 0), (size_t)PQgetlength(res, 0, 0));
	PQclear(res);
	return st;
}

/* Without PL/pgSQL nobody knows; the server refuses what it cannot hold. */
static enum status
find_charset(struct pq *pq, struct err *err)
{
	bool savepoint = pq_in_transaction(pq);
	enum status st = TU_OK;

	if (savepoint)
		st = pq_query(pq, PQ_SAVEPOINT, NULL, err);
	if (st == TU_OK)
		st = ask_charset(pq, err);
	if (st == TU_EQUERY && PQstatus(pq->conn) == CONNECTION_OK) {
		log_line(LOG_INFO,
		    "%s: which characters it can hold is not known: %s",
		    pq->db.display, err->msg);
		err_clear(err);
		st = TU_OK;
	}
	if (savepoint && pq_in_transaction(pq))
		st = st ? st : pq_query(pq, PQ_RELEASE, NULL, err);
	else if (savepoint)
		pq_back_to_savepoint(pq);
	return st;
}

enum status
pq_charset(struct pq *pq, struct arena *arena, const struct charset **out,
    struct err *err)
{
	enum status st = TU_OK;

	if (!pq->charset_known && pq->encoding == PG_RECODE)
		st = find_charset(pq, err);
	pq->charset_known = true;
	*out = NULL;
	if (st == TU_OK && pq->charset != NULL) {
		struct charset *set = arena_alloc(arena, sizeof(*set));

		set->n = pq->charset->n;
		set->ranges = arena_memdup(
		    arena, pq->charset->ranges, set->n * sizeof(*set->ranges));
		*out = set;
	}
	return st;
}

void
pq_charset_free(struct pq *pq)
{
	if (pq->charset != NULL)
		free((void *)(uintptr_t)pq->charset->ranges);
	free(pq->charset);
}

enum status
pq_sample_character(struct pq *pq, const char **utf8, struct err *err)
{
	/* Latin, Greek, Cyrillic, Hebrew, Arabic, Thai, Japanese, Korean,
	 * Chinese; and the ones that single-byte sets share. */
	static const char *const samples[] = { "\303\251", "\316\261",
		"\320\266", "\327\220", "\330\271", "\340\270\201",
		"\343\201\202", "\352\260\200", "\344\270\255", "\302\240" };

	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		char sql[64];
		struct err missing = ERR_INIT;
		enum status st;

		snprintf(sql, sizeof(sql), "SELECT '%s'", samples[i]);
		st = pq_query(pq, sql, NULL, &missing);
		*utf8 = samples[i];
		if (st == TU_OK)
			return TU_OK;
		if (strncmp(missing.sqlstate, "22", 2) != 0) {
			*err = missing;
			return st;
		}
	}
	*utf8 = "";
	return TU_OK;
}
