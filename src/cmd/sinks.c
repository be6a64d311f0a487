#include <config.h>

#include "cmd/sinks.h"

#include <unistd.h>

#include "base/log.h"

static enum status
fanout_begin(struct change_sink *s, const struct pair *pair, struct err *err)
{
	struct fanout *f = (struct fanout *)s;
	enum status st = TU_OK;

	for (size_t i = 0; i < f->n && st == TU_OK; i++)
		st = tell_begin(f->to[i], pair, err);
	return st;
}

static enum status
fanout_change(struct change_sink *s, const struct change *c, struct err *err)
{
	struct fanout *f = (struct fanout *)s;
	enum status st = TU_OK;

	if (f->on_terminal)
		log_progress(NULL);
	for (size_t i = 0; i < f->n && st == TU_OK; i++)
		st = tell_change(f->to[i], c, err);
	return st;
}

static enum status
fanout_end(struct change_sink *s, const struct pair *pair,
    const struct tally *tally, struct err *err)
{
	struct fanout *f = (struct fanout *)s;
	enum status st = TU_OK;

	if (f->on_terminal)
		log_progress(NULL);
	for (size_t i = 0; i < f->n && st == TU_OK; i++)
		st = tell_end(f->to[i], pair, tally, err);
	return st;
}

static enum status
fanout_fail(struct change_sink *s, const struct pair *pair,
    const struct err *why, struct err *err)
{
	struct fanout *f = (struct fanout *)s;
	enum status st = TU_OK;

	if (f->on_terminal)
		log_progress(NULL);
	for (size_t i = 0; i < f->n && st == TU_OK; i++)
		st = tell_fail(f->to[i], pair, why, err);
	return st;
}

void
fanout_init(struct fanout *f)
{
	*f = (struct fanout){ .sink = { fanout_begin, fanout_change, fanout_end,
				  fanout_fail },
		.on_terminal = isatty(STDOUT_FILENO) };
}

void
fanout_add(struct fanout *f, struct change_sink *to)
{
	f->to[f->n++] = to;
}

static enum status
filter_begin(struct change_sink *s, const struct pair *pair, struct err *err)
{
	struct change_sink *to = ((struct filter *)s)->to;

	return tell_begin(to, pair, err);
}

static enum status
filter_change(struct change_sink *s, const struct change *c, struct err *err)
{
	struct filter *f = (struct filter *)s;

	return !f->ops[c->op] ? TU_OK : tell_change(f->to, c, err);
}

static enum status
filter_end(struct change_sink *s, const struct pair *pair,
    const struct tally *tally, struct err *err)
{
	struct change_sink *to = ((struct filter *)s)->to;

	return tell_end(to, pair, tally, err);
}

static enum status
filter_fail(struct change_sink *s, const struct pair *pair,
    const struct err *why, struct err *err)
{
	struct change_sink *to = ((struct filter *)s)->to;

	return tell_fail(to, pair, why, err);
}

void
filter_init(
    struct filter *f, struct change_sink *to, const bool ops[CHANGE_OPS])
{
	*f = (struct filter){
		.sink = { filter_begin, filter_change, filter_end,
		    filter_fail },
		.to = to,
		.ops = ops,
	};
}
