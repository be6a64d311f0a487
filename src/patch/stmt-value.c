#include <config.h>

#include "patch/stmt-int.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "diff/write.h"
#include "value/num.h"

void
stmt_params_release(struct stmt_params *p)
{
	free(p->cells);
	free(p->columns);
	p->cells = NULL;
	p->columns = NULL;
	p->n = p->cap = 0;
}

struct vtype
stmt_own_type(const struct column *col)
{
	struct vtype t = { .type = col->ltype };

	if (col->affinity != AFF_NONE)
		t.type = LT_ANY;
	else if (t.type == LT_NONE)
		t.type = LT_OTHER;
	return t;
}

const struct column *
stmt_column(const struct pair *pair, size_t i)
{
	return i < pair->ncols ? pair->cols[i].col[TARGET]
	                       : pair->extra[i - pair->ncols];
}

/*
 * A decimal as a column with a scale keeps it, zeros behind the point and all:
 * 1.5 in numeric(12,4) is 1.5000, and a guard that looks at the digits says so.
 */
static void
fit_decimal(struct stmt *st, int scale, struct cell *cell)
{
	size_t before, behind, at = st->scratch.len;

	buf_reset(&st->digits);
	if (!num_canon(&st->digits, cell->u.p, cell->len) ||
	    strchr("Ny", st->digits.data[st->digits.len - 1]) != NULL)
		return; /* NaN, Infinity */
	num_round(&st->scratch, st->digits.data, st->digits.len, scale);
	num_digits(
	    st->scratch.data + at, st->scratch.len - at, &before, &behind);
	for (; (long)behind < (long)scale; behind++)
		buf_adds(&st->scratch, behind == 0 ? ".0" : "0");
	*cell = cell_text(st->scratch.data + at, st->scratch.len - at);
}

/* Leave out the digits of a second that the column does not keep. */
static void
cut_time(struct stmt *st, int frac, struct cell *cell)
{
	const char *p = cell->u.p;
	const char *point = memchr(p, '.', cell->len);
	size_t keep, end;

	if (point == NULL)
		return;
	keep = end = (size_t)(point - p) + 1;
	while (end < cell->len && p[end] >= '0' && p[end] <= '9')
		end++;
	if (end - keep <= (size_t)frac)
		return;
	keep = frac == 0 ? keep - 1 : keep + (size_t)frac;
	buf_reset(&st->digits);
	buf_add(&st->digits, p, keep);
	buf_add(&st->digits, p + end, cell->len - end);
	*cell = cell_text(st->digits.data, st->digits.len);
}

static void
fit_column(struct stmt *st, const struct pair_column *pc, struct cell *cell)
{
	const struct column *col = pc->col[TARGET];

	if (cell->kind != CELL_TEXT)
		return;
	switch (col->ltype) {
	case LT_NUM:
		if (col->precision >= 0 && col->affinity == AFF_NONE)
			fit_decimal(st, col->scale, cell);
		break;
	case LT_TIME:
	case LT_TS:
	case LT_TSTZ:
		if (pc->limit.frac >= 0)
			cut_time(st, pc->limit.frac, cell);
		break;
	case LT_NONE:
	case LT_F8:
	case LT_F4:
	case LT_TEXT:
	case LT_CHAR:
	case LT_BYTES:
	case LT_DATE:
	case LT_INTERVAL:
	case LT_UUID:
	case LT_BITS:
	case LT_JSON:
	case LT_OTHER:
	case LT_ANY:
		break;
	}
}

static enum status
does_not_fit(const struct change *c, const struct column *col, const char *why,
    struct err *err)
{
	return err_set(err, TU_EBUG,
	    "table '%s', column '%s': a value that was found to fit does not: "
	    "%s",
	    c->pair->name, col->name, why);
}

void
stmt_old_value(
    struct stmt *st, const struct change *c, size_t i, struct cell *out)
{
	const struct column *col = stmt_column(c->pair, i);
	struct vtype own = stmt_own_type(col);
	const char *why = "";

	/* A dialect may promise less than a column of some server holds; what
	 * was read from it is held all the same. */
	buf_reset(&st->scratch);
	if (!st->dialect->convert(
		col, &own, &c->target[i], &st->scratch, out, &why))
		*out = c->target[i];
}

/*
 * A key that lost digits on its way into the column, or any value of a row
 * that is its own key, would not be found again: the next run would delete it
 * and insert it once more.
 */
static enum status
check_key(
    const struct change *c, size_t i, const struct cell *out, struct err *err)
{
	const struct pair_column *pc = &c->pair->cols[i];

	if (c->op != CHANGE_INSERT || i >= c->pair->nkeys ||
	    value_compare(&pc->type, NULL, &c->source[i], out) == VERDICT_EQUAL)
		return TU_OK;
	err_set(err, TU_ECONFLICT,
	    "table '%s': column '%s', by which rows are found, would keep "
	    "fewer digits than the source's; nothing was written",
	    c->pair->name, pc->col[TARGET]->name);
	return err_hint(err, c->pair->multiset
				 ? "name a key with --key, or leave the column "
				   "out with --exclude-columns"
				 : "give the target's column as many digits");
}

enum status
stmt_new_value(struct stmt *st, const struct change *c, size_t i,
    struct cell *out, struct err *err)
{
	const struct pair_column *pc = &c->pair->cols[i];
	const char *why = "";

	buf_reset(&st->scratch);
	if (!write_convert(st->dialect, pc, TARGET, &c->source[i], &st->scratch,
		out, &why))
		return does_not_fit(c, pc->col[TARGET], why, err);
	fit_column(st, pc, out);
	return check_key(c, i, out, err);
}

bool
stmt_can_park(const struct column *col)
{
	if (col->generated || col->identity_always)
		return false;
	return !col->notnull || col->ltype == LT_UUID ||
	       (col->ltype == LT_NUM && !col->boolean) ||
	       ((col->ltype == LT_TEXT || col->ltype == LT_CHAR) &&
		   (col->maxlen < 0 || col->maxlen >= 3));
}

/* Candidates of a column's type that hardly anybody uses, by number. */
static struct cell
parking_candidate(
    struct stmt *st, const struct column *col, unsigned nth, uint64_t as)
{
	static const int64_t base[] = { -2000000000, -30000, -100, 4000000000,
		60000, 200 };

	buf_reset(&st->digits);
	if (col->ltype == LT_NUM)
		return cell_int(base[nth] + (nth < 3 ? -1 : 1) * (int64_t)as);
	if (col->ltype == LT_UUID)
		buf_addf(
		    &st->digits, "ffffffff-ffff-4fff-bfff-%012" PRIx64, as);
	else if (nth == 0)
		buf_addf(&st->digits, "trueup-parked-%" PRIu64, as);
	else
		buf_addf(&st->digits, "~%" PRIu64, as);
	return cell_text(st->digits.data, st->digits.len);
}

/*
 * Should somebody use it after all, the unique index says so and everything
 * is rolled back.
 */
enum status
stmt_parking_value(struct stmt *st, const struct change *c, size_t i,
    struct cell *out, struct err *err)
{
	const struct column *col = stmt_column(c->pair, i);
	struct vtype own = stmt_own_type(col);
	const char *why = "";

	if (!col->notnull) {
		*out = cell_null();
		return TU_OK;
	}
	for (unsigned nth = 0; nth < 6; nth++) {
		struct cell in = parking_candidate(st, col, nth, c->parked_as);

		buf_reset(&st->scratch);
		if (st->dialect->convert(
			col, &own, &in, &st->scratch, out, &why))
			return TU_OK;
	}
	return err_set(err, TU_ESCHEMA,
	    "table '%s': rows exchange values of the unique column '%s', which "
	    "can hold nothing else meanwhile",
	    c->pair->name, col->name);
}

struct cell
stmt_keep_cell(
    const struct stmt *st, struct arena *arena, const struct cell *cell)
{
	const struct buf *own[] = { &st->scratch, &st->digits };

	if (cell->kind != CELL_TEXT && cell->kind != CELL_BYTES)
		return *cell;
	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		if (own[i]->data != NULL && cell->u.p >= own[i]->data &&
		    cell->u.p < own[i]->data + own[i]->cap)
			return cell_copy(arena, cell);
	return *cell;
}

static void
add_param(struct stmt_params *p, const struct column *col, struct cell cell)
{
	if (p->n == p->cap) {
		p->cap = p->cap ? 2 * p->cap : 256;
		p->cells = realloc(p->cells, p->cap * sizeof(*p->cells));
		p->columns = realloc(p->columns, p->cap * sizeof(*p->columns));
		if (p->cells == NULL || p->columns == NULL)
			out_of_memory(p->cap * sizeof(*p->cells));
	}
	p->cells[p->n] = cell;
	p->columns[p->n++] = col;
}

static enum status
no_literal(const struct change *c, const struct column *col, const char *why,
    struct err *err)
{
	err_set(err, TU_ESCHEMA,
	    "table '%s', column '%s': a value cannot be written into a patch: "
	    "%s",
	    c->pair->name, col->name, why);
	return err_hint(err, "trueup sync sends values beside the SQL");
}

void
stmt_params_add(struct stmt_params *p, const struct stmt_params *from)
{
	for (size_t i = 0; i < from->n; i++)
		add_param(
		    p, from->columns[i], cell_copy(p->arena, &from->cells[i]));
}

enum status
stmt_value_sql(struct stmt *st, const struct change *c,
    const struct column *col, const struct cell *cell, const char **sql,
    struct err *err)
{
	const struct dialect *d = st->dialect;
	struct stmt_params *p = st->params;
	const char *why = NULL;

	buf_reset(&st->value);
	if (p != NULL) {
		add_param(p, col, stmt_keep_cell(st, p->arena, cell));
		d->param(&st->value, col, p->n - st->first);
	} else {
		if (d->literal_refuses != NULL)
			why = d->literal_refuses(col, cell);
		if (why != NULL)
			return no_literal(c, col, why, err);
		d->literal(&st->value, col, cell);
	}
	*sql = buf_str(&st->value);
	return TU_OK;
}
