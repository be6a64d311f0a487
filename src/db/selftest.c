#include <config.h>

#include "db/selftest.h"

#include <stdio.h>

#include "base/log.h"

/* The columns of the samples as the dialect sees them. */
struct columns {
	char names[SELFTEST_MAX][24];
	struct column column[SELFTEST_MAX];
	const struct column *list[SELFTEST_MAX];
	struct vtype types[SELFTEST_MAX];
};

static void
make_columns(struct columns *c, const struct selftest *t)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct selftest_sample *s = &t->samples[i];

		snprintf(c->names[i], sizeof(c->names[i]), "c%zu", i);
		c->column[i] = (struct column){ .name = c->names[i],
			.type = "",
			.wire = s->wire,
			.ltype = s->type,
			.precision = -1,
			.scale = s->scale,
			.frac = s->frac,
			.maxlen = 100 };
		c->list[i] = &c->column[i];
		c->types[i] = (struct vtype){ .type = s->type };
	}
}

void
selftest_sql(struct buf *out, const struct selftest *t)
{
	const struct dialect *d = t->dialect;
	struct columns c;

	make_columns(&c, t);
	buf_adds(out, "SELECT ");
	for (size_t i = 0; i < t->n; i++) {
		d->canon_expr(out, c.list[i], &c.types[i]);
		buf_addc(out, ',');
	}
	d->hash_expr(out, c.list, c.types, t->n, HASH_MD5);
	buf_addc(out, ',');
	d->hash_expr(out, c.list, c.types, t->n, HASH_SHA256);
	buf_addc(out, ',');
	d->bucket_expr(out, c.list, c.types, t->n, SELFTEST_BUCKETS);
	buf_adds(out, " FROM (SELECT ");
	for (size_t i = 0; i < t->n; i++) {
		buf_addf(out, "%s%s AS ", i > 0 ? "," : "", t->samples[i].sql);
		d->ident(out, c.names[i]);
	}
	buf_addf(out, "%s) trueup_t", t->from);
}

static bool
cell_is(const struct cell *c, const char *s, size_t n)
{
	/* Oracle's empty text is NULL. */
	if (n == 0 && c->kind == CELL_NULL)
		return true;
	return c->kind == CELL_TEXT && c->len == n &&
	       (n == 0 || memcmp(c->u.p, s, n) == 0);
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

bool
selftest_judge(
    const struct selftest *t, const struct cell *cells, const char **what)
{
	const struct cell *bucket = &cells[t->n + 2];
	struct buf row = BUF_INIT;
	struct hash128 sum;

	*what = NULL;
	for (size_t i = 0; i < t->n; i++) {
		const char *want = t->samples[i].field;

		if (i > 0)
			buf_addc(&row, '|');
		buf_adds(&row, want);
		if (*what == NULL && !cell_is(&cells[i], want, strlen(want)))
			*what = t->samples[i].sql;
	}
	if (*what == NULL &&
	    !same_hash(&cells[t->n + 1], HASH_SHA256, &row, &sum))
		*what = "sha256 of a row";
	if (*what == NULL && !same_hash(&cells[t->n], HASH_MD5, &row, &sum))
		*what = "md5 of a row";
	if (*what == NULL &&
	    (bucket->kind != CELL_INT ||
		bucket->u.i != (int64_t)((sum.a >> 32) % SELFTEST_BUCKETS)))
		*what = "the bucket of a row";
	buf_free(&row);
	return *what == NULL;
}

/* The statement's one row, judged while the cursor has it. */
static enum status
ask(struct db *db, const struct selftest *t, const char *sql, struct err *err)
{
	const struct column *cols[SELFTEST_MAX + 3];
	struct db_scan scan = {
		.sql = sql, .columns = cols, .ncolumns = t->n + 3
	};
	const struct row *row = NULL;
	const char *what = "no row came";
	struct cursor *cur = NULL;
	enum status st;

	for (size_t i = 0; i < t->n + 2; i++)
		cols[i] = &db_text_column;
	cols[t->n + 2] = &db_int_column;
	st = db->drv->scan(db, &scan, &cur, err);
	if (st == TU_OK)
		st = db->drv->next(cur, &row, err);
	if (st == TU_OK && row != NULL)
		db->fold = selftest_judge(t, row->cells, &what);
	if (st == TU_OK && !db->fold)
		log_line(LOG_INFO,
		    "%s: the server and trueup disagree about %s; rows are "
		    "hashed here",
		    db->display, what);
	if (cur != NULL)
		db->drv->cursor_close(cur);
	return st;
}

enum status
selftest_run(struct db *db, const struct selftest *t, struct err *err)
{
	struct buf sql = BUF_INIT;
	enum status st = TU_OK;

	db->fold = false;
	if (!hasher_available(HASH_MD5) || !hasher_available(HASH_SHA256))
		return TU_OK;
	selftest_sql(&sql, t);
	st = ask(db, t, buf_str(&sql), err);
	buf_free(&sql);
	if (st != TU_EQUERY)
		return st;
	log_line(
	    LOG_INFO, "%s: rows are hashed here: %s", db->display, err->msg);
	err_clear(err);
	return TU_OK;
}
