#include <config.h>

#include "audit/accept.h"
#include "audit/history-int.h"

struct lister {
	struct arena *arena;
	enum status (*each)(
	    void *arg, const struct accepted *a, struct err *err);
	void *arg;
};

static enum status
list_record(void *arg, const struct cell *c, struct err *err)
{
	const struct lister *l = arg;
	const struct accepted a = {
		.table = history_text(l->arena, &c[0]),
		.key = history_text(l->arena, &c[1]),
		.who = history_text(l->arena, &c[2]),
		.reason = history_text(l->arena, &c[3]),
		.has = { c[4].u.i != 0, c[5].u.i != 0 },
		.at = c[6].u.i,
		.stale = c[7].u.i,
	};
	enum status st = l->each(l->arg, &a, err);

	arena_reset(l->arena);
	return st;
}

enum status
accept_list(struct history *h, const char *table,
    enum status (*each)(void *arg, const struct accepted *a, struct err *err),
    void *arg, struct err *err)
{
	struct lister l = {
		.arena = arena_new(1024), .each = each, .arg = arg
	};
	struct buf sql = BUF_INIT;
	enum status st;

	buf_adds(&sql,
	    "SELECT tab, key_text, who, reason, source IS NOT NULL, "
	    "target IS NOT NULL, at, coalesce(stale, 0) FROM accepted");
	if (table != NULL) {
		buf_adds(&sql, " WHERE tab = ");
		history_add_text(&sql, table);
	}
	buf_adds(&sql, " ORDER BY tab, key_id");
	st = history_each(h->db, buf_str(&sql), 8, list_record, &l, err);
	buf_free(&sql);
	arena_free(l.arena);
	return st;
}

enum status
accept_forget(struct history *h, const char *table, const char *const *key,
    size_t nkey, uint64_t *n, struct err *err)
{
	struct buf sql = BUF_INIT, plain = BUF_INIT;
	enum status st;

	buf_adds(&sql, "DELETE FROM accepted");
	if (table != NULL) {
		buf_adds(&sql, " WHERE tab = ");
		history_add_text(&sql, table);
	}
	for (size_t i = 0; i < nkey; i++) {
		if (i > 0)
			buf_addc(&plain, ACCEPT_SEPARATOR);
		buf_adds(&plain, key[i]);
	}
	if (nkey > 0) {
		buf_adds(&sql, " AND key_plain = ");
		history_add_text(&sql, buf_str(&plain));
	}
	st = db_exec(h->db, buf_str(&sql), n, err);
	buf_free(&plain);
	buf_free(&sql);
	return st;
}
