/*
 * Change tables of users: the SQL that presets become in each brand, and what
 * is said of mappings that cannot be meant.
 */
#include <config.h>

#include "track/mapping.h"

#include <stdio.h>
#include <string.h>

#include "db/dialect-mysql.h"
#include "db/dialect-pg.h"
#include "lib/tap.h"

/* A pair with a key of one column or two, as a plan would make it. */
struct trial {
	struct arena *arena;
	struct db db;
	struct table table;
	struct column col[2];
	struct pair_column cols[2];
	struct pair pair;
	struct mapping m;
	struct change_source src;
	struct err err;
};

static void
begin(struct trial *t, const struct dialect *d, size_t nkeys)
{
	*t = (struct trial){ .arena = arena_new(4096), .err = ERR_INIT };
	t->db.dialect = d;
	snprintf(t->db.version, sizeof(t->db.version), "%s 1", d->brand);
	t->table = (struct table){ .name = "o'rders",
		.from = "\"o'rders\"",
		.writable = true,
		.ncolumns = nkeys,
		.columns = t->col };
	if (d == &dialect_postgresql)
		t->table.schema = "shop";
	for (size_t i = 0; i < nkeys; i++) {
		t->col[i] = (struct column){ .name = i == 0 ? "id" : "no",
			.type = "int",
			.base_type = "pg_catalog.int4",
			.ltype = LT_NUM,
			.integer = true };
		if (d == &dialect_postgresql)
			t->col[i].wire = PG_INT4;
		if (d == &dialect_sqlite)
			t->col[i].affinity = AFF_INTEGER;
		t->cols[i] = (struct pair_column){
			.col = { &t->col[i], &t->col[i] },
			.type = { .type = LT_NUM },
		};
	}
	t->pair = (struct pair){ .table = { &t->table, &t->table },
		.ncols = nkeys,
		.cols = t->cols,
		.nkeys = nkeys };
	t->m.name = "changes x";
}

/* Fields as "preset=outbox;path=a.b"; false: not made. */
static bool
make(struct trial *t, const char *fields)
{
	char *rest = arena_strdup(t->arena, fields), *field;

	while ((field = strsep(&rest, ";")) != NULL) {
		char *value = strchr(field, '=');

		*value++ = '\0';
		ok(mapping_set(&t->m, field, value), "%s is a field", field);
	}
	return mapping_source(t->arena, &t->db, &t->pair, SOURCE, &t->m,
		   &t->src, &t->err) == TU_OK;
}

/* "kind from WHERE where seq/mark/at key|key_old op pointer" */
static const char *
text_of(const struct trial *t)
{
	const struct change_source *s = &t->src;
	struct buf out = BUF_INIT;
	const char *text;

	buf_addf(&out, "%s %s", read_kind_names[s->kind], s->from);
	if (s->where != NULL)
		buf_addf(&out, " WHERE %s", s->where);
	buf_addf(&out, "; %s/%s/%s;", s->seq != NULL ? s->seq : "",
	    s->mark != NULL ? s->mark : "", s->at != NULL ? s->at : "");
	for (size_t i = 0; i < s->nkeys; i++)
		buf_addf(&out, " %s", s->key[i]);
	for (size_t i = 0; s->key_old != NULL && i < s->nkeys; i++)
		buf_addf(&out, " | %s", s->key_old[i]);
	if (s->op != NULL)
		buf_addf(&out, "; %s", s->op);
	if (s->blind_to_deletes)
		buf_adds(&out, "; blind");
	text = arena_strdup(t->arena, buf_str(&out));
	buf_free(&out);
	return text;
}

static void
test_presets(void)
{
	static const struct {
		const struct dialect *d;
		size_t nkeys;
		const char *fields, *want;
	} cases[] = {
		{ &dialect_postgresql, 1, "preset=datajoin",
		    "gaps ds_change_outbox WHERE object_table = 'o''rders'; "
		    "id/update_datetime/; CAST((object_id) AS integer) | "
		    "CAST((nullif(nullif(object_id_old, 'tbd'), '')) AS "
		    "integer)" },
		{ &dialect_postgresql, 1,
		    "preset=datajoin;key_old=none;object=x",
		    "gaps ds_change_outbox WHERE object_table = 'x'; "
		    "id/update_datetime/; CAST((object_id) AS integer)" },
		{ &dialect_postgresql, 1, "preset=datajoin-transport",
		    "gaps \"o'rders\"; id/update_datetime/; \"id\"" },
		{ &dialect_mysql, 1, "preset=datajoin-transport-inbox",
		    "gaps \"o'rders\"; id/update_datetime/; `id`" },
		{ &dialect_mysql, 1, "preset=rhosocial",
		    "gaps data_changes WHERE table_name = 'o''rders'; id//; "
		    "CAST((record_id) AS SIGNED)" },
		{ &dialect_sqlite, 1, "preset=rhosocial;mark=at",
		    "gaps data_changes WHERE table_name = 'o''rders'; id/at/; "
		    "CAST((record_id) AS NUMERIC)" },
		{ &dialect_postgresql, 2,
		    "preset=outbox;event=Order%;path=order.id, order.no",
		    "all outbox WHERE event_type LIKE 'Order%'; //; "
		    "CAST((CAST(payload AS json) #>> ARRAY['order', 'id']) AS "
		    "integer) CAST((CAST(payload AS json) #>> ARRAY['order', "
		    "'no']) AS integer)" },
		{ &dialect_mysql, 1, "preset=outbox;seq=n",
		    "gaps outbox; n//; CAST((JSON_VALUE(payload, "
		    "'$.\"id\"')) AS SIGNED)" },
		{ &dialect_sqlite, 1, "preset=outbox;event=a'b",
		    "all outbox WHERE event_type LIKE 'a''b'; //; "
		    "CAST((json_extract(payload, '$.\"id\"')) AS NUMERIC)" },
		{ &dialect_postgresql, 1, "preset=debezium-outbox;object=order",
		    "window outboxevent WHERE aggregatetype = 'order'; //ts; "
		    "CAST((aggregateid) AS integer)" },
		{ &dialect_postgresql, 1, "preset=audit-trigger",
		    "snapshot audit.logged_actions WHERE schema_name = 'shop' "
		    "AND table_name = 'o''rders'; "
		    "transaction_id::text::xid8//; "
		    "CAST((coalesce(changed_fields -> 'id', row_data -> 'id')) "
		    "AS integer) | CAST((row_data -> 'id') AS integer); "
		    "action" },
		{ &dialect_mysql, 2, "preset=updated_at;at=changed",
		    "window \"o'rders\"; //changed; `id` `no`; blind" },
		{ &dialect_mysql, 1, "preset=system-versioned",
		    "window \"o'rders\" FOR SYSTEM_TIME ALL; //CASE WHEN "
		    "ROW_END > NOW(6) THEN ROW_START ELSE ROW_END END; `id`" },
		{ &dialect_sqlite, 1, "preset=synced",
		    "all \"o'rders\" WHERE synced IS NOT TRUE; //; \"id\"; "
		    "blind" },
		{ &dialect_postgresql, 2,
		    "from=log;seq=n;key=coalesce(a, b), \"x,y\";where=a @> b",
		    "gaps log WHERE a @> b; n//; CAST((coalesce(a, b)) AS "
		    "integer) CAST((\"x,y\") AS integer)" },
		{ &dialect_postgresql, 1, "from=log;at=n;key=k",
		    "window log; //n; CAST((k) AS integer); blind" },
		{ &dialect_postgresql, 1, "from=log;at=n;key=k;op=what",
		    "window log; //n; CAST((k) AS integer); what" },
		{ &dialect_mysql, 1, "from=log;key=k;reader=all",
		    "all log; //; CAST((k) AS SIGNED); blind" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct trial t;

		begin(&t, cases[i].d, cases[i].nkeys);
		ok(make(&t, cases[i].fields), "%s: %s", cases[i].fields,
		    t.err.msg);
		is_str(text_of(&t), cases[i].want, "%s: %s", cases[i].d->name,
		    cases[i].fields);
		arena_free(t.arena);
	}
}

static void
test_fields(void)
{
	struct trial t;

	begin(&t, &dialect_postgresql, 1);
	ok(make(&t, "reader=none"), "a side at rest");
	is_int(t.src.kind, READ_NONE, "is not read");
	arena_free(t.arena);
	begin(&t, &dialect_postgresql, 1);
	ok(make(&t, "preset=datajoin;pointer=SELECT 7"), "a pointer");
	is_str(t.src.pointer, "SELECT 7", "of the user's");
	is_str(t.src.install_id, "-", "no table of our own");
	arena_free(t.arena);
	begin(&t, &dialect_postgresql, 1);
	ok(make(&t, "preset=datajoin-transport"), "a transport's");
	ok(strstr(t.src.pointer, "id = '1000'") != NULL, "is its program's");
	ok(make(&t, "preset=datajoin-transport-inbox") && t.src.pointer == NULL,
	    "what has arrived needs none");
	arena_free(t.arena);
	begin(&t, &dialect_postgresql, 1);
	ok(make(&t, "preset=datajoin"), "a preset's");
	is_str(t.src.pointer,
	    "SELECT fromoutboxpointer FROM ds_program_parameter WHERE id = "
	    "'1000'",
	    "has one");
	arena_free(t.arena);
	begin(&t, &dialect_postgresql, 1);
	ok(make(&t, "preset=updated_at;window=2d"), "a window");
	is_int(t.src.window, 2 * 86400, "of two days");
	ok(!mapping_set(&t.m, "sequence", "x"), "no such field");
	arena_free(t.arena);
	begin(&t, &dialect_sqlite, 1);
	ok(make(&t, "preset=synced") && t.src.ack == NULL,
	    "a mark that nobody asked for");
	ok(make(&t, "ack=none") && t.src.ack == NULL, "or that is taken back");
	ok(make(&t, "ack=yes"), "the preset's");
	is_str(t.src.ack, "synced = TRUE", "it is");
	ok(make(&t, "where=state <> 2;ack=state = 2, \"at\" = now()"),
	    "another");
	is_str(t.src.ack, "state = 2, \"at\" = now()", "as it is said");
	t.table.writable = false;
	ok(!make(&t, "ack=yes"), "a view");
	is_str(t.err.msg,
	    "[changes x] ack: 'o'rders' is no table that a transaction can "
	    "change",
	    "has no marks");
	arena_free(t.arena);
}

static void
test_own(void)
{
	struct mapping m = { .name = "x" };

	ok(mapping_own(&m), "nothing said: a table of our own");
	mapping_set(&m, "preset", "trueup");
	ok(mapping_own(&m), "or said so");
	mapping_set(&m, "preset", "synced");
	ok(!mapping_own(&m), "this is none");
}

static void
test_mistakes(void)
{
	static const struct {
		const struct dialect *d;
		size_t nkeys;
		const char *fields, *want;
	} cases[] = {
		{ &dialect_sqlite, 1, "preset=datajon",
		    "no preset 'datajon'; is 'datajoin' meant?" },
		{ &dialect_sqlite, 1, "reader=gabs",
		    "no reader 'gabs'; is 'gaps' meant?" },
		{ &dialect_sqlite, 1, "reader=xyzzy", "no reader 'xyzzy'" },
		{ &dialect_sqlite, 1, "preset=trueup;seq=id",
		    "the table of changes is our own: preset 'trueup' has no "
		    "other field" },
		{ &dialect_sqlite, 1, "preset=updated_at;window=soon",
		    "'soon' is no time such as 90s, 15m, 1h or 2d" },
		{ &dialect_sqlite, 1, "seq=id;key=k",
		    "reader gaps needs 'from'" },
		{ &dialect_sqlite, 1, "from=x;seq=id",
		    "reader gaps needs 'key'" },
		{ &dialect_sqlite, 1, "from=x;reader=gaps;key=k",
		    "reader gaps needs 'seq'" },
		{ &dialect_sqlite, 1, "from=x;reader=window;key=k",
		    "reader window needs 'at'" },
		{ &dialect_sqlite, 1, "from=x;key=k;pointer=SELECT 1",
		    "a pointer needs 'seq'" },
		{ &dialect_sqlite, 1, "from=x;seq=s;key=k;window=1h",
		    "'window' is of no use for reader gaps" },
		{ &dialect_sqlite, 1, "reader=none;from=x",
		    "reader = none reads nothing, and has no use for 'from'" },
		{ &dialect_sqlite, 1, "preset=synced;object=x",
		    "'object' is of no use for preset synced" },
		{ &dialect_sqlite, 1, "preset=updated_at;ack=yes",
		    "how a row is marked is said as in synced = true; preset "
		    "synced knows it by yes" },
		{ &dialect_sqlite, 1, "preset=updated_at;ack=s = 1",
		    "rows are marked in the table itself, with reader all and "
		    "a 'where' that takes in those that are not yet" },
		{ &dialect_sqlite, 1, "from=x;key=k;where=s;ack=s = 1",
		    "rows are marked in the table itself, with reader all and "
		    "a 'where' that takes in those that are not yet" },
		{ &dialect_sqlite, 1, "preset=synced;ack=s = 1, \"ID\" = 3",
		    "ack: column 'id' is compared, so rows would differ as "
		    "soon as they are marked" },
		{ &dialect_sqlite, 1, "preset=datajoin;object=x;where=a",
		    "'object' has no use beside a 'where'" },
		{ &dialect_sqlite, 1, "from=x;key=k;path=a",
		    "'path' is of no use for preset 'none'" },
		{ &dialect_sqlite, 1, "preset=outbox;path=a\"b",
		    "a path is names with dots between" },
		{ &dialect_postgresql, 1,
		    "from=x;key=k;reader=snapshot;seq=s;pointer=SELECT 1",
		    "reader snapshot has no number to hold against a "
		    "pointer" },
		{ &dialect_sqlite, 1, "from=x;seq=s;key=k",
		    "mark: reader gaps needs it on SQLite, which may give the "
		    "same number to another row" },
		{ &dialect_postgresql, 1, "reader=slot",
		    "reader slot needs 'from'" },
		{ &dialect_postgresql, 1, "reader=slot;from=S'",
		    "the name of a replication slot has a-z, 0-9 and _ only" },
		{ &dialect_postgresql, 1, "reader=slot;from=s;key=k",
		    "'key' is of no use for reader slot" },
		{ &dialect_postgresql, 1, "from=x;key=k;publication=p",
		    "'publication' is of no use for reader all" },
		{ &dialect_sqlite, 1, "reader=slot;from=s",
		    "reader: reader slot is for PostgreSQL, and this is "
		    "SQLite 1" },
		{ &dialect_mysql, 1, "preset=audit-trigger",
		    "preset: reader snapshot is for PostgreSQL, and this is "
		    "MariaDB 1" },
		{ &dialect_postgresql, 2, "preset=datajoin",
		    "key: 1 expression, and the key of 'o'rders' is 2 "
		    "columns" },
		{ &dialect_postgresql, 1, "from=x;seq=s;key=a, b",
		    "key: 2 expressions, and the key of 'o'rders' is 1 "
		    "column" },
		{ &dialect_postgresql, 1, "from=x;seq=s;key=a;key_old=",
		    "key_old: an empty expression" },
		{ &dialect_postgresql, 2, "preset=outbox;path=a",
		    "path: as many as the key of 'o'rders' has columns, 2" },
		{ &dialect_oracle, 1, "preset=updated_at",
		    "Oracle: changes are read from PostgreSQL, MariaDB, MySQL, "
		    "SQLite and SQL Server only" },
		{ &dialect_sqlite, 1, "preset=changetable",
		    "preset: reader changetable is for SQL Server, and this is "
		    "SQLite 1" },
		{ &dialect_postgresql, 1, "reader=changetable",
		    "reader: reader changetable is for SQL Server, and this is "
		    "PostgreSQL 1" },
		{ &dialect_postgresql, 1, "preset=changetable;key=k",
		    "'key' is of no use for reader changetable" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct trial t;

		begin(&t, cases[i].d, cases[i].nkeys);
		ok(!make(&t, cases[i].fields), "%s", cases[i].fields);
		ok(strncmp(t.err.msg, "[changes x] ", 12) == 0,
		    "the section is named");
		is_str(t.err.msg + 12, cases[i].want, "%s", cases[i].fields);
		arena_free(t.arena);
	}
}

static void
test_no_key(void)
{
	struct trial t;

	begin(&t, &dialect_postgresql, 1);
	t.pair.multiset = true;
	ok(!make(&t, "preset=updated_at"), "a table without a key");
	is_int(t.err.status, TU_ESCHEMA, "cannot be compared so");
	is_str(t.err.msg,
	    "[changes x] 'o'rders' has no key that finds its rows on both "
	    "sides",
	    "and that is said");
	arena_free(t.arena);
}

/* What a window goes back to, in brands and types. */
static void
test_back(void)
{
	const struct track_sql *pg = dialect_postgresql.track;
	struct buf out = BUF_INIT;

	ok(pg->back(&out, "at", LT_TSTZ, 60), "a time");
	is_str(buf_str(&out),
	    "quote_literal((CASE WHEN max(at) IS NOT NULL THEN "
	    "least(max(at), clock_timestamp()) END - interval '60 s')::text)",
	    "but not one that is yet to come");
	buf_reset(&out);
	ok(pg->back(&out, "at", LT_NUM, 60), "a number");
	is_str(buf_str(&out), "(max(at) - 60)::text", "less as much");
	ok(!pg->back(&out, "at", LT_TEXT, 60), "a text is none");
	ok(!dialect_mysql.track->back(&out, "at", LT_TEXT, 60),
	    "nor in MariaDB");
	buf_reset(&out);
	dialect_mysql.track->back(&out, "at", LT_TS, 60);
	is_str(buf_str(&out),
	    "QUOTE(LEAST(MAX(at), NOW(6)) - INTERVAL 60 SECOND)", "MariaDB");
	buf_free(&out);
}

int
main(void)
{
	test_presets();
	test_fields();
	test_own();
	test_mistakes();
	test_no_key();
	test_back();
	return tap_done();
}
