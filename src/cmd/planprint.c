#include <config.h>

#include "cmd/planprint.h"

#include "cmd/run.h"
#include "diff/btree.h"
#include "diff/placement.h"
#include "patch/jsonw.h"
#include "patch/report.h"

static const char *const sides[2] = { "source", "target" };

static const char *
match_text(enum match how)
{
	switch (how) {
	case MATCH_FOLDED:
		return "ignoring case and underscores";
	case MATCH_MAPPED:
		return "as asked for";
	case MATCH_EXACT:
		break;
	}
	return "same name";
}

static const char *
match_word(enum match how)
{
	switch (how) {
	case MATCH_FOLDED:
		return "folded";
	case MATCH_MAPPED:
		return "mapped";
	case MATCH_EXACT:
		break;
	}
	return "exact";
}

/* "num", or "text, read as num" where one side only keeps text. */
static void
add_type(struct buf *out, const struct vtype *t)
{
	buf_adds(out, ltype_name(t->type));
	if (t->loose != LT_NONE)
		buf_addf(out, " read as %s", ltype_name(t->loose));
}

static void
add_list(struct buf *out, const char *label, const char *const *names, size_t n)
{
	if (n == 0)
		return;
	buf_addf(out, "  %s: ", label);
	for (size_t i = 0; i < n; i++)
		buf_addf(out, "%s%s", i > 0 ? ", " : "", names[i]);
	buf_addc(out, '\n');
}

/* --- text --- */

static void
add_key(struct buf *out, const struct pair *pair)
{
	if (pair->multiset) {
		buf_adds(out, "  key: none; equal rows are counted\n");
		return;
	}
	buf_adds(out, "  key: ");
	for (size_t i = 0; i < pair->nkeys; i++)
		buf_addf(out, "%s%s", i > 0 ? ", " : "",
		    pair->cols[i].col[TARGET]->name);
	buf_addf(out, " (%s)\n", pair->key_how);
}

static const char *
who_hashes(const struct pair *pair)
{
	if (pair->pushdown[SOURCE] && pair->pushdown[TARGET])
		return "both servers hash their rows, only sums travel";
	if (pair->pushdown[SOURCE])
		return "the source's server hashes its rows";
	if (pair->pushdown[TARGET])
		return "the target's server hashes its rows";
	return pair->raw ? "rows are hashed here as they arrive"
	                 : "rows are hashed here as canonical text";
}

static void
add_hash(struct buf *out, const struct plan *plan, const struct pair *pair)
{
	if (btree_may(plan, pair))
		buf_adds(out, "  pages: those of both files are compared, if "
			      "these allow it; else\n");
	buf_addf(out, "  hash: %s (", hash_kind_name(pair->hash));
	placement_why(out, pair->hash_why, &pair->placement);
	buf_addf(out, "); %s\n  leaves: ", who_hashes(pair));
	if (pair->nrange == 0) {
		buf_adds(out, "buckets of the key's hash");
	} else {
		buf_adds(out, "ranges of ");
		for (size_t i = 0; i < pair->nrange; i++)
			buf_addf(out, "%s%s", i > 0 ? ", " : "",
			    pair->cols[i].col[TARGET]->name);
	}
	buf_adds(out, ", about ");
	report_counted(out, pair->leaf_rows, "row");
	buf_adds(out, " each\n");
}

static void
add_estimate(struct buf *out, const struct table *t)
{
	if (t->rows < 0) {
		buf_adds(out, "rows unknown");
		return;
	}
	buf_adds(out, "about ");
	report_counted(out, (uint64_t)t->rows, "row");
	if (t->bytes >= 0) {
		buf_adds(out, ", ");
		report_count(out, (uint64_t)(t->bytes / 1024));
		buf_adds(out, " kB");
	}
}

static void
add_size(struct buf *out, const struct pair *pair)
{
	for (int s = SOURCE; s <= TARGET; s++) {
		buf_addf(out, "  %s: %s, ", sides[s],
		    relkind_name(pair->table[s]->kind));
		add_estimate(out, pair->table[s]);
		if (pair->table[s]->where != NULL)
			buf_addf(out, ", where %s", pair->table[s]->where);
		if (pair->table[s]->caveat != NULL)
			buf_addf(out, "; beware: %s", pair->table[s]->caveat);
		buf_addc(out, '\n');
	}
}

struct widths {
	int name[2], type[2];
};

static struct widths
measure(const struct pair *pair)
{
	struct widths w = { { 6, 6 }, { 4, 4 } };

	for (size_t i = 0; i < pair->ncols; i++) {
		for (int s = SOURCE; s <= TARGET; s++) {
			const struct column *col = pair->cols[i].col[s];

			w.name[s] = MAX(w.name[s], (int)strlen(col->name));
			w.type[s] = MAX(w.type[s], (int)strlen(col->type));
		}
	}
	return w;
}

static void
add_columns(struct buf *out, const struct pair *pair)
{
	const struct widths w = measure(pair);
	struct buf type = BUF_INIT;

	buf_addf(out, "  %-*s | %-*s | %-16s | %s\n",
	    w.name[SOURCE] + 1 + w.type[SOURCE], "source",
	    w.name[TARGET] + 1 + w.type[TARGET], "target", "compared as",
	    "matched");
	for (size_t i = 0; i < pair->ncols; i++) {
		const struct pair_column *pc = &pair->cols[i];
		const struct column *a = pc->col[SOURCE], *b = pc->col[TARGET];

		buf_reset(&type);
		add_type(&type, &pc->type);
		buf_addf(out, "  %-*s %-*s | %-*s %-*s | %-16s | %s\n",
		    w.name[SOURCE], a->name, w.type[SOURCE], a->type,
		    w.name[TARGET], b->name, w.type[TARGET], b->type,
		    buf_str(&type), match_text(pc->how));
	}
	buf_free(&type);
}

static void
add_pair(struct buf *out, const struct plan *plan, const struct pair *pair)
{
	const struct table *target = pair->table[TARGET];

	buf_addf(out, "\n%s: from %s, %s\n", pair->name,
	    pair->table[SOURCE]->name, match_text(pair->how));
	add_size(out, pair);
	add_key(out, pair);
	add_hash(out, plan, pair);
	add_columns(out, pair);
	if (pair_has_rules(pair)) {
		buf_adds(out, "  rules: ");
		report_add_rules(out, pair);
		buf_addc(out, '\n');
	}
	for (int s = SOURCE; s <= TARGET; s++)
		add_list(out,
		    s == SOURCE ? "only in the source" : "only in the target",
		    pair->only[s], pair->nonly[s]);
	for (size_t i = 0; i < pair->nextra; i++)
		buf_addf(out, "%s%s",
		    i > 0 ? ", " : "  not compared: ", pair->extra[i]->name);
	if (pair->nextra > 0)
		buf_addc(out, '\n');
	for (size_t i = 0; i < pair->nskipped; i++)
		buf_addf(out, "  cannot be compared: %s: %s\n",
		    pair->skipped[i].name, pair->skipped[i].why);
	add_list(
	    out, "triggers on the target", target->triggers, target->ntriggers);
}

void
planprint_text(struct buf *out, const struct plan *plan)
{
	for (int s = SOURCE; s <= TARGET; s++)
		buf_addf(out, "%s  %s (%s)\n", sides[s], plan->db[s]->display,
		    plan->db[s]->version);
	for (size_t i = 0; i < plan->npairs; i++)
		add_pair(out, plan, &plan->pairs[i]);
	if (plan->nbad + plan->nonly[SOURCE] + plan->nonly[TARGET] > 0)
		buf_addc(out, '\n');
	for (size_t i = 0; i < plan->nbad; i++)
		buf_addf(out, "%s: cannot be compared: %s\n",
		    plan->bad[i].table, plan->bad[i].why);
	for (int s = SOURCE; s <= TARGET; s++)
		for (size_t i = 0; i < plan->nonly[s]; i++)
			buf_addf(out, "%s: only in the %s\n",
			    plan->only_name[s][i], sides[s]);
}

/* --- json --- */

static void
json_column(struct jsonw *j, const struct pair_column *pc, bool key)
{
	jsonw_open(j, NULL, '{');
	for (int s = SOURCE; s <= TARGET; s++) {
		jsonw_open(j, sides[s], '{');
		jsonw_str(j, "name", pc->col[s]->name);
		jsonw_str(j, "type", pc->col[s]->type);
		jsonw_close(j, '}');
	}
	jsonw_str(j, "compared_as", ltype_name(pc->type.type));
	if (pc->type.loose != LT_NONE)
		jsonw_str(j, "read_as", ltype_name(pc->type.loose));
	jsonw_str(j, "matched", match_word(pc->how));
	if (pc->rules != NULL)
		jsonw_str(j, "rules", pc->rules);
	jsonw_bool(j, "key", key);
	jsonw_close(j, '}');
}

static void
json_estimate(struct jsonw *j, const char *name, double n)
{
	if (n < 0)
		jsonw_null(j, name);
	else
		jsonw_u64(j, name, (uint64_t)n);
}

static void
json_side(struct jsonw *j, const struct pair *pair, enum side side)
{
	const struct table *t = pair->table[side];

	jsonw_open(j, sides[side], '{');
	jsonw_str(j, "schema", t->schema);
	jsonw_str(j, "name", t->name);
	jsonw_str(j, "kind", relkind_name(t->kind));
	json_estimate(j, "rows", t->rows);
	json_estimate(j, "bytes", t->bytes);
	jsonw_str(j, "where", t->where);
	jsonw_str(j, "caveat", t->caveat);
	jsonw_bool(j, "pushdown", pair->pushdown[side]);
	jsonw_open(j, "only_here", '[');
	for (size_t i = 0; i < pair->nonly[side]; i++)
		jsonw_str(j, NULL, pair->only[side][i]);
	jsonw_close(j, ']');
	jsonw_open(j, "triggers", '[');
	for (size_t i = 0; i < t->ntriggers; i++)
		jsonw_str(j, NULL, t->triggers[i]);
	jsonw_close(j, ']');
	jsonw_close(j, '}');
}

static void
json_pair(struct jsonw *j, const struct plan *plan, const struct pair *pair)
{
	jsonw_open(j, NULL, '{');
	jsonw_str(j, "table", pair->name);
	jsonw_str(j, "matched", match_word(pair->how));
	json_side(j, pair, SOURCE);
	json_side(j, pair, TARGET);
	jsonw_str(j, "key_from", pair->multiset ? NULL : pair->key_how);
	jsonw_bool(j, "pages", btree_may(plan, pair));
	report_json_hash(j, pair->hash, pair->hash_why, &pair->placement);
	jsonw_str(j, "leaves", pair->nrange > 0 ? "ranges" : "buckets");
	jsonw_u64(j, "leaf_rows", pair->leaf_rows);
	jsonw_open(j, "columns", '[');
	for (size_t i = 0; i < pair->ncols; i++)
		json_column(
		    j, &pair->cols[i], i < pair->nkeys && !pair->multiset);
	jsonw_close(j, ']');
	jsonw_open(j, "not_compared", '[');
	for (size_t i = 0; i < pair->nextra; i++)
		jsonw_str(j, NULL, pair->extra[i]->name);
	jsonw_close(j, ']');
	jsonw_open(j, "not_comparable", '[');
	for (size_t i = 0; i < pair->nskipped; i++) {
		jsonw_open(j, NULL, '{');
		jsonw_str(j, "column", pair->skipped[i].name);
		jsonw_str(j, "why", pair->skipped[i].why);
		jsonw_close(j, '}');
	}
	jsonw_close(j, ']');
	jsonw_close(j, '}');
}

void
planprint_json(struct buf *out, const struct plan *plan)
{
	struct jsonw j = { .out = out };

	jsonw_open(&j, NULL, '{');
	jsonw_str(&j, "type", "plan");
	for (int s = SOURCE; s <= TARGET; s++) {
		jsonw_open(&j, sides[s], '{');
		jsonw_str(&j, "name", plan->db[s]->display);
		jsonw_str(&j, "version", plan->db[s]->version);
		jsonw_open(&j, "only_here", '[');
		for (size_t i = 0; i < plan->nonly[s]; i++)
			jsonw_str(&j, NULL, plan->only_name[s][i]);
		jsonw_close(&j, ']');
		jsonw_close(&j, '}');
	}
	jsonw_open(&j, "tables", '[');
	for (size_t i = 0; i < plan->npairs; i++)
		json_pair(&j, plan, &plan->pairs[i]);
	jsonw_close(&j, ']');
	jsonw_open(&j, "not_comparable", '[');
	for (size_t i = 0; i < plan->nbad; i++) {
		jsonw_open(&j, NULL, '{');
		jsonw_str(&j, "table", plan->bad[i].table);
		jsonw_str(&j, "why", plan->bad[i].why);
		jsonw_close(&j, '}');
	}
	jsonw_close(&j, ']');
	jsonw_close(&j, '}');
	buf_addc(out, '\n');
}

/* By the databases' own estimates; nothing when one has none. */
static void
add_rows(struct buf *out, const struct plan *plan)
{
	double rows = 0;

	for (size_t i = 0; i < plan->npairs; i++) {
		for (int s = SOURCE; s <= TARGET; s++) {
			if (plan->pairs[i].table[s]->rows < 0)
				return;
			rows += plan->pairs[i].table[s]->rows;
		}
	}
	buf_adds(out, ", about ");
	report_counted(out, (uint64_t)rows, "row");
	buf_adds(out, " to read");
}

void
planprint_line(struct buf *out, const struct plan *plan)
{
	size_t columns = 0;

	buf_addf(out, "%s -> %s: ", plan->db[SOURCE]->display,
	    plan->db[TARGET]->display);
	report_counted(out, plan->npairs, "table");
	add_rows(out, plan);
	for (int s = SOURCE; s <= TARGET; s++)
		for (size_t i = 0; i < plan->nonly[s]; i++) {
			buf_addf(out, "; only in the %s: ", sides[s]);
			report_name(out, plan->only_name[s][i]);
		}
	for (size_t i = 0; i < plan->nbad; i++) {
		buf_adds(out, "; cannot be compared: ");
		report_name(out, plan->bad[i].table);
	}
	for (size_t i = 0; i < plan->npairs; i++)
		columns += plan->pairs[i].nskipped;
	report_part(out, "; ", columns, "column", "cannot be compared");
}

int
planprint_status(const struct plan *plan)
{
	int status = 0;

	for (size_t i = 0; i < plan->nbad; i++)
		status = MAX(status, err_exit_status(plan->bad[i].status));
	for (size_t i = 0; i < plan->npairs && status == 0; i++)
		if (plan->pairs[i].nskipped > 0)
			status = EXIT_NOT_ALL_COMPARED;
	return status;
}
