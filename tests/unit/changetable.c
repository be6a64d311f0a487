/*
 * SQL Server's change tracking: the SQL, which tables it is asked for, and when
 * a version counts. No live server has been tried; the one here says what it is
 * told to say.
 */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "db/dialect-sqlserver.h"
#include "db/dialect-track.h"
#include "lib/tap.h"
#include "track/mapping.h"

/* --- a server ------------------------------------------------------------- */

struct server {
	struct db db;
	const char *name;        /* which one it is */
	const char *versions[4]; /* now, valid, begin, table */
	/* When the changes are read. */
	const char *valid_then;
	const char *changes; /* the query for them, as it came; or NULL */
	struct arena *arena;
};

struct answer {
	struct cursor cur;
	struct row row;
	struct cell cells[8];
	int64_t next, last; /* keys of rows that have changed */
	bool changes;
};

static struct cell
text(const char *s)
{
	return s != NULL ? cell_text(s, strlen(s))
	                 : (struct cell){ .kind = CELL_NULL };
}

static enum status
server_scan(struct db *db, const struct db_scan *scan, struct cursor **out,
    struct err *err)
{
	struct server *s = (struct server *)db;
	struct answer *a = arena_alloc(s->arena, sizeof(*a));

	(void)err;
	a->cur.db = db;
	a->row.cells = a->cells;
	a->row.n = scan->ncolumns;
	a->next = a->last = 1;
	*out = &a->cur;
	if (strstr(scan->sql, "CHANGETABLE(") != NULL) {
		s->changes = arena_strdup(s->arena, scan->sql);
		s->versions[1] = s->valid_then;
		a->changes = true;
		a->last = 3;
	} else if (strstr(scan->sql, "CHANGE_TRACKING_") != NULL) {
		for (size_t i = 0; i < ARRAY_LEN(s->versions); i++)
			a->cells[i] = text(s->versions[i]);
	} else {
		a->cells[0] = text("shape server");
		a->cells[1] = text(s->name);
	}
	return TU_OK;
}

/* Keys 10, 20, 30; op U. */
static enum status
server_next(struct cursor *cur, const struct row **row, struct err *err)
{
	struct answer *a = (struct answer *)cur;

	(void)err;
	*row = NULL;
	if (a->next > a->last)
		return TU_OK;
	if (a->changes) {
		a->cells[0] = cell_int(a->next * 10);
		a->cells[1] = cell_int(0);
		a->cells[2] = text("U");
		a->cells[3] = text("");
	}
	a->next++;
	*row = &a->row;
	return TU_OK;
}

static void
server_close(struct cursor *cur)
{
	(void)cur;
}

static const struct db_driver driver = { .name = "told",
	.scan = server_scan,
	.next = server_next,
	.cursor_close = server_close };

/* --- a pair --------------------------------------------------------------- */

struct trial {
	struct server server;
	struct table table;
	struct column col[2];
	struct index_key key;
	int key_cols[1];
	struct pair_column cols[2];
	struct pair pair;
	struct mapping m;
	struct change_source src;
	struct keyset keys;
	struct vtype type;
	struct change_reading got;
	const char *later; /* the version, when the snapshot has begun */
	struct err err;
};

static void
begin(struct trial *t)
{
	*t = (struct trial){ .err = ERR_INIT, .type = { .type = LT_NUM } };
	t->server = (struct server){ .db = { .drv = &driver,
					 .dialect = &dialect_sqlserver,
					 .version = "SQL Server 16" },
		.name = "one",
		.versions = { "7", "2", "2", "99" },
		.valid_then = "2",
		.arena = arena_new(4096) };
	t->key = (struct index_key){
		.primary = true, .ncols = 1, .cols = t->key_cols
	};
	t->table = (struct table){ .schema = "dbo",
		.name = "t]'s",
		.from = "[dbo].[t]]'s]",
		.ncolumns = 2,
		.columns = t->col,
		.nkeys = 1,
		.keys = &t->key };
	for (size_t i = 0; i < 2; i++) {
		t->col[i] = (struct column){ .name = i == 0 ? "i d" : "no",
			.type = "int",
			.precision = -1,
			.scale = -1,
			.frac = -1,
			.maxlen = -1 };
		sqlserver_classify(&t->col[i]);
		t->cols[i] = (struct pair_column){
			.col = { &t->col[i], &t->col[i] },
			.type = t->type,
		};
	}
	t->pair = (struct pair){ .table = { &t->table, &t->table },
		.ncols = 2,
		.cols = t->cols,
		.nkeys = 1 };
	t->m.name = "changes x";
	mapping_set(&t->m, "preset", "changetable");
}

static void
end(struct trial *t)
{
	keyset_release(&t->keys);
	arena_free(t->server.arena);
}

static enum status
make(struct trial *t)
{
	return mapping_source(t->server.arena, &t->server.db, &t->pair, SOURCE,
	    &t->m, &t->src, &t->err);
}

static enum status
read_from(struct trial *t, const char *position)
{
	keyset_release(&t->keys);
	keyset_init(&t->keys, &t->type, 1, 100);
	t->server.changes = NULL;
	if (reader_before(&t->server.db, t->server.arena, &t->src, &t->err))
		return t->err.status;
	if (t->later != NULL)
		t->server.versions[0] = t->later;
	return reader_read(&t->server.db, NULL, t->server.arena, &t->src, NULL,
	    position, &t->keys, &t->got, &t->err);
}

/* --- SQL ------------------------------------------------------------------ */

static void
test_sql(void)
{
	const struct track_sql *sql = dialect_sqlserver.track;
	struct buf out = BUF_INIT;

	sql->tracking(&out, "[dbo].[t]]'s]");
	is_str(buf_str(&out),
	    "SELECT CONVERT(varchar(20),CHANGE_TRACKING_CURRENT_VERSION()),"
	    "CONVERT(varchar(20),CHANGE_TRACKING_MIN_VALID_VERSION(o.id)),"
	    "CONVERT(varchar(20),t.begin_version),CONVERT(varchar(20),o.id) "
	    "FROM (SELECT OBJECT_ID(N'[dbo].[t]]''s]') AS id) o LEFT JOIN "
	    "sys.change_tracking_tables t ON t.object_id = o.id",
	    "versions");
	buf_reset(&out);
	sql->changes(&out, "[dbo].[t]", 9223372036854775807);
	is_str(buf_str(&out),
	    "CHANGETABLE(CHANGES [dbo].[t], 9223372036854775807) AS trueup_ct",
	    "changes");
	buf_reset(&out);
	sql->state(&out, NULL);
	ok(strstr(buf_str(&out), "recovery_fork_guid") != NULL,
	    "which server, and whether it was restored");
	buf_free(&out);
}

static void
test_reads(void)
{
	struct trial t;
	const char *first, *second;

	begin(&t);
	is_int(make(&t), TU_OK, "a mapping: %s", t.err.msg);
	is_int(read_from(&t, NULL), TU_OK, "a first read: %s", t.err.msg);
	ok(t.got.whole && t.server.changes == NULL, "which needs no keys");
	first = t.got.position;
	ok(strstr(first, "\t7") != NULL, "the version is kept: %s", first);
	t.server.versions[0] = "9";
	is_int(read_from(&t, first), TU_OK, "a second one: %s", t.err.msg);
	ok(!t.got.whole && !t.got.blind_to_deletes, "reads what has changed");
	is_str(t.server.changes,
	    "SELECT [trueup_k1], CAST(0 AS bigint), CAST(trueup_op AS "
	    "nvarchar(max)), CAST('' AS nvarchar(max)) FROM (SELECT [i d] AS "
	    "trueup_k1, SYS_CHANGE_OPERATION AS trueup_op FROM "
	    "CHANGETABLE(CHANGES [dbo].[t]]'s], 7) AS trueup_ct) trueup_q "
	    "WHERE 1 = 1",
	    "behind the version of the first");
	is_int((long long)keyset_count(&t.keys), 3, "three keys");
	second = t.got.position;
	ok(strstr(second, "\t9") != NULL, "and the next version: %s", second);
	end(&t);
}

/* --- what is not believed ------------------------------------------------- */

static void
test_distrust(void)
{
	static const struct {
		const char *name, *versions[4], *valid_then;
		const char *why; /* how it begins; NULL: believed */
	} cases[] = {
		{ "one", { "7", "7", "6", "99" }, "7", "the table was trunc" },
		{ "one", { "7", "7", "2", "99" }, "7", NULL },
		{ "one", { "9", "8", "2", "99" }, "8", "changes that were" },
		{ "one", { "9", "7", "2", "99" }, "8", "changes that were" },
		{ "one", { "6", "2", "2", "99" }, "2", "the database was" },
		{ "one", { "9", "2", "2", "98" }, "2", "the table was trunc" },
		{ "two", { "9", "2", "2", "99" }, "2", "the table was trunc" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct trial t;
		const char *first;

		begin(&t);
		make(&t);
		read_from(&t, NULL);
		first = t.got.position;
		t.server.name = cases[i].name;
		memcpy(t.server.versions, cases[i].versions,
		    sizeof(cases[i].versions));
		t.server.valid_then = cases[i].valid_then;
		is_int(read_from(&t, first), TU_OK, "case %zu", i);
		ok(t.got.whole == (cases[i].why != NULL), "case %zu: whole", i);
		ok(cases[i].why == NULL || strncmp(t.got.why, cases[i].why,
					       strlen(cases[i].why)) == 0,
		    "case %zu: %s", i, t.got.why);
		ok(t.got.position != NULL, "case %zu: there is a next", i);
		end(&t);
	}
}

/* Tracking began, or came back, at the version that was read: it cannot be
 * told whether the table was changed in between. */
static void
test_begin(void)
{
	struct trial t;

	begin(&t);
	make(&t);
	t.server.versions[2] = "7";
	t.server.versions[1] = t.server.valid_then = "7";
	read_from(&t, NULL);
	is_int(read_from(&t, t.got.position), TU_OK, "the same version again");
	ok(t.got.whole && t.server.changes == NULL, "is not believed");
	t.server.versions[0] = "8";
	read_from(&t, t.got.position);
	ok(t.got.whole, "as it was when it was read");
	read_from(&t, t.got.position);
	ok(!t.got.whole, "and from the next one on it is");
	end(&t);
}

/* What is committed between the version and the snapshot is read twice, never
 * missed. */
static void
test_before(void)
{
	struct trial t;

	begin(&t);
	make(&t);
	t.later = "9";
	read_from(&t, NULL);
	ok(strstr(t.got.position, "\t7") != NULL,
	    "the version is that of before: %s", t.got.position);
	read_from(&t, t.got.position);
	ok(!t.got.whole && strstr(t.server.changes, ", 7)") != NULL,
	    "and the next read begins there");
	end(&t);
}

static void
test_refusals(void)
{
	struct trial t;

	for (size_t i = 0; i < 4; i++) {
		begin(&t);
		make(&t);
		t.server.versions[i] = NULL;
		is_int(read_from(&t, NULL), TU_ESCHEMA, "not tracked");
		is_str(t.err.msg,
		    "[changes x]: reader changetable: [dbo].[t]]'s] has no "
		    "change tracking, or this user may not see it",
		    "and that is said");
		end(&t);
	}
	begin(&t);
	t.key.primary = false;
	is_int(make(&t), TU_ESCHEMA, "no primary key");
	t.key.primary = true;
	t.key_cols[0] = 1;
	is_int(make(&t), TU_ESCHEMA, "another key");
	is_str(t.err.msg,
	    "[changes x] 't]'s' is not compared by columns of its primary key, "
	    "and changes are known by nothing else",
	    "and that is said, too");
	end(&t);
	begin(&t);
	mapping_set(&t.m, "preset", "updated_at");
	is_int(make(&t), TU_EUSAGE, "another reader");
	is_str(t.err.msg,
	    "[changes x] preset: reader window is not known for SQL Server, "
	    "which has changetable, and this is SQL Server 16",
	    "is not known there");
	end(&t);
	begin(&t);
	ok(captures_possible(&t.server.db, &t.err) == TU_ESCHEMA,
	    "change tables of our own cannot be made");
	end(&t);
}

int
main(void)
{
	test_sql();
	test_reads();
	test_distrust();
	test_begin();
	test_before();
	test_refusals();
	return tap_done();
}
