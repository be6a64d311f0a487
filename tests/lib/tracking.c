#include <config.h>

#include "lib/tracking.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "diff/plan.h"
#include "lib/tap.h"

#define LIMIT 1000

TU_NORETURN static void
die(const char *what, const char *why)
{
	printf("Bail out! %.1000s: %s\n", what, why);
	exit(1);
}

struct db *
tracking_connect(const char *url, enum db_mode mode)
{
	struct err err = ERR_INIT;
	struct db *db;

	if (db_open(url, mode, "database", &db, &err))
		die(url, err.msg);
	return db;
}

void
tracking_run(struct db *db, const char *sql)
{
	struct err err = ERR_INIT;

	if (db_exec(db, sql, NULL, &err))
		die(sql, err.msg);
}

static struct table *
find_table(struct table_list *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->tables[i].name, name) == 0)
			return &list->tables[i];
	die(name, "is not there");
}

void
tracking_install(struct tracking *t, const char *table)
{
	struct installer in = {
		.db = t->maker, .arena = t->arena, .lock_ms = 5000
	};
	struct err err = ERR_INIT;
	struct installed done;

	if (install_begin(&in, &err) ||
	    install_table(&in, find_table(&in.list, table), &done, &err))
		die(table, err.msg);
	install_end(&in);
	tracking_check(t);
}

void
tracking_check(struct tracking *t)
{
	struct err err = ERR_INIT;
	struct capture *c;

	if (t->db->drv->list(t->db, t->arena, &t->list, &err) ||
	    captures_load(t->db, t->arena, &t->captures, &err))
		die("captures", err.msg);
	c = &t->captures.list[t->captures.n - 1];
	if (capture_check(
		t->db, t->arena, &t->list, c, &t->shape, &t->why, &err))
		die("check", err.msg);
	t->capture = c;
	if (c->t.keys != NULL)
		change_source_own(t->arena, t->db, &t->captures, c, &t->source);
}

void
tracking_open(struct tracking *t, const char *url)
{
	*t = (struct tracking){ .arena = arena_new(16384) };
	t->maker = tracking_connect(url, DB_WRITE);
	t->app = tracking_connect(url, DB_WRITE);
	t->db = tracking_connect(url, DB_READ);
	t->aside = tracking_connect(url, DB_READ);
}

void
tracking_close(struct tracking *t)
{
	db_close(t->aside);
	db_close(t->db);
	db_close(t->app);
	db_close(t->maker);
	arena_free(t->arena);
}

static void
add_cell(struct buf *out, const struct cell *c)
{
	if (c->kind == CELL_INT)
		buf_addf(out, "%" PRId64, c->u.i);
	else if (c->kind == CELL_F64)
		buf_addf(out, "%.17g", c->u.f);
	else if (c->kind == CELL_TEXT)
		buf_add(out, c->u.p, c->len);
	else
		buf_addhex(out, c->u.p, c->len);
}

const char *
tracking_keys(struct arena *arena, const struct keyset *ks)
{
	struct cell *cells = arena_alloc(arena, ks->nkeys * sizeof(*cells));
	struct buf out = BUF_INIT;
	const char *text;

	for (size_t i = 0; i < keyset_count(ks); i++) {
		keyset_cells(ks, i, cells);
		for (size_t k = 0; k < ks->nkeys; k++) {
			buf_adds(&out, k > 0 ? "/" : i > 0 ? ", " : "");
			add_cell(&out, &cells[k]);
		}
	}
	text = arena_strdup(arena, buf_str(&out));
	buf_free(&out);
	return text;
}

const char *
tracking_read(struct tracking *t, const char **position)
{
	struct err err = ERR_INIT;
	struct change_reading got;
	struct vtype *types;
	struct keyset ks;
	const char *text;

	if (t->db->drv->snapshot_begin(t->db, NULL, &err))
		die("snapshot", err.msg);
	tracking_check(t);
	types = arena_alloc(t->arena, t->source.nkeys * sizeof(*types));
	for (size_t i = 0; i < t->source.nkeys; i++)
		types[i] = pair_vtype(
		    t->db, t->source.columns[i], t->db, t->source.columns[i]);
	keyset_init(&ks, types, t->source.nkeys, LIMIT);
	if (reader_read(t->db, t->aside, t->arena, &t->source, t->shape,
		*position, &ks, &got, &err))
		die("read", err.msg);
	t->db->drv->snapshot_end(t->db);
	*position = got.position;
	text = got.whole ? arena_printf(t->arena, "whole: %s", got.why)
	                 : tracking_keys(t->arena, &ks);
	keyset_release(&ks);
	return text;
}
