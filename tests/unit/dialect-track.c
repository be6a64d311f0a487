/*
 * The SQL of change tables as text: what it quotes, how it ends, and what
 * brands that no server is at hand for are given.
 */
#include <config.h>

#include <string.h>

#include "db/dialect-mysql.h"
#include "db/dialect-pg.h"
#include "db/dialect-track.h"
#include "lib/tap.h"

static struct buf out;

static struct buf *
fresh(void)
{
	buf_reset(&out);
	return &out;
}

static bool
has(const char *part)
{
	return strstr(buf_str(&out), part) != NULL;
}

/* Every line is one statement. */
static bool
is_script(void)
{
	const char *s = buf_str(&out);

	for (const char *end; *s != '\0'; s = end + 2) {
		end = strstr(s, ";\n");
		if (end == NULL || memchr(s, '\n', (size_t)(end - s)) != NULL)
			return false;
	}
	return true;
}

static const struct column key_a = {
	.name = "k\"`'a", .type = "int", .wire = PG_INT4
};
static const struct column key_b = { .name = "b",
	.type = "varchar(9)",
	.collation = "latin1_swedish_ci",
	.wire = PG_VARCHAR };
static const struct column *const keys[] = { &key_a, &key_b };
static const struct table table = { .schema = "S'", .name = "t\"`'", .oid = 9 };
static const struct table plain = { .name = "t\"`'" };

static void
test_postgresql(void)
{
	const struct track_sql *sql = dialect_postgresql.track;
	const struct tracked t = { 7, &table, 2, keys, 0, NULL };

	sql->install(fresh(), &t);
	ok(is_script(), "PostgreSQL: statements");
	ok(has("ON \"S'\".\"t\"\"`'\" FOR EACH ROW"), "the table is quoted");
	ok(has("v1 := NEW.\"k\"\"`''a\";"), "a column in a body, too");
	ok(has("k1 integer, k2 varchar, run"), "types without lengths");
	ok(has("ENABLE ALWAYS TRIGGER trueup_k_7;"), "triggers fire always");
	ok(!has("pg_catalog.pg_catalog"), "no name is qualified twice");
	sql->state(fresh(), &t);
	ok(has("= 9") && has("_7$'") && has("'k\"`''a'"), "its state");
	sql->ack(fresh(), "e'ast", 7, "1:2:");
	ok(is_script() && has("('e''ast', 7, '1:2:')"), "a consumer");
	sql->raise(fresh(), 7, 60);
	ok(is_script() && has("interval '60 s'"), "cleaning");
	sql->tag(fresh(), "ab");
	is_str(buf_str(&out), "SET LOCAL trueup.run = 'ab'",
	    "a name for one transaction");
	sql->tag(fresh(), NULL);
	is_str(buf_str(&out), "", "which ends by itself");
}

static void
test_mysql(void)
{
	static const char *const a = "a", *const b = "b";
	const struct track_step steps[] = { { "t\"`'", "p", 1, &b, &a },
		{ "p", "g", 1, &b, &a } };
	const struct track_route routes[] = { { 1, steps, false },
		{ 2, steps, false }, { 2, steps, true } };
	const struct track_sql *sql = dialect_mysql.track;
	const struct tracked t = { 7, &plain, 2, keys, 3, routes };
	struct column oracle = key_a;
	const struct column *const oracle_keys[] = { &oracle };
	const struct tracked other = { 7, &plain, 1, oracle_keys, 0, NULL };

	sql->install(fresh(), &t);
	ok(is_script(), "MariaDB: statements");
	ok(has("AFTER INSERT ON `t\"``'` FOR EACH ROW"), "the table is quoted");
	ok(has("k2 varchar(9) CHARACTER SET latin1 COLLATE latin1_bin NULL"),
	    "a binary collation of the same character set");
	ok(has("SELECT 'U', t0.`k\"``'a`, NEW.`a`, @trueup_run, USER() FROM "
	       "`t\"``'` t0 WHERE t0.`b` = OLD.`a` FOR UPDATE; "),
	    "a key that follows its parent");
	ok(has("SELECT 'D', t0.`k\"``'a`, t0.`b`, @trueup_run, USER() FROM "
	       "`t\"``'` t0 JOIN `p` t1 ON t0.`b` = t1.`a` WHERE t1.`b` = "
	       "OLD.`a` FOR UPDATE; "),
	    "two steps up");
	ok(has("CREATE TRIGGER trueup_x3_7 BEFORE DELETE ON `g`"),
	    "a circle ends, too");
	ok(has("OLD.`a` LIMIT 1; "), "in the whole table");
	sql->shape(fresh(), &t);
	ok(has("innodb_sys_tables"), "MariaDB's name of a table");
	oracle.wire |= MY_ORACLE;
	sql->shape(fresh(), &other);
	ok(has("innodb_tables"), "MySQL's name of it");
	sql->begin(fresh(), 1500);
	ok(is_script() && has("lock_wait_timeout = 2, "), "whole seconds");
	sql->tag(fresh(), NULL);
	is_str(buf_str(&out), "SET @trueup_run = NULL", "a name is taken back");
}

static void
test_sqlite(void)
{
	const struct track_sql *sql = dialect_sqlite.track;
	const struct tracked t = { 7, &plain, 2, keys, 0, NULL };

	sql->install(fresh(), &t);
	ok(is_script(), "SQLite: statements");
	ok(has("AFTER INSERT ON \"t\"\"`'\" BEGIN"), "the table is quoted");
	ok(has("AUTOINCREMENT"), "numbers are never used again");
	ok(has("OR typeof(OLD.\"b\") <> typeof(NEW.\"b\")"),
	    "another class is another key");
	ok(has("OLD.\"b\", (SELECT run FROM trueup_ctx)); END;"), "who writes");
	sql->remove(fresh(), 7, NULL, 0);
	ok(is_script() && has("DROP TABLE IF EXISTS trueup_change_7;"),
	    "and back");
}

static void
test_others(void)
{
	ok(dialect_sqlserver.track->setup == NULL &&
		dialect_oracle.track == NULL && dialect_generic.track == NULL,
	    "other brands have none");
}

int
main(void)
{
	test_postgresql();
	test_mysql();
	test_sqlite();
	test_others();
	buf_free(&out);
	return tap_done();
}
