#include <config.h>

#include "patch/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "db/db.h"
#include "patch/report-int.h"

const char report_signs[CHANGE_OPS] = { '-', '~', '+' };
const char *const report_verbs[CHANGE_OPS] = { "delete", "update", "insert" };

const char *const report_sides[2] = { "source", "target" };

static const char *const sign_colors[CHANGE_OPS] = { "\033[31m", "\033[33m",
	"\033[32m" };

static const struct report_driver *
find_driver(enum report_format format)
{
	static const struct report_driver report_none;

	switch (format) {
	case REPORT_TEXT:
		return &report_text;
	case REPORT_STAT:
		return &report_stat;
	case REPORT_ROWS:
		return &report_rows;
	case REPORT_JSON:
		return &report_json;
	case REPORT_CSV:
		return &report_csv;
	case REPORT_HTML:
		return &report_html;
	case REPORT_SQL:
		break;
	}
	return &report_none;
}

static enum status
sink_begin(struct change_sink *s, const struct pair *pair, struct err *err)
{
	struct report *r = (struct report *)s;
	struct change_sink *causes;

	if (r->causes == NULL)
		return TU_OK;
	causes = causes_sink(r->causes);
	return causes->begin(causes, pair, err);
}

static enum status
count_causes(struct report *r, const struct change *c, struct err *err)
{
	struct change_sink *causes;

	if (r->causes == NULL)
		return TU_OK;
	causes = causes_sink(r->causes);
	return causes->change(causes, c, err);
}

static enum status
end_causes(struct report *r, const struct pair *pair, const struct tally *tally,
    struct err *err)
{
	struct change_sink *causes;

	if (r->causes == NULL)
		return TU_OK;
	causes = causes_sink(r->causes);
	return causes->end(causes, pair, tally, err);
}

static enum status
sink_change(struct change_sink *s, const struct change *c, struct err *err)
{
	struct report *r = (struct report *)s;
	enum status st = count_causes(r, c, err);

	if (st || r->opt.quiet || r->drv->change == NULL)
		return st;
	return r->drv->change(r, c, err);
}

static void
count_table(struct totals *t, const struct tally *tally)
{
	t->tables++;
	for (int op = 0; op < CHANGE_OPS; op++) {
		t->ops[op] += tally->ops[op];
		t->patchable[op] += tally->patchable[op];
	}
	t->rows[SOURCE] += tally->rows[SOURCE];
	t->rows[TARGET] += tally->rows[TARGET];
	t->unrepresentable += tally->unrepresentable;
	t->at_target += tally->at_target;
	t->partial += tally->partial;
	t->unsettled += tally->unsettled;
	t->accepted += tally->accepted;
	t->cut += tally->extent.cut;
	t->differed += extent_differed(&tally->extent);
	t->behind += tally->behind >= 1;
	if (tally_differs(tally)) {
		t->differing++;
		t->differs = true;
	}
}

static void
count_columns(struct totals *t, const struct pair *pair)
{
	t->skipped += pair->nskipped;
	for (size_t i = 0; i < pair->ncols; i++)
		t->ruled += pair->cols[i].rules != NULL;
}

static enum status
sink_end(struct change_sink *s, const struct pair *pair,
    const struct tally *tally, struct err *err)
{
	struct report *r = (struct report *)s;
	enum status st = end_causes(r, pair, tally, err);

	count_table(&r->totals, tally);
	count_columns(&r->totals, pair);
	if (st || r->opt.quiet || r->drv->end == NULL)
		return st;
	return r->drv->end(r, pair, tally, err);
}

const char *
report_why(const struct pair *pair, const struct err *why)
{
	static const char prefix[] = "table '";
	const size_t before = sizeof(prefix) - 1, n = strlen(pair->name);
	const char *msg = why->msg;

	if (strncmp(msg, prefix, before) != 0 ||
	    strncmp(msg + before, pair->name, n) != 0 ||
	    strncmp(msg + before + n, "': ", 3) != 0)
		return msg;
	return msg + before + n + 3;
}

static enum status
sink_fail(struct change_sink *s, const struct pair *pair, const struct err *why,
    struct err *err)
{
	struct report *r = (struct report *)s;

	r->totals.failed++;
	buf_reset(&r->kept);
	r->nkept = 0;
	r->line.len = 0;
	if (r->opt.quiet || r->drv->fail == NULL)
		return TU_OK;
	return r->drv->fail(r, pair, report_why(pair, why), err);
}

struct report *
report_new(enum report_format format, const struct plan *plan,
    const struct report_options *options)
{
	struct report *r = calloc(1, sizeof(*r));

	if (r == NULL)
		out_of_memory(sizeof(*r));
	r->sink = (struct change_sink){ .begin = sink_begin,
		.change = sink_change,
		.end = sink_end,
		.fail = sink_fail };
	r->drv = find_driver(format);
	if (r->drv->causes && !options->quiet)
		r->causes = causes_new();
	r->plan = plan;
	r->opt = *options;
	r->digest = digest_new();
	r->began = clock_seconds();
	return r;
}

void
report_free(struct report *r)
{
	if (r == NULL)
		return;
	buf_free(&r->line);
	buf_free(&r->kept);
	digest_free(r->digest);
	html_free(r->html);
	causes_free(r->causes);
	free(r);
}

struct change_sink *
report_sink(struct report *r)
{
	return &r->sink;
}

enum status
report_start(struct report *r, struct err *err)
{
	r->started = true;
	for (int s = SOURCE; s <= TARGET; s++) {
		r->totals.only[s] = r->plan->nonly[s];
		if (r->plan->nonly[s] > 0)
			r->totals.differs = true;
	}
	r->totals.bad = r->plan->nbad;
	if (r->opt.quiet || r->drv->start == NULL)
		return TU_OK;
	return r->drv->start(r, err);
}

void
report_applied(struct report *r, const uint64_t *done)
{
	r->applied = true;
	memcpy(r->done, done, sizeof(r->done));
}

void
report_rechecked(struct report *r, const char *barrier)
{
	r->barrier = barrier;
}

enum status
report_finish(struct report *r, int exit_status, const struct err *failed,
    struct err *err)
{
	if (r->opt.quiet || r->drv->finish == NULL)
		return TU_OK;
	return r->drv->finish(r, exit_status, failed, err);
}

const struct totals *
report_totals(const struct report *r)
{
	return &r->totals;
}

void
report_sides_line(struct report *r)
{
	for (int s = SOURCE; s <= TARGET; s++)
		report_line(
		    &r->line, report_sides[s], "  ", r->plan->db[s]->display);
}

enum status
report_write(struct report *r, struct err *err)
{
	size_t n = r->line.len;

	r->line.len = 0;
	if (n == 0 || fwrite(r->line.data, 1, n, r->opt.out) == n)
		return TU_OK;
	return err_set(
	    err, TU_EIO, "cannot write the result: %s", strerror(errno));
}

void
report_sign(struct report *r, struct buf *out, enum change_op op)
{
	if (r->opt.color)
		buf_adds(out, sign_colors[op]);
	buf_addc(out, report_signs[op]);
	if (r->opt.color)
		buf_adds(out, "\033[m");
}

void
report_add_rules(struct buf *out, const struct pair *pair)
{
	const char *sep = "";

	for (size_t i = 0; i < pair->ncols; i++) {
		const struct pair_column *pc = &pair->cols[i];

		if (pc->rules == NULL)
			continue;
		buf_adds(out, sep);
		report_name(out, pc->col[TARGET]->name);
		buf_addc(out, ' ');
		report_name(out, pc->rules);
		sep = "; ";
	}
}

uint64_t
report_union(const struct tally *tally)
{
	return tally->rows[TARGET] + tally->ops[CHANGE_INSERT] +
	       tally->accepted_inserts;
}

void
report_add_written(struct buf *out, const uint64_t done[CHANGE_OPS])
{
	buf_adds(out, "written: ");
	report_count(out, done[CHANGE_INSERT]);
	buf_adds(out, " inserted, ");
	report_count(out, done[CHANGE_UPDATE]);
	buf_adds(out, " updated, ");
	report_count(out, done[CHANGE_DELETE]);
	buf_adds(out, " deleted\n");
}

enum side
report_side(const struct change *c, const struct cell **cells)
{
	enum side side = c->target != NULL ? TARGET : SOURCE;

	*cells = side == TARGET ? c->target : c->source;
	return side;
}

void
report_count(struct buf *out, uint64_t n)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, n);

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			buf_addc(out, ',');
		buf_addc(out, digits[i]);
	}
}

void
report_counted(struct buf *out, uint64_t n, const char *noun)
{
	report_count(out, n);
	buf_addc(out, ' ');
	buf_adds(out, noun);
	if (n != 1)
		buf_addc(out, 's');
}

void
report_part(struct buf *out, const char *before, uint64_t n, const char *noun,
    const char *after)
{
	if (n == 0)
		return;
	buf_adds(out, before);
	report_counted(out, n, noun);
	buf_addf(out, " %s", after);
}

void
report_differ(struct buf *out, uint64_t n, uint64_t of, const char *noun)
{
	report_count(out, n);
	buf_adds(out, " of ");
	report_counted(out, of, noun);
	buf_adds(out, n == 1 ? " differs" : " differ");
}

void
report_key(struct buf *out, const struct pair *pair, const struct cell *cells,
    enum side side)
{
	const struct value_view view = { .limit = 60, .bare = true };

	for (size_t i = 0; i < pair->nkeys; i++) {
		buf_adds(out, i > 0 ? ", " : "");
		report_name(out, pair->cols[i].col[TARGET]->name);
		buf_addc(out, ' ');
		report_value_view(out, &pair->cols[i], side, &cells[i], &view);
	}
}
