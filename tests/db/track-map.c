/*
 * Change tables that users have: each preset on real tables of each brand, and
 * what becomes of positions in them.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>

#include "lib/tap.h"
#include "lib/tracking.h"
#include "lib/world.h"
#include "track/mapping.h"

#define LIMIT 1000
#define STEPS 10
#define FIELDS 8

#define FIRST "whole: nothing was read before"
#define LAST_GONE                                                              \
	"whole: the change that was read last is not there any more: changes " \
	"were deleted, or the database was restored"
#define REPLACED                                                              \
	"whole: the table of changes was truncated or replaced, its mapping " \
	"has changed, or the server is another"

TU_NORETURN static void
die(const char *what, const char *why)
{
	printf("Bail out! %.1000s: %s\n", what, why);
	exit(1);
}

struct step {
	const char *sql;     /* before the read; NULL: nothing */
	const char *want;    /* keys, or "whole: ..." */
	const char *pending; /* or NULL: not asked for */
};

struct trial {
	const char *name;
	unsigned brands; /* 1 << brand */
	const char *create;
	const char *fields[FIELDS]; /* "preset", "datajoin", ... */
	struct step steps[STEPS];
	bool blind;
};

#define ALL_BRANDS (1U << LITE | 1U << PG | 1U << MY)

/* --- reading -------------------------------------------------------------- */

struct mapped {
	struct world w;
	struct arena *arena;
	struct db *app, *db, *aside;
	struct mapping m;
	struct plan plan;
	struct vtype types[10];
	const char *position;
	const char *pending;
	bool blind;
	struct change_source src;
};

/* Statements end in ";;": MariaDB and SQLite take one at a time. */
static void
run_each(struct mapped *m, const char *sql)
{
	char *rest = arena_strdup(m->arena, sql), *one;

	while ((one = rest) != NULL) {
		rest = strstr(one, ";;");
		if (rest != NULL) {
			*rest = '\0';
			rest += 2;
		}
		tracking_run(m->app, one);
	}
}

static void
mapped_open(struct mapped *m, enum brand b, const char *create)
{
	const char *t = strstr(create, ";;");

	*m = (struct mapped){ .arena = arena_new(16384) };
	world_open(&m->w, b, b);
	world_run(&m->w, TARGET,
	    arena_printf(m->arena, "%.*s",
		t != NULL ? (int)(t - create) : (int)strlen(create), create));
	m->app = tracking_connect(m->w.url[SOURCE], DB_WRITE);
	/* For good: who describes tables does RESET it. */
	if (b == PG)
		tracking_run(m->app,
		    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET "
		    "search_path = tu_source', current_database()); END $$;"
		    "SET search_path = tu_source");
	m->db = tracking_connect(m->w.url[SOURCE], DB_READ);
	m->aside = tracking_connect(m->w.url[SOURCE], DB_READ);
	run_each(m, create);
	m->m.name = "changes x";
}

static void
mapped_close(struct mapped *m)
{
	if (m->w.brand[SOURCE] == PG)
		tracking_run(m->app, "DROP SCHEMA IF EXISTS audit CASCADE");
	db_close(m->aside);
	db_close(m->db);
	db_close(m->app);
	world_close(&m->w);
	arena_free(m->arena);
}

static enum status
find_source(struct mapped *m, struct err *err)
{
	static const char *const tables[] = { "t", NULL };
	struct selection sel = { .tables = tables, .hash = -1 };
	struct db *target = tracking_connect(m->w.url[TARGET], DB_READ);
	enum status st;

	if (m->w.brand[SOURCE] == PG) {
		sel.schema[SOURCE] = "tu_source";
		sel.schema[TARGET] = "tu_target";
	}
	if (plan_make(m->db, target, &sel, m->arena, &m->plan, err) ||
	    m->plan.npairs != 1)
		die("plan", err->msg);
	st = mapping_source(
	    m->arena, m->db, &m->plan.pairs[0], SOURCE, &m->m, &m->src, err);
	for (size_t i = 0; i < m->plan.pairs[0].nkeys; i++)
		m->types[i] = m->plan.pairs[0].cols[i].type;
	db_close(target);
	return st;
}

static enum status
read_once(struct mapped *m, const char **text, struct err *err)
{
	struct keyset keys, pending;
	struct change_reading got = { .whole = false };
	enum status st = reader_before(m->aside, m->arena, &m->src, err);

	if (st || m->db->drv->snapshot_begin(m->db, NULL, err))
		die("snapshot", err->msg);
	keyset_init(&keys, m->types, m->plan.pairs[0].nkeys, LIMIT);
	keyset_init(&pending, m->types, m->plan.pairs[0].nkeys, LIMIT);
	m->src.pending = &pending;
	st = reader_read(m->db, m->aside, m->arena, &m->src, NULL, m->position,
	    &keys, &got, err);
	m->db->drv->snapshot_end(m->db);
	m->position = got.position;
	m->blind = got.blind_to_deletes;
	m->pending =
	    got.pending_all ? "all" : tracking_keys(m->arena, &pending);
	*text = got.whole ? arena_printf(m->arena, "whole: %s", got.why)
	                  : tracking_keys(m->arena, &keys);
	keyset_release(&keys);
	keyset_release(&pending);
	return st;
}

/* --- presets -------------------------------------------------------------- */

#define TABLE "CREATE TABLE t (id int PRIMARY KEY, v varchar(9));;"
#define DATAJOIN(serial)                                                       \
	"CREATE TABLE t (order_id varchar(20) PRIMARY KEY, v int);;"           \
	"CREATE TABLE ds_change_outbox (id " serial ", object_database text, " \
	"object_table text, object_pk_attribute text, object_attribute text, " \
	"object_id text, object_value text, object_operation text, "           \
	"object_operation_command text, updated_by_server_id text, "           \
	"update_datetime timestamp NULL, updated_by_user_id text, "            \
	"object_id_old text, object_value_old text, note1 text, "              \
	"source_id integer);;"                                                 \
	"CREATE TABLE ds_program_parameter (id varchar(9), "                   \
	"fromoutboxpointer text);;"                                            \
	"INSERT INTO ds_program_parameter VALUES ('1000', '9');;"              \
	"INSERT INTO ds_change_outbox (id, object_table, object_id, "          \
	"update_datetime) VALUES (9, 't', 'a9', '2025-06-25 10:30:00'), "      \
	"(10, 't', 'a10', '2025-06-25 10:30:00')"
#define CHANGE(id, key, old)                                      \
	"INSERT INTO ds_change_outbox (id, object_table, "        \
	"object_pk_attribute, "                                   \
	"object_id, object_operation, object_operation_command, " \
	"update_datetime, object_id_old) VALUES (" id             \
	", 't', 'order_id', '" key                                \
	"', 'U', 'DROP TABLE t', '2025-06-25 10:31:00', '" old "')"
#define DATAJOIN_STEPS                                                         \
	{                                                                      \
		{ NULL, FIRST, "a10" }, /* by text '10' is below '9' */        \
		    { CHANGE("11", "b", "tbd") ";;" CHANGE("12", "b", "tbd"),  \
			    "b", "a10, b" },                                   \
		    { CHANGE("14", "d", "c"), "c, d", "a10, b, c, d" },        \
		    { CHANGE("13", "late", ""), "late",                        \
			    "a10, b, c, d, late" },                            \
		    { "UPDATE ds_program_parameter SET fromoutboxpointer = "   \
		      "'14';;INSERT INTO ds_change_outbox (id, object_table, " \
		      "object_id) VALUES (15, 'other', 'x')",                  \
			    "", "" },                                          \
		    { "DELETE FROM ds_change_outbox;;" CHANGE(                 \
			  "16", "z", "tbd"),                                   \
			    LAST_GONE, "z" },                                  \
		    { NULL, "", "z" },                                         \
	}

static const struct trial trials[] = {
	{ "datajoin", 1U << PG, DATAJOIN("serial"), { "preset", "datajoin" },
	    DATAJOIN_STEPS, false },
	{ "datajoin", 1U << MY, DATAJOIN("integer AUTO_INCREMENT PRIMARY KEY"),
	    { "preset", "datajoin" }, DATAJOIN_STEPS, false },
	{ "rhosocial", ALL_BRANDS,
	    TABLE "CREATE TABLE data_changes (id bigint PRIMARY KEY, "
		  "table_name varchar(99), operation varchar(10), record_id "
		  "int, created_at timestamp DEFAULT CURRENT_TIMESTAMP)",
	    { "preset", "rhosocial", "mark", "created_at" },
	    { { NULL, FIRST, NULL },
		{ "INSERT INTO data_changes VALUES (1, 't', 'UPDATE', 5, "
		  "'2025-01-01'), (2, 'x', 'UPDATE', 6, '2025-01-01'), (3, "
		  "'t', 'DELETE', -1, '2025-01-01')",
		    "-1, 5", NULL },
		{ "INSERT INTO data_changes VALUES (4, 'x', 'UPDATE', 7, "
		  "'2025-01-02')",
		    "", NULL },
		/* Our rows go, that of another table stays. */
		{ "DELETE FROM data_changes WHERE id < 4", "", NULL },
		{ "INSERT INTO data_changes VALUES (5, 't', 'UPDATE', NULL, "
		  "'2025-01-02')",
		    "whole: a key is NULL", NULL },
		{ "UPDATE data_changes SET created_at = '2025-01-03' WHERE id "
		  "= 5",
		    LAST_GONE, NULL } },
	    false },
	{ "outbox", ALL_BRANDS,
	    "CREATE TABLE t (id bigint PRIMARY KEY, v int);;"
	    "CREATE TABLE outbox (event_type varchar(40), payload text)",
	    { "preset", "outbox", "event", "Order%", "path", "order.id" },
	    { { NULL, FIRST, NULL },
		{ "INSERT INTO outbox VALUES ('OrderPaid', '{\"order\": "
		  "{\"id\": 9007199254740993}}'), ('UserGone', "
		  "'{\"id\": 1}'), ('OrderMade', '{\"order\": {\"id\": "
		  "\"12\"}}')",
		    "12, 9007199254740993", NULL },
		{ NULL, "12, 9007199254740993", NULL },
		{ "DELETE FROM outbox", "", NULL } },
	    false },
	{ "debezium-outbox", 1U << PG,
	    TABLE "CREATE TABLE outboxevent (id uuid, aggregatetype text, "
		  "aggregateid text, type text, payload jsonb, ts timestamptz "
		  "DEFAULT now())",
	    { "preset", "debezium-outbox", "object", "order" },
	    { { NULL, FIRST, NULL },
		{ "INSERT INTO outboxevent (aggregatetype, aggregateid) "
		  "VALUES ('order', '3'), ('user', 'x')",
		    "3", NULL },
		{ "DELETE FROM outboxevent",
		    "whole: the newest row is not there any more: rows were "
		    "deleted, or the database was restored",
		    NULL } },
	    false },
	{ "audit-trigger", 1U << PG,
	    TABLE "CREATE EXTENSION hstore;;CREATE SCHEMA audit;;"
		  "CREATE TABLE audit.logged_actions (event_id bigserial, "
		  "schema_name text, table_name text, transaction_id bigint "
		  "DEFAULT txid_current(), action text, row_data hstore, "
		  "changed_fields hstore)",
	    { "preset", "audit-trigger" },
	    { { NULL, FIRST, NULL },
		{ "INSERT INTO audit.logged_actions (schema_name, table_name, "
		  "action, row_data, changed_fields) VALUES ('tu_source', 't', "
		  "'I', 'id=>1', NULL), ('tu_source', 't', 'U', 'id=>2', "
		  "'id=>3'), ('tu_source', 't', 'U', 'id=>4', 'v=>x'), "
		  "('other', 't', 'D', 'id=>9', NULL)",
		    "1, 2, 3, 4", NULL },
		{ NULL, "", NULL },
		{ "INSERT INTO audit.logged_actions (schema_name, table_name, "
		  "action) VALUES ('tu_source', 't', 'T')",
		    "whole: it was truncated, or a change could not be "
		    "written down with its key",
		    NULL },
		{ "DELETE FROM audit.logged_actions",
		    "whole: changes that were not read have been cleaned, or "
		    "the database was restored",
		    NULL },
		{ NULL, "", NULL },
		{ "TRUNCATE audit.logged_actions", REPLACED, NULL } },
	    false },
	{ "updated_at", ALL_BRANDS,
	    "CREATE TABLE t (id int PRIMARY KEY, updated_at timestamp NULL)",
	    { "preset", "updated_at", "window", "1h" },
	    { { NULL, FIRST, NULL }, { NULL, "", NULL },
		{ "INSERT INTO t VALUES (1, '2025-01-01 10:00:00'), (2, "
		  "'2025-01-01 11:30:00')",
		    "1, 2", NULL },
		{ NULL, "2", NULL },
		{ "UPDATE t SET updated_at = '2025-01-02 10:00:00' WHERE id = "
		  "1",
		    "1, 2", NULL },
		/* Nobody knows when. */
		{ "INSERT INTO t VALUES (3, NULL)", "1, 3", NULL },
		/* What is yet to come does not hide what is now. */
		{ "INSERT INTO t VALUES (4, '2037-01-01 10:00:00')", "1, 3, 4",
		    NULL },
		{ "INSERT INTO t VALUES (5, CURRENT_TIMESTAMP)", "3, 4, 5",
		    NULL } },
	    true },
	{ "system-versioned", 1U << MY,
	    "CREATE TABLE t (id int PRIMARY KEY, v int) ENGINE=InnoDB WITH "
	    "SYSTEM VERSIONING;;"
	    "SET @@timestamp = UNIX_TIMESTAMP('2025-01-01 10:00:00')",
	    { "preset", "system-versioned" },
	    { { "INSERT INTO t VALUES (1, 1), (2, 2), (3, 3), (4, 4)", FIRST,
		  NULL },
		{ "SET @@timestamp = UNIX_TIMESTAMP('2025-01-02 10:00:00');;"
		  "INSERT INTO t VALUES (9, 9)",
		    "1, 2, 3, 4, 9", NULL },
		{ "SET @@timestamp = UNIX_TIMESTAMP('2025-01-03 10:00:00');;"
		  "UPDATE t SET id = 5 WHERE id = 1;;UPDATE t SET v = 0 WHERE "
		  "id = 2;;DELETE FROM t WHERE id = 3",
		    "1, 2, 3, 5, 9", NULL },
		{ NULL, "1, 2, 3, 5", NULL } },
	    false },
	{ "a number", ALL_BRANDS,
	    "CREATE TABLE t (id int PRIMARY KEY, version bigint)",
	    { "preset", "updated_at", "at", "version", "window", "10" },
	    { { "INSERT INTO t VALUES (1, 9007199254740990), (2, 5), (3, "
		"9007199254741000)",
		  FIRST, NULL },
		{ NULL, "1, 3", NULL },
		{ "UPDATE t SET version = 9007199254741001 WHERE id = 2",
		    "1, 2, 3", NULL },
		{ NULL, "2, 3", NULL } },
	    true },
	{ "synced", ALL_BRANDS,
	    "CREATE TABLE t (id int PRIMARY KEY, synced boolean)",
	    { "preset", "synced" },
	    { { "INSERT INTO t VALUES (1, true), (2, false), (3, NULL)", FIRST,
		  NULL },
		{ NULL, "2, 3", NULL },
		{ "UPDATE t SET synced = NOT synced", "1, 3", NULL } },
	    true },
	{ "none", 1U << LITE, TABLE "INSERT INTO t VALUES (1, 'x')",
	    { "reader", "none" },
	    { { NULL, FIRST, NULL }, { "DELETE FROM t", "", NULL } }, false },
};

static void
test_trial(const struct trial *t, enum brand b)
{
	const char *brand = brand_name(b);
	struct err err = ERR_INIT;
	struct mapped m;

	mapped_open(&m, b, t->create);
	for (size_t i = 0; t->fields[i] != NULL; i += 2)
		mapping_set(&m.m, t->fields[i], t->fields[i + 1]);
	ok(find_source(&m, &err) == TU_OK, "%s, %s: %s", brand, t->name,
	    err.msg);
	for (size_t i = 0; i < STEPS && t->steps[i].want != NULL; i++) {
		const struct step *s = &t->steps[i];
		const char *text = NULL;

		if (s->sql != NULL)
			run_each(&m, s->sql);
		ok(read_once(&m, &text, &err) == TU_OK, "%s, %s: %s", brand,
		    t->name, err.msg);
		is_str(text, s->want, "%s, %s: step %zu", brand, t->name, i);
		is_str(m.pending, s->pending != NULL ? s->pending : "",
		    "%s, %s: step %zu, pending", brand, t->name, i);
		is_int(m.blind, t->blind, "%s, %s: deletes", brand, t->name);
	}
	mapped_close(&m);
}

/* --- what is refused ------------------------------------------------------ */

static void
test_errors(void)
{
	static const struct {
		const char *create, *fields[FIELDS], *want;
	} cases[] = {
		{ TABLE "CREATE SEQUENCE s CACHE 20;;CREATE TABLE log (n "
			"bigint DEFAULT nextval('s'), k int);;ALTER SEQUENCE s "
			"OWNED BY log.n",
		    { "from", "log", "seq", "n", "key", "k" },
		    "[changes x]: the sequence of log has CACHE 20: its "
		    "numbers come out "
		    "of order, and changes would be missed" },
		{ TABLE "CREATE TABLE log (n int, k int)",
		    { "from", "log", "seq", "n", "key", "k", "pointer",
			"SELECT 'x'" },
		    "[changes x]: pointer: the query gives 'x', which is no "
		    "number" },
		{ TABLE "CREATE TABLE log (n int, k int)",
		    { "from", "log", "seq", "n", "key", "k", "pointer",
			"SELECT 1 WHERE false" },
		    "[changes x]: pointer: the query gives nothing, which is "
		    "no number" },
		{ TABLE "CREATE TABLE data_changes (id int, table_name text)",
		    { "preset", "rhosocial" },
		    "[changes x]: database: column \"record_id\" does not "
		    "exist" },
		{ TABLE "SELECT 1", { "from", "log", "key", "k" },
		    "[changes x]: database: relation \"log\" does not "
		    "exist" },
		{ TABLE "CREATE TABLE log (at text, k int)",
		    { "from", "log", "at", "at", "key", "k" },
		    "[changes x]: at: at is neither a time nor a number but "
		    "text" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = ERR_INIT;
		struct mapped m;
		const char *text;

		mapped_open(&m, PG, cases[i].create);
		for (size_t k = 0; k < FIELDS && cases[i].fields[k] != NULL;
		     k += 2)
			mapping_set(
			    &m.m, cases[i].fields[k], cases[i].fields[k + 1]);
		ok(find_source(&m, &err) == TU_OK, "a mapping: %s", err.msg);
		ok(read_once(&m, &text, &err) != TU_OK, "is not read");
		is_str(err.msg, cases[i].want, "and it says why");
		mapped_close(&m);
	}
}

/* A restored SQLite file, or one whose numbers began anew. */
static void
test_again(void)
{
	struct err err = ERR_INIT;
	const char *text;
	struct mapped m;

	mapped_open(&m, LITE, DATAJOIN("integer PRIMARY KEY"));
	mapping_set(&m.m, "preset", "datajoin");
	find_source(&m, &err);
	read_once(&m, &text, &err);
	run_each(&m, "DELETE FROM ds_change_outbox;;" CHANGE(
			 "10", "b", "tbd") ";;" CHANGE("11", "c", "tbd"));
	read_once(&m, &text, &err);
	is_str(text, LAST_GONE, "another row has the number");
	m.m.field[MAP_WHERE] = "object_id <> 'c'";
	find_source(&m, &err);
	read_once(&m, &text, &err);
	is_str(text, REPLACED, "another mapping");
	mapped_close(&m);
}

/* The numbers of other tables are none that are missing. */
static void
test_shared(enum brand b)
{
	struct err err = ERR_INIT;
	const char *text;
	struct mapped m;

	mapped_open(&m, b,
	    TABLE "CREATE TABLE data_changes (id int PRIMARY KEY, table_name "
		  "varchar(9), record_id int, at int);;"
		  "INSERT INTO data_changes VALUES (1, 'x', 1, 1), (2, 't', 1, "
		  "1), (3, 'x', 1, 1), (4, 'x', 1, 1)");
	mapping_set(&m.m, "preset", "rhosocial");
	mapping_set(&m.m, "mark", "at");
	ok(find_source(&m, &err) == TU_OK, "a log of several: %s", err.msg);
	read_once(&m, &text, &err);
	is_str(strrchr(m.position, '\t'), "\t-", "%s: nothing is missing",
	    brand_name(b));
	run_each(&m, "INSERT INTO data_changes VALUES (5, 'x', 1, 1), (7, 't', "
		     "2, 1), (8, 'x', 1, 1)");
	read_once(&m, &text, &err);
	is_str(text, "2", "%s: what is new", brand_name(b));
	ok(b == LITE || strstr(m.position, "\t6-6@") != NULL,
	    "%s: one is missing", brand_name(b));
	run_each(&m, "INSERT INTO data_changes VALUES (6, 't', 3, 1)");
	read_once(&m, &text, &err);
	is_str(text, b == LITE ? "" : "3", "%s: and comes", brand_name(b));
	mapped_close(&m);
}

static void
test_many(void)
{
	struct err err = ERR_INIT;
	const char *text;
	struct mapped m;

	mapped_open(&m, LITE,
	    "CREATE TABLE t (id integer PRIMARY KEY, synced);;"
	    "WITH RECURSIVE r (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM r "
	    "WHERE n < 9000) INSERT INTO t SELECT n, false FROM r");
	mapping_set(&m.m, "preset", "synced");
	ok(find_source(&m, &err) == TU_OK, "all rows: %s", err.msg);
	read_once(&m, &text, &err);
	read_once(&m, &text, &err);
	is_str(text, "whole: too many rows have changed", "are too many");
	mapped_close(&m);
}

/* A key that is a text in the log is what the table has. */
static void
test_types(enum brand b)
{
	static const struct {
		const char *create, *key;
	} cases[BRANDS] = {
		[LITE] = { "CREATE TABLE t (a INTEGER NOT NULL, b TEXT NOT "
			   "NULL, c REAL NOT NULL, PRIMARY KEY (a, b, c));;"
			   "CREATE TABLE log (k1 TEXT, k2 TEXT, k3 TEXT);;"
			   "INSERT INTO t VALUES (-7, '07', 2.5);;"
			   "INSERT INTO log VALUES ('-7', '07', '2.5')",
		    "k1, k2, k3" },
		[PG] = { "CREATE TABLE t (a date, b timestamptz, c bytea, d "
			 "numeric(9, 2), e char(5), f varchar(3), g bool, h "
			 "uuid, PRIMARY KEY (a, b, c, d, e, f, g, h));;"
			 "CREATE TABLE log (k1 text, k2 text, k3 text, k4 "
			 "text, k5 text, k6 text, k7 text, k8 text);;"
			 "INSERT INTO log VALUES ('2025-02-01', '2025-02-01 "
			 "09:00:00.5+09', '\\x00ff', '1.50', 'a', 'xyz', "
			 "'true', '00000000-0000-0000-0000-0000000000ab');;"
			 "INSERT INTO t SELECT k1::date, k2::timestamptz, "
			 "k3::bytea, k4::numeric, k5, k6, k7::bool, k8::uuid "
			 "FROM log",
		    "k1, k2, k3, k4, k5, k6, k7, k8" },
		[MY] = { "CREATE TABLE t (a DATE, b DATETIME(3), c "
			 "VARBINARY(9), d DECIMAL(9, 2), e CHAR(5), f "
			 "VARCHAR(9) CHARACTER SET latin1, g BIGINT UNSIGNED, "
			 "h TIME, i ENUM('x', 'y'), PRIMARY KEY (a, b, c, d, "
			 "e, "
			 "f, g, h, i)) ENGINE=InnoDB;;"
			 "CREATE TABLE log (k1 TEXT, k2 TEXT, k3 BLOB, k4 "
			 "TEXT, "
			 "k5 TEXT, k6 TEXT, k7 TEXT, k8 TEXT, k9 TEXT);;"
			 "INSERT INTO log VALUES ('2025-02-01', '2025-02-01 "
			 "09:00:00.5', x'00ff', '1.50', 'a', 'é', "
			 "'18446744073709551615', '-10:00:00', 'y');;"
			 "INSERT INTO t SELECT * FROM log",
		    "k1, k2, k3, k4, k5, k6, k7, k8, k9" },
	};
	struct err err = ERR_INIT;
	const char *log, *own;
	struct mapped m;

	mapped_open(&m, b, cases[b].create);
	mapping_set(&m.m, "from", "log");
	mapping_set(&m.m, "key", cases[b].key);
	ok(find_source(&m, &err) == TU_OK, "a key of texts: %s", err.msg);
	read_once(&m, &log, &err);
	ok(read_once(&m, &log, &err) == TU_OK, "%s: is read: %s", brand_name(b),
	    err.msg);
	m.m = (struct mapping){ .name = "changes x" };
	mapping_set(&m.m, "preset", "synced");
	mapping_set(&m.m, "where", "none");
	ok(find_source(&m, &err) == TU_OK, "the table: %s", err.msg);
	m.position = NULL;
	read_once(&m, &own, &err);
	read_once(&m, &own, &err);
	is_str(log, own, "%s: the same key", brand_name(b));
	ok(strstr(own, "whole") == NULL, "%s: %s", brand_name(b), own);
	mapped_close(&m);
}

/* How far a window goes back follows the transactions that are open. */
static void
test_open(void)
{
	struct err err = ERR_INIT;
	struct mapped m;
	struct db *late;

	mapped_open(&m, PG,
	    "CREATE TABLE t (id int PRIMARY KEY, updated_at timestamptz "
	    "DEFAULT now())");
	mapping_set(&m.m, "preset", "updated_at");
	ok(find_source(&m, &err) == TU_OK, "a window: %s", err.msg);
	late = tracking_connect(m.w.url[SOURCE], DB_WRITE);
	tracking_run(late, "BEGIN");
	tracking_run(late, "SELECT pg_sleep(1.1)");
	reader_before(m.aside, m.arena, &m.src, &err);
	ok(m.src.open >= 2 + WINDOW_SKEW, "back to its beginning");
	ok(m.src.open < WINDOW_SECONDS, "which is certain");
	tracking_run(late, "ROLLBACK");
	db_close(late);
	mapped_close(&m);
}

int
main(void)
{
	for (int b = 0; b < BRANDS; b++) {
		if (brand_available((enum brand)b)) {
			test_shared((enum brand)b);
			test_types((enum brand)b);
		}
		for (size_t i = 0; i < ARRAY_LEN(trials); i++)
			if (brand_available((enum brand)b) &&
			    (trials[i].brands & 1U << b))
				test_trial(&trials[i], (enum brand)b);
	}
	if (brand_available(PG)) {
		test_errors();
		test_open();
	}
	test_again();
	test_many();
	return tap_done();
}
