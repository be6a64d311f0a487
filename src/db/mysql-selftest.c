/*
 * Does this server, behind this driver, say what was stored? (VALUES 9)
 *
 * A fork, a proxy or another driver may print a value in another way or cut it.
 * A value of each kind is read at every connect. If it does not arrive as it
 * is, nothing that arrives can be trusted; if the server's canonical fields or
 * hashes are others (selftest.h), its rows are hashed here.
 */
#include <config.h>

#include "db/mysql-int.h"

#include <stdio.h>

#include "base/log.h"
#include "db/selftest.h"
#include "value/canon.h"

#define TEXT (MY_TEXT | MY_UTF8)
#define LONG_TEXT 12000 /* characters, of two bytes each */

/* MariaDB casts to uuid, elsewhere it is a text like any other. */
#define UUID(text) "/*M!100700 CAST( */ '" text "' /*M!100700 AS UUID) */"

/* clang-format off */
static const struct selftest_sample samples[] = {
	{ "CAST(NULL AS CHAR)", TEXT, LT_TEXT, 0, 0, "" },
	{ "CAST(-128 AS SIGNED)", MY_INT, LT_NUM, 0, 0, "-128" },
	{ "-9223372036854775807-1", MY_INT, LT_NUM, 0, 0,
	    "-9223372036854775808" },
	{ "18446744073709551615", MY_UBIGINT | MY_UNSIGNED, LT_NUM, 0, 0,
	    "18446744073709551615" },
	{ "CAST(7 AS UNSIGNED)", MY_UBIGINT | MY_UNSIGNED, LT_NUM, 0, 0, "7" },
	{ "CAST('12345678901234567890.000900' AS DECIMAL(65,30))", MY_DECIMAL,
	    LT_NUM, 30, 0, "12345678901234567890.0009" },
	{ "CAST(-100000000 AS DECIMAL(20))", MY_DECIMAL, LT_NUM, 0, 0,
	    "-100000000" },
	{ "0.1e0", MY_DOUBLE, LT_F8, 0, 0, "3fb999999999999a" },
	{ "0.1e0+0.2e0", MY_DOUBLE, LT_F8, 0, 0, "3fd3333333333334" },
	{ "-0e0", MY_DOUBLE, LT_F8, 0, 0, "0000000000000000" },
	{ "1.7976931348623157e308", MY_DOUBLE, LT_F8, 0, 0, "7fefffffffffffff" },
	{ "0.1e0", MY_DOUBLE, LT_F4, 0, 0, "3fb99999a0000000" },
	{ "1e300", MY_DOUBLE, LT_F4, 0, 0, "7e37e43c8800759c" },
	{ "CAST(0.1 AS FLOAT)", MY_FLOAT, LT_F4, 0, 0, "3fb99999a0000000" },
	{ "CAST(16777217 AS FLOAT)", MY_FLOAT, LT_F4, 0, 0, "4170000000000000" },
	{ "_utf8mb4 x'C3A97CF09F9880'", TEXT, LT_TEXT, 0, 0,
	    "7:\303\251|\360\237\230\200" },
	{ "CONVERT(_utf8mb4 x'C3A9E282AC' USING latin1)", MY_TEXT, LT_TEXT, 0, 0,
	    "5:\303\251\342\202\254" },
	{ "CONVERT(_utf8mb4 x'C3A9E282AC' USING ucs2)", MY_TEXT, LT_TEXT, 0, 0,
	    "5:\303\251\342\202\254" },
	{ "_utf8mb4 'ab  '", TEXT, LT_CHAR, 0, 0, "2:ab" },
	{ "x'00ff'", MY_BYTES, LT_BYTES, 0, 0,
	    "d07d34efac6328007ad67c7e0a985e00" },
	{ "CAST('0000-00-00' AS DATE)", MY_DATE, LT_DATE, 0, 0, "0000-00-00" },
	{ "CAST('2024-02-29' AS DATE)", MY_DATE, LT_TS, 0, 0,
	    "2024-02-29 00:00:00" },
	{ "TIME '-838:59:59.500000'", MY_TIME, LT_TIME, 0, 6, "-838:59:59.5" },
	{ "CAST('10:00:00' AS TIME)", MY_TIME, LT_TIME, 0, 0, "10:00:00" },
	{ "TIMESTAMP '2024-02-29 23:59:59.120000'", MY_DATETIME, LT_TS, 0, 6,
	    "2024-02-29 23:59:59.12" },
	{ "FROM_UNIXTIME(0.5)", MY_TIMESTAMP, LT_TSTZ, 0, 6,
	    "1970-01-01 00:00:00.5" },
	{ UUID("6f9619ff-8b86-d011-b42d-00cf4fc964ff"), MY_UUID, LT_UUID, 0, 0,
	    "6f9619ff8b86d011b42d00cf4fc964ff" },
};
/* clang-format on */

#define N ARRAY_LEN(samples)

/* The samples as cells, and the long text behind them. */
struct cells {
	char names[N][8];
	struct column columns[N];
	const struct column *result[N + 1];
	struct buf sql;
};

static void
make_cells(struct cells *t)
{
	struct buf *sql = &t->sql;

	buf_adds(sql, "SELECT ");
	for (size_t i = 0; i < N; i++) {
		struct column *col = &t->columns[i];

		snprintf(t->names[i], sizeof(t->names[i]), "c%zu", i);
		*col = (struct column){ .name = t->names[i],
			.type = "",
			.wire = samples[i].wire,
			.ltype = samples[i].type,
			.precision = -1,
			.scale = samples[i].scale,
			.frac = samples[i].frac,
			.maxlen = -1 };
		t->result[i] = col;
		my_select_expr(sql, col);
		buf_addc(sql, ',');
	}
	t->result[N] = &db_text_column;
	buf_addf(sql, "REPEAT(_utf8mb4 x'C3A9', %d) FROM (SELECT ", LONG_TEXT);
	for (size_t i = 0; i < N; i++)
		buf_addf(sql, "%s%s AS %s", i > 0 ? "," : "", samples[i].sql,
		    t->names[i]);
	buf_adds(sql, ") AS trueup_t");
}

static enum status
judge_long(const struct cell *c, struct err *err)
{
	bool same = c->kind == CELL_TEXT && c->len == 2 * LONG_TEXT;

	for (size_t i = 0; same && i < c->len; i += 2)
		same = memcmp(c->u.p + i, "\303\251", 2) == 0;
	if (same)
		return TU_OK;
	return err_set(err, TU_ECONNECT,
	    "self-test: a text of %d bytes arrives as another one of %zu",
	    2 * LONG_TEXT, c->kind == CELL_TEXT ? c->len : 0);
}

static enum status
judge(const struct row *row, struct err *err)
{
	struct buf field = BUF_INIT;
	enum status st = judge_long(&row->cells[N], err);

	for (size_t i = 0; i < N && st == TU_OK; i++) {
		struct vtype type = { .type = samples[i].type };

		buf_reset(&field);
		canon_field(&field, &type, &row->cells[i], 0);
		if (strcmp(buf_str(&field), samples[i].field) != 0)
			st = err_set(err, TU_ECONNECT,
			    "self-test: %s arrives as '%s' instead of '%s'",
			    samples[i].sql, buf_str(&field), samples[i].field);
	}
	buf_free(&field);
	return st;
}

/* An old server, or not quite one of these, does not know all of it. */
static enum status
check_cells(struct odbc *o, struct err *err)
{
	struct cells t = { .sql = BUF_INIT };
	struct db_scan scan = { .columns = t.result, .ncolumns = N + 1 };
	struct cursor *cur = NULL;
	const struct row *row = NULL;
	enum status st;

	make_cells(&t);
	scan.sql = buf_str(&t.sql);
	st = odbc_scan(&o->db, &scan, &cur, err);
	if (st == TU_OK)
		st = odbc_next(cur, &row, err);
	if (st == TU_OK && row != NULL) {
		st = judge(row, err);
	} else if (st == TU_EQUERY) {
		log_line(
		    LOG_INFO, "%s: no self-test: %s", o->db.display, err->msg);
		err_clear(err);
		st = TU_OK;
	}
	odbc_cursor_close(cur);
	buf_free(&t.sql);
	return st;
}

enum status
my_selftest(struct odbc *o, struct err *err)
{
	struct selftest_sample flagged[N];
	struct selftest t = { &dialect_mysql, flagged, N, "" };
	enum status st = check_cells(o, err);

	memcpy(flagged, samples, sizeof(samples));
	for (size_t i = 0; i < N && my_is_oracle(&o->db); i++)
		flagged[i].wire |= MY_ORACLE;
	return st ? st : selftest_run(&o->db, &t, err);
}
