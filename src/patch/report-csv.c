#include <config.h>

#include "patch/report-int.h"

/*
 * RFC 4180: fields that need it in quotes, quotes doubled, lines end in CRLF.
 * NULL is an empty field and the empty string is "", as PostgreSQL's COPY has
 * it, so the two stay apart.
 *
 * A spreadsheet takes a field that begins with = + - @ TAB or CR for a formula,
 * and a formula can start programs
 * (https://owasp.org/www-community/attacks/CSV_Injection). Names and texts that
 * begin so get ' in front, and so that they can be told, those that begin with
 * ' too: a field that begins with ' stands for what follows it. Numbers, times
 * and the like stay as they are: -1 is no text.
 */

static void
guard_formula(struct buf *out, size_t start)
{
	static const char first[] = "=+-@\t\r'";
	size_t n = out->len - start;

	if (n == 0 ||
	    memchr(first, out->data[start], sizeof(first) - 1) == NULL)
		return;
	buf_addc(out, '\'');
	memmove(out->data + start + 1, out->data + start, n);
	out->data[start] = '\'';
}

static void
add_quoted(struct buf *out, size_t start)
{
	size_t n = out->len - start, quotes = 0;
	bool plain = n > 0;
	char *p;

	for (size_t i = start; i < out->len; i++) {
		char c = out->data[i];

		quotes += c == '"';
		if (c == '"' || c == ',' || c == '\r' || c == '\n')
			plain = false;
	}
	if (plain)
		return;
	/* From the end, so that every byte moves once and in place. */
	(void)buf_reserve(out, quotes + 2);
	out->len += quotes + 2;
	p = out->data + out->len;
	*--p = '"';
	for (size_t i = start + n; i-- > start;) {
		*--p = out->data[i];
		if (*p == '"')
			*--p = '"';
	}
	*--p = '"';
}

static void
add_field(struct buf *out, const char *s)
{
	size_t start = out->len;

	buf_adds(out, s);
	guard_formula(out, start);
	add_quoted(out, start);
}

static void
add_value(struct buf *out, const struct pair_column *pc, enum side side,
    const struct cell *c)
{
	size_t start = out->len;

	if (c == NULL || c->kind == CELL_NULL)
		return;
	if (report_value_plain(out, pc, side, c))
		guard_formula(out, start);
	add_quoted(out, start);
}

/* The value of a single key column, else the list that messages show. */
static void
add_key(struct buf *out, const struct change *c)
{
	const struct pair *pair = c->pair;
	const struct cell *cells;
	enum side side = report_side(c, &cells);
	size_t start = out->len;

	if (pair->multiset)
		return;
	if (pair->nkeys == 1) {
		add_value(out, &pair->cols[0], side, &cells[0]);
		return;
	}
	buf_addc(out, '(');
	for (size_t i = 0; i < pair->nkeys; i++) {
		if (i > 0)
			buf_adds(out, ", ");
		report_value(out, &pair->cols[i], side, &cells[i]);
	}
	buf_addc(out, ')');
	add_quoted(out, start);
}

/* Of a table or a column as a whole: no key, no values. */
static void
add_remark(
    struct buf *out, const char *table, const char *op, const char *column)
{
	add_field(out, table);
	buf_addf(out, ",%s,,", op);
	if (column != NULL)
		add_field(out, column);
	buf_adds(out, ",,\r\n");
}

static const char *const only[2] = { "only-source", "only-target" };

static enum status
csv_start(struct report *r, struct err *err)
{
	buf_adds(&r->line, "table,op,key,column,source,target\r\n");
	for (int s = SOURCE; s <= TARGET; s++)
		for (size_t i = 0; i < r->totals.only[s]; i++)
			add_remark(
			    &r->line, r->plan->only_name[s][i], only[s], NULL);
	for (size_t i = 0; i < r->plan->nbad; i++)
		add_remark(
		    &r->line, r->plan->bad[i].table, "not-compared", NULL);
	return report_write(r, err);
}

static enum status
csv_end(struct report *r, const struct pair *pair, const struct tally *tally,
    struct err *err)
{
	for (int s = SOURCE; s <= TARGET && tally->hidden_columns; s++)
		for (size_t i = 0; i < pair->nonly[s]; i++)
			add_remark(
			    &r->line, pair->name, only[s], pair->only[s][i]);
	for (size_t i = 0; i < pair->nskipped; i++)
		add_remark(&r->line, pair->name, "not-compared",
		    pair->skipped[i].name);
	return report_write(r, err);
}

static enum status
csv_fail(
    struct report *r, const struct pair *pair, const char *why, struct err *err)
{
	(void)why; /* on stderr */
	add_remark(&r->line, pair->name, "failed", NULL);
	return report_write(r, err);
}

static bool
differs(const struct change *c, size_t i)
{
	return c->op != CHANGE_UPDATE || c->verdicts[i] == VERDICT_DIFFERENT ||
	       c->verdicts[i] == VERDICT_UNREPRESENTABLE;
}

static enum status
csv_row(struct report *r, const struct change *c, struct err *err)
{
	const struct pair *pair = c->pair;
	struct buf *b = &r->line;
	enum status st = TU_OK;

	for (size_t i = 0; i < pair->ncols && st == TU_OK; i++) {
		const struct pair_column *pc = &pair->cols[i];

		if (!differs(c, i))
			continue;
		add_field(b, pair->name);
		buf_addc(b, ',');
		buf_adds(b, report_verbs[c->op]);
		buf_addc(b, ',');
		add_key(b, c);
		buf_addc(b, ',');
		add_field(b, pc->col[TARGET]->name);
		buf_addc(b, ',');
		add_value(b, pc, SOURCE, c->source ? &c->source[i] : NULL);
		buf_addc(b, ',');
		add_value(b, pc, TARGET, c->target ? &c->target[i] : NULL);
		buf_adds(b, "\r\n");
		st = report_write(r, err);
	}
	return st;
}

/* A row that is missing three times is three differences. */
static enum status
csv_change(struct report *r, const struct change *c, struct err *err)
{
	enum status st = TU_OK;

	for (uint64_t i = 0; i < c->copies && st == TU_OK; i++)
		st = csv_row(r, c, err);
	return st;
}

const struct report_driver report_csv = {
	.start = csv_start,
	.change = csv_change,
	.end = csv_end,
	.fail = csv_fail,
};
