/*
 * What is MariaDB's own behind ODBC; the rest is tests/db/conformance. The
 * server is TRUEUP_MARIADB, which names a database that is this program's own;
 * another, with _2 behind its name, and two users are made and dropped.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/db.h"
#include "db/dialect-mysql.h"
#include "lib/tap.h"

static const char *const ddl[] = {
	"CREATE TABLE types (id bigint unsigned AUTO_INCREMENT PRIMARY KEY,"
	" n decimal(10,2) unsigned, z smallint(5) zerofill, v varchar(5),"
	" c char(3) COLLATE utf8mb4_bin, b bit(4), t3 time(3), ts datetime,"
	" tz timestamp(2) NOT NULL DEFAULT current_timestamp(2)"
	"  ON UPDATE current_timestamp(2),"
	" tb text COLLATE utf8mb4_bin, tn text COLLATE utf8mb4_nopad_bin,"
	" t3b text CHARACTER SET utf8mb3 COLLATE utf8mb3_bin,"
	" ta text CHARACTER SET ascii COLLATE ascii_bin,"
	" tl text CHARACTER SET latin1 COLLATE latin1_bin,"
	" tu text CHARACTER SET ucs2 COLLATE ucs2_bin,"
	" tc text COLLATE utf8mb4_general_ci, lt longtext, lb longblob,"
	" e enum('b','a') COLLATE utf8mb4_nopad_bin, s set('b','a'),"
	" j json, `j``k` json, nj longtext CHECK (length(nj) > 0),"
	" g point, ip inet4, gen int AS (n + 1) PERSISTENT, hid int INVISIBLE,"
	" UNIQUE u2 (v, c), UNIQUE u1 (z), UNIQUE prefix (tb(5)))",
	"CREATE TABLE myisam (id int PRIMARY KEY, x int) ENGINE = MyISAM",
	"INSERT INTO myisam VALUES (1, 1)",
	"CREATE TABLE past (id int PRIMARY KEY, x int) WITH SYSTEM VERSIONING",
	"INSERT INTO past VALUES (1, 1), (2, 2)",
	"UPDATE past SET x = 3",
	"DELETE FROM past WHERE id = 2",
	"CREATE SEQUENCE numbers",
	"CREATE TABLE parent (id int PRIMARY KEY)",
	"CREATE TABLE child (id int PRIMARY KEY, a int, b int,"
	" FOREIGN KEY fa (a) REFERENCES parent (id) ON DELETE SET NULL,"
	" FOREIGN KEY fb (b) REFERENCES %s_2.elsewhere (id))",
	"CREATE TRIGGER two BEFORE INSERT ON child FOR EACH ROW SET @a = 1",
	"CREATE TRIGGER one BEFORE DELETE ON child FOR EACH ROW SET @a = 1",
	"CREATE TABLE secret (id int PRIMARY KEY, x int, y int)",
	"CREATE TABLE shown (id int PRIMARY KEY, x int, y int, j json)",
	"CREATE TABLE odd (e enum('a'), x int)",
	"INSERT IGNORE INTO odd VALUES ('nonsense', 1)",
	"CREATE TABLE big (id int PRIMARY KEY, t longtext, u longtext)",
	"INSERT INTO big VALUES (1, REPEAT('t', 10000000),"
	" REPEAT('u', 10000000))",
	"CREATE TABLE many (id int PRIMARY KEY, t text)",
	"INSERT INTO many SELECT seq, REPEAT('x', 1000)"
	" FROM seq_1_to_50000",
	"CREATE USER trueup_my_driver IDENTIFIED BY 'hunter2'",
	"GRANT INSERT, DELETE ON %s.secret TO trueup_my_driver",
	"GRANT SELECT (id, x) ON %s.shown TO trueup_my_driver",
	"GRANT SELECT ON %s.types TO trueup_my_driver",
};

static const char *url, *name;
static struct db *rd, *wr;
static struct arena *arena;
static struct err err;

static void
must(enum status st, const char *what)
{
	if (st == TU_OK)
		return;
	ok(false, "%s: %s (%s)", what, err.msg, err.sqlstate);
	exit(tap_done());
}

/* Every %s is the name of our database. */
static const char *
named(const char *sql)
{
	struct buf b = BUF_INIT;
	const char *result;

	for (; *sql != '\0'; sql++) {
		if (strncmp(sql, "%s", 2) == 0)
			buf_adds(&b, (sql++, name));
		else
			buf_addc(&b, *sql);
	}
	result = arena_strdup(arena, buf_str(&b));
	buf_free(&b);
	return result;
}

static void
run(struct db *db, const char *sql)
{
	sql = named(sql);
	must(db_exec(db, sql, NULL, &err), sql);
}

static int64_t
number(struct db *db, const char *sql)
{
	struct cell c = cell_int(-1);
	bool found;

	must(db_one(db, sql, &db_int_column, arena, &c, &found, &err), sql);
	return c.u.i;
}

static const char *
text(struct db *db, const char *sql)
{
	struct cell c = cell_null();
	bool found;

	must(db_one(db, sql, &db_text_column, arena, &c, &found, &err), sql);
	return c.kind == CELL_TEXT ? arena_memdup(arena, c.u.p, c.len) : NULL;
}

/* NULL: not listed. */
static struct table *
listed(struct db *db, const char *table)
{
	struct table_list list;

	must(db->drv->list(db, arena, &list, &err), "list");
	for (size_t i = 0; i < list.n; i++)
		if (strcmp(list.tables[i].name, table) == 0)
			return &list.tables[i];
	return NULL;
}

static struct table *
described(struct db *db, const char *table)
{
	struct table *t = listed(db, table);

	if (t == NULL)
		must(err_set(&err, TU_EBUG, "not listed"), table);
	must(db->drv->describe(db, arena, t, &err), table);
	return t;
}

static const struct column *
find(const struct table *t, const char *column)
{
	int i = table_find_column(t, column);

	if (i < 0)
		must(err_set(&err, TU_EBUG, "no column %s", column), t->name);
	return &t->columns[i];
}

/* TRUEUP_MARIADB with another user, another database ("" for none). */
static const char *
url_of(const char *user, const char *database)
{
	const char *host = strchr(url, '@') + 1;
	size_t n = strcspn(host, "/");

	return arena_printf(
	    arena, "mariadb://%s@%.*s/%s", user, (int)n, host, database);
}

/* --- sessions ------------------------------------------------------------- */

static void
check_names(void)
{
	struct db *db = NULL;
	enum status st;

	st = db_open(url_of("trueup_my_driver:tiger", name), DB_READ, "source",
	    &db, &err);
	ok(st == TU_ECONNECT && db == NULL && strstr(err.msg, "tiger") == NULL,
	    "a wrong password: %s", err.msg);
	ok(strncmp(rd->version, "MariaDB 1", 9) == 0 && rd->fold,
	    "%s, %s, hashes there", rd->display, rd->version);
	must(db_open(url_of("trueup_my_driver:hunter2", name), DB_READ,
		 "source", &db, &err),
	    "with a password");
	ok(strstr(db->display, "hunter2") == NULL, "none in '%s'", db->display);
	db_close(db);
}

static void
check_session(struct db *db, const char *isolation, int read_only)
{
	is_str(text(db, "SELECT @@sql_mode"),
	    "NO_AUTO_VALUE_ON_ZERO,STRICT_ALL_TABLES,ALLOW_INVALID_DATES,"
	    "NO_ENGINE_SUBSTITUTION",
	    "sql_mode");
	is_str(text(db, "SELECT @@tx_isolation"), isolation, "isolation");
	is_int(number(db, "SELECT @@tx_read_only"), read_only, "read only");
	is_str(text(db, "SELECT CONCAT(@@time_zone, @@character_set_client,"
			" @@character_set_results, @@collation_connection)"),
	    "+00:00utf8mb4utf8mb4utf8mb4_general_ci", "zone and charset");
	is_int(number(db, "SELECT @@autocommit = 1 AND @@sql_auto_is_null = 0"
			  " AND @@completion_type = 'NO_CHAIN'"
			  " AND @@sql_big_selects = 1"
			  " AND @@sql_safe_updates = 0"
			  " AND @@max_statement_time = 0"
			  " AND @@idle_transaction_timeout = 0"
			  " AND @@max_sort_length >= 65536"
			  " AND @@sort_buffer_size >= 16 * @@max_sort_length"
			  " AND @@net_write_timeout >= 3600"
			  " AND @@wait_timeout >= 28800"
			  " AND @@foreign_key_checks = 1"
			  " AND @@unique_checks = 1"),
	    1, "the rest");
}

/* Without a database in the URL all are there, and named. */
static void
check_schemas(void)
{
	struct db *db;
	struct table_list list;
	size_t ours = 0, system = 0;
	struct table *t = NULL;

	ok(!rd->schemas && listed(rd, "child")->schema == NULL, "one database");
	is_str(listed(rd, "child")->from, "`child`", "its tables' names");
	must(db_open(url_of("trueup", ""), DB_READ, "source", &db, &err),
	    "without a database");
	ok(db->schemas, "has schemas");
	must(db->drv->list(db, arena, &list, &err), "list");
	for (size_t i = 0; i < list.n; i++) {
		const char *schema = list.tables[i].schema;

		ours += strcmp(schema, name) == 0;
		system += strcmp(schema, "mysql") == 0 ||
		          strcmp(schema, "sys") == 0 ||
		          strstr(schema, "_schema") != NULL;
		if (strcmp(schema, name) == 0 &&
		    strcmp(list.tables[i].name, "child") == 0)
			t = &list.tables[i];
	}
	is_int((long long)system, 0, "none of the system's");
	must(rd->drv->list(rd, arena, &list, &err), "list");
	is_int((long long)ours, (long long)list.n, "and ours");
	if (ok(t != NULL, "with schemas")) {
		is_str(t->from, named("`%s`.`child`"), "a full name");
		must(db->drv->describe(db, arena, t, &err), "describe");
		ok(t->ncolumns == 3 && t->nkeys == 1 && t->nfkeys == 2 &&
			t->ntriggers == 2,
		    "described");
		ok(t->fkeys[0].ref_schema == NULL &&
			strcmp(t->fkeys[1].ref_schema, named("%s_2")) == 0,
		    "what it refers to");
	}
	db_close(db);
}

/* --- catalog -------------------------------------------------------------- */

static bool
has(const struct table *t, const char *column, int flags)
{
	return (find(t, column)->wire & flags) == flags;
}

static void
check_columns(const struct table *t)
{
	const struct column *c = find(t, "n");

	ok(c->precision == 10 && c->scale == 2 && has(t, "n", MY_UNSIGNED),
	    "decimal(10,2) unsigned");
	ok(my_wire(find(t, "id")) == MY_UBIGINT && !find(t, "id")->integer &&
		find(t, "id")->sequence == NULL && find(t, "id")->notnull,
	    "bigint unsigned AUTO_INCREMENT");
	ok(find(t, "z")->integer && has(t, "z", MY_ZEROFILL | MY_UNSIGNED),
	    "zerofill");
	is_int(find(t, "v")->maxlen, 5, "varchar(5)");
	is_int(find(t, "c")->maxlen, 3, "char(3)");
	is_int(find(t, "b")->maxlen, 4, "bit(4)");
	is_int(find(t, "t3")->frac, 3, "time(3)");
	is_int(find(t, "ts")->frac, 0, "datetime");
	is_int(find(t, "tz")->frac, 2, "timestamp(2)");
	ok(find(t, "tz")->auto_update && !find(t, "ts")->auto_update,
	    "ON UPDATE");
	ok(find(t, "gen")->generated && !find(t, "n")->generated, "generated");
	ok(find(t, "hid") != NULL, "an invisible column");
	is_int(find(t, "j")->ltype, LT_JSON, "json");
	is_int(find(t, "j`k")->ltype, LT_JSON, "json with an odd name");
	is_int(find(t, "nj")->ltype, LT_TEXT, "a text with another check");
	is_int(find(t, "g")->ltype, LT_BYTES, "a point");
	is_int(find(t, "ip")->ltype, LT_OTHER, "inet4");
	ok(has(t, "lt", MY_LONG) && has(t, "lb", MY_LONG) &&
		!has(t, "tb", MY_LONG) && !has(t, "v", MY_LONG),
	    "what can be longer than a packet");
	ok(!has(t, "n", MY_ORACLE), "MariaDB");
}

static void
check_collations(const struct table *t)
{
	static const struct {
		const char *column;
		bool utf8, bytewise, pad, exact;
	} want[] = {
		{ "tn", true, true, false, true },
		{ "tb", true, true, true, false },
		{ "t3b", true, true, true, false },
		{ "ta", true, true, true, false },
		{ "c", true, true, true, false },
		{ "tl", false, false, false, false },
		{ "tu", false, false, false, false },
		{ "tc", true, false, false, false },
		{ "e", true, false, false, true },
	};

	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		const struct column *c = find(t, want[i].column);

		ok(((c->wire & MY_UTF8) != 0) == want[i].utf8 &&
			c->bytewise == want[i].bytewise &&
			c->pad_space == want[i].pad &&
			((c->wire & MY_EXACT) != 0) == want[i].exact,
		    "%s of %s", c->name, c->collation);
	}
	ok(has(t, "e", MY_ENUM) && has(t, "s", MY_ENUM) &&
		!has(t, "v", MY_ENUM),
	    "enum and set");
}

static void
check_catalog(void)
{
	struct table *t = described(rd, "types");

	check_columns(t);
	check_collations(t);
	ok(t->nkeys == 3 && t->keys[0].primary && t->keys[0].notnull &&
		strcmp(t->keys[1].name, "u1") == 0 && !t->keys[1].notnull &&
		t->keys[2].ncols == 2,
	    "keys by name, none over a prefix");
	ok(t->caveat == NULL && t->rows >= 0 && t->bytes > 0, "sizes");
	t = described(rd, "myisam");
	ok(t->caveat != NULL && strstr(t->caveat, "MyISAM has no snapshots"),
	    "MyISAM: %s", t->caveat);
	t = described(rd, "past");
	ok(t->ncolumns == 2 && t->writable, "a table with history");
	is_int(number(rd, "SELECT COUNT(*) FROM past"), 1, "has current rows");
	ok(listed(rd, "numbers") == NULL, "a sequence is not listed");
	t = described(rd, "child");
	ok(t->nfkeys == 2 && t->fkeys[0].ref_schema == NULL &&
		strcmp(t->fkeys[0].on_delete, "SET NULL") == 0 &&
		strcmp(t->fkeys[1].ref_schema, named("%s_2")) == 0 &&
		strcmp(t->fkeys[1].ref_table, "elsewhere") == 0,
	    "foreign keys");
	ok(t->ntriggers == 2 && strcmp(t->triggers[0], "one") == 0, "triggers");
}

static void
check_query(void)
{
	struct table q;
	const struct column *c;

	must(rd->drv->describe_query(rd, arena,
		 "SELECT id, n, n + n AS nn, tn, tc, tl, e, CONCAT(tn, '') AS"
		 " x, b, t3, tz, lb, z, 1.5e0 AS d, NULL AS nil, j, ip, c"
		 " FROM types -- all\n; ",
		 &q, &err),
	    "describe a query");
	c = q.columns;
	is_int((long long)q.ncolumns, 18, "columns");
	ok(my_wire(&c[0]) == MY_UBIGINT && (c[0].wire & MY_UNSIGNED),
	    "unsigned bigint: %s", c[0].type);
	ok(c[1].precision == 10 && c[1].scale == 2, "%s", c[1].type);
	ok(c[2].precision == 11 && c[2].scale == 2, "%s", c[2].type);
	ok(c[3].bytewise && (c[3].wire & MY_EXACT) && !c[4].bytewise,
	    "collations: %s, %s", c[3].collation, c[4].collation);
	ok((c[3].wire & MY_UTF8) && !(c[5].wire & MY_UTF8),
	    "character sets: %s", c[5].collation);
	ok(!c[6].bytewise, "an enum is not trusted");
	ok(c[7].bytewise, "of an expression: %s", c[7].collation);
	ok(c[8].ltype == LT_BITS && c[8].maxlen == 4, "%s", c[8].type);
	ok(c[9].ltype == LT_TIME && c[9].frac == 3, "%s", c[9].type);
	ok(c[10].ltype == LT_TSTZ && c[10].frac == 2, "%s", c[10].type);
	ok(c[11].ltype == LT_BYTES && (c[11].wire & MY_LONG), "%s", c[11].type);
	ok(c[12].integer && c[13].ltype == LT_F8 && c[14].ltype == LT_TEXT &&
		!c[17].bytewise,
	    "others");
	is_int(
	    number(rd, arena_printf(arena, "SELECT COUNT(*) FROM %s", q.from)),
	    0, "and it can be read");
	must(rd->drv->describe_query(rd, arena,
		 "SELECT BENCHMARK(2000000000, MD5('x')) AS n, COUNT(*) AS m,"
		 " CONCAT(id, t) AS c FROM many GROUP BY 3",
		 &q, &err),
	    "a query that would take long");
	ok(q.ncolumns == 3 && q.columns[2].collation != NULL, "is not run");
	is_int(rd->drv->describe_query(
		   rd, arena, "SELECT 1 AS a, 2 AS a", &q, &err),
	    TU_EQUERY, "two columns of one name: %s", err.msg);
}

/* --- privileges ----------------------------------------------------------- */

static void
check_privileges(void)
{
	struct db *db;
	struct table *t;

	must(db_open(url_of("trueup_my_driver:hunter2", name), DB_READ,
		 "source", &db, &err),
	    "another user");
	ok(listed(db, "child") == NULL, "a table without any right is unknown");
	t = listed(db, "secret");
	if (ok(t != NULL, "a table that cannot be read is listed"))
		ok(db->drv->describe(db, arena, t, &err) == TU_ESCHEMA &&
			strstr(err.msg, "secret") && strstr(err.msg, "denied"),
		    "but not described: %s", err.msg);
	t = listed(db, "shown");
	if (ok(t != NULL, "one with hidden columns, too"))
		ok(db->drv->describe(db, arena, t, &err) == TU_ESCHEMA &&
			strstr(err.msg, "shown") && strstr(err.msg, "denied"),
		    "nor is that: %s", err.msg);
	is_int(find(described(db, "types"), "j")->ltype, LT_JSON,
	    "json, for who may only read");
	db_close(db);
}

/* --- snapshots ------------------------------------------------------------ */

static uint64_t
version(const struct table *t)
{
	uint64_t v = 0;

	must(rd->drv->table_version(rd, t, &v, &err), "version");
	return v;
}

/*
 * A change between the snapshot and the first read. Of rows: they are those of
 * the snapshot. Of the table: an error, or another version.
 */
static void
check_change(const char *change, const char *table, bool only_rows)
{
	const char *count =
	    arena_printf(arena, "SELECT COUNT(*) FROM %s", table);
	struct table *t;
	uint64_t before;
	struct cell c = cell_int(-1);
	bool found;
	enum status st;

	run(wr, "CREATE TABLE s (id int PRIMARY KEY, x int)");
	run(wr, "CREATE TABLE s2 (id int PRIMARY KEY, x bigint)");
	run(wr, "INSERT INTO s VALUES (1, 1), (2, 2)");
	run(wr, "CREATE TABLE p (id int PRIMARY KEY) PARTITION BY RANGE (id)"
		" (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES"
		" LESS THAN (20))");
	run(wr, "CREATE TABLE p2 (id int PRIMARY KEY)");
	run(wr, "INSERT INTO p VALUES (1), (2), (11)");
	must(rd->drv->snapshot_begin(rd, NULL, &err), "snapshot");
	t = described(rd, table);
	before = version(t);
	run(wr, change);
	st = db_one(rd, count, &db_int_column, arena, &c, &found, &err);
	if (only_rows)
		ok(st == TU_OK && c.u.i == 2 && version(t) == before,
		    "%s: the rows of the snapshot", change);
	else if (st == TU_OK)
		ok(version(t) != before, "%s: another version", change);
	else
		ok(st == TU_EQUERY &&
			strstr(err.msg, "definition has changed") != NULL &&
			err.hint[0] != '\0',
		    "%s: %s; %s", change, err.msg, err.hint);
	rd->drv->snapshot_end(rd);
	run(wr, "DROP TABLE IF EXISTS s, s2, s3, p, p2");
}

static void
check_changes(void)
{
	static const char *const changes[] = {
		"INSERT INTO s VALUES (3, 3)",
		"DELETE FROM s",
		"TRUNCATE s",
		"TRUNCATE s;\nINSERT INTO s VALUES (9, 9)",
		"DROP TABLE s;\nCREATE TABLE s (id int PRIMARY KEY, x int)",
		("CREATE OR REPLACE TABLE s (id int PRIMARY KEY, x int)"
		 " ENGINE = MyISAM"),
		"ALTER TABLE s ADD COLUMN y int",
		"ALTER TABLE s ADD COLUMN y int, ALGORITHM = COPY",
		"ALTER TABLE s DROP COLUMN x",
		"ALTER TABLE s RENAME COLUMN x TO y",
		"ALTER TABLE s MODIFY x bigint",
		"ALTER TABLE s MODIFY x int INVISIBLE",
		"ALTER TABLE s ENGINE = MyISAM",
		"RENAME TABLE s TO s3, s2 TO s",
		"RENAME TABLE s TO s3, twin TO s",
	};
	static const char *const partitions[] = {
		"ALTER TABLE p TRUNCATE PARTITION p0",
		"ALTER TABLE p DROP PARTITION p0",
		"ALTER TABLE p EXCHANGE PARTITION p0 WITH TABLE p2",
		"TRUNCATE p",
	};

	/* Another second of its creation is all that tells it from s. */
	run(wr, "CREATE TABLE twin (id int PRIMARY KEY, x int)");
	run(wr, "DO SLEEP(1.1)");
	for (size_t i = 0; i < ARRAY_LEN(changes); i++)
		check_change(changes[i], "s", i < 2);
	for (size_t i = 0; i < ARRAY_LEN(partitions); i++)
		check_change(partitions[i], "p", false);
}

static void
check_snapshot(void)
{
	must(rd->drv->snapshot_begin(rd, NULL, &err), "snapshot");
	run(wr, "INSERT INTO myisam VALUES (2, 2)");
	run(wr, "INSERT INTO past VALUES (3, 3)");
	is_int(number(rd, "SELECT COUNT(*) FROM past"), 1,
	    "history: the snapshot stands before its first read");
	is_int(number(rd, "SELECT COUNT(*) FROM myisam"), 2,
	    "MyISAM has none, as its caveat says");
	ok(db_exec(rd, "SELECT nothing", NULL, &err) == TU_EQUERY &&
		db_exec(rd, "DELETE FROM past", NULL, &err) == TU_EQUERY &&
		strcmp(err.sqlstate, "25006") == 0,
	    "failures, a write: %s", err.msg);
	is_int(number(rd, "SELECT COUNT(*) FROM past"), 1,
	    "do not end the snapshot");
	rd->drv->snapshot_end(rd);
	is_int(number(rd, "SELECT COUNT(*) FROM past"), 2, "it ends");
	must(rd->drv->snapshot_begin(rd, NULL, &err), "again");
	rd->drv->snapshot_end(rd);
	rd->drv->snapshot_end(rd);
	is_int(number(rd, "SELECT @@in_transaction"), 0, "no transaction left");
}

/* A guard sees what another session has committed. */
static void
check_write(void)
{
	uint64_t n = 0;
	struct db *other;

	must(db_open(url, DB_WRITE, "target", &other, &err), "a writer");
	run(other, other->dialect->write_begin);
	is_int(number(other, "SELECT COUNT(*) FROM past"), 2, "before");
	run(wr, "UPDATE past SET x = 10 WHERE id = 1");
	must(db_exec(other, "UPDATE past SET x = 11 WHERE id = 1 AND x = 3", &n,
		 &err),
	    "update");
	is_int((long long)n, 0, "a row changed meanwhile is not overwritten");
	must(db_exec(other, "UPDATE past SET x = 11 WHERE id = 1 AND x = 10",
		 &n, &err),
	    "update");
	is_int((long long)n, 1, "the row as it is now");
	run(other, "ROLLBACK");
	is_int(number(other, "SELECT x FROM past WHERE id = 1"), 10,
	    "rolled back");
	is_int(number(other, "SELECT @@in_transaction"), 0, "and ended");
	db_close(other);
}

/* --- values --------------------------------------------------------------- */

static void
check_values(void)
{
	const struct table *t = described(rd, "odd");
	const struct column *cols[] = { find(t, "e"), NULL, &db_int_column };
	struct db_scan scan = {
		.sql = "SELECT e, x, 7 FROM odd", .columns = cols, .ncolumns = 3
	};
	struct cursor *cur;
	const struct row *row;

	must(db_scan(rd, &scan, &cur, &err), "scan");
	must(db_next(cur, &row, &err), "row");
	ok(row->cells[0].kind == CELL_TEXT && row->cells[0].len == 0,
	    "an enum's error value is ''");
	ok(row->cells[1].kind == CELL_INT && row->cells[1].u.i == 1,
	    "a column that nobody described");
	db_cursor_close(cur);
}

/* Two values that fit a packet each, their row does not. */
static void
check_packet(void)
{
	const struct table *t = described(rd, "big");
	const struct column *cols[] = { find(t, "t"), find(t, "u") };
	struct column longer[] = { *cols[0], *cols[1] };
	const struct column *shorter[] = { &longer[0], &longer[1] };
	struct db_scan scan = {
		.sql = "SELECT t, u FROM big", .columns = cols, .ncolumns = 2
	};
	struct vtype types[] = { { .type = LT_TEXT }, { .type = LT_TEXT } };
	struct buf hash = BUF_INIT, sql = BUF_INIT;
	const struct column *key[] = { find(t, "id") };
	struct sql_range all = { .ncols = 1, .columns = key };
	const struct column *fold[] = { &db_int_column, &db_int_column,
		&db_text_column, &db_text_column };
	struct db_scan sums = { .columns = fold, .ncolumns = 4 };
	struct cursor *cur;
	const struct row *row;

	must(db_scan(rd, &scan, &cur, &err), "scan");
	must(db_next(cur, &row, &err), "row");
	ok(row->cells[0].len == 10000000 && row->cells[1].len == 10000000,
	    "a row longer than a packet");
	db_cursor_close(cur);
	ok(!rd->dialect->canon_expr(&hash, cols[0], types),
	    "a text that can be too long is not hashed there");
	longer[0].wire &= ~MY_LONG;
	longer[1].wire &= ~MY_LONG;
	rd->dialect->hash_expr(&hash, shorter, types, 2, HASH_MD5);
	rd->dialect->fold_ranges(&sql, t, buf_str(&hash), &all, 1);
	sums.sql = buf_str(&sql);
	must(db_scan(rd, &sums, &cur, &err), "fold");
	must(db_next(cur, &row, &err), "row");
	ok(row != NULL && row->cells[1].u.i == -1,
	    "and where it is, no hash is not taken for one");
	db_cursor_close(cur);
	buf_free(&hash);
	buf_free(&sql);
}

/* --- a lost connection ---------------------------------------------------- */

static void
check_lost(void)
{
	const struct column *cols[] = { &db_int_column, &db_text_column };
	struct db_scan scan = {
		.sql = "SELECT id, t FROM many", .columns = cols, .ncolumns = 2
	};
	struct cursor *cur;
	const struct row *row;
	struct db *db;
	size_t n = 0;
	enum status st;

	must(db_open(url, DB_READ, "source", &db, &err), "another session");
	run(wr, arena_printf(arena, "KILL %lld",
		    (long long)number(db, "SELECT CONNECTION_ID()")));
	st = db_scan(db, &scan, &cur, &err);
	ok(st == TU_ECONNECT, "a connection that was ended: %s", err.msg);
	db_close(db);

	must(db_open(url, DB_READ, "source", &db, &err), "another session");
	scan.sql = arena_printf(arena, "%s WHERE id > 0", scan.sql);
	n = (size_t)number(db, "SELECT CONNECTION_ID()");
	must(db_scan(db, &scan, &cur, &err), "scan");
	must(db_next(cur, &row, &err), "first row");
	run(wr, arena_printf(arena, "KILL %zu", n));
	for (n = 1; (st = db_next(cur, &row, &err)) == TU_OK && row != NULL;)
		n++;
	ok(n == 50000 || st != TU_OK, "ended half way: %zu rows, then %s", n,
	    st != TU_OK ? err.msg : "the end");
	db_cursor_close(cur);
	db_close(db);
}

/* --- the text of a patch -------------------------------------------------- */

static void
check_patch(void)
{
	const struct dialect *d = &dialect_mysql;

	/* The driver refuses the first line, SET NAMES; a client does not. */
	run(wr, strchr(d->patch_begin, '\n') + 1);
	run(wr, "DELETE FROM past");
	run(wr, d->patch_commit);
	is_int(number(wr, "SELECT COUNT(*) FROM past"), 0, "a patch runs");
}

int
main(void)
{
	url = getenv("TRUEUP_MARIADB");
	if (!ok(url != NULL && strchr(url, '@') && strrchr(url, '/')[1],
		"TRUEUP_MARIADB names a database"))
		return tap_done();
	arena = arena_new(1 << 16);
	name = strrchr(url, '/') + 1;
	must(db_open(url, DB_WRITE, "target", &wr, &err), "open");
	run(wr, "CREATE OR REPLACE DATABASE %s_2");
	run(wr, "CREATE TABLE %s_2.elsewhere (id int PRIMARY KEY)");
	run(wr, "DROP USER IF EXISTS trueup_my_driver");
	for (size_t i = 0; i < ARRAY_LEN(ddl); i++)
		run(wr, ddl[i]);
	must(db_open(url, DB_READ, "source", &rd, &err), "open");
	check_names();
	check_session(rd, "REPEATABLE-READ", 1);
	check_session(wr, "READ-COMMITTED", 0);
	check_schemas();
	check_catalog();
	check_query();
	check_privileges();
	check_changes();
	check_snapshot();
	check_write();
	check_values();
	check_packet();
	check_lost();
	check_patch();
	db_close(rd);
	run(wr, "DROP TABLE child");
	run(wr, "DROP DATABASE %s_2");
	run(wr, "DROP USER trueup_my_driver");
	db_close(wr);
	arena_free(arena);
	return tap_done();
}
