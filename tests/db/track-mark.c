/*
 * Rows that are marked as brought over: those that both sides have as they
 * were looked at, and no others, whatever a writer or a trigger does meanwhile.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "lib/tracking.h"
#include "lib/world.h"
#include "track/keycompare.h"
#include "track/mapping.h"
#include "track/mark.h"

struct trial {
	struct world w;
	struct arena *arena;
	struct db *db, *target; /* marks; reads */
	struct plan plan;
	struct mapping m;
	struct change_source src;
	struct marked got;
	struct err err;
};

TU_NORETURN static void
die(const char *what, const char *why)
{
	printf("Bail out! %.1000s: %s\n", what, why);
	exit(1);
}

/* What happens between the look at the rows and the first UPDATE. */
static struct {
	struct db_driver driver; /* the brand's, but for batch() */
	const struct db_driver *real;
	struct trial *trial;
	const char *sql; /* or NULL: it has happened */
	bool gone;
} meanwhile;

/* Who writes to a SQLite file while somebody else does is told to wait, so
 * there the marking session itself has to do it. */
static enum status
batch_later(struct db *db, const struct db_batch *batch, struct err *err)
{
	struct trial *t = meanwhile.trial;
	const char *sql = meanwhile.sql;

	meanwhile.sql = NULL;
	if (sql != NULL && t->w.brand[SOURCE] == LITE)
		tracking_run(db, sql);
	else if (sql != NULL)
		world_run(&t->w, SOURCE, sql);
	return meanwhile.real->batch(db, batch, err);
}

/* The connection is gone when COMMIT is to be answered. */
static enum status
exec_gone(struct db *db, const char *sql, uint64_t *affected, struct err *err)
{
	enum status st = meanwhile.real->exec(db, sql, affected, err);

	meanwhile.gone |= strcmp(sql, "COMMIT") == 0;
	return meanwhile.gone ? err_set(err, TU_EQUERY, "gone") : st;
}

static void
set_meanwhile(struct trial *t, const char *sql)
{
	meanwhile.real = t->db->drv;
	meanwhile.driver = *t->db->drv;
	meanwhile.driver.batch = batch_later;
	meanwhile.trial = t;
	meanwhile.sql = sql;
	meanwhile.gone = false;
	t->db->drv = &meanwhile.driver;
}

#define TABLE                                                            \
	"CREATE TABLE t (id int PRIMARY KEY, email varchar(20), synced " \
	"boolean, note varchar(20));"
#define ROWS                                                               \
	"INSERT INTO t VALUES (1, 'a', false, NULL), (2, 'b', true, 'x')," \
	" (3, 'c', false, 'x'), (4, 'd', NULL, 'x'), (6, 'f', false, 'X ');"

static void
begin(struct trial *t, enum brand b, const char *ack, const char *also)
{
	static const char *const left_out[] = { "synced", NULL };
	struct selection sel = { .ex_columns = left_out, .hash = -1 };

	*t = (struct trial){ .err = ERR_INIT, .arena = arena_new(16384) };
	world_open(&t->w, b, b);
	world_run_both(&t->w, TABLE ROWS);
	/* Row 3 is another, 5 there only, 6 here only. */
	world_run(&t->w, TARGET,
	    "UPDATE t SET email = 'C' WHERE id = 3; DELETE FROM t WHERE id = 6;"
	    "INSERT INTO t VALUES (5, 'e', false, 'x');");
	if (also != NULL)
		world_run_both(&t->w, also);
	if (b == PG) {
		sel.schema[SOURCE] = "tu_source";
		sel.schema[TARGET] = "tu_target";
	}
	t->m.name = "changes x";
	mapping_set(&t->m, "preset", "synced");
	mapping_set(&t->m, "ack", ack);
	t->db = tracking_connect(t->w.url[SOURCE], DB_WRITE);
	t->target = tracking_connect(t->w.url[TARGET], DB_READ);
	if (plan_make(t->db, t->target, &sel, t->arena, &t->plan, &t->err) ||
	    mapping_source(t->arena, t->db, &t->plan.pairs[0], SOURCE, &t->m,
		&t->src, &t->err) ||
	    !change_source_fits(t->arena, &t->plan.pairs[0], SOURCE, &t->src))
		die("plan", t->err.msg);
}

static void
end(struct trial *t)
{
	db_close(t->db);
	db_close(t->target);
	world_close(&t->w);
	arena_free(t->arena);
}

static enum status
mark(struct trial *t)
{
	err_clear(&t->err);
	return mark_rows(
	    t->db, &t->plan, &t->plan.pairs[0], &t->src, &t->got, &t->err);
}

/* The ids of the rows that are marked: "2 4". */
static const char *
marks(struct trial *t)
{
	const struct column *column = &db_int_column;
	const struct table *table = t->plan.pairs[0].table[SOURCE];
	struct db_scan scan = { .columns = &column, .ncolumns = 1 };
	struct db *db = tracking_connect(t->w.url[SOURCE], DB_READ);
	struct buf sql = BUF_INIT, ids = BUF_INIT;
	const struct row *row = NULL;
	struct cursor *cur;
	const char *text;

	buf_addf(&sql,
	    "SELECT CAST(id AS %s) FROM %s WHERE synced IS TRUE ORDER BY id",
	    db->dialect->track->integer, table->from);
	scan.sql = buf_str(&sql);
	if (db_scan(db, &scan, &cur, &t->err))
		die("scan", t->err.msg);
	while (db_next(cur, &row, &t->err) == TU_OK && row != NULL)
		buf_addf(&ids, "%s%d", ids.len > 0 ? " " : "",
		    (int)row->cells[0].u.i);
	db_cursor_close(cur);
	db_close(db);
	text = arena_strdup(t->arena, buf_str(&ids));
	buf_free(&sql);
	buf_free(&ids);
	return text;
}

static void
test_equal(enum brand b)
{
	const char *brand = brand_name(b);
	struct trial t;

	begin(&t, b, "yes", NULL);
	is_int(mark(&t), TU_OK, "%s: %s", brand, t.err.msg);
	is_str(marks(&t), "1 2 4", "%s: what is equal is marked", brand);
	is_int((long long)t.got.rows, 2, "%s: two rows", brand);
	is_int((long long)t.got.left, 2, "%s: what is not, is not", brand);
	world_run(&t.w, TARGET, "UPDATE t SET email = 'c' WHERE id = 3;");
	is_int(mark(&t), TU_OK, "%s: again: %s", brand, t.err.msg);
	is_str(marks(&t), "1 2 3 4", "%s: until it is", brand);
	is_int((long long)t.got.rows, 1, "%s: one row", brand);
	is_int(mark(&t), TU_OK, "%s: nothing to do", brand);
	is_int((long long)t.got.rows, 0, "%s: and nothing is done", brand);
	end(&t);
}

/* A value that is NULL, one that collations take for the same, one that has
 * become so, and a flag that somebody else has set. */
static void
test_writer(enum brand b)
{
	static const struct {
		const char *sql, *marks;
	} cases[] = {
		{ "UPDATE t SET email = 'z' WHERE id = 1;", "2 4" },
		{ "UPDATE t SET email = 'A' WHERE id = 1;", "2 4" },
		{ "UPDATE t SET note = 'z' WHERE id = 1;", "2 4" },
		{ "UPDATE t SET note = NULL WHERE id = 4;", "1 2" },
		{ "UPDATE t SET note = 'x ' WHERE id = 4;", "1 2" },
		{ "DELETE FROM t WHERE id = 4;", "1 2" },
		{ "UPDATE t SET synced = true WHERE id = 4;", "1 2 4" },
		{ "UPDATE t SET id = 7 WHERE id = 4;", "1 2" },
	};

	struct trial t;

	begin(&t, b, "synced = TRUE", NULL);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		world_run(&t.w, SOURCE, "DELETE FROM t;" ROWS);
		set_meanwhile(&t, cases[i].sql);
		is_int(mark(&t), TU_OK, "%s: %s: %s", brand_name(b),
		    cases[i].sql, t.err.msg);
		ok(meanwhile.sql == NULL, "which has happened");
		t.db->drv = meanwhile.real;
		is_str(marks(&t), cases[i].marks, "%s: %s", brand_name(b),
		    cases[i].sql);
		is_int((long long)t.got.moved, 1, "one row was not marked");
	}
	end(&t);
}

static void
test_trigger(enum brand b, const char *what, const char *const sql[BRANDS])
{
	struct trial t;

	begin(&t, b, "yes", NULL);
	world_run(&t.w, SOURCE, sql[b]);
	is_int(mark(&t), TU_ECONFLICT, "%s: %s", brand_name(b), what);
	ok(strstr(t.err.msg, "t', id 1: ") != NULL &&
		strstr(t.err.msg, what) != NULL,
	    "%s", t.err.msg);
	is_str(marks(&t), "2", "%s: no row is marked", brand_name(b));
	end(&t);
}

/* Behind more rows than are marked at once, none of which can be. */
static void
test_far(void)
{
	struct trial t;

	begin(&t, LITE, "yes", NULL);
	world_run(&t.w, SOURCE,
	    "DELETE FROM t; WITH RECURSIVE i(n) AS (SELECT 10 UNION ALL SELECT "
	    "n + 1 FROM i WHERE n < 131200) INSERT INTO t SELECT n, 'a', "
	    "false, "
	    "NULL FROM i; INSERT INTO t VALUES (200000, 'a', false, NULL)");
	world_run(
	    &t.w, TARGET, "INSERT INTO t VALUES (200000, 'a', false, NULL)");
	is_int(mark(&t), TU_OK, "many rows that are nowhere else");
	is_str(marks(&t), "200000", "the one behind them is marked");
	end(&t);
}

static void
test_lost(enum brand b)
{
	struct trial t;

	begin(&t, b, "yes", NULL);
	set_meanwhile(&t, NULL);
	meanwhile.driver.exec = exec_gone;
	is_int(mark(&t), TU_EQUERY, "%s: COMMIT is lost", brand_name(b));
	ok(strstr(t.err.msg, "it is unknown whether") != NULL &&
		strstr(t.err.msg, "no row") == NULL,
	    "%s", t.err.msg);
	t.db->drv = meanwhile.real;
	is_str(marks(&t), "1 2 4", "%s: they are marked", brand_name(b));
	end(&t);
}

/* A time of the last change that the server moves is not the application's. */
static void
test_auto_update(void)
{
	struct trial t;

	begin(&t, MY, "yes",
	    "ALTER TABLE t ADD at timestamp NOT NULL DEFAULT '2025-01-01' ON "
	    "UPDATE CURRENT_TIMESTAMP;");
	is_int(mark(&t), TU_OK, "a column that updates itself: %s", t.err.msg);
	is_str(marks(&t), "1 2 4", "stays as it is");
	end(&t);
}

int
main(void)
{
	static const char *const changes[BRANDS] = {
		"CREATE TRIGGER g AFTER UPDATE OF synced ON t BEGIN UPDATE t "
		"SET email = 'g' WHERE id = NEW.id; END;",
		"CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN"
		" NEW.email := ''g''; RETURN NEW; END';"
		"CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE "
		"FUNCTION g();",
		"CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW SET "
		"NEW.email = 'g';",
	};
	static const char *const takes_back[BRANDS] = {
		"CREATE TRIGGER g AFTER UPDATE OF synced ON t BEGIN UPDATE t "
		"SET synced = false WHERE id = NEW.id; END;",
		"CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN"
		" NEW.synced := false; RETURN NEW; END';"
		"CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE "
		"FUNCTION g();",
		"CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW SET "
		"NEW.synced = false;",
	};

	for (int b = 0; b < BRANDS; b++) {
		if (!brand_available((enum brand)b))
			continue;
		test_equal((enum brand)b);
		test_writer((enum brand)b);
		test_trigger((enum brand)b, "changed by being marked", changes);
		test_trigger((enum brand)b, "still among those", takes_back);
		test_lost((enum brand)b);
	}
	test_far();
	if (brand_available(MY))
		test_auto_update();
	return tap_done();
}
