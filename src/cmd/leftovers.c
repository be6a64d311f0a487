#include <config.h>

#include "cmd/leftovers.h"

#include <inttypes.h>

#include "base/log.h"
#include "patch/report.h"

static void
add_reason(struct buf *out, const struct change *c)
{
	for (size_t i = 0; c->verdicts != NULL && i < c->pair->ncols; i++) {
		if (c->verdicts[i] != VERDICT_UNREPRESENTABLE)
			continue;
		buf_addf(out, "column '%s': %s",
		    c->pair->cols[i].col[TARGET]->name,
		    c->why[i] != NULL ? c->why[i] : "no reason known");
		return;
	}
	buf_adds(out, c->op == CHANGE_DELETE
			  ? "one of equal rows cannot be told from another"
			  : "the target cannot be written");
}

static bool
stays(const struct change *c)
{
	if (!c->patchable)
		return true;
	for (size_t i = 0; c->verdicts != NULL && i < c->pair->ncols; i++)
		if (c->verdicts[i] == VERDICT_UNREPRESENTABLE)
			return true;
	return false;
}

static enum status
leftovers_change(struct change_sink *s, const struct change *c, struct err *err)
{
	struct leftovers *l = (struct leftovers *)s;
	enum side side = c->target != NULL ? TARGET : SOURCE;

	(void)err;
	if (!stays(c) || l->n++ >= LEFTOVERS_MAX)
		return TU_OK;
	buf_addf(&l->lines, "table '%s', ", c->pair->name);
	report_key(
	    &l->lines, c->pair, side == TARGET ? c->target : c->source, side);
	buf_adds(&l->lines, ": ");
	add_reason(&l->lines, c);
	buf_addc(&l->lines, '\n');
	return TU_OK;
}

void
leftovers_init(struct leftovers *l)
{
	*l = (struct leftovers){ .sink = { .change = leftovers_change } };
}

void
leftovers_release(struct leftovers *l)
{
	buf_free(&l->lines);
}

void
leftovers_print(const struct leftovers *l, const char *prefix)
{
	const char *line = l->lines.data;
	const char *end = line + l->lines.len;

	while (line < end) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));

		log_say("%s: still different: %.*s", prefix,
		    (int)(newline - line), line);
		line = newline + 1;
	}
	if (l->n > LEFTOVERS_MAX)
		log_say("%s: still different: %" PRIu64 " more rows", prefix,
		    l->n - LEFTOVERS_MAX);
}
