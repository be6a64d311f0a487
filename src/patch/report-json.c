#include <config.h>

#include "patch/report-int.h"

#include <inttypes.h>
#include <math.h>

#include "base/clock.h"
#include "db/db.h"
#include "diff/placement.h"
#include "patch/jsoncols.h"
#include "patch/jsonval.h"
#include "patch/jsonw.h"

/* JSON lines as trueup-patch(5) describes them. */
#define JSON_FORMAT 1

static enum status
finish_line(struct report *r, struct jsonw *j, struct err *err)
{
	jsonw_close(j, '}');
	buf_addc(&r->line, '\n');
	digest_add(r->digest, r->line.data, r->line.len);
	return report_write(r, err);
}

static struct jsonw
begin_line(struct report *r, const char *type)
{
	struct jsonw j = { .out = &r->line };

	jsonw_open(&j, NULL, '{');
	jsonw_str(&j, "type", type);
	return j;
}

static void
add_now(struct jsonw *j)
{
	char text[CLOCK_TEXT];

	jsonw_str(j, "time", clock_text(text));
}

static enum status
one_sided(struct report *r, enum side side, size_t i, struct err *err)
{
	struct jsonw j = begin_line(r, "table");

	jsonw_str(&j, "table", r->plan->only_name[side][i]);
	jsonw_str(&j, "schema", r->plan->only[side][i]->schema);
	jsonw_str(&j, "verdict",
	    side == SOURCE ? "only in source" : "only in target");
	return finish_line(r, &j, err);
}

static enum status
incomparable(struct report *r, const struct incomparable *bad, struct err *err)
{
	struct jsonw j = begin_line(r, "table");

	jsonw_str(&j, "table", bad->table);
	jsonw_str(&j, "verdict", "not comparable");
	jsonw_str(&j, "why", bad->why);
	return finish_line(r, &j, err);
}

static enum status
json_start(struct report *r, struct err *err)
{
	const struct plan *plan = r->plan;
	struct jsonw j = begin_line(r, "start");
	enum status st;

	jsonw_u64(&j, "format", JSON_FORMAT);
	jsonw_str(&j, "version", PACKAGE_VERSION);
	for (int s = SOURCE; s <= TARGET; s++) {
		jsonw_open(&j, report_sides[s], '{');
		jsonw_str(&j, "name", plan->db[s]->display);
		jsonw_str(&j, "version", plan->db[s]->version);
		jsonw_close(&j, '}');
	}
	add_now(&j);
	jsonw_open(&j, "options", '[');
	for (size_t i = 0; r->opt.argv_options && r->opt.argv_options[i]; i++)
		jsonw_str(&j, NULL, r->opt.argv_options[i]);
	jsonw_close(&j, ']');
	if (r->opt.redacted)
		jsonw_bool(&j, "redacted", true);
	jsonw_u64(&j, "tables", plan->npairs);
	st = finish_line(r, &j, err);
	for (size_t i = 0; i < plan->nbad && st == TU_OK; i++)
		st = incomparable(r, &plan->bad[i], err);
	for (int s = SOURCE; s <= TARGET; s++)
		for (size_t i = 0; i < r->totals.only[s] && st == TU_OK; i++)
			st = one_sided(r, (enum side)s, i, err);
	return st;
}

/* --- changes --- */

static void
add_key(struct jsonw *j, const struct change *c, struct buf *tmp)
{
	const struct cell *cells;
	enum side side = report_side(c, &cells);

	if (c->pair->multiset) {
		jsonw_null(j, "key");
		return;
	}
	jsonw_open(j, "key", '{');
	for (size_t i = 0; i < c->pair->nkeys; i++) {
		const struct pair_column *pc = &c->pair->cols[i];

		jsonval_add(j, pc->col[TARGET]->name, pc, side, &cells[i], tmp);
	}
	jsonw_close(j, '}');
}

/* How the changes are to be read, once a table. */
static enum status
add_columns(struct report *r, const struct pair *pair, struct err *err)
{
	struct jsonw j;

	if (r->described == pair)
		return TU_OK;
	r->described = pair;
	j = begin_line(r, "columns");
	jsoncols_add(&j, pair);
	return finish_line(r, &j, err);
}

/* What the key's values do not tell of how the target keeps them. */
static void
add_stored(struct jsonw *j, const struct change *c, struct buf *tmp)
{
	bool any = false;

	for (size_t i = 0; c->target != NULL && i < c->pair->nkeys; i++) {
		const struct pair_column *pc = &c->pair->cols[i];
		struct pair_column stored = jsonval_stored(pc);

		if (!jsonval_is_spelt(pc, &c->target[i]))
			continue;
		if (!any)
			jsonw_open(j, "stored", '{');
		any = true;
		jsonval_add(j, pc->col[TARGET]->name, &stored, TARGET,
		    &c->target[i], tmp);
	}
	if (any)
		jsonw_close(j, '}');
}

static bool
is_changed(const struct change *c, size_t i)
{
	return c->op != CHANGE_UPDATE || c->verdicts[i] == VERDICT_DIFFERENT ||
	       c->verdicts[i] == VERDICT_UNREPRESENTABLE;
}

static void
add_image(struct jsonw *j, const char *name, const struct change *c,
    enum side side, struct buf *tmp)
{
	const struct cell *cells = side == TARGET ? c->target : c->source;

	if (cells == NULL)
		return;
	jsonw_open(j, name, '{');
	for (size_t i = 0; i < c->pair->ncols; i++) {
		const struct pair_column *pc = &c->pair->cols[i];

		if (is_changed(c, i))
			jsonval_add(
			    j, pc->col[TARGET]->name, pc, side, &cells[i], tmp);
	}
	for (size_t i = 0;
	     side == TARGET && c->op == CHANGE_DELETE && i < c->pair->nextra;
	     i++) {
		const struct column *col = c->pair->extra[i];
		const struct pair_column pc = { .col = { col, col },
			.type = { .type = col->ltype },
			.redact = c->pair->cols[0].redact };

		jsonval_add(
		    j, col->name, &pc, TARGET, &cells[c->pair->ncols + i], tmp);
	}
	jsonw_close(j, '}');
}

/* What a patch expects of the columns that an update leaves alone. */
static void
add_unchanged(struct jsonw *j, const struct change *c, struct buf *tmp)
{
	if (c->op != CHANGE_UPDATE)
		return;
	jsonw_open(j, "unchanged", '{');
	for (size_t i = c->pair->nkeys; i < c->pair->ncols; i++) {
		const struct pair_column *pc = &c->pair->cols[i];

		if (!is_changed(c, i))
			jsonval_add(j, pc->col[TARGET]->name, pc, TARGET,
			    &c->target[i], tmp);
	}
	jsonw_close(j, '}');
}

static void
add_unrepresentable(struct jsonw *j, const struct change *c)
{
	bool any = false;

	for (size_t i = 0; c->verdicts != NULL && i < c->pair->ncols; i++) {
		if (c->verdicts[i] != VERDICT_UNREPRESENTABLE)
			continue;
		if (!any)
			jsonw_open(j, "unrepresentable", '{');
		any = true;
		jsonw_str(j, c->pair->cols[i].col[TARGET]->name, c->why[i]);
	}
	if (any)
		jsonw_close(j, '}');
}

static enum status
json_change(struct report *r, const struct change *c, struct err *err)
{
	struct jsonw j;

	if (add_columns(r, c->pair, err))
		return err->status;
	j = begin_line(r, "change");
	jsonw_str(&j, "table", c->pair->name);
	jsonw_str(&j, "op", report_verbs[c->op]);
	add_key(&j, c, &r->kept);
	add_stored(&j, c, &r->kept);
	add_image(&j, "before", c, TARGET, &r->kept);
	add_image(&j, "after", c, SOURCE, &r->kept);
	add_unchanged(&j, c, &r->kept);
	add_unrepresentable(&j, c);
	if (c->copies > 1)
		jsonw_u64(&j, "copies", c->copies);
	jsonw_bool(&j, "patchable", c->patchable);
	return finish_line(r, &j, err);
}

/* --- causes --- */

static void
add_example(struct jsonw *j, const struct pair *pair, const struct cause *cause,
    const struct cause_example *e, struct buf *tmp)
{
	const struct cell *values[2] = { e->source, e->target };

	jsonw_open(j, NULL, '{');
	jsonw_open(j, "key", '{');
	for (size_t i = 0; i < pair->nkeys; i++)
		jsonval_add(j, pair->cols[i].col[TARGET]->name, &pair->cols[i],
		    e->side, &e->key[i], tmp);
	jsonw_close(j, '}');
	for (int s = TARGET; s >= SOURCE && e->source != NULL; s--)
		jsonval_add(j, s == TARGET ? "before" : "after",
		    &pair->cols[cause->column], (enum side)s, values[s], tmp);
	jsonw_close(j, '}');
}

static enum status
add_cause(struct report *r, const struct pair *pair, const struct cause *cause,
    struct err *err)
{
	struct jsonw j = begin_line(r, "cause");
	struct buf *text = &r->kept;

	jsonw_str(&j, "table", pair->name);
	if (cause->column != CAUSE_ROWS)
		jsonw_str(
		    &j, "column", pair->cols[cause->column].col[TARGET]->name);
	if (cause->other != CAUSE_ROWS)
		jsonw_str(
		    &j, "other", pair->cols[cause->other].col[TARGET]->name);
	jsonw_str(&j, "cause", cause_name(cause->kind));
	jsonw_str(&j, "side", report_sides[cause->side]);
	if (cause->amount != NULL)
		jsonw_str(&j, "amount", cause->amount);
	jsonw_u64(&j, "count", cause->count);
	jsonw_bool(&j, "exact", cause->exact);
	jsonw_u64(&j, "of", cause->of);
	buf_reset(text);
	report_cause(text, pair, cause);
	jsonw_text(&j, "text", text->data, text->len);
	if (cause->since != NULL) {
		const struct pair_column *pc = &pair->cols[cause->since_column];

		jsonw_open(&j, "since", '{');
		jsonval_add(&j, pc->col[TARGET]->name, pc,
		    cause->side == TARGET ? SOURCE : TARGET, cause->since,
		    text);
		jsonw_close(&j, '}');
	}
	jsonw_open(&j, "examples", '[');
	for (size_t i = 0; i < cause->nexamples; i++)
		add_example(&j, pair, cause, &cause->examples[i], text);
	jsonw_close(&j, ']');
	return finish_line(r, &j, err);
}

/* --- tables and the end --- */

static void
add_ops(struct jsonw *j, const uint64_t ops[CHANGE_OPS])
{
	for (int op = CHANGE_OPS - 1; op >= 0; op--)
		jsonw_u64(j, report_verbs[op], ops[op]);
}

static void
add_rows(struct jsonw *j, const uint64_t rows[2])
{
	jsonw_open(j, "rows", '{');
	jsonw_u64(j, "source", rows[SOURCE]);
	jsonw_u64(j, "target", rows[TARGET]);
	jsonw_close(j, '}');
}

void
report_json_hash(struct jsonw *j, enum hash_kind hash, const char *why,
    const struct placement *p)
{
	struct buf text = BUF_INIT;

	jsonw_str(j, "hash", hash_kind_name(hash));
	placement_why(&text, why, p);
	jsonw_str(j, "hash_why", buf_str(&text));
	buf_free(&text);
	if (!p->measured)
		return;
	jsonw_open(j, "measured", '{');
	jsonw_real(j, "rows", p->rows);
	jsonw_real(j, "hashes", p->hashes);
	jsonw_close(j, '}');
}

static void
add_plan(struct jsonw *j, const struct pair *pair, const struct tally *tally)
{
	const struct hashed planned = { .hash = pair->hash,
		.leaf_rows = pair->leaf_rows,
		.why = pair->hash_why };
	const struct hashed *h =
	    tally->hashed.leaf_rows > 0 ? &tally->hashed : &planned;

	jsonw_open(j, "key", '[');
	for (size_t i = 0; i < pair->nkeys && !pair->multiset; i++)
		jsonw_str(j, NULL, pair->cols[i].col[TARGET]->name);
	jsonw_close(j, ']');
	report_json_hash(j, h->hash, h->why, &h->placement);
	jsonw_u64(j, "leaf_rows", h->leaf_rows);
	for (int s = SOURCE; s <= TARGET; s++) {
		if (pair->nonly[s] == 0)
			continue;
		jsonw_open(
		    j, s == SOURCE ? "only_in_source" : "only_in_target", '[');
		for (size_t i = 0; i < pair->nonly[s]; i++)
			jsonw_str(j, NULL, pair->only[s][i]);
		jsonw_close(j, ']');
	}
}

static void
add_named(struct jsonw *j, const char *name, const char *value)
{
	jsonw_text(j, name, value, strlen(value));
}

static void
add_rules(struct jsonw *j, const struct pair *pair)
{
	if (pair_has_rules(pair)) {
		jsonw_open(j, "rules", '{');
		for (size_t i = 0; i < pair->ncols; i++)
			if (pair->cols[i].rules != NULL)
				add_named(j, pair->cols[i].col[TARGET]->name,
				    pair->cols[i].rules);
		jsonw_close(j, '}');
	}
	if (pair->nskipped > 0) {
		jsonw_open(j, "not_compared", '{');
		for (size_t i = 0; i < pair->nskipped; i++)
			add_named(
			    j, pair->skipped[i].name, pair->skipped[i].why);
		jsonw_close(j, '}');
	}
}

static enum status
json_fail(
    struct report *r, const struct pair *pair, const char *why, struct err *err)
{
	struct jsonw j = begin_line(r, "table");

	jsonw_str(&j, "table", pair->name);
	jsonw_str(&j, "verdict", "failed");
	jsonw_text(&j, "why", why, strlen(why));
	return finish_line(r, &j, err);
}

static void
add_bound(struct jsonw *j, const char *name, const struct pair *pair,
    const struct cell *key, struct buf *tmp)
{
	if (key == NULL)
		return;
	jsonw_open(j, name, '{');
	for (size_t i = 0; i < pair->nrange; i++)
		jsonval_add(j, pair->cols[i].col[TARGET]->name, &pair->cols[i],
		    SOURCE, &key[i], tmp);
	jsonw_close(j, '}');
}

static void
add_extent(struct jsonw *j, const struct pair *pair, const struct tally *tally)
{
	const struct extent *e = &tally->extent;
	struct buf tmp = BUF_INIT;

	if (report_has_extent(tally)) {
		jsonw_open(j, "extent", '{');
		jsonw_bool(j, "none", e->none);
		jsonw_bool(j, "resumed", e->resumed);
		jsonw_bool(j, "cut", e->cut);
		add_bound(j, "from", pair, e->from, &tmp);
		add_bound(j, "to", pair, e->to, &tmp);
		jsonw_u64(j, "differed_before", extent_differed(e));
		jsonw_u64(j, "days_behind", (uint64_t)tally->behind);
		jsonw_close(j, '}');
	}
	buf_free(&tmp);
}

static enum status
add_table(struct report *r, const struct pair *pair, const struct tally *tally,
    struct err *err)
{
	struct jsonw j = begin_line(r, "table");

	jsonw_str(&j, "table", pair->name);
	jsonw_str(&j, "source", pair->table[SOURCE]->name);
	jsonw_str(&j, "target", pair->table[TARGET]->name);
	add_plan(&j, pair, tally);
	add_rules(&j, pair);
	add_rows(&j, tally->rows);
	add_ops(&j, tally->ops);
	jsonw_u64(&j, "unrepresentable", tally->unrepresentable);
	jsonw_u64(&j, "partly_patchable", tally->partial);
	jsonw_u64(&j, "at_target_precision", tally->at_target);
	jsonw_u64(&j, "suspects", tally->suspects);
	jsonw_u64(&j, "accepted", tally->accepted);
	jsonw_u64(&j, "unsettled", tally->unsettled);
	jsonw_open(&j, "bytes", '{');
	jsonw_u64(&j, "source", tally->bytes[SOURCE]);
	jsonw_u64(&j, "target", tally->bytes[TARGET]);
	jsonw_close(&j, '}');
	jsonw_real(&j, "seconds", tally->seconds);
	jsonw_bool(&j, "pages", tally->by_pages);
	jsonw_bool(&j, "incremental", tally->by_keys);
	add_extent(&j, pair, tally);
	jsonw_str(&j, "verdict",
	    tally_differs(tally)   ? "different"
	    : tally->extent.cut    ? "incomplete"
	    : tally->unsettled > 0 ? "unsettled"
				   : "equal");
	return finish_line(r, &j, err);
}

static enum status
json_end(struct report *r, const struct pair *pair, const struct tally *tally,
    struct err *err)
{
	const struct cause *causes;
	size_t n = causes_list(r->causes, &causes);
	enum status st = TU_OK;

	for (size_t i = 0; i < n && st == TU_OK; i++)
		st = add_cause(r, pair, &causes[i], err);
	return st ? st : add_table(r, pair, tally, err);
}

static enum status
json_error(struct report *r, int exit_status, const struct err *failed,
    struct err *err)
{
	struct jsonw j = begin_line(r, "error");

	jsonw_str(&j, "message", failed->msg);
	if (failed->hint[0] != '\0')
		jsonw_str(&j, "hint", failed->hint);
	if (failed->sqlstate[0] != '\0')
		jsonw_str(&j, "sqlstate", failed->sqlstate);
	jsonw_u64(&j, "exit", (uint64_t)exit_status);
	return finish_line(r, &j, err);
}

static enum status
json_finish(struct report *r, int exit_status, const struct err *failed,
    struct err *err)
{
	const struct totals *t = &r->totals;
	char digest[DIGEST_HEX];
	struct jsonw j;

	r->line.len = 0; /* a record that a failure left half done */
	if (failed != NULL)
		return json_error(r, exit_status, failed, err);
	j = begin_line(r, "summary");
	jsonw_u64(&j, "tables", t->tables);
	jsonw_u64(&j, "different", t->differing);
	jsonw_u64(&j, "only_in_source", t->only[SOURCE]);
	jsonw_u64(&j, "only_in_target", t->only[TARGET]);
	jsonw_u64(&j, "not_comparable", t->bad);
	add_rows(&j, t->rows);
	add_ops(&j, t->ops);
	jsonw_u64(&j, "failed", t->failed);
	jsonw_u64(&j, "columns_not_compared", t->skipped);
	jsonw_u64(&j, "unrepresentable", t->unrepresentable);
	jsonw_u64(&j, "partly_patchable", t->partial);
	jsonw_u64(&j, "at_target_precision", t->at_target);
	jsonw_u64(&j, "accepted", t->accepted);
	jsonw_u64(&j, "unsettled", t->unsettled);
	jsonw_u64(&j, "incomplete", t->cut);
	if (r->barrier != NULL)
		jsonw_str(&j, "barrier", r->barrier);
	if (r->applied) {
		jsonw_open(&j, "written", '{');
		add_ops(&j, r->done);
		jsonw_close(&j, '}');
	}
	jsonw_real(&j, "seconds", clock_seconds() - r->began);
	digest_hex(r->digest, digest);
	jsonw_str(&j, "sha256", digest);
	jsonw_u64(&j, "exit", (uint64_t)exit_status);
	return finish_line(r, &j, err);
}

const struct report_driver report_json = {
	.causes = true,
	.start = json_start,
	.change = json_change,
	.end = json_end,
	.fail = json_fail,
	.finish = json_finish,
};
