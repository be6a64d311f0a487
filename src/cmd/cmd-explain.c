#include <config.h>

#include <stdio.h>

#include "cmd/cmd.h"
#include "cmd/session.h"
#include "diff/explain.h"
#include "patch/report.h"

#define EXIT_DIFFERENT 1
#define EXIT_NOT_ALL_COMPARED 7
#define FIXED_OPERANDS 3 /* SOURCE TARGET TABLE */

static const char *const sides[2] = { "source", "target" };

static void
explain_options(struct opt_table *table, struct settings *set)
{
	settings_selection(table, set);
	settings_comparison(table, set);
	settings_general(table, set);
}

static enum status
the_pair(const struct plan *plan, const char *name, const struct pair **pair,
    struct err *err)
{
	if (plan->npairs == 1) {
		*pair = &plan->pairs[0];
		return TU_OK;
	}
	if (plan->npairs > 1)
		return err_set(err, TU_EUSAGE,
		    "'%s' names %zu tables, and one is needed", name,
		    plan->npairs);
	if (plan->nbad > 0)
		return err_set(err, TU_ESCHEMA,
		    "table '%s' cannot be compared: %s", plan->bad[0].table,
		    plan->bad[0].why);
	return err_set(err, TU_EUSAGE, "only one side has a table '%s'", name);
}

/* Canonical bytes are mostly text; what is not is shown as \xHH. */
static void
add_canon(struct buf *out, const char *p, size_t n)
{
	if (n == 0)
		buf_adds(out, "(empty: NULL)");
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c < 0x20 || c >= 0x7f || c == '\\')
			buf_addf(out, "\\x%02x", c);
		else
			buf_addc(out, p[i]);
	}
}

static void
add_side(struct buf *out, const struct pair_column *pc, enum side side,
    const struct explained_row *row, size_t i)
{
	if (!row->found[side])
		return;
	buf_addf(out, "  %s     ", sides[side]);
	report_value(out, pc, side, &row->cells[side][i]);
	buf_adds(out, "\n    canonical ");
	add_canon(out, row->canon[side][i], row->canon_len[side][i]);
	buf_addc(out, '\n');
}

static bool
is_equal(enum verdict v)
{
	return v == VERDICT_EQUAL || v == VERDICT_EQUAL_AT_TARGET;
}

static void
add_column(struct buf *out, const struct pair *pair,
    const struct explained_row *row, size_t i)
{
	const struct pair_column *pc = &pair->cols[i];

	buf_addf(out, "\n%s: %s | %s, compared as %s", pc->col[TARGET]->name,
	    pc->col[SOURCE]->type, pc->col[TARGET]->type,
	    ltype_name(pc->type.type));
	if (pc->rules != NULL)
		buf_addf(out, " by %s", pc->rules);
	if (row->found[SOURCE] && row->found[TARGET]) {
		buf_addf(out, ": %s", verdict_name(row->verdicts[i]));
		if (row->why[i] != NULL)
			buf_addf(out, " (%s)", row->why[i]);
	}
	buf_addc(out, '\n');
	add_side(out, pc, SOURCE, row, i);
	add_side(out, pc, TARGET, row, i);
}

static void
add_hash(struct buf *out, const struct hash128 *h)
{
	buf_addf(out, "%016llx%016llx", (unsigned long long)h->a,
	    (unsigned long long)h->b);
}

static void
add_md5(struct buf *out, const struct explained_row *row)
{
	buf_addc(out, '\n');
	for (int s = SOURCE; s <= TARGET; s++) {
		if (!row->found[s])
			continue;
		buf_addf(out, "md5 %s  ", sides[s]);
		add_hash(out, &row->md5[s]);
		if (row->has_server_md5[s]) {
			buf_adds(out, ", by the server ");
			add_hash(out, &row->server_md5[s]);
		}
		buf_addc(out, '\n');
	}
}

static bool
rows_differ(const struct pair *pair, const struct explained_row *row)
{
	if (!row->found[SOURCE] || !row->found[TARGET])
		return row->found[SOURCE] != row->found[TARGET];
	for (size_t i = 0; i < pair->ncols; i++)
		if (!is_equal(row->verdicts[i]))
			return true;
	return false;
}

static void
print_row(const struct plan *plan, const struct pair *pair,
    const struct explained_row *row)
{
	struct buf out = BUF_INIT;

	for (int s = SOURCE; s <= TARGET; s++)
		buf_addf(&out, "%s  %s\n        %s\n        %s\n", sides[s],
		    plan->db[s]->display, row->sql[s],
		    row->found[s] ? "one row" : "no row");
	for (size_t i = 0; i < pair->ncols; i++)
		add_column(&out, pair, row, i);
	for (size_t i = 0; i < pair->nskipped; i++)
		buf_addf(&out, "\n%s: not compared: %s\n",
		    pair->skipped[i].name, pair->skipped[i].why);
	add_md5(&out, row);
	buf_addf(&out, "\n%s: %s\n", pair->name,
	    rows_differ(pair, row) ? "different" : "equal");
	fwrite(out.data, 1, out.len, stdout);
	buf_free(&out);
}

/* A key that neither side has is a slip of the fingers, not equality. */
static enum status
check_found(
    const struct pair *pair, const struct explained_row *row, struct err *err)
{
	if (row->found[SOURCE] || row->found[TARGET])
		return TU_OK;
	return err_set(err, TU_EUSAGE,
	    "table '%s' has no row with this key on either side", pair->name);
}

static int
explain_run(struct call *call)
{
	const char *const *key =
	    (const char *const *)call->operands + FIXED_OPERANDS;
	size_t nkey = call->noperands - FIXED_OPERANDS;
	struct session session = { 0 };
	const struct pair *pair = NULL;
	struct explained_row row = { 0 };
	struct err err = ERR_INIT;
	enum status st;
	int status;

	st = session_open(&session, call, 1, &err);
	if (st == TU_OK)
		st = the_pair(&session.plan, call->operands[2], &pair, &err);
	if (st == TU_OK)
		st = explain_row(
		    &session.plan, pair, key, nkey, call->arena, &row, &err);
	if (st == TU_OK)
		st = check_found(pair, &row, &err);
	if (st == TU_OK) {
		print_row(&session.plan, pair, &row);
		if (rows_differ(pair, &row))
			status = EXIT_DIFFERENT;
		else
			status = pair->nskipped > 0 ? EXIT_NOT_ALL_COMPARED : 0;
	} else {
		status = cmd_fail(call->cmd, &err);
	}
	session_close(&session);
	return status;
}

const struct cmd cmd_explain = {
	.name = "explain",
	.synopsis = "[OPTION]... SOURCE TARGET TABLE KEY...",
	.summary = "show one row of both sides, byte by byte",
	.min_operands = FIXED_OPERANDS + 1,
	.max_operands = SIZE_MAX,
	.operands = "a SOURCE, a TARGET, a TABLE and the KEY of a row are "
		    "needed",
	.options = explain_options,
	.run = explain_run,
};
