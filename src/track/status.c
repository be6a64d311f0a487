#include <config.h>

#include "track/status.h"

#include <inttypes.h>
#include <stdlib.h>

#include "patch/jsonw.h"
#include "track/ask.h"

/* --- asking --------------------------------------------------------------- */

static enum status
count_changes(struct db *db, struct track_status *s, struct err *err)
{
	const struct track_sql *track = db->dialect->track;
	struct buf sql = BUF_INIT;
	enum status st;

	buf_adds(&sql, "SELECT count(*) FROM ");
	track->change(&sql, s->capture->t.tab);
	st = ask_int(db, buf_str(&sql), &s->changes, err);
	buf_reset(&sql);
	buf_addf(&sql, "SELECT max(%s) FROM ", track->age);
	track->change(&sql, s->capture->t.tab);
	if (st == TU_OK)
		st = ask_int(db, buf_str(&sql), &s->oldest, err);
	buf_free(&sql);
	return st;
}

static enum status
list_consumers(
    struct db *db, struct arena *arena, struct track_status *s, struct err *err)
{
	const struct track_sql *track = db->dialect->track;
	struct consumer *list;
	struct texts rows;
	enum status st;

	st = ask_texts(db, arena,
	    arena_printf(arena,
		"SELECT name, CAST(%s AS %s) FROM %s WHERE tab = %" PRId64
		" ORDER BY name",
		track->age, track->text, track->consumer, s->capture->t.tab),
	    2, &rows, err);
	if (st)
		return st;
	list = arena_alloc(arena, (rows.n + 1) * sizeof(*list));
	for (size_t i = 0; i < rows.n; i++) {
		list[i].name = texts_get(&rows, i, 0);
		list[i].silent = atoll(texts_get(&rows, i, 1));
	}
	s->consumers = list;
	s->nconsumers = rows.n;
	return TU_OK;
}

enum status
track_status(struct db *db, struct arena *arena, struct table_list *list,
    struct capture *c, struct track_status *out, struct err *err)
{
	struct err gone = ERR_INIT;
	enum status st;

	*out = (struct track_status){ .capture = c };
	st = capture_check(db, arena, list, c, NULL, &out->why, err);
	if (st == TU_OK)
		st = list_consumers(db, arena, out, err);
	if (st == TU_OK && count_changes(db, out, &gone)) {
		out->changes = -1;
		if (out->why == NULL)
			out->why = arena_strdup(arena, gone.msg);
	}
	return st;
}

/* --- telling -------------------------------------------------------------- */

/* In the largest unit that is not less than two. */
static void
add_span(struct buf *out, int64_t seconds)
{
	static const struct {
		const char *name;
		int64_t seconds;
	} units[] = { { "days", 86400 }, { "hours", 3600 }, { "minutes", 60 } };

	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (seconds >= 2 * units[i].seconds) {
			buf_addf(out, "%" PRId64 " %s",
			    seconds / units[i].seconds, units[i].name);
			return;
		}
	buf_addf(out, "%" PRId64 " s", MAX(seconds, 0));
}

void
track_status_text(struct buf *out, const struct track_status *s)
{
	const struct capture *c = s->capture;

	if (c->name.schema != NULL)
		buf_addf(out, "%s.", c->name.schema);
	buf_addf(out, "%s (", c->name.name);
	for (size_t i = 0; i < c->t.nkeys; i++)
		buf_addf(out, "%s%s", i > 0 ? ", " : "", c->keys[i]);
	buf_addf(
	    out, "): %s\n", s->why == NULL ? "healthy" : "cannot be believed");
	if (s->why != NULL)
		buf_addf(out, "  %s\n", s->why);
	if (s->changes >= 0)
		buf_addf(out, "  %" PRId64 " %s", s->changes,
		    s->changes == 1 ? "change" : "changes");
	if (s->changes > 0) {
		buf_adds(out, ", the oldest ");
		add_span(out, s->oldest);
		buf_adds(out, " old");
	}
	if (s->changes >= 0)
		buf_addc(out, '\n');
	for (size_t i = 0; i < s->nconsumers; i++) {
		buf_addf(out, "  read by %s ", s->consumers[i].name);
		add_span(out, s->consumers[i].silent);
		buf_adds(out, " ago\n");
	}
}

void
track_status_json(struct buf *out, const struct track_status *s)
{
	const struct capture *c = s->capture;
	struct jsonw j = { .out = out };

	jsonw_open(&j, NULL, '{');
	jsonw_str(&j, "type", "tracked");
	jsonw_str(&j, "schema", c->name.schema);
	jsonw_str(&j, "table", c->name.name);
	jsonw_open(&j, "key", '[');
	for (size_t i = 0; i < c->t.nkeys; i++)
		jsonw_str(&j, NULL, c->keys[i]);
	jsonw_close(&j, ']');
	jsonw_bool(&j, "healthy", s->why == NULL);
	jsonw_str(&j, "why", s->why);
	if (s->changes >= 0)
		jsonw_u64(&j, "changes", (uint64_t)s->changes);
	else
		jsonw_null(&j, "changes");
	if (s->changes > 0)
		jsonw_u64(&j, "oldest_seconds", (uint64_t)MAX(s->oldest, 0));
	else
		jsonw_null(&j, "oldest_seconds");
	jsonw_u64(&j, "installed_seconds", (uint64_t)MAX(c->age, 0));
	jsonw_open(&j, "consumers", '[');
	for (size_t i = 0; i < s->nconsumers; i++) {
		jsonw_open(&j, NULL, '{');
		jsonw_str(&j, "name", s->consumers[i].name);
		jsonw_u64(&j, "silent_seconds",
		    (uint64_t)MAX(s->consumers[i].silent, 0));
		jsonw_close(&j, '}');
	}
	jsonw_close(&j, ']');
	jsonw_close(&j, '}');
	buf_addc(out, '\n');
}
